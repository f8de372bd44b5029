/* The trace under the crosshair: decoded over simulated (and observed), decoded less simulated, their
 * amplitude spectra, and lag and correlation as numbers. */
#include "app/i18n.h"
#include "app/side_draw.h"
#include "solver/fft.h"
#include "solver/lag.h"

#include <math.h>
#include <string.h>

enum { COLOUR_DECODED = 1, COLOUR_SIMULATED = 2, COLOUR_OBSERVED = 3, TOP_HZ = 60 };

typedef struct Trace {
  double *value;    /* samples; NULL: not known */
  double *spectrum; /* bins */
} Trace;

typedef struct Traces {
  int shot, receiver, samples, bins;
  double dt;
  double *ms, *hz, *difference;
  Trace decoded, simulated, observed;
} Traces;

static const float *first_of(const wd_gather *g, int shot, int receiver) {
  return g->value + (gsize)shot * (gsize)g->samples * (gsize)g->receivers + receiver;
}

static Trace trace_of(const wd_gather *g, const Traces *t, const wd_fft *fft) {
  Trace out = {NULL, NULL};
  if (!g || !g->value || t->shot >= g->shots || t->receiver >= g->receivers || g->samples != t->samples)
    return out;
  const float *from = first_of(g, t->shot, t->receiver);
  out.value = g_new(double, t->samples);
  for (int s = 0; s < t->samples; s++) out.value[s] = (double)from[(gsize)s * (gsize)g->receivers];
  if (!fft) return out;
  int n = wd_fft_length(fft);
  g_autofree double complex *x = g_new0(double complex, n);
  for (int s = 0; s < t->samples && s < n; s++) x[s] = isfinite(out.value[s]) ? out.value[s] : 0;
  wd_fft_forward(fft, x);
  out.spectrum = g_new(double, t->bins);
  for (int k = 0; k < t->bins; k++) out.spectrum[k] = cabs(x[k]) * t->dt;
  return out;
}

static void trace_clear(Trace *t) {
  g_free(t->value);
  g_free(t->spectrum);
}

static void traces_clear(Traces *t) {
  g_free(t->ms);
  g_free(t->hz);
  g_free(t->difference);
  trace_clear(&t->decoded);
  trace_clear(&t->simulated);
  trace_clear(&t->observed);
}

static gboolean traces_find(const WdSidePlot *plot, Traces *t) {
  const WdPair *pair = plot->frame.pair;
  WdSimulation *simulation = wd_frame_simulation(&plot->frame);
  const wd_gather *g = &pair->gathers;
  *t = (Traces){.samples = g->samples, .dt = g->dt};
  t->shot = plot->view->shot >= 0 ? MIN(plot->view->shot, g->shots - 1) : g->shots / 2;
  t->receiver = (int)CLAMP(round(plot->view->x / pair->velocity.spacing), 0, g->receivers - 1);
  if (t->samples < 2 || !(t->dt > 0)) return FALSE;
  wd_fft *fft = NULL;
  if (wd_fft_create(wd_fft_length_for(t->samples), &fft, NULL)) fft = NULL;
  double step = fft ? 1 / (wd_fft_length(fft) * t->dt) : 1;
  t->bins = fft ? (int)fmin(ceil(TOP_HZ / step) + 1, wd_fft_length(fft) / 2) : 0;
  t->ms = g_new(double, t->samples);
  t->hz = g_new(double, MAX(t->bins, 1));
  for (int s = 0; s < t->samples; s++) t->ms[s] = (s + 1) * t->dt * 1000;
  for (int k = 0; k < t->bins; k++) t->hz[k] = k * step;
  t->decoded = trace_of(g, t, fft);
  t->simulated = trace_of(simulation ? &simulation->full : NULL, t, fft);
  t->observed = trace_of(plot->truth ? &plot->truth->gathers : NULL, t, fft);
  wd_fft_destroy(fft);
  if (t->decoded.value && t->simulated.value) {
    t->difference = g_new(double, t->samples);
    for (int s = 0; s < t->samples; s++) t->difference[s] = t->decoded.value[s] - t->simulated.value[s];
  }
  return t->decoded.value != NULL;
}

/* "lag +1.2 ms, correlation 0.987, reflection residual 0.321" */
static void numbers(const WdSidePlot *plot, const Traces *t, char *out, gsize size) {
  WdSimulation *simulation = wd_frame_simulation(&plot->frame);
  out[0] = 0;
  if (!t->difference) {
    wd_copy(out, _("not simulated yet"), size);
    return;
  }
  const wd_gather *a = &plot->frame.pair->gathers, *b = &simulation->full;
  wd_lag lag = wd_lag_of_window(first_of(a, t->shot, t->receiver), first_of(b, t->shot, t->receiver),
                                a->receivers, 0, t->samples - 1, (int)(0.1 / t->dt));
  char ms[32], correlation[32], residual[32] = "";
  wd_format_number(lag.lag * t->dt * 1000, 0.1, ms, sizeof ms);
  const wd_comparison *c = &simulation->comparison;
  double same = NAN, r = NAN;
  if (c->trace && t->shot < c->shots && t->receiver < c->receivers) {
    const wd_measure *m = &c->trace[t->shot * c->receivers + t->receiver];
    same = m->correlation;
    r = m->reflection_residual;
  }
  wd_format_number(same, 0.001, correlation, sizeof correlation);
  if (isfinite(r)) wd_format_number(r, 0.001, residual, sizeof residual);
  if (isfinite(lag.lag))
    wd_print(out, size, _("lag %s%s ms · correlation %s"), lag.lag > 0 ? "+" : "", ms, correlation);
  else
    wd_print(out, size, _("no lag can be told"));
  if (*residual) {
    wd_append(out, _(" · residual "), size);
    g_strlcat(out, residual, size);
  }
  wd_append(out, simulation->mode == WD_WAVE_LIVE ? _(" (live)") : _(" (exact)"), size);
}

