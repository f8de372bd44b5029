/* The end of a window and what the next one knows of it: sizes, splits and state come back in another
 * process; what could not be kept on disk is told while the window works and asked about when it closes, so
 * that nothing is lost unseen; errors of the timeline come in the inline bar. Real window, mouse and keys;
 * settings on disk. With the argument "again" this program is that other process: it prints what it finds. */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/notice_bar.h"
#include "app/open.h"
#include "app/plot_canvas.h"
#include "app/recording_private.h"
#include "app/teach.h"
#include "app/timeline_canvas.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Ui ui;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static const char *notice(void) {
  GtkWidget *bar = ui.window ? ui_find_type(ui.window, WD_TYPE_NOTICE_BAR) : NULL;
  return bar && wd_notice_bar_is_shown(WD_NOTICE_BAR(bar)) ? wd_notice_bar_get_text(WD_NOTICE_BAR(bar)) : "";
}
static gboolean notice_says(gpointer text) {
  return strstr(notice(), text) != NULL;
}
static gboolean is_closed(gpointer user) {
  (void)user;
  return !ui.window;
}
static gboolean is_done(gpointer user) {
  const WdBranch *b = wd_recording_find(recording(), ui.view->place[0].branch);
  return wd_session_get_state(ui.session) == WD_SESSION_IDLE && b &&
         wd_branch_last(b) >= GPOINTER_TO_INT(user);
}
static gboolean has_window(gpointer name) {
  return ui_window(&ui, name) != NULL;
}
static gboolean has_no_window(gpointer name) {
  return ui_window(&ui, name) == NULL;
}
static gboolean has_panels(gpointer user) {
  (void)user;
  return ui_find(ui.window, "velocity-a") && ui_find_type(ui.window, WD_TYPE_PLOT_CANVAS);
}

/* ---- what comes back */

/* The split nearest above a widget. */
static GtkWidget *split_of(GtkWidget *widget) {
  return widget ? gtk_widget_get_ancestor(widget, GTK_TYPE_PANED) : NULL;
}
static GtkWidget *split_above(GtkWidget *paned) {
  GtkWidget *parent = paned ? gtk_widget_get_parent(paned) : NULL;
  return parent ? split_of(parent) : NULL;
}
static double part_of(GtkWidget *paned) {
  if (!paned) return NAN;
  const gboolean across = gtk_orientable_get_orientation(GTK_ORIENTABLE(paned)) == GTK_ORIENTATION_HORIZONTAL;
  return (double)gtk_paned_get_position(GTK_PANED(paned)) /
         (across ? gtk_widget_get_width(paned) : gtk_widget_get_height(paned));
}

/* Takes a split by its handle and moves it by a part of its length. */
static void drag_split(GtkWidget *paned, double by) {
  if (!paned) return;
  const gboolean across = gtk_orientable_get_orientation(GTK_ORIENTABLE(paned)) == GTK_ORIENTATION_HORIZONTAL;
  const double length = across ? gtk_widget_get_width(paned) : gtk_widget_get_height(paned);
  const double at = (gtk_paned_get_position(GTK_PANED(paned)) + 3) / length;
  ui_drag(paned, across ? at : 0.5, across ? 0.5 : at, across ? at + by : 0.5, across ? 0.5 : at + by, 8);
  ui_settle(&ui);
}

typedef struct Arranged {
  int width, height;
  double pair, plot;
  int sidebar, second_row, metric, per_shot, shot;
  double fps;
  int map, gathers; /* colours: changed by keys, but Preferences have them too */
  double clip;
  int floor;
} Arranged;

static const char format[] = "arranged %d %d %lf %lf %d %d %d %d %d %lf %d %d %lf %d\n";

static Arranged look_at(void) {
  const WdView *v = ui.view;
  GtkWidget *pair = split_of(ui_find(ui.window, "velocity-a"));
  GtkWidget *plot = split_of(ui_find_type(ui.window, WD_TYPE_PLOT_CANVAS));
  while (plot && gtk_orientable_get_orientation(GTK_ORIENTABLE(plot)) == GTK_ORIENTATION_HORIZONTAL)
    plot = split_above(plot); /* the one between panels and plot */
  return (Arranged){gtk_widget_get_width(GTK_WIDGET(ui.window)),
                    gtk_widget_get_height(GTK_WIDGET(ui.window)),
                    part_of(pair),
                    part_of(plot),
                    v->sidebar,
                    v->second_row,
                    v->metric,
                    v->per_shot,
                    v->shot,
                    v->fps,
                    (int)v->look[WD_PANEL_VELOCITY].colormap,
                    (int)v->look[WD_PANEL_DIFFERENCE].colormap,
                    v->look[WD_PANEL_GATHER].clip,
                    v->show_floor};
}

