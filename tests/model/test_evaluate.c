/* The statistics of an evaluation against closed forms, and a whole evaluation of a small model of random
 * weights against its parts. */
#include "model/evaluate.h"
#include "model/evaluate_statistics.h"
#include "model/frechet.h"
#include "model/latent_residual.h"
#include "solver/family.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <jansson.h>
#include <stdlib.h>

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

/* ---- statistics */

static void frechet(void) {
  enum { D = 7 };
  wd_error err = {0};
  /* Diagonal covariances: d^2 = sum (m1 - m2)^2 + (s1 - s2)^2. */
  double ma[D], mb[D], ca[D * D] = {0}, cb[D * D] = {0}, expected = 0, d = NAN;
  for (int i = 0; i < D; i++) {
    double sa = 0.5 + i, sb = 3.0 - 0.3 * i;
    ma[i] = i;
    mb[i] = 0.1 * i * i;
    ca[i * D + i] = sa * sa;
    cb[i * D + i] = sb * sb;
    expected += (ma[i] - mb[i]) * (ma[i] - mb[i]) + (sa - sb) * (sa - sb);
  }
  wd_gaussian a = {D, ma, ca}, b = {D, mb, cb};
  stop_on(wd_frechet_distance(&a, &b, &d, &err), &err, "frechet");
  tap_at_most(fabs(d - expected) / expected, 1e-12, "Frechet distance of diagonal Gaussians");

  /* C2 = k^2 C1, any C1: d^2 = (1 - k)^2 tr C1, with the same mean. */
  double m[D * D], c[D * D], scaled[D * D], trace = 0;
  float normal[D * D];
  wd_random_normals(5, 0, 0, D * D, normal);
  for (int i = 0; i < D * D; i++) m[i] = (double)normal[i];
  for (int i = 0; i < D; i++)
    for (int j = 0; j < D; j++) {
      double sum = 0;
      for (int k = 0; k < D; k++) sum += m[i * D + k] * m[j * D + k];
      c[i * D + j] = sum;
      scaled[i * D + j] = 9 * sum;
      if (i == j) trace += sum;
    }
  a = (wd_gaussian){D, ma, c};
  b = (wd_gaussian){D, ma, scaled};
  stop_on(wd_frechet_distance(&a, &b, &d, &err), &err, "frechet");
  tap_at_most(fabs(d - 4 * trace) / (4 * trace), 1e-10, "Frechet distance of scaled covariances");
  stop_on(wd_frechet_distance(&a, &a, &d, &err), &err, "frechet");
  tap_at_most(d / trace, 1e-7, "Frechet distance of a Gaussian to itself");

  double values[D], vectors[D * D], used[D * D], worst = 0;
  memcpy(used, c, sizeof c);
  stop_on(wd_symmetric_eigen(used, D, values, vectors, &err), &err, "eigen");
  for (int j = 0; j < D; j++)
    for (int i = 0; i < D; i++) {
      double sum = 0;
      for (int k = 0; k < D; k++) sum += c[i * D + k] * vectors[k * D + j];
      worst = fmax(worst, fabs(sum - values[j] * vectors[i * D + j]));
    }
  tap_at_most(worst / trace, 1e-12, "eigenvectors");

  /* Of 60 rows and rank 5: most eigenvalues are nothing but rounding. */
  enum { ROWS = 60, RANK = 5 };
  static float factor[ROWS * RANK];
  static double low[ROWS * ROWS], kept[ROWS * ROWS], v[ROWS * ROWS], l[ROWS];
  double off = 0, total = 0;
  wd_random_normals(6, 0, 0, ROWS * RANK, factor);
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < ROWS; j++)
      for (int k = 0; k < RANK; k++)
        low[i * ROWS + j] += (double)factor[i * RANK + k] * (double)factor[j * RANK + k];
  memcpy(kept, low, sizeof low);
  for (int i = 0; i < ROWS * ROWS; i++) v[i] = NAN;
  for (int i = 0; i < ROWS; i++) l[i] = NAN;
  stop_on(wd_symmetric_eigen(low, ROWS, l, v, &err), &err, "eigen");
  worst = 0;
  for (int j = 0; j < ROWS; j++) {
    total += kept[j * ROWS + j];
    for (int i = 0; i < ROWS; i++) {
      double sum = 0, dot = 0;
      for (int k = 0; k < ROWS; k++) {
        sum += kept[i * ROWS + k] * v[k * ROWS + j];
        dot += v[k * ROWS + i] * v[k * ROWS + j];
      }
      worst = fmax(worst, fabs(sum - l[j] * v[i * ROWS + j]));
      off = fmax(off, fabs(dot - (i == j)));
    }
  }
  tap_at_most(worst / total, 1e-14, "eigenvectors of a matrix of rank 5");
  tap_at_most(off, 1e-13, "they are orthonormal");
  tap_at_most(fabs(l[ROWS - RANK - 1]) / l[ROWS - 1], 1e-14, "the eigenvalues beyond its rank");
  tap_ok(l[ROWS - RANK] > 0.01 * l[ROWS - 1], "and those of its rank: %.3g to %.3g", l[ROWS - RANK],
         l[ROWS - 1]);

  /* Sample mean and covariance of four points by hand. */
  const double points[] = {1, 2, 3, 2, 1, 6, 3, 6};
  wd_gaussian g = {0};
  stop_on(wd_gaussian_fit(points, 4, 2, &g, &err), &err, "fit");
  tap_ok(g.mean[0] == 2 && g.mean[1] == 4 && fabs(g.covariance[0] - 4.0 / 3) < 1e-15 &&
             fabs(g.covariance[1]) < 1e-15 && fabs(g.covariance[3] - 16.0 / 3) < 1e-15,
         "mean and covariance of a sample");
  wd_gaussian_clear(&g);
  double bad[] = {1, NAN, 2, 3};
  tap_ok(wd_gaussian_fit(bad, 2, 2, &g, &err) == WD_ERR_ARGUMENT, "NaN among features: %s", err.message);
  tap_ok(wd_gaussian_fit(points, 1, 2, &g, &err) == WD_ERR_ARGUMENT, "one vector: %s", err.message);
  a.size = 3;
  tap_ok(wd_frechet_distance(&a, &b, &d, &err) == WD_ERR_SHAPE, "other sizes: %s", err.message);

  /* Two samples of one Gaussian: near zero, falling with the number. */
  enum { BIG = 4000 };
  static double sample[2][BIG * D];
  static float draw[BIG * D];
  double far[2];
  for (int n = 0; n < 2; n++) {
    size_t count = n ? BIG : BIG / 10;
    wd_gaussian fit[2];
    for (int s = 0; s < 2; s++) {
      wd_random_normals(9, (uint64_t)s, 0, BIG * D, draw);
      for (int k = 0; k < BIG * D; k++) sample[s][k] = (double)draw[k];
      stop_on(wd_gaussian_fit(sample[s], count, D, &fit[s], &err), &err, "fit");
    }
    stop_on(wd_frechet_distance(&fit[0], &fit[1], &far[n], &err), &err, "frechet");
    for (int s = 0; s < 2; s++) wd_gaussian_clear(&fit[s]);
  }
  tap_ok(far[1] < 0.25 * far[0] && far[1] < 0.02, "two samples of one Gaussian: %.3g of 400, %.3g of 4000",
         far[0], far[1]);
}

