/* The row kernels of the cpu device: one table for each SIMD width, chosen at run time by the lanes of the
 * device. A row is a run of vectors; positions in a row count floats from its aligned start. */
#ifndef WD_CPU_KERNELS_H
#define WD_CPU_KERNELS_H

#include "solver/wave_plan.h"

#include <stdint.h>

/* Fields of exact mode are held times 2^63 where the kernels can round as denormals do (simd.h). */
#define WD_CPU_SCALE 9223372036854775808.0f

/* One or two neighbouring rows of the sponge scheme, z and z + 1. The rows of a field lie `stride` apart,
 * ghost rows included; `next` holds the step before and takes the step after. The second row's coefficients
 * lie alpha_stride, t_stride, ... after the first's (0 when both rows share them). A damped row takes its t1,
 * t2 from `middle` between the vectors middle_from and middle_to, where the damping changes from row to row,
 * and from t1, t2 elsewhere; on other rows the middle is empty. */
typedef struct wd_cpu_rows {
  const float *now;
  float *next;
  const float *alpha, *t1, *t2;
  ptrdiff_t stride, alpha_stride, t1_stride;
  const float *middle_t1, *middle_t2; /* indexed as a whole row is */
  ptrdiff_t middle_stride;
  int middle_from, middle_to;
} wd_cpu_rows;

/* Vectors v0 <= v < v1 of the rows; c as in wd_wave. */
typedef void wd_cpu_rows_fn(const wd_cpu_rows *rows, const float *c, int v0, int v1);

/* Neighbouring rows of the CPML scheme; see kernels_pml.h for the arithmetic. Positions of a row go around:
 * the map's columns first, then, from vector `group` on, the columns that the side strips' terms reach: right
 * strip, a gap of zeros, left strip. psi_x, zeta_x, ax, bx, axd start at the group. */
typedef struct wd_cpu_pml_rows {
  int rows;
  const float *now;
  float *next;
  const float *alpha; /* alpha c[1] */
  ptrdiff_t stride, alpha_stride, x_stride;
  float *psi_x, *zeta_x;
  const float *ax, *bx, *axd; /* axd = a d[1] */
  float *psi_z, *zeta_z;      /* rows as `now` */
  const float *az, *bz;       /* one value a row */
  int group, vectors;
} wd_cpu_pml_rows;

/* Stencil weights divided by the first: kernels_pml.h. */
typedef struct wd_cpu_pml_weights {
  float e[WD_MAX_RADIUS + 1]; /* c[r] / c[1] */
  float f[WD_MAX_RADIUS + 1]; /* d[r] / d[1] */
  float g, h;                 /* d[1] / c[1], c[0] / (2 c[1]) */
  float d1;                   /* d[1] */
} wd_cpu_pml_weights;

typedef void wd_cpu_pml_fn(const wd_cpu_pml_rows *rows, const wd_cpu_pml_weights *weights);

typedef struct wd_cpu_kernels {
  int lanes;
  wd_cpu_rows_fn *exact[2][2]; /* [order 4, 8][1, 2 rows] */
  wd_cpu_rows_fn *fast[2][2];
  wd_cpu_rows_fn *tiny[2][2];  /* scaled values that may round as denormals; NULL without FMA */
  wd_cpu_pml_fn *pml[2][2];    /* [order 4, 8][z terms]: a step of rows, psi_z being up to date */
  wd_cpu_pml_fn *pml_psi_z[2]; /* psi_z of rows: psi <- b psi + a D1(now) */
  /* First / one past the last position in [from, to) whose float has any of these bits set; `to` / `from`
   * when none has. Whole vectors are looked at. */
  int (*first_nonzero)(const float *row, int from, int to, int32_t bits);
  int (*last_nonzero)(const float *row, int from, int to, int32_t bits);
  /* Whether all of a vector's floats, except where `spare` is large, are at least `least`. */
  int (*big)(const float *vector, const float *spare, float least);
} wd_cpu_kernels;

extern const wd_cpu_kernels wd_cpu_kernels_4;
#ifdef WD_HAVE_X86_SIMD
extern const wd_cpu_kernels wd_cpu_kernels_8, wd_cpu_kernels_16;
#endif

/* Sets flush-to-zero and denormals-are-zero on this thread (x86) and returns what was set before. */
unsigned wd_cpu_flush_denormals(void);
void wd_cpu_restore_denormals(unsigned saved);

#endif
