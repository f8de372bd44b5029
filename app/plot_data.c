#include "app/plot_data.h"
#include "app/i18n.h"
#include "app/models.h"
#include "app/score.h"
#include "app/lanes.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- memory */

static void *keep(WdPlot *plot, gsize bytes) {
  void *p = g_malloc0(MAX(bytes, 1));
  g_ptr_array_add(plot->memory, p);
  return p;
}
static const char *keep_text(WdPlot *plot, char *text) {
  g_ptr_array_add(plot->memory, text);
  return text;
}

void wd_plot_free(WdPlot *plot) {
  if (!plot) return;
  g_ptr_array_unref(plot->memory);
  g_free(plot);
}

/* ---- the population's file */

static const char *population_key(int kind) {
  switch (kind) {
  case WD_METRIC_REFLECTION_RESIDUAL: return "reflection_residual";
  case WD_METRIC_RELATIVE_L2: return "residual_relative_l2";
  case WD_METRIC_LOG_NORM_MSE: return "residual_log_norm_mse";
  case WD_METRIC_REFLECTION_SHARE: return "reflection_share";
  case WD_METRIC_MAE: return "residual_mae";
  case WD_METRIC_MAX_ABS: return "residual_max_abs";
  case WD_METRIC_CORRELATION: return "residual_correlation";
  case WD_METRIC_COHERENCE: return "residual_coherence";
  case WD_METRIC_ENVELOPE: return "residual_envelope_misfit";
  case WD_SCORE_LAG: return "mean_abs_lag"; /* by step there is none: of the data only */
  case WD_SCORE_INTERIOR: return "interior_residual";
  default: return NULL;
  }
}

