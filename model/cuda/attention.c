/* Attention: one kernel forward; backward batched products, head by head, over the weights made anew. */
#include "model/cuda/backend.h"

#include <math.h>

enum { SHARED_BYTES = 48 << 10, MOST_ROWS = 8 };

typedef struct heads {
  int n, queries, keys, c, heads, d;
  int rows;  /* queries of a block */
  int piece; /* samples whose weights are made at once */
} heads;

static heads heads_of(const wd_graph *g, const wd_node *n) {
  wd_net_extent q = wd_net_extent_of(wd_graph_in(g, n, 0)->shape),
                k = wd_net_extent_of(wd_graph_in(g, n, 1)->shape);
  heads s = {.n = q.n,
             .queries = q.pixels,
             .keys = k.pixels,
             .c = q.c,
             .heads = n->attr.heads,
             .d = q.c / n->attr.heads,
             .rows = MOST_ROWS};
  size_t all = (size_t)s.queries * (size_t)s.keys, l2 = wd_net_backend(g)->net->device->l2;
  size_t piece = l2 / (2 * all * sizeof(float));
  s.piece = piece < 1 ? 1 : piece < (size_t)s.n ? (int)piece : s.n;
  while (s.rows > 1 &&
         (size_t)s.rows * (size_t)(s.keys + WD_NET_QUERY_THREADS) * sizeof(float) > SHARED_BYTES)
    s.rows /= 2;
  return s;
}

static size_t shared_bytes(const heads *s) {
  return (size_t)s->rows * (size_t)(s->keys + WD_NET_QUERY_THREADS) * sizeof(float);
}

wd_status wd_net_check_attention(const wd_graph *g, const wd_node *n, wd_error *err) {
  if (n->op != WD_OP_ATTENTION) return WD_OK;
  heads s = heads_of(g, n);
  if (shared_bytes(&s) <= SHARED_BYTES && s.heads <= 65535 && s.n <= 65535) return WD_OK;
  return wd_fail(
      err, WD_ERR_UNSUPPORTED,
      "cuda: attention over %d keys, %d heads and %d samples; at most %d keys and 65535 of the others",
      s.keys, s.heads, s.n, SHARED_BYTES / (int)sizeof(float) - WD_NET_QUERY_THREADS);
}

/* Weights and their gradient, of one head. */
size_t wd_net_attention_bytes(const wd_graph *g, const wd_node *n) {
  if (n->op != WD_OP_ATTENTION || !g->desc.backward) return 0;
  heads s = heads_of(g, n);
  return 2 * (size_t)s.piece * (size_t)s.queries * (size_t)s.keys * sizeof(float);
}

wd_status wd_net_attention_forward(wd_graph *g, wd_node *n, wd_error *err) {
  heads s = heads_of(g, n);
  wd_net_args a = {.queries = s.queries,
                   .keys = s.keys,
                   .c = s.c,
                   .heads = s.heads,
                   .scale = (float)(1 / sqrt((double)s.d)),
                   .x = wd_graph_in(g, n, 0)->value,
                   .x1 = wd_graph_in(g, n, 1)->value,
                   .x2 = wd_graph_in(g, n, 2)->value,
                   .y = n->value};
  return wd_net_launch(
      wd_net_backend(g)->net, WD_NET_ATTENTION, &a,
      (dim3){(unsigned)((s.queries + s.rows - 1) / s.rows), (unsigned)s.heads, (unsigned)s.n},
      (dim3){WD_NET_QUERY_THREADS, (unsigned)s.rows, 1}, shared_bytes(&s), err);
}

static wd_status rows(const wd_graph *g, wd_net_kernel which, const heads *s, int samples, const float *p,
                      float *y, wd_error *err) {
  enum { TALL = WD_NET_THREADS / WD_NET_QUERY_THREADS };
  wd_net_args a = {.count = (unsigned)(samples * s->queries),
                   .keys = s->keys,
                   .scale = (float)(1 / sqrt((double)s->d)),
                   .x = p,
                   .y = y};
  return wd_net_launch(wd_net_backend(g)->net, which, &a, (dim3){(a.count + TALL - 1) / TALL, 1, 1},
                       (dim3){WD_NET_QUERY_THREADS, TALL, 1}, 0, err);
}

