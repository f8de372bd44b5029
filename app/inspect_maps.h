/* One sample closely: where its error lies by shot and receiver, by how much windows are late, first arrivals
 * three ways, and its residual by step against the population. All but the last follow side A of the view, as
 * panels do. */
#ifndef WD_INSPECT_MAPS_H
#define WD_INSPECT_MAPS_H

#include "app/inspect.h"
#include "app/view.h"

#include <gtk/gtk.h>

GtkWidget *wd_inspect_residual_map_new(WdSession *session, WdView *view, WdInspect *inspect);
GtkWidget *wd_inspect_lag_map_new(WdSession *session, WdView *view);
GtkWidget *wd_inspect_arrivals_new(WdSession *session, WdView *view);
GtkWidget *wd_inspect_way_new(WdInspect *inspect); /* inspect_way.c */

#endif
