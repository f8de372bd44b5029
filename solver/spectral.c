#include "solver/spectral.h"

#include "solver/fft.h"
#include "solver/memory.h"
#include "solver/parallel.h"
#include "solver/spectral_impl.h"

#include <math.h>
#include <string.h>

/* ---- one trace */

static void transform(const wd_fft *fft, const float *trace, int n, int stride, double complex *x) {
  const int length = wd_fft_length(fft);
  for (int t = 0; t < n; t++) x[t] = wd_complex((double)trace[t * stride], 0);
  memset(x + n, 0, sizeof *x * (size_t)(length - n));
  wd_fft_forward(fft, x);
}

static wd_status transform_create(int n, wd_fft **fft, double complex **x, wd_error *err) {
  wd_status st = wd_fft_create(wd_fft_length_for(2 * n), fft, err);
  if (st) return st;
  *x = wd_alloc((size_t)wd_fft_length(*fft), sizeof **x);
  if (*x) return WD_OK;
  wd_fft_destroy(*fft);
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the spectrum of %d samples", n);
}

wd_status wd_amplitude_spectrum(const float *trace, int n, int stride, double dt, double **amplitude,
                                int *bins, double *step, wd_error *err) {
  if (n < 2 || !(dt > 0)) return wd_fail(err, WD_ERR_ARGUMENT, "the spectrum of %d samples of %g s", n, dt);
  wd_fft *fft = NULL;
  double complex *x = NULL;
  wd_status st = transform_create(n, &fft, &x, err);
  if (st) return st;
  const int count = wd_fft_length(fft) / 2 + 1;
  double *value = wd_alloc((size_t)count, sizeof *value);
  if (value) {
    transform(fft, trace, n, stride, x);
    for (int k = 0; k < count; k++) value[k] = cabs(x[k]) * dt;
    *amplitude = value;
    *bins = count;
    *step = 1 / (wd_fft_length(fft) * dt);
  } else
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a spectrum of %d bins", count);
  wd_fft_destroy(fft);
  wd_free(x);
  return st;
}

wd_status wd_envelope(const float *trace, int n, int stride, double *envelope, wd_error *err) {
  if (n < 2) return wd_fail(err, WD_ERR_ARGUMENT, "the envelope of %d samples", n);
  wd_fft *fft = NULL;
  double complex *x = NULL;
  wd_status st = transform_create(n, &fft, &x, err);
  if (st) return st;
  /* The analytic signal: positive frequencies doubled, negative ones dropped; mean and Nyquist bin stay. */
  const int length = wd_fft_length(fft);
  transform(fft, trace, n, stride, x);
  for (int k = 1; k < length / 2; k++) x[k] = 2 * x[k];
  memset(x + length / 2 + 1, 0, sizeof *x * (size_t)(length / 2 - 1));
  wd_fft_inverse(fft, x);
  for (int t = 0; t < n; t++) envelope[t] = cabs(x[t]);
  wd_fft_destroy(fft);
  wd_free(x);
  return WD_OK;
}

/* ---- gathers */

typedef struct comparing {
  const wd_gather *a, *b;
  wd_spectral_traces_fn *traces;
  wd_spectral_plan plan;
  double gain;
  int samples, bins, blocks; /* of WD_SPECTRAL_LANES traces in a shot */
  double *turn;
  int *place;
  double *work;             /* of each thread */
  size_t room;              /* doubles of it */
  double *sums;             /* 4 * bins of each block */
  wd_spectral_block *block; /* shots * blocks */
} comparing;

static wd_spectral_traces_fn *best_traces(void) {
#if defined(WD_HAVE_X86_SIMD)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return wd_spectral_traces_16;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return wd_spectral_traces_8;
#endif
  return wd_spectral_traces_4;
}

/* Where the forward transform leaves bins first, first + step, ...: in `span` cells from `start` on, a
 * quarter with every fourth of them after another. */
