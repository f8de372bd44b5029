#include "app/i18n.h"
#include "app/timeline_canvas_private.h"
#include "app/widget_style.h"
#include "render/axis.h"

#include <math.h>

#define MIN_STEP  7.5 /* pixels between ticks, below which the timeline scrolls */
#define FINE      0.2 /* of a drag with Shift */
#define THRESHOLD 3.0 /* pixels before a press is a drag */

G_DEFINE_FINAL_TYPE(WdTimelineCanvas, wd_timeline_canvas, GTK_TYPE_WIDGET)

enum { LANES, FAILED, SIGNALS };
static guint signals[SIGNALS];

/* ---- geometry */

WdTimelineGeometry wd_timeline_measure(WdTimelineCanvas *c) {
  char family[64];
  double size = wd_widget_style(GTK_WIDGET(c), 0, family, sizeof family).size;
  WdTimelineGeometry g = {.size = size,
                          .pad = ceil(2.1 * size),
                          .top = ceil(0.95 * size),
                          .lane = ceil(1.75 * size),
                          .bottom = ceil(1.5 * size)};
  double width = gtk_widget_get_width(GTK_WIDGET(c));
  g.step = fmax(MIN_STEP, (width - 2 * g.pad) / MAX(c->columns, 1));
  return g;
}

double wd_timeline_canvas_row(WdTimelineCanvas *c, int row) {
  WdTimelineGeometry g = wd_timeline_measure(c);
  return wd_timeline_y(&g, row);
}

double wd_timeline_canvas_lane_height(WdTimelineCanvas *c) {
  return wd_timeline_measure(c).lane;
}

gboolean wd_timeline_canvas_tick(WdTimelineCanvas *c, guint id, int k, double *x, double *y) {
  const WdLane *lane = wd_lanes_owner(c->lanes, id, k);
  if (!lane) return FALSE;
  WdTimelineGeometry g = wd_timeline_measure(c);
  *x = wd_timeline_x(&g, k);
  *y = wd_timeline_y(&g, lane->row);
  return TRUE;
}

const GArray *wd_timeline_canvas_lanes(WdTimelineCanvas *c) {
  return c->lanes;
}

/* ---- going somewhere */

static void fail(WdTimelineCanvas *c, const GError *error) {
  g_signal_emit(c, signals[FAILED], 0, error ? error->message : _("This cannot be made now."));
}

static gboolean go_side(WdTimelineCanvas *c, int side, guint id, int k, gboolean make) {
  WdRecording *r = wd_session_get_recording(c->session);
  const WdBranch *b = wd_recording_find(r, id);
  if (!b) return FALSE;
  int last = wd_branch_last(b);
  gboolean ok = TRUE;
  if (k > last && make && wd_branch_end(b) > last) {
    g_autoptr(GError) error = NULL;
    c->view->follow = TRUE;
    ok = wd_session_continue(c->session, id, MIN(k, wd_branch_end(b)), &error);
    if (!ok) fail(c, error);
  } else if (side == 0) {
    c->view->follow = k >= last; /* who looks at an earlier step is not dragged along by a run */
  }
  k = CLAMP(k, 0, MAX(last, 0));
  if (side == 1 && c->view->locked && c->view->place[0].branch) {
    /* B follows A: A goes where B is then led to. */
    int a = wd_view_align(r, id, k, c->view->place[0].branch, c->view->align);
    if (a >= 0) wd_view_go(c->view, r, 0, c->view->place[0].branch, a);
    return ok;
  }
  wd_view_go(c->view, r, side, id, k);
  return ok;
}

gboolean wd_timeline_canvas_go(WdTimelineCanvas *c, guint id, int k) {
  return go_side(c, 0, id, k, TRUE);
}

/* ---- what changes */

