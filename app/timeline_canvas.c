#include "app/timeline_canvas.h"
#include "app/recording_private.h"
#include "app/widget_style.h"
#include "render/axis.h"
#include "render/curve.h"

#include <math.h>

enum { FAULT = 0xd0342c };
#define MIN_STEP  7.5 /* pixels between ticks, below which the timeline scrolls */
#define FINE      0.2 /* of a drag with Shift */
#define THRESHOLD 3.0 /* pixels before a press is a drag */

struct _WdTimelineCanvas {
  GtkWidget parent_instance;
  WdSession *session; /* borrowed */
  WdView *view;
  WdRecording *recording; /* connected to; a reference */
  gulong on_changed, on_position;
  GArray *lanes;
  int columns;
  char family[64];
  /* drag */
  guint drag_branch;
  int drag_side;
  double drag_x, drag_offset;
  gboolean dragging;
};

G_DEFINE_FINAL_TYPE(WdTimelineCanvas, wd_timeline_canvas, GTK_TYPE_WIDGET)

enum { LANES, FAILED, SIGNALS };
static guint signals[SIGNALS];

/* ---- geometry */

typedef struct geometry {
  double size, pad, step, top, lane, bottom;
} geometry;

static double text_size(WdTimelineCanvas *c) {
  char family[64];
  return wd_widget_style(GTK_WIDGET(c), 0, family, sizeof family).size;
}

static geometry measure(WdTimelineCanvas *c) {
  double size = text_size(c);
  geometry g = {.size = size,
                .pad = ceil(2.1 * size),
                .top = ceil(0.95 * size),
                .lane = ceil(1.75 * size),
                .bottom = ceil(1.5 * size)};
  double width = gtk_widget_get_width(GTK_WIDGET(c));
  g.step = fmax(MIN_STEP, (width - 2 * g.pad) / MAX(c->columns, 1));
  return g;
}

static double x_of(const geometry *g, double k) {
  return g->pad + k * g->step;
}
static double y_of(const geometry *g, int row) {
  return floor(g->top + (row + 0.5) * g->lane) + 0.5;
}

double wd_timeline_canvas_row(WdTimelineCanvas *c, int row) {
  geometry g = measure(c);
  return y_of(&g, row);
}

double wd_timeline_canvas_lane_height(WdTimelineCanvas *c) {
  return measure(c).lane;
}

gboolean wd_timeline_canvas_tick(WdTimelineCanvas *c, guint id, int k, double *x, double *y) {
  const WdLane *lane = wd_lanes_owner(c->lanes, id, k);
  if (!lane) return FALSE;
  geometry g = measure(c);
  *x = x_of(&g, k);
  *y = y_of(&g, lane->row);
  return TRUE;
}

const GArray *wd_timeline_canvas_lanes(WdTimelineCanvas *c) {
  return c->lanes;
}

/* ---- going somewhere */

static void fail(WdTimelineCanvas *c, const GError *error) {
  g_signal_emit(c, signals[FAILED], 0, error ? error->message : "This cannot be made now.");
}

static gboolean go_side(WdTimelineCanvas *c, int side, guint id, int k, gboolean make) {
  WdRecording *r = wd_session_get_recording(c->session);
  const WdBranch *b = wd_recording_find(r, id);
  if (!b) return FALSE;
  int last = wd_branch_last(b);
  gboolean ok = TRUE;
  if (k > last && make && wd_branch_end(b) > last) {
    g_autoptr(GError) error = NULL;
    c->view->follow = TRUE;
    ok = wd_session_continue(c->session, id, MIN(k, wd_branch_end(b)), &error);
    if (!ok) fail(c, error);
  } else if (side == 0) {
    c->view->follow = k >= last; /* who looks at an earlier step is not dragged along by a run */
  }
  k = CLAMP(k, 0, MAX(last, 0));
  if (side == 1 && c->view->locked && c->view->place[0].branch) {
    /* B follows A: A goes where B is then led to. */
    int a = wd_view_align(r, id, k, c->view->place[0].branch, c->view->align);
    if (a >= 0) wd_view_go(c->view, r, 0, c->view->place[0].branch, a);
    return ok;
  }
  wd_view_go(c->view, r, side, id, k);
  return ok;
}

gboolean wd_timeline_canvas_go(WdTimelineCanvas *c, guint id, int k) {
  return go_side(c, 0, id, k, TRUE);
}

