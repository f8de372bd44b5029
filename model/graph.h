/* The static graph that every network is: nodes in the order they were added, shapes checked when they are
 * added, memory planned once, then run forward, and backward through the same nodes.
 *
 *   wd_params  the weights by name: values, gradients; shared by any number of graphs (batch 32 to train, 1
 * to sample) wd_graph   one network at one batch size on one device
 *
 * Images are N x H x W x C (channels last), tokens N x T x C, vectors N x C; contiguous float32 on the
 * device. A node is a small integer; adding one to a graph in error gives -1 and the first error is kept
 * until wd_graph_compile reports it, so that a network reads as one expression after another.
 *
 * `precision` concerns only the operands of convolutions and matrix products: tensors, statistics and sums
 * are float32 always. */
#ifndef WD_GRAPH_H
#define WD_GRAPH_H

#include "model/params.h"
#include "solver/device.h"
#include "solver/hooks.h"

#include <stdint.h>

enum { WD_MAX_INPUTS = 6 };

typedef enum wd_op {
  WD_OP_INPUT,         /* set from outside */
  WD_OP_PARAM,         /* a weight of wd_params */
  WD_OP_CONV,          /* x, weight (O, k, k, I), bias (O) or none */
  WD_OP_LINEAR,        /* x (..., I), weight (O, I), bias (O) or none */
  WD_OP_GROUP_NORM,    /* x, gamma (C), beta (C); then SiLU when attr.activation says so */
  WD_OP_ACTIVATION,    /* SiLU or GELU (tanh form) */
  WD_OP_ATTENTION,     /* q, k, v (N, T, C): softmax(q k' / sqrt(C / heads)) v, head by head */
  WD_OP_ADD,           /* a + b, same shape */
  WD_OP_ADD_CHANNEL,   /* x (N, H, W, C) + e (N, C) */
  WD_OP_MODULATE,      /* x (N, H, W, C) * (1 + s) + t, from (N, 2C) = [s, t] */
  WD_OP_SCALE,         /* factor * x + offset */
  WD_OP_MASK,          /* x * m, one m per sample (N, 1) */
  WD_OP_UPSAMPLE,      /* nearest, twice as high and wide */
  WD_OP_DOWNSAMPLE,    /* mean of 2 x 2 */
  WD_OP_PIXEL_SHUFFLE, /* (N, H, W, C r r) -> (N, H r, W r, C): channel (c r + i) r + j goes to row i, column
                          j */
  WD_OP_CONCAT,        /* channels of a, then channels of b */
  WD_OP_SLICE,         /* channels from attr.first on, as many as the node has */
  WD_OP_TIMESTEP,      /* t (N, 1) -> (N, C): sines, then cosines, of t 10000^(-i / (C/2)); no gradient */
  WD_OP_EMBEDDING,     /* id (N, 1), table (K, C) -> (N, C) */
  WD_OP_NORMALIZE,     /* x / sqrt(mean over channels of x^2 + 1e-6) */
  WD_OP_QUANTIZE,      /* z (..., C), codebook (K, C): nearest code; straight-through gradient to z,
                          none to the codebook (it follows by averages, quantize.h) */
  WD_OP_SQUARED_LOSS,  /* x, target, weight (P, 1) or none: mean over parts of weight * mean of squares; P a
                          multiple of N that leaves whole channels: parts are samples, or rows of them */
  WD_OP_ABSOLUTE_LOSS, /* the same with absolute values */
  WD_OP_SUM,           /* scalars a + b */
  WD_OP_DETACH,        /* x, as data: no gradient passes */
  WD_OP_COUNT
} wd_op;

typedef enum wd_activation { WD_ACTIVATION_NONE, WD_ACTIVATION_SILU, WD_ACTIVATION_GELU } wd_activation;
typedef enum wd_precision { WD_PRECISION_F32, WD_PRECISION_BF16, WD_PRECISION_TF32 } wd_precision;

typedef struct wd_attributes {
  int stride, pad;          /* convolution; every side alike */
  int groups;               /* group norm */
  int heads;                /* attention */
  int factor;               /* pixel shuffle */
  int first;                /* slice */
  wd_activation activation; /* group norm, activation */
  float scale, offset;      /* scale */
} wd_attributes;

typedef struct wd_node {
  wd_op op;
  int n_inputs;
  int input[WD_MAX_INPUTS];
  wd_shape shape;
  wd_attributes attr;
  bool needs_grad; /* a weight or a marked input lies before it */
  bool keep;       /* its value outlives the run: outputs, and what backward needs */
  char name[48];
  float *value, *grad; /* on the device; grad NULL without need */
  int param;           /* index in wd_params, for WD_OP_PARAM */
  int32_t *index;      /* WD_OP_QUANTIZE: the code of every row, on the device */
  int last_reader;     /* the last node with this as an input; itself when there is none */
  int written;         /* the node at whose turn the value is written: itself, or one before it that a backend
                          joined with it */
  void *cache;         /* a backend's own (a oneDNN primitive, say), freed by its release */
  double forward_seconds, backward_seconds; /* of the last run, when timing is on */
} wd_node;

