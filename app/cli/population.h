/* What `sample --score` keeps of its samples for Inspect mode and for `rank` (app/population.h). A build
 * without GLib keeps nothing: population_sink_open then gives NULL, which all others take. */
#ifndef WD_CLI_POPULATION_H
#define WD_CLI_POPULATION_H

#include "app/cli/pairs.h"

typedef struct population_sink population_sink;

typedef struct population_sink_desc {
  const wd_model *model;
  const wd_survey *survey;
  wd_sampler_plan plan; /* its steps: all of the run */
  wd_precision precision;
  wd_wave_mode mode;
  const wd_sampler_level *level; /* of positions 0..end */
  int positions, every;          /* which of them are scored: every so many, and the last */
} population_sink_desc;

wd_status population_sink_open(const population_sink_desc *desc, population_sink **out, wd_error *err);

typedef struct population_sample {
  uint64_t seed;
  int family;
  const float *velocity, *gathers; /* decoded; NULL: the decoders gave nothing finite */
  const float *latent;             /* finished; NULL: the run was lost on the way */
  const wd_gather *full, *top;     /* F(v), F(v_top); NULL: the solver refused the map */
  const char *fault;               /* what was refused, and why; NULL: nothing */
  const wd_measure *way; /* x_t and x0-hat of every position: way[2 k + 1] is x0-hat at k; all scored ones are
                            there */
} population_sample;
wd_status population_sink_add(population_sink *sink, const population_sample *sample, const wd_hooks *hooks,
                              wd_error *err);
/* Into the folder; without a sink an older file of that name is removed. */
wd_status population_sink_save(population_sink *sink, const char *folder, wd_error *err);
void population_sink_free(population_sink *sink); /* NULL is harmless */

#endif
