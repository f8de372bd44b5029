/* Fast and live mode, the adjoints of all modes, and the small kernels: contraction into FMA is welcome. */
#define WD_EXACT 0
#include "solver/cuda/resident_live.cuh"

/* One kernel of order 4 and one of order 8 from a body. */
#define WD_BOTH_ORDERS(name, body)                                                                           \
  WD_KERNEL wd_k_##name##_4(WD_ARGS a) {                                                                     \
    body(&a, 2);                                                                                             \
  }                                                                                                          \
  WD_KERNEL wd_k_##name##_8(WD_ARGS a) {                                                                     \
    body(&a, 4);                                                                                             \
  }

WD_BOTH_ORDERS(step_fast, wd_step)
WD_BOTH_ORDERS(step_live, wd_step_live)
WD_BOTH_ORDERS(psi, wd_psi)
WD_BOTH_ORDERS(adjoint, wd_adjoint)
WD_BOTH_ORDERS(adjoint_v, wd_adjoint_v)
WD_BOTH_ORDERS(adjoint_live, wd_adjoint_live)

WD_KERNEL wd_k_adjoint_u(WD_ARGS a) {
  wd_adjoint_u(&a);
}

/* The last node of a recorded chunk: the next replay goes on from where this one ended. */
__global__ void wd_k_advance(WD_ARGS a) {
  if (threadIdx.x == 0) ((wd_cuda_control *)a.control)->step += a.offset;
}

__global__ void __launch_bounds__(WD_REDUCE_THREADS) wd_k_fold(WD_ARGS a) {
  wd_fold(&a);
}

__global__ void __launch_bounds__(WD_REDUCE_THREADS) wd_k_fold_vmin(WD_ARGS a) {
  wd_fold_vmin(&a);
}

WD_RESIDENT_KERNEL wd_k_resident_fast_4(WD_ARGS a) {
  wd_resident(&a, 2);
}

WD_RESIDENT_KERNEL wd_k_resident_fast_8(WD_ARGS a) {
  wd_resident(&a, 4);
}

WD_RESIDENT_KERNEL wd_k_resident_live_4(WD_ARGS a) {
  wd_resident_live(&a, 2);
}

WD_RESIDENT_KERNEL wd_k_resident_live_8(WD_ARGS a) {
  wd_resident_live(&a, 4);
}

const void *wd_cuda_kernel_fast(wd_cuda_kernel which) {
  switch (which) {
  case WD_KERNEL_STEP_FAST_4: return (const void *)wd_k_step_fast_4;
  case WD_KERNEL_STEP_FAST_8: return (const void *)wd_k_step_fast_8;
  case WD_KERNEL_STEP_LIVE_4: return (const void *)wd_k_step_live_4;
  case WD_KERNEL_STEP_LIVE_8: return (const void *)wd_k_step_live_8;
  case WD_KERNEL_PSI_4: return (const void *)wd_k_psi_4;
  case WD_KERNEL_PSI_8: return (const void *)wd_k_psi_8;
  case WD_KERNEL_ADVANCE: return (const void *)wd_k_advance;
  case WD_KERNEL_ADJOINT_4: return (const void *)wd_k_adjoint_4;
  case WD_KERNEL_ADJOINT_8: return (const void *)wd_k_adjoint_8;
  case WD_KERNEL_ADJOINT_U: return (const void *)wd_k_adjoint_u;
  case WD_KERNEL_ADJOINT_V_4: return (const void *)wd_k_adjoint_v_4;
  case WD_KERNEL_ADJOINT_V_8: return (const void *)wd_k_adjoint_v_8;
  case WD_KERNEL_ADJOINT_LIVE_4: return (const void *)wd_k_adjoint_live_4;
  case WD_KERNEL_ADJOINT_LIVE_8: return (const void *)wd_k_adjoint_live_8;
  case WD_KERNEL_FOLD: return (const void *)wd_k_fold;
  case WD_KERNEL_FOLD_VMIN: return (const void *)wd_k_fold_vmin;
  case WD_KERNEL_RESIDENT_FAST_4: return (const void *)wd_k_resident_fast_4;
  case WD_KERNEL_RESIDENT_FAST_8: return (const void *)wd_k_resident_fast_8;
  case WD_KERNEL_RESIDENT_LIVE_4: return (const void *)wd_k_resident_live_4;
  case WD_KERNEL_RESIDENT_LIVE_8: return (const void *)wd_k_resident_live_8;
  default: return NULL;
  }
}
