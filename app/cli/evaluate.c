/* wavediffusion-cli evaluate: everything that can be measured of a model, as a table, a JSON file and
 * figures. */
#include "app/cli/evaluate.h"

#include "app/cli/dataset.h"
#include "app/cli/pairs.h"

#include "solver/family.h"
#include "solver/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct evaluate_args {
  const char *model, *output, *device;
  int count, trajectories, steps, sampler, mode, floor_maps, training_maps, refined, batch;
  uint64_t seed;
  double eta, guidance;
  bool figure, dry_run;
} evaluate_args;

static const cli_option options[] = {
    CLI_MODEL_OPTION(evaluate_args),
    CLI_FOLDER_OPTION(evaluate_args),
    {"count", 'n', CLI_INT, offsetof(evaluate_args, count), .min = WD_FAMILIES, .max = 100000,
     .initial = "1000", .help = "test pairs, and latents of every population"},
    {"figure", 0, CLI_FLAG, offsetof(evaluate_args, figure), .help = "write figures (PNG) too"},
    CLI_DEVICE_OPTION(evaluate_args),
    {"mode", 'm', CLI_CHOICE, offsetof(evaluate_args, mode), .choices = "exact|fast", .initial = "exact",
     .help = "arithmetic of the residuals' simulations; test pairs are always exact"},
    {"steps", 0, CLI_INT, offsetof(evaluate_args, steps), .min = 1, .max = 10000,
     .help = "steps of sampling [16]"},
    {"sampler", 0, CLI_CHOICE, offsetof(evaluate_args, sampler), .choices = "dpmpp-2m|ddim|ddpm",
     .initial = "dpmpp-2m", .help = "how latents are sampled"},
    {"eta", 0, CLI_REAL, offsetof(evaluate_args, eta), .min = 0, .max = 1,
     .help = "noise of DDIM, 0 to 1 [0]"},
    {"guidance", 0, CLI_REAL, offsetof(evaluate_args, guidance), .min = -1, .max = 100,
     .help = "strength of classifier-free guidance [0]"},
    {"seed", 's', CLI_UINT64, offsetof(evaluate_args, seed), .initial = "0",
     .help = "seed of the first latent; the others follow"},
    {"trajectories", 0, CLI_INT, offsetof(evaluate_args, trajectories), .min = 1, .max = 100000,
     .help = "seeds measured at every step [a tenth of --count; from 500 on a fifth, at most 200]"},
    {"floor-maps", 0, CLI_INT, offsetof(evaluate_args, floor_maps), .min = 1, .max = 100000,
     .help = "test maps simulated on a grid three times finer [--count / 50, 2 to 10]"},
    {"training-maps", 0, CLI_INT, offsetof(evaluate_args, training_maps), .min = 1, .max = 10000000,
     .help = "training maps among which nearest neighbours are looked for [5000]"},
    {"refined", 0, CLI_INT, offsetof(evaluate_args, refined), .min = 0, .max = 100000, .initial = "32",
     .help = "generated latents that are refined, 20 gradient steps each; 0: none"},
    {"batch", 0, CLI_INT, offsetof(evaluate_args, batch), .min = 1, .max = 1024,
     .help = "latents in one run of a network [1; CUDA 16]"},
    CLI_DRY_RUN_OPTION(evaluate_args),
    {0}};

static wd_status run_phases(cli *c, wd_evaluation *e, wd_error *err) {
  for (int p = 0; p < WD_EVALUATION_PHASES; p++) {
    wd_phase_info info = wd_evaluation_info(e, (wd_evaluation_phase)p);
    if (info.units == 0) continue;
    cli_progress_begin(c, info.name, info.unit, info.units, 0);
    cli_progress_span(c, info.units);
    wd_status st = wd_evaluation_run(e, (wd_evaluation_phase)p, &c->hooks, err);
    if (st) return st;
    cli_progress_set(c, info.units);
    cli_progress_end(c);
  }
  return WD_OK;
}

static wd_status write_report(const char *folder, const json_t *report, wd_error *err) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/evaluation.json", folder) >= (int)sizeof path)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", folder);
  char *text = json_dumps(report, JSON_INDENT(2) | JSON_REAL_PRECISION(9) | JSON_PRESERVE_ORDER);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for evaluation.json");
  wd_file *file = NULL;
  wd_status st = wd_file_create(path, &file, err);
  if (!st) st = wd_file_write(file, text, strlen(text), err);
  if (!st) st = wd_file_write(file, "\n", 1, err);
  if (!st)
    st = wd_file_commit(file, err);
  else
    wd_file_abort(file);
  free(text);
  return st;
}

/* What makes the figures again, in the names of the options. */
static char *recipe_of(const evaluate_args *a, wd_model *model, const wd_evaluation *e) {
  const wd_evaluate_desc *d = wd_evaluation_get_desc(e);
  json_t *o =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:f, s:f, s:I, s:i, s:s}", "program",
                "wavediffusion-cli", "version", WD_VERSION, "command", "evaluate", "model", a->model,
                "model_identity", wd_model_identity(model), "count", d->count, "mode",
                wd_wave_mode_name(d->mode), "sampler", wd_sampler_name(d->plan.kind), "steps", d->plan.steps,
                "eta", d->plan.eta, "guidance", d->plan.guidance, "seed", (json_int_t)d->seed, "trajectories",
                d->trajectories, "device", wd_device_get_info(wd_model_device(model))->spec);
  char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(o);
  return text;
}

