/* Opening files: recognised on a thread, then shown, asked about, or put into the window. Drop and the
 * choosers come here too. */
#include "app/i18n.h"
#include "app/inspect_page.h"
#include "app/open.h"

#include "app/latent_page.h"
#include "app/apply.h"
#include "app/dialog.h"
#include "app/import.h"
#include "app/import_dialog.h"
#include "app/offload.h"
#include "app/status_error.h"
#include "app/window_private.h"

#include <string.h>

/* ---- a recipe asks what to do with it */

static void apply(WdWindow *window, const char *json, WdApplyHow how) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRunRecipe) recipe = wd_run_recipe_from_json(json, &error);
  if (recipe) wd_apply_recipe(wd_window_get_session(window), wd_window_get_view(window), recipe, how, &error);
  if (error) wd_window_notify_error(window, _("The recipe was not applied"), error);
}

static void on_recipe_answer(GtkDialog *dialog, int response, gpointer user) {
  WdWindow *window = user;
  g_autofree char *json = g_strdup(g_object_get_data(G_OBJECT(dialog), "recipe"));
  gtk_window_destroy(GTK_WINDOW(dialog));
  if (response == GTK_RESPONSE_APPLY || response == GTK_RESPONSE_YES)
    apply(window, json, response == GTK_RESPONSE_APPLY ? WD_APPLY_HERE : WD_APPLY_REFERENCE);
}

/* "Seed 42, dpmpp-2m, 16 steps; left at step 6 for ddim, 10 steps. Shown: x0-hat at step 9." */
static char *recipe_words(const WdRunRecipe *r) {
  GString *s = g_string_new(NULL);
  for (guint i = 0; i < wd_run_recipe_links(r); i++) {
    const WdRunLink *l = wd_run_recipe_link(r, i);
    const wd_sampler_plan *p = &l->recipe.plan;
    if (i == 0 && r->pair)
      g_string_append_printf(s, _("The opened pair %s"), r->pair);
    else if (i == 0)
      g_string_append_printf(s,
                             ngettext("Seed %" PRIu64 ", %s with %d step",
                                      "Seed %" PRIu64 ", %s with %d steps", (gulong)p->steps),
                             l->recipe.seed, wd_sampler_name(p->kind), p->steps);
    else
      g_string_append_printf(s,
                             ngettext("; left at step %d for %s with %d step%s",
                                      "; left at step %d for %s with %d steps%s", (gulong)p->steps),
                             l->at, wd_sampler_name(p->kind), p->steps,
                             l->edited ? _(", its latent edited") : "");
    if (l->recipe.refine_steps)
      g_string_append_printf(
          s, ngettext(", refined by %d step", ", refined by %d steps", (gulong)l->recipe.refine_steps),
          l->recipe.refine_steps);
  }
  g_string_append_printf(s, _(". On screen was %s at step %d."),
                         r->what == WD_WHAT_STATE ? "x\xe2\x82\x9c" : "x\xcc\x82\xe2\x82\x80", r->position);
  return g_string_free(s, FALSE);
}

static void ask_recipe(WdWindow *window, const WdImport *im) {
  g_autoptr(WdRunRecipe) r = wd_run_recipe_from_json(im->recipe, NULL);
  g_autofree char *words = recipe_words(r), *caveat = wd_apply_caveat(wd_window_get_session(window), r);
  GtkWidget *dialog =
      gtk_message_dialog_new(GTK_WINDOW(window), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                             GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, _("Run the recipe of %s?"), im->name);
  gtk_widget_set_name(dialog, "recipe-question");
  gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s%s%s", words, caveat ? "\n\n" : "",
                                           caveat ? caveat : "");
  GtkWidget *cancel = gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
  GtkWidget *reference = gtk_dialog_add_button(GTK_DIALOG(dialog), _("Open as _reference"), GTK_RESPONSE_YES);
  GtkWidget *act = gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Apply"), GTK_RESPONSE_APPLY);
  gtk_widget_set_name(cancel, "recipe-cancel");
  gtk_widget_set_name(reference, "recipe-reference");
  gtk_widget_set_name(act, "recipe-apply");
  gtk_widget_set_tooltip_text(reference, _("Beside what is on screen, as side B of a comparison"));
  gtk_widget_set_tooltip_text(act,
                              _("In place of what is on screen; runs that are there stay in the recording"));
  gtk_widget_add_css_class(act, "suggested-action");
  gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_APPLY);
  g_object_set_data_full(G_OBJECT(dialog), "recipe", g_strdup(im->recipe), g_free);
  g_signal_connect(dialog, "response", G_CALLBACK(on_recipe_answer), window);
  gtk_window_present(GTK_WINDOW(dialog));
}

/* ---- recordings */

/* Among the desktop's recent files; not what the program keeps for itself. */
static void remember(const char *path) {
  g_autofree char *demo = wd_demo_path(),
                  *own = g_build_filename(g_get_user_state_dir(), "wavediffusion", NULL);
  if (!g_strcmp0(path, demo) || g_str_has_prefix(path, own)) return;
  g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);
  static char *no_groups[] = {NULL};
  GtkRecentData data = {.mime_type = g_str_has_suffix(path, ".wdrun")
                                         ? "application/x-wavediffusion-recording"
                                         : "application/octet-stream",
                        .app_name = "WaveDiffusion",
                        .app_exec = "wavediffusion %f",
                        .groups = no_groups};
  if (uri) gtk_recent_manager_add_full(gtk_recent_manager_get_default(), uri, &data);
}