static void shares(void) {
  wd_error err = {0};
  wd_measure m[5] = {{.reflection_residual = 0.1},
                     {.reflection_residual = 0.3},
                     {.reflection_residual = 0.01, .nothing_to_reflect = true},
                     {.reflection_residual = NAN},
                     {.reflection_residual = 2}};
  tap_ok(wd_share_within(m, 5, 0.3) == 0.4 && wd_share_within(m, 5, 0.05) == 0 &&
             wd_share_within(m, 5, 10) == 0.6,
         "shares within a tolerance: what is bland or not finite is not within");
  tap_ok(wd_share_bland(m, 5) == 0.2 && isnan(wd_share_within(m, 0, 1)) && isnan(wd_share_within(m, 5, NAN)),
         "bland pairs; no pairs, no tolerance");
  double epsilon[3], share[3];
  wd_validity_curve(m, 5, 0.1, 10, 3, epsilon, share);
  tap_ok(fabs(epsilon[0] - 0.1) < 1e-12 && fabs(epsilon[1] - 1) < 1e-12 && fabs(epsilon[2] - 10) < 1e-12 &&
             share[0] == 0.2 && share[1] == 0.4 && share[2] == 0.6,
         "validity curve");

  float maps[3][10], near[2][10];
  for (int k = 0; k < 10; k++) {
    maps[0][k] = 2000;
    maps[1][k] = 3500;
    maps[2][k] = k % 2 ? 2000 : 3500;
    near[0][k] = 2150;
    near[1][k] = 3500;
  }
  tap_ok(wd_map_distance(maps[0], maps[1], 10) == 1 &&
             fabs(wd_map_distance(maps[0], maps[2], 10) - sqrt(0.5)) < 1e-12,
         "distance of maps: 1500 m/s is 1");
  tap_at_most(fabs(wd_mean_pairwise(maps[0], 3, 10, NULL) - (1 + 2 * sqrt(0.5)) / 3), 1e-12,
              "mean of all pairs");
  tap_ok(isnan(wd_mean_pairwise(maps[0], 1, 10, NULL)), "one map has no pair");
  double nearest[3] = {INFINITY, INFINITY, 0.01};
  size_t which[3] = {100, 100, 100};
  stop_on(wd_nearest(maps[0], 3, near[0], 2, 10, nearest, 7, which, NULL, &err), &err, "nearest");
  tap_ok(fabs(nearest[0] - 0.1) < 1e-7 && nearest[1] == 0 && nearest[2] == 0.01, "nearest neighbours");
  tap_ok(which[0] == 7 && which[1] == 8 && which[2] == 100, "and which they are: %zu %zu %zu", which[0],
         which[1], which[2]);

  int32_t index[] = {0, 3, 3, 0};
  double used = NAN, perplexity = NAN;
  stop_on(wd_codebook_use(index, 4, 8, &used, &perplexity, &err), &err, "codebook");
  tap_ok(used == 0.25 && fabs(perplexity - 2) < 1e-12, "two of eight codes, alike: perplexity 2");
  tap_ok(wd_codebook_use(index, 4, 3, &used, &perplexity, &err) == WD_ERR_ARGUMENT, "a code too large: %s",
         err.message);
}

