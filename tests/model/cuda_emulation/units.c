/* The kernels of model/cuda/ as C. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <stdbool.h>
#include <stdint.h>

#include "model/cuda/attention.cu"
#include "model/cuda/layout.cu"
#include "model/cuda/norm.cu"
#include "model/cuda/pointwise.cu"
#include "model/cuda/reduce.cu"
#include "model/cuda/sampler.cu"
