/* Group norm with its activation, forward and backward, in channels-last order. In training, where there are
 * as many samples as threads, each runs whole on one of them (wide_norm.c). Where there are fewer, and
 * wherever networks are only evaluated (so that a sample has the same bits on any number of threads and in
 * any batch), the loops below share the work:
 *
 * pixels are cut into chunks that threads take; each sums its pixels channel by channel (so the inner loop is
 * long and contiguous, whatever the groups), and the sums join in a fixed order: the result does not depend
 * on the threads. */
#include "model/cpu/kernels.h"

#include "solver/memory.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double EPSILON = 1e-5;

enum { CHUNK_PIXELS = 64 };

typedef struct norm {
  int n, pixels, c, groups, width, chunks;
} norm;

static norm norm_of(const wd_node *n) {
  int c = wd_shape_channels(n->shape);
  int pixels = (int)(wd_shape_count(n->shape) / (size_t)n->shape.dim[0] / (size_t)c);
  return (norm){n->shape.dim[0],
                pixels,
                c,
                n->attr.groups,
                c / n->attr.groups,
                (pixels + CHUNK_PIXELS - 1) / CHUNK_PIXELS};
}

wd_status wd_cpu_prepare_norm(wd_graph *g, wd_node *n, wd_error *err) {
  if (n->op != WD_OP_GROUP_NORM) return WD_OK;
  wd_cpu_node *c = n->cache;
  norm s = norm_of(n);
  wd_cpu_want_room(g, (size_t)(4 * (s.c + 16) + (n->grad ? s.pixels * s.c : 0)));
  c->kept = wd_alloc((size_t)s.n * (size_t)s.groups * 2, sizeof(float));
  c->partial = wd_alloc((size_t)s.n * (size_t)s.chunks * (size_t)s.c * 2, sizeof(double));
  return c->kept && c->partial ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for group norm sums");
}

/* Sums of (x - mean)^power over a chunk, power 1 or 2, a channel each. Float sums of at most 64 values, kept
 * in double. */
WD_CLONES static void chunk_sums(const float *x, const float *mean, int pixels, int channels, bool square,
                                 double *out) {
  for (int c0 = 0; c0 < channels; c0 += 64) {
    int width = channels - c0 < 64 ? channels - c0 : 64;
    float sum[64] = {0};
    for (int p = 0; p < pixels; p++) {
      const float *row = x + (long)p * channels + c0;
      if (square)
        for (int c = 0; c < width; c++) sum[c] += (row[c] - mean[c0 + c]) * (row[c] - mean[c0 + c]);
      else
        for (int c = 0; c < width; c++) sum[c] += row[c];
    }
    for (int c = 0; c < width; c++) out[c0 + c] = (double)sum[c];
  }
}

/* y = activation(a[c] x + b[c]) */
WD_CLONES static void chunk_apply(const float *x, const float *a, const float *b, int pixels, int channels,
                                  bool silu, float *y) {
  for (int p = 0; p < pixels; p++) {
    const float *row = x + (long)p * channels;
    float *out = y + (long)p * channels;
    if (silu)
      for (int c = 0; c < channels; c++) {
        float u = a[c] * row[c] + b[c];
        out[c] = u / (1 + wd_fast_exp(-u));
      }
    else
      for (int c = 0; c < channels; c++) out[c] = a[c] * row[c] + b[c];
  }
}

static int chunk_pixels(const norm *s, int chunk) {
  int left = s->pixels - chunk * CHUNK_PIXELS;
  return left < CHUNK_PIXELS ? left : CHUNK_PIXELS;
}

/* Total of channel c over the chunks of sample n; which: 0 or 1, the two sums a chunk may hold. */
static double channel_total(const norm *s, const double *partial, int n, int c, int which) {
  double sum = 0;
  for (int k = 0; k < s->chunks; k++) sum += partial[(((long)n * s->chunks + k) * 2 + which) * s->c + c];
  return sum;
}

static double group_total(const norm *s, const double *partial, int n, int group) {
  double sum = 0;
  for (int c = group * s->width; c < (group + 1) * s->width; c++) sum += channel_total(s, partial, n, c, 0);
  return sum;
}

/* Sample n as the wide kernels take it; a thread runs it whole where there are samples enough. */
static wd_norm sample_of(wd_graph *g, wd_node *node, const norm *s, int n) {
  const wd_cpu_node *cache = node->cache;
  const wd_node *x = wd_graph_in(g, node, 0);
  long at = (long)n * s->pixels * s->c;
  return (wd_norm){.pixels = s->pixels,
                   .c = s->c,
                   .groups = s->groups,
                   .silu = node->attr.activation == WD_ACTIVATION_SILU,
                   .x = x->value + at,
                   .gamma = wd_graph_in(g, node, 1)->value,
                   .beta = wd_graph_in(g, node, 2)->value,
                   .y = node->value + at,
                   .kept = cache->kept + (long)n * s->groups * 2,
                   .dy = node->grad ? node->grad + at : NULL,
                   .dx = x->grad ? x->grad + at : NULL,
                   .sums = cache->partial + (long)n * 2 * s->c};
}

