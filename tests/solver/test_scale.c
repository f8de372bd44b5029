/* solver/scale.h: the corners of both scales, and that the inverses undo them. */
#include "solver/scale.h"
#include "tests/tap.h"

int main(void) {
  tap_at_most(fabs(wd_velocity_normalise(1500) + 1), 0, "1500 m/s is -1, off by");
  tap_at_most(fabs(wd_velocity_normalise(4500) - 1), 0, "4500 m/s is 1, off by");
  tap_at_most(fabs(wd_velocity_denormalise(0.1) - wd_velocity_denormalise(0) - 150), 1e-9,
              "0.1 of the scale is 150 m/s, off by");
  tap_at_most(fabs(wd_seismic_log_norm(-30) + 1), 1e-15, "amplitude -30 is -1, off by");
  tap_at_most(fabs(wd_seismic_log_norm(60) - 1), 1e-15, "amplitude 60 is 1, off by");
  tap_at_most(fabs(wd_seismic_log_norm(0) - WD_LOG_NORM_OF_ZERO), 1e-15, "amplitude 0, off by");
  tap_at_most(fabs(WD_LOG_NORM_OF_ZERO + 0.08971492695869099), 1e-15, "silence is -0.0897, off by");
  /* t(e - 1) = 1 by definition of the logarithm */
  tap_at_most(fabs(wd_seismic_log_norm(expm1(1.0)) - WD_LOG_NORM_OF_ZERO - WD_LOG_NORM_GAIN), 1e-15,
              "e - 1 is one logarithmic unit, off by");
  double worst = 0;
  for (double x = -1000; x < 1000; x += 0.37)
    worst = fmax(worst, fabs(wd_seismic_log_denorm(wd_seismic_log_norm(x)) - x) / (1 + fabs(x)));
  tap_at_most(worst, 1e-13, "log-norm there and back, relative error");
  worst = 0;
  for (double v = 300; v < 9000; v += 1.7)
    worst = fmax(worst, fabs(wd_velocity_denormalise(wd_velocity_normalise(v)) - v));
  tap_at_most(worst, 1e-10, "velocity there and back, m/s");
  tap_ok(isnan(wd_seismic_log_norm(NAN)), "NaN stays NaN");
  return tap_done();
}
