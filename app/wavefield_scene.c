#include "app/wavefield_scene.h"

#include "app/contour.h"
#include "app/i18n.h"
#include "app/score.h"

#include <math.h>
#include <string.h>

enum { BROWN = 0x6b4a12, GREEN = 0x18b86b, MAGENTA = 0xd4148c, WHITE = 0xffffff };
enum { ISOCHRONE_MS = 50, STROKES = 8 };
/* A ghost is half as strong: to be seen, and not mistaken for what has come. */
static const float ghost = 0.5f;

struct WdWavefieldScene {
  WdWavefieldDesc desc; /* field and pair are references; texts are not kept */
  int step;             /* of the picture */
  /* still */
  float *base, *over, *record; /* velocities with margin; pressure; gather so far */
  gsize base_count, record_count;
  GArray *line[STROKES]; /* wd_mark: isochrones, edge of the map | front, probe, line of time ... */
  wd_stroke map_stroke[4], gather_stroke[4];
  int map_still, map_strokes, gather_still, gather_strokes;
  GArray *receiver; /* wd_mark */
  wd_mark source;
  wd_overlay overlay;
  wd_facet map_facet[3], gather_facet[3][2]; /* by WdScenePart */
  wd_panel map[3], gather[3];
  double *time, *trace, *decoded; /* of the probe; samples */
  double line_x[2], line_y[2];
  wd_series series[4];
  wd_curve curve[3];
  gboolean at_receiver;
  char title[64], source_text[200], map_badge[96], gather_source[120], gather_badge[96], trace_source[96],
      clock[32], quantity[32];
};

WdWavefieldScene *wd_wavefield_scene_new(void) {
  WdWavefieldScene *s = g_new0(WdWavefieldScene, 1);
  for (int i = 0; i < STROKES; i++) s->line[i] = g_array_new(FALSE, FALSE, sizeof(wd_mark));
  s->receiver = g_array_new(FALSE, FALSE, sizeof(wd_mark));
  return s;
}

void wd_wavefield_scene_free(WdWavefieldScene *s) {
  if (!s) return;
  wd_wavefield_unref(s->desc.field);
  wd_pair_unref(s->desc.pair);
  for (int i = 0; i < STROKES; i++) g_array_unref(s->line[i]);
  g_array_unref(s->receiver);
  g_free(s->base);
  g_free(s->over);
  g_free(s->record);
  g_free(s->time);
  g_free(s->trace);
  g_free(s->decoded);
  g_free(s);
}

static void add(GArray *points, double x, double y) {
  wd_mark mark = {x, y};
  g_array_append_val(points, mark);
}

/* ---- sizes while nothing is known: OpenFWI's */

static const wd_movie *movie_of(const WdWavefieldScene *s) {
  return s->desc.field ? &s->desc.field->movie : NULL;
}
static const wd_gather *decoded_of(const WdWavefieldScene *s) {
  const wd_gather *g = s->desc.field ? &s->desc.field->ask.pair->gathers : NULL;
  const wd_movie *m = movie_of(s);
  return g && g->value && m->shot < g->shots && g->samples == m->samples &&
                 g->receivers == m->record.receivers
             ? g
             : NULL;
}

static const wd_map *map_of(const WdWavefieldScene *s) {
  const WdPair *pair = s->desc.field ? s->desc.field->ask.pair : s->desc.pair;
  return pair && pair->velocity.value ? &pair->velocity : NULL;
}

static float *room(float **array, gsize *have, gsize count) {
  if (count > *have) {
    g_free(*array);
    *array = g_new(float, count);
    *have = count;
  }
  return *array;
}

/* ---- the map */

