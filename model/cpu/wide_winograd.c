/* 3 x 3 convolutions by Winograd's F(4 x 4, 3 x 3) (Lavin & Gray 2016): tiles of 6 x 6 pixels that overlap by
 * two become 36 matrix products of tiles x channels, a quarter of the multiplications of the plain sum.
 *
 *   V = B' d B      d: a tile of x, 6 x 6, a channel       t x c matrices, one for each of the 36 places
 *   U = G w G'      w: a kernel, 3 x 3                     c x o
 *   y = A' (V U) A  4 x 4 of the result                    t x o
 *
 * The way back is the adjoint of these three lines: Z = A dy A', dV = Z U', dx += B dV B', dU = V' Z, dw +=
 * G' dU G. Transforms run along channels, which are contiguous; every tile's 36 pixels are found once. */
#include "model/cpu/wide_gemm.h"

#include <string.h>

#define wd_winograd_room     WD_WIDE(wd_winograd_room)
#define wd_winograd_pack     WD_WIDE(wd_winograd_pack)
#define wd_winograd_forward  WD_WIDE(wd_winograd_forward)
#define wd_winograd_backward WD_WIDE(wd_winograd_backward)
#define wd_winograd_kernel   WD_WIDE(wd_winograd_kernel)

size_t wd_winograd_room(const wd_winograd *w, bool backward);
void wd_winograd_pack(long o, long c, const float *kernel, float *forward, float *backward, long first,
                      long last, float *room);
void wd_winograd_forward(const wd_winograd *w, long first, long last, float *room);
void wd_winograd_backward(const wd_winograd *w, long first, long last, float *room);
void wd_winograd_kernel(long o, long c, const float *gradient, float *kernel, long first, long last);

enum { POINTS = 36 };
/* Bytes that the two sets of matrices of a block may take: forward they stay in the second-level cache;
 * backward the sums over tiles are longer, and pay for leaving it. */
static const size_t FORWARD_BLOCK = 1100000, BACKWARD_BLOCK = 2200000;

typedef wd_vf vf;

#define INLINE static inline __attribute__((always_inline))

/* `whole`, a constant where this is inlined: channels are a multiple of the lanes. */
INLINE vf load_part(const bool whole, const float *p, long left) {
  if (whole || left >= WD_LANES) return wd_loadu(p);
  vf v = wd_splat(0);
  memcpy(&v, p, sizeof(float) * (size_t)left);
  return v;
}

INLINE void store_part(const bool whole, float *p, vf v, long left) {
  if (whole || left >= WD_LANES)
    *(wd_vfu *)p = v;
  else
    memcpy(p, &v, sizeof(float) * (size_t)left);
}

/* Rows of the matrices: channels up to whole vectors, and a line more, so that rows do not fall on the same
 * sets of the cache. */
static long row_of(long channels) {
  return (channels + WD_LANES - 1) / WD_LANES * WD_LANES + 16;
}

static long tile_rows(const wd_winograd *w) {
  return (w->h + 3) / 4;
}
static long tile_columns(const wd_winograd *w) {
  return (w->w + 3) / 4;
}

static long block_rows(const wd_winograd *w, bool backward) {
  size_t tile = POINTS * sizeof(float) * (size_t)(row_of(w->c) + row_of(w->o));
  long rows = (long)((backward ? BACKWARD_BLOCK : FORWARD_BLOCK) / tile) / tile_columns(w);
  long all = w->n * tile_rows(w);
  if (rows < 1) return 1;
  return rows < all ? rows : all;
}

static long zeros_of(const wd_winograd *w) {
  return row_of(w->c > w->o ? w->c : w->o);
}

size_t wd_winograd_room(const wd_winograd *w, bool backward) {
  long tiles = block_rows(w, backward) * tile_columns(w);
  return WD_GEMM_ROOM + (size_t)zeros_of(w) * 2 + (size_t)(POINTS * tiles * (row_of(w->c) + row_of(w->o)));
}

