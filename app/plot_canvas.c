#include "app/plot_canvas.h"
#include "app/i18n.h"
#include "app/models.h"
#include "app/lanes.h"
#include "app/score.h"
#include "app/widget_style.h"

#include <math.h>

#define REACH 14.0 /* pixels within which a point answers the pointer */
#define GRAB  6.0  /* and the epsilon line */
#define MOVED 3.0  /* a press that moves by less is a click */

struct _WdPlotCanvas {
  GtkWidget parent_instance;
  WdSession *session;
  WdView *view;
  WdRecording *recording;
  gulong on_changed, on_position;
  /* reference levels, by metric, what and model */
  WdLevels levels, share;
  gboolean has_levels, has_share;
  WdPopulationSteps *population;
  int loaded_metric, loaded_what;
  char *loaded_identity;
  /* what is drawn */
  WdPlot *plot;
  wd_curve_layout main, under;
  gboolean has_main, has_under, stale;
  int width, height;
  char family[64], message[256];
  /* pointer */
  gboolean inside;
  double px, py;
  enum { DRAG_NONE = 0, DRAG_EPSILON, DRAG_PLACE } drag;
  gboolean moved; /* a press on the epsilon line has become a drag */
  double start_x, start_y;
};

G_DEFINE_FINAL_TYPE(WdPlotCanvas, wd_plot_canvas, GTK_TYPE_WIDGET)

/* ---- data */

static void load_levels(WdPlotCanvas *c) {
  const char *identity = wd_population_identity(c->session);
  if (c->loaded_identity && c->loaded_metric == c->view->metric && c->loaded_what == (int)c->view->what &&
      !g_strcmp0(identity, c->loaded_identity))
    return;
  g_free(c->loaded_identity);
  c->loaded_identity = g_strdup(identity);
  c->loaded_metric = c->view->metric;
  c->loaded_what = (int)c->view->what;
  c->has_levels = wd_session_get_levels(c->session, c->view->metric, &c->levels);
  c->has_share = wd_session_get_levels(c->session, WD_METRIC_REFLECTION_SHARE, &c->share);
  wd_population_steps_free(c->population);
  c->population = wd_population_steps_of(c->session, c->view);
}

WdPlotDesc wd_plot_canvas_desc(WdPlotCanvas *c) {
  load_levels(c);
  return (WdPlotDesc){.recording = wd_session_get_recording(c->session),
                      .view = c->view,
                      .levels = c->has_levels ? &c->levels : NULL,
                      .share = c->has_share ? &c->share : NULL,
                      .population = c->population};
}

static wd_style style_of(WdPlotCanvas *c) {
  return wd_widget_style(GTK_WIDGET(c), 0.85, c->family, sizeof c->family);
}

/* Both curves on one x axis: the same left and right edge. */
static void align(WdPlotCanvas *c) {
  double left = fmax(c->main.plot.x, c->under.plot.x);
  double right = fmin(c->main.plot.x + c->main.plot.width, c->under.plot.x + c->under.plot.width);
  wd_curve_layout *l[2] = {&c->main, &c->under};
  for (int i = 0; i < 2; i++) {
    l[i]->left = left;
    l[i]->plot.x = left;
    l[i]->plot.width = right - left;
  }
}

