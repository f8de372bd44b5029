/* Group norm (Wu & He 2018), the per-pixel normalisation of latents, activations and modulation. */
#include "model/reference/ops.h"

#include <math.h>

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* SiLU: x sigmoid(x). GELU in its tanh form (Hendrycks & Gimpel 2016). */
static double activate(wd_activation kind, double x) {
  if (kind == WD_ACTIVATION_SILU) return x * sigmoid(x);
  if (kind == WD_ACTIVATION_GELU)
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
  return x;
}

static double slope(wd_activation kind, double x) {
  if (kind == WD_ACTIVATION_SILU) {
    double s = sigmoid(x);
    return s * (1 + x * (1 - s));
  }
  if (kind == WD_ACTIVATION_GELU) {
    double t = tanh(0.7978845608028654 * (x + 0.044715 * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 3 * 0.044715 * x * x);
  }
  return 1;
}

wd_status wd_ref_activation_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, n, 0)->value;
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++) n->value[i] = (float)activate(n->attr.activation, (double)x[i]);
  return WD_OK;
}

wd_status wd_ref_activation_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  size_t count = wd_shape_count(n->shape);
  for (size_t i = 0; i < count; i++)
    x->grad[i] += (float)((double)n->grad[i] * slope(n->attr.activation, (double)x->value[i]));
  return WD_OK;
}

static const double EPSILON = 1e-5;

/* Mean and 1 / sqrt(variance + epsilon) of one sample's group. */
static void group_statistics(const float *x, wd_extent e, int n, int group, int width, double *mean,
                             double *scale) {
  double sum = 0, square = 0, count = (double)e.pixels * width;
  for (int p = 0; p < e.pixels; p++)
    for (int c = 0; c < width; c++) sum += (double)x[((long)n * e.pixels + p) * e.c + group * width + c];
  *mean = sum / count;
  for (int p = 0; p < e.pixels; p++)
    for (int c = 0; c < width; c++) {
      double d = (double)x[((long)n * e.pixels + p) * e.c + group * width + c] - *mean;
      square += d * d;
    }
  *scale = 1 / sqrt(square / count + EPSILON);
}

/* y = activation(gamma[c] (x - mean) scale + beta[c]), mean and scale over the pixels and channels of a
 * group. */
wd_status wd_ref_group_norm_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value;
  const float *gamma = wd_graph_in(g, node, 1)->value, *beta = wd_graph_in(g, node, 2)->value;
  wd_extent e = wd_extent_of(node->shape);
  int width = e.c / node->attr.groups;
  for (int n = 0; n < e.n; n++)
    for (int group = 0; group < node->attr.groups; group++) {
      double mean, scale;
      group_statistics(x, e, n, group, width, &mean, &scale);
      for (int p = 0; p < e.pixels; p++)
        for (int c = group * width; c < (group + 1) * width; c++) {
          long i = ((long)n * e.pixels + p) * e.c + c;
          double u = (double)gamma[c] * (((double)x[i] - mean) * scale) + (double)beta[c];
          node->value[i] = (float)activate(node->attr.activation, u);
        }
    }
  return WD_OK;
}

/* With h = (x - mean) scale and du the gradient at the affine's result:
 *   dx = scale (q - mean(q) - h mean(q h)),  q = gamma du, means over the group. */
