/* The cpu device against the reference, at every SIMD width of this machine: exact mode to the last bit, fast
 * and live mode within 1e-5; stepping, snapshots, cancelling; OpenFWI's own samples. */
#include "solver/random.h"
#include "solver/wave.h"
#include "tests/solver/shared_pair.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#  include <xmmintrin.h>
#endif

static const char *const widths[] = {"portable", "avx2", "avx512"};

/* NULL when this machine lacks the width. */
static wd_device *open_cpu(const char *width, int threads) {
  char spec[16];
  snprintf(spec, sizeof spec, "cpu:%d", threads);
  setenv("WAVEDIFFUSION_SIMD", width, 1);
  wd_device *d = NULL;
  wd_status st = wd_device_open(spec, &d, NULL);
  unsetenv("WAVEDIFFUSION_SIMD");
  return st ? NULL : d;
}

static unsigned fp_state(void) {
#if defined(__x86_64__)
  return _mm_getcsr() & 0x8040u;
#else
  return 0;
#endif
}

typedef struct shape {
  const char *what;
  int nz, nx, absorb, order;
  bool free_surface;
  int maps, shots, samples;
  float slow, fast;    /* velocities */
  double wavelet_gain; /* 0: Ricker */
} shape;

static const shape shapes[] = {
    {"70 x 70, 20 cells", 70, 70, 20, 4, false, 1, 5, 260, 1500, 3500, 0},
    {"16 x 16, 6 cells", 16, 16, 6, 4, false, 1, 3, 200, 1500, 1600, 0},
    {"17 x 31, 5 cells, 2 maps", 17, 31, 5, 4, false, 2, 3, 150, 1500, 2000, 0},
    {"33 x 19, order 8", 33, 19, 12, 8, false, 1, 4, 150, 1500, 3000, 0},
    {"slow 40 x 131, 30 cells", 40, 131, 30, 4, false, 1, 2, 700, 1500, 1700, 0},
    {"free surface 41 x 37", 41, 37, 20, 4, true, 2, 2, 300, 1500, 3500, 0},
    {"free surface 30 x 50, order 8", 30, 50, 11, 8, true, 1, 3, 200, 1500, 3000, 0},
    {"order 8, 3 maps, 7 shots", 45, 52, 21, 8, false, 3, 7, 60, 1500, 3500, 0},
    {"faint wavelet, all denormal", 30, 30, 10, 4, false, 1, 2, 250, 1500, 2500, 1e-41},
    {"fading wavelet", 30, 44, 10, 4, false, 1, 2, 250, 1500, 2500, 1e-33},
    {"strong wavelet", 30, 30, 10, 4, false, 1, 2, 120, 1500, 2500, 1e15},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct problem {
  wd_survey *survey;
  wd_map map[3];
  wd_wave_desc desc;
  size_t values; /* of all gathers */
} problem;

/* Layered maps with a step in them; sources and receivers on corners, edges and at random. */
static problem make(const shape *s, wd_wave_mode mode, uint64_t seed) {
  problem p = {.desc = {.mode = mode,
                        .absorb = s->absorb,
                        .order = s->order,
                        .free_surface = s->free_surface,
                        .maps = s->maps}};
  wd_random rng = wd_random_make(seed, 77);
  for (int m = 0; m < s->maps; m++) {
    wd_map_create(s->nz, s->nx, 10, &p.map[m], NULL);
    for (int z = 0; z < s->nz; z++) {
      float left = s->slow + (s->fast - s->slow) * (float)wd_random_uniform(&rng);
      float right = s->slow + (s->fast - s->slow) * (float)wd_random_uniform(&rng);
      for (int x = 0; x < s->nx; x++) p.map[m].value[z * s->nx + x] = x * 2 < s->nx ? left : right;
    }
  }
  wd_cell source[8], receiver[23];
  int first_row = s->free_surface ? 1 : 0;
  for (int i = 0; i < s->shots; i++) {
    const wd_cell corner[] = {{first_row, 0}, {s->nz - 1, s->nx - 1}, {s->nz - 1, 0}};
    source[i] = i < 3 ? corner[i]
                      : (wd_cell){first_row + (int)(wd_random_uniform(&rng) * (s->nz - first_row)),
                                  (int)(wd_random_uniform(&rng) * s->nx)};
  }
  for (int i = 0; i < 23; i++)
    receiver[i] =
        i == 0   ? (wd_cell){0, 0}
        : i == 1 ? (wd_cell){s->nz - 1, s->nx - 1}
        : i == 2 ? (wd_cell){0, s->nx - 1}
                 : (wd_cell){(int)(wd_random_uniform(&rng) * s->nz), (int)(wd_random_uniform(&rng) * s->nx)};
  float wavelet[1000];
  wd_survey_desc d = {.nz = s->nz,
                      .nx = s->nx,
                      .samples = s->samples,
                      .source = source,
                      .n_sources = s->shots,
                      .receiver = receiver,
                      .n_receivers = 23};
  if (s->wavelet_gain > 0) {
    wd_ricker(15, 0.001, s->samples, wavelet);
    for (int i = 0; i < s->samples; i++) wavelet[i] = (float)((double)wavelet[i] * s->wavelet_gain);
    d.wavelet = wavelet;
    d.wavelet_samples = s->samples;
  }
  wd_error err = {0};
  if (wd_survey_create(&d, &p.survey, &err)) tap_ok(false, "%s: survey: %s", s->what, err.message);
  p.values = (size_t)s->shots * (size_t)s->samples * 23;
  return p;
}

static void drop(problem *p) {
  wd_survey_destroy(p->survey);
  for (int m = 0; m < 3; m++) wd_map_clear(&p->map[m]);
}

/* All gathers, map after map; NULL (and a failed point) when something fails. */
static float *gathers(const problem *p, wd_device *d, const char *what) {
  wd_wave *w = NULL;
  wd_error err = {0};
  wd_status st = wd_wave_create(d, p->survey, &p->desc, p->map, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  float *all = NULL;
  if (st)
    tap_ok(false, "%s: %s", what, err.message);
  else {
    all = malloc(sizeof(float) * p->values * (size_t)p->desc.maps);
    for (int m = 0; m < p->desc.maps; m++)
      memcpy(all + p->values * (size_t)m, wd_wave_gather(w, m)->value, sizeof(float) * p->values);
  }
  wd_wave_destroy(w);
  return all;
}

static double relative(const float *a, const float *b, size_t n) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < n; i++) {
    double d = (double)a[i] - (double)b[i];
    difference += d * d;
    norm += (double)b[i] * (double)b[i];
  }
  return sqrt(difference / norm);
}

