/* One sample closely: where its error lies by shot and receiver, by how much windows are late, first arrivals
 * three ways, and its residual by step against the population. All but the last follow side A of the view, as
 * panels do. */
#ifndef WD_INSPECT_MAPS_H
#define WD_INSPECT_MAPS_H

#include "app/inspect.h"
#include "app/view.h"
#include "solver/lag.h"

#include <gtk/gtk.h>

GtkWidget *wd_inspect_residual_map_new(WdSession *session, WdView *view, WdInspect *inspect);
GtkWidget *wd_inspect_lag_map_new(WdSession *session, WdView *view);
GtkWidget *wd_inspect_arrivals_new(WdSession *session, WdView *view);
GtkWidget *wd_inspect_way_new(WdInspect *inspect); /* inspect_way.c */

/* What takes too long to be made while drawing (inspect_analysis.c): made off the main thread for the frames
 * last asked for; the view says WD_VIEW_DISPLAY once it is there. */
typedef struct WdAnalysis {
  gboolean failed;
  wd_lag_map lags;             /* windows of 200 ms every 100 ms, shifts up to one period */
  double *decoded, *simulated; /* first arrivals, seconds, shots * receivers; NaN: none */
} WdAnalysis;
/* NULL: not yet. Valid until the main loop runs again. */
const WdAnalysis *wd_inspect_analysis(WdView *view, WdPair *pair, WdSimulation *simulation);

#endif
