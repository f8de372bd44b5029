/* Whether every word that a person sees can be translated. The window runs in a language made for this test
 * (pseudo.py): English between ⟦ and ⟧. Then all widgets are walked, shown or not, of all modes and of the
 * dialogs, with labels, tooltips, menus, choices, placeholders, what a screen reader says and what is told of
 * pictures; words outside the marks are words that no translation can reach. What may stand so is listed
 * below, each kind with its reason. */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/mode.h"

#include <glib/gstdio.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>

#define OPEN  "⟦"
#define CLOSE "⟧"

static Ui ui;
static int seen, bare;
static const char *where;
static GHashTable *told; /* each bare text once in a place */
static GPtrArray *data;  /* texts of files and machines: names of runs, of the model, of the device */

/* Names, units and symbols, which no language changes. */
static const char *const names[] = {
    "WaveDiffusion", "DPM-Solver++", "DDIM", "DDPM", "OpenFWI", "SEG-Y", "OpenGL", "FlatVel-A", "FlatVel-B",
    "CurveVel-A", "CurveVel-B", "FlatFault-A", "FlatFault-B", "CurveFault-A", "CurveFault-B", "Style-A",
    "Style-B", "PNG", "PDF", "SVG", "MP4", "GIF", "WebM", "MiB", "ms/s", "m/s", "ms", "mm", "log-SNR",
    "default", "cpu", "AVX-512", "AVX2", "llvmpipe", "x_T", "{model}", "{seed}", "{sampler}", "{steps}",
    "{step:03}", "{what}", "{family}", "{branch}", "{panel}", "dpmpp-2m", "Shift+Ctrl+Return", "Ctrl", "Esc",
    "r_R", "xₜ", "Shift",
    /* keys of flags, as a filter has them: */ "timing",
    /* colour maps: */
    "strata", "Strata", "viridis", "Viridis", "cividis", "Cividis", "turbo", "Turbo", "gray", "Gray",
    "seismic", "Seismic", "rainbow", "Rainbow", "difference", "Difference"};

/* GTK's own words, which it has of its own catalogue: of its search entry, its window of shortcuts. */
static const char *const of_gtk[] = {
    "Clear entry", "Search Shortcuts", "No Results Found", "Try a different search",
    "Show All",    "_Show All",        "Shortcuts",        "Search Results"};

/* Texts of a whole widget that are a file's, the machine's or what the person typed. */
static gboolean is_data(GtkWidget *w) {
  static const char *const known[] = {"movie-path", "export-name", "latents-folder", "model", "device"};
  for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
    if (!strcmp(gtk_widget_get_name(w), known[i])) return TRUE;
  /* Lessons are files; the keys in a shortcut's label are GTK's. */
  return g_regex_match_simple("^lesson-[0-9]", gtk_widget_get_name(w), 0, 0) ||
         !strcmp(G_OBJECT_TYPE_NAME(w), "GtkShortcutLabel");
}

/* Left of it outside the marks, names and data taken away. g_free. */
static char *outside(const char *text) {
  GString *left = g_string_new(NULL);
  int depth = 0;
  for (const char *p = text; *p;) {
    if (g_str_has_prefix(p, OPEN)) {
      depth++;
      p += strlen(OPEN);
    } else if (g_str_has_prefix(p, CLOSE)) {
      if (depth) depth--;
      p += strlen(CLOSE);
      g_string_append_c(left, ' ');
    } else {
      if (!depth) g_string_append_c(left, *p);
      p++;
    }
  }
  static GRegex *files; /* names of files that will be written */
  if (!files) files = g_regex_new("[A-Za-z0-9_.-]+\\.(png|json|npy|mp4)\\b", 0, 0, NULL);
  g_autofree char *rest = g_regex_replace_literal(files, left->str, -1, 0, " ", 0, NULL);
  g_string_assign(left, rest ? rest : left->str);
  for (guint i = 0; i < data->len; i++) g_string_replace(left, data->pdata[i], " ", 0);
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) g_string_replace(left, names[i], " ", 0);
  return g_string_free(left, FALSE);
}

/* Two letters in a row are a word. */
static gboolean has_word(const char *text) {
  int run = 0;
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    run = g_unichar_isalpha(g_utf8_get_char(p)) ? run + 1 : 0;
    if (run > 1) return TRUE;
  }
  return FALSE;
}

