/* The temporal codec: shot gathers of 1000 samples to 144 and back, with no visible loss, because they are
 * band-limited (a 15 Hz Ricker wavelet holds 1e-8 of its peak at 71 Hz; 144 coefficients of 1000 samples of
 * 1 ms reach 72 Hz). Fixed, linear, in the solver's linear amplitude; section 2 of model.md of the design.
 *
 * Forward: orthonormal DCT-II of the N samples, the first K coefficients kept, evaluated as a cosine series
 * at K instants t_j = (j + 1/2) N / K - 1/2 (in samples). In closed form, with alpha = pi (n + 1/2) / N, beta
 * = pi (j + 1/2) / K and D(t) = sum_{k=1}^{K-1} cos k t:
 *
 *   y[j] = 1/N sum_n [1 + D(alpha + beta) + D(alpha - beta)] x[n]     values of the band-limited signal
 *   x[n] = 1/K sum_j [1 + D(alpha + beta) + D(alpha - beta)] y[j]     exact inverse on band-limited signals
 *
 * so that forward after inverse is the identity, inverse after forward is the orthogonal projection on the
 * first K cosines, and ||y||^2 = K/N ||x||^2 for band-limited x.
 *
 * Measured, relative L2 of inverse after forward: real OpenFWI pair with the last sample mended 6.2e-5
 * (tests/model/test_codec.c); 30 maps of each of our families, median 1.2e-5 to 6.2e-5, worst 1.1e-3 (1.2e-2
 * of the scattered field). Five shots take 1.4 ms on one core (AVX-512, 2.8 GHz). */
#ifndef WD_CODEC_H
#define WD_CODEC_H

#include "solver/gather.h"
#include "solver/status.h"

typedef struct wd_codec_desc {
  int samples;  /* N, 2..100000 [1000] */
  int instants; /* K, 1..samples [samples * 144 / 1000, rounded up] */
} wd_codec_desc;

/* Immutable once made; any number of threads may use one. The numbers do not depend on the SIMD width. */
typedef struct wd_codec wd_codec;

/* desc may be NULL. Refuses sizes out of range, and matrices of more than 2^28 elements. */
wd_status wd_codec_create(const wd_codec_desc *desc, wd_codec **out, wd_error *err);
void wd_codec_destroy(wd_codec *codec); /* NULL is harmless */
int wd_codec_samples(const wd_codec *codec);
int wd_codec_instants(const wd_codec *codec);

/* One shot: in is (samples, traces), out is (instants, traces), sample-major as gathers are. No overlap. */
void wd_codec_forward(const wd_codec *codec, const float *in, int traces, float *out);
/* in is (instants, traces), out is (samples, traces). */
void wd_codec_inverse(const wd_codec *codec, const float *in, int traces, float *out);

/* All shots of a gather: out is (shots, instants, receivers). A last sample that is zero in every trace of
 * every shot, as OpenFWI's released files have it, counts as a copy of the one before: left as a step to zero
 * it would spread over the record. WD_ERR_SHAPE when the gather has another number of samples. */
wd_status wd_codec_encode(const wd_codec *codec, const wd_gather *gather, float *out, wd_error *err);

/* in is (shots, instants, receivers); fills gather, made by the caller with the codec's number of samples. */
wd_status wd_codec_decode(const wd_codec *codec, const float *in, wd_gather *gather, wd_error *err);

#endif
