/* wavediffusion-cli residual: how far pairs of velocity map and gathers are from the wave equation. */
#include "app/cli/dataset.h"
#include "app/cli/pairs.h"
#include "app/cli/recording.h"

#include "app/models.h"
#include "app/cli/setup.h"

#include "solver/memory.h"
#include "solver/openfwi.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct residual_args {
  const char *folder, *velocity, *seismic, *model, *latents, *device, *output;
  int mode, calibrate, step, branch;
  bool per_pair;
  setup_args setup; /* shots and samples come from the files */
} residual_args;

static const cli_operand operands[] = {
    {"DIR", offsetof(residual_args, folder), false,
     "a folder of pairs: velocity.npy with seismic.npy as sample and decode write them, or a data set; or a "
     "recording (.wdrun), whose estimates x0-hat are decoded"},
    {0}};

static const cli_option options[] = {
    {"velocity", 'v', CLI_TEXT, offsetof(residual_args, velocity), .value = "V.npy",
     .help = "in place of DIR: the maps"},
    {"seismic", 's', CLI_TEXT, offsetof(residual_args, seismic), .value = "S.npy",
     .help = "and the gathers that go with them"},
    {"latents", 'z', CLI_TEXT, offsetof(residual_args, latents), .value = "Z.npy",
     .help = "in place of DIR: latents (n,C,h,w), decoded by --model"},
    {"model", 'M', CLI_TEXT, offsetof(residual_args, model), .value = "M",
     .help = "the model that decodes --latents [of a recording: the one that made it]"},
    CLI_RECORDING_OPTIONS(residual_args),
    {"output", 'o', CLI_TEXT, offsetof(residual_args, output), .value = "FILE.csv",
     .help = "write one row a pair, in the form of sample's residuals.csv"},
    {"calibrate", 0, CLI_CHOICE, offsetof(residual_args, calibrate), .choices = "none|sign|gain",
     .initial = "none", .help = "multiply the gathers by their best sign or least-squares gain first"},
    {"per-pair", 0, CLI_FLAG, offsetof(residual_args, per_pair), .help = "the figures of every pair as well"},
    CLI_MODE_OPTION(residual_args),
    CLI_DEVICE_OPTION(residual_args),
    CLI_ACQUISITION_OPTIONS(residual_args, setup),
    {0}};

typedef struct job {
  cli *c;
  const residual_args *args;
  wd_npy *velocity, *seismic;
  wd_openfwi *data;
  latent_file latents;
  recorded recorded; /* of a recording; count 0: none */
  json_t *recipe;    /* of the folder; NULL: none */
  seed_list seeds;   /* of the recipe */
  int family;        /* its choice; -1: unknown */
  size_t count;
  int nz, nx, shots, samples, receivers;
  wd_device *device;
  wd_model *model;
  wd_pair_decoder *decoder;
  wd_survey *survey;
  wd_residual *residual;
  int batch;
  float *map, *gather, *latent; /* a batch */
  wd_measure *measure;          /* count */
  double *gain;                 /* count */
  wd_file *csv;
} job;

static void job_close(job *j) {
  wd_file_abort(j->csv);
  wd_free(j->map);
  wd_free(j->gather);
  wd_free(j->latent);
  wd_free(j->measure);
  wd_free(j->gain);
  wd_free(j->seeds.seed);
  wd_residual_destroy(j->residual);
  wd_survey_destroy(j->survey);
  wd_pair_decoder_destroy(j->decoder);
  wd_model_close(j->model);
  wd_device_close(j->device);
  latents_close(&j->latents);
  recorded_clear(&j->recorded);
  wd_npy_close(j->velocity);
  wd_npy_close(j->seismic);
  wd_openfwi_close(j->data);
  json_decref(j->recipe);
}

