/* Populations: files, order, bands, tags, filters; and what a hostile file does. */
#include "app/filter.h"
#include "app/flags.h"
#include "app/neighbour_set.h"
#include "app/population.h"

#include "solver/family.h"
#include "solver/npy.h"
#include "tests/app/bed.h"

#include <glib/gstdio.h>
#include <math.h>

enum { N = 24, SHOTS = 3, Z = 2 * 3 * 4, WAY = 4 };

static WdPopulation *make(void) {
  WdPopulation *p = wd_population_new();
  g_free(p->model);
  g_free(p->identity);
  p->model = g_strdup("a model's name");
  p->identity = g_strdup("0123456789abcdef");
  p->mode = WD_WAVE_FAST;
  p->plan = (wd_sampler_plan){.kind = WD_SAMPLER_DDIM, .steps = 12, .eta = 0.5, .guidance = 0};
  p->geometry = (wd_shard_desc){.nz = 16,
                                .nx = 18,
                                .spacing = 10,
                                .shots = SHOTS,
                                .samples = 320,
                                .receivers = 18,
                                .instants = 64,
                                .dt = 0.001,
                                .frequency = 15};
  p->latent = (wd_latent_shape){.channels = 2, .height = 3, .width = 4, .count = Z, .codes = 12};
  for (int k = 0; k < WAY; k++) {
    const WdWayStep w = {4 * k, k == WAY - 1 ? -1 : 900 - 300 * k, k == WAY - 1 ? INFINITY : k - 2.5, 0, 0,
                         0};
    g_array_append_val(p->way, w);
  }
  for (int i = 0; i < N; i++) {
    WdSample *s = wd_sample_new(p);
    s->seed = i == 5 ? UINT64_C(0xfffffffffffffff0) : (guint64)i * 7;
    s->family = i % 11 - 1;
    for (int k = 0; k < WD_VALUES; k++) s->value[k] = (double)(float)(0.1 + 0.01 * i + 0.001 * k);
    s->value[WD_METRIC_REFLECTION_RESIDUAL] = (double)(float)(0.1 * ((i * 5) % N) + 0.05);
    s->value[WD_VALUE_SHELL] = 1;
    s->value[WD_VALUE_V_MIN] = 1600;
    s->value[WD_VALUE_V_MAX] = 4400;
    s->value[WD_VALUE_HELD] = 0;
    s->value[WD_VALUE_CFL] = 0.44;
    s->value[WD_VALUE_CFL_LIMIT] = 0.59;
    s->value[WD_VALUE_POINTS] = 4;
    s->value[WD_VALUE_NOT_FINITE] = 0;
    s->value[WD_VALUE_TIMING] = i == 3 ? 0.8 : 0.1;
    s->value[WD_VALUE_SHIFT] = 9;
    s->value[WD_VALUE_MISSING] = s->value[WD_VALUE_EXTRA] = 0.1;
    s->value[WD_METRIC_CORRELATION] = 0.9;
    s->value[WD_METRIC_REFLECTION_SHARE] = 0.2;
    s->value[WD_VALUE_DECODED_SHARE] = 1;
    for (int k = 0; k < SHOTS; k++)
      for (int m = 0; m < WD_SCORES; m++) s->shot[k][m] = (float)(i + 10 * k + 100 * m);
    for (int k = 0; k < WAY; k++) s->way[k] = (float)(1 + 0.01 * i + (i == 20 && k >= 2 ? 5 : 0));
    float *z = g_new(float, Z);
    for (int k = 0; k < Z; k++) z[k] = (float)(i - k);
    s->latent = g_bytes_new_take(z, Z * sizeof *z);
    s->map = g_new0(guint16, 16 * 18);
    s->map[17] = (guint16)(i + 1);
    s->picture = g_new0(guint16, WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS);
    s->picture[5] = (guint16)(i + 2);
    wd_population_add(p, s);
  }
  wd_population_nth(p, 7)->value[WD_METRIC_REFLECTION_RESIDUAL] = NAN;
  wd_population_nth(p, 7)->fault = g_strdup("the simulation diverged, \"badly\"");
  wd_population_flag(p);
  wd_population_find_bands(p);
  return p;
}

