/* Compiled once for each SIMD width (solver/meson.build). */
#include "solver/metrics_impl.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PASTE(a, b)  a##b
#define NAMED(lanes) PASTE(wd_sum_traces_, lanes)
#define NAME         NAMED(WD_LANES)

/* sign(x) log1p(|x|) to 1e-14 absolute, several times faster than the library's: log(1 + |x|) needs no more
 * than absolute accuracy here. 1 + |x| = 2^e m with m in [sqrt(1/2), sqrt(2)), and log m = 2 atanh(s), s = (m
 * - 1) / (m + 1), |s| <= 0.1716, by its series to s^15. NaN and infinity come out as anything: the caller has
 * counted them and discards the sum. */
static inline double signed_log(double x) {
  double u = 1.0 + fabs(x);
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  /* sqrt(1/2) = 0x3fe6a09e667f3bcd: subtracting its bits puts the exponent's step at m = sqrt(1/2). */
  uint64_t shifted = bits - UINT64_C(0x3fe6a09e667f3bcd);
  double e = (double)((int64_t)shifted >> 52);
  bits -= shifted & UINT64_C(0xfff0000000000000);
  double m;
  memcpy(&m, &bits, sizeof m);
  double s = (m - 1.0) / (m + 1.0), q = s * s;
  double series = 1.0 / 13 + q * (1.0 / 15);
  series = 1.0 / 11 + q * series;
  series = 1.0 / 9 + q * series;
  series = 1.0 / 7 + q * series;
  series = 1.0 / 5 + q * series;
  series = 1.0 / 3 + q * series;
  double t = e * 0.69314718055994530942 + 2.0 * s * (1.0 + q * series);
  return copysign(t, x);
}

enum { LANES = WD_COMPARE_LANES };

typedef struct lanes {
  double aa[LANES], bb[LANES], ab[LANES], dd[LANES], abs_d[LANES], max_d[LANES], log_d[LANES],
      log_silence[LANES], log_direct[LANES], rr[LANES];
  int64_t identical[LANES], bad_a[LANES], bad_b[LANES], bad_top[LANES], bad_any[LANES];
} lanes;

static inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline bool is_bad(uint32_t bits) {
  return (bits & 0x7f800000u) == 0x7f800000u;
}

/* One time sample of n traces. */
static inline void add_row(lanes *s, const float *restrict a, const float *restrict b,
                           const float *restrict top, double gain, int n) {
  for (int r = 0; r < n; r++) {
    uint32_t bits_a = bits_of(a[r]), bits_b = bits_of(b[r]);
    int64_t bad_a = is_bad(bits_a), bad_b = is_bad(bits_b), bad_top = top ? is_bad(bits_of(top[r])) : 0;
    s->identical[r] += bits_a == bits_b;
    s->bad_a[r] += bad_a;
    s->bad_b[r] += bad_b;
    s->bad_top[r] += bad_top;
    s->bad_any[r] += bad_a | bad_b | bad_top;
    double va = gain * (double)a[r], vb = b[r], d = va - vb, abs_d = fabs(d);
    s->aa[r] += va * va;
    s->bb[r] += vb * vb;
    s->ab[r] += va * vb;
    s->dd[r] += d * d;
    s->abs_d[r] += abs_d;
    s->max_d[r] = abs_d > s->max_d[r] ? abs_d : s->max_d[r];
    double ta = signed_log(va), tb = signed_log(vb), td = ta - tb;
    s->log_d[r] += td * td;
    s->log_silence[r] += tb * tb;
    if (top) {
      double reflected = vb - (double)top[r], tr = signed_log((double)top[r]) - tb;
      s->rr[r] += reflected * reflected;
      s->log_direct[r] += tr * tr;
    }
  }
}

void NAME(const float *a, const float *b, const float *top, double gain, int samples, size_t stride, int n,
          wd_sums *out) {
  lanes s = {0};
  for (int t = 0; t < samples; t++, a += stride, b += stride) {
    if (!top)
      add_row(&s, a, b, NULL, gain, n);
    else if (n == LANES)
      add_row(&s, a, b, top + (size_t)t * stride, gain, LANES);
    else
      add_row(&s, a, b, top + (size_t)t * stride, gain, n);
  }
  for (int r = 0; r < n; r++)
    out[r] = (wd_sums){.samples = (size_t)samples,
                       .identical = (size_t)s.identical[r],
                       .bad_a = (size_t)s.bad_a[r],
                       .bad_b = (size_t)s.bad_b[r],
                       .bad_top = (size_t)s.bad_top[r],
                       .bad_any = (size_t)s.bad_any[r],
                       .aa = s.aa[r],
                       .bb = s.bb[r],
                       .ab = s.ab[r],
                       .dd = s.dd[r],
                       .abs_d = s.abs_d[r],
                       .max_d = s.max_d[r],
                       .log_d = s.log_d[r],
                       .log_silence = s.log_silence[r],
                       .log_direct = s.log_direct[r],
                       .rr = s.rr[r]};
}
