#include "render/plane.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { ISO_MAX = 4096 };

void wd_plane_to_place(const wd_plane_layout *l, double u, double v, double *x, double *y) {
  double s = l->plot.width / (l->hi - l->lo);
  *x = l->plot.x + (u - l->lo) * s;
  *y = l->plot.y + l->plot.height - (v - l->lo) * s;
}

void wd_plane_to_value(const wd_plane_layout *l, double x, double y, double *u, double *v) {
  double s = (l->hi - l->lo) / l->plot.width;
  *u = l->lo + (x - l->plot.x) * s;
  *v = l->lo + (l->plot.y + l->plot.height - y) * s;
}

/* ---- arrangement */

static bool has_values(const wd_plane *p) {
  for (int i = 0; i < p->cells * p->cells; i++)
    if (p->state[i] == 1) return true;
  return false;
}

/* The range of the residuals: what there is, half a decade at least. */
static void find_range(const wd_plane *p, double *lo, double *hi) {
  *lo = *hi = 0;
  double a = INFINITY, b = 0;
  for (int i = 0; i < p->cells * p->cells; i++)
    if (p->state[i] == 1 && p->value[i] > 0 && isfinite(p->value[i])) {
      a = fmin(a, (double)p->value[i]);
      b = fmax(b, (double)p->value[i]);
    }
  if (!(b > 0)) return;
  double room = fmax(0, 0.5 - log10(b / a)) / 2;
  *lo = a * pow(10, -room);
  *hi = b * pow(10, room);
}

wd_status wd_plane_arrange(const wd_plane *p, const wd_style *style, double width, double height,
                           wd_plane_layout *out, wd_error *err) {
  wd_pen pen;
  wd_pen_open(&pen, NULL, style, NULL);
  double s = pen.style.size, ascent, line = wd_pen_line(&pen, s, &ascent);
  double left = 3.9 * s, bottom = 2.7 * s + (p->label_u ? 0.4 * s : 0),
         top = p->title ? line + 0.5 * s : 0.6 * s;
  bool bar = p->cells > 0 && has_values(p);
  double right = bar ? 6.1 * s : 0.8 * s;
  double side = fmin(width - left - right, height - top - bottom);
  wd_pen_close(&pen);
  if (!(side >= 4 * s)) return wd_fail(err, WD_ERR_ARGUMENT, "no room for a plane in %g x %g", width, height);
  side = floor(side);
  wd_plane_layout l = {.width = width, .height = height};
  l.plot = (wd_rect){floor(left + (width - left - right - side) / 2), ceil(top), side, side};
  l.lo = p->lo - p->step / 2;
  l.hi = p->hi + p->step / 2;
  if (bar) {
    find_range(p, &l.value_lo, &l.value_hi);
    l.bar = (wd_rect){l.plot.x + side + 0.9 * s, l.plot.y, 0.9 * s, side};
  }
  *out = l;
  return WD_OK;
}

/* ---- iso-lines */

/* Where the level is crossed between a and b. */
static double crossing(double a, double b, double level) {
  return (level - a) / (b - a);
}

int wd_plane_iso(int n, const float *value, double level, double (*segment)[4], int most) {
  int count = 0;
  double at = log(level);
  for (int j = 0; j + 1 < n; j++)
    for (int i = 0; i + 1 < n; i++) {
      const float raw[4] = {value[j * n + i], value[j * n + i + 1], value[(j + 1) * n + i + 1],
                            value[(j + 1) * n + i]};
      static const double x[4] = {0, 1, 1, 0}, y[4] = {0, 0, 1, 1};
      double z[4], cross[4][2], middle = 0;
      int crossed = 0;
      bool fine = true;
      for (int k = 0; k < 4; k++) {
        z[k] = raw[k] > 0 ? log((double)raw[k]) : NAN;
        fine = fine && isfinite(z[k]);
        middle += z[k] / 4;
      }
      if (!fine) continue;
      for (int k = 0; k < 4; k++) {
        int m = (k + 1) % 4;
        if ((z[k] < at) == (z[m] < at)) continue;
        double t = crossing(z[k], z[m], at);
        cross[crossed][0] = i + 0.5 + x[k] + t * (x[m] - x[k]);
        cross[crossed][1] = j + 0.5 + y[k] + t * (y[m] - y[k]);
        crossed++;
      }
      /* A saddle is cut as its middle says. */
      int from = crossed == 4 && (z[0] < at) == (middle < at) ? 3 : 0;
      for (int k = 0; k + 1 < crossed && count < most; k += 2) {
        const double *a = cross[(from + k) % 4], *b = cross[(from + k + 1) % 4];
        if (crossed == 2) a = cross[0], b = cross[1];
        memcpy(segment[count], a, 2 * sizeof(double));
        memcpy(segment[count] + 2, b, 2 * sizeof(double));
        count++;
      }
    }
  return count;
}

