/* solver/metrics.h against numbers worked out by hand, closed forms, and a plain second computation. */
#include "solver/metrics.h"
#include "solver/random.h"
#include "solver/scale.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static wd_gather make(int shots, int samples, int receivers, const float *value) {
  wd_gather g;
  if (wd_gather_create(shots, samples, receivers, 0.001, &g, NULL)) return (wd_gather){0};
  if (value) memcpy(g.value, value, sizeof(float) * wd_gather_count(&g));
  return g;
}

static wd_gather noise(int shots, int samples, int receivers, unsigned seed) {
  wd_gather g = make(shots, samples, receivers, NULL);
  wd_random_normals(seed, 1, 0, wd_gather_count(&g), g.value);
  return g;
}

static wd_comparison compare(const wd_gather *a, const wd_gather *b, const wd_gather *top,
                             wd_compare_desc desc) {
  wd_comparison c;
  memset(&c, 0x5a, sizeof c);
  wd_error err = {0};
  tap_ok(wd_compare(a, b, top, &desc, &c, &err) == WD_OK, "compared%s%s", err.code ? ": " : "", err.message);
  return c;
}

static void off(double value, double expected, const char *what) {
  tap_at_most(fabs(value - expected) / fmax(fabs(expected), 1e-300), 1e-14, what);
}

/* One shot, three samples (the last one wild), two receivers. b - a = (1, 0; 2, -2 | ..), so by hand:
 * ||a-b||^2 = 9, ||b||^2 = 9 + 16 + 0 + 4 = 29 ... */
static void by_hand(void) {
  const float va[] = {2, 4, -2, 0, 1e6f, -7}, vb[] = {3, 4, 0, -2, 1, 5}, vt[] = {3, 2, 0, 1, 9, 9};
  wd_gather a = make(1, 3, 2, va), b = make(1, 3, 2, vb), top = make(1, 3, 2, vt);
  wd_comparison c = compare(&a, &b, &top, (wd_compare_desc){0});
  tap_ok(c.shots == 1 && c.receivers == 2 && c.samples_per_trace == 2, "shapes; the last sample is left out");
  tap_ok(c.all.samples == 4 && c.all.identical == 1 && c.all.not_finite == 0, "counts");
  off(c.all.relative_l2, 3 / sqrt(29), "relative L2 = 3/sqrt(29), relative error");
  off(c.all.mae, 5.0 / 4, "MAE = 5/4, relative error");
  off(c.all.max_abs, 2, "max abs = 2, relative error");
  off(c.all.correlation, (6.0 + 16) / (sqrt(24) * sqrt(29)), "correlation = 22/sqrt(24 29), relative error");
  off(c.all.norm_reflection, sqrt(4 + 9), "||b - top|| = sqrt(13), relative error");
  off(c.all.reflection_residual, 3 / sqrt(13), "r_R = 3/sqrt(13), relative error");
  off(c.all.reflection_share, sqrt(13) / sqrt(29), "share = sqrt(13/29), relative error");
  /* log1p: 2 -> ln 3, 3 -> ln 4, 0 -> 0; squared and scaled */
  double scale = WD_LOG_NORM_GAIN * WD_LOG_NORM_GAIN / 4, l2 = log(2), l3 = log(3), l4 = log(4), l5 = log(5);
  off(c.all.log_norm_mse, scale * ((l4 - l3) * (l4 - l3) + l3 * l3 + l3 * l3),
      "log-norm MSE, relative error");
  off(c.all.silence_log_norm_mse, scale * (l4 * l4 + l5 * l5 + l3 * l3), "silence level, relative error");
  off(c.all.direct_log_norm_mse, scale * ((l5 - l3) * (l5 - l3) + (l3 + l2) * (l3 + l2)),
      "direct-wave level, relative error");
  off(c.trace[0].relative_l2, sqrt(5) / 3, "first trace: sqrt(5)/3, relative error");
  off(c.trace[1].relative_l2, 2 / sqrt(20), "second trace: 2/sqrt(20), relative error");
  tap_ok(isnan(c.trace[0].reflection_residual), "a trace without reflections has no r_R");
  tap_ok(c.trace[0].nothing_to_reflect && !c.trace[1].nothing_to_reflect, "and is marked");
  off(c.trace[1].reflection_residual, 2 / sqrt(13), "second trace r_R: 2/sqrt(13), relative error");
  wd_comparison_clear(&c);

  c = compare(&a, &b, &top, (wd_compare_desc){.all_samples = true});
  tap_ok(c.all.samples == 6 && c.samples_per_trace == 3, "all samples on request");
  off(c.all.max_abs, 999999, "max abs with the last sample, relative error");
  wd_comparison_clear(&c);

  c = compare(&a, &b, NULL, (wd_compare_desc){0});
  tap_ok(isnan(c.all.reflection_residual) && isnan(c.all.reflection_share) && isnan(c.all.norm_reflection) &&
             isnan(c.all.direct_log_norm_mse) && !c.all.nothing_to_reflect,
         "without the top gather there is no r_R");
  off(c.all.relative_l2, 3 / sqrt(29), "but the rest stands, relative error");
  wd_comparison_clear(&c);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&top);
}

