/* The residual plot's and the timeline's data without a display: series, references, verdicts, CSV, lanes,
 * play, from a recording whose scores are known by construction. */
#include "app/lanes.h"
#include "app/plot_data.h"
#include "app/residual_table.h"
#include "app/recording_private.h"
#include "tests/tap.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const WdLevels levels = {.silence = 6.67,
                                .direct = 1,
                                .stage1_p05 = 0.593,
                                .stage1_median = 0.945,
                                .stage1_p95 = 1.691,
                                .floor = 0.0353,
                                .noise_median = 6.8,
                                .generated_p05 = 1.1,
                                .generated_median = 1.86,
                                .generated_p95 = 3.4};
static const WdLevels share = {.stage1_p05 = 0.05, .stage1_median = 0.15, .stage1_p95 = 0.3};

static WdScore *score(wd_wave_mode mode, double residual, double of_share) {
  WdScore *s = g_new0(WdScore, 1);
  s->mode = mode;
  s->shots = 3;
  s->shot = g_malloc0(3 * sizeof *s->shot);
  for (int k = 0; k < WD_SCORES; k++) s->value[k] = NAN;
  s->value[WD_METRIC_REFLECTION_RESIDUAL] = s->all.reflection_residual = residual;
  s->value[WD_METRIC_REFLECTION_SHARE] = s->all.reflection_share = of_share;
  s->value[WD_METRIC_RELATIVE_L2] = residual * of_share;
  s->value[WD_METRIC_CORRELATION] = 0.9;
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < WD_SCORES; k++) s->shot[i][k] = s->value[k] * (1 + i);
  s->all.nothing_to_reflect = of_share < WD_NOTHING_TO_REFLECT;
  return s;
}

/* Residual of position k: 4 at noise, halved every 8 steps. */
static double residual(int k) {
  return 4 * pow(0.5, k / 8.0);
}

static void fill(WdRecording *r, WdBranch *b, int from, int to, int exact_from, int t0) {
  for (int k = from; k <= to; k++) {
    int left = b->steps - from;
    wd_sampler_level level = {.timestep = t0 - (k - from) * (t0 + 1) / MAX(left, 1),
                              .log_snr =
                                  -9 + 18.0 * (1 - (t0 - (k - from) * (t0 + 1.0) / MAX(left, 1)) / 999)};
    WdPosition *p = wd_recording_grow(r, b, k, k < b->steps ? &level : NULL);
    p->refined = k > b->steps;
    for (int w = 0; w < WD_WHATS; w++) {
      float *z = g_new(float, 4);
      for (int i = 0; i < 4; i++) z[i] = (float)(k + i + 100 * w);
      if (!p->latent[w])
        p->latent[w] = g_bytes_new_take(z, 4 * sizeof *z);
      else
        g_free(z);
      if (k >= exact_from && !p->exact[w])
        p->exact[w] = score(WD_WAVE_EXACT, residual(k) + w, 0.15);
      else if (!p->live[w])
        p->live[w] = score(WD_WAVE_LIVE, residual(k) + w, 0.15);
    }
  }
}

/* Run 1: 16 steps, exact from 10 on, 4 of refinement. Branch 2 leaves it at 6: 24 more steps, made up to 20.
 * Run 3: 40 steps, all exact. */
static WdRecording *recording(void) {
  WdRecording *r = wd_recording_new();
  WdRecipe a = {.seed = 42, .family = -1, .plan = {.steps = 16}, .refine_steps = 4};
  WdBranch *one = wd_recording_add(r, WD_BRANCH_SAMPLED, "Run 42", 0, 0, &a, 16);
  fill(r, one, 0, 20, 10, 999);
  WdRecipe b = a;
  b.refine_steps = 0;
  b.plan.steps = 24;
  WdBranch *two = wd_recording_add(r, WD_BRANCH_SAMPLED, "Branch, \"new\"", one->id, 6, &b, 30);
  fill(r, two, 6, 20, 99, wd_recording_position(r, one->id, 6)->level.timestep);
  WdRecipe c = {.seed = 18446744073709551615ull, .family = 7, .plan = {.steps = 40}};
  WdBranch *three = wd_recording_add(r, WD_BRANCH_SAMPLED, "Run of 40", 0, 0, &c, 40);
  fill(r, three, 0, 40, 0, 999);
  return r;
}