/* Velocities under the wave, edge cells repeated into the margin as the solver has them. */
static void make_base(WdWavefieldScene *s, wd_panel *p) {
  const wd_movie *m = movie_of(s);
  gsize count = (gsize)p->rows * (gsize)p->columns;
  s->base = room(&s->base, &s->base_count, count);
  s->over = g_renew(float, s->over, count);
  for (gsize i = 0; i < count; i++) s->base[i] = s->over[i] = NAN;
  const wd_map *v = map_of(s);
  if (!v) return;
  const gboolean margin = m && s->desc.look.margin && m->padded;
  const int top = margin ? m->margin[0] : 0, left = margin ? m->margin[2] : 0;
  for (int z = 0; z < p->rows; z++)
    for (int x = 0; x < p->columns; x++) {
      int r = CLAMP(z - top, 0, v->nz - 1), c = CLAMP(x - left, 0, v->nx - 1);
      s->base[(gsize)z * (gsize)p->columns + (gsize)x] = v->value[(gsize)r * (gsize)v->nx + (gsize)c];
    }
}

static wd_stroke stroke_of(GArray *line, wd_stroke_kind kind, guint32 colour, double width) {
  return (wd_stroke){kind, (const wd_mark *)(const void *)line->data, (int)line->len, colour, width};
}

static void make_isochrones(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  g_array_set_size(s->line[0], 0);
  if (!m || !s->desc.look.isochrones) return;
  float lo, hi;
  wd_map_range(&m->arrival, &lo, &hi);
  for (int ms = ISOCHRONE_MS; ms < (double)hi * 1000; ms += ISOCHRONE_MS)
    wd_contour(s->line[0], &m->arrival, ms * 1e-3);
}

static void make_edge(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  g_array_set_size(s->line[1], 0);
  if (!m || !s->desc.look.margin || !m->padded) return;
  const double h = m->spacing, r = (m->nx - 0.5) * h, b = (m->nz - 0.5) * h;
  add(s->line[1], -0.5 * h, -0.5 * h);
  add(s->line[1], r, -0.5 * h);
  add(s->line[1], r, b);
  add(s->line[1], -0.5 * h, b);
  add(s->line[1], -0.5 * h, -0.5 * h);
}

static void still_map(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  const gboolean margin = m && s->desc.look.margin && m->padded;
  const wd_map *known = map_of(s);
  const wd_map size = known ? *known : (wd_map){70, 70, 10, NULL};
  wd_panel *p = &s->map[WD_SCENE_ALL];
  *p = wd_panel_of_map(&size, NULL, 1);
  if (margin) {
    p->rows = m->pz;
    p->columns = m->px;
    p->x.lo = (-m->margin[2] - 0.5) * m->spacing;
    p->x.hi = (m->nx + m->margin[3] - 0.5) * m->spacing;
    p->y.lo = (-m->margin[0] - 0.5) * m->spacing;
    p->y.hi = (m->nz + m->margin[1] - 0.5) * m->spacing;
  }
  make_base(s, p);
  make_isochrones(s);
  make_edge(s);
  s->map_still = 0;
  if (s->line[0]->len) s->map_stroke[s->map_still++] = stroke_of(s->line[0], WD_STROKE_LINE, BROWN, 0.06);
  if (s->line[1]->len) s->map_stroke[s->map_still++] = stroke_of(s->line[1], WD_STROKE_DASHED, WHITE, 0.1);
  g_array_set_size(s->receiver, 0);
  for (int x = 0; m && x < m->record.receivers && m->record.receivers == m->nx; x++)
    add(s->receiver, x * m->spacing, m->spacing);
  if (m) s->source = (wd_mark){m->source.x * m->spacing, m->source.z * m->spacing};

  const char *mode = m ? wd_score_mode_words(m->mode) : "";
  wd_copy(s->title, _("Wavefield"), sizeof s->title);
  if (m)
    wd_print(s->source_text, sizeof s->source_text, _("shot %d · %s mode%s%s"), m->shot + 1, mode,
             s->desc.place ? " · " : "", s->desc.place ? s->desc.place : "");
  else
    wd_copy(s->source_text, s->desc.message ? s->desc.message : "", sizeof s->source_text);
  s->map_badge[0] = 0;
  char every[32], crest[32];
  wd_units_text(&s->desc.units, WD_TIME, ISOCHRONE_MS, 10, every, sizeof every);
  wd_units_text(&s->desc.units, WD_TIME, m ? m->crest * 1000 : 0, 1, crest, sizeof crest);
  if (m && s->desc.look.isochrones)
    wd_print(s->map_badge, sizeof s->map_badge, _("isochrones every %s; bold: crest, first arrival + %s"),
             every, crest);
  double clip = s->desc.look.clip > 0 ? s->desc.look.clip : m ? s->desc.field->clip : 1;
  s->overlay = (wd_overlay){.value = s->over,
                            .range = {-clip, clip, ""},
                            .colormap = WD_COLORMAP_SEISMIC,
                            .opacity = 0.95,
                            .smooth = true,
                            .quantity = _("Pressure (arb. units)")};
  wd_copy(s->overlay.range.text, s->desc.look.clip > 0 ? _("fixed clip") : _("clip 97 %, all times"),
          sizeof s->overlay.range.text);
  p->title = s->title;
  p->source = s->source_text;
  p->badge[0] = s->map_badge;
  p->colormap = WD_COLORMAP_GRAY;
  /* Light greys: the colours of the wave and their signs stand out from them. */
  p->range = (wd_range){-900, 4800, ""};
  p->smooth = s->desc.map_smooth;
}

