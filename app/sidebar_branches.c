/* Sidebar: all runs and branches of the recording. */
#include "app/i18n.h"
#include "app/lanes.h"
#include "app/sidebar.h"
#include "app/widget_style.h"
#include "render/axis.h"
#include "render/curve.h"

#include <math.h>
#include <string.h>

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *list, *empty;
  WdRecording *recording;
  gulong on_changed, on_position;
  guint idle;
  gboolean updating, stale;
} section;

typedef struct row {
  section *s;
  guint id;
  GtkWidget *self, *name, *figure, *pin, *second;
} row;

static row *row_of(GtkListBoxRow *widget) {
  return g_object_get_data(G_OBJECT(widget), "row");
}

static void draw_dot(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  row *r = data;
  char family[64];
  wd_style style = wd_widget_style(GTK_WIDGET(area), 0, family, sizeof family);
  const WdBranch *b = wd_recording_find(wd_session_get_recording(r->s->session), r->id);
  if (!b) return;
  cairo_arc(cr, width / 2.0, height / 2.0, fmin(width, height) / 2.0 - 1, 0, 2 * G_PI);
  wd_cairo_colour(cr, wd_curve_colour(&style, wd_branch_colour(b->colour)), 1);
  cairo_fill_preserve(cr);
  wd_cairo_colour(cr, wd_style_theme(&style)->paper, 0.9); /* told apart from a selected row's ground */
  cairo_set_line_width(cr, 1.4);
  cairo_stroke(cr);
}

/* Where it has come to, and what it scores there. */
static void show_row(row *r) {
  const WdView *v = r->s->view;
  WdRecording *recording = wd_session_get_recording(r->s->session);
  const WdBranch *b = wd_recording_find(recording, r->id);
  if (!b) return;
  int last = wd_branch_last(b);
  const WdPosition *p = wd_recording_position(recording, b->id, last);
  const WdScore *score = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
  GString *text = g_string_new(NULL);
  if (b->kind == WD_BRANCH_WALK)
    g_string_append_printf(text, ngettext("%d latent", "%d latents", (gulong)last + 1), last + 1);
  else if (last > b->steps)
    g_string_append_printf(text, _("refined %d"), last - b->steps);
  else if (last == b->steps)
    g_string_append(text, b->kind == WD_BRANCH_ENCODED ? _("encoded") : _("data"));
  else
    g_string_append_printf(text, "%d/%d", MAX(last, 0), b->steps);
  if (score && isfinite(score->value[v->metric])) {
    char number[32];
    wd_format_number(score->value[v->metric], 0, number, sizeof number);
    g_string_append_printf(text, score->mode == WD_WAVE_LIVE ? _(" · %s live") : " · %s", number);
  }
  if (g_strcmp0(gtk_label_get_text(GTK_LABEL(r->figure)), text->str))
    gtk_label_set_text(GTK_LABEL(r->figure), text->str);
  g_string_free(text, TRUE);
  r->s->updating = TRUE;
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(r->pin), b->pinned);
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(r->second),
                               v->layout == WD_LAYOUT_COMPARE && v->place[1].branch == r->id);
  gtk_widget_set_sensitive(r->second, v->place[0].branch != r->id || v->place[1].branch == r->id);
  r->s->updating = FALSE;
}

static void on_name(GtkEditableLabel *label, GParamSpec *spec, row *r) {
  (void)spec;
  if (gtk_editable_label_get_editing(label)) return;
  WdRecording *recording = wd_session_get_recording(r->s->session);
  const WdBranch *b = wd_recording_find(recording, r->id);
  const char *text = gtk_editable_get_text(GTK_EDITABLE(label));
  if (!b || !strcmp(text, b->name)) return;
  g_autofree char *name = g_strstrip(g_strdup(text));
  if (!*name || !wd_recording_rename(recording, r->id, name))
    gtk_editable_set_text(GTK_EDITABLE(label), b->name);
}

static void on_pin(row *r) {
  if (r->s->updating) return;
  WdBranch *b = wd_recording_find(wd_session_get_recording(r->s->session), r->id);
  if (!b) return;
  b->pinned = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(r->pin));
  wd_view_changed(r->s->view, WD_VIEW_PLOT);
}