static const wd_series *find(const WdPlot *p, const char *name) {
  for (int i = 0; i < p->curve.n_series; i++)
    if (p->curve.series[i].name && !strcmp(p->curve.series[i].name, name)) return &p->curve.series[i];
  return NULL;
}

static int count_finite(const wd_series *s) {
  int n = 0;
  for (int i = 0; s && i < s->count; i++) n += isfinite(s->y[i]) != 0;
  return n;
}

static gboolean has_reference(const wd_curve *c, const char *text, double y) {
  for (int i = 0; i < c->n_references; i++)
    if (c->reference[i].y == y && g_str_has_prefix(c->reference[i].label, text)) return TRUE;
  return FALSE;
}

static void test_series(WdRecording *r) {
  g_autoptr(WdView) v = wd_view_new();
  v->place[0] = (WdPlace){1, 12};
  WdPlotDesc d = {.recording = r, .view = v, .levels = &levels, .share = &share};
  WdPlot *p = wd_plot_new(&d);
  const wd_series *exact = find(p, "x̂₀"), *live = find(p, "x̂₀, live"), *refined = find(p, "refinement");
  tap_ok(exact && count_finite(exact) == 7 && exact->marker == WD_MARKER_SOLID &&
             exact->dash == WD_DASH_SOLID && exact->count == 17,
         "exact scores: steps 10 to 16, solid");
  tap_ok(live && count_finite(live) == 11 && live->dash == WD_DASH_DASHED && live->alpha > 0 &&
             live->alpha < 1,
         "live scores: steps 0 to 9 and the line to 10, dashed and lighter, called live");
  tap_ok(refined && refined->x[0] == 16 && count_finite(refined) == 5 && refined->colour == WD_REFINED_COLOUR,
         "refinement begins at the data, in its own colour");
  gboolean right = TRUE;
  for (int k = 10; exact && k <= 16; k++)
    right = right && exact->x[k] == k && fabs(exact->y[k] - residual(k)) < 1e-12;
  tap_ok(right, "its values are the recording's");
  tap_ok(!find(p, "xₜ"), "the noisy state is not there unless asked for");
  tap_ok(has_reference(&p->curve, "ε", 1.691) && has_reference(&p->curve, "silence", 6.67) &&
             has_reference(&p->curve, "direct wave alone", 1) &&
             has_reference(&p->curve, "grid floor", 0.0353),
         "levels: epsilon, silence, direct wave alone, floor");
  tap_ok(p->curve.n_bands == 1 && p->curve.band[0].lo[0] == 0.593 && p->curve.band[0].hi[0] == 1.691,
         "band: true pairs");
  tap_ok(p->share.n_series > 0 && has_reference(&p->share, "bland below", 0.05),
         "the reflection share lies under it");
  wd_style style = {.size = 10, .scale = 1};
  wd_curve_layout layout;
  wd_error err = {0};
  int series = -1, index = -1;
  tap_ok(!wd_curve_arrange(&p->curve, &style, 600, 240, &layout, &err), "it can be drawn at 600 x 240 %s",
         err.message);
  double px = layout.plot.x + wd_axis_place(&layout.x, 12) * layout.plot.width,
         py = layout.plot.y + (1 - wd_axis_place(&layout.y, residual(12))) * layout.plot.height;
  tap_ok(wd_curve_pick(&p->curve, &layout, px + 1, py - 1, 5, &series, &index) &&
             p->point[series][index].branch == 1 && p->point[series][index].k == 12 &&
             p->point[series][index].what == WD_WHAT_ESTIMATE,
         "a point that is picked tells its branch and step");
  wd_plot_free(p);

  v->both = v->per_shot = TRUE;
  v->show_floor = FALSE;
  v->epsilon = 0.5;
  p = wd_plot_new(&d);
  tap_ok(find(p, "xₜ") && find(p, "xₜ")->marker == WD_MARKER_HOLLOW, "the noisy state is hollow");
  tap_ok(find(p, "each shot") && find(p, "each shot")->width < 1, "each shot has a thin line");
  tap_ok(p->curve.n_references == 1 && p->own_epsilon && has_reference(&p->curve, "ε", 0.5),
         "without levels there is still epsilon, the user's own");
  wd_plot_free(p);
}

