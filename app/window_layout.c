/* Where the window's widgets stand.
 *
 *   outer   { notice, main [ beside | pages ], status }  beside: a mode's page next to the panels (mode.h)
 *   pages   one of: the page of beginnings, overlay, the page of a mode that takes all
 *   overlay [ body: content | sidebar ]        the sidebar lies over the content in narrow windows
 *   content { split { columns [ A | B ] | bottom [ plot | profiles, traces ] }, timeline, status }
 *   column  { title, rows { pair [ velocity | gather ] | second row } }
 *
 * Layouts, the enlarged panel and the second row show and hide these: nothing is taken apart. */
#include "app/colour_vision.h"
#include "app/i18n.h"
#include "app/mode.h"
#include "app/source_menu.h"
#include "app/teach.h"
#include "app/widget_pieces.h"
#include "app/widgets.h"
#include "app/window_private.h"

#include <math.h>

GtkWidget *wd_window_new_panel(WdWindow *w, int side, WdPanelKind kind, const char *name) {
  GtkWidget *panel = wd_panel_view_new(w->session, w->view, kind, side);
  if (w->settings) g_settings_bind(w->settings, "renderer", panel, "renderer", G_SETTINGS_BIND_GET);
  gtk_widget_set_name(panel, name);
  return panel;
}

static GtkWidget *make_panel(WdWindow *w, int side, WdPanelKind kind) {
  static const char *const names[] = {"velocity", "gather", "simulated", "difference", "trace-residual"};
  g_autofree char *name = g_strdup_printf("%s-%c", names[kind], 'a' + side),
                  *frame = g_strconcat(name, "-card", NULL);
  w->column[side].panel[kind] = wd_window_new_panel(w, side, kind, name);
  return wd_card_new(w->column[side].panel[kind], frame);
}

static void on_choice(GObject *choice, GParamSpec *spec, gpointer user) {
  (void)spec;
  WdWindow *w = user;
  if (w->updating) return;
  const int side = choice == (GObject *)w->column[1].choice;
  WdRecording *r = wd_session_get_recording(w->session);
  const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(choice));
  if (i == GTK_INVALID_LIST_POSITION || i >= wd_recording_count(r)) return;
  const WdBranch *branch = wd_recording_nth(r, i);
  if (branch->id != w->view->place[side].branch)
    wd_view_go(w->view, r, side, branch->id, w->view->place[side].position);
}

