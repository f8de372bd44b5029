/* The values of a picture: which gathers, what is done to them for display, how they are put side by side. */
#include "app/i18n.h"
#include "app/picture_private.h"

#include <math.h>
#include <string.h>

WdSource wd_picture_source(const WdPictureDesc *d) {
  return d->kind == WD_PANEL_SIMULATED    ? WD_SOURCE_SIMULATED
         : d->kind == WD_PANEL_DIFFERENCE ? WD_SOURCE_DIFFERENCE
                                          : d->source;
}

const wd_gather *wd_picture_gather(const WdPicture *p, WdSource source) {
  const wd_gather *g = source == WD_SOURCE_SIMULATED  ? p->simulation ? &p->simulation->full : NULL
                       : source == WD_SOURCE_OBSERVED ? p->truth ? &p->truth->gathers : NULL
                       : p->pair                      ? &p->pair->gathers
                                                      : NULL;
  return g && g->value ? g : NULL;
}

static float *room(WdPicture *p, gsize count) {
  if (count > p->own_count) {
    g_free(p->own);
    p->own = g_new(float, count);
    p->own_count = count;
  }
  return p->own;
}

static void add_facet(WdPicture *p, const float *value, char *caption) {
  wd_facet facet = {.value = value, .caption = caption};
  g_array_append_val(p->facet, facet);
  if (caption) g_ptr_array_add(p->caption, caption);
}

/* Facets of the right number and size in which nothing is known. */
static gboolean blank(WdPicture *p, const WdPictureDesc *d, const char *why) {
  wd_panel *panel = &p->panel;
  const wd_shard_desc *s = &d->shape;
  int shots = s->shots > 0 ? s->shots : 5;
  if (d->kind == WD_PANEL_VELOCITY) {
    wd_map map = {s->nz > 0 ? s->nz : 70, s->nx > 0 ? s->nx : 70, s->spacing > 0 ? s->spacing : 10, NULL};
    *panel = wd_panel_of_map(&map, NULL, 1);
  } else if (d->kind == WD_PANEL_TRACES) {
    panel->rows = shots;
    panel->columns = s->receivers > 0 ? s->receivers : 70;
  } else {
    wd_gather g = {shots, s->samples > 0 ? s->samples : 1000, s->receivers > 0 ? s->receivers : 70,
                   s->dt > 0 ? s->dt : 0.001, NULL};
    *panel = wd_panel_of_gather(&g, s->spacing > 0 ? s->spacing : 10, NULL, 1);
  }
  gsize count = (gsize)panel->rows * (gsize)panel->columns;
  float *value = room(p, count);
  for (gsize i = 0; i < count; i++) value[i] = NAN;
  int facets = d->kind == WD_PANEL_VELOCITY || d->kind == WD_PANEL_TRACES || d->shot >= 0 ? 1 : shots;
  for (int i = 0; i < facets; i++) {
    char *caption = facets > 1 ? g_strdup_printf(_("shot %d"), i + 1) : NULL;
    add_facet(p, value, caption);
  }
  wd_copy(p->message, why, sizeof p->message);
  return FALSE;
}

/* One shot as it is shown, into out. */
static gboolean process_shot(const WdPicture *p, const WdPictureDesc *d, const wd_gather *gather, int shot,
                             float *out) {
  gsize each = (gsize)gather->samples * (gsize)gather->receivers;
  wd_gather one = *gather, top = {0};
  one.shots = 1;
  one.value = gather->value + (gsize)shot * each;
  if (d->look.mute_direct && p->simulation && p->simulation->top.value &&
      wd_gather_count(&p->simulation->top) == wd_gather_count(gather)) {
    top = one;
    top.value = p->simulation->top.value + (gsize)shot * each;
  }
  return wd_gather_process(&one, top.value ? &top : NULL, d->look.mute_direct, &d->look.display, out);
}

static gboolean is_plain(const WdPictureDesc *d) {
  const wd_display *s = &d->look.display;
  return !d->look.mute_direct && !(s->agc > 0) && !s->normalise && s->time_power == 0 && !s->flip;
}

/* Two gathers in one picture: difference, left and right of a divider, or trace by trace. */
static void combine(const WdPictureDesc *d, WdSource source, const wd_gather *g, const float *a,
                    const float *b, float *out) {
  gsize n = (gsize)g->receivers, rows = (gsize)g->samples;
  if (source == WD_SOURCE_DIFFERENCE) {
    for (gsize i = 0; i < rows * n; i++) out[i] = a[i] - b[i];
  } else if (source == WD_SOURCE_SPLIT) {
    double at = d->divider > 0 ? d->divider : 0.5;
    gsize left = (gsize)fmin(fmax(round(at * (double)n), 0), (double)n);
    for (gsize r = 0; r < rows; r++) {
      memcpy(out + r * n, a + r * n, left * sizeof *out);
      memcpy(out + r * n + left, b + r * n + left, (n - left) * sizeof *out);
    }
  } else {
    for (gsize i = 0; i < rows * n; i++) {
      out[2 * i] = a[i];
      out[2 * i + 1] = b[i];
    }
  }
}

