#include "app/plane_view.h"

#include "app/i18n.h"
#include "app/plane_scene.h"
#include "app/widget_style.h"

#include <math.h>

#define FINE 0.2 /* of a drag with Shift */

struct _WdPlaneView {
  GtkWidget parent_instance;
  WdSession *session; /* borrowed, as are the next two */
  WdView *view;
  WdExplorer *explorer;
  gboolean pictures, residuals;
  char font[64];
  wd_style style;
  wd_plane_layout layout;
  gboolean arranged;
  cairo_surface_t *ground; /* NULL: to be drawn */
  int ground_width, ground_height;
  /* pointer */
  gboolean dragging;
  double start_x, start_y, start_u, start_v, offset_u, offset_v;
  gint64 described;
  guint describe;
};

G_DEFINE_FINAL_TYPE(WdPlaneView, wd_plane_view, GTK_TYPE_WIDGET)

/* ---- what is drawn */

static void forget_ground(WdPlaneView *self) {
  g_clear_pointer(&self->ground, cairo_surface_destroy);
  gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void compose(WdPlaneView *self, WdPlaneScene *s) {
  wd_plane_scene_compose(self->session, self->view, self->explorer, self->pictures, self->residuals, s);
}

static gboolean arrange(WdPlaneView *self, const WdPlaneScene *s) {
  GtkWidget *w = GTK_WIDGET(self);
  wd_error err;
  self->style = wd_widget_style(w, 0.92, self->font, sizeof self->font);
  self->arranged = !wd_plane_arrange(&s->plane, &self->style, gtk_widget_get_width(w),
                                     gtk_widget_get_height(w), &self->layout, &err);
  return self->arranged;
}

static void draw_ground(WdPlaneView *self, const WdPlaneScene *s) {
  const int width = gtk_widget_get_width(GTK_WIDGET(self)), height = gtk_widget_get_height(GTK_WIDGET(self));
  const double scale = self->style.scale;
  if (self->ground && (self->ground_width != width || self->ground_height != height))
    g_clear_pointer(&self->ground, cairo_surface_destroy);
  if (self->ground) return;
  self->ground = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)(width * scale), (int)(height * scale));
  cairo_surface_set_device_scale(self->ground, scale, scale);
  self->ground_width = width;
  self->ground_height = height;
  cairo_t *cr = cairo_create(self->ground);
  wd_plane_draw_ground(&s->plane, &self->style, &self->layout, cr);
  cairo_destroy(cr);
}