static double number_of(const json_t *o, const char *key) {
  const json_t *v = json_object_get(o, key);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

WdPopulationSteps *wd_population_steps_load(const char *folder, const char *identity, int kind, WdWhat what) {
  const char *key = population_key(kind);
  if (!folder || !*folder || !identity || !key) return NULL;
  g_autofree char *path = g_build_filename(folder, "evaluation.json", NULL);
  json_t *file = json_load_file(path, 0, NULL);
  const char *of = json_string_value(json_object_get(json_object_get(file, "model"), "identity"));
  const json_t *convergence = of && !strcmp(of, identity) ? json_object_get(file, "convergence") : NULL;
  const json_t *list = json_object_get(convergence, what == WD_WHAT_STATE ? "xt" : "x0");
  size_t n = json_array_size(list);
  WdPopulationSteps *s = NULL;
  if (n > 0 && n < 100000) {
    s = g_new0(WdPopulationSteps, 1);
    s->seeds = (int)json_integer_value(json_object_get(convergence, "seeds"));
    s->timestep = g_new0(int, n);
    s->median = g_new0(double, n);
    s->p05 = g_new0(double, n);
    s->p95 = g_new0(double, n);
    for (size_t i = 0; i < n; i++) {
      const json_t *row = json_array_get(list, i), *figure = json_object_get(row, key);
      const json_t *t = json_object_get(row, "timestep");
      if (!json_is_object(figure) || !json_is_integer(t)) continue;
      s->timestep[s->count] = (int)json_integer_value(t);
      s->median[s->count] = number_of(figure, "median");
      s->p05[s->count] = number_of(figure, "p05");
      s->p95[s->count] = number_of(figure, "p95");
      s->count++;
    }
  }
  json_decref(file);
  if (s && !s->count) {
    wd_population_steps_free(s);
    return NULL;
  }
  return s;
}

const char *wd_population_identity(WdSession *session) {
  const WdModelInfo *model = wd_session_get_model(session);
  const char *made = wd_recording_get_identity(wd_session_get_recording(session));
  return *made || !model ? made : model->identity;
}

WdPopulationSteps *wd_population_steps_of(WdSession *session, const WdView *view) {
  const WdModelInfo *model = wd_session_get_model(session);
  const char *identity = wd_population_identity(session);
  char own[1024] = "";
  const gboolean loaded = model && !g_strcmp0(model->identity, identity);
  if (!loaded && wd_find_model("default", own, sizeof own, NULL)) *own = 0;
  return wd_population_steps_load(loaded ? model->folder : own, identity, view->metric, view->what);
}

void wd_population_steps_free(WdPopulationSteps *s) {
  if (!s) return;
  g_free(s->timestep);
  g_free(s->median);
  g_free(s->p05);
  g_free(s->p95);
  g_free(s);
}

/* ---- the x axis */

/* The step of a branch at which it has, or would have, timestep t: exact where positions are made, and from
 * there on by the even spread of levels (schedule.h). */
static double step_of_timestep(WdRecording *r, const WdBranch *b, double t) {
  if (t < 0) return b->steps;
  int last = MIN(wd_branch_last(b), b->steps);
  double before_t = NAN;
  int before = 0;
  for (int k = 0; k <= last; k++) {
    const WdPosition *p = wd_recording_position(r, b->id, k);
    if (!p) continue;
    double here = k == b->steps ? -1 : p->level.timestep;
    if (here <= t) {
      if (!isfinite(before_t) || here == t || before_t == here) return k;
      return before + (k - before) * (before_t - t) / (before_t - here);
    }
    before = k;
    before_t = here;
  }
  if (!isfinite(before_t) || before >= b->steps) return NAN;
  return before + (b->steps - before) * (before_t - t) / (before_t + 1);
}

/* The cleanest finite log-SNR among what is drawn: the data stand beyond it. */
static double snr_end(const WdPlotDesc *d) {
  double best = -INFINITY;
  for (guint i = 0; i < wd_recording_count(d->recording); i++) {
    const WdBranch *b = wd_recording_nth(d->recording, i);
    if (!b->pinned && b->id != d->view->place[0].branch && b->id != d->view->place[1].branch) continue;
    for (int k = wd_recording_origin(d->recording, b->id); k <= wd_branch_last(b) && k < b->steps; k++) {
      const WdPosition *p = wd_recording_position(d->recording, b->id, k);
      if (p && isfinite(p->level.log_snr)) best = fmax(best, p->level.log_snr);
    }
  }
  return isfinite(best) ? best : 8;
}

static double start_timestep(const WdPlotDesc *d, const WdBranch *b) {
  const WdPosition *p = wd_recording_position(d->recording, b->id, wd_recording_origin(d->recording, b->id));
  return p && p->level.timestep > 0 ? p->level.timestep + 1 : 1000;
}

/* The latents of a walk have no noise level: they are told apart by their numbers alone. */
static WdPlotAxis axis_of(const WdPlotDesc *d) {
  const WdBranch *a = wd_recording_find(d->recording, d->view->place[0].branch);
  return a && a->kind == WD_BRANCH_WALK ? WD_PLOT_STEP : d->view->axis;
}

double wd_plot_x(const WdPlotDesc *d, guint id, int k) {
  const WdBranch *b = wd_recording_find(d->recording, id);
  if (!b) return NAN;
  const WdPosition *p = wd_recording_position(d->recording, id, k);
  gboolean data = wd_branch_is_data(b, p, k);
  int beyond = MAX(0, k - b->steps);
  WdPlotAxis axis = axis_of(d);
  if (axis == WD_PLOT_STEP) {
    const WdBranch *a = wd_recording_find(d->recording, d->view->place[0].branch);
    if (!a || a == b || d->view->align == WD_ALIGN_STEP || a->kind != WD_BRANCH_SAMPLED) return k;
    if (data) return a->steps + beyond;
    return p ? step_of_timestep(d->recording, a, p->level.timestep) : NAN;
  }
  if (!p) return NAN;
  if (axis == WD_PLOT_TIMESTEP) {
    double gap = start_timestep(d, b) / 32;
    return data ? -gap * (1 + 0.6 * beyond) : p->level.timestep;
  }
  double gap = 0.9;
  return data ? snr_end(d) + gap * (1 + 0.6 * beyond) : p->level.log_snr;
}

int wd_plot_position_at(const WdPlotDesc *d, guint id, double x) {
  const WdBranch *b = wd_recording_find(d->recording, id);
  int best = -1;
  double least = INFINITY;
  for (int k = 0; b && k <= wd_branch_last(b); k++) {
    double distance = fabs(wd_plot_x(d, id, k) - x);
    if (distance < least) {
      least = distance;
      best = k;
    }
  }
  return best;
}

/* ---- epsilon and the verdict */

double wd_plot_epsilon(const WdPlotDesc *d, gboolean *own) {
  if (own) *own = FALSE;
  if (wd_score_get_info(d->view->metric)->higher_is_better) return NAN; /* a share, a correlation: no error */
  double of_model = d->levels ? d->levels->stage1_p95 : NAN;
  gboolean set = isfinite(d->view->epsilon) && d->view->epsilon > 0;
  if (own) *own = set;
  return set ? d->view->epsilon : of_model;
}

static void format(double value, char out[32]) {
  wd_format_number(value, 0, out, 32);
}

/* Three digits, for levels. */
static void format_short(double value, char out[32]) {
  double size = fabs(value) > 0 ? pow(10, floor(log10(fabs(value))) - 2) : 0;
  wd_format_number(size > 0 ? round(value / size) * size : value, 0, out, 32);
}

char *wd_plot_epsilon_words(const WdPlotDesc *d) {
  gboolean own;
  double epsilon = wd_plot_epsilon(d, &own);
  if (!isfinite(epsilon)) return NULL;
  char text[32];
  format_short(epsilon, text);
  return own ? g_strdup_printf(_("ε = %s, set by you: drag its line, or double-click it for the model's"),
                               text)
             : g_strdup_printf(_("ε = %s: 95 %% of true pairs through this model score less. Drag its line "
                                 "to set your own"),
                               text);
}

/* Half a period of the source: what is late by more is a cycle off. NaN: no Ricker wavelet, or not known. */
static double half_period_ms(const WdPlotDesc *d) {
  const double f = wd_recording_get_geometry(d->recording)->frequency;
  return f > 0 ? 500 / f : NAN;
}

/* Of figures that say by themselves what is good, without a population: what the value means. */
static void add_meaning(GString *s, const WdPlotDesc *d, double value) {
  char number[32];
  switch (d->view->metric) {
  case WD_SCORE_INTERIOR:
    g_string_append(s, value < 1 ? _(": below 1, where gathers without any reflections stand")
                                 : _(": no better than gathers without any reflections (1)"));
    break;
  case WD_SCORE_LAG:
    if (!isfinite(half_period_ms(d))) break;
    format_short(half_period_ms(d), number);
    g_string_append_printf(s,
                           value <= half_period_ms(d)
                               ? _(": within half a period (%s ms)")
                               : _(": beyond half a period (%s ms), so cycles are skipped"),
                           number);
    break;
  case WD_METRIC_CORRELATION: g_string_append(s, _(" (1: the same shape, 0: unlike)")); break;
  case WD_METRIC_COHERENCE: g_string_append(s, _(" (1: alike but for one filter, 0: unlike)")); break;
  case WD_METRIC_ENVELOPE: g_string_append(s, _(" (0: the same envelopes, 1: as silence)")); break;
  default: break;
  }
}

/* Why there is no number. Coherence and envelope are made with the exact score; recordings of earlier
 * versions have scores without. */
static const char *missing_words(const WdScore *score, int metric, gboolean sentence) {
  if (!score) return sentence ? _("Not scored yet") : _("not scored yet");
  const gboolean spectral = metric == WD_METRIC_COHERENCE || metric == WD_METRIC_ENVELOPE;
  if (metric >= WD_METRICS || (spectral && score->mode != WD_WAVE_EXACT))
    return sentence ? _("Made at rest") : _("made at rest");
  if (spectral && isnan(score->all.norm_envelope))
    return sentence ? _("– : not measured when this was scored") : _("not measured");
  return sentence ? _("No figure: it is not finite") : _("not finite");
}

/* What it means for a figure that the map has little to reflect. r_R divides by the reflections, so that they
 * do not flatter it; what is measured against all of the gather is low of itself then. */
static const char *share_words(int metric, gboolean within) {
  if (metric == WD_METRIC_REFLECTION_RESIDUAL)
    return within ? _("; little to reflect (share %s), which does not lower this figure")
                  : _("; little to reflect (share %s): a small error counts for much");
  if (metric != WD_METRIC_RELATIVE_L2 && metric != WD_METRIC_LOG_NORM_MSE && metric != WD_METRIC_MAE &&
      metric != WD_METRIC_MAX_ABS)
    return _("; little to reflect (share %s)");
  return within ? _("; a low residual with little to reflect (share %s): a bland map")
                : _("; little to reflect (share %s): a bland map");
}

char *wd_plot_verdict(const WdPlotDesc *d, const WdScore *score) {
  int metric = d->view->metric;
  const WdScoreInfo *info = wd_score_get_info(metric);
  double value = score ? score->value[metric] : NAN;
  if (!isfinite(value)) return g_strdup(missing_words(score, metric, TRUE));
  GString *s = g_string_new(NULL);
  char number[32];
  format(value, number);
  g_string_printf(s, "%s %s%s%s", info->title, number, *info->unit ? " " : "", info->unit);
  gboolean nothing =
      score->all.nothing_to_reflect || score->value[WD_METRIC_REFLECTION_SHARE] < WD_NOTHING_TO_REFLECT;
  gboolean own;
  double epsilon = wd_plot_epsilon(d, &own), share = score->value[WD_METRIC_REFLECTION_SHARE];
  if (metric == WD_METRIC_REFLECTION_RESIDUAL && nothing) {
    g_string_append(s, _(": nothing to reflect, the map is almost homogeneous, so this figure says nothing"));
  } else if (isfinite(epsilon) && !info->higher_is_better) {
    char e[32];
    format_short(epsilon, e);
    if (value <= epsilon)
      g_string_append_printf(s,
                             own ? _(": within your ε (%s)")
                                 : _(": within ε (%s: 95 %% of true pairs through this model score less)"),
                             e);
    else {
      char ratio[32];
      format_short(value / epsilon, ratio);
      if (value < 1.01 * epsilon) /* "1 x epsilon, so not within it" */
        g_string_append_printf(s, own ? _(": just above your ε (%s)") : _(": just above ε (%s)"), e);
      else
        g_string_append_printf(
            s, own ? _(": %s × your ε (%s), so not within it") : _(": %s × ε (%s), so not within it"), ratio,
            e);
    }
    double usual = d->share && isfinite(d->share->stage1_p05) ? d->share->stage1_p05 : 0.05;
    if (isfinite(share) && share < usual && metric != WD_METRIC_REFLECTION_SHARE) {
      format_short(share, number);
      g_string_append_printf(s, share_words(metric, value <= epsilon), number);
    }
  }
  if (!isfinite(epsilon)) add_meaning(s, d, value);
  if (!d->levels && population_key(metric) && metric != WD_METRIC_REFLECTION_RESIDUAL)
    g_string_append(s, _(" · no evaluation of this figure with these weights"));
  if (score->mode == WD_WAVE_LIVE) g_string_append(s, _(" · live, exact at rest"));
  g_autofree char *calibration = wd_score_calibration_words(score);
  if (calibration) /* the levels were measured without */
    g_string_append_printf(s, " · %s%s", calibration, isfinite(epsilon) && !own ? _(", ε without") : "");
  return g_string_free(s, FALSE);
}

/* One side's figure and, in short, what is to be said of it. */
static char *side_words(const WdPlotDesc *d, const WdScore *score, char *number, gsize size) {
  const int metric = d->view->metric;
  const WdScoreInfo *info = wd_score_get_info(metric);
  const double value = score ? score->value[metric] : NAN;
  g_strlcpy(number, "–", size);
  if (!score) return g_strdup(_("not scored yet"));
  if (!isfinite(value)) return g_strdup(missing_words(score, metric, FALSE));
  format(value, number);
  const double share = score->value[WD_METRIC_REFLECTION_SHARE], epsilon = wd_plot_epsilon(d, NULL);
  if (metric == WD_METRIC_REFLECTION_RESIDUAL &&
      (score->all.nothing_to_reflect || share < WD_NOTHING_TO_REFLECT))
    return g_strdup(_("nothing to reflect"));
  if (!isfinite(epsilon) || info->higher_is_better) return g_strdup("");
  const double usual = d->share && isfinite(d->share->stage1_p05) ? d->share->stage1_p05 : 0.05;
  const char *bland =
      isfinite(share) && share < usual && metric != WD_METRIC_REFLECTION_SHARE ? _(", a bland map") : "";
  if (value <= epsilon) return g_strconcat(_("within ε"), bland, NULL);
  if (value < 1.01 * epsilon) return g_strconcat(_("just above ε"), bland, NULL);
  char ratio[32];
  format_short(value / epsilon, ratio);
  return g_strdup_printf("%s × ε%s", ratio, bland);
}

char *wd_plot_verdict_of_both(const WdPlotDesc *d, const WdScore *a, const WdScore *b) {
  const WdScoreInfo *info = wd_score_get_info(d->view->metric);
  char number[2][32], e[32];
  g_autofree char *first = side_words(d, a, number[0], sizeof number[0]),
                  *second = side_words(d, b, number[1], sizeof number[1]);
  const char *gap = *info->unit ? " " : "";
  gboolean own;
  const double epsilon = wd_plot_epsilon(d, &own);
  GString *s = g_string_new(info->title);
  if (!strcmp(first, second)) {
    g_string_append_printf(s, " A %s · B %s%s%s", number[0], number[1], gap, info->unit);
    if (*first) g_string_append_printf(s, _(": both %s"), first);
  } else {
    g_string_append_printf(s, " A %s%s%s%s%s · B %s%s%s%s%s", number[0], gap, info->unit, *first ? ", " : "",
                           first, number[1], gap, info->unit, *second ? ", " : "", second);
  }
  if (isfinite(epsilon) && (a || b) && !info->higher_is_better) {
    format_short(epsilon, e);
    g_string_append_printf(s,
                           own                             ? _(" (your ε = %s)")
                           : g_str_has_suffix(s->str, "ε") ? " (%s)"
                                                           : " (ε = %s)",
                           e);
  }
  if ((a && a->mode == WD_WAVE_LIVE) || (b && b->mode == WD_WAVE_LIVE))
    g_string_append(s, _(" · live, exact at rest"));
  return g_string_free(s, FALSE);
}

/* ---- series */

typedef struct build {
  const WdPlotDesc *d;
  WdPlot *plot;
  GArray *series; /* wd_series */
  GPtrArray *points;
} build;

static double value_of(const WdScore *s, int metric, int shot) {
  if (!s) return NAN;
  if (shot < 0) return s->value[metric];
  return shot < s->shots ? s->shot[shot][metric] : NAN;
}

static void add_series(build *b, wd_series s, const WdPlotPoint *points) {
  g_array_append_val(b->series, s);
  g_ptr_array_add(b->points, (gpointer)points);
}

typedef enum span { PART_SAMPLED, PART_REFINED } span;

/* Positions of one part of a branch as one or two series: what is exact in full, what is live lighter and
 * dashed. Refinement begins at the data, so that its line hangs together with the other. */
static void add_part(build *b, const WdBranch *branch, WdWhat what, span part, int metric, int shot,
                     wd_series look, const char *live_name) {
  int from = part == PART_REFINED ? branch->steps : wd_recording_origin(b->d->recording, branch->id);
  int to = part == PART_REFINED ? wd_branch_last(branch) : MIN(branch->steps, wd_branch_last(branch));
  if (part == PART_REFINED && to <= branch->steps) return;
  gsize n = (gsize)MAX(0, to - from + 1);
  if (!n) return;
  double *x = keep(b->plot, n * sizeof *x), *y = keep(b->plot, n * sizeof *y),
         *light = keep(b->plot, n * sizeof *y);
  gboolean *live = g_new0(gboolean, n);
  WdPlotPoint *points = keep(b->plot, n * sizeof *points);
  gboolean any = FALSE, any_live = FALSE;
  for (gsize i = 0; i < n; i++) {
    int k = from + (int)i;
    const WdPosition *p = wd_recording_position(b->d->recording, branch->id, k);
    const WdScore *s = p ? wd_position_score(p, what) : NULL;
    x[i] = wd_plot_x(b->d, branch->id, k);
    y[i] = value_of(s, metric, shot);
    points[i] = (WdPlotPoint){branch->id, k, what};
    live[i] = isfinite(y[i]) && s->mode == WD_WAVE_LIVE;
    any = any || isfinite(y[i]);
    any_live = any_live || live[i];
  }
  for (gsize i = 0; i < n; i++) { /* a live point and the lines to both its neighbours */
    gboolean near = live[i] || (i > 0 && live[i - 1]) || (i + 1 < n && live[i + 1]);
    light[i] = near ? y[i] : NAN;
  }
  for (gsize i = 0; i < n; i++)
    if (live[i]) y[i] = NAN;
  g_free(live);
  if (!any) return;
  look.x = x;
  look.count = (int)n;
  if (any_live) {
    wd_series l = look;
    l.name = live_name;
    l.y = light;
    l.dash = look.dash == WD_DASH_SOLID ? WD_DASH_DASHED : look.dash;
    l.alpha = 0.5 * (look.alpha > 0 ? look.alpha : 1);
    add_series(b, l, points);
  }
  look.y = y;
  add_series(b, look, points);
}

/* For the legend: what the scores of a branch were calibrated by. */
static const char *calibration_of(const build *b, const WdBranch *branch) {
  const char *const words[] = {"", _(" · sign"), _(" · gain")};
  for (int k = 0; k <= wd_branch_last(branch); k++) {
    const WdPosition *p = wd_recording_position(b->d->recording, branch->id, k);
    for (int w = 0; p && w < WD_WHATS; w++) {
      const WdScore *s = wd_position_score(p, (WdWhat)w);
      if (s) return words[s->calibration];
    }
  }
  return "";
}

static void add_branch(build *b, const WdBranch *branch, const char *name, gboolean main_one, int colour,
                       int metric) {
  const WdView *v = b->d->view;
  WdPlot *plot = b->plot;
  if (main_one && v->per_shot) {
    int shots = 0;
    for (int k = 0; k <= wd_branch_last(branch) && !shots; k++) {
      const WdPosition *p = wd_recording_position(b->d->recording, branch->id, k);
      const WdScore *s = p ? wd_position_score(p, v->what) : NULL;
      if (s) shots = s->shots;
    }
    for (int i = 0; i < shots; i++) {
      wd_series thin = {.name = i ? NULL : _("each shot"), .width = 0.8, .colour = colour, .alpha = 0.55};
      add_part(b, branch, v->what, PART_SAMPLED, metric, i, thin, NULL);
      thin.name = NULL;
      thin.colour = WD_REFINED_COLOUR;
      add_part(b, branch, v->what, PART_REFINED, metric, i, thin, NULL);
    }
  }
  gboolean state = v->both || v->what == WD_WHAT_STATE, estimate = v->both || v->what == WD_WHAT_ESTIMATE;
  const char *gap = *name ? " " : "", *end = calibration_of(b, branch);
  if (state && main_one)
    add_part(b, branch, WD_WHAT_STATE, PART_SAMPLED, metric, -1,
             (wd_series){.name = keep_text(plot, g_strdup_printf("%s%sxₜ%s", name, gap, end)),
                         .colour = colour,
                         .marker = WD_MARKER_HOLLOW,
                         .alpha = estimate ? 0.8 : 0},
             estimate ? NULL : keep_text(plot, g_strdup_printf(_("%s%sxₜ, live%s"), name, gap, end)));
  if (estimate || !main_one)
    add_part(
        b, branch, main_one ? WD_WHAT_ESTIMATE : v->what, PART_SAMPLED, metric, -1,
        (wd_series){.name = main_one ? keep_text(plot, g_strdup_printf("%s%sx̂₀%s", name, gap, end)) : name,
                    .colour = colour,
                    .marker = main_one ? WD_MARKER_SOLID : WD_MARKER_NONE,
                    .width = main_one ? 0 : 1.1,
                    .alpha = main_one ? 0 : 0.85},
        main_one ? keep_text(plot, g_strdup_printf(_("%s%sx̂₀, live%s"), name, gap, end)) : NULL);
  add_part(
      b, branch, v->what, PART_REFINED, metric, -1,
      (wd_series){.name = main_one ? keep_text(plot, g_strdup_printf(_("%s%srefinement"), name, gap)) : NULL,
                  .colour = WD_REFINED_COLOUR,
                  .marker = main_one ? WD_MARKER_SOLID : WD_MARKER_NONE,
                  .width = main_one ? 0 : 1.1},
      NULL);
}

/* Overlays first, so that what is in question lies on top. */
static void add_branches(build *b, int metric) {
  const WdView *v = b->d->view;
  WdRecording *r = b->d->recording;
  gboolean compare = v->layout == WD_LAYOUT_COMPARE;
  const WdBranch *a = wd_recording_find(r, v->place[0].branch);
  const WdBranch *other = compare ? wd_recording_find(r, v->place[1].branch) : NULL;
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *pinned = wd_recording_nth(r, i);
    if (!pinned->pinned || pinned == a || pinned == other) continue;
    add_branch(b, pinned, keep_text(b->plot, g_strdup(pinned->name)), FALSE, wd_branch_colour(pinned->colour),
               metric);
  }
  if (other && other != a) {
    int colour = wd_branch_colour(other->colour);
    if (a && colour == wd_branch_colour(a->colour)) colour = wd_branch_colour(other->colour + 1);
    add_branch(b, other, "B", TRUE, colour, metric);
  }
  if (a) add_branch(b, a, compare ? "A" : "", TRUE, wd_branch_colour(a->colour), metric);
}

