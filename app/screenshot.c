#include "app/screenshot.h"

#include "app/i18n.h"
#include "app/status_error.h"
#include "render/figure.h"

GdkTexture *wd_screenshot_take(GtkWindow *window, double scale, GError **error) {
  GtkWidget *widget = GTK_WIDGET(window);
  GskRenderer *renderer = gtk_native_get_renderer(GTK_NATIVE(window));
  const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
  if (!renderer || !gtk_widget_get_mapped(widget) || width < 1 || height < 1) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                _("the window is not on screen: there is nothing to picture"));
    return NULL;
  }
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(widget);
  GtkSnapshot *snapshot = gtk_snapshot_new();
  gtk_snapshot_scale(snapshot, (float)scale, (float)scale);
  gdk_paintable_snapshot(paintable, snapshot, width, height);
  GskRenderNode *node = gtk_snapshot_free_to_node(snapshot);
  if (!node) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_PENDING, _("the window has drawn nothing yet"));
    return NULL;
  }
  const graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)(width * scale), (float)(height * scale));
  GdkTexture *texture = gsk_renderer_render_texture(renderer, node, &all);
  gsk_render_node_unref(node);
  return texture;
}

gboolean wd_screenshot_save(GtkWindow *window, double scale, const char *recipe, const char *path,
                            GError **error) {
  g_autoptr(GdkTexture) texture = wd_screenshot_take(window, scale, error);
  if (!texture) return FALSE;
  const int width = gdk_texture_get_width(texture), height = gdk_texture_get_height(texture);
  const gsize stride = 4 * (gsize)width;
  g_autofree guchar *pixel = g_malloc(stride * (gsize)height);
  gdk_texture_download(texture, pixel, stride);
  wd_error err = {0};
  return !wd_figure_write_pixels(pixel, width, height, (int)stride, 96 * scale, recipe, path, &err) ||
         wd_status_to_error(&err, error);
}
