/* Lessons, presenter and annotations as a person uses them: a lesson opened from the list, paged through,
 * played about with and reset; something drawn by dragging and by keys, undone; the presenter view entered
 * and left. */
#include "app/annotation.h"
#include "app/panel_view.h"
#include "app/teach.h"
#include "tests/app/ui.h"

#include <glib/gstdio.h>
#include <string.h>

static Ui ui;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static int at(void) {
  return ui.view->place[0].position;
}
static const char *text_of(const char *name) {
  GtkWidget *l = ui_find(ui.window, name);
  return l ? gtk_label_get_text(GTK_LABEL(l)) : "";
}
static guint marks(void) {
  const GPtrArray *all = wd_recording_get_annotations(recording(), ui.view->place[0].branch, at());
  return all ? all->len : 0;
}
static gboolean has_list(gpointer user) {
  (void)user;
  return ui_find(ui.window, "lessons") && ui_find(ui.window, "lesson-1");
}
static gboolean is_player(gpointer user) {
  (void)user;
  return wd_teach_lesson(ui.window) && ui_find(ui.window, "lesson-text");
}

/* A lesson of this test's own over the demo, so that no text of those that ship is expected here. */
static char *write_lesson(const char *folder) {
  char *path = g_build_filename(folder, "own.json", NULL);
  g_autofree char *demo = wd_demo_path(), *copy = g_build_filename(folder, "own.wdrun", NULL), *data = NULL;
  gsize length = 0;
  g_file_get_contents(demo, &data, &length, NULL);
  g_file_set_contents(copy, data, (gssize)length, NULL);
  static const char text[] =
      "{\"lesson\": 1, \"title\": \"Own\", \"recording\": \"own.wdrun\", \"state\": {\"run\": 1}, \"steps\": "
      "[\n"
      "{\"title\": \"A\", \"text\": \"at {step}\", \"state\": {\"step\": 2}, \"spotlight\": [\"velocity\", "
      "{\"panel\": "
      "\"gather\", \"region\": [100, 200, 300, 600]}]},\n"
      "{\"title\": \"B\", \"text\": \"b\", \"question\": \"what?\", \"reveal\": \"that\", \"hide\": "
      "\"gather\", "
      "\"state\": {\"step\": 4}, \"then\": {\"step\": \"last\"}},\n"
      "{\"title\": \"C\", \"text\": \"c\", \"state\": {\"step\": 0, \"source\": \"simulated\"}}]}";
  g_file_set_contents(path, text, -1, NULL);
  return path;
}

static void test_list(void) {
  tap_ok(ui_find(ui.window, "mode-step") && ui_find(ui.window, "mode-teach"), "modes have toggles");
  ui_key(&ui, "ctrl+5");
  tap_ok(ui_wait(has_list, NULL, 10) && ui.view->mode == WD_MODE_TEACH, "Ctrl+5 lists the lessons");
  ui_keep(&ui, "teach-list");
  ui_key(&ui, "ctrl+1");
  ui_settle(&ui);
  tap_ok(ui.view->mode == WD_MODE_STEP && !ui_find(ui.window, "lessons"), "Ctrl+1 goes back to stepping");
  ui_click(ui_find(ui.window, "mode-teach"), 0.5, 0.5, 1);
  tap_ok(ui_wait(has_list, NULL, 10), "so does the toggle the other way");
  ui_click(ui_find(ui.window, "lesson-1"), 0.5, 0.5, 1);
  tap_ok(ui_wait(is_player, NULL, 20) && wd_recording_count(recording()) > 0,
         "a click opens the first: \"%s\"", is_player(NULL) ? wd_teach_lesson(ui.window)->title : "");
  const int n = is_player(NULL) ? wd_teach_lesson(ui.window)->n : 0;
  ui_settle(&ui);
  ui_keep(&ui, "teach-first");
  int pages = 0;
  for (; pages < 3 * n && wd_teach_step(ui.window) < n - 1; pages++) ui_key(&ui, "Page_Down");
  tap_ok(n > 1 && wd_teach_step(ui.window) == n - 1, "Page Down goes through its %d steps (%d presses)", n,
         pages);
  ui_click(ui_find(ui.window, "lesson-close"), 0.5, 0.5, 1);
  tap_ok(ui_wait(has_list, NULL, 10) && wd_recording_count(recording()) == 0,
         "left, the window has what it had before: nothing");
}

