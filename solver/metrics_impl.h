/* The inner loop of wd_compare, once for each SIMD width. Every trace is summed for itself and in order of
 * time: its sums have the same bits whatever its company, the width and the number of threads. */
#ifndef WD_METRICS_IMPL_H
#define WD_METRICS_IMPL_H

#include <stddef.h>

/* Sums of one trace, gathered sample by sample; a shot and the whole are sums of these. */
typedef struct wd_sums {
  size_t samples, identical;
  size_t bad_a, bad_b, bad_top, bad_any;
  double aa, bb, ab, dd, abs_d, max_d;
  double log_d, log_silence, log_direct; /* of squared differences in t = sign(x) log1p(|x|) */
  double rr;                             /* (b - top)^2 */
} wd_sums;

/* Traces that are summed side by side at most. */
enum { WD_COMPARE_LANES = 16 };

/* n <= WD_COMPARE_LANES traces side by side, `stride` floats from sample to sample; top may be NULL. */
typedef void wd_sum_traces_fn(const float *a, const float *b, const float *top, double gain, int samples,
                              size_t stride, int n, wd_sums *out);
wd_sum_traces_fn wd_sum_traces_4;
#ifdef WD_HAVE_X86_SIMD
wd_sum_traces_fn wd_sum_traces_8, wd_sum_traces_16;
#endif

#endif
