/* Steppers: every sampler, with and without guidance, against a loop written out here on the reference; on
 * every device present. From a step in the middle, cancelled, and with what does not fit together. */
#include "model/stepper.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3, SIDE = 4, C = 3, WIDTH = 8, COUNT = N * SIDE * SIDE * C, STEPS = 7 };

typedef struct net {
  wd_device *device;
  wd_params *params;
  wd_graph *graph;
  int x, t, id, answer;
} net;

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

/* A denoiser in small: told the noise level and a label. */
static wd_status open_net(net *n, const char *spec, int batch, wd_error *err) {
  static const struct {
    const char *name;
    wd_shape shape;
  } list[] = {{"in", {4, {WIDTH, 3, 3, C}}},
              {"time", {2, {WIDTH, 16, 1, 1}}},
              {"label", {2, {3, WIDTH, 1, 1}}},
              {"out", {4, {C, 3, 3, WIDTH}}}};
  *n = (net){0};
  wd_status st = wd_device_open(spec, &n->device, err);
  if (!st) st = wd_params_create(n->device, &n->params, err);
  for (int i = 0; i < 4 && !st; i++)
    st = wd_params_add(n->params, list[i].name, list[i].shape, true, NULL, err);
  if (!st) st = wd_params_allocate(n->params, false, err);
  for (int i = 0; i < 4 && !st; i++) {
    float value[1024];
    wd_random_normals(31, (uint64_t)i, 0, n->params->param[i].count, value);
    for (size_t k = 0; k < n->params->param[i].count; k++) value[k] *= 0.3f;
    st = wd_params_set(n->params, i, value, err);
  }
  if (!st) st = wd_graph_create(n->device, n->params, NULL, &n->graph, err);
  if (st) return st;
  wd_graph *g = n->graph;
  int w[4];
  for (int i = 0; i < 4; i++) w[i] = wd_graph_param(g, list[i].name, list[i].shape);
  n->x = wd_graph_input(g, "x", wd_shape4(batch, SIDE, SIDE, C), false);
  n->t = wd_graph_input(g, "t", wd_shape2(batch, 1), false);
  n->id = wd_graph_input(g, "id", wd_shape2(batch, 1), false);
  int e = wd_graph_add(g, wd_graph_linear(g, wd_graph_timestep(g, n->t, 16), w[1], -1),
                       wd_graph_embedding(g, n->id, w[2]));
  int h = wd_graph_add_channel(g, wd_graph_conv(g, n->x, w[0], -1, 1, 1), e);
  n->answer = wd_graph_conv(g, wd_graph_activation(g, h, WD_ACTIVATION_SILU), w[3], -1, 1, 1);
  wd_graph_keep(g, n->answer);
  st = wd_graph_compile(g, err);
  float id[2 * N];
  for (int i = 0; i < batch; i++) id[i] = i < N ? (float)(i % 2) : 2; /* 2: no label */
  return st ? st : wd_graph_set(g, n->id, id, err);
}

static void close_net(net *n) {
  wd_graph_destroy(n->graph);
  wd_params_destroy(n->params);
  wd_device_close(n->device);
}

typedef struct sampler_case {
  const char *name;
  wd_sampler_table_desc table;
  wd_prediction prediction;
  bool guided;
} sampler_case;

static const sampler_case cases[] = {
    {"DPM-Solver++(2M), v", {.kind = WD_SAMPLER_DPMPP_2M, .steps = STEPS}, WD_PREDICT_V, false},
    {"DPM-Solver++(2M), v, guided", {.kind = WD_SAMPLER_DPMPP_2M, .steps = STEPS}, WD_PREDICT_V, true},
    {"DDIM, epsilon", {.kind = WD_SAMPLER_DDIM, .steps = STEPS, .start = 600}, WD_PREDICT_EPSILON, false},
    {"DDPM, v, guided", {.kind = WD_SAMPLER_DDPM, .steps = STEPS}, WD_PREDICT_V, true},
};

static const double guidance = 1.5;

/* A run written out: all latents, steps + 1, and estimates, steps. */
static void written_out(const sampler_case *c, const wd_sampler_row *rows, const float *noise, float *x,
                        float *d) {
  wd_error err = {0};
  net n;
  const int batch = c->guided ? 2 * N : N;
  stop_on(open_net(&n, "reference", batch, &err), &err, "reference");
  for (int k = 0; k < STEPS; k++) {
    float in[2 * COUNT], out[2 * COUNT], t[2 * N];
    for (int i = 0; i < batch; i++) t[i] = (float)rows[k].timestep;
    for (int i = 0; i < 2 * COUNT; i++) in[i] = x[k * COUNT + i % COUNT];
    stop_on(wd_graph_set(n.graph, n.x, in, &err), &err, "set");
    stop_on(wd_graph_set(n.graph, n.t, t, &err), &err, "set");
    stop_on(wd_graph_forward(n.graph, NULL, &err), &err, "forward");
    stop_on(wd_graph_get(n.graph, n.answer, out, &err), &err, "get");
    for (int i = 0; i < COUNT; i++) {
      double p = (double)out[i];
      if (c->guided) p = (1 + guidance) * p - guidance * (double)out[COUNT + i];
      d[k * COUNT + i] =
          (float)wd_estimate(c->prediction, (double)x[k * COUNT + i], p, rows[k].alpha, rows[k].sigma);
    }
    memcpy(x + (k + 1) * COUNT, x + k * COUNT, COUNT * sizeof *x);
    wd_sampler_apply(&rows[k], x + (k + 1) * COUNT, d + k * COUNT, k ? d + (k - 1) * COUNT : NULL,
                     noise + k * COUNT, COUNT);
  }
  close_net(&n);
}

