/* What the physics tests share: a device, one simulation in one call, relative differences. They run on "cpu"
 * unless WD_TEST_DEVICE names another device. */
#ifndef WD_TESTS_PHYSICS_H
#define WD_TESTS_PHYSICS_H

#include "solver/gather.h"
#include "solver/memory.h"
#include "solver/wave.h"
#include "tests/solver/shared_pair.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((unused)) static wd_device *physics_device(void) {
  const char *spec = getenv("WD_TEST_DEVICE");
  wd_device *d = NULL;
  wd_error err = {0};
  if (wd_device_open(spec ? spec : "cpu", &d, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  printf("# on %s\n", wd_device_get_info(d)->name);
  return d;
}

/* The gathers of one map; ends the program when the set-up is refused, which here is a mistake in the test.
 */
__attribute__((unused)) static wd_gather physics_run(wd_device *d, const wd_survey_desc *survey,
                                                     const wd_wave_desc *wave, const wd_map *velocity) {
  wd_survey *s = NULL;
  wd_wave *w = NULL;
  wd_gather out = {0};
  wd_error err = {0};
  wd_status st = wd_survey_create(survey, &s, &err);
  if (!st) st = wd_wave_create(d, s, wave, velocity, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  if (!st) st = wd_gather_create(s->shots, s->samples, s->receivers, s->dt, &out, &err);
  if (st) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  memcpy(out.value, wd_wave_gather(w, 0)->value, sizeof(float) * wd_gather_count(&out));
  wd_wave_destroy(w);
  wd_survey_destroy(s);
  return out;
}

/* ||a - b|| / ||b||, every sample. */
__attribute__((unused)) static double physics_difference(const float *a, const float *b, size_t count) {
  double dd = 0, bb = 0;
  for (size_t i = 0; i < count; i++) {
    double d = (double)a[i] - (double)b[i];
    dd += d * d;
    bb += (double)b[i] * (double)b[i];
  }
  return sqrt(dd / bb);
}

__attribute__((unused)) static wd_map physics_map(int nz, int nx, double spacing, float velocity) {
  wd_map m = {0};
  if (wd_map_create(nz, nx, spacing, &m, NULL)) exit(1);
  for (int i = 0; i < nz * nx; i++) m.value[i] = velocity;
  return m;
}

#endif
