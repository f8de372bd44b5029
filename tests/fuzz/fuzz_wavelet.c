/* The wavelet reader: text or .npy, chosen by the bytes. The first byte is the column asked for. */
#include "solver/memory.h"
#include "solver/survey.h"
#include "solver/wavelet_file.h"
#include "tests/fuzz/input.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  float *value = NULL;
  int samples = 0;
  wd_error err = {0};
  if (wd_wavelet_read(fuzz_file(data + 1, size - 1), data[0] & 3, &value, &samples, &err) != WD_OK) {
    if (value || !err.message[0]) abort();
    return 0;
  }
  if (samples < 1 || samples > WD_MAX_SAMPLES) abort();
  for (int i = 0; i < samples; i++)
    if (!isfinite(value[i])) abort();
  wd_free(value);
  return 0;
}