/* Parts make the whole: every sum over traces gives its shot, over shots the whole; and each shot equals the
 * comparison of that shot alone. */
static void parts(void) {
  enum { S = 3, N = 50, R = 7 };
  wd_gather a = noise(S, N, R, 1), b = noise(S, N, R, 2), top = noise(S, N, R, 3);
  b.value[5] = a.value[5];
  wd_comparison c = compare(&a, &b, &top, (wd_compare_desc){.spectral = true});
  double dd = 0, log_sum = 0, abs_sum = 0, worst = 0;
  size_t identical = 0;
  for (int s = 0; s < S; s++)
    for (int r = 0; r < R; r++) {
      const wd_measure *m = &c.trace[s * R + r];
      dd += m->norm_difference * m->norm_difference;
      log_sum += m->log_norm_mse / (S * R);
      abs_sum += m->mae / (S * R);
      identical += m->identical;
      worst = fmax(worst, m->max_abs);
    }
  tap_at_most(fabs(sqrt(dd) / c.all.norm_difference - 1), 1e-13, "norms of traces add up, relative error");
  tap_at_most(fabs(log_sum / c.all.log_norm_mse - 1), 1e-13,
              "log-norm MSE of traces averages, relative error");
  tap_at_most(fabs(abs_sum / c.all.mae - 1), 1e-13, "MAE of traces averages, relative error");
  tap_ok(identical == 1 && c.all.identical == 1 && worst == c.all.max_abs, "counts and maxima agree");
  for (int s = 0; s < S; s++) {
    size_t at = (size_t)s * N * R;
    wd_gather sa = a, sb = b, st = top;
    sa.shots = sb.shots = st.shots = 1;
    sa.value += at, sb.value += at, st.value += at;
    wd_comparison one = compare(&sa, &sb, &st, (wd_compare_desc){.spectral = true});
    tap_ok(memcmp(&one.all, &c.shot[s], sizeof one.all) == 0, "shot %d alone measures the same", s);
    wd_comparison_clear(&one);
  }
  wd_measure joined = wd_measure_join(&c.shot[0], &c.shot[1]);
  joined = wd_measure_join(&joined, &c.shot[2]);
  tap_ok(joined.samples == c.all.samples && joined.identical == 1 && joined.max_abs == c.all.max_abs,
         "shots joined: counts and maximum");
  for (int k = 0; k < WD_METRICS; k++)
    tap_at_most(fabs(wd_measure_get(&joined, (wd_metric)k) / wd_measure_get(&c.all, (wd_metric)k) - 1), 1e-11,
                wd_metric_get_info((wd_metric)k)->key);
  wd_measure bad = c.shot[0];
  bad.max_abs = bad.mae = NAN;
  tap_ok(isnan(wd_measure_join(&joined, &bad).max_abs) && isnan(wd_measure_join(&bad, &joined).max_abs) &&
             isnan(wd_measure_join(&joined, &bad).mae),
         "and NaN spreads");
  /* the log-norm of the definition in scale.h, sample by sample */
  double mse = 0;
  for (int s = 0; s < S; s++)
    for (int i = 0; i < (N - 1) * R; i++) {
      double d = wd_seismic_log_norm(a.value[s * N * R + i]) - wd_seismic_log_norm(b.value[s * N * R + i]);
      mse += d * d / (S * (N - 1) * R);
    }
  tap_at_most(fabs(mse / c.all.log_norm_mse - 1), 1e-12,
              "log-norm MSE as scale.h defines it, relative error");
  wd_comparison_clear(&c);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&top);
}

/* The own logarithm over twelve decades, both signs: one sample against zero gives log1p squared. */
static void logarithm(void) {
  double worst = 0;
  for (double x = 1e-7; x < 1e6; x *= 1.013)
    for (int sign = -1; sign <= 1; sign += 2) {
      float va[2] = {(float)(sign * x), 0}, vb[2] = {0, 0};
      wd_gather a = {1, 2, 1, 0.001, va}, b = {1, 2, 1, 0.001, vb};
      wd_comparison c;
      if (wd_compare(&a, &b, NULL, NULL, &c, NULL)) return;
      double t = sqrt(c.all.log_norm_mse) / WD_LOG_NORM_GAIN;
      worst = fmax(worst, fabs(t - log1p((double)(float)x)));
      wd_comparison_clear(&c);
    }
  tap_at_most(worst, 2e-14, "log1p over 13 decades, absolute error");
}

