#include "model/latent_residual.h"

#include "solver/memory.h"
#include "solver/reflection.h"
#include "solver/scale.h"

#include <math.h>
#include <string.h>

struct wd_latent_residual {
  wd_model *model;
  wd_latent_residual_desc desc;
  int n;
  wd_survey *survey;
  wd_decoder *decoder;
  wd_wave *full, *top;   /* of n maps each; made by the first evaluation */
  wd_map *map, *top_map; /* n; map borrows velocity */
  float *velocity, *coded;
  wd_gather *gather; /* n: decoded, then, in wd_latent_residual_gradient, dJ/dF */
  double *denominator, *now;
  bool frozen, evaluated;
  float *d_velocity, *d_coded;
  float *d_seismic; /* one pair's dJ/ds */
};

const char *wd_latent_objective_name(wd_latent_objective measure) {
  static const wd_metric metric[WD_OBJECTIVES] = {WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2,
                                                  WD_METRIC_LOG_NORM_MSE};
  return (unsigned)measure < WD_OBJECTIVES ? wd_metric_get_info(metric[measure])->key : NULL;
}

static size_t map_cells(const wd_latent_residual *r) {
  return (size_t)r->survey->nz * (size_t)r->survey->nx;
}
static size_t coded_count(const wd_latent_residual *r) {
  return (size_t)r->survey->shots * (size_t)wd_codec_instants(wd_model_codec(r->model)) *
         (size_t)r->survey->receivers;
}

static wd_status allocate(wd_latent_residual *r, wd_error *err) {
  const wd_survey *s = r->survey;
  size_t n = (size_t)r->n, samples = (size_t)s->shots * (size_t)s->samples * (size_t)s->receivers;
  r->map = wd_calloc(n, sizeof *r->map);
  r->top_map = wd_calloc(n, sizeof *r->top_map);
  r->gather = wd_calloc(n, sizeof *r->gather);
  r->denominator = wd_calloc(n, sizeof *r->denominator);
  r->now = wd_calloc(n, sizeof *r->now);
  r->velocity = wd_calloc(n * map_cells(r), sizeof *r->velocity);
  r->d_velocity = wd_calloc(n * map_cells(r), sizeof *r->d_velocity);
  r->coded = wd_calloc(n * coded_count(r), sizeof *r->coded);
  r->d_coded = wd_calloc(n * coded_count(r), sizeof *r->d_coded);
  r->d_seismic = wd_calloc(samples, sizeof *r->d_seismic);
  if (!r->map || !r->top_map || !r->gather || !r->denominator || !r->now || !r->velocity || !r->d_velocity ||
      !r->coded || !r->d_coded || !r->d_seismic)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the residual of %d latents", r->n);
  for (size_t i = 0; i < n; i++) {
    r->map[i] = (wd_map){s->nz, s->nx, s->spacing, r->velocity + i * map_cells(r)};
    wd_status st = wd_gather_create(s->shots, s->samples, s->receivers, s->dt, &r->gather[i], err);
    if (st) return st;
  }
  return WD_OK;
}

wd_status wd_latent_residual_create(wd_model *model, int n, const wd_latent_residual_desc *desc,
                                    wd_latent_residual **out, wd_error *err) {
  if (n < 1 || n > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT, "the residual of %d latents at once; 1 to 4096 are possible", n);
  if (desc && (unsigned)desc->measure >= WD_OBJECTIVES)
    return wd_fail(err, WD_ERR_ARGUMENT, "no such measure of the residual: %d", (int)desc->measure);
  wd_latent_residual *r = wd_calloc(1, sizeof *r);
  if (!r) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the residual of latents");
  *r = (wd_latent_residual){.model = model, .n = n};
  if (desc) r->desc = *desc;
  wd_coder_desc coder = {.batch = n, .precision = r->desc.precision, .gradient = true};
  wd_status st = wd_model_survey(model, &r->survey, err);
  if (!st) st = allocate(r, err);
  if (!st) st = wd_decoder_create(model, &coder, &r->decoder, err);
  if (st) {
    wd_latent_residual_destroy(r);
    return st;
  }
  *out = r;
  return WD_OK;
}

void wd_latent_residual_destroy(wd_latent_residual *r) {
  if (!r) return;
  wd_wave_destroy(r->full);
  wd_wave_destroy(r->top);
  wd_decoder_destroy(r->decoder);
  for (int i = 0; r->top_map && i < r->n; i++) wd_map_clear(&r->top_map[i]);
  for (int i = 0; r->gather && i < r->n; i++) wd_gather_clear(&r->gather[i]);
  wd_free(r->map);
  wd_free(r->top_map);
  wd_free(r->gather);
  wd_free(r->denominator);
  wd_free(r->now);
  wd_free(r->velocity);
  wd_free(r->d_velocity);
  wd_free(r->coded);
  wd_free(r->d_coded);
  wd_free(r->d_seismic);
  wd_survey_destroy(r->survey);
  wd_free(r);
}

