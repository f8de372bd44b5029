/* The scales that people of this field use, one definition each (physics.md section 6 of the design).
 *
 * Velocity: (v - 1500) / 1500 - 1 maps OpenFWI's 1500..4500 m/s to -1..1, so that an MAE in this scale times
 * 1500 is metres per second.
 *
 * Seismic, "log-norm" (the scale of the BigFWI baselines of OpenFWI): t = sign(x) log1p(|x|), and the range
 * t(-30)..t(60) mapped linearly to -1..1. Values outside -30..60 fall outside -1..1; nothing is clipped. Zero
 * maps to WD_LOG_NORM_OF_ZERO = -0.0897 (the range is lopsided). */
#ifndef WD_SCALE_H
#define WD_SCALE_H

#include <math.h>

#define WD_VELOCITY_MIN 1500.0 /* m/s, of the OpenFWI families */
#define WD_VELOCITY_MAX 4500.0

/* m/s for one unit of the normalised scale. */
#define WD_VELOCITY_UNIT 1500.0

static inline double wd_velocity_normalise(double metres_per_second) {
  return (metres_per_second - WD_VELOCITY_MIN) / WD_VELOCITY_UNIT - 1.0;
}
static inline double wd_velocity_denormalise(double normalised) {
  return (normalised + 1.0) * WD_VELOCITY_UNIT + WD_VELOCITY_MIN;
}

#define WD_LOG_NORM_LOW  (-3.4339872044851463) /* -log1p(30) */
#define WD_LOG_NORM_HIGH 4.1108738641733112    /* log1p(60) */
/* Slope of the linear part: an error e in t is an error WD_LOG_NORM_GAIN e in the log-norm scale. */
#define WD_LOG_NORM_GAIN    (2.0 / (WD_LOG_NORM_HIGH - WD_LOG_NORM_LOW))
#define WD_LOG_NORM_OF_ZERO (-WD_LOG_NORM_LOW * WD_LOG_NORM_GAIN - 1.0)

static inline double wd_seismic_log_norm(double amplitude) {
  double t = copysign(log1p(fabs(amplitude)), amplitude);
  return (t - WD_LOG_NORM_LOW) * WD_LOG_NORM_GAIN - 1.0;
}
static inline double wd_seismic_log_denorm(double normalised) {
  double t = (normalised + 1.0) / WD_LOG_NORM_GAIN + WD_LOG_NORM_LOW;
  return copysign(expm1(fabs(t)), t);
}

#endif
