/* The Fréchet distance between two populations of feature vectors, each taken for a Gaussian (Dowson & Landau
 * 1982; as Heusel et al. 2017 use it):
 *
 *   d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2)
 *
 * In double: for vectors of tens to a few hundred numbers. A covariance of fewer samples
 * than numbers is singular, which is no obstacle, and d^2 of finite samples is too large by a bias that falls
 * as 1 / samples: compare only figures of equally many samples, beside that of two real populations. */
#ifndef WD_FRECHET_H
#define WD_FRECHET_H

#include "solver/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct wd_gaussian {
  int size;
  double *mean;       /* size */
  double *covariance; /* size x size, of the sample (divided by n - 1) */
} wd_gaussian;

enum { WD_GAUSSIAN_MAX = 512 };

/* n >= 2 vectors of `size` numbers, 1..WD_GAUSSIAN_MAX, all finite (WD_ERR_ARGUMENT). *out is cleared by the
 * caller. */
wd_status wd_gaussian_fit(const double *value, size_t n, int size, wd_gaussian *out, wd_error *err);
void wd_gaussian_clear(wd_gaussian *g);

/* *out gets d^2, not below 0. WD_ERR_SHAPE when the sizes differ. */
wd_status wd_frechet_distance(const wd_gaussian *a, const wd_gaussian *b, double *out, wd_error *err);

/* Eigenvalues (ascending) and eigenvectors (columns; may be NULL) of a symmetric matrix, which is used up, by
 * tridiagonalisation and implicit QR: 512 rows take half a second. */
wd_status wd_symmetric_eigen(double *matrix, int size, double *value, double *vector, wd_error *err);

#endif
