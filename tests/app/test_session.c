/* The session without a display: every plotted value from a simulation that was made, and equal to what the
 * command line gives for the same latents; a run stopped, branched, saved, loaded and continued to the same
 * bits; faults; ten thousand random acts. Kept together because all of it goes through one session after the
 * other, which is what makes it slow. */
#include "tests/app/bed.h"
#include "tests/app/cli_residual.h"
#include "tests/app/expect.h"

#include "model/pair_decoder.h"
#include "solver/npy.h"

#include <time.h>

static char *folder, *model;

static WdPosition *at(WdSession *s, guint id, int k) {
  return wd_recording_position(wd_session_get_recording(s), id, k);
}

static guint run_all(WdSession *s, const WdRecipe *recipe) {
  GError *error = NULL;
  guint id = wd_session_run(s, recipe, &error);
  bed_need_error(id != 0, error, "run");
  if (!bed_wait(bed_idle, s, 120)) tap_ok(false, "a run ends");
  return id;
}

/* A call that says no, and why. */
static void refused(guint result, GError **error, const char *what) {
  tap_ok(!result && *error, "%s: %s", what, *error ? (*error)->message : "it was taken");
  g_clear_error(error);
}

/* ---- one run */

/* How many of positions 0..6 are scored in exact mode under a calibration, as they would be: with the least
 * squares gain relative L2 is sqrt(1 - correlation^2), and without one it is that of `plain`. */
static int count_scores(WdSession *s, guint id, wd_calibration calibration, const double *plain) {
  int n = 0;
  for (int k = 0; k <= 6; k++) {
    const WdScore *e = at(s, id, k)->exact[WD_WHAT_ESTIMATE];
    if (!e || !e->details || e->calibration != calibration) continue;
    const double l2 = e->value[WD_METRIC_RELATIVE_L2], c = e->value[WD_METRIC_CORRELATION];
    n += calibration ? isfinite(e->gain) && e->gain != 1 && fabs(l2 - sqrt(1 - c * c)) < 1e-6 && l2 < plain[k]
                     : e->gain == 1 && l2 == plain[k];
  }
  return n;
}

/* Scores know their calibration; a change of it, or a file of another, has them all made again by the model,
 * and kept as they are where it is not there. */
static void calibrated(WdSession *s, guint id) {
  double plain[7];
  for (int k = 0; k <= 6; k++) plain[k] = at(s, id, k)->exact[WD_WHAT_ESTIMATE]->value[WD_METRIC_RELATIVE_L2];
  tap_ok(count_scores(s, id, WD_CALIBRATE_NONE, plain) == 7, "scores say that they were not calibrated");
  WdPolicy policy = *wd_session_get_policy(s);
  policy.calibration = WD_CALIBRATE_GAIN;
  wd_session_set_policy(s, &policy);
  tap_ok(at(s, id, 6)->exact[0] == NULL && bed_wait(bed_rested, s, 60), "another calibration drops them");
  int n = count_scores(s, id, WD_CALIBRATE_GAIN, plain);
  tap_ok(n == 7, "and every one is made anew under it (%d), with its gain", n);
  g_autofree char *place = bed_folder(), *path = g_build_filename(place, "gain.wdrun", NULL);
  g_autoptr(GError) error = NULL;
  bed_need_error(wd_recording_save(wd_session_get_recording(s), path, TRUE, NULL, &error), error, "save");
  g_autoptr(WdRecording) r = wd_recording_load(path, NULL, &error);
  bed_need_error(r != NULL, error, "load");
  bed_log log = {0};
  WdSession *other = bed_session(&log);
  wd_session_set_recording(other, r);
  n = count_scores(other, id, WD_CALIBRATE_GAIN, plain);
  tap_ok(n == 7, "a file keeps calibration and gain, and without a model they stay (%d)", n);
  bed_open(other, model, "cpu:2");
  tap_ok(bed_wait(bed_rested, other, 60), "the model comes");
  n = count_scores(other, id, WD_CALIBRATE_NONE, plain);
  tap_ok(n == 7, "which makes them again under the calibration in force, the same as at first (%d)", n);
  g_object_unref(other);
  bed_clear_log(&log);
  bed_remove(place);
}

static void run_once(void) {
  bed_log log = {0};
  GError *error = NULL;
  WdSession *s = bed_session(&log);
  WdRecipe recipe = {.seed = 7, .family = -1, .plan.steps = 6};
  refused(wd_session_run(s, &recipe, &error), &error, "no run without a model");
  WdPolicy policy = *wd_session_get_policy(s);
  policy.exact_rest = FALSE;
  wd_session_set_policy(s, &policy);
  bed_open(s, model, "cpu:2");
  const WdModelInfo *info = wd_session_get_model(s);
  tap_ok(info->stage2 && info->latent.count > 0 && info->timesteps == 100, "a model opens: %s on %s",
         info->name, info->device);
  guint id = wd_session_run(s, &recipe, &error);
  bed_need_error(id != 0, error, "run");
  tap_ok(wd_session_get_state(s) == WD_SESSION_RUNNING && wd_session_get_running(s) == id, "a run runs");
  wd_session_look(s, 0, id, 6, WD_WHAT_ESTIMATE, TRUE);
  tap_ok(bed_wait(bed_idle, s, 60), "a run ends");
  WdRecording *r = wd_session_get_recording(s);
  WdBranch *b = wd_recording_find(r, id);
  tap_ok(wd_branch_last(b) == 6 && wd_branch_end(b) == 6, "it has all its steps (%d)", wd_branch_last(b));
  int scored = 0;
  for (int k = 0; k <= 6; k++) scored += at(s, id, k)->live[WD_WHAT_ESTIMATE] != NULL;
  tap_ok(scored == 7, "every step is scored (%d)", scored);
  tap_ok(wd_session_get_times(s).simulations == 7, "by the solver: %d simulations",
         (int)wd_session_get_times(s).simulations);
  policy.exact_rest = TRUE;
  wd_session_set_policy(s, &policy);
  tap_ok(bed_wait(bed_rested, s, 60), "it comes to rest");
  scored = 0;
  for (int k = 0; k <= 6; k++) {
    const WdScore *e = at(s, id, k)->exact[WD_WHAT_ESTIMATE];
    scored += e && e->details && e->mode == WD_WAVE_EXACT;
  }
  tap_ok(scored == 7 && wd_session_get_times(s).simulations == 14,
         "at rest every step is scored in exact mode (%d), by %d simulations in all", scored,
         (int)wd_session_get_times(s).simulations);
  WdFrame f;
  tap_ok(wd_recording_get_frame(r, id, 6, WD_WHAT_ESTIMATE, &f) && f.pair && f.exact && log.frame > 0,
         "the frame that was looked at is there");
  tap_ok(log.progress == 7 && log.notice == 0, "progress was told %d times", log.progress);
  wd_session_want_states(s, id, 0);
  tap_ok(bed_wait(bed_rested, s, 60), "states that are wanted later come at rest");
  scored = 0;
  for (int k = 0; k <= 6; k++) {
    const WdScore *e = at(s, id, k)->exact[WD_WHAT_STATE];
    scored += e && e->details && e->mode == WD_WAVE_EXACT;
  }
  tap_ok(scored == 7, "x_t has an exact score at every step as well (%d)", scored);
  wd_session_want_states(s, 0, 0);
  calibrated(s, id);
  policy = (WdPolicy){.score = WD_SCORE_EVERY_N, .every = 4, .both = TRUE, .exact_runs = TRUE};
  wd_session_set_policy(s, &policy);
  id = run_all(s, &recipe);
  char text[64] = "";
  for (int k = 0; k <= 6; k++)
    for (int w = 0; w < WD_WHATS; w++)
      g_strlcat(text, at(s, id, k)->exact[w] ? "e" : at(s, id, k)->live[w] ? "l" : "-", sizeof text);
  tap_ok(strcmp(text, "ee------ee--ee") == 0,
         "every fourth step, both latents, exact at once, none at rest: %s", text);
  g_object_unref(s);
  bed_clear_log(&log);
}

