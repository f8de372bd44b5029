/* Building a graph: every node's shape rule. */
#include "model/graph.h"

#include "model/kernels.h"
#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_name[WD_OP_COUNT] = {
    "input",         "param",         "conv",     "linear",   "group norm", "activation", "attention",
    "add",           "add channel",   "modulate", "scale",    "mask",       "upsample",   "downsample",
    "pixel shuffle", "concat",        "slice",    "timestep", "embedding",  "normalize",  "quantize",
    "squared loss",  "absolute loss", "sum",      "detach"};

const char *wd_op_name(wd_op op) {
  return (unsigned)op < WD_OP_COUNT ? op_name[op] : "unknown";
}

wd_status wd_graph_create(wd_device *device, wd_params *params, const wd_graph_desc *desc, wd_graph **out,
                          wd_error *err) {
  const wd_kernels *k = wd_kernels_for(device, err);
  if (!k) return WD_ERR_UNSUPPORTED;
  if (params && params->device != device)
    return wd_fail(err, WD_ERR_ARGUMENT, "the weights lie on %s, the graph shall run on %s",
                   wd_device_get_info(params->device)->spec, wd_device_get_info(device)->spec);
  wd_graph *g = wd_calloc(1, sizeof *g);
  if (!g) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a graph");
  g->device = device;
  g->kernels = k;
  g->params = params;
  if (desc) g->desc = *desc;
  *out = g;
  return WD_OK;
}

/* Keeps the first error of building. */
static int refuse(wd_graph *g, wd_op op, const char *why) {
  if (!g->building.code)
    wd_fail(&g->building, WD_ERR_SHAPE, "node %d (%s): %s", g->count, wd_op_name(op), why);
  return -1;
}

static int refuse_shapes(wd_graph *g, wd_op op, wd_shape a, wd_shape b, const char *why) {
  char ta[64], tb[64], text[512];
  wd_shape_print(a, ta);
  wd_shape_print(b, tb);
  snprintf(text, sizeof text, "%s (%s and %s)", why, ta, tb);
  return refuse(g, op, text);
}

/* Adds a node; the inputs may be -1 (a node that was refused before) only together with g->building set. */
static int add_node(wd_graph *g, wd_op op, wd_shape shape, wd_attributes attr, int n_inputs,
                    const int *input) {
  if (g->building.code) return -1;
  if (g->compiled) return refuse(g, op, "the graph is compiled already");
  for (int i = 0; i < n_inputs; i++)
    if (input[i] < 0 || input[i] >= g->count) return refuse(g, op, "an input that is no node");
  if (g->count == g->capacity) {
    int capacity = g->capacity ? 2 * g->capacity : 128;
    wd_node *grown = realloc(g->node, sizeof *grown * (size_t)capacity);
    if (!grown) {
      wd_fail(&g->building, WD_ERR_NO_MEMORY, "no memory for node %d of a graph", g->count);
      return -1;
    }
    g->node = grown;
    g->capacity = capacity;
  }
  wd_node *n = &g->node[g->count];
  *n = (wd_node){.op = op, .n_inputs = n_inputs, .shape = shape, .attr = attr, .param = -1};
  for (int i = 0; i < n_inputs; i++) {
    n->input[i] = input[i];
    n->needs_grad = n->needs_grad || g->node[input[i]].needs_grad;
  }
  if (op == WD_OP_TIMESTEP || op == WD_OP_DETACH) n->needs_grad = false;
  return g->count++;
}

static wd_shape shape_of(const wd_graph *g, int node) {
  return node >= 0 && node < g->count ? g->node[node].shape : (wd_shape){0};
}

