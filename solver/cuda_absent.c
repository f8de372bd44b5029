/* What stands in for solver/cuda/ in a build without CUDA: a refusal that says so. */
#include "solver/device_impl.h"

wd_status wd_device_open_cuda(wd_device *device, int ordinal, wd_error *err) {
  (void)device;
  return wd_fail(err, WD_ERR_DEVICE, "cuda:%d: this build has no CUDA (meson option cuda)", ordinal);
}

int wd_device_cuda_count(wd_error *err) {
  wd_fail(err, WD_ERR_DEVICE, "this build has no CUDA (meson option cuda)");
  return 0;
}
