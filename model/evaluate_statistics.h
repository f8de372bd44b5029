/* Figures over populations that evaluate.h reports, apart from percentiles (residual.h): how many pairs obey
 * the wave equation within a tolerance, how far maps lie from each other, and how far from what was trained
 * on. */
#ifndef WD_EVALUATE_STATISTICS_H
#define WD_EVALUATE_STATISTICS_H

#include "solver/hooks.h"
#include "solver/metrics.h"

#include <stdint.h>

/* The share of n pairs whose reflection residual is at most epsilon. A pair with nothing to reflect, or not
 * finite, is not within: a bland map is no consistent one. NaN of no pairs, or of an epsilon that is NaN. */
double wd_share_within(const wd_measure *measure, size_t n, double epsilon);
/* The share of pairs with nothing to reflect; NaN of no pairs. */
double wd_share_bland(const wd_measure *measure, size_t n);

/* The same share at each of `points` epsilons, which are evenly spread in logarithm from lo to hi. */
void wd_validity_curve(const wd_measure *measure, size_t n, double lo, double hi, int points, double *epsilon,
                       double *share);

/* Maps as arrays of `cells` values, m/s: the root mean square of their difference, over WD_VELOCITY_UNIT. */
double wd_map_distance(const float *a, const float *b, size_t cells);

/* Mean distance over all pairs of n different maps; NaN for fewer than two. Cancelled: NaN. */
double wd_mean_pairwise(const float *maps, size_t n, size_t cells, const wd_hooks *hooks);

/* nearest[i] becomes the least of itself and the distances from map i to each of m others: start with
 * INFINITY. WD_CANCELLED leaves a part done. */
wd_status wd_nearest(const float *maps, size_t n, const float *others, size_t m, size_t cells,
                     double *nearest, size_t first, size_t *which, const wd_hooks *hooks, wd_error *err);

/* The share of codes (0..codes-1) that appear among n indices, and the perplexity exp(H) of their use. */
wd_status wd_codebook_use(const int32_t *index, size_t n, int codes, double *used, double *perplexity,
                          wd_error *err);

#endif
