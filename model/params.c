#include "model/params.h"

#include "model/kernels.h"
#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wd_shape_print(wd_shape s, char text[64]) {
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < s.rank && used < 60; i++)
    used += (size_t)snprintf(text + used, 64 - used, "%s%d", i ? " x " : "", s.dim[i]);
}

wd_status wd_params_create(wd_device *device, wd_params **out, wd_error *err) {
  if (!wd_kernels_for(device, err)) return WD_ERR_UNSUPPORTED;
  wd_params *p = wd_calloc(1, sizeof *p);
  if (!p) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a set of weights");
  p->device = device;
  p->version = 1;
  *out = p;
  return WD_OK;
}

void wd_params_destroy(wd_params *p) {
  if (!p) return;
  const wd_kernels *k = wd_kernels_for(p->device, NULL);
  k->release(p->device, p->value);
  k->release(p->device, p->grad);
  free(p->param);
  wd_free(p);
}

/* Every weight starts on a 64-byte boundary of the flat array. */
static size_t aligned(size_t floats) {
  return (floats + 15) / 16 * 16;
}

wd_status wd_params_add(wd_params *p, const char *name, wd_shape shape, bool decay, int *index,
                        wd_error *err) {
  if (p->value)
    return wd_fail(err, WD_ERR_ARGUMENT, "weight \"%s\" comes after the weights were allocated", name);
  if (strlen(name) >= sizeof p->param[0].name)
    return wd_fail(err, WD_ERR_ARGUMENT, "the name of weight \"%s\" is too long", name);
  if (wd_params_find(p, name) >= 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "two weights are called \"%s\"", name);
  for (int i = 0; i < shape.rank; i++)
    if (shape.dim[i] < 1 || shape.dim[i] > 1 << 24)
      return wd_fail(err, WD_ERR_SHAPE, "weight \"%s\" has a side of %d", name, shape.dim[i]);
  if (p->count == p->capacity) {
    int capacity = p->capacity ? 2 * p->capacity : 64;
    wd_param *grown = realloc(p->param, sizeof *grown * (size_t)capacity);
    if (!grown) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for weight \"%s\"", name);
    p->param = grown;
    p->capacity = capacity;
  }
  wd_param *w = &p->param[p->count];
  *w = (wd_param){.shape = shape, .offset = p->total, .count = wd_shape_count(shape), .decay = decay};
  snprintf(w->name, sizeof w->name, "%s", name);
  p->total += aligned(w->count);
  if (index) *index = p->count;
  p->count++;
  return WD_OK;
}

wd_status wd_params_allocate(wd_params *p, bool gradients, wd_error *err) {
  const wd_kernels *k = wd_kernels_for(p->device, err);
  void *value = NULL, *grad = NULL;
  wd_status st = k->alloc(p->device, p->total * sizeof(float), &value, err);
  if (!st && gradients) st = k->alloc(p->device, p->total * sizeof(float), &grad, err);
  if (!st) st = k->fill(p->device, value, 0, p->total, err);
  if (!st && grad) st = k->fill(p->device, grad, 0, p->total, err);
  if (st) {
    k->release(p->device, value);
    k->release(p->device, grad);
    return st;
  }
  p->value = value;
  p->grad = grad;
  return WD_OK;
}

int wd_params_find(const wd_params *p, const char *name) {
  for (int i = 0; i < p->count; i++)
    if (strcmp(p->param[i].name, name) == 0) return i;
  return -1;
}

static wd_status check_index(const wd_params *p, int index, const float *array, wd_error *err) {
  if (index < 0 || index >= p->count)
    return wd_fail(err, WD_ERR_ARGUMENT, "weight %d of %d", index, p->count);
  if (!array)
    return wd_fail(err, WD_ERR_ARGUMENT, "weight \"%s\" has no such memory yet", p->param[index].name);
  return WD_OK;
}

wd_status wd_params_set(wd_params *p, int index, const float *value, wd_error *err) {
  wd_status st = check_index(p, index, p->value, err);
  if (st) return st;
  const wd_param *w = &p->param[index];
  wd_params_changed(p);
  return wd_kernels_for(p->device, err)
      ->upload(p->device, p->value + w->offset, value, w->count * sizeof(float), err);
}

wd_status wd_params_get(wd_params *p, int index, float *value, wd_error *err) {
  wd_status st = check_index(p, index, p->value, err);
  if (st) return st;
  const wd_param *w = &p->param[index];
  return wd_kernels_for(p->device, err)
      ->download(p->device, value, p->value + w->offset, w->count * sizeof(float), err);
}

wd_status wd_params_get_grad(wd_params *p, int index, float *value, wd_error *err) {
  wd_status st = check_index(p, index, p->grad, err);
  if (st) return st;
  const wd_param *w = &p->param[index];
  return wd_kernels_for(p->device, err)
      ->download(p->device, value, p->grad + w->offset, w->count * sizeof(float), err);
}

void wd_params_changed(wd_params *p) {
  p->version++;
}

wd_status wd_params_zero_grad(wd_params *p, wd_error *err) {
  if (!p->grad) return WD_OK;
  return wd_kernels_for(p->device, err)->fill(p->device, p->grad, 0, p->total, err);
}
