#include "app/wavefield.h"

#include "app/i18n.h"

#include "solver/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

WdWavefield *wd_wavefield_ref(WdWavefield *w) {
  g_atomic_ref_count_inc(&w->refs);
  return w;
}

void wd_wavefield_unref(WdWavefield *w) {
  if (!w || !g_atomic_ref_count_dec(&w->refs)) return;
  wd_movie_clear(&w->movie);
  wd_pair_unref(w->ask.pair);
  g_free(w);
}

gboolean wd_wavefield_ask_equal(const WdWavefieldAsk *a, const WdWavefieldAsk *b) {
  return a->pair == b->pair && a->shot == b->shot && a->mode == b->mode && a->margin == b->margin &&
         memcmp(&a->shape, &b->shape, sizeof a->shape) == 0;
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

/* Over some 200,000 values spread evenly over all frames. */
static double find_clip(const wd_movie *m) {
  const gsize count = (gsize)m->frames * (gsize)m->nz * (gsize)m->nx;
  const gsize stride = MAX(1, count / 200000) | 1, n = (count + stride - 1) / stride;
  float *some = g_new(float, n);
  for (gsize i = 0; i < n; i++) some[i] = fabsf(m->pressure[i * stride]);
  qsort(some, n, sizeof *some, ascending);
  double clip = (double)some[(gsize)(0.97 * (double)(n - 1))];
  g_free(some);
  return clip > 0 ? clip : m->peak > 0 ? (double)m->peak : 1;
}

static wd_status make_survey(const WdWavefieldAsk *ask, wd_survey **out, wd_error *err) {
  const wd_map *map = &ask->pair->velocity;
  const wd_gather *g = &ask->pair->gathers;
  const wd_shard_desc *s = &ask->shape;
  if (s->shots > 0 && !(s->frequency > 0))
    return wd_fail(
        err, WD_ERR_UNSUPPORTED,
        _("these gathers were made with a wavelet that is no Ricker, and a recording does not keep it: "
          "their wavefield cannot be made again"));
  const wd_survey_desc d = {.nz = map->nz,
                            .nx = map->nx,
                            .spacing = map->spacing,
                            .dt = g->value ? g->dt : s->dt,
                            .samples = g->value ? g->samples : s->samples,
                            .shots = g->value ? g->shots : s->shots,
                            .frequency = s->frequency};
  return wd_survey_create(&d, out, err);
}

wd_status wd_wavefield_make(wd_device *device, const WdWavefieldAsk *ask, const wd_hooks *hooks,
                            WdWavefield **out, wd_error *err) {
  if (!ask->pair || !ask->pair->velocity.value)
    return wd_fail(err, WD_ERR_ARGUMENT, _("no velocity map to propagate waves in"));
  wd_survey *survey = NULL;
  WdWavefield *w = g_new0(WdWavefield, 1);
  g_atomic_ref_count_init(&w->refs);
  wd_status st = make_survey(ask, &survey, err);
  const wd_movie_desc d = {.wave.mode = ask->mode, .shot = ask->shot, .margin = ask->margin};
  if (!st) st = wd_movie_make(device, survey, &d, &ask->pair->velocity, hooks, &w->movie, err);
  wd_survey_destroy(survey);
  if (st) {
    g_free(w);
    return st;
  }
  w->ask = *ask;
  w->ask.pair = wd_pair_ref(ask->pair);
  w->clip = find_clip(&w->movie);
  g_strlcpy(w->device, wd_device_get_info(device)->name, sizeof w->device);
  *out = w;
  return WD_OK;
}