/* A recording, or nothing that could be scored: what it is wrong with is said by who opens it. */
static bool is_file(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* ---- what there is to score */

static wd_status open_pair_files(job *j, const char *velocity, const char *seismic, wd_error *err) {
  size_t gathers = 0;
  wd_status st = wd_npy_open(velocity, &j->velocity, err);
  if (!st) st = wd_npy_open(seismic, &j->seismic, err);
  if (!st) st = wd_npy_map_shape(j->velocity, &j->count, &j->nz, &j->nx, err);
  if (!st) st = wd_npy_gather_shape(j->seismic, &gathers, &j->shots, &j->samples, &j->receivers, err);
  if (!st && gathers != j->count)
    st = wd_fail(err, WD_ERR_SHAPE, "%s holds %zu maps, but %s holds %zu gathers", velocity, j->count,
                 seismic, gathers);
  return st;
}

/* What recipe.json knows of a folder of samples: seeds and family of every pair. */
static wd_status read_recipe(job *j, wd_error *err) {
  char path[DATASET_PATH];
  struct stat s;
  if (snprintf(path, sizeof path, "%s/recipe.json", j->args->folder) >= (int)sizeof path ||
      stat(path, &s) != 0)
    return WD_OK;
  json_error_t e;
  j->recipe = json_load_file(path, 0, &e);
  if (!j->recipe) return wd_fail(err, WD_ERR_FORMAT, "%s: line %d: %s", path, e.line, e.text);
  /* The acquisition is not guessed: what the recipe says and the options do not is refused. */
  const json_t *g = json_object_get(j->recipe, "geometry");
  struct {
    const char *key, *option;
    double is;
  } known[] = {{"spacing", "--spacing", j->args->setup.spacing},
               {"dt", "--dt", j->args->setup.dt},
               {"frequency", "--frequency", j->args->setup.frequency}};
  for (int i = 0; i < 3; i++) {
    const json_t *v = json_object_get(g, known[i].key);
    if (json_is_number(v) && fabs(json_number_value(v) - known[i].is) > 1e-9 * fabs(known[i].is))
      return wd_fail(err, WD_ERR_ARGUMENT, "%s says %s %g, the simulation would take %g: give %s %g", path,
                     known[i].key, json_number_value(v), known[i].is, known[i].option, json_number_value(v));
  }
  const char *command = json_string_value(json_object_get(j->recipe, "command"));
  const char *seeds = json_string_value(json_object_get(j->recipe, "seeds"));
  const char *family = json_string_value(json_object_get(j->recipe, "family"));
  wd_family f;
  if (!command || strcmp(command, "sample") != 0 || !seeds || !family) return WD_OK;
  wd_error unused;
  if (seeds_parse("seeds", seeds, &j->seeds, &unused)) return WD_OK;
  if (j->seeds.count != j->count) {
    wd_free(j->seeds.seed);
    j->seeds = (seed_list){0};
    return WD_OK;
  }
  j->family = strcmp(family, "any") == 0    ? 0
              : strcmp(family, "all") == 0  ? WD_FAMILIES + 1
              : wd_family_parse(family, &f) ? (int)f + 1
                                            : -1;
  return WD_OK;
}

static wd_status open_folder(job *j, wd_error *err) {
  const residual_args *a = j->args;
  char velocity[DATASET_PATH], seismic[DATASET_PATH];
  struct stat s;
  if (snprintf(velocity, sizeof velocity, "%s/velocity.npy", a->folder) >= (int)sizeof velocity ||
      snprintf(seismic, sizeof seismic, "%s/seismic.npy", a->folder) >= (int)sizeof seismic)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", a->folder);
  if (stat(velocity, &s) == 0) {
    wd_status st = open_pair_files(j, velocity, seismic, err);
    return st ? st : read_recipe(j, err);
  }
  wd_status st = wd_openfwi_open(
      a->folder, &(wd_openfwi_desc){.spacing = a->setup.spacing, .dt = a->setup.dt}, &j->data, err);
  if (st) return st;
  wd_openfwi_shape shape = wd_openfwi_describe(j->data);
  j->count = shape.pairs;
  j->nz = shape.nz;
  j->nx = shape.nx;
  j->shots = shape.shots;
  j->samples = shape.samples;
  j->receivers = shape.receivers;
  return WD_OK;
}

/* The model that decodes, and its acquisition. */
static wd_status open_model(job *j, const char *name, wd_error *err) {
  const residual_args *a = j->args;
  char path[4096];
  wd_status st = wd_find_model(name, path, sizeof path, err);
  if (!st) st = wd_model_open(j->device, path, false, &j->model, err);
  if (st) return st;
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  if (a->setup.sources || a->setup.receivers || a->setup.wavelet || a->setup.spacing != g->spacing ||
      a->setup.dt != g->dt || a->setup.frequency != g->frequency)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "the model %s was made for cells of %g m, samples of %g s and %g Hz, sources and "
                   "receivers of OpenFWI: the "
                   "options ask for another acquisition",
                   wd_model_name(j->model), g->spacing, g->dt, g->frequency);
  j->nz = g->nz;
  j->nx = g->nx;
  j->shots = g->shots;
  j->samples = g->samples;
  j->receivers = g->receivers;
  return wd_pair_decoder_create(j->model, wd_model_batch(j->device), WD_PRECISION_F32, &j->decoder, err);
}

