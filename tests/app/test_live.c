/* Nothing is a replay that claims to be live: Run is pressed on a seed that nobody saw before, with the
 * shipped weights; the solver has run for every scored step, and what the window plots is, value for value,
 * what `wavediffusion-cli residual` says of the latents that were recorded: in live mode while it runs, and
 * in exact mode at rest. */
#include "tests/app/cli_residual.h"
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/plot_canvas.h"
#include "app/session_private.h"

#include <math.h>
#include <string.h>

enum { STEPS = 6 };

static Ui ui;
static char *folder;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdPlotCanvas *canvas(void) {
  return WD_PLOT_CANVAS(ui_find_type(ui.window, WD_TYPE_PLOT_CANVAS));
}
static gboolean is_idle(gpointer user) {
  (void)user;
  return wd_session_get_state(ui.session) == WD_SESSION_IDLE;
}
static gboolean all_exact(gpointer user) {
  for (int k = 0; k <= STEPS; k++) {
    const WdPosition *p = wd_recording_position(recording(), GPOINTER_TO_UINT(user), k);
    if (!p || !p->exact[WD_WHAT_ESTIMATE] || !p->exact[WD_WHAT_ESTIMATE]->details) return FALSE;
  }
  return is_idle(NULL);
}
static gboolean is_at(gpointer user) {
  return ui.view->place[0].position == GPOINTER_TO_INT(user);
}

/* The value that the window's plot has at step k of x0-hat, of whichever series draws it; NaN: none. */
static double plotted(const WdPlot *plot, guint run, int k) {
  for (int i = 0; i < plot->curve.n_series; i++) {
    const wd_series *s = &plot->curve.series[i];
    for (int j = 0; j < s->count; j++) {
      const WdPlotPoint *p = &plot->point[i][j];
      if (p->branch == run && p->k == k && p->what == WD_WHAT_ESTIMATE && isfinite(s->y[j])) return s->y[j];
    }
  }
  return NAN;
}

/* Clicks where the command line's residual of step k stands on the plot, from step 0. */
static void click_step(json_t *o, guint run, int k, const char *what) {
  double x, y;
  GtkWidget *w = GTK_WIDGET(canvas());
  wd_view_go(ui.view, recording(), 0, run, 0);
  ui_settle(&ui);
  const gboolean drawn =
      wd_plot_canvas_at(canvas(), run, k, cli_residual_of(o, k, "reflection_residual"), &x, &y);
  tap_ok(drawn && ui_click(w, x / gtk_widget_get_width(w), y / gtk_widget_get_height(w), 1) &&
             ui_wait(is_at, GINT_TO_POINTER(k), 5),
         "%s", what);
}

/* Every figure of the menu that the command line gives too. */
static void against_command_line(guint run, const char *mode) {
  static const int metrics[] = {WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2, WD_METRIC_LOG_NORM_MSE};
  const WdModelInfo *model = wd_session_get_model(ui.session);
  GBytes *latent[STEPS + 1];
  for (int k = 0; k <= STEPS; k++)
    latent[k] = wd_recording_position(recording(), run, k)->latent[WD_WHAT_ESTIMATE];
  json_t *o = cli_residual(model->folder, folder, latent, STEPS + 1, model->latent, mode);
  for (gsize m = 0; m < G_N_ELEMENTS(metrics); m++) {
    gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "plot-metric")), (guint)metrics[m]);
    ui_settle(&ui);
    const WdPlotDesc desc = wd_plot_canvas_desc(canvas());
    WdPlot *plot = wd_plot_new(&desc);
    double worst = o && ui.view->metric == metrics[m] ? 0 : NAN;
    for (int k = 0; k <= STEPS && o; k++) {
      const double y = cli_residual_of(o, k, wd_score_get_info(metrics[m])->key);
      const double d = fabs(plotted(plot, run, k) - y) / fabs(y);
      if (!(d <= worst)) worst = d;
    }
    g_autofree char *what =
        g_strdup_printf("%s, plotted of %d steps in %s mode, against the command line, worst relative",
                        wd_score_get_info(metrics[m])->title, STEPS + 1, mode);
    tap_at_most(worst, 2e-9, what);
    wd_plot_free(plot);
  }
  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "plot-metric")), WD_METRIC_REFLECTION_RESIDUAL);
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  /* And it is drawn there: a click where the command line says that a step is goes to that step. */
  const int clicked[] = {1, STEPS - 2, STEPS};
  for (gsize i = 0; i < G_N_ELEMENTS(clicked) && o; i++) {
    g_autofree char *what = g_strdup_printf(
        "a click where the command line's value of step %d stands goes to that step", clicked[i]);
    click_step(o, run, clicked[i], what);
  }
  /* Also where the epsilon line runs over it, which a drag still moves. */
  const double y = cli_residual_of(o, STEPS - 1, "reflection_residual");
  ui.view->epsilon = y;
  wd_view_changed(ui.view, WD_VIEW_PLOT);
  click_step(o, run, STEPS - 1, "a click on a step under the epsilon line goes to that step");
  tap_ok(ui.view->epsilon == y, "and leaves the line where it is");
  ui.view->epsilon = NAN;
  wd_view_changed(ui.view, WD_VIEW_PLOT);
  json_decref(o);
}

