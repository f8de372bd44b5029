/* Pictures of real windows, drawn by their own renderer. */
#ifndef WD_SCREENSHOT_H
#define WD_SCREENSHOT_H

#include <gtk/gtk.h>

/* The window as it stands, title bar included, `scale` device pixels a point. NULL with error when it is not
 * on screen yet. */
GdkTexture *wd_screenshot_take(GtkWindow *window, double scale, GError **error);
/* The same as a PNG file, with the recipe (app/recipe.h) of what is on screen inside; NULL: none. */
gboolean wd_screenshot_save(GtkWindow *window, double scale, const char *recipe, const char *path,
                            GError **error);

#endif
