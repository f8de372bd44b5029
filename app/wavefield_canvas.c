#include "app/wavefield_canvas.h"

#include "app/i18n.h"
#include "app/layer.h"
#include "app/widget_style.h"

#include <math.h>
#include <string.h>

enum { PADDING = 8, GAP = 14 };

struct _WdWavefieldCanvas {
  GtkWidget parent_instance;
  WdSession *session; /* borrowed: both outlive the widget */
  WdView *view;
  WdWavefieldScene *scene;
  WdPair *pair; /* looked at; a reference */
  char message[160];

  GtkWidget *pictures, *still, *motion;
  wd_style style;
  char font[64];
  wd_rect area[3]; /* of map, gather, trace in the widget; width 0: not there */
  wd_panel_layout map, gather;
  wd_curve_layout trace;
  guint update, frames, describe;
  gint64 described;
  int drag; /* WdWavefieldPlace, -1: none */
  GtkGesture *gesture;
};

G_DEFINE_FINAL_TYPE(WdWavefieldCanvas, wd_wavefield_canvas, GTK_TYPE_WIDGET)

/* ---- what is shown */

void wd_wavefield_go(WdView *view, int step, double dt) {
  step = MAX(step, 0);
  if (view->wave.step == step) return;
  view->wave.step = step;
  if (view->cursor && !view->cursor_locked && !view->wave.playing)
    wd_view_set_cursor(view, WD_PANEL_GATHER, view->x, view->z, step * dt);
  wd_view_changed(view, WD_VIEW_WAVE);
}

static gboolean shown_pair(WdWavefieldCanvas *self, WdFrame *frame) {
  WdRecording *r = wd_session_get_recording(self->session);
  const WdPlace at = self->view->place[0];
  *frame = (WdFrame){0};
  return at.branch && wd_recording_get_frame(r, at.branch, at.position, self->view->what, frame) &&
         frame->pair && frame->pair->velocity.value;
}

/* What the view looks at becomes the session's request. */
static void ask(WdWavefieldCanvas *self) {
  const WdView *v = self->view;
  WdFrame frame;
  if (!v->wave.shown || !gtk_widget_get_mapped(GTK_WIDGET(self)) || !shown_pair(self, &frame)) {
    wd_session_look_wavefield(self->session, NULL);
    g_clear_pointer(&self->pair, wd_pair_unref);
    return;
  }
  if (self->pair != frame.pair) {
    wd_pair_unref(self->pair);
    self->pair = wd_pair_ref(frame.pair);
  }
  const WdModelInfo *model = wd_session_get_model(self->session);
  const wd_shard_desc *recorded = wd_recording_get_geometry(wd_session_get_recording(self->session));
  const int shots = frame.pair->gathers.value ? frame.pair->gathers.shots : 5;
  WdWavefieldAsk wanted = {.pair = frame.pair,
                           .shot = v->shot < 0 ? shots / 2 : MIN(v->shot, shots - 1),
                           .mode = v->wave.live ? WD_WAVE_LIVE : WD_WAVE_EXACT,
                           .margin = v->wave.margin,
                           .shape = recorded && recorded->nz ? *recorded
                                    : model                  ? model->geometry
                                                             : (wd_shard_desc){0}};
  wd_session_look_wavefield(self->session, &wanted);
}

static char *place_text(WdWavefieldCanvas *self) {
  WdRecording *r = wd_session_get_recording(self->session);
  const WdPlace at = self->view->place[0];
  const WdBranch *b = at.branch ? wd_recording_find(r, at.branch) : NULL;
  if (!b) return NULL;
  const char *what = self->view->what == WD_WHAT_STATE ? "xₜ" : "x̂₀";
  if (b->steps <= 0) return g_strdup_printf(_("decoded %s"), what);
  if (at.position > b->steps)
    return g_strdup_printf(
        ngettext("refined by %d step", "refined by %d steps", (gulong)(at.position - b->steps)),
        at.position - b->steps);
  return g_strdup_printf(_("decoded %s, step %d of %d"), what, at.position, b->steps);
}

