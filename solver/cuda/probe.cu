/* What meson compiles to see whether nvcc works here. */
#include <cuda_runtime.h>

__global__ void wd_k_probe(float *x) {
  x[threadIdx.x] += 1.0f;
}