static void test_axes(WdRecording *r) {
  g_autoptr(WdView) v = wd_view_new();
  WdPlotDesc d = {.recording = r, .view = v, .levels = &levels};
  v->place[0] = (WdPlace){1, 12};
  v->place[1] = (WdPlace){3, 20};
  tap_ok(wd_plot_x(&d, 1, 12) == 12 && fabs(wd_plot_x(&d, 3, 20) - 8) < 0.05 && wd_plot_x(&d, 3, 40) == 16,
         "by step, aligned by noise level: step 20 of 40 stands at 8 of 16, data at data (%.3f)",
         wd_plot_x(&d, 3, 20));
  v->align = WD_ALIGN_STEP;
  tap_ok(wd_plot_x(&d, 3, 20) == 20, "aligned by step: at 20");
  v->align = WD_ALIGN_NOISE;
  for (int axis = 0; axis < 3; axis++) {
    v->axis = (WdPlotAxis)axis;
    double turn = axis == WD_PLOT_TIMESTEP ? -1 : 1, before = -INFINITY;
    gboolean monotone = TRUE, back = TRUE;
    for (int k = 0; k <= 20; k++) {
      double x = turn * wd_plot_x(&d, 1, k);
      monotone = monotone && isfinite(x) && x > before;
      before = x;
      back = back && wd_plot_position_at(&d, 1, wd_plot_x(&d, 1, k)) == k;
    }
    WdPlot *p = wd_plot_new(&d);
    double lo = wd_axis_place(&p->curve.x, wd_plot_x(&d, 1, 0)),
           hi = wd_axis_place(&p->curve.x, wd_plot_x(&d, 1, 20));
    tap_ok(monotone && back && lo >= 0 && lo < 0.1 && hi > 0.8 && hi <= 1,
           "axis %d: noise left, data and refinement right, every step apart and found again (%.3f to %.3f)",
           axis, lo, hi);
    wd_plot_free(p);
  }
  v->axis = WD_PLOT_STEP;
  v->layout = WD_LAYOUT_COMPARE;
  WdBranch *pinned = wd_recording_find(r, 2);
  pinned->pinned = TRUE;
  WdPlot *p = wd_plot_new(&d);
  tap_ok(find(p, "A x̂₀") && find(p, "B x̂₀") && find(p, "B x̂₀")->colour != find(p, "A x̂₀")->colour &&
             find(p, "Branch, \"new\""),
         "a comparison has A, B and what is pinned, in colours of their own");
  wd_plot_free(p);
  pinned->pinned = FALSE;
}

static void test_population(WdRecording *r) {
  g_autofree char *folder = g_dir_make_tmp("wd-plot-XXXXXX", NULL);
  g_autofree char *file = g_build_filename(folder, "evaluation.json", NULL);
  tap_ok(!wd_population_steps_load(folder, "a+b", 0, WD_WHAT_ESTIMATE), "no evaluation: no population");
  g_file_set_contents(
      file,
      "{\"model\": {\"identity\": \"a+b\"}, \"convergence\": {\"seeds\": 10, \"x0\": ["
      "{\"timestep\": 999, \"reflection_residual\": {\"median\": 3, \"p05\": 2, \"p95\": 4}},"
      "{\"timestep\": 499, \"reflection_residual\": {\"median\": 2, \"p05\": 1, \"p95\": 3}},"
      "{\"timestep\": -1, \"reflection_residual\": {\"median\": 1.8, \"p05\": 1, \"p95\": 3}}]}}",
      -1, NULL);
  WdPopulationSteps *s =
      wd_population_steps_load(folder, "a+b", WD_METRIC_REFLECTION_RESIDUAL, WD_WHAT_ESTIMATE);
  tap_ok(s && s->count == 3 && s->seeds == 10 && s->p95[0] == 4 && s->timestep[2] == -1,
         "a population by step is read");
  tap_ok(!wd_population_steps_load(folder, "a+b", WD_METRIC_MAE, WD_WHAT_ESTIMATE) &&
             !wd_population_steps_load(folder, "a+b", WD_METRIC_REFLECTION_RESIDUAL, WD_WHAT_STATE),
         "of figures and latents that it has");
  tap_ok(!wd_population_steps_load(folder, "a+c", WD_METRIC_REFLECTION_RESIDUAL, WD_WHAT_ESTIMATE),
         "and only of the weights that were evaluated");
  g_autoptr(WdView) v = wd_view_new();
  v->place[0] = (WdPlace){3, 12};
  v->show_population = TRUE;
  WdPlotDesc d = {.recording = r, .view = v, .levels = &levels, .population = s};
  WdPlot *p = wd_plot_new(&d);
  const wd_series *median = find(p, "their median");
  tap_ok(median && median->x[0] == 0 && fabs(median->x[1] - 20) < 0.1 && median->x[2] == 40 &&
             p->curve.n_bands == 2,
         "and drawn at this run's own noise levels: t = 499 at step 20 of 40");
  wd_plot_free(p);
  wd_population_steps_free(s);
  g_file_set_contents(file, "{\"convergence\": 7", -1, NULL);
  tap_ok(!wd_population_steps_load(folder, "a+b", 0, WD_WHAT_ESTIMATE), "a broken file is none");
  g_unlink(file);
  g_rmdir(folder);
}

