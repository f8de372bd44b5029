#include "app/inspect_gallery.h"

#include "app/i18n.h"
#include "app/inspect_canvas.h"
#include "app/widget_style.h"

#include <math.h>

static double size_of(GtkWidget *widget) {
  char font[64];
  return wd_widget_style(widget, 0.86, font, sizeof font).size;
}

/* As high as its rows ask for. */
static void fit(GtkWidget *widget, WdInspect *i) {
  const int width = gtk_widget_get_width(widget);
  WdGalleryPlot plot;
  wd_gallery_arrange(i, size_of(widget), width, &plot);
  const int height = MAX(120, (int)((width > 0 ? plot.rows : 1) * plot.cell_height + plot.gap));
  if (gtk_drawing_area_get_content_height(GTK_DRAWING_AREA(widget)) != height)
    gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(widget), height);
}

static gboolean fit_later(gpointer widget) {
  WdInspect *i = g_object_get_data(widget, "inspect");
  if (gtk_widget_get_parent(widget)) fit(widget, i);
  return G_SOURCE_REMOVE;
}

static void on_resize(GtkDrawingArea *area, int width, int height, WdInspect *i) {
  (void)width, (void)height, (void)i;
  g_idle_add_full(G_PRIORITY_HIGH_IDLE, fit_later, g_object_ref(area), g_object_unref);
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  if (parts & WD_INSPECT_SHOWN) fit(widget, i);
}

static void on_click(GtkGestureClick *click, int presses, double x, double y, WdInspect *i) {
  (void)presses;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(click));
  gtk_widget_grab_focus(widget);
  if (!i->population) return;
  WdGalleryPlot plot;
  wd_gallery_arrange(i, size_of(widget), gtk_widget_get_width(widget), &plot);
  const int column = (int)floor((x - plot.gap) / plot.cell_width);
  const int row = (int)floor((y - plot.gap) / plot.cell_height);
  g_autoptr(GArray) worst = wd_gallery_worst(i);
  if (column < 0 || column >= plot.columns || row < 0) return;
  const guint k = (guint)(row * plot.columns + column);
  if (k < worst->len) wd_inspect_choose(i, g_array_index(worst, guint, k), NULL);
}

static gboolean on_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                       WdInspect *i) {
  (void)code, (void)state;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys));
  WdGalleryPlot plot;
  wd_gallery_arrange(i, size_of(widget), gtk_widget_get_width(widget), &plot);
  const int columns = plot.columns;
  const int by = value == GDK_KEY_Right  ? 1
                 : value == GDK_KEY_Left ? -1
                 : value == GDK_KEY_Down ? columns
                 : value == GDK_KEY_Up   ? -columns
                                         : 0;
  if (!by || !i->population) return GDK_EVENT_PROPAGATE;
  g_autoptr(GArray) worst = wd_gallery_worst(i);
  int at = -1;
  for (guint k = 0; k < worst->len; k++)
    if (g_array_index(worst, guint, k) == i->chosen) at = (int)k;
  at = at < 0 ? 0 : at + by;
  if (at >= 0 && at < (int)worst->len) wd_inspect_choose(i, g_array_index(worst, guint, at), NULL);
  return GDK_EVENT_STOP;
}

GtkWidget *wd_inspect_gallery_new(WdInspect *i) {
  GtkWidget *widget = wd_inspect_canvas_new(
      i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_FIGURE | WD_INSPECT_CHOSEN, _("Worst samples"),
      220, 200, wd_gallery_draw);
  gtk_widget_set_name(widget, "inspect-gallery");
  gtk_widget_set_focusable(widget, TRUE);
  gtk_widget_set_vexpand(widget, FALSE);
  gtk_widget_set_valign(widget, GTK_ALIGN_START);
  g_object_set_data(G_OBJECT(widget), "inspect", i);
  g_signal_connect(widget, "resize", G_CALLBACK(on_resize), i);
  g_signal_connect_object(i, "changed", G_CALLBACK(on_changed), widget, 0);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_click), i);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), i);
  gtk_widget_add_controller(widget, keys);
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), widget);
  return scroll;
}
