/* c = a b: blocks of up to ROWS rows and two vectors of columns stay in registers while k runs. b goes
 * through a packed panel (its columns side by side, zeros behind the last), so that the inner loop reads it
 * in order. Every element is summed over k in the same order whatever the blocks, but for the cut into pieces
 * of WD_GEMM_DEPTH. */
#include "model/cpu/wide_gemm.h"

#include <string.h>

#if WD_LANES == 16
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif

#define INLINE static inline __attribute__((always_inline))

/* Vectors of c, of which the last may be a part: masked where the width has masks; elsewhere wd_gemm_run
 * brings c in whole vectors. */
#if WD_LANES == 16
typedef __mmask16 lanes;
INLINE lanes lanes_of(long left) {
  return left >= 16 ? 0xffff : left > 0 ? (lanes)((1u << left) - 1) : 0;
}
INLINE wd_vf get(const float *p, lanes l) {
  return (wd_vf)_mm512_maskz_loadu_ps(l, p);
}
INLINE void put(float *p, wd_vf v, lanes l) {
  _mm512_mask_storeu_ps(p, l, (__m512)v);
}
#else
typedef int lanes;
INLINE lanes lanes_of(long left) {
  (void)left;
  return 0;
}
INLINE wd_vf get(const float *p, lanes l) {
  (void)l;
  return wd_loadu(p);
}
INLINE void put(float *p, wd_vf v, lanes l) {
  (void)l;
  *(wd_vfu *)p = v;
}
#endif

/* rows, vectors and row_major are constants where this is inlined. Rows of a in threes, so that twelve of
 * them need four pointers and one stride. Sums start from c, or from the bias, or from zero. */
INLINE void block(const int rows, const int vectors, const bool row_major, long k, const float *a, long step,
                  const float *b, long b_row, float *c, long c_row, long columns, bool add, const float *bias,
                  const float *ahead) {
  lanes l0 = lanes_of(columns), l1 = lanes_of(columns - WD_LANES);
  wd_vf sum[ROWS][2];
  wd_vf first = bias ? get(bias, l0) : wd_splat(0);
  wd_vf second = bias && vectors > 1 ? get(bias + WD_LANES, l1) : wd_splat(0);
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    sum[i][0] = first;
    sum[i][1] = second;
  }
  if (add) {
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      sum[i][0] = get(c + i * c_row, l0);
      if (vectors > 1) sum[i][1] = get(c + i * c_row + WD_LANES, l1);
    }
  }
  const float *a0 = a, *a3 = a + 3 * step, *a6 = a + 6 * step, *a9 = a + 9 * step;
  for (long p = 0; p < k; p++) {
    wd_vf b0 = wd_loadu(b), b1 = vectors > 1 ? wd_loadu(b + WD_LANES) : b0;
    b += b_row;
    __builtin_prefetch(ahead, 0, 2);
    ahead += 16;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const float *base = i < 3 ? a0 : i < 6 ? a3 : i < 9 ? a6 : a9;
      wd_vf x = wd_splat(row_major ? base[(i % 3) * step] : a[i]);
      sum[i][0] = wd_fma(x, b0, sum[i][0]);
      if (vectors > 1) sum[i][1] = wd_fma(x, b1, sum[i][1]);
    }
    if (row_major) {
      a0++;
      a3++;
      a6++;
      a9++;
    } else
      a += step;
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    put(c + i * c_row, sum[i][0], l0);
    if (vectors > 1) put(c + i * c_row + WD_LANES, sum[i][1], l1);
  }
}

#define CASE(r)                                                                                              \
  case r:                                                                                                    \
    if (columns > WD_LANES)                                                                                  \
      block(r, 2, major, k, a, step, b, b_row, c, c_row, columns, add, bias, ahead);                         \
    else                                                                                                     \
      block(r, 1, major, k, a, step, b, b_row, c, c_row, columns, add, bias, ahead);                         \
    break;

INLINE void blocks(const bool major, int rows, long k, const float *a, long step, const float *b, long b_row,
                   float *c, long c_row, long columns, bool add, const float *bias, const float *ahead) {
  switch (rows) {
    CASE(1)
    CASE(2)
    CASE(3)
    CASE(4)
    CASE(5)
    CASE(6)
#if WD_LANES == 16
    CASE(7)
    CASE(8)
    CASE(9)
    CASE(10)
    CASE(11)
    CASE(12)
#endif
  }
}

static __attribute__((noinline)) void rows_of(int rows, long k, const float *a, long step, const float *b,
                                              long b_row, float *c, long c_row, long columns, bool add,
                                              const float *bias, const float *ahead) {
  blocks(true, rows, k, a, step, b, b_row, c, c_row, columns, add, bias, ahead);
}
static __attribute__((noinline)) void columns_of(int rows, long k, const float *a, long step, const float *b,
                                                 long b_row, float *c, long c_row, long columns, bool add,
                                                 const float *bias, const float *ahead) {
  blocks(false, rows, k, a, step, b, b_row, c, c_row, columns, add, bias, ahead);
}