/* Without a model: the demo's runs stand in the panels. */
static gboolean show_demo(void) {
  g_action_group_activate_action(G_ACTION_GROUP(ui.window), "demo", NULL);
  const gboolean shown = ui_wait(has_panels, NULL, 20);
  ui.view->playing = FALSE;
  wd_view_changed(ui.view, WD_VIEW_PLAY);
  ui_run(0.5);
  ui_settle(&ui);
  return shown;
}

static int again(void) {
  ui_start(&ui, "", 0, 0, NULL);
  show_demo();
  const Arranged a = look_at();
  printf(format, a.width, a.height, a.pair, a.plot, a.sidebar, a.second_row, a.metric, a.per_shot, a.shot,
         a.fps, a.map, a.gathers, a.clip, a.floor);
  fflush(stdout);
  ui_keep(&ui, "again");
  ui_stop(&ui);
  return 0;
}

static void test_restart(const char *self) {
  ui_start(&ui, "", 1280, 800, NULL);
  if (!tap_ok(show_demo(), "the demo's panels are shown, with no model")) {
    ui_stop(&ui);
    return;
  }
  const Arranged first = look_at();
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 1350, 850);
  ui_run(0.6);
  GtkWidget *pair = split_of(ui_find(ui.window, "velocity-a"));
  GtkWidget *plot = split_of(ui_find_type(ui.window, WD_TYPE_PLOT_CANVAS));
  while (plot && gtk_orientable_get_orientation(GTK_ORIENTABLE(plot)) == GTK_ORIENTATION_HORIZONTAL)
    plot = split_above(plot);
  wd_view_from_json(ui.view, "{\"look\": {\"difference\": {\"colormap\": \"cividis\"}}}",
                    NULL); /* a file's */
  ui_settle(&ui);
  ui_key(&ui, "F9");
  ui_settle(&ui);
  drag_split(pair, 0.11);
  drag_split(plot, -0.07);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(ui.window, "plot-metric")), WD_METRIC_RELATIVE_L2);
  ui_focus(GTK_WIDGET(ui.window));
  ui_click(ui_find(ui.window, "velocity-a"), 0.5, 0.5, 1);
  ui_key(&ui, "3");
  ui_key(&ui, "m");
  ui_key(&ui, "Page_Down");
  ui_settle(&ui);
  ui.view->show_floor = !ui.view->show_floor;
  ui.view->fps = 12;
  wd_view_changed(ui.view, WD_VIEW_PLAY);
  ui_settle(&ui);
  const Arranged left = look_at();
  tap_ok(fabs(left.pair - first.pair) > 0.05 && fabs(left.plot - first.plot) > 0.03 &&
             left.sidebar != first.sidebar && left.metric == WD_METRIC_RELATIVE_L2 && left.shot == 2,
         "arranged by hand: splits %.3f and %.3f (were %.3f and %.3f), sidebar %d, figure %d, shot %d",
         left.pair, left.plot, first.pair, first.plot, left.sidebar, left.metric, left.shot + 1);
  ui_keep(&ui, "arranged");
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(is_closed, NULL, 10), "Ctrl+W closes the window");
  ui_stop(&ui);

  const char *argv[] = {self, "again", NULL};
  g_autofree char *out = NULL;
  g_autoptr(GError) error = NULL;
  int status = 1;
  const gboolean ran =
      g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error);
  const char *line = out ? strstr(out, "arranged ") : NULL;
  Arranged now = {0};
  const int n = line ? sscanf(line, format, &now.width, &now.height, &now.pair, &now.plot, &now.sidebar,
                              &now.second_row, &now.metric, &now.per_shot, &now.shot, &now.fps, &now.map,
                              &now.gathers, &now.clip, &now.floor)
                     : 0;
  tap_ok(ran && !status && n == 14, "another process opens a window%s%s", error ? ": " : "",
         error ? error->message : "");
  tap_ok(now.width == left.width && now.height == left.height, "of the size that this one had: %d x %d",
         now.width, now.height);
  tap_ok(fabs(now.pair - left.pair) < 0.01 && fabs(now.plot - left.plot) < 0.01,
         "with its splits: %.3f and %.3f", now.pair, now.plot);
  tap_ok(now.sidebar == left.sidebar && now.second_row == left.second_row && now.metric == left.metric &&
             now.per_shot == left.per_shot && now.shot == left.shot && now.fps == left.fps,
         "and its state: sidebar %d, second row %d, figure %d, shot %d, %g steps a second", now.sidebar,
         now.second_row, now.metric, now.shot + 1, now.fps);
  tap_ok(left.map != first.map && left.clip != first.clip && left.floor != first.floor &&
             now.map == left.map && fabs(now.clip - left.clip) < 1e-6 && now.floor == left.floor,
         "and its looks: colours %d, clip %g %%, reference levels %d", now.map, now.clip, now.floor);
  tap_ok(left.gathers == WD_COLORMAP_CIVIDIS && now.gathers == first.gathers,
         "but not what a file lent: colours of the difference %d", now.gathers);
}

