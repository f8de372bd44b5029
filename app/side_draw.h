/* What the plots beside the panels draw, on cairo alone: the drawing areas of the window (side_plot.h) and
 * the figures of export.h share it. All are of the frame in view and of the data, whatever the
 * display does to them. No GTK. */
#ifndef WD_SIDE_DRAW_H
#define WD_SIDE_DRAW_H

#include "app/session.h"
#include "app/view.h"
#include "render/curve.h"
#include "render/panel.h"

typedef struct WdSidePlot WdSidePlot;
/* Draws and puts a sentence for assistive technology into `about`. */
typedef void (*WdSidePlotDraw)(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                               gsize size);

struct WdSidePlot {
  WdSession *session;
  WdView *view;
  int side;                  /* of the view that is looked at */
  struct _GtkWidget *widget; /* NULL: drawn for a figure */
  WdSidePlotDraw draw;
  char font[64];
  wd_style style;
  /* of this drawing; members may be NULL */
  WdFrame frame;
  WdPair *truth;
  int position;
  gint64 described;
};

/* Frame, truth and position of the view's side. */
void wd_side_draw_look(WdSidePlot *plot);

/* One sentence in the middle, in place of plots. */
void wd_side_plot_message(const WdSidePlot *plot, cairo_t *cr, double width, double height, const char *text);
/* A curve in a rectangle; a line across it at x, when that is a number. Nothing where there is no room. */
void wd_side_plot_curve(const WdSidePlot *plot, cairo_t *cr, const wd_rect *place, const wd_curve *curve,
                        double at_x, double at_y);
/* A panel over the whole room; *layout (may be NULL) is where it stands. FALSE: there was no room. */
gboolean wd_side_plot_panel(const WdSidePlot *plot, cairo_t *cr, double width, double height,
                            const wd_panel *panel, wd_panel_layout *layout);

/* Time lags by shot, receiver and time; first arrivals of a shot three ways; the trace under the crosshair
 * with what is between the two and their spectra. */
void wd_side_draw_lags(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                       gsize size);
void wd_side_draw_arrivals(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                           gsize size);
void wd_side_draw_trace(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                        gsize size);

/* Whether all that these two need is settled; what is not is asked for, and the main loop makes it. */
gboolean wd_side_times_ready(const WdSidePlot *plot);
/* Why one of these three cannot be drawn of this frame; NULL: it can. */
const char *wd_side_times_missing(const WdSidePlot *plot);
const char *wd_side_trace_missing(const WdSidePlot *plot);

#endif
