/* A batch: many seeds sampled, decoded, simulated and measured, one after another, in units small enough that
 * what the views look at is never kept waiting. A unit that is cancelled leaves what was before it and is
 * done again. */
#include "app/engine_impl.h"

#include "app/i18n.h"
#include "app/sample_measure.h"

#include <math.h>

struct WdBatchRun {
  WdBatch *batch;
  guint at;            /* seed under way */
  wd_sampler *sampler; /* NULL before its first step */
  guint way;           /* positions of the way that are scored */
  WdSample *sample;
  /* of the finished pair, as far as it is made */
  wd_map map;
  wd_gather gather, full, top;
  gboolean decoded, simulated;
};

WdBatchRun *wd_batch_run_new(WdBatch *batch) {
  WdBatchRun *r = g_new0(WdBatchRun, 1);
  r->batch = batch;
  return r;
}

static void clear_pair(WdBatchRun *r) {
  wd_map_clear(&r->map);
  wd_gather_clear(&r->gather);
  wd_gather_clear(&r->full);
  wd_gather_clear(&r->top);
  r->decoded = r->simulated = FALSE;
}

void wd_batch_run_free(WdBatchRun *r) {
  if (!r) return;
  clear_pair(r);
  wd_sampler_destroy(r->sampler);
  wd_sample_free(r->sample);
  wd_batch_free(r->batch);
  g_free(r);
}

const WdBatch *wd_batch_run_get(const WdBatchRun *r) {
  return r->batch;
}

WdBatch *wd_batch_new(void) {
  WdBatch *b = g_new0(WdBatch, 1);
  b->seed = g_array_new(FALSE, FALSE, sizeof(guint64));
  b->family = g_array_new(FALSE, FALSE, sizeof(int));
  b->like = wd_population_new();
  return b;
}

void wd_batch_free(WdBatch *b) {
  if (!b) return;
  g_array_unref(b->seed);
  g_array_unref(b->family);
  wd_population_free(b->like);
  g_free(b);
}

/* ---- units */

static WdWayStep *way_of(const WdBatchRun *r, guint k) {
  return &g_array_index(r->batch->like->way, WdWayStep, k);
}

static wd_status begin(WdEngine *e, WdBatchRun *r, wd_error *err) {
  const WdBatch *b = r->batch;
  const guint64 seed = g_array_index(b->seed, guint64, r->at);
  const int family = g_array_index(b->family, int, r->at);
  if (!e->works->denoiser)
    return wd_fail(err, WD_ERR_UNSUPPORTED, _("the model %s has no denoiser (stage 2)"),
                   e->works->info->name);
  const wd_sampler_desc desc = {.plan = b->like->plan, .seed = &seed, .family = &family};
  wd_status st = wd_sampler_create(e->works->denoiser, &desc, &r->sampler, err);
  if (st) return st;
  r->sample = wd_sample_new(b->like);
  r->sample->seed = seed;
  r->sample->family = family;
  r->way = 0;
  for (guint k = 0; k < b->like->way->len; k++) {
    const wd_sampler_level level = wd_sampler_get_level(r->sampler, way_of(r, k)->step);
    way_of(r, k)->timestep = level.timestep;
    way_of(r, k)->log_snr = level.log_snr;
  }
  return WD_OK;
}

static wd_status decode(WdEngine *e, const float *latent, wd_map *map, wd_gather *gather, wd_error *err) {
  const wd_shard_desc *g = &e->works->info->geometry;
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, gather, err);
  if (!st) st = wd_map_create(g->nz, g->nx, g->spacing, map, err);
  if (!st) st = wd_pair_decoder_run(e->works->decoder, 1, latent, map->value, gather->value, &hooks, err);
  return st;
}

static wd_residual *residual_of(WdEngine *e, const WdBatchRun *r) {
  return e->works->residual[r->batch->like->mode == WD_WAVE_EXACT];
}