/* ---- the same bits as the command line */

/* Values of the session against wavediffusion-cli residual on the same latents: both print nine digits. */
static void against_residual(WdSession *s, guint id, int steps, const char *mode) {
  const WdModelInfo *info = wd_session_get_model(s);
  GBytes **latent = g_new0(GBytes *, (gsize)steps + 1);
  for (int k = 0; k <= steps; k++) latent[k] = at(s, id, k)->latent[WD_WHAT_ESTIMATE];
  json_t *o = cli_residual(info->folder, folder, latent, steps + 1, info->latent, mode);
  double worst = o ? 0 : NAN;
  static const int kinds[] = {WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2, WD_METRIC_LOG_NORM_MSE,
                              WD_METRIC_REFLECTION_SHARE};
  for (int k = 0; k <= steps && o; k++) {
    WdPosition *p = at(s, id, k);
    const WdScore *score =
        strcmp(mode, "exact") == 0 ? p->exact[WD_WHAT_ESTIMATE] : p->live[WD_WHAT_ESTIMATE];
    for (int i = 0; i < 4; i++) {
      double x = score ? score->value[kinds[i]] : NAN;
      double y = cli_residual_of(o, k, wd_score_get_info(kinds[i])->key);
      double d = fabs(x - y) / fabs(y);
      if (!(d <= worst)) worst = d;
    }
  }
  char what[96];
  g_snprintf(what, sizeof what, "%s scores against wavediffusion-cli residual, %d steps, worst relative",
             mode, steps + 1);
  tap_at_most(worst, 2e-9, what);
  g_free(latent);
  json_decref(o);
}

static void against_sample(WdSession *s, guint id, guint64 seed, int steps) {
  g_autofree char *out = g_build_filename(folder, "sampled", NULL),
                  *path = g_build_filename(out, "latents_steps.npy", NULL);
  g_autofree char *seeds = g_strdup_printf("%" G_GUINT64_FORMAT, seed), *count = g_strdup_printf("%d", steps);
  const char *const arguments[] = {g_getenv("WD_CLI"), "sample", "--model", wd_session_get_model(s)->folder,
                                   "--seeds",          seeds,    "--steps", count,
                                   "--json",           "-o",     out,       NULL};
  json_t *o = cli_json(arguments);
  wd_npy *npy = NULL;
  wd_error err = {0};
  size_t one = (size_t)wd_session_get_model(s)->latent.count;
  float *z = g_new(float, one);
  int same = 0;
  if (o && !wd_npy_open(path, &npy, &err))
    for (int k = 0; k <= steps; k++)
      same += !wd_npy_read(npy, (size_t)k * one, one, z, &err) &&
              memcmp(z, g_bytes_get_data(at(s, id, k)->latent[WD_WHAT_STATE], NULL), one * sizeof *z) == 0;
  tap_ok(same == steps + 1, "wavediffusion-cli sample gives the same bytes at %d of %d steps", same,
         steps + 1);
  wd_npy_close(npy);
  g_free(z);
  json_decref(o);
}

/* As the window follows a run: a new step is looked at as soon as it is there, so that the view's work on it
 * comes before the run's own. */
typedef struct Following {
  WdSession *s;
  guint id;
  int k;
  gint64 seen[64]; /* when step k came */
} Following;

