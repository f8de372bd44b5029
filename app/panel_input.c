/* Mouse, touchpad and keys of a panel (design: interface.md 3.13). */
#include "app/panel_view_private.h"

#include <math.h>

/* The picture under a place of the widget, and where in it, 0..1. FALSE: none. With `near` a place outside
 * counts for the picture that the drag began in. */
static gboolean hit(WdPanelView *self, double x, double y, int *facet, double *u, double *w) {
  if (!self->arranged) return FALSE;
  int facets = wd_picture_panel(self->picture)->facets;
  for (int i = 0; i < facets; i++) {
    wd_rect r = wd_panel_view_facet(self, i);
    double a = (x - r.x) / r.width, b = (y - r.y) / r.height;
    if (!(a >= 0 && a < 1 && b >= 0 && b < 1)) continue;
    *facet = i;
    *u = a;
    *w = b;
    return TRUE;
  }
  return FALSE;
}

static void set_cursor(WdPanelView *self, const char *name) {
  if (g_strcmp0(self->pointer, name) == 0) return;
  self->pointer = name;
  gtk_widget_set_cursor_from_name(GTK_WIDGET(self), name);
}

/* The crosshair goes to the middle of a cell, counted from the whole's first: what is read there is that
 * cell's value. */
static void go(WdPanelView *self, int facet, double column, double row) {
  const wd_panel *panel = wd_picture_panel(self->picture);
  WdView *v = self->view;
  int c = (int)CLAMP(floor(column), 0, panel->columns - 1), r = (int)CLAMP(floor(row), 0, panel->rows - 1);
  double x = wd_axis_value(&panel->x, (c + 0.5) / panel->columns),
         y = wd_axis_value(&panel->y, (r + 0.5) / panel->rows);
  gboolean map = self->kind == WD_PANEL_VELOCITY, traces = self->kind == WD_PANEL_TRACES;
  self->hover_facet = facet;
  wd_view_set_cursor(v, (int)self->kind, x, map ? y : v->z, map || traces ? v->t : y / 1000);
}

static gboolean point(WdPanelView *self, double x, double y) {
  int facet;
  double u, w;
  if (!hit(self, x, y, &facet, &u, &w)) return FALSE;
  const wd_panel *panel = wd_picture_panel(self->picture);
  wd_rect r = wd_panel_view_facet(self, facet);
  wd_mark at = wd_panel_to_value(panel, &r, (wd_mark){x, y});
  go(self, facet, wd_axis_place(&panel->x, at.x) * panel->columns,
     wd_axis_place(&panel->y, at.y) * panel->rows);
  return TRUE;
}

static gboolean over_divider(WdPanelView *self, double x, double y) {
  int facet;
  double u, w;
  if (self->kind != WD_PANEL_GATHER || self->view->source != WD_SOURCE_SPLIT ||
      !hit(self, x, y, &facet, &u, &w))
    return FALSE;
  wd_view zoom = wd_panel_view_zoom(self);
  wd_rect r = wd_panel_view_facet(self, facet);
  const wd_panel *panel = wd_picture_panel(self->picture);
  double column = round(self->view->divider * panel->columns);
  double at = r.x + (column - zoom.column0) / (zoom.column1 - zoom.column0) * r.width;
  return fabs(x - at) <= 6;
}

/* ---- hovering */

static void on_motion(GtkEventControllerMotion *controller, double x, double y, WdPanelView *self) {
  (void)controller;
  /* GTK repeats the last place after a layout: that must not take the crosshair back from the keys. */
  if (x == self->pointer_x && y == self->pointer_y) return;
  self->pointer_x = x;
  self->pointer_y = y;
  if (self->drag != WD_DRAG_NONE) return;
  set_cursor(self, over_divider(self, x, y)              ? "col-resize"
                   : self->zoom_tool || self->view->tool ? "crosshair"
                                                         : NULL);
  if (!self->view->cursor_locked) point(self, x, y);
}

