/* Pairs that no data stand behind: arbitrary latents, random codes, and generated ones, at the end of
 * sampling and at every step of it. */
#include "model/evaluate_impl.h"

#include "solver/family.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <string.h>
#include <time.h>

enum { STREAM_CODES = 0x65766331 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Latents first..first+n-1 of a population. The normal ones are those that sampling of the same seeds starts
 * from. */
static wd_status draw(wd_evaluation *e, bool codes, int first, int n, wd_error *err) {
  size_t count = (size_t)e->latent.count;
  if (!codes) {
    for (int i = 0; i < n; i++)
      wd_sampler_noise(e->desc.seed + (uint64_t)(first + i), -1, count, e->latents + (size_t)i * count);
    return WD_OK;
  }
  const wd_stage1_config *c = &wd_model_get_config(e->model)->stage1;
  int most = (c->two_codebooks ? c->codes / 2 : c->codes) - 1;
  size_t all = (size_t)n * (size_t)e->latent.codes;
  int32_t *index = wd_calloc(all, sizeof *index);
  if (!index) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu codes", all);
  for (int i = 0; i < n; i++) {
    wd_random random = wd_random_make(e->desc.seed + (uint64_t)(first + i), STREAM_CODES);
    for (int k = 0; k < e->latent.codes; k++)
      index[i * e->latent.codes + k] = wd_random_int(&random, 0, most);
  }
  wd_status st = wd_decoder_latents_of_codes(e->decoder, n, index, e->latents, err);
  wd_free(index);
  return st;
}

wd_status wd_evaluate_arbitrary(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  wd_status st = WD_OK;
  r->gaussian = wd_evaluation_array((size_t)r->count, sizeof(wd_measure), &st, err);
  r->random_codes = wd_evaluation_array((size_t)r->count, sizeof(wd_measure), &st, err);
  for (int which = 0; which < 2 && !st; which++)
    for (int first = 0; first < r->count && !st;) {
      int n = r->count - first < e->desc.batch ? r->count - first : e->desc.batch;
      wd_hooks_part part;
      const wd_hooks *inner =
          wd_hooks_part_of(&part, hooks, 0.5 * which + 0.5 * first / r->count, 0.5 * n / r->count);
      st = draw(e, which == 1, first, n, err);
      if (!st)
        st = wd_evaluation_score(e, n, e->latents, NULL, NULL,
                                 (which ? r->random_codes : r->gaussian) + first, inner, err);
      if (!st && !which)
        st = wd_evaluation_detail_batch(e, first, n, e->batch_velocity, &r->gaussian_details, hooks, err);
      first += n;
    }
  return st;
}

/* Seed s is labelled s mod 10, as `sample --family
 * all` does, when the model knows these ten. */
wd_status wd_evaluation_sampler(wd_evaluation *e, int first, int n, wd_sampler **out, wd_error *err) {
  bool labelled = wd_model_get_config(e->model)->stage2.families == WD_FAMILIES;
  uint64_t *seed = wd_calloc((size_t)n, sizeof *seed);
  int *family = wd_calloc((size_t)n, sizeof *family);
  wd_status st = seed && family ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d seeds", n);
  for (int i = 0; i < n && !st; i++) {
    seed[i] = e->desc.seed + (uint64_t)(first + i);
    family[i] = labelled ? (int)(seed[i] % WD_FAMILIES) : -1;
  }
  if (!st)
    st = wd_sampler_create(e->denoiser,
                           &(wd_sampler_desc){.plan = e->desc.plan, .n = n, .seed = seed, .family = family},
                           out, err);
  wd_free(seed);
  wd_free(family);
  return st;
}

/* A sampler, run to the end. */
static wd_status sample(wd_evaluation *e, int first, int n, wd_sampler **out, const wd_hooks *hooks,
                        wd_error *err) {
  wd_sampler *sampler = NULL;
  wd_status st = wd_evaluation_sampler(e, first, n, &sampler, err);
  if (!st) st = wd_sampler_run(sampler, wd_sampler_steps(sampler), hooks, err);
  if (st) {
    wd_sampler_destroy(sampler);
    return st;
  }
  *out = sampler;
  return WD_OK;
}

/* The reflections of generated pairs first..first+n-1, as wd_evaluation_score left them. */
static void keep_reflections(wd_evaluation *e, int first, int n) {
  wd_evaluation_result *r = &e->result;
  const wd_survey *s = e->survey;
  size_t one = (size_t)s->samples * (size_t)s->receivers;
  for (int i = 0; i < n && first + i < r->kept && r->decoded_reflections; i++) {
    wd_gather decoded = {s->shots, s->samples, s->receivers, s->dt,
                         e->batch_gathers + (size_t)i * e->samples};
    size_t at = (size_t)(first + i) * one;
    wd_evaluation_reflections(e->residual, i, &decoded, r->decoded_reflections + at);
    wd_evaluation_reflections(e->residual, i, wd_residual_full(e->residual, i),
                              r->simulated_reflections + at);
  }
}

wd_status wd_evaluate_generated(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  wd_status st = WD_OK;
  size_t count = (size_t)r->count;
  r->generated = wd_evaluation_array(count, sizeof(wd_measure), &st, err);
  r->generated_family = wd_evaluation_array(count, sizeof(int), &st, err);
  r->generated_velocity = wd_evaluation_array(count * e->cells, sizeof(float), &st, err);
  if (r->kept) {
    size_t room = (size_t)r->kept * e->samples / (size_t)e->survey->shots;
    r->decoded_reflections = wd_evaluation_array(room, sizeof(float), &st, err);
    r->simulated_reflections = wd_evaluation_array(room, sizeof(float), &st, err);
  }
  e->generated.velocity = wd_evaluation_array(count * (size_t)e->features, sizeof(double), &st, err);
  e->generated.seismic = wd_evaluation_array(count * (size_t)e->features, sizeof(double), &st, err);
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  e->cost.sampling = 0;
  for (int first = 0; first < r->count && !st;) {
    int n = r->count - first < e->desc.batch ? r->count - first : e->desc.batch;
    double from = (double)first / r->count, span = (double)n / r->count, start = now();
    size_t at = (size_t)first;
    float *velocity = r->generated_velocity + at * e->cells;
    wd_hooks_part part;
    wd_sampler *sampler = NULL;
    st = sample(e, first, n, &sampler, wd_hooks_part_of(&part, hooks, from, span / 2), err);
    if (st) break;
    const float *data = wd_sampler_latents(sampler, wd_sampler_steps(sampler));
    /* Once for the clock: what a user waits for who wants pairs and no scores. */
    st = wd_decoder_run(e->decoder, n, data, true, velocity, e->batch_coded, NULL, &quiet, err);
    e->cost.sampling += now() - start;
    if (!st)
      st = wd_evaluation_score(e, n, data, velocity, e->batch_coded, r->generated + at,
                               wd_hooks_part_of(&part, hooks, from + span / 2, span / 2), err);
    if (!st) keep_reflections(e, first, n);
    if (!st) st = wd_evaluation_detail_batch(e, first, n, velocity, &r->generated_details, hooks, err);
    if (!st)
      st = wd_evaluation_features_of(e, n, velocity, e->batch_coded,
                                     e->generated.velocity + at * (size_t)e->features,
                                     e->generated.seismic + at * (size_t)e->features, &quiet, err);
    for (int i = 0; i < n && !st; i++) r->generated_family[first + i] = wd_sampler_family(sampler, i);
    wd_sampler_destroy(sampler);
    first += n;
  }
  return st;
}

wd_status wd_evaluate_steps(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  int steps = e->desc.plan.steps, all = e->desc.trajectories;
  wd_status st = WD_OK;
  r->estimate = wd_evaluation_array((size_t)steps * (size_t)all, sizeof(wd_measure), &st, err);
  r->noised = wd_evaluation_array((size_t)steps * (size_t)all, sizeof(wd_measure), &st, err);
  r->level = wd_evaluation_array((size_t)steps + 1, sizeof *r->level, &st, err);
  double done = 0, total = 2.0 * steps * all;
  for (int first = 0; first < all && !st;) {
    int n = all - first < e->desc.batch ? all - first : e->desc.batch;
    const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
    wd_sampler *sampler = NULL;
    st = sample(e, first, n, &sampler, &quiet, err);
    if (st) break;
    for (int k = 0; k <= steps; k++) r->level[k] = wd_sampler_get_level(sampler, k);
    for (int k = 0; k < 2 * steps && !st; k++) {
      bool noised = k % 2;
      const float *latents =
          noised ? wd_sampler_latents(sampler, k / 2) : wd_sampler_estimates(sampler, k / 2);
      wd_measure *to = (noised ? r->noised : r->estimate) + (size_t)(k / 2) * (size_t)all + (size_t)first;
      wd_hooks_part part;
      /* Noise as it starts, and the last estimate of a sampler that ends at it, are known already. */
      size_t bytes = (size_t)n * (size_t)e->latent.count * sizeof(float);
      const wd_measure *known = NULL;
      if (noised && k / 2 == 0)
        known = r->gaussian;
      else if (!noised && !memcmp(latents, wd_sampler_latents(sampler, steps), bytes))
        known = r->generated;
      if (known)
        memcpy(to, known + first, (size_t)n * sizeof *to);
      else
        st = wd_evaluation_score(e, n, latents, NULL, NULL, to,
                                 wd_hooks_part_of(&part, hooks, done / total, n / total), err);
      done += n;
    }
    wd_sampler_destroy(sampler);
    first += n;
  }
  r->trajectories = st ? 0 : all;
  r->steps = st ? 0 : steps;
  return st;
}
