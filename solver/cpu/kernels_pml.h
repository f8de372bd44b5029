/* The CPML scheme (wave_plan.h) on rows of vectors; a part of kernels.c, included once by it.
 *
 * Everything is divided by c[1], so that with e[r] = c[r] / c[1] and f[r] = d[r] / d[1]
 *   E = (u[+1] + u[-1]) + e[2] (u[+2] + u[-2]) + ...      second derivative without its centre, over c[1]
 *   G = (u[+1] - u[-1]) + f[2] (u[+2] - u[-2]) + ...      first derivative, over d[1]
 *   psi <- b psi + (a d[1]) G(p);   U = E + (d[1] / c[1]) G(psi)
 *   zeta / c[1] <- b zeta / c[1] + a (U + (c[0] / 2 c[1]) p)
 *   p+ = (2 p - p-) + (alpha c[1]) ((c[0] / c[1]) p + U_x + U_z + (zeta_x + zeta_z) / c[1])
 * (folding the centre into 2 + c[0] alpha would round it apart from its neighbours, which shifts
 * frequencies).
 */
#ifndef WD_CPU_KERNELS_PML_H
#define WD_CPU_KERNELS_PML_H

#include "solver/cpu/kernels.h"
#include "solver/cpu/simd.h"

#define PML_INLINE static inline __attribute__((always_inline))

typedef struct pml_weights {
  wd_vf e[WD_MAX_RADIUS + 1], f[WD_MAX_RADIUS + 1];
  wd_vf g, h;
} pml_weights;

PML_INLINE pml_weights pml_weigh(const wd_cpu_pml_weights *from, const int radius) {
  pml_weights w;
  for (int r = 2; r <= radius; r++) {
    w.e[r] = wd_splat(from->e[r]);
    w.f[r] = wd_splat(from->f[r]);
  }
  w.g = wd_splat(from->g);
  w.h = wd_splat(from->h);
  return w;
}

/* G along a row; here and after are the vectors at u and right of it. */
PML_INLINE wd_vf pml_g_x(const float *u, wd_vf here, wd_vf after, const pml_weights *w, const int radius) {
  wd_vf sum = wd_right(u, here, after, 1) - wd_loadu(u - 1);
  for (int r = 2; r <= radius; r++) sum = wd_fma(w->f[r], wd_right(u, here, after, r) - wd_loadu(u - r), sum);
  return sum;
}

/* G across rows. */
PML_INLINE wd_vf pml_g_z(const float *u, ptrdiff_t apart, const pml_weights *w, const int radius) {
  wd_vf sum = wd_load(u + apart) - wd_load(u - apart);
  for (int r = 2; r <= radius; r++)
    sum = wd_fma(w->f[r], wd_load(u + r * apart) - wd_load(u - r * apart), sum);
  return sum;
}

PML_INLINE void pml_psi_z(const wd_cpu_pml_rows *a, const wd_cpu_pml_weights *weights, const int radius) {
  const pml_weights w = pml_weigh(weights, radius);
  const ptrdiff_t stride = a->stride;
  for (int j = 0; j < a->rows; j++) {
    const float *now = a->now + j * stride;
    float *psi = a->psi_z + j * stride;
    const wd_vf ad = wd_splat(a->az[j]) * wd_splat(weights->d1), b = wd_splat(a->bz[j]);
    for (int v = 0; v < a->vectors; v++, now += WD_LANES, psi += WD_LANES)
      wd_store(psi, wd_fma(ad, pml_g_z(now, stride, &w, radius), b * wd_load(psi)));
  }
}

