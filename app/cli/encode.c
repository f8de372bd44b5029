/* wavediffusion-cli encode: velocity maps, gathers, or both, to latents and codes. */
#include "app/cli/pairs.h"

#include "solver/memory.h"
#include "solver/openfwi.h"

#include <stdio.h>

typedef struct encode_args {
  const char *model, *velocity, *seismic, *data, *device, *output;
  int given, precision;
} encode_args;

enum { GIVEN_BOTH, GIVEN_VELOCITY, GIVEN_SEISMIC };

static const cli_option options[] = {
    CLI_MODEL_OPTION(encode_args),
    {"velocity", 'v', CLI_TEXT, offsetof(encode_args, velocity), .value = "V.npy",
     .help = "velocity maps in m/s, (n,1,nz,nx)"},
    {"seismic", 's', CLI_TEXT, offsetof(encode_args, seismic), .value = "S.npy",
     .help = "gathers in the solver's amplitude, (n,shots,samples,receivers)"},
    {"data", 0, CLI_TEXT, offsetof(encode_args, data), .value = "DIR",
     .help = "in place of the two: a folder of pairs, as OpenFWI or generate has them"},
    {"given", 0, CLI_CHOICE, offsetof(encode_args, given), .choices = "both|velocity|seismic",
     .initial = "both", .help = "with --data: what of every pair the encoder is told"},
    CLI_DEVICE_OPTION(encode_args),
    CLI_PRECISION_OPTION(encode_args),
    CLI_FOLDER_OPTION(encode_args),
    {0}};

typedef struct job {
  const encode_args *args;
  wd_device *device;
  wd_model *model;
  wd_encoder *encoder;
  wd_npy *velocity, *seismic;
  wd_openfwi *data;
  pair_folder folder;
  size_t count, coded; /* pairs; floats of one coded gather */
  bool use_velocity, use_seismic;
  int batch;
  float *latents, *code; /* a batch */
  wd_map *map;           /* a batch */
  int32_t *index;        /* a batch */
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  wd_npy_close(j->velocity);
  wd_npy_close(j->seismic);
  wd_openfwi_close(j->data);
  for (int i = 0; j->map && i < j->batch; i++) wd_map_clear(&j->map[i]);
  wd_free(j->map);
  wd_free(j->latents);
  wd_free(j->code);
  wd_free(j->index);
  wd_encoder_destroy(j->encoder);
  wd_model_close(j->model);
  wd_device_close(j->device);
}

static wd_status check_map(const job *j, const char *what, int nz, int nx, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  if (nz == g->nz && nx == g->nx) return WD_OK;
  return wd_fail(err, WD_ERR_SHAPE,
                 "%s holds maps of %d x %d cells; the model %s knows %d x %d: crop or resample them first",
                 what, nz, nx, wd_model_name(j->model), g->nz, g->nx);
}

static wd_status check_gather(const job *j, const char *what, int shots, int samples, int receivers,
                              wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  if (shots == g->shots && samples == g->samples && receivers == g->receivers) return WD_OK;
  return wd_fail(err, WD_ERR_SHAPE,
                 "%s holds gathers of %d shots, %d samples, %d receivers; the model %s knows %d, %d, %d",
                 what, shots, samples, receivers, wd_model_name(j->model), g->shots, g->samples,
                 g->receivers);
}

