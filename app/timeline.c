/* The timeline: transport buttons over the lanes (timeline_canvas.c), with the lanes' names beside them. */
#include "app/branch_popover.h"
#include "app/i18n.h"
#include "app/player.h"
#include "app/timeline_canvas.h"
#include "app/widget_style.h"
#include "app/widgets.h"
#include "app/window.h"
#include "render/curve.h"

#include <math.h>

enum { ROWS_IN_SIGHT = 4 };

#define WD_TYPE_TIMELINE (wd_timeline_get_type())
G_DECLARE_FINAL_TYPE(WdTimeline, wd_timeline, WD, TIMELINE, GtkBox)

struct _WdTimeline {
  GtkBox parent_instance;
  WdSession *session;
  WdView *view;
  WdTimelineCanvas *canvas;
  GtkWidget *names, *sideways, *upright;
  GtkWidget *first, *back, *play, *forward, *last, *step, *on, *branch, *fps, *rate, *place;
  GtkWidget *loop, *ping_pong, *reverse;
  GtkWidget *estimate, *state; /* which latent of a step is shown */
  char family[64];
  gboolean updating;
};

G_DEFINE_FINAL_TYPE(WdTimeline, wd_timeline, GTK_TYPE_BOX)

/* ---- state */

static const WdBranch *branch_of(WdTimeline *t) {
  return wd_recording_find(wd_session_get_recording(t->session), t->view->place[0].branch);
}

static void show_place(WdTimeline *t) {
  WdRecording *r = wd_session_get_recording(t->session);
  g_autofree char *a = wd_place_text(r, t->view->place[0]);
  g_autofree char *text = NULL;
  if (t->view->layout == WD_LAYOUT_COMPARE && t->view->place[1].branch) {
    g_autofree char *b = wd_place_text(r, t->view->place[1]);
    text = g_strdup_printf("A: %s\nB: %s", a, b);
  }
  gtk_label_set_text(GTK_LABEL(t->place), text ? text : a);
  gtk_widget_set_tooltip_text(t->place, text ? text : a);
}

static void update(WdTimeline *t) {
  const WdBranch *b = branch_of(t);
  int k = t->view->place[0].position, last = b ? wd_branch_last(b) : -1,
      end = b ? MAX(wd_branch_end(b), last) : -1;
  const WdSessionState state = wd_session_get_state(t->session);
  const WdModelInfo *model = wd_session_get_model(t->session);
  gboolean makes = model && state == WD_SESSION_IDLE, left = end > last;
  gtk_widget_set_sensitive(t->first, last > 0 && k > 0);
  gtk_widget_set_sensitive(t->back, last > 0 && k > 0);
  gtk_widget_set_sensitive(t->forward, k < last || (left && makes));
  gtk_widget_set_sensitive(t->last, k < last);
  gtk_widget_set_sensitive(t->play, last > 0);
  gtk_widget_set_sensitive(t->step, left && makes);
  gtk_widget_set_sensitive(t->on, left && makes);
  gtk_widget_set_sensitive(t->branch, b && b->kind == WD_BRANCH_SAMPLED);
  t->updating = TRUE;
  const WdView *v = t->view;
  /* A walk and an opened pair have one latent at each place. */
  const gboolean two = b && (b->kind == WD_BRANCH_SAMPLED || v->what == WD_WHAT_STATE);
  gtk_widget_set_sensitive(t->estimate, two);
  gtk_widget_set_sensitive(t->state, two);
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(v->what == WD_WHAT_STATE ? t->state : t->estimate), TRUE);
  gtk_button_set_icon_name(GTK_BUTTON(t->play),
                           v->playing ? "media-playback-pause-symbolic" : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text(t->play, v->playing ? _("Pause (Space)") : _("Play the recording (Space)"));
  gtk_check_button_set_active(GTK_CHECK_BUTTON(t->loop), v->loop);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(t->ping_pong), v->ping_pong);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(t->reverse), v->reverse);
  gtk_range_set_value(GTK_RANGE(t->fps), v->fps);
  g_autofree char *rate =
      g_strdup_printf(_("%s%.3g fps%s"), v->reverse ? "◂ " : "", v->fps, v->loop || v->ping_pong ? " ↻" : "");
  if (g_strcmp0(gtk_menu_button_get_label(GTK_MENU_BUTTON(t->rate)), rate))
    gtk_menu_button_set_label(GTK_MENU_BUTTON(t->rate), rate);
  t->updating = FALSE;
  show_place(t);
}