static void add_population(build *b, wd_curve *curve) {
  const WdPopulationSteps *s = b->d->population;
  const WdView *v = b->d->view;
  const WdBranch *a = wd_recording_find(b->d->recording, v->place[0].branch);
  if (!v->show_population || !s || !a || a->kind != WD_BRANCH_SAMPLED) return;
  gsize n = (gsize)s->count;
  double *x = keep(b->plot, n * sizeof *x), *lo = keep(b->plot, n * sizeof *x),
         *hi = keep(b->plot, n * sizeof *x), *middle = keep(b->plot, n * sizeof *x);
  double t0 = start_timestep(b->d, a), end = snr_end(b->d);
  for (gsize i = 0; i < n; i++) {
    double t = s->timestep[i];
    if (axis_of(b->d) == WD_PLOT_STEP)
      x[i] = step_of_timestep(b->d->recording, a, t);
    else if (v->axis == WD_PLOT_TIMESTEP)
      x[i] = t < 0 ? -t0 / 32 : t;
    else { /* log-SNR at that timestep: between A's own levels */
      x[i] = t < 0 ? end + 0.9 : NAN;
      for (int k = 0; t >= 0 && k < wd_branch_last(a) && k < a->steps; k++) {
        const WdPosition *p = wd_recording_position(b->d->recording, a->id, k),
                         *q = wd_recording_position(b->d->recording, a->id, k + 1);
        if (!p || !q || p->level.timestep < t || q->level.timestep > t) continue;
        double share = p->level.timestep > q->level.timestep
                           ? (p->level.timestep - t) / (p->level.timestep - q->level.timestep)
                           : 0;
        if (share == 0)
          x[i] = p->level.log_snr;
        else if (isfinite(q->level.log_snr))
          x[i] = p->level.log_snr + share * (q->level.log_snr - p->level.log_snr);
        break;
      }
    }
    lo[i] = s->p05[i];
    hi[i] = s->p95[i];
    middle[i] = s->median[i];
  }
  wd_band *band = (wd_band *)curve->band;
  band[curve->n_bands++] = (wd_band){
      .name = keep_text(b->plot, s->seeds > 0 ? g_strdup_printf(_("%d generated, 5–95 %%"), s->seeds)
                                              : g_strdup(_("generated, 5–95 %"))),
      .x = x,
      .lo = lo,
      .hi = hi,
      .count = (int)n,
      .colour = 5};
  WdPlotPoint *points = keep(b->plot, n * sizeof *points);
  add_series(b,
             (wd_series){.name = _("their median"),
                         .x = x,
                         .y = middle,
                         .count = (int)n,
                         .dash = WD_DASH_DOTTED,
                         .colour = 5},
             points);
}

