#include "solver/arrival.h"

#include "solver/memory.h"

#include <math.h>

static wd_arrival_desc with_defaults(const wd_arrival_desc *desc, double dt) {
  wd_arrival_desc d = desc ? *desc : (wd_arrival_desc){0};
  if (d.frequency == 0) d.frequency = 15;
  /* The wavelet has 2 floor(floor(2.2 / (f dt)) / 2) + 1 samples (survey.h); its middle acts on the step that
   * ends one dt later, but sample `it` is time (it + 1) dt as well: both count from the same zero. */
  if (d.centre == 0) d.centre = floor(floor(2.2 / (d.frequency * dt)) / 2) * dt;
  if (d.threshold == 0) d.threshold = 0.03;
  if (d.ratio == 0) d.ratio = 3;
  if (d.flank == 0) d.flank = 0.2;
  return d;
}

static wd_status check(double dt, const wd_arrival_desc *d, wd_error *err) {
  if (!(dt > 0) || !(d->frequency > 0) || !(d->frequency * dt < 0.25))
    return wd_fail(err, WD_ERR_ARGUMENT, "cannot pick arrivals of %g Hz on samples of %g s", d->frequency,
                   dt);
  if (!(d->threshold > 0 && d->threshold < 1) || !(d->ratio > 0) || !(d->flank > 0 && d->flank < 1) ||
      !(d->centre >= 0) || !isfinite(d->centre))
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "arrival picks want threshold and flank between 0 and 1, a positive ratio and a centre that is not "
        "negative; they are %g, %g, %g, %g s",
        d->threshold, d->flank, d->ratio, d->centre);
  return WD_OK;
}

/* Sample number of the pick, fractional; NaN when there is none. */
static double pick_trace(const float *x, int n, ptrdiff_t stride, double period, const wd_arrival_desc *d) {
  double peak = 0, energy = 0;
  for (int t = 0; t < n; t++) {
    double v = x[t * stride];
    energy += v * v;
    peak = fmax(peak, fabs(v));
  }
  if (!(peak > 0) || !isfinite(energy)) return NAN;

  const int ahead = (int)fmax(1, lround(period / 4));
  double sta = 0, before = 0; /* sums of squares: of [t, t + ahead), of [0, t) */
  for (int t = 0; t < ahead && t < n; t++) sta += (double)x[t * stride] * (double)x[t * stride];
  int found = -1;
  for (int t = 0; t + ahead <= n; t++) {
    double level = d->threshold * peak;
    double noise = t >= ahead ? d->ratio * sqrt(before / t) : 0;
    if (sqrt(fmax(sta, 0) / ahead) >= fmax(level, noise)) {
      found = t;
      break;
    }
    double out = x[t * stride], in = t + ahead < n ? (double)x[(t + ahead) * stride] : 0;
    before += out * out;
    sta += in * in - out * out;
  }
  if (found < 0) return NAN;

  double size = 0;
  for (int t = found; t < n && t <= found + period; t++) size = fmax(size, fabs((double)x[t * stride]));
  const double flank = d->flank * size;
  int from = found - (int)lround(period / 2);
  if (from < 0) from = 0;
  for (int t = from; t < n && t <= found + period; t++) {
    double here = fabs((double)x[t * stride]);
    if (here < flank) continue;
    if (t == 0) return 0;
    double previous = fabs((double)x[(t - 1) * stride]);
    return previous < flank ? t - (here - flank) / (here - previous) : t;
  }
  return NAN;
}

wd_status wd_arrival_delay(double dt, const wd_arrival_desc *desc, double *delay, wd_error *err) {
  wd_arrival_desc d = with_defaults(desc, dt);
  wd_status st = check(dt, &d, err);
  if (st) return st;
  /* q(t) = Int w(t - s^2) 2 ds: with tau = s^2 the singularity of 1 / sqrt(tau) is gone. Before two periods
   * ahead of its centre the wavelet is nothing, and more than 2000 samples a period tell nothing new. */
  const double period = 1 / d.frequency;
  const double start = fmax(0, d.centre - 2 * period), until = d.centre + 2 * period;
  const double h = fmax(dt, period / 2000);
  const int n = (int)ceil((until - start) / h) + 1, steps = 2000;
  float *q = wd_alloc((size_t)n, sizeof *q);
  if (!q) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a pulse of %d samples", n);
  for (int i = 0; i < n; i++) {
    double t = start + i * h, upper = sqrt(t), sum = 0;
    for (int k = 0; k <= steps; k++) {
      double s = upper * k / steps, b = M_PI * d.frequency * (t - s * s - d.centre);
      sum += (k == 0 || k == steps ? 0.5 : 1) * (1 - 2 * b * b) * exp(-b * b);
    }
    q[i] = (float)(sum * upper / steps);
  }
  double at = pick_trace(q, n, 1, period / h, &d);
  wd_free(q);
  if (isnan(at))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "no arrival can be picked on a Ricker pulse of %g Hz with these settings", d.frequency);
  *delay = start + at * h;
  return WD_OK;
}

wd_status wd_arrival_pick(const wd_gather *gather, const wd_arrival_desc *desc, double *time, wd_error *err) {
  wd_arrival_desc d = with_defaults(desc, gather->dt);
  wd_status st = check(gather->dt, &d, err);
  double delay = 0;
  if (!st && !d.raw) st = wd_arrival_delay(gather->dt, &d, &delay, err);
  if (st) return st;
  for (int s = 0; s < gather->shots; s++)
    for (int r = 0; r < gather->receivers; r++) {
      const float *x = gather->value + (size_t)s * (size_t)gather->samples * (size_t)gather->receivers + r;
      double at = pick_trace(x, gather->samples, gather->receivers, 1 / (d.frequency * gather->dt), &d);
      /* sample 0 is time dt */
      time[(size_t)s * (size_t)gather->receivers + (size_t)r] = (at + 1) * gather->dt - delay;
    }
  return WD_OK;
}
