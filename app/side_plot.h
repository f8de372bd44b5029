/* What the plots beside the panels (traces, profiles) share: a drawing that follows the place, shot and
 * crosshair of side A of a view, and curves put into rectangles of it. */
#ifndef WD_SIDE_PLOT_H
#define WD_SIDE_PLOT_H

#include "app/session.h"
#include "app/view.h"
#include "render/curve.h"

#include <gtk/gtk.h>

typedef struct WdSidePlot WdSidePlot;
/* Draws and puts a sentence for assistive technology into `about`. */
typedef void (*WdSidePlotDraw)(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                               gsize size);

struct WdSidePlot {
  WdSession *session;
  WdView *view;
  GtkWidget *widget;
  WdSidePlotDraw draw;
  char font[64];
  wd_style style;
  /* of this drawing; members may be NULL */
  WdFrame frame;
  WdPair *truth;
  int position;
  gint64 described;
};

/* label: for assistive technology. */
GtkWidget *wd_side_plot_new(WdSession *session, WdView *view, const char *label, WdSidePlotDraw draw);

/* One sentence in the middle, in place of plots. */
void wd_side_plot_message(const WdSidePlot *plot, cairo_t *cr, double width, double height, const char *text);
/* A curve in a rectangle; a line across it at x, when that is a number. Nothing where there is no room. */
void wd_side_plot_curve(const WdSidePlot *plot, cairo_t *cr, const wd_rect *place, const wd_curve *curve,
                        double at_x, double at_y);

#endif