int wd_graph_input(wd_graph *g, const char *name, wd_shape shape, bool needs_grad) {
  for (int i = 0; i < shape.rank; i++)
    if (shape.dim[i] < 1) return refuse(g, WD_OP_INPUT, "a side is not positive");
  if (shape.rank < 1 || shape.rank > 4) return refuse(g, WD_OP_INPUT, "the rank is not 1 to 4");
  int n = add_node(g, WD_OP_INPUT, shape, (wd_attributes){0}, 0, NULL);
  if (n >= 0) {
    g->node[n].needs_grad = needs_grad;
    g->node[n].keep = true;
    wd_graph_name(g, n, name);
  }
  return n;
}

int wd_graph_param(wd_graph *g, const char *name, wd_shape shape) {
  int index = g->params ? wd_params_find(g->params, name) : -1;
  char text[256];
  if (index < 0) {
    snprintf(text, sizeof text, "there is no weight \"%s\"", name);
    return refuse(g, WD_OP_PARAM, text);
  }
  if (!wd_shape_equal(g->params->param[index].shape, shape)) {
    snprintf(text, sizeof text, "weight \"%s\" has another shape than the network", name);
    return refuse_shapes(g, WD_OP_PARAM, g->params->param[index].shape, shape, text);
  }
  int n = add_node(g, WD_OP_PARAM, shape, (wd_attributes){0}, 0, NULL);
  if (n >= 0) {
    g->node[n].param = index;
    g->node[n].needs_grad = g->desc.weight_gradients;
    wd_graph_name(g, n, name);
  }
  return n;
}

int wd_graph_conv(wd_graph *g, int x, int weight, int bias, int stride, int pad) {
  wd_shape s = shape_of(g, x), w = shape_of(g, weight), b = shape_of(g, bias);
  if (s.rank != 4 || w.rank != 4 || w.dim[3] != s.dim[3] || w.dim[1] != w.dim[2])
    return refuse_shapes(g, WD_OP_CONV, s, w, "image and kernel do not fit");
  if (bias >= 0 && (b.rank != 1 || b.dim[0] != w.dim[0]))
    return refuse_shapes(g, WD_OP_CONV, w, b, "kernel and bias do not fit");
  if (stride < 1 || pad < 0) return refuse(g, WD_OP_CONV, "stride or padding out of range");
  int k = w.dim[1], h = (s.dim[1] + 2 * pad - k) / stride + 1, wd = (s.dim[2] + 2 * pad - k) / stride + 1;
  if (s.dim[1] + 2 * pad < k || s.dim[2] + 2 * pad < k)
    return refuse_shapes(g, WD_OP_CONV, s, w, "the kernel is larger than the padded image");
  int input[3] = {x, weight, bias};
  return add_node(g, WD_OP_CONV, wd_shape4(s.dim[0], h, wd, w.dim[0]),
                  (wd_attributes){.stride = stride, .pad = pad}, bias >= 0 ? 3 : 2, input);
}

int wd_graph_linear(wd_graph *g, int x, int weight, int bias) {
  wd_shape s = shape_of(g, x), w = shape_of(g, weight), b = shape_of(g, bias);
  if (s.rank < 2 || w.rank != 2 || w.dim[1] != wd_shape_channels(s))
    return refuse_shapes(g, WD_OP_LINEAR, s, w, "input and matrix do not fit");
  if (bias >= 0 && (b.rank != 1 || b.dim[0] != w.dim[0]))
    return refuse_shapes(g, WD_OP_LINEAR, w, b, "matrix and bias do not fit");
  s.dim[s.rank - 1] = w.dim[0];
  int input[3] = {x, weight, bias};
  return add_node(g, WD_OP_LINEAR, s, (wd_attributes){0}, bias >= 0 ? 3 : 2, input);
}

int wd_graph_group_norm(wd_graph *g, int x, int gamma, int beta, int groups, wd_activation activation) {
  wd_shape s = shape_of(g, x), a = shape_of(g, gamma), b = shape_of(g, beta);
  int c = s.rank >= 2 ? wd_shape_channels(s) : 0;
  if (s.rank < 3 || a.rank != 1 || a.dim[0] != c || !wd_shape_equal(a, b))
    return refuse_shapes(g, WD_OP_GROUP_NORM, s, a, "input and gamma, beta do not fit");
  if (groups < 1 || c % groups)
    return refuse(g, WD_OP_GROUP_NORM, "the channels are no multiple of the groups");
  int input[3] = {x, gamma, beta};
  return add_node(g, WD_OP_GROUP_NORM, s, (wd_attributes){.groups = groups, .activation = activation}, 3,
                  input);
}

