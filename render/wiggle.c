/* Wiggles: the scanline rasteriser for screen and PNG, and the same picture as cairo paths.
 *
 * The rasteriser treats a trace as a curve x(y), y down. Within one row of pixels the line covers the span
 * between the curve's smallest and largest x there, widened by half the line width; the filled area covers
 * the span between the baseline and the mean of the curve's excursion. Both ends of a span are antialiased by
 * their exact coverage. */
#include "render/raster.h"
#include "solver/memory.h"

#include <math.h>
#include <stddef.h>

/* What all the traces of one picture share. */
typedef struct frame {
  const wd_field *field;
  wd_view view;
  double column_width;  /* pixels a trace spacing */
  double scale, middle; /* pixels of excursion per unit of value about the middle of the range */
  double limit;         /* pixels */
} frame;

static frame frame_of(const wd_field *field, const wd_view *view, const wd_range *range,
                      const wd_wiggle *wiggle, double width) {
  frame f = {.field = field, .view = wd_view_of(view, field)};
  int every = wiggle->every > 1 ? wiggle->every : 1;
  f.column_width = width / (f.view.column1 - f.view.column0);
  f.limit = (wiggle->excursion > 0 ? wiggle->excursion : 1) * f.column_width * every;
  f.middle = 0.5 * (range->lo + range->hi);
  f.scale = f.limit / (0.5 * (range->hi - range->lo));
  return f;
}

static inline double baseline(const frame *f, int column) {
  return (column + 0.5 - f->view.column0) * f->column_width;
}

/* Excursion in pixels of a value, NaN for a gap. */
static inline double excursion(const frame *f, double value) {
  double e = (value - f->middle) * f->scale;
  return e > f->limit ? f->limit : e < -f->limit ? -f->limit : e;
}

static inline double sample(const frame *f, int row, int column) {
  return excursion(f, (double)f->field->value[(size_t)row * (size_t)f->field->columns + (size_t)column]);
}

static void columns_in_view(const frame *f, int every, int *first, int *last) {
  *first = (int)floor(f->view.column0) - 2;
  *last = (int)ceil(f->view.column1) + 2;
  if (*first < 0) *first = 0;
  if (*last > f->field->columns - 1) *last = f->field->columns - 1;
  *first = (*first + every - 1) / every * every;
}

/* Rows whose samples touch the view. */
static void rows_in_view(const frame *f, int *first, int *last) {
  *first = (int)floor(f->view.row0) - 1;
  *last = (int)ceil(f->view.row1) + 1;
  if (*first < 0) *first = 0;
  if (*last > f->field->rows - 1) *last = f->field->rows - 1;
}

/* ---- the rasteriser: all traces of a row of pixels at a time, so that every loop but the last runs along
 * memory and the compiler vectorises it */

typedef struct rows {
  int first, count; /* rows of the field in sight */
  int traces;
  float *excursion; /* count * traces, pixels */
} rows;

/* The curves at a position in rows; the first and last sample are held to the edge of the field. */
static void curves_at(const rows *r, double row, float *restrict out) {
  double at = row - 0.5 - r->first;
  at = at < 0 ? 0 : at > r->count - 1 ? r->count - 1 : at;
  int i = (int)at, j = i + 1 < r->count ? i + 1 : i;
  float t = (float)(at - i);
  const float *restrict a = r->excursion + (size_t)i * (size_t)r->traces;
  const float *restrict b = r->excursion + (size_t)j * (size_t)r->traces;
  if (t == 0)
    for (int k = 0; k < r->traces; k++) out[k] = a[k];
  else
    for (int k = 0; k < r->traces; k++) out[k] = a[k] + t * (b[k] - a[k]);
}

/* What one row of pixels shows of the traces. */
typedef struct line {
  float *lo, *hi, *up, *down, *gap; /* smallest and largest excursion, sums of both signs; NaN at a gap */
  int *left, *right, *alpha;        /* of the line's span: pixels * 256; 0..256 */
} line;

