/* wavediffusion-cli bench: how fast this machine propagates waves. */
#include "app/cli/setup.h"

#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct bench_args {
  const char *device;
  int mode, repeat, rows, columns, maps;
  bool gradient;
  setup_args setup;
} bench_args;

enum { MODE_ALL = 3, MAX_REPEAT = 1000 };

static const cli_option options[] = {
    CLI_DEVICE_OPTION(bench_args),
    {"mode", 'm', CLI_CHOICE, offsetof(bench_args, mode), .choices = "exact|fast|live|all", .initial = "all",
     .help = "which arithmetic"},
    {"repeat", 'n', CLI_INT, offsetof(bench_args, repeat), .min = 1, .max = MAX_REPEAT, .initial = "5",
     .help = "timed runs of each mode, after one that is not timed"},
    {"rows", 0, CLI_INT, offsetof(bench_args, rows), .min = WD_MAP_MIN_SIDE, .max = WD_MAP_MAX_SIDE,
     .initial = "70", .help = "cells of the map in depth"},
    {"columns", 0, CLI_INT, offsetof(bench_args, columns), .min = WD_MAP_MIN_SIDE, .max = WD_MAP_MAX_SIDE,
     .initial = "70", .help = "cells of the map in distance"},
    {"maps", 0, CLI_INT, offsetof(bench_args, maps), .min = 1, .max = 4096, .initial = "1",
     .help = "maps propagated in one call"},
    {"gradient", 0, CLI_FLAG, offsetof(bench_args, gradient), .help = "time the gradient too"},
    CLI_SETUP_OPTIONS(bench_args, setup),
    {0}};

typedef struct timing {
  double wall[MAX_REPEAT], cpu[MAX_REPEAT];
} timing;

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *value, int n) {
  qsort(value, (size_t)n, sizeof *value, ascending);
  return n % 2 ? value[n / 2] : 0.5 * (value[n / 2 - 1] + value[n / 2]);
}

/* Five layers of 1500 to 4500 m/s with a dip, so that no value repeats in a way that a cache could like. */
static void fill_map(wd_map *map, int index) {
  for (int z = 0; z < map->nz; z++)
    for (int x = 0; x < map->nx; x++) {
      int layer = (5 * (z + (x + index) % 7)) / (map->nz + 7);
      map->value[(size_t)z * (size_t)map->nx + (size_t)x] = 1500.0f + 750.0f * (float)layer;
    }
}

/* One row of the result: times of `repeat` calls. */
static wd_status report(cli *c, const bench_args *a, const char *what, wd_wave_mode mode, timing *t,
                        double points, json_t *rows, wd_error *err) {
  double fastest, wall = median(t->wall, a->repeat), cpu = median(t->cpu, a->repeat);
  fastest = t->wall[0];
  json_t *row = json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "what", what, "mode",
                          wd_wave_mode_name(mode), "maps", a->maps, "repeat", a->repeat, "median_seconds",
                          cli_real(wall), "min_seconds", cli_real(fastest), "max_seconds",
                          cli_real(t->wall[a->repeat - 1]), "cpu_seconds", cli_real(cpu), "points_per_second",
                          cli_real(points / wall));
  if (!row) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the result");
  json_array_append_new(rows, row);
  if (!c->json)
    printf("%-9s %-6s median %8.2f ms   least %8.2f   most %8.2f   CPU %8.2f   %6.2f G points/s\n", what,
           wd_wave_mode_name(mode), 1e3 * wall, 1e3 * fastest, 1e3 * t->wall[a->repeat - 1], 1e3 * cpu,
           1e-9 * points / wall);
  return WD_OK;
}

