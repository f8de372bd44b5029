/* What lies over a picture: sources and receivers, contours, the observed traces, first arrivals. */
#include "app/contour.h"
#include "app/annotation.h"
#include "app/i18n.h"
#include "app/picture_private.h"
#include "solver/arrival.h"
#include "solver/survey.h"

#include <math.h>

/* Amber within a dark halo: of no colour map, and far from the lightness of its halo on all of them. */
enum { AMBER = 0xffb000, CYAN = 0x19e0e8, YELLOW = 0xffe14d, MAGENTA = 0xff7ad9, WHITE = 0xffffff };

static GArray *begin(WdPicture *p, wd_stroke_kind kind, guint32 colour, double width) {
  GArray *points = g_array_new(FALSE, FALSE, sizeof(wd_mark));
  g_ptr_array_add(p->line, points);
  wd_stroke stroke = {.kind = kind, .colour = colour, .width = width};
  g_array_append_val(p->stroke, stroke);
  return points;
}

static void add(GArray *points, double x, double y) {
  wd_mark mark = {x, y};
  g_array_append_val(points, mark);
}

static void contours(WdPicture *p, const wd_map *map, wd_stroke_kind kind, guint32 colour) {
  GArray *points = begin(p, kind, colour, 0.1);
  for (double level = 2000; level < 4500; level += 500) wd_contour(points, map, level);
}

/* The observed traces as lines over the decoded ones, every n-th of them. */
static void observed(WdPicture *p, const WdPictureDesc *d, const wd_gather *g, int shot, double scale) {
  const wd_panel *panel = &p->panel;
  int every = MAX(1, (g->receivers + 13) / 14);
  double spacing = (panel->x.hi - panel->x.lo) / g->receivers, ms = g->dt * 1000;
  GArray *points = begin(p, WD_STROKE_LINE, CYAN, 0.1);
  double sign = d->look.display.flip ? -1 : 1;
  for (int r = every / 2; r < g->receivers; r += every) {
    double base = panel->x.lo + (r + 0.5) * spacing;
    for (int s = 0; s < g->samples; s++) {
      float v = g->value[((gsize)shot * (gsize)g->samples + (gsize)s) * (gsize)g->receivers + (gsize)r];
      double e = sign * (double)v / scale;
      add(points, base + CLAMP(e, -1, 1) * every * 0.5 * spacing, (s + 1) * ms);
    }
    add(points, NAN, NAN);
  }
}

static void picks(WdPicture *p, const wd_gather *g, int shot, double frequency, wd_stroke_kind kind,
                  guint32 colour) {
  wd_gather one = *g;
  one.shots = 1;
  one.value = g->value + (gsize)shot * (gsize)g->samples * (gsize)g->receivers;
  g_autofree double *time = g_new(double, g->receivers);
  wd_arrival_desc desc = {.frequency = frequency};
  if (wd_arrival_pick(&one, &desc, time, NULL)) return;
  GArray *points = begin(p, kind, colour, 0.1);
  double spacing = (p->panel.x.hi - p->panel.x.lo) / g->receivers;
  int every = MAX(1, g->receivers / 35);
  for (int r = 0; r < g->receivers; r += every)
    add(points, p->panel.x.lo + (r + 0.5) * spacing, time[r] * 1000);
}