/* ---- a whole evaluation */

enum { COUNT = 12, STEPS = 2 };

static wd_model *make_model(wd_device *d, bool stage2) {
  wd_error err = {0};
  wd_model_config c = small_model_config();
  c.geometry.nz = c.geometry.nx = c.geometry.receivers = 16;
  c.geometry.samples = 320;
  c.geometry.instants = 64;
  c.geometry.shots = 3;
  wd_model *m = NULL;
  char folder[] = "/tmp/wd-test-evaluate-XXXXXX", path[128];
  stop_on(wd_model_create(d, &c, 3, false, &m, &err), &err, "model");
  stop_on(small_model_draw(m, 4, &err), &err, "weights");
  if (stage2) return m;
  if (!mkdtemp(folder)) exit(1);
  stop_on(wd_model_save(m, WD_STAGE1, folder, &(wd_model_save_desc){0}, &err), &err, "save");
  wd_model_close(m);
  stop_on(wd_model_open(d, folder, false, &m, &err), &err, "open");
  snprintf(path, sizeof path, "%s/stage1.safetensors", folder);
  remove(path);
  remove(folder);
  return m;
}

static json_t *evaluate(wd_model *m, wd_evaluation **keep) {
  wd_error err = {0};
  wd_evaluation *e = NULL;
  wd_evaluate_desc desc = {.count = COUNT,
                           .trajectories = 2,
                           .plan.steps = STEPS,
                           .floor_maps = 1,
                           .training_maps = 50,
                           .refined = 1,
                           .refine_steps = 1,
                           .pictures = true,
                           .batch = 5};
  stop_on(wd_evaluation_create(m, &desc, &e, &err), &err, "evaluation");
  for (int p = 0; p < WD_EVALUATION_PHASES; p++)
    stop_on(wd_evaluation_run(e, (wd_evaluation_phase)p, NULL, &err), &err, "phase");
  json_t *report = wd_evaluation_report(e);
  if (!report) exit(1);
  if (keep)
    *keep = e;
  else
    wd_evaluation_destroy(e);
  return report;
}

static double number(const json_t *at, const char *a, const char *b, const char *c, const char *d) {
  const char *key[] = {a, b, c, d};
  for (int i = 0; i < 4 && key[i]; i++) at = json_object_get(at, key[i]);
  return json_is_number(at) ? json_number_value(at) : NAN;
}

