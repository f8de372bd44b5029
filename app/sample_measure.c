#include "app/sample_measure.h"

#include "app/i18n.h"
#include "app/sample_windows.h"
#include "app/score.h"
#include "model/interior.h"
#include "model/latent_space.h"
#include "solver/arrival.h"
#include "solver/half.h"
#include "solver/spectral.h"

#include <math.h>
#include <string.h>

static gsize count_bad(const float *v, gsize n) {
  gsize bad = 0;
  for (gsize i = 0; i < n; i++) bad += !isfinite(v[i]);
  return bad;
}

/* Statistics of the map: also where the solver refuses it. */
static void measure_map(const WdSampleDesc *d, WdSample *s) {
  const wd_map *m = d->velocity;
  const gsize n = (gsize)m->nz * (gsize)m->nx;
  double lo = INFINITY, hi = -INFINITY;
  gsize held = 0;
  for (gsize i = 0; i < n; i++) {
    const double v = (double)m->value[i];
    if (!isfinite(v)) continue;
    lo = fmin(lo, v);
    hi = fmax(hi, v);
    held += v <= d->velocity_min || v >= d->velocity_max;
  }
  if (!(hi >= lo)) return;
  s->value[WD_VALUE_V_MIN] = lo;
  s->value[WD_VALUE_V_MAX] = hi;
  s->value[WD_VALUE_HELD] = (double)held / (double)n;
  wd_stability stability;
  wd_wave_stability(d->survey, &(wd_wave_desc){.mode = d->mode}, lo, hi, &stability);
  s->value[WD_VALUE_CFL] = stability.number;
  s->value[WD_VALUE_CFL_LIMIT] = stability.limit;
  s->value[WD_VALUE_POINTS] = stability.points;
}

static void measure_latent(const WdSampleDesc *d, WdSample *s) {
  if (!d->latent || !d->numbers) return;
  s->value[WD_VALUE_SHELL] = wd_latent_norm(d->latent, d->numbers);
  g_clear_pointer(&s->latent, g_bytes_unref);
  s->latent = g_bytes_new(d->latent, d->numbers * sizeof(float));
}

/* The map as float16; the middle shot, every other trace, means of the samples between. */
static void draw(const WdPopulation *p, const WdSampleDesc *d, WdSample *s) {
  const wd_map *m = d->velocity;
  const wd_gather *g = d->gathers;
  if (m->nz == p->geometry.nz && m->nx == p->geometry.nx) {
    const gsize n = (gsize)m->nz * (gsize)m->nx;
    g_free(s->map);
    s->map = g_new(guint16, n);
    for (gsize i = 0; i < n; i++) s->map[i] = wd_half_from_float(m->value[i]);
  }
  if (!g->value || g->shots < 1) return;
  g_free(s->picture);
  s->picture = g_new(guint16, WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS);
  const float *shot = g->value + (gsize)(g->shots / 2) * (gsize)g->samples * (gsize)g->receivers;
  for (int r = 0; r < WD_SAMPLE_PICTURE_ROWS; r++)
    for (int c = 0; c < WD_SAMPLE_PICTURE_COLUMNS; c++) {
      const int x = (2 * c + 1) * g->receivers / (2 * WD_SAMPLE_PICTURE_COLUMNS);
      const int t0 = r * g->samples / WD_SAMPLE_PICTURE_ROWS;
      const int t1 = MAX((r + 1) * g->samples / WD_SAMPLE_PICTURE_ROWS, t0 + 1);
      double sum = 0;
      for (int t = t0; t < t1; t++) sum += (double)shot[(gsize)t * (gsize)g->receivers + (gsize)x];
      s->picture[r * WD_SAMPLE_PICTURE_COLUMNS + c] = wd_half_from_float((float)(sum / (t1 - t0)));
    }
}

