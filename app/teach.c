/* What a lesson does to the window: its recording and view in place of the user's, which come back. */
#include "app/teach.h"

#include "app/i18n.h"
#include "app/mode.h"
#include "app/window_private.h"

#include <string.h>

struct WdTeach {
  WdWindow *window;
  WdLesson *lesson;
  int step;
  gboolean revealed, playing, applying;
  guint timer;
  char *shown;             /* the view's JSON as the step left it */
  guint branches, latents; /* of the recording as it was opened */
  /* the user's own, until the lesson ends */
  WdRecording *kept_recording;
  char *kept_view, *kept_path;
  WdViewLooks kept_lent;
};

static void teach_free(gpointer data) {
  WdTeach *t = data;
  g_clear_handle_id(&t->timer, g_source_remove);
  wd_lesson_free(t->lesson);
  g_clear_object(&t->kept_recording);
  g_free(t->shown);
  g_free(t->kept_view);
  g_free(t->kept_path);
  g_free(t);
}

static void changed(WdWindow *w) {
  wd_teach_page_update(w);
  wd_teach_stage_update(w);
  wd_window_queue_update(w);
}

static void on_view(WdView *view, guint parts, gpointer user) {
  (void)view;
  WdTeach *t = user;
  if (t->applying || !t->lesson) return;
  if (parts & ~(guint)(WD_VIEW_CURSOR | WD_VIEW_RUN)) changed(t->window);
}

WdTeach *wd_teach_of(WdWindow *w) {
  WdTeach *t = g_object_get_data(G_OBJECT(w), "wd-teach");
  if (t) return t;
  t = g_new0(WdTeach, 1);
  t->window = w;
  g_signal_connect(w->view, "changed", G_CALLBACK(on_view), t);
  g_object_set_data_full(G_OBJECT(w), "wd-teach", t, teach_free);
  return t;
}

const WdLesson *wd_teach_lesson(WdWindow *w) {
  return wd_teach_of(w)->lesson;
}
int wd_teach_step(WdWindow *w) {
  return wd_teach_of(w)->step;
}
gboolean wd_teach_revealed(WdWindow *w) {
  const WdTeach *t = wd_teach_of(w);
  return t->lesson && (t->revealed || !wd_lesson_step_hides(&t->lesson->step[t->step]));
}
gboolean wd_teach_is_playing(WdWindow *w) {
  return wd_teach_of(w)->playing;
}
gboolean wd_teach_may_play(WdWindow *w) {
  gboolean animations = TRUE;
  g_object_get(gtk_widget_get_settings(GTK_WIDGET(w)), "gtk-enable-animations", &animations, NULL);
  return animations;
}

/* ---- the recording */

static guint count_latents(WdRecording *r) {
  guint n = 0;
  for (guint i = 0; i < wd_recording_count(r); i++) n += wd_recording_nth(r, i)->position->len;
  return n;
}

static gboolean load(WdTeach *t, GError **error) {
  g_autofree char *path = wd_lesson_recording_path(t->lesson, error);
  g_autoptr(WdRecording) r = path ? wd_recording_load(path, NULL, error) : NULL;
  if (!r) return FALSE;
  t->applying = TRUE; /* the window looks for a place of its own meanwhile */
  wd_session_set_recording(t->window->session, r);
  g_object_set_data(G_OBJECT(t->window), "wd-recording-path", NULL);
  t->applying = FALSE;
  t->branches = wd_recording_count(r);
  t->latents = count_latents(r);
  return TRUE;
}

/* Somebody ran or branched: the lesson's recording is no more what it was. */
static gboolean has_grown(const WdTeach *t) {
  WdRecording *r = wd_session_get_recording(t->window->session);
  return wd_recording_count(r) != t->branches || count_latents(r) != t->latents;
}

/* The view as JSON, but for the pointer and the units: where it rests and what they are changes nothing. */
static char *view_json(WdWindow *w) {
  WdView *v = w->view;
  const WdView before = *v;
  v->cursor = FALSE;
  v->x = v->z = v->t = 0;
  v->cursor_panel = v->focused = 0;
  v->next = (WdRecipe){0};
  v->units = (wd_units){0};
  char *json = wd_view_to_json(v);
  v->cursor = before.cursor;
  v->x = before.x;
  v->z = before.z;
  v->t = before.t;
  v->cursor_panel = before.cursor_panel;
  v->focused = before.focused;
  v->next = before.next;
  v->units = before.units;
  return json;
}

gboolean wd_teach_changed(WdWindow *w) {
  const WdTeach *t = wd_teach_of(w);
  if (!t->lesson || !t->shown) return FALSE;
  g_autofree char *now = view_json(w);
  return strcmp(now, t->shown) != 0 || has_grown(t);
}