/* The crosshair goes with the pointer, unless something that shows its values is open. */
static void on_leave(GtkEventControllerMotion *controller, WdPanelView *self) {
  (void)controller;
  WdView *v = self->view;
  self->pointer_x = self->pointer_y = -1;
  if (v->cursor_locked || v->trace_window || v->profiles || !v->cursor) return;
  if (v->cursor_panel != (int)self->kind || self->drag != WD_DRAG_NONE) return;
  v->cursor = FALSE;
  wd_view_changed(v, WD_VIEW_CURSOR);
}

/* ---- dragging */

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, WdPanelView *self) {
  gtk_widget_grab_focus(GTK_WIDGET(self));
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  int facet;
  double u, w;
  self->drag = WD_DRAG_NONE;
  if (!hit(self, x, y, &facet, &u, &w)) return;
  self->drag_facet = facet;
  self->drag_zoom = wd_panel_view_zoom(self);
  self->drag_divider = self->view->divider;
  self->band = (wd_rect){x, y, 0, 0};
  if (wd_panel_view_draw_begin(self, facet, x, y))
    self->drag = WD_DRAG_DRAW;
  else if (state & GDK_CONTROL_MASK || self->zoom_tool)
    self->drag = WD_DRAG_BAND;
  else if (over_divider(self, x, y))
    self->drag = WD_DRAG_DIVIDER;
  else if (wd_panel_view_is_zoomed(self))
    self->drag = WD_DRAG_PAN;
  else
    self->drag = WD_DRAG_CURSOR;
  if (self->drag == WD_DRAG_CURSOR) point(self, x, y);
  if (self->kind == WD_PANEL_TRACES && self->drag != WD_DRAG_BAND)
    wd_view_set_shot(self->view, (int)(w * wd_picture_panel(self->picture)->rows));
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, WdPanelView *self) {
  double x0, y0;
  if (self->drag == WD_DRAG_NONE || !gtk_gesture_drag_get_start_point(gesture, &x0, &y0)) return;
  wd_rect r = wd_panel_view_facet(self, self->drag_facet);
  const wd_view *z = &self->drag_zoom;
  double x = CLAMP(x0 + dx, r.x, r.x + r.width - 0.01), y = CLAMP(y0 + dy, r.y, r.y + r.height - 0.01);
  if (self->drag == WD_DRAG_DRAW) {
    wd_panel_view_draw_update(self, x, y);
  } else if (self->drag == WD_DRAG_PAN) {
    double columns = dx / r.width * (z->column1 - z->column0), rows = dy / r.height * (z->row1 - z->row0);
    set_cursor(self, "grabbing");
    wd_panel_view_set_zoom(
        self, (wd_view){z->row0 - rows, z->row1 - rows, z->column0 - columns, z->column1 - columns});
  } else if (self->drag == WD_DRAG_CURSOR) {
    point(self, x, y);
  } else if (self->drag == WD_DRAG_DIVIDER) {
    double u = (x - r.x) / r.width;
    int columns = wd_picture_panel(self->picture)->columns;
    self->view->divider = CLAMP((z->column0 + u * (z->column1 - z->column0)) / columns, 0.01, 1);
    wd_view_changed(self->view, WD_VIEW_DISPLAY);
  } else {
    self->band = (wd_rect){fmin(x0, x), fmin(y0, y), fabs(x - x0), fabs(y - y0)};
    gtk_widget_queue_draw(self->cursor);
  }
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, WdPanelView *self) {
  (void)gesture, (void)dx, (void)dy;
  WdDrag was = self->drag;
  self->drag = WD_DRAG_NONE;
  set_cursor(self, NULL);
  if (was == WD_DRAG_DRAW) wd_panel_view_draw_end(self);
  if (was != WD_DRAG_BAND) return;
  gtk_widget_queue_draw(self->cursor);
  if (self->band.width < 5 || self->band.height < 5) return; /* a slip of the hand */
  wd_rect r = wd_panel_view_facet(self, self->drag_facet), b = self->band;
  const wd_view *z = &self->drag_zoom;
  double columns = z->column1 - z->column0, rows = z->row1 - z->row0;
  self->zoom_tool = FALSE;
  wd_panel_view_set_zoom(self, (wd_view){z->row0 + (b.y - r.y) / r.height * rows,
                                         z->row0 + (b.y + b.height - r.y) / r.height * rows,
                                         z->column0 + (b.x - r.x) / r.width * columns,
                                         z->column0 + (b.x + b.width - r.x) / r.width * columns});
}

