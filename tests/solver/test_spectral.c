/* The transform against the sum that defines it; coherence and envelopes against closed forms. */
#include "solver/fft.h"
#include "solver/memory.h"
#include "solver/metrics.h"
#include "solver/random.h"
#include "solver/spectral.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static wd_gather noise(int shots, int samples, int receivers, unsigned seed) {
  wd_gather g = {0};
  if (!wd_gather_create(shots, samples, receivers, 0.001, &g, NULL))
    wd_random_normals(seed, 1, 0, wd_gather_count(&g), g.value);
  return g;
}

static void transform(void) {
  enum { N = 64 };
  double complex x[N], y[N];
  wd_fft *f = NULL;
  wd_error err = {0};
  tap_ok(wd_fft_create(N, &f, &err) == WD_OK && wd_fft_length(f) == N, "a transform of 64 %s", err.message);
  wd_random r = wd_random_make(4, 1);
  for (int i = 0; i < N; i++) x[i] = y[i] = wd_complex(wd_random_normal(&r), wd_random_normal(&r));
  wd_fft_forward(f, y);
  double worst = 0;
  for (int k = 0; k < N; k++) {
    double complex sum = 0;
    for (int t = 0; t < N; t++) sum += x[t] * cexp(-2 * M_PI * I * k * t / N);
    worst = fmax(worst, cabs(sum - y[k]));
  }
  tap_at_most(worst, 1e-12, "against the sum that defines it");
  wd_fft_inverse(f, y);
  worst = 0;
  for (int i = 0; i < N; i++) worst = fmax(worst, cabs(x[i] - y[i]));
  tap_at_most(worst, 1e-14, "and back");
  wd_fft_destroy(f);
  f = NULL;
  tap_ok(wd_fft_create(48, &f, &err) == WD_ERR_ARGUMENT && !f, "%s", err.message);
  tap_ok(wd_fft_length_for(1000) == 1024 && wd_fft_length_for(1024) == 1024 && wd_fft_length_for(1) == 2,
         "lengths to pad to");
}

/* A Gaussian envelope on a carrier: the envelope comes back, whatever the carrier's phase. */
static void envelopes(void) {
  enum { N = 1000 };
  static float trace[N];
  static double e[N];
  double worst = 0;
  for (int phase = 0; phase < 4; phase++) {
    for (int t = 0; t < N; t++)
      trace[t] = (float)(exp(-0.5 * pow((t - 400) / 60.0, 2)) * cos(2 * M_PI * 0.05 * t + phase * 0.7));
    if (wd_envelope(trace, N, 1, e, NULL)) worst = INFINITY;
    for (int t = 0; t < N; t++) worst = fmax(worst, fabs(e[t] - exp(-0.5 * pow((t - 400) / 60.0, 2))));
  }
  tap_at_most(worst, 1e-6, "the envelope of a wave packet, largest error");

  double *amplitude = NULL, step = 0;
  int bins = 0;
  if (wd_amplitude_spectrum(trace, N, 1, 0.001, &amplitude, &bins, &step, NULL)) return;
  int top = 0;
  for (int k = 0; k < bins; k++)
    if (amplitude[k] > amplitude[top]) top = k;
  tap_ok(bins == 1025 && fabs(step - 1 / 2.048) < 1e-12, "%d bins of %.4f Hz", bins, step);
  tap_at_most(fabs(top * step - 50), step, "a carrier of 50 Hz peaks there, off by Hz");
  /* Gaussian: |X(f)| = sigma sqrt(2 pi) / 2 exp(-(2 pi sigma (f - 50))^2 / 2), sigma = 60 ms */
  double off = 2 * M_PI * 0.06 * (top * step - 50), exact = 0.06 * sqrt(2 * M_PI) / 2 * exp(-off * off / 2);
  tap_at_most(fabs(amplitude[top] / exact - 1), 1e-6, "amplitude there, relative error");
  wd_free(amplitude);
}

