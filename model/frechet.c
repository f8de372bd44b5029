#include "model/frechet.h"

#include "solver/memory.h"

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

/* One Jacobi rotation that brings m[p][q] to zero (Golub & Van Loan, Matrix Computations, 8.5). */
static void rotate(double *m, double *v, int n, int p, int q) {
  double apq = m[at(n, p, q)];
  if (apq == 0) return;
  double theta = (m[at(n, q, q)] - m[at(n, p, p)]) / (2 * apq);
  double t = copysign(1 / (fabs(theta) + sqrt(theta * theta + 1)), theta);
  double c = 1 / sqrt(t * t + 1), s = t * c;
  for (int k = 0; k < n; k++) {
    double a = m[at(n, k, p)], b = m[at(n, k, q)];
    m[at(n, k, p)] = c * a - s * b;
    m[at(n, k, q)] = s * a + c * b;
  }
  for (int k = 0; k < n; k++) {
    double a = m[at(n, p, k)], b = m[at(n, q, k)];
    m[at(n, p, k)] = c * a - s * b;
    m[at(n, q, k)] = s * a + c * b;
  }
  for (int k = 0; v && k < n; k++) {
    double a = v[at(n, k, p)], b = v[at(n, k, q)];
    v[at(n, k, p)] = c * a - s * b;
    v[at(n, k, q)] = s * a + c * b;
  }
}

/* Ascending, vectors along; selection is enough for these sizes. */
static void sort(double *value, double *vector, int n) {
  for (int i = 0; i < n; i++) {
    int least = i;
    for (int j = i + 1; j < n; j++)
      if (value[j] < value[least]) least = j;
    double swap = value[i];
    value[i] = value[least];
    value[least] = swap;
    for (int k = 0; vector && k < n && least != i; k++) {
      swap = vector[at(n, k, i)];
      vector[at(n, k, i)] = vector[at(n, k, least)];
      vector[at(n, k, least)] = swap;
    }
  }
}

wd_status wd_symmetric_eigen(double *m, int n, double *value, double *vector, wd_error *err) {
  enum { SWEEPS = 60 };
  double all = 0;
  for (int i = 0; i < n * n; i++) all += m[i] * m[i];
  if (!isfinite(all)) return wd_fail(err, WD_ERR_ARGUMENT, "a matrix that is not finite has no eigenvalues");
  for (int i = 0; vector && i < n; i++)
    for (int j = 0; j < n; j++) vector[at(n, i, j)] = i == j;
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    double off = 0;
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) off += m[at(n, p, q)] * m[at(n, p, q)];
    if (off <= 1e-30 * all) break;
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) rotate(m, vector, n, p, q);
  }
  for (int i = 0; i < n; i++) value[i] = m[at(n, i, i)];
  sort(value, vector, n);
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
