/* The preview of colour-vision deficiencies in a window: win.colour-vision ("none" or a name of
 * render/cvd.h), win.colour-vision-next, and the strip that says so as long as it is on. Of this window and
 * this time: it is neither remembered nor exported. */
#ifndef WD_COLOUR_VISION_H
#define WD_COLOUR_VISION_H

#include "app/window.h"

/* The window's content within what changes its colours (cvd_bin.h), the strip above it; once for a window. */
GtkWidget *wd_colour_vision_new(WdWindow *window, GtkWidget *content);
GMenuModel *wd_colour_vision_menu(void); /* of all kinds; owned by the caller */

#endif
