/* The residual's gradient with respect to the latent (decoders, codec and solver in one chain) against
 * central differences; refinement step by step: it descends, keeps everything, and a cancelled step changes
 * nothing. */
#include "model/refine.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <stdlib.h>

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static wd_model *make_model(wd_device *d) {
  wd_error err = {0};
  wd_model_config c = small_model_config();
  c.geometry.nz = c.geometry.nx = c.geometry.receivers = 16;
  c.geometry.samples = 320;
  c.geometry.instants = 64;
  c.velocity_min = 1300; /* seldom reached by these weights: held cells have no gradient */
  c.velocity_max = 5500;
  wd_model *m = NULL;
  stop_on(wd_model_create(d, &c, 3, false, &m, &err), &err, "model");
  stop_on(small_model_draw(m, 4, &err), &err, "weights");
  /* Calm maps, within the range: the last layer of the velocity decoder is turned down. */
  wd_params *p = wd_model_params(m, WD_STAGE1);
  for (int i = 0; i < p->count; i++) {
    if (strcmp(p->param[i].name, "decoder.velocity.picture.weight") != 0) continue;
    float *v = wd_alloc(p->param[i].count, sizeof *v);
    stop_on(wd_params_get(p, i, v, &err), &err, "weights");
    for (size_t k = 0; k < p->param[i].count; k++) v[k] *= 0.15f;
    stop_on(wd_params_set(p, i, v, &err), &err, "weights");
    wd_free(v);
  }
  return m;
}

enum { N = 2, MAX = 512 };

typedef struct chain {
  wd_latent_residual *r;
  int count; /* of one latent */
} chain;

/* J along z + t u, for both latents; the sum, since they are independent. */
static double at(chain *c, const float *z, const float *u, double t, double each[N]) {
  float moved[N * MAX];
  wd_error err = {0};
  double value[N];
  for (int k = 0; k < N * c->count; k++) moved[k] = (float)((double)z[k] + t * (double)u[k]);
  stop_on(wd_latent_residual_evaluate(c->r, moved, value, NULL, NULL, &err), &err, "evaluate");
  if (each) memcpy(each, value, sizeof value);
  return value[0] + value[1];
}

/* Latents whose maps have one cell clearly slower than all others: the damping of exact and fast mode follows
 * the least velocity, which has a kink where two cells tie, and differences must not step over it. */
static void draw_latents(wd_model *m, float *z) {
  wd_error err = {0};
  wd_decoder *d = NULL;
  int count = wd_model_latent(m).count, cells = wd_model_picture(m)->nz * wd_model_picture(m)->nx;
  stop_on(wd_decoder_create(m, NULL, &d, &err), &err, "decoder");
  float map[256];
  for (uint64_t i = 0, stream = 0; i < N; stream++) {
    wd_random_normals(21, stream, 0, (uint64_t)count, z + i * (uint64_t)count);
    stop_on(wd_decoder_run(d, 1, z + i * (uint64_t)count, false, map, NULL, NULL, NULL, &err), &err,
            "decode");
    float least = INFINITY, second = INFINITY;
    for (int k = 0; k < cells; k++) {
      if (map[k] < least) {
        second = least;
        least = map[k];
      } else if (map[k] < second)
        second = map[k];
    }
    i += second - least > 50 && least > wd_model_get_config(m)->velocity_min;
  }
  wd_decoder_destroy(d);
}

static void gradient_of(const char *spec, wd_wave_mode mode, wd_latent_objective measure) {
  wd_error err = {0};
  wd_device *d = NULL;
  char what[160];
  if (wd_device_open(spec, &d, &err)) {
    tap_skip("%s: %s", spec, err.message);
    return;
  }
  wd_model *m = make_model(d);
  chain c = {.count = wd_model_latent(m).count};
  wd_latent_residual_desc desc = {.measure = measure,
                                  .wave = {.mode = mode, .absorb = mode == WD_WAVE_LIVE ? 0 : 20}};
  stop_on(wd_latent_residual_create(m, N, &desc, &c.r, &err), &err, "residual");
  float z[N * MAX], g[N * MAX], u[N * MAX];
  double each[N];
  draw_latents(m, z);
  tap_ok(wd_latent_residual_gradient(c.r, g, NULL, &err) == WD_ERR_ARGUMENT,
         "no gradient before a residual: %s", err.message);
  at(&c, z, z, 0, each);
  stop_on(wd_latent_residual_freeze(c.r, &err), &err, "freeze");
  for (int k = 0; k < N * c.count; k++) g[k] = NAN;
  stop_on(wd_latent_residual_gradient(c.r, g, NULL, &err), &err, "gradient");
  double gg = 0;
  for (int k = 0; k < N * c.count; k++) gg += (double)g[k] * (double)g[k];
  /* The steps are long, and the differences of fourth order, because J itself is known to 1e-7 only. */
  for (int direction = 0; direction < 3; direction++) {
    if (direction) wd_random_normals(22, (uint64_t)direction, 0, (uint64_t)(N * c.count), u);
    double gu = 0, h = 0.15;
    for (int k = 0; k < N * c.count; k++) {
      if (!direction) u[k] = (float)((double)g[k] / sqrt(gg));
      /* The second leans towards the gradient, so that there is something to measure. */
      if (direction)
        u[k] = (float)((double)u[k] / sqrt((double)(N * c.count)) +
                       (direction == 1 ? 0.5 : -0.5) * (double)g[k] / sqrt(gg));
      gu += (double)u[k] * (double)g[k];
    }
    double measured = (8 * (at(&c, z, u, h, NULL) - at(&c, z, u, -h, NULL)) -
                       (at(&c, z, u, 2 * h, NULL) - at(&c, z, u, -2 * h, NULL))) /
                      (12 * h);
    snprintf(what, sizeof what, "%s, %s mode, %s, direction %d: %.5g against %.5g, relative difference", spec,
             wd_wave_mode_name(mode), wd_latent_objective_name(measure), direction, gu, measured);
    tap_at_most(fabs(gu - measured) / fabs(measured), 1e-2, what);
  }
  wd_latent_residual_destroy(c.r);
  wd_model_close(m);
  wd_device_close(d);
}

