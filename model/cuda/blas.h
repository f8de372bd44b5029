/* Matrix products on the device, by cuBLAS. The library is opened when a network is first compiled (its
 * handle costs half a second), by name: the program starts without it, and says so when it is wanted. Needs
 * only what is declared here, no cuBLAS headers. */
#ifndef WD_NET_BLAS_H
#define WD_NET_BLAS_H

#include "solver/cuda/backend.h"

#include <stdint.h>

/* The calls that are used, with the numbers of cublas_api.h (12 and 13; checked in blas.c where that header
 * is at hand). */
typedef struct wd_blas_context *wd_blas_handle;
enum { WD_BLAS_SUCCESS = 0, WD_BLAS_ALLOC_FAILED = 3 };
enum { WD_BLAS_OP_N = 0, WD_BLAS_OP_T = 1 };
enum { WD_BLAS_R_32F = 0, WD_BLAS_R_16BF = 14 };
enum { WD_BLAS_COMPUTE_32F = 68, WD_BLAS_COMPUTE_32F_FAST_TF32 = 77 };
enum { WD_BLAS_GEMM_DEFAULT = -1 };

typedef struct wd_blas_api {
  void *library;
  int (*create)(wd_blas_handle *handle);
  int (*destroy)(wd_blas_handle handle);
  int (*set_stream)(wd_blas_handle handle, cudaStream_t stream);
  int (*set_workspace)(wd_blas_handle handle, void *memory, size_t bytes);
  int (*get_version)(wd_blas_handle handle, int *version);
  int (*gemm)(wd_blas_handle handle, int transa, int transb, int m, int n, int k, const void *alpha,
              const void *a, int a_type, int lda, const void *b, int b_type, int ldb, const void *beta,
              void *c, int c_type, int ldc, int compute, int algorithm);
  int (*gemm_batched)(wd_blas_handle handle, int transa, int transb, int m, int n, int k, const void *alpha,
                      const void *a, int a_type, int lda, long long a_step, const void *b, int b_type,
                      int ldb, long long b_step, const void *beta, void *c, int c_type, int ldc,
                      long long c_step, int batch, int compute, int algorithm);
} wd_blas_api;

/* blas_load.c, or the tests' own. WD_ERR_DEVICE when there is no library, with what was looked for. */
wd_status wd_blas_load(wd_blas_api *api, wd_error *err);
void wd_blas_unload(wd_blas_api *api);

typedef struct wd_blas {
  wd_blas_api api;
  wd_blas_handle handle;
  void *workspace; /* fixed, so that recorded graphs may hold on to it, and results do not depend on it */
} wd_blas;

wd_status wd_blas_open(const wd_cuda_device *d, wd_blas *blas, wd_error *err);
void wd_blas_close(wd_blas *blas); /* also after a failed open */

typedef enum wd_gemm_type { WD_GEMM_F32, WD_GEMM_TF32, WD_GEMM_BF16 } wd_gemm_type;

/* Row-major: C (m x n) = op(A) (m x k) op(B) (k x n) + beta C. A row of A, B, C starts lda, ldb, ldc values
 * after the one before. A and B are floats, or bfloat16 with WD_GEMM_BF16; C is float. */
typedef struct wd_gemm {
  wd_gemm_type type;
  bool transpose_a, transpose_b;
  int m, n, k;
  const void *a, *b;
  float *c;
  int lda, ldb, ldc;
  float beta;
  int batch; /* 0: one product */
  long long a_step, b_step, c_step;
} wd_gemm;

wd_status wd_blas_gemm(const wd_cuda_device *d, const wd_blas *blas, const wd_gemm *g, wd_error *err);

#endif
