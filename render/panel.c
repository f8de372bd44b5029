/* Drawing of panels. */
#include "render/panel_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Half way to white: under wiggles, so that they can be read. */
static void wash(const uint32_t table[256], uint32_t out[256]) {
  for (int i = 0; i < 256; i++) {
    out[i] = 0xff000000u;
    for (int shift = 0; shift < 24; shift += 8)
      out[i] |= (((table[i] >> shift & 255) * 9 + 255 * 11 + 10) / 20) << shift;
  }
}

static const uint32_t *colours(const wd_panel *p, uint32_t washed[256]) {
  if (p->mode != WD_PANEL_DENSITY_WIGGLE) return wd_colormap_tables[p->colormap];
  wash(wd_colormap_tables[p->colormap], washed);
  return washed;
}

/* Colours that fade towards the middle of the range: quickly at first, so that weak waves are seen. */
static void overlay_table(const wd_overlay *o, uint32_t table[256]) {
  double most = o->opacity > 0 ? fmin(o->opacity, 1) : 0.9;
  for (int i = 0; i < 256; i++) {
    double away = fabs(2 * (i + 0.5) / 256 - 1);
    uint32_t alpha = (uint32_t)lround(255 * most * pow(away, 0.6));
    if (i == 127 || i == 128) alpha = 0;
    table[i] = (wd_colormap_tables[o->colormap][i] & 0xffffffu) | alpha << 24;
  }
}

static wd_wiggle wiggle_of(const wd_pen *pen, const wd_panel *p, const wd_panel_layout *l, double width) {
  static const wd_fill fill[] = {[WD_PANEL_DENSITY] = WD_FILL_NONE,
                                 [WD_PANEL_WIGGLE] = WD_FILL_NONE,
                                 [WD_PANEL_AREA] = WD_FILL_POSITIVE,
                                 [WD_PANEL_AREA_NEGATIVE] = WD_FILL_NEGATIVE,
                                 [WD_PANEL_DENSITY_WIGGLE] = WD_FILL_NONE};
  /* Colours are the same in both themes, and so are the lines over them. */
  uint32_t ink = p->mode == WD_PANEL_DENSITY_WIGGLE ? 0x1b1d21 : pen->theme->ink;
  return (wd_wiggle){.excursion = p->excursion,
                     .width = width,
                     .fill = fill[p->mode],
                     .every = l->every,
                     .line = ink,
                     .positive = ink,
                     .negative = ink};
}

/* An image surface painted over r without interpolation. */
static void paint(wd_pen *pen, cairo_surface_t *surface, const wd_rect *r, bool exact) {
  cairo_t *cr = pen->cr;
  cairo_surface_mark_dirty(surface);
  cairo_save(cr);
  cairo_translate(cr, r->x, r->y);
  cairo_scale(cr, r->width / cairo_image_surface_get_width(surface),
              r->height / cairo_image_surface_get_height(surface));
  cairo_set_source_surface(cr, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cr), exact ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
  cairo_rectangle(cr, 0, 0, cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface));
  cairo_fill(cr);
  cairo_restore(cr);
}

static wd_image image_of(cairo_surface_t *surface) {
  return (wd_image){cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface),
                    cairo_image_surface_get_stride(surface) / 4,
                    (uint32_t *)(void *)cairo_image_surface_get_data(surface)};
}

/* Pixels of the image that stands for r. */
static void image_size(const wd_pen *pen, const wd_panel *p, const wd_view *v, bool blended, const wd_rect *r,
                       int *width, int *height) {
  double w = r->width * pen->style.scale, h = r->height * pen->style.scale;
  bool whole = v->row0 == 0 && v->row1 == p->rows && v->column0 == 0 && v->column1 == p->columns;
  if (pen->style.medium != WD_MEDIUM_RASTER && whole && !p->smooth && !blended) {
    /* Cell by cell; in SVG enlarged by whole numbers to at least the resolution of the figure. */
    bool svg = pen->style.medium == WD_MEDIUM_SVG;
    w = p->columns * (svg ? fmax(1, ceil(w / p->columns)) : 1);
    h = p->rows * (svg ? fmax(1, ceil(h / p->rows)) : 1);
  }
  *width = (int)fmax(1, round(w));
  *height = (int)fmax(1, round(h));
}