static void on_drag_cancel(GtkGesture *gesture, GdkEventSequence *sequence, WdPanelView *self) {
  (void)gesture, (void)sequence;
  if (self->drag == WD_DRAG_DRAW) wd_panel_view_draw_cancel(self);
  self->drag = WD_DRAG_NONE;
  gtk_widget_queue_draw(self->cursor);
}

static void on_click(GtkGestureClick *gesture, int presses, double x, double y, WdPanelView *self) {
  (void)gesture, (void)x, (void)y;
  if (presses == 2 && self->view->tool) wd_panel_view_draw_key(self, GDK_KEY_Return, 0);
  if (presses != 2 || self->view->tool) return;
  self->view->enlarged = self->view->enlarged == (int)self->kind ? -1 : (int)self->kind;
  wd_view_changed(self->view, WD_VIEW_LAYOUT);
}

/* ---- wheel and pinch */

static gboolean is_gather(WdPanelView *self) {
  return self->kind != WD_PANEL_VELOCITY && self->kind != WD_PANEL_TRACES;
}

/* Decoded, simulated and difference are changed together, so that they can be compared. */
static void change_looks(WdPanelView *self, double clip, double gain) {
  for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++) {
    WdPanelLook *l = &self->view->look[k];
    l->clip = CLAMP(l->clip + clip, 50, 100);
    l->gain = CLAMP(l->gain + gain, -60, 60);
  }
  wd_view_changed(self->view, WD_VIEW_DISPLAY);
}

static gboolean on_scroll(GtkEventControllerScroll *controller, double dx, double dy, WdPanelView *self) {
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(controller));
  double by = dy != 0 ? dy : dx; /* with Shift a wheel turns sideways */
  if (by == 0) return GDK_EVENT_PROPAGATE;
  if (state & GDK_SHIFT_MASK && is_gather(self)) {
    double now = self->view->look[self->kind].clip, step = now > 99 || (now == 99 && by < 0)   ? 0.5
                                                           : now > 95 || (now == 95 && by < 0) ? 1
                                                                                               : 5;
    change_looks(self, by > 0 ? -step : step, 0);
  } else if (state & GDK_CONTROL_MASK && is_gather(self)) {
    change_looks(self, 0, by > 0 ? -3 : 3);
  } else if (!(state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK))) {
    int facet;
    double u, w;
    if (!hit(self, self->pointer_x, self->pointer_y, &facet, &u, &w)) return GDK_EVENT_PROPAGATE;
    wd_view now = wd_panel_view_zoom(self);
    wd_panel_view_zoom_at(self, &now, u, w, pow(1.25, -by));
    if (!self->view->cursor_locked) point(self, self->pointer_x, self->pointer_y);
  } else {
    return GDK_EVENT_PROPAGATE;
  }
  return GDK_EVENT_STOP;
}

static void on_pinch_begin(GtkGesture *gesture, GdkEventSequence *sequence, WdPanelView *self) {
  (void)gesture, (void)sequence;
  self->drag_zoom = wd_panel_view_zoom(self);
}

static void on_pinch(GtkGestureZoom *gesture, double scale, WdPanelView *self) {
  double x, y, u, w;
  int facet;
  if (!(scale > 0) || !gtk_gesture_get_bounding_box_center(GTK_GESTURE(gesture), &x, &y) ||
      !hit(self, x, y, &facet, &u, &w))
    return;
  wd_panel_view_zoom_at(self, &self->drag_zoom, u, w, scale);
}

/* ---- keys */

