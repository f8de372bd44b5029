/* The window as a person uses it: mouse and keys through the X server, the shipped model, the real solver. */
#include "tests/app/ui.h"

#include "app/notice_bar.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static Ui ui;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdBranch *shown(void) {
  return wd_recording_find(recording(), ui.view->place[0].branch);
}
static int at(void) {
  return ui.view->place[0].position;
}
static const char *notice(void) {
  GtkWidget *bar = ui_find_type(ui.window, WD_TYPE_NOTICE_BAR);
  return bar ? wd_notice_bar_get_text(WD_NOTICE_BAR(bar)) : "";
}

/* Presses a key and says whether a field got its value. */
static void key_gives(const char *key, const int *field, int value, const char *what) {
  ui_key(&ui, key);
  ui_settle(&ui);
  tap_ok(*field == value, "%s: %s is %d (%d)", key, what, value, *field);
}

static gboolean is_idle(gpointer user) {
  (void)user;
  return !ui.window || (wd_session_get_state(ui.session) == WD_SESSION_IDLE);
}
static gboolean is_stepping(gpointer user) {
  const WdBranch *b = wd_recording_find(recording(), wd_session_get_running(ui.session));
  return b && wd_branch_last(b) >= GPOINTER_TO_INT(user);
}
static gboolean is_beyond(gpointer user) {
  return at() > GPOINTER_TO_INT(user);
}
/* A picture with the colours of a map in the panel of that name: what is there comes with the next frame. */
static gboolean shows_map(gpointer name) {
  UiPicture picture = {0};
  const gboolean yes =
      ui_widget_picture(&ui, ui_find(ui.window, name), &picture) && ui_colours(&picture) > 60;
  ui_picture_clear(&picture);
  return yes;
}
static gboolean is_closed(gpointer user) {
  (void)user;
  return !ui.window;
}
static gboolean has_notice(gpointer user) {
  (void)user;
  return *notice() != 0;
}
static gboolean has_dialog(gpointer user) {
  (void)user;
  return ui_window(&ui, "close-question") && ui_find(ui_window(&ui, "close-question"), "close-stop");
}
static gboolean has_no_dialog(gpointer user) {
  (void)user;
  return !ui_window(&ui, "close-question");
}

static void set_seed(const char *seed) {
  GtkWidget *entry = ui_find(ui.window, "seed");
  ui_click(entry, 0.3, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, seed);
}

static void test_run(void) {
  set_seed("7731");
  tap_ok(ui.view->next.seed == 7731, "the seed that was typed is the next run's");
  const guint64 before = wd_session_get_times(ui.session).simulations;
  tap_ok(ui_click(ui_find(ui.window, "run"), 0.5, 0.5, 1), "Run pressed");
  tap_ok(ui_wait_state(&ui, WD_SESSION_RUNNING, 5), "a run began");
  const int width = gtk_widget_get_width(ui_find(ui.window, "run"));
  tap_ok(ui_wait(is_idle, NULL, 120), "and came to its end");
  ui_settle(&ui);
  const WdBranch *b = shown();
  tap_ok(b && b->recipe.seed == 7731 && b->parent == 0, "the run of seed 7731 is shown");
  tap_ok(b && wd_branch_last(b) == 16 && at() == 16, "with all of its 16 steps, the last one shown (%d)",
         at());
  int scored = 0;
  for (int k = 0; b && k <= 16; k++) {
    const WdPosition *p = wd_recording_position(recording(), b->id, k);
    scored += p && wd_position_score(p, WD_WHAT_ESTIMATE) != NULL;
  }
  const guint64 made = wd_session_get_times(ui.session).simulations - before;
  tap_ok(scored >= 16 && made >= (guint64)scored, "%d steps are scored, the solver ran %d times", scored,
         (int)made);
  tap_ok(gtk_widget_get_width(ui_find(ui.window, "run")) == width, "Run and Stop have one width");
  tap_ok(ui_wait(shows_map, (gpointer) "velocity-a", 20), "the velocity panel shows a map");
  ui_keep(&ui, "run");
}