/* Pressure, the front and the probe's mark. */
static void move_map(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  const wd_panel *p = &s->map[WD_SCENE_ALL];
  const WdWaveLook *look = &s->desc.look;
  gsize count = (gsize)p->rows * (gsize)p->columns;
  s->map_strokes = s->map_still;
  g_array_set_size(s->line[2], 0);
  g_array_set_size(s->line[3], 0);
  if (m) {
    if (!(look->margin && wd_movie_padded(m, s->step, s->over)))
      memcpy(s->over, wd_movie_frame(m, s->step), count * sizeof *s->over);
    double crest = s->step * m->dt - m->crest;
    if (look->isochrones && crest > 0) wd_contour(s->line[2], &m->arrival, crest);
    if (look->probe) add(s->line[3], look->probe_x, look->probe_z);
  }
  if (s->line[2]->len) s->map_stroke[s->map_strokes++] = stroke_of(s->line[2], WD_STROKE_LINE, GREEN, 0.2);
  if (s->line[3]->len)
    s->map_stroke[s->map_strokes++] = stroke_of(s->line[3], WD_STROKE_CIRCLES, MAGENTA, 0.18);
}

/* ---- the gather */

static void still_gather(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  const wd_gather *decoded = decoded_of(s);
  wd_gather size = {1, m ? m->samples : 1000, m ? m->record.receivers : 70, m ? m->dt : 0.001, NULL};
  double spacing = !m || m->record.receivers == m->nx ? m ? m->spacing : 10 : 0;
  wd_panel *p = &s->gather[WD_SCENE_ALL];
  const gboolean beside = s->desc.look.compare == WD_WAVE_BESIDE && decoded;
  *p = wd_panel_of_gather(&size, spacing, NULL, beside ? 2 : 1);
  gsize count = (gsize)p->rows * (gsize)p->columns;
  s->record = room(&s->record, &s->record_count, count);
  if (!m)
    for (gsize i = 0; i < count; i++) s->record[i] = NAN;
  s->gather_still = 0;
  g_array_set_size(s->line[4], 0);
  if (m && s->at_receiver) {
    add(s->line[4], s->desc.look.probe_x, p->y.lo);
    add(s->line[4], s->desc.look.probe_x, p->y.hi);
    s->gather_stroke[s->gather_still++] = stroke_of(s->line[4], WD_STROKE_DASHED, MAGENTA, 0.08);
  }
  p->title = _("Gather");
  wd_print(s->gather_source, sizeof s->gather_source, _("F(v), shot %d, as the wave arrives"),
           m ? m->shot + 1 : 1);
  s->gather_badge[0] = 0;
  if (m && s->desc.look.compare == WD_WAVE_GHOST && decoded)
    wd_copy(s->gather_badge, _("below the line: decoded, faint"), sizeof s->gather_badge);
  else if (m && s->desc.look.compare != WD_WAVE_ALONE && !decoded)
    wd_copy(s->gather_badge, _("no decoded gather to compare"), sizeof s->gather_badge);
  p->source = m ? s->gather_source : NULL;
  p->badge[0] = s->gather_badge;
  p->colormap = s->desc.gather_colormap;
  p->range = s->overlay.range; /* the same quantity: the same clip */
}