static void test_player(const char *path) {
  g_autoptr(GError) error = NULL;
  tap_ok(wd_teach_open(ui.window, path, 0, &error), "a lesson of one's own is opened%s",
         error ? error->message : "");
  ui_settle(&ui);
  tap_ok(at() == 2 && !strcmp(text_of("lesson-text"), "at 2"), "its first step: step %d, \"%s\"", at(),
         text_of("lesson-text"));
  const WdSpotlight spot = {WD_TARGET_GATHER, TRUE, 100, 200, 300, 600};
  graphene_rect_t r = {0}, whole = {0};
  const WdSpotlight all = {.target = WD_TARGET_GATHER};
  const gboolean found =
      wd_teach_target_rect(ui.window, &spot, &r) && wd_teach_target_rect(ui.window, &all, &whole);
  tap_ok(found && r.size.width > 8 && r.size.width < whole.size.width / 2 &&
             r.size.height < whole.size.height,
         "a region of the gather is a part of it (%.0f x %.0f of %.0f x %.0f)", (double)r.size.width,
         (double)r.size.height, (double)whole.size.width, (double)whole.size.height);
  ui_keep(&ui, "teach-spot");
  ui_key(&ui, "Page_Down");
  ui_settle(&ui);
  tap_ok(at() == 4 && ui_find(ui.window, "cover-gather") && !ui_find(ui.window, "lesson-answer"),
         "the next hides the gather and the answer");
  ui_keep(&ui, "teach-hidden");
  ui_click(ui_find(ui.window, "cover-gather"), 0.5, 0.5, 1);
  ui_settle(&ui);
  const WdBranch *b = wd_recording_nth(recording(), 0);
  tap_ok(!ui_find(ui.window, "cover-gather") && !strcmp(text_of("lesson-answer"), "that") &&
             at() == wd_branch_last(b),
         "a click shows both, and where it leads");
  ui_key(&ui, "Page_Down");
  ui_settle(&ui);
  tap_ok(wd_teach_step(ui.window) == 2 && at() == 0 && ui.view->source == WD_SOURCE_SIMULATED,
         "on to the last");
  ui_key(&ui, "Page_Down");
  tap_ok(wd_teach_step(ui.window) == 2, "which is the last");
  tap_ok(!wd_teach_changed(ui.window), "nothing was played with yet");
  ui_key(&ui, "period");
  ui_key(&ui, "d");
  ui_settle(&ui);
  tap_ok(at() == 1 && ui.view->source == WD_SOURCE_DIFFERENCE && wd_teach_changed(ui.window),
         "the window's own keys keep working, and the lesson knows");
  ui_click(ui_find(ui.window, "lesson-reset"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(at() == 0 && ui.view->source == WD_SOURCE_SIMULATED && !wd_teach_changed(ui.window),
         "reset brings it back");
  ui_key(&ui, "Page_Up");
  ui_settle(&ui);
  tap_ok(wd_teach_step(ui.window) == 1 && ui_find(ui.window, "cover-gather"),
         "Page Up goes back, covered again");
  ui_key(&ui, "Page_Down");
}

static void test_annotations(void) {
  ui_settle(&ui);
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  ui_click(panel, 0.4, 0.4, 1);
  ui_key(&ui, "q");
  ui_settle(&ui);
  tap_ok(ui.view->tool == WD_ANNOTATION_ARROW + 1, "Q takes the arrow");
  UiPicture before = {0}, after = {0};
  ui_move(panel, 0.9, 0.95);
  ui_settle(&ui);
  ui_widget_picture(&ui, panel, &before);
  ui_drag(panel, 0.3, 0.3, 0.55, 0.6, 6);
  ui_settle(&ui);
  const GPtrArray *all = wd_recording_get_annotations(recording(), ui.view->place[0].branch, at());
  const WdAnnotation *a = all ? all->pdata[0] : NULL;
  tap_ok(marks() == 1 && a->kind == WD_ANNOTATION_ARROW && !a->gather && a->x[1] > a->x[0] + 50 &&
             a->y[1] > a->y[0] + 50,
         "a drag draws it, in metres");
  ui_move(panel, 0.9, 0.95);
  ui_settle(&ui);
  ui_widget_picture(&ui, panel, &after);
  gsize other = 0;
  for (gsize i = 0; before.pixel && after.pixel && i < (gsize)before.width * (gsize)before.height; i++)
    other += before.pixel[i] != after.pixel[i];
  tap_ok(other > 200, "and %d pixels of the panel show it", (int)other);
  ui_picture_clear(&before);
  ui_picture_clear(&after);
  ui_key(&ui, "q");
  ui_drag(ui_find(ui.window, "gather-a"), 0.4, 0.3, 0.6, 0.5, 4);
  ui_settle(&ui);
  tap_ok(marks() == 2, "a box on the gather");
  ui_key(&ui, "q");
  ui_click(panel, 0.4, 0.5, 1);
  ui_settle(&ui);
  ui_run(0.3);
  ui_type(&ui, "a fault");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  all = wd_recording_get_annotations(recording(), ui.view->place[0].branch, at());
  a = marks() == 3 ? all->pdata[2] : NULL;
  tap_ok(a && !g_strcmp0(a->text, "a fault"), "words: \"%s\"", a ? a->text : "");
  ui_focus(GTK_WIDGET(ui.window));
  gtk_widget_grab_focus(panel);
  ui_key(&ui, "q");
  ui_move(panel, 0.3, 0.4);
  ui_key(&ui, "Insert");
  for (int i = 0; i < 4; i++) ui_key(&ui, "alt+Right");
  ui_key(&ui, "Insert");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  all = wd_recording_get_annotations(recording(), ui.view->place[0].branch, at());
  a = marks() == 4 ? all->pdata[3] : NULL;
  tap_ok(a && a->kind == WD_ANNOTATION_PICK && a->points == 2 && a->x[1] - a->x[0] == 40,
         "a pick line by keys alone");
  ui_keep(&ui, "teach-annotated");
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  tap_ok(ui.view->tool == 0 && wd_teach_lesson(ui.window), "Esc puts the tool away, no more");
  g_autofree char *path = g_build_filename(g_get_user_cache_dir(), "annotated.wdrun", NULL);
  g_autoptr(GError) error = NULL;
  tap_ok(wd_recording_save(recording(), path, FALSE, NULL, &error), "the recording is saved");
  g_autoptr(WdRecording) again = wd_recording_load(path, NULL, &error);
  const GPtrArray *there = again ? wd_recording_get_annotations(again, ui.view->place[0].branch, at()) : NULL;
  tap_ok(there && wd_annotations_hash(there) == wd_annotations_hash(all), "with all four of them");
  g_unlink(path);
  for (int i = 0; i < 4; i++) ui_key(&ui, "ctrl+z");
  ui_settle(&ui);
  tap_ok(marks() == 0, "Ctrl+Z four times takes them away (%u left)", marks());
  ui_key(&ui, "ctrl+shift+z");
  ui_settle(&ui);
  tap_ok(marks() == 1, "Ctrl+Shift+Z brings one back");
}

static void test_present(void) {
  GtkWidget *panel = ui_find(ui.window, "velocity-a");
  const double plain = wd_panel_view_get_style(WD_PANEL_VIEW(panel)).size;
  ui_key(&ui, "F5");
  ui_run(0.6);
  ui_settle(&ui);
  const double large = wd_panel_view_get_style(WD_PANEL_VIEW(panel)).size;
  tap_ok(wd_is_presenting(ui.window) && !ui_find(ui.window, "status") && !ui_find(ui.window, "run"),
         "F5 hides the window's own bars");
  tap_ok(large > 1.6 * plain && large < 1.9 * plain, "type on panels is %.2f times as large", large / plain);
  ui_keep(&ui, "present");
  ui_key(&ui, "F7");
  ui_settle(&ui);
  tap_ok(wd_teach_is_frozen(ui.window) && ui_find(ui.window, "frozen"), "F7 freezes the picture");
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  tap_ok(!wd_teach_is_frozen(ui.window) && wd_is_presenting(ui.window), "Esc goes on");
  ui_key(&ui, "Page_Up");
  ui_settle(&ui);
  tap_ok(wd_teach_step(ui.window) == 0, "the remote's keys work");
  ui_key(&ui, "Escape");
  ui_run(0.4);
  tap_ok(!wd_is_presenting(ui.window) && ui_find(ui.window, "status") && wd_teach_lesson(ui.window),
         "Esc leaves, the lesson stays");
  tap_ok(wd_panel_view_get_style(WD_PANEL_VIEW(panel)).size == plain, "type is as it was");
}

/* A step may choose any mode: its text stays in sight, and Page Down goes on from there. */
static void test_modes(const char *folder) {
  static const char lesson[] =
      "{\"lesson\": 1, \"title\": \"Modes\", \"recording\": \"demo\", \"steps\": ["
      "{\"title\": \"One\", \"text\": \"in latent\", \"state\": {\"mode\": \"latent\"}, \"spotlight\": "
      "\"page\"},"
      "{\"title\": \"Two\", \"text\": \"in inspect\", \"state\": {\"mode\": \"inspect\"}},"
      "{\"title\": \"Three\", \"text\": \"the wave\", \"state\": {\"step\": \"last\", \"wavefield\": "
      "{\"shown\": true}},"
      " \"spotlight\": [\"wavefield\", \"wavefield_gather\"]},"
      "{\"title\": \"Four\", \"text\": \"beside the panels\"}]}";
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(folder, "modes.json", NULL);
  g_file_set_contents(path, lesson, -1, NULL);
  if (!tap_ok(wd_teach_open(ui.window, path, 0, &error), "a lesson of all modes%s",
              error ? error->message : ""))
    return;
  static const struct {
    WdMode mode;
    const char *page, *text;
  } step[] = {{WD_MODE_LATENT, "mode-latent-page", "in latent"},
              {WD_MODE_INSPECT, "mode-inspect-page", "in inspect"},
              {WD_MODE_TEACH, "mode-teach-page", "the wave"},
              {WD_MODE_TEACH, "mode-teach-page", "beside the panels"}};
  for (int i = 0; i < 4; i++) {
    ui_settle(&ui);
    GtkWidget *text = ui_find(ui.window, "lesson-text");
    tap_ok(ui.view->mode == step[i].mode && ui_find(ui.window, step[i].page) && text &&
               gtk_widget_get_mapped(text) && !strcmp(gtk_label_get_text(GTK_LABEL(text)), step[i].text),
           "step %d: its mode's page, and its text beside it (\"%s\")", i + 1,
           text ? gtk_label_get_text(GTK_LABEL(text)) : "nothing");
    if (i == 2) {
      graphene_rect_t map = {0}, gather = {0};
      const WdSpotlight on[] = {{.target = WD_TARGET_WAVEFIELD}, {.target = WD_TARGET_WAVEFIELD_GATHER}};
      tap_ok(wd_teach_target_rect(ui.window, &on[0], &map) &&
                 wd_teach_target_rect(ui.window, &on[1], &gather) && map.size.width > 100 &&
                 gather.size.width > 60 && gather.origin.x >= map.origin.x + map.size.width,
             "the wavefield and its gather are places of their own to point at");
    }
    if (i < 3) ui_key(&ui, "Page_Down");
    tap_ok(wd_teach_step(ui.window) == MIN(i + 1, 3), "Page Down goes on");
  }
  wd_teach_go(ui.window, 0);
  ui_settle(&ui);
  wd_teach_close(ui.window);
  ui_settle(&ui);
  tap_ok(ui.view->mode == WD_MODE_LATENT && ui_find(ui.window, "mode-latent-page") &&
             !ui_find(ui.window, "mode-teach-page"),
         "left in Latent mode, nothing stands beside it");
  const double clip = ui.view->look[WD_PANEL_GATHER].clip;
  ui.view->focused = WD_PANEL_GATHER;
  ui_key(&ui, "Page_Up");
  ui_settle(&ui);
  tap_ok(ui.view->look[WD_PANEL_GATHER].clip < clip,
         "and without a lesson Page Up is the clip's again: %g, then %g", clip,
         ui.view->look[WD_PANEL_GATHER].clip);
  ui_key(&ui, "ctrl+5");
  ui_settle(&ui);
  g_unlink(path);
}

int main(void) {
  ui_need_display();
  g_autofree char *folder = g_dir_make_tmp("wd-teach-XXXXXX", NULL);
  g_autofree char *path = write_lesson(folder), *copy = g_build_filename(folder, "own.wdrun", NULL);
  ui_start(&ui, "", 1280, 800, NULL);
  /* With OpenGL: what is drawn over its pictures. */
  const gboolean all = g_strcmp0(g_getenv("WD_GL_MODE"), "glx") != 0;
  if (all) test_list();
  test_player(path);
  test_annotations();
  if (all) test_present();
  if (all) test_modes(folder);
  ui_stop(&ui);
  g_unlink(path);
  g_unlink(copy);
  g_rmdir(folder);
  return tap_done();
}
