/* An evaluation as one JSON object: evaluation.json. */
#include "model/evaluate_impl.h"

#include "model/evaluate_statistics.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/scale.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double fixed_tolerance[] = {0.1, 0.3, 0.5};
enum { TOLERANCES = 3, CURVE = 61 };

static json_t *real(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

/* ---- choices of pairs */

/* The pairs that a part of the report is about: all, or those of one family. */
typedef struct choice {
  const wd_evaluation *e;
  const int *family; /* of each pair; NULL: all have none */
  int wanted;        /* -1: all */
} choice;

static bool chosen(const choice *c, int i) {
  return c->wanted < 0 || (c->family && c->family[i] == c->wanted);
}

/* The chosen of count measures; *n is 0 when there is no memory or no measure. Freed by the caller. */
static wd_measure *choose(const choice *c, const wd_measure *all, size_t *n) {
  int count = c->e->result.count;
  wd_measure *of = wd_calloc((size_t)count, sizeof *of);
  *n = 0;
  for (int i = 0; of && all && i < count; i++)
    if (chosen(c, i)) of[(*n)++] = all[i];
  return of;
}

static double mean(const choice *c, const void *values, size_t stride) {
  double sum = 0;
  int n = 0;
  if (!values) return NAN;
  for (int i = 0; i < c->e->result.count; i++) {
    double x;
    if (!chosen(c, i)) continue;
    memcpy(&x, (const char *)values + (size_t)i * stride, sizeof x);
    sum += x;
    n++;
  }
  return n ? sum / n : NAN;
}

/* ---- parts */

static json_t *spread(const wd_population *p) {
  return json_pack("{s:o, s:o, s:o, s:I}", "median", real(p->median), "p05", real(p->p05), "p95",
                   real(p->p95), "pairs", (json_int_t)p->pairs);
}

static json_t *spread_of(const wd_measure *m, size_t n, wd_metric metric) {
  wd_population p;
  return n && !wd_population_of(m, n, metric, &p, NULL) ? spread(&p) : json_null();
}

static json_t *spread_of_values(const double *value, size_t n) {
  wd_population p;
  return value && n && !wd_population_of_values(value, n, &p, NULL) ? spread(&p) : json_null();
}

/* Figures of measures that stand under a name of their own in the file; the app reads them by these. */
static const struct {
  const char *key;
  wd_metric metric;
} others[] = {{"residual_mae", WD_METRIC_MAE},
              {"residual_max_abs", WD_METRIC_MAX_ABS},
              {"residual_correlation", WD_METRIC_CORRELATION},
              {"residual_coherence", WD_METRIC_COHERENCE},
              {"residual_envelope_misfit", WD_METRIC_ENVELOPE}};

static void add_others(json_t *out, const wd_measure *m, size_t n) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    json_object_set_new(out, others[i].key, spread_of(m, n, others[i].metric));
}

/* Lag and interior residual of the chosen pairs; family as in a choice. */
static void add_details(json_t *out, const wd_evaluation_details *d, const int *family, int wanted) {
  const double *const value[2] = {d->lag, d->interior};
  static const char *const key[2] = {"mean_abs_lag", "interior_residual"};
  for (int k = 0; k < 2; k++) {
    double *of = wd_calloc((size_t)d->pairs + 1, sizeof *of);
    size_t n = 0;
    for (int i = 0; of && i < d->pairs; i++)
      if (wanted < 0 || !family || family[i] == wanted) of[n++] = value[k][i];
    json_object_set_new(out, key[k], spread_of_values(of, n));
    wd_free(of);
  }
}

/* Every residual of some pairs, and the levels it is read against. */
static json_t *residuals(const wd_measure *m, size_t n) {
  if (!n) return json_null();
  double silence = 0, direct = 0;
  for (size_t i = 0; i < n; i++) {
    silence += m[i].silence_log_norm_mse / (double)n;
    direct += m[i].direct_log_norm_mse / (double)n;
  }
  json_t *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "reflection_residual",
                          spread_of(m, n, WD_METRIC_REFLECTION_RESIDUAL), "residual_relative_l2",
                          spread_of(m, n, WD_METRIC_RELATIVE_L2), "residual_log_norm_mse",
                          spread_of(m, n, WD_METRIC_LOG_NORM_MSE), "reflection_share",
                          spread_of(m, n, WD_METRIC_REFLECTION_SHARE), "nothing_to_reflect",
                          real(wd_share_bland(m, n)), "silence_log_norm_mse", real(silence),
                          "direct_wave_log_norm_mse", real(direct), "pairs", (json_int_t)n);
  if (out) add_others(out, m, n);
  return out;
}

