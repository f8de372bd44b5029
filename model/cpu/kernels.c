/* The `cpu` table. What is too small to matter (embeddings, timesteps, the sum of scalars) is the
 * reference's. */
#include "model/cpu/kernels.h"

#include "model/reference/ops.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

static wd_status host_alloc(wd_device *d, size_t bytes, void **out, wd_error *err) {
  (void)d;
  *out = wd_alloc(bytes, 1);
  return *out ? WD_OK
              : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %.1f MiB of tensors", (double)bytes / 1048576);
}

static void host_release(wd_device *d, void *memory) {
  (void)d;
  wd_free(memory);
}

static wd_status host_copy(wd_device *d, void *to, const void *from, size_t bytes, wd_error *err) {
  (void)d;
  (void)err;
  memcpy(to, from, bytes);
  return WD_OK;
}

static wd_status host_fill(wd_device *d, float *to, float value, size_t count, wd_error *err) {
  (void)d;
  (void)err;
  if (value == 0)
    memset(to, 0, count * sizeof *to);
  else
    for (size_t i = 0; i < count; i++) to[i] = value;
  return WD_OK;
}

WD_CLONES static double square_sum(const float *x, size_t count) {
  double total = 0;
  for (size_t b = 0; b < count; b += 256) {
    size_t end = b + 256 < count ? b + 256 : count;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = b; i < end; i++) sum += x[i] * x[i];
    total += (double)sum;
  }
  return total;
}

static wd_status host_norm2(wd_device *d, const float *x, size_t count, double *out, wd_error *err) {
  (void)d;
  (void)err;
  *out = square_sum(x, count);
  return WD_OK;
}

WD_CLONES static void adamw_range(float beta1, float beta2, float rate, float root, float epsilon,
                                  float shrink, float scale, size_t count, float *restrict value,
                                  const float *restrict grad, float *restrict m, float *restrict v) {
  for (size_t i = 0; i < count; i++) {
    float gradient = grad[i] * scale;
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    value[i] = value[i] * shrink - rate * m[i] / (__builtin_sqrtf(v[i]) * root + epsilon);
  }
}

/* As the reference's, with the step's constants worked out once: rate = lr / (1 - b1^t), root = 1 / sqrt(1 -
 * b2^t). */
static wd_status host_adamw(wd_device *d, const wd_adamw *rule, float grad_scale, float decay, size_t count,
                            float *value, const float *grad, float *m, float *v, wd_error *err) {
  (void)err;
  double c1 = 1 - pow(rule->beta1, (double)rule->step), c2 = 1 - pow(rule->beta2, (double)rule->step);
  float rate = (float)(rule->learning_rate / c1), root = (float)(1 / sqrt(c2));
  float shrink = (float)(1 - rule->learning_rate * rule->weight_decay * (double)decay);
  int threads = wd_device_get_info(d)->threads;
  long pieces = (long)((count + 16383) / 16384);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long p = 0; p < pieces; p++) {
    size_t at = (size_t)p * 16384, n = count - at < 16384 ? count - at : 16384;
    adamw_range((float)rule->beta1, (float)rule->beta2, rate, root, (float)rule->epsilon, shrink, grad_scale,
                n, value + at, grad + at, m + at, v + at);
  }
  return WD_OK;
}

WD_CLONES static void ema_range(float gain, const float *value, float *average, size_t count) {
  for (size_t i = 0; i < count; i++) average[i] += gain * (value[i] - average[i]);
}

static wd_status host_ema(wd_device *d, float decay, size_t count, const float *value, float *average,
                          wd_error *err) {
  (void)d;
  (void)err;
  ema_range(1 - decay, value, average, count);
  return WD_OK;
}

static void forget(wd_graph *g) {
  for (int i = 0; i < g->count; i++) {
    wd_cpu_node *c = g->node[i].cache;
    if (!c) continue;
    for (int k = 0; k < 3; k++) wd_dnn_op_destroy(c->op[k]);
    wd_free(c->kept);
    wd_free(c->partial);
    for (int k = 0; k < 2; k++) wd_free(c->packed[k]);
    wd_free(c->gradient);
    wd_free(c);
    g->node[i].cache = NULL;
  }
  wd_cpu_graph *b = g->backend;
  if (!b) return;
  wd_dnn_close(b->dnn);
  wd_free(b->scratch);
  wd_free(b->room);
  wd_free(b);
  g->backend = NULL;
}