static bool raster(wd_pen *pen, const wd_panel *p, const wd_panel_layout *l, const wd_facet *facet,
                   const wd_image *image, bool lines) {
  wd_field field = {facet->value, p->rows, p->columns};
  wd_view view = wd_view_of(&p->view, &field);
  bool drawn = true;
  uint32_t washed[256];
  if (p->mode == WD_PANEL_DENSITY || p->mode == WD_PANEL_DENSITY_WIGGLE)
    drawn = wd_raster_field(image, &field, &view, &p->range, colours(p, washed), p->smooth,
                            0xff000000u | pen->theme->missing);
  else
    for (int y = 0; y < image->height; y++)
      for (int x = 0; x < image->width; x++)
        image->pixel[(size_t)y * (size_t)image->stride + (size_t)x] = 0xff000000u | pen->theme->paper;
  if (facet->overlay && drawn) {
    wd_field over = {facet->overlay->value, p->rows, p->columns};
    uint32_t table[256];
    overlay_table(facet->overlay, table);
    drawn = wd_raster_blend(image, &over, &view, &facet->overlay->range, table, facet->overlay->smooth);
  }
  if (lines) {
    wd_wiggle w = wiggle_of(pen, p, l, fmax(0.7, 0.045 * pen->style.size * pen->style.scale));
    drawn = drawn && wd_raster_wiggle(image, &field, &view, &p->range, &w);
  }
  return drawn;
}

bool wd_panel_raster(const wd_panel *p, const wd_style *style, const wd_panel_layout *l, int facet,
                     const wd_image *image) {
  wd_pen pen = {.style = wd_style_of(style)}; /* no text: no layout either */
  pen.theme = wd_style_theme(&pen.style);
  return raster(&pen, p, l, &p->facet[facet], image, p->mode != WD_PANEL_DENSITY);
}

void wd_panel_colours(const wd_panel *p, uint32_t table[256]) {
  uint32_t washed[256];
  memcpy(table, colours(p, washed), sizeof washed);
}

static void draw_picture(wd_pen *pen, const wd_panel *p, const wd_panel_layout *l, const wd_facet *facet,
                         const wd_rect *r) {
  wd_field field = {facet->value, p->rows, p->columns};
  wd_view view = wd_view_of(&p->view, &field);
  bool density = p->mode == WD_PANEL_DENSITY || p->mode == WD_PANEL_DENSITY_WIGGLE;
  bool lines = p->mode != WD_PANEL_DENSITY, pixels = pen->style.medium == WD_MEDIUM_RASTER;
  if (density || pixels) {
    int width, height;
    const bool blended = facet->overlay && facet->overlay->smooth;
    image_size(pen, p, &view, blended, r, &width, &height);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    bool drawn = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    if (drawn) {
      wd_image image = image_of(surface);
      drawn = raster(pen, p, l, facet, &image, lines && pixels);
    }
    if (!drawn && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
      cairo_surface_destroy(surface);
      surface =
          cairo_image_surface_create(CAIRO_FORMAT_RGB24, -1, -1); /* in error, and so is the context then */
    }
    paint(pen, surface, r, !p->smooth || pixels); /* an error goes over to the context */
    cairo_surface_destroy(surface);
  }
  if (lines && !pixels) {
    wd_wiggle w = wiggle_of(pen, p, l, 0.045 * pen->style.size);
    wd_wiggle_path(pen->cr, r->x, r->y, r->width, r->height, &field, &view, &p->range, &w);
  }
}

