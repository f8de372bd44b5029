/* Export: figures (win.export-figure), data (win.export-data), the clipboard (win.copy-*). The work is done
 * by app/export.h and app/command_line.h; here are the window with the live preview and the choosers. */
#ifndef WD_EXPORT_DIALOG_H
#define WD_EXPORT_DIALOG_H

#include "app/window.h"

/* Shows the dialog; the same one again while it is open. */
GtkWindow *wd_export_figure_dialog(WdWindow *window);
GtkWindow *wd_export_data_dialog(WdWindow *window);
/* What their Export button does once a place is chosen: writes, tells in the notice bar, closes. */
gboolean wd_export_figure_to(GtkWindow *dialog, const char *path);
gboolean wd_export_data_to(GtkWindow *dialog, const char *folder);

/* To the clipboard: the focused panel as a picture, its values as tab-separated text, the command that makes
 * what is on screen. */
void wd_copy_image(WdWindow *window);
void wd_copy_values(WdWindow *window);
void wd_copy_command(WdWindow *window);

#endif