static guint compose(WdWavefieldCanvas *self) {
  double progress = 0;
  const wd_error *error = NULL;
  WdWavefield *field = wd_session_get_wavefield(self->session, &progress, &error);
  if (field && field->ask.pair != self->pair) field = NULL;
  self->message[0] = 0;
  if (error)
    wd_print(self->message, sizeof self->message, "%s", error->message);
  else if (!self->pair)
    wd_copy(self->message, _("not decoded yet"), sizeof self->message);
  else if (!field)
    wd_print(self->message, sizeof self->message, _("propagating the wave: %.0f %%"), 100 * progress);
  g_autofree char *place = place_text(self);
  const WdView *v = self->view;
  const WdWavefieldDesc d = {.field = field,
                             .pair = self->pair,
                             .step = v->wave.step,
                             .look = v->wave,
                             .map_smooth = v->look[WD_PANEL_VELOCITY].smooth,
                             .gather_colormap = v->look[WD_PANEL_GATHER].colormap,
                             .units = v->units,
                             .place = place,
                             .message = self->message};
  return wd_wavefield_scene_set(self->scene, &d);
}

/* ---- arrangement */

static void place_parts(WdWavefieldCanvas *self, double width, double height) {
  const double w = width - 2 * PADDING, h = height - 2 * PADDING;
  const gboolean trace = wd_wavefield_trace(self->scene, WD_SCENE_STILL)->n_series > 0;
  wd_rect *a = self->area;
  a[0] = a[1] = a[2] = (wd_rect){0};
  if (w < 160 || h < 120) return;
  const double bar = 9 * self->style.size;
  if (w > 1.2 * h) { /* the map on the left, gather over trace on the right */
    double left = fmin(0.52 * w, h + bar);
    a[0] = (wd_rect){PADDING, PADDING, floor(left), h};
    const double right = w - a[0].width - GAP,
                 upper = trace && h > 24 * self->style.size ? floor(0.62 * h) : h;
    a[1] = (wd_rect){PADDING + a[0].width + GAP, PADDING, right, upper};
    if (upper < h) a[2] = (wd_rect){a[1].x, PADDING + upper + GAP, right, h - upper - GAP};
  } else {
    const double upper = trace ? floor(fmin(0.68 * h, w / 2 + bar)) : h, half = floor((w - GAP) / 2);
    a[0] = (wd_rect){PADDING, PADDING, half, upper};
    a[1] = (wd_rect){PADDING + half + GAP, PADDING, half, upper};
    if (trace && h - upper > 90) a[2] = (wd_rect){PADDING, PADDING + upper + GAP, w, h - upper - GAP};
  }
}

static void arrange(WdWavefieldCanvas *self) {
  GtkWidget *widget = GTK_WIDGET(self);
  self->style = wd_widget_style(widget, 0.86, self->font, sizeof self->font);
  self->style.units = self->view->units;
  place_parts(self, gtk_widget_get_width(widget), gtk_widget_get_height(widget));
  wd_rect *a = self->area;
  if (wd_panel_arrange(wd_wavefield_map(self->scene, WD_SCENE_STILL), &self->style, a[0].width, a[0].height,
                       &self->map, NULL))
    a[0].width = 0;
  if (wd_panel_arrange(wd_wavefield_gather(self->scene, WD_SCENE_STILL), &self->style, a[1].width,
                       a[1].height, &self->gather, NULL))
    a[1].width = 0;
  if (a[2].width <= 0 || wd_curve_arrange(wd_wavefield_trace(self->scene, WD_SCENE_STILL), &self->style,
                                          a[2].width, a[2].height, &self->trace, NULL))
    a[2].width = 0;
}

static gboolean on_describe(gpointer data) {
  WdWavefieldCanvas *self = data;
  self->describe = 0;
  self->described = g_get_monotonic_time();
  char text[300];
  wd_wavefield_describe(self->scene, text, sizeof text);
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  return G_SOURCE_REMOVE;
}

