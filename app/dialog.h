/* What the plain windows beside the main one share: one of each kind, Escape closes, rows of label and
 * control. No GtkDialog: they are deprecated, and block nothing here. */
#ifndef WD_DIALOG_H
#define WD_DIALOG_H

#include "app/window.h"

/* The one of that widget name that is open, brought to the front; NULL: none. */
GtkWindow *wd_dialog_find(WdWindow *parent, const char *name);
/* A window of that widget name over the parent, not shown yet; wd_dialog_find knows it until it is closed. */
GtkWindow *wd_dialog_new(WdWindow *parent, const char *name, const char *title, int width, int height);

/* A row of a grid: label with the control beside it, which is labelled by it for assistive technology. */
void wd_dialog_row(GtkWidget *grid, int row, const char *label, GtkWidget *control);
/* A heading over the whole width. */
void wd_dialog_heading(GtkWidget *grid, int row, const char *text);
/* The buttons at the lower right: Cancel, which closes, and the one that acts (suggested-action). */
GtkWidget *wd_dialog_buttons(GtkWindow *dialog, GtkWidget **cancel, GtkWidget *act);
/* A wrapped, dim label. */
GtkWidget *wd_dialog_note(const char *text);

#endif
