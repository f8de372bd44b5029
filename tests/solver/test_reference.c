/* The reference propagation: OpenFWI's own bits, stepping, cancelling, refusals. */
#include "solver/memory.h"
#include "solver/wave.h"
#include "solver/wave_plan.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static wd_device *open_device(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  if (wd_device_open(spec, &d, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  return d;
}

/* The payload of a version 1 .npy file of `count` floats, read plainly: this test must not lean on the
 * reader. */
static bool read_floats(const char *name, size_t count, float *out) {
  const char *folder = getenv("WD_SHARED_DATA");
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder ? folder : WD_DEFAULT_SHARED_DATA, name);
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  bool ok =
      fseek(f, -(long)(count * sizeof(float)), SEEK_END) == 0 && fread(out, sizeof(float), count, f) == count;
  fclose(f);
  return ok;
}

static void real_pair(const char *spec) {
  enum { N = 5 * 1000 * 70 };
  static float velocity[4900], seismic[N];
  if (!read_floats("openfwi_cf0_velocity.npy", 4900, velocity) ||
      !read_floats("openfwi_cf0_seismic.npy", N, seismic)) {
    tap_skip("the OpenFWI pair is not here (WD_SHARED_DATA)");
    return;
  }
  wd_device *d = open_device(spec);
  wd_survey *s = NULL;
  wd_wave *w = NULL;
  wd_error err = {0};
  wd_map map = {70, 70, 10, velocity};
  wd_survey_create(&(wd_survey_desc){0}, &s, &err);
  wd_status st = wd_wave_create(d, s, NULL, &map, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  if (tap_ok(st == WD_OK, "%s: the real map is simulated %s", spec, err.message)) {
    const wd_gather *g = wd_wave_gather(w, 0);
    int same = 0, all = 0;
    for (int i = 0; i < N; i++) {
      if (i / 70 % 1000 == 999) continue; /* zero in the released file */
      all++;
      same += memcmp(&g->value[i], &seismic[i], 4) == 0;
    }
    tap_ok(same == all && all == 349650, "%s: %d of %d samples identical to OpenFWI's, to the last bit", spec,
           same, all);
  }
  wd_wave_destroy(w);
  wd_survey_destroy(s);
  wd_device_close(d);
}

typedef struct small {
  wd_device *device;
  wd_survey *survey;
  wd_map map;
} small;

static small small_setup(const char *spec, int nz, int nx, int samples) {
  small t = {.device = open_device(spec)};
  wd_survey_create(&(wd_survey_desc){.nz = nz, .nx = nx, .samples = samples, .shots = 2}, &t.survey, NULL);
  wd_map_create(nz, nx, 10, &t.map, NULL);
  for (int i = 0; i < nz * nx; i++) t.map.value[i] = 2000.0f + (float)(i / nx) * 30 + (float)(i % 7) * 20;
  return t;
}

static void small_clear(small *t) {
  wd_map_clear(&t->map);
  wd_survey_destroy(t->survey);
  wd_device_close(t->device);
}

static void stepwise(const char *spec, wd_wave_desc desc, const char *what) {
  small t = small_setup(spec, 20, 24, 120);
  wd_wave *run = NULL, *step = NULL;
  wd_error err = {0};
  bool ok = !wd_wave_create(t.device, t.survey, &desc, &t.map, &run, &err) && !wd_wave_run(run, NULL, &err) &&
            !wd_wave_create(t.device, t.survey, &desc, &t.map, &step, &err);
  for (int n = 1; ok && wd_wave_time(step) < 120; n = n * 2 + 1) ok = !wd_wave_step(step, n, NULL, &err);
  if (tap_ok(ok, "%s, %s: runs %s", spec, what, err.message)) {
    const wd_gather *a = wd_wave_gather(run, 0), *b = wd_wave_gather(step, 0);
    tap_ok(memcmp(a->value, b->value, sizeof(float) * wd_gather_count(a)) == 0,
           "%s, %s: steps in odd chunks give the bits of one run", spec, what);
    wd_map field = {0};
    ok = !wd_wave_snapshot(step, 0, 1, false, &field, &err);
    float record = a->value[(1 * 120 + 119) * 24 + 5];
    tap_ok(ok && field.nz == 20 && field.nx == 24 && field.value[24 + 5] == record && record != 0,
           "%s, %s: the snapshot holds what the receiver recorded", spec, what);
    wd_map_clear(&field);
  }
  wd_wave_destroy(run);
  wd_wave_destroy(step);
  small_clear(&t);
}

static void cancelling(void) {
  small t = small_setup("reference", 20, 24, 120);
  wd_wave *w = NULL;
  wd_error err = {0};
  atomic_bool cancel = true;
  wd_hooks hooks = {.cancel = &cancel};
  wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err);
  tap_ok(wd_wave_run(w, &hooks, &err) == WD_CANCELLED, "a cancelled run says so");
  wd_wave_step(w, 40, NULL, &err);
  tap_ok(wd_wave_step(w, 40, &hooks, &err) == WD_CANCELLED && wd_wave_time(w) == 40,
         "a cancelled step leaves the time where it was");
  cancel = false;
  tap_ok(wd_wave_step(w, 1000, &hooks, &err) == WD_OK && wd_wave_time(w) == 120, "and goes on from there");
  wd_wave_destroy(w);
  small_clear(&t);
}

