/* Measures of gathers by frequency and by envelope, for what a sample-by-sample residual confuses. Every
 * trace is continued by zeros to a power of two that is at least twice its length, so that its end does not
 * meet its beginning; no window and no taper.
 *
 * coherence
 *     Of a shot: sum_f S_bb(f) gamma^2(f) / sum_f S_bb(f) with the magnitude-squared coherence gamma^2 =
 *     |S_ab|^2 / (S_aa S_bb) (Carter, Knapp, Nuttall 1973), every spectrum averaged over the shot's
 * receivers, which take the place of Welch's segments in time (1967): a trace of 1 s holds a dozen periods,
 * too few to be cut. The weight S_bb, the reference's own power, is the band: nothing counts where the
 * wavelet has nothing. By Parseval
 *
 *         1 - coherence = min_H ||b - h * a||^2 / ||b||^2,
 *
 *     the share of the reference's energy that no filter h can explain, one filter for all traces of the
 * shot. So a gain, a polarity, a wavelet or a delay that all traces share leaves it at 1 (cyclic within the
 *     continued trace), noise of power N to a signal of power S makes it S / (S + N), and moveout that does
 * not fit lowers it. Traces that have nothing in common still score about 1 over their number, for the filter
 *     fits something. Over all shots: their mean, weighted by ||b||^2, which is the share left over with one
 *     filter a shot. Not defined for one trace: a filter explains it all.
 * envelope
 *     ||E(a) - E(b)|| / ||E(b)||, E = |x + i H x| with the Hilbert transform H (Bozdag, Trampert, Tromp
 * 2011): blind to phase, so it says how far a mismatch is one of amplitude or of events missing rather than
 * of timing below a period. 0 is right, silence scores 1. Polarity does not change it, a gain g makes it |g -
 * 1|, and a shift by tau about tau / duration of the wavelet, as long as that is small.
 *
 * As in metrics.h the last sample of a trace is left out unless asked for, a NaN or infinity makes NaN, and
 * so does a silent reference. The figures depend neither on the number of threads nor on the SIMD width. */
#ifndef WD_SPECTRAL_H
#define WD_SPECTRAL_H

#include "solver/gather.h"
#include "solver/status.h"
#include <stdbool.h>

/* Zero means the default in brackets. */
typedef struct wd_spectral_desc {
  bool all_samples; /* [false] */
  double gain;      /* a is taken times it [1] */
  int threads;      /* [1] */
} wd_spectral_desc;

typedef struct wd_spectral_measure {
  double coherence, envelope;
  double norm_envelope; /* ||E(b)||, the denominator of envelope */
} wd_spectral_measure;

typedef struct wd_spectral_comparison {
  int shots, receivers;
  wd_spectral_measure all;
  wd_spectral_measure *shot;  /* shots */
  wd_spectral_measure *trace; /* trace[shot * receivers + receiver]; their coherence is NaN */
} wd_spectral_comparison;

/* desc may be NULL. Shapes must agree. *out is overwritten, not freed, on WD_OK; release with
 * wd_spectral_clear. */
wd_status wd_spectral_compare(const wd_gather *a, const wd_gather *b, const wd_spectral_desc *desc,
                              wd_spectral_comparison *out, wd_error *err);
void wd_spectral_clear(wd_spectral_comparison *comparison);

/* Bins 0..n/2 of the amplitude spectrum |X(f)| dt of one trace of n samples, `stride` floats apart: *bins
 * values in *amplitude (released with wd_free), *step Hz apart. */
wd_status wd_amplitude_spectrum(const float *trace, int n, int stride, double dt, double **amplitude,
                                int *bins, double *step, wd_error *err);

/* The envelope of one trace, n values. */
wd_status wd_envelope(const float *trace, int n, int stride, double *envelope, wd_error *err);

#endif
