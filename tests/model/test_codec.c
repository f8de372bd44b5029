/* The temporal codec: against its definition in double, as a projection, and on the real pair. */
#include "model/codec.c" /* for the widths that this machine would not choose */
#include "solver/npy.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double PI = 3.14159265358979323846;

static void poison(float *value, size_t count) {
  for (size_t i = 0; i < count; i++) value[i] = NAN;
}

/* Coefficient k of the orthonormal DCT-II of length n, at sample i. */
static double basis(int n, int k, int i) {
  return sqrt((k ? 2.0 : 1.0) / n) * cos(PI * k * (i + 0.5) / n);
}

static double relative(const float *a, const float *b, size_t count) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < count; i++) {
    difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    norm += (double)b[i] * (double)b[i];
  }
  return sqrt(difference / norm);
}

/* Against DCT-II, truncation and DCT-III written out, for odd and even sizes and trace counts that are no
 * multiple of a vector. */
static void definition(int samples, int instants, int traces) {
  wd_codec *codec = NULL;
  wd_error err = {0};
  if (wd_codec_create(&(wd_codec_desc){samples, instants}, &codec, &err)) {
    tap_ok(false, "%d to %d: %s", samples, instants, err.message);
    return;
  }
  size_t ns = (size_t)samples * (size_t)traces, nk = (size_t)instants * (size_t)traces;
  float *x = malloc(ns * sizeof *x), *y = malloc(nk * sizeof *y), *back = malloc(ns * sizeof *back);
  float *again = malloc(nk * sizeof *again), *expected_y = malloc(nk * sizeof *y),
        *expected_x = malloc(ns * sizeof *x);
  double *c = malloc((size_t)instants * sizeof *c);
  wd_random_normals(1, 1, 0, ns, x);
  poison(y, nk);
  poison(back, ns);
  poison(again, nk);
  wd_codec_forward(codec, x, traces, y);
  wd_codec_inverse(codec, y, traces, back);
  wd_codec_forward(codec, back, traces, again);
  double whole = 0, kept = 0;
  for (int t = 0; t < traces; t++) {
    for (int k = 0; k < instants; k++) {
      c[k] = 0;
      for (int i = 0; i < samples; i++) c[k] += basis(samples, k, i) * (double)x[i * traces + t];
    }
    double scale = sqrt((double)instants / samples);
    for (int j = 0; j < instants; j++) {
      double sum = 0;
      for (int k = 0; k < instants; k++) sum += c[k] * basis(instants, k, j);
      expected_y[j * traces + t] = (float)(sum * scale);
    }
    for (int i = 0; i < samples; i++) {
      double sum = 0;
      for (int k = 0; k < instants; k++) sum += c[k] * basis(samples, k, i);
      expected_x[i * traces + t] = (float)sum;
    }
    for (int i = 0; i < samples; i++) whole += (double)back[i * traces + t] * (double)back[i * traces + t];
    for (int j = 0; j < instants; j++) kept += (double)y[j * traces + t] * (double)y[j * traces + t];
  }
  char what[96];
  snprintf(what, sizeof what, "%d to %d, %d traces: forward against DCT-II and DCT-III", samples, instants,
           traces);
  tap_at_most(relative(y, expected_y, nk), 2e-6, what);
  snprintf(what, sizeof what, "%d to %d, %d traces: inverse of forward against the projection", samples,
           instants, traces);
  tap_at_most(relative(back, expected_x, ns), 2e-6, what);
  snprintf(what, sizeof what, "%d to %d, %d traces: forward of inverse is the identity", samples, instants,
           traces);
  tap_at_most(relative(again, y, nk), 2e-6, what);
  snprintf(what, sizeof what, "%d to %d, %d traces: norm kept but for K/N", samples, instants, traces);
  tap_at_most(fabs(kept / whole * samples / instants - 1), 1e-5, what);
  free(x);
  free(y);
  free(back);
  free(again);
  free(expected_x);
  free(expected_y);
  free(c);
  wd_codec_destroy(codec);
}

/* The codec's values are those of the signal at its instants. */
static void evaluates(void) {
  wd_codec *codec = NULL;
  if (!tap_ok(wd_codec_create(NULL, &codec, NULL) == WD_OK, "the default codec")) return;
  tap_ok(wd_codec_samples(codec) == 1000 && wd_codec_instants(codec) == 144,
         "is 1000 samples to 144 instants");
  static float x[1000], y[144];
  poison(y, 144);
  /* A Ricker wavelet of 15 Hz at 412.3 ms. */
  for (int i = 0; i < 1000; i++) {
    double b = pow(PI * 0.015 * (i - 412.3), 2);
    x[i] = (float)((1 - 2 * b) * exp(-b));
  }
  wd_codec_forward(codec, x, 1, y);
  double worst = 0;
  for (int j = 0; j < 144; j++) {
    double t = (j + 0.5) * 1000 / 144 - 0.5, b = pow(PI * 0.015 * (t - 412.3), 2);
    worst = fmax(worst, fabs((double)y[j] - (1 - 2 * b) * exp(-b)));
  }
  tap_at_most(worst, 1e-5, "a 15 Hz Ricker wavelet at the codec's instants, largest error");
  wd_codec_destroy(codec);
}

