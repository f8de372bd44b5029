/* The `cuda` table of kernels, and what a graph needs before it can run. */
#include "model/cuda/device.h"

#include "solver/device_impl.h"
#include "solver/memory.h"

#include <stdlib.h>
#include <string.h>

static void forget(wd_graph *g) {
  wd_net_graph *b = g->backend;
  if (!b) return;
  g->backend = NULL;
  if (!b->net) { /* joined, but never prepared */
    wd_free(b->fusion);
    wd_free(b);
    return;
  }
  const wd_cuda_device *d = b->net->device;
  (void)cudaSetDevice(d->ordinal);
  (void)cudaStreamSynchronize(d->stream);
  wd_net_forget_tapes(b);
  for (int i = 0; i < g->count; i++) {
    if (g->node[i].cache) (void)cudaFree(g->node[i].cache);
    g->node[i].cache = NULL;
  }
  if (b->scratch) (void)cudaFree(b->scratch);
  if (b->weights) (void)cudaFree(b->weights);
  wd_free(b->fusion);
  wd_free(b);
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Sizes, scratch, and the statistics that a group norm keeps for its way back. */
static wd_status prepare_node(wd_graph *g, int i, wd_error *err) {
  wd_net_graph *b = g->backend;
  wd_node *n = &g->node[i];
  if (wd_shape_count(n->shape) >= WD_NET_LIMIT)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "cuda: node %d (%s) has 2^31 values or more; take a smaller batch", i, wd_op_name(n->op));
  if (n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) return WD_OK;
  wd_status st = wd_net_check_attention(g, n, err);
  if (st) return st;
  b->scratch_bytes = larger(b->scratch_bytes, wd_net_contract_bytes(g, n));
  b->scratch_bytes = larger(b->scratch_bytes, wd_net_attention_bytes(g, n));
  b->scratch_bytes = larger(b->scratch_bytes, wd_net_norm_bytes(g, n));
  b->scratch_bytes = larger(b->scratch_bytes, wd_net_loss_bytes(g, n));
  const bool loss = n->op == WD_OP_SQUARED_LOSS || n->op == WD_OP_ABSOLUTE_LOSS;
  const int samples = loss ? wd_graph_loss_parts(g, n) : n->shape.dim[0];
  if (samples > 65535 &&
      (loss || n->op == WD_OP_GROUP_NORM || n->op == WD_OP_MODULATE || n->op == WD_OP_ADD_CHANNEL))
    return wd_fail(err, WD_ERR_UNSUPPORTED, "cuda: node %d (%s) has %d samples; at most 65535", i,
                   wd_op_name(n->op), samples); /* they are a side of the grid of blocks */
  if (n->op == WD_OP_GROUP_NORM) {
    st = wd_cuda_alloc(b->net->device, 2 * (size_t)n->shape.dim[0] * (size_t)n->attr.groups, sizeof(float),
                       "statistics", &n->cache, err);
  }
  return st;
}

static wd_status prepare(wd_graph *g, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(g->device, &net, err);
  if (st) return st;
  wd_net_graph *b = g->backend;
  b->net = net;
  const char *replay = getenv("WAVEDIFFUSION_REPLAY");
  b->replay = !replay || strcmp(replay, "off") != 0;
  if (!net->blas.handle) {
    st = wd_blas_open(net->device, &net->blas, err);
    if (st) wd_blas_close(&net->blas);
  }
  bool products = false;
  for (int i = 0; i < g->count && !st; i++) {
    st = prepare_node(g, i, err);
    products = products || g->node[i].op == WD_OP_CONV || g->node[i].op == WD_OP_LINEAR;
  }
  void *block = NULL;
  if (!st && b->scratch_bytes) {
    st = wd_cuda_alloc(net->device, b->scratch_bytes, 1, "an operation's own use", &block, err);
    b->scratch = block;
  }
  block = NULL;
  if (!st && products && g->params && g->desc.precision == WD_PRECISION_BF16) {
    st = wd_cuda_alloc(net->device, g->params->total, sizeof *b->weights, "rounded weights", &block, err);
    b->weights = block;
    b->version = g->params->version - 1;
  }
  g->memory.workspace = b->scratch_bytes + (b->weights ? g->params->total * sizeof *b->weights : 0);
  return st;
}

#define KERNEL(name)                                                                                         \
  { wd_net_##name##_forward, wd_net_##name##_backward }

const wd_kernels wd_kernels_cuda = {
    .name = "cuda",
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
            [WD_OP_TIMESTEP] = {wd_net_timestep_forward, NULL},
            [WD_OP_DETACH] = {wd_net_detach_forward, NULL},
            [WD_OP_EMBEDDING] = KERNEL(embedding),
            [WD_OP_NORMALIZE] = KERNEL(normalize),
            [WD_OP_QUANTIZE] = KERNEL(quantize),
            [WD_OP_SQUARED_LOSS] = KERNEL(squared_loss),
            [WD_OP_ABSOLUTE_LOSS] = KERNEL(absolute_loss),
            [WD_OP_SUM] = KERNEL(sum),
        },
    .alloc = wd_net_alloc,
    .release = wd_net_release,
    .upload = wd_net_upload,
    .download = wd_net_download,
    .fill = wd_net_fill,
    .fuse = wd_net_fuse,
    .prepare = prepare,
    .forget = forget,
    .begin = wd_net_begin,
    .end = wd_net_end,
    .finish = wd_net_finish,
    .norm2 = wd_net_norm2,
    .adamw = wd_net_adamw,
    .ema = wd_net_ema,
    .stepper = &wd_net_stepper,
};
