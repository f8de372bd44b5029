/* wavediffusion-cli interpolate: a path through seeds or latents, or one point of a plane of them; the twin
 * of the window's latent explorer, by the same functions (model/latent_space.h). */
#include "app/cli/anchors.h"
#include "app/cli/scoring.h"

#include "solver/family.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct interpolate_args {
  const char *model, *anchors, *directions, *at, *through, *device, *output;
  int frames, steps, sampler, family, precision, mode, domain, curve, easing, score;
  double eta, guidance;
} interpolate_args;

enum { DOMAIN_AUTO, DOMAIN_DATA, DOMAIN_NOISE };
enum { SCORE_NONE, SCORE_EXACT, SCORE_FAST, SCORE_LIVE };

static const cli_option options[] = {
    CLI_MODEL_OPTION(interpolate_args),
    {"anchors", 'a', CLI_TEXT, offsetof(interpolate_args, anchors), true, .value = "LIST",
     .help =
         "what to go through: seeds (3,17,42 or 0-9), latents of a file (z.npy, z.npy:4) or of a recording "
         "(s.wdrun:2@16: run or branch 2, position 16)"},
    {"frames", 'p', CLI_INT, offsetof(interpolate_args, frames), .min = 2, .max = 1000000, .value = "N",
     .help = "points of the path, both ends included"},
    {"mode", 'm', CLI_CHOICE, offsetof(interpolate_args, mode), .choices = "slerp|linear|smooth|straight",
     .initial = "slerp",
     .help = "between anchors: on the sphere, straight with the length restored, a smooth curve, or straight "
             "as it comes; of a plane, straight or not"},
    {"easing", 0, CLI_CHOICE, offsetof(interpolate_args, easing), .choices = "none|ends|anchors",
     .initial = "none", .help = "slow down at the ends of the path, or at every anchor"},
    {"domain", 0, CLI_CHOICE, offsetof(interpolate_args, domain), .choices = "auto|data|noise",
     .initial = "auto",
     .help = "what is mixed: data latents, or starting noise that is then denoised; auto: noise when all "
             "anchors are seeds"},
    {"at", 0, CLI_TEXT, offsetof(interpolate_args, at), .value = "U,V",
     .help = "in place of a path: this point of the plane of three anchors, at (0,0), (1,0) and (0,1)"},
    {"through", 0, CLI_TEXT, offsetof(interpolate_args, through), .value = "\"U,V ...\"",
     .help = "a path of --frames points over that plane, through these places"},
    {"curve", 0, CLI_CHOICE, offsetof(interpolate_args, curve), .choices = "straight|smooth",
     .initial = "straight", .help = "of --through: from place to place, or a smooth curve"},
    {"directions", 0, CLI_TEXT, offsetof(interpolate_args, directions), .value = "D",
     .help = "the plane about one anchor along two directions: random:SEED (1 is as far as the anchor is "
             "long), or the principal ones of a batch (1 is a deviation): test:N, sampled:N, Z.npy, S.wdrun"},
    {"score", 0, CLI_CHOICE, offsetof(interpolate_args, score), .choices = "none|exact|fast|live",
     .initial = "none", .help = "simulate every point in this mode and write residuals.csv"},
    CLI_SAMPLER_OPTIONS(interpolate_args),
    CLI_DEVICE_OPTION(interpolate_args),
    CLI_PRECISION_OPTION(interpolate_args),
    CLI_FOLDER_OPTION(interpolate_args),
    {0}};

typedef struct job {
  const interpolate_args *args;
  wd_device *device;
  wd_model *model;
  denoising denoising;
  wd_pair_decoder *decoder;
  wd_survey *survey;
  wd_residual *residual; /* NULL: not scored */
  anchors anchors;
  wd_latent_domain domain;
  wd_latent_plane plane; /* of --at and --through */
  double (*place)[2];
  int places, points;
  pair_folder folder;
  size_t one;
  int batch;
  float *latent;       /* a batch */
  pair_batch pairs;    /* of these */
  wd_measure *measure; /* of all points, when scored */
  fault_list faults;
} job;

static void job_close(job *j) {
  pair_folder_abort(&j->folder);
  anchors_clear(&j->anchors);
  wd_latent_plane_clear(&j->plane);
  wd_free(j->place);
  wd_free(j->latent);
  wd_free(j->pairs.velocity);
  wd_free(j->pairs.gathers);
  wd_free(j->pairs.why);
  wd_free(j->measure);
  faults_clear(&j->faults);
  wd_residual_destroy(j->residual);
  wd_survey_destroy(j->survey);
  wd_pair_decoder_destroy(j->decoder);
  wd_denoiser_destroy(j->denoising.denoiser);
  wd_model_close(j->model);
  wd_device_close(j->device);
}

