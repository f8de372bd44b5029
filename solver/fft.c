#include "solver/fft.h"

#include "solver/memory.h"

#include <math.h>

struct wd_fft {
  int n;
  double complex *turn; /* exp(-2 pi i k / n), k < n / 2 */
};

int wd_fft_length_for(int n) {
  int length = 2;
  while (length < n && length < 1 << 20) length *= 2;
  return length;
}

wd_status wd_fft_create(int n, wd_fft **out, wd_error *err) {
  if (n < 2 || n > 1 << 20 || (n & (n - 1)))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "a Fourier transform of length %d; a power of two up to 2^20 is wanted", n);
  wd_fft *f = wd_calloc(1, sizeof *f);
  double complex *turn = wd_alloc((size_t)n / 2, sizeof *turn);
  if (!f || !turn) {
    wd_free(f);
    wd_free(turn);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a Fourier transform of length %d", n);
  }
  for (int k = 0; k < n / 2; k++) turn[k] = wd_complex(cos(2 * M_PI * k / n), -sin(2 * M_PI * k / n));
  *f = (wd_fft){.n = n, .turn = turn};
  *out = f;
  return WD_OK;
}

void wd_fft_destroy(wd_fft *fft) {
  if (!fft) return;
  wd_free(fft->turn);
  wd_free(fft);
}

int wd_fft_length(const wd_fft *fft) {
  return fft->n;
}

/* Products written out: `*` of C complex numbers calls a library function that looks for infinities. */
static inline double complex times(double complex a, double complex b) {
  return wd_complex(creal(a) * creal(b) - cimag(a) * cimag(b), creal(a) * cimag(b) + cimag(a) * creal(b));
}

/* Cooley and Tukey, decimation in time: bit reversal, then butterflies of growing span. */
void wd_fft_forward(const wd_fft *fft, double complex *x) {
  const int n = fft->n;
  for (int i = 1, j = 0; i < n; i++) {
    int bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      double complex t = x[i];
      x[i] = x[j];
      x[j] = t;
    }
  }
  for (int half = 1; half < n; half *= 2) {
    const int stride = n / (2 * half);
    for (int start = 0; start < n; start += 2 * half)
      for (int k = 0; k < half; k++) {
        double complex even = x[start + k], odd = times(x[start + k + half], fft->turn[k * stride]);
        x[start + k] = even + odd;
        x[start + k + half] = even - odd;
      }
  }
}

void wd_fft_inverse(const wd_fft *fft, double complex *x) {
  const int n = fft->n;
  for (int i = 0; i < n; i++) x[i] = conj(x[i]);
  wd_fft_forward(fft, x);
  for (int i = 0; i < n; i++) x[i] = conj(x[i]) / n;
}
