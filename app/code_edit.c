#include "app/code_edit.h"

#include "app/i18n.h"

#include "model/frechet.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void wd_code_edit_clear(WdCodeEdit *e) {
  g_clear_pointer(&e->latent, g_bytes_unref);
  g_clear_pointer(&e->note, g_free);
}

static const float *values(const wd_code_table *t, GBytes *latent) {
  gsize bytes = 0;
  const float *z = latent ? g_bytes_get_data(latent, &bytes) : NULL;
  return bytes == (gsize)t->shape.count * sizeof *z ? z : NULL;
}

static int cells_of(const wd_code_table *t) {
  return t->shape.height * t->shape.width;
}

/* Takes o over. */
static char *note(json_t *o, const char *text) {
  json_object_set_new(o, "text", json_string(text));
  char *dumped = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(9));
  char *copy = g_strdup(dumped);
  free(dumped);
  json_decref(o);
  return copy;
}

static WdCodeEdit take(const wd_code_table *t, float *z, char *note_text) {
  return (WdCodeEdit){g_bytes_new_take(z, (gsize)t->shape.count * sizeof *z), note_text};
}

static const char *book_words(const wd_code_table *t, int book) {
  return t->books == 1 ? "" : book == 0 ? _(" (velocity)") : _(" (seismic)");
}

WdCodeEdit wd_code_edit_code(const wd_code_table *t, GBytes *latent, int book, int cell, int code) {
  const float *old = values(t, latent);
  if (!old || book < 0 || book >= t->books || cell < 0 || cell >= cells_of(t) || code < 0 || code >= t->codes)
    return (WdCodeEdit){0};
  int before = wd_code_table_of_cell(t, old, book, cell);
  if (before == code) return (WdCodeEdit){0};
  float *z = g_memdup2(old, (gsize)t->shape.count * sizeof *z);
  wd_code_table_put(t, z, book, cell, code);
  double distance = wd_code_table_distance(t, book, before, code);
  int row = cell / t->shape.width, column = cell % t->shape.width;
  g_autofree char *text = g_strdup_printf(_("row %d, column %d: code %d → %d%s, %.2f apart"), row, column,
                                          before, code, book_words(t, book), distance);
  return take(t, z,
              note(json_pack("{s:s, s:i, s:[i,i], s:i, s:i, s:f}", "edit", "code", "book", book, "cell", row,
                             column, "code", code, "before", before, "distance", distance),
                   text));
}

WdCodeEdit wd_code_edit_channel(const wd_code_table *t, GBytes *latent, int channel, int cell, float value) {
  const float *old = values(t, latent);
  int cells = cells_of(t);
  if (!old || channel < 0 || channel >= t->shape.channels || cell < 0 || cell >= cells || !isfinite(value))
    return (WdCodeEdit){0};
  gsize at = (gsize)channel * (gsize)cells + (gsize)cell;
  if (old[at] == value) return (WdCodeEdit){0};
  int book = channel / t->width, before = wd_code_table_of_cell(t, old, book, cell);
  float *z = g_memdup2(old, (gsize)t->shape.count * sizeof *z);
  z[at] = value;
  int after = wd_code_table_of_cell(t, z, book, cell);
  int row = cell / t->shape.width, column = cell % t->shape.width;
  g_autofree char *codes = after == before ? g_strdup_printf(_("code %d stays"), before)
                                           : g_strdup_printf(_("code %d → %d"), before, after);
  g_autofree char *text = g_strdup_printf(_("row %d, column %d, channel %d: %.3f → %.3f, %s"), row, column,
                                          channel + 1, (double)old[at], (double)value, codes);
  return take(t, z,
              note(json_pack("{s:s, s:i, s:[i,i], s:f, s:f, s:i, s:i}", "edit", "channel", "channel", channel,
                             "cell", row, column, "value", (double)value, "before", (double)old[at], "code",
                             after, "code_before", before),
                   text));
}

/* ---- patches */

WdCodePatch *wd_code_patch_new(const wd_code_table *t, GBytes *latent, const guint8 *mask, const char *from) {
  const float *z = values(t, latent);
  int h = t->shape.height, w = t->shape.width, r0 = h, r1 = -1, c0 = w, c1 = -1;
  for (int i = 0; z && i < h * w; i++) {
    if (!mask[i]) continue;
    r0 = MIN(r0, i / w);
    r1 = MAX(r1, i / w);
    c0 = MIN(c0, i % w);
    c1 = MAX(c1, i % w);
  }
  if (r1 < 0) return NULL;
  WdCodePatch *p = g_new0(WdCodePatch, 1);
  *p = (WdCodePatch){.rows = r1 - r0 + 1,
                     .columns = c1 - c0 + 1,
                     .row = r0,
                     .column = c0,
                     .channels = t->shape.channels,
                     .from = g_strdup(from ? from : _("another latent"))};
  gsize box = (gsize)p->rows * (gsize)p->columns;
  p->mask = g_new0(guint8, box);
  p->value = g_new0(float, box *(gsize)p->channels);
  for (int r = r0; r <= r1; r++)
    for (int c = c0; c <= c1; c++) {
      gsize at = (gsize)(r - r0) * (gsize)p->columns + (gsize)(c - c0);
      p->mask[at] = mask[r * w + c] != 0;
      p->cells += p->mask[at];
      for (int ch = 0; ch < p->channels; ch++)
        p->value[(gsize)ch * box + at] = z[(gsize)ch * (gsize)(h * w) + (gsize)(r * w + c)];
    }
  return p;
}