static gboolean same(const WdPopulation *a, const WdPopulation *b) {
  if (wd_population_count(a) != wd_population_count(b) || strcmp(a->model, b->model) ||
      strcmp(a->identity, b->identity) || a->mode != b->mode || a->plan.kind != b->plan.kind ||
      a->plan.steps != b->plan.steps || a->plan.eta != b->plan.eta ||
      memcmp(&a->geometry, &b->geometry, sizeof a->geometry) || a->latent.count != b->latent.count ||
      a->way->len != b->way->len)
    return FALSE;
  for (guint i = 0; i < wd_population_count(a); i++) {
    const WdSample *x = wd_population_nth(a, i), *y = wd_population_nth(b, i);
    gboolean fine = x->seed == y->seed && x->family == y->family && !x->latent == !y->latent &&
                    (!x->latent || g_bytes_equal(x->latent, y->latent)) && !x->map == !y->map &&
                    !memcmp(x->shot, y->shot, SHOTS * sizeof *x->shot) &&
                    !memcmp(x->way, y->way, WAY * sizeof(float)) &&
                    (!x->map || !memcmp(x->map, y->map, 16 * 18 * 2)) &&
                    !memcmp(x->picture, y->picture, 50 * 35 * 2) && x->flags == y->flags &&
                    !strcmp(x->tags, y->tags) && !strcmp(x->note, y->note) && !g_strcmp0(x->fault, y->fault);
    for (int k = 0; k < WD_VALUES && fine; k++)
      fine = (isnan(x->value[k]) && isnan(y->value[k])) || (float)x->value[k] == (float)y->value[k];
    if (!fine) return FALSE;
  }
  return TRUE;
}

static void test_files(const char *folder) {
  GError *error = NULL;
  g_autoptr(WdPopulation) p = make();
  g_autofree char *path = g_build_filename(folder, WD_POPULATION_NAME, NULL);
  WdSample *s = wd_population_nth(p, 2);
  const gboolean tagged = wd_sample_set_tags(p, s, "  odd skip,odd\tlater ", NULL);
  tap_ok(tagged && !strcmp(s->tags, "odd skip later"), "tags: doubled ones and white space go (%s)", s->tags);
  tap_ok(wd_sample_set_note(p, s, "two\nlines, \"quoted\"", NULL) && wd_sample_has_tag(s, "SKIP") &&
             !wd_sample_has_tag(s, "ski"),
         "a note; a tag is a whole word");
  tap_ok(!wd_sample_set_tags(p, s, "\xff\xfe", &error) && error, "what is no text is refused: %s",
         error ? error->message : "");
  g_clear_error(&error);
  /* One that was lost takes nothing from the others. */
  WdSample *lost = wd_population_nth(p, 6);
  g_clear_pointer(&lost->latent, g_bytes_unref);
  g_clear_pointer(&lost->map, g_free);
  tap_ok(wd_population_save(p, path, &error) && !p->changed, "saved (%s)", error ? error->message : path);
  g_autoptr(WdPopulation) q = wd_population_open(folder, &error);
  tap_ok(q && same(p, q) && !q->changed, "the folder opens, and all is as it was (%s)",
         error ? error->message : "");
  tap_ok(wd_population_recognise(folder) && wd_population_recognise(path) &&
             !wd_population_recognise("/dev/null"),
         "it is recognised");
  if (!q) return;
  tap_ok(wd_sample_set_tags(q, wd_population_nth(q, 0), "new", NULL) && q->changed &&
             wd_population_save(q, path, NULL),
         "tags are saved back");
  g_autoptr(WdPopulation) r = wd_population_load(path, NULL);
  tap_ok(r && wd_sample_has_tag(wd_population_nth(r, 0), "new") &&
             wd_sample_has_tag(wd_population_nth(r, 2), "odd"),
         "and are there again, with the old ones");
  g_autoptr(WdPopulation) none = wd_population_new();
  tap_ok(!wd_population_save(none, path, &error), "an empty population is not saved: %s",
         error ? error->message : "");
  g_clear_error(&error);
  tap_ok(wd_population_memory(p) / N > 1000 && wd_population_memory(p) / N < 12000,
         "its memory is counted: %zu bytes a sample here", (size_t)wd_population_memory(p) / N);
}

