#include "app/layer.h"

#define WD_TYPE_LAYER (wd_layer_get_type())
G_DECLARE_FINAL_TYPE(WdLayer, wd_layer, WD, LAYER, GtkWidget)

struct _WdLayer {
  GtkWidget parent_instance;
  WdLayerPaint paint;
  gpointer data;
};

G_DEFINE_FINAL_TYPE(WdLayer, wd_layer, GTK_TYPE_WIDGET)

static void layer_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdLayer *self = WD_LAYER(widget);
  int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
  if (width > 0 && height > 0) self->paint(snapshot, width, height, self->data);
}

static void wd_layer_class_init(WdLayerClass *class) {
  GTK_WIDGET_CLASS(class)->snapshot = layer_snapshot;
  gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void wd_layer_init(WdLayer *self) {
  gtk_widget_set_can_target(GTK_WIDGET(self), FALSE);
}

GtkWidget *wd_layer_new(WdLayerPaint paint, gpointer data) {
  WdLayer *self = g_object_new(WD_TYPE_LAYER, NULL);
  self->paint = paint;
  self->data = data;
  return GTK_WIDGET(self);
}
