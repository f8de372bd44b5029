/* The look shared by all figures: theme, type, and the medium that is drawn on. One unit is a point (1/72
 * inch) on paper and a logical pixel on screen. */
#ifndef WD_STYLE_H
#define WD_STYLE_H

#include "render/units.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum wd_medium {
  WD_MEDIUM_RASTER = 0, /* screen and PNG: pictures rasterised at device pixels, lines and pictures snapped */
  WD_MEDIUM_PDF,        /* pictures embedded cell by cell, not interpolated; wiggles as paths */
  WD_MEDIUM_SVG         /* as PDF, pictures enlarged by whole numbers, since SVG viewers interpolate */
} wd_medium;

/* Zero means the default in brackets. */
typedef struct wd_style {
  const char *font; /* family [DejaVu Sans]; borrowed */
  double size;      /* text size in units [8] */
  bool dark;        /* theme [light] */
  bool contrast;    /* of the theme: as much as there is [as usual] */
  wd_medium medium; /* [raster] */
  double scale;     /* device pixels a unit, of a raster or of what is rasterised inside vectors [1] */
  wd_units units;   /* of axes, colour bars and their labels [m, ms, m/s] */
} wd_style;

/* Colours 0xRRGGBB. */
typedef struct wd_theme {
  uint32_t paper, ink,
      dim; /* background, text, secondary text: contrast with paper at least 7 and 4.5; 13 with `contrast` */
  uint32_t frame, grid;  /* axis lines; grid lines */
  uint32_t accent, warm; /* marks over pictures and curves; 7 with `contrast` */
  uint32_t missing;      /* cells without a value */
} wd_theme;

const wd_theme *wd_style_theme(const wd_style *style);

/* The style with defaults filled in. */
wd_style wd_style_of(const wd_style *style);

#endif
