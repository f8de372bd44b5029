/* Controls of Latent mode: a path over the plane. Made, it is a walk of its own, so that the player, the plot
 * and every export work on it; exported, it is latents.npy and a picture of every frame. */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/export.h"
#include "app/reel.h"
#include "app/sidebar.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct section {
  WdLatentPage *page;
  GtkWidget *self, *points, *curve, *easing, *frames, *make, *play, *export, *bar, *words;
  GtkFileChooserNative *chooser;
  /* export: frame by frame, as each is decoded */
  char *folder;
  int next, frames_written;
  guint branch;
  guint source;
  gboolean updating;
} section;

static gboolean is_whole(const WdExplorer *x) {
  return x->path && !x->path_making && x->path_done == x->frames;
}

static void update(section *s) {
  const WdExplorer *x = s->page->explorer;
  s->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->curve), x->smooth);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->easing), x->easing);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->frames), x->frames);
  s->updating = FALSE;
  const gboolean can = x->ready && x->waypoints > 1;
  g_autofree char *points =
      x->waypoints
          ? g_strdup_printf(ngettext("%d waypoint, the last at (%.4g, %.4g)",
                                     "%d waypoints, the last at (%.4g, %.4g)", (gulong)x->waypoints),
                            x->waypoints, x->waypoint[x->waypoints - 1][0], x->waypoint[x->waypoints - 1][1])
          : g_strdup(
                _("No waypoints: add the cursor's place (I), Ctrl+click the plane, or take the anchors"));
  gtk_label_set_text(GTK_LABEL(s->points), points);
  gtk_button_set_label(GTK_BUTTON(s->play), x->path_making ? _("Cancel") : _("Play"));
  gtk_widget_set_sensitive(s->play, can || x->path_making);
  gtk_button_set_label(GTK_BUTTON(s->export), s->folder ? _("Stop") : _("Export\xe2\x80\xa6"));
  gtk_widget_set_sensitive(s->export, s->folder || (can && !x->path_making));
  gtk_widget_set_visible(s->bar, x->path_making || s->folder);
  gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(s->bar), s->folder
                                                              ? (double)s->frames_written / MAX(x->frames, 1)
                                                              : (double)x->path_done / MAX(x->frames, 1));
  const WdBranch *b = x->path ? wd_recording_find(wd_session_get_recording(s->page->session), x->path) : NULL;
  g_autofree char *text =
      s->folder        ? g_strdup_printf(_("Frame %d of %d written"), s->frames_written, x->frames)
      : x->path_making ? g_strdup_printf(_("Denoising frame %d of %d"), x->path_done + 1, x->frames)
      : b && x->path_done
          ? g_strdup_printf(ngettext("%s has %d frame: Space plays and pauses, comma and full stop step",
                                     "%s has %d frames: Space plays and pauses, comma and full stop step",
                                     (gulong)x->path_done),
                            b->name, x->path_done)
          : g_strdup("");
  gtk_label_set_text(GTK_LABEL(s->words), text);
  gtk_widget_set_visible(s->words, *text);
}

static void say(section *s, wd_status code, const char *what, const char *kept) {
  WdNotice notice = {.code = code, .what = (char *)what, .kept = (char *)kept};
  wd_window_notify(s->page->window, &notice);
}

/* ---- play */

static void start_playing(section *s) {
  WdView *v = s->page->view;
  wd_view_go(v, wd_session_get_recording(s->page->session), 0, s->page->explorer->path, 0);
  v->playing = TRUE;
  v->reverse = FALSE;
  wd_view_changed(v, WD_VIEW_PLAY);
}

static void on_play(section *s) {
  WdExplorer *x = s->page->explorer;
  g_autoptr(GError) error = NULL;
  if (x->path_making) {
    wd_explorer_cancel_path(x);
  } else if (!wd_explorer_make_path(x, &error)) {
    say(s, WD_ERR_ARGUMENT, error->message, NULL);
  } else if (is_whole(x)) {
    start_playing(s);
  } else {
    g_object_set_data(G_OBJECT(s->self), "play-after", GINT_TO_POINTER(1));
  }
}

/* ---- export */