static void identical_and_silent(void) {
  wd_gather a = noise(2, 20, 4, 5), zero = make(2, 20, 4, NULL);
  wd_comparison c = compare(&a, &a, &zero, (wd_compare_desc){0});
  tap_ok(c.all.identical == c.all.samples && c.all.relative_l2 == 0 && c.all.log_norm_mse == 0 &&
             c.all.mae == 0 && c.all.max_abs == 0 && c.all.reflection_residual == 0,
         "a gather against itself: all zero");
  tap_at_most(fabs(c.all.correlation - 1), 1e-14, "and correlation 1, off by");
  wd_comparison_clear(&c);
  c = compare(&zero, &a, &a, (wd_compare_desc){0});
  off(c.all.relative_l2, 1, "silence scores 1 in relative L2, relative error");
  off(c.all.log_norm_mse, c.all.silence_log_norm_mse, "and the silence level in log-norm, relative error");
  tap_ok(isnan(c.all.correlation) && isnan(c.all.reflection_residual) && c.all.nothing_to_reflect,
         "silence has no correlation; b = top leaves nothing to reflect");
  wd_comparison_clear(&c);
  c = compare(&a, &zero, NULL, (wd_compare_desc){0});
  tap_ok(isnan(c.all.relative_l2), "a silent reference has no relative L2");
  wd_comparison_clear(&c);
  /* -0 equals 0 as a number, not in bits */
  zero.value[3] = -0.0f;
  wd_gather plus = make(2, 20, 4, NULL);
  c = compare(&zero, &plus, NULL, (wd_compare_desc){0});
  tap_ok(c.all.identical == c.all.samples - 1 && c.all.max_abs == 0, "-0 is not bit-identical to 0");
  wd_comparison_clear(&c);
  wd_gather_clear(&a);
  wd_gather_clear(&zero);
  wd_gather_clear(&plus);
}

static void calibration(void) {
  enum { S = 2, N = 200, R = 5 };
  wd_gather b = noise(S, N, R, 7), a = noise(S, N, R, 8);
  wd_gather scaled = make(S, N, R, NULL);
  for (size_t i = 0; i < wd_gather_count(&b); i++) scaled.value[i] = -0.25f * b.value[i];
  wd_comparison c = compare(&scaled, &b, NULL, (wd_compare_desc){.calibration = WD_CALIBRATE_GAIN});
  tap_at_most(fabs(c.gain + 4), 1e-14, "a copy scaled by -1/4 gets gain -4, off by");
  tap_at_most(c.all.relative_l2, 1e-14, "and then fits, relative L2");
  tap_at_most(c.all.log_norm_mse, 1e-28, "in log-norm too, MSE");
  tap_ok(c.all.identical == 0, "identical counts the samples as they came");
  wd_comparison_clear(&c);
  c = compare(&scaled, &b, NULL, (wd_compare_desc){.calibration = WD_CALIBRATE_SIGN});
  tap_ok(c.gain == -1, "calibration by sign");
  tap_at_most(fabs(c.all.relative_l2 - 0.75), 1e-14, "leaves the scale: relative L2 3/4, off by");
  wd_comparison_clear(&c);
  c = compare(&scaled, &b, NULL, (wd_compare_desc){0});
  tap_ok(c.gain == 1, "no calibration unless asked for");
  tap_at_most(fabs(c.all.relative_l2 - 1.25), 1e-14, "relative L2 5/4, off by");
  tap_at_most(fabs(c.all.correlation + 1), 1e-14, "correlation -1, off by");
  wd_comparison_clear(&c);
  /* some correlation: mix */
  for (size_t i = 0; i < wd_gather_count(&b); i++) a.value[i] = 0.3f * a.value[i] + 2 * b.value[i];
  c = compare(&a, &b, NULL, (wd_compare_desc){.calibration = WD_CALIBRATE_GAIN});
  tap_at_most(fabs(c.all.relative_l2 - sqrt(1 - c.all.correlation * c.all.correlation)), 1e-13,
              "with the least-squares gain, relative L2 = sqrt(1 - correlation^2), off by");
  wd_comparison_clear(&c);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&scaled);
}

