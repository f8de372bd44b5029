/* Two grounds to stand the residuals on: what mirroring does to a pair, and what the grid itself costs. */
#include "model/evaluate_impl.h"

#include "solver/memory.h"
#include "solver/reflection.h"

#include <math.h>
#include <string.h>

/* ---- mirror */

/* Shot of the unmirrored gather that stands at the place of shot k when left and right are exchanged, or -1:
 * of OpenFWI's sources at columns 0, 17, 34, 52, 69 the middle one has no partner (34 goes to 35). */
static int partner(const wd_survey *s, int k) {
  for (int j = 0; j < s->shots; j++)
    if (s->source[j].z == s->source[k].z && s->source[j].x == s->nx - 1 - s->source[k].x) return j;
  return -1;
}

static bool receivers_mirror(const wd_survey *s) {
  for (int r = 0; r < s->receivers; r++) {
    const wd_cell *a = &s->receiver[r], *b = &s->receiver[s->receivers - 1 - r];
    if (a->z != b->z || a->x != s->nx - 1 - b->x) return false;
  }
  return true;
}

/* The gathers of the mirrored map, in exact mode: mirrored where a shot has its partner, simulated where it
 * has none. *out is created. */
static wd_status mirrored_gathers(wd_evaluation *e, const wd_gather *pair, const wd_map *mirrored,
                                  const wd_hooks *hooks, wd_gather *out, wd_error *err) {
  const wd_survey *s = e->survey;
  wd_status st = wd_gather_create(s->shots, s->samples, s->receivers, s->dt, out, err);
  size_t row = (size_t)s->receivers, shot = (size_t)s->samples * row;
  bool symmetric = receivers_mirror(s);
  for (int k = 0; k < s->shots && !st; k++) {
    int from = symmetric ? partner(s, k) : -1;
    float *to = out->value + (size_t)k * shot;
    for (size_t i = 0; from >= 0 && i < shot; i++)
      to[i] = pair->value[(size_t)from * shot + i / row * row + (row - 1 - i % row)];
    if (from >= 0) continue;
    wd_survey_desc desc = {.nz = s->nz,
                           .nx = s->nx,
                           .spacing = s->spacing,
                           .dt = s->dt,
                           .frequency = s->frequency,
                           .samples = s->samples,
                           .source = &s->source[k],
                           .n_sources = 1,
                           .receiver = s->receiver,
                           .n_receivers = s->receivers,
                           .wavelet = s->wavelet,
                           .wavelet_samples = s->samples};
    wd_survey *one = NULL;
    wd_gather again = {0};
    st = wd_survey_create(&desc, &one, err);
    if (!st)
      st = wd_reflection_simulate(wd_model_device(e->model), one, NULL, mirrored, hooks, &again, NULL, err);
    if (!st) memcpy(to, again.value, shot * sizeof *to);
    wd_gather_clear(&again);
    wd_survey_destroy(one);
  }
  if (st) wd_gather_clear(out);
  return st;
}

