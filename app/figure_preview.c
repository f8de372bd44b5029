#include "app/figure_preview.h"

#include "app/i18n.h"

#include <math.h>

struct _WdFigurePreview {
  GtkWidget parent_instance;
  WdFigureSheet *sheet;
  char *message;
  GdkTexture *texture;  /* of the sheet at the size below */
  double width, height; /* of the paper in the widget, logical pixels */
};

G_DEFINE_FINAL_TYPE(WdFigurePreview, wd_figure_preview, GTK_TYPE_WIDGET)

enum { MARGIN = 16, LEAST = 260 };

/* Draws the sheet as large as it fits, at the screen's own pixels. */
static void render(WdFigurePreview *self) {
  g_clear_object(&self->texture);
  double room_w = gtk_widget_get_width(GTK_WIDGET(self)) - 2 * MARGIN,
         room_h = gtk_widget_get_height(GTK_WIDGET(self)) - 2 * MARGIN, w, h;
  if (!self->sheet || room_w < 40 || room_h < 40) return;
  wd_figure figure = *wd_figure_sheet_get(self->sheet);
  figure.style.medium = WD_MEDIUM_RASTER;
  figure.style.scale = 1;
  if (wd_figure_size(&figure, &w, &h, NULL)) return;
  double fit = fmin(room_w / w, room_h / h);
  int scale = gtk_widget_get_scale_factor(GTK_WIDGET(self));
  self->width = floor(w * fit);
  self->height = floor(h * fit);
  int pixels_w = (int)self->width * scale, pixels_h = (int)self->height * scale;
  figure.style.scale = fit * scale;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels_w, pixels_h);
  cairo_t *cr = cairo_create(surface);
  cairo_scale(cr, fit * scale, fit * scale);
  wd_status st = wd_figure_draw(&figure, cr, NULL, NULL);
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  if (!st && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
    int stride = cairo_image_surface_get_stride(surface);
    guchar *data = cairo_image_surface_get_data(surface);
    for (int y = 0; y < pixels_h; y++) /* RGB24 leaves the fourth byte undefined */
      for (int x = 0; x < pixels_w; x++)
        ((guint32 *)(gpointer)(data + (gsize)y * (gsize)stride))[x] |= 0xff000000u;
    g_autoptr(GBytes) bytes = g_bytes_new(data, (gsize)stride * (gsize)pixels_h);
    self->texture = gdk_memory_texture_new(pixels_w, pixels_h, GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
  }
  cairo_surface_destroy(surface);
}

static void preview_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdFigurePreview *self = WD_FIGURE_PREVIEW(widget);
  float w = (float)gtk_widget_get_width(widget), h = (float)gtk_widget_get_height(widget);
  if (!self->texture) render(self);
  if (self->texture) {
    float x = roundf((w - (float)self->width) / 2), y = roundf((h - (float)self->height) / 2);
    GskRoundedRect outline;
    gsk_rounded_rect_init_from_rect(&outline,
                                    &GRAPHENE_RECT_INIT(x, y, (float)self->width, (float)self->height), 0);
    gtk_snapshot_append_outset_shadow(snapshot, &outline, &(GdkRGBA){0, 0, 0, 0.35f}, 0, 2, 0, 8);
    gtk_snapshot_append_texture(snapshot, self->texture, &outline.bounds);
  } else if (self->message) {
    PangoLayout *layout = gtk_widget_create_pango_layout(widget, self->message);
    int text_w, text_h;
    pango_layout_set_width(layout, (int)(w - 2 * MARGIN) * PANGO_SCALE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    pango_layout_get_pixel_size(layout, &text_w, &text_h);
    GdkRGBA colour;
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), &colour);
    gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(MARGIN, (h - (float)text_h) / 2));
    gtk_snapshot_append_layout(snapshot, layout, &colour);
    g_object_unref(layout);
  }
}

static void preview_size_allocate(GtkWidget *widget, int width, int height, int baseline) {
  (void)width, (void)height, (void)baseline;
  g_clear_object(&WD_FIGURE_PREVIEW(widget)->texture);
}

static void preview_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                            int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size;
  *minimum = LEAST;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 560 : 460;
  *minimum_baseline = *natural_baseline = -1;
}

static void preview_finalize(GObject *object) {
  WdFigurePreview *self = WD_FIGURE_PREVIEW(object);
  g_clear_object(&self->texture);
  wd_figure_sheet_free(self->sheet);
  g_free(self->message);
  G_OBJECT_CLASS(wd_figure_preview_parent_class)->finalize(object);
}

static void wd_figure_preview_class_init(WdFigurePreviewClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->finalize = preview_finalize;
  widget->snapshot = preview_snapshot;
  widget->size_allocate = preview_size_allocate;
  widget->measure = preview_measure;
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void wd_figure_preview_init(WdFigurePreview *self) {
  gtk_widget_add_css_class(GTK_WIDGET(self), "figure-preview");
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Preview of the figure"), -1);
}

GtkWidget *wd_figure_preview_new(void) {
  return g_object_new(WD_TYPE_FIGURE_PREVIEW, NULL);
}

void wd_figure_preview_set(WdFigurePreview *self, WdFigureSheet *sheet, const char *message) {
  wd_figure_sheet_free(self->sheet);
  self->sheet = sheet;
  g_free(self->message);
  self->message = g_strdup(message);
  g_clear_object(&self->texture);
  const char *about = sheet ? wd_figure_sheet_get(sheet)->caption : message;
  if (about)
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, about, -1);
  gtk_widget_queue_draw(GTK_WIDGET(self));
}
