/* wavediffusion-cli sample: pairs drawn from a trained model, every latent of the way kept, scored on
 * request. What is written as seismic.npy comes from the decoder; the solver runs only for --score. */
#include "app/cli/branch.h"
#include "app/cli/population.h"

#include "solver/family.h"
#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sample_args {
  const char *model, *seeds, *score, *branch, *latents, *device, *output;
  int steps, sampler, family, mode, precision, timestep;
  double eta, guidance, strength;
  bool renoise, estimates, scores_only;
} sample_args;

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
    {0}};

/* One run of the command. */
typedef struct job {
  cli *c;
  const sample_args *args;
  seed_list seeds;
  int every; /* 0: no scores */
  branch branches[MAX_BRANCHES];
  int n_branches;
  wd_sampler_level *level; /* positions, of the first batch: they are the same for every seed */
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
  int positions;                      /* of a recording: end + 1 */
  float *latents;                     /* a batch, to start from */
  float *velocity, *gathers;          /* a batch, decoded */
  wd_measure *measure;                /* batch x positions x 2: x_t and x0-hat of what is scored */
  wd_measure *last;                   /* one a seed: the finished pairs */
  double sampling, decoding, scoring; /* seconds */
  size_t steps, decoded, scored;      /* latents x steps; pairs */
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  latents_close(&j->start);
  wd_free(j->latents);
  wd_free(j->velocity);
  wd_free(j->gathers);
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

static wd_status set_up(cli *c, job *j, wd_error *err) {
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
  if (j->every) {
    j->measure = wd_calloc(batch * (size_t)j->positions, 2 * sizeof *j->measure);
    j->last = wd_calloc(j->seeds.count, sizeof *j->last);
  }
  if (!j->latents || !j->velocity || !j->gathers || !j->level || (j->every && (!j->measure || !j->last)))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs and %d steps", j->batch, j->end);
  return st;
}

static bool scored(const job *j, int k) {
  return j->every && (k % j->every == 0 || k == j->positions - 1);
}

/* Decodes n latents into j->velocity and j->gathers, and scores them into j->measure[..][k][kind] on request.
 */
static wd_status look_at(job *j, int n, const float *latents, int k, int kind, bool score, wd_error *err) {
  double start = cli_seconds();
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel}; /* a step of the bar is a seed's, told elsewhere */
  wd_status st = wd_pair_decoder_run(j->decoder, (size_t)n, latents, j->velocity, j->gathers, &quiet, err);
  double decoded = cli_seconds();
  j->decoding += decoded - start;
  if (st) return st;
  j->decoded += (size_t)n;
  if (!score) return WD_OK;
  wd_measure *m = wd_calloc((size_t)n, sizeof *m);
  if (!m) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d scores", n);
  st = wd_residual_measure(j->residual, n, j->velocity, j->gathers, m, &quiet, err);
  for (int i = 0; i < n && !st; i++)
    j->measure[((size_t)i * (size_t)j->positions + (size_t)k) * 2 + (size_t)kind] = m[i];
  wd_free(m);
  j->scoring += cli_seconds() - decoded;
  j->scored += (size_t)n;
  return st;
}

/* The rows of one seed. */
static wd_status write_rows(job *j, const wd_sampler *s, int i, wd_error *err) {
  char seed[24];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)wd_sampler_seed(s, i));
  wd_status st = WD_OK;
  for (int k = 0; k < j->positions && !st; k++) {
    if (!scored(j, k)) continue;
    wd_sampler_level l = wd_sampler_get_level(s, k);
    residual_row row = {seed, family_word(wd_sampler_family(s, i)), k, l.timestep, l.log_snr, NULL, NULL};
    for (int kind = 0; kind < 2 && !st; kind++) {
      row.kind = kind ? "x0" : "xt";
      row.measure = &j->measure[((size_t)i * (size_t)j->positions + (size_t)k) * 2 + (size_t)kind];
      st = residual_write(j->folder.residuals, &row, err);
    }
  }
  return st;
}

