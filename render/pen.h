/* Private to render/: a cairo context with type, theme and snapping. Text is laid out by pango without
 * hinting, so that a figure measures the same at every scale and on every medium. */
#ifndef WD_PEN_H
#define WD_PEN_H

#include "render/style.h"
#include <cairo.h>
#include <pango/pangocairo.h>

typedef struct wd_rect {
  double x, y, width, height;
} wd_rect;

/* Where text went: for the test that none overlaps. */
typedef struct wd_text_log {
  int count, capacity;
  wd_rect *box; /* capacity entries, the caller's; axis-aligned, of rotated text too */
} wd_text_log;

typedef struct wd_pen {
  cairo_t *cr; /* NULL: measures only */
  wd_style style;
  const wd_theme *theme;
  PangoContext *context;
  PangoLayout *layout;
  wd_text_log *log; /* may be NULL */
} wd_pen;

typedef enum wd_weight { WD_PLAIN = 0, WD_BOLD } wd_weight;

/* A run of text. */
typedef struct wd_type {
  double size; /* units; 0: the style's */
  wd_weight weight;
  uint32_t colour;
  double room; /* shortened with an ellipsis beyond this width; 0: unlimited */
} wd_type;

/* Never fails: pango aborts without memory as all of GLib does. */
void wd_pen_open(wd_pen *pen, cairo_t *cr, const wd_style *style, wd_text_log *log);
void wd_pen_close(wd_pen *pen);

/* Width and height (ascent + descent) of a line of text, and how far the baseline lies below its top. */
void wd_pen_measure(wd_pen *pen, const wd_type *type, const char *text, double *width, double *height,
                    double *baseline);

/* Draws text whose baseline passes through y, its left end (align 0), middle (0.5) or right end (1) at x.
 * Returns its width. */
double wd_pen_text(wd_pen *pen, const wd_type *type, double x, double y, double align, const char *text);

/* The same rotated to read upwards, its baseline on x, its middle at y. */
void wd_pen_text_up(wd_pen *pen, const wd_type *type, double x, double y, const char *text);

/* Height of a line of this size from the font's own ascent and descent, and its ascent. */
double wd_pen_line(wd_pen *pen, double size, double *ascent);

void wd_pen_colour(wd_pen *pen, uint32_t rgb);
void wd_pen_colour_alpha(wd_pen *pen, uint32_t rgb, double alpha);

/* To the nearest device pixel; on vector media too, so that a figure is arranged alike on all. */
double wd_pen_snap(const wd_pen *pen, double value);
/* To the device pixel not beyond it: for lengths that must fit. */
double wd_pen_floor(const wd_pen *pen, double value);
/* A line width of about `width` units, whole device pixels (at least 1) on a raster. */
double wd_pen_hair(const wd_pen *pen, double width);
/* Fills a crisp rectangle line: from x0 to x1 at y, or from y0 to y1 at x, of wd_pen_hair's width; the side
 * given by `outward` (-1: above or left of the coordinate, 0: centred, +1: below or right). */
void wd_pen_horizontal(wd_pen *pen, double x0, double x1, double y, double width, int outward);
void wd_pen_vertical(wd_pen *pen, double x, double y0, double y1, double width, int outward);
/* A frame just outside a rectangle. */
void wd_pen_frame(wd_pen *pen, const wd_rect *r, double width);
void wd_pen_rounded(wd_pen *pen, const wd_rect *r, double radius); /* adds the path */

#endif
