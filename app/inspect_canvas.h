/* What the pictures of Inspect mode share: an area that draws itself anew when its part of the population
 * changes, and tells assistive technology what it shows. */
#ifndef WD_INSPECT_CANVAS_H
#define WD_INSPECT_CANVAS_H

#include "app/inspect_draw.h"

#include <gtk/gtk.h>

/* parts: WdInspectPart that it depends on. label: for assistive technology. */
GtkWidget *wd_inspect_canvas_new(WdInspect *inspect, guint parts, const char *label, int width, int height,
                                 WdInspectDraw draw);

/* histogram (inspect_histogram.c), scatter (inspect_scatter.c) */
GtkWidget *wd_inspect_histogram_new(WdInspect *inspect);
GtkWidget *wd_inspect_scatter_new(WdInspect *inspect);

#endif
