#include "solver/image_metrics.h"

#include "solver/memory.h"
#include "solver/scale.h"

#include <math.h>

enum { HALF = WD_SSIM_WINDOW / 2, MOMENTS = 5 };

static void gaussian_window(double w[WD_SSIM_WINDOW]) {
  double sum = 0;
  for (int i = 0; i < WD_SSIM_WINDOW; i++) {
    double d = (i - HALF) / 1.5;
    w[i] = exp(-d * d / 2);
    sum += w[i];
  }
  for (int i = 0; i < WD_SSIM_WINDOW; i++) w[i] /= sum;
}

/* The five windowed moments (x, y, x^2, y^2, xy) of every cell: the window is a product, so rows first, then
 * columns. `moment` holds MOMENTS planes of nz * nx, `row` as much scratch. */
static void windowed_moments(const double *x, const double *y, int nz, int nx, double *row, double *moment) {
  double w[WD_SSIM_WINDOW];
  gaussian_window(w);
  const size_t plane = (size_t)nz * (size_t)nx;
  for (int z = 0; z < nz; z++)
    for (int c = 0; c < nx; c++) {
      double m[MOMENTS] = {0};
      for (int k = -HALF; k <= HALF; k++) {
        if (c + k < 0 || c + k >= nx) continue;
        size_t i = (size_t)z * (size_t)nx + (size_t)(c + k);
        double g = w[k + HALF];
        m[0] += g * x[i];
        m[1] += g * y[i];
        m[2] += g * x[i] * x[i];
        m[3] += g * y[i] * y[i];
        m[4] += g * x[i] * y[i];
      }
      for (int j = 0; j < MOMENTS; j++) row[(size_t)j * plane + (size_t)z * (size_t)nx + (size_t)c] = m[j];
    }
  for (int j = 0; j < MOMENTS; j++)
    for (int z = 0; z < nz; z++)
      for (int c = 0; c < nx; c++) {
        double m = 0;
        for (int k = -HALF; k <= HALF; k++)
          if (z + k >= 0 && z + k < nz)
            m += w[k + HALF] * row[(size_t)j * plane + (size_t)(z + k) * (size_t)nx + (size_t)c];
        moment[(size_t)j * plane + (size_t)z * (size_t)nx + (size_t)c] = m;
      }
}

static double ssim_of(const double *moment, size_t plane, size_t i) {
  const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
  double mx = moment[i], my = moment[plane + i];
  double vx = moment[2 * plane + i] - mx * mx, vy = moment[3 * plane + i] - my * my;
  double cov = moment[4 * plane + i] - mx * my;
  return (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

wd_status wd_map_compare(const wd_map *a, const wd_map *b, const wd_map_compare_desc *desc,
                         wd_map_measure *out, wd_map *ssim_map, wd_error *err) {
  double low = desc ? desc->low : 0, high = desc ? desc->high : 0;
  if (low == 0 && high == 0) low = WD_VELOCITY_MIN, high = WD_VELOCITY_MAX;
  if (!(high > low) || !isfinite(high - low))
    return wd_fail(err, WD_ERR_ARGUMENT, "SSIM needs a range of velocities; %g..%g m/s is none", low, high);
  if (a->nz != b->nz || a->nx != b->nx)
    return wd_fail(err, WD_ERR_SHAPE, "cannot compare a map of %d x %d cells with one of %d x %d", a->nz,
                   a->nx, b->nz, b->nx);
  if (a->nz < WD_SSIM_WINDOW || a->nx < WD_SSIM_WINDOW)
    return wd_fail(err, WD_ERR_SHAPE, "maps of %d x %d cells are smaller than the %d x %d window of SSIM",
                   a->nz, a->nx, WD_SSIM_WINDOW, WD_SSIM_WINDOW);

  const int nz = a->nz, nx = a->nx;
  const size_t cells = (size_t)nz * (size_t)nx;
  double *work = wd_alloc(cells, (2 + 2 * MOMENTS) * sizeof *work);
  wd_map similarity = {0};
  wd_status st = work ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to compare maps");
  if (!st && ssim_map) st = wd_map_create(nz, nx, a->spacing, &similarity, err);
  if (st) {
    wd_free(work);
    return st;
  }

  double *x = work, *y = x + cells, *moment = y + cells, *row = moment + MOMENTS * cells;
  wd_map_measure m = {.cells = cells};
  double abs_sum = 0, square_sum = 0, reference = 0;
  for (size_t i = 0; i < cells; i++) {
    double va = a->value[i], vb = b->value[i], d = va - vb;
    m.not_finite += !isfinite(va) || !isfinite(vb);
    abs_sum += fabs(d);
    square_sum += d * d;
    reference += vb * vb;
    m.max_abs = fmax(m.max_abs, fabs(d));
    x[i] = (va - low) / (high - low);
    y[i] = (vb - low) / (high - low);
  }
  windowed_moments(x, y, nz, nx, row, moment);
  double sum = 0, sum_inside = 0;
  for (int z = 0; z < nz; z++)
    for (int c = 0; c < nx; c++) {
      size_t i = (size_t)z * (size_t)nx + (size_t)c;
      double s = ssim_of(moment, cells, i);
      sum += s;
      if (z >= HALF && z < nz - HALF && c >= HALF && c < nx - HALF) sum_inside += s;
      if (ssim_map) similarity.value[i] = (float)s;
    }
  const double n = (double)cells, n_inside = (double)(nz - 2 * HALF) * (nx - 2 * HALF);
  m.mae = abs_sum / n;
  m.rmse = sqrt(square_sum / n);
  m.mae_normalised = m.mae / WD_VELOCITY_UNIT;
  m.relative_l2 = reference > 0 ? sqrt(square_sum / reference) : NAN;
  m.ssim = sum / n;
  m.ssim_inside = sum_inside / n_inside;
  if (m.not_finite)
    m.mae = m.rmse = m.mae_normalised = m.relative_l2 = m.max_abs = m.ssim = m.ssim_inside = NAN;
  wd_free(work);
  *out = m;
  if (ssim_map) *ssim_map = similarity;
  return WD_OK;
}
