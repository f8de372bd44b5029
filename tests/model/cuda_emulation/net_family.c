/* The kernels of the networks, as the emulation calls them; and all kinds that a network test runs. */
#include "emulated_thread.h"
#include "model/cuda/kernels.h"
#include "tests/solver/cuda_emulation/families.h"

EMULATED_CALL(call, wd_net_args)

static bool owns(const void *kernel) {
  static const void *(*const unit[])(wd_net_kernel) = {wd_net_pointwise, wd_net_layout,    wd_net_reduce,
                                                       wd_net_norm,      wd_net_attention, wd_net_sampler};
  for (int which = 0; which < WD_NET_KERNEL_COUNT; which++)
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
      if (unit[i]((wd_net_kernel)which) == kernel) return true;
  return false;
}

const emulated_family emulated_net = {sizeof(wd_net_args), owns, call};

const emulated_family *const emulated_families[] = {&emulated_blas, &emulated_net, &emulated_wave, NULL};
