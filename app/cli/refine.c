/* wavediffusion-cli refine: gradient descent of the PDE residual in latent space. */
#include "app/cli/pairs.h"
#include "app/cli/setup.h"
#include "model/refine.h"

#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct refine_args {
  const char *model, *latents, *output, *device;
  int steps, measure, mode, precision;
  double rate;
  bool quantise;
} refine_args;

static const cli_option options[] = {
    CLI_MODEL_OPTION(refine_args),
    {"latents", 'z', CLI_TEXT, offsetof(refine_args, latents), true, .value = "Z.npy",
     .help = "latents (C,h,w) or (n,C,h,w), or recordings (n,steps+1,C,h,w), of which the last step counts"},
    {"steps", 'n', CLI_INT, offsetof(refine_args, steps), true, .min = 1, .max = 100000,
     .help = "steps of the descent"},
    {"measure", 0, CLI_CHOICE, offsetof(refine_args, measure),
     .choices = "reflection_residual|relative_l2|log_norm_mse", .initial = "reflection_residual",
     .help = "which residual descends; its denominator stays that of step 0"},
    {"rate", 'r', CLI_REAL, offsetof(refine_args, rate), .min = 1e-9, .max = 100, .initial = "0.02",
     .help = "Adam's rate: about how far each number of a latent moves a step"},
    CLI_MODE_OPTION(refine_args),
    {"quantise", 0, CLI_FLAG, offsetof(refine_args, quantise),
     .help = "decode the nearest codes, the gradient passing straight through them"},
    CLI_DEVICE_OPTION(refine_args),
    CLI_PRECISION_OPTION(refine_args),
    CLI_FOLDER_OPTION(refine_args),
    {0}};

typedef struct job {
  const refine_args *args;
  wd_device *device;
  wd_model *model;
  latent_file latents;
  pair_folder folder;
  int batch;
  size_t one;                              /* floats of a latent */
  float *start;                            /* a batch */
  wd_gather gather;                        /* one pair's decoded gathers */
  wd_measure *first, *last;                /* one a latent */
  double *before, *after, *change, *least; /* objective; denominator's change; least objective */
  int *least_step;
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  latents_close(&j->latents);
  wd_free(j->start);
  wd_gather_clear(&j->gather);
  wd_free(j->first);
  wd_free(j->last);
  wd_free(j->before);
  wd_free(j->after);
  wd_free(j->change);
  wd_free(j->least);
  wd_free(j->least_step);
  wd_model_close(j->model);
  wd_device_close(j->device);
}

static wd_status set_up(cli *c, job *j, wd_error *err) {
  const refine_args *a = j->args;
  wd_status st = model_open(c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), a->model, &j->device,
                            &j->model, err);
  if (!st) st = latents_open(j->model, a->latents, &j->latents, err);
  if (st) return st;
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  size_t n = j->latents.count;
  j->batch = wd_model_batch(j->device);
  j->one = (size_t)wd_model_latent(j->model).count;
  j->start = wd_calloc((size_t)j->batch, j->one * sizeof(float));
  j->first = wd_calloc(n, sizeof *j->first);
  j->last = wd_calloc(n, sizeof *j->last);
  j->before = wd_calloc(n, sizeof(double));
  j->after = wd_calloc(n, sizeof(double));
  j->change = wd_calloc(n, sizeof(double));
  j->least = wd_calloc(n, sizeof(double));
  j->least_step = wd_calloc(n, sizeof *j->least_step);
  if (!j->start || !j->first || !j->last || !j->before || !j->after || !j->change || !j->least ||
      !j->least_step)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu latents", n);
  st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &j->gather, err);
  if (!st)
    st = pair_folder_open(a->output, j->model, n, (size_t)a->steps + 1,
                          PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS | PAIR_STEPS, &j->folder, err);
  char path[4096];
  if (!st && snprintf(path, sizeof path, "%s/residuals.csv", a->output) >= (int)sizeof path)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", a->output);
  if (!st) st = wd_file_create(path, &j->folder.residuals, err);
  static const char head[] = "latent,step,objective,denominator,denominator_change,reflection_residual,"
                             "relative_l2,log_norm_mse,reflection_share\n";
  return st ? st : wd_file_write(j->folder.residuals, head, sizeof head - 1, err);
}