/* ---- ground */

static int pixels(const wd_pen *pen, double length) {
  return (int)fmax(1, round(length * (pen->style.scale > 0 ? pen->style.scale : 1)));
}

static void put_image(wd_pen *pen, cairo_surface_t *surface, double x, double y, double w, double h) {
  cairo_t *cr = pen->cr;
  cairo_save(cr);
  cairo_translate(cr, x, y);
  cairo_scale(cr, w / cairo_image_surface_get_width(surface), h / cairo_image_surface_get_height(surface));
  cairo_set_source_surface(cr, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
  cairo_paint(cr);
  cairo_restore(cr);
}

/* The value that stands for a cell: its own, or that of the nearest that a coarser pass has made. */
static float value_at(const wd_plane *p, int i, int j) {
  int n = p->cells;
  if (p->state[j * n + i] == 1) return p->value[j * n + i];
  if (p->state[j * n + i] == 2) return NAN;
  int first = 1;
  while (2 * first < n) first *= 2;
  for (int stride = 2; stride <= first; stride *= 2) {
    int offset = (n - 1) / 2 % stride;
    int best = -1;
    double least = INFINITY;
    for (int b = -1; b <= 1; b++)
      for (int a = -1; a <= 1; a++) {
        int x = (int)floor((double)(i - offset) / stride + 0.5 + a) * stride + offset;
        int y = (int)floor((double)(j - offset) / stride + 0.5 + b) * stride + offset;
        if (x < 0 || y < 0 || x >= n || y >= n || p->state[y * n + x] != 1) continue;
        double far = hypot(x - i, y - j);
        if (far >= least || far > 0.75 * stride) continue;
        least = far;
        best = y * n + x;
      }
    if (best >= 0) return p->value[best];
  }
  return NAN;
}

static void draw_residuals(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  int n = p->cells;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, n, n);
  if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    wd_range range = {.lo = log(l->value_lo), .hi = log(l->value_hi)};
    for (int j = 0; j < n; j++)
      for (int i = 0; i < n; i++) {
        float v = value_at(p, i, j);
        int level = v > 0 && isfinite(v) ? wd_range_level(&range, log((double)v)) : -1;
        uint32_t rgb = level < 0 ? p->state[j * n + i] == 2 ? pen->theme->missing : pen->theme->paper
                                 : wd_colormap_tables[WD_COLORMAP_VIRIDIS][level];
        memcpy(data + (size_t)(n - 1 - j) * (size_t)stride + 4 * (size_t)i, &rgb, 4);
      }
    cairo_surface_mark_dirty(surface);
    put_image(pen, surface, l->plot.x, l->plot.y, l->plot.width, l->plot.height);
  }
  cairo_surface_destroy(surface);
}

