/* The reference propagation: OpenFWI's own bits, stepping, cancelling, refusals. */
#include "solver/memory.h"
#include "solver/wave.h"
#include "solver/wave_plan.h"
#include "tests/instrumented.h"
#include "tests/solver/shared_pair.h"
#include "tests/tap.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static wd_device *open_device(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  if (wd_device_open(spec, &d, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  return d;
}

static void real_pair(const char *spec) {
  enum { N = 5 * 1000 * 70 };
  static float velocity[4900], seismic[N];
  if (!shared_floats("openfwi_cf0_velocity.npy", 4900, velocity) ||
      !shared_floats("openfwi_cf0_seismic.npy", N, seismic)) {
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

typedef struct delayed {
  atomic_bool flag;
  long nanoseconds;
} delayed;

static void *raise_flag(void *arg) {
  delayed *d = arg;
  nanosleep(&(struct timespec){.tv_nsec = d->nanoseconds}, NULL);
  atomic_store(&d->flag, true);
  return NULL;
}

/* One step of all shots takes longer than a cancel may: calls that end in the middle of one must add up to
 * the same bits, snapshots on the way included. */
static void cancelling_within_a_step(const char *spec, int shots, wd_wave_desc desc, const char *what) {
  enum { SIDE = 300, STEPS = 6 };
  wd_device *d = open_device(spec);
  wd_survey *s = NULL;
  wd_map map = {0};
  wd_wave *want = NULL, *w = NULL;
  wd_error err = {0};
  wd_survey_create(&(wd_survey_desc){.nz = SIDE, .nx = SIDE, .samples = STEPS, .shots = shots}, &s, &err);
  wd_map_create(SIDE, SIDE, 10, &map, NULL);
  for (int i = 0; i < SIDE * SIDE; i++) map.value[i] = 2000.0f + (float)(i / SIDE);
  bool ok = !wd_wave_create(d, s, &desc, &map, &want, &err) && !wd_wave_create(d, s, &desc, &map, &w, &err);
  int cancelled = 0, within = 0;
  ok = ok && !wd_wave_step(w, 1, NULL, &err); /* at rest a cancelled step starts anew */
  bool same = ok;
  for (int call = 0; ok && wd_wave_time(w) < STEPS; call++) {
    delayed cancel = {.nanoseconds = 200000L * (1 + call % 20)};
    pthread_t thread;
    bool armed = call < 40 && pthread_create(&thread, NULL, raise_flag, &cancel) == 0;
    int before = wd_wave_time(w);
    wd_status st = wd_wave_step(w, STEPS, &(wd_hooks){.cancel = &cancel.flag}, &err);
    if (armed) pthread_join(thread, NULL);
    ok = !st || st == WD_CANCELLED;
    cancelled += st == WD_CANCELLED;
    within += st == WD_CANCELLED && wd_wave_time(w) == before;
    ok = ok && !wd_wave_step(want, wd_wave_time(w) - wd_wave_time(want), NULL, &err);
    for (int shot = 0; ok && shot < shots; shot += shots - 1) {
      wd_map a = {0}, b = {0};
      ok = !wd_wave_snapshot(w, 0, shot, true, &a, &err) && !wd_wave_snapshot(want, 0, shot, true, &b, &err);
      if (!ok) break;
      same = same && memcmp(a.value, b.value, sizeof(float) * (size_t)a.nz * (size_t)a.nx) == 0;
      wd_map_clear(&a);
      wd_map_clear(&b);
    }
  }
  const wd_gather *g = ok ? wd_wave_gather(w, 0) : NULL;
  tap_ok(ok && same &&
             memcmp(g->value, wd_wave_gather(want, 0)->value, sizeof(float) * wd_gather_count(g)) == 0,
         "%s: cancelled %d times, %d of them within a step: the same snapshots and gathers %s", what,
         cancelled, within, err.message);
  wd_wave_destroy(w);
  wd_wave_destroy(want);
  wd_map_clear(&map);
  wd_survey_destroy(s);
  wd_device_close(d);
}

static void raise_at_once(void *flag, double fraction) {
  (void)fraction;
  atomic_store((atomic_bool *)flag, true);
}

/* A run that is cancelled takes nothing from what a stepwise state has recorded. */
static void cancelled_run(const char *spec) {
  small t = small_setup(spec, 20, 24, 120);
  wd_wave *whole = NULL, *w = NULL;
  wd_error err = {0};
  atomic_bool cancel = false;
  wd_hooks hooks = {.cancel = &cancel, .progress = raise_at_once, .user = &cancel};
  bool ok = !wd_wave_create(t.device, t.survey, NULL, &t.map, &whole, &err) &&
            !wd_wave_run(whole, NULL, &err) && !wd_wave_create(t.device, t.survey, NULL, &t.map, &w, &err) &&
            !wd_wave_step(w, 100, NULL, &err) && wd_wave_run(w, &hooks, &err) == WD_CANCELLED &&
            wd_wave_time(w) == 100 && !wd_wave_step(w, 100, NULL, &err);
  const wd_gather *a = ok ? wd_wave_gather(whole, 0) : NULL;
  tap_ok(ok && memcmp(a->value, wd_wave_gather(w, 0)->value, sizeof(float) * wd_gather_count(a)) == 0,
         "%s: a cancelled run between steps leaves the gathers as they are", spec);
  wd_wave_destroy(whole);
  wd_wave_destroy(w);
  small_clear(&t);
}

/* What would not fit into memory is refused before the system kills the process, and what no index can hold.
 */
static void too_large(const char *spec) {
  enum { SIDE = WD_MAP_MAX_SIDE };
  if (!wd_memory_available() || wd_memory_available() > (size_t)30 << 30) {
    tap_skip("%s: this machine has the memory for 1000 shots on %d x %d cells", spec, (int)SIDE, (int)SIDE);
    return;
  }
  wd_device *d = open_device(spec);
  wd_survey *s = NULL;
  wd_map map = {0};
  wd_wave *w = NULL;
  wd_error err = {0};
  wd_survey_desc desc = {.nz = SIDE, .nx = SIDE, .shots = 1000, .samples = 5};
  wd_map_create(SIDE, SIDE, 10, &map, NULL);
  for (int i = 0; i < SIDE * SIDE; i++) map.value[i] = 2000;
  wd_survey_create(&desc, &s, &err);
  wd_status st = wd_wave_create(d, s, NULL, &map, &w, &err);
  if (!st) st = wd_wave_step(w, 1, NULL, &err);
  tap_ok(st == WD_ERR_NO_MEMORY && w && wd_wave_time(w) == 0, "%s: 1000 shots on %d x %d cells: %s", spec,
         (int)SIDE, (int)SIDE, err.message);
  wd_wave_destroy(w);
  wd_survey_destroy(s);
  s = NULL;
  w = NULL;
  desc.samples = WD_MAX_SAMPLES;
  wd_survey_create(&desc, &s, &err);
  st = wd_wave_create(d, s, NULL, &map, &w, &err);
  tap_ok(st == WD_ERR_NO_MEMORY && !w, "%s: and their gathers of %d samples: %s", spec, (int)WD_MAX_SAMPLES,
         err.message);
  wd_survey_destroy(s);
  s = NULL;
  wd_survey_create(&(wd_survey_desc){.nz = INT_MAX}, &s, &err);
  st = wd_wave_create(d, s, NULL, &map, &w, &err);
  tap_ok(st == WD_ERR_SHAPE && !w, "%s: %s", spec, err.message);
  wd_survey_destroy(s);
  wd_map_clear(&map);
  wd_device_close(d);
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

/* The sampling check looks at the whole of a given wavelet. */
static void wavelets(void) {
  enum { N = 9000 };
  static float w[N];
  wd_survey *s = NULL;
  wd_error err = {0};
  wd_survey_desc desc = {.samples = N, .wavelet = w, .wavelet_samples = N};
  tap_ok(wd_survey_create(&desc, &s, &err) == WD_ERR_ARGUMENT && !s, "silence: %s", err.message);
  wd_ricker(15, 0.001, N - 6000, w + 6000);
  wd_survey_create(&desc, &s, &err);
  double late = s ? s->max_frequency : NAN;
  wd_survey_destroy(s);
  memmove(w, w + 6000, 3000 * sizeof *w);
  memset(w + 3000, 0, 6000 * sizeof *w);
  s = NULL;
  wd_survey_create(&desc, &s, &err);
  double early = s ? s->max_frequency : NAN;
  tap_ok(fabs(late - early) < 1e-9 && early > 30 && early < 37.5,
         "a Ricker wavelet of 15 Hz ends at %.2f Hz, 6 s later at %.2f Hz", early, late);
  wd_survey_destroy(s);
  wd_ricker(60, 0.001, 3000, w + 6000);
  s = NULL;
  wd_survey_create(&desc, &s, &err);
  tap_ok(s && s->max_frequency > 120, "one of 60 Hz added at the end is seen: %.1f Hz",
         s ? s->max_frequency : 0);
  wd_survey_destroy(s);
  s = NULL;
  desc.samples = 50; /* shorter than the wavelet */
  desc.wavelet_samples = 147;
  tap_ok(wd_survey_create(&desc, &s, &err) == WD_OK && s->samples == 50 && s->wavelet[49] == w[49],
         "a wavelet longer than the recording is cut");
  wd_survey_destroy(s);
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
  wavelets();
  if (!WD_INSTRUMENTED) real_pair("reference"); /* its loops run below too */
  stepwise("reference", (wd_wave_desc){0}, "exact");
  stepwise("check", (wd_wave_desc){.absorb = 100, .order = 8}, "order 8");
  stepwise("check", (wd_wave_desc){.absorb = 100, .free_surface = true}, "free surface");
  stepwise("check", (wd_wave_desc){.mode = WD_WAVE_LIVE}, "live");
  stepwise("check", (wd_wave_desc){.mode = WD_WAVE_LIVE, .free_surface = true, .order = 8},
           "live, free surface, order 8");
  cancelling();
  cancelling_within_a_step("reference", 10, (wd_wave_desc){0}, "reference, sponge");
  cancelling_within_a_step("reference", 8, (wd_wave_desc){.mode = WD_WAVE_LIVE, .order = 8},
                           "reference, live, order 8");
  cancelling_within_a_step("cpu:3", 160, (wd_wave_desc){0}, "cpu:3, 160 shots");
  cancelled_run("reference");
  cancelled_run("cpu:1");
  too_large("reference");
  too_large("cpu");
  refusals();
  return tap_done();
}
