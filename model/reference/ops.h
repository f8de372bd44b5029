/* The reference kernels: plain loops, sums in double. What they compute is the definition of every operation;
 * the other devices are tested against them. Internal to model/reference/. */
#ifndef WD_REFERENCE_OPS_H
#define WD_REFERENCE_OPS_H

#include "model/kernels.h"

#define WD_REFERENCE_KERNEL(name)                                                                            \
  wd_status wd_ref_##name##_forward(wd_graph *g, wd_node *n, wd_error *err);                                 \
  wd_status wd_ref_##name##_backward(wd_graph *g, wd_node *n, wd_error *err)

WD_REFERENCE_KERNEL(conv);
WD_REFERENCE_KERNEL(linear);
WD_REFERENCE_KERNEL(group_norm);
WD_REFERENCE_KERNEL(activation);
WD_REFERENCE_KERNEL(attention);
WD_REFERENCE_KERNEL(add);
WD_REFERENCE_KERNEL(add_channel);
WD_REFERENCE_KERNEL(modulate);
WD_REFERENCE_KERNEL(scale);
WD_REFERENCE_KERNEL(mask);
WD_REFERENCE_KERNEL(upsample);
WD_REFERENCE_KERNEL(downsample);
WD_REFERENCE_KERNEL(pixel_shuffle);
WD_REFERENCE_KERNEL(concat);
WD_REFERENCE_KERNEL(slice);
WD_REFERENCE_KERNEL(embedding);
WD_REFERENCE_KERNEL(normalize);
WD_REFERENCE_KERNEL(quantize);
WD_REFERENCE_KERNEL(squared_loss);
WD_REFERENCE_KERNEL(absolute_loss);
WD_REFERENCE_KERNEL(sum);
wd_status wd_ref_timestep_forward(wd_graph *g, wd_node *n, wd_error *err);
wd_status wd_ref_detach_forward(wd_graph *g, wd_node *n, wd_error *err);
#undef WD_REFERENCE_KERNEL

/* N, then everything between, then channels: how most loops see a tensor. */
typedef struct wd_extent {
  int n, pixels, c;
} wd_extent;

static inline wd_extent wd_extent_of(wd_shape s) {
  int c = wd_shape_channels(s);
  return (wd_extent){s.dim[0], (int)(wd_shape_count(s) / (size_t)s.dim[0] / (size_t)c), c};
}

#endif