static void against_reference(const shape *s, wd_wave_mode mode) {
  problem p = make(s, mode, 5);
  problem spec = p; /* fast mode is measured against exact mode */
  if (mode == WD_WAVE_FAST) spec.desc.mode = WD_WAVE_EXACT;
  wd_device *ref = NULL;
  wd_device_open("reference", &ref, NULL);
  float *want = gathers(&spec, ref, s->what);
  wd_device_close(ref);
  size_t n = p.values * (size_t)p.desc.maps;
  float *first = NULL; /* fast and live: the same whatever the threads */
  for (int i = 0; want && i < 3; i++) {
    free(first);
    first = NULL;
    for (int threads = 1; threads <= 3; threads++) {
      wd_device *d = open_cpu(widths[i], threads);
      if (!d) {
        if (threads == 1)
          tap_skip("%s, %s: this machine has no %s", s->what, wd_wave_mode_name(mode), widths[i]);
        continue;
      }
      unsigned before = fp_state();
      float *got = gathers(&p, d, s->what);
      bool kept = fp_state() == before;
      wd_device_close(d);
      if (!got) continue;
      char what[160];
      snprintf(what, sizeof what, "%s, %s, %s, %d threads", s->what, wd_wave_mode_name(mode), widths[i],
               threads);
      if (mode == WD_WAVE_EXACT) {
        size_t same = 0;
        for (size_t k = 0; k < n; k++) same += memcmp(&got[k], &want[k], 4) == 0;
        tap_ok(same == n && kept, "%s: %zu of %zu samples identical", what, same, n);
      } else if (!first) {
        tap_at_most(relative(got, want, n), 1e-5, what);
        first = got;
        got = NULL;
      } else
        tap_ok(memcmp(got, first, sizeof(float) * n) == 0 && kept, "%s: the same as with 1 thread", what);
      free(got);
    }
  }
  free(first);
  free(want);
  drop(&p);
}

