/* Style: natural-image texture over a depth trend, as a Gaussian field. White noise convolved with a Gaussian
 * of standard deviation l / sqrt 2 has the covariance sigma^2 exp(-d^2 / 2 l^2). */
#include "solver/family_impl.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { STYLE_TOP = 1830, STYLE_BOTTOM = 3600 };

/* To a multiple of 2^-16: from here on the numbers are the same with every libm. */
static double coarse(double x) {
  return floor(x * 65536 + 0.5) * 0x1p-16;
}

/* Weights -radius..radius of unit sum of squares, in *weight (allocated). */
static int gaussian(double deviation, double **weight) {
  int radius = (int)ceil(4 * deviation);
  double *w = wd_calloc((size_t)(2 * radius + 1), sizeof *w);
  if (!w) return -1;
  double square = 0;
  for (int i = -radius; i <= radius; i++) {
    w[i + radius] = coarse(exp(-0.5 * i * i / (deviation * deviation)));
    square += w[i + radius] * w[i + radius];
  }
  for (int i = 0; i <= 2 * radius; i++) w[i] /= sqrt(square);
  *weight = w;
  return radius;
}

wd_status wd_family_style(wd_random *r, bool rough, wd_map *map, wd_error *err) {
  const double length = rough ? 2.0 : 3.5, sigma = rough ? 158 : 183, noise = rough ? 58 : 0.1;
  const int nz = map->nz, nx = map->nx;
  double *down = NULL, *across = NULL, *white = NULL, *field = NULL;
  int rz = gaussian(length * sqrt(0.5) * nz / 70, &down),
      rx = gaussian(length * sqrt(0.5) * nx / 70, &across);
  size_t wide = (size_t)(nx + 2 * rx), high = (size_t)(nz + 2 * rz);
  if (rz >= 0 && rx >= 0) {
    white = wd_calloc(wide, sizeof *white);
    field = wd_calloc(high * (size_t)nx, sizeof *field);
  }
  wd_status st = WD_OK;
  if (!white || !field) {
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a Gaussian field of %d x %d cells", nz, nx);
    goto done;
  }

  /* Sums run over the taps outermost, so that their order is fixed and the loop inside is a vector one. */
  for (size_t z = 0; z < high; z++) {
    double *row = field + z * (size_t)nx;
    for (size_t x = 0; x < wide; x++) white[x] = coarse(wd_random_normal(r));
    for (int k = 0; k <= 2 * rx; k++)
      for (int x = 0; x < nx; x++) row[x] += across[k] * white[x + k];
  }
  for (int z = 0; z < nz; z++) {
    memset(white, 0, wide * sizeof *white);
    for (int k = 0; k <= 2 * rz; k++) {
      const double *row = field + (size_t)(z + k) * (size_t)nx;
      for (int x = 0; x < nx; x++) white[x] += down[k] * row[x];
    }
    double trend = STYLE_TOP + (STYLE_BOTTOM - STYLE_TOP) * ((double)z / (nz - 1));
    for (int x = 0; x < nx; x++) {
      double v = trend + sigma * white[x] + noise * coarse(wd_random_normal(r));
      /* Folded, not clipped, at the limits: no flat spots. */
      if (v < WD_FAMILY_VMIN) v = 2 * WD_FAMILY_VMIN - v;
      if (v > WD_FAMILY_VMAX) v = 2 * WD_FAMILY_VMAX - v;
      map->value[(size_t)z * (size_t)nx + (size_t)x] = (float)(floor(v * 16 + 0.5) / 16);
    }
  }
done:
  wd_free(down);
  wd_free(across);
  wd_free(white);
  wd_free(field);
  return st;
}