static void refresh(WdWavefieldCanvas *self, gboolean always) {
  guint change = compose(self);
  if (always) change |= WD_WAVEFIELD_STILL | WD_WAVEFIELD_MOTION;
  if (change & WD_WAVEFIELD_STILL) {
    arrange(self);
    gtk_widget_queue_draw(self->still);
  }
  if (!change) return;
  gtk_widget_queue_draw(self->pictures);
  gtk_widget_queue_draw(self->motion);
  if (!self->describe && g_get_monotonic_time() - self->described > G_USEC_PER_SEC)
    self->describe = g_timeout_add_full(G_PRIORITY_LOW, 200, on_describe, self, NULL);
}

static gboolean on_update(gpointer data) {
  WdWavefieldCanvas *self = data;
  self->update = 0;
  ask(self);
  if (gtk_widget_get_mapped(GTK_WIDGET(self))) refresh(self, FALSE);
  return G_SOURCE_REMOVE;
}

void wd_wavefield_canvas_update(WdWavefieldCanvas *self) {
  if (!self->update) self->update = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 15, on_update, self, NULL);
}

WdWavefieldScene *wd_wavefield_canvas_get_scene(WdWavefieldCanvas *self) {
  ask(self);
  refresh(self, FALSE);
  return self->scene;
}

guint wd_wavefield_canvas_frames(WdWavefieldCanvas *self) {
  return self->frames;
}

gboolean wd_wavefield_canvas_place(WdWavefieldCanvas *self, WdWavefieldPlace which, wd_rect *out) {
  const wd_rect *a = &self->area[which];
  if (a->width <= 0) return FALSE;
  *out = which == WD_PLACE_MAP      ? self->map.first
         : which == WD_PLACE_GATHER ? self->gather.first
                                    : self->trace.plot;
  out->x += a->x;
  out->y += a->y;
  return TRUE;
}

gboolean wd_wavefield_canvas_area(WdWavefieldCanvas *self, WdWavefieldPlace which, wd_rect *out) {
  *out = self->area[which];
  return out->width > 0;
}

/* ---- painting */

/* A picture with what moves in it, lines and clock, in one texture: every layer that a frame brings anew
 * costs an upload and a blend over the whole of it. */
static void append_picture(WdWavefieldCanvas *self, GtkSnapshot *snapshot, const wd_panel *panel,
                           const wd_panel *motion, const wd_panel_layout *layout, const wd_rect *area,
                           int facet) {
  const wd_rect r = wd_panel_facet_rect(layout, facet);
  const int width = (int)fmax(1, round(r.width * self->style.scale)),
            height = (int)fmax(1, round(r.height * self->style.scale));
  const gsize size = (gsize)width * (gsize)height * 4;
  guint32 *pixel = g_malloc(size);
  const wd_image image = {width, height, width, pixel};
  if (!wd_panel_raster(panel, &self->style, layout, facet, &image)) memset(pixel, 0x80, size);
  cairo_surface_t *surface = cairo_image_surface_create_for_data((unsigned char *)pixel, CAIRO_FORMAT_ARGB32,
                                                                 width, height, 4 * width);
  cairo_t *cr = cairo_create(surface);
  cairo_scale(cr, self->style.scale, self->style.scale);
  cairo_translate(cr, -r.x, -r.y);
  wd_panel_draw(motion, &self->style, layout, cr, NULL);
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  cairo_surface_destroy(surface);
  g_autoptr(GBytes) bytes = g_bytes_new_take(pixel, size);
  g_autoptr(GdkTexture) texture =
      gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, (gsize)width * 4);
  gtk_snapshot_append_texture(
      snapshot, texture,
      &GRAPHENE_RECT_INIT((float)(area->x + r.x), (float)(area->y + r.y), (float)r.width, (float)r.height));
}

