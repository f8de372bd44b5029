/* The parts of the table of kernels that are no operations of a graph: memory, transfers, the optimizer. As
 * wd_kernels (model/kernels.h) has them. Internal to model/cuda/. */
#ifndef WD_NET_DEVICE_H
#define WD_NET_DEVICE_H

#include "model/cuda/backend.h"

wd_status wd_net_alloc(wd_device *device, size_t bytes, void **out, wd_error *err);
void wd_net_release(wd_device *device, void *memory);
wd_status wd_net_upload(wd_device *device, void *to, const void *from, size_t bytes, wd_error *err);
wd_status wd_net_download(wd_device *device, void *to, const void *from, size_t bytes, wd_error *err);
wd_status wd_net_fill(wd_device *device, float *to, float value, size_t count, wd_error *err);
wd_status wd_net_norm2(wd_device *device, const float *x, size_t count, double *out, wd_error *err);
wd_status wd_net_adamw(wd_device *device, const wd_adamw *rule, float grad_scale, float decay, size_t count,
                       float *value, const float *grad, float *m, float *v, wd_error *err);
wd_status wd_net_ema(wd_device *device, float decay, size_t count, const float *value, float *average,
                     wd_error *err);

/* stepper.c */
extern const wd_stepper_ops wd_net_stepper;

#endif
