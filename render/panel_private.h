/* Private to panel*.c: measures that arranging and drawing share. */
#ifndef WD_PANEL_PRIVATE_H
#define WD_PANEL_PRIVATE_H

#include "render/panel.h"

/* All lengths of a panel as multiples of the text size. */
typedef struct wd_panel_metric {
  double size, small;                   /* text: titles and labels; tick labels, captions, badges */
  double line, ascent;                  /* of `size` */
  double small_line, small_ascent;      /* of `small` */
  double tick, minor, gap;              /* length of ticks; between ticks and text */
  double facet_gap, bar_gap, bar_width; /* between facets; picture to bar; of the bar */
  double hair;                          /* axis lines */
} wd_panel_metric;

wd_panel_metric wd_panel_measure(wd_pen *pen);

enum { WD_BADGES_MAX = WD_PANEL_BADGES + 2 };
typedef struct wd_badges {
  int count;
  const char *text[WD_BADGES_MAX];
  char own[2][160]; /* what the panel itself has to say: the range of wiggles, traces left out */
} wd_badges;

void wd_panel_badges(const wd_panel *panel, int every, wd_badges *out);
/* Whether title, source and badges need two lines of the panel's width; and the width of the badges. */
bool wd_panel_header_wraps(wd_pen *pen, const wd_panel_metric *m, const wd_panel *panel,
                           const wd_badges *badges, double width, double *badges_width);

/* panel_ruler.c: the room above a picture that bars take, and what is drawn there and over the picture. */
double wd_panel_ruler_room(const wd_panel_metric *m, const wd_panel *panel);
void wd_panel_draw_ruler(wd_pen *pen, const wd_panel_metric *m, const wd_panel *panel, const wd_facet *facet,
                         const wd_rect *picture, bool labels);

bool wd_panel_has_bar(const wd_panel *panel);
bool wd_panel_has_captions(const wd_panel *panel);

/* The part of an axis in sight. */
wd_axis wd_panel_x_axis(const wd_panel *panel);
wd_axis wd_panel_y_axis(const wd_panel *panel);

/* A text without its first part in parentheses. */
void wd_panel_shorten(const char *text, char *out, size_t size);

/* What stands in the last parentheses of a label; "" without. */
const char *wd_panel_unit(const char *label, char *buffer, size_t size);

/* An axis label that fits the room: the whole text, or the unit in its parentheses, or nothing. */
const char *wd_panel_label(wd_pen *pen, const wd_type *type, const char *label, double room, char *buffer,
                           size_t size);

/* Ticks, in the units of the style, whose labels fit: along x (labels side by side within the length and
 * `slack` beyond each end) or along y (one above the other). *widest is the width of the widest label. */
int wd_panel_fit_ticks(wd_pen *pen, const wd_panel_metric *m, const wd_axis *axis, double length,
                       bool upright, double slack, wd_tick tick[WD_TICKS_MAX], double *widest);

/* What the colour bar is of: the overlay where there is one, else the pictures. */
typedef struct wd_panel_bar {
  const wd_range *range;
  const char *quantity;
  wd_colormap colormap;
  bool overlay;
  wd_dimension dimension;
} wd_panel_bar;
wd_panel_bar wd_panel_bar_of(const wd_panel *panel);

#endif