static void star(cairo_t *cr, double x, double y, double radius) {
  for (int k = 0; k < 10; k++) {
    double a = -G_PI / 2 + k * G_PI / 5, d = k % 2 ? 0.45 * radius : radius;
    if (k == 0)
      cairo_move_to(cr, x + d * cos(a), y + d * sin(a));
    else
      cairo_line_to(cr, x + d * cos(a), y + d * sin(a));
  }
  cairo_close_path(cr);
}

static void draw_marks(wd_pen *pen, const wd_panel *p, const wd_facet *facet, const wd_rect *r) {
  if (facet->receivers <= 0 && facet->sources <= 0) return;
  cairo_t *cr = pen->cr;
  double s = pen->style.size;
  wd_axis x = wd_panel_x_axis(p), y = wd_panel_y_axis(p);
  cairo_save(cr);
  cairo_rectangle(cr, r->x, r->y, r->width, r->height);
  cairo_clip(cr);
  /* A receiver is a small triangle that points down at its place; where they stand close, a tick. */
  double spacing = facet->receivers > 1 ? r->width / facet->receivers : r->width;
  double side = fmin(0.5 * s, 0.9 * spacing);
  for (int i = 0; i < facet->receivers; i++) {
    double px = r->x + wd_axis_place(&x, facet->receiver[i].x) * r->width;
    double py = r->y + wd_axis_place(&y, facet->receiver[i].y) * r->height;
    cairo_move_to(cr, px, py);
    cairo_rel_line_to(cr, -side / 2, -side * 0.85);
    cairo_rel_line_to(cr, side, 0);
    cairo_close_path(cr);
  }
  wd_pen_colour_alpha(pen, 0xffffff, 0.85);
  cairo_fill(cr);
  cairo_restore(cr); /* a star on the edge stays whole */
  double radius = fmin(0.55 * s, 0.035 * r->width);
  for (int i = 0; i < facet->sources; i++) {
    double px = r->x + wd_axis_place(&x, facet->source[i].x) * r->width;
    double py = r->y + wd_axis_place(&y, facet->source[i].y) * r->height;
    if (px < r->x || px > r->x + r->width || py < r->y || py > r->y + r->height) continue;
    star(cr, px, py, radius);
    wd_pen_colour(pen, 0xffffff);
    cairo_set_line_width(cr, 0.28 * radius);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(cr);
    wd_pen_colour(pen, 0xc81e3c);
    cairo_fill(cr);
  }
}

static void trace_stroke(cairo_t *cr, const wd_panel *p, const wd_stroke *s, const wd_rect *r, double size) {
  bool down = false;
  for (int i = 0; i < s->points; i++) {
    if (!isfinite(s->point[i].x) || !isfinite(s->point[i].y)) {
      down = false;
      continue;
    }
    wd_mark at = wd_panel_to_place(p, r, s->point[i]);
    if (s->kind == WD_STROKE_CIRCLES) {
      cairo_new_sub_path(cr);
      cairo_arc(cr, at.x, at.y, 0.22 * size, 0, 2 * G_PI);
    } else if (s->kind == WD_STROKE_CROSSES) {
      double a = 0.2 * size;
      cairo_move_to(cr, at.x - a, at.y - a);
      cairo_rel_line_to(cr, 2 * a, 2 * a);
      cairo_move_to(cr, at.x - a, at.y + a);
      cairo_rel_line_to(cr, 2 * a, -2 * a);
    } else if (down) {
      cairo_line_to(cr, at.x, at.y);
    } else {
      cairo_move_to(cr, at.x, at.y);
    }
    down = true;
  }
}

