/* Inspect mode without its window: sampling many seeds behind everything else, stopping, figures that agree
 * with the session's own, filter, limit, next failure, opening samples in the recording. */
#include "app/inspect.h"

#include "app/flags.h"
#include "app/models.h"
#include "solver/family.h"
#include "tests/app/bed.h"

#include <math.h>

static gboolean ended(gpointer i) {
  return !((WdInspect *)i)->working;
}
static gboolean has_two(gpointer i) {
  return ((WdInspect *)i)->done >= 2;
}

static guint heard;
static void on_changed(WdInspect *i, guint parts, gpointer user) {
  (void)i, (void)user;
  heard |= parts;
}

static void test_sampling(WdSession *s, const char *folder) {
  g_autoptr(WdInspect) i = wd_inspect_new(s);
  g_signal_connect(i, "changed", G_CALLBACK(on_changed), NULL);
  GError *error = NULL;
  WdPopulateDesc d = {
      .first = 3, .count = 12, .family = WD_FAMILIES, .plan = {.steps = 4}, .mode = WD_WAVE_LIVE, .every = 2};
  tap_ok(wd_inspect_sample(i, &d, &error) && i->working && i->total == 12, "sampling begins (%s)",
         error ? error->message : "");
  tap_ok(bed_wait(ended, i, 120) && i->done == 12 && wd_population_count(i->population) == 12,
         "and ends with 12 samples (%u)", i->done);
  g_main_context_iteration(NULL, FALSE);
  tap_ok((heard & (WD_INSPECT_WORK | WD_INSPECT_SHOWN | WD_INSPECT_POPULATION)) ==
             (WD_INSPECT_WORK | WD_INSPECT_SHOWN | WD_INSPECT_POPULATION),
         "watchers were told");
  const WdSample *x = wd_population_nth(i->population, 4);
  tap_ok(x->seed == 7 && x->family == (int)(7 % WD_FAMILIES) && x->latent && x->map && x->picture,
         "in the order of the seeds, each under its family");
  gboolean whole = i->population->way->len == 3;
  for (guint k = 0; k < 12; k++) {
    const WdSample *y = wd_population_nth(i->population, k);
    for (int v = 0; v < WD_VALUE_FIRST_BAD; v++) whole = whole && isfinite(y->value[v]);
    for (guint w = 0; w < 3 && whole; w++) whole = isfinite((double)y->way[w]);
    whole = whole && fabs((double)y->way[2] - y->value[0]) < 1e-6 * fabs(y->value[0]) + 1e-12;
  }
  tap_ok(whole, "every figure is made, and the way with it");
  tap_ok(isfinite(g_array_index(i->population->way, WdWayStep, 1).median) &&
             g_array_index(i->population->way, WdWayStep, 1).timestep > 0,
         "the population has a band, at known noise levels");

  /* The same seed as a run of the session: the same latent, the same score. */
  const WdRecipe recipe = {.seed = 7, .family = x->family, .plan = {.steps = 4}};
  const guint run = wd_session_run(s, &recipe, &error);
  bed_wait(bed_rested, s, 120);
  const WdPosition *p = wd_recording_position(wd_session_get_recording(s), run, 4);
  tap_ok(p && p->latent[0] && g_bytes_equal(p->latent[0], x->latent),
         "a seed gives the bytes that its run gives");
  tap_ok(p && p->live[0] && (float)p->live[0]->value[0] == (float)x->value[0],
         "and scores the same in the same mode");

  guint branch = 0;
  int at = -1;
  tap_ok(wd_inspect_show(i, 4, &branch, &at, &error) && at == 0,
         "a sample opens as the latent of a walk (%s)", error ? error->message : "");
  const guint first = branch;
  tap_ok(wd_inspect_show(i, 2, &branch, &at, NULL) && branch == first && at == 1, "another one behind it");
  tap_ok(wd_inspect_show(i, 4, &branch, &at, NULL) && branch == first && at == 0,
         "the first one again where it was");
  wd_recording_remove(wd_session_get_recording(s), first);
  tap_ok(wd_inspect_show(i, 4, &branch, &at, NULL) && branch != first && at == 0,
         "a walk that was removed begins anew");

  /* More of the same kind are added; another plan begins anew. */
  d.first = 15;
  d.count = 2;
  tap_ok(wd_inspect_sample(i, &d, NULL) && bed_wait(ended, i, 60) && wd_population_count(i->population) == 14,
         "more seeds of the same plan are added");
  d.count = 50;
  tap_ok(wd_inspect_sample(i, &d, NULL) && bed_wait(has_two, i, 60), "a long batch is under way");
  wd_inspect_stop(i, TRUE);
  const guint at_stop = i->done;
  tap_ok(i->finishing && bed_wait(ended, i, 60) && i->done <= at_stop + 2 && i->done < 50,
         "stopped after the sample under way (%u, then %u)", at_stop, i->done);
  tap_ok(wd_inspect_sample(i, &d, NULL) && i->working, "again");
  wd_inspect_stop(i, FALSE);
  const guint left = wd_population_count(i->population);
  tap_ok(!i->working && bed_wait(bed_rested, s, 60) && wd_population_count(i->population) == left,
         "stopped at once; nothing comes after it");
  d.plan.steps = 3;
  d.count = 1;
  tap_ok(wd_inspect_sample(i, &d, NULL) && bed_wait(ended, i, 60) && wd_population_count(i->population) == 1,
         "another plan is another population");

  /* What a view looks at comes first. */
  d.count = 200;
  wd_inspect_sample(i, &d, NULL);
  const WdRecipe other = {.seed = 99, .family = -1, .plan = {.steps = 4}};
  const guint busy = wd_session_run(s, &other, NULL);
  tap_ok(busy && bed_wait(bed_idle, s, 60) && i->working && i->done < 200,
         "a run is not kept waiting by a batch (%u of 200 done)", i->done);
  wd_inspect_stop(i, FALSE);

  g_autofree char *path = g_build_filename(folder, "made.wdpop", NULL);
  tap_ok(wd_inspect_save(i, path, &error), "saved (%s)", error ? error->message : path);
  g_autoptr(WdInspect) j = wd_inspect_new(s);
  tap_ok(wd_inspect_open(j, path, NULL) && j->chosen != G_MAXUINT && wd_inspect_sample_chosen(j),
         "and opened, the worst one chosen");
  d.count = 0;
  tap_ok(!wd_inspect_sample(j, &d, &error) && error, "no samples at all are refused: %s",
         error ? error->message : "");
  g_clear_error(&error);
}

