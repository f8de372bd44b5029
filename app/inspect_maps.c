#include "app/inspect_maps.h"

#include "app/i18n.h"
#include "app/score.h"
#include "app/side_plot.h"
#include "render/panel.h"

#include <math.h>

#define WAIT _("Made once the pair is decoded and simulated")

static const char *mode_of(const WdFrame *f) {
  return wd_frame_simulation(f) ? wd_score_mode_words(wd_frame_simulation(f)->mode) : "";
}

static double spacing_of(const WdFrame *f) {
  return f->pair->velocity.spacing > 0 ? f->pair->velocity.spacing : 10;
}

/* Draws a panel into the room and remembers the layout for clicks. */
static void put_panel(const WdSidePlot *plot, cairo_t *cr, double width, double height,
                      const wd_panel *panel) {
  wd_panel_layout l;
  if (!wd_side_plot_panel(plot, cr, width, height, panel, &l)) return;
  wd_panel_layout *kept = g_memdup2(&l, sizeof l);
  g_object_set_data_full(G_OBJECT(plot->widget), "layout", kept, g_free);
}

/* ---- residual by shot and receiver */

static int metric_of(const WdSidePlot *plot) {
  const WdInspect *i = g_object_get_data(G_OBJECT(plot->widget), "inspect");
  return i && i->metric < WD_METRIC_COHERENCE && i->metric != WD_METRIC_REFLECTION_SHARE
             ? i->metric
             : WD_METRIC_REFLECTION_RESIDUAL;
}

static void draw_residual(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                          gsize size) {
  const WdSimulation *s = wd_frame_simulation(&plot->frame);
  if (!plot->frame.pair || !s || !s->comparison.trace) {
    wd_side_plot_message(plot, cr, width, height, WAIT);
    return;
  }
  const wd_comparison *c = &s->comparison;
  const int metric = metric_of(plot), n = c->shots * c->receivers;
  g_autofree float *value = g_new(float, n);
  int worst = 0;
  for (int k = 0; k < n; k++) {
    value[k] = (float)wd_measure_get(&c->trace[k], (wd_metric)metric);
    if (!(value[worst] >= value[k])) worst = k;
  }
  const wd_facet facet = {.value = value};
  wd_panel panel = {.title = _("Where the error lies"),
                    .facet = &facet,
                    .facets = 1,
                    .rows = c->shots,
                    .columns = c->receivers,
                    .x = {-0.5 * spacing_of(&plot->frame), (c->receivers - 0.5) * spacing_of(&plot->frame),
                          FALSE, _("Receiver (m)"), .dimension = WD_DISTANCE},
                    .y = {0.5, c->shots + 0.5, FALSE, _("Shot"), TRUE},
                    .colormap = WD_COLORMAP_VIRIDIS,
                    .quantity = wd_value_get_info(metric)->heading};
  g_autofree char *source =
      g_strdup_printf(_("%s by shot and receiver \xc2\xb7 %s mode \xc2\xb7 click: that trace"),
                      wd_value_get_info(metric)->title, mode_of(&plot->frame));
  panel.source = source;
  const wd_range_desc range = {.mode = WD_RANGE_CLIP, .clip = 98};
  if (wd_range_find(&range, value, (size_t)n, &panel.range, NULL)) return;
  if (metric != WD_METRIC_CORRELATION) panel.range.lo = fmin(panel.range.lo, 0);
  panel.crosshair = plot->view->cursor && plot->view->shot >= 0;
  panel.cross_x = plot->view->x;
  panel.cross_y = plot->view->shot + 1;
  put_panel(plot, cr, width, height, &panel);
  wd_print(about, size, _("%s by shot and receiver: largest %.3g at shot %d, receiver %d."),
           wd_value_get_info(metric)->title, (double)value[worst], worst / c->receivers + 1,
           worst % c->receivers + 1);
}

static void on_residual_click(GtkGestureClick *click, int presses, double x, double y, WdView *view) {
  (void)presses;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(click));
  const wd_panel_layout *l = g_object_get_data(G_OBJECT(widget), "layout");
  const WdSidePlot *plot = g_object_get_data(G_OBJECT(widget), "plot");
  const WdSimulation *s = plot ? wd_frame_simulation(&plot->frame) : NULL;
  if (!l || !s) return;
  const int shots = s->comparison.shots, receivers = s->comparison.receivers;
  const double u = (x - 8 - l->first.x) / l->first.width, v = (y - 8 - l->first.y) / l->first.height;
  if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) return;
  wd_view_set_shot(view, (int)(v * shots));
  wd_view_set_cursor(view, WD_PANEL_GATHER, (int)(u * receivers) * spacing_of(&plot->frame), view->z,
                     view->cursor ? view->t : 0.5);
}

/* Arrow keys: the crosshair from trace to trace, from shot to shot. */
static gboolean on_residual_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                                WdView *view) {
  (void)code, (void)state;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys));
  const WdSidePlot *plot = g_object_get_data(G_OBJECT(widget), "plot");
  const WdSimulation *s = plot ? wd_frame_simulation(&plot->frame) : NULL;
  const int dx = value == GDK_KEY_Right ? 1 : value == GDK_KEY_Left ? -1 : 0;
  const int dy = value == GDK_KEY_Down ? 1 : value == GDK_KEY_Up ? -1 : 0;
  if (!s || !(dx || dy)) return GDK_EVENT_PROPAGATE;
  const double step = spacing_of(&plot->frame);
  if (dy) wd_view_set_shot(view, CLAMP(MAX(view->shot, 0) + dy, 0, s->comparison.shots - 1));
  if (dx)
    wd_view_set_cursor(
        view, WD_PANEL_GATHER,
        CLAMP((view->cursor ? view->x : 0) + dx * step, 0, (s->comparison.receivers - 1) * step), view->z,
        view->cursor ? view->t : 0.5);
  return GDK_EVENT_STOP;
}

static void take_plot(const WdSidePlot *plot) {
  g_object_set_data(G_OBJECT(plot->widget), "plot", (gpointer)plot); /* lives as long as the widget */
}

static void draw_residual_first(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                                gsize size) {
  take_plot(plot);
  draw_residual(plot, cr, width, height, about, size);
}

GtkWidget *wd_inspect_residual_map_new(WdSession *session, WdView *view, WdInspect *inspect) {
  GtkWidget *w = wd_side_plot_new(session, view, _("Error by shot and receiver"), draw_residual_first);
  gtk_widget_set_name(w, "inspect-residual-map");
  g_object_set_data(G_OBJECT(w), "inspect", inspect);
  g_signal_connect_object(inspect, "changed", G_CALLBACK(gtk_widget_queue_draw), w, G_CONNECT_SWAPPED);
  gtk_widget_set_focusable(w, TRUE);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_residual_click), view);
  gtk_widget_add_controller(w, GTK_EVENT_CONTROLLER(click));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_residual_key), view);
  gtk_widget_add_controller(w, keys);
  return w;
}

/* ---- lags */

GtkWidget *wd_inspect_lag_map_new(WdSession *session, WdView *view) {
  GtkWidget *w =
      wd_side_plot_new(session, view, _("Time lags by shot, receiver and time"), wd_side_draw_lags);
  gtk_widget_set_name(w, "inspect-lag-map");
  return w;
}

/* ---- first arrivals */

GtkWidget *wd_inspect_arrivals_new(WdSession *session, WdView *view) {
  GtkWidget *w = wd_side_plot_new(session, view, _("First arrivals: decoded, simulated, eikonal"),
                                  wd_side_draw_arrivals);
  gtk_widget_set_name(w, "inspect-arrivals");
  return w;
}
