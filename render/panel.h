/* A panel: one or more pictures (facets) that share axes, colours and a colour bar, under one header line. A
 * single velocity map, the five shots of a gather side by side and a contact sheet are all panels. The same
 * drawing serves screen, PNG, PDF and SVG.
 *
 *   TITLE  source text                                  [badge]
 *        caption        caption
 *   2 +------------+ +------------+  # 4500
 *   m |  facet 0   | |  facet 1   |  #        label (unit), range
 *   s +------------+ +------------+  # 1500
 *     0     300      0     300
 *          Distance (m)
 */
#ifndef WD_PANEL_H
#define WD_PANEL_H

#include "render/axis.h"
#include "render/pen.h"
#include "render/raster.h"
#include "render/style.h"
#include "solver/gather.h"
#include "solver/map.h"

typedef enum wd_panel_mode {
  WD_PANEL_DENSITY = 0, /* colours: velocity maps, variable density of gathers (VD) */
  WD_PANEL_WIGGLE,      /* lines */
  WD_PANEL_AREA,        /* lines with positive area filled (VA) */
  WD_PANEL_AREA_NEGATIVE,
  WD_PANEL_DENSITY_WIGGLE /* lines over washed-out colours */
} wd_panel_mode;

/* Where something stands, in the units of the panel's axes. */
typedef struct wd_mark {
  double x, y;
} wd_mark;

/* A line or a row of symbols over a picture: picks, isochrones, contours, a divider. */
typedef enum wd_stroke_kind {
  WD_STROKE_LINE = 0, /* through the points; NaN lifts the pen */
  WD_STROKE_DASHED,
  WD_STROKE_CIRCLES, /* at the points; NaN is left out */
  WD_STROKE_CROSSES,
  WD_STROKE_ARROW, /* from the first point to the last, with a head there */
  WD_STROKE_TEXT   /* beginning right below the first point, on a ground of its own */
} wd_stroke_kind;

typedef struct wd_stroke {
  wd_stroke_kind kind;
  const wd_mark *point; /* borrowed */
  int points;
  uint32_t colour;  /* 0xRRGGBB; it gets a halo of the opposite lightness, to be seen on every colour */
  double width;     /* in text sizes [0.14] */
  const char *text; /* of WD_STROKE_TEXT */
} wd_stroke;

/* A second field over the pictures, of the panel's rows and columns: pressure over velocities. What is near
 * the middle of its range is transparent, so that the field beneath shows where there is nothing; the colour
 * bar is the overlay's. The OpenGL painter does not know it. */
typedef struct wd_overlay {
  const float *value; /* rows * columns, borrowed; NaN is transparent */
  wd_range range;     /* symmetric about the value that is transparent */
  wd_colormap colormap;
  double opacity;       /* at the ends of the range, 0..1 [0.9] */
  bool smooth;          /* interpolate between its cells */
  const char *quantity; /* label of the colour bar: "Pressure" */
} wd_overlay;

typedef struct wd_facet {
  const float *value;        /* rows * columns of the panel, borrowed; not NULL */
  const wd_overlay *overlay; /* [none]; the bar is that of the first facet's */
  const char *caption;       /* above the picture; may be NULL */
  const wd_mark *source;
  int sources; /* stars */
  const wd_mark *receiver;
  int receivers; /* small ticks */
  const wd_stroke *stroke;
  int strokes;        /* over the picture */
  const float *trace; /* values of the panel's ruler, ruler->traces of them; NaN is left out [none] */
  const char *note;   /* in the picture's lower left corner, on a plate: a clock [none] */
} wd_facet;

/* One figure for each trace of the facets, as bars above the pictures (a header plot) and as a mask over the
 * traces that are beyond a level. */
typedef struct wd_ruler {
  int traces;
  double hi;    /* at the top of the bars; 0 is at their foot */
  double level; /* a dashed line; NaN: none, and no mask */
  bool higher_is_better;
  bool bars, mask;
} wd_ruler;
bool wd_ruler_beyond(const wd_ruler *ruler, double value); /* the wrong side of the level */

enum { WD_PANEL_BADGES = 4 };

