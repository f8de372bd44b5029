#include "app/side_plot.h"
#include "app/widget_style.h"

enum { PADDING = 8 };

static void describe(WdSidePlot *plot, const char *text) {
  gint64 now = g_get_monotonic_time();
  if (!*text || (plot->described && now - plot->described < G_USEC_PER_SEC)) return;
  plot->described = now;
  gtk_accessible_update_property(GTK_ACCESSIBLE(plot->widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void on_draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  (void)area;
  WdSidePlot *plot = data;
  plot->style = wd_widget_style(plot->widget, 0.86, plot->font, sizeof plot->font);
  plot->style.units = plot->view->units;
  wd_side_draw_look(plot);
  wd_cairo_colour(cr, wd_style_theme(&plot->style)->paper, 1);
  cairo_paint(cr);
  cairo_translate(cr, PADDING, PADDING);
  char about[400] = "";
  plot->draw(plot, cr, width - 2 * PADDING, height - 2 * PADDING, about, sizeof about);
  describe(plot, about);
}

static void on_view_changed(WdView *view, guint parts, GtkWidget *widget) {
  (void)view;
  if (parts & (WD_VIEW_PLACE | WD_VIEW_SHOT | WD_VIEW_CURSOR | WD_VIEW_DISPLAY))
    gtk_widget_queue_draw(widget);
}

GtkWidget *wd_side_plot_new(WdSession *session, WdView *view, const char *label, WdSidePlotDraw draw) {
  WdSidePlot *plot = g_new0(WdSidePlot, 1);
  GtkWidget *widget = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  *plot = (WdSidePlot){.session = session, .view = view, .widget = widget, .draw = draw};
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(widget), on_draw, plot, g_free);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(widget), 240);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(widget), 160);
  gtk_widget_set_hexpand(widget, TRUE);
  gtk_widget_set_vexpand(widget, TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view_changed), widget, 0);
  g_signal_connect_object(session, "frame", G_CALLBACK(gtk_widget_queue_draw), widget, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "recording", G_CALLBACK(gtk_widget_queue_draw), widget, G_CONNECT_SWAPPED);
  return widget;
}
