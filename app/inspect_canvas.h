/* What the pictures of Inspect mode share: an area that draws itself anew when its part of the population
 * changes, and tells assistive technology what it shows. */
#ifndef WD_INSPECT_CANVAS_H
#define WD_INSPECT_CANVAS_H

#include "app/inspect.h"
#include "render/curve.h"

#include <gtk/gtk.h>

typedef struct WdInspectCanvas {
  WdInspect *inspect; /* borrowed: the page holds it */
  GtkWidget *widget;
  wd_style style; /* of this drawing */
  char font[64];
  char about[400]; /* to be filled by `draw`: one or two sentences */
} WdInspectCanvas;
typedef void (*WdInspectDraw)(WdInspectCanvas *c, cairo_t *cr, double width, double height);

/* parts: WdInspectPart that it depends on. label: for assistive technology. */
GtkWidget *wd_inspect_canvas_new(WdInspect *inspect, guint parts, const char *label, int width, int height,
                                 WdInspectDraw draw);
/* A sentence in the middle in place of a picture. */
void wd_inspect_message(const WdInspectCanvas *c, cairo_t *cr, double width, double height, const char *text);
/* An axis below a plot: line, ticks, numbers, its name; grid lines up into the plot. */
void wd_inspect_axis_below(wd_pen *pen, const wd_rect *plot, const wd_axis *axis);
void wd_inspect_axis_left(wd_pen *pen, const wd_rect *plot, const wd_axis *axis);
/* "Reflection residual (live mode)", "Window shift (ms, exact mode)". */
void wd_inspect_axis_name(const WdInspect *i, int kind, char *out, gsize size);

/* histogram (inspect_histogram.c), scatter (inspect_scatter.c) */
GtkWidget *wd_inspect_histogram_new(WdInspect *inspect);
GtkWidget *wd_inspect_scatter_new(WdInspect *inspect);

#endif