static void describe(WdTimelineCanvas *c) {
  g_autofree char *place = wd_place_text(wd_session_get_recording(c->session), c->view->place[0]);
  guint n = c->lanes->len;
  g_autofree char *text =
      n ? g_strdup_printf(
              ngettext(
                  "%u run of up to %d steps, from noise on the left to data on the right. Side A: %s.",
                  "%u branches of up to %d steps, from noise on the left to data on the right. Side A: %s.",
                  n),
              n, c->columns, place)
        : g_strdup(_("Nothing is recorded yet."));
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void rebuild(WdTimelineCanvas *c) {
  int columns = 0;
  gboolean both = c->view->layout == WD_LAYOUT_COMPARE;
  GArray *lanes = wd_lanes_new(wd_session_get_recording(c->session), &c->view->place[0],
                               both ? &c->view->place[1] : NULL, &columns);
  gboolean resize = lanes->len != c->lanes->len || columns != c->columns;
  g_array_unref(c->lanes);
  c->lanes = lanes;
  c->columns = columns;
  if (resize) gtk_widget_queue_resize(GTK_WIDGET(c));
  gtk_widget_queue_draw(GTK_WIDGET(c));
  describe(c);
  g_signal_emit(c, signals[LANES], 0);
}

static void on_recording_changed(WdRecording *r, WdTimelineCanvas *c) {
  (void)r;
  rebuild(c);
}

static void on_recording_position(WdRecording *r, guint id, int k, WdTimelineCanvas *c) {
  const WdLane *lane = wd_lanes_find(c->lanes, id);
  const WdBranch *b = wd_recording_find(r, id);
  (void)k;
  if (!lane || !b) return;
  if (lane->last != wd_branch_last(b) || lane->end != MAX(wd_branch_end(b), wd_branch_last(b)))
    rebuild(c);
  else
    gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void leave_recording(WdTimelineCanvas *c) {
  g_clear_signal_handler(&c->on_changed, c->recording);
  g_clear_signal_handler(&c->on_position, c->recording);
  g_clear_object(&c->recording);
}

static void on_recording(WdTimelineCanvas *c) {
  leave_recording(c);
  c->recording = g_object_ref(wd_session_get_recording(c->session));
  c->on_changed = g_signal_connect(c->recording, "changed", G_CALLBACK(on_recording_changed), c);
  c->on_position = g_signal_connect(c->recording, "position", G_CALLBACK(on_recording_position), c);
  rebuild(c);
}

static void on_view(WdView *view, guint parts, WdTimelineCanvas *c) {
  (void)view;
  if (parts & WD_VIEW_LAYOUT)
    rebuild(c);
  else if (parts & WD_VIEW_PLACE) {
    const WdPlace *p = c->view->place;
    gboolean known = wd_lanes_find(c->lanes, p[0].branch) &&
                     (c->view->layout != WD_LAYOUT_COMPARE || wd_lanes_find(c->lanes, p[1].branch));
    if (!known) rebuild(c);
    gtk_widget_queue_draw(GTK_WIDGET(c));
    describe(c);
  }
}

static void on_frame(WdSession *session, guint id, int k, int what, WdTimelineCanvas *c) {
  (void)session, (void)id, (void)k, (void)what;
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* ---- the widget */

static void snapshot(GtkWidget *widget, GtkSnapshot *snap) {
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
  cairo_t *cr = gtk_snapshot_append_cairo(snap, &GRAPHENE_RECT_INIT(0, 0, (float)w, (float)h));
  wd_timeline_draw(c, cr);
  if (gtk_widget_has_focus(widget)) {
    cairo_rectangle(cr, 1, 1, w - 2, h - 2);
    wd_style style = wd_widget_style(widget, 0, c->family, sizeof c->family);
    wd_cairo_colour(cr, wd_style_theme(&style)->accent, 0.45);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
  }
  cairo_destroy(cr);
}

static void measure_widget(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                           int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)for_size;
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  WdTimelineGeometry g = wd_timeline_measure(c);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = (int)ceil(2 * g.pad + MIN_STEP * MAX(c->columns, 8));
  else
    *minimum = *natural = (int)ceil(g.top + MAX(1, (int)c->lanes->len) * g.lane + g.bottom);
  *minimum_baseline = *natural_baseline = -1;
}

/* ---- mouse */

static const WdLane *lane_at(WdTimelineCanvas *c, double y) {
  if (!c->lanes->len) return NULL;
  WdTimelineGeometry g = wd_timeline_measure(c);
  int row = (int)floor((y - g.top) / g.lane);
  return &g_array_index(c->lanes, WdLane, CLAMP(row, 0, (int)c->lanes->len - 1));
}

static int column_at(WdTimelineCanvas *c, double x) {
  WdTimelineGeometry g = wd_timeline_measure(c);
  return (int)lround((x - g.pad) / g.step);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, WdTimelineCanvas *c) {
  gtk_widget_grab_focus(GTK_WIDGET(c));
  const WdLane *lane = lane_at(c, y);
  if (!lane) {
    gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_DENIED);
    return;
  }
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  const WdView *v = c->view;
  gboolean compare = v->layout == WD_LAYOUT_COMPARE;
  c->drag_side = compare && ((state & GDK_CONTROL_MASK) ||
                             (lane->id == v->place[1].branch && lane->id != v->place[0].branch));
  if (c->drag_side && v->locked && v->place[0].branch != lane->id && v->place[1].branch != lane->id) {
    WdRecording *r = wd_session_get_recording(c->session); /* another branch becomes B */
    wd_view_go(c->view, r, 1, lane->id, column_at(c, x));
  }
  c->drag_branch = lane->id;
  c->drag_x = x;
  c->drag_offset = 0;
  c->dragging = FALSE;
  go_side(c, c->drag_side, lane->id, CLAMP(column_at(c, x), 0, lane->end), TRUE);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, WdTimelineCanvas *c) {
  (void)dy;
  if (!c->dragging && fabs(dx) < THRESHOLD) return;
  if (!c->dragging) {
    c->dragging = c->view->scrubbing = TRUE;
    if (c->view->playing) {
      c->view->playing = FALSE;
      wd_view_changed(c->view, WD_VIEW_PLAY);
    }
  }
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
  c->drag_x += (dx - c->drag_offset) * ((state & GDK_SHIFT_MASK) ? FINE : 1);
  c->drag_offset = dx;
  go_side(c, c->drag_side, c->drag_branch, MAX(0, column_at(c, c->drag_x)), FALSE);
}

static void rest(WdTimelineCanvas *c) {
  if (!c->dragging) return;
  c->dragging = c->view->scrubbing = FALSE;
  wd_view_changed(c->view, WD_VIEW_PLACE); /* at rest: what was left out is made now */
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, WdTimelineCanvas *c) {
  (void)gesture, (void)dx, (void)dy;
  rest(c);
}

static void on_drag_cancel(GtkGesture *gesture, GdkEventSequence *sequence, WdTimelineCanvas *c) {
  (void)gesture, (void)sequence;
  rest(c);
}

static gboolean on_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                           gpointer data) {
  (void)data;
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(widget);
  const WdLane *lane = keyboard ? wd_lanes_find(c->lanes, c->view->place[0].branch) : lane_at(c, y);
  if (!lane) return FALSE;
  int k = keyboard ? c->view->place[0].position : CLAMP(column_at(c, x), 0, lane->end);
  const WdBranch *b = wd_recording_find(c->recording, lane->id);
  WdPosition *p = k <= lane->last ? wd_recording_position(c->recording, lane->id, k) : NULL;
  g_autofree char *place = wd_place_text(c->recording, (WdPlace){lane->id, k});
  const char *const known[] = {_("click to run to here"), _("latent stored"), _("decoded"),
                               _("decoded, simulated and scored live"),
                               _("decoded, simulated and scored exactly")};
  WdTick tick = wd_tick_of(p, c->view->what, wd_timeline_at_hand(c, p));
  const WdScore *score = p ? wd_position_score(p, c->view->what) : NULL;
  GString *text = g_string_new(b && b->name ? b->name : "");
  g_string_append_printf(text, "\n%s\n%s", place, known[tick]);
  if (score && isfinite(score->value[c->view->metric])) {
    char value[32];
    const WdScoreInfo *info = wd_score_get_info(c->view->metric);
    wd_format_number(score->value[c->view->metric], 0, value, sizeof value);
    g_string_append_printf(text, "\n%s %s%s%s", info->title, value, *info->unit ? " " : "", info->unit);
  }
  if (p && p->fault) g_string_append_printf(text, "\n%s", p->fault);
  gtk_tooltip_set_text(tooltip, text->str);
  g_string_free(text, TRUE);
  return TRUE;
}

