/* Real pairs: the codec alone, and stage 1 from both modalities, from gathers alone and from the map alone.
 */
#include "model/evaluate_impl.h"

#include "solver/memory.h"

#include <string.h>

enum { SHOWN = 10, KEPT = 64 };

static wd_status make_room(wd_evaluation *e, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  size_t n = (size_t)r->count;
  wd_status st = WD_OK;
  r->shown = r->count < SHOWN ? r->count : SHOWN;
  r->kept = !e->desc.pictures ? 0 : r->count < KEPT ? r->count : KEPT;
  if (r->kept)
    r->true_reflections =
        wd_evaluation_array((size_t)r->kept * e->samples / (size_t)e->survey->shots, sizeof(float), &st, err);
  r->family = wd_evaluation_array(n, sizeof *r->family, &st, err);
  r->velocity = wd_evaluation_array(n * e->cells, sizeof(float), &st, err);
  r->decoded = wd_evaluation_array(n * e->cells, sizeof(float), &st, err);
  r->coded = wd_evaluation_array((size_t)r->shown * e->coded, sizeof(float), &st, err);
  r->decoded_coded = wd_evaluation_array((size_t)r->shown * e->coded, sizeof(float), &st, err);
  r->codec = wd_evaluation_array(n, sizeof(double), &st, err);
  r->codec_reflections = wd_evaluation_array(n, sizeof(double), &st, err);
  r->share = wd_evaluation_array(n, sizeof(double), &st, err);
  r->codes = wd_evaluation_array(n * (size_t)e->latent.codes, sizeof *r->codes, &st, err);
  for (int g = 0; g < WD_GIVEN_COUNT; g++) {
    r->stage1[g].map = wd_evaluation_array(n, sizeof(wd_map_measure), &st, err);
    r->stage1[g].reconstruction = wd_evaluation_array(n, sizeof(wd_measure), &st, err);
    r->stage1[g].residual = wd_evaluation_array(n, sizeof(wd_measure), &st, err);
  }
  e->real.velocity = wd_evaluation_array(n * (size_t)e->features, sizeof(double), &st, err);
  e->real.seismic = wd_evaluation_array(n * (size_t)e->features, sizeof(double), &st, err);
  return st;
}

static wd_gather gather_of(const wd_evaluation *e, int place) {
  const wd_survey *s = e->survey;
  return (wd_gather){s->shots, s->samples, s->receivers, s->dt,
                     e->batch_gathers + (size_t)place * e->samples};
}

/* Codes the simulated gathers of pairs first..first+n-1, and measures what that loses. */
static wd_status code(wd_evaluation *e, int first, int n, float *coded, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  const wd_codec *codec = wd_model_codec(e->model);
  wd_status st = WD_OK;
  size_t shot = e->samples / (size_t)e->survey->shots;
  for (int i = 0; i < n && !st; i++) {
    wd_gather back = gather_of(e, i);
    wd_comparison c;
    if (first + i < r->kept)
      wd_evaluation_reflections(e->truth, i, wd_residual_full(e->truth, i),
                                r->true_reflections + (size_t)(first + i) * shot);
    st = wd_codec_encode(codec, wd_residual_full(e->truth, i), coded + (size_t)i * e->coded, err);
    if (!st) st = wd_codec_decode(codec, coded + (size_t)i * e->coded, &back, err);
    if (!st) st = wd_residual_compare(e->truth, i, &back, NULL, &c, err);
    if (st) break;
    r->codec[first + i] = c.all.relative_l2;
    r->codec_reflections[first + i] = c.all.reflection_residual;
    r->share[first + i] = c.all.reflection_share;
    wd_comparison_clear(&c);
  }
  return st;
}