static void on_followed(WdRecording *r, guint id, int k, Following *f) {
  (void)r;
  if (id != f->id || k <= f->k || k >= 64) return;
  f->k = k;
  f->seen[k] = g_get_monotonic_time();
  wd_session_look(f->s, 0, id, k, WD_WHAT_ESTIMATE, FALSE);
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void step_time(WdSession *s, int tries) {
  enum { STEPS = 12 };
  WdRecording *r = wd_session_get_recording(s);
  WdPolicy policy = *wd_session_get_policy(s), before = policy;
  policy.exact_rest = FALSE;
  wd_session_set_policy(s, &policy);
  for (int i = 0; i <= WD_TIMES; i++) s->times[i] = 0;
  Following f = {.s = s, .k = -1};
  GError *error = NULL;
  const WdRecipe recipe = {.seed = (guint64)g_get_real_time(), .family = -1, .plan.steps = STEPS};
  f.id = wd_session_run(s, &recipe, &error);
  bed_need_error(f.id != 0, error, "run");
  const gulong handler = g_signal_connect(r, "position", G_CALLBACK(on_followed), &f);
  tap_ok(bed_wait(bed_idle, s, 120) && f.k == STEPS, "a run is followed step by step");
  g_signal_handler_disconnect(r, handler);
  double between[STEPS];
  for (int k = 1; k <= STEPS; k++) between[k - 1] = (double)(f.seen[k] - f.seen[k - 1]) / 1000;
  qsort(between, STEPS, sizeof *between, by_size);
  const WdTimes t = wd_session_get_times(s);
  const double wall = between[STEPS / 2];
  printf("# between steps %.1f ms, told %.1f: denoise %.1f, decode %.1f, live %.1f\n", wall, t.step,
         t.denoise, t.decode, t.live);
  /* Two clocks of two threads: where a sanitizer or others take the time between, they tell of that. */
  wd_session_set_policy(s, &before);
  if (WD_INSTRUMENTED) return;
  if (tries > 1 && (fabs(t.step - wall) > 0.2 * wall || t.step <= 0.8 * t.live)) {
    step_time(s, tries - 1);
    return;
  }
  tap_at_most(fabs(t.step - wall) / wall, 0.2,
              "the time of a step that is told, against that between steps, rel.");
  tap_ok(t.step > 0.8 * t.live, "a step takes no less than its simulation");
}

static double process_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* How soon it stops, whatever it is at: in the middle of a run's own work, and of what a view that follows it
 * has made. What others do on the machine may keep any one of these waiting, so of the clock it is the
 * quickest that counts, which what we do ourselves would keep waiting as much; and of the processor's time,
 * of all threads together, every one. */
static void stops(WdSession *s) {
  enum { TRIES = 8 };
  const double limit = WD_INSTRUMENTED ? 1000 : 100;
  double wall[TRIES], cpu = 0;
  GError *error = NULL;
  const WdPolicy before = *wd_session_get_policy(s);
  WdRecipe recipe = {.seed = (guint64)g_get_real_time(), .family = -1, .plan.steps = 50};
  for (int i = 0; i < TRIES; i++) {
    WdPolicy policy = before;
    policy.exact_runs = policy.both = i & 1;
    wd_session_set_policy(s, &policy);
    recipe.seed++;
    Following f = {.s = s, .k = -1};
    f.id = wd_session_run(s, &recipe, &error);
    bed_need_error(f.id != 0, error, "run");
    const gulong handler =
        g_signal_connect(wd_session_get_recording(s), "position", G_CALLBACK(on_followed), &f);
    gint64 until = g_get_monotonic_time() + 130000 + 37000 * i;
    const gint64 given_up = until + 60 * EXPECT_PATIENCE * G_USEC_PER_SEC;
    while ((g_get_monotonic_time() < until || f.k < 1) && g_get_monotonic_time() < given_up)
      if (!g_main_context_iteration(NULL, FALSE)) g_usleep(500);
    const gint64 start = g_get_monotonic_time();
    const double begun = process_ms();
    const gboolean running = wd_session_get_state(s) == WD_SESSION_RUNNING;
    wd_session_stop(s);
    const gboolean idle = bed_wait(bed_idle, s, 10);
    wall[i] = (double)(g_get_monotonic_time() - start) / 1000;
    cpu = fmax(cpu, process_ms() - begun);
    if (!running || !idle) tap_ok(false, "run %d was stopped at step %d", i, f.k);
    g_signal_handler_disconnect(wd_session_get_recording(s), handler);
  }
  wd_session_set_policy(s, &before);
  qsort(wall, TRIES, sizeof *wall, by_size);
  tap_at_most(cpu, limit, "processor time from stop to idle, the most of 8, ms");
  tap_at_most(wall[0], limit, "from stop to idle by the clock, the quickest of 8, ms");
  printf("# stop: %.1f to %.1f ms by the clock, %.1f ms of processor time at most\n", wall[0],
         wall[TRIES - 1], cpu);
}

/* The shipped model, a seed that nobody saw before. */
static void shipped(void) {
  if (!g_getenv("WD_CLI")) {
    expect_missing("cli", "the shipped model: no wavediffusion-cli to compare with (WD_CLI)");
    return;
  }
  enum { STEPS = 5 };
  WdSession *s = bed_session(NULL);
  wd_session_open_model(s, "default", "cpu");
  if (!bed_wait(bed_idle, s, 60) || !wd_session_get_model(s)) {
    expect_missing("model", "the shipped model does not load");
    g_object_unref(s);
    return;
  }
  guint64 seed = (guint64)g_get_real_time();
  WdRecipe recipe = {.seed = seed, .family = -1, .plan.steps = STEPS};
  guint id = run_all(s, &recipe);
  guint64 made = wd_session_get_times(s).simulations;
  tap_ok(made == STEPS + 1, "seed %" G_GUINT64_FORMAT ": the solver ran for each of %d scored steps (%d)",
         seed, STEPS + 1, (int)made);
  against_residual(s, id, STEPS, "live");
  against_sample(s, id, seed, STEPS);
  wd_session_look(s, 0, id, STEPS, WD_WHAT_ESTIMATE, TRUE);
  tap_ok(bed_wait(bed_rested, s, 120), "it comes to rest");
  against_residual(s, id, STEPS, "exact");
  WdLevels levels;
  tap_ok(wd_session_get_levels(s, WD_METRIC_REFLECTION_RESIDUAL, &levels) && levels.direct == 1 &&
             levels.stage1_p95 > levels.stage1_median && levels.noise_median > levels.generated_median &&
             levels.floor < levels.stage1_median && levels.silence > 1 &&
             !wd_session_get_levels(s, WD_METRIC_CORRELATION, &levels),
         "the evaluation's levels are read: %s", wd_session_get_model(s)->evaluated);

  step_time(s, 3);

  stops(s);
  wd_session_run(s, &recipe, NULL);
  g_usleep(20000);
  gint64 start = g_get_monotonic_time();
  g_object_unref(s);
  tap_at_most((double)(g_get_monotonic_time() - start) / 1000, 2000, "closed while running, ms");
}

/* ---- stopped, branched, saved, loaded: the same bits */

static gboolean same_latents(WdSession *s, guint a, WdSession *t, guint b, int from, int to) {
  for (int k = from; k <= to; k++) {
    WdPosition *p = at(s, a, k), *q = at(t, b, k);
    for (int w = 0; w < WD_WHATS; w++)
      if (!p || !q || !p->latent[w] || !q->latent[w] || !g_bytes_equal(p->latent[w], q->latent[w]))
        return FALSE;
  }
  return TRUE;
}

static gboolean bed_at(gpointer user) {
  void **v = user;
  WdBranch *b = wd_recording_find(wd_session_get_recording(v[0]), GPOINTER_TO_UINT(v[1]));
  return wd_branch_last(b) >= GPOINTER_TO_INT(v[2]);
}

static void same_bits(wd_sampler_kind kind) {
  GError *error = NULL;
  WdSession *s = bed_session(NULL), *t = bed_session(NULL);
  bed_open(s, model, "cpu:1");
  bed_open(t, model, "cpu:2");
  WdRecipe recipe = {.seed = 11, .family = 3, .plan = {kind, 9, 0, 0.7}};
  WdRecipe other = {
      .seed = 11, .family = 5, .plan = {WD_SAMPLER_DDPM, 7, 0, 0}, .new_noise = TRUE, .noise_seed = 5};
  WdRecipe third = {.seed = 11, .family = 5, .plan = {WD_SAMPLER_DPMPP_2M, 4, 0, 0.3}};
  guint a = run_all(s, &recipe); /* in one go */
  guint a2 = wd_session_branch(s, a, 4, &other, NULL, &error);
  bed_need_error(a2 != 0 && bed_wait(bed_idle, s, 60), error, "branch");
  guint a3 = wd_session_branch(s, a2, 6, &third, NULL, &error);
  bed_need_error(a3 != 0 && bed_wait(bed_idle, s, 60), error, "branch");
  tap_ok(wd_recording_find(wd_session_get_recording(s), a2)->steps == 11 &&
             wd_recording_find(wd_session_get_recording(s), a3)->steps == 10,
         "%s: branches count on from their parents", wd_sampler_name(kind));
  WdPosition *p = at(s, a2, 6), *q = wd_recording_position(wd_session_get_recording(s), a3, 6);
  tap_ok(p->latent[WD_WHAT_STATE] == q->latent[WD_WHAT_STATE],
         "a branch starts from its parent's very latent");

  /* Step by step, with stops, through a file, half of it in another session. */
  guint b = wd_session_run_to(t, &recipe, 0, &error);
  bed_need_error(b != 0 && bed_wait(bed_idle, t, 60), error, "start");
  for (int k = 1; k <= 5; k++)
    bed_need_error(wd_session_continue(t, b, k, &error) && bed_wait(bed_idle, t, 60), error, "step");
  tap_ok(wd_branch_last(wd_recording_find(wd_session_get_recording(t), b)) == 5,
         "stepping stops where it was told to");
  guint b2 = wd_session_branch(t, b, 4, &other, NULL, &error);
  void *wait_for[3] = {t, GUINT_TO_POINTER(b2), GINT_TO_POINTER(6)};
  bed_wait(bed_at, wait_for, 60);
  wd_session_stop(t);
  bed_wait(bed_idle, t, 60);
  g_autofree char *path = g_build_filename(folder, "half.wdrun", NULL);
  bed_need_error(wd_recording_save(wd_session_get_recording(t), path, FALSE, NULL, &error), error, "save");
  g_object_unref(t);
  t = bed_session(NULL);
  WdRecording *r = wd_recording_load(path, NULL, &error);
  bed_need_error(r != NULL, error, "load");
  wd_session_set_recording(t, r);
  g_object_unref(r);
  refused(wd_session_continue(t, b, 9, &error), &error, "no continuing without the model");
  bed_open(t, model, "cpu:2");
  guint b3 = wd_session_branch(t, b2, 6, &third, NULL, &error);
  bed_need_error(b3 != 0 && bed_wait(bed_idle, t, 60), error, "branch");
  bed_need_error(wd_session_continue(t, b2, 99, &error) && bed_wait(bed_idle, t, 60), error, "continue");
  bed_need_error(wd_session_continue(t, b, 99, &error) && bed_wait(bed_idle, t, 60), error, "continue");
  tap_ok(same_latents(s, a, t, b, 0, 9), "%s: a run stepped, stopped, saved, loaded: the same bits",
         wd_sampler_name(kind));
  tap_ok(same_latents(s, a2, t, b2, 0, 11), "%s: so is its branch", wd_sampler_name(kind));
  tap_ok(same_latents(s, a3, t, b3, 0, 10), "%s: and a branch of the branch", wd_sampler_name(kind));
  g_object_unref(s);
  g_object_unref(t);
}

/* ---- refinement, edits, opened pairs */

static void made_of_data(void) {
  GError *error = NULL;
  bed_log log = {0};
  WdSession *s = bed_session(&log);
  bed_open(s, model, "cpu:2");
  WdRecipe recipe = {.seed = 3, .family = -1, .plan.steps = 3};
  guint id = run_all(s, &recipe);
  bed_need_error(wd_session_refine(s, id, 3, 0.02, &error) && bed_wait(bed_idle, s, 60), error, "refine");
  WdBranch *b = wd_recording_find(wd_session_get_recording(s), id);
  gboolean refined = wd_branch_last(b) == 6 && wd_branch_end(b) == 6 && b->recipe.refine_steps == 3;
  for (int k = 4; k <= 6 && refined; k++)
    refined = at(s, id, k)->refined && isfinite(at(s, id, k)->objective) &&
              at(s, id, k)->level.timestep == -1 && at(s, id, k)->latent[0] == at(s, id, k)->latent[1] &&
              at(s, id, k)->live[0];
  tap_ok(refined && !at(s, id, 3)->refined, "refinement adds scored positions after the data");
  refused(wd_session_branch(s, id, 3, &recipe, NULL, &error), &error, "no branch at the data");
  float *z =
      g_memdup2(g_bytes_get_data(at(s, id, 6)->latent[0], NULL), g_bytes_get_size(at(s, id, 6)->latent[0]));
  z[0] += 0.5f;
  GBytes *edited = g_bytes_new_take(z, g_bytes_get_size(at(s, id, 6)->latent[0]));
  guint twig = wd_session_branch(s, id, 6, &recipe, edited, &error);
  bed_need_error(twig != 0 && bed_wait(bed_idle, s, 60), error, "edit at the data");
  tap_ok(at(s, twig, 6)->latent[0] && g_bytes_equal(at(s, twig, 6)->latent[0], edited) &&
             at(s, twig, 6)->live[0] &&
             wd_branch_end(wd_recording_find(wd_session_get_recording(s), twig)) == 6,
         "an edited latent at the data is a branch of its own, and scored");
  twig = wd_session_branch(s, id, 1, &recipe, edited, &error);
  bed_need_error(twig != 0 && bed_wait(bed_idle, s, 60), error, "edit");
  tap_ok(g_bytes_equal(at(s, twig, 1)->latent[WD_WHAT_STATE], edited) && at(s, twig, 4),
         "so is one in the middle, with its steps");
  GBytes *shorter = g_bytes_new("abc", 3);
  refused(wd_session_branch(s, id, 1, &recipe, shorter, &error), &error,
          "an edit of another size is refused");
  g_bytes_unref(shorter);
  g_bytes_unref(edited);

  /* an opened pair: the map alone; the gathers are simulated */
  wd_error err = {0};
  wd_map map = {0}, again = {0};
  wd_gather none = {0};
  bed_need(wd_map_create(16, 16, 10, &map, &err), &err, "map");
  for (int i = 0; i < 256; i++) map.value[i] = (float)(1800 + 60 * (i / 16));
  bed_need(wd_map_copy(&map, &again, &err), &err, "map");
  WdPair *pair = wd_pair_new(&map, &none, 0);
  guint opened = wd_session_encode(s, pair, TRUE, TRUE, "pair 1", &error);
  bed_need_error(opened != 0 && bed_wait(bed_idle, s, 60), error, "encode");
  b = wd_recording_find(wd_session_get_recording(s), opened);
  wd_gather full = {0};
  wd_device *device = NULL;
  wd_survey *survey = NULL;
  wd_wave *wave = NULL;
  bed_need(wd_device_open("cpu:1", &device, &err), &err, "device");
  bed_need(wd_survey_create(&(wd_survey_desc){.nz = 16, .nx = 16, .shots = 3, .samples = 320}, &survey, &err),
           &err, "survey");
  bed_need(wd_wave_create(device, survey, NULL, &again, &wave, &err), &err, "wave");
  bed_need(wd_wave_run(wave, NULL, &err), &err, "wave");
  full = *wd_wave_gather(wave, 0);
  tap_ok(b->kind == WD_BRANCH_ENCODED && b->steps == 0 && at(s, opened, 0)->live[0] &&
             b->truth->gathers.value &&
             memcmp(b->truth->gathers.value, full.value, wd_gather_count(&full) * sizeof(float)) == 0,
         "a map is opened: gathers simulated in exact mode, encoded, decoded, scored");
  bed_need_error(wd_session_refine(s, opened, 1, 0, &error) && bed_wait(bed_idle, s, 60), error, "refine");
  tap_ok(at(s, opened, 1) && at(s, opened, 1)->refined, "and refined");
  WdPair *whole = wd_pair_ref(b->truth);
  const struct { gboolean velocity, gathers; } given[] = {{TRUE, FALSE}, {FALSE, TRUE}, {TRUE, TRUE}};
  GBytes *seen[3];
  for (int i = 0; i < 3; i++) {
    guint e = wd_session_encode(s, whole, given[i].velocity, given[i].gathers, "x", &error);
    bed_need_error(e != 0 && bed_wait(bed_idle, s, 60), error, "encode");
    seen[i] = at(s, e, 0)->latent[0];
  }
  tap_ok(!g_bytes_equal(seen[0], seen[1]) && !g_bytes_equal(seen[1], seen[2]) &&
             g_bytes_equal(seen[2], at(s, opened, 0)->latent[0]),
         "what is given to the encoder makes the difference");
  refused(wd_session_encode(s, whole, FALSE, FALSE, "x", &error), &error, "nothing given");
  wd_pair_unref(whole);
  wd_pair_unref(pair);
  bed_need(wd_map_create(20, 16, 10, &map, &err), &err, "map");
  pair = wd_pair_new(&map, &none, 0);
  refused(wd_session_encode(s, pair, TRUE, TRUE, "x", &error), &error, "another size");
  wd_pair_unref(pair);
  tap_ok(log.notice == 0, "nothing to complain of");
  wd_wave_destroy(wave);
  wd_survey_destroy(survey);
  wd_device_close(device);
  wd_map_clear(&again);
  g_object_unref(s);
  bed_clear_log(&log);
}

/* ---- what goes wrong */

static void wait_notice(WdSession *s, bed_log *log, int n) {
  gint64 end = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
  while ((log->notice < n || !bed_idle(s)) && g_get_monotonic_time() < end)
    if (!g_main_context_iteration(NULL, FALSE)) g_usleep(200);
}

static void lost(wd_status status, WdNoticeAction action) {
  GError *error = NULL;
  bed_log log = {0};
  WdSession *s = bed_session(&log);
  bed_open(s, model, "reference");
  WdPolicy policy = *wd_session_get_policy(s);
  policy.exact_rest = FALSE;
  wd_session_set_policy(s, &policy);
  WdRecipe recipe = {.seed = 3, .family = -1, .plan.steps = 5};
  wd_engine_inject(s->engine, 10, status, TRUE);
  guint id = wd_session_run(s, &recipe, &error);
  bed_need_error(id != 0, error, "run");
  wait_notice(s, &log, 1);
  int last = wd_branch_last(wd_recording_find(wd_session_get_recording(s), id));
  tap_ok(log.notice == 1 && log.last.code == status && log.last.action == action && log.last.branch == id &&
             last == 2 && log.last.kept && log.last.details,
         "%s at work on step 3: \"%s\" \"%s\" (%s)", wd_status_name(status), log.last.what, log.last.kept,
         log.last.details);
  wd_session_look(s, 0, id, 2, WD_WHAT_STATE, TRUE);
  bed_wait(bed_rested, s, 10);
  tap_ok(log.notice == 2 && at(s, id, 2)->latent[0], "a look says so too, once; what was made stays");
  bed_open(s, model, "cpu:1");
  bed_need_error(wd_session_continue(s, id, 99, &error) && bed_wait(bed_idle, s, 60), error, "continue");
  tap_ok(wd_branch_last(wd_recording_find(wd_session_get_recording(s), id)) == 5 && log.notice == 2,
         "on the CPU it goes on from there");
  g_object_unref(s);
  bed_clear_log(&log);
}

static void faults(void) {
  GError *error = NULL;
  bed_log log = {0};
  WdSession *s = bed_session(&log);
  wd_session_open_model(s, "no such model", NULL);
  wait_notice(s, &log, 1);
  tap_ok(log.notice == 1 && log.last.code == WD_ERR_IO && log.last.action == WD_NOTICE_OPEN_MODEL &&
             wd_session_get_state(s) == WD_SESSION_NO_MODEL,
         "no model: \"%s\" \"%s\"", log.last.what, log.last.kept);
  /* weights cut in half */
  g_autofree char *broken = g_build_filename(folder, "broken", NULL),
                  *from = g_build_filename(model, "stage1.safetensors", NULL);
  g_autofree char *to = g_build_filename(broken, "stage1.safetensors", NULL);
  char *bytes = NULL;
  gsize n = 0;
  g_mkdir(broken, 0700);
  bed_need_error(g_file_get_contents(from, &bytes, &n, &error) &&
                     g_file_set_contents(to, bytes, (gssize)(n / 2), &error),
                 error, "copy");
  wd_session_open_model(s, broken, "cpu:1");
  wait_notice(s, &log, 2);
  tap_ok(log.notice == 2 && log.last.code == WD_ERR_FORMAT && log.last.action == WD_NOTICE_OPEN_MODEL,
         "damaged: \"%s\" (%s)", log.last.what, log.last.details);
  g_free(bytes);
  wd_session_open_model(s, model, "cuda:99");
  wait_notice(s, &log, 3);
  tap_ok(log.notice == 3 && log.last.code == WD_ERR_DEVICE && log.last.action == WD_NOTICE_USE_CPU,
         "no device: \"%s\" (%s)", log.last.what, log.last.details);
  g_autofree char *half = g_build_filename(folder, "one", NULL);
  bed_make_model(half, 5, true);
  bed_open(s, half, "cpu:1");
  WdRecipe recipe = {.seed = 3, .family = -1, .plan.steps = 5};
  refused(wd_session_run(s, &recipe, &error), &error, "no stage 2");
  wd_session_open_model(s, broken, "cpu:1");
  wait_notice(s, &log, 4);
  tap_ok(wd_session_get_model(s) && strstr(log.last.kept, "stays loaded"),
         "a model that does not open leaves the one there is: \"%s\"", log.last.kept);
  bed_open(s, model, "cpu:1");
  recipe.plan.steps = 1000;
  refused(wd_session_run(s, &recipe, &error), &error, "too many steps");
  recipe = (WdRecipe){.seed = 3, .family = 12, .plan.steps = 5};
  refused(wd_session_run(s, &recipe, &error), &error, "an unknown family");
  refused(wd_session_branch(s, 7, 3, &recipe, NULL, &error), &error, "no such branch");

  /* a map that is refused, or not finite: the fault is that position's, the run goes on */
  recipe.family = -1;
  WdPolicy policy = *wd_session_get_policy(s);
  policy.exact_rest = FALSE;
  wd_session_set_policy(s, &policy);
  wd_engine_inject(s->engine, 6, WD_ERR_DIVERGED, FALSE); /* step, decode, simulate; step, decode, simulate */
  guint id = run_all(s, &recipe);
  tap_ok(at(s, id, 5) && at(s, id, 1)->fault && !at(s, id, 1)->live[0] && at(s, id, 1)->latent[0] &&
             !at(s, id, 0)->fault && !at(s, id, 2)->fault && at(s, id, 2)->live[0] && log.notice == 4,
         "a map that the solver refuses marks its position (%s), and the run goes on", at(s, id, 1)->fault);
  /* not finite in the denoiser: the run ends */
  wd_engine_inject(s->engine, 4, WD_ERR_DIVERGED, FALSE);
  id = wd_session_run(s, &recipe, &error);
  wait_notice(s, &log, 5);
  tap_ok(log.notice == 5 && wd_branch_last(wd_recording_find(wd_session_get_recording(s), id)) == 0 &&
             at(s, id, 0)->fault && at(s, id, 0)->latent[0],
         "NaN in a step ends the run and is marked: \"%s\"", log.last.what);
  id = wd_session_run(s, &recipe, &error);
  void *wait_for[3] = {s, GUINT_TO_POINTER(id), GINT_TO_POINTER(1)};
  bed_wait(bed_at, wait_for, 60);
  wd_session_stop(s);
  bed_wait(bed_idle, s, 60);
  int last = wd_branch_last(wd_recording_find(wd_session_get_recording(s), id));
  tap_ok((log.notice == 6 && log.last.code == WD_CANCELLED && log.last.action == WD_NOTICE_RESUME) ||
             last == 5,
         "stopped: \"%s\" \"%s\"", log.last.what, log.last.kept);
  g_object_unref(s);
  bed_clear_log(&log);
  lost(WD_ERR_DEVICE, WD_NOTICE_USE_CPU);
  lost(WD_ERR_NO_MEMORY, WD_NOTICE_USE_CPU);

  /* another model's latents */
  s = bed_session(NULL);
  g_autofree char *other = g_build_filename(folder, "other", NULL);
  bed_make_model(other, 6, false);
  bed_open(s, model, "cpu:1");
  recipe.plan.steps = 2;
  id = run_all(s, &recipe);
  bed_open(s, other, "cpu:1");
  refused(wd_session_continue(s, id, 9, &error), &error, "another model");
  g_object_unref(s);
}

/* ---- walks */

static GBytes *any_latent(WdSession *s, guint seed) {
  gsize n = (gsize)wd_session_get_model(s)->latent.count;
  float *z = g_new(float, n);
  wd_random_normals(seed, 3, 0, n, z);
  return g_bytes_new_take(z, n * sizeof *z);
}

/* The decoder's map of the latent at a place, made here again. */
static gboolean is_its_own(WdSession *s, guint id, int k) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_model *m = NULL;
  wd_pair_decoder *decoder = NULL;
  float map[256];
  WdFrame f;
  bed_need(wd_device_open("cpu:1", &d, &err), &err, "device");
  bed_need(wd_model_open(d, model, false, &m, &err), &err, "model");
  bed_need(wd_pair_decoder_create(m, 1, WD_PRECISION_F32, &decoder, &err), &err, "decoder");
  bed_need(
      wd_pair_decoder_run(decoder, 1, g_bytes_get_data(at(s, id, k)->latent[0], NULL), map, NULL, NULL, &err),
      &err, "decode");
  gboolean same = wd_recording_get_frame(wd_session_get_recording(s), id, k, WD_WHAT_ESTIMATE, &f) &&
                  f.pair && memcmp(map, f.pair->velocity.value, sizeof map) == 0;
  wd_pair_decoder_destroy(decoder);
  wd_model_close(m);
  wd_device_close(d);
  return same;
}