static void refresh(WdPlotCanvas *c) {
  int width = gtk_widget_get_width(GTK_WIDGET(c)), height = gtk_widget_get_height(GTK_WIDGET(c));
  if (!c->stale && c->plot && width == c->width && height == c->height) return;
  c->width = width;
  c->height = height;
  if (c->stale || !c->plot) {
    wd_plot_free(c->plot);
    WdPlotDesc desc = wd_plot_canvas_desc(c);
    c->plot = wd_plot_new(&desc);
    c->stale = FALSE;
  }
  wd_style style = style_of(c);
  wd_error err;
  double inner = width - 8, room = height - 4;
  wd_curve *main = &c->plot->curve, *under = &c->plot->share;
  c->has_main = c->has_under = FALSE;
  /* A plot with little room says its x axis' name beside the ticks; a low one has no strip of the share,
   * which the verdict and the figures under the pointer tell as well. */
  const double full = 6.6 * style.size, low = 5 * style.size;
  double strip = fmax(fmin(0.3 * room, full), low);
  main->brief = under->brief = room < 17 * style.size;
  main->least = 2.4;
  under->least = 1.6;
  if (under->n_series > 0 && room - strip > 8 * style.size)
    c->has_under = wd_curve_arrange(under, &style, inner, strip, &c->under, &err) == WD_OK;
  main->no_x_text = c->has_under;
  wd_status status =
      wd_curve_arrange(main, &style, inner, c->has_under ? room - strip : room, &c->main, &err);
  if (status && c->has_under) { /* too little room for both */
    c->has_under = main->no_x_text = FALSE;
    status = wd_curve_arrange(main, &style, inner, room, &c->main, &err);
  }
  c->has_main = status == WD_OK;
  if (!c->has_main) {
    wd_copy(c->message, inner < 200 || room < 90 ? "" : _("No score can be drawn on this axis yet"),
            sizeof c->message);
    c->has_under = FALSE;
  }
  if (c->has_under) align(c);
}

