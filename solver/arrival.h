/* First arrivals picked on gathers, comparable with the times of eikonal.h.
 *
 * Per trace x, peak P = max |x|, with T the dominant period 1 / f:
 *   1. Detection (STA/LTA): the first sample where the rms over the next T/4 exceeds both `threshold` P and
 *      `ratio` times the rms of all that came before. The first asks for signal, the second for a rise above
 *      whatever noise leads it.
 *   2. The event's own size: A = max |x| within one period from there, so that a stronger later
 *      arrival does not move the pick of an early weak one.
 *   3. The pick: where |x| first rises through `flank` A, looked for from half a period before the detection,
 *      between samples by straight line: a time on the front of the first lobe.
 *
 * A pick therefore lies a fixed delay after the eikonal time: the rise of the wavelet as it arrives in two
 * dimensions, a Ricker of peak frequency f centred at `centre`, half integrated (convolved with 1 / sqrt(t)).
 * wd_arrival_delay measures that delay by the same steps on that pulse, and wd_arrival_pick takes it off.
 * Measured (tests/solver/test_arrival.c): homogeneous maps within 0.8 ms at every offset, a 3/s gradient
 * within 2.3 ms, family maps a median of 0.3 to 1.1 ms from the eikonal time; where a faint head wave leads,
 * single traces differ by a phase. */
#ifndef WD_ARRIVAL_H
#define WD_ARRIVAL_H

#include "solver/gather.h"
#include "solver/status.h"
#include <stdbool.h>

/* Zero means the default in brackets. */
typedef struct wd_arrival_desc {
  double frequency; /* Hz, peak of the Ricker wavelet [15] */
  double centre; /* seconds: time of the wavelet's peak at the source [OpenFWI's: (nw - 1) / 2 steps, 73 ms at
                    15 Hz and 1 ms; survey.h] */
  double threshold; /* of the trace's peak [0.03] */
  double ratio;     /* short over long rms [3] */
  double flank;     /* of the event's size [0.2] */
  bool raw;         /* leave the wavelet's delay in [false] */
} wd_arrival_desc;

/* Times in seconds, time[shot * receivers + receiver], room for shots * receivers; NaN where nothing can be
 * picked: silence, NaN in the trace, no rise. desc may be NULL. Refuses a gather without a time step. */
wd_status wd_arrival_pick(const wd_gather *gather, const wd_arrival_desc *desc, double *time, wd_error *err);

/* Seconds from the eikonal time to the raw pick. */
wd_status wd_arrival_delay(double dt, const wd_arrival_desc *desc, double *delay, wd_error *err);

#endif