static double difference(const float *a, const float *b) {
  double e = 0, s = 0;
  for (int i = 0; i < COUNT; i++) {
    e += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    s += (double)b[i] * (double)b[i];
  }
  return sqrt(e / s);
}

static void run_case(const sampler_case *c, const char *spec) {
  wd_error err = {0};
  wd_schedule schedule = {0};
  wd_sampler_row rows[STEPS];
  float *x = wd_alloc((STEPS + 1) * COUNT, sizeof *x), *d = wd_alloc(STEPS * COUNT, sizeof *d),
        *noise = wd_alloc(STEPS * COUNT, sizeof *noise), got[COUNT], estimate[COUNT];
  wd_random_normals(32, 0, 0, COUNT, x);
  wd_random_normals(32, 1, 0, STEPS * COUNT, noise);
  stop_on(wd_schedule_create(WD_SCHEDULE_COSINE, 1000, &schedule, &err), &err, "schedule");
  stop_on(wd_sampler_table(&schedule, &c->table, rows, &err), &err, "table");
  written_out(c, rows, noise, x, d);
  net n;
  stop_on(open_net(&n, spec, c->guided ? 2 * N : N, &err), &err, spec);
  wd_stepper *s = NULL;
  wd_stepper_desc desc = {.latent = n.x,
                          .timestep = n.t,
                          .answer = n.answer,
                          .prediction = c->prediction,
                          .rows = rows,
                          .steps = STEPS,
                          .guided = c->guided,
                          .guidance = guidance,
                          .noise = noise};
  stop_on(wd_stepper_create(n.graph, &desc, &s, &err), &err, "stepper");
  tap_ok(wd_stepper_step(s, NULL, &err) == WD_ERR_ARGUMENT, "%s on %s: no step without latents", c->name,
         spec);
  stop_on(wd_stepper_set(s, 0, x, NULL, &err), &err, "set");
  double worst = 0;
  for (int k = 0; k < STEPS; k++) {
    stop_on(wd_stepper_step(s, NULL, &err), &err, "step");
    stop_on(wd_stepper_get(s, got, estimate, &err), &err, "get");
    worst = fmax(worst, fmax(difference(got, x + (k + 1) * COUNT), difference(estimate, d + k * COUNT)));
  }
  tap_at_most(worst, 1e-5, "every latent and estimate of the run");
  tap_ok(wd_stepper_at(s) == STEPS && wd_stepper_step(s, NULL, &err) == WD_ERR_ARGUMENT,
         "%s on %s: then it is over", c->name, spec);
  /* Again from the middle, in two calls without looking; a cancelled one between them changes nothing. */
  atomic_bool flag = true;
  stop_on(wd_stepper_set(s, 3, x + 3 * COUNT, d + 2 * COUNT, &err), &err, "set");
  stop_on(wd_stepper_step(s, NULL, &err), &err, "step");
  tap_ok(wd_stepper_step(s, &(wd_hooks){.cancel = &flag}, &err) == WD_CANCELLED && wd_stepper_at(s) == 4,
         "%s on %s: cancelled", c->name, spec);
  stop_on(wd_stepper_step(s, NULL, &err), &err, "step");
  stop_on(wd_stepper_get(s, got, NULL, &err), &err, "get");
  tap_at_most(difference(got, x + 5 * COUNT), 1e-5, "from step 3 to 5");
  tap_ok((wd_stepper_set(s, 3, x, NULL, &err) == WD_ERR_ARGUMENT) == (rows[3].c != 0),
         "%s on %s: an estimate before is asked for where the sampler wants one", c->name, spec);
  wd_stepper_destroy(s);
  close_net(&n);
  wd_schedule_clear(&schedule);
  wd_free(x);
  wd_free(d);
  wd_free(noise);
}

static void refused(void) {
  wd_error err = {0};
  net n;
  wd_stepper *s = NULL;
  wd_sampler_row row = {.a = 1, .d = 1, .alpha = 1};
  stop_on(open_net(&n, "reference", N, &err), &err, "reference");
  wd_stepper_desc good = {.latent = n.x, .timestep = n.t, .answer = n.answer, .rows = &row, .steps = 1},
                  d = good;
  tap_ok(wd_stepper_create(n.graph, &d, &s, &err) == WD_ERR_ARGUMENT, "refused: %s", err.message);
  row.d = 0;
  d.guided = true; /* of an odd batch */
  tap_ok(wd_stepper_create(n.graph, &d, &s, &err) == WD_ERR_ARGUMENT, "refused: %s", err.message);
  d = good;
  d.answer = n.x + 1;
  tap_ok(wd_stepper_create(n.graph, &d, &s, &err) == WD_ERR_ARGUMENT, "refused: %s", err.message);
  d = good;
  d.steps = 0;
  tap_ok(wd_stepper_create(n.graph, &d, &s, &err) == WD_ERR_ARGUMENT, "refused: %s", err.message);
  tap_ok(wd_stepper_create(n.graph, &good, &s, &err) == WD_OK && wd_stepper_count(s) == COUNT,
         "and one that fits");
  wd_stepper_destroy(s);
  close_net(&n);
}

int main(void) {
  static const char *const spec[] = {"reference", "cpu:1", "cuda"};
  refused();
  for (int k = 0; k < 3; k++) {
    wd_error err = {0};
    net n;
    wd_status st = open_net(&n, spec[k], N, &err);
    if (n.device) close_net(&n);
    if (st) {
      tap_skip("steppers on %s: %s", spec[k], err.message);
      continue;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i], spec[k]);
  }
  return tap_done();
}