static wd_status gemm(const wd_graph *g, wd_gemm p, wd_error *err) {
  const wd_net *net = wd_net_backend(g)->net;
  p.type = g->desc.precision == WD_PRECISION_F32 ? WD_GEMM_F32 : WD_GEMM_TF32;
  return wd_blas_gemm(net->device, &net->blas, &p, err);
}

/* With weights p and dp = dy v':  dv = p' dy;  ds = p (dp - sum(p dp)) / sqrt(d);  dq = ds k;  dk = ds' q. */
static wd_status head_back(const wd_graph *g, const wd_node *n, const heads *s, int first, int samples,
                           int head, wd_error *err) {
  const wd_node *q = wd_graph_in(g, n, 0), *k = wd_graph_in(g, n, 1), *v = wd_graph_in(g, n, 2);
  const long long all = (long long)s->queries * s->keys, q_step = (long long)s->queries * s->c,
                  k_step = (long long)s->keys * s->c;
  const size_t of_q = (size_t)first * (size_t)q_step + (size_t)head * (size_t)s->d,
               of_k = (size_t)first * (size_t)k_step + (size_t)head * (size_t)s->d;
  float *p = (float *)(void *)wd_net_backend(g)->scratch, *dp = p + (size_t)s->piece * (size_t)all;
  /* queries x keys from queries x d and keys x d, and the two ways back from there. */
  const wd_gemm scores = {.transpose_b = true,
                          .m = s->queries,
                          .n = s->keys,
                          .k = s->d,
                          .lda = s->c,
                          .ldb = s->c,
                          .ldc = s->keys,
                          .batch = samples,
                          .a_step = q_step,
                          .b_step = k_step,
                          .c_step = all};
  const wd_gemm to_queries = {.m = s->queries,
                              .n = s->d,
                              .k = s->keys,
                              .lda = s->keys,
                              .ldb = s->c,
                              .ldc = s->c,
                              .beta = 1,
                              .batch = samples,
                              .a_step = all,
                              .b_step = k_step,
                              .c_step = q_step};
  const wd_gemm to_keys = {.transpose_a = true,
                           .m = s->keys,
                           .n = s->d,
                           .k = s->queries,
                           .lda = s->keys,
                           .ldb = s->c,
                           .ldc = s->c,
                           .beta = 1,
                           .batch = samples,
                           .a_step = all,
                           .b_step = q_step,
                           .c_step = k_step};
  wd_gemm t = scores;
  t.a = q->value + of_q;
  t.b = k->value + of_k;
  t.c = p;
  wd_status st = gemm(g, t, err);
  if (!st) st = rows(g, WD_NET_SOFTMAX, s, samples, NULL, p, err);
  if (!st && v->grad) {
    t = to_keys;
    t.a = p;
    t.b = n->grad + of_q;
    t.c = v->grad + of_k;
    st = gemm(g, t, err);
  }
  if (st || !(q->grad || k->grad)) return st;
  t = scores;
  t.a = n->grad + of_q;
  t.b = v->value + of_k;
  t.c = dp;
  st = gemm(g, t, err);
  if (!st) st = rows(g, WD_NET_SOFTMAX_BACK, s, samples, p, dp, err);
  if (!st && q->grad) {
    t = to_queries;
    t.a = dp;
    t.b = k->value + of_k;
    t.c = q->grad + of_q;
    st = gemm(g, t, err);
  }
  if (!st && k->grad) {
    t = to_keys;
    t.a = dp;
    t.b = q->value + of_q;
    t.c = k->grad + of_k;
    st = gemm(g, t, err);
  }
  return st;
}

wd_status wd_net_attention_backward(wd_graph *g, wd_node *n, wd_error *err) {
  heads s = heads_of(g, n);
  wd_status st = WD_OK;
  for (int first = 0; first < s.n && !st; first += s.piece)
    for (int head = 0; head < s.heads && !st; head++)
      st = head_back(g, n, &s, first, s.n - first < s.piece ? s.n - first : s.piece, head, err);
  return st;
}
