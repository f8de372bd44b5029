/* The residual engine against its parts: reflection.h and metrics.h one map at a time; batches of any size
 * give the same bits; errors and cancelling leave outputs alone; percentiles of populations. */
#include "model/residual.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/random.h"
#include "solver/reflection.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NZ = 30, NX = 40, SHOTS = 2, SAMPLES = 300, N = 5, CELLS = NZ * NX };

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

/* Maps of the generator; the last one is homogeneous, so that nothing reflects. Gathers: the truth of another
 * map, and noise. */
static void make_pairs(wd_device *d, const wd_survey *s, float *velocity, float *gathers) {
  wd_error err = {0};
  size_t samples = (size_t)SHOTS * SAMPLES * NX;
  for (int i = 0; i < N; i++) {
    wd_map m;
    stop_on(wd_family_generate_sized((wd_family)(2 * i % WD_FAMILIES), 11, (uint64_t)i, NZ, NX, 10, &m, &err),
            &err, "map");
    for (int k = 0; k < CELLS; k++) velocity[i * CELLS + k] = i == N - 1 ? 2500 : m.value[k];
    wd_map_clear(&m);
  }
  for (int i = 0; i < N; i++) {
    wd_map m = {NZ, NX, 10, velocity + (i + 1) % N * CELLS};
    wd_gather f;
    stop_on(wd_reflection_simulate(d, s, NULL, &m, NULL, &f, NULL, &err), &err, "gathers");
    memcpy(gathers + (size_t)i * samples, f.value, samples * sizeof *gathers);
    wd_gather_clear(&f);
  }
}

static void against_parts(const char *spec, wd_wave_mode mode) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_survey *s = NULL;
  if (wd_device_open(spec, &d, &err)) {
    tap_skip("%s: %s", spec, err.message);
    return;
  }
  stop_on(
      wd_survey_create(&(wd_survey_desc){.nz = NZ, .nx = NX, .shots = SHOTS, .samples = SAMPLES}, &s, &err),
      &err, "survey");
  size_t samples = (size_t)SHOTS * SAMPLES * NX;
  float *velocity = wd_calloc((size_t)N * CELLS, sizeof *velocity),
        *gathers = wd_calloc(N * samples, sizeof *gathers);
  make_pairs(d, s, velocity, gathers);
  wd_wave_desc wave = {.mode = mode, .absorb = 20};
  wd_measure part[N];
  for (int i = 0; i < N; i++) {
    wd_map m = {NZ, NX, 10, velocity + i * CELLS};
    wd_gather full, top, a = {SHOTS, SAMPLES, NX, 0.001, gathers + (size_t)i * samples};
    wd_comparison c;
    stop_on(wd_reflection_simulate(d, s, &wave, &m, NULL, &full, &top, &err), &err, "parts");
    stop_on(wd_compare(&a, &full, &top, NULL, &c, &err), &err, "compare");
    part[i] = c.all;
    wd_comparison_clear(&c);
    wd_gather_clear(&full);
    wd_gather_clear(&top);
  }
  const char *name = wd_wave_mode_name(mode);
  for (int batch = 0; batch <= 3; batch++) {                    /* 0: the default */
    if (strcmp(spec, "reference") == 0 && batch != 2) continue; /* slow */
    wd_residual *r = NULL;
    wd_measure got[N];
    stop_on(wd_residual_create(d, s, &(wd_residual_desc){.wave = wave, .batch = batch}, &r, &err), &err,
            "create");
    memset(got, 0xff, sizeof got);
    stop_on(wd_residual_measure(r, N, velocity, gathers, got, NULL, &err), &err, "measure");
    bool same = true;
    double worst = 0;
    for (int i = 0; i < N; i++) {
      double scale = part[i].nothing_to_reflect ? NAN : part[i].reflection_residual;
      if (isfinite(scale)) worst = fmax(worst, fabs(got[i].reflection_residual / scale - 1));
      same = same && got[i].relative_l2 == part[i].relative_l2 &&
             got[i].norm_reflection == part[i].norm_reflection &&
             got[i].nothing_to_reflect == part[i].nothing_to_reflect;
    }
    tap_ok(same && worst == 0, "%s, %s: batches of %d give the figures of one map at a time to the last bit",
           spec, name, wd_residual_batch(r));
    wd_residual_destroy(r);
  }
  tap_ok(part[N - 1].nothing_to_reflect && !part[0].nothing_to_reflect,
         "%s, %s: only the homogeneous map has nothing to reflect (share %.2g, and %.2g)", spec, name,
         part[N - 1].reflection_share, part[0].reflection_share);
  wd_free(velocity);
  wd_free(gathers);
  wd_survey_destroy(s);
  wd_device_close(d);
}

