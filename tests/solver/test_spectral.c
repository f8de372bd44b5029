/* The transform against the sum that defines it; coherence and envelopes against closed forms. */
#include "solver/fft.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "solver/spectral.h"
#include "tests/tap.h"

#include <math.h>
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
  tap_ok(fabs(c.shot[0].coherence * R - 1) < 0.25 && fabs(c.all.coherence * S * R - 1) < 0.25,
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
  tap_at_most(fabs(c.envelope[R + 3] - 1), 1e-6, "of each trace too, off by");
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
  tap_ok(isnan(c.all.coherence) && isnan(c.all.envelope) && isnan(c.envelope[5]) && isfinite(c.envelope[6]),
         "NaN spoils its trace and the sums");
  wd_spectral_clear(&c);
  a.value[100 * R + 5] = INFINITY;
  wd_spectral_compare(&a, &b, NULL, &c, NULL);
  tap_ok(isnan(c.all.coherence) && isnan(c.all.envelope) && isnan(c.envelope[5]), "so does infinity");
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
  comparisons();
  return tap_done();
}
