/* The histogram of a figure, with the limit that says failure: dragged by the mouse, moved by Left and Right
 * (with Shift: ten times as far), back to the model's by Delete. By family: one line each, 5 to 95 % and
 * median, every sample a dot, and how many are beyond. */
#include "app/inspect_canvas.h"

#include "app/widget_style.h"
#include "solver/family.h"

#include <math.h>
#include <string.h>

enum { BINS = 40, LINES = WD_FAMILIES + 1 };

typedef struct Plot {
  wd_rect room;
  wd_axis axis;
} Plot;

/* The range of what is shown, with the limit in it. */
static gboolean find_axis(WdInspect *i, wd_axis *axis) {
  WdSpread s = wd_population_spread(i->population, i->metric, i->shown);
  if (!s.count) s = wd_population_spread(i->population, i->metric, NULL);
  if (!s.count) return FALSE;
  double lo = s.least, hi = s.largest;
  const double limit = wd_inspect_epsilon(i);
  if (isfinite(limit)) lo = fmin(lo, limit), hi = fmax(hi, limit);
  axis->log = i->log_x && lo > 0;
  if (axis->log) {
    const double room = fmax(1.04, pow(hi / lo, 0.03));
    *axis = (wd_axis){lo / room, hi * room, TRUE, NULL, FALSE};
  } else {
    const double room = hi > lo ? 0.03 * (hi - lo) : fmax(fabs(hi) * 0.05, 1e-6);
    *axis = (wd_axis){lo - room, hi + room, FALSE, NULL, FALSE};
  }
  return TRUE;
}

static gboolean arrange(WdInspect *i, double size, double width, double height, Plot *p) {
  if (!i->population || !find_axis(i, &p->axis)) return FALSE;
  const double left = (i->by_family ? 9.5 : 5.5) * size, right = (i->by_family ? 7.5 : 1.2) * size;
  p->room = (wd_rect){left, 2.4 * size, width - left - right, height - 6.2 * size};
  return p->room.width > 40 && p->room.height > 30;
}

static void draw_limit(WdInspectCanvas *c, wd_pen *pen, const Plot *p, guint under, guint over) {
  WdInspect *i = c->inspect;
  const double limit = wd_inspect_epsilon(i), size = pen->style.size;
  if (!isfinite(limit)) return;
  const double x = p->room.x + p->room.width * wd_axis_place(&p->axis, limit);
  wd_pen_colour(pen, pen->theme->warm);
  wd_pen_vertical(pen, x, p->room.y - 0.3 * size, p->room.y + p->room.height, 1.6, 0);
  cairo_move_to(pen->cr, x - 0.5 * size, p->room.y - 0.7 * size);
  cairo_line_to(pen->cr, x + 0.5 * size, p->room.y - 0.7 * size);
  cairo_line_to(pen->cr, x, p->room.y + 0.2 * size);
  cairo_close_path(pen->cr);
  cairo_fill(pen->cr);
  char value[48], text[160];
  wd_value_text(i->metric, limit, TRUE, value, sizeof value);
  const guint all = under + over;
  const double share = all ? 100.0 / all : 0;
  const wd_type ink = {.colour = pen->theme->ink};
  const double line = p->room.y - 1.1 * size;
  g_snprintf(text, sizeof text, "\xe2\x89\xa4 \xce\xb5: %u (%.0f %%)", under, under * share);
  const double room_left = x - 0.9 * size;
  double w;
  char middle[80];
  g_snprintf(middle, sizeof middle, "\xce\xb5 %s", value);
  wd_pen_measure(pen, &(wd_type){.weight = WD_BOLD}, middle, &w, NULL, NULL);
  double at = fmin(fmax(x, p->room.x + w / 2), p->room.x + p->room.width - w / 2);
  wd_pen_text(pen, &(wd_type){.colour = pen->theme->warm, .weight = WD_BOLD}, at, line, 0.5, middle);
  double wl, wr;
  char right[80];
  wd_pen_measure(pen, &ink, text, &wl, NULL, NULL);
  if (at - w / 2 - size - wl > p->room.x - 4 * size || room_left > wl)
    wd_pen_text(pen, &ink, at - w / 2 - size, line, 1, text);
  g_snprintf(right, sizeof right, "> \xce\xb5: %u (%.0f %%)", over, over * share);
  wd_pen_measure(pen, &ink, right, &wr, NULL, NULL);
  if (at + w / 2 + size + wr < p->room.x + p->room.width + 7 * size)
    wd_pen_text(pen, &ink, at + w / 2 + size, line, 0, right);
  g_snprintf(c->about, sizeof c->about,
             "%s of %u samples, limit %s: %u at or under it, %u over it. Left and Right move the limit.",
             wd_value_get_info(i->metric)->title, all, value, under, over);
}