static void move_gather(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  const wd_panel *p = &s->gather[WD_SCENE_ALL];
  s->gather_strokes = s->gather_still;
  g_array_set_size(s->line[5], 0);
  if (!m) return;
  const wd_gather *decoded = decoded_of(s);
  const gsize row = (gsize)p->columns, done = (gsize)s->step * row, all = (gsize)p->rows * row;
  memcpy(s->record, m->record.value, done * sizeof *s->record);
  const float *d =
      decoded && s->desc.look.compare == WD_WAVE_GHOST ? decoded->value + all * (gsize)m->shot : NULL;
  for (gsize i = done; i < all; i++) s->record[i] = d ? ghost * d[i] : 0; /* still below the line: silence */
  double ms = s->step * m->dt * 1000;
  if (s->step > 0) {
    add(s->line[5], p->x.lo, ms + 0.5 * m->dt * 1000);
    add(s->line[5], p->x.hi, ms + 0.5 * m->dt * 1000);
    s->gather_stroke[s->gather_strokes++] = stroke_of(s->line[5], WD_STROKE_LINE, GREEN, 0.14);
  }
}

/* ---- the trace at the probe */

static gboolean probe_cell(const WdWavefieldScene *s, wd_cell *cell) {
  const wd_movie *m = movie_of(s);
  const WdWaveLook *look = &s->desc.look;
  if (!m || !look->probe) return FALSE;
  *cell = (wd_cell){(int)lround(look->probe_z / m->spacing), (int)lround(look->probe_x / m->spacing)};
  return cell->z >= 0 && cell->z < m->nz && cell->x >= 0 && cell->x < m->nx;
}

static void still_trace(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  wd_cell c = {0};
  s->at_receiver = FALSE;
  for (int part = 0; part < 3; part++) s->curve[part] = (wd_curve){0};
  if (!probe_cell(s, &c)) return;
  s->time = g_renew(double, s->time, m->samples);
  s->trace = g_renew(double, s->trace, m->samples);
  s->decoded = g_renew(double, s->decoded, m->samples);
  const wd_gather *decoded = decoded_of(s);
  s->at_receiver = c.z == 1 && m->record.receivers == m->nx;
  double most = 0;
  for (int i = 0; i < m->samples; i++) {
    s->time[i] = (i + 1) * m->dt * 1000;
    s->trace[i] = (double)wd_movie_frame(m, i + 1)[c.z * m->nx + c.x];
    s->decoded[i] = NAN;
    if (s->at_receiver && decoded && s->desc.look.compare != WD_WAVE_ALONE)
      s->decoded[i] =
          (double)decoded->value[((gsize)m->shot * (gsize)m->samples + (gsize)i) * (gsize)decoded->receivers +
                                 (gsize)c.x];
    most = fmax(most, fmax(fabs(s->trace[i]), isfinite(s->decoded[i]) ? fabs(s->decoded[i]) : 0));
  }
  if (!(most > 0)) most = 1;
  char x[32], z[32];
  wd_units_text(&s->desc.units, WD_DISTANCE, c.x * m->spacing, 1, x, sizeof x);
  wd_units_text(&s->desc.units, WD_DISTANCE, c.z * m->spacing, 1, z, sizeof z);
  if (s->at_receiver)
    wd_print(s->trace_source, sizeof s->trace_source, _("receiver %d, x %s, z %s"), c.x + 1, x, z);
  else
    g_snprintf(s->trace_source, sizeof s->trace_source, "x %s, z %s", x, z);
  const gboolean compared = s->at_receiver && decoded && s->desc.look.compare != WD_WAVE_ALONE;
  int n = 0;
  s->series[n++] = (wd_series){.x = s->time, .y = s->trace, .count = m->samples, .colour = 1, .alpha = 0.22};
  if (compared)
    s->series[n++] = (wd_series){.name = _("decoded"),
                                 .x = s->time,
                                 .y = s->decoded,
                                 .count = m->samples,
                                 .colour = 2,
                                 .dash = WD_DASH_DASHED,
                                 .width = 0,
                                 .alpha = 0.75};
  s->curve[WD_SCENE_STILL] =
      (wd_curve){.title = _("Probe"),
                 .source = s->trace_source,
                 .x = {0, m->samples * m->dt * 1000, false, _("Time (ms)"), .dimension = WD_TIME},
                 .y = {-1.08 * most, 1.08 * most, false, _("Pressure (arb. units)")},
                 .series = s->series,
                 .n_series = n,
                 .aspect = 0.3};
  s->line_y[0] = -1.08 * most;
  s->line_y[1] = 1.08 * most;
  s->curve[WD_SCENE_ALL] = s->curve[WD_SCENE_STILL];
}

