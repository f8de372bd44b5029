/* A model's folder: weights in and out. */
#include "model/checksum.h"
#include "model/model_impl.h"
#include "model/weights.h"
#include "solver/half.h"
#include "solver/memory.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_CONFIG   "wavediffusion.config"
#define KEY_IDENTITY "wavediffusion.identity"
#define KEY_PARENT   "wavediffusion.stage1" /* in stage 2: the identity of the stage 1 it was trained on */
#define KEY_TRAINING "wavediffusion.training"
#define KEY_DATA     "wavediffusion.data"
#define LICENCE      "MIT"

void wd_record_clear(wd_record *r) {
  wd_free(r->training);
  wd_free(r->data);
  *r = (wd_record){0};
}

static char *copy_text(const char *text) {
  if (!text) return NULL;
  size_t n = strlen(text) + 1;
  char *c = wd_alloc(n, 1);
  if (c) memcpy(c, text, n);
  return c;
}

static wd_status stage_path(const char *folder, wd_stage stage, char path[4096], wd_error *err) {
  int n = snprintf(path, 4096, "%s/%s.safetensors", folder, wd_stage_name(stage));
  return n > 0 && n < 4096 ? WD_OK : wd_fail(err, WD_ERR_ARGUMENT, "the folder's name is too long");
}

/* "default" of "resources/models/default/". */
static void set_folder(wd_model *m, const char *folder) {
  snprintf(m->folder, sizeof m->folder, "%s", folder);
  char resolved[4096];
  char *real = realpath(folder, NULL);
  snprintf(resolved, sizeof resolved, "%s", real ? real : folder);
  free(real);
  size_t n = strlen(resolved);
  while (n > 1 && resolved[n - 1] == '/') resolved[--n] = 0;
  const char *slash = strrchr(resolved, '/');
  snprintf(m->name, sizeof m->name, "%.63s", slash && slash[1] ? slash + 1 : resolved);
}

static void set_identity(wd_model *m) {
  if (m->stage2)
    snprintf(m->identity, sizeof m->identity, "%s+%s", m->stage_identity[0], m->stage_identity[1]);
  else
    snprintf(m->identity, sizeof m->identity, "%s", m->stage_identity[0]);
}

/* ---- reading ---- */

static wd_status find_param(const wd_weights *w, const wd_param *q, const wd_stored_tensor **out,
                            wd_error *err) {
  long shape[4];
  for (int k = 0; k < q->shape.rank; k++) shape[k] = q->shape.dim[k];
  return wd_weights_require(w, q->name, q->shape.rank, shape, out, err);
}

static wd_status read_param(const wd_weights *w, wd_params *p, int i, wd_error *err) {
  const wd_param *q = &p->param[i];
  const wd_stored_tensor *t;
  wd_status st = find_param(w, q, &t, err);
  if (st) return st;
  float *value = wd_alloc(q->count, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for weight \"%s\"", q->name);
  st = wd_tensor_read_float(t, 0, q->count, value, err);
  for (size_t k = 0; k < q->count && !st; k++)
    if (!isfinite(value[k]))
      st = wd_fail(err, WD_ERR_FORMAT, "weight \"%s\" holds a value that is not finite (number %zu)", q->name,
                   k);
  if (!st) st = wd_params_set(p, i, value, err);
  wd_free(value);
  return st;
}

static wd_status read_statistics(const wd_weights *w, wd_model *m, wd_error *err) {
  long shape[1] = {m->config.stage1.latent};
  float value[2][WD_MAX_LATENT];
  static const char *const name[2] = {"latent.mean", "latent.deviation"};
  for (int i = 0; i < 2; i++) {
    const wd_stored_tensor *t;
    wd_status st = wd_weights_require(w, name[i], 1, shape, &t, err);
    if (!st) st = wd_tensor_read_float(t, 0, (size_t)shape[0], value[i], err);
    if (st) return st;
  }
  wd_status st = wd_model_set_statistics(m, value[0], value[1], err);
  return st ? wd_fail_context(err, WD_ERR_FORMAT, "latent statistics") : WD_OK;
}

static wd_status read_stage(wd_model *m, wd_stage stage, const wd_weights *w, wd_error *err) {
  wd_network n;
  wd_status st = wd_model_declare(m, stage, &n, err);
  if (st) return st;
  wd_network_clear(&n);
  /* All of them are in the file before memory is taken: a configuration alone can claim any size. */
  const wd_stored_tensor *t;
  for (int i = 0; i < n.params->count && !st; i++) st = find_param(w, &n.params->param[i], &t, err);
  if (!st) st = wd_params_allocate(n.params, m->gradients, err);
  for (int i = 0; i < n.params->count && !st; i++) st = read_param(w, n.params, i, err);
  if (!st && stage == WD_STAGE1) st = read_statistics(w, m, err);
  if (st) {
    wd_params_destroy(n.params);
    return st;
  }
  wd_params_changed(n.params);
  *(stage == WD_STAGE1 ? &m->stage1 : &m->stage2) = n.params;
  wd_record *r = &m->record[stage - 1];
  r->training = copy_text(wd_weights_metadata(w, KEY_TRAINING));
  r->data = copy_text(wd_weights_metadata(w, KEY_DATA));
  return WD_OK;
}