static void place_bins(int *place, int start, int span, int first, int step) {
  if (span == 1) {
    place[first] = start;
    return;
  }
  const int parts = span >= 4 ? 4 : 2;
  for (int j = 0; j < parts; j++)
    place_bins(place, start + j * (span / parts), span / parts, first + j * step, parts * step);
}

static void clear(comparing *c) {
  wd_free(c->turn);
  wd_free(c->place);
  wd_free(c->work);
  wd_free(c->sums);
  wd_free(c->block);
}

static wd_status prepare(comparing *c, int threads, wd_error *err) {
  int length = wd_fft_length_for(2 * c->samples);
  if (length < 8) length = 8;
  c->bins = length / 2 + 1;
  c->blocks = (c->a->receivers + WD_SPECTRAL_LANES - 1) / WD_SPECTRAL_LANES;
  c->room = 3 * (size_t)length * WD_SPECTRAL_LANES;
  const size_t blocks = (size_t)c->a->shots * (size_t)c->blocks;
  c->turn = wd_alloc(2 * (size_t)length, sizeof *c->turn);
  c->place = wd_alloc((size_t)length, sizeof *c->place);
  c->work = wd_alloc((size_t)threads * c->room, sizeof *c->work);
  c->sums = wd_alloc(4 * (size_t)c->bins * blocks, sizeof *c->sums);
  c->block = wd_alloc(blocks, sizeof *c->block);
  if (!c->turn || !c->place || !c->work || !c->sums || !c->block)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the spectra of %d x %d traces", c->a->shots,
                   c->a->receivers);
  for (int k = 0; k < length; k++) {
    c->turn[2 * k] = cos(2 * M_PI * k / length);
    c->turn[2 * k + 1] = -sin(2 * M_PI * k / length);
  }
  place_bins(c->place, 0, length / 2, 0, 2);
  place_bins(c->place, length / 2, length / 2, 1, 2);
  c->plan = (wd_spectral_plan){length, c->turn, c->place};
  c->traces = best_traces();
  for (size_t i = 0; i < blocks; i++) {
    double *at = c->sums + 4 * (size_t)c->bins * i;
    const size_t bins = (size_t)c->bins;
    c->block[i] = (wd_spectral_block){.aa = at, .bb = at + bins, .re = at + 2 * bins, .im = at + 3 * bins};
  }
  return WD_OK;
}

/* Task: a block of traces of one shot. */
static void run_block(void *ctx, int task, int worker) {
  const comparing *c = ctx;
  const int shot = task / c->blocks, first = task % c->blocks * WD_SPECTRAL_LANES, r = c->a->receivers;
  const size_t at = (size_t)shot * (size_t)c->a->samples * (size_t)r + (size_t)first;
  c->traces(&c->plan, c->a->value + at, c->b->value + at, c->gain, c->samples, (size_t)r,
            r - first < WD_SPECTRAL_LANES ? r - first : WD_SPECTRAL_LANES, c->work + (size_t)worker * c->room,
            &c->block[task]);
}

static void run(comparing *c, int threads) {
  const int tasks = c->a->shots * c->blocks;
  wd_pool *pool = NULL;
  if (threads > 1 && wd_pool_create(threads, &pool, NULL) == WD_OK) {
    wd_parallel_for(pool, tasks, run_block, c);
    wd_pool_destroy(pool);
    return;
  }
  for (int t = 0; t < tasks; t++) run_block(c, t, 0);
}

static wd_spectral_measure envelope_of(double difference, double reference) {
  const bool finite = isfinite(difference) && isfinite(reference);
  return (wd_spectral_measure){.coherence = NAN,
                               .envelope = reference > 0 && finite ? sqrt(difference / reference) : NAN,
                               .norm_envelope = finite ? sqrt(reference) : NAN};
}