static void nudge(WdPanelView *self, int columns, int rows) {
  const wd_panel *panel = wd_picture_panel(self->picture);
  WdView *v = self->view;
  double y = self->kind == WD_PANEL_VELOCITY ? v->z
             : self->kind == WD_PANEL_TRACES ? v->shot + 1
                                             : v->t * 1000;
  double column = wd_axis_place(&panel->x, v->x) * panel->columns,
         row = wd_axis_place(&panel->y, y) * panel->rows;
  if (!v->cursor) {
    wd_view zoom = wd_panel_view_zoom(self);
    column = 0.5 * (zoom.column0 + zoom.column1);
    row = 0.5 * (zoom.row0 + zoom.row1);
    columns = rows = 0;
  }
  if (self->kind == WD_PANEL_TRACES && rows) wd_view_set_shot(v, CLAMP(v->shot + rows, 0, panel->rows - 1));
  go(self, self->hover_facet, column + columns, row + rows);
}

/* About the crosshair where it is in sight, else about the middle. */
static void zoom_by(WdPanelView *self, double factor) {
  const wd_panel *panel = wd_picture_panel(self->picture);
  const WdView *v = self->view;
  wd_view now = wd_panel_view_zoom(self);
  const double y = self->kind == WD_PANEL_VELOCITY ? v->z : v->t * 1000;
  double u = (wd_axis_place(&panel->x, v->x) * panel->columns - now.column0) / (now.column1 - now.column0),
         w = (wd_axis_place(&panel->y, y) * panel->rows - now.row0) / (now.row1 - now.row0);
  if (!v->cursor || !(u >= 0 && u <= 1)) u = 0.5;
  if (!v->cursor || self->kind == WD_PANEL_TRACES || !(w >= 0 && w <= 1)) w = 0.5;
  wd_panel_view_zoom_at(self, &now, u, w, factor);
}

/* In twentieths of what is in sight; a whole that is in sight does not move. */
static void pan_by(WdPanelView *self, int columns, int rows) {
  if (!wd_panel_view_is_zoomed(self)) return;
  const wd_view z = wd_panel_view_zoom(self);
  const double dx = 0.05 * columns * (z.column1 - z.column0), dy = 0.05 * rows * (z.row1 - z.row0);
  wd_panel_view_set_zoom(self, (wd_view){z.row0 + dy, z.row1 + dy, z.column0 + dx, z.column1 + dx});
}

/* Escape in the middle of a drag, or with the rubber band armed: as it was before. */
static void drop_drag(WdPanelView *self) {
  const WdDrag was = self->drag;
  self->drag = WD_DRAG_NONE;
  self->zoom_tool = FALSE;
  set_cursor(self, NULL);
  if (was == WD_DRAG_PAN) wd_panel_view_set_zoom(self, self->drag_zoom);
  if (was == WD_DRAG_BAND) gtk_widget_queue_draw(self->cursor);
  if (was == WD_DRAG_DIVIDER) {
    self->view->divider = self->drag_divider;
    wd_view_changed(self->view, WD_VIEW_DISPLAY);
  }
}

