#include "model/kernels.h"

const wd_kernels *wd_kernels_for(wd_device *device, wd_error *err) {
  const wd_device_info *info = wd_device_get_info(device);
  switch (info->kind) {
  case WD_DEVICE_REFERENCE:
  case WD_DEVICE_CHECK: return &wd_kernels_reference;
  case WD_DEVICE_CPU:
#ifdef WD_HAVE_ONEDNN
    return &wd_kernels_cpu;
#else
    return &wd_kernels_reference; /* slow; whoever shows a number names the kernels (wd_kernels.name) */
#endif
  case WD_DEVICE_CUDA:
#ifdef WD_HAVE_CUDA
    return &wd_kernels_cuda;
#else
    break;
#endif
  }
  wd_fail(err, WD_ERR_UNSUPPORTED, "device %s runs no networks in this build", info->spec);
  return NULL;
}