static void draw_iso(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  if (!(p->epsilon > 0)) return;
  double(*segment)[4] = malloc(ISO_MAX * sizeof *segment);
  float *value = malloc((size_t)p->cells * (size_t)p->cells * sizeof *value);
  cairo_t *cr = pen->cr;
  double cell = l->plot.width / p->cells;
  if (segment && value) {
    for (int i = 0; i < p->cells * p->cells; i++) value[i] = p->state[i] == 1 ? p->value[i] : NAN;
    int count = wd_plane_iso(p->cells, value, p->epsilon, segment, ISO_MAX);
    for (int halo = 1; halo >= 0; halo--) {
      for (int i = 0; i < count; i++) {
        cairo_move_to(cr, l->plot.x + segment[i][0] * cell,
                      l->plot.y + l->plot.height - segment[i][1] * cell);
        cairo_line_to(cr, l->plot.x + segment[i][2] * cell,
                      l->plot.y + l->plot.height - segment[i][3] * cell);
      }
      wd_pen_colour_alpha(pen, halo ? 0x000000 : 0xffffff, halo ? 0.7 : 1);
      cairo_set_line_width(cr, (halo ? 0.36 : 0.17) * pen->style.size);
      cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
      cairo_stroke(cr);
    }
  }
  free(segment);
  free(value);
}

static void draw_maps(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  bool over = l->value_hi > l->value_lo;
  double cell = l->plot.width * p->step / (l->hi - l->lo), size = floor(cell * (over ? 0.66 : 0.94));
  int side = pixels(pen, size);
  for (int k = 0; k < p->side * p->side; k++) {
    double x, y;
    wd_plane_to_place(l, p->lo + p->step * (k % p->side), p->lo + p->step * (k / p->side), &x, &y);
    x = wd_pen_snap(pen, x - size / 2);
    y = wd_pen_snap(pen, y - size / 2);
    wd_rect box = {x, y, size, size};
    if (!p->map[k]) {
      if (!over) {
        wd_pen_colour_alpha(pen, pen->theme->dim, 0.10);
        cairo_rectangle(pen->cr, x, y, size, size);
        cairo_fill(pen->cr);
      }
      continue;
    }
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
      cairo_surface_flush(surface);
      wd_image image = {side, side, cairo_image_surface_get_stride(surface) / 4,
                        (uint32_t *)(void *)cairo_image_surface_get_data(surface)};
      wd_field field = {p->map[k], p->rows, p->columns};
      wd_raster_field(&image, &field, &(wd_view){0}, &p->map_range, wd_colormap_tables[p->map_colours],
                      p->columns > side, pen->theme->missing);
      cairo_surface_mark_dirty(surface);
      put_image(pen, surface, x, y, size, size);
    }
    cairo_surface_destroy(surface);
    wd_pen_colour_alpha(pen, over ? 0xffffff : pen->theme->frame, over ? 0.85 : 0.5);
    wd_pen_frame(pen, &box, over ? 0.1 * pen->style.size : 0.06 * pen->style.size);
  }
}

static void draw_axes(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  double s = pen->style.size, hair = 0.07 * s;
  wd_tick tick[WD_TICKS_MAX];
  wd_axis axis = {l->lo, l->hi, false, NULL, false};
  int n = wd_axis_ticks(&axis, (int)fmax(2, l->plot.width / (4.5 * s)), tick);
  wd_type type = {.size = 0.9 * s, .colour = pen->theme->ink};
  double y1 = l->plot.y + l->plot.height;
  for (int i = 0; i < n; i++) {
    double x, y, length = tick[i].major ? 0.4 * s : 0.22 * s;
    wd_plane_to_place(l, tick[i].value, tick[i].value, &x, &y);
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_vertical(pen, x, y1, y1 + length, hair, 0);
    wd_pen_horizontal(pen, l->plot.x - length, l->plot.x, y, hair, 0);
    if (!tick[i].major) continue;
    wd_pen_text(pen, &type, x, y1 + 1.5 * s, 0.5, tick[i].text);
    wd_pen_text(pen, &type, l->plot.x - 0.65 * s, y + 0.33 * s, 1, tick[i].text);
  }
  wd_type label = {.size = s, .colour = pen->theme->ink};
  if (p->label_u) wd_pen_text(pen, &label, l->plot.x + l->plot.width / 2, y1 + 2.75 * s, 0.5, p->label_u);
  if (p->label_v)
    wd_pen_text_up(pen, &label, l->plot.x - 3.0 * s, l->plot.y + l->plot.height / 2, p->label_v);
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_frame(pen, &l->plot, hair);
}

