/* Panels: constructors, arrangement, picking. Drawing is in panel.c. */
#include "render/panel_private.h"

#include <libintl.h> /* words for people; the command line names no language and gets them in English */
#include <math.h>
#include <stdio.h>
#include <string.h>

wd_panel wd_panel_of_map(const wd_map *map, const wd_facet *facet, int facets) {
  double h = map->spacing;
  return (wd_panel){
      .title = gettext("Velocity"),
      .facet = facet,
      .facets = facets,
      .rows = map->nz,
      .columns = map->nx,
      .x = {-0.5 * h, (map->nx - 0.5) * h, false, gettext("Distance (m)"), .dimension = WD_DISTANCE},
      .y = {-0.5 * h, (map->nz - 0.5) * h, false, gettext("Depth (m)"), .dimension = WD_DISTANCE},
      .square = true,
      .quantity = gettext("Velocity (m/s)"),
      .dimension = WD_VELOCITY};
}

wd_panel wd_panel_of_gather(const wd_gather *gather, double spacing, const wd_facet *facet, int facets) {
  double ms = gather->dt * 1000;
  wd_axis x = {0.5, gather->receivers + 0.5, false, gettext("Receiver")};
  if (spacing > 0)
    x = (wd_axis){-0.5 * spacing, (gather->receivers - 0.5) * spacing, false, gettext("Distance (m)"),
                  .dimension = WD_DISTANCE};
  return (wd_panel){
      .title = facets == 1 ? gettext("Gather") : gettext("Gathers"),
      .facet = facet,
      .facets = facets,
      .rows = gather->samples,
      .columns = gather->receivers,
      .x = x,
      .y = {0.5 * ms, (gather->samples + 0.5) * ms, false, gettext("Time (ms)"), .dimension = WD_TIME},
      .colormap = WD_COLORMAP_GRAY,
      .quantity = gettext("Pressure (arb. units)")};
}

wd_panel_metric wd_panel_measure(wd_pen *pen) {
  double s = pen->style.size;
  wd_panel_metric m = {.size = s,
                       .small = 0.9 * s,
                       .tick = 0.4 * s,
                       .minor = 0.22 * s,
                       .gap = 0.35 * s,
                       .facet_gap = 0.9 * s,
                       .bar_gap = 1.1 * s,
                       .bar_width = 1.05 * s,
                       .hair = 0.07 * s};
  m.line = wd_pen_line(pen, m.size, &m.ascent);
  m.small_line = wd_pen_line(pen, m.small, &m.small_ascent);
  return m;
}

bool wd_panel_has_bar(const wd_panel *p) {
  return !p->no_bar && (p->mode == WD_PANEL_DENSITY || p->mode == WD_PANEL_DENSITY_WIGGLE);
}

wd_panel_bar wd_panel_bar_of(const wd_panel *p) {
  const wd_overlay *o = p->facet[0].overlay;
  if (o) return (wd_panel_bar){&o->range, o->quantity, o->colormap, true, WD_NO_DIMENSION};
  return (wd_panel_bar){&p->range, p->quantity, p->colormap, false, p->dimension};
}

bool wd_panel_has_captions(const wd_panel *p) {
  for (int i = 0; i < p->facets; i++)
    if (p->facet[i].caption && *p->facet[i].caption) return true;
  return false;
}

wd_axis wd_panel_x_axis(const wd_panel *p) {
  wd_field field = {NULL, p->rows, p->columns};
  wd_view v = wd_view_of(&p->view, &field);
  wd_axis axis = p->x;
  axis.lo = wd_axis_value(&p->x, v.column0 / p->columns);
  axis.hi = wd_axis_value(&p->x, v.column1 / p->columns);
  return axis;
}

wd_axis wd_panel_y_axis(const wd_panel *p) {
  wd_field field = {NULL, p->rows, p->columns};
  wd_view v = wd_view_of(&p->view, &field);
  wd_axis axis = p->y;
  axis.lo = wd_axis_value(&p->y, v.row0 / p->rows);
  axis.hi = wd_axis_value(&p->y, v.row1 / p->rows);
  return axis;
}

void wd_panel_shorten(const char *text, char *out, size_t size) {
  const char *open = strstr(text, " ("), *close = open ? strchr(open, ')') : NULL;
  if (close)
    snprintf(out, size, "%.*s%s", (int)(open - text), text, close + 1);
  else
    snprintf(out, size, "%s", text);
}

