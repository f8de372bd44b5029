/* Picks on simulated gathers against straight rays, against the eikonal solver, in noise, and in silence. */
#include "solver/arrival.h"
#include "solver/eikonal.h"
#include "solver/family.h"
#include "solver/random.h"
#include "tests/solver/physics.h"

enum { N = 70 };

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median_of(double *x, int n) {
  qsort(x, (size_t)n, sizeof *x, compare_doubles);
  return n ? x[n / 2] : NAN;
}

/* One shot at the left end of row 1 into 70 receivers. */
static wd_gather shoot(wd_device *d, const wd_map *map, int samples) {
  return physics_run(d, &(wd_survey_desc){.samples = samples, .shots = 1}, &(wd_wave_desc){.absorb = 60},
                     map);
}

int main(void) {
  wd_device *d = physics_device();
  static double time[N];
  wd_error err = {0};

  /* Homogeneous: picks are r / v. */
  for (int k = 0; k < 2; k++) {
    float v = k ? 4000 : 2000;
    wd_map map = physics_map(N, N, 10, v);
    wd_gather g = shoot(d, &map, 500);
    memset(time, 0x5a, sizeof time);
    tap_ok(wd_arrival_pick(&g, NULL, time, &err) == WD_OK, "picked %s", err.message);
    double near = 0, far = 0;
    for (int r = 1; r < N; r++) {
      double e = 1e3 * fabs(time[r] - r * 10 / (double)v);
      if (r * 10 / (double)v < 1 / 15.0)
        near = fmax(near, e);
      else
        far = fmax(far, e);
      if (isnan(e)) far = NAN;
    }
    tap_at_most(near, 2, "within a wavelength of the source, largest error in ms");
    tap_at_most(far, 1.5, "beyond, largest error in ms");

    /* Scaled, flipped, and with noise of 2 % of each trace's peak. */
    static double noisy[N];
    for (size_t i = 0; i < wd_gather_count(&g); i++) g.value[i] *= -40;
    wd_arrival_pick(&g, NULL, noisy, NULL);
    double worst = 0;
    for (int r = 0; r < N; r++) worst = fmax(worst, 1e3 * fabs(noisy[r] - time[r]));
    tap_at_most(worst, 1e-2, "scale and polarity do not matter, largest change in ms");
    for (int r = 0; r < N; r++) {
      double peak = 0;
      for (int t = 0; t < 500; t++) peak = fmax(peak, fabs((double)g.value[t * N + r]));
      for (int t = 0; t < 500; t++) {
        float n;
        wd_random_normals(3, (uint64_t)r, (uint64_t)t, 1, &n);
        g.value[t * N + r] += (float)(0.02 * peak) * n;
      }
    }
    wd_arrival_pick(&g, NULL, noisy, NULL);
    worst = 0;
    for (int r = 10; r < N; r++) worst = fmax(worst, 1e3 * fabs(noisy[r] - r * 10 / (double)v));
    tap_at_most(worst, 6, "in noise of 2 % of the peak, largest error in ms");
    wd_gather_clear(&g);
    wd_map_clear(&map);
  }

  /* A gradient, where the first arrival turns at depth: against the closed form. */
  {
    wd_map map = physics_map(N, N, 10, 0);
    for (int i = 0; i < N * N; i++) map.value[i] = 1600 + 3 * 10 * (float)(i / N);
    wd_gather g = shoot(d, &map, 600);
    wd_arrival_pick(&g, NULL, time, NULL);
    double worst = 0, v1 = 1630;
    for (int r = 10; r < N; r++) {
      double exact = acosh(1 + 9.0 * r * r * 100 / (2 * v1 * v1)) / 3;
      worst = fmax(worst, 1e3 * fabs(time[r] - exact));
    }
    tap_at_most(worst, 3, "gradient of 3 per second, largest error in ms");
    wd_gather_clear(&g);
    wd_map_clear(&map);
  }

  /* Maps of the families: the median disagreement with the eikonal time, every trace. Layered maps send head
   * waves that arrive first but faint, so single traces may differ by a phase. */
  static const wd_family family[] = {WD_FLATVEL_A, WD_CURVEFAULT_B, WD_STYLE_A};
  wd_survey *survey = NULL;
  wd_survey_create(&(wd_survey_desc){.shots = 1}, &survey, NULL);
  for (int f = 0; f < 3; f++) {
    static double error[3 * N];
    int n = 0;
    for (uint64_t i = 0; i < 3; i++) {
      wd_map map = {0};
      static float ray[N];
      if (wd_family_generate(family[f], 11, i, &map, NULL) ||
          wd_eikonal_survey(&map, survey, NULL, NULL, ray, NULL))
        exit(1);
      wd_gather g = shoot(d, &map, 650);
      wd_arrival_pick(&g, NULL, time, NULL);
      for (int r = 5; r < N; r++) error[n++] = isnan(time[r]) ? 1e9 : 1e3 * fabs(time[r] - (double)ray[r]);
      wd_gather_clear(&g);
      wd_map_clear(&map);
    }
    double middle = median_of(error, n);
    printf("# %s: 90 %% of %d traces within %.1f ms\n", wd_family_display_name(family[f]), n,
           error[n * 9 / 10]);
    tap_at_most(middle, 2, wd_family_display_name(family[f]));
  }
  wd_survey_destroy(survey);

  /* Nothing to pick. */
  wd_gather g = {0};
  if (wd_gather_create(1, 300, 3, 0.001, &g, NULL)) exit(1);
  g.value[200 * 3 + 1] = NAN;
  for (int t = 0; t < 300; t++) {
    double b = M_PI * 15 * (t * 0.001 - 0.2);
    g.value[t * 3 + 2] = (float)((1 - 2 * b * b) * exp(-b * b));
  }
  double raw[3], corrected[3], delay;
  wd_arrival_pick(&g, &(wd_arrival_desc){.raw = true}, raw, NULL);
  wd_arrival_pick(&g, NULL, corrected, NULL);
  tap_ok(isnan(raw[0]) && isnan(raw[1]), "silence and NaN have no arrival");
  tap_ok(raw[2] > 0.14 && raw[2] < 0.19, "a Ricker pulse at 0.2 s rises at %.4f s", raw[2]);
  wd_status st = wd_arrival_delay(0.001, NULL, &delay, NULL);
  tap_ok(st == WD_OK && fabs(raw[2] - corrected[2] - delay) < 1e-12,
         "the wavelet's delay, %.2f ms, is what the correction takes off", 1e3 * delay);
  double fine = 0, late = 0;
  st = wd_arrival_delay(1e-8, NULL, &fine, &err);
  tap_ok(!st && fabs(fine - delay) < 5e-4,
         "samples of 10 ns give the same delay, in no time: %.3f and %.3f ms", 1e3 * fine, 1e3 * delay);
  st = wd_arrival_delay(0.001, &(wd_arrival_desc){.centre = 1000.073}, &late, &err);
  tap_ok(!st && fabs(late - 1000 - delay) < 2e-3, "a wavelet 1000 s later: %.3f ms more",
         1e3 * (late - delay));
  delay = -7;
  double untouched = -7;
  tap_ok(wd_arrival_delay(0.001, &(wd_arrival_desc){.centre = -1}, &untouched, &err) == WD_ERR_ARGUMENT &&
             untouched == -7,
         "%s", err.message);
  tap_ok(wd_arrival_delay(0, NULL, &delay, &err) == WD_ERR_ARGUMENT && delay == -7, "%s", err.message);
  tap_ok(wd_arrival_pick(&g, &(wd_arrival_desc){.flank = 2}, raw, &err) == WD_ERR_ARGUMENT, "%s",
         err.message);
  wd_gather_clear(&g);
  wd_device_close(d);
  return tap_done();
}
