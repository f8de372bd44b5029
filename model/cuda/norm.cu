/* Group norm (Wu & He 2018), forward and backward; on the way out the activation, and, where the graph goes
 * on with them, modulation and its activation too. u = mode(x1[c] (x - mean) scale + x2[c]);  y = u, or
 * post(u (1 + s) + t) with (s, t) = x3[n] Statistics lie behind each other: the means of all samples' groups,
 * then the scales. Variances are of deviations from the mean, never differences of squares. */
#include "model/cuda/common.cuh"

#define WD_NORM_EPSILON 1e-5f

WD_INLINE float wd_norm_value(const wd_net_args *a, float x, float mean, float scale, int n, int c) {
  float u = wd_activate(a->mode, a->x1[c] * ((x - mean) * scale) + a->x2[c]);
  if (a->x3) {
    const float *s = a->x3 + (size_t)n * 2u * (size_t)a->c;
    u = wd_activate(a->post, u * (1.0f + s[c]) + s[a->c + c]);
  }
  return u;
}

/* Blocks (groups, samples). y1: statistics. */
WD_KERNEL wd_k_norm(WD_ARGS a) {
  __shared__ float room[WD_NET_THREADS];
  const int group = (int)blockIdx.x, n = (int)blockIdx.y, width = a.c / a.groups;
  const unsigned count = (unsigned)(a.pixels * width);
  const size_t base = (size_t)n * (size_t)a.pixels * (size_t)a.c + (size_t)(group * width);
  float sum = 0.0f, square = 0.0f, mean, scale;
  for (unsigned e = threadIdx.x; e < count; e += WD_NET_THREADS)
    sum += a.x[base + (size_t)(e / (unsigned)width) * (size_t)a.c + e % (unsigned)width];
  mean = wd_block_sum(sum, room) / (float)count;
  for (unsigned e = threadIdx.x; e < count; e += WD_NET_THREADS) {
    const float d = a.x[base + (size_t)(e / (unsigned)width) * (size_t)a.c + e % (unsigned)width] - mean;
    square += d * d;
  }
  scale = 1.0f / sqrtf(wd_block_sum(square, room) / (float)count + WD_NORM_EPSILON);
  if (threadIdx.x == 0) {
    a.y1[n * a.groups + group] = mean;
    a.y1[(a.n + n) * a.groups + group] = scale;
  }
  for (unsigned e = threadIdx.x; e < count; e += WD_NET_THREADS) {
    const size_t i = base + (size_t)(e / (unsigned)width) * (size_t)a.c + e % (unsigned)width;
    a.y[i] = wd_norm_value(&a, a.x[i], mean, scale, n, group * width + (int)(e % (unsigned)width));
  }
}

/* The pixels of a slice. */
WD_INLINE int wd_slice_begin(const wd_net_args *a, int slice) {
  return (int)((long long)a->pixels * slice / a->slices);
}

/* Blocks (groups, slices, samples): the mean of a slice, and the squares of deviations from it.
 * y[(slice, n, group)] and y1. */
WD_KERNEL wd_k_norm_slice(WD_ARGS a) {
  __shared__ float room[WD_NET_THREADS];
  const int group = (int)blockIdx.x, slice = (int)blockIdx.y, n = (int)blockIdx.z, width = a.c / a.groups;
  const int begin = wd_slice_begin(&a, slice);
  const unsigned count = (unsigned)((wd_slice_begin(&a, slice + 1) - begin) * width);
  const size_t base = ((size_t)n * (size_t)a.pixels + (size_t)begin) * (size_t)a.c + (size_t)(group * width);
  const size_t to = ((size_t)slice * (size_t)a.n + (size_t)n) * (size_t)a.groups + (size_t)group;
  float sum = 0.0f, square = 0.0f, mean;
  for (unsigned e = threadIdx.x; e < count; e += WD_NET_THREADS)
    sum += a.x[base + (size_t)(e / (unsigned)width) * (size_t)a.c + e % (unsigned)width];
  mean = wd_block_sum(sum, room) / (float)count;
  for (unsigned e = threadIdx.x; e < count; e += WD_NET_THREADS) {
    const float d = a.x[base + (size_t)(e / (unsigned)width) * (size_t)a.c + e % (unsigned)width] - mean;
    square += d * d;
  }
  square = wd_block_sum(square, room);
  if (threadIdx.x == 0) {
    a.y[to] = mean;
    a.y1[to] = square;
  }
}