/* The run that a branch from a noised latent is to be, by the sampler itself. */
static gboolean is_that_run(WdSession *s, guint id, const WdRecipe *recipe, GBytes *latent) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_model *m = NULL;
  wd_denoiser *denoiser = NULL;
  wd_sampler *sampler = NULL;
  const WdBranch *b = wd_recording_find(wd_session_get_recording(s), id);
  gsize bytes = g_bytes_get_size(latent);
  bed_need(wd_device_open("cpu:1", &d, &err), &err, "device");
  bed_need(wd_model_open(d, model, false, &m, &err), &err, "model");
  bed_need(wd_denoiser_create(m, &(wd_coder_desc){.batch = 1}, &denoiser, &err), &err, "denoiser");
  wd_sampler_desc desc = {.plan = b->recipe.plan,
                          .seed = &recipe->seed,
                          .family = &recipe->family,
                          .latents = g_bytes_get_data(latent, NULL),
                          .start = recipe->timestep + 1,
                          .renoise = recipe->begin == WD_BEGIN_NOISED};
  bed_need(wd_sampler_create(denoiser, &desc, &sampler, &err), &err, "sampler");
  bed_need(wd_sampler_run(sampler, 1000, NULL, &err), &err, "run");
  gboolean same = wd_branch_last(b) == b->steps && b->steps == b->first + wd_sampler_steps(sampler);
  for (int k = 0; k <= wd_sampler_steps(sampler) && same; k++) {
    const WdPosition *p = at(s, id, b->first + k);
    wd_sampler_level level = wd_sampler_get_level(sampler, k);
    same =
        p->level.timestep == level.timestep && p->level.alpha == level.alpha &&
        memcmp(g_bytes_get_data(p->latent[WD_WHAT_STATE], NULL), wd_sampler_latents(sampler, k), bytes) == 0;
    if (k < wd_sampler_steps(sampler))
      same = same && memcmp(g_bytes_get_data(p->latent[WD_WHAT_ESTIMATE], NULL),
                            wd_sampler_estimates(sampler, k), bytes) == 0;
  }
  wd_sampler_destroy(sampler);
  wd_denoiser_destroy(denoiser);
  wd_model_close(m);
  wd_device_close(d);
  return same;
}

