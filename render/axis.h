/* Axes without drawing: which values get a tick, and how numbers are written for people. */
#ifndef WD_AXIS_H
#define WD_AXIS_H

#include "render/units.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct wd_axis {
  double lo, hi; /* values at the left or top end and at the right or bottom end; lo > hi turns it round */
  bool log;      /* decades; both ends positive */
  const char *label;      /* "Distance (m)", NULL for none; borrowed */
  bool whole;             /* counts: ticks at whole numbers only */
  wd_dimension dimension; /* lo and hi are in its base unit, and so is the label [none] */
} wd_axis;

typedef struct wd_tick {
  double value;
  bool major;    /* only these have text */
  char text[28]; /* UTF-8 */
} wd_tick;

enum { WD_TICKS_MAX = 128 };

/* Ticks inside the axis at 1, 2 or 5 times a power of ten (log: at decades, minor at 2..9), in order of
 * value. `room` is the number of labels that fit, at least 1; the answer has at most that many majors.
 * Returns their count, 0 for an axis that is empty or not finite. */
int wd_axis_ticks(const wd_axis *axis, int room, wd_tick out[WD_TICKS_MAX]);

/* The same with nice numbers in other units: texts are in those, values as the axis has them. */
int wd_axis_ticks_in(const wd_axis *axis, const wd_units *units, int room, wd_tick out[WD_TICKS_MAX]);

/* Where a value stands, 0 at lo and 1 at hi, and back. */
double wd_axis_place(const wd_axis *axis, double value);
double wd_axis_value(const wd_axis *axis, double place);

/* A number for display: a true minus sign (U+2212), the locale's decimal mark, thin spaces (U+202F) in
 * numbers of five digits and more, no trailing zeros. `step` is the distance to the next number that it must
 * be told from (decimals follow from it); 0 means four significant digits. Very large and very small numbers
 * read as 3.2e-5 with a raised exponent: 3.2×10⁻⁵. */
void wd_format_number(double value, double step, char *out, size_t size);

/* The same with a fixed number of decimals, trailing zeros too: for values that change in place. */
void wd_format_fixed(double value, int decimals, char *out, size_t size);

#endif
