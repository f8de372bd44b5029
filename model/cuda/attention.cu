/* Softmax attention. Forward in one kernel: the weights of a few queries over all keys live in shared memory.
 * The way back is matrix products (contract.c) with these row kernels between them. */
#include "model/cuda/common.cuh"

#if defined(WD_CUDA_EMULATION)
#  define WD_SHARED ((float *)emulated_shared(emulated_self()->rank))
#else
extern __shared__ float wd_net_shared[];
#  define WD_SHARED wd_net_shared
#endif

/* Sum or maximum over the 32 threads of a row; room: 32 floats a row. All rows of the block come along. */
WD_INLINE float wd_row_reduce(float value, float *room, int largest) {
  float total;
  const unsigned x = threadIdx.x;
  room[x] = value;
  __syncthreads();
  for (unsigned s = WD_NET_QUERY_THREADS / 2; s > 0; s >>= 1) {
    if (x < s) room[x] = largest ? fmaxf(room[x], room[x + s]) : room[x] + room[x + s];
    __syncthreads();
  }
  total = room[0];
  __syncthreads();
  return total;
}

/* Blocks (queries / rows, heads, samples) of 32 x rows threads; thread row y has one query. x, x1, x2:
 * queries, keys, values, rows of c channels, head h at channel h c / heads. Shared: rows x keys weights, rows
 * x 32. */
WD_KERNEL wd_k_attention(WD_ARGS a) {
  const int d = a.c / a.heads, query = (int)(blockIdx.x * blockDim.y + threadIdx.y), n = (int)blockIdx.z;
  const bool live = query < a.queries;
  float *p = WD_SHARED + (size_t)threadIdx.y * (size_t)a.keys;
  float *room = WD_SHARED + (size_t)blockDim.y * (size_t)a.keys + threadIdx.y * WD_NET_QUERY_THREADS;
  const size_t head = (size_t)blockIdx.y * (size_t)d;
  const float *q = a.x + ((size_t)n * (size_t)a.queries + (size_t)(live ? query : 0)) * (size_t)a.c + head;
  const float *k = a.x1 + (size_t)n * (size_t)a.keys * (size_t)a.c + head;
  const float *v = a.x2 + (size_t)n * (size_t)a.keys * (size_t)a.c + head;
  float top = -INFINITY, sum = 0.0f;
  for (int j = (int)threadIdx.x; j < a.keys; j += WD_NET_QUERY_THREADS) {
    float dot = 0.0f;
    for (int c = 0; c < d; c++) dot += q[c] * k[(size_t)j * (size_t)a.c + (size_t)c];
    p[j] = dot * a.scale;
    top = fmaxf(top, p[j]);
  }
  top = wd_row_reduce(top, room, 1);
  for (int j = (int)threadIdx.x; j < a.keys; j += WD_NET_QUERY_THREADS) {
    p[j] = expf(p[j] - top);
    sum += p[j];
  }
  sum = wd_row_reduce(sum, room, 0); /* its barriers also show every weight to the whole row */
  for (int c = (int)threadIdx.x; live && c < d; c += WD_NET_QUERY_THREADS) {
    float value = 0.0f;
    for (int j = 0; j < a.keys; j++) value += p[j] * v[(size_t)j * (size_t)a.c + (size_t)c];
    a.y[((size_t)n * (size_t)a.queries + (size_t)query) * (size_t)a.c + head + (size_t)c] = value / sum;
  }
}

/* Blocks of 32 x 8 threads, a row of `keys` values a thread row. */
WD_KERNEL wd_k_softmax(WD_ARGS a) {
  __shared__ float rooms[WD_NET_THREADS];
  float *room = rooms + threadIdx.y * WD_NET_QUERY_THREADS;
  const unsigned row = blockIdx.x * blockDim.y + threadIdx.y;
  const int keys = row < a.count ? a.keys : 0;
  float *y = a.y + (size_t)row * (size_t)a.keys, top = -INFINITY, sum = 0.0f;
  for (int j = (int)threadIdx.x; j < keys; j += WD_NET_QUERY_THREADS) top = fmaxf(top, a.scale * y[j]);
  top = wd_row_reduce(top, room, 1);
  for (int j = (int)threadIdx.x; j < keys; j += WD_NET_QUERY_THREADS) {
    y[j] = expf(a.scale * y[j] - top);
    sum += y[j];
  }
  sum = wd_row_reduce(sum, room, 0);
  for (int j = (int)threadIdx.x; j < keys; j += WD_NET_QUERY_THREADS) y[j] /= sum;
}

/* x: the weights p; y: dp, becomes the gradient of the scores. */
WD_KERNEL wd_k_softmax_back(WD_ARGS a) {
  __shared__ float rooms[WD_NET_THREADS];
  float *room = rooms + threadIdx.y * WD_NET_QUERY_THREADS;
  const unsigned row = blockIdx.x * blockDim.y + threadIdx.y;
  const int keys = row < a.count ? a.keys : 0;
  const float *p = a.x + (size_t)row * (size_t)a.keys;
  float *y = a.y + (size_t)row * (size_t)a.keys, sum = 0.0f;
  for (int j = (int)threadIdx.x; j < keys; j += WD_NET_QUERY_THREADS) sum += p[j] * y[j];
  sum = wd_row_reduce(sum, room, 0);
  for (int j = (int)threadIdx.x; j < keys; j += WD_NET_QUERY_THREADS) y[j] = a.scale * p[j] * (y[j] - sum);
}

const void *wd_net_attention(wd_net_kernel which) {
  switch (which) {
  case WD_NET_ATTENTION: return (const void *)wd_k_attention;
  case WD_NET_SOFTMAX: return (const void *)wd_k_softmax;
  case WD_NET_SOFTMAX_BACK: return (const void *)wd_k_softmax_back;
  default: return NULL;
  }
}
