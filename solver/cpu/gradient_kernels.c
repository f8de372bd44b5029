/* See gradient_kernels.h. Compiled once for each WD_LANES; wd_fma alone contracts. */
#include "solver/cpu/gradient_kernels.h"

#include "solver/cpu/simd.h"

/* Planes of a segment come from far: rows of them are asked for AHEAD rows early. */
enum { W = WD_LANES, AHEAD = 3 };

#define INLINE static inline __attribute__((always_inline))

/* Vectors may alias anything, so what kernels read of a struct behind a pointer would be read again after
 * every store: each works on a copy of its own. */

/* The four neighbours at distance r, in OpenFWI's order of sums. */
INLINE wd_vf ring(const float *u, ptrdiff_t pitch, int r) {
  return ((wd_load(u - r * pitch) + wd_load(u + r * pitch)) + wd_loadu(u - r)) + wd_loadu(u + r);
}

INLINE wd_vf neighbours(const float *u, ptrdiff_t pitch, const wd_vf *c, const int radius, const int exact) {
  wd_vf sum = c[1] * ring(u, pitch, 1);
  for (int r = 2; r <= radius; r++) {
    if (exact)
      sum = sum + c[r] * ring(u, pitch, r);
    else
      sum = wd_fma(c[r], ring(u, pitch, r), sum);
  }
  return sum;
}

INLINE void splat_weights(const float *from, wd_vf *to) {
  for (int r = 0; r <= WD_MAX_RADIUS; r++) to[r] = wd_splat(from[r]);
}

INLINE int map_row(const wd_gradient_grid *g, int z) {
  int r = z - g->top;
  return r < 0 ? 0 : r >= g->nz ? g->nz - 1 : r;
}

/* One vector of a forward step. */
INLINE wd_vf forward_vector(const wd_gradient_grid *g, const float *alpha, const float *now,
                            const float *before, ptrdiff_t at, wd_vf kz, const wd_vf *c, const int radius,
                            const int exact) {
  wd_vf a = wd_load(alpha + at), m = wd_load(now + at), last = wd_load(before + at);
  wd_vf sum = neighbours(now + at, g->pitch, c, radius, exact);
  if (exact) {
    wd_vf k = wd_load(g->kside + at) + wd_load(g->kmid + at) * kz; /* one of the two is zero: no rounding */
    wd_vf t1 = (2.0f + c[0] * a) - k, t2 = 1.0f - k;
    return (t1 * m - t2 * last) + a * sum;
  }
  wd_vf k = wd_fma(wd_load(g->kmid + at), kz, wd_load(g->kside + at));
  wd_vf t1 = wd_fma(c[0], a, wd_splat(2.0f)) - k, t2 = 1.0f - k;
  return wd_fma(a, sum, wd_fms(t1, m, t2 * last));
}

INLINE void forward(const wd_gradient_grid *grid, const float *now, const float *before, float *out,
                    const int radius, const int exact) {
  const wd_gradient_grid copy = *grid, *g = &copy;
  wd_vf c[WD_MAX_RADIUS + 1];
  splat_weights(g->c, c);
  for (int z = g->surface; z < g->pz; z++) {
    const float *alpha = g->alpha + map_row(g, z) * g->pitch;
    const wd_vf kz = wd_splat(g->kz[z]);
    const ptrdiff_t row = z * g->pitch;
    for (int v = 0; v < g->vectors; v++) {
      __builtin_prefetch(out + row + v * W + AHEAD * g->pitch, 1);
      wd_store(out + row + v * W,
               forward_vector(g, alpha, now + row, before + row, v * W, kz, c, radius, exact));
    }
  }
}

/* One vector of an adjoint step: stores the new field, returns p times the bracket, and in *damping p (before
 * - now) times the damping. */