void wd_panel_badges(const wd_panel *p, int every, wd_badges *out) {
  memset(out, 0, sizeof *out);
  if (p->mode != WD_PANEL_DENSITY && p->mode != WD_PANEL_DENSITY_WIGGLE && !p->no_bar) {
    char value[32], middle[32];
    double half = 0.5 * (p->range.hi - p->range.lo), centre = 0.5 * (p->range.hi + p->range.lo);
    wd_format_number(half, half / 100, value, sizeof value);
    wd_format_number(centre, half / 100, middle, sizeof middle);
    snprintf(out->own[0], sizeof out->own[0], "%s: %s±%s", p->range.text,
             fabs(centre) > 1e-6 * half ? middle : "", value);
    out->text[out->count++] = out->own[0];
  }
  if (p->brief > 0 && p->brief < 3 && wd_panel_has_bar(p) && wd_panel_bar_of(p).range->text[0]) {
    wd_panel_shorten(wd_panel_bar_of(p).range->text, out->own[0], sizeof out->own[0]);
    out->text[out->count++] = out->own[0];
  }
  if (every > 1) {
    snprintf(out->own[1], sizeof out->own[1], gettext("1 of %d traces"), every);
    out->text[out->count++] = out->own[1];
  }
  for (int i = 0; i < WD_PANEL_BADGES; i++)
    if (p->badge[i] && *p->badge[i]) out->text[out->count++] = p->badge[i];
}

bool wd_panel_header_wraps(wd_pen *pen, const wd_panel_metric *m, const wd_panel *panel,
                           const wd_badges *badges, double width, double *badges_width) {
  double total = 0, w, title = 0, source = 0;
  wd_type small = {.size = m->small}, bold = {.size = m->size, .weight = WD_BOLD}, plain = {.size = m->size};
  for (int i = 0; i < badges->count; i++) {
    wd_pen_measure(pen, &small, badges->text[i], &w, NULL, NULL);
    total += w + 0.9 * m->size + (i > 0 ? 0.45 * m->size : 0);
  }
  *badges_width = total;
  if (badges->count == 0 || (!panel->title && !panel->source)) return false;
  if (panel->title) wd_pen_measure(pen, &bold, panel->title, &title, NULL, NULL);
  if (panel->source) {
    wd_pen_measure(pen, &plain, panel->source, &source, NULL, NULL);
    source += 0.7 * m->size;
  }
  return title + source + m->size + total > width;
}

const char *wd_panel_unit(const char *label, char *buffer, size_t size) {
  const char *open = label ? strrchr(label, '(') : NULL, *close = open ? strchr(open, ')') : NULL;
  if (!close) return "";
  snprintf(buffer, size, "%.*s", (int)(close - open - 1), open + 1);
  return buffer;
}

const char *wd_panel_label(wd_pen *pen, const wd_type *type, const char *label, double room, char *buffer,
                           size_t size) {
  double width;
  if (!label || !*label) return "";
  wd_pen_measure(pen, type, label, &width, NULL, NULL);
  if (width <= room) return label;
  const char *unit = wd_panel_unit(label, buffer, size);
  wd_pen_measure(pen, type, unit, &width, NULL, NULL);
  return width <= room ? unit : "";
}

static bool labels_fit(wd_pen *pen, const wd_panel_metric *m, const wd_axis *axis, const wd_tick *tick,
                       int count, double length, double slack) {
  wd_type type = {.size = m->small};
  double end = -slack;
  bool first = true;
  bool turned = axis->lo > axis->hi;
  for (int i = 0; i < count; i++) {
    const wd_tick *t = &tick[turned ? count - 1 - i : i];
    if (!t->major) continue;
    double width, at = wd_axis_place(axis, t->value) * length;
    wd_pen_measure(pen, &type, t->text, &width, NULL, NULL);
    if (at - width / 2 < end + (first ? 0 : 0.9 * m->small)) return false;
    end = at + width / 2;
    first = false;
  }
  return end <= length + slack;
}

int wd_panel_fit_ticks(wd_pen *pen, const wd_panel_metric *m, const wd_axis *axis, double length,
                       bool upright, double slack, wd_tick tick[WD_TICKS_MAX], double *widest) {
  int room = upright ? (int)(length / (2.1 * m->small_line)) : 1 + (int)(length / (2 * m->small));
  if (room > 11) room = 11;
  if (room < 1) room = 1;
  const wd_units *units = &pen->style.units;
  int count = wd_axis_ticks_in(axis, units, room, tick);
  while (!upright && room > 1 && !labels_fit(pen, m, axis, tick, count, length, slack))
    count = wd_axis_ticks_in(axis, units, --room, tick);
  *widest = 0;
  wd_type type = {.size = m->small};
  for (int i = 0; i < count; i++) {
    double width;
    if (!tick[i].major) continue;
    wd_pen_measure(pen, &type, tick[i].text, &width, NULL, NULL);
    *widest = fmax(*widest, width);
  }
  return count;
}

