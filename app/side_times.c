/* Time lags and first arrivals: where decoded and simulated gathers part in time. */
#include "app/analysis.h"
#include "app/first_arrivals.h"
#include "app/i18n.h"
#include "app/score.h"
#include "app/side_draw.h"

#include <math.h>

#define WAIT _("Made once the pair is decoded and simulated")

static const char *mode_of(const WdFrame *f) {
  return wd_frame_simulation(f) ? wd_score_mode_words(wd_frame_simulation(f)->mode) : "";
}

static double spacing_of(const WdFrame *f) {
  return f->pair->velocity.spacing > 0 ? f->pair->velocity.spacing : 10;
}

void wd_side_draw_lags(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                       gsize size) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  const WdAnalysis *a =
      plot->frame.pair && s ? wd_analysis_find(plot->session, plot->view, plot->frame.pair, s) : NULL;
  if (!a || a->failed || !a->lags.value) {
    wd_side_plot_message(plot, cr, width, height, a ? _("These gathers have no lags") : WAIT);
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
    g_ptr_array_add(caption, g_strdup_printf(_("shot %d"), k + 1));
    facet[k].value = value + (gsize)k * (gsize)cells;
    facet[k].caption = g_ptr_array_index(caption, (guint)k);
  }
  const double half = 1e3 * m->half_period;
  wd_panel panel = {.title = _("Time lags"),
                    .facet = facet,
                    .facets = m->shots,
                    .rows = m->windows,
                    .columns = m->receivers,
                    .x = {-0.5 * spacing_of(&plot->frame), (m->receivers - 0.5) * spacing_of(&plot->frame),
                          FALSE, _("Receiver (m)"), .dimension = WD_DISTANCE},
                    .y = {1e3 * (m->first_centre - m->hop / 2),
                          1e3 * (m->first_centre + (m->windows - 0.5) * m->hop), FALSE, _("Time (ms)"),
                          .dimension = WD_TIME},
                    .colormap = WD_COLORMAP_DIFFERENCE,
                    .quantity = _("Decoded later by (ms)")};
  wd_print(panel.range.text, sizeof panel.range.text, _("\xc2\xb1 half a period"));
  panel.range.lo = -half;
  panel.range.hi = half;
  g_autofree char *source =
      g_strdup_printf(_("windows of 200 ms \xc2\xb7 mean |lag| %.1f ms \xc2\xb7 %d of %d half a period (%.0f "
                        "ms) off or more \xc2\xb7 %s mode"),
                      1e3 * m->mean_abs, m->suspects, m->with_lag, half, mode_of(&plot->frame));
  panel.source = source;
  wd_side_plot_panel(plot, cr, width, height, &panel, NULL);
  wd_print(about, size, _("Lags of decoded against simulated traces, %s."), source);
}

void wd_side_draw_arrivals(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                           gsize size) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  const WdAnalysis *a =
      plot->frame.pair && s ? wd_analysis_find(plot->session, plot->view, plot->frame.pair, s) : NULL;
  if (!a || a->failed) {
    wd_side_plot_message(plot, cr, width, height, a ? _("These gathers have no first arrivals") : WAIT);
    return;
  }
  const double *ray = wd_first_arrivals(plot->view, plot->frame.pair);
  const int shot = CLAMP(plot->view->shot, 0, plot->frame.pair->gathers.shots - 1),
            n = s->comparison.receivers;
  const double half = 1e3 * wd_half_period(a->frequency);
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
  const wd_series series[] = {
      {.name = _("eikonal on the decoded map"), .x = x, .y = e, .count = n, .colour = 3},
      {.name = _("picked on decoded"),
       .x = x,
       .y = d,
       .count = n,
       .dash = WD_DASH_NONE,
       .marker = WD_MARKER_HOLLOW,
       .colour = 1},
      {.name = _("picked on simulated"),
       .x = x,
       .y = f,
       .count = n,
       .dash = WD_DASH_NONE,
       .marker = WD_MARKER_SOLID,
       .colour = 2}};
  g_autofree char *around = g_strdup_printf(_("simulated \xc2\xb1 half a period (%.0f ms)"), half);
  const wd_band band = {.name = around, .x = x, .lo = lo, .hi = hi, .count = n, .colour = 2};
  g_autofree char *source =
      g_strdup_printf(_("shot %d \xc2\xb7 decoded \xe2\x88\x92 simulated: mean %.1f ms, %d of %d receivers "
                        "beyond half a period \xc2\xb7 %s mode"),
                      shot + 1, both ? sum / both : NAN, beyond, both, mode_of(&plot->frame));
  const wd_curve curve = {.title = _("First arrivals"),
                          .source = source,
                          .x = {0, x[n - 1], FALSE, _("Receiver (m)"), .dimension = WD_DISTANCE},
                          .y = {most + 40, -10, FALSE, _("Time (ms)"), .dimension = WD_TIME},
                          .series = series,
                          .n_series = 3,
                          .band = &band,
                          .n_bands = 1};
  wd_side_plot_curve(plot, cr, &(wd_rect){0, 0, width, height}, &curve,
                     plot->view->cursor ? plot->view->x : NAN, NAN);
  wd_print(about, size, _("First arrivals, %s."), source);
}

gboolean wd_side_times_ready(const WdSidePlot *plot) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  if (!plot->frame.pair || !s) return TRUE;
  const gboolean lines = wd_first_arrivals_known(plot->view, plot->frame.pair);
  return wd_analysis_find(plot->session, plot->view, plot->frame.pair, s) && lines;
}

const char *wd_side_times_missing(const WdSidePlot *plot) {
  WdSimulation *s = wd_frame_simulation(&plot->frame);
  if (!plot->frame.pair || !s) return _("not simulated yet");
  const WdAnalysis *a = wd_analysis_find(plot->session, plot->view, plot->frame.pair, s);
  return !a ? _("not made yet") : a->failed || !a->lags.value ? _("these gathers have none") : NULL;
}
