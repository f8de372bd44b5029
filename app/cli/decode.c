/* wavediffusion-cli decode: latents or codes to velocity maps and gathers. */
#include "app/cli/pairs.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

typedef struct decode_args {
  const char *model, *latents, *codes, *device, *output;
  int step, precision;
} decode_args;

static const cli_option options[] = {
    CLI_MODEL_OPTION(decode_args),
    {"latents", 'z', CLI_TEXT, offsetof(decode_args, latents), .value = "Z.npy",
     .help = "latents (n,C,h,w), or recordings (n,steps+1,C,h,w) such as latents_steps.npy"},
    {"codes", 0, CLI_TEXT, offsetof(decode_args, codes), .value = "C.npy",
     .help = "in place of latents: indices into the codebook, (n,cells) integers, as encode writes them"},
    {"step", 0, CLI_INT, offsetof(decode_args, step), .min = -1, .max = 100000, .initial = "-1",
     .help = "which position of recordings, from 0 [-1: the last]"},
    CLI_DEVICE_OPTION(decode_args),
    CLI_PRECISION_OPTION(decode_args),
    CLI_FOLDER_OPTION(decode_args),
    {0}};

typedef struct job {
  const decode_args *args;
  wd_device *device;
  wd_model *model;
  wd_pair_decoder *decoder;
  wd_decoder *book; /* turns codes into latents; NULL without --codes */
  latent_file latents;
  wd_npy *codes;
  pair_folder folder;
  size_t count, one, cells; /* latents; floats and codes of one */
  int batch;
  float *latent, *velocity, *gathers; /* a batch */
  int32_t *index;                     /* a batch */
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  latents_close(&j->latents);
  wd_npy_close(j->codes);
  wd_free(j->latent);
  wd_free(j->velocity);
  wd_free(j->gathers);
  wd_free(j->index);
  wd_decoder_destroy(j->book);
  wd_pair_decoder_destroy(j->decoder);
  wd_model_close(j->model);
  wd_device_close(j->device);
}

static wd_status open_codes(job *j, wd_error *err) {
  wd_status st = wd_npy_open(j->args->codes, &j->codes, err);
  if (st) return st;
  const char *type = wd_npy_descr(j->codes);
  if (strcmp(type, "<i4") != 0 && strcmp(type, "<i8") != 0)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%s: values of type %s; codes are int32 or int64 (numpy: c.astype('<i4'))", j->args->codes,
                   type);
  if (wd_npy_dims(j->codes) < 2 || wd_npy_record_count(j->codes) != j->cells || !wd_npy_elements(j->codes)) {
    char text[128];
    return wd_fail(err, WD_ERR_SHAPE, "%s is %s; codes of the model %s are (n, %zu)", j->args->codes,
                   wd_npy_shape_text(j->codes, text, sizeof text), wd_model_name(j->model), j->cells);
  }
  j->count = wd_npy_records(j->codes);
  return wd_decoder_create(j->model, &(wd_coder_desc){.batch = 1}, &j->book, err);
}

static wd_status read_codes(job *j, size_t first, int n, wd_error *err) {
  bool wide = strcmp(wd_npy_descr(j->codes), "<i8") == 0;
  for (int i = 0; i < n; i++) {
    const char *bytes = wd_npy_record_bytes(j->codes, first + (size_t)i);
    for (size_t k = 0; k < j->cells; k++) {
      int64_t value = 0;
      int32_t narrow = 0;
      if (wide)
        memcpy(&value, bytes + 8 * k, 8);
      else
        memcpy(&narrow, bytes + 4 * k, 4);
      if (!wide) value = narrow;
      /* What no int32 holds is no code either. */
      j->index[(size_t)i * j->cells + k] = value < 0 || value > INT32_MAX ? -1 : (int32_t)value;
    }
    wd_status st = wd_decoder_latents_of_codes(j->book, 1, j->index + (size_t)i * j->cells,
                                               j->latent + (size_t)i * j->one, err);
    if (st) return wd_fail_context(err, st, "%s, record %zu", j->args->codes, first + (size_t)i);
  }
  return WD_OK;
}