static void refusals(void) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_survey *s = NULL;
  wd_residual *r = NULL;
  stop_on(wd_device_open("reference", &d, &err), &err, "device");
  stop_on(wd_survey_create(&(wd_survey_desc){.nz = NZ, .nx = NX, .shots = 1, .samples = 50}, &s, &err), &err,
          "survey");
  tap_ok(wd_residual_create(d, s, &(wd_residual_desc){.batch = -1}, &r, &err) == WD_ERR_ARGUMENT && !r,
         "a batch of -1: %s", err.message);
  stop_on(wd_residual_create(d, s, &(wd_residual_desc){.wave = {.absorb = 8}, .batch = 2}, &r, &err), &err,
          "create");
  float velocity[2 * CELLS], *gathers = wd_calloc(2 * 50 * NX, sizeof *gathers);
  wd_measure got[2], poison[2];
  for (int i = 0; i < 2 * CELLS; i++) velocity[i] = i % CELLS < CELLS / 2 ? 2000 : 3000;
  tap_ok(wd_residual_simulated(r) == 0 && !wd_residual_full(r, 0) && !wd_residual_top(r, 0),
         "nothing simulated at first");
  tap_ok(wd_residual_simulate(r, 3, velocity, NULL, &err) == WD_ERR_ARGUMENT, "more than a batch: %s",
         err.message);
  velocity[CELLS + 7] = NAN;
  memset(got, 0xff, sizeof got);
  memset(poison, 0xff, sizeof poison);
  wd_status st = wd_residual_measure(r, 2, velocity, gathers, got, NULL, &err);
  tap_ok(st && strstr(err.message, "map 2") && memcmp(got, poison, sizeof got) == 0,
         "a NaN in map 2 is refused, outputs untouched: %s", err.message);
  velocity[CELLS + 7] = 90000;
  st = wd_residual_measure(r, 2, velocity, gathers, got, NULL, &err);
  tap_ok(st == WD_ERR_ARGUMENT && memcmp(got, poison, sizeof got) == 0, "an unstable map is refused: %s",
         err.message);
  velocity[CELLS + 7] = 2000;
  atomic_bool cancel = true;
  st = wd_residual_measure(r, 2, velocity, gathers, got, &(wd_hooks){.cancel = &cancel}, &err);
  tap_ok(st == WD_CANCELLED && memcmp(got, poison, sizeof got) == 0, "cancelled, outputs untouched");
  st = wd_residual_measure(r, 2, velocity, gathers, got, NULL, &err);
  tap_ok(!st && got[0].relative_l2 == 1 && got[1].relative_l2 == 1, "and works on: silence scores 1");
  tap_ok(wd_residual_simulated(r) == 2 && wd_residual_full(r, 1) && wd_residual_top(r, 1) &&
             !wd_residual_full(r, 2),
         "the gathers of the last batch are there");
  wd_free(gathers);
  wd_residual_destroy(r);
  wd_survey_destroy(s);
  wd_device_close(d);
}

static void populations(void) {
  wd_measure m[24];
  memset(m, 0, sizeof m);
  for (int i = 0; i < 24; i++) {
    m[i].reflection_residual = i * 8 % 21; /* the first 21: 0..20 in disorder */
    m[i].relative_l2 = i;
  }
  m[21].reflection_residual = 1e9;
  m[21].nothing_to_reflect = true;
  m[22].reflection_residual = NAN;
  m[23].reflection_residual = INFINITY;
  wd_population p;
  wd_error err = {0};
  stop_on(wd_population_of(m, 24, WD_METRIC_REFLECTION_RESIDUAL, &p, &err), &err, "population");
  tap_ok(p.pairs == 21 && p.nothing_to_reflect == 1 && p.not_finite == 2,
         "21 count, 1 has nothing to reflect, 2 are not finite");
  tap_ok(p.median == 10 && p.p05 == 1 && p.p95 == 19 && p.least == 0 && p.largest == 20,
         "median %g, 5 %% %g, 95 %% %g", p.median, p.p05, p.p95);
  stop_on(wd_population_of(m, 24, WD_METRIC_RELATIVE_L2, &p, &err), &err, "population");
  tap_ok(p.pairs == 24 && p.nothing_to_reflect == 0 && p.median == 11.5 && fabs(p.p05 - 1.15) < 1e-12,
         "another figure counts every pair; percentiles interpolate");
  stop_on(wd_population_of(m, 0, WD_METRIC_RELATIVE_L2, &p, &err), &err, "population");
  tap_ok(p.pairs == 0 && isnan(p.median), "none: no median");
  stop_on(wd_population_of_values((double[]){3, NAN, 1}, 3, &p, &err), &err, "population");
  tap_ok(p.pairs == 2 && p.median == 2 && p.not_finite == 1, "plain values");
}

int main(void) {
  against_parts("cpu:2", WD_WAVE_EXACT);
  against_parts("cpu:2", WD_WAVE_LIVE);
  against_parts("reference", WD_WAVE_EXACT);
  against_parts("cuda", WD_WAVE_EXACT);
  refusals();
  populations();
  return tap_done();
}