static void real_pair(void) {
  const char *folder = getenv("WD_SHARED_DATA");
  char path[1024];
  snprintf(path, sizeof path, "%s/openfwi_cf0_seismic.npy", folder ? folder : WD_DEFAULT_SHARED_DATA);
  wd_npy *npy = NULL;
  wd_error err = {0};
  wd_status st = wd_npy_open(path, &npy, &err);
  if (st == WD_ERR_IO) {
    tap_skip("the OpenFWI pair is not here: %s", err.message);
    return;
  }
  wd_gather g = {0}, back = {0};
  wd_codec *codec = NULL;
  float *y = malloc(5 * 144 * 70 * sizeof *y);
  if (!st) st = wd_npy_read_gather(npy, 0, 0.001, &g, &err);
  if (!st) st = wd_gather_create(5, 1000, 70, 0.001, &back, &err);
  if (!st) st = wd_codec_create(NULL, &codec, &err);
  if (!st) st = wd_codec_encode(codec, &g, y, &err);
  poison(back.value, 350000);
  if (!st) st = wd_codec_decode(codec, y, &back, &err);
  if (tap_ok(st == WD_OK, "the real gathers are coded and decoded %s", err.message)) {
    double difference[2] = {0}, norm[2] = {0}; /* samples 0..998; all, last one mended */
    for (int s = 0; s < 5; s++)
      for (int i = 0; i < 1000; i++)
        for (int r = 0; r < 70; r++) {
          double a = (double)back.value[(s * 1000 + i) * 70 + r];
          double b = (double)g.value[(s * 1000 + (i == 999 ? 998 : i)) * 70 + r];
          if (i < 999) difference[0] += (a - b) * (a - b), norm[0] += b * b;
          difference[1] += (a - b) * (a - b), norm[1] += b * b;
        }
    tap_at_most(sqrt(difference[0] / norm[0]), 7e-5, "real pair, samples 0..998: relative L2 of the codec");
    tap_at_most(sqrt(difference[1] / norm[1]), 7e-5,
                "real pair, last sample mended: relative L2 of the codec");
    /* Without mending: the step to zero is spread over the record. */
    static float raw[1000 * 70];
    double unmended = 0;
    for (int s = 0; s < 5; s++) {
      wd_codec_forward(codec, g.value + s * 70000, 70, y);
      wd_codec_inverse(codec, y, 70, raw);
      for (int i = 0; i < 999 * 70; i++) unmended += pow((double)raw[i] - (double)g.value[s * 70000 + i], 2);
    }
    tap_ok(sqrt(unmended / norm[0]) > 2e-4, "left at zero, the last sample would cost %.2g",
           sqrt(unmended / norm[0]));
    clock_t start = clock();
    int rounds = 20;
    for (int i = 0; i < rounds; i++) wd_codec_encode(codec, &g, y, NULL);
    double ms = 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC / rounds;
    printf("# five shots coded in %.2f ms of processor time\n", ms);
  }
  free(y);
  wd_codec_destroy(codec);
  wd_gather_clear(&g);
  wd_gather_clear(&back);
  wd_npy_close(npy);
}

static void widths(void) {
  enum { T = 37 };
  wd_codec *codec = NULL;
  static float x[1000 * T], expected[144 * T], y[144 * T];
  if (wd_codec_create(NULL, &codec, NULL)) return;
  wd_random_normals(2, 1, 0, 1000 * T, x);
  poison(expected, 144 * T);
  apply_portable(&codec->forward, x, x + 999 * T, T, expected);
  tap_ok(isfinite(expected[144 * T - 1]), "portable code runs");
#if defined(__x86_64__)
  const struct {
    apply_fn *apply;
    bool here;
    const char *name;
  } width[] = {{apply_avx2, __builtin_cpu_supports("avx2"), "AVX2"},
               {apply_avx512, __builtin_cpu_supports("avx512f"), "AVX-512"}};
  for (int i = 0; i < 2; i++) {
    if (!width[i].here) {
      tap_skip("this machine has no %s", width[i].name);
      continue;
    }
    poison(y, 144 * T);
    width[i].apply(&codec->forward, x, x + 999 * T, T, y);
    tap_ok(memcmp(y, expected, sizeof y) == 0, "%s gives the bits of portable code", width[i].name);
  }
#endif
  wd_codec_destroy(codec);
}

static void refusals(void) {
  static const wd_codec_desc bad[] = {{1, 1},       {-5, 0},    {100001, 10},
                                      {1000, 1001}, {1000, -1}, {100000, 90000}};
  int wrong = 0;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    wd_codec *codec = (wd_codec *)&wrong;
    wrong += wd_codec_create(&bad[i], &codec, NULL) != WD_ERR_ARGUMENT || codec != (wd_codec *)&wrong;
  }
  tap_ok(wrong == 0, "sizes out of range are refused");
  wd_codec *codec = NULL;
  wd_error err = {0};
  wd_gather g;
  float out = -7;
  if (wd_codec_create(NULL, &codec, NULL) || wd_gather_create(1, 999, 1, 0.001, &g, NULL)) return;
  tap_ok(wd_codec_encode(codec, &g, &out, &err) == WD_ERR_SHAPE && out == -7, "999 samples: %s", err.message);
  tap_ok(wd_codec_decode(codec, &out, &g, &err) == WD_ERR_SHAPE, "decoding to 999 samples is refused too");
  wd_gather_clear(&g);
  wd_codec_destroy(codec);
}

int main(void) {
  definition(1000, 144, 3);
  definition(100, 15, 70);
  definition(101, 14, 17);
  definition(75, 75, 16);
  definition(33, 1, 5);
  definition(2, 1, 1);
  definition(2, 2, 33);
  evaluates();
  real_pair();
  widths();
  refusals();
  return tap_done();
}
