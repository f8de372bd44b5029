/* The folder of results of the commands over a trained model, and its residuals.csv. */
#include "app/cli/dataset.h"
#include "app/cli/pairs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wd_status file_in(const char *folder, const char *name, char path[DATASET_PATH], wd_error *err) {
  if (snprintf(path, DATASET_PATH, "%s/%s", folder, name) >= DATASET_PATH)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", folder);
  return WD_OK;
}

static wd_status begin(const char *folder, const char *name, wd_npy_type type, int dims, const size_t *shape,
                       wd_npy_writer **out, wd_error *err) {
  char path[DATASET_PATH];
  wd_status st = file_in(folder, name, path, err);
  return st ? st : wd_npy_writer_open(path, type, dims, shape, out, err);
}

typedef struct array {
  int file;
  const char *name;
  wd_npy_type type;
  int dims;
  size_t shape[5];
} array;
enum { ARRAYS = 6 };

/* In the order of their writers in pair_folder. */
static void arrays_of(const wd_model *model, size_t n, size_t positions, array out[ARRAYS]) {
  const wd_shard_desc *g = &wd_model_get_config(model)->geometry;
  const wd_latent_shape l = wd_model_latent(model);
  const size_t c = (size_t)l.channels, h = (size_t)l.height, w = (size_t)l.width;
  const array all[ARRAYS] = {
      {PAIR_VELOCITY, "velocity.npy", WD_NPY_F32, 4, {n, 1, (size_t)g->nz, (size_t)g->nx}},
      {PAIR_SEISMIC,
       "seismic.npy",
       WD_NPY_F32,
       4,
       {n, (size_t)g->shots, (size_t)g->samples, (size_t)g->receivers}},
      {PAIR_LATENTS, "latents.npy", WD_NPY_F32, 4, {n, c, h, w}},
      {PAIR_STEPS, "latents_steps.npy", WD_NPY_F32, 5, {n, positions, c, h, w}},
      {PAIR_ESTIMATES, "estimates_steps.npy", WD_NPY_F32, 5, {n, positions, c, h, w}},
      {PAIR_CODES, "codes.npy", WD_NPY_I32, 2, {n, (size_t)l.codes}}};
  memcpy(out, all, sizeof all);
}

void pair_folder_plan(const char *path, const wd_model *model, size_t n, size_t positions, int files,
                      cli_plan *plan) {
  array all[ARRAYS];
  arrays_of(model, n, positions, all);
  for (int i = 0; i < ARRAYS; i++) {
    size_t elements = 1;
    for (int k = 0; k < all[i].dims; k++) elements *= all[i].shape[k];
    if (files & all[i].file) cli_plan_array(plan, path, all[i].name, elements);
  }
  if (files & PAIR_RESIDUALS) cli_plan_file(plan, path, "residuals.csv", NAN, false);
  cli_plan_file(plan, path, "recipe.json", NAN, false);
}

wd_status pair_folder_open(const char *path, const wd_model *model, size_t n, size_t positions, int files,
                           pair_folder *out, wd_error *err) {
  pair_folder f = {.path = path};
  wd_npy_writer **const writer[ARRAYS] = {&f.velocity, &f.seismic,   &f.latents,
                                          &f.steps,    &f.estimates, &f.codes};
  array all[ARRAYS];
  arrays_of(model, n, positions, all);
  char name[DATASET_PATH];
  wd_status st = dataset_make_folder(path, err);
  for (int i = 0; i < ARRAYS && !st; i++)
    if (files & all[i].file)
      st = begin(path, all[i].name, all[i].type, all[i].dims, all[i].shape, writer[i], err);
  if (!st && (files & PAIR_RESIDUALS)) {
    st = file_in(path, "residuals.csv", name, err);
    if (!st) st = wd_file_create(name, &f.residuals, err);
    if (!st) st = residual_header(f.residuals, err);
  }
  if (st) {
    pair_folder_abort(&f);
    return st;
  }
  *out = f;
  return WD_OK;
}

void pair_folder_abort(pair_folder *f) {
  wd_npy_writer_abort(f->velocity);
  wd_npy_writer_abort(f->seismic);
  wd_npy_writer_abort(f->latents);
  wd_npy_writer_abort(f->steps);
  wd_npy_writer_abort(f->estimates);
  wd_npy_writer_abort(f->codes);
  wd_file_abort(f->residuals);
  *f = (pair_folder){0};
}

static wd_status finish(wd_npy_writer **w, wd_error *err) {
  wd_npy_writer *writer = *w;
  *w = NULL;
  return writer ? wd_npy_writer_close(writer, err) : WD_OK;
}

