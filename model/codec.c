#include "model/codec.h"

#include "solver/memory.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Both matrices are symmetric under reversal of both indices: m[rows-1-i][cols-1-k] = m[i][k]. Split into
 * parts even and odd under reversal of the input they cost half the products: with e = x[k] + x[cols-1-k] and
 * o = x[k] - x[cols-1-k],
 *   y[i] = E e + O o,  y[rows-1-i] = E e - O o,  E = (m[i][k] + m[i][cols-1-k]) / 2,  O = their half
 * difference. Stored in strips of STRIP rows, packed[strip][part][k][row], for i < rows/2 and k < cols/2
 * rounded up. */
enum { STRIP = 6, LANES = 16, CHUNK = 128 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

typedef struct half_matrix {
  int rows, cols, strips, half_cols;
  float *packed;
} half_matrix;

typedef void apply_fn(const half_matrix *m, const float *in, const float *last, int traces, float *out);

struct wd_codec {
  int samples, instants;
  half_matrix forward, inverse;
  apply_fn *apply;
};

/* sum over k = 1 .. terms of cos k t. */
static double cosines(int terms, double t) {
  double s = sin(0.5 * t);
  if (fabs(s) < 1e-12) return terms; /* t is a multiple of 2 pi */
  return 0.5 * (sin((terms + 0.5) * t) / s - 1);
}

static double element(int samples, int instants, int n, int j) {
  const double pi = 3.14159265358979323846;
  double alpha = pi * (n + 0.5) / samples, beta = pi * (j + 0.5) / instants;
  return 1 + cosines(instants - 1, alpha + beta) + cosines(instants - 1, alpha - beta);
}

static bool half_matrix_make(half_matrix *m, int samples, int instants, bool inverse) {
  m->rows = inverse ? samples : instants;
  m->cols = inverse ? instants : samples;
  m->half_cols = (m->cols + 1) / 2;
  m->strips = ((m->rows + 1) / 2 + STRIP - 1) / STRIP;
  m->packed = wd_calloc((size_t)m->strips * STRIP * 2, (size_t)m->half_cols * sizeof(float));
  if (!m->packed) return false;
  for (int i = 0; i < (m->rows + 1) / 2; i++)
    for (int k = 0; k < m->half_cols; k++) {
      int mirror = m->cols - 1 - k;
      double a = inverse ? element(samples, instants, i, k) : element(samples, instants, k, i);
      double b = inverse ? element(samples, instants, i, mirror) : element(samples, instants, mirror, i);
      float *strip = m->packed + (size_t)(i / STRIP) * 2 * (size_t)m->half_cols * STRIP;
      size_t at = (size_t)k * STRIP + (size_t)(i % STRIP);
      strip[at] = (float)((a + b) / 2 / m->cols);
      strip[at + (size_t)m->half_cols * STRIP] = (float)((a - b) / 2 / m->cols);
    }
  return true;
}

/* No FMA (the build forbids contraction), so that every width gives the same bits. `last` stands in for row
 * cols-1 of the input. */
__attribute__((always_inline)) static inline void apply_body(const half_matrix *m, const float *in,
                                                             const float *last, int traces, float *out) {
  lanes even[CHUNK], odd[CHUNK];
  const size_t stride = (size_t)traces;
  for (int c = 0; c < traces; c += LANES) {
    int width = traces - c < LANES ? traces - c : LANES;
    size_t bytes = (size_t)width * sizeof(float);
    for (int k0 = 0; k0 < m->half_cols; k0 += CHUNK) {
      int chunk = m->half_cols - k0 < CHUNK ? m->half_cols - k0 : CHUNK;
      for (int k = 0; k < chunk; k++) {
        int mirror = m->cols - 1 - (k0 + k);
        lanes a = {0}, b = {0};
        memcpy(&a, in + (size_t)(k0 + k) * stride + c, bytes);
        memcpy(&b, (mirror == m->cols - 1 ? last : in + (size_t)mirror * stride) + c, bytes);
        even[k] = mirror == k0 + k ? a : a + b;
        odd[k] = mirror == k0 + k ? a - a : a - b;
      }
      for (int s = 0; s < m->strips; s++) {
        const float *e = m->packed + ((size_t)s * 2 * (size_t)m->half_cols + (size_t)k0) * STRIP;
        const float *o = e + (size_t)m->half_cols * STRIP;
        lanes sum_e[STRIP], sum_o[STRIP];
        for (int r = 0; r < STRIP; r++) sum_e[r] = sum_o[r] = (lanes){0};
        for (int k = 0; k < chunk; k++)
#pragma GCC unroll 8
          for (int r = 0; r < STRIP; r++) sum_e[r] += e[k * STRIP + r] * even[k];
        for (int k = 0; k < chunk; k++)
#pragma GCC unroll 8
          for (int r = 0; r < STRIP; r++) sum_o[r] += o[k * STRIP + r] * odd[k];
        for (int r = 0; r < STRIP; r++) {
          int i = s * STRIP + r, mirror = m->rows - 1 - i;
          if (i > mirror) break;
          float *upper = out + (size_t)i * stride + c, *lower = out + (size_t)mirror * stride + c;
          lanes y = sum_e[r] + sum_o[r], z = sum_e[r] - sum_o[r];
          if (k0) {
            lanes before = {0};
            memcpy(&before, upper, bytes);
            y += before;
            memcpy(&before, lower, bytes);
            z += before;
          }
          memcpy(lower, &z, bytes); /* in the middle row both are the same but for rounding; upper stands */
          memcpy(upper, &y, bytes);
        }
      }
    }
  }
}

static void apply_portable(const half_matrix *m, const float *in, const float *last, int traces, float *out) {
  apply_body(m, in, last, traces, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void apply_avx2(const half_matrix *m, const float *in,
                                                       const float *last, int traces, float *out) {
  apply_body(m, in, last, traces, out);
}
__attribute__((target("avx512f"))) static void apply_avx512(const half_matrix *m, const float *in,
                                                            const float *last, int traces, float *out) {
  apply_body(m, in, last, traces, out);
}
#endif

static apply_fn *choose(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return apply_avx512;
  if (__builtin_cpu_supports("avx2")) return apply_avx2;
#endif
  return apply_portable;
}

wd_status wd_codec_create(const wd_codec_desc *desc, wd_codec **out, wd_error *err) {
  int samples = desc && desc->samples ? desc->samples : 1000;
  if (samples < 2 || samples > 100000)
    return wd_fail(err, WD_ERR_ARGUMENT, "a temporal codec of %d samples; it must be 2 to 100000", samples);
  int instants = desc && desc->instants ? desc->instants : (int)(((long)samples * 144 + 999) / 1000);
  if (instants < 1 || instants > samples)
    return wd_fail(err, WD_ERR_ARGUMENT, "a temporal codec of %d instants; it must be 1 to %d (the samples)",
                   instants, samples);
  if ((long)samples * instants > 1L << 28)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "a temporal codec of %d samples and %d instants is too large; take fewer instants",
                   samples, instants);
  wd_codec *codec = wd_calloc(1, sizeof *codec);
  if (codec) {
    codec->samples = samples;
    codec->instants = instants;
    codec->apply = choose();
    if (half_matrix_make(&codec->forward, samples, instants, false) &&
        half_matrix_make(&codec->inverse, samples, instants, true)) {
      *out = codec;
      return WD_OK;
    }
  }
  wd_codec_destroy(codec);
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a temporal codec of %d samples and %d instants",
                 samples, instants);
}

void wd_codec_destroy(wd_codec *codec) {
  if (!codec) return;
  wd_free(codec->forward.packed);
  wd_free(codec->inverse.packed);
  wd_free(codec);
}

int wd_codec_samples(const wd_codec *codec) {
  return codec->samples;
}
int wd_codec_instants(const wd_codec *codec) {
  return codec->instants;
}

void wd_codec_forward(const wd_codec *codec, const float *in, int traces, float *out) {
  codec->apply(&codec->forward, in, in + (size_t)(codec->samples - 1) * (size_t)traces, traces, out);
}

void wd_codec_inverse(const wd_codec *codec, const float *in, int traces, float *out) {
  codec->apply(&codec->inverse, in, in + (size_t)(codec->instants - 1) * (size_t)traces, traces, out);
}

static bool last_is_zero(const wd_gather *g) {
  size_t row = (size_t)g->receivers, shot = (size_t)g->samples * row;
  for (int s = 0; s < g->shots; s++)
    for (size_t r = 0; r < row; r++)
      if (g->value[(size_t)s * shot + shot - row + r] != 0) return false;
  return true;
}

static wd_status check(const wd_codec *codec, const wd_gather *gather, wd_error *err) {
  if (gather->samples == codec->samples) return WD_OK;
  return wd_fail(err, WD_ERR_SHAPE, "gathers of %d samples do not fit a temporal codec of %d",
                 gather->samples, codec->samples);
}

wd_status wd_codec_encode(const wd_codec *codec, const wd_gather *gather, float *out, wd_error *err) {
  wd_status st = check(codec, gather, err);
  if (st) return st;
  size_t row = (size_t)gather->receivers;
  size_t last = (size_t)(codec->samples - (last_is_zero(gather) ? 2 : 1)) * row;
  for (int s = 0; s < gather->shots; s++) {
    const float *in = gather->value + (size_t)s * (size_t)codec->samples * row;
    codec->apply(&codec->forward, in, in + last, gather->receivers,
                 out + (size_t)s * (size_t)codec->instants * row);
  }
  return WD_OK;
}

wd_status wd_codec_decode(const wd_codec *codec, const float *in, wd_gather *gather, wd_error *err) {
  wd_status st = check(codec, gather, err);
  if (st) return st;
  size_t row = (size_t)gather->receivers;
  for (int s = 0; s < gather->shots; s++)
    wd_codec_inverse(codec, in + (size_t)s * (size_t)codec->instants * row, gather->receivers,
                     gather->value + (size_t)s * (size_t)codec->samples * row);
  return WD_OK;
}
