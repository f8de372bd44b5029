/* Operations that add, move or repeat values without mixing channels. */
#include "model/reference/ops.h"

wd_status wd_ref_add_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *a = wd_graph_in(g, n, 0)->value, *b = wd_graph_in(g, n, 1)->value;
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++) n->value[i] = a[i] + b[i];
  return WD_OK;
}

wd_status wd_ref_add_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  size_t count = wd_shape_count(n->shape);
  for (int k = 0; k < 2; k++) {
    const wd_node *in = wd_graph_in(g, n, k);
    for (size_t i = 0; in->grad && i < count; i++) in->grad[i] += n->grad[i];
  }
  return WD_OK;
}

wd_status wd_ref_detach_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, n, 0)->value;
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++) n->value[i] = x[i];
  return WD_OK;
}

/* y[n, p, c] = x[n, p, c] + e[n, c] */
wd_status wd_ref_add_channel_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *e = wd_graph_in(g, node, 1)->value;
  wd_extent s = wd_extent_of(node->shape);
  for (int n = 0; n < s.n; n++)
    for (int p = 0; p < s.pixels; p++)
      for (int c = 0; c < s.c; c++) {
        long i = ((long)n * s.pixels + p) * s.c + c;
        node->value[i] = x[i] + e[n * s.c + c];
      }
  return WD_OK;
}

wd_status wd_ref_add_channel_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0), *e = wd_graph_in(g, node, 1);
  wd_extent s = wd_extent_of(node->shape);
  for (int n = 0; n < s.n; n++)
    for (int c = 0; c < s.c; c++) {
      double sum = 0;
      for (int p = 0; p < s.pixels; p++) {
        long i = ((long)n * s.pixels + p) * s.c + c;
        if (x->grad) x->grad[i] += node->grad[i];
        sum += (double)node->grad[i];
      }
      if (e->grad) e->grad[n * s.c + c] += (float)sum;
    }
  return WD_OK;
}

wd_status wd_ref_scale_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, n, 0)->value;
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++) n->value[i] = n->attr.scale * x[i] + n->attr.offset;
  return WD_OK;
}

wd_status wd_ref_scale_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++) x->grad[i] += n->attr.scale * n->grad[i];
  return WD_OK;
}

/* y[n, ...] = m[n] x[n, ...]; the mask is data and gets no gradient. */
wd_status wd_ref_mask_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *m = wd_graph_in(g, node, 1)->value;
  size_t each = wd_shape_count(node->shape) / (size_t)node->shape.dim[0];
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (size_t i = 0; i < each; i++) node->value[(size_t)n * each + i] = m[n] * x[(size_t)n * each + i];
  return WD_OK;
}

wd_status wd_ref_mask_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const float *m = wd_graph_in(g, node, 1)->value;
  size_t each = wd_shape_count(node->shape) / (size_t)node->shape.dim[0];
  for (int n = 0; x->grad && n < node->shape.dim[0]; n++)
    for (size_t i = 0; i < each; i++)
      x->grad[(size_t)n * each + i] += m[n] * node->grad[(size_t)n * each + i];
  return WD_OK;
}

/* Index of pixel (i, j) of sample n in an image of h x w x c. */
static long pixel(const wd_shape *s, int n, int i, int j) {
  return (((long)n * s->dim[1] + i) * s->dim[2] + j) * s->dim[3];
}

wd_status wd_ref_upsample_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < node->shape.dim[1]; i++)
      for (int j = 0; j < node->shape.dim[2]; j++)
        for (int c = 0; c < node->shape.dim[3]; c++)
          node->value[pixel(&node->shape, n, i, j) + c] = x->value[pixel(&x->shape, n, i / 2, j / 2) + c];
  return WD_OK;
}

wd_status wd_ref_upsample_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < node->shape.dim[1]; i++)
      for (int j = 0; j < node->shape.dim[2]; j++)
        for (int c = 0; c < node->shape.dim[3]; c++)
          x->grad[pixel(&x->shape, n, i / 2, j / 2) + c] += node->grad[pixel(&node->shape, n, i, j) + c];
  return WD_OK;
}

