/* What the plots beside the panels (traces, profiles) share: a drawing that follows the place, shot and
 * crosshair of side A of a view. What is drawn: side_draw.h. */
#ifndef WD_SIDE_PLOT_H
#define WD_SIDE_PLOT_H

#include "app/side_draw.h"

#include <gtk/gtk.h>

/* label: for assistive technology. */
GtkWidget *wd_side_plot_new(WdSession *session, WdView *view, const char *label, WdSidePlotDraw draw);

#endif
