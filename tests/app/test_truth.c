/* Which side of a pair to doubt: the rule, and built pairs of which the answer is known. No display. */
#include "app/truth.h"
#include "solver/family.h"
#include "solver/wave.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

/* Small and quick: the full solver is not under test. */
static wd_survey *survey;
static wd_device *device;

static void simulate(const wd_map *map, wd_gather *out) {
  wd_wave *w = NULL;
  wd_error err = {0};
  wd_status st = wd_wave_create(device, survey, &(wd_wave_desc){.mode = WD_WAVE_LIVE}, map, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  const wd_gather *g = st ? NULL : wd_wave_gather(w, 0);
  if (g && !wd_gather_create(g->shots, g->samples, g->receivers, g->dt, out, &err))
    memcpy(out->value, g->value, wd_gather_count(g) * sizeof(float));
  if (st) printf("# %s\n", err.message);
  wd_wave_destroy(w);
}

static WdPair *pair_of(const wd_map *map, const wd_gather *gather) {
  wd_map m = {0};
  wd_gather g = {0};
  wd_error err = {0};
  if (map) wd_map_copy(map, &m, &err);
  if (gather) {
    wd_gather_create(gather->shots, gather->samples, gather->receivers, gather->dt, &g, &err);
    memcpy(g.value, gather->value, wd_gather_count(gather) * sizeof(float));
  }
  return wd_pair_new(&m, &g, 0);
}

static WdSimulation *simulation_of(const wd_map *map) {
  wd_map top = {0};
  wd_gather full = {0}, direct = {0};
  wd_comparison none = {0};
  wd_error err = {0};
  wd_map_repeat_row(map, 1, &top, &err);
  simulate(map, &full);
  simulate(&top, &direct);
  wd_map_clear(&top);
  return wd_simulation_new(WD_WAVE_LIVE, &full, &direct, &none, 0, "test");
}

static void blend(wd_gather *g, const wd_gather *other, double share) {
  for (gsize i = 0; i < wd_gather_count(g); i++)
    g->value[i] = (float)((1 - share) * g->value[i] + share * other->value[i]);
}

static void check(const char *what, const WdPair *truth, const WdPair *decoded, const WdSimulation *sim,
                  WdDoubt want, const char *said) {
  WdTruthReport r;
  wd_error err = {0};
  wd_status st = wd_truth_compare(truth, decoded, sim, NAN, &r, &err);
  g_autofree char *words = st ? g_strdup(err.message) : wd_truth_words(&r, NULL);
  tap_ok(!st && r.doubt == want && strstr(words, said), "%s: %s", what, words);
}

static void built(void) {
  wd_map truth = {0}, far = {0}, near = {0};
  wd_error err = {0};
  wd_family_generate(WD_CURVEVEL_A, 1, 3, &truth, &err);
  wd_map_copy(&truth, &far, &err);
  wd_map_copy(&truth, &near, &err);
  for (int i = 70 * 12; i < 70 * 70; i++) {
    far.value[i] *= 1.12f;
    near.value[i] *= 1.001f;
  }
  wd_gather observed = {0};
  simulate(&truth, &observed);
  g_autoptr(WdPair) open = pair_of(&truth, &observed);
  g_autoptr(WdSimulation) of_near = simulation_of(&near), of_far = simulation_of(&far);
  g_autoptr(WdPair) both = pair_of(&near, &observed);
  check("a good map and good gathers", open, both, of_near, WD_DOUBT_NEITHER, "neither side");
  wd_gather bad = {0};
  simulate(&truth, &bad);
  blend(&bad, &of_near->top, 0.9); /* reflections at a tenth of their strength: r_R 0.9 */
  g_autoptr(WdPair) gathers_off = pair_of(&near, &bad);
  check("a good map, gathers without reflections", open, gathers_off, of_near, WD_DOUBT_GATHERS,
        "doubt the gathers");
  g_autoptr(WdPair) map_off = pair_of(&far, &observed);
  check("good gathers, a map 12 % too fast below", open, map_off, of_far, WD_DOUBT_MAP, "doubt the map");
  g_autoptr(WdPair) agreed = pair_of(&far, &of_far->full);
  check("a pair that agrees with itself and not with the truth", open, agreed, of_far, WD_DOUBT_BOTH,
        "doubt both");
  check("nothing simulated yet", open, gathers_off, NULL, WD_DOUBT_UNKNOWN, "not simulated yet");
  g_autoptr(WdPair) map_alone = pair_of(&truth, NULL), gather_alone = pair_of(NULL, &observed);
  check("a map alone is known", map_alone, map_off, of_far, WD_DOUBT_UNKNOWN, "Velocity error");
  check("gathers alone are known", gather_alone, gathers_off, of_near, WD_DOUBT_GATHERS,
        "The decoded map explains");
  WdTruthReport r;
  wd_truth_compare(open, map_off, of_far, NAN, &r, &err);
  double mae = 0;
  for (int i = 0; i < 4900; i++) mae += fabs((double)far.value[i] - truth.value[i]) / 4900;
  tap_at_most(fabs(r.velocity.mae - mae), 1e-6 * mae, "the velocity error is the mean |difference|");
  tap_ok(r.velocity.ssim < 1 && r.velocity.rmse >= r.velocity.mae, "RMSE %.0f m/s, SSIM %.2f",
         r.velocity.rmse, r.velocity.ssim);
  wd_gather few = {0};
  wd_gather_create(5, 900, 70, 0.001, &few, &err);
  g_autoptr(WdPair) other = pair_of(&truth, &few);
  tap_ok(wd_truth_compare(other, map_off, of_far, NAN, &r, &err) == WD_ERR_SHAPE, "%s", err.message);
  wd_gather_clear(&few);
  wd_gather_clear(&bad);
  wd_gather_clear(&observed);
  wd_map_clear(&truth);
  wd_map_clear(&far);
  wd_map_clear(&near);
}

static void rule(void) {
  static const struct {
    double map, gathers, epsilon;
    WdDoubt want;
  } c[] = {{0.4, 0.9, NAN, WD_DOUBT_GATHERS},     {0.9, 0.4, NAN, WD_DOUBT_MAP},
           {0.5, 0.5, NAN, WD_DOUBT_NEITHER},     {0.8, 0.9, NAN, WD_DOUBT_BOTH},
           {0.8, 1.3, NAN, WD_DOUBT_GATHERS},     {1.3, 0.8, NAN, WD_DOUBT_MAP},
           {0.4, 0.4, 1.69, WD_DOUBT_NEITHER},    {0.9, 0.9, 1.69, WD_DOUBT_BOTH},
           {0.4, 0.4, 0.2, WD_DOUBT_BOTH},        {NAN, 0.4, NAN, WD_DOUBT_UNKNOWN},
           {0.4, INFINITY, NAN, WD_DOUBT_GATHERS}};
  for (guint i = 0; i < G_N_ELEMENTS(c); i++)
    tap_ok(wd_truth_doubt(c[i].map, c[i].gathers, c[i].epsilon) == c[i].want,
           "the rule: map %g, gathers %g, epsilon %g", c[i].map, c[i].gathers, c[i].epsilon);
}

int main(void) {
  wd_error err = {0};
  rule();
  if (wd_device_open("cpu:2", &device, &err) || wd_survey_create(&(wd_survey_desc){0}, &survey, &err))
    tap_ok(false, "%s", err.message);
  else
    built();
  wd_survey_destroy(survey);
  wd_device_close(device);
  return tap_done();
}
