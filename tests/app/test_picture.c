/* What panels show, without a display: fields, shared clip, wording, reading, and what counts as changed. */
#include "app/picture_view.h"
#include "scene.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

enum { STEPS = 3 };

static WdSession *session;
static WdView *view;
static WdPicture *picture;

static guint set(WdPanelKind kind) {
  return wd_picture_set_view(picture, session, view, kind, 0, view->source);
}

static const wd_panel *panel_of(WdPanelKind kind) {
  set(kind);
  return wd_picture_panel(picture);
}

static gboolean has_badge(const wd_panel *p, const char *text) {
  for (int i = 0; i < WD_PANEL_BADGES; i++)
    if (p->badge[i] && strstr(p->badge[i], text)) return TRUE;
  return FALSE;
}

static gsize each(const wd_gather *g) {
  return (gsize)g->samples * (gsize)g->receivers;
}

static void test_histogram(void) {
  WdFrame frame = scene_frame(session, STEPS);
  const wd_gather *g = &frame.pair->gathers;
  WdHistogram *h = wd_histogram_new(g);
  double worst = 0;
  const double percent[] = {50, 80, 95, 99, 99.9, 100};
  for (gsize i = 0; i < G_N_ELEMENTS(percent); i++)
    for (int shot = -1; shot < g->shots; shot++) {
      wd_range range;
      wd_range_desc desc = {.clip = percent[i], .symmetric = true};
      const float *value = g->value + (shot < 0 ? 0 : (gsize)shot * each(g));
      if (wd_range_find(&desc, value, shot < 0 ? wd_gather_count(g) : each(g), &range, NULL)) continue;
      double got = wd_histogram_percentile(&h, 1, shot, percent[i]);
      worst = fmax(worst, fabs(got / range.hi - 1));
    }
  tap_at_most(worst, 0.004, "percentiles of the histogram against sorting, relative");
  WdHistogram *two[] = {h, h};
  tap_ok(wd_histogram_percentile(two, 2, -1, 99) == wd_histogram_percentile(two, 1, -1, 99),
         "two equal histograms together have the percentiles of one");
  wd_histogram_free(h);
  float silence[4] = {0, 0, 0, NAN};
  wd_gather quiet = {1, 2, 2, 0.001, silence};
  h = wd_histogram_new(&quiet);
  tap_ok(wd_histogram_percentile(&h, 1, -1, 99) == 0, "silence has no clip");
  silence[1] = -3;
  wd_histogram_free(h);
  h = wd_histogram_new(&quiet);
  tap_ok(wd_histogram_percentile(&h, 1, 0, 50) == 3, "where the percentile is silent the signal counts");
  wd_histogram_free(h);
}

