/* Other samples in place of those that are in no file: only when a person has said so. */
#include "app/i18n.h"
#include "app/inspect_page.h"

#include "app/window_private.h"

typedef struct Replacing {
  WdWindow *window;
  WdInspectReplace go;
  gpointer data;
  GDestroyNotify release;
} Replacing;

static void replacing_free(gpointer data, GClosure *closure) {
  (void)closure;
  Replacing *r = data;
  if (r->release) r->release(r->data);
  g_free(r);
}

static void on_answer(GtkDialog *dialog, int response, gpointer user) {
  Replacing *r = user;
  WdWindow *w = r->window;
  w->asked = FALSE;
  if (response == WD_ANSWER_SAVE) g_action_group_activate_action(G_ACTION_GROUP(w), "inspect-save", NULL);
  /* A first save still asks for a name: what was to come is asked for again then. */
  if (response == WD_ANSWER_LOSE ||
      (response == WD_ANSWER_SAVE && !wd_inspect_has_unsaved(wd_window_get_inspect(w))))
    r->go(w, r->data);
  gtk_window_destroy(GTK_WINDOW(dialog));
}

void wd_inspect_replace(WdWindow *w, WdInspectReplace go, gpointer data, GDestroyNotify release) {
  WdInspect *i = wd_window_get_inspect(w);
  if (!wd_inspect_has_unsaved(i) || w->asked) {
    if (!w->asked) go(w, data); /* else a question stands there already, and this is none of its answers */
    if (release) release(data);
    return;
  }
  Replacing *r = g_new(Replacing, 1);
  *r = (Replacing){w, go, data, release};
  const WdSaving q = {
      "replace",
      _("The samples are not saved"),
      _("What is new in Inspect mode, samples, tags or notes, is in no file. Other samples take "
        "its place."),
      _("Replace and lose it"),
      _("Cancel"),
      _("Save…")};
  GtkWidget *dialog = wd_window_ask_saving(w, &q);
  g_signal_connect_data(dialog, "response", G_CALLBACK(on_answer), r, replacing_free, 0);
  gtk_window_present(GTK_WINDOW(dialog));
}
