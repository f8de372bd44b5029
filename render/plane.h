/* A picture of a plane of latents: a lattice of small velocity maps, a map of residuals under them with lines
 * at epsilon, and over both the anchors, a trail, a path and the cursor. u runs to the right, v upwards. The
 * same drawing serves screen and files. */
#ifndef WD_PLANE_H
#define WD_PLANE_H

#include "render/axis.h"
#include "render/colormap.h"
#include "render/pen.h"
#include "render/raster.h"
#include "render/style.h"
#include "solver/status.h"

typedef struct wd_plane_mark {
  double u, v;
  const char *letter; /* in the disc */
  const char *name;   /* beside it; may be NULL */
} wd_plane_mark;

/* Zero means the default in brackets. All pointers are borrowed. */
typedef struct wd_plane {
  const char *title, *source; /* header [none] */
  double lo, hi, step;        /* nodes of the lattice stand at lo, lo + step .. hi, on both axes; the picture
                                 reaches half a step beyond */
  const char *label_u, *label_v;
  /* the lattice: side x side maps of rows x columns, row by row of v upwards; NULL entries are blank */
  int side;
  const float *const *map;
  int rows, columns;
  wd_colormap map_colours;
  wd_range map_range;
  /* residuals: cells x cells over the whole picture, row by row of v upwards. state 0 not made, 1 made, 2
   * refused; cells not made are drawn as what a coarser grid knows of them */
  int cells; /* 0: none */
  const float *value;
  const uint8_t *state;
  const char *quantity; /* label of the bar */
  double epsilon;       /* iso-line; NaN or 0: none */
  /* marks */
  const wd_plane_mark *anchor;
  int anchors;
  const double (*trail)[2]; /* newest first */
  int trails;
  const double (*waypoint)[2];
  int waypoints;
  const double (*curve)[2]; /* of the path */
  int curves;
  bool cursor;
  double u, v;
  const char *message; /* in the middle, in place of pictures [none] */
} wd_plane;

typedef struct wd_plane_layout {
  double width, height;
  wd_rect plot, bar;         /* bar width 0: none */
  double lo, hi;             /* values at the plot's edges */
  double value_lo, value_hi; /* of the bar, logarithmic; lo == hi: nothing to draw */
} wd_plane_layout;

/* Fits a square plot into width x height. WD_ERR_ARGUMENT when there is no room. */
wd_status wd_plane_arrange(const wd_plane *plane, const wd_style *style, double width, double height,
                           wd_plane_layout *out, wd_error *err);
/* Ground: header, axes, maps, residuals, bar, iso-lines. Marks: all that moves with the cursor. Both at the
 * origin of cr, whose unit is style->scale device pixels. */
void wd_plane_draw_ground(const wd_plane *plane, const wd_style *style, const wd_plane_layout *layout,
                          cairo_t *cr);
void wd_plane_draw_marks(const wd_plane *plane, const wd_style *style, const wd_plane_layout *layout,
                         cairo_t *cr);

void wd_plane_to_place(const wd_plane_layout *layout, double u, double v, double *x, double *y);
void wd_plane_to_value(const wd_plane_layout *layout, double x, double y, double *u, double *v);

/* The lines at `level` of a grid of n x n values (logarithms are what is interpolated; not finite: no line
 * there), by marching squares: segments (u0, v0, u1, v1) in cells, the centre of the first at 0.5. At most
 * `most` segments; returns their number. */
int wd_plane_iso(int n, const float *value, double level, double (*segment)[4], int most);

#endif