static wd_status open_latents(job *j, wd_error *err) {
  const residual_args *a = j->args;
  wd_status st = open_model(j, a->model, err);
  if (!st) st = latents_open(j->model, a->latents, &j->latents, err);
  if (st) return st;
  if (j->latents.steps != 1)
    return wd_fail(err, WD_ERR_SHAPE,
                   "%s holds recordings: score their steps with sample --score, or decode --step one of them",
                   a->latents);
  j->count = j->latents.count;
  return WD_OK;
}

static wd_status open_recording(job *j, wd_error *err) {
  const residual_args *a = j->args;
  wd_status st = recorded_open(a->folder, a->branch, a->step, &j->recorded, err);
  if (!st) st = open_model(j, a->model ? a->model : j->recorded.model, err);
  if (st) return st;
  const char *own = wd_model_identity(j->model);
  if (strncmp(own, j->recorded.identity, sizeof j->recorded.identity - 1) != 0)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "%s was recorded with the model %s, %.16s; the one here is %.16s: give the right one by --model",
        a->folder, j->recorded.model, j->recorded.identity, own);
  if (j->recorded.one != (size_t)wd_model_latent(j->model).count)
    return wd_fail(err, WD_ERR_SHAPE, "%s: latents of %zu numbers; the model %s has %d", a->folder,
                   j->recorded.one, wd_model_name(j->model), wd_model_latent(j->model).count);
  j->count = j->recorded.count;
  return WD_OK;
}

static wd_status check(const residual_args *a, wd_error *err) {
  int ways = (a->folder != NULL) + (a->velocity || a->seismic) + (a->latents != NULL);
  if (ways != 1)
    return cli_usage_error(err, "give a folder, or --velocity with --seismic, or --latents with --model");
  if (!a->velocity != !a->seismic) return cli_usage_error(err, "--velocity and --seismic go together");
  if (a->latents && !a->model) return cli_usage_error(err, "--latents and --model go together");
  bool recording = a->folder && is_file(a->folder);
  if (a->model && !a->latents && !recording) return cli_usage_error(err, "--latents and --model go together");
  if (!recording && (a->step >= 0 || a->branch > 1))
    return cli_usage_error(err, "--step and --branch are of a recording");
  return WD_OK;
}

static wd_status set_up(job *j, wd_error *err) {
  const residual_args *a = j->args;
  wd_status st = check(a, err);
  if (!st) st = cli_open_device(j->c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), &j->device, err);
  if (!st)
    st = a->latents                        ? open_latents(j, err)
         : a->folder && is_file(a->folder) ? open_recording(j, err)
         : a->folder                       ? open_folder(j, err)
                                           : open_pair_files(j, a->velocity, a->seismic, err);
  if (st) return st;
  setup_args setup = a->setup;
  setup.shots = j->shots;
  setup.samples = j->samples;
  st = setup_survey(&setup, j->nz, j->nx, &j->survey, err);
  if (!st && (j->survey->shots != j->shots || j->survey->receivers != j->receivers))
    st = wd_fail(err, WD_ERR_SHAPE,
                 "the gathers have %d shots and %d receivers; the acquisition for maps of %d columns has %d "
                 "and %d: give the "
                 "--sources and --receivers that they were simulated with",
                 j->shots, j->receivers, j->nx, j->survey->shots, j->survey->receivers);
  wd_residual_desc desc = {.wave = setup_wave_desc(&a->setup, (wd_wave_mode)a->mode, 0)};
  if (!st) st = wd_residual_create(j->device, j->survey, &desc, &j->residual, err);
  if (st) return st;
  j->batch = wd_residual_batch(j->residual);
  size_t batch = (size_t)j->batch, samples = (size_t)j->shots * (size_t)j->samples * (size_t)j->receivers;
  j->map = wd_calloc(batch, (size_t)j->nz * (size_t)j->nx * sizeof(float));
  j->gather = wd_calloc(batch, samples * sizeof(float));
  size_t one = j->model ? (size_t)wd_model_latent(j->model).count : 0;
  if (one) j->latent = wd_calloc(batch, one * sizeof(float));
  j->measure = wd_calloc(j->count, sizeof *j->measure);
  j->gain = wd_calloc(j->count, sizeof *j->gain);
  if (!j->map || !j->gather || (one && !j->latent) || !j->measure || !j->gain)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to score %zu pairs", j->count);
  if (a->output) {
    st = wd_file_create(a->output, &j->csv, err);
    if (!st) st = residual_header(j->csv, err);
  }
  return st;
}

