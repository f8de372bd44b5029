/* Whether generated pairs are like real ones and unlike each other: Fréchet distances in the space of our own
 * encoder, diversity, and the nearest training map. */
#include "model/evaluate_impl.h"

#include "model/evaluate_statistics.h"
#include "model/frechet.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/reflection.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static wd_status frechet(const wd_evaluation *e, const double *a, const double *b, double *out,
                         wd_error *err) {
  size_t n = (size_t)e->result.count;
  wd_gaussian one = {0}, other = {0};
  if (e->features > WD_GAUSSIAN_MAX) return WD_OK; /* stays unknown */
  wd_status st = wd_gaussian_fit(a, n, e->features, &one, err);
  if (!st) st = wd_gaussian_fit(b, n, e->features, &other, err);
  if (!st) st = wd_frechet_distance(&one, &other, out, err);
  wd_gaussian_clear(&one);
  wd_gaussian_clear(&other);
  return st;
}

/* Features of as many other maps of the test split, those that follow the test pairs, with exact gathers:
 * what the distance is between two real populations of this size. */
static wd_status other_real(wd_evaluation *e, wd_evaluation_features *out, const wd_hooks *hooks,
                            wd_error *err) {
  int count = e->result.count;
  for (int first = 0; first < count;) {
    int n = count - first < e->desc.batch ? count - first : e->desc.batch;
    wd_hooks_part part;
    const wd_hooks *inner = wd_hooks_part_of(&part, hooks, (double)first / count, (double)n / count);
    const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
    for (int i = 0; i < n; i++) {
      wd_map map = {0};
      wd_gather gather = {0};
      wd_status st = wd_evaluation_test_map(e, (size_t)count + (size_t)(first + i), &map, err);
      if (!st)
        st = wd_reflection_simulate(wd_model_device(e->model), e->survey, NULL, &map, &quiet, &gather, NULL,
                                    err);
      if (!st) {
        memcpy(e->batch_velocity + (size_t)i * e->cells, map.value, e->cells * sizeof(float));
        st = wd_codec_encode(wd_model_codec(e->model), &gather, e->batch_coded + (size_t)i * e->coded, err);
      }
      wd_map_clear(&map);
      wd_gather_clear(&gather);
      if (st) return st;
    }
    size_t at = (size_t)first * (size_t)e->features;
    wd_status st = wd_evaluation_features_of(e, n, e->batch_velocity, e->batch_coded, out->velocity + at,
                                             out->seismic + at, &quiet, err);
    if (st) return st;
    wd_hooks_progress(inner, 1);
    first += n;
  }
  return WD_OK;
}

static wd_status all_frechet(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_status st = WD_OK;
  size_t room = (size_t)e->result.count * (size_t)e->features;
  wd_evaluation_distances *d = &e->distances;
  wd_evaluation_features other = {0};
  other.velocity = wd_evaluation_array(room, sizeof(double), &st, err);
  other.seismic = wd_evaluation_array(room, sizeof(double), &st, err);
  if (!st) st = other_real(e, &other, hooks, err);
  if (!st) st = frechet(e, other.velocity, e->real.velocity, &d->frechet_velocity_real, err);
  if (!st) st = frechet(e, other.seismic, e->real.seismic, &d->frechet_seismic_real, err);
  wd_free(other.velocity);
  wd_free(other.seismic);
  if (!st && e->generated.velocity)
    st = frechet(e, e->generated.velocity, e->real.velocity, &d->frechet_velocity, err);
  if (!st && e->generated.velocity)
    st = frechet(e, e->generated.seismic, e->real.seismic, &d->frechet_seismic, err);
  return st;
}

/* The seeds that the model was trained on, from its own record, and how many maps of each are looked through:
 * `most` in all, or what there are, each seed by its part. Without a record: seed 1 of our families. */
static void training_seeds(const wd_model *model, size_t most, wd_evaluation_distances *d) {
  const char *text = wd_model_record(model, WD_STAGE1, "data");
  json_t *data = text ? json_loads(text, 0, NULL) : NULL, *entry;
  const json_t *list = json_object_get(data, "seeds"), *one = json_object_get(data, "seed");
  size_t records[WD_EVALUATE_SEEDS], all = 0, i;
  json_array_foreach((json_t *)list, i, entry) {
    json_int_t seed = json_integer_value(json_object_get(entry, "seed")),
               n = json_integer_value(json_object_get(entry, "records"));
    if (seed < 0 || n < 1 || n > 1000000000 || d->training_seeds == WD_EVALUATE_SEEDS) continue;
    records[d->training_seeds] = (size_t)n;
    d->training_seed[d->training_seeds++] = (uint64_t)seed;
    all += (size_t)n;
  }
  if (!d->training_seeds && json_is_integer(one) && json_integer_value(one) >= 0) {
    json_int_t n = json_integer_value(json_object_get(data, "records"));
    records[0] = all = n > 0 ? (size_t)n : most;
    d->training_seed[d->training_seeds++] = (uint64_t)json_integer_value(one);
  }
  json_decref(data);
  d->training_known = d->training_seeds > 0;
  if (!d->training_known) {
    d->training_seed[0] = 1;
    d->training_seeds = 1;
    records[0] = all = most;
  }
  d->training_maps = 0;
  for (int k = 0; k < d->training_seeds; k++) {
    d->training_share[k] =
        all <= most ? records[k] : (size_t)((double)records[k] * (double)most / (double)all);
    d->training_maps += d->training_share[k];
  }
}

