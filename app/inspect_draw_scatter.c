/* Any two figures of the samples against each other: timing against size of the error, say. */
#include "app/i18n.h"
#include "app/inspect_draw.h"

#include <math.h>

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

gboolean wd_scatter_arrange(WdInspect *i, double size, double width, double height, WdScatterPlot *p) {
  if (!i->population || !range(i, i->x, &p->x) || !range(i, i->y, &p->y)) return FALSE;
  p->room = (wd_rect){6.2 * size, 2.2 * size, width - 7.6 * size, height - 6 * size};
  return p->room.width > 40 && p->room.height > 30;
}

gboolean wd_scatter_place(const WdInspect *i, const WdScatterPlot *p, guint number, double *x, double *y) {
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

void wd_scatter_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height) {
  WdInspect *i = d->inspect;
  WdScatterPlot p;
  if (!i->population || !wd_scatter_arrange(i, d->style.size, width, height, &p)) {
    wd_inspect_message(d, cr, width, height,
                       i->population ? _("No sample shown has both figures") : _("No samples yet"));
    return;
  }
  char nx[128], ny[128];
  wd_inspect_axis_name(i, i->x, nx, sizeof nx);
  wd_inspect_axis_name(i, i->y, ny, sizeof ny);
  p.x.label = nx;
  p.y.label = ny;
  wd_pen pen;
  wd_pen_open(&pen, cr, &d->style, NULL);
  wd_inspect_axis_below(&pen, &p.room, &p.x);
  wd_inspect_axis_left(&pen, &p.room, &p.y);
  guint drawn = 0;
  double x, y;
  for (guint k = 0; k < i->shown->len; k++) {
    const guint n = g_array_index(i->shown, guint, k);
    if (n == i->chosen || !wd_scatter_place(i, &p, n, &x, &y)) continue;
    draw_one(&pen, i, n, x, y);
    drawn++;
  }
  if (i->chosen != G_MAXUINT && wd_inspect_sample_chosen(i) && wd_scatter_place(i, &p, i->chosen, &x, &y)) {
    draw_one(&pen, i, i->chosen, x, y);
    wd_pen_colour(&pen, pen.theme->ink);
    cairo_set_line_width(cr, 1.6);
    cairo_arc(cr, x, y, 7, 0, 2 * M_PI);
    cairo_stroke(cr);
    drawn++;
  }
  const double size = d->style.size;
  wd_pen_text(&pen, &(wd_type){.colour = pen.theme->dim, .room = p.room.width}, p.room.x,
              p.room.y - 0.8 * size, 0,
              _("\xe2\x97\x8f within \xce\xb5   \xc3\x97 beyond   \xe2\x96\xa1 flagged"));
  wd_print(d->about, sizeof d->about, _("%s against %s of %u samples. Arrow keys go from sample to sample."),
           ny, nx, drawn);
  wd_pen_close(&pen);
}
