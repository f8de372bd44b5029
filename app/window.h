/* The window: header bar, panels, residual plot, timeline, sidebar, status bar, notice bar, in the layouts
 * Step and Compare. It owns the session and the view that all its widgets share. */
#ifndef WD_WINDOW_H
#define WD_WINDOW_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

#define WD_TYPE_WINDOW (wd_window_get_type())
G_DECLARE_FINAL_TYPE(WdWindow, wd_window, WD, WINDOW, GtkApplicationWindow)

/* settings: the application's GSettings; a reference is taken. */
WdWindow *wd_window_new(GtkApplication *application, GSettings *settings);

WdSession *wd_window_get_session(WdWindow *window); /* borrowed, as all below */
WdView *wd_window_get_view(WdWindow *window);
GSettings *wd_window_get_settings(WdWindow *window);
/* A panel of the window's session and view, drawn as the settings say (window_layout.c). */
GtkWidget *wd_window_new_panel(WdWindow *window, int side, WdPanelKind kind, const char *name);

/* Tells a person something in the inline bar (copied); never a dialog. */
void wd_window_notify(WdWindow *window, const WdNotice *notice);
/* The same for an error of a file: `what` happened, the error's text beneath. */
void wd_window_notify_error(WdWindow *window, const char *what, const GError *error);

#endif
