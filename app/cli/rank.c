/* wavediffusion-cli rank: the samples of a population in the order of a figure, with the flags that they
 * raise. The command line's Inspect mode. */
#include "app/cli/rank.h"

#include "app/filter.h"
#include "app/flags.h"
#include "app/status_error.h"
#include "solver/family.h"
#include "solver/file.h"
#ifdef WD_HAVE_RENDER
#  include "app/population_sheet.h"
#endif

#include <math.h>
#include <string.h>

static const cli_operand operands[] = {
    {"POPULATION", offsetof(rank_args, folder), false,
     "the folder that sample --score wrote, or its samples.wdpop; not with --test-pairs"},
    {0}};

static const cli_option options[] = {
    {"by", 'b', CLI_TEXT, offsetof(rank_args, by), .value = "FIGURE", .initial = "reflection_residual",
     .help = "what to rank by: reflection_residual (r_R), relative_l2 (relL2), log_norm_mse, mae, max_abs, "
             "correlation, coherence, envelope_misfit, mean_abs_lag (lag), interior_residual, "
             "max_shot_residual, first_break_error, "
             "window_shift, gain, shell, v_max and others of the CSV's header"},
    {"worst", 'w', CLI_INT, offsetof(rank_args, worst), .max = 100000, .value = "N", .initial = "20",
     .help = "how many, worst first; 0: all"},
    {"best", 0, CLI_INT, offsetof(rank_args, best), .max = 1000, .value = "N", .initial = "0",
     .help = "behind the worst also the N best of each family, to compare them with"},
    {"filter", 0, CLI_TEXT, offsetof(rank_args, filter), .value = "EXPR",
     .help = "only samples that it takes, as in \"r_R > 1.5 and family = curvefault-b and flag = timing\""},
    {"csv", 0, CLI_TEXT, offsetof(rank_args, csv), .value = "FILE",
     .help = "write these samples with every figure"},
    {"sheet", 0, CLI_TEXT, offsetof(rank_args, sheet), .value = "PICTURE",
     .help = "draw their maps in a grid (.png, .pdf or .svg)"},
    {"save", 0, CLI_TEXT, offsetof(rank_args, save), .value = "FILE.wdpop",
     .help = "write these samples as a population of their own, with the bands of all"},
    {"bands", 0, CLI_TEXT, offsetof(rank_args, bands), .value = "POPULATION",
     .help = "take the bands by step from this population of the same model, plan and mode"},
    {"drawn", 0, CLI_INT, offsetof(rank_args, drawn), .max = 100000000, .value = "N", .initial = "0",
     .help = "with --save: note that these were chosen from N samples"},
    {"rules", 0, CLI_FLAG, offsetof(rank_args, rules), .help = "say what every flag means, with its numbers"},
    {"test-pairs", 0, CLI_INT, offsetof(rank_args, test_pairs), .min = 1, .max = 100000, .value = "N",
     .help = "in place of a population: true pairs of the test split, simulated, through the temporal codec "
             "and encoded by --model; how often each flag is raised"},
    {"through", 0, CLI_CHOICE, offsetof(rank_args, through), .choices = "codec|stage1", .initial = "codec",
     .help = "with --test-pairs: what they go through: the temporal codec, which leaves them without a "
             "fault, or the "
             "model's encoder and decoders, which make errors of their own"},
    {"noise", 0, CLI_REAL, offsetof(rank_args, noise), .max = 100, .value = "X", .initial = "0",
     .help = "with --test-pairs: noise of the wavelet's band on the gathers, X times the norm of the "
             "reflections"},
    {"model", 'M', CLI_TEXT, offsetof(rank_args, model), .value = "M",
     .help = "with --test-pairs: the model that encodes them [default]"},
    CLI_MODE_OPTION(rank_args),
    CLI_DEVICE_OPTION(rank_args),
    {0}};

static wd_status told(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

/* ---- results */

static json_t *flags_json(const WdPopulation *p, const WdSample *s) {
  json_t *list = json_array();
  for (int i = 0; i < WD_FLAGS; i++) {
    if (!(s->flags & 1u << i)) continue;
    g_autofree char *words =
        wd_flag_words(i, s->value, s->fault, p->velocity_min, p->velocity_max, p->geometry.frequency);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "flag", wd_flag_get_info(i)->key, "rule",
                                          wd_flag_get_info(i)->rule, "numbers", words));
  }
  return list;
}

static json_t *seed_json(guint64 seed) {
  char text[24];
  g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, seed);
  return seed < UINT64_C(1) << 53 ? json_integer((json_int_t)seed) : json_string(text);
}

static const char *family_word(const WdSample *s) {
  const char *name = s->family >= 0 ? wd_family_name((wd_family)s->family) : NULL;
  return name ? name : "any";
}

