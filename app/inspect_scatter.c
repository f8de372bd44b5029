/* Any two figures of the samples against each other (inspect_draw_scatter.c). A click chooses the nearest
 * sample, arrows go from one to the next. */
#include "app/i18n.h"
#include "app/inspect_canvas.h"

#include "app/widget_style.h"

#include <math.h>

static gboolean plot_of(GtkWidget *widget, WdInspect *i, WdScatterPlot *p) {
  char font[64];
  const wd_style style = wd_widget_style(widget, 0.86, font, sizeof font);
  return wd_scatter_arrange(i, style.size, gtk_widget_get_width(widget), gtk_widget_get_height(widget), p);
}

static void on_click(GtkGestureClick *click, int presses, double x, double y, WdInspect *i) {
  (void)presses;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(click));
  gtk_widget_grab_focus(widget);
  WdScatterPlot p;
  if (!plot_of(widget, i, &p)) return;
  double best = 24 * 24, px, py;
  guint found = G_MAXUINT;
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (!wd_scatter_place(i, &p, n, &px, &py)) continue;
    const double d = (px - x) * (px - x) + (py - y) * (py - y);
    if (d < best) best = d, found = n;
  }
  if (found != G_MAXUINT) wd_inspect_choose(i, found, NULL);
}

/* The nearest one in the direction of the arrow. */
static gboolean on_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                       WdInspect *i) {
  (void)code, (void)state;
  const int dx = value == GDK_KEY_Right ? 1 : value == GDK_KEY_Left ? -1 : 0;
  const int dy = value == GDK_KEY_Down ? 1 : value == GDK_KEY_Up ? -1 : 0;
  WdScatterPlot p;
  if (!(dx || dy) || !plot_of(gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys)), i, &p))
    return FALSE;
  double x = p.room.x, y = p.room.y, px, py, best = INFINITY;
  guint found = G_MAXUINT;
  if (wd_inspect_sample_chosen(i)) wd_scatter_place(i, &p, i->chosen, &x, &y);
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (n == i->chosen || !wd_scatter_place(i, &p, n, &px, &py)) continue;
    const double along = dx * (px - x) + dy * (py - y), across = fabs(dx ? py - y : px - x);
    if (along <= 0.5) continue;
    const double d = along + 2 * across;
    if (d < best) best = d, found = n;
  }
  if (found != G_MAXUINT) wd_inspect_choose(i, found, NULL);
  return GDK_EVENT_STOP;
}

GtkWidget *wd_inspect_scatter_new(WdInspect *i) {
  GtkWidget *widget = wd_inspect_canvas_new(
      i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_FIGURE | WD_INSPECT_CHOSEN,
      _("Two figures of the samples against each other"), 260, 150, wd_scatter_draw);
  gtk_widget_set_name(widget, "inspect-scatter");
  gtk_widget_set_focusable(widget, TRUE);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_click), i);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), i);
  gtk_widget_add_controller(widget, keys);
  return widget;
}
