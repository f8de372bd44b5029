/* The discrete Fourier transform of power-of-two length, in double: X[k] = sum_t x[t] exp(-2 pi i k t / n).
 * For spectra of traces and envelopes; nothing in the propagation uses it. */
#ifndef WD_FFT_H
#define WD_FFT_H

#include "solver/status.h"
#include <complex.h>

/* C11's CMPLX, which clang has not with this C library. */
static inline double complex wd_complex(double re, double im) {
  return __builtin_complex(re, im);
}

typedef struct wd_fft wd_fft; /* immutable: any number of threads may use one */

/* n a power of two, 2..2^20. */
wd_status wd_fft_create(int n, wd_fft **out, wd_error *err);
void wd_fft_destroy(wd_fft *fft);
int wd_fft_length(const wd_fft *fft);
/* The smallest power of two that is at least n (and at least 2). */
int wd_fft_length_for(int n);

/* In place. The inverse divides by n, so that it undoes the forward transform. */
void wd_fft_forward(const wd_fft *fft, double complex *x);
void wd_fft_inverse(const wd_fft *fft, double complex *x);

#endif