wd_status wd_ref_group_norm_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *xn = wd_graph_in(g, node, 0), *gn = wd_graph_in(g, node, 1), *bn = wd_graph_in(g, node, 2);
  wd_extent e = wd_extent_of(node->shape);
  int width = e.c / node->attr.groups;
  for (int n = 0; n < e.n; n++)
    for (int group = 0; group < node->attr.groups; group++) {
      double mean, scale, q_mean = 0, qh_mean = 0;
      group_statistics(xn->value, e, n, group, width, &mean, &scale);
      for (int pass = 0; pass < 2; pass++)
        for (int c = group * width; c < (group + 1) * width; c++) {
          double d_gamma = 0, d_beta = 0;
          for (int p = 0; p < e.pixels; p++) {
            long i = ((long)n * e.pixels + p) * e.c + c;
            double h = ((double)xn->value[i] - mean) * scale;
            double u = (double)gn->value[c] * h + (double)bn->value[c];
            double du = (double)node->grad[i] * slope(node->attr.activation, u),
                   q = (double)gn->value[c] * du;
            if (pass == 0) {
              q_mean += q / ((double)e.pixels * width);
              qh_mean += q * h / ((double)e.pixels * width);
              d_gamma += du * h;
              d_beta += du;
            } else if (xn->grad)
              xn->grad[i] += (float)(scale * (q - q_mean - h * qh_mean));
          }
          if (pass == 0 && gn->grad) gn->grad[c] += (float)d_gamma;
          if (pass == 0 && bn->grad) bn->grad[c] += (float)d_beta;
        }
    }
  return WD_OK;
}

/* y = x / r, r = sqrt(mean over channels of x^2 + 1e-6); dx = (dy - y mean(dy y)) / r. */
static double root_mean_square(const float *x, int channels) {
  double sum = 0;
  for (int c = 0; c < channels; c++) sum += (double)x[c] * (double)x[c];
  return sqrt(sum / channels + 1e-6);
}

wd_status wd_ref_normalize_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, n, 0)->value;
  int rows = wd_shape_rows(n->shape), c = wd_shape_channels(n->shape);
  for (long r = 0; r < rows; r++) {
    double rms = root_mean_square(x + r * c, c);
    for (int i = 0; i < c; i++) n->value[r * c + i] = (float)((double)x[r * c + i] / rms);
  }
  return WD_OK;
}

wd_status wd_ref_normalize_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  int rows = wd_shape_rows(n->shape), c = wd_shape_channels(n->shape);
  for (long r = 0; r < rows; r++) {
    double rms = root_mean_square(x->value + r * c, c), dot = 0;
    for (int i = 0; i < c; i++) dot += (double)n->grad[r * c + i] * ((double)x->value[r * c + i] / rms) / c;
    for (int i = 0; i < c; i++)
      x->grad[r * c + i] +=
          (float)(((double)n->grad[r * c + i] - (double)x->value[r * c + i] / rms * dot) / rms);
  }
  return WD_OK;
}

/* y = x (1 + s) + t with (s, t) a row of 2C a sample. */
wd_status wd_ref_modulate_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *st = wd_graph_in(g, node, 1)->value;
  wd_extent e = wd_extent_of(node->shape);
  for (int n = 0; n < e.n; n++)
    for (int p = 0; p < e.pixels; p++)
      for (int c = 0; c < e.c; c++) {
        long i = ((long)n * e.pixels + p) * e.c + c;
        node->value[i] =
            (float)((double)x[i] * (1 + (double)st[n * 2 * e.c + c]) + (double)st[(n * 2 + 1) * e.c + c]);
      }
  return WD_OK;
}

wd_status wd_ref_modulate_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0), *st = wd_graph_in(g, node, 1);
  wd_extent e = wd_extent_of(node->shape);
  for (int n = 0; n < e.n; n++)
    for (int c = 0; c < e.c; c++) {
      double ds = 0, dt = 0;
      for (int p = 0; p < e.pixels; p++) {
        long i = ((long)n * e.pixels + p) * e.c + c;
        double d = (double)node->grad[i];
        if (x->grad) x->grad[i] += (float)(d * (1 + (double)st->value[n * 2 * e.c + c]));
        ds += d * (double)x->value[i];
        dt += d;
      }
      if (st->grad) {
        st->grad[n * 2 * e.c + c] += (float)ds;
        st->grad[(n * 2 + 1) * e.c + c] += (float)dt;
      }
    }
  return WD_OK;
}
