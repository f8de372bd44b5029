/* The picture of a panel as the view has it: place, look, zoom, clip and model put together from session and
 * view, for the screen and for figures alike. No GTK; main thread only. */
#ifndef WD_PICTURE_VIEW_H
#define WD_PICTURE_VIEW_H

#include "app/picture.h"
#include "app/session.h"

/* What the view would show in a panel of this kind on a side; source counts for WD_PANEL_GATHER.
 * Returns WdPictureChange flags. */
guint wd_picture_set_view(WdPicture *picture, WdSession *session, WdView *view, WdPanelKind kind, int side,
                          WdSource source);

/* The book of amplitudes that all panels of a view share; the view's. */
WdClips *wd_view_clips(WdView *view);

#endif
