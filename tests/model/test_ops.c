/* Every operation in one table: forward and backward on every device present. The reference's gradients are
 * checked against central differences of its own forward run; the other devices against the reference. */
#include "model/graph.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IN = 4 };

/* One case: the inputs' shapes, and how to make the node. Inputs whose bit is set in `data` get no gradient.
 */
typedef struct op_case {
  const char *name;
  int n_inputs;
  wd_shape input[MAX_IN];
  unsigned data;
  int (*build)(wd_graph *g, const int *in);
  int ids; /* > 0: input 0 holds whole numbers below this */
} op_case;

static int conv3(wd_graph *g, const int *in) {
  return wd_graph_conv(g, in[0], in[1], in[2], 1, 1);
}
static int conv_stride(wd_graph *g, const int *in) {
  return wd_graph_conv(g, in[0], in[1], -1, 2, 1);
}
static int conv1(wd_graph *g, const int *in) {
  return wd_graph_conv(g, in[0], in[1], in[2], 1, 0);
}
static int conv_even(wd_graph *g, const int *in) {
  return wd_graph_conv(g, in[0], in[1], in[2], 2, 0);
}
static int linear(wd_graph *g, const int *in) {
  return wd_graph_linear(g, in[0], in[1], in[2]);
}
static int linear_bare(wd_graph *g, const int *in) {
  return wd_graph_linear(g, in[0], in[1], -1);
}
static int norm_silu(wd_graph *g, const int *in) {
  return wd_graph_group_norm(g, in[0], in[1], in[2], 4, WD_ACTIVATION_SILU);
}
static int norm_plain(wd_graph *g, const int *in) {
  return wd_graph_group_norm(g, in[0], in[1], in[2], 2, WD_ACTIVATION_NONE);
}
static int silu(wd_graph *g, const int *in) {
  return wd_graph_activation(g, in[0], WD_ACTIVATION_SILU);
}
static int gelu(wd_graph *g, const int *in) {
  return wd_graph_activation(g, in[0], WD_ACTIVATION_GELU);
}
static int attention1(wd_graph *g, const int *in) {
  return wd_graph_attention(g, in[0], in[1], in[2], 1);
}
static int attention4(wd_graph *g, const int *in) {
  return wd_graph_attention(g, in[0], in[1], in[2], 4);
}
static int add(wd_graph *g, const int *in) {
  return wd_graph_add(g, in[0], in[1]);
}
static int twice(wd_graph *g, const int *in) {
  return wd_graph_add(g, in[0], in[0]);
}
static int add_channel(wd_graph *g, const int *in) {
  return wd_graph_add_channel(g, in[0], in[1]);
}
static int modulate(wd_graph *g, const int *in) {
  return wd_graph_modulate(g, in[0], in[1]);
}
static int scale(wd_graph *g, const int *in) {
  return wd_graph_scale(g, in[0], -1.5f, 0.25f);
}
static int mask(wd_graph *g, const int *in) {
  return wd_graph_mask(g, in[0], in[1]);
}
static int upsample(wd_graph *g, const int *in) {
  return wd_graph_upsample(g, in[0]);
}
static int downsample(wd_graph *g, const int *in) {
  return wd_graph_downsample(g, in[0]);
}
static int shuffle(wd_graph *g, const int *in) {
  return wd_graph_pixel_shuffle(g, in[0], 2);
}
static int concat(wd_graph *g, const int *in) {
  return wd_graph_concat(g, in[0], in[1]);
}
static int slice(wd_graph *g, const int *in) {
  return wd_graph_slice(g, in[0], 2, 3);
}
static int timestep(wd_graph *g, const int *in) {
  return wd_graph_timestep(g, in[0], 16);
}
static int embedding(wd_graph *g, const int *in) {
  return wd_graph_embedding(g, in[0], in[1]);
}
static int normalize(wd_graph *g, const int *in) {
  return wd_graph_normalize(g, in[0]);
}
static int squared(wd_graph *g, const int *in) {
  return wd_graph_squared_loss(g, in[0], in[1], in[2]);
}
static int squared_bare(wd_graph *g, const int *in) {
  return wd_graph_squared_loss(g, in[0], in[1], -1);
}
static int absolute(wd_graph *g, const int *in) {
  return wd_graph_absolute_loss(g, in[0], in[1], in[2]);
}

static int detached(wd_graph *g, const int *in) {
  return wd_graph_squared_loss(g, in[0], wd_graph_detach(g, wd_graph_scale(g, in[1], 2, 0)), -1);
}

#define S1(a)                                                                                                \
  {                                                                                                          \
    1, {                                                                                                     \
      a, 1, 1, 1                                                                                             \
    }                                                                                                        \
  }
