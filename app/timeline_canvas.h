/* The drawn part of the timeline: lanes and ticks, and what mouse and keys do on them. timeline.c puts
 * transport buttons, the lanes' names and scrolling around it. */
#ifndef WD_TIMELINE_CANVAS_H
#define WD_TIMELINE_CANVAS_H

#include "app/lanes.h"
#include "app/session.h"

#include <gtk/gtk.h>

#define WD_TYPE_TIMELINE_CANVAS (wd_timeline_canvas_get_type())
G_DECLARE_FINAL_TYPE(WdTimelineCanvas, wd_timeline_canvas, WD, TIMELINE_CANVAS, GtkWidget)

/* Signals: "lanes" (they changed: names and sizes beside it are to be drawn again), "failed" (const char *:
 * what could not be begun, for people). */
WdTimelineCanvas *wd_timeline_canvas_new(WdSession *session, WdView *view);

const GArray *wd_timeline_canvas_lanes(WdTimelineCanvas *canvas); /* borrowed until "lanes" */
/* Where things stand, in the canvas' own coordinates: middle of a tick, for tests and scrolling. */
gboolean wd_timeline_canvas_tick(WdTimelineCanvas *canvas, guint id, int k, double *x, double *y);
double wd_timeline_canvas_row(WdTimelineCanvas *canvas, int row); /* middle of a lane */
double wd_timeline_canvas_lane_height(WdTimelineCanvas *canvas);

/* To position k of a branch on side A, making what is missing (also beyond what is made). FALSE: it could not
 * be begun, "failed" has told why. */
gboolean wd_timeline_canvas_go(WdTimelineCanvas *canvas, guint id, int k);

#endif
