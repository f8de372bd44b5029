/* Whether a wave's fields stay on chip (resident.cuh), and with how many blocks a task. */
#include "solver/cuda/backend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clock cycles, for choosing between plans only: measured times are for tests/bench/RESULTS.md. A step of a
 * resident kernel costs `CYCLES_ROW` for a row of a warp (shared-memory accesses bind) and a barrier; a step
 * of the general kernels a launch from a graph, and what the L2 cache gives. */
static const double CLOCK = 1.6e9, CYCLES_ROW = 7, CYCLES_LIVE_ROW = 14, CYCLES_BLOCK_BARRIER = 150,
                    CYCLES_CLUSTER_BARRIER = 600;
static const double LAUNCH = 2.5e-6, CELLS_PER_SECOND = 2.5e9; /* the latter per multiprocessor */

/* WAVEDIFFUSION_CUDA=general, cluster:16, ...: for tests and comparisons. 0 any, -1 general, else blocks. */
static wd_status wanted_path(const wd_cuda_device *d, int *out, wd_error *err) {
  const char *text = getenv("WAVEDIFFUSION_CUDA");
  *out = 0;
  if (!text || !*text) return WD_OK;
  if (strcmp(text, "general") == 0) {
    *out = -1;
    return WD_OK;
  }
  for (int c = 1; c <= 16; c *= 2) {
    char name[16];
    snprintf(name, sizeof name, "cluster:%d", c);
    if (strcmp(text, name) == 0) {
      *out = c;
      return WD_OK;
    }
  }
  return wd_fail(err, WD_ERR_ARGUMENT,
                 "cuda:%d: WAVEDIFFUSION_CUDA=%s; it is general, or cluster:1, 2, 4, 8 or 16", d->ordinal,
                 text);
}

static wd_cuda_kernel kernel_for(const wd_wave *w) {
  int wide = w->radius == 4;
  wd_cuda_kernel k = w->desc.mode == WD_WAVE_EXACT  ? WD_KERNEL_RESIDENT_EXACT_4
                     : w->desc.mode == WD_WAVE_FAST ? WD_KERNEL_RESIDENT_FAST_4
                                                    : WD_KERNEL_RESIDENT_LIVE_4;
  return (wd_cuda_kernel)(k + wide);
}

/* Bytes of shared memory of a block of so many rows. */
static size_t shared_bytes(const wd_wave *w, int rows) {
  size_t n = (size_t)rows, r = (size_t)w->radius, ls = (size_t)(w->px + 2 * WD_GUARD);
  if (w->desc.mode != WD_WAVE_LIVE) return sizeof(float) * ls * 2 * (n + 2 * r);
  return sizeof(float) * ls * (2 * (n + 4 * r) + (n + 2 * r) + 3 * n);
}