static bool is_plane(const interpolate_args *a) {
  return a->at || a->through;
}

static wd_status check(const interpolate_args *a, wd_error *err) {
  if (a->at && a->through) return cli_usage_error(err, "give one of --at and --through");
  if (a->at && a->frames) return cli_usage_error(err, "--at is one point: it has no --frames");
  if (!a->at && !a->frames) return cli_usage_error(err, "--frames says how many points the path has");
  if (a->directions && !is_plane(a))
    return cli_usage_error(err, "--directions make a plane: give a place --at, or a path --through it");
  if (is_plane(a) && (a->mode == WD_PATH_LINEAR || a->mode == WD_PATH_SMOOTH))
    return cli_usage_error(err,
                           "--mode %s is of paths through anchors; a plane is mixed norm-safe, or straight",
                           wd_path_mode_name((wd_path_mode)a->mode));
  if (a->curve && !a->through) return cli_usage_error(err, "--curve is of a path --through a plane");
  if (a->at && a->easing) return cli_usage_error(err, "--easing is of paths");
  if (a->eta != 0 && a->sampler != WD_SAMPLER_DDIM)
    return cli_usage_error(err, "--eta is of the sampler ddim, not of %s",
                           wd_sampler_name((wd_sampler_kind)a->sampler));
  if (a->guidance != 0 && a->family == 0)
    return cli_usage_error(err, "--guidance wants a --family to be guided to");
  return WD_OK;
}

/* Which space is mixed, and whether that can be. */
static wd_status choose_domain(job *j, wd_error *err) {
  const interpolate_args *a = j->args;
  bool noise = a->domain == DOMAIN_NOISE || (a->domain == DOMAIN_AUTO && !j->anchors.data);
  j->domain = noise ? WD_DOMAIN_NOISE : WD_DOMAIN_DATA;
  for (size_t i = 0; i < j->anchors.count && noise; i++)
    if (!j->anchors.item[i].is_seed)
      return cli_usage_error(err, "--domain noise: the anchor %s is data; only seeds are noise",
                             j->anchors.item[i].text);
  if (!j->anchors.seeds && (a->family || a->guidance != 0) &&
      !(a->directions && strncmp(a->directions, "sampled:", 8) == 0))
    return cli_usage_error(err, "--family and --guidance are of sampling: latents are only decoded");
  if (noise && a->directions && strncmp(a->directions, "random:", 7) != 0)
    return cli_usage_error(err,
                           "--directions %s: noise spreads alike in all directions; random:SEED, or "
                           "--domain data",
                           a->directions);
  return WD_OK;
}

/* What seeds are in the data: each sampled by itself. */
static wd_status sample_anchors(cli *c, job *j, wd_error *err) {
  wd_status st = WD_OK;
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  for (size_t i = 0; i < j->anchors.count && !st; i++)
    if (j->anchors.item[i].is_seed && j->domain == WD_DOMAIN_DATA)
      st = denoise(&j->denoising, 1, &j->anchors.item[i].seed, j->anchors.latent + i * j->one, &quiet, err);
  return st;
}

static wd_status make_plane(cli *c, job *j, wd_error *err) {
  const interpolate_args *a = j->args;
  wd_mixing mixing = wd_mixing_of(j->domain, a->mode != WD_PATH_STRAIGHT);
  size_t want = a->directions ? 1 : 3;
  const float *z = j->anchors.latent;
  if (j->anchors.count != want)
    return cli_usage_error(err, "a plane %s wants %zu anchor%s; --anchors names %zu",
                           a->directions ? "along --directions" : "through anchors", want,
                           want > 1 ? "s" : "", j->anchors.count);
  if (!a->directions)
    return wd_latent_plane_through(mixing, z, z + j->one, z + 2 * j->one, j->one, &j->plane, err);
  float *e = wd_alloc(2 * j->one, sizeof *e);
  if (!e) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for two directions");
  double scale[2];
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  wd_status st = directions_find(a->directions, j->model, &j->denoising, e, e + j->one, scale, &quiet, err);
  if (!st && scale[0] == 0) scale[0] = scale[1] = wd_latent_norm(z, j->one) * sqrt((double)j->one);
  if (!st) st = wd_latent_plane_along(mixing, z, e, e + j->one, scale[0], scale[1], j->one, &j->plane, err);
  wd_free(e);
  return st;
}

