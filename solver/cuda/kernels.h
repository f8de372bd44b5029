/* What the host code (C) and the kernels (CUDA C++) of the wave solver share: one argument struct, passed by
 * value to every kernel, and the table of kernels. The .cu files stay within what C and CUDA C++ have in
 * common, so that tests/solver/cuda_emulation/ can compile the very same text for the host.
 *
 * Fields. A padded grid of pz x px cells lies in memory as pz + 2 WD_GUARD rows of `ld` floats; `cell`
 * offsets count from padded cell (0, 0), so that the guard rows and columns have negative ones. A stencil
 * never asks whether it is at the rim: the guards hold the periodic images (written by whoever writes the rim
 * cell), the odd images above a free surface, or zeros. A task is one shot on one map; fields of tasks lie
 * `stride` floats apart. */
#ifndef WD_CUDA_KERNELS_H
#define WD_CUDA_KERNELS_H

#include <stddef.h>

enum {
  WD_GUARD = 4,        /* guard rows above and below, and columns to the right: the largest radius */
  WD_GUARD_LEFT = 8,   /* guard columns to the left: one 32-byte sector, so that column 0 starts one too */
  WD_TILE = 32,        /* cells of a tile in x and z: one block */
  WD_TILE_ROWS = 4,    /* rows of it that one thread updates */
  WD_TILE_THREADS = 8, /* threads of a block in z */
  WD_REDUCE_THREADS = 128,
  WD_RESIDENT_ROWS = 10, /* rows that a thread of a resident kernel can hold, in its two sizes */
  WD_RESIDENT_ROWS_MAX = 20,
  WD_RESIDENT_LIVE_ROWS = 11, /* the same in live mode: 55 rows of 110 columns, half of OpenFWI's grid */
  WD_RESIDENT_THREADS = 640
};

/* A receiver on a tile. Receivers on the same cell follow each other; the first of them has `run`, how many
 * they are, the others 0. */
typedef struct wd_cuda_receiver {
  int cell;  /* offset in a field */
  int index; /* of the receiver, in a gather's row */
  int run;
  int core; /* z * nx + x on the map: where its alpha is */
} wd_cuda_receiver;

/* What changes between launches of one recorded graph lies in device memory. */
typedef struct wd_cuda_control {
  int step;       /* time step of the graph's first node */
  int first_task; /* map * shots + shot */
  int tasks;      /* in this batch */
} wd_cuda_control;

typedef struct wd_cuda_args {
  int nz, nx, top, left, pz, px; /* core, margins, padded */
  int ld;
  int tiles_x, tiles_z;
  int periodic_x, periodic_z, surface; /* columns wrap; rows wrap; row 0 is a free surface */
  int strip;                           /* margin cells of a CPML side (live) */
  int shots, receivers, samples;
  float c[5], d[5]; /* stencil weights, wave_plan.h */
  size_t stride;    /* floats between the fields of two tasks */

  const float *alpha;   /* maps x nz nx */
  const float *kx, *kz; /* maps x px, maps x pz */
  const float *ax, *bx, *az, *bz;
  const float *beta; /* maps x shots */
  const int *source; /* shots: offset in a field */
  const float *wavelet;
  const int *tile_first; /* tiles + 1: first receiver of a tile */
  const wd_cuda_receiver *receiver;
  const wd_cuda_control *control;
  int offset; /* added to control->step */

  const float *previous,
      *now; /* p at steps n - 1 and n; `next` may be `previous` (each thread reads first) */
  float *next;
  float *gather;                          /* tasks x samples x receivers, or NULL */
  float *psi_x, *psi_z, *zeta_x, *zeta_z; /* CPML memory (live) */

  /* Adjoint at step n: `now` is p_n. m_n overwrites m_{n+2}. */
  const float *m1; /* m_{n+1} */
  float *m;
  float *ux, *uz, *vx, *vz; /* live: a Z, a Y */
  float *sum, *vmin;        /* per padded cell, adjoint.cuh; vmin may be NULL */
  const float *residual;    /* tasks x samples x receivers */

  /* Sums over a batch. */
  double *core_sum; /* maps x nz nx: added to */
  double *vmin_sum; /* tasks: written */

  /* Resident kernels. */
  int steps;              /* in this launch */
  int cluster;            /* blocks of a cluster */
  int rows;               /* of a block, at most */
  int thread_rows;        /* of a thread, at most */
  float *state0, *state1; /* p at even and odd steps */
} wd_cuda_args;

typedef enum wd_cuda_kernel {
  WD_KERNEL_STEP_EXACT_4 = 0, /* sponge, exact arithmetic, order 4 */
  WD_KERNEL_STEP_EXACT_8,
  WD_KERNEL_STEP_FAST_4,
  WD_KERNEL_STEP_FAST_8,
  WD_KERNEL_STEP_LIVE_4, /* CPML: psi first, then the step */
  WD_KERNEL_STEP_LIVE_8,
  WD_KERNEL_PSI_4,
  WD_KERNEL_PSI_8,
  WD_KERNEL_ADVANCE, /* control->step += offset */
  WD_KERNEL_ADJOINT_4,
  WD_KERNEL_ADJOINT_8,
  WD_KERNEL_ADJOINT_U,   /* live, before the adjoint step: Z and u */
  WD_KERNEL_ADJOINT_V_4, /* then Y and v */
  WD_KERNEL_ADJOINT_V_8,
  WD_KERNEL_ADJOINT_LIVE_4,
  WD_KERNEL_ADJOINT_LIVE_8,
  WD_KERNEL_FOLD,
  WD_KERNEL_FOLD_VMIN,
  WD_KERNEL_RESIDENT_EXACT_4,
  WD_KERNEL_RESIDENT_EXACT_8,
  WD_KERNEL_RESIDENT_FAST_4,
  WD_KERNEL_RESIDENT_FAST_8,
  WD_KERNEL_RESIDENT_LIVE_4,
  WD_KERNEL_RESIDENT_LIVE_8,
  WD_KERNEL_COUNT
} wd_cuda_kernel;

#ifdef __cplusplus
extern "C" {
#endif
/* The kernels that one translation unit defines, for cudaLaunchKernelExC; NULL for the others. */
const void *wd_cuda_kernel_exact(wd_cuda_kernel which);
const void *wd_cuda_kernel_fast(wd_cuda_kernel which);
#ifdef __cplusplus
}
#endif

#endif
