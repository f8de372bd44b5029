/* Controls that a person reaches by mouse: what the gathers show, by the button under them and by the panel's
 * menu; which latent of a step; switches that keys have too. On a recording of known maps, without a model.
 */
#include "tests/app/ui.h"

#include "app/panel_view.h"
#include "app/score.h"
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 3, PADDING = 8 };

static Ui ui;
static GtkWidget *velocity, *gather;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdFrame frame(void) {
  return scene_frame(ui.session, ui.view->place[0].position);
}
static const wd_panel *shown(GtkWidget *panel) {
  return wd_picture_panel(wd_panel_view_get_picture(WD_PANEL_VIEW(panel)));
}

/* ---- menus, as they are seen */

/* The mapped label of that text below root. */
static GtkWidget *words(GtkWidget *root, const char *text) {
  if (GTK_IS_LABEL(root) && gtk_widget_get_mapped(root) &&
      g_str_has_prefix(gtk_label_get_text(GTK_LABEL(root)), text))
    return root;
  for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c)) {
    GtkWidget *found = words(c, text);
    if (found) return found;
  }
  return NULL;
}

/* An entry of the menu that is open below root. */
static GtkWidget *entry(GtkWidget *root, const char *text) {
  GtkWidget *menu = ui_find_type(root, GTK_TYPE_POPOVER_MENU);
  return menu ? words(menu, text) : NULL;
}

typedef struct Wanted {
  GtkWidget *root;
  const char *text;
} Wanted;
static gboolean is_there(gpointer user) {
  const Wanted *w = user;
  return entry(w->root, w->text) != NULL;
}

static gboolean choose(GtkWidget *root, const char *text) {
  Wanted wanted = {root, text};
  if (!ui_wait(is_there, &wanted, 10)) return FALSE;
  ui_run(0.3); /* a menu slides */
  const gboolean clicked = ui_click(entry(root, text), 0.5, 0.5, 1);
  ui_run(0.3);
  ui_settle(&ui);
  return clicked;
}

static gboolean can_be(gpointer user) {
  const Wanted *w = user;
  return is_there(user) && gtk_widget_is_sensitive(entry(w->root, w->text));
}
static gboolean cannot_be(gpointer user) {
  return is_there(user) && !can_be(user);
}
static gboolean is_possible(GtkWidget *root, const char *text) {
  Wanted wanted = {root, text};
  return ui_wait(can_be, &wanted, 10);
}
static gboolean is_greyed(GtkWidget *root, const char *text) {
  Wanted wanted = {root, text};
  return ui_wait(cannot_be, &wanted, 10);
}

static gboolean has_menu(gpointer root) {
  return ui_find_type(root, GTK_TYPE_POPOVER_MENU) != NULL;
}

static void close_menu(void) {
  for (int i = 0; i < 10 && has_menu(ui.window); i++) { /* a submenu leads back to its menu */
    ui_key(&ui, "Escape");
    ui_run(0.3);
  }
}

/* The press after a menu was closed by a key is GTK's own. */
static void open_menu(GtkWidget *panel) {
  close_menu();
  for (int i = 0; i < 3 && !has_menu(panel); i++) {
    ui_click(panel, 0.5, 0.5, 3);
    ui_wait(has_menu, panel, 1.5);
  }
  ui_run(0.2);
}

/* ---- what the gathers show */

static void source_by_button(const char *text, WdSource source) {
  GtkWidget *button = ui_find(ui.window, "source-a");
  ui_click(button, 0.5, 0.5, 1);
  tap_ok(choose(button, text) && ui.view->source == source, "the button under the gathers: %s", text);
}

static float value_at(int row, int column) {
  const wd_panel *p = shown(gather);
  return p->facet[0].value[row * p->columns + column];
}