/* x, x1: what norm_slice left; y: statistics. Chan, Golub & LeVeque 1983. */
WD_KERNEL wd_k_norm_merge(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const int width = a.c / a.groups, step = a.n * a.groups;
    float mean = 0.0f, square = 0.0f, seen = 0.0f;
    for (int s = 0; s < a.slices; s++) {
      const float n = (float)((wd_slice_begin(&a, s + 1) - wd_slice_begin(&a, s)) * width);
      const float d = a.x[(size_t)s * (size_t)step + i] - mean;
      square += a.x1[(size_t)s * (size_t)step + i] + d * d * (seen * n / (seen + n));
      seen += n;
      mean += d * (n / seen);
    }
    a.y[i] = mean;
    a.y[(size_t)step + i] = 1.0f / sqrtf(square / seen + WD_NORM_EPSILON);
  }
}

/* y1: statistics. */
WD_KERNEL wd_k_norm_apply(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const int c = (int)(i % (unsigned)a.c), n = (int)(i / (unsigned)(a.pixels * a.c));
    const int group = n * a.groups + c / (a.c / a.groups);
    a.y[i] = wd_norm_value(&a, a.x[i], a.y1[group], a.y1[a.n * a.groups + group], n, c);
  }
}

/* From WD_NET_CHANNEL_SUMS, x: f1 = du, x1: f0 = du h. The first n groups threads: the means over groups of
 * gamma du and gamma du h, to y, one array behind the other (x2: gamma). The next c: gradients of gamma (y1)
 * and beta (y2), either of which may be NULL. */
WD_KERNEL wd_k_norm_totals(WD_ARGS a) {
  const int width = a.c / a.groups, step = a.n * a.c;
  WD_EACH(i, a.count) {
    float first = 0.0f, second = 0.0f;
    if (i < (unsigned)(a.n * a.groups)) {
      const int n = (int)i / a.groups, group = (int)i % a.groups;
      for (int c = group * width; c < (group + 1) * width; c++)
        for (int s = 0; s < a.slices; s++) {
          const size_t at = (size_t)s * (size_t)step + (size_t)(n * a.c + c);
          first += a.x2[c] * a.x[at];
          second += a.x2[c] * a.x1[at];
        }
      a.y[i] = first / (float)(a.pixels * width);
      a.y[(unsigned)(a.n * a.groups) + i] = second / (float)(a.pixels * width);
    } else {
      const int c = (int)i - a.n * a.groups;
      for (int n = 0; n < a.n; n++)
        for (int s = 0; s < a.slices; s++) {
          const size_t at = (size_t)s * (size_t)step + (size_t)(n * a.c + c);
          first += a.x1[at];
          second += a.x[at];
        }
      if (a.y1) a.y1[c] += first;
      if (a.y2) a.y2[c] += second;
    }
  }
}

/* dx = scale (q - mean(q) - h mean(q h)), q = gamma du. x3: statistics; y1: the means of norm_totals. */
WD_KERNEL wd_k_norm_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const int c = (int)(i % (unsigned)a.c), n = (int)(i / (unsigned)(a.pixels * a.c)), all = a.n * a.groups;
    const int group = n * a.groups + c / (a.c / a.groups);
    const float scale = a.x3[all + group], h = (a.x[i] - a.x3[group]) * scale;
    const float q = a.x1[c] * a.dy[i] * wd_slope(a.mode, a.x1[c] * h + a.x2[c]);
    a.y[i] += scale * (q - a.y1[group] - h * a.y1[all + group]);
  }
}

const void *wd_net_norm(wd_net_kernel which) {
  switch (which) {
  case WD_NET_NORM: return (const void *)wd_k_norm;
  case WD_NET_NORM_SLICE: return (const void *)wd_k_norm_slice;
  case WD_NET_NORM_MERGE: return (const void *)wd_k_norm_merge;
  case WD_NET_NORM_APPLY: return (const void *)wd_k_norm_apply;
  case WD_NET_NORM_TOTALS: return (const void *)wd_k_norm_totals;
  case WD_NET_NORM_BACK: return (const void *)wd_k_norm_back;
  default: return NULL;
  }
}
