/* Convolution through oneDNN; matrix products and attention cut among threads for the wide kernels. */
#include "model/cpu/kernels.h"

#include "solver/memory.h"

#include <omp.h>

static bool wants_bf16(const wd_graph *g) {
  return g->desc.precision == WD_PRECISION_BF16;
}

static wd_status prepare_conv(wd_graph *g, wd_node *n, wd_cpu_node *c, wd_error *err) {
  wd_shape x = wd_graph_in(g, n, 0)->shape, w = wd_graph_in(g, n, 1)->shape, y = n->shape;
  wd_dnn_conv conv = {.n = x.dim[0],
                      .h = x.dim[1],
                      .w = x.dim[2],
                      .c = x.dim[3],
                      .oh = y.dim[1],
                      .ow = y.dim[2],
                      .o = y.dim[3],
                      .k = w.dim[1],
                      .stride = n->attr.stride,
                      .pad = n->attr.pad,
                      .bias = n->n_inputs > 2,
                      .bf16 = wants_bf16(g)};
  wd_status st = wd_dnn_conv_create(wd_cpu_of(g)->dnn, &conv, WD_DNN_FORWARD, &c->op[0], err);
  if (!st && wd_graph_in(g, n, 0)->grad)
    st = wd_dnn_conv_create(wd_cpu_of(g)->dnn, &conv, WD_DNN_BACKWARD_DATA, &c->op[1], err);
  if (!st && wd_graph_in(g, n, 1)->grad)
    st = wd_dnn_conv_create(wd_cpu_of(g)->dnn, &conv, WD_DNN_BACKWARD_WEIGHTS, &c->op[2], err);
  return st;
}

/* y (rows, outs) = x (rows, ins) w' + bias, with w stored (outs, ins). */
typedef struct product {
  long rows, ins, outs;
} product;

static product product_of(const wd_graph *g, const wd_node *n) {
  wd_shape w = wd_graph_in(g, n, 1)->shape;
  return (product){wd_shape_rows(n->shape), wd_shape_channels(w), w.dim[0]};
}

/* A convolution that looks at one pixel is a matrix product over all of them. */
static bool is_product(const wd_graph *g, const wd_node *n) {
  return n->op == WD_OP_LINEAR || (n->op == WD_OP_CONV && wd_graph_in(g, n, 1)->shape.dim[1] == 1 &&
                                   n->attr.stride == 1 && n->attr.pad == 0);
}

static wd_status prepare_product(wd_graph *g, wd_node *n, wd_cpu_node *c, wd_error *err) {
  const wd_wide *wide = wd_cpu_of(g)->wide;
  product p = product_of(g, n);
  c->packed[0] = wd_alloc(wide->packed_size(p.ins, p.outs), sizeof(float));
  if (wd_graph_in(g, n, 0)->grad) c->packed[1] = wd_alloc(wide->packed_size(p.outs, p.ins), sizeof(float));
  if (!c->packed[0] || (wd_graph_in(g, n, 0)->grad && !c->packed[1]))
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for packed weights of %ld x %ld", p.outs, p.ins);
  return WD_OK;
}

typedef struct heads {
  int64_t n, tq, tk, c, heads, d;
} heads;

static int64_t tokens(wd_shape s) {
  return s.rank == 4 ? (int64_t)s.dim[1] * s.dim[2] : s.dim[1];
}

static heads heads_of(const wd_graph *g, const wd_node *n) {
  wd_shape q = wd_graph_in(g, n, 0)->shape, k = wd_graph_in(g, n, 1)->shape;
  int64_t c = wd_shape_channels(q);
  return (heads){q.dim[0], tokens(q), tokens(k), c, n->attr.heads, c / n->attr.heads};
}

static wd_status prepare_attention(wd_graph *g, wd_node *n, wd_cpu_node *c, wd_error *err) {
  heads s = heads_of(g, n);
  wd_cpu_want_room(
      g, wd_cpu_of(g)->wide->head_room(&(wd_head){.tq = s.tq, .tk = s.tk, .d = s.d}, n->grad != NULL));
  if (!n->grad) return WD_OK;
  c->kept = wd_alloc((size_t)(s.n * s.heads * s.tq), sizeof(float));
  return c->kept ? WD_OK
                 : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for attention over %ld tokens", (long)s.tk);
}

