/* Private to panel_*.c. */
#ifndef WD_PANEL_VIEW_PRIVATE_H
#define WD_PANEL_VIEW_PRIVATE_H

#include "app/panel_view.h"

enum { WD_PANEL_PADDING = 8 };

typedef enum WdDrag {
  WD_DRAG_NONE = 0,
  WD_DRAG_CURSOR,
  WD_DRAG_PAN,
  WD_DRAG_BAND,
  WD_DRAG_DIVIDER,
  WD_DRAG_DRAW
} WdDrag;

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
  int level;         /* how brief the panel is, to make room (panel_view.c) */
  wd_style style;
  char font[64];
  guint update; /* source that brings the picture up to date before the next redraw */
  gboolean stale;

  /* From below: pictures by cairo or by OpenGL, everything about them, the crosshair. */
  GtkWidget *sheet, *decor, *cursor;
  GPtrArray *texture; /* GdkTexture of each facet, NULL: to be rastered */
  guint texture_serial;

  int hover_facet; /* whose crosshair has the flag */
  guint blink_timer;
  gboolean blink_phase;
  char painter[160];

  struct WdPanelGl *gl; /* NULL: cairo paints */
  gboolean gl_refused;  /* it was tried and failed */
  wd_rect gl_place;     /* of the area in the widget, whole logical pixels */
  int gl_mode;
  char renderer[8]; /* "auto", "gl", "cairo" */

  double pointer_x, pointer_y; /* where it was last seen */
  const char *pointer;         /* name of its cursor; NULL the usual */
  WdDrag drag;
  int drag_facet;
  wd_view drag_zoom; /* when the drag began, and: */
  double drag_divider;
  wd_rect band;  /* rubber band, in the widget */
  GArray *drawn; /* wd_mark in axis units: what is being drawn */
  int drawn_facet;
  gboolean zoom_tool;
  int samples; /* rows of the gathers that go with what is shown */

  GSimpleActionGroup *actions;
  GtkWidget *menu;

  gint64 described; /* monotonic time of the last description */
  guint describe;
};

/* Asks for an update before the next frame. */
void wd_panel_view_schedule(WdPanelView *self);
wd_rect wd_panel_view_facet(WdPanelView *self, int facet); /* in the widget */

/* panel_gl.c. Place belongs into the widget's allocation; all are harmless without OpenGL. */
void wd_panel_view_gl_open(WdPanelView *self);
void wd_panel_view_gl_close(WdPanelView *self);
void wd_panel_view_gl_place(WdPanelView *self);
void wd_panel_view_gl_redraw(WdPanelView *self, guint change);
const char *wd_panel_view_renderer(WdPanelView *self);

/* panel_zoom.c: in cells of the whole map or gather */
gboolean wd_panel_view_is_zoomed(WdPanelView *self);
wd_view wd_panel_view_zoom(WdPanelView *self); /* the whole when not zoomed */
void wd_panel_view_set_zoom(WdPanelView *self, wd_view to);
/* From a zoom by a factor about the place u, w (0..1) of its picture. */
void wd_panel_view_zoom_at(WdPanelView *self, const wd_view *from, double u, double w, double factor);

void wd_panel_view_listen(WdPanelView *self);                    /* panel_input.c */
void wd_panel_view_add_actions(WdPanelView *self);               /* panel_menu.c */
void wd_panel_view_popup(WdPanelView *self, double x, double y); /* panel_menu.c */

/* panel_draw.c: annotations by pointer and keys. TRUE: it was theirs. */
gboolean wd_panel_view_draw_begin(WdPanelView *self, int facet, double x, double y);
void wd_panel_view_draw_update(WdPanelView *self, double x, double y);
void wd_panel_view_draw_end(WdPanelView *self);
gboolean wd_panel_view_draw_key(WdPanelView *self, guint value, GdkModifierType state);
void wd_panel_view_draw_cancel(WdPanelView *self);
void wd_panel_view_paint_drawn(WdPanelView *self, GtkSnapshot *snapshot, int width, int height);

/* panel_cursor.c */
void wd_panel_view_paint_cursor(GtkSnapshot *snapshot, int width, int height, gpointer self);

#endif