static void test_choosing(WdSession *s) {
  g_autoptr(WdInspect) i = wd_inspect_new(s);
  WdPopulation *p = wd_population_new();
  p->geometry = (wd_shard_desc){
      .nz = 16, .nx = 16, .spacing = 10, .shots = 3, .samples = 320, .receivers = 16, .dt = 0.001};
  for (int k = 0; k < 20; k++) {
    WdSample *x = wd_sample_new(p);
    x->seed = (guint64)k;
    x->family = k % 2;
    x->value[0] = 0.1 * ((k * 7) % 20);
    if (k == 5) x->value[WD_VALUE_SHELL] = 2; /* raises a flag */
    wd_population_add(p, x);
  }
  wd_inspect_set_population(i, p);
  gsize at = 0;
  GError *error = NULL;
  tap_ok(i->shown->len == 20 && wd_inspect_set_filter(i, "family = flatvel-a", &at, NULL) &&
             i->shown->len == 10,
         "a filter halves them");
  tap_ok(!wd_inspect_set_filter(i, "family = ", &at, &error) && at == 9 && i->shown->len == 10,
         "a wrong one changes nothing: %s", error ? error->message : "");
  g_clear_error(&error);
  wd_inspect_set_filter(i, "", &at, NULL);
  wd_inspect_set_epsilon(i, 1.55);
  guint n = 0, flagged = 0, seen[30] = {0};
  double before = INFINITY;
  gboolean falls = TRUE;
  for (guint k = wd_inspect_next_failure(i, 1); k != G_MAXUINT && n < 30;
       k = wd_inspect_next_failure(i, 1), n++) {
    falls = falls && p->sample && wd_population_nth(p, k)->value[0] <= before;
    before = wd_population_nth(p, k)->value[0];
    flagged += k == 5;
    wd_inspect_choose(i, k, NULL);
    seen[n] = k;
  }
  tap_ok(n == 5 && falls && flagged == 1,
         "next failure goes through the four beyond the limit and the flagged one, worst first (%u)", n);
  gboolean back = n == 5;
  for (guint k = n; back && k-- > 1;) {
    const guint found = wd_inspect_next_failure(i, -1);
    back = found == seen[k - 1];
    wd_inspect_choose(i, found, NULL);
  }
  tap_ok(back && wd_inspect_next_failure(i, -1) == G_MAXUINT, "and back the same way, to the worst one");
  g_autoptr(GArray) two = g_array_new(FALSE, FALSE, sizeof(guint));
  g_array_append_vals(two, (guint[]){3, 4}, 2);
  wd_inspect_choose(i, 3, two);
  tap_ok(wd_inspect_set_tags(i, "pair odd", NULL) && wd_sample_has_tag(wd_population_nth(p, 4), "odd") &&
             !*wd_population_nth(p, 5)->tags,
         "tags go to all that are selected");
  guint branch;
  int position;
  tap_ok(!wd_inspect_show(i, 3, &branch, &position, &error) && error,
         "a sample without a latent is not opened: %s", error ? error->message : "");
  g_clear_error(&error);
  wd_inspect_set_metric(i, WD_VALUE_SHIFT);
  tap_ok(isnan(i->epsilon) && i->log_x, "another figure has another limit");
}

