/* A batch of `sample`: seeds drawn together, decoded, scored and written. */
#include "app/cli/sample.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

int sample_start(const sample_job *j) {
  const sample_args *a = j->args;
  if (a->strength > 0)
    return wd_strength_timestep(a->strength, wd_denoiser_schedule(j->denoiser)->timesteps) + 1;
  return a->timestep ? a->timestep + 1 : 0;
}

static wd_sampler_desc sampler_desc(const sample_job *j, const float *latents) {
  const sample_args *a = j->args;
  return (wd_sampler_desc){.plan = {(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance},
                           .n = 1,
                           .latents = latents,
                           .start = latents ? sample_start(j) : 0,
                           .renoise = latents && (a->renoise || a->strength > 0)};
}

/* A run of one latent of zeros stands for all of them: its positions are filled in, not made. */
wd_status sample_levels(sample_job *j, wd_error *err) {
  const size_t one = (size_t)wd_model_latent(j->model).count;
  float *zero = wd_calloc(one, sizeof *zero);
  const float **all = wd_calloc((size_t)j->positions, sizeof *all);
  wd_sampler *s = NULL;
  wd_status st = zero && all ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d steps", j->end);
  for (int k = 0; k < j->positions && !st; k++) all[k] = zero;
  const wd_sampler_desc desc = sampler_desc(j, j->args->latents ? zero : NULL);
  if (!st) st = wd_sampler_create(j->denoiser, &desc, &s, err);
  for (int b = 0; b < j->n_branches && !st; b++) {
    st = wd_sampler_restore(s, j->branches[b].at, all, all, err);
    if (!st) st = branch_take(&j->branches[b], s, 0, err);
  }
  for (int k = 0; k < j->positions && !st; k++) j->level[k] = wd_sampler_get_level(s, k);
  wd_sampler_destroy(s);
  wd_free(all);
  wd_free(zero);
  return st;
}

/* ---- drawing */

/* Steps to the end, branches taken. Where it fails *out stands at the last good position. */
static wd_status draw(sample_job *j, size_t first, int n, wd_sampler **out, wd_error *err) {
  const sample_args *a = j->args;
  int family[64];
  for (int i = 0; i < n; i++) family[i] = family_of_choice(a->family, j->seeds.seed[first + (size_t)i]);
  wd_status st = a->latents ? latents_read(&j->start, first, n, -1, j->latents, err) : WD_OK;
  wd_sampler_desc desc = sampler_desc(j, a->latents ? j->latents : NULL);
  desc.n = n;
  desc.seed = j->seeds.seed + first;
  desc.family = family;
  if (!st) st = wd_sampler_create(j->denoiser, &desc, out, err);
  const double start = cli_seconds(), span = (j->every ? 0.5 : 0.9) * n;
  for (int b = 0, at = 0; b <= j->n_branches && !st; b++) {
    const int to = b < j->n_branches ? j->branches[b].at : j->end;
    cli_progress_span(j->c, span * (to - at) / j->end);
    st = wd_sampler_run(*out, to, &j->c->hooks, err);
    cli_progress_set(j->c, (double)first + span * to / j->end);
    /* A branch keeps the estimate at its position only where it was made. */
    if (!st && b < j->n_branches) st = branch_take(&j->branches[b], *out, first, err);
    at = to;
  }
  j->sampling += cli_seconds() - start;
  if (!st) j->steps += (size_t)n * (size_t)j->end;
  return st;
}

/* ---- writing */

/* The rows of one seed. */
static wd_status write_rows(sample_job *j, const wd_sampler *s, int i, wd_error *err) {
  char seed[24];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)wd_sampler_seed(s, i));
  wd_status st = WD_OK;
  for (int k = 0; k < j->positions && !st; k++) {
    if (!sample_scored(j, k)) continue;
    const wd_sampler_level l = j->level[k];
    residual_row row = {.seed = seed,
                        .family = family_word(wd_sampler_family(s, i)),
                        .step = k,
                        .timestep = l.timestep,
                        .log_snr = l.log_snr};
    for (int kind = 0; kind < 2 && !st; kind++) {
      row.kind = kind ? "x0" : "xt";
      const size_t at = ((size_t)i * (size_t)j->positions + (size_t)k) * 2 + (size_t)kind;
      row.measure = &j->measure[at];
      row.fault = j->reason[at];
      st = residual_write(j->folder.residuals, &row, err);
    }
  }
  return st;
}