/* The finished pairs of n seeds, decoded already: scored, and measured for the population. */
static wd_status score_finished(job *j, const wd_sampler *s, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel};
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  const size_t cells = wd_pair_decoder_cells(j->decoder), samples = wd_pair_decoder_samples(j->decoder),
               one = (size_t)wd_model_latent(j->model).count;
  const int end = j->positions - 1, most = wd_residual_batch(j->residual);
  double start = cli_seconds();
  wd_status st = WD_OK;
  for (int first = 0; first < n && !st; first += most) {
    const int m = n - first < most ? n - first : most;
    st = wd_residual_simulate(j->residual, m, j->velocity + (size_t)first * cells, &quiet, err);
    for (int i = first; i < first + m && !st; i++) {
      wd_measure *way = &j->measure[(size_t)i * (size_t)j->positions * 2];
      const wd_gather own = {g->shots, g->samples, g->receivers, g->dt, j->gathers + (size_t)i * samples};
      wd_comparison c = {0};
      st = wd_residual_compare(j->residual, i - first, &own, NULL, &c, err);
      if (!st) way[2 * end] = way[2 * end + 1] = c.all; /* at the end x_t and its estimate are one */
      wd_comparison_clear(&c);
      const population_sample sample = {.seed = wd_sampler_seed(s, i),
                                        .family = wd_sampler_family(s, i),
                                        .velocity = j->velocity + (size_t)i * cells,
                                        .gathers = own.value,
                                        .latent = wd_sampler_latents(s, end) + (size_t)i * one,
                                        .full = wd_residual_full(j->residual, i - first),
                                        .top = wd_residual_top(j->residual, i - first),
                                        .way = way};
      if (!st) st = population_sink_add(j->samples, &sample, &quiet, err);
    }
  }
  j->scoring += cli_seconds() - start;
  j->scored += (size_t)n;
  return st;
}

/* The finished recording of n seeds: decoded, scored, written. */
static wd_status deliver(job *j, const wd_sampler *s, size_t first, wd_error *err) {
  int n = wd_sampler_count(s), end = j->positions - 1;
  size_t one = (size_t)wd_model_latent(j->model).count;
  double units = 0.5 * n, left = 0;
  for (int k = 0; k < end; k++) left += scored(j, k);
  double share = left > 0 ? units / left : 0, done = (double)first + units;
  wd_status st = WD_OK;
  for (int k = 0; k < end && !st; k++) {
    if (!scored(j, k)) continue;
    st = look_at(j, n, wd_sampler_latents(s, k), k, 0, true, err);
    if (!st) st = look_at(j, n, wd_sampler_estimates(s, k), k, 1, true, err);
    cli_progress_set(j->c, done += share);
  }
  if (!st) st = look_at(j, n, wd_sampler_latents(s, end), end, 1, false, err);
  if (!st && j->every) st = score_finished(j, s, n, err);
  for (int i = 0; i < n && !st; i++) {
    size_t at = (size_t)i;
    if (j->every) {
      j->last[first + at] = j->measure[(at * (size_t)j->positions + (size_t)end) * 2];
      st = write_rows(j, s, i, err);
    }
    if (j->args->scores_only) continue;
    if (!st)
      st = wd_npy_writer_append(j->folder.velocity, j->velocity + at * wd_pair_decoder_cells(j->decoder),
                                wd_pair_decoder_cells(j->decoder), err);
    if (!st)
      st = wd_npy_writer_append(j->folder.seismic, j->gathers + at * wd_pair_decoder_samples(j->decoder),
                                wd_pair_decoder_samples(j->decoder), err);
    if (!st) st = wd_npy_writer_append(j->folder.latents, wd_sampler_latents(s, end) + at * one, one, err);
    for (int k = 0; k <= end && !st; k++)
      st = wd_npy_writer_append(j->folder.steps, wd_sampler_latents(s, k) + at * one, one, err);
    for (int k = 0; k <= end && !st && j->folder.estimates; k++) {
      const float *z = k < end ? wd_sampler_estimates(s, k) : wd_sampler_latents(s, k);
      st = wd_npy_writer_append(j->folder.estimates, z + at * one, one, err);
    }
  }
  return st;
}

/* The timestep to start from + 1; 0: the last one. */
static int start_of(const job *j) {
  const sample_args *a = j->args;
  if (a->strength > 0)
    return wd_strength_timestep(a->strength, wd_denoiser_schedule(j->denoiser)->timesteps) + 1;
  return a->timestep ? a->timestep + 1 : 0;
}

