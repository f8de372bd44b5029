/* What a picture says of itself: values under the pointer, and a summary for assistive technology. */
#include "app/i18n.h"
#include "app/picture_private.h"

#include <math.h>

gboolean wd_picture_read(const WdPicture *p, int facet, double x, double y, WdReading *out) {
  if (p->blank || facet < 0 || facet >= p->panel.facets) return FALSE;
  const wd_panel *panel = &p->panel;
  double column = wd_axis_place(&panel->x, x) * panel->columns,
         row = wd_axis_place(&panel->y, y) * panel->rows;
  if (!(column >= 0 && column < panel->columns && row >= 0 && row < panel->rows)) return FALSE;
  int c = (int)column, r = (int)row;
  const WdPictureDesc *d = &p->desc;
  *out = (WdReading){.shot = -1, .row = r, .column = c, .x = x, .y = y};
  if (d->kind == WD_PANEL_VELOCITY || d->kind == WD_PANEL_TRACES) {
    out->value = (double)panel->facet[facet].value[(gsize)r * (gsize)panel->columns + (gsize)c];
    if (d->kind == WD_PANEL_TRACES) out->shot = r;
    return TRUE;
  }
  out->shot = d->shot >= 0 ? d->shot : facet;
  out->y = y / 1000;
  WdSource source = wd_picture_source(d);
  if (source == WD_SOURCE_INTERLEAVED) {
    source = c % 2 ? WD_SOURCE_SIMULATED : WD_SOURCE_DECODED;
    out->column = c = c / 2;
  } else if (source == WD_SOURCE_SPLIT) {
    double at = d->divider > 0 ? d->divider : 0.5;
    source = c < (int)round(at * panel->columns) ? WD_SOURCE_DECODED : WD_SOURCE_SIMULATED;
  }
  out->source = source;
  gboolean difference = source == WD_SOURCE_DIFFERENCE;
  const wd_gather *g = wd_picture_gather(p, difference ? WD_SOURCE_DECODED : source);
  const wd_gather *other = difference ? wd_picture_gather(p, WD_SOURCE_SIMULATED) : NULL;
  if (!g || out->shot >= g->shots || r >= g->samples || c >= g->receivers || (difference && !other))
    return FALSE;
  gsize i = ((gsize)out->shot * (gsize)g->samples + (gsize)r) * (gsize)g->receivers + (gsize)c;
  out->value = (double)g->value[i] - (difference ? (double)other->value[i] : 0);
  return TRUE;
}

static void number(double value, double step, char out[48]) {
  wd_format_number(value, step, out, 48);
}

void wd_picture_reading_text(const WdPicture *p, const WdReading *r, char *out, gsize size) {
  const wd_units *units = &p->desc.units;
  char x[48], y[48], value[48];
  wd_units_text(units, WD_DISTANCE, r->x, 1, x, sizeof x);
  if (p->desc.kind == WD_PANEL_VELOCITY) {
    wd_units_text(units, WD_DISTANCE, r->y, 1, y, sizeof y);
    wd_units_text(units, WD_VELOCITY, r->value, 1, value, sizeof value);
    g_snprintf(out, size, "x %s  z %s  %s%s", x, y, p->desc.velocity ? "Δv " : "", value);
  } else if (p->desc.kind == WD_PANEL_TRACES) {
    number(r->value, 0, value);
    wd_print(out, size, _("shot %d  x %s  %s"), r->row + 1, x, value);
  } else {
    wd_units_text(units, WD_TIME, r->y * 1000, 1, y, sizeof y);
    number(r->value, 0, value);
    const char *which = p->desc.source >= WD_SOURCE_SPLIT && p->desc.kind == WD_PANEL_GATHER
                            ? r->source == WD_SOURCE_SIMULATED ? _("  simulated") : _("  decoded")
                            : "";
    g_snprintf(out, size, "x %s  t %s  %s%s", x, y, value, which);
  }
}

void wd_picture_describe(const WdPicture *p, char *out, gsize size) {
  if (p->blank) {
    wd_print(out, size, "%s, %s: %s.", p->title, p->source, p->message);
    return;
  }
  double lo = INFINITY, hi = -INFINITY;
  gsize count = (gsize)p->panel.rows * (gsize)p->panel.columns;
  for (int f = 0; f < p->panel.facets; f++)
    for (gsize i = 0; i < count; i++) {
      double v = (double)p->panel.facet[f].value[i];
      if (v < lo) lo = v;
      if (v > hi) hi = v;
    }
  char a[48], b[96], c[48], e[48];
  gboolean map = p->desc.kind == WD_PANEL_VELOCITY;
  const wd_units *units = &p->desc.units;
  const wd_dimension dimension = p->panel.dimension;
  wd_units_number(units, dimension, lo, map ? 1 : 0, a, sizeof a);
  wd_units_spoken(units, dimension, hi, map ? 1 : 0, b, sizeof b);
  wd_units_number(units, dimension, p->panel.range.lo, 0, c, sizeof c);
  wd_units_number(units, dimension, p->panel.range.hi, 0, e, sizeof e);
  wd_print(out, size,
           map ? _("%s map, %s: values from %s to %s; colours span %s to %s, %s.")
               : _("%s, %s: values from %s to %s; colours span %s to %s, %s."),
           p->title, p->source, a, b, c, e, p->panel.range.text);
}
