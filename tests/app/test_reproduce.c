/* "Copy as command" reproduces what is on screen. A session with the shipped model is brought to a state as a
 * person would bring it there (a sampled run, a noisy state, a run refined twice, a comparison of two
 * branches), with displays of its own; the copied lines are run by a shell in a folder; and what they write
 * is compared with what the window shows: map and gathers byte for byte, the residual, and every pixel of the
 * panels. WD_CLI is the program. No display. */
#include "app/apply.h"
#include "app/command_line.h"
#include "app/export.h"
#include "solver/npy.h"
#include "tests/app/cli_shell.h"
#include "tests/app/expect.h"
#include "tests/tap.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static WdSession *session;
static WdView *view;

static gboolean wait(gboolean (*done)(void), double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
  while (!done()) {
    if (g_get_monotonic_time() > end) return FALSE;
    g_main_context_iteration(NULL, FALSE);
    g_usleep(2000);
  }
  return TRUE;
}

static gboolean is_idle(void) {
  return wd_session_get_state(session) == WD_SESSION_IDLE && !wd_apply_is_running(session);
}

static WdRecording *recording(void) {
  return wd_session_get_recording(session);
}

/* At rest: all that is on screen is made, in exact mode. */
static gboolean is_at_rest(void) {
  for (int side = 0; side < 2; side++) {
    const WdPlace at = view->place[side];
    const WdBranch *b = wd_recording_find(recording(), at.branch);
    if (!b) continue;
    WdFrame f = {0};
    if (!wd_recording_get_frame(recording(), at.branch, at.position, view->what, &f) || !f.pair || !f.exact)
      return FALSE;
    const WdPosition *here = wd_recording_position(recording(), at.branch, at.position);
    if (!here->exact[view->what] || !here->exact[view->what]->details) return FALSE;
    for (int k = 0; k <= wd_branch_last(b); k++) {
      const WdPosition *p = wd_recording_position(recording(), at.branch, k);
      if (!p->exact[WD_WHAT_ESTIMATE] || !p->exact[WD_WHAT_ESTIMATE]->details) return FALSE;
    }
  }
  return TRUE;
}

static gboolean rest(void) {
  for (int side = 0; side < 2; side++)
    wd_session_look(session, side, view->place[side].branch, view->place[side].position, view->what, TRUE);
  return wait(is_at_rest, 500);
}

/* The only row of OUT/residuals.csv. */
static double printed(const char *out) {
  g_autofree char *path = g_build_filename(folder, out, "residuals.csv", NULL), *csv = NULL;
  g_file_get_contents(path, &csv, NULL, NULL);
  g_auto(GStrv) line = g_strsplit(csv ? csv : "", "\n", -1);
  if (g_strv_length(line) < 2) return NAN;
  g_auto(GStrv) head = g_strsplit(line[0], ",", -1);
  g_auto(GStrv) cell = g_strsplit(line[1], ",", -1);
  for (int i = 0; head[i] && cell[i]; i++)
    if (!strcmp(head[i], "reflection_residual")) return g_ascii_strtod(cell[i], NULL);
  return NAN;
}

static void same_numbers(int side, const char *out) {
  const WdPlace at = view->place[side];
  WdFrame f = {0};
  wd_recording_get_frame(recording(), at.branch, at.position, view->what, &f);
  const wd_map *m = &f.pair->velocity;
  g_autofree char *made = g_build_filename(folder, out, NULL);
  tap_ok(cli_same_array(made, "velocity.npy", m->value, (gsize)m->nz * (gsize)m->nx, 0) &&
             cli_same_array(made, "seismic.npy", f.pair->gathers.value, wd_gather_count(&f.pair->gathers), 0),
         "%s: map and gathers on screen, byte for byte", out);
  const WdPosition *p = wd_recording_position(recording(), at.branch, at.position);
  const double own = p->exact[view->what]->value[WD_METRIC_REFLECTION_RESIDUAL];
  tap_at_most(fabs(printed(out) - own), 1e-7 * own, "and their residual");
}

