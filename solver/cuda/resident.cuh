/* Many time steps of the sponge scheme in one launch, the wavefield resident on chip: one thread-block
 * cluster a task, each block some rows in its shared memory, twice (step n is read, step n + 1 written), and
 * each thread `thread_rows` rows of one column, whose p, p- and alpha stay in registers. Blocks push the rows
 * that their neighbours' stencils reach into the neighbours' shared memory; one cluster barrier a step.
 *
 * A cluster of 1 is a block by itself, without the barrier of a cluster, and runs on any device. */
#ifndef WD_CUDA_RESIDENT_CUH
#define WD_CUDA_RESIDENT_CUH

#include "solver/cuda/step.cuh"

/* Dynamic shared memory and clusters. */
#if defined(WD_CUDA_EMULATION)
#  define WD_SHARED         ((float *)emulated_shared(emulated_self()->rank))
#  define wd_cluster_rank() ((int)emulated_self()->rank)
#  define wd_cluster_sync() emulated_cluster_sync()
#  define wd_peer(pointer, to)                                                                               \
    ((float *)emulated_shared((unsigned)(to)) + ((pointer) - (float *)emulated_shared(emulated_self()->rank)))
#else
extern __shared__ float wd_shared_memory[];
#  define WD_SHARED wd_shared_memory
#  if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#    define wd_cluster_rank() ((int)__clusterRelativeBlockRank())
#    define wd_cluster_sync()                                                                                \
      do {                                                                                                   \
        __cluster_barrier_arrive();                                                                          \
        __cluster_barrier_wait();                                                                            \
      } while (0)
#    define wd_peer(pointer, to) ((float *)__cluster_map_shared_rank(pointer, (unsigned)(to)))
#  else /* no clusters: the host asks for size 1 only */
#    define wd_cluster_rank()    0
#    define wd_cluster_sync()    __syncthreads()
#    define wd_peer(pointer, to) (pointer)
#  endif
#endif

/* A block's share of a task. */
typedef struct wd_share {
  int rank, ranks; /* in the cluster */
  int z0, rows;    /* first padded row and how many; at least the stencil's radius */
  int up, down;    /* ranks of the neighbours, -1 where the grid ends */
  int up_rows;     /* rows of the block above */
  int ls;          /* floats of a row in shared memory: WD_GUARD + px + WD_GUARD */
} wd_share;

WD_INLINE wd_share wd_my_share(const wd_cuda_args *a) {
  wd_share s;
  s.ranks = a->cluster;
  s.rank = s.ranks > 1 ? wd_cluster_rank() : 0;
  s.z0 = s.rank * a->pz / s.ranks;
  s.rows = (s.rank + 1) * a->pz / s.ranks - s.z0;
  s.up = s.rank > 0 ? s.rank - 1 : a->periodic_z ? s.ranks - 1 : -1;
  s.down = s.rank < s.ranks - 1 ? s.rank + 1 : a->periodic_z ? 0 : -1;
  s.up_rows = s.up < 0 ? 0 : (s.up + 1) * a->pz / s.ranks - s.up * a->pz / s.ranks;
  s.ls = a->px + 2 * WD_GUARD;
  return s;
}

WD_INLINE void wd_sync(const wd_share *s) {
  if (s->ranks > 1)
    wd_cluster_sync();
  else
    __syncthreads();
}

/* Rows z0 - halo .. z0 + rows + halo - 1 of a field, guards included, into shared memory. */
WD_INLINE void wd_share_load(const wd_cuda_args *a, const wd_share *s, const float *field, const int halo,
                             float *out) {
  const int thread = (int)(threadIdx.y * blockDim.x + threadIdx.x), threads = (int)(blockDim.x * blockDim.y);
  for (int i = thread; i < (s->rows + 2 * halo) * s->ls; i += threads) {
    const int z = s->z0 + i / s->ls - halo;
    out[i] =
        z < -WD_GUARD || z >= a->pz + WD_GUARD ? 0.0f : field[(ptrdiff_t)z * a->ld + i % s->ls - WD_GUARD];
  }
}

/* Samples of step `it` (the field after it) at the receivers in this block's rows. */
WD_INLINE void wd_share_record(const wd_cuda_args *a, const wd_share *s, int task, const float *now,
                               const int halo, int it) {
  const int thread = (int)(threadIdx.y * blockDim.x + threadIdx.x), threads = (int)(blockDim.x * blockDim.y);
  float *row = a->gather + ((size_t)task * (size_t)a->samples + (size_t)it) * (size_t)a->receivers;
  for (int i = thread; i < a->receivers; i += threads) {
    const wd_cuda_receiver receiver = a->receiver[i];
    const int z = receiver.cell / a->ld, x = receiver.cell - z * a->ld, local = z - s->z0;
    if (local >= 0 && local < s->rows) row[receiver.index] = now[(local + halo) * s->ls + x + WD_GUARD];
  }
}

