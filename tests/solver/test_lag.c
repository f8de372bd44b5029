/* Lags of pulses that were shifted by a known time, down to fractions of a sample. */
#include "solver/lag.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static double ricker(double t, double f) {
  double b = M_PI * f * t;
  return (1 - 2 * b * b) * exp(-b * b);
}

/* A pulse per receiver at time 0.2 s + 4 ms x receiver, plus `shift[r]`; amplitude and sign too. */
static wd_gather pulses(int shots, int receivers, double (*shift)(int), double amplitude) {
  wd_gather g;
  if (wd_gather_create(shots, 600, receivers, 0.001, &g, NULL)) return (wd_gather){0};
  for (int s = 0; s < shots; s++)
    for (int t = 0; t < 600; t++)
      for (int r = 0; r < receivers; r++)
        g.value[(s * 600 + t) * receivers + r] =
            (float)(amplitude * ricker(t * 0.001 - 0.2 - 0.004 * r - (shift ? shift(r) : 0), 15));
  return g;
}

static double ramp(int r) {
  return (r - 10) * 0.00237;
} /* -23.7 .. 21.3 ms over 20 receivers */
static double late(int r) {
  (void)r;
  return 0.05;
}
static double far(int r) {
  (void)r;
  return 0.137;
}

int main(void) {
  enum { R = 20 };
  wd_error err = {0};
  wd_gather b = pulses(2, R, NULL, 1), a = pulses(2, R, ramp, 3);
  wd_lag_map m;
  memset(&m, 0x5a, sizeof m);
  tap_ok(wd_lag_map_create(&a, &b, NULL, &m, &err) == WD_OK, "lags %s", err.message);
  tap_ok(m.shots == 2 && m.receivers == R && m.windows == 1 && m.with_lag == 2 * R, "one window a trace");
  double worst = 0, sum = 0, least = 1;
  for (int i = 0; i < 2 * R; i++) {
    worst = fmax(worst, fabs(m.value[i].lag - ramp(i % R)) * 1e3);
    least = fmin(least, m.value[i].correlation);
    sum += fabs(ramp(i % R)) / (2 * R);
  }
  tap_at_most(worst, 0.01, "Ricker pulses shifted by fractions of a sample, largest error in ms");
  tap_at_most(1 - least, 3e-3, "their correlation is 1 up to the last fraction of a sample, off by");
  tap_at_most(fabs(m.mean_abs - sum) * 1e3, 0.01, "mean |lag|, error in ms");
  tap_at_most(fabs(m.half_period - 1 / 30.0), 1e-15, "half a period at 15 Hz is 33.3 ms, off by");
  tap_ok(m.suspects == 0, "none is over half a period");
  wd_lag_map_clear(&m);
  wd_gather_clear(&a);

  a = pulses(2, R, late, 0.5);
  wd_lag_map_create(&a, &b, &(wd_lag_desc){.frequency = 15}, &m, NULL);
  tap_at_most(fabs(m.mean_abs - 0.05) * 1e3, 0.01, "a delay of 50 ms, error in ms");
  tap_ok(m.suspects == 2 * R && m.value[0].lag > 0, "positive, and a suspect of cycle skipping everywhere");
  wd_lag_map_clear(&m);
  wd_lag_map_create(&b, &a, NULL, &m, NULL);
  tap_ok(m.value[0].lag < 0, "negative the other way round");
  wd_lag_map_clear(&m);
  wd_gather_clear(&a);

  a = pulses(2, R, far, 1);
  wd_lag_map_create(&a, &b, &(wd_lag_desc){.max_lag = 0.13}, &m, NULL);
  int limit = 0;
  for (int i = 0; i < 2 * R; i++) limit += m.value[i].at_limit || isnan(m.value[i].lag);
  tap_ok(limit == 2 * R && m.suspects == m.with_lag,
         "a delay beyond the search ends at its limit, and is marked");
  wd_lag_map_clear(&m);
  wd_gather_clear(&a);

  /* Two events with different delays: windows tell them apart. */
  wd_gather two = pulses(1, 1, NULL, 1), ref = pulses(1, 1, NULL, 1);
  for (int t = 0; t < 600; t++) {
    double x = t * 0.001;
    ref.value[t] = (float)(ricker(x - 0.15, 15) + ricker(x - 0.45, 15));
    two.value[t] = (float)(ricker(x - 0.15, 15) + ricker(x - 0.462, 15));
  }
  wd_lag_map_create(&two, &ref, &(wd_lag_desc){.window = 0.299, .hop = 0.3}, &m, &err);
  tap_ok(m.windows == 2, "two windows");
  tap_at_most(fabs(m.value[0].lag) * 1e3, 0.05, "first event in place, error in ms");
  tap_at_most(fabs(m.value[1].lag - 0.012) * 1e3, 0.05, "second event 12 ms late, error in ms");
  tap_at_most(fabs(m.first_centre - 0.149), 1e-12, "centre of the first window, off by");
  wd_lag_map_clear(&m);

  /* Silence, NaN, polarity. */
  memset(two.value, 0, sizeof(float) * 600);
  wd_lag_map_create(&two, &ref, NULL, &m, NULL);
  tap_ok(isnan(m.value[0].lag) && m.with_lag == 0 && isnan(m.mean_abs) && m.suspects == 0,
         "silence has no lag");
  wd_lag_map_clear(&m);
  memcpy(two.value, ref.value, sizeof(float) * 600);
  two.value[300] = NAN;
  wd_lag_map_create(&two, &ref, NULL, &m, NULL);
  tap_ok(isnan(m.value[0].lag) && m.with_lag == 0, "NaN has no lag");
  wd_lag_map_clear(&m);
  wd_lag w = wd_lag_of_window(ref.value, ref.value, 1, 0, 600, 100);
  tap_ok(fabs(w.lag) < 1e-9 && fabs(w.correlation - 1) < 1e-12, "a trace has lag 0 to itself");

  w = wd_lag_of_window(ref.value, ref.value, 1, 145, 300, 100);
  tap_ok(fabs(w.lag) < 1e-9 && fabs(w.correlation - 1) < 1e-12,
         "also where the window cuts through its events");

  /* Noise of 20 % in both moves the lag by less than half a sample. */
  wd_gather_clear(&a);
  a = pulses(2, R, ramp, 1);
  for (size_t i = 0; i < wd_gather_count(&a); i++) {
    float n[2];
    wd_random_normals(5, 1, 2 * i, 2, n);
    a.value[i] += 0.05f * n[0];
    b.value[i] += 0.05f * n[1];
  }
  wd_lag_map_create(&a, &b, NULL, &m, NULL);
  worst = 0;
  for (int i = 0; i < 2 * R; i++) worst = fmax(worst, fabs(m.value[i].lag - ramp(i % R)) * 1e3);
  tap_at_most(worst, 1.5, "noise of 5 % of the peak, largest error in ms");
  wd_lag_map_clear(&m);

  m.shots = -1;
  tap_ok(wd_lag_map_create(&a, &ref, NULL, &m, &err) == WD_ERR_SHAPE && m.shots == -1, "%s", err.message);
  tap_ok(wd_lag_map_create(&a, &b, &(wd_lag_desc){.max_lag = 2}, &m, &err) == WD_ERR_ARGUMENT, "%s",
         err.message);
  tap_ok(wd_lag_map_create(&a, &b, &(wd_lag_desc){.window = NAN}, &m, &err) == WD_ERR_ARGUMENT, "NaN window");
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&two);
  wd_gather_clear(&ref);
  return tap_done();
}