static void snapshot(GtkWidget *widget, GtkSnapshot *snap) {
  WdPlaneView *self = WD_PLANE_VIEW(widget);
  const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
  g_autofree WdPlaneScene *s = g_new(WdPlaneScene, 1);
  compose(self, s);
  const wd_theme *theme = wd_style_theme(&self->style);
  if (!arrange(self, s)) return;
  if (theme != wd_style_theme(&self->style)) g_clear_pointer(&self->ground, cairo_surface_destroy);
  draw_ground(self, s);
  cairo_t *cr = gtk_snapshot_append_cairo(snap, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
  cairo_set_source_surface(cr, self->ground, 0, 0);
  cairo_paint(cr);
  wd_plane_draw_marks(&s->plane, &self->style, &self->layout, cr);
  cairo_destroy(cr);
  if (gtk_widget_has_focus(widget)) {
    GdkRGBA colour = wd_rgba(wd_style_theme(&self->style)->accent, 0.9);
    GskRoundedRect outline;
    gsk_rounded_rect_init_from_rect(&outline, &GRAPHENE_RECT_INIT(1, 1, (float)width - 2, (float)height - 2),
                                    5);
    gtk_snapshot_append_border(snap, &outline, (const float[]){1.5f, 1.5f, 1.5f, 1.5f},
                               (const GdkRGBA[]){colour, colour, colour, colour});
  }
}

void wd_plane_view_show(WdPlaneView *self, gboolean pictures, gboolean residuals) {
  self->pictures = pictures;
  self->residuals = residuals;
  forget_ground(self);
}

gboolean wd_plane_view_find(WdPlaneView *self, double u, double v, double *fx, double *fy) {
  if (!self->arranged) return FALSE;
  double x, y;
  wd_plane_to_place(&self->layout, u, v, &x, &y);
  *fx = x / gtk_widget_get_width(GTK_WIDGET(self));
  *fy = y / gtk_widget_get_height(GTK_WIDGET(self));
  return TRUE;
}

/* ---- words */

static gboolean describe_now(gpointer user) {
  WdPlaneView *self = user;
  self->describe = 0;
  self->described = g_get_monotonic_time();
  g_autofree char *text = wd_explorer_describe(self->explorer);
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  return G_SOURCE_REMOVE;
}

/* At most once a second. */
static void describe(WdPlaneView *self) {
  if (!self->describe) self->describe = g_timeout_add(1000, describe_now, self);
}

static gboolean on_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tip,
                           gpointer user) {
  (void)user;
  WdPlaneView *self = WD_PLANE_VIEW(widget);
  if (keyboard || !self->arranged || !self->explorer->ready || self->dragging) return FALSE;
  double u, v;
  wd_plane_to_value(&self->layout, x, y, &u, &v);
  if (u < self->layout.lo || u > self->layout.hi || v < self->layout.lo || v > self->layout.hi) return FALSE;
  GString *s = g_string_new(NULL);
  g_string_printf(s, "u %.3f, v %.3f", u, v);
  const WdTiles *t = self->explorer->tiles;
  if (t && t->cells && self->residuals) {
    int i =
        CLAMP((int)((u - self->layout.lo) / (self->layout.hi - self->layout.lo) * t->cells), 0, t->cells - 1);
    int j =
        CLAMP((int)((v - self->layout.lo) / (self->layout.hi - self->layout.lo) * t->cells), 0, t->cells - 1);
    if (t->state[j * t->cells + i] == 1)
      g_string_append_printf(s, _("\nReflection residual %.4g (live mode, this cell)"),
                             (double)t->value[j * t->cells + i]);
    else if (t->state[j * t->cells + i] == 2)
      g_string_append(s, _("\nThe solver refused this map"));
  }
  gtk_tooltip_set_text(tip, s->str);
  g_string_free(s, TRUE);
  return TRUE;
}

/* ---- the pointer */

static void set_scrubbing(WdPlaneView *self, gboolean on) {
  if (self->view->scrubbing == on) return;
  self->view->scrubbing = on;
  wd_view_changed(self->view, WD_VIEW_PLACE);
}

static gboolean inside(WdPlaneView *self, double x, double y) {
  const wd_rect *r = &self->layout.plot;
  return self->arranged && x >= r->x && y >= r->y && x <= r->x + r->width && y <= r->y + r->height;
}

static void on_press(GtkGestureDrag *gesture, double x, double y, WdPlaneView *self) {
  WdExplorer *e = self->explorer;
  gtk_widget_grab_focus(GTK_WIDGET(self));
  if (!e->ready || !inside(self, x, y)) {
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_DENIED);
    return;
  }
  const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  double u, v;
  wd_plane_to_value(&self->layout, x, y, &u, &v);
  if (state & GDK_CONTROL_MASK) {
    wd_explorer_add_waypoint(e, rint(u * 1e4) / 1e4, rint(v * 1e4) / 1e4);
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
    return;
  }
  self->dragging = TRUE;
  wd_explorer_hold(e, TRUE);
  self->start_x = x;
  self->start_y = y;
  self->start_u = e->u;
  self->start_v = e->v;
  const gboolean fine = (state & GDK_SHIFT_MASK) != 0;
  self->offset_u = fine ? e->u : u;
  self->offset_v = fine ? e->v : v;
  set_scrubbing(self, TRUE);
  gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  if (!fine) wd_explorer_move(e, u, v);
}

static void on_drag(GtkGestureDrag *gesture, double dx, double dy, WdPlaneView *self) {
  if (!self->dragging) return;
  const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  const double factor = state & GDK_SHIFT_MASK ? FINE : 1;
  const double s = (self->layout.hi - self->layout.lo) / self->layout.plot.width;
  wd_explorer_move(self->explorer, CLAMP(self->offset_u + factor * dx * s, self->layout.lo, self->layout.hi),
                   CLAMP(self->offset_v - factor * dy * s, self->layout.lo, self->layout.hi));
}

