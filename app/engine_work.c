/* What the engine does with one latent: decode it, simulate its map, compare. The same calls as
 * `wavediffusion-cli sample` and `residual` make, with the same batches, so that the bytes are the same. */
#include "app/engine_impl.h"

#include "app/i18n.h"
#include "app/models.h"
#include "model/interior.h"
#include "solver/lag.h"
#include "solver/parallel.h"

#include <math.h>
#include <string.h>

/* ---- opening */

void wd_works_close(WdWorks *w) {
  if (!w) return;
  for (int m = 0; m < 2; m++) wd_residual_destroy(w->residual[m]);
  wd_survey_destroy(w->survey);
  wd_encoder_destroy(w->encoder);
  wd_pair_decoder_destroy(w->decoder);
  wd_denoiser_destroy(w->denoiser);
  wd_model_close(w->model);
  wd_device_close(w->device);
  wd_model_info_free(w->info);
  g_free(w);
}

static void describe(WdWorks *w) {
  const wd_device_info *d = wd_device_get_info(w->device);
  WdModelInfo *i = g_new0(WdModelInfo, 1);
  i->name = g_strdup(wd_model_name(w->model));
  i->folder = g_strdup(wd_model_folder(w->model));
  i->identity = g_strdup(wd_model_identity(w->model));
  i->device = g_strdup(d->name);
  i->device_spec = g_strdup(d->spec);
  i->stage2 = w->denoiser != NULL;
  i->timesteps = w->denoiser ? wd_denoiser_schedule(w->denoiser)->timesteps : 0;
  i->schedule = w->denoiser ? wd_denoiser_schedule(w->denoiser)->kind : WD_SCHEDULE_COSINE;
  i->families = w->denoiser ? wd_model_get_config(w->model)->stage2.families : 0;
  i->latent = wd_model_latent(w->model);
  i->geometry = wd_model_get_config(w->model)->geometry;
  i->velocity_min = wd_model_get_config(w->model)->velocity_min;
  i->velocity_max = wd_model_get_config(w->model)->velocity_max;
  w->info = i;
}

wd_status wd_works_open(const char *name, const char *device, WdWorks **out, wd_error *err) {
  char path[4096];
  WdWorks *w = g_new0(WdWorks, 1);
  wd_status st = wd_find_model(name, path, sizeof path, err);
  if (!st) st = wd_device_open(device && *device ? device : NULL, &w->device, err);
  if (!st) st = wd_model_open(w->device, path, false, &w->model, err);
  wd_coder_desc coder = {.batch = st ? 1 : wd_model_batch(w->device)};
  if (!st && wd_model_has(w->model, WD_STAGE2)) st = wd_denoiser_create(w->model, &coder, &w->denoiser, err);
  if (!st) st = wd_pair_decoder_create(w->model, coder.batch, coder.precision, &w->decoder, err);
  if (!st) st = wd_model_survey(w->model, &w->survey, err);
  for (int exact = 0; exact < 2 && !st; exact++) {
    wd_residual_desc desc = {.wave.mode = exact ? WD_WAVE_EXACT : WD_WAVE_LIVE, .batch = 1};
    st = wd_residual_create(w->device, w->survey, &desc, &w->residual[exact], err);
  }
  if (st) {
    wd_works_close(w);
    return st;
  }
  describe(w);
  st = wd_code_table_create(w->model, &w->info->codes, err);
  if (st) {
    wd_works_close(w);
    return st;
  }
  w->threads = wd_device_get_info(w->device)->kind == WD_DEVICE_CUDA ? wd_cores()
                                                                     : wd_device_get_info(w->device)->threads;
  *out = w;
  return WD_OK;
}

/* ---- what was made last */

static void clear_recent(WdRecent *r) {
  if (r->latent) g_bytes_unref(r->latent);
  wd_pair_unref(r->pair);
  wd_simulation_unref(r->live);
  wd_simulation_unref(r->exact);
  *r = (WdRecent){0};
}

void wd_engine_forget(WdEngine *e) {
  for (int i = 0; i < WD_RECENT; i++) clear_recent(&e->recent[i]);
}

