/* The drawn part of the residual plot: the curve, the reflection share under it, the places of A and B, a
 * readout under the pointer, and what clicks and drags do. */
#ifndef WD_PLOT_CANVAS_H
#define WD_PLOT_CANVAS_H

#include "app/plot_data.h"

#include <gtk/gtk.h>

#define WD_TYPE_PLOT_CANVAS (wd_plot_canvas_get_type())
G_DECLARE_FINAL_TYPE(WdPlotCanvas, wd_plot_canvas, WD, PLOT_CANVAS, GtkWidget)

WdPlotCanvas *wd_plot_canvas_new(WdSession *session, WdView *view);

/* Levels and population of the metric in view, kept up to date; borrowed members. */
WdPlotDesc wd_plot_canvas_desc(WdPlotCanvas *canvas);
/* Puts the plot together anew at the next frame. */
void wd_plot_canvas_invalidate(WdPlotCanvas *canvas);
/* The plot as pixels, as on screen without what the pointer says, at the screen's scale: for the clipboard.
 * NULL: nothing is drawn. */
GdkTexture *wd_plot_canvas_get_texture(WdPlotCanvas *canvas);
/* Where a value of the plot stands, in the canvas' coordinates: for tests. FALSE: nothing is drawn. */
gboolean wd_plot_canvas_at(WdPlotCanvas *canvas, guint branch, int k, double value, double *x, double *y);
double wd_plot_canvas_epsilon(WdPlotCanvas *canvas); /* in force; NaN: none */

#endif
