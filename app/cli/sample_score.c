/* What `sample` decodes and scores: pairs on the way, and the finished ones. */
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

static pair_batch batch_of(const sample_job *j, int n) {
  return (pair_batch){.n = n,
                      .cells = wd_pair_decoder_cells(j->decoder),
                      .samples = wd_pair_decoder_samples(j->decoder),
                      .latent = (size_t)wd_model_latent(j->model).count,
                      .velocity = j->velocity,
                      .gathers = j->gathers,
                      .why = j->why};
}

static size_t figure_of(const sample_job *j, int i, int k, int kind) {
  return ((size_t)i * (size_t)j->positions + (size_t)k) * 2 + (size_t)kind;
}

wd_status sample_reason(sample_job *j, int i, int k, int kind, const wd_error *why, wd_error *err) {
  char **to = &j->reason[figure_of(j, i, k, kind)];
  wd_free(*to);
  *to = NULL;
  if (!why->code) return WD_OK;
  const size_t room = strlen(why->message) + 1;
  *to = wd_calloc(room, 1);
  if (!*to) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the reason of a fault");
  memcpy(*to, why->message, room);
  return WD_OK;
}

wd_status sample_decode(sample_job *j, int n, const float *latents, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const pair_batch b = batch_of(j, n);
  const double start = cli_seconds();
  const wd_status st = pairs_decode(j->decoder, &b, latents, &hooks, err);
  j->decoding += cli_seconds() - start;
  if (!st) j->decoded += (size_t)n;
  return st;
}

wd_status sample_look(sample_job *j, int n, const float *latents, int k, int kind, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const pair_batch b = batch_of(j, n);
  memset(j->why, 0, (size_t)n * sizeof *j->why); /* what is on the way may be refused and the end be whole */
  wd_status st = sample_decode(j, n, latents, err);
  if (st) return st;
  const double start = cli_seconds();
  wd_measure *m = wd_calloc((size_t)n, sizeof *m);
  if (!m) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d scores", n);
  st = pairs_measure(j->residual, &b, &hooks, m, err);
  for (int i = 0; i < n && !st; i++) {
    j->measure[figure_of(j, i, k, kind)] = m[i];
    st = sample_reason(j, i, k, kind, &j->why[i], err);
  }
  wd_free(m);
  j->scoring += cli_seconds() - start;
  for (int i = 0; i < n; i++) j->scored += !j->why[i].code;
  return st;
}

/* ---- the finished pairs */

typedef struct finishing {
  sample_job *j;
  const wd_sampler *s;
  pair_batch batch;
} finishing;

/* Pair i of the batch: simulated as number `place` of the residual, or not at all where it has a fault. */
static wd_status keep(void *user, int i, int place, wd_error *err) {
  const finishing *f = user;
  sample_job *j = f->j;
  const pair_batch *b = &f->batch;
  const wd_hooks hooks = quiet(j);
  const int end = j->positions - 1;
  const bool whole = place >= 0;
  const float *map = b->velocity + (size_t)i * b->cells, *latents = wd_sampler_latents(f->s, end);
  const bool decoded = whole || !isnan(map[0]);
  wd_measure *way = &j->measure[figure_of(j, i, 0, 0)];
  wd_status st =
      pairs_compare(j->residual, b, i, place, &(wd_compare_desc){.spectral = true}, &way[2 * end], NULL, err);
  way[2 * end + 1] = way[2 * end]; /* x_t is its estimate there */
  for (int kind = 0; kind < 2 && !st; kind++) st = sample_reason(j, i, end, kind, &j->why[i], err);
  const population_sample sample = {.seed = wd_sampler_seed(f->s, i),
                                    .family = wd_sampler_family(f->s, i),
                                    .velocity = decoded ? map : NULL,
                                    .gathers = decoded ? b->gathers + (size_t)i * b->samples : NULL,
                                    .latent = latents ? latents + (size_t)i * b->latent : NULL,
                                    .full = whole ? wd_residual_full(j->residual, place) : NULL,
                                    .top = whole ? wd_residual_top(j->residual, place) : NULL,
                                    .fault = whole ? NULL : j->why[i].message,
                                    .way = way};
  return st ? st : population_sink_add(j->samples, &sample, &hooks, err);
}

wd_status sample_finish(sample_job *j, const wd_sampler *s, size_t first, int n, wd_error *err) {
  const wd_hooks hooks = quiet(j);
  const double start = cli_seconds();
  finishing f = {j, s, batch_of(j, n)};
  wd_status st = pairs_simulate(j->residual, &f.batch, &hooks, keep, &f, err);
  if (!st) st = faults_take(&j->faults, first, n, BLAME_SOLVER, j->why, err); /* the network's are there */
  j->scoring += cli_seconds() - start;
  for (int i = 0; i < n; i++) j->scored += !j->why[i].code;
  return st;
}
