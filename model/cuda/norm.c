/* Group norm, and sums over pixels. */
#include "model/cuda/backend.h"

static size_t aligned(size_t bytes) {
  return (bytes + 255) / 256 * 256;
}

static unsigned blocks_of(int count, int of) {
  return (unsigned)((count + of - 1) / of);
}

/* ---- sums over the pixels of a channel ---- */

enum { PIXELS_A_SLICE = 64, BLOCKS_WANTED = 264 };

/* Enough blocks to fill a large device, as long as a slice is worth one; sizes alone decide, so that a sum is
 * the same on every device. */
static int slices_of(wd_net_extent e) {
  int blocks = (int)blocks_of(e.c, WD_NET_COLUMNS) * e.n, slices = (BLOCKS_WANTED + blocks - 1) / blocks;
  int most = e.pixels / PIXELS_A_SLICE;
  if (slices > most) slices = most;
  if (slices > WD_NET_SLICES) slices = WD_NET_SLICES;
  return slices < 1 ? 1 : slices;
}

size_t wd_net_channel_bytes(wd_net_extent e, bool two) {
  size_t one = aligned((size_t)slices_of(e) * (size_t)e.n * (size_t)e.c * sizeof(float));
  return two ? 2 * one : one;
}

wd_status wd_net_channel_slices(const wd_graph *g, wd_net_args *a, float **f1, float **f0, wd_error *err) {
  const wd_net_graph *b = wd_net_backend(g);
  const wd_net_extent e = {a->n, a->pixels, a->c};
  const bool two = a->mode != WD_NET_SUM_PLAIN;
  a->slices = slices_of(e);
  a->y = (float *)(void *)b->scratch;
  a->y1 = two ? (float *)(void *)(b->scratch + wd_net_channel_bytes(e, false)) : NULL;
  *f1 = a->y;
  *f0 = a->y1;
  return wd_net_launch(b->net, WD_NET_CHANNEL_SUMS, a,
                       (dim3){blocks_of(a->c, WD_NET_COLUMNS), (unsigned)a->slices, (unsigned)a->n},
                       (dim3){WD_NET_COLUMNS, WD_NET_THREADS / WD_NET_COLUMNS, 1}, 0, err);
}

wd_status wd_net_channel_sums(const wd_graph *g, wd_net_args *a, float *to1, float *to0, int lead,
                              wd_error *err) {
  float *f1, *f0;
  wd_status st = wd_net_channel_slices(g, a, &f1, &f0, err);
  wd_net_args total = {.count = (unsigned)(a->n * a->c),
                       .n = a->n,
                       .c = a->c,
                       .slices = a->slices,
                       .lead = lead,
                       .x = f1,
                       .x1 = f0,
                       .y = to1,
                       .y1 = f0 ? to0 : NULL};
  return st ? st : wd_net_each(wd_net_backend(g)->net, WD_NET_CHANNEL_TOTAL, &total, err);
}

/* ---- group norm ---- */

enum { GROUP_A_BLOCK = 16384 }; /* values of a group up to which one block does it all */

static wd_net_args norm_args(const wd_graph *g, const wd_node *n) {
  wd_net_extent e = wd_net_extent_of(n->shape);
  return (wd_net_args){.count = (unsigned)wd_shape_count(n->shape),
                       .n = e.n,
                       .pixels = e.pixels,
                       .c = e.c,
                       .groups = n->attr.groups,
                       .mode = (int)n->attr.activation,
                       .x = wd_graph_in(g, n, 0)->value,
                       .x1 = wd_graph_in(g, n, 1)->value,
                       .x2 = wd_graph_in(g, n, 2)->value,
                       .y = g->node[wd_net_fused(g, n)->into].value,
                       .x3 = wd_net_fused(g, n)->other < 0 ? NULL : g->node[wd_net_fused(g, n)->other].value,
                       .post = (int)wd_net_fused(g, n)->post,
                       .y1 = n->cache};
}