static void test_fields(void) {
  WdFrame frame = scene_frame(session, STEPS);
  const wd_gather *a = &frame.pair->gathers, *b = &frame.live->full, *top = &frame.live->top;
  gsize n = each(a), at = 2 * n;
  view->shot = 2;
  view->source = WD_SOURCE_DECODED;
  const wd_panel *p = panel_of(WD_PANEL_GATHER);
  tap_ok(p->facets == 1 && p->facet[0].value == a->value + at,
         "a decoded shot is shown in place, not copied");
  double decoded = p->range.hi;
  tap_ok(strstr(p->range.text, "clip 99 %, run (4 steps)") != NULL, "the bar says: %s", p->range.text);
  tap_ok(strstr(p->source, "decoded") && strstr(p->source, "shot 3") && strstr(p->source, "step 3 of 3"),
         "the header says: %s", p->source);
  p = panel_of(WD_PANEL_SIMULATED);
  tap_ok(p->facet[0].value == b->value + at && p->range.hi == decoded, "F(v) has the decoded gathers' clip");
  tap_ok(strstr(p->source, "live") != NULL, "and its tier: %s", p->source);
  view->difference = 5;
  p = panel_of(WD_PANEL_DIFFERENCE);
  gsize wrong = 0;
  for (gsize i = 0; i < n; i++) wrong += p->facet[0].value[i] != a->value[at + i] - b->value[at + i];
  tap_ok(wrong == 0, "the difference is decoded less simulated");
  tap_at_most(fabs(p->range.hi * 5 / decoded - 1), 1e-12, "its range is the same divided by 5");
  tap_ok(has_badge(p, "×5"), "and says so");
  view->difference = 1;

  view->source = WD_SOURCE_SPLIT;
  p = panel_of(WD_PANEL_GATHER);
  wrong = 0;
  for (int r = 0; r < a->samples; r++)
    for (int c = 0; c < a->receivers; c++) {
      gsize i = (gsize)r * (gsize)a->receivers + (gsize)c;
      wrong += p->facet[0].value[i] != (c < a->receivers / 2 ? a : b)->value[at + i];
    }
  tap_ok(wrong == 0, "split: decoded left of the divider, simulated right of it");
  view->source = WD_SOURCE_INTERLEAVED;
  p = panel_of(WD_PANEL_GATHER);
  wrong = 0;
  for (gsize i = 0; i < n; i++)
    wrong += p->facet[0].value[2 * i] != a->value[at + i] || p->facet[0].value[2 * i + 1] != b->value[at + i];
  tap_ok(wrong == 0 && p->columns == 2 * a->receivers, "interleaved: trace by trace");
  view->source = WD_SOURCE_DECODED;

  view->look[WD_PANEL_GATHER].mute_direct = TRUE;
  p = panel_of(WD_PANEL_GATHER);
  wrong = 0;
  for (gsize i = 0; i < n; i++) wrong += p->facet[0].value[i] != a->value[at + i] - top->value[at + i];
  tap_ok(wrong == 0 && has_badge(p, "direct wave muted, display only"), "muted: less F(v_top), and says so");
  tap_ok(p->range.hi < decoded, "its clip is of what is left: %.3g after %.3g", p->range.hi, decoded);
  view->look[WD_PANEL_GATHER].mute_direct = FALSE;

  view->look[WD_PANEL_GATHER].display.agc = 0.1;
  p = panel_of(WD_PANEL_GATHER);
  tap_ok(has_badge(p, "AGC 100 ms, display only"), "AGC says that it is for display only");
  WdReading reading;
  tap_ok(wd_picture_read(picture, 0, 310, 412, &reading), "a reading at 310 m, 412 ms");
  tap_ok(reading.value == (double)a->value[at + 411 * 70 + 31], "is of the data, not of AGC's output");
  view->look[WD_PANEL_GATHER].display.agc = 0;

  view->shot = -1;
  p = panel_of(WD_PANEL_GATHER);
  tap_ok(p->facets == 5 && p->facet[4].value == a->value + 4 * n &&
             strcmp(p->facet[4].caption, "shot 5") == 0,
         "all shots side by side");
  view->shot = 2;

  p = panel_of(WD_PANEL_TRACES);
  wrong = 0;
  for (int i = 0; i < 5 * 70; i++)
    wrong += p->facet[0].value[i] != (float)frame.live->comparison.trace[i].reflection_residual;
  tap_ok(wrong == 0 && p->rows == 5 && p->columns == 70, "the residual by shot and receiver");
}

static void test_velocity(void) {
  WdFrame frame = scene_frame(session, STEPS);
  const wd_panel *p = panel_of(WD_PANEL_VELOCITY);
  tap_ok(p->range.lo == 1500 && p->range.hi == 4500 && strcmp(p->range.text, "fixed range") == 0,
         "velocities have the field's range");
  view->look[WD_PANEL_VELOCITY].scope = WD_SCOPE_STEP;
  p = panel_of(WD_PANEL_VELOCITY);
  float lo, hi;
  wd_map_range(&frame.pair->velocity, &lo, &hi);
  tap_ok(p->range.lo == (double)lo && p->range.hi == (double)hi && strstr(p->range.text, "this step"),
         "or the step's: %s", p->range.text);
  view->look[WD_PANEL_VELOCITY].scope = WD_SCOPE_MANUAL;
  view->look[WD_PANEL_VELOCITY].lo = 2000;
  view->look[WD_PANEL_VELOCITY].hi = 3000;
  p = panel_of(WD_PANEL_VELOCITY);
  tap_ok(p->range.lo == 2000 && p->range.hi == 3000, "or what is typed");
  view->look[WD_PANEL_VELOCITY].scope = WD_SCOPE_RUN;
  WdReading reading;
  char text[120];
  panel_of(WD_PANEL_VELOCITY);
  gboolean read = wd_picture_read(picture, 0, 310, 240, &reading);
  tap_ok(read && reading.row == 24 && reading.column == 31 &&
             reading.value == (double)frame.pair->velocity.value[24 * 70 + 31],
         "a velocity under the crosshair");
  wd_picture_reading_text(picture, &reading, text, sizeof text);
  tap_ok(g_str_has_prefix(text, "x 310 m  z 240 m  ") && g_str_has_suffix(text, " m/s"), "reads: %s", text);
  tap_ok(!wd_picture_read(picture, 0, -20, 240, &reading), "nothing is read outside");
  char about[400];
  wd_picture_describe(picture, about, sizeof about);
  tap_ok(strstr(about, "metres per second") && strstr(about, "step 3 of 3"), "described: %s", about);

  wd_map fast = {0};
  wd_gather none = {0};
  wd_map_copy(&frame.pair->velocity, &fast, NULL);
  for (int i = 0; i < 49; i++) fast.value[i] = 6500;
  g_autoptr(WdPair) pair = wd_pair_new(&fast, &none, 0);
  WdFrame one = {.pair = pair};
  WdPictureDesc d = {
      .kind = WD_PANEL_VELOCITY, .look = wd_panel_look_default(WD_PANEL_VELOCITY), .frame = &one};
  wd_picture_set(picture, &d);
  p = wd_picture_panel(picture);
  tap_ok(has_badge(p, "1 % of cells outside 1500–4500 m/s"), "velocities out of range are told: %s",
         p->badge[1]);
  tap_ok(has_badge(p, "unstable: 6500 m/s"), "and those that the solver cannot take: %s", p->badge[0]);
}