static void walks(void) {
  GError *error = NULL;
  WdSession *s = bed_session(NULL);
  GBytes *early = g_bytes_new("12345678", 8);
  refused(wd_session_walk(s, NULL, early, NULL, &error), &error, "no walk without a model");
  bed_open(s, model, "cpu:1");
  WdRecording *r = wd_session_get_recording(s);
  refused(wd_session_walk(s, NULL, early, NULL, &error), &error, "a latent of another size");
  g_bytes_unref(early);
  GBytes *z[4];
  for (guint i = 0; i < 4; i++) z[i] = any_latent(s, 40 + i);
  refused(wd_session_walk(s, NULL, z[0], "plane", &error), &error, "a note that is no JSON");
  guint id = wd_session_walk(s, NULL, z[0], "{\"edit\":\"start\"}", &error);
  bed_need_error(id != 0, error, "walk");
  const WdBranch *b = wd_recording_find(r, id);
  tap_ok(b->kind == WD_BRANCH_WALK && strcmp(b->name, "Walk 1") == 0 && wd_branch_last(b) == 0 &&
             at(s, id, 0)->latent[0] == z[0] && at(s, id, 0)->level.timestep == -1,
         "a walk begins with a latent");
  wd_session_look(s, 0, id, 0, WD_WHAT_ESTIMATE, TRUE);
  tap_ok(bed_wait(bed_rested, s, 60) && is_its_own(s, id, 0) && at(s, id, 0)->exact[0] &&
             at(s, id, 0)->exact[0]->details && at(s, id, 0)->live[0],
         "looked at, it is decoded, simulated live, and scored in exact mode at rest");
  tap_ok(wd_session_walk_append(s, id, z[1], "{\"edit\":\"code\"}", &error) == 1 && wd_branch_last(b) == 1 &&
             b->steps == 1 && wd_branch_end(b) == 1,
         "it grows");
  /* a drag: each latent takes the place of the one before, whatever the engine is at */
  wd_session_look(s, 0, id, 1, WD_WHAT_ESTIMATE, FALSE);
  GBytes *last = NULL;
  int dragged = 0;
  for (guint i = 0; i < 40; i++) {
    if (last) g_bytes_unref(last);
    last = any_latent(s, 100 + i);
    dragged += wd_session_walk_replace(s, id, last, NULL, &error);
    wd_session_look(s, 0, id, 1, WD_WHAT_ESTIMATE, FALSE);
    for (guint t = 0; t < i % 7; t++) g_main_context_iteration(NULL, FALSE);
    if (i % 5 == 0) g_usleep(1500);
  }
  tap_ok(dragged == 40, "it is dragged: %d latents of 40 taken", dragged);
  wd_session_look(s, 0, id, 1, WD_WHAT_ESTIMATE, TRUE);
  tap_ok(bed_wait(bed_rested, s, 60) && at(s, id, 1)->latent[0] == last && is_its_own(s, id, 1) &&
             at(s, id, 1)->exact[0] && b->position->len == 2,
         "after a drag the picture and the exact score are those of the last latent");
  WdFrame f;
  wd_recording_get_frame(r, id, 1, WD_WHAT_ESTIMATE, &f);
  tap_ok(f.exact && f.exact->comparison.all.norm_difference == at(s, id, 1)->exact[0]->all.norm_difference,
         "and belong together");
  guint64 simulations = wd_session_get_times(s).simulations;
  tap_ok(wd_session_walk_append(s, id, z[0], NULL, &error) == 2 && at(s, id, 2)->exact[0] &&
             bed_wait(bed_rested, s, 60) && wd_session_get_times(s).simulations == simulations,
         "a latent that is known already is not made again");
  refused(wd_session_walk_append(s, id + 7, z[1], NULL, &error) >= 0, &error, "no such walk");
  refused(wd_session_refine(s, id, 2, 0.02, &error), &error, "a walk is not refined");

  /* noised, and back by the sampler: from a walk, from a run's estimate, from nothing but a latent */
  WdRecipe recipe = {.seed = 77,
                     .family = 3,
                     .plan = {WD_SAMPLER_DDPM, 4, 0, 0.5},
                     .begin = WD_BEGIN_NOISED,
                     .timestep = 39};
  guint back = wd_session_branch(s, id, 1, &recipe, NULL, &error);
  bed_need_error(back != 0, error, "re-noise");
  const WdBranch *n = wd_recording_find(r, back);
  tap_ok(bed_wait(bed_idle, s, 60) && n->first == 1 && n->edited == last &&
             is_that_run(s, back, &recipe, last),
         "a latent of a walk is noised and sampled back, as the sampler does it (%s)", n->name);
  tap_ok(wd_recording_position(r, back, 0)->latent[0] == z[0], "before it stands the walk");
  recipe = (WdRecipe){.seed = 5, .family = -1, .begin = WD_BEGIN_AT, .timestep = 9};
  guint on = wd_session_branch(s, id, 0, &recipe, NULL, &error);
  bed_need_error(on != 0, error, "go on");
  tap_ok(bed_wait(bed_idle, s, 60) && wd_recording_find(r, on)->recipe.plan.steps == 10 &&
             is_that_run(s, on, &recipe, z[0]),
         "a latent of a walk is taken for x_t at a level, and sampled on from there");
  recipe = (WdRecipe){.seed = 1, .family = -1, .plan.steps = 3, .begin = WD_BEGIN_NOISED, .timestep = 99};
  guint free_run = wd_session_run_from(s, z[2], &recipe, NULL, &error);
  bed_need_error(free_run != 0, error, "run from");
  tap_ok(bed_wait(bed_idle, s, 60) && is_that_run(s, free_run, &recipe, z[2]), "and a latent without a walk");
  recipe.timestep = 100;
  refused(wd_session_branch(s, id, 0, &recipe, NULL, &error), &error, "a level that there is not");
  recipe = (WdRecipe){.family = -1, .plan.steps = 3};
  refused(wd_session_branch(s, id, 0, &recipe, NULL, &error), &error, "data is not sampled on as it is");

  /* branched once more, stopped on the way, saved, loaded and gone on with: the same bits */
  recipe = (WdRecipe){
      .seed = 1, .family = -1, .plan = {WD_SAMPLER_DDIM, 2, 1, 0}, .new_noise = TRUE, .noise_seed = 4};
  guint twig = wd_session_branch(s, back, 3, &recipe, NULL, &error);
  bed_need_error(twig != 0, error, "branch of what was noised");
  tap_ok(bed_wait(bed_idle, s, 60) && wd_branch_last(wd_recording_find(r, twig)) == 5,
         "it is branched in turn");
  GBytes *end = g_bytes_ref(at(s, twig, 5)->latent[0]), *middle = g_bytes_ref(at(s, back, 4)->latent[1]);
  wd_recording_truncate(r, wd_recording_find(r, twig), 4);
  wd_recording_truncate(r, wd_recording_find(r, back), 3);
  g_autofree char *path = g_build_filename(folder, "walk.wdrun", NULL);
  bed_need_error(wd_recording_save(r, path, FALSE, NULL, &error), error, "save");
  WdRecording *loaded = wd_recording_load(path, NULL, &error);
  bed_need_error(loaded != NULL, error, "load");
  wd_session_set_recording(s, loaded);
  g_object_unref(loaded);
  tap_ok(wd_session_continue(s, twig, 9, &error) && bed_wait(bed_idle, s, 60) &&
             g_bytes_equal(at(s, twig, 5)->latent[0], end) && wd_session_continue(s, back, 9, &error) &&
             bed_wait(bed_idle, s, 60) && g_bytes_equal(at(s, back, 4)->latent[1], middle),
         "saved half-way and gone on with, it ends in the same bits");
  g_bytes_unref(end);
  g_bytes_unref(middle);
  for (guint i = 0; i < 4; i++) g_bytes_unref(z[i]);
  g_bytes_unref(last);
  g_object_unref(s);
}

