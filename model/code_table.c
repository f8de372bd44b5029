#include "model/code_table.h"

#include "solver/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

wd_status wd_code_table_create(const wd_model *model, wd_code_table **out, wd_error *err) {
  const wd_stage1_config *s = &wd_model_get_config(model)->stage1;
  wd_params *p = wd_model_params(model, WD_STAGE1);
  wd_code_table *t = wd_calloc(1, sizeof *t);
  if (!t) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a codebook");
  atomic_init(&t->refs, 1);
  t->shape = wd_model_latent(model);
  t->books = s->two_codebooks ? 2 : 1;
  t->codes = s->codes / t->books;
  t->width = t->shape.channels / t->books;
  size_t book = (size_t)t->codes * (size_t)t->width, channels = (size_t)t->shape.channels;
  t->value = wd_calloc(book * (size_t)t->books, sizeof *t->value);
  t->mean = wd_calloc(channels, sizeof *t->mean);
  t->deviation = wd_calloc(channels, sizeof *t->deviation);
  wd_status st = t->value && t->mean && t->deviation
                     ? WD_OK
                     : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a codebook of %d codes", s->codes);
  for (int b = 0; b < t->books && !st; b++) {
    const char *name = t->books == 1 ? "quantizer.codebook"
                       : b == 0      ? "quantizer.codebook.velocity"
                                     : "quantizer.codebook.seismic";
    st = wd_params_get(p, wd_params_find(p, name), t->value + (size_t)b * book, err);
  }
  if (st) {
    wd_code_table_unref(t);
    return st;
  }
  const float *mean, *deviation;
  wd_model_get_statistics(model, &mean, &deviation);
  memcpy(t->mean, mean, channels * sizeof *mean);
  memcpy(t->deviation, deviation, channels * sizeof *deviation);
  *out = t;
  return WD_OK;
}

wd_code_table *wd_code_table_ref(wd_code_table *t) {
  atomic_fetch_add(&t->refs, 1);
  return t;
}

void wd_code_table_unref(wd_code_table *t) {
  if (!t || atomic_fetch_sub(&t->refs, 1) != 1) return;
  wd_free(t->value);
  wd_free(t->mean);
  wd_free(t->deviation);
  wd_free(t);
}

const float *wd_code_table_vector(const wd_code_table *t, int book, int code) {
  return t->value + ((size_t)book * (size_t)t->codes + (size_t)code) * (size_t)t->width;
}

void wd_code_table_cell(const wd_code_table *t, const float *latent, int book, int cell, float *vector) {
  int cells = t->shape.height * t->shape.width, first = book * t->width;
  double sum = 0;
  for (int c = 0; c < t->width; c++) {
    int ch = first + c;
    vector[c] = latent[(size_t)ch * (size_t)cells + (size_t)cell] * t->deviation[ch] + t->mean[ch];
    sum += (double)vector[c] * (double)vector[c];
  }
  double rms = sqrt(sum / t->width + 1e-6); /* as WD_OP_NORMALIZE has it: model/reference/norm.c */
  for (int c = 0; c < t->width; c++) vector[c] = (float)((double)vector[c] / rms);
}

static float squared(const float *a, const float *b, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

int wd_code_table_of_cell(const wd_code_table *t, const float *latent, int book, int cell) {
  float vector[64], least = INFINITY;
  int best = 0;
  wd_code_table_cell(t, latent, book, cell, vector);
  const float *code = wd_code_table_vector(t, book, 0);
  for (int k = 0; k < t->codes; k++, code += t->width) {
    float d = squared(vector, code, t->width);
    if (d < least) {
      least = d;
      best = k;
    }
  }
  return best;
}

void wd_code_table_of(const wd_code_table *t, const float *latent, int32_t *codes) {
  int cells = t->shape.height * t->shape.width;
  for (int b = 0; b < t->books; b++)
    for (int i = 0; i < cells; i++) codes[b * cells + i] = wd_code_table_of_cell(t, latent, b, i);
}

void wd_code_table_put(const wd_code_table *t, float *latent, int book, int cell, int code) {
  int cells = t->shape.height * t->shape.width, first = book * t->width;
  const float *vector = wd_code_table_vector(t, book, code);
  for (int c = 0; c < t->width; c++) {
    int ch = first + c;
    latent[(size_t)ch * (size_t)cells + (size_t)cell] = (vector[c] - t->mean[ch]) / t->deviation[ch];
  }
}

int wd_code_table_nearest(const wd_code_table *t, int book, const float *vector, int n, int *code,
                          double *distance) {
  if (n > t->codes) n = t->codes;
  float least[256];
  int found = 0;
  if (n > 256) n = 256;
  for (int k = 0; k < t->codes; k++) {
    float d = squared(vector, wd_code_table_vector(t, book, k), t->width);
    if (found == n && !(d < least[n - 1])) continue;
    int at = found < n ? found++ : n - 1;
    while (at > 0 && d < least[at - 1]) {
      least[at] = least[at - 1];
      code[at] = code[at - 1];
      at--;
    }
    least[at] = d;
    code[at] = k;
  }
  for (int i = 0; i < found && distance; i++) distance[i] = sqrt((double)least[i] / t->width);
  return found;
}

double wd_code_table_distance(const wd_code_table *t, int book, int a, int b) {
  return sqrt((double)squared(wd_code_table_vector(t, book, a), wd_code_table_vector(t, book, b), t->width) /
              t->width);
}