WdRecent *wd_engine_recent(WdEngine *e, GBytes *latent) {
  int at = 0;
  while (at < WD_RECENT - 1 && e->recent[at].latent != latent) at++;
  WdRecent found = e->recent[at];
  if (found.latent != latent) {
    clear_recent(&found);
    found.latent = g_bytes_ref(latent);
  }
  memmove(&e->recent[1], &e->recent[0], (size_t)at * sizeof e->recent[0]);
  e->recent[0] = found;
  return &e->recent[0];
}

/* ---- the pieces */

static wd_status decode(WdEngine *e, WdRecent *r, wd_error *err) {
  WdWorks *w = e->works;
  const wd_shard_desc *g = &w->info->geometry;
  wd_hooks hooks = wd_engine_hooks(e);
  wd_map map = {0};
  wd_gather gather = {0};
  gint64 start = g_get_monotonic_time();
  wd_status st = wd_engine_injected(e, err);
  if (!st && g_bytes_get_size(r->latent) != (gsize)w->info->latent.count * sizeof(float))
    st = wd_fail(err, WD_ERR_SHAPE, _("a latent of %zu bytes; the model %s knows %zu"),
                 (size_t)g_bytes_get_size(r->latent), w->info->name,
                 (size_t)w->info->latent.count * sizeof(float));
  if (!st) st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &gather, err);
  if (!st) st = wd_map_create(g->nz, g->nx, g->spacing, &map, err);
  if (!st)
    st = wd_pair_decoder_run(w->decoder, 1, g_bytes_get_data(r->latent, NULL), map.value, gather.value,
                             &hooks, err);
  if (!st) {
    r->pair = wd_pair_new(&map, &gather, (double)(g_get_monotonic_time() - start) * 1e-6);
    wd_engine_time(e, WD_TIME_DECODE, start);
  }
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

wd_status wd_engine_copy_gather(const wd_gather *from, wd_gather *to, wd_error *err) {
  wd_status st = wd_gather_create(from->shots, from->samples, from->receivers, from->dt, to, err);
  if (!st) memcpy(to->value, from->value, wd_gather_count(from) * sizeof *from->value);
  return st;
}

static wd_status simulate(WdEngine *e, WdRecent *r, gboolean exact, wd_calibration calibration,
                          wd_error *err) {
  WdWorks *w = e->works;
  wd_residual *residual = w->residual[exact];
  wd_hooks hooks = wd_engine_hooks(e);
  gint64 start = g_get_monotonic_time();
  wd_status st = wd_engine_injected(e, err);
  if (!st) {
    atomic_fetch_add(&e->simulations, 1);
    st = wd_residual_simulate(residual, 1, r->pair->velocity.value, &hooks, err);
  }
  if (st) return st;
  double seconds = (double)(g_get_monotonic_time() - start) * 1e-6;
  wd_engine_time(e, exact ? WD_TIME_EXACT : WD_TIME_LIVE, start);
  start = g_get_monotonic_time();
  wd_gather full = {0}, top = {0};
  wd_comparison comparison = {0};
  const wd_compare_desc desc = {.spectral = exact, .calibration = calibration, .threads = w->threads};
  st = wd_residual_compare(residual, 0, &r->pair->gathers, &desc, &comparison, err);
  if (!st) st = wd_engine_copy_gather(wd_residual_full(residual, 0), &full, err);
  if (!st) st = wd_engine_copy_gather(wd_residual_top(residual, 0), &top, err);
  if (!st) {
    WdSimulation *s = wd_simulation_new(exact ? WD_WAVE_EXACT : WD_WAVE_LIVE, &full, &top, &comparison,
                                        seconds, w->info->device);
    s->calibration = calibration;
    wd_simulation_unref(exact ? r->exact : r->live);
    *(exact ? &r->exact : &r->live) = s;
    wd_engine_time(e, WD_TIME_COMPARE, start);
  }
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_comparison_clear(&comparison);
  return st;
}

/* ---- an ask */

static void publish_frame(WdEngine *e, const WdRecent *r, WdPair *pair, WdSimulation *simulation,
                          const WdAsk *ask) {
  WdResult *result = wd_result_new(WD_RESULT_FRAME);
  result->latent = g_bytes_ref(r->latent);
  if (pair) result->pair = wd_pair_ref(pair);
  if (simulation) {
    result->simulation = wd_simulation_ref(simulation);
    result->score = wd_score_new(simulation);
    result->calibration = ask->calibration;
  }
  wd_engine_publish(e, result);
}

