/* wavediffusion-cli redraw: pairs that a model draws, as training shards with their codes.
 *
 * The gathers' decoder learns from true pairs what belongs to a true map. What people look at are maps that
 * the other decoder draws, of latents that diffusion makes: there it has never been told anything, and a pair
 * is only as consistent as two separate guesses. But the map of given codes is known before training begins,
 * and so, by the solver, are its gathers: a target that, unlike the true gathers, is a function of the codes
 * alone. train --stage gathers learns from these shards. */
#include "app/cli/dataset.h"
#include "app/cli/pairs.h"

#include "model/corpus.h"
#include "model/encoder.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct redraw_args {
  const char *model, *pairs, *output, *device;
  int count, given, steps, mode;
  bool own_gathers, dry_run;
  uint64_t seed;
} redraw_args;

enum { GIVEN_ANY, GIVEN_BOTH, GIVEN_VELOCITY, GIVEN_SEISMIC };

static const cli_option options[] = {
    CLI_MODEL_OPTION(redraw_args),
    {"count", 0, CLI_INT, offsetof(redraw_args, count), true, .min = 1, .max = 100000000,
     .help = "pairs in all, 500 a file"},
    {"seed", 's', CLI_UINT64, offsetof(redraw_args, seed), .initial = "1", .max = 0xffffffff,
     .help = "of samples' noise, or of the choice among --pairs; numbers below 4 294 967 296"},
    {"pairs", 0, CLI_TEXT, offsetof(redraw_args, pairs), .value = "DIR",
     .help = "latents of these training shards, encoded, in place of samples"},
    {"given", 0, CLI_CHOICE, offsetof(redraw_args, given), .choices = "any|both|velocity|seismic",
     .initial = "any", .help = "with --pairs: what the encoder is told of a pair; any: drawn for each"},
    {"own-gathers", 0, CLI_FLAG, offsetof(redraw_args, own_gathers),
     .help = "with --pairs: keep the pair's map and gathers as targets, and add its codes only"},
    {"steps", 0, CLI_INT, offsetof(redraw_args, steps), .initial = "8", .min = 2, .max = 1000,
     .help = "denoising steps of a sample; a third of them give an estimate from under way"},
    {"mode", 'm', CLI_CHOICE, offsetof(redraw_args, mode), .choices = "exact|fast", .initial = "fast",
     .help = "of the solver"},
    CLI_DEVICE_OPTION(redraw_args),
    CLI_FOLDER_OPTION(redraw_args),
    CLI_DRY_RUN_OPTION(redraw_args),
    {0}};

enum { CPU_MAPS = 8, CUDA_MAPS = 64, STREAM = 0x7e01 };

typedef struct job {
  cli *c;
  const redraw_args *args;
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser;
  wd_encoder *encoder;
  wd_decoder *decoder;
  wd_corpus *corpus;
  wd_survey *survey;
  wd_wave *wave;
  wd_shard_writer *writer;
  wd_shard_desc desc;
  int batch;                           /* maps in one call of the solver */
  size_t map_size, coded_size;         /* floats */
  float *velocity, *scattered, *total; /* of one pair read */
  float *latent;
  wd_map *map; /* a batch, and their tops after them */
  wd_shard_record *record;
  int32_t *codes; /* a batch */
  double drawing, simulating;
} job;

static void job_close(job *j) {
  wd_shard_writer_destroy(j->writer);
  wd_wave_destroy(j->wave);
  wd_survey_destroy(j->survey);
  wd_corpus_close(j->corpus);
  wd_decoder_destroy(j->decoder);
  wd_encoder_destroy(j->encoder);
  wd_denoiser_destroy(j->denoiser);
  for (int i = 0; j->map && i < 2 * j->batch; i++) wd_map_clear(&j->map[i]);
  wd_free(j->map);
  wd_free(j->record);
  wd_free(j->codes);
  wd_free(j->velocity);
  wd_free(j->scattered);
  wd_free(j->total);
  wd_free(j->latent);
  wd_model_close(j->model);
  if (j->device) wd_device_close(j->device);
}

