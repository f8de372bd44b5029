/* All figures of a sample, from its pair and what the solver makes of its map: the one way, for the window's
 * engine and the command line. */
#ifndef WD_SAMPLE_MEASURE_H
#define WD_SAMPLE_MEASURE_H

#include "app/population.h"
#include "solver/hooks.h"
#include "solver/survey.h"

typedef struct WdSampleDesc {
  const wd_survey *survey;
  wd_wave_mode mode;
  const wd_map *velocity;        /* decoded */
  const wd_gather *gathers;      /* decoded */
  const wd_gather *full, *top;   /* F(v), F(v_top); NULL: the solver refused the map (say why in the fault) */
  const wd_comparison *compared; /* of gathers with these, when it is there already; NULL: made */
  const float *latent;           /* finished; NULL: none */
  gsize numbers;                 /* of the latent */
  double velocity_min, velocity_max; /* the model's range */
  int threads;                       /* [1] */
  gboolean quick; /* without whole-trace lags and interior residual, which cost as much as all the rest */
} WdSampleDesc;

/* Fills values, per-shot rows, latent, map and picture of a sample; seed, family, way and fault are the
 * caller's. What cannot be made stays NaN: numbers that are not finite are counted, not refused. WD_CANCELLED
 * and WD_ERR_NO_MEMORY only; the sample is then to be thrown away. */
wd_status wd_sample_measure(const WdPopulation *p, const WdSampleDesc *desc, WdSample *sample,
                            const wd_hooks *hooks, wd_error *err);

#endif
