/* Timeline, residual plot and sidebar as a person uses them: mouse and keys through the X server, on the
 * whole window, with the shipped model and real runs. */
#include "app/plot_canvas.h"
#include "app/recording_private.h"
#include "app/timeline_canvas.h"
#include "tests/app/ui.h"

#include <math.h>
#include <string.h>
#include <time.h>

static Ui ui;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdPlace at(void) {
  return ui.view->place[0];
}
static int last(guint id) {
  const WdBranch *b = wd_recording_find(recording(), id);
  return b ? wd_branch_last(b) : -1;
}
static WdTimelineCanvas *lanes(void) {
  return WD_TIMELINE_CANVAS(ui_find_type(ui.window, WD_TYPE_TIMELINE_CANVAS));
}

/* A tick's middle as fractions of the canvas. */
static gboolean tick(guint id, int k, double *fx, double *fy) {
  double x, y;
  GtkWidget *w = GTK_WIDGET(lanes());
  if (!wd_timeline_canvas_tick(lanes(), id, k, &x, &y)) return FALSE;
  *fx = x / gtk_widget_get_width(w);
  *fy = y / gtk_widget_get_height(w);
  return TRUE;
}
static gboolean click_tick(guint id, int k) {
  double fx, fy;
  gboolean ok = tick(id, k, &fx, &fy) && ui_click(GTK_WIDGET(lanes()), fx, fy, 1);
  ui_settle(&ui);
  return ok;
}

static gboolean is_idle(gpointer user) {
  (void)user;
  return wd_session_get_state(ui.session) == WD_SESSION_IDLE;
}
static gboolean reached(gpointer user) {
  return last(at().branch) >= GPOINTER_TO_INT(user) && is_idle(NULL);
}

/* What of a drag the view told. */
static struct { int scrubbed, rested, most, least; } drag;
static void on_view(WdView *view, guint parts, gpointer user) {
  (void)user;
  if (!(parts & WD_VIEW_PLACE)) return;
  *(view->scrubbing ? &drag.scrubbed : &drag.rested) += 1;
  drag.most = MAX(drag.most, view->place[0].position);
  drag.least = MIN(drag.least, view->place[0].position);
}

static void test_clicks(guint run) {
  tap_ok(click_tick(run, 3) && at().branch == run && at().position == 3,
         "a click on tick 3 goes to step 3 (%d)", at().position);
  tap_ok(click_tick(run, 0) && at().position == 0, "a click on the first goes to the noise");
  tap_ok(click_tick(run, 8) && at().position == 8, "a click on the last goes to the data");
  tap_ok(gtk_widget_has_focus(GTK_WIDGET(lanes())), "and the keyboard is the timeline's");
  ui_key(&ui, "Left");
  ui_settle(&ui);
  tap_ok(at().position == 7, "Left: one step back (%d)", at().position);
  ui_key(&ui, "Home");
  ui_settle(&ui);
  tap_ok(at().position == 0, "Home: the noise");
  ui_key(&ui, "Right");
  ui_key(&ui, "Right");
  ui_settle(&ui);
  tap_ok(at().position == 2, "Right twice: step 2 (%d)", at().position);
  ui_key(&ui, "End");
  ui_settle(&ui);
  tap_ok(at().position == 8, "End: the data");
}

static void test_drag(guint run) {
  double x0, y, x1;
  tick(run, 2, &x0, &y);
  tick(run, 6, &x1, &y);
  memset(&drag, 0, sizeof drag);
  drag.least = 99;
  gulong handler = g_signal_connect(ui.view, "changed", G_CALLBACK(on_view), NULL);
  ui_drag(GTK_WIDGET(lanes()), x0, y, x1, y, 12);
  ui_settle(&ui);
  tap_ok(at().position == 6 && !ui.view->scrubbing, "a drag from tick 2 to tick 6 ends at 6, at rest (%d)",
         at().position);
  tap_ok(drag.scrubbed >= 3 && drag.rested >= 1 && drag.least >= 2 && drag.most == 6,
         "on its way it scrubs (%d places told while scrubbing)", drag.scrubbed);
  click_tick(run, 2);
  ui_key_down(&ui, "shift");
  ui_drag(GTK_WIDGET(lanes()), x0, y, x1, y, 12);
  ui_key_up(&ui, "shift");
  ui_settle(&ui);
  tap_ok(at().position == 3 || at().position == 2, "with Shift it is five times finer: from 2 to %d",
         at().position);
  g_signal_handler_disconnect(ui.view, handler);
}