static wd_status make_room(job *j, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  wd_latent_shape l = wd_model_latent(j->model);
  j->desc = *g;
  j->desc.codes = l.codes;
  j->map_size = (size_t)g->nz * (size_t)g->nx;
  j->coded_size = (size_t)g->shots * (size_t)g->instants * (size_t)g->receivers;
  j->batch = wd_device_get_info(j->device)->kind == WD_DEVICE_CUDA ? CUDA_MAPS : CPU_MAPS;
  size_t batch = (size_t)j->batch;
  j->velocity = wd_alloc(j->map_size, sizeof(float));
  j->scattered = wd_alloc(j->coded_size, sizeof(float));
  j->total = wd_alloc(j->coded_size, 2 * sizeof(float));
  j->latent = wd_alloc((size_t)l.count, sizeof(float));
  j->map = wd_calloc(2 * batch, sizeof *j->map);
  j->record = wd_calloc(batch, sizeof *j->record);
  j->codes = wd_calloc(batch, (size_t)l.codes * sizeof *j->codes);
  wd_status st = WD_OK;
  if (!j->velocity || !j->scattered || !j->total || !j->latent || !j->map || !j->record || !j->codes)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", j->batch);
  for (int i = 0; i < j->batch && !st; i++) st = wd_map_create(g->nz, g->nx, g->spacing, &j->map[i], err);
  return st;
}

static const char *mode_of(const redraw_args *a) {
  return a->own_gathers ? NULL : a->mode ? "fast" : "exact";
}

static wd_status set_up(job *j, wd_error *err) {
  const redraw_args *a = j->args;
  wd_status st = model_open(j->c, a->device, mode_of(a), a->model, &j->device, &j->model, err);
  if (!st && a->pairs) st = wd_corpus_open(a->pairs, &j->corpus, err);
  const wd_coder_desc one = {.batch = 1};
  if (!st) st = wd_decoder_create(j->model, &one, &j->decoder, err);
  if (!st)
    st = a->pairs ? wd_encoder_create(j->model, &one, &j->encoder, err)
                  : wd_denoiser_create(j->model, &one, &j->denoiser, err);
  if (!st) st = make_room(j, err);
  if (!st) st = wd_model_drawer(j->model, &j->desc.drawer, err);
  if (!st) st = wd_model_survey(j->model, &j->survey, err);
  if (!st) st = wd_shard_writer_create(&j->desc, wd_model_codec(j->model), DATASET_PER_FILE, &j->writer, err);
  if (st || !j->corpus) return st;
  wd_shard_desc have = *wd_corpus_get_desc(j->corpus), want = j->desc;
  have.codes = want.codes = 0;
  have.drawer = want.drawer = 0;
  if (!memcmp(&have, &want, sizeof have)) return WD_OK;
  return wd_fail(err, WD_ERR_SHAPE, "%s holds another geometry than the model's", a->pairs);
}

/* A sample's latent, or an estimate of the data from under way: those are looked at too. */
static wd_status sample(job *j, size_t number, wd_random *r, wd_shard_record *record, wd_error *err) {
  uint64_t seed = (j->args->seed << 32) + (uint64_t)number;
  int family = (int)(number % WD_FAMILIES);
  bool early = wd_random_uniform(r) < 1.0 / 3;
  int at = early ? wd_random_int(r, 1, j->args->steps - 1) : j->args->steps;
  wd_sampler_desc desc = {.plan.steps = j->args->steps, .n = 1, .seed = &seed, .family = &family};
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel};
  wd_sampler *s = NULL;
  wd_status st = wd_sampler_create(j->denoiser, &desc, &s, err);
  if (!st) st = wd_sampler_run(s, at, &quiet, err);
  if (!st && early) st = wd_sampler_look(s, &quiet, err);
  if (!st)
    memcpy(j->latent, early ? wd_sampler_estimates(s, at) : wd_sampler_latents(s, at),
           (size_t)wd_model_latent(j->model).count * sizeof(float));
  wd_sampler_destroy(s);
  *record = (wd_shard_record){.family = family, .seed = seed, .index = (uint64_t)at};
  return st;
}