static void paint_pictures(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  WdWavefieldCanvas *self = data;
  (void)width, (void)height;
  self->frames++;
  if (self->area[0].width > 0)
    append_picture(self, snapshot, wd_wavefield_map(self->scene, WD_SCENE_ALL),
                   wd_wavefield_map(self->scene, WD_SCENE_MOTION), &self->map, &self->area[0], 0);
  const wd_panel *gather = wd_wavefield_gather(self->scene, WD_SCENE_ALL);
  for (int i = 0; self->area[1].width > 0 && i < gather->facets; i++)
    append_picture(self, snapshot, gather, wd_wavefield_gather(self->scene, WD_SCENE_MOTION), &self->gather,
                   &self->area[1], i);
}

static void draw_message(WdWavefieldCanvas *self, cairo_t *cr) {
  wd_pen pen;
  wd_pen_open(&pen, cr, &self->style, NULL);
  wd_type type = {
      .size = 1.1 * self->style.size, .colour = pen.theme->ink, .room = self->map.first.width - 20};
  double w, h;
  wd_pen_measure(&pen, &type, self->message, &w, &h, NULL);
  const wd_rect *r = &self->map.first;
  const double x = r->x + (r->width - w) / 2, y = r->y + r->height / 2;
  const wd_rect plate = {x - 8, y - h - 4, w + 16, h + 14};
  wd_pen_rounded(&pen, &plate, 5);
  wd_pen_colour_alpha(&pen, pen.theme->paper, 0.85);
  cairo_fill(cr);
  wd_pen_text(&pen, &type, x, y, 0, self->message);
  wd_pen_close(&pen);
}

static void paint_still(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  WdWavefieldCanvas *self = data;
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
  for (int i = 0; i < 3; i++) {
    if (self->area[i].width <= 0) continue;
    cairo_save(cr);
    cairo_translate(cr, self->area[i].x, self->area[i].y);
    if (i == 2)
      wd_curve_draw(wd_wavefield_trace(self->scene, WD_SCENE_STILL), &self->style, &self->trace, cr, NULL);
    else
      wd_panel_draw(i ? wd_wavefield_gather(self->scene, WD_SCENE_STILL)
                      : wd_wavefield_map(self->scene, WD_SCENE_STILL),
                    &self->style, i ? &self->gather : &self->map, cr, NULL);
    if (i == 0 && self->message[0]) draw_message(self, cr);
    cairo_restore(cr);
  }
  cairo_destroy(cr);
}

/* The trace so far, and the line at the time. */
static void draw_trace(WdWavefieldCanvas *self, cairo_t *cr) {
  const wd_curve *c = wd_wavefield_trace(self->scene, WD_SCENE_ALL);
  int count;
  const double *trace = wd_wavefield_probe(self->scene, &count);
  if (!trace || c->n_series < 2) return;
  const wd_series *so_far = &c->series[c->n_series - 2], *line = &c->series[c->n_series - 1];
  const wd_rect *r = &self->trace.plot;
  for (int i = 0; i < so_far->count && line->x[0] > 0; i++) {
    const double x = r->x + wd_axis_place(&self->trace.x, so_far->x[i]) * r->width,
                 y = r->y + (1 - wd_axis_place(&self->trace.y, so_far->y[i])) * r->height;
    if (i)
      cairo_line_to(cr, x, y);
    else
      cairo_move_to(cr, x, y);
  }
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_width(cr, fmax(1.2, 0.14 * self->style.size));
  wd_cairo_colour(cr, wd_curve_colour(&self->style, so_far->colour), 1);
  cairo_stroke(cr);
  const double at = floor(r->x + wd_axis_place(&self->trace.x, line->x[0]) * r->width) + 0.5;
  wd_cairo_colour(cr, wd_curve_colour(&self->style, line->colour), 1);
  cairo_set_line_width(cr, fmax(1, 0.14 * self->style.size));
  cairo_move_to(cr, at, r->y);
  cairo_line_to(cr, at, r->y + r->height);
  cairo_stroke(cr);
}

