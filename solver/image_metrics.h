/* How two velocity maps differ: MAE, RMSE and structural similarity. Sums run in double; a NaN or infinity in
 * either map makes every figure that it enters NaN, and not_finite counts the cells. */
#ifndef WD_IMAGE_METRICS_H
#define WD_IMAGE_METRICS_H

#include "solver/map.h"
#include <stddef.h>

/* SSIM (Wang, Bovik, Sheikh, Simoncelli 2004), 11 x 11 Gaussian window with sigma 1.5, C1 = 0.01^2, C2 =
 * 0.03^2, on maps scaled to 0..1 by (v - low) / (high - low), not clipped:
 *
 *   SSIM(x, y) = (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2))
 *
 * with m, s^2, sxy the weighted mean, variance, covariance under the window. OpenFWI's tables take the mean
 * over every cell, the maps continued by zeros outside (ssim); the original takes only windows that lie
 * inside (ssim_inside). The test's pair of 24 x 31 maps scores 0.942 and 0.902: both are given. */
enum { WD_SSIM_WINDOW = 11 };

typedef struct wd_map_measure {
  size_t cells, not_finite;
  double mae, rmse, max_abs; /* of a - b, in the maps' unit: m/s */
  double mae_normalised;     /* in the scale of wd_velocity_normalise: mae / 1500 */
  double relative_l2;        /* ||a - b|| / ||b|| */
  double ssim, ssim_inside;  /* -1..1, 1 for equal maps */
} wd_map_measure;

/* Zero means the default in brackets; low and high are both given or both zero. */
typedef struct wd_map_compare_desc {
  double low, high; /* m/s that 0 and 1 of SSIM stand for [1500, 4500] */
} wd_map_compare_desc;

/* desc and ssim_map may be NULL; ssim_map, when given, is created: SSIM at every cell, continued by zeros
 * outside. Refuses maps of different or too small size (under 11 cells a side). */
wd_status wd_map_compare(const wd_map *a, const wd_map *b, const wd_map_compare_desc *desc,
                         wd_map_measure *out, wd_map *ssim_map, wd_error *err);

#endif