/* 0: one block a group. */
static int norm_slices(wd_net_extent e, int groups) {
  long long values = (long long)e.pixels * (e.c / groups);
  if (values <= GROUP_A_BLOCK) return 0;
  long long slices = (values + GROUP_A_BLOCK / 2 - 1) / (GROUP_A_BLOCK / 2);
  if (slices > e.pixels) slices = e.pixels;
  return (int)(slices > WD_NET_SLICES ? WD_NET_SLICES : slices);
}

wd_status wd_net_group_norm_forward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_net_graph *b = wd_net_backend(g);
  wd_net_args a = norm_args(g, n);
  int slices = norm_slices((wd_net_extent){a.n, a.pixels, a.c}, a.groups);
  if (slices == 0)
    return wd_net_launch(b->net, WD_NET_NORM, &a, (dim3){(unsigned)a.groups, (unsigned)a.n, 1},
                         (dim3){WD_NET_THREADS, 1, 1}, 0, err);
  wd_net_args part = a;
  part.slices = slices;
  part.y = (float *)(void *)b->scratch;
  part.y1 = part.y + (size_t)slices * (size_t)a.n * (size_t)a.groups;
  wd_status st = wd_net_launch(b->net, WD_NET_NORM_SLICE, &part,
                               (dim3){(unsigned)a.groups, (unsigned)slices, (unsigned)a.n},
                               (dim3){WD_NET_THREADS, 1, 1}, 0, err);
  part.x = part.y;
  part.x1 = part.y1;
  part.y = a.y1;
  part.count = (unsigned)(a.n * a.groups);
  if (!st) st = wd_net_each(b->net, WD_NET_NORM_MERGE, &part, err);
  return st ? st : wd_net_each(b->net, WD_NET_NORM_APPLY, &a, err);
}

wd_status wd_net_group_norm_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_net_graph *b = wd_net_backend(g);
  const wd_node *x = wd_graph_in(g, n, 0), *gamma = wd_graph_in(g, n, 1), *beta = wd_graph_in(g, n, 2);
  wd_net_args sums = norm_args(g, n), back = sums;
  float *f1, *f0;
  float *means = (float *)(void *)(b->scratch +
                                   wd_net_channel_bytes((wd_net_extent){sums.n, sums.pixels, sums.c}, true));
  sums.mode = WD_NET_SUM_NORM;
  sums.post = (int)n->attr.activation;
  sums.dy = n->grad;
  sums.x3 = n->cache;
  wd_status st = wd_net_channel_slices(g, &sums, &f1, &f0, err);
  wd_net_args totals = sums;
  totals.count = (unsigned)(sums.n * sums.groups + sums.c);
  totals.x = f1;
  totals.x1 = f0;
  totals.x2 = gamma->value;
  totals.y = means;
  totals.y1 = gamma->grad;
  totals.y2 = beta->grad;
  if (!st) st = wd_net_each(b->net, WD_NET_NORM_TOTALS, &totals, err);
  if (st || !x->grad) return st;
  back.dy = n->grad;
  back.x3 = n->cache;
  back.y = x->grad;
  back.y1 = means;
  return wd_net_each(b->net, WD_NET_NORM_BACK, &back, err);
}

/* What a node wants to add up over pixels, and its group norm's slices. */
size_t wd_net_norm_bytes(const wd_graph *g, const wd_node *n) {
  wd_net_extent e = wd_net_extent_of(n->shape);
  if (n->op == WD_OP_GROUP_NORM) {
    size_t forward =
        (size_t)norm_slices(e, n->attr.groups) * (size_t)e.n * (size_t)n->attr.groups * 2 * sizeof(float);
    size_t back = wd_net_channel_bytes(e, true) + 2 * (size_t)e.n * (size_t)n->attr.groups * sizeof(float);
    return !g->desc.backward || forward > back ? forward : back;
  }
  if (!g->desc.backward) return 0;
  if (n->op == WD_OP_MODULATE) return wd_net_channel_bytes(e, true);
  if (n->op == WD_OP_ADD_CHANNEL) return wd_net_channel_bytes(e, false);
  return 0;
}