void wd_plot_canvas_invalidate(WdPlotCanvas *c) {
  c->stale = TRUE;
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

double wd_plot_canvas_epsilon(WdPlotCanvas *c) {
  refresh(c);
  return c->plot ? c->plot->epsilon : NAN;
}

/* ---- places: the curve is drawn 4, 2 from the corner */

enum { ORIGIN_X = 4, ORIGIN_Y = 2 };

static double pixel_x(const WdPlotCanvas *c, double v) {
  return ORIGIN_X + c->main.plot.x + wd_axis_place(&c->main.x, v) * c->main.plot.width;
}
static double pixel_y(const WdPlotCanvas *c, double v) {
  return ORIGIN_Y + c->main.plot.y + (1 - wd_axis_place(&c->main.y, v)) * c->main.plot.height;
}

gboolean wd_plot_canvas_at(WdPlotCanvas *c, guint branch, int k, double value, double *x, double *y) {
  refresh(c);
  if (!c->has_main) return FALSE;
  WdPlotDesc desc = wd_plot_canvas_desc(c);
  *x = pixel_x(c, wd_plot_x(&desc, branch, k));
  *y = pixel_y(c, value);
  return isfinite(*x) && isfinite(*y);
}

static gboolean in_plot(const WdPlotCanvas *c, double x, double y) {
  const wd_rect *r = &c->main.plot;
  double bottom = c->has_under ? ORIGIN_Y + c->main.height + c->under.plot.y + c->under.plot.height
                               : ORIGIN_Y + r->y + r->height;
  return c->has_main && x >= ORIGIN_X + r->x - 4 && x <= ORIGIN_X + r->x + r->width + 4 &&
         y >= ORIGIN_Y + r->y - 4 && y <= bottom + 4;
}

static gboolean on_epsilon(const WdPlotCanvas *c, double x, double y) {
  if (!in_plot(c, x, y) || !isfinite(c->plot->epsilon)) return FALSE;
  double at = pixel_y(c, c->plot->epsilon);
  return fabs(y - at) <= GRAB && at <= ORIGIN_Y + c->main.plot.y + c->main.plot.height;
}

/* ---- drawing */

static void upright(WdPlotCanvas *c, cairo_t *cr, double value, guint32 colour, double alpha,
                    const double *dash) {
  double x = floor(pixel_x(c, value)) + 0.5;
  if (!isfinite(x) || x < ORIGIN_X + c->main.plot.x - 1 ||
      x > ORIGIN_X + c->main.plot.x + c->main.plot.width + 1)
    return;
  wd_cairo_colour(cr, colour, alpha);
  cairo_set_line_width(cr, 1.3);
  cairo_set_dash(cr, dash, dash ? 2 : 0, 0);
  cairo_move_to(cr, x, ORIGIN_Y + c->main.plot.y);
  cairo_line_to(cr, x, ORIGIN_Y + c->main.plot.y + c->main.plot.height);
  if (c->has_under) {
    double top = ORIGIN_Y + c->main.height + c->under.plot.y;
    cairo_move_to(cr, x, top);
    cairo_line_to(cr, x, top + c->under.plot.height);
  }
  cairo_stroke(cr);
  cairo_set_dash(cr, NULL, 0, 0);
}

/* The point that answers the pointer: the nearest within reach, else A's position at this x. */
static gboolean pick_drawn(WdPlotCanvas *c, double reach, WdPlotPoint *out) {
  int series, index;
  if (!in_plot(c, c->px, c->py)) return FALSE;
  if (!wd_curve_pick(&c->plot->curve, &c->main, c->px - ORIGIN_X, c->py - ORIGIN_Y, reach, &series, &index))
    return FALSE;
  *out = c->plot->point[series][index];
  return out->branch != 0;
}

static gboolean pick(WdPlotCanvas *c, WdPlotPoint *out) {
  if (pick_drawn(c, REACH, out)) return TRUE;
  if (!in_plot(c, c->px, c->py)) return FALSE;
  WdPlotDesc desc = wd_plot_canvas_desc(c);
  guint a = c->view->place[0].branch;
  double place = (c->px - ORIGIN_X - c->main.plot.x) / c->main.plot.width;
  int k = wd_plot_position_at(&desc, a, wd_axis_value(&c->main.x, place));
  *out = (WdPlotPoint){a, k, c->view->what};
  return k >= 0;
}

static char *readout(WdPlotCanvas *c, const WdPlotPoint *at) {
  WdRecording *r = wd_session_get_recording(c->session);
  const WdBranch *b = wd_recording_find(r, at->branch);
  const WdPosition *p = wd_recording_position(r, at->branch, at->k);
  if (!b || !p) return NULL;
  const WdScoreInfo *info = wd_score_get_info(c->view->metric);
  GString *s = g_string_new(NULL);
  if (at->branch != c->view->place[0].branch) g_string_append_printf(s, "%s\n", b->name);
  g_autofree char *place = wd_place_text(r, (WdPlace){at->branch, at->k});
  g_string_append(s, place);
  for (int w = 0; w < WD_WHATS; w++) {
    const WdScore *score = wd_position_score(p, (WdWhat)w);
    if (!score || ((WdWhat)w != at->what && !c->view->both)) continue;
    char number[32], share[32];
    wd_format_number(score->value[c->view->metric], 0, number, sizeof number);
    wd_format_number(score->value[WD_METRIC_REFLECTION_SHARE], 0, share, sizeof share);
    g_string_append_printf(s, _("\n%s  %s %s%s%s · share %s · %s"), w ? "xₜ" : "x̂₀", info->title, number,
                           *info->unit ? " " : "", info->unit, share, wd_score_mode_words(score->mode));
  }
  return g_string_free(s, FALSE);
}

static void draw_readout(WdPlotCanvas *c, cairo_t *cr, const wd_style *style) {
  const wd_theme *theme = wd_style_theme(style);
  g_autofree char *text = NULL;
  double x = c->px, y = c->py;
  WdPlotPoint at;
  if (on_epsilon(c, c->px, c->py) && !pick_drawn(c, GRAB, &at)) {
    WdPlotDesc desc = wd_plot_canvas_desc(c);
    text = wd_plot_epsilon_words(&desc);
  } else {
    if (!pick(c, &at)) return;
    WdPlotDesc desc = wd_plot_canvas_desc(c);
    double value = wd_plot_x(&desc, at.branch, at.k);
    upright(c, cr, value, theme->dim, 0.6, NULL);
    const WdPosition *p = wd_recording_position(desc.recording, at.branch, at.k);
    const WdScore *score = p ? wd_position_score(p, at.what) : NULL;
    if (score && isfinite(score->value[c->view->metric])) {
      double py = pixel_y(c, score->value[c->view->metric]);
      if (isfinite(py) && py >= ORIGIN_Y + c->main.plot.y &&
          py <= ORIGIN_Y + c->main.plot.y + c->main.plot.height) {
        cairo_arc(cr, pixel_x(c, value), py, 0.55 * style->size, 0, 2 * G_PI);
        wd_cairo_colour(cr, theme->accent, 1);
        cairo_set_line_width(cr, 1.6);
        cairo_stroke(cr);
      }
    }
    text = readout(c, &at);
  }
  if (!text) return;
  PangoLayout *layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text);
  PangoAttrList *small = pango_attr_list_new();
  pango_attr_list_insert(small, pango_attr_scale_new(0.9));
  pango_layout_set_attributes(layout, small);
  pango_attr_list_unref(small);
  int w, h;
  pango_layout_get_pixel_size(layout, &w, &h);
  double bw = w + 14, bh = h + 8;
  x = x + 14 + bw < c->width ? x + 14 : x - 14 - bw;
  y = CLAMP(y - bh - 6, 2, MAX(2, c->height - bh - 2));
  x = CLAMP(x, 2, MAX(2, c->width - bw - 2));
  wd_pen pen;
  wd_pen_open(&pen, cr, style, NULL);
  wd_rect box = {x, y, bw, bh};
  wd_pen_rounded(&pen, &box, 5);
  wd_cairo_colour(cr, theme->paper, 0.95);
  cairo_fill_preserve(cr);
  wd_cairo_colour(cr, theme->frame, 0.6);
  cairo_set_line_width(cr, 1);
  cairo_stroke(cr);
  wd_pen_close(&pen);
  cairo_move_to(cr, x + 7, y + 4);
  wd_cairo_colour(cr, theme->ink, 1);
  pango_cairo_show_layout(cr, layout);
  g_object_unref(layout);
}