static void make_title(WdWindow *w, int side) {
  WdColumn *c = &w->column[side];
  c->title = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_widget_add_css_class(c->title, "column-title");
  GtkWidget *letter = gtk_label_new(side ? "B" : "A");
  gtk_widget_add_css_class(letter, side ? "letter-b" : "letter-a");
  gtk_widget_set_valign(letter, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(c->title), letter);
  c->choice = gtk_drop_down_new_from_strings((const char *[]){NULL});
  gtk_widget_set_name(c->choice, side ? "choice-b" : "choice-a");
  wd_drop_down_shorten(c->choice, PANGO_ELLIPSIZE_MIDDLE, -1); /* two columns fit into 900 pixels */
  gtk_widget_set_tooltip_text(c->choice, side ? _("The run or branch on the right")
                                              : _("The run or branch on the left"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(c->choice), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 side ? _("Run on the right") : _("Run on the left"), -1);
  g_signal_connect(c->choice, "notify::selected", G_CALLBACK(on_choice), w);
  gtk_box_append(GTK_BOX(c->title), c->choice);
  c->place = gtk_label_new(NULL);
  gtk_widget_add_css_class(c->place, "dim-label");
  gtk_label_set_ellipsize(GTK_LABEL(c->place), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign(GTK_LABEL(c->place), 0);
  gtk_widget_set_hexpand(c->place, TRUE);
  gtk_box_append(GTK_BOX(c->title), c->place);
  if (!side) return;
  GtkWidget *lock = gtk_toggle_button_new_with_label(_("Locked"));
  gtk_widget_set_name(lock, "lock-sides");
  gtk_actionable_set_action_name(GTK_ACTIONABLE(lock), "win.lock-sides");
  gtk_widget_set_tooltip_text(lock, _("B follows A along the timeline"));
  gtk_box_append(GTK_BOX(c->title), lock);
  GtkWidget *align = gtk_toggle_button_new_with_label(_("By noise level"));
  gtk_widget_set_name(align, "align");
  gtk_actionable_set_action_name(GTK_ACTIONABLE(align), "win.align");
  gtk_widget_set_tooltip_text(
      align, _("Locked sides stand at the same noise level rather than at the same step: runs of "
               "different lengths compare fairly"));
  gtk_box_append(GTK_BOX(c->title), align);
}

/* Column B and the second row cost panels of their own: they are made when first shown. */
static void make_column(WdWindow *w, int side) {
  WdColumn *c = &w->column[side];
  if (c->box) return;
  c->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  gtk_widget_set_name(c->box, side ? "column-b" : "column-a");
  make_title(w, side);
  gtk_box_append(GTK_BOX(c->box), c->title);
  c->gather = make_panel(w, side, WD_PANEL_GATHER);
  c->strip = wd_shot_strip_new(w->session, w->view, side);
  gtk_widget_set_name(c->strip, side ? "shots-b" : "shots-a");
  c->tools = gtk_center_box_new();
  c->source = wd_source_button_new(w->session, w->view, side);
  gtk_center_box_set_start_widget(GTK_CENTER_BOX(c->tools), c->source);
  GtkWidget *slide = gtk_scrolled_window_new(); /* or both together would widen a window that gets narrow */
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(slide), GTK_POLICY_EXTERNAL, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(slide), TRUE);
  gtk_scrolled_window_set_min_content_width(GTK_SCROLLED_WINDOW(slide), 200);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(slide), c->strip);
  gtk_center_box_set_center_widget(GTK_CENTER_BOX(c->tools), slide);
  gtk_box_append(GTK_BOX(c->gather), c->tools);
  c->pair = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, make_panel(w, side, WD_PANEL_VELOCITY), c->gather,
                         side ? "pair-b" : "pair-a");
  c->rows = wd_paned_new(GTK_ORIENTATION_VERTICAL, c->pair, NULL, side ? "rows-b" : "rows-a");
  gtk_widget_set_vexpand(c->rows, TRUE);
  gtk_box_append(GTK_BOX(c->box), c->rows);
  if (side)
    gtk_paned_set_end_child(GTK_PANED(w->columns), c->box);
  else
    gtk_paned_set_start_child(GTK_PANED(w->columns), c->box);
}

static void make_second(WdWindow *w, int side) {
  WdColumn *c = &w->column[side];
  if (c->second) return;
  c->second = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_set_homogeneous(GTK_BOX(c->second), TRUE);
  for (WdPanelKind k = WD_PANEL_SIMULATED; k < WD_PANEL_KINDS; k++)
    gtk_box_append(GTK_BOX(c->second), make_panel(w, side, k));
  gtk_paned_set_end_child(GTK_PANED(c->rows), c->second);
}

static void make_aside(WdWindow *w) {
  if (w->aside) return;
  w->aside = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_set_homogeneous(GTK_BOX(w->aside), TRUE);
  w->profiles = wd_card_new(wd_profile_view_new(w->session, w->view), "profiles-card");
  w->traces = wd_card_new(wd_trace_view_new(w->session, w->view), "traces-card");
  gtk_box_append(GTK_BOX(w->aside), w->profiles);
  gtk_box_append(GTK_BOX(w->aside), w->traces);
  gtk_paned_set_end_child(GTK_PANED(w->bottom), w->aside);
}

