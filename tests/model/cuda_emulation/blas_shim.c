/* What stands in for cuBLAS: column-major products as its documentation defines them, in plain loops with
 * sums in double, launched on the stream like a kernel, so that a capture records them. Types and leading
 * dimensions that cuBLAS would refuse are refused. */
#include "model/cuda/blas.h"
#include "model/dtype.h"
#include "tests/model/cuda_emulation/blas_shim.h"
#include "tests/solver/cuda_emulation/families.h"

#include <stdlib.h>

struct wd_blas_context {
  cudaStream_t stream;
  bool workspace;
};

blas_shim_counts blas_shim;

typedef struct product {
  int ta, tb, m, n, k, type, lda, ldb, ldc, batch;
  float alpha, beta;
  const void *a, *b;
  float *c;
  long long a_step, b_step, c_step;
} product;

static double at(const void *x, int type, long long i) {
  return type == WD_BLAS_R_16BF ? (double)wd_float_from_bf16(((const uint16_t *)x)[i])
                                : (double)((const float *)x)[i];
}

/* beta 0 means that C is not read, as in cuBLAS: it may be NaN. */
static void multiply(const product p) {
  for (int batch = 0; batch < p.batch; batch++)
    for (int j = 0; j < p.n; j++)
      for (int i = 0; i < p.m; i++) {
        double sum = 0;
        for (int l = 0; l < p.k; l++) {
          long long ia = p.ta == WD_BLAS_OP_N ? i + (long long)l * p.lda : l + (long long)i * p.lda;
          long long ib = p.tb == WD_BLAS_OP_N ? l + (long long)j * p.ldb : j + (long long)l * p.ldb;
          sum += at(p.a, p.type, ia + batch * p.a_step) * at(p.b, p.type, ib + batch * p.b_step);
        }
        float *c = p.c + batch * p.c_step + i + (long long)j * p.ldc;
        *c = (float)((double)p.alpha * sum + (p.beta != 0 ? (double)p.beta * (double)*c : 0));
      }
}

EMULATED_CALL(call, product)

static const void *kernel(void) {
  void (*f)(const product) = multiply;
  const void *pointer;
  memcpy(&pointer, &f, sizeof pointer);
  return pointer;
}

static bool owns(const void *which) {
  return which == kernel();
}

const emulated_family emulated_blas = {sizeof(product), owns, call};

static int launch(wd_blas_handle h, product p, int a_type, int b_type, int c_type, int compute) {
  if (!h->stream || !h->workspace) return 7;
  if (a_type != b_type || c_type != WD_BLAS_R_32F || (a_type != WD_BLAS_R_32F && a_type != WD_BLAS_R_16BF))
    return 15; /* not supported */
  if (compute != WD_BLAS_COMPUTE_32F && (compute != WD_BLAS_COMPUTE_32F_FAST_TF32 || a_type != WD_BLAS_R_32F))
    return 15;
  if (p.m < 1 || p.n < 1 || p.k < 1 || p.batch < 1 || p.ldc < p.m ||
      p.lda < (p.ta == WD_BLAS_OP_N ? p.m : p.k) || p.ldb < (p.tb == WD_BLAS_OP_N ? p.k : p.n))
    return 7; /* invalid value */
  blas_shim.products++;
  blas_shim.rounded += a_type == WD_BLAS_R_16BF;
  blas_shim.tf32 += compute == WD_BLAS_COMPUTE_32F_FAST_TF32;
  void *args[] = {&p};
  cudaLaunchConfig_t config = {.gridDim = {1, 1, 1}, .blockDim = {1, 1, 1}, .stream = h->stream};
  return cudaLaunchKernelExC(&config, kernel(), args) == cudaSuccess ? WD_BLAS_SUCCESS : 13;
}

static int gemm_batched(wd_blas_handle h, int ta, int tb, int m, int n, int k, const void *alpha,
                        const void *a, int a_type, int lda, long long a_step, const void *b, int b_type,
                        int ldb, long long b_step, const void *beta, void *c, int c_type, int ldc,
                        long long c_step, int batch, int compute, int algorithm) {
  (void)algorithm;
  return launch(h,
                (product){ta, tb, m, n, k, a_type, lda, ldb, ldc, batch, *(const float *)alpha,
                          *(const float *)beta, a, b, c, a_step, b_step, c_step},
                a_type, b_type, c_type, compute);
}

static int gemm(wd_blas_handle h, int ta, int tb, int m, int n, int k, const void *alpha, const void *a,
                int a_type, int lda, const void *b, int b_type, int ldb, const void *beta, void *c,
                int c_type, int ldc, int compute, int algorithm) {
  return gemm_batched(h, ta, tb, m, n, k, alpha, a, a_type, lda, 0, b, b_type, ldb, 0, beta, c, c_type, ldc,
                      0, 1, compute, algorithm);
}

static int create(wd_blas_handle *h) {
  *h = calloc(1, sizeof **h);
  blas_shim.handles++;
  return *h ? WD_BLAS_SUCCESS : WD_BLAS_ALLOC_FAILED;
}

static int destroy(wd_blas_handle h) {
  blas_shim.handles--;
  free(h);
  return WD_BLAS_SUCCESS;
}

static int set_stream(wd_blas_handle h, cudaStream_t stream) {
  h->stream = stream;
  h->workspace = false;
  return WD_BLAS_SUCCESS;
}

static int set_workspace(wd_blas_handle h, void *memory, size_t bytes) {
  h->workspace = memory && bytes;
  return WD_BLAS_SUCCESS;
}

static int get_version(wd_blas_handle h, int *version) {
  (void)h;
  *version = 130000;
  return WD_BLAS_SUCCESS;
}

wd_status wd_blas_load(wd_blas_api *api, wd_error *err) {
  if (blas_shim.absent) return wd_fail(err, WD_ERR_DEVICE, "cuda: no cuBLAS (the test says so)");
  *api = (wd_blas_api){.create = create,
                       .destroy = destroy,
                       .set_stream = set_stream,
                       .set_workspace = set_workspace,
                       .get_version = get_version,
                       .gemm = gemm,
                       .gemm_batched = gemm_batched};
  return WD_OK;
}

void wd_blas_unload(wd_blas_api *api) {
  *api = (wd_blas_api){0};
}