static void says(const WdPlotDesc *d, WdScore *s, const char *words, const char *not_these) {
  g_autofree char *text = wd_plot_verdict(d, s);
  tap_ok(strstr(text, words) && !(not_these && strstr(text, not_these)), "verdict: %s", text);
  wd_score_free(s);
}

/* Figures whose levels follow from what they are, with a model that was never evaluated. */
static void test_own_levels(WdRecording *r) {
  const wd_shard_desc before = *wd_recording_get_geometry(r);
  wd_shard_desc ten = before;
  ten.frequency = 10;
  wd_recording_set_shape(r, &(wd_latent_shape){1, 2, 2, 4}, &ten);
  g_autoptr(WdView) v = wd_view_new();
  v->place[0] = (WdPlace){3, 12};
  WdPlotDesc d = {.recording = r, .view = v};
  v->metric = WD_SCORE_INTERIOR;
  WdPlot *p = wd_plot_new(&d);
  tap_ok(has_reference(&p->curve, "no reflections", 1) && p->curve.n_references == 1,
         "the interior residual has the line of gathers without reflections, at 1");
  wd_plot_free(p);
  v->linear = TRUE;
  p = wd_plot_new(&d);
  tap_ok(has_reference(&p->curve, "no reflections", 1) && has_reference(&p->curve, "true in the map", 0),
         "and, where there is a place for it, that of what is true in the map, at 0");
  wd_plot_free(p);
  v->metric = WD_SCORE_LAG;
  p = wd_plot_new(&d);
  tap_ok(has_reference(&p->curve, "half a period", 50) && p->curve.n_references == 1,
         "the lag has half a period of the 10 Hz that the pair was made with: 50 ms");
  wd_plot_free(p);
  v->metric = WD_METRIC_CORRELATION;
  p = wd_plot_new(&d);
  tap_ok(has_reference(&p->curve, "the same shape", 1) && has_reference(&p->curve, "unlike", 0),
         "the correlation has 1 and 0");
  wd_plot_free(p);
  v->show_floor = FALSE;
  p = wd_plot_new(&d);
  tap_ok(p->curve.n_references == 0, "none where reference levels are not to be shown");
  wd_plot_free(p);
  v->show_floor = TRUE;
  WdScore *s = score(WD_WAVE_EXACT, 1, 0.15);
  s->value[WD_SCORE_INTERIOR] = 0.9;
  s->value[WD_SCORE_LAG] = 60;
  v->metric = WD_SCORE_INTERIOR;
  g_autofree char *interior = wd_plot_verdict(&d, s);
  tap_ok(strstr(interior, "below 1, where gathers without any reflections stand"), "%s", interior);
  v->metric = WD_SCORE_LAG;
  g_autofree char *lag = wd_plot_verdict(&d, s);
  tap_ok(strstr(lag, "beyond half a period (50 ms)"), "%s", lag);
  s->value[WD_SCORE_LAG] = 12;
  g_autofree char *within = wd_plot_verdict(&d, s);
  tap_ok(strstr(within, "within half a period (50 ms)"), "%s", within);
  ten.frequency = 0; /* the wavelet is no Ricker */
  wd_recording_set_shape(r, &(wd_latent_shape){1, 2, 2, 4}, &ten);
  p = wd_plot_new(&d);
  tap_ok(p->curve.n_references == 0, "without a frequency there is no half period");
  wd_plot_free(p);
  wd_recording_set_shape(r, &(wd_latent_shape){1, 2, 2, 4}, &before);
  g_free(s->shot);
  g_free(s);
}

