/* What the commands over a trained model share (sample, encode, decode, interpolate, residual): opening the
 * model, reading lists of seeds and files of latents, and the folder of results,
 * whose files appear together at the end:
 *
 *   velocity.npy       (n, 1, nz, nx)                      m/s
 *   seismic.npy        (n, shots, samples, receivers)      what the decoder says, in the solver's amplitude
 *   latents.npy        (n, C, h, w)                        model.h
 *   latents_steps.npy  (n, steps + 1, C, h, w)             sample only
 *   estimates_steps.npy  the same of x0-hat                sample --estimates
 *   codes.npy          (n, cells) int32                    encode only
 *   residuals.csv      one row a pair, scored or with the reason why not
 *   samples.wdpop      sample --score: every figure of the finished pairs (app/population.h)
 *   recipe.json        how all of it was made; written last, so that it stands for a whole folder */
#ifndef WD_CLI_PAIRS_H
#define WD_CLI_PAIRS_H

#include "app/cli/cli.h"
#include "app/cli/plan.h"
#include "model/pair_decoder.h"
#include "model/residual.h"
#include "model/sampler.h"
#include "solver/file.h"
#include "solver/npy.h"

/* ---- options of several of these commands */

#define CLI_MODEL_OPTION(type)                                                                               \
  {                                                                                                          \
    "model", 'M', CLI_TEXT, offsetof(type, model), true,                                                     \
        .value = "M",                                                                                        \
        .help = "folder of a trained model, or the name of one that came with the program: default"          \
  }
#define CLI_FOLDER_OPTION(type)                                                                              \
  {                                                                                                          \
    "output", 'o', CLI_TEXT, offsetof(type, output), true,                                                   \
        .value = "DIR", .help = "the folder of the results; it is made where it is missing"                  \
  }
/* Index into wd_precision. */
#define CLI_PRECISION_OPTION(type)                                                                           \
  {                                                                                                          \
    "precision", 0, CLI_CHOICE, offsetof(type, precision),                                                   \
        .choices = "f32|bf16", .initial = "f32",                                                             \
        .help = "operands of the networks' products: f32, or bf16 where the device has it"                   \
  }
/* Index into wd_sampler_kind. */
#define CLI_SAMPLER_OPTIONS(type)                                                                            \
  {"steps",  'n',           CLI_INT,         offsetof(type, steps),                                          \
   .min = 1, .max = 100000, .initial = "16", .help = "denoising steps"},                                     \
      {"sampler",                                                                                            \
       0,                                                                                                    \
       CLI_CHOICE,                                                                                           \
       offsetof(type, sampler),                                                                              \
       .choices = "dpmpp-2m|ddim|ddpm",                                                                      \
       .initial = "dpmpp-2m",                                                                                \
       .help = "how to go from noise level to noise level"},                                                 \
      {"eta",    0,                                                                                          \
       CLI_REAL, offsetof(type, eta),                                                                        \
       .max = 1, .help = "fresh noise in ddim, from 0 (none) to 1 (as ddpm)"},                               \
      {"guidance",   0,                                                                                      \
       CLI_REAL,     offsetof(type, guidance),                                                               \
       .value = "G", .min = -1000,                                                                           \
       .max = 1000,  .help = "classifier-free guidance g: any + (1 + g) (family - any)"},                    \
  {                                                                                                          \
    "family", 'f', CLI_CHOICE, offsetof(type, family),                                                       \
        .choices = "any|flatvel-a|flatvel-b|curvevel-a|curvevel-b|flatfault-a|flatfault-b|curvefault-a|"     \
                   "curvefault-b|style-a|style-b|all",                                                       \
        .initial = "any", .value = "NAME",                                                                   \
        .help = "flatvel-a, flatvel-b, curvevel-a, curvevel-b, flatfault-a, flatfault-b, curvefault-a, "     \
                "curvefault-b, style-a, style-b, any, or all: seed s under family s mod 10"                  \
  }

/* ---- the model */

/* Notes the device, and the solver's mode where figures are made with it (NULL otherwise). */
wd_status model_open(cli *c, const char *device_spec, const char *mode, const char *folder,
                     wd_device **device, wd_model **model, wd_error *err);
json_t *model_describe(const wd_model *model);    /* name, identity; for recipes */
json_t *geometry_describe(const wd_model *model); /* sizes of maps and gathers, spacing, dt, frequency */

/* ---- seeds and families */

typedef struct seed_list {
  uint64_t *seed;
  size_t count;
} seed_list;
/* "0-99", "3", "1,5,7-9"; out->seed is released with wd_free. */
wd_status seeds_parse(const char *option, const char *text, seed_list *out, wd_error *err);
/* choice: the index that the family option gives. Returns wd_family or -1. */
int family_of_choice(int choice, uint64_t seed);
const char *family_word(int family); /* "any" for -1 */

/* ---- latents from a file */

typedef struct latent_file {
  wd_npy *npy;
  size_t count; /* latents; of a file of recordings, recordings */
  size_t steps; /* positions of each recording (latents_steps.npy); 1 otherwise */
  size_t one;   /* floats of a latent */
} latent_file;
/* (C, h, w), (n, C, h, w) or (n, steps + 1, C, h, w) of this model. */
wd_status latents_open(const wd_model *model, const char *path, latent_file *out, wd_error *err);
/* n latents from number `first`, at position `step` (-1: the last). Refuses what is not finite. */
wd_status latents_read(const latent_file *file, size_t first, int n, int step, float *out, wd_error *err);
void latents_close(latent_file *file);

/* ---- the folder */

typedef struct pair_folder {
  const char *path;
  wd_npy_writer *velocity, *seismic, *latents, *steps, *estimates, *codes;
  wd_file *residuals;
} pair_folder;

enum {
  PAIR_VELOCITY = 1,
  PAIR_SEISMIC = 2,
  PAIR_LATENTS = 4,
  PAIR_STEPS = 8,
  PAIR_CODES = 16,
  PAIR_RESIDUALS = 32,
  PAIR_ESTIMATES = 64
};
/* Makes the folder and begins the files asked for, for n pairs (and positions of each recording). */
wd_status pair_folder_open(const char *path, const wd_model *model, size_t n, size_t positions, int files,
                           pair_folder *out, wd_error *err);
/* Tells the plan of these files in place of beginning them. */
void pair_folder_plan(const char *path, const wd_model *model, size_t n, size_t positions, int files,
                      cli_plan *plan);
/* Finishes every file, and writes recipe.json (borrowed) after them. */
wd_status pair_folder_close(pair_folder *f, json_t *recipe, wd_error *err);
void pair_folder_abort(pair_folder *f); /* leaves no file; harmless after close and on a zeroed struct */

/* ---- residuals.csv */

typedef struct residual_row {
  const char *seed;   /* as text; empty where none is known */
  const char *family; /* empty where none is known */
  int step, timestep;
  double log_snr;
  const char *kind; /* "xt" or "x0" */
  const wd_measure *measure;
  const char *fault; /* why there are no figures; NULL: there are */
} residual_row;
wd_status residual_header(wd_file *file, wd_error *err);
wd_status residual_write(wd_file *file, const residual_row *row, wd_error *err);
/* Median, 5 % and 95 % of every figure of the file over n pairs, as JSON; and as lines for people. */
json_t *residual_summary(const wd_measure *measure, size_t n, wd_error *err);
void residual_print(const json_t *summary);

/* Peak memory of this process, MiB. */
double peak_memory(void);

#endif