static void draw_bar(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  double s = pen->style.size, hair = 0.07 * s;
  int height = pixels(pen, l->bar.height);
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, height);
  if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; y++) {
      int level = 255 - (int)((double)y * 255 / fmax(1, height - 1) + 0.5);
      memcpy(data + (size_t)y * (size_t)stride, &wd_colormap_tables[WD_COLORMAP_VIRIDIS][level], 4);
    }
    cairo_surface_mark_dirty(surface);
    put_image(pen, surface, l->bar.x, l->bar.y, l->bar.width, l->bar.height);
  }
  cairo_surface_destroy(surface);
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_frame(pen, &l->bar, hair);
  /* A fraction of a decade has few round numbers: 1, 2, 5 and what lies between where there is room. */
  static const double steps[] = {1, 1.5, 2, 3, 5, 7};
  wd_type type = {.size = 0.9 * s, .colour = pen->theme->ink};
  double x0 = l->bar.x + l->bar.width, decades = log(l->value_hi / l->value_lo), last = INFINITY;
  for (int e = -6; e <= 4; e++)
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
      double v = steps[k] * pow(10, e), t = log(v / l->value_lo) / decades;
      double y = l->bar.y + l->bar.height * (1 - t);
      if (!(t >= 0 && t <= 1) || last - y < 1.4 * s) continue;
      char text[32];
      wd_format_number(v, 0, text, sizeof text);
      wd_pen_colour(pen, pen->theme->frame);
      wd_pen_horizontal(pen, x0, x0 + 0.35 * s, y, hair, 0);
      wd_pen_text(pen, &type, x0 + 0.6 * s, y + 0.33 * s, 0, text);
      last = y;
    }
  double t = p->epsilon > 0 ? log(p->epsilon / l->value_lo) / decades : -1;
  if (t >= 0 && t <= 1) { /* the iso-line's place on the bar */
    double y = l->bar.y + l->bar.height * (1 - t);
    wd_pen_colour(pen, 0x000000);
    wd_pen_horizontal(pen, l->bar.x, x0, y, 0.3 * s, 0);
    wd_pen_colour(pen, 0xffffff);
    wd_pen_horizontal(pen, l->bar.x, x0, y, 0.13 * s, 0);
    wd_type bold = {.size = 0.9 * s, .weight = WD_BOLD, .colour = pen->theme->ink};
    wd_pen_text(pen, &bold, l->bar.x - 0.25 * s, y + 0.33 * s, 1, "");
    wd_rect box = {x0 + 0.45 * s, y - 0.62 * s, 1.1 * s, 1.24 * s};
    wd_pen_colour(pen, pen->theme->paper);
    wd_pen_rounded(pen, &box, 0.3 * s);
    cairo_fill(pen->cr);
    wd_pen_text(pen, &bold, x0 + 0.7 * s, y + 0.36 * s, 0, "\xce\xb5");
  }
  wd_type up = {.size = s, .colour = pen->theme->ink, .room = l->bar.height};
  if (p->quantity) wd_pen_text_up(pen, &up, x0 + 3.75 * s, l->bar.y + l->bar.height / 2, p->quantity);
}

static void draw_header(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  if (!p->title) return;
  double s = pen->style.size, ascent;
  wd_pen_line(pen, s, &ascent);
  wd_type bold = {.size = s, .weight = WD_BOLD, .colour = pen->theme->ink};
  double end = wd_pen_text(pen, &bold, l->plot.x, ascent + 0.1 * s, 0, p->title);
  wd_type dim = {.size = s, .colour = pen->theme->dim, .room = l->width - l->plot.x - end - 1.2 * s};
  if (p->source && dim.room > 3 * s)
    wd_pen_text(pen, &dim, l->plot.x + end + 0.7 * s, ascent + 0.1 * s, 0, p->source);
}

