/* What value gets which colour: the display range of a picture, and the display-only processing of gathers.
 * Nothing here changes data; every deviation from it can be named in a header line (wd_display_text). */
#ifndef WD_RANGE_H
#define WD_RANGE_H

#include "solver/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum wd_range_mode {
  WD_RANGE_CLIP = 0, /* by percentile: `clip` percent of the finite values lie inside */
  WD_RANGE_FULL,     /* smallest to largest value */
  WD_RANGE_FIXED,    /* lo and hi as given, a convention of the field (velocity: 1500 to 4500 m/s) */
  WD_RANGE_MANUAL    /* lo and hi as given by the user */
} wd_range_mode;

/* Zero means the default in brackets. */
typedef struct wd_range_desc {
  wd_range_mode mode; /* [clip] */
  double clip;        /* percent, 50..100 [99] */
  bool symmetric;     /* lo = -hi, by |value|; for pressure and differences */
  double lo, hi;      /* for fixed and manual; lo < hi */
  double gain;        /* decibels: the range is divided by 10^(gain/20) about its middle [0] */
} wd_range_desc;

typedef struct wd_range {
  double lo, hi; /* lo < hi, finite, always */
  char text[64]; /* how it was chosen, for the colour bar: "clip 99 %", "fixed range", "+6 dB" added */
} wd_range;

enum { WD_VELOCITY_LO = 1500, WD_VELOCITY_HI = 4500 };

/* NaN and infinity are left out; WD_ERR_DIVERGED when no value is finite. A constant field gets a range of
 * one unit (or 1e-6 of its size) around it, a silent symmetric one -1..1. */
wd_status wd_range_find(const wd_range_desc *desc, const float *value, size_t count, wd_range *out,
                        wd_error *err);

/* The level 0..255 of a value; -1 for NaN. value = lo gives 0, hi gives 255; each level is 1/256 wide. */
static inline int wd_range_level(const wd_range *r, double value) {
  double t = (value - r->lo) / (r->hi - r->lo) * 256;
  if (!(t >= 0)) return t < 0 ? 0 : -1;
  return t >= 255 ? 255 : (int)t;
}

/* Display-only processing of one shot gather. Zeroed: the data as they are. */
typedef struct wd_display {
  double agc;        /* seconds: divides by the root mean square in a window this long around each sample */
  bool normalise;    /* divides each trace by its largest |value| */
  double time_power; /* multiplies by (t / 1 s)^p */
  bool flip;         /* multiplies by -1 */
} wd_display;

/* in and out are samples x receivers (may be the same array); dt in seconds, sample 0 at time dt. Silent
 * stretches stay silent. */
wd_status wd_display_apply(const wd_display *display, const float *in, int samples, int receivers, double dt,
                           float *out, wd_error *err);

/* "AGC 100 ms, trace normalised, display only", empty when the display shows the data; always terminated. */
void wd_display_text(const wd_display *display, char *out, size_t size);

#endif
