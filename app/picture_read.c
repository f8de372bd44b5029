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

static void number(double value, double step, char out[32]) {
  wd_format_number(value, step, out, 32);
}

void wd_picture_reading_text(const WdPicture *p, const WdReading *r, char *out, gsize size) {
  char x[32], y[32], value[32];
  number(r->x, 1, x);
  if (p->desc.kind == WD_PANEL_VELOCITY) {
    number(r->y, 1, y);
    number(r->value, 1, value);
    g_snprintf(out, size, "x %s m  z %s m  %s%s m/s", x, y, p->desc.velocity ? "Δv " : "", value);
  } else if (p->desc.kind == WD_PANEL_TRACES) {
    number(r->value, 0, value);
    wd_print(out, size, _("shot %d  x %s m  %s"), r->row + 1, x, value);
  } else {
    number(r->y * 1000, 1, y);
    number(r->value, 0, value);
    const char *which = p->desc.source >= WD_SOURCE_SPLIT && p->desc.kind == WD_PANEL_GATHER
                            ? r->source == WD_SOURCE_SIMULATED ? _("  simulated") : _("  decoded")
                            : "";
    g_snprintf(out, size, "x %s m  t %s ms  %s%s", x, y, value, which);
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
  char a[32], b[32], c[32], e[32];
  gboolean map = p->desc.kind == WD_PANEL_VELOCITY;
  number(lo, map ? 1 : 0, a);
  number(hi, map ? 1 : 0, b);
  number(p->panel.range.lo, 0, c);
  number(p->panel.range.hi, 0, e);
  wd_print(out, size,
           map ? _("%s map, %s: values from %s to %s metres per second; colours span %s to %s, %s.")
               : _("%s, %s: values from %s to %s; colours span %s to %s, %s."),
           p->title, p->source, a, b, c, e, p->panel.range.text);
}