/* B' d, of six */
#define TURN_IN(d0, d1, d2, d3, d4, d5, to, step)                                                            \
  {                                                                                                          \
    vf a_ = d4 - 4.0f * d2, b_ = d3 - 4.0f * d1, c_ = d4 - d2, e_ = 2.0f * (d3 - d1);                        \
    to[0] = 4.0f * d0 - 5.0f * d2 + d4;                                                                      \
    to[(step)] = a_ + b_;                                                                                    \
    to[2 * (step)] = a_ - b_;                                                                                \
    to[3 * (step)] = c_ + e_;                                                                                \
    to[4 * (step)] = c_ - e_;                                                                                \
    to[5 * (step)] = 4.0f * d1 - 5.0f * d3 + d5;                                                             \
  }

/* A' m: six to four */
#define TURN_OUT(m0, m1, m2, m3, m4, m5, to, step)                                                           \
  {                                                                                                          \
    vf a_ = m1 + m2, b_ = m1 - m2, c_ = m3 + m4, e_ = m3 - m4;                                               \
    to[0] = m0 + a_ + c_;                                                                                    \
    to[(step)] = b_ + 2.0f * e_;                                                                             \
    to[2 * (step)] = a_ + 4.0f * c_;                                                                         \
    to[3 * (step)] = b_ + 8.0f * e_ + m5;                                                                    \
  }

/* A y: four to six */
#define TURN_OUT_BACK(y0, y1, y2, y3, to, step)                                                              \
  {                                                                                                          \
    vf a_ = y0 + y2, b_ = y1 + y3, c_ = y0 + 4.0f * y2, e_ = 2.0f * y1 + 8.0f * y3;                          \
    to[0] = y0;                                                                                              \
    to[(step)] = a_ + b_;                                                                                    \
    to[2 * (step)] = a_ - b_;                                                                                \
    to[3 * (step)] = c_ + e_;                                                                                \
    to[4 * (step)] = c_ - e_;                                                                                \
    to[5 * (step)] = y3;                                                                                     \
  }

/* B v, of six */
#define TURN_IN_BACK(v0, v1, v2, v3, v4, v5, to, step)                                                       \
  {                                                                                                          \
    vf a_ = v1 + v2, b_ = v2 - v1, c_ = v3 + v4, e_ = 2.0f * (v4 - v3);                                      \
    to[0] = 4.0f * v0;                                                                                       \
    to[(step)] = 4.0f * b_ + e_ + 4.0f * v5;                                                                 \
    to[2 * (step)] = -5.0f * v0 - 4.0f * a_ - c_;                                                            \
    to[3 * (step)] = -b_ - e_ - 5.0f * v5;                                                                   \
    to[4 * (step)] = v0 + a_ + c_;                                                                           \
    to[5 * (step)] = v5;                                                                                     \
  }

/* G w: three to six */
#define TURN_KERNEL(w0, w1, w2, to, step)                                                                    \
  {                                                                                                          \
    vf a_ = (w0 + w2) * (1 / 6.0f), b_ = w1 * (1 / 6.0f);                                                    \
    vf c_ = w0 * (1 / 24.0f) + w2 * (1 / 6.0f), e_ = w1 * (1 / 12.0f);                                       \
    to[0] = 0.25f * w0;                                                                                      \
    to[(step)] = -a_ - b_;                                                                                   \
    to[2 * (step)] = b_ - a_;                                                                                \
    to[3 * (step)] = c_ + e_;                                                                                \
    to[4 * (step)] = c_ - e_;                                                                                \
    to[5 * (step)] = w2;                                                                                     \
  }

/* G' u: six to three */
#define TURN_KERNEL_BACK(u0, u1, u2, u3, u4, u5, to, step)                                                   \
  {                                                                                                          \
    vf a_ = u1 + u2, b_ = u2 - u1, c_ = u3 + u4, e_ = u3 - u4;                                               \
    to[0] = 0.25f * u0 - a_ * (1 / 6.0f) + c_ * (1 / 24.0f);                                                 \
    to[(step)] = b_ * (1 / 6.0f) + e_ * (1 / 12.0f);                                                         \
    to[2 * (step)] = (c_ - a_) * (1 / 6.0f) + u5;                                                            \
  }

/* The place of tile (row, column): its sample's picture, and its first pixel of the result. */
typedef struct place {
  long sample, y, x;
} place;

