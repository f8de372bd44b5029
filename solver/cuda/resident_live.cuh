/* Many time steps of live mode (CPML) in one launch: as resident.cuh, with psi and zeta in shared memory too.
 *
 * A block keeps psi_z for `radius` rows beyond its own on either side and computes it there itself, from a
 * halo of 2 radius rows of p; so p is all that blocks exchange, and one cluster barrier a step is enough. */
#ifndef WD_CUDA_RESIDENT_LIVE_CUH
#define WD_CUDA_RESIDENT_LIVE_CUH

#include "solver/cuda/live.cuh"
#include "solver/cuda/resident.cuh"

/* psi_z of local row `row` (may be a halo row). */
WD_INLINE void wd_share_psi_z(const wd_cuda_args *a, const wd_share *s, int map, int row, int x,
                              const float *now, float *psi_z, const int radius) {
  const int z = s->z0 + row;
  if (z < 0 || z >= a->pz || x >= a->px) return;
  const float bz = a->bz[(size_t)map * (size_t)a->pz + (size_t)z];
  if (bz == 0.0f) return;
  float *psi = psi_z + (row + radius) * s->ls + x + WD_GUARD;
  const float *p = now + (row + 2 * radius) * s->ls + x + WD_GUARD;
  *psi = bz * *psi + a->az[(size_t)map * (size_t)a->pz + (size_t)z] * wd_first(a, p, s->ls, radius);
}

