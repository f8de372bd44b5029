#include "app/cvd_bin.h"

struct _WdCvdBin {
  GtkBox parent_instance; /* which passes the focus on to its child as all boxes do */
  wd_cvd kind;
};

G_DEFINE_FINAL_TYPE(WdCvdBin, wd_cvd_bin, GTK_TYPE_BOX)

/* At the window's own device pixels: what is text and hairline stays crisp. */
static GdkTexture *picture_of(GtkWidget *widget, GskRenderNode *node, int width, int height) {
  GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));
  const float scale = (float)gtk_widget_get_scale_factor(widget);
  if (!renderer || !gsk_renderer_is_realized(renderer)) return NULL;
  GtkSnapshot *snapshot = gtk_snapshot_new();
  gtk_snapshot_scale(snapshot, scale, scale);
  gtk_snapshot_append_node(snapshot, node);
  g_autoptr(GskRenderNode) scaled = gtk_snapshot_free_to_node(snapshot);
  return gsk_renderer_render_texture(renderer, scaled,
                                     &GRAPHENE_RECT_INIT(0, 0, (float)width * scale, (float)height * scale));
}

static void wd_cvd_bin_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdCvdBin *self = WD_CVD_BIN(widget);
  GtkWidget *child = gtk_widget_get_first_child(widget);
  const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
  if (!child) return;
  if (self->kind == WD_CVD_NONE || width < 1 || height < 1) {
    gtk_widget_snapshot_child(widget, child, snapshot);
    return;
  }
  GtkSnapshot *own = gtk_snapshot_new();
  /* The ground too: letters at their edges are mixed with it before colours are lost, as on the screen. */
  gtk_snapshot_render_background(own, gtk_widget_get_style_context(widget), 0, 0, width, height);
  gtk_widget_snapshot_child(widget, child, own);
  g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(own);
  if (!node) return;
  g_autoptr(GdkTexture) plain = picture_of(widget, node, width, height);
  if (!plain) { /* not on a screen */
    gtk_snapshot_append_node(snapshot, node);
    return;
  }
  const int w = gdk_texture_get_width(plain), h = gdk_texture_get_height(plain);
  const gsize stride = 4 * (gsize)w;
  guint32 *pixel = g_malloc(stride * (gsize)h);
  gdk_texture_download(plain, (guchar *)pixel, stride);
  wd_cvd_apply(self->kind, pixel, (gsize)w * (gsize)h);
  g_autoptr(GBytes) bytes = g_bytes_new_take(pixel, stride * (gsize)h);
  g_autoptr(GdkTexture) seen = gdk_memory_texture_new(w, h, GDK_MEMORY_DEFAULT, bytes, stride);
  gtk_snapshot_append_texture(snapshot, seen, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
}

static void wd_cvd_bin_class_init(WdCvdBinClass *class) {
  GTK_WIDGET_CLASS(class)->snapshot = wd_cvd_bin_snapshot;
}

static void wd_cvd_bin_init(WdCvdBin *self) {
  gtk_widget_add_css_class(GTK_WIDGET(self), "background");
}

GtkWidget *wd_cvd_bin_new(GtkWidget *child) {
  GtkWidget *bin = g_object_new(WD_TYPE_CVD_BIN, NULL);
  gtk_widget_set_hexpand(child, TRUE);
  gtk_widget_set_vexpand(child, TRUE);
  gtk_box_append(GTK_BOX(bin), child);
  return bin;
}

void wd_cvd_bin_set_kind(WdCvdBin *self, wd_cvd kind) {
  if (self->kind == kind) return;
  self->kind = kind;
  gtk_widget_queue_draw(GTK_WIDGET(self));
}

wd_cvd wd_cvd_bin_get_kind(WdCvdBin *self) {
  return self->kind;
}
