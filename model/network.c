#include "model/network.h"

#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wd_network_prefix(wd_network *n, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  vsnprintf(n->prefix, sizeof n->prefix, format, ap);
  va_end(ap);
}

static int fail(wd_network *n, wd_status st) {
  if (!n->status) n->status = st;
  return -1;
}

int wd_network_weight(wd_network *n, const char *name, wd_shape shape, wd_init init, bool decay) {
  if (n->status) return -1;
  char full[sizeof n->params->param[0].name];
  int length = n->prefix[0] ? snprintf(full, sizeof full, "%s.%s", n->prefix, name)
                            : snprintf(full, sizeof full, "%s", name);
  if (length < 0 || (size_t)length >= sizeof full)
    return fail(n, wd_fail(&n->error, WD_ERR_ARGUMENT, "the name of weight \"%s\" is too long", name));
  if (n->graph) return wd_graph_param(n->graph, full, shape);
  int index;
  wd_status st = wd_params_add(n->params, full, shape, decay, &index, &n->error);
  if (st) return fail(n, st);
  if (index >= n->init_capacity) {
    int capacity = n->init_capacity ? 2 * n->init_capacity : 64;
    wd_init *grown = realloc(n->init, sizeof *grown * (size_t)capacity);
    if (!grown) return fail(n, wd_fail(&n->error, WD_ERR_NO_MEMORY, "no memory for weight \"%s\"", full));
    n->init = grown;
    n->init_capacity = capacity;
  }
  n->init[index] = init;
  return -1;
}

/* A weight called "layer.part". */
static int part(wd_network *n, const char *layer, const char *what, wd_shape shape, wd_init init,
                bool decay) {
  char name[96];
  snprintf(name, sizeof name, "%s.%s", layer, what);
  return wd_network_weight(n, name, shape, init, decay);
}

static wd_init scaled(double gain, int inputs) {
  if (gain == 0) return (wd_init){WD_INIT_ZERO, 0};
  return (wd_init){WD_INIT_NORMAL, gain / sqrt((double)inputs)};
}

int wd_network_conv(wd_network *n, const char *name, int x, int in, int out, int kernel, int stride,
                    double gain) {
  int w =
      part(n, name, "weight", wd_shape4(out, kernel, kernel, in), scaled(gain, in * kernel * kernel), true);
  int b = part(n, name, "bias", wd_shape1(out), (wd_init){WD_INIT_ZERO, 0}, false);
  return n->graph ? wd_graph_conv(n->graph, x, w, b, stride, (kernel - 1) / 2) : -1;
}

int wd_network_linear(wd_network *n, const char *name, int x, int in, int out, double gain) {
  int w = part(n, name, "weight", wd_shape2(out, in), scaled(gain, in), true);
  int b = part(n, name, "bias", wd_shape1(out), (wd_init){WD_INIT_ZERO, 0}, false);
  return n->graph ? wd_graph_linear(n->graph, x, w, b) : -1;
}

int wd_network_norm(wd_network *n, const char *name, int x, int channels, int groups,
                    wd_activation activation) {
  int gamma = part(n, name, "weight", wd_shape1(channels), (wd_init){WD_INIT_ONE, 0}, false);
  int beta = part(n, name, "bias", wd_shape1(channels), (wd_init){WD_INIT_ZERO, 0}, false);
  return n->graph ? wd_graph_group_norm(n->graph, x, gamma, beta, groups, activation) : -1;
}

/* Runs a layer under "outer.inner". */
#define INNER(n, outer, inner)                                                                               \
  char inner[96];                                                                                            \
  snprintf(inner, sizeof inner, "%s.%s", outer, #inner)

int wd_network_residual(wd_network *n, const char *name, int x, int in, int out, int groups, int embedding,
                        int embedding_channels) {
  INNER(n, name, norm1);
  INNER(n, name, conv1);
  INNER(n, name, modulate);
  INNER(n, name, norm2);
  INNER(n, name, conv2);
  INNER(n, name, skip);
  int h = wd_network_norm(n, norm1, x, in, groups, WD_ACTIVATION_SILU);
  h = wd_network_conv(n, conv1, h, in, out, 3, 1, 1.4);
  if (embedding_channels) {
    int e = wd_network_linear(n, modulate, embedding, embedding_channels, 2 * out, 0);
    h = wd_network_norm(n, norm2, h, out, groups, WD_ACTIVATION_NONE);
    if (n->graph) h = wd_graph_activation(n->graph, wd_graph_modulate(n->graph, h, e), WD_ACTIVATION_SILU);
  } else
    h = wd_network_norm(n, norm2, h, out, groups, WD_ACTIVATION_SILU);
  h = wd_network_conv(n, conv2, h, out, out, 3, 1, 0);
  if (in != out) x = wd_network_conv(n, skip, x, in, out, 1, 1, 1);
  return n->graph ? wd_graph_add(n->graph, x, h) : -1;
}

int wd_network_attention(wd_network *n, const char *name, int x, int channels, int groups, int heads) {
  INNER(n, name, norm);
  INNER(n, name, query);
  INNER(n, name, key);
  INNER(n, name, value);
  INNER(n, name, project);
  int h = wd_network_norm(n, norm, x, channels, groups, WD_ACTIVATION_NONE);
  int q = wd_network_linear(n, query, h, channels, channels, 1);
  int k = wd_network_linear(n, key, h, channels, channels, 1);
  int v = wd_network_linear(n, value, h, channels, channels, 1);
  int y = n->graph ? wd_graph_attention(n->graph, q, k, v, heads) : -1;
  y = wd_network_linear(n, project, y, channels, channels, 0);
  return n->graph ? wd_graph_add(n->graph, x, y) : -1;
}

int wd_network_up(wd_network *n, const char *name, int x, int in, int out) {
  return wd_network_conv(n, name, n->graph ? wd_graph_upsample(n->graph, x) : -1, in, out, 3, 1, 1);
}

int wd_network_down(wd_network *n, const char *name, int x, int in, int out) {
  return wd_network_conv(n, name, x, in, out, 3, 2, 1);
}

wd_status wd_network_initialise(wd_network *n, uint64_t seed, bool gradients, wd_error *err) {
  if (n->status) {
    if (err) *err = n->error;
    return n->status;
  }
  wd_params *p = n->params;
  wd_status st = wd_params_allocate(p, gradients, err);
  for (int i = 0; i < p->count && !st; i++) {
    size_t count = p->param[i].count;
    float *value = wd_alloc(count, sizeof *value);
    if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to start weight \"%s\"", p->param[i].name);
    if (n->init[i].kind == WD_INIT_NORMAL)
      wd_random_normals(seed, (UINT64_C(0x77656967) << 32) + (uint64_t)i, 0, count, value);
    for (size_t k = 0; k < count; k++)
      value[k] = n->init[i].kind == WD_INIT_NORMAL ? (float)(n->init[i].deviation * (double)value[k])
                                                   : (float)(n->init[i].kind == WD_INIT_ONE);
    st = wd_params_set(p, i, value, err);
    wd_free(value);
  }
  return st;
}

void wd_network_clear(wd_network *n) {
  free(n->init);
  n->init = NULL;
  n->init_capacity = 0;
}
