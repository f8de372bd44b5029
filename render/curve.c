#include "render/curve.h"
#include "render/panel_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Wong's set (Nature Methods 8, 441, 2011), its yellow left out on white; brightened on dark. Then the same
 * hues as dark, or as bright, as a contrast of 4.5 with the paper wants. */
static const uint32_t palette[4][WD_CURVE_COLOURS] = {
    {0x0072b2, 0xd55e00, 0x009e73, 0xb0568f, 0x8a6d00, 0x3a9bd9, 0x4a4f57},
    {0x56b4e9, 0xff8a3d, 0x2fc79a, 0xe59cc4, 0xf0c75e, 0x9db8ff, 0xc3c8cf},
    {0x004d80, 0x9a3f00, 0x006b4d, 0x8a2a6b, 0x5c4800, 0x1b66a8, 0x2a2e34},
    {0x7cc8f5, 0xffa366, 0x4fdcae, 0xf2b3d6, 0xffd966, 0xb5c9ff, 0xe6e9ed},
};

uint32_t wd_curve_colour(const wd_style *style, int i) {
  i = i < 1 ? 0 : (i - 1) % WD_CURVE_COLOURS;
  return palette[(style->contrast ? 2 : 0) + (style->dark ? 1 : 0)][i];
}

static double series_x(const wd_series *s, int i) {
  return s->x ? s->x[i] : i;
}

static bool drawable(const wd_axis *axis, double v) {
  return isfinite(v) && (!axis->log || v > 0);
}

static void stretch(const wd_axis *axis, double v, double *lo, double *hi) {
  if (!drawable(axis, v)) return;
  *lo = fmin(*lo, v);
  *hi = fmax(*hi, v);
}

/* The range of an axis whose ends were left open. */
static wd_status close_axis(wd_axis *axis, double lo, double hi, double room, wd_error *err) {
  if (axis->lo != axis->hi) {
    if (isfinite(axis->lo) && isfinite(axis->hi) && (!axis->log || (axis->lo > 0 && axis->hi > 0)))
      return WD_OK;
    return wd_fail(err, WD_ERR_ARGUMENT, "plot: axis \"%s\" from %g to %g", axis->label ? axis->label : "",
                   axis->lo, axis->hi);
  }
  if (!(lo <= hi))
    return wd_fail(err, WD_ERR_ARGUMENT, "plot: no value can be drawn on axis \"%s\"%s",
                   axis->label ? axis->label : "",
                   axis->log ? ", which is logarithmic and wants positive ones" : "");
  if (axis->log) {
    double factor = lo < hi ? pow(hi / lo, room) : 2;
    axis->lo = lo / factor;
    axis->hi = hi * factor;
  } else {
    double pad = lo < hi ? (hi - lo) * room : fmax(0.5, fabs(lo) * 0.05);
    axis->lo = lo - pad;
    axis->hi = hi + pad;
  }
  if (!isfinite(axis->lo) || !isfinite(axis->hi) || (axis->log && !(axis->lo > 0)))
    return wd_fail(err, WD_ERR_ARGUMENT, "plot: values from %g to %g are too far apart to draw", lo, hi);
  return WD_OK;
}

static wd_status find_ranges(const wd_curve *c, wd_axis *x, wd_axis *y, wd_error *err) {
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  *x = c->x;
  *y = c->y;
  for (int k = 0; k < c->n_series; k++) {
    const wd_series *s = &c->series[k];
    for (int i = 0; i < s->count; i++) {
      if (!drawable(x, series_x(s, i)) || !drawable(y, s->y[i])) continue;
      stretch(x, series_x(s, i), &x0, &x1);
      stretch(y, s->y[i], &y0, &y1);
    }
  }
  for (int k = 0; k < c->n_bands; k++) {
    const wd_band *b = &c->band[k];
    for (int i = 0; i < (b->x ? b->count : 1); i++) {
      if (b->x) stretch(x, b->x[i], &x0, &x1);
      stretch(y, b->lo[i], &y0, &y1);
      stretch(y, b->hi[i], &y0, &y1);
    }
  }
  for (int k = 0; k < c->n_references; k++) stretch(y, c->reference[k].y, &y0, &y1);
  wd_status status = close_axis(x, x0, x1, 0.02, err);
  return status ? status : close_axis(y, y0, y1, 0.06, err);
}

