#include "app/movie_dialog.h"

#include "app/dialog.h"
#include "app/i18n.h"
#include "app/offload.h"
#include "app/reel.h"
#include "app/status_error.h"

#include <math.h>
#include <string.h>

enum { WAVEFIELD, STEPS };

/* One export under way. The thread that writes holds a reference. */
typedef struct Work {
  gatomicrefcount refs;
  WdReel *reel;
  WdReelFile *file; /* NULL once it is finished */
  char *path;
  atomic_bool cancel;
  int at; /* the frame that is made now */
  gboolean finishing;
} Work;

typedef struct Dialog {
  GtkWindow *window;
  WdWindow *parent;
  WdSession *session;
  WdView *view;
  GtkWidget *what, *format, *fps, *speed, *width, *dpi, *theme, *path, *note, *bar, *export;
  GtkFileChooserNative *chooser;
  Work *work;      /* NULL: nothing is written */
  guint next;      /* source that makes the next frame */
  gboolean looked; /* a position that was not there was asked for */
  gboolean typed;  /* the path is a person's own */
} Dialog;

static void work_unref(gpointer data) {
  Work *w = data;
  if (!g_atomic_ref_count_dec(&w->refs)) return;
  wd_reel_file_abort(w->file);
  wd_reel_free(w->reel);
  g_free(w->path);
  g_free(w);
}

static gboolean is_wavefield(const Dialog *d) {
  return gtk_drop_down_get_selected(GTK_DROP_DOWN(d->what)) == WAVEFIELD;
}
static WdReelKind kind_of(const Dialog *d) { /* the rows stand in its order */
  return (WdReelKind)gtk_drop_down_get_selected(GTK_DROP_DOWN(d->format));
}
static double value(GtkWidget *spin) {
  return gtk_spin_button_get_value(GTK_SPIN_BUTTON(spin));
}

static WdReelOptions options_of(const Dialog *d) {
  return (WdReelOptions){.width_mm = value(d->width),
                         .dpi = (int)value(d->dpi),
                         .dark = gtk_drop_down_get_selected(GTK_DROP_DOWN(d->theme)) == 1,
                         .fps = value(d->fps)};
}

static WdReel *reel_of(const Dialog *d, GError **error) {
  const WdReelOptions o = options_of(d);
  if (!is_wavefield(d)) return wd_reel_of_steps(d->session, d->view, &o, error);
  WdWavefield *field = wd_session_get_wavefield(d->session, NULL, NULL);
  if (!field) {
    wd_status_set_error(error, WD_ERR_ARGUMENT, _("there is no wavefield yet: show it first (U)"));
    return NULL;
  }
  const WdPlace at = d->view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(d->session), at.branch);
  g_autofree char *place = b && b->steps > 0 ? g_strdup_printf(_("%s, step %d of %d"), b->name,
                                                               MIN(at.position, b->steps), b->steps)
                                             : g_strdup(b ? b->name : NULL);
  const double before = d->view->wave.speed;
  d->view->wave.speed = value(d->speed); /* the reel copies the view */
  WdReel *reel = wd_reel_of_wavefield(d->session, d->view, field, place, NULL, &o);
  d->view->wave.speed = before;
  return reel;
}

/* ---- the form */

static void suggest(Dialog *d) {
  if (d->typed) return;
  g_autoptr(WdRunRecipe) r = wd_export_recipe(d->session, d->view, 0);
  g_autofree char *name =
      r ? wd_export_name("{model}_{seed}_{step:03}_{panel}", r, is_wavefield(d) ? "wavefield" : "steps", NULL)
        : NULL;
  const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_VIDEOS);
  g_autofree char *path = g_strconcat(folder ? folder : g_get_home_dir(), G_DIR_SEPARATOR_S,
                                      name ? name : "movie", wd_reel_ending(kind_of(d)), NULL);
  gtk_editable_set_text(GTK_EDITABLE(d->path), path);
  d->typed = FALSE;
}

static void refresh(Dialog *d) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdReel) reel = reel_of(d, &error);
  gtk_widget_set_sensitive(d->speed, is_wavefield(d));
  suggest(d);
  const gboolean possible = reel && wd_reel_check(kind_of(d), value(d->fps), &error);
  g_autofree char *text = NULL;
  if (!possible)
    text = g_strdup(error->message);
  else
    text =
        g_strdup_printf(ngettext("%d frame, %.1f seconds at %g a second. Every picture carries its recipe.",
                                 "%d frames, %.1f seconds at %g a second. Every picture carries its recipe.",
                                 (gulong)wd_reel_frames(reel)),
                        wd_reel_frames(reel), wd_reel_frames(reel) / value(d->fps), value(d->fps));
  gtk_label_set_text(GTK_LABEL(d->note), text);
  gtk_widget_set_sensitive(d->export, possible && !d->work && *gtk_editable_get_text(GTK_EDITABLE(d->path)));
}