void wd_code_patch_free(WdCodePatch *p) {
  if (!p) return;
  g_free(p->mask);
  g_free(p->value);
  g_free(p->from);
  g_free(p);
}

WdCodeEdit wd_code_edit_paste(const wd_code_table *t, GBytes *latent, const WdCodePatch *p, int row,
                              int column) {
  const float *old = values(t, latent);
  int h = t->shape.height, w = t->shape.width, put = 0;
  gboolean changed = FALSE;
  if (!old || !p || p->channels != t->shape.channels) return (WdCodeEdit){0};
  float *z = g_memdup2(old, (gsize)t->shape.count * sizeof *z);
  gsize box = (gsize)p->rows * (gsize)p->columns;
  for (int r = 0; r < p->rows; r++)
    for (int c = 0; c < p->columns; c++) {
      int to_row = row + r, to_column = column + c;
      gsize from = (gsize)r * (gsize)p->columns + (gsize)c;
      if (!p->mask[from] || to_row < 0 || to_row >= h || to_column < 0 || to_column >= w) continue;
      put++;
      for (int ch = 0; ch < p->channels; ch++) {
        float *at = &z[(gsize)ch * (gsize)(h * w) + (gsize)(to_row * w + to_column)];
        changed = changed || *at != p->value[(gsize)ch * box + from];
        *at = p->value[(gsize)ch * box + from];
      }
    }
  if (!changed) {
    g_free(z);
    return (WdCodeEdit){0};
  }
  WdCodeEdit e = take(t, z, NULL);
  int codes = wd_code_difference(t, latent, e.latent, NULL, NULL);
  g_autofree char *cells = g_strdup_printf(ngettext("%d cell", "%d cells", (gulong)put), put),
                  *changes =
                      g_strdup_printf(ngettext("%d code changed", "%d codes changed", (gulong)codes), codes),
                  *text = g_strdup_printf(_("%s of %s put at row %d, column %d: %s"), cells, p->from, row,
                                          column, changes);
  e.note = note(json_pack("{s:s, s:[i,i], s:[i,i], s:s, s:i, s:i, s:[i,i]}", "edit", "paste", "at", row,
                          column, "size", p->rows, p->columns, "source", p->from, "cells", put,
                          "codes_changed", codes, "taken_at", p->row, p->column),
                text);
  return e;
}

WdCodeEdit wd_code_edit_revert(const wd_code_table *t, GBytes *latent, GBytes *base, const guint8 *mask,
                               const char *of) {
  const float *old = values(t, latent), *from = values(t, base);
  int cells = cells_of(t), put = 0;
  if (!old || !from) return (WdCodeEdit){0};
  float *z = g_memdup2(old, (gsize)t->shape.count * sizeof *z);
  for (int i = 0; i < cells; i++) {
    gboolean other = FALSE;
    if (mask && !mask[i]) continue;
    for (int ch = 0; ch < t->shape.channels; ch++) {
      gsize at = (gsize)ch * (gsize)cells + (gsize)i;
      other = other || z[at] != from[at];
      z[at] = from[at];
    }
    put += other;
  }
  if (!put) {
    g_free(z);
    return (WdCodeEdit){0};
  }
  g_autofree char *text =
      g_strdup_printf(ngettext("%d cell as in %s again", "%d cells as in %s again", (gulong)put), put, of);
  return take(t, z, note(json_pack("{s:s, s:i, s:s}", "edit", "revert", "cells", put, "source", of), text));
}

int wd_code_difference(const wd_code_table *t, GBytes *a, GBytes *b, guint8 *mask, int *differ) {
  const float *x = values(t, a), *y = values(t, b);
  int cells = cells_of(t), n = 0;
  if (mask) memset(mask, 0, (gsize)cells);
  if (differ) *differ = 0;
  for (int i = 0; x && y && i < cells; i++) {
    gboolean other = FALSE, code = FALSE;
    for (int ch = 0; ch < t->shape.channels; ch++) {
      gsize at = (gsize)ch * (gsize)cells + (gsize)i;
      if (x[at] == y[at]) continue;
      other = TRUE;
      if (differ) ++*differ;
    }
    for (int k = 0; k < t->books && other; k++)
      code = code || wd_code_table_of_cell(t, x, k, i) != wd_code_table_of_cell(t, y, k, i);
    n += code;
    if (mask) mask[i] = code;
  }
  return n;
}