static void on_second(row *r) {
  if (r->s->updating) return;
  WdView *v = r->s->view;
  if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(r->second))) {
    WdRecording *recording = wd_session_get_recording(r->s->session);
    int k = wd_view_align(recording, v->place[0].branch, v->place[0].position, r->id, v->align);
    v->layout = WD_LAYOUT_COMPARE;
    wd_view_go(v, recording, 1, r->id, MAX(k, 0));
  } else
    v->layout = WD_LAYOUT_STEP;
  wd_view_changed(v, WD_VIEW_LAYOUT);
}

static void on_delete(row *r) {
  gtk_widget_activate_action(r->self, "win.remove-branch", "u", r->id); /* Ctrl+Z brings it back */
}

/* A long name must not widen the sidebar. */
static void shorten(GtkWidget *widget) {
  if (GTK_IS_LABEL(widget)) gtk_label_set_ellipsize(GTK_LABEL(widget), PANGO_ELLIPSIZE_MIDDLE);
  for (GtkWidget *w = gtk_widget_get_first_child(widget); w; w = gtk_widget_get_next_sibling(w)) shorten(w);
}

static GtkWidget *icon(GtkWidget *button, const char *tooltip) {
  gtk_widget_add_css_class(button, "flat");
  gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text(button, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  return button;
}

static GtkWidget *row_new(section *s, const WdBranch *b) {
  row *r = g_new0(row, 1);
  r->s = s;
  r->id = b->id;
  r->self = gtk_list_box_row_new();
  g_object_set_data_full(G_OBJECT(r->self), "row", r, g_free);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 2);
  int depth = 0;
  for (const WdBranch *up = b; up && up->parent && depth < 4; depth++)
    up = wd_recording_find(s->recording, up->parent);
  gtk_widget_set_margin_start(box, 2 + 10 * depth);
  GtkWidget *dot =
      g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(dot), 11);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(dot), 11);
  gtk_widget_set_valign(dot, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(dot), draw_dot, r, NULL);
  gtk_box_append(GTK_BOX(box), dot);
  GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_margin_start(words, 6);
  gtk_widget_set_hexpand(words, TRUE);
  r->name = gtk_editable_label_new(b->name);
  gtk_editable_set_max_width_chars(GTK_EDITABLE(r->name), 14);
  gtk_editable_set_width_chars(GTK_EDITABLE(r->name), 6);
  gtk_widget_set_tooltip_text(r->name, b->name);
  shorten(r->name);
  g_signal_connect(r->name, "notify::editing", G_CALLBACK(on_name), r);
  gtk_box_append(GTK_BOX(words), r->name);
  r->figure = gtk_label_new(NULL);
  gtk_label_set_xalign(GTK_LABEL(r->figure), 0);
  gtk_label_set_ellipsize(GTK_LABEL(r->figure), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class(r->figure, "caption");
  gtk_widget_add_css_class(r->figure, "dim-label");
  gtk_widget_add_css_class(r->figure, "numeric");
  gtk_box_append(GTK_BOX(words), r->figure);
  gtk_box_append(GTK_BOX(box), words);
  r->pin = gtk_toggle_button_new();
  gtk_button_set_icon_name(GTK_BUTTON(r->pin), "view-pin-symbolic");
  gtk_box_append(GTK_BOX(box), icon(r->pin, _("Keep in the residual plot")));
  r->second = gtk_toggle_button_new_with_label("B");
  gtk_box_append(GTK_BOX(box), icon(r->second, _("Compare with it, as side B")));
  GtkWidget *remove = gtk_button_new_from_icon_name("edit-delete-symbolic");
  gtk_widget_set_name(remove, "branch-delete");
  gtk_box_append(GTK_BOX(box),
                 icon(remove, _("Delete it, and what branched off it (Ctrl+Z brings it back)")));
  g_signal_connect_swapped(r->pin, "toggled", G_CALLBACK(on_pin), r);
  g_signal_connect_swapped(r->second, "toggled", G_CALLBACK(on_second), r);
  g_signal_connect_swapped(remove, "clicked", G_CALLBACK(on_delete), r);
  gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(r->self), box);
  show_row(r);
  return r->self;
}

/* ---- the list */