/* The least-squares gain, and how much of the reflections s holds. */
static void measure_shares(const WdSampleDesc *d, WdSample *s) {
  const wd_gather *a = d->gathers, *b = d->full, *top = d->top;
  double aa = 0, ab = 0, own = 0, all = 0;
  const gsize row = (gsize)a->receivers, one = row * (gsize)a->samples;
  for (int shot = 0; shot < a->shots; shot++) {
    const gsize end = (gsize)(shot + 1) * one - row; /* without the last sample */
    for (gsize i = (gsize)shot * one; i < end; i++) {
      const double x = (double)a->value[i], y = (double)b->value[i], z = (double)top->value[i];
      aa += x * x;
      ab += x * y;
      own += (x - z) * (x - z);
      all += (y - z) * (y - z);
    }
  }
  s->value[WD_VALUE_GAIN] = aa > 0 ? ab / aa : NAN;
  s->value[WD_VALUE_DECODED_SHARE] = all > 0 ? sqrt(own / all) : NAN;
}

static wd_status measure_arrivals(const WdSampleDesc *d, WdSample *s, wd_error *err) {
  const gsize n = (gsize)d->gathers->shots * (gsize)d->gathers->receivers;
  g_autofree double *one = g_new(double, n), *other = g_new(double, n);
  const wd_arrival_desc desc = {.frequency = d->survey->frequency};
  wd_error ignored = {0};
  wd_status st = wd_arrival_pick(d->gathers, &desc, one, &ignored);
  if (!st) st = wd_arrival_pick(d->full, &desc, other, &ignored);
  if (st == WD_ERR_NO_MEMORY && err) *err = ignored;
  if (st) return st == WD_ERR_NO_MEMORY ? st : WD_OK;
  double sum = 0;
  gsize found = 0;
  for (gsize i = 0; i < n; i++)
    if (isfinite(one[i]) && isfinite(other[i])) sum += fabs(one[i] - other[i]), found++;
  s->value[WD_VALUE_ARRIVAL] = found ? 1e3 * sum / (double)found : NAN;
  return WD_OK;
}

static void take_comparison(const wd_comparison *c, WdSample *s) {
  double worst = NAN;
  for (int i = 0; i < WD_METRICS; i++) s->value[i] = wd_measure_get(&c->all, (wd_metric)i);
  for (int k = 0; k < c->shots; k++) {
    for (int i = 0; i < WD_METRICS; i++) s->shot[k][i] = (float)wd_measure_get(&c->shot[k], (wd_metric)i);
    worst = fmax(worst, c->shot[k].reflection_residual);
  }
  s->value[WD_VALUE_MAX_SHOT] = worst;
}

static void take_lags(const wd_lag_map *lags, WdSample *s) {
  s->value[WD_SCORE_LAG] = 1e3 * lags->mean_abs;
  for (int k = 0; k < lags->shots; k++) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < lags->receivers * lags->windows; i++) {
      const double lag = lags->value[(gsize)k * (gsize)(lags->receivers * lags->windows) + (gsize)i].lag;
      if (!isnan(lag)) sum += fabs(lag), n++;
    }
    s->shot[k][WD_SCORE_LAG] = n ? (float)(1e3 * sum / n) : NAN;
  }
}

static void take_spectral(const wd_spectral_comparison *c, WdSample *s) {
  s->value[WD_METRIC_COHERENCE] = c->all.coherence;
  s->value[WD_METRIC_ENVELOPE] = c->all.envelope;
  for (int k = 0; k < c->shots; k++) {
    s->shot[k][WD_METRIC_COHERENCE] = (float)c->shot[k].coherence;
    s->shot[k][WD_METRIC_ENVELOPE] = (float)c->shot[k].envelope;
  }
}

