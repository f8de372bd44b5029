#include "solver/lag.h"

#include "solver/memory.h"

#include <math.h>
#include <stddef.h>

wd_lag wd_lag_of_window(const float *a, const float *b, ptrdiff_t stride, int first, int count, int max_lag) {
  const wd_lag none = {.lag = NAN, .correlation = NAN};
  a += first * stride;
  b += first * stride;
  double aa = 0, bb = 0;
  for (int t = 0; t < count; t++) {
    aa += (double)a[t * stride] * (double)a[t * stride];
    bb += (double)b[t * stride] * (double)b[t * stride];
  }
  if (!(aa > 0) || !(bb > 0) || !isfinite(aa) || !isfinite(bb)) return none;

  if (max_lag > count - 1) max_lag = count - 1;
  double best = -INFINITY, previous = NAN, before = NAN, after = NAN;
  int at = 0;
  for (int l = -max_lag; l <= max_lag; l++) {
    int from = l < 0 ? -l : 0, to = l > 0 ? count - l : count;
    double c = 0;
    for (int t = from; t < to; t++) c += (double)a[(t + l) * stride] * (double)b[t * stride];
    c /= sqrt(aa) * sqrt(bb);
    if (l > -max_lag && l - 1 == at) after = c;
    if (c > best) best = c, at = l, before = previous, after = NAN;
    previous = c;
  }
  if (!(best > 0)) return none;
  wd_lag found = {.lag = at, .correlation = best, .at_limit = at == -max_lag || at == max_lag};
  double bend = before - 2 * best + after;
  if (!found.at_limit && bend < 0) found.lag += 0.5 * (before - after) / bend;
  return found;
}

static double rms(const float *x, ptrdiff_t stride, int first, int count) {
  double s = 0;
  for (int t = first; t < first + count; t++) s += (double)x[t * stride] * (double)x[t * stride];
  return sqrt(s / count);
}

/* The largest rms of any window of one shot: what silence is measured against. NaN never wins. */
static double loudest(const float *shot, int receivers, int first, int count, int hop, int windows) {
  double most = 0;
  for (int w = 0; w < windows; w++)
    for (int r = 0; r < receivers; r++) most = fmax(most, rms(shot + r, receivers, first + w * hop, count));
  return most;
}

wd_status wd_lag_map_create(const wd_gather *a, const wd_gather *b, const wd_lag_desc *desc, wd_lag_map *out,
                            wd_error *err) {
  wd_lag_desc d = desc ? *desc : (wd_lag_desc){0};
  if (d.max_lag == 0) d.max_lag = 0.1;
  if (d.frequency == 0) d.frequency = 15;
  if (d.silence == 0) d.silence = 1e-3;
  if (a->shots != b->shots || a->samples != b->samples || a->receivers != b->receivers || a->dt != b->dt)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "lags between gathers of %d shots x %d samples x %d receivers, %g s, and %d x %d x %d, %g s",
        a->shots, a->samples, a->receivers, a->dt, b->shots, b->samples, b->receivers, b->dt);
  const int n = a->samples - (d.all_samples ? 0 : 1);
  if (n < 3 || !(a->dt > 0))
    return wd_fail(err, WD_ERR_SHAPE, "lags need at least 3 samples and a time step; there are %d of %g s", n,
                   a->dt);
  if (!(d.max_lag > 0) || !(d.window >= 0) || !(d.hop >= 0) || !(d.frequency > 0) || !(d.silence >= 0) ||
      !(d.max_lag / a->dt < n) || !(d.window / a->dt <= n + 0.5) || !(d.hop / a->dt <= n))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "lags of up to %g s in windows of %g s every %g s do not fit traces of %g s", d.max_lag,
                   d.window, d.hop, n * a->dt);
  const int max_lag = (int)fmax(1, lround(d.max_lag / a->dt));
  const int count = d.window > 0 ? (int)fmax(3, lround(d.window / a->dt)) : n;
  const int hop = d.window > 0 ? (int)fmax(1, d.hop > 0 ? lround(d.hop / a->dt) : count / 2) : n;
  const int windows = (n - count) / hop + 1;

  wd_lag_map m = {.shots = a->shots,
                  .receivers = a->receivers,
                  .windows = windows,
                  .first_centre = 0.5 * (count - 1) * a->dt,
                  .hop = hop * a->dt,
                  .half_period = wd_half_period(d.frequency)};
  m.value = wd_calloc((size_t)a->shots * (size_t)a->receivers * (size_t)windows, sizeof *m.value);
  if (!m.value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a lag map of %d windows", windows);
  double sum = 0;
  for (int s = 0; s < a->shots; s++) {
    size_t at = (size_t)s * (size_t)a->samples * (size_t)a->receivers;
    const float *sa = a->value + at, *sb = b->value + at;
    const double floor_a = d.silence * loudest(sa, a->receivers, 0, count, hop, windows);
    const double floor_b = d.silence * loudest(sb, a->receivers, 0, count, hop, windows);
    for (int r = 0; r < a->receivers; r++)
      for (int w = 0; w < windows; w++) {
        wd_lag *v = &m.value[((size_t)s * (size_t)a->receivers + (size_t)r) * (size_t)windows + (size_t)w];
        *v = (wd_lag){.lag = NAN, .correlation = NAN};
        double loud_a = rms(sa + r, a->receivers, w * hop, count);
        double loud_b = rms(sb + r, a->receivers, w * hop, count);
        if (!(loud_a > 0) || !(loud_b > 0) || loud_a < floor_a || loud_b < floor_b) continue;
        *v = wd_lag_of_window(sa + r, sb + r, a->receivers, w * hop, count, max_lag);
        v->lag *= a->dt;
        if (isnan(v->lag)) continue;
        m.with_lag++;
        sum += fabs(v->lag);
        m.suspects += fabs(v->lag) > m.half_period || v->at_limit;
      }
  }
  m.mean_abs = m.with_lag ? sum / m.with_lag : NAN;
  *out = m;
  return WD_OK;
}

void wd_lag_map_clear(wd_lag_map *map) {
  if (!map) return;
  wd_free(map->value);
  *map = (wd_lag_map){0};
}