void wd_window_build(WdWindow *w) {
  GtkWidget *outer = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  w->notice = wd_notice_bar_new();
  gtk_widget_set_name(w->notice, "notice");
  gtk_box_append(GTK_BOX(outer), w->notice);

  w->pages = gtk_stack_new();
  gtk_widget_set_vexpand(w->pages, TRUE);
  gtk_stack_add_named(GTK_STACK(w->pages), wd_window_build_empty(w), "empty");
  w->beside = gtk_stack_new();
  gtk_widget_set_name(w->beside, "beside");
  gtk_widget_set_visible(w->beside, FALSE);
  w->main = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, w->beside, w->pages, "main");
  gtk_paned_set_resize_start_child(GTK_PANED(w->main), FALSE);
  gtk_widget_set_vexpand(w->main, TRUE);
  gtk_box_append(GTK_BOX(outer), w->main);

  w->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_name(w->content, "content");
  gtk_widget_set_hexpand(w->content, TRUE);
  w->columns = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, NULL, NULL, "columns");
  w->plot = wd_plot_view_new(w->session, w->view);
  gtk_widget_set_name(w->plot, "plot");
  w->bottom = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, wd_card_new(w->plot, "plot-card"), NULL, "bottom");
  w->split = wd_paned_new(GTK_ORIENTATION_VERTICAL, w->columns, w->bottom, "split");
  gtk_widget_set_vexpand(w->split, TRUE);
  gtk_box_append(GTK_BOX(w->content), w->split);
  w->timeline = wd_timeline_new(w->session, w->view);
  gtk_widget_set_name(w->timeline, "timeline");
  gtk_box_append(GTK_BOX(w->content), wd_card_new(w->timeline, "timeline-card"));
  gtk_widget_set_vexpand(w->timeline, FALSE);
  make_column(w, 0);

  w->sidebar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_name(w->sidebar, "sidebar");
  gtk_widget_add_css_class(w->sidebar, "wd-sidebar");
  GtkWidget *sidebar = wd_sidebar_new(w->session, w->view);
  gtk_widget_set_vexpand(sidebar, TRUE);
  gtk_box_append(GTK_BOX(w->sidebar), sidebar);
  g_object_ref_sink(w->sidebar); /* it changes its parent */

  w->body = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_box_append(GTK_BOX(w->body), w->content);
  gtk_box_append(GTK_BOX(w->body), w->sidebar);
  w->overlay = gtk_overlay_new();
  gtk_overlay_set_child(GTK_OVERLAY(w->overlay), w->body);
  w->sidebar_revealer = gtk_revealer_new();
  gtk_revealer_set_transition_type(GTK_REVEALER(w->sidebar_revealer),
                                   GTK_REVEALER_TRANSITION_TYPE_SLIDE_LEFT);
  gtk_widget_set_halign(w->sidebar_revealer, GTK_ALIGN_END);
  gtk_overlay_add_overlay(GTK_OVERLAY(w->overlay), w->sidebar_revealer);
  gtk_stack_add_named(GTK_STACK(w->pages), w->overlay, "work");

  w->status = wd_status_bar_new(w->session, w->view);
  gtk_widget_set_name(w->status, "status");
  gtk_box_append(GTK_BOX(outer), w->status);
  gtk_window_set_child(GTK_WINDOW(w), wd_colour_vision_new(w, wd_teach_stage_new(w, outer)));
}

static void place_sidebar(WdWindow *w) {
  GtkWidget *parent = gtk_widget_get_parent(w->sidebar);
  if (w->narrow && parent == w->body) {
    gtk_box_remove(GTK_BOX(w->body), w->sidebar);
    gtk_revealer_set_child(GTK_REVEALER(w->sidebar_revealer), w->sidebar);
  } else if (!w->narrow && parent != w->body) {
    gtk_revealer_set_child(GTK_REVEALER(w->sidebar_revealer), NULL);
    gtk_box_append(GTK_BOX(w->body), w->sidebar);
  }
  gtk_widget_set_visible(w->sidebar, w->narrow || w->view->sidebar);
  gtk_widget_set_visible(w->sidebar_revealer, w->narrow);
  gtk_revealer_set_reveal_child(GTK_REVEALER(w->sidebar_revealer), w->narrow && w->view->sidebar);
}

/* No room for two rows of panels above plot and timeline: the second takes the first's place. */
static gboolean is_low(int height) {
  return height < 690;
}

/* Shots by number alone: below two rows, or where the gather's part of the width has no room for pictures. */
static gboolean wants_compact(WdWindow *w, int width, int height) {
  const WdView *v = w->view;
  const int content = width - (v->sidebar && !w->narrow ? 310 : 0);
  return (v->second_row && height < 900) || content < (v->layout == WD_LAYOUT_COMPARE ? 2 : 1) * 930;
}

gboolean wd_window_changes_rows(WdWindow *w, int width, int height) {
  return (w->view->second_row && is_low(height) != w->low) || wants_compact(w, width, height) != w->compact;
}

