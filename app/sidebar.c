#include "app/sidebar.h"
#include "app/i18n.h"
#include "app/widgets.h"

GtkWidget *wd_section_new(const char *title, gboolean open, GtkWidget **box) {
  GtkWidget *expander = gtk_expander_new(NULL);
  GtkWidget *label = gtk_label_new(title);
  gtk_widget_add_css_class(label, "heading");
  gtk_expander_set_label_widget(GTK_EXPANDER(expander), label);
  gtk_expander_set_expanded(GTK_EXPANDER(expander), open);
  *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_margin_top(*box, 6);
  gtk_widget_set_margin_bottom(*box, 4);
  gtk_expander_set_child(GTK_EXPANDER(expander), *box);
  return expander;
}

GtkWidget *wd_section_row(GtkWidget *box, const char *text, GtkWidget *control, const char *tooltip) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_size_request(label, 86, -1);
  gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
  gtk_widget_set_hexpand(control, TRUE);
  gtk_widget_set_tooltip_text(row, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_box_append(GTK_BOX(row), label);
  gtk_box_append(GTK_BOX(row), control);
  gtk_box_append(GTK_BOX(box), row);
  return row;
}

GtkWidget *wd_section_check(GtkWidget *box, const char *text, const char *tooltip) {
  GtkWidget *check = gtk_check_button_new_with_label(text);
  gtk_widget_set_tooltip_text(check, tooltip);
  gtk_box_append(GTK_BOX(box), check);
  return check;
}

GtkWidget *wd_section_words(GtkWidget *box, const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars(GTK_LABEL(label), 34);
  gtk_widget_add_css_class(label, "dim-label");
  gtk_widget_add_css_class(label, "caption");
  gtk_box_append(GTK_BOX(box), label);
  return label;
}

GtkWidget *wd_section_spin(double lo, double hi, double step, int digits) {
  GtkWidget *spin = gtk_spin_button_new_with_range(lo, hi, step);
  gtk_spin_button_set_digits(GTK_SPIN_BUTTON(spin), (guint)digits);
  gtk_editable_set_width_chars(GTK_EDITABLE(spin), 5);
  gtk_editable_set_max_width_chars(GTK_EDITABLE(spin), 8);
  return spin;
}

GtkWidget *wd_section_choice(const char *const *names) {
  return gtk_drop_down_new_from_strings(names);
}

void wd_section_change_policy(WdSession *session, void (*change)(WdPolicy *policy, gpointer user),
                              gpointer user) {
  WdPolicy policy = *wd_session_get_policy(session);
  change(&policy, user);
  wd_session_set_policy(session, &policy);
}

GtkWidget *wd_sidebar_new(WdSession *session, WdView *view) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
  gtk_widget_set_margin_start(box, 12);
  gtk_widget_set_margin_end(box, 14);
  gtk_widget_set_margin_top(box, 10);
  gtk_widget_set_margin_bottom(box, 10);
  static GtkWidget *(*const section[])(WdSession *, WdView *) = {
      wd_sidebar_run_new,     wd_sidebar_branches_new, wd_sidebar_display_new,
      wd_sidebar_physics_new, wd_sidebar_refine_new,   wd_sidebar_latent_new};
  for (gsize i = 0; i < G_N_ELEMENTS(section); i++) {
    if (i) gtk_box_append(GTK_BOX(box), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
    gtk_box_append(GTK_BOX(box), section[i](session, view));
  }
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), box);
  gtk_widget_set_size_request(scroll, 304, -1);
  gtk_widget_set_hexpand(scroll,
                         FALSE); /* or the rows' own wish to fill their line would widen the sidebar */
  gtk_accessible_update_property(GTK_ACCESSIBLE(scroll), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Sidebar"), -1);
  return scroll;
}