static void forward_by_samples(wd_graph *g, wd_node *node, const norm *s) {
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s->n; n++) {
    wd_norm one = sample_of(g, node, s, n);
    wd_cpu_of(g)->wide->norm_forward(&one, wd_cpu_room(g, omp_get_thread_num()));
  }
}

static void backward_by_samples(wd_graph *g, wd_node *node, const norm *s) {
  const double *sums = ((const wd_cpu_node *)node->cache)->partial;
  float *gamma = wd_graph_in(g, node, 1)->grad, *beta = wd_graph_in(g, node, 2)->grad;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s->n; n++) {
    wd_norm one = sample_of(g, node, s, n);
    wd_cpu_of(g)->wide->norm_backward(&one, wd_cpu_room(g, omp_get_thread_num()));
  }
  for (int n = 0; n < s->n; n++)
    for (int c = 0; c < s->c; c++) {
      if (beta) beta[c] += (float)sums[(long)n * 2 * s->c + c];
      if (gamma) gamma[c] += (float)sums[((long)n * 2 + 1) * s->c + c];
    }
}

wd_status wd_cpu_group_norm_forward(wd_graph *g, wd_node *node, wd_error *err) {
  const wd_cpu_node *cache = node->cache;
  norm s = norm_of(node);
  const float *x = wd_graph_in(g, node, 0)->value;
  const float *gamma = wd_graph_in(g, node, 1)->value, *beta = wd_graph_in(g, node, 2)->value;
  bool silu = node->attr.activation == WD_ACTIVATION_SILU;
  if (node->attr.activation == WD_ACTIVATION_GELU)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "group norm with GELU; use SiLU, or a node of its own");
  int threads = wd_cpu_threads(g), tasks = s.n * s.chunks;
  if (g->desc.backward && s.n >= threads) {
    forward_by_samples(g, node, &s);
    return WD_OK;
  }
  double count = (double)s.pixels * s.width;
  /* Per sample and channel: the mean (for the second pass), then scale and offset of the affine. */
  float *line = wd_alloc((size_t)s.n * (size_t)s.c * 2, sizeof *line);
  if (!line) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for group norm");
  for (int pass = 0; pass < 2; pass++) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int t = 0; t < tasks; t++) {
      int n = t / s.chunks, k = t % s.chunks;
      chunk_sums(x + ((long)n * s.pixels + (long)k * CHUNK_PIXELS) * s.c, line + (long)n * s.c,
                 chunk_pixels(&s, k), s.c, pass == 1, cache->partial + (long)t * 2 * s.c);
    }
    for (int n = 0; n < s.n; n++)
      for (int q = 0; q < s.groups; q++) {
        double total = group_total(&s, cache->partial, n, q) / count;
        float *kept = cache->kept + ((long)n * s.groups + q) * 2;
        if (pass == 0)
          kept[0] = (float)total;
        else
          kept[1] = (float)(1 / sqrt(total + EPSILON));
        for (int c = q * s.width; pass == 0 && c < (q + 1) * s.width; c++) line[(long)n * s.c + c] = kept[0];
      }
  }
  for (int n = 0; n < s.n; n++)
    for (int c = 0; c < s.c; c++) {
      const float *kept = cache->kept + ((long)n * s.groups + c / s.width) * 2;
      line[(long)n * 2 * s.c + c] = gamma[c] * kept[1];
      line[((long)n * 2 + 1) * s.c + c] = beta[c] - kept[0] * gamma[c] * kept[1];
    }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < tasks; t++) {
    int n = t / s.chunks, k = t % s.chunks;
    long at = ((long)n * s.pixels + (long)k * CHUNK_PIXELS) * s.c;
    chunk_apply(x + at, line + (long)n * 2 * s.c, line + ((long)n * 2 + 1) * s.c, chunk_pixels(&s, k), s.c,
                silu, node->value + at);
  }
  wd_free(line);
  return WD_OK;
}

/* One channel line a sample: mean, scale (of its group), gamma, beta. */
typedef struct line {
  const float *mean, *scale, *gamma, *beta;
} line;

/* du at one value: the gradient behind the activation. */
static inline float behind(float dy, float u, bool silu) {
  if (!silu) return dy;
  float sigmoid = 1 / (1 + wd_fast_exp(-u));
  return dy * sigmoid * (1 + u * (1 - sigmoid));
}