/* The latent of a training pair, of which the encoder is told both sides, or one. */
static wd_status encode(job *j, size_t number, wd_random *r, wd_shard_record *record, wd_error *err) {
  int n = wd_corpus_count(j->corpus), given = j->args->given;
  /* Every pair once before any comes twice, in an order that the seed rotates. */
  int at = (int)((number + j->args->seed * 7919) % (size_t)n);
  double u = wd_random_uniform(r);
  if (given == GIVEN_ANY) given = u < 0.5 ? GIVEN_BOTH : u < 0.75 ? GIVEN_VELOCITY : GIVEN_SEISMIC;
  float *direct = j->total + j->coded_size;
  wd_status st = wd_corpus_read(j->corpus, at, j->velocity, j->scattered, direct, err);
  if (st) return st;
  for (size_t k = 0; k < j->coded_size; k++) j->total[k] = j->scattered[k] + direct[k];
  const float *v = given == GIVEN_SEISMIC ? NULL : j->velocity,
              *s = given == GIVEN_VELOCITY ? NULL : j->total;
  *record = wd_corpus_get_record(j->corpus, at);
  return wd_encoder_run(j->encoder, 1, &v, &s, j->latent, NULL, NULL, err);
}

/* Codes and map number i of a batch; with --own-gathers the finished record of a slot. */
static wd_status draw(job *j, size_t number, int i, int slot, wd_error *err) {
  wd_random r = wd_random_make(j->args->seed, ((uint64_t)STREAM << 40) + (uint64_t)number);
  int32_t *codes = j->codes + (size_t)i * (size_t)j->desc.codes;
  wd_status st =
      j->corpus ? encode(j, number, &r, &j->record[i], err) : sample(j, number, &r, &j->record[i], err);
  if (!st) st = wd_decoder_run(j->decoder, 1, j->latent, true, j->map[i].value, NULL, codes, NULL, err);
  if (st || !j->args->own_gathers) return st;
  memcpy(j->map[i].value, j->velocity, j->map_size * sizeof(float));
  return wd_shard_writer_put_coded(j->writer, slot, &j->record[i], &j->map[i], j->scattered,
                                   j->total + j->coded_size, codes, err);
}

static wd_status simulate(job *j, int n, int slot, wd_error *err) {
  wd_map *velocity = wd_calloc(2 * (size_t)n, sizeof *velocity);
  if (!velocity) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", 2 * n);
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    wd_map_clear(&j->map[j->batch + i]);
    st = wd_map_repeat_row(&j->map[i], 1, &j->map[j->batch + i], err);
    velocity[i] = j->map[i]; /* borrowed, both */
    velocity[n + i] = j->map[j->batch + i];
  }
  if (!st && j->wave && wd_wave_get_desc(j->wave)->maps != 2 * n) {
    wd_wave_destroy(j->wave);
    j->wave = NULL;
  }
  wd_wave_desc desc = {.mode = j->args->mode ? WD_WAVE_FAST : WD_WAVE_EXACT, .maps = 2 * n};
  if (!st)
    st = j->wave ? wd_wave_set_velocity(j->wave, velocity, err)
                 : wd_wave_create(j->device, j->survey, &desc, velocity, &j->wave, err);
  wd_free(velocity);
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel};
  if (!st) st = wd_wave_run(j->wave, &quiet, err);
  for (int i = 0; i < n && !st; i++)
    st = wd_shard_writer_put(j->writer, slot + i, &j->record[i], &j->map[i], wd_wave_gather(j->wave, i),
                             wd_wave_gather(j->wave, n + i), j->codes + (size_t)i * (size_t)j->desc.codes,
                             err);
  return st;
}

static bool complete(const job *j, const char *path, int count) {
  wd_shard *s = NULL;
  if (access(path, F_OK) || wd_shard_open(path, &s, NULL)) return false;
  bool same = wd_shard_count(s) == count && wd_shard_get_desc(s)->drawer == j->desc.drawer;
  wd_shard_close(s);
  return same;
}

static wd_status make_file(job *j, size_t first, int count, const char *path, wd_error *err) {
  for (int at = 0; at < count;) {
    int n = count - at < j->batch ? count - at : j->batch;
    double start = cli_seconds();
    wd_status st = WD_OK;
    for (int i = 0; i < n && !st; i++) st = draw(j, first + (size_t)(at + i), i, at + i, err);
    double drawn = cli_seconds();
    j->drawing += drawn - start;
    if (!st && !j->args->own_gathers) st = simulate(j, n, at, err);
    j->simulating += cli_seconds() - drawn;
    if (!st && cli_cancelled(j->c)) st = wd_fail(err, WD_CANCELLED, "stopped");
    if (st) return wd_fail_context(err, st, "after %zu pairs", first + (size_t)at);
    at += n;
    cli_progress_set(j->c, (double)(first + (size_t)at));
  }
  return wd_shard_writer_save(j->writer, count, path, err);
}

