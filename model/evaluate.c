#include "model/evaluate_impl.h"

#include "model/interior.h"

#include "solver/family.h"
#include "solver/lag.h"
#include "solver/memory.h"
#include "solver/parallel.h"

#include <math.h>
#include <string.h>
#include <time.h>

void *wd_evaluation_array(size_t count, size_t size, wd_status *st, wd_error *err) {
  if (*st) return NULL;
  void *made = wd_calloc(count ? count : 1, size);
  if (!made) *st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for an evaluation of %zu values", count);
  return made;
}

static int clamp(int x, int lo, int hi) {
  return x < lo ? lo : x > hi ? hi : x;
}

static wd_status fill_in(wd_evaluate_desc *d, wd_device_kind kind, wd_error *err) {
  if (!d->count) d->count = 1000;
  if (d->count < WD_FAMILIES || d->count > 100000)
    return wd_fail(err, WD_ERR_ARGUMENT, "an evaluation on %d test pairs; %d to 100000 are possible",
                   d->count, WD_FAMILIES);
  if (!d->batch) d->batch = kind == WD_DEVICE_CUDA ? 16 : 1;
  if (!d->trajectories)
    d->trajectories = d->count < 500 ? clamp(d->count / 10, 2, 50) : clamp(d->count / 5, 100, 200);
  if (!d->floor_maps) d->floor_maps = clamp(d->count / 50, 2, 10);
  if (!d->training_maps) d->training_maps = 5000;
  if (d->batch < 1 || d->batch > 1024 || d->trajectories < 1 || d->floor_maps < 1 || d->training_maps < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "an evaluation in batches of %d, %d trajectories, %d and %d maps",
                   d->batch, d->trajectories, d->floor_maps, d->training_maps);
  d->trajectories = clamp(d->trajectories, 1, d->count);
  d->floor_maps = clamp(d->floor_maps, 1, d->count);
  d->refined = d->refined < 0 ? 0 : clamp(d->refined ? d->refined : 32, 1, d->count);
  if (!d->refine_steps) d->refine_steps = 20;
  if (d->refine_steps < 1 || d->refine_steps > 10000)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d steps of refinement; 1 to 10000", d->refine_steps);
  if (!d->plan.steps) d->plan.steps = 16;
  if (!d->detailed) d->detailed = 200;
  if (d->detailed < 1) return wd_fail(err, WD_ERR_ARGUMENT, "details of %d pairs", d->detailed);
  d->detailed = clamp(d->detailed, 1, d->count);
  return WD_OK;
}

static wd_status create_parts(wd_evaluation *e, wd_error *err) {
  const wd_evaluate_desc *d = &e->desc;
  wd_coder_desc coder = {.batch = d->batch, .precision = d->precision};
  wd_residual_desc exact = {.batch = d->batch},
                   chosen = {.wave = {.mode = d->mode}, .batch = d->batch, .spectral = true};
  wd_device *device = wd_model_device(e->model);
  wd_status st = wd_model_survey(e->model, &e->survey, err);
  if (!st) st = wd_encoder_create(e->model, &coder, &e->encoder, err);
  if (!st) st = wd_decoder_create(e->model, &coder, &e->decoder, err);
  if (!st && wd_model_has(e->model, WD_STAGE2)) {
    st = wd_denoiser_create(e->model, &coder, &e->denoiser, err);
    if (!st && d->plan.steps > wd_denoiser_schedule(e->denoiser)->timesteps)
      e->desc.plan.steps = wd_denoiser_schedule(e->denoiser)->timesteps;
  }
  if (!st) st = wd_residual_create(device, e->survey, &exact, &e->truth, err);
  if (!st) st = wd_residual_create(device, e->survey, &chosen, &e->residual, err);
  if (st) return st;
  size_t batch = (size_t)d->batch, receivers = (size_t)e->survey->shots * (size_t)e->survey->receivers;
  e->cells = (size_t)e->survey->nz * (size_t)e->survey->nx;
  e->coded = receivers * (size_t)wd_codec_instants(wd_model_codec(e->model));
  e->samples = receivers * (size_t)e->survey->samples;
  e->latent = wd_model_latent(e->model);
  e->features = e->latent.channels * WD_EVALUATE_POOL * WD_EVALUATE_POOL;
  e->latents = wd_evaluation_array(batch * (size_t)e->latent.count, sizeof(float), &st, err);
  e->batch_velocity = wd_evaluation_array(batch * e->cells, sizeof(float), &st, err);
  /* Also room for a latent (evaluate_cost.c). */
  size_t room = e->coded > (size_t)e->latent.count ? e->coded : (size_t)e->latent.count;
  e->batch_coded = wd_evaluation_array(batch * room, sizeof(float), &st, err);
  e->batch_gathers = wd_evaluation_array(batch * e->samples, sizeof(float), &st, err);
  return st;
}

