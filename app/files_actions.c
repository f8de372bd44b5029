/* The window's actions of files, and what starts with it: the drop target and the offer of recovery. */
#include "app/i18n.h"
#include "app/open.h"

#include "app/autosave.h"
#include "app/export_dialog.h"

typedef void (*Act)(WdWindow *window);

static WdAutosave *autosave_of(WdWindow *w) {
  return g_object_get_data(G_OBJECT(w), "wd-autosave");
}

void wd_open_recording_saved(WdWindow *w) {
  if (autosave_of(w)) wd_autosave_set_saved(autosave_of(w));
}

static void save(WdWindow *w) {
  wd_save_recording(w, FALSE);
}
static void save_as(WdWindow *w) {
  wd_save_recording(w, TRUE);
}
static void export_figure(WdWindow *w) {
  wd_export_figure_dialog(w);
}
static void export_data(WdWindow *w) {
  wd_export_data_dialog(w);
}

/* It plays at once, from its noise on, while the model loads; where motion is not wanted it stands at the
 * data. */
static void demo(WdWindow *w) {
  g_autofree char *path = wd_demo_path();
  if (!path) {
    wd_window_notify(w, &(WdNotice){.code = WD_ERR_IO,
                                    .what = (char *)_("The recorded demo did not come with this program."),
                                    .kept = (char *)_("wavediffusion-cli record makes recordings.")});
    return;
  }
  wd_open_recording(w, path);
  g_object_set_data(G_OBJECT(w), "wd-recording-path", NULL); /* Save does not write over it */
  WdView *v = wd_window_get_view(w);
  WdRecording *r = wd_session_get_recording(wd_window_get_session(w));
  if (!wd_recording_count(r)) return;
  const WdBranch *run = wd_recording_nth(r, 0);
  gboolean motion = TRUE;
  g_object_get(gtk_widget_get_settings(GTK_WIDGET(w)), "gtk-enable-animations", &motion, NULL);
  v->follow = FALSE;
  v->reverse = FALSE;
  wd_view_go(v, r, 0, run->id, motion ? 0 : wd_branch_last(run));
  v->playing = motion;
  wd_view_changed(v, WD_VIEW_PLAY);
}

/* ---- the session that is kept without asking */

static char *view_json(gpointer window) {
  return wd_view_to_json(wd_window_get_view(window));
}

static void set_seconds(GSettings *settings, const char *key, WdWindow *w) {
  WdAutosave *a = autosave_of(w);
  if (a) wd_autosave_set_seconds(a, (guint)g_settings_get_int(settings, key));
}

static void on_autosave_failed(const char *message, gpointer window) {
  wd_window_notify(window,
                   &(WdNotice){.code = WD_ERR_IO,
                               .what = (char *)_("The session could not be kept on disk"),
                               .kept = (char *)_("All of it is still in this window, and keeping it is tried "
                                                 "again. To be safe, save it elsewhere (Ctrl+S)."),
                               .details = (char *)message});
}

gboolean wd_open_keep_session(WdWindow *w, GError **error) {
  WdAutosave *a = autosave_of(w);
  return !a || wd_autosave_now(a, error);
}

void wd_open_keep_nothing(WdWindow *w) {
  wd_autosave_free(g_object_steal_data(G_OBJECT(w), "wd-autosave"));
}

/* While the session is still there: widgets, and the data hung on the window, go after this. Who closes the
 * window was asked before, where it could not be kept (window.c); what ends otherwise says so. */
static void on_destroy(WdWindow *w) {
  WdAutosave *a = autosave_of(w);
  if (!a) return;
  g_object_steal_data(G_OBJECT(w), "wd-autosave");
  g_autoptr(GError) error = NULL;
  if (!wd_autosave_now(a, &error)) g_message("the session was not saved: %s", error->message);
  wd_autosave_free(a);
}

static void restore(WdWindow *w) {
  g_autofree char *path = g_strdup(g_object_get_data(G_OBJECT(w), "wd-recovery"));
  if (!path) return;
  wd_open_recording(w, path);
  g_object_set_data(G_OBJECT(w), "wd-recording-path", NULL); /* Save asks for a name of its own */
  if (autosave_of(w)) wd_autosave_adopt(autosave_of(w), path);
  g_object_set_data(G_OBJECT(w), "wd-recovery", NULL);
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(w), "restore");
  g_simple_action_set_enabled(G_SIMPLE_ACTION(action), FALSE);
}

