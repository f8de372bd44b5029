/* The kernels and host code of model/cuda/, run without a GPU (tests/solver/cuda_emulation/, and a stand-in
 * for cuBLAS), where test_ops and test_networks do not reach: precisions, pieces, recording and replay, the
 * order of threads, the optimizer, and every call of the runtime made to fail in turn. It shows logic, not
 * the device. */
#include "cuda_runtime_api.h"
#include "model/dtype.h"
#include "model/stage1.h"
#include "model/stage2.h"
#include "tests/model/cuda_emulation/blas_shim.h"
#include "tests/model/net_cases.h"

#include <stdatomic.h>

static const wd_graph_desc training = {.backward = true, .weight_gradients = true};

/* What the reference says to draws 0.. */
enum { DRAWS = 6 };
static net_result expected[DRAWS];

static void reference(void) {
  wd_error err = {0};
  wd_device *d = net_device("reference");
  net t;
  net_stop(net_open(&t, d, &training, &err), &err, "reference");
  for (int i = 0; i < DRAWS; i++) net_stop(net_run(&t, (uint64_t)i, &expected[i], NULL, &err), &err, "run");
  net_close(&t);
  wd_device_close(d);
}

/* Node by node, recorded, replayed; then new weights, which a recorded run must see. */
static void replay(void) {
  wd_error err = {0};
  wd_device *d = net_device("cuda");
  net t;
  net_result r, off[DRAWS];
  emulated_reset_counts();
  net_stop(net_open(&t, d, &training, &err), &err, "replay");
  double worst = 0;
  long graphs[DRAWS];
  for (int i = 0; i < DRAWS; i++) {
    net_stop(net_run(&t, (uint64_t)i, &off[i], NULL, &err), &err, "run");
    worst = fmax(worst, net_distance(&t, &off[i], &expected[i]));
    graphs[i] = emulated_get_counts().graph_launches;
  }
  tap_ok(worst <= 1e-5, "six runs, the last five as graphs: within %.1e of the reference", worst);
  tap_ok(graphs[0] == 0 && graphs[1] == 2 && graphs[5] == 10, "graphs launched: %ld, %ld, %ld", graphs[0],
         graphs[1], graphs[5]);
  emulated_reset_counts();
  net_stop(wd_graph_forward(t.graph, NULL, &err), &err, "forward");
  emulated_counts c = emulated_get_counts();
  tap_ok(c.launches == 0 && c.graph_launches == 1 && c.nodes >= 15,
         "a run is one launch of %ld nodes and nothing beside it", c.nodes);
  net_close(&t);
  setenv("WAVEDIFFUSION_REPLAY", "off", 1);
  emulated_reset_counts();
  net_stop(net_open(&t, d, &training, &err), &err, "replay off");
  bool same = true;
  for (int i = 0; i < DRAWS; i++) {
    net_stop(net_run(&t, (uint64_t)i, &r, NULL, &err), &err, "run");
    same = same && net_same(&t, &r, &off[i]);
  }
  tap_ok(same && emulated_get_counts().graph_launches == 0,
         "WAVEDIFFUSION_REPLAY=off: no graphs, the same bytes");
  unsetenv("WAVEDIFFUSION_REPLAY");
  net_close(&t);
  wd_device_close(d);
}

static void raise_after(void *flag, double fraction) {
  (void)fraction;
  atomic_store((atomic_bool *)flag, true);
}

static void cancelled(void) {
  wd_error err = {0};
  wd_device *d = net_device("cuda");
  net t;
  net_result r;
  atomic_bool flag = true;
  wd_hooks hooks = {.cancel = &flag, .progress = raise_after, .user = &flag};
  net_stop(net_open(&t, d, &training, &err), &err, "cancelled");
  for (int run = 0; run < 3; run++) { /* before the first, before the recorded, before a replayed one */
    tap_ok(net_run(&t, 0, &r, &hooks, &err) == WD_CANCELLED, "run %d is cancelled", run);
    flag = false;
    net_stop(net_run(&t, 0, &r, NULL, &err), &err, "run");
    tap_at_most(net_distance(&t, &r, &expected[0]), 1e-5, "and the next one is whole");
    flag = true;
  }
  net_close(&t);
  wd_device_close(d);
}

