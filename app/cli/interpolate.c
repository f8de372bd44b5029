/* wavediffusion-cli interpolate: a path of pairs through seeds or latents. */
#include "app/cli/pairs.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

typedef struct interpolate_args {
  const char *model, *seeds, *latents, *device, *output;
  int points, steps, sampler, family, precision;
  double eta, guidance;
} interpolate_args;

static const cli_option options[] = {
    CLI_MODEL_OPTION(interpolate_args),
    {"seeds", 's', CLI_TEXT, offsetof(interpolate_args, seeds), .value = "LIST",
     .help = "seeds whose noise the path goes through, as in 3,17,42; every point of it is sampled"},
    {"latents", 'z', CLI_TEXT, offsetof(interpolate_args, latents), .value = "Z.npy",
     .help = "in place of seeds: latents (n,C,h,w) that the path goes through; every point of it is decoded"},
    {"points", 'p', CLI_INT, offsetof(interpolate_args, points), true, .min = 2, .max = 1000000, .value = "N",
     .help = "points of the path, both ends included"},
    CLI_SAMPLER_OPTIONS(interpolate_args),
    CLI_DEVICE_OPTION(interpolate_args),
    CLI_PRECISION_OPTION(interpolate_args),
    CLI_FOLDER_OPTION(interpolate_args),
    {0}};

typedef struct job {
  const interpolate_args *args;
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser; /* NULL for latents */
  wd_pair_decoder *decoder;
  latent_file file;
  seed_list seeds;
  pair_folder folder;
  size_t anchors, one;
  int batch;
  float *anchor;                      /* all of them */
  float *latent, *velocity, *gathers; /* a batch */
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  latents_close(&j->file);
  wd_free(j->seeds.seed);
  wd_free(j->anchor);
  wd_free(j->latent);
  wd_free(j->velocity);
  wd_free(j->gathers);
  wd_pair_decoder_destroy(j->decoder);
  wd_denoiser_destroy(j->denoiser);
  wd_model_close(j->model);
  wd_device_close(j->device);
}

static wd_status check(const interpolate_args *a, wd_error *err) {
  if (!a->seeds == !a->latents) return cli_usage_error(err, "give one of --seeds and --latents");
  if (a->eta != 0 && a->sampler != WD_SAMPLER_DDIM)
    return cli_usage_error(err, "--eta is of the sampler ddim, not of %s",
                           wd_sampler_name((wd_sampler_kind)a->sampler));
  if (a->guidance != 0 && a->family == 0)
    return cli_usage_error(err, "--guidance wants a --family to be guided to");
  if (a->latents && (a->family || a->guidance != 0))
    return cli_usage_error(err, "--family and --guidance are of sampling: latents are only decoded");
  return WD_OK;
}

static wd_status set_up(cli *c, job *j, wd_error *err) {
  const interpolate_args *a = j->args;
  wd_status st = check(a, err);
  if (!st && a->seeds) st = seeds_parse("--seeds", a->seeds, &j->seeds, err);
  if (!st) st = model_open(c, a->device, NULL, a->model, &j->device, &j->model, err);
  if (st) return st;
  j->batch = wd_model_batch(j->device);
  j->one = (size_t)wd_model_latent(j->model).count;
  j->anchors = j->seeds.count;
  if (a->latents) {
    st = latents_open(j->model, a->latents, &j->file, err);
    j->anchors = j->file.count;
  }
  if (!st && (j->anchors < 2 || j->anchors > 10000))
    st = wd_fail(err, WD_ERR_ARGUMENT, "a path through %zu %s; 2 to 10000 are possible", j->anchors,
                 a->seeds ? "seeds" : "latents");
  wd_precision precision = (wd_precision)a->precision;
  if (!st && a->seeds)
    st = wd_denoiser_create(j->model, &(wd_coder_desc){.batch = j->batch, .precision = precision},
                            &j->denoiser, err);
  if (!st) st = wd_pair_decoder_create(j->model, j->batch, precision, &j->decoder, err);
  if (st) return st;
  size_t batch = (size_t)j->batch;
  j->anchor = wd_calloc(j->anchors, j->one * sizeof(float));
  j->latent = wd_calloc(batch, j->one * sizeof(float));
  j->velocity = wd_calloc(batch, wd_pair_decoder_cells(j->decoder) * sizeof(float));
  j->gathers = wd_calloc(batch, wd_pair_decoder_samples(j->decoder) * sizeof(float));
  if (!j->anchor || !j->latent || !j->velocity || !j->gathers)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", j->batch);
  if (a->latents)
    st = latents_read(&j->file, 0, (int)j->anchors, -1, j->anchor, err);
  else
    for (size_t i = 0; i < j->anchors; i++)
      wd_sampler_noise(j->seeds.seed[i], -1, j->one, j->anchor + i * j->one);
  if (st) return st;
  return pair_folder_open(a->output, j->model, (size_t)a->points, 0,
                          PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS, &j->folder, err);
}

/* Point p of the path: the segments between anchors take equal shares of it. */
static void point(const job *j, int p, float *out) {
  double u = (double)p * (double)(j->anchors - 1) / (j->args->points - 1);
  size_t i = (size_t)u;
  if (i > j->anchors - 2) i = j->anchors - 2;
  double t = u - (double)i;
  const float *a = j->anchor + i * j->one, *b = a + j->one;
  /* The ends themselves, to the last bit. */
  if (t == 0 || t == 1)
    memcpy(out, t == 0 ? a : b, j->one * sizeof *out);
  else
    wd_slerp(a, b, t, j->one, out);
}

