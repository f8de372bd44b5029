/* Operations where every element goes its own way, those that move values, and losses. */
#include "model/cuda/backend.h"

static const float *value(const wd_graph *g, const wd_node *n, int i) {
  return n->n_inputs > i ? wd_graph_in(g, n, i)->value : NULL;
}

static float *grad(const wd_graph *g, const wd_node *n, int i) {
  return n->n_inputs > i ? wd_graph_in(g, n, i)->grad : NULL;
}

/* What most kernels want to know: the node's size as samples, pixels, channels, its inputs, its output. */
static wd_net_args args_of(const wd_graph *g, const wd_node *n) {
  wd_net_extent e = wd_net_extent_of(n->shape);
  return (wd_net_args){.count = (unsigned)wd_shape_count(n->shape),
                       .n = e.n,
                       .pixels = e.pixels,
                       .c = e.c,
                       .x = value(g, n, 0),
                       .x1 = value(g, n, 1),
                       .dy = n->grad,
                       .y = n->value,
                       .scale = 1};
}

static wd_status each(const wd_graph *g, wd_net_kernel which, const wd_net_args *a, wd_error *err) {
  return wd_net_each(wd_net_backend(g)->net, which, a, err);
}

/* Passes the gradient through, `scale` times. */
static wd_status pass(const wd_graph *g, const wd_node *n, float *to, float *to1, float scale,
                      wd_error *err) {
  wd_net_args a = {
      .count = (unsigned)wd_shape_count(n->shape), .dy = n->grad, .y = to, .y1 = to1, .scale = scale};
  return to || to1 ? each(g, WD_NET_ACCUMULATE, &a, err) : WD_OK;
}

wd_status wd_net_activation_forward(wd_graph *g, wd_node *n, wd_error *err) {
  if (wd_net_fused(g, n)->absorbed) return WD_OK;
  wd_net_args a = args_of(g, n);
  a.mode = (int)n->attr.activation;
  return each(g, WD_NET_ACTIVATE, &a, err);
}

wd_status wd_net_activation_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.mode = (int)n->attr.activation;
  a.y = grad(g, n, 0);
  return a.y ? each(g, WD_NET_ACTIVATE_BACK, &a, err) : WD_OK;
}

wd_status wd_net_add_forward(wd_graph *g, wd_node *n, wd_error *err) {
  if (wd_net_fused(g, n)->absorbed) return WD_OK;
  wd_net_args a = args_of(g, n);
  return each(g, WD_NET_ADD, &a, err);
}

wd_status wd_net_add_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return pass(g, n, grad(g, n, 0), grad(g, n, 1), 1, err);
}

wd_status wd_net_sum_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return wd_net_add_forward(g, n, err);
}

wd_status wd_net_sum_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return wd_net_add_backward(g, n, err);
}

wd_status wd_net_detach_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  return each(g, WD_NET_SCALE, &a, err);
}

wd_status wd_net_scale_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.scale = n->attr.scale;
  a.offset = n->attr.offset;
  return each(g, WD_NET_SCALE, &a, err);
}

wd_status wd_net_scale_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return pass(g, n, grad(g, n, 0), NULL, n->attr.scale, err);
}

wd_status wd_net_mask_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  return each(g, WD_NET_MASK, &a, err);
}

wd_status wd_net_mask_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.y = grad(g, n, 0);
  return a.y ? each(g, WD_NET_MASK_BACK, &a, err) : WD_OK;
}

wd_status wd_net_add_channel_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  return each(g, WD_NET_ADD_CHANNEL, &a, err);
}

wd_status wd_net_add_channel_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  wd_status st = pass(g, n, grad(g, n, 0), NULL, 1, err);
  a.mode = WD_NET_SUM_PLAIN;
  if (!st && grad(g, n, 1)) st = wd_net_channel_sums(g, &a, grad(g, n, 1), NULL, a.c, err);
  return st;
}

wd_status wd_net_modulate_forward(wd_graph *g, wd_node *n, wd_error *err) {
  if (wd_net_fused(g, n)->absorbed) return WD_OK;
  wd_net_args a = args_of(g, n);
  return each(g, WD_NET_MODULATE, &a, err);
}