/* The head of an arrow, in units of the page: axes differ in scale. */
static void arrow_head(cairo_t *cr, const wd_panel *p, const wd_stroke *s, const wd_rect *r, double size) {
  if (s->points < 2) return;
  wd_mark to = wd_panel_to_place(p, r, s->point[s->points - 1]), from = wd_panel_to_place(p, r, s->point[0]);
  double angle = atan2(to.y - from.y, to.x - from.x), length = 1.1 * size;
  for (int side = -1; side <= 1; side += 2) {
    cairo_move_to(cr, to.x - length * cos(angle + side * 0.45), to.y - length * sin(angle + side * 0.45));
    cairo_line_to(cr, to.x, to.y);
  }
}

/* Words hold on every picture by a ground of the opposite lightness. Those that would leave it move in. */
static void draw_text(wd_pen *pen, const wd_panel *p, const wd_stroke *s, const wd_rect *r) {
  double size = pen->style.size, width, ascent, height, pad = 0.3 * size;
  if (!s->text || s->points < 1) return;
  wd_type type = {.size = 1.05 * size, .weight = WD_BOLD, .colour = s->colour, .room = r->width - 2 * pad};
  wd_mark at = wd_panel_to_place(p, r, s->point[0]);
  wd_pen_measure(pen, &type, s->text, &width, &ascent, &height);
  double x = fmin(at.x, r->x + r->width - width - 2 * pad),
         y = fmin(at.y, r->y + r->height - height - 2 * pad);
  if (at.x < r->x || at.y < r->y || at.x > r->x + r->width || at.y > r->y + r->height)
    return; /* zoomed away */
  x = fmax(x, r->x);
  y = fmax(y, r->y);
  cairo_rectangle(pen->cr, x, y, width + 2 * pad, height + 2 * pad);
  wd_pen_colour_alpha(pen, wd_colour_lightness(s->colour) > 55 ? 0x000000 : 0xffffff, 0.68);
  cairo_fill(pen->cr);
  wd_pen_text(pen, &type, x + pad, y + pad + ascent, 0, s->text);
}

static void draw_strokes(wd_pen *pen, const wd_panel *p, const wd_facet *facet, const wd_rect *r) {
  cairo_t *cr = pen->cr;
  double size = pen->style.size;
  for (int i = 0; i < facet->strokes; i++) {
    const wd_stroke *s = &facet->stroke[i];
    if (s->kind == WD_STROKE_TEXT) {
      draw_text(pen, p, s, r);
      continue;
    }
    double width = (s->width > 0 ? s->width : 0.14) * size, dash[] = {0.5 * size, 0.4 * size};
    cairo_save(cr);
    cairo_rectangle(cr, r->x, r->y, r->width, r->height);
    cairo_clip(cr);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, s->kind == WD_STROKE_ARROW ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
    trace_stroke(cr, p, s, r, size);
    if (s->kind == WD_STROKE_ARROW) arrow_head(cr, p, s, r, size);
    wd_pen_colour_alpha(pen, wd_colour_lightness(s->colour) > 55 ? 0x000000 : 0xffffff, 0.6);
    cairo_set_line_width(cr, 2.2 * width);
    cairo_stroke_preserve(cr);
    if (s->kind == WD_STROKE_DASHED) cairo_set_dash(cr, dash, 2, 0);
    wd_pen_colour(pen, s->colour);
    cairo_set_line_width(cr, width);
    cairo_stroke(cr);
    cairo_restore(cr);
  }
}

static void draw_note(wd_pen *pen, const wd_panel_metric *m, const char *note, const wd_rect *r) {
  double width, pad = 0.45 * m->size;
  wd_type type = {.size = 1.15 * m->size, .weight = WD_BOLD, .colour = pen->theme->ink};
  wd_pen_measure(pen, &type, note, &width, NULL, NULL);
  double line = 1.15 * m->line, ascent = 1.15 * m->ascent;
  wd_rect plate = {r->x + 0.5 * m->size, r->y + r->height - 0.5 * m->size - line - pad, width + 2 * pad,
                   line + pad};
  if (plate.width > r->width - m->size || plate.height > r->height - m->size) return;
  wd_pen_rounded(pen, &plate, 0.35 * m->size);
  wd_pen_colour_alpha(pen, pen->theme->paper, 0.82);
  cairo_fill(pen->cr);
  wd_pen_text(pen, &type, plate.x + pad, plate.y + pad / 2 + ascent, 0, note);
}