/* Patches of one image at a time, attention of one sample at a time. */
static void pieces(void) {
  wd_error err = {0};
  emulated.l2 = 1;
  wd_device *d = net_device("cuda");
  net t;
  net_result r;
  net_stop(net_open(&t, d, &training, &err), &err, "pieces");
  size_t small = wd_graph_get_memory(t.graph).workspace;
  net_stop(net_run(&t, 0, &r, NULL, &err), &err, "run");
  tap_at_most(net_distance(&t, &r, &expected[0]), 1e-5, "an L2 of one byte: piece by piece");
  net_close(&t);
  wd_device_close(d);
  emulated.l2 = 50 << 20;
  d = net_device("cuda");
  net_stop(net_open(&t, d, &training, &err), &err, "pieces");
  tap_ok(wd_graph_get_memory(t.graph).workspace > small, "takes less scratch: %zu of %zu bytes", small,
         wd_graph_get_memory(t.graph).workspace);
  net_close(&t);
  wd_device_close(d);
}

/* A whole network with no way back, where nodes are joined into one launch: `what` it says on a device, and
 * how many launches a replay has. */
static long whole(const char *spec, bool denoiser, bool replay, float *out[3], size_t count[3]) {
  wd_error err = {0};
  const wd_stage1_config c1 = {.size = 16,
                               .seismic = 6,
                               .latent = 4,
                               .codes = 32,
                               .velocity_width = 8,
                               .seismic_width = 16,
                               .velocity_blocks = 2,
                               .seismic_blocks = 3,
                               .heads = 2,
                               .groups = 4};
  const wd_stage2_config c2 = {.size = 4,
                               .latent = 4,
                               .width = 16,
                               .blocks = 2,
                               .heads = 2,
                               .groups = 4,
                               .families = 10,
                               .timesteps = 1000};
  wd_device *d = net_device(spec);
  wd_network n = {0};
  wd_graph *g = NULL;
  setenv("WAVEDIFFUSION_REPLAY", replay ? "on" : "off", 1);
  net_stop(wd_params_create(d, &n.params, &err), &err, "weights");
  net_stop(denoiser ? wd_stage2_declare(&n, &c2, &err) : wd_stage1_declare(&n, &c1, &err), &err, "declare");
  net_stop(wd_network_initialise(&n, 5, false, &err), &err, "initialise");
  for (int i = 0; i < n.params->count; i++) { /* away from their start, where many are zero */
    size_t size = n.params->param[i].count;
    float *value = wd_alloc(size, sizeof *value);
    wd_random_normals(77, (uint64_t)i, 0, size, value);
    for (size_t k = 0; k < size; k++)
      value[k] = 0.2f * value[k] + (n.params->param[i].shape.rank == 1 ? 0.5f : 0);
    net_stop(wd_params_set(n.params, i, value, &err), &err, "set");
    wd_free(value);
  }
  net_stop(wd_graph_create(d, n.params, &(wd_graph_desc){0}, &g, &err), &err, "graph");
  n.graph = g;
  int node[3] = {-1, -1, -1};
  int z = wd_graph_input(g, "z", wd_shape4(2, 4, 4, 4), false);
  if (denoiser) {
    int t = wd_graph_input(g, "t", wd_shape2(2, 1), false),
        f = wd_graph_input(g, "f", wd_shape2(2, 1), false);
    node[0] = wd_stage2_predict(&n, &c2, z, t, f);
    wd_graph_keep(g, node[0]);
    net_stop(wd_graph_compile(g, &err), &err, "compile");
    net_stop(wd_graph_set(g, t, (float[]){999, 500}, &err), &err, "set");
    net_stop(wd_graph_set(g, f, (float[]){10, 3}, &err), &err, "set");
  } else {
    wd_stage1_decoded made = wd_stage1_decode(&n, &c1, z);
    node[0] = made.velocity;
    node[1] = made.direct;
    node[2] = made.scattered;
    for (int i = 0; i < 3; i++) wd_graph_keep(g, node[i]);
    net_stop(wd_graph_compile(g, &err), &err, "compile");
  }
  float latent[2 * 4 * 4 * 4];
  wd_random_normals(78, 0, 0, sizeof latent / sizeof *latent, latent);
  net_stop(wd_graph_set(g, z, latent, &err), &err, "set");
  for (int run = 0; run < (replay ? 2 : 1); run++) { /* the second is recorded, then launched */
    emulated_reset_counts();
    net_stop(wd_graph_forward(g, NULL, &err), &err, "forward");
  }
  emulated_counts c = emulated_get_counts();
  for (int i = 0; i < 3 && node[i] >= 0; i++) {
    count[i] = wd_shape_count(wd_graph_node(g, node[i])->shape);
    out[i] = wd_alloc(count[i], sizeof **out);
    net_stop(wd_graph_get(g, node[i], out[i], &err), &err, "get");
  }
  wd_graph_destroy(g);
  wd_network_clear(&n);
  wd_params_destroy(n.params);
  wd_device_close(d);
  unsetenv("WAVEDIFFUSION_REPLAY");
  return replay ? c.nodes : c.launches;
}

