/* The memory plan: every value and gradient gets an offset in one of two blocks. Two buffers may share memory
 * when the spans of time in which they are alive do not overlap. */
#include "model/kernels.h"

#include "solver/memory.h"

#include <stdlib.h>
#include <string.h>

/* A buffer alive from `from` to `to`, both included, on the clock of node executions. */
typedef struct span {
  int node, from, to;
  size_t size, offset;
} span;

static int by_size(const void *a, const void *b) {
  const span *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  return x->node - y->node;
}

static int by_offset(const void *a, const void *b) {
  const span *const *x = a, *const *y = b;
  return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

/* Largest first, each at the lowest offset where it overlaps nobody that is alive at the same time. Returns
 * the block's size in floats, or 0 without memory for the planning itself. */
static size_t place(span *s, int count) {
  const span **busy = wd_alloc((size_t)count + 1, sizeof *busy);
  if (!busy) return 0;
  qsort(s, (size_t)count, sizeof *s, by_size);
  size_t total = 0;
  for (int i = 0; i < count; i++) {
    int n = 0;
    for (int j = 0; j < i; j++)
      if (s[j].from <= s[i].to && s[i].from <= s[j].to) busy[n++] = &s[j];
    qsort(busy, (size_t)n, sizeof *busy, by_offset);
    size_t at = 0;
    for (int j = 0; j < n; j++) {
      if (busy[j]->offset >= at + s[i].size) break;
      if (busy[j]->offset + busy[j]->size > at) at = busy[j]->offset + busy[j]->size;
    }
    s[i].offset = at;
    if (at + s[i].size > total) total = at + s[i].size;
  }
  wd_free(busy);
  return total;
}

static size_t aligned(size_t floats) {
  return (floats + 15) / 16 * 16;
}

/* A value is alive until its last reader; with a way back ahead, to the end. */
static void value_span(const wd_graph *g, int node, span *s) {
  int last = g->node[node].last_reader;
  if (g->desc.backward || g->node[node].keep) last = g->count;
  /* An input is set before the run, so it is alive from the start. */
  *s = (span){.node = node,
              .from = g->node[node].op == WD_OP_INPUT ? 0 : g->node[node].written,
              .to = last,
              .size = aligned(wd_shape_count(g->node[node].shape))};
}

/* Going backward the clock runs from the last node down: a gradient is alive from its last reader (which
 * writes it first) to its own node; those that stay to be read are cleared before the clock starts and live
 * to its end. */
static void grad_span(const wd_graph *g, int node, span *s) {
  int last = g->node[node].last_reader;
  bool stays = g->node[node].op == WD_OP_INPUT || g->node[node].keep;
  *s = (span){.node = node,
              .from = stays ? 0 : g->count - last,
              .to = stays ? g->count + 1 : g->count - node,
              .size = aligned(wd_shape_count(g->node[node].shape))};
}

static wd_status allocate(wd_graph *g, span *s, int count, size_t total, bool gradient, wd_error *err) {
  void *block = NULL;
  wd_status st = g->kernels->alloc(g->device, total * sizeof(float), &block, err);
  if (st)
    return wd_fail_context(err, st, "%s of a graph of %d nodes", gradient ? "gradients" : "values", g->count);
  if (gradient)
    g->gradients = block;
  else
    g->values = block;
  for (int i = 0; i < count; i++) {
    wd_node *n = &g->node[s[i].node];
    if (gradient)
      n->grad = (float *)block + s[i].offset;
    else
      n->value = (float *)block + s[i].offset;
  }
  return WD_OK;
}

static wd_status plan(wd_graph *g, bool gradient, wd_error *err) {
  span *s = wd_alloc((size_t)g->count + 1, sizeof *s);
  if (!s) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to plan a graph of %d nodes", g->count);
  int count = 0;
  size_t unshared = 0;
  for (int i = 0; i < g->count; i++) {
    const wd_node *n = &g->node[i];
    if (n->op == WD_OP_PARAM || (gradient && !n->needs_grad)) continue;
    if (gradient)
      grad_span(g, i, &s[count++]);
    else
      value_span(g, i, &s[count++]);
    unshared += s[count - 1].size * sizeof(float);
  }
  wd_status st = WD_OK;
  if (count) {
    size_t total = place(s, count);
    st = total ? allocate(g, s, count, total, gradient, err)
               : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to plan a graph of %d nodes", g->count);
    if (gradient)
      g->memory.gradients = total * sizeof(float);
    else {
      g->memory.values = total * sizeof(float);
      g->memory.unshared = unshared;
    }
  }
  wd_free(s);
  return st;
}

wd_status wd_graph_compile(wd_graph *g, wd_error *err) {
  if (g->building.code) {
    if (err) *err = g->building;
    return g->building.code;
  }
  if (g->compiled) return WD_OK;
  if (!g->count) return wd_fail(err, WD_ERR_ARGUMENT, "a graph without nodes");
  bool backward = false;
  for (int i = 0; i < g->count; i++) {
    const wd_node *n = &g->node[i];
    if (n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) continue;
    const wd_kernel *k = &g->kernels->op[n->op];
    if (!k->forward || (g->desc.backward && n->needs_grad && !k->backward))
      return wd_fail(err, WD_ERR_UNSUPPORTED, "the %s kernels have no %s of \"%s\" (node %d)",
                     g->kernels->name, k->forward ? "gradient" : "forward run", wd_op_name(n->op), i);
    backward = backward || n->needs_grad;
  }
  if (g->params && !g->params->value)
    return wd_fail(err, WD_ERR_ARGUMENT, "the graph's weights are not allocated yet (wd_params_allocate)");
  if (g->desc.weight_gradients && (!g->desc.backward || !g->params || !g->params->grad))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "weight gradients want a graph with `backward` over weights with gradients");
  for (int i = 0; i < g->count; i++) {
    g->node[i].last_reader = g->node[i].written = i;
    for (int j = 0; j < g->node[i].n_inputs; j++) g->node[g->node[i].input[j]].last_reader = i;
  }
  wd_status st = g->kernels->fuse ? g->kernels->fuse(g, err) : WD_OK;
  if (!st) st = plan(g, false, err);
  if (!st && backward && g->desc.backward) st = plan(g, true, err);
  if (st) return st;
  for (int i = 0; i < g->count; i++) {
    wd_node *n = &g->node[i];
    if (n->op == WD_OP_QUANTIZE && !st) {
      void *index = NULL;
      st = g->kernels->alloc(g->device, (size_t)wd_shape_rows(n->shape) * sizeof(int32_t), &index, err);
      n->index = index;
    }
    if (n->op != WD_OP_PARAM) continue;
    n->value = g->params->value + g->params->param[n->param].offset;
    n->grad = n->needs_grad ? g->params->grad + g->params->param[n->param].offset : NULL;
  }
  if (!st && g->kernels->prepare) st = g->kernels->prepare(g, err);
  if (!st) g->compiled = true;
  return st;
}

void wd_graph_destroy(wd_graph *g) {
  if (!g) return;
  if (g->kernels->forget) g->kernels->forget(g);
  for (int i = 0; i < g->count; i++)
    if (g->node[i].index) g->kernels->release(g->device, g->node[i].index);
  g->kernels->release(g->device, g->values);
  g->kernels->release(g->device, g->gradients);
  free(g->node);
  wd_free(g);
}

wd_graph_memory wd_graph_get_memory(const wd_graph *g) {
  return g->memory;
}