/* The rows of latent i of the batch, number `number` of the file. */
static wd_status write_rows(job *j, const wd_refine *r, int i, size_t number, wd_error *err) {
  j->least[number] = INFINITY;
  for (int k = 0; k <= wd_refine_steps(r); k++) {
    const wd_refine_record *x = wd_refine_get(r, k, i);
    const wd_measure *m = &x->measure;
    char line[400];
    double change = x->denominator_now / x->denominator - 1;
    int n = snprintf(line, sizeof line, "%zu,%d,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", number, k,
                     x->objective, x->denominator, change, m->reflection_residual, m->relative_l2,
                     m->log_norm_mse, m->reflection_share);
    wd_status st = wd_file_write(j->folder.residuals, line, (size_t)n, err);
    if (st) return st;
    if (k == 0) {
      j->first[number] = *m;
      j->before[number] = x->objective;
    }
    j->last[number] = *m;
    j->after[number] = x->objective;
    j->change[number] = change;
    if (x->objective < j->least[number]) {
      j->least[number] = x->objective;
      j->least_step[number] = k;
    }
  }
  return WD_OK;
}

/* What latent i of the batch became. */
static wd_status write_pair(job *j, const wd_refine *r, int i, size_t number, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(j->model)->geometry;
  const wd_latent_residual *residual = wd_refine_residual(r);
  size_t cells = (size_t)g->nz * (size_t)g->nx,
         coded = (size_t)g->shots * (size_t)g->instants * (size_t)g->receivers, at = (size_t)i;
  wd_status st = wd_codec_decode(wd_model_codec(j->model), wd_latent_residual_coded(residual) + at * coded,
                                 &j->gather, err);
  if (!st)
    st = wd_npy_writer_append(j->folder.velocity, wd_latent_residual_velocity(residual) + at * cells, cells,
                              err);
  if (!st) st = wd_npy_writer_append(j->folder.seismic, j->gather.value, wd_gather_count(&j->gather), err);
  int steps = wd_refine_steps(r);
  if (!st)
    st = wd_npy_writer_append(j->folder.latents, wd_refine_latents(r, steps) + at * j->one, j->one, err);
  for (int k = 0; k <= steps && !st; k++)
    st = wd_npy_writer_append(j->folder.steps, wd_refine_latents(r, k) + at * j->one, j->one, err);
  return st ? st : write_rows(j, r, i, number, err);
}

static wd_status one_batch(cli *c, job *j, size_t first, int n, wd_error *err) {
  const refine_args *a = j->args;
  wd_refine_desc desc = {.residual = {.measure = (wd_latent_objective)a->measure,
                                      .wave = {.mode = (wd_wave_mode)a->mode},
                                      .precision = (wd_precision)a->precision,
                                      .quantise = a->quantise},
                         .rate = a->rate};
  wd_refine *r = NULL;
  wd_status st = latents_read(&j->latents, first, n, -1, j->start, err);
  if (!st) st = wd_refine_create(j->model, n, j->start, &desc, &r, err);
  cli_progress_span(c, n);
  for (int k = 0; k < a->steps && !st; k++) {
    st = wd_refine_step(r, &c->hooks, err);
    if (!st) cli_progress_set(c, (double)first * a->steps + (double)n * (k + 1));
  }
  for (int i = 0; i < n && !st; i++) st = write_pair(j, r, i, first + (size_t)i, err);
  wd_refine_destroy(r);
  return st ? wd_fail_context(err, st, "latents %zu to %zu", first, first + (size_t)n - 1) : WD_OK;
}