static void joined(void) {
  for (int denoiser = 0; denoiser < 2; denoiser++) {
    float *got[3] = {0}, *want[3] = {0}, *plain[3] = {0};
    size_t count[3] = {0};
    whole("reference", denoiser, false, want, count);
    long launches = whole("cuda", denoiser, true, got, count),
         off = whole("cuda", denoiser, false, plain, count);
    for (int i = 0; i < 3 && got[i]; i++) {
      tap_at_most(net_difference(got[i], want[i], count[i]), 1e-5, denoiser ? "denoiser" : "decoder");
      tap_ok(memcmp(got[i], plain[i], count[i] * sizeof(float)) == 0, "the same bytes launch by launch");
      wd_free(got[i]);
      wd_free(want[i]);
      wd_free(plain[i]);
    }
    tap_ok(launches == off && launches <= (denoiser ? 129 : 102),
           "%s with the default number of blocks: %ld launches", denoiser ? "denoiser" : "decoders",
           launches);
  }
}

/* No sum may depend on the order in which threads come. */
static void orders(void) {
  wd_error err = {0};
  net_result first, r;
  for (int order = 0; order < 4; order++) {
    emulated.order = order;
    wd_device *d = net_device("cuda");
    net t;
    net_stop(net_open(&t, d, &training, &err), &err, "orders");
    net_stop(net_run(&t, 1, order ? &r : &first, NULL, &err), &err, "run");
    if (order) tap_ok(net_same(&t, &r, &first), "threads in order %d: the same bytes", order);
    net_close(&t);
    wd_device_close(d);
  }
  emulated.order = 0;
}

static void precisions(void) {
  wd_error err = {0};
  wd_device *d = net_device("cuda");
  static const struct {
    wd_precision precision;
    const char *name;
    double limit;
  } list[] = {{WD_PRECISION_TF32, "tf32", 1e-5},
              {WD_PRECISION_BF16, "bf16", 3e-2}}; /* the stand-in keeps tf32 whole */
  for (int i = 0; i < 2; i++) {
    wd_graph_desc desc = training;
    net t;
    net_result r;
    desc.precision = list[i].precision;
    blas_shim = (blas_shim_counts){.handles = blas_shim.handles};
    net_stop(net_open(&t, d, &desc, &err), &err, list[i].name);
    double worst = 0;
    for (int k = 0; k < 4; k++) {
      net_stop(net_run(&t, (uint64_t)k, &r, NULL, &err), &err, "run");
      worst = fmax(worst, net_distance(&t, &r, &expected[k]));
    }
    tap_at_most(worst, list[i].limit, list[i].name);
    tap_ok(list[i].precision == WD_PRECISION_BF16
               ? worst > 1e-4 && blas_shim.rounded > 0 && blas_shim.tf32 > 0
               : blas_shim.tf32 == blas_shim.products && !blas_shim.rounded,
           "%s: %ld products, %ld of bfloat16, %ld of tf32", list[i].name, blas_shim.products,
           blas_shim.rounded, blas_shim.tf32);
    /* New weights reach recorded runs, rounded ones too. */
    float zero[NET_IN * NET_C] = {0}, before = r.loss;
    net_stop(wd_params_set(t.params, wd_params_find(t.params, "out.w"), zero, &err), &err, "set");
    wd_params_changed(t.params);
    net_stop(net_run(&t, 3, &r, NULL, &err), &err, "run");
    double want = 0;
    float bias[NET_IN], target[NET_N * NET_SIDE * NET_SIDE * NET_IN];
    net_stop(wd_params_get(t.params, wd_params_find(t.params, "out.b"), bias, &err), &err, "get");
    wd_random_normals(3, 2, 0, t.target_count, target);
    for (size_t k = 0; k < t.target_count; k++)
      want += pow((double)bias[k % NET_IN] - (double)target[k], 2) / (double)t.target_count;
    tap_ok(fabs((double)r.loss - want) < 1e-5 * want && r.loss != before,
           "%s: weights set to zero after recording leave the bias alone: loss %.6f", list[i].name,
           (double)r.loss);
    net_close(&t);
  }
  wd_device_close(d);
}

