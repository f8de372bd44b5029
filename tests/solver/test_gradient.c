/* wd_wave_gradient on every device: against the reference, against central differences of the float
 * propagation, within its memory limit, the same on every run and number of threads, cancelled, refused. The
 * mathematics is in test_adjoint.c. */
#include "solver/memory.h"
#include "solver/random.h"
#include "solver/wave.h"
#include "tests/tap.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct setup {
  wd_survey *survey;
  wd_map *map; /* maps */
  int maps;
  wd_gather *residual;
} setup;

static void die(const wd_error *err) {
  fprintf(stderr, "%s\n", err->message);
  exit(1);
}

static wd_device *open_device(const char *spec) {
  wd_error err = {0};
  wd_device *d = NULL;
  if (wd_device_open(spec, &d, &err)) die(&err);
  return d;
}

/* Smooth maps with a unique minimum at row 2, column 3; sources inside, in corners and on edges; receivers on
 * row 1, in corners, in source cells, and two in one cell. */
static setup make_setup(int nz, int nx, int maps, int samples) {
  setup t = {.maps = maps};
  wd_error err = {0};
  const wd_cell source[] = {{nz / 2, nx / 3}, {1, 0}, {nz - 1, nx - 1}, {nz / 2, 0}, {2, nx / 2}};
  wd_cell receiver[64] = {{nz / 2, nx / 3}, {nz / 2, nx / 3}, {nz - 1, 0}, {0, nx - 1}, {nz - 1, nx - 1}};
  int n = 5;
  for (int x = 0; x < nx && n < 64; x++) receiver[n++] = (wd_cell){1, x};
  wd_survey_desc s = {.nz = nz,
                      .nx = nx,
                      .samples = samples,
                      .frequency = 20,
                      .source = source,
                      .n_sources = 5,
                      .receiver = receiver,
                      .n_receivers = n};
  if (wd_survey_create(&s, &t.survey, &err)) die(&err);
  t.map = wd_calloc((size_t)maps, sizeof *t.map);
  t.residual = wd_calloc((size_t)maps, sizeof *t.residual);
  wd_random r = wd_random_make(21, 0);
  for (int m = 0; m < maps; m++) {
    if (wd_map_create(nz, nx, 10, &t.map[m], &err)) die(&err);
    for (int z = 0; z < nz; z++)
      for (int x = 0; x < nx; x++)
        t.map[m].value[z * nx + x] = (float)(2600 + 100 * m + 400 * sin(0.21 * z + m) + 300 * cos(0.17 * x) +
                                             200 * wd_random_uniform(&r));
    t.map[m].value[2 * nx + 3] = 1810 + (float)m;
    if (wd_gather_create(5, samples, n, t.survey->dt, &t.residual[m], &err)) die(&err);
    for (size_t i = 0; i < wd_gather_count(&t.residual[m]); i++)
      t.residual[m].value[i] = (float)wd_random_normal(&r);
  }
  return t;
}

static void free_setup(setup *t) {
  for (int m = 0; m < t->maps; m++) {
    wd_map_clear(&t->map[m]);
    wd_gather_clear(&t->residual[m]);
  }
  wd_free(t->map);
  wd_free(t->residual);
  wd_survey_destroy(t->survey);
}

static wd_wave *make_wave(wd_device *d, const setup *t, wd_wave_desc desc) {
  wd_wave *w = NULL;
  wd_error err = {0};
  desc.maps = t->maps;
  if (wd_wave_create(d, t->survey, &desc, t->map, &w, &err)) die(&err);
  return w;
}

/* The gradients of all maps; the caller frees. */
static wd_map *gradient(const char *spec, const setup *t, wd_wave_desc desc, double *vmin) {
  wd_device *d = open_device(spec);
  wd_wave *w = make_wave(d, t, desc);
  wd_map *out = wd_alloc((size_t)t->maps, sizeof *out);
  memset(out, 0x5a, (size_t)t->maps * sizeof *out);
  for (int m = 0; m < t->maps; m++) vmin[m] = NAN;
  wd_error err = {0};
  if (wd_wave_gradient(w, t->residual, out, vmin, NULL, &err)) die(&err);
  wd_wave_destroy(w);
  wd_device_close(d);
  return out;
}

