/* The window's actions of files, and what starts with it: the drop target and the offer of recovery. */
#include "app/open.h"

#include "app/application.h"
#include "app/export_dialog.h"

typedef void (*Act)(WdWindow *window);

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

static void demo(WdWindow *w) {
  g_autofree char *path = wd_demo_path();
  if (path)
    wd_open_recording(w, path);
  else
    wd_window_notify(w, &(WdNotice){.code = WD_ERR_IO,
                                    .what = "The recorded demo did not come with this program.",
                                    .kept = "wavediffusion-cli record makes recordings."});
}

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

void wd_files_install(WdWindow *window) {
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
    GSimpleAction *action = g_simple_action_new(actions[i].name, NULL);
    g_signal_connect_object(action, "activate", G_CALLBACK(on_action), window, 0);
    g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
    g_object_unref(action);
  }
  g_signal_connect_object(wd_window_get_session(window), "recording", G_CALLBACK(watch), window,
                          G_CONNECT_SWAPPED);
  watch(window);
  wd_open_install_drop(window);
}
