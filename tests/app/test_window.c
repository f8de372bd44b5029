/* The window as a person uses it: mouse and keys through the X server, the shipped model, the real solver. */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/engine_impl.h"
#include "app/notice_bar.h"
#include "app/panel_view.h"
#include "app/session_private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static gboolean reads(gpointer text) {
  return !strcmp(gtk_editable_get_text(GTK_EDITABLE(ui_find(ui.window, "seed"))), text);
}
static void set_seed(const char *seed) {
  GtkWidget *entry = ui_find(ui.window, "seed");
  ui_click(entry, 0.3, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, seed);
  ui_wait(reads, (gpointer)seed, 10); /* keys take their time on a busy machine */
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

/* From where the session is told to stop to where it has: processor time of the engine's thread, and by the
 * clock. */
static struct {
  double cpu, wall, begun_cpu, begun;
  int n;
} stop;
static double engine_ms(void) {
  clockid_t clock;
  struct timespec t = {0};
  if (pthread_getcpuclockid(ui.session->engine->thread, &clock) || clock_gettime(clock, &t)) return NAN;
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}
static void on_stopping(WdSession *session, gpointer user) {
  (void)user;
  const double now = (double)g_get_monotonic_time() / 1e3;
  if (wd_session_get_state(session) == WD_SESSION_CANCELLING) {
    stop.begun = now;
    stop.begun_cpu = engine_ms();
  } else if (stop.begun > 0) {
    stop.cpu = engine_ms() - stop.begun_cpu;
    stop.wall = now - stop.begun;
    stop.begun = 0;
    stop.n++;
  }
}

static void test_stop(void) {
  ui.view->next.plan.steps = 40; /* long enough that a key comes before its end */
  ui_key(&ui, "ctrl+r");
  tap_ok(ui_wait(is_stepping, GINT_TO_POINTER(3), 20), "Ctrl+R runs another seed (%" G_GUINT64_FORMAT ")",
         ui.view->next.seed);
  const gulong handler = g_signal_connect(ui.session, "state", G_CALLBACK(on_stopping), NULL);
  stop.n = 0;
  ui_key(&ui, "Escape");
  tap_ok(ui_wait(is_idle, NULL, 5), "Esc stops it");
  g_signal_handler_disconnect(ui.session, handler);
  /* A machine that others use keeps the clock going: what is judged is what we do ourselves. */
  const double limit = WD_INSTRUMENTED ? 1000 : 100;
  tap_at_most(stop.n == 1 ? stop.cpu : NAN, limit,
              "processor time of the engine from Stop to rest in the window, ms");
  tap_ok(stop.begun_cpu > 0, "of the %.0f ms that it had had", stop.begun_cpu);
  printf("# from Stop to rest: %.1f ms by the clock, with what the window drew meanwhile\n", stop.wall);
  const WdBranch *b = shown();
  const int last = b ? wd_branch_last(b) : -1;
  tap_ok(last >= 3 && last < 40, "the steps so far are kept: %d of 40", last);
  ui_settle(&ui);
  tap_ok(strstr(notice(), "topped") != NULL, "the bar says so: %s", notice());
  ui_keep(&ui, "stopped");
  GtkWidget *resume = ui_find(ui.window, "notice-action");
  tap_ok(ui_click(resume, 0.5, 0.5, 1), "Resume pressed");
  tap_ok(ui_wait_state(&ui, WD_SESSION_RUNNING, 5) && ui_wait(is_idle, NULL, 120), "it went on");
  ui_settle(&ui);
  tap_ok(shown() == b && wd_branch_last(b) == 40, "to the end of the same run");
  ui.view->next.plan.steps = 16;
  wd_view_go(ui.view, recording(), 0, wd_recording_nth(recording(), 0)->id, 16);
  ui_settle(&ui);
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

/* The velocity panel has its width again, what it was before. */
static int panel_width;
static gboolean has_width(gpointer user) {
  (void)user;
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  return panel && ABS(gtk_widget_get_width(panel) - panel_width) <= 2 && ui.view->enlarged == -1;
}
static gboolean has_sidebar(gpointer user) {
  (void)user;
  return ui_find(ui.window, "sidebar") != NULL;
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
  panel_width = width;
  tap_ok(ui_wait(has_width, NULL, 10), "Esc brings it back to %d", width);
}

static gboolean is_small(gpointer user) {
  (void)user;
  return gtk_widget_get_width(GTK_WIDGET(ui.window)) <= 900 &&
         gtk_widget_get_height(GTK_WIDGET(ui.window)) <= 600;
}

static void resize(int width, int height) {
  gtk_window_set_default_size(GTK_WINDOW(ui.window), width, height);
  ui_run(0.5);
  ui_settle(&ui);
}

/* Every panel on screen has its header, its axes with numbers, and its colour bar; how many there are. */
static int count_whole_panels(gboolean *all_whole) {
  static const char *const names[] = {"velocity", "gather", "simulated", "difference", "trace-residual"};
  int count = 0;
  *all_whole = TRUE;
  for (int side = 0; side < 2; side++)
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
      g_autofree char *name = g_strdup_printf("%s-%c", names[i], 'a' + side);
      GtkWidget *panel = ui_find(ui.window, name);
      if (!panel) continue;
      count++;
      const wd_panel_layout *l = wd_panel_view_get_layout(WD_PANEL_VIEW(panel));
      const double size = wd_panel_view_get_style(WD_PANEL_VIEW(panel)).size;
      const double across = l ? (l->columns - 1) * l->step_x + l->first.width : 0;
      const gboolean whole = l && l->header >= size && l->left >= 2 * size && l->bar.width > 0 &&
                             l->height - l->first.y - l->first.height >= size && across >= 3 * size &&
                             l->first.height >= 3 * size;
      if (!whole)
        printf("# %s: %d x %d, header %.0f, left %.0f, bar %.0f, picture %.0f x %.0f\n", name,
               gtk_widget_get_width(panel), gtk_widget_get_height(panel), l ? l->header : 0, l ? l->left : 0,
               l ? l->bar.width : 0, l ? l->first.width : 0, l ? l->first.height : 0);
      *all_whole = *all_whole && whole;
    }
  return count;
}

/* At every size that is promised the window stays as large as it was asked to be, and what its panels say
 * stays readable: with one row, two rows, in a comparison, and with a message over them. */
static void test_sizes(void) {
  static const int sizes[][2] = {{1280, 800}, {1024, 700}, {900, 600}};
  static const char *const states[] = {"one row", "two rows", "two rows and a message", "comparison",
                                       "comparison with its second row"};
  const gboolean rows = ui.view->second_row;
  for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
    for (gsize s = 0; s < G_N_ELEMENTS(states); s++) {
      const gboolean compare = s >= 3, second = s == 1 || s == 2 || s == 4;
      ui.view->second_row = second;
      ui.view->layout = compare ? WD_LAYOUT_COMPARE : WD_LAYOUT_STEP;
      wd_view_changed(ui.view, WD_VIEW_LAYOUT);
      resize(sizes[i][0], sizes[i][1]);
      if (s == 2) {
        const WdNotice told = {.code = WD_ERR_DEVICE,
                               .what = (char *)"A message over the panels",
                               .kept = (char *)"Nothing was lost."};
        wd_window_notify(ui.window, &told);
        ui_run(0.5);
        ui_settle(&ui);
      }
      const int width = gtk_widget_get_width(GTK_WIDGET(ui.window)),
                height = gtk_widget_get_height(GTK_WIDGET(ui.window));
      tap_ok(width <= sizes[i][0] && height <= sizes[i][1],
             "%d x %d, %s: the window keeps its size (%d x %d)", sizes[i][0], sizes[i][1], states[s], width,
             height);
      gboolean whole;
      const int panels = count_whole_panels(&whole);
      tap_ok(whole && panels >= (compare ? 4 : 2), "%d panels, all with header, axes and colour bar", panels);
      tap_ok((second && !(compare && sizes[i][1] < 760)) == (ui_find(ui.window, "difference-a") != NULL),
             "the second row is %s", second ? "there" : "not there");
      g_autofree char *name = g_strdup_printf("size-%d-%d", sizes[i][0], (int)s);
      ui_keep(&ui, name);
      wd_notice_bar_hide(WD_NOTICE_BAR(ui_find_type(ui.window, WD_TYPE_NOTICE_BAR)));
    }
  ui.view->second_row = rows;
  ui.view->layout = WD_LAYOUT_STEP;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  resize(1280, 800);
}

static void test_small(void) {
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 900, 600);
  ui_wait(is_small, NULL, 10);
  ui_settle(&ui);
  const int width = gtk_widget_get_width(GTK_WIDGET(ui.window)),
            height = gtk_widget_get_height(GTK_WIDGET(ui.window));
  tap_ok(width <= 900 && height <= 600, "the window fits into 900 x 600: %d x %d", width, height);
  tap_ok(!ui.view->sidebar && !ui_find(ui.window, "sidebar"), "its sidebar gives way");
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  panel_width = panel ? gtk_widget_get_width(panel) : 0;
  ui_keep(&ui, "small");
  ui_key(&ui, "F9");
  ui_wait(has_sidebar, NULL, 10);
  ui_run(0.5); /* what it would move has moved */
  tap_ok(ui_find(ui.window, "sidebar") && panel && gtk_widget_get_width(panel) == panel_width,
         "F9 lays it over the panels, which stay as they are");
  ui_keep(&ui, "small-sidebar");
  ui_key(&ui, "F9");
  ui_run(0.4);
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 1280, 800);
  ui_run(0.4);
}

static void test_close(void) {
  ui.view->next.plan.steps = 60;
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
  const gboolean told = ui_wait(has_notice, NULL, 20);
  tap_ok(told && strstr(notice(), "no-such-model"), "a missing model is told: %s", notice());
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
  const gboolean damage = ui_wait(has_notice, NULL, 20);
  tap_ok(damage, "a damaged model is told: %s", notice());
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
    /* What does not hang on how GTK draws, where that is quick. */
    const gboolean all = !g_strcmp0(g_getenv("WD_GL_MODE"), "nogl") && !WD_INSTRUMENTED;
    test_run();
    if (all) test_typing();
    if (all) test_keys();
    test_stop();
    test_branch();
    test_compare();
    test_enlarge();
    test_small();
    if (all) test_sizes();
    test_close();
  } else {
    ui_stop(&ui);
  }
  if (ui.window) ui_stop(&ui);
  test_missing_model();
  return tap_done();
}
