/* Running a compiled graph: values in, forward, backward, values out. */
#include "model/kernels.h"

#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static wd_status check_node(const wd_graph *g, int node, wd_error *err) {
  if (!g->compiled) return wd_fail(err, WD_ERR_ARGUMENT, "the graph is not compiled yet");
  if (node < 0 || node >= g->count) return wd_fail(err, WD_ERR_ARGUMENT, "node %d of %d", node, g->count);
  return WD_OK;
}

static size_t bytes(const wd_node *n) {
  return wd_shape_count(n->shape) * sizeof(float);
}

wd_status wd_graph_set(wd_graph *g, int node, const float *value, wd_error *err) {
  wd_status st = check_node(g, node, err);
  if (st) return st;
  const wd_node *n = &g->node[node];
  if (n->op != WD_OP_INPUT)
    return wd_fail(err, WD_ERR_ARGUMENT, "node %d is a %s, not an input", node, wd_op_name(n->op));
  return g->kernels->upload(g->device, n->value, value, bytes(n), err);
}

wd_status wd_graph_get(wd_graph *g, int node, float *value, wd_error *err) {
  wd_status st = check_node(g, node, err);
  if (st) return st;
  const wd_node *n = &g->node[node];
  if (!n->keep && !g->desc.backward && n->op != WD_OP_PARAM)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "node %d (%s) was not kept: its memory serves others (wd_graph_keep)", node,
                   wd_op_name(n->op));
  return g->kernels->download(g->device, value, n->value, bytes(n), err);
}

wd_status wd_graph_get_grad(wd_graph *g, int node, float *grad, wd_error *err) {
  wd_status st = check_node(g, node, err);
  if (st) return st;
  const wd_node *n = &g->node[node];
  if (!n->grad || !(n->keep || n->op == WD_OP_PARAM))
    return wd_fail(err, WD_ERR_ARGUMENT, "node %d (%s) keeps no gradient", node, wd_op_name(n->op));
  return g->kernels->download(g->device, grad, n->grad, bytes(n), err);
}

wd_status wd_graph_get_index(wd_graph *g, int node, int32_t *index, wd_error *err) {
  wd_status st = check_node(g, node, err);
  if (st) return st;
  const wd_node *n = &g->node[node];
  if (!n->index)
    return wd_fail(err, WD_ERR_ARGUMENT, "node %d (%s) chooses no codes", node, wd_op_name(n->op));
  return g->kernels->download(g->device, index, n->index, (size_t)wd_shape_rows(n->shape) * sizeof *index,
                              err);
}

/* Seconds since `start`, all of the node's work done. */
static wd_status spent(const wd_graph *g, double start, double *out, wd_error *err) {
  wd_status st = g->kernels->finish ? g->kernels->finish(g->device, err) : WD_OK;
  *out = now() - start;
  return st;
}

wd_status wd_graph_run_nodes(wd_graph *g, const wd_hooks *hooks, wd_error *err) {
  for (int i = 0; i < g->count; i++) {
    wd_node *n = &g->node[i];
    if (n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) continue;
    if (wd_hooks_cancelled(hooks))
      return wd_fail(err, WD_CANCELLED, "cancelled at node %d of %d", i, g->count);
    double start = g->desc.timing ? now() : 0;
    wd_status st = g->kernels->op[n->op].forward(g, n, err);
    if (!st && g->desc.timing) st = spent(g, start, &n->forward_seconds, err);
    if (st) return wd_fail_context(err, st, "node %d (%s %s)", i, wd_op_name(n->op), n->name);
  }
  return WD_OK;
}

wd_status wd_graph_forward(wd_graph *g, const wd_hooks *hooks, wd_error *err) {
  if (!g->compiled) return wd_fail(err, WD_ERR_ARGUMENT, "the graph is not compiled yet");
  if (!g->kernels->begin) return wd_graph_run_nodes(g, hooks, err);
  if (wd_hooks_cancelled(hooks))
    return wd_fail(err, WD_CANCELLED, "cancelled before the first of %d nodes", g->count);
  bool done = false;
  wd_status st = g->kernels->begin(g, WD_RUN_FORWARD, &done, err);
  if (st || done) return st;
  return g->kernels->end(g, WD_RUN_FORWARD, wd_graph_run_nodes(g, hooks, err), err);
}

/* Gradients that may be read after a run; their memory is nobody else's. */
static bool stays(const wd_node *n) {
  return n->grad && n->op != WD_OP_PARAM && (n->keep || n->op == WD_OP_INPUT);
}

static wd_status clear(wd_graph *g, wd_node *n, wd_error *err) {
  return g->kernels->fill(g->device, n->grad, 0, wd_shape_count(n->shape), err);
}

/* Gradients share memory, so each is cleared when its turn begins, which is its last reader's; those that
 * stay to be read are cleared before. */
static wd_status run_back(wd_graph *g, int loss, const wd_hooks *hooks, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = g->count - 1; i >= 0 && !st; i--) {
    wd_node *n = &g->node[i];
    if (n->last_reader == i && n->grad && n->op != WD_OP_PARAM && !stays(n)) st = clear(g, n, err);
    for (int j = 0; j < n->n_inputs && !st; j++) {
      wd_node *in = &g->node[n->input[j]];
      if (in->grad && in->op != WD_OP_PARAM && !stays(in) && in->last_reader == i) st = clear(g, in, err);
    }
    if (st || i > loss || !n->grad || n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) continue;
    if (wd_hooks_cancelled(hooks))
      return wd_fail(err, WD_CANCELLED, "cancelled at node %d of %d", i, g->count);
    double start = g->desc.timing ? now() : 0;
    st = g->kernels->op[n->op].backward(g, n, err);
    if (!st && g->desc.timing) st = spent(g, start, &n->backward_seconds, err);
    if (st) return wd_fail_context(err, st, "gradient of node %d (%s %s)", i, wd_op_name(n->op), n->name);
  }
  return st;
}

wd_status wd_graph_backward(wd_graph *g, int loss, const float *seed, const wd_hooks *hooks, wd_error *err) {
  wd_status st = check_node(g, loss, err);
  if (st) return st;
  wd_node *from = &g->node[loss];
  if (!from->grad) return wd_fail(err, WD_ERR_ARGUMENT, "nothing before node %d wants a gradient", loss);
  if (!from->keep)
    return wd_fail(err, WD_ERR_ARGUMENT, "node %d (%s) was not kept: no gradient can start there", loss,
                   wd_op_name(from->op));
  for (int i = 0; i < g->count && !st; i++)
    if (stays(&g->node[i])) st = clear(g, &g->node[i], err);
  if (st) return st;
  st = seed ? g->kernels->upload(g->device, from->grad, seed, bytes(from), err)
            : g->kernels->fill(g->device, from->grad, 1, wd_shape_count(from->shape), err);
  if (st || !g->kernels->begin) return st ? st : run_back(g, loss, hooks, err);
  if (wd_hooks_cancelled(hooks))
    return wd_fail(err, WD_CANCELLED, "cancelled before the gradient of node %d", loss);
  bool done = false;
  st = g->kernels->begin(g, loss, &done, err);
  if (st || done) return st;
  return g->kernels->end(g, loss, run_back(g, loss, hooks, err), err);
}