static void tell(WdTimeline *t, const char *what, const char *message) {
  GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(t));
  if (!WD_IS_WINDOW(root)) return;
  const WdNotice notice = {.code = WD_ERR_ARGUMENT, .what = (char *)what, .kept = (char *)message};
  wd_window_notify(WD_WINDOW(root), &notice);
}

static void on_branch_failed(const char *message, gpointer user) {
  tell(user, _("The branch did not begin"), message);
}

static void on_failed(WdTimelineCanvas *canvas, const char *message, WdTimeline *t) {
  (void)canvas;
  tell(t, _("The run does not go on"), message);
}

/* ---- scrolling */

static void scroll_to_place(WdTimeline *t) {
  double x, y;
  WdPlace p = t->view->place[0];
  if (!wd_timeline_canvas_tick(t->canvas, p.branch, p.position, &x, &y)) return;
  GtkAdjustment *h = gtk_scrolled_window_get_hadjustment(GTK_SCROLLED_WINDOW(t->sideways));
  GtkAdjustment *v = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(t->upright));
  double lane = wd_timeline_canvas_lane_height(t->canvas), page = gtk_adjustment_get_page_size(h);
  double margin = fmin(5 * lane, page / 3);
  gtk_adjustment_clamp_page(h, x - margin, x + margin);
  gtk_adjustment_clamp_page(v, y - 1.2 * lane, y + 1.2 * lane);
}

static void on_lanes(WdTimeline *t) {
  int n = (int)wd_timeline_canvas_lanes(t->canvas)->len;
  int natural, most;
  gtk_widget_measure(GTK_WIDGET(t->canvas), GTK_ORIENTATION_VERTICAL, -1, NULL, &natural, NULL, NULL);
  double lane = wd_timeline_canvas_lane_height(t->canvas);
  most = n > ROWS_IN_SIGHT ? (int)(natural - (n - ROWS_IN_SIGHT - 0.5) * lane) : natural;
  gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(t->upright),
                                             -1); /* or GTK refuses a larger least */
  gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(t->upright), most);
  gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(t->upright), most);
  gtk_widget_set_visible(t->names, n > 0);
  gtk_widget_queue_draw(t->names);
  update(t);
}

static void draw_names(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  (void)height;
  WdTimeline *t = data;
  wd_style style = wd_widget_style(GTK_WIDGET(area), 0, t->family, sizeof t->family);
  const wd_theme *theme = wd_style_theme(&style);
  const GArray *lanes = wd_timeline_canvas_lanes(t->canvas);
  WdRecording *r = wd_session_get_recording(t->session);
  for (guint i = 0; i < lanes->len; i++) {
    const WdLane *lane = &g_array_index(lanes, WdLane, i);
    const WdBranch *b = wd_recording_find(r, lane->id);
    if (!b) continue;
    int depth = 0;
    for (int p = lane->parent; p >= 0 && depth < 6; p = g_array_index(lanes, WdLane, p).parent) depth++;
    gboolean chosen = t->view->place[0].branch == lane->id;
    PangoLayout *layout = gtk_widget_create_pango_layout(GTK_WIDGET(area), b->name);
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_scale_new(0.9));
    if (chosen) pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    double left = 6 + MIN(depth, 3) * 0.7 * style.size, dot = 0.28 * style.size;
    double y = wd_timeline_canvas_row(t->canvas, lane->row);
    cairo_arc(cr, left + dot, y, dot, 0, 2 * G_PI);
    wd_cairo_colour(cr, wd_curve_colour(&style, lane->colour), 1);
    cairo_fill(cr);
    left += 2 * dot + 0.4 * style.size;
    pango_layout_set_width(layout, (int)(MAX(10, width - left - 2) * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_MIDDLE);
    int h;
    pango_layout_get_pixel_size(layout, NULL, &h);
    cairo_move_to(cr, left, y - h / 2.0);
    wd_cairo_colour(cr, chosen ? theme->ink : theme->dim, 1);
    pango_cairo_show_layout(cr, layout);
    g_object_unref(layout);
  }
}

