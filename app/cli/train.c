/* wavediffusion-cli train: both stages, from nothing or from given weights, resumable. */
#include "app/cli/train.h"

#include "app/cli/plan.h"
#include "app/models.h"
#include "model/import.h"
#include "solver/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAGE_AUTOENCODER, STAGE_DIFFUSION, STAGE_GATHERS };

static const cli_option options[] = {
    {"stage", 0, CLI_CHOICE, offsetof(train_args, stage), true, .choices = "autoencoder|diffusion|gathers",
     .help = "autoencoder (encoders, codebook, decoders), then diffusion (the denoiser of its latents), then "
             "gathers (their decoder alone, on pairs that redraw made)"},
    {"data", 0, CLI_TEXT, offsetof(train_args, data), true, .value = "DIR",
     .help = "training shards, as generate --codec makes them, or a folder of real OpenFWI files"},
    {"output", 'o', CLI_TEXT, offsetof(train_args, output), true, .value = "DIR",
     .help = "the model's folder; diffusion expects the trained autoencoder there, or in --from"},
    {"from", 0, CLI_TEXT, offsetof(train_args, from), .value = "DIR",
     .help = "start from this model's weights"},
    {"resume", 0, CLI_FLAG, offsetof(train_args, resume),
     .help = "go on with the run that was stopped in --output; give its other options again"},
    {"denoiser-from", 0, CLI_TEXT, offsetof(train_args, denoiser_from), .value = "DIR",
     .help = "diffusion: start from the denoiser of this model, though it was made for another autoencoder"},
    {"other-data", 0, CLI_FLAG, offsetof(train_args, other_data),
     .help = "with --resume: go on, on other data than before (shards were added or replaced)"},
    {"steps", 0, CLI_INT, offsetof(train_args, steps), .min = 1, .max = 1000000000,
     .help = "steps in all; the learning rate falls to zero over them"},
    {"time-limit", 0, CLI_REAL, offsetof(train_args, time_limit), .value = "SECONDS", .min = 1, .max = 1e8,
     .help =
         "stop after this training time, resumed runs counted in; without --steps the learning rate falls "
         "to zero over it"},
    {"batch", 0, CLI_INT, offsetof(train_args, batch), .min = 1, .max = 4096,
     .help = "pairs a step [autoencoder and gathers 8, diffusion 32]"},
    {"rate", 0, CLI_REAL, offsetof(train_args, rate), .min = 1e-8, .max = 1,
     .help = "peak learning rate [autoencoder and gathers 8e-4, diffusion 6e-4]"},
    {"seed", 's', CLI_UINT64, offsetof(train_args, seed), .initial = "1",
     .help = "of the starting weights, the order of the data and the noise"},
    {"precision", 0, CLI_CHOICE, offsetof(train_args, precision), .choices = "f32|bf16", .initial = "f32",
     .help = "of the operands of convolutions and matrix products; sums are float32"},
    {"velocity-width", 0, CLI_INT, offsetof(train_args, velocity_width), .min = 4, .max = 2048,
     .help = "channels of the velocity towers [64]; a new autoencoder only"},
    {"seismic-width", 0, CLI_INT, offsetof(train_args, seismic_width), .min = 4, .max = 2048,
     .help = "channels of the seismic towers [128]; a new autoencoder only"},
    {"latent", 0, CLI_INT, offsetof(train_args, latent), .min = 2, .max = 64,
     .help = "channels of the latent [8]; a new autoencoder only"},
    {"codes", 0, CLI_INT, offsetof(train_args, codes), .min = 2, .max = 1 << 20,
     .help = "codes in the codebook [8192]; a new autoencoder only"},
    {"two-codebooks", 0, CLI_FLAG, offsetof(train_args, two_codebooks),
     .help = "a codebook for each modality (2VQ) instead of one for both; a new autoencoder only"},
    {"denoiser-width", 0, CLI_INT, offsetof(train_args, denoiser_width), .min = 4, .max = 2048,
     .help = "channels of the denoiser [96]; a new denoiser only"},
    {"sheet-every", 0, CLI_REAL, offsetof(train_args, sheet_every), .value = "MINUTES", .initial = "10",
     .min = 0, .max = 1e6,
     .help = "validate, draw a contact sheet and publish the weights this often; 0: only at the end"},
    {"save-every", 0, CLI_REAL, offsetof(train_args, save_every), .value = "MINUTES", .initial = "5",
     .min = 0, .max = 1e6,
     .help = "save the state that --resume needs this often; 0: only when the run stops"},
    {"weights", 0, CLI_CHOICE, offsetof(train_args, weights), .choices = "f16|bf16|f32", .initial = "f16",
     .help = "number type of the published weights"},
    {"pieces", 0, CLI_FLAG, offsetof(train_args, pieces),
     .help = "publish weights in pieces of less than 15 MiB"},
    CLI_DEVICE_OPTION(train_args),
    CLI_DRY_RUN_OPTION(train_args),
    {0}};