static wd_status propagate(wd_latent_residual *r, wd_wave **wave, const wd_map *map, const wd_hooks *hooks,
                           wd_error *err) {
  wd_status st;
  if (*wave) {
    st = wd_wave_set_velocity(*wave, map, err);
  } else {
    wd_wave_desc desc = r->desc.wave;
    desc.maps = r->n;
    st = wd_wave_create(wd_model_device(r->model), r->survey, &desc, map, wave, err);
  }
  return st ? st : wd_wave_run(*wave, hooks, err);
}

static double denominator_of(wd_latent_objective which, const wd_measure *m) {
  switch (which) {
  case WD_OBJECTIVE_REFLECTION: return m->norm_reflection;
  case WD_OBJECTIVE_RELATIVE_L2: return m->norm_b;
  case WD_OBJECTIVE_LOG_NORM_MSE:
  case WD_OBJECTIVES: break;
  }
  return 1;
}

static double objective_of(const wd_latent_residual *r, int i, const wd_measure *m) {
  if (r->desc.measure == WD_OBJECTIVE_LOG_NORM_MSE) return m->log_norm_mse;
  return m->norm_difference / (r->frozen ? r->denominator[i] : r->now[i]);
}

wd_status wd_latent_residual_evaluate(wd_latent_residual *r, const float *latents, double *objective,
                                      wd_measure *measure, const wd_hooks *hooks, wd_error *err) {
  r->evaluated = false;
  wd_hooks_part parts[2];
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_status st =
      wd_decoder_run(r->decoder, r->n, latents, r->desc.quantise, r->velocity, r->coded, NULL, &quiet, err);
  for (int i = 0; i < r->n && !st; i++) {
    wd_map_clear(&r->top_map[i]);
    st = wd_map_check_velocity(&r->map[i], "the decoded map", err);
    if (!st) st = wd_reflection_top_map(r->survey, &r->map[i], &r->top_map[i], err);
  }
  if (!st) st = propagate(r, &r->full, r->map, wd_hooks_part_of(&parts[0], hooks, 0.1, 0.45), err);
  if (!st) st = propagate(r, &r->top, r->top_map, wd_hooks_part_of(&parts[1], hooks, 0.55, 0.45), err);
  wd_measure *made = wd_calloc((size_t)r->n, sizeof *made);
  if (!st && !made) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d measures", r->n);
  for (int i = 0; i < r->n && !st; i++) {
    wd_comparison c;
    st = wd_codec_decode(wd_model_codec(r->model), r->coded + (size_t)i * coded_count(r), &r->gather[i], err);
    if (!st)
      st = wd_compare(&r->gather[i], wd_wave_gather(r->full, i), wd_wave_gather(r->top, i), NULL, &c, err);
    if (st) break;
    made[i] = c.all;
    wd_comparison_clear(&c);
    if (made[i].not_finite)
      st = wd_fail(err, WD_ERR_DIVERGED, "latent %d: %zu decoded samples are not finite", i,
                   made[i].not_finite);
  }
  if (!st) {
    for (int i = 0; i < r->n; i++) {
      r->now[i] = denominator_of(r->desc.measure, &made[i]);
      objective[i] = objective_of(r, i, &made[i]);
    }
    if (measure) memcpy(measure, made, (size_t)r->n * sizeof *made);
    r->evaluated = true;
  }
  wd_free(made);
  return st;
}

wd_status wd_latent_residual_freeze(wd_latent_residual *r, wd_error *err) {
  if (!r->evaluated)
    return wd_fail(err, WD_ERR_ARGUMENT, "no residual was evaluated whose denominator could hold");
  memcpy(r->denominator, r->now, (size_t)r->n * sizeof *r->now);
  r->frozen = true;
  return WD_OK;
}

double wd_latent_residual_denominator(const wd_latent_residual *r, int i) {
  return r->frozen ? r->denominator[i] : r->now[i];
}
double wd_latent_residual_denominator_now(const wd_latent_residual *r, int i) {
  return r->now[i];
}

/* d/dx of N(x) = sign(x) log1p(|x|) times its gain. */
static double log_slope(double x) {
  return WD_LOG_NORM_GAIN / (1 + fabs(x));
}