static void test_source(void) {
  WdView *v = ui.view;
  const WdFrame f = frame();
  const wd_gather *decoded = &f.pair->gathers, *simulated = &wd_frame_simulation(&f)->full,
                  *observed = &wd_recording_nth(recording(), 0)->truth->gathers;
  const int row = 300, column = 50;
  const gsize at = ((gsize)v->shot * 1000 + row) * 70 + column;
  source_by_button("Simulated", WD_SOURCE_SIMULATED);
  tap_ok(value_at(row, column) == simulated->value[at], "the panel shows the simulated gather");
  source_by_button("Difference", WD_SOURCE_DIFFERENCE);
  tap_ok(value_at(row, column) == decoded->value[at] - simulated->value[at],
         "the panel shows decoded minus simulated");
  source_by_button("Observed", WD_SOURCE_OBSERVED);
  tap_ok(value_at(row, column) == observed->value[at], "the panel shows the observed gather");
  source_by_button("Interleaved", WD_SOURCE_INTERLEAVED);
  tap_ok(value_at(row, 2 * column) == decoded->value[at] &&
             value_at(row, 2 * column + 1) == simulated->value[at],
         "the panel shows decoded and simulated traces by turns");
  ui_keep(&ui, "interleaved");
  source_by_button("Split", WD_SOURCE_SPLIT);
  tap_ok(value_at(row, 10) == decoded->value[at - 40] && value_at(row, column) == simulated->value[at],
         "the panel shows decoded left of the divider, simulated right of it");
  ui_keep(&ui, "split");
  const wd_panel_layout *l = wd_panel_view_get_layout(WD_PANEL_VIEW(gather));
  const wd_rect r = wd_panel_facet_rect(l, 0);
  const double w = gtk_widget_get_width(gather),
               y = (PADDING + r.y + 0.6 * r.height) / gtk_widget_get_height(gather);
  ui_drag(gather, (PADDING + r.x + 0.5 * r.width) / w, y, (PADDING + r.x + 0.8 * r.width) / w, y, 6);
  ui_settle(&ui);
  tap_ok(fabs(v->divider - 0.8) < 0.03 && value_at(row, column) == decoded->value[at],
         "the divider was drawn to %.2f: decoded there", v->divider);
  ui_key(&ui, "ctrl+shift+Left");
  ui_settle(&ui);
  tap_ok(fabs(v->divider - 0.8 + 10 / 70.0) < 0.03, "Ctrl+Shift+Left: ten receivers back, %.3f", v->divider);
  open_menu(gather);
  tap_ok(choose(gather, "Gathers shown"), "the panel's menu has what the gathers show");
  tap_ok(choose(gather, "Decoded") && v->source == WD_SOURCE_DECODED, "and decoded chosen there");
  close_menu();
  WdBranch *b = wd_recording_nth(recording(), 0);
  WdPair *truth = b->truth;
  b->truth = NULL;
  GtkWidget *button = ui_find(ui.window, "source-a");
  ui_click(button, 0.5, 0.5, 1);
  tap_ok(is_possible(button, "Split") && is_greyed(button, "Observed"),
         "where nothing was observed, that choice is greyed");
  close_menu();
  b->truth = truth;
}

/* ---- x-hat or x_t, and what the menus switch */

static void test_what(void) {
  WdView *v = ui.view;
  GtkWidget *estimate = ui_find(ui.window, "show-estimate"), *state = ui_find(ui.window, "show-state");
  tap_ok(state && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(estimate)), "x-hat is shown at first");
  ui_click(state, 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(v->what == WD_WHAT_STATE && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(state)),
         "x_t chosen beside the timeline");
  ui_key(&ui, "x");
  ui_settle(&ui);
  tap_ok(v->what == WD_WHAT_ESTIMATE && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(estimate)),
         "X leads back, and the buttons follow");
  WdBranch *b = wd_recording_nth(recording(), 0);
  b->kind = WD_BRANCH_ENCODED; /* as an opened pair has one latent alone */
  wd_view_changed(v, WD_VIEW_PLACE);
  ui_settle(&ui);
  tap_ok(!gtk_widget_is_sensitive(state), "where there is one latent alone, there is no choice");
  b->kind = WD_BRANCH_SAMPLED;
  wd_view_changed(v, WD_VIEW_PLACE);
  ui_settle(&ui);
  tap_ok(gtk_widget_is_sensitive(state), "and where there are two, there is");
}

