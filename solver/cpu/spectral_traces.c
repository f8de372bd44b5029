/* Spectra and envelopes of traces side by side. Compiled once for each SIMD width (solver/meson.build).
 *
 * A trace of a and its partner of b go through one complex transform as x = a + i b, and so does their
 * Hilbert transform, which is linear: back come H a and H b as real and imaginary part. The forward transform
 * decimates in frequency and leaves its bins in an order of its own (plan->place), the inverse decimates in
 * time from that order, so nothing is ever put in order. Traces fill less than half of the length: the first
 * span of the forward transform has zeros for its upper half, and the last of the inverse need not make it.
 */
#include "solver/spectral_impl.h"

#include <math.h>
#include <string.h>

#define PASTE(a, b)  a##b
#define NAMED(lanes) PASTE(wd_spectral_traces_, lanes)
#define NAME         NAMED(WD_LANES)

enum { LANES = WD_SPECTRAL_LANES };
typedef double vec __attribute__((vector_size(LANES * sizeof(double))));
typedef struct cell {
  vec re, im;
} cell;

#define INLINE static inline __attribute__((always_inline))

INLINE cell add(cell x, cell y) {
  return (cell){x.re + y.re, x.im + y.im};
}
INLINE cell subtract(cell x, cell y) {
  return (cell){x.re - y.re, x.im - y.im};
}
INLINE cell times(cell x, const double *w) {
  return (cell){x.re * w[0] - x.im * w[1], x.re * w[1] + x.im * w[0]};
}
/* By the conjugate. */
INLINE cell back(cell x, const double *w) {
  return (cell){x.re * w[0] + x.im * w[1], x.im * w[0] - x.re * w[1]};
}

/* A transform of `span` cells, of which four (two at the end of a length that is no power of 4) make one, and
 * so on: depth first, so that what fits into the nearest cache stays there. */
static void forward(const wd_spectral_plan *p, cell *x, int span) {
  if (span == 2) {
    const cell a = x[0], b = x[1];
    x[0] = add(a, b);
    x[1] = subtract(a, b);
  }
  if (span <= 2) return;
  const int q = span / 4;
  const ptrdiff_t step = 2 * (ptrdiff_t)(p->length / span);
  const double *w1 = p->turn, *w2 = w1, *w3 = w1;
  for (int k = 0; k < q; k++, w1 += step, w2 += 2 * step, w3 += 3 * step) {
    cell *y = x + k;
    const cell b0 = add(y[0], y[2 * q]), b1 = subtract(y[0], y[2 * q]);
    const cell b2 = add(y[q], y[3 * q]), t = subtract(y[q], y[3 * q]), b3 = {t.im, -t.re};
    y[0] = add(b0, b2);
    y[q] = times(add(b1, b3), w1);
    y[2 * q] = times(subtract(b0, b2), w2);
    y[3 * q] = times(subtract(b1, b3), w3);
  }
  if (q > 1)
    for (int j = 0; j < 4; j++) forward(p, x + j * q, q);
}

/* Undoes forward(), but for the factor of `span`. */
static void inverse(const wd_spectral_plan *p, cell *x, int span) {
  if (span == 2) {
    const cell a = x[0], b = x[1];
    x[0] = add(a, b);
    x[1] = subtract(a, b);
  }
  if (span <= 2) return;
  const int q = span / 4;
  if (q > 1)
    for (int j = 0; j < 4; j++) inverse(p, x + j * q, q);
  const ptrdiff_t step = 2 * (ptrdiff_t)(p->length / span);
  const double *w1 = p->turn, *w2 = w1, *w3 = w1;
  for (int k = 0; k < q; k++, w1 += step, w2 += 2 * step, w3 += 3 * step) {
    cell *y = x + k;
    const cell y0 = y[0], y1 = back(y[q], w1), y2 = back(y[2 * q], w2), y3 = back(y[3 * q], w3);
    const cell c0 = add(y0, y2), c1 = subtract(y0, y2), c2 = add(y1, y3), t = subtract(y1, y3),
               c3 = {-t.im, t.re};
    y[0] = add(c0, c2);
    y[q] = add(c1, c3);
    y[2 * q] = subtract(c0, c2);
    y[3 * q] = subtract(c1, c3);
  }
}

/* By address: how a vector wider than the processor's registers is passed, compilers do not agree. */
INLINE double sum_of(const vec *v) {
  const double *x = (const double *)v;
  return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

/* The spectra of a and b out of that of a + i b, summed over the traces. */
static void spectra(const wd_spectral_plan *p, const cell *x, wd_spectral_block *out) {
  const int n = p->length;
  for (int k = 0; k <= n / 2; k++) {
    const cell here = x[p->place[k]], mirror = x[p->place[(n - k) % n]];
    const vec a_re = 0.5 * (here.re + mirror.re), a_im = 0.5 * (here.im - mirror.im);
    const vec b_re = 0.5 * (here.im + mirror.im), b_im = 0.5 * (mirror.re - here.re);
    const vec aa = a_re * a_re + a_im * a_im, bb = b_re * b_re + b_im * b_im;
    const vec re = a_re * b_re + a_im * b_im, im = a_im * b_re - a_re * b_im;
    out->aa[k] = sum_of(&aa);
    out->bb[k] = sum_of(&bb);
    out->re[k] = sum_of(&re);
    out->im[k] = sum_of(&im);
  }
}

/* The spectrum of the Hilbert transform: -i at positive frequencies, +i at negative ones, nothing at both
 * ends; also divided by the length. */
static void turn_quarter(const wd_spectral_plan *p, cell *x) {
  const int n = p->length;
  const double scale = 1.0 / n;
  for (int k = 1; k < n / 2; k++) {
    cell *up = x + p->place[k], *down = x + p->place[n - k];
    *up = (cell){scale * up->im, -scale * up->re};
    *down = (cell){-scale * down->im, scale * down->re};
  }
  memset(x + p->place[0], 0, sizeof *x);
  memset(x + p->place[n / 2], 0, sizeof *x);
}

wd_spectral_traces_fn NAME;
void NAME(const wd_spectral_plan *p, const float *a, const float *b, double gain, int samples, size_t stride,
          int n, double *work, wd_spectral_block *out) {
  const int half = p->length / 2;
  cell *given = (cell *)work, *x = given + half; /* the traces; their transform */
  memset(given, 0, (size_t)half * sizeof *given);
  for (int t = 0; t < samples; t++, a += stride, b += stride)
    for (int l = 0; l < n; l++) {
      given[t].re[l] = gain * (double)a[l];
      given[t].im[l] = (double)b[l];
    }
  for (int t = 0; t < half; t++) {
    x[t] = given[t];
    x[half + t] = times(given[t], p->turn + 2 * (ptrdiff_t)t);
  }
  forward(p, x, half);
  forward(p, x + half, half);
  spectra(p, x, out);
  turn_quarter(p, x);
  inverse(p, x, half);
  inverse(p, x + half, half);
  vec difference = {0}, reference = {0};
  for (int t = 0; t < samples; t++) {
    const cell h = add(x[t], back(x[half + t], p->turn + 2 * (ptrdiff_t)t)), g = given[t];
    const vec aa = g.re * g.re + h.re * h.re, bb = g.im * g.im + h.im * h.im;
    vec d;
    for (int l = 0; l < LANES; l++) d[l] = sqrt(aa[l]) - sqrt(bb[l]);
    difference += d * d;
    reference += bb;
  }
  for (int l = 0; l < LANES; l++) {
    out->difference[l] = difference[l];
    out->reference[l] = reference[l];
  }
}