static void paint_motion(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  WdWavefieldCanvas *self = data;
  (void)width, (void)height;
  const wd_rect *a = &self->area[2], r = self->trace.plot;
  if (a->width <= 0) return;
  cairo_t *cr = gtk_snapshot_append_cairo(
      snapshot, &GRAPHENE_RECT_INIT((float)floor(a->x + r.x - 2), (float)floor(a->y + r.y - 2),
                                    (float)ceil(r.width + 5), (float)ceil(r.height + 5)));
  cairo_translate(cr, a->x, a->y);
  draw_trace(self, cr);
  cairo_destroy(cr);
}

static void canvas_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdWavefieldCanvas *self = WD_WAVEFIELD_CANVAS(widget);
  const GdkRGBA paper = wd_rgba(wd_style_theme(&self->style)->paper, 1);
  gtk_snapshot_append_color(
      snapshot, &paper,
      &GRAPHENE_RECT_INIT(0, 0, (float)gtk_widget_get_width(widget), (float)gtk_widget_get_height(widget)));
  GTK_WIDGET_CLASS(wd_wavefield_canvas_parent_class)->snapshot(widget, snapshot);
  if (gtk_widget_has_visible_focus(widget)) {
    GskRoundedRect outline;
    gsk_rounded_rect_init_from_rect(&outline,
                                    &GRAPHENE_RECT_INIT(1, 1, (float)gtk_widget_get_width(widget) - 2,
                                                        (float)gtk_widget_get_height(widget) - 2),
                                    6);
    const GdkRGBA accent = wd_rgba(wd_style_theme(&self->style)->accent, 0.7);
    gtk_snapshot_append_border(snapshot, &outline, (float[4]){2, 2, 2, 2},
                               (GdkRGBA[4]){accent, accent, accent, accent});
  }
}

static void canvas_size_allocate(GtkWidget *widget, int width, int height, int baseline) {
  WdWavefieldCanvas *self = WD_WAVEFIELD_CANVAS(widget);
  (void)baseline;
  const GtkAllocation all = {0, 0, width, height};
  gtk_widget_size_allocate(self->pictures, &all, -1);
  gtk_widget_size_allocate(self->still, &all, -1);
  gtk_widget_size_allocate(self->motion, &all, -1);
  refresh(self, TRUE);
}

static void canvas_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                           int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 320 : 200;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 800 : 420;
  *minimum_baseline = *natural_baseline = -1;
}

/* ---- input */

static int part_at(WdWavefieldCanvas *self, double x, double y) {
  for (int i = 0; i < 3; i++) {
    wd_rect r;
    if (!wd_wavefield_canvas_place(self, (WdWavefieldPlace)i, &r)) continue;
    const double right =
        i == 1 ? (wd_wavefield_gather(self->scene, WD_SCENE_STILL)->facets - 1) * self->gather.step_x : 0;
    if (x >= r.x - 2 && x <= r.x + r.width + right + 2 && y >= r.y - 2 && y <= r.y + r.height + 2) return i;
  }
  return -1;
}

static const wd_movie *movie(WdWavefieldCanvas *self) {
  WdWavefield *field = wd_session_get_wavefield(self->session, NULL, NULL);
  return field && field->ask.pair == self->pair ? &field->movie : NULL;
}

static void put_probe(WdWavefieldCanvas *self, double x, double z) {
  const wd_movie *m = movie(self);
  if (!m) return;
  const double h = m->spacing;
  int column = (int)lround(x / h), row = (int)lround(z / h);
  if (abs(row - 1) <= 1) row = 1; /* on the receivers, within a cell */
  WdWaveLook *look = &self->view->wave;
  look->probe = TRUE;
  look->probe_x = CLAMP(column, 0, m->nx - 1) * h;
  look->probe_z = CLAMP(row, 0, m->nz - 1) * h;
  wd_view_changed(self->view, WD_VIEW_WAVE);
  wd_view_set_cursor(self->view, WD_PANEL_VELOCITY, look->probe_x, look->probe_z, look->step * m->dt);
}

