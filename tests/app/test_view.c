/* The view object without a display: defaults, signals, clamping, JSON both ways, alignment. */
#include "app/recording_private.h"
#include "app/view.h"
#include "solver/family.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static WdRecording *recording;

/* A run of `steps` steps of log-SNR from -10 to 8, then the data, then refinement. */
static guint build(int steps, int refined) {
  const WdRecipe recipe = {.family = -1, .plan.steps = steps};
  WdBranch *b =
      wd_recording_add(recording, steps ? WD_BRANCH_SAMPLED : WD_BRANCH_ENCODED, "run", 0, 0, &recipe, steps);
  for (int k = 0; k < steps + 1 + refined; k++) {
    const wd_sampler_level level = {.timestep = 999 - k, .log_snr = -10 + 18.0 * k / (steps - 1)};
    WdPosition *p = wd_recording_grow(recording, b, k, k < steps ? &level : NULL);
    p->latent[WD_WHAT_ESTIMATE] = g_bytes_new(&k, sizeof k);
    p->refined = k > steps;
  }
  return b->id;
}

static int made(guint id) {
  return wd_branch_last(wd_recording_find(recording, id)) + 1;
}
static double log_snr(guint id, int k) {
  return wd_recording_position(recording, id, k)->level.log_snr;
}

static guint parts, emitted;
static void on_changed(WdView *v, guint p, gpointer data) {
  (void)v, (void)data;
  parts |= p;
  emitted++;
}
static guint take(void) {
  guint p = parts;
  parts = emitted = 0;
  return p;
}

static void test_signals(void) {
  g_autoptr(WdView) v = wd_view_new();
  g_signal_connect(v, "changed", G_CALLBACK(on_changed), NULL);
  tap_ok(v->second_row && v->sidebar && v->follow && v->locked && v->fps == 8 && isnan(v->epsilon) &&
             v->enlarged == -1 && v->metric == WD_METRIC_REFLECTION_RESIDUAL &&
             v->look[WD_PANEL_VELOCITY].colormap == WD_COLORMAP_STRATA &&
             v->look[WD_PANEL_GATHER].colormap == WD_COLORMAP_GRAY && v->look[WD_PANEL_GATHER].clip == 99,
         "defaults");
  wd_view_go(v, recording, 0, 1, 7);
  tap_ok(take() == WD_VIEW_PLACE && v->place[0].branch == 1 && v->place[0].position == 7,
         "going somewhere is told");
  wd_view_go(v, recording, 0, 1, 7);
  tap_ok(emitted == 0, "going to where one is is not");
  wd_view_go(v, recording, 0, 1, 1000);
  tap_ok(v->place[0].position == made(1) - 1, "beyond the last position: the last one");
  wd_view_go(v, recording, 0, 1, -5);
  tap_ok(v->place[0].position == 0, "before the first: the first");
  wd_view_go(v, recording, 1, 99, 3);
  tap_ok(v->place[1].branch == 0 && v->place[1].position == 0, "a branch that is gone: nothing");
  take();
  wd_view_set_shot(v, -7);
  tap_ok(take() == WD_VIEW_SHOT && v->shot == -1, "shot -7: all");
  wd_view_set_cursor(v, WD_PANEL_VELOCITY, 310, 240, 0.4);
  tap_ok(take() == WD_VIEW_CURSOR && v->cursor && v->x == 310, "the crosshair is told");
  wd_view_set_cursor(v, WD_PANEL_VELOCITY, 310, 240, 0.4);
  wd_view_set_cursor(v, WD_PANEL_VELOCITY, NAN, 240, 0.4);
  wd_view_set_cursor(v, 77, 1, 2, 3);
  tap_ok(emitted == 0 && v->x == 310, "the same again, NaN and unknown panels are not");
  tap_ok(wd_view_epsilon(v, 1.69) == 1.69 && isnan(wd_view_epsilon(v, NAN)), "epsilon is the model's");
  v->epsilon = 0.5;
  tap_ok(wd_view_epsilon(v, 1.69) == 0.5, "until the user sets one");
}