#define S2(a, b)                                                                                             \
  {                                                                                                          \
    2, {                                                                                                     \
      a, b, 1, 1                                                                                             \
    }                                                                                                        \
  }
#define S3(a, b, c)                                                                                          \
  {                                                                                                          \
    3, {                                                                                                     \
      a, b, c, 1                                                                                             \
    }                                                                                                        \
  }
#define S4(a, b, c, d)                                                                                       \
  {                                                                                                          \
    4, {                                                                                                     \
      a, b, c, d                                                                                             \
    }                                                                                                        \
  }

static const op_case cases[] = {
    {"conv 3x3", 3, {S4(2, 7, 6, 5), S4(9, 3, 3, 5), S1(9)}, 0, conv3, 0},
    {"conv 3x3, 32 to 48 channels", 3, {S4(1, 9, 9, 32), S4(48, 3, 3, 32), S1(48)}, 0, conv3, 0},
    {"conv 3x3, 18 tiles", 3, {S4(2, 10, 11, 32), S4(48, 3, 3, 32), S1(48)}, 0, conv3, 0},
    {"conv 3x3, 18 tiles, odd channels", 3, {S4(2, 9, 12, 19), S4(37, 3, 3, 19), S1(37)}, 0, conv3, 0},
    {"conv 3x3 stride 2, no bias", 2, {S4(2, 8, 8, 6), S4(4, 3, 3, 6)}, 0, conv_stride, 0},
    {"conv 1x1", 3, {S4(2, 5, 5, 8), S4(3, 1, 1, 8), S1(3)}, 0, conv1, 0},
    {"conv 4x4 stride 2, no padding", 3, {S4(1, 10, 8, 3), S4(5, 4, 4, 3), S1(5)}, 0, conv_even, 0},
    {"linear", 3, {S2(5, 12), S2(7, 12), S1(7)}, 0, linear, 0},
    {"linear over tokens, no bias", 2, {S3(2, 9, 16), S2(24, 16)}, 0, linear_bare, 0},
    {"group norm, SiLU", 3, {S4(2, 5, 4, 16), S1(16), S1(16)}, 0, norm_silu, 0},
    {"group norm", 3, {S4(3, 3, 3, 6), S1(6), S1(6)}, 0, norm_plain, 0},
    {"SiLU", 1, {S4(2, 3, 3, 5)}, 0, silu, 0},
    {"GELU", 1, {S4(2, 3, 3, 5)}, 0, gelu, 0},
    {"attention, one head", 3, {S3(2, 10, 8), S3(2, 10, 8), S3(2, 10, 8)}, 0, attention1, 0},
    {"attention, four heads, other keys", 3, {S4(1, 3, 4, 16), S3(1, 7, 16), S3(1, 7, 16)}, 0, attention4, 0},
    {"add", 2, {S4(2, 3, 4, 5), S4(2, 3, 4, 5)}, 0, add, 0},
    {"add to itself", 1, {S4(2, 3, 4, 5)}, 0, twice, 0},
    {"add channel", 2, {S4(2, 3, 4, 5), S2(2, 5)}, 0, add_channel, 0},
    {"modulate", 2, {S4(2, 3, 4, 6), S2(2, 12)}, 0, modulate, 0},
    {"scale", 1, {S2(3, 7)}, 0, scale, 0},
    {"mask", 2, {S4(3, 2, 2, 5), S2(3, 1)}, 2, mask, 0},
    {"upsample", 1, {S4(2, 3, 4, 5)}, 0, upsample, 0},
    {"downsample", 1, {S4(2, 6, 4, 5)}, 0, downsample, 0},
    {"pixel shuffle", 1, {S4(2, 3, 4, 12)}, 0, shuffle, 0},
    {"concat", 2, {S4(2, 3, 4, 5), S4(2, 3, 4, 3)}, 0, concat, 0},
    {"slice", 1, {S4(2, 3, 4, 7)}, 0, slice, 0},
    {"timestep", 1, {S2(4, 1)}, 1, timestep, 1000},
    {"embedding", 2, {S2(6, 1), S2(11, 8)}, 1, embedding, 11},
    {"normalize", 1, {S4(2, 3, 3, 8)}, 0, normalize, 0},
    {"squared loss, weighted", 3, {S4(3, 4, 4, 2), S4(3, 4, 4, 2), S2(3, 1)}, 4, squared, 0},
    {"squared loss, rows weighted", 3, {S4(3, 4, 5, 2), S4(3, 4, 5, 2), S2(12, 1)}, 4, squared, 0},
    {"squared loss", 2, {S2(3, 9), S2(3, 9)}, 0, squared_bare, 0},
    {"squared loss against data that passes no gradient", 2, {S2(3, 9), S2(3, 9)}, 2, detached, 0},
    {"absolute loss, rows weighted", 3, {S4(3, 4, 5, 2), S4(3, 4, 5, 2), S2(12, 1)}, 4, absolute, 0},
    {"absolute loss, weighted", 3, {S4(3, 4, 4, 2), S4(3, 4, 4, 2), S2(3, 1)}, 4, absolute, 0},
};