/* ---- the legend: samples and names in lines under the header */

static double legend_sample(const wd_panel_metric *m) {
  return 1.9 * m->size;
}

/* Walks over the entries; draws them when `draw`. Returns the number of lines. */
static int legend(wd_pen *pen, const wd_panel_metric *m, const wd_curve *c, double width, double x0,
                  double y0, bool draw);

static const char *named(const char *name) {
  return name && *name ? name : NULL;
}

wd_status wd_curve_arrange(const wd_curve *c, const wd_style *style, double width, double height,
                           wd_curve_layout *out, wd_error *err) {
  wd_curve_layout l = {.width = width};
  if (c->n_references > WD_CURVE_REFERENCES)
    return wd_fail(err, WD_ERR_ARGUMENT, "plot: %d reference lines, at most %d", c->n_references,
                   WD_CURVE_REFERENCES);
  wd_status status = find_ranges(c, &l.x, &l.y, err);
  if (status) return status;
  wd_pen pen;
  wd_pen_open(&pen, NULL, style, NULL);
  wd_panel_metric m = wd_panel_measure(&pen);
  double right = 0;
  wd_type small = {.size = m.small};
  for (int i = 0; i < c->n_references; i++) {
    double w;
    if (!named(c->reference[i].label)) continue;
    wd_pen_measure(&pen, &small, c->reference[i].label, &w, NULL, NULL);
    right = fmax(right, fmin(w, 0.3 * width) + 0.5 * m.size);
  }
  right = fmax(right, 1.2 * m.size);
  l.header = c->title || c->source ? m.line + 0.6 * m.size : m.hair * 2;
  double bottom = m.tick + m.gap + m.small_line;
  if (c->no_x_text)
    bottom = fmax(m.tick + 0.2 * m.size, 0.75 * m.small_line);
  else if (c->x.label)
    bottom += c->brief ? 0.15 * m.size : m.line + 0.2 * m.size; /* what hangs below the line of numbers */
  double plot_width = 0, plot_height = width * 0.4;
  wd_tick tick[WD_TICKS_MAX];
  for (int pass = 0; pass < 6; pass++) { /* as wd_panel_arrange: room only grows */
    double widest;
    wd_axis up = {l.y.hi, l.y.lo, l.y.log, .dimension = l.y.dimension};
    wd_panel_fit_ticks(&pen, &m, &up, plot_height, true, 0, tick, &widest);
    double left = m.tick + m.gap + widest + (c->y.label ? m.line + 0.25 * m.size : 0);
    if (pass > 0 && left <= l.left) break;
    l.left = left;
    plot_width = width - l.left - right;
    int lines = c->no_legend || !(plot_width > 0) ? 0 : legend(&pen, &m, c, width - l.left, 0, 0, false);
    l.legend = lines > 0 ? lines * m.small_line + 0.35 * m.size : 0;
    l.plot.y = fmax(c->top, l.header + l.legend);
    plot_height = height > 0 ? height - l.plot.y - bottom : plot_width * (c->aspect > 0 ? c->aspect : 0.5);
  }
  l.plot = (wd_rect){wd_pen_floor(&pen, l.left), wd_pen_snap(&pen, l.plot.y), wd_pen_floor(&pen, plot_width),
                     wd_pen_floor(&pen, plot_height)};
  l.height = height > 0 ? height : l.plot.y + l.plot.height + bottom;
  wd_pen_close(&pen);
  if (!(plot_width >= 4 * m.size) || !(plot_height >= (c->least > 0 ? c->least : 3) * m.size))
    return wd_fail(err, WD_ERR_ARGUMENT, "plot \"%s\": %g x %g leaves %.0f x %.0f points; give it more room",
                   c->title ? c->title : "", width, height, plot_width, plot_height);
  *out = l;
  return WD_OK;
}

/* ---- drawing */

static double at_x(const wd_curve_layout *l, double v) {
  return l->plot.x + wd_axis_place(&l->x, v) * l->plot.width;
}

