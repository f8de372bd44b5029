/* Seismic shot gathers: the pressure recorded at every receiver, value[(shot * samples + sample) * receivers
 * + receiver], the order of OpenFWI's (shots, samples, receivers) arrays. Linear amplitude of the solver. */
#ifndef WD_GATHER_H
#define WD_GATHER_H

#include "solver/status.h"
#include <stddef.h>

typedef struct wd_gather {
  int shots, samples, receivers;
  double dt; /* seconds between samples; sample 0 is at time dt (physics: the first step already records) */
  float *value; /* shots * samples * receivers, owned when made by wd_gather_create */
} wd_gather;

wd_status wd_gather_create(int shots, int samples, int receivers, double dt, wd_gather *out, wd_error *err);
void wd_gather_clear(wd_gather *gather);

static inline size_t wd_gather_count(const wd_gather *g) {
  return (size_t)g->shots * (size_t)g->samples * (size_t)g->receivers;
}

/* Sets the last sample of every trace to zero, as OpenFWI's released training files have it. */
void wd_gather_zero_last(wd_gather *gather);

#endif