static void not_finite(void) {
  enum { S = 2, N = 30, R = 4 };
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int k = 0; k < 3; k++) {
    wd_gather a = noise(S, N, R, 11), b = noise(S, N, R, 12), top = noise(S, N, R, 13);
    a.value[(1 * N + 3) * R + 2] = bad[k]; /* shot 1, receiver 2 */
    wd_comparison c = compare(&a, &b, &top, (wd_compare_desc){0});
    tap_ok(c.all.not_finite == 1 && c.shot[1].not_finite == 1 && c.shot[0].not_finite == 0 &&
               c.trace[R + 2].not_finite == 1,
           "%g in a is counted, in its shot and trace", (double)bad[k]);
    bool all_nan = true;
    for (int m = 0; m < WD_METRICS; m++)
      if (m != WD_METRIC_REFLECTION_SHARE) all_nan = all_nan && isnan(wd_measure_get(&c.all, (wd_metric)m));
    tap_ok(all_nan && isnan(c.shot[1].relative_l2) && isnan(c.trace[R + 2].mae),
           "and makes the measures NaN");
    tap_ok(isfinite(c.shot[0].relative_l2) && isfinite(c.trace[R + 1].log_norm_mse) &&
               isfinite(c.all.reflection_share) && isfinite(c.all.silence_log_norm_mse),
           "but not those that it does not enter");
    wd_comparison_clear(&c);
    c = compare(&a, &b, &top, (wd_compare_desc){.calibration = WD_CALIBRATE_GAIN});
    tap_ok(isnan(c.gain) && isnan(c.shot[0].relative_l2), "a gain fitted to it is unknown everywhere");
    wd_comparison_clear(&c);
    a.value[(1 * N + 3) * R + 2] = 1;
    b.value[0] = bad[k];
    c = compare(&a, &b, &top, (wd_compare_desc){0});
    tap_ok(isnan(c.all.relative_l2) && isnan(c.all.silence_log_norm_mse) &&
               isnan(c.all.reflection_residual) && isfinite(c.shot[1].relative_l2),
           "%g in b likewise", (double)bad[k]);
    wd_comparison_clear(&c);
    b.value[0] = 1;
    top.value[0] = bad[k];
    c = compare(&a, &b, &top, (wd_compare_desc){0});
    tap_ok(isnan(c.all.reflection_residual) && isnan(c.all.direct_log_norm_mse) &&
               isfinite(c.all.relative_l2) && !c.all.nothing_to_reflect,
           "%g in top spoils the reflection figures only", (double)bad[k]);
    wd_comparison_clear(&c);
    wd_gather_clear(&a);
    wd_gather_clear(&b);
    wd_gather_clear(&top);
  }
  wd_gather a = noise(1, 10, 2, 3), b = noise(1, 10, 2, 4);
  a.value[9 * 2] = NAN;
  wd_comparison c = compare(&a, &b, NULL, (wd_compare_desc){0});
  tap_ok(isfinite(c.all.relative_l2) && c.all.not_finite == 0, "the last sample is not looked at");
  wd_comparison_clear(&c);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
}

static void refusals(void) {
  wd_gather a = noise(2, 10, 3, 1), b = noise(2, 10, 4, 1), one = noise(2, 1, 3, 1);
  wd_comparison c = {.shots = -7};
  wd_error err = {0};
  tap_ok(wd_compare(&a, &b, NULL, NULL, &c, &err) == WD_ERR_SHAPE && c.shots == -7, "shapes: %s",
         err.message);
  tap_ok(wd_compare(&a, &a, &b, NULL, &c, &err) == WD_ERR_SHAPE, "shapes: %s", err.message);
  tap_ok(wd_compare(&one, &one, NULL, NULL, &c, &err) == WD_ERR_SHAPE, "one sample: %s", err.message);
  wd_metric m = WD_METRICS;
  tap_ok(wd_metric_parse("log_norm_mse", &m) && m == WD_METRIC_LOG_NORM_MSE && !wd_metric_parse("l3", &m),
         "metrics by key");
  for (int i = 0; i < WD_METRICS; i++) {
    const wd_metric_info *info = wd_metric_get_info((wd_metric)i);
    tap_ok(info && info->key && info->title && wd_metric_parse(info->key, &m) && (int)m == i, "metric %d", i);
  }
  tap_ok(!wd_metric_get_info(WD_METRICS) && isnan(wd_measure_get(&c.all, WD_METRICS)),
         "none beyond the last");
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&one);
}

int main(void) {
  by_hand();
  parts();
  logarithm();
  identical_and_silent();
  calibration();
  not_finite();
  refusals();
  return tap_done();
}