/* ---- steps */

static void plan(WdTeach *t);

static gboolean on_time(gpointer user) {
  WdTeach *t = user;
  t->timer = 0;
  if (t->step + 1 >= t->lesson->n && wd_teach_revealed(t->window)) {
    wd_teach_play(t->window, FALSE);
    return G_SOURCE_REMOVE;
  }
  wd_teach_next(t->window, 1);
  return G_SOURCE_REMOVE;
}

/* The next step by itself. One without a time of its own waits for somebody. */
static void plan(WdTeach *t) {
  g_clear_handle_id(&t->timer, g_source_remove);
  if (!t->playing || !t->lesson || !wd_teach_may_play(t->window)) return;
  const double seconds = t->lesson->step[t->step].autoplay;
  if (seconds > 0) t->timer = g_timeout_add((guint)(seconds * 1000), on_time, t);
}

static void show(WdTeach *t) {
  g_autoptr(GError) error = NULL;
  WdWindow *w = t->window;
  t->applying = TRUE;
  if (has_grown(t) && !load(t, &error)) {
    wd_window_notify_error(w, _("The lesson's recording could not be opened again"), error);
    g_clear_error(&error);
  }
  t->applying = TRUE;
  if (!wd_lesson_apply(t->lesson, t->step, t->revealed, wd_session_get_recording(w->session), w->view, NULL,
                       &error))
    wd_window_notify_error(w, _("This step of the lesson could not be shown as it was meant"), error);
  t->applying = FALSE;
  g_free(t->shown);
  t->shown = view_json(w);
  plan(t);
  changed(w);
}

void wd_teach_go(WdWindow *w, int step) {
  WdTeach *t = wd_teach_of(w);
  if (!t->lesson) return;
  t->step = CLAMP(step, 0, t->lesson->n - 1);
  t->revealed = FALSE;
  show(t);
}

void wd_teach_reveal(WdWindow *w) {
  WdTeach *t = wd_teach_of(w);
  if (!t->lesson || wd_teach_revealed(w)) return;
  t->revealed = TRUE;
  show(t);
}

void wd_teach_next(WdWindow *w, int by) {
  WdTeach *t = wd_teach_of(w);
  if (!t->lesson) return;
  if (by > 0 && !wd_teach_revealed(w))
    wd_teach_reveal(w);
  else if (by < 0 ? t->step > 0 : t->step + 1 < t->lesson->n)
    wd_teach_go(w, t->step + by);
}

void wd_teach_reset(WdWindow *w) {
  WdTeach *t = wd_teach_of(w);
  if (t->lesson) show(t);
}

void wd_teach_play(WdWindow *w, gboolean on) {
  WdTeach *t = wd_teach_of(w);
  t->playing = on && t->lesson && wd_teach_may_play(w);
  plan(t);
  changed(w);
}

/* ---- beginning and end */

static void keep(WdTeach *t) {
  if (t->kept_recording) return;
  t->kept_recording = g_object_ref(wd_session_get_recording(t->window->session));
  t->kept_view = wd_view_to_json(t->window->view);
  t->kept_lent = t->window->view->lent;
  t->kept_path = g_strdup(g_object_get_data(G_OBJECT(t->window), "wd-recording-path"));
}

static void give_back(WdTeach *t) {
  if (!t->kept_recording) return;
  WdWindow *w = t->window;
  t->applying = TRUE;
  wd_session_set_recording(w->session, t->kept_recording);
  g_object_set_data_full(G_OBJECT(w), "wd-recording-path", g_strdup(t->kept_path), g_free);
  const WdRecipe next = w->view->next;
  const WdMode mode = w->view->mode;
  wd_view_from_json(w->view, t->kept_view, NULL);
  w->view->lent = t->kept_lent;
  w->view->next = next;
  w->view->mode = mode;
  w->view->playing = w->view->scrubbing = FALSE;
  wd_view_changed(w->view, WD_VIEW_ALL);
  t->applying = FALSE;
  g_clear_object(&t->kept_recording);
  g_clear_pointer(&t->kept_view, g_free);
  g_clear_pointer(&t->kept_path, g_free);
}