wd_status wd_evaluation_create(wd_model *model, const wd_evaluate_desc *desc, wd_evaluation **out,
                               wd_error *err) {
  wd_evaluation *e = wd_calloc(1, sizeof *e);
  if (!e) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for an evaluation");
  e->model = model;
  if (desc) e->desc = *desc;
  wd_status st = fill_in(&e->desc, wd_device_get_info(wd_model_device(model))->kind, err);
  if (!st) st = create_parts(e, err);
  if (st) {
    wd_evaluation_destroy(e);
    return st;
  }
  e->result.count = e->desc.count;
  e->distances.frechet_velocity = e->distances.frechet_seismic = NAN;
  e->distances.frechet_velocity_real = e->distances.frechet_seismic_real = NAN;
  e->distances.pairwise_real = e->distances.pairwise_generated = NAN;
  e->cost = (wd_evaluation_cost){NAN, NAN, NAN, NAN, NAN, NAN};
  *out = e;
  return WD_OK;
}

void wd_evaluation_destroy(wd_evaluation *e) {
  if (!e) return;
  wd_residual_destroy(e->truth);
  wd_residual_destroy(e->residual);
  wd_denoiser_destroy(e->denoiser);
  wd_decoder_destroy(e->decoder);
  wd_encoder_destroy(e->encoder);
  wd_survey_destroy(e->survey);
  wd_evaluation_result *r = &e->result;
  void *owned[] = {e->latents,
                   e->batch_velocity,
                   e->batch_coded,
                   e->batch_gathers,
                   r->family,
                   r->velocity,
                   r->decoded,
                   r->coded,
                   r->decoded_coded,
                   r->codec,
                   r->codec_reflections,
                   r->share,
                   r->codes,
                   r->gaussian,
                   r->random_codes,
                   r->generated,
                   r->generated_family,
                   r->generated_velocity,
                   r->estimate,
                   r->noised,
                   r->level,
                   r->refinement,
                   r->true_reflections,
                   r->decoded_reflections,
                   r->simulated_reflections,
                   r->nearest_map,
                   e->real.velocity,
                   e->real.seismic,
                   e->generated.velocity,
                   e->generated.seismic,
                   e->mirror.velocity,
                   e->mirror.velocity_true,
                   e->mirror.seismic,
                   e->distances.nearest_real,
                   e->distances.nearest_generated,
                   r->real_details.lag,
                   r->real_details.interior,
                   r->gaussian_details.lag,
                   r->gaussian_details.interior,
                   r->generated_details.lag,
                   r->generated_details.interior,
                   e->floor_measure,
                   e->floor_details.lag,
                   e->floor_details.interior,
                   e->floor};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) wd_free(owned[i]);
  for (int i = 0; i < WD_GIVEN_COUNT; i++) {
    wd_free(r->stage1[i].map);
    wd_free(r->stage1[i].reconstruction);
    wd_free(r->stage1[i].residual);
  }
  wd_free(e);
}

const wd_evaluate_desc *wd_evaluation_get_desc(const wd_evaluation *e) {
  return &e->desc;
}
const wd_evaluation_result *wd_evaluation_get(const wd_evaluation *e) {
  return &e->result;
}

/* ---- phases */