int wd_graph_activation(wd_graph *g, int x, wd_activation activation) {
  return add_node(g, WD_OP_ACTIVATION, shape_of(g, x), (wd_attributes){.activation = activation}, 1, &x);
}

/* N, T, C of tokens, or of an image taken as H W tokens. */
static wd_shape tokens(wd_shape s) {
  return s.rank == 4 ? wd_shape3(s.dim[0], s.dim[1] * s.dim[2], s.dim[3]) : s;
}

int wd_graph_attention(wd_graph *g, int q, int k, int v, int heads) {
  wd_shape a = tokens(shape_of(g, q)), b = tokens(shape_of(g, k)), c = tokens(shape_of(g, v));
  if (a.rank != 3 || b.rank != 3 || a.dim[0] != b.dim[0] || a.dim[2] != b.dim[2] || !wd_shape_equal(b, c))
    return refuse_shapes(g, WD_OP_ATTENTION, a, b, "queries, keys and values do not fit");
  if (heads < 1 || a.dim[2] % heads)
    return refuse(g, WD_OP_ATTENTION, "the channels are no multiple of the heads");
  int input[3] = {q, k, v};
  return add_node(g, WD_OP_ATTENTION, shape_of(g, q), (wd_attributes){.heads = heads}, 3, input);
}

int wd_graph_add(wd_graph *g, int a, int b) {
  wd_shape s = shape_of(g, a), t = shape_of(g, b);
  if (!wd_shape_equal(s, t)) return refuse_shapes(g, WD_OP_ADD, s, t, "summands differ in shape");
  int input[2] = {a, b};
  return add_node(g, WD_OP_ADD, s, (wd_attributes){0}, 2, input);
}

int wd_graph_add_channel(wd_graph *g, int x, int e) {
  wd_shape s = shape_of(g, x), t = shape_of(g, e);
  if (s.rank < 3 || t.rank != 2 || t.dim[0] != s.dim[0] || t.dim[1] != wd_shape_channels(s))
    return refuse_shapes(g, WD_OP_ADD_CHANNEL, s, t, "image and channel vector do not fit");
  int input[2] = {x, e};
  return add_node(g, WD_OP_ADD_CHANNEL, s, (wd_attributes){0}, 2, input);
}

int wd_graph_modulate(wd_graph *g, int x, int scale_shift) {
  wd_shape s = shape_of(g, x), t = shape_of(g, scale_shift);
  if (s.rank < 3 || t.rank != 2 || t.dim[0] != s.dim[0] || t.dim[1] != 2 * wd_shape_channels(s))
    return refuse_shapes(g, WD_OP_MODULATE, s, t, "image and its scale and shift do not fit");
  int input[2] = {x, scale_shift};
  return add_node(g, WD_OP_MODULATE, s, (wd_attributes){0}, 2, input);
}

int wd_graph_scale(wd_graph *g, int x, float factor, float offset) {
  return add_node(g, WD_OP_SCALE, shape_of(g, x), (wd_attributes){.scale = factor, .offset = offset}, 1, &x);
}

int wd_graph_mask(wd_graph *g, int x, int mask) {
  wd_shape s = shape_of(g, x), m = shape_of(g, mask);
  if (s.rank < 2 || !wd_shape_equal(m, wd_shape2(s.dim[0], 1)))
    return refuse_shapes(g, WD_OP_MASK, s, m, "a mask holds one value a sample");
  int input[2] = {x, mask};
  return add_node(g, WD_OP_MASK, s, (wd_attributes){0}, 2, input);
}