/* k rows of at most a panel's columns, zeros behind them. */
static void pack_panel(long k, long columns, const float *b, long b_row, long b_col, float *to) {
  if (b_col == 1 && columns == WD_GEMM_PANEL) {
    for (long p = 0; p < k; p++, to += WD_GEMM_PANEL, b += b_row) {
      *(wd_vfu *)to = wd_loadu(b);
      *(wd_vfu *)(to + WD_LANES) = wd_loadu(b + WD_LANES);
    }
    return;
  }
#if WD_LANES == 16
  if (b_col == 1) {
    lanes l0 = lanes_of(columns), l1 = lanes_of(columns - WD_LANES);
    for (long p = 0; p < k; p++, to += WD_GEMM_PANEL, b += b_row) {
      *(wd_vfu *)to = get(b, l0);
      *(wd_vfu *)(to + WD_LANES) = get(b + WD_LANES, l1);
    }
    return;
  }
#endif
  for (long p = 0; p < k; p++) {
    for (long j = 0; j < columns; j++) to[p * WD_GEMM_PANEL + j] = b[p * b_row + j * b_col];
    for (long j = columns; j < WD_GEMM_PANEL; j++) to[p * WD_GEMM_PANEL + j] = 0;
  }
}

size_t wd_gemm_packed(long k, long n) {
  return (size_t)((n + WD_GEMM_PANEL - 1) / WD_GEMM_PANEL * WD_GEMM_PANEL * k);
}

void wd_gemm_pack(long k, long n, const float *b, long b_row, long b_col, float *packed) {
  for (long j = 0; j < n; j += WD_GEMM_PANEL)
    pack_panel(k, n - j < WD_GEMM_PANEL ? n - j : WD_GEMM_PANEL, b + j * b_col, b_row, b_col, packed + j * k);
}

void wd_gemm_run(const wd_gemm *g, float *room) {
  float edge[ROWS * WD_GEMM_PANEL] = {0}, bias_edge[WD_GEMM_PANEL] = {0};
  bool major = g->a_col == 1;
  long blocks_down = (g->m + ROWS - 1) / ROWS;
  for (long p = 0; p < g->k; p += WD_GEMM_DEPTH) {
    long k = g->k - p < WD_GEMM_DEPTH ? g->k - p : WD_GEMM_DEPTH;
    bool add = g->add || p > 0;
    for (long j = 0; j < g->n; j += WD_GEMM_PANEL) {
      long columns = g->n - j < WD_GEMM_PANEL ? g->n - j : WD_GEMM_PANEL, b_row = WD_GEMM_PANEL;
      const float *b = g->packed ? g->packed + j * g->k + p * WD_GEMM_PANEL : room;
      if (!g->packed) {
        const float *from = g->b + p * g->b_row + j * g->b_col;
        if (g->b_col == 1 && columns % WD_LANES == 0 && (blocks_down < 3 || k <= 128)) {
          b = from; /* read too seldom, or too small, to pay for packing */
          b_row = g->b_row;
        } else
          pack_panel(k, columns, from, g->b_row, g->b_col, room);
      }
      bool part = WD_LANES < 16 && columns % WD_LANES;
      size_t width = sizeof(float) * (size_t)columns;
      const float *bias = g->bias ? g->bias + j : NULL;
      if (part && bias) {
        memcpy(bias_edge, bias, width);
        bias = bias_edge;
      }
      for (long i = 0; i < blocks_down; i++) {
        long first = g->m * i / blocks_down, rows = g->m * (i + 1) / blocks_down - first;
        const float *a = g->a + first * g->a_row + p * g->a_col;
        float *c = g->c + first * g->c_row + j;
        long c_row = g->c_row;
        /* While a panel of packed weights is used the first two times, the next one is fetched. */
        const float *ahead = g->packed && i < 2 ? b + g->k * WD_GEMM_PANEL + i * k * 16 : b;
        if (part) { /* the columns are no whole vectors: by way of a block that has them */
          for (long r = 0; add && r < rows; r++) memcpy(edge + r * WD_GEMM_PANEL, c + r * c_row, width);
          c = edge;
          c_row = WD_GEMM_PANEL;
        }
        if (major)
          rows_of((int)rows, k, a, g->a_row, b, b_row, c, c_row, columns, add, add ? NULL : bias, ahead);
        else
          columns_of((int)rows, k, a, g->a_col, b, b_row, c, c_row, columns, add, add ? NULL : bias, ahead);
        for (long r = 0; part && r < rows; r++)
          memcpy(g->c + (first + r) * g->c_row + j, edge + r * WD_GEMM_PANEL, width);
      }
    }
  }
}