void wd_plane_draw_ground(const wd_plane *p, const wd_style *style, const wd_plane_layout *l, cairo_t *cr) {
  wd_pen pen;
  wd_pen_open(&pen, cr, style, NULL);
  draw_header(p, &pen, l);
  cairo_save(cr);
  cairo_rectangle(cr, l->plot.x, l->plot.y, l->plot.width, l->plot.height);
  cairo_clip(cr);
  if (!p->message) {
    bool residuals = l->value_hi > l->value_lo;
    if (residuals) draw_residuals(p, &pen, l);
    if (p->side > 0 && p->map) draw_maps(p, &pen, l);
    if (residuals) draw_iso(p, &pen, l);
  }
  cairo_restore(cr);
  draw_axes(p, &pen, l);
  if (l->bar.width > 0 && l->value_hi > l->value_lo && !p->message) draw_bar(p, &pen, l);
  if (p->message) {
    /* wrapped by words into lines of the plot's width */
    double s = pen.style.size, ascent, line = wd_pen_line(&pen, s, &ascent),
           y = l->plot.y + l->plot.height / 2;
    char text[512], *at = text;
    snprintf(text, sizeof text, "%s", p->message);
    wd_type type = {.size = s, .colour = pen.theme->dim};
    while (*at) {
      size_t best = 0;
      for (size_t i = 1;; i++) {
        if (at[i] != ' ' && at[i]) continue;
        char keep = at[i];
        at[i] = 0;
        double w, h, base;
        wd_pen_measure(&pen, &type, at, &w, &h, &base);
        at[i] = keep;
        if (best && w > l->plot.width - 3 * s) break;
        best = i;
        if (!keep) break;
      }
      char keep = at[best];
      at[best] = 0;
      wd_pen_text(&pen, &type, l->plot.x + l->plot.width / 2, y, 0.5, at);
      y += line;
      at += best + (keep != 0);
    }
  }
  wd_pen_close(&pen);
}

/* ---- marks */

static void disc(cairo_t *cr, double x, double y, double r) {
  cairo_new_sub_path(cr);
  cairo_arc(cr, x, y, r, 0, 6.283185307179586);
}

static void draw_anchor(const wd_plane_mark *a, wd_pen *pen, const wd_plane_layout *l) {
  double x, y, s = pen->style.size, r = 0.82 * s;
  wd_plane_to_place(l, a->u, a->v, &x, &y);
  cairo_t *cr = pen->cr;
  double w = 0, h, base, name = 0;
  wd_type type = {.size = 0.9 * s, .colour = pen->theme->ink, .room = 0.42 * l->plot.width};
  if (a->name && l->plot.width > 24 * s) { /* there is room for more than the letter */
    wd_pen_measure(pen, &type, a->name, &w, &h, &base);
    name = fmin(w, type.room);
    bool left = x + r + name + 1.1 * s > l->plot.x + l->plot.width;
    double tx = left ? x - r - name - 0.75 * s : x + r + 0.1 * s;
    wd_rect box = {tx, y - 0.72 * s, name + 0.7 * s, 1.44 * s};
    wd_pen_colour_alpha(pen, pen->theme->paper, 0.86);
    wd_pen_rounded(pen, &box, 0.35 * s);
    cairo_fill(cr);
    wd_pen_text(pen, &type, tx + 0.35 * s, y + 0.33 * s, 0, a->name);
  }
  disc(cr, x, y, r);
  wd_pen_colour(pen, pen->theme->paper);
  cairo_fill_preserve(cr);
  wd_pen_colour(pen, pen->theme->ink);
  cairo_set_line_width(cr, 0.14 * s);
  cairo_stroke(cr);
  wd_type bold = {.size = s, .weight = WD_BOLD, .colour = pen->theme->ink};
  wd_pen_text(pen, &bold, x, y + 0.37 * s, 0.5, a->letter);
}

static void draw_trail(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  cairo_t *cr = pen->cr;
  double s = pen->style.size, x, y;
  if (p->trails < 2) return;
  for (int halo = 1; halo >= 0; halo--) {
    for (int i = 0; i < p->trails; i++) {
      wd_plane_to_place(l, p->trail[i][0], p->trail[i][1], &x, &y);
      if (i)
        cairo_line_to(cr, x, y);
      else
        cairo_move_to(cr, x, y);
    }
    wd_pen_colour_alpha(pen, halo ? 0x000000 : 0xffffff, halo ? 0.55 : 0.85);
    cairo_set_line_width(cr, (halo ? 0.26 : 0.1) * s);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
  }
  for (int i = 1; i < p->trails; i++) {
    wd_plane_to_place(l, p->trail[i][0], p->trail[i][1], &x, &y);
    disc(cr, x, y, 0.24 * s);
    wd_pen_colour(pen, 0xffffff);
    cairo_fill_preserve(cr);
    wd_pen_colour_alpha(pen, 0x000000, 0.7);
    cairo_set_line_width(cr, 0.1 * s);
    cairo_stroke(cr);
  }
}