/* The plan with `cluster` blocks a task; plan->cluster stays 0 when the fields do not fit. */
static wd_status plan_cluster(const wd_wave *w, const wd_cuda_wave *b, int cluster, wd_cuda_resident *plan,
                              wd_error *err) {
  const wd_cuda_device *d = b->device;
  *plan = (wd_cuda_resident){0};
  if (cluster > 1 && !d->clusters) return WD_OK;
  int rows = (w->pz + cluster - 1) / cluster, width = (w->px + 31) / 32 * 32;
  bool live = w->desc.mode == WD_WAVE_LIVE;
  int halo = live ? 2 * w->radius : w->radius;
  if (w->pz / cluster < halo || width > WD_RESIDENT_THREADS) return WD_OK;
  int groups = WD_RESIDENT_THREADS / width;
  int thread_rows = (rows + groups - 1) / groups;
  if (thread_rows > (live ? WD_RESIDENT_LIVE_ROWS : WD_RESIDENT_ROWS)) return WD_OK;
  groups = (rows + thread_rows - 1) / thread_rows;
  size_t shared = shared_bytes(w, rows);
  if (shared > d->block_shared) return WD_OK;

  wd_cuda_resident p = {
      .kernel = kernel_for(w),
      .block = {(unsigned)width, (unsigned)groups, 1},
      .shared = shared,
      .rows = rows,
      .thread_rows = thread_rows,
  };
  const void *kernel = wd_cuda_kernel_of(p.kernel);
  if (!kernel) return WD_OK;
  WD_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared));
  p.active = d->multiprocessors;
  if (cluster > 1) {
    if (cluster > 8) WD_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
    cudaLaunchAttribute attribute = {.id = cudaLaunchAttributeClusterDimension,
                                     .val.clusterDim = {(unsigned)cluster, 1, 1}};
    cudaLaunchConfig_t config = {.gridDim = {(unsigned)cluster, 1, 1},
                                 .blockDim = p.block,
                                 .dynamicSmemBytes = shared,
                                 .attrs = &attribute,
                                 .numAttrs = 1};
    /* A cluster size that this device cannot place is an answer, not an error. */
    if (cudaOccupancyMaxActiveClusters(&p.active, kernel, &config) != cudaSuccess) {
      (void)cudaGetLastError();
      return WD_OK;
    }
  }
  if (p.active < 1) return WD_OK;
  p.step_seconds =
      ((double)(width / 32 * groups * thread_rows) * (live ? CYCLES_LIVE_ROW : CYCLES_ROW) +
       (live ? CYCLES_BLOCK_BARRIER : 0) + (cluster > 1 ? CYCLES_CLUSTER_BARRIER : CYCLES_BLOCK_BARRIER)) /
      CLOCK;
  p.cluster = cluster;
  *plan = p;
  return WD_OK;
}

wd_status wd_cuda_plan_resident(const wd_wave *w, wd_cuda_wave *b, wd_error *err) {
  int wanted;
  wd_status st = wanted_path(b->device, &wanted, err);
  b->resident.cluster = 0;
  if (st || wanted < 0) return st;
  double cells = (double)b->args.pz * (double)b->args.px;
  double batches = ceil((double)b->total / b->batch);
  double best = batches * (LAUNCH + cells * (double)b->total / batches /
                                        (CELLS_PER_SECOND * b->device->multiprocessors));
  for (int c = 16; c >= 1; c /= 2) {
    wd_cuda_resident plan;
    st = plan_cluster(w, b, c, &plan, err);
    if (st) return st;
    if (plan.cluster == 0) continue;
    double seconds = ceil((double)b->total / plan.active) * plan.step_seconds;
    if (wanted ? c != wanted : seconds >= best) continue;
    best = seconds;
    b->resident = plan;
  }
  if (wanted && b->resident.cluster != wanted)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "cuda:%d: a padded map of %d x %d cells does not fit into clusters of %d blocks here "
                   "(WAVEDIFFUSION_CUDA)",
                   b->device->ordinal, w->pz, w->px, wanted);
  return WD_OK;
}

wd_status wd_cuda_launch_resident(const wd_cuda_wave *b, const wd_cuda_args *args, int tasks, wd_error *err) {
  const wd_cuda_device *d = b->device;
  const wd_cuda_resident *r = &b->resident;
  cudaLaunchAttribute attribute = {.id = cudaLaunchAttributeClusterDimension,
                                   .val.clusterDim = {(unsigned)r->cluster, 1, 1}};
  cudaLaunchConfig_t config = {.gridDim = {(unsigned)r->cluster, 1, (unsigned)tasks},
                               .blockDim = r->block,
                               .dynamicSmemBytes = r->shared,
                               .stream = d->stream,
                               .attrs = &attribute,
                               .numAttrs = r->cluster > 1};
  wd_cuda_args a = *args;
  a.cluster = r->cluster;
  a.rows = r->rows;
  a.thread_rows = r->thread_rows;
  void *list[] = {&a};
  /* The attributes belong to the kernel, not to this wave: another wave may have lowered them since. */
  const void *kernel = wd_cuda_kernel_of(r->kernel);
  WD_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)r->shared));
  WD_CUDA(cudaLaunchKernelExC(&config, kernel, list));
  return WD_OK;
}