static void line_start(const line *l, int n, const float *restrict before, const float *restrict after) {
  float *restrict lo = l->lo, *restrict hi = l->hi, *restrict up = l->up, *restrict down = l->down;
  float *restrict gap = l->gap;
  for (int k = 0; k < n; k++) {
    float a = before[k], b = after[k];
    lo[k] = a < b ? a : b;
    hi[k] = a < b ? b : a;
    up[k] = (a > 0 ? a : 0) + (b > 0 ? b : 0);
    down[k] = (a < 0 ? a : 0) + (b < 0 ? b : 0);
    gap[k] = a + b; /* finite, or NaN */
  }
}

static void line_add(const line *l, int n, const float *restrict e) {
  float *restrict lo = l->lo, *restrict hi = l->hi, *restrict up = l->up, *restrict down = l->down;
  float *restrict gap = l->gap;
  for (int k = 0; k < n; k++) {
    lo[k] = e[k] < lo[k] ? e[k] : lo[k];
    hi[k] = e[k] > hi[k] ? e[k] : hi[k];
    up[k] += e[k] > 0 ? e[k] : 0;
    down[k] += e[k] < 0 ? e[k] : 0;
    gap[k] += e[k];
  }
}

static void line_spans(const line *l, int n, const float *restrict base, float thick) {
  const float *restrict lo = l->lo, *restrict hi = l->hi, *restrict gap = l->gap;
  int *restrict left = l->left, *restrict right = l->right, *restrict alpha = l->alpha;
  for (int k = 0; k < n; k++) {
    bool whole = gap[k] == gap[k]; /* a gap is not drawn, but NaN must not become an int either */
    float run = whole ? hi[k] - lo[k] : 0, middle = base[k] + (whole ? 0.5f * (lo[k] + hi[k]) : 0);
    float length = sqrtf(run * run + thick * thick), area = thick * sqrtf(1 + run * run);
    float cover = area < length ? area / length : 1;
    left[k] = (int)((middle - 0.5f * length) * 256);
    right[k] = (int)((middle + 0.5f * length) * 256);
    alpha[k] = (int)(cover * 256 + 0.5f);
  }
}

static inline uint32_t blend(uint32_t under, uint32_t over, uint32_t alpha) { /* alpha 0..256 */
  uint32_t keep = 256 - alpha;
  uint32_t rb = ((under & 0xff00ffu) * keep + (over & 0xff00ffu) * alpha) >> 8 & 0xff00ffu;
  uint32_t g = ((under & 0x00ff00u) * keep + (over & 0x00ff00u) * alpha) >> 8 & 0x00ff00u;
  return 0xff000000u | rb | g;
}

/* Covers a..b of one row (256 to the pixel; `limit` is the end of the row) with a colour, alpha of 256
 * opaque. */
static inline void cover(uint32_t *row, int limit, int a, int b, uint32_t colour, int alpha) {
  a = a < 0 ? 0 : a;
  b = b > limit ? limit : b;
  if (b <= a) return;
  int i = a >> 8, j = b >> 8;
  if (i == j) {
    row[i] = blend(row[i], colour, (uint32_t)((b - a) * alpha) >> 8);
    return;
  }
  row[i] = blend(row[i], colour, (uint32_t)((256 - (a & 255)) * alpha) >> 8);
  for (int x = i + 1; x < j; x++) row[x] = blend(row[x], colour, (uint32_t)alpha);
  if (b & 255) row[j] = blend(row[j], colour, (uint32_t)((b & 255) * alpha) >> 8);
}

