/* Attention of one head over one sample, a few queries at a time: scores, weights and their gradients live in
 * a strip that stays in the cache. Backward works the weights out again from the scores and the log of each
 * row's sum, which costs less than to keep them (T^2 values a head). The formulas stand in
 * reference/attention.c. */
#include "model/cpu/wide_gemm.h"

#include <math.h>

enum { QUERIES = 36 }; /* of a strip */

#define wd_head_room     WD_WIDE(wd_head_room)
#define wd_head_forward  WD_WIDE(wd_head_forward)
#define wd_head_backward WD_WIDE(wd_head_backward)

size_t wd_head_room(const wd_head *h, bool backward);
void wd_head_forward(const wd_head *h, float *room);
void wd_head_backward(const wd_head *h, float *room);

static long padded(long n) {
  return (n + WD_LANES - 1) / WD_LANES * WD_LANES + WD_LANES;
}

/* What lies behind the last key takes no part: -1e30 before the exponential, 0 after it. */
static void close_row(float *row, long count, float with) {
  for (long j = count; j % WD_LANES; j++) row[j] = with;
}

/* Scores become exp(scale score - top); returns their sum. */
static float exponentials(float *row, long count, float scale, float *top) {
  close_row(row, count, -1e30f);
  wd_vf most = wd_loadu(row), sum = wd_splat(0);
  for (long j = WD_LANES; j < count; j += WD_LANES) most = wd_vmax(most, wd_loadu(row + j));
  *top = wd_vtop(most) * scale;
  wd_vf factor = wd_splat(scale), shift = wd_splat(-*top);
  for (long j = 0; j < count; j += WD_LANES) {
    wd_vf e = wd_vexp(wd_fma(wd_loadu(row + j), factor, shift));
    *(wd_vfu *)(row + j) = e;
    sum += e;
  }
  /* exp(-87) behind the last key, at most 15 times: nothing beside the largest, which is 1. */
  return wd_vsum(sum);
}

/* p = exp(scale score - log_sum), and a becomes p (a - mean) scale. */
static void softmax_backward(float *p, float *a, long count, float scale, float log_sum, float mean) {
  close_row(p, count, -1e30f);
  close_row(a, count, 0);
  wd_vf factor = wd_splat(scale), shift = wd_splat(-log_sum), middle = wd_splat(mean);
  for (long j = 0; j < count; j += WD_LANES) {
    wd_vf e = wd_vexp(wd_fma(wd_loadu(p + j), factor, shift));
    *(wd_vfu *)(p + j) = e;
    *(wd_vfu *)(a + j) = e * (wd_loadu(a + j) - middle) * factor;
  }
}

size_t wd_head_room(const wd_head *h, bool backward) {
  size_t strip = (size_t)(QUERIES * padded(h->tk));
  size_t packed = wd_gemm_packed(h->d, h->tk);
  size_t values = wd_gemm_packed(h->tk, h->d);
  return WD_GEMM_ROOM + packed + values + strip + (backward ? packed + strip : 0) + 64;
}

void wd_head_forward(const wd_head *h, float *room) {
  long row = padded(h->tk);
  float *keys = room + WD_GEMM_ROOM, *values = keys + wd_gemm_packed(h->d, h->tk);
  float *strip = values + wd_gemm_packed(h->tk, h->d);
  float scale = 1 / sqrtf((float)h->d);
  wd_gemm_pack(h->d, h->tk, h->k, 1, h->row, keys);
  wd_gemm_pack(h->tk, h->d, h->v, h->row, 1, values);
  for (long i = 0; i < h->tq; i += QUERIES) {
    long m = h->tq - i < QUERIES ? h->tq - i : QUERIES;
    wd_gemm scores = {.m = m,
                      .n = h->tk,
                      .k = h->d,
                      .a = h->q + i * h->row,
                      .a_row = h->row,
                      .a_col = 1,
                      .packed = keys,
                      .c = strip,
                      .c_row = row};
    wd_gemm_run(&scores, room);
    float sum[QUERIES], top;
    for (long r = 0; r < m; r++) {
      sum[r] = exponentials(strip + r * row, h->tk, scale, &top);
      if (h->log_sum) h->log_sum[i + r] = top + logf(sum[r]);
    }
    wd_gemm mix = {.m = m,
                   .n = h->d,
                   .k = h->tk,
                   .a = strip,
                   .a_row = row,
                   .a_col = 1,
                   .packed = values,
                   .c = h->y + i * h->row,
                   .c_row = h->row};
    wd_gemm_run(&mix, room);
    for (long r = 0; r < m; r++) { /* d values take the division instead of tk weights */
      float inverse = 1 / sum[r], *y = h->y + (i + r) * h->row;
      for (long c = 0; c < h->d; c++) y[c] *= inverse;
    }
  }
}

void wd_head_backward(const wd_head *h, float *room) {
  long row = padded(h->tk);
  float *keys = room + WD_GEMM_ROOM, *turned = keys + wd_gemm_packed(h->d, h->tk);
  float *rows_of_keys = turned + wd_gemm_packed(h->d, h->tk);
  float *weights = rows_of_keys + wd_gemm_packed(h->tk, h->d), *slope = weights + QUERIES * row;
  float scale = 1 / sqrtf((float)h->d);
  wd_gemm_pack(h->d, h->tk, h->k, 1, h->row, keys);   /* k' */
  wd_gemm_pack(h->d, h->tk, h->v, 1, h->row, turned); /* v' */
  wd_gemm_pack(h->tk, h->d, h->k, h->row, 1, rows_of_keys);
  for (long i = 0; i < h->tq; i += QUERIES) {
    long m = h->tq - i < QUERIES ? h->tq - i : QUERIES;
    const float *q = h->q + i * h->row, *dy = h->dy + i * h->row, *y = h->y + i * h->row;
    wd_gemm g = {.m = m,
                 .n = h->tk,
                 .k = h->d,
                 .a = q,
                 .a_row = h->row,
                 .a_col = 1,
                 .packed = keys,
                 .c = weights,
                 .c_row = row};
    wd_gemm_run(&g, room);
    g.a = dy;
    g.packed = turned;
    g.c = slope;
    wd_gemm_run(&g, room);
    for (long r = 0; r < m; r++) {
      float mean = 0; /* sum of p dp = dy . y */
      for (long c = 0; c < h->d; c++) mean += dy[r * h->row + c] * y[r * h->row + c];
      softmax_backward(weights + r * row, slope + r * row, h->tk, scale, h->log_sum[i + r], mean);
    }
    if (h->dq)
      wd_gemm_run(&(wd_gemm){.m = m,
                             .n = h->d,
                             .k = h->tk,
                             .a = slope,
                             .a_row = row,
                             .a_col = 1,
                             .packed = rows_of_keys,
                             .c = h->dq + i * h->row,
                             .c_row = h->row,
                             .add = true},
                  room);
    wd_gemm back = {.m = h->tk,
                    .n = h->d,
                    .k = m,
                    .a_row = 1,
                    .a_col = row,
                    .b_row = h->row,
                    .b_col = 1,
                    .c_row = h->row,
                    .add = true};
    if (h->dk) {
      back.a = slope;
      back.b = q;
      back.c = h->dk;
      wd_gemm_run(&back, room);
    }
    if (h->dv) {
      back.a = weights;
      back.b = dy;
      back.c = h->dv;
      wd_gemm_run(&back, room);
    }
  }
}
