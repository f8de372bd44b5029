#include "solver/gather.h"

#include "solver/memory.h"

#include <string.h>

wd_status wd_gather_create(int shots, int samples, int receivers, double dt, wd_gather *out, wd_error *err) {
  if (shots < 1 || samples < 1 || receivers < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "gathers of %d shots, %d samples, %d receivers cannot be made",
                   shots, samples, receivers);
  size_t count;
  float *value = NULL;
  if (wd_size_mul((size_t)shots * (size_t)samples, (size_t)receivers, &count))
    value = wd_calloc(count, sizeof *value);
  if (!value)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for gathers of %d shots, %d samples, %d receivers",
                   shots, samples, receivers);
  *out = (wd_gather){.shots = shots, .samples = samples, .receivers = receivers, .dt = dt, .value = value};
  return WD_OK;
}

void wd_gather_clear(wd_gather *gather) {
  if (!gather) return;
  wd_free(gather->value);
  *gather = (wd_gather){0};
}

void wd_gather_zero_last(wd_gather *gather) {
  for (int s = 0; s < gather->shots; s++)
    memset(gather->value + ((size_t)s * (size_t)gather->samples + (size_t)gather->samples - 1) *
                               (size_t)gather->receivers,
           0, sizeof(float) * (size_t)gather->receivers);
}