/* ---- at random */

typedef struct Shadow { /* what a branch held when last seen */
  guint id;
  GPtrArray *latent[WD_WHATS]; /* GBytes *, referenced */
} Shadow;

static void free_shadow(gpointer data) {
  Shadow *sh = data;
  for (int w = 0; w < WD_WHATS; w++) g_ptr_array_unref(sh->latent[w]);
  g_free(sh);
}

typedef struct Walk {
  WdSession *s;
  GHashTable *shadow; /* id -> Shadow */
  wd_device *device;
  wd_model *loaded;
  wd_pair_decoder *decoder;
  GRand *rand;
  int wrong, frames;
} Walk;

static void expect(Walk *w, gboolean fine, const char *what) {
  if (!fine && w->wrong++ < 10) printf("# broken: %s\n", what);
}

static void drop_ref(gpointer b) {
  if (b) g_bytes_unref(b);
}

/* Nothing that was there has changed or gone; everything hangs together. */
static void check_all(Walk *w) {
  WdRecording *r = wd_session_get_recording(w->s);
  guint running = wd_session_get_running(w->s);
  expect(w, !running || wd_recording_find(r, running), "what runs is there");
  for (guint i = 0; i < wd_recording_count(r); i++) {
    WdBranch *b = wd_recording_nth(r, i);
    Shadow *sh = g_hash_table_lookup(w->shadow, GUINT_TO_POINTER(b->id));
    if (!sh) {
      sh = g_new0(Shadow, 1);
      sh->id = b->id;
      for (int k = 0; k < WD_WHATS; k++) sh->latent[k] = g_ptr_array_new_with_free_func(drop_ref);
      g_hash_table_insert(w->shadow, GUINT_TO_POINTER(b->id), sh);
    }
    expect(w, b->position->len >= sh->latent[0]->len, "no position is lost");
    expect(w, wd_branch_last(b) <= wd_branch_end(b), "none is beyond the end");
    if (b->parent) {
      WdBranch *parent = wd_recording_find(r, b->parent);
      expect(w, parent && b->first == b->parent_at && b->parent_at <= wd_branch_last(parent),
             "parents are there");
    }
    for (guint k = 0; k < b->position->len; k++) {
      WdPosition *p = g_ptr_array_index(b->position, k);
      int place = b->first + (int)k;
      expect(w, p->latent[WD_WHAT_STATE] && p->latent[WD_WHAT_ESTIMATE], "positions have their latents");
      expect(w, (p->level.timestep < 0) == wd_branch_is_data(b, NULL, place), "levels fit");
      expect(w, p->refined == (place > b->steps), "refinement comes after the data");
      for (int what = 0; what < WD_WHATS; what++) {
        gboolean dragged = b->kind == WD_BRANCH_WALK && k + 1 == sh->latent[what]->len;
        if (dragged) { /* a walk's last latent may be another */
          g_bytes_unref(g_ptr_array_index(sh->latent[what], k));
          g_ptr_array_index(sh->latent[what], k) = g_bytes_ref(p->latent[what]);
        } else if (k < sh->latent[what]->len)
          expect(w, g_ptr_array_index(sh->latent[what], k) == p->latent[what], "latents stay what they were");
        else
          g_ptr_array_add(sh->latent[what], g_bytes_ref(p->latent[what]));
        expect(w, !p->live[what] || p->live[what]->mode == WD_WAVE_LIVE, "live scores are live");
        expect(w, !p->exact[what] || p->exact[what]->mode == WD_WAVE_EXACT, "exact scores are exact");
      }
    }
  }
  expect(w, wd_recording_frame_bytes(r) <= ((gsize)w->s->policy.cache_mib << 20) + (4 << 20),
         "the budget is kept");
}