static void publish_fault(WdEngine *e, GBytes *latent, const wd_error *error) {
  WdResult *result = wd_result_new(WD_RESULT_FAULT);
  result->latent = g_bytes_ref(latent);
  result->error = *error;
  wd_engine_publish(e, result);
}

/* Lag and interior residual: what takes too long for a run. A figure that cannot be made stays NaN. */
static wd_status details(WdEngine *e, const WdAsk *ask, const WdRecent *r, wd_error *err) {
  wd_status st = wd_engine_injected(e, err);
  wd_lag_map lags = {0};
  wd_hooks hooks = wd_engine_hooks(e);
  const WdWorks *w = e->works;
  double interior = NAN, *shot = g_new(double, w->survey->shots);
  for (int i = 0; i < w->survey->shots; i++) shot[i] = NAN;
  if (!st)
    st = wd_interior_residual(w->survey, &r->pair->velocity, &r->pair->gathers, &r->exact->full,
                              &r->exact->top, &(wd_interior_desc){.threads = w->threads}, &interior, shot,
                              &hooks, err);
  if (wd_status_is_fault(st)) st = WD_OK; /* a map that this cannot measure: NaN */
  if (!st) st = wd_lag_map_create(&r->pair->gathers, &r->exact->full, NULL, &lags, err);
  if (st) {
    g_free(shot);
    return st;
  }
  WdResult *result = wd_result_new(WD_RESULT_FRAME);
  result->latent = g_bytes_ref(r->latent);
  result->simulation = wd_simulation_ref(r->exact);
  result->calibration = ask->calibration;
  result->score = wd_score_new(r->exact);
  wd_score_set_lag(result->score, &lags);
  result->score->value[WD_SCORE_INTERIOR] = interior;
  for (int i = 0; i < result->score->shots; i++) result->score->shot[i][WD_SCORE_INTERIOR] = shot[i];
  g_free(shot);
  result->score->details = TRUE;
  wd_lag_map_clear(&lags);
  wd_engine_publish(e, result);
  return WD_OK;
}

/* A comparison under another calibration is another one. */
static void forget_other(WdSimulation **simulation, wd_calibration calibration) {
  if (!*simulation || (*simulation)->calibration == calibration) return;
  wd_simulation_unref(*simulation);
  *simulation = NULL;
}

static wd_status ask_piece(WdEngine *e, WdAsk *ask, WdRecent *r, wd_error *err) {
  wd_status st = WD_OK;
  if (!r->pair && ask->pair) r->pair = wd_pair_ref(ask->pair);
  if (!r->exact && ask->exact) r->exact = wd_simulation_ref(ask->exact);
  forget_other(&r->live, ask->calibration);
  forget_other(&r->exact, ask->calibration);
  if ((ask->want & WD_WANT_PAIR) || !r->pair) {
    if (!r->pair) st = decode(e, r, err);
    if (!st) publish_frame(e, r, r->pair, NULL, ask);
    if (!st) ask->want &= ~(guint)WD_WANT_PAIR;
    return st;
  }
  if (ask->want & WD_WANT_LIVE) {
    if (!r->live) st = simulate(e, r, FALSE, ask->calibration, err);
    if (!st) publish_frame(e, r, NULL, r->live, ask);
    if (!st) ask->want &= ~(guint)WD_WANT_LIVE;
    return st;
  }
  if ((ask->want & WD_WANT_EXACT) || ((ask->want & WD_WANT_DETAILS) && !r->exact)) {
    if (!r->exact) st = simulate(e, r, TRUE, ask->calibration, err);
    if (!st) publish_frame(e, r, NULL, r->exact, ask);
    if (!st) ask->want &= ~(guint)WD_WANT_EXACT;
    return st;
  }
  if (ask->want & WD_WANT_DETAILS) st = details(e, ask, r, err);
  if (!st) ask->want = 0;
  return st;
}

wd_status wd_engine_ask_unit(WdEngine *e, WdAsk *ask, wd_error *err) {
  if (!e->works) {
    ask->want = 0;
    return WD_OK;
  }
  wd_status st = ask_piece(e, ask, wd_engine_recent(e, ask->latent), err);
  if (!wd_status_is_fault(st)) return st;
  publish_fault(e, ask->latent, err);
  *err = (wd_error){0};
  ask->want = 0;
  return WD_OK;
}