static json_t *stage1(const choice *c, wd_given given) {
  const wd_evaluation_stage1 *s = &c->e->result.stage1[given];
  if (!s->map) return json_null();
  size_t n, stride = sizeof *s->map;
  double velocity = mean(c, &s->map->mae_normalised, stride);
  wd_measure *of = choose(c, s->reconstruction, &n);
  json_t *out =
      json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "velocity_mae", real(velocity), "velocity_mae_m_s",
                real(velocity * WD_VELOCITY_UNIT), "velocity_rmse",
                real(mean(c, &s->map->rmse, stride) / WD_VELOCITY_UNIT), "velocity_ssim",
                real(mean(c, &s->map->ssim, stride)), "seismic_relative_l2",
                real(mean(c, &s->reconstruction->relative_l2, sizeof(wd_measure))), "seismic_log_norm_mse",
                real(mean(c, &s->reconstruction->log_norm_mse, sizeof(wd_measure))),
                "reconstruction_reflection", spread_of(of, n, WD_METRIC_REFLECTION_RESIDUAL));
  wd_free(of);
  of = choose(c, s->residual, &n);
  json_object_update_new(out, residuals(of, n));
  if (given == WD_GIVEN_BOTH) add_details(out, &c->e->result.real_details, c->family, c->wanted);
  wd_free(of);
  return out;
}

typedef struct named_population {
  const char *name;
  const wd_measure *all;
  const int *family; /* NULL: these have none, and every family's tolerance is held against all of them */
  const wd_evaluation_details *details; /* NULL: none */
} named_population;

enum { POPULATIONS = 4 };

static void populations(const wd_evaluation *e, named_population out[POPULATIONS]) {
  const wd_evaluation_result *r = &e->result;
  out[0] = (named_population){"real", r->stage1[WD_GIVEN_BOTH].residual, r->family, &r->real_details};
  out[1] = (named_population){"generated", r->generated, r->generated_family, &r->generated_details};
  out[2] = (named_population){"gaussian", r->gaussian, NULL, &r->gaussian_details};
  out[3] = (named_population){"random_codes", r->random_codes, NULL, NULL};
}

static wd_measure *choose_population(const wd_evaluation *e, const named_population *p, int family,
                                     size_t *n) {
  choice c = {e, p->family, p->family ? family : -1};
  return choose(&c, p->all, n);
}

static json_t *within(const wd_evaluation *e, int family, double epsilon) {
  named_population all[POPULATIONS];
  populations(e, all);
  json_t *out = json_object();
  for (int i = 0; i < POPULATIONS; i++) {
    size_t n;
    wd_measure *of = choose_population(e, &all[i], family, &n);
    json_object_set_new(out, all[i].name, real(wd_share_within(of, n, epsilon)));
    wd_free(of);
  }
  return out;
}

static json_t *codebook(const choice *c) {
  const wd_evaluation *e = c->e;
  const wd_stage1_config *s = &wd_model_get_config(e->model)->stage1;
  size_t each = (size_t)e->latent.codes, n = 0;
  if (!e->result.codes) return json_null();
  int32_t *index = wd_calloc((size_t)e->result.count * each, sizeof *index);
  for (int i = 0; index && i < e->result.count; i++)
    for (size_t k = 0; k < each && chosen(c, i); k++) {
      int second = s->two_codebooks && k >= each / 2; /* numbered after those of the first */
      index[n++] = e->result.codes[(size_t)i * each + k] + second * (s->codes / 2);
    }
  double used = NAN, perplexity = NAN;
  if (index) wd_codebook_use(index, n, s->codes, &used, &perplexity, NULL);
  wd_free(index);
  return json_pack("{s:i, s:o, s:o, s:I}", "codes", s->codes, "used_fraction", real(used), "perplexity",
                   real(perplexity), "cells", (json_int_t)n);
}