static void test_buttons(guint run) {
  click_tick(run, 4);
  ui_click(ui_find(ui.window, "step-forward"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(at().position == 5, "> goes on");
  ui_click(ui_find(ui.window, "step-back"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(at().position == 4, "< goes back");
  ui_click(ui_find(ui.window, "first"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(at().position == 0, "|< goes to the noise");
  ui_click(ui_find(ui.window, "last"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(at().position == 8, ">| goes to the data");
}

/* ---- play */

static gint64 seen[512];
static int seen_at[512], plays;
static void on_play(WdView *view, guint parts, gpointer user) {
  (void)user;
  if (!(parts & WD_VIEW_PLACE) || plays >= 512) return;
  seen[plays] = g_get_monotonic_time();
  seen_at[plays++] = view->place[0].position;
}
/* Frames in which another step stood than in the one before. */
static int painted, painted_at;
static void on_paint(GdkFrameClock *clock, gpointer user) {
  (void)clock, (void)user;
  painted += at().position != painted_at;
  painted_at = at().position;
}
/* Seconds that this thread was ready to run and others had the processors: no time of ours. */
static double kept_waiting(void) {
  g_autofree char *text = NULL;
  guint64 ran, waited;
  if (!g_file_get_contents("/proc/thread-self/schedstat", &text, NULL, NULL) ||
      sscanf(text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &ran, &waited) != 2)
    return 0;
  return 1e-9 * (double)waited;
}
static double own_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
/* Two seconds of what plays. Others make each step dearer, never cheaper: the best of a few spells counts.
 * How many steps come in a second says something of us only where the processors were ours. */
static void play_spell(double *best, double *least) {
  GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(ui.window));
  const gulong paints = g_signal_connect(clock, "after-paint", G_CALLBACK(on_paint), NULL);
  painted = 0;
  painted_at = at().position;
  double cpu = own_seconds(), waited = kept_waiting(), wall = (double)g_get_monotonic_time() * 1e-6;
  ui_run(2);
  cpu = own_seconds() - cpu;
  waited = kept_waiting() - waited;
  wall = (double)g_get_monotonic_time() * 1e-6 - wall;
  g_signal_handler_disconnect(clock, paints);
  printf("# %d steps painted in %.2f s, of which %.2f s waiting for a processor, %.2f s of processor time\n",
         painted, wall, waited, cpu);
  if (waited < 0.05 * wall) *best = fmax(*best, painted / (wall - waited));
  *least = fmin(*least, 1000 * cpu / MAX(painted, 1));
}
static gboolean stopped(gpointer user) {
  (void)user;
  return !ui.view->playing;
}

static void test_play(guint run) {
  ui.view->fps = 30;
  ui.view->loop = TRUE;
  wd_view_changed(ui.view, WD_VIEW_PLAY);
  click_tick(run, 0);
  for (int k = 0; k <= 8; k++) { /* what is played is at hand */
    click_tick(run, k);
    ui_run(0.15);
  }
  ui_wait(is_idle, NULL, 30);
  plays = 0;
  gulong handler = g_signal_connect(ui.view, "changed", G_CALLBACK(on_play), NULL);
  ui_click(ui_find(ui.window, "play"), 0.5, 0.5, 1);
  double best = NAN, least = INFINITY;
  for (int spell = 0; spell < 3; spell++) play_spell(&best, &least);
  tap_ok(ui.view->playing, "it plays");
  ui_click(ui_find(ui.window, "play"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(!ui.view->playing, "and pauses");
  int n = MIN(plays, 512), leaps = 0;
  for (int i = 1; i < n; i++) {
    int next = seen_at[i - 1] == 8 ? 0 : seen_at[i - 1] + 1;
    leaps += seen_at[i] != next && seen_at[i] != seen_at[i - 1];
  }
  double rate = n > 1 ? (n - 1) * 1e6 / (double)(seen[n - 1] - seen[0]) : 0;
  printf(
      "# asked for 30 steps a second: %.1f shown a second, %d places, %d leaps where the machine was late\n",
      rate, n, leaps);
  tap_ok(n >= 2 && rate < 33, "steps are shown, at most 30 a second (%.1f)", rate);
  /* OpenGL in software paints in threads of its own, which are not counted here; where there is no GPU the
   * window does without it (app/renderer.h). */
  if (!g_strcmp0(g_getenv("WD_GL_MODE"), "nogl")) {
    if (isfinite(best))
      tap_ok(best >= 29, "steps painted in a second: %.1f (30 asked, at least 29)", best);
    else
      tap_skip(
          "steps a second: others had the processors all the while; their price in processor time counts");
  }
  tap_at_most(least, 1000.0 / 30, "processor time of the window's thread a painted step, ms");
  g_signal_handler_disconnect(ui.view, handler);
  ui.view->loop = FALSE;
  ui.view->fps = 20;
  wd_view_changed(ui.view, WD_VIEW_PLAY);
  click_tick(run, 8);
  ui_click(ui_find(ui.window, "play"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(ui_wait(stopped, NULL, 20) && at().position == 8,
         "from the end it plays once from the noise, and stops at the data");
}

/* ---- making what is missing */

static void test_missing(void) {
  g_autoptr(GError) error = NULL;
  WdRecipe recipe = {.seed = 5, .family = -1, .plan = {.steps = 12}};
  guint id = wd_session_run(ui.session, &recipe, &error);
  tap_ok(id != 0, "another run begins%s%s", error ? ": " : "", error ? error->message : "");
  wd_view_go(ui.view, recording(), 0, id, 0);
  wd_session_stop(ui.session);
  ui_wait(is_idle, NULL, 20);
  int made = last(id);
  tap_ok(made < 12, "and is stopped at step %d", made);
  int to = MAX(made + 2, 4);
  ui_settle(&ui);
  tap_ok(click_tick(id, to), "a hollow tick is clicked: %d", to);
  ui_wait(reached, GINT_TO_POINTER(to), 60);
  ui_settle(&ui);
  tap_ok(last(id) == to, "the run goes on to there (%d)", last(id));
  tap_ok(at().position == to, "and is followed (%d)", at().position);
  ui_click(ui_find(ui.window, "make-step"), 0.5, 0.5, 1);
  ui_wait(reached, GINT_TO_POINTER(to + 1), 60);
  tap_ok(last(id) == to + 1, "Step makes one more (%d)", last(id));
  ui_wait(is_idle, NULL, 20);
  ui_settle(&ui);
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "End");
  ui_key(&ui, "period");
  ui_wait(reached, GINT_TO_POINTER(to + 2), 60);
  ui_wait(is_idle, NULL, 20);
  ui_settle(&ui);
  tap_ok(last(id) == to + 2 && at().position == to + 2, "so does . at the last one (%d)", last(id));
  ui_key(&ui, "Right");
  ui_run(0.5);
  ui_settle(&ui);
  tap_ok(last(id) == to + 2, "but not the arrow, which may be held");
  ui_click(ui_find(ui.window, "run-on"), 0.5, 0.5, 1);
  ui_wait(reached, GINT_TO_POINTER(12), 60);
  ui_settle(&ui);
  tap_ok(last(id) == 12, "Run on makes the rest (%d)", last(id));
  tap_ok(!gtk_widget_get_sensitive(ui_find(ui.window, "run-on")), "and has nothing more to do then");
}

/* A run can be begun by steps: the noise first, and each step when it is asked for. */
static void test_begin(void) {
  const guint before = wd_recording_count(recording());
  ui_wait(is_idle, NULL, 20);
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "ctrl+shift+Return");
  ui_run(0.3);
  ui_wait(is_idle, NULL, 60);
  ui_settle(&ui);
  const guint id = at().branch;
  tap_ok(wd_recording_count(recording()) == before + 1 && last(id) == 0 && at().position == 0,
         "Ctrl+Shift+Return begins a run with its noise alone (%d)", last(id));
  for (int k = 1; k <= 2; k++) {
    ui_key(&ui, "period");
    ui_wait(reached, GINT_TO_POINTER(k), 60);
    ui_wait(is_idle, NULL, 20);
    ui_settle(&ui);
  }
  tap_ok(last(id) == 2 && at().position == 2, ". makes one step after the other (%d)", last(id));
}

static gboolean listed(guint id, GtkWidget **button) {
  GtkWidget *list = ui_find(ui.window, "branches");
  for (guint i = 0; i < wd_recording_count(recording()); i++) {
    GtkListBoxRow *row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(list), (int)i);
    if (wd_recording_nth(recording(), i)->id == id && row)
      *button = ui_find(GTK_WIDGET(row), "branch-delete");
  }
  return *button != NULL;
}

/* The list's bin: gone with its branch at a click, and all of it back with Ctrl+Z. */
static void test_delete(guint run) {
  GtkWidget *button = NULL;
  const guint before = wd_recording_count(recording());
  GBytes *noise = wd_recording_position(recording(), run, 0)->latent[WD_WHAT_STATE];
  tap_ok(listed(run, &button) && ui_click(button, 0.5, 0.5, 1), "the first run's bin is clicked");
  ui_settle(&ui);
  tap_ok(wd_recording_count(recording()) == before - 2 && !wd_recording_find(recording(), run) &&
             at().branch != run,
         "it goes with its branch, and another is shown");
  ui_keep(&ui, "deleted");
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "ctrl+z");
  ui_settle(&ui);
  tap_ok(wd_recording_count(recording()) == before && wd_recording_find(recording(), run) &&
             wd_recording_position(recording(), run, 0)->latent[WD_WHAT_STATE] == noise && at().branch == run,
         "Ctrl+Z brings both back, and shows it");
  ui_key(&ui, "ctrl+shift+z");
  ui_settle(&ui);
  tap_ok(wd_recording_count(recording()) == before - 2, "Ctrl+Shift+Z deletes them again");
  g_autoptr(WdRecording) own = g_object_ref(recording());
  g_autoptr(WdRecording) other = wd_recording_new();
  wd_session_set_recording(ui.session, other); /* as a lesson does */
  ui_settle(&ui);
  wd_session_set_recording(ui.session, own);
  ui_settle(&ui);
  ui_key(&ui, "ctrl+z");
  ui_settle(&ui);
  tap_ok(wd_recording_count(recording()) == before, "and Ctrl+Z brings them back again");
}

static void test_branch(guint run) {
  click_tick(run, 3);
  guint before = wd_recording_count(recording());
  ui_click(ui_find(ui.window, "branch"), 0.4, 0.5, 1);
  ui_run(0.5);
  GtkWidget *button = NULL;
  GtkWidget *popover = GTK_WIDGET(gtk_menu_button_get_popover(GTK_MENU_BUTTON(ui_find(ui.window, "branch"))));
  tap_ok(gtk_widget_get_mapped(popover), "Branch here asks how");
  GtkWidget *box = gtk_popover_get_child(GTK_POPOVER(popover));
  for (GtkWidget *w = gtk_widget_get_first_child(box); w; w = gtk_widget_get_next_sibling(w))
    if (GTK_IS_BUTTON(w)) button = w;
  tap_ok(button && gtk_widget_get_sensitive(button), "and can be done");
  if (button) g_signal_emit_by_name(button, "clicked");
  ui_run(0.2);
  ui_wait(is_idle, NULL, 60);
  ui_settle(&ui);
  const WdBranch *b = wd_recording_find(recording(), at().branch);
  tap_ok(wd_recording_count(recording()) == before + 1 && b && b->parent == run && b->parent_at == 3 &&
             wd_branch_last(b) == 8,
         "a branch left at step 3 and went to the data");
  int columns = (int)wd_timeline_canvas_lanes(lanes())->len;
  tap_ok(columns == 2, "the timeline has %d lanes", columns);
  tap_ok(click_tick(run, 5) && at().branch == run && at().position == 5,
         "a click in the other lane goes to the run again");
  ui_keep(&ui, "timeline-branch");
}

/* ---- the plot */

static GtkWidget *plot(void) {
  return ui_find_type(ui.window, WD_TYPE_PLOT_CANVAS);
}

static gboolean all_scored(gpointer user) {
  const guint run = GPOINTER_TO_UINT(user);
  for (int k = 0; k <= 8; k++) {
    const WdPosition *p = wd_recording_position(recording(), run, k);
    if (!p || !wd_position_score(p, WD_WHAT_ESTIMATE)) return FALSE;
  }
  return TRUE;
}

static gboolean has_table(gpointer user) {
  (void)user;
  return ui_find_type(ui.window, GTK_TYPE_COLUMN_VIEW) != NULL;
}

static void test_plot(guint run) {
  tap_ok(ui_wait(all_scored, GUINT_TO_POINTER(run), 60), "every step is scored");
  click_tick(run, 1);
  ui_settle(&ui);
  WdPlotCanvas *c = WD_PLOT_CANVAS(plot());
  const double w = gtk_widget_get_width(plot()), h = gtk_widget_get_height(plot());
  /* A point that stands clear of epsilon's line, which answers first: values are the weights'. */
  double x, y, value = 0, line_x, line = 0;
  int step = 6;
  for (int i = 0; i < 6; i++) {
    step = 6 - i;
    const WdPosition *p = wd_recording_position(recording(), run, step);
    value = wd_position_score(p, WD_WHAT_ESTIMATE)->value[WD_METRIC_REFLECTION_RESIDUAL];
    wd_plot_canvas_at(c, run, step, wd_plot_canvas_epsilon(c), &line_x, &line);
    if (step != 1 && wd_plot_canvas_at(c, run, step, value, &x, &y) && fabs(y - line) > 9) break;
  }
  tap_ok(wd_plot_canvas_at(c, run, step, value, &x, &y), "step %d is in the plot, at %.4g", step, value);
  ui_click(plot(), x / w, y / h, 1);
  ui_settle(&ui);
  tap_ok(at().position == step, "a click on its point goes there (%d)", at().position);
  ui_keep(&ui, "plot");

  double epsilon = wd_plot_canvas_epsilon(c);
  tap_ok(epsilon > 0 && isnan(ui.view->epsilon), "epsilon is the model's: %.4g", epsilon);
  wd_plot_canvas_at(c, run, 6, epsilon, &x, &y);
  double right = 0.9, to = y + 14;
  /* The place beside the points where only the line is. */
  ui_drag(plot(), right * 0.85, y / h, right * 0.85, to / h, 6);
  ui_settle(&ui);
  tap_ok(ui.view->epsilon > 0 && ui.view->epsilon < epsilon, "its line is dragged down: %.4g",
         ui.view->epsilon);
  GtkWidget *verdict = ui_find(ui.window, "verdict");
  ui_run(0.2);
  tap_ok(verdict && strstr(gtk_label_get_text(GTK_LABEL(verdict)), "your ε"), "the verdict speaks of it: %s",
         verdict ? gtk_label_get_text(GTK_LABEL(verdict)) : "");
  ui_settle(&ui);
  wd_plot_canvas_at(c, run, 6, ui.view->epsilon, &x, &y);
  ui_double_click(plot(), right * 0.85, y / h);
  ui_settle(&ui);
  tap_ok(isnan(ui.view->epsilon), "a double click gives it back to the model");

  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "plot-metric")), WD_METRIC_RELATIVE_L2);
  ui_settle(&ui);
  tap_ok(ui.view->metric == WD_METRIC_RELATIVE_L2, "another figure is plotted");
  ui_key(&ui, "Escape");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "plot-metric")), WD_METRIC_REFLECTION_RESIDUAL);
  ui_run(0.4);
  ui_click(ui_find(ui.window, "plot-table"), 0.5, 0.5, 1);
  ui_wait(has_table, NULL, 10);
  ui_settle(&ui);
  GtkWidget *table = ui_find_type(ui.window, GTK_TYPE_COLUMN_VIEW);
  guint rows =
      table ? g_list_model_get_n_items(G_LIST_MODEL(gtk_column_view_get_model(GTK_COLUMN_VIEW(table)))) : 0;
  tap_ok(rows == 18, "the table has two rows a position: %u", rows);
  ui_keep(&ui, "plot-values");
  ui_click(ui_find(ui.window, "plot-table"), 0.5, 0.5, 1);
  ui_run(0.4);
}

static void on_text(GObject *clipboard, GAsyncResult *result, gpointer user) {
  *(char **)user = gdk_clipboard_read_text_finish(GDK_CLIPBOARD(clipboard), result, NULL);
}
static gboolean has_text(gpointer user) {
  return *(char **)user != NULL;
}

static void test_copy(void) {
  static char *text; /* that comes late may come when this has ended */
  text = NULL;
  ui_click(ui_find(ui.window, "plot-copy"), 0.5, 0.5, 1);
  ui_settle(&ui);
  gdk_clipboard_read_text_async(gtk_widget_get_clipboard(GTK_WIDGET(ui.window)), NULL, on_text, &text);
  ui_wait(has_text, &text, 5);
  tap_ok(text && g_str_has_prefix(text, "seed,family,step,timestep,log_snr,kind,reflection_residual"),
         "the figures are copied as CSV");
  g_free(text);
}

static void test_sidebar(guint run) {
  GtkWidget *steps = ui_find(ui.window, "sidebar-steps");
  tap_ok(steps != NULL, "the sidebar is there");
  if (!steps) return;
  ui_click(steps, 0.2, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, "23");
  ui_key(&ui, "Tab");
  ui_settle(&ui);
  tap_ok(ui.view->next.plan.steps == 23, "steps typed: %d", ui.view->next.plan.steps);
  GtkWidget *map = ui_find(ui.window, "sidebar-colormap");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(map), WD_COLORMAP_VIRIDIS);
  ui_settle(&ui);
  tap_ok(ui.view->look[ui.view->focused].colormap == WD_COLORMAP_VIRIDIS,
         "a colour map is chosen for the focused panel");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "sidebar-panel")), WD_PANEL_GATHER);
  ui_settle(&ui);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(ui_find(ui.window, "sidebar-clip")), 95);
  ui_settle(&ui);
  tap_ok(ui.view->look[WD_PANEL_GATHER].clip == 95 && ui.view->look[WD_PANEL_DIFFERENCE].clip == 95,
         "a clip goes for all gathers while they are alike");
  const WdBranch *b = wd_recording_find(recording(), run);
  GtkWidget *list = ui_find(ui.window, "branches");
  tap_ok(b && list && gtk_list_box_get_row_at_index(GTK_LIST_BOX(list), 0), "runs are listed");
  guint other = 0;
  for (guint i = 0; i < wd_recording_count(recording()); i++)
    if (wd_recording_nth(recording(), i)->id != at().branch) other = i;
  GtkListBoxRow *row = list ? gtk_list_box_get_row_at_index(GTK_LIST_BOX(list), (int)other) : NULL;
  guint before = at().branch;
  if (row) g_signal_emit_by_name(list, "row-activated", row);
  ui_settle(&ui);
  tap_ok(at().branch != before && at().branch != 0, "a click on another shows it (%u, %u)", before,
         at().branch);
  ui_keep(&ui, "sidebar");
}

int main(void) {
  ui_need_display();
  ui_start(&ui, NULL, 1500, 940, NULL);
  tap_ok(ui_wait_model(&ui, 60), "the shipped model is loaded");
  g_autoptr(GError) error = NULL;
  WdRecipe recipe = {.seed = 11, .family = -1, .plan = {.steps = 8}};
  guint run = wd_session_run(ui.session, &recipe, &error);
  tap_ok(run != 0, "a run of 8 steps begins");
  ui.view->follow = TRUE;
  wd_view_go(ui.view, recording(), 0, run, 0);
  tap_ok(ui_wait(reached, GINT_TO_POINTER(8), 120), "and reaches the data");
  ui_settle(&ui);
  test_clicks(run);
  test_drag(run);
  test_buttons(run);
  test_plot(run);
  test_copy();
  test_play(run);
  test_branch(run);
  test_missing();
  test_delete(run);
  test_begin();
  test_sidebar(run);
  ui_stop(&ui);
  return tap_done();
}