/* Sizes at which sums over pixels are cut into slices: they stay what the reference says. */
static void slices(void) {
  wd_error err = {0};
  enum { SIDE = 72, C = 8, COUNT = SIDE * SIDE * C };
  float *x = wd_alloc(COUNT, sizeof *x), *seed = wd_alloc(COUNT, sizeof *seed), *y[2], *dx[2], dp[2][4 * C],
        p[4 * C];
  wd_random_normals(8, 0, 0, COUNT, x);
  wd_random_normals(8, 1, 0, COUNT, seed);
  wd_random_normals(8, 2, 0, 4 * C, p);
  for (int i = 0; i < COUNT; i++) x[i] = 100 + x[i] * (float)(1 + i % C); /* a mean far from zero */
  for (int k = 0; k < 2; k++) {
    wd_device *d = net_device(k ? "cuda" : "reference");
    wd_graph *g = NULL;
    y[k] = wd_alloc(COUNT, sizeof **y);
    dx[k] = wd_alloc(COUNT, sizeof **dx);
    net_stop(wd_graph_create(d, NULL, &(wd_graph_desc){.backward = true}, &g, &err), &err, "slices");
    int in = wd_graph_input(g, "x", wd_shape4(1, SIDE, SIDE, C), true),
        gamma = wd_graph_input(g, "gamma", wd_shape1(C), true),
        beta = wd_graph_input(g, "beta", wd_shape1(C), true),
        e = wd_graph_input(g, "e", wd_shape2(1, 2 * C), true);
    int out = wd_graph_modulate(g, wd_graph_group_norm(g, in, gamma, beta, 2, WD_ACTIVATION_SILU), e);
    wd_graph_keep(g, out);
    net_stop(wd_graph_compile(g, &err), &err, "slices");
    net_stop(wd_graph_set(g, in, x, &err), &err, "set");
    net_stop(wd_graph_set(g, gamma, p, &err), &err, "set");
    net_stop(wd_graph_set(g, beta, p + C, &err), &err, "set");
    net_stop(wd_graph_set(g, e, p + 2 * C, &err), &err, "set");
    net_stop(wd_graph_forward(g, NULL, &err), &err, "forward");
    net_stop(wd_graph_get(g, out, y[k], &err), &err, "get");
    net_stop(wd_graph_backward(g, out, seed, NULL, &err), &err, "backward");
    net_stop(wd_graph_get_grad(g, in, dx[k], &err), &err, "get");
    net_stop(wd_graph_get_grad(g, gamma, dp[k], &err), &err, "get");
    net_stop(wd_graph_get_grad(g, beta, dp[k] + C, &err), &err, "get");
    net_stop(wd_graph_get_grad(g, e, dp[k] + 2 * C, &err), &err, "get");
    wd_graph_destroy(g);
    wd_device_close(d);
  }
  tap_at_most(net_difference(y[1], y[0], COUNT), 1e-5,
              "a group of 20736 values around 100, in slices: forward");
  tap_at_most(net_difference(dx[1], dx[0], COUNT), 1e-4, "its gradient");
  tap_at_most(net_difference(dp[1], dp[0], 4 * C), 1e-4, "gradients of scale, shift, gamma and beta");
  for (int k = 0; k < 2; k++) {
    wd_free(y[k]);
    wd_free(dx[k]);
  }
  wd_free(x);
  wd_free(seed);
}

