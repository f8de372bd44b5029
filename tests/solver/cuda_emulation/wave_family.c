/* The kernels of the wave solver, as the emulation calls them. */
#include "emulated_thread.h"
#include "solver/cuda/kernels.h"
#include "tests/solver/cuda_emulation/families.h"

EMULATED_CALL(call, wd_cuda_args)

const emulated_family emulated_wave = {sizeof(wd_cuda_args), NULL, call};