/* The curves, and the lines of the places shown. */
static void draw_plot(WdPlotCanvas *c, cairo_t *cr, const wd_style *style) {
  const wd_theme *theme = wd_style_theme(style);
  cairo_save(cr);
  cairo_translate(cr, ORIGIN_X, ORIGIN_Y);
  wd_curve_draw(&c->plot->curve, style, &c->main, cr, NULL);
  if (c->has_under) {
    cairo_translate(cr, 0, c->main.height);
    wd_curve_draw(&c->plot->share, style, &c->under, cr, NULL);
  }
  cairo_restore(cr);
  WdPlotDesc desc = wd_plot_canvas_desc(c);
  static const double dash[] = {4, 3};
  if (c->view->layout == WD_LAYOUT_COMPARE && c->view->place[1].branch)
    upright(c, cr, wd_plot_x(&desc, c->view->place[1].branch, c->view->place[1].position), theme->accent, 0.6,
            dash);
  if (c->view->place[0].branch)
    upright(c, cr, wd_plot_x(&desc, c->view->place[0].branch, c->view->place[0].position), theme->accent, 0.8,
            NULL);
}

GdkTexture *wd_plot_canvas_get_texture(WdPlotCanvas *c) {
  refresh(c);
  wd_style style = style_of(c);
  const int width = (int)ceil(c->width * style.scale), height = (int)ceil(c->height * style.scale);
  if (!c->has_main || width < 1 || height < 1) return NULL;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
  cairo_surface_set_device_scale(surface, style.scale, style.scale);
  cairo_t *cr = cairo_create(surface);
  wd_cairo_colour(cr, wd_style_theme(&style)->paper, 1);
  cairo_paint(cr);
  draw_plot(c, cr, &style);
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  g_autoptr(GBytes) bytes = g_bytes_new(cairo_image_surface_get_data(surface), (gsize)stride * (gsize)height);
  cairo_surface_destroy(surface);
  return gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}