/* A case on a device: its graph, and its values on the host. */
typedef struct bench {
  wd_device *device;
  wd_graph *graph;
  int in[MAX_IN], out;
  size_t in_count[MAX_IN], out_count;
  float *in_value[MAX_IN], *out_value, *seed, *in_grad[MAX_IN];
} bench;

static float *floats(size_t n) {
  float *p = wd_alloc(n, sizeof *p);
  for (size_t i = 0; i < n; i++) p[i] = NAN;
  return p;
}

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static void open_bench(bench *b, const op_case *c, const char *spec) {
  wd_error err = {0};
  memset(b, 0, sizeof *b);
  stop_on(wd_device_open(spec, &b->device, &err), &err, c->name);
  stop_on(wd_graph_create(b->device, NULL, &(wd_graph_desc){.backward = true}, &b->graph, &err), &err,
          c->name);
  for (int i = 0; i < c->n_inputs; i++) {
    b->in[i] = wd_graph_input(b->graph, "in", c->input[i], !(c->data >> i & 1));
    b->in_count[i] = wd_shape_count(c->input[i]);
    b->in_value[i] = floats(b->in_count[i]);
    b->in_grad[i] = floats(b->in_count[i]);
    wd_random_normals(19, (uint64_t)(c - cases), (uint64_t)i << 32, b->in_count[i], b->in_value[i]);
    for (size_t k = 0; i == 0 && c->ids && k < b->in_count[0]; k++)
      b->in_value[0][k] = (float)((k * 7 + 3) % (size_t)c->ids);
  }
  b->out = c->build(b->graph, b->in);
  wd_graph_keep(b->graph, b->out);
  stop_on(wd_graph_compile(b->graph, &err), &err, c->name);
  b->out_count = wd_shape_count(wd_graph_node(b->graph, b->out)->shape);
  b->out_value = floats(b->out_count);
  b->seed = floats(b->out_count);
  wd_random_normals(12, (uint64_t)(c - cases), 0, b->out_count, b->seed);
}

static void close_bench(bench *b) {
  wd_graph_destroy(b->graph);
  wd_device_close(b->device);
  for (int i = 0; i < MAX_IN; i++) {
    wd_free(b->in_value[i]);
    wd_free(b->in_grad[i]);
  }
  wd_free(b->out_value);
  wd_free(b->seed);
}

/* J = sum of seed * output, the scalar whose gradient backward gives. */
static double forward(bench *b, const op_case *c) {
  wd_error err = {0};
  for (int i = 0; i < c->n_inputs; i++)
    stop_on(wd_graph_set(b->graph, b->in[i], b->in_value[i], &err), &err, c->name);
  stop_on(wd_graph_forward(b->graph, NULL, &err), &err, c->name);
  stop_on(wd_graph_get(b->graph, b->out, b->out_value, &err), &err, c->name);
  double sum = 0;
  for (size_t i = 0; i < b->out_count; i++) sum += (double)b->out_value[i] * (double)b->seed[i];
  return sum;
}

static void backward(bench *b, const op_case *c) {
  wd_error err = {0};
  stop_on(wd_graph_backward(b->graph, b->out, b->seed, NULL, &err), &err, c->name);
  for (int i = 0; i < c->n_inputs; i++)
    if (!(c->data >> i & 1))
      stop_on(wd_graph_get_grad(b->graph, b->in[i], b->in_grad[i], &err), &err, c->name);
}

static double difference(const float *a, const float *b, size_t n) {
  double d = 0, s = 0;
  for (size_t i = 0; i < n; i++) {
    d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    s += (double)b[i] * (double)b[i];
  }
  return s > 0 ? sqrt(d / s) : sqrt(d);
}