static wd_status make_scorer(job *j, wd_error *err) {
  static const wd_wave_mode modes[] = {WD_WAVE_EXACT, WD_WAVE_EXACT, WD_WAVE_FAST, WD_WAVE_LIVE};
  if (!j->args->score) return WD_OK;
  wd_status st = wd_model_survey(j->model, &j->survey, err);
  if (!st)
    st = wd_residual_create(j->device, j->survey, &(wd_residual_desc){.wave.mode = modes[j->args->score]},
                            &j->residual, err);
  j->measure = wd_calloc((size_t)j->points, sizeof *j->measure);
  if (!st && !j->measure) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d scores", j->points);
  return st;
}

static wd_status set_up(cli *c, job *j, wd_error *err) {
  const interpolate_args *a = j->args;
  static const char *const mode[] = {NULL, "exact", "fast", "live"};
  wd_status st = check(a, err);
  if (!st && a->at) st = places_parse("--at", a->at, &j->place, &j->places, err);
  if (!st && a->at && j->places != 1) st = cli_usage_error(err, "--at is one place; there are %d", j->places);
  if (!st && a->through) st = places_parse("--through", a->through, &j->place, &j->places, err);
  if (!st) st = model_open(c, a->device, mode[a->score], a->model, &j->device, &j->model, err);
  if (st) return st;
  j->points = a->at ? 1 : a->frames;
  j->batch = wd_model_batch(j->device);
  j->one = (size_t)wd_model_latent(j->model).count;
  st = anchors_parse(a->anchors, j->model, &j->anchors, err);
  if (!st) st = choose_domain(j, err);
  if (!st && !is_plane(a) && j->anchors.count < 2)
    st = wd_fail(err, WD_ERR_ARGUMENT, "a path through %zu anchor; at least 2 are wanted", j->anchors.count);
  j->denoising.plan = (wd_sampler_plan){(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance};
  j->denoising.family = a->family;
  const wd_coder_desc coder = {.batch = j->batch, .precision = (wd_precision)a->precision};
  bool sampling = j->anchors.seeds || (a->directions && strncmp(a->directions, "sampled:", 8) == 0);
  if (!st && sampling) st = wd_denoiser_create(j->model, &coder, &j->denoising.denoiser, err);
  if (!st) st = wd_pair_decoder_create(j->model, coder.batch, coder.precision, &j->decoder, err);
  if (!st) st = make_scorer(j, err);
  if (st) return st;
  const size_t batch = (size_t)j->batch;
  pair_batch *b = &j->pairs;
  b->cells = wd_pair_decoder_cells(j->decoder);
  b->samples = wd_pair_decoder_samples(j->decoder);
  b->latent = j->one;
  j->latent = wd_calloc(batch, j->one * sizeof(float));
  b->velocity = wd_calloc(batch, b->cells * sizeof(float));
  b->gathers = wd_calloc(batch, b->samples * sizeof(float));
  b->why = wd_calloc(batch, sizeof *b->why);
  if (!j->latent || !b->velocity || !b->gathers || !b->why)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d pairs", j->batch);
  st = sample_anchors(c, j, err);
  if (!st && is_plane(a)) st = make_plane(c, j, err);
  if (st) return st;
  return pair_folder_open(a->output, j->model, (size_t)j->points, 0,
                          PAIR_VELOCITY | PAIR_SEISMIC | PAIR_LATENTS | (j->residual ? PAIR_RESIDUALS : 0),
                          &j->folder, err);
}

/* Where point p is on the plane. */
static void place_of(const job *j, int p, double uv[2]) {
  double s = j->args->at ? 0 : wd_path_place((wd_easing)j->args->easing, p, j->points, j->places);
  wd_plane_path_point(j->args->curve == 1, j->places, j->place, s, uv);
}

/* Point p, in the space that is mixed. */
static void point(const job *j, int p, float *out) {
  if (is_plane(j->args)) {
    double uv[2];
    place_of(j, p, uv);
    wd_latent_plane_point(&j->plane, uv[0], uv[1], out);
    return;
  }
  int n = (int)j->anchors.count;
  double s = wd_path_place((wd_easing)j->args->easing, p, j->points, n);
  wd_latent_path_point((wd_path_mode)j->args->mode, n, j->anchors.latent, j->one, s, out);
}

static wd_status write_scores(job *j, int first, int n, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    const wd_error *why = &j->pairs.why[i];
    const residual_row row = {.seed = "",
                              .family = "",
                              .step = first + i,
                              .timestep = -1,
                              .log_snr = INFINITY,
                              .kind = "x0",
                              .measure = &j->measure[first + i],
                              .fault = why->code ? why->message : NULL};
    st = residual_write(j->folder.residuals, &row, err);
  }
  return st;
}