/* How many pixels differ; -1: one of the two is not there, or of another size. */
static int different(const char *a, const char *b) {
  g_autofree char *pa = g_build_filename(folder, a, NULL), *pb = g_build_filename(folder, b, NULL);
  cairo_surface_t *s = cairo_image_surface_create_from_png(pa), *t = cairo_image_surface_create_from_png(pb);
  const int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
  int n = -1;
  if (w > 0 && cairo_image_surface_get_width(t) == w && cairo_image_surface_get_height(t) == h) {
    n = 0;
    for (int y = 0; y < h; y++) {
      const guchar *p = cairo_image_surface_get_data(s) + (gsize)y * (gsize)cairo_image_surface_get_stride(s),
                   *q = cairo_image_surface_get_data(t) + (gsize)y * (gsize)cairo_image_surface_get_stride(t);
      for (int x = 0; x < w; x++) n += memcmp(p + 4 * x, q + 4 * x, 3) != 0;
    }
  } else {
    printf("# %s is %d x %d, %s is %d x %d\n", a, w, h, b, cairo_image_surface_get_width(t),
           cairo_image_surface_get_height(t));
  }
  cairo_surface_destroy(s);
  cairo_surface_destroy(t);
  return n;
}

static gboolean draw(guint parts, const char *name) {
  g_autofree char *path = g_build_filename(folder, name, NULL);
  /* All shots in a third of the page would have no room: the command asks for a wider one. */
  const WdFigureOptions o = {
      .parts = parts, .both = view->layout == WD_LAYOUT_COMPARE, .width_mm = view->shot < 0 ? 340 : 0};
  g_autoptr(GError) error = NULL;
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(session, view, 0, &o, &error);
  if (sheet && wd_figure_sheet_missing(sheet)) printf("# missing: %s\n", wd_figure_sheet_missing(sheet));
  return sheet && !wd_figure_sheet_missing(sheet) && wd_figure_sheet_write(sheet, path, &error);
}

enum {
  FIRST_ROW = WD_FIGURE_VELOCITY | WD_FIGURE_GATHER,
  SECOND_ROW = WD_FIGURE_SIMULATED | WD_FIGURE_DIFFERENCE | WD_FIGURE_TRACES
};

/* Copies the command, runs it, and compares. out: the folder of A's pair. */
static void reproduces(const char *name, guint parts, const char *out, const char *beside) {
  g_autofree char *window = g_strconcat(name, "-window.png", NULL), *picture = g_strconcat(out, ".png", NULL);
  tap_ok(rest() && draw(parts, window), "%s: what is on screen", name);
  g_autoptr(WdRunRecipe) r = wd_export_recipe(session, view, 0);
  g_autofree char *line = wd_command_line(r, name);
  tap_ok(cli_shell(folder, line), "%s: the copied command runs", name);
  same_numbers(0, out);
  if (beside) same_numbers(1, beside);
  const int n = different(window, picture);
  tap_ok(n == 0, "%s: every pixel of its panels (%d differ)", name, n);
}

static WdRecipe plan(guint64 seed, int steps) {
  return (WdRecipe){.seed = seed, .family = -1, .plan = {.kind = WD_SAMPLER_DPMPP_2M, .steps = steps}};
}

static guint run(guint64 seed, int steps) {
  const WdRecipe recipe = plan(seed, steps);
  g_autoptr(GError) error = NULL;
  const guint id = wd_session_run(session, &recipe, &error);
  tap_ok(id && wait(is_idle, 300), "a run of seed %d%s", (int)seed, error ? error->message : "");
  return id;
}

static void go(int side, guint branch, int k) {
  wd_view_go(view, recording(), side, branch, k);
}

static void fresh_view(void) {
  g_object_unref(view);
  view = wd_view_new();
}

static void sampled(guint id) {
  fresh_view();
  go(0, id, 2);
  view->second_row = TRUE;
  view->shot = 2;
  view->difference = 5;
  view->source = WD_SOURCE_SPLIT;
  view->look[WD_PANEL_VELOCITY].colormap = WD_COLORMAP_VIRIDIS;
  view->look[WD_PANEL_VELOCITY].smooth = TRUE;
  view->look[WD_PANEL_GATHER].colormap = WD_COLORMAP_SEISMIC;
  view->look[WD_PANEL_GATHER].gain = 6;
  view->look[WD_PANEL_GATHER].clip = 95;
  view->look[WD_PANEL_SIMULATED].mode = WD_PANEL_WIGGLE;
  view->look[WD_PANEL_DIFFERENCE].display.agc = 0.1;
  view->metric = WD_METRIC_RELATIVE_L2;
  reproduces("sampled", FIRST_ROW | SECOND_ROW | WD_FIGURE_PLOT, "sampled-2", NULL);
}

static void noisy(guint id) {
  fresh_view();
  go(0, id, 1);
  view->what = WD_WHAT_STATE;
  view->shot = -1;
  view->look[WD_PANEL_GATHER].scope = WD_SCOPE_STEP;
  view->linear = TRUE;
  reproduces("noisy", FIRST_ROW | SECOND_ROW | WD_FIGURE_PLOT, "noisy-xt1", NULL);
}