int wd_graph_upsample(wd_graph *g, int x) {
  wd_shape s = shape_of(g, x);
  if (s.rank != 4) return refuse(g, WD_OP_UPSAMPLE, "no image");
  return add_node(g, WD_OP_UPSAMPLE, wd_shape4(s.dim[0], 2 * s.dim[1], 2 * s.dim[2], s.dim[3]),
                  (wd_attributes){0}, 1, &x);
}

int wd_graph_downsample(wd_graph *g, int x) {
  wd_shape s = shape_of(g, x);
  if (s.rank != 4 || s.dim[1] % 2 || s.dim[2] % 2)
    return refuse(g, WD_OP_DOWNSAMPLE, "no image of even height and width");
  return add_node(g, WD_OP_DOWNSAMPLE, wd_shape4(s.dim[0], s.dim[1] / 2, s.dim[2] / 2, s.dim[3]),
                  (wd_attributes){0}, 1, &x);
}

int wd_graph_pixel_shuffle(wd_graph *g, int x, int factor) {
  wd_shape s = shape_of(g, x);
  if (s.rank != 4 || factor < 1 || s.dim[3] % (factor * factor))
    return refuse(g, WD_OP_PIXEL_SHUFFLE, "the channels are no multiple of the factor squared");
  return add_node(g, WD_OP_PIXEL_SHUFFLE,
                  wd_shape4(s.dim[0], s.dim[1] * factor, s.dim[2] * factor, s.dim[3] / (factor * factor)),
                  (wd_attributes){.factor = factor}, 1, &x);
}

int wd_graph_concat(wd_graph *g, int a, int b) {
  wd_shape s = shape_of(g, a), t = shape_of(g, b), u = s;
  if (s.rank < 2 || s.rank != t.rank) return refuse_shapes(g, WD_OP_CONCAT, s, t, "ranks differ");
  for (int i = 0; i < s.rank - 1; i++)
    if (s.dim[i] != t.dim[i]) return refuse_shapes(g, WD_OP_CONCAT, s, t, "all but the channels must agree");
  u.dim[u.rank - 1] += t.dim[t.rank - 1];
  int input[2] = {a, b};
  return add_node(g, WD_OP_CONCAT, u, (wd_attributes){0}, 2, input);
}

int wd_graph_slice(wd_graph *g, int x, int first, int channels) {
  wd_shape s = shape_of(g, x);
  if (s.rank < 2 || first < 0 || channels < 1 || first + channels > wd_shape_channels(s))
    return refuse(g, WD_OP_SLICE, "channels outside its input's");
  s.dim[s.rank - 1] = channels;
  return add_node(g, WD_OP_SLICE, s, (wd_attributes){.first = first}, 1, &x);
}

int wd_graph_timestep(wd_graph *g, int t, int channels) {
  wd_shape s = shape_of(g, t);
  if (s.rank != 2 || s.dim[1] != 1 || channels < 2 || channels % 2)
    return refuse(g, WD_OP_TIMESTEP, "wants (N, 1) and an even number of channels");
  return add_node(g, WD_OP_TIMESTEP, wd_shape2(s.dim[0], channels), (wd_attributes){0}, 1, &t);
}

int wd_graph_embedding(wd_graph *g, int id, int table) {
  wd_shape s = shape_of(g, id), t = shape_of(g, table);
  if (s.rank != 2 || s.dim[1] != 1 || t.rank != 2)
    return refuse_shapes(g, WD_OP_EMBEDDING, s, t, "wants ids (N, 1) and a table (K, C)");
  int input[2] = {id, table};
  return add_node(g, WD_OP_EMBEDDING, wd_shape2(s.dim[0], t.dim[1]), (wd_attributes){0}, 2, input);
}

int wd_graph_normalize(wd_graph *g, int x) {
  if (shape_of(g, x).rank < 2) return refuse(g, WD_OP_NORMALIZE, "no channels");
  return add_node(g, WD_OP_NORMALIZE, shape_of(g, x), (wd_attributes){0}, 1, &x);
}