gboolean wd_teach_open(WdWindow *w, const char *name, int step, GError **error) {
  g_autofree char *path = wd_lesson_find(name, error);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(wd_lesson_problem_free);
  WdLesson *lesson = path ? wd_lesson_load(path, problems, error) : NULL;
  if (!lesson) return FALSE;
  WdTeach *t = wd_teach_of(w);
  WdLesson *before = t->lesson;
  keep(t);
  t->lesson = lesson;
  if (!load(t, error)) {
    t->lesson = before;
    wd_lesson_free(lesson);
    if (!before) give_back(t);
    return FALSE;
  }
  wd_lesson_free(before);
  t->playing = FALSE;
  wd_teach_go(w, step);
  GtkWidget *panel = w->column[0].panel[WD_PANEL_VELOCITY];
  if (!gtk_widget_get_mapped(panel) || !gtk_widget_grab_focus(panel)) /* the list's row is hidden now */
    gtk_window_set_focus(GTK_WINDOW(w), NULL);
  if (problems->len) {
    const WdLessonProblem *p = problems->pdata[0];
    g_autofree char *what = g_strdup_printf(
        ngettext("This lesson has %u mistake", "This lesson has %u mistakes", problems->len), problems->len);
    g_autofree char *kept = g_strdup_printf(
        _("Line %d: %s. wavediffusion-cli lesson check tells all of them."), p->line, p->text);
    const WdNotice notice = {.code = WD_ERR_FORMAT, .what = what, .kept = kept};
    wd_window_notify(w, &notice);
  }
  return TRUE;
}

void wd_teach_close(WdWindow *w) {
  WdTeach *t = wd_teach_of(w);
  if (!t->lesson) return;
  g_clear_handle_id(&t->timer, g_source_remove);
  t->playing = FALSE;
  g_clear_pointer(&t->lesson, wd_lesson_free);
  g_clear_pointer(&t->shown, g_free);
  give_back(t);
  changed(w);
}

gboolean wd_teach_leave(WdWindow *w) {
  if (wd_teach_is_frozen(w))
    wd_teach_freeze(w, FALSE);
  else if (wd_is_presenting(w))
    wd_present(w, FALSE);
  else
    return FALSE;
  return TRUE;
}

/* ---- actions */

static void on_next(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_next(w, 1);
}
static void on_previous(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_next(w, -1);
}
static void on_reveal(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_reveal(w);
}
static void on_reset(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_reset(w);
}
static void on_close(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_close(w);
}
static void on_play(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_play(w, !wd_teach_is_playing(w));
}
static void on_present(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_present(w, !wd_is_presenting(w));
}
static void on_freeze(GSimpleAction *a, GVariant *p, gpointer w) {
  (void)a, (void)p;
  wd_teach_freeze(w, !wd_teach_is_frozen(w));
}
static void on_lesson(GSimpleAction *a, GVariant *p, gpointer user) {
  (void)a;
  WdWindow *w = user;
  g_autoptr(GError) error = NULL;
  if (!wd_teach_open(w, g_variant_get_string(p, NULL), 0, &error))
    wd_window_notify_error(w, _("The lesson could not be opened"), error);
}

void wd_teach_install(WdWindow *w) {
  static const GActionEntry entries[] = {
      {.name = "lesson-next", .activate = on_next},
      {.name = "lesson-previous", .activate = on_previous},
      {.name = "lesson-reveal", .activate = on_reveal},
      {.name = "lesson-reset", .activate = on_reset},
      {.name = "lesson-close", .activate = on_close},
      {.name = "lesson", .activate = on_lesson, .parameter_type = "s"},
      {.name = "freeze", .activate = on_freeze, .state = "false"},
      {.name = "lesson-play", .activate = on_play, .state = "false"},
      {.name = "present", .activate = on_present, .state = "false"},
  };
  g_action_map_add_action_entries(G_ACTION_MAP(w), entries, G_N_ELEMENTS(entries), w);
  wd_teach_update_actions(w);
}

static void enable(WdWindow *w, const char *name, gboolean on) {
  g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(w), name)), on);
}
static void set(WdWindow *w, const char *name, gboolean on) {
  g_simple_action_set_state(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(w), name)),
                            g_variant_new_boolean(on));
}

void wd_teach_update_actions(WdWindow *w) {
  const WdTeach *t = wd_teach_of(w);
  const WdLesson *l = t->lesson;
  const gboolean revealed = wd_teach_revealed(w);
  enable(w, "lesson-next", l && (!revealed || t->step + 1 < l->n));
  enable(w, "lesson-previous", l && t->step > 0);
  enable(w, "lesson-reveal", l && !revealed);
  enable(w, "lesson-reset", l && wd_teach_changed(w));
  enable(w, "lesson-close", l != NULL);
  enable(w, "lesson-play", l && wd_teach_may_play(w));
  set(w, "lesson-play", t->playing);
  set(w, "present", wd_is_presenting(w));
  enable(w, "freeze", wd_is_presenting(w));
  set(w, "freeze", wd_teach_is_frozen(w));
}