static void stop_later(void *user, double fraction) {
  if (fraction > 0.7) atomic_store((atomic_bool *)user, true);
}

static void descent(wd_latent_objective measure) {
  wd_error err = {0};
  wd_device *d = NULL;
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *m = make_model(d);
  int count = wd_model_latent(m).count;
  float z[N * MAX];
  wd_random_normals(23, 0, 0, (uint64_t)(N * count), z);
  wd_refine_desc desc = {.residual = {.measure = measure, .wave = {.mode = WD_WAVE_FAST, .absorb = 20}}};
  wd_refine *r = NULL, *other = NULL;
  stop_on(wd_refine_create(m, N, z, &desc, &r, &err), &err, "refine");
  stop_on(wd_refine_create(m, N, z, &desc, &other, &err), &err, "refine");
  tap_ok(wd_refine_steps(r) == -1 && wd_refine_get(r, 0, 0) == NULL && wd_refine_latents(r, 0) != NULL,
         "nothing is known before the start");
  for (int k = 0; k < 6; k++) stop_on(wd_refine_step(r, NULL, &err), &err, "step");
  for (int i = 0; i < N; i++) {
    const wd_refine_record *first = wd_refine_get(r, 0, i), *last = wd_refine_get(r, 6, i);
    tap_ok(last->objective < first->objective, "%s of latent %d descends: %.4g to %.4g in 6 steps",
           wd_latent_objective_name(measure), i, first->objective, last->objective);
    tap_ok(last->denominator == first->denominator_now, "its denominator stands: %.4g (now %.4g)",
           last->denominator, last->denominator_now);
  }
  tap_ok(memcmp(wd_refine_latents(r, 0), z, sizeof(float) * (size_t)(N * count)) == 0 &&
             memcmp(wd_refine_latents(r, 6), z, sizeof(float) * (size_t)(N * count)) != 0 &&
             wd_refine_latents(r, 7) == NULL && wd_refine_get(r, 7, 0) == NULL,
         "every latent is kept, none beyond");
  double most = 0;
  for (int k = 0; k < N * count; k++)
    most = fmax(most, fabs((double)wd_refine_latents(r, 1)[k] - (double)z[k]));
  tap_ok(fabs(most - wd_refine_get_desc(r)->rate) < 1e-5, "Adam's first step is the rate: %.6f", most);

  /* The same with a step that is stopped after it has moved. */
  for (int k = 0; k < 3; k++) stop_on(wd_refine_step(other, NULL, &err), &err, "step");
  atomic_bool cancel = false;
  wd_hooks hooks = {&cancel, stop_later, &cancel};
  wd_status st = wd_refine_step(other, &hooks, &err);
  tap_ok(st == WD_CANCELLED && wd_refine_steps(other) == 3, "a step stopped halfway: %s", err.message);
  for (int k = 3; k < 6; k++) stop_on(wd_refine_step(other, NULL, &err), &err, "step");
  tap_ok(memcmp(wd_refine_latents(r, 6), wd_refine_latents(other, 6), sizeof(float) * (size_t)(N * count)) ==
             0,
         "and taken again: the same bits as without the stop");
  wd_refine_destroy(r);
  wd_refine_destroy(other);

  z[5] = NAN;
  tap_ok(wd_refine_create(m, N, z, &desc, &r, &err) == WD_ERR_ARGUMENT, "NaN: %s", err.message);
  desc.rate = -1;
  z[5] = 0;
  tap_ok(wd_refine_create(m, N, z, &desc, &r, &err) == WD_ERR_ARGUMENT, "a rate below zero: %s", err.message);
  wd_model_close(m);
  wd_device_close(d);
}

int main(void) {
  for (int measure = 0; measure < WD_OBJECTIVES; measure++)
    gradient_of("cpu:1", WD_WAVE_EXACT, (wd_latent_objective)measure);
  gradient_of("reference", WD_WAVE_EXACT, WD_OBJECTIVE_REFLECTION);
  gradient_of("cpu:1", WD_WAVE_FAST, WD_OBJECTIVE_REFLECTION);
  gradient_of("cpu:1", WD_WAVE_LIVE, WD_OBJECTIVE_REFLECTION);
  gradient_of("cuda", WD_WAVE_EXACT, WD_OBJECTIVE_REFLECTION);
  descent(WD_OBJECTIVE_REFLECTION);
  descent(WD_OBJECTIVE_LOG_NORM_MSE);
  return tap_done();
}
