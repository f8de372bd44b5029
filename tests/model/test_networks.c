/* Both networks whole: gradients against central differences, devices against the reference, modality
 * dropout, the two-codebook switch; the optimizer; and eight pairs learnt by heart. Small sizes; the shapes
 * are the real ones'. */
#include "model/optimizer.h"
#include "model/stage1.h"
#include "model/stage2.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const wd_stage1_config small1 = {.size = 8,
                                        .seismic = 2,
                                        .latent = 4,
                                        .codes = 32,
                                        .velocity_width = 8,
                                        .seismic_width = 16,
                                        .velocity_blocks = 1,
                                        .seismic_blocks = 2,
                                        .heads = 2,
                                        .groups = 2};
static const wd_stage2_config small2 = {.size = 4,
                                        .latent = 4,
                                        .width = 8,
                                        .blocks = 1,
                                        .heads = 2,
                                        .groups = 2,
                                        .families = 3,
                                        .timesteps = 100};

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static wd_device *open_device(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  stop_on(wd_device_open(spec, &d, &err), &err, spec);
  return d;
}

/* A network with a loss on a device: weights drawn afresh (not at their start, where many are zero). */
typedef struct whole {
  wd_device *device;
  wd_params *params;
  wd_network net;
  wd_graph *graph;
  int input[8], inputs; /* graph inputs, set to normals */
  int latent;           /* an input that wants a gradient, or -1 */
  int loss, velocity;
} whole;

static void draw_weights(wd_params *p) {
  wd_error err = {0};
  for (int i = 0; i < p->count; i++) {
    size_t n = p->param[i].count;
    float *value = wd_alloc(n, sizeof *value);
    wd_random_normals(77, (uint64_t)i, 0, n, value);
    double inputs = p->param[i].shape.rank > 1 ? (double)n / p->param[i].shape.dim[0] : 4;
    for (size_t k = 0; k < n; k++)
      value[k] = (float)((double)value[k] / sqrt(inputs)) + (p->param[i].shape.rank == 1 ? 0.7f : 0);
    stop_on(wd_params_set(p, i, value, &err), &err, "weights");
    wd_free(value);
  }
}

static void start(whole *w, const char *spec, bool gradients) {
  wd_error err = {0};
  memset(w, 0, sizeof *w);
  w->device = open_device(spec);
  w->latent = -1;
  stop_on(wd_params_create(w->device, &w->params, &err), &err, spec);
  w->net.params = w->params;
  (void)gradients;
}

static int add_input(whole *w, wd_shape shape, bool grad) {
  int n = wd_graph_input(w->graph, "in", shape, grad);
  w->input[w->inputs++] = n;
  return n;
}

static void open_graph(whole *w) {
  wd_error err = {0};
  stop_on(wd_network_initialise(&w->net, 5, true, &err), &err, "initialise");
  draw_weights(w->params);
  stop_on(wd_graph_create(w->device, w->params, &(wd_graph_desc){.backward = true, .weight_gradients = true},
                          &w->graph, &err),
          &err, "graph");
  w->net.graph = w->graph;
}

static void finish(whole *w) {
  wd_error err = {0};
  wd_graph_keep(w->graph, w->loss);
  if (w->velocity >= 0) wd_graph_keep(w->graph, w->velocity);
  stop_on(wd_graph_compile(w->graph, &err), &err, "compile");
  for (int i = 0; i < w->inputs; i++) {
    wd_shape s = wd_graph_node(w->graph, w->input[i])->shape;
    float *value = wd_alloc(wd_shape_count(s), sizeof *value);
    wd_random_normals(78, (uint64_t)i, 0, wd_shape_count(s), value);
    for (int k = 0; s.rank == 2 && s.dim[1] == 1 && k < s.dim[0]; k++)
      value[k] = (float)(k + 1); /* ids, masks */
    stop_on(wd_graph_set(w->graph, w->input[i], value, &err), &err, "set");
    wd_free(value);
  }
}

static void clear(whole *w) {
  wd_graph_destroy(w->graph);
  wd_network_clear(&w->net);
  wd_params_destroy(w->params);
  wd_device_close(w->device);
}

/* Encoders, then decoders from the continuous latent (the quantizer's straight-through gradient is not the
 * gradient of its steps; it has its own test), with a loss on every output. */