WD_INLINE void wd_resident_live(const wd_cuda_args *a, const int radius) {
  const wd_share s = wd_my_share(a);
  const int task = (int)blockIdx.z, halo = 2 * radius;
  if (task >= a->control->tasks) return; /* the whole cluster */
  const int map = (task + a->control->first_task) / a->shots,
            shot = task + a->control->first_task - map * a->shots;
  const int first = a->control->step + a->offset;
  const size_t base = (size_t)task * a->stride;
  float *state_now = ((first & 1) ? a->state1 : a->state0) + base;
  float *state_before = ((first & 1) ? a->state0 : a->state1) + base;
  float *now = WD_SHARED, *next = now + (a->rows + 2 * halo) * s.ls;
  float *psi_z = next + (a->rows + 2 * halo) * s.ls;
  float *psi_x = psi_z + (a->rows + 2 * radius) * s.ls;
  float *zeta_x = psi_x + a->rows * s.ls, *zeta_z = zeta_x + a->rows * s.ls;

  const int x = (int)threadIdx.x, row = (int)threadIdx.y * a->thread_rows;
  int count = s.rows - row < a->thread_rows ? s.rows - row : a->thread_rows;
  if (x >= a->px || count < 0) count = 0;
  const int column = wd_clamp(x - a->left, a->nx);
  const bool near_sides = wd_near_sides(a, x, radius);
  const float bx = count > 0 ? a->bx[(size_t)map * (size_t)a->px + (size_t)x] : 0.0f;
  const float ax = count > 0 ? a->ax[(size_t)map * (size_t)a->px + (size_t)x] : 0.0f;
  const float *az = a->az + (size_t)map * (size_t)a->pz + (size_t)(s.z0 + row);
  const float *bz = a->bz + (size_t)map * (size_t)a->pz + (size_t)(s.z0 + row);
  int source = -1;
  float before[WD_RESIDENT_LIVE_ROWS], alpha[WD_RESIDENT_LIVE_ROWS];

  wd_share_load(a, &s, state_now, halo, now);
  wd_share_load(a, &s, a->psi_z + base, radius, psi_z);
  wd_share_load(a, &s, a->psi_x + base, 0, psi_x);
  wd_share_load(a, &s, a->zeta_x + base, 0, zeta_x);
  wd_share_load(a, &s, a->zeta_z + base, 0, zeta_z);
  for (int i = (int)(threadIdx.y * blockDim.x + threadIdx.x); i < (a->rows + 2 * halo) * s.ls;
       i += (int)(blockDim.x * blockDim.y))
    next[i] = 0.0f;
#pragma unroll
  for (int r = 0; r < WD_RESIDENT_LIVE_ROWS; r++) {
    before[r] = alpha[r] = 0.0f;
    if (r < count) {
      const int z = s.z0 + row + r;
      before[r] = state_before[(ptrdiff_t)z * a->ld + x];
      alpha[r] =
          a->alpha[((size_t)map * (size_t)a->nz + (size_t)wd_clamp(z - a->top, a->nz)) * (size_t)a->nx +
                   (size_t)column];
      if (z * a->ld + x == a->source[shot]) source = r;
    }
  }
  wd_sync(&s);

  for (int step = 0; step < a->steps; step++) {
    const int it = first + step;
    if (step > 0) wd_share_record(a, &s, task, now, halo, it - 1);
    for (int r = 0; r < count; r++) {
      if (bx != 0.0f) {
        float *psi = psi_x + (row + r) * s.ls + x + WD_GUARD;
        *psi = bx * *psi + ax * wd_first(a, now + (row + r + halo) * s.ls + x + WD_GUARD, 1, radius);
      }
      wd_share_psi_z(a, &s, map, row + r, x, now, psi_z, radius);
    }
    for (int i = (int)threadIdx.y; i < 2 * radius; i += (int)blockDim.y)
      wd_share_psi_z(a, &s, map, i < radius ? i - radius : s.rows + i - radius, x, now, psi_z, radius);
    __syncthreads();
#pragma unroll
    for (int r = 0; r < WD_RESIDENT_LIVE_ROWS; r++) {
      if (r < count) {
        const int local = row + r, z = s.z0 + local, own = local * s.ls + x + WD_GUARD;
        const float *p = now + own + halo * s.ls;
        const float dxx = wd_second(a, p, 1, radius), dzz = wd_second(a, p, s.ls, radius);
        float sum = dxx + dzz;
        if (near_sides) {
          const float sx = wd_first(a, psi_x + own, 1, radius);
          sum += sx;
          if (bx != 0.0f) {
            zeta_x[own] = bx * zeta_x[own] + ax * (dxx + sx);
            sum += zeta_x[own];
          }
        }
        if (wd_near_ends(a, z, radius)) {
          const float sz = wd_first(a, psi_z + own + radius * s.ls, s.ls, radius);
          sum += sz;
          if (bz[r] != 0.0f) {
            zeta_z[own] = bz[r] * zeta_z[own] + az[r] * (dzz + sz);
            sum += zeta_z[own];
          }
        }
        float after = (2.0f * p[0] - before[r]) + alpha[r] * sum;
        if (a->surface && z == 0) after = 0.0f;
        if (r == source) after += a->beta[(size_t)map * (size_t)a->shots + (size_t)shot] * a->wavelet[it];
        before[r] = p[0];
        next[own + halo * s.ls] = after;
        if (local < halo && s.up >= 0) *wd_peer(next + own + (s.up_rows + halo) * s.ls, s.up) = after;
        if (local >= s.rows - halo && s.down >= 0)
          *wd_peer(next + own + (halo - s.rows) * s.ls, s.down) = after;
        if (a->surface && z >= 1 && z <= radius) next[(halo - z) * s.ls + x + WD_GUARD] = -after;
      }
    }
    wd_sync(&s);
    float *other = now;
    now = next;
    next = other;
  }
  wd_share_record(a, &s, task, now, halo, first + a->steps - 1);

  if (a->steps & 1) {
    float *other = state_now;
    state_now = state_before;
    state_before = other;
  }
#pragma unroll
  for (int r = 0; r < WD_RESIDENT_LIVE_ROWS; r++)
    if (r < count) {
      const int own = (row + r) * s.ls + x + WD_GUARD, z = s.z0 + row + r;
      const size_t cell = base + (size_t)z * (size_t)a->ld + (size_t)x;
      wd_store(a, state_now, z, x, radius, now[own + halo * s.ls]);
      wd_store(a, state_before, z, x, radius, before[r]);
      a->psi_x[cell] = psi_x[own];
      a->psi_z[cell] = psi_z[own + radius * s.ls];
      a->zeta_x[cell] = zeta_x[own];
      a->zeta_z[cell] = zeta_z[own];
    }
}

#endif
