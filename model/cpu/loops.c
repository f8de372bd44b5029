/* Operations without products over channels: long contiguous loops, cut among the threads. */
#include "model/cpu/kernels.h"

#include "model/reference/ops.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 8192 }; /* values a piece of work holds: enough to pay for handing it out */

static long blocks(size_t count) {
  return (long)((count + BLOCK - 1) / BLOCK);
}
static size_t block_size(size_t count, long block) {
  size_t left = count - (size_t)block * BLOCK;
  return left < BLOCK ? left : BLOCK;
}

WD_CLONES static void add_to(float *restrict to, const float *restrict from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] += from[i];
}

void wd_cpu_accumulate(float *to, const float *from, size_t count, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (count > 2 * BLOCK)
  for (long b = 0; b < blocks(count); b++)
    add_to(to + (size_t)b * BLOCK, from + (size_t)b * BLOCK, block_size(count, b));
}

/* tanh through the exponential; exact to 1e-7 where GELU's slope needs it. */
static inline float fast_tanh(float x) {
  float e = wd_fast_exp(2 * x);
  return 1 - 2 / (e + 1);
}

WD_CLONES static void activate(wd_activation kind, const float *x, float *y, size_t n) {
  if (kind == WD_ACTIVATION_SILU)
    for (size_t i = 0; i < n; i++) y[i] = x[i] / (1 + wd_fast_exp(-x[i]));
  else if (kind == WD_ACTIVATION_GELU)
    for (size_t i = 0; i < n; i++)
      y[i] = 0.5f * x[i] * (1 + fast_tanh(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
  else
    memcpy(y, x, n * sizeof *y);
}

WD_CLONES static void activate_backward(wd_activation kind, const float *x, const float *dy, float *dx,
                                        size_t n) {
  if (kind == WD_ACTIVATION_SILU)
    for (size_t i = 0; i < n; i++) {
      float s = 1 / (1 + wd_fast_exp(-x[i]));
      dx[i] += dy[i] * s * (1 + x[i] * (1 - s));
    }
  else if (kind == WD_ACTIVATION_GELU)
    for (size_t i = 0; i < n; i++) {
      float t = fast_tanh(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i]));
      dx[i] += dy[i] *
               (0.5f * (1 + t) + 0.5f * x[i] * (1 - t * t) * 0.79788456f * (1 + 3 * 0.044715f * x[i] * x[i]));
    }
  else
    add_to(dx, dy, n);
}

wd_status wd_cpu_activation_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, n, 0)->value;
  size_t count = wd_shape_count(n->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long b = 0; b < blocks(count); b++)
    activate(n->attr.activation, x + (size_t)b * BLOCK, n->value + (size_t)b * BLOCK, block_size(count, b));
  return WD_OK;
}

wd_status wd_cpu_activation_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, n, 0);
  size_t count = wd_shape_count(n->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long b = 0; b < blocks(count); b++)
    activate_backward(n->attr.activation, x->value + (size_t)b * BLOCK, n->grad + (size_t)b * BLOCK,
                      x->grad + (size_t)b * BLOCK, block_size(count, b));
  return WD_OK;
}

WD_CLONES static void sum_of(const float *restrict a, const float *restrict b, float *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

wd_status wd_cpu_add_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const float *a = wd_graph_in(g, n, 0)->value, *b = wd_graph_in(g, n, 1)->value;
  size_t count = wd_shape_count(n->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long k = 0; k < blocks(count); k++)
    sum_of(a + (size_t)k * BLOCK, b + (size_t)k * BLOCK, n->value + (size_t)k * BLOCK, block_size(count, k));
  return WD_OK;
}

wd_status wd_cpu_add_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  for (int k = 0; k < 2; k++) {
    const wd_node *in = wd_graph_in(g, n, k);
    if (in->grad) wd_cpu_accumulate(in->grad, n->grad, wd_shape_count(n->shape), wd_cpu_threads(g));
  }
  return WD_OK;
}

/* y = x (s + 1 or 1) + t over the pixels of one sample; s may be NULL. */
WD_CLONES static void affine_rows(const float *x, const float *s, const float *t, float *y, long pixels,
                                  long c) {
  for (long p = 0; p < pixels; p++)
    for (long i = 0; i < c; i++) y[p * c + i] = (s ? x[p * c + i] * (1 + s[i]) : x[p * c + i]) + t[i];
}