static void open_stage1(whole *w, const char *spec, wd_stage1_config c) {
  wd_error err = {0};
  start(w, spec, true);
  stop_on(wd_stage1_declare(&w->net, &c, &err), &err, "stage 1");
  open_graph(w);
  int v = add_input(w, wd_shape4(2, c.size, c.size, 1), true),
      s = add_input(w, wd_shape4(2, c.size, c.size, c.seismic), true);
  int mv = add_input(w, wd_shape2(2, 1), false), ms = add_input(w, wd_shape2(2, 1), false);
  int z = wd_stage1_encode(&w->net, &c, v, s, mv, ms);
  wd_stage1_decoded d = wd_stage1_decode(&w->net, &c, z);
  w->loss = wd_graph_sum(w->graph, wd_graph_squared_loss(w->graph, d.velocity, v, -1),
                         wd_graph_sum(w->graph, wd_graph_squared_loss(w->graph, d.direct, s, -1),
                                      wd_graph_squared_loss(w->graph, d.scattered, s, -1)));
  w->velocity = d.velocity;
  finish(w);
}

static void open_stage2(whole *w, const char *spec) {
  wd_error err = {0};
  start(w, spec, true);
  stop_on(wd_stage2_declare(&w->net, &small2, &err), &err, "stage 2");
  open_graph(w);
  int z = add_input(w, wd_shape4(2, 4, 4, 4), true), t = add_input(w, wd_shape2(2, 1), false);
  int f = add_input(w, wd_shape2(2, 1), false), target = add_input(w, wd_shape4(2, 4, 4, 4), false);
  w->velocity = wd_stage2_predict(&w->net, &small2, z, t, f);
  w->loss = wd_graph_squared_loss(w->graph, w->velocity, target, -1);
  finish(w);
}

static double loss_of(whole *w) {
  wd_error err = {0};
  float value = NAN;
  stop_on(wd_graph_forward(w->graph, NULL, &err), &err, "forward");
  stop_on(wd_graph_get(w->graph, w->loss, &value, &err), &err, "loss");
  return (double)value;
}

/* The gradient of all weights at once along a random direction, and of the first input, by central
 * differences. */
static void check_gradient(whole *w, const char *what) {
  wd_error err = {0};
  wd_params *p = w->params;
  loss_of(w);
  wd_params_zero_grad(p, &err);
  stop_on(wd_graph_backward(w->graph, w->loss, NULL, NULL, &err), &err, "backward");
  double worst = 0, missing = 0;
  for (int i = 0; i < p->count; i++) {
    size_t n = p->param[i].count;
    float *grad = wd_alloc(n, sizeof *grad), *value = wd_alloc(n, sizeof *value),
          *moved = wd_alloc(n, sizeof *moved);
    float *direction = wd_alloc(n, sizeof *direction);
    wd_params_get_grad(p, i, grad, &err);
    wd_params_get(p, i, value, &err);
    double norm = 0, slope = 0, j[2];
    for (size_t k = 0; k < n; k++) norm += (double)grad[k] * (double)grad[k];
    norm = sqrt(norm);
    if (norm == 0) missing += strstr(p->param[i].name, "codebook") == NULL;
    if (i % 6) norm = 0; /* one weight in six: each costs four runs of the whole network */
    /* Along the gradient itself: the slope is then the norm, far above the rounding of a float loss. */
    for (size_t k = 0; k < n; k++) {
      direction[k] = norm > 0 ? (float)((double)grad[k] / norm) : 0;
      slope += (double)grad[k] * (double)direction[k];
    }
    /* Differences over two steps, extrapolated (Richardson), so that curvature does not pass for an error. */
    double step = norm > 0 ? fmin(1e-2, 4e-4 / norm + 1e-3) : 0, numeric[2] = {0};
    for (int half = 0; half < 2 && norm > 0; half++) {
      double h = half ? step / 2 : step;
      for (int side = 0; side < 2; side++) {
        for (size_t k = 0; k < n; k++)
          moved[k] = (float)((double)value[k] + (side ? h : -h) * (double)direction[k]);
        wd_params_set(p, i, moved, &err);
        j[side] = loss_of(w);
      }
      numeric[half] = (j[1] - j[0]) / (2 * h);
    }
    wd_params_set(p, i, value, &err);
    /* A float loss is good to 6e-8 of itself: gradients too small to see through that are left to the table
     * test. */
    double noise = norm > 0 ? 3e-7 * fabs(j[0]) / step : 0;
    if (norm > 0) worst = fmax(worst, (fabs((4 * numeric[1] - numeric[0]) / 3 - slope) - noise) / norm);
    wd_free(grad);
    wd_free(value);
    wd_free(moved);
    wd_free(direction);
  }
  tap_ok(missing == 0, "%s: every weight gets a gradient (%d weights)", what, p->count);
  tap_ok(worst < 1e-2 && worst == worst,
         "%s: gradients of every sixth weight against central differences: %.1e", what, worst);
}

