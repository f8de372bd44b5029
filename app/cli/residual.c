/* wavediffusion-cli residual: how far pairs of velocity map and gathers are from the wave equation. */
#include "app/cli/residual.h"

#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

static void job_close(residual_job *j) {
  wd_file_abort(j->csv);
  wd_free(j->pairs.velocity);
  wd_free(j->pairs.gathers);
  wd_free(j->pairs.why);
  wd_free(j->latent);
  wd_free(j->measure);
  wd_free(j->gain);
  faults_clear(&j->faults);
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

static wd_status check(const residual_args *a, wd_error *err) {
  int ways = (a->folder != NULL) + (a->velocity || a->seismic) + (a->latents != NULL);
  if (ways != 1)
    return cli_usage_error(err, "give a folder, or --velocity with --seismic, or --latents with --model");
  if (!a->velocity != !a->seismic) return cli_usage_error(err, "--velocity and --seismic go together");
  if (a->latents && !a->model) return cli_usage_error(err, "--latents and --model go together");
  const bool recording = residual_of_recording(a);
  if (a->model && !a->latents && !recording) return cli_usage_error(err, "--latents and --model go together");
  if (!recording && (a->step >= 0 || a->branch > 1))
    return cli_usage_error(err, "--step and --branch are of a recording");
  return WD_OK;
}

static wd_status set_up(residual_job *j, wd_error *err) {
  const residual_args *a = j->args;
  wd_status st = check(a, err);
  if (!st) st = cli_open_device(j->c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), &j->device, err);
  if (!st) st = residual_open(j, err);
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
  const size_t batch = (size_t)j->batch;
  pair_batch *b = &j->pairs;
  b->cells = (size_t)j->nz * (size_t)j->nx;
  b->samples = (size_t)j->shots * (size_t)j->samples * (size_t)j->receivers;
  b->latent = j->model ? (size_t)wd_model_latent(j->model).count : 0;
  b->velocity = wd_calloc(batch, b->cells * sizeof(float));
  b->gathers = wd_calloc(batch, b->samples * sizeof(float));
  b->why = wd_calloc(batch, sizeof *b->why);
  if (b->latent) j->latent = wd_calloc(batch, b->latent * sizeof(float));
  j->measure = wd_calloc(j->count, sizeof *j->measure);
  j->gain = wd_calloc(j->count, sizeof *j->gain);
  if (!b->velocity || !b->gathers || !b->why || (b->latent && !j->latent) || !j->measure || !j->gain)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to score %zu pairs", j->count);
  if (a->output) {
    st = wd_file_create(a->output, &j->csv, err);
    if (!st) st = residual_header(j->csv, err);
  }
  return st;
}

/* ---- scoring */

/* Pair i into place k of the batch. */
static wd_status read_pair(residual_job *j, size_t i, int k, wd_error *err) {
  const pair_batch *b = &j->pairs;
  float *own_map = b->velocity + (size_t)k * b->cells, *own_gather = b->gathers + (size_t)k * b->samples;
  wd_map map = {0};
  wd_gather gather = {0};
  wd_status st;
  if (j->data) {
    st = wd_openfwi_pair(j->data, i, &map, &gather, err);
    if (!st) memcpy(own_gather, gather.value, b->samples * sizeof(float));
  } else {
    st = wd_npy_read_map(j->velocity, i, j->survey->spacing, &map, err);
    if (!st) st = wd_npy_read_gather_into(j->seismic, i, own_gather, err);
  }
  if (!st) memcpy(own_map, map.value, b->cells * sizeof(float));
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

/* Every pair of the batch, or why it cannot be read: the files are open, so that what is wrong with their
 * form is a number that is none, in that pair. */
static wd_status read_pairs(residual_job *j, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < j->pairs.n && !st; i++) {
    wd_error mine = {0};
    st = j->model ? latents_read(&j->latents, j->at + (size_t)i, 1, -1,
                                 j->latent + (size_t)i * j->pairs.latent, &mine)
                  : read_pair(j, j->at + (size_t)i, i, &mine);
    if (st == WD_ERR_FORMAT) {
      j->pairs.why[i] = mine;
      st = WD_OK;
    } else if (st && err) {
      *err = mine;
    }
  }
  return st ? st : faults_take(&j->faults, j->at, j->pairs.n, BLAME_FILE, j->pairs.why, err);
}

static wd_status write_row(residual_job *j, size_t i, wd_error *err) {
  char seed[24] = "";
  const char *family = "";
  int step = 0;
  if (j->seeds.count) {
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->seeds.seed[i]);
    if (j->family >= 0) family = family_word(family_of_choice(j->family, j->seeds.seed[i]));
    step = (int)json_integer_value(json_object_get(j->recipe, "steps"));
  }
  const wd_error *why = &j->pairs.why[i - j->at];
  residual_row row = {seed,     family, step,           -1,
                      INFINITY, "x0",   &j->measure[i], why->code ? why->message : NULL};
  if (j->recorded.count) {
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->recorded.seed);
    row.family = family_word(j->recorded.family);
    row.step = j->recorded.first + (int)i;
    row.timestep = j->recorded.timestep[i];
    row.log_snr = j->recorded.log_snr[i];
  }
  return residual_write(j->csv, &row, err);
}

