/* How the residual of the chosen sample went, step by step, against the band of the population. */
#include "app/i18n.h"
#include "app/inspect_draw.h"
#include "app/score.h"

#include <math.h>

void wd_way_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height) {
  WdInspect *i = d->inspect;
  const WdSample *s = wd_inspect_sample_chosen(i);
  const guint n = i->population ? i->population->way->len : 0;
  if (!s || n < 2) {
    wd_inspect_message(
        d, cr, width, height,
        s ? _("Only the finished pair was scored: sample with scores on the way (--score every=2)")
          : _("Choose a sample"));
    return;
  }
  g_autofree double *x = g_new(double, n), *y = g_new(double, n), *lo = g_new(double, n),
                    *hi = g_new(double, n), *median = g_new(double, n);
  gboolean band = TRUE;
  for (guint k = 0; k < n; k++) {
    const WdWayStep *w = &g_array_index(i->population->way, WdWayStep, k);
    x[k] = w->step;
    y[k] = (double)s->way[k];
    lo[k] = w->p10;
    hi[k] = w->p90;
    median[k] = w->median;
    band = band && isfinite(w->p90);
  }
  const double bad = s->value[WD_VALUE_FIRST_BAD];
  WdLevels levels;
  const gboolean known =
      wd_session_get_levels_of(i->session, i->population->identity, WD_METRIC_REFLECTION_RESIDUAL, &levels) &&
      isfinite(levels.stage1_p95);
  g_autofree char *source =
      isfinite(bad)
          ? g_strdup_printf(_("above the population's band (10 to 90 %%) from step %.0f on \xc2\xb7 %s mode"),
                            bad, wd_score_mode_words(i->population->mode))
      : band ? g_strdup_printf(_("ends within the population's band (10 to 90 %%) \xc2\xb7 %s mode"),
                               wd_score_mode_words(i->population->mode))
             : g_strdup_printf(_("fewer than %d samples: no band yet \xc2\xb7 %s mode"), WD_BAND_MIN,
                               wd_score_mode_words(i->population->mode));
  g_autofree char *name = g_strdup_printf(_("seed %" PRIu64 ", x\xcc\x82\xe2\x82\x80"), s->seed);
  const wd_series series[] = {
      {.name = name, .x = x, .y = y, .count = (int)n, .marker = WD_MARKER_SOLID, .colour = 1},
      {.name = _("median of the population"),
       .x = x,
       .y = median,
       .count = (int)n,
       .dash = WD_DASH_DASHED,
       .colour = 4}};
  const wd_band area = {.name = _("10 to 90 %"), .x = x, .lo = lo, .hi = hi, .count = (int)n, .colour = 4};
  const wd_reference epsilon = {
      .y = known ? levels.stage1_p95 : 1, .label = known ? "\xce\xb5" : "1", .dash = WD_DASH_DOTTED};
  wd_curve curve = {.title = _("Residual by step"),
                    .source = source,
                    .x = {0, x[n - 1], FALSE, _("Step (noise \xe2\x86\x90 \xe2\x86\x92 data)"), TRUE},
                    .y = {0, 0, TRUE, _("Reflection residual")},
                    .series = series,
                    .n_series = band ? 2 : 1,
                    .band = &area,
                    .n_bands = band ? 1 : 0,
                    .reference = &epsilon,
                    .n_references = 1};
  wd_curve_layout l;
  cairo_translate(cr, 8, 8);
  if (wd_curve_arrange(&curve, &d->style, width - 16, height - 16, &l, NULL)) {
    wd_inspect_message(d, cr, width - 16, height - 16, _("Nothing of the way has a residual"));
    return;
  }
  wd_curve_draw(&curve, &d->style, &l, cr, NULL);
  if (isfinite(bad)) {
    wd_pen pen;
    wd_pen_open(&pen, cr, &d->style, NULL);
    const double at = l.plot.x + l.plot.width * wd_axis_place(&l.x, bad);
    wd_pen_colour(&pen, pen.theme->warm);
    wd_pen_vertical(&pen, at, l.plot.y, l.plot.y + l.plot.height, 1.4, 0);
    wd_pen_text(&pen, &(wd_type){.colour = pen.theme->warm, .weight = WD_BOLD}, at + 4,
                l.plot.y + 1.3 * d->style.size, 0, _("first bad step"));
    wd_pen_close(&pen);
  }
  wd_print(d->about, sizeof d->about, _("Residual of seed %" PRIu64 " over the steps, %s."), s->seed, source);
}