static json_t *sample_json(const WdPopulation *p, guint i) {
  const WdSample *s = wd_population_nth(p, i);
  json_t *figures = json_object();
  for (int k = 0; k < WD_VALUES; k++)
    json_object_set_new(figures, wd_value_get_info(k)->key, cli_real(s->value[k]));
  g_autofree char *command = wd_population_command(p, s);
  return json_pack("{s:i, s:o, s:s, s:o, s:o, s:s, s:s, s:s}", "number", (int)i, "seed", seed_json(s->seed),
                   "family", family_word(s), "figures", figures, "flags", flags_json(p, s), "tags", s->tags,
                   "note", s->note, "command", command);
}

/* How many of the samples raise each flag. */
static json_t *counts_json(const WdPopulation *p, const GArray *which) {
  json_t *o = json_object();
  guint none = 0;
  for (guint i = 0; i < which->len; i++) none += !wd_population_nth(p, g_array_index(which, guint, i))->flags;
  for (int f = 0; f < WD_FLAGS; f++) {
    guint n = 0;
    for (guint i = 0; i < which->len; i++)
      n += wd_population_nth(p, g_array_index(which, guint, i))->flags >> f & 1;
    json_object_set_new(o, wd_flag_get_info(f)->key, json_integer(n));
  }
  json_object_set_new(o, "none", json_integer(none));
  return o;
}

static wd_status print_json(const WdPopulation *p, int kind, const GArray *all, const GArray *shown,
                            wd_error *err) {
  const WdSpread s = wd_population_spread(p, kind, all);
  json_t *list = json_array();
  for (guint i = 0; i < shown->len; i++)
    json_array_append_new(list, sample_json(p, g_array_index(shown, guint, i)));
  return cli_print_json(json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:{s:o, s:o, s:o, s:o, s:o}, s:o, s:o}",
                                  "population", p->path ? p->path : "", "samples",
                                  (int)wd_population_count(p), "taken", (int)all->len, "by",
                                  wd_value_get_info(kind)->key, "mode", wd_wave_mode_name(p->mode), "model",
                                  p->identity, "spread", "least", cli_real(s.least), "p05", cli_real(s.p05),
                                  "median", cli_real(s.median), "p95", cli_real(s.p95), "largest",
                                  cli_real(s.largest), "flags", counts_json(p, all), "ranked", list),
                        err);
}

static void text_of(int kind, double v, char out[24]) {
  if (isnan(v))
    g_strlcpy(out, "-", 24);
  else if (kind == WD_VALUE_V_MIN || kind == WD_VALUE_V_MAX || kind == WD_VALUE_FIRST_BAD)
    g_snprintf(out, 24, "%.0f", v);
  else
    g_snprintf(out, 24, "%.4g", v);
}

static void print_table(const WdPopulation *p, int kind, const GArray *shown) {
  static const int always[] = {WD_METRIC_REFLECTION_RESIDUAL,
                               WD_METRIC_RELATIVE_L2,
                               WD_METRIC_CORRELATION,
                               WD_SCORE_LAG,
                               WD_VALUE_V_MIN,
                               WD_VALUE_V_MAX,
                               WD_VALUE_SHELL};
  static const char *const heads[] = {"r_R", "relL2", "corr", "lag ms", "v_min", "v_max", "shell"};
  gboolean own = TRUE;
  for (gsize k = 0; k < G_N_ELEMENTS(always); k++) own = own && always[k] != kind;
  printf("%4s %6s %12s %-13s", "", "number", "seed", "family");
  if (own) printf(" %18s", wd_value_get_info(kind)->key);
  for (gsize k = 0; k < G_N_ELEMENTS(always); k++) printf(" %8s", heads[k]);
  printf("  flags\n");
  for (guint i = 0; i < shown->len; i++) {
    const guint at = g_array_index(shown, guint, i);
    const WdSample *s = wd_population_nth(p, at);
    char v[24];
    printf("%4u %6u %12" G_GUINT64_FORMAT " %-13s", i + 1, at, s->seed, family_word(s));
    text_of(kind, s->value[kind], v);
    if (own) printf(" %18s", v);
    for (gsize k = 0; k < G_N_ELEMENTS(always); k++) {
      text_of(always[k], s->value[always[k]], v);
      printf(" %8s", v);
    }
    g_autofree char *flags = wd_flags_text(s->flags);
    printf("  %s%s%s\n", *flags ? flags : "-", *s->tags ? "  #" : "", s->tags);
    for (int f = 0; f < WD_FLAGS; f++) {
      if (!(s->flags & 1u << f)) continue;
      g_autofree char *words =
          wd_flag_words(f, s->value, s->fault, p->velocity_min, p->velocity_max, p->geometry.frequency);
      printf("%11s %s: %s\n", "", wd_flag_get_info(f)->key, words);
    }
  }
}