/* ---- the timeline's errors */

static void test_timeline(void) {
  ui_start(&ui, "", 1280, 800, NULL);
  if (!show_demo()) {
    tap_ok(FALSE, "the demo's panels are shown");
    ui_stop(&ui);
    return;
  }
  WdBranch *run = wd_recording_find(recording(), ui.view->place[0].branch);
  wd_recording_truncate(recording(), run, 6); /* hollow ticks, and nothing that could fill them */
  wd_view_go(ui.view, recording(), 0, run->id, 4);
  ui_settle(&ui);
  GtkWidget *lanes = ui_find_type(ui.window, WD_TYPE_TIMELINE_CANVAS);
  double x, y;
  const gboolean there = wd_timeline_canvas_tick(WD_TIMELINE_CANVAS(lanes), run->id, 9, &x, &y);
  const gboolean clicked =
      there && ui_click(lanes, x / gtk_widget_get_width(lanes), y / gtk_widget_get_height(lanes), 1) &&
      ui_wait(notice_says, (gpointer) "The run does not go on", 10);
  tap_ok(clicked, "a hollow tick that cannot be made is told in the bar: %s", notice());
  GtkWidget *place = ui_find(ui.window, "place");
  tap_ok(place && strstr(gtk_label_get_text(GTK_LABEL(place)), "Step 6") &&
             !gtk_widget_has_css_class(place, "error"),
         "and the timeline's own line still says where one is: %s",
         place ? gtk_label_get_text(GTK_LABEL(place)) : "");
  ui_keep(&ui, "timeline-error");
  ui_stop(&ui);
}

/* ---- nothing is lost unseen */

/* A file where the folder of sessions ought to be: nobody, not even the superuser, can write into it. */
static char *block(void) {
  char *path = g_build_filename(g_get_user_state_dir(), "wavediffusion", NULL);
  GDir *dir = g_dir_open(path, 0, NULL); /* a window that was open for a minute has saved something */
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    g_autofree char *file = g_build_filename(path, name, NULL);
    g_unlink(file);
  }
  if (dir) g_dir_close(dir);
  g_rmdir(path);
  if (!g_file_set_contents(path, "in the way", -1, NULL)) tap_ok(FALSE, "%s is put in the way", path);
  return path;
}

static gboolean run_here(void) {
  ui.view->next.plan.steps = 4;
  wd_view_changed(ui.view, WD_VIEW_RUN);
  ui_key(&ui, "ctrl+r");
  return ui_wait_state(&ui, WD_SESSION_RUNNING, 30) && ui_wait(is_done, GINT_TO_POINTER(4), 300);
}

static gboolean answer(const char *dialog, const char *button) {
  GtkWidget *d = ui_wait(has_window, (gpointer)dialog, 10) ? ui_window(&ui, dialog) : NULL;
  ui_settle(&ui);
  if (d) ui_focus(d);
  return d && ui_click(ui_find(d, button), 0.5, 0.5, 1);
}

