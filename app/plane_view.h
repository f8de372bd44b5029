/* The plane of the latent explorer on screen (render/plane.h): the cursor follows the mouse, Shift moves it
 * finely, Ctrl+click adds a waypoint. Keys are the window's (keys.c, latent_actions.h). */
#ifndef WD_PLANE_VIEW_H
#define WD_PLANE_VIEW_H

#include "app/explorer.h"
#include "app/view.h"
#include "render/plane.h"

#include <gtk/gtk.h>

#define WD_TYPE_PLANE_VIEW (wd_plane_view_get_type())
G_DECLARE_FINAL_TYPE(WdPlaneView, wd_plane_view, WD, PLANE_VIEW, GtkWidget)

/* Borrows all three, which outlive it. */
GtkWidget *wd_plane_view_new(WdSession *session, WdView *view, WdExplorer *explorer);
/* What is drawn over the plane. */
void wd_plane_view_show(WdPlaneView *self, gboolean pictures, gboolean residuals);
/* Where a place of the plane stands in the widget, 0..1 of its size; FALSE before it is on screen. */
gboolean wd_plane_view_find(WdPlaneView *self, double u, double v, double *fx, double *fy);

#endif
