#include "model/residual.h"

#include "solver/memory.h"
#include "solver/reflection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wd_residual {
  wd_device *device;
  const wd_survey *survey;
  wd_wave_desc desc;
  bool spectral;
  int batch;
  wd_wave *wave; /* of 2 simulated maps: v of each pair, then v_top of each; NULL before the first */
  int room;      /* pairs that `wave` holds */
  int simulated; /* pairs whose gathers are in it */
};

/* A CPU takes one shot a core at a time, and a pair has two maps; a GPU wants many at once, as far as its
 * memory goes (two fields and the gather of every shot; 300 stands for both margins). */
static int default_batch(const wd_device *device, const wd_survey *s) {
  const wd_device_info *info = wd_device_get_info(device);
  if (info->kind != WD_DEVICE_CUDA) {
    int busy = (info->threads + s->shots - 1) / s->shots;
    return busy < 1 ? 1 : busy > 16 ? 16 : busy;
  }
  double field = 2.0 * (s->nz + 300.0) * (s->nx + 300.0);
  double bytes = 2 * 4.0 * s->shots * (field + (double)s->samples * s->receivers);
  double pairs = 0.2 * (double)info->memory / bytes;
  return pairs < 1 ? 1 : pairs > 32 ? 32 : (int)pairs;
}

wd_status wd_residual_create(wd_device *device, const wd_survey *survey, const wd_residual_desc *desc,
                             wd_residual **out, wd_error *err) {
  int batch = desc ? desc->batch : 0;
  if (batch < 0 || batch > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT, "a batch of %d pairs to simulate; 1 to 4096 are possible", batch);
  wd_residual *r = wd_calloc(1, sizeof *r);
  if (!r) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the residual");
  *r = (wd_residual){.device = device, .survey = survey};
  if (desc) r->desc = desc->wave;
  r->spectral = desc && desc->spectral;
  r->batch = batch ? batch : default_batch(device, survey);
  *out = r;
  return WD_OK;
}

void wd_residual_destroy(wd_residual *r) {
  if (!r) return;
  wd_wave_destroy(r->wave);
  wd_free(r);
}

wd_wave_mode wd_residual_mode(const wd_residual *r) {
  return r->desc.mode;
}

int wd_residual_batch(const wd_residual *r) {
  return r->batch;
}

/* map: 2 n, the n given ones wrapped in place and their tops created. */
static wd_status make_maps(const wd_residual *r, int n, const float *velocity, wd_map *map, wd_error *err) {
  const wd_survey *s = r->survey;
  size_t cells = (size_t)s->nz * (size_t)s->nx;
  for (int i = 0; i < n; i++) {
    map[i] = (wd_map){s->nz, s->nx, s->spacing, (float *)velocity + (size_t)i * cells}; /* only read */
    wd_status st = wd_map_check_velocity(&map[i], "the velocity map", err);
    if (!st) st = wd_reflection_top_map(s, &map[i], &map[n + i], err);
    if (st) return n > 1 ? wd_fail_context(err, st, "map %d of %d", i + 1, n) : st;
  }
  return WD_OK;
}

wd_status wd_residual_simulate(wd_residual *r, int n, const float *velocity, const wd_hooks *hooks,
                               wd_error *err) {
  if (n < 1 || n > r->batch)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d pairs to simulate at once; this residual takes 1 to %d", n,
                   r->batch);
  wd_map *map = wd_calloc(2 * (size_t)n, sizeof *map);
  if (!map) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", 2 * n);
  wd_status st = make_maps(r, n, velocity, map, err);
  r->simulated = 0;
  if (!st && r->wave && r->room != n) {
    wd_wave_destroy(r->wave);
    r->wave = NULL;
  }
  if (!st && r->wave) {
    st = wd_wave_set_velocity(r->wave, map, err);
  } else if (!st) {
    wd_wave_desc desc = r->desc;
    desc.maps = 2 * n;
    st = wd_wave_create(r->device, r->survey, &desc, map, &r->wave, err);
    r->room = n;
  }
  if (!st) st = wd_wave_run(r->wave, hooks, err);
  if (!st) r->simulated = n;
  for (int i = n; i < 2 * n; i++) wd_map_clear(&map[i]);
  wd_free(map);
  return st;
}

int wd_residual_simulated(const wd_residual *r) {
  return r->simulated;
}

const wd_gather *wd_residual_full(const wd_residual *r, int i) {
  return i >= 0 && i < r->simulated ? wd_wave_gather(r->wave, i) : NULL;
}