/* Stage 1 of n pairs from what is given, against the truth and against the simulation of what it decodes. */
static wd_status through(wd_evaluation *e, int first, int n, wd_given given, const float *coded,
                         float *decoded, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  wd_evaluation_stage1 *out = &r->stage1[given];
  const wd_survey *s = e->survey;
  const float **maps = wd_calloc(2 * (size_t)n, sizeof *maps);
  if (!maps) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", n);
  const float **gathers = maps + n;
  for (int i = 0; i < n; i++) {
    if (given != WD_GIVEN_SEISMIC) maps[i] = r->velocity + (size_t)(first + i) * e->cells;
    if (given != WD_GIVEN_VELOCITY) gathers[i] = coded + (size_t)i * e->coded;
  }
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  int32_t *codes = given == WD_GIVEN_BOTH ? r->codes + (size_t)first * (size_t)e->latent.codes : NULL;
  wd_status st = wd_encoder_run(e->encoder, n, maps, gathers, e->latents, codes, &quiet, err);
  wd_free(maps);
  if (!st)
    st = wd_evaluation_score(e, n, e->latents, decoded, e->batch_coded, out->residual + first, hooks, err);
  if (!st && given == WD_GIVEN_BOTH)
    st = wd_evaluation_detail_batch(e, first, n, decoded, &r->real_details, hooks, err);
  double *features = given == WD_GIVEN_VELOCITY  ? e->real.velocity
                     : given == WD_GIVEN_SEISMIC ? e->real.seismic
                                                 : NULL;
  for (int i = 0; i < n && !st; i++) {
    size_t at = (size_t)(first + i);
    wd_gather seismic = gather_of(e, i); /* as wd_evaluation_score left them */
    wd_map a = {s->nz, s->nx, s->spacing, decoded + (size_t)i * e->cells};
    wd_map b = {s->nz, s->nx, s->spacing, r->velocity + at * e->cells};
    wd_comparison c;
    st = wd_map_compare(&a, &b, NULL, &out->map[at], NULL, err);
    if (!st) st = wd_residual_compare(e->truth, i, &seismic, NULL, &c, err);
    if (st) break;
    out->reconstruction[at] = c.all;
    wd_comparison_clear(&c);
    if (features)
      wd_evaluation_feature(e, e->latents + (size_t)i * (size_t)e->latent.count,
                            features + at * (size_t)e->features);
    if (given == WD_GIVEN_BOTH && first + i < r->shown) {
      memcpy(r->coded + at * e->coded, coded + (size_t)i * e->coded, e->coded * sizeof(float));
      memcpy(r->decoded_coded + at * e->coded, e->batch_coded + (size_t)i * e->coded,
             e->coded * sizeof(float));
    }
  }
  return st;
}

wd_status wd_evaluate_pairs(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  wd_status st = make_room(e, err);
  float *coded = wd_evaluation_array((size_t)e->desc.batch * e->coded, sizeof(float), &st, err);
  float *decoded = wd_evaluation_array((size_t)e->desc.batch * e->cells, sizeof(float), &st, err);
  for (int first = 0; first < r->count && !st;) {
    int n = r->count - first < e->desc.batch ? r->count - first : e->desc.batch;
    double from = (double)first / r->count, span = (double)n / r->count;
    wd_hooks_part part;
    for (int i = 0; i < n && !st; i++) {
      wd_map map = {0};
      st = wd_evaluation_test_map(e, (size_t)(first + i), &map, err);
      if (st) break;
      r->family[first + i] = (first + i) % 10;
      memcpy(r->velocity + (size_t)(first + i) * e->cells, map.value, e->cells * sizeof(float));
      wd_map_clear(&map);
    }
    if (!st)
      st = wd_residual_simulate(e->truth, n, r->velocity + (size_t)first * e->cells,
                                wd_hooks_part_of(&part, hooks, from, span / 4), err);
    if (!st) st = code(e, first, n, coded, err);
    for (int g = 0; g < WD_GIVEN_COUNT && !st; g++) {
      float *to = g == WD_GIVEN_BOTH ? r->decoded + (size_t)first * e->cells : decoded;
      st = through(e, first, n, (wd_given)g, coded, to,
                   wd_hooks_part_of(&part, hooks, from + span * (g + 1) / 4, span / 4), err);
    }
    first += n;
  }
  wd_free(coded);
  wd_free(decoded);
  return st;
}