typedef struct phase {
  const char *name, *unit;
  wd_status (*run)(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
} phase;

static const phase phases[WD_EVALUATION_PHASES] = {
    [WD_EVALUATE_PAIRS] = {"test pairs through stage 1", "pairs", wd_evaluate_pairs},
    [WD_EVALUATE_ARBITRARY] = {"arbitrary latents", "latents", wd_evaluate_arbitrary},
    [WD_EVALUATE_GENERATED] = {"generated pairs", "pairs", wd_evaluate_generated},
    [WD_EVALUATE_STEPS] = {"every step", "latents", wd_evaluate_steps},
    [WD_EVALUATE_REFINED] = {"refined latents", "steps", wd_evaluate_refined},
    [WD_EVALUATE_MIRROR] = {"mirrored pairs", "pairs", wd_evaluate_mirror},
    [WD_EVALUATE_DISTANCES] = {"distances", "maps", wd_evaluate_distances},
    [WD_EVALUATE_FLOOR] = {"discretisation floor", "maps", wd_evaluate_floor},
    [WD_EVALUATE_COST] = {"cost", "parts", wd_evaluate_cost},
};

wd_phase_info wd_evaluation_info(const wd_evaluation *e, wd_evaluation_phase which) {
  const wd_evaluate_desc *d = &e->desc;
  double n = d->count, stage2 = e->denoiser != NULL;
  const double units[WD_EVALUATION_PHASES] = {
      [WD_EVALUATE_PAIRS] = n,
      [WD_EVALUATE_ARBITRARY] = 2 * n,
      [WD_EVALUATE_GENERATED] = stage2 * n,
      [WD_EVALUATE_STEPS] = stage2 * d->trajectories * 2.0 * d->plan.steps,
      [WD_EVALUATE_REFINED] = stage2 * d->refined * (d->refine_steps + 1.0),
      [WD_EVALUATE_MIRROR] = clamp(d->count / 4, WD_FAMILIES, 100),
      [WD_EVALUATE_DISTANCES] = n + d->training_maps,
      [WD_EVALUATE_FLOOR] = d->floor_maps,
      [WD_EVALUATE_COST] = 4,
  };
  return (wd_phase_info){phases[which].name, phases[which].unit, units[which]};
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

wd_status wd_evaluation_run(wd_evaluation *e, wd_evaluation_phase which, const wd_hooks *hooks,
                            wd_error *err) {
  if (wd_evaluation_info(e, which).units == 0) return WD_OK;
  double start = now();
  wd_status st = phases[which].run(e, hooks, err);
  if (st) return wd_fail_context(err, st, "%s", phases[which].name);
  wd_hooks_progress(hooks, 1);
  e->result.seconds[which] = now() - start;
  return WD_OK;
}

/* ---- what several phases do */

wd_status wd_evaluation_test_map(const wd_evaluation *e, size_t i, wd_map *out, wd_error *err) {
  const wd_survey *s = e->survey;
  wd_family family = (wd_family)(i % WD_FAMILIES);
  uint64_t index = wd_family_test_index(i / WD_FAMILIES);
  if (s->nz == 70 && s->nx == 70 && s->spacing == 10)
    return wd_family_generate(family, WD_FAMILY_TEST_SEED, index, out, err);
  return wd_family_generate_sized(family, WD_FAMILY_TEST_SEED, index, s->nz, s->nx, s->spacing, out, err);
}

wd_status wd_evaluation_score(wd_evaluation *e, int n, const float *latents, float *velocity, float *coded,
                              wd_measure *out, const wd_hooks *hooks, wd_error *err) {
  const wd_survey *s = e->survey;
  wd_hooks_part parts[2];
  if (!velocity) velocity = e->batch_velocity;
  if (!coded) coded = e->batch_coded;
  wd_status st = wd_decoder_run(e->decoder, n, latents, true, velocity, coded, NULL,
                                wd_hooks_part_of(&parts[0], hooks, 0, 0.2), err);
  for (int i = 0; i < n && !st; i++) {
    wd_gather one = {s->shots, s->samples, s->receivers, s->dt, e->batch_gathers + (size_t)i * e->samples};
    st = wd_codec_decode(wd_model_codec(e->model), coded + (size_t)i * e->coded, &one, err);
  }
  if (!st)
    st = wd_residual_measure(e->residual, n, velocity, e->batch_gathers, out,
                             wd_hooks_part_of(&parts[1], hooks, 0.2, 0.8), err);
  return st;
}

wd_status wd_evaluation_detail(const wd_evaluation *e, const float *velocity, const wd_gather *gathers,
                               const wd_gather *full, const wd_gather *top, double *lag, double *interior,
                               const wd_hooks *hooks, wd_error *err) {
  const wd_survey *s = e->survey;
  const wd_map map = {s->nz, s->nx, s->spacing, (float *)velocity}; /* only read */
  const wd_device_info *info = wd_device_get_info(wd_model_device(e->model));
  const wd_interior_desc desc = {.threads = info->kind == WD_DEVICE_CPU ? info->threads : wd_cores()};
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_lag_map lags = {0};
  wd_error mine = {0};
  *lag = *interior = NAN;
  wd_status st = wd_lag_map_create(gathers, full, NULL, &lags, &mine);
  if (!st) *lag = 1e3 * lags.mean_abs;
  wd_lag_map_clear(&lags);
  if (st != WD_ERR_NO_MEMORY)
    st = wd_interior_residual(s, &map, gathers, full, top, &desc, interior, NULL, &quiet, &mine);
  if (st != WD_CANCELLED && st != WD_ERR_NO_MEMORY) return WD_OK;
  if (err) *err = mine;
  return st;
}

wd_status wd_evaluation_detail_batch(wd_evaluation *e, int first, int n, const float *velocity,
                                     wd_evaluation_details *out, const wd_hooks *hooks, wd_error *err) {
  const wd_survey *s = e->survey;
  wd_status st = WD_OK;
  if (!out->lag) {
    out->lag = wd_evaluation_array((size_t)e->desc.detailed, sizeof(double), &st, err);
    out->interior = wd_evaluation_array((size_t)e->desc.detailed, sizeof(double), &st, err);
  }
  for (int i = 0; i < n && first + i < e->desc.detailed && !st; i++) {
    const wd_gather one = {s->shots, s->samples, s->receivers, s->dt,
                           e->batch_gathers + (size_t)i * e->samples};
    st = wd_evaluation_detail(e, velocity + (size_t)i * e->cells, &one, wd_residual_full(e->residual, i),
                              wd_residual_top(e->residual, i), &out->lag[first + i],
                              &out->interior[first + i], hooks, err);
    if (!st) out->pairs = first + i + 1;
  }
  return st;
}

void wd_evaluation_reflections(const wd_residual *of, int i, const wd_gather *gather, float *out) {
  const wd_gather *top = wd_residual_top(of, i);
  size_t one = (size_t)gather->samples * (size_t)gather->receivers, at = (size_t)(gather->shots / 2) * one;
  for (size_t k = 0; k < one; k++) out[k] = gather->value[at + k] - top->value[at + k];
}

void wd_evaluation_feature(const wd_evaluation *e, const float *latent, double *out) {
  const wd_latent_shape *l = &e->latent;
  for (int c = 0; c < l->channels; c++)
    for (int i = 0; i < WD_EVALUATE_POOL; i++)
      for (int j = 0; j < WD_EVALUATE_POOL; j++) {
        int z0 = i * l->height / WD_EVALUATE_POOL, z1 = (i + 1) * l->height / WD_EVALUATE_POOL;
        int x0 = j * l->width / WD_EVALUATE_POOL, x1 = (j + 1) * l->width / WD_EVALUATE_POOL;
        double sum = 0;
        for (int z = z0; z < z1; z++)
          for (int x = x0; x < x1; x++) sum += (double)latent[(c * l->height + z) * l->width + x];
        *out++ = z1 > z0 && x1 > x0 ? sum / ((z1 - z0) * (x1 - x0)) : 0;
      }
}

static wd_status features_from(wd_evaluation *e, int n, const float *velocity, const float *coded,
                               double *out, const wd_hooks *hooks, wd_error *err) {
  const float **given = wd_calloc((size_t)n, sizeof *given);
  if (!given) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch of %d", n);
  for (int i = 0; i < n; i++)
    given[i] = velocity ? velocity + (size_t)i * e->cells : coded + (size_t)i * e->coded;
  wd_status st = wd_encoder_run(e->encoder, n, velocity ? given : NULL, velocity ? NULL : given, e->latents,
                                NULL, hooks, err);
  for (int i = 0; i < n && !st; i++)
    wd_evaluation_feature(e, e->latents + (size_t)i * (size_t)e->latent.count,
                          out + (size_t)i * (size_t)e->features);
  wd_free(given);
  return st;
}

wd_status wd_evaluation_features_of(wd_evaluation *e, int n, const float *velocity, const float *coded,
                                    double *of_velocity, double *of_seismic, const wd_hooks *hooks,
                                    wd_error *err) {
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_status st = velocity ? features_from(e, n, velocity, NULL, of_velocity, &quiet, err) : WD_OK;
  return st || !coded ? st : features_from(e, n, NULL, coded, of_seismic, &quiet, err);
}

double wd_evaluation_epsilon(const wd_evaluation *e, int family) {
  const wd_evaluation_result *r = &e->result;
  const wd_measure *all = r->stage1[WD_GIVEN_BOTH].residual;
  if (!all) return NAN;
  wd_measure *of = wd_calloc((size_t)r->count, sizeof *of);
  size_t n = 0;
  for (int i = 0; of && i < r->count; i++)
    if (family < 0 || r->family[i] == family) of[n++] = all[i];
  wd_population p;
  bool known = of && !wd_population_of(of, n, WD_METRIC_REFLECTION_RESIDUAL, &p, NULL);
  wd_free(of);
  return known ? p.p95 : NAN;
}

double wd_evaluation_floor(const wd_evaluation *e) {
  wd_population p;
  return e->floor && !wd_population_of_values(e->floor, (size_t)e->floors, &p, NULL) ? p.median : NAN;
}