INLINE wd_vf adjoint_vector(const wd_gradient_grid *g, const float *alpha, const float *now, float *before,
                            const float *p, ptrdiff_t at, wd_vf kz, const wd_vf *c, const int radius,
                            const int vmin, wd_vf *damping) {
  __builtin_prefetch(p + at + AHEAD * g->pitch);
  wd_vf m = wd_load(now + at), change = m - wd_load(before + at), pressure = wd_load(p + at);
  wd_vf bracket = wd_fma(c[0], m, neighbours(now + at, g->pitch, c, radius, 0));
  wd_vf k = wd_fma(wd_load(g->kmid + at), kz, wd_load(g->kside + at));
  wd_store(before + at, wd_fma(wd_load(alpha + at), bracket, wd_fma(1.0f - k, change, m)));
  if (vmin) *damping = -(k * (pressure * change));
  return pressure * bracket;
}

INLINE void add(float *sum, wd_vf v) {
  wd_store(sum, wd_load(sum) + v);
}

/* Row z of an adjoint step, and its shares of the sums. */
INLINE void adjoint_row(const wd_gradient_grid *g, int z, const float *now, float *before, const float *p,
                        const wd_gradient_sums *sums, const wd_gradient_sums *damping, const wd_vf *c,
                        const int radius, const int vmin) {
  const int r = map_row(g, z), n = g->core[1] - g->core[0], last = g->vectors - 1;
  const float *alpha = g->alpha + r * g->pitch;
  const wd_vf kz = wd_splat(g->kz[z]);
  const ptrdiff_t row = z * g->pitch, to = (ptrdiff_t)r * n * W;
  wd_vf left = {0}, right = {0}, left_damping = {0}, right_damping = {0}, h = {0};
  now += row;
  before += row;
  p += row;
  for (int v = 0; v < g->core[0]; v++) {
    left += adjoint_vector(g, alpha, now, before, p, v * W, kz, c, radius, vmin, &h);
    if (vmin) left_damping += h;
  }
  for (int v = g->core[0]; v < g->core[1]; v++) {
    ptrdiff_t at = to + (v - g->core[0]) * W;
    add(sums->core + at, adjoint_vector(g, alpha, now, before, p, v * W, kz, c, radius, vmin, &h));
    if (vmin) add(damping->core + at, h);
  }
  for (int v = g->core[1]; v < last; v++) {
    right += adjoint_vector(g, alpha, now, before, p, v * W, kz, c, radius, vmin, &h);
    if (vmin) right_damping += h;
  }
  if (last >= g->core[1]) { /* its ghosts are copies: they count where they are copied from */
    wd_vf inside = wd_load(g->inside + last * W);
    right += inside * adjoint_vector(g, alpha, now, before, p, last * W, kz, c, radius, vmin, &h);
    if (vmin) right_damping += inside * h;
  }
  add(sums->side[0] + r * W, left);
  add(sums->side[1] + r * W, right);
  if (vmin) {
    add(damping->side[0] + r * W, left_damping);
    add(damping->side[1] + r * W, right_damping);
  }
}

INLINE void adjoint(const wd_gradient_grid *grid, const float *now, float *before, const float *p,
                    const wd_gradient_sums *sums, const wd_gradient_sums *damping, const int radius) {
  const wd_gradient_grid copy = *grid, *g = &copy;
  wd_vf c[WD_MAX_RADIUS + 1];
  splat_weights(g->c, c);
  if (damping)
    for (int z = g->surface; z < g->pz; z++) adjoint_row(g, z, now, before, p, sums, damping, c, radius, 1);
  else
    for (int z = g->surface; z < g->pz; z++) adjoint_row(g, z, now, before, p, sums, NULL, c, radius, 0);
}

/* First and second derivatives at u along a stride, in cell units. */
INLINE wd_vf first(const float *u, ptrdiff_t stride, const wd_vf *d, const int radius) {
  wd_vf sum = d[1] * (wd_loadu(u + stride) - wd_loadu(u - stride));
  for (int r = 2; r <= radius; r++)
    sum = wd_fma(d[r], wd_loadu(u + r * stride) - wd_loadu(u - r * stride), sum);
  return sum;
}

INLINE wd_vf second(const float *u, ptrdiff_t stride, const wd_vf *c, const int radius) {
  wd_vf sum = (0.5f * c[0]) * wd_load(u);
  for (int r = 1; r <= radius; r++)
    sum = wd_fma(c[r], wd_loadu(u + r * stride) + wd_loadu(u - r * stride), sum);
  return sum;
}

