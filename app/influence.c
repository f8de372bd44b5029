#include "app/influence.h"

#include <math.h>
#include <stdlib.h>

static int descending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x > y ? -1 : x < y;
}

static void of_maps(const wd_map *a, const wd_map *b, const wd_latent_shape *shape, const wd_shard_desc *g,
                    const guint8 *mask, WdInfluence *out) {
  gsize n = (gsize)a->nz * (gsize)a->nx;
  float *square = g_new(float, n);
  double sum = 0, absolute = 0, largest = -1;
  for (gsize i = 0; i < n; i++) {
    double d = (double)b->value[i] - (double)a->value[i];
    square[i] = (float)(d * d);
    sum += d * d;
    absolute += fabs(d);
    if (fabs(d) <= largest) continue;
    largest = fabs(d);
    out->largest = d;
    out->z = (int)(i / (gsize)a->nx);
    out->x = (int)(i % (gsize)a->nx);
  }
  out->rms = sqrt(sum / (double)n);
  out->mean_abs = absolute / (double)n;
  out->inside = NAN;
  if (sum > 0 && mask) {
    double inside = 0;
    for (int cell = 0; cell < shape->height * shape->width; cell++) {
      if (!mask[cell]) continue;
      WdCellPlace p = wd_code_cell_place(shape, g, cell);
      for (int z = p.z0; z < p.z1; z++)
        for (int x = p.x0; x < p.x1; x++) inside += (double)square[(gsize)z * (gsize)a->nx + (gsize)x];
    }
    out->inside = inside / sum;
  }
  qsort(square, n, sizeof *square, descending);
  double half = 0;
  gsize cells = 0;
  while (cells < n && half < 0.5 * sum) half += (double)square[cells++];
  out->area = sum > 0 ? (double)cells / (double)n : 0;
  g_free(square);
}

static void of_gathers(const wd_gather *a, const wd_gather *b, WdInfluence *out) {
  gsize row = (gsize)a->receivers, shot = (gsize)a->samples * row;
  double *by_sample = g_new0(double, a->samples), all = 0, before = 0;
  out->largest_shot = -1;
  for (int s = 0; s < a->shots; s++) {
    double change = 0, norm = 0;
    for (int t = 0; t < a->samples; t++)
      for (gsize r = 0; r < row; r++) {
        gsize i = (gsize)s * shot + (gsize)t * row + r;
        double d = (double)b->value[i] - (double)a->value[i];
        change += d * d;
        by_sample[t] += d * d;
        norm += (double)a->value[i] * (double)a->value[i];
      }
    all += change;
    before += norm;
    double own = norm > 0 ? sqrt(change / norm) : 0;
    if (own <= out->largest_shot) continue;
    out->largest_shot = own;
    out->shot = s;
  }
  out->energy = before > 0 ? all / before : 0;
  out->gathers = sqrt(out->energy);
  double half = 0;
  int t = 0;
  while (t < a->samples && half < 0.5 * all) half += by_sample[t++];
  out->sample_second = all > 0 ? t * a->dt : NAN;
  g_free(by_sample);
}

gboolean wd_influence_of(const WdPair *before, const WdPair *after, const wd_latent_shape *shape,
                         const wd_shard_desc *g, const guint8 *mask, WdInfluence *out) {
  const wd_map *a = &before->velocity, *b = &after->velocity;
  const wd_gather *p = &before->gathers, *q = &after->gathers;
  *out = (WdInfluence){0};
  if (!a->value || !b->value || a->nz != b->nz || a->nx != b->nx || a->nz != g->nz || a->nx != g->nx ||
      !p->value || !q->value || p->shots != q->shots || p->samples != q->samples ||
      p->receivers != q->receivers)
    return FALSE;
  of_maps(a, b, shape, g, mask, out);
  of_gathers(p, q, out);
  return TRUE;
}