/* Steps in odd chunks, with snapshots against the reference's, must end in what run gives. */
static void stepping(wd_wave_mode mode, bool free_surface, int order, const char *width, int threads) {
  shape s = {"stepping", 37, 45, 15, order, free_surface, 2, 3, 230, 1500, 3000, 0};
  problem p = make(&s, mode, 9);
  wd_device *d = open_cpu(width, threads), *rd = NULL;
  if (!d) {
    tap_skip("stepping: this machine has no %s", width);
    drop(&p);
    return;
  }
  wd_device_open("reference", &rd, NULL);
  wd_wave *w = NULL, *r = NULL;
  wd_error err = {0};
  wd_wave_create(d, p.survey, &p.desc, p.map, &w, &err);
  wd_wave_create(rd, p.survey, &p.desc, p.map, &r, &err);
  static const int chunk[] = {1, 3, 2, 7, 1, 41, 5, 64, 1000};
  float *whole = gathers(&p, d, "stepping");
  double worst = 0;
  bool identical = true, ok = true;
  for (int round = 0; round < 2; round++) { /* the second after a rewind, with a run in between */
    for (int i = 0; i < 9; i++) {
      ok = ok && !wd_wave_step(w, chunk[i], NULL, &err) && !wd_wave_step(r, chunk[i], NULL, &err);
      if (round == 0 && i == 5) ok = ok && !wd_wave_run(w, NULL, &err) && wd_wave_time(w) == 55;
      for (int shot = 0; ok && shot < 3; shot++) {
        wd_map a = {0}, b = {0};
        ok = !wd_wave_snapshot(w, 1, shot, true, &a, &err) && !wd_wave_snapshot(r, 1, shot, true, &b, &err);
        if (!ok) break;
        size_t cells = (size_t)a.nz * (size_t)a.nx;
        identical = identical && memcmp(a.value, b.value, sizeof(float) * cells) == 0;
        double e = relative(a.value, b.value, cells);
        if (!(e <= worst)) worst = e;
        wd_map_clear(&a);
        wd_map_clear(&b);
      }
    }
    char what[160];
    snprintf(what, sizeof what, "%s order %d%s, %s, %d threads, round %d", wd_wave_mode_name(mode), order,
             free_surface ? " free surface" : "", width, threads, round + 1);
    tap_ok(ok && wd_wave_time(w) == 230, "%s: stepped to the end %s", what, err.message);
    if (mode == WD_WAVE_EXACT)
      tap_ok(identical, "%s: snapshots identical to the reference's, margins included", what);
    else
      tap_at_most(worst, mode == WD_WAVE_FAST ? 1e-4 : 1e-4, what);
    bool same = whole != NULL;
    for (int m = 0; same && m < 2; m++)
      same = memcmp(wd_wave_gather(w, m)->value, whole + p.values * (size_t)m, sizeof(float) * p.values) == 0;
    tap_ok(same, "%s: steps in odd chunks give what run gives, bit for bit", what);
    wd_wave_rewind(w);
    wd_wave_rewind(r);
  }
  free(whole);
  wd_wave_destroy(w);
  wd_wave_destroy(r);
  wd_device_close(d);
  wd_device_close(rd);
  drop(&p);
}

typedef struct stopper {
  atomic_bool cancel;
  int reports;
  double last;
  bool ordered;
} stopper;

static void stop_at_first(void *user, double fraction) {
  stopper *s = user;
  s->ordered = s->ordered && fraction >= s->last && fraction <= 1;
  s->last = fraction;
  if (++s->reports == 1) atomic_store(&s->cancel, true);
}

/* A cancelled call leaves one time for all shots, from which stepping goes on to the same end. */
static void cancelling(int threads) {
  shape s = {"cancelling", 90, 100, 60, 4, false, 1, 7, 600, 1500, 3000, 0};
  problem p = make(&s, WD_WAVE_EXACT, 3);
  wd_device *d = open_cpu("portable", threads);
  wd_wave *w = NULL;
  wd_error err = {0};
  wd_wave_create(d, p.survey, &p.desc, p.map, &w, &err);
  float *whole = gathers(&p, d, "cancelling");
  stopper stop = {.ordered = true};
  wd_hooks hooks = {.cancel = &stop.cancel, .progress = stop_at_first, .user = &stop};
  wd_status st = wd_wave_step(w, 600, &hooks, &err);
  int at = wd_wave_time(w);
  tap_ok(st == WD_CANCELLED && at > 0 && at < 600 && stop.ordered,
         "%d threads: step cancelled, status %d at %d", threads, st, at);
  atomic_store(&stop.cancel, false);
  st = wd_wave_step(w, 600, NULL, &err);
  tap_ok(!st && whole && memcmp(wd_wave_gather(w, 0)->value, whole, sizeof(float) * p.values) == 0,
         "%d threads: stepping on from there ends in the same gathers", threads);
  stop = (stopper){.ordered = true};
  st = wd_wave_run(w, &hooks, &err);
  tap_ok(st == WD_CANCELLED && stop.reports == 1 && stop.ordered, "%d threads: run cancelled, status %d",
         threads, st);
  st = wd_wave_run(w, NULL, &err);
  tap_ok(!st && whole && memcmp(wd_wave_gather(w, 0)->value, whole, sizeof(float) * p.values) == 0,
         "%d threads: the next run is whole", threads);
  free(whole);
  wd_wave_destroy(w);
  wd_device_close(d);
  drop(&p);
}