/* ---- what changes */

static void describe(WdTimelineCanvas *c) {
  g_autofree char *place = wd_place_text(wd_session_get_recording(c->session), c->view->place[0]);
  guint n = c->lanes->len;
  g_autofree char *text =
      n ? g_strdup_printf("%u %s of up to %d steps, from noise on the left to data on the right. Side A: %s.",
                          n, n == 1 ? "run" : "branches", c->columns, place)
        : g_strdup("Nothing is recorded yet.");
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void rebuild(WdTimelineCanvas *c) {
  int columns = 0;
  gboolean both = c->view->layout == WD_LAYOUT_COMPARE;
  GArray *lanes = wd_lanes_new(wd_session_get_recording(c->session), &c->view->place[0],
                               both ? &c->view->place[1] : NULL, &columns);
  gboolean resize = lanes->len != c->lanes->len || columns != c->columns;
  g_array_unref(c->lanes);
  c->lanes = lanes;
  c->columns = columns;
  if (resize) gtk_widget_queue_resize(GTK_WIDGET(c));
  gtk_widget_queue_draw(GTK_WIDGET(c));
  describe(c);
  g_signal_emit(c, signals[LANES], 0);
}

static void on_recording_changed(WdRecording *r, WdTimelineCanvas *c) {
  (void)r;
  rebuild(c);
}

static void on_recording_position(WdRecording *r, guint id, int k, WdTimelineCanvas *c) {
  const WdLane *lane = wd_lanes_find(c->lanes, id);
  const WdBranch *b = wd_recording_find(r, id);
  (void)k;
  if (!lane || !b) return;
  if (lane->last != wd_branch_last(b) || lane->end != MAX(wd_branch_end(b), wd_branch_last(b)))
    rebuild(c);
  else
    gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void leave_recording(WdTimelineCanvas *c) {
  g_clear_signal_handler(&c->on_changed, c->recording);
  g_clear_signal_handler(&c->on_position, c->recording);
  g_clear_object(&c->recording);
}

static void on_recording(WdTimelineCanvas *c) {
  leave_recording(c);
  c->recording = g_object_ref(wd_session_get_recording(c->session));
  c->on_changed = g_signal_connect(c->recording, "changed", G_CALLBACK(on_recording_changed), c);
  c->on_position = g_signal_connect(c->recording, "position", G_CALLBACK(on_recording_position), c);
  rebuild(c);
}

static void on_view(WdView *view, guint parts, WdTimelineCanvas *c) {
  (void)view;
  if (parts & WD_VIEW_LAYOUT)
    rebuild(c);
  else if (parts & WD_VIEW_PLACE) {
    const WdPlace *p = c->view->place;
    gboolean known = wd_lanes_find(c->lanes, p[0].branch) &&
                     (c->view->layout != WD_LAYOUT_COMPARE || wd_lanes_find(c->lanes, p[1].branch));
    if (!known) rebuild(c);
    gtk_widget_queue_draw(GTK_WIDGET(c));
    describe(c);
  }
}

static void on_frame(WdSession *session, guint id, int k, int what, WdTimelineCanvas *c) {
  (void)session, (void)id, (void)k, (void)what;
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* ---- drawing */

static void circle(cairo_t *cr, double x, double y, double r) {
  cairo_new_sub_path(cr);
  cairo_arc(cr, x, y, r, 0, 2 * G_PI);
}

typedef struct brush {
  cairo_t *cr;
  const wd_theme *theme;
  wd_style style;
  geometry g;
  guint32 refined; /* colour of refinement */
} brush;

/* Steps are round, refinement is square on its corner: never by colour alone. */
static void shape(cairo_t *cr, gboolean refined, double x, double y, double r) {
  if (!refined) {
    circle(cr, x, y, r);
    return;
  }
  r *= 1.18;
  cairo_move_to(cr, x - r, y);
  cairo_line_to(cr, x, y - r);
  cairo_line_to(cr, x + r, y);
  cairo_line_to(cr, x, y + r);
  cairo_close_path(cr);
}

static void draw_tick(const brush *b, WdTick tick, gboolean next, gboolean refined, guint32 colour, double x,
                      double y) {
  cairo_t *cr = b->cr;
  double r = CLAMP(0.36 * b->g.step, 2.4, 0.42 * b->g.size);
  switch (tick) {
  case WD_TICK_TO_MAKE:
    shape(cr, refined, x, y, 0.75 * r);
    wd_cairo_colour(cr, next ? b->theme->accent : b->theme->dim, next ? 1 : 0.75);
    cairo_set_line_width(cr, next ? 1.8 : 1);
    cairo_stroke(cr);
    return;
  case WD_TICK_STORED:
    shape(cr, refined, x, y, fmax(1.7, 0.45 * r));
    wd_cairo_colour(cr, colour, 1);
    cairo_fill(cr);
    return;
  case WD_TICK_DECODED:
    shape(cr, refined, x, y, 0.85 * r);
    wd_cairo_colour(cr, colour, 1);
    cairo_fill(cr);
    return;
  default:
    shape(cr, refined, x, y, 0.62 * r);
    wd_cairo_colour(cr, colour, 1);
    cairo_fill(cr);
    shape(cr, refined, x, y, 1.12 * r);
    cairo_set_line_width(cr, tick == WD_TICK_EXACT ? fmax(1.6, 0.36 * r) : 0.9);
    cairo_stroke(cr);
  }
}

static gboolean at_hand(WdTimelineCanvas *c, const WdPosition *p) {
  WdFrame frame;
  WdWhat what = c->view->what;
  return p && p->latent[what] && wd_recording_peek_frame(c->recording, p->latent[what], &frame) && frame.pair;
}

static void draw_lane(WdTimelineCanvas *c, const brush *b, const WdLane *lane, guint running) {
  cairo_t *cr = b->cr;
  const geometry *g = &b->g;
  double y = y_of(g, lane->row), x0 = x_of(g, lane->first), x1 = x_of(g, MAX(lane->last, lane->first));
  guint32 colour = wd_curve_colour(&b->style, lane->colour);
  gboolean chosen = c->view->place[0].branch == lane->id ||
                    (c->view->layout == WD_LAYOUT_COMPARE && c->view->place[1].branch == lane->id);
  if (chosen) {
    double h = 0.84 * g->lane;
    wd_cairo_colour(cr, b->theme->ink, 0.055);
    cairo_rectangle(cr, x0 - 0.9 * g->size, y - h / 2, x_of(g, lane->end) - x0 + 1.8 * g->size, h);
    cairo_fill(cr);
  }
  if (lane->parent >= 0) {
    const WdLane *parent =
        wd_lanes_owner(c->lanes, g_array_index(c->lanes, WdLane, lane->parent).id, lane->first);
    double from = y_of(g, parent->row), bend = fmin(0.45 * g->lane, g->step * 0.8);
    cairo_move_to(cr, x0 - bend, from);
    cairo_curve_to(cr, x0, from, x0, from, x0, from + bend);
    cairo_line_to(cr, x0, y);
    wd_cairo_colour(cr, colour, 0.85);
    cairo_set_line_width(cr, 1.6);
    cairo_stroke(cr);
  }
  double data = x_of(g, CLAMP(lane->steps, lane->first, MAX(lane->last, lane->first)));
  cairo_set_line_width(cr, chosen ? 2.4 : 1.6);
  wd_cairo_colour(cr, colour, 0.85);
  cairo_move_to(cr, x0, y);
  cairo_line_to(cr, data, y);
  cairo_stroke(cr);
  if (x1 > data) { /* refinement */
    wd_cairo_colour(cr, b->refined, 0.85);
    cairo_move_to(cr, data, y);
    cairo_line_to(cr, x1, y);
    cairo_stroke(cr);
  }
  if (lane->end > lane->last) {
    double dash[] = {2.5, 3};
    cairo_set_dash(cr, dash, 2, 0);
    cairo_set_line_width(cr, 1);
    wd_cairo_colour(cr, b->theme->dim, 0.7);
    cairo_move_to(cr, x1, y);
    cairo_line_to(cr, x_of(g, lane->end), y);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
  }
  for (int k = lane->first; k <= lane->end; k++) {
    WdPosition *p = k <= lane->last ? wd_recording_position(c->recording, lane->id, k) : NULL;
    WdTick tick = wd_tick_of(p, c->view->what, at_hand(c, p));
    double x = x_of(g, k);
    draw_tick(b, tick, running == lane->id && k == lane->last + 1, k > lane->steps,
              k > lane->steps ? b->refined : colour, x, y);
    if (k == lane->steps && !lane->walk) { /* the data: a bar behind which refinement begins */
      double h = 0.3 * g->lane, at = floor(x + fmin(0.62 * g->size, 0.5 * g->step)) + 0.5;
      wd_cairo_colour(cr, b->theme->dim, lane->end > lane->steps ? 0.9 : 0.5);
      cairo_set_line_width(cr, 1);
      cairo_move_to(cr, at, y - h);
      cairo_line_to(cr, at, y + h);
      cairo_stroke(cr);
    }
    if (p && p->fault) {
      double s = 0.38 * g->size, t = y - 0.42 * g->lane;
      cairo_move_to(cr, x - s, t - 0.2 * s);
      cairo_line_to(cr, x + s, t - 0.2 * s);
      cairo_line_to(cr, x, t + 1.3 * s);
      cairo_close_path(cr);
      wd_cairo_colour(cr, FAULT, 1);
      cairo_fill(cr);
    }
  }
}

static void text_at(WdTimelineCanvas *c, const brush *b, double x, double y, double align, guint32 colour,
                    double size, gboolean bold, const char *text, double *from, double *to) {
  PangoLayout *layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text);
  PangoFontDescription *font = pango_font_description_new();
  pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
  if (bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  PangoFontDescription *own = pango_font_description_copy(
      pango_context_get_font_description(gtk_widget_get_pango_context(GTK_WIDGET(c))));
  pango_font_description_merge(own, font, TRUE);
  pango_layout_set_font_description(layout, own);
  int w, h;
  pango_layout_get_pixel_size(layout, &w, &h);
  double left = x - align * w;
  if (b) {
    cairo_move_to(b->cr, left, y);
    wd_cairo_colour(b->cr, colour, 1);
    pango_cairo_show_layout(b->cr, layout);
  }
  if (from) *from = left;
  if (to) *to = left + w;
  pango_font_description_free(font);
  pango_font_description_free(own);
  g_object_unref(layout);
}

/* "noise", step numbers and "data" under the lanes, those of A's branch. */
static void draw_scale(WdTimelineCanvas *c, const brush *b) {
  const geometry *g = &b->g;
  const WdLane *lane = wd_lanes_find(c->lanes, c->view->place[0].branch);
  if (!lane) lane = &g_array_index(c->lanes, WdLane, 0);
  const WdBranch *branch = wd_recording_find(c->recording, lane->id);
  double y = g->top + (int)c->lanes->len * g->lane + 0.1 * g->size, size = 0.85 * g->size;
  double from, to, data0 = INFINITY, data1 = -INFINITY;
  to = -INFINITY;
  if (!branch || branch->kind == WD_BRANCH_SAMPLED)
    text_at(c, b, fmax(2, x_of(g, lane->origin) - 1.2 * g->size), y, 0, b->theme->dim, size, FALSE,
            lane->origin ? "noised" : "noise", &from, &to);
  if (!lane->walk)
    text_at(c, b, x_of(g, lane->steps), y, 0.5, b->theme->dim, size, FALSE, "data", &data0, &data1);
  double used = to + 0.6 * size;
  int every = 1;
  static const int nice[] = {1, 2, 5, 10, 20, 50, 100, 200};
  for (gsize i = 0; i < G_N_ELEMENTS(nice); i++) {
    every = nice[i];
    if (every * g->step >= 2.1 * size) break;
  }
  for (int k = every; k < lane->steps + lane->walk; k += every) {
    char text[16];
    g_snprintf(text, sizeof text, "%d", k);
    double l, r;
    text_at(c, NULL, x_of(g, k), y, 0.5, 0, size, FALSE, text, &l, &r);
    if (l < used || r > data0 - 0.4 * size) continue;
    text_at(c, b, x_of(g, k), y, 0.5, b->theme->dim, size, k == c->view->place[0].position, text, &l, &r);
    used = r + 0.4 * size;
  }
  if (lane->end > lane->steps) {
    double l, r, middle = x_of(g, (lane->steps + lane->end) / 2.0);
    text_at(c, NULL, middle, y, 0.5, 0, size, FALSE, "refinement", &l, &r);
    double shift = fmax(0, data1 + 0.5 * size - l);
    if (r + shift < gtk_widget_get_width(GTK_WIDGET(c)))
      text_at(c, b, middle + shift, y, 0.5, b->refined, size, FALSE, "refinement", NULL, NULL);
  }
}

/* A playhead through all lanes, with a handle on top and a ring on its tick. */
static gboolean draw_head(WdTimelineCanvas *c, const brush *b, int side, double *x, double *y) {
  WdPlace p = c->view->place[side];
  if (!wd_timeline_canvas_tick(c, p.branch, p.position, x, y)) return FALSE;
  cairo_t *cr = b->cr;
  const geometry *g = &b->g;
  double s = 0.5 * g->size, bottom = g->top + (int)c->lanes->len * g->lane, at = floor(*x) + 0.5;
  guint32 colour = b->theme->accent;
  gboolean compare = c->view->layout == WD_LAYOUT_COMPARE;
  wd_cairo_colour(cr, colour, side ? 0.55 : 0.8);
  cairo_set_line_width(cr, 1.4);
  if (compare) {
    cairo_move_to(cr, at, g->top - 0.1 * g->size);
    cairo_line_to(cr, at, *y);
  } else {
    cairo_move_to(cr, at, g->top - 0.1 * g->size);
    cairo_line_to(cr, at, bottom);
  }
  cairo_stroke(cr);
  double r = fmax(CLAMP(0.36 * g->step, 2.4, 0.42 * g->size) * 1.12 + 2.5, 5.5);
  circle(cr, *x, *y, r);
  wd_cairo_colour(cr, colour, 1);
  cairo_set_line_width(cr, 2);
  cairo_stroke(cr);
  cairo_move_to(cr, at - s, 1);
  cairo_line_to(cr, at + s, 1);
  cairo_line_to(cr, at + s, 1 + 0.45 * s);
  cairo_line_to(cr, at, 1 + 1.5 * s);
  cairo_line_to(cr, at - s, 1 + 0.45 * s);
  cairo_close_path(cr);
  cairo_fill(cr);
  if (compare) /* A before, B behind: both are read when they stand on one step */
    text_at(c, b, at + (side ? 1.4 : -1.4) * s, -0.12 * g->size, side ? 0 : 1, colour, 0.85 * g->size, TRUE,
            side ? "B" : "A", NULL, NULL);
  return TRUE;
}

static void draw(WdTimelineCanvas *c, cairo_t *cr) {
  brush b = {
      .cr = cr, .style = wd_widget_style(GTK_WIDGET(c), 0, c->family, sizeof c->family), .g = measure(c)};
  b.theme = wd_style_theme(&b.style);
  b.refined = wd_curve_colour(&b.style, WD_REFINED_COLOUR);
  if (!c->lanes->len) {
    text_at(c, &b, gtk_widget_get_width(GTK_WIDGET(c)) / 2.0, b.g.top + 0.1 * b.g.lane, 0.5, b.theme->dim,
            b.g.size, FALSE, "Nothing is recorded yet: Run starts from noise", NULL, NULL);
    return;
  }
  guint running = wd_session_get_running(c->session);
  for (guint i = c->lanes->len; i-- > 0;) draw_lane(c, &b, &g_array_index(c->lanes, WdLane, i), running);
  draw_scale(c, &b);
  double x[2], y[2];
  gboolean both = c->view->layout == WD_LAYOUT_COMPARE;
  gboolean have_b = both && draw_head(c, &b, 1, &x[1], &y[1]), have_a = draw_head(c, &b, 0, &x[0], &y[0]);
  if (have_a && have_b && (y[0] != y[1] || x[0] != x[1])) { /* what is compared with what */
    double dash[] = {3, 3};
    cairo_set_dash(cr, dash, 2, 0);
    cairo_set_line_width(cr, 1.2);
    wd_cairo_colour(cr, b.theme->accent, 0.9);
    cairo_move_to(cr, x[0], y[0]);
    cairo_line_to(cr, x[1], y[1]);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
  }
}

static void snapshot(GtkWidget *widget, GtkSnapshot *snap) {
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
  cairo_t *cr = gtk_snapshot_append_cairo(snap, &GRAPHENE_RECT_INIT(0, 0, (float)w, (float)h));
  draw(c, cr);
  if (gtk_widget_has_focus(widget)) {
    cairo_rectangle(cr, 1, 1, w - 2, h - 2);
    wd_style style = wd_widget_style(widget, 0, c->family, sizeof c->family);
    wd_cairo_colour(cr, wd_style_theme(&style)->accent, 0.45);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
  }
  cairo_destroy(cr);
}

static void measure_widget(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                           int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)for_size;
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  geometry g = measure(c);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = (int)ceil(2 * g.pad + MIN_STEP * MAX(c->columns, 8));
  else
    *minimum = *natural = (int)ceil(g.top + MAX(1, (int)c->lanes->len) * g.lane + g.bottom);
  *minimum_baseline = *natural_baseline = -1;
}

/* ---- mouse */

static const WdLane *lane_at(WdTimelineCanvas *c, double y) {
  if (!c->lanes->len) return NULL;
  geometry g = measure(c);
  int row = (int)floor((y - g.top) / g.lane);
  return &g_array_index(c->lanes, WdLane, CLAMP(row, 0, (int)c->lanes->len - 1));
}

static int column_at(WdTimelineCanvas *c, double x) {
  geometry g = measure(c);
  return (int)lround((x - g.pad) / g.step);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, WdTimelineCanvas *c) {
  gtk_widget_grab_focus(GTK_WIDGET(c));
  const WdLane *lane = lane_at(c, y);
  if (!lane) {
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_DENIED);
    return;
  }
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  const WdView *v = c->view;
  gboolean compare = v->layout == WD_LAYOUT_COMPARE;
  c->drag_side = compare && ((state & GDK_CONTROL_MASK) ||
                             (lane->id == v->place[1].branch && lane->id != v->place[0].branch));
  if (c->drag_side && v->locked && v->place[0].branch != lane->id && v->place[1].branch != lane->id) {
    WdRecording *r = wd_session_get_recording(c->session); /* another branch becomes B */
    wd_view_go(c->view, r, 1, lane->id, column_at(c, x));
  }
  c->drag_branch = lane->id;
  c->drag_x = x;
  c->drag_offset = 0;
  c->dragging = FALSE;
  go_side(c, c->drag_side, lane->id, CLAMP(column_at(c, x), 0, lane->end), TRUE);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, WdTimelineCanvas *c) {
  (void)dy;
  if (!c->dragging && fabs(dx) < THRESHOLD) return;
  if (!c->dragging) {
    c->dragging = c->view->scrubbing = TRUE;
    if (c->view->playing) {
      c->view->playing = FALSE;
      wd_view_changed(c->view, WD_VIEW_PLAY);
    }
  }
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  c->drag_x += (dx - c->drag_offset) * ((state & GDK_SHIFT_MASK) ? FINE : 1);
  c->drag_offset = dx;
  go_side(c, c->drag_side, c->drag_branch, MAX(0, column_at(c, c->drag_x)), FALSE);
}

static void rest(WdTimelineCanvas *c) {
  if (!c->dragging) return;
  c->dragging = c->view->scrubbing = FALSE;
  wd_view_changed(c->view, WD_VIEW_PLACE); /* at rest: what was left out is made now */
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, WdTimelineCanvas *c) {
  (void)gesture, (void)dx, (void)dy;
  rest(c);
}

static void on_drag_cancel(GtkGesture *gesture, GdkEventSequence *sequence, WdTimelineCanvas *c) {
  (void)gesture, (void)sequence;
  rest(c);
}

static gboolean on_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                           gpointer data) {
  (void)data;
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  const WdLane *lane = keyboard ? wd_lanes_find(c->lanes, c->view->place[0].branch) : lane_at(c, y);
  if (!lane) return FALSE;
  int k = keyboard ? c->view->place[0].position : CLAMP(column_at(c, x), 0, lane->end);
  const WdBranch *b = wd_recording_find(c->recording, lane->id);
  WdPosition *p = k <= lane->last ? wd_recording_position(c->recording, lane->id, k) : NULL;
  g_autofree char *place = wd_place_text(c->recording, (WdPlace){lane->id, k});
  static const char *const known[] = {"click to run to here", "latent stored", "decoded",
                                      "decoded, simulated and scored live",
                                      "decoded, simulated and scored exactly"};
  WdTick tick = wd_tick_of(p, c->view->what, at_hand(c, p));
  const WdScore *score = p ? wd_position_score(p, c->view->what) : NULL;
  GString *text = g_string_new(b && b->name ? b->name : "");
  g_string_append_printf(text, "\n%s\n%s", place, known[tick]);
  if (score && isfinite(score->value[c->view->metric])) {
    char value[32];
    const WdScoreInfo *info = wd_score_get_info(c->view->metric);
    wd_format_number(score->value[c->view->metric], 0, value, sizeof value);
    g_string_append_printf(text, "\n%s %s%s%s", info->title, value, *info->unit ? " " : "", info->unit);
  }
  if (p && p->fault) g_string_append_printf(text, "\n%s", p->fault);
  gtk_tooltip_set_text(tooltip, text->str);
  g_string_free(text, TRUE);
  return TRUE;
}

