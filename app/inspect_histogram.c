/* The histogram of a figure (inspect_draw_histogram.c) with its limit, dragged by the mouse, moved by Left
 * and Right (with Shift: ten times as far), back to the model's by Delete. */
#include "app/i18n.h"
#include "app/inspect_canvas.h"

#include "app/widget_style.h"

#include <math.h>

/* ---- the limit by hand */

static gboolean plot_of(GtkWidget *widget, WdInspect *i, WdHistogramPlot *p) {
  char font[64];
  const wd_style style = wd_widget_style(widget, 0.86, font, sizeof font);
  return wd_histogram_arrange(i, style.size, gtk_widget_get_width(widget), gtk_widget_get_height(widget), p);
}

static void put_limit(GtkWidget *widget, WdInspect *i, double x) {
  WdHistogramPlot p;
  if (!plot_of(widget, i, &p)) return;
  const double at = CLAMP((x - p.room.x) / p.room.width, 0.002, 0.998);
  wd_inspect_set_epsilon(i, wd_axis_value(&p.axis, at));
}

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, WdInspect *i) {
  (void)y;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(drag));
  gtk_widget_grab_focus(widget);
  put_limit(widget, i, x);
}

static void on_drag(GtkGestureDrag *drag, double dx, double dy, WdInspect *i) {
  (void)dy;
  double x, y;
  if (gtk_gesture_drag_get_start_point(drag, &x, &y))
    put_limit(gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(drag)), i, x + dx);
}

static gboolean on_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                       WdInspect *i) {
  (void)code;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys));
  WdHistogramPlot p;
  const int way = value == GDK_KEY_Right ? 1 : value == GDK_KEY_Left ? -1 : 0;
  if (value == GDK_KEY_Delete || value == GDK_KEY_BackSpace) {
    wd_inspect_set_epsilon(i, NAN);
    return GDK_EVENT_STOP;
  }
  if (!way || !plot_of(widget, i, &p)) return GDK_EVENT_PROPAGATE;
  const double at =
      wd_axis_place(&p.axis, wd_inspect_epsilon(i)) + way * (state & GDK_SHIFT_MASK ? 0.05 : 0.005);
  wd_inspect_set_epsilon(i, wd_axis_value(&p.axis, CLAMP(at, 0.002, 0.998)));
  return GDK_EVENT_STOP;
}

GtkWidget *wd_inspect_histogram_new(WdInspect *i) {
  GtkWidget *widget = wd_inspect_canvas_new(
      i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_FIGURE | WD_INSPECT_CHOSEN,
      _("Histogram of the samples"), 260, 150, wd_histogram_draw);
  gtk_widget_set_name(widget, "inspect-histogram");
  gtk_widget_set_focusable(widget, TRUE);
  gtk_widget_set_cursor_from_name(widget, "ew-resize");
  gtk_widget_set_tooltip_text(widget,
                              _("Drag, or Left and Right: move the limit. Delete: back to the model's"));
  GtkGesture *drag = gtk_gesture_drag_new();
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), i);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag), i);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), i);
  gtk_widget_add_controller(widget, keys);
  return widget;
}
