/* The page of the wavefield: its canvas, the transport under it, its keys, and the residual's timeline, so
 * that the step of the run can be changed with the wave in sight. It stands in the place of the panels while
 * view->wave.shown, in every mode; U and Esc leave it. */
#ifndef WD_WAVEFIELD_VIEW_H
#define WD_WAVEFIELD_VIEW_H

#include "app/wavefield_canvas.h"
#include "app/window.h"

#define WD_TYPE_WAVEFIELD_VIEW (wd_wavefield_view_get_type())
G_DECLARE_FINAL_TYPE(WdWavefieldView, wd_wavefield_view, WD, WAVEFIELD_VIEW, GtkBox)

GtkWidget *wd_wavefield_view_new(WdSession *session, WdView *view);
WdWavefieldCanvas *wd_wavefield_view_get_canvas(WdWavefieldView *self);

/* win.wavefield: the toggle. */
void wd_wavefield_install(WdWindow *window);

#endif