void wd_open_recording(WdWindow *window, const char *path) {
  g_autoptr(GError) error = NULL;
  g_autofree char *json = NULL;
  g_autoptr(WdRecording) recording = wd_recording_load(path, &json, &error);
  if (!recording) {
    wd_window_notify_error(window, _("The recording could not be opened"), error);
    return;
  }
  WdView *view = wd_window_get_view(window);
  wd_window_store_splits(window); /* the view that comes is arranged anew */
  wd_session_set_recording(wd_window_get_session(window), recording);
  if (json && *json && wd_view_from_json(view, json, NULL)) {
    for (int side = 0; side < 2; side++) {
      WdPlace at = view->place[side];
      view->place[side] = (WdPlace){0};
      const WdBranch *b = wd_recording_find(recording, at.branch);
      if (!b && wd_recording_count(recording)) b = wd_recording_nth(recording, 0);
      if (b) wd_view_go(view, recording, side, b->id, MIN(MAX(at.position, 0), MAX(wd_branch_last(b), 0)));
    }
    view->scrubbing = view->playing = FALSE;
    wd_view_changed(view, WD_VIEW_ALL);
  }
  g_object_set_data_full(G_OBJECT(window), "wd-recording-path", g_strdup(path), g_free);
  remember(path);
}

/* ---- recognising, on a thread */

typedef struct Opening {
  char **path;
  WdImport *found;
} Opening;

static void opening_free(gpointer data) {
  Opening *o = data;
  g_strfreev(o->path);
  wd_import_free(o->found);
  g_free(o);
}

static gboolean recognise(gpointer data, GError **error) {
  Opening *o = data;
  o->found = wd_import_open((const char *const *)o->path, g_strv_length(o->path), error);
  if (o->found && o->found->kind == WD_IMPORT_DATA) wd_import_find_partner(o->found);
  return o->found != NULL;
}

static void recognised(gpointer source, gpointer data, const GError *error) {
  WdWindow *window = WD_WINDOW(source);
  Opening *o = data;
  WdImport *im = o->found;
  if (error) {
    wd_window_notify_error(window, _("The file could not be opened"), error);
    return;
  }
  switch (im->kind) {
  case WD_IMPORT_RECIPE: ask_recipe(window, im); break;
  case WD_IMPORT_RECORDING: wd_open_recording(window, im->path); break;
  case WD_IMPORT_MODEL: wd_session_open_model(wd_window_get_session(window), im->path, NULL); break;
  case WD_IMPORT_DATA:
    remember(im->map_file ? im->map_file : im->gather_file ? im->gather_file : im->path);
    wd_import_dialog(window, g_steal_pointer(&o->found));
    break;
  }
}

void wd_open_files(WdWindow *window, GFile *const *file, guint files) {
  g_autoptr(GPtrArray) path = g_ptr_array_new();
  for (guint i = 0; i < files; i++) {
    char *p = g_file_get_path(file[i]);
    if (!p) {
      g_autofree char *uri = g_file_get_uri(file[i]);
      g_autoptr(GError) error = NULL;
      wd_status_set_error(&error, WD_ERR_UNSUPPORTED,
                          _("%s is not on this machine: copy it to a folder first"), uri);
      wd_window_notify_error(window, _("The file could not be opened"), error);
      g_ptr_array_add(path, NULL);
      g_strfreev((char **)g_ptr_array_free(g_steal_pointer(&path), FALSE));
      return;
    }
    g_ptr_array_add(path, p);
  }
  if (files == 1 && wd_population_recognise(path->pdata[0])) { /* its header tells, at once */
    wd_window_ask_population(window, path->pdata[0], TRUE);
    g_free(path->pdata[0]);
    return;
  }
  if (files == 1 && wd_latent_page_open_file(window, path->pdata[0])) {
    remember(path->pdata[0]);
    g_free(path->pdata[0]);
    return;
  }
  g_ptr_array_add(path, NULL);
  Opening *o = g_new0(Opening, 1);
  o->path = (char **)g_ptr_array_free(g_steal_pointer(&path), FALSE);
  wd_offload(window, o, &(WdOffload){recognise, recognised, opening_free});
}

void wd_open_file(WdWindow *window, GFile *file) {
  wd_open_files(window, &file, 1);
}

/* ---- drop */

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y, gpointer user) {
  (void)target, (void)x, (void)y;
  WdWindow *window = user;
  if (!G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST)) return FALSE;
  GSList *list = gdk_file_list_get_files(g_value_get_boxed(value)); /* the container is ours */
  g_autoptr(GPtrArray) file = g_ptr_array_new();
  for (GSList *l = list; l; l = l->next) g_ptr_array_add(file, l->data);
  if (file->len) wd_open_files(window, (GFile *const *)file->pdata, file->len);
  g_slist_free(list);
  return TRUE;
}

