/* The last files that were opened or saved here, as a section of the Open menu: those of the desktop's recent
 * files that carry this program's name and are still there. */
#ifndef WD_RECENT_MENU_H
#define WD_RECENT_MENU_H

#include <gtk/gtk.h>

enum { WD_RECENT_MAX = 6 };

/* Items activate win.open-file with a path; brought up to date as files come and go. The caller's. */
GMenuModel *wd_recent_menu_new(void);

#endif