static void stop_export(section *s, const char *why) {
  g_clear_handle_id(&s->source, g_source_remove);
  if (!s->folder) return;
  guint left = 0, removed = why ? 0 : wd_frames_clear(s->folder, "frame_", s->frames_written, &left);
  g_autofree char *older = wd_frames_words(removed, left);
  g_autofree char *what =
      why ? g_strdup(why)
          : g_strdup_printf(ngettext("%d frame and latents.npy are in %s.%s",
                                     "%d frames and latents.npy are in %s.%s", (gulong)s->frames_written),
                            s->frames_written, s->folder, older);
  g_clear_pointer(&s->folder, g_free);
  say(s, why ? WD_CANCELLED : WD_OK, what, why ? _("The frames that were written are kept.") : NULL);
  update(s);
}

static gboolean write_frame(section *s) {
  const WdFigureOptions options = {.parts = WD_FIGURE_VELOCITY | WD_FIGURE_GATHER, .dpi = 150};
  g_autoptr(GError) error = NULL;
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(s->page->session, s->page->view, 0, &options, &error);
  g_autofree char *name = g_strdup_printf("frame_%04d.png", s->next);
  g_autofree char *path = g_build_filename(s->folder, name, NULL);
  if (!sheet || !wd_figure_sheet_write(sheet, path, &error)) {
    stop_export(s, error->message);
    return FALSE;
  }
  s->frames_written++;
  return TRUE;
}

/* The next frame, once it is decoded; it is asked for by looking at it. */
static gboolean on_export(gpointer user) {
  section *s = user;
  WdExplorer *x = s->page->explorer;
  WdRecording *r = wd_session_get_recording(s->page->session);
  if (x->path_making) return G_SOURCE_CONTINUE;
  if (!is_whole(x) || (s->branch && s->branch != x->path)) {
    s->source = 0;
    stop_export(s, _("The path is gone"));
    return G_SOURCE_REMOVE;
  }
  if (!s->branch) { /* it stands now */
    s->branch = x->path;
    g_autofree char *file = g_build_filename(s->folder, "latents.npy", NULL);
    g_autoptr(GError) error = NULL;
    if (!wd_explorer_write_path(x, file, &error)) {
      s->source = 0;
      stop_export(s, error->message);
      return G_SOURCE_REMOVE;
    }
  }
  wd_view_go(s->page->view, r, 0, s->branch, s->next);
  WdFrame frame = {0};
  if (!wd_recording_get_frame(r, s->branch, s->next, WD_WHAT_ESTIMATE, &frame) || !frame.pair)
    return G_SOURCE_CONTINUE;
  if (!write_frame(s)) return G_SOURCE_REMOVE;
  update(s);
  if (++s->next < x->frames) return G_SOURCE_CONTINUE;
  s->source = 0;
  stop_export(s, NULL);
  return G_SOURCE_REMOVE;
}

void wd_latent_path_export(GtkWidget *self, const char *folder) {
  section *s = g_object_get_data(G_OBJECT(self), "section");
  g_autoptr(GError) error = NULL;
  if (s->folder) return;
  if (!wd_explorer_make_path(s->page->explorer, &error)) {
    say(s, WD_ERR_ARGUMENT, error->message, NULL);
    return;
  }
  s->folder = g_strdup(folder);
  s->next = s->frames_written = 0;
  s->branch = 0;
  s->page->view->playing = FALSE;
  wd_view_changed(s->page->view, WD_VIEW_PLAY);
  s->source = g_timeout_add(10, on_export, s);
  update(s);
}

static void on_folder(GtkNativeDialog *dialog, int response, section *s) {
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
  g_clear_object(&s->chooser);
  g_autofree char *folder = file ? g_file_get_path(file) : NULL;
  if (folder) wd_latent_path_export(s->self, folder);
}

static void on_export_clicked(section *s) {
  if (s->folder) {
    stop_export(s, _("Stopped"));
    return;
  }
  s->chooser = gtk_file_chooser_native_new(_("Export the path into"), GTK_WINDOW(s->page->window),
                                           GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Export"), NULL);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(s->chooser), TRUE);
  g_signal_connect(s->chooser, "response", G_CALLBACK(on_folder), s);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(s->chooser));
}

/* ---- changes */

