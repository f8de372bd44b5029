/* Line plots: residuals over steps, traces, losses. Linear or logarithmic axes, several series with solid or
 * hollow markers, bands, and labelled reference lines. A legend stands between the header and the plot,
 * labels of reference lines right of it, so that nothing covers data. */
#ifndef WD_CURVE_H
#define WD_CURVE_H

#include "render/axis.h"
#include "render/pen.h"
#include "render/style.h"
#include "solver/status.h"
#include <cairo.h>

typedef enum wd_marker { WD_MARKER_NONE = 0, WD_MARKER_SOLID, WD_MARKER_HOLLOW } wd_marker;
typedef enum wd_dash { WD_DASH_SOLID = 0, WD_DASH_DASHED, WD_DASH_DOTTED, WD_DASH_NONE } wd_dash;

/* Zero means the default in brackets. All pointers are borrowed. */
typedef struct wd_series {
  const char *name; /* in the legend [not there] */
  const double *x;  /* count values [0, 1, 2, ...] */
  const double *y;  /* count values; NaN, and what is not positive on a log axis, is a gap */
  int count;
  wd_dash dash;
  wd_marker marker;
  double width; /* in units [0.14 of the text size] */
  int colour;   /* of wd_curve_colour, from 1 [by turns] */
  double alpha; /* opacity of line and markers, for what is provisional [1] */
} wd_series;

/* An area between two curves, or a horizontal strip when x is NULL (lo[0] to hi[0]). */
typedef struct wd_band {
  const char *name;
  const double *x, *lo, *hi;
  int count;
  int colour; /* as of a series [grey] */
} wd_band;

typedef struct wd_reference {
  double y;
  const char *label; /* right of the plot */
  wd_dash dash;
  int colour; /* as of a series [ink] */
} wd_reference;

typedef struct wd_curve {
  const char *title, *source; /* header, as of a panel */
  wd_axis x, y;               /* lo == hi: the range of the data, with a little room */
  const wd_series *series;
  int n_series;
  const wd_band *band;
  int n_bands;
  const wd_reference *reference;
  int n_references;
  double aspect; /* height over width of the plot [0.5] */
  bool no_legend;
  bool brief;          /* no line for the title of the x axis: it stands beside its ticks, up to its comma */
  bool no_x_text;      /* ticks of the x axis without numbers, which another plot right below has */
  const char *y_brief; /* title of the y axis where `y.label` does not fit [its unit] */
  double least;        /* least height of the plot, in text sizes [3] */
  double top;          /* least room above the plot, to align with panels beside it */
} wd_curve;

enum { WD_CURVE_COLOURS = 7, WD_CURVE_REFERENCES = 16 };

/* Colour i (from 1, by turns) of series in a theme: seven that colour-blind readers can tell apart, by
 * lightness too. */
uint32_t wd_curve_colour(const wd_style *style, int i);

typedef struct wd_curve_layout {
  double width, height;
  wd_rect plot;
  wd_axis x, y;                /* with their ranges found */
  double left, header, legend; /* room left of the plot; of the header; of the legend under it */
} wd_curve_layout;

/* As wd_panel_arrange. WD_ERR_ARGUMENT when the room is too small, a range is empty, or no value is drawable.
 */
wd_status wd_curve_arrange(const wd_curve *curve, const wd_style *style, double width, double height,
                           wd_curve_layout *out, wd_error *err);

void wd_curve_draw(const wd_curve *curve, const wd_style *style, const wd_curve_layout *layout, cairo_t *cr,
                   wd_text_log *log);

/* The data point nearest to a place of the plot, within `reach` units; false: none. */
bool wd_curve_pick(const wd_curve *curve, const wd_curve_layout *layout, double x, double y, double reach,
                   int *series, int *index);

#endif