static wd_status check(const wd_panel *p, wd_error *err) {
  if (p->facets < 1 || !p->facet || p->rows < 1 || p->columns < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "panel \"%s\": nothing to draw (%d pictures of %d x %d cells)",
                   p->title ? p->title : "", p->facets, p->rows, p->columns);
  if (!(p->range.lo < p->range.hi) || !isfinite(p->range.hi - p->range.lo))
    return wd_fail(err, WD_ERR_ARGUMENT, "panel \"%s\": display range %g to %g", p->title ? p->title : "",
                   p->range.lo, p->range.hi);
  for (int i = 0; i < p->facets; i++) {
    const wd_overlay *o = p->facet[i].overlay;
    if (o && (!(o->range.lo < o->range.hi) || !isfinite(o->range.hi - o->range.lo)))
      return wd_fail(err, WD_ERR_ARGUMENT, "panel \"%s\": overlay range %g to %g", p->title ? p->title : "",
                     o->range.lo, o->range.hi);
  }
  wd_field field = {NULL, p->rows, p->columns};
  wd_view v = wd_view_of(&p->view, &field);
  if (!(v.row1 > v.row0) || !(v.column1 > v.column0) || p->x.log || p->y.log)
    return wd_fail(err, WD_ERR_ARGUMENT, "panel \"%s\": the part in sight is empty",
                   p->title ? p->title : "");
  return WD_OK;
}

/* Room left of the pictures and right of them. */
static void side_room(wd_pen *pen, const wd_panel_metric *m, const wd_panel *p, double height,
                      double bar_height, double *left, double *right) {
  wd_tick tick[WD_TICKS_MAX];
  double widest;
  *left = *right = m->hair * 2;
  if (p->row_label) *left = m->small_line + 0.25 * m->size;
  if (!p->no_axes) {
    wd_axis y = wd_panel_y_axis(p);
    wd_panel_fit_ticks(pen, m, &y, height, true, 0, tick, &widest);
    *left += m->tick + m->gap + widest + (p->y.label ? m->line + 0.25 * m->size : 0);
    *right = 1.2 * m->size; /* half of the last label of the x axis */
  }
  if (wd_panel_has_bar(p)) {
    const wd_panel_bar of = wd_panel_bar_of(p);
    wd_axis bar = {of.range->lo, of.range->hi, .dimension = of.dimension};
    wd_panel_fit_ticks(pen, m, &bar, bar_height, true, 0, tick, &widest);
    *right = m->bar_gap + m->bar_width + m->tick + m->gap + widest;
    if (p->brief < 2) *right += 0.25 * m->size + m->line;
  }
}