static wd_status prepare(wd_graph *g, wd_error *err) {
  wd_cpu_graph *b = wd_calloc(1, sizeof *b);
  if (!b) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to prepare a graph");
  g->backend = b;
  b->threads = wd_device_get_info(g->device)->threads;
  b->wide = wd_wide_for(wd_device_get_info(g->device)->lanes);
  b->room_count = b->wide->gemm_room;
  wd_status st = wd_dnn_open(b->threads, &b->dnn, err);
  for (int i = 0; i < g->count && !st; i++) {
    wd_node *n = &g->node[i];
    if (n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) continue;
    n->cache = wd_calloc(1, sizeof(wd_cpu_node));
    st = n->cache ? wd_cpu_prepare_contraction(g, n, err)
                  : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for node %d", i);
    if (!st) st = wd_cpu_prepare_norm(g, n, err);
    /* Room for the largest gradient that oneDNN hands over, a kernel with its bias behind it. */
    for (int k = 0; k < n->n_inputs; k++) {
      size_t need = wd_shape_count(wd_graph_in(g, n, k)->shape) + 32;
      if (n->op == WD_OP_CONV && k == 1) need += (size_t)wd_graph_in(g, n, k)->shape.dim[0];
      if (need > b->scratch_count) b->scratch_count = need;
    }
  }
  if (!st && g->desc.backward) {
    b->scratch = wd_alloc(b->scratch_count, sizeof(float));
    if (!b->scratch) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for gradients in passing");
    g->memory.workspace = b->scratch_count * sizeof(float);
  }
  if (!st) {
    b->room = wd_alloc(b->room_count * (size_t)b->threads, sizeof(float));
    if (!b->room) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the room of kernels");
    g->memory.workspace += b->room_count * (size_t)b->threads * sizeof(float);
  }
  return st;
}

#define KERNEL(name)                                                                                         \
  { wd_cpu_##name##_forward, wd_cpu_##name##_backward }
#define REFERENCE(name)                                                                                      \
  { wd_ref_##name##_forward, wd_ref_##name##_backward }

const wd_kernels wd_kernels_cpu = {
    .name = "cpu",
    .op =
        {
            [WD_OP_CONV] = KERNEL(conv),
            [WD_OP_LINEAR] = KERNEL(linear),
            [WD_OP_GROUP_NORM] = KERNEL(group_norm),
            [WD_OP_ACTIVATION] = KERNEL(activation),
            [WD_OP_ATTENTION] = KERNEL(attention),
            [WD_OP_ADD] = KERNEL(add),
            [WD_OP_ADD_CHANNEL] = KERNEL(add_channel),
            [WD_OP_MODULATE] = KERNEL(modulate),
            [WD_OP_SCALE] = KERNEL(scale),
            [WD_OP_MASK] = KERNEL(mask),
            [WD_OP_UPSAMPLE] = KERNEL(upsample),
            [WD_OP_DOWNSAMPLE] = KERNEL(downsample),
            [WD_OP_PIXEL_SHUFFLE] = KERNEL(pixel_shuffle),
            [WD_OP_CONCAT] = KERNEL(concat),
            [WD_OP_SLICE] = REFERENCE(slice),
            [WD_OP_TIMESTEP] = {wd_ref_timestep_forward, NULL},
            [WD_OP_DETACH] = {wd_ref_detach_forward, NULL},
            [WD_OP_EMBEDDING] = REFERENCE(embedding),
            [WD_OP_NORMALIZE] = REFERENCE(normalize),
            [WD_OP_QUANTIZE] = KERNEL(quantize),
            [WD_OP_SQUARED_LOSS] = KERNEL(squared_loss),
            [WD_OP_ABSOLUTE_LOSS] = KERNEL(absolute_loss),
            [WD_OP_SUM] = REFERENCE(sum),
        },
    .alloc = host_alloc,
    .release = host_release,
    .upload = host_copy,
    .download = host_copy,
    .fill = host_fill,
    .prepare = prepare,
    .forget = forget,
    .norm2 = host_norm2,
    .adamw = host_adamw,
    .ema = host_ema,
};