static place place_of(const wd_winograd *w, long row, long column) {
  return (place){row / tile_rows(w), row % tile_rows(w) * 4, column * 4};
}

INLINE void tile_in_of(const bool whole, const wd_winograd *w, place p, const float *zeros, float *v,
                       long plane) {
  const float *pixel[POINTS];
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++) {
      long y = p.y + i - 1, x = p.x + j - 1;
      bool inside = y >= 0 && y < w->h && x >= 0 && x < w->w;
      pixel[6 * i + j] = inside ? w->x + ((p.sample * w->h + y) * w->w + x) * w->c : zeros;
    }
  for (long c = 0; c < w->c; c += WD_LANES) {
    vf t[POINTS], u[6];
    long left = w->c - c;
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      vf d[6];
      for (int i = 0; i < 6; i++) d[i] = load_part(whole, pixel[6 * i + j] + c, left);
      TURN_IN(d[0], d[1], d[2], d[3], d[4], d[5], (t + j), 6)
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
      TURN_IN(t[6 * i], t[6 * i + 1], t[6 * i + 2], t[6 * i + 3], t[6 * i + 4], t[6 * i + 5], u, 1)
      for (int j = 0; j < 6; j++) *(wd_vfu *)(v + (6 * i + j) * plane + c) = u[j];
    }
  }
}

INLINE void tile_out_of(const bool whole, const wd_winograd *w, place p, const float *m, long plane) {
  long rows = w->h - p.y < 4 ? w->h - p.y : 4, columns = w->w - p.x < 4 ? w->w - p.x : 4;
  float *y = w->y + ((p.sample * w->h + p.y) * w->w + p.x) * w->o;
  for (long c = 0; c < w->o; c += WD_LANES) {
    vf t[24], u[4];
    long left = w->o - c;
    vf bias = w->bias ? load_part(whole, w->bias + c, left) : wd_splat(0);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      vf d[6];
      for (int i = 0; i < 6; i++) d[i] = wd_loadu(m + (6 * i + j) * plane + c);
      TURN_OUT(d[0], d[1], d[2], d[3], d[4], d[5], (t + j), 6)
    }
    for (int i = 0; i < rows; i++) {
      TURN_OUT(t[6 * i], t[6 * i + 1], t[6 * i + 2], t[6 * i + 3], t[6 * i + 4], t[6 * i + 5], u, 1)
      for (int j = 0; j < columns; j++) store_part(whole, y + (i * w->w + j) * w->o + c, u[j] + bias, left);
    }
  }
}

/* Z of a tile; results beyond the edge belong to nobody. */
INLINE void tile_out_back_of(const bool whole, const wd_winograd *w, place p, const float *zeros, float *z,
                             long plane) {
  const float *pixel[16];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      long y = p.y + i, x = p.x + j;
      pixel[4 * i + j] = y < w->h && x < w->w ? w->dy + ((p.sample * w->h + y) * w->w + x) * w->o : zeros;
    }
  for (long c = 0; c < w->o; c += WD_LANES) {
    vf t[24], u[6];
    long left = w->o - c;
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      vf d[4];
      for (int i = 0; i < 4; i++) d[i] = load_part(whole, pixel[4 * i + j] + c, left);
      TURN_OUT_BACK(d[0], d[1], d[2], d[3], (t + j), 4)
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
      TURN_OUT_BACK(t[4 * i], t[4 * i + 1], t[4 * i + 2], t[4 * i + 3], u, 1)
      for (int j = 0; j < 6; j++) *(wd_vfu *)(z + (6 * i + j) * plane + c) = u[j];
    }
  }
}

INLINE void tile_in_back_of(const bool whole, const wd_winograd *w, place p, const float *v, long plane) {
  for (long c = 0; c < w->c; c += WD_LANES) {
    vf t[POINTS], u[6];
    long left = w->c - c;
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      vf d[6];
      for (int i = 0; i < 6; i++) d[i] = wd_loadu(v + (6 * i + j) * plane + c);
      TURN_IN_BACK(d[0], d[1], d[2], d[3], d[4], d[5], (t + j), 6)
    }
    for (int i = 0; i < 6; i++) {
      long y = p.y + i - 1;
      if (y < 0 || y >= w->h) continue;
      TURN_IN_BACK(t[6 * i], t[6 * i + 1], t[6 * i + 2], t[6 * i + 3], t[6 * i + 4], t[6 * i + 5], u, 1)
      for (int j = 0; j < 6; j++) {
        long x = p.x + j - 1;
        if (x < 0 || x >= w->w) continue;
        float *to = w->dx + ((p.sample * w->h + y) * w->w + x) * w->c + c;
        store_part(whole, to, load_part(whole, to, left) + u[j], left);
      }
    }
  }
}