static void compare_devices(const char *what, void (*open)(whole *, const char *), const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_params *probe = NULL;
  wd_status st = wd_device_open(spec, &d, &err);
  if (!st) st = wd_params_create(d, &probe, &err);
  wd_params_destroy(probe);
  wd_device_close(d);
  if (st) {
    tap_skip("%s on %s: %s", what, spec, err.message);
    return;
  }
  whole a, b;
  open(&a, "reference");
  open(&b, spec);
  double la = loss_of(&a), lb = loss_of(&b), d2 = 0, s2 = 0;
  wd_graph_backward(a.graph, a.loss, NULL, NULL, &err);
  wd_graph_backward(b.graph, b.loss, NULL, NULL, &err);
  for (int i = 0; i < a.params->count; i++) {
    size_t n = a.params->param[i].count;
    float *x = wd_alloc(n, sizeof *x), *y = wd_alloc(n, sizeof *y);
    wd_params_get_grad(a.params, i, x, &err);
    wd_params_get_grad(b.params, i, y, &err);
    for (size_t k = 0; k < n; k++) {
      d2 += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
      s2 += (double)x[k] * (double)x[k];
    }
    wd_free(x);
    wd_free(y);
  }
  tap_ok(fabs(la - lb) <= 1e-5 * fabs(la), "%s on %s: loss within %.1e of the reference", what, spec,
         fabs(la - lb) / fabs(la));
  tap_ok(sqrt(d2 / s2) <= 1e-4, "%s on %s: gradients within %.1e", what, spec, sqrt(d2 / s2));
  clear(&a);
  clear(&b);
}

static void one_codebook(whole *w, const char *spec) {
  open_stage1(w, spec, small1);
}
static void two_codebooks(whole *w, const char *spec) {
  wd_stage1_config c = small1;
  c.two_codebooks = true;
  open_stage1(w, spec, c);
}

static void dropout(void) {
  wd_error err = {0};
  whole w;
  one_codebook(&w, "reference");
  float mask[2] = {0, 0}, before[128], after[128], picture[128];
  stop_on(wd_graph_set(w.graph, w.input[2], mask, &err), &err, "mask");
  loss_of(&w);
  wd_graph_get(w.graph, w.velocity, before, &err);
  for (int i = 0; i < 128; i++) picture[i] = (float)i / 100;
  wd_graph_set(w.graph, w.input[0], picture, &err);
  loss_of(&w);
  wd_graph_get(w.graph, w.velocity, after, &err);
  tap_ok(memcmp(before, after, sizeof before) == 0, "a velocity map that is not given has no influence");
  float given[2] = {1, 1};
  wd_graph_set(w.graph, w.input[2], given, &err);
  loss_of(&w);
  wd_graph_get(w.graph, w.velocity, after, &err);
  tap_ok(memcmp(before, after, sizeof before) != 0, "one that is given has");
  clear(&w);
}

