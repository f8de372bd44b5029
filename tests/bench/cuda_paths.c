/* How long the CUDA kernels take, path by path: one launch a step from a graph, and fields on chip with
 * clusters of 1 to 16 blocks; one map and many; the gradient. CSV: path, mode, maps, what, median and
 * smallest of the repeats in milliseconds, billions of cell updates a second. Host time around synchronous
 * calls, the gathers' way back included: what a caller waits for.
 *
 *   cuda_paths [DEVICE] [REPEATS]      (cuda, 7) */
#define _POSIX_C_SOURCE 200809L
#include "tests/bench/bench.h"
#include "solver/wave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAPS_MAX = 64, REPEATS_MAX = 100 };

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct job {
  wd_device *device;
  wd_survey *survey;
  const wd_map *map;
  const wd_gather *residual;
  int repeats;
} job;

static void time_one(const job *j, const char *path, wd_wave_desc desc, bool gradient) {
  wd_error err = {0};
  wd_wave *w = NULL;
  double ms[REPEATS_MAX];
  if (strcmp(path, "chosen") == 0)
    unsetenv("WAVEDIFFUSION_CUDA");
  else
    setenv("WAVEDIFFUSION_CUDA", path, 1);
  wd_status st = wd_wave_create(j->device, j->survey, &desc, j->map, &w, &err);
  for (int i = -1; i < j->repeats && !st; i++) { /* the first warms up */
    double start = bench_ms(CLOCK_MONOTONIC);
    if (gradient) {
      wd_map out[MAPS_MAX];
      st = wd_wave_gradient(w, j->residual, out, NULL, NULL, &err);
      for (int m = 0; m < desc.maps && !st; m++) wd_map_clear(&out[m]);
    } else
      st = wd_wave_run(w, NULL, &err);
    if (i >= 0) ms[i] = bench_ms(CLOCK_MONOTONIC) - start;
  }
  if (st)
    printf("# %s, %s, %d maps: %s\n", path, wd_wave_mode_name(desc.mode), desc.maps, err.message);
  else {
    int margin[4];
    wd_wave_margin(w, margin);
    qsort(ms, (size_t)j->repeats, sizeof *ms, ascending);
    double cells = (double)(margin[0] + j->survey->nz + margin[1]) * (margin[2] + j->survey->nx + margin[3]);
    double median = ms[j->repeats / 2];
    printf("%s,%s,%d,%s,%.3f,%.3f,%.2f\n", path, wd_wave_mode_name(desc.mode), desc.maps,
           gradient ? "gradient" : "run", median, ms[0],
           cells * j->survey->samples * j->survey->shots * desc.maps / median * 1e-6);
  }
  fflush(stdout);
  wd_wave_destroy(w);
}

int main(int argc, char **argv) {
  static const char *const path[] = {"general",   "cluster:16", "cluster:8",
                                     "cluster:4", "cluster:2",  "cluster:1"};
  static const int maps[] = {1, 8, MAPS_MAX};
  job j = {.repeats = argc > 2 ? atoi(argv[2]) : 7};
  wd_error err = {0};
  wd_map map[MAPS_MAX];
  wd_gather residual[MAPS_MAX];
  if (j.repeats < 1 || j.repeats > REPEATS_MAX) j.repeats = 7;
  if (wd_device_open(argc > 1 ? argv[1] : "cuda", &j.device, &err) ||
      wd_survey_create(&(wd_survey_desc){0}, &j.survey, &err)) {
    fprintf(stderr, "%s\n", err.message);
    return 4;
  }
  for (int m = 0; m < MAPS_MAX; m++) {
    if (wd_map_create(70, 70, 10, &map[m], &err) || wd_gather_create(5, 1000, 70, 0.001, &residual[m], &err))
      return 1;
    for (int i = 0; i < 4900; i++)
      map[m].value[i] = (float)(1600 + 10 * m + 30 * (i / 70) + 7 * (i % 70 % (m + 3)));
    for (int i = 0; i < 5 * 1000 * 70; i++) residual[m].value[i] = (float)(i % 17 - 8);
  }
  j.map = map;
  j.residual = residual;
  printf("# %s\npath,mode,maps,what,median_ms,min_ms,gcell_per_s\n", wd_device_get_info(j.device)->name);
  for (int mode = WD_WAVE_EXACT; mode <= WD_WAVE_LIVE; mode++)
    for (size_t n = 0; n < sizeof maps / sizeof maps[0]; n++) {
      wd_wave_desc desc = {.mode = (wd_wave_mode)mode, .maps = maps[n]};
      time_one(&j, "chosen", desc, false);
      for (size_t p = 0; p < sizeof path / sizeof path[0]; p++) time_one(&j, path[p], desc, false);
    }
  for (int mode = WD_WAVE_EXACT; mode <= WD_WAVE_LIVE; mode += 2) {
    time_one(&j, "chosen", (wd_wave_desc){.mode = (wd_wave_mode)mode}, true);
    time_one(&j, "chosen",
             (wd_wave_desc){.mode = (wd_wave_mode)mode, .maps = 8, .memory_limit = (size_t)8 << 30}, true);
  }
  for (int m = 0; m < MAPS_MAX; m++) {
    wd_map_clear(&map[m]);
    wd_gather_clear(&residual[m]);
  }
  wd_survey_destroy(j.survey);
  wd_device_close(j.device);
  return 0;
}