static void add_reference(WdPlot *plot, wd_curve *curve, double y, wd_dash dash, int colour,
                          const char *words) {
  if (!isfinite(y) || curve->n_references >= WD_CURVE_REFERENCES) return;
  char number[32];
  format_short(y, number);
  ((wd_reference *)curve->reference)[curve->n_references++] =
      (wd_reference){.y = y,
                     .label = keep_text(plot, g_strdup_printf("%s %s", words, number)),
                     .dash = dash,
                     .colour = colour};
}

/* Levels that follow from what the figure is, whatever the model. Zero has no place on a logarithmic axis. */
static void add_own_levels(build *b, wd_curve *curve) {
  switch (b->d->view->metric) {
  case WD_SCORE_INTERIOR:
    add_reference(b->plot, curve, 1, WD_DASH_DOTTED, 7, _("no reflections"));
    if (!curve->y.log) add_reference(b->plot, curve, 0, WD_DASH_DOTTED, 7, _("true in the map"));
    break;
  case WD_SCORE_LAG:
    add_reference(b->plot, curve, half_period_ms(b->d), WD_DASH_DOTTED, 7, _("half a period"));
    break;
  case WD_METRIC_CORRELATION:
    add_reference(b->plot, curve, 1, WD_DASH_DOTTED, 7, _("the same shape"));
    add_reference(b->plot, curve, 0, WD_DASH_DOTTED, 7, _("unlike"));
    break;
  case WD_METRIC_COHERENCE:
    add_reference(b->plot, curve, 1, WD_DASH_DOTTED, 7, _("alike but for one filter"));
    break;
  case WD_METRIC_ENVELOPE: add_reference(b->plot, curve, 1, WD_DASH_DOTTED, 7, _("silence")); break;
  default: break;
  }
}

