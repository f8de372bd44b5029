/* What goes out, from a real session with the shipped model: a branched run is exported as PNG, PDF, SVG,
 * arrays and tables; its PNG's recipe, applied in another session, gives the same pixels; its copied command
 * gives the same latents byte for byte and the same residuals. No display. */
#include "app/apply.h"
#include "app/command_line.h"
#include "app/export.h"
#include "app/import.h"
#include "app/models.h"
#include "app/status_error.h"
#include "solver/npy.h"
#include "solver/segy.h"
#include "tests/app/cli_shell.h"
#include "tests/app/expect.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

typedef gboolean (*Done)(WdSession *session, WdView *view);

static gboolean wait(WdSession *s, WdView *v, Done done, double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
  while (!done(s, v)) {
    if (g_get_monotonic_time() > end) return FALSE;
    g_main_context_iteration(NULL, FALSE);
    g_usleep(2000);
  }
  return TRUE;
}

static gboolean is_idle(WdSession *s, WdView *v) {
  (void)v;
  return wd_session_get_state(s) == WD_SESSION_IDLE;
}

static gboolean is_applied(WdSession *s, WdView *v) {
  return is_idle(s, v) && !wd_apply_is_running(s);
}

/* Every score of the branch on screen in exact mode, and its frame complete. */
static gboolean is_scored(WdSession *s, WdView *v) {
  WdRecording *r = wd_session_get_recording(s);
  const WdPlace at = v->place[0];
  const WdBranch *b = wd_recording_find(r, at.branch);
  WdFrame frame = {0};
  for (int k = 0; b && k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(r, at.branch, k);
    if (!p || !p->exact[WD_WHAT_ESTIMATE] || !p->exact[WD_WHAT_ESTIMATE]->details) return FALSE;
  }
  return b && wd_recording_get_frame(r, at.branch, at.position, v->what, &frame) && frame.pair && frame.exact;
}

static void look(WdSession *s, WdView *v) {
  wd_session_look(s, 0, v->place[0].branch, v->place[0].position, v->what, TRUE);
}

static WdSession *open_session(WdView **view) {
  WdSession *s = wd_session_new();
  WdPolicy policy = *wd_session_get_policy(s);
  policy.score = WD_SCORE_EVERY_STEP;
  policy.exact_rest = TRUE;
  wd_session_set_policy(s, &policy);
  *view = wd_view_new();
  wd_session_open_model(s, "default", "cpu:2");
  if (!wait(s, *view, is_idle, 60)) printf("# the model does not open\n");
  return s;
}

static WdRunRecipe *branched(void) {
  WdRunRecipe *r = wd_run_recipe_new();
  WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  p->seed = 20220;
  p->plan.steps = 4;
  WdRecipe b = *p;
  b.plan = (wd_sampler_plan){WD_SAMPLER_DDIM, 3, 0.7, 0};
  b.new_noise = TRUE;
  b.noise_seed = 99;
  wd_run_recipe_add(r, 2, &b, NULL);
  r->position = 3;
  return r;
}

static gboolean make(WdSession *s, WdView *v, const WdRunRecipe *r) {
  g_autoptr(GError) error = NULL;
  gboolean good = wd_apply_recipe(s, v, r, WD_APPLY_HERE, &error);
  if (good) good = wait(s, v, is_applied, 120);
  look(s, v);
  if (good) good = wait(s, v, is_scored, 240);
  if (error) printf("# %s\n", error->message);
  return good;
}

static char *in(const char *name) {
  return g_build_filename(folder, name, NULL);
}

static const WdFigureOptions options = {.parts = WD_FIGURE_VELOCITY | WD_FIGURE_GATHER |
                                                 WD_FIGURE_DIFFERENCE | WD_FIGURE_TRACES | WD_FIGURE_PLOT,
                                        .dpi = 100};

static gboolean write_figure(WdSession *s, WdView *v, const char *path) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(s, v, 0, &options, &error);
  gboolean good = sheet && wd_figure_sheet_write(sheet, path, &error);
  if (sheet && wd_figure_sheet_missing(sheet)) printf("# missing: %s\n", wd_figure_sheet_missing(sheet));
  if (error) printf("# %s\n", error->message);
  return good;
}

/* ---- figures */

/* The largest value of the population's area in the exported plot; NaN: there is none. */
static double population_top(WdSession *s, WdView *v) {
  const WdFigureOptions plot = {.parts = WD_FIGURE_PLOT};
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(s, v, 0, &plot, NULL);
  const wd_figure *f = sheet ? wd_figure_sheet_get(sheet) : NULL;
  double top = NAN;
  for (int i = 0; f && i < f->items; i++)
    for (int b = 0; f->item[i].curve && b < f->item[i].curve->n_bands; b++) {
      const wd_band *band = &f->item[i].curve->band[b];
      if (!strstr(band->name, "generated")) continue;
      for (int k = 0; k < band->count; k++) top = fmax(top, band->hi[k]);
    }
  return top;
}