static void print_text(const WdPopulation *p, const rank_args *a, int kind, const GArray *all,
                       const GArray *shown) {
  const WdSpread s = wd_population_spread(p, kind, all);
  printf("%u of %u samples of %s, %s mode; %s: median %.4g, 5 %% %.4g, 95 %% %.4g", all->len,
         wd_population_count(p), *p->model ? p->model : "an unknown model", wd_wave_mode_name(p->mode),
         wd_value_get_info(kind)->key, s.median, s.p05, s.p95);
  printf(s.missing ? ", %u without\n" : "\n", s.missing);
  print_table(p, kind, shown);
  json_t *counts = counts_json(p, all), *n;
  const char *key;
  printf("flags:");
  json_object_foreach(counts, key, n) {
    if (json_integer_value(n)) printf(" %s %lld", key, (long long)json_integer_value(n));
  }
  printf("\n");
  json_decref(counts);
  if (!a->rules) return;
  for (int f = 0; f < WD_FLAGS; f++) printf("%s: %s\n", wd_flag_get_info(f)->key, wd_flag_get_info(f)->rule);
}

/* ---- files */

static wd_status write_text(const char *path, const char *text, wd_error *err) {
  wd_file *f = NULL;
  wd_status st = wd_file_create(path, &f, err);
  if (!st) st = wd_file_write(f, text, strlen(text), err);
  if (!st) return wd_file_commit(f, err);
  wd_file_abort(f);
  return st;
}

static wd_status write_files(const WdPopulation *p, const rank_args *a, int kind, const GArray *shown,
                             wd_error *err) {
  wd_status st = WD_OK;
  if (a->csv) {
    g_autofree char *text = wd_population_csv(p, shown);
    st = write_text(a->csv, text, err);
  }
  GError *error = NULL;
  if (!st && a->save) {
    g_autoptr(WdPopulation) some = wd_population_subset(p, shown);
    if (a->drawn) some->drawn = (guint)a->drawn;
    if (!wd_population_save(some, a->save, &error)) st = told(error, err);
  }
#ifdef WD_HAVE_RENDER
  if (!st && a->sheet && !wd_population_sheet(p, kind, shown, a->sheet, FALSE, &error)) st = told(error, err);
#else
  (void)kind;
  if (!st && a->sheet) st = wd_fail(err, WD_ERR_UNSUPPORTED, "this build draws no figures");
#endif
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const rank_args *a = arguments;
  int kind = 0;
  gsize at = 0;
  GError *error = NULL;
  if ((a->folder != NULL) == (a->test_pairs > 0))
    return cli_usage_error(err, "give either POPULATION or --test-pairs");
  if (a->test_pairs) return rank_test_pairs(c, a, err);
  if (a->model || a->through || a->noise != 0)
    return cli_usage_error(err, "--model, --through and --noise go with --test-pairs");
  if (!wd_value_parse(a->by, &kind)) return cli_usage_error(err, "--by %s: there is no such figure", a->by);
  g_autoptr(WdFilter) filter = wd_filter_new(a->filter ? a->filter : "", &at, &error);
  if (!filter) {
    wd_status st = cli_usage_error(err, "--filter, at character %zu: %s", (size_t)at + 1, error->message);
    g_error_free(error);
    return st;
  }
  g_autoptr(WdPopulation) p = wd_population_open(a->folder, &error);
  if (!p) return told(error, err);
  g_autoptr(GArray) taken = wd_filter_apply(filter, p);
  g_autoptr(GArray) shown = wd_population_rank(p, kind, taken);
  if (a->worst && (guint)a->worst < shown->len) g_array_set_size(shown, (guint)a->worst);
  if (a->best) wd_population_add_best(p, kind, (guint)a->best, shown);
  if (a->bands) {
    g_autoptr(WdPopulation) from = wd_population_open(a->bands, &error);
    if (!from || !wd_population_take_bands(p, from, &error)) return told(error, err);
  }
  wd_status st = write_files(p, a, kind, shown, err);
  if (st) return st;
  if (c->json) return print_json(p, kind, taken, shown, err);
  print_text(p, a, kind, taken, shown);
  return WD_OK;
}

const cli_command cli_rank = {
    .name = "rank",
    .summary = "sort scored samples by a figure and say what is wrong with them",
    .details =
        "Opens what sample --score wrote and lists its samples, worst first, with the flags that their "
        "figures "
        "raise: polarity, timing, reflector (missing or extra), direct (wave only), range (of velocity), "
        "shell "
        "(of the latent), unstable, nan, nothing (to reflect). Each flag is followed by its own numbers; "
        "--rules says what decides. Nothing is simulated or decoded again.",
    .example = "wavediffusion-cli rank runs/ --by relL2 --worst 20 --csv rank.csv --sheet worst.png\n"
               "wavediffusion-cli rank runs/ --filter \"r_R > 1.5 and flag = timing\" --json\n"
               "wavediffusion-cli rank --test-pairs 10 --noise 0.3 --mode fast\n",
    .operand = operands,
    .option = options,
    .size = sizeof(rank_args),
    .run = run,
};