/* New maps on the same wave: no trace of the old ones. */
static void new_velocity(void) {
  shape s = {"new velocity", 30, 40, 12, 4, false, 1, 3, 120, 1500, 3000, 0};
  problem a = make(&s, WD_WAVE_EXACT, 1), b = make(&s, WD_WAVE_EXACT, 2);
  wd_device *d = open_cpu("portable", 2);
  wd_wave *w = NULL;
  wd_error err = {0};
  problem both = b;
  both.survey = a.survey;
  float *want = gathers(&both, d, s.what);
  wd_status st = wd_wave_create(d, a.survey, &a.desc, a.map, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  if (!st) st = wd_wave_step(w, 17, NULL, &err);
  if (!st) st = wd_wave_set_velocity(w, b.map, &err);
  tap_ok(!st && wd_wave_time(w) == 0, "set_velocity: back to rest %s", err.message);
  if (!st) st = wd_wave_step(w, 1000, NULL, &err);
  tap_ok(!st && want && memcmp(wd_wave_gather(w, 0)->value, want, sizeof(float) * a.values) == 0,
         "stepping in the new map forgets the old one");
  if (!st) st = wd_wave_run(w, NULL, &err);
  tap_ok(!st && want && memcmp(wd_wave_gather(w, 0)->value, want, sizeof(float) * a.values) == 0,
         "so does running");
  free(want);
  wd_wave_destroy(w);
  wd_device_close(d);
  drop(&a);
  drop(&b);
}

static void real_pair(const char *width, int threads) {
  enum { N = 5 * 1000 * 70 };
  static float velocity[4900], seismic[N];
  if (!shared_floats("openfwi_cf0_velocity.npy", 4900, velocity) ||
      !shared_floats("openfwi_cf0_seismic.npy", N, seismic)) {
    tap_skip("the OpenFWI pair is not here (WD_SHARED_DATA)");
    return;
  }
  wd_device *d = open_cpu(width, threads);
  if (!d) {
    tap_skip("OpenFWI: this machine has no %s", width);
    return;
  }
  wd_survey *s = NULL;
  wd_error err = {0};
  wd_map map = {70, 70, 10, velocity};
  wd_survey_create(&(wd_survey_desc){0}, &s, &err);
  for (int mode = 0; mode < 3; mode++) {
    wd_wave *w = NULL;
    wd_status st = wd_wave_create(d, s, &(wd_wave_desc){.mode = (wd_wave_mode)mode}, &map, &w, &err);
    if (!st) st = wd_wave_run(w, NULL, &err);
    if (!tap_ok(st == WD_OK, "%s, %s: the real map is simulated %s", width,
                wd_wave_mode_name((wd_wave_mode)mode), err.message)) {
      wd_wave_destroy(w);
      continue;
    }
    const wd_gather *g = wd_wave_gather(w, 0);
    int same = 0, all = 0;
    double difference = 0, norm = 0;
    for (int i = 0; i < N; i++) {
      if (i / 70 % 1000 == 999) continue; /* zero in the released file */
      double e = (double)g->value[i] - (double)seismic[i];
      all++;
      same += memcmp(&g->value[i], &seismic[i], 4) == 0;
      difference += e * e;
      norm += (double)seismic[i] * (double)seismic[i];
    }
    char what[160];
    snprintf(what, sizeof what, "%s, %d threads, %s against OpenFWI's gathers", width, threads,
             wd_wave_mode_name((wd_wave_mode)mode));
    if (mode == WD_WAVE_EXACT)
      tap_ok(same == all && all == 349650, "%s: %d of %d samples identical", what, same, all);
    else
      tap_at_most(sqrt(difference / norm), mode == WD_WAVE_FAST ? 1e-5 : 1e-2, what);
    wd_wave_destroy(w);
  }
  wd_survey_destroy(s);
  wd_device_close(d);
}

/* Races do not hang on the shape, and the thread sanitizer is slow: every third shape, and no whole pair. */
#ifdef __SANITIZE_THREAD__
enum { EVERY = 3 };
#else
enum { EVERY = 1 };
#endif

int main(void) {
  for (int i = 0; i < SHAPES; i += EVERY) {
    against_reference(&shapes[i], WD_WAVE_EXACT);
    if (shapes[i].wavelet_gain > 0) continue; /* fast and live flush denormals */
    against_reference(&shapes[i], WD_WAVE_FAST);
    against_reference(&shapes[i], WD_WAVE_LIVE);
  }
  for (int i = 0; i < 3; i++) {
    stepping(WD_WAVE_EXACT, false, 4, widths[i], i + 1);
    stepping(WD_WAVE_FAST, true, 4, widths[i], 3 - i);
    stepping(WD_WAVE_LIVE, true, 8, widths[i], 2);
    stepping(WD_WAVE_LIVE, false, 4, widths[i], 3);
  }
  cancelling(1);
  cancelling(2);
  cancelling(3);
  new_velocity();
  for (int i = 0; i < 3 && EVERY == 1; i++) real_pair(widths[i], 1 + i % 2);
  return tap_done();
}
