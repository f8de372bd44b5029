/* The cpu backend of a wave: its fields, coefficients by row, and the sweep that advances one shot.
 *
 * A row of the padded grid is `stride` floats: `radius` ghosts, px columns, `radius` ghosts, spare zeros up
 * to whole vectors. With a periodic rim the ghosts copy the other end of the row and rows wrap by their
 * index; without, the ghosts are zero and `radius` ghost rows lie above and below (zero, or with a free
 * surface the rows 1.. mirrored with the sign changed).
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

enum { WD_CPU_MAX_STAGES = 16 };

/* One shot in flight. */
typedef struct wd_cpu_field {
  float *block;                           /* owns all arrays below */
  float *p[2];                            /* row 0 of step n in p[n % 2] */
  float *psi_x, *zeta_x, *psi_z, *zeta_z; /* live */
  int *range;                             /* owns the next four, pz each */
  int *lo, *hi;                           /* positions of a row that were ever nonzero: [lo, hi) */
  int *clean_lo, *clean_hi;               /* its vectors that are safely away from denormals (exact) */
  float scale;                            /* values are held times this: 1 or WD_CPU_SCALE */
} wd_cpu_field;

/* A map's coefficients as rows of vectors. One a worker, refilled when the worker turns to another map. */
typedef struct wd_cpu_coefficients {
  float *block;
  float *alpha, *t1;            /* nz rows; t1 without kz */
  float *t2;                    /* one row: 1 - kx */
  float *ax, *bx;               /* live: one row each */
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
  int stride, vectors;                       /* of a row: floats, vectors */
  int strip[4];                              /* live: see wd_cpu_pml_row */
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

/* solver/cpu/field.c */
wd_status wd_cpu_field_create(const wd_wave *w, wd_cpu_field *f, wd_error *err);
void wd_cpu_field_clear(wd_cpu_field *f);
void wd_cpu_field_rest(const wd_wave *w, wd_cpu_field *f, int map, int shot);
size_t wd_cpu_field_bytes(const wd_wave *w);
void wd_cpu_field_read(const wd_wave *w, const wd_cpu_field *f, int step, float *out);
float wd_cpu_unscale(float value, float scale);
wd_status wd_cpu_coefficients_create(const wd_wave *w, wd_cpu_coefficients *k, wd_error *err);
void wd_cpu_coefficients_fill(const wd_wave *w, wd_cpu_coefficients *k, int map);

#endif
