/* The wavefield on screen: map, gather and trace of wavefield_scene.h side by side, in three layers, so that
 * a frame of the movie redraws pictures, lines and clock but no text. A click on the map puts the probe
 * there; a drag in the gather or in the trace moves the time; the wheel does too, with Shift the clip. */
#ifndef WD_WAVEFIELD_CANVAS_H
#define WD_WAVEFIELD_CANVAS_H

#include "app/session.h"
#include "app/view.h"
#include "app/wavefield_scene.h"

#include <gtk/gtk.h>

#define WD_TYPE_WAVEFIELD_CANVAS (wd_wavefield_canvas_get_type())
G_DECLARE_FINAL_TYPE(WdWavefieldCanvas, wd_wavefield_canvas, WD, WAVEFIELD_CANVAS, GtkWidget)

GtkWidget *wd_wavefield_canvas_new(WdSession *session, WdView *view);

/* Asks the session for what the view looks at, and draws what there is of it before the next frame. */
void wd_wavefield_canvas_update(WdWavefieldCanvas *self);

/* Composed now; for tests and copying. Borrowed. */
WdWavefieldScene *wd_wavefield_canvas_get_scene(WdWavefieldCanvas *self);

/* Where things stand in the widget: pictures of map, gather (facet 0) and trace's plot. False: not there. */
typedef enum WdWavefieldPlace { WD_PLACE_MAP = 0, WD_PLACE_GATHER, WD_PLACE_TRACE } WdWavefieldPlace;
gboolean wd_wavefield_canvas_place(WdWavefieldCanvas *self, WdWavefieldPlace which, wd_rect *out);
/* The same with its axes, header and bar. */
gboolean wd_wavefield_canvas_area(WdWavefieldCanvas *self, WdWavefieldPlace which, wd_rect *out);

/* Frames painted since the widget was made; for measuring. */
guint wd_wavefield_canvas_frames(WdWavefieldCanvas *self);

/* Time of the movie, in steps, clamped; keeps the panels' cursor at the same time. */
void wd_wavefield_go(WdView *view, int step, double dt);

#endif