wd_status wd_panel_arrange(const wd_panel *p, const wd_style *style, double width, double height,
                           wd_panel_layout *out, wd_error *err) {
  wd_status status = check(p, err);
  if (status) return status;
  wd_pen pen;
  wd_pen_open(&pen, NULL, style, NULL);
  wd_panel_metric m = wd_panel_measure(&pen);
  wd_panel_layout l = {.width = width};
  l.columns = p->facet_columns > 0 && p->facet_columns < p->facets ? p->facet_columns : p->facets;
  l.rows = (p->facets + l.columns - 1) / l.columns;
  bool captions = wd_panel_has_captions(p);
  double gap_x = p->no_axes ? 0.6 * m.size : p->brief >= 2 ? 0.35 * m.size : m.facet_gap;
  double ruler = wd_panel_ruler_room(&m, p);
  double gap_y = 0.6 * m.size + (captions ? m.small_line : 0) + ruler;
  double bottom = p->no_axes
                      ? m.hair * 2
                      : m.tick + m.gap + m.small_line + (p->x.label && !p->brief ? m.line + 0.2 * m.size : 0);
  wd_field field = {NULL, p->rows, p->columns};
  wd_view view = wd_view_of(&p->view, &field);

  double picture_width = 0, picture_height = width * 0.6, right = 0, spare = 0;
  for (int pass = 0; pass < 8; pass++) {
    /* Widths of labels depend on the height, which depends on them: the room for them only grows, so this
     * ends. */
    double left_now, right_now;
    side_room(&pen, &m, p, picture_height, l.rows * picture_height + (l.rows - 1) * gap_y, &left_now,
              &right_now);
    if (pass > 0 && left_now <= l.left && right_now <= right) break;
    l.left = fmax(l.left, left_now);
    right = fmax(right, right_now);
    picture_width = (width - l.left - right - (l.columns - 1) * gap_x) / l.columns;
    double spacing = picture_width / (view.column1 - view.column0) * pen.style.scale;
    bool lines = p->mode != WD_PANEL_DENSITY;
    /* Closer than this, wiggles are a grey smear: on paper, and on the pixels of a screen. */
    double least = fmax(3.5, 0.2 * m.size * pen.style.scale);
    l.every = lines && spacing > 0 && spacing < least ? (int)ceil(least / spacing) : 1;
    wd_badges badges;
    double badges_width;
    wd_panel_badges(p, l.every, &badges);
    bool wraps = wd_panel_header_wraps(&pen, &m, p, &badges, width, &badges_width);
    bool any = p->title || p->source || badges.count > 0;
    l.header = any ? (wraps ? 2 * m.line + 0.25 * m.size : m.line) + 0.6 * m.size : m.hair * 2;
    double above = fmax(p->top, l.header + (captions ? m.small_line + 0.15 * m.size : 0) + ruler);

    double ratio = p->square ? (view.row1 - view.row0) / (view.column1 - view.column0) : p->aspect;
    double natural = ratio > 0        ? picture_width * ratio
                     : l.columns == 1 ? picture_width * 1.15
                                      : fmin(picture_width * 2.6, 0.55 * width);
    picture_height = natural;
    spare = 0;
    if (height > 0) {
      double room = (height - above - bottom - (l.rows - 1) * gap_y) / l.rows;
      if (ratio > 0 && natural > room) {
        spare = (picture_width - room / ratio) * l.columns;
        picture_width = room / ratio;
      }
      picture_height = ratio > 0 ? fmin(natural, room) : room;
    }
    l.first.y = above;
  }
  double least = 2 * m.size, narrowest = p->brief >= 2 && l.columns > 1 ? 0.6 * m.size : least;
  if (!(picture_width >= narrowest) || !(picture_height >= least)) {
    wd_pen_close(&pen);
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "panel \"%s\": %g x %g leaves pictures of %.0f x %.0f points; give it more room or smaller text",
        p->title ? p->title : "", width, height, picture_width, picture_height);
  }
  l.first.x = wd_pen_floor(&pen, l.left + spare / 2);
  l.first.y = wd_pen_snap(&pen, l.first.y);
  l.first.width = wd_pen_floor(&pen, picture_width);
  l.first.height = wd_pen_floor(&pen, picture_height);
  l.step_x = wd_pen_floor(&pen, l.first.width + gap_x);
  l.step_y = wd_pen_floor(&pen, l.first.height + gap_y);
  double block_width = (l.columns - 1) * l.step_x + l.first.width;
  double block_height = (l.rows - 1) * l.step_y + l.first.height;
  if (wd_panel_has_bar(p))
    l.bar = (wd_rect){wd_pen_floor(&pen, l.first.x + block_width + m.bar_gap), l.first.y,
                      wd_pen_floor(&pen, fmax(m.bar_width, 1 / pen.style.scale)), block_height};
  l.height = height > 0 ? height : l.first.y + block_height + bottom;
  wd_pen_close(&pen);
  *out = l;
  return WD_OK;
}

wd_rect wd_panel_facet_rect(const wd_panel_layout *l, int facet) {
  wd_rect r = l->first;
  r.x += facet % l->columns * l->step_x;
  r.y += facet / l->columns * l->step_y;
  return r;
}

wd_mark wd_panel_to_place(const wd_panel *p, const wd_rect *r, wd_mark value) {
  wd_axis x = wd_panel_x_axis(p), y = wd_panel_y_axis(p);
  return (wd_mark){r->x + wd_axis_place(&x, value.x) * r->width,
                   r->y + wd_axis_place(&y, value.y) * r->height};
}

wd_mark wd_panel_to_value(const wd_panel *p, const wd_rect *r, wd_mark place) {
  wd_axis x = wd_panel_x_axis(p), y = wd_panel_y_axis(p);
  return (wd_mark){wd_axis_value(&x, (place.x - r->x) / r->width),
                   wd_axis_value(&y, (place.y - r->y) / r->height)};
}

bool wd_panel_pick(const wd_panel *p, const wd_panel_layout *l, double x, double y, wd_pick *out) {
  wd_field field = {NULL, p->rows, p->columns};
  wd_view v = wd_view_of(&p->view, &field);
  for (int i = 0; i < p->facets; i++) {
    wd_rect r = wd_panel_facet_rect(l, i);
    double u = (x - r.x) / r.width, w = (y - r.y) / r.height;
    if (!(u >= 0 && u < 1 && w >= 0 && w < 1)) continue;
    double column = v.column0 + u * (v.column1 - v.column0), row = v.row0 + w * (v.row1 - v.row0);
    if (!(column >= 0 && column < p->columns && row >= 0 && row < p->rows)) return false;
    int c = (int)column, rr = (int)row;
    *out = (wd_pick){.facet = i,
                     .row = rr,
                     .column = c,
                     .x = wd_axis_value(&p->x, column / p->columns),
                     .y = wd_axis_value(&p->y, row / p->rows),
                     .value = p->facet[i].value[(size_t)rr * (size_t)p->columns + (size_t)c]};
    return true;
  }
  return false;
}