static void add_levels(build *b, wd_curve *curve) {
  const WdLevels *l = b->d->levels;
  const WdView *v = b->d->view;
  double epsilon = wd_plot_epsilon(b->d, &b->plot->own_epsilon);
  b->plot->epsilon = epsilon;
  if (l && v->show_floor) {
    if (isfinite(l->stage1_p05) && isfinite(l->stage1_p95)) {
      double *ends = keep(b->plot, 2 * sizeof *ends);
      ends[0] = l->stage1_p05;
      ends[1] = l->stage1_p95;
      ((wd_band *)curve->band)[curve->n_bands++] =
          (wd_band){.name = _("true pairs through stage 1, 5–95 %"), .lo = ends, .hi = ends + 1, .count = 1};
    }
    add_reference(b->plot, curve, l->silence, WD_DASH_DOTTED, 7, _("silence"));
    add_reference(b->plot, curve, l->direct, WD_DASH_DOTTED, 7, _("direct wave alone"));
    add_reference(b->plot, curve, l->floor, WD_DASH_SOLID, 7, _("grid floor"));
  }
  if (v->show_floor) add_own_levels(b, curve);
  add_reference(b->plot, curve, epsilon, WD_DASH_DASHED, 0, "ε");
}

static void set_x_axis(const WdPlotDesc *d, wd_axis *axis) {
  const WdBranch *a = wd_recording_find(d->recording, d->view->place[0].branch);
  switch (axis_of(d)) {
  case WD_PLOT_STEP: {
    int end = a ? MAX(wd_branch_end(a), wd_branch_last(a)) : 16;
    if (d->view->layout == WD_LAYOUT_COMPARE && d->view->align == WD_ALIGN_STEP) {
      const WdBranch *b = wd_recording_find(d->recording, d->view->place[1].branch);
      if (b) end = MAX(end, wd_branch_end(b));
    }
    double room = 0.02 * MAX(end, 8);
    *axis = (wd_axis){-room, MAX(end, 4) + room, false,
                      a && a->kind == WD_BRANCH_WALK ? _("Latent of the walk, in order of making")
                                                     : _("Step, from noise to data"),
                      true};
    break;
  }
  case WD_PLOT_TIMESTEP: {
    double t0 = a ? start_timestep(d, a) : 1000, gap = t0 / 32;
    int beyond = a ? MAX(0, wd_branch_end(a) - a->steps) : 0;
    *axis = (wd_axis){t0 * 1.015, -gap * (1.6 + 0.6 * beyond), false, _("Timestep t, from noise to data")};
    break;
  }
  default: {
    double start = -10;
    const WdPosition *p =
        a ? wd_recording_position(d->recording, a->id, wd_recording_origin(d->recording, a->id)) : NULL;
    if (p && isfinite(p->level.log_snr)) start = p->level.log_snr;
    int beyond = a ? MAX(0, wd_branch_end(a) - a->steps) : 0;
    *axis = (wd_axis){start - 0.3, snr_end(d) + 0.9 * (1.4 + 0.6 * beyond), false,
                      _("log-SNR, from noise to data (the last point)")};
  }
  }
}

