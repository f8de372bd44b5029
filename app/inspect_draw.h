/* Drawings of a population, for the window and for files: without GTK. Each takes its figures from a
 * WdInspect and tells in a sentence or two what it shows. */
#ifndef WD_INSPECT_DRAW_H
#define WD_INSPECT_DRAW_H

#include "app/inspect.h"
#include "render/curve.h"

typedef struct WdInspectDrawing {
  WdInspect *inspect; /* borrowed */
  wd_style style;
  char about[400]; /* filled by the drawing */
} WdInspectDrawing;
typedef void (*WdInspectDraw)(WdInspectDrawing *d, cairo_t *cr, double width, double height);

/* A sentence in the middle in place of a picture. */
void wd_inspect_message(const WdInspectDrawing *d, cairo_t *cr, double width, double height,
                        const char *text);
/* An axis below a plot: line, ticks, numbers, its name; grid lines up into the plot. */
void wd_inspect_axis_below(wd_pen *pen, const wd_rect *plot, const wd_axis *axis);
void wd_inspect_axis_left(wd_pen *pen, const wd_rect *plot, const wd_axis *axis);
/* "Reflection residual (live mode)", "Window shift (ms, exact mode)". */
void wd_inspect_axis_name(const WdInspect *i, int kind, char *out, gsize size);

/* inspect_draw_histogram.c: the metric of what is shown, with the limit; by family: a line each. */
typedef struct WdHistogramPlot {
  wd_rect room;
  wd_axis axis;
} WdHistogramPlot;
gboolean wd_histogram_arrange(WdInspect *i, double size, double width, double height, WdHistogramPlot *out);
void wd_histogram_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height);

/* inspect_draw_scatter.c: two figures against each other. */
typedef struct WdScatterPlot {
  wd_rect room;
  wd_axis x, y;
} WdScatterPlot;
gboolean wd_scatter_arrange(WdInspect *i, double size, double width, double height, WdScatterPlot *out);
gboolean wd_scatter_place(const WdInspect *i, const WdScatterPlot *p, guint number, double *x, double *y);
void wd_scatter_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height);

/* inspect_draw_way.c: the chosen sample's residual by step. */
void wd_way_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height);

/* inspect_draw_gallery.c: the worst of what is shown, in rows; in pixels of the window. */
enum { WD_GALLERY_MAX = 60 };
typedef struct WdGalleryPlot {
  int columns, rows;
  double cell_width, cell_height, gap; /* of a cell with the gap behind it */
} WdGalleryPlot;
void wd_gallery_arrange(const WdInspect *i, double size, double width, WdGalleryPlot *out);
GArray *wd_gallery_worst(WdInspect *i); /* numbers, worst first; g_array_unref */
void wd_gallery_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height);

#endif
