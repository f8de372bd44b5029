/* What a kernel sees: the language of CUDA C++ as far as solver/cuda/ uses it (cuda_runtime_api.h has the
 * story). */
#ifndef WD_CUDA_EMULATION_KERNEL_H
#define WD_CUDA_EMULATION_KERNEL_H

#include "cuda_runtime_api.h"
#include "emulated_thread.h"

#define WD_CUDA_EMULATION 1
#define __global__
#define __device__
#define __host__
#define __shared__      static /* one block at a time, but for clusters: those use WD_DYNAMIC_SHARED */
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__

#define threadIdx (emulated_self()->thread)
#define blockIdx  (emulated_self()->block)
#define blockDim  (emulated_self()->block_size)
#define gridDim   (emulated_self()->grid)

#define __syncthreads() emulated_syncthreads()

static inline float __fadd_rn(float a, float b) {
  return a + b;
}
static inline float __fsub_rn(float a, float b) {
  return a - b;
}
static inline float __fmul_rn(float a, float b) {
  return a * b;
}
static inline double __dadd_rn(double a, double b) {
  return a + b;
}
static inline double __dmul_rn(double a, double b) {
  return a * b;
}
static inline unsigned __float_as_uint(float value) {
  unsigned bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

typedef struct float4 {
  float x, y, z, w;
} float4;
typedef struct ushort4 {
  unsigned short x, y, z, w;
} ushort4;

#endif