static void whole(void) {
  wd_error err = {0};
  wd_device *d = NULL;
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *m = make_model(d, true);
  wd_evaluation *e = NULL;
  json_t *r = evaluate(m, &e);
  const wd_evaluation_result *result = wd_evaluation_get(e);

  /* The population of N(0, I) latents, one by one, by the residual that refinement descends. */
  wd_latent_residual *lr = NULL;
  wd_latent_residual_desc desc = {.quantise = true};
  stop_on(wd_latent_residual_create(m, 1, &desc, &lr, &err), &err, "latent residual");
  float z[512];
  double worst = 0;
  for (int i = 0; i < COUNT; i++) {
    double objective;
    wd_sampler_noise((uint64_t)i, -1, (size_t)wd_model_latent(m).count, z);
    stop_on(wd_latent_residual_evaluate(lr, z, &objective, NULL, NULL, &err), &err, "evaluate");
    worst = fmax(worst, fabs(objective / result->gaussian[i].reflection_residual - 1));
  }
  tap_at_most(worst, 1e-4, "r_R of arbitrary latents, one by one");

  /* Stage 1 by hand: pair 3, from its gathers alone. */
  wd_survey *s = NULL;
  wd_residual *truth = NULL;
  wd_encoder *encoder = NULL;
  wd_decoder *decoder = NULL;
  wd_map map = {0};
  static float coded[3 * 64 * 16], out[256], all[3 * 320 * 16];
  const float *given = coded;
  wd_gather gather = {3, 320, 16, 0.001, all};
  stop_on(wd_model_survey(m, &s, &err), &err, "survey");
  stop_on(wd_residual_create(d, s, NULL, &truth, &err), &err, "residual");
  stop_on(wd_encoder_create(m, NULL, &encoder, &err), &err, "encoder");
  stop_on(wd_decoder_create(m, NULL, &decoder, &err), &err, "decoder");
  stop_on(wd_family_generate_sized(WD_CURVEVEL_B, WD_FAMILY_TEST_SEED, wd_family_test_index(0), 16, 16, 10,
                                   &map, &err),
          &err, "map");
  tap_ok(!memcmp(map.value, result->velocity + 3 * 256, 256 * sizeof(float)) &&
             result->family[3] == WD_CURVEVEL_B && result->family[10] == WD_FLATVEL_A,
         "pair 3 is the first CurveVel-B map of the test split");
  stop_on(wd_residual_simulate(truth, 1, map.value, NULL, &err), &err, "simulate");
  const wd_gather *full = wd_residual_full(truth, 0), *top = wd_residual_top(truth, 0);
  double apart = 0;
  for (int k = 0; k < 320 * 16; k++) /* the middle shot of three */
    apart = fmax(apart, fabs((double)(full->value[320 * 16 + k] - top->value[320 * 16 + k] -
                                      result->true_reflections[3 * 320 * 16 + k])));
  tap_ok(result->kept == COUNT && apart == 0, "its reflections are kept for pictures, to the bit");
  tap_at_most(fabs(result->refinement[0].reflection_residual / result->generated[0].reflection_residual - 1),
              1e-4, "refinement starts at the generated latent");
  tap_ok(result->refined == 1 && result->refine_steps == 1 &&
             result->refinement[1].reflection_residual != result->refinement[0].reflection_residual,
         "and leaves it");
  stop_on(wd_codec_encode(wd_model_codec(m), wd_residual_full(truth, 0), coded, &err), &err, "code");
  stop_on(wd_encoder_run(encoder, 1, NULL, &given, z, NULL, NULL, &err), &err, "encode");
  stop_on(wd_decoder_run(decoder, 1, z, true, out, coded, NULL, NULL, &err), &err, "decode");
  stop_on(wd_codec_decode(wd_model_codec(m), coded, &gather, &err), &err, "decode");
  double mae = 0;
  for (int k = 0; k < 256; k++) mae += fabs((double)out[k] - (double)map.value[k]) / 1500 / 256;
  wd_comparison c;
  stop_on(wd_residual_compare(truth, 0, &gather, NULL, &c, &err), &err, "compare");
  const wd_evaluation_stage1 *alone = &result->stage1[WD_GIVEN_SEISMIC];
  tap_at_most(fabs(alone->map[3].mae_normalised / mae - 1), 1e-5, "velocity MAE from gathers alone, by hand");
  tap_at_most(fabs(alone->reconstruction[3].reflection_residual / c.all.reflection_residual - 1), 1e-5,
              "reconstruction against the truth, by hand");
  wd_comparison_clear(&c);
  stop_on(wd_residual_simulate(truth, 1, out, NULL, &err), &err, "simulate");
  stop_on(wd_residual_compare(truth, 0, &gather, NULL, &c, &err), &err, "compare");
  tap_at_most(fabs(alone->residual[3].reflection_residual / c.all.reflection_residual - 1), 1e-5,
              "residual of the decoded pair, by hand");
  wd_comparison_clear(&c);
  wd_map_clear(&map);
  wd_residual_destroy(truth);
  wd_encoder_destroy(encoder);
  wd_decoder_destroy(decoder);
  wd_survey_destroy(s);
  wd_latent_residual_destroy(lr);

  /* The report. */
  double mean = 0;
  for (int i = 0; i < COUNT; i++) mean += result->stage1[WD_GIVEN_BOTH].map[i].mae_normalised / COUNT;
  tap_at_most(fabs(number(r, "stage1", "both", "velocity_mae", NULL) - mean), 1e-9, "the report's mean");
  double epsilon = number(r, "epsilon", NULL, NULL, NULL);
  tap_ok(epsilon == wd_evaluation_epsilon(e, -1) &&
             number(r, "stage1", "both", "reflection_residual", "p95") == epsilon,
         "epsilon is the 95th percentile of real pairs: %g", epsilon);
  tap_ok(number(r, "within_epsilon", "generated", NULL, NULL) ==
             wd_share_within(result->generated, COUNT, epsilon),
         "share of generated pairs within epsilon: %g", number(r, "within_epsilon", "generated", NULL, NULL));
  double within = number(r, "within_epsilon", "real", NULL, NULL);
  tap_ok(within >= 0.9 && within <= 1, "share of real pairs within epsilon: %g of %d", within, COUNT);
  const json_t *x0 = json_object_get(json_object_get(r, "convergence"), "x0");
  tap_ok(json_array_size(x0) == STEPS + 1 &&
             number(json_array_get(x0, 0), "timestep", NULL, NULL, NULL) == 99 &&
             number(json_array_get(x0, STEPS), "timestep", NULL, NULL, NULL) == -1,
         "convergence from the last timestep to the data");
  /* Noise at the first step is what arbitrary latents are. */
  tap_at_most(fabs(result->noised[1].reflection_residual / result->gaussian[1].reflection_residual - 1), 1e-5,
              "x_t at step 0 is the arbitrary latent of its seed");
  double floor_value = number(r, "discretization_floor", "reflection_residual", "median", NULL);
  tap_ok(floor_value > 1e-3 && floor_value < 0.3, "discretisation floor: %g", floor_value);
  double own = number(r, "mirror", "velocity_difference", NULL, NULL);
  tap_ok(own > 0 && number(r, "mirror", "seismic_relative_l2", "mirrored", NULL) > 0, "mirrored pairs: %g",
         own);
  tap_ok(json_object_size(json_object_get(r, "families")) == 10, "ten families");
  double of_one = 0.5 * (result->stage1[0].map[0].mae_normalised + result->stage1[0].map[10].mae_normalised);
  const json_t *family = json_object_get(json_object_get(r, "families"), "flatvel-a");
  tap_at_most(fabs(number(family, "stage1", "both", "velocity_mae", NULL) - of_one), 1e-9,
              "a family's own mean");
  wd_evaluation_destroy(e);

  /* Again, without stage 2. */
  wd_model_close(m);
  m = make_model(d, false);
  json_t *less = evaluate(m, NULL);
  tap_ok(json_is_null(json_object_get(json_object_get(less, "generated"), "reflection_residual")) &&
             json_is_null(json_object_get(less, "convergence")) &&
             isnan(number(less, "within_epsilon", "generated", NULL, NULL)) &&
             isnan(number(less, "cost", "denoising_step_ms", NULL, NULL)),
         "without stage 2 what is generated is null");
  tap_ok(json_equal(json_object_get(less, "stage1"), json_object_get(r, "stage1")) &&
             json_equal(json_object_get(less, "populations"), json_object_get(r, "populations")) == 0 &&
             number(less, "epsilon", NULL, NULL, NULL) == epsilon,
         "and the rest, evaluated again, is the same to the last digit");
  json_decref(r);
  json_decref(less);

  atomic_bool cancel = true;
  wd_hooks hooks = {&cancel, NULL, NULL};
  wd_evaluate_desc small = {.count = COUNT, .floor_maps = 1};
  stop_on(wd_evaluation_create(m, &small, &e, &err), &err, "evaluation");
  tap_ok(wd_evaluation_run(e, WD_EVALUATE_COST, NULL, &err) == WD_ERR_ARGUMENT, "phases out of order: %s",
         err.message);
  tap_ok(wd_evaluation_run(e, WD_EVALUATE_PAIRS, &hooks, &err) == WD_CANCELLED, "cancelled: %s", err.message);
  wd_evaluation_destroy(e);
  small.count = 3;
  tap_ok(wd_evaluation_create(m, &small, &e, &err) == WD_ERR_ARGUMENT, "too few pairs: %s", err.message);
  wd_model_close(m);
  wd_device_close(d);
}

int main(void) {
  frechet();
  shares();
  whole();
  return tap_done();
}
