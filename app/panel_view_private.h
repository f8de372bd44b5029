/* Private to panel_*.c. */
#ifndef WD_PANEL_VIEW_PRIVATE_H
#define WD_PANEL_VIEW_PRIVATE_H

#include "app/panel_view.h"

enum { WD_PANEL_PADDING = 8 };

struct _WdPanelView {
  GtkWidget parent_instance;
  WdSession *session; /* borrowed: both outlive the widget */
  WdView *view;
  WdRecording *recording; /* whose signals are heard; borrowed from the session */
  WdPanelKind kind;
  int side;

  WdPicture *picture;
  wd_panel_layout layout;
  gboolean arranged; /* layout stands */
  wd_style style;
  char font[64];
  guint update; /* source that brings the picture up to date before the next redraw */
  gboolean stale;

  /* From below: pictures by cairo or by OpenGL, everything about them, the crosshair. */
  GtkWidget *sheet, *decor, *cursor;
  GPtrArray *texture; /* GdkTexture of each facet, NULL: to be rastered */
  guint texture_serial;

  int hover_facet; /* whose crosshair has the flag */
  double divider;
  guint blink_timer;
  gboolean blink_phase;
  char painter[96];

  gint64 described; /* monotonic time of the last description */
  guint describe;
};

/* Asks for an update before the next frame. */
void wd_panel_view_schedule(WdPanelView *self);
/* Panel coordinates of a place of the widget, and back. */
static inline double wd_panel_view_inset(void) {
  return WD_PANEL_PADDING;
}
wd_rect wd_panel_view_facet(WdPanelView *self, int facet); /* in the widget */

/* panel_cursor.c */
void wd_panel_view_paint_cursor(GtkSnapshot *snapshot, int width, int height, gpointer self);

#endif
