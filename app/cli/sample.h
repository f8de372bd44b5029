/* wavediffusion-cli sample, in four files: the command and its options (sample.c), batches of seeds drawn,
 * decoded, scored and written (sample_batch.c), the scores (sample_score.c), recipe and report
 * (sample_report.c).
 *
 * What a network or the solver refuses is the fault of that sample (scoring.h), and the batch goes on: its
 * numbers are NaN from there on, the population keeps it with the reason, recipe and report count it. */
#ifndef WD_CLI_SAMPLE_H
#define WD_CLI_SAMPLE_H

#include "app/cli/branch.h"
#include "app/cli/population.h"
#include "app/cli/scoring.h"

typedef struct sample_args {
  const char *model, *seeds, *score, *branch, *latents, *device, *output;
  int steps, sampler, family, mode, precision, timestep;
  double eta, guidance, strength;
  bool renoise, estimates, scores_only, dry_run;
} sample_args;

/* One run of the command. */
typedef struct sample_job {
  cli *c;
  const sample_args *args;
  seed_list seeds;
  int every; /* 0: no scores */
  branch branches[MAX_BRANCHES];
  int n_branches;
  wd_sampler_level *level; /* positions: they are the same for every seed */
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser;
  wd_pair_decoder *decoder;
  wd_survey *survey;
  wd_residual *residual;
  population_sink *samples; /* NULL: nothing is scored, or this build keeps none */
  latent_file start;        /* npy NULL without --latents */
  pair_folder folder;
  int batch, end;
  int positions;             /* of a recording: end + 1 */
  float *latents;            /* a batch, to start from */
  float *velocity, *gathers; /* a batch, decoded; NaN: the decoders gave nothing finite */
  float *nothing;            /* a latent of NaN */
  wd_error *why;             /* a batch: code WD_OK where the pair decodes and simulates */
  wd_measure *measure;       /* batch x positions x 2: x_t and x0-hat of what is scored */
  char **reason;             /* of these, why one is NaN; NULL: nothing was refused */
  wd_measure *last;          /* one a seed: the finished pairs; NaN of what has a fault */
  fault_list faults;
  double sampling, decoding, scoring; /* seconds */
  size_t steps, decoded, scored;      /* latents x steps; pairs */
} sample_job;

/* The step and the timestep that the run starts from + 1; 0: the last one. */
int sample_start(const sample_job *j);
/* The levels of all positions, branches and all, without a step taken. */
wd_status sample_levels(sample_job *j, wd_error *err);
/* n seeds from number `first`, 1..batch: drawn, decoded, scored, written. */
wd_status sample_batch(sample_job *j, size_t first, int n, wd_error *err);

bool sample_scored(const sample_job *j, int k); /* whether position k is scored */
/* Decodes n latents into j->velocity and j->gathers. j->why[i] says where nothing finite came; such a pair is
 * all NaN, and those that are marked already are left so. */
wd_status sample_decode(sample_job *j, int n, const float *latents, wd_error *err);
/* Decodes n latents and scores them into j->measure[..][k][kind]; NaN where that cannot be. */
wd_status sample_look(sample_job *j, int n, const float *latents, int k, int kind, wd_error *err);
/* The finished pairs of n seeds, decoded already: scored, and measured for the population. */
wd_status sample_finish(sample_job *j, const wd_sampler *s, size_t first, int n, wd_error *err);
/* Keeps why a figure of sample i of the batch is NaN; code WD_OK: it is not. */
wd_status sample_reason(sample_job *j, int i, int k, int kind, const wd_error *why, wd_error *err);

json_t *sample_recipe(const sample_job *j);
/* The table or the JSON; WD_ERR_DIVERGED in its place where not one of the samples came out whole. */
wd_status sample_report(const sample_job *j, double seconds, wd_error *err);

#endif