/* A key that must be there. */
static wd_status metadata(const wd_weights *w, const char *key, const char **out, wd_error *err) {
  *out = wd_weights_metadata(w, key);
  return *out ? WD_OK
              : wd_fail(err, WD_ERR_FORMAT, "no \"%s\" in the metadata: these are no weights of this program",
                        key);
}

static wd_status read_head(const wd_weights *w, wd_model_config *config, char identity[32], wd_error *err) {
  const char *text, *id;
  wd_status st = metadata(w, KEY_CONFIG, &text, err);
  if (!st) st = metadata(w, KEY_IDENTITY, &id, err);
  if (!st) st = wd_model_config_read(text, config, err);
  if (!st) snprintf(identity, 32, "%.31s", id);
  return st;
}

static wd_status open_stage1(wd_device *device, const char *path, bool gradients, wd_model **out,
                             wd_error *err) {
  wd_weights *w = NULL;
  wd_model *m = NULL;
  wd_model_config config;
  char identity[32];
  wd_status st = wd_weights_open(path, &w, err);
  if (st) return st; /* names the file itself */
  st = read_head(w, &config, identity, err);
  if (!st) st = wd_model_empty(device, &config, gradients, &m, err);
  if (!st) st = read_stage(m, WD_STAGE1, w, err);
  wd_weights_close(w);
  if (st) {
    wd_model_close(m);
    return wd_fail_context(err, st, "%s", path);
  }
  snprintf(m->stage_identity[0], sizeof m->stage_identity[0], "%s", identity);
  *out = m;
  return WD_OK;
}

/* Whether any file of the folder is stage 2's, or a piece of it: then failing to read it is a failure. */
static bool stage2_there(const char *folder) {
  DIR *d = opendir(folder);
  bool found = false;
  for (struct dirent *e; d && !found && (e = readdir(d));) found = !strncmp(e->d_name, "stage2", 6);
  if (d) closedir(d);
  return found;
}

static wd_status open_stage2(wd_model *m, const char *path, wd_error *err) {
  wd_weights *w = NULL;
  wd_status st = wd_weights_open(path, &w, err);
  if (st == WD_ERR_IO && !stage2_there(m->folder)) return WD_OK;
  if (st) return st;
  wd_model_config config;
  const char *parent;
  st = read_head(w, &config, m->stage_identity[1], err);
  if (!st) st = metadata(w, KEY_PARENT, &parent, err);
  if (!st && strcmp(parent, m->stage_identity[0]) != 0)
    st =
        wd_fail(err, WD_ERR_FORMAT,
                "trained on another stage 1 (%s; the one here is %s): train stage 2 again, or bring back the "
                "stage 1 it belongs to",
                parent, m->stage_identity[0]);
  if (!st) {
    m->config.stage2 = config.stage2;
    st = wd_model_config_check(&m->config, err);
  }
  if (!st) st = read_stage(m, WD_STAGE2, w, err);
  wd_weights_close(w);
  return st ? wd_fail_context(err, st, "%s", path) : WD_OK;
}

wd_status wd_model_open_stage1(wd_device *device, const char *folder, bool gradients, wd_model **out,
                               wd_error *err) {
  char path[4096];
  wd_model *m = NULL;
  wd_status st = stage_path(folder, WD_STAGE1, path, err);
  if (!st) st = open_stage1(device, path, gradients, &m, err);
  if (st) return st;
  set_folder(m, folder);
  set_identity(m);
  *out = m;
  return WD_OK;
}

wd_status wd_model_open(wd_device *device, const char *folder, bool gradients, wd_model **out,
                        wd_error *err) {
  char path[4096];
  wd_model *m = NULL;
  wd_status st = wd_model_open_stage1(device, folder, gradients, &m, err);
  if (st) return st;
  st = stage_path(folder, WD_STAGE2, path, err);
  if (!st) st = open_stage2(m, path, err);
  if (st) {
    wd_model_close(m);
    return st;
  }
  set_identity(m);
  *out = m;
  return WD_OK;
}

/* ---- writing ---- */

typedef struct pack {
  wd_stored_tensor *tensor;
  void **data;
  size_t count;
} pack;

static void pack_clear(pack *p) {
  for (size_t i = 0; p->data && i < p->count; i++) wd_free(p->data[i]);
  wd_free(p->data);
  wd_free(p->tensor);
}

static void *convert(const float *value, size_t count, wd_dtype type) {
  void *out = wd_alloc(count, wd_dtype_size(type));
  if (!out) return NULL;
  if (type == WD_F32) memcpy(out, value, count * sizeof *value);
  for (size_t k = 0; k < count && type != WD_F32; k++)
    ((uint16_t *)out)[k] = type == WD_F16 ? wd_half_from_float(value[k]) : wd_bf16_from_float(value[k]);
  return out;
}