PML_INLINE void pml_segment(const wd_cpu_pml_rows *a, const pml_weights *w, int v0, int v1, const int radius,
                            const int rows, const int in_x, const int in_z) {
  const ptrdiff_t stride = a->stride, alpha_stride = a->alpha_stride, x_stride = a->x_stride;
  const ptrdiff_t start = (ptrdiff_t)v0 * WD_LANES;
  const float *now = a->now + start, *alpha = a->alpha + start;
  const float *psi_z = in_z ? a->psi_z + start : NULL;
  float *next = a->next + start, *zeta_z = in_z ? a->zeta_z + start : NULL;
  const float *psi_x = a->psi_x, *ax = a->ax, *bx = a->bx;
  float *zeta_x = a->zeta_x;
  const wd_vf two = wd_splat(2);
  const wd_vf az[2] = {wd_splat(a->az[0]), wd_splat(a->az[rows - 1])};
  const wd_vf bz[2] = {wd_splat(a->bz[0]), wd_splat(a->bz[rows - 1])};
  wd_vf here[2], psi_here[2]; /* slide along the rows */
  for (int j = 0; j < rows; j++) {
    here[j] = wd_load(now + j * stride);
    if (in_x) psi_here[j] = wd_load(psi_x + j * x_stride);
  }
  for (int v = v0; v < v1; v++) {
    wd_vf column[2 + 2 * WD_MAX_RADIUS], result[2];
    for (int k = 0; k < rows + 2 * radius; k++)
      if (k < radius || k >= radius + rows) column[k] = wd_load(now + (k - radius) * stride);
    for (int j = 0; j < rows; j++) column[radius + j] = here[j];
    for (int j = 0; j < rows; j++) {
      const float *row = now + j * stride;
      wd_vf p = here[j], after = wd_load(row + WD_LANES);
      wd_vf ex = wd_loadu(row - 1) + wd_right(row, p, after, 1);
      wd_vf ez = column[j + radius - 1] + column[j + radius + 1];
      for (int r = 2; r <= radius; r++) {
        ex = wd_fma(w->e[r], wd_loadu(row - r) + wd_right(row, p, after, r), ex);
        ez = wd_fma(w->e[r], column[j + radius - r] + column[j + radius + r], ez);
      }
      here[j] = after;
      if (in_x) {
        const float *psi = psi_x + j * x_stride;
        wd_vf psi_after = wd_load(psi + WD_LANES);
        ex = wd_fma(w->g, pml_g_x(psi, psi_here[j], psi_after, w, radius), ex);
        psi_here[j] = psi_after;
        float *at = zeta_x + j * x_stride;
        wd_vf zeta = wd_fma(wd_load(ax), wd_fma(w->h, p, ex), wd_load(bx) * wd_load(at));
        wd_store(at, zeta);
        ex = ex + zeta;
      }
      if (in_z) {
        ez = wd_fma(w->g, pml_g_z(psi_z + j * stride, stride, w, radius), ez);
        float *at = zeta_z + j * stride;
        wd_vf zeta = wd_fma(az[j], wd_fma(w->h, p, ez), bz[j] * wd_load(at));
        wd_store(at, zeta);
        ez = ez + zeta;
      }
      wd_vf inertia = wd_fms(two, p, wd_load(next + j * stride));
      wd_vf lap = wd_fma(w->h + w->h, p, ex + ez);
      result[j] = wd_fma(wd_load(alpha + j * alpha_stride), lap, inertia);
    }
    for (int j = 0; j < rows; j++) wd_store(next + j * stride, result[j]);
    now += WD_LANES;
    next += WD_LANES;
    alpha += WD_LANES;
    if (in_x) {
      psi_x += WD_LANES;
      zeta_x += WD_LANES;
      ax += WD_LANES;
      bx += WD_LANES;
    }
    if (in_z) {
      psi_z += WD_LANES;
      zeta_z += WD_LANES;
    }
  }
}

PML_INLINE void pml_rows(const wd_cpu_pml_rows *a, const pml_weights *w, const int radius, const int rows,
                         const int in_z) {
  const ptrdiff_t stride = a->stride, x_stride = a->x_stride;
  const float *now = a->now + (ptrdiff_t)a->group * WD_LANES, *axd = a->axd, *bx = a->bx;
  float *psi = a->psi_x;
  wd_vf here[2];
  for (int j = 0; j < rows; j++) here[j] = wd_load(now + j * stride);
  for (int v = a->group; v < a->vectors; v++) {
    wd_vf ad = wd_load(axd), b = wd_load(bx);
    for (int j = 0; j < rows; j++) {
      const float *row = now + j * stride;
      wd_vf after = wd_load(row + WD_LANES), old = wd_load(psi + j * x_stride);
      wd_store(psi + j * x_stride, wd_fma(ad, pml_g_x(row, here[j], after, w, radius), b * old));
      here[j] = after;
    }
    now += WD_LANES;
    psi += WD_LANES;
    axd += WD_LANES;
    bx += WD_LANES;
  }
  pml_segment(a, w, 0, a->group, radius, rows, 0, in_z);
  pml_segment(a, w, a->group, a->vectors, radius, rows, 1, in_z);
}

/* All rows, two at a time; then the ghosts of the columns, which go around. */
PML_INLINE void pml_many(const wd_cpu_pml_rows *rows, const wd_cpu_pml_weights *weights, const int radius,
                         const int in_z) {
  const pml_weights w = pml_weigh(weights, radius);
  wd_cpu_pml_rows a = *rows;
  const int around = a.vectors * WD_LANES;
  for (int left = rows->rows; left > 0;) {
    const int n = left < 2 ? 1 : 2;
    if (n == 2)
      pml_rows(&a, &w, radius, 2, in_z);
    else
      pml_rows(&a, &w, radius, 1, in_z);
    for (int j = 0; j < n; j++) {
      float *row = a.next + j * a.stride;
      for (int r = 0; r < radius; r++) {
        row[around + r] = row[r];
        row[r - radius] = row[around + r - radius];
      }
    }
    left -= n;
    a.now += n * a.stride;
    a.next += n * a.stride;
    a.alpha += n * a.alpha_stride;
    a.psi_x += n * a.x_stride;
    a.zeta_x += n * a.x_stride;
    a.psi_z += n * a.stride;
    a.zeta_z += n * a.stride;
    a.az += n;
    a.bz += n;
  }
}

#define PML_ROWS(name, radius, in_z)                                                                         \
  static void name(const wd_cpu_pml_rows *a, const wd_cpu_pml_weights *w) {                                  \
    pml_many(a, w, radius, in_z);                                                                            \
  }
PML_ROWS(pml4, 2, 0)
PML_ROWS(pml4z, 2, 1)
PML_ROWS(pml8, 4, 0)
PML_ROWS(pml8z, 4, 1)

static void pml_psi_z4(const wd_cpu_pml_rows *a, const wd_cpu_pml_weights *w) {
  pml_psi_z(a, w, 2);
}
static void pml_psi_z8(const wd_cpu_pml_rows *a, const wd_cpu_pml_weights *w) {
  pml_psi_z(a, w, 4);
}

#endif
