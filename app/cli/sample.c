/* wavediffusion-cli sample: pairs drawn from a trained model, every latent of the way kept, scored on
 * request. What is written as seismic.npy comes from the decoder; the solver runs only for --score. */
#include "app/cli/sample.h"

#include "solver/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {
    CLI_MODEL_OPTION(sample_args),
    {"seeds", 's', CLI_TEXT, offsetof(sample_args, seeds), true, .value = "LIST",
     .help = "one pair a seed: 0-99, or 1,5,7-9; a seed gives the same pair in any list"},
    CLI_SAMPLER_OPTIONS(sample_args),
    {"score", 0, CLI_TEXT, offsetof(sample_args, score), .value = "every=K",
     .help =
         "simulate the decoded maps of every Kth step and of the last one, and write the residuals of both "
         "x_t and x0-hat"},
    {"branch", 'b', CLI_TEXT, offsetof(sample_args, branch), .value = "BRANCHES",
     .help =
         "go another way from a position on: at=K with any of steps, sampler, eta, guidance, family, noise "
         "(a seed) and latents (a file), as in at=6,sampler=ddim,eta=1,noise=9; several joined by ; follow "
         "each other"},
    {"estimates", 0, CLI_FLAG, offsetof(sample_args, estimates),
     .help = "write estimates_steps.npy too: x0-hat at every position"},
    {"scores-only", 0, CLI_FLAG, offsetof(sample_args, scores_only),
     .help = "with --score: write samples.wdpop, residuals.csv and recipe.json alone, not the pairs"},
    CLI_MODE_OPTION(sample_args),
    CLI_DEVICE_OPTION(sample_args),
    CLI_PRECISION_OPTION(sample_args),
    {"latents", 0, CLI_TEXT, offsetof(sample_args, latents), .value = "Z.npy",
     .help = "start from these latents, one a seed, in place of noise"},
    {"timestep", 0, CLI_INT, offsetof(sample_args, timestep), .min = 0, .max = 99999, .initial = "0",
     .help = "with --latents: the timestep that they stand at [0: the last one]"},
    {"renoise", 0, CLI_FLAG, offsetof(sample_args, renoise),
     .help = "with --latents: they are data, to be noised to that timestep first"},
    {"strength", 0, CLI_REAL, offsetof(sample_args, strength), .min = 0, .max = 1, .value = "S",
     .initial = "0",
     .help = "with --latents: they are data, to be noised to the level S of 0 (data) to 1 (pure noise), "
             "timestep S T "
             "- 1 of T, and denoised from there: --renoise --timestep in one"},
    CLI_FOLDER_OPTION(sample_args),
    CLI_DRY_RUN_OPTION(sample_args),
    {0}};

static void job_close(sample_job *j) {
  pair_folder_abort(&j->folder);
  latents_close(&j->start);
  wd_free(j->latents);
  wd_free(j->velocity);
  wd_free(j->gathers);
  wd_free(j->nothing);
  wd_free(j->why);
  faults_clear(&j->faults);
  for (size_t i = 0; j->reason && i < 2 * (size_t)j->batch * (size_t)j->positions; i++) wd_free(j->reason[i]);
  wd_free(j->reason);
  wd_free(j->measure);
  wd_free(j->last);
  population_sink_free(j->samples);
  wd_residual_destroy(j->residual);
  wd_survey_destroy(j->survey);
  wd_pair_decoder_destroy(j->decoder);
  wd_denoiser_destroy(j->denoiser);
  wd_model_close(j->model);
  wd_device_close(j->device);
  wd_free(j->seeds.seed);
  wd_free(j->level);
}

static wd_status parse_score(const char *text, int *every, wd_error *err) {
  *every = 0;
  if (!text) return WD_OK;
  char *end = NULL;
  long k =
      strncmp(text, "every=", 6) == 0 && text[6] >= '0' && text[6] <= '9' ? strtol(text + 6, &end, 10) : 0;
  if (k < 1 || k > 100000 || *end)
    return cli_usage_error(err, "--score %s: expected every=K, with K from 1 to 100000", text);
  *every = (int)k;
  return WD_OK;
}

/* What the options mean together, before anything is opened. */
static wd_status check(const sample_args *a, wd_error *err) {
  if (!a->latents && (a->timestep || a->renoise || a->strength > 0))
    return cli_usage_error(err, "--%s wants --latents: noise starts at the last timestep",
                           a->strength > 0 ? "strength"
                           : a->renoise    ? "renoise"
                                           : "timestep");
  if (a->strength > 0 && a->timestep)
    return cli_usage_error(err, "--strength and --timestep say the same thing: give one of them");
  if (a->scores_only && !a->score) return cli_usage_error(err, "--scores-only wants --score");
  if (a->scores_only && a->estimates)
    return cli_usage_error(err, "--estimates are of the pairs that --scores-only leaves out");
  if (a->eta != 0 && a->sampler != WD_SAMPLER_DDIM)
    return cli_usage_error(err, "--eta is of the sampler ddim, not of %s",
                           wd_sampler_name((wd_sampler_kind)a->sampler));
  if (a->guidance != 0 && a->family == 0)
    return cli_usage_error(err, "--guidance wants a --family to be guided to");
  return WD_OK;
}

