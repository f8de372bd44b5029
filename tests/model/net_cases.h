/* A small network with every kind of kernel in it, and the same on two devices, for the tests of model/cuda.
 */
#ifndef WD_NET_CASES_H
#define WD_NET_CASES_H

#include "model/kernels.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct net {
  wd_device *device;
  wd_params *params;
  wd_graph *graph;
  int x, id, target, middle, loss;
  size_t x_count, target_count, middle_count;
} net;

static inline void net_stop(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static inline wd_device *net_device(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  net_stop(wd_device_open(spec, &d, &err), &err, spec);
  return d;
}

static inline double net_difference(const float *a, const float *b, size_t n) {
  double d = 0, s = 0;
  for (size_t i = 0; i < n; i++) {
    d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    s += (double)b[i] * (double)b[i];
  }
  return s > 0 ? sqrt(d / s) : sqrt(d);
}

enum { NET_N = 3, NET_SIDE = 8, NET_IN = 5, NET_C = 16, NET_IDS = 4 };

static inline wd_status net_params(wd_device *d, wd_params **out, wd_error *err) {
  static const struct {
    const char *name;
    wd_shape shape;
  } list[] = {{"conv.w", {4, {NET_C, 3, 3, NET_IN}}},     {"conv.b", {1, {NET_C, 1, 1, 1}}},
              {"down.w", {4, {NET_C, 3, 3, NET_C}}},      {"down.b", {1, {NET_C, 1, 1, 1}}},
              {"norm.g", {1, {NET_C, 1, 1, 1}}},          {"norm.b", {1, {NET_C, 1, 1, 1}}},
              {"q.w", {2, {NET_C, NET_C, 1, 1}}},         {"k.w", {2, {NET_C, NET_C, 1, 1}}},
              {"table", {2, {NET_IDS, 2 * NET_C, 1, 1}}}, {"out.w", {4, {NET_IN, 1, 1, NET_C}}},
              {"out.b", {1, {NET_IN, 1, 1, 1}}}};
  wd_status st = wd_params_create(d, out, err);
  for (size_t i = 0; i < sizeof list / sizeof *list && !st; i++)
    st = wd_params_add(*out, list[i].name, list[i].shape, true, NULL, err);
  if (!st) st = wd_params_allocate(*out, true, err);
  for (int i = 0; !st && i < (*out)->count; i++) {
    float value[4096];
    size_t n = (*out)->param[i].count;
    wd_random_normals(5, (uint64_t)i, 0, n, value);
    for (size_t k = 0; k < n; k++) value[k] *= 0.3f;
    st = wd_params_set(*out, i, value, err);
  }
  return st;
}

/* Everything is released by net_close, also after a failure. */
static inline wd_status net_open(net *t, wd_device *d, const wd_graph_desc *desc, wd_error *err) {
  *t = (net){.device = d};
  wd_status st = net_params(d, &t->params, err);
  if (!st) st = wd_graph_create(d, t->params, desc, &t->graph, err);
  if (st) return st;
  wd_graph *g = t->graph;
#define P(name, ...) wd_graph_param(g, name, (wd_shape)__VA_ARGS__)
  t->x = wd_graph_input(g, "x", wd_shape4(NET_N, NET_SIDE, NET_SIDE, NET_IN), desc->backward);
  t->id = wd_graph_input(g, "id", wd_shape2(NET_N, 1), false);
  t->target = wd_graph_input(g, "target", wd_shape4(NET_N, NET_SIDE, NET_SIDE, NET_IN), false);
  int h = wd_graph_conv(g, t->x, P("conv.w", {4, {NET_C, 3, 3, NET_IN}}), P("conv.b", {1, {NET_C, 1, 1, 1}}),
                        1, 1);
  int norm_g = P("norm.g", {1, {NET_C, 1, 1, 1}}), norm_b = P("norm.b", {1, {NET_C, 1, 1, 1}});
  int full = h;
  h = wd_graph_group_norm(g, h, norm_g, norm_b, 4, WD_ACTIVATION_SILU);
  h = wd_graph_conv(g, h, P("down.w", {4, {NET_C, 3, 3, NET_C}}), P("down.b", {1, {NET_C, 1, 1, 1}}), 2, 1);
  int e = wd_graph_embedding(g, t->id, P("table", {2, {NET_IDS, 2 * NET_C, 1, 1}}));
  h = wd_graph_group_norm(g, h, norm_g, norm_b, 4, WD_ACTIVATION_NONE);
  h = wd_graph_activation(g, wd_graph_modulate(g, h, e), WD_ACTIVATION_SILU);
  int q = wd_graph_linear(g, h, P("q.w", {2, {NET_C, NET_C, 1, 1}}), -1);
  int k = wd_graph_linear(g, h, P("k.w", {2, {NET_C, NET_C, 1, 1}}), -1);
  h = wd_graph_add(g, h, wd_graph_attention(g, q, k, h, 2));
  t->middle = h;
  wd_graph_keep(g, h);
  h = wd_graph_add(g, wd_graph_upsample(g, h), full);
  h = wd_graph_conv(g, h, P("out.w", {4, {NET_IN, 1, 1, NET_C}}), P("out.b", {1, {NET_IN, 1, 1, 1}}), 1, 0);
#undef P
  t->loss = wd_graph_squared_loss(g, h, t->target, -1);
  st = wd_graph_compile(g, err);
  if (st) return st;
  t->x_count = wd_shape_count(wd_graph_node(g, t->x)->shape);
  t->target_count = t->x_count;
  t->middle_count = wd_shape_count(wd_graph_node(g, t->middle)->shape);
  return WD_OK;
}

static inline void net_close(net *t) {
  wd_graph_destroy(t->graph);
  wd_params_destroy(t->params);
  *t = (net){0};
}

/* What a run gives. */
typedef struct net_result {
  float loss;
  float middle[NET_N * NET_SIDE * NET_SIDE * NET_C / 4];
  float dx[NET_N * NET_SIDE * NET_SIDE * NET_IN];
  float weights[8192]; /* all their gradients, one behind the other */
  size_t weights_count;
} net_result;

/* Inputs drawn from `draw`, forward, and back where the graph has a way back. */
static inline wd_status net_run(net *t, uint64_t draw, net_result *r, const wd_hooks *hooks, wd_error *err) {
  float x[NET_N * NET_SIDE * NET_SIDE * NET_IN], target[NET_N * NET_SIDE * NET_SIDE * NET_IN];
  const float ids[NET_N] = {(float)(draw % NET_IDS), 1, (float)((draw + 2) % NET_IDS)};
  const bool back = t->graph->desc.backward;
  memset(r, 0xff, sizeof *r);
  wd_random_normals(draw, 1, 0, t->x_count, x);
  wd_random_normals(draw, 2, 0, t->target_count, target);
  wd_status st = wd_graph_set(t->graph, t->x, x, err);
  if (!st) st = wd_graph_set(t->graph, t->id, ids, err);
  if (!st) st = wd_graph_set(t->graph, t->target, target, err);
  if (!st) st = wd_graph_forward(t->graph, hooks, err);
  if (!st) st = wd_graph_get(t->graph, t->loss, &r->loss, err);
  if (!st) st = wd_graph_get(t->graph, t->middle, r->middle, err);
  if (st || !back) return st;
  st = wd_params_zero_grad(t->params, err);
  if (!st) st = wd_graph_backward(t->graph, t->loss, NULL, hooks, err);
  if (!st) st = wd_graph_get_grad(t->graph, t->x, r->dx, err);
  r->weights_count = 0;
  for (int i = 0; i < t->params->count && !st; i++) {
    st = wd_params_get_grad(t->params, i, r->weights + r->weights_count, err);
    r->weights_count += t->params->param[i].count;
  }
  return st;
}

/* The largest of the relative differences. */
static inline double net_distance(const net *t, const net_result *a, const net_result *b) {
  double worst = fabs((double)a->loss - (double)b->loss) / fabs((double)b->loss);
  worst = fmax(worst, net_difference(a->middle, b->middle, t->middle_count));
  if (t->graph->desc.backward) {
    worst = fmax(worst, net_difference(a->dx, b->dx, t->x_count));
    worst = fmax(worst, net_difference(a->weights, b->weights, b->weights_count));
  }
  return isfinite((double)a->loss) && worst == worst ? worst : INFINITY;
}

static inline bool net_same(const net *t, const net_result *a, const net_result *b) {
  return a->loss == b->loss && memcmp(a->middle, b->middle, t->middle_count * sizeof(float)) == 0 &&
         (!t->graph->desc.backward ||
          (memcmp(a->dx, b->dx, t->x_count * sizeof(float)) == 0 &&
           memcmp(a->weights, b->weights, b->weights_count * sizeof(float)) == 0));
}

#endif
