/* How far decoded pairs are from the wave equation: decoded gathers s = D_s(z) against F(v), the solver's
 * gathers of the decoded map v = D_v(z), and against F(v_top), the same map without anything below the row of
 * the sources (solver/metrics.h defines the figures, solver/reflection.h v_top). One wave propagation is made
 * once and used again for every pair, of which several go through it together.
 *
 * Whoever shows a figure says which mode made it: wd_residual_mode. Figures of `exact` do not depend on the
 * device nor on how many pairs were propagated together. */
#ifndef WD_RESIDUAL_H
#define WD_RESIDUAL_H

#include "solver/metrics.h"
#include "solver/wave.h"

/* Zero means the default in brackets. */
typedef struct wd_residual_desc {
  wd_wave_desc wave; /* mode and so on [exact]; `maps` is ignored */
  bool spectral;     /* wd_residual_measure: coherence and envelope too [false] */
  int batch;         /* most pairs in one propagation [as many as keep the device busy] */
} wd_residual_desc;

typedef struct wd_residual wd_residual;

/* desc may be NULL. Device and survey (wd_model_survey) must outlive it. Nothing is allocated for the wave
 * before the first pairs come. */
wd_status wd_residual_create(wd_device *device, const wd_survey *survey, const wd_residual_desc *desc,
                             wd_residual **out, wd_error *err);
void wd_residual_destroy(wd_residual *residual); /* NULL is harmless */

wd_wave_mode wd_residual_mode(const wd_residual *residual);
int wd_residual_batch(const wd_residual *residual); /* pairs that wd_residual_simulate takes at once */

/* F(v) and F(v_top) of n maps (n x nz x nx, m/s), 1..batch, kept until the next call that simulates. A map
 * that the solver refuses (not finite, too fast, too slow) is named in the error by its place, from 1. */
wd_status wd_residual_simulate(wd_residual *residual, int n, const float *velocity, const wd_hooks *hooks,
                               wd_error *err);
int wd_residual_simulated(
    const wd_residual *residual); /* maps of the last wd_residual_simulate; 0 at first */
/* Of map i of these; valid until the next call that simulates. NULL beyond the last. */
const wd_gather *wd_residual_full(const wd_residual *residual, int i); /* F(v) */
const wd_gather *wd_residual_top(const wd_residual *residual, int i);  /* F(v_top) */

/* Any gathers (decoded, observed) against those of map i; whole, by shot and by trace. *out is released with
 * wd_comparison_clear. desc as in wd_compare. */
wd_status wd_residual_compare(const wd_residual *residual, int i, const wd_gather *gathers,
                              const wd_compare_desc *desc, wd_comparison *out, wd_error *err);

/* n pairs, any number: maps (n x nz x nx) and gathers (n x shots x samples x receivers, linear amplitude).
 * out: n measures of whole pairs. Nothing is written to it unless all goes well. */
wd_status wd_residual_measure(wd_residual *residual, int n, const float *velocity, const float *gathers,
                              wd_measure *out, const wd_hooks *hooks, wd_error *err);

/* What a population of pairs scores in one figure. For the reflection residual pairs with nothing to reflect
 * are left out (metrics.h); for all others only what is not finite is. Percentiles interpolate linearly
 * between order statistics. */
typedef struct wd_population {
  size_t pairs;              /* counted */
  size_t nothing_to_reflect; /* left out for that */
  size_t not_finite;         /* left out for that */
  double p05, median, p95;   /* NaN when none is counted */
  double least, largest;
} wd_population;

/* WD_ERR_NO_MEMORY only. */
wd_status wd_population_of(const wd_measure *measure, size_t n, wd_metric metric, wd_population *out,
                           wd_error *err);
/* The same for plain values; NaN and infinity are left out. */
wd_status wd_population_of_values(const double *value, size_t n, wd_population *out, wd_error *err);

#endif