/* What stands at the top for all pairs, and under families.<name> for those of one. */
static void common(const wd_evaluation *e, int family, json_t *out) {
  const wd_evaluation_result *r = &e->result;
  choice c = {e, r->family, family}, generated = {e, r->generated_family, family};
  double epsilon = wd_evaluation_epsilon(e, family);
  json_object_set_new(out, "codec",
                      json_pack("{s:o, s:o}", "relative_l2", real(mean(&c, r->codec, sizeof(double))),
                                "reflection_residual", real(mean(&c, r->codec_reflections, sizeof(double)))));
  json_t *given = json_object();
  for (int g = 0; g < WD_GIVEN_COUNT; g++)
    json_object_set_new(given, wd_given_name((wd_given)g), stage1(&c, (wd_given)g));
  json_object_set_new(out, "stage1", given);
  size_t n;
  wd_measure *of = choose(&generated, r->generated, &n);
  json_t *values = residuals(of, n);
  if (json_is_null(values)) /* the keys stand, so that readers need not ask twice */
    values =
        json_pack("{s:n, s:n, s:n}", "reflection_residual", "residual_relative_l2", "residual_log_norm_mse");
  else
    add_details(values, &r->generated_details, r->generated_family, family);
  json_object_set_new(out, "generated", values);
  wd_free(of);
  json_object_set_new(out, "epsilon", real(epsilon));
  json_object_set_new(out, "within_epsilon", within(e, family, epsilon));
  json_t *fixed = json_object();
  for (int i = 0; i < TOLERANCES; i++) {
    char name[16];
    snprintf(name, sizeof name, "%.1f", fixed_tolerance[i]);
    json_object_set_new(fixed, name, within(e, family, fixed_tolerance[i]));
  }
  json_object_set_new(out, "within", fixed);
  json_object_set_new(out, "codebook", codebook(&c));
}

static json_t *validity(const wd_evaluation *e) {
  named_population all[POPULATIONS];
  double epsilon[CURVE], share[CURVE];
  json_t *out = json_object(), *axis = json_array();
  populations(e, all);
  for (int i = 0; i < POPULATIONS; i++) {
    if (!all[i].all) {
      json_object_set_new(out, all[i].name, json_null());
      continue;
    }
    wd_validity_curve(all[i].all, (size_t)e->result.count, 0.01, 10, CURVE, epsilon, share);
    json_t *curve = json_array();
    for (int k = 0; k < CURVE; k++) json_array_append_new(curve, real(share[k]));
    json_object_set_new(out, all[i].name, curve);
  }
  for (int k = 0; k < CURVE && e->result.family; k++) json_array_append_new(axis, real(epsilon[k]));
  json_object_set_new(out, "epsilon", axis);
  return out;
}

static json_t *convergence(const wd_evaluation *e) {
  const wd_evaluation_result *r = &e->result;
  if (!r->steps) return json_null();
  json_t *curve[2] = {json_array(), json_array()};
  for (int which = 0; which < 2; which++)
    for (int k = 0; k <= r->steps; k++) {
      /* At the end both are the data. */
      const wd_measure *m = k == r->steps
                                ? r->generated
                                : (which ? r->noised : r->estimate) + (size_t)k * (size_t)r->trajectories;
      json_t *row = residuals(m, (size_t)r->trajectories);
      json_object_set_new(row, "step", json_integer(k));
      json_object_set_new(row, "timestep", json_integer(r->level[k].timestep));
      json_object_set_new(row, "log_snr", real(r->level[k].log_snr));
      json_array_append_new(curve[which], row);
    }
  const wd_sampler_plan *p = &e->desc.plan;
  return json_pack("{s:s, s:i, s:o, s:o, s:i, s:o, s:o}", "sampler", wd_sampler_name(p->kind), "steps",
                   r->steps, "eta", real(p->eta), "guidance", real(p->guidance), "seeds", r->trajectories,
                   "x0", curve[0], "xt", curve[1]);
}

/* Residuals of refined latents by step, and how many of them fell to half. */
static json_t *refinement(const wd_evaluation *e) {
  const wd_evaluation_result *r = &e->result;
  size_t n = (size_t)r->refined, halved = 0;
  if (!r->refinement) return json_null();
  json_t *steps = json_array();
  for (int k = 0; k <= r->refine_steps; k++) {
    json_t *row = residuals(r->refinement + (size_t)k * n, n);
    json_object_set_new(row, "step", json_integer(k));
    json_array_append_new(steps, row);
  }
  const wd_measure *last = r->refinement + (size_t)r->refine_steps * n;
  for (size_t i = 0; i < n; i++)
    halved += last[i].reflection_residual <= 0.5 * r->refinement[i].reflection_residual;
  wd_population before = {.median = NAN}, after = {.median = NAN};
  wd_population_of(r->refinement, n, WD_METRIC_REFLECTION_RESIDUAL, &before, NULL);
  wd_population_of(last, n, WD_METRIC_REFLECTION_RESIDUAL, &after, NULL);
  return json_pack(
      "{s:s, s:i, s:o, s:o, s:o, s:o}", "rule",
      "gradient steps of the reflection residual in latent space, refine.h's own rate, decoded by "
      "nearest codes",
      "latents", (int)n, "before", real(before.median), "after", real(after.median), "halved",
      real((double)halved / (double)n), "steps", steps);
}

