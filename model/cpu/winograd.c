/* Convolutions by Winograd: which ones, their packed kernels, and their work cut among the threads. */
#include "model/cpu/kernels.h"

#include "solver/memory.h"

#include <omp.h>
#include <string.h>

enum { POINTS = 36 };

/* 3 x 3, stride 1, a margin of 1, and channels enough that the products outweigh the transforms. */
bool wd_cpu_is_winograd(const wd_graph *g, const wd_node *n) {
  if (n->op != WD_OP_CONV) return false;
  wd_shape w = wd_graph_in(g, n, 1)->shape;
  /* Few tiles do not pay for reading 36 matrices in place of 9. Without a way back the choice does not look
   * at the batch: a latent has the same bits in any company. */
  long samples = g->desc.backward ? n->shape.dim[0] : 1;
  long tiles = samples * ((n->shape.dim[1] + 3) / 4) * ((n->shape.dim[2] + 3) / 4);
  return tiles >= 16 && w.dim[1] == 3 && n->attr.stride == 1 && n->attr.pad == 1 && w.dim[0] >= 16 &&
         w.dim[3] >= 16;
}

static wd_winograd winograd_of(const wd_graph *g, const wd_node *n) {
  const wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0);
  return (wd_winograd){.n = x->shape.dim[0],
                       .h = x->shape.dim[1],
                       .w = x->shape.dim[2],
                       .c = x->shape.dim[3],
                       .o = n->shape.dim[3],
                       .x = x->value,
                       .bias = n->n_inputs > 2 ? wd_graph_in(g, n, 2)->value : NULL,
                       .forward = c->packed[0],
                       .backward = c->packed[1],
                       .y = n->value,
                       .dy = n->grad,
                       .dx = x->grad};
}

wd_status wd_cpu_prepare_winograd(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_graph *b = wd_cpu_of(g);
  wd_cpu_node *c = n->cache;
  wd_winograd w = winograd_of(g, n);
  bool data = wd_graph_in(g, n, 0)->grad, weights = wd_graph_in(g, n, 1)->grad;
  c->winograd = true;
  c->packed[0] = wd_alloc(POINTS * b->wide->packed_size(w.c, w.o), sizeof(float));
  if (data) c->packed[1] = wd_alloc(POINTS * b->wide->packed_size(w.o, w.c), sizeof(float));
  if (weights) c->gradient = wd_alloc((size_t)(POINTS * w.o * w.c * b->threads), sizeof(float));
  wd_cpu_want_room(g, b->wide->winograd_room(&w, false));
  wd_cpu_want_room(g, (size_t)w.c * 9 * 16);
  if (data || weights) wd_cpu_want_room(g, b->wide->winograd_room(&w, true));
  return c->packed[0] && (c->packed[1] || !data) && (c->gradient || !weights)
             ? WD_OK
             : wd_fail(err, WD_ERR_NO_MEMORY,
                       "no memory for the kernels of a convolution of %ld to %ld channels", w.c, w.o);
}

/* Both forms together when the graph goes backward too. */
static void pack(wd_graph *g, wd_node *n) {
  wd_cpu_node *c = n->cache;
  const wd_node *w = wd_graph_in(g, n, 1);
  uint64_t stamp = wd_cpu_stamp(g, w);
  if (stamp && c->stamp[0] == stamp) return;
  long o = w->shape.dim[0], blocks = (o + 15) / 16;
  int threads = wd_cpu_threads(g);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < threads; t++) {
    long first = blocks * t / threads * 16, last = blocks * (t + 1) / threads * 16;
    wd_cpu_of(g)->wide->winograd_pack(o, w->shape.dim[3], w->value, c->packed[0], c->packed[1], first,
                                      last < o ? last : o, wd_cpu_room(g, t));
  }
  c->stamp[0] = stamp;
}

void wd_cpu_winograd_forward(wd_graph *g, wd_node *n) {
  pack(g, n);
  wd_winograd w = winograd_of(g, n);
  long rows = w.n * ((w.h + 3) / 4);
  int threads = wd_cpu_threads(g);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < threads; t++)
    wd_cpu_of(g)->wide->winograd_forward(&w, rows * t / threads, rows * (t + 1) / threads, wd_cpu_room(g, t));
}

/* Tiles of a sample overlap in x, so a sample's gradient is one thread's. */
void wd_cpu_winograd_backward(wd_graph *g, wd_node *n) {
  const wd_cpu_node *c = n->cache;
  const wd_wide *wide = wd_cpu_of(g)->wide;
  const wd_node *kernel = wd_graph_in(g, n, 1), *bias = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  wd_winograd all = winograd_of(g, n);
  long rows = (all.h + 3) / 4, size = POINTS * all.o * all.c;
  int threads = wd_cpu_threads(g);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < threads; t++) {
    wd_winograd w = all;
    if (kernel->grad) w.gradient = c->gradient + size * t;
    long first = w.n * t / threads, last = w.n * (t + 1) / threads;
    if (first == last && kernel->grad) memset(w.gradient, 0, sizeof(float) * (size_t)size);
    wide->winograd_backward(&w, first * rows, last * rows, wd_cpu_room(g, t));
  }
  if (kernel->grad) {
    for (int t = 1; t < threads; t++)
      wd_cpu_accumulate(c->gradient, c->gradient + size * t, (size_t)size, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int t = 0; t < threads; t++)
      wide->winograd_kernel(all.o, all.c, c->gradient, kernel->grad, all.o * t / threads,
                            all.o * (t + 1) / threads);
  }
  if (bias && bias->grad) wd_cpu_column_sums(g, n->grad, wd_shape_rows(n->shape), all.o, bias->grad);
}