static void look(GtkWidget *w, const char *what, const char *text) {
  if (!text || !*text) return;
  for (gsize i = 0; i < G_N_ELEMENTS(of_gtk); i++)
    if (!strcmp(text, of_gtk[i])) return;
  seen++;
  const gboolean valid = g_utf8_validate(text, -1, NULL);
  g_autofree char *left = valid ? outside(text) : NULL;
  if (valid && !has_word(left)) return;
  g_autofree char *line =
      g_strdup_printf("%s: %s of %s \"%s\": %s", where, what, w ? G_OBJECT_TYPE_NAME(w) : "-",
                      w ? gtk_widget_get_name(w) : "-", text);
  for (char *p = line; *p; p++)
    if (*p == '\n') *p = '|';
  if (!g_hash_table_add(told, g_strdup(line))) return;
  printf("# %s%s\n", line, valid ? "" : " (cut within a character)");
  bare++;
}

static void look_property(GtkWidget *w, GtkAccessibleProperty property, const char *what) {
  if (!gtk_test_accessible_has_property(GTK_ACCESSIBLE(w), property)) return;
  g_autofree char *text = gtk_test_accessible_check_property(GTK_ACCESSIBLE(w), property, "\x01");
  if (text && *text == '"') { /* as GTK quotes it */
    char *end = strrchr(text, '"');
    if (end > text) *end = 0;
    look(w, what, text + 1);
  } else if (text && !strstr(text, "-symbolic"))
    look(w, what, text);
}

static void look_menu(GtkWidget *w, GMenuModel *menu) {
  for (int i = 0; menu && i < g_menu_model_get_n_items(menu); i++) {
    g_autofree char *label = NULL;
    if (g_menu_model_get_item_attribute(menu, i, G_MENU_ATTRIBUTE_LABEL, "s", &label)) look(w, "menu", label);
    for (int k = 0; k < 2; k++) {
      GMenuModel *inner = g_menu_model_get_item_link(menu, i, k ? G_MENU_LINK_SECTION : G_MENU_LINK_SUBMENU);
      if (inner) look_menu(w, inner);
      g_clear_object(&inner);
    }
  }
}

static void look_choices(GtkWidget *w, GListModel *model) {
  for (guint i = 0; model && i < g_list_model_get_n_items(model); i++) {
    g_autoptr(GObject) item = g_list_model_get_item(model, i);
    if (GTK_IS_STRING_OBJECT(item)) look(w, "choice", gtk_string_object_get_string(GTK_STRING_OBJECT(item)));
  }
}

static void walk(GtkWidget *w) {
  if (GTK_IS_WINDOW_CONTROLS(w) || is_data(w)) return; /* GTK's own, in its own language */
  const gboolean gtk_own = GTK_IS_TEXT(w) || GTK_IS_SCROLLBAR(w);
  look(w, "tooltip", gtk_own ? NULL : gtk_widget_get_tooltip_text(w));
  if (GTK_IS_LABEL(w)) look(w, "label", gtk_label_get_text(GTK_LABEL(w)));
  if (GTK_IS_WINDOW(w)) look(w, "title", gtk_window_get_title(GTK_WINDOW(w)));
  if (GTK_IS_ENTRY(w)) look(w, "placeholder", gtk_entry_get_placeholder_text(GTK_ENTRY(w)));
  if (GTK_IS_PROGRESS_BAR(w)) look(w, "progress", gtk_progress_bar_get_text(GTK_PROGRESS_BAR(w)));
  if (GTK_IS_DROP_DOWN(w)) look_choices(w, gtk_drop_down_get_model(GTK_DROP_DOWN(w)));
  if (!gtk_own) {
    look_property(w, GTK_ACCESSIBLE_PROPERTY_LABEL, "accessible label");
    look_property(w, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "accessible description");
  }
  if (GTK_IS_MENU_BUTTON(w)) {
    look_menu(w, gtk_menu_button_get_menu_model(GTK_MENU_BUTTON(w)));
    GtkPopover *popover = gtk_menu_button_get_popover(GTK_MENU_BUTTON(w));
    if (popover && !GTK_IS_POPOVER_MENU(popover)) walk(GTK_WIDGET(popover));
  }
  if (GTK_IS_DROP_DOWN(w) || GTK_IS_SPIN_BUTTON(w)) return;
  for (GtkWidget *c = gtk_widget_get_first_child(w); c; c = gtk_widget_get_next_sibling(c)) walk(c);
}

static void check(GtkWidget *root, const char *name, int least) {
  where = name;
  seen = bare = 0;
  for (guint i = 0; ui.session && i < wd_recording_count(wd_session_get_recording(ui.session)); i++) {
    const WdBranch *b = wd_recording_nth(wd_session_get_recording(ui.session), i);
    g_ptr_array_add(data, g_strdup(b->name));
  }
  walk(root);
  tap_ok(bare == 0 && seen >= least, "%s: %d texts, %d of them out of a translation's reach", name, seen,
         bare);
}