int main(void) {
  static const char *const settings[] = {"exact-rest", "false", NULL};
  ui_need_display();
  folder = g_dir_make_tmp("wd-live-XXXXXX", NULL);
  if (!g_getenv("WD_CLI")) {
    expect_missing("cli", "no command line to compare with (WD_CLI)");
    return tap_done();
  }
  ui_start(&ui, NULL, 1400, 900, settings);
  if (!ui_wait_model(&ui, 120)) {
    expect_missing("model", "the shipped model does not load");
    ui_stop(&ui);
    return tap_done();
  }
  const guint64 seed = (guint64)g_get_real_time();
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, seed);
  ui.view->next.plan.steps = STEPS;
  ui_click(ui_find(ui.window, "seed"), 0.3, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, text);
  const guint64 before = wd_engine_simulations(ui.session->engine);
  tap_ok(before == 0, "nothing was simulated before");
  tap_ok(ui_click(ui_find(ui.window, "run"), 0.5, 0.5, 1) && ui_wait_state(&ui, WD_SESSION_RUNNING, 10),
         "Run is pressed on seed %s", text);
  tap_ok(ui_wait(is_idle, NULL, 300), "and comes to its end");
  ui_settle(&ui);
  const guint run = ui.view->place[0].branch;
  const WdBranch *b = wd_recording_find(recording(), run);
  int live = 0;
  for (int k = 0; b && k <= STEPS; k++) {
    const WdPosition *p = wd_recording_position(recording(), run, k);
    live += p && p->live[WD_WHAT_ESTIMATE] != NULL && p->exact[WD_WHAT_ESTIMATE] == NULL;
  }
  tap_ok(b && b->recipe.seed == seed && wd_branch_last(b) == STEPS && live == STEPS + 1,
         "the run of that seed has %d scored steps", live);
  const guint64 made = wd_engine_simulations(ui.session->engine);
  tap_ok(made == (guint64)live, "the solver ran once for each of them: %d times", (int)made);
  if (live == STEPS + 1) {
    against_command_line(run, "live");
    ui_keep(&ui, "live");
    g_settings_set_boolean(wd_window_get_settings(ui.window), "exact-rest", TRUE);
    wd_view_go(ui.view, recording(), 0, run, STEPS);
    tap_ok(ui_wait(all_exact, GUINT_TO_POINTER(run), 300), "at rest every step is scored in exact mode");
    ui_settle(&ui);
    const int exact = (int)(wd_engine_simulations(ui.session->engine) - made);
    tap_ok(exact == STEPS + 1, "by one more call of the solver for each: %d", exact);
    against_command_line(run, "exact");
    ui_keep(&ui, "live-exact");
  }
  ui_stop(&ui);
  g_rmdir(folder);
  g_free(folder);
  return tap_done();
}
