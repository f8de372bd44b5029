#include "app/i18n.h"
#include "app/recording_private.h"
#include "app/timeline_canvas_private.h"
#include "app/widget_style.h"
#include "render/axis.h"
#include "render/curve.h"

#include <math.h>

enum { FAULT = 0xd0342c };

static void circle(cairo_t *cr, double x, double y, double r) {
  cairo_new_sub_path(cr);
  cairo_arc(cr, x, y, r, 0, 2 * G_PI);
}

typedef struct brush {
  cairo_t *cr;
  const wd_theme *theme;
  wd_style style;
  WdTimelineGeometry g;
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

gboolean wd_timeline_at_hand(WdTimelineCanvas *c, const WdPosition *p) {
  WdFrame frame;
  WdWhat what = c->view->what;
  return p && p->latent[what] && wd_recording_peek_frame(c->recording, p->latent[what], &frame) && frame.pair;
}

static void draw_lane(WdTimelineCanvas *c, const brush *b, const WdLane *lane, guint running) {
  cairo_t *cr = b->cr;
  const WdTimelineGeometry *g = &b->g;
  double y = wd_timeline_y(g, lane->row), x0 = wd_timeline_x(g, lane->first),
         x1 = wd_timeline_x(g, MAX(lane->last, lane->first));
  guint32 colour = wd_curve_colour(&b->style, lane->colour);
  gboolean chosen = c->view->place[0].branch == lane->id ||
                    (c->view->layout == WD_LAYOUT_COMPARE && c->view->place[1].branch == lane->id);
  if (chosen) {
    double h = 0.84 * g->lane;
    wd_cairo_colour(cr, b->theme->ink, 0.055);
    cairo_rectangle(cr, x0 - 0.9 * g->size, y - h / 2, wd_timeline_x(g, lane->end) - x0 + 1.8 * g->size, h);
    cairo_fill(cr);
  }
  if (lane->parent >= 0) {
    const WdLane *parent =
        wd_lanes_owner(c->lanes, g_array_index(c->lanes, WdLane, lane->parent).id, lane->first);
    double from = wd_timeline_y(g, parent->row), bend = fmin(0.45 * g->lane, g->step * 0.8);
    cairo_move_to(cr, x0 - bend, from);
    cairo_curve_to(cr, x0, from, x0, from, x0, from + bend);
    cairo_line_to(cr, x0, y);
    wd_cairo_colour(cr, colour, 0.85);
    cairo_set_line_width(cr, 1.6);
    cairo_stroke(cr);
  }
  double data = wd_timeline_x(g, CLAMP(lane->steps, lane->first, MAX(lane->last, lane->first)));
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
    cairo_line_to(cr, wd_timeline_x(g, lane->end), y);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
  }
  for (int k = lane->first; k <= lane->end; k++) {
    WdPosition *p = k <= lane->last ? wd_recording_position(c->recording, lane->id, k) : NULL;
    WdTick tick = wd_tick_of(p, c->view->what, wd_timeline_at_hand(c, p));
    double x = wd_timeline_x(g, k);
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
  const WdTimelineGeometry *g = &b->g;
  const WdLane *lane = wd_lanes_find(c->lanes, c->view->place[0].branch);
  if (!lane) lane = &g_array_index(c->lanes, WdLane, 0);
  const WdBranch *branch = wd_recording_find(c->recording, lane->id);
  double y = g->top + (int)c->lanes->len * g->lane + 0.1 * g->size, size = 0.85 * g->size;
  double from, to, data0 = INFINITY, data1 = -INFINITY;
  to = -INFINITY;
  if (!branch || branch->kind == WD_BRANCH_SAMPLED)
    text_at(c, b, fmax(2, wd_timeline_x(g, lane->origin) - 1.2 * g->size), y, 0, b->theme->dim, size, FALSE,
            lane->origin ? _("noised") : _("noise"), &from, &to);
  if (!lane->walk)
    text_at(c, b, wd_timeline_x(g, lane->steps), y, 0.5, b->theme->dim, size, FALSE, _("data"), &data0,
            &data1);
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
    text_at(c, NULL, wd_timeline_x(g, k), y, 0.5, 0, size, FALSE, text, &l, &r);
    if (l < used || r > data0 - 0.4 * size) continue;
    text_at(c, b, wd_timeline_x(g, k), y, 0.5, b->theme->dim, size, k == c->view->place[0].position, text, &l,
            &r);
    used = r + 0.4 * size;
  }
  if (lane->end > lane->steps) {
    double l, r, middle = wd_timeline_x(g, (lane->steps + lane->end) / 2.0);
    text_at(c, NULL, middle, y, 0.5, 0, size, FALSE, _("refinement"), &l, &r);
    double shift = fmax(0, data1 + 0.5 * size - l);
    if (r + shift < gtk_widget_get_width(GTK_WIDGET(c)))
      text_at(c, b, middle + shift, y, 0.5, b->refined, size, FALSE, _("refinement"), NULL, NULL);
  }
}

/* A playhead through all lanes, with a handle on top and a ring on its tick. */
static gboolean draw_head(WdTimelineCanvas *c, const brush *b, int side, double *x, double *y) {
  WdPlace p = c->view->place[side];
  if (!wd_timeline_canvas_tick(c, p.branch, p.position, x, y)) return FALSE;
  cairo_t *cr = b->cr;
  const WdTimelineGeometry *g = &b->g;
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

void wd_timeline_draw(WdTimelineCanvas *c, cairo_t *cr) {
  brush b = {.cr = cr,
             .style = wd_widget_style(GTK_WIDGET(c), 0, c->family, sizeof c->family),
             .g = wd_timeline_measure(c)};
  b.theme = wd_style_theme(&b.style);
  b.refined = wd_curve_colour(&b.style, WD_REFINED_COLOUR);
  if (!c->lanes->len) {
    text_at(c, &b, gtk_widget_get_width(GTK_WIDGET(c)) / 2.0, b.g.top + 0.1 * b.g.lane, 0.5, b.theme->dim,
            b.g.size, FALSE, _("Nothing is recorded yet: Run starts from noise"), NULL, NULL);
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