/* How a row lies to a strip in z: away from it, within the stencil's reach, in it. */
enum { AWAY, NEAR, INSIDE };

/* Row z as the CPML sees it. */
typedef struct live_row {
  float *psi, *zeta, *along; /* rows of the strip in z that is near */
  float az, bz;
  const float *alpha;
  const float *s[2 * WD_MAX_RADIUS + 1]; /* adjoint: rows z - radius .. z + radius of m + a Z */
} live_row;

/* Rows z - radius .. z + radius of m + a Z: m itself outside the strip. */
INLINE void weighted_rows(const wd_gradient_grid *g, const wd_gradient_strip *strip, int j, const float *now,
                          const int radius, const float **s) {
  for (int k = -radius; k <= radius; k++)
    s[k + radius] = j + k >= 0 && j + k < strip->count ? strip->weighted + (j + k) * strip->pitch
                                                       : now + (strip->first + j + k) * g->pitch;
}

INLINE int place_row(const wd_gradient_grid *g, const wd_gradient_strip strip[4], int z, const float *now,
                     const int radius, live_row *row) {
  *row = (live_row){.alpha = g->alpha + map_row(g, z) * g->pitch};
  for (const wd_gradient_strip *s = strip + 2; s < strip + 4; s++) {
    const int j = z - s->first;
    const ptrdiff_t at = j * s->pitch;
    if (!s->count || j < -radius || j >= s->count + radius) continue;
    row->psi = s->psi + at;
    if (s->weighted) {
      row->along = s->along + at;
      weighted_rows(g, s, j, now, radius, row->s);
    }
    if (j < 0 || j >= s->count) return NEAR;
    row->zeta = s->zeta + at;
    row->az = s->a[j];
    row->bz = s->b[j];
    return INSIDE;
  }
  return AWAY;
}

/* The pointers of a strip in x moved so that columns of the grid, in row z, index them. */
INLINE wd_gradient_strip strip_row(wd_gradient_strip s, int z) {
  const ptrdiff_t to = z * s.pitch - s.first;
  s.a -= s.first;
  s.b -= s.first;
  s.psi += to;
  s.zeta += to;
  if (s.weighted) {
    s.weighted += to;
    s.along += to;
  }
  return s;
}

/* psi <- b psi + a D1 u */
INLINE void forward_psi(float *psi, wd_vf a, wd_vf b, const float *u, ptrdiff_t stride, const wd_vf *d,
                        const int radius) {
  wd_store(psi, wd_fma(a, first(u, stride, d, radius), b * wd_load(psi)));
}

INLINE void forward_psi_x(const wd_gradient_grid *g, wd_gradient_strip s, int z, const float *now,
                          const wd_vf *d, const int radius) {
  for (ptrdiff_t x = 0; x < s.vectors * W; x += W)
    forward_psi(s.psi + z * s.pitch + x, wd_load(s.a + x), wd_load(s.b + x), now + z * g->pitch + s.first + x,
                1, d, radius);
}

INLINE void forward_psi_z(const wd_gradient_grid *g, wd_gradient_strip s, const float *now, const wd_vf *d,
                          const int radius) {
  for (int j = 0; j < s.count; j++) {
    const wd_vf a = wd_splat(s.a[j]), b = wd_splat(s.b[j]);
    for (ptrdiff_t x = 0; x < g->vectors * W; x += W)
      forward_psi(s.psi + j * s.pitch + x, a, b, now + (s.first + j) * g->pitch + x, g->pitch, d, radius);
  }
}

