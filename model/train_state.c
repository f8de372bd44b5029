/* A training run on disk: weights, moments, average, codebook, and what it must be continued with. */
#include "model/safetensors.h"
#include "model/train_impl.h"
#include "solver/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_STATE  "wavediffusion.state"
#define KEY_BEFORE "wavediffusion.data_before"

/* All that must agree, as a text: unlike texts can be shown to people. */
static wd_status describe(const wd_trainer *t, char **out, wd_error *err) {
  char *config;
  wd_status st = wd_model_config_write(wd_model_get_config(t->model), &config, err);
  if (st) return st;
  const wd_train_desc *d = &t->desc;
  size_t size = strlen(config) + 512;
  char *text = wd_alloc(size, 1);
  if (text)
    snprintf(text, size,
             "stage %d%s; batch %d; rate %.9g; steps %ld; seed %" PRIu64 "; precision %d; data %016" PRIx64
             "; %s",
             (int)d->stage, d->gathers ? ", gathers alone" : "", d->batch, d->rate, d->steps, d->seed,
             (int)d->precision, wd_corpus_fingerprint(t->corpus), config);
  wd_free(config);
  *out = text;
  return text ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to describe a run");
}

typedef struct arrays {
  float *value, *m, *v, *average; /* one block */
} arrays;