wd_status wd_net_modulate_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  float *to = grad(g, n, 1);
  wd_status st = WD_OK;
  a.y = grad(g, n, 0);
  if (a.y) st = each(g, WD_NET_MODULATE_BACK, &a, err);
  a.mode = WD_NET_SUM_MODULATE;
  if (!st && to) st = wd_net_channel_sums(g, &a, to + a.c, to, 2 * a.c, err);
  return st;
}

/* Sizes of an image before and after; backward the loop is over what receives. */
static wd_status resample(const wd_graph *g, wd_node *n, wd_net_kernel which, bool back, wd_error *err) {
  const wd_node *in = wd_graph_in(g, n, 0);
  wd_net_args a = {.x = in->value,
                   .y = back ? in->grad : n->value,
                   .dy = n->grad,
                   .count = (unsigned)wd_shape_count(back ? in->shape : n->shape),
                   .h = in->shape.dim[1],
                   .w = in->shape.dim[2],
                   .c = in->shape.dim[3],
                   .oh = n->shape.dim[1],
                   .ow = n->shape.dim[2],
                   .o = n->shape.dim[3],
                   .factor = n->attr.factor};
  return a.y ? each(g, which, &a, err) : WD_OK;
}

wd_status wd_net_upsample_forward(wd_graph *g, wd_node *n, wd_error *err) {
  if (wd_net_fused(g, n)->absorbed) return WD_OK;
  return resample(g, n, WD_NET_UPSAMPLE, false, err);
}

wd_status wd_net_upsample_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return resample(g, n, WD_NET_UPSAMPLE_BACK, true, err);
}

wd_status wd_net_downsample_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return resample(g, n, WD_NET_DOWNSAMPLE, false, err);
}

wd_status wd_net_downsample_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return resample(g, n, WD_NET_DOWNSAMPLE_BACK, true, err);
}

wd_status wd_net_pixel_shuffle_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return resample(g, n, WD_NET_SHUFFLE, false, err);
}

wd_status wd_net_pixel_shuffle_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return resample(g, n, WD_NET_SHUFFLE_BACK, true, err);
}

wd_status wd_net_concat_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.o = a.c;
  a.c = wd_shape_channels(wd_graph_in(g, n, 0)->shape);
  a.k = a.o - a.c;
  return each(g, WD_NET_CONCAT, &a, err);
}

wd_status wd_net_concat_backward(wd_graph *g, wd_node *n, wd_error *err) {
  int all = wd_shape_channels(n->shape), before = 0;
  wd_status st = WD_OK;
  for (int k = 0; k < 2 && !st; k++) {
    const wd_node *in = wd_graph_in(g, n, k);
    int c = wd_shape_channels(in->shape);
    wd_net_args a = {.count = (unsigned)wd_shape_count(in->shape),
                     .c = c,
                     .lead = c,
                     .w = all,
                     .o = before,
                     .dy = n->grad,
                     .y = in->grad};
    if (a.y) st = each(g, WD_NET_COLUMNS_BACK, &a, err);
    before += c;
  }
  return st;
}

wd_status wd_net_slice_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.lead = wd_shape_channels(wd_graph_in(g, n, 0)->shape);
  a.first = n->attr.first;
  return each(g, WD_NET_SLICE, &a, err);
}

wd_status wd_net_slice_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.lead = wd_shape_channels(wd_graph_in(g, n, 0)->shape);
  a.first = n->attr.first;
  a.w = a.c;
  a.y = grad(g, n, 0);
  return a.y ? each(g, WD_NET_COLUMNS_BACK, &a, err) : WD_OK;
}

wd_status wd_net_timestep_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.count /= 2;
  return each(g, WD_NET_TIMESTEP, &a, err);
}

wd_status wd_net_embedding_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.k = wd_graph_in(g, n, 1)->shape.dim[0];
  a.fault = (int *)wd_net_backend(g)->net->fault;
  return each(g, WD_NET_EMBED, &a, err);
}