/* Calibrated scores say so: in the verdict with the factor, in the legend by name. */
static void test_calibration(void) {
  g_autoptr(WdRecording) r = recording();
  g_autoptr(WdView) v = wd_view_new();
  v->place[0] = (WdPlace){3, 40};
  WdPlotDesc d = {.recording = r, .view = v, .levels = &levels, .share = &share};
  for (int k = 0; k <= 40; k++) {
    WdScore *s = wd_recording_position(r, 3, k)->exact[WD_WHAT_ESTIMATE];
    s->calibration = WD_CALIBRATE_GAIN;
    s->gain = 1.02;
  }
  WdPlot *p = wd_plot_new(&d);
  tap_ok(find(p, "x̂₀ · gain") && !find(p, "x̂₀"), "the legend names the calibration");
  wd_plot_free(p);
  WdScore *s = score(WD_WAVE_EXACT, 1.5, 0.15);
  s->calibration = WD_CALIBRATE_GAIN;
  s->gain = 1.0234;
  says(&d, s, " · gain c = 1.02, ε without", NULL);
  s = score(WD_WAVE_EXACT, 1.5, 0.15);
  s->calibration = WD_CALIBRATE_SIGN;
  s->gain = -1;
  says(&d, s, " · sign c = −1, ε without", NULL);
  says(&d, score(WD_WAVE_EXACT, 1.5, 0.15), "within", " · ");
}

static void test_verdict(WdRecording *r) {
  g_autoptr(WdView) v = wd_view_new();
  WdPlotDesc d = {.recording = r, .view = v, .levels = &levels, .share = &share};
  says(&d, NULL, "Not scored yet", NULL);
  says(&d, score(WD_WAVE_EXACT, 1.5, 0.15),
       "within ε (1.69: 95 % of true pairs through this model score less)", "live");
  says(&d, score(WD_WAVE_LIVE, 1.5, 0.15), "live, exact at rest", NULL);
  says(&d, score(WD_WAVE_EXACT, 3.551, 0.15), "2.1 × ε", "within ε (");
  says(&d, score(WD_WAVE_EXACT, 0.8, 0.03),
       "within ε (1.69: 95 % of true pairs through this model score less); little to reflect (share 0.03), "
       "which "
       "does not lower this figure",
       "bland");
  says(&d, score(WD_WAVE_EXACT, 3.551, 0.03), "little to reflect (share 0.03): a small error counts for much",
       "bland");
  v->metric = WD_METRIC_RELATIVE_L2;
  WdScore *low = score(WD_WAVE_EXACT, 0.8, 0.03);
  low->value[WD_METRIC_RELATIVE_L2] = 0.8;
  says(&d, low, "a low residual with little to reflect (share 0.03): a bland map", NULL);
  v->metric = WD_METRIC_REFLECTION_RESIDUAL;
  says(&d, score(WD_WAVE_EXACT, 0.8, 0.005), "nothing to reflect", "within");
  says(&d, score(WD_WAVE_EXACT, NAN, 0.15), "not finite", "within");
  v->epsilon = 0.5;
  says(&d, score(WD_WAVE_EXACT, 0.4, 0.15), "within your ε (0.5)", "true pairs");
  v->epsilon = NAN;
  /* The share is no error: what 95 % of true pairs stay below is no tolerance of it, nor is one set by hand.
   */
  v->metric = WD_METRIC_REFLECTION_SHARE;
  d.levels = &share;
  for (int i = 0; i < 2; i++) {
    gboolean own = TRUE;
    v->epsilon = i ? 0.2 : NAN;
    g_autofree char *words = wd_plot_epsilon_words(&d);
    WdPlot *p = wd_plot_new(&d);
    tap_ok(isnan(wd_plot_epsilon(&d, &own)) && !own && !words && isnan(p->epsilon) && !p->own_epsilon,
           "the reflection share has no epsilon");
    for (int k = 0; k < p->curve.n_references; k++)
      tap_ok(strncmp(p->curve.reference[k].label, "ε", strlen("ε")) != 0, "no line of one: %s",
             p->curve.reference[k].label);
    wd_plot_free(p);
  }
  v->epsilon = NAN;
  v->metric = WD_METRIC_CORRELATION;
  d.levels = NULL;
  says(&d, score(WD_WAVE_EXACT, 1.5, 0.15), "Correlation 0.9", "ε");
}

