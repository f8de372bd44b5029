#include "app/dialog.h"

#include "app/i18n.h"

GtkWindow *wd_dialog_find(WdWindow *parent, const char *name) {
  GtkWindow *dialog = g_object_get_data(G_OBJECT(parent), name);
  if (dialog) gtk_window_present(dialog);
  return dialog;
}

static gboolean on_escape(GtkWidget *widget, GVariant *arguments, gpointer user) {
  (void)arguments, (void)user;
  gtk_window_close(GTK_WINDOW(widget));
  return TRUE;
}

static void on_destroy(GtkWidget *dialog, gpointer parent) {
  g_object_set_data(G_OBJECT(parent), gtk_widget_get_name(dialog), NULL);
}

GtkWindow *wd_dialog_new(WdWindow *parent, const char *name, const char *title, int width, int height) {
  GtkWidget *dialog = gtk_window_new();
  gtk_widget_set_name(dialog, name);
  gtk_window_set_title(GTK_WINDOW(dialog), title);
  gtk_window_set_transient_for(GTK_WINDOW(dialog), GTK_WINDOW(parent));
  gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
  gtk_window_set_default_size(GTK_WINDOW(dialog), width, height);
  GtkEventController *keys = gtk_shortcut_controller_new();
  gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                       gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Escape|<Ctrl>w"),
                                                        gtk_callback_action_new(on_escape, NULL, NULL)));
  gtk_widget_add_controller(dialog, keys);
  g_object_set_data(G_OBJECT(parent), name, dialog);
  g_signal_connect_object(dialog, "destroy", G_CALLBACK(on_destroy), parent, 0);
  return GTK_WINDOW(dialog);
}

void wd_dialog_row(GtkWidget *grid, int row, const char *text, GtkWidget *control) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
  gtk_widget_set_hexpand(control, TRUE);
  gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
  gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
  gtk_grid_attach(GTK_GRID(grid), control, 1, row, 1, 1);
  gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

void wd_dialog_heading(GtkWidget *grid, int row, const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_widget_add_css_class(label, "heading");
  if (row) gtk_widget_set_margin_top(label, 10);
  gtk_grid_attach(GTK_GRID(grid), label, 0, row, 2, 1);
}

static void on_cancel(GtkButton *button, gpointer dialog) {
  (void)button;
  gtk_window_close(dialog);
}

GtkWidget *wd_dialog_buttons(GtkWindow *dialog, GtkWidget **cancel, GtkWidget *act) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8),
            *close = gtk_button_new_with_mnemonic(_("_Cancel"));
  gtk_widget_set_name(close, "cancel");
  g_signal_connect(close, "clicked", G_CALLBACK(on_cancel), dialog);
  gtk_widget_set_halign(box, GTK_ALIGN_END);
  gtk_widget_add_css_class(act, "suggested-action");
  gtk_box_append(GTK_BOX(box), close);
  gtk_box_append(GTK_BOX(box), act);
  if (cancel) *cancel = close;
  return box;
}

GtkWidget *wd_dialog_note(const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_natural_wrap_mode(GTK_LABEL(label), GTK_NATURAL_WRAP_NONE);
  gtk_label_set_max_width_chars(GTK_LABEL(label), 44);
  gtk_widget_add_css_class(label, "caption");
  gtk_widget_add_css_class(label, "dim-label");
  return label;
}