static void draw_crosshair(wd_pen *pen, const wd_panel *p, const wd_rect *r) {
  if (!p->crosshair) return;
  wd_axis x = wd_panel_x_axis(p), y = wd_panel_y_axis(p);
  double px = r->x + wd_axis_place(&x, p->cross_x) * r->width,
         py = r->y + wd_axis_place(&y, p->cross_y) * r->height;
  double hair = pen->style.size * 0.09;
  for (int pass = 0; pass < 2; pass++) { /* a dark halo under a light line: visible on every colour */
    wd_pen_colour_alpha(pen, pass ? 0xffffff : 0x000000, pass ? 0.95 : 0.45);
    double w = pass ? hair : 3 * hair;
    if (px >= r->x && px <= r->x + r->width) wd_pen_vertical(pen, px, r->y, r->y + r->height, w, 0);
    if (py >= r->y && py <= r->y + r->height) wd_pen_horizontal(pen, r->x, r->x + r->width, py, w, 0);
  }
}

static void draw_x_axis(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_panel_layout *l,
                        const wd_rect *r, bool last) {
  wd_tick tick[WD_TICKS_MAX];
  double end = r->x;
  double widest,
      slack = l->columns > 1 ? 0.3 * fmin(m->facet_gap, l->step_x - l->first.width) : fmax(l->left, 0) * 0.9;
  if (l->columns == 1) slack = fmin(slack, 1.2 * m->size);
  wd_axis axis = wd_panel_x_axis(p);
  int count = wd_panel_fit_ticks(pen, m, &axis, r->width, false, slack, tick, &widest);
  wd_type type = {.size = m->small, .colour = pen->theme->ink};
  double y0 = r->y + r->height + wd_pen_hair(pen, m->hair);
  for (int i = 0; i < count; i++) {
    double x = r->x + wd_axis_place(&axis, tick[i].value) * r->width;
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_vertical(pen, x, y0, y0 + (tick[i].major ? m->tick : m->minor), m->hair, 0);
    if (tick[i].major) {
      double wide = wd_pen_text(pen, &type, x, y0 + m->tick + m->gap + m->small_ascent, 0.5, tick[i].text);
      end = x + wide / 2;
    }
  }
  char unit[40], own[160];
  const char *label = wd_units_label(&pen->style.units, p->x.dimension, p->x.label, own, sizeof own);
  if (!p->brief || !last || !*wd_panel_unit(label, unit, sizeof unit)) return;
  type.colour = pen->theme->dim;
  type.room = l->width - end - 0.4 * m->small;
  if (type.room > m->small)
    wd_pen_text(pen, &type, end + 0.4 * m->small, y0 + m->tick + m->gap + m->small_ascent, 0, unit);
}

static void draw_y_axis(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_rect *r) {
  wd_tick tick[WD_TICKS_MAX];
  double widest;
  wd_axis axis = wd_panel_y_axis(p);
  int count = wd_panel_fit_ticks(pen, m, &axis, r->height, true, 0, tick, &widest);
  wd_type type = {.size = m->small, .colour = pen->theme->ink};
  double x0 = r->x - wd_pen_hair(pen, m->hair), drop = 0.36 * m->small; /* half the height of a digit */
  for (int i = 0; i < count; i++) {
    double y = r->y + wd_axis_place(&axis, tick[i].value) * r->height;
    double length = tick[i].major ? m->tick : m->minor;
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_horizontal(pen, x0 - length, x0, y, m->hair, 0);
    if (tick[i].major) wd_pen_text(pen, &type, x0 - m->tick - m->gap, y + drop, 1, tick[i].text);
  }
}

