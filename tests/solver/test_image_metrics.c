/* solver/image_metrics.h against an independent numpy implementation (direct 11 x 11 sums, computed once; the
 * maps are formulas, so that both sides build them) and against closed forms. */
#include "solver/image_metrics.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static void maps(wd_map *a, wd_map *b) {
  if (wd_map_create(24, 31, 10, a, NULL) || wd_map_create(24, 31, 10, b, NULL)) return;
  for (int z = 0; z < 24; z++)
    for (int x = 0; x < 31; x++) {
      double v = 2000 + 60 * z + 200 * floor((z + 3 * sin(x / 5.0)) / 6);
      a->value[z * 31 + x] = (float)v;
      b->value[z * 31 + x] = (float)(a->value[z * 31 + x] + 150 * sin(z * x / 40.0) - 40 * cos(x / 3.0));
    }
}

static void off(double value, double expected, double limit, const char *what) {
  tap_at_most(fabs(value - expected), limit, what);
}

int main(void) {
  wd_map a = {0}, b = {0}, s = {0};
  maps(&a, &b);
  wd_map_measure m;
  memset(&m, 0x5a, sizeof m);
  wd_error err = {0};
  tap_ok(wd_map_compare(&a, &b, NULL, &m, &s, &err) == WD_OK, "compared %s", err.message);
  off(m.ssim, 0.9419763243115681, 1e-9, "SSIM, against numpy");
  off(m.ssim_inside, 0.9024767419833288, 1e-9, "SSIM of whole windows, against numpy");
  off(s.value[0], 0.9960792425008149, 1e-7, "SSIM at the corner, against numpy");
  off(s.value[12 * 31 + 15], 0.9581924935312892, 1e-7, "SSIM in the middle, against numpy");
  off(m.mae, 91.05800029795657, 1e-6, "MAE in m/s, against numpy");
  off(m.rmse, 105.16578740419402, 1e-6, "RMSE in m/s, against numpy");
  off(m.max_abs, 189.84375, 1e-3, "largest error in m/s, against numpy");
  off(m.mae_normalised, m.mae / 1500, 1e-15, "normalised MAE x 1500 is MAE");
  wd_map_clear(&s);
  wd_map_compare(&a, &b, &(wd_map_compare_desc){.low = 0, .high = 6000}, &m, NULL, NULL);
  off(m.ssim, 0.9673944682890161, 1e-9, "SSIM on the scale 0..6000 m/s, against numpy");
  off(m.ssim_inside, 0.9370656596811295, 1e-9, "SSIM of whole windows on that scale, against numpy");

  wd_map_compare(&a, &a, NULL, &m, NULL, NULL);
  tap_ok(m.mae == 0 && m.rmse == 0 && m.max_abs == 0 && m.relative_l2 == 0, "a map against itself: no error");
  off(m.ssim, 1, 1e-14, "and SSIM 1");
  wd_map_measure back;
  wd_map_compare(&b, &a, NULL, &back, NULL, NULL);
  wd_map_compare(&a, &b, NULL, &m, NULL, NULL);
  off(back.ssim, m.ssim, 1e-15, "SSIM is symmetric");

  /* Two constant maps p, q inside whole windows: no variance, SSIM = (2 p q + C1) / (p^2 + q^2 + C1). */
  for (int i = 0; i < 24 * 31; i++) a.value[i] = 2250, b.value[i] = 3750;
  wd_map_compare(&a, &b, NULL, &m, NULL, NULL);
  off(m.ssim_inside, (2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4), 1e-12,
      "constant maps, closed form");
  off(m.mae, 1500, 0, "constant maps differ by 1500 m/s");
  off(m.relative_l2, 0.4, 1e-15, "relative L2 1500/3750");

  b.value[40] = NAN;
  wd_map_compare(&a, &b, NULL, &m, NULL, NULL);
  tap_ok(m.not_finite == 1 && isnan(m.mae) && isnan(m.rmse) && isnan(m.ssim) && isnan(m.max_abs),
         "NaN is counted and spoils every figure");
  wd_map small = {10, 31, 10, a.value}, other = {31, 24, 10, a.value};
  memset(&m, 0x5a, sizeof m);
  wd_map_measure poison = m;
  tap_ok(wd_map_compare(&small, &small, NULL, &m, NULL, &err) == WD_ERR_SHAPE, "too small: %s", err.message);
  tap_ok(wd_map_compare(&other, &a, NULL, &m, NULL, &err) == WD_ERR_SHAPE, "shapes: %s", err.message);
  tap_ok(wd_map_compare(&a, &a, &(wd_map_compare_desc){.low = 5, .high = 5}, &m, NULL, &err) ==
             WD_ERR_ARGUMENT,
         "range: %s", err.message);
  tap_ok(memcmp(&m, &poison, sizeof m) == 0, "nothing is written on failure");
  wd_map_clear(&a);
  wd_map_clear(&b);
  return tap_done();
}