static void refusals(void) {
  wd_error err = {0};
  wd_stage1_config c = small1;
  c.seismic_width = 14;
  tap_ok(wd_stage1_check(&c, &err) == WD_ERR_ARGUMENT && strstr(err.message, "widths"), "stage 1: %s",
         err.message);
  c = small1;
  c.size = 70;
  tap_ok(wd_stage1_check(&c, &err) == WD_ERR_ARGUMENT, "stage 1: %s", err.message);
  wd_stage2_config d = small2;
  d.width = 9;
  tap_ok(wd_stage2_check(&d, &err) == WD_ERR_ARGUMENT, "stage 2: %s", err.message);
  wd_stage1_config def = {0};
  wd_stage2_config def2 = {0};
  wd_stage1_defaults(&def);
  wd_stage2_defaults(&def2);
  wd_device *dev = open_device("reference");
  wd_params *p = NULL;
  wd_params_create(dev, &p, &err);
  wd_network net = {.params = p};
  bool ok =
      !wd_stage1_check(&def, &err) && !wd_stage2_check(&def2, &err) && !wd_stage1_declare(&net, &def, &err);
  int first = p->count;
  size_t weights = p->total;
  ok = ok && !wd_stage2_declare(&net, &def2, &err);
  tap_ok(ok, "the defaults stand: %d weights in stage 1 (%.2f M numbers), %d in stage 2 (%.2f M)", first,
         (double)weights * 1e-6, p->count - first, (double)(p->total - weights) * 1e-6);
  wd_network_clear(&net);
  wd_params_destroy(p);
  wd_device_close(dev);
}

