/* The adjoint of wd_step, in the form that solver/reference/adjoint_impl.h derives (sections 1 to 3): with
 * the multiplier m = alpha lambda, one launch for n = N..1 does
 *
 *   bracket     = Laplacian(m_{n+1}) + residual_{n-1} at the receivers
 *   sum        += p_n bracket                             dJ/dv = (2 / v) sum
 *   vmin_sum   += p_n (m_{n+2} - m_{n+1})                 dJ/dvmin = sum over cells of (k / (alpha vmin))
 * vmin_sum m_n         = alpha bracket + (2 - k) m_{n+1} - (1 - k) m_{n+2}
 *
 * so that p is needed at a cell itself only, and the source's term is in the sum already. */
#ifndef WD_CUDA_ADJOINT_CUH
#define WD_CUDA_ADJOINT_CUH

#include "solver/cuda/step.cuh"

/* The receivers' part of the bracket, on this tile. All threads of the block call it. Receivers that share a
 * cell are added by one thread, in order. */
WD_INLINE void wd_inject(const wd_cuda_args *a, const wd_place *h, float *m, int n, const int radius) {
  const int first = a->tile_first[h->tile], last = a->tile_first[h->tile + 1];
  if (first == last) return; /* the same for the whole block */
  __syncthreads();
  const size_t base = (size_t)h->task * a->stride;
  const float *row =
      a->residual + ((size_t)h->task * (size_t)a->samples + (size_t)(n - 1)) * (size_t)a->receivers;
  for (int i = first + (int)(threadIdx.y * WD_TILE + threadIdx.x); i < last; i += WD_TILE * WD_TILE_THREADS) {
    const int run = a->receiver[i].run, cell = a->receiver[i].cell;
    const int z = cell / a->ld, x = cell - z * a->ld;
    if (run == 0 || (a->surface && z == 0)) continue; /* p is 0 on the surface whatever the velocity */
    float residual = 0;
    for (int j = 0; j < run; j++) residual += row[a->receiver[i + j].index];
    const float alpha =
        a->alpha[(size_t)h->map * (size_t)a->nz * (size_t)a->nx + (size_t)a->receiver[i].core];
    a->sum[base + (size_t)cell] += a->now[base + (size_t)cell] * residual;
    wd_store(a, m, z, x, radius, m[cell] + alpha * residual);
  }
}

WD_INLINE void wd_adjoint(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks) return;
  const int n = a->control->step + a->offset;
  const size_t base = (size_t)h.task * a->stride;
  const float *p = a->now + base, *m1 = a->m1 + base;
  float *m = a->m + base, *sum = a->sum + base;
  if (h.x < a->px && h.z < a->pz) {
    float u[WD_TILE_ROWS + 2 * WD_GUARD], after[WD_TILE_ROWS], term[WD_TILE_ROWS], vmin[WD_TILE_ROWS];
    wd_column(a, m1, &h, radius, u);
#pragma unroll
    for (int r = 0; r < WD_TILE_ROWS; r++) {
      const int z = h.z + r;
      if (z < a->pz) {
        const ptrdiff_t cell = (ptrdiff_t)z * a->ld + h.x;
        const float k = wd_damping(a, &h, z), m2 = m[cell], pn = p[cell];
        const float bracket = a->c[0] * u[r + radius] + wd_neighbours(a, u, m1 + cell, r, radius);
        after[r] = wd_alpha(a, &h, z) * bracket + ((2.0f - k) * u[r + radius] - (1.0f - k) * m2);
        term[r] = sum[cell] + pn * bracket;
        vmin[r] = pn * (m2 - u[r + radius]);
        if (a->surface && z == 0) after[r] = term[r] = vmin[r] = 0.0f;
      }
    }
#pragma unroll
    for (int r = 0; r < WD_TILE_ROWS; r++) {
      const int z = h.z + r;
      if (z < a->pz) {
        const ptrdiff_t cell = (ptrdiff_t)z * a->ld + h.x;
        sum[cell] = term[r];
        if (a->vmin) a->vmin[base + (size_t)cell] += vmin[r];
        wd_store(a, m, z, h.x, radius, after[r]);
      }
    }
  }
  wd_inject(a, &h, m, n, radius);
}

/* Sums a block's partial values; the result is thread 0's. */
WD_INLINE double wd_block_sum(double value) {
  __shared__ double part[WD_REDUCE_THREADS];
  part[threadIdx.x] = value;
  for (unsigned half = WD_REDUCE_THREADS / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
  }
  return part[0];
}

/* Rows or columns lo..hi-1 of the padded grid that take their coefficients from row or column i of the map.
 */
WD_INLINE void wd_fold_range(int i, int n, int margin, int padded, int *lo, int *hi) {
  *lo = i == 0 ? 0 : margin + i;
  *hi = i == n - 1 ? padded : margin + i + 1;
}

/* core_sum[map][cell] += sum over this batch's shots on the map and all padded cells that copy the cell.
 * Grid: nx, nz, maps that the batch touches. */
WD_INLINE void wd_fold(const wd_cuda_args *a) {
  const int x = (int)blockIdx.x, z = (int)blockIdx.y;
  const int first = a->control->first_task, end = first + a->control->tasks;
  const int map = first / a->shots + (int)blockIdx.z;
  int task0 = map * a->shots - first, task1 = (map + 1) * a->shots - first;
  int z0, z1, x0, x1;
  if (task0 < 0) task0 = 0;
  if (task1 > end - first) task1 = end - first;
  wd_fold_range(z, a->nz, a->top, a->pz, &z0, &z1);
  wd_fold_range(x, a->nx, a->left, a->px, &x0, &x1);
  const int width = x1 - x0, cells = width * (z1 - z0);
  double sum = 0;
  for (int i = (int)threadIdx.x; i < cells; i += WD_REDUCE_THREADS)
    for (int t = task0; t < task1; t++)
      sum += (double)a->sum[(size_t)t * a->stride + (size_t)(z0 + i / width) * (size_t)a->ld +
                            (size_t)(x0 + i % width)];
  sum = wd_block_sum(sum);
  if (threadIdx.x == 0)
    a->core_sum[((size_t)map * (size_t)a->nz + (size_t)z) * (size_t)a->nx + (size_t)x] += sum;
}

/* vmin_sum[task] = sum of vmin k / alpha over the padded grid. Grid: tasks. */
WD_INLINE void wd_fold_vmin(const wd_cuda_args *a) {
  wd_place h;
  double sum = 0;
  h.task = (int)blockIdx.x;
  h.map = (h.task + a->control->first_task) / a->shots;
  for (h.x = (int)threadIdx.x; h.x < a->px; h.x += WD_REDUCE_THREADS) {
    h.column = wd_clamp(h.x - a->left, a->nx);
    for (int z = 0; z < a->pz; z++) {
      const double k = (double)wd_damping(a, &h, z);
      if (k != 0)
        sum += (double)a->vmin[(size_t)h.task * a->stride + (size_t)z * (size_t)a->ld + (size_t)h.x] * k /
               (double)wd_alpha(a, &h, z);
    }
  }
  sum = wd_block_sum(sum);
  if (threadIdx.x == 0) a->vmin_sum[h.task] = sum;
}

#endif
