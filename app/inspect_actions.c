/* win.inspect-*: what menus, buttons and keys of Inspect mode do. */
#include "app/i18n.h"
#include "app/inspect_page.h"

#include "app/population_sheet.h"
#include "app/window_private.h"
#include "solver/file.h"

#include <string.h>

typedef struct Acts {
  WdWindow *window;
  WdInspect *inspect;
  GtkWidget *page;
  GtkFileChooserNative *chooser;
} Acts;

static void say(Acts *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(Acts *a, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  const WdNotice n = {.code = WD_OK, .what = text};
  wd_window_notify(a->window, &n);
}

static void complain(Acts *a, const char *what, GError *error) {
  wd_window_notify_error(a->window, what, error);
  g_error_free(error);
}

/* ---- from sample to sample */

static void go(Acts *a, int direction) {
  const guint next = wd_inspect_next_failure(a->inspect, direction);
  if (next != G_MAXUINT)
    wd_inspect_choose(a->inspect, next, NULL);
  else
    say(a, direction > 0 ? _("There is no further failure.") : _("There is no failure before this one."));
}

static void on_next(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  go(user, 1);
}
static void on_previous(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  go(user, -1);
}

static void on_tag(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  wd_inspect_page_edit_tags(((Acts *)user)->page);
}

/* The chosen one left, the best of its family right, in Step mode's Compare layout. */
static void on_compare(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  Acts *a = user;
  WdInspect *i = a->inspect;
  WdSample *s = wd_inspect_sample_chosen(i);
  if (!s) return;
  const guint best = wd_population_best_like(i->population, i->chosen, i->metric);
  guint branch[2];
  int position[2];
  GError *error = NULL;
  if (best == G_MAXUINT) {
    say(a, _("There is no other sample of %s to compare with."), wd_sample_family(s));
    return;
  }
  if (!wd_inspect_show(i, i->chosen, &branch[0], &position[0], &error) ||
      !wd_inspect_show(i, best, &branch[1], &position[1], &error)) {
    complain(a, _("The two samples could not be opened."), error);
    return;
  }
  WdView *view = a->window->view;
  WdRecording *r = wd_session_get_recording(a->window->session);
  view->locked = FALSE;
  view->layout = WD_LAYOUT_COMPARE;
  view->mode = WD_MODE_STEP;
  view->what = WD_WHAT_ESTIMATE;
  wd_view_changed(view, WD_VIEW_LAYOUT | WD_VIEW_PLOT);
  for (int side = 0; side < 2; side++) wd_view_go(view, r, side, branch[side], position[side]);
  const WdSample *b = wd_population_nth(i->population, best);
  char va[48], vb[48];
  wd_value_text(i->metric, s->value[i->metric], TRUE, va, sizeof va);
  wd_value_text(i->metric, b->value[i->metric], TRUE, vb, sizeof vb);
  say(a, _("A: seed %" PRIu64 ", %s %s. B: seed %" PRIu64 ", the best %s here, %s. Ctrl+4 goes back."),
      s->seed, wd_value_get_info(i->metric)->heading, va, b->seed, wd_sample_family(b), vb);
}

static void on_copy(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  Acts *a = user;
  const WdSample *s = wd_inspect_sample_chosen(a->inspect);
  if (!s) return;
  g_autofree char *text = wd_population_command(a->inspect->population, s);
  if (!*text) {
    say(a, _("No model drew these samples, so no command makes them again."));
    return;
  }
  gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(a->window)), text);
  say(a, _("Copied: %s"), text);
}

/* ---- files */

typedef void (*Took)(Acts *a, const char *path);

static void open_file(Acts *a, const char *path) {
  wd_window_ask_population(a->window, path, TRUE);
}

static void save_file(Acts *a, const char *path) {
  GError *error = NULL;
  if (wd_inspect_save(a->inspect, path, &error))
    say(a,
        ngettext("Saved %u sample as %s.", "Saved %u samples as %s.",
                 wd_population_count(a->inspect->population)),
        wd_population_count(a->inspect->population), a->inspect->population->path);
  else
    complain(a, _("The samples could not be saved."), error);
}

static void csv_file(Acts *a, const char *path) {
  wd_error err = {0};
  wd_file *f = NULL;
  g_autoptr(GArray) order = wd_inspect_page_order(a->page);
  g_autofree char *text = wd_population_csv(a->inspect->population, order);
  wd_status st = wd_file_create(path, &f, &err);
  if (!st) st = wd_file_write(f, text, strlen(text), &err);
  if (!st)
    st = wd_file_commit(f, &err);
  else
    wd_file_abort(f);
  if (!st) {
    say(a, ngettext("Wrote %u sample into %s.", "Wrote %u samples into %s.", order->len), order->len, path);
    return;
  }
  const WdNotice n = {
      .code = st, .what = (char *)_("The table could not be written."), .details = err.message};
  wd_window_notify(a->window, &n);
}

