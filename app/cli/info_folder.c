/* wavediffusion-cli info of folders: trained models, and results of the commands over them. */
#include "app/cli/dataset.h"
#include "app/cli/info.h"

#include "model/model.h"
#include "solver/npy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool exists(const char *folder, const char *name, char path[DATASET_PATH]) {
  struct stat s;
  return snprintf(path, DATASET_PATH, "%s/%s", folder, name) < DATASET_PATH && stat(path, &s) == 0;
}

/* ---- a model: opened whole, so that damage is found */

static json_t *record_json(const wd_model *m, wd_stage stage, const char *key) {
  const char *text = wd_model_record(m, stage, key);
  json_t *o = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
  return o ? o : json_null();
}

static json_t *stage_json(const wd_model *m, wd_stage stage) {
  if (!wd_model_has(m, stage)) return json_null();
  const wd_params *p = wd_model_params(m, stage);
  size_t numbers = 0;
  for (int i = 0; i < p->count; i++) numbers += p->param[i].count;
  return json_pack("{s:i, s:I, s:o, s:o}", "weights", p->count, "numbers", (json_int_t)numbers, "training",
                   record_json(m, stage, "training"), "data", record_json(m, stage, "data"));
}

static wd_status describe_model(cli *c, const char *folder, wd_error *err) {
  wd_device *d = NULL;
  wd_model *m = NULL;
  wd_status st = wd_device_open("cpu", &d, err);
  if (!st) st = wd_model_open(d, folder, false, &m, err);
  if (st) {
    wd_device_close(d);
    return st;
  }
  const wd_model_config *k = wd_model_get_config(m);
  const wd_shard_desc *g = &k->geometry;
  wd_latent_shape l = wd_model_latent(m);
  bool whole = wd_model_has(m, WD_STAGE2);
  if (c->json) {
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:[i,i], s:[i,i,i], s:[i,i,i], s:i, s:o, s:o}", "file",
                          folder, "format", "model", "name", wd_model_name(m), "identity",
                          wd_model_identity(m), "map", g->nz, g->nx, "gathers", g->shots, g->samples,
                          g->receivers, "latent", l.channels, l.height, l.width, "codes", k->stage1.codes,
                          "stage1", stage_json(m, WD_STAGE1), "stage2", stage_json(m, WD_STAGE2));
    if (o && whole) json_object_set_new(o, "timesteps", json_integer(k->stage2.timesteps));
    st = cli_print_json(o, err);
  } else {
    printf("%s: a trained model\n", folder);
    printf("  identity  %s\n", wd_model_identity(m));
    printf("  pairs     maps %d x %d, gathers (%d, %d, %d), cells of %g m, samples of %g s, %g Hz\n", g->nz,
           g->nx, g->shots, g->samples, g->receivers, g->spacing, g->dt, g->frequency);
    printf("  latent    (%d, %d, %d), %d codes%s\n", l.channels, l.height, l.width, k->stage1.codes,
           k->stage1.two_codebooks ? " in two codebooks" : "");
    for (int s = WD_STAGE1; s <= WD_STAGE2; s++) {
      json_t *o = stage_json(m, (wd_stage)s);
      if (json_is_object(o))
        printf("  stage %d   %.3g M numbers in %lld weights\n", s,
               1e-6 * (double)json_integer_value(json_object_get(o, "numbers")),
               (long long)json_integer_value(json_object_get(o, "weights")));
      else
        printf("  stage %d   none: it encodes and decodes, and samples nothing\n", s);
      json_decref(o);
    }
    if (whole)
      printf("  schedule  %s, %d timesteps, %d families\n", wd_schedule_name(k->stage2.schedule),
             k->stage2.timesteps, k->stage2.families);
  }
  wd_model_close(m);
  wd_device_close(d);
  return st;
}

/* ---- results: the recipe, and which arrays stand beside it */

static wd_status arrays_json(const char *folder, json_t **out, wd_error *err) {
  static const char *const name[] = {"velocity.npy",      "seismic.npy",         "latents.npy",
                                     "latents_steps.npy", "estimates_steps.npy", "codes.npy"};
  json_t *files = json_object();
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    char path[DATASET_PATH], text[128];
    if (!exists(folder, name[i], path)) continue;
    wd_npy *npy = NULL;
    wd_status st = wd_npy_open(path, &npy, err);
    if (st) {
      json_decref(files);
      return st;
    }
    json_object_set_new(files, name[i], json_string(wd_npy_shape_text(npy, text, sizeof text)));
    wd_npy_close(npy);
  }
  *out = files;
  return WD_OK;
}

static wd_status describe_results(cli *c, const char *folder, const char *path, wd_error *err) {
  json_error_t e;
  json_t *recipe = json_load_file(path, 0, &e), *files = NULL;
  if (!recipe) return wd_fail(err, WD_ERR_FORMAT, "%s: line %d: %s", path, e.line, e.text);
  wd_status st = arrays_json(folder, &files, err);
  if (!st && c->json) {
    st = cli_print_json(json_pack("{s:s, s:s, s:O, s:O}", "file", folder, "format", "results", "recipe",
                                  recipe, "arrays", files),
                        err);
  } else if (!st) {
    const char *command = json_string_value(json_object_get(recipe, "command"));
    printf("%s: made by %s\n", folder, command ? command : "an unknown command");
    const char *key;
    json_t *value;
    json_object_foreach(files, key, value) printf("  %-18s %s\n", key, json_string_value(value));
    json_object_foreach(recipe, key, value) {
      if (json_is_array(value) || strcmp(key, "format") == 0 || strcmp(key, "version") == 0 ||
          strcmp(key, "command") == 0)
        continue;
      char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
      printf("  %-18s %s\n", key, json_is_string(value) ? json_string_value(value) : text ? text : "?");
      free(text);
    }
  }
  json_decref(files);
  json_decref(recipe);
  return st;
}

/* Stage 1 may lie there in pieces, stage1-00001-of-00003.safetensors (model/weights.h). */
static bool holds_model(const char *folder) {
  DIR *d = opendir(folder);
  bool found = false;
  for (struct dirent *e; d && (e = readdir(d));) found = found || strncmp(e->d_name, "stage1", 6) == 0;
  if (d) closedir(d);
  return found;
}

wd_status info_folder(cli *c, const char *folder, wd_error *err) {
  char path[DATASET_PATH];
  if (exists(folder, "recipe.json", path)) return describe_results(c, folder, path, err);
  if (holds_model(folder)) return describe_model(c, folder, err);
  return wd_fail(err, WD_ERR_FORMAT,
                 "%s: a folder with neither a recipe.json nor the stage1.safetensors of a model", folder);
}