static wd_status set_up(cli *c, job *j, wd_error *err) {
  const decode_args *a = j->args;
  if (!a->latents == !a->codes) return cli_usage_error(err, "give one of --latents and --codes");
  if (a->codes && a->step != -1)
    return cli_usage_error(err, "--step is of recordings of latents, not of codes");
  wd_status st = model_open(c, a->device, NULL, a->model, &j->device, &j->model, err);
  if (st) return st;
  j->batch = wd_model_batch(j->device);
  j->one = (size_t)wd_model_latent(j->model).count;
  j->cells = (size_t)wd_model_latent(j->model).codes;
  if (a->latents) {
    st = latents_open(j->model, a->latents, &j->latents, err);
    j->count = j->latents.count;
    if (!st && a->step >= 0 && j->latents.steps == 1 && a->step > 0)
      st = cli_usage_error(err, "--step %d: %s holds latents, not recordings", a->step, a->latents);
  } else {
    st = open_codes(j, err);
  }
  if (!st) st = wd_pair_decoder_create(j->model, j->batch, (wd_precision)a->precision, &j->decoder, err);
  if (st) return st;
  size_t batch = (size_t)j->batch;
  j->latent = wd_calloc(batch, j->one * sizeof(float));
  j->index = wd_calloc(batch, j->cells * sizeof(int32_t));
  j->velocity = wd_calloc(batch, wd_pair_decoder_cells(j->decoder) * sizeof(float));
  j->gathers = wd_calloc(batch, wd_pair_decoder_samples(j->decoder) * sizeof(float));
  if (!j->latent || !j->index || !j->velocity || !j->gathers)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", j->batch);
  return pair_folder_open(a->output, j->model, j->count, 0, PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS,
                          &j->folder, err);
}

static wd_status one_batch(cli *c, job *j, size_t first, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  wd_status st = j->codes ? read_codes(j, first, n, err)
                          : latents_read(&j->latents, first, n, j->args->step, j->latent, err);
  if (!st) st = wd_pair_decoder_run(j->decoder, (size_t)n, j->latent, j->velocity, j->gathers, &quiet, err);
  size_t many = (size_t)n;
  if (!st)
    st = wd_npy_writer_append(j->folder.velocity, j->velocity, many * wd_pair_decoder_cells(j->decoder), err);
  if (!st)
    st = wd_npy_writer_append(j->folder.seismic, j->gathers, many * wd_pair_decoder_samples(j->decoder), err);
  if (!st) st = wd_npy_writer_append(j->folder.latents, j->latent, many * j->one, err);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.args = arguments};
  const decode_args *a = arguments;
  wd_status st = set_up(c, &j, err);
  double start = cli_seconds();
  if (!st) cli_progress_begin(c, "decode", "pairs", (double)j.count, 0);
  for (size_t first = 0; first < j.count && !st;) {
    int n = j.count - first < (size_t)j.batch ? (int)(j.count - first) : j.batch;
    st = one_batch(c, &j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu pairs", first, j.count);
    first += (size_t)n;
    if (!st) cli_progress_set(c, (double)first);
  }
  if (!st) cli_progress_end(c);
  if (!st) {
    json_t *o = json_pack("{s:s, s:i, s:s, s:o, s:I, s:o}", "format", "wavediffusion-pairs", "version", 1,
                          "command", "decode", "model", model_describe(j.model), "count", (json_int_t)j.count,
                          "geometry", geometry_describe(j.model));
    if (o)
      json_object_set_new(o, a->codes ? "codes" : "latents", json_string(a->codes ? a->codes : a->latents));
    if (o && a->latents && j.latents.steps > 1)
      json_object_set_new(o, "step", json_integer(a->step < 0 ? (json_int_t)j.latents.steps - 1 : a->step));
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  double seconds = cli_seconds() - start;
  if (!st) {
    const wd_device_info *d = wd_device_get_info(j.device);
    if (c->json)
      st = cli_print_json(json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:o}", "output", a->output, "pairs",
                                    (json_int_t)j.count, "device", d->spec, "device_name", d->name, "model",
                                    wd_model_identity(j.model), "seconds", cli_real(seconds), "decode_ms",
                                    cli_real(1e3 * seconds / (double)j.count), "peak_memory_mib",
                                    cli_real(peak_memory())),
                          err);
    else
      printf("%s: %zu pairs decoded on %s, %.3g s\n", a->output, j.count, d->name, seconds);
  }
  job_close(&j);
  return st;
}

const cli_command cli_decode = {
    .name = "decode",
    .summary = "decode latents or codes to velocity maps and gathers",
    .details = "Writes velocity.npy, seismic.npy, latents.npy and recipe.json into DIR. Every cell of a "
               "latent is replaced by "
               "its nearest code before it is decoded, as in training. Gathers are what the decoder says; "
               "residual tells how "
               "far they are from the wave equation.",
    .example = "wavediffusion-cli decode --model resources/models/default --latents run/latents_steps.npy "
               "--step 4 -o halfway\n",
    .option = options,
    .size = sizeof(decode_args),
    .run = run,
};
