/* One time step of the sponge scheme, its adjoint, and what every kernel needs: arithmetic, addresses,
 * images.
 *
 * Included by step_exact.cu with WD_EXACT 1, where every operation rounds once and in the order of
 * solver/reference/wave_impl.h (compiled with --fmad=false; the intrinsics are never contracted either), and
 * by step_fast.cu with WD_EXACT 0, where the compiler may contract. A block updates a tile of WD_TILE x
 * WD_TILE cells of one task, a thread WD_TILE_ROWS rows of one column: neighbours above and below then come
 * from registers. */
#ifndef WD_CUDA_STEP_CUH
#define WD_CUDA_STEP_CUH

#include <cuda_runtime.h>

#include "solver/cuda/kernels.h"

#if WD_EXACT
#  define ADD(a, b) __fadd_rn(a, b)
#  define SUB(a, b) __fsub_rn(a, b)
#  define MUL(a, b) __fmul_rn(a, b)
#else
#  define ADD(a, b) ((a) + (b))
#  define SUB(a, b) ((a) - (b))
#  define MUL(a, b) ((a) * (b))
#endif

#define WD_KERNEL          __global__ void __launch_bounds__(WD_TILE *WD_TILE_THREADS)
#define WD_RESIDENT_KERNEL __global__ void __launch_bounds__(WD_RESIDENT_THREADS, 1)
#define WD_INLINE          static __device__ __forceinline__
#define WD_ARGS            const __grid_constant__ wd_cuda_args

/* Where a thread stands. */
typedef struct wd_place {
  int task;      /* in the batch */
  int map, shot; /* of the task */
  int x, z;      /* padded cell: the first of WD_TILE_ROWS rows */
  int column;    /* of the map */
  int tile;
} wd_place;