static void finish(build *b, wd_curve *curve) {
  curve->n_series = (int)b->series->len;
  wd_series *all = keep(b->plot, MAX(1, b->series->len) * sizeof *all);
  if (b->series->len) memcpy(all, b->series->data, b->series->len * sizeof *all);
  curve->series = all;
}

/* One word for a title, with the unit: "Residual", "Lag (ms)"; NULL: the title is one. */
static const char *brief_title(WdPlot *plot, int score) {
  static const char *const words[WD_SCORES] = {
      [WD_METRIC_REFLECTION_RESIDUAL] = N_("Residual"),
      [WD_METRIC_RELATIVE_L2] = N_("L2"),
      [WD_METRIC_LOG_NORM_MSE] = N_("Scale"),
      [WD_METRIC_MAE] = N_("Error"),
      [WD_METRIC_MAX_ABS] = N_("Error"),
      [WD_METRIC_REFLECTION_SHARE] = N_("Share"),
      [WD_SCORE_LAG] = N_("Lag"),
      [WD_SCORE_INTERIOR] = N_("Residual"),
  };
  const WdScoreInfo *info = wd_score_get_info(score);
  const char *word = _(words[score]);
  if (!word) return NULL;
  return keep_text(plot, *info->unit ? g_strdup_printf("%s (%s)", word, info->unit) : g_strdup(word));
}

