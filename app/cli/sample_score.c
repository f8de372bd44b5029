/* What `sample` decodes and scores. A pair that the decoders or the solver refuse keeps its reason and NaN
 * figures; the others of its batch are made as if it were not there, one by one. */
#include "app/cli/sample.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

bool sample_scored(const sample_job *j, int k) {
  return j->every && (k % j->every == 0 || k == j->positions - 1);
}

static wd_hooks quiet(const sample_job *j) { /* a step of the bar is a seed's, told elsewhere */
  return (wd_hooks){.cancel = j->c->hooks.cancel};
}

static wd_measure no_measure(void) {
  return (wd_measure){.relative_l2 = NAN,
                      .log_norm_mse = NAN,
                      .mae = NAN,
                      .max_abs = NAN,
                      .correlation = NAN,
                      .silence_log_norm_mse = NAN,
                      .norm_a = NAN,
                      .norm_b = NAN,
                      .norm_difference = NAN,
                      .reflection_residual = NAN,
                      .reflection_share = NAN,
                      .direct_log_norm_mse = NAN,
                      .norm_reflection = NAN};
}

static float *map_of(const sample_job *j, int i) {
  return j->velocity + (size_t)i * wd_pair_decoder_cells(j->decoder);
}
static float *gathers_of(const sample_job *j, int i) {
  return j->gathers + (size_t)i * wd_pair_decoder_samples(j->decoder);
}

static bool any_fault(const sample_job *j, int n) {
  for (int i = 0; i < n; i++)
    if (j->why[i].code) return true;
  return false;
}

static void fill_nan(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = NAN;
}

wd_status sample_decode(sample_job *j, int n, const float *latents, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const size_t one = (size_t)wd_model_latent(j->model).count;
  const double start = cli_seconds();
  wd_error mine = {0};
  wd_status st = any_fault(j, n) ? WD_ERR_DIVERGED
                                 : wd_pair_decoder_run(j->decoder, (size_t)n, latents, j->velocity,
                                                       j->gathers, &hooks, &mine);
  if (st == WD_ERR_DIVERGED) { /* one of them: each by itself, which gives the others the same bits */
    st = WD_OK;
    for (int i = 0; i < n && !st; i++) {
      if (!j->why[i].code)
        st = wd_pair_decoder_run(j->decoder, 1, latents + (size_t)i * one, map_of(j, i), gathers_of(j, i),
                                 &hooks, &mine);
      if (st == WD_ERR_DIVERGED) {
        j->why[i] = mine;
        st = WD_OK;
      }
      if (!j->why[i].code) continue;
      fill_nan(map_of(j, i), wd_pair_decoder_cells(j->decoder));
      fill_nan(gathers_of(j, i), wd_pair_decoder_samples(j->decoder));
    }
  }
  j->decoding += cli_seconds() - start;
  if (!st) j->decoded += (size_t)n;
  if (st && err) *err = mine;
  return st;
}

/* Measures of n pairs that are decoded; NaN where why has a reason, or gets one here. */
static wd_status measure(sample_job *j, int n, wd_measure *out, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  wd_error mine = {0};
  wd_status st = any_fault(j, n)
                     ? WD_ERR_DIVERGED
                     : wd_residual_measure(j->residual, n, j->velocity, j->gathers, out, &hooks, &mine);
  if (wd_status_is_fault(st)) {
    st = WD_OK;
    for (int i = 0; i < n && !st; i++) {
      if (!j->why[i].code)
        st = wd_residual_measure(j->residual, 1, map_of(j, i), gathers_of(j, i), &out[i], &hooks, &mine);
      if (wd_status_is_fault(st)) {
        j->why[i] = mine;
        st = WD_OK;
      }
      if (j->why[i].code) out[i] = no_measure();
    }
  }
  if (st && err) *err = mine;
  return st;
}

