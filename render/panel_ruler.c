/* The figure of each trace above a picture, like the header plot of a seismic display, and the mask over the
 * traces that are beyond the level. */
#include "render/panel_private.h"

#include <math.h>

bool wd_ruler_beyond(const wd_ruler *ruler, double value) {
  if (!isfinite(value) || !isfinite(ruler->level)) return false;
  return ruler->higher_is_better ? value < ruler->level : value > ruler->level;
}

static double height_of(const wd_panel_metric *m) {
  return 2.8 * m->size;
}

/* Above the picture's frame: a source's star reaches over it. */
static double gap_of(const wd_panel_metric *m) {
  return 0.65 * m->size;
}

static bool has_bars(const wd_panel *p) {
  return p->ruler && p->ruler->bars && !p->no_ruler && p->ruler->hi > 0;
}

double wd_panel_ruler_room(const wd_panel_metric *m, const wd_panel *p) {
  return has_bars(p) ? height_of(m) + gap_of(m) : 0;
}

/* Where a trace lies across the picture, 0..1 in sight: its two edges. */
static bool edges(const wd_panel *p, int trace, double *from, double *to) {
  wd_axis axis = wd_panel_x_axis(p);
  *from = wd_axis_place(&axis, wd_axis_value(&p->x, (double)trace / p->ruler->traces));
  *to = wd_axis_place(&axis, wd_axis_value(&p->x, (trace + 1.0) / p->ruler->traces));
  if (!(*to > 0 && *from < 1)) return false;
  *from = fmax(*from, 0);
  *to = fmin(*to, 1);
  return true;
}

static void draw_mask(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_facet *facet,
                      const wd_rect *r) {
  cairo_t *cr = pen->cr;
  double from, to, foot = 0.35 * m->size;
  for (int pass = 0; pass < 2; pass++) { /* a veil, and a solid foot: not by colour alone */
    for (int i = 0; i < p->ruler->traces; i++) {
      if (!wd_ruler_beyond(p->ruler, (double)facet->trace[i]) || !edges(p, i, &from, &to)) continue;
      cairo_rectangle(cr, r->x + from * r->width, pass ? r->y + r->height - foot : r->y,
                      (to - from) * r->width, pass ? foot : r->height);
    }
    wd_pen_colour_alpha(pen, 0xd1480f, pass ? 1 : 0.22);
    cairo_fill(cr);
  }
}

static void draw_bars(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_facet *facet,
                      const wd_rect *r, bool labels) {
  cairo_t *cr = pen->cr;
  const double height = height_of(m), foot = r->y - gap_of(m);
  double from, to;
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < p->ruler->traces; i++) {
      const double value = (double)facet->trace[i];
      if (!isfinite(value) || wd_ruler_beyond(p->ruler, value) != (pass == 1) || !edges(p, i, &from, &to))
        continue;
      const double part = fmin(fmax(value / p->ruler->hi, 0), 1), gap = (to - from) * r->width > 3 ? 0.15 : 0;
      const double w = (to - from) * r->width;
      cairo_rectangle(cr, r->x + from * r->width + gap * w, foot - part * height, (1 - 2 * gap) * w,
                      part * height);
    }
    wd_pen_colour(pen, pass ? 0xd1480f : pen->theme->accent);
    cairo_fill(cr);
  }
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_horizontal(pen, r->x, r->x + r->width, foot, m->hair, 0);
  const wd_ruler *u = p->ruler;
  const bool line = isfinite(u->level) && u->level > 0 && u->level <= u->hi;
  const double at = foot - u->level / u->hi * height;
  if (line) {
    wd_pen_colour(pen, pen->theme->ink);
    wd_pen_horizontal(pen, r->x, r->x + r->width, at, m->hair, 0.35 * m->size);
  }
  if (!labels) return;
  char text[32];
  wd_format_number(u->hi, 0, text, sizeof text);
  wd_type type = {.size = m->small, .colour = pen->theme->ink};
  const double drop = 0.36 * m->small, x = r->x - m->tick - m->gap;
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_horizontal(pen, r->x - m->tick, r->x, foot - height, m->hair, 0);
  wd_pen_text(pen, &type, x, foot - height + drop, 1, text);
  if (line && at - (foot - height) > 0.9 * m->small) wd_pen_text(pen, &type, x, at + drop, 1, "ε");
}

void wd_panel_draw_ruler(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_facet *facet,
                         const wd_rect *r, bool labels) {
  if (!p->ruler || !facet->trace || p->ruler->traces < 1) return;
  if (p->ruler->mask) draw_mask(pen, m, p, facet, r);
  if (has_bars(p)) draw_bars(pen, m, p, facet, r, labels);
}