WdPlot *wd_plot_new(const WdPlotDesc *d) {
  WdPlot *plot = g_new0(WdPlot, 1);
  plot->memory = g_ptr_array_new_with_free_func(g_free);
  build b = {d, plot, g_array_new(FALSE, FALSE, sizeof(wd_series)), g_ptr_array_new()};
  const WdScoreInfo *info = wd_score_get_info(d->view->metric);
  wd_curve *c = &plot->curve;
  gboolean log = info->log_axis && !d->view->linear;
  c->y = (wd_axis){0, 0, log,
                   *info->unit ? keep_text(plot, g_strdup_printf("%s (%s)", info->title, info->unit))
                               : info->title};
  c->y_brief = brief_title(plot, d->view->metric);
  c->band = keep(plot, 4 * sizeof(wd_band));
  c->reference = keep(plot, WD_CURVE_REFERENCES * sizeof(wd_reference));
  set_x_axis(d, &c->x);
  add_population(&b, c);
  add_levels(&b, c);
  add_branches(&b, d->view->metric);
  finish(&b, c);
  plot->point = keep(plot, MAX(1, b.points->len) * sizeof *plot->point);
  for (guint i = 0; i < b.points->len; i++) plot->point[i] = g_ptr_array_index(b.points, i);
  g_array_unref(b.series);
  g_ptr_array_unref(b.points);

  if (d->view->metric != WD_METRIC_REFLECTION_SHARE) {
    WdView copy = *d->view; /* fields only: the share is drawn plainly */
    copy.per_shot = copy.both = FALSE;
    WdPlotDesc plain = *d;
    plain.view = &copy;
    build s = {&plain, plot, g_array_new(FALSE, FALSE, sizeof(wd_series)), g_ptr_array_new()};
    wd_curve *under = &plot->share;
    add_branches(&s, WD_METRIC_REFLECTION_SHARE);
    for (guint i = 0; i < s.series->len; i++) {
      wd_series *one = &g_array_index(s.series, wd_series, i);
      one->name = NULL;
      one->marker = WD_MARKER_NONE;
      one->width = 1.2;
    }
    under->x = c->x;
    under->y = (wd_axis){0, 0, true, _("Share")};
    under->no_legend = true;
    under->reference = keep(plot, 2 * sizeof(wd_reference));
    if (d->view->show_floor && d->share)
      add_reference(plot, under, d->share->stage1_p05, WD_DASH_DOTTED, 7, _("bland below"));
    finish(&s, under);
    g_array_unref(s.series);
    g_ptr_array_unref(s.points);
  }
  return plot;
}
