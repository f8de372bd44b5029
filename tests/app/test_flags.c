/* Automatic flags: a case built to have each fault raises that flag and no other; clean pairs raise none.
 * Whole OpenFWI geometry, real simulations. */
#include "app/flags.h"
#include "app/inspect.h"
#include "app/sample_measure.h"
#include "tests/app/cli_shell.h"
#include "tests/app/faults.h"

#include "model/config.h"
#include "solver/family.h"
#include "solver/random.h"
#include "solver/reflection.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static wd_device *device;
static wd_survey *survey;
static WdPopulation *population;

static void need(wd_status st, const wd_error *err) {
  if (!st) return;
  printf("Bail out! %s\n", err->message);
  exit(1);
}

static void simulate(const wd_map *v, wd_gather *full, wd_gather *top) {
  wd_error err = {0};
  need(
      wd_reflection_simulate(device, survey, &(wd_wave_desc){.mode = WD_WAVE_FAST}, v, NULL, full, top, &err),
      &err);
}

static wd_gather copy(const wd_gather *g) {
  wd_gather c = {0};
  wd_error err = {0};
  need(wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &c, &err), &err);
  memcpy(c.value, g->value, wd_gather_count(g) * sizeof *g->value);
  return c;
}

/* Measures a pair (its own simulation is made where `full` is NULL) and says which flags it raises. */
static guint flags_of(const wd_map *v, const wd_gather *s, const wd_gather *full, const wd_gather *top,
                      float latent, const char *what) {
  float z[2592];
  wd_random_normals(7, 1, 0, 2592, z);
  for (int i = 0; i < 2592; i++) z[i] *= latent;
  WdSample *sample = wd_sample_new(population);
  wd_error err = {0};
  const WdSampleDesc desc = {.survey = survey,
                             .mode = WD_WAVE_FAST,
                             .velocity = v,
                             .gathers = s,
                             .full = full,
                             .top = top,
                             .latent = z,
                             .numbers = 2592,
                             .velocity_min = 1500,
                             .velocity_max = 4500,
                             .quick = TRUE};
  need(wd_sample_measure(population, &desc, sample, NULL, &err), &err);
  const guint flags = wd_flags_of(sample->value, sample->fault, 1500, 4500);
  char *text = wd_flags_text(flags);
  printf("# %s: %s; r_R %.3g L2 %.3g corr %.3f decoded %.2f timing %.2f shift %.1f missing %.2f extra %.2f "
         "suspects %.2f\n",
         what, *text ? text : "none", sample->value[0], sample->value[1],
         sample->value[WD_METRIC_CORRELATION], sample->value[WD_VALUE_DECODED_SHARE],
         sample->value[WD_VALUE_TIMING], sample->value[WD_VALUE_SHIFT], sample->value[WD_VALUE_MISSING],
         sample->value[WD_VALUE_EXTRA], sample->value[WD_VALUE_SUSPECTS]);
  for (int i = 0; i < WD_FLAGS; i++) {
    if (!(flags & 1u << i)) continue;
    char *words = wd_flag_words(i, sample->value, sample->fault, 1500, 4500, 15);
    printf("#   %s\n", words);
    if (strlen(words) < 12 || strstr(words, "nan")) tap_ok(false, "%s: its numbers: %s", what, words);
    g_free(words);
  }
  g_free(text);
  wd_sample_free(sample);
  return flags;
}

static void expect(guint flags, int flag, const char *what) {
  char *text = wd_flags_text(flags);
  tap_ok(flags == (flag < 0 ? 0u : 1u << flag), "%s: %s and no other (%s)", what,
         flag < 0 ? "no flag" : wd_flag_get_info(flag)->key, *text ? text : "none");
  g_free(text);
}

static void shift(wd_gather *g, int by) {
  const int n = g->samples, r = g->receivers;
  for (int s = 0; s < g->shots; s++) {
    float *shot = g->value + (size_t)s * (size_t)(n * r);
    memmove(shot + (size_t)(by * r), shot, (size_t)((n - by) * r) * sizeof *shot);
    memset(shot, 0, (size_t)(by * r) * sizeof *shot);
  }
}

/* Three layers, the deeper boundaries at rows 25 and 45. */
static wd_map layers(float a, float b, float c, int first, int second) {
  wd_map m = {0};
  wd_error err = {0};
  need(wd_map_create(70, 70, 10, &m, &err), &err);
  for (int i = 0; i < 4900; i++) m.value[i] = i / 70 < first ? a : i / 70 < second ? b : c;
  return m;
}