static wd_status make_folder(const char *path, wd_error *err) {
  if (!mkdir(path, 0777) || errno == EEXIST) return WD_OK;
  return wd_fail(err, WD_ERR_IO, "%s: cannot make this folder: %s", path, strerror(errno));
}

static const char *stage_word(const train_run *r) {
  return r->gathers ? "gathers" : r->stage == WD_STAGE1 ? "autoencoder" : "diffusion";
}

static bool there(const char *folder, const char *start) {
  char path[4096 + 64];
  for (int piece = 0; piece < 2; piece++) {
    /* Whole, or the first of any number of pieces (at most a hundred are looked for). */
    for (int of = 1; of <= (piece ? 100 : 1); of++) {
      if (piece)
        snprintf(path, sizeof path, "%s/%s-00001-of-%05d.safetensors", folder, start, of);
      else
        snprintf(path, sizeof path, "%s/%s.safetensors", folder, start);
      if (!access(path, F_OK)) return true;
    }
  }
  return false;
}

/* What is asked for against what lies in the output folder. */
static wd_status check_output(const train_args *a, const train_run *r, wd_error *err) {
  const char *name = r->stage == WD_STAGE1 ? "stage1" : "stage2";
  bool state = !access(r->state, F_OK);
  if (a->resume && !state)
    return wd_fail(err, WD_ERR_ARGUMENT, "nothing to resume: %s is not there", r->state);
  if (!a->resume && state)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "%s holds a run of this stage: go on with it (--resume), or remove that file to begin anew",
        r->state);
  if (!a->resume && !a->from && there(a->output, name))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%s holds trained weights of this stage: continue from them (--from %s), or take another "
                   "folder",
                   a->output, a->output);
  return WD_OK;
}

/* All of a model: what is trained is a part of it, and the rest is published beside it. */
static wd_status open_whole(const train_args *a, train_run *r, wd_error *err) {
  const char *from = a->from ? a->from : a->resume ? a->output : NULL;
  if (!from) return cli_usage_error(err, "--stage gathers goes on from a trained model: --from DIR");
  char path[4096];
  wd_status st = wd_find_model(from, path, sizeof path, err);
  return st ? st : wd_model_open(r->device, path, true, &r->model, err);
}

static wd_status open_stage1(const train_args *a, train_run *r, wd_error *err) {
  bool sizes = a->velocity_width || a->seismic_width || a->latent || a->codes || a->two_codebooks;
  /* Other data have other amplitudes: those that the run began with are in its weights. */
  const char *from = !a->from && a->resume && a->other_data ? a->output : a->from;
  if (from) {
    if (sizes) return cli_usage_error(err, "the sizes of the networks come with --from");
    char path[4096];
    wd_status st = wd_find_model(from, path, sizeof path, err);
    return st ? st : wd_model_open_stage1(r->device, path, true, &r->model, err);
  }
  wd_model_config c = {.geometry = *wd_corpus_get_desc(r->corpus),
                       .stage1 = {.velocity_width = a->velocity_width,
                                  .seismic_width = a->seismic_width,
                                  .latent = a->latent,
                                  .codes = a->codes,
                                  .two_codebooks = a->two_codebooks}};
  return wd_model_create(r->device, &c, a->seed, true, &r->model, err);
}