/* Quantity, and how the range was chosen; false where the bar is too short for both: then the quantity, or
 * its unit, stands at the bar and the range in the line of the x axis' label. */
static bool bar_label(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, double height, char *out,
                      size_t size) {
  const wd_panel_bar bar = wd_panel_bar_of(p);
  char own[160];
  const char *quantity = wd_units_label(&pen->style.units, bar.dimension, bar.quantity, own, sizeof own);
  if (!quantity) quantity = "";
  snprintf(out, size, "%s%s%s", quantity, *quantity && bar.range->text[0] ? " · " : "", bar.range->text);
  wd_type up = {.size = m->size};
  double width;
  wd_pen_measure(pen, &up, out, &width, NULL, NULL);
  if (width <= height) return true;
  char whole[160];
  snprintf(whole, sizeof whole, "%s", out);
  const size_t name = *quantity ? strlen(quantity) : 0; /* whose own parentheses are its unit */
  wd_panel_shorten(whole + name, out + name, size - name);
  wd_pen_measure(pen, &up, out, &width, NULL, NULL);
  return width <= height;
}

static void draw_bar(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_rect *bar) {
  bool raster = pen->style.medium == WD_MEDIUM_RASTER;
  int height = raster ? (int)fmax(1, round(bar->height * pen->style.scale)) : 256;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, height);
  if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
    wd_image image = image_of(surface);
    uint32_t washed[256];
    const wd_panel_bar of = wd_panel_bar_of(p);
    const uint32_t *table = of.overlay ? wd_colormap_tables[of.colormap] : colours(p, washed);
    for (int y = 0; y < height; y++)
      image.pixel[(size_t)y * (size_t)image.stride] =
          table[height > 1 ? 255 - (y * 255 + (height - 1) / 2) / (height - 1) : 128];
  }
  paint(pen, surface, bar, true);
  cairo_surface_destroy(surface);
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_frame(pen, bar, m->hair);

  wd_tick tick[WD_TICKS_MAX];
  double widest;
  const wd_panel_bar of = wd_panel_bar_of(p);
  wd_axis axis = {of.range->hi, of.range->lo, .dimension = of.dimension};
  int count = wd_panel_fit_ticks(pen, m, &axis, bar->height, true, 0, tick, &widest);
  wd_type type = {.size = m->small, .colour = pen->theme->ink};
  double x0 = bar->x + bar->width + wd_pen_hair(pen, m->hair), drop = 0.36 * m->small;
  for (int i = 0; i < count; i++) {
    if (!tick[i].major) continue;
    double y = bar->y + wd_axis_place(&axis, tick[i].value) * bar->height;
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_horizontal(pen, x0, x0 + m->tick, y, m->hair, 0);
    wd_pen_text(pen, &type, x0 + m->tick + m->gap, y + drop, 0, tick[i].text);
  }
  char label[160], unit[40], own[160];
  const char *quantity = wd_units_label(&pen->style.units, of.dimension, of.quantity, own, sizeof own);
  if (p->brief >= 2) {
    double width;
    type.colour = pen->theme->dim;
    if (!*wd_panel_unit(quantity, unit, sizeof unit) || p->no_axes) return;
    wd_pen_measure(pen, &type, unit, &width, NULL, NULL);
    if (width <= bar->width + m->tick + m->gap + widest + 0.5 * m->bar_gap)
      wd_pen_text(pen, &type, x0 + m->tick + m->gap + widest,
                  bar->y + bar->height + m->tick + m->gap + m->small_ascent, 1, unit);
    return;
  }
  wd_type up = {.size = m->size, .colour = pen->theme->ink};
  const char *fits = bar_label(pen, m, p, bar->height, label, sizeof label)
                         ? label
                         : wd_panel_label(pen, &up, quantity, bar->height, unit, sizeof unit);
  wd_pen_text_up(pen, &up, x0 + m->tick + m->gap + widest + 0.25 * m->size + m->ascent,
                 bar->y + bar->height / 2, fits);
}

