/* What networks keep beside a CUDA device: memory, transfers, launches, and the optimizer's steps. */
#include "model/cuda/device.h"

#include "solver/device_impl.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

static void close_net(wd_cuda_device *d) {
  wd_net *net = d->network;
  if (!net) return;
  wd_blas_close(&net->blas);
  for (int i = 0; i < WD_STAGING; i++)
    if (net->staged[i]) (void)cudaEventDestroy(net->staged[i]);
  if (net->sums) (void)cudaFree(net->sums);
  if (net->staging) (void)cudaFreeHost(net->staging);
  if (net->fault) (void)cudaFreeHost((void *)net->fault);
  wd_free(net);
  d->network = NULL;
}

static wd_status fill_net(wd_net *net, wd_error *err) {
  const wd_cuda_device *d = net->device;
  void *sums = NULL, *fault = NULL;
  WD_CUDA(cudaHostAlloc(&fault, sizeof(int), cudaHostAllocDefault));
  net->fault = fault;
  *net->fault = WD_NET_FINE;
  WD_CUDA(cudaHostAlloc(&net->staging, (size_t)WD_STAGING * WD_STAGING_BYTES, cudaHostAllocDefault));
  for (int i = 0; i < WD_STAGING; i++)
    WD_CUDA(cudaEventCreateWithFlags(&net->staged[i], cudaEventDisableTiming));
  wd_status st = wd_cuda_alloc(d, WD_NET_SUM_BLOCKS + 1, sizeof *net->sums, "sums", &sums, err);
  net->sums = sums;
  return st;
}

wd_status wd_net_of(wd_device *device, wd_net **out, wd_error *err) {
  wd_cuda_device *d = device->backend;
  WD_CUDA(cudaSetDevice(d->ordinal));
  if (!d->network) {
    wd_net *net = wd_calloc(1, sizeof *net);
    if (!net) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for networks");
    net->device = d;
    d->network = net;
    d->close_network = close_net;
    wd_status st = fill_net(net, err);
    if (st) {
      close_net(d);
      return st;
    }
  }
  *out = d->network;
  return WD_OK;
}

/* ---- launches ---- */

static const void *kernel_of(wd_net_kernel which) {
  static const void *(*const unit[])(wd_net_kernel) = {wd_net_pointwise, wd_net_layout,    wd_net_reduce,
                                                       wd_net_norm,      wd_net_attention, wd_net_sampler};
  const void *kernel = NULL;
  for (size_t i = 0; i < sizeof unit / sizeof *unit && !kernel; i++) kernel = unit[i](which);
  return kernel;
}

wd_status wd_net_launch(const wd_net *net, wd_net_kernel which, const wd_net_args *args, dim3 grid,
                        dim3 block, size_t shared, wd_error *err) {
  const wd_cuda_device *d = net->device;
  const void *kernel = kernel_of(which);
  if (!kernel)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "cuda:%d: network kernel %d is not in this build", d->ordinal,
                   which);
  cudaLaunchConfig_t config = {
      .gridDim = grid, .blockDim = block, .dynamicSmemBytes = shared, .stream = d->stream};
  void *list[] = {(void *)args};
  WD_CUDA(cudaLaunchKernelExC(&config, kernel, list));
  return WD_OK;
}

enum { MOST_BLOCKS = 1 << 15 }; /* more elements go round again */

wd_status wd_net_each(const wd_net *net, wd_net_kernel which, const wd_net_args *args, wd_error *err) {
  unsigned blocks = (args->count + WD_NET_THREADS - 1) / WD_NET_THREADS;
  if (blocks > MOST_BLOCKS) blocks = MOST_BLOCKS;
  if (blocks == 0) return WD_OK;
  return wd_net_launch(net, which, args, (dim3){blocks, 1, 1}, (dim3){WD_NET_THREADS, 1, 1}, 0, err);
}

/* ---- memory ---- */

wd_status wd_net_alloc(wd_device *device, size_t bytes, void **out, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  *out = NULL;
  return st ? st : wd_cuda_alloc(net->device, bytes, 1, "tensors", out, err);
}

void wd_net_release(wd_device *device, void *memory) {
  wd_cuda_device *d = device->backend;
  if (!memory) return;
  (void)cudaSetDevice(d->ordinal);
  (void)cudaFree(memory);
}