static void snapshot(GtkWidget *widget, GtkSnapshot *snap) {
  WdPlotCanvas *c = WD_PLOT_CANVAS(widget);
  refresh(c);
  if (c->width < 1 || c->height < 1) return;
  wd_style style = style_of(c);
  const wd_theme *theme = wd_style_theme(&style);
  cairo_t *cr = gtk_snapshot_append_cairo(snap, &GRAPHENE_RECT_INIT(0, 0, (float)c->width, (float)c->height));
  if (!c->has_main) {
    PangoLayout *layout = gtk_widget_create_pango_layout(widget, c->message);
    int w, h;
    pango_layout_get_pixel_size(layout, &w, &h);
    cairo_move_to(cr, (c->width - w) / 2.0, (c->height - h) / 2.0);
    wd_cairo_colour(cr, theme->dim, 1);
    pango_cairo_show_layout(cr, layout);
    g_object_unref(layout);
    cairo_destroy(cr);
    return;
  }
  draw_plot(c, cr, &style);
  if (c->inside && c->drag != DRAG_PLACE) draw_readout(c, cr, &style);
  if (gtk_widget_has_focus(widget)) {
    cairo_rectangle(cr, 1, 1, c->width - 2, c->height - 2);
    wd_cairo_colour(cr, theme->accent, 0.45);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
  }
  cairo_destroy(cr);
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : 96;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 600 : 240;
  *minimum_baseline = *natural_baseline = -1;
}

/* ---- pointer and keys */

static void go(WdPlotCanvas *c, const WdPlotPoint *at) {
  WdRecording *r = wd_session_get_recording(c->session);
  WdView *v = c->view;
  const WdBranch *b = wd_recording_find(r, at->branch);
  if (!b) return;
  gboolean second =
      v->layout == WD_LAYOUT_COMPARE && at->branch == v->place[1].branch && at->branch != v->place[0].branch;
  v->follow = at->k >= wd_branch_last(b);
  if (second && v->locked) {
    int k = wd_view_align(r, at->branch, at->k, v->place[0].branch, v->align);
    if (k >= 0) wd_view_go(v, r, 0, v->place[0].branch, k);
  } else
    wd_view_go(v, r, second ? 1 : 0, at->branch, at->k);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, WdPlotCanvas *c) {
  gtk_widget_grab_focus(GTK_WIDGET(c));
  refresh(c);
  c->px = c->start_x = x;
  c->py = c->start_y = y;
  c->moved = FALSE;
  WdPlotPoint at;
  if (on_epsilon(c, x, y))
    c->drag = DRAG_EPSILON;
  else if (pick(c, &at)) {
    go(c, &at);
    c->drag = DRAG_NONE;
  } else
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_DENIED);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, WdPlotCanvas *c) {
  (void)gesture;
  c->px = c->start_x + dx;
  c->py = c->start_y + dy;
  if (c->drag == DRAG_EPSILON && !c->moved) { /* as far as the line's own width it is no drag yet */
    if (fmax(fabs(dx), fabs(dy)) < MOVED) return;
    c->moved = TRUE;
    if (fabs(dx) > fabs(dy)) c->drag = DRAG_NONE; /* along the line: it scrubs */
  }
  if (c->drag == DRAG_EPSILON) {
    double place = 1 - (c->py - ORIGIN_Y - c->main.plot.y) / c->main.plot.height;
    double value = wd_axis_value(&c->main.y, CLAMP(place, 0.01, 0.99));
    if (!(value > 0)) return;
    c->view->epsilon = value;
    wd_view_changed(c->view, WD_VIEW_PLOT);
    return;
  }
  if (c->drag == DRAG_NONE && fabs(dx) < MOVED) return;
  c->drag = DRAG_PLACE;
  c->view->scrubbing = TRUE;
  WdPlotDesc desc = wd_plot_canvas_desc(c);
  WdPlotPoint at = {c->view->place[0].branch, 0, c->view->what};
  at.k = wd_plot_position_at(
      &desc, at.branch, wd_axis_value(&c->main.x, (c->px - ORIGIN_X - c->main.plot.x) / c->main.plot.width));
  if (at.k >= 0) go(c, &at);
}