/* Both figures of one shot by the plain transform and the formulas of spectral.h. */
static void by_hand(const wd_gather *a, const wd_gather *b, int shot, double *coherence, double *envelope) {
  const int n = a->samples - 1, length = wd_fft_length_for(2 * n), r = a->receivers;
  wd_fft *f = NULL;
  double complex *x = wd_calloc((size_t)length, sizeof *x), *y = wd_calloc((size_t)length, sizeof *y);
  double *aa = wd_calloc((size_t)length, sizeof *aa), *bb = wd_calloc((size_t)length, sizeof *bb);
  double complex *ab = wd_calloc((size_t)length, sizeof *ab);
  double *ea = wd_calloc((size_t)n, sizeof *ea), *eb = wd_calloc((size_t)n, sizeof *eb);
  double difference = 0, reference = 0, explained = 0, all = 0;
  if (wd_fft_create(length, &f, NULL) || !x || !y || !aa || !bb || !ab || !ea || !eb) exit(1);
  for (int k = 0; k < r; k++) {
    const float *pa = a->value + (size_t)shot * (size_t)a->samples * (size_t)r + k;
    const float *pb = b->value + (size_t)shot * (size_t)a->samples * (size_t)r + k;
    for (int t = 0; t < length; t++) x[t] = t < n ? pa[t * r] : 0, y[t] = t < n ? pb[t * r] : 0;
    wd_fft_forward(f, x);
    wd_fft_forward(f, y);
    for (int t = 0; t < length; t++) {
      aa[t] += pow(cabs(x[t]), 2);
      bb[t] += pow(cabs(y[t]), 2);
      ab[t] += x[t] * conj(y[t]);
    }
    if (wd_envelope(pa, n, r, ea, NULL) || wd_envelope(pb, n, r, eb, NULL)) exit(1);
    for (int t = 0; t < n; t++) difference += pow(ea[t] - eb[t], 2), reference += eb[t] * eb[t];
  }
  for (int t = 0; t < length; t++) explained += pow(cabs(ab[t]), 2) / aa[t], all += bb[t];
  *coherence = explained / all;
  *envelope = sqrt(difference / reference);
  wd_fft_destroy(f);
  wd_free(x), wd_free(y), wd_free(aa), wd_free(bb), wd_free(ab), wd_free(ea), wd_free(eb);
}

/* Every length of transform (a power of 4 or twice one), every width of a last block, 1 and 3 threads. */
static void widths(void) {
  static const int samples[] = {5, 40, 130, 600}, receivers[] = {3, 8, 19, 70};
  for (int i = 0; i < 4; i++) {
    wd_gather a = noise(2, samples[i], receivers[i], 21), b = noise(2, samples[i], receivers[i], 22);
    for (size_t k = 0; k < wd_gather_count(&b); k++) b.value[k] += 2 * a.value[k];
    wd_spectral_comparison one, three;
    if (wd_spectral_compare(&a, &b, NULL, &one, NULL) ||
        wd_spectral_compare(&a, &b, &(wd_spectral_desc){.threads = 3}, &three, NULL))
      exit(1);
    double coherence, envelope;
    by_hand(&a, &b, 1, &coherence, &envelope);
    tap_at_most(fabs(one.shot[1].coherence / coherence - 1), 1e-12, "coherence by the formula");
    tap_at_most(fabs(one.shot[1].envelope / envelope - 1), 1e-12, "envelope misfit by the formula");
    tap_ok(!memcmp(&one.all, &three.all, sizeof one.all), "3 threads: the same bits");
    wd_comparison c;
    if (wd_compare(&a, &b, NULL, &(wd_compare_desc){.spectral = true}, &c, NULL)) exit(1);
    const wd_measure joined = wd_measure_join(&c.shot[0], &c.shot[1]);
    tap_ok(c.all.coherence == one.all.coherence && c.all.envelope == one.all.envelope &&
               c.trace[2].envelope == one.trace[2].envelope && isnan(c.trace[2].coherence),
           "wd_compare takes them over");
    tap_at_most(fabs(joined.coherence / c.all.coherence - 1), 1e-6, "shots joined: coherence");
    tap_at_most(fabs(joined.envelope / c.all.envelope - 1), 1e-12, "shots joined: envelope");
    wd_comparison_clear(&c);
    if (wd_compare(&a, &b, NULL, NULL, &c, NULL)) exit(1);
    tap_ok(isnan(c.all.coherence) && isnan(c.all.envelope), "neither where nobody asks");
    wd_comparison_clear(&c);
    wd_spectral_clear(&one);
    wd_spectral_clear(&three);
    wd_gather_clear(&a);
    wd_gather_clear(&b);
  }
}

