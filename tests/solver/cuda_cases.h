/* Wave problems on which a device is compared with the reference: small ones that reach every branch (modes,
 * orders, free surface, several receivers in a cell, odd sizes). For test_cuda_emulated.c and
 * test_wave_cuda.c. */
#ifndef WD_TESTS_CUDA_CASES_H
#define WD_TESTS_CUDA_CASES_H

#include "solver/memory.h"
#include "solver/random.h"
#include "solver/wave.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct wave_case {
  const char *name;
  wd_wave_desc desc;
  int nz, nx, shots, samples;
  double frequency;
} wave_case;

enum { CASES = 10 };

static const wave_case wave_cases[CASES] = {
    {"exact", {.absorb = 20}, 40, 37, 2, 90, 15},
    {"exact, order 8", {.absorb = 21, .order = 8}, 33, 45, 1, 90, 15},
    {"exact, free surface", {.absorb = 20, .free_surface = true}, 30, 41, 2, 90, 15},
    {"exact, free surface, order 8", {.absorb = 20, .free_surface = true, .order = 8}, 31, 30, 1, 80, 15},
    {"exact, thin sponge, 3 maps", {.absorb = 12, .maps = 3}, 16, 17, 2, 60, 15},
    {"fast", {.absorb = 20, .mode = WD_WAVE_FAST}, 40, 37, 2, 90, 15},
    {"live", {.mode = WD_WAVE_LIVE}, 40, 37, 2, 120, 15},
    {"live, order 8", {.mode = WD_WAVE_LIVE, .order = 8, .absorb = 17}, 33, 45, 1, 120, 15},
    {"live, free surface", {.mode = WD_WAVE_LIVE, .free_surface = true, .absorb = 25}, 30, 41, 2, 120, 15},
    {"live, 3 maps", {.mode = WD_WAVE_LIVE, .maps = 3, .absorb = 20}, 20, 26, 2, 100, 15},
};

typedef struct wave_problem {
  wd_survey *survey;
  wd_wave_desc desc;
  wd_map *map; /* desc.maps */
} wave_problem;

static inline void problem_fail(const char *what, const wd_error *err) {
  fprintf(stderr, "%s: %s\n", what, err->message);
  exit(1);
}

/* Velocities between 1600 and 4000 m/s in blocks with noise; receivers over the top rows, on the rim of the
 * map, some of them twice, in no order. */
static inline wave_problem problem_make(const wave_case *c) {
  wave_problem p = {.desc = c->desc};
  wd_error err = {0};
  int maps = c->desc.maps ? c->desc.maps : 1, n = 0;
  wd_cell receiver[200], source[2] = {{1, 2}, {c->nz - 1, c->nx - 1}};
  for (int x = c->nx - 1; x >= 0; x--) receiver[n++] = (wd_cell){1, x};
  for (int z = 0; z < c->nz; z += 3) receiver[n++] = (wd_cell){z, 5};
  for (int i = 0; i < 3; i++) receiver[n++] = (wd_cell){c->nz - 1, c->nx - 1};
  receiver[n++] = (wd_cell){c->nz / 2, 0};
  if (wd_survey_create(&(wd_survey_desc){.nz = c->nz,
                                         .nx = c->nx,
                                         .samples = c->samples,
                                         .source = source,
                                         .n_sources = c->shots,
                                         .receiver = receiver,
                                         .n_receivers = n,
                                         .frequency = c->frequency},
                       &p.survey, &err))
    problem_fail("survey", &err);
  p.map = calloc((size_t)maps, sizeof *p.map);
  for (int m = 0; m < maps; m++) {
    wd_random r = wd_random_make(7, (uint64_t)m);
    if (wd_map_create(c->nz, c->nx, 10, &p.map[m], &err)) problem_fail("map", &err);
    for (int z = 0; z < c->nz; z++)
      for (int x = 0; x < c->nx; x++)
        p.map[m].value[z * c->nx + x] =
            (float)(1700 + 150 * ((z / 6 + x / 11 + m) % 9) + (int)(100 * wd_random_uniform(&r)));
  }
  return p;
}

static inline void problem_clear(wave_problem *p) {
  int maps = p->desc.maps ? p->desc.maps : 1;
  for (int m = 0; m < maps; m++) wd_map_clear(&p->map[m]);
  free(p->map);
  wd_survey_destroy(p->survey);
}

static inline wd_wave *problem_wave(const wave_problem *p, wd_device *d) {
  wd_wave *w = NULL;
  wd_error err = {0};
  if (wd_wave_create(d, p->survey, &p->desc, p->map, &w, &err)) problem_fail("wave", &err);
  return w;
}

static inline wd_device *device_or_exit(const char *spec) {
  wd_device *d = NULL;
  wd_error err = {0};
  if (wd_device_open(spec, &d, &err)) problem_fail(spec, &err);
  return d;
}

/* ||a - b|| / ||b||; NaN when either holds one. */
static inline double relative_l2(const float *a, const float *b, size_t n) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < n; i++) {
    difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    norm += (double)b[i] * (double)b[i];
  }
  return sqrt(difference / norm);
}

static inline size_t different_bits(const float *a, const float *b, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += memcmp(&a[i], &b[i], sizeof *a) != 0;
  return count;
}