static void on_form(Dialog *d) {
  if (!d->work) refresh(d);
}
/* The name's ending and the kind follow each other. */
static void on_typed(GtkEditable *editable, Dialog *d) {
  d->typed = TRUE;
  const WdReelKind kind = wd_reel_kind_of(gtk_editable_get_text(editable));
  if (kind != WD_REEL_FOLDER && kind != kind_of(d))
    gtk_drop_down_set_selected(GTK_DROP_DOWN(d->format), kind);
}
static void on_kind(Dialog *d) {
  const char *text = gtk_editable_get_text(GTK_EDITABLE(d->path));
  const WdReelKind kind = kind_of(d), named = wd_reel_kind_of(text);
  if (d->work) return;
  if (d->typed && named != kind && named != WD_REEL_FOLDER) {
    g_autofree char *bare = g_strndup(text, strlen(text) - strlen(wd_reel_ending(named))),
                    *path = g_strconcat(bare, wd_reel_ending(kind), NULL);
    gtk_editable_set_text(GTK_EDITABLE(d->path), path);
  }
  refresh(d);
}

/* ---- writing */

static void make_next(Dialog *d);

static void tell(Dialog *d, const GError *error) {
  Work *w = d->work;
  g_autofree char *base = g_path_get_basename(w->path), *folder = g_path_get_dirname(w->path);
  if (error && error->domain == WD_STATUS_ERROR && error->code == WD_CANCELLED) {
    wd_window_notify(d->parent, &(WdNotice){.code = WD_CANCELLED,
                                            .what = (char *)_("The movie was cancelled."),
                                            .kept = (char *)_("Nothing was written.")});
  } else if (error) {
    wd_window_notify_error(d->parent, _("The movie was not written"), error);
  } else {
    guint left, removed = wd_frames_clear(w->path, "frame-", wd_reel_frames(w->reel) + 1, &left);
    g_autofree char *older = wd_frames_words(removed, left);
    g_autofree char *what = g_strdup_printf(ngettext("Movie exported: %s, %d frame",
                                                     "Movie exported: %s, %d frames",
                                                     (gulong)wd_reel_frames(w->reel)),
                                            base, wd_reel_frames(w->reel)),
                    *kept = g_strdup_printf(_("In %s.%s"), folder, older);
    wd_window_notify(d->parent, &(WdNotice){.code = WD_OK, .what = what, .kept = kept});
  }
}

static void end_work(Dialog *d, const GError *error) {
  tell(d, error);
  g_clear_pointer(&d->work, work_unref);
  g_clear_handle_id(&d->next, g_source_remove);
  if (d->looked) wd_view_changed(d->view, WD_VIEW_PLACE); /* the session looks at the view's place again */
  d->looked = FALSE;
  gtk_widget_set_visible(d->bar, FALSE);
  if (error)
    refresh(d);
  else
    gtk_window_close(d->window);
}

static gboolean write_it(gpointer data, GError **error) {
  Work *w = data;
  return w->finishing ? wd_reel_file_finish(g_steal_pointer(&w->file), w->reel, &w->cancel, error)
                      : wd_reel_file_add(w->file, w->reel, w->at, error);
}

static void written(gpointer source, gpointer data, const GError *error) {
  Work *w = data;
  Dialog *d = g_object_get_data(source, "wd-movie");
  if (!d || d->work != w) return; /* the window was closed */
  if (error || w->finishing) {
    end_work(d, error);
    return;
  }
  w->at++;
  gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(d->bar), (double)w->at / wd_reel_frames(w->reel));
  make_next(d);
}

static void hand_over(Dialog *d) {
  g_atomic_ref_count_inc(&d->work->refs);
  wd_offload(d->window, d->work, &(WdOffload){write_it, written, work_unref});
}

/* A position of a run that is not decoded and simulated yet is made first. */
static gboolean is_there(Dialog *d) {
  const WdReel *reel = d->work->reel;
  const WdPlace at = wd_reel_place(reel, d->work->at);
  const WdWhat what = wd_reel_what(reel);
  if (!at.branch) return TRUE;
  WdRecording *r = wd_session_get_recording(d->session);
  const WdPosition *p = wd_recording_position(r, at.branch, at.position);
  WdFrame f = {0};
  const gboolean known = wd_recording_get_frame(r, at.branch, at.position, what, &f) && f.pair;
  const WdModelInfo *m = wd_session_get_model(d->session);
  if ((known && wd_frame_simulation(&f)) || !m || !p || p->fault) return TRUE;
  wd_session_look(d->session, 0, at.branch, at.position, what, TRUE);
  d->looked = TRUE;
  return FALSE;
}