/* Latent i at a position; NaN where the run did not come that far. */
static const float *latent_at(const sample_job *j, const float *latents, int i) {
  return latents ? latents + (size_t)i * (size_t)wd_model_latent(j->model).count : j->nothing;
}

static wd_status write_pair(sample_job *j, const wd_sampler *s, int i, wd_error *err) {
  const size_t cells = wd_pair_decoder_cells(j->decoder), samples = wd_pair_decoder_samples(j->decoder),
               one = (size_t)wd_model_latent(j->model).count;
  const pair_folder *f = &j->folder;
  const int end = j->end;
  wd_status st = wd_npy_writer_append(f->velocity, j->velocity + (size_t)i * cells, cells, err);
  if (!st) st = wd_npy_writer_append(f->seismic, j->gathers + (size_t)i * samples, samples, err);
  if (!st) st = wd_npy_writer_append(f->latents, latent_at(j, wd_sampler_latents(s, end), i), one, err);
  for (int k = 0; k <= end && !st; k++)
    st = wd_npy_writer_append(f->steps, latent_at(j, wd_sampler_latents(s, k), i), one, err);
  for (int k = 0; k <= end && !st && f->estimates; k++) {
    const float *z = k < end ? wd_sampler_estimates(s, k) : wd_sampler_latents(s, k);
    st = wd_npy_writer_append(f->estimates, latent_at(j, z, i), one, err);
  }
  return st;
}

/* ---- */

/* The finished recording of n seeds, or of one that was lost on the way: scored and written. */
static wd_status deliver(sample_job *j, const wd_sampler *s, size_t first, const wd_error *lost,
                         wd_error *err) {
  const int n = wd_sampler_count(s), end = j->end;
  const float *data = lost ? j->nothing : wd_sampler_latents(s, end);
  const double units = 0.5 * n;
  double left = 0, done = (double)first + units;
  for (int k = 0; k < end; k++) left += sample_scored(j, k);
  const double share = left > 0 ? units / left : 0;
  wd_status st = WD_OK;
  for (int k = 0; k < end && !st; k++) {
    if (!sample_scored(j, k)) continue;
    st = sample_look(j, n, lost ? data : wd_sampler_latents(s, k), k, 0, err);
    if (!st) st = sample_look(j, n, lost ? data : wd_sampler_estimates(s, k), k, 1, err);
    for (int kind = 0; kind < 2 && lost && !st; kind++) st = sample_reason(j, 0, k, kind, lost, err);
    cli_progress_set(j->c, done += share);
  }
  memset(j->why, 0, (size_t)n * sizeof *j->why);
  if (lost) j->why[0] = *lost;
  if (!st) st = sample_decode(j, n, data, err);
  if (!st) st = faults_take(&j->faults, first, n, BLAME_NETWORK, j->why, err);
  if (!st && j->every) st = sample_finish(j, s, first, n, err);
  for (int i = 0; i < n && !st; i++) {
    if (j->every) {
      j->last[first + (size_t)i] = j->measure[((size_t)i * (size_t)j->positions + (size_t)end) * 2];
      st = write_rows(j, s, i, err);
    }
    if (!st && !j->args->scores_only) st = write_pair(j, s, i, err);
  }
  return st;
}

wd_status sample_batch(sample_job *j, size_t first, int n, wd_error *err) {
  wd_sampler *s = NULL;
  wd_error mine = {0};
  wd_status st = draw(j, first, n, &s, &mine);
  if (st == WD_ERR_DIVERGED &&
      n > 1) { /* one of them: each by itself, which gives the others the same bits */
    st = WD_OK;
    for (int i = 0; i < n && !st; i++) st = sample_batch(j, first + (size_t)i, 1, err);
  } else if (!st || st == WD_ERR_DIVERGED) {
    st = deliver(j, s, first, st ? &mine : NULL, err);
  } else if (err) {
    *err = mine;
  }
  wd_sampler_destroy(s);
  return st;
}