/* Vectors from <= at < to of a row; sx is the strip in x that they are in, moved to the row. */
INLINE void forward_live_range(const wd_gradient_grid *g, live_row row, wd_gradient_strip sx, const int in_x,
                               const int where, const float *now, const float *before, float *out,
                               ptrdiff_t from, ptrdiff_t to, const wd_vf *c, const wd_vf *d,
                               const int radius) {
  const wd_vf az = wd_splat(row.az), bz = wd_splat(row.bz);
  for (ptrdiff_t at = from; at < to; at += W) {
    wd_vf dxx = second(now + at, 1, c, radius), dzz = second(now + at, g->pitch, c, radius);
    if (in_x) {
      dxx += first(sx.psi + at, 1, d, radius);
      wd_vf zeta = wd_fma(wd_load(sx.a + at), dxx, wd_load(sx.b + at) * wd_load(sx.zeta + at));
      wd_store(sx.zeta + at, zeta);
      dxx += zeta;
    }
    if (where != AWAY) dzz += first(row.psi + at, g->pitch, d, radius);
    if (where == INSIDE) {
      wd_vf zeta = wd_fma(az, dzz, bz * wd_load(row.zeta + at));
      wd_store(row.zeta + at, zeta);
      dzz += zeta;
    }
    wd_vf m = wd_load(now + at);
    wd_store(out + at, wd_fma(wd_load(row.alpha + at), dxx + dzz, (m + m) - wd_load(before + at)));
  }
}

INLINE void forward_live_row(const wd_gradient_grid *g, const wd_gradient_strip strip[4], int z, live_row row,
                             const int where, const float *now, const float *before, float *out,
                             const wd_vf *c, const wd_vf *d, const int radius) {
  const ptrdiff_t left = strip[0].vectors * W, right = strip[1].first, end = g->vectors * W, i = z * g->pitch;
  wd_gradient_strip l = strip_row(strip[0], z), r = strip_row(strip[1], z);
  now += i;
  before += i;
  out += i;
  forward_live_range(g, row, l, 1, where, now, before, out, 0, left, c, d, radius);
  forward_live_range(g, row, l, 0, where, now, before, out, left, right, c, d, radius);
  forward_live_range(g, row, r, 1, where, now, before, out, right, end, c, d, radius);
}

/* What is written for a row in one loop is read at other offsets in the next: a processor passes a store on
 * to such loads only once it has left for the cache. So each loop over a row runs one row ahead of the next
 * loop. */
INLINE void forward_live(const wd_gradient_grid *grid, const wd_gradient_strip strip[4], const float *now,
                         const float *before, float *out, const int radius) {
  const wd_gradient_grid copy = *grid, *g = &copy;
  wd_vf c[WD_MAX_RADIUS + 1], d[WD_MAX_RADIUS + 1];
  splat_weights(g->c, c);
  splat_weights(g->d, d);
  for (int i = 2; i < 4; i++) forward_psi_z(g, strip[i], now, d, radius);
  for (int ahead = g->surface; ahead <= g->pz; ahead++) {
    for (int i = 0; i < 2 && ahead < g->pz; i++) forward_psi_x(g, strip[i], ahead, now, d, radius);
    const int z = ahead - 1;
    if (z < g->surface) continue;
    live_row row;
    switch (place_row(g, strip, z, now, radius, &row)) {
    case AWAY: forward_live_row(g, strip, z, row, AWAY, now, before, out, c, d, radius); break;
    case NEAR: forward_live_row(g, strip, z, row, NEAR, now, before, out, c, d, radius); break;
    default: forward_live_row(g, strip, z, row, INSIDE, now, before, out, c, d, radius); break;
    }
  }
}

/* First and second derivatives across the rows s[-radius..radius] (s[radius] is the middle one). */
INLINE wd_vf first_rows(const float *const *s, ptrdiff_t at, const wd_vf *d, const int radius) {
  wd_vf sum = d[1] * (wd_load(s[radius + 1] + at) - wd_load(s[radius - 1] + at));
  for (int r = 2; r <= radius; r++)
    sum = wd_fma(d[r], wd_load(s[radius + r] + at) - wd_load(s[radius - r] + at), sum);
  return sum;
}

INLINE wd_vf second_rows(const float *const *s, ptrdiff_t at, const wd_vf *c, const int radius) {
  wd_vf sum = (0.5f * c[0]) * wd_load(s[radius] + at);
  for (int r = 1; r <= radius; r++)
    sum = wd_fma(c[r], wd_load(s[radius + r] + at) + wd_load(s[radius - r] + at), sum);
  return sum;
}