static void test_typing(void) {
  g_autofree char *before = wd_view_to_json(ui.view);
  const guint runs = wd_recording_count(recording());
  set_seed("gaussian 42");
  ui_settle(&ui);
  g_autofree char *after = wd_view_to_json(ui.view);
  tap_ok(!strcmp(gtk_editable_get_text(GTK_EDITABLE(ui_find(ui.window, "seed"))), "gaussian 42"),
         "\"gaussian 42\" stands in the entry");
  tap_ok(!strcmp(before, after) && runs == wd_recording_count(recording()) &&
             wd_session_get_state(ui.session) == WD_SESSION_IDLE,
         "and typing it did nothing else");
  ui_key(&ui, "Up");
  ui_key(&ui, "Page_Down");
  g_autofree char *later = wd_view_to_json(ui.view);
  tap_ok(!strcmp(before, later), "nor do the keys that an entry does not want");
  ui_key(&ui, "ctrl+Return");
  ui_settle(&ui);
  tap_ok(runs == wd_recording_count(recording()) && strstr(notice(), "not a number"),
         "such a seed is refused in words");
  set_seed("42");
  ui_key(&ui, "Escape");
  ui_key(&ui, "Escape");
}

static void test_keys(void) {
  WdView *v = ui.view;
  const int *position = &v->place[0].position;
  key_gives("comma", position, 15, "the step");
  key_gives("Home", position, 0, "the step");
  key_gives("period", position, 1, "the step");
  key_gives("shift+Right", position, 11, "the step");
  key_gives("Left", position, 10, "the step");
  key_gives("End", position, 16, "the step");
  key_gives("4", &v->shot, 3, "the shot");
  key_gives("Down", &v->shot, 4, "the shot");
  key_gives("0", &v->shot, -1, "the shot");
  key_gives("d", (int *)&v->source, WD_SOURCE_SIMULATED, "the source");
  key_gives("d", (int *)&v->source, WD_SOURCE_DIFFERENCE, "the source");
  key_gives("d", (int *)&v->source, WD_SOURCE_DECODED, "the source");
  key_gives("w", (int *)&v->look[WD_PANEL_GATHER].mode, WD_PANEL_WIGGLE, "the mode");
  ui_keep(&ui, "wiggle");
  key_gives("v", (int *)&v->look[WD_PANEL_GATHER].mode, WD_PANEL_DENSITY, "the mode");
  key_gives("x", (int *)&v->what, WD_WHAT_STATE, "what is shown");
  key_gives("x", (int *)&v->what, WD_WHAT_ESTIMATE, "what is shown");
  key_gives("y", &v->linear, !v->linear, "the linear axis");
  key_gives("y", &v->linear, !v->linear, "the linear axis");
  key_gives("l", &v->loop, !v->loop, "the loop");
  key_gives("g", &v->look[WD_PANEL_VELOCITY].contours, !v->look[WD_PANEL_VELOCITY].contours, "contours");
  key_gives("g", &v->look[WD_PANEL_VELOCITY].contours, !v->look[WD_PANEL_VELOCITY].contours, "contours");
  const double gain = v->look[WD_PANEL_GATHER].gain, clip = v->look[WD_PANEL_GATHER].clip;
  ui_key(&ui, "plus");
  tap_ok(v->look[WD_PANEL_GATHER].gain == gain + 3, "plus: 3 dB more");
  ui_key(&ui, "minus");
  tap_ok(v->look[WD_PANEL_GATHER].gain == gain, "minus: 3 dB less");
  ui_key(&ui, "Page_Up");
  tap_ok(v->look[WD_PANEL_GATHER].clip < clip, "Page Up: clipped at %g percent",
         v->look[WD_PANEL_GATHER].clip);
  ui_key(&ui, "Page_Down");
  ui_key_down(&ui, "b");
  tap_ok(v->blink, "B held: decoded and simulated blink");
  ui_key_up(&ui, "b");
  ui_settle(&ui);
  tap_ok(!v->blink, "and no more once it is let go");
  key_gives("F9", &v->sidebar, !v->sidebar, "the sidebar");
  tap_ok((ui_find(ui.window, "sidebar") != NULL) == v->sidebar, "and it is so on screen");
  ui_key(&ui, "F9");
  key_gives("Home", position, 0, "the step");
  key_gives("space", &v->playing, TRUE, "playing");
  ui_wait(is_beyond, GINT_TO_POINTER(0), 20); /* software OpenGL on a busy machine paints a frame a second */
  key_gives("k", &v->playing, FALSE, "playing");
  tap_ok(at() > 0, "it had played to step %d", at());
  ui_key(&ui, "End");
}