static void test_csv(WdRecording *r) {
  guint ids[] = {1, 2, 3, 99};
  g_autofree char *csv = wd_residual_csv(r, ids, 4, FALSE);
  g_auto(GStrv) line = g_strsplit(csv, "\n", -1);
  tap_ok(g_str_has_prefix(
             line[0], "seed,family,step,timestep,log_snr,kind,reflection_residual,relative_l2,log_norm_mse,"
                      "reflection_share,"),
         "the first columns of the command line's residuals.csv come first");
  gboolean even = TRUE;
  int rows = 0, commas = 0;
  for (const char *c = line[0]; *c; c++) commas += *c == ',';
  for (int i = 1; line[i] && *line[i]; i++, rows++) {
    int n = 0;
    gboolean quoted = FALSE;
    for (const char *c = line[i]; *c; c++) {
      if (*c == '"') quoted = !quoted;
      n += *c == ',' && !quoted;
    }
    even = even && n == commas;
  }
  tap_ok(rows == 2 * (21 + 21 + 41) && even,
         "two rows a position, %d, all with %d columns; a branch that is gone has none", rows, commas + 1);
  char *end;
  double x0 = g_ascii_strtod(strstr(line[2], ",x0,") + 4, &end);
  tap_ok(g_str_has_prefix(line[1], "42,any,0,999,-9,xt,5,") && fabs(x0 - 4) < 1e-9 &&
             strstr(line[2], ",live,"),
         "values as recorded: %s", line[2]);
  tap_ok(strstr(line[2 * 16 + 1], ",-1,inf,") && strstr(line[2 * 17 + 1], ",1,Run 42"),
         "data at log-SNR inf; refinement is counted");
  tap_ok(strstr(line[43], "Run 42") == NULL && strstr(line[43], "\"Branch, \"\"new\"\"\""),
         "names are quoted");
  tap_ok(g_str_has_prefix(line[2 * 42 + 1], "18446744073709551615,curvefault-b,0,"),
         "a seed of 64 bits, a family by name");
  tap_ok(g_str_has_prefix(line[43], "42,"), "a branch goes by the seed of the run that it stems from");
  g_autofree char *every = wd_residual_csv(r, ids, 1, TRUE);
  g_auto(GStrv) all = g_strsplit(every, "\n", -1);
  int whole = 0, exact = 0, of_shot = 0, scores = 0;
  for (int i = 1; all[i] && *all[i]; i++) {
    whole += strstr(all[i], ",all,") != NULL;
    exact += strstr(all[i], ",exact,") != NULL;
    of_shot += strstr(all[i], ",live,3,") || strstr(all[i], ",exact,3,");
  }
  for (int k = 0; k <= 20; k++)
    for (int w = 0; w < WD_WHATS; w++) {
      const WdPosition *p = wd_recording_position(r, 1, k);
      scores += (p->exact[w] != NULL) + (p->live[w] != NULL);
    }
  tap_ok(!strcmp(all[0], line[0]) && scores > 40 && whole == scores && of_shot == scores && exact > 0 &&
             exact < 4 * scores,
         "every score has the same columns: %d of all shots, %d of the third", whole, of_shot);
}