static gboolean on_next(gpointer user) {
  Dialog *d = user;
  Work *w = d->work;
  g_autoptr(GError) error = NULL;
  if (atomic_load(&w->cancel))
    wd_status_set_error(&error, WD_CANCELLED, _("cancelled"));
  else if (w->at == wd_reel_frames(w->reel))
    w->finishing = TRUE;
  else if (!is_there(d))
    return G_SOURCE_CONTINUE;
  else
    wd_reel_prepare(w->reel, w->at, &error);
  d->next = 0;
  if (error)
    end_work(d, error);
  else
    hand_over(d);
  return G_SOURCE_REMOVE;
}

static void make_next(Dialog *d) {
  d->next = g_timeout_add(5, on_next, d);
}

static void on_export(GtkButton *button, Dialog *d) {
  (void)button;
  g_autoptr(GError) error = NULL;
  if (d->work) return;
  WdReel *reel = reel_of(d, &error);
  const char *text = gtk_editable_get_text(GTK_EDITABLE(d->path));
  g_autofree char *path = wd_reel_kind_of(text) == kind_of(d)
                              ? g_strdup(text)
                              : g_strconcat(text, wd_reel_ending(kind_of(d)), NULL);
  WdReelFile *file = reel ? wd_reel_file_new(path, value(d->fps), &error) : NULL;
  if (!file) {
    gtk_label_set_text(GTK_LABEL(d->note), error->message);
    wd_reel_free(reel);
    return;
  }
  Work *w = g_new0(Work, 1);
  g_atomic_ref_count_init(&w->refs);
  w->reel = reel;
  w->file = file;
  w->path = g_steal_pointer(&path);
  atomic_init(&w->cancel, false);
  d->work = w;
  gtk_widget_set_sensitive(d->export, FALSE);
  gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(d->bar), 0);
  gtk_widget_set_visible(d->bar, TRUE);
  make_next(d);
}

/* Cancel ends the writing first, and closes when nothing is written. */
static void on_cancel(GtkButton *button, Dialog *d) {
  (void)button;
  if (d->work)
    atomic_store(&d->work->cancel, true);
  else
    gtk_window_close(d->window);
}

static void on_chosen(GtkNativeDialog *chooser, int response, Dialog *d) {
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_clear_object(&d->chooser);
  if (path) gtk_editable_set_text(GTK_EDITABLE(d->path), path);
}

static void on_choose(GtkButton *button, Dialog *d) {
  (void)button;
  if (d->chooser) return;
  d->chooser = gtk_file_chooser_native_new(_("Export movie"), d->window, GTK_FILE_CHOOSER_ACTION_SAVE,
                                           _("_Choose"), NULL);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(d->chooser), TRUE);
  g_autofree char *base = g_path_get_basename(gtk_editable_get_text(GTK_EDITABLE(d->path)));
  gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(d->chooser), base);
  g_signal_connect(d->chooser, "response", G_CALLBACK(on_chosen), d);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(d->chooser));
}

/* ---- the window */

static void dialog_free(gpointer data) {
  Dialog *d = data;
  g_clear_handle_id(&d->next, g_source_remove);
  if (d->work) atomic_store(&d->work->cancel, true);
  g_clear_pointer(&d->work, work_unref);
  if (d->looked) wd_view_changed(d->view, WD_VIEW_PLACE);
  g_signal_handlers_disconnect_by_data(d->session, d);
  g_clear_object(&d->chooser);
  g_object_unref(d->session);
  g_object_unref(d->view);
  g_free(d);
}

static GtkWidget *choice(Dialog *d, const char *name, const char *const *texts) {
  GtkWidget *w = gtk_drop_down_new_from_strings(texts);
  gtk_widget_set_name(w, name);
  g_signal_connect_swapped(w, "notify::selected", G_CALLBACK(on_form), d);
  return w;
}

static GtkWidget *spin(Dialog *d, const char *name, double lo, double hi, double step, double now) {
  GtkWidget *w = gtk_spin_button_new_with_range(lo, hi, step);
  gtk_widget_set_name(w, name);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(w), now);
  g_signal_connect_swapped(w, "value-changed", G_CALLBACK(on_form), d);
  return w;
}

