#include "model/cuda/blas.h"

#include <string.h>

/* The emulation's runtime header does not go together with this one. */
#if defined(__has_include) && !defined(WD_CUDA_EMULATION_H)
#  if __has_include(<cublas_api.h>)
#    include <cublas_api.h>
#    define AGREES(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #    ours " and " #    theirs)
AGREES(WD_BLAS_SUCCESS, CUBLAS_STATUS_SUCCESS);
AGREES(WD_BLAS_ALLOC_FAILED, CUBLAS_STATUS_ALLOC_FAILED);
AGREES(WD_BLAS_OP_N, CUBLAS_OP_N);
AGREES(WD_BLAS_OP_T, CUBLAS_OP_T);
AGREES(WD_BLAS_R_32F, CUDA_R_32F);
AGREES(WD_BLAS_R_16BF, CUDA_R_16BF);
AGREES(WD_BLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F);
AGREES(WD_BLAS_COMPUTE_32F_FAST_TF32, CUBLAS_COMPUTE_32F_FAST_TF32);
AGREES(WD_BLAS_GEMM_DEFAULT, CUBLAS_GEMM_DEFAULT);
#  endif
#endif

enum { WORKSPACE = 32 << 20 }; /* what cuBLAS advises for sm_90 */

static wd_status fail(const wd_cuda_device *d, int code, const char *call, wd_error *err) {
  if (code == WD_BLAS_ALLOC_FAILED)
    return wd_fail(err, WD_ERR_NO_MEMORY, "cuda:%d: cuBLAS found no memory (%s)", d->ordinal, call);
  return wd_fail(err, WD_ERR_DEVICE, "cuda:%d: cuBLAS failed: %s answered %d; use --device cpu and report it",
                 d->ordinal, call, code);
}

#define BLAS(call)                                                                                           \
  do {                                                                                                       \
    int blas_code = (call);                                                                                  \
    if (blas_code != WD_BLAS_SUCCESS) return fail(d, blas_code, #call, err);                                 \
  } while (0)

wd_status wd_blas_open(const wd_cuda_device *d, wd_blas *blas, wd_error *err) {
  *blas = (wd_blas){0};
  wd_status st = wd_blas_load(&blas->api, err);
  if (st) return st;
  int code = blas->api.create(&blas->handle);
  if (code != WD_BLAS_SUCCESS) {
    blas->handle = NULL;
    return fail(d, code, "cublasCreate", err);
  }
  st = wd_cuda_alloc(d, WORKSPACE, 1, "matrix products", &blas->workspace, err);
  if (st) return st;
  BLAS(blas->api.set_stream(blas->handle, d->stream)); /* forgets the workspace, so that comes after it */
  BLAS(blas->api.set_workspace(blas->handle, blas->workspace, WORKSPACE));
  return WD_OK;
}

void wd_blas_close(wd_blas *blas) {
  if (blas->handle) (void)blas->api.destroy(blas->handle);
  if (blas->workspace) (void)cudaFree(blas->workspace);
  wd_blas_unload(&blas->api);
  *blas = (wd_blas){0};
}

/* cuBLAS counts columns first. What it takes for a matrix is our transpose, so it is asked for C' = B' A'. */
wd_status wd_blas_gemm(const wd_cuda_device *d, const wd_blas *blas, const wd_gemm *g, wd_error *err) {
  const int in = g->type == WD_GEMM_BF16 ? WD_BLAS_R_16BF : WD_BLAS_R_32F;
  const int compute = g->type == WD_GEMM_TF32 ? WD_BLAS_COMPUTE_32F_FAST_TF32 : WD_BLAS_COMPUTE_32F;
  const int ta = g->transpose_a ? WD_BLAS_OP_T : WD_BLAS_OP_N,
            tb = g->transpose_b ? WD_BLAS_OP_T : WD_BLAS_OP_N;
  const float alpha = 1;
  if (g->batch > 0)
    BLAS(blas->api.gemm_batched(blas->handle, tb, ta, g->n, g->m, g->k, &alpha, g->b, in, g->ldb, g->b_step,
                                g->a, in, g->lda, g->a_step, &g->beta, g->c, WD_BLAS_R_32F, g->ldc, g->c_step,
                                g->batch, compute, WD_BLAS_GEMM_DEFAULT));
  else
    BLAS(blas->api.gemm(blas->handle, tb, ta, g->n, g->m, g->k, &alpha, g->b, in, g->ldb, g->a, in, g->lda,
                        &g->beta, g->c, WD_BLAS_R_32F, g->ldc, compute, WD_BLAS_GEMM_DEFAULT));
  return WD_OK;
}
