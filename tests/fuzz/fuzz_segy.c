/* The SEG-Y readers, with segyio behind them. The first byte of the input says what the caller overrules. */
#include "solver/memory.h"
#include "solver/segy.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  static const int format[8] = {0, 0, 0, 0, 1, 2, 3, 8};
  wd_segy_read how = {.format = format[data[0] & 7],
                      .samples = data[0] & 8 ? 1 + (data[0] >> 6) : 0,
                      .dt = data[0] & 16 ? 0.001 : 0,
                      .spacing = data[0] & 16 ? 10 : 0,
                      .shot = data[0] & 32 ? 1 + (data[0] >> 6) : 0};
  const char *path = fuzz_file(data + 1, size - 1);
  wd_error err = {0};
  wd_segy_info info;
  if (wd_segy_inspect(path, &how, &info, &err) == WD_OK &&
      (info.samples < 1 || info.traces < 1 || info.shots < 1 || info.text[sizeof info.text - 1] != 0))
    abort();
  wd_gather gather = {0};
  wd_segy_trace *trace = NULL;
  if (wd_segy_read_gather(path, &how, &gather, &trace, &err) == WD_OK) {
    double sum = 0;
    for (size_t i = 0; i < wd_gather_count(&gather); i++) sum += (double)gather.value[i];
    for (int i = 0; i < gather.shots * gather.receivers; i++) sum += trace[i].offset;
    if (sum != sum) abort();
    wd_free(trace);
    wd_gather_clear(&gather);
  }
  wd_map map = {0};
  if (wd_segy_read_map(path, &how, &map, &err) == WD_OK) {
    if (wd_map_check_velocity(&map, "map", NULL)) abort();
    wd_map_clear(&map);
  }
  return 0;
}