/* Every cut, and bytes changed all over: an error or a population, never anything else. */
static void test_hostile(const char *folder) {
  g_autofree char *path = g_build_filename(folder, WD_POPULATION_NAME, NULL);
  g_autofree char *data = NULL;
  gsize size = 0;
  if (!g_file_get_contents(path, &data, &size, NULL))
    bed_need(WD_ERR_IO, &(wd_error){.message = "no file"}, path);
  int opened = 0, silent = 0;
  for (gsize n = 0; n < size; n += n < 4000 ? 37 : 4099) {
    GError *error = NULL;
    WdPopulation *p = wd_population_load_memory("cut", data, n, &error);
    opened += p != NULL;
    silent += !p && (!error || !*error->message);
    wd_population_free(p);
    g_clear_error(&error);
  }
  tap_ok(opened == 0 && silent == 0, "a file that was cut anywhere is an error with a text");
  wd_random rng = wd_random_make(11, 2);
  int wrong = 0;
  gsize head = 0;
  memcpy(&head, data, 8);
  for (int i = 0; i < 600; i++) {
    g_autofree char *bent = g_memdup2(data, size);
    for (int k = 0; k < 3; k++)
      bent[8 + wd_random_int(&rng, 0, (int)head - 1)] = (char)wd_random_int(&rng, 32, 126);
    GError *error = NULL;
    WdPopulation *p = wd_population_load_memory("bent", bent, size, &error);
    silent += !p && (!error || !*error->message);
    wrong += !p;
    wd_population_free(p);
    g_clear_error(&error);
  }
  tap_ok(silent == 0 && wrong > 300, "of 600 files with a bent header %d are errors with a text", wrong);
  static const struct {
    const char *from, *to;
  } edits[] = {{"\\\"shots\\\":3", "\\\"shots\\\":9"},
               {"\\\"nz\\\":16", "\\\"nz\\\":99"},
               {"\\\"version\\\":1", "\\\"version\\\":7"},
               {"\\\"mode\\\":\\\"fast\\\"", "\\\"mode\\\":\\\"fist\\\""},
               {"\\\"7\\\":\\\"the", "\\\"77\\\":\\\"he"}};
  for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
    g_autofree char *bent = g_memdup2(data, size);
    char *at = g_strstr_len(bent + 8, (gssize)head, edits[i].from);
    if (at) memcpy(at, edits[i].to, strlen(edits[i].to));
    GError *error = NULL;
    WdPopulation *p = wd_population_load_memory("edited.wdpop", bent, size, &error);
    tap_ok(at && !p && error && strstr(error->message, "edited.wdpop"), "%s is refused: %s", edits[i].to,
           error ? error->message : "no error");
    wd_population_free(p);
    g_clear_error(&error);
  }
}