void wd_open_offer_recovery(WdWindow *window) {
  g_autofree char *path = wd_autosave_find(NULL);
  WdSession *session = wd_window_get_session(window);
  if (!path || wd_recording_count(wd_session_get_recording(session))) return;
  g_autoptr(WdRecording) r = wd_recording_load(path, NULL, NULL);
  if (!r || !wd_recording_count(r)) return;
  const WdBranch *first = wd_recording_nth(r, 0);
  guint n = wd_recording_count(r);
  g_autofree char *kept =
      n > 1 ? g_strdup_printf(ngettext("%u run: %s \xe2\x80\xa6", "%u runs and branches: %s \xe2\x80\xa6", n),
                              n, first->name)
            : g_strdup(first->name);
  WdNotice notice = {.code = WD_OK,
                     .what = (char *)_("The last session was kept."),
                     .kept = kept,
                     .action = WD_NOTICE_RESTORE};
  g_object_set_data_full(G_OBJECT(window), "wd-recovery", g_strdup(path), g_free);
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), "restore");
  g_simple_action_set_enabled(G_SIMPLE_ACTION(action), TRUE);
  wd_window_notify(window, &notice);
}

/* ---- actions */

static const struct {
  const char *name;
  Act act;
  gboolean needs_run; /* something must have been recorded */
} actions[] = {{"open", wd_open_choose, FALSE},
               {"open-model", wd_open_choose_model, FALSE},
               {"demo", demo, FALSE},
               {"save", save, TRUE},
               {"save-as", save_as, TRUE},
               {"export-figure", export_figure, TRUE},
               {"export-data", export_data, TRUE},
               {"restore", restore, FALSE},
               {"copy-image", wd_copy_image, TRUE},
               {"copy-values", wd_copy_values, TRUE},
               {"copy-command", wd_copy_command, TRUE}};

static void on_action(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
    if (!g_strcmp0(actions[i].name, g_action_get_name(G_ACTION(action)))) actions[i].act(user);
}

static void update(WdWindow *window) {
  gboolean any = wd_recording_count(wd_session_get_recording(wd_window_get_session(window))) > 0;
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
    if (actions[i].act == restore) continue;
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), actions[i].name);
    g_simple_action_set_enabled(G_SIMPLE_ACTION(action), any || !actions[i].needs_run);
  }
}

/* The recording's own signals; it may be replaced. */
static void watch(WdWindow *window) {
  WdRecording *recording = wd_session_get_recording(wd_window_get_session(window));
  g_signal_connect_object(recording, "changed", G_CALLBACK(update), window, G_CONNECT_SWAPPED);
  update(window);
}

/* One of the recent files. */
static void on_open_file(GSimpleAction *action, GVariant *path, WdWindow *window) {
  (void)action;
  g_autoptr(GFile) file = g_file_new_for_path(g_variant_get_string(path, NULL));
  wd_open_file(window, file);
}

void wd_files_install(WdWindow *window) {
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
    GSimpleAction *action = g_simple_action_new(actions[i].name, NULL);
    g_signal_connect_object(action, "activate", G_CALLBACK(on_action), window, 0);
    g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
    g_object_unref(action);
  }
  g_autoptr(GSimpleAction) open_file = g_simple_action_new("open-file", G_VARIANT_TYPE_STRING);
  g_signal_connect_object(open_file, "activate", G_CALLBACK(on_open_file), window, 0);
  g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(open_file));
  g_signal_connect_object(wd_window_get_session(window), "recording", G_CALLBACK(watch), window,
                          G_CONNECT_SWAPPED);
  watch(window);
  g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(window), "restore")),
                              FALSE);
  wd_open_install_drop(window);
  GSettings *settings = wd_window_get_settings(window);
  g_object_set_data(G_OBJECT(window), "wd-autosave",
                    wd_autosave_new(wd_window_get_session(window), NULL, view_json, window));
  wd_autosave_set_failed(autosave_of(window), on_autosave_failed, window);
  set_seconds(settings, "autosave", window);
  g_signal_connect_object(settings, "changed::autosave", G_CALLBACK(set_seconds), window, 0);
  g_signal_connect(window, "destroy", G_CALLBACK(on_destroy), NULL);
}