static void move_trace(WdWavefieldScene *s) {
  wd_curve *c = &s->curve[WD_SCENE_ALL];
  if (!c->n_series) return;
  const wd_movie *m = movie_of(s);
  int n = s->curve[WD_SCENE_STILL].n_series;
  s->line_x[0] = s->line_x[1] = s->step * m->dt * 1000;
  s->series[n++] = (wd_series){.name = _("F(v) so far"),
                               .x = s->time,
                               .y = s->trace,
                               .count = MAX(s->step, 1),
                               .colour = 1,
                               .width = 0};
  s->series[n++] = (wd_series){.x = s->line_x, .y = s->line_y, .count = 2, .colour = 3};
  c->n_series = n;
}

/* ---- all of it */

static void finish(WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  wd_units_text(&s->desc.units, WD_TIME, wd_wavefield_ms(s), 1, s->clock, sizeof s->clock);
  for (int part = 0; part < 3; part++) {
    wd_facet *f = &s->map_facet[part];
    wd_panel *p = &s->map[part];
    if (part) *p = s->map[WD_SCENE_ALL];
    const int from = part == WD_SCENE_MOTION ? s->map_still : 0,
              to = part == WD_SCENE_STILL ? s->map_still : s->map_strokes;
    *f = (wd_facet){
        .value = s->base, .overlay = &s->overlay, .stroke = s->map_stroke + from, .strokes = to - from};
    if (m && part != WD_SCENE_MOTION) {
      f->source = &s->source;
      f->sources = 1;
      f->receiver = (const wd_mark *)(const void *)s->receiver->data;
      f->receivers = (int)s->receiver->len;
    }
    if (m && part != WD_SCENE_STILL) f->note = s->clock;
    p->facet = f;
    wd_panel *q = &s->gather[part];
    if (part) *q = s->gather[WD_SCENE_ALL];
    wd_facet *g = s->gather_facet[part];
    const int first = part == WD_SCENE_MOTION ? s->gather_still : 0,
              last = part == WD_SCENE_STILL ? s->gather_still : s->gather_strokes;
    for (int i = 0; i < q->facets; i++) {
      g[i] = (wd_facet){.value = s->record, .stroke = s->gather_stroke + first, .strokes = last - first};
      if (q->facets > 1 && part != WD_SCENE_MOTION) g[i].caption = i ? _("decoded") : _("F(v), so far");
    }
    if (q->facets > 1 && m)
      g[1].value = decoded_of(s)->value + (gsize)m->shot * (gsize)q->rows * (gsize)q->columns;
    q->facet = g;
    if (!part) continue;
    p->no_pictures = q->no_pictures = true;
    if (part == WD_SCENE_STILL) continue;
    p->title = p->source = p->badge[0] = q->title = q->source = q->badge[0] = NULL;
    p->no_axes = p->no_bar = q->no_axes = q->no_bar = true;
  }
}

static gboolean same_still(const WdWavefieldScene *s, const WdWavefieldDesc *d) {
  const WdWaveLook *a = &s->desc.look, *b = &d->look;
  return s->map[0].rows > 0 && d->field && s->desc.field == d->field && s->desc.map_smooth == d->map_smooth &&
         a->isochrones == b->isochrones && a->margin == b->margin && a->compare == b->compare &&
         a->clip == b->clip && a->probe == b->probe && a->probe_x == b->probe_x && a->probe_z == b->probe_z &&
         s->desc.gather_colormap == d->gather_colormap && wd_units_same(&s->desc.units, &d->units);
}