/* The weights of another model's denoiser, of the same sizes, as those to start from. */
static wd_status borrow_denoiser(const char *name, train_run *r, uint64_t seed, wd_error *err) {
  char path[4096];
  wd_model *other = NULL;
  float *value = NULL;
  wd_status st = wd_find_model(name, path, sizeof path, err);
  if (!st) st = wd_model_open(r->device, path, false, &other, err);
  if (!st && !wd_model_has(other, WD_STAGE2))
    st = wd_fail(err, WD_ERR_ARGUMENT, "--denoiser-from %s: that model has no denoiser", name);
  if (!st) st = wd_model_restart(r->model, WD_STAGE2, &wd_model_get_config(other)->stage2, seed, err);
  wd_params *from = other ? wd_model_params(other, WD_STAGE2) : NULL,
            *to = st ? NULL : wd_model_params(r->model, WD_STAGE2);
  if (!st && from->total != to->total)
    st = wd_fail(err, WD_ERR_SHAPE, "%s has a denoiser of another size", name);
  if (!st && !(value = wd_calloc(to->total, sizeof *value)))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a denoiser's weights");
  for (int i = 0; !st && i < to->count; i++) {
    int k = wd_params_find(from, to->param[i].name);
    if (k < 0 || from->param[k].count != to->param[i].count)
      st = wd_fail(err, WD_ERR_SHAPE, "%s: its denoiser has no \"%s\" of this size", name, to->param[i].name);
    if (!st) st = wd_params_get(from, k, value, err);
    if (!st) st = wd_params_set(to, i, value, err);
  }
  if (!st) wd_params_changed(to);
  wd_free(value);
  wd_model_close(other);
  return st;
}