wd_status wd_net_embedding_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_node *table = wd_graph_in(g, n, 1);
  wd_net_args a = args_of(g, n);
  a.k = table->shape.dim[0];
  a.y = table->grad;
  a.count = (unsigned)wd_shape_count(table->shape);
  return a.y ? each(g, WD_NET_EMBED_BACK, &a, err) : WD_OK;
}

wd_status wd_net_normalize_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.count = (unsigned)wd_shape_rows(n->shape);
  return each(g, WD_NET_NORMALIZE, &a, err);
}

wd_status wd_net_normalize_backward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.count = (unsigned)wd_shape_rows(n->shape);
  a.y = grad(g, n, 0);
  return a.y ? each(g, WD_NET_NORMALIZE_BACK, &a, err) : WD_OK;
}

wd_status wd_net_quantize_forward(wd_graph *g, wd_node *n, wd_error *err) {
  wd_net_args a = args_of(g, n);
  a.k = wd_graph_in(g, n, 1)->shape.dim[0];
  a.index = n->index;
  return wd_net_launch(wd_net_backend(g)->net, WD_NET_QUANTIZE, &a,
                       (dim3){(unsigned)wd_shape_rows(n->shape), 1, 1}, (dim3){WD_NET_THREADS, 1, 1}, 0, err);
}

/* Straight through. */
wd_status wd_net_quantize_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return pass(g, n, grad(g, n, 0), NULL, 1, err);
}

/* ---- losses ---- */

enum { LOSS_SLICES = 32 };

static wd_status loss_forward(const wd_graph *g, const wd_node *n, int squared, wd_error *err) {
  const wd_node *in = wd_graph_in(g, n, 0);
  const wd_net_graph *b = wd_net_backend(g);
  const int parts = wd_graph_loss_parts(g, n);
  wd_net_args a = {.n = parts,
                   .count = (unsigned)(wd_shape_count(in->shape) / (size_t)parts),
                   .mode = squared,
                   .slices = LOSS_SLICES,
                   .x = in->value,
                   .x1 = value(g, n, 1),
                   .x2 = value(g, n, 2),
                   .y = n->value,
                   .sum = (double *)(void *)b->scratch};
  wd_status st = wd_net_launch(b->net, WD_NET_LOSS, &a, (dim3){LOSS_SLICES, (unsigned)a.n, 1},
                               (dim3){WD_NET_THREADS, 1, 1}, 0, err);
  return st ? st
            : wd_net_launch(b->net, WD_NET_LOSS_TOTAL, &a, (dim3){1, 1, 1}, (dim3){WD_NET_THREADS, 1, 1}, 0,
                            err);
}

static wd_status loss_backward(const wd_graph *g, const wd_node *n, int squared, wd_error *err) {
  const wd_node *in = wd_graph_in(g, n, 0);
  const size_t count = wd_shape_count(in->shape);
  const int parts = wd_graph_loss_parts(g, n), channels = wd_shape_channels(in->shape);
  wd_net_args a = {.count = (unsigned)count,
                   .pixels = (int)(count / (size_t)parts / (size_t)channels),
                   .c = channels,
                   .mode = squared,
                   .scale = (float)(1.0 / (double)count),
                   .x = in->value,
                   .x1 = value(g, n, 1),
                   .x2 = value(g, n, 2),
                   .dy = n->grad,
                   .y = in->grad,
                   .y1 = grad(g, n, 1)};
  return a.y || a.y1 ? each(g, WD_NET_LOSS_BACK, &a, err) : WD_OK;
}

size_t wd_net_loss_bytes(const wd_graph *g, const wd_node *n) {
  if (n->op != WD_OP_SQUARED_LOSS && n->op != WD_OP_ABSOLUTE_LOSS) return 0;
  return (size_t)wd_graph_loss_parts(g, n) * LOSS_SLICES * sizeof(double);
}

wd_status wd_net_squared_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_forward(g, n, 1, err);
}

wd_status wd_net_squared_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_backward(g, n, 1, err);
}

wd_status wd_net_absolute_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_forward(g, n, 0, err);
}

wd_status wd_net_absolute_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_backward(g, n, 0, err);
}
