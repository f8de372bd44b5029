/* One panel: a velocity map or gathers with header, axes, colour bar, crosshair, zoom and context menu.
 * wd_panel_view_new is in app/widgets.h. */
#ifndef WD_PANEL_VIEW_H
#define WD_PANEL_VIEW_H

#include "app/picture.h"
#include "app/session.h"

#include <gtk/gtk.h>

#define WD_TYPE_PANEL_VIEW (wd_panel_view_get_type())
G_DECLARE_FINAL_TYPE(WdPanelView, wd_panel_view, WD, PANEL_VIEW, GtkWidget)

WdPanelKind wd_panel_view_get_kind(WdPanelView *self);
int wd_panel_view_get_side(WdPanelView *self);

/* What is shown, brought up to date first; for export, copying and tests. Borrowed. */
const WdPicture *wd_panel_view_get_picture(WdPanelView *self);
/* Where it stands in the widget (logical pixels); NULL while there is no room for it. */
const wd_panel_layout *wd_panel_view_get_layout(WdPanelView *self);
/* Text, theme and scale of the screen. */
wd_style wd_panel_view_get_style(WdPanelView *self);

/* Which painter draws the pictures, for the status bar: "OpenGL 4.5, llvmpipe", "cairo: no OpenGL 3.3"; ""
 * before the panel was on screen. The property "painter" notifies when it changes. */
const char *wd_panel_view_painter(WdPanelView *self);
/* "auto" (OpenGL where GTK draws with it), "gl" or "cairo"; at once. Also the property "renderer". */
void wd_panel_view_set_renderer(WdPanelView *self, const char *renderer);

/* The panel as pixels, as on screen without crosshair, at the screen's scale: for the clipboard. */
GdkTexture *wd_panel_view_get_texture(WdPanelView *self);

#endif