/* dx += dy (1 + s); ds += sum dy x; dt += sum dy. ds, dx may be NULL. */
WD_CLONES static void affine_rows_backward(const float *x, const float *s, const float *dy, float *dx,
                                           float *ds, float *dt, long pixels, long c) {
  for (long p = 0; p < pixels; p++) {
    const float *d = dy + p * c;
    if (dx)
      for (long i = 0; i < c; i++) dx[p * c + i] += s ? d[i] * (1 + s[i]) : d[i];
    if (ds)
      for (long i = 0; i < c; i++) ds[i] += d[i] * x[p * c + i];
    if (dt)
      for (long i = 0; i < c; i++) dt[i] += d[i];
  }
}

wd_status wd_cpu_add_channel_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *e = wd_graph_in(g, node, 1)->value;
  wd_extent s = wd_extent_of(node->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s.n; n++) {
    long at = (long)n * s.pixels * s.c;
    affine_rows(x + at, NULL, e + (long)n * s.c, node->value + at, s.pixels, s.c);
  }
  return WD_OK;
}

wd_status wd_cpu_add_channel_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0), *e = wd_graph_in(g, node, 1);
  wd_extent s = wd_extent_of(node->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s.n; n++) {
    long at = (long)n * s.pixels * s.c;
    affine_rows_backward(x->value + at, NULL, node->grad + at, x->grad ? x->grad + at : NULL, NULL,
                         e->grad ? e->grad + (long)n * s.c : NULL, s.pixels, s.c);
  }
  return WD_OK;
}

wd_status wd_cpu_modulate_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *st = wd_graph_in(g, node, 1)->value;
  wd_extent s = wd_extent_of(node->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s.n; n++) {
    long at = (long)n * s.pixels * s.c;
    affine_rows(x + at, st + (long)n * 2 * s.c, st + ((long)n * 2 + 1) * s.c, node->value + at, s.pixels,
                s.c);
  }
  return WD_OK;
}

wd_status wd_cpu_modulate_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0), *st = wd_graph_in(g, node, 1);
  wd_extent s = wd_extent_of(node->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s.n; n++) {
    long at = (long)n * s.pixels * s.c, row = (long)n * 2 * s.c;
    affine_rows_backward(x->value + at, st->value + row, node->grad + at, x->grad ? x->grad + at : NULL,
                         st->grad ? st->grad + row : NULL, st->grad ? st->grad + row + s.c : NULL, s.pixels,
                         s.c);
  }
  return WD_OK;
}

WD_CLONES static void scale_of(const float *x, float factor, float offset, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = factor * x[i] + offset;
}

WD_CLONES static void add_scaled(float *to, const float *from, float factor, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] += factor * from[i];
}

wd_status wd_cpu_scale_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  scale_of(wd_graph_in(g, n, 0)->value, n->attr.scale, n->attr.offset, n->value, wd_shape_count(n->shape));
  return WD_OK;
}

wd_status wd_cpu_scale_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  add_scaled(wd_graph_in(g, n, 0)->grad, n->grad, n->attr.scale, wd_shape_count(n->shape));
  return WD_OK;
}

wd_status wd_cpu_mask_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const float *x = wd_graph_in(g, node, 0)->value, *m = wd_graph_in(g, node, 1)->value;
  size_t each = wd_shape_count(node->shape) / (size_t)node->shape.dim[0];
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < node->shape.dim[0]; n++)
    scale_of(x + (size_t)n * each, m[n], 0, node->value + (size_t)n * each, each);
  return WD_OK;
}

wd_status wd_cpu_mask_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const float *m = wd_graph_in(g, node, 1)->value;
  size_t each = wd_shape_count(node->shape) / (size_t)node->shape.dim[0];
  if (!x->grad) return WD_OK;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < node->shape.dim[0]; n++)
    add_scaled(x->grad + (size_t)n * each, node->grad + (size_t)n * each, m[n], each);
  return WD_OK;
}

/* Rows of pixels move whole: every inner loop runs over channels. */
static long pixel(const wd_shape *s, int n, int i, int j) {
  return (((long)n * s->dim[1] + i) * s->dim[2] + j) * s->dim[3];
}

wd_status wd_cpu_upsample_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &node->shape;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) collapse(2) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++)
        memcpy(node->value + pixel(s, n, i, j), x->value + pixel(&x->shape, n, i / 2, j / 2),
               sizeof(float) * (size_t)s->dim[3]);
  return WD_OK;
}