/* Z <- m + b Z, and S = m + a Z */
INLINE void adjoint_zeta(float *zeta, float *weighted, wd_vf a, wd_vf b, wd_vf m) {
  wd_vf z = wd_fma(b, wd_load(zeta), m);
  wd_store(zeta, z);
  wd_store(weighted, wd_fma(a, z, m));
}

/* Y <- b Y - D1 S, and a Y */
INLINE void adjoint_psi(float *psi, float *along, wd_vf a, wd_vf b, wd_vf slope) {
  wd_vf y = b * wd_load(psi) - slope;
  wd_store(psi, y);
  wd_store(along, a * y);
}

INLINE void adjoint_zeta_x(const wd_gradient_grid *g, wd_gradient_strip s, int z, const float *now) {
  const ptrdiff_t width = s.vectors * W, row = z * s.pitch;
  const float *m = now + z * g->pitch + s.first;
  for (ptrdiff_t x = 0; x < width; x += W)
    adjoint_zeta(s.zeta + row + x, s.weighted + row + x, wd_load(s.a + x), wd_load(s.b + x), wd_load(m + x));
  /* Where the grid goes on beside the block, the stencil finds S = m. */
  if (s.first > 0) wd_store(s.weighted + row - W, wd_load(m - W));
  if (s.first + width < g->vectors * W) wd_store(s.weighted + row + width, wd_load(m + width));
}

INLINE void adjoint_psi_x(wd_gradient_strip s, int z, const wd_vf *d, const int radius) {
  for (ptrdiff_t x = 0; x < s.vectors * W; x += W) {
    const ptrdiff_t i = z * s.pitch + x;
    adjoint_psi(s.psi + i, s.along + i, wd_load(s.a + x), wd_load(s.b + x),
                first(s.weighted + i, 1, d, radius));
  }
}

INLINE void adjoint_zeta_z(const wd_gradient_grid *g, wd_gradient_strip s, const float *now) {
  for (int j = 0; j < s.count; j++) {
    const wd_vf a = wd_splat(s.a[j]), b = wd_splat(s.b[j]);
    for (ptrdiff_t x = 0; x < g->vectors * W; x += W) {
      const ptrdiff_t i = j * s.pitch + x;
      adjoint_zeta(s.zeta + i, s.weighted + i, a, b, wd_load(now + (s.first + j) * g->pitch + x));
    }
  }
}

INLINE void adjoint_psi_z(const wd_gradient_grid *g, wd_gradient_strip s, const float *now, const wd_vf *d,
                          const int radius) {
  for (int j = 0; j < s.count; j++) {
    const wd_vf a = wd_splat(s.a[j]), b = wd_splat(s.b[j]);
    const float *rows[2 * WD_MAX_RADIUS + 1];
    weighted_rows(g, &s, j, now, radius, rows);
    for (ptrdiff_t x = 0; x < g->vectors * W; x += W)
      adjoint_psi(s.psi + j * s.pitch + x, s.along + j * s.pitch + x, a, b, first_rows(rows, x, d, radius));
  }
}

INLINE void adjoint_live_range(const wd_gradient_grid *g, live_row row, wd_gradient_strip sx, const int in_x,
                               const int where, const float *now, float *before, const float *p, float *sum,
                               ptrdiff_t from, ptrdiff_t to, const wd_vf *c, const wd_vf *d,
                               const int radius) {
  for (ptrdiff_t at = from; at < to; at += W) {
    wd_vf m = wd_load(now + at), bracket;
    if (in_x)
      bracket = second(sx.weighted + at, 1, c, radius) - first(sx.along + at, 1, d, radius);
    else
      bracket = second(now + at, 1, c, radius);
    if (where != AWAY)
      bracket += second_rows(row.s, at, c, radius) - first(row.along + at, g->pitch, d, radius);
    else
      bracket += second(now + at, g->pitch, c, radius);
    add(sum + at, wd_load(p + at) * bracket);
    wd_store(before + at, wd_fma(wd_load(row.alpha + at), bracket, (m + m) - wd_load(before + at)));
  }
}

