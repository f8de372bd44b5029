/* The row kernels of the gradient on the cpu device: forward steps that write to another plane than they read
 * (the planes of a segment are kept), and adjoint steps that sum the gradient on the way. Formulas and names
 * are those of reference/adjoint_impl.h. One table for each SIMD width.
 *
 * Planes. A plane holds rows -radius..pz-1+radius of `pitch` floats; a pointer to a plane points to its row
 * 0, column 0, which is aligned, and columns -radius..px-1+radius are there: the ghosts are copies at a
 * periodic rim, mirrored rows above a free surface, zeros elsewhere. Lanes past the ghosts hold finite
 * numbers that nobody reads. */
#ifndef WD_CPU_GRADIENT_KERNELS_H
#define WD_CPU_GRADIENT_KERNELS_H

#include "solver/wave_plan.h"

enum { WD_GRADIENT_LEAD = 16 }; /* floats before column 0 of a row: a vector of any width, ghosts included */

/* CPML memory. In x: two blocks of pz rows of `pitch` floats, whose columns are the `vectors` vectors of the
 * grid from column `first` that a strip and the stencil beside it reach, LEAD zeros on either side (the
 * second block is empty where one covers both strips). In z: two blocks of the strip's `count` rows from row
 * `first`, with the pitch of planes and 2 radius zero rows before and behind. */
typedef struct wd_gradient_strip {
  int first, count, vectors;
  ptrdiff_t pitch;
  const float *a, *b;      /* x: by column from `first`, zero outside the strips; z: by row */
  float *psi, *zeta;       /* forward: psi, zeta; adjoint: Y, Z; pointing to row 0, column 0 of the block */
  float *weighted, *along; /* adjoint: S = m + a Z, a Y of this step */
} wd_gradient_strip;

typedef struct wd_gradient_grid {
  int nz, top, pz, px, radius;
  int vectors;         /* of a row: columns 0..px-1 */
  int core[2];         /* vectors core[0] <= v < core[1] touch columns of the map */
  bool surface;        /* row 0 stays zero */
  ptrdiff_t pitch;     /* floats between rows of planes and of alpha */
  const float *alpha;  /* nz rows: expanded over the padded columns, zero past them */
  const float *kside;  /* damping in the side strips, 0 between */
  const float *kmid;   /* 0 in the side strips, 1 between */
  const float *kz;     /* damping by row */
  const float *inside; /* 1 in columns 0..px-1, 0 past them */
  float c[WD_MAX_RADIUS + 1], d[WD_MAX_RADIUS + 1];
} wd_gradient_grid;

/* Sums over time, folded on rows of the map: columns by vector in the core, whole strips in one vector. */
typedef struct wd_gradient_sums {
  float *core;    /* nz * (core[1] - core[0]) vectors */
  float *side[2]; /* nz vectors each: left, right */
} wd_gradient_sums;

typedef struct wd_gradient_kernels {
  int lanes;
  /* out <- the step after now, before; out may be before. [exact, fast][order 4, 8] */
  void (*forward[2][2])(const wd_gradient_grid *g, const float *now, const float *before, float *out);
  /* before <- the adjoint step after now, before; sums get p times the bracket. With damping not NULL that
   * gets p (before - now) times the damping. [order] */
  void (*adjoint[2])(const wd_gradient_grid *g, const float *now, float *before, const float *p,
                     const wd_gradient_sums *sums, const wd_gradient_sums *damping);
  /* The same in live mode; strips: x left, x right, z top, z bottom. */
  void (*forward_live[2])(const wd_gradient_grid *g, const wd_gradient_strip strip[4], const float *now,
                          const float *before, float *out);
  void (*adjoint_live[2])(const wd_gradient_grid *g, const wd_gradient_strip strip[4], const float *now,
                          float *before, const float *p, const wd_gradient_sums *sums);
} wd_gradient_kernels;

extern const wd_gradient_kernels wd_gradient_kernels_4;
#ifdef WD_HAVE_X86_SIMD
extern const wd_gradient_kernels wd_gradient_kernels_8, wd_gradient_kernels_16;
#endif

#endif
