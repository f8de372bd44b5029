/* The cpu backend of a wave: its fields, coefficients by row, and the sweep that advances one shot.
 *
 * A row of the padded grid lies in `stride` floats; position[x] says where column x is. `radius` ghost rows
 * lie above and below, and as many ghost columns at both ends. Exact and fast mode: the columns in their
 * order from position `radius` on, between their ghosts; ghosts copy the other end of the row or column, as
 * the rim is periodic (with a free surface, the rows above mirror the rows below it with the sign changed and
 * the rows below the bottom are zero). Live mode: the columns go around, so that right strip, zeros and left
 * strip lie together in the last vectors (wd_cpu_pml_rows); ghost columns lie before and after them in the
 * row, and ghost rows are zero.
 *
 * A shot advances in place: the array that holds step n - 1 takes step n + 1. Several steps run in one sweep
 * over the rows (wavefront blocking): stage k + 1 follows stage k at a distance of `radius` rows, so that
 * rows are met again while they lie in the first-level cache. Rows and columns that the wave has not reached
 * are exactly zero and are skipped: each row keeps the range of positions that were ever nonzero. */
#ifndef WD_WAVE_CPU_H
#define WD_WAVE_CPU_H

#include "solver/cpu/kernels.h"
#include "solver/hooks.h"
#include "solver/parallel.h"
#include "solver/wave_plan.h"

#include <stdint.h>
#include <string.h>

enum { WD_CPU_MAX_STAGES = 16 };

/* What is known of a row of both steps, held as one word so that threads that share a shot can read their
 * neighbours' rows while those grow. Everything is such that the ranges of several rows combine by minimum.
 */
typedef struct wd_cpu_range {
  int16_t lo, minus_hi; /* positions [lo, hi) were ever nonzero; nothing: lo = WD_CPU_NOWHERE, hi = 0 */
  int16_t minus_clean_lo, clean_hi; /* vectors safely away from denormals (exact); none: -WD_CPU_NOWHERE, 0 */
} wd_cpu_range;

enum { WD_CPU_NOWHERE = 16384 };

/* One shot in flight. */
typedef struct wd_cpu_field {
  float *block;                           /* owns all arrays below */
  float *p[2];                            /* row 0 of step n in p[n % 2] */
  float *psi_x, *zeta_x, *psi_z, *zeta_z; /* live */
  uint64_t *range_block;
  uint64_t *range;    /* wd_cpu_range of row z, ghost rows included: -radius .. pz + radius - 1; atomic */
  float scale;        /* values are held times this: 1 or WD_CPU_SCALE */
  int row_lo, row_hi; /* live: rows [row_lo, row_hi) were ever nonzero */
  int step; /* of a stepwise state: steps taken; one more than wd_wave.step where a call was cancelled since
             */
} wd_cpu_field;

/* A map's coefficients as rows of vectors. One a worker, refilled when the worker turns to another map. */
typedef struct wd_cpu_coefficients {
  float *block;
  float *alpha, *t1;            /* nz rows; t1 without kz */
  float *t2;                    /* one row: 1 - kx */
  float *ax, *bx, *axd;         /* live: wd_cpu_pml_rows; and then alpha holds alpha c[1] */
  float *middle_t1, *middle_t2; /* damped rows (top, then bottom), the vectors that hold columns of the map */
  const wd_medium *medium;      /* what they were made from */
  unsigned long serial;         /* of the medium (wd_cpu_wave.serial) */
} wd_cpu_coefficients;

typedef struct wd_cpu_worker {
  wd_cpu_field field;
  wd_cpu_coefficients coefficients;
} wd_cpu_worker;

typedef struct wd_cpu_wave {
  const wd_cpu_kernels *kernels;
  int stride, vectors; /* of a row: floats, vectors */
  int lanes_log2;
  bool *special;       /* pz: rows with receivers or ghost rows */
  int *position;       /* px */
  int group, x_stride; /* live: wd_cpu_pml_rows */
  wd_cpu_pml_weights weights;
  bool ring;                                 /* rows wrap */
  int middle_from, middle_to, middle_stride; /* vectors that hold columns of the map; their floats in a row */
  float *spare;                              /* one row: large where no cell is, 0 elsewhere */
  int *receiver_first;  /* pz + 1: receivers of row z are receiver_order[first[z] .. first[z + 1]) */
  int *receiver_order;  /* receiver index */
  int *receiver_at;     /* its position in the row */
  unsigned long serial; /* counts loads */
  int workers;
  wd_cpu_worker *worker;
  wd_cpu_field *state; /* maps * shots, from the first step on */
  int steps_a_sweep;   /* T */
} wd_cpu_wave;

static inline wd_cpu_range wd_cpu_get_range(const wd_cpu_field *f, int z) {
  uint64_t word = __atomic_load_n(&f->range[z], __ATOMIC_RELAXED);
  wd_cpu_range r;
  memcpy(&r, &word, sizeof r);
  return r;
}

/* Of a row inside the grid; on a ring its ghost row too. */
static inline void wd_cpu_put_range(const wd_wave *w, wd_cpu_field *f, int z, wd_cpu_range r) {
  uint64_t word;
  memcpy(&word, &r, sizeof r);
  __atomic_store_n(&f->range[z], word, __ATOMIC_RELAXED);
  if (!w->periodic || w->desc.free_surface) return;
  if (z >= 0 && z < w->radius) __atomic_store_n(&f->range[z + w->pz], word, __ATOMIC_RELAXED);
  if (z < w->pz && z >= w->pz - w->radius) __atomic_store_n(&f->range[z - w->pz], word, __ATOMIC_RELAXED);
}

/* One shot's work for one thread. */
typedef struct wd_cpu_job {
  const wd_wave *w;
  const wd_cpu_wave *b;
  const wd_cpu_coefficients *k;
  wd_cpu_field *f;
  int map, shot;
  int source_row, source_at; /* row and position of the source */
  int step;                  /* of stage 0 of the present sweep */
  bool settled;              /* no row has anything left to skip or to treat as tiny */
  bool recheck;              /* sweep in which clean ranges are looked at anew */
} wd_cpu_job;

/* Stages a sweep of `steps` steps has: live takes two a step. */
int wd_cpu_stages(const wd_wave *w, int steps);
/* Advances rows [a[k], b[k]) by stage k, k = 0..stages-1, in wavefront order; rows may pass pz on a ring. */
void wd_cpu_tile(wd_cpu_job *job, int stages, const int *a, const int *b);
/* Looks over the rows at the start of a sweep (job->settled). */
void wd_cpu_sweep_begin(wd_cpu_job *job);

/* After a sweep of `steps` in live mode: widens the rows that were ever nonzero by what became so. */
void wd_cpu_pml_widen(const wd_cpu_job *job, int steps);

/* solver/cpu/field.c */
wd_status wd_cpu_field_create(const wd_wave *w, wd_cpu_field *f, wd_error *err);
void wd_cpu_field_clear(wd_cpu_field *f);
void wd_cpu_field_rest(const wd_wave *w, wd_cpu_field *f, int map, int shot);
size_t wd_cpu_field_bytes(const wd_wave *w);
void wd_cpu_field_read(const wd_wave *w, const wd_cpu_field *f, int step, float *out);
void wd_cpu_field_read_core(const wd_wave *w, const wd_cpu_field *f, int step,
                            float *out); /* the map's own cells */
float wd_cpu_unscale(float value, float scale);
wd_status wd_cpu_coefficients_create(const wd_wave *w, wd_cpu_coefficients *k, wd_error *err);
void wd_cpu_coefficients_fill(const wd_wave *w, wd_cpu_coefficients *k, int map);

#endif
