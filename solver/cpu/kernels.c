/* The sponge scheme on rows of vectors, and the scans that find where a field is zero. Compiled once for each
 * WD_LANES; wd_fma alone contracts. */
#include "solver/cpu/kernels.h"
#include "solver/cpu/kernels_pml.h"
#include "solver/cpu/simd.h"

enum { EXACT, FAST, TINY };
enum { W = WD_LANES };

#define INLINE static inline __attribute__((always_inline))

/* The four neighbours at distance r, in OpenFWI's order of sums. */
INLINE wd_vf ring(wd_vf up, wd_vf down, const float *row, int r) {
  return ((up + down) + wd_loadu(row - r)) + wd_loadu(row + r);
}

INLINE wd_vf product(wd_vf a, wd_vf b, int kind) {
#if WD_LANES > 4
  if (kind == TINY) return wd_mul_tiny(a, b);
#endif
  (void)kind;
  return a * b;
}

INLINE void run_rows(const wd_cpu_rows *a, const float *c, int v0, int v1, const int radius, const int rows,
                     const int kind) {
  wd_vf weight[WD_MAX_RADIUS + 1];
  for (int r = 1; r <= radius; r++) weight[r] = wd_splat(c[r]);
  const float *in[2 + 2 * WD_MAX_RADIUS];
  for (int k = 0; k < rows + 2 * radius; k++) in[k] = a->in[k];
  float *const out0 = a->out[0], *const out1 = a->out[rows - 1];
  const float *const al0 = a->alpha[0], *const al1 = a->alpha[rows - 1];
  const float *const t10 = a->t1[0], *const t11 = a->t1[rows - 1];
  const float *const t20 = a->t2[0], *const t21 = a->t2[rows - 1];
  for (int v = v0; v < v1; v++) {
    const size_t at = (size_t)v * W;
    wd_vf column[2 + 2 * WD_MAX_RADIUS];
    for (int k = 0; k < rows + 2 * radius; k++) column[k] = wd_load(in[k] + at);
    for (int j = 0; j < rows; j++) {
      const float *row = in[j + radius] + at;
      float *out = (j ? out1 : out0) + at;
      wd_vf centre = column[j + radius], before = wd_load(out);
      wd_vf alpha = wd_load((j ? al1 : al0) + at);
      wd_vf t1 = wd_load((j ? t11 : t10) + at), t2 = wd_load((j ? t21 : t20) + at);
      wd_vf sum = product(weight[1], ring(column[j + radius - 1], column[j + radius + 1], row, 1), kind);
      for (int r = 2; r <= radius; r++) {
        wd_vf s = ring(column[j + radius - r], column[j + radius + r], row, r);
        if (kind == FAST)
          sum = wd_fma(weight[r], s, sum);
        else
          sum = sum + product(weight[r], s, kind);
      }
      if (kind == FAST)
        wd_store(out, wd_fma(alpha, sum, wd_fms(t1, centre, t2 * before)));
      else
        wd_store(out, (product(t1, centre, kind) - product(t2, before, kind)) + product(alpha, sum, kind));
    }
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
ROWS(tiny4, 2, 1, TINY)
ROWS(tiny8, 4, 1, TINY)
#endif

static int first_nonzero(const float *row, int from, int to) {
  for (int v = from / W; v * W < to; v++) {
    uint32_t mask = wd_nonzero(wd_load(row + v * W));
    if (mask) return v * W + __builtin_ctz(mask);
  }
  return to;
}

static int last_nonzero(const float *row, int from, int to) {
  for (int v = (to + W - 1) / W - 1; (v + 1) * W > from && v >= 0; v--) {
    uint32_t mask = wd_nonzero(wd_load(row + v * W));
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
    .tiny = {tiny4, tiny8},
#endif
    .pml_psi_z = {pml_psi_z4, pml_psi_z8},
    .pml_row = {pml_row4, pml_row8},
    .first_nonzero = first_nonzero,
    .last_nonzero = last_nonzero,
    .big = big,
};
