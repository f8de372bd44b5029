/* The kernels that are written with SIMD vectors: compiled once for each width (meson.build) and chosen by
 * the device's lanes. All of them work on one thread; who calls them cuts the work. Internal to model/cpu/.
 */
#ifndef WD_CPU_WIDE_H
#define WD_CPU_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* c (m, n) = a (m, k) b (k, n) + bias, or c += a b. Element (i, j) of a matrix x is x[i * x_row + j * x_col];
 * of a and of b one of the two strides is 1; rows of c are contiguous. */
typedef struct wd_gemm {
  long m, n, k;
  const float *a;
  long a_row, a_col;
  const float *b;
  long b_row, b_col;
  const float *packed; /* b as pack() left it, instead of b; or NULL */
  float *c;
  long c_row;
  bool add;          /* c += instead of c = */
  const float *bias; /* n values, or NULL; not with add */
} wd_gemm;

/* One head of attention over one sample: rows of q, k, v, y and their gradients are `row` floats apart. */
typedef struct wd_head {
  long tq, tk, d, row;
  const float *q, *k, *v;
  float *y;            /* forward: written; backward: read */
  float *log_sum;      /* tq: log of the sum of exponentials of a row's scaled scores */
  const float *dy;     /* backward */
  float *dq, *dk, *dv; /* added to; NULL where unwanted */
} wd_head;

/* A 3 x 3 convolution with stride 1 and a margin of 1, in tiles of 4 x 4 (wide_winograd.c). Work is counted
 * in rows of tiles, tile_rows = (h + 3) / 4 a sample. */
typedef struct wd_winograd {
  long n, h, w, c, o;
  const float *x, *bias;           /* bias NULL: none */
  const float *forward, *backward; /* the kernel's 36 matrices, packed as (c, o) and as (o, c) */
  float *y;
  const float *dy;
  float *dx;       /* added to, or NULL */
  float *gradient; /* of the 36 matrices (o, c), written by each call, or NULL */
} wd_winograd;

/* Group norm, with SiLU or without, over one sample of pixels x c. */
typedef struct wd_norm {
  long pixels, c, groups;
  bool silu;
  const float *x, *gamma, *beta;
  float *y;
  float *kept; /* mean and 1 / deviation of every group: written forward, read backward */
  const float *dy;
  float *dx;    /* added to, or NULL */
  double *sums; /* 2 c: the gradients of beta, then of gamma */
} wd_norm;

typedef struct wd_wide {
  /* Floats that gemm wants as room, and those of a packed b. */
  size_t gemm_room;
  size_t (*packed_size)(long k, long n);
  void (*pack)(long k, long n, const float *b, long b_row, long b_col, float *packed);
  void (*gemm)(const wd_gemm *g, float *room);
  size_t (*head_room)(const wd_head *h, bool backward);
  void (*head_forward)(const wd_head *h, float *room);
  void (*head_backward)(const wd_head *h, float *room);
  size_t (*winograd_room)(const wd_winograd *w, bool backward);
  /* Kernel (o, 3, 3, c) into 36 packed matrices, outputs first..last (first a multiple of 16); `backward` may
   * be NULL. Room: lanes * 9 * c. */
  void (*winograd_pack)(long o, long c, const float *kernel, float *forward, float *backward, long first,
                        long last, float *room);
  void (*winograd_forward)(const wd_winograd *w, long first, long last, float *room);
  void (*winograd_backward)(const wd_winograd *w, long first, long last, float *room);
  /* The gradient of the 36 matrices, added to the kernel's. */
  void (*winograd_kernel)(long o, long c, const float *gradient, float *kernel, long first, long last);
  void (*norm_forward)(const wd_norm *n, float *room);  /* 4 (c + 16) */
  void (*norm_backward)(const wd_norm *n, float *room); /* 3 (c + 16) + pixels c */
  /* to[j] += the sum of column j; rows are `row` floats apart. */
  void (*column_sums)(const float *x, long rows, long row, long columns, float *to);
  /* The nearest of `codes` rows of the book, turned to (c, codes); codes is padded to lanes with anything far
   * away. The first of equals. */
  void (*nearest)(const float *z, long rows, int c, const float *turned, long codes, int32_t *index);
} wd_wide;

#define WD_WIDE_JOIN(a, b) a##b
#define WD_WIDE_NAME(a, b) WD_WIDE_JOIN(a, b)
#define WD_WIDE(name)      WD_WIDE_NAME(name##_, WD_LANES)

/* The table for a width of 4, 8 or 16 floats. */
const wd_wide *wd_wide_for(int lanes);

#endif