static wd_status make(const wd_trainer *t, arrays *a, wd_error *err) {
  size_t n = t->params->total;
  a->value = wd_calloc(4 * n, sizeof *a->value);
  if (!a->value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the state of %zu weights", n);
  a->m = a->value + n;
  a->v = a->m + n;
  a->average = a->v + n;
  return WD_OK;
}

wd_status wd_trainer_save(wd_trainer *t, const char *path, wd_error *err) {
  if (t->averaged) return wd_fail(err, WD_ERR_ARGUMENT, "the model shows its averaged weights now");
  arrays a = {0};
  char *text = NULL;
  long step = 0;
  wd_params *p = t->params;
  wd_status st = make(t, &a, err);
  if (!st) st = describe(t, &text, err);
  for (int i = 0; i < p->count && !st; i++) st = wd_params_get(p, i, a.value + p->param[i].offset, err);
  if (!st) st = wd_optimizer_save(t->optimizer, a.m, a.v, a.average, &step, err);
  char at[64], seconds[64];
  snprintf(at, sizeof at, "%ld", step);
  snprintf(seconds, sizeof seconds, "%.17g", t->seconds);
  wd_metadata meta[4] = {{KEY_STATE, text}, {"step", at}, {"seconds", seconds}, {KEY_BEFORE, t->before}};
  wd_stored_tensor tensor[10];
  const char *const name[4] = {"value", "m", "v", "average"};
  size_t n = 0;
  for (; n < 4 && !st; n++)
    tensor[n] = (wd_stored_tensor){
        .name = name[n], .type = WD_F32, .dims = 1, .shape = {p->total}, .data = a.value + n * p->total};
  static const char *const book_name[2][3] = {{"code0", "sum0", "idle0"}, {"code1", "sum1", "idle1"}};
  for (int k = 0; k < t->one.books && !st; k++) {
    const wd_codebook *b = &t->one.book[k];
    size_t codes = (size_t)b->codes, width = (size_t)b->width;
    tensor[n++] = (wd_stored_tensor){book_name[k][0], WD_F32, 2, {codes, width}, .data = b->code};
    tensor[n++] = (wd_stored_tensor){book_name[k][1], WD_F32, 2, {codes, width}, .data = b->sum};
    tensor[n++] = (wd_stored_tensor){book_name[k][2], WD_I32, 1, {codes}, .data = b->idle};
  }
  if (!st) st = wd_safetensors_write(path, tensor, n, meta, t->before ? 4 : 3, err);
  wd_free(a.value);
  wd_free(text);
  return st;
}

static wd_status read_floats(const wd_safetensors *f, const char *name, size_t count, float *out,
                             wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(f, name);
  if (!t || t->count != count)
    return wd_fail(err, WD_ERR_FORMAT, "no tensor \"%s\" of %zu numbers", name, count);
  return wd_tensor_read_float(t, 0, count, out, err);
}

static wd_status read_book(const wd_safetensors *f, int k, wd_codebook *b, wd_error *err) {
  char name[16];
  size_t n = (size_t)b->codes * (size_t)b->width;
  snprintf(name, sizeof name, "code%d", k);
  wd_status st = read_floats(f, name, n, b->code, err);
  snprintf(name, sizeof name, "sum%d", k);
  if (!st) st = read_floats(f, name, n, b->sum, err);
  snprintf(name, sizeof name, "idle%d", k);
  const wd_stored_tensor *t = wd_safetensors_find(f, name);
  if (!st && (!t || t->type != WD_I32 || t->count != (size_t)b->codes))
    st = wd_fail(err, WD_ERR_FORMAT, "no tensor \"%s\" of %d integers", name, b->codes);
  if (!st) memcpy(b->idle, t->data, (size_t)b->codes * sizeof *b->idle);
  return st;
}

/* Where the data's fingerprint stands in a description. */
static const char *find_data(const char *text) {
  const char *at = strstr(text, "; data ");
  return at && strlen(at) >= 23 && at[23] == ';' ? at + 7 : NULL;
}

/* Whether two runs differ in nothing, or in nothing but their data. */
static bool same_run(const char *have, const char *want, bool other_data) {
  if (!strcmp(have, want)) return true;
  const char *a = find_data(have), *b = find_data(want);
  return other_data && a && b && a - have == b - want && !strncmp(have, want, (size_t)(a - have)) &&
         !strcmp(a + 16, b + 16);
}

/* Takes over what a state says of earlier data, and adds its own when it was made on other data than ours. */
static wd_status take_before(wd_trainer *t, const wd_safetensors *f, const char *have, const char *want,
                             long step, wd_error *err) {
  const char *text = wd_safetensors_metadata(f, KEY_BEFORE);
  json_t *list = text ? json_loads(text, 0, NULL) : json_array();
  if (!json_is_array(list)) {
    json_decref(list);
    return wd_fail(err, WD_ERR_FORMAT, "the record of earlier data is damaged");
  }
  if (strcmp(have, want) != 0) {
    char print[17] = {0};
    memcpy(print, find_data(have), 16);
    json_array_append_new(list,
                          json_pack("{s:s, s:I}", "fingerprint", print, "until_step", (json_int_t)step));
  }
  free(t->before);
  t->before = json_array_size(list) ? json_dumps(list, JSON_COMPACT) : NULL;
  json_decref(list);
  return WD_OK;
}

static wd_status load(wd_trainer *t, const wd_safetensors *f, arrays *a, wd_error *err) {
  wd_params *p = t->params;
  char *want = NULL;
  wd_status st = describe(t, &want, err);
  const char *have = wd_safetensors_metadata(f, KEY_STATE), *step = wd_safetensors_metadata(f, "step"),
             *seconds = wd_safetensors_metadata(f, "seconds");
  if (!st && (!have || !step || !seconds))
    st = wd_fail(err, WD_ERR_FORMAT, "this is no state of a training run");
  if (!st && !same_run(have, want, t->desc.other_data))
    st = wd_fail(err, WD_ERR_ARGUMENT, "this run was started otherwise: it was\n%.200s\nand now is\n%.200s",
                 have, want);
  if (!st) st = take_before(t, f, have, want, strtol(step, NULL, 10), err);
  wd_free(want);
  const char *const name[4] = {"value", "m", "v", "average"};
  for (int k = 0; k < 4 && !st; k++)
    st = read_floats(f, name[k], p->total, a->value + (size_t)k * p->total, err);
  for (int k = 0; k < t->one.books && !st; k++) st = read_book(f, k, &t->one.book[k], err);
  for (int i = 0; i < p->count && !st; i++) st = wd_params_set(p, i, a->value + p->param[i].offset, err);
  if (!st) st = wd_optimizer_restore(t->optimizer, a->m, a->v, a->average, strtol(step, NULL, 10), err);
  if (!st) t->seconds = strtod(seconds, NULL);
  wd_params_changed(p);
  return st;
}

wd_status wd_trainer_load(wd_trainer *t, const char *path, wd_error *err) {
  wd_safetensors *f;
  arrays a = {0};
  wd_status st = wd_safetensors_open(path, &f, err);
  if (st) return st;
  st = make(t, &a, err);
  if (!st) st = load(t, f, &a, err);
  wd_free(a.value);
  wd_safetensors_close(f);
  return st ? wd_fail_context(err, st, "%s", path) : WD_OK;
}
