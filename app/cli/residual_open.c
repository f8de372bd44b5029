/* What `residual` scores: two files, a folder of pairs, a data set, latents, a recording. */
#include "app/cli/dataset.h"
#include "app/cli/residual.h"

#include "app/models.h"

#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool residual_of_recording(const residual_args *a) {
  struct stat s;
  return a->folder && stat(a->folder, &s) == 0 && S_ISREG(s.st_mode);
}

static wd_status open_pair_files(residual_job *j, const char *velocity, const char *seismic, wd_error *err) {
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
static wd_status read_recipe(residual_job *j, wd_error *err) {
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

static wd_status open_folder(residual_job *j, wd_error *err) {
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
static wd_status open_model(residual_job *j, const char *name, wd_error *err) {
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

static wd_status open_latents(residual_job *j, wd_error *err) {
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

static wd_status open_recording(residual_job *j, wd_error *err) {
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

wd_status residual_open(residual_job *j, wd_error *err) {
  const residual_args *a = j->args;
  if (a->latents) return open_latents(j, err);
  if (residual_of_recording(a)) return open_recording(j, err);
  return a->folder ? open_folder(j, err) : open_pair_files(j, a->velocity, a->seismic, err);
}