/* The seeds of the training maps looked through, and how many of each. */
static json_t *training(const wd_evaluation_distances *d) {
  json_t *list = json_array();
  for (int k = 0; k < d->training_seeds; k++)
    json_array_append_new(list, json_pack("{s:I, s:I}", "seed", (json_int_t)d->training_seed[k], "maps",
                                          (json_int_t)d->training_share[k]));
  return list;
}

static json_t *generation(const wd_evaluation *e) {
  const wd_evaluation_distances *d = &e->distances;
  const wd_evaluation_result *r = &e->result;
  size_t n = (size_t)r->count;
  wd_population share = {.median = NAN}, shares = {.median = NAN}, real_near = {.p05 = NAN};
  if (r->generated) wd_population_of(r->generated, n, WD_METRIC_REFLECTION_SHARE, &share, NULL);
  if (r->share) wd_population_of_values(r->share, n, &shares, NULL);
  if (d->nearest_real) wd_population_of_values(d->nearest_real, n, &real_near, NULL);
  double near = 0;
  for (size_t i = 0; d->nearest_generated && i < n; i++) near += d->nearest_generated[i] < real_near.p05;
  char space[240];
  snprintf(
      space, sizeof space,
      "our own encoder, from the map alone and from the gathers alone: scaled latents averaged over %d x %d "
      "parts, %d numbers; comparable within one model and one number of pairs only",
      WD_EVALUATE_POOL, WD_EVALUATE_POOL, e->features);
  json_t *distance = json_pack("{s:s, s:i, s:{s:o, s:o}, s:{s:o, s:o}}", "space", space, "pairs", (int)n,
                               "velocity", "generated", real(d->frechet_velocity), "other_real",
                               real(d->frechet_velocity_real), "seismic", "generated",
                               real(d->frechet_seismic), "other_real", real(d->frechet_seismic_real));
  bool sampled = r->generated != NULL;
  json_t *nearest = json_pack(
      "{s:I, s:o, s:s, s:o, s:o, s:o}", "training_maps", (json_int_t)d->training_maps, "seeds", training(d),
      "seed_from",
      d->training_known ? "the model's own record" : "no record in the model: seed 1 of our families", "real",
      spread_of_values(d->nearest_real, n), "generated",
      sampled ? spread_of_values(d->nearest_generated, n) : json_null(), "generated_under_real_p05",
      real(sampled && d->nearest_real ? near / (double)n : NAN));
  return json_pack("{s:o, s:{s:o, s:o, s:o}, s:o, s:{s:o, s:o, s:o}}", "frechet", distance, "diversity",
                   "real", real(d->pairwise_real), "generated", real(d->pairwise_generated), "ratio",
                   real(d->pairwise_generated / d->pairwise_real), "nearest_training_map", nearest,
                   "reflection_share", "real", real(shares.median), "generated", real(share.median), "ratio",
                   real(share.median / shares.median));
}

static json_t *mirror(const wd_evaluation *e) {
  const wd_evaluation_mirror *m = &e->mirror;
  size_t n = (size_t)m->pairs;
  if (!n) return json_null();
  double own = 0, truth = 0, turned = 0, seismic = 0, straight_seismic = 0;
  const wd_evaluation_stage1 *s = &e->result.stage1[WD_GIVEN_BOTH];
  for (size_t i = 0; i < n; i++) {
    own += m->velocity[i] / (double)n;
    turned += m->velocity_true[i] / (double)n;
    seismic += m->seismic[i] / (double)n;
    truth += s->map[i].mae_normalised / (double)n;
    straight_seismic += s->reconstruction[i].relative_l2 / (double)n;
  }
  return json_pack("{s:I, s:o, s:{s:o, s:o}, s:{s:o, s:o}}", "pairs", (json_int_t)n, "velocity_difference",
                   real(own), "velocity_mae", "mirrored", real(turned), "as_given", real(truth),
                   "seismic_relative_l2", "mirrored", real(seismic), "as_given", real(straight_seismic));
}

static json_t *cost(const wd_evaluation *e) {
  const wd_evaluation_cost *c = &e->cost;
  const wd_evaluation_result *r = &e->result;
  double rate = r->generated && c->sampling > 0 ? r->count / c->sampling : NAN;
  json_t *seconds = json_object();
  for (int p = 0; p < WD_EVALUATION_PHASES; p++)
    json_object_set_new(seconds, wd_evaluation_info(e, (wd_evaluation_phase)p).name, real(r->seconds[p]));
  return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "encode_ms", real(1e3 * c->encode),
                   "decode_ms", real(1e3 * c->decode), "denoising_step_ms", real(1e3 * c->denoise),
                   "simulation_ms", real(1e3 * c->simulate), "batch", e->desc.batch, "samples_per_second",
                   real(rate), "peak_memory_bytes", real(c->memory), "seconds", seconds);
}