static void tile_in(const wd_winograd *w, place p, const float *zeros, float *v, long plane) {
  if (w->c % WD_LANES == 0)
    tile_in_of(true, w, p, zeros, v, plane);
  else
    tile_in_of(false, w, p, zeros, v, plane);
}
static void tile_out(const wd_winograd *w, place p, const float *m, long plane) {
  if (w->o % WD_LANES == 0)
    tile_out_of(true, w, p, m, plane);
  else
    tile_out_of(false, w, p, m, plane);
}
static void tile_out_back(const wd_winograd *w, place p, const float *zeros, float *z, long plane) {
  if (w->o % WD_LANES == 0)
    tile_out_back_of(true, w, p, zeros, z, plane);
  else
    tile_out_back_of(false, w, p, zeros, z, plane);
}
static void tile_in_back(const wd_winograd *w, place p, const float *v, long plane) {
  if (w->c % WD_LANES == 0)
    tile_in_back_of(true, w, p, v, plane);
  else
    tile_in_back_of(false, w, p, v, plane);
}

void wd_winograd_forward(const wd_winograd *w, long first, long last, float *room) {
  long columns = tile_columns(w), rows = block_rows(w, false), cr = row_of(w->c), or = row_of(w->o);
  float *zeros = room + WD_GEMM_ROOM, *v = zeros + 2 * zeros_of(w);
  memset(zeros, 0, sizeof(float) * (size_t)zeros_of(w));
  size_t kernel = wd_gemm_packed(w->c, w->o);
  for (long r = first; r < last; r += rows) {
    long here = last - r < rows ? last - r : rows, tiles = here * columns;
    float *m = v + POINTS * tiles * cr;
    for (long t = 0; t < tiles; t++)
      tile_in(w, place_of(w, r + t / columns, t % columns), zeros, v + t * cr, tiles * cr);
    for (long i = 0; i < POINTS; i++)
      wd_gemm_run(&(wd_gemm){.m = tiles,
                             .n = w->o,
                             .k = w->c,
                             .a = v + i * tiles * cr,
                             .a_row = cr,
                             .a_col = 1,
                             .packed = w->forward + (size_t)i * kernel,
                             .c = m + i * tiles * or
                             , .c_row = or },
                  room);
    for (long t = 0; t < tiles; t++)
      tile_out(w, place_of(w, r + t / columns, t % columns), m + t * or, tiles * or);
  }
}

void wd_winograd_backward(const wd_winograd *w, long first, long last, float *room) {
  long columns = tile_columns(w), rows = block_rows(w, true), cr = row_of(w->c), or = row_of(w->o);
  float *zeros = room + WD_GEMM_ROOM, *v = zeros + 2 * zeros_of(w);
  memset(zeros, 0, sizeof(float) * (size_t)zeros_of(w));
  size_t kernel = wd_gemm_packed(w->o, w->c);
  for (long r = first; r < last; r += rows) {
    long here = last - r < rows ? last - r : rows, tiles = here * columns;
    float *z = v + POINTS * tiles * cr;
    for (long t = 0; t < tiles; t++) {
      place p = place_of(w, r + t / columns, t % columns);
      if (w->gradient) tile_in(w, p, zeros, v + t * cr, tiles * cr);
      tile_out_back(w, p, zeros, z + t * or, tiles * or);
    }
    for (long i = 0; i < POINTS; i++) {
      float *vi = v + i * tiles * cr, *zi = z + i * tiles * or ;
      if (w->gradient)
        wd_gemm_run(&(wd_gemm){.m = w->o,
                               .n = w->c,
                               .k = tiles,
                               .a = zi,
                               .a_row = 1,
                               .a_col = or
                               ,
                               .b = vi,
                               .b_row = cr,
                               .b_col = 1,
                               .c = w->gradient + i * w->o * w->c,
                               .c_row = w->c,
                               .add = r > first},
                    room);
      if (w->dx)
        wd_gemm_run(
            &(wd_gemm){.m = tiles,
                       .n = w->c,
                       .k = w->o,
                       .a = zi,
                       .a_row = or
                       , .a_col = 1, .packed = w->backward + (size_t)i * kernel, .c = vi, .c_row = cr},
            room);
    }
    for (long t = 0; w->dx && t < tiles; t++)
      tile_in_back(w, place_of(w, r + t / columns, t % columns), v + t * cr, tiles * cr);
  }
}