static bool same_folder(const char *a, const char *b) {
  struct stat one, two;
  return !stat(a, &one) && !stat(b, &two) && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* The autoencoder of --from goes into the output folder too: a model is one folder. */
static wd_status open_stage2(const train_args *a, train_run *r, wd_error *err) {
  char source[4096];
  wd_status st = wd_find_model(a->from ? a->from : a->output, source, sizeof source, err);
  if (st) return st;
  bool continued = a->from && there(source, "stage2");
  st = continued ? wd_model_open(r->device, source, true, &r->model, err)
                 : wd_model_open_stage1(r->device, source, true, &r->model, err);
  if (!st && a->from) {
    const bool same = same_folder(source, a->output);
    wd_model_save_desc save = {.type = r->type, .limit = r->limit};
    if (!same && !a->resume && !a->dry_run) st = wd_model_save(r->model, WD_STAGE1, a->output, &save, err);
    if (!same && a->resume) {
      wd_model_close(r->model);
      r->model = NULL;
      st = wd_model_open_stage1(r->device, a->output, true, &r->model, err);
      continued = false;
    }
  }
  if (st || continued) return st;
  if (a->denoiser_from) return borrow_denoiser(a->denoiser_from, r, a->seed, err);
  wd_stage2_config c = {.width = a->denoiser_width,
                        .size = wd_model_latent(r->model).height,
                        .latent = wd_model_latent(r->model).channels};
  return wd_model_restart(r->model, WD_STAGE2, &c, a->seed, err);
}

static wd_status publish(cli *c, train_run *r, wd_error *err) {
  return wd_trainer_publish(r->trainer, r->args->output, r->type, r->limit, &c->hooks, err);
}

/* Validation and a sheet with the averaged weights, then the weights themselves. */
static wd_status show(cli *c, train_run *r, wd_error *err) {
  wd_status st = publish(c, r, err);
  if (!st) st = wd_trainer_average(r->trainer, true, err);
  if (!st) st = train_show(c, r, err);
  wd_error second;
  wd_status back = wd_trainer_average(r->trainer, false, st ? &second : err);
  return st ? st : back;
}

static void tell(cli *c, const train_run *r, const wd_train_report *p, double rate) {
  if (r->gathers)
    cli_note(c, "step %ld: loss %.4g (direct %.4g, scattered %.4g, total %.4g), %.3g pairs/s", p->step,
             p->loss[0], p->loss[1], p->loss[2], p->loss[3], rate);
  else if (r->stage == WD_STAGE1)
    cli_note(c,
             "step %ld: loss %.4g (velocity %.4g, surface %.4g, direct %.4g, scattered %.4g, total %.4g), "
             "codes %.0f %%, "
             "%.3g pairs/s",
             p->step, p->loss[0], p->loss[2], p->loss[3], p->loss[4], p->loss[5], p->loss[6],
             isfinite(p->codes_used) ? 100 * p->codes_used : 0, rate);
  else
    cli_note(c, "step %ld: loss %.4g, %.3g latents/s", p->step, p->loss[0], rate);
}

/* Steps until done, stopped or failed; the state is saved in every case but the last. */
static wd_status loop(cli *c, train_run *r, wd_error *err) {
  const train_args *a = r->args;
  wd_trainer *t = r->trainer;
  double saved = cli_seconds(), shown = saved, told = saved;
  long told_step = wd_trainer_steps(t);
  bool by_steps = a->steps > 0;
  double total = by_steps ? (double)a->steps : a->time_limit;
  cli_progress_begin(c, stage_word(r), by_steps ? "steps" : "s", total,
                     by_steps ? (double)wd_trainer_steps(t) : wd_trainer_seconds(t));
  wd_status st = WD_OK;
  bool limit = false;
  while (!st && !wd_trainer_done(t)) {
    limit = a->time_limit > 0 && wd_trainer_seconds(t) >= a->time_limit;
    if (limit) break;
    wd_train_report p;
    st = wd_trainer_step(t, &(wd_hooks){.cancel = c->hooks.cancel}, &p, err);
    if (st) break;
    st = train_log_row(r, &p, err);
    cli_progress_set(c, by_steps ? (double)p.step : p.seconds);
    double now = cli_seconds();
    if (now - told > 30 || p.step == 1) {
      tell(c, r, &p, (double)((p.step - told_step) * wd_trainer_get_desc(t)->batch) / (now - told + 1e-9));
      told = now;
      told_step = p.step;
    }
    if (!st && a->save_every > 0 && now - saved > 60 * a->save_every) {
      st = wd_trainer_save(t, r->state, err);
      saved = cli_seconds();
    }
    if (!st && a->sheet_every > 0 && now - shown > 60 * a->sheet_every) {
      st = show(c, r, err);
      shown = told = cli_seconds();
      told_step = p.step;
    }
  }
  bool stopped = st == WD_CANCELLED;
  if (!st || stopped) {
    wd_error second;
    wd_status kept = train_log_flush(r, stopped ? &second : err);
    if (!kept) kept = wd_trainer_save(t, r->state, stopped ? &second : err);
    if (!st) st = kept;
    if (stopped) cli_note(c, "step %ld; the same command with --resume goes on", wd_trainer_steps(t));
  }
  if (!st) st = show(c, r, err);
  if (!st) cli_progress_end(c);
  if (!st && limit && by_steps)
    cli_note(c, "stopped by --time-limit at step %ld of %d; --resume goes on", wd_trainer_steps(t), a->steps);
  return st;
}

/* Shards, or real files, which are coded into shards beside the run first. */
static wd_status open_corpus(cli *c, train_run *r, wd_error *err) {
  const char *data = r->args->data;
  if (!wd_import_wanted(data)) return wd_corpus_open(data, &r->corpus, err);
  if (r->args->dry_run) {
    cli_note(c, "%s holds files of OpenFWI: they would be coded into shards in %.4000s/training first", data,
             r->args->output);
    return WD_OK;
  }
  char shards[4096 + 32];
  size_t pairs;
  snprintf(shards, sizeof shards, "%.4000s/training/shards", r->args->output);
  cli_progress_begin(c, "coding", "folders", 1, 0);
  wd_status st = wd_import_openfwi(r->device, data, shards, &c->hooks, &pairs, err);
  if (st) return st;
  cli_progress_end(c);
  cli_note(c, "%zu pairs of OpenFWI files in %s; their direct fields simulated, exact mode", pairs, data);
  return wd_corpus_open(shards, &r->corpus, err);
}

static wd_status begin(cli *c, train_run *r, wd_error *err) {
  const train_args *a = r->args;
  char folder[4096];
  snprintf(folder, sizeof folder, "%s/training", a->output);
  wd_status st = a->dry_run ? cli_plan_folder(folder, err) : make_folder(a->output, err);
  if (!st && !a->dry_run) st = make_folder(folder, err);
  if (!st) st = check_output(a, r, err);
  if (!st) st = cli_open_device(c, a->device, NULL, &r->device, err);
  if (!st) st = open_corpus(c, r, err);
  if (!st && !r->corpus && r->stage == WD_STAGE1 && !a->from) return WD_OK; /* its sizes come with the data */
  if (!st)
    st = r->gathers              ? open_whole(a, r, err)
         : r->stage == WD_STAGE1 ? open_stage1(a, r, err)
                                 : open_stage2(a, r, err);
  if (st) return st;
  wd_train_desc d = {.stage = r->stage,
                     .batch = a->batch,
                     .rate = a->rate,
                     .steps = a->steps,
                     .seconds = a->steps ? 0 : a->time_limit,
                     .seed = a->seed,
                     .precision = a->precision ? WD_PRECISION_BF16 : WD_PRECISION_F32,
                     .gathers = r->gathers,
                     .other_data = a->other_data};
  if (a->dry_run) return WD_OK; /* before the corpus is encoded */
  char cache[4096 + 32];
  snprintf(cache, sizeof cache, "%s/latents.cache", folder);
  if (r->stage == WD_STAGE2) cli_progress_begin(c, "encoding", "corpora", 1, 0);
  st = wd_trainer_create(r->model, r->corpus, &d, r->stage == WD_STAGE2 ? cache : NULL, &c->hooks,
                         &r->trainer, err);
  if (!st && r->stage == WD_STAGE2) cli_progress_end(c);
  if (!st && a->resume) st = wd_trainer_load(r->trainer, r->state, err);
  if (!st) st = train_log_open(r, a->resume ? wd_trainer_steps(r->trainer) : 0, err);
  if (st) return st;
  wd_params *p = wd_model_params(r->model, r->stage);
  cli_note(c, "%s: %.2f million weights, %d pairs of %s, %d held out; %s%s", stage_word(r),
           (double)p->total * 1e-6, wd_corpus_count(r->corpus), a->data, wd_corpus_held_out(r->corpus),
           a->precision ? "bf16 operands" : "float32", a->resume ? "; resumed" : "");
  return WD_OK;
}

static void plan_weights(cli_plan *plan, const train_run *r, wd_stage stage) {
  static const double number[] = {2, 2, 4}; /* bytes */
  cli_plan_file(plan, r->args->output, stage == WD_STAGE1 ? "stage1.safetensors" : "stage2.safetensors",
                r->model ? number[r->args->weights] * (double)wd_model_params(r->model, stage)->total : NAN,
                true);
}

static wd_status tell_plan(cli *c, const train_run *r, wd_error *err) {
  const train_args *a = r->args;
  const bool one = r->stage == WD_STAGE1;
  const wd_params *p = r->model ? wd_model_params(r->model, r->stage) : NULL;
  const char *word = stage_word(r);
  char folder[4096], name[64];
  cli_plan *plan = cli_plan_new(c);
  if (p) cli_plan_count(plan, "weights", (double)p->total);
  if (r->corpus) cli_plan_count(plan, "pairs", wd_corpus_count(r->corpus));
  if (r->corpus) cli_plan_count(plan, "held out", wd_corpus_held_out(r->corpus));
  cli_plan_count(plan, "a step", a->batch ? a->batch : one ? 8 : 32);
  if (a->steps) cli_plan_count(plan, "steps", a->steps);
  cli_plan_device(plan, r->device, NULL);
  plan_weights(plan, r, r->stage);
  /* The rest of the model stands beside: the autoencoder of another folder, or all that gathers leaves. */
  if (!one && a->from && !a->resume && r->model && !same_folder(wd_model_folder(r->model), a->output))
    plan_weights(plan, r, WD_STAGE1);
  if (r->gathers && wd_model_has(r->model, WD_STAGE2)) plan_weights(plan, r, WD_STAGE2);
  snprintf(folder, sizeof folder, "%.4000s/training", a->output);
  snprintf(name, sizeof name, "%s.csv", word);
  cli_plan_file(plan, folder, name, NAN, false);
  snprintf(name, sizeof name, "%s.state", word);
  cli_plan_file(plan, folder, name, NAN, false);
  const bool held = !r->corpus || wd_corpus_held_out(r->corpus) > 0;
  if (one && held)
    cli_plan_file(plan, folder, r->gathers ? "gathers-validation.csv" : "validation.csv", NAN, false);
  if (!one) cli_plan_file(plan, folder, "latents.cache", NAN, false);
#ifdef WD_HAVE_RENDER
  /* And others on the way, --sheet-every. */
  snprintf(name, sizeof name, "%s-%07d.png", one ? "reconstructions" : "samples", a->steps);
  if (a->steps && !r->gathers && (!one || held)) cli_plan_file(plan, folder, name, NAN, false);
#endif
  if (a->time_limit > 0)
    cli_plan_time(plan, a->time_limit, a->steps ? "--time-limit, at most" : "--time-limit");
  return cli_plan_show(plan, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const train_args *a = arguments;
  if (!a->steps && a->time_limit <= 0)
    return cli_usage_error(err, "how long? --steps N, --time-limit SECONDS, or both");
  if (a->denoiser_from && (a->stage != STAGE_DIFFUSION || a->from || a->denoiser_width))
    return cli_usage_error(
        err, "--denoiser-from is for --stage diffusion, in place of --from, and brings its size");
  static const wd_dtype type[3] = {WD_F16, WD_BF16, WD_F32};
  train_run r = {.args = a,
                 .stage = a->stage == STAGE_DIFFUSION ? WD_STAGE2 : WD_STAGE1,
                 .gathers = a->stage == STAGE_GATHERS,
                 .type = type[a->weights],
                 .limit = a->pieces ? (size_t)15 << 20 : 0};
  snprintf(r.state, sizeof r.state, "%.4000s/training/%s.state", a->output, stage_word(&r));
  snprintf(r.log, sizeof r.log, "%.4000s/training/%s.csv", a->output, stage_word(&r));
  wd_status st = begin(c, &r, err);
  if (!st && !a->dry_run) st = loop(c, &r, err);
  if (!st && a->dry_run) {
    st = tell_plan(c, &r, err);
  } else if (!st && c->json) {
    st = cli_print_json(
        json_pack("{s:s, s:s, s:I, s:I, s:o, s:s}", "model", a->output, "stage", stage_word(&r), "steps",
                  (json_int_t)wd_trainer_steps(r.trainer), "samples",
                  (json_int_t)(wd_trainer_steps(r.trainer) * wd_trainer_get_desc(r.trainer)->batch),
                  "seconds", cli_real(wd_trainer_seconds(r.trainer)), "device",
                  wd_device_get_info(r.device)->spec),
        err);
  } else if (!st) {
    printf("%s: %s trained for %ld steps, %.0f s, on %s\n", a->output, stage_word(&r),
           wd_trainer_steps(r.trainer), wd_trainer_seconds(r.trainer), wd_device_get_info(r.device)->name);
  }
  train_log_close(&r);
  wd_trainer_destroy(r.trainer);
  wd_model_close(r.model);
  if (r.device) wd_device_close(r.device);
  wd_corpus_close(r.corpus);
  return st;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a model: its autoencoder, its diffusion, its decoder of gathers",
    .details =
        "Weights are published in the output folder (stage1.safetensors, stage2.safetensors), averaged "
        "over the "
        "last steps; a log, contact sheets and the state for --resume go into its folder training. A "
        "run that is "
        "stopped (Ctrl-C) keeps its state; resumed, it goes on bit for bit on the same device.",
    .example = "wavediffusion-cli generate --family all --count 6000 --seed 1 --output data --codec\n"
               "wavediffusion-cli train --stage autoencoder --data data --output model --time-limit 2400\n"
               "wavediffusion-cli train --stage diffusion --data data --output model --time-limit 900\n"
               "wavediffusion-cli redraw --model model --count 6000 --output drawn\n"
               "wavediffusion-cli train --stage gathers --from model --data drawn --output better "
               "--time-limit 1800\n",
    .option = options,
    .size = sizeof(train_args),
    .run = run,
};
