/* Convolution, matrix product and attention through oneDNN. */
#include "model/cpu/kernels.h"

#include "solver/memory.h"

#include <math.h>

static bool wants_bf16(const wd_graph *g) {
  return g->desc.precision == WD_PRECISION_BF16;
}

/* Weights change with their set's version; a kernel that is computed (never, so far) is packed at each run.
 */
static uint64_t stamp_of(const wd_graph *g, const wd_node *weight) {
  return weight->op == WD_OP_PARAM ? g->params->version : 0;
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

static wd_status prepare_linear(wd_graph *g, wd_node *n, wd_cpu_node *c, wd_error *err) {
  int64_t rows = wd_shape_rows(n->shape), outs = wd_shape_channels(n->shape),
          ins = wd_graph_in(g, n, 1)->shape.dim[1];
  bool half = wants_bf16(g);
  wd_dnn *d = wd_cpu_of(g)->dnn;
  /* y = x w', dx = dy w, dw = dy' x; w is stored (O, I). */
  wd_dnn_matmul forward = {.rank = 2,
                           .m = rows,
                           .n = outs,
                           .k = ins,
                           .a = {ins, 1},
                           .b = {1, ins},
                           .c = {outs, 1},
                           .bias = n->n_inputs > 2,
                           .bf16 = half};
  wd_dnn_matmul data = {
      .rank = 2, .m = rows, .n = ins, .k = outs, .a = {outs, 1}, .b = {ins, 1}, .c = {ins, 1}, .bf16 = half};
  wd_dnn_matmul weights = {
      .rank = 2, .m = outs, .n = ins, .k = rows, .a = {1, outs}, .b = {ins, 1}, .c = {ins, 1}, .bf16 = half};
  wd_status st = wd_dnn_matmul_create(d, &forward, &c->op[0], err);
  if (!st && wd_graph_in(g, n, 0)->grad) st = wd_dnn_matmul_create(d, &data, &c->op[1], err);
  if (!st && wd_graph_in(g, n, 1)->grad) st = wd_dnn_matmul_create(d, &weights, &c->op[2], err);
  return st;
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

/* op 0: (T, d) x (d, K) -> weights' shape; op 1: weights x (K, d) -> (T, d); op 2: weights' x (T, d) -> (K,
 * d). */
static wd_status prepare_attention(wd_graph *g, wd_node *n, wd_cpu_node *c, wd_error *err) {
  heads s = heads_of(g, n);
  wd_dnn *d = wd_cpu_of(g)->dnn;
  int64_t all = s.tq * s.tk;
  wd_dnn_matmul scores = {.rank = 4,
                          .batch = {s.n, s.heads},
                          .m = s.tq,
                          .n = s.tk,
                          .k = s.d,
                          .a = {s.tq * s.c, s.d, s.c, 1},
                          .b = {s.tk * s.c, s.d, 1, s.c},
                          .c = {s.heads * all, all, s.tk, 1}};
  wd_dnn_matmul mix = {.rank = 4,
                       .batch = {s.n, s.heads},
                       .m = s.tq,
                       .n = s.d,
                       .k = s.tk,
                       .a = {s.heads * all, all, s.tk, 1},
                       .b = {s.tk * s.c, s.d, s.c, 1},
                       .c = {s.tq * s.c, s.d, s.c, 1}};
  wd_dnn_matmul back = {.rank = 4,
                        .batch = {s.n, s.heads},
                        .m = s.tk,
                        .n = s.d,
                        .k = s.tq,
                        .a = {s.heads * all, all, 1, s.tk},
                        .b = {s.tq * s.c, s.d, s.c, 1},
                        .c = {s.tk * s.c, s.d, s.c, 1}};
  wd_status st = wd_dnn_matmul_create(d, &scores, &c->op[0], err);
  if (!st) st = wd_dnn_matmul_create(d, &mix, &c->op[1], err);
  if (!st && n->grad) st = wd_dnn_matmul_create(d, &back, &c->op[2], err);
  if (st) return st;
  size_t weights = (size_t)(s.n * s.heads * all);
  c->kept = wd_alloc(weights, sizeof(float));
  c->kept2 = n->grad ? wd_alloc(weights, sizeof(float)) : NULL;
  if (!c->kept || (n->grad && !c->kept2))
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the weights of attention over %ld tokens",
                   (long)s.tk);
  return WD_OK;
}

wd_status wd_cpu_prepare_contraction(wd_graph *g, wd_node *n, wd_error *err) {
  switch (n->op) {
  case WD_OP_CONV: return prepare_conv(g, n, n->cache, err);
  case WD_OP_LINEAR: return prepare_linear(g, n, n->cache, err);
  case WD_OP_ATTENTION: return prepare_attention(g, n, n->cache, err);
  default: return WD_OK;
  }
}

wd_status wd_cpu_conv_forward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *w = wd_graph_in(g, n, 1);
  return wd_dnn_run(c->op[0], wd_graph_in(g, n, 0)->value, w->value,
                    n->n_inputs > 2 ? wd_graph_in(g, n, 2)->value : NULL, n->value, NULL, stamp_of(g, w),
                    err);
}

