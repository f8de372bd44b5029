#include "model/neighbours.h"

#include <math.h>
#include <stdbool.h>

/* Eight sums side by side: wide enough for any SIMD, and the order does not depend on it. */
enum { LANES = 8 };

static void products(const float *a, const float *b, size_t n, double *ab, double *bb, double *apart) {
  double s[3][LANES] = {{0}};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) {
      double x = (double)a[i + k], y = (double)b[i + k], d = x - y;
      s[0][k] += x * y;
      s[1][k] += y * y;
      s[2][k] += d * d;
    }
  for (; i < n; i++) {
    double x = (double)a[i], y = (double)b[i], d = x - y;
    s[0][0] += x * y;
    s[1][0] += y * y;
    s[2][0] += d * d;
  }
  *ab = *bb = *apart = 0;
  for (size_t k = 0; k < LANES; k++) {
    *ab += s[0][k];
    *bb += s[1][k];
    *apart += s[2][k];
  }
}

static bool nearer(wd_nearness by, const wd_neighbour *a, const wd_neighbour *b) {
  return by == WD_NEAR_COSINE ? a->cosine > b->cosine : a->distance < b->distance;
}

size_t wd_neighbours_find(wd_nearness by, const float *query, const float *const *latent, size_t n,
                          size_t count, size_t most, wd_neighbour *out) {
  double own, ignored, apart;
  size_t found = 0;
  products(query, query, count, &ignored, &own, &apart);
  for (size_t i = 0; i < n && most && count; i++) {
    double ab, bb;
    if (!latent[i]) continue;
    products(query, latent[i], count, &ab, &bb, &apart);
    if (!isfinite(apart) || !isfinite(bb)) continue;
    double lengths = sqrt(own) * sqrt(bb);
    wd_neighbour here = {i, sqrt(apart / (double)count), lengths > 0 ? fmin(1, fmax(-1, ab / lengths)) : 0};
    if (found == most && !nearer(by, &here, &out[most - 1])) continue;
    size_t at = found < most ? found++ : most - 1;
    for (; at > 0 && nearer(by, &here, &out[at - 1]); at--) out[at] = out[at - 1];
    out[at] = here;
  }
  return found;
}