/* All faults that can be made of one clean pair. */
static void faults_of(const wd_map *v, const char *name) {
  char what[120];
  wd_gather full = {0}, top = {0};
  simulate(v, &full, &top);
  snprintf(what, sizeof what, "%s, clean", name);
  expect(flags_of(v, &full, &full, &top, 1, what), -1, what);
  wd_gather s = copy(&full);
  for (size_t i = 0; i < wd_gather_count(&s); i++) s.value[i] *= -1;
  snprintf(what, sizeof what, "%s, polarity flipped", name);
  expect(flags_of(v, &s, &full, &top, 1, what), WD_FLAG_POLARITY, what);
  for (size_t i = 0; i < wd_gather_count(&s); i++) s.value[i] *= -1.4f;
  snprintf(what, sizeof what, "%s, 40 %% too loud", name);
  expect(flags_of(v, &s, &full, &top, 1, what), WD_FLAG_POLARITY, what);
  wd_gather_clear(&s);
  static const int shifts[] = {6, 15, 40};
  for (int i = 0; i < 3; i++) {
    s = copy(&full);
    shift(&s, shifts[i]);
    snprintf(what, sizeof what, "%s, %d ms late", name, shifts[i]);
    expect(flags_of(v, &s, &full, &top, 1, what), WD_FLAG_TIMING, what);
    wd_gather_clear(&s);
  }
  snprintf(what, sizeof what, "%s, the direct wave alone", name);
  expect(flags_of(v, &top, &full, &top, 1, what), WD_FLAG_DIRECT, what);
  snprintf(what, sizeof what, "%s, latent times 1.6", name);
  expect(flags_of(v, &full, &full, &top, 1.6f, what), WD_FLAG_SHELL, what);
  s = copy(&full);
  s.value[34567] = NAN;
  snprintf(what, sizeof what, "%s, a NaN", name);
  expect(flags_of(v, &s, &full, &top, 1, what), WD_FLAG_NAN, what);
  wd_gather_clear(&s);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
}

/* In place of the reflections waves of the same band that have nothing to do with them, as loud as they are:
 * what shifts remove of that error they remove by chance. */
static void noise(const wd_map *v) {
  wd_gather full = {0}, top = {0};
  simulate(v, &full, &top);
  wd_gather s = copy(&top);
  const int n = s.samples, r = s.receivers, length = 147;
  float wavelet[147], *white = calloc((size_t)n, sizeof *white);
  wd_ricker(15, 0.001, length, wavelet);
  double own = 0, reflections = 0;
  float *band = calloc(wd_gather_count(&s), sizeof *band);
  for (int k = 0; k < s.shots * r; k++) {
    wd_random_normals(99, (uint64_t)k, 0, (uint64_t)n, white);
    for (int t = 0; t < n; t++) {
      double sum = 0;
      for (int j = 0; j < length; j++)
        if (t - j >= 0) sum += (double)wavelet[j] * (double)white[t - j];
      size_t at = ((size_t)(k / r) * (size_t)n + (size_t)t) * (size_t)r + (size_t)(k % r);
      band[at] = (float)sum;
      own += sum * sum;
      reflections += pow((double)full.value[at] - (double)top.value[at], 2);
    }
  }
  for (size_t i = 0; i < wd_gather_count(&s); i++)
    s.value[i] = top.value[i] + (float)sqrt(reflections / own) * band[i];
  tap_ok(!(flags_of(v, &s, &full, &top, 1, "noise of the same band") & 1u << WD_FLAG_TIMING),
         "waves that have nothing in common are not called late");
  free(band);
  free(white);
  wd_gather_clear(&s);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
}

