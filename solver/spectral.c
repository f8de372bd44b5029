#include "solver/spectral.h"

#include "solver/fft.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

/* Two real traces as one complex transform: X = A + i B, with A[k] = (X[k] + conj X[-k]) / 2 and B the rest.
 */
static void transform_pair(const wd_fft *fft, const float *a, const float *b, int n, int stride,
                           double complex *x) {
  const int length = wd_fft_length(fft);
  for (int t = 0; t < n; t++) x[t] = wd_complex((double)a[t * stride], b ? (double)b[t * stride] : 0.0);
  memset(x + n, 0, sizeof *x * (size_t)(length - n));
  wd_fft_forward(fft, x);
}

static void split(const double complex *x, int length, int k, double complex *a, double complex *b) {
  double complex here = x[k], mirror = conj(x[(length - k) % length]);
  double complex sum = here + mirror, difference = here - mirror;
  *a = sum / 2;
  *b = wd_complex(cimag(difference) / 2, -creal(difference) / 2);
}

/* The analytic signal of one real trace from its spectrum half: positive frequencies doubled, negative ones
 * dropped; the mean and the Nyquist bin stay. */
static void analytic_signal(const wd_fft *fft, const double complex *half, double complex *z) {
  const int length = wd_fft_length(fft);
  z[0] = half[0];
  for (int k = 1; k < length / 2; k++) z[k] = 2 * half[k];
  z[length / 2] = half[length / 2];
  memset(z + length / 2 + 1, 0, sizeof *z * (size_t)(length / 2 - 1));
  wd_fft_inverse(fft, z);
}

typedef struct work {
  wd_fft *fft;
  int length, bins;
  double complex *x, *half_a, *half_b, *za, *zb; /* length each (halves: bins) */
} work;

static wd_status work_create(int n, work *w, wd_error *err) {
  *w = (work){.length = wd_fft_length_for(2 * n)};
  wd_status st = wd_fft_create(w->length, &w->fft, err);
  if (st) return st;
  w->bins = w->length / 2 + 1;
  const size_t length = (size_t)w->length;
  w->x = wd_alloc(5 * length, sizeof *w->x);
  if (!w->x) {
    wd_fft_destroy(w->fft);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for spectra of %d samples", n);
  }
  w->half_a = w->x + length;
  w->half_b = w->half_a + length;
  w->za = w->half_b + length;
  w->zb = w->za + length;
  return WD_OK;
}

static void work_clear(work *w) {
  wd_fft_destroy(w->fft);
  wd_free(w->x);
}

/* Sums over traces; a shot's are added to those of the whole. */
typedef struct spectra {
  double *aa, *bb; /* bins */
  double complex *ab;
  double difference, reference; /* squared envelopes */
} spectra;

static wd_spectral_measure finish(const spectra *s, int bins) {
  double weighted = 0, weight = 0;
  for (int k = 0; k < bins; k++) {
    double c = creal(s->ab[k]) * creal(s->ab[k]) + cimag(s->ab[k]) * cimag(s->ab[k]);
    /* A bin where a or b has nothing coheres with nothing; NaN passes through. */
    if (s->aa[k] * s->bb[k] == 0)
      c = 0;
    else
      c /= s->aa[k];
    weighted += c; /* S_bb gamma^2 */
    weight += s->bb[k];
  }
  return (wd_spectral_measure){
      .coherence = weight > 0 && isfinite(weight) && isfinite(weighted) ? weighted / weight : NAN,
      .envelope = s->reference > 0 && isfinite(s->reference) && isfinite(s->difference)
                      ? sqrt(s->difference / s->reference)
                      : NAN};
}

/* Adds one pair of traces to the sums of its shot; returns its own envelope misfit. */
static double add_trace(work *w, const float *a, const float *b, int n, int stride, spectra *s) {
  transform_pair(w->fft, a, b, n, stride, w->x);
  for (int k = 0; k < w->bins; k++) {
    double complex sa, sb;
    split(w->x, w->length, k, &sa, &sb);
    w->half_a[k] = sa;
    w->half_b[k] = sb;
    s->aa[k] += creal(sa) * creal(sa) + cimag(sa) * cimag(sa);
    s->bb[k] += creal(sb) * creal(sb) + cimag(sb) * cimag(sb);
    s->ab[k] += wd_complex(creal(sa) * creal(sb) + cimag(sa) * cimag(sb),
                           cimag(sa) * creal(sb) - creal(sa) * cimag(sb));
  }
  analytic_signal(w->fft, w->half_a, w->za);
  analytic_signal(w->fft, w->half_b, w->zb);
  double difference = 0, reference = 0;
  for (int t = 0; t < n; t++) {
    double ea = hypot(creal(w->za[t]), cimag(w->za[t])), eb = hypot(creal(w->zb[t]), cimag(w->zb[t]));
    /* hypot(inf, NaN) is inf by its rules; NaN is wanted. */
    if (isinf(ea) || isinf(eb)) ea = NAN;
    difference += (ea - eb) * (ea - eb);
    reference += eb * eb;
  }
  s->difference += difference;
  s->reference += reference;
  return reference > 0 && isfinite(difference) ? sqrt(difference / reference) : NAN;
}

