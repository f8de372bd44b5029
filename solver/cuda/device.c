/* The CUDA device: finding it, opening it, and saying clearly why there is none. */
#include "solver/cuda/backend.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

enum { CAPABILITY_MIN = 80 }; /* what meson's option gpu_arch compiles for by default */

/* Errors after which the process can do nothing more on the device: uncorrectable memory error, illegal
 * address, launch timeout, context destroyed, assertion, and the hardware errors 714 to 719. */
static bool lost(cudaError_t e) {
  int code = (int)e;
  return code == 214 || code == 700 || code == 702 || code == 709 || code == 710 ||
         (code >= 714 && code <= 719);
}

wd_status wd_cuda_fail(const wd_cuda_device *d, cudaError_t e, const char *call, wd_error *err) {
  (void)cudaGetLastError(); /* an error that the device survives must not be reported again later */
  const char *end = strchr(call, '(');
  int name = end ? (int)(end - call) : (int)strlen(call);
  if (e == cudaErrorMemoryAllocation)
    return wd_fail(err, WD_ERR_NO_MEMORY,
                   "cuda:%d: %.*s: out of device memory; take fewer maps or shots in one call", d->ordinal,
                   name, call);
  return wd_fail(
      err, WD_ERR_DEVICE, "cuda:%d: %.*s failed: %s (%s)%s", d->ordinal, name, call, cudaGetErrorString(e),
      cudaGetErrorName(e),
      lost(e) ? "; the device was lost: start the program again, and if it happens again use --device cpu "
                "and report it"
              : "");
}

wd_status wd_cuda_alloc(const wd_cuda_device *d, size_t count, size_t size, const char *what, void **out,
                        wd_error *err) {
  size_t bytes, free_bytes = 0, total = 0;
  if (!wd_size_mul(count, size, &bytes))
    return wd_fail(err, WD_ERR_NO_MEMORY, "cuda:%d: %s are more than a machine can address", d->ordinal,
                   what);
  if (bytes == 0) bytes = size;
  cudaError_t e = cudaMalloc(out, bytes);
  if (e == cudaSuccess) return WD_OK;
  *out = NULL;
  if (e != cudaErrorMemoryAllocation) return wd_cuda_fail(d, e, "cudaMalloc", err);
  (void)cudaGetLastError();
  if (cudaMemGetInfo(&free_bytes, &total) != cudaSuccess) (void)cudaGetLastError();
  return wd_fail(
      err, WD_ERR_NO_MEMORY,
      "cuda:%d: no memory for %s: %.1f MiB wanted, %.1f MiB of %.1f MiB free; take fewer maps or shots in "
      "one call, or a smaller map",
      d->ordinal, what, (double)bytes / 1048576, (double)free_bytes / 1048576, (double)total / 1048576);
}

const void *wd_cuda_kernel_of(wd_cuda_kernel which) {
  const void *kernel = wd_cuda_kernel_exact(which);
  return kernel ? kernel : wd_cuda_kernel_fast(which);
}

wd_status wd_cuda_launch(const wd_cuda_device *d, wd_cuda_kernel which, const wd_cuda_args *args, dim3 grid,
                         dim3 block, wd_error *err) {
  const void *kernel = wd_cuda_kernel_of(which);
  if (!kernel)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "cuda:%d: kernel %d is not in this build", d->ordinal, which);
  cudaLaunchConfig_t config = {.gridDim = grid, .blockDim = block, .stream = d->stream};
  void *list[] = {(void *)args};
  WD_CUDA(cudaLaunchKernelExC(&config, kernel, list));
  return WD_OK;
}

wd_status wd_cuda_pace_add(const wd_cuda_device *d, wd_cuda_pace *pace, double seconds, bool full,
                           wd_error *err) {
  if (wd_hooks_cancelled(pace->hooks)) {
    WD_CUDA(cudaStreamSynchronize(d->stream));
    return WD_CANCELLED;
  }
  pace->queued += seconds;
  if (!full && pace->queued < WD_CHUNK_MILLISECONDS * 1e-3) return WD_OK;
  pace->queued = 0;
  WD_CUDA(cudaEventRecord(d->mark[pace->marks & 1], d->stream));
  pace->marks++;
  if (pace->marks > 1) WD_CUDA(cudaEventSynchronize(d->mark[pace->marks & 1])); /* the one before */
  return WD_OK;
}