/* What j->latent holds, n points from number `first`, decoded, scored and written. */
static wd_status deliver(cli *c, job *j, int first, int n, wd_error *err) {
  const wd_hooks quiet = {.cancel = c->hooks.cancel};
  const size_t many = (size_t)n, at = (size_t)first;
  pair_batch *b = &j->pairs;
  b->n = n;
  wd_status st = pairs_decode(j->decoder, b, j->latent, &quiet, err);
  if (!st) st = faults_take(&j->faults, at, n, BLAME_NETWORK, b->why, err);
  if (!st && j->residual) {
    st = pairs_measure(j->residual, b, &quiet, j->measure + first, err);
    if (!st) st = faults_take(&j->faults, at, n, BLAME_SOLVER, b->why, err);
    if (!st) st = write_scores(j, first, n, err);
  }
  if (!st) st = wd_npy_writer_append(j->folder.velocity, b->velocity, many * b->cells, err);
  if (!st) st = wd_npy_writer_append(j->folder.seismic, b->gathers, many * b->samples, err);
  if (!st) st = wd_npy_writer_append(j->folder.latents, j->latent, many * j->one, err);
  return st;
}

static wd_status one_batch(cli *c, job *j, int first, int n, wd_error *err) {
  uint64_t seed[64];
  wd_error mine = {0};
  wd_status st = WD_OK;
  for (int i = 0; i < n; i++) {
    point(j, first + i, j->latent + (size_t)i * j->one);
    seed[i] = j->anchors.item[0].seed; /* noise that a sampler draws on the way is the same all along */
  }
  memset(j->pairs.why, 0, (size_t)n * sizeof *j->pairs.why);
  if (j->domain == WD_DOMAIN_NOISE) {
    cli_progress_span(c, 0.9 * n);
    st = denoise(&j->denoising, n, seed, j->latent, &c->hooks, &mine);
  }
  if (st == WD_ERR_DIVERGED &&
      n > 1) { /* one of them: each by itself, which gives the others the same bits */
    st = WD_OK;
    for (int i = 0; i < n && !st; i++) {
      cli_progress_set(c, first + i);
      st = one_batch(c, j, first + i, 1, err);
    }
    return st;
  }
  if (st == WD_ERR_DIVERGED) {
    j->pairs.why[0] = mine;
    for (size_t k = 0; k < j->one; k++) j->latent[k] = NAN;
  } else if (st) {
    if (err) *err = mine;
    return st;
  }
  return deliver(c, j, first, n, err);
}

static const char *mixing_word(const job *j) {
  if (is_plane(j->args)) return wd_mixing_name(j->plane.mixing);
  return wd_path_mode_name((wd_path_mode)j->args->mode);
}

static json_t *places_json(const job *j) {
  json_t *list = json_array();
  for (int i = 0; i < j->places; i++)
    json_array_append_new(list, json_pack("[f,f]", j->place[i][0], j->place[i][1]));
  return list;
}

static fault_words words_of(const job *j) {
  return (fault_words){.count = (size_t)j->points,
                       .many = "pairs",
                       .one = "frame",
                       .done = j->residual ? "scored" : "made",
                       .file = "recipe.json"};
}

static json_t *recipe(const job *j) {
  const interpolate_args *a = j->args;
  static const char *const scores[] = {"none", "exact", "fast", "live"};
  json_t *o = json_pack("{s:s, s:i, s:s, s:o, s:i, s:s, s:s, s:s, s:o}", "format", "wavediffusion-pairs",
                        "version", 1, "command", "interpolate", "model", model_describe(j->model), "count",
                        j->points, "anchors", a->anchors, "domain", wd_latent_domain_name(j->domain),
                        "mixing", mixing_word(j), "geometry", geometry_describe(j->model));
  if (!o) return NULL;
  if (!a->at) json_object_set_new(o, "easing", json_string(wd_easing_name((wd_easing)a->easing)));
  if (a->at) json_object_set_new(o, "at", places_json(j));
  if (a->through) json_object_set_new(o, "through", places_json(j));
  if (a->through) json_object_set_new(o, "curve", json_string(a->curve ? "smooth" : "straight"));
  if (a->directions) json_object_set_new(o, "directions", json_string(a->directions));
  if (a->score) json_object_set_new(o, "score", json_string(scores[a->score]));
  const fault_words words = words_of(j);
  if (j->faults.count) json_object_set_new(o, "faults", faults_json(&j->faults, &words));
  if (!j->denoising.denoiser) return o;
  const char *family = a->family == WD_FAMILIES + 1
                           ? "all"
                           : family_word(family_of_choice(a->family, j->anchors.item[0].seed));
  json_object_set_new(o, "sampler", json_string(wd_sampler_name((wd_sampler_kind)a->sampler)));
  json_object_set_new(o, "steps", json_integer(a->steps));
  json_object_set_new(o, "eta", json_real(a->eta));
  json_object_set_new(o, "guidance", json_real(a->guidance));
  json_object_set_new(o, "family", json_string(family));
  return o;
}

