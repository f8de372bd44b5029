/* Pictures of arrays, pixel by pixel: colour maps and wiggles. Drawing 70 traces of 1000 samples as cairo
 * strokes costs tens of milliseconds, so the screen and PNG files use these; vector files take the paths of
 * wd_wiggle_path.
 *
 * A field is an array of rows x columns: a velocity map (depth x distance) or a shot gather (time x
 * receiver). A view is the rectangle of it that fills the image, in cells: row r covers r..r+1, and its value
 * belongs to r + 0.5. */
#ifndef WD_RASTER_H
#define WD_RASTER_H

#include "render/colormap.h"
#include "render/range.h"
#include <cairo.h>

typedef struct wd_image {
  int width, height, stride; /* stride in pixels */
  uint32_t *pixel;           /* 0xAARRGGBB, opaque (alpha 255) throughout; borrowed */
} wd_image;

typedef struct wd_field {
  const float *value; /* rows * columns, borrowed */
  int rows, columns;
} wd_field;

typedef struct wd_view {
  double row0, row1, column0, column1; /* all zero: the whole field */
} wd_view;

/* The view with all zero replaced by the whole field. */
wd_view wd_view_of(const wd_view *view, const wd_field *field);

/* The cell drawn at pixel index `pixel` (its centre) of `pixels` that show lo..hi, by nearest; -1 outside the
 * field. The same rule in every direction of use: drawing, picking, tests. */
int wd_raster_cell(double lo, double hi, int cells, int pixel, int pixels);

/* What one pixel of one direction shows: the weighted sum of cells first..first + count - 1, with weights w0
 * for the first, w1 for the last, `inner` for those between; count 0 outside the field. smooth: bilinear
 * while a cell is at least a pixel, below that the mean over the pixel's extent; otherwise wd_raster_cell's
 * one cell with weight 1. Painters of every kind take it from here, so that they agree. */
typedef struct wd_span {
  int first, count;
  float w0, w1, inner;
} wd_span;
wd_span wd_raster_span(double lo, double hi, int cells, int pixel, int pixels, bool smooth);

/* Every pixel of the image, by table[level of the value] (range.h); NaN and pixels outside the field get
 * `missing`. smooth: bilinear between cell centres, and the mean over the pixel where cells are smaller than
 * pixels; otherwise nearest, exact. False without memory: nothing is drawn. */
bool wd_raster_field(const wd_image *image, const wd_field *field, const wd_view *view, const wd_range *range,
                     const uint32_t table[256], bool smooth, uint32_t missing);

/* A field blended over what the image holds: table[level] is 0xAARRGGBB, its colour not multiplied by its
 * alpha. NaN and pixels outside the field leave the image as it is. False without memory. */
bool wd_raster_blend(const wd_image *image, const wd_field *field, const wd_view *view, const wd_range *range,
                     const uint32_t table[256], bool smooth);

typedef enum wd_fill { WD_FILL_NONE = 0, WD_FILL_POSITIVE, WD_FILL_NEGATIVE, WD_FILL_BOTH } wd_fill;

/* Wiggles: each column is a trace drawn about the middle of its column. */
typedef struct wd_wiggle {
  double excursion; /* trace spacings at the end of the range, 0 means 1 */
  double width;     /* line width in pixels (or user units of the path), 0 means 1 */
  bool no_line;     /* the filled area alone */
  wd_fill fill;
  int every;                   /* draws every n-th trace, 0 means all */
  uint32_t line;               /* 0xRRGGBB */
  uint32_t positive, negative; /* of the filled areas */
} wd_wiggle;

/* Over what the image holds already. The middle of the range is the baseline; excursions are clipped at
 * +- `excursion` spacings. A gap (NaN) breaks the line. False without memory. */
bool wd_raster_wiggle(const wd_image *image, const wd_field *field, const wd_view *view,
                      const wd_range *range, const wd_wiggle *wiggle);

/* The same picture as cairo paths in the rectangle x, y, width, height. */
void wd_wiggle_path(cairo_t *cr, double x, double y, double width, double height, const wd_field *field,
                    const wd_view *view, const wd_range *range, const wd_wiggle *wiggle);

#endif