/* The 36 values of one vector of kernels, from their nine. */
static inline void kernel_points(const vf *k, vf *u) {
  vf t[18];
  for (int j = 0; j < 3; j++) TURN_KERNEL(k[j], k[3 + j], k[6 + j], (t + j), 3)
  for (int i = 0; i < 6; i++) TURN_KERNEL(t[3 * i], t[3 * i + 1], t[3 * i + 2], (u + 6 * i), 1)
}

/* Into panels: row `row`, columns from `column` on, of each of the 36 matrices of `rows` rows. */
static void put_panels(const vf *u, long row, long rows, long column, size_t matrix, float *packed) {
  float *to =
      packed + column / WD_GEMM_PANEL * WD_GEMM_PANEL * rows + row * WD_GEMM_PANEL + column % WD_GEMM_PANEL;
  for (int i = 0; i < POINTS; i++) *(wd_vfu *)(to + (size_t)i * matrix) = u[i];
}

void wd_winograd_pack(long o, long c, const float *kernel, float *forward, float *backward, long first,
                      long last, float *room) {
  vf k[9], u[POINTS];
  size_t matrix = wd_gemm_packed(o, c);
  for (long i = first; backward && i < last; i++)
    for (long j = 0; j < c; j += WD_LANES) {
      for (int p = 0; p < 9; p++) k[p] = load_part(false, kernel + (i * 9 + p) * c + j, c - j);
      kernel_points(k, u);
      put_panels(u, i, o, j, matrix, backward);
    }
  if (!forward) return;
  /* Turned to (9, o in lanes) for a stretch of c at a time, so that outputs lie in the lanes. */
  matrix = wd_gemm_packed(c, o);
  for (long i = first; i < last; i += WD_LANES) {
    long left = o - i < WD_LANES ? o - i : WD_LANES;
    memset(room, 0, sizeof(float) * WD_LANES * 9 * (size_t)c);
    for (long l = 0; l < left; l++)
      for (long p = 0; p < 9 * c; p++) room[p * WD_LANES + l] = kernel[(i + l) * 9 * c + p];
    for (long j = 0; j < c; j++) {
      for (int p = 0; p < 9; p++) k[p] = wd_loadu(room + (p * c + j) * WD_LANES);
      kernel_points(k, u);
      put_panels(u, j, c, i, matrix, forward);
    }
  }
}

void wd_winograd_kernel(long o, long c, const float *gradient, float *kernel, long first, long last) {
  for (long i = first; i < last; i++)
    for (long j = 0; j < c; j += WD_LANES) {
      vf t[18], k[3];
      const float *from = gradient + i * c + j;
      long left = c - j;
      for (int q = 0; q < 6; q++) {
        vf d[6];
        for (int p = 0; p < 6; p++) d[p] = load_part(false, from + (6 * p + q) * o * c, left);
        TURN_KERNEL_BACK(d[0], d[1], d[2], d[3], d[4], d[5], (t + q), 6)
      }
      for (int p = 0; p < 3; p++) {
        TURN_KERNEL_BACK(t[6 * p], t[6 * p + 1], t[6 * p + 2], t[6 * p + 3], t[6 * p + 4], t[6 * p + 5], k, 1)
        for (int q = 0; q < 3; q++) {
          float *to = kernel + (i * 9 + 3 * p + q) * c + j;
          store_part(false, to, load_part(false, to, left) + k[q], left);
        }
      }
    }
}