static wd_status sample_batch(job *j, size_t first, int n, wd_error *err) {
  const sample_args *a = j->args;
  int family[64];
  for (int i = 0; i < n; i++) family[i] = family_of_choice(a->family, j->seeds.seed[first + (size_t)i]);
  wd_sampler_desc desc = {.plan = {(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance},
                          .n = n,
                          .seed = j->seeds.seed + first,
                          .family = family};
  wd_status st = WD_OK;
  if (a->latents) {
    st = latents_read(&j->start, first, n, -1, j->latents, err);
    desc.latents = j->latents;
    desc.start = start_of(j);
    desc.renoise = a->renoise || a->strength > 0;
  }
  wd_sampler *s = NULL;
  if (!st) st = wd_sampler_create(j->denoiser, &desc, &s, err);
  double start = cli_seconds();
  double span = (j->every ? 0.5 : 0.9) * n;
  for (int b = 0, at = 0; b <= j->n_branches && !st; b++) {
    int to = b < j->n_branches ? j->branches[b].at : j->end;
    cli_progress_span(j->c, span * (to - at) / j->end);
    st = wd_sampler_run(s, to, &j->c->hooks, err);
    cli_progress_set(j->c, (double)first + span * to / j->end);
    /* A branch keeps the estimate at its position only where it was made. */
    if (!st && b < j->n_branches) st = branch_take(&j->branches[b], s, first, err);
    at = to;
  }
  j->sampling += cli_seconds() - start;
  j->steps += (size_t)n * (size_t)j->end;
  for (int k = 0; k < j->positions && !st && first == 0; k++) j->level[k] = wd_sampler_get_level(s, k);
  if (!st && j->every && first == 0) {
    population_sink_desc sink = {.model = j->model,
                                 .survey = j->survey,
                                 .plan = desc.plan,
                                 .precision = (wd_precision)a->precision,
                                 .mode = (wd_wave_mode)a->mode,
                                 .level = j->level,
                                 .positions = j->positions,
                                 .every = j->every};
    sink.plan.steps = j->end;
    st = population_sink_open(&sink, &j->samples, err);
  }
  if (!st) st = deliver(j, s, first, err);
  if (st && j->seeds.count > 1)
    st = wd_fail_context(err, st, n > 1 ? "seeds from %llu on" : "seed %llu",
                         (unsigned long long)j->seeds.seed[first]);
  wd_sampler_destroy(s);
  return st;
}

static json_t *recipe(const job *j) {
  const sample_args *a = j->args;
  const wd_schedule *schedule = wd_denoiser_schedule(j->denoiser);
  const wd_latent_shape l = wd_model_latent(j->model);
  json_t *timesteps = json_array(), *snr = json_array();
  for (int k = 0; k < j->positions; k++) {
    wd_sampler_level at = j->level[k];
    json_array_append_new(timesteps, json_integer(at.timestep));
    json_array_append_new(snr, cli_real(at.log_snr));
  }
  static const char *const precision[] = {"f32", "bf16"};
  const char *family = a->family == WD_FAMILIES + 1 ? "all" : family_word(a->family - 1);
  json_t *o = json_pack(
      "{s:s, s:i, s:s, s:o, s:s, s:I, s:s, s:s, s:i, s:f, s:f, s:s, s:i, s:o, s:o, s:[i,i,i], s:o, s:s}",
      "format", "wavediffusion-run", "version", 1, "command", "sample", "model", model_describe(j->model),
      "seeds", a->seeds, "count", (json_int_t)j->seeds.count, "family", family, "sampler",
      wd_sampler_name((wd_sampler_kind)a->sampler), "steps", j->end, "eta", a->eta, "guidance", a->guidance,
      "schedule", wd_schedule_name(schedule->kind), "model_timesteps", schedule->timesteps, "timesteps",
      timesteps, "log_snr", snr, "latent", l.channels, l.height, l.width, "geometry",
      geometry_describe(j->model), "precision", precision[a->precision]);
  if (!o) return NULL;
  const wd_device_info *d = wd_device_get_info(j->device);
  static const char *const kind[] = {"reference", "check", "cpu", "cuda"};
  json_object_set_new(o, "device", json_string(kind[d->kind]));
  json_object_set_new(o, "simd_lanes", json_integer(d->lanes)); /* other widths sum in another order */
  if (a->latents)
    json_object_set_new(o, "start",
                        json_pack("{s:s, s:i, s:b}", "latents", a->latents, "timestep", j->level[0].timestep,
                                  "renoise", (int)(a->renoise || a->strength > 0)));
  if (j->n_branches) { /* steps: all of them; run_steps: those that the run was planned with */
    json_t *list = json_array();
    for (int b = 0; b < j->n_branches; b++) json_array_append_new(list, branch_describe(&j->branches[b]));
    json_object_set_new(o, "run_steps", json_integer(a->steps));
    json_object_set_new(o, "branches", list);
  }
  json_object_set_new(
      o, "score",
      j->every ? json_pack("{s:i, s:s}", "every", j->every, "mode", wd_wave_mode_name((wd_wave_mode)a->mode))
               : json_null());
  return o;
}

static wd_status report(cli *c, const job *j, double seconds, wd_error *err) {
  const sample_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  json_t *final = j->every ? residual_summary(j->last, j->seeds.count, err) : NULL;
  if (j->every && !final) return WD_ERR_NO_MEMORY;
  double step = j->steps ? 1e3 * j->sampling / (double)j->steps : 0;
  double decode = j->decoded ? 1e3 * j->decoding / (double)j->decoded : 0;
  const char *sampler = wd_sampler_name((wd_sampler_kind)a->sampler);
  const char *mode = j->every ? wd_wave_mode_name((wd_wave_mode)a->mode) : NULL;
  if (c->json) {
    json_t *o = json_pack("{s:s, s:I, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "output", a->output,
                          "samples", (json_int_t)j->seeds.count, "sampler", sampler, "steps", j->end,
                          "device", d->spec, "device_name", d->name, "model", wd_model_identity(j->model),
                          "seconds", cli_real(seconds), "step_ms", cli_real(step), "decode_ms",
                          cli_real(decode), "peak_memory_mib", cli_real(peak_memory()));
    if (o && j->every) {
      json_object_set_new(o, "mode", json_string(mode));
      json_object_set_new(o, "scored_pairs", json_integer((json_int_t)j->scored));
      json_object_set_new(o, "score_ms", cli_real(j->scored ? 1e3 * j->scoring / (double)j->scored : 0));
      json_object_set_new(o, "final", final);
    }
    return cli_print_json(o, err);
  }
  printf("%s: %zu pairs, %s with %d steps on %s, %.3g s (%.3g ms a step, %.3g ms a decoded pair)\n",
         a->output, j->seeds.count, sampler, j->end, d->name, seconds, step, decode);
  if (j->every) {
    printf("%zu pairs scored in %s mode; the finished ones:\n", j->scored, mode);
    residual_print(final);
    json_decref(final);
  }
  return WD_OK;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.c = c, .args = arguments};
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
  if (!st)
    st = pair_folder_open(j.args->output, j.model, j.seeds.count, (size_t)j.positions,
                          j.args->scores_only ? PAIR_RESIDUALS
                                              : PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS | PAIR_STEPS |
                                                    PAIR_RESIDUALS | (j.args->estimates ? PAIR_ESTIMATES : 0),
                          &j.folder, err);
  if (!st) cli_progress_begin(c, "sample", "pairs", (double)j.seeds.count, 0);
  for (size_t first = 0; first < j.seeds.count && !st;) {
    size_t left = j.seeds.count - first;
    int n = left < (size_t)j.batch ? (int)left : j.batch;
    st = sample_batch(&j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu pairs", first, j.seeds.count);
    first += (size_t)n;
    if (!st) cli_progress_set(c, (double)first);
  }
  if (!st) cli_progress_end(c);
  if (!st) st = population_sink_save(j.samples, j.args->output, err);
  if (!st) {
    json_t *o = recipe(&j);
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  if (!st) st = report(c, &j, cli_seconds() - start, err);
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
        "Inspect mode of the window opens it, and rank sorts it.",
    .example = "wavediffusion-cli sample --model resources/models/default --seeds 0-3 --steps 8 -o run\n"
               "wavediffusion-cli sample --model resources/models/default --seeds 7 --steps 8 --sampler ddim "
               "--score every=8 "
               "-o scored\n",
    .option = options,
    .size = sizeof(sample_args),
    .run = run,
};