wd_status wd_cpu_upsample_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &x->shape;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) collapse(2) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++)
        for (int k = 0; k < 4; k++)
          add_to(x->grad + pixel(s, n, i, j),
                 node->grad + pixel(&node->shape, n, 2 * i + k / 2, 2 * j + k % 2), (size_t)s->dim[3]);
  return WD_OK;
}

WD_CLONES static void mean_of_four(const float *a, const float *b, const float *c, const float *d, float *y,
                                   long n) {
  for (long i = 0; i < n; i++) y[i] = 0.25f * ((a[i] + b[i]) + (c[i] + d[i]));
}

wd_status wd_cpu_downsample_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &node->shape, *t = &x->shape;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) collapse(2) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++)
        mean_of_four(x->value + pixel(t, n, 2 * i, 2 * j), x->value + pixel(t, n, 2 * i, 2 * j + 1),
                     x->value + pixel(t, n, 2 * i + 1, 2 * j), x->value + pixel(t, n, 2 * i + 1, 2 * j + 1),
                     node->value + pixel(s, n, i, j), s->dim[3]);
  return WD_OK;
}

wd_status wd_cpu_downsample_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &x->shape;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) collapse(2) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++)
        add_scaled(x->grad + pixel(s, n, i, j), node->grad + pixel(&node->shape, n, i / 2, j / 2), 0.25f,
                   (size_t)s->dim[3]);
  return WD_OK;
}

/* The shuffle's inner loop is strided by factor^2 on one side; images are small and it is never the
 * bottleneck. */
wd_status wd_cpu_pixel_shuffle_forward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &node->shape;
  int f = node->attr.factor;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) collapse(2) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++) {
        const float *from = x->value + pixel(&x->shape, n, i / f, j / f) + (long)(i % f) * f + j % f;
        float *to = node->value + pixel(s, n, i, j);
        for (long c = 0; c < s->dim[3]; c++) to[c] = from[c * f * f];
      }
  return WD_OK;
}

wd_status wd_cpu_pixel_shuffle_backward(wd_graph *g, wd_node *node, wd_error *err) {
  (void)err;
  const wd_node *x = wd_graph_in(g, node, 0);
  const wd_shape *s = &node->shape;
  int f = node->attr.factor;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < s->dim[0]; n++)
    for (int i = 0; i < s->dim[1]; i++)
      for (int j = 0; j < s->dim[2]; j++) {
        float *to = x->grad + pixel(&x->shape, n, i / f, j / f) + (long)(i % f) * f + j % f;
        const float *from = node->grad + pixel(s, n, i, j);
        for (long c = 0; c < s->dim[3]; c++) to[c * f * f] += from[c];
      }
  return WD_OK;
}

wd_status wd_cpu_concat_forward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *a = wd_graph_in(g, n, 0), *b = wd_graph_in(g, n, 1);
  long rows = wd_shape_rows(n->shape), ca = wd_shape_channels(a->shape), cb = wd_shape_channels(b->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long r = 0; r < rows; r++) {
    memcpy(n->value + r * (ca + cb), a->value + r * ca, sizeof(float) * (size_t)ca);
    memcpy(n->value + r * (ca + cb) + ca, b->value + r * cb, sizeof(float) * (size_t)cb);
  }
  return WD_OK;
}

wd_status wd_cpu_concat_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *a = wd_graph_in(g, n, 0), *b = wd_graph_in(g, n, 1);
  long rows = wd_shape_rows(n->shape), ca = wd_shape_channels(a->shape), cb = wd_shape_channels(b->shape);
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (long r = 0; r < rows; r++) {
    if (a->grad) add_to(a->grad + r * ca, n->grad + r * (ca + cb), (size_t)ca);
    if (b->grad) add_to(b->grad + r * cb, n->grad + r * (ca + cb) + ca, (size_t)cb);
  }
  return WD_OK;
}