static void optimizer(void) {
  wd_error err = {0};
  enum { COUNT = 100003 };
  float *host[4], *value[2][4];
  double norm[2];
  for (int i = 0; i < 4; i++) {
    host[i] = wd_alloc(COUNT, sizeof(float));
    wd_random_normals(9, (uint64_t)i, 0, COUNT, host[i]);
    for (int k = 0; k < COUNT && i == 3; k++) host[i][k] *= host[i][k]; /* second moments */
  }
  for (int which = 0; which < 2; which++) {
    wd_device *d = net_device(which ? "cuda" : "reference");
    const wd_kernels *k = wd_kernels_for(d, &err);
    float *at[4];
    for (int i = 0; i < 4; i++) {
      void *block = NULL;
      net_stop(k->alloc(d, COUNT * sizeof(float), &block, &err), &err, "alloc");
      at[i] = block;
      net_stop(k->upload(d, at[i], host[i], COUNT * sizeof(float), &err), &err, "upload");
      value[which][i] = wd_alloc(COUNT, sizeof(float));
    }
    wd_adamw rule = {
        .learning_rate = 1e-2, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8, .weight_decay = 0.1, .step = 3};
    net_stop(k->norm2(d, at[1], COUNT, &norm[which], &err), &err, "norm2");
    net_stop(k->adamw(d, &rule, 0.5f, 1, COUNT, at[0], at[1], at[2], at[3], &err), &err, "adamw");
    for (int i = 0; i < 4; i++) {
      net_stop(k->download(d, value[which][i], at[i], COUNT * sizeof(float), &err), &err, "download");
      if (i == 1) {
        net_stop(k->ema(d, 0.9f, COUNT, at[0], at[1], &err), &err, "ema");
        net_stop(k->download(d, value[which][i], at[i], COUNT * sizeof(float), &err), &err, "download");
      }
    }
    net_stop(k->fill(d, at[0], -2.5f, COUNT - 1, &err), &err, "fill");
    net_stop(k->download(d, host[0], at[0], COUNT * sizeof(float), &err), &err, "download");
    bool filled = host[0][COUNT - 1] == value[which][0][COUNT - 1];
    for (int i = 0; i < COUNT - 1; i++) filled = filled && host[0][i] == -2.5f;
    tap_ok(filled, "fill writes what it shall, and no more (%d)", which);
    wd_random_normals(9, 0, 0, COUNT, host[0]);
    for (int i = 0; i < 4; i++) k->release(d, at[i]);
    wd_device_close(d);
  }
  static const char *const name[] = {"weights", "average", "first moments", "second moments"};
  for (int i = 0; i < 4; i++) tap_at_most(net_difference(value[1][i], value[0][i], COUNT), 1e-7, name[i]);
  tap_at_most(fabs(norm[1] / norm[0] - 1), 1e-12, "sum of squares");
  for (int i = 0; i < 4; i++) {
    wd_free(host[i]);
    wd_free(value[0][i]);
    wd_free(value[1][i]);
  }
}

/* More than all of the staging memory, from a buffer that is spoiled at once. */
static void uploads(void) {
  wd_error err = {0};
  const size_t count = ((size_t)37 << 20) / sizeof(float) + 3;
  wd_device *d = net_device("cuda");
  const wd_kernels *k = wd_kernels_for(d, &err);
  float *from = wd_alloc(count, sizeof *from), *back = wd_alloc(count, sizeof *back);
  void *at = NULL;
  net_stop(k->alloc(d, count * sizeof *from, &at, &err), &err, "alloc");
  for (size_t i = 0; i < count; i++) from[i] = (float)(i % 9973);
  net_stop(k->upload(d, at, from, count * sizeof *from, &err), &err, "upload");
  memset(from, 0, count * sizeof *from);
  net_stop(k->download(d, back, at, count * sizeof *back, &err), &err, "download");
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++) wrong += back[i] != (float)(i % 9973);
  tap_ok(wrong == 0, "37 MiB up and down: %zu values wrong", wrong);
  k->release(d, at);
  wd_free(from);
  wd_free(back);
  wd_device_close(d);
}

/* Ties, latents between codes, and one that is not a number: the codes of the reference. */
static void quantizer(void) {
  wd_error err = {0};
  enum { ROWS = 300, CODES = 700, C = 8 };
  float *z = wd_alloc(ROWS * C, sizeof *z), *book = wd_alloc(CODES * C, sizeof *book);
  int32_t index[2][ROWS];
  wd_random_normals(10, 0, 0, ROWS * C, z);
  wd_random_normals(10, 1, 0, CODES * C, book);
  memcpy(book + 600 * C, book,
         100 * C * sizeof *book); /* the last hundred codes are the first hundred again */
  for (int r = 0; r < 100; r++) memcpy(z + r * C, book + (600 + r) * C, C * sizeof *z);
  z[299 * C] = NAN;
  for (int k = 0; k < 2; k++) {
    wd_device *d = net_device(k ? "cuda" : "reference");
    wd_graph *g = NULL;
    net_stop(wd_graph_create(d, NULL, NULL, &g, &err), &err, "quantizer");
    int in = wd_graph_input(g, "z", wd_shape2(ROWS, C), false),
        b = wd_graph_input(g, "b", wd_shape2(CODES, C), false);
    int q = wd_graph_quantize(g, in, b);
    wd_graph_keep(g, q);
    net_stop(wd_graph_compile(g, &err), &err, "quantizer");
    net_stop(wd_graph_set(g, in, z, &err), &err, "set");
    net_stop(wd_graph_set(g, b, book, &err), &err, "set");
    net_stop(wd_graph_forward(g, NULL, &err), &err, "forward");
    net_stop(wd_graph_get_index(g, q, index[k], &err), &err, "index");
    wd_graph_destroy(g);
    wd_device_close(d);
  }
  tap_ok(memcmp(index[0], index[1], sizeof index[0]) == 0 && index[1][42] == 42 && index[1][299] == 0,
         "300 latents, 700 codes with ties: the reference's codes");
  wd_free(z);
  wd_free(book);
}