/* Where the decoded gather ends and the simulated one begins, with a handle to draw it by. */
static void divider(WdPicture *p, double at) {
  const wd_panel *panel = &p->panel;
  const double x = wd_axis_value(&panel->x, at), width = panel->x.hi - panel->x.lo;
  const gboolean zoomed = panel->view.row0 != panel->view.row1;
  const double top = wd_axis_value(&panel->y, zoomed ? panel->view.row0 / panel->rows : 0),
               bottom = wd_axis_value(&panel->y, zoomed ? panel->view.row1 / panel->rows : 1),
               left = wd_axis_value(&panel->x, zoomed ? panel->view.column0 / panel->columns : 0);
  GArray *points = begin(p, WD_STROKE_LINE, WHITE, 0.16);
  add(points, x, panel->y.lo);
  add(points, x, panel->y.hi);
  points = begin(p, WD_STROKE_CIRCLES, WHITE, 0.2);
  add(points, x, 0.5 * (top + bottom));
  if (p->facet->len > 1) return; /* no room for words */
  const char *const side[] = {_("decoded"), "F(v)"};
  for (int i = 0; i < 2; i++) {
    if (i ? at > 0.86 : x - left < 0.25 * width) continue; /* cut off, or over the line */
    points = begin(p, WD_STROKE_TEXT, WHITE, 0.14);
    add(points, (i ? x : left) + 0.012 * width, bottom - 0.12 * (bottom - top));
    char *words = g_strdup(side[i]);
    g_ptr_array_add(p->words, words);
    g_array_index(p->stroke, wd_stroke, p->stroke->len - 1).text = words;
  }
}

static void gather_lines(WdPicture *p, const WdPictureDesc *d, int facet) {
  int shot = d->shot < 0 ? facet : d->shot;
  const wd_gather *decoded = wd_picture_gather(p, WD_SOURCE_DECODED),
                  *simulated = wd_picture_gather(p, WD_SOURCE_SIMULATED),
                  *truth = wd_picture_gather(p, WD_SOURCE_OBSERVED);
  WdSource source = wd_picture_source(d);
  if (d->overlay_truth && truth && source != WD_SOURCE_OBSERVED && source != WD_SOURCE_DIFFERENCE &&
      p->facet->len == 1 && shot < truth->shots)
    observed(p, d, truth, shot, 0.5 * (p->panel.range.hi - p->panel.range.lo));
  if (source == WD_SOURCE_SPLIT && decoded) {
    double at = d->divider > 0 ? d->divider : 0.5;
    at = round(at * decoded->receivers) / decoded->receivers;
    divider(p, at);
  }
  if (!d->look.picks) return;
  double frequency = d->shape.frequency;
  if (d->eikonal && decoded) {
    GArray *points = begin(p, WD_STROKE_LINE, MAGENTA, 0.12);
    double spacing = (p->panel.x.hi - p->panel.x.lo) / decoded->receivers;
    for (int r = 0; r < decoded->receivers; r++)
      add(points, p->panel.x.lo + (r + 0.5) * spacing, d->eikonal[shot * decoded->receivers + r] * 1000);
  }
  if (decoded && shot < decoded->shots) picks(p, decoded, shot, frequency, WD_STROKE_CIRCLES, YELLOW);
  if (simulated && shot < simulated->shots) picks(p, simulated, shot, frequency, WD_STROKE_CROSSES, CYAN);
}

/* What somebody drew. */
static void annotations(WdPicture *p, const WdPictureDesc *d, int facet) {
  const gboolean map = d->kind == WD_PANEL_VELOCITY;
  const int shot = d->shot < 0 ? facet : d->shot;
  for (guint i = 0; d->annotations && i < d->annotations->len; i++) {
    const WdAnnotation *a = d->annotations->pdata[i];
    if (a->gather == map || (a->gather && a->shot != shot)) continue;
    const wd_stroke_kind kind = a->kind == WD_ANNOTATION_ARROW  ? WD_STROKE_ARROW
                                : a->kind == WD_ANNOTATION_TEXT ? WD_STROKE_TEXT
                                                                : WD_STROKE_LINE;
    GArray *points = begin(p, kind, AMBER, 0.2);
    if (a->text) {
      char *words = g_strdup(a->text);
      g_ptr_array_add(p->words, words);
      g_array_index(p->stroke, wd_stroke, p->stroke->len - 1).text = words;
    }
    if (a->kind == WD_ANNOTATION_BOX) {
      for (int k = 0; k < 5; k++) add(points, a->x[k == 1 || k == 2], a->y[k == 2 || k == 3]);
      continue;
    }
    for (int k = 0; k < a->points; k++) add(points, a->x[k], a->y[k]);
    if (a->kind != WD_ANNOTATION_PICK) continue;
    points = begin(p, WD_STROKE_CROSSES, AMBER, 0.14);
    for (int k = 0; k < a->points; k++) add(points, a->x[k], a->y[k]);
  }
}