/* Training map k of those looked through: the seeds one after the other, families of each in turn, as
 * `generate --family all` numbers them. */
static wd_status training_map(const wd_evaluation *e, size_t k, wd_map *out, wd_error *err) {
  const wd_evaluation_distances *d = &e->distances;
  const wd_survey *s = e->survey;
  int of = 0;
  while (of + 1 < d->training_seeds && k >= d->training_share[of]) k -= d->training_share[of++];
  wd_family family = (wd_family)(k % WD_FAMILIES);
  uint64_t seed = d->training_seed[of], index = k / WD_FAMILIES;
  if (s->nz == 70 && s->nx == 70 && s->spacing == 10)
    return wd_family_generate(family, seed, index, out, err);
  return wd_family_generate_sized(family, seed, index, s->nz, s->nx, s->spacing, out, err);
}

wd_status wd_evaluation_training_map(const wd_evaluation *e, size_t k, wd_map *out, wd_error *err) {
  if (k >= e->distances.training_maps)
    return wd_fail(err, WD_ERR_ARGUMENT, "training map %zu of %zu", k, e->distances.training_maps);
  return training_map(e, k, out, err);
}

static wd_status neighbours(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  enum { BLOCK = 100 };
  wd_evaluation_distances *d = &e->distances;
  wd_evaluation_result *r = &e->result;
  wd_status st = WD_OK;
  size_t count = (size_t)r->count;
  r->nearest_map = wd_evaluation_array(count, sizeof *r->nearest_map, &st, err);
  training_seeds(e->model, (size_t)e->desc.training_maps, d);
  const size_t all = d->training_maps;
  d->nearest_real = wd_evaluation_array(count, sizeof(double), &st, err);
  d->nearest_generated = wd_evaluation_array(count, sizeof(double), &st, err);
  r->nearest = d->nearest_generated;
  float *block = wd_evaluation_array(BLOCK * e->cells, sizeof *block, &st, err);
  for (size_t i = 0; i < count && !st; i++) d->nearest_real[i] = d->nearest_generated[i] = INFINITY;
  for (size_t first = 0; first < all && !st; first += BLOCK) {
    size_t n = all - first < BLOCK ? all - first : BLOCK;
    for (size_t k = 0; k < n && !st; k++) {
      wd_map map = {0};
      if (wd_hooks_cancelled(hooks))
        st = wd_fail(err, WD_CANCELLED, "stopped at training map %zu", first + k);
      if (!st) st = training_map(e, first + k, &map, err);
      if (!st) memcpy(block + k * e->cells, map.value, e->cells * sizeof *block);
      wd_map_clear(&map);
    }
    if (!st) st = wd_nearest(r->velocity, count, block, n, e->cells, d->nearest_real, 0, NULL, hooks, err);
    if (!st && r->generated_velocity)
      st = wd_nearest(r->generated_velocity, count, block, n, e->cells, d->nearest_generated, first,
                      r->nearest_map, hooks, err);
    wd_hooks_progress(hooks, (double)(first + n) / (double)all);
  }
  wd_free(block);
  return st;
}

wd_status wd_evaluate_distances(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  const wd_evaluation_result *r = &e->result;
  if (!r->velocity) return wd_fail(err, WD_ERR_ARGUMENT, "the test pairs come first");
  wd_hooks_part part;
  wd_status st = all_frechet(e, wd_hooks_part_of(&part, hooks, 0, 0.6), err);
  if (!st) e->distances.pairwise_real = wd_mean_pairwise(r->velocity, (size_t)r->count, e->cells, hooks);
  if (!st && r->generated_velocity)
    e->distances.pairwise_generated =
        wd_mean_pairwise(r->generated_velocity, (size_t)r->count, e->cells, hooks);
  if (!st) st = neighbours(e, wd_hooks_part_of(&part, hooks, 0.6, 0.4), err);
  return st;
}
