/* solver/cuda/step_fast.cu as C. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "solver/cuda/step_fast.cu"
