/* The preferences: a plain window of pages; every value is bound to its setting and acts at once. */
#ifndef WD_PREFERENCES_H
#define WD_PREFERENCES_H

#include <gtk/gtk.h>

void wd_preferences_show(GtkWindow *parent, GSettings *settings);

#endif