static void comparisons(void) {
  enum { S = 2, N = 300, R = 40 };
  wd_gather a = noise(S, N, R, 1), b = noise(S, N, R, 2), x = noise(S, N, R, 3);
  wd_spectral_comparison c;
  memset(&c, 0x5a, sizeof c);
  wd_error err = {0};
  tap_ok(wd_spectral_compare(&a, &a, NULL, &c, &err) == WD_OK, "compared %s", err.message);
  tap_at_most(fabs(c.all.coherence - 1), 1e-12, "a gather is coherent with itself, off by");
  tap_at_most(c.all.envelope, 1e-12, "and its envelope fits");
  wd_spectral_clear(&c);

  /* Independent noise over R traces: E gamma^2 = 1 / R. */
  wd_spectral_compare(&a, &b, NULL, &c, NULL);
  tap_ok(fabs(c.shot[0].coherence * R - 1) < 0.25 && fabs(c.all.coherence * R - 1) < 0.25,
         "independent noise coheres as 1 / traces: %.4f, %.4f", c.shot[0].coherence, c.all.coherence);
  tap_ok(c.all.envelope > 0.5 && c.all.envelope < 1, "and its envelope misfit is %.3f", c.all.envelope);
  wd_spectral_clear(&c);

  /* b = a + x: gamma^2 = 1/2 for equal powers. */
  for (size_t i = 0; i < wd_gather_count(&b); i++) b.value[i] = a.value[i] + x.value[i];
  wd_spectral_compare(&a, &b, NULL, &c, NULL);
  tap_ok(fabs(c.all.coherence - 0.5) < 0.04, "signal and as much noise: coherence %.3f (1/2)",
         c.all.coherence);
  wd_spectral_clear(&c);

  /* A common gain and delay is invisible to coherence; the gain shows in the envelope as |g - 1|. */
  for (size_t i = 0; i < wd_gather_count(&b); i++) b.value[i] = -2 * a.value[i];
  wd_spectral_compare(&b, &a, NULL, &c, NULL);
  tap_at_most(fabs(c.all.coherence - 1), 1e-12, "a common gain keeps coherence 1, off by");
  tap_at_most(fabs(c.all.envelope - 1), 1e-6, "twice the amplitude is an envelope misfit of 1, off by");
  tap_at_most(fabs(c.trace[R + 3].envelope - 1), 1e-6, "of each trace too, off by");
  wd_spectral_clear(&c);
  memset(a.value, 0, sizeof(float) * wd_gather_count(&a));
  memset(b.value, 0, sizeof(float) * wd_gather_count(&b));
  for (int r = 0; r < R; r++)
    for (int t = 0; t < 60; t++) {
      float n;
      wd_random_normals(9, (uint64_t)r, (uint64_t)t, 1, &n);
      a.value[(100 + t) * R + r] = b.value[(117 + t) * R + r] = n;
    }
  wd_spectral_compare(&b, &a, NULL, &c, NULL);
  tap_at_most(fabs(c.shot[0].coherence - 1), 1e-12, "a common delay keeps coherence 1, off by");
  tap_ok(c.shot[0].envelope > 0.5, "but not the envelope: %.2f", c.shot[0].envelope);
  tap_ok(isnan(c.shot[1].coherence) && isnan(c.shot[1].envelope), "a silent shot has neither");
  wd_spectral_clear(&c);

  a.value[100 * R + 5] = NAN;
  wd_spectral_compare(&a, &b, NULL, &c, NULL);
  tap_ok(isnan(c.all.coherence) && isnan(c.all.envelope) && isnan(c.trace[5].envelope) &&
             isfinite(c.trace[6].envelope),
         "NaN spoils its trace and the sums");
  wd_spectral_clear(&c);
  a.value[100 * R + 5] = INFINITY;
  wd_spectral_compare(&a, &b, NULL, &c, NULL);
  tap_ok(isnan(c.all.coherence) && isnan(c.all.envelope) && isnan(c.trace[5].envelope), "so does infinity");
  wd_spectral_clear(&c);
  wd_gather small = noise(1, N, R, 1);
  tap_ok(wd_spectral_compare(&small, &a, NULL, &c, &err) == WD_ERR_SHAPE, "%s", err.message);
  wd_gather_clear(&small);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_gather_clear(&x);
}

int main(void) {
  transform();
  envelopes();
  widths();
  comparisons();
  return tap_done();
}