static void on_release(GtkGestureDrag *gesture, double dx, double dy, WdPlaneView *self) {
  (void)gesture, (void)dx, (void)dy;
  if (!self->dragging) return;
  self->dragging = FALSE;
  wd_explorer_hold(self->explorer, FALSE);
  set_scrubbing(self, FALSE);
  wd_explorer_rest(self->explorer);
}

/* Esc in the middle of a drag puts the cursor back. */
static gboolean on_key(GtkEventControllerKey *controller, guint value, guint code, GdkModifierType state,
                       WdPlaneView *self) {
  (void)controller, (void)code, (void)state;
  if (value != GDK_KEY_Escape || !self->dragging) return GDK_EVENT_PROPAGATE;
  self->dragging = FALSE;
  wd_explorer_hold(self->explorer, FALSE);
  set_scrubbing(self, FALSE);
  wd_explorer_move(self->explorer, self->start_u, self->start_v);
  wd_explorer_rest(self->explorer);
  return GDK_EVENT_STOP;
}

static void on_cancel(GtkGesture *gesture, GdkEventSequence *sequence, WdPlaneView *self) {
  (void)sequence;
  on_release(GTK_GESTURE_DRAG(gesture), 0, 0, self);
}

/* ---- the object */

static void on_explorer(WdExplorer *x, guint parts, WdPlaneView *self) {
  (void)x;
  if (parts & (WD_EXPLORER_PLANE | WD_EXPLORER_TILES))
    forget_ground(self);
  else if (parts & ~(guint)WD_EXPLORER_BATCH)
    gtk_widget_queue_draw(GTK_WIDGET(self));
  describe(self);
}

static void on_view(WdView *view, guint parts, WdPlaneView *self) {
  (void)view;
  if (parts & (WD_VIEW_DISPLAY | WD_VIEW_PLOT)) forget_ground(self);
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size, (void)orientation;
  *minimum = 176;
  *natural = 470;
  *minimum_baseline = *natural_baseline = -1;
}

static void dispose(GObject *object) {
  WdPlaneView *self = WD_PLANE_VIEW(object);
  g_clear_handle_id(&self->describe, g_source_remove);
  if (self->explorer) g_signal_handlers_disconnect_by_data(self->explorer, self);
  if (self->view) g_signal_handlers_disconnect_by_data(self->view, self);
  self->explorer = NULL;
  self->view = NULL;
  g_clear_pointer(&self->ground, cairo_surface_destroy);
  G_OBJECT_CLASS(wd_plane_view_parent_class)->dispose(object);
}

static void wd_plane_view_class_init(WdPlaneViewClass *class) {
  GtkWidgetClass *w = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->dispose = dispose;
  w->snapshot = snapshot;
  w->measure = measure;
  gtk_widget_class_set_css_name(w, "plane");
  gtk_widget_class_set_accessible_role(w, GTK_ACCESSIBLE_ROLE_IMG);
}

static void wd_plane_view_init(WdPlaneView *self) {
  self->pictures = self->residuals = TRUE;
}

GtkWidget *wd_plane_view_new(WdSession *session, WdView *view, WdExplorer *explorer) {
  WdPlaneView *self = g_object_new(WD_TYPE_PLANE_VIEW, NULL);
  GtkWidget *w = GTK_WIDGET(self);
  self->session = session;
  self->view = view;
  self->explorer = explorer;
  gtk_widget_set_focusable(w, TRUE);
  gtk_widget_set_has_tooltip(w, TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(w), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Plane of latents"), -1);
  g_signal_connect(w, "query-tooltip", G_CALLBACK(on_tooltip), NULL);
  GtkGesture *drag = gtk_gesture_drag_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_press), self);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag), self);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_release), self);
  g_signal_connect(drag, "cancel", G_CALLBACK(on_cancel), self);
  gtk_widget_add_controller(w, GTK_EVENT_CONTROLLER(drag));
  GtkEventController *key = gtk_event_controller_key_new();
  gtk_event_controller_set_propagation_phase(key, GTK_PHASE_CAPTURE);
  g_signal_connect(key, "key-pressed", G_CALLBACK(on_key), self);
  gtk_widget_add_controller(w, key);
  g_signal_connect(explorer, "changed", G_CALLBACK(on_explorer), self);
  g_signal_connect(view, "changed", G_CALLBACK(on_view), self);
  describe(self);
  return w;
}