WD_INLINE int wd_clamp(int i, int n) {
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

WD_INLINE wd_place wd_here(const wd_cuda_args *a) {
  wd_place h;
  int task;
  h.task = (int)blockIdx.z;
  task = h.task + a->control->first_task;
  h.map = task / a->shots;
  h.shot = task - h.map * a->shots;
  h.x = (int)(blockIdx.x * WD_TILE + threadIdx.x);
  h.z = (int)(blockIdx.y * WD_TILE + threadIdx.y * WD_TILE_ROWS);
  h.column = wd_clamp(h.x - a->left, a->nx);
  h.tile = (int)(blockIdx.y * gridDim.x + blockIdx.x);
  return h;
}

/* alpha of padded row z in the place's column. */
WD_INLINE float wd_alpha(const wd_cuda_args *a, const wd_place *h, int z) {
  const size_t row = (size_t)h->map * (size_t)a->nz + (size_t)wd_clamp(z - a->top, a->nz);
  return a->alpha[row * (size_t)a->nx + (size_t)h->column];
}

/* The sponge's damping: the side strips override top and bottom. */
WD_INLINE float wd_damping(const wd_cuda_args *a, const wd_place *h, int z) {
  if (h->x < a->left || h->x >= a->left + a->nx) return a->kx[(size_t)h->map * (size_t)a->px + (size_t)h->x];
  return a->kz[(size_t)h->map * (size_t)a->pz + (size_t)z];
}

/* Writes a cell and, where it is near the rim, its images in the guards. */
WD_INLINE void wd_store(const wd_cuda_args *a, float *field, int z, int x, const int radius, float value) {
  const ptrdiff_t ld = a->ld;
  float *cell = field + z * ld + x;
  *cell = value;
  if (a->periodic_x) {
    if (x < radius) cell[a->px] = value;
    if (x >= a->px - radius) cell[-a->px] = value;
  }
  if (a->periodic_z) {
    if (z < radius) cell[a->pz * ld] = value;
    if (z >= a->pz - radius) cell[-(a->pz * ld)] = value;
  }
  if (a->surface && z >= 1 && z <= radius) cell[-(2 * z * ld)] = -value;
}

/* The column of the field that a thread needs: its own rows and `radius` more at either end. */
WD_INLINE void wd_column(const wd_cuda_args *a, const float *field, const wd_place *h, const int radius,
                         float *u) {
  const float *p = field + (ptrdiff_t)(h->z - radius) * a->ld + h->x;
#pragma unroll
  for (int i = 0; i < WD_TILE_ROWS + 2 * radius; i++) u[i] = p[(ptrdiff_t)i * a->ld];
}

/* c1 ring(1) + c2 ring(2) + ...: the Laplacian without its centre, of row r of the column. */
WD_INLINE float wd_neighbours(const wd_cuda_args *a, const float *u, const float *row, int r,
                              const int radius) {
  float sum = 0;
#pragma unroll
  for (int k = 1; k <= radius; k++) {
    const float ring = ADD(ADD(ADD(u[r + radius - k], u[r + radius + k]), row[-k]), row[k]);
    sum = k == 1 ? MUL(a->c[1], ring) : ADD(sum, MUL(a->c[k], ring));
  }
  return sum;
}

/* Writes the receivers of this block's tile into the gather. All threads of the block call it. */
WD_INLINE void wd_record(const wd_cuda_args *a, const wd_place *h, const float *field, int it) {
  const int first = a->tile_first[h->tile], last = a->tile_first[h->tile + 1];
  if (first == last || !a->gather) return; /* the same for the whole block */
  __syncthreads();
  float *row = a->gather + ((size_t)h->task * (size_t)a->samples + (size_t)it) * (size_t)a->receivers;
  for (int i = first + (int)(threadIdx.y * WD_TILE + threadIdx.x); i < last; i += WD_TILE * WD_TILE_THREADS)
    row[a->receiver[i].index] = field[a->receiver[i].cell];
}

/* p_{n+1} from p_n and p_{n-1}, source and record: physics.md section 2. */
WD_INLINE void wd_step(const wd_cuda_args *a, const int radius) {
  const wd_place h = wd_here(a);
  if (h.task >= a->control->tasks) return;
  const int it = a->control->step + a->offset;
  const size_t base = (size_t)h.task * a->stride;
  const float *previous = a->previous + base;
  const float *now = a->now + base;
  float *next = a->next + base;
  if (h.x < a->px && h.z < a->pz) {
    float u[WD_TILE_ROWS + 2 * WD_GUARD], before[WD_TILE_ROWS], after[WD_TILE_ROWS];
    wd_column(a, now, &h, radius, u);
#pragma unroll
    for (int r = 0; r < WD_TILE_ROWS; r++) before[r] = previous[(ptrdiff_t)(h.z + r) * a->ld + h.x];
    const int source = a->source[h.shot];
#pragma unroll
    for (int r = 0; r < WD_TILE_ROWS; r++) {
      const int z = h.z + r;
      if (z < a->pz) {
        const float alpha = wd_alpha(a, &h, z), k = wd_damping(a, &h, z);
        const float *row = now + (ptrdiff_t)z * a->ld + h.x;
        const float t1 = SUB(ADD(2.0f, MUL(a->c[0], alpha)), k), t2 = SUB(1.0f, k);
        const float sum = wd_neighbours(a, u, row, r, radius);
        float p = ADD(SUB(MUL(t1, u[r + radius]), MUL(t2, before[r])), MUL(alpha, sum));
        if (a->surface && z == 0) p = 0.0f;
        if (z * a->ld + h.x == source)
          p = ADD(p, MUL(a->beta[(size_t)h.map * (size_t)a->shots + (size_t)h.shot], a->wavelet[it]));
        after[r] = p;
      }
    }
    /* Stores last: the compiler must assume that they touch what is loaded after them. */
#pragma unroll
    for (int r = 0; r < WD_TILE_ROWS; r++)
      if (h.z + r < a->pz) wd_store(a, next, h.z + r, h.x, radius, after[r]);
  }
  wd_record(a, &h, next, it);
}

#endif