const wd_gather *wd_residual_top(const wd_residual *r, int i) {
  return i >= 0 && i < r->simulated ? wd_wave_gather(r->wave, r->simulated + i) : NULL;
}

wd_status wd_residual_compare(const wd_residual *r, int i, const wd_gather *gathers,
                              const wd_compare_desc *desc, wd_comparison *out, wd_error *err) {
  if (i < 0 || i >= r->simulated)
    return wd_fail(err, WD_ERR_ARGUMENT, "map %d to compare with; %d are simulated", i, r->simulated);
  wd_compare_desc d = desc ? *desc : (wd_compare_desc){0};
  const wd_device_info *info = wd_device_get_info(r->device);
  if (!d.threads && info->kind == WD_DEVICE_CPU) d.threads = info->threads;
  return wd_compare(gathers, wd_residual_full(r, i), wd_residual_top(r, i), &d, out, err);
}

wd_status wd_residual_measure(wd_residual *r, int n, const float *velocity, const float *gathers,
                              wd_measure *out, const wd_hooks *hooks, wd_error *err) {
  const wd_survey *s = r->survey;
  size_t cells = (size_t)s->nz * (size_t)s->nx;
  wd_gather one = {s->shots, s->samples, s->receivers, s->dt, NULL};
  size_t samples = wd_gather_count(&one);
  if (n < 0) return wd_fail(err, WD_ERR_ARGUMENT, "%d pairs to measure", n);
  wd_measure *made = wd_calloc((size_t)n + 1, sizeof *made);
  if (!made) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d measures", n);
  wd_status st = WD_OK;
  for (int first = 0; first < n && !st;) {
    int here = n - first < r->batch ? n - first : r->batch;
    wd_hooks_part part;
    const wd_hooks *inner = wd_hooks_part_of(&part, hooks, (double)first / n, (double)here / n);
    st = wd_residual_simulate(r, here, velocity + (size_t)first * cells, inner, err);
    if (st && n > here) st = wd_fail_context(err, st, "pairs %d to %d of %d", first + 1, first + here, n);
    for (int i = 0; i < here && !st; i++) {
      wd_comparison c;
      one.value = (float *)gathers + (size_t)(first + i) * samples; /* only read */
      if (wd_hooks_cancelled(hooks))
        st = wd_fail(err, WD_CANCELLED, "cancelled at pair %d of %d", first + i + 1, n);
      if (!st) st = wd_residual_compare(r, i, &one, &(wd_compare_desc){.spectral = r->spectral}, &c, err);
      if (st) break;
      made[first + i] = c.all;
      wd_comparison_clear(&c);
    }
    first += here;
  }
  if (!st && n) memcpy(out, made, (size_t)n * sizeof *made);
  wd_free(made);
  return st;
}

/* ---- populations */

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double percentile(const double *sorted, size_t n, double fraction) {
  double at = fraction * (double)(n - 1);
  size_t below = (size_t)at;
  if (below + 1 >= n) return sorted[n - 1];
  return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* Takes `value` (n of them) to pieces. */
static void fill(double *value, size_t n, wd_population *p) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(value[i])) value[kept++] = value[i];
  p->not_finite = n - kept;
  p->pairs = kept;
  p->p05 = p->median = p->p95 = p->least = p->largest = NAN;
  if (!kept) return;
  qsort(value, kept, sizeof *value, ascending);
  p->p05 = percentile(value, kept, 0.05);
  p->median = percentile(value, kept, 0.5);
  p->p95 = percentile(value, kept, 0.95);
  p->least = value[0];
  p->largest = value[kept - 1];
}

wd_status wd_population_of(const wd_measure *measure, size_t n, wd_metric metric, wd_population *out,
                           wd_error *err) {
  double *value = wd_calloc(n + 1, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu values", n);
  wd_population p = {0};
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (metric == WD_METRIC_REFLECTION_RESIDUAL && measure[i].nothing_to_reflect)
      p.nothing_to_reflect++;
    else
      value[kept++] = wd_measure_get(&measure[i], metric);
  }
  fill(value, kept, &p);
  wd_free(value);
  *out = p;
  return WD_OK;
}

wd_status wd_population_of_values(const double *value, size_t n, wd_population *out, wd_error *err) {
  double *copy = wd_calloc(n + 1, sizeof *copy);
  if (!copy) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu values", n);
  if (n) memcpy(copy, value, n * sizeof *copy);
  wd_population p = {0};
  fill(copy, n, &p);
  wd_free(copy);
  *out = p;
  return WD_OK;
}