/* AdamW written out again, in double. */
static void optimizer(const char *spec) {
  enum { N = 40, STEPS = 30 };
  wd_error err = {0};
  wd_device *d = open_device(spec);
  wd_params *p = NULL;
  wd_optimizer *o = NULL;
  stop_on(wd_params_create(d, &p, &err), &err, spec);
  wd_params_add(p, "w", wd_shape2(N / 2, 1), true, NULL, &err);
  wd_params_add(p, "b", wd_shape1(N / 2), false, NULL, &err);
  stop_on(wd_params_allocate(p, true, &err), &err, spec);
  double w[N], m[N] = {0}, v[N] = {0}, average[N];
  float value[N], target[N];
  wd_random_normals(3, 0, 0, N, value);
  wd_random_normals(3, 1, 0, N, target);
  wd_params_set(p, 0, value, &err);
  wd_params_set(p, 1, value + N / 2, &err);
  for (int i = 0; i < N; i++) average[i] = w[i] = (double)value[i];
  wd_optimizer_desc desc = {
      .learning_rate = 0.05, .weight_decay = 0.1, .clip = 0.5, .warmup = 5, .total = 40, .ema = 0.9};
  stop_on(wd_optimizer_create(p, &desc, &o, &err), &err, spec);
  double worst = 0;
  for (int step = 1; step <= STEPS; step++) {
    double norm = 0, grad[N],
           rate = step <= 5 ? 0.05 * step / 5 : 0.05 * 0.5 * (1 + cos(M_PI * (step - 5) / 35));
    wd_params_get(p, 0, value, &err);
    wd_params_get(p, 1, value + N / 2, &err);
    for (int i = 0; i < N; i++) {
      p->grad[(i < N / 2 ? p->param[0].offset : p->param[1].offset) + (size_t)(i % (N / 2))] =
          value[i] - target[i];
      grad[i] = w[i] - (double)target[i];
      norm += grad[i] * grad[i];
    }
    norm = sqrt(norm);
    double told;
    stop_on(wd_optimizer_step(o, &told, &err), &err, spec);
    worst = fmax(worst, fabs(told / norm - 1));
    for (int i = 0; i < N; i++) {
      double g = norm > 0.5 ? grad[i] * 0.5 / norm : grad[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.99 * v[i] + 0.01 * g * g;
      w[i] -= rate * (m[i] / (1 - pow(0.9, step)) / (sqrt(v[i] / (1 - pow(0.99, step))) + 1e-8) +
                      (i < N / 2 ? 0.1 : 0) * w[i]);
      double decay = fmin(0.9, (1.0 + step) / (10.0 + step));
      average[i] += (1 - decay) * (w[i] - average[i]);
    }
  }
  wd_params_get(p, 0, value, &err);
  wd_params_get(p, 1, value + N / 2, &err);
  for (int i = 0; i < N; i++) worst = fmax(worst, fabs((double)value[i] - w[i]));
  tap_ok(worst < 2e-5, "AdamW on %s against its formula: %.1e", spec, worst);
  wd_optimizer_swap(o, &err);
  wd_params_get(p, 0, value, &err);
  wd_params_get(p, 1, value + N / 2, &err);
  double off = 0;
  for (int i = 0; i < N; i++) off = fmax(off, fabs((double)value[i] - average[i]));
  tap_ok(off < 2e-5, "its average of the weights on %s: %.1e", spec, off);
  p->grad[0] = NAN;
  tap_ok(wd_optimizer_step(o, NULL, &err) == WD_ERR_DIVERGED && wd_optimizer_steps(o) == STEPS,
         "a gradient that is not finite changes nothing: %s", err.message);
  wd_optimizer_destroy(o);
  wd_params_destroy(p);
  wd_device_close(d);
}

/* Eight smooth random pairs through quantizer and all: the loss must all but vanish. */
static void overfit(const char *spec, int steps) {
  enum { N = 8, S = 16 };
  wd_error err = {0};
  wd_stage1_config c = small1;
  c.codes = 512;
  c.size = S;
  whole w;
  start(&w, spec, true);
  stop_on(wd_stage1_declare(&w.net, &c, &err), &err, "stage 1");
  wd_status st = wd_network_initialise(&w.net, 9, true, &err);
  stop_on(st, &err, spec);
  stop_on(wd_graph_create(w.device, w.params, &(wd_graph_desc){.backward = true, .weight_gradients = true},
                          &w.graph, &err),
          &err, spec);
  w.net.graph = w.graph;
  int v = wd_graph_input(w.graph, "v", wd_shape4(N, S, S, 1), false);
  int s = wd_graph_input(w.graph, "s", wd_shape4(N, S, S, 2), false);
  int mask = wd_graph_input(w.graph, "m", wd_shape2(N, 1), false);
  int z = wd_stage1_encode(&w.net, &c, v, s, mask, mask);
  wd_stage1_decoded d = wd_stage1_decode(&w.net, &c, wd_stage1_quantize(&w.net, &c, z));
  w.loss = wd_graph_sum(w.graph, wd_graph_squared_loss(w.graph, d.velocity, v, -1),
                        wd_graph_squared_loss(w.graph, d.scattered, s, -1));
  stop_on(wd_graph_compile(w.graph, &err), &err, spec);
  static float velocity[N * S * S], seismic[N * S * S * 2];
  float ones[N];
  wd_random r = wd_random_make(4, 0);
  for (int n = 0; n < N; n++) {
    double a = wd_random_normal(&r), b = wd_random_normal(&r), e = wd_random_normal(&r);
    ones[n] = 1;
    for (int i = 0; i < S; i++)
      for (int j = 0; j < S; j++) {
        velocity[(n * S + i) * S + j] = (float)sin(a * i / 3 + b * j / 4 + e);
        for (int k = 0; k < 2; k++)
          seismic[((n * S + i) * S + j) * 2 + k] = (float)cos(b * i / 3 - a * j / 4 + k + e);
      }
  }
  wd_graph_set(w.graph, v, velocity, &err);
  wd_graph_set(w.graph, s, seismic, &err);
  wd_graph_set(w.graph, mask, ones, &err);
  wd_optimizer *o = NULL;
  stop_on(wd_optimizer_create(
              w.params, &(wd_optimizer_desc){.learning_rate = 4e-3, .warmup = 20, .total = steps}, &o, &err),
          &err, spec);
  double first = loss_of(&w), last = first;
  for (int i = 0; i < steps; i++) {
    wd_params_zero_grad(w.params, &err);
    last = loss_of(&w);
    stop_on(wd_graph_backward(w.graph, w.loss, NULL, NULL, &err), &err, spec);
    stop_on(wd_optimizer_step(o, NULL, &err), &err, spec);
  }
  tap_ok(last < 0.02 * first, "eight pairs learnt by heart on %s: loss %.3f at first, %.5f after %d steps",
         spec, first, last, steps);
  wd_optimizer_destroy(o);
  clear(&w);
}

int main(void) {
  whole w;
  refusals();
  one_codebook(&w, "check");
  check_gradient(&w, "stage 1");
  clear(&w);
  two_codebooks(&w, "reference");
  check_gradient(&w, "stage 1, two codebooks");
  clear(&w);
  open_stage2(&w, "check");
  check_gradient(&w, "stage 2");
  clear(&w);
  dropout();
  optimizer("reference");
  optimizer("cpu:2");
  static const char *const other[] = {"cpu:1", "cpu:2", "cuda"};
  for (int i = 0; i < 3; i++) {
    compare_devices("stage 1", one_codebook, other[i]);
    compare_devices("stage 1, two codebooks", two_codebooks, other[i]);
    compare_devices("stage 2", open_stage2, other[i]);
  }
  overfit("cpu:1", 250);
  return tap_done();
}
