#include "model/frechet.h"

#include "solver/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t at(int size, int i, int j) {
  return (size_t)i * (size_t)size + (size_t)j;
}

wd_status wd_gaussian_fit(const double *value, size_t n, int size, wd_gaussian *out, wd_error *err) {
  if (size < 1 || size > WD_GAUSSIAN_MAX || n < 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "a Gaussian of %zu vectors of %d numbers; at least 2 of 1 to %d", n,
                   size, WD_GAUSSIAN_MAX);
  size_t d = (size_t)size;
  for (size_t k = 0; k < n * d; k++)
    if (!isfinite(value[k]))
      return wd_fail(err, WD_ERR_ARGUMENT, "feature %zu of vector %zu is not finite", k % d, k / d);
  wd_gaussian g = {size, wd_calloc(d, sizeof(double)), wd_calloc(d * d, sizeof(double))};
  double *centred = wd_calloc(d, sizeof *centred);
  if (!g.mean || !g.covariance || !centred) {
    wd_gaussian_clear(&g);
    wd_free(centred);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the covariance of %d features", size);
  }
  for (size_t k = 0; k < n * d; k++) g.mean[k % d] += value[k] / (double)n;
  for (size_t k = 0; k < n; k++) {
    for (size_t i = 0; i < d; i++) centred[i] = value[k * d + i] - g.mean[i];
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j <= i; j++) g.covariance[i * d + j] += centred[i] * centred[j] / (double)(n - 1);
  }
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++) g.covariance[j * d + i] = g.covariance[i * d + j];
  wd_free(centred);
  *out = g;
  return WD_OK;
}

void wd_gaussian_clear(wd_gaussian *g) {
  wd_free(g->mean);
  wd_free(g->covariance);
  *g = (wd_gaussian){0};
}

/* ---- eigenvalues: Householder's tridiagonal form, then implicit QR steps with Wilkinson's shift (Golub &
 * Van Loan, Matrix Computations, 8.3). Rows alone are gone along: for 512 numbers a Jacobi iteration by
 * columns took 17 s. */

static void turn(double *a, double *b, int n, double c, double s) {
  for (int k = 0; k < n; k++) {
    double x = a[k], y = b[k];
    a[k] = c * x + s * y;
    b[k] = c * y - s * x;
  }
}

/* m becomes H m H, H = 1 - beta u u', with zeros in row k beyond k + 1; u stays in that row. Returns beta;
 * *next: the element beside the diagonal. */
static double reflect(double *m, int n, int k, double *work, double *next) {
  double *u = m + at(n, k, 0), norm = 0, along = 0;
  for (int i = k + 2; i < n; i++) norm += u[i] * u[i];
  *next = u[k + 1];
  if (norm == 0) return 0;
  *next = -copysign(sqrt(norm + u[k + 1] * u[k + 1]), u[k + 1]);
  u[k + 1] -= *next;
  const double beta = 2 / (norm + u[k + 1] * u[k + 1]);
  for (int i = k + 1; i < n; i++) {
    const double *row = m + at(n, i, 0);
    work[i] = 0;
    for (int j = k + 1; j < n; j++) work[i] += row[j] * u[j];
    work[i] *= beta;
    along += work[i] * u[i];
  }
  for (int i = k + 1; i < n; i++) work[i] -= 0.5 * beta * along * u[i];
  for (int i = k + 1; i < n; i++) {
    double *row = m + at(n, i, 0);
    for (int j = k + 1; j < n; j++) row[j] -= u[i] * work[j] + work[i] * u[j];
  }
  return beta;
}

/* One step on lo..hi of the tridiagonal matrix (diagonal d, beside it e); the rows of v turn along. */
static void qr_step(double *d, double *e, int lo, int hi, double *v, int n) {
  const double delta = (d[hi - 1] - d[hi]) / 2, b = e[hi - 1];
  double x = d[lo] - (d[hi] - b * b / (delta + copysign(hypot(delta, b), delta))), z = e[lo];
  for (int k = lo; k < hi; k++) {
    const double r = hypot(x, z), c = r > 0 ? x / r : 1, s = r > 0 ? z / r : 0;
    const double one = d[k], other = d[k + 1], beside = e[k];
    if (k > lo) e[k - 1] = r;
    d[k] = c * c * one + 2 * c * s * beside + s * s * other;
    d[k + 1] = s * s * one - 2 * c * s * beside + c * c * other;
    x = e[k] = c * s * (other - one) + (c * c - s * s) * beside;
    z = k + 1 < hi ? s * e[k + 1] : 0;
    if (k + 1 < hi) e[k + 1] *= c;
    if (v) turn(v + at(n, k, 0), v + at(n, k + 1, 0), n, c, s);
  }
}