static wd_status report(cli *c, const job *j, double seconds, wd_error *err) {
  const interpolate_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  const fault_words words = words_of(j);
  json_t *summary = NULL;
  const wd_status st = faults_all(&j->faults, &words, err);
  if (st) return st;
  if (j->residual && !(summary = residual_summary(j->measure, (size_t)j->points, err))) return err->code;
  if (!c->json) {
    printf("%s: %d pair%s through %zu anchor%s, %s mixed (%s), on %s, %.3g s\n", a->output, j->points,
           j->points > 1 ? "s" : "", j->anchors.count, j->anchors.count > 1 ? "s" : "",
           j->domain == WD_DOMAIN_NOISE ? "noise" : "data", mixing_word(j), d->name, seconds);
    if (summary) residual_print(summary);
    json_decref(summary);
    faults_print(&j->faults, &words);
    return WD_OK;
  }
  json_t *o = json_pack("{s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "output", a->output, "pairs",
                        j->points, "anchors", (json_int_t)j->anchors.count, "domain",
                        wd_latent_domain_name(j->domain), "mixing", mixing_word(j), "device", d->spec,
                        "device_name", d->name, "model", wd_model_identity(j->model), "seconds",
                        cli_real(seconds), "peak_memory_mib", cli_real(peak_memory()));
  if (o && summary) json_object_set_new(o, "residuals", summary);
  if (o && j->faults.count) json_object_set_new(o, "faults", faults_json(&j->faults, &words));
  return cli_print_json(o, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.args = arguments};
  wd_status st = set_up(c, &j, err);
  double start = cli_seconds();
  if (!st) cli_progress_begin(c, "interpolate", "pairs", j.points, 0);
  for (int first = 0; first < j.points && !st;) {
    int n = j.points - first < j.batch ? j.points - first : j.batch;
    st = one_batch(c, &j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %d of %d pairs", first, j.points);
    first += n;
    if (!st) cli_progress_set(c, first);
  }
  if (!st) cli_progress_end(c);
  if (!st) {
    json_t *o = recipe(&j);
    st = pair_folder_close(&j.folder, o, err);
    json_decref(o);
  }
  if (!st) st = report(c, &j, cli_seconds() - start, err);
  job_close(&j);
  return st;
}

const cli_command cli_interpolate = {
    .name = "interpolate",
    .summary = "walk from seed to seed, from latent to latent, or over a plane of them",
    .details =
        "Mixes starting noise and samples every point (anchors that are all seeds), or mixes data latents "
        "and decodes them (--domain). Noise is mixed on the sphere (slerp), which keeps the variance that "
        "straight mixing loses; on a plane, data latents are mixed straight and brought back to the length "
        "between the anchors'. Writes velocity.npy, seismic.npy, latents.npy and recipe.json into DIR, and "
        "residuals.csv with --score (column step: the frame). A map that the solver refuses, or numbers that "
        "are not finite, are the fault of that point, and the others go on, as in sample: exit code 3 only "
        "where every point has one. --at gives the point under the cursor of the "
        "window's latent explorer, bit for bit. Neighbouring seeds are not neighbours: seeds 3 and 4 are as "
        "far apart as any two.",
    .example =
        "wavediffusion-cli interpolate --model resources/models/default --anchors 3,17,42 --frames 5 "
        "--steps 8 -o path\n"
        "wavediffusion-cli interpolate --model resources/models/default --anchors 3,17,42 --domain data "
        "--at 0.25,0.5 --steps 8 -o point\n",
    .option = options,
    .size = sizeof(interpolate_args),
    .run = run,
};