static void raster_rows(const wd_image *image, const frame *f, const wd_wiggle *w, const rows *r,
                        const line *l, const float *base, float *before, float *after) {
  int n = r->traces, limit = image->width * 256;
  float thick = (float)(w->width > 0 ? w->width : 1);
  double step = (f->view.row1 - f->view.row0) / image->height;
  bool positive = w->fill == WD_FILL_POSITIVE || w->fill == WD_FILL_BOTH;
  bool negative = w->fill == WD_FILL_NEGATIVE || w->fill == WD_FILL_BOTH;
  curves_at(r, f->view.row0, before);
  for (int y = 0; y < image->height; y++) {
    double top = f->view.row0 + step * y, bottom = top + step;
    curves_at(r, bottom, after);
    float *swap = before;
    if (bottom > 0 && top < f->field->rows) {
      line_start(l, n, before, after);
      int from = (int)ceil(top - 0.5) - r->first, to = (int)ceil(bottom - 0.5) - r->first, count = 2;
      for (int s = from < 0 ? 0 : from; s < to && s < r->count; s++, count++)
        line_add(l, n, r->excursion + (size_t)s * (size_t)n);
      line_spans(l, n, base, thick);
      uint32_t *row = image->pixel + (size_t)y * (size_t)image->stride;
      float mean = 256.0f / (float)count;
      for (int k = 0; k < n; k++) {
        if (l->gap[k] != l->gap[k]) continue;
        int zero = (int)(base[k] * 256);
        if (positive && l->up[k] > 0)
          cover(row, limit, zero, zero + (int)(l->up[k] * mean), w->positive, 256);
        if (negative && l->down[k] < 0)
          cover(row, limit, zero + (int)(l->down[k] * mean), zero, w->negative, 256);
        if (!w->no_line) cover(row, limit, l->left[k], l->right[k], w->line, l->alpha[k]);
      }
    }
    before = after;
    after = swap;
  }
}

static inline float clipped(float value, float middle, float scale, float limit) {
  float e = (value - middle) * scale;
  e = e > limit ? limit : e;
  return e < -limit ? -limit : e;
}

/* The part of the field in sight as excursions, the drawn traces alone. */
static void fill_excursions(const frame *f, const rows *r, int first, int every) {
  float scale = (float)f->scale, middle = (float)f->middle, limit = (float)f->limit;
  for (int i = 0; i < r->count; i++) {
    const float *restrict in = f->field->value + (size_t)(r->first + i) * (size_t)f->field->columns + first;
    float *restrict out = r->excursion + (size_t)i * (size_t)r->traces;
    if (every == 1)
      for (int k = 0; k < r->traces; k++) out[k] = clipped(in[k], middle, scale, limit);
    else
      for (int k = 0; k < r->traces; k++) out[k] = clipped(in[k * every], middle, scale, limit);
  }
}

bool wd_raster_wiggle(const wd_image *image, const wd_field *field, const wd_view *view,
                      const wd_range *range, const wd_wiggle *wiggle) {
  if (image->width < 1 || image->height < 1) return true;
  frame f = frame_of(field, view, range, wiggle, image->width);
  int every = wiggle->every > 1 ? wiggle->every : 1, first, last, top, bottom;
  columns_in_view(&f, every, &first, &last);
  rows_in_view(&f, &top, &bottom);
  if (last < first || bottom < top) return true; /* nothing in sight */
  rows r = {top, bottom - top + 1, (last - first) / every + 1, NULL};
  size_t n = (size_t)r.traces, cells = n * (size_t)r.count;
  float *memory = wd_alloc(cells + 11 * n, sizeof *memory);
  if (!memory) return false;
  r.excursion = memory;
  float *base = memory + cells, *before = base + n, *after = before + n, *rest = after + n;
  line l = {rest, rest + n, rest + 2 * n, rest + 3 * n, rest + 4 * n, NULL, NULL, NULL};
  int *spans = (int *)(rest + 5 * n); /* the same size as float */
  _Static_assert(sizeof(int) == sizeof(float), "one block of memory for both");
  l.left = spans;
  l.right = spans + n;
  l.alpha = spans + 2 * n;
  for (int k = 0; k < r.traces; k++) base[k] = (float)baseline(&f, first + k * every);
  fill_excursions(&f, &r, first, every);
  raster_rows(image, &f, wiggle, &r, &l, base, before, after);
  wd_free(memory);
  return true;
}

/* ---- paths */

