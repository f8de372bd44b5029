/* The window's widgets, one file pair each; this lists how they are made. All of them borrow the session and
 * the view, which outlive them, watch both, and have no other source of truth. */
#ifndef WD_WIDGETS_H
#define WD_WIDGETS_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

/* panel_view.c: one panel of side A (0) or B (1), with its header, axes, bar, crosshair, zoom, context menu.
 */
GtkWidget *wd_panel_view_new(WdSession *session, WdView *view, WdPanelKind kind, int side);
/* shot_strip.c: buttons All, 1..n with a small picture of each shot. */
GtkWidget *wd_shot_strip_new(WdSession *session, WdView *view, int side);
/* Numbers alone, in a lower row: for where the panels need the room. */
void wd_shot_strip_set_compact(GtkWidget *strip, gboolean compact);
/* trace_view.c: decoded and simulated trace at the crosshair, their difference, spectra, lag, correlation. */
GtkWidget *wd_trace_view_new(WdSession *session, WdView *view);
/* profile_view.c: v(z) and v(x) through the crosshair. */
GtkWidget *wd_profile_view_new(WdSession *session, WdView *view);
/* plot_view.c: the residual plot with its menu and verdict. */
GtkWidget *wd_plot_view_new(WdSession *session, WdView *view);
/* Its buttons as icons, without the choice of the horizontal axis, which a walk has not: for narrow places.
 */
void wd_plot_view_set_compact(GtkWidget *plot);
/* timeline.c: ticks, branches as lanes, transport buttons. */
GtkWidget *wd_timeline_new(WdSession *session, WdView *view);
/* sidebar.c: Run, Display, Physics, Latent, Branches. */
GtkWidget *wd_sidebar_new(WdSession *session, WdView *view);
/* status_bar.c: device, reproducibility, times, cursor values. */
GtkWidget *wd_status_bar_new(WdSession *session, WdView *view);

#endif
