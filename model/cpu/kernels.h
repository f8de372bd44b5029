/* The CPU kernels: matrix products and attention by our own kernels (wide.h), convolutions through oneDNN
 * (contract.c), OpenMP loops for the rest (norm.c, loops.c). Internal to model/cpu/. */
#ifndef WD_CPU_KERNELS_H
#define WD_CPU_KERNELS_H

#include "model/cpu/onednn.h"
#include "model/cpu/wide.h"
#include "model/kernels.h"

/* Loops are compiled for each SIMD width and chosen when the program starts. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#  define WD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#  define WD_CLONES
#endif

typedef struct wd_cpu_graph {
  wd_dnn *dnn;
  int threads;
  const wd_wide *wide;
  float *scratch; /* results of oneDNN on their way into a gradient */
  size_t scratch_count;
  float *room; /* of the wide kernels, room_count floats a thread */
  size_t room_count;
} wd_cpu_graph;

/* What a node keeps between forward and backward, or between runs. */
typedef struct wd_cpu_node {
  wd_dnn_op *op[3];
  float *kept;      /* attention: log of the sum of every row; group norm: mean and scale of every group */
  double *partial;  /* norms: sums per sample, chunk and channel */
  float *packed[2]; /* the weights as our kernels read them, forward and backward data */
  float *gradient;  /* Winograd: of its 36 matrices, one set a thread */
  bool winograd;
  uint64_t stamp[2]; /* the version of the weights that was packed */
} wd_cpu_node;

static inline wd_cpu_graph *wd_cpu_of(wd_graph *g) {
  return g->backend;
}
static inline float *wd_cpu_room(wd_graph *g, int thread) {
  return wd_cpu_of(g)->room + (size_t)thread * wd_cpu_of(g)->room_count;
}
/* A node tells how much room its kernels want, while the graph is prepared. */
static inline void wd_cpu_want_room(wd_graph *g, size_t floats) {
  if (floats > wd_cpu_of(g)->room_count) wd_cpu_of(g)->room_count = (floats + 15) / 16 * 16;
}
static inline int wd_cpu_threads(wd_graph *g) {
  return wd_cpu_of(g)->threads;
}

#define WD_CPU_KERNEL(name)                                                                                  \
  wd_status wd_cpu_##name##_forward(wd_graph *g, wd_node *n, wd_error *err);                                 \
  wd_status wd_cpu_##name##_backward(wd_graph *g, wd_node *n, wd_error *err)

WD_CPU_KERNEL(conv);
WD_CPU_KERNEL(linear);
WD_CPU_KERNEL(attention);
WD_CPU_KERNEL(group_norm);
WD_CPU_KERNEL(activation);
WD_CPU_KERNEL(add);
WD_CPU_KERNEL(add_channel);
WD_CPU_KERNEL(modulate);
WD_CPU_KERNEL(scale);
WD_CPU_KERNEL(mask);
WD_CPU_KERNEL(upsample);
WD_CPU_KERNEL(downsample);
WD_CPU_KERNEL(pixel_shuffle);
WD_CPU_KERNEL(concat);
WD_CPU_KERNEL(quantize);
WD_CPU_KERNEL(squared_loss);
WD_CPU_KERNEL(absolute_loss);
#undef WD_CPU_KERNEL

/* Prepares the oneDNN operations, and room, of a node; WD_OK for nodes that need none. */
wd_status wd_cpu_prepare_contraction(wd_graph *g, wd_node *n, wd_error *err);
wd_status wd_cpu_prepare_norm(wd_graph *g, wd_node *n, wd_error *err);

/* 3 x 3 convolutions by Winograd (winograd.c). */
bool wd_cpu_is_winograd(const wd_graph *g, const wd_node *n);
wd_status wd_cpu_prepare_winograd(wd_graph *g, wd_node *n, wd_error *err);
void wd_cpu_winograd_forward(wd_graph *g, wd_node *n);
void wd_cpu_winograd_backward(wd_graph *g, wd_node *n);

/* Weights change with their set's version; a kernel that is computed (never, so far) is packed at each run.
 */
static inline uint64_t wd_cpu_stamp(const wd_graph *g, const wd_node *weight) {
  return weight->op == WD_OP_PARAM ? g->params->version : 0;
}

/* to[j] += the sum of column j of x (rows, columns) */
void wd_cpu_column_sums(wd_graph *g, const float *x, long rows, long columns, float *to);

/* to[i] += from[i] */
void wd_cpu_accumulate(float *to, const float *from, size_t count, int threads);

/* exp(x) to 2 ulp, without branches so that loops over it become SIMD: x = n ln 2 + r, a polynomial in r (the
 * minimax coefficients of Cephes' expf), and 2^n put together in the exponent's bits. */
static inline float wd_fast_exp(float x) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  union {
    float f;
    uint32_t i;
  } shifted = {.f = x * 1.44269504f + 12582912.0f}, two; /* 1.5 2^23: n stands in the lowest bits */
  float n = shifted.f - 12582912.0f;
  float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  two.i = (shifted.i - 0x4b400000u + 127u) << 23; /* n is not converted: that of a NaN has no value */
  return p * two.f;
}

#endif
