/* What a person who does not see the window is told of it: every control and every picture in the whole tree
 * of widgets, of all modes and of the dialogs, shown or not, has a name of its own; pictures are pictures;
 * states are told. The tree is walked, so that a control that comes later is held to the same. By GTK's own
 * test context (GTK_A11Y=test). */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/mode.h"
#include "app/panel_view.h"
#include "app/plot_canvas.h"
#include "app/timeline_canvas.h"

#include <string.h>

static Ui ui;
static int seen, nameless;
static const char *where;

/* What a reader says of it; NULL: nothing. GTK names a button of an icon by the icon's file: that is no name.
 */
static char *label_of(GtkWidget *w) {
  GtkAccessible *a = GTK_ACCESSIBLE(w);
  if (!gtk_test_accessible_has_property(a, GTK_ACCESSIBLE_PROPERTY_LABEL)) return NULL;
  char *text = gtk_test_accessible_check_property(a, GTK_ACCESSIBLE_PROPERTY_LABEL, "\x01");
  if (text && (strstr(text, "-symbolic") || strlen(text) <= 2)) g_clear_pointer(&text, g_free);
  return text;
}

static gboolean is_named(GtkWidget *w) {
  g_autofree char *text = label_of(w);
  return text || gtk_test_accessible_has_relation(GTK_ACCESSIBLE(w), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

/* The words that stand on it. */
static gboolean has_words(GtkWidget *w) {
  if (GTK_IS_LABEL(w)) return *gtk_label_get_text(GTK_LABEL(w)) != 0;
  for (GtkWidget *c = gtk_widget_get_first_child(w); c; c = gtk_widget_get_next_sibling(c))
    if (!GTK_IS_POPOVER(c) && has_words(c)) return TRUE;
  return FALSE;
}

static gboolean is_control(GtkWidget *w) {
  return GTK_IS_BUTTON(w) || GTK_IS_MENU_BUTTON(w) || GTK_IS_CHECK_BUTTON(w) || GTK_IS_SWITCH(w) ||
         GTK_IS_DROP_DOWN(w) || GTK_IS_COMBO_BOX(w) || GTK_IS_ENTRY(w) || GTK_IS_SPIN_BUTTON(w) ||
         GTK_IS_RANGE(w) || GTK_IS_TEXT_VIEW(w) || GTK_IS_DRAWING_AREA(w) ||
         gtk_accessible_get_accessible_role(GTK_ACCESSIBLE(w)) == GTK_ACCESSIBLE_ROLE_IMG;
}

/* Widgets of GTK's own, which name what is in them. */
static gboolean is_whole(GtkWidget *w) {
  return GTK_IS_WINDOW_CONTROLS(w) || GTK_IS_SCROLLBAR(w) || GTK_IS_POPOVER_MENU(w) || GTK_IS_IMAGE(w) ||
         GTK_IS_PICTURE(w) || GTK_IS_COLUMN_VIEW(w) || GTK_IS_SPINNER(w);
}

static void walk(GtkWidget *w) {
  if (is_whole(w) ||
      gtk_accessible_get_accessible_role(GTK_ACCESSIBLE(w)) == GTK_ACCESSIBLE_ROLE_PRESENTATION)
    return;
  if (is_control(w)) {
    seen++;
    if (g_getenv("WD_TEST_NAMES")) {
      g_autofree char *text = label_of(w);
      printf("# %s \"%s\": %s\n", G_OBJECT_TYPE_NAME(w), gtk_widget_get_name(w), text ? text : "-");
    }
    /* Of a button, what is written on it is its name. */
    const gboolean words = GTK_IS_BUTTON(w) || GTK_IS_MENU_BUTTON(w) || GTK_IS_CHECK_BUTTON(w);
    if (!is_named(w) && !(words && has_words(w))) {
      const char *tip = gtk_widget_get_tooltip_text(w);
      GtkWidget *parent = gtk_widget_get_parent(w);
      printf("# %s: a %s \"%s\" in %s \"%s\" has no name%s%s\n", where, G_OBJECT_TYPE_NAME(w),
             gtk_widget_get_name(w), parent ? G_OBJECT_TYPE_NAME(parent) : "nothing",
             parent ? gtk_widget_get_name(parent) : "", tip ? "; tooltip: " : "", tip ? tip : "");
      nameless++;
    }
    if (GTK_IS_MENU_BUTTON(w)) {
      GtkPopover *popover = gtk_menu_button_get_popover(GTK_MENU_BUTTON(w));
      if (popover) walk(GTK_WIDGET(popover));
      return;
    }
    if (!GTK_IS_BUTTON(w)) return;
  }
  for (GtkWidget *c = gtk_widget_get_first_child(w); c; c = gtk_widget_get_next_sibling(c)) walk(c);
}

static void check(GtkWidget *root, const char *name, int least) {
  where = name;
  seen = nameless = 0;
  walk(root);
  tap_ok(nameless == 0 && seen >= least, "%s: %d controls and pictures, %d without a name", name, seen,
         nameless);
}

/* A picture says what it is of. */
static void test_picture(const char *name, GType type, const char *word) {
  GtkWidget *w = name ? ui_find(ui.window, name) : ui_find_type(ui.window, type);
  g_autofree char *text = w ? label_of(w) : NULL;
  g_autofree char *lower = text ? g_utf8_strdown(text, -1) : NULL;
  tap_ok(w && gtk_test_accessible_has_role(GTK_ACCESSIBLE(w), GTK_ACCESSIBLE_ROLE_IMG) && lower &&
             strstr(lower, word),
         "%s is a picture: %s", name ? name : g_type_name(type), text ? text : "without a name");
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

int main(void) {
  ui_need_display();
  ui_start(&ui, "", 1400, 900, NULL);
  check(GTK_WIDGET(ui.window), "the empty window", 20);
  act("demo");
  tap_ok(ui_wait(has_panels, NULL, 20), "the demo's panels are shown");
  ui.view->playing = FALSE;
  ui.view->second_row = TRUE;
  wd_view_changed(ui.view, WD_VIEW_PLAY | WD_VIEW_LAYOUT);
  ui_run(0.5);
  test_picture("velocity-a", 0, "velocity");
  test_picture("gather-a", 0, "gather");
  test_picture(NULL, WD_TYPE_PLOT_CANVAS, "residual");
  test_picture(NULL, WD_TYPE_TIMELINE_CANVAS, "timeline");
  GtkWidget *run = ui_find(ui.window, "run");
  tap_ok(run && gtk_test_accessible_has_role(GTK_ACCESSIBLE(run), GTK_ACCESSIBLE_ROLE_BUTTON) &&
             gtk_test_accessible_has_state(GTK_ACCESSIBLE(run), GTK_ACCESSIBLE_STATE_DISABLED),
         "Run is a button, and one that cannot be pressed is told to be so");
  check(GTK_WIDGET(ui.window), "Step", 40);
  ui.view->layout = WD_LAYOUT_COMPARE;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  ui_run(0.5);
  check(GTK_WIDGET(ui.window), "Compare", 40);
  static const char *const modes[] = {"latent", "inspect", "teach", "step"};
  for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
    g_action_group_activate_action(G_ACTION_GROUP(ui.window), "mode", g_variant_new_string(modes[i]));
    ui_run(0.6);
    ui_settle(&ui);
    g_autofree char *name = g_strdup_printf("mode %s", modes[i]);
    check(GTK_WIDGET(ui.window), name, 40);
  }
  check_dialog("preferences", "Preferences", 10);
  check_dialog("export-figure", "Export a figure", 8);
  check_dialog("export-data", "Export data", 4);
  ui_stop(&ui);
  return tap_done();
}
