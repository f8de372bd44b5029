/* The sponge scheme on rows of vectors, and the scans that find where a field is zero. Compiled once for each
 * WD_LANES; wd_fma alone contracts. */
#include "solver/cpu/kernels.h"
#include "solver/cpu/kernels_pml.h"
#include "solver/cpu/simd.h"

enum { EXACT, FAST, TINY };
enum { W = WD_LANES };

#define INLINE static inline __attribute__((always_inline))

INLINE wd_vf product(wd_vf a, wd_vf b, int kind) {
#if WD_LANES > 4
  if (kind == TINY) return wd_mul_tiny(a, b);
#endif
  (void)kind;
  return a * b;
}

/* A vector of the row in hand. */
typedef struct line {
  const float *at;
  wd_vf here, after; /* the vector there and the one right of it */
} line;

/* The new value from the present one, the one before and its neighbours: column[k] is the vector k rows below
 * the topmost that is needed. Neighbours are summed in OpenFWI's order. */
INLINE wd_vf update(const wd_vf *column, const line *row, wd_vf before, wd_vf alpha, wd_vf t1, wd_vf t2,
                    const wd_vf *weight, const int radius, const int kind) {
  wd_vf sum = {0};
  for (int r = 1; r <= radius; r++) {
    wd_vf ring = ((column[radius - r] + column[radius + r]) + wd_loadu(row->at - r)) +
                 wd_right(row->at, row->here, row->after, r);
    if (r == 1)
      sum = product(weight[1], ring, kind);
    else if (kind == FAST)
      sum = wd_fma(weight[r], ring, sum);
    else
      sum = sum + product(weight[r], ring, kind);
  }
  if (kind == FAST) return wd_fma(alpha, sum, wd_fms(t1, column[radius], t2 * before));
  return (product(t1, column[radius], kind) - product(t2, before, kind)) + product(alpha, sum, kind);
}

INLINE void segment(const wd_cpu_rows *a, const wd_vf *weight, const float *t1, const float *t2,
                    ptrdiff_t t1_stride, ptrdiff_t t2_stride, int v0, int v1, const int radius,
                    const int rows, const int kind) {
  if (v0 >= v1) return;
  const ptrdiff_t stride = a->stride, alpha_stride = a->alpha_stride;
  const float *now = a->now + (ptrdiff_t)v0 * W, *alpha = a->alpha + (ptrdiff_t)v0 * W;
  float *next = a->next + (ptrdiff_t)v0 * W;
  t1 += (ptrdiff_t)v0 * W;
  t2 += (ptrdiff_t)v0 * W;
  line l0 = {now, wd_load(now), wd_load(now + W)};
  line l1 = l0;
  if (rows == 2) {
    const float *below = now + stride;
    l1 = (line){below, wd_load(below), wd_load(below + W)};
  }
  for (int v = v0; v < v1; v++) {
    wd_vf column[2 + 2 * WD_MAX_RADIUS];
    for (int k = 0; k < rows + 2 * radius; k++)
      if (k != radius && (rows == 1 || k != radius + 1)) column[k] = wd_load(now + (k - radius) * stride);
    l0.at = now;
    l0.after = wd_load(now + W);
    column[radius] = l0.here;
    if (rows == 2) {
      l1.at = now + stride;
      l1.after = wd_load(now + stride + W);
      column[radius + 1] = l1.here;
    }
    wd_vf first =
        update(column, &l0, wd_load(next), wd_load(alpha), wd_load(t1), wd_load(t2), weight, radius, kind);
    if (rows == 2) {
      wd_vf second = update(column + 1, &l1, wd_load(next + stride), wd_load(alpha + alpha_stride),
                            wd_load(t1 + t1_stride), wd_load(t2 + t2_stride), weight, radius, kind);
      wd_store(next + stride, second);
      l1.here = l1.after;
    }
    wd_store(next, first);
    l0.here = l0.after;
    now += W;
    next += W;
    alpha += W;
    t1 += W;
    t2 += W;
  }
}

INLINE int clip(int v, int lo, int hi) {
  return v < lo ? lo : v > hi ? hi : v;
}

INLINE void run_rows(const wd_cpu_rows *a, const float *c, int v0, int v1, const int radius, const int rows,
                     const int kind) {
  wd_vf weight[WD_MAX_RADIUS + 1];
  for (int r = 1; r <= radius; r++) weight[r] = wd_splat(c[r]);
  int m0 = clip(a->middle_from, v0, v1), m1 = clip(a->middle_to, m0, v1);
  if (m0 == m1) m0 = v1;
  segment(a, weight, a->t1, a->t2, a->t1_stride, 0, v0, m0, radius, rows, kind);
  if (m0 < m1) {
    ptrdiff_t s = a->middle_stride;
    segment(a, weight, a->middle_t1, a->middle_t2, s, s, m0, m1, radius, rows, kind);
    segment(a, weight, a->t1, a->t2, a->t1_stride, 0, m1, v1, radius, rows, kind);
  }
}

#define ROWS(name, radius, rows, kind)                                                                       \
  static void name(const wd_cpu_rows *a, const float *c, int v0, int v1) {                                   \
    run_rows(a, c, v0, v1, radius, rows, kind);                                                              \
  }
ROWS(exact4_1, 2, 1, EXACT)
ROWS(exact4_2, 2, 2, EXACT)
ROWS(exact8_1, 4, 1, EXACT)
ROWS(exact8_2, 4, 2, EXACT)
ROWS(fast4_1, 2, 1, FAST)
ROWS(fast4_2, 2, 2, FAST)
ROWS(fast8_1, 4, 1, FAST)
ROWS(fast8_2, 4, 2, FAST)
#if WD_LANES > 4
ROWS(tiny4_1, 2, 1, TINY)
ROWS(tiny4_2, 2, 2, TINY)
ROWS(tiny8_1, 4, 1, TINY)
ROWS(tiny8_2, 4, 2, TINY)
#endif

static int first_nonzero(const float *row, int from, int to, int32_t bits) {
  for (int v = from / W; v * W < to; v++) {
    uint32_t mask = wd_nonzero(wd_load(row + v * W), bits);
    if (mask) return v * W + __builtin_ctz(mask);
  }
  return to;
}

static int last_nonzero(const float *row, int from, int to, int32_t bits) {
  for (int v = (to + W - 1) / W - 1; (v + 1) * W > from && v >= 0; v--) {
    uint32_t mask = wd_nonzero(wd_load(row + v * W), bits);
    if (mask) return v * W + 32 - __builtin_clz(mask);
  }
  return from;
}

static int big(const float *vector, const float *spare, float least) {
  return wd_all_at_least(wd_load(vector), wd_load(spare), least);
}

#define NAME_(lanes) wd_cpu_kernels_##lanes
#define NAME(lanes)  NAME_(lanes)
const wd_cpu_kernels NAME(WD_LANES) = {
    .lanes = WD_LANES,
    .exact = {{exact4_1, exact4_2}, {exact8_1, exact8_2}},
    .fast = {{fast4_1, fast4_2}, {fast8_1, fast8_2}},
#if WD_LANES > 4
    .tiny = {{tiny4_1, tiny4_2}, {tiny8_1, tiny8_2}},
#endif
    .pml_psi_z = {pml_psi_z4, pml_psi_z8},
    .pml = {{pml4, pml4z}, {pml8, pml8z}},
    .first_nonzero = first_nonzero,
    .last_nonzero = last_nonzero,
    .big = big,
};