/* Pair i mirrored, through stage 1, and what came out turned back. */
static wd_status mirror_one(wd_evaluation *e, int i, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  const wd_survey *s = e->survey;
  const wd_codec *codec = wd_model_codec(e->model);
  wd_map truth = {s->nz, s->nx, s->spacing, r->velocity + (size_t)i * e->cells};
  wd_map own = {s->nz, s->nx, s->spacing, r->decoded + (size_t)i * e->cells}, map = {0};
  wd_map out = {s->nz, s->nx, s->spacing, e->batch_velocity};
  wd_gather full = {0}, again = {0}, decoded = {s->shots, s->samples, s->receivers, s->dt, e->batch_gathers};
  wd_map_measure of_own, of_truth;
  wd_comparison c;
  wd_status st = wd_reflection_simulate(wd_model_device(e->model), s, NULL, &truth, hooks, &full, NULL, err);
  if (!st) st = wd_map_copy(&truth, &map, err);
  if (!st) wd_map_mirror(&map);
  if (!st) st = mirrored_gathers(e, &full, &map, hooks, &again, err);
  if (!st) st = wd_codec_encode(codec, &again, e->batch_coded, err);
  const float *velocity = map.value, *coded = e->batch_coded;
  if (!st) st = wd_encoder_run(e->encoder, 1, &velocity, &coded, e->latents, NULL, hooks, err);
  if (!st) st = wd_decoder_run(e->decoder, 1, e->latents, true, out.value, e->batch_coded, NULL, hooks, err);
  if (!st) wd_map_mirror(&out);
  if (!st) st = wd_map_compare(&out, &own, NULL, &of_own, NULL, err);
  if (!st) st = wd_map_compare(&out, &truth, NULL, &of_truth, NULL, err);
  if (!st) st = wd_codec_decode(codec, e->batch_coded, &decoded, err);
  if (!st) st = wd_compare(&decoded, &again, NULL, NULL, &c, err);
  if (!st) {
    e->mirror.velocity[i] = of_own.mae_normalised;
    e->mirror.velocity_true[i] = of_truth.mae_normalised;
    e->mirror.seismic[i] = c.all.relative_l2;
    wd_comparison_clear(&c);
  }
  wd_map_clear(&map);
  wd_gather_clear(&full);
  wd_gather_clear(&again);
  return st;
}

wd_status wd_evaluate_mirror(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  if (!e->result.decoded) return wd_fail(err, WD_ERR_ARGUMENT, "the test pairs come first");
  int n = (int)wd_evaluation_info(e, WD_EVALUATE_MIRROR).units;
  wd_status st = WD_OK;
  e->mirror.velocity = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  e->mirror.velocity_true = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  e->mirror.seismic = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  for (int i = 0; i < n && !st; i++) {
    st = mirror_one(e, i, &quiet, err);
    wd_hooks_progress(hooks, (i + 1.0) / n);
  }
  e->mirror.pairs = st ? 0 : n;
  return st;
}

/* ---- discretisation floor */

/* The same survey on a grid three times finer, which physics.md section 4 describes: sources and receivers in
 * the middle of their 3 x 3 cells, dt / 3, the wavelet from its formula and nine times as strong, because its
 * cell is nine times smaller. */
static wd_status refined_survey(const wd_survey *s, wd_survey **out, wd_error *err) {
  size_t shots = (size_t)s->shots, receivers = (size_t)s->receivers, samples = 3 * (size_t)s->samples;
  wd_cell *source = wd_calloc(shots, sizeof *source), *receiver = wd_calloc(receivers, sizeof *receiver);
  float *wavelet = wd_calloc(samples, sizeof *wavelet);
  wd_status st = source && receiver && wavelet
                     ? WD_OK
                     : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the acquisition on the refined grid");
  for (size_t k = 0; k < shots && !st; k++)
    source[k] = (wd_cell){3 * s->source[k].z + 1, 3 * s->source[k].x + 1};
  for (size_t k = 0; k < receivers && !st; k++)
    receiver[k] = (wd_cell){3 * s->receiver[k].z + 1, 3 * s->receiver[k].x + 1};
  double half = floor(floor(2.2 / (s->frequency * s->dt)) / 2); /* wd_ricker's centre */
  for (size_t j = 0; j < samples && !st; j++) {
    double b = M_PI * s->frequency * s->dt * ((double)j / 3 - half);
    if ((double)j <= 3 * 2 * half) wavelet[j] = (float)(9 * (1 - 2 * b * b) * exp(-b * b));
  }
  if (!st)
    st = wd_survey_create(&(wd_survey_desc){.nz = 3 * s->nz,
                                            .nx = 3 * s->nx,
                                            .spacing = s->spacing / 3,
                                            .dt = s->dt / 3,
                                            .frequency = s->frequency,
                                            .samples = (int)samples,
                                            .source = source,
                                            .n_sources = s->shots,
                                            .receiver = receiver,
                                            .n_receivers = s->receivers,
                                            .wavelet = wavelet,
                                            .wavelet_samples = (int)samples},
                          out, err);
  wd_free(source);
  wd_free(receiver);
  wd_free(wavelet);
  return st;
}

