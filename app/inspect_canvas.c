#include "app/inspect_canvas.h"

#include "app/widget_style.h"

#include <string.h>

typedef struct Canvas {
  WdInspectDrawing drawing;
  GtkWidget *widget;
  char font[64];
  guint parts;
  WdInspectDraw draw;
  gint64 described;
} Canvas;

static void on_draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  (void)area;
  Canvas *canvas = data;
  WdInspectDrawing *d = &canvas->drawing;
  d->style = wd_widget_style(canvas->widget, 0.86, canvas->font, sizeof canvas->font);
  wd_cairo_colour(cr, wd_style_theme(&d->style)->paper, 1);
  cairo_paint(cr);
  char before[sizeof d->about];
  g_strlcpy(before, d->about, sizeof before);
  *d->about = 0;
  canvas->draw(d, cr, width, height);
  const gint64 now = g_get_monotonic_time();
  if (strcmp(before, d->about) && (!canvas->described || now - canvas->described > G_USEC_PER_SEC)) {
    canvas->described = now;
    gtk_accessible_update_property(GTK_ACCESSIBLE(canvas->widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   d->about, -1);
  }
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  (void)i;
  const Canvas *canvas = g_object_get_data(G_OBJECT(widget), "canvas");
  if (parts & canvas->parts) gtk_widget_queue_draw(widget);
}

GtkWidget *wd_inspect_canvas_new(WdInspect *inspect, guint parts, const char *label, int width, int height,
                                 WdInspectDraw draw) {
  GtkWidget *widget = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  Canvas *canvas = g_new0(Canvas, 1);
  canvas->drawing.inspect = inspect;
  canvas->widget = widget;
  canvas->parts = parts;
  canvas->draw = draw;
  g_object_set_data_full(G_OBJECT(widget), "canvas", canvas, g_free);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(widget), on_draw, canvas, NULL);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(widget), width);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(widget), height);
  gtk_widget_set_hexpand(widget, TRUE);
  gtk_widget_set_vexpand(widget, TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_signal_connect_object(inspect, "changed", G_CALLBACK(on_changed), widget, 0);
  return widget;
}
