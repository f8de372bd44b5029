#include "app/crop_view.h"

#include "app/i18n.h"
#include "app/widget_style.h"
#include "render/panel.h"

#include <math.h>
#include <string.h>

struct _WdCropView {
  GtkWidget parent_instance;
  wd_map map;
  wd_gather gathers;
  wd_facet *facet;
  wd_panel panel;
  wd_panel_layout layout; /* of the last drawing */
  gboolean drawable;
  int nz, nx, z, x;   /* the window */
  int from_z, from_x; /* at the start of a drag */
};

G_DEFINE_FINAL_TYPE(WdCropView, wd_crop_view, GTK_TYPE_WIDGET)

enum { MARGIN = 8 };
static guint moved;

static void compose(WdCropView *self) {
  self->drawable = FALSE;
  g_clear_pointer(&self->facet, g_free);
  wd_range_desc desc = {.mode = WD_RANGE_FIXED, .lo = WD_VELOCITY_LO, .hi = WD_VELOCITY_HI};
  if (self->map.value) {
    float lo, hi;
    wd_map_range(&self->map, &lo, &hi);
    if (lo < WD_VELOCITY_LO || hi > WD_VELOCITY_HI) desc.mode = WD_RANGE_FULL;
    self->facet = g_new0(wd_facet, 1);
    self->facet->value = self->map.value;
    self->panel = wd_panel_of_map(&self->map, self->facet, 1);
    self->panel.title = _("Velocity");
    self->panel.quantity = _("Velocity (m/s)");
    self->drawable = !wd_range_find(&desc, self->map.value, (size_t)self->map.nz * (size_t)self->map.nx,
                                    &self->panel.range, NULL);
  } else if (self->gathers.value) {
    const wd_gather *g = &self->gathers;
    self->facet = g_new0(wd_facet, g->shots);
    for (int i = 0; i < g->shots; i++)
      self->facet[i].value = g->value + (gsize)i * (gsize)g->samples * (gsize)g->receivers;
    self->panel = wd_panel_of_gather(g, 10, self->facet, MIN(g->shots, 5));
    self->panel.title = _("Gathers");
    self->panel.colormap = WD_COLORMAP_GRAY;
    desc = (wd_range_desc){.clip = 99, .symmetric = true};
    self->drawable = !wd_range_find(&desc, g->value, wd_gather_count(g), &self->panel.range, NULL);
  }
}

static void describe(WdCropView *self) {
  g_autofree char *text =
      self->nz
          ? g_strdup_printf(_("Velocity map of %d by %d cells; window of %d by %d from row %d, column %d"),
                            self->map.nz, self->map.nx, self->nz, self->nx, self->z, self->x)
      : self->map.value ? g_strdup_printf(_("Velocity map of %d by %d cells"), self->map.nz, self->map.nx)
                        : g_strdup_printf(_("Gathers of %d shots"), self->gathers.shots);
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

void wd_crop_view_move(WdCropView *self, int z, int x) {
  z = CLAMP(z, 0, MAX(0, self->map.nz - self->nz));
  x = CLAMP(x, 0, MAX(0, self->map.nx - self->nx));
  if (z == self->z && x == self->x) return;
  self->z = z;
  self->x = x;
  describe(self);
  gtk_widget_queue_draw(GTK_WIDGET(self));
  g_signal_emit(self, moved, 0);
}

void wd_crop_view_get(WdCropView *self, int *z, int *x) {
  *z = self->z;
  *x = self->x;
}

void wd_crop_view_set_map(WdCropView *self, const wd_map *map) {
  wd_map_clear(&self->map);
  if (map && map->value) wd_map_copy(map, &self->map, NULL);
  compose(self);
  gtk_widget_queue_draw(GTK_WIDGET(self));
}

void wd_crop_view_set_gathers(WdCropView *self, const wd_gather *g) {
  wd_gather_clear(&self->gathers);
  if (g && g->value && !wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &self->gathers, NULL))
    memcpy(self->gathers.value, g->value, wd_gather_count(g) * sizeof(float));
  compose(self);
  gtk_widget_queue_draw(GTK_WIDGET(self));
}

void wd_crop_view_set_window(WdCropView *self, int nz, int nx) {
  self->nz = nz;
  self->nx = nx;
  wd_crop_view_move(self, self->z, self->x);
  gtk_widget_set_focusable(GTK_WIDGET(self), nz > 0);
  gtk_widget_set_cursor_from_name(GTK_WIDGET(self), nz > 0 ? "move" : NULL);
  describe(self);
  gtk_widget_queue_draw(GTK_WIDGET(self));
}

/* ---- drawing */