static void draw_path(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  cairo_t *cr = pen->cr;
  double s = pen->style.size, x, y;
  for (int halo = 1; halo >= 0 && p->curves > 1; halo--) {
    for (int i = 0; i < p->curves; i++) {
      wd_plane_to_place(l, p->curve[i][0], p->curve[i][1], &x, &y);
      if (i)
        cairo_line_to(cr, x, y);
      else
        cairo_move_to(cr, x, y);
    }
    if (halo)
      wd_pen_colour_alpha(pen, 0xffffff, 0.85);
    else
      wd_pen_colour(pen, 0xb3261e);
    cairo_set_line_width(cr, (halo ? 0.44 : 0.22) * s);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
  }
  for (int i = 0; i < p->waypoints;
       i++) { /* squares on their corners: not to be taken for the trail's discs */
    char text[12];
    wd_plane_to_place(l, p->waypoint[i][0], p->waypoint[i][1], &x, &y);
    double r = 0.78 * s;
    cairo_move_to(cr, x - r, y);
    cairo_line_to(cr, x, y - r);
    cairo_line_to(cr, x + r, y);
    cairo_line_to(cr, x, y + r);
    cairo_close_path(cr);
    wd_pen_colour(pen, 0xb3261e);
    cairo_fill_preserve(cr);
    wd_pen_colour(pen, 0xffffff);
    cairo_set_line_width(cr, 0.12 * s);
    cairo_stroke(cr);
    snprintf(text, sizeof text, "%d", i + 1);
    wd_type type = {.size = 0.75 * s, .weight = WD_BOLD, .colour = 0xffffff};
    wd_pen_text(pen, &type, x, y + 0.28 * s, 0.5, text);
  }
}

static void draw_cursor(const wd_plane *p, wd_pen *pen, const wd_plane_layout *l) {
  double s = pen->style.size, x, y, r = 0.95 * s, gap = 1.25 * s, far = 2.2 * s;
  cairo_t *cr = pen->cr;
  wd_plane_to_place(l, p->u, p->v, &x, &y);
  x = wd_pen_snap(pen, x) + 0.5 / (pen->style.scale > 0 ? pen->style.scale : 1);
  y = wd_pen_snap(pen, y) + 0.5 / (pen->style.scale > 0 ? pen->style.scale : 1);
  for (int halo = 1; halo >= 0; halo--) {
    disc(cr, x, y, r);
    for (int k = 0; k < 4; k++) {
      double dx = k == 0 ? 1 : k == 1 ? -1 : 0, dy = k == 2 ? 1 : k == 3 ? -1 : 0;
      cairo_move_to(cr, x + dx * gap, y + dy * gap);
      cairo_line_to(cr, x + dx * far, y + dy * far);
    }
    wd_pen_colour_alpha(pen, halo ? 0x000000 : 0xffffff, halo ? 0.75 : 1);
    cairo_set_line_width(cr, (halo ? 0.42 : 0.2) * s);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_stroke(cr);
  }
}

void wd_plane_draw_marks(const wd_plane *p, const wd_style *style, const wd_plane_layout *l, cairo_t *cr) {
  if (p->message) return;
  wd_pen pen;
  wd_pen_open(&pen, cr, style, NULL);
  cairo_save(cr);
  cairo_rectangle(cr, l->plot.x, l->plot.y, l->plot.width, l->plot.height);
  cairo_clip(cr);
  draw_trail(p, &pen, l);
  draw_path(p, &pen, l);
  for (int i = 0; i < p->anchors; i++) draw_anchor(&p->anchor[i], &pen, l);
  if (p->cursor) draw_cursor(p, &pen, l);
  cairo_restore(cr);
  wd_pen_close(&pen);
}