static void draw_bars(WdInspectCanvas *c, wd_pen *pen, Plot *p) {
  WdInspect *i = c->inspect;
  guint count[BINS] = {0}, most = 0;
  for (guint k = 0; k < i->shown->len; k++) {
    const double v = wd_population_nth(i->population, g_array_index(i->shown, guint, k))->value[i->metric];
    if (!isfinite(v)) continue;
    const double at = wd_axis_place(&p->axis, v);
    if (!(at >= 0 && at <= 1)) continue;
    const int bin = MIN((int)(at * BINS), BINS - 1);
    count[bin]++;
    most = MAX(most, count[bin]);
  }
  const wd_axis up = {0, most ? most * 1.06 : 1, FALSE, "Samples", TRUE};
  wd_inspect_axis_left(pen, &p->room, &up);
  const double limit = wd_inspect_epsilon(i);
  const gboolean higher = wd_value_get_info(i->metric)->higher_is_better;
  const WdSample *chosen = wd_inspect_sample_chosen(i);
  for (int b = 0; b < BINS; b++) {
    if (!count[b]) continue;
    const double x0 = wd_pen_snap(pen, p->room.x + p->room.width * b / BINS);
    const double x1 = wd_pen_snap(pen, p->room.x + p->room.width * (b + 1) / BINS);
    const double h = p->room.height * count[b] / up.hi, middle = wd_axis_value(&p->axis, (b + 0.5) / BINS);
    const gboolean bad = higher ? middle < limit : middle > limit;
    wd_pen_colour_alpha(pen, bad ? pen->theme->warm : pen->theme->accent, 0.75);
    cairo_rectangle(pen->cr, x0 + 0.5, p->room.y + p->room.height - h, fmax(x1 - x0 - 1, 1), h);
    cairo_fill(pen->cr);
  }
  if (!chosen || !isfinite(chosen->value[i->metric])) return;
  const double x = p->room.x + p->room.width * wd_axis_place(&p->axis, chosen->value[i->metric]);
  wd_pen_colour(pen, pen->theme->ink);
  wd_pen_vertical(pen, x, p->room.y + 0.2 * p->room.height, p->room.y + p->room.height, 1, 0);
  wd_pen_text(pen, &(wd_type){.colour = pen->theme->ink}, x, p->room.y + 0.2 * p->room.height - 3, 0.5,
              "this one");
}

static void draw_families(WdInspectCanvas *c, wd_pen *pen, Plot *p) {
  WdInspect *i = c->inspect;
  GArray *of[LINES];
  int lines = 0;
  for (int f = 0; f < LINES; f++) of[f] = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    g_array_append_val(of[wd_population_nth(i->population, n)->family + 1], n);
  }
  for (int f = 0; f < LINES; f++) lines += of[f]->len > 0;
  const double size = pen->style.size, step = p->room.height / MAX(lines, 1);
  const double limit = wd_inspect_epsilon(i);
  int line = 0;
  for (int f = 0; f < LINES; f++) {
    if (!of[f]->len) continue;
    const double y = p->room.y + (line++ + 0.5) * step;
    const char *name = f ? wd_family_display_name((wd_family)(f - 1)) : "any";
    wd_pen_text(pen, &(wd_type){.colour = pen->theme->ink}, p->room.x - 0.7 * size, y + 0.35 * size, 1, name);
    const WdSpread s = wd_population_spread(i->population, i->metric, of[f]);
    guint under, over;
    wd_population_divide(i->population, i->metric, limit, of[f], TRUE, 0, &under, &over);
    if (s.count) {
      const double a = p->room.x + p->room.width * wd_axis_place(&p->axis, s.p05);
      const double b = p->room.x + p->room.width * wd_axis_place(&p->axis, s.p95);
      const double m = p->room.x + p->room.width * wd_axis_place(&p->axis, s.median);
      wd_pen_colour_alpha(pen, pen->theme->accent, 0.22);
      cairo_rectangle(pen->cr, a, y - 0.3 * step, fmax(b - a, 1), 0.6 * step);
      cairo_fill(pen->cr);
      wd_pen_colour(pen, pen->theme->accent);
      wd_pen_vertical(pen, m, y - 0.36 * step, y + 0.36 * step, 1.6, 0);
    }
    for (guint k = 0; k < of[f]->len; k++) {
      const guint n = g_array_index(of[f], guint, k);
      const double v = wd_population_nth(i->population, n)->value[i->metric];
      if (!isfinite(v)) continue;
      const double x = p->room.x + p->room.width * wd_axis_place(&p->axis, v);
      const double jitter =
          (double)((n * 2654435761u) >> 16 & 1023) / 1023 - 0.5; /* the same at every drawing */
      wd_pen_colour_alpha(pen,
                          n == i->chosen           ? pen->theme->ink
                          : wd_inspect_fails(i, n) ? pen->theme->warm
                                                   : pen->theme->accent,
                          n == i->chosen ? 1 : 0.7);
      cairo_arc(pen->cr, x, y + 0.45 * step * jitter, n == i->chosen ? 4 : 2, 0, 2 * M_PI);
      cairo_fill(pen->cr);
    }
    char text[48];
    g_snprintf(text, sizeof text, "%u / %u > \xce\xb5", over, under + over);
    wd_pen_text(pen, &(wd_type){.colour = pen->theme->dim}, p->room.x + p->room.width + 0.7 * size,
                y + 0.35 * size, 0, text);
  }
  for (int f = 0; f < LINES; f++) g_array_unref(of[f]);
}