/* Number k of the files, its first pair and how many; FALSE: there are no more. */
static bool file_at(const redraw_args *a, int k, char path[4096 + 64], int *first, int *count) {
  char name[64];
  *first = k * DATASET_PER_FILE;
  *count = a->count - *first < DATASET_PER_FILE ? a->count - *first : DATASET_PER_FILE;
  wd_shard_file_name(k, name, sizeof name);
  snprintf(path, 4096 + 64, "%.4000s/%s", a->output, name);
  return *first < a->count;
}

static wd_status tell_plan(cli *c, const job *j, wd_error *err) {
  const redraw_args *a = j->args;
  /* float16: the map, the scattered and the direct field; codes of four bytes */
  const double one = 2.0 * (double)j->map_size + 4.0 * (double)j->coded_size + 4.0 * (double)j->desc.codes;
  cli_plan *p = cli_plan_new(c);
  char path[4096 + 64];
  int there = 0, first, count;
  for (int k = 0; file_at(a, k, path, &first, &count); k++) {
    if (complete(j, path, count))
      there += count;
    else
      cli_plan_file(p, NULL, path, one * count, true);
  }
  cli_plan_count(p, "pairs", a->count);
  cli_plan_count(p, "there", there);
  if (!a->pairs) cli_plan_count(p, "steps", a->steps);
  cli_plan_device(p, j->device, mode_of(a));
  cli_plan_model(p, j->model);
  return cli_plan_show(p, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const redraw_args *a = arguments;
  if (!a->pairs && (a->own_gathers || a->given))
    return cli_usage_error(err, "--own-gathers and --given are of --pairs");
  job j = {.c = c, .args = a};
  wd_status st = a->dry_run ? cli_plan_folder(a->output, err) : dataset_make_folder(a->output, err);
  if (!st) st = set_up(&j, err);
  if (a->dry_run) {
    if (!st) st = tell_plan(c, &j, err);
    job_close(&j);
    return st;
  }
  if (!st) cli_progress_begin(c, "redraw", "pairs", (double)a->count, 0);
  int made = 0, first, count;
  char path[4096 + 64];
  for (int k = 0; !st && file_at(a, k, path, &first, &count); k++) {
    if (complete(&j, path, count)) continue;
    st = make_file(&j, (size_t)first, count, path, err);
    made += st ? 0 : count;
  }
  if (!st) {
    cli_progress_end(c);
    const char *mode = a->own_gathers ? "own gathers" : a->mode ? "fast" : "exact";
    const char *device = wd_device_get_info(j.device)->name;
    if (c->json)
      st = cli_print_json(json_pack("{s:s, s:i, s:i, s:o, s:s, s:s, s:o, s:o}", "output", a->output, "pairs",
                                    a->count, "made", made, "model", model_describe(j.model), "mode", mode,
                                    "device", device, "drawing_seconds", cli_real(j.drawing),
                                    "simulating_seconds", cli_real(j.simulating)),
                          err);
    else
      printf("%s: %d pairs, %d made now, by %s (%s), %s; drawn in %.0f s, simulated in %.0f s, on %s\n",
             a->output, a->count, made, wd_model_name(j.model), wd_model_identity(j.model), mode, j.drawing,
             j.simulating, device);
  } else if (st == WD_CANCELLED)
    cli_note(c, "the same command goes on with the files that are missing");
  job_close(&j);
  return st;
}

const cli_command cli_redraw = {
    .name = "redraw",
    .summary = "pairs that a model draws: codes, the maps of its decoder, and the gathers that the solver "
               "gives for them",
    .details = "Training shards with codes, for train --stage gathers: latents are sampled, or encoded from "
               "training "
               "pairs (--pairs), the velocity decoder draws their maps, and the gathers of these maps are "
               "simulated. "
               "With --own-gathers the pairs keep their map and gathers. A stopped job goes on when the same "
               "command is given again: complete files are kept.",
    .example = "wavediffusion-cli redraw --model default --count 6000 --seed 1 --output drawn\n"
               "wavediffusion-cli train --stage gathers --from default --data drawn --output model "
               "--time-limit 1800\n",
    .option = options,
    .size = sizeof(redraw_args),
    .run = run,
};
