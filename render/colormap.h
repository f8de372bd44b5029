/* Colour maps: tables of 256 opaque colours, shared by every picture, by the colour bar and by the OpenGL
 * painter. */
#ifndef WD_COLORMAP_H
#define WD_COLORMAP_H

#include <stdbool.h>
#include <stdint.h>

typedef enum wd_colormap {
  WD_COLORMAP_STRATA =
      0, /* the default: navy, rose, ochre, cream; lightness rises evenly; safe for colour-blind */
  WD_COLORMAP_VIRIDIS,
  WD_COLORMAP_CIVIDIS,
  WD_COLORMAP_TURBO,
  WD_COLORMAP_GRAY,
  WD_COLORMAP_SEISMIC,    /* blue, white, red */
  WD_COLORMAP_RAINBOW,    /* jet, as OpenFWI's figures have it; false edges at cyan and yellow */
  WD_COLORMAP_DIFFERENCE, /* blue, white, red-brown with both arms equally dark at equal distance */
  WD_COLORMAP_COUNT
} wd_colormap;

/* [map][level], each 0xffRRGGBB: opaque, so a pixel of cairo's ARGB32 and RGB24 as it stands. */
extern const uint32_t wd_colormap_tables[WD_COLORMAP_COUNT][256];

typedef struct wd_colormap_info {
  const char *name;  /* as typed on the command line */
  const char *about; /* one line for a menu or a tooltip */
  bool diverging;    /* wants a range symmetric about its middle */
  bool monotone;     /* lightness never falls from end to end */
} wd_colormap_info;

/* Never NULL for a map of the enumeration; NULL otherwise. */
const wd_colormap_info *wd_colormap_describe(wd_colormap map);

/* By name, case ignored; "jet" is accepted for the rainbow and "grey" for gray. False: no such map. */
bool wd_colormap_find(const char *name, wd_colormap *out);

/* "strata, viridis, ...": for messages and --help. */
const char *wd_colormap_names(void);

/* CIE L* (D65, 0..100) of an sRGB colour 0xRRGGBB: the measure behind `monotone` and of contrast tests. */
double wd_colour_lightness(uint32_t rgb);

/* WCAG 2 contrast ratio of two colours, 1..21. */
double wd_colour_contrast(uint32_t a, uint32_t b);

#endif
