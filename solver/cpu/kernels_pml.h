/* The CPML scheme (wave_plan.h) on rows of vectors; a part of kernels.c, included once by it. */
#ifndef WD_CPU_KERNELS_PML_H
#define WD_CPU_KERNELS_PML_H

#include "solver/cpu/kernels.h"
#include "solver/cpu/simd.h"

#define PML_INLINE static inline __attribute__((always_inline))

/* D1 along the row. */
PML_INLINE wd_vf pml_first_x(const float *row, const wd_vf *d, const int radius) {
  wd_vf sum = d[1] * (wd_loadu(row + 1) - wd_loadu(row - 1));
  for (int r = 2; r <= radius; r++) sum = wd_fma(d[r], wd_loadu(row + r) - wd_loadu(row - r), sum);
  return sum;
}

/* D1 across rows; row[radius] is the middle one. */
PML_INLINE wd_vf pml_first_z(const float *const *row, size_t at, const wd_vf *d, const int radius) {
  wd_vf sum = d[1] * (wd_load(row[radius + 1] + at) - wd_load(row[radius - 1] + at));
  for (int r = 2; r <= radius; r++)
    sum = wd_fma(d[r], wd_load(row[radius + r] + at) - wd_load(row[radius - r] + at), sum);
  return sum;
}

PML_INLINE void pml_psi_z(const float *const *now, float *psi, float a, float b, const float *d, int v0,
                          int v1, const int radius) {
  wd_vf dv[WD_MAX_RADIUS + 1], av = wd_splat(a), bv = wd_splat(b);
  for (int r = 1; r <= radius; r++) dv[r] = wd_splat(d[r]);
  for (int v = v0; v < v1; v++) {
    size_t at = (size_t)v * WD_LANES;
    wd_store(psi + at, wd_fma(av, pml_first_z(now, at, dv, radius), bv * wd_load(psi + at)));
  }
}

PML_INLINE void pml_vector(const wd_cpu_pml_row *p, size_t at, const wd_vf *c, const wd_vf *d,
                           const int radius, const int in_x, const int in_z, const int near_z) {
  const float *row = p->now[radius] + at;
  wd_vf centre = wd_load(row), half = c[0] * centre;
  wd_vf dxx = half, dzz = half;
  for (int r = 1; r <= radius; r++) {
    dxx = wd_fma(c[r], wd_loadu(row + r) + wd_loadu(row - r), dxx);
    dzz = wd_fma(c[r], wd_load(p->now[radius + r] + at) + wd_load(p->now[radius - r] + at), dzz);
  }
  if (in_x) {
    dxx = dxx + pml_first_x(p->psi_x + at, d, radius);
    wd_vf zeta = wd_fma(wd_load(p->ax + at), dxx, wd_load(p->bx + at) * wd_load(p->zeta_x + at));
    wd_store(p->zeta_x + at, zeta);
    dxx = dxx + zeta;
  }
  if (near_z) {
    dzz = dzz + pml_first_z(p->psi_z, at, d, radius);
    if (in_z) {
      wd_vf zeta = wd_fma(wd_splat(p->az), dzz, wd_splat(p->bz) * wd_load(p->zeta_z + at));
      wd_store(p->zeta_z + at, zeta);
      dzz = dzz + zeta;
    }
  }
  wd_vf before = wd_load(p->before + at);
  wd_store(p->before + at, wd_fma(wd_load(p->alpha + at), dxx + dzz, (centre + centre) - before));
}

PML_INLINE void pml_run(const wd_cpu_pml_row *p, const float *c, const float *d, int v0, int v1,
                        const int radius, const int in_x) {
  wd_vf cv[WD_MAX_RADIUS + 1], dv[WD_MAX_RADIUS + 1];
  cv[0] = wd_splat(c[0] / 2);
  dv[0] = cv[0];
  for (int r = 1; r <= radius; r++) {
    cv[r] = wd_splat(c[r]);
    dv[r] = wd_splat(d[r]);
  }
  if (p->zeta_z)
    for (int v = v0; v < v1; v++) pml_vector(p, (size_t)v * WD_LANES, cv, dv, radius, in_x, 1, 1);
  else if (p->psi_z[0])
    for (int v = v0; v < v1; v++) pml_vector(p, (size_t)v * WD_LANES, cv, dv, radius, in_x, 0, 1);
  else
    for (int v = v0; v < v1; v++) pml_vector(p, (size_t)v * WD_LANES, cv, dv, radius, in_x, 0, 0);
}

PML_INLINE void pml_row(const wd_cpu_pml_row *p, const float *c, const float *d, int vectors,
                        const int radius) {
  wd_vf dv[WD_MAX_RADIUS + 1];
  for (int r = 1; r <= radius; r++) dv[r] = wd_splat(d[r]);
  for (int side = 0; side < 4; side += 2)
    for (int v = p->strip[side]; v < p->strip[side + 1]; v++) {
      size_t at = (size_t)v * WD_LANES;
      wd_vf first = pml_first_x(p->now[radius] + at, dv, radius);
      wd_store(p->psi_x + at,
               wd_fma(wd_load(p->ax + at), first, wd_load(p->bx + at) * wd_load(p->psi_x + at)));
    }
  pml_run(p, c, d, p->strip[0], p->strip[1], radius, 1);
  pml_run(p, c, d, p->strip[1], p->strip[2], radius, 0);
  pml_run(p, c, d, p->strip[2], p->strip[3], radius, 1);
  (void)vectors;
}

#define PML(order, radius)                                                                                   \
  static void pml_psi_z##order(const float *const *now, float *psi, float a, float b, const float *d,        \
                               int v0, int v1) {                                                             \
    pml_psi_z(now, psi, a, b, d, v0, v1, radius);                                                            \
  }                                                                                                          \
  static void pml_row##order(const wd_cpu_pml_row *p, const float *c, const float *d, int vectors) {         \
    pml_row(p, c, d, vectors, radius);                                                                       \
  }
PML(4, 2)
PML(8, 4)

#endif
