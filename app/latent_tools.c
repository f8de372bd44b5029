#include "app/latent_tools.h"

#include "app/i18n.h"

typedef struct WdAnchorUse {
  WdUsePlace use;
  gpointer user;
  GPtrArray *button; /* borrowed, each with a weak reference */
} WdAnchorUse;

#define KEY "wd-anchor-use"

static void button_gone(gpointer use, GObject *button) {
  g_ptr_array_remove_fast(((WdAnchorUse *)use)->button, button);
}

static void use_free(gpointer data) {
  WdAnchorUse *a = data;
  for (guint i = 0; i < a->button->len; i++)
    g_object_weak_unref(g_ptr_array_index(a->button, i), button_gone, a);
  g_ptr_array_unref(a->button);
  g_free(a);
}

static WdAnchorUse *use_of(GtkWidget *tool) {
  WdAnchorUse *a = g_object_get_data(G_OBJECT(tool), KEY);
  if (!a) {
    a = g_new0(WdAnchorUse, 1);
    a->button = g_ptr_array_new();
    g_object_set_data_full(G_OBJECT(tool), KEY, a, use_free);
  }
  return a;
}

GtkWidget *wd_tool_scrolled(GtkWidget *page) {
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), page);
  g_object_set_data(G_OBJECT(scroll), "wd-tool-page", page);
  gtk_widget_set_vexpand(scroll, TRUE);
  return scroll;
}

void wd_latent_tool_set_anchor(GtkWidget *tool, WdUsePlace use, gpointer user) {
  GtkWidget *page = g_object_get_data(G_OBJECT(tool), "wd-tool-page");
  WdAnchorUse *a = use_of(page ? page : tool);
  a->use = use;
  a->user = user;
  for (guint i = 0; i < a->button->len; i++)
    gtk_widget_set_visible(g_ptr_array_index(a->button, i), use != NULL);
}

GtkWidget *wd_tool_anchor_button(GtkWidget *tool) {
  WdAnchorUse *a = use_of(tool);
  GtkWidget *b = gtk_button_new_with_label(_("Use as anchor"));
  gtk_widget_set_tooltip_text(b, _("An anchor of the plane"));
  gtk_widget_set_visible(b, a->use != NULL);
  g_ptr_array_add(a->button, b);
  g_object_weak_ref(G_OBJECT(b), button_gone, a);
  return b;
}

void wd_tool_use_anchor(GtkWidget *tool, WdPlace place, WdWhat what) {
  WdAnchorUse *a = use_of(tool);
  if (a->use && place.branch) a->use(place, what, a->user);
}

GtkWidget *wd_tool_page(const char *name) {
  GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_name(page, name);
  return page;
}

GtkWidget *wd_tool_heading(GtkWidget *page, const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class(label, "heading");
  gtk_box_append(GTK_BOX(page), label);
  return label;
}

GtkWidget *wd_tool_words(GtkWidget *page, const char *name, const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_widget_set_name(label, name);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_widget_add_css_class(label, "caption");
  gtk_widget_add_css_class(label, "numeric");
  gtk_box_append(GTK_BOX(page), label);
  return label;
}

void wd_tool_row(GtkWidget *grid, int row, const char *text, GtkWidget *control, const char *tooltip) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
  gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
  gtk_widget_set_hexpand(control, TRUE);
  gtk_widget_set_tooltip_text(control, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_grid_attach(GTK_GRID(grid), control, 1, row, 1, 1);
}