static void on_path(section *s) {
  if (s->updating) return;
  wd_explorer_set_path(s->page->explorer, gtk_drop_down_get_selected(GTK_DROP_DOWN(s->curve)) == 1,
                       (wd_easing)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->easing)),
                       (int)gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->frames)));
}

static void on_explorer(WdExplorer *x, guint parts, section *s) {
  if (!(parts & (WD_EXPLORER_PATH | WD_EXPLORER_PLANE))) return;
  update(s);
  if (is_whole(x) && g_object_steal_data(G_OBJECT(s->self), "play-after")) start_playing(s);
}

static void section_free(gpointer data) {
  section *s = data;
  g_free(s->folder);
  g_free(s);
}

static void on_destroy(section *s) {
  g_clear_handle_id(&s->source, g_source_remove);
  g_signal_handlers_disconnect_by_data(s->page->explorer, s);
  g_clear_object(&s->chooser);
}

static GtkWidget *add_button(GtkWidget *box, const char *label, const char *action, const char *tooltip) {
  GtkWidget *b = gtk_button_new_with_label(label);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_widget_set_hexpand(b, TRUE);
  if (action) gtk_widget_set_name(b, action + 4);
  if (action) gtk_actionable_set_action_name(GTK_ACTIONABLE(b), action);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

GtkWidget *wd_latent_path_new(WdLatentPage *page) {
  const char *const curves[] = {_("Straight"), _("Smooth"), NULL}, *const easings[] = {
                                                                       _("Even"), _("Slow at the ends"),
                                                                       _("Slow at waypoints"), NULL};
  section *s = g_new0(section, 1);
  s->page = page;
  GtkWidget *box;
  s->self = wd_section_new(_("Path"), TRUE, &box);
  gtk_widget_set_name(s->self, "latent-path");
  g_object_set_data_full(G_OBJECT(s->self), "section", s, section_free);
  s->points = wd_section_words(box, "");
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  add_button(row, _("Add"), "win.latent-waypoint", _("The cursor's place as the next waypoint (I)"));
  add_button(row, _("Anchors"), "win.latent-path-anchors",
             _("A, B and C as waypoints: with the length kept this is slerp "
               "from seed to seed, in noise"));
  add_button(row, _("Remove"), "win.latent-remove-waypoint", _("The last waypoint (Backspace)"));
  add_button(row, _("Clear"), "win.latent-clear-waypoints", _("All waypoints"));
  gtk_box_append(GTK_BOX(box), row);
  s->curve = wd_section_choice(curves);
  wd_section_row(box, _("Curve"), s->curve, _("Between waypoints, on the plane"));
  s->easing = wd_section_choice(easings);
  wd_section_row(box, _("Easing"), s->easing, _("Where the path slows down"));
  s->frames = wd_section_spin(2, WD_PATH_FRAMES_MAX, 10, 0);
  gtk_widget_set_name(s->frames, "path-frames");
  wd_section_row(box, _("Frames"), s->frames, _("Latents of the path, both ends included"));
  GtkWidget *last = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  s->play = add_button(last, _("Play"), NULL, _("Make the path, as a walk of its own, and play it"));
  gtk_widget_set_name(s->play, "path-play");
  s->export = add_button(last, _("Export\xe2\x80\xa6"), NULL,
                         _("latents.npy, and a picture of every frame, into a folder"));
  gtk_widget_set_name(s->export, "path-export");
  add_button(last, _("Copy command"), "win.latent-copy-path", _("Copy the command that makes this path"));
  gtk_box_append(GTK_BOX(box), last);
  s->bar = gtk_progress_bar_new();
  gtk_box_append(GTK_BOX(box), s->bar);
  s->words = wd_section_words(box, "");
  g_signal_connect_swapped(s->curve, "notify::selected", G_CALLBACK(on_path), s);
  g_signal_connect_swapped(s->easing, "notify::selected", G_CALLBACK(on_path), s);
  g_signal_connect_swapped(s->frames, "value-changed", G_CALLBACK(on_path), s);
  g_signal_connect_swapped(s->play, "clicked", G_CALLBACK(on_play), s);
  g_signal_connect_swapped(s->export, "clicked", G_CALLBACK(on_export_clicked), s);
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  update(s);
  return s->self;
}