/* The gradient that goes on to x, alike for convolutions and matrix products: (dy, weight) -> dx. */
static wd_status data_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  float *scratch = wd_cpu_of(g)->scratch;
  if (!x->grad) return WD_OK;
  wd_status st = wd_dnn_run(c->op[1], n->grad, w->value, NULL, scratch, NULL, stamp_of(g, w), err);
  if (!st) wd_cpu_accumulate(x->grad, scratch, wd_shape_count(x->shape), wd_cpu_threads(g));
  return st;
}

wd_status wd_cpu_conv_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  const wd_node *b = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  float *scratch = wd_cpu_of(g)->scratch;
  int threads = wd_cpu_threads(g);
  wd_status st = data_backward(g, n, err);
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
  return wd_cpu_conv_forward(g, n, err);
}

wd_status wd_cpu_linear_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *x = wd_graph_in(g, n, 0), *w = wd_graph_in(g, n, 1);
  const wd_node *b = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  float *scratch = wd_cpu_of(g)->scratch;
  int threads = wd_cpu_threads(g);
  wd_status st = data_backward(g, n, err);
  if (!st && w->grad) {
    st = wd_dnn_run(c->op[2], n->grad, x->value, NULL, scratch, NULL, 0, err);
    if (!st) wd_cpu_accumulate(w->grad, scratch, wd_shape_count(w->shape), threads);
  }
  if (!st && b && b->grad) {
    long rows = wd_shape_rows(n->shape), outs = wd_shape_channels(n->shape);
    for (long o = 0; o < outs; o++) {
      double sum = 0;
      for (long r = 0; r < rows; r++) sum += (double)n->grad[r * outs + o];
      b->grad[o] += (float)sum;
    }
  }
  return st;
}

/* Rows of scores become weights. */
WD_CLONES static void softmax_row(float *row, long count, float scale) {
  float top = row[0], sum = 0;
  for (long j = 1; j < count; j++) top = row[j] > top ? row[j] : top;
#pragma omp simd reduction(+ : sum)
  for (long j = 0; j < count; j++) {
    row[j] = wd_fast_exp((row[j] - top) * scale);
    sum += row[j];
  }
  float inverse = 1 / sum;
  for (long j = 0; j < count; j++) row[j] *= inverse;
}

/* a becomes p (a - sum p a) scale */
WD_CLONES static void softmax_row_backward(const float *p, float *a, long count, float scale) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (long j = 0; j < count; j++) mean += p[j] * a[j];
  for (long j = 0; j < count; j++) a[j] = p[j] * (a[j] - mean) * scale;
}

wd_status wd_cpu_attention_forward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  heads s = heads_of(g, n);
  wd_status st = wd_dnn_run(c->op[0], wd_graph_in(g, n, 0)->value, wd_graph_in(g, n, 1)->value, NULL, c->kept,
                            NULL, 0, err);
  if (st) return st;
  float scale = 1 / sqrtf((float)s.d);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long r = 0; r < s.n * s.heads * s.tq; r++) softmax_row(c->kept + r * s.tk, s.tk, scale);
  return wd_dnn_run(c->op[1], c->kept, wd_graph_in(g, n, 2)->value, NULL, n->value, NULL, 0, err);
}

/* The formulas stand in reference/attention.c. */
wd_status wd_cpu_attention_backward(wd_graph *g, wd_node *n, wd_error *err) {
  const wd_cpu_node *c = n->cache;
  const wd_node *q = wd_graph_in(g, n, 0), *k = wd_graph_in(g, n, 1), *v = wd_graph_in(g, n, 2);
  heads s = heads_of(g, n);
  float *scratch = wd_cpu_of(g)->scratch, scale = 1 / sqrtf((float)s.d);
  int threads = wd_cpu_threads(g);
  wd_status st = WD_OK;
  if (v->grad) {
    st = wd_dnn_run(c->op[2], c->kept, n->grad, NULL, scratch, NULL, 0, err);
    if (!st) wd_cpu_accumulate(v->grad, scratch, wd_shape_count(v->shape), threads);
  }
  if (!st) st = wd_dnn_run(c->op[0], n->grad, v->value, NULL, c->kept2, NULL, 0, err);
  if (st) return st;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long r = 0; r < s.n * s.heads * s.tq; r++)
    softmax_row_backward(c->kept + r * s.tk, c->kept2 + r * s.tk, s.tk, scale);
  if (q->grad) {
    st = wd_dnn_run(c->op[1], c->kept2, k->value, NULL, scratch, NULL, 0, err);
    if (!st) wd_cpu_accumulate(q->grad, scratch, wd_shape_count(q->shape), threads);
  }
  if (!st && k->grad) {
    st = wd_dnn_run(c->op[2], c->kept2, q->value, NULL, scratch, NULL, 0, err);
    if (!st) wd_cpu_accumulate(k->grad, scratch, wd_shape_count(k->shape), threads);
  }
  return st;
}