/* ---- keys */

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       WdTimelineCanvas *c) {
  (void)controller, (void)code;
  if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) return FALSE;
  WdPlace p = c->view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(c->session), p.branch);
  if (!b) return FALSE;
  int by = state & GDK_SHIFT_MASK ? 10 : 1, to = p.position;
  switch (key) {
  case GDK_KEY_Left:
  case GDK_KEY_KP_Left: to = MAX(0, p.position - by); break;
  case GDK_KEY_Right:
  case GDK_KEY_KP_Right: to = MIN(MAX(wd_branch_end(b), wd_branch_last(b)), p.position + by); break;
  case GDK_KEY_Home:
  case GDK_KEY_KP_Home: to = 0; break;
  case GDK_KEY_End:
  case GDK_KEY_KP_End: to = wd_branch_last(b); break;
  case GDK_KEY_Up:
  case GDK_KEY_Down: {
    const WdLane *lane = wd_lanes_find(c->lanes, p.branch);
    int row = lane ? lane->row + (key == GDK_KEY_Up ? -1 : 1) : -1;
    if (row < 0 || row >= (int)c->lanes->len) return FALSE;
    lane = &g_array_index(c->lanes, WdLane, row);
    go_side(c, 0, lane->id, CLAMP(p.position, 0, MAX(lane->last, 0)), FALSE);
    return TRUE;
  }
  default: return FALSE;
  }
  /* A key that repeats must not queue up runs: one step at a time beyond what is made. */
  if (to > wd_branch_last(b) && wd_session_get_running(c->session)) return TRUE;
  go_side(c, 0, p.branch, to, TRUE);
  return TRUE;
}

