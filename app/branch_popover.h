/* "Branch here": what is to be another way from the position on screen, and the button that does it. */
#ifndef WD_BRANCH_POPOVER_H
#define WD_BRANCH_POPOVER_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

/* failed (may be NULL) gets what could not be begun, for people. */
typedef void (*WdFailedFunc)(const char *message, gpointer user);
GtkWidget *wd_branch_popover_new(WdSession *session, WdView *view, WdFailedFunc failed, gpointer user);

#endif
