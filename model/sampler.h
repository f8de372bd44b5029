/* One denoising run of n latents: a recording that is made step by step, kept whole, and may be taken back to
 * any of its steps and continued another way.
 *
 *   position 0      what the run starts from: noise, or given latents
 *   position k      after k steps; every x_t is kept, and beside it the estimate of the data (x0-hat) that
 *                   the step away from it took
 *   position steps  the data: noise level zero, where x_t and its estimate are the same
 *
 * A position has a level (timestep, alpha, sigma). The step from position k to k + 1 is one row of
 * schedule.h's tables. Latents are as in model.h: (C, h, w), scaled.
 *
 * Everything that is random is drawn by counter from (seed of the latent, position): start and noise of a
 * latent are the same on every machine, whatever else is in the run, however often it was stopped, taken back
 * or copied. With the same denoiser the latents themselves are then the same to the last bit: a run stopped
 * and continued equals one that was not, on any number of threads. Between devices, and between SIMD widths
 * of a CPU, they differ by the networks' rounding. */
#ifndef WD_SAMPLER_H
#define WD_SAMPLER_H

#include "model/denoiser.h"
#include "model/schedule.h"

/* How to go from a level to the data. Zero means the default in brackets. */
typedef struct wd_sampler_plan {
  wd_sampler_kind kind; /* [DPM-Solver++(2M)] */
  int steps;            /* [16, or one a timestep where there are fewer] */
  double eta;           /* of DDIM, 0..1 */
  double guidance;      /* denoiser.h: 0 is the plain labelled prediction */
} wd_sampler_plan;

typedef struct wd_sampler_desc {
  wd_sampler_plan plan;
  int n;                /* latents [1] */
  const uint64_t *seed; /* n of them, copied [all 0] */
  const int *family;    /* n of them, wd_family or -1, copied [any] */
  /* Where to start. Without latents: pure noise at the last timestep. With latents (n, copied): they are x_t
   * at timestep start - 1, to be continued; with `renoise` they are data instead, and are first noised to
   * that level by each latent's own starting noise. start 0: the last timestep. */
  const float *latents;
  int start;
  bool renoise;
} wd_sampler_desc;

typedef struct wd_sampler wd_sampler;

/* The denoiser must outlive the sampler; several samplers may share one, in turn. */
wd_status wd_sampler_create(wd_denoiser *denoiser, const wd_sampler_desc *desc, wd_sampler **out,
                            wd_error *err);
void wd_sampler_destroy(wd_sampler *sampler); /* NULL is harmless */
/* A second recording with the same past and plan, which goes its own way from there: a branch that leaves the
 * first one standing. */
wd_status wd_sampler_copy(const wd_sampler *sampler, wd_sampler **out, wd_error *err);

/* One step for all latents. Cancelled or failed, the recording is as before. WD_ERR_ARGUMENT at the end. */
wd_status wd_sampler_step(wd_sampler *sampler, const wd_hooks *hooks, wd_error *err);
/* Steps up to position `to` (the end, when it is beyond). Cancelled or failed, it stands at its last good
 * position and can go on from there. */
wd_status wd_sampler_run(wd_sampler *sampler, int to, const wd_hooks *hooks, wd_error *err);
/* The estimate at the present position without a step; the step takes it over. */
wd_status wd_sampler_look(wd_sampler *sampler, const wd_hooks *hooks, wd_error *err);

/* Back to position k, 0..at: what was after it is forgotten. Stepping again gives the same again (under the
 * labels and noise seeds of now, should a branch have changed them since). */
wd_status wd_sampler_rewind(wd_sampler *sampler, int k, wd_error *err);

/* Takes the positions up to `to` from a record of the same run, as if they had just been made by steps: x_t
 * and estimate of every position k from the present one on, n latents each, copied. latents[at..to] and
 * estimates[at..to - 1] are wanted (what stands before the present position is not looked at; the one of the
 * record takes the place of the present latents); estimates[to] may be NULL. Continuing gives the same bits
 * as the recorded run would have. WD_ERR_ARGUMENT when something is missing or not finite: all is as before.
 */
wd_status wd_sampler_restore(wd_sampler *sampler, int to, const float *const *latents,
                             const float *const *estimates, wd_error *err);

/* What to change from position k on. Zero or NULL: as it was. */
typedef struct wd_sampler_branch_desc {
  const wd_sampler_plan *plan; /* for the rest; its `steps` are those that remain. With as many as remained
                                  before, the levels stay where they were */
  const int *family;           /* n labels */
  const float *latents;        /* n latents in place of those at k (an edit) */
  const uint64_t *noise; /* n seeds for the noise of samplers that draw some, in place of the latents' */
} wd_sampler_branch_desc;

/* Back to position k, and another way from there. On an error all is as before. */
wd_status wd_sampler_branch(wd_sampler *sampler, int k, const wd_sampler_branch_desc *desc, wd_error *err);

typedef struct wd_sampler_level {
  int timestep;        /* -1: the data */
  double alpha, sigma; /* 1 and 0 there */
  double log_snr;      /* infinite there */
} wd_sampler_level;

int wd_sampler_count(const wd_sampler *sampler); /* n */
int wd_sampler_at(const wd_sampler *sampler);    /* the present position */
int wd_sampler_steps(const wd_sampler *sampler); /* the last position: steps taken and to be taken */
bool wd_sampler_done(const wd_sampler *sampler); /* at == steps */
wd_denoiser *wd_sampler_denoiser(const wd_sampler *sampler);
uint64_t wd_sampler_seed(const wd_sampler *sampler, int i);
int wd_sampler_family(const wd_sampler *sampler, int i); /* now; -1: any */
/* Of any position 0..steps, also of those to come. */
wd_sampler_level wd_sampler_get_level(const wd_sampler *sampler, int k);
/* The plan by which the step from k to k + 1 is or was made; `steps` are those of that plan in all. */
wd_sampler_plan wd_sampler_get_plan(const wd_sampler *sampler, int k);

/* n latents at position k, and their estimates of the data; NULL where there are none (yet). Valid until the
 * sampler moves back, branches or is destroyed. */
const float *wd_sampler_latents(const wd_sampler *sampler, int k);
const float *wd_sampler_estimates(const wd_sampler *sampler, int k);

#endif
