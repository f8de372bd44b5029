/* The look of drawings (render/style.h) on a widget: its font, its scale, light or dark and with
 * how much contrast as it is shown. */
#ifndef WD_WIDGET_STYLE_H
#define WD_WIDGET_STYLE_H

#include "render/style.h"

#include <gtk/gtk.h>

/* Text as large as the widget's own, times `factor` (0: 1). The family is copied into `family`, which must
 * outlive the style. */
wd_style wd_widget_style(GtkWidget *widget, double factor, char *family, gsize family_size);

/* The theme is one of high contrast: the desktop's own, or that of the preferences. */
gboolean wd_settings_have_contrast(GtkSettings *settings);

GdkRGBA wd_rgba(guint32 rgb, double alpha);
void wd_cairo_colour(cairo_t *cr, guint32 rgb, double alpha);

#endif
