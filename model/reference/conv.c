/* Convolution and matrix product, forward and backward.
 *   y[n, i, j, o] = bias[o] + sum over a, b, c of x[n, i s + a - pad, j s + b - pad, c] w[o, a, b, c]
 * with zeros outside the image. */
#include "model/reference/ops.h"

typedef struct conv_size {
  int n, h, w, c;     /* input */
  int oh, ow, o;      /* output */
  int k, stride, pad; /* kernel side */
} conv_size;

static conv_size size_of(const wd_graph *g, const wd_node *n) {
  wd_shape x = wd_graph_in(g, n, 0)->shape, y = n->shape;
  return (conv_size){x.dim[0],       x.dim[1],   x.dim[2], x.dim[3],
                     y.dim[1],       y.dim[2],   y.dim[3], wd_graph_in(g, n, 1)->shape.dim[1],
                     n->attr.stride, n->attr.pad};
}

/* Index of the input pixel that output (i, j) meets under tap (a, b), or -1 outside the image. */
static long input_pixel(const conv_size *s, int n, int i, int j, int a, int b) {
  int r = i * s->stride + a - s->pad, q = j * s->stride + b - s->pad;
  if (r < 0 || r >= s->h || q < 0 || q >= s->w) return -1;
  return (((long)n * s->h + r) * s->w + q) * s->c;
}

wd_status wd_ref_conv_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  conv_size s = size_of(g, node);
  const float *x = wd_graph_in(g, node, 0)->value, *w = wd_graph_in(g, node, 1)->value;
  const float *bias = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  float *y = node->value;
  for (int n = 0; n < s.n; n++)
    for (int i = 0; i < s.oh; i++)
      for (int j = 0; j < s.ow; j++)
        for (int o = 0; o < s.o; o++) {
          double sum = bias ? (double)bias[o] : 0;
          for (int a = 0; a < s.k; a++)
            for (int b = 0; b < s.k; b++) {
              long at = input_pixel(&s, n, i, j, a, b);
              const float *kernel = w + (((long)o * s.k + a) * s.k + b) * s.c;
              for (int c = 0; at >= 0 && c < s.c; c++) sum += (double)x[at + c] * (double)kernel[c];
            }
          *y++ = (float)sum;
        }
  return WD_OK;
}

/* Each output gradient goes back along the products it came from. Sums gather in double arrays, one pass
 * each. */
wd_status wd_ref_conv_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  conv_size s = size_of(g, node);
  const wd_node *xn = wd_graph_in(g, node, 0), *wn = wd_graph_in(g, node, 1);
  const wd_node *bn = node->n_inputs > 2 ? wd_graph_in(g, node, 2) : NULL;
  const float *dy = node->grad;
  if (xn->grad)
    for (int n = 0; n < s.n; n++)
      for (int r = 0; r < s.h; r++)
        for (int q = 0; q < s.w; q++)
          for (int c = 0; c < s.c; c++) {
            double sum = 0;
            for (int a = 0; a < s.k; a++)
              for (int b = 0; b < s.k; b++) {
                int i = r + s.pad - a, j = q + s.pad - b;
                if (i < 0 || j < 0 || i % s.stride || j % s.stride) continue;
                i /= s.stride;
                j /= s.stride;
                if (i >= s.oh || j >= s.ow) continue;
                const float *d = dy + (((long)n * s.oh + i) * s.ow + j) * s.o;
                for (int o = 0; o < s.o; o++)
                  sum += (double)d[o] * (double)wn->value[(((long)o * s.k + a) * s.k + b) * s.c + c];
              }
            xn->grad[(((long)n * s.h + r) * s.w + q) * s.c + c] += (float)sum;
          }
  if (wn->grad)
    for (int o = 0; o < s.o; o++)
      for (int a = 0; a < s.k; a++)
        for (int b = 0; b < s.k; b++)
          for (int c = 0; c < s.c; c++) {
            double sum = 0;
            for (int n = 0; n < s.n; n++)
              for (int i = 0; i < s.oh; i++)
                for (int j = 0; j < s.ow; j++) {
                  long at = input_pixel(&s, n, i, j, a, b);
                  if (at >= 0)
                    sum +=
                        (double)xn->value[at + c] * (double)dy[(((long)n * s.oh + i) * s.ow + j) * s.o + o];
                }
            wn->grad[(((long)o * s.k + a) * s.k + b) * s.c + c] += (float)sum;
          }
  if (bn && bn->grad)
    for (int o = 0; o < s.o; o++) {
      double sum = 0;
      for (long p = 0; p < (long)s.n * s.oh * s.ow; p++) sum += (double)dy[p * s.o + o];
      bn->grad[o] += (float)sum;
    }
  return WD_OK;
}

/* y[r, o] = bias[o] + sum over i of x[r, i] w[o, i] */
wd_status wd_ref_linear_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  int rows = wd_shape_rows(node->shape), outs = wd_shape_channels(node->shape);
  int ins = wd_graph_in(g, node, 1)->shape.dim[1];
  const float *x = wd_graph_in(g, node, 0)->value, *w = wd_graph_in(g, node, 1)->value;
  const float *bias = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  for (long r = 0; r < rows; r++)
    for (long o = 0; o < outs; o++) {
      double sum = bias ? (double)bias[o] : 0;
      for (int i = 0; i < ins; i++) sum += (double)x[r * ins + i] * (double)w[o * ins + i];
      node->value[r * outs + o] = (float)sum;
    }
  return WD_OK;
}

wd_status wd_ref_linear_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  int rows = wd_shape_rows(node->shape), outs = wd_shape_channels(node->shape);
  const wd_node *xn = wd_graph_in(g, node, 0), *wn = wd_graph_in(g, node, 1);
  const wd_node *bn = node->n_inputs > 2 ? wd_graph_in(g, node, 2) : NULL;
  int ins = wn->shape.dim[1];
  const float *dy = node->grad;
  for (long r = 0; xn->grad && r < rows; r++)
    for (int i = 0; i < ins; i++) {
      double sum = 0;
      for (long o = 0; o < outs; o++) sum += (double)dy[r * outs + o] * (double)wn->value[o * ins + i];
      xn->grad[r * ins + i] += (float)sum;
    }
  for (long o = 0; wn->grad && o < outs; o++)
    for (int i = 0; i < ins; i++) {
      double sum = 0;
      for (long r = 0; r < rows; r++) sum += (double)dy[r * outs + o] * (double)xn->value[r * ins + i];
      wn->grad[o * ins + i] += (float)sum;
    }
  for (long o = 0; bn && bn->grad && o < outs; o++) {
    double sum = 0;
    for (long r = 0; r < rows; r++) sum += (double)dy[r * outs + o];
    bn->grad[o] += (float)sum;
  }
  return WD_OK;
}
