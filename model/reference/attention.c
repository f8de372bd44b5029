/* Softmax attention, head by head: y = softmax(q k' / sqrt(d)) v over tokens. */
#include "model/reference/ops.h"

#include "solver/memory.h"

#include <math.h>

typedef struct heads {
  int n, tq, tk, c, heads, d; /* samples, query tokens, key tokens, channels, heads, channels a head */
} heads;

static heads heads_of(const wd_graph *g, const wd_node *n) {
  wd_extent q = wd_extent_of(wd_graph_in(g, n, 0)->shape), k = wd_extent_of(wd_graph_in(g, n, 1)->shape);
  return (heads){q.n, q.pixels, k.pixels, q.c, n->attr.heads, q.c / n->attr.heads};
}

/* The weights of one query token over all keys. */
static void weights(const heads *s, const float *q, const float *k, double *p) {
  double top = -INFINITY, sum = 0, scale = 1 / sqrt((double)s->d);
  for (int j = 0; j < s->tk; j++) {
    double dot = 0;
    for (int c = 0; c < s->d; c++) dot += (double)q[c] * (double)k[(long)j * s->c + c];
    p[j] = dot * scale;
    if (p[j] > top) top = p[j];
  }
  for (int j = 0; j < s->tk; j++) sum += p[j] = exp(p[j] - top);
  for (int j = 0; j < s->tk; j++) p[j] /= sum;
}

wd_status wd_ref_attention_forward(wd_graph *g, wd_node *node, wd_error *err) {
  heads s = heads_of(g, node);
  const float *q = wd_graph_in(g, node, 0)->value, *k = wd_graph_in(g, node, 1)->value;
  const float *v = wd_graph_in(g, node, 2)->value;
  double *p = wd_alloc((size_t)s.tk, sizeof *p);
  if (!p) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for attention over %d tokens", s.tk);
  for (int n = 0; n < s.n; n++)
    for (int h = 0; h < s.heads; h++)
      for (int i = 0; i < s.tq; i++) {
        long at = ((long)n * s.tq + i) * s.c + h * s.d, keys = (long)n * s.tk * s.c + h * s.d;
        weights(&s, q + at, k + keys, p);
        for (int c = 0; c < s.d; c++) {
          double sum = 0;
          for (int j = 0; j < s.tk; j++) sum += p[j] * (double)v[keys + (long)j * s.c + c];
          node->value[at + c] = (float)sum;
        }
      }
  wd_free(p);
  return WD_OK;
}

/* dv_j = sum_i p_ij dy_i; with a_ij = dy_i v_j and m_i = sum_j p_ij a_ij:
 * ds_ij = p_ij (a_ij - m_i); dq_i = sum_j ds_ij k_j / sqrt(d); dk_j = sum_i ds_ij q_i / sqrt(d). */
wd_status wd_ref_attention_backward(wd_graph *g, wd_node *node, wd_error *err) {
  heads s = heads_of(g, node);
  const wd_node *q = wd_graph_in(g, node, 0), *k = wd_graph_in(g, node, 1), *v = wd_graph_in(g, node, 2);
  double *p = wd_alloc((size_t)s.tk * 2, sizeof *p),
         *dk = wd_alloc((size_t)s.tk * (size_t)s.d * 2, sizeof *dk);
  if (!p || !dk) {
    wd_free(p);
    wd_free(dk);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the gradient of attention over %d tokens", s.tk);
  }
  double *a = p + s.tk, *dv = dk + (size_t)s.tk * (size_t)s.d, scale = 1 / sqrt((double)s.d);
  for (int n = 0; n < s.n; n++)
    for (int h = 0; h < s.heads; h++) {
      long keys = (long)n * s.tk * s.c + h * s.d;
      for (long i = 0; i < 2L * s.tk * s.d; i++) dk[i] = 0;
      for (int i = 0; i < s.tq; i++) {
        long at = ((long)n * s.tq + i) * s.c + h * s.d;
        const float *dy = node->grad + at;
        double m = 0;
        weights(&s, q->value + at, k->value + keys, p);
        for (int j = 0; j < s.tk; j++) {
          a[j] = 0;
          for (int c = 0; c < s.d; c++) a[j] += (double)dy[c] * (double)v->value[keys + (long)j * s.c + c];
          m += p[j] * a[j];
        }
        for (int c = 0; c < s.d; c++) {
          double dq = 0;
          for (int j = 0; j < s.tk; j++) {
            double ds = p[j] * (a[j] - m) * scale;
            dq += ds * (double)k->value[keys + (long)j * s.c + c];
            dk[(long)j * s.d + c] += ds * (double)q->value[at + c];
            dv[(long)j * s.d + c] += p[j] * (double)dy[c];
          }
          if (q->grad) q->grad[at + c] += (float)dq;
        }
      }
      for (int j = 0; j < s.tk; j++)
        for (int c = 0; c < s.d; c++) {
          if (k->grad) k->grad[keys + (long)j * s.c + c] += (float)dk[(long)j * s.d + c];
          if (v->grad) v->grad[keys + (long)j * s.c + c] += (float)dv[(long)j * s.d + c];
        }
    }
  wd_free(p);
  wd_free(dk);
  return WD_OK;
}