static gboolean on_key(GtkEventControllerKey *controller, guint value, guint code, GdkModifierType state,
                       WdPanelView *self) {
  (void)controller, (void)code;
  if (!self->arranged) return GDK_EVENT_PROPAGATE;
  int by = state & GDK_SHIFT_MASK ? 10 : 1;
  gboolean alt = (state & GDK_ALT_MASK) != 0;
  gboolean splits = (state & GDK_CONTROL_MASK) && !alt && self->kind == WD_PANEL_GATHER &&
                    self->view->source == WD_SOURCE_SPLIT;
  const gboolean control = (state & GDK_CONTROL_MASK) && !alt;
  if (value == GDK_KEY_Escape && self->drag != WD_DRAG_DRAW &&
      (self->zoom_tool || self->drag != WD_DRAG_NONE)) {
    drop_drag(self);
  } else if (control && (value == GDK_KEY_plus || value == GDK_KEY_equal || value == GDK_KEY_KP_Add)) {
    zoom_by(self, 1.25);
  } else if (control && (value == GDK_KEY_minus || value == GDK_KEY_KP_Subtract)) {
    zoom_by(self, 1 / 1.25);
  } else if (control && !splits && (value == GDK_KEY_Left || value == GDK_KEY_Right)) {
    pan_by(self, value == GDK_KEY_Left ? -by : by, 0);
  } else if (control && (value == GDK_KEY_Up || value == GDK_KEY_Down)) {
    pan_by(self, 0, value == GDK_KEY_Up ? -by : by);
  } else if (value == GDK_KEY_Menu || (value == GDK_KEY_F10 && state & GDK_SHIFT_MASK)) {
    wd_rect r = wd_panel_view_facet(self, 0);
    wd_panel_view_popup(self, r.x + r.width / 2, r.y + r.height / 3);
  } else if (alt && value == GDK_KEY_Left) {
    nudge(self, -by, 0);
  } else if (alt && value == GDK_KEY_Right) {
    nudge(self, by, 0);
  } else if (alt && value == GDK_KEY_Up) {
    nudge(self, 0, -by);
  } else if (alt && value == GDK_KEY_Down) {
    nudge(self, 0, by);
  } else if (splits && (value == GDK_KEY_Left || value == GDK_KEY_Right)) {
    int columns = wd_picture_panel(self->picture)->columns;
    double at = self->view->divider * columns + (value == GDK_KEY_Left ? -by : by);
    self->view->divider = CLAMP(at / columns, 0.01, 1);
    wd_view_changed(self->view, WD_VIEW_DISPLAY);
  } else if (wd_panel_view_draw_key(self, value, state)) {
    return GDK_EVENT_STOP;
  } else if (value == GDK_KEY_z && !(state & (GDK_CONTROL_MASK | GDK_ALT_MASK))) {
    self->zoom_tool = !self->zoom_tool;
    set_cursor(self, self->zoom_tool ? "crosshair" : NULL);
  } else {
    return GDK_EVENT_PROPAGATE;
  }
  return GDK_EVENT_STOP;
}

static void on_focus(GtkEventControllerFocus *controller, WdPanelView *self) {
  (void)controller;
  if (self->view->focused == (int)self->kind) return;
  self->view->focused = (int)self->kind;
  wd_view_changed(self->view, WD_VIEW_DISPLAY);
}

static void on_secondary(GtkGestureClick *gesture, int presses, double x, double y, WdPanelView *self) {
  (void)presses;
  gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus(GTK_WIDGET(self));
  wd_panel_view_popup(self, x, y);
}

void wd_panel_view_listen(WdPanelView *self) {
  GtkWidget *widget = GTK_WIDGET(self);
  GtkEventController *motion = gtk_event_controller_motion_new();
  g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
  g_signal_connect(motion, "enter", G_CALLBACK(on_motion), self);
  g_signal_connect(motion, "leave", G_CALLBACK(on_leave), self);
  gtk_widget_add_controller(widget, motion);

  GtkGesture *drag = gtk_gesture_drag_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), self);
  g_signal_connect(drag, "cancel", G_CALLBACK(on_drag_cancel), self);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));

  GtkGesture *click = gtk_gesture_click_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_PRIMARY);
  g_signal_connect(click, "pressed", G_CALLBACK(on_click), self);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
  gtk_gesture_group(drag, click);

  GtkGesture *secondary = gtk_gesture_click_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(secondary), GDK_BUTTON_SECONDARY);
  g_signal_connect(secondary, "pressed", G_CALLBACK(on_secondary), self);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(secondary));

  GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
  gtk_widget_add_controller(widget, scroll);

  GtkGesture *pinch = gtk_gesture_zoom_new();
  g_signal_connect(pinch, "begin", G_CALLBACK(on_pinch_begin), self);
  g_signal_connect(pinch, "scale-changed", G_CALLBACK(on_pinch), self);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(pinch));

  GtkEventController *key = gtk_event_controller_key_new();
  g_signal_connect(key, "key-pressed", G_CALLBACK(on_key), self);
  gtk_widget_add_controller(widget, key);

  GtkEventController *focus = gtk_event_controller_focus_new();
  g_signal_connect(focus, "enter", G_CALLBACK(on_focus), self);
  gtk_widget_add_controller(widget, focus);
}