wd_status wd_cpu_prepare_contraction(wd_graph *g, wd_node *n, wd_error *err) {
  if (is_product(g, n)) return prepare_product(g, n, n->cache, err);
  if (wd_cpu_is_winograd(g, n)) return wd_cpu_prepare_winograd(g, n, err);
  switch (n->op) {
  case WD_OP_CONV: return prepare_conv(g, n, n->cache, err);
  case WD_OP_ATTENTION: return prepare_attention(g, n, n->cache, err);
  default: return WD_OK;
  }
}

/* Rows that a thread takes at once: enough to pay for handing them out, few enough to share. */
static long piece_of(long rows, int threads) {
  long piece = (rows + threads - 1) / threads;
  return piece < 144 ? piece : 144;
}

/* to[j] += the sum of column j; a line of columns is one thread's. */
void wd_cpu_column_sums(wd_graph *g, const float *x, long rows, long columns, float *to) {
  long lines = (columns + 15) / 16;
  int threads = wd_cpu_threads(g);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < threads; t++) {
    long first = lines * t / threads * 16, last = lines * (t + 1) / threads * 16;
    if (last > columns) last = columns;
    if (first < last) wd_cpu_of(g)->wide->column_sums(x + first, rows, columns, last - first, to + first);
  }
}

static wd_status product_forward(wd_graph *g, wd_node *n) {
  wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  const wd_wide *wide = wd_cpu_of(g)->wide;
  const float *bias = n->n_inputs > 2 ? wd_graph_in(g, n, 2)->value : NULL;
  product p = product_of(g, n);
  int threads = wd_cpu_threads(g);
  if (!wd_cpu_stamp(g, w) || c->stamp[0] != wd_cpu_stamp(g, w))
    wide->pack(p.ins, p.outs, w->value, 1, p.ins, c->packed[0]);
  c->stamp[0] = wd_cpu_stamp(g, w);
  long piece = piece_of(p.rows, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long r = 0; r < p.rows; r += piece) {
    wd_gemm m = {.m = p.rows - r < piece ? p.rows - r : piece,
                 .n = p.outs,
                 .k = p.ins,
                 .a = x->value + r * p.ins,
                 .a_row = p.ins,
                 .a_col = 1,
                 .packed = c->packed[0],
                 .c = n->value + r * p.outs,
                 .c_row = p.outs,
                 .bias = bias};
    wide->gemm(&m, wd_cpu_room(g, omp_get_thread_num()));
  }
  return WD_OK;
}

static wd_status product_backward(wd_graph *g, wd_node *n) {
  wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  const wd_node *b = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  const wd_wide *wide = wd_cpu_of(g)->wide;
  product p = product_of(g, n);
  int threads = wd_cpu_threads(g);
  if (x->grad) {
    if (!wd_cpu_stamp(g, w) || c->stamp[1] != wd_cpu_stamp(g, w))
      wide->pack(p.outs, p.ins, w->value, p.ins, 1, c->packed[1]);
    c->stamp[1] = wd_cpu_stamp(g, w);
    long piece = piece_of(p.rows, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long r = 0; r < p.rows; r += piece) {
      wd_gemm m = {.m = p.rows - r < piece ? p.rows - r : piece,
                   .n = p.ins,
                   .k = p.outs,
                   .a = n->grad + r * p.outs,
                   .a_row = p.outs,
                   .a_col = 1,
                   .packed = c->packed[1],
                   .c = x->grad + r * p.ins,
                   .c_row = p.ins,
                   .add = true};
      wide->gemm(&m, wd_cpu_room(g, omp_get_thread_num()));
    }
  }
  if (w->grad) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int t = 0; t < threads; t++) {
      long first = p.outs * t / threads, count = p.outs * (t + 1) / threads - first;
      wd_gemm m = {.m = count,
                   .n = p.ins,
                   .k = p.rows,
                   .a = n->grad + first,
                   .a_row = 1,
                   .a_col = p.outs,
                   .b = x->value,
                   .b_row = p.ins,
                   .b_col = 1,
                   .c = w->grad + first * p.ins,
                   .c_row = p.ins,
                   .add = true};
      if (count) wide->gemm(&m, wd_cpu_room(g, t));
    }
  }
  if (b && b->grad) wd_cpu_column_sums(g, n->grad, p.rows, p.outs, b->grad);
  return WD_OK;
}