/* Gathers of two waves on the same problem: bit-equal in exact mode, else within `tolerance`. */
static inline void compare_gathers(const wd_wave *got, const wd_wave *want, double tolerance,
                                   const char *what) {
  const wd_wave_desc *desc = wd_wave_get_desc(want);
  for (int m = 0; m < desc->maps; m++) {
    const wd_gather *a = wd_wave_gather(got, m), *b = wd_wave_gather(want, m);
    size_t n = wd_gather_count(b);
    double norm = 0;
    for (size_t i = 0; i < n; i++) norm += fabs((double)b->value[i]);
    if (!(norm > 0)) {
      tap_ok(false, "%s: the reference gather is silent", what);
    } else if (desc->mode == WD_WAVE_EXACT) {
      size_t differ = different_bits(a->value, b->value, n);
      tap_ok(differ == 0, "%s: map %d, %zu of %zu samples differ from the reference in a bit", what, m,
             differ, n);
    } else {
      char text[240];
      snprintf(text, sizeof text, "%s: map %d, relative L2 to the reference", what, m);
      tap_at_most(relative_l2(a->value, b->value, n), tolerance, text);
    }
  }
}

/* Residuals that are not smooth, so that a term left out shows. */
static inline wd_gather *random_residuals(const wd_wave *w) {
  int maps = wd_wave_get_desc(w)->maps;
  wd_gather *r = calloc((size_t)maps, sizeof *r);
  for (int m = 0; m < maps; m++) {
    const wd_gather *g = wd_wave_gather(w, m);
    if (wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &r[m], NULL)) exit(1);
    wd_random_normals(11, (uint64_t)m, 0, wd_gather_count(g), r[m].value);
  }
  return r;
}

static inline void residuals_free(wd_gather *r, int maps) {
  for (int m = 0; m < maps; m++) wd_gather_clear(&r[m]);
  free(r);
}

/* Gradient and vmin term of a device against the reference's. */
static inline void compare_gradient(wd_wave *got, wd_wave *want, double tolerance, const char *what) {
  const wd_wave_desc *desc = wd_wave_get_desc(want);
  int maps = desc->maps;
  wd_gather *r = random_residuals(want);
  wd_map *a = calloc((size_t)maps, sizeof *a), *b = calloc((size_t)maps, sizeof *b);
  double *va = calloc((size_t)maps, sizeof *va), *vb = calloc((size_t)maps, sizeof *vb);
  wd_error err = {0};
  wd_status st = wd_wave_gradient(got, r, a, va, NULL, &err);
  if (!st && wd_wave_gradient(want, r, b, vb, NULL, &err)) problem_fail("reference gradient", &err);
  if (tap_ok(st == WD_OK, "%s: gradient %s", what, err.message))
    for (int m = 0; m < maps; m++) {
      char text[160];
      size_t cells = (size_t)(b[m].nz * b[m].nx);
      snprintf(text, sizeof text, "%s: map %d, gradient, relative L2 to the reference", what, m);
      tap_at_most(relative_l2(a[m].value, b[m].value, cells), tolerance, text);
      snprintf(text, sizeof text, "%s: map %d, vmin term, relative error", what, m);
      if (desc->mode == WD_WAVE_LIVE)
        tap_ok(va[m] == 0 && vb[m] == 0, "%s: map %d, no vmin term in live mode", what, m);
      else
        tap_at_most(fabs(va[m] - vb[m]) / fabs(vb[m]), tolerance, text);
      wd_map_clear(&a[m]);
      wd_map_clear(&b[m]);
    }
  residuals_free(r, maps);
  free(a);
  free(b);
  free(va);
  free(vb);
}

/* In uneven pieces, with a snapshot in between; then again after a rewind. */
static inline void compare_stepwise(wd_wave *got, wd_wave *want, double tolerance, const char *what) {
  const wd_wave_desc *desc = wd_wave_get_desc(want);
  int samples = wd_wave_get_survey(want)->samples, shots = wd_wave_get_survey(want)->shots;
  for (int round = 0; round < 2; round++) {
    wd_wave_rewind(got);
    wd_wave_rewind(want);
    for (int m = 0; m < desc->maps; m++)
      memset(wd_wave_gather(got, m)->value, 0xFF, sizeof(float) * wd_gather_count(wd_wave_gather(got, m)));
    static const int piece[] = {1, 7, 24, 3};
    bool ok = true;
    for (int i = 0; wd_wave_time(want) < samples / 2; i++) {
      ok = ok && wd_wave_step(got, piece[i % 4], NULL, NULL) == WD_OK;
      ok = ok && wd_wave_step(want, piece[i % 4], NULL, NULL) == WD_OK;
    }
    wd_map a = {0}, b = {0};
    for (int m = 0; m < desc->maps && ok; m++) {
      ok = ok && wd_wave_snapshot(got, m, shots - 1, true, &a, NULL) == WD_OK;
      ok = ok && wd_wave_snapshot(want, m, shots - 1, true, &b, NULL) == WD_OK;
      if (!ok) break;
      size_t cells = (size_t)(b.nz * b.nx);
      if (desc->mode == WD_WAVE_EXACT) {
        size_t differ = different_bits(a.value, b.value, cells);
        tap_ok(differ == 0, "%s: step by step, map %d, %zu of %zu cells of the field differ in a bit", what,
               m, differ, cells);
      } else {
        char text[160];
        snprintf(text, sizeof text, "%s: step by step, map %d, field, relative L2", what, m);
        tap_at_most(relative_l2(a.value, b.value, cells), tolerance, text);
      }
      wd_map_clear(&a);
      wd_map_clear(&b);
    }
    ok = ok && wd_wave_step(got, samples, NULL, NULL) == WD_OK;
    ok = ok && wd_wave_step(want, samples, NULL, NULL) == WD_OK;
    if (tap_ok(ok, "%s: step by step to the end, round %d", what, round + 1)) {
      char text[160];
      snprintf(text, sizeof text, "%s: step by step, round %d", what, round + 1);
      compare_gathers(got, want, tolerance, text);
    }
  }
}

#endif