static wd_status set_up(cli *c, sample_job *j, wd_error *err) {
  const sample_args *a = j->args;
  const char *mode = j->every ? wd_wave_mode_name((wd_wave_mode)a->mode) : NULL;
  wd_status st = model_open(c, a->device, mode, a->model, &j->device, &j->model, err);
  if (st) return st;
  j->batch = wd_model_batch(j->device);
  wd_precision precision = (wd_precision)a->precision;
  st = wd_denoiser_create(j->model, &(wd_coder_desc){.batch = j->batch, .precision = precision}, &j->denoiser,
                          err);
  if (!st) st = wd_pair_decoder_create(j->model, j->batch, precision, &j->decoder, err);
  if (!st && a->latents) {
    st = latents_open(j->model, a->latents, &j->start, err);
    if (!st && (j->start.count != j->seeds.count || j->start.steps != 1))
      st =
          wd_fail(err, WD_ERR_SHAPE, "%s holds %zu latents%s for %zu seeds: one a seed is wanted", a->latents,
                  j->start.count, j->start.steps != 1 ? " at several steps" : "", j->seeds.count);
  }
  if (!st && j->every) st = wd_model_survey(j->model, &j->survey, err);
  if (!st && j->every) {
    wd_residual_desc desc = {.wave.mode = (wd_wave_mode)a->mode};
    st = wd_residual_create(j->device, j->survey, &desc, &j->residual, err);
  }
  if (st) return st;
  size_t batch = (size_t)j->batch;
  j->level = wd_calloc((size_t)j->positions, sizeof *j->level);
  j->latents = wd_calloc(batch, (size_t)wd_model_latent(j->model).count * sizeof(float));
  j->velocity = wd_calloc(batch, wd_pair_decoder_cells(j->decoder) * sizeof(float));
  j->gathers = wd_calloc(batch, wd_pair_decoder_samples(j->decoder) * sizeof(float));
  j->nothing = wd_alloc((size_t)wd_model_latent(j->model).count, sizeof *j->nothing);
  j->why = wd_calloc(batch, sizeof *j->why);
  if (j->every) {
    j->measure = wd_calloc(batch * (size_t)j->positions, 2 * sizeof *j->measure);
    j->last = wd_calloc(j->seeds.count, sizeof *j->last);
    j->reason = wd_calloc(batch * (size_t)j->positions, 2 * sizeof *j->reason);
  }
  if (!j->latents || !j->velocity || !j->gathers || !j->level || !j->nothing || !j->why ||
      (j->every && (!j->measure || !j->last || !j->reason)))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs and %d steps", j->batch, j->end);
  for (int k = 0; k < wd_model_latent(j->model).count && !st; k++) j->nothing[k] = NAN;
  if (!st) st = sample_levels(j, err);
  if (st || !j->every) return st;
  const population_sink_desc sink = {.model = j->model,
                                     .survey = j->survey,
                                     .plan = {(wd_sampler_kind)a->sampler, j->end, a->eta, a->guidance},
                                     .precision = precision,
                                     .mode = (wd_wave_mode)a->mode,
                                     .level = j->level,
                                     .positions = j->positions,
                                     .every = j->every};
  return population_sink_open(&sink, &j->samples, err);
}

static int files_of(const sample_args *a) {
  return a->scores_only ? PAIR_RESIDUALS
                        : PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS | PAIR_STEPS | PAIR_RESIDUALS |
                              (a->estimates ? PAIR_ESTIMATES : 0);
}

/* Every latent is looked at, since one that is not finite would end the real run. */
static wd_status check_latents(sample_job *j, wd_error *err) {
  wd_status st = WD_OK;
  for (size_t i = 0; i < j->seeds.count && j->start.npy && !st; i++)
    st = latents_read(&j->start, i, 1, -1, j->latents, err);
  return st;
}

/* Seconds of all seeds, by what the model's evaluation measured. */
static double seconds_of(const sample_job *j) {
  int scores = 0;
  for (int k = 0; k < j->end; k++) scores += sample_scored(j, k);
  const double pairs = 2 * scores + 1; /* x_t and x0-hat; the end is one */
  const double ms = j->end * cli_plan_cost(j->model, "denoising_step_ms") +
                    pairs * cli_plan_cost(j->model, "decode_ms") +
                    (j->every ? pairs * cli_plan_cost(j->model, "simulation_ms") : 0);
  /* Two runs of the solver a pair, in exact mode; guidance is a second run of the network. */
  const bool other = (j->every && j->args->mode != WD_WAVE_EXACT) || j->args->guidance != 0;
  return other ? NAN : 1e-3 * ms * (double)j->seeds.count;
}

