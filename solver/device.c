#include "solver/device.h"

#include "solver/device_impl.h"
#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "name" or "name:number"; number is -1 where it is not given. */
static bool parse(const char *spec, const char *name, int *number) {
  size_t n = strlen(name);
  *number = -1;
  if (strncmp(spec, name, n) != 0) return false;
  if (spec[n] == 0) return true;
  if (spec[n] != ':' || spec[n + 1] < '0' || spec[n + 1] > '9') return false;
  char *end;
  long value = strtol(spec + n + 1, &end, 10);
  if (*end || value > 4096) return false;
  *number = (int)value;
  return true;
}

static void open_reference(wd_device *d, bool check) {
  d->info = (wd_device_info){.kind = check ? WD_DEVICE_CHECK : WD_DEVICE_REFERENCE,
                             .threads = 1,
                             .lanes = 1,
                             .memory = wd_memory_available()};
  d->wave = &wd_wave_ops_reference;
  snprintf(d->info.spec, sizeof d->info.spec, "%s", check ? "check" : "reference");
  snprintf(d->info.name, sizeof d->info.name, "%s",
           check ? "check: reference kernels on guarded memory, 1 thread"
                 : "reference: plain loops, 1 thread");
}

wd_status wd_device_open(const char *spec, wd_device **out, wd_error *err) {
  if (!spec) spec = "auto";
  wd_device *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a device");
  wd_status st = WD_OK;
  int number;
  if (strcmp(spec, "reference") == 0)
    open_reference(d, false);
  else if (strcmp(spec, "check") == 0)
    open_reference(d, true);
  else if (parse(spec, "cpu", &number)) {
    if (number == 0)
      st = wd_fail(err, WD_ERR_ARGUMENT, "device \"%s\": the number of threads is at least 1", spec);
    else
      st = wd_device_open_cpu(d, number > 0 ? number : wd_cores(), err);
  } else if (parse(spec, "cuda", &number))
    st = wd_device_open_cuda(d, number > 0 ? number : 0, err);
  else if (strcmp(spec, "auto") == 0) {
    if (wd_device_cuda_count(NULL) > 0)
      st = wd_device_open_cuda(d, 0, err);
    else
      st = wd_device_open_cpu(d, wd_cores(), err);
  } else
    st = wd_fail(err, WD_ERR_ARGUMENT,
                 "no device is called \"%s\": auto, cpu, cpu:N (threads), cuda, cuda:N (device), reference "
                 "and check are "
                 "known",
                 spec);
  if (st) {
    wd_device_close(d);
    return st;
  }
  *out = d;
  return WD_OK;
}

void wd_device_close(wd_device *d) {
  if (!d) return;
  if (d->close) d->close(d);
  wd_pool_destroy(d->pool);
  wd_free(d);
}

const wd_device_info *wd_device_get_info(const wd_device *d) {
  return &d->info;
}

void wd_device_list(char *text, size_t size) {
  size_t used = 0;
  if (size) text[0] = 0;
  wd_error err = {0};
  int gpus = wd_device_cuda_count(&err);
  for (int i = -3; i < (gpus > 0 ? gpus : 1); i++) {
    char spec[32];
    if (i < 0)
      snprintf(spec, sizeof spec, "%s", i == -3 ? "cpu" : i == -2 ? "reference" : "check");
    else
      snprintf(spec, sizeof spec, "cuda:%d", i);
    wd_device *d = NULL;
    wd_status st = wd_device_open(spec, &d, &err);
    int n =
        snprintf(text + used, size - used, "%s%s\n", st ? "not here: " : "", st ? err.message : d->info.name);
    wd_device_close(d);
    if (n < 0 || (size_t)n >= size - used) return;
    used += (size_t)n;
  }
}