static void act(WdWavefieldCanvas *self, int part, double x, double y, gboolean probe) {
  const wd_movie *m = movie(self);
  wd_rect r;
  if (!m || part < 0 || !wd_wavefield_canvas_place(self, (WdWavefieldPlace)part, &r)) return;
  if (part == WD_PLACE_MAP) {
    const wd_mark at = wd_panel_to_value(wd_wavefield_map(self->scene, WD_SCENE_ALL), &r, (wd_mark){x, y});
    put_probe(self, at.x, at.y);
  } else if (part == WD_PLACE_GATHER) {
    const wd_panel *panel = wd_wavefield_gather(self->scene, WD_SCENE_ALL);
    if (x > r.x + r.width && panel->facets > 1) r.x += self->gather.step_x;
    const wd_mark at = wd_panel_to_value(panel, &r, (wd_mark){x, y});
    if (probe)
      put_probe(self, at.x, m->spacing);
    else
      wd_wavefield_go(self->view, CLAMP((int)lround(at.y / (m->dt * 1000)), 0, m->samples), m->dt);
  } else {
    const double ms = wd_axis_value(&self->trace.x, (x - r.x) / r.width);
    wd_wavefield_go(self->view, CLAMP((int)lround(ms / (m->dt * 1000)), 0, m->samples), m->dt);
  }
}

static void stop_playing(WdWavefieldCanvas *self) {
  if (!self->view->wave.playing) return;
  self->view->wave.playing = FALSE;
  wd_view_changed(self->view, WD_VIEW_WAVE);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, gpointer data) {
  WdWavefieldCanvas *self = data;
  gtk_widget_grab_focus(GTK_WIDGET(self));
  const guint button = gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(gesture));
  const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  const gboolean probe = button != GDK_BUTTON_PRIMARY || (state & GDK_CONTROL_MASK);
  self->drag = part_at(self, x, y);
  if (self->drag > WD_PLACE_MAP && !probe) stop_playing(self); /* the hand has the time now */
  act(self, self->drag, x, y, probe);
  if (probe && self->drag == WD_PLACE_GATHER) self->drag = -1;
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, gpointer data) {
  WdWavefieldCanvas *self = data;
  double x, y;
  if (self->drag < 0 || !gtk_gesture_drag_get_start_point(gesture, &x, &y)) return;
  act(self, self->drag, x + dx, y + dy, FALSE);
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, gpointer data) {
  WdWavefieldCanvas *self = data;
  (void)motion;
  const int part = part_at(self, x, y);
  gtk_widget_set_cursor_from_name(GTK_WIDGET(self), part == WD_PLACE_MAP ? "crosshair"
                                                    : part < 0           ? NULL
                                                                         : "ns-resize");
}

static gboolean on_scroll(GtkEventControllerScroll *scroll, double dx, double dy, gpointer data) {
  WdWavefieldCanvas *self = data;
  const wd_movie *m = movie(self);
  if (!m) return GDK_EVENT_PROPAGATE;
  const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(scroll));
  const double by = fabs(dy) > fabs(dx) ? dy : dx;
  if (state & GDK_SHIFT_MASK) {
    self->view->wave.clip = wd_wavefield_clip(self->scene) * pow(1.1, -by);
    wd_view_changed(self->view, WD_VIEW_WAVE);
  } else {
    stop_playing(self);
    wd_wavefield_go(self->view, CLAMP(self->view->wave.step + (int)lround(10 * by), 0, m->samples), m->dt);
  }
  return GDK_EVENT_STOP;
}

/* ---- what it watches */

static void on_view_changed(WdView *view, guint parts, WdWavefieldCanvas *self) {
  const WdWavefield *f = wd_session_get_wavefield(self->session, NULL, NULL);
  if ((parts & WD_VIEW_CURSOR) && view->cursor && view->cursor_panel != WD_PANEL_VELOCITY && f &&
      !view->wave.playing) { /* the gathers' cursor is the movie's time */
    const int step = CLAMP((int)lround(view->t / f->movie.dt), 0, f->movie.samples);
    if (step != view->wave.step) {
      view->wave.step = step;
      parts |= WD_VIEW_WAVE;
    }
  }
  if (parts & (WD_VIEW_PLACE | WD_VIEW_SHOT | WD_VIEW_DISPLAY | WD_VIEW_WAVE | WD_VIEW_LAYOUT))
    wd_wavefield_canvas_update(self);
}

