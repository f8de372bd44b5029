/* Lags and first arrivals of a pair: what the plots of side_draw.h take from it. No GTK; main thread only. */
#ifndef WD_ANALYSIS_H
#define WD_ANALYSIS_H

#include "app/session.h"
#include "app/view.h"
#include "solver/lag.h"

/* What takes too long to be made while drawing: made off the main thread for the frames
 * last asked for; the view says WD_VIEW_DISPLAY once it is there. */
typedef struct WdAnalysis {
  gboolean failed;
  wd_lag_map lags;             /* windows of 200 ms every 100 ms, shifts up to one period */
  double frequency;            /* of the wavelet, Hz */
  double *decoded, *simulated; /* first arrivals, seconds, shots * receivers; NaN: none */
} WdAnalysis;
/* NULL: not yet. Valid until the main loop runs again. The half period, and how far lags are searched, are
 * those of the recording's wavelet. */
const WdAnalysis *wd_analysis_find(WdSession *session, WdView *view, WdPair *pair, WdSimulation *simulation);

#endif