static void refusals(void) {
  small t = small_setup("reference", 20, 24, 50);
  wd_wave *w = NULL;
  wd_error err = {0};
  float keep = t.map.value[100];
  t.map.value[100] = 6500;
  tap_ok(wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err) == WD_ERR_ARGUMENT &&
             strstr(err.message, "unstable") && !w,
         "too fast for the time step: %s", err.message);
  t.map.value[100] = 800;
  tap_ok(wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err) == WD_ERR_ARGUMENT &&
             strstr(err.message, "badly sampled"),
         "too slow for the cells: %s", err.message);
  t.map.value[100] = NAN;
  tap_ok(wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err) == WD_ERR_FORMAT &&
             strstr(err.message, "row 4"),
         "NaN: %s", err.message);
  t.map.value[100] = keep;
  t.map.spacing = 5;
  tap_ok(wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err) == WD_ERR_SHAPE, "spacing: %s",
         err.message);
  t.map.spacing = 10;
  tap_ok(wd_wave_create(t.device, t.survey, &(wd_wave_desc){.order = 6}, &t.map, &w, &err) == WD_ERR_ARGUMENT,
         "order: %s", err.message);
  wd_survey *s = NULL;
  tap_ok(wd_survey_create(&(wd_survey_desc){.source = &(wd_cell){70, 3}, .n_sources = 1}, &s, &err) ==
             WD_ERR_ARGUMENT,
         "source outside: %s", err.message);
  wd_device *d = NULL;
  tap_ok(wd_device_open("gpu", &d, &err) == WD_ERR_ARGUMENT && !d, "device: %s", err.message);
  small_clear(&t);
}

static void defaults(void) {
  int column[5];
  wd_survey_spread(70, 5, column);
  tap_ok(column[0] == 0 && column[1] == 17 && column[2] == 34 && column[3] == 52 && column[4] == 69,
         "five sources over 70 columns stand at 0, 17, 34, 52, 69");
  wd_survey_spread(190, 5, column);
  tap_ok(column[1] == 47 && column[2] == 94 && column[3] == 142 && column[4] == 189,
         "five sources over 190 columns stand at 0, 47, 94, 142, 189");
  float w[200];
  wd_ricker(15, 0.001, 200, w);
  tap_ok(w[73] == 1 && w[72] == w[74] && w[146] != 0 && w[147] == 0,
         "the Ricker wavelet: 147 samples, centred at 73");
  tap_ok(fabs(wd_cfl_limit(4, 0) - 0.612) < 5e-4, "CFL limit of order 4 without damping: %.4f",
         wd_cfl_limit(4, 0));
}

int main(void) {
  defaults();
  real_pair("reference");
  stepwise("reference", (wd_wave_desc){0}, "exact");
  stepwise("check", (wd_wave_desc){.absorb = 100, .order = 8}, "order 8");
  stepwise("check", (wd_wave_desc){.absorb = 100, .free_surface = true}, "free surface");
  stepwise("check", (wd_wave_desc){.mode = WD_WAVE_LIVE}, "live");
  stepwise("check", (wd_wave_desc){.mode = WD_WAVE_LIVE, .free_surface = true, .order = 8},
           "live, free surface, order 8");
  cancelling();
  refusals();
  return tap_done();
}
