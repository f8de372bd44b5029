/* Many seeds, for Inspect mode: asked for here, made by engine_batch.c. */
#include "app/i18n.h"
#include "app/session_private.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <math.h>

#define refuse(error, ...) wd_status_set_error(error, WD_ERR_ARGUMENT, __VA_ARGS__)

static gboolean check(WdSession *s, const WdPopulateDesc *d, GError **error) {
  if (s->loading) return refuse(error, _("The model is still loading."));
  if (!s->model) return refuse(error, _("No model is loaded: open one first."));
  if (!s->model->stage2)
    return refuse(error, _("The model %s has no denoiser (stage 2): it cannot sample."), s->model->name);
  if (d->count < 1 || d->count > WD_POPULATION_MAX)
    return refuse(error, _("%u samples; 1 to %d are possible."), d->count, WD_POPULATION_MAX);
  if (d->family < -1 || d->family > WD_FAMILIES ||
      (d->family >= s->model->families && d->family != WD_FAMILIES))
    return refuse(error, _("The model knows no family %d."), d->family);
  if (d->plan.steps < 0 || d->plan.steps > s->model->timesteps)
    return refuse(error, _("%d steps; 1 to %d are possible."), d->plan.steps, s->model->timesteps);
  if (!(d->plan.eta >= 0 && d->plan.eta <= 1) || !isfinite(d->plan.guidance) || fabs(d->plan.guidance) > 1000)
    return refuse(error, _("Eta is 0 to 1, guidance -1000 to 1000."));
  if (d->mode != WD_WAVE_EXACT && d->mode != WD_WAVE_LIVE)
    return refuse(error, _("Samples are scored in live or in exact mode."));
  return TRUE;
}

WdPopulation *wd_session_population(WdSession *s, const WdPopulateDesc *d, GError **error) {
  if (!check(s, d, error)) return NULL;
  const WdModelInfo *m = s->model;
  WdPopulation *p = wd_population_new();
  g_free(p->model);
  g_free(p->identity);
  g_free(p->device);
  p->model = g_strdup(m->name);
  p->identity = g_strdup(m->identity);
  wd_population_set_folder(p, m->folder);
  p->device = g_strdup(m->device);
  p->mode = d->mode;
  p->plan = d->plan;
  if (!p->plan.steps) p->plan.steps = MIN(16, m->timesteps);
  p->geometry = m->geometry;
  p->velocity_min = m->velocity_min;
  p->velocity_max = m->velocity_max;
  p->latent = m->latent;
  for (int k = 0; k <= p->plan.steps; k++) {
    if (k != p->plan.steps && (!d->every || k % d->every != 0)) continue;
    const WdWayStep w = {k, -1, INFINITY, NAN, NAN, NAN};
    g_array_append_val(p->way, w);
  }
  return p;
}

gboolean wd_session_populate(WdSession *s, const WdPopulateDesc *d, const WdPopulateCalls *calls,
                             GError **error) {
  WdPopulation *like = wd_session_population(s, d, error);
  if (!like) return FALSE;
  if (s->batch && s->calls.done) {
    const wd_error stopped = {WD_CANCELLED, "replaced"};
    const WdPopulateCalls old = s->calls;
    s->batch = 0;
    old.done(&stopped, old.user);
  }
  WdBatch *b = wd_batch_new();
  wd_population_free(b->like);
  b->like = like;
  b->serial = s->batch = ++s->batches;
  for (guint i = 0; i < d->count; i++) {
    const guint64 seed = d->first + i;
    const int family = d->family == WD_FAMILIES ? (int)(seed % WD_FAMILIES) : d->family;
    g_array_append_val(b->seed, seed);
    g_array_append_val(b->family, family);
  }
  s->calls = *calls;
  wd_engine_batch(s->engine, b);
  return TRUE;
}

void wd_session_populate_stop(WdSession *s, gboolean after_this) {
  if (!s->batch) return;
  if (after_this)
    wd_engine_batch_finish(s->engine);
  else
    wd_engine_batch(s->engine, NULL);
}

void wd_session_populate_forget(WdSession *s, gpointer user) {
  if (s->calls.user != user) return;
  s->calls = (WdPopulateCalls){0};
  s->batch = 0;
  if (s->engine) wd_engine_batch(s->engine, NULL);
}

void wd_session_take_sample(WdSession *s, WdResult *r) {
  if (r->serial != s->batch || !s->calls.sample) return;
  s->calls.sample(g_steal_pointer(&r->sample), r->way, s->calls.user);
}

void wd_session_take_batch_done(WdSession *s, WdResult *r) {
  if (r->serial != s->batch) return;
  s->batch = 0;
  const WdPopulateCalls calls = s->calls;
  s->calls = (WdPopulateCalls){0};
  if (calls.done) calls.done(&r->error, calls.user);
}