/* Behind the curve of x_t lies the band of x_t, as on screen. */
static void population(WdSession *s, WdView *v) {
  const gboolean shown = v->show_population;
  v->show_population = TRUE;
  const double estimate = population_top(s, v);
  v->what = WD_WHAT_STATE;
  v->both = TRUE;
  const double state = population_top(s, v);
  v->what = WD_WHAT_ESTIMATE;
  v->both = FALSE;
  v->show_population = FALSE;
  tap_ok(state > 2 * estimate && isnan(population_top(s, v)),
         "an exported plot has the population of what it shows: up to %.2f of x0-hat, %.2f of x_t", estimate,
         state);
  v->show_population = shown;
}

static void figures(WdSession *s, WdView *v, WdRunRecipe **out) {
  g_autofree char *png = in("a.png"), *pdf = in("a.pdf"), *svg = in("a.svg"), *side = in("a.svg.json");
  g_autoptr(GError) error = NULL;
  tap_ok(write_figure(s, v, png) && write_figure(s, v, pdf) && write_figure(s, v, svg),
         "PNG, PDF and SVG are written");
  population(s, v);
  const char *const path[] = {png, pdf, svg, side};
  g_autoptr(WdRunRecipe) own = wd_export_recipe(s, v, 0);
  g_autofree char *json = wd_run_recipe_to_json(own);
  for (int i = 0; i < 4; i++) {
    g_autoptr(WdImport) im = wd_import_open(&path[i], 1, &error);
    tap_ok(im && im->kind == WD_IMPORT_RECIPE && !strcmp(g_strstrip(im->recipe), json),
           "%s holds the recipe of what is on screen", strrchr(path[i], '/') + 1);
  }
  *out = wd_run_recipe_from_json(json, &error);
  tap_ok(*out && wd_run_recipe_links(*out) == 2 && (*out)->position == 3 && (*out)->view &&
             (*out)->identity[0],
         "run, branch, position, view and the model's identity");
  g_autofree char *bad = in("a.bmp");
  tap_ok(!write_figure(s, v, bad), "another ending is refused");
}

static void same_pixels(const WdRunRecipe *recipe) {
  WdView *v;
  WdSession *s = open_session(&v);
  g_autofree char *png = in("b.png"), *first = in("a.png"), *a = NULL, *b = NULL;
  gsize n = 0, m = 0;
  tap_ok(make(s, v, recipe), "the picture's recipe is applied in a new session");
  gboolean read = write_figure(s, v, png) && g_file_get_contents(first, &a, &n, NULL) &&
                  g_file_get_contents(png, &b, &m, NULL);
  tap_ok(read && n == m && !memcmp(a, b, n), "and exported again: the same file, byte for byte (%zu bytes)",
         (size_t)n);
  tap_ok(v->place[0].position == 3, "the view stands at its step");
  /* Once more as a reference: side A stays where it is. */
  g_autoptr(GError) error = NULL;
  WdPlace before = v->place[0];
  tap_ok(wd_apply_recipe(s, v, recipe, WD_APPLY_REFERENCE, &error) && wait(s, v, is_applied, 120),
         "applied as a reference %s", error ? error->message : "");
  const WdBranch *other = wd_recording_find(wd_session_get_recording(s), v->place[1].branch);
  tap_ok(v->place[0].branch == before.branch && v->place[0].position == before.position && other &&
             other->pinned && v->layout == WD_LAYOUT_COMPARE && v->place[1].branch != before.branch &&
             v->place[1].position == 3,
         "it stands on side B, pinned; side A has not moved");
  g_object_unref(v);
  g_object_unref(s);
}

/* ---- data */