static void on_name_pressed(GtkGestureClick *gesture, int n, double x, double y, WdTimeline *t) {
  (void)gesture, (void)n, (void)x;
  const GArray *lanes = wd_timeline_canvas_lanes(t->canvas);
  for (guint i = 0; i < lanes->len; i++) {
    const WdLane *lane = &g_array_index(lanes, WdLane, i);
    if (fabs(y - wd_timeline_canvas_row(t->canvas, lane->row)) >
        wd_timeline_canvas_lane_height(t->canvas) / 2)
      continue;
    wd_view_go(t->view, wd_session_get_recording(t->session), 0, lane->id,
               MIN(t->view->place[0].position, MAX(lane->last, 0)));
  }
}

/* ---- buttons */

static void go(WdTimeline *t, int k) {
  wd_timeline_canvas_go(t->canvas, t->view->place[0].branch, k);
}
static void on_first(WdTimeline *t) {
  go(t, 0);
}
static void on_back(WdTimeline *t) {
  go(t, t->view->place[0].position - 1);
}
static void on_forward(WdTimeline *t) {
  go(t, t->view->place[0].position + 1);
}
static void on_last(WdTimeline *t) {
  const WdBranch *b = branch_of(t);
  if (b) go(t, wd_branch_last(b));
}
static void on_step(WdTimeline *t) {
  const WdBranch *b = branch_of(t);
  if (b) go(t, wd_branch_last(b) + 1);
}
static void on_run_on(WdTimeline *t) {
  const WdBranch *b = branch_of(t);
  if (b) go(t, wd_branch_end(b));
}
static void on_play(WdTimeline *t) {
  t->view->playing = !t->view->playing;
  wd_view_changed(t->view, WD_VIEW_PLAY | (t->view->playing ? 0 : WD_VIEW_PLACE));
}
static void on_toggle(GtkCheckButton *button, WdTimeline *t) {
  (void)button;
  if (t->updating) return;
  t->view->loop = gtk_check_button_get_active(GTK_CHECK_BUTTON(t->loop));
  t->view->ping_pong = gtk_check_button_get_active(GTK_CHECK_BUTTON(t->ping_pong));
  t->view->reverse = gtk_check_button_get_active(GTK_CHECK_BUTTON(t->reverse));
  wd_view_changed(t->view, WD_VIEW_PLAY);
}
static void on_what(GtkToggleButton *button, WdTimeline *t) {
  if (t->updating || !gtk_toggle_button_get_active(button)) return;
  t->view->what = GTK_WIDGET(button) == t->state ? WD_WHAT_STATE : WD_WHAT_ESTIMATE;
  wd_view_changed(t->view, WD_VIEW_PLACE | WD_VIEW_PLOT);
}
static void on_fps(GtkRange *range, WdTimeline *t) {
  if (t->updating) return;
  t->view->fps = gtk_range_get_value(range);
  wd_view_changed(t->view, WD_VIEW_PLAY);
}

static void on_view(WdView *view, guint parts, WdTimeline *t) {
  (void)view;
  if (parts & (WD_VIEW_PLACE | WD_VIEW_PLAY | WD_VIEW_LAYOUT)) update(t);
  if (parts & WD_VIEW_PLACE) {
    scroll_to_place(t);
    gtk_widget_queue_draw(t->names);
  }
}

