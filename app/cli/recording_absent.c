/* A build without GLib: no recordings. */
#include "app/cli/recording.h"

bool recording_recognise(const char *path) {
  (void)path;
  return false;
}

static wd_status absent(const char *path, wd_error *err) {
  return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: this build was made without GLib and opens no recordings",
                 path);
}

wd_status recorded_open(const char *path, int branch, int step, recorded *out, wd_error *err) {
  (void)branch, (void)step, (void)out;
  return absent(path, err);
}

void recorded_clear(recorded *r) {
  (void)r;
}

bool recorded_pair(const recorded *r, size_t i, wd_map *map, wd_gather *gather) {
  (void)r, (void)i, (void)map, (void)gather;
  return false;
}

wd_status recording_describe(cli *c, const char *path, wd_error *err) {
  (void)c;
  return absent(path, err);
}

wd_status recorded_data(const char *path, size_t one, int most, float **out, int *count, wd_error *err) {
  (void)one, (void)most, (void)out, (void)count;
  return absent(path, err);
}
