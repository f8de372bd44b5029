/* The `cpu` device: which SIMD width this machine runs, and the pool of threads. */
#include "solver/device_impl.h"
#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Widths by their float lanes. portable is what the compiler makes of plain vectors (SSE2 on x86-64). */
static const struct width {
  const char *name, *label;
  int lanes;
} widths[] = {{"portable", "portable", 4}, {"avx2", "AVX2", 8}, {"avx512", "AVX-512", 16}};

static int widest(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
  return 0;
}

wd_status wd_device_open_cpu(wd_device *d, int threads, wd_error *err) {
  int best = widest(), width = best;
  const char *wanted = getenv("WAVEDIFFUSION_SIMD");
  if (wanted && *wanted) {
    for (width = 0; width < 3 && strcmp(wanted, widths[width].name) != 0; width++) {}
    if (width == 3)
      return wd_fail(err, WD_ERR_ARGUMENT, "WAVEDIFFUSION_SIMD=%s: portable, avx2 and avx512 are known",
                     wanted);
    if (width > best)
      return wd_fail(err, WD_ERR_DEVICE, "WAVEDIFFUSION_SIMD=%s: this processor has no %s; its widest is %s",
                     wanted, widths[width].label, widths[best].name);
  }
  wd_status st = wd_pool_create(threads, &d->pool, err);
  if (st) return st;
  d->wave = &wd_wave_ops_cpu;
  d->info = (wd_device_info){.kind = WD_DEVICE_CPU,
                             .threads = threads,
                             .lanes = widths[width].lanes,
                             .memory = wd_memory_available()};
  snprintf(d->info.spec, sizeof d->info.spec, "cpu:%d", threads);
  snprintf(d->info.name, sizeof d->info.name, "cpu: %d thread%s, %s", threads, threads == 1 ? "" : "s",
           widths[width].label);
  return WD_OK;
}