static const char *precision_name(wd_precision p) {
  return p == WD_PRECISION_BF16 ? "bf16" : p == WD_PRECISION_TF32 ? "tf32" : "float32";
}

struct json_t *wd_evaluation_report(const wd_evaluation *e) {
  const wd_device_info *d = wd_device_get_info(wd_model_device(e->model));
  const wd_evaluation_result *r = &e->result;
  const char *mode = wd_wave_mode_name(e->desc.mode);
  json_t *out = json_pack(
      "{s:{s:s, s:s, s:b}, s:s, s:s, s:s, s:s, s:i, s:I, s:I}", "model", "name", wd_model_name(e->model),
      "identity", wd_model_identity(e->model), "stage2", (int)(e->denoiser != NULL), "device", d->spec,
      "device_name", d->name, "precision", precision_name(e->desc.precision), "mode", mode, "count",
      e->desc.count, "test_seed", (json_int_t)WD_FAMILY_TEST_SEED, "latent_seed", (json_int_t)e->desc.seed);
  if (!out) return NULL;
  json_object_set_new(
      out, "definitions",
      json_pack(
          "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "test_pairs",
          "maps of the test split, families in turn, simulated in exact mode; our own families, not "
          "OpenFWI's "
          "files",
          "reflection_residual",
          "||s - F(v)|| / ||F(v) - F(v_top)||, s and v decoded from one latent, F in the mode above; pairs "
          "with "
          "nothing to reflect are left out of percentiles and count as not within any tolerance",
          "reconstruction_reflection", "||s - S|| / ||S - F(V_top)|| with S and V the true gathers and map",
          "epsilon", "95th percentile of reflection_residual over real pairs through stage 1, both given",
          "residual_coherence",
          "1 - the share of F(v)'s energy that no filter common to the traces of a shot makes of s",
          "residual_envelope_misfit",
          "||E(s) - E(F(v))|| / ||E(F(v))||, E the envelopes by the Hilbert transform", "mean_abs_lag",
          "mean |lag| of whole traces at their best correlation, ms; of the first pairs of a population",
          "interior_residual",
          "force at the receivers that makes s true in v, over that of F(v_top); of the first pairs",
          "velocity_mae", "in the scale (v - 1500) / 1500 - 1: 1500 times it is m/s; means over test pairs"));
  common(e, -1, out);
  json_t *floor =
      json_pack("{s:o, s:s}", "reflection_residual", spread_of_values(e->floor, (size_t)e->floors), "mode",
                "exact against fast on a grid three times finer");
  const size_t floors = e->floor_measure ? (size_t)e->floors : 0;
  json_object_set_new(floor, "residual_relative_l2",
                      spread_of(e->floor_measure, floors, WD_METRIC_RELATIVE_L2));
  json_object_set_new(floor, "residual_log_norm_mse",
                      spread_of(e->floor_measure, floors, WD_METRIC_LOG_NORM_MSE));
  add_others(floor, e->floor_measure, floors);
  add_details(floor, &e->floor_details, NULL, -1);
  json_object_set_new(out, "discretization_floor", floor);
  named_population all[POPULATIONS];
  populations(e, all);
  json_t *summary = json_object();
  for (int i = 0; i < POPULATIONS; i++) {
    json_t *of = residuals(all[i].all, all[i].all ? (size_t)r->count : 0);
    if (json_is_object(of) && all[i].details) add_details(of, all[i].details, NULL, -1);
    json_object_set_new(summary, all[i].name, of);
  }
  json_object_set_new(out, "populations", summary);
  json_object_set_new(out, "validity", validity(e));
  json_object_set_new(out, "convergence", convergence(e));
  json_object_set_new(out, "refinement", refinement(e));
  json_object_set_new(out, "generation", generation(e));
  json_object_set_new(out, "mirror", mirror(e));
  json_object_set_new(out, "cost", cost(e));
  json_t *families = json_object();
  for (int f = 0; f < WD_FAMILIES && r->family; f++) {
    json_t *one = json_object();
    common(e, f, one);
    json_object_set_new(families, wd_family_name((wd_family)f), one);
  }
  json_object_set_new(out, "families", families);
  return out;
}