static void draw_window(const WdCropView *self, cairo_t *cr) {
  wd_rect r = wd_panel_facet_rect(&self->layout, 0);
  double cw = r.width / self->map.nx, ch = r.height / self->map.nz;
  double x = r.x + self->x * cw, y = r.y + self->z * ch, w = self->nx * cw, h = self->nz * ch;
  cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
  cairo_rectangle(cr, r.x, r.y, r.width, r.height);
  cairo_rectangle(cr, x, y, w, h);
  cairo_set_source_rgba(cr, 0, 0, 0, 0.55);
  cairo_fill(cr);
  cairo_rectangle(cr, x + 1, y + 1, w - 2, h - 2);
  cairo_set_source_rgb(cr, 0, 0, 0);
  cairo_set_line_width(cr, 3);
  cairo_stroke_preserve(cr);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_set_line_width(cr, 1.5);
  cairo_stroke(cr);
}

static void crop_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdCropView *self = WD_CROP_VIEW(widget);
  float width = (float)gtk_widget_get_width(widget), height = (float)gtk_widget_get_height(widget);
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, width, height));
  gboolean dark;
  g_object_get(gtk_widget_get_settings(widget), "gtk-application-prefer-dark-theme", &dark, NULL);
  wd_style style = {.size = 11,
                    .dark = dark,
                    .contrast = wd_settings_have_contrast(gtk_widget_get_settings(widget)),
                    .scale = gtk_widget_get_scale_factor(widget)};
  guint32 paper = wd_style_theme(&style)->paper;
  cairo_set_source_rgb(cr, (paper >> 16 & 255) / 255.0, (paper >> 8 & 255) / 255.0, (paper & 255) / 255.0);
  cairo_paint(cr);
  if (self->drawable &&
      !wd_panel_arrange(&self->panel, &style, width - 2 * MARGIN, height - 2 * MARGIN, &self->layout, NULL)) {
    cairo_translate(cr, MARGIN, MARGIN);
    wd_panel_draw(&self->panel, &style, &self->layout, cr, NULL);
    if (self->nz && self->map.value) draw_window(self, cr);
  }
  cairo_destroy(cr);
  if (gtk_widget_has_focus(widget)) {
    GtkStyleContext *context = gtk_widget_get_style_context(widget);
    gtk_snapshot_render_focus(snapshot, context, 1, 1, width - 2, height - 2);
  }
}

/* ---- hand and keys */

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, WdCropView *self) {
  (void)gesture, (void)x, (void)y;
  self->from_z = self->z;
  self->from_x = self->x;
  gtk_widget_grab_focus(GTK_WIDGET(self));
}

static void on_drag(GtkGestureDrag *gesture, double dx, double dy, WdCropView *self) {
  (void)gesture;
  if (!self->nz || !self->drawable || !self->map.value) return;
  wd_rect r = wd_panel_facet_rect(&self->layout, 0);
  wd_crop_view_move(self, self->from_z + (int)lround(dy * self->map.nz / r.height),
                    self->from_x + (int)lround(dx * self->map.nx / r.width));
}

static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state,
                       WdCropView *self) {
  (void)keys, (void)code;
  int by = state & GDK_SHIFT_MASK ? 10 : 1, dz = 0, dx = 0;
  if (key == GDK_KEY_Up || key == GDK_KEY_KP_Up)
    dz = -by;
  else if (key == GDK_KEY_Down || key == GDK_KEY_KP_Down)
    dz = by;
  else if (key == GDK_KEY_Left || key == GDK_KEY_KP_Left)
    dx = -by;
  else if (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
    dx = by;
  else
    return FALSE;
  if (!self->nz) return FALSE;
  wd_crop_view_move(self, self->z + dz, self->x + dx);
  return TRUE;
}

static void crop_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                         int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size;
  *minimum = 240;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 420 : 380;
  *minimum_baseline = *natural_baseline = -1;
}

static void crop_finalize(GObject *object) {
  WdCropView *self = WD_CROP_VIEW(object);
  wd_map_clear(&self->map);
  wd_gather_clear(&self->gathers);
  g_free(self->facet);
  G_OBJECT_CLASS(wd_crop_view_parent_class)->finalize(object);
}

static void wd_crop_view_class_init(WdCropViewClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->finalize = crop_finalize;
  widget->snapshot = crop_snapshot;
  widget->measure = crop_measure;
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
  moved =
      g_signal_new("moved", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void wd_crop_view_init(WdCropView *self) {
  GtkGesture *drag = gtk_gesture_drag_new();
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag), self);
  gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
  gtk_widget_add_controller(GTK_WIDGET(self), keys);
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("What is opened"),
                                 -1);
}

GtkWidget *wd_crop_view_new(void) {
  return g_object_new(WD_TYPE_CROP_VIEW, NULL);
}