/* dJ/ds into r->d_seismic and dJ/dF into r->gather[i], which holds s on entry. */
static void differentiate(wd_latent_residual *r, int i) {
  const wd_gather *b = wd_wave_gather(r->full, i);
  wd_gather *s = &r->gather[i];
  size_t row = (size_t)s->receivers, shot = (size_t)s->samples * row;
  bool log_norm = r->desc.measure == WD_OBJECTIVE_LOG_NORM_MSE;
  double dd = 0;
  for (size_t k = 0; k < wd_gather_count(s); k++) {
    if (k % shot >= shot - row) continue;
    double d = (double)s->value[k] - (double)b->value[k];
    dd += d * d;
  }
  double norm = sqrt(dd), compared = (double)(wd_gather_count(s) - (size_t)s->shots * row);
  double scale = norm > 0 ? 1 / (norm * wd_latent_residual_denominator(r, i)) : 0;
  for (size_t k = 0; k < wd_gather_count(s); k++) {
    double x = (double)s->value[k], y = (double)b->value[k], ds = 0, db = 0;
    if (k % shot < shot - row) {
      if (log_norm) {
        double d = 2 / compared * (wd_seismic_log_norm(x) - wd_seismic_log_norm(y));
        ds = d * log_slope(x);
        db = -d * log_slope(y);
      } else {
        ds = scale * (x - y);
        db = -ds;
      }
    }
    r->d_seismic[k] = (float)ds;
    s->value[k] = (float)db;
  }
}

/* (C^-1)^T: N / K times the codec's forward transform, shot by shot. */
static void codec_adjoint(const wd_latent_residual *r, float *out) {
  const wd_survey *s = r->survey;
  const wd_codec *codec = wd_model_codec(r->model);
  int instants = wd_codec_instants(codec);
  size_t in_shot = (size_t)s->samples * (size_t)s->receivers,
         out_shot = (size_t)instants * (size_t)s->receivers;
  for (int k = 0; k < s->shots; k++)
    wd_codec_forward(codec, r->d_seismic + (size_t)k * in_shot, s->receivers, out + (size_t)k * out_shot);
  float scale = (float)((double)s->samples / (double)instants);
  for (size_t k = 0; k < out_shot * (size_t)s->shots; k++) out[k] *= scale;
}

/* The one slowest cell, or -1 when several tie (there the least velocity has a kink). */
static int slowest(const wd_map *map) {
  int at = 0, count = 0;
  for (int k = 0; k < map->nz * map->nx; k++) {
    if (map->value[k] < map->value[at]) {
      at = k;
      count = 1;
    } else if (map->value[k] <= map->value[at]) {
      count++;
    }
  }
  return count == 1 ? at : -1;
}

wd_status wd_latent_residual_gradient(wd_latent_residual *r, float *d_latents, const wd_hooks *hooks,
                                      wd_error *err) {
  if (!r->evaluated)
    return wd_fail(err, WD_ERR_ARGUMENT, "no residual was evaluated that could be differentiated");
  size_t n = (size_t)r->n;
  wd_map *slope = wd_calloc(n, sizeof *slope);
  double *vmin = wd_calloc(n, sizeof *vmin);
  if (!slope || !vmin) {
    wd_free(slope);
    wd_free(vmin);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d gradients", r->n);
  }
  r->evaluated = false; /* r->gather is used up */
  for (int i = 0; i < r->n; i++) {
    differentiate(r, i);
    codec_adjoint(r, r->d_coded + (size_t)i * coded_count(r));
  }
  wd_hooks_part adjoint;
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_status st =
      wd_wave_gradient(r->full, r->gather, slope, vmin, wd_hooks_part_of(&adjoint, hooks, 0, 0.9), err);
  for (int i = 0; i < r->n && !st; i++) {
    float *dv = r->d_velocity + (size_t)i * map_cells(r);
    memcpy(dv, slope[i].value, map_cells(r) * sizeof *dv);
    int at = slowest(&r->map[i]);
    if (at >= 0) dv[at] += (float)vmin[i];
    wd_map_clear(&slope[i]);
  }
  if (!st) st = wd_decoder_gradient(r->decoder, r->n, r->d_velocity, r->d_coded, d_latents, &quiet, err);
  wd_free(slope);
  wd_free(vmin);
  return st;
}

const float *wd_latent_residual_velocity(const wd_latent_residual *r) {
  return r->velocity;
}
const float *wd_latent_residual_coded(const wd_latent_residual *r) {
  return r->coded;
}
const wd_gather *wd_latent_residual_simulated(const wd_latent_residual *r, int i) {
  return r->full ? wd_wave_gather(r->full, i) : NULL;
}