/* Zero means the default in brackets. All pointers are borrowed. */
typedef struct wd_panel {
  const char *title;                  /* bold */
  const char *source;                 /* where the data come from, secondary text beside the title */
  const char *badge[WD_PANEL_BADGES]; /* whatever the reader must know: "AGC 100 ms, display only" */
  const wd_facet *facet;
  int facets;
  int facet_columns; /* [all in one row] */
  int rows, columns; /* cells of every facet */
  wd_view view;      /* the part in sight [all] */
  wd_axis x, y;      /* values at the outer edges of the first and last cell of the whole field; not log */
  double
      aspect;  /* height over width of a facet [square cells for maps; 0 with `fill`: what the room gives] */
  bool square; /* cells are square: aspect follows from the view */
  bool no_axes, no_bar, no_ruler;
  int brief; /* room is scarce: 1: no line for the title of the x axis, its unit ends the line of its ticks,
                how the range was chosen is told by a badge; 2: nor a title of the bar, its unit stands under
                it; 3: nor that badge [0] */
  bool no_pictures; /* everything but the pictures: an overlay on what another painter drew */
  wd_panel_mode mode;
  bool smooth;
  wd_colormap colormap;
  wd_range range;
  const char *quantity;         /* label of the colour bar: "Velocity (m/s)" */
  wd_dimension dimension;       /* of the values and of that label [none] */
  double excursion;             /* of wiggles, in trace spacings [1] */
  const char *const *row_label; /* left of each row of facets, reading upwards; NULL, or one for each row */
  const wd_ruler *ruler;        /* [none] */
  double top;                   /* least room above the pictures, to align panels side by side [0] */
  bool crosshair;
  double cross_x, cross_y; /* axis units */
} wd_panel;

/* A panel of one map: axes Distance (m) and Depth (m) with cell centres at multiples of the spacing, square
 * cells. The range is left for the caller. The facet must outlive the panel. */
wd_panel wd_panel_of_map(const wd_map *map, const wd_facet *facet, int facets);

/* A panel of shots: axes Distance (m), receivers every `spacing` metres from 0 (0: axis Receiver, by index
 * from 1), and Time (ms), sample s at (s + 1) dt. */
wd_panel wd_panel_of_gather(const wd_gather *gather, double spacing, const wd_facet *facet, int facets);

typedef struct wd_panel_layout {
  double width, height; /* of the panel */
  int columns, rows;    /* facets across and down */
  wd_rect first;        /* the first facet's picture; the others follow at the steps below */
  double step_x, step_y;
  wd_rect bar;         /* width 0: none */
  double left, header; /* room left of the pictures, and above them without captions */
  int every;           /* wiggles: every n-th trace is drawn, as the header then says */
} wd_panel_layout;

/* Fits the panel into width x height units; height 0 lets it choose (layout->height tells). WD_ERR_ARGUMENT
 * when the room is too small for a picture, or the panel has no facet or an empty range. */
wd_status wd_panel_arrange(const wd_panel *panel, const wd_style *style, double width, double height,
                           wd_panel_layout *out, wd_error *err);

/* Draws at the origin of cr, whose user unit must be style->scale device pixels on a raster. The background
 * is the caller's. */
void wd_panel_draw(const wd_panel *panel, const wd_style *style, const wd_panel_layout *layout, cairo_t *cr,
                   wd_text_log *log);

/* The pixels of one picture alone, as wd_panel_draw paints it on a raster: for painters of other kinds. The
 * image should be wd_panel_facet_rect times style->scale. False without memory. */
bool wd_panel_raster(const wd_panel *panel, const wd_style *style, const wd_panel_layout *layout, int facet,
                     const wd_image *image);

/* The 256 colours of the panel's pictures: its colour map, washed out under wiggles. */
void wd_panel_colours(const wd_panel *panel, uint32_t table[256]);

/* Where a place in axis units stands in a picture's rectangle, and back; also outside the part in sight. */
wd_mark wd_panel_to_place(const wd_panel *panel, const wd_rect *picture, wd_mark value);
wd_mark wd_panel_to_value(const wd_panel *panel, const wd_rect *picture, wd_mark place);

wd_rect wd_panel_facet_rect(const wd_panel_layout *layout, int facet);

typedef struct wd_pick {
  int facet, row, column; /* the cell */
  double x, y;            /* axis units */
  float value;
} wd_pick;

/* The cell under a point of the panel; false outside the pictures. */
bool wd_panel_pick(const wd_panel *panel, const wd_panel_layout *layout, double x, double y, wd_pick *out);

#endif
