/* Wiggles: the scanline rasteriser for screen and PNG, and the same picture as cairo paths.
 *
 * The rasteriser treats a trace as a curve x(y), y down. Within one row of pixels the line covers the span
 * between the curve's smallest and largest x there, widened by half the line width; the filled area covers
 * the span between the baseline and the mean of the curve's excursion. Both ends of a span are antialiased by
 * their exact coverage. */
#include "render/raster.h"

#include <math.h>

static inline uint32_t blend(uint32_t under, uint32_t over, uint32_t alpha) { /* alpha 0..256 */
  uint32_t keep = 256 - alpha;
  uint32_t rb = ((under & 0xff00ffu) * keep + (over & 0xff00ffu) * alpha) >> 8 & 0xff00ffu;
  uint32_t g = ((under & 0x00ff00u) * keep + (over & 0x00ff00u) * alpha) >> 8 & 0x00ff00u;
  return 0xff000000u | rb | g;
}

/* Covers a..b (pixels, a <= b) of one row with a colour. */
static void cover(uint32_t *row, int width, double a, double b, uint32_t colour) {
  if (a < 0) a = 0;
  if (b > width) b = width;
  if (!(b > a)) return;
  int i = (int)a, j = (int)b;
  if (i == j) {
    row[i] = blend(row[i], colour, (uint32_t)((b - a) * 256 + 0.5));
    return;
  }
  row[i] = blend(row[i], colour, (uint32_t)((i + 1 - a) * 256 + 0.5));
  for (int x = i + 1; x < j; x++) row[x] = 0xff000000u | colour;
  if (j < width) row[j] = blend(row[j], colour, (uint32_t)((b - j) * 256 + 0.5));
}

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

/* The curve at a position in rows; the first and last sample are held to the edge of the field. */
static inline double curve_at(const frame *f, double row, int column) {
  double at = row - 0.5;
  int last = f->field->rows - 1;
  if (at <= 0) return sample(f, 0, column);
  if (at >= last) return sample(f, last, column);
  int i = (int)at;
  double t = at - i, a = sample(f, i, column);
  return t == 0 ? a : a + t * (sample(f, i + 1, column) - a);
}

static void raster_trace(const wd_image *image, const frame *f, const wd_wiggle *w, int column) {
  double base = baseline(f, column), half = 0.5 * (w->width > 0 ? w->width : 1);
  double step = (f->view.row1 - f->view.row0) / image->height;
  bool positive = w->fill == WD_FILL_POSITIVE || w->fill == WD_FILL_BOTH;
  bool negative = w->fill == WD_FILL_NEGATIVE || w->fill == WD_FILL_BOTH;
  double before = curve_at(f, f->view.row0, column);
  for (int y = 0; y < image->height; y++) {
    double top = f->view.row0 + step * y, bottom = top + step;
    double after = curve_at(f, bottom, column);
    if (bottom > 0 && top < f->field->rows) {
      double lo = fmin(before, after), hi = fmax(before, after);
      double up = fmax(before, 0) + fmax(after, 0), down = fmin(before, 0) + fmin(after, 0);
      int n = 2;
      int from = (int)ceil(top - 0.5), to = (int)ceil(bottom - 0.5);
      for (int r = from < 0 ? 0 : from; r < to && r < f->field->rows;
           r++) { /* samples inside this row of pixels */
        double e = sample(f, r, column);
        lo = e < lo ? e : lo;
        hi = e > hi ? e : hi;
        up += fmax(e, 0);
        down += fmin(e, 0);
        n++;
      }
      if (lo == lo && hi == hi && before == before && after == after) {
        uint32_t *row = image->pixel + (size_t)y * (size_t)image->stride;
        if (positive) cover(row, image->width, base, base + up / n, w->positive);
        if (negative) cover(row, image->width, base + down / n, base, w->negative);
        if (!w->no_line) cover(row, image->width, base + lo - half, base + hi + half, w->line);
      }
    }
    before = after;
  }
}

static void columns_in_view(const frame *f, int *first, int *last) {
  *first = (int)floor(f->view.column0) - 2;
  *last = (int)ceil(f->view.column1) + 2;
  if (*first < 0) *first = 0;
  if (*last > f->field->columns - 1) *last = f->field->columns - 1;
}

void wd_raster_wiggle(const wd_image *image, const wd_field *field, const wd_view *view,
                      const wd_range *range, const wd_wiggle *wiggle) {
  if (image->width < 1 || image->height < 1) return;
  frame f = frame_of(field, view, range, wiggle, image->width);
  int every = wiggle->every > 1 ? wiggle->every : 1, first, last;
  columns_in_view(&f, &first, &last);
  for (int c = (first + every - 1) / every * every; c <= last; c += every) raster_trace(image, &f, wiggle, c);
}

static void set_colour(cairo_t *cr, uint32_t rgb) {
  cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

/* Rows whose samples touch the view. */
static void rows_in_view(const frame *f, int *first, int *last) {
  *first = (int)floor(f->view.row0) - 1;
  *last = (int)ceil(f->view.row1) + 1;
  if (*first < 0) *first = 0;
  if (*last > f->field->rows - 1) *last = f->field->rows - 1;
}

/* The area between baseline and curve on one side (sign +1 or -1), its corners on the zero crossings. */
static void area_path(cairo_t *cr, const frame *f, double x, double y, double row_height, int column,
                      int sign) {
  int first, last;
  rows_in_view(f, &first, &last);
  double base = x + baseline(f, column), before = NAN, y_before = 0;
  bool open = false;
  for (int r = first; r <= last + 1; r++) {
    double e = r <= last ? sample(f, r, column) * sign : NAN;
    double yr = y + (r + 0.5 - f->view.row0) * row_height;
    bool inside = e > 0, was_inside = before > 0;
    if (inside && !was_inside) {
      double t = before <= 0 ? before / (before - e) : 1;
      double start = before <= 0 ? y_before + t * (yr - y_before) : yr;
      cairo_move_to(cr, base, start);
      open = true;
    }
    if (inside) cairo_line_to(cr, base + sign * e, yr);
    if (!inside && was_inside && open) {
      double end = e <= 0 ? y_before + before / (before - e) * (yr - y_before) : y_before;
      cairo_line_to(cr, base, end);
      cairo_close_path(cr);
      open = false;
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
  columns_in_view(&f, &first, &last);
  rows_in_view(&f, &top, &bottom);
  cairo_save(cr);
  cairo_rectangle(cr, x, y, width, height);
  cairo_clip(cr);
  cairo_set_line_width(cr, wiggle->width > 0 ? wiggle->width : 1);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  for (int c = (first + every - 1) / every * every; c <= last; c += every) {
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
    bool pen = false;
    for (int r = top; r <= bottom; r++) {
      double e = sample(&f, r, c), yr = y + (r + 0.5 - f.view.row0) * row_height;
      if (e != e)
        pen = false;
      else if (pen)
        cairo_line_to(cr, base + e, yr);
      else {
        cairo_move_to(cr, base + e, yr);
        pen = true;
      }
    }
    cairo_stroke(cr);
  }
  cairo_restore(cr);
}