static void rest(WdPlotCanvas *c) {
  gboolean scrubbed = c->drag == DRAG_PLACE;
  c->drag = DRAG_NONE;
  if (!scrubbed) return;
  c->view->scrubbing = FALSE;
  wd_view_changed(c->view, WD_VIEW_PLACE);
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, WdPlotCanvas *c) {
  (void)gesture, (void)dx, (void)dy;
  /* The line may run over a step's point: what did not move was meant for the point. */
  WdPlotPoint at;
  if (c->drag == DRAG_EPSILON && !c->moved && pick_drawn(c, GRAB, &at)) go(c, &at);
  rest(c);
}

static void on_drag_cancel(GtkGesture *gesture, GdkEventSequence *sequence, WdPlotCanvas *c) {
  (void)gesture, (void)sequence;
  rest(c);
}

static void on_click(GtkGestureClick *gesture, int n, double x, double y, WdPlotCanvas *c) {
  (void)gesture;
  if (n != 2 || !on_epsilon(c, x, y) || !isfinite(c->view->epsilon)) return;
  c->drag = DRAG_NONE;
  c->view->epsilon = NAN; /* the model's again */
  wd_view_changed(c->view, WD_VIEW_PLOT);
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, WdPlotCanvas *c) {
  (void)motion;
  if (c->inside && c->px == x && c->py == y) return;
  c->inside = TRUE;
  c->px = x;
  c->py = y;
  gtk_widget_set_cursor_from_name(GTK_WIDGET(c), on_epsilon(c, x, y) ? "ns-resize"
                                                 : in_plot(c, x, y)  ? "crosshair"
                                                                     : NULL);
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_leave(WdPlotCanvas *c) {
  c->inside = FALSE;
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       WdPlotCanvas *c) {
  (void)controller, (void)code;
  if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) return FALSE;
  WdRecording *r = wd_session_get_recording(c->session);
  const WdPlace a = c->view->place[0];
  const WdBranch *b = wd_recording_find(r, a.branch);
  if (!b) return FALSE;
  int by = state & GDK_SHIFT_MASK ? 10 : 1, to;
  if (key == GDK_KEY_Left)
    to = a.position - by;
  else if (key == GDK_KEY_Right)
    to = a.position + by;
  else if (key == GDK_KEY_Home)
    to = 0;
  else if (key == GDK_KEY_End)
    to = wd_branch_last(b);
  else
    return FALSE;
  WdPlotPoint at = {a.branch, CLAMP(to, 0, MAX(0, wd_branch_last(b))), c->view->what};
  go(c, &at);
  return TRUE;
}

/* ---- watching */

static void leave_recording(WdPlotCanvas *c) {
  g_clear_signal_handler(&c->on_changed, c->recording);
  g_clear_signal_handler(&c->on_position, c->recording);
  g_clear_object(&c->recording);
}

static void on_recording(WdPlotCanvas *c) {
  leave_recording(c);
  c->recording = g_object_ref(wd_session_get_recording(c->session));
  c->on_changed = g_signal_connect_swapped(c->recording, "changed", G_CALLBACK(wd_plot_canvas_invalidate), c);
  c->on_position =
      g_signal_connect_swapped(c->recording, "position", G_CALLBACK(wd_plot_canvas_invalidate), c);
  wd_plot_canvas_invalidate(c);
}