guint wd_wavefield_scene_set(WdWavefieldScene *s, const WdWavefieldDesc *d) {
  gboolean still = same_still(s, d);
  if (still && d->place) { /* the same wavefield may stand at another place */
    const wd_movie *m = movie_of(s);
    g_autofree char *text =
        g_strdup_printf(_("shot %d · %s mode · %s"), m->shot + 1, wd_score_mode_words(m->mode), d->place);
    still = g_str_has_prefix(text, s->source_text) || !strcmp(text, s->source_text);
  }
  int step = d->field ? wd_movie_step(&d->field->movie, d->step) : 0;
  if (still && step == s->step) {
    s->desc.look = d->look;
    return WD_WAVEFIELD_SAME;
  }
  WdWavefield *field = d->field ? wd_wavefield_ref(d->field) : NULL;
  WdPair *pair = d->pair ? wd_pair_ref(d->pair) : NULL;
  wd_wavefield_unref(s->desc.field);
  wd_pair_unref(s->desc.pair);
  s->desc = *d;
  s->desc.field = field;
  s->desc.pair = pair;
  s->step = step;
  if (!still) {
    still_map(s);
    still_trace(s);
    still_gather(s);
  }
  s->desc.place = s->desc.message = NULL;
  move_map(s);
  move_gather(s);
  move_trace(s);
  finish(s);
  return WD_WAVEFIELD_MOTION | (still ? 0 : WD_WAVEFIELD_STILL);
}

const wd_panel *wd_wavefield_map(WdWavefieldScene *s, WdScenePart part) {
  return &s->map[part];
}
const wd_panel *wd_wavefield_gather(WdWavefieldScene *s, WdScenePart part) {
  return &s->gather[part];
}
const wd_curve *wd_wavefield_trace(WdWavefieldScene *s, WdScenePart part) {
  return &s->curve[part];
}

const double *wd_wavefield_probe(const WdWavefieldScene *s, int *count) {
  const wd_movie *m = movie_of(s);
  *count = s->curve[WD_SCENE_STILL].n_series && m ? m->samples : 0;
  return *count ? s->trace : NULL;
}

double wd_wavefield_clip(const WdWavefieldScene *s) {
  return s->overlay.range.hi;
}

double wd_wavefield_ms(const WdWavefieldScene *s) {
  const wd_movie *m = movie_of(s);
  return m ? s->step * m->dt * 1000 : 0;
}

void wd_wavefield_describe(const WdWavefieldScene *s, char *out, gsize size) {
  const wd_movie *m = movie_of(s);
  if (!m) {
    wd_copy(out, s->source_text[0] ? s->source_text : _("No wavefield yet"), size);
    return;
  }
  const float *p = wd_movie_frame(m, s->step);
  float most = 0;
  int at = 0;
  for (int i = 0; i < m->nz * m->nx; i++)
    if (fabsf(p[i]) > most) {
      most = fabsf(p[i]);
      at = i;
    }
  const wd_units *units = &s->desc.units;
  char now[48], end[96], x[96], z[96];
  wd_units_number(units, WD_TIME, wd_wavefield_ms(s), 1, now, sizeof now);
  wd_units_spoken(units, WD_TIME, m->samples * m->dt * 1000, 1, end, sizeof end);
  wd_print(out, size, _("Wavefield of shot %d, %s mode, %s of %s."), m->shot + 1,
           wd_score_mode_words(m->mode), now, end);
  const gsize n = strlen(out);
  if (!(most > 0)) return;
  wd_units_spoken(units, WD_DISTANCE, at % m->nx * m->spacing, 1, x, sizeof x);
  wd_units_spoken(units, WD_DISTANCE, at / m->nx * m->spacing, 1, z, sizeof z);
  wd_print(out + n, size - n, _(" Largest pressure %.3g at %s distance, %s depth."), (double)most, x, z);
}