static void test_stop(void) {
  ui_key(&ui, "ctrl+r");
  tap_ok(ui_wait(is_stepping, GINT_TO_POINTER(3), 20), "Ctrl+R runs another seed (%" G_GUINT64_FORMAT ")",
         ui.view->next.seed);
  const gint64 begun = g_get_monotonic_time();
  ui_key(&ui, "Escape");
  tap_ok(ui_wait(is_idle, NULL, 5), "Esc stops it");
  /* A machine that others use is no place to judge 100 ms: that is bench's. */
  tap_at_most((double)(g_get_monotonic_time() - begun) / 1e3, 5000,
              "ms from the key to idle, xdotool's start included");
  printf("# the engine stopped within %.0f ms\n", wd_session_get_times(ui.session).stop);
  const WdBranch *b = shown();
  const int last = b ? wd_branch_last(b) : -1;
  tap_ok(last >= 3 && last < 16, "the steps so far are kept: %d of 16", last);
  ui_settle(&ui);
  tap_ok(strstr(notice(), "topped") != NULL, "the bar says so: %s", notice());
  ui_keep(&ui, "stopped");
  GtkWidget *resume = ui_find(ui.window, "notice-action");
  tap_ok(ui_click(resume, 0.5, 0.5, 1), "Resume pressed");
  tap_ok(ui_wait_state(&ui, WD_SESSION_RUNNING, 5) && ui_wait(is_idle, NULL, 120), "it went on");
  ui_settle(&ui);
  tap_ok(shown() == b && wd_branch_last(b) == 16, "to the end of the same run");
}

static void test_branch(void) {
  const guint parent = ui.view->place[0].branch, before = wd_recording_count(recording());
  ui_key(&ui, "Home");
  for (int i = 0; i < 6; i++) ui_key(&ui, "period");
  tap_ok(at() == 6, "six steps forward");
  ui_key(&ui, "ctrl+b");
  tap_ok(ui_wait_state(&ui, WD_SESSION_RUNNING, 5) && ui_wait(is_idle, NULL, 120), "Ctrl+B runs a branch");
  ui_settle(&ui);
  const WdBranch *b = shown();
  tap_ok(b && b->parent == parent && b->parent_at == 6 && wd_recording_count(recording()) == before + 1,
         "that leaves its run at step 6: %s", b ? b->name : "none");
  tap_ok(b && wd_branch_last(b) == 16, "and ends at step 16");
  const WdPosition *mine = b ? wd_recording_position(recording(), b->id, 16) : NULL,
                   *theirs = wd_recording_position(recording(), parent, 16);
  tap_ok(mine && theirs && !g_bytes_equal(mine->latent[0], theirs->latent[0]), "somewhere else than its run");
  ui_keep(&ui, "branch");
}

static void test_compare(void) {
  ui_key(&ui, "ctrl+k");
  ui_settle(&ui);
  tap_ok(ui.view->layout == WD_LAYOUT_COMPARE && ui_find(ui.window, "velocity-b"),
         "Ctrl+K shows two columns");
  const WdPlace *p = ui.view->place;
  tap_ok(p[1].branch && p[1].branch != p[0].branch, "of two runs");
  ui_run(0.5);
  ui_keep(&ui, "compare");
  const int b = p[1].position;
  for (int i = 0; i < 4; i++) ui_key(&ui, "comma");
  tap_ok(p[1].position < b && p[0].position == 12, "locked, B goes with A: %d beside %d", p[0].position,
         p[1].position);
  tap_ok(ui_wait(shows_map, (gpointer) "velocity-b", 20), "B's velocity panel shows a map");
  ui_key(&ui, "ctrl+k");
  ui_settle(&ui);
  tap_ok(ui.view->layout == WD_LAYOUT_STEP && !ui_find(ui.window, "velocity-b"), "and back");
}

static void test_enlarge(void) {
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  const int width = gtk_widget_get_width(panel);
  tap_ok(ui_double_click(panel, 0.5, 0.5), "double click on the velocity panel");
  ui_settle(&ui);
  tap_ok(ui.view->enlarged == WD_PANEL_VELOCITY && gtk_widget_get_width(panel) > 1.5 * width,
         "it fills the window: %d wide instead of %d", gtk_widget_get_width(panel), width);
  ui_keep(&ui, "enlarged");
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  tap_ok(ui.view->enlarged == -1 && ABS(gtk_widget_get_width(panel) - width) <= 2, "Esc brings it back to %d",
         gtk_widget_get_width(panel));
}