static void reflectors(void) {
  wd_map whole = layers(1800, 2500, 3400, 25, 45), without = layers(1800, 2500, 2500, 25, 45),
         bland = layers(1800, 1800, 3400, 25, 45);
  wd_gather full = {0}, top = {0}, f2 = {0}, t2 = {0}, f3 = {0}, t3 = {0};
  simulate(&whole, &full, &top);
  simulate(&without, &f2, &t2);
  simulate(&bland, &f3, &t3);
  expect(flags_of(&whole, &f2, &full, &top, 1, "the lower reflector missing in the gathers"),
         WD_FLAG_REFLECTOR, "a reflector taken out of the map that the gathers come from");
  expect(flags_of(&without, &full, &f2, &t2, 1, "the lower reflector missing in the map"), WD_FLAG_REFLECTOR,
         "a reflector taken out of the decoded map");
  expect(flags_of(&whole, &f3, &full, &top, 1, "the upper reflector missing in the gathers"),
         WD_FLAG_REFLECTOR, "the upper one taken out, which moves the lower one too");
  wd_gather *all[] = {&full, &top, &f2, &t2, &f3, &t3};
  for (int i = 0; i < 6; i++) wd_gather_clear(all[i]);
  wd_map_clear(&whole);
  wd_map_clear(&without);
  wd_map_clear(&bland);
}

static void maps(void) {
  wd_gather full = {0}, top = {0};
  wd_map fast = layers(1800, 2600, 4620, 25, 45);
  simulate(&fast, &full, &top);
  expect(flags_of(&fast, &full, &full, &top, 1, "4620 m/s"), WD_FLAG_RANGE, "a layer pushed out of range");
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&fast);
  wd_map held = layers(1800, 2600, 4500, 25, 45);
  simulate(&held, &full, &top);
  expect(flags_of(&held, &full, &full, &top, 1, "held at 4500 m/s"), WD_FLAG_RANGE,
         "a layer held at the end of the range");
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&held);
  wd_map even = layers(2000, 2000, 2000, 25, 45);
  simulate(&even, &full, &top);
  expect(flags_of(&even, &full, &full, &top, 1, "homogeneous"), WD_FLAG_NOTHING, "a homogeneous map");
  wd_gather_clear(&top);
  wd_map_clear(&even);
  wd_gather_clear(&full);
}

/* The only sample of folder/name/samples.wdpop raises this flag and not the other; its words hold `says`. */
static void expect_sample(const char *folder, const char *name, int flag, int other, const char *says) {
  GError *error = NULL;
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_autoptr(WdPopulation) p = wd_population_open(path, &error);
  if (!tap_ok(p && wd_population_count(p) == 1, "%s: a population of one sample %s", name,
              error ? error->message : ""))
    return;
  const WdSample *s = wd_population_nth(p, 0);
  g_autofree char *words =
      wd_flag_words(flag, s->value, s->fault, p->velocity_min, p->velocity_max, p->geometry.frequency);
  printf("#   %s\n#   %s\n", words, s->fault ? s->fault : "no fault");
  tap_ok(s->flags & 1u << flag && !(s->flags & 1u << other), "%s: %s, and not %s", name,
         wd_flag_get_info(flag)->key, wd_flag_get_info(other)->key);
  tap_ok(s->fault && strstr(s->fault, says) && *words, "%s: its reason is the one that was given: %s", name,
         says);
  for (int k = 0; k < WD_METRICS; k++)
    if (!isnan(s->value[k])) tap_ok(false, "%s: no comparison, but metric %d is %g", name, k, s->value[k]);
}

/* Refused in earnest: by the solver, at a time step of 2.5 ms, and by the network, of latents that no
 * arithmetic in single precision takes. */
static void refused(void) {
  if (!g_getenv("WD_CLI")) {
    tap_skip("there is no command line in this build");
    return;
  }
  g_autofree char *folder = g_dir_make_tmp("wd-flags-XXXXXX", NULL);
  g_autofree char *start = g_build_filename(folder, "start.npy", NULL);
  const size_t shape[4] = {1, 4, 4, 4}; /* of that model */
  float z[64];
  for (int i = 0; i < 64; i++) z[i] = 3e38f;
  wd_error err = {0};
  wd_npy_writer *w = NULL;
  need(wd_npy_writer_open(start, WD_NPY_F32, 4, shape, &w, &err), &err);
  need(wd_npy_writer_append(w, z, 64, &err), &err);
  need(wd_npy_writer_close(w, &err), &err);
  const char *lines =
      "\"$WD_MAKE_MODEL\" coarse 1 small coarse && \"$WD_MAKE_MODEL\" plain 1 small || exit 1\n"
      "draw='wavediffusion-cli sample --device cpu:1 --seeds 0 --steps 2 --score every=2 --quiet'\n"
      "$draw --model coarse -o unstable; test $? = 3 || exit 1\n"
      "$draw --model plain --latents start.npy -o nan; test $? = 3 || exit 1\n";
  if (tap_ok(cli_shell(folder, lines), "sample says 3: the one sample could not be scored")) {
    expect_sample(folder, "unstable", WD_FLAG_UNSTABLE, WD_FLAG_NAN, "over the limit");
    expect_sample(folder, "nan", WD_FLAG_NAN, WD_FLAG_UNSTABLE, "not finite");
  }
  g_autofree char *away = g_strdup_printf("rm -r '%s'", folder);
  tap_ok(cli_shell("/tmp", away), "cleared away");
}