static wd_status write_recipe(const char *path, json_t *recipe, wd_error *err) {
  char *text = json_dumps(recipe, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %s", path);
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

wd_status pair_folder_close(pair_folder *f, json_t *recipe, wd_error *err) {
  char path[DATASET_PATH];
  wd_status st = recipe ? file_in(f->path, "recipe.json", path, err)
                        : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the recipe");
  /* An old recipe must not stand beside new files, should this end in between. */
  if (!st && unlink(path) != 0 && errno != ENOENT)
    st = wd_fail(err, WD_ERR_IO, "%s: the old recipe cannot be removed: %s", path, strerror(errno));
  if (!st) st = finish(&f->velocity, err);
  if (!st) st = finish(&f->seismic, err);
  if (!st) st = finish(&f->latents, err);
  if (!st) st = finish(&f->steps, err);
  if (!st) st = finish(&f->estimates, err);
  if (!st) st = finish(&f->codes, err);
  if (!st && f->residuals) {
    wd_file *file = f->residuals;
    f->residuals = NULL;
    st = wd_file_commit(file, err);
  }
  if (!st) st = write_recipe(path, recipe, err);
  pair_folder_abort(f);
  return st;
}

/* ---- residuals.csv */

wd_status residual_header(wd_file *file, wd_error *err) {
  static const char head[] =
      "seed,family,step,timestep,log_snr,kind,reflection_residual,relative_l2,log_norm_mse,"
      "reflection_share,coherence,envelope_misfit,fault\n";
  return wd_file_write(file, head, sizeof head - 1, err);
}

/* The data has no finite log-SNR; "inf", "-inf" and "nan" are what readers of CSV know. */
static void number(double value, char text[32]) {
  if (isfinite(value))
    snprintf(text, 32, "%.9g", value);
  else
    snprintf(text, 32, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

/* The last cell of a line, in quotes where it must be (RFC 4180), and the line's end. */
static void quoted(const char *text, char *out, size_t room) {
  const bool quotes = strpbrk(text, ",\"\r\n") != NULL;
  size_t n = 0;
  if (quotes) out[n++] = '"';
  for (; *text && n + 5 < room; text++) {
    if (*text == '"') out[n++] = '"';
    out[n++] = *text;
  }
  if (quotes) out[n++] = '"';
  out[n++] = '\n';
  out[n] = 0;
}

wd_status residual_write(wd_file *file, const residual_row *r, wd_error *err) {
  char snr[32], v[6][32], line[500], fault[2 * sizeof((wd_error *)NULL)->message + 4];
  const wd_measure *m = r->measure;
  number(r->log_snr, snr);
  number(m->reflection_residual, v[0]);
  number(m->relative_l2, v[1]);
  number(m->log_norm_mse, v[2]);
  number(m->reflection_share, v[3]);
  number(m->coherence, v[4]);
  number(m->envelope, v[5]);
  quoted(r->fault ? r->fault : "", fault, sizeof fault);
  const int n = snprintf(line, sizeof line, "%s,%s,%d,%d,%s,%s,%s,%s,%s,%s,%s,%s,", r->seed, r->family,
                         r->step, r->timestep, snr, r->kind, v[0], v[1], v[2], v[3], v[4], v[5]);
  wd_status st = wd_file_write(file, line, (size_t)n, err);
  if (!st) st = wd_file_write(file, fault, strlen(fault), err);
  return st;
}

static const wd_metric summarised[] = {
    WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2, WD_METRIC_LOG_NORM_MSE,
    WD_METRIC_REFLECTION_SHARE,    WD_METRIC_MAE,         WD_METRIC_CORRELATION,
    WD_METRIC_COHERENCE,           WD_METRIC_ENVELOPE};

json_t *residual_summary(const wd_measure *measure, size_t n, wd_error *err) {
  json_t *o = json_object();
  size_t nothing = 0;
  for (size_t k = 0; k < sizeof summarised / sizeof *summarised; k++) {
    wd_population p;
    if (wd_population_of(measure, n, summarised[k], &p, err)) {
      json_decref(o);
      return NULL;
    }
    const bool optional = summarised[k] == WD_METRIC_COHERENCE || summarised[k] == WD_METRIC_ENVELOPE;
    if (optional && !p.pairs) continue; /* nobody asked for it */
    if (k == 0) nothing = p.nothing_to_reflect;
    json_object_set_new(o, wd_metric_get_info(summarised[k])->key,
                        json_pack("{s:o, s:o, s:o, s:I}", "median", cli_real(p.median), "p05",
                                  cli_real(p.p05), "p95", cli_real(p.p95), "pairs", (json_int_t)p.pairs));
  }
  json_object_set_new(o, "pairs", json_integer((json_int_t)n));
  json_object_set_new(o, "nothing_to_reflect", json_integer((json_int_t)nothing));
  return o;
}

static void cell(const json_t *value) {
  if (json_is_number(value))
    printf(" %11.4g", json_number_value(value));
  else
    printf(" %11s", "undefined");
}

void residual_print(const json_t *summary) {
  printf("%-22s %11s %11s %11s\n", "", "median", "5 %", "95 %");
  for (size_t k = 0; k < sizeof summarised / sizeof *summarised; k++) {
    const char *key = wd_metric_get_info(summarised[k])->key;
    const json_t *o = json_object_get(summary, key);
    if (!o) continue;
    printf("%-22s", key);
    cell(json_object_get(o, "median"));
    cell(json_object_get(o, "p05"));
    cell(json_object_get(o, "p95"));
    printf("\n");
  }
  json_int_t nothing = json_integer_value(json_object_get(summary, "nothing_to_reflect"));
  if (nothing)
    printf("%lld of %lld pairs have nothing to reflect and are left out of the reflection residual\n",
           (long long)nothing, (long long)json_integer_value(json_object_get(summary, "pairs")));
}
