/* What the gather panels show: decoded, simulated, their difference, observed, both by a divider, both trace
 * by trace. One list of choices for the button under the gathers and for the panels' own menus; all of them
 * activate "win.source". */
#ifndef WD_SOURCE_MENU_H
#define WD_SOURCE_MENU_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

const char *wd_source_title(WdSource source); /* "Split: decoded | simulated"; static */
/* The choices as a menu for a side as it stands now; what is not known there is greyed. The caller's. */
GMenuModel *wd_source_menu_new(WdSession *session, WdView *view, int side);
/* A button that names what is shown and opens the menu. */
GtkWidget *wd_source_button_new(WdSession *session, WdView *view, int side);

#endif