static void set_colour(cairo_t *cr, uint32_t rgb) {
  cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

/* Adds a curve to the path with the points left out that lie within TOLERANCE of the straight line over them
 * (the swing filter): a seismogram needs a fraction of its samples, and a vector file shrinks with them. */
#define TOLERANCE 0.015 /* units of the path: 5 micrometres on paper */

typedef struct pen_path {
  cairo_t *cr;
  double e0, y0, e1, y1; /* the last point drawn, and the last one given */
  double least, most;    /* slopes from the former that pass all points since */
  bool down;
} pen_path;

static void path_flush(pen_path *p) {
  if (p->down && p->y1 != p->y0) cairo_line_to(p->cr, p->e1, p->y1);
  p->down = false;
}

static void path_add(pen_path *p, double e, double y) {
  if (!p->down) {
    cairo_move_to(p->cr, e, y);
    *p = (pen_path){p->cr, e, y, e, y, -INFINITY, INFINITY, true};
    return;
  }
  double slope = (e - p->e0) / (y - p->y0);
  if (p->y1 != p->y0 && !(slope >= p->least && slope <= p->most)) {
    cairo_line_to(p->cr, p->e1, p->y1);
    *p = (pen_path){p->cr, p->e1, p->y1, p->e1, p->y1, -INFINITY, INFINITY, true};
  }
  p->least = fmax(p->least, (e - TOLERANCE - p->e0) / (y - p->y0));
  p->most = fmin(p->most, (e + TOLERANCE - p->e0) / (y - p->y0));
  p->e1 = e;
  p->y1 = y;
}

/* The area between baseline and curve on one side (sign +1 or -1), its corners on the zero crossings. */
static void area_path(cairo_t *cr, const frame *f, double x, double y, double row_height, int column,
                      int sign) {
  int first, last;
  rows_in_view(f, &first, &last);
  double base = x + baseline(f, column), before = NAN, y_before = 0;
  pen_path path = {.cr = cr};
  for (int r = first; r <= last + 1; r++) {
    double e = r <= last ? sample(f, r, column) * sign : NAN;
    double yr = y + (r + 0.5 - f->view.row0) * row_height;
    bool inside = e > 0, was_inside = before > 0;
    if (inside && !was_inside) {
      bool crossing = before <= 0; /* else the field or a gap ends here */
      cairo_move_to(cr, base, crossing ? y_before + before / (before - e) * (yr - y_before) : yr);
      path = (pen_path){cr, base + sign * e, yr, base + sign * e, yr, -INFINITY, INFINITY, true};
      cairo_line_to(cr, base + sign * e, yr);
    } else if (inside) {
      path_add(&path, base + sign * e, yr);
    } else if (was_inside) {
      path_flush(&path);
      cairo_line_to(cr, base, e <= 0 ? y_before + before / (before - e) * (yr - y_before) : y_before);
      cairo_close_path(cr);
    }
    before = e;
    y_before = yr;
  }
}

void wd_wiggle_path(cairo_t *cr, double x, double y, double width, double height, const wd_field *field,
                    const wd_view *view, const wd_range *range, const wd_wiggle *wiggle) {
  if (!(width > 0) || !(height > 0)) return;
  frame f = frame_of(field, view, range, wiggle, width);
  double row_height = height / (f.view.row1 - f.view.row0);
  int every = wiggle->every > 1 ? wiggle->every : 1, first, last, top, bottom;
  columns_in_view(&f, every, &first, &last);
  rows_in_view(&f, &top, &bottom);
  cairo_save(cr);
  cairo_rectangle(cr, x, y, width, height);
  cairo_clip(cr);
  cairo_set_line_width(cr, wiggle->width > 0 ? wiggle->width : 1);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  for (int c = first; c <= last; c += every) {
    if (wiggle->fill == WD_FILL_POSITIVE || wiggle->fill == WD_FILL_BOTH) {
      set_colour(cr, wiggle->positive);
      area_path(cr, &f, x, y, row_height, c, 1);
      cairo_fill(cr);
    }
    if (wiggle->fill == WD_FILL_NEGATIVE || wiggle->fill == WD_FILL_BOTH) {
      set_colour(cr, wiggle->negative);
      area_path(cr, &f, x, y, row_height, c, -1);
      cairo_fill(cr);
    }
    if (wiggle->no_line) continue;
    set_colour(cr, wiggle->line);
    double base = x + baseline(&f, c);
    pen_path path = {.cr = cr};
    for (int r = top; r <= bottom; r++) {
      double e = sample(&f, r, c);
      if (e != e)
        path_flush(&path);
      else
        path_add(&path, base + e, y + (r + 0.5 - f.view.row0) * row_height);
    }
    path_flush(&path);
    cairo_stroke(cr);
  }
  cairo_restore(cr);
}
