/* A network's weights by name: values and, for training, gradients, on one device. */
#ifndef WD_PARAMS_H
#define WD_PARAMS_H

#include "solver/device.h"
#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct wd_shape {
  int rank; /* 1..4 */
  int dim[4];
} wd_shape;

static inline wd_shape wd_shape1(int a) {
  return (wd_shape){1, {a, 1, 1, 1}};
}
static inline wd_shape wd_shape2(int a, int b) {
  return (wd_shape){2, {a, b, 1, 1}};
}
static inline wd_shape wd_shape3(int a, int b, int c) {
  return (wd_shape){3, {a, b, c, 1}};
}
static inline wd_shape wd_shape4(int a, int b, int c, int d) {
  return (wd_shape){4, {a, b, c, d}};
}
static inline size_t wd_shape_count(wd_shape s) {
  size_t n = 1;
  for (int i = 0; i < s.rank; i++) n *= (size_t)s.dim[i];
  return n;
}
static inline bool wd_shape_equal(wd_shape a, wd_shape b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; i++)
    if (a.dim[i] != b.dim[i]) return false;
  return true;
}
/* The last dimension, and the product of all before it. */
static inline int wd_shape_channels(wd_shape s) {
  return s.dim[s.rank - 1];
}
static inline int wd_shape_rows(wd_shape s) {
  return (int)(wd_shape_count(s) / (size_t)wd_shape_channels(s));
}
/* "2 x 18 x 18 x 64" */
void wd_shape_print(wd_shape s, char text[64]);

typedef struct wd_param {
  char name[96];
  wd_shape shape;
  size_t offset, count; /* in the flat arrays below */
  bool decay; /* AdamW's weight decay applies (matrices and kernels; not biases, norms, codebooks) */
  bool still; /* the optimizer leaves it as it is */
} wd_param;

/* All weights lie in one flat array a kind, in the order they were added: an optimizer step is one loop. */
typedef struct wd_params {
  wd_device *device;
  int count, capacity;
  wd_param *param;
  size_t total;          /* floats */
  float *value;          /* device memory, after wd_params_allocate */
  float *grad;           /* NULL without gradients */
  unsigned long version; /* goes up whenever a value changes: packed copies of weights are made anew */
} wd_params;

wd_status wd_params_create(wd_device *device, wd_params **out, wd_error *err);
void wd_params_destroy(wd_params *p);

/* Before allocation: declares a weight; refuses a second one of the same name. Returns its index through
 * *index. */
wd_status wd_params_add(wd_params *p, const char *name, wd_shape shape, bool decay, int *index,
                        wd_error *err);
wd_status wd_params_allocate(wd_params *p, bool gradients, wd_error *err); /* zeroed */
int wd_params_find(const wd_params *p, const char *name);                  /* -1: not there */

wd_status wd_params_set(wd_params *p, int index, const float *value, wd_error *err);
wd_status wd_params_get(wd_params *p, int index, float *value, wd_error *err);
wd_status wd_params_get_grad(wd_params *p, int index, float *value, wd_error *err);
/* For whoever writes `value` itself (an optimizer). */
void wd_params_changed(wd_params *p);
wd_status wd_params_zero_grad(wd_params *p, wd_error *err);

#endif