static GdkDragAction on_enter(GtkDropTarget *target, double x, double y, gpointer user) {
  (void)target, (void)x, (void)y;
  gtk_widget_add_css_class(GTK_WIDGET(user), "drop-target");
  return GDK_ACTION_COPY;
}

static void on_leave(GtkDropTarget *target, gpointer user) {
  (void)target;
  gtk_widget_remove_css_class(GTK_WIDGET(user), "drop-target");
}

void wd_open_install_drop(WdWindow *window) {
  GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect(target, "drop", G_CALLBACK(on_drop), window);
  g_signal_connect(target, "enter", G_CALLBACK(on_enter), window);
  g_signal_connect(target, "leave", G_CALLBACK(on_leave), window);
  gtk_widget_add_controller(GTK_WIDGET(window), GTK_EVENT_CONTROLLER(target));
}

/* ---- choosers: one at a time, kept by the window until it answers */

static void take_chooser(WdWindow *window, GtkFileChooserNative *chooser) {
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(chooser), TRUE);
  g_object_set_data_full(G_OBJECT(window), "wd-chooser", chooser, g_object_unref);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(chooser));
}

static void add_filter(GtkFileChooserNative *chooser, const char *name, const char *const *pattern) {
  GtkFileFilter *filter = gtk_file_filter_new();
  gtk_file_filter_set_name(filter, name);
  for (; *pattern; pattern++) gtk_file_filter_add_pattern(filter, *pattern);
  gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(chooser), filter);
  g_object_unref(filter);
}

static void on_opened(GtkNativeDialog *chooser, int response, gpointer user) {
  WdWindow *window = user;
  g_autoptr(GListModel) files =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_files(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autoptr(GPtrArray) file = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; files && i < g_list_model_get_n_items(files); i++)
    g_ptr_array_add(file, g_list_model_get_item(files, i));
  g_object_set_data(G_OBJECT(window), "wd-chooser", NULL);
  if (file->len) wd_open_files(window, (GFile *const *)file->pdata, file->len);
}

void wd_open_choose(WdWindow *window) {
  static const char *const all[] = {"*", NULL}, *const recordings[] = {"*.wdrun", NULL},
                           *const data[] = {"*.npy", "*.sgy", "*.segy", NULL},
                           *const recipes[] = {"*.json", "*.png", "*.pdf", "*.svg", NULL};
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new(_("Open"), GTK_WINDOW(window),
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);
  gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(chooser), TRUE);
  add_filter(chooser, _("All files"), all);
  add_filter(chooser, _("Recordings (.wdrun)"), recordings);
  add_filter(chooser, _("Maps and gathers (.npy, SEG-Y)"), data);
  add_filter(chooser, _("Recipes and figures (JSON, PNG, PDF, SVG)"), recipes);
  g_signal_connect(chooser, "response", G_CALLBACK(on_opened), window);
  take_chooser(window, chooser);
}

void wd_open_choose_model(WdWindow *window) {
  GtkFileChooserNative *chooser =
      gtk_file_chooser_native_new(_("Open a model's folder"), GTK_WINDOW(window),
                                  GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Open"), NULL);
  g_signal_connect(chooser, "response", G_CALLBACK(on_opened), window);
  take_chooser(window, chooser);
}

/* ---- saving */

gboolean wd_save_recording_to(WdWindow *window, const char *path) {
  g_autoptr(GError) error = NULL;
  g_autofree char *full =
      g_str_has_suffix(path, ".wdrun") ? g_strdup(path) : g_strconcat(path, ".wdrun", NULL);
  g_autofree char *view = wd_view_to_json(wd_window_get_view(window));
  if (!wd_recording_save(wd_session_get_recording(wd_window_get_session(window)), full, TRUE, view, &error)) {
    wd_window_notify_error(window, _("The recording was not saved"), error);
    return FALSE;
  }
  g_object_set_data_full(G_OBJECT(window), "wd-recording-path", g_strdup(full), g_free);
  remember(full);
  wd_open_recording_saved(window);
  g_autofree char *base = g_path_get_basename(full), *what = g_strdup_printf(_("Saved as %s"), base);
  WdNotice notice = {.code = WD_OK, .what = what};
  wd_window_notify(window, &notice);
  return TRUE;
}

static void on_save_chosen(GtkNativeDialog *chooser, int response, gpointer user) {
  WdWindow *window = user;
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_object_set_data(G_OBJECT(window), "wd-chooser", NULL);
  if (path) wd_save_recording_to(window, path);
}

void wd_save_recording(WdWindow *window, gboolean as) {
  const char *path = g_object_get_data(G_OBJECT(window), "wd-recording-path");
  if (path && !as) {
    g_autofree char *own = g_strdup(path);
    wd_save_recording_to(window, own);
    return;
  }
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new(_("Save recording"), GTK_WINDOW(window),
                                                              GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), NULL);
  g_autofree char *base = path ? g_path_get_basename(path) : g_strdup("session.wdrun");
  gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), base);
  g_signal_connect(chooser, "response", G_CALLBACK(on_save_chosen), window);
  take_chooser(window, chooser);
}