/* A frame is that of its latent: decoded here again, to the bit; its score is that of its simulation. */
static void check_frame(Walk *w, guint id, int k, WdWhat what) {
  WdRecording *r = wd_session_get_recording(w->s);
  WdPosition *p = wd_recording_position(r, id, k);
  WdFrame f;
  float map[256];
  if (!p || !wd_recording_get_frame(r, id, k, what, &f) || !f.pair) return;
  wd_error err = {0};
  bed_need(wd_pair_decoder_run(w->decoder, 1, g_bytes_get_data(p->latent[what], NULL), map, NULL, NULL, &err),
           &err, "decode");
  expect(w, memcmp(map, f.pair->velocity.value, sizeof map) == 0, "a frame is that of its latent");
  if (f.live && p->live[what])
    expect(w, f.live->comparison.all.norm_difference == p->live[what]->all.norm_difference,
           "live score of that frame");
  if (f.exact && p->exact[what])
    expect(w, f.exact->comparison.all.norm_difference == p->exact[what]->all.norm_difference,
           "exact score of that frame");
  w->frames++;
}

static guint any_branch(Walk *w) {
  WdRecording *r = wd_session_get_recording(w->s);
  guint n = wd_recording_count(r);
  return n ? wd_recording_nth(r, (guint)g_rand_int_range(w->rand, 0, (gint32)n))->id : 0;
}

