/* What kind of error two gathers have, window by window: shifted in time, or a reflection that one of them
 * has and the other has not.
 *
 * Windows of 2 / f (133 ms at 15 Hz), every half window, of every `step`-th trace. In each, with a the
 * gathers under test, b the reference, top the reference without reflections:
 *
 *   error     E = sum (a - b)^2
 *   shifted   E(l) = max(A, A_l) + B - 2 sum a(t + l) b(t), A, B the energies of a, b in the window and A_l
 *             that of the shifted a: what is left when a is moved by l, |l| <= 1 / f. Moving an event out of
 *             the window gains nothing, since A stays. The least over l is taken of the whole gathers, and of
 *             the reflections alone (a - top, b - top), whichever leaves less; l = 0 when nothing is gained.
 *   one-sided the reflections of one have less than a quarter of the other's energy: what remains of E after
 *             shifting counts as missing (a has less) or extra.
 *
 * Sums over all windows give the shares below. */
#ifndef WD_SAMPLE_WINDOWS_H
#define WD_SAMPLE_WINDOWS_H

#include "solver/gather.h"

typedef struct wd_windows {
  double timing;         /* share of E that shifting removes; NaN when there is no error at all */
  double shift;          /* seconds: mean |l|, weighted by what it removes; 0 where nothing is gained */
  double suspects;       /* of the windows that hold 99 % of E: share with |l| of half a period or more */
  double missing, extra; /* shares of E */
} wd_windows;

/* step: every which trace [1]. frequency: Hz [15]. The last sample of each trace is left out, as in
 * solver/metrics.h. WD_ERR_DIVERGED when something is not finite. */
wd_status wd_windows_measure(const wd_gather *a, const wd_gather *b, const wd_gather *top, double frequency,
                             int step, wd_windows *out, wd_error *err);

#endif