/* A model whose set-up the solver refuses (a time step of 2.5 ms), or whose gathers overflow. */
static void make_faulty(const char *folder, gboolean overflows) {
  wd_model_config c = bed_model_config();
  if (overflows)
    c.scattered_scale = 3e38;
  else
    c.geometry.dt = 0.0025;
  bed_save_model(folder, &c, 5, false);
}

/* What the solver refuses and what a network breaks is a sample's own fault: it is kept, flagged, goes
 * through a file, and the batch goes on. */
static void test_faults(WdSession *s, const char *folder) {
  for (int overflows = 0; overflows < 2; overflows++) {
    g_autofree char *model = g_build_filename(folder, overflows ? "overflows" : "refused", NULL),
                    *path = g_build_filename(folder, overflows ? "o.wdpop" : "r.wdpop", NULL);
    make_faulty(model, overflows);
    bed_open(s, model, "cpu:1");
    g_autoptr(WdInspect) i = wd_inspect_new(s);
    GError *error = NULL;
    const WdPopulateDesc d = {
        .first = 1, .count = 3, .family = -1, .plan = {.steps = 2}, .mode = WD_WAVE_LIVE};
    tap_ok(wd_inspect_sample(i, &d, &error) && bed_wait(ended, i, 120) &&
               wd_population_count(i->population) == 3,
           "%s: the batch goes on to its end %s", overflows ? "overflow" : "refusal",
           error ? error->message : "");
    g_clear_error(&error);
    tap_ok(wd_inspect_save(i, path, &error), "it is saved %s", error ? error->message : "");
    g_clear_error(&error);
    g_autoptr(WdPopulation) p = wd_population_load(path, &error);
    if (!tap_ok(p != NULL, "and opens %s", error ? error->message : "")) continue;
    const int want = overflows ? WD_FLAG_NAN : WD_FLAG_UNSTABLE;
    for (guint k = 0; k < 3; k++) {
      const WdSample *x = wd_population_nth(p, k);
      g_autofree char *flags = wd_flags_text(x->flags),
                      *words = wd_flag_words(want, x->value, x->fault, p->velocity_min, p->velocity_max,
                                             p->geometry.frequency);
      tap_ok(x->flags & 1u << want && isnan(x->value[0]) && x->latent,
             "seed %d raises %s (%s), has its latent and no residual", (int)x->seed,
             wd_flag_get_info(want)->key, flags);
      tap_ok(x->fault && *words && !strstr(words, "nothing says"), "and says what: %s", words);
    }
  }
}

/* A level of a figure as `evaluate` writes it, for those weights. */
static void write_levels(const char *model, const char *identity, double p95) {
  g_autofree char *path = g_build_filename(model, "evaluation.json", NULL);
  g_autofree char *text = g_strdup_printf("{\"model\": {\"identity\": \"%s\"}, \"stage1\": {\"both\": "
                                          "{\"reflection_residual\": {\"p95\": %.17g}}}}",
                                          identity, p95);
  tap_ok(g_file_set_contents(path, text, -1, NULL), "an evaluation of the small model");
}