wd_status wd_cpu_conv_forward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *w = wd_graph_in(g, n, 1);
  if (is_product(g, n)) return product_forward(g, n);
  if (c->winograd) {
    wd_cpu_winograd_forward(g, n);
    return WD_OK;
  }
  return wd_dnn_run(c->op[0], wd_graph_in(g, n, 0)->value, w->value,
                    n->n_inputs > 2 ? wd_graph_in(g, n, 2)->value : NULL, n->value, NULL, wd_cpu_stamp(g, w),
                    err);
}

wd_status wd_cpu_conv_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  const wd_node *b = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  float *scratch = wd_cpu_of(g)->scratch;
  int threads = wd_cpu_threads(g);
  wd_status st = WD_OK;
  if (is_product(g, n)) return product_backward(g, n);
  if (c->winograd) {
    wd_cpu_winograd_backward(g, n);
    return WD_OK;
  }
  if (x->grad) {
    st = wd_dnn_run(c->op[1], n->grad, w->value, NULL, scratch, NULL, wd_cpu_stamp(g, w), err);
    if (!st) wd_cpu_accumulate(x->grad, scratch, wd_shape_count(x->shape), threads);
  }
  if (!st && w->grad) {
    size_t kernel = wd_shape_count(w->shape);
    float *bias = b ? scratch + (kernel + 15) / 16 * 16 : NULL;
    st = wd_dnn_run(c->op[2], x->value, n->grad, NULL, scratch, bias, 0, err);
    if (!st) wd_cpu_accumulate(w->grad, scratch, kernel, threads);
    if (!st && b && b->grad) wd_cpu_accumulate(b->grad, bias, wd_shape_count(b->shape), 1);
  }
  return st;
}

wd_status wd_cpu_linear_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  return product_forward(g, n);
}

wd_status wd_cpu_linear_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  return product_backward(g, n);
}

/* One head of one sample, where `task` counts both. */
static wd_head head_at(wd_graph *g, wd_node *n, heads s, long task) {
  const wd_node *q = wd_graph_in(g, n, 0), *k = wd_graph_in(g, n, 1), *v = wd_graph_in(g, n, 2);
  long sample = task / s.heads, column = task % s.heads * s.d;
  long at = sample * s.tq * s.c + column, from = sample * s.tk * s.c + column;
  const wd_cpu_node *c = n->cache;
  return (wd_head){.tq = s.tq,
                   .tk = s.tk,
                   .d = s.d,
                   .row = s.c,
                   .q = q->value + at,
                   .k = k->value + from,
                   .v = v->value + from,
                   .y = n->value + at,
                   .log_sum = c->kept ? c->kept + task * s.tq : NULL,
                   .dy = n->grad ? n->grad + at : NULL,
                   .dq = q->grad ? q->grad + at : NULL,
                   .dk = k->grad ? k->grad + from : NULL,
                   .dv = v->grad ? v->grad + from : NULL};
}

wd_status wd_cpu_attention_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  heads s = heads_of(g, n);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long t = 0; t < s.n * s.heads; t++) {
    wd_head h = head_at(g, n, s, t);
    wd_cpu_of(g)->wide->head_forward(&h, wd_cpu_room(g, omp_get_thread_num()));
  }
  return WD_OK;
}

wd_status wd_cpu_attention_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  heads s = heads_of(g, n);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long t = 0; t < s.n * s.heads; t++) {
    wd_head h = head_at(g, n, s, t);
    wd_cpu_of(g)->wide->head_backward(&h, wd_cpu_room(g, omp_get_thread_num()));
  }
  return WD_OK;
}