static void test_json(void) {
  g_autoptr(WdView) v = wd_view_new(), w = wd_view_new();
  v->place[1] = (WdPlace){3, 12};
  v->what = WD_WHAT_STATE;
  v->mode = WD_MODE_INSPECT;
  v->source = WD_SOURCE_SPLIT;
  v->difference = 5;
  v->divider = 0.25;
  v->velocity = WD_VELOCITY_MINUS_PINNED;
  v->pinned = (WdPlace){2, 7};
  v->pinned_what = WD_WHAT_STATE;
  v->minus.hi = 500;
  v->look[WD_PANEL_GATHER].ruler = v->look[WD_PANEL_GATHER].mask = TRUE;
  v->metric = WD_METRIC_CORRELATION;
  v->axis = WD_PLOT_LOG_SNR;
  v->epsilon = 0.3;
  v->enlarged = WD_PANEL_KINDS;
  v->zoom_gather = (wd_view){10, 600, 5, 40.5};
  v->look[WD_PANEL_GATHER].mode = WD_PANEL_DENSITY_WIGGLE;
  v->look[WD_PANEL_GATHER].display = (wd_display){.agc = 0.1, .normalise = true, .flip = true};
  v->look[WD_PANEL_DIFFERENCE].gain = -6;
  v->look[WD_PANEL_VELOCITY].colormap = WD_COLORMAP_TURBO;
  v->next.seed = G_MAXUINT64;
  v->next.family = WD_STYLE_B;
  v->next.plan = (wd_sampler_plan){WD_SAMPLER_DDIM, 40, 0.25, 1.5};
  g_autofree char *one = wd_view_to_json(v);
  g_autoptr(GError) error = NULL;
  tap_ok(wd_view_from_json(w, one, &error), "what was written is read%s%s", error ? ": " : "",
         error ? error->message : "");
  g_autofree char *two = wd_view_to_json(w);
  tap_ok(!strcmp(one, two), "and written the same");
  tap_ok(w->next.seed == G_MAXUINT64 && w->epsilon == 0.3 && w->look[WD_PANEL_GATHER].display.flip &&
             w->place[1].branch == 3 && w->next.family == WD_STYLE_B && w->enlarged == WD_PANEL_KINDS &&
             w->mode == WD_MODE_INSPECT && w->divider == 0.25 && w->velocity == WD_VELOCITY_MINUS_PINNED &&
             w->pinned.position == 7 && w->pinned_what == WD_WHAT_STATE && w->minus.hi == 500 &&
             w->look[WD_PANEL_GATHER].ruler && w->look[WD_PANEL_GATHER].mask,
         "seed of 64 bits, epsilon, flip, place, family, mode");

  tap_ok(wd_view_from_json(w, "{\"shot\": 1, \"from_the_future\": [1, {}], \"look\": {\"hologram\": 3}}",
                           NULL) &&
             w->shot == 1 && w->epsilon == 0.3,
         "unknown keys are passed over, absent ones leave their field alone");

  static const char *const bad[][2] = {
      {"{\"fps\": 1000}", "fps"},
      {"{\"fps\": \"8\"}", "fps"},
      {"{\"shot\": 1.5}", "shot"},
      {"{\"metric\": \"beauty\"}", "metric"},
      {"{\"difference_factor\": 3}", "difference_factor"},
      {"{\"look\": {\"gather\": {\"clip\": 20}}}", "look.gather.clip"},
      {"{\"look\": {\"velocity\": {\"lo\": 4000, \"hi\": 2000}}}", "look.velocity.lo"},
      {"{\"look\": 7}", "look"},
      {"{\"zoom_map\": [1, 2, 3]}", "zoom_map"},
      {"{\"zoom_map\": [9, 2, 3, 4]}", "zoom_map"},
      {"{\"a\": {\"position\": -1}}", "a.position"},
      {"{\"next\": {\"seed\": \"-3\"}}", "next.seed"},
      {"{\"loop\": 1}", "loop"},
      {"{\"mode\": \"dream\"}", "mode"},
      {"{\"epsilon\": 0}", "epsilon"},
      {"[1]", "object"},
      {"{\"loop\": tru", "line"},
  };
  g_signal_connect(w, "changed", G_CALLBACK(on_changed), NULL);
  g_autofree char *before = wd_view_to_json(w);
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) e = NULL;
    gboolean read = wd_view_from_json(w, bad[i][0], &e);
    g_autofree char *after = wd_view_to_json(w);
    tap_ok(!read && e && strstr(e->message, bad[i][1]) && !strcmp(before, after) && emitted == 0,
           "%s is refused, by name, and nothing changes: %s", bad[i][0], e ? e->message : "(no message)");
  }
}