static void test_lanes(WdRecording *r) {
  int columns;
  GArray *lanes = wd_lanes_new(r, &(WdPlace){2, 8}, NULL, &columns);
  const WdLane *lane = (const WdLane *)(const void *)lanes->data;
  tap_ok(lanes->len == 2 && lane[0].id == 1 && lane[1].id == 2 && lane[1].parent == 0 && lane[1].first == 6 &&
             lane[1].last == 20 && lane[1].end == 30 && columns == 30,
         "the family of a branch: the run above, the branch where it leaves");
  tap_ok(wd_lanes_owner(lanes, 2, 3)->id == 1 && wd_lanes_owner(lanes, 2, 6)->id == 2,
         "before it left it is its parent's");
  g_array_unref(lanes);
  lanes = wd_lanes_new(r, &(WdPlace){1, 8}, &(WdPlace){3, 2}, &columns);
  tap_ok(lanes->len == 3 && columns == 40, "in a comparison B's family is there too");
  g_array_unref(lanes);
  lanes = wd_lanes_new(r, &(WdPlace){99, 0}, NULL, &columns);
  tap_ok(lanes->len == 0 && columns == 0, "nothing for a branch that is gone");
  g_array_unref(lanes);

  WdPosition *p = wd_recording_position(r, 1, 4), *q = wd_recording_position(r, 1, 12);
  tap_ok(wd_tick_of(NULL, WD_WHAT_ESTIMATE, FALSE) == WD_TICK_TO_MAKE &&
             wd_tick_of(p, WD_WHAT_ESTIMATE, TRUE) == WD_TICK_LIVE &&
             wd_tick_of(q, WD_WHAT_ESTIMATE, FALSE) == WD_TICK_EXACT,
         "ticks: to make, live, exact");
  WdPosition bare = {.latent = {q->latent[0], q->latent[1]}};
  tap_ok(wd_tick_of(&bare, WD_WHAT_STATE, FALSE) == WD_TICK_STORED &&
             wd_tick_of(&bare, WD_WHAT_STATE, TRUE) == WD_TICK_DECODED,
         "stored, decoded");
  double first = wd_place_denoised(r, (WdPlace){1, 0}), middle = wd_place_denoised(r, (WdPlace){1, 8}),
         data = wd_place_denoised(r, (WdPlace){1, 16});
  tap_ok(first == 0 && fabs(middle - 50) < 1 && data == 100, "denoised: 0, %.1f, 100 %%", middle);
  g_autofree char *words = wd_place_text(r, (WdPlace){1, 8}), *beyond = wd_place_text(r, (WdPlace){1, 18}),
                  *end = wd_place_text(r, (WdPlace){1, 16}), *to_come = wd_place_text(r, (WdPlace){2, 25});
  tap_ok(strstr(words, "Step 8/16") && strstr(words, "50 % denoised") && strstr(words, "log-SNR"),
         "words: %s", words);
  tap_ok(!strcmp(beyond, "Refinement 2/4") && strstr(end, "Data") && strstr(to_come, "not made yet"),
         "words: %s; %s; %s", beyond, end, to_come);
  gboolean apart = TRUE;
  for (int i = 1; i < 20; i++) apart = apart && wd_branch_colour(i) != WD_REFINED_COLOUR;
  tap_ok(apart, "no branch has the colour of refinement");
}

/* Positions 0..3 from `at`, as text. */
static char *played(int at, gboolean loop, gboolean ping_pong, gboolean backwards, int most) {
  GString *s = g_string_new(NULL);
  for (int i = 0; i < most; i++) {
    at = wd_play_next(at, 3, loop, ping_pong, &backwards);
    if (at < 0) {
      g_string_append_c(s, '.');
      break;
    }
    g_string_append_printf(s, "%d", at);
  }
  return g_string_free(s, FALSE);
}

static void test_play(void) {
  g_autofree char *once = played(0, FALSE, FALSE, FALSE, 9), *loop = played(0, TRUE, FALSE, FALSE, 9),
                  *back = played(3, FALSE, FALSE, TRUE, 9), *there = played(0, FALSE, TRUE, FALSE, 9),
                  *both = played(0, TRUE, TRUE, FALSE, 9), *loop_back = played(0, TRUE, FALSE, TRUE, 5);
  tap_ok(!strcmp(once, "123."), "play once: %s", once);
  tap_ok(!strcmp(loop, "123012301"), "loop: %s", loop);
  tap_ok(!strcmp(back, "210."), "backwards: %s", back);
  tap_ok(!strcmp(there, "123210."), "there and back: %s", there);
  tap_ok(!strcmp(both, "123210123"), "over and over: %s", both);
  tap_ok(!strcmp(loop_back, "32103"), "loop backwards: %s", loop_back);
  gboolean way = FALSE;
  tap_ok(wd_play_next(0, 0, TRUE, TRUE, &way) == -1, "one position does not play");
}

int main(void) {
  g_autoptr(WdRecording) r = recording();
  test_series(r);
  test_axes(r);
  test_population(r);
  test_verdict(r);
  test_own_levels(r);
  test_calibration();
  test_csv(r);
  test_lanes(r);
  test_play();
  return tap_done();
}
