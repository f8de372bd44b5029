/* How the window ends: what goes on is stopped, what was made is kept, what was arranged is remembered, and
 * nothing is lost without a person having said so. */
#include "app/i18n.h"
#include "app/inspect_page.h"
#include "app/mode.h"
#include "app/open.h"
#include "app/teach.h"
#include "app/window_private.h"

/* Sizes, splits and what is looked at, for the next start. */
static void store(WdWindow *w) {
  int width = 0, height = 0;
  gtk_window_get_default_size(GTK_WINDOW(w), &width, &height);
  wd_teach_close(w); /* a lesson's looks are not the person's */
  g_settings_set_boolean(w->settings, "window-maximized", gtk_window_is_maximized(GTK_WINDOW(w)));
  if (width >= 640 && height >= 400) {
    g_settings_set_int(w->settings, "window-width", width);
    g_settings_set_int(w->settings, "window-height", height);
  }
  wd_window_store_splits(w);
  if (w->narrow) w->view->sidebar = w->wide_sidebar;
  w->view->enlarged = -1;
  w->view->wave.shown = FALSE;
  w->view->playing = w->view->blink = w->view->scrubbing = FALSE;
  g_autofree char *view = wd_view_to_json(w->view);
  g_settings_set_string(w->settings, "view", view ? view : "");
  wd_settings_store_view(w->settings, w->view);
}

static GtkWidget *ask(WdWindow *w, const char *name, GtkMessageType type, const char *what,
                      const char *more) {
  GtkWidget *dialog = gtk_message_dialog_new(GTK_WINDOW(w), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                             type, GTK_BUTTONS_NONE, "%s", what);
  g_autofree char *full = g_strconcat(name, "-question", NULL);
  gtk_widget_set_name(dialog, full);
  gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", more);
  w->asked = TRUE;
  return dialog;
}

static GtkWidget *add_answer(GtkWidget *dialog, const char *of, const char *name, const char *words,
                             int response) {
  GtkWidget *button = gtk_dialog_add_button(GTK_DIALOG(dialog), words, response);
  g_autofree char *full = g_strconcat(of, "-", name, NULL);
  gtk_widget_set_name(button, full);
  return button;
}

GtkWidget *wd_window_ask_saving(WdWindow *w, const WdSaving *q) {
  GtkWidget *dialog = ask(w, q->name, GTK_MESSAGE_WARNING, q->what, q->more);
  gtk_widget_add_css_class(add_answer(dialog, q->name, "lose", q->lose, WD_ANSWER_LOSE),
                           "destructive-action");
  add_answer(dialog, q->name, "stay", q->stay, GTK_RESPONSE_CANCEL);
  add_answer(dialog, q->name, "save", q->save, WD_ANSWER_SAVE);
  gtk_dialog_set_default_response(GTK_DIALOG(dialog), WD_ANSWER_SAVE);
  return dialog;
}

/* ---- something goes on */

static void on_answer(GtkDialog *dialog, int response, gpointer user) {
  WdWindow *w = user;
  gtk_window_destroy(GTK_WINDOW(dialog));
  w->asked = FALSE;
  if (response != GTK_RESPONSE_ACCEPT) return;
  w->closing = TRUE; /* the window closes once the engine has stopped */
  if (wd_window_is_sampling(w)) {
    w->dropping = TRUE; /* the question said so */
    wd_inspect_stop(wd_window_get_inspect(w), FALSE);
  }
  wd_session_stop(w->session);
  wd_window_queue_update(w);
}

static void ask_running(WdWindow *w, gboolean sampling) {
  GtkWidget *dialog =
      ask(w, "close", GTK_MESSAGE_QUESTION, sampling ? _("Seeds are being sampled") : _("A run is going on"),
          sampling ? _("Closing the window stops that. Samples that were not saved (Export, in Inspect mode) "
                       "are lost.")
                   : _("Closing the window stops it. The steps made so far are kept in the saved session."));
  g_signal_connect(dialog, "response", G_CALLBACK(on_answer), w);
  add_answer(dialog, "close", "keep", _("Keep running"), GTK_RESPONSE_CANCEL);
  GtkWidget *stop = add_answer(dialog, "close", "stop", _("Stop and close"), GTK_RESPONSE_ACCEPT);
  gtk_widget_add_css_class(stop, "destructive-action");
  gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
  gtk_window_present(GTK_WINDOW(dialog));
}

/* ---- samples that are in no file */

static void on_samples(GtkDialog *dialog, int response, gpointer user) {
  WdWindow *w = user;
  gtk_window_destroy(GTK_WINDOW(dialog));
  w->asked = FALSE;
  if (response == WD_ANSWER_SAVE) g_action_group_activate_action(G_ACTION_GROUP(w), "inspect-save", NULL);
  if (response != WD_ANSWER_LOSE) return;
  w->dropping = w->closing = TRUE; /* not in the middle of the dialog's own end */
  wd_window_queue_update(w);
}

static void ask_samples(WdWindow *w) {
  const WdSaving q = {
      "samples",
      _("The samples are not saved"),
      _("What is new in Inspect mode, samples, tags or notes, is in no file. Closing the window "
        "loses it."),
      _("Close and lose it"),
      _("Keep open"),
      _("Save…")};
  GtkWidget *dialog = wd_window_ask_saving(w, &q);
  g_signal_connect(dialog, "response", G_CALLBACK(on_samples), w);
  gtk_window_present(GTK_WINDOW(dialog));
}

/* ---- what was made could not be kept */

static void on_unsaved(GtkDialog *dialog, int response, gpointer user) {
  WdWindow *w = user;
  gtk_window_destroy(GTK_WINDOW(dialog));
  w->asked = FALSE;
  if (response == WD_ANSWER_SAVE) wd_save_recording(w, TRUE);
  if (response != WD_ANSWER_LOSE) {
    w->dropping = FALSE;
    return;
  }
  w->losing = w->closing = TRUE; /* not in the middle of the dialog's own end */
  wd_window_queue_update(w);
}

static void ask_unsaved(WdWindow *w, const GError *error) {
  g_autofree char *more = g_strdup_printf(
      _("Closing the window loses what was made in it. Save it elsewhere first.\n\n%s"), error->message);
  const WdSaving q = {"unsaved",      _("The session could not be kept on disk"),
                      more,           _("Close and lose it"),
                      _("Keep open"), _("Save as…")};
  GtkWidget *dialog = wd_window_ask_saving(w, &q);
  g_signal_connect(dialog, "response", G_CALLBACK(on_unsaved), w);
  gtk_window_present(GTK_WINDOW(dialog));
}

gboolean wd_window_may_close(WdWindow *w) {
  const WdSessionState state = wd_session_get_state(w->session);
  const gboolean sampling = wd_window_is_sampling(w);
  if (w->asked) return FALSE;
  if (state == WD_SESSION_RUNNING || sampling) {
    if (!w->closing) ask_running(w, sampling);
    return FALSE;
  }
  if (state == WD_SESSION_CANCELLING) { /* it stops already: the window closes then */
    w->closing = TRUE;
    return FALSE;
  }
  g_autoptr(GError) error = NULL;
  w->closing = FALSE;
  if (!w->dropping && wd_inspect_has_unsaved(wd_window_get_inspect(w))) {
    ask_samples(w);
    return FALSE;
  }
  if (!w->losing && !wd_open_keep_session(w, &error)) {
    ask_unsaved(w, error);
    return FALSE;
  }
  store(w);
  return TRUE;
}
