/* Any two figures of the samples against each other: timing against size of the error, say. A click chooses
 * the nearest sample, arrows go from one to the next. */
#include "app/inspect_canvas.h"

#include "app/flags.h"
#include "app/widget_style.h"

#include <math.h>

typedef struct Plot {
  wd_rect room;
  wd_axis x, y;
} Plot;

static gboolean range(WdInspect *i, int kind, wd_axis *axis) {
  const WdSpread s = wd_population_spread(i->population, kind, i->shown);
  if (!s.count) return FALSE;
  const gboolean log = wd_value_get_info(kind)->log_axis && s.least > 0;
  if (log) {
    const double room = fmax(1.05, pow(s.largest / s.least, 0.04));
    *axis = (wd_axis){s.least / room, s.largest * room, TRUE, NULL, FALSE};
  } else {
    const double room =
        s.largest > s.least ? 0.04 * (s.largest - s.least) : fmax(0.05 * fabs(s.largest), 1e-6);
    *axis = (wd_axis){s.least - room, s.largest + room, FALSE, NULL, FALSE};
  }
  return TRUE;
}

static gboolean arrange(WdInspect *i, double size, double width, double height, Plot *p) {
  if (!i->population || !range(i, i->x, &p->x) || !range(i, i->y, &p->y)) return FALSE;
  p->room = (wd_rect){6.2 * size, 2.2 * size, width - 7.6 * size, height - 6 * size};
  return p->room.width > 40 && p->room.height > 30;
}

static gboolean place(const WdInspect *i, const Plot *p, guint number, double *x, double *y) {
  const WdSample *s = wd_population_nth(i->population, number);
  const double u = wd_axis_place(&p->x, s->value[i->x]), v = wd_axis_place(&p->y, s->value[i->y]);
  if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) return FALSE;
  *x = p->room.x + u * p->room.width;
  *y = p->room.y + (1 - v) * p->room.height;
  return TRUE;
}

/* Shape tells as colour does: circles for what is fine, crosses for failures, squares for flagged ones. */
static void draw_one(wd_pen *pen, WdInspect *i, guint n, double x, double y) {
  const gboolean fails = wd_inspect_fails(i, n), flagged = wd_population_nth(i->population, n)->flags != 0;
  wd_pen_colour_alpha(pen, fails ? pen->theme->warm : pen->theme->accent, 0.75);
  cairo_set_line_width(pen->cr, 1.3);
  if (flagged) {
    cairo_rectangle(pen->cr, x - 3, y - 3, 6, 6);
    cairo_stroke(pen->cr);
  } else if (fails) {
    cairo_move_to(pen->cr, x - 3, y - 3);
    cairo_line_to(pen->cr, x + 3, y + 3);
    cairo_move_to(pen->cr, x - 3, y + 3);
    cairo_line_to(pen->cr, x + 3, y - 3);
    cairo_stroke(pen->cr);
  } else {
    cairo_arc(pen->cr, x, y, 2.4, 0, 2 * M_PI);
    cairo_fill(pen->cr);
  }
}

static void draw(WdInspectCanvas *c, cairo_t *cr, double width, double height) {
  WdInspect *i = c->inspect;
  Plot p;
  if (!i->population || !arrange(i, c->style.size, width, height, &p)) {
    wd_inspect_message(c, cr, width, height,
                       i->population ? "No sample shown has both figures" : "No samples yet");
    return;
  }
  char nx[128], ny[128];
  wd_inspect_axis_name(i, i->x, nx, sizeof nx);
  wd_inspect_axis_name(i, i->y, ny, sizeof ny);
  p.x.label = nx;
  p.y.label = ny;
  wd_pen pen;
  wd_pen_open(&pen, cr, &c->style, NULL);
  wd_inspect_axis_below(&pen, &p.room, &p.x);
  wd_inspect_axis_left(&pen, &p.room, &p.y);
  guint drawn = 0;
  double x, y;
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (n == i->chosen || !place(i, &p, n, &x, &y)) continue;
    draw_one(&pen, i, n, x, y);
    drawn++;
  }
  if (i->chosen != G_MAXUINT && wd_inspect_sample_chosen(i) && place(i, &p, i->chosen, &x, &y)) {
    draw_one(&pen, i, i->chosen, x, y);
    wd_pen_colour(&pen, pen.theme->ink);
    cairo_set_line_width(cr, 1.6);
    cairo_arc(cr, x, y, 7, 0, 2 * M_PI);
    cairo_stroke(cr);
    drawn++;
  }
  const double size = c->style.size;
  wd_pen_text(&pen, &(wd_type){.colour = pen.theme->dim, .room = p.room.width}, p.room.x,
              p.room.y - 0.8 * size, 0,
              "\xe2\x97\x8f within \xce\xb5   \xc3\x97 beyond   \xe2\x96\xa1 flagged");
  g_snprintf(c->about, sizeof c->about, "%s against %s of %u samples. Arrow keys go from sample to sample.",
             ny, nx, drawn);
  wd_pen_close(&pen);
}

static gboolean plot_of(GtkWidget *widget, WdInspect *i, Plot *p) {
  char font[64];
  const wd_style style = wd_widget_style(widget, 0.86, font, sizeof font);
  return arrange(i, style.size, gtk_widget_get_width(widget), gtk_widget_get_height(widget), p);
}

static void on_click(GtkGestureClick *click, int presses, double x, double y, WdInspect *i) {
  (void)presses;
  GtkWidget *widget = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(click));
  gtk_widget_grab_focus(widget);
  Plot p;
  if (!plot_of(widget, i, &p)) return;
  double best = 24 * 24, px, py;
  guint found = G_MAXUINT;
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (!place(i, &p, n, &px, &py)) continue;
    const double d = (px - x) * (px - x) + (py - y) * (py - y);
    if (d < best) best = d, found = n;
  }
  if (found != G_MAXUINT) wd_inspect_choose(i, found, NULL);
}

/* The nearest one in the direction of the arrow. */
static gboolean on_key(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state,
                       WdInspect *i) {
  (void)code, (void)state;
  const int dx = value == GDK_KEY_Right ? 1 : value == GDK_KEY_Left ? -1 : 0;
  const int dy = value == GDK_KEY_Down ? 1 : value == GDK_KEY_Up ? -1 : 0;
  Plot p;
  if (!(dx || dy) || !plot_of(gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys)), i, &p))
    return FALSE;
  double x = p.room.x, y = p.room.y, px, py, best = INFINITY;
  guint found = G_MAXUINT;
  if (wd_inspect_sample_chosen(i)) place(i, &p, i->chosen, &x, &y);
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (n == i->chosen || !place(i, &p, n, &px, &py)) continue;
    const double along = dx * (px - x) + dy * (py - y), across = fabs(dx ? py - y : px - x);
    if (along <= 0.5) continue;
    const double d = along + 2 * across;
    if (d < best) best = d, found = n;
  }
  if (found != G_MAXUINT) wd_inspect_choose(i, found, NULL);
  return GDK_EVENT_STOP;
}

GtkWidget *wd_inspect_scatter_new(WdInspect *i) {
  GtkWidget *widget = wd_inspect_canvas_new(
      i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_FIGURE | WD_INSPECT_CHOSEN,
      "Two figures of the samples against each other", 260, 150, draw);
  gtk_widget_set_name(widget, "inspect-scatter");
  gtk_widget_set_focusable(widget, TRUE);
  GtkGesture *click = gtk_gesture_click_new();
  g_signal_connect(click, "pressed", G_CALLBACK(on_click), i);
  gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), i);
  gtk_widget_add_controller(widget, keys);
  return widget;
}