static void switch_by_menu(GtkWidget *panel, const char *text, const int *field) {
  const int before = *field;
  open_menu(panel);
  tap_ok(choose(panel, text) && *field == !before, "the panel's menu: %s", text);
  open_menu(panel);
  tap_ok(choose(panel, text) && *field == before, "and again, as before");
}

static void got_text(GObject *clipboard, GAsyncResult *result, gpointer text) {
  *(char **)text = gdk_clipboard_read_text_finish(GDK_CLIPBOARD(clipboard), result, NULL);
}
static gboolean has_text(gpointer text) {
  return *(char **)text != NULL;
}

static void test_switches(void) {
  WdView *v = ui.view;
  WdBranch *b = wd_recording_nth(recording(), 0);
  open_menu(gather);
  tap_ok(choose(gather, "Blink") && v->blink, "the gather's menu blinks decoded and simulated");
  ui_run(1.2); /* the phases come by a timer */
  open_menu(gather);
  tap_ok(choose(gather, "Blink") && !v->blink, "and ends that");
  switch_by_menu(gather, "Observed traces", &v->show_truth);
  switch_by_menu(velocity, "Contours of the true", &v->show_truth);
  switch_by_menu(velocity, "Crosshair stays", &v->cursor_locked);
  switch_by_menu(gather, "Zoom linked", &v->linked_zoom);
  WdPair *truth = b->truth;
  b->truth = NULL;
  wd_view_changed(v, WD_VIEW_PLACE);
  open_menu(gather);
  tap_ok(is_possible(gather, "Blink") && is_greyed(gather, "Observed traces"),
         "without a truth there is none to lay over");
  close_menu();
  b->truth = truth;
  wd_view_changed(v, WD_VIEW_PLACE);
  ui_settle(&ui);
  open_menu(velocity);
  static char *text; /* that comes late may come when this has ended */
  text = NULL;
  tap_ok(choose(velocity, "Copy values"), "the map's values copied");
  gdk_clipboard_read_text_async(gtk_widget_get_clipboard(velocity), NULL, got_text, &text);
  ui_wait(has_text, &text, 5);
  const WdFrame f = frame();
  g_auto(GStrv) line = g_strsplit(text ? text : "", "\n", -1);
  g_auto(GStrv) cell = g_strsplit(g_strv_length(line) > 11 ? line[11] : "", "\t", -1);
  tap_ok(g_strv_length(line) == 72 && g_strv_length(cell) == 71 &&
             fabs(g_ascii_strtod(cell[21], NULL) - f.pair->velocity.value[10 * 70 + 20]) < 0.1,
         "70 rows of 70, the one at z 100 x 200 among them: %s",
         g_strv_length(cell) > 21 ? cell[21] : "none");
  g_free(text);
}

/* ---- the map minus another */

static float map_at(int row, int column) {
  return shown(velocity)->facet[0].value[row * 70 + column];
}

static gboolean shows_velocity(const char *text) {
  open_menu(velocity);
  return choose(velocity, "Velocity shown") && choose(velocity, text);
}