wd_status sample_look(sample_job *j, int n, const float *latents, int k, int kind, wd_error *err) {
  memset(j->why, 0, (size_t)n * sizeof *j->why); /* what is on the way may be refused and the end be whole */
  wd_status st = sample_decode(j, n, latents, err);
  if (st) return st;
  const double start = cli_seconds();
  wd_measure *m = wd_calloc((size_t)n, sizeof *m);
  if (!m) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d scores", n);
  st = measure(j, n, m, err);
  for (int i = 0; i < n && !st; i++)
    j->measure[((size_t)i * (size_t)j->positions + (size_t)k) * 2 + (size_t)kind] = m[i];
  wd_free(m);
  j->scoring += cli_seconds() - start;
  for (int i = 0; i < n; i++) j->scored += !j->why[i].code;
  return st;
}

/* ---- the finished pairs */

wd_status sample_blame_it(sample_job *j, size_t at, sample_blame blame, const wd_error *why, wd_error *err) {
  if ((j->faults & (j->faults - 1)) == 0) { /* full at every power of two */
    sample_fault *more = wd_calloc(j->faults ? 2 * j->faults : 1, sizeof *more);
    if (!more) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu faults", j->faults + 1);
    if (j->faults) memcpy(more, j->fault, j->faults * sizeof *more);
    wd_free(j->fault);
    j->fault = more;
  }
  sample_fault *f = &j->fault[j->faults++];
  *f = (sample_fault){.at = at, .blame = blame};
  memcpy(f->why, why->message, sizeof f->why);
  return WD_OK;
}

/* Pair i of the batch: simulated as number `place` of the residual, or not at all where it has a fault. */
static wd_status keep(sample_job *j, const wd_sampler *s, int i, int place, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  const size_t one = (size_t)wd_model_latent(j->model).count;
  const int end = j->positions - 1;
  const bool whole = !j->why[i].code, decoded = whole || !isnan(map_of(j, i)[0]);
  const float *latents = wd_sampler_latents(s, end);
  const wd_gather own = {g->shots, g->samples, g->receivers, g->dt, gathers_of(j, i)};
  wd_measure *way = &j->measure[(size_t)i * (size_t)j->positions * 2];
  wd_comparison c = {0};
  wd_status st = whole ? wd_residual_compare(j->residual, place, &own, NULL, &c, err) : WD_OK;
  if (!st) way[2 * end] = way[2 * end + 1] = whole ? c.all : no_measure(); /* x_t is its estimate there */
  wd_comparison_clear(&c);
  const population_sample sample = {.seed = wd_sampler_seed(s, i),
                                    .family = wd_sampler_family(s, i),
                                    .velocity = decoded ? map_of(j, i) : NULL,
                                    .gathers = decoded ? own.value : NULL,
                                    .latent = latents ? latents + (size_t)i * one : NULL,
                                    .full = whole ? wd_residual_full(j->residual, place) : NULL,
                                    .top = whole ? wd_residual_top(j->residual, place) : NULL,
                                    .fault = whole ? NULL : j->why[i].message,
                                    .way = way};
  return st ? st : population_sink_add(j->samples, &sample, &hooks, err);
}

wd_status sample_finish(sample_job *j, const wd_sampler *s, size_t first, int n, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const double start = cli_seconds();
  int most = any_fault(j, n) ? 1 : wd_residual_batch(j->residual);
  wd_status st = WD_OK;
  for (int at = 0; at < n && !st;) {
    const int m = n - at < most ? n - at : most;
    wd_error mine = {0};
    if (!j->why[at].code) st = wd_residual_simulate(j->residual, m, map_of(j, at), &hooks, &mine);
    if (wd_status_is_fault(st) && m > 1) { /* one of them: each by itself */
      most = 1;
      st = WD_OK;
      continue;
    }
    if (wd_status_is_fault(st)) {
      j->why[at] = mine;
      st = sample_blame_it(j, first + (size_t)at, SAMPLE_SOLVER, &mine, err);
    } else if (st && err) {
      *err = mine;
    }
    for (int i = 0; i < m && !st; i++) st = keep(j, s, at + i, i, err);
    at += m;
  }
  j->scoring += cli_seconds() - start;
  for (int i = 0; i < n; i++) j->scored += !j->why[i].code;
  return st;
}