static GtkWidget *build(Dialog *d) {
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  int row = 0;
  wd_dialog_heading(grid, row++, _("Movie"));
  wd_dialog_row(grid, row++, _("Of"),
                d->what = choice(d, "movie-what",
                                 (const char *[]){_("The wavefield"), _("The steps of the run"), NULL}));
  wd_dialog_row(grid, row++, _("Frames a second"), d->fps = spin(d, "movie-fps", 1, 60, 1, 12));
  wd_dialog_row(grid, row++, _("Wave, ms in a second"),
                d->speed = spin(d, "movie-speed", 5, 5000, 10, fmax(5, d->view->wave.speed)));
  wd_dialog_heading(grid, row++, _("Pictures"));
  wd_dialog_row(grid, row++, _("Width in mm"), d->width = spin(d, "movie-width", 60, 400, 5, 170));
  wd_dialog_row(grid, row++, _("Dots an inch"), d->dpi = spin(d, "movie-dpi", 30, 600, 10, 150));
  wd_dialog_row(grid, row++, _("Theme"),
                d->theme = choice(d, "movie-theme", (const char *[]){_("Light"), _("Dark"), NULL}));
  wd_dialog_heading(grid, row++, _("File"));
  wd_dialog_row(grid, row++, _("Kind"),
                d->format = choice(d, "movie-format",
                                   (const char *[]){_("A folder of PNG"), _("MP4 (ffmpeg)"),
                                                    _("WebM (ffmpeg)"), _("GIF (ffmpeg)"), NULL}));
  g_signal_handlers_disconnect_by_func(d->format, on_form, d);
  g_signal_connect_swapped(d->format, "notify::selected", G_CALLBACK(on_kind), d);
  gtk_widget_set_tooltip_text(d->format, _("Follows the ending of the name: .mp4, .webm, .gif"));
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(box, "linked");
  d->path = gtk_entry_new();
  gtk_widget_set_name(d->path, "movie-path");
  gtk_widget_set_hexpand(d->path, TRUE);
  g_signal_connect(d->path, "changed", G_CALLBACK(on_typed), d);
  GtkWidget *choose = gtk_button_new_with_label(_("Choose…"));
  gtk_widget_set_name(choose, "movie-choose");
  g_signal_connect(choose, "clicked", G_CALLBACK(on_choose), d);
  gtk_box_append(GTK_BOX(box), d->path);
  gtk_box_append(GTK_BOX(box), choose);
  wd_dialog_row(grid, row++, _("Place"), box);
  d->note = wd_dialog_note("");
  gtk_widget_set_name(d->note, "movie-note");
  gtk_widget_set_margin_top(d->note, 8);
  gtk_grid_attach(GTK_GRID(grid), d->note, 0, row++, 2, 1);
  d->bar = gtk_progress_bar_new();
  gtk_widget_set_name(d->bar, "movie-progress");
  gtk_widget_set_visible(d->bar, FALSE);
  gtk_grid_attach(GTK_GRID(grid), d->bar, 0, row++, 2, 1);
  return grid;
}

GtkWindow *wd_movie_dialog(WdWindow *parent) {
  GtkWindow *old = wd_dialog_find(parent, "export-movie");
  if (old) return old;
  Dialog *d = g_new0(Dialog, 1);
  d->parent = parent;
  d->window = wd_dialog_new(parent, "export-movie", _("Export movie"), 480, 440);
  d->session = g_object_ref(wd_window_get_session(parent));
  d->view = g_object_ref(wd_window_get_view(parent));
  g_object_set_data_full(G_OBJECT(d->window), "wd-movie", d, dialog_free);
  GtkWidget *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *form = build(d), *cancel;
  gtk_widget_add_css_class(side, "dialog-side");
  gtk_widget_set_vexpand(form, TRUE);
  gtk_box_append(GTK_BOX(side), form);
  d->export = gtk_button_new_with_mnemonic(_("_Export"));
  gtk_widget_set_name(d->export, "movie-write");
  g_signal_connect(d->export, "clicked", G_CALLBACK(on_export), d);
  GtkWidget *buttons = wd_dialog_buttons(d->window, &cancel, d->export);
  g_signal_handlers_disconnect_matched(cancel, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, d->window);
  gtk_widget_set_name(cancel, "movie-cancel");
  g_signal_connect(cancel, "clicked", G_CALLBACK(on_cancel), d);
  gtk_box_append(GTK_BOX(side), buttons);
  gtk_window_set_child(d->window, side);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(d->what), d->view->wave.shown ? WAVEFIELD : STEPS);
  g_signal_connect_swapped(d->session, "wavefield", G_CALLBACK(on_form), d);
  refresh(d);
  gtk_window_present(d->window);
  return d->window;
}

static void on_action(GSimpleAction *action, GVariant *parameter, gpointer window) {
  (void)action, (void)parameter;
  WdWindow *w = window;
  if (wd_recording_count(wd_session_get_recording(wd_window_get_session(w)))) wd_movie_dialog(w);
}

void wd_movie_install(WdWindow *window) {
  g_autoptr(GSimpleAction) action = g_simple_action_new("export-movie", NULL);
  g_signal_connect_object(action, "activate", G_CALLBACK(on_action), window, 0);
  g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
}