/* Sources stand on row 1 over the columns of the map, receivers in every column of it (solver/survey.h). */
static void marks(WdPicture *p, const WdPictureDesc *d) {
  const wd_map *map = p->pair ? &p->pair->velocity : NULL;
  const wd_gather *g = p->pair ? &p->pair->gathers : NULL;
  int shots = g && g->value ? g->shots : d->shape.shots, nx = map ? map->nx : d->shape.nx;
  double spacing = map ? map->spacing : d->shape.spacing;
  if (shots < 1 || shots > WD_MAX_SHOTS || nx < 1 || !(spacing > 0)) return;
  g_autofree int *column = g_new(int, shots);
  wd_survey_spread(nx, shots, column);
  gboolean maps = d->kind == WD_PANEL_VELOCITY;
  for (int s = 0; s < shots; s++) add(p->mark, column[s] * spacing, maps ? spacing : p->panel.y.lo);
  if (maps)
    for (int x = 0; x < nx; x++) add(p->mark, x * spacing, spacing);
  wd_mark *mark = (wd_mark *)(void *)p->mark->data;
  for (guint i = 0; i < p->facet->len; i++) {
    wd_facet *f = &g_array_index(p->facet, wd_facet, i);
    gboolean one = d->shot >= 0 || !maps;
    int shot = maps ? d->shot : d->shot < 0 ? (int)i : d->shot;
    if (one && shot >= shots) continue;
    f->source = mark + (one ? shot : 0);
    f->sources = one ? 1 : shots;
    if (!maps) continue;
    f->receiver = mark + shots;
    f->receivers = nx;
  }
}

void wd_picture_make_lines(WdPicture *p, const WdPictureDesc *d) {
  g_array_set_size(p->mark, 0);
  g_array_set_size(p->stroke, 0);
  g_ptr_array_set_size(p->line, 0);
  g_ptr_array_set_size(p->words, 0);
  g_array_set_size(p->strokes, 0);
  for (guint i = 0; i < p->facet->len; i++) {
    wd_facet *f = &g_array_index(p->facet, wd_facet, i);
    f->source = f->receiver = NULL;
    f->sources = f->receivers = 0;
    guint before = p->stroke->len;
    if (!p->blank && d->kind == WD_PANEL_VELOCITY) {
      if (d->look.contours) contours(p, &p->pair->velocity, WD_STROKE_LINE, WHITE);
      if (d->overlay_truth && p->truth && p->truth->velocity.value)
        contours(p, &p->truth->velocity, WD_STROKE_LINE, CYAN);
    } else if (!p->blank && d->kind != WD_PANEL_TRACES) {
      gather_lines(p, d, (int)i);
    }
    if (!p->blank && d->kind != WD_PANEL_TRACES) annotations(p, d, (int)i);
    int own = (int)(p->stroke->len - before);
    g_array_append_val(p->strokes, own);
  }
  guint at = 0;
  for (guint i = 0; i < p->stroke->len; i++) {
    GArray *points = p->line->pdata[i];
    wd_stroke *s = &g_array_index(p->stroke, wd_stroke, i);
    s->point = (const wd_mark *)(const void *)points->data;
    s->points = (int)points->len;
  }
  for (guint i = 0; i < p->facet->len; i++) {
    wd_facet *f = &g_array_index(p->facet, wd_facet, i);
    f->strokes = g_array_index(p->strokes, int, i);
    f->stroke = f->strokes > 0 ? &g_array_index(p->stroke, wd_stroke, at) : NULL;
    at += (guint)f->strokes;
  }
  if (d->kind != WD_PANEL_TRACES) marks(p, d);
}