static void test_velocity(void) {
  WdView *v = ui.view;
  WdBranch *b = wd_recording_nth(recording(), 0);
  const int row = 40, column = 30, at = row * 70 + column;
  const float *last = frame().pair->velocity.value, *truth = b->truth->velocity.value;
  const WdFrame first = scene_frame(ui.session, 1);
  wd_view_go(v, recording(), 0, b->id, 1); /* the last step's map is the true one */
  ui_settle(&ui);
  tap_ok(shows_velocity("Minus the truth") && v->velocity == WD_VELOCITY_MINUS_TRUTH,
         "the map's menu: minus the truth");
  const wd_panel *p = shown(velocity);
  int differ = 0, wrong = 0;
  for (int i = 0; i < 70 * 70; i++) {
    differ += map_at(i / 70, i % 70) != 0;
    wrong += map_at(i / 70, i % 70) != first.pair->velocity.value[i] - truth[i];
  }
  tap_ok(differ > 100 && !wrong, "the panel shows decoded minus true: %d cells differ", differ);
  tap_ok(p->colormap == WD_COLORMAP_DIFFERENCE && p->range.lo == -1000 && p->range.hi == 1000 &&
             strstr(p->quantity, "(m/s)") && strstr(p->source, "− truth"),
         "by diverging colours about zero, in m/s: %s, %s", p->quantity, p->source);
  open_menu(velocity);
  tap_ok(choose(velocity, "Velocity shown") && is_greyed(velocity, "Minus B") &&
             is_greyed(velocity, "Minus a pinned step"),
         "B and a pinned step are greyed while there is none");
  close_menu();
  tap_ok(shows_velocity("Pin this step") && v->velocity == WD_VELOCITY_MINUS_PINNED &&
             v->pinned.position == 1 && map_at(row, column) == 0,
         "step 1 pinned: the difference to itself is nothing");
  wd_view_go(v, recording(), 0, b->id, STEPS);
  ui_settle(&ui);
  differ = wrong = 0;
  for (int i = 0; i < 70 * 70; i++) {
    differ += map_at(i / 70, i % 70) != 0;
    wrong += map_at(i / 70, i % 70) != last[i] - first.pair->velocity.value[i];
  }
  tap_ok(differ > 100 && !wrong, "the last step minus step 1: %d cells differ", differ);
  tap_ok(strstr(shown(velocity)->source, "step 1 (pinned)") != NULL, "%s", shown(velocity)->source);
  ui_keep(&ui, "pinned");
  v->layout = WD_LAYOUT_COMPARE;
  v->locked = FALSE;
  wd_view_changed(v, WD_VIEW_LAYOUT);
  ui_run(0.6);
  v->place[1] = (WdPlace){b->id, 2};
  wd_view_changed(v, WD_VIEW_PLACE);
  ui_settle(&ui);
  tap_ok(shows_velocity("Minus B") && v->velocity == WD_VELOCITY_MINUS_B, "in a comparison: minus B");
  WdFrame second = scene_frame(ui.session, 2);
  GtkWidget *other = ui_find(ui.window, "velocity-b");
  tap_ok(map_at(row, column) == last[at] - second.pair->velocity.value[at] &&
             shown(other)->facet[0].value[at] == second.pair->velocity.value[at],
         "A shows itself minus B, B its own map");
  v->layout = WD_LAYOUT_STEP;
  v->locked = TRUE;
  wd_view_changed(v, WD_VIEW_LAYOUT);
  ui_run(0.6);
  tap_ok(map_at(row, column) == last[at], "alone again, A shows its map");
  tap_ok(shows_velocity("Decoded") && v->velocity == WD_VELOCITY_DECODED, "and decoded is chosen");
  close_menu();
}

/* ---- residual of each trace */

static int compare_values(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void test_ruler(void) {
  WdView *v = ui.view;
  const WdFrame f = frame();
  const wd_comparison *c = &wd_frame_simulation(&f)->comparison;
  double value[70], sorted[70];
  for (int r = 0; r < 70; r++)
    value[r] = sorted[r] =
        wd_measure_get(&c->trace[v->shot * c->receivers + r], WD_METRIC_REFLECTION_RESIDUAL);
  qsort(sorted, 70, sizeof *sorted, compare_values);
  const double top = wd_panel_view_get_layout(WD_PANEL_VIEW(gather))->first.y;
  open_menu(gather);
  tap_ok(choose(gather, "Residual of each trace") && v->look[WD_PANEL_GATHER].ruler,
         "the gather's menu puts bars above it");
  const wd_panel *p = shown(gather);
  int wrong = 0;
  for (int r = 0; r < 70; r++) wrong += fabs((double)p->facet[0].trace[r] - value[r]) > 1e-6 * fabs(value[r]);
  tap_ok(p->ruler && p->ruler->bars && p->ruler->traces == 70 && !wrong,
         "they are the traces' own residuals");
  tap_ok(wd_panel_view_get_layout(WD_PANEL_VIEW(gather))->first.y > top + 15,
         "above the picture, not over it");
  v->epsilon = 0.5 * (sorted[49] + sorted[50]);
  wd_view_changed(v, WD_VIEW_PLOT);
  open_menu(gather);
  tap_ok(choose(gather, "Shade traces beyond") && v->look[WD_PANEL_GATHER].mask, "and shades those beyond ε");
  ui_settle(&ui);
  gboolean said = FALSE;
  for (int i = 0; i < WD_PANEL_BADGES; i++)
    said = said || (shown(gather)->badge[i] && strstr(shown(gather)->badge[i], "20 of 70 traces beyond ε"));
  tap_ok(said, "20 of 70 lie beyond %.3f, and the panel says so", v->epsilon);
  ui_keep(&ui, "ruler");
  open_menu(gather);
  choose(gather, "Residual of each trace");
  open_menu(gather);
  choose(gather, "Shade traces beyond");
  tap_ok(!shown(gather)->ruler, "both away again");
  v->epsilon = NAN;
  wd_view_changed(v, WD_VIEW_PLOT);
}

/* ---- the plot's menu */

static void got_texture(GObject *clipboard, GAsyncResult *result, gpointer texture) {
  *(GdkTexture **)texture = gdk_clipboard_read_texture_finish(GDK_CLIPBOARD(clipboard), result, NULL);
}
static gboolean has_texture(gpointer texture) {
  return *(GdkTexture **)texture != NULL;
}
static gboolean copied(GtkWidget *widget) {
  GdkTexture *texture = NULL;
  gdk_clipboard_read_texture_async(gtk_widget_get_clipboard(widget), NULL, got_texture, &texture);
  const gboolean is = ui_wait(has_texture, &texture, 10) &&
                      gdk_texture_get_width(texture) == gtk_widget_get_width(widget) &&
                      gdk_texture_get_height(texture) == gtk_widget_get_height(widget);
  g_clear_object(&texture);
  gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), "");
  return is;
}

