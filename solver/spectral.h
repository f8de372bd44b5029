/* Measures of gathers by frequency and by envelope, for what a sample-by-sample residual confuses. Every
 * trace is continued by zeros to a power of two that is at least twice its length, so that its end does not
 * meet its beginning.
 *
 *   coherence  of a shot: sum_f S_bb(f) gamma^2(f) / sum_f S_bb(f), gamma^2 = |S_ab|^2 / (S_aa S_bb), the
 * cross spectra averaged over the shot's receivers; 0..1. Blind to a filter or a delay that all traces share,
 * it falls with noise and with moveout that does not fit. Over all shots: the averages run over every trace.
 *   envelope   ||E(a) - E(b)|| / ||E(b)||, E = |x + i H x| with the Hilbert transform H (Bozdag, Trampert,
 *              Tromp 2011): blind to phase, so it says how far a mismatch is one of amplitude or of events
 * missing rather than of timing below a period.
 *
 * As in metrics.h the last sample of a trace is left out unless asked for, a NaN or infinity makes NaN, and
 * so does a silent reference. */
#ifndef WD_SPECTRAL_H
#define WD_SPECTRAL_H

#include "solver/gather.h"
#include "solver/status.h"
#include <stdbool.h>

typedef struct wd_spectral_desc {
  bool all_samples; /* [false] */
} wd_spectral_desc;

typedef struct wd_spectral_measure {
  double coherence, envelope;
} wd_spectral_measure;

typedef struct wd_spectral_comparison {
  int shots, receivers;
  wd_spectral_measure all;
  wd_spectral_measure *shot; /* shots */
  double *envelope;          /* envelope[shot * receivers + receiver]: of each trace */
} wd_spectral_comparison;

/* desc may be NULL. Shapes must agree. Release with wd_spectral_clear. */
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