static void test_small(void) {
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 900, 600);
  ui_run(0.4);
  ui_settle(&ui);
  const int width = gtk_widget_get_width(GTK_WIDGET(ui.window)),
            height = gtk_widget_get_height(GTK_WIDGET(ui.window));
  tap_ok(width <= 900 && height <= 600, "the window fits into 900 x 600: %d x %d", width, height);
  tap_ok(!ui.view->sidebar && !ui_find(ui.window, "sidebar"), "its sidebar gives way");
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  const int panel_width = panel ? gtk_widget_get_width(panel) : 0;
  ui_keep(&ui, "small");
  ui_key(&ui, "F9");
  ui_run(0.5);
  tap_ok(ui_find(ui.window, "sidebar") && panel && gtk_widget_get_width(panel) == panel_width,
         "F9 lays it over the panels, which stay as they are");
  ui_keep(&ui, "small-sidebar");
  ui_key(&ui, "F9");
  ui_run(0.4);
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 1280, 800);
  ui_run(0.4);
}

static void test_close(void) {
  ui_key(&ui, "ctrl+r");
  ui_wait(is_stepping, GINT_TO_POINTER(1), 20);
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(has_dialog, NULL, 5), "Ctrl+W while running asks");
  ui_settle(&ui);
  GtkWidget *dialog = ui_window(&ui, "close-question");
  if (dialog) ui_focus(dialog);
  tap_ok(dialog && ui_click(ui_find(dialog, "close-keep"), 0.5, 0.5, 1) && ui_wait(has_no_dialog, NULL, 5) &&
             ui.window,
         "Keep running keeps the window");
  ui_focus(GTK_WIDGET(ui.window));
  wd_session_stop(ui.session); /* a run of its own: that one may end before the question comes */
  ui_wait(is_idle, NULL, 20);
  ui_settle(&ui); /* Run can be pressed again */
  ui_key(&ui, "ctrl+r");
  ui_wait(is_stepping, GINT_TO_POINTER(1), 20);
  ui_key(&ui, "ctrl+w");
  ui_wait(has_dialog, NULL, 5);
  ui_settle(&ui);
  dialog = ui_window(&ui, "close-question");
  if (dialog) ui_focus(dialog);
  tap_ok(dialog && ui_click(ui_find(dialog, "close-stop"), 0.5, 0.5, 1), "Stop and close pressed");
  tap_ok(ui_wait(is_closed, NULL, 10), "closes it");
  ui_stop(&ui);
}

static void test_missing_model(void) {
  ui_start(&ui, "no-such-model", 1000, 700, NULL);
  tap_ok(ui_wait(has_notice, NULL, 20) && strstr(notice(), "no-such-model"), "a missing model is told: %s",
         notice());
  tap_ok(ui_find(ui.window, "notice-action") && ui_find(ui.window, "empty"),
         "with what to do, over the page of beginnings");
  GtkWidget *run = ui_find(ui.window, "run");
  tap_ok(run && !gtk_widget_is_sensitive(run), "Run cannot be pressed");
  ui_keep(&ui, "missing");
  ui_stop(&ui);

  g_autofree char *folder = g_dir_make_tmp("wd-broken-XXXXXX", NULL);
  g_autofree char *file = g_build_filename(folder, "stage1.safetensors", NULL);
  g_file_set_contents(file, "this is no model", -1, NULL);
  ui_start(&ui, folder, 1000, 700, NULL);
  tap_ok(ui_wait(has_notice, NULL, 20), "a damaged model is told: %s", notice());
  tap_ok(wd_session_get_state(ui.session) == WD_SESSION_NO_MODEL, "and nothing is loaded");
  ui_stop(&ui);
  g_unlink(file);
  g_rmdir(folder);
}

int main(void) {
  ui_need_display();
  ui_start(&ui, NULL, 1280, 800, NULL);
  tap_ok(ui.window && gtk_widget_get_mapped(GTK_WIDGET(ui.window)), "the window is on screen");
  if (tap_ok(ui_wait_model(&ui, 60), "the shipped model is loaded")) {
    const gboolean all = !g_strcmp0(g_getenv("WD_GL_MODE"), "glx"); /* what does not hang on how GTK draws */
    test_run();
    if (all) test_typing();
    if (all) test_keys();
    test_stop();
    test_branch();
    test_compare();
    test_enlarge();
    test_small();
    if (all) test_close();
  } else {
    ui_stop(&ui);
  }
  if (ui.window) ui_stop(&ui);
  test_missing_model();
  return tap_done();
}