static wd_status tell_plan(cli *c, sample_job *j, wd_error *err) {
  const sample_args *a = j->args;
  wd_status st = check_latents(j, err);
  if (!st) st = cli_plan_folder(a->output, err);
  if (st) return st;
  cli_plan *p = cli_plan_new(c);
  int scored = 0;
  for (int k = 0; k < j->positions; k++) scored += sample_scored(j, k);
  cli_plan_count(p, "pairs", (double)j->seeds.count);
  cli_plan_count(p, "steps", j->end);
  if (j->every) cli_plan_count(p, "scored_steps", scored);
  cli_plan_device(p, j->device, j->every ? wd_wave_mode_name((wd_wave_mode)a->mode) : NULL);
  cli_plan_model(p, j->model);
  pair_folder_plan(a->output, j->model, j->seeds.count, (size_t)j->positions, files_of(a), p);
  if (j->samples) cli_plan_file(p, a->output, "samples.wdpop", NAN, false);
  cli_plan_time(p, seconds_of(j), "what the model's evaluation.json measured on this device");
  return cli_plan_show(p, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  sample_job j = {.c = c, .args = arguments};
  double start = cli_seconds();
  wd_status st = check(j.args, err);
  if (!st) st = parse_score(j.args->score, &j.every, err);
  if (!st) st = seeds_parse("--seeds", j.args->seeds, &j.seeds, err);
  wd_sampler_plan plan = {(wd_sampler_kind)j.args->sampler, j.args->steps, j.args->eta, j.args->guidance};
  if (!st) st = branches_parse(j.args->branch, &plan, j.branches, &j.n_branches, err);
  j.end =
      j.n_branches ? j.branches[j.n_branches - 1].at + j.branches[j.n_branches - 1].plan.steps : plan.steps;
  j.positions = j.end + 1;
  if (!st) st = set_up(c, &j, err);
  if (!st && j.args->dry_run) {
    st = tell_plan(c, &j, err);
    job_close(&j);
    return st;
  }
  if (!st)
    st = pair_folder_open(j.args->output, j.model, j.seeds.count, (size_t)j.positions, files_of(j.args),
                          &j.folder, err);
  if (!st) cli_progress_begin(c, "sample", "pairs", (double)j.seeds.count, 0);
  for (size_t first = 0; first < j.seeds.count && !st;) {
    size_t left = j.seeds.count - first;
    int n = left < (size_t)j.batch ? (int)left : j.batch;
    st = sample_batch(&j, first, n, err);
    if (st && j.seeds.count > 1)
      st = wd_fail_context(err, st, n > 1 ? "seeds from %llu on" : "seed %llu",
                           (unsigned long long)j.seeds.seed[first]);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu pairs", first, j.seeds.count);
    first += (size_t)n;
    if (!st) cli_progress_set(c, (double)first);
  }
  if (!st) cli_progress_end(c);
  if (!st) st = population_sink_save(j.samples, j.args->output, err);
  if (!st) {
    json_t *o = sample_recipe(&j);
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  if (!st) st = sample_report(&j, cli_seconds() - start, err);
  job_close(&j);
  return st;
}

const cli_command cli_sample = {
    .name = "sample",
    .summary = "draw pairs of velocity map and gathers from a trained model",
    .details =
        "Writes velocity.npy (m/s), seismic.npy (what the decoder says, in the solver's amplitude), "
        "latents.npy and "
        "latents_steps.npy (every x_t, from noise to data), residuals.csv and recipe.json into DIR, "
        "all of them at the "
        "end. A seed gives the same bytes in any list of seeds and on any number of threads, on the "
        "same kind "
        "of device with the same SIMD width.\n\n"
        "The solver has no part in the pairs. With --score every=K it simulates what was decoded at "
        "every Kth step and "
        "at the last one, and residuals.csv says how far the decoded gathers are from that, for x_t "
        "and for the estimate "
        "of the data x0-hat; reflection_residual 1 is no better than knowing the top row of the map. "
        "samples.wdpop then holds every figure of the finished pairs, their latents and small pictures: "
        "Inspect mode of the window opens it, and rank sorts it.\n\n"
        "A map that the solver refuses, or numbers that are not finite, are the fault of that sample: it "
        "stands everywhere with its reason and undefined figures, and the others go on; the summary counts "
        "such samples. The exit code is 3 only where not one of the samples could be scored (without "
        "--score: drawn).",
    .example = "wavediffusion-cli sample --model resources/models/default --seeds 0-3 --steps 8 -o run\n"
               "wavediffusion-cli sample --model resources/models/default --seeds 7 --steps 8 --sampler ddim "
               "--score every=8 "
               "-o scored\n",
    .option = options,
    .size = sizeof(sample_args),
    .run = run,
};