static void draw_header(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, const wd_panel_layout *l) {
  wd_badges badges;
  double badges_width;
  wd_panel_badges(p, l->every, &badges);
  bool wraps = wd_panel_header_wraps(pen, m, p, &badges, l->width, &badges_width);
  wd_type bold = {.size = m->size, .weight = WD_BOLD, .colour = pen->theme->ink, .room = l->width};
  wd_type plain = {.size = m->size, .colour = pen->theme->dim};
  double x = 0, y = m->ascent;
  if (p->title) x += wd_pen_text(pen, &bold, 0, y, 0, p->title) + 0.7 * m->size;
  if (p->source) {
    plain.room = l->width - x - (wraps || badges.count == 0 ? 0 : badges_width + m->size);
    if (plain.room > 3 * m->size) wd_pen_text(pen, &plain, x, y, 0, p->source);
  }
  wd_type small = {.size = m->small, .colour = pen->theme->ink};
  double at = wraps || (!p->title && !p->source) ? 0 : l->width - badges_width;
  double base = wraps ? y + m->line + 0.25 * m->size : y;
  for (int i = 0; i < badges.count; i++) {
    double width, pad = 0.45 * m->size;
    small.room = l->width - at - 2 * pad + 0.1; /* rounding must not cut a text that fits */
    double needed;
    wd_pen_measure(pen, &(wd_type){.size = m->small}, badges.text[i], &needed, NULL, NULL);
    if (small.room < fmin(needed, 2 * m->size)) break; /* a narrow panel shows the first ones */
    wd_pen_measure(pen, &small, badges.text[i], &width, NULL, NULL);
    wd_rect box = {at, base - m->small_ascent - 0.08 * m->size, width + 2 * pad,
                   m->small_line + 0.16 * m->size};
    cairo_set_line_width(pen->cr, wd_pen_hair(pen, m->hair));
    wd_pen_rounded(pen, &box, 0.3 * m->size);
    small.colour = badges.text[i] == badges.own[0] || badges.text[i] == badges.own[1] ? pen->theme->dim
                                                                                      : pen->theme->warm;
    wd_pen_colour(pen, small.colour);
    cairo_stroke(pen->cr);
    wd_pen_text(pen, &small, at + pad, base, 0, badges.text[i]);
    at += box.width + pad;
  }
}

