#include "app/inspect_maps.h"

#include "app/first_arrivals.h"
#include "app/side_plot.h"
#include "render/panel.h"

#include <math.h>

#define WAIT "Made once the pair is decoded and simulated"

static const char *mode_of(const WdFrame *f) {
  return wd_frame_simulation(f) ? wd_wave_mode_name(wd_frame_simulation(f)->mode) : "";
}

static double spacing_of(const WdFrame *f) {
  return f->pair->velocity.spacing > 0 ? f->pair->velocity.spacing : 10;
}

/* Draws a panel into the room and remembers the layout for clicks. */
static gboolean put_panel(const WdSidePlot *plot, cairo_t *cr, double width, double height,
                          const wd_panel *panel) {
  wd_panel_layout l;
  if (wd_panel_arrange(panel, &plot->style, width, height, &l, NULL)) return FALSE;
  wd_panel_draw(panel, &plot->style, &l, cr, NULL);
  wd_panel_layout *kept = g_memdup2(&l, sizeof l);
  g_object_set_data_full(G_OBJECT(plot->widget), "layout", kept, g_free);
  return TRUE;
}

/* ---- residual by shot and receiver */

static int metric_of(const WdSidePlot *plot) {
  const WdInspect *i = g_object_get_data(G_OBJECT(plot->widget), "inspect");
  return i && i->metric < WD_METRICS && i->metric != WD_METRIC_REFLECTION_SHARE
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
  wd_panel panel = {.title = "Where the error lies",
                    .facet = &facet,
                    .facets = 1,
                    .rows = c->shots,
                    .columns = c->receivers,
                    .x = {-0.5 * spacing_of(&plot->frame), (c->receivers - 0.5) * spacing_of(&plot->frame),
                          FALSE, "Receiver (m)"},
                    .y = {0.5, c->shots + 0.5, FALSE, "Shot", TRUE},
                    .colormap = WD_COLORMAP_VIRIDIS,
                    .quantity = wd_value_get_info(metric)->heading};
  g_autofree char *source =
      g_strdup_printf("%s by shot and receiver \xc2\xb7 %s mode \xc2\xb7 click: that trace",
                      wd_value_get_info(metric)->title, mode_of(&plot->frame));
  panel.source = source;
  const wd_range_desc range = {.mode = WD_RANGE_CLIP, .clip = 98};
  if (wd_range_find(&range, value, (size_t)n, &panel.range, NULL)) return;
  if (metric != WD_METRIC_CORRELATION) panel.range.lo = fmin(panel.range.lo, 0);
  panel.crosshair = plot->view->cursor && plot->view->shot >= 0;
  panel.cross_x = plot->view->x;
  panel.cross_y = plot->view->shot + 1;
  put_panel(plot, cr, width, height, &panel);
  g_snprintf(about, size, "%s by shot and receiver: largest %.3g at shot %d, receiver %d.",
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
  GtkWidget *w = wd_side_plot_new(session, view, "Error by shot and receiver", draw_residual_first);
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

static void draw_lags(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                      gsize size) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  const WdAnalysis *a = plot->frame.pair && s ? wd_inspect_analysis(plot->view, plot->frame.pair, s) : NULL;
  if (!a || a->failed || !a->lags.value) {
    wd_side_plot_message(plot, cr, width, height, a ? "These gathers have no lags" : WAIT);
    return;
  }
  const wd_lag_map *m = &a->lags;
  const int cells = m->windows * m->receivers;
  g_autofree float *value = g_new(float, (gsize)m->shots *(gsize)cells);
  g_autofree wd_facet *facet = g_new0(wd_facet, m->shots);
  g_autoptr(GPtrArray) caption = g_ptr_array_new_with_free_func(g_free);
  for (int k = 0; k < m->shots; k++) {
    for (int r = 0; r < m->receivers; r++)
      for (int w = 0; w < m->windows; w++) {
        const wd_lag *l =
            &m->value[((gsize)k * (gsize)m->receivers + (gsize)r) * (gsize)m->windows + (gsize)w];
        value[(gsize)k * (gsize)cells + (gsize)w * (gsize)m->receivers + (gsize)r] = (float)(1e3 * l->lag);
      }
    g_ptr_array_add(caption, g_strdup_printf("shot %d", k + 1));
    facet[k].value = value + (gsize)k * (gsize)cells;
    facet[k].caption = g_ptr_array_index(caption, (guint)k);
  }
  const double half = 1e3 * m->half_period;
  wd_panel panel = {.title = "Time lags",
                    .facet = facet,
                    .facets = m->shots,
                    .rows = m->windows,
                    .columns = m->receivers,
                    .x = {-0.5 * spacing_of(&plot->frame), (m->receivers - 0.5) * spacing_of(&plot->frame),
                          FALSE, "Receiver (m)"},
                    .y = {1e3 * (m->first_centre - m->hop / 2),
                          1e3 * (m->first_centre + (m->windows - 0.5) * m->hop), FALSE, "Time (ms)"},
                    .colormap = WD_COLORMAP_DIFFERENCE,
                    .quantity = "Decoded later by (ms)"};
  g_snprintf(panel.range.text, sizeof panel.range.text, "\xc2\xb1 half a period");
  panel.range.lo = -half;
  panel.range.hi = half;
  g_autofree char *source =
      g_strdup_printf("windows of 200 ms \xc2\xb7 mean |lag| %.1f ms \xc2\xb7 %d of %d half a period (%.0f "
                      "ms) off or more \xc2\xb7 %s mode",
                      1e3 * m->mean_abs, m->suspects, m->with_lag, half, mode_of(&plot->frame));
  panel.source = source;
  put_panel(plot, cr, width, height, &panel);
  g_snprintf(about, size, "Lags of decoded against simulated traces, %s.", source);
}

GtkWidget *wd_inspect_lag_map_new(WdSession *session, WdView *view) {
  GtkWidget *w = wd_side_plot_new(session, view, "Time lags by shot, receiver and time", draw_lags);
  gtk_widget_set_name(w, "inspect-lag-map");
  return w;
}

/* ---- first arrivals */

static void draw_arrivals(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                          gsize size) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  const WdAnalysis *a = plot->frame.pair && s ? wd_inspect_analysis(plot->view, plot->frame.pair, s) : NULL;
  if (!a || a->failed) {
    wd_side_plot_message(plot, cr, width, height, a ? "These gathers have no first arrivals" : WAIT);
    return;
  }
  const double *ray = wd_first_arrivals(plot->view, plot->frame.pair);
  const int shot = CLAMP(plot->view->shot, 0, plot->frame.pair->gathers.shots - 1),
            n = s->comparison.receivers;
  const double half = 1e3 * wd_half_period(15);
  g_autofree double *x = g_new(double, n), *d = g_new(double, n), *f = g_new(double, n),
                    *e = g_new(double, n), *lo = g_new(double, n), *hi = g_new(double, n);
  double most = 0, sum = 0;
  int beyond = 0, both = 0;
  for (int r = 0; r < n; r++) {
    const gsize at = (gsize)shot * (gsize)n + (gsize)r;
    x[r] = r * spacing_of(&plot->frame);
    d[r] = 1e3 * a->decoded[at];
    f[r] = 1e3 * a->simulated[at];
    e[r] = ray ? 1e3 * ray[at] : NAN;
    lo[r] = f[r] - half;
    hi[r] = f[r] + half;
    for (int k = 0; k < 3; k++) {
      const double v = k == 0 ? d[r] : k == 1 ? f[r] : e[r];
      if (isfinite(v)) most = fmax(most, v);
    }
    if (isfinite(d[r]) && isfinite(f[r]))
      both++, sum += fabs(d[r] - f[r]), beyond += fabs(d[r] - f[r]) > half;
  }
  const wd_series series[] = {{.name = "eikonal on the decoded map", .x = x, .y = e, .count = n, .colour = 3},
                              {.name = "picked on decoded",
                               .x = x,
                               .y = d,
                               .count = n,
                               .dash = WD_DASH_NONE,
                               .marker = WD_MARKER_HOLLOW,
                               .colour = 1},
                              {.name = "picked on simulated",
                               .x = x,
                               .y = f,
                               .count = n,
                               .dash = WD_DASH_NONE,
                               .marker = WD_MARKER_SOLID,
                               .colour = 2}};
  const wd_band band = {.name = "simulated \xc2\xb1 half a period (33 ms)",
                        .x = x,
                        .lo = lo,
                        .hi = hi,
                        .count = n,
                        .colour = 2};
  g_autofree char *source =
      g_strdup_printf("shot %d \xc2\xb7 decoded \xe2\x88\x92 simulated: mean %.1f ms, %d of %d receivers "
                      "beyond half a period \xc2\xb7 %s mode",
                      shot + 1, both ? sum / both : NAN, beyond, both, mode_of(&plot->frame));
  const wd_curve curve = {.title = "First arrivals",
                          .source = source,
                          .x = {0, x[n - 1], FALSE, "Receiver (m)"},
                          .y = {most + 40, -10, FALSE, "Time (ms)"},
                          .series = series,
                          .n_series = 3,
                          .band = &band,
                          .n_bands = 1};
  wd_side_plot_curve(plot, cr, &(wd_rect){0, 0, width, height}, &curve,
                     plot->view->cursor ? plot->view->x : NAN, NAN);
  g_snprintf(about, size, "First arrivals, %s.", source);
}

GtkWidget *wd_inspect_arrivals_new(WdSession *session, WdView *view) {
  GtkWidget *w =
      wd_side_plot_new(session, view, "First arrivals: decoded, simulated, eikonal", draw_arrivals);
  gtk_widget_set_name(w, "inspect-arrivals");
  return w;
}