static json_t *recipe_of(const job *j) {
  const refine_args *a = j->args;
  return json_pack("{s:s, s:i, s:s, s:o, s:s, s:I, s:i, s:s, s:s, s:f, s:s, s:b, s:s, s:s, s:o}", "format",
                   "wavediffusion-pairs", "version", 1, "command", "refine", "model",
                   model_describe(j->model), "latents", a->latents, "count", (json_int_t)j->latents.count,
                   "steps", a->steps, "measure", wd_latent_objective_name((wd_latent_objective)a->measure),
                   "rule", "Adam, constant rate, moments 0.9 and 0.999; denominator of step 0", "rate",
                   a->rate, "mode", wd_wave_mode_name((wd_wave_mode)a->mode), "quantise", (int)a->quantise,
                   "precision", a->precision ? "bf16" : "f32", "device", wd_device_get_info(j->device)->spec,
                   "geometry", geometry_describe(j->model));
}

static wd_status report(cli *c, const job *j, double seconds, wd_error *err) {
  const refine_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  const char *name = wd_latent_objective_name((wd_latent_objective)a->measure);
  json_t *each = json_array();
  for (size_t i = 0; i < j->latents.count; i++) {
    if (!c->json)
      printf("latent %zu: %s %.4g -> %.4g (least %.4g at step %d), denominator %+.2g %%\n", i, name,
             j->before[i], j->after[i], j->least[i], j->least_step[i], 100 * j->change[i]);
    json_array_append_new(each,
                          json_pack("{s:o, s:o, s:o, s:i, s:o}", "before", cli_real(j->before[i]), "after",
                                    cli_real(j->after[i]), "least", cli_real(j->least[i]), "least_step",
                                    j->least_step[i], "denominator_change", cli_real(j->change[i])));
  }
  json_t *before = residual_summary(j->first, j->latents.count, err);
  json_t *after = before ? residual_summary(j->last, j->latents.count, err) : NULL;
  wd_status st = after ? WD_OK : WD_ERR_NO_MEMORY;
  if (!st && c->json) {
    st = cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:O, s:O, s:O, s:o, s:o}", "output",
                                  a->output, "measure", name, "mode",
                                  wd_wave_mode_name((wd_wave_mode)a->mode), "device", d->spec, "device_name",
                                  d->name, "model", wd_model_identity(j->model), "steps", a->steps, "latents",
                                  each, "before", before, "after", after, "seconds", cli_real(seconds),
                                  "peak_memory_mib", cli_real(peak_memory())),
                        err);
  } else if (!st) {
    printf("before, over all latents\n");
    residual_print(before);
    printf("after %d steps\n", a->steps);
    residual_print(after);
  }
  json_decref(each);
  json_decref(before);
  json_decref(after);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const refine_args *a = arguments;
  job j = {.args = a};
  wd_status st = set_up(c, &j, err);
  double start = cli_seconds();
  if (!st) cli_progress_begin(c, "refine", "steps", (double)j.latents.count * a->steps, 0);
  for (size_t first = 0; first < j.latents.count && !st;) {
    int n = j.latents.count - first < (size_t)j.batch ? (int)(j.latents.count - first) : j.batch;
    st = one_batch(c, &j, first, n, err);
    first += (size_t)n;
  }
  if (!st) cli_progress_end(c);
  if (!st) {
    json_t *recipe = recipe_of(&j);
    st = recipe ? pair_folder_close(&j.folder, recipe, err)
                : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the recipe");
    json_decref(recipe);
  }
  if (!st) st = report(c, &j, cli_seconds() - start, err);
  job_close(&j);
  return st;
}

const cli_command cli_refine = {
    .name = "refine",
    .summary = "move latents towards the wave equation by gradient descent of their PDE residual",
    .details =
        "The gradient of the residual with respect to the latent runs through both decoders and the solver's "
        "adjoint; Adam with a constant rate follows it, each latent for itself. The residual's denominator "
        "is "
        "that of step 0 throughout, so that no reflections are invented to divide by, and residuals.csv says "
        "at "
        "every step what the objective is, how far the denominator has moved, and what all figures are over "
        "the "
        "step's own. Unless --quantise is given, latents are decoded as they are, not by their nearest "
        "codes. "
        "Writes velocity.npy, seismic.npy (what the decoder says), latents.npy, latents_steps.npy, "
        "residuals.csv and recipe.json.",
    .example =
        "wavediffusion-cli refine --model resources/models/default --latents run/latents.npy --steps 20 "
        "--mode live -o refined\n",
    .option = options,
    .size = sizeof(refine_args),
    .run = run,
};