void wd_panel_draw(const wd_panel *p, const wd_style *style, const wd_panel_layout *l, cairo_t *cr,
                   wd_text_log *log) {
  wd_pen pen;
  wd_pen_open(&pen, cr, style, log);
  wd_panel_metric m = wd_panel_measure(&pen);
  cairo_save(cr);
  draw_header(&pen, &m, p, l);
  for (int i = 0; i < p->facets; i++) {
    wd_rect r = wd_panel_facet_rect(l, i);
    if (!p->no_pictures) draw_picture(&pen, p, l, &p->facet[i], &r);
    wd_panel_draw_ruler(&pen, &m, p, &p->facet[i], &r, i % l->columns == 0 && !p->no_axes);
    wd_pen_colour(&pen, pen.theme->frame);
    wd_pen_frame(&pen, &r, m.hair);
    draw_strokes(&pen, p, &p->facet[i], &r);
    draw_marks(&pen, p, &p->facet[i], &r);
    if (p->facet[i].note && *p->facet[i].note) draw_note(&pen, &m, p->facet[i].note, &r);
    draw_crosshair(&pen, p, &r);
    if (p->facet[i].caption && *p->facet[i].caption) {
      wd_type type = {.size = m.small, .colour = pen.theme->dim, .room = r.width};
      double width;
      const char *caption = p->facet[i].caption, *last = strrchr(caption, ' ');
      wd_type whole = {.size = m.small};
      wd_pen_measure(&pen, &whole, caption, &width, NULL, NULL);
      if (width > r.width && last && last[1] && !last[1 + strspn(last + 1, "0123456789")])
        caption = last + 1; /* "3" of "shot 3" */
      wd_pen_measure(&pen, &type, caption, &width, NULL, NULL);
      wd_pen_text(&pen, &type, r.x + (r.width - width) / 2,
                  r.y - wd_panel_ruler_room(&m, p) - 0.4 * m.size - (m.small_line - m.small_ascent) * 0.2, 0,
                  caption);
    }
    if (p->row_label && i % l->columns == 0 && p->row_label[i / l->columns]) {
      wd_type type = {.size = m.small, .colour = pen.theme->ink, .room = l->step_y};
      wd_pen_text_up(&pen, &type, r.x - 0.25 * m.size - (m.small_line - m.small_ascent), r.y + r.height / 2,
                     p->row_label[i / l->columns]);
    }
    if (p->no_axes) continue;
    if (i % l->columns == 0) draw_y_axis(&pen, &m, p, &r);
    if (i + l->columns >= p->facets) draw_x_axis(&pen, &m, p, l, &r, i == p->facets - 1);
  }
  double block_width = (l->columns - 1) * l->step_x + l->first.width;
  double block_height = (l->rows - 1) * l->step_y + l->first.height;
  if (!p->no_axes) {
    wd_type type = {.size = m.size, .colour = pen.theme->ink};
    char unit[40], own[160];
    const char *whole = wd_units_label(&pen.style.units, p->y.dimension, p->y.label, own, sizeof own);
    const char *label = wd_panel_label(&pen, &type, whole, block_height + 0.4 * m.size, unit, sizeof unit);
    wd_pen_text_up(&pen, &type, l->first.x - l->left + m.ascent, l->first.y + block_height / 2, label);
  }
  if (!p->no_axes && !p->brief) {
    wd_type type = {.size = m.size, .colour = pen.theme->ink};
    char unit[40], own[160];
    const char *whole = wd_units_label(&pen.style.units, p->x.dimension, p->x.label, own, sizeof own);
    double middle = l->first.x + block_width / 2;
    const char *label =
        wd_panel_label(&pen, &type, whole, 2 * fmin(middle, l->width - middle), unit, sizeof unit);
    wd_pen_text(&pen, &type, middle,
                l->first.y + block_height + m.tick + m.gap + m.small_line + 0.2 * m.size + m.ascent, 0.5,
                label);
    char both[160];
    const char *range_text = wd_panel_bar_of(p).range->text;
    if (p->x.label && l->bar.width > 0 && range_text[0] &&
        !bar_label(&pen, &m, p, l->bar.height, both, sizeof both)) {
      double taken;
      wd_pen_measure(&pen, &type, label, &taken, NULL, NULL);
      wd_type small = {.size = m.small, .colour = pen.theme->dim};
      small.room = l->width - middle - taken / 2 - m.size;
      double needed;
      char shorter[64];
      wd_pen_measure(&pen, &(wd_type){.size = m.small}, range_text, &needed, NULL, NULL);
      if (needed >= small.room) {
        wd_panel_shorten(range_text, shorter, sizeof shorter);
        range_text = shorter;
        wd_pen_measure(&pen, &(wd_type){.size = m.small}, range_text, &needed, NULL, NULL);
      }
      if (needed < small.room) small.room = 0;
      if (small.room == 0 || small.room > 4 * m.size)
        wd_pen_text(&pen, &small, l->width,
                    l->first.y + block_height + m.tick + m.gap + m.small_line + 0.2 * m.size + m.ascent, 1,
                    range_text);
    }
  }
  if (l->bar.width > 0) draw_bar(&pen, &m, p, &l->bar);
  cairo_restore(cr);
  wd_pen_close(&pen);
}