static void test_changes(void) {
  set(WD_PANEL_GATHER);
  guint serial = wd_picture_serial(picture);
  tap_ok(set(WD_PANEL_GATHER) == WD_PICTURE_SAME, "nothing changed: nothing to redo");
  view->look[WD_PANEL_GATHER].gain = 6;
  tap_ok((set(WD_PANEL_GATHER) & ~(guint)WD_PICTURE_TEXT) == WD_PICTURE_LOOK &&
             wd_picture_serial(picture) == serial,
         "gain changes the look alone");
  view->look[WD_PANEL_GATHER].gain = 0;
  set(WD_PANEL_GATHER);
  view->zoom_gather = (wd_view){100, 300, 10, 40};
  tap_ok((set(WD_PANEL_GATHER) & (WD_PICTURE_LOOK | WD_PICTURE_FIELDS)) == WD_PICTURE_LOOK, "so does a zoom");
  view->zoom_gather = (wd_view){0};
  set(WD_PANEL_GATHER);
  view->shot = 3;
  tap_ok(set(WD_PANEL_GATHER) & WD_PICTURE_FIELDS, "another shot changes the values");
  view->shot = 2;
  set(WD_PANEL_GATHER);
  view->place[0].position = 1;
  tap_ok(set(WD_PANEL_GATHER) & WD_PICTURE_FIELDS, "another step too");
  const wd_panel *p = wd_picture_panel(picture);
  double first = p->range.hi;
  view->place[0].position = 2;
  p = panel_of(WD_PANEL_GATHER);
  tap_ok(p->range.hi == first, "the run's clip is the same at every step");
  view->look[WD_PANEL_GATHER].scope = WD_SCOPE_STEP;
  p = panel_of(WD_PANEL_GATHER);
  tap_ok(strcmp(p->range.text, "clip 99 %, this step") == 0, "a step's own clip says so: %s", p->range.text);
  view->look[WD_PANEL_GATHER].scope = WD_SCOPE_RUN;
  view->place[0].position = STEPS;
}

static void test_nothing(void) {
  for (int kind = 0; kind < WD_PANEL_KINDS; kind++) {
    WdPictureDesc d = {
        .kind = (WdPanelKind)kind, .look = wd_panel_look_default((WdPanelKind)kind), .shot = 0};
    wd_picture_set(picture, &d);
    const wd_panel *p = wd_picture_panel(picture);
    wd_panel_layout layout;
    WdReading reading;
    tap_ok(wd_picture_message(picture) && isnan(p->facet[0].value[0]) &&
               !wd_panel_arrange(p, NULL, 400, 300, &layout, NULL) &&
               !wd_picture_read(picture, 0, 100, 100, &reading),
           "nothing is known: %s", wd_picture_message(picture));
  }
  WdFrame frame = scene_frame(session, STEPS);
  WdFrame pair = {.pair = frame.pair};
  WdPictureDesc d = {
      .kind = WD_PANEL_DIFFERENCE, .look = wd_panel_look_default(WD_PANEL_DIFFERENCE), .frame = &pair};
  wd_picture_set(picture, &d);
  tap_ok(g_strcmp0(wd_picture_message(picture), "not simulated yet") == 0, "a difference waits for F(v)");
  d.fault = "the solver refuses this map";
  wd_picture_set(picture, &d);
  tap_ok(g_strcmp0(wd_picture_message(picture), d.fault) == 0, "or says why there will be none");
  view->place[0].branch = 99;
  set(WD_PANEL_VELOCITY);
  tap_ok(wd_picture_message(picture) != NULL, "a branch that is gone shows nothing");
}

int main(void) {
  picture = wd_picture_new();
  scene_new(STEPS, &session, &view);
  test_histogram();
  test_fields();
  test_velocity();
  test_changes();
  test_nothing();
  wd_picture_free(picture);
  g_object_unref(view);
  g_object_unref(session);
  return tap_done();
}