void wd_window_arrange(WdWindow *w) {
  const WdView *v = w->view;
  const int e = v->enlarged;
  const gboolean compare = v->layout == WD_LAYOUT_COMPARE, all = e < 0;
  const gboolean panels = e < WD_PANEL_KINDS, second_enlarged = e >= WD_PANEL_SIMULATED && panels;
  wd_modes_arrange(w);
  if (gtk_stack_get_visible_child(GTK_STACK(w->pages)) == w->overlay && !w->splits_set && !w->splits_tick)
    wd_window_queue_splits(w);
  if (compare) make_column(w, 1);
  int window_width = gtk_widget_get_width(GTK_WIDGET(w)),
      window_height = gtk_widget_get_height(GTK_WIDGET(w));
  if (window_width <= 1) gtk_window_get_default_size(GTK_WINDOW(w), &window_width, &window_height);
  const gboolean tall = window_height >= 760; /* room for two rows of panels over plot and timeline */
  w->low = is_low(window_height);
  w->compact = wants_compact(w, window_width, window_height);
  int width = gtk_widget_get_width(w->columns), height = gtk_widget_get_height(w->columns);
  if (width <= 1) { /* before the first layout: what would be too large now would widen the window for good */
    width = window_width;
    height = window_height / 2;
  }
  for (int side = 0; side < 2; side++) {
    WdColumn *c = &w->column[side];
    if (!c->box) continue;
    const gboolean shown = panels && (!side || compare);
    gtk_widget_set_visible(c->box, shown);
    if (!shown) continue;
    gtk_widget_set_visible(c->title, compare);
    const gboolean second = second_enlarged || (all && v->second_row && (!compare || tall));
    const gboolean first = (all && !(second && w->low)) || e == WD_PANEL_VELOCITY || e == WD_PANEL_GATHER;
    gtk_widget_set_visible(c->pair, first);
    gtk_widget_set_visible(gtk_widget_get_parent(c->panel[WD_PANEL_VELOCITY]), all || e == WD_PANEL_VELOCITY);
    gtk_widget_set_visible(c->gather, all || e == WD_PANEL_GATHER);
    if (second) make_second(w, side);
    if (c->second) {
      gtk_widget_set_visible(c->second, second);
      /* Half the width has no room for three, and seldom for two: the difference matters most, and the gather
       * panel shows any of them (D). */
      for (WdPanelKind k = WD_PANEL_SIMULATED; k < WD_PANEL_KINDS; k++)
        gtk_widget_set_visible(gtk_widget_get_parent(c->panel[k]),
                               all ? !compare || k == WD_PANEL_DIFFERENCE ||
                                         (k == WD_PANEL_SIMULATED && width / 2 >= 560)
                                   : e == (int)k);
    }
    /* Beside or above each other: whichever leaves the map, a square, the larger side. */
    const int w2 = width / 2 - 10, h2 = height - (second ? height / 3 : 0) - 40;
    const gboolean upright = compare && MIN(w2 - 110, h2 / 2 - 90) > MIN(w2 / 2 - 110, h2 - 90);
    wd_shot_strip_set_compact(c->strip, w->compact);
    if (w->compact)
      gtk_widget_add_css_class(c->source, "compact");
    else
      gtk_widget_remove_css_class(c->source, "compact");
    gtk_widget_set_visible(c->tools, !compare || upright || w2 > 860); /* it would take the map's room */
    gtk_widget_set_visible(c->source, !compare || w2 > 520);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(c->pair),
                                   upright ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  }
  gtk_widget_set_visible(w->columns, panels);
  gtk_widget_set_visible(w->bottom, all || !panels);
  const gboolean aside = all && (v->trace_window || v->profiles);
  if (aside) make_aside(w);
  if (w->aside) {
    gtk_widget_set_visible(w->aside, aside);
    gtk_widget_set_visible(w->profiles, v->profiles);
    gtk_widget_set_visible(w->traces, v->trace_window);
  }
  place_sidebar(w);
}