static void on_view(WdView *view, guint parts, WdPlotCanvas *c) {
  (void)view;
  if (parts & (WD_VIEW_PLOT | WD_VIEW_LAYOUT | WD_VIEW_PLACE)) {
    /* A step along the same run moves only the line of the place. */
    static const guint redo = WD_VIEW_PLOT | WD_VIEW_LAYOUT;
    const WdPlot *p = c->plot;
    gboolean same = p && c->loaded_what == (int)c->view->what &&
                    g_object_get_data(G_OBJECT(c), "a") == GUINT_TO_POINTER(c->view->place[0].branch) &&
                    g_object_get_data(G_OBJECT(c), "b") == GUINT_TO_POINTER(c->view->place[1].branch);
    g_object_set_data(G_OBJECT(c), "a", GUINT_TO_POINTER(c->view->place[0].branch));
    g_object_set_data(G_OBJECT(c), "b", GUINT_TO_POINTER(c->view->place[1].branch));
    if ((parts & redo) || !same)
      wd_plot_canvas_invalidate(c);
    else
      gtk_widget_queue_draw(GTK_WIDGET(c));
  }
}

static void on_state(WdPlotCanvas *c) {
  g_clear_pointer(&c->loaded_identity, g_free); /* perhaps another model */
  wd_plot_canvas_invalidate(c);
}

static void style_changed(GtkWidget *widget, GtkCssStyleChange *change) {
  GTK_WIDGET_CLASS(wd_plot_canvas_parent_class)->css_changed(widget, change);
  WD_PLOT_CANVAS(widget)->width = -1; /* another font or theme */
}

static void dispose(GObject *object) {
  leave_recording(WD_PLOT_CANVAS(object));
  G_OBJECT_CLASS(wd_plot_canvas_parent_class)->dispose(object);
}

static void finalize(GObject *object) {
  WdPlotCanvas *c = WD_PLOT_CANVAS(object);
  wd_plot_free(c->plot);
  wd_population_steps_free(c->population);
  g_free(c->loaded_identity);
  G_OBJECT_CLASS(wd_plot_canvas_parent_class)->finalize(object);
}

static void wd_plot_canvas_class_init(WdPlotCanvasClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
  widget->snapshot = snapshot;
  widget->measure = measure;
  widget->css_changed = style_changed;
  gtk_widget_class_set_css_name(widget, "wd-plot");
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void wd_plot_canvas_init(WdPlotCanvas *c) {
  GtkWidget *widget = GTK_WIDGET(c);
  gtk_widget_set_focusable(widget, TRUE);
  gtk_widget_set_hexpand(widget, TRUE);
  gtk_widget_set_vexpand(widget, TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Residual over steps"),
                                 -1);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_click), c);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
  GtkGesture *drag = gtk_gesture_drag_new();
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), c);
  g_signal_connect(drag, "cancel", G_CALLBACK(on_drag_cancel), c);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));
  gtk_gesture_group(click, drag);
  GtkEventController *motion = gtk_event_controller_motion_new();
  g_signal_connect(motion, "enter", G_CALLBACK(on_motion), c);
  g_signal_connect(motion, "motion", G_CALLBACK(on_motion), c);
  g_signal_connect_swapped(motion, "leave", G_CALLBACK(on_leave), c);
  gtk_widget_add_controller(widget, motion);
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
  gtk_widget_add_controller(widget, keys);
  GtkEventController *focus = gtk_event_controller_focus_new();
  g_signal_connect_swapped(focus, "enter", G_CALLBACK(gtk_widget_queue_draw), c);
  g_signal_connect_swapped(focus, "leave", G_CALLBACK(gtk_widget_queue_draw), c);
  gtk_widget_add_controller(widget, focus);
}

WdPlotCanvas *wd_plot_canvas_new(WdSession *session, WdView *view) {
  WdPlotCanvas *c = g_object_new(WD_TYPE_PLOT_CANVAS, NULL);
  c->session = session;
  c->view = view;
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), c, 0);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), c, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "state", G_CALLBACK(on_state), c, G_CONNECT_SWAPPED);
  on_recording(c);
  return c;
}
