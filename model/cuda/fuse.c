/* Which nodes of a forward graph are one launch. A batch of one is bound by launches, so
 *   group norm, modulation, activation          are one kernel,
 *   a sum with a convolution's or layer's result is where its product starts from, in place of the bias
 * alone, doubling before a convolution                happens while its patches are copied. The value of the
 * last node of such a chain is written at the first one's turn (wd_node.written), by its kernel; the nodes
 * between have no value, so only those are joined that nobody else reads. */
#include "model/cuda/backend.h"

#include "solver/memory.h"

/* The one reader of a node, or -1. */
static int sole_reader(const wd_graph *g, const int *readers, int node) {
  if (readers[node] != 1 || g->node[node].keep) return -1;
  return g->node[node].last_reader;
}

static void fuse_norm(wd_graph *g, wd_net_fusion *f, const int *readers, int i) {
  const int j = sole_reader(g, readers, i);
  if (j < 0 || g->node[j].op != WD_OP_MODULATE || g->node[j].input[0] != i || g->node[j].input[1] >= i)
    return;
  f[i].into = j;
  f[i].other = g->node[j].input[1];
  f[j].absorbed = true;
  const int k = sole_reader(g, readers, j);
  if (k >= 0 && g->node[k].op == WD_OP_ACTIVATION) {
    f[i].into = k;
    f[i].post = g->node[k].attr.activation;
    f[k].absorbed = true;
  }
  g->node[f[i].into].written = i;
}

static void fuse_sum(wd_graph *g, wd_net_fusion *f, const int *readers, int i) {
  const int j = sole_reader(g, readers, i);
  if (j < 0 || g->node[j].op != WD_OP_ADD || f[j].absorbed) return;
  const int other = g->node[j].input[g->node[j].input[0] == i];
  if (other >= i) return;
  f[i].into = j;
  f[i].other = other;
  f[j].absorbed = true;
  g->node[j].written = i;
}

static void fuse_doubling(wd_graph *g, wd_net_fusion *f, const int *readers, int i) {
  const int j = sole_reader(g, readers, i);
  if (j < 0 || g->node[j].op != WD_OP_CONV || g->node[j].input[0] != i ||
      g->node[g->node[j].input[1]].shape.dim[1] < 2)
    return;
  wd_node *x = &g->node[g->node[i].input[0]];
  f[i].absorbed = true;
  f[j].doubled = true;
  if (x->last_reader < j) x->last_reader = j;
}

wd_status wd_net_fuse(wd_graph *g, wd_error *err) {
  wd_net_graph *b = wd_calloc(1, sizeof *b);
  int *readers = wd_calloc((size_t)g->count, sizeof *readers);
  if (b) b->fusion = wd_calloc((size_t)g->count, sizeof *b->fusion);
  g->backend = b;
  if (!b || !b->fusion || !readers) {
    wd_free(readers);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to prepare a graph of %d nodes", g->count);
  }
  for (int i = 0; i < g->count; i++) {
    b->fusion[i] = (wd_net_fusion){.into = i, .other = -1};
    for (int k = 0; k < g->node[i].n_inputs; k++) readers[g->node[i].input[k]]++;
  }
  /* The way back reads every value. The latest of two products that a sum could start from is the one that
   * knows the other, so they are looked at from the end. */
  for (int i = g->count - 1; i >= 0 && !g->desc.backward; i--) {
    if (g->node[i].op == WD_OP_GROUP_NORM) fuse_norm(g, b->fusion, readers, i);
    if (g->node[i].op == WD_OP_CONV || g->node[i].op == WD_OP_LINEAR) fuse_sum(g, b->fusion, readers, i);
    if (g->node[i].op == WD_OP_UPSAMPLE) fuse_doubling(g, b->fusion, readers, i);
  }
  wd_free(readers);
  return WD_OK;
}
