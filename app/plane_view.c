#include "app/plane_view.h"

#include "app/widget_style.h"

#include <math.h>

enum { TRAIL = 200, CURVE = 200 };
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

typedef struct scene {
  wd_plane plane;
  wd_plane_mark anchor[WD_ANCHORS];
  double trail[TRAIL][2], curve[CURVE][2];
  double waypoint[WD_WAYPOINTS_MAX][2];
  char source[160];
} scene;

static double epsilon(WdPlaneView *self) {
  WdLevels levels;
  gboolean known = wd_session_get_levels(self->session, WD_METRIC_REFLECTION_RESIDUAL, &levels);
  /* The view's own epsilon is of the figure that is plotted. */
  if (self->view->metric == WD_METRIC_REFLECTION_RESIDUAL)
    return wd_view_epsilon(self->view, known ? levels.stage1_p95 : NAN);
  return known ? levels.stage1_p95 : NAN;
}

static void compose(WdPlaneView *self, scene *s) {
  WdExplorer *x = self->explorer;
  const WdPanelLook *look = &self->view->look[WD_PANEL_VELOCITY];
  static const char *const labels[][2] = {{"u, towards B", "v, towards C"},
                                          {"u, deviations along the 1st direction", "v, along the 2nd"},
                                          {"u, lengths along the 1st direction", "v, along the 2nd"}};
  static const char *const letters[] = {"A", "B", "C"};
  *s = (scene){0};
  wd_plane *p = &s->plane;
  p->title = "Plane";
  g_snprintf(s->source, sizeof s->source, "%s%s",
             x->domain == WD_DOMAIN_NOISE ? "starting noise x_T, denoised" : "data latents z\xe2\x82\x80",
             x->norm_safe ? ", length kept" : ", mixed straight");
  p->source = s->source;
  wd_explorer_get_extent(x, &p->lo, &p->hi, &p->step);
  p->label_u = labels[x->shape][0];
  p->label_v = labels[x->shape][1];
  p->message = x->ready ? NULL : x->why ? x->why : "No plane yet.";
  const WdModelInfo *m = wd_session_get_model(self->session);
  const WdTiles *t = x->tiles;
  if (t && m && self->pictures) {
    p->side = t->side;
    p->map = (const float *const *)t->map;
    p->rows = m->geometry.nz;
    p->columns = m->geometry.nx;
    p->map_colours = look->colormap;
    p->map_range = (wd_range){.lo = WD_VELOCITY_LO, .hi = WD_VELOCITY_HI};
    if (look->scope == WD_SCOPE_MANUAL && look->hi > look->lo) {
      p->map_range.lo = look->lo;
      p->map_range.hi = look->hi;
    }
  }
  if (t && t->cells && self->residuals) {
    p->cells = t->cells;
    p->value = t->value;
    p->state = t->state;
    p->quantity = "Reflection residual, live mode";
    p->epsilon = epsilon(self);
  }
  int anchors = x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1;
  for (int i = 0; i < anchors; i++)
    s->anchor[i] = (wd_plane_mark){i == 1, i == 2, letters[i], x->anchor[i].name};
  p->anchor = s->anchor;
  p->anchors = anchors;
  p->trails = wd_explorer_trail(x, s->trail, TRAIL);
  p->trail = (const double(*)[2])s->trail;
  for (int i = 0; i < x->waypoints; i++)
    for (int c = 0; c < 2; c++) s->waypoint[i][c] = x->waypoint[i][c];
  p->waypoint = (const double(*)[2])s->waypoint;
  p->waypoints = x->waypoints;
  for (int i = 0; i < CURVE && x->waypoints > 1; i++, p->curves++)
    wd_plane_path_point(x->smooth, x->waypoints, (const double(*)[2])x->waypoint,
                        (double)i * (x->waypoints - 1) / (CURVE - 1), s->curve[i]);
  p->curve = (const double(*)[2])s->curve;
  p->cursor = x->ready;
  p->u = x->u;
  p->v = x->v;
}

static gboolean arrange(WdPlaneView *self, const scene *s) {
  GtkWidget *w = GTK_WIDGET(self);
  wd_error err;
  self->style = wd_widget_style(w, 0.92, self->font, sizeof self->font);
  self->arranged = !wd_plane_arrange(&s->plane, &self->style, gtk_widget_get_width(w),
                                     gtk_widget_get_height(w), &self->layout, &err);
  return self->arranged;
}

static void draw_ground(WdPlaneView *self, const scene *s) {
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
  g_autofree scene *s = g_new(scene, 1);
  compose(self, s);
  const gboolean dark = self->style.dark;
  if (!arrange(self, s)) return;
  if (dark != self->style.dark) g_clear_pointer(&self->ground, cairo_surface_destroy);
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

void wd_plane_view_draw(WdPlaneView *self, cairo_t *cr, double width, double height) {
  g_autofree scene *s = g_new(scene, 1);
  wd_plane_layout layout;
  wd_error err;
  const wd_style style = {.size = 11};
  compose(self, s);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_paint(cr);
  if (wd_plane_arrange(&s->plane, &style, width, height, &layout, &err)) return;
  wd_plane_draw_ground(&s->plane, &style, &layout, cr);
  wd_plane_draw_marks(&s->plane, &style, &layout, cr);
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
      g_string_append_printf(s, "\nReflection residual %.4g (live mode, this cell)",
                             (double)t->value[j * t->cells + i]);
    else if (t->state[j * t->cells + i] == 2)
      g_string_append(s, "\nThe solver refused this map");
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
  gtk_accessible_update_property(GTK_ACCESSIBLE(w), GTK_ACCESSIBLE_PROPERTY_LABEL, "Plane of latents", -1);
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