/* ||S - S'|| / ||S|| of map i, S = F(v) - F(v_top) in exact mode and S' the same on the refined grid. In the
 * other figures: F(v_top) + S' against F(v). */
static wd_status floor_of(wd_evaluation *e, const wd_survey *fine, int i, const wd_hooks *hooks,
                          wd_error *err) {
  const wd_survey *s = e->survey;
  wd_map dense = {0};
  wd_gather full = {0}, top = {0}, other = {0};
  wd_wave_desc wave = {.mode = WD_WAVE_FAST, .absorb = 360};
  const float *v = e->result.velocity + (size_t)i * e->cells;
  wd_status st =
      wd_residual_simulate(e->truth, 1, v, &(wd_hooks){hooks ? hooks->cancel : NULL, NULL, NULL}, err);
  if (!st) st = wd_map_create(fine->nz, fine->nx, fine->spacing, &dense, err);
  for (int k = 0; k < fine->nz * fine->nx && !st; k++)
    dense.value[k] = v[k / fine->nx / 3 * s->nx + k % fine->nx / 3];
  if (!st)
    st = wd_reflection_simulate(wd_model_device(e->model), fine, &wave, &dense, hooks, &full, &top, err);
  if (!st) st = wd_gather_create(s->shots, s->samples, s->receivers, s->dt, &other, err);
  if (!st) {
    const wd_gather *coarse = wd_residual_full(e->truth, 0), *coarse_top = wd_residual_top(e->truth, 0);
    size_t row = (size_t)s->receivers;
    double dd = 0, ss = 0;
    for (size_t k = 0; k < e->samples; k++) {
      size_t line = k / row; /* shot and sample */
      size_t shot = line / (size_t)s->samples, it = line % (size_t)s->samples;
      other.value[k] = coarse->value[k];
      if (it == (size_t)s->samples - 1) continue; /* as everywhere, metrics.h */
      size_t at = (shot * 3 * (size_t)s->samples + 3 * it + 2) * row + k % row;
      double a = (double)coarse->value[k] - (double)coarse_top->value[k];
      double b = (double)full.value[at] - (double)top.value[at];
      dd += (a - b) * (a - b);
      ss += a * a;
      other.value[k] = (float)((double)coarse_top->value[k] + b);
    }
    e->floor[i] = ss > 0 ? sqrt(dd / ss) : NAN;
    wd_comparison c;
    st = wd_residual_compare(e->truth, 0, &other, &(wd_compare_desc){.spectral = true}, &c, err);
    if (!st) {
      e->floor_measure[i] = c.all;
      wd_comparison_clear(&c);
      st = wd_evaluation_detail(e, v, &other, coarse, coarse_top, &e->floor_details.lag[i],
                                &e->floor_details.interior[i], hooks, err);
    }
  }
  wd_gather_clear(&other);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&dense);
  return st;
}

wd_status wd_evaluate_floor(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  if (!e->result.velocity) return wd_fail(err, WD_ERR_ARGUMENT, "the test pairs come first");
  const wd_survey *s = e->survey;
  int n = e->desc.floor_maps;
  wd_status st = WD_OK;
  e->floor = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  e->floor_measure = wd_evaluation_array((size_t)n, sizeof(wd_measure), &st, err);
  e->floor_details.lag = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  e->floor_details.interior = wd_evaluation_array((size_t)n, sizeof(double), &st, err);
  wd_survey *fine = NULL;
  /* Of another wavelet than Ricker's nothing is known between its samples. */
  bool possible = s->frequency > 0 && 3 * s->nz <= WD_MAP_MAX_SIDE && 3 * s->nx <= WD_MAP_MAX_SIDE &&
                  3 * s->samples <= WD_MAX_SAMPLES;
  if (!st && !possible) return WD_OK;
  if (!st) st = refined_survey(s, &fine, err);
  for (int i = 0; i < n && !st; i++) {
    wd_hooks_part part;
    st = floor_of(e, fine, i, wd_hooks_part_of(&part, hooks, (double)i / n, 1.0 / n), err);
    if (!st) e->floors = e->floor_details.pairs = i + 1;
  }
  wd_survey_destroy(fine);
  return st;
}
