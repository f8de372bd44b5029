#include "app/widget_style.h"

#include <string.h>

GdkRGBA wd_rgba(guint32 rgb, double alpha) {
  return (GdkRGBA){(float)(rgb >> 16 & 255) / 255, (float)(rgb >> 8 & 255) / 255, (float)(rgb & 255) / 255,
                   (float)alpha};
}

void wd_cairo_colour(cairo_t *cr, guint32 rgb, double alpha) {
  cairo_set_source_rgba(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, alpha);
}

gboolean wd_settings_have_contrast(GtkSettings *settings) {
  g_autofree char *theme = NULL;
  g_object_get(settings, "gtk-theme-name", &theme, NULL);
  return theme && (g_str_has_prefix(theme, "HighContrast") || strstr(theme, "-hc"));
}

wd_style wd_widget_style(GtkWidget *widget, double factor, char *family, gsize family_size) {
  GdkRGBA ink;
  gtk_style_context_get_color(gtk_widget_get_style_context(widget), &ink);
  PangoContext *context = gtk_widget_get_pango_context(widget);
  const PangoFontDescription *font = pango_context_get_font_description(context);
  double size = pango_font_description_get_size(font) / (double)PANGO_SCALE;
  if (!pango_font_description_get_size_is_absolute(font)) {
    double dpi = pango_cairo_context_get_resolution(context);
    size *= (dpi > 0 ? dpi : 96) / 72;
  }
  const char *name = pango_font_description_get_family(font);
  g_strlcpy(family, name ? name : "Sans", family_size);
  return (wd_style){.font = family,
                    .size = CLAMP(size, 6, 60) * (factor > 0 ? factor : 1),
                    .dark = 0.299f * ink.red + 0.587f * ink.green + 0.114f * ink.blue > 0.5f,
                    .contrast = wd_settings_have_contrast(gtk_widget_get_settings(widget)),
                    .medium = WD_MEDIUM_RASTER,
                    .scale = gtk_widget_get_scale_factor(widget)};
}
