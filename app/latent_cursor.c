/* Controls of Latent mode: where the cursor is, in numbers; snap, reset, undo; what the sample there scores.
 */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/score.h"
#include "app/sidebar.h"
#include "render/axis.h"

#include <math.h>

typedef struct section {
  WdLatentPage *page;
  GtkWidget *self, *u, *v, *trail, *score;
  WdRecording *recording;
  gulong on_position;
  gboolean updating;
} section;

/* "r_R 1.52, live mode: 0.88 of epsilon" */
static void show_score(section *s) {
  const WdExplorer *x = s->page->explorer;
  WdRecording *r = wd_session_get_recording(s->page->session);
  const WdPosition *p = x->walk ? wd_recording_position(r, x->walk, x->at) : NULL;
  const WdScore *score = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
  WdLevels levels;
  double value = score ? score->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN;
  GString *text = g_string_new(NULL);
  if (p && p->fault) {
    g_string_append(text, _("Residual of none: the solver refused the map"));
  } else if (score && isfinite(value)) {
    char number[32];
    wd_format_number(value, 0, number, sizeof number);
    g_string_append_printf(text, _("Residual %s, %s mode"), number, wd_score_mode_words(score->mode));
    if (wd_session_get_levels(s->page->session, WD_METRIC_REFLECTION_RESIDUAL, &levels) &&
        levels.stage1_p95 > 0) {
      wd_format_number(value / levels.stage1_p95, 0.01, number, sizeof number);
      g_string_append_printf(text, " (%s \xc3\x97 \xce\xb5)", number);
    }
  } else {
    g_string_append(text, _("Residual not made yet"));
  }
  gtk_label_set_text(GTK_LABEL(s->score), text->str);
  g_string_free(text, TRUE);
}

static void update(section *s) {
  const WdExplorer *x = s->page->explorer;
  double lo, hi, step;
  wd_explorer_get_extent(x, &lo, &hi, &step);
  s->updating = TRUE;
  gtk_spin_button_set_increments(GTK_SPIN_BUTTON(s->u), step, step);
  gtk_spin_button_set_increments(GTK_SPIN_BUTTON(s->v), step, step);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->u), x->u);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->v), x->v);
  s->updating = FALSE;
  const WdBranch *b = x->walk ? wd_recording_find(wd_session_get_recording(s->page->session), x->walk) : NULL;
  g_autofree char *trail = b ? g_strdup_printf(x->domain == WD_DOMAIN_NOISE && x->sample_steps &&
                                                       x->sample_steps < x->recipe.plan.steps
                                                   ? _("%s: latent %d of %d, previewed with fewer steps")
                                                   : _("%s: latent %d of %d"),
                                               b->name, x->at + 1, wd_branch_last(b) + 1)
                             : g_strdup(_("The trail begins with the first move"));
  gtk_label_set_text(GTK_LABEL(s->trail), trail);
  show_score(s);
}

static void on_value(section *s) {
  if (s->updating) return;
  wd_explorer_move(s->page->explorer, gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->u)),
                   gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->v)));
  wd_explorer_rest(s->page->explorer);
}

static void on_explorer(WdExplorer *x, guint parts, section *s) {
  (void)x;
  if (parts & (WD_EXPLORER_PLANE | WD_EXPLORER_CURSOR | WD_EXPLORER_SAMPLE | WD_EXPLORER_WENT)) update(s);
}

static void on_position(WdRecording *r, guint id, int k, section *s) {
  (void)r;
  if (id == s->page->explorer->walk && k == s->page->explorer->at) show_score(s);
}

static void on_recording(section *s) {
  g_clear_signal_handler(&s->on_position, s->recording);
  g_set_object(&s->recording, wd_session_get_recording(s->page->session));
  s->on_position = g_signal_connect(s->recording, "position", G_CALLBACK(on_position), s);
  update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->page->explorer, s);
  g_signal_handlers_disconnect_by_data(s->page->session, s);
  g_clear_signal_handler(&s->on_position, s->recording);
  g_clear_object(&s->recording);
}

static void add_button(GtkWidget *box, const char *icon, const char *label, const char *action,
                       const char *tooltip) {
  GtkWidget *b = icon ? gtk_button_new_from_icon_name(icon) : gtk_button_new_with_label(label);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_widget_set_name(b, action + 4);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(b), action);
  gtk_accessible_update_property(GTK_ACCESSIBLE(b), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_hexpand(b, icon == NULL);
  gtk_box_append(GTK_BOX(box), b);
}

static GtkWidget *spin(const char *name, const char *label) {
  GtkWidget *w = wd_section_spin(-100, 100, 0.25, 4);
  gtk_widget_set_name(w, name);
  gtk_widget_set_hexpand(w, TRUE);
  gtk_editable_set_width_chars(GTK_EDITABLE(w), 5);
  gtk_accessible_update_property(GTK_ACCESSIBLE(w), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_tooltip_text(w, label);
  return w;
}

GtkWidget *wd_latent_cursor_new(WdLatentPage *page) {
  section *s = g_new0(section, 1);
  s->page = page;
  GtkWidget *box;
  s->self = wd_section_new(_("Cursor"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  s->u = spin("cursor-u", _("u of the cursor, to the right"));
  s->v = spin("cursor-v", _("v of the cursor, upwards"));
  gtk_box_append(GTK_BOX(row), gtk_label_new("u"));
  gtk_box_append(GTK_BOX(row), s->u);
  gtk_box_append(GTK_BOX(row), gtk_label_new("v"));
  gtk_box_append(GTK_BOX(row), s->v);
  gtk_orientable_set_orientation(GTK_ORIENTABLE(row), GTK_ORIENTATION_HORIZONTAL);
  gtk_box_append(GTK_BOX(box), row);
  s->score = gtk_label_new("");
  gtk_widget_set_name(s->score, "cursor-score");
  gtk_widget_set_tooltip_text(s->score,
                              _("Reflection residual of the pair at the cursor; 1 is no better than "
                                "knowing the surface row"));
  gtk_label_set_xalign(GTK_LABEL(s->score), 0);
  gtk_label_set_wrap(GTK_LABEL(s->score), TRUE);
  gtk_label_set_max_width_chars(GTK_LABEL(s->score), 30);
  gtk_widget_add_css_class(s->score, "numeric");
  gtk_box_append(GTK_BOX(box), s->score);
  GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  add_button(buttons, NULL, _("Snap"), "win.latent-snap",
             _("To the nearest anchor, or node of the lattice (S)"));
  add_button(buttons, NULL, _("Reset"), "win.latent-reset", _("To anchor A (Home)"));
  add_button(buttons, "edit-undo-symbolic", _("Undo"), "win.latent-undo",
             _("Back along the trail: cursor, anchors and mixing as they were (Ctrl+Z)"));
  add_button(buttons, "edit-redo-symbolic", _("Redo"), "win.latent-redo",
             _("Forward along the trail (Ctrl+Shift+Z)"));
  add_button(buttons, "edit-copy-symbolic", _("Copy as command"), "win.latent-copy-command",
             _("Copy the command that makes this latent (Ctrl+Shift+C)"));
  gtk_box_append(GTK_BOX(box), buttons);
  s->trail = wd_section_words(box, "");
  g_signal_connect_swapped(s->u, "value-changed", G_CALLBACK(on_value), s);
  g_signal_connect_swapped(s->v, "value-changed", G_CALLBACK(on_value), s);
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), s);
  g_signal_connect_swapped(page->session, "recording", G_CALLBACK(on_recording), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  on_recording(s);
  return s->self;
}