static void draw(WdInspectCanvas *c, cairo_t *cr, double width, double height) {
  WdInspect *i = c->inspect;
  Plot p;
  if (!i->population || !wd_population_count(i->population)) {
    wd_inspect_message(c, cr, width, height, "No samples yet: sample seeds here, or open a batch");
    return;
  }
  if (!arrange(i, c->style.size, width, height, &p)) {
    wd_inspect_message(c, cr, width, height, "No sample shown has this figure");
    return;
  }
  char name[128];
  wd_inspect_axis_name(i, i->metric, name, sizeof name);
  p.axis.label = name;
  wd_pen pen;
  wd_pen_open(&pen, cr, &c->style, NULL);
  wd_inspect_axis_below(&pen, &p.room, &p.axis);
  if (i->by_family)
    draw_families(c, &pen, &p);
  else
    draw_bars(c, &pen, &p);
  guint under, over;
  wd_population_divide(i->population, i->metric, wd_inspect_epsilon(i), i->shown, TRUE, 0, &under, &over);
  draw_limit(c, &pen, &p, under, over);
  wd_pen_close(&pen);
}

/* ---- the limit by hand */

static gboolean plot_of(GtkWidget *widget, WdInspect *i, Plot *p) {
  char font[64];
  const wd_style style = wd_widget_style(widget, 0.86, font, sizeof font);
  return arrange(i, style.size, gtk_widget_get_width(widget), gtk_widget_get_height(widget), p);
}

static void put_limit(GtkWidget *widget, WdInspect *i, double x) {
  Plot p;
  if (!plot_of(widget, i, &p)) return;
  const double at = CLAMP((x - p.room.x) / p.room.width, 0.002, 0.998);
  wd_inspect_set_epsilon(i, wd_axis_value(&p.axis, at));
}

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, WdInspect *i) {
  (void)y;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(drag));
  gtk_widget_grab_focus(widget);
  put_limit(widget, i, x);
}

static void on_drag(GtkGestureDrag *drag, double dx, double dy, WdInspect *i) {
  (void)dy;
  double x, y;
  if (gtk_gesture_drag_get_start_point(drag, &x, &y))
    put_limit(gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(drag)), i, x + dx);
}

static gboolean on_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                       WdInspect *i) {
  (void)code;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys));
  Plot p;
  const int way = value == GDK_KEY_Right ? 1 : value == GDK_KEY_Left ? -1 : 0;
  if (value == GDK_KEY_Delete || value == GDK_KEY_BackSpace) {
    wd_inspect_set_epsilon(i, NAN);
    return GDK_EVENT_STOP;
  }
  if (!way || !plot_of(widget, i, &p)) return GDK_EVENT_PROPAGATE;
  const double at =
      wd_axis_place(&p.axis, wd_inspect_epsilon(i)) + way * (state & GDK_SHIFT_MASK ? 0.05 : 0.005);
  wd_inspect_set_epsilon(i, wd_axis_value(&p.axis, CLAMP(at, 0.002, 0.998)));
  return GDK_EVENT_STOP;
}

GtkWidget *wd_inspect_histogram_new(WdInspect *i) {
  GtkWidget *widget = wd_inspect_canvas_new(
      i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_FIGURE | WD_INSPECT_CHOSEN,
      "Histogram of the samples", 260, 150, draw);
  gtk_widget_set_name(widget, "inspect-histogram");
  gtk_widget_set_focusable(widget, TRUE);
  gtk_widget_set_cursor_from_name(widget, "ew-resize");
  gtk_widget_set_tooltip_text(widget, "Drag, or Left and Right: move the limit. Delete: back to the model's");
  GtkGesture *drag = gtk_gesture_drag_new();
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), i);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag), i);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), i);
  gtk_widget_add_controller(widget, keys);
  return widget;
}
