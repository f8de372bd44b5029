/* What every kernel of the networks needs: loops over elements, activations, sums over a block. */
#ifndef WD_NET_COMMON_CUH
#define WD_NET_COMMON_CUH

#include <cuda_runtime.h>

#include "model/cuda/kernels.h"

#define WD_KERNEL __global__ void __launch_bounds__(WD_NET_THREADS)
#define WD_INLINE static __device__ __forceinline__
#define WD_ARGS   const __grid_constant__ wd_net_args

/* Every element once, whatever the grid; counts stay below 2^31 (backend.h). */
#define WD_EACH(i, count)                                                                                    \
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += gridDim.x * blockDim.x)

/* As wd_activation of graph.h. */
enum { WD_NET_PLAIN = 0, WD_NET_SILU, WD_NET_GELU };

WD_INLINE float wd_activate(int kind, float x) {
  if (kind == WD_NET_SILU) return x / (1.0f + expf(-x));
  if (kind == WD_NET_GELU) return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
  return x;
}

WD_INLINE float wd_slope(int kind, float x) {
  if (kind == WD_NET_SILU) {
    const float s = 1.0f / (1.0f + expf(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  if (kind == WD_NET_GELU) {
    const float t = tanhf(0.79788456f * (x + 0.044715f * x * x * x));
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.79788456f * (1.0f + 0.134145f * x * x);
  }
  return 1.0f;
}

/* To nearest, ties to even; a NaN stays one (as model/dtype.h). */
WD_INLINE uint16_t wd_round(float value) {
  const unsigned bits = __float_as_uint(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* The sum over a block of WD_NET_THREADS, told to every thread. room: WD_NET_THREADS floats of shared memory,
 * free again afterwards. */
WD_INLINE float wd_block_sum(float value, float *room) {
  float total;
  room[threadIdx.x] = value;
  __syncthreads();
  for (unsigned s = WD_NET_THREADS / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) room[threadIdx.x] += room[threadIdx.x + s];
    __syncthreads();
  }
  total = room[0];
  __syncthreads();
  return total;
}

WD_INLINE double wd_block_sum_double(double value, double *room) {
  double total;
  room[threadIdx.x] = value;
  __syncthreads();
  for (unsigned s = WD_NET_THREADS / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) room[threadIdx.x] += room[threadIdx.x + s];
    __syncthreads();
  }
  total = room[0];
  __syncthreads();
  return total;
}

#endif