static int fill(wd_series *series, const Traces *t, const double *x, int count, gboolean spectra,
                gboolean observed) {
  const struct {
    const char *name;
    const Trace *trace;
    int colour;
    wd_dash dash;
  } all[] = {{_("decoded"), &t->decoded, COLOUR_DECODED, WD_DASH_SOLID},
             {_("simulated"), &t->simulated, COLOUR_SIMULATED, WD_DASH_SOLID},
             {_("observed"), &t->observed, COLOUR_OBSERVED, WD_DASH_DASHED}};
  int n = 0;
  for (int i = 0; i < (observed ? 3 : 2); i++) {
    const double *y = spectra ? all[i].trace->spectrum : all[i].trace->value;
    if (!y) continue;
    series[n++] = (wd_series){.name = spectra ? NULL : all[i].name,
                              .x = x,
                              .y = y,
                              .count = count,
                              .dash = all[i].dash,

                              .colour = all[i].colour};
  }
  return n;
}

static double largest(const double *value, int count) {
  double most = 0;
  for (int i = 0; value && i < count; i++)
    if (fabs(value[i]) > most) most = fabs(value[i]);
  return most;
}

void wd_side_draw_trace(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about,
                        gsize size) {
  Traces t = {0};
  if (!plot->frame.pair || !plot->frame.pair->gathers.value) {
    wd_side_plot_message(plot, cr, width, height, _("Traces appear with the decoded gathers"));
    return;
  }
  if (traces_find(plot, &t)) {
    char where[96], told[200];
    wd_print(where, sizeof where, _("shot %d · receiver %d"), t.shot + 1, t.receiver + 1);
    numbers(plot, &t, told, sizeof told);
    wd_print(about, size, _("Traces of %s: %s"), where, told);
    gboolean wide = width > 460, observed = plot->view->show_truth;
    gboolean tall = t.difference && 0.38 * height > 9.5 * plot->style.size; /* the lower one has room */
    double left = wide ? round(0.66 * width) : width, upper = tall ? round(0.62 * height) : height;
    wd_series series[3];
    wd_axis time = {0, t.ms[t.samples - 1], false, tall ? NULL : _("Time (ms)"), .dimension = WD_TIME};
    char source[320];
    wd_print(source, sizeof source, "%s · %s", where, told);
    double most = fmax(largest(t.decoded.value, t.samples), largest(t.simulated.value, t.samples)) * 1.05;
    if (!(most > 0)) most = 1;
    wd_curve curve = {.title = _("Trace"),
                      .source = tall ? where : source,
                      .x = time,
                      .y = {-most, most, false, _("Pressure (arb. units)")},
                      .series = series,
                      .n_series = fill(series, &t, t.ms, t.samples, FALSE, observed)};
    double at = plot->view->cursor ? plot->view->t * 1000 : NAN;
    wd_side_plot_curve(plot, cr, &(wd_rect){0, 0, left, upper}, &curve, at, NAN);
    if (tall) {
      wd_series one = {.x = t.ms, .y = t.difference, .count = t.samples, .colour = 6};
      char between[260];
      wd_print(between, sizeof between, _("difference · %s"), told);
      wd_curve difference = {.source = between,
                             .x = {time.lo, time.hi, false, _("Time (ms)"), .dimension = WD_TIME},
                             .y = {0, 0, false, _("Difference")},
                             .series = &one,
                             .n_series = 1};
      double span = largest(t.difference, t.samples) * 1.05;
      difference.y.lo = span > 0 ? -span : -1;
      difference.y.hi = span > 0 ? span : 1;
      wd_side_plot_curve(plot, cr, &(wd_rect){0, upper, left, height - upper}, &difference, at, NAN);
    }
    if (wide && t.bins > 1) {
      wd_curve spectra = {.source = _("amplitude spectra"),
                          .x = {0, TOP_HZ, false, _("Frequency (Hz)")},
                          .y = {0, 0, false, _("Amplitude (arb. units)")},
                          .series = series,
                          .n_series = fill(series, &t, t.hz, t.bins, TRUE, observed)};
      double top = fmax(largest(t.decoded.spectrum, t.bins), largest(t.simulated.spectrum, t.bins)) * 1.05;
      spectra.y.hi = top > 0 ? top : 1;
      wd_side_plot_curve(plot, cr, &(wd_rect){left + 8, 0, width - left - 8, height}, &spectra, NAN, NAN);
    }
  }
  traces_clear(&t);
}

const char *wd_side_trace_missing(const WdSidePlot *plot) {
  if (!plot->frame.pair || !plot->frame.pair->gathers.value) return _("there are no decoded gathers");
  return wd_frame_simulation(&plot->frame) ? NULL : _("not simulated yet");
}
