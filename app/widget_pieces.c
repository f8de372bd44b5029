#include "app/widget_pieces.h"

GtkWidget *wd_card_new(GtkWidget *child, const char *name) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  if (name) gtk_widget_set_name(box, name);
  gtk_widget_add_css_class(box, "panel-card");
  gtk_widget_set_hexpand(child, TRUE);
  gtk_widget_set_vexpand(child, TRUE);
  gtk_box_append(GTK_BOX(box), child);
  return box;
}

GtkWidget *wd_paned_new(GtkOrientation orientation, GtkWidget *start, GtkWidget *end, const char *name) {
  GtkWidget *p = gtk_paned_new(orientation);
  if (name) gtk_widget_set_name(p, name);
  gtk_paned_set_start_child(GTK_PANED(p), start);
  gtk_paned_set_end_child(GTK_PANED(p), end);
  gtk_paned_set_shrink_start_child(GTK_PANED(p), FALSE);
  gtk_paned_set_shrink_end_child(GTK_PANED(p), FALSE);
  return p;
}

typedef struct Short {
  PangoEllipsizeMode where;
  int most;
} Short;

static void on_setup(GtkListItemFactory *factory, GtkListItem *item, const Short *s) {
  (void)factory;
  GtkWidget *label = gtk_label_new(NULL);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_ellipsize(GTK_LABEL(label), s->where);
  gtk_label_set_width_chars(GTK_LABEL(label), 8);
  gtk_label_set_max_width_chars(GTK_LABEL(label), s->most);
  gtk_list_item_set_child(item, label);
}

static void on_bind(GtkListItemFactory *factory, GtkListItem *item) {
  (void)factory;
  gtk_label_set_text(GTK_LABEL(gtk_list_item_get_child(item)),
                     gtk_string_object_get_string(gtk_list_item_get_item(item)));
}

static void short_free(gpointer data, GClosure *closure) {
  (void)closure;
  g_free(data);
}

void wd_drop_down_shorten(GtkWidget *drop_down, PangoEllipsizeMode where, int most) {
  GtkDropDown *d = GTK_DROP_DOWN(drop_down);
  g_autoptr(GtkListItemFactory) whole = g_object_ref(gtk_drop_down_get_factory(d)),
                                closed = gtk_signal_list_item_factory_new();
  Short *s = g_new(Short, 1);
  *s = (Short){where, most};
  g_signal_connect_data(closed, "setup", G_CALLBACK(on_setup), s, short_free, 0);
  g_signal_connect(closed, "bind", G_CALLBACK(on_bind), NULL);
  gtk_drop_down_set_factory(d, closed);
  gtk_drop_down_set_list_factory(d, whole);
}
