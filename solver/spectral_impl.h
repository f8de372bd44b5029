/* The inner loop of wd_spectral_compare, once for each SIMD width. Traces lie side by side, one a lane, so
 * that a trace's numbers have the same bits whatever its company and the width. */
#ifndef WD_SPECTRAL_IMPL_H
#define WD_SPECTRAL_IMPL_H

#include <stddef.h>

/* Traces that go through a transform side by side: 64 bytes of doubles. */
enum { WD_SPECTRAL_LANES = 8 };

/* What all transforms of one length share. length: a power of two, at least 8. */
typedef struct wd_spectral_plan {
  int length;
  const double *turn; /* length pairs (re, im): exp(-2 pi i k / length) */
  const int *place;   /* length: where the forward transform leaves bin k */
} wd_spectral_plan;

/* Sums over the traces of one block. */
typedef struct wd_spectral_block {
  double *aa, *bb, *re, *im;                                          /* bins 0..length / 2 each */
  double difference[WD_SPECTRAL_LANES], reference[WD_SPECTRAL_LANES]; /* of squared envelopes, by trace */
} wd_spectral_block;

/* n <= WD_SPECTRAL_LANES traces of `samples` <= length / 2 samples, `stride` floats from sample to sample; a
 * is taken times gain. work: 3 * length * WD_SPECTRAL_LANES doubles, aligned to 64 bytes. */
typedef void wd_spectral_traces_fn(const wd_spectral_plan *plan, const float *a, const float *b, double gain,
                                   int samples, size_t stride, int n, double *work, wd_spectral_block *out);
wd_spectral_traces_fn wd_spectral_traces_4;
#ifdef WD_HAVE_X86_SIMD
wd_spectral_traces_fn wd_spectral_traces_8, wd_spectral_traces_16;
#endif

#endif
