/* The histogram of a figure, with the limit that says failure. By family: one line each, 5 to 95 % and
 * median, every sample a dot, and how many are beyond. */
#include "app/i18n.h"
#include "app/inspect_draw.h"

#include "solver/family.h"

#include <math.h>

enum { BINS = 40, LINES = WD_FAMILIES + 1 };

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

gboolean wd_histogram_arrange(WdInspect *i, double size, double width, double height, WdHistogramPlot *p) {
  if (!i->population || !find_axis(i, &p->axis)) return FALSE;
  const double left = (i->by_family ? 9.5 : 5.5) * size, right = (i->by_family ? 7.5 : 1.2) * size;
  p->room = (wd_rect){left, 2.4 * size, width - left - right, height - 6.2 * size};
  return p->room.width > 40 && p->room.height > 30;
}

static void draw_limit(WdInspectDrawing *d, wd_pen *pen, const WdHistogramPlot *p, guint under, guint over) {
  WdInspect *i = d->inspect;
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
  double w;
  char middle[80];
  g_snprintf(middle, sizeof middle, "\xce\xb5 %s", value);
  wd_pen_measure(pen, &(wd_type){.weight = WD_BOLD}, middle, &w, NULL, NULL);
  double at = fmin(fmax(x, p->room.x + w / 2), p->room.x + p->room.width - w / 2);
  wd_pen_text(pen, &(wd_type){.colour = pen->theme->warm, .weight = WD_BOLD}, at, line, 0.5, middle);
  /* Each count on its side of the limit, where it fits; else both on the other one. */
  double wl, wr;
  char right[80], both[240];
  const double from = i->by_family ? 0 : p->room.x - 4 * size,
               to = p->room.x + p->room.width + (i->by_family ? 7 : 1) * size;
  g_snprintf(right, sizeof right, "> \xce\xb5: %u (%.0f %%)", over, over * share);
  wd_pen_measure(pen, &ink, text, &wl, NULL, NULL);
  wd_pen_measure(pen, &ink, right, &wr, NULL, NULL);
  const gboolean left_fits = at - w / 2 - size - wl > from, right_fits = at + w / 2 + size + wr < to;
  g_snprintf(both, sizeof both, "%s, %s", text, right);
  if (left_fits) wd_pen_text(pen, &ink, at - w / 2 - size, line, 1, right_fits ? text : both);
  if (right_fits) wd_pen_text(pen, &ink, at + w / 2 + size, line, 0, left_fits ? right : both);
  wd_print(d->about, sizeof d->about,
           _("%s of %u samples, limit %s: %u at or under it, %u over it. Left and Right move the limit."),
           wd_value_get_info(i->metric)->title, all, value, under, over);
}

static void draw_bars(WdInspectDrawing *d, wd_pen *pen, WdHistogramPlot *p) {
  WdInspect *i = d->inspect;
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
  const wd_axis up = {0, most ? most * 1.06 : 1, FALSE, _("Samples"), TRUE};
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
              _("this one"));
}

static void draw_families(WdInspectDrawing *d, wd_pen *pen, WdHistogramPlot *p) {
  WdInspect *i = d->inspect;
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
    const char *name = f ? wd_family_display_name((wd_family)(f - 1)) : _("any");
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

void wd_histogram_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height) {
  WdInspect *i = d->inspect;
  WdHistogramPlot p;
  if (!i->population || !wd_population_count(i->population)) {
    wd_inspect_message(d, cr, width, height, _("No samples yet: sample seeds here, or open a batch"));
    return;
  }
  if (!wd_histogram_arrange(i, d->style.size, width, height, &p)) {
    wd_inspect_message(d, cr, width, height, _("No sample shown has this figure"));
    return;
  }
  char name[128];
  wd_inspect_axis_name(i, i->metric, name, sizeof name);
  p.axis.label = name;
  wd_pen pen;
  wd_pen_open(&pen, cr, &d->style, NULL);
  wd_inspect_axis_below(&pen, &p.room, &p.axis);
  if (i->by_family)
    draw_families(d, &pen, &p);
  else
    draw_bars(d, &pen, &p);
  guint under, over;
  wd_population_divide(i->population, i->metric, wd_inspect_epsilon(i), i->shown, TRUE, 0, &under, &over);
  draw_limit(d, &pen, &p, under, over);
  wd_pen_close(&pen);
}