/* ---- the object */

static void dispose(GObject *object) {
  WdTimelineCanvas *c = WD_TIMELINE_CANVAS(object);
  leave_recording(c);
  G_OBJECT_CLASS(wd_timeline_canvas_parent_class)->dispose(object);
}

static void finalize(GObject *object) {
  g_array_unref(WD_TIMELINE_CANVAS(object)->lanes);
  G_OBJECT_CLASS(wd_timeline_canvas_parent_class)->finalize(object);
}

static void wd_timeline_canvas_class_init(WdTimelineCanvasClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
  widget->snapshot = snapshot;
  widget->measure = measure_widget;
  gtk_widget_class_set_css_name(widget, "wd-timeline");
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
  signals[LANES] =
      g_signal_new("lanes", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new("failed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void wd_timeline_canvas_init(WdTimelineCanvas *c) {
  c->lanes = g_array_new(FALSE, FALSE, sizeof(WdLane));
  gtk_widget_set_focusable(GTK_WIDGET(c), TRUE);
  gtk_widget_set_hexpand(GTK_WIDGET(c), TRUE);
  gtk_widget_set_has_tooltip(GTK_WIDGET(c), TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Timeline"), -1);
  g_signal_connect(c, "query-tooltip", G_CALLBACK(on_tooltip), NULL);
  GtkGesture *drag = gtk_gesture_drag_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), c);
  g_signal_connect(drag, "cancel", G_CALLBACK(on_drag_cancel), c);
  gtk_widget_add_controller(GTK_WIDGET(c), GTK_EVENT_CONTROLLER(drag));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
  gtk_widget_add_controller(GTK_WIDGET(c), keys);
  GtkEventController *focus = gtk_event_controller_focus_new();
  g_signal_connect_swapped(focus, "enter", G_CALLBACK(gtk_widget_queue_draw), c);
  g_signal_connect_swapped(focus, "leave", G_CALLBACK(gtk_widget_queue_draw), c);
  gtk_widget_add_controller(GTK_WIDGET(c), focus);
}

WdTimelineCanvas *wd_timeline_canvas_new(WdSession *session, WdView *view) {
  WdTimelineCanvas *c = g_object_new(WD_TYPE_TIMELINE_CANVAS, NULL);
  c->session = session;
  c->view = view;
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), c, 0);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), c, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "frame", G_CALLBACK(on_frame), c, 0);
  g_signal_connect_object(session, "state", G_CALLBACK(gtk_widget_queue_draw), c, G_CONNECT_SWAPPED);
  on_recording(c);
  return c;
}
