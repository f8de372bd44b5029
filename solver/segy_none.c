/* SEG-Y in a build without segyio. */
#include "solver/segy.h"

static wd_status absent(const char *path, wd_error *err) {
  return wd_fail(
      err, WD_ERR_UNSUPPORTED,
      "%s: this build knows no SEG-Y: install the package libsegyio-dev (segyio-devel) and build again "
      "with -Dsegyio=enabled",
      path);
}

bool wd_segy_available(void) {
  return false;
}

wd_status wd_segy_inspect(const char *path, const wd_segy_read *how, wd_segy_info *out, wd_error *err) {
  (void)how, (void)out;
  return absent(path, err);
}

wd_status wd_segy_read_gather(const char *path, const wd_segy_read *how, wd_gather *out,
                              wd_segy_trace **trace, wd_error *err) {
  (void)how, (void)out, (void)trace;
  return absent(path, err);
}

wd_status wd_segy_read_map(const char *path, const wd_segy_read *how, wd_map *out, wd_error *err) {
  (void)how, (void)out;
  return absent(path, err);
}

wd_status wd_segy_write_gather(const char *path, const wd_gather *gather, const wd_survey *survey,
                               wd_segy_sample sample, wd_error *err) {
  (void)gather, (void)survey, (void)sample;
  return absent(path, err);
}

wd_status wd_segy_write_map(const char *path, const wd_map *map, wd_segy_sample sample, wd_error *err) {
  (void)map, (void)sample;
  return absent(path, err);
}