static void test_order(void) {
  g_autoptr(WdPopulation) p = make();
  g_autoptr(GArray) order = wd_population_rank(p, WD_METRIC_REFLECTION_RESIDUAL, NULL);
  gboolean falls = order->len == N && g_array_index(order, guint, N - 1) == 7;
  for (guint i = 1; i + 1 < order->len; i++)
    falls = falls && wd_population_nth(p, g_array_index(order, guint, i - 1))->value[0] >=
                         wd_population_nth(p, g_array_index(order, guint, i))->value[0];
  tap_ok(falls, "worst first, the one without the figure last");
  g_autoptr(GArray) corr = wd_population_rank(p, WD_METRIC_CORRELATION, NULL);
  tap_ok(g_array_index(corr, guint, 0) == 0 && corr->len == N, "ties go by number");
  const guint best = wd_population_best_like(p, 14, WD_METRIC_REFLECTION_RESIDUAL);
  tap_ok(best == 3, "the best of the same family is number 3 (%u)", best);
  const WdSpread s = wd_population_spread(p, WD_METRIC_REFLECTION_RESIDUAL, NULL);
  tap_ok(s.count == N - 1 && s.missing == 1 && s.least < 0.2 && s.largest > 2.2 && s.median > s.p05 &&
             s.median < s.p95,
         "spread: %g %g %g", s.p05, s.median, s.p95);
  guint under, over;
  wd_population_divide(p, WD_METRIC_REFLECTION_RESIDUAL, 1.0, NULL, TRUE, 0, &under, &over);
  tap_ok(under + over == N - 1 && under == 10, "at or under 1: %u, over: %u", under, over);
  const WdWayStep *w = &g_array_index(p->way, WdWayStep, 3);
  tap_ok(w->p10 < w->median && w->median < w->p90, "a band of the way: %g %g %g", w->p10, w->median, w->p90);
  tap_ok(wd_population_nth(p, 20)->value[WD_VALUE_FIRST_BAD] == 8 &&
             isnan(wd_population_nth(p, 2)->value[WD_VALUE_FIRST_BAD]),
         "the sample that leaves the band at step 8 says so, one within it has none (%g)",
         wd_population_nth(p, 20)->value[WD_VALUE_FIRST_BAD]);
  tap_ok(wd_population_nth(p, 3)->flags == 1u << WD_FLAG_TIMING &&
             wd_population_nth(p, 7)->flags & 1u << WD_FLAG_NAN,
         "flags follow from the figures");
  g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(guint));
  g_array_append_vals(some, (guint[]){20, 4, 7}, 3);
  g_autoptr(WdPopulation) q = wd_population_subset(p, some);
  tap_ok(wd_population_count(q) == 3 && q->band_of == N &&
             wd_population_nth(q, 0)->value[WD_VALUE_FIRST_BAD] == 8 &&
             g_array_index(q->way, WdWayStep, 3).p90 == w->p90 &&
             !g_strcmp0(wd_population_nth(q, 2)->fault, wd_population_nth(p, 7)->fault),
         "some of them keep the bands of all");
  tap_ok(q->drawn == N, "and note how many they were chosen from");
  /* The bands of another set of the same plan, over more samples than are here; of another plan, never. */
  GError *error = NULL;
  g_autoptr(WdPopulation) other = wd_population_subset(p, some);
  for (guint k = 0; k < other->way->len; k++) g_array_index(other->way, WdWayStep, k).p90 = 1e9;
  tap_ok(wd_population_take_bands(q, other, &error) && q->band_of == N &&
             g_array_index(q->way, WdWayStep, 3).p90 == 1e9 &&
             isnan(wd_population_nth(q, 0)->value[WD_VALUE_FIRST_BAD]),
         "bands of others are taken, and the first bad step follows them");
  other->band_of = 3;
  tap_ok(!wd_population_take_bands(q, other, &error) && error, "but not of too few: %s",
         error ? error->message : "");
  g_clear_error(&error);
  other->band_of = N;
  other->plan.steps++;
  tap_ok(!wd_population_take_bands(q, other, &error) && error, "nor of another plan: %s",
         error ? error->message : "");
  g_clear_error(&error);
  /* The best of each family that is not among the chosen ones; faulty ones are nobody's best. */
  g_autoptr(GArray) good = g_array_new(FALSE, FALSE, sizeof(guint));
  wd_population_add_best(p, WD_METRIC_REFLECTION_RESIDUAL, 2, good);
  guint of[WD_FAMILIES + 1] = {0};
  gboolean right = good->len > 0;
  for (guint k = 0; k < good->len; k++) {
    const guint at = g_array_index(good, guint, k);
    const WdSample *x = wd_population_nth(p, at);
    guint better = 0;
    for (guint j = 0; j < N; j++) {
      const WdSample *y = wd_population_nth(p, j);
      const guint bad = 1u << WD_FLAG_NAN | 1u << WD_FLAG_NOTHING | 1u << WD_FLAG_UNSTABLE;
      better += y->family == x->family && !(y->flags & bad) && y->value[0] < x->value[0];
    }
    right = right && better < 2 && ++of[x->family + 1] <= 2;
  }
  tap_ok(right, "the two best of each family (%u in all)", good->len);
  const guint had = good->len;
  wd_population_add_best(p, WD_METRIC_REFLECTION_RESIDUAL, 2, good);
  tap_ok(good->len == had, "once each");
  g_autofree char *csv = wd_population_csv(p, order);
  g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
  tap_ok(g_strv_length(lines) == N + 2 &&
             g_str_has_prefix(lines[0], "number,seed,family,reflection_residual,relative_l2,") &&
             strstr(csv, "\"the simulation diverged, \"\"badly\"\"\""),
         "CSV: a row a sample, quoted where it has to be");
  g_autofree char *command = wd_population_command(p, wd_population_nth(p, 5));
  tap_ok(strstr(command, "--model 'a model'\\''s name' --seeds 18446744073709551600 --family curvefault-a") !=
                 NULL ||
             strstr(command, "--seeds 18446744073709551600 ") != NULL,
         "the command: %s", command);
}