static gboolean has_panels(gpointer user) {
  (void)user;
  return ui_find(ui.window, "velocity-a") != NULL;
}

static void act(const char *name) {
  g_action_group_activate_action(G_ACTION_GROUP(ui.window), name, NULL);
  ui_run(0.6);
  ui_settle(&ui);
}

static void check_dialog(const char *action, const char *name, int least) {
  GList *before = gtk_window_list_toplevels();
  act(action);
  GList *after = gtk_window_list_toplevels();
  GtkWidget *found = NULL;
  for (GList *l = after; l; l = l->next)
    if (!g_list_find(before, l->data) && gtk_widget_get_visible(l->data)) found = l->data;
  g_list_free(before);
  g_list_free(after);
  if (!tap_ok(found != NULL, "%s opens a window", action)) return;
  check(found, name, least);
  gtk_window_destroy(GTK_WINDOW(found));
  ui_settle(&ui);
}

/* Makes the language and takes it up, before GTK is started. FALSE: it cannot be had. */
static gboolean speak(const char *folder) {
  g_autofree char *out = NULL, *err = NULL;
  g_autofree char *root = g_build_filename(WD_TEST_DATA, "..", "..", NULL),
                  *script = g_build_filename(WD_TEST_DATA, "..", "app", "pseudo.py", NULL);
  const char *const command[] = {"python3", script, root, folder, NULL};
  int status = 1;
  g_autoptr(GError) error = NULL;
  const gboolean ran = g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                                    &status, &error);
  if (!tap_ok(ran && status == 0, "the words are extracted: %s%s", out ? g_strstrip(out) : "",
              error ? error->message
              : err ? err
                    : ""))
    return FALSE;
  g_autofree char *locales = g_build_filename(folder, "po", NULL),
                  *path = g_build_filename(folder, "locale", NULL);
  g_setenv("WAVEDIFFUSION_LOCALES", locales, TRUE);
  g_setenv("LOCPATH", path, TRUE);
  g_setenv("LC_ALL", "xx_XX.UTF-8", TRUE);
  g_unsetenv("LANGUAGE");
  return tap_ok(setlocale(LC_ALL, "") != NULL, "the locale xx_XX.UTF-8 is there");
}

int main(void) {
  g_autofree char *folder = g_dir_make_tmp("wd-language-XXXXXX", NULL);
  told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  data = g_ptr_array_new_with_free_func(g_free);
  if (!speak(folder)) return tap_done();
  ui_need_display();
  ui_start(&ui, "", 1400, 900, NULL);
  tap_ok(!strcmp(gettext("Run"), OPEN "Run" CLOSE), "gettext speaks it: %s", gettext("Run"));
  g_autofree char *number = g_strdup_printf("%.1f", 1.5);
  tap_ok(!strcmp(number, "1.5"), "numbers keep the point: %s", number);
  check(GTK_WIDGET(ui.window), "the empty window", 100);
  act("demo");
  tap_ok(ui_wait(has_panels, NULL, 20), "the demo's panels are shown");
  ui.view->playing = FALSE;
  ui.view->second_row = TRUE;
  wd_view_changed(ui.view, WD_VIEW_PLAY | WD_VIEW_LAYOUT);
  ui_run(0.5);
  check(GTK_WIDGET(ui.window), "Step", 200);
  ui.view->layout = WD_LAYOUT_COMPARE;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  ui_run(0.5);
  check(GTK_WIDGET(ui.window), "Compare", 200);
  static const char *const modes[] = {"latent", "inspect", "teach", "step"};
  for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
    g_action_group_activate_action(G_ACTION_GROUP(ui.window), "mode", g_variant_new_string(modes[i]));
    ui_run(0.6);
    ui_settle(&ui);
    g_autofree char *name = g_strdup_printf("mode %s", modes[i]);
    check(GTK_WIDGET(ui.window), name, 200);
  }
  act("wavefield");
  check(GTK_WIDGET(ui.window), "the wavefield", 200);
  check_dialog("preferences", "Preferences", 60);
  check_dialog("export-figure", "Export a figure", 20);
  check_dialog("export-data", "Export data", 20);
  check_dialog("export-movie", "Export a movie", 20);
  check_dialog("shortcuts", "Keyboard shortcuts", 50);
  ui_stop(&ui);
  g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
  if (system(command)) printf("# %s is left behind\n", folder);
  return tap_done();
}