int wd_device_cuda_count(wd_error *err) {
  int n = 0;
  cudaError_t e = cudaGetDeviceCount(&n);
  if (e == cudaSuccess && n > 0) return n;
  (void)cudaGetLastError();
  if (e == cudaErrorInsufficientDriver) {
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    if (driver == 0)
      wd_fail(err, WD_ERR_DEVICE, "cuda: no NVIDIA driver on this machine; use --device cpu");
    else
      wd_fail(
          err, WD_ERR_DEVICE,
          "cuda: the NVIDIA driver supports CUDA %d.%d, this program wants %d.%d; update the driver or use "
          "--device cpu",
          driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  } else if (e == cudaErrorNoDevice || e == cudaSuccess)
    wd_fail(err, WD_ERR_DEVICE,
            "cuda: no NVIDIA GPU on this machine, or none that this process may use "
            "(CUDA_VISIBLE_DEVICES); use --device cpu");
  else
    wd_fail(err, WD_ERR_DEVICE, "cuda: cudaGetDeviceCount failed: %s (%s); use --device cpu",
            cudaGetErrorString(e), cudaGetErrorName(e));
  return 0;
}

static void close_device(wd_device *device) {
  wd_cuda_device *d = device->backend;
  if (!d) return;
  (void)cudaSetDevice(d->ordinal);
  if (d->close_network) d->close_network(d);
  for (int i = 0; i < 2; i++)
    if (d->mark[i]) (void)cudaEventDestroy(d->mark[i]);
  if (d->stream) (void)cudaStreamDestroy(d->stream);
  wd_free(d);
  device->backend = NULL;
}

static wd_status query(wd_cuda_device *d, wd_device_info *info, wd_error *err) {
  static const enum cudaDeviceAttr wanted[] = {
      cudaDevAttrComputeCapabilityMajor,       cudaDevAttrComputeCapabilityMinor,
      cudaDevAttrMultiProcessorCount,          cudaDevAttrL2CacheSize,
      cudaDevAttrMaxSharedMemoryPerBlockOptin, cudaDevAttrClusterLaunch};
  int value[6] = {0};
  struct cudaDeviceProp prop;
  size_t free_bytes, total;
  WD_CUDA(cudaSetDevice(d->ordinal));
  for (int i = 0; i < 6; i++) WD_CUDA(cudaDeviceGetAttribute(&value[i], wanted[i], d->ordinal));
  WD_CUDA(cudaGetDeviceProperties(&prop, d->ordinal));
  d->capability = 10 * value[0] + value[1];
  d->multiprocessors = value[2];
  d->l2 = (size_t)value[3];
  d->block_shared = (size_t)value[4];
  d->clusters = value[5] != 0 && d->capability >= 90;
  if (d->capability < CAPABILITY_MIN)
    return wd_fail(
        err, WD_ERR_DEVICE,
        "cuda:%d: %s has compute capability %d.%d; %d.%d or later is needed (A100, RTX 30 and newer); use "
        "--device cpu",
        d->ordinal, prop.name, value[0], value[1], CAPABILITY_MIN / 10, CAPABILITY_MIN % 10);
  WD_CUDA(cudaMemGetInfo(&free_bytes, &total));
  WD_CUDA(cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking));
  for (int i = 0; i < 2; i++) WD_CUDA(cudaEventCreateWithFlags(&d->mark[i], cudaEventDisableTiming));
  *info = (wd_device_info){.kind = WD_DEVICE_CUDA, .memory = total};
  snprintf(info->spec, sizeof info->spec, "cuda:%d", d->ordinal);
  snprintf(info->name, sizeof info->name, "cuda:%d: %.80s, %d multiprocessors, %.0f GiB", d->ordinal,
           prop.name, d->multiprocessors, (double)total / (1 << 30));
  return WD_OK;
}

wd_status wd_device_open_cuda(wd_device *device, int ordinal, wd_error *err) {
  wd_error why = {0};
  int n = wd_device_cuda_count(&why);
  if (n == 0) return wd_fail(err, why.code, "%s", why.message);
  if (ordinal < 0 || ordinal >= n)
    return wd_fail(err, WD_ERR_DEVICE, "cuda:%d: no such device; there %s %d, counted from 0", ordinal,
                   n == 1 ? "is" : "are", n);
  wd_cuda_device *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a device");
  d->ordinal = ordinal;
  device->backend = d;
  device->close = close_device;
  wd_status st = query(d, &device->info, err);
  if (st) {
    close_device(device);
    return st;
  }
  device->wave = &wd_wave_ops_cuda;
  return WD_OK;
}