static void test_align(void) {
  tap_ok(wd_view_align(recording, 1, 9, 2, WD_ALIGN_STEP) == 9 &&
             wd_view_align(recording, 2, 40, 1, WD_ALIGN_STEP) == 16,
         "by step: the same number, or the last");
  int previous = -1;
  gboolean monotone = TRUE, nearest = TRUE;
  for (int k = 0; k < 16; k++) {
    int j = wd_view_align(recording, 1, k, 2, WD_ALIGN_NOISE);
    monotone = monotone && j >= previous && j < 40;
    previous = j;
    for (int i = 0; i < 40; i++)
      nearest = nearest && fabs(log_snr(2, i) - log_snr(1, k)) >= fabs(log_snr(2, j) - log_snr(1, k)) - 1e-12;
  }
  tap_ok(monotone && nearest, "by noise level: the nearest log-SNR, never backwards");
  previous = -1;
  monotone = TRUE;
  for (int k = 0; k < made(2); k++) {
    int j = wd_view_align(recording, 2, k, 1, WD_ALIGN_NOISE);
    monotone = monotone && j >= previous;
    previous = j;
  }
  tap_ok(monotone && previous == 16, "also from the longer to the shorter, through data and refinement");
  tap_ok(wd_view_align(recording, 1, 0, 2, WD_ALIGN_NOISE) == 0 &&
             wd_view_align(recording, 1, 16, 2, WD_ALIGN_NOISE) == 40,
         "noise goes with noise, data with data");
  tap_ok(wd_view_align(recording, 2, 43, 2, WD_ALIGN_NOISE) == 43, "refinement with refinement");
  tap_ok(wd_view_align(recording, 1, 4, 3, WD_ALIGN_NOISE) == 0, "an encoded pair has its data only");
  tap_ok(wd_view_align(recording, 1, 4, 9, WD_ALIGN_NOISE) == -1 &&
             wd_view_align(recording, 1, 17, 2, WD_ALIGN_NOISE) == -1,
         "nothing to align with a branch that is gone, or from a position not made");
  const WdRecipe recipe = {.family = -1, .plan.steps = 8};
  const guint empty = wd_recording_add(recording, WD_BRANCH_SAMPLED, "nothing yet", 0, 0, &recipe, 8)->id;
  tap_ok(wd_view_align(recording, 1, 4, empty, WD_ALIGN_STEP) == -1,
         "nor with a branch that has nothing yet");
}

int main(void) {
  recording = wd_recording_new();
  wd_recording_set_model(recording, "view", "0123456789abcdef");
  const guint runs[] = {build(16, 0), build(40, 6), build(0, 0)}; /* the last: an encoded pair, data alone */
  tap_ok(runs[0] == 1 && runs[1] == 2 && runs[2] == 3 && made(1) == 17 && made(2) == 47 && made(3) == 1,
         "two runs and a pair");
  test_signals();
  test_json();
  test_align();
  g_object_unref(recording);
  return tap_done();
}
