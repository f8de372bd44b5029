#include "solver/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool wd_size_mul(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

void *wd_alloc(size_t count, size_t size) {
  size_t bytes;
  if (!wd_size_mul(count, size, &bytes) || bytes > SIZE_MAX / 2) return NULL;
  bytes = (bytes + WD_ALIGNMENT - 1) / WD_ALIGNMENT * WD_ALIGNMENT;
  return aligned_alloc(WD_ALIGNMENT, bytes ? bytes : WD_ALIGNMENT);
}

void *wd_calloc(size_t count, size_t size) {
  void *p = wd_alloc(count, size);
  if (p) memset(p, 0, count * size);
  return p;
}

void wd_free(void *pointer) {
  free(pointer);
}

size_t wd_memory_available(void) {
  FILE *f = fopen("/proc/meminfo", "r");
  if (!f) return 0;
  char line[128];
  unsigned long long kib = 0;
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) break;
  fclose(f);
  return (size_t)kib * 1024;
}

wd_status wd_memory_check(size_t count, size_t size, const char *what, const char *advice, wd_error *err) {
  enum { SMALL = 32 << 20 }; /* not worth asking the system */
  size_t bytes;
  bool fits = wd_size_mul(count, size, &bytes);
  if (fits && bytes <= SMALL) return WD_OK;
  size_t available = wd_memory_available();
  if (fits && (!available || bytes <= available)) return WD_OK;
  return wd_fail(err, WD_ERR_NO_MEMORY, "%s would take %.1f GB of memory and %.1f GB are free; %s", what,
                 1e-9 * (double)count * (double)size, 1e-9 * (double)available, advice);
}