/* *weighted: sum S_bb gamma^2, *weight: sum S_bb, over the bins of both signs. */
static void coherence_of(const comparing *c, int shot, double *weighted, double *weight) {
  *weighted = *weight = 0;
  for (int k = 0; k < c->bins; k++) {
    double aa = 0, bb = 0, re = 0, im = 0;
    for (int i = 0; i < c->blocks; i++) {
      const wd_spectral_block *s = &c->block[shot * c->blocks + i];
      aa += s->aa[k];
      bb += s->bb[k];
      re += s->re[k];
      im += s->im[k];
    }
    const double twice = k == 0 || k == c->bins - 1 ? 1 : 2;
    /* A bin where a has nothing coheres with nothing; NaN passes through. */
    if (aa != 0) *weighted += twice * (re * re + im * im) / aa;
    *weight += twice * bb;
  }
}

static void finish(const comparing *c, wd_spectral_comparison *out) {
  double weighted = 0, weight = 0, difference = 0, reference = 0;
  for (int s = 0; s < out->shots; s++) {
    double shot_weighted, shot_weight, shot_difference = 0, shot_reference = 0;
    for (int r = 0; r < out->receivers; r++) {
      const wd_spectral_block *from = &c->block[s * c->blocks + r / WD_SPECTRAL_LANES];
      const double d = from->difference[r % WD_SPECTRAL_LANES], b = from->reference[r % WD_SPECTRAL_LANES];
      out->trace[(size_t)s * (size_t)out->receivers + (size_t)r] = envelope_of(d, b);
      shot_difference += d;
      shot_reference += b;
    }
    coherence_of(c, s, &shot_weighted, &shot_weight);
    out->shot[s] = envelope_of(shot_difference, shot_reference);
    out->shot[s].coherence = shot_weight > 0 && isfinite(shot_weighted) && isfinite(shot_weight)
                                 ? shot_weighted / shot_weight
                                 : NAN;
    weighted += shot_weighted;
    weight += shot_weight;
    difference += shot_difference;
    reference += shot_reference;
  }
  out->all = envelope_of(difference, reference);
  out->all.coherence = weight > 0 && isfinite(weighted) && isfinite(weight) ? weighted / weight : NAN;
}

wd_status wd_spectral_compare(const wd_gather *a, const wd_gather *b, const wd_spectral_desc *desc,
                              wd_spectral_comparison *out, wd_error *err) {
  if (a->shots != b->shots || a->samples != b->samples || a->receivers != b->receivers)
    return wd_fail(err, WD_ERR_SHAPE,
                   "spectra of gathers of %d shots x %d samples x %d receivers against %d x %d x %d",
                   a->shots, a->samples, a->receivers, b->shots, b->samples, b->receivers);
  const int n = a->samples - (desc && desc->all_samples ? 0 : 1);
  if (n < 2 || a->shots < 1 || a->receivers < 1)
    return wd_fail(err, WD_ERR_SHAPE, "spectra need at least 2 samples a trace; there are %d", n);
  const size_t traces = (size_t)a->shots * (size_t)a->receivers;
  const int threads = desc && desc->threads > 1 ? desc->threads : 1;
  comparing c = {.a = a, .b = b, .gain = desc && desc->gain != 0 ? desc->gain : 1, .samples = n};
  wd_spectral_comparison made = {.shots = a->shots, .receivers = a->receivers};
  wd_status st = prepare(&c, threads, err);
  made.shot = st ? NULL : wd_calloc((size_t)a->shots, sizeof *made.shot);
  made.trace = st ? NULL : wd_calloc(traces, sizeof *made.trace);
  if (!st && (!made.shot || !made.trace))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the spectra of %zu traces", traces);
  if (!st) {
    run(&c, threads);
    finish(&c, &made);
    *out = made;
  } else {
    wd_spectral_clear(&made);
  }
  clear(&c);
  return st;
}

void wd_spectral_clear(wd_spectral_comparison *comparison) {
  if (!comparison) return;
  wd_free(comparison->shot);
  wd_free(comparison->trace);
  *comparison = (wd_spectral_comparison){0};
}
