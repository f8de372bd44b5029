/* Time lags between two sets of gathers by windowed cross-correlation, for the lag map and for cycle-skip
 * suspects. Both traces are cut to the same window, zero outside, and for a shift of l samples
 *
 *   c(l) = sum_t a(t + l) b(t) / (||a|| ||b||)
 *
 * The lag is the l of the largest c, refined below a sample by the parabola through it and its two
 * neighbours; positive when a comes later than b. (Cutting both, and dividing by fixed norms, keeps c
 * symmetric for equal traces: their lag is 0 wherever the window cuts.) A lag beyond half the dominant
 * period, 1 / (2 f) = 33 ms at 15 Hz, means that a gradient pulls towards the wrong cycle. */
#ifndef WD_LAG_H
#define WD_LAG_H

#include "solver/gather.h"
#include "solver/status.h"
#include <stdbool.h>

/* Zero means the default in brackets. */
typedef struct wd_lag_desc {
  double max_lag;   /* seconds searched on either side [0.1] */
  double window;    /* length of a window in seconds [the whole trace, one window] */
  double hop;       /* from one window to the next, seconds [half the window] */
  double frequency; /* Hz, for the half period [15] */
  bool all_samples; /* the last sample of every trace too [false], as in metrics.h */
  double silence;   /* a window whose rms is below this fraction of its gather's largest has no lag [1e-3] */
} wd_lag_desc;

typedef struct wd_lag {
  double lag;         /* seconds; NaN where there is none: silence in a or b, NaN in the data */
  double correlation; /* c at the lag, -1..1 */
  bool at_limit;      /* the largest c lies on the edge of the search: the true lag may be further out */
} wd_lag;

typedef struct wd_lag_map {
  int shots, receivers, windows;
  double first_centre, hop; /* seconds from sample 0 to the middle of window 0, and from window to window */
  double half_period;       /* seconds */
  wd_lag *value;            /* value[(shot * receivers + receiver) * windows + window] */
  double mean_abs;          /* seconds: mean |lag| over the windows that have one; NaN when none has */
  int with_lag;             /* windows that have a lag */
  int suspects;             /* of these, |lag| > half_period or at_limit */
} wd_lag_map;

/* desc may be NULL. Released with wd_lag_map_clear. */
wd_status wd_lag_map_create(const wd_gather *a, const wd_gather *b, const wd_lag_desc *desc, wd_lag_map *out,
                            wd_error *err);
void wd_lag_map_clear(wd_lag_map *map);

/* One window, samples [first, first + count) of traces whose samples are `stride` floats apart; shifts of
 * -max_lag..max_lag samples. The lag comes in samples. NaN when either is silent (exactly zero) there or not
 * finite, or when nothing of a within reach resembles b. */
wd_lag wd_lag_of_window(const float *a, const float *b, ptrdiff_t stride, int first, int count, int max_lag);

/* 1 / (2 f), seconds. */
static inline double wd_half_period(double frequency) {
  return 0.5 / frequency;
}

#endif