static WdRecipe any_recipe(Walk *w, gboolean branch) {
  WdRecipe r = {.seed = g_rand_int(w->rand) % 50,
                .family = g_rand_int_range(w->rand, -1, 10),
                .plan = {(wd_sampler_kind)g_rand_int_range(w->rand, 0, 3),
                         g_rand_int_range(w->rand, branch ? 0 : 1, 9), 0.5,
                         g_rand_double_range(w->rand, 0, 1)}};
  r.new_noise = branch && g_rand_boolean(w->rand);
  r.noise_seed = g_rand_int(w->rand);
  return r;
}

static void act_walk(Walk *w, guint id, int k) {
  gsize n = (gsize)wd_session_get_model(w->s)->latent.count;
  float *z = g_new(float, n);
  wd_random_normals(g_rand_int(w->rand), 3, 0, n, z);
  GBytes *latent = g_bytes_new_take(z, n * sizeof *z);
  const WdBranch *b = wd_recording_find(wd_session_get_recording(w->s), id);
  if (!b || b->kind != WD_BRANCH_WALK)
    wd_session_walk(w->s, NULL, latent, "{\"edit\":\"any\"}", NULL);
  else if (k & 1)
    wd_session_walk_append(w->s, id, latent, NULL, NULL);
  else
    wd_session_walk_replace(w->s, id, latent, "{}", NULL);
  g_bytes_unref(latent);
}

static void act(Walk *w) {
  WdRecording *r = wd_session_get_recording(w->s);
  guint id = any_branch(w);
  WdBranch *b = wd_recording_find(r, id);
  int k = b ? g_rand_int_range(w->rand, 0, wd_branch_end(b) + 2) : 0;
  WdRecipe recipe;
  switch (g_rand_int_range(w->rand, 0, 28)) {
  case 0:
    recipe = any_recipe(w, FALSE);
    wd_session_run(w->s, &recipe, NULL);
    break;
  case 1:
    recipe = any_recipe(w, TRUE);
    wd_session_branch(w->s, id, k, &recipe, NULL, NULL);
    break;
  case 2: {
    WdPosition *p = wd_recording_position(r, id, k);
    recipe = any_recipe(w, TRUE);
    if (p) wd_session_branch(w->s, id, k, &recipe, p->latent[WD_WHAT_ESTIMATE], NULL);
    break;
  }
  case 3:
  case 4: wd_session_continue(w->s, id, k, NULL); break;
  case 5: wd_session_continue(w->s, id, G_MAXINT, NULL); break;
  case 6:
  case 7: wd_session_stop(w->s); break;
  case 8:
    if (wd_recording_count(r) > 6) wd_recording_remove(r, id);
    break;
  case 9:
    if (b && b->recipe.refine_steps < 4)
      wd_session_refine(w->s, id, g_rand_int_range(w->rand, 1, 3), 0.02, NULL);
    break;
  case 10: {
    WdPolicy policy = {.score = (WdScorePolicy)g_rand_int_range(w->rand, 0, 4),
                       .every = g_rand_int_range(w->rand, 1, 4),
                       .both = g_rand_boolean(w->rand),
                       .exact_runs = g_rand_int_range(w->rand, 0, 8) == 0,
                       .exact_rest = g_rand_boolean(w->rand),
                       .cache_mib = (guint)g_rand_int_range(w->rand, 1, 9)};
    wd_session_set_policy(w->s, &policy);
    break;
  }
  case 11: wd_recording_rename(r, id, "another name"); break;
  case 12:
  case 13: act_walk(w, id, k); break;
  case 14: { /* noised, and back */
    recipe = any_recipe(w, FALSE);
    recipe.begin = g_rand_boolean(w->rand) ? WD_BEGIN_NOISED : WD_BEGIN_AT;
    recipe.timestep = g_rand_int_range(w->rand, -1, 101);
    wd_session_branch(w->s, id, k, &recipe, NULL, NULL);
    break;
  }
  default:
    wd_session_look(w->s, g_rand_boolean(w->rand), id, k, (WdWhat)g_rand_boolean(w->rand),
                    g_rand_boolean(w->rand));
  }
  check_frame(w, id, k, WD_WHAT_ESTIMATE);
}

static void at_random(int acts) {
  wd_error err = {0};
  bed_log log = {0};
  Walk w = {.s = bed_session(&log), .rand = g_rand_new_with_seed(17)};
  w.shadow = g_hash_table_new_full(NULL, NULL, NULL, free_shadow);
  bed_need(wd_device_open("cpu:1", &w.device, &err), &err, "device");
  bed_need(wd_model_open(w.device, model, false, &w.loaded, &err), &err, "model");
  bed_need(wd_pair_decoder_create(w.loaded, 1, WD_PRECISION_F32, &w.decoder, &err), &err, "decoder");
  bed_open(w.s, model, "cpu:1");
  for (int i = 0; i < acts; i++) {
    act(&w);
    int turns = g_rand_int_range(w.rand, 0, 6);
    for (int t = 0; t < turns; t++) g_main_context_iteration(NULL, FALSE);
    if (g_rand_int_range(w.rand, 0, 40) == 0) g_usleep((gulong)g_rand_int_range(w.rand, 0, 4000));
    if (g_rand_int_range(w.rand, 0, 300) == 0) bed_wait(bed_idle, w.s, 60);
    if (i % 8 == 0) check_all(&w);
  }
  wd_session_stop(w.s);
  tap_ok(bed_wait(bed_idle, w.s, 60) && bed_wait(bed_rested, w.s, 300),
         "after %d random acts it comes to rest", acts);
  check_all(&w);
  for (guint i = 0; i < wd_recording_count(wd_session_get_recording(w.s)); i++) {
    WdBranch *b = wd_recording_nth(wd_session_get_recording(w.s), i);
    for (int k = b->first; k <= wd_branch_last(b); k++) check_frame(&w, b->id, k, WD_WHAT_ESTIMATE);
  }
  tap_ok(
      w.wrong == 0,
      "nothing was lost, stale or out of place (%d branches at the end, %d frames decoded again, %d wrong)",
      (int)wd_recording_count(wd_session_get_recording(w.s)), w.frames, w.wrong);
  tap_ok(log.errors == 0, "%d errors were told, the last notice: %s", log.errors,
         log.notice ? log.last.what : "none");
  WdRecipe recipe = {.seed = 1, .family = -1, .plan.steps = 50};
  wd_session_run(w.s, &recipe, NULL);
  g_object_unref(w.s); /* while it runs */
  tap_ok(true, "closed while running");
  wd_pair_decoder_destroy(w.decoder);
  wd_model_close(w.loaded);
  wd_device_close(w.device);
  g_hash_table_unref(w.shadow);
  g_rand_free(w.rand);
  bed_clear_log(&log);
}

int main(int argc, char **argv) {
  folder = bed_folder();
  model = g_build_filename(folder, "small", NULL);
  bed_make_model(model, 5, false);
  int acts = argc > 1 ? atoi(argv[1]) : 10000;
  run_once();
  same_bits(WD_SAMPLER_DPMPP_2M);
  same_bits(WD_SAMPLER_DDPM);
  made_of_data();
  faults();
  walks();
  at_random(acts);
  shipped();
  bed_remove(folder);
  g_free(model);
  g_free(folder);
  return tap_done();
}