/* Sums over a chunk of du and of du h, a channel each, h = (x - mean) scale. */
WD_CLONES static void chunk_gradient_sums(const float *x, const float *dy, line l, int pixels, int channels,
                                          bool silu, double *out) {
  for (int c0 = 0; c0 < channels; c0 += 64) {
    int width = channels - c0 < 64 ? channels - c0 : 64;
    float du_sum[64] = {0}, duh_sum[64] = {0};
    for (int p = 0; p < pixels; p++) {
      const float *row = x + (long)p * channels + c0, *d = dy + (long)p * channels + c0;
      for (int c = 0; c < width; c++) {
        float h = (row[c] - l.mean[c0 + c]) * l.scale[c0 + c];
        float du = behind(d[c], l.gamma[c0 + c] * h + l.beta[c0 + c], silu);
        du_sum[c] += du;
        duh_sum[c] += du * h;
      }
    }
    for (int c = 0; c < width; c++) {
      out[c0 + c] = (double)du_sum[c];
      out[channels + c0 + c] = (double)duh_sum[c];
    }
  }
}

/* dx += scale (gamma du - q_mean - h qh_mean) */
WD_CLONES static void chunk_gradient(const float *x, const float *dy, line l, const float *q_mean,
                                     const float *qh_mean, int pixels, int channels, bool silu, float *dx) {
  for (int p = 0; p < pixels; p++) {
    const float *row = x + (long)p * channels, *d = dy + (long)p * channels;
    float *out = dx + (long)p * channels;
    for (int c = 0; c < channels; c++) {
      float h = (row[c] - l.mean[c]) * l.scale[c];
      float du = behind(d[c], l.gamma[c] * h + l.beta[c], silu);
      out[c] += l.scale[c] * (l.gamma[c] * du - q_mean[c] - h * qh_mean[c]);
    }
  }
}

wd_status wd_cpu_group_norm_backward(wd_graph *g, wd_node *node, wd_error *err) {
  const wd_cpu_node *cache = node->cache;
  norm s = norm_of(node);
  const wd_node *xn = wd_graph_in(g, node, 0), *gn = wd_graph_in(g, node, 1), *bn = wd_graph_in(g, node, 2);
  bool silu = node->attr.activation == WD_ACTIVATION_SILU;
  int threads = wd_cpu_threads(g), tasks = s.n * s.chunks;
  if (s.n >= threads) {
    backward_by_samples(g, node, &s);
    return WD_OK;
  }
  size_t row = (size_t)s.n * (size_t)s.c;
  float *lines = wd_alloc(row * 4, sizeof *lines); /* mean, scale, q_mean, qh_mean */
  if (!lines) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the gradient of group norm");
  for (int n = 0; n < s.n; n++)
    for (int c = 0; c < s.c; c++) {
      const float *kept = cache->kept + ((long)n * s.groups + c / s.width) * 2;
      lines[(size_t)n * (size_t)s.c + (size_t)c] = kept[0];
      lines[row + (size_t)n * (size_t)s.c + (size_t)c] = kept[1];
    }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int t = 0; t < tasks; t++) {
    int n = t / s.chunks, k = t % s.chunks;
    long at = ((long)n * s.pixels + (long)k * CHUNK_PIXELS) * s.c;
    line l = {lines + (long)n * s.c, lines + row + (long)n * s.c, gn->value, bn->value};
    chunk_gradient_sums(xn->value + at, node->grad + at, l, chunk_pixels(&s, k), s.c, silu,
                        cache->partial + (long)t * 2 * s.c);
  }
  double count = (double)s.pixels * s.width;
  for (int n = 0; n < s.n; n++)
    for (int q = 0; q < s.groups; q++) {
      double q_mean = 0, qh_mean = 0;
      for (int c = q * s.width; c < (q + 1) * s.width; c++) {
        double du = channel_total(&s, cache->partial, n, c, 0),
               duh = channel_total(&s, cache->partial, n, c, 1);
        q_mean += (double)gn->value[c] * du / count;
        qh_mean += (double)gn->value[c] * duh / count;
        if (gn->grad) gn->grad[c] += (float)duh;
        if (bn->grad) bn->grad[c] += (float)du;
      }
      for (int c = q * s.width; c < (q + 1) * s.width; c++) {
        lines[2 * row + (size_t)n * (size_t)s.c + (size_t)c] = (float)q_mean;
        lines[3 * row + (size_t)n * (size_t)s.c + (size_t)c] = (float)qh_mean;
      }
    }
  if (xn->grad) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int t = 0; t < tasks; t++) {
      int n = t / s.chunks, k = t % s.chunks;
      long at = ((long)n * s.pixels + (long)k * CHUNK_PIXELS) * s.c;
      line l = {lines + (long)n * s.c, lines + row + (long)n * s.c, gn->value, bn->value};
      chunk_gradient(xn->value + at, node->grad + at, l, lines + 2 * row + (long)n * s.c,
                     lines + 3 * row + (long)n * s.c, chunk_pixels(&s, k), s.c, silu, xn->grad + at);
    }
  }
  wd_free(lines);
  return WD_OK;
}