static double at_y(const wd_curve_layout *l, double v) {
  return l->plot.y + (1 - wd_axis_place(&l->y, v)) * l->plot.height;
}

static void set_dash(const wd_pen *pen, wd_dash dash, double width) {
  double dashes[2] = {4.5 * width, 2.5 * width}, dots[2] = {0.01 * width, 2.2 * width};
  cairo_set_line_cap(pen->cr, dash == WD_DASH_DOTTED ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  if (dash == WD_DASH_DASHED)
    cairo_set_dash(pen->cr, dashes, 2, 0);
  else if (dash == WD_DASH_DOTTED)
    cairo_set_dash(pen->cr, dots, 2, 0);
  else
    cairo_set_dash(pen->cr, NULL, 0, 0);
}

static void draw_marker(wd_pen *pen, wd_marker marker, double x, double y, double radius, uint32_t colour,
                        double alpha) {
  cairo_new_path(pen->cr);
  cairo_arc(pen->cr, x, y, radius, 0, 2 * G_PI);
  wd_pen_colour(pen, pen->theme->paper); /* what is translucent covers its line too */
  cairo_fill_preserve(pen->cr);
  wd_pen_colour_alpha(pen, colour, alpha);
  if (marker != WD_MARKER_HOLLOW) cairo_fill_preserve(pen->cr);
  cairo_set_line_width(pen->cr, 0.5 * radius);
  set_dash(pen, WD_DASH_SOLID, 1);
  cairo_stroke(pen->cr);
}

static uint32_t series_colour(const wd_pen *pen, const wd_curve *c, int k) {
  int chosen = c->series[k].colour;
  return wd_curve_colour(&pen->style, chosen > 0 ? chosen : k + 1);
}

static double series_alpha(const wd_series *s) {
  return s->alpha > 0 && s->alpha < 1 ? s->alpha : 1;
}

static double series_width(const wd_pen *pen, const wd_series *s) {
  return s->width > 0 ? s->width : 0.14 * pen->style.size;
}

static void draw_series(wd_pen *pen, const wd_curve *c, const wd_curve_layout *l, int k) {
  const wd_series *s = &c->series[k];
  cairo_t *cr = pen->cr;
  uint32_t colour = series_colour(pen, c, k);
  double width = series_width(pen, s);
  if (s->dash != WD_DASH_NONE) {
    bool down = false;
    for (int i = 0; i < s->count; i++) {
      if (!drawable(&l->x, series_x(s, i)) || !drawable(&l->y, s->y[i])) {
        down = false;
        continue;
      }
      double x = at_x(l, series_x(s, i)), y = at_y(l, s->y[i]);
      if (down)
        cairo_line_to(cr, x, y);
      else
        cairo_move_to(cr, x, y);
      down = true;
    }
    wd_pen_colour_alpha(pen, colour, series_alpha(s));
    cairo_set_line_width(cr, width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    set_dash(pen, s->dash, width);
    cairo_stroke(cr);
  }
  /* Markers closer than their size would be a smear: every n-th then. */
  if (s->marker == WD_MARKER_NONE) return;
  double radius = 0.27 * pen->style.size,
         spacing = s->count > 1 ? l->plot.width / (s->count - 1) : l->plot.width;
  int every = spacing < 2.6 * radius ? (int)ceil(2.6 * radius / spacing) : 1;
  for (int i = 0; i < s->count; i += every)
    if (drawable(&l->x, series_x(s, i)) && drawable(&l->y, s->y[i]))
      draw_marker(pen, s->marker, at_x(l, series_x(s, i)), at_y(l, s->y[i]), radius, colour, series_alpha(s));
}

static void draw_band(wd_pen *pen, const wd_curve_layout *l, const wd_band *b) {
  uint32_t colour = b->colour > 0 ? wd_curve_colour(&pen->style, b->colour) : pen->theme->dim;
  cairo_t *cr = pen->cr;
  wd_pen_colour_alpha(pen, colour, 0.18);
  if (!b->x) {
    if (!drawable(&l->y, b->lo[0]) || !drawable(&l->y, b->hi[0])) return;
    double y0 = at_y(l, b->hi[0]), y1 = at_y(l, b->lo[0]);
    cairo_rectangle(cr, l->plot.x, y0, l->plot.width, y1 - y0);
    cairo_fill(cr);
    return;
  }
  for (int i = 0; i < b->count;) { /* every run without a gap is one polygon */
    int from = i;
    while (i < b->count && drawable(&l->x, b->x[i]) && drawable(&l->y, b->lo[i]) && drawable(&l->y, b->hi[i]))
      i++;
    for (int k = from; k < i; k++) cairo_line_to(cr, at_x(l, b->x[k]), at_y(l, b->hi[k]));
    for (int k = i - 1; k >= from; k--) cairo_line_to(cr, at_x(l, b->x[k]), at_y(l, b->lo[k]));
    cairo_close_path(cr);
    if (i == from) i++;
  }
  cairo_fill(cr);
}

static uint32_t reference_colour(const wd_pen *pen, const wd_reference *r) {
  return r->colour > 0 ? wd_curve_colour(&pen->style, r->colour) : pen->theme->ink;
}

/* Labels at the height of their lines, pushed apart where they would touch. */
static void draw_reference_labels(wd_pen *pen, const wd_panel_metric *m, const wd_curve *c,
                                  const wd_curve_layout *l) {
  int order[WD_CURVE_REFERENCES], n = 0;
  double place[WD_CURVE_REFERENCES];
  for (int i = 0; i < c->n_references; i++) {
    const wd_reference *r = &c->reference[i];
    if (!named(r->label) || !drawable(&l->y, r->y)) continue;
    double y = at_y(l, r->y);
    if (y < l->plot.y - 0.5 || y > l->plot.y + l->plot.height + 0.5) continue;
    int k = n++;
    for (; k > 0 && at_y(l, c->reference[order[k - 1]].y) > y; k--) order[k] = order[k - 1];
    order[k] = i;
  }
  double step = m->small_line * 0.98, floor_y = l->plot.y + l->plot.height;
  for (int k = 0; k < n; k++) {
    place[k] = at_y(l, c->reference[order[k]].y);
    if (k > 0) place[k] = fmax(place[k], place[k - 1] + step);
  }
  for (int k = n - 1; k >= 0; k--) { /* nothing below the plot; those above make room */
    place[k] = fmin(place[k], floor_y);
    floor_y = place[k] - step;
  }
  for (int k = 0; k < n; k++) {
    const wd_reference *r = &c->reference[order[k]];
    double x = l->plot.x + l->plot.width + 0.5 * m->size;
    wd_type type = {.size = m->small, .colour = reference_colour(pen, r), .room = l->width - x};
    if (type.room > 1.5 * m->size) wd_pen_text(pen, &type, x, place[k] + 0.36 * m->small, 0, r->label);
  }
}

/* In the line of the ticks: right of the plot, or left of it, where there is room. */
static void brief_title(wd_pen *pen, const wd_panel_metric *m, const wd_curve *c, const wd_curve_layout *l) {
  char text[80], own[160];
  const char *label = wd_units_label(&pen->style.units, c->x.dimension, c->x.label, own, sizeof own);
  if (!label || c->no_x_text) return;
  snprintf(text, sizeof text, "%.*s", (int)strcspn(label, ","), label);
  wd_type type = {.size = m->small, .colour = pen->theme->dim};
  double width, right = l->plot.x + l->plot.width + 1.2 * m->size, /* beyond half of the last number */
      y = l->plot.y + l->plot.height + wd_pen_hair(pen, m->hair) + m->tick + m->gap + m->small_ascent;
  wd_pen_measure(pen, &type, text, &width, NULL, NULL);
  if (right + width <= l->width)
    wd_pen_text(pen, &type, right, y, 0, text);
  else if (width + m->size <= l->plot.x)
    wd_pen_text(pen, &type, l->plot.x - m->size, y, 1, text);
}

static void draw_axes(wd_pen *pen, const wd_panel_metric *m, const wd_curve *c, const wd_curve_layout *l) {
  wd_tick tick[WD_TICKS_MAX];
  double widest;
  const wd_rect *r = &l->plot;
  wd_type type = {.size = m->small, .colour = pen->theme->ink};
  int count = wd_panel_fit_ticks(pen, m, &l->x, r->width, false, 1.2 * m->size, tick, &widest);
  double y0 = r->y + r->height + wd_pen_hair(pen, m->hair);
  for (int i = 0; i < count; i++) {
    double x = at_x(l, tick[i].value);
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_vertical(pen, x, y0, y0 + (tick[i].major ? m->tick : m->minor), m->hair, 0);
    if (tick[i].major && !c->no_x_text)
      wd_pen_text(pen, &type, x, y0 + m->tick + m->gap + m->small_ascent, 0.5, tick[i].text);
  }
  if (c->brief) brief_title(pen, m, c, l);
  wd_axis up = {l->y.hi, l->y.lo, l->y.log, .dimension = l->y.dimension};
  count = wd_panel_fit_ticks(pen, m, &up, r->height, true, 0, tick, &widest);
  double x0 = r->x - wd_pen_hair(pen, m->hair);
  for (int i = 0; i < count; i++) {
    double y = at_y(l, tick[i].value), length = tick[i].major ? m->tick : m->minor;
    if (tick[i].major) {
      wd_pen_colour(pen, pen->theme->grid);
      wd_pen_horizontal(pen, r->x, r->x + r->width, y, m->hair, 0);
    }
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_horizontal(pen, x0 - length, x0, y, m->hair, 0);
    if (tick[i].major) wd_pen_text(pen, &type, x0 - m->tick - m->gap, y + 0.36 * m->small, 1, tick[i].text);
  }
  wd_type label = {.size = m->size, .colour = pen->theme->ink, .room = r->height};
  if (c->y.label) {
    char unit[40], own[160], shorter[160];
    wd_type whole = {.size = m->size};
    const wd_units *units = &pen->style.units;
    const char *all = wd_units_label(units, c->y.dimension, c->y.label, own, sizeof own),
               *brief = wd_units_label(units, c->y.dimension, c->y_brief, shorter, sizeof shorter);
    const char *title = wd_panel_label(pen, &whole, all, r->height, unit, sizeof unit);
    if (title != all && brief) title = wd_panel_label(pen, &whole, brief, r->height, unit, sizeof unit);
    wd_pen_text_up(pen, &label, r->x - l->left + m->ascent, r->y + r->height / 2, title);
  }
  label.room = r->width;
  if (c->x.label && !c->brief && !c->no_x_text) {
    char own[160];
    const char *title = wd_units_label(&pen->style.units, c->x.dimension, c->x.label, own, sizeof own);
    double width;
    wd_pen_measure(pen, &label, title, &width, NULL, NULL);
    wd_pen_text(pen, &label, r->x + (r->width - width) / 2,
                r->y + r->height + m->tick + m->gap + m->small_line + 0.2 * m->size + m->ascent, 0, title);
  }
}

static int legend(wd_pen *pen, const wd_panel_metric *m, const wd_curve *c, double width, double x0,
                  double y0, bool draw) {
  double x = 0, sample = legend_sample(m);
  int line = 0, entries = 0;
  for (int k = 0; k < c->n_series + c->n_bands; k++) {
    bool is_series = k < c->n_series;
    const wd_band *b = is_series ? NULL : &c->band[k - c->n_series];
    const char *name = named(is_series ? c->series[k].name : b->name);
    if (!name) continue;
    wd_type type = {.size = m->small, .colour = pen->theme->ink, .room = width - sample - 0.45 * m->size};
    if (type.room < m->size) return 0;
    double w;
    wd_pen_measure(pen, &type, name, &w, NULL, NULL);
    double whole = sample + 0.45 * m->size + w;
    if (x > 0 && x + whole > width) {
      x = 0;
      line++;
    }
    if (draw) {
      double base = y0 + line * m->small_line + m->small_ascent, middle = base - 0.36 * m->small;
      if (is_series) {
        const wd_series *s = &c->series[k];
        uint32_t colour = series_colour(pen, c, k);
        if (s->dash != WD_DASH_NONE) {
          wd_pen_colour_alpha(pen, colour, series_alpha(s));
          cairo_set_line_width(pen->cr, series_width(pen, s));
          set_dash(pen, s->dash, series_width(pen, s));
          cairo_move_to(pen->cr, x0 + x, middle);
          cairo_rel_line_to(pen->cr, sample, 0);
          cairo_stroke(pen->cr);
        }
        if (s->marker != WD_MARKER_NONE)
          draw_marker(pen, s->marker, x0 + x + sample / 2, middle, 0.27 * m->size, colour, series_alpha(s));
      } else {
        wd_pen_colour_alpha(pen, b->colour > 0 ? wd_curve_colour(&pen->style, b->colour) : pen->theme->dim,
                            0.25);
        cairo_rectangle(pen->cr, x0 + x, middle - 0.35 * m->size, sample, 0.7 * m->size);
        cairo_fill(pen->cr);
      }
      wd_pen_text(pen, &type, x0 + x + sample + 0.45 * m->size, base, 0, name);
    }
    x += whole + 1.2 * m->size;
    entries++;
  }
  return entries > 0 ? line + 1 : 0;
}

void wd_curve_draw(const wd_curve *c, const wd_style *style, const wd_curve_layout *l, cairo_t *cr,
                   wd_text_log *log) {
  wd_pen pen;
  wd_pen_open(&pen, cr, style, log);
  wd_panel_metric m = wd_panel_measure(&pen);
  cairo_save(cr);
  wd_type bold = {.size = m.size, .weight = WD_BOLD, .colour = pen.theme->ink, .room = l->width};
  wd_type plain = {.size = m.size, .colour = pen.theme->dim};
  double x = 0;
  if (c->title) x += wd_pen_text(&pen, &bold, 0, m.ascent, 0, c->title) + 0.7 * m.size;
  plain.room = l->width - x;
  if (c->source && plain.room > 3 * m.size) wd_pen_text(&pen, &plain, x, m.ascent, 0, c->source);
  if (l->legend > 0) legend(&pen, &m, c, l->width - l->left, l->plot.x, l->plot.y - l->legend, true);

  draw_axes(&pen, &m, c, l);
  cairo_save(cr);
  cairo_rectangle(cr, l->plot.x, l->plot.y, l->plot.width, l->plot.height);
  cairo_clip(cr);
  cairo_new_path(cr);
  for (int k = 0; k < c->n_bands; k++) draw_band(&pen, l, &c->band[k]);
  for (int k = 0; k < c->n_references; k++) {
    const wd_reference *r = &c->reference[k];
    if (!drawable(&l->y, r->y) || r->dash == WD_DASH_NONE) continue;
    wd_pen_colour(&pen, reference_colour(&pen, r));
    double width = wd_pen_hair(&pen, 0.09 * m.size), y = at_y(l, r->y);
    cairo_set_line_width(cr, width);
    set_dash(&pen, r->dash, 1.3 * width);
    cairo_move_to(cr, l->plot.x, y);
    cairo_line_to(cr, l->plot.x + l->plot.width, y);
    cairo_stroke(cr);
  }
  for (int k = 0; k < c->n_series; k++) draw_series(&pen, c, l, k);
  cairo_restore(cr);
  wd_pen_colour(&pen, pen.theme->frame);
  wd_pen_frame(&pen, &l->plot, m.hair);
  draw_reference_labels(&pen, &m, c, l);
  cairo_restore(cr);
  wd_pen_close(&pen);
}

bool wd_curve_pick(const wd_curve *c, const wd_curve_layout *l, double x, double y, double reach, int *series,
                   int *index) {
  double best = reach * reach;
  bool found = false;
  for (int k = 0; k < c->n_series; k++) {
    const wd_series *s = &c->series[k];
    for (int i = 0; i < s->count; i++) {
      if (!drawable(&l->x, series_x(s, i)) || !drawable(&l->y, s->y[i])) continue;
      double dx = at_x(l, series_x(s, i)) - x, dy = at_y(l, s->y[i]) - y, d = dx * dx + dy * dy;
      if (d > best) continue;
      best = d;
      *series = k;
      *index = i;
      found = true;
    }
  }
  return found;
}