/* What costs as much as all the rest. */
static wd_status measure_more(const WdSampleDesc *d, WdSample *s, const wd_hooks *hooks, wd_error *err) {
  wd_error mine = {0};
  wd_lag_map lags = {0};
  wd_spectral_comparison spectral = {0};
  wd_status st = wd_spectral_compare(d->gathers, d->full, &(wd_spectral_desc){.threads = MAX(d->threads, 1)},
                                     &spectral, &mine);
  if (!st) take_spectral(&spectral, s);
  wd_spectral_clear(&spectral);
  if (st == WD_ERR_NO_MEMORY) {
    if (err) *err = mine;
    return st;
  }
  st = wd_lag_map_create(d->gathers, d->full, NULL, &lags, &mine);
  if (!st) take_lags(&lags, s);
  wd_lag_map_clear(&lags);
  if (wd_hooks_cancelled(hooks)) st = wd_fail(&mine, WD_CANCELLED, _("stopped"));
  g_autofree double *shot = g_new(double, d->survey->shots);
  double interior = NAN;
  if (st != WD_CANCELLED && st != WD_ERR_NO_MEMORY)
    st = wd_interior_residual(d->survey, d->velocity, d->gathers, d->full, d->top,
                              &(wd_interior_desc){.threads = MAX(d->threads, 1)}, &interior, shot, hooks,
                              &mine);
  if (!st) {
    s->value[WD_SCORE_INTERIOR] = interior;
    for (int k = 0; k < d->survey->shots; k++) s->shot[k][WD_SCORE_INTERIOR] = (float)shot[k];
  }
  if (st != WD_CANCELLED && st != WD_ERR_NO_MEMORY) return WD_OK; /* a map that this cannot measure: NaN */
  if (err) *err = mine;
  return st;
}

static wd_status measure_windows(const WdSampleDesc *d, WdSample *s, wd_error *err) {
  wd_windows w;
  wd_error mine = {0};
  wd_status st = wd_windows_measure(d->gathers, d->full, d->top, d->survey->frequency, 2, &w, &mine);
  if (st == WD_ERR_NO_MEMORY && err) *err = mine;
  if (st) return st == WD_ERR_NO_MEMORY ? st : WD_OK;
  s->value[WD_VALUE_TIMING] = w.timing;
  s->value[WD_VALUE_SHIFT] = 1e3 * w.shift;
  s->value[WD_VALUE_SUSPECTS] = w.suspects;
  s->value[WD_VALUE_MISSING] = w.missing;
  s->value[WD_VALUE_EXTRA] = w.extra;
  return WD_OK;
}

wd_status wd_sample_measure(const WdPopulation *p, const WdSampleDesc *d, WdSample *s, const wd_hooks *hooks,
                            wd_error *err) {
  gsize bad = count_bad(d->velocity->value, (gsize)d->velocity->nz * (gsize)d->velocity->nx);
  if (d->latent) bad += count_bad(d->latent, d->numbers);
  if (d->gathers->value) bad += count_bad(d->gathers->value, wd_gather_count(d->gathers));
  if (d->full) bad += count_bad(d->full->value, wd_gather_count(d->full));
  s->value[WD_VALUE_NOT_FINITE] = (double)bad;
  measure_map(d, s);
  measure_latent(d, s);
  draw(p, d, s);
  if (!d->full || !d->top || !d->gathers->value) return WD_OK;
  wd_comparison made = {0};
  wd_status st = WD_OK;
  if (!d->compared)
    st = wd_compare(d->gathers, d->full, d->top, &(wd_compare_desc){.threads = MAX(d->threads, 1)}, &made,
                    err);
  if (st) return st;
  take_comparison(d->compared ? d->compared : &made, s);
  wd_comparison_clear(&made);
  if (bad) return WD_OK;
  measure_shares(d, s);
  if (wd_hooks_cancelled(hooks)) return wd_fail(err, WD_CANCELLED, _("stopped"));
  st = measure_arrivals(d, s, err);
  if (!st) st = measure_windows(d, s, err);
  if (!st && wd_hooks_cancelled(hooks)) st = wd_fail(err, WD_CANCELLED, _("stopped"));
  if (!st && !d->quick) st = measure_more(d, s, hooks, err);
  return st;
}