static wd_status open_files(job *j, wd_error *err) {
  const encode_args *a = j->args;
  size_t maps = 0, gathers = 0;
  int nz, nx, shots, samples, receivers;
  wd_status st = WD_OK;
  if (a->velocity) {
    st = wd_npy_open(a->velocity, &j->velocity, err);
    if (!st) st = wd_npy_map_shape(j->velocity, &maps, &nz, &nx, err);
    if (!st) st = check_map(j, a->velocity, nz, nx, err);
  }
  if (!st && a->seismic) {
    st = wd_npy_open(a->seismic, &j->seismic, err);
    if (!st) st = wd_npy_gather_shape(j->seismic, &gathers, &shots, &samples, &receivers, err);
    if (!st) st = check_gather(j, a->seismic, shots, samples, receivers, err);
  }
  if (!st && a->velocity && a->seismic && maps != gathers)
    st = wd_fail(err, WD_ERR_SHAPE, "%s holds %zu maps, but %s holds %zu gathers", a->velocity, maps,
                 a->seismic, gathers);
  j->count = a->velocity ? maps : gathers;
  j->use_velocity = a->velocity != NULL;
  j->use_seismic = a->seismic != NULL;
  return st;
}

static wd_status open_data(job *j, wd_error *err) {
  const encode_args *a = j->args;
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  j->use_velocity = a->given != GIVEN_SEISMIC;
  j->use_seismic = a->given != GIVEN_VELOCITY;
  wd_openfwi_desc desc = {.spacing = g->spacing, .dt = g->dt, .velocity_only = !j->use_seismic};
  wd_status st = wd_openfwi_open(a->data, &desc, &j->data, err);
  if (st) return st;
  wd_openfwi_shape s = wd_openfwi_describe(j->data);
  j->count = s.pairs;
  st = check_map(j, a->data, s.nz, s.nx, err);
  if (!st && j->use_seismic) st = check_gather(j, a->data, s.shots, s.samples, s.receivers, err);
  return st;
}

static wd_status set_up(cli *c, job *j, wd_error *err) {
  const encode_args *a = j->args;
  if (a->data && (a->velocity || a->seismic))
    return cli_usage_error(err, "--data excludes --velocity and --seismic");
  if (!a->data && !a->velocity && !a->seismic)
    return cli_usage_error(err, "give --velocity, --seismic or both, or a folder with --data");
  if (!a->data && a->given != GIVEN_BOTH)
    return cli_usage_error(err, "--given is of --data: without it, what is given is what files are named");
  wd_status st = model_open(c, a->device, NULL, a->model, &j->device, &j->model, err);
  if (!st) st = a->data ? open_data(j, err) : open_files(j, err);
  if (st) return st;
  j->batch = wd_model_batch(j->device);
  st = wd_encoder_create(j->model,
                         &(wd_coder_desc){.batch = j->batch, .precision = (wd_precision)a->precision},
                         &j->encoder, err);
  if (st) return st;
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  wd_latent_shape l = wd_model_latent(j->model);
  size_t batch = (size_t)j->batch;
  j->coded = (size_t)g->shots * (size_t)g->instants * (size_t)g->receivers;
  j->latents = wd_calloc(batch, (size_t)l.count * sizeof(float));
  j->index = wd_calloc(batch, (size_t)l.codes * sizeof(int32_t));
  j->code = wd_calloc(batch, j->coded * sizeof(float));
  j->map = wd_calloc(batch, sizeof *j->map);
  if (!j->latents || !j->index || !j->code || !j->map)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", j->batch);
  return pair_folder_open(a->output, j->model, j->count, 0, PAIR_LATENTS | PAIR_CODES, &j->folder, err);
}

/* Pair number i of the input into place k of the batch. */
static wd_status read_pair(job *j, size_t i, int k, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  wd_gather gather = {0};
  wd_status st = WD_OK;
  wd_map_clear(&j->map[k]);
  if (j->data)
    st = wd_openfwi_pair(j->data, i, j->use_velocity ? &j->map[k] : NULL, j->use_seismic ? &gather : NULL,
                         err);
  if (!j->data && j->use_velocity) st = wd_npy_read_map(j->velocity, i, g->spacing, &j->map[k], err);
  if (!st && !j->data && j->use_seismic) st = wd_npy_read_gather(j->seismic, i, g->dt, &gather, err);
  if (!st && j->use_seismic)
    st = wd_codec_encode(wd_model_codec(j->model), &gather, j->code + (size_t)k * j->coded, err);
  wd_gather_clear(&gather);
  return st;
}