static bool spectra_create(int bins, spectra *s) {
  *s = (spectra){.aa = wd_calloc((size_t)bins, sizeof *s->aa),
                 .bb = wd_calloc((size_t)bins, sizeof *s->bb),
                 .ab = wd_calloc((size_t)bins, sizeof *s->ab)};
  return s->aa && s->bb && s->ab;
}

static void spectra_clear(spectra *s) {
  wd_free(s->aa);
  wd_free(s->bb);
  wd_free(s->ab);
}

/* Moves the sums of a shot into those of the whole, and empties the shot's. */
static void spectra_move(spectra *to, spectra *from, int bins) {
  for (int k = 0; k < bins; k++) {
    to->aa[k] += from->aa[k], from->aa[k] = 0;
    to->bb[k] += from->bb[k], from->bb[k] = 0;
    to->ab[k] += from->ab[k], from->ab[k] = 0;
  }
  to->difference += from->difference, from->difference = 0;
  to->reference += from->reference, from->reference = 0;
}

wd_status wd_spectral_compare(const wd_gather *a, const wd_gather *b, const wd_spectral_desc *desc,
                              wd_spectral_comparison *out, wd_error *err) {
  if (a->shots != b->shots || a->samples != b->samples || a->receivers != b->receivers)
    return wd_fail(err, WD_ERR_SHAPE,
                   "spectra of gathers of %d shots x %d samples x %d receivers against %d x %d x %d",
                   a->shots, a->samples, a->receivers, b->shots, b->samples, b->receivers);
  const int n = a->samples - (desc && desc->all_samples ? 0 : 1);
  if (n < 2) return wd_fail(err, WD_ERR_SHAPE, "spectra need at least 2 samples a trace; there are %d", n);
  const size_t traces = (size_t)a->shots * (size_t)a->receivers;
  wd_spectral_comparison c = {.shots = a->shots, .receivers = a->receivers};
  work w;
  wd_status st = work_create(n, &w, err);
  if (st) return st;
  spectra shot, all;
  bool made_shot = spectra_create(w.bins, &shot), made_all = spectra_create(w.bins, &all);
  c.shot = wd_calloc((size_t)a->shots, sizeof *c.shot);
  c.envelope = wd_calloc(traces, sizeof *c.envelope);
  if (!made_shot || !made_all || !c.shot || !c.envelope)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the spectra of %zu traces", traces);
  for (int s = 0; s < a->shots && !st; s++) {
    size_t at = (size_t)s * (size_t)a->samples * (size_t)a->receivers;
    for (int r = 0; r < a->receivers; r++)
      c.envelope[(size_t)s * (size_t)a->receivers + (size_t)r] =
          add_trace(&w, a->value + at + r, b->value + at + r, n, a->receivers, &shot);
    c.shot[s] = finish(&shot, w.bins);
    spectra_move(&all, &shot, w.bins);
  }
  if (!st) c.all = finish(&all, w.bins);
  spectra_clear(&shot);
  spectra_clear(&all);
  work_clear(&w);
  if (st) {
    wd_spectral_clear(&c);
    return st;
  }
  *out = c;
  return WD_OK;
}

void wd_spectral_clear(wd_spectral_comparison *comparison) {
  if (!comparison) return;
  wd_free(comparison->shot);
  wd_free(comparison->envelope);
  *comparison = (wd_spectral_comparison){0};
}

wd_status wd_amplitude_spectrum(const float *trace, int n, int stride, double dt, double **amplitude,
                                int *bins, double *step, wd_error *err) {
  if (n < 2 || !(dt > 0)) return wd_fail(err, WD_ERR_ARGUMENT, "the spectrum of %d samples of %g s", n, dt);
  work w;
  wd_status st = work_create(n, &w, err);
  if (st) return st;
  double *value = wd_alloc((size_t)w.bins, sizeof *value);
  if (value) {
    transform_pair(w.fft, trace, NULL, n, stride, w.x);
    for (int k = 0; k < w.bins; k++) value[k] = cabs(w.x[k]) * dt;
    *amplitude = value;
    *bins = w.bins;
    *step = 1 / (w.length * dt);
  } else
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a spectrum of %d bins", w.bins);
  work_clear(&w);
  return st;
}

wd_status wd_envelope(const float *trace, int n, int stride, double *envelope, wd_error *err) {
  if (n < 2) return wd_fail(err, WD_ERR_ARGUMENT, "the envelope of %d samples", n);
  work w;
  wd_status st = work_create(n, &w, err);
  if (st) return st;
  transform_pair(w.fft, trace, NULL, n, stride, w.x);
  analytic_signal(w.fft, w.x, w.za);
  for (int t = 0; t < n; t++) envelope[t] = cabs(w.za[t]);
  work_clear(&w);
  return WD_OK;
}