static void test_unsaved(void) {
  static const char *const settings[] = {"autosave", "1", "exact-rest", "false", NULL};
  g_autofree char *path = block();
  ui_start(&ui, NULL, 1280, 800, settings);
  if (!ui_wait_model(&ui, 120)) {
    expect_missing("model", "the shipped model does not load");
    ui_stop(&ui);
    return;
  }
  tap_ok(run_here(), "a run is made");
  const gboolean told = ui_wait(notice_says, (gpointer) "could not be kept", 20);
  if (!tap_ok(told && strstr(notice(), path), "that it cannot be kept on disk is told, and why: %s",
              notice())) {
    ui_stop(&ui);
    return;
  }
  ui_settle(&ui);
  ui_keep(&ui, "unsaved");
  GtkWidget *close = ui_find(ui.window, "notice-close");
  tap_ok(ui_click(close, 0.5, 0.5, 1), "the bar is closed");
  ui_run(2.5);
  tap_ok(!*notice(), "and does not come again for the same reason");
  const guint runs = wd_recording_count(recording());
  ui_key(&ui, "ctrl+w");
  if (!tap_ok(answer("unsaved-question", "unsaved-stay") &&
                  ui_wait(has_no_window, (gpointer) "unsaved-question", 10) && ui.window &&
                  wd_recording_count(recording()) == runs,
              "closing asks first; Keep open keeps the window and all in it")) {
    ui_stop(&ui);
    return;
  }
  ui_focus(GTK_WIDGET(ui.window));
  g_autofree char *file = g_build_filename(g_get_user_data_dir(), "by hand.wdrun", NULL);
  tap_ok(wd_save_recording_to(ui.window, file), "it is saved by hand");
  ui_settle(&ui);
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(is_closed, NULL, 10), "then the window closes without a question");
  ui_stop(&ui);
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRecording) saved = wd_recording_load(file, NULL, &error);
  tap_ok(saved && wd_recording_count(saved) == runs, "with all of it in the file");
  g_unlink(file);

  ui_start(&ui, NULL, 1280, 800, settings);
  ui_wait_model(&ui, 120);
  tap_ok(run_here(), "another run is made");
  ui_key(&ui, "ctrl+w");
  tap_ok(answer("unsaved-question", "unsaved-lose") && ui_wait(is_closed, NULL, 10),
         "who says so closes and loses it");
  ui_stop(&ui);
  g_unlink(path);

  ui_start(&ui, NULL, 1280, 800, settings);
  ui_wait_model(&ui, 120);
  tap_ok(run_here(), "a third run is made, with nothing in the way");
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(is_closed, NULL, 10) && !*notice(), "the window closes at once");
  ui_stop(&ui);
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  const char *name = folder ? g_dir_read_name(folder) : NULL;
  g_autofree char *kept = name ? g_build_filename(path, name, NULL) : NULL;
  g_autoptr(WdRecording) back = kept ? wd_recording_load(kept, NULL, NULL) : NULL;
  tap_ok(back && wd_recording_count(back) == 1, "and the session is kept: %s", name ? name : "nothing");
}

/* The newest file of sessions; NULL: none. */
static char *newest(const char *folder) {
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  char *best = NULL;
  gint64 latest = 0;
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    GStatBuf info;
    if (g_stat(path, &info)) continue;
    const gint64 time = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
    if (best && time < latest) continue;
    g_free(best);
    best = g_steal_pointer(&path);
    latest = time;
  }
  return best;
}

/* A lesson's recording lies over one's own, and is nobody's work. */
static void test_lesson(void) {
  static const char *const settings[] = {"autosave", "1", "exact-rest", "false", NULL};
  g_autofree char *path = block();
  g_unlink(path);
  ui_start(&ui, "", 1280, 800, settings);
  if (!show_demo()) {
    tap_ok(FALSE, "the demo's panels are shown");
    ui_stop(&ui);
    return;
  }
  ui_run(2.5);
  g_autofree char *none = newest(path);
  tap_ok(!none, "the demo alone is not kept: %s", none ? none : "nothing");
  wd_recording_rename(recording(), ui.view->place[0].branch, "My own run");
  ui.view->metric = WD_METRIC_MAE;
  wd_view_changed(ui.view, WD_VIEW_ALL);
  g_autoptr(GError) error = NULL;
  tap_ok(wd_teach_open(ui.window, "2-what-is-x0-hat", 0, &error), "a lesson is opened%s%s", error ? ": " : "",
         error ? error->message : "");
  ui.view->metric = WD_METRIC_CORRELATION;
  wd_view_changed(ui.view, WD_VIEW_ALL);
  ui_run(2.5);
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(is_closed, NULL, 10), "and the window closed while it plays");
  ui_stop(&ui);
  g_autofree char *kept = newest(path);
  g_autoptr(WdRecording) back = kept ? wd_recording_load(kept, NULL, NULL) : NULL;
  const char *name = back && wd_recording_count(back) ? wd_recording_nth(back, 0)->name : "nothing";
  tap_ok(!strcmp(name, "My own run"), "what was made before it is what is kept: %s", name);
  ui_start(&ui, "", 1280, 800, NULL);
  tap_ok(ui.view->metric == WD_METRIC_MAE, "and the view of then is remembered: figure %d", ui.view->metric);
  ui_stop(&ui);
}

int main(int argc, char **argv) {
  g_setenv("GSETTINGS_BACKEND", "keyfile", TRUE); /* outlives this process, in the test's own folder */
  ui_need_display();
  if (argc > 1 && !strcmp(argv[1], "again")) return again();
  test_restart(argv[0]);
  test_timeline();
  test_lesson();
  test_unsaved();
  return tap_done();
}