static gboolean gathers(WdPicture *p, const WdPictureDesc *d) {
  WdSource source = wd_picture_source(d);
  gboolean both =
      source == WD_SOURCE_DIFFERENCE || source == WD_SOURCE_SPLIT || source == WD_SOURCE_INTERLEAVED;
  const wd_gather *a = wd_picture_gather(p, both ? WD_SOURCE_DECODED : source);
  const wd_gather *b = both ? wd_picture_gather(p, WD_SOURCE_SIMULATED) : NULL;
  if (source == WD_SOURCE_OBSERVED && !a) return blank(p, d, _("no observed gathers: open a pair"));
  if (d->fault && (!a || (both && !b))) return blank(p, d, d->fault);
  if (!p->pair) return blank(p, d, _("not decoded yet"));
  if (!a || (both && !b)) return blank(p, d, _("not simulated yet"));
  if (both && wd_gather_count(a) != wd_gather_count(b))
    return blank(p, d, _("the decoded and the simulated gathers differ in size"));
  if (d->look.mute_direct && !p->simulation) return blank(p, d, _("direct wave to mute: not simulated yet"));
  int first = d->shot < 0 ? 0 : MIN(d->shot, a->shots - 1), last = d->shot < 0 ? a->shots - 1 : first;
  gsize each = (gsize)a->samples * (gsize)a->receivers, shots = (gsize)(last - first + 1);
  gboolean twice = source == WD_SOURCE_INTERLEAVED, plain = is_plain(d);
  gsize picture = each * (twice ? 2 : 1);
  float *own = plain && !both ? NULL : room(p, shots * picture + (both && !plain ? 2 * each : 0));
  for (int s = first; s <= last; s++) {
    const float *va = a->value + (gsize)s * each, *vb = b ? b->value + (gsize)s * each : NULL;
    float *out = own ? own + (gsize)(s - first) * picture : NULL;
    if (!plain) {
      float *to_a = both ? own + shots * picture : out, *to_b = to_a + each;
      if (!process_shot(p, d, a, s, to_a) || (both && !process_shot(p, d, b, s, to_b)))
        return blank(p, d, _("the display settings cannot be applied to these gathers"));
      va = to_a;
      vb = to_b;
    }
    if (both) combine(d, source, a, va, vb, out);
    add_facet(p, out ? out : va, last > first ? g_strdup_printf(_("shot %d"), s + 1) : NULL);
  }
  double spacing = p->pair && a->receivers == p->pair->velocity.nx ? p->pair->velocity.spacing : 0;
  p->panel = wd_panel_of_gather(a, spacing, NULL, 1);
  if (twice) p->panel.columns *= 2;
  return TRUE;
}

static gboolean traces(WdPicture *p, const WdPictureDesc *d) {
  if (!p->simulation || !p->simulation->comparison.trace)
    return blank(p, d, d->fault ? d->fault : p->pair ? _("not simulated yet") : _("not decoded yet"));
  const wd_comparison *c = &p->simulation->comparison;
  gsize count = (gsize)c->shots * (gsize)c->receivers;
  float *value = room(p, count);
  for (gsize i = 0; i < count; i++) value[i] = (float)wd_measure_get(&c->trace[i], (wd_metric)d->metric);
  p->panel.rows = c->shots;
  p->panel.columns = c->receivers;
  add_facet(p, value, NULL);
  return TRUE;
}

/* The decoded map minus another one. */
static gboolean minus(WdPicture *p, const WdPictureDesc *d) {
  const wd_map *a = &p->pair->velocity, *b = p->minus ? &p->minus->velocity : NULL;
  const char *name = d->minus_name ? d->minus_name : _("the other map");
  char why[120];
  if (!b || !b->value) {
    wd_print(why, sizeof why, _("%.60s: no map is known, or it is not decoded yet"), name);
    return blank(p, d, why);
  }
  if (a->nz != b->nz || a->nx != b->nx) {
    wd_print(why, sizeof why, _("the map of %.60s has another size"), name);
    return blank(p, d, why);
  }
  const gsize n = (gsize)a->nz * (gsize)a->nx;
  float *value = room(p, n);
  for (gsize i = 0; i < n; i++) value[i] = a->value[i] - b->value[i];
  add_facet(p, value, NULL);
  p->panel = wd_panel_of_map(a, NULL, 1);
  return TRUE;
}

gboolean wd_picture_make_fields(WdPicture *p, const WdPictureDesc *d) {
  g_array_set_size(p->facet, 0);
  g_ptr_array_set_size(p->caption, 0);
  p->message[0] = 0;
  p->panel = (wd_panel){0};
  if (d->kind == WD_PANEL_TRACES) return traces(p, d);
  if (d->kind != WD_PANEL_VELOCITY) return gathers(p, d);
  if (!p->pair) return blank(p, d, d->fault ? d->fault : _("not decoded yet"));
  if (d->velocity) return minus(p, d);
  add_facet(p, p->pair->velocity.value, NULL);
  p->panel = wd_panel_of_map(&p->pair->velocity, NULL, 1);
  return TRUE;
}
