/* Live mode: one step with the convolutional PML of wave_plan.h, and its adjoint.
 *
 * Forward, two launches a step: wd_psi writes psi in the strips, wd_step_live then zeta and the pressure.
 *
 * The adjoint (adjoint_impl.h, section 4), three launches a step. With Z, Y the derivatives by zeta and psi
 * that later steps have left, for x and z alike:
 *
 *   Z += m_{n+1}             u = a Z   then Z *= b        (wd_adjoint_u)
 *   Y -= D1(m_{n+1} + u)     v = a Y   then Y *= b        (wd_adjoint_v)
 *   bracket = sum over axes (D2(m_{n+1} + u) - D1 v) + residual, and on as in wd_adjoint (wd_adjoint_live) */
#ifndef WD_CUDA_LIVE_CUH
#define WD_CUDA_LIVE_CUH

#include "solver/cuda/adjoint.cuh"

/* First derivative along a direction given by the distance of neighbours in memory. */
WD_INLINE float wd_first(const wd_cuda_args *a, const float *u, ptrdiff_t unit, const int radius) {
  float sum = 0;
#pragma unroll
  for (int k = 1; k <= radius; k++) sum += a->d[k] * (u[k * unit] - u[-k * unit]);
  return sum;
}

WD_INLINE float wd_second(const wd_cuda_args *a, const float *u, ptrdiff_t unit, const int radius) {
  float sum = 0.5f * a->c[0] * u[0];
#pragma unroll
  for (int k = 1; k <= radius; k++) sum += a->c[k] * (u[k * unit] + u[-k * unit]);
  return sum;
}

/* Cells where fields of the side strips (of the strips above and below) can be seen through a stencil. */
WD_INLINE bool wd_near_sides(const wd_cuda_args *a, int x, const int radius) {
  return x < a->left + radius || x >= a->left + a->nx - radius;
}

WD_INLINE bool wd_near_ends(const wd_cuda_args *a, int z, const int radius) {
  return z < a->top + radius || z >= a->top + a->nz - radius;
}

WD_INLINE void wd_psi(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks || h.x >= a->px) return;
  const size_t base = (size_t)h.task * a->stride;
  const float bx = a->bx[(size_t)h.map * (size_t)a->px + (size_t)h.x];
  for (int z = h.z; z < h.z + WD_TILE_ROWS && z < a->pz; z++) {
    const ptrdiff_t cell = (ptrdiff_t)z * a->ld + h.x;
    const float bz = a->bz[(size_t)h.map * (size_t)a->pz + (size_t)z];
    const float *now = a->now + base + cell;
    if (bx != 0.0f) {
      float *psi = a->psi_x + base + cell;
      *psi = bx * *psi + a->ax[(size_t)h.map * (size_t)a->px + (size_t)h.x] * wd_first(a, now, 1, radius);
    }
    if (bz != 0.0f) {
      float *psi = a->psi_z + base + cell;
      *psi = bz * *psi + a->az[(size_t)h.map * (size_t)a->pz + (size_t)z] * wd_first(a, now, a->ld, radius);
    }
  }
}

WD_INLINE void wd_step_live(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks) return;
  const int it = a->control->step + a->offset;
  const size_t base = (size_t)h.task * a->stride;
  float *next = a->next + base;
  if (h.x < a->px) {
    const int source = a->source[h.shot];
    const float bx = a->bx[(size_t)h.map * (size_t)a->px + (size_t)h.x];
    const float ax = a->ax[(size_t)h.map * (size_t)a->px + (size_t)h.x];
    for (int z = h.z; z < h.z + WD_TILE_ROWS && z < a->pz; z++) {
      const ptrdiff_t cell = (ptrdiff_t)z * a->ld + h.x;
      const float *now = a->now + base + cell;
      const float dxx = wd_second(a, now, 1, radius), dzz = wd_second(a, now, a->ld, radius);
      float sum = dxx + dzz;
      if (wd_near_sides(a, h.x, radius)) {
        const float sx = wd_first(a, a->psi_x + base + cell, 1, radius);
        sum += sx;
        if (bx != 0.0f) {
          float *zeta = a->zeta_x + base + cell;
          *zeta = bx * *zeta + ax * (dxx + sx);
          sum += *zeta;
        }
      }
      if (wd_near_ends(a, z, radius)) {
        const float sz = wd_first(a, a->psi_z + base + cell, a->ld, radius);
        const float bz = a->bz[(size_t)h.map * (size_t)a->pz + (size_t)z];
        sum += sz;
        if (bz != 0.0f) {
          float *zeta = a->zeta_z + base + cell;
          *zeta = bz * *zeta + a->az[(size_t)h.map * (size_t)a->pz + (size_t)z] * (dzz + sz);
          sum += *zeta;
        }
      }
      float p = (2.0f * now[0] - a->previous[base + (size_t)cell]) + wd_alpha(a, &h, z) * sum;
      if (a->surface && z == 0) p = 0.0f;
      if ((int)cell == source)
        p += a->beta[(size_t)h.map * (size_t)a->shots + (size_t)h.shot] * a->wavelet[it];
      wd_store(a, next, z, h.x, radius, p);
    }
  }
  wd_record(a, &h, next, it);
}