WD_INLINE void wd_resident(const wd_cuda_args *a, const int radius) {
  const wd_share s = wd_my_share(a);
  const int task = (int)blockIdx.z;
  if (task >= a->control->tasks) return; /* the whole cluster */
  const int map = (task + a->control->first_task) / a->shots,
            shot = task + a->control->first_task - map * a->shots;
  const int first = a->control->step + a->offset;
  const size_t base = (size_t)task * a->stride;
  float *state_now = ((first & 1) ? a->state1 : a->state0) + base;
  float *state_before = ((first & 1) ? a->state0 : a->state1) + base;
  const int plane = (a->rows + 2 * radius) * s.ls;
  float *now = WD_SHARED, *next = WD_SHARED + plane;

  /* This thread's cells: rows row .. row + count - 1 of the share, column x. */
  const int x = (int)threadIdx.x, row = (int)threadIdx.y * a->thread_rows;
  int count = s.rows - row < a->thread_rows ? s.rows - row : a->thread_rows;
  if (x >= a->px || count < 0) count = 0;
  const int column = wd_clamp(x - a->left, a->nx);
  const bool side = x < a->left || x >= a->left + a->nx;
  const float kx = count > 0 && side ? a->kx[(size_t)map * (size_t)a->px + (size_t)x] : 0.0f;
  const float *kz = a->kz + (size_t)map * (size_t)a->pz + (size_t)(s.z0 + row);
  const float beta = a->beta[(size_t)map * (size_t)a->shots + (size_t)shot];
  int source = -1; /* the row that holds the source */
  float u[WD_RESIDENT_ROWS + 2 * WD_GUARD], before[WD_RESIDENT_ROWS], alpha[WD_RESIDENT_ROWS];

  wd_share_load(a, &s, state_now, radius, now);
  for (int i = (int)(threadIdx.y * blockDim.x + threadIdx.x); i < plane; i += (int)(blockDim.x * blockDim.y))
    next[i] = 0.0f;
#pragma unroll
  for (int r = 0; r < WD_RESIDENT_ROWS; r++) {
    before[r] = alpha[r] = u[radius + r] = 0.0f;
    if (r < count) {
      const int z = s.z0 + row + r;
      before[r] = state_before[(ptrdiff_t)z * a->ld + x];
      u[radius + r] = state_now[(ptrdiff_t)z * a->ld + x];
      alpha[r] =
          a->alpha[((size_t)map * (size_t)a->nz + (size_t)wd_clamp(z - a->top, a->nz)) * (size_t)a->nx +
                   (size_t)column];
      if (z * a->ld + x == a->source[shot]) source = r;
    }
  }
  wd_sync(&s);

  for (int step = 0; step < a->steps; step++) {
    const int it = first + step;
    if (step > 0) wd_share_record(a, &s, task, now, radius, it - 1);
    /* Rows of the column that other threads own. */
    const float *mine = now + row * s.ls + x + WD_GUARD; /* u[0] */
#pragma unroll
    for (int i = 0; i < WD_RESIDENT_ROWS + 2 * radius; i++)
      if ((i < radius || i >= radius + count) && i < count + 2 * radius && count > 0) u[i] = mine[i * s.ls];
    float after[WD_RESIDENT_ROWS];
#pragma unroll
    for (int r = 0; r < WD_RESIDENT_ROWS; r++) {
      if (r < count) {
        const float k = side ? kx : kz[r];
        const float t1 = SUB(ADD(2.0f, MUL(a->c[0], alpha[r])), k), t2 = SUB(1.0f, k);
        const float sum = wd_neighbours(a, u, mine + (r + radius) * s.ls, r, radius);
        float p = ADD(SUB(MUL(t1, u[radius + r]), MUL(t2, before[r])), MUL(alpha[r], sum));
        if (a->surface && s.z0 + row + r == 0) p = 0.0f;
        if (r == source) p = ADD(p, MUL(beta, a->wavelet[it]));
        after[r] = p;
      }
    }
#pragma unroll
    for (int r = 0; r < WD_RESIDENT_ROWS; r++) {
      if (r < count) {
        const int local = row + r, z = s.z0 + local;
        float *cell = next + (local + radius) * s.ls + x + WD_GUARD;
        before[r] = u[radius + r];
        u[radius + r] = after[r];
        *cell = after[r];
        if (a->periodic_x) {
          if (x < radius) cell[a->px] = after[r];
          if (x >= a->px - radius) cell[-a->px] = after[r];
        }
        if (local < radius && s.up >= 0)
          *wd_peer(next + (s.up_rows + radius + local) * s.ls + x + WD_GUARD, s.up) = after[r];
        if (local >= s.rows - radius && s.down >= 0)
          *wd_peer(next + (local - s.rows + radius) * s.ls + x + WD_GUARD, s.down) = after[r];
        if (a->surface && z >= 1 && z <= radius) next[(radius - z) * s.ls + x + WD_GUARD] = -after[r];
      }
    }
    wd_sync(&s);
    float *other = now;
    now = next;
    next = other;
  }
  wd_share_record(a, &s, task, now, radius, first + a->steps - 1);

  /* p after the last step takes the place that its parity has. */
  if (a->steps & 1) {
    float *other = state_now;
    state_now = state_before;
    state_before = other;
  }
#pragma unroll
  for (int r = 0; r < WD_RESIDENT_ROWS; r++)
    if (r < count) {
      wd_store(a, state_now, s.z0 + row + r, x, radius, u[radius + r]);
      wd_store(a, state_before, s.z0 + row + r, x, radius, before[r]);
    }
}

#endif