static void data(WdSession *s, WdView *v) {
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) written = NULL;
  guint all = wd_export_data_available(s, v, 0);
  tap_ok((all | WD_DATA_SEGY) == WD_DATA_ALL, "everything can be exported (%u)", all);
  tap_ok(wd_export_data(s, v, 0, all, folder, "d", &written, &error), "data are written %s",
         error ? error->message : "");
  WdRecording *r = wd_session_get_recording(s);
  WdFrame f = {0};
  const WdPlace at = v->place[0];
  wd_recording_get_frame(r, at.branch, at.position, v->what, &f);
  const wd_map *m = &f.pair->velocity;
  tap_ok(cli_same_array(folder, "d_velocity.npy", m->value, (gsize)m->nz * (gsize)m->nx, 4),
         "the velocity map, bit for bit");
  tap_ok(cli_same_array(folder, "d_gathers.npy", f.pair->gathers.value, wd_gather_count(&f.pair->gathers), 4),
         "the gathers");
  tap_ok(cli_same_array(folder, "d_simulated.npy", f.exact->full.value, wd_gather_count(&f.exact->full), 4),
         "F(v), in exact mode");
  gsize one = 0;
  const WdPosition *p = wd_recording_position(r, at.branch, at.position);
  const float *z = g_bytes_get_data(p->latent[v->what], &one);
  tap_ok(cli_same_array(folder, "d_latent.npy", z, one / sizeof *z, 4), "the latent on screen");
  g_autofree float *way = g_malloc(6 * one);
  for (int k = 0; k < 6; k++)
    memcpy((char *)way + (gsize)k * one,
           g_bytes_get_data(wd_recording_position(r, at.branch, k)->latent[WD_WHAT_STATE], NULL), one);
  tap_ok(cli_same_array(folder, "d_latents.npy", way, 6 * one / sizeof *way, 5),
         "x_t of all six positions, the parent's among them");
  if (wd_segy_available()) {
    g_autofree char *path = in("d_gathers.sgy");
    wd_gather g = {0};
    wd_error err = {0};
    tap_ok(!wd_segy_read_gather(path, NULL, &g, NULL, &err) &&
               wd_gather_count(&g) == wd_gather_count(&f.pair->gathers) &&
               !memcmp(g.value, f.pair->gathers.value, wd_gather_count(&g) * sizeof(float)),
           "the gathers as SEG-Y %s", err.message);
    wd_gather_clear(&g);
  }
  g_autofree char *csv_path = in("d_residuals.csv"), *csv = NULL, *json_path = in("d.json");
  g_file_get_contents(csv_path, &csv, NULL, NULL);
  g_auto(GStrv) line = g_strsplit(csv, "\n", -1);
  g_auto(GStrv) head = g_strsplit(line[0], ",", -1);
  tap_ok(g_str_has_prefix(
             line[0], "seed,family,step,timestep,log_snr,kind,reflection_residual,relative_l2,log_norm_mse,"
                      "reflection_share,mode,shot,"),
         "the table begins with the first columns of the command line's");
  gboolean whole = TRUE;
  double value = NAN;
  guint rows = 0;
  for (guint i = 1; line[i] && line[i][0]; i++) {
    g_auto(GStrv) cell = g_strsplit(line[i], ",", -1);
    whole = whole && g_strv_length(cell) == g_strv_length(head);
    rows++;
    if (whole && !strcmp(cell[2], "3") && !strcmp(cell[5], "x0") && !strcmp(cell[10], "exact") &&
        !strcmp(cell[11], "all"))
      value = g_ascii_strtod(cell[6], NULL);
  }
  tap_ok(whole && rows >= 6 * 6, "%u rows, each with %u columns", rows, g_strv_length(head));
  tap_at_most(fabs(value - p->exact[v->what]->value[WD_METRIC_REFLECTION_RESIDUAL]), 1e-8,
              "and the score on screen");
  const char *const one_path = json_path;
  g_autoptr(WdImport) im = wd_import_open(&one_path, 1, NULL);
  tap_ok(im && im->kind == WD_IMPORT_RECIPE && written && written->len >= 7, "the recipe stands beside them");
  g_autofree char *map = wd_export_values(s, v, WD_PANEL_VELOCITY, 0), *gather = NULL;
  g_auto(GStrv) map_line = g_strsplit(map ? map : "", "\n", -1);
  g_auto(GStrv) map_cell = g_strsplit(g_strv_length(map_line) > 5 ? map_line[5] : "", "\t", -1);
  tap_ok(g_strv_length(map_line) == 72 && g_strv_length(map_cell) == 71 &&
             fabs(g_ascii_strtod(map_cell[8], NULL) - m->value[4 * 70 + 7]) < 1e-4,
         "copied values: 70 rows and a head, the right number in the right place");
  v->shot = 2;
  gather = wd_export_values(s, v, WD_PANEL_GATHER, 0);
  tap_ok(gather && g_str_has_prefix(gather, "shot 3: t (ms) \\ x (m)\t0\t10\t"),
         "values of the gather in view");
  v->shot = 0;
  g_autofree char *nowhere = in("no such folder");
  gboolean good = wd_export_data(s, v, 0, WD_DATA_VELOCITY, nowhere, "d", NULL, &error);
  tap_ok(!good && error && strstr(error->message, "no such folder"), "%s", error ? error->message : "");
}

/* ---- the copied command, from the session's own recipe */

