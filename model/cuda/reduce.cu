/* Kernels that add up: losses, squares, sums over pixels for every channel, and the rows of a latent. The
 * order of every sum is fixed by its sizes alone. */
#include "model/cuda/common.cuh"

WD_KERNEL wd_k_squares(WD_ARGS a) {
  __shared__ double room[WD_NET_THREADS];
  double sum = 0;
  WD_EACH(i, a.count) sum += (double)a.x[i] * (double)a.x[i];
  sum = wd_block_sum_double(sum, room);
  if (threadIdx.x == 0) a.sum[blockIdx.x] = sum;
}

/* Block 0 alone; slices partial sums behind sum[0]: the total goes to sum[slices]. */
WD_KERNEL wd_k_squares_total(WD_ARGS a) {
  __shared__ double room[WD_NET_THREADS];
  double sum = 0;
  for (int i = (int)threadIdx.x; i < a.slices; i += WD_NET_THREADS) sum += a.sum[i];
  sum = wd_block_sum_double(sum, room);
  if (threadIdx.x == 0) a.sum[a.slices] = sum;
}

/* Blocks (slices, samples); count: values of a sample. mode 1: squares, 0: absolute values. */
WD_KERNEL wd_k_loss(WD_ARGS a) {
  __shared__ double room[WD_NET_THREADS];
  const size_t sample = (size_t)blockIdx.y * a.count;
  double sum = 0;
  WD_EACH(i, a.count) {
    const double d = (double)a.x[sample + i] - (double)a.x1[sample + i];
    sum += a.mode ? d * d : fabs(d);
  }
  sum = wd_block_sum_double(sum, room);
  if (threadIdx.x == 0) a.sum[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

/* One block: y = 1 / (n count) sum over samples of weight x its slices. */
WD_KERNEL wd_k_loss_total(WD_ARGS a) {
  __shared__ double room[WD_NET_THREADS];
  double sum = 0;
  for (int n = (int)threadIdx.x; n < a.n; n += WD_NET_THREADS) {
    double sample = 0;
    for (int s = 0; s < a.slices; s++) sample += a.sum[n * a.slices + s];
    sum += (a.x2 ? (double)a.x2[n] : 1.0) * sample;
  }
  sum = wd_block_sum_double(sum, room);
  if (threadIdx.x == 0) a.y[0] = (float)(sum / (double)a.count / (double)a.n);
}

/* For every sample and channel sums over a slice of its pixels: blocks (channels / 32, slices, samples) of 32
 * x 8 threads. PLAIN      f1 = dy MODULATE   f1 = dy, f0 = dy x NORM       f1 = du, f0 = du h: h = (x - mean)
 * scale, du = dy mode'(x1[c] h + x2[c]); x3: mean, then scale, of every sample's groups */
WD_KERNEL wd_k_channel_sums(WD_ARGS a) {
  __shared__ float room[2][WD_NET_THREADS];
  const int c = (int)(blockIdx.x * WD_NET_COLUMNS + threadIdx.x), n = (int)blockIdx.z;
  const int per = (a.pixels + a.slices - 1) / a.slices, begin = (int)blockIdx.y * per;
  const int end = begin + per < a.pixels ? begin + per : a.pixels;
  const unsigned t = threadIdx.y * WD_NET_COLUMNS + threadIdx.x;
  float f0 = 0.0f, f1 = 0.0f, mean = 0.0f, scale = 0.0f, gamma = 0.0f, beta = 0.0f;
  if (c < a.c && a.mode == WD_NET_SUM_NORM) {
    const int group = n * a.groups + c / (a.c / a.groups);
    mean = a.x3[group];
    scale = a.x3[a.n * a.groups + group];
    gamma = a.x1[c];
    beta = a.x2[c];
  }
  for (int p = begin + (int)threadIdx.y; c < a.c && p < end; p += (int)blockDim.y) {
    const size_t i = ((size_t)n * (size_t)a.pixels + (size_t)p) * (size_t)a.c + (size_t)c;
    float d = a.dy[i];
    if (a.mode == WD_NET_SUM_NORM) {
      const float h = (a.x[i] - mean) * scale;
      d *= wd_slope(a.post, gamma * h + beta);
      f0 += d * h;
    } else if (a.mode == WD_NET_SUM_MODULATE)
      f0 += d * a.x[i];
    f1 += d;
  }
  room[0][t] = f0;
  room[1][t] = f1;
  __syncthreads();
  for (unsigned s = blockDim.y / 2; s > 0; s >>= 1) {
    if (threadIdx.y < s) {
      room[0][t] += room[0][t + s * WD_NET_COLUMNS];
      room[1][t] += room[1][t + s * WD_NET_COLUMNS];
    }
    __syncthreads();
  }
  if (threadIdx.y == 0 && c < a.c) {
    const size_t to = ((size_t)blockIdx.y * (size_t)a.n + (size_t)n) * (size_t)a.c + (size_t)c;
    a.y[to] = room[1][t];
    if (a.y1) a.y1[to] = room[0][t];
  }
}

WD_INLINE float wd_over_slices(const float *x, unsigned i, const wd_net_args *a) {
  float sum = 0.0f;
  for (int s = 0; s < a->slices; s++) sum += x[(size_t)s * (size_t)a->n * (size_t)a->c + i];
  return sum;
}

WD_KERNEL wd_k_channel_total(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const size_t to = (size_t)(i / (unsigned)a.c) * (size_t)a.lead + i % (unsigned)a.c;
    if (a.y) a.y[to] += wd_over_slices(a.x, i, &a);
    if (a.y1) a.y1[to] += wd_over_slices(a.x1, i, &a);
  }
}

WD_INLINE float wd_mean_square(const float *x, int c) {
  float sum = 0.0f;
  for (int i = 0; i < c; i++) sum += x[i] * x[i];
  return sqrtf(sum / (float)c + 1e-6f);
}

/* One thread a row: latents have few channels. */
WD_KERNEL wd_k_normalize(WD_ARGS a) {
  WD_EACH(r, a.count) {
    const float *x = a.x + (size_t)r * (size_t)a.c;
    const float size = wd_mean_square(x, a.c);
    for (int i = 0; i < a.c; i++) a.y[(size_t)r * (size_t)a.c + (size_t)i] = x[i] / size;
  }
}

WD_KERNEL wd_k_normalize_back(WD_ARGS a) {
  WD_EACH(r, a.count) {
    const size_t at = (size_t)r * (size_t)a.c;
    const float size = wd_mean_square(a.x + at, a.c);
    float dot = 0.0f;
    for (int i = 0; i < a.c; i++) dot += a.dy[at + (size_t)i] * a.x[at + (size_t)i];
    dot /= size * (float)a.c;
    for (int i = 0; i < a.c; i++)
      a.y[at + (size_t)i] += (a.dy[at + (size_t)i] - a.x[at + (size_t)i] / size * dot) / size;
  }
}

/* The nearest code of a row, a block a row; x1: k codes. Distances in double and in the reference's order,
 * each operation rounded by itself: the codes are the reference's, to the last tie (the first of equals
 * wins). */
WD_KERNEL wd_k_quantize(WD_ARGS a) {
  __shared__ double distance[WD_NET_THREADS];
  __shared__ int code[WD_NET_THREADS];
  const unsigned t = threadIdx.x;
  const float *z = a.x + (size_t)blockIdx.x * (size_t)a.c;
  double best = INFINITY;
  int chosen = a.k;
  for (int k = (int)t; k < a.k; k += WD_NET_THREADS) {
    const float *e = a.x1 + (size_t)k * (size_t)a.c;
    double d = 0;
    for (int i = 0; i < a.c; i++) {
      const double s = (double)z[i] - (double)e[i];
      d = __dadd_rn(d, __dmul_rn(s, s));
    }
    if (d < best) {
      best = d;
      chosen = k;
    }
  }
  distance[t] = best;
  code[t] = chosen;
  __syncthreads();
  for (unsigned s = WD_NET_THREADS / 2; s > 0; s >>= 1) {
    if (t < s &&
        (distance[t + s] < distance[t] || (distance[t + s] == distance[t] && code[t + s] < code[t]))) {
      distance[t] = distance[t + s];
      code[t] = code[t + s];
    }
    __syncthreads();
  }
  /* A latent that is not a number is near to nothing: the first code, as the reference has it. */
  chosen = code[0] < a.k ? code[0] : 0;
  if (t == 0) a.index[blockIdx.x] = chosen;
  for (int i = (int)t; i < a.c; i += WD_NET_THREADS)
    a.y[(size_t)blockIdx.x * (size_t)a.c + (size_t)i] = a.x1[(size_t)chosen * (size_t)a.c + (size_t)i];
}

const void *wd_net_reduce(wd_net_kernel which) {
  switch (which) {
  case WD_NET_SQUARES: return (const void *)wd_k_squares;
  case WD_NET_SQUARES_TOTAL: return (const void *)wd_k_squares_total;
  case WD_NET_LOSS: return (const void *)wd_k_loss;
  case WD_NET_LOSS_TOTAL: return (const void *)wd_k_loss_total;
  case WD_NET_CHANNEL_SUMS: return (const void *)wd_k_channel_sums;
  case WD_NET_CHANNEL_TOTAL: return (const void *)wd_k_channel_total;
  case WD_NET_NORMALIZE: return (const void *)wd_k_normalize;
  case WD_NET_NORMALIZE_BACK: return (const void *)wd_k_normalize_back;
  case WD_NET_QUANTIZE: return (const void *)wd_k_quantize;
  default: return NULL;
  }
}