static void count(WdPopulation *p, const char *text, int wanted) {
  GError *error = NULL;
  gsize at = 0;
  g_autoptr(WdFilter) f = wd_filter_new(text, &at, &error);
  if (!f) {
    tap_ok(false, "%s: %s", text, error->message);
    g_clear_error(&error);
    return;
  }
  g_autoptr(GArray) which = wd_filter_apply(f, p);
  tap_ok((int)which->len == wanted, "%s: %u of %d", *text ? text : "(nothing)", which->len, N);
}

static void refuse(const char *text, gsize wanted) {
  GError *error = NULL;
  gsize at = 999;
  g_autoptr(WdFilter) f = wd_filter_new(text, &at, &error);
  tap_ok(!f && error && at == wanted, "%s: %s (at %zu)", text, error ? error->message : "taken", at);
  g_clear_error(&error);
}

static void test_filter(void) {
  g_autoptr(WdPopulation) p = make();
  wd_sample_set_tags(p, wd_population_nth(p, 4), "odd", NULL);
  wd_sample_set_note(p, wd_population_nth(p, 4), "Looks Late", NULL);
  count(p, "", N);
  count(p, "r_R > 1.5", 9);
  count(p, "reflection_residual <= 0.05", 1);
  count(p, "R_r = 1.25 OR r_r = 0.15", 2);
  count(p, "r_R != 0.05", N - 2); /* NaN is neither */
  count(p, "family = curvefault-b", 2);
  count(p, "family=CurveFault-B and r_R > 2", 1);
  count(p, "family ~ fault", 8);
  count(p, "family = any", 3);
  count(p, "flag = timing", 1);
  count(p, "flag = none", N - 2);
  count(p, "not flag=none", 2);
  count(p, "flag != any", N - 2);
  count(p, "tag = odd and note ~ \"late\"", 1);
  count(p, "seed = 18446744073709551600", 1);
  count(p, "seed >= 21 and seed < 50", 4);
  count(p, "number < 3 or (number > 20 and not (number = 22))", 5);
  count(p, "number < 2 or number = 5 and number = 6", 2); /* and binds before or */
  refuse("r_R >", 5);
  refuse("r_R 1.5", 4);
  refuse("rr_ > 1", 0);
  refuse("r_R > 1 family = style-a", 8);
  refuse("(r_R > 1", 8);
  refuse("r_R > 1 and", 11);
  refuse("family = nowhere", 9);
  refuse("flag = broken", 7);
  refuse("flag > timing", 5);
  refuse("note ~ \"open", 7);
  refuse("seed = 1.5", 7);
  refuse("seed = -1", 7);
  refuse("r_R ~ 2", 4);
  refuse("r_R > 1.5x", 6);
  refuse(")", 0);
  GString *deep = g_string_new(NULL);
  for (int i = 0; i < 100; i++) g_string_append_c(deep, '(');
  refuse(deep->str, 64);
  g_string_free(deep, TRUE);
  /* Anything at all ends in a filter or an error, and never beyond the text. */
  static const char *const words[] = {"r_R", "and",    "or",  "not",  "(",        ")",
                                      ">",   "=",      "1.5", "flag", "timing",   "\"",
                                      "~",   "family", "any", " ",    "\xc3\xa4", "seed"};
  wd_random rng = wd_random_make(3, 4);
  int bad = 0, taken = 0;
  for (int i = 0; i < 4000; i++) {
    g_autoptr(GString) t = g_string_new(NULL);
    for (int k = wd_random_int(&rng, 1, 9); k > 0; k--)
      g_string_append_printf(t, "%s ", words[wd_random_int(&rng, 0, G_N_ELEMENTS(words) - 1)]);
    GError *error = NULL;
    gsize at = 0;
    WdFilter *f = wd_filter_new(t->str, &at, &error);
    bad += !f == !error || at > t->len;
    taken += f != NULL;
    if (f) g_array_unref(wd_filter_apply(f, p));
    wd_filter_free(f);
    g_clear_error(&error);
  }
  tap_ok(bad == 0 && taken > 10, "of 4000 random expressions each is taken (%d) or an error inside the text",
         taken);
}