static void test_plot(void) {
  GtkWidget *plot = ui_find(ui.window, "plot-canvas");
  open_menu(plot);
  tap_ok(is_greyed(plot, "Copy image"), "nothing is plotted: nothing to copy");
  close_menu();
  WdBranch *b = wd_recording_nth(recording(), 0);
  for (int k = 0; k <= STEPS; k++) {
    const WdFrame f = scene_frame(ui.session, k);
    WdPosition *p = wd_recording_position(recording(), b->id, k);
    p->live[WD_WHAT_ESTIMATE] = wd_score_new(wd_frame_simulation(&f));
    g_signal_emit_by_name(recording(), "position", b->id, k);
  }
  ui_settle(&ui);
  ui_click(plot, 0.5, 0.97, 1); /* below the curve: the focus alone */
  gtk_widget_grab_focus(plot);
  ui_key(&ui, "ctrl+c");
  ui_settle(&ui);
  tap_ok(copied(plot), "Ctrl+C with the plot focused copies the plot");
  open_menu(plot);
  tap_ok(choose(plot, "Copy image") && copied(plot), "and so does its menu");
  open_menu(plot);
  static char *text;
  text = NULL;
  tap_ok(choose(plot, "Copy figures as CSV"), "its figures copied");
  gdk_clipboard_read_text_async(gtk_widget_get_clipboard(plot), NULL, got_text, &text);
  ui_wait(has_text, &text, 5);
  tap_ok(text && strstr(text, "reflection_residual") && g_str_has_prefix(text, "seed,family"),
         "as CSV: %.40s", text ? text : "nothing");
  g_free(text);
  switch_by_menu(plot, "Each shot", &ui.view->per_shot);
  gtk_widget_grab_focus(gather);
  ui_key(&ui, "ctrl+c");
  ui_settle(&ui);
  tap_ok(copied(gather), "Ctrl+C with the gather focused copies the gather");
}

static GtkWidget *panel_of(const char *name) {
  return ui_find(ui.window, name);
}

int main(void) {
  ui_need_display();
  ui_start(&ui, "", 1280, 860, NULL);
  g_autoptr(WdRecording) r = scene_recording(STEPS);
  ui_show(&ui, r, STEPS);
  velocity = panel_of("velocity-a");
  gather = panel_of("gather-a");
  if (!tap_ok(velocity && gather && wd_panel_view_get_layout(WD_PANEL_VIEW(gather)), "panels are on screen"))
    return tap_done();
  ui_focus(velocity);
  test_source();
  test_what();
  test_switches();
  test_velocity();
  test_ruler();
  test_plot();
  ui_stop(&ui);
  return tap_done();
}