wd_status wd_ref_downsample_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < node->shape.dim[1]; i++)
      for (int j = 0; j < node->shape.dim[2]; j++)
        for (int c = 0; c < node->shape.dim[3]; c++) {
          double sum = 0;
          for (int k = 0; k < 4; k++)
            sum += (double)x->value[pixel(&x->shape, n, 2 * i + k / 2, 2 * j + k % 2) + c];
          node->value[pixel(&node->shape, n, i, j) + c] = (float)(sum / 4);
        }
  return WD_OK;
}

wd_status wd_ref_downsample_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < x->shape.dim[0]; n++)
    for (int i = 0; i < x->shape.dim[1]; i++)
      for (int j = 0; j < x->shape.dim[2]; j++)
        for (int c = 0; c < x->shape.dim[3]; c++)
          x->grad[pixel(&x->shape, n, i, j) + c] += node->grad[pixel(&node->shape, n, i / 2, j / 2) + c] / 4;
  return WD_OK;
}

/* Where value (n, i, j, c) of the shuffled image comes from. */
static long shuffled(const wd_shape *in, int factor, int n, int i, int j, int c) {
  return pixel(in, n, i / factor, j / factor) + ((long)c * factor + i % factor) * factor + j % factor;
}

wd_status wd_ref_pixel_shuffle_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < node->shape.dim[1]; i++)
      for (int j = 0; j < node->shape.dim[2]; j++)
        for (int c = 0; c < node->shape.dim[3]; c++)
          node->value[pixel(&node->shape, n, i, j) + c] =
              x->value[shuffled(&x->shape, node->attr.factor, n, i, j, c)];
  return WD_OK;
}

wd_status wd_ref_pixel_shuffle_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  for (int n = 0; n < node->shape.dim[0]; n++)
    for (int i = 0; i < node->shape.dim[1]; i++)
      for (int j = 0; j < node->shape.dim[2]; j++)
        for (int c = 0; c < node->shape.dim[3]; c++)
          x->grad[shuffled(&x->shape, node->attr.factor, n, i, j, c)] +=
              node->grad[pixel(&node->shape, n, i, j) + c];
  return WD_OK;
}

wd_status wd_ref_concat_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *a = wd_graph_in(g, n, 0), *b = wd_graph_in(g, n, 1);
  long rows = wd_shape_rows(n->shape), ca = wd_shape_channels(a->shape), cb = wd_shape_channels(b->shape);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < ca; c++) n->value[r * (ca + cb) + c] = a->value[r * ca + c];
    for (long c = 0; c < cb; c++) n->value[r * (ca + cb) + ca + c] = b->value[r * cb + c];
  }
  return WD_OK;
}

wd_status wd_ref_concat_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *a = wd_graph_in(g, n, 0), *b = wd_graph_in(g, n, 1);
  long rows = wd_shape_rows(n->shape), ca = wd_shape_channels(a->shape), cb = wd_shape_channels(b->shape);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; a->grad && c < ca; c++) a->grad[r * ca + c] += n->grad[r * (ca + cb) + c];
    for (long c = 0; b->grad && c < cb; c++) b->grad[r * cb + c] += n->grad[r * (ca + cb) + ca + c];
  }
  return WD_OK;
}

wd_status wd_ref_slice_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  long rows = wd_shape_rows(n->shape), c = wd_shape_channels(n->shape), all = wd_shape_channels(x->shape);
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < c; i++) n->value[r * c + i] = x->value[r * all + n->attr.first + i];
  return WD_OK;
}

wd_status wd_ref_slice_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  long rows = wd_shape_rows(n->shape), c = wd_shape_channels(n->shape), all = wd_shape_channels(x->shape);
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < c; i++) x->grad[r * all + n->attr.first + i] += n->grad[r * c + i];
  return WD_OK;
}