/* ---- keys */

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       WdTimelineCanvas *c) {
  (void)controller, (void)code;
  if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) return FALSE;
  WdPlace p = c->view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(c->session), p.branch);
  if (!b) return FALSE;
  int by = state & GDK_SHIFT_MASK ? 10 : 1, to = p.position;
  switch (key) {
  case GDK_KEY_Left:
  case GDK_KEY_KP_Left: to = MAX(0, p.position - by); break;
  case GDK_KEY_Right:
  case GDK_KEY_KP_Right: to = MIN(MAX(wd_branch_end(b), wd_branch_last(b)), p.position + by); break;
  case GDK_KEY_Home:
  case GDK_KEY_KP_Home: to = 0; break;
  case GDK_KEY_End:
  case GDK_KEY_KP_End: to = wd_branch_last(b); break;
  case GDK_KEY_Up:
  case GDK_KEY_Down: {
    const WdLane *lane = wd_lanes_find(c->lanes, p.branch);
    int row = lane ? lane->row + (key == GDK_KEY_Up ? -1 : 1) : -1;
    if (row < 0 || row >= (int)c->lanes->len) return FALSE;
    lane = &g_array_index(c->lanes, WdLane, row);
    go_side(c, 0, lane->id, CLAMP(p.position, 0, MAX(lane->last, 0)), FALSE);
    return TRUE;
  }
  default: return FALSE;
  }
  /* A key that repeats must not queue up runs: one step at a time beyond what is made. */
  if (to > wd_branch_last(b) && wd_session_get_running(c->session)) return TRUE;
  go_side(c, 0, p.branch, to, TRUE);
  return TRUE;
}

