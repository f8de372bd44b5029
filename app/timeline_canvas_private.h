/* The timeline's widget, for its drawing (timeline_draw.c). */
#ifndef WD_TIMELINE_CANVAS_PRIVATE_H
#define WD_TIMELINE_CANVAS_PRIVATE_H

#include "app/timeline_canvas.h"

#include <math.h>

struct _WdTimelineCanvas {
  GtkWidget parent_instance;
  WdSession *session; /* borrowed */
  WdView *view;
  WdRecording *recording; /* connected to; a reference */
  gulong on_changed, on_position;
  GArray *lanes;
  int columns;
  char family[64];
  /* drag */
  guint drag_branch;
  int drag_side;
  double drag_x, drag_offset;
  gboolean dragging;
};

/* Where things are, in pixels. */
typedef struct WdTimelineGeometry {
  double size; /* of the text */
  double pad, step, top, lane, bottom;
} WdTimelineGeometry;
WdTimelineGeometry wd_timeline_measure(WdTimelineCanvas *c);

static inline double wd_timeline_x(const WdTimelineGeometry *g, double k) {
  return g->pad + k * g->step;
}
static inline double wd_timeline_y(const WdTimelineGeometry *g, int row) {
  return floor(g->top + (row + 0.5) * g->lane) + 0.5;
}

void wd_timeline_draw(WdTimelineCanvas *c, cairo_t *cr);
/* Whether a position's picture is in memory. */
gboolean wd_timeline_at_hand(WdTimelineCanvas *c, const WdPosition *p);

#endif