/* ---- where a cell is */

/* Of n things that stand in the middle of `size` places, those in places from..to. */
static void middle(int from, int to, int n, int size, int *first, int *end) {
  int before = (size - n) / 2;
  *first = CLAMP(from - before, 0, n);
  *end = CLAMP(to - before, 0, n);
}

WdCellPlace wd_code_cell_place(const wd_latent_shape *shape, const wd_shard_desc *g, int cell) {
  int size = 4 * shape->height, row = cell / shape->width, column = cell % shape->width;
  WdCellPlace p = {0};
  middle(4 * row, 4 * row + 4, g->nz, size, &p.z0, &p.z1);
  middle(4 * column, 4 * column + 4, g->nx, size, &p.x0, &p.x1);
  middle(4 * column, 4 * column + 4, g->receivers, size, &p.r0, &p.r1);
  /* Rows of a seismic picture are instants; instants stand evenly over the samples. */
  p.t0 = (int)((gint64)g->samples * row / shape->height);
  p.t1 = (int)((gint64)g->samples * (row + 1) / shape->height);
  return p;
}

/* ---- colours */

enum { DIRECTIONS = 3 };

/* The principal directions (rows of w) of n vectors of w numbers; what there is not of them (w < 3) stays
 * zero. */
static void principal(const float *v, int n, int w, double *mean, double *direction, double *deviation) {
  g_autofree double *value = g_new(double, (gsize)n *(gsize)w), *along = g_new(double, w *w + w);
  double *variance = along + w * w;
  wd_gaussian g = {0};
  for (gsize i = 0; i < (gsize)n * (gsize)w; i++) value[i] = (double)v[i];
  if (wd_gaussian_fit(value, (size_t)n, w, &g, NULL)) return;
  memcpy(mean, g.mean, (gsize)w * sizeof *mean);
  if (!wd_symmetric_eigen(g.covariance, w, variance, along, NULL))
    for (int d = 0; d < MIN(DIRECTIONS, w); d++) {
      const int at = w - 1 - d; /* they ascend */
      deviation[d] = sqrt(fmax(variance[at], 0));
      int largest = 0; /* its sign: so that the same book has the same colours everywhere */
      for (int c = 0; c < w; c++)
        if (fabs(along[c * w + at]) > fabs(along[largest * w + at])) largest = c;
      const double sign = along[largest * w + at] < 0 ? -1 : 1;
      for (int c = 0; c < w; c++) direction[d * w + c] = sign * along[c * w + at];
    }
  wd_gaussian_clear(&g);
}

static double gamma_of(double x) {
  x = CLAMP(x, 0, 1);
  return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
}

/* CIE L*a*b*, D65, to sRGB. */
static guint32 lab(double l, double a, double b) {
  double fy = (l + 16) / 116, f[3] = {fy + a / 500, fy, fy - b / 200}, xyz[3];
  static const double white[3] = {0.95047, 1, 1.08883};
  for (int i = 0; i < 3; i++) {
    double cube = f[i] * f[i] * f[i];
    xyz[i] = white[i] * (cube > 216.0 / 24389 ? cube : (f[i] - 16.0 / 116) * 108 / 841);
  }
  const double rgb[3] = {3.2406 * xyz[0] - 1.5372 * xyz[1] - 0.4986 * xyz[2],
                         -0.9689 * xyz[0] + 1.8758 * xyz[1] + 0.0415 * xyz[2],
                         0.0557 * xyz[0] - 0.2040 * xyz[1] + 1.0570 * xyz[2]};
  guint32 out = 0;
  for (int i = 0; i < 3; i++) out = out << 8 | (guint32)lround(255 * gamma_of(rgb[i]));
  return out;
}

guint32 *wd_code_colours(const wd_code_table *t, int book) {
  int w = t->width;
  g_autofree double *mean = g_new0(double, (1 + DIRECTIONS) * w);
  double *direction = mean + w;
  double deviation[DIRECTIONS] = {0};
  const float *v = wd_code_table_vector(t, book, 0);
  guint32 *colour = g_new(guint32, t->codes);
  principal(v, t->codes, w, mean, direction, deviation);
  for (int k = 0; k < t->codes; k++) {
    double at[DIRECTIONS] = {0};
    for (int d = 0; d < DIRECTIONS; d++) {
      for (int c = 0; c < w; c++)
        at[d] += direction[d * w + c] * ((double)v[(gsize)k * (gsize)w + (gsize)c] - mean[c]);
      at[d] = deviation[d] > 1e-9 ? tanh(0.62 * at[d] / deviation[d]) : 0;
    }
    colour[k] = lab(60 + 27 * at[0], 46 * at[1], 52 * at[2]);
  }
  return colour;
}