/* Ascending, rows of v along; selection is enough for these sizes. */
static void sort(double *value, double *v, int n) {
  for (int i = 0; i < n; i++) {
    int least = i;
    for (int j = i + 1; j < n; j++)
      if (value[j] < value[least]) least = j;
    double swap = value[i];
    value[i] = value[least];
    value[least] = swap;
    for (int k = 0; v && k < n && least != i; k++) {
      swap = v[at(n, i, k)];
      v[at(n, i, k)] = v[at(n, least, k)];
      v[at(n, least, k)] = swap;
    }
  }
}

wd_status wd_symmetric_eigen(double *m, int n, double *value, double *vector, wd_error *err) {
  double all = 0;
  for (int i = 0; i < n * n; i++) all += m[i] * m[i];
  if (!isfinite(all)) return wd_fail(err, WD_ERR_ARGUMENT, "a matrix that is not finite has no eigenvalues");
  double *e = wd_calloc(3 * (size_t)n, sizeof *e), *beta = e + n, *work = beta + n;
  if (!e) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d eigenvalues", n);
  for (int k = 0; k + 2 < n; k++) beta[k] = reflect(m, n, k, work, &e[k]);
  if (n > 1) e[n - 2] = m[at(n, n - 2, n - 1)];
  for (int i = 0; i < n; i++) value[i] = m[at(n, i, i)];
  for (int i = 0; vector && i < n; i++)
    for (int j = 0; j < n; j++) vector[at(n, i, j)] = i == j;
  for (int k = n - 3; vector && k >= 0; k--) /* rows: the directions in which m is tridiagonal */
    for (int i = k + 1; i < n; i++) {
      double *row = vector + at(n, i, 0), *u = m + at(n, k, 0), sum = 0;
      for (int j = k + 1; j < n; j++) sum += row[j] * u[j];
      for (int j = k + 1; j < n; j++) row[j] -= beta[k] * sum * u[j];
    }
  const double least = DBL_EPSILON * DBL_EPSILON * sqrt(all);
  int left = 60 * n; /* about two steps are needed for each */
  for (int hi = n - 1, lo; hi > 0 && left > 0;) {
    for (lo = hi; lo > 0; lo--)
      if (fabs(e[lo - 1]) <= DBL_EPSILON * (fabs(value[lo - 1]) + fabs(value[lo])) + least) break;
    if (lo == hi) {
      hi--;
      continue;
    }
    qr_step(value, e, lo, hi, vector, n);
    left--;
  }
  wd_free(e);
  if (!left) return wd_fail(err, WD_ERR_DIVERGED, "the eigenvalues of a matrix of %d rows were not found", n);
  sort(value, vector, n);
  for (int i = 0; vector && i < n; i++)
    for (int j = 0; j < i; j++) {
      double swap = vector[at(n, i, j)];
      vector[at(n, i, j)] = vector[at(n, j, i)];
      vector[at(n, j, i)] = swap;
    }
  return WD_OK;
}

/* out = a b, or a b' when transposed. */
static void product(const double *a, const double *b, bool transposed, int n, double *out) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int k = 0; k < n; k++) sum += a[at(n, i, k)] * (transposed ? b[at(n, j, k)] : b[at(n, k, j)]);
      out[at(n, i, j)] = sum;
    }
}

wd_status wd_frechet_distance(const wd_gaussian *a, const wd_gaussian *b, double *out, wd_error *err) {
  if (a->size != b->size)
    return wd_fail(err, WD_ERR_SHAPE, "a Fréchet distance between %d and %d features", a->size, b->size);
  int n = a->size;
  size_t square = (size_t)n * (size_t)n;
  double *work = wd_calloc(4 * square + (size_t)n, sizeof *work);
  if (!work) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a Fréchet distance of %d features", n);
  double *m = work, *vector = m + square, *root = vector + square, *other = root + square,
         *value = other + square;
  memcpy(m, a->covariance, square * sizeof *m);
  wd_status st = wd_symmetric_eigen(m, n, value, vector, err);
  if (!st) {
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) other[at(n, i, j)] = vector[at(n, i, j)] * sqrt(fmax(value[j], 0));
    product(other, vector, true, n, root); /* C1^1/2 */
    product(root, b->covariance, false, n, other);
    product(other, root, false, n, m);
    for (int i = 0; i < n; i++)
      for (int j = 0; j < i; j++) {
        double mean = 0.5 * (m[at(n, i, j)] + m[at(n, j, i)]);
        m[at(n, i, j)] = m[at(n, j, i)] = mean;
      }
    st = wd_symmetric_eigen(m, n, value, NULL, err);
  }
  if (!st) {
    double d = 0;
    for (int i = 0; i < n; i++) {
      double step = a->mean[i] - b->mean[i];
      d +=
          step * step + a->covariance[at(n, i, i)] + b->covariance[at(n, i, i)] - 2 * sqrt(fmax(value[i], 0));
    }
    *out = fmax(d, 0);
  }
  wd_free(work);
  return st;
}