WD_INLINE void wd_adjoint_u(const wd_cuda_args *a) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks || h.x >= a->px) return;
  const size_t base = (size_t)h.task * a->stride;
  const float bx = a->bx[(size_t)h.map * (size_t)a->px + (size_t)h.x];
  for (int z = h.z; z < h.z + WD_TILE_ROWS && z < a->pz; z++) {
    const size_t cell = base + (size_t)z * (size_t)a->ld + (size_t)h.x;
    const float bz = a->bz[(size_t)h.map * (size_t)a->pz + (size_t)z];
    if (bx != 0.0f) {
      const float zeta = a->zeta_x[cell] + a->m1[cell];
      a->ux[cell] = a->ax[(size_t)h.map * (size_t)a->px + (size_t)h.x] * zeta;
      a->zeta_x[cell] = bx * zeta;
    }
    if (bz != 0.0f) {
      const float zeta = a->zeta_z[cell] + a->m1[cell];
      a->uz[cell] = a->az[(size_t)h.map * (size_t)a->pz + (size_t)z] * zeta;
      a->zeta_z[cell] = bz * zeta;
    }
  }
}

WD_INLINE void wd_adjoint_v(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks || h.x >= a->px) return;
  const size_t base = (size_t)h.task * a->stride;
  const float bx = a->bx[(size_t)h.map * (size_t)a->px + (size_t)h.x];
  for (int z = h.z; z < h.z + WD_TILE_ROWS && z < a->pz; z++) {
    const size_t cell = base + (size_t)z * (size_t)a->ld + (size_t)h.x;
    const float bz = a->bz[(size_t)h.map * (size_t)a->pz + (size_t)z];
    if (bx != 0.0f) {
      const float psi =
          a->psi_x[cell] - wd_first(a, a->m1 + cell, 1, radius) - wd_first(a, a->ux + cell, 1, radius);
      a->vx[cell] = a->ax[(size_t)h.map * (size_t)a->px + (size_t)h.x] * psi;
      a->psi_x[cell] = bx * psi;
    }
    if (bz != 0.0f) {
      const float psi = a->psi_z[cell] - wd_first(a, a->m1 + cell, a->ld, radius) -
                        wd_first(a, a->uz + cell, a->ld, radius);
      a->vz[cell] = a->az[(size_t)h.map * (size_t)a->pz + (size_t)z] * psi;
      a->psi_z[cell] = bz * psi;
    }
  }
}

WD_INLINE void wd_adjoint_live(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks) return;
  const int n = a->control->step + a->offset;
  const size_t base = (size_t)h.task * a->stride;
  float *m = a->m + base;
  if (h.x < a->px) {
    for (int z = h.z; z < h.z + WD_TILE_ROWS && z < a->pz; z++) {
      const ptrdiff_t cell = (ptrdiff_t)z * a->ld + h.x;
      const float *m1 = a->m1 + base + cell;
      float bracket = wd_second(a, m1, 1, radius) + wd_second(a, m1, a->ld, radius);
      if (wd_near_sides(a, h.x, radius))
        bracket += wd_second(a, a->ux + base + cell, 1, radius) - wd_first(a, a->vx + base + cell, 1, radius);
      if (wd_near_ends(a, z, radius))
        bracket += wd_second(a, a->uz + base + cell, a->ld, radius) -
                   wd_first(a, a->vz + base + cell, a->ld, radius);
      if (a->surface && z == 0) {
        wd_store(a, m, z, h.x, radius, 0.0f);
      } else {
        a->sum[base + (size_t)cell] += a->now[base + (size_t)cell] * bracket;
        wd_store(a, m, z, h.x, radius, wd_alpha(a, &h, z) * bracket + (2.0f * m1[0] - m[cell]));
      }
    }
  }
  wd_inject(a, &h, m, n, radius);
}

#endif