static void bad_data(void) {
  wd_error err = {0};
  wd_device *d = net_device("cuda");
  net t;
  net_result r;
  net_stop(net_open(&t, d, &training, &err), &err, "bad data");
  net_stop(net_run(&t, 0, &r, NULL, &err), &err, "run");
  static const float bad[][NET_N] = {{0, 1, NET_IDS}, {-1, 0, 0}, {0, 0.5f, 0}, {NAN, 0, 0}};
  for (int i = 0; i < 4; i++) {
    net_stop(wd_graph_set(t.graph, t.id, bad[i], &err), &err, "set");
    wd_status st = wd_graph_forward(t.graph, NULL, &err);
    if (!st) st = wd_graph_get(t.graph, t.loss, &r.loss, &err);
    tap_ok(st == WD_ERR_ARGUMENT && strstr(err.message, "table"), "an id outside its table: %s", err.message);
  }
  net_stop(net_run(&t, 0, &r, NULL, &err), &err, "run");
  tap_at_most(net_distance(&t, &r, &expected[0]), 1e-5, "with good ids again");
  net_close(&t);
  wd_device_close(d);
}

static void no_library(void) {
  wd_error err = {0};
  wd_device *d = net_device("cuda");
  net t;
  blas_shim.absent = 1;
  wd_status st = net_open(&t, d, &training, &err);
  tap_ok(st == WD_ERR_DEVICE && strstr(err.message, "cuBLAS"), "without cuBLAS: %s", err.message);
  net_close(&t);
  blas_shim.absent = 0;
  st = net_open(&t, d, &training, &err);
  tap_ok(st == WD_OK, "and with it on the same device: %s", st ? err.message : "compiled");
  net_close(&t);
  wd_device_close(d);
}

/* Call after call of the runtime fails: an error that names the device, nothing lost, nothing written
 * outside. */
static void failures(void) {
  emulated_reset_counts();
  emulated_counts start = emulated_get_counts();
  long tried = 0, unclear = 0, worked = 0;
  for (long at = 1; worked == 0 && at < 2000; at += at < 60 ? 1 : 17) {
    wd_error err = {0};
    wd_device *d = NULL;
    net t = {0};
    net_result r;
    emulated.fail_with = cudaErrorMemoryAllocation;
    emulated.fail_at = at;
    wd_status st = wd_device_open("cuda", &d, &err);
    if (!st) st = net_open(&t, d, &training, &err);
    for (int run = 0; run < 3 && !st; run++) st = net_run(&t, 0, &r, NULL, &err);
    worked += st == WD_OK;
    unclear += st != WD_OK && !strstr(err.message, "cuda") && !strstr(err.message, "cuBLAS");
    tried++;
    emulated.fail_at = 0;
    if (t.device) net_close(&t);
    wd_device_close(d);
  }
  emulated_counts end = emulated_get_counts();
  tap_ok(worked == 1 && tried > 60 && unclear == 0, "%ld calls made to fail in turn, %ld of them unclear",
         tried, unclear);
  tap_ok(end.allocations == start.allocations && end.bytes == start.bytes && blas_shim.handles == 0,
         "nothing is lost: %ld allocations, %ld handles", end.allocations - start.allocations,
         blas_shim.handles);
  tap_ok(emulated_fence_faults() == 0, "nothing was written outside of allocations");
}

int main(void) {
  reference();
  replay();
  cancelled();
  pieces();
  joined();
  orders();
  precisions();
  slices();
  optimizer();
  uploads();
  quantizer();
  bad_data();
  no_library();
  failures();
  return tap_done();
}