/* ---- scoring */

/* Pair i into place k of the batch. */
static wd_status read_pair(job *j, size_t i, int k, wd_error *err) {
  size_t cells = (size_t)j->nz * (size_t)j->nx,
         samples = (size_t)j->shots * (size_t)j->samples * (size_t)j->receivers;
  wd_map map = {0};
  wd_gather gather = {0};
  wd_status st;
  if (j->data) {
    st = wd_openfwi_pair(j->data, i, &map, &gather, err);
    if (!st) memcpy(j->gather + (size_t)k * samples, gather.value, samples * sizeof(float));
  } else {
    st = wd_npy_read_map(j->velocity, i, j->survey->spacing, &map, err);
    if (!st) st = wd_npy_read_gather_into(j->seismic, i, j->gather + (size_t)k * samples, err);
  }
  if (!st) memcpy(j->map + (size_t)k * cells, map.value, cells * sizeof(float));
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

static wd_status write_row(job *j, size_t i, wd_error *err) {
  char seed[24] = "";
  const char *family = "";
  int step = 0;
  if (j->seeds.count) {
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->seeds.seed[i]);
    if (j->family >= 0) family = family_word(family_of_choice(j->family, j->seeds.seed[i]));
    step = (int)json_integer_value(json_object_get(j->recipe, "steps"));
  }
  residual_row row = {seed, family, step, -1, INFINITY, "x0", &j->measure[i]};
  if (j->recorded.count) {
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->recorded.seed);
    row.family = family_word(j->recorded.family);
    row.step = j->recorded.first + (int)i;
    row.timestep = j->recorded.timestep[i];
    row.log_snr = j->recorded.log_snr[i];
  }
  return residual_write(j->csv, &row, err);
}

static wd_status score(job *j, size_t first, int n, wd_error *err) {
  size_t samples = (size_t)j->shots * (size_t)j->samples * (size_t)j->receivers;
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel};
  const wd_compare_desc desc = {.calibration = (wd_calibration)j->args->calibrate, .spectral = true};
  wd_status st = WD_OK;
  if (j->latents.npy) {
    st = latents_read(&j->latents, first, n, -1, j->latent, err);
    if (!st) st = wd_pair_decoder_run(j->decoder, (size_t)n, j->latent, j->map, j->gather, &quiet, err);
  }
  const recorded *z = &j->recorded;
  if (z->count)
    st = wd_pair_decoder_run(j->decoder, (size_t)n, z->latents + first * z->one, j->map, j->gather, &quiet,
                             err);
  for (int i = 0; i < n && !st && !j->model; i++) st = read_pair(j, first + (size_t)i, i, err);
  cli_progress_span(j->c, n);
  if (!st) {
    st = wd_residual_simulate(j->residual, n, j->map, &j->c->hooks, err);
    if (st) st = wd_fail_context(err, st, n > 1 ? "pairs from %zu on" : "pair %zu", first);
  }
  for (int i = 0; i < n && !st; i++) {
    wd_gather g = {j->shots, j->samples, j->receivers, j->survey->dt, j->gather + (size_t)i * samples};
    wd_comparison c;
    st = wd_residual_compare(j->residual, i, &g, &desc, &c, err);
    if (st) break;
    j->measure[first + (size_t)i] = c.all;
    j->gain[first + (size_t)i] = c.gain;
    wd_comparison_clear(&c);
    if (j->csv) st = write_row(j, first + (size_t)i, err);
  }
  return st;
}

/* ---- the result */

static json_t *pair_json(const job *j, size_t i) {
  const wd_measure *m = &j->measure[i];
  json_t *o = json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "pair", (json_int_t)i + j->recorded.first,
      "reflection_residual", cli_real(m->reflection_residual), "relative_l2", cli_real(m->relative_l2),
      "log_norm_mse", cli_real(m->log_norm_mse), "reflection_share", cli_real(m->reflection_share), "mae",
      cli_real(m->mae), "correlation", cli_real(m->correlation), "coherence", cli_real(m->coherence),
      "envelope_misfit", cli_real(m->envelope), "nothing_to_reflect", (int)m->nothing_to_reflect);
  if (o && j->args->calibrate) json_object_set_new(o, "gain", cli_real(j->gain[i]));
  return o;
}

