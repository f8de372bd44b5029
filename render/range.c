#include "render/range.h"
#include "render/axis.h"
#include "solver/memory.h"

#include <libintl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The k-th smallest of value[0..count), which it reorders (Hoare's selection). */
static float kth_smallest(float *value, size_t count, size_t k) {
  size_t lo = 0, hi = count - 1;
  while (lo < hi) {
    float pivot = value[lo + (hi - lo) / 2];
    size_t i = lo, j = hi;
    for (;;) {
      while (value[i] < pivot) i++;
      while (value[j] > pivot) j--;
      if (i >= j) break;
      float t = value[i];
      value[i++] = value[j];
      value[j--] = t;
    }
    /* value[lo..j] <= pivot <= value[j+1..hi] */
    if (k <= j)
      hi = j;
    else
      lo = j + 1;
  }
  return value[k];
}

/* Percentile by the nearest rank: the smallest value that at least p percent do not exceed. */
static float percentile(float *value, size_t count, double p) {
  double rank = ceil(p / 100 * (double)count) - 1;
  size_t k = rank <= 0 ? 0 : (size_t)rank;
  return kth_smallest(value, count, k < count ? k : count - 1);
}

static wd_status find_by_clip(const wd_range_desc *desc, double clip, const float *value, size_t count,
                              wd_range *range, wd_error *err) {
  float *finite = wd_alloc(count, sizeof *finite);
  if (!finite) return wd_fail(err, WD_ERR_NO_MEMORY, "display range: no memory for %zu values", count);
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (isfinite(value[i])) finite[n++] = desc->symmetric ? fabsf(value[i]) : value[i];
  if (n == 0) {
    wd_free(finite);
    return wd_fail(err, WD_ERR_DIVERGED, "display range: none of the %zu values is finite", count);
  }
  if (desc->symmetric) {
    range->hi = (double)percentile(finite, n, clip);
    /* A sparse gather may be silent at this percentile though it holds a signal: then all of it shows. */
    if (range->hi == 0) range->hi = (double)percentile(finite, n, 100);
    range->lo = -range->hi;
  } else {
    range->lo = (double)percentile(finite, n, (100 - clip) / 2);
    range->hi = (double)percentile(finite, n, (100 + clip) / 2);
  }
  wd_free(finite);
  return WD_OK;
}

wd_status wd_range_find(const wd_range_desc *desc, const float *value, size_t count, wd_range *out,
                        wd_error *err) {
  wd_range range = {0};
  double clip = desc->clip == 0 ? 99 : desc->clip;
  if (!(clip >= 50 && clip <= 100))
    return wd_fail(err, WD_ERR_ARGUMENT, "clip of %g %%: give a percentile from 50 to 100", clip);
  if (!isfinite(desc->gain) || fabs(desc->gain) > 200)
    return wd_fail(err, WD_ERR_ARGUMENT, "gain of %g dB: give a value from -200 to 200", desc->gain);
  if (desc->mode == WD_RANGE_FIXED || desc->mode == WD_RANGE_MANUAL) {
    if (!isfinite(desc->lo) || !isfinite(desc->hi) || !(desc->lo < desc->hi))
      return wd_fail(err, WD_ERR_ARGUMENT, "display range %g to %g: the first value must be the smaller one",
                     desc->lo, desc->hi);
    range.lo = desc->lo;
    range.hi = desc->hi;
    snprintf(range.text, sizeof range.text, "%s",
             desc->mode == WD_RANGE_FIXED ? gettext("fixed range") : gettext("manual range"));
  } else {
    bool full = desc->mode == WD_RANGE_FULL || clip == 100;
    wd_status status = find_by_clip(desc, full ? 100 : clip, value, count, &range, err);
    if (status) return status;
    char number[32];
    wd_format_number(clip, 0, number, sizeof number);
    if (full)
      snprintf(range.text, sizeof range.text, "%s", gettext("full range"));
    else
      snprintf(range.text, sizeof range.text, gettext("clip %s %%"), number);
  }
  double middle = 0.5 * range.lo + 0.5 * range.hi, half = 0.5 * range.hi - 0.5 * range.lo;
  if (!(half > 0)) half = desc->symmetric ? 1 : fmax(0.5, 1e-6 * fabs(middle));
  if (desc->gain != 0) {
    half /= pow(10, desc->gain / 20);
    char number[32];
    wd_format_number(desc->gain, 0, number, sizeof number);
    size_t n = strlen(range.text);
    snprintf(range.text + n, sizeof range.text - n, ", %s%s dB", desc->gain > 0 ? "+" : "", number);
  }
  range.lo = middle - half;
  range.hi = middle + half;
  if (!(range.lo < range.hi) || !isfinite(range.hi - range.lo))
    return wd_fail(err, WD_ERR_ARGUMENT, "display range %g to %g is too narrow or too wide to draw", range.lo,
                   range.hi);
  *out = range;
  return WD_OK;
}

