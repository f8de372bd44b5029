/* Finds cuBLAS at run time. */
#include "model/cuda/blas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of the runtime that this program was built with comes first; 12 and 13 share these calls.
 * WD_CUDA_ROOT is the toolkit it was built with, which need not be there any more. */
static const char *const names[] = {
    "libcublas.so.13",
    "libcublas.so.12",
    WD_CUDA_ROOT "/lib64/libcublas.so.13",
    WD_CUDA_ROOT "/lib64/libcublas.so.12",
    WD_CUDA_ROOT "/lib/libcublas.so.13",
    WD_CUDA_ROOT "/lib/libcublas.so.12",
    WD_CUDA_ROOT "/targets/x86_64-linux/lib/libcublas.so.13",
    WD_CUDA_ROOT "/targets/x86_64-linux/lib/libcublas.so.12",
    "/usr/local/cuda/lib64/libcublas.so.13",
    "/usr/local/cuda/lib64/libcublas.so.12",
};

static void *open_library(void) {
  const char *wanted = getenv("WAVEDIFFUSION_CUBLAS"); /* a path; nothing else is tried then */
  if (wanted && *wanted) return dlopen(wanted, RTLD_NOW | RTLD_LOCAL);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library) return library;
  }
  return NULL;
}

wd_status wd_blas_load(wd_blas_api *api, wd_error *err) {
  *api = (wd_blas_api){.library = open_library()};
  if (!api->library) {
    const char *why = dlerror();
    return wd_fail(err, WD_ERR_DEVICE,
                   "cuda: networks want cuBLAS 12 or 13 (libcublas.so.13), which cannot be loaded (%.100s); "
                   "name it in WAVEDIFFUSION_CUBLAS or use --device cpu",
                   why ? why : "not found");
  }
  const struct {
    const char *name;
    void *to;
  } wanted[] = {{"cublasCreate_v2", &api->create},
                {"cublasDestroy_v2", &api->destroy},
                {"cublasSetStream_v2", &api->set_stream},
                {"cublasSetWorkspace_v2", &api->set_workspace},
                {"cublasGetVersion_v2", &api->get_version},
                {"cublasGemmEx", &api->gemm},
                {"cublasGemmStridedBatchedEx", &api->gemm_batched}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *symbol = dlsym(api->library, wanted[i].name);
    if (!symbol) {
      wd_blas_unload(api);
      return wd_fail(err, WD_ERR_DEVICE, "cuda: the cuBLAS on this machine has no %s; 12 or 13 is wanted",
                     wanted[i].name);
    }
    memcpy(wanted[i].to, &symbol, sizeof symbol); /* a function, which ISO C does not let one assign */
  }
  return WD_OK;
}

void wd_blas_unload(wd_blas_api *api) {
  if (api->library) dlclose(api->library);
  *api = (wd_blas_api){0};
}