static void free_maps(wd_map *g, int maps) {
  for (int m = 0; m < maps; m++) wd_map_clear(&g[m]);
  wd_free(g);
}

static double difference(const wd_map *a, const wd_map *b) {
  double num = 0, den = 0;
  for (int i = 0; i < a->nz * a->nx; i++) {
    double e = (double)a->value[i] - (double)b->value[i];
    num += e * e;
    den += (double)b->value[i] * (double)b->value[i];
  }
  return sqrt(num / den);
}

static bool same_bits(const wd_map *a, const wd_map *b, int maps) {
  for (int m = 0; m < maps; m++)
    if (a[m].nz != b[m].nz || a[m].nx != b[m].nx ||
        memcmp(a[m].value, b[m].value, sizeof(float) * (size_t)(a[m].nz * a[m].nx)) != 0)
      return false;
  return true;
}

static const struct scheme {
  wd_wave_desc desc;
  const char *name;
} schemes[] = {
    {{.mode = WD_WAVE_EXACT, .absorb = 12}, "exact"},
    {{.mode = WD_WAVE_FAST, .absorb = 12}, "fast"},
    {{.mode = WD_WAVE_EXACT, .absorb = 12, .order = 8}, "exact, order 8"},
    {{.mode = WD_WAVE_EXACT, .absorb = 12, .free_surface = true}, "exact, free surface"},
    {{.mode = WD_WAVE_FAST, .absorb = 13, .order = 8, .free_surface = true}, "fast, order 8, free surface"},
    {{.mode = WD_WAVE_LIVE, .absorb = 10}, "live"},
    {{.mode = WD_WAVE_LIVE, .absorb = 10, .order = 8}, "live, order 8"},
    {{.mode = WD_WAVE_LIVE, .absorb = 3, .order = 8}, "live, order 8, 3 cells"},
    {{.mode = WD_WAVE_LIVE, .absorb = 10, .free_surface = true}, "live, free surface"},
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

/* Another device against the reference, at sizes that fill vectors badly. */
static void against_reference(const char *spec, const char *simd) {
  static const int size[][2] = {{16, 16}, {21, 37}};
  if (simd) setenv("WAVEDIFFUSION_SIMD", simd, 1);
  for (int i = 0; i < SCHEMES; i++) {
    double worst = 0, worst_vmin = 0, vmin[2], expected_vmin[2];
    for (int j = 0; j < 2; j++) {
      setup t = make_setup(size[j][0], size[j][1], 2, 110);
      wd_map *expected = gradient("reference", &t, schemes[i].desc, expected_vmin);
      wd_map *got = gradient(spec, &t, schemes[i].desc, vmin);
      for (int m = 0; m < 2; m++) {
        worst = fmax(worst, difference(&got[m], &expected[m]));
        double scale = fmax(fabs(expected_vmin[m]), 1e-300);
        worst_vmin = fmax(worst_vmin, fabs(vmin[m] - expected_vmin[m]) / scale);
      }
      free_maps(expected, 2);
      free_maps(got, 2);
      free_setup(&t);
    }
    char what[160];
    snprintf(what, sizeof what, "%s%s%s: %s: gradient against reference, rel. L2", spec, simd ? " " : "",
             simd ? simd : "", schemes[i].name);
    tap_at_most(worst, 2e-5, what);
    snprintf(what, sizeof what, "%s%s%s: %s: vmin term against reference", spec, simd ? " " : "",
             simd ? simd : "", schemes[i].name);
    tap_at_most(worst_vmin, 1e-3, what);
  }
  if (simd) unsetenv("WAVEDIFFUSION_SIMD");
}

/* J = <residual, F(v)> of the float propagation, summed in double. */
static double misfit(wd_wave *w, const setup *t) {
  wd_error err = {0};
  if (wd_wave_run(w, NULL, &err)) die(&err);
  double sum = 0;
  for (int m = 0; m < t->maps; m++) {
    const wd_gather *g = wd_wave_gather(w, m);
    for (size_t i = 0; i < wd_gather_count(g); i++)
      sum += (double)g->value[i] * (double)t->residual[m].value[i];
  }
  return sum;
}

/* Along a direction that leaves the map's minimum, and the sponge with it, alone; the residual a smooth one.
 */
static void central_differences(const char *spec) {
  for (int i = 0; i < SCHEMES; i++) {
    setup t = make_setup(18, 20, 1, 110);
    wd_gather *r = &t.residual[0];
    for (int s = 0; s < r->shots; s++)
      for (int n = 0; n < r->samples; n++)
        for (int j = 0; j < r->receivers; j++)
          r->value[(s * r->samples + n) * r->receivers + j] = (float)(sin(0.11 * n + s) * cos(0.3 * j));
    double vmin;
    wd_map *g = gradient(spec, &t, schemes[i].desc, &vmin);
    wd_device *d = open_device(spec);
    wd_wave *w = make_wave(d, &t, schemes[i].desc);
    const int cells = 18 * 20;
    float *v = t.map[0].value, kept[18 * 20];
    double dv[18 * 20], expected = 0, value[2], h = 4;
    memcpy(kept, v, sizeof kept);
    float largest = 0;
    for (int c = 0; c < cells; c++) largest = fmaxf(largest, v[c]);
    for (int c = 0; c < cells; c++) {
      /* vmin and, for the CPML, vmax stand; mostly up the gradient, so that the difference is not a small one
       * of large numbers */
      dv[c] =
          c == 2 * 20 + 3 || v[c] == largest ? 0 : (g->value[c] > 0 ? 1 : -1) * (0.5 + 0.5 * cos(0.9 * c));
      expected += dv[c] * (double)g->value[c];
    }
    for (int sign = 0; sign < 2; sign++) {
      for (int c = 0; c < cells; c++)
        v[c] = fminf((float)((double)kept[c] + (sign ? -h : h) * dv[c]), largest);
      wd_error err = {0};
      if (wd_wave_set_velocity(w, t.map, &err)) die(&err);
      value[sign] = misfit(w, &t);
    }
    char what[160];
    snprintf(what, sizeof what, "%s: %s: directional derivative against central differences in float", spec,
             schemes[i].name);
    tap_at_most(fabs((value[0] - value[1]) / (2 * h) - expected) / fabs(expected), 1e-3, what);
    wd_wave_destroy(w);
    wd_device_close(d);
    free_maps(g, 1);
    free_setup(&t);
  }
}

/* Whatever the memory limit, the same bits and no more stored than it allows. */
static void memory_limits(const char *spec) {
  for (int i = 0; i < SCHEMES; i += 5) { /* exact, live */
    setup t = make_setup(20, 24, 1, 97);
    wd_wave_desc desc = schemes[i].desc;
    double vmin, again_vmin;
    wd_map *g = gradient(spec, &t, desc, &vmin);
    int side = 2 * desc.absorb + 20, across = 2 * desc.absorb + 24;
    const size_t limit[] = {(size_t)8 * 1024 * 1024, 2048 * 1024, 300 * 1024, 100 * 1024, 40 * 1024};
    int same = 0, within = 0, intervals = 0, last = 0;
    for (int j = 0; j < 5; j++) {
      desc.memory_limit = limit[j];
      wd_map *again = gradient(spec, &t, desc, &again_vmin);
      same += same_bits(again, g, 1) && again_vmin == vmin;
      free_maps(again, 1);
      wd_device *d = open_device(spec);
      wd_wave *w = make_wave(d, &t, desc);
      wd_wave_memory memory = wd_wave_get_memory(w);
      within += memory.gradient > 0 && memory.gradient <= limit[j];
      intervals += memory.checkpoint_interval >= 1 && memory.checkpoint_interval != last;
      last = memory.checkpoint_interval;
      wd_wave_destroy(w);
      wd_device_close(d);
    }
    tap_ok(same == 5, "%s: %s: the same bits in %d of 5 memory limits, the least being %.1f fields", spec,
           schemes[i].name, same, 40 * 1024.0 / (side * across * 4));
    tap_ok(within == 5 && intervals > 1, "%s: %s: stores stay within the limit (%d of 5), and differ", spec,
           schemes[i].name, within);

    desc.memory_limit = 1000;
    wd_device *d = open_device(spec);
    wd_wave *w = make_wave(d, &t, desc);
    wd_error err = {0};
    wd_map out, before;
    memset(&out, 0x5a, sizeof out);
    before = out;
    wd_status st = wd_wave_gradient(w, t.residual, &out, NULL, NULL, &err);
    tap_ok(st == WD_ERR_NO_MEMORY && memcmp(&out, &before, sizeof out) == 0,
           "%s: %s: 1000 bytes are refused: %s", spec, schemes[i].name, err.message);
    wd_wave_destroy(w);
    wd_device_close(d);
    free_maps(g, 1);
    free_setup(&t);
  }
}

static void repeatable(void) {
  static const char *const spec[] = {"cpu:1", "cpu:2", "cpu:3", "cpu:7", "cpu:2"};
  for (int i = 0; i < SCHEMES; i += 5) {
    setup t = make_setup(20, 24, 3, 97);
    double vmin[3], again_vmin[3];
    wd_map *g = gradient("cpu", &t, schemes[i].desc, vmin);
    int same = 0;
    for (int j = 0; j < 5; j++) {
      wd_map *again = gradient(spec[j], &t, schemes[i].desc, again_vmin);
      same += same_bits(again, g, 3) && memcmp(vmin, again_vmin, sizeof vmin) == 0;
      free_maps(again, 3);
    }
    tap_ok(same == 5, "cpu: %s: the same bits with 1, 2, 3, 7 and again 2 threads (%d of 5)", schemes[i].name,
           same);
    free_maps(g, 3);
    free_setup(&t);
  }
}

typedef struct stopper {
  atomic_bool cancel;
  struct timespec when;
} stopper;

static double seconds_since(const struct timespec *t) {
  struct timespec n;
  clock_gettime(CLOCK_MONOTONIC, &n);
  return (double)(n.tv_sec - t->tv_sec) + 1e-9 * (double)(n.tv_nsec - t->tv_nsec);
}

static void *stop_later(void *arg) {
  stopper *s = arg;
  nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
  clock_gettime(CLOCK_MONOTONIC, &s->when);
  atomic_store(&s->cancel, true);
  return NULL;
}

typedef struct progress_log {
  int calls;
  double last;
  bool ordered;
} progress_log;

static void log_progress(void *user, double fraction) {
  progress_log *log = user;
  log->ordered = log->ordered && fraction >= log->last && fraction <= 1;
  log->last = fraction;
  log->calls++;
}

static void cancelling(const char *spec) {
  setup t = make_setup(70, 70, 1, 2000);
  wd_device *d = open_device(spec);
  wd_wave *w = make_wave(d, &t, (wd_wave_desc){0});
  stopper s = {0};
  wd_hooks hooks = {.cancel = &s.cancel};
  pthread_t thread;
  wd_map out, before;
  memset(&out, 0x5a, sizeof out);
  before = out;
  double vmin = 7;
  wd_error err = {0};
  pthread_create(&thread, NULL, stop_later, &s);
  wd_status st = wd_wave_gradient(w, t.residual, &out, &vmin, &hooks, &err);
  pthread_join(thread, NULL);
  tap_ok(st == WD_CANCELLED && memcmp(&out, &before, sizeof out) == 0 && vmin == 7,
         "%s: a cancelled gradient leaves its outputs alone: %s", spec, err.message);
  /* The design asks for 0.1 s, which an idle machine keeps; other work may take the processor for seconds, so
   * that only a call that does not look at the flag fails here. */
  tap_at_most(seconds_since(&s.when), 20.0, "seconds from the flag to the return");
  wd_wave_destroy(w);
  wd_device_close(d);
  free_setup(&t);

  t = make_setup(20, 20, 2, 97);
  d = open_device(spec);
  w = make_wave(d, &t, (wd_wave_desc){.absorb = 12});
  progress_log log = {.ordered = true};
  wd_map two[2];
  st = wd_wave_gradient(w, t.residual, two, NULL, &(wd_hooks){.progress = log_progress, .user = &log}, &err);
  /* Only the calling thread reports: where others took all shots before it came to run, it tells the end
   * alone. */
  int least = strncmp(spec, "cpu", 3) ? 2 : 1;
  tap_ok(st == WD_OK && log.calls >= least && log.ordered && log.last == 1,
         "%s: progress rises to 1 (%d reports)", spec, log.calls);
  if (!st)
    for (int m = 0; m < 2; m++) wd_map_clear(&two[m]);

  wd_gather bad = t.residual[1];
  wd_gather pair[2] = {t.residual[0], bad};
  pair[1].samples--;
  st = wd_wave_gradient(w, pair, two, NULL, NULL, &err);
  tap_ok(st == WD_ERR_SHAPE, "%s: a residual of another shape is refused: %s", spec, err.message);
  pair[1] = bad;
  pair[1].value[bad.receivers * 3 + 2] = NAN;
  st = wd_wave_gradient(w, pair, two, NULL, NULL, &err);
  tap_ok(st == WD_ERR_ARGUMENT, "%s: a residual with a NaN is refused: %s", spec, err.message);
  wd_wave_destroy(w);
  wd_device_close(d);
  free_setup(&t);
}

/* The gradient neither needs nor disturbs a run or the stepwise state. */
static void independent(const char *spec) {
  setup t = make_setup(20, 24, 1, 97);
  wd_device *d = open_device(spec);
  wd_wave *w = make_wave(d, &t, (wd_wave_desc){.absorb = 12});
  wd_error err = {0};
  wd_map a, b, g, other;
  double vmin, other_vmin;
  if (wd_wave_step(w, 50, NULL, &err) || wd_wave_snapshot(w, 0, 1, true, &a, &err)) die(&err);
  if (wd_wave_gradient(w, t.residual, &g, &vmin, NULL, &err)) die(&err);
  if (wd_wave_snapshot(w, 0, 1, true, &b, &err)) die(&err);
  tap_ok(wd_wave_time(w) == 50 && same_bits(&a, &b, 1), "%s: a gradient leaves the stepwise state alone",
         spec);
  wd_map *fresh = gradient(spec, &t, (wd_wave_desc){.absorb = 12}, &other_vmin);
  tap_ok(same_bits(&g, fresh, 1) && vmin == other_vmin, "%s: and is not changed by it", spec);
  if (wd_wave_gradient(w, t.residual, &other, NULL, NULL, &err)) die(&err);
  tap_ok(same_bits(&g, &other, 1), "%s: nor by leaving out the vmin term", spec);
  wd_map_clear(&a);
  wd_map_clear(&b);
  wd_map_clear(&g);
  wd_map_clear(&other);
  free_maps(fresh, 1);
  wd_wave_destroy(w);
  wd_device_close(d);
  free_setup(&t);
}

static bool has_width(const char *simd) {
  setenv("WAVEDIFFUSION_SIMD", simd, 1);
  wd_device *d = NULL;
  bool ok = wd_device_open("cpu:1", &d, NULL) == WD_OK;
  wd_device_close(d);
  unsetenv("WAVEDIFFUSION_SIMD");
  return ok;
}

int main(void) {
  static const char *const width[] = {"portable", "avx2", "avx512"};
  against_reference("check", NULL);
  for (int i = 0; i < 3; i++) {
    if (has_width(width[i]))
      against_reference("cpu:2", width[i]);
    else
      tap_skip("this processor has no %s", width[i]);
  }
  central_differences("reference");
  central_differences("cpu:2");
  memory_limits("reference");
  memory_limits("cpu:1");
  memory_limits("cpu:2");
  repeatable();
  cancelling("reference");
  cancelling("cpu:2");
  independent("reference");
  independent("cpu:2");
  return tap_done();
}