static wd_status time_gradient(cli *c, const bench_args *a, wd_wave *wave, timing *t, wd_error *err) {
  wd_gather *residual = wd_calloc((size_t)a->maps, sizeof *residual);
  wd_map *out = wd_calloc((size_t)a->maps, sizeof *out);
  wd_status st =
      residual && out ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d gradients", a->maps);
  for (int i = 0; i < a->maps && !st; i++) { /* the gathers themselves: the residual against silence */
    const wd_gather *g = wd_wave_gather(wave, i);
    st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &residual[i], err);
    for (size_t k = 0; !st && k < wd_gather_count(g); k++) residual[i].value[k] = g->value[k];
  }
  for (int k = -1; k < a->repeat && !st; k++) {
    double wall = cli_seconds(), cpu = cpu_seconds();
    st = wd_wave_gradient(wave, residual, out, NULL, &c->hooks, err);
    if (k >= 0) {
      t->wall[k] = cli_seconds() - wall;
      t->cpu[k] = cpu_seconds() - cpu;
    }
    for (int i = 0; i < a->maps; i++) wd_map_clear(&out[i]);
  }
  for (int i = 0; residual && i < a->maps; i++) wd_gather_clear(&residual[i]);
  wd_free(residual);
  wd_free(out);
  return st;
}

static wd_status bench_mode(cli *c, const bench_args *a, wd_device *device, const wd_survey *survey,
                            const wd_map *map, wd_wave_mode mode, timing *t, json_t *rows, wd_error *err) {
  wd_wave_desc desc = setup_wave_desc(&a->setup, mode, a->maps);
  wd_wave *wave = NULL;
  wd_status st = wd_wave_create(device, survey, &desc, map, &wave, err);
  if (st) return st;
  double points = setup_points(wave) * a->maps;
  for (int k = -1; k < a->repeat && !st; k++) {
    double wall = cli_seconds(), cpu = cpu_seconds();
    st = wd_wave_run(wave, &c->hooks, err);
    if (k < 0) continue;
    t->wall[k] = cli_seconds() - wall;
    t->cpu[k] = cpu_seconds() - cpu;
  }
  if (!st) st = report(c, a, "gathers", mode, t, points, rows, err);
  if (!st && a->gradient) {
    st = time_gradient(c, a, wave, t, err);
    if (!st) st = report(c, a, "gradient", mode, t, points, rows, err);
  }
  wd_wave_destroy(wave);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const bench_args *a = arguments;
  wd_device *device = NULL;
  wd_survey *survey = NULL;
  wd_map *map = wd_calloc((size_t)a->maps, sizeof *map);
  timing *t = wd_calloc(1, sizeof *t);
  json_t *rows = json_array();
  wd_status st = map && t && rows ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", a->maps);
  if (!st) st = setup_survey(&a->setup, a->rows, a->columns, &survey, err);
  if (!st) st = cli_open_device(c, a->device, NULL, &device, err);
  for (int i = 0; i < a->maps && !st; i++) {
    st = wd_map_create(a->rows, a->columns, survey->spacing, &map[i], err);
    if (!st) fill_map(&map[i], i);
  }
  for (int mode = 0; mode < MODE_ALL && !st; mode++)
    if (a->mode == MODE_ALL || a->mode == mode)
      st = bench_mode(c, a, device, survey, map, (wd_wave_mode)mode, t, rows, err);
  if (!st && c->json) {
    const wd_device_info *d = wd_device_get_info(device);
    st = cli_print_json(json_pack("{s:s, s:s, s:[i,i], s:i, s:i, s:i, s:O}", "device", d->spec, "device_name",
                                  d->name, "cells", a->rows, a->columns, "shots", survey->shots, "samples",
                                  survey->samples, "receivers", survey->receivers, "results", rows),
                        err);
  }
  for (int i = 0; map && i < a->maps; i++) wd_map_clear(&map[i]);
  wd_free(map);
  wd_free(t);
  json_decref(rows);
  wd_survey_destroy(survey);
  if (device) wd_device_close(device);
  return st;
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "time the wave propagation on this machine",
    .details = "Each mode once untimed, then --repeat times: median, least and most seconds of wall time, "
               "median CPU "
               "time, and updates of a grid point (absorbing cells counted) a second, by the median.",
    .example = "wavediffusion-cli bench --repeat 3\nwavediffusion-cli bench --device reference --mode exact "
               "--repeat 1\n",
    .option = options,
    .size = sizeof(bench_args),
    .run = run,
};