static wd_status pack_add(pack *p, const char *name, wd_shape shape, const float *value, wd_dtype type,
                          wd_error *err) {
  size_t count = wd_shape_count(shape);
  for (size_t k = 0; k < count; k++)
    if (!isfinite(value[k]) || (type == WD_F16 && fabsf(value[k]) > WD_HALF_MAX))
      return wd_fail(err, WD_ERR_DIVERGED, "weight \"%s\" holds %g: it is not saved", name, (double)value[k]);
  void *data = convert(value, count, type);
  if (!data) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to save weight \"%s\"", name);
  p->data[p->count] = data;
  wd_stored_tensor *t = &p->tensor[p->count++];
  *t = (wd_stored_tensor){.name = name, .type = type, .dims = shape.rank, .data = data};
  for (int k = 0; k < shape.rank; k++) t->shape[k] = (size_t)shape.dim[k];
  return WD_OK;
}

static wd_status pack_stage(const wd_model *m, wd_stage stage, wd_dtype type, pack *p, wd_error *err) {
  wd_params *q = wd_model_params(m, stage);
  size_t room = (size_t)q->count + 2;
  p->tensor = wd_calloc(room, sizeof *p->tensor);
  p->data = wd_calloc(room, sizeof *p->data);
  float *value = wd_alloc(q->total, sizeof *value);
  wd_status st =
      p->tensor && p->data && value ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to save weights");
  for (int i = 0; i < q->count && !st; i++) {
    st = wd_params_get(q, i, value, err);
    if (!st) st = pack_add(p, q->param[i].name, q->param[i].shape, value, type, err);
  }
  if (!st && stage == WD_STAGE1) {
    wd_shape shape = wd_shape1(m->config.stage1.latent);
    st = pack_add(p, "latent.mean", shape, m->mean, WD_F32, err);
    if (!st) st = pack_add(p, "latent.deviation", shape, m->deviation, WD_F32, err);
  }
  wd_free(value);
  return st;
}

/* Of the configuration and of every byte saved: two trainings never share one. */
static void identify(const pack *p, const char *config, char identity[32]) {
  uint64_t sum = wd_checksum(WD_CHECKSUM_START, config, strlen(config));
  for (size_t i = 0; i < p->count; i++)
    sum = wd_checksum(sum, p->data[i], wd_stored_tensor_bytes(&p->tensor[i]));
  snprintf(identity, 32, "%016llx", (unsigned long long)sum);
}

static wd_status make_folder(const char *folder, wd_error *err) {
  if (!mkdir(folder, 0777) || errno == EEXIST) return WD_OK;
  return wd_fail(err, WD_ERR_IO, "%s: cannot make this folder: %s", folder, strerror(errno));
}

wd_status wd_model_save(wd_model *m, wd_stage stage, const char *folder, const wd_model_save_desc *desc,
                        wd_error *err) {
  wd_model_save_desc d = desc ? *desc : (wd_model_save_desc){0};
  if (!wd_model_has(m, stage))
    return wd_fail(err, WD_ERR_ARGUMENT, "this model has no %s to save", wd_stage_name(stage));
  if (d.type != WD_F32 && d.type != WD_F16 && d.type != WD_BF16)
    return wd_fail(err, WD_ERR_ARGUMENT, "weights are saved as F32, F16 or BF16");
  if (stage == WD_STAGE2 && !m->stage_identity[0][0])
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 2 can be saved only when the stage 1 it belongs to has been");
  char path[4096], identity[32];
  char *config = NULL;
  pack p = {0};
  wd_status st = stage_path(folder, stage, path, err);
  if (!st) st = make_folder(folder, err);
  if (!st) st = wd_model_config_write(&m->config, &config, err);
  if (!st) st = pack_stage(m, stage, d.type, &p, err);
  if (!st) {
    identify(&p, config, identity);
    const wd_record *r = &m->record[stage - 1];
    const char *training = d.training ? d.training : r->training, *data = d.data ? d.data : r->data;
    wd_metadata meta[8] = {
        {"format", "wavediffusion"}, {"license", LICENCE}, {KEY_CONFIG, config}, {KEY_IDENTITY, identity}};
    size_t n = 4;
    if (stage == WD_STAGE2) meta[n++] = (wd_metadata){KEY_PARENT, m->stage_identity[0]};
    if (training) meta[n++] = (wd_metadata){KEY_TRAINING, training};
    if (data) meta[n++] = (wd_metadata){KEY_DATA, data};
    st = wd_weights_save(path, p.tensor, p.count, meta, n, d.limit, err);
  }
  pack_clear(&p);
  wd_free(config);
  if (st) return st;
  snprintf(m->stage_identity[stage - 1], sizeof m->stage_identity[0], "%s", identity);
  set_folder(m, folder);
  set_identity(m);
  return WD_OK;
}