/* By live gradients, then again, which begins anew, by exact ones: though runs are scored live now. */
static void refined(void) {
  const guint id = run(20223, 2);
  g_autoptr(GError) error = NULL;
  tap_ok(wd_session_refine_in(session, id, 2, 0.02, WD_WAVE_LIVE, &error) && wait(is_idle, 300) &&
             wd_session_refine_in(session, id, 1, 0.05, WD_WAVE_EXACT, &error) && wait(is_idle, 300),
         "refined by two steps and by one%s", error ? error->message : "");
  fresh_view();
  go(0, id, 5);
  view->enlarged = WD_PANEL_DIFFERENCE;
  g_autoptr(WdRunRecipe) r = wd_export_recipe(session, view, 0);
  const WdRefineLeg one = wd_run_link_leg(wd_run_recipe_link(r, 0), 0),
                    two = wd_run_link_leg(wd_run_recipe_link(r, 0), 1);
  tap_ok(one.steps == 2 && one.rate == 0.02 && one.mode == WD_WAVE_LIVE && two.steps == 1 &&
             two.rate == 0.05 && two.mode == WD_WAVE_EXACT && r->position == 5,
         "the branch keeps how each was made");
  reproduces("refined", WD_FIGURE_DIFFERENCE, "refined-5", NULL);
  /* The same out of a file, as it comes back. */
  g_autofree char *path = g_build_filename(folder, "refined.wdrun", NULL), *json = wd_run_recipe_to_json(r);
  g_autoptr(WdRecording) back = wd_recording_save(recording(), path, FALSE, NULL, &error)
                                    ? wd_recording_load(path, NULL, &error)
                                    : NULL;
  g_autoptr(WdRunRecipe) again = back ? wd_run_recipe_of(back, id, 5, WD_WHAT_ESTIMATE) : NULL;
  const WdRefineLeg kept = again ? wd_run_link_leg(wd_run_recipe_link(again, 0), 1) : (WdRefineLeg){0};
  tap_ok(kept.steps == 1 && kept.rate == 0.05 && kept.mode == WD_WAVE_EXACT, "and so does a file of it%s",
         error ? error->message : "");
  g_autoptr(WdRunRecipe) parsed = wd_run_recipe_from_json(json, &error);
  const WdRefineLeg read = parsed ? wd_run_link_leg(wd_run_recipe_link(parsed, 0), 1) : (WdRefineLeg){0};
  tap_ok(read.steps == 1 && read.rate == 0.05 && read.mode == WD_WAVE_EXACT, "and a recipe%s",
         error ? error->message : "");
}

static void compared(guint id) {
  WdRecipe other = plan(20222, 2);
  other.plan = (wd_sampler_plan){WD_SAMPLER_DDIM, 2, 0.5, 0};
  other.new_noise = TRUE;
  other.noise_seed = 7;
  g_autoptr(GError) error = NULL;
  const guint branch = wd_session_branch(session, id, 1, &other, NULL, &error);
  tap_ok(branch && wait(is_idle, 300), "a branch%s", error ? error->message : "");
  fresh_view();
  view->layout = WD_LAYOUT_COMPARE;
  view->second_row = TRUE;
  view->shot = 0;
  view->look[WD_PANEL_GATHER].mode = WD_PANEL_AREA;
  go(0, id, 3);
  go(1, branch, 2);
  reproduces("compare", FIRST_ROW | WD_FIGURE_DIFFERENCE | WD_FIGURE_PLOT, "compare-3", "compare-b-2");
}

int main(void) {
  if (!g_getenv("WD_CLI") || !g_getenv("WD_CLI_RENDERS")) {
    expect_missing("render", "there is no command line that draws");
    return tap_done();
  }
  folder = g_dir_make_tmp("wd-reproduce-XXXXXX", NULL);
  session = wd_session_new();
  view = wd_view_new();
  WdPolicy policy = *wd_session_get_policy(session);
  policy.score = WD_SCORE_EVERY_STEP;
  policy.exact_rest = TRUE;
  wd_session_set_policy(session, &policy);
  wd_session_open_model(session, "default", "cpu:2");
  if (tap_ok(wait(is_idle, 120), "the shipped model opens")) {
    const guint id = run(20222, 3);
    sampled(id);
    noisy(id);
    refined();
    compared(id);
  }
  g_object_unref(view);
  g_object_unref(session);
  g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
  if (!g_getenv("WD_KEEP") && system(remove)) printf("# %s stays\n", folder);
  if (g_getenv("WD_KEEP")) printf("# %s\n", folder);
  return tap_done();
}