/* The estimate at the next position of the way: its reflection residual. What is refused scores NaN. */
static wd_status score_way(WdEngine *e, WdBatchRun *r, wd_error *err) {
  const int k = way_of(r, r->way)->step;
  const float *latent = wd_sampler_estimates(r->sampler, k);
  wd_hooks hooks = wd_engine_hooks(e);
  wd_map map = {0};
  wd_gather gather = {0};
  wd_comparison c = {0};
  wd_status st = latent ? decode(e, latent, &map, &gather, err) : WD_OK;
  atomic_fetch_add(&e->simulations, 1);
  if (!st && latent) st = wd_residual_simulate(residual_of(e, r), 1, map.value, &hooks, err);
  if (!st && latent)
    st = wd_residual_compare(residual_of(e, r), 0, &gather, &(wd_compare_desc){.threads = e->works->threads},
                             &c, err);
  if (!st && latent) r->sample->way[r->way] = (float)c.all.reflection_residual;
  if (wd_status_is_fault(st)) st = WD_OK;
  if (!st) r->way++;
  wd_comparison_clear(&c);
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

static wd_status simulate_finished(WdEngine *e, WdBatchRun *r, wd_error *err) {
  wd_hooks hooks = wd_engine_hooks(e);
  wd_error mine = {0};
  atomic_fetch_add(&e->simulations, 1);
  wd_status st = wd_residual_simulate(residual_of(e, r), 1, r->map.value, &hooks, &mine);
  if (wd_status_is_fault(st)) { /* the sample's own fault: it is recorded, and the batch goes on */
    g_free(r->sample->fault);
    r->sample->fault = g_strdup(mine.message);
    r->simulated = TRUE;
    return WD_OK;
  }
  if (!st) st = wd_engine_copy_gather(wd_residual_full(residual_of(e, r), 0), &r->full, &mine);
  if (!st) st = wd_engine_copy_gather(wd_residual_top(residual_of(e, r), 0), &r->top, &mine);
  if (st) {
    wd_gather_clear(&r->full);
    wd_gather_clear(&r->top);
    if (err) *err = mine;
    return st;
  }
  r->simulated = TRUE;
  return WD_OK;
}

static wd_status measure(WdEngine *e, WdBatchRun *r, wd_error *err) {
  const WdWorks *w = e->works;
  const WdPopulation *like = r->batch->like;
  wd_hooks hooks = wd_engine_hooks(e);
  const WdSampleDesc desc = {.survey = w->survey,
                             .mode = like->mode,
                             .velocity = &r->map,
                             .gathers = &r->gather,
                             .full = r->full.value ? &r->full : NULL,
                             .top = r->full.value ? &r->top : NULL,
                             .latent = wd_sampler_latents(r->sampler, like->plan.steps),
                             .numbers = (gsize)w->info->latent.count,
                             .velocity_min = like->velocity_min,
                             .velocity_max = like->velocity_max,
                             .threads = w->threads};
  wd_status st = wd_sample_measure(like, &desc, r->sample, &hooks, err);
  if (st) return st;
  if (like->way->len)
    r->sample->way[like->way->len - 1] = (float)r->sample->value[WD_METRIC_REFLECTION_RESIDUAL];
  return WD_OK;
}

static void deliver(WdEngine *e, WdBatchRun *r) {
  WdResult *result = wd_result_new(WD_RESULT_SAMPLE);
  result->serial = r->batch->serial;
  result->k = (int)r->at;
  result->sample = g_steal_pointer(&r->sample);
  result->way = g_array_copy(r->batch->like->way);
  wd_engine_publish(e, result);
  clear_pair(r);
  g_clear_pointer(&r->sampler, wd_sampler_destroy);
  r->at++;
}

/* A network that gives what is not finite is the sample's fault too. */
static wd_status lose(WdEngine *e, WdBatchRun *r, const wd_error *error) {
  g_free(r->sample->fault);
  r->sample->fault = g_strdup(error->message);
  const float *z =
      wd_sampler_done(r->sampler) ? wd_sampler_latents(r->sampler, r->batch->like->plan.steps) : NULL;
  g_clear_pointer(&r->sample->latent, g_bytes_unref);
  if (z) r->sample->latent = g_bytes_new(z, (gsize)e->works->info->latent.count * sizeof *z);
  deliver(e, r);
  return WD_OK;
}

static wd_status next_unit(WdEngine *e, WdBatchRun *r, wd_error *err) {
  wd_hooks hooks = wd_engine_hooks(e);
  if (!r->sampler) return begin(e, r, err);
  if (!wd_sampler_done(r->sampler)) return wd_sampler_step(r->sampler, &hooks, err);
  if (r->way + 1 < r->batch->like->way->len) return score_way(e, r, err);
  if (!r->decoded) {
    clear_pair(r);
    wd_status st =
        decode(e, wd_sampler_latents(r->sampler, r->batch->like->plan.steps), &r->map, &r->gather, err);
    r->decoded = !st;
    return st;
  }
  if (!r->simulated) return simulate_finished(e, r, err);
  wd_status st = measure(e, r, err);
  if (!st) deliver(e, r);
  return st;
}

wd_status wd_batch_unit(WdEngine *e, WdBatchRun *r, gboolean *done, wd_error *err) {
  if (!e->works) {
    *done = TRUE;
    return wd_fail(err, WD_ERR_ARGUMENT, _("no model is loaded"));
  }
  wd_error mine = {0};
  wd_status st = wd_engine_injected(e, &mine);
  if (!st) st = next_unit(e, r, &mine);
  if (st == WD_ERR_DIVERGED && r->sample) st = lose(e, r, &mine);
  if (st && err) *err = mine;
  *done = !st && r->at >= r->batch->seed->len;
  return st;
}

gboolean wd_batch_between(const WdBatchRun *r) {
  return !r->sampler;
}
