/* Embeddings, the quantizer, and losses. */
#include "model/reference/ops.h"

#include <math.h>

/* Sines, then cosines, of t 10000^(-i / (C/2)) (Vaswani et al. 2017, as diffusion models use it). */
wd_status wd_ref_timestep_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *t = wd_graph_in(g, node, 0)->value;
  int half = node->shape.dim[1] / 2;
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < half; i++) {
      double angle = (double)t[n] * pow(10000, -(double)i / half);
      node->value[n * 2 * half + i] = (float)sin(angle);
      node->value[n * 2 * half + half + i] = (float)cos(angle);
    }
  return WD_OK;
}

/* The row of the table that an id names; ids outside are an error, not memory. */
static wd_status row_of(const wd_node *ids, const wd_node *table, int n, long *row, wd_error *err) {
  float id = ids->value[n];
  if (!(id >= 0) || id >= (float)table->shape.dim[0] || id != floorf(id))
    return wd_fail(err, WD_ERR_ARGUMENT, "id %g of sample %d; the table has rows 0 to %d", (double)id, n,
                   table->shape.dim[0] - 1);
  *row = (long)id;
  return WD_OK;
}

wd_status wd_ref_embedding_forward(wd_graph *g, wd_node *node, wd_error *err) {
  const wd_node *ids = wd_graph_in(g, node, 0), *table = wd_graph_in(g, node, 1);
  int c = node->shape.dim[1];
  for (int n = 0; n < node->shape.dim[0]; n++) {
    long row = 0;
    wd_status st = row_of(ids, table, n, &row, err);
    if (st) return st;
    for (int i = 0; i < c; i++) node->value[n * c + i] = table->value[row * c + i];
  }
  return WD_OK;
}

wd_status wd_ref_embedding_backward(wd_graph *g, wd_node *node, wd_error *err) {
  const wd_node *ids = wd_graph_in(g, node, 0), *table = wd_graph_in(g, node, 1);
  int c = node->shape.dim[1];
  for (int n = 0; table->grad && n < node->shape.dim[0]; n++) {
    long row = 0;
    wd_status st = row_of(ids, table, n, &row, err);
    if (st) return st;
    for (int i = 0; i < c; i++) table->grad[row * c + i] += node->grad[n * c + i];
  }
  return WD_OK;
}

/* The code with the smallest squared distance; the first of equals. */
wd_status wd_ref_quantize_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *z = wd_graph_in(g, node, 0), *book = wd_graph_in(g, node, 1);
  long rows = wd_shape_rows(node->shape);
  int c = wd_shape_channels(node->shape), codes = book->shape.dim[0];
  for (long r = 0; r < rows; r++) {
    double best = INFINITY;
    long code = 0;
    for (long k = 0; k < codes; k++) {
      double d = 0;
      for (int i = 0; i < c; i++) {
        double e = (double)z->value[r * c + i] - (double)book->value[k * c + i];
        d += e * e;
      }
      if (d < best) {
        best = d;
        code = k;
      }
    }
    node->index[r] = (int32_t)code;
    for (int i = 0; i < c; i++) node->value[r * c + i] = book->value[code * c + i];
  }
  return WD_OK;
}

/* Straight through (van den Oord et al. 2017): the latent gets the gradient of its code. */
wd_status wd_ref_quantize_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *z = wd_graph_in(g, node, 0);
  size_t count = wd_shape_count(node->shape);
  for (size_t i = 0; z->grad && i < count; i++) z->grad[i] += node->grad[i];
  return WD_OK;
}

/* mean over parts of weight[n] * mean over values of f(x - target); f the square or the absolute value. */
static void loss_forward(const wd_graph *g, wd_node *node, bool squared) {
  const wd_node *x = wd_graph_in(g, node, 0), *t = wd_graph_in(g, node, 1);
  const float *weight = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  int parts = wd_graph_loss_parts(g, node);
  size_t each = wd_shape_count(x->shape) / (size_t)parts;
  double total = 0;
  for (int n = 0; n < parts; n++) {
    double sum = 0;
    for (size_t i = 0; i < each; i++) {
      double d = (double)x->value[(size_t)n * each + i] - (double)t->value[(size_t)n * each + i];
      sum += squared ? d * d : fabs(d);
    }
    total += (weight ? (double)weight[n] : 1) * sum / (double)each;
  }
  node->value[0] = (float)(total / parts);
}

static void loss_backward(const wd_graph *g, wd_node *node, bool squared) {
  const wd_node *x = wd_graph_in(g, node, 0), *t = wd_graph_in(g, node, 1);
  const float *weight = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  int parts = wd_graph_loss_parts(g, node);
  size_t each = wd_shape_count(x->shape) / (size_t)parts;
  for (int n = 0; n < parts; n++) {
    double factor = (double)node->grad[0] * (weight ? (double)weight[n] : 1) / (double)each / parts;
    for (size_t i = (size_t)n * each; i < ((size_t)n + 1) * each; i++) {
      double d = (double)x->value[i] - (double)t->value[i];
      double slope = factor * (squared ? 2 * d : (d > 0) - (d < 0));
      if (x->grad) x->grad[i] += (float)slope;
      if (t->grad) t->grad[i] -= (float)slope;
    }
  }
}

wd_status wd_ref_squared_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  loss_forward(g, n, true);
  return WD_OK;
}

wd_status wd_ref_squared_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  loss_backward(g, n, true);
  return WD_OK;
}

wd_status wd_ref_absolute_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  loss_forward(g, n, false);
  return WD_OK;
}

wd_status wd_ref_absolute_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  loss_backward(g, n, false);
  return WD_OK;
}

wd_status wd_ref_sum_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  n->value[0] = wd_graph_in(g, n, 0)->value[0] + wd_graph_in(g, n, 1)->value[0];
  return WD_OK;
}

wd_status wd_ref_sum_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  for (int k = 0; k < 2; k++)
    if (wd_graph_in(g, n, k)->grad) wd_graph_in(g, n, k)->grad[0] += n->grad[0];
  return WD_OK;
}