void wd_window_show_titles(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  if (w->view->layout != WD_LAYOUT_COMPARE) return;
  const guint n = wd_recording_count(r);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < n; i++) g_ptr_array_add(names, wd_recording_nth(r, i)->name);
  g_ptr_array_add(names, NULL);
  for (int side = 0; side < 2; side++) {
    const WdColumn *c = &w->column[side];
    if (!c->box) continue;
    const WdPlace at = w->view->place[side];
    w->updating = TRUE;
    GtkStringList *list = GTK_STRING_LIST(gtk_drop_down_get_model(GTK_DROP_DOWN(c->choice)));
    gboolean same = g_list_model_get_n_items(G_LIST_MODEL(list)) == n;
    for (guint i = 0; same && i < n; i++)
      same = !g_strcmp0(gtk_string_list_get_string(list, i), names->pdata[i]);
    if (!same)
      gtk_string_list_splice(list, 0, g_list_model_get_n_items(G_LIST_MODEL(list)),
                             (const char *const *)names->pdata);
    guint chosen = GTK_INVALID_LIST_POSITION;
    for (guint i = 0; i < n; i++)
      if (wd_recording_nth(r, i)->id == at.branch) chosen = i;
    if (gtk_drop_down_get_selected(GTK_DROP_DOWN(c->choice)) != chosen)
      gtk_drop_down_set_selected(GTK_DROP_DOWN(c->choice), chosen);
    w->updating = FALSE;
    const WdBranch *branch = wd_recording_find(r, at.branch);
    const WdPosition *p = branch ? wd_recording_position(r, at.branch, at.position) : NULL;
    g_autofree char *text = NULL;
    if (branch && p && p->level.timestep >= 0)
      text = g_strdup_printf(_("step %d/%d · t %d"), at.position, branch->steps, p->level.timestep);
    else if (branch && branch->kind == WD_BRANCH_WALK)
      text = g_strdup_printf(_("latent %d/%d"), at.position, branch->steps);
    else if (branch)
      text = g_strdup_printf(_("step %d/%d · data"), at.position, branch->steps);
    gtk_label_set_text(GTK_LABEL(c->place), text ? text : _("choose a run"));
  }
}

/* ---- splits, as parts of what there is to split */

static const struct {
  const char *key;
  size_t place;
} splits[] = {{"split-pair", G_STRUCT_OFFSET(WdWindow, column[0].pair)},
              {"split-pair", G_STRUCT_OFFSET(WdWindow, column[1].pair)},
              {"split-rows", G_STRUCT_OFFSET(WdWindow, column[0].rows)},
              {"split-rows", G_STRUCT_OFFSET(WdWindow, column[1].rows)},
              {"split-plot", G_STRUCT_OFFSET(WdWindow, split)}, /* or split_key */
              {"split-bottom", G_STRUCT_OFFSET(WdWindow, bottom)}};

static int length_of(GtkWidget *p) {
  return gtk_orientable_get_orientation(GTK_ORIENTABLE(p)) == GTK_ORIENTATION_HORIZONTAL
             ? gtk_widget_get_width(p)
             : gtk_widget_get_height(p);
}

static const char *split_key(WdWindow *w, gsize i) {
  const GtkWidget *second = w->column[0].second;
  const gboolean rows =
      second && gtk_widget_get_visible(w->column[0].second) && gtk_widget_get_visible(w->column[0].pair);
  return G_STRUCT_MEMBER(GtkWidget *, w, splits[i].place) == w->split && rows ? "split-plot-rows"
                                                                              : splits[i].key;
}

void wd_window_set_splits(WdWindow *w) {
  const gboolean compare = w->view->layout == WD_LAYOUT_COMPARE;
  for (size_t i = 0; i < G_N_ELEMENTS(splits); i++) {
    GtkWidget *p = G_STRUCT_MEMBER(GtkWidget *, w, splits[i].place);
    if (!p || length_of(p) <= 1) continue;
    double part = g_settings_get_double(w->settings, split_key(w, i));
    if (compare && (p == w->column[0].pair || p == w->column[1].pair)) part = 0.5;
    if (compare && p == w->split) part = fmax(part, 0.72);
    gtk_paned_set_position(GTK_PANED(p), (int)lround(part * length_of(p)));
  }
  if (compare) gtk_paned_set_position(GTK_PANED(w->columns), gtk_widget_get_width(w->columns) / 2);
}

void wd_window_store_splits(WdWindow *w) {
  if (w->view->layout != WD_LAYOUT_STEP || w->view->enlarged >= 0 || !w->splits_set) return;
  for (size_t i = 0; i < G_N_ELEMENTS(splits); i++) {
    GtkWidget *p = G_STRUCT_MEMBER(GtkWidget *, w, splits[i].place);
    if (!p || length_of(p) <= 1 || p == w->column[1].pair || p == w->column[1].rows) continue;
    GtkWidget *end = gtk_paned_get_end_child(GTK_PANED(p));
    if (!end || !gtk_widget_get_visible(end) || !gtk_widget_get_mapped(p)) continue;
    g_settings_set_double(w->settings, split_key(w, i),
                          CLAMP((double)gtk_paned_get_position(GTK_PANED(p)) / length_of(p), 0, 1));
  }
}