/* Samples n points from their noise, in place. */
static wd_status denoise(cli *c, job *j, int n, wd_error *err) {
  const interpolate_args *a = j->args;
  uint64_t seed[64];
  int family[64];
  for (int i = 0; i < n; i++) {
    seed[i] = j->seeds.seed[0]; /* noise that a sampler draws on the way is the same all along the path */
    family[i] = family_of_choice(a->family, seed[i]);
  }
  wd_sampler_desc desc = {.plan = {(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance},
                          .n = n,
                          .seed = seed,
                          .family = family,
                          .latents = j->latent};
  wd_sampler *s = NULL;
  wd_status st = wd_sampler_create(j->denoiser, &desc, &s, err);
  cli_progress_span(c, 0.9 * n);
  if (!st) st = wd_sampler_run(s, a->steps, &c->hooks, err);
  if (!st) memcpy(j->latent, wd_sampler_latents(s, a->steps), (size_t)n * j->one * sizeof *j->latent);
  wd_sampler_destroy(s);
  return st;
}

static wd_status one_batch(cli *c, job *j, int first, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  for (int i = 0; i < n; i++) point(j, first + i, j->latent + (size_t)i * j->one);
  wd_status st = j->denoiser ? denoise(c, j, n, err) : WD_OK;
  size_t many = (size_t)n;
  if (!st) st = wd_pair_decoder_run(j->decoder, many, j->latent, j->velocity, j->gathers, &quiet, err);
  if (!st)
    st = wd_npy_writer_append(j->folder.velocity, j->velocity, many * wd_pair_decoder_cells(j->decoder), err);
  if (!st)
    st = wd_npy_writer_append(j->folder.seismic, j->gathers, many * wd_pair_decoder_samples(j->decoder), err);
  if (!st) st = wd_npy_writer_append(j->folder.latents, j->latent, many * j->one, err);
  return st;
}

static json_t *recipe(const job *j) {
  const interpolate_args *a = j->args;
  json_t *o = json_pack("{s:s, s:i, s:s, s:o, s:i, s:s, s:o}", "format", "wavediffusion-pairs", "version", 1,
                        "command", "interpolate", "model", model_describe(j->model), "count", a->points,
                        "mixing", "slerp", "geometry", geometry_describe(j->model));
  if (!o) return NULL;
  if (a->latents) {
    json_object_set_new(o, "latents", json_string(a->latents));
    return o;
  }
  const char *family = family_word(family_of_choice(a->family, j->seeds.seed[0]));
  json_object_set_new(o, "seeds", json_string(a->seeds));
  json_object_set_new(o, "sampler", json_string(wd_sampler_name((wd_sampler_kind)a->sampler)));
  json_object_set_new(o, "steps", json_integer(a->steps));
  json_object_set_new(o, "eta", json_real(a->eta));
  json_object_set_new(o, "guidance", json_real(a->guidance));
  json_object_set_new(o, "family", json_string(family));
  return o;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.args = arguments};
  const interpolate_args *a = arguments;
  wd_status st = set_up(c, &j, err);
  double start = cli_seconds();
  if (!st) cli_progress_begin(c, "interpolate", "pairs", a->points, 0);
  for (int first = 0; first < a->points && !st;) {
    int n = a->points - first < j.batch ? a->points - first : j.batch;
    st = one_batch(c, &j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %d of %d pairs", first, a->points);
    first += n;
    if (!st) cli_progress_set(c, first);
  }
  if (!st) cli_progress_end(c);
  if (!st) {
    json_t *o = recipe(&j);
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  double seconds = cli_seconds() - start;
  if (!st) {
    const wd_device_info *d = wd_device_get_info(j.device);
    if (c->json)
      st = cli_print_json(json_pack("{s:s, s:i, s:I, s:s, s:s, s:s, s:o, s:o}", "output", a->output, "pairs",
                                    a->points, "anchors", (json_int_t)j.anchors, "device", d->spec,
                                    "device_name", d->name, "model", wd_model_identity(j.model), "seconds",
                                    cli_real(seconds), "peak_memory_mib", cli_real(peak_memory())),
                          err);
    else
      printf("%s: %d pairs through %zu %s on %s, %.3g s\n", a->output, a->points, j.anchors,
             a->seeds ? "seeds" : "latents", d->name, seconds);
  }
  job_close(&j);
  return st;
}

const cli_command cli_interpolate = {
    .name = "interpolate",
    .summary = "walk from seed to seed, or from latent to latent",
    .details = "Mixes on the sphere (slerp), which keeps the variance that straight mixing loses. Through "
               "seeds, the noise is mixed and "
               "every point sampled; through latents, the latents are mixed and decoded. Writes "
               "velocity.npy, seismic.npy, latents.npy "
               "and recipe.json into DIR. Neighbouring seeds are not neighbours: seeds 3 and 4 are as far "
               "apart as any two.",
    .example = "wavediffusion-cli interpolate --model resources/models/default --seeds 3,17 --points 5 "
               "--steps 8 -o path\n",
    .option = options,
    .size = sizeof(interpolate_args),
    .run = run,
};