static wd_status finish(cli *c, const evaluate_args *a, wd_model *model, wd_evaluation *e, wd_error *err) {
  json_t *report = wd_evaluation_report(e);
  char *recipe = recipe_of(a, model, e);
  wd_status st = report && recipe ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the report");
  if (!st) {
    json_object_set_new(report, "program", json_string("wavediffusion-cli " WD_VERSION));
    json_object_set_new(report, "recipe", json_loads(recipe, 0, NULL));
  }
#ifdef WD_HAVE_RENDER
  if (!st && a->figure) st = evaluate_figures(model, e, a->output, recipe, err);
#endif
  /* Last, so that where it stands everything stands. */
  if (!st) st = write_report(a->output, report, err);
  if (!st) {
    if (c->json) {
      st = cli_print_json(report, err);
      report = NULL;
    } else {
      evaluate_print(report);
    }
  }
  json_decref(report);
  free(recipe);
  return st;
}

static wd_status tell_plan(cli *c, const evaluate_args *a, const wd_model *model, const wd_evaluation *e,
                           wd_error *err) {
  cli_plan *p = cli_plan_new(c);
  for (int k = 0; k < WD_EVALUATION_PHASES; k++) {
    const wd_phase_info info = wd_evaluation_info(e, (wd_evaluation_phase)k);
    if (info.units > 0) cli_plan_count(p, info.name, info.units);
  }
  cli_plan_device(p, wd_model_device(model), wd_wave_mode_name(wd_evaluation_get_desc(e)->mode));
  cli_plan_model(p, model);
#ifdef WD_HAVE_RENDER
  const char *const *name = evaluate_figure_names(wd_model_has(model, WD_STAGE2));
  for (; a->figure && *name; name++) cli_plan_file(p, a->output, *name, NAN, false);
#endif
  cli_plan_file(p, a->output, "evaluation.json", NAN, false);
  return cli_plan_show(p, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const evaluate_args *a = arguments;
#ifndef WD_HAVE_RENDER
  if (a->figure) return wd_fail(err, WD_ERR_UNSUPPORTED, "this build draws no figures");
#endif
  static const wd_sampler_kind kind[] = {WD_SAMPLER_DPMPP_2M, WD_SAMPLER_DDIM, WD_SAMPLER_DDPM};
  wd_device *device = NULL;
  wd_model *model = NULL;
  wd_evaluation *e = NULL;
  wd_evaluate_desc desc = {
      .count = a->count,
      .trajectories = a->trajectories,
      .plan = {.kind = kind[a->sampler], .steps = a->steps, .eta = a->eta, .guidance = a->guidance},
      .seed = a->seed,
      .mode = a->mode == 1 ? WD_WAVE_FAST : WD_WAVE_EXACT,
      .batch = a->batch,
      .floor_maps = a->floor_maps,
      .training_maps = a->training_maps,
      .refined = a->refined ? a->refined : -1,
      .pictures = a->figure};
  wd_status st = model_open(c, a->device, wd_wave_mode_name(desc.mode), a->model, &device, &model, err);
  if (!st && !wd_model_has(model, WD_STAGE2))
    cli_note(c, "%s has no stage 2: nothing is generated", a->model);
  if (!st) st = a->dry_run ? cli_plan_folder(a->output, err) : dataset_make_folder(a->output, err);
  if (!st) st = wd_evaluation_create(model, &desc, &e, err);
  if (!st && a->dry_run) {
    st = tell_plan(c, a, model, e, err);
  } else {
    if (!st) st = run_phases(c, e, err);
    if (!st) st = finish(c, a, model, e, err);
  }
  wd_evaluation_destroy(e);
  wd_model_close(model);
  wd_device_close(device);
  return st;
}

const cli_command cli_evaluate = {
    .name = "evaluate",
    .summary = "measure a model: reconstruction, PDE residuals, validity, generation, cost",
    .details =
        "Takes the first maps of the fixed test split, families in turn, simulates them in exact mode, and "
        "measures: the temporal codec alone; stage 1 from both modalities, from gathers alone and from the "
        "map "
        "alone; the PDE residual of real pairs, N(0, I) latents, random codes and generated pairs, and of "
        "these "
        "at every step; the share of each within epsilon (the 95th percentile over real pairs) and within "
        "0.1, "
        "0.3 and 0.5; distances of generated pairs from real ones; mirrored pairs; the discretisation floor; "
        "and what things cost on this machine. All of it stands in evaluation.json, also by family.",
    .example = "wavediffusion-cli evaluate --model resources/models/default --output evaluation --count 100 "
               "--figure\n",
    .option = options,
    .size = sizeof(evaluate_args),
    .run = run,
};