static WdPopulation *of_model(const char *identity) {
  WdPopulation *p = wd_population_new();
  g_free(p->identity);
  p->identity = g_strdup(identity);
  for (int k = 0; k < 20; k++) {
    WdSample *x = wd_sample_new(p);
    x->seed = (guint64)k;
    x->value[0] = 0.1 * k;
    wd_population_add(p, x);
  }
  return p;
}

/* Samples are held against the epsilon of the weights that drew them, whatever is loaded. */
static void test_epsilon(WdSession *s, const char *model) {
  g_autofree char *identity = g_strdup(wd_session_get_model(s)->identity);
  write_levels(model, identity, 0.77);
  bed_open(s, model, "cpu:1");
  g_autoptr(WdInspect) i = wd_inspect_new(s);
  wd_inspect_set_population(i, of_model(identity));
  tap_ok(fabs(wd_inspect_epsilon(i) - 0.77) < 1e-12, "of the loaded weights: their epsilon (%g)",
         wd_inspect_epsilon(i));
  wd_inspect_set_population(i, of_model("0123456789abcdef+0123456789abcdef"));
  const double spread = wd_population_spread(i->population, WD_METRIC_REFLECTION_RESIDUAL, NULL).p95;
  tap_ok(fabs(spread - 0.77) > 0.1 && fabs(wd_inspect_epsilon(i) - spread) < 1e-12,
         "of weights that nobody evaluated: the 95th percentile of the samples (%g)", wd_inspect_epsilon(i));
  g_autoptr(GError) error = NULL;
  g_autofree char *path = wd_inspect_shipped(WD_POPULATION_NAME);
  if (!tap_ok(path && wd_inspect_open(i, path, &error), "the shipped set opens %s",
              error ? error->message : ""))
    return;
  char folder[1024] = "";
  tap_ok(wd_find_model("default", folder, sizeof folder, NULL) == WD_OK, "the default model is there");
  g_autofree char *file = g_build_filename(folder, "evaluation.json", NULL), *text = NULL;
  tap_ok(g_file_get_contents(file, &text, NULL, NULL), "the default model's evaluation");
  const char *at = strstr(text, "\"epsilon\": ");
  while (at && !g_ascii_isdigit(at[strlen("\"epsilon\": ")])) at = strstr(at + 1, "\"epsilon\": ");
  const double of_default = at ? g_ascii_strtod(at + strlen("\"epsilon\": "), NULL) : NAN;
  tap_ok(fabs(wd_inspect_epsilon(i) - of_default) < 1e-6,
         "of the default model's samples: its own, with another one loaded (%g, %g)", wd_inspect_epsilon(i),
         of_default);
  wd_inspect_set_metric(i, WD_METRIC_REFLECTION_SHARE);
  const WdSpread share = wd_population_spread(i->population, WD_METRIC_REFLECTION_SHARE, NULL);
  tap_ok(fabs(wd_inspect_epsilon(i) - share.p05) < 1e-12, "the share is no error: low values stand out");
}

int main(void) {
  char *folder = bed_folder();
  g_autofree char *model = g_build_filename(folder, "model", NULL);
  bed_make_model(model, 5, FALSE);
  WdSession *s = bed_session(NULL);
  g_autoptr(WdInspect) none = wd_inspect_new(s);
  GError *error = NULL;
  tap_ok(!wd_inspect_sample(none, &(WdPopulateDesc){.count = 3, .family = -1}, &error) && error,
         "without a model nothing is sampled: %s", error ? error->message : "");
  g_clear_error(&error);
  bed_open(s, model, "cpu:1");
  test_sampling(s, folder);
  test_choosing(s);
  test_epsilon(s, model);
  test_faults(s, folder);
  g_clear_object(&none);
  /* Closing while a batch runs. */
  WdInspect *i = wd_inspect_new(s);
  wd_inspect_sample(i, &(WdPopulateDesc){.count = 100, .family = -1, .plan = {.steps = 4}}, NULL);
  bed_wait(has_two, i, 60);
  g_object_unref(i);
  g_object_unref(s);
  tap_ok(true, "closed while a batch was under way");
  bed_remove(folder);
  g_free(folder);
  return tap_done();
}
