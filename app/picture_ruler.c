/* How far each trace is from the simulated one, above a gather and as a mask over it. */
#include "app/i18n.h"
#include "app/picture_private.h"

#include <math.h>

static gboolean wanted(const WdPicture *p, const WdPictureDesc *d) {
  return !p->blank && (d->look.ruler || d->look.mask) && d->kind != WD_PANEL_VELOCITY &&
         d->kind != WD_PANEL_TRACES;
}

static const wd_comparison *traces_of(const WdPicture *p) {
  const wd_comparison *c = p->simulation ? &p->simulation->comparison : NULL;
  return c && c->trace ? c : NULL;
}

/* Of the reflection residual in steps, so that bars of different places can be compared, and no more than 3:
 * 1 is no better than knowing the top row. Of others that end at 1, that. */
static double top_of(int metric, const GArray *trace, double epsilon) {
  if (metric == WD_METRIC_RELATIVE_L2 || metric == WD_METRIC_CORRELATION ||
      metric == WD_METRIC_REFLECTION_SHARE)
    return 1;
  double most = 0;
  for (guint i = 0; i < trace->len; i++) {
    const double v = (double)g_array_index(trace, float, i);
    if (isfinite(v)) most = fmax(most, v);
  }
  if (metric == WD_METRIC_REFLECTION_RESIDUAL) {
    const double wanted = isfinite(epsilon) ? fmax(most, epsilon) : most;
    return wanted <= 1 ? 1 : wanted <= 2 ? 2 : 3;
  }
  return most > 0 ? most : 1;
}

void wd_picture_make_ruler(WdPicture *p, const WdPictureDesc *d) {
  const wd_comparison *c = wanted(p, d) ? traces_of(p) : NULL;
  p->panel.ruler = NULL;
  g_array_set_size(p->trace, 0);
  for (guint i = 0; i < p->facet->len; i++) g_array_index(p->facet, wd_facet, i).trace = NULL;
  if (!c) return;
  const guint facets = p->facet->len;
  for (guint i = 0; i < facets; i++) {
    const int shot = d->shot < 0 ? (int)i : d->shot;
    for (int r = 0; r < c->receivers; r++) {
      const float v = shot < c->shots
                          ? (float)wd_measure_get(&c->trace[shot * c->receivers + r], (wd_metric)d->metric)
                          : NAN;
      g_array_append_val(p->trace, v);
    }
  }
  for (guint i = 0; i < facets; i++)
    g_array_index(p->facet, wd_facet, i).trace =
        (const float *)(const void *)p->trace->data + (gsize)i * (gsize)c->receivers;
  const wd_metric_info *info = wd_metric_get_info((wd_metric)d->metric);
  p->ruler = (wd_ruler){.traces = c->receivers,
                        .hi = top_of(d->metric, p->trace, d->epsilon),
                        .level = d->epsilon > 0 ? d->epsilon : NAN,
                        .higher_is_better = info && info->higher_is_better,
                        .bars = d->look.ruler,
                        .mask = d->look.mask};
  p->panel.ruler = &p->ruler;
}

void wd_picture_ruler_text(const WdPicture *p, const WdPictureDesc *d, char *out, gsize size) {
  *out = 0;
  if (!wanted(p, d) || !d->look.ruler) return;
  const wd_metric_info *info = wd_metric_get_info((wd_metric)d->metric);
  wd_print(out, size, p->panel.ruler ? _("bars: %s of each trace") : _("%s of traces: not simulated yet"),
           info ? _(info->title) : "");
}

void wd_picture_mask_text(const WdPicture *p, const WdPictureDesc *d, char *out, gsize size) {
  *out = 0;
  if (!wanted(p, d) || !d->look.mask || !p->panel.ruler) return;
  if (!isfinite(p->ruler.level)) {
    wd_copy(out, _("this figure has no ε: nothing shaded"), size);
    return;
  }
  int beyond = 0;
  for (guint i = 0; i < p->trace->len; i++)
    beyond += wd_ruler_beyond(&p->ruler, (double)g_array_index(p->trace, float, i));
  char number[32];
  wd_format_number(p->ruler.level, 0.01, number, sizeof number);
  wd_print(out, size, _("%d of %u traces beyond ε %s"), beyond, p->trace->len, number);
}