INLINE void adjoint_live_row(const wd_gradient_grid *g, const wd_gradient_strip strip[4], int z, live_row row,
                             const int where, const float *now, float *before, const float *p, float *sums,
                             const wd_vf *c, const wd_vf *d, const int radius) {
  const ptrdiff_t left = strip[0].vectors * W, right = strip[1].first, end = g->vectors * W, i = z * g->pitch;
  wd_gradient_strip l = strip_row(strip[0], z), r = strip_row(strip[1], z);
  float *sum = sums + map_row(g, z) * end;
  now += i;
  before += i;
  p += i;
  adjoint_live_range(g, row, l, 1, where, now, before, p, sum, 0, left, c, d, radius);
  adjoint_live_range(g, row, l, 0, where, now, before, p, sum, left, right, c, d, radius);
  adjoint_live_range(g, row, r, 1, where, now, before, p, sum, right, end, c, d, radius);
}

INLINE void adjoint_live(const wd_gradient_grid *grid, const wd_gradient_strip strip[4], const float *now,
                         float *before, const float *p, const wd_gradient_sums *sums, const int radius) {
  const wd_gradient_grid copy = *grid, *g = &copy;
  wd_vf c[WD_MAX_RADIUS + 1], d[WD_MAX_RADIUS + 1];
  splat_weights(g->c, c);
  splat_weights(g->d, d);
  for (int i = 2; i < 4; i++) adjoint_zeta_z(g, strip[i], now);
  for (int i = 2; i < 4; i++) adjoint_psi_z(g, strip[i], now, d, radius);
  for (int ahead = g->surface; ahead < g->pz + 2; ahead++) {
    for (int i = 0; i < 2 && ahead < g->pz; i++) adjoint_zeta_x(g, strip[i], ahead, now);
    for (int i = 0; i < 2 && ahead - 1 >= g->surface && ahead - 1 < g->pz; i++)
      adjoint_psi_x(strip[i], ahead - 1, d, radius);
    const int z = ahead - 2;
    if (z < g->surface) continue;
    live_row row;
    switch (place_row(g, strip, z, now, radius, &row)) {
    case AWAY: adjoint_live_row(g, strip, z, row, AWAY, now, before, p, sums->core, c, d, radius); break;
    case NEAR: adjoint_live_row(g, strip, z, row, NEAR, now, before, p, sums->core, c, d, radius); break;
    default: adjoint_live_row(g, strip, z, row, INSIDE, now, before, p, sums->core, c, d, radius); break;
    }
  }
}

#define KERNELS(order, radius)                                                                               \
  static void exact##order(const wd_gradient_grid *g, const float *now, const float *before, float *out) {   \
    forward(g, now, before, out, radius, 1);                                                                 \
  }                                                                                                          \
  static void fast##order(const wd_gradient_grid *g, const float *now, const float *before, float *out) {    \
    forward(g, now, before, out, radius, 0);                                                                 \
  }                                                                                                          \
  static void adjoint##order(const wd_gradient_grid *g, const float *now, float *before, const float *p,     \
                             const wd_gradient_sums *sums, const wd_gradient_sums *damping) {                \
    adjoint(g, now, before, p, sums, damping, radius);                                                       \
  }                                                                                                          \
  static void forward_live##order(const wd_gradient_grid *g, const wd_gradient_strip strip[4],               \
                                  const float *now, const float *before, float *out) {                       \
    forward_live(g, strip, now, before, out, radius);                                                        \
  }                                                                                                          \
  static void adjoint_live##order(const wd_gradient_grid *g, const wd_gradient_strip strip[4],               \
                                  const float *now, float *before, const float *p,                           \
                                  const wd_gradient_sums *sums) {                                            \
    adjoint_live(g, strip, now, before, p, sums, radius);                                                    \
  }
KERNELS(4, 2)
KERNELS(8, 4)

#define NAME_(lanes) wd_gradient_kernels_##lanes
#define NAME(lanes)  NAME_(lanes)
const wd_gradient_kernels NAME(WD_LANES) = {
    .lanes = WD_LANES,
    .forward = {{exact4, exact8}, {fast4, fast8}},
    .adjoint = {adjoint4, adjoint8},
    .forward_live = {forward_live4, forward_live8},
    .adjoint_live = {adjoint_live4, adjoint_live8},
};