/* By way of page-locked memory, so that the caller may go on and change `from` while earlier work runs. */
wd_status wd_net_upload(wd_device *device, void *to, const void *from, size_t bytes, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  if (st) return st;
  const wd_cuda_device *d = net->device;
  for (size_t at = 0; at < bytes; at += WD_STAGING_BYTES) {
    const size_t piece = bytes - at < WD_STAGING_BYTES ? bytes - at : WD_STAGING_BYTES;
    const int slot = net->stage;
    char *staging = (char *)net->staging + (size_t)slot * WD_STAGING_BYTES;
    net->stage = (slot + 1) % WD_STAGING;
    if (net->in_use & 1 << slot) WD_CUDA(cudaEventSynchronize(net->staged[slot]));
    memcpy(staging, (const char *)from + at, piece);
    WD_CUDA(cudaMemcpyAsync((char *)to + at, staging, piece, cudaMemcpyHostToDevice, d->stream));
    WD_CUDA(cudaEventRecord(net->staged[slot], d->stream));
    net->in_use |= 1 << slot;
  }
  return WD_OK;
}

/* Waits for all work before it, and tells what that found wrong. */
wd_status wd_net_download(wd_device *device, void *to, const void *from, size_t bytes, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  if (st) return st;
  const wd_cuda_device *d = net->device;
  WD_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, d->stream));
  WD_CUDA(cudaStreamSynchronize(d->stream));
  if (*net->fault == WD_NET_FINE) return WD_OK;
  *net->fault = WD_NET_FINE;
  return wd_fail(err, WD_ERR_ARGUMENT, "cuda:%d: an id is outside the rows of its embedding table",
                 d->ordinal);
}

wd_status wd_net_finish(wd_device *device, wd_error *err) {
  const wd_cuda_device *d = device->backend;
  WD_CUDA(cudaStreamSynchronize(d->stream));
  return WD_OK;
}

/* ---- whole arrays, which may be longer than a tensor ---- */

enum { PIECE = 1 << 30 };

static unsigned piece_of(size_t count, size_t at) {
  return (unsigned)(count - at < PIECE ? count - at : PIECE);
}

wd_status wd_net_fill(wd_device *device, float *to, float value, size_t count, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  for (size_t at = 0; at < count && !st; at += PIECE)
    st = wd_net_each(net, WD_NET_FILL,
                     &(wd_net_args){.count = piece_of(count, at), .y = to + at, .scale = value}, err);
  return st;
}

wd_status wd_net_norm2(wd_device *device, const float *x, size_t count, double *out, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  double total = 0;
  for (size_t at = 0; at < count && !st; at += PIECE) {
    wd_net_args a = {
        .count = piece_of(count, at), .x = x + at, .sum = net->sums, .slices = WD_NET_SUM_BLOCKS};
    double piece = 0;
    st = wd_net_launch(net, WD_NET_SQUARES, &a, (dim3){WD_NET_SUM_BLOCKS, 1, 1}, (dim3){WD_NET_THREADS, 1, 1},
                       0, err);
    if (!st)
      st =
          wd_net_launch(net, WD_NET_SQUARES_TOTAL, &a, (dim3){1, 1, 1}, (dim3){WD_NET_THREADS, 1, 1}, 0, err);
    if (!st) st = wd_net_download(device, &piece, net->sums + WD_NET_SUM_BLOCKS, sizeof piece, err);
    total += piece;
  }
  if (!st) *out = total;
  return st;
}

wd_status wd_net_adamw(wd_device *device, const wd_adamw *rule, float grad_scale, float decay, size_t count,
                       float *value, const float *grad, float *m, float *v, wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  for (size_t at = 0; at < count && !st; at += PIECE)
    st = wd_net_each(
        net, WD_NET_ADAMW,
        &(wd_net_args){.count = piece_of(count, at),
                       .y = value + at,
                       .dy = grad + at,
                       .y1 = m + at,
                       .y2 = v + at,
                       .scale = grad_scale,
                       .rule = {rule->beta1, rule->beta2, 1 - pow(rule->beta1, (double)rule->step),
                                1 - pow(rule->beta2, (double)rule->step), rule->epsilon, rule->learning_rate,
                                rule->learning_rate * rule->weight_decay * (double)decay}},
        err);
  return st;
}

wd_status wd_net_ema(wd_device *device, float decay, size_t count, const float *value, float *average,
                     wd_error *err) {
  wd_net *net = NULL;
  wd_status st = wd_net_of(device, &net, err);
  for (size_t at = 0; at < count && !st; at += PIECE)
    st = wd_net_each(
        net, WD_NET_EMA,
        &(wd_net_args){.count = piece_of(count, at), .x = value + at, .y = average + at, .scale = 1 - decay},
        err);
  return st;
}