int wd_graph_quantize(wd_graph *g, int z, int codebook) {
  wd_shape s = shape_of(g, z), t = shape_of(g, codebook);
  if (s.rank < 2 || t.rank != 2 || t.dim[1] != wd_shape_channels(s))
    return refuse_shapes(g, WD_OP_QUANTIZE, s, t, "latent and codebook do not fit");
  int input[2] = {z, codebook};
  return add_node(g, WD_OP_QUANTIZE, s, (wd_attributes){0}, 2, input);
}

static int loss(wd_graph *g, wd_op op, int x, int target, int weight) {
  wd_shape s = shape_of(g, x), t = shape_of(g, target);
  if (s.rank < 2 || !wd_shape_equal(s, t))
    return refuse_shapes(g, op, s, t, "prediction and target differ in shape");
  if (weight >= 0) {
    wd_shape w = shape_of(g, weight);
    size_t cells = wd_shape_count(s) / (size_t)wd_shape_channels(s);
    if (w.rank != 2 || w.dim[1] != 1 || w.dim[0] % s.dim[0] || cells % (size_t)w.dim[0])
      return refuse_shapes(g, op, s, w, "weights are one value a sample, or one for each of its rows");
  }
  int input[3] = {x, target, weight};
  int n = add_node(g, op, wd_shape1(1), (wd_attributes){0}, weight >= 0 ? 3 : 2, input);
  wd_graph_keep(g, n);
  return n;
}

int wd_graph_squared_loss(wd_graph *g, int x, int target, int weight) {
  return loss(g, WD_OP_SQUARED_LOSS, x, target, weight);
}

int wd_graph_absolute_loss(wd_graph *g, int x, int target, int weight) {
  return loss(g, WD_OP_ABSOLUTE_LOSS, x, target, weight);
}

int wd_graph_sum(wd_graph *g, int a, int b) {
  wd_shape s = shape_of(g, a), t = shape_of(g, b);
  if (wd_shape_count(s) != 1 || wd_shape_count(t) != 1)
    return refuse_shapes(g, WD_OP_SUM, s, t, "no scalars");
  int input[2] = {a, b};
  int n = add_node(g, WD_OP_SUM, wd_shape1(1), (wd_attributes){0}, 2, input);
  wd_graph_keep(g, n);
  return n;
}

int wd_graph_detach(wd_graph *g, int x) {
  return add_node(g, WD_OP_DETACH, shape_of(g, x), (wd_attributes){0}, 1, &x);
}

void wd_graph_name(wd_graph *g, int node, const char *name) {
  if (node >= 0 && node < g->count) snprintf(g->node[node].name, sizeof g->node[node].name, "%s", name);
}

void wd_graph_keep(wd_graph *g, int node) {
  if (node >= 0 && node < g->count) g->node[node].keep = true;
}

int wd_graph_count(const wd_graph *g) {
  return g->count;
}

const wd_node *wd_graph_node(const wd_graph *g, int node) {
  return node >= 0 && node < g->count ? &g->node[node] : NULL;
}

double wd_graph_flops(const wd_graph *g) {
  double sum = 0;
  for (int i = 0; i < g->count; i++) {
    const wd_node *n = &g->node[i];
    double out = (double)wd_shape_count(n->shape);
    if (n->op == WD_OP_CONV) {
      wd_shape w = wd_graph_in(g, n, 1)->shape;
      sum += 2 * out * w.dim[1] * w.dim[2] * w.dim[3];
    } else if (n->op == WD_OP_LINEAR)
      sum += 2 * out * wd_graph_in(g, n, 1)->shape.dim[1];
    else if (n->op == WD_OP_ATTENTION)
      sum += 4 * out * tokens(wd_graph_in(g, n, 1)->shape).dim[1];
  }
  return sum;
}