/* ---- the object */

static void dispose(GObject *object) {
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(object);
  leave_recording(c);
  G_OBJECT_CLASS(wd_timeline_canvas_parent_class)->dispose(object);
}

static void finalize(GObject *object) {
  g_array_unref(WD_TIMELINE_CANVAS(object)->lanes);
  G_OBJECT_CLASS(wd_timeline_canvas_parent_class)->finalize(object);
}

static void wd_timeline_canvas_class_init(WdTimelineCanvasClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
  widget->snapshot = snapshot;
  widget->measure = measure_widget;
  gtk_widget_class_set_css_name(widget, "wd-timeline");
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
  signals[LANES] =
      g_signal_new("lanes", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new("failed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void wd_timeline_canvas_init(WdTimelineCanvas *c) {
  c->lanes = g_array_new(FALSE, FALSE, sizeof(WdLane));
  gtk_widget_set_focusable(GTK_WIDGET(c), TRUE);
  gtk_widget_set_hexpand(GTK_WIDGET(c), TRUE);
  gtk_widget_set_has_tooltip(GTK_WIDGET(c), TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, "Timeline", -1);
  g_signal_connect(c, "query-tooltip", G_CALLBACK(on_tooltip), NULL);
  GtkGesture *drag = gtk_gesture_drag_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), c);
  g_signal_connect(drag, "cancel", G_CALLBACK(on_drag_cancel), c);
  gtk_widget_add_controller(GTK_WIDGET(c), GTK_EVENT_CONTROLLER(drag));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
  gtk_widget_add_controller(GTK_WIDGET(c), keys);
  GtkEventController *focus = gtk_event_controller_focus_new();
  g_signal_connect_swapped(focus, "enter", G_CALLBACK(gtk_widget_queue_draw), c);
  g_signal_connect_swapped(focus, "leave", G_CALLBACK(gtk_widget_queue_draw), c);
  gtk_widget_add_controller(GTK_WIDGET(c), focus);
}

WdTimelineCanvas *wd_timeline_canvas_new(WdSession *session, WdView *view) {
  WdTimelineCanvas *c = g_object_new(WD_TYPE_TIMELINE_CANVAS, NULL);
  c->session = session;
  c->view = view;
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), c, 0);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), c, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "frame", G_CALLBACK(on_frame), c, 0);
  g_signal_connect_object(session, "state", G_CALLBACK(gtk_widget_queue_draw), c, G_CONNECT_SWAPPED);
  on_recording(c);
  return c;
}
