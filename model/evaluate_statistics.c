#include "model/evaluate_statistics.h"

#include "solver/memory.h"
#include "solver/scale.h"

#include <math.h>

double wd_share_within(const wd_measure *measure, size_t n, double epsilon) {
  size_t within = 0;
  for (size_t i = 0; i < n; i++)
    within += !measure[i].nothing_to_reflect && measure[i].reflection_residual <= epsilon;
  return n && !isnan(epsilon) ? (double)within / (double)n : NAN;
}

double wd_share_bland(const wd_measure *measure, size_t n) {
  size_t bland = 0;
  for (size_t i = 0; i < n; i++) bland += measure[i].nothing_to_reflect;
  return n ? (double)bland / (double)n : NAN;
}

void wd_validity_curve(const wd_measure *measure, size_t n, double lo, double hi, int points, double *epsilon,
                       double *share) {
  for (int i = 0; i < points; i++) {
    epsilon[i] = points > 1 ? lo * pow(hi / lo, (double)i / (points - 1)) : lo;
    share[i] = wd_share_within(measure, n, epsilon[i]);
  }
}

double wd_map_distance(const float *a, const float *b, size_t cells) {
  /* Eight sums side by side, so that the loop can be a vector one. */
  float part[8] = {0};
  size_t k = 0;
  for (; k + 8 <= cells; k += 8)
    for (int i = 0; i < 8; i++) {
      float d = a[k + (size_t)i] - b[k + (size_t)i];
      part[i] += d * d;
    }
  double sum = 0;
  for (int i = 0; i < 8; i++) sum += (double)part[i];
  for (; k < cells; k++) sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
  return sqrt(sum / (double)cells) / WD_VELOCITY_UNIT;
}

double wd_mean_pairwise(const float *maps, size_t n, size_t cells, const wd_hooks *hooks) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (wd_hooks_cancelled(hooks)) return NAN;
    for (size_t j = 0; j < i; j++) sum += wd_map_distance(maps + i * cells, maps + j * cells, cells);
  }
  return n > 1 ? sum / (0.5 * (double)n * (double)(n - 1)) : NAN;
}

wd_status wd_nearest(const float *maps, size_t n, const float *others, size_t m, size_t cells,
                     double *nearest, size_t first, size_t *which, const wd_hooks *hooks, wd_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (wd_hooks_cancelled(hooks))
      return wd_fail(err, WD_CANCELLED, "stopped at map %zu of %zu, looking for its neighbours", i + 1, n);
    for (size_t j = 0; j < m; j++) {
      double d = wd_map_distance(maps + i * cells, others + j * cells, cells);
      if (d >= nearest[i]) continue;
      nearest[i] = d;
      if (which) which[i] = first + j;
    }
  }
  return WD_OK;
}

wd_status wd_codebook_use(const int32_t *index, size_t n, int codes, double *used, double *perplexity,
                          wd_error *err) {
  if (codes < 1) return wd_fail(err, WD_ERR_ARGUMENT, "a codebook of %d codes", codes);
  size_t *count = wd_calloc((size_t)codes, sizeof *count);
  if (!count) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to count %d codes", codes);
  wd_status st = WD_OK;
  for (size_t i = 0; i < n && !st; i++) {
    if (index[i] < 0 || index[i] >= codes)
      st = wd_fail(err, WD_ERR_ARGUMENT, "code %d of a codebook of %d", (int)index[i], codes);
    else
      count[index[i]]++;
  }
  if (!st) {
    size_t seen = 0;
    double entropy = 0;
    for (int k = 0; k < codes; k++) {
      seen += count[k] > 0;
      double p = (double)count[k] / (double)n;
      if (p > 0) entropy -= p * log(p);
    }
    *used = n ? (double)seen / codes : NAN;
    *perplexity = n ? exp(entropy) : NAN;
  }
  wd_free(count);
  return st;
}