typedef struct wd_graph wd_graph;

typedef struct wd_graph_desc {
  bool backward;          /* every value is kept for the way back; inputs that want one get a gradient */
  bool weight_gradients;  /* weights get theirs too (wants backward, and params with gradients) */
  bool timing;            /* measure every node */
  wd_precision precision; /* zero: float32 */
} wd_graph_desc;

/* params must outlive the graph. The device does all work of the graph and owns its memory. */
wd_status wd_graph_create(wd_device *device, wd_params *params, const wd_graph_desc *desc, wd_graph **out,
                          wd_error *err);
void wd_graph_destroy(wd_graph *g);

/* Building. Each returns the new node, or -1 when shapes do not fit (see the head of this file). */
int wd_graph_input(wd_graph *g, const char *name, wd_shape shape, bool needs_grad);
int wd_graph_param(wd_graph *g, const char *name, wd_shape shape); /* must be in params with this shape */
int wd_graph_conv(wd_graph *g, int x, int weight, int bias, int stride, int pad); /* bias -1: none */
int wd_graph_linear(wd_graph *g, int x, int weight, int bias);
int wd_graph_group_norm(wd_graph *g, int x, int gamma, int beta, int groups, wd_activation activation);
int wd_graph_activation(wd_graph *g, int x, wd_activation activation);
int wd_graph_attention(wd_graph *g, int q, int k, int v, int heads);
int wd_graph_add(wd_graph *g, int a, int b);
int wd_graph_add_channel(wd_graph *g, int x, int e);
int wd_graph_modulate(wd_graph *g, int x, int scale_shift);
int wd_graph_scale(wd_graph *g, int x, float factor, float offset);
int wd_graph_mask(wd_graph *g, int x, int mask);
int wd_graph_upsample(wd_graph *g, int x);
int wd_graph_downsample(wd_graph *g, int x);
int wd_graph_pixel_shuffle(wd_graph *g, int x, int factor);
int wd_graph_concat(wd_graph *g, int a, int b);
int wd_graph_slice(wd_graph *g, int x, int first, int channels);
int wd_graph_timestep(wd_graph *g, int t, int channels);
int wd_graph_embedding(wd_graph *g, int id, int table);
int wd_graph_normalize(wd_graph *g, int x);
int wd_graph_quantize(wd_graph *g, int z, int codebook);
int wd_graph_squared_loss(wd_graph *g, int x, int target, int weight); /* weight -1: ones */
int wd_graph_absolute_loss(wd_graph *g, int x, int target, int weight);
int wd_graph_sum(wd_graph *g, int a, int b);
int wd_graph_detach(wd_graph *g, int x);

void wd_graph_name(wd_graph *g, int node, const char *name);
void wd_graph_keep(wd_graph *g, int node); /* its value may be read after a run */

/* Plans memory and lets the device prepare. WD_ERR_SHAPE with the first building error; WD_ERR_UNSUPPORTED
 * when the device lacks an operation that the graph has. */
wd_status wd_graph_compile(wd_graph *g, wd_error *err);

/* Values in and out, by host arrays of the node's size. Reading a node that was not kept is refused. */
wd_status wd_graph_set(wd_graph *g, int node, const float *value, wd_error *err);
wd_status wd_graph_get(wd_graph *g, int node, float *value, wd_error *err);
wd_status wd_graph_get_grad(wd_graph *g, int node, float *grad, wd_error *err);
/* The codes that a WD_OP_QUANTIZE node chose, one a row. */
wd_status wd_graph_get_index(wd_graph *g, int node, int32_t *index, wd_error *err);

/* Forward runs every node in order; cancel is looked at between nodes. */
wd_status wd_graph_forward(wd_graph *g, const wd_hooks *hooks, wd_error *err);
/* From d(loss)/d(loss) = 1, or from a gradient given for any node (host array, its size). Weight gradients
 * add up in params until wd_params_zero_grad; input gradients are those of this call. */
wd_status wd_graph_backward(wd_graph *g, int loss, const float *seed, const wd_hooks *hooks, wd_error *err);

int wd_graph_count(const wd_graph *g);
const wd_node *wd_graph_node(const wd_graph *g, int node);
const char *wd_op_name(wd_op op);

typedef struct wd_graph_memory {
  size_t values, gradients, workspace; /* bytes */
  size_t unshared;                     /* what values would take if nothing were reused */
} wd_graph_memory;
wd_graph_memory wd_graph_get_memory(const wd_graph *g);
/* Multiplications and additions of one forward run. */
double wd_graph_flops(const wd_graph *g);

#endif
