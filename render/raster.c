#include "render/raster.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

wd_view wd_view_of(const wd_view *view, const wd_field *field) {
  wd_view whole = {0, field->rows, 0, field->columns};
  if (!view || (view->row0 == view->row1 && view->column0 == view->column1)) return whole;
  return *view;
}

int wd_raster_cell(double lo, double hi, int cells, int pixel, int pixels) {
  double at = floor(lo + (hi - lo) * (pixel + 0.5) / pixels);
  return at >= 0 && at < cells ? (int)at : -1;
}

static void nearest(const wd_image *image, const wd_field *field, const wd_view *view, const wd_range *range,
                    const uint32_t table[256], uint32_t missing, int *cell) {
  for (int x = 0; x < image->width; x++)
    cell[x] = wd_raster_cell(view->column0, view->column1, field->columns, x, image->width);
  int before = -2;
  for (int y = 0; y < image->height; y++) {
    uint32_t *row = image->pixel + (size_t)y * (size_t)image->stride;
    int r = wd_raster_cell(view->row0, view->row1, field->rows, y, image->height);
    if (r == before) {
      memcpy(row, row - image->stride, (size_t)image->width * sizeof *row);
      continue;
    }
    before = r;
    const float *value = field->value + (size_t)(r < 0 ? 0 : r) * (size_t)field->columns;
    int last = -2;
    uint32_t colour = missing;
    for (int x = 0; x < image->width; x++) {
      if (cell[x] != last) {
        last = cell[x];
        int level = r < 0 || last < 0 ? -1 : wd_range_level(range, (double)value[last]);
        colour = level < 0 ? missing : table[level];
      }
      row[x] = colour;
    }
  }
}

/* Bilinear while a cell is at least a pixel; below that, the mean over the pixel's extent. */
static wd_span smooth_span(double lo, double hi, int cells, int pixel, int pixels) {
  double size = (hi - lo) / pixels, a = lo + size * pixel, b = a + size;
  wd_span s = {-1, 0, 0, 0, 0};
  double centre = 0.5 * (a + b);
  if (centre < 0 || centre > cells) return s;
  if (size <= 1) {
    double at = centre - 0.5;
    at = at < 0 ? 0 : at > cells - 1 ? cells - 1 : at;
    int i = (int)at;
    if (i == cells - 1) return (wd_span){i, 1, 1, 0, 0};
    return (wd_span){i, 2, (float)(1 - (at - i)), (float)(at - i), 0};
  }
  a = a < 0 ? 0 : a;
  b = b > cells ? cells : b;
  int i = (int)a, j = (int)ceil(b) - 1;
  if (j >= cells) j = cells - 1;
  if (j <= i) return (wd_span){i, 1, 1, 0, 0};
  double total = b - a;
  return (wd_span){i, j - i + 1, (float)((i + 1 - a) / total), (float)((b - j) / total), (float)(1 / total)};
}

wd_span wd_raster_span(double lo, double hi, int cells, int pixel, int pixels, bool smooth) {
  if (smooth) return smooth_span(lo, hi, cells, pixel, pixels);
  int cell = wd_raster_cell(lo, hi, cells, pixel, pixels);
  return (wd_span){cell, cell >= 0, 1, 0, 0};
}

static inline float span_weight(const wd_span *s, int k) {
  return k == 0 ? s->w0 : k == s->count - 1 ? s->w1 : s->inner;
}

static void smooth_field(const wd_image *image, const wd_field *field, const wd_view *view,
                         const wd_range *range, const uint32_t table[256], uint32_t missing, wd_span *across,
                         float *line) {
  for (int x = 0; x < image->width; x++)
    across[x] = smooth_span(view->column0, view->column1, field->columns, x, image->width);
  for (int y = 0; y < image->height; y++) {
    uint32_t *row = image->pixel + (size_t)y * (size_t)image->stride;
    wd_span down = smooth_span(view->row0, view->row1, field->rows, y, image->height);
    if (down.count == 0) {
      for (int x = 0; x < image->width; x++) row[x] = missing;
      continue;
    }
    memset(line, 0, (size_t)field->columns * sizeof *line);
    for (int k = 0; k < down.count; k++) {
      const float *value = field->value + (size_t)(down.first + k) * (size_t)field->columns;
      float w = span_weight(&down, k);
      for (int c = 0; c < field->columns; c++) line[c] += w * value[c];
    }
    for (int x = 0; x < image->width; x++) {
      const wd_span *s = &across[x];
      float sum = 0;
      for (int k = 0; k < s->count; k++) sum += span_weight(s, k) * line[s->first + k];
      int level = s->count == 0 ? -1 : wd_range_level(range, (double)sum);
      row[x] = level < 0 ? missing : table[level];
    }
  }
}

bool wd_raster_field(const wd_image *image, const wd_field *field, const wd_view *view, const wd_range *range,
                     const uint32_t table[256], bool smooth, uint32_t missing) {
  if (image->width < 1 || image->height < 1) return true;
  wd_view v = wd_view_of(view, field);
  size_t width = (size_t)image->width;
  size_t bytes =
      smooth ? width * sizeof(wd_span) + (size_t)field->columns * sizeof(float) : width * sizeof(int);
  void *scratch = wd_alloc(bytes, 1);
  if (!scratch) return false;
  if (smooth)
    smooth_field(image, field, &v, range, table, missing, scratch, (float *)((wd_span *)scratch + width));
  else
    nearest(image, field, &v, range, table, missing, scratch);
  wd_free(scratch);
  return true;
}

static inline uint32_t mix(uint32_t under, uint32_t over) {
  uint32_t alpha = over >> 24, out = 0xff000000u;
  for (int shift = 0; shift < 24; shift += 8) {
    uint32_t a = under >> shift & 255, b = over >> shift & 255;
    out |= ((a * (255 - alpha) + b * alpha + 127) / 255) << shift;
  }
  return out;
}

bool wd_raster_blend(const wd_image *image, const wd_field *field, const wd_view *view, const wd_range *range,
                     const uint32_t table[256], bool smooth) {
  if (image->width < 1 || image->height < 1) return true;
  wd_view v = wd_view_of(view, field);
  size_t width = (size_t)image->width, columns = (size_t)field->columns;
  wd_span *across = wd_alloc(width, sizeof *across);
  float *line = wd_alloc(columns, sizeof *line);
  for (int x = 0; across && x < image->width; x++)
    across[x] = wd_raster_span(v.column0, v.column1, field->columns, x, image->width, smooth);
  for (int y = 0; across && line && y < image->height; y++) {
    uint32_t *row = image->pixel + (size_t)y * (size_t)image->stride;
    wd_span down = wd_raster_span(v.row0, v.row1, field->rows, y, image->height, smooth);
    if (down.count == 0) continue;
    for (size_t c = 0; c < columns; c++) line[c] = 0;
    for (int k = 0; k < down.count; k++) {
      const float *value = field->value + (size_t)(down.first + k) * columns;
      float w = span_weight(&down, k);
      for (size_t c = 0; c < columns; c++) line[c] += w * value[c];
    }
    for (int x = 0; x < image->width; x++) {
      const wd_span *s = &across[x];
      float sum = 0;
      for (int k = 0; k < s->count; k++) sum += span_weight(s, k) * line[s->first + k];
      int level = s->count == 0 ? -1 : wd_range_level(range, (double)sum);
      if (level >= 0 && table[level] >> 24) row[x] = mix(row[x], table[level]);
    }
  }
  bool done = across && line;
  wd_free(across);
  wd_free(line);
  return done;
}