/* The set that comes with the program: every flag fires on the case that was built for it, and on no other;
 * what is in the file is what is built today. */
static void shipped(void) {
  wd_error err = {0};
  GError *error = NULL;
  g_autofree char *path = wd_inspect_shipped(WD_FAULTS_NAME);
  g_autoptr(WdPopulation) p = path ? wd_population_load(path, &error) : NULL;
  if (!tap_ok(p != NULL, "the set of built faults is there and opens %s", error ? error->message : ""))
    return;
  guint seen = 0;
  for (guint i = 0; i < wd_population_count(p); i++) {
    const WdSample *s = wd_population_nth(p, i);
    g_auto(GStrv) tags = g_strsplit(s->tags, " ", 2);
    int flag = -1;
    if (!tap_ok(tags[0] && (!strcmp(tags[0], "clean") || wd_flag_parse(tags[0], &flag)) && *s->note &&
                    s->map && s->picture,
                "number %u has a flag for a tag, a note and pictures: %s", i, s->tags))
      continue;
    expect(s->flags, flag, s->note);
    if (flag >= 0) seen |= 1u << flag;
    g_autofree char *command = wd_population_command(p, s);
    if (i == 0) tap_ok(!*command, "nothing that is built on purpose has a command that draws it");
  }
  tap_ok(seen == (1u << WD_FLAGS) - 1, "all %d flags have one", WD_FLAGS);
  g_autoptr(WdPopulation) now = faults_build(&err);
  gboolean same = now && wd_population_count(now) == wd_population_count(p);
  for (guint i = 0; same && i < wd_population_count(p); i++) {
    const WdSample *a = wd_population_nth(p, i), *b = wd_population_nth(now, i);
    same = a->flags == b->flags && !strcmp(a->tags, b->tags) && !strcmp(a->note, b->note);
    for (int k = 0; same && k < WD_VALUES; k++)
      same = isnan(a->value[k]) ? isnan(b->value[k])
                                : fabs(a->value[k] - b->value[k]) <= 1e-3 * fabs(b->value[k]) + 1e-3;
    if (!same) printf("# number %u, %s, is another one today\n", i, a->tags);
  }
  tap_ok(same, "the file holds what is built today: else build/tests/app/make_faults makes it again");
}

int main(void) {
  wd_error err = {0};
  need(wd_device_open("cpu:1", &device, &err), &err);
  need(wd_survey_create(&(wd_survey_desc){.nz = 70, .nx = 70}, &survey, &err), &err);
  population = wd_population_new();
  wd_model_config config = {0};
  wd_model_config_defaults(&config);
  population->geometry = config.geometry;
  wd_map v = layers(1800, 2500, 3400, 25, 45);
  faults_of(&v, "three layers");
  wd_map_clear(&v);
  static const wd_family families[] = {WD_CURVEVEL_B, WD_FLATFAULT_A, WD_CURVEFAULT_B, WD_STYLE_A};
  for (int i = 0; i < 4; i++) {
    need(wd_family_generate(families[i], WD_FAMILY_TEST_SEED, wd_family_test_index(3), &v, &err), &err);
    faults_of(&v, wd_family_display_name(families[i]));
    noise(&v);
    wd_map_clear(&v);
  }
  reflectors();
  maps();
  refused();
  shipped();
  for (int i = 0; i < WD_FLAGS; i++) {
    int flag = -1;
    const WdFlagInfo *info = wd_flag_get_info(i);
    tap_ok(wd_flag_parse(info->key, &flag) && flag == i && strlen(info->rule) > 40 &&
               (i == WD_FLAG_NAN || strpbrk(info->rule, "0123456789")),
           "the rule of %s is told, with its numbers", info->key);
  }
  wd_population_free(population);
  wd_survey_destroy(survey);
  wd_device_close(device);
  return tap_done();
}