/* The gradient along a random direction against a central difference of J. */
static void check_reference(const op_case *c) {
  bench b;
  open_bench(&b, c, "check");
  forward(&b, c);
  if (c->data == (1u << c->n_inputs) - 1) {
    tap_ok(isfinite(b.out_value[0]), "%s: runs on guarded memory", c->name);
    close_bench(&b);
    return;
  }
  backward(&b, c);
  double worst = 0;
  for (int i = 0; i < c->n_inputs; i++) {
    if (c->data >> i & 1) continue;
    float *keep = b.in_value[i], *direction = floats(b.in_count[i]), *moved = floats(b.in_count[i]);
    wd_random_normals(13, (uint64_t)(c - cases), (uint64_t)i << 32, b.in_count[i], direction);
    double slope = 0, size = 0, step = 4e-3, j[2];
    for (size_t k = 0; k < b.in_count[i]; k++) {
      slope += (double)b.in_grad[i][k] * (double)direction[k];
      size += (double)b.in_grad[i][k] * (double)b.in_grad[i][k];
    }
    b.in_value[i] = moved;
    for (int side = 0; side < 2; side++) {
      for (size_t k = 0; k < b.in_count[i]; k++)
        moved[k] = (float)((double)keep[k] + (side ? step : -step) * (double)direction[k]);
      j[side] = forward(&b, c);
    }
    b.in_value[i] = keep;
    double numeric = (j[1] - j[0]) / (2 * step);
    worst = fmax(worst, fabs(numeric - slope) / (sqrt(size) + 1e-12));
    wd_free(direction);
    wd_free(moved);
  }
  tap_ok(worst < 2e-3 && worst == worst, "%s: gradient against central differences: %.2e of its norm",
         c->name, worst);
  close_bench(&b);
}

static void compare(const op_case *c, const char *spec) {
  bench a, b;
  open_bench(&a, c, "reference");
  open_bench(&b, c, spec);
  forward(&a, c);
  forward(&b, c);
  double worst = difference(b.out_value, a.out_value, a.out_count);
  tap_ok(worst <= 1e-5, "%s on %s: forward within %.1e of the reference", c->name, spec, worst);
  if (c->data != (1u << c->n_inputs) - 1) {
    backward(&a, c);
    backward(&b, c);
    worst = 0;
    for (int i = 0; i < c->n_inputs; i++)
      if (!(c->data >> i & 1)) {
        double d = difference(b.in_grad[i], a.in_grad[i], a.in_count[i]);
        worst = d > worst || d != d ? d : worst;
      }
    tap_ok(worst <= 1e-4, "%s on %s: backward within %.1e of the reference", c->name, spec, worst);
  }
  close_bench(&a);
  close_bench(&b);
}

static void quantizer(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_graph *g = NULL;
  stop_on(wd_device_open(spec, &d, &err), &err, spec);
  stop_on(wd_graph_create(d, NULL, &(wd_graph_desc){.backward = true}, &g, &err), &err, spec);
  int z = wd_graph_input(g, "z", wd_shape2(3, 2), true),
      book = wd_graph_input(g, "book", wd_shape2(4, 2), false);
  int q = wd_graph_quantize(g, z, book);
  wd_graph_keep(g, q);
  stop_on(wd_graph_compile(g, &err), &err, spec);
  float zs[6] = {0.9f, 0.1f, -0.8f, -0.1f, 0.2f, -3}, books[8] = {1, 0, 0, 1, -1, 0, 0, -1}, out[6], grad[6];
  float seed[6] = {1, 2, 3, 4, 5, 6};
  stop_on(wd_graph_set(g, z, zs, &err), &err, spec);
  stop_on(wd_graph_set(g, book, books, &err), &err, spec);
  stop_on(wd_graph_forward(g, NULL, &err), &err, spec);
  stop_on(wd_graph_get(g, q, out, &err), &err, spec);
  stop_on(wd_graph_backward(g, q, seed, NULL, &err), &err, spec);
  stop_on(wd_graph_get_grad(g, z, grad, &err), &err, spec);
  static const float expected[6] = {1, 0, -1, 0, 0, -1};
  int32_t index[3] = {-1, -1, -1};
  stop_on(wd_graph_get_index(g, q, index, &err), &err, spec);
  tap_ok(index[0] == 0 && index[1] == 2 && index[2] == 3, "quantize on %s: their numbers", spec);
  tap_ok(memcmp(out, expected, sizeof out) == 0, "quantize on %s: the nearest codes", spec);
  tap_ok(memcmp(grad, seed, sizeof grad) == 0, "quantize on %s: the gradient passes straight through", spec);
  wd_graph_destroy(g);
  wd_device_close(d);
}

int main(void) {
  int count = (int)(sizeof cases / sizeof *cases);
  for (int i = 0; i < count; i++) check_reference(&cases[i]);
  quantizer("check");
  static const char *const other[] = {"cpu:1", "cpu:2", "cuda"};
  for (int k = 0; k < 3; k++) {
    wd_error err = {0};
    wd_device *d = NULL;
    wd_graph *g = NULL;
    wd_status st = wd_device_open(other[k], &d, &err);
    if (!st) st = wd_graph_create(d, NULL, NULL, &g, &err);
    wd_graph_destroy(g);
    wd_device_close(d);
    if (st) {
      tap_skip("operations on %s: %s", other[k], err.message);
      continue;
    }
    for (int i = 0; i < count; i++) compare(&cases[i], other[k]);
    quantizer(other[k]);
  }
  return tap_done();
}