static void name_it(GtkWidget *widget, const char *text) {
  gtk_widget_set_tooltip_text(widget, text);
  gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

static GtkWidget *button(WdTimeline *t, GtkWidget *box, const char *name, const char *icon,
                         const char *tooltip, void (*clicked)(WdTimeline *)) {
  GtkWidget *b = gtk_button_new_from_icon_name(icon);
  gtk_widget_set_name(b, name);
  name_it(b, tooltip);
  gtk_widget_add_css_class(b, "flat");
  g_signal_connect_swapped(b, "clicked", G_CALLBACK(clicked), t);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

static GtkWidget *way(WdTimeline *t, GtkWidget *box, const char *name, const char *text,
                      const char *tooltip) {
  GtkWidget *b = gtk_check_button_new_with_label(text);
  gtk_widget_set_name(b, name);
  gtk_widget_set_tooltip_text(b, tooltip);
  g_signal_connect(b, "toggled", G_CALLBACK(on_toggle), t);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

static GtkWidget *worded(WdTimeline *t, GtkWidget *box, const char *name, const char *text,
                         const char *tooltip, void (*clicked)(WdTimeline *)) {
  GtkWidget *b = gtk_button_new_with_label(text);
  gtk_widget_set_name(b, name);
  gtk_widget_set_tooltip_text(b, tooltip);
  g_signal_connect_swapped(b, "clicked", G_CALLBACK(clicked), t);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

/* How it plays: behind one button that says how fast. */
static GtkWidget *build_ways(WdTimeline *t) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *speed = gtk_label_new(_("Steps a second"));
  gtk_label_set_xalign(GTK_LABEL(speed), 0);
  gtk_box_append(GTK_BOX(box), speed);
  t->fps = gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0.5, 30, 0.5);
  gtk_widget_set_name(t->fps, "fps");
  gtk_widget_set_size_request(t->fps, 220, -1);
  gtk_scale_set_draw_value(GTK_SCALE(t->fps), FALSE);
  for (int i = 5; i <= 30; i += 5) gtk_scale_add_mark(GTK_SCALE(t->fps), i, GTK_POS_BOTTOM, NULL);
  name_it(t->fps, _("Steps a second when playing ([ slower, ] faster)"));
  g_signal_connect(t->fps, "value-changed", G_CALLBACK(on_fps), t);
  gtk_box_append(GTK_BOX(box), t->fps);
  t->loop = way(t, box, "loop", _("Loop"), _("Over and over (L)"));
  t->ping_pong = way(t, box, "ping-pong", _("There and back"), _("Ping-pong: turns round at the ends"));
  t->reverse = way(t, box, "reverse", _("Backwards"), _("From the data to the noise"));
  GtkWidget *popover = gtk_popover_new();
  gtk_popover_set_child(GTK_POPOVER(popover), box);
  t->rate = gtk_menu_button_new();
  gtk_widget_set_name(t->rate, "play-menu");
  gtk_menu_button_set_direction(GTK_MENU_BUTTON(t->rate), GTK_ARROW_UP);
  gtk_menu_button_set_popover(GTK_MENU_BUTTON(t->rate), popover);
  gtk_widget_add_css_class(t->rate, "flat");
  gtk_widget_set_tooltip_text(t->rate, _("How it plays: speed, loop, there and back, backwards"));
  return t->rate;
}

static GtkWidget *what_button(WdTimeline *t, GtkWidget *box, const char *name, const char *text,
                              const char *tooltip) {
  GtkWidget *b = gtk_toggle_button_new_with_label(text);
  gtk_widget_set_name(b, name);
  name_it(b, tooltip);
  if (t->estimate) gtk_toggle_button_set_group(GTK_TOGGLE_BUTTON(b), GTK_TOGGLE_BUTTON(t->estimate));
  g_signal_connect(b, "toggled", G_CALLBACK(on_what), t);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

static GtkWidget *build_transport(WdTimeline *t) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_margin_start(row, 6);
  gtk_widget_set_margin_end(row, 6);
  GtkWidget *moves = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  t->first = button(t, moves, "first", "go-first-symbolic", _("To the noise (Home)"), on_first);
  t->back = button(t, moves, "step-back", "go-previous-symbolic", _("Previous step (,)"), on_back);
  t->play =
      button(t, moves, "play", "media-playback-start-symbolic", _("Play the recording (Space)"), on_play);
  t->forward = button(t, moves, "step-forward", "go-next-symbolic",
                      _("Next step; makes it where it is missing (.)"), on_forward);
  t->last = button(t, moves, "last", "go-last-symbolic", _("To the last step made (End)"), on_last);
  gtk_box_append(GTK_BOX(row), moves);
  GtkWidget *makes = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(makes, "linked");
  t->step = worded(t, makes, "make-step", _("Step"), _("Make one more step"), on_step);
  t->on = worded(t, makes, "run-on", _("Run on"),
                 _("Make all steps that are missing; a click on a hollow tick runs up to it"), on_run_on);
  t->branch = gtk_menu_button_new();
  gtk_widget_set_name(t->branch, "branch");
  gtk_menu_button_set_label(GTK_MENU_BUTTON(t->branch), _("Branch here"));
  gtk_menu_button_set_direction(GTK_MENU_BUTTON(t->branch), GTK_ARROW_UP);
  gtk_widget_set_tooltip_text(t->branch, _("Another way from this step on: sampler, steps, noise (Ctrl+B)"));
  gtk_menu_button_set_popover(GTK_MENU_BUTTON(t->branch),
                              wd_branch_popover_new(t->session, t->view, on_branch_failed, t));
  gtk_box_append(GTK_BOX(makes), t->branch);
  gtk_box_append(GTK_BOX(row), makes);
  t->place = gtk_label_new(NULL);
  gtk_widget_set_name(t->place, "place");
  gtk_label_set_xalign(GTK_LABEL(t->place), 0);
  gtk_label_set_ellipsize(GTK_LABEL(t->place), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand(t->place, TRUE);
  gtk_widget_add_css_class(t->place, "numeric");
  gtk_widget_set_margin_start(t->place, 6);
  gtk_box_append(GTK_BOX(row), t->place);
  GtkWidget *what = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(what, "linked");
  t->estimate = what_button(t, what, "show-estimate", "x̂₀",
                            _("Show x̂₀, the model's estimate of the data at each step (X)"));
  t->state = what_button(t, what, "show-state", "xₜ",
                         _("Show xₜ, the noisy state itself: not what the model believes (X)"));
  gtk_box_append(GTK_BOX(row), what);
  gtk_box_append(GTK_BOX(row), build_ways(t));
  /* A window that gets narrow gives its sidebar up and has room for all: only until then it may be less. */
  GtkWidget *slide = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(slide), GTK_POLICY_EXTERNAL, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(slide), TRUE);
  gtk_scrolled_window_set_min_content_width(GTK_SCROLLED_WINDOW(slide), 480);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(slide), row);
  return slide;
}

static void wd_timeline_class_init(WdTimelineClass *class) {
  (void)class;
}

static void wd_timeline_init(WdTimeline *t) {
  gtk_orientable_set_orientation(GTK_ORIENTABLE(t), GTK_ORIENTATION_VERTICAL);
}

GtkWidget *wd_timeline_new(WdSession *session, WdView *view) {
  WdTimeline *t = g_object_new(WD_TYPE_TIMELINE, "spacing", 2, "name", "timeline", NULL);
  t->session = session;
  t->view = view;
  t->canvas = wd_timeline_canvas_new(session, view);
  gtk_widget_set_name(GTK_WIDGET(t->canvas), "lanes");
  gtk_box_append(GTK_BOX(t), build_transport(t));

  t->names = gtk_drawing_area_new();
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(t->names), 124);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(t->names), draw_names, t, NULL);
  gtk_accessible_update_property(GTK_ACCESSIBLE(t->names), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Names of the lanes"), -1);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_name_pressed), t);
  gtk_widget_add_controller(t->names, GTK_EVENT_CONTROLLER(click));

  t->sideways = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(t->sideways), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(t->sideways), GTK_WIDGET(t->canvas));
  gtk_widget_set_hexpand(t->sideways, TRUE);
  GtkWidget *both = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_box_append(GTK_BOX(both), t->names);
  gtk_box_append(GTK_BOX(both), t->sideways);
  t->upright = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(t->upright), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(t->upright), both);
  gtk_box_append(GTK_BOX(t), t->upright);

  g_signal_connect_swapped(t->canvas, "lanes", G_CALLBACK(on_lanes), t);
  g_signal_connect(t->canvas, "failed", G_CALLBACK(on_failed), t);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), t, 0);
  g_signal_connect_object(session, "state", G_CALLBACK(update), t, G_CONNECT_SWAPPED);
  wd_player_attach(GTK_WIDGET(t), session, view);
  on_lanes(t);
  return GTK_WIDGET(t);
}