/* What the search for neighbours takes: a population, its folder, a folder with latents.npy, a .npy. */
static void test_candidates(const char *folder) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdPopulation) p = make();
  const wd_latent_shape shape = p->latent,
                        other = {.channels = 3, .height = 3, .width = 4, .count = 36, .codes = 12};
  g_autofree char *here = g_build_filename(folder, "batch", NULL),
                  *path = g_build_filename(here, WD_POPULATION_NAME, NULL),
                  *npy = g_build_filename(here, "latents.npy", NULL),
                  *bare = g_build_filename(folder, "bare", NULL);
  g_mkdir(here, 0755);
  g_mkdir(bare, 0755);
  float *z = g_memdup2(g_bytes_get_data(wd_population_nth(p, 4)->latent, NULL), Z * sizeof *z);
  z[3] = NAN;
  g_bytes_unref(wd_population_nth(p, 4)->latent);
  wd_population_nth(p, 4)->latent = g_bytes_new_take(z, Z * sizeof *z);
  bed_need_error(wd_population_save(p, path, &error), error, "save");
  for (int k = 0; k < 2; k++) {
    g_autoptr(GPtrArray) set = wd_candidates_of_file(k ? here : path, &shape, &error);
    tap_ok(set && set->len == N - 1, "%s: %u candidates, without the one that is not finite (%s)",
           k ? "its folder" : "a population", set ? set->len : 0, error ? error->message : "");
    const WdCandidate *c =
        set && set->len == N - 1 ? g_ptr_array_index(set, 5) : NULL; /* sample 6: seed 42 */
    tap_ok(c && g_bytes_equal(c->latent, wd_population_nth(p, 6)->latent) && strstr(c->name, "seed 42") &&
               fabs(c->score - wd_population_nth(p, 6)->value[WD_METRIC_REFLECTION_RESIDUAL]) < 1e-6 &&
               c->mode == WD_WAVE_FAST && !c->place.branch,
           "with its latent, seed, residual and mode: %s", c ? c->name : "");
    if (!c) return;
    g_autoptr(GArray) near = wd_candidates_nearest(set, WD_NEAR_L2, c->latent, 2);
    tap_ok(near->len == 2 && g_array_index(near, WdNeighbour, 0).of == c &&
               g_array_index(near, WdNeighbour, 0).distance == 0,
           "the nearest to a latent of the set is itself");
  }
  g_autoptr(GPtrArray) wrong = wd_candidates_of_file(path, &other, &error);
  tap_ok(!wrong && error && strstr(error->message, "2 x 3 x 4"), "of another shape: refused: %s",
         error ? error->message : "");
  g_clear_error(&error);
  float two[2 * Z];
  for (int k = 0; k < 2 * Z; k++) two[k] = (float)k;
  wd_error err = {0};
  const size_t dims[] = {2, 2, 3, 4};
  if (wd_npy_write(npy, WD_NPY_F32, 4, dims, two, &err)) tap_ok(false, "%s", err.message);
  g_autoptr(GPtrArray) plain = wd_candidates_of_file(here, &shape, &error);
  tap_ok(plain && plain->len == 2 &&
             !memcmp(g_bytes_get_data(((WdCandidate *)g_ptr_array_index(plain, 1))->latent, NULL), two + Z,
                     Z * sizeof *two) &&
             isnan(((WdCandidate *)g_ptr_array_index(plain, 0))->score),
         "a folder with latents.npy: those, whose residual nobody knows (%s)", error ? error->message : "");
  two[Z + 1] = INFINITY;
  if (wd_npy_write(npy, WD_NPY_F32, 4, dims, two, &err)) tap_ok(false, "%s", err.message);
  g_autoptr(GPtrArray) infinite = wd_candidates_of_file(npy, &shape, &error);
  tap_ok(!infinite && error && strstr(error->message, "not finite"), "a .npy that is not finite: refused: %s",
         error ? error->message : "");
  g_clear_error(&error);
  g_autoptr(GPtrArray) none = wd_candidates_of_file(bare, &shape, &error);
  tap_ok(!none && error, "an empty folder: refused: %s", error ? error->message : "");
}

int main(void) {
  char *folder = bed_folder();
  test_files(folder);
  test_hostile(folder);
  test_candidates(folder);
  test_order();
  test_filter();
  for (int i = 0; i < WD_VALUES; i++) {
    int kind = -1;
    const WdValueInfo *info = wd_value_get_info(i);
    if (!wd_value_parse(info->key, &kind) || kind != i || !info->heading || !*info->about)
      tap_ok(false, "figure %d has no name of its own", i);
    for (int a = 0; a < 3 && info->alias[a]; a++)
      if (!wd_value_parse(info->alias[a], &kind) || kind != i)
        tap_ok(false, "%s is ambiguous", info->alias[a]);
  }
  bed_remove(folder);
  g_free(folder);
  return tap_done();
}