wd_status wd_cpu_quantize_forward(wd_graph *g, wd_node *node, wd_error *err) {
  const wd_node *z = wd_graph_in(g, node, 0), *book = wd_graph_in(g, node, 1);
  long rows = wd_shape_rows(node->shape), codes = book->shape.dim[0], padded = (codes + 15) / 16 * 16;
  int c = wd_shape_channels(node->shape), threads = wd_cpu_threads(g);
  /* The book turned, code by code in the lanes; what pads it is farther than anything. */
  float *turned = wd_alloc((size_t)padded * (size_t)c, sizeof *turned);
  if (!turned) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to search %ld codes", codes);
  for (int i = 0; i < c; i++)
    for (long k = 0; k < padded; k++) turned[i * padded + k] = k < codes ? book->value[k * c + i] : 1e18f;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; part++) {
    long first = rows * part / threads, count = rows * (part + 1) / threads - first;
    wd_cpu_of(g)->wide->nearest(z->value + first * c, count, c, turned, padded, node->index + first);
    for (long r = first; r < first + count; r++)
      memcpy(node->value + r * c, book->value + (long)node->index[r] * c, sizeof(float) * (size_t)c);
  }
  wd_free(turned);
  return WD_OK;
}

wd_status wd_cpu_quantize_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  const wd_node *z = wd_graph_in(g, n, 0);
  if (z->grad) wd_cpu_accumulate(z->grad, n->grad, wd_shape_count(n->shape), wd_cpu_threads(g));
  return WD_OK;
}

/* Sums of squares or absolute values of differences, in double from blocks of float sums. */
WD_CLONES static double difference_sum(const float *x, const float *t, size_t n, bool squared) {
  double total = 0;
  for (size_t b = 0; b < n; b += 256) {
    size_t end = b + 256 < n ? b + 256 : n;
    float sum = 0;
    if (squared) {
#pragma omp simd reduction(+ : sum)
      for (size_t i = b; i < end; i++) sum += (x[i] - t[i]) * (x[i] - t[i]);
    } else {
#pragma omp simd reduction(+ : sum)
      for (size_t i = b; i < end; i++) sum += fabsf(x[i] - t[i]);
    }
    total += (double)sum;
  }
  return total;
}

WD_CLONES static void difference_slope(const float *x, const float *t, float factor, size_t n, bool squared,
                                       float *dx, float *dt) {
  for (size_t i = 0; i < n; i++) {
    float d = x[i] - t[i];
    float slope = factor * (squared ? 2 * d : (float)((d > 0) - (d < 0)));
    if (dx) dx[i] += slope;
    if (dt) dt[i] -= slope;
  }
}

static wd_status loss_forward(wd_graph *g, wd_node *node, bool squared, wd_error *err) {
  const wd_node *x = wd_graph_in(g, node, 0), *t = wd_graph_in(g, node, 1);
  const float *weight = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  int parts = wd_graph_loss_parts(g, node);
  size_t each = wd_shape_count(x->shape) / (size_t)parts;
  double *sum = wd_alloc((size_t)parts, sizeof *sum), total = 0;
  if (!sum) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a loss");
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < parts; n++)
    sum[n] = difference_sum(x->value + (size_t)n * each, t->value + (size_t)n * each, each, squared);
  for (int n = 0; n < parts; n++) total += (weight ? (double)weight[n] : 1) * sum[n] / (double)each;
  node->value[0] = (float)(total / parts);
  wd_free(sum);
  return WD_OK;
}

static wd_status loss_backward(wd_graph *g, wd_node *node, bool squared) {
  const wd_node *x = wd_graph_in(g, node, 0), *t = wd_graph_in(g, node, 1);
  const float *weight = node->n_inputs > 2 ? wd_graph_in(g, node, 2)->value : NULL;
  int parts = wd_graph_loss_parts(g, node);
  size_t each = wd_shape_count(x->shape) / (size_t)parts;
#pragma omp parallel for num_threads(wd_cpu_threads(g)) schedule(static)
  for (int n = 0; n < parts; n++) {
    double factor = (double)node->grad[0] * (weight ? (double)weight[n] : 1) / (double)each / parts;
    size_t at = (size_t)n * each;
    difference_slope(x->value + at, t->value + at, (float)factor, each, squared,
                     x->grad ? x->grad + at : NULL, t->grad ? t->grad + at : NULL);
  }
  return WD_OK;
}

wd_status wd_cpu_squared_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_forward(g, n, true, err);
}
wd_status wd_cpu_absolute_loss_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return loss_forward(g, n, false, err);
}
wd_status wd_cpu_squared_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  return loss_backward(g, n, true);
}
wd_status wd_cpu_absolute_loss_backward(wd_graph *g, wd_node *n, wd_error *err) {
  (void)err;
  return loss_backward(g, n, false);
}