static void sheet_file(Acts *a, const char *path) {
  GError *error = NULL;
  g_autoptr(GArray) worst = wd_population_rank(a->inspect->population, a->inspect->metric, a->inspect->shown);
  if (worst->len > 20) g_array_set_size(worst, 20);
  if (wd_population_sheet(a->inspect->population, a->inspect->metric, worst, path, FALSE, &error))
    say(a, ngettext("Drew %u sample into %s.", "Drew %u samples into %s.", worst->len), worst->len, path);
  else
    complain(a, _("The sheet could not be drawn."), error);
}

static void on_response(GtkNativeDialog *dialog, int response, Acts *a) {
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  Took took = (Took)g_object_get_data(G_OBJECT(dialog), "took");
  if (path) took(a, path);
  g_clear_object(&a->chooser);
}

static void ask(Acts *a, const char *title, const char *accept, const char *name, Took took) {
  if (a->chooser) return;
  a->chooser = gtk_file_chooser_native_new(title, GTK_WINDOW(a->window),
                                           name ? GTK_FILE_CHOOSER_ACTION_SAVE : GTK_FILE_CHOOSER_ACTION_OPEN,
                                           accept, NULL);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(a->chooser), TRUE);
  if (name) {
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(a->chooser), name);
  } else {
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, _("Samples (*.wdpop)"));
    gtk_file_filter_add_suffix(filter, "wdpop");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(a->chooser), filter);
  }
  g_object_set_data(G_OBJECT(a->chooser), "took", (gpointer)took);
  g_signal_connect(a->chooser, "response", G_CALLBACK(on_response), a);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(a->chooser));
}

static gboolean any(Acts *a) {
  if (a->inspect->population && wd_population_count(a->inspect->population)) return TRUE;
  say(a, _("There is no sample yet: sample seeds, or open a batch."));
  return FALSE;
}

static void on_open(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  ask(user, _("Open samples"), _("_Open"), NULL, open_file);
}
static void on_save(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  Acts *a = user;
  if (!any(a)) return;
  if (a->inspect->population->path)
    save_file(a, NULL);
  else
    ask(a, _("Save samples"), _("_Save"), WD_POPULATION_NAME, save_file);
}
static void on_save_as(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  if (any(user)) ask(user, _("Save samples"), _("_Save"), WD_POPULATION_NAME, save_file);
}
static void on_csv(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  if (any(user)) ask(user, _("Export the shown samples"), _("_Export"), "rank.csv", csv_file);
}
static void on_sheet(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  if (any(user)) ask(user, _("Contact sheet of the worst"), _("_Export"), "worst.png", sheet_file);
}
static void on_shipped(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  Acts *a = user;
  const gboolean faults = strcmp(g_action_get_name(G_ACTION(action)), "inspect-faults") == 0;
  g_autofree char *path = wd_inspect_shipped(faults ? WD_FAULTS_NAME : WD_POPULATION_NAME);
  if (path)
    wd_window_ask_population(a->window, path, FALSE);
  else
    say(a, _("This installation came without a set of failures."));
}

static void on_all(GSimpleAction *action, GVariant *state, gpointer user) {
  wd_inspect_page_all_figures(((Acts *)user)->page, g_variant_get_boolean(state));
  g_simple_action_set_state(action, state);
}

static void acts_free(gpointer data) {
  Acts *a = data;
  g_clear_object(&a->chooser);
  g_free(a);
}

void wd_inspect_actions_install(WdWindow *window, GtkWidget *page) {
  Acts *a = g_new0(Acts, 1);
  *a = (Acts){.window = window, .inspect = wd_window_get_inspect(window), .page = page};
  g_object_set_data_full(G_OBJECT(page), "acts", a, acts_free);
  static const GActionEntry entries[] = {
      {.name = "inspect-next", .activate = on_next},
      {.name = "inspect-previous", .activate = on_previous},
      {.name = "inspect-tag", .activate = on_tag},
      {.name = "inspect-compare", .activate = on_compare},
      {.name = "inspect-copy-command", .activate = on_copy},
      {.name = "inspect-open", .activate = on_open},
      {.name = "inspect-save", .activate = on_save},
      {.name = "inspect-save-as", .activate = on_save_as},
      {.name = "inspect-csv", .activate = on_csv},
      {.name = "inspect-sheet", .activate = on_sheet},
      {.name = "inspect-shipped", .activate = on_shipped},
      {.name = "inspect-faults", .activate = on_shipped},
      {.name = "inspect-all-figures", .state = "false", .change_state = on_all},
  };
  g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), a);
}