static wd_status one_batch(cli *c, job *j, size_t first, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  const float *velocity[64], *coded[64];
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    st = read_pair(j, first + (size_t)i, i, err);
    velocity[i] = j->use_velocity ? j->map[i].value : NULL;
    coded[i] = j->use_seismic ? j->code + (size_t)i * j->coded : NULL;
  }
  if (!st) st = wd_encoder_run(j->encoder, n, velocity, coded, j->latents, j->index, &quiet, err);
  wd_latent_shape l = wd_model_latent(j->model);
  if (!st) st = wd_npy_writer_append(j->folder.latents, j->latents, (size_t)n * (size_t)l.count, err);
  if (!st) st = wd_npy_writer_append_int(j->folder.codes, j->index, (size_t)n * (size_t)l.codes, err);
  return st;
}

static const char *given_word(const job *j) {
  return j->use_velocity && j->use_seismic ? "both" : j->use_velocity ? "velocity" : "seismic";
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.args = arguments};
  const encode_args *a = arguments;
  wd_status st = set_up(c, &j, err);
  double start = cli_seconds();
  if (!st) cli_progress_begin(c, "encode", "pairs", (double)j.count, 0);
  for (size_t first = 0; first < j.count && !st;) {
    int n = j.count - first < (size_t)j.batch ? (int)(j.count - first) : j.batch;
    st = one_batch(c, &j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu pairs", first, j.count);
    first += (size_t)n;
    if (!st) cli_progress_set(c, (double)first);
  }
  if (!st) cli_progress_end(c);
  wd_latent_shape l = j.model ? wd_model_latent(j.model) : (wd_latent_shape){0};
  if (!st) {
    json_t *o = json_pack("{s:s, s:i, s:s, s:o, s:I, s:s, s:[i,i,i], s:o}", "format", "wavediffusion-latents",
                          "version", 1, "command", "encode", "model", model_describe(j.model), "count",
                          (json_int_t)j.count, "given", given_word(&j), "latent", l.channels, l.height,
                          l.width, "geometry", geometry_describe(j.model));
    if (o && a->velocity) json_object_set_new(o, "velocity", json_string(a->velocity));
    if (o && a->seismic) json_object_set_new(o, "seismic", json_string(a->seismic));
    if (o && a->data) json_object_set_new(o, "data", json_string(a->data));
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  double seconds = cli_seconds() - start;
  if (!st) {
    const wd_device_info *d = wd_device_get_info(j.device);
    if (c->json)
      st = cli_print_json(json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:o}", "output", a->output, "pairs",
                                    (json_int_t)j.count, "given", given_word(&j), "device", d->spec,
                                    "device_name", d->name, "model", wd_model_identity(j.model), "seconds",
                                    cli_real(seconds), "peak_memory_mib", cli_real(peak_memory())),
                          err);
    else
      printf("%s: %zu latents (%d, %d, %d) from %s on %s, %.3g s\n", a->output, j.count, l.channels, l.height,
             l.width,
             j.use_velocity && j.use_seismic ? "maps and gathers"
             : j.use_velocity                ? "maps alone"
                                             : "gathers alone",
             d->name, seconds);
  }
  job_close(&j);
  return st;
}

const cli_command cli_encode = {
    .name = "encode",
    .summary = "encode velocity maps, gathers, or both, to latents of a trained model",
    .details = "Writes latents.npy (n,C,h,w), before quantisation, codes.npy (the nearest code of every "
               "cell, int32) and recipe.json "
               "into DIR. From gathers alone this is inversion without an optimiser; from maps alone, "
               "decoding the latents again gives "
               "a forward surrogate.",
    .example = "wavediffusion-cli encode --model resources/models/default --seismic gathers.npy -o encoded\n",
    .option = options,
    .size = sizeof(encode_args),
    .run = run,
};
