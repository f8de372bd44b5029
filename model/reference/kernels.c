/* The reference table: host memory, plain loops. On the `check` device memory is guarded and poisoned
 * (guard.h), so a kernel that reads what nobody wrote, or beyond, is found. */
#include "model/reference/ops.h"

#include "solver/guard.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

static wd_status host_alloc(wd_device *d, size_t bytes, void **out, wd_error *err) {
  bool guarded = wd_device_get_info(d)->kind == WD_DEVICE_CHECK;
  void *p = guarded ? wd_guard_alloc(bytes, 1) : wd_alloc(bytes, 1);
  if (!p) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %.1f MiB of tensors", (double)bytes / 1048576);
  *out = p;
  return WD_OK;
}

static void host_release(wd_device *d, void *memory) {
  if (wd_device_get_info(d)->kind == WD_DEVICE_CHECK)
    wd_guard_free(memory);
  else
    wd_free(memory);
}

static wd_status host_copy(wd_device *d, void *to, const void *from, size_t bytes, wd_error *err) {
  (void)d;
  (void)err;
  memcpy(to, from, bytes);
  return WD_OK;
}

static wd_status host_fill(wd_device *d, float *to, float value, size_t count, wd_error *err) {
  (void)d;
  (void)err;
  for (size_t i = 0; i < count; i++) to[i] = value;
  return WD_OK;
}

static wd_status host_norm2(wd_device *d, const float *x, size_t count, double *out, wd_error *err) {
  (void)d;
  (void)err;
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
  *out = sum;
  return WD_OK;
}

/* Loshchilov & Hutter 2019, algorithm 2: decay apart from the gradient. */
static wd_status host_adamw(wd_device *d, const wd_adamw *rule, float grad_scale, float decay, size_t count,
                            float *value, const float *grad, float *m, float *v, wd_error *err) {
  (void)d;
  (void)err;
  double c1 = 1 - pow(rule->beta1, (double)rule->step), c2 = 1 - pow(rule->beta2, (double)rule->step);
  for (size_t i = 0; i < count; i++) {
    double gradient = (double)grad[i] * (double)grad_scale;
    m[i] = (float)(rule->beta1 * (double)m[i] + (1 - rule->beta1) * gradient);
    v[i] = (float)(rule->beta2 * (double)v[i] + (1 - rule->beta2) * gradient * gradient);
    double step = (double)m[i] / c1 / (sqrt((double)v[i] / c2) + rule->epsilon);
    value[i] = (float)((double)value[i] -
                       rule->learning_rate * (step + rule->weight_decay * (double)decay * (double)value[i]));
  }
  return WD_OK;
}

static wd_status host_ema(wd_device *d, float decay, size_t count, const float *value, float *average,
                          wd_error *err) {
  (void)d;
  (void)err;
  for (size_t i = 0; i < count; i++) average[i] += (1 - decay) * (value[i] - average[i]);
  return WD_OK;
}

#define KERNEL(name)                                                                                         \
  { wd_ref_##name##_forward, wd_ref_##name##_backward }

const wd_kernels wd_kernels_reference = {
    .name = "reference",
    .op =
        {
            [WD_OP_CONV] = KERNEL(conv),
            [WD_OP_LINEAR] = KERNEL(linear),
            [WD_OP_GROUP_NORM] = KERNEL(group_norm),
            [WD_OP_ACTIVATION] = KERNEL(activation),
            [WD_OP_ATTENTION] = KERNEL(attention),
            [WD_OP_ADD] = KERNEL(add),
            [WD_OP_ADD_CHANNEL] = KERNEL(add_channel),
            [WD_OP_MODULATE] = KERNEL(modulate),
            [WD_OP_SCALE] = KERNEL(scale),
            [WD_OP_MASK] = KERNEL(mask),
            [WD_OP_UPSAMPLE] = KERNEL(upsample),
            [WD_OP_DOWNSAMPLE] = KERNEL(downsample),
            [WD_OP_PIXEL_SHUFFLE] = KERNEL(pixel_shuffle),
            [WD_OP_CONCAT] = KERNEL(concat),
            [WD_OP_SLICE] = KERNEL(slice),
            [WD_OP_TIMESTEP] = {wd_ref_timestep_forward, NULL},
            [WD_OP_DETACH] = {wd_ref_detach_forward, NULL},
            [WD_OP_EMBEDDING] = KERNEL(embedding),
            [WD_OP_NORMALIZE] = KERNEL(normalize),
            [WD_OP_QUANTIZE] = KERNEL(quantize),
            [WD_OP_SQUARED_LOSS] = KERNEL(squared_loss),
            [WD_OP_ABSOLUTE_LOSS] = KERNEL(absolute_loss),
            [WD_OP_SUM] = KERNEL(sum),
        },
    .alloc = host_alloc,
    .release = host_release,
    .upload = host_copy,
    .download = host_copy,
    .fill = host_fill,
    .norm2 = host_norm2,
    .adamw = host_adamw,
    .ema = host_ema,
};
