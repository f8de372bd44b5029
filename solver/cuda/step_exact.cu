/* Exact mode: bit-identical to the reference. Compiled with --fmad=false, without flushing of denormals. */
#define WD_EXACT 1
#include "solver/cuda/resident.cuh"

WD_KERNEL wd_k_step_exact_4(WD_ARGS a) {
  wd_step(&a, 2);
}

WD_KERNEL wd_k_step_exact_8(WD_ARGS a) {
  wd_step(&a, 4);
}

WD_RESIDENT_KERNEL wd_k_resident_exact_4(WD_ARGS a) {
  wd_resident(&a, 2);
}

WD_RESIDENT_KERNEL wd_k_resident_exact_8(WD_ARGS a) {
  wd_resident(&a, 4);
}

const void *wd_cuda_kernel_exact(wd_cuda_kernel which) {
  switch (which) {
  case WD_KERNEL_STEP_EXACT_4: return (const void *)wd_k_step_exact_4;
  case WD_KERNEL_STEP_EXACT_8: return (const void *)wd_k_step_exact_8;
  case WD_KERNEL_RESIDENT_EXACT_4: return (const void *)wd_k_resident_exact_4;
  case WD_KERNEL_RESIDENT_EXACT_8: return (const void *)wd_k_resident_exact_8;
  default: return NULL;
  }
}