static wd_status score_one(void *user, int i, int place, wd_error *err) {
  residual_job *j = user;
  const wd_compare_desc desc = {.calibration = (wd_calibration)j->args->calibrate, .spectral = true};
  const size_t at = j->at + (size_t)i;
  wd_status st = pairs_compare(j->residual, &j->pairs, i, place, &desc, &j->measure[at], &j->gain[at], err);
  return st || !j->csv ? st : write_row(j, at, err);
}

static wd_status score(residual_job *j, size_t first, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = j->c->hooks.cancel};
  const recorded *z = &j->recorded;
  pair_batch *b = &j->pairs;
  b->n = n;
  j->at = first;
  memset(b->why, 0, (size_t)n * sizeof *b->why);
  wd_status st = z->count ? WD_OK : read_pairs(j, err);
  if (!st && j->model) {
    st = pairs_decode(j->decoder, b, z->count ? z->latents + first * z->one : j->latent, &quiet, err);
    if (!st) st = faults_take(&j->faults, first, n, BLAME_NETWORK, b->why, err);
  }
  if (st) return st;
  cli_progress_span(j->c, n);
  st = pairs_simulate(j->residual, b, &j->c->hooks, score_one, j, err);
  if (st) return wd_fail_context(err, st, n > 1 ? "pairs from %zu on" : "pair %zu", first);
  return faults_take(&j->faults, first, n, BLAME_SOLVER, b->why, err);
}

/* ---- the result */

static json_t *pair_json(const residual_job *j, size_t i) {
  const wd_measure *m = &j->measure[i];
  json_t *o = json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "pair", (json_int_t)i + j->recorded.first,
      "reflection_residual", cli_real(m->reflection_residual), "relative_l2", cli_real(m->relative_l2),
      "log_norm_mse", cli_real(m->log_norm_mse), "reflection_share", cli_real(m->reflection_share), "mae",
      cli_real(m->mae), "correlation", cli_real(m->correlation), "coherence", cli_real(m->coherence),
      "envelope_misfit", cli_real(m->envelope), "nothing_to_reflect", (int)m->nothing_to_reflect);
  if (o && j->args->calibrate) json_object_set_new(o, "gain", cli_real(j->gain[i]));
  const pair_fault *f = faults_find(&j->faults, i);
  if (o && f) json_object_set_new(o, "fault", json_string(f->why));
  return o;
}

/* What knowing nothing, and knowing the top row, would score on these maps. */
static wd_status levels(const residual_job *j, double *silence, double *direct, wd_error *err) {
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

static wd_status report(residual_job *j, wd_error *err) {
  const residual_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  const char *mode = wd_wave_mode_name((wd_wave_mode)a->mode);
  const fault_words words = {.count = j->count,
                             .many = "pairs",
                             .one = "pair",
                             .done = "scored",
                             .file = a->output,
                             .first = (uint64_t)j->recorded.first};
  double silence = NAN, direct = NAN;
  wd_status st = faults_all(&j->faults, &words, err);
  if (!st) st = levels(j, &silence, &direct, err);
  json_t *o = st ? NULL : residual_summary(j->measure, j->count, err);
  if (!o) return st ? st : WD_ERR_NO_MEMORY;
  if (j->c->json) {
    json_object_set_new(o, "silence_log_norm_mse", cli_real(silence));
    json_object_set_new(o, "direct_log_norm_mse", cli_real(direct));
    json_object_set_new(o, "mode", json_string(mode));
    json_object_set_new(o, "device", json_string(d->spec));
    json_object_set_new(o, "device_name", json_string(d->name));
    if (a->output) json_object_set_new(o, "output", json_string(a->output));
    if (j->faults.count) json_object_set_new(o, "faults", faults_json(&j->faults, &words));
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
  faults_print(&j->faults, &words);
  if (a->per_pair)
    printf("\n%8s %19s %12s %12s %16s\n", j->recorded.count ? "step" : "pair", "reflection_residual",
           "relative_l2", "log_norm_mse", "reflection_share");
  for (size_t i = 0; i < j->count && a->per_pair; i++) {
    const wd_measure *m = &j->measure[i];
    printf("%8zu %19.6g %12.6g %12.6g %16.6g%s\n", i + (size_t)j->recorded.first, m->reflection_residual,
           m->relative_l2, m->log_norm_mse, m->reflection_share,
           faults_find(&j->faults, i) ? "  not whole"
           : m->nothing_to_reflect    ? "  nothing to reflect"
                                      : "");
  }
  return WD_OK;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  residual_job j = {.c = c, .args = arguments, .family = -1};
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
        "the mode that made them is part of the answer.\n\n"
        "A map that the solver refuses, or numbers that are not finite, are the fault of that pair: its "
        "figures are undefined, with the reason beside them, and the others go on. The exit code is 3 only "
        "where not one of the pairs could be scored, or 2 where the files are to blame for all of them.",
    .example =
        "wavediffusion-cli residual run\n"
        "wavediffusion-cli residual run.wdrun --step 16\n"
        "wavediffusion-cli residual --model resources/models/default --latents run/latents.npy --json\n",
    .operand = operands,
    .option = options,
    .size = sizeof(residual_args),
    .run = run,
};