/* What knowing nothing, and knowing the top row, would score on these maps. */
static wd_status levels(const job *j, double *silence, double *direct, wd_error *err) {
  double *value = wd_calloc(j->count, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu values", j->count);
  wd_population p;
  for (size_t i = 0; i < j->count; i++) value[i] = j->measure[i].silence_log_norm_mse;
  wd_status st = wd_population_of_values(value, j->count, &p, err);
  if (!st) *silence = p.median;
  for (size_t i = 0; i < j->count; i++) value[i] = j->measure[i].direct_log_norm_mse;
  if (!st) st = wd_population_of_values(value, j->count, &p, err);
  if (!st) *direct = p.median;
  wd_free(value);
  return st;
}

static wd_status report(job *j, wd_error *err) {
  const residual_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  const char *mode = wd_wave_mode_name((wd_wave_mode)a->mode);
  double silence = NAN, direct = NAN;
  wd_status st = levels(j, &silence, &direct, err);
  json_t *o = st ? NULL : residual_summary(j->measure, j->count, err);
  if (!o) return st ? st : WD_ERR_NO_MEMORY;
  if (j->c->json) {
    json_object_set_new(o, "silence_log_norm_mse", cli_real(silence));
    json_object_set_new(o, "direct_log_norm_mse", cli_real(direct));
    json_object_set_new(o, "mode", json_string(mode));
    json_object_set_new(o, "device", json_string(d->spec));
    json_object_set_new(o, "device_name", json_string(d->name));
    if (a->output) json_object_set_new(o, "output", json_string(a->output));
    if (a->per_pair) {
      json_t *all = json_array();
      for (size_t i = 0; i < j->count; i++) json_array_append_new(all, pair_json(j, i));
      json_object_set_new(o, "per_pair", all);
    }
    return cli_print_json(o, err);
  }
  printf("%zu pairs, %s mode on %s\n", j->count, mode, d->name);
  residual_print(o);
  printf("log_norm_mse of silence %.4g, of the direct wave alone %.4g (medians)\n", silence, direct);
  json_decref(o);
  if (a->per_pair)
    printf("\n%8s %19s %12s %12s %16s\n", j->recorded.count ? "step" : "pair", "reflection_residual",
           "relative_l2", "log_norm_mse", "reflection_share");
  for (size_t i = 0; i < j->count && a->per_pair; i++) {
    const wd_measure *m = &j->measure[i];
    printf("%8zu %19.6g %12.6g %12.6g %16.6g%s\n", i + (size_t)j->recorded.first, m->reflection_residual,
           m->relative_l2, m->log_norm_mse, m->reflection_share,
           m->nothing_to_reflect ? "  nothing to reflect" : "");
  }
  return WD_OK;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.c = c, .args = arguments, .family = -1};
  wd_status st = set_up(&j, err);
  if (!st) cli_progress_begin(c, "residual", "pairs", (double)j.count, 0);
  for (size_t first = 0; first < j.count && !st;) {
    int n = j.count - first < (size_t)j.batch ? (int)(j.count - first) : j.batch;
    st = score(&j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu pairs", first, j.count);
    first += (size_t)n;
    if (!st) cli_progress_set(c, (double)first);
  }
  if (!st) cli_progress_end(c);
  if (!st && j.csv) {
    wd_file *csv = j.csv;
    j.csv = NULL;
    st = wd_file_commit(csv, err);
  }
  if (!st) st = report(&j, err);
  job_close(&j);
  return st;
}

const cli_command cli_residual = {
    .name = "residual",
    .summary = "say how far pairs are from the wave equation",
    .details =
        "Simulates every map and compares: reflection_residual = ||S - F(V)|| / ||F(V) - F(v_top)||, "
        "the error in units of all that "
        "lies below the surface row, 1 being no better than knowing that row; relative_l2; "
        "log_norm_mse; mae; correlation; coherence, what one filter a shot could make of F(V) out of S; "
        "envelope_misfit; and reflection_share = "
        "||F(V) - F(v_top)|| / ||F(V)||. The last sample of every trace is left out. Where the share "
        "is under 0.01 a map has nothing "
        "to reflect: such pairs are counted, and left out of the reflection residual's median. Prints "
        "medians, 5 and 95 percentiles; "
        "the mode that made them is part of the answer.",
    .example =
        "wavediffusion-cli residual run\n"
        "wavediffusion-cli residual run.wdrun --step 16\n"
        "wavediffusion-cli residual --model resources/models/default --latents run/latents.npy --json\n",
    .operand = operands,
    .option = options,
    .size = sizeof(residual_args),
    .run = run,
};
