/* solver/cuda/step_exact.cu as C. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "solver/cuda/step_exact.cu"