/* Root mean square over a window that shrinks at both ends of the trace, by running sums in double. */
static void agc_trace(float *trace, int stride, int samples, int half, double *square) {
  square[0] = 0;
  for (int s = 0; s < samples; s++) {
    double v = (double)trace[(size_t)s * (size_t)stride];
    square[s + 1] = square[s] + v * v;
  }
  /* Differences of running sums carry rounding noise of the largest sum: below it a stretch counts as silent.
   */
  double noise = square[samples] * 1e-14;
  for (int s = 0; s < samples; s++) {
    int from = s - half < 0 ? 0 : s - half, to = s + half >= samples ? samples : s + half + 1;
    double energy = square[to] - square[from];
    float *v = &trace[(size_t)s * (size_t)stride];
    *v = energy > noise ? (float)((double)*v / sqrt(energy / (to - from))) : 0.0f;
  }
}

wd_status wd_display_apply(const wd_display *d, const float *in, int samples, int receivers, double dt,
                           float *out, wd_error *err) {
  if (samples < 1 || receivers < 1 || !(dt > 0) || !isfinite(dt))
    return wd_fail(err, WD_ERR_SHAPE, "display of a gather of %d samples, %d receivers, dt %g s", samples,
                   receivers, dt);
  if (!(d->agc >= 0) || !isfinite(d->agc) || !isfinite(d->time_power))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "AGC window of %g s, time power %g: give finite values, the window >= 0", d->agc,
                   d->time_power);
  double *square = NULL;
  if (d->agc > 0) {
    square = wd_alloc((size_t)samples + 1, sizeof *square);
    if (!square) return wd_fail(err, WD_ERR_NO_MEMORY, "AGC: no memory for %d samples", samples);
  }
  size_t count = (size_t)samples * (size_t)receivers;
  if (out != in) memcpy(out, in, count * sizeof *out);
  if (d->time_power != 0)
    for (int s = 0; s < samples; s++) {
      float scale = (float)pow((s + 1) * dt, d->time_power);
      for (int r = 0; r < receivers; r++) out[(size_t)s * (size_t)receivers + (size_t)r] *= scale;
    }
  if (d->agc > 0) {
    double half = d->agc / dt / 2;
    int window = half > samples ? samples : (int)lround(half);
    for (int r = 0; r < receivers; r++) agc_trace(out + r, receivers, samples, window, square);
  }
  if (d->normalise)
    for (int r = 0; r < receivers; r++) {
      float peak = 0;
      for (int s = 0; s < samples; s++)
        peak = fmaxf(peak, fabsf(out[(size_t)s * (size_t)receivers + (size_t)r]));
      if (peak > 0 && isfinite(peak))
        for (int s = 0; s < samples; s++) out[(size_t)s * (size_t)receivers + (size_t)r] /= peak;
    }
  if (d->flip)
    for (size_t i = 0; i < count; i++) out[i] = -out[i];
  wd_free(square);
  return WD_OK;
}

void wd_display_text(const wd_display *d, char *out, size_t size) {
  if (size == 0) return;
  out[0] = 0;
  char number[32];
  size_t n = 0;
#define ADD(...)                                                                                             \
  do {                                                                                                       \
    if (n < size) n += (size_t)snprintf(out + n, size - n, __VA_ARGS__);                                     \
  } while (0)
  if (d->time_power != 0) {
    wd_format_number(d->time_power, 0, number, sizeof number);
    ADD("t^%s, ", number);
  }
  if (d->agc > 0) {
    wd_format_number(d->agc * 1000, 0, number, sizeof number);
    ADD(gettext("AGC %s ms, "), number);
  }
  if (d->normalise) ADD(gettext("trace normalised, "));
  if (d->flip) ADD(gettext("polarity reversed, "));
  if (n > 0) ADD(gettext("display only"));
#undef ADD
}