static void canvas_map(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_wavefield_canvas_parent_class)->map(widget);
  wd_wavefield_canvas_update(WD_WAVEFIELD_CANVAS(widget));
}

static void canvas_unmap(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_wavefield_canvas_parent_class)->unmap(widget);
  wd_wavefield_canvas_update(WD_WAVEFIELD_CANVAS(widget)); /* 20 MB that nobody sees are given back */
}

static void canvas_css_changed(GtkWidget *widget, GtkCssStyleChange *change) {
  GTK_WIDGET_CLASS(wd_wavefield_canvas_parent_class)->css_changed(widget, change);
  gtk_widget_queue_allocate(widget);
}

static void canvas_dispose(GObject *object) {
  WdWavefieldCanvas *self = WD_WAVEFIELD_CANVAS(object);
  g_clear_handle_id(&self->update, g_source_remove);
  g_clear_handle_id(&self->describe, g_source_remove);
  g_clear_pointer(&self->pictures, gtk_widget_unparent);
  g_clear_pointer(&self->still, gtk_widget_unparent);
  g_clear_pointer(&self->motion, gtk_widget_unparent);
  G_OBJECT_CLASS(wd_wavefield_canvas_parent_class)->dispose(object);
}

static void canvas_finalize(GObject *object) {
  WdWavefieldCanvas *self = WD_WAVEFIELD_CANVAS(object);
  wd_wavefield_scene_free(self->scene);
  wd_pair_unref(self->pair);
  G_OBJECT_CLASS(wd_wavefield_canvas_parent_class)->finalize(object);
}

static void wd_wavefield_canvas_class_init(WdWavefieldCanvasClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->dispose = canvas_dispose;
  G_OBJECT_CLASS(class)->finalize = canvas_finalize;
  widget->snapshot = canvas_snapshot;
  widget->size_allocate = canvas_size_allocate;
  widget->measure = canvas_measure;
  widget->map = canvas_map;
  widget->unmap = canvas_unmap;
  widget->css_changed = canvas_css_changed;
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void wd_wavefield_canvas_init(WdWavefieldCanvas *self) {
  self->scene = wd_wavefield_scene_new();
  self->drag = -1;
  gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
  gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
  gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Wavefield, gather and trace"), -1);
  self->pictures = wd_layer_new(paint_pictures, self);
  self->still = wd_layer_new(paint_still, self);
  self->motion = wd_layer_new(paint_motion, self);
  gtk_widget_set_parent(self->pictures, GTK_WIDGET(self));
  gtk_widget_set_parent(self->still, GTK_WIDGET(self));
  gtk_widget_set_parent(self->motion, GTK_WIDGET(self));
  GtkGesture *drag = gtk_gesture_drag_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), 0);
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
  gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));
  GtkEventController *motion = gtk_event_controller_motion_new();
  g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
  gtk_widget_add_controller(GTK_WIDGET(self), motion);
  GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
  gtk_widget_add_controller(GTK_WIDGET(self), scroll);
}

GtkWidget *wd_wavefield_canvas_new(WdSession *session, WdView *view) {
  WdWavefieldCanvas *self = g_object_new(WD_TYPE_WAVEFIELD_CANVAS, NULL);
  self->session = session;
  self->view = view;
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view_changed), self, 0);
  g_signal_connect_object(session, "wavefield", G_CALLBACK(wd_wavefield_canvas_update), self,
                          G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "frame", G_CALLBACK(wd_wavefield_canvas_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "recording", G_CALLBACK(wd_wavefield_canvas_update), self,
                          G_CONNECT_SWAPPED);
  return GTK_WIDGET(self);
}