static void select_row(section *s) {
  GtkListBoxRow *chosen = NULL, *one;
  for (int i = 0; (one = gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), i)); i++) {
    row *r = row_of(one);
    if (r->id == s->view->place[0].branch) chosen = one;
    show_row(r);
  }
  gtk_list_box_select_row(GTK_LIST_BOX(s->list), chosen);
}

static void add(section *s, guint parent, int depth) {
  guint n = wd_recording_count(s->recording);
  for (guint i = 0; i < n && depth < 64; i++) {
    const WdBranch *b = wd_recording_nth(s->recording, i);
    gboolean root = !b->parent || !wd_recording_find(s->recording, b->parent);
    if (parent ? b->parent != parent : !root) continue;
    gtk_list_box_append(GTK_LIST_BOX(s->list), row_new(s, b));
    add(s, b->id, depth + 1);
  }
}

static void rebuild(section *s) {
  s->stale = FALSE;
  GtkListBoxRow *one;
  while ((one = gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), 0)))
    gtk_list_box_remove(GTK_LIST_BOX(s->list), GTK_WIDGET(one));
  add(s, 0, 0);
  gboolean any = wd_recording_count(s->recording) > 0;
  gtk_widget_set_visible(s->list, any);
  gtk_widget_set_visible(s->empty, !any);
  select_row(s);
}

static gboolean on_idle(gpointer data) {
  section *s = data;
  s->idle = 0;
  if (s->stale)
    rebuild(s);
  else
    select_row(s);
  return G_SOURCE_REMOVE;
}

static void queue_update(section *s) {
  if (!s->idle) s->idle = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 15, on_idle, s, NULL);
}

/* Later: a row may be in the middle of telling that it was renamed. */
static void on_changed(section *s) {
  s->stale = TRUE;
  queue_update(s);
}

static void on_row(GtkListBox *list, GtkListBoxRow *chosen, section *s) {
  (void)list;
  row *r = row_of(chosen);
  WdView *v = s->view;
  if (r->id == v->place[0].branch) return;
  WdRecording *recording = wd_session_get_recording(s->session);
  const WdBranch *b = wd_recording_find(recording, r->id);
  int k = wd_view_align(recording, v->place[0].branch, v->place[0].position, r->id, v->align);
  if (b) wd_view_go(v, recording, 0, r->id, k >= 0 ? k : MAX(0, wd_branch_last(b)));
}

static void on_view(WdView *view, guint parts, section *s) {
  (void)view;
  if (parts & (WD_VIEW_PLACE | WD_VIEW_LAYOUT | WD_VIEW_PLOT)) queue_update(s);
}

static void leave_recording(section *s) {
  g_clear_signal_handler(&s->on_changed, s->recording);
  g_clear_signal_handler(&s->on_position, s->recording);
  g_clear_object(&s->recording);
}

static void on_recording(section *s) {
  leave_recording(s);
  s->recording = g_object_ref(wd_session_get_recording(s->session));
  s->on_changed = g_signal_connect_swapped(s->recording, "changed", G_CALLBACK(on_changed), s);
  s->on_position = g_signal_connect_swapped(s->recording, "position", G_CALLBACK(queue_update), s);
  rebuild(s);
}

static void on_destroy(section *s) {
  g_clear_handle_id(&s->idle, g_source_remove);
  g_signal_handlers_disconnect_by_data(s->view, s);
  g_signal_handlers_disconnect_by_data(s->session, s);
  leave_recording(s);
}

GtkWidget *wd_sidebar_branches_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Runs and branches"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  s->list = gtk_list_box_new();
  gtk_widget_set_name(s->list, "branches");
  gtk_list_box_set_activate_on_single_click(GTK_LIST_BOX(s->list), TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Runs and branches"), -1);
  g_signal_connect(s->list, "row-activated", G_CALLBACK(on_row), s);
  gtk_box_append(GTK_BOX(box), s->list);
  s->empty = wd_section_words(box, _("Nothing is recorded yet"));
  g_signal_connect(view, "changed", G_CALLBACK(on_view), s);
  g_signal_connect_swapped(session, "recording", G_CALLBACK(on_recording), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  on_recording(s);
  return s->self;
}