static void command(WdSession *s, WdView *v) {
  if (!g_getenv("WD_CLI")) {
    expect_missing("cli", "WD_CLI is not set: no command line to run");
    return;
  }
  g_autoptr(WdRunRecipe) r = wd_export_recipe(s, v, 0);
  g_autofree char *line = wd_command_line(r, "cli");
  tap_ok(cli_shell(folder, line), "the copied command runs");
  WdRecording *rec = wd_session_get_recording(s);
  guint id = v->place[0].branch;
  gsize one = g_bytes_get_size(wd_recording_position(rec, id, 0)->latent[0]);
  for (int what = 0; what < WD_WHATS; what++) {
    g_autofree char *way = g_malloc(6 * one);
    for (int k = 0; k < 6; k++)
      memcpy(way + (gsize)k * one, g_bytes_get_data(wd_recording_position(rec, id, k)->latent[what], NULL),
             one);
    tap_ok(cli_same_array(folder, what ? "cli/latents_steps.npy" : "cli/estimates_steps.npy",
                          (const float *)(gpointer)way, 6 * one / sizeof(float), 5),
           "%s of all positions, byte for byte those of the window", what ? "x_t" : "x0-hat");
  }
  g_autofree char *path = in("cli/residuals.csv"), *csv = NULL;
  g_file_get_contents(path, &csv, NULL, NULL);
  g_auto(GStrv) row = g_strsplit(csv ? csv : "", "\n", -1);
  double worst = 0;
  int found = 0;
  for (guint i = 1; row[i] && row[i][0]; i++) {
    g_auto(GStrv) cell = g_strsplit(row[i], ",", -1);
    if (strcmp(cell[5], "x0") != 0) continue;
    const WdPosition *p = wd_recording_position(rec, id, atoi(cell[2]));
    worst = fmax(worst, fabs(g_ascii_strtod(cell[6], NULL) -
                             p->exact[WD_WHAT_ESTIMATE]->value[WD_METRIC_REFLECTION_RESIDUAL]));
    found++;
  }
  tap_ok(found == 6, "it scored all six positions");
  tap_at_most(worst, 1e-7, "its residuals against those of the window");
  g_autofree char *picture = in("cli-3.png");
  tap_ok(g_file_test(picture, G_FILE_TEST_EXISTS), "and it drew the picture");
}

/* ---- names, and nothing to export */

static void names(void) {
  g_autoptr(WdRunRecipe) r = branched();
  r->model = g_strdup("de/fault");
  g_autoptr(GError) error = NULL;
  g_autofree char *a = wd_export_name(WD_EXPORT_PATTERN, r, "velocity", &error);
  tap_ok(!g_strcmp0(a, "de-fault_20220_ddim-5_003_velocity"), "the default pattern: %s", a);
  g_autofree char *b = wd_export_name("../{what} {family} {branch}{step:05}{", r, NULL, &error);
  tap_ok(!g_strcmp0(b, "_..-x0 any 100003{"), "another: %s", b);
  char *c = wd_export_name("{colour}", r, NULL, &error);
  tap_ok(!c && error && strstr(error->message, "{colour}") && strstr(error->message, "{step:03}"), "%s",
         error ? error->message : "");
  g_clear_error(&error);
  char *d = wd_export_name("{step:x}", r, NULL, &error);
  tap_ok(!d && error, "{step:x} is refused");
}

static void nothing(WdSession *s, WdView *v) {
  g_autoptr(GError) error = NULL;
  WdFigureSheet *sheet = wd_figure_sheet_new(s, v, 0, &options, &error);
  tap_ok(!sheet && error && strstr(error->message, "no run"), "%s", error ? error->message : "");
  tap_ok(!wd_export_recipe(s, v, 0) && !wd_export_data_available(s, v, 0) && !wd_export_values(s, v, 0, 0),
         "nothing to export in an empty session");
  g_clear_error(&error);
  gboolean good = wd_export_data(s, v, 0, WD_DATA_VELOCITY, folder, "x", NULL, &error);
  tap_ok(!good && error, "%s", error ? error->message : "");
}

int main(void) {
  char path[4096];
  wd_error err = {0};
  names();
  if (wd_find_model("default", path, sizeof path, &err)) {
    expect_missing("model", err.message);
    return tap_done();
  }
  folder = g_dir_make_tmp("wd-export-XXXXXX", NULL);
  WdView *v;
  WdSession *s = open_session(&v);
  nothing(s, v);
  g_autoptr(WdRunRecipe) r = branched(), back = NULL;
  v->shot = 0;
  if (tap_ok(make(s, v, r), "a run with a branch, scored in exact mode")) {
    figures(s, v, &back);
    data(s, v);
    command(s, v);
    if (back) same_pixels(back);
  }
  g_object_unref(v);
  g_object_unref(s);
  const char *keep = g_getenv("WD_TEST_PICTURES");
  g_autofree char *act = keep ? g_strdup_printf("cp '%s'/a.* '%s'/; rm -rf '%s'", folder, keep, folder)
                              : g_strdup_printf("rm -rf '%s'", folder);
  if (system(act)) printf("# %s stays\n", folder);
  g_free(folder);
  return tap_done();
}
