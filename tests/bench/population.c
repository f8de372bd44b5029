/* A population of many samples: how long opening, filtering, ranking and saving take, and what it holds.
 *   bench_population [samples] [folder] [keep]   CSV: what, median ms, least ms (processor time), repeats */
#include "app/filter.h"
#include "app/population.h"

#include "model/config.h"
#include "solver/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPEATS = 15 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
  return *(const double *)a < *(const double *)b ? -1 : 1;
}

static void tell(const char *what, double *ms) {
  qsort(ms, REPEATS, sizeof *ms, by_value);
  printf("%s,%.3g,%.3g,%d\n", what, ms[REPEATS / 2], ms[0], REPEATS);
}

static WdPopulation *make(guint n) {
  WdPopulation *p = wd_population_new();
  p->plan.steps = 16;
  wd_model_config config = {0};
  wd_model_config_defaults(&config);
  p->geometry = config.geometry;
  p->latent = (wd_latent_shape){.channels = 8, .height = 18, .width = 18, .count = 2592, .codes = 324};
  for (int k = 0; k <= 16; k += 4) {
    const WdWayStep w = {k, 999 - 60 * k, 0, 0, 0, 0};
    g_array_append_val(p->way, w);
  }
  wd_random r = wd_random_make(1, 2);
  for (guint i = 0; i < n; i++) {
    WdSample *s = wd_sample_new(p);
    s->seed = i;
    s->family = (int)(i % 10);
    for (int k = 0; k < WD_VALUES; k++) s->value[k] = wd_random_uniform(&r) * 3;
    for (guint k = 0; k < p->way->len; k++) s->way[k] = (float)wd_random_uniform(&r);
    float *z = g_new(float, 2592);
    wd_random_normals(i, 3, 0, 2592, z);
    s->latent = g_bytes_new_take(z, 2592 * sizeof *z);
    s->map = g_new0(guint16, 4900);
    s->picture = g_new0(guint16, WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS);
    wd_population_add(p, s);
  }
  wd_population_find_bands(p);
  return p;
}

int main(int argc, char **argv) {
  const guint n = argc > 1 ? (guint)atoi(argv[1]) : 1000;
  g_autofree char *path = g_build_filename(argc > 2 ? argv[2] : g_get_tmp_dir(), "bench.wdpop", NULL);
  double ms[REPEATS], start;
  WdPopulation *p = make(n);
  for (int k = 0; k < REPEATS; k++) {
    start = now();
    if (!wd_population_save(p, path, NULL)) return 1;
    ms[k] = now() - start;
  }
  printf("what,median_ms,least_ms,repeats\n");
  tell("save", ms);
  wd_population_free(p);
  p = NULL;
  for (int k = 0; k < REPEATS; k++) {
    wd_population_free(p);
    start = now();
    p = wd_population_open(path, NULL);
    ms[k] = now() - start;
    if (!p) return 1;
  }
  tell("open", ms);
  for (int k = 0; k < REPEATS; k++) {
    start = now();
    g_autoptr(WdFilter) f =
        wd_filter_new("r_R > 1.5 and (family = curvefault-b or lag < 1) and not flag = timing", NULL, NULL);
    g_autoptr(GArray) which = wd_filter_apply(f, p);
    ms[k] = now() - start;
    if (!which) return 1;
  }
  tell("filter", ms);
  for (int k = 0; k < REPEATS; k++) {
    start = now();
    g_autoptr(GArray) order = wd_population_rank(p, k % WD_VALUES, NULL);
    ms[k] = now() - start;
    if (!order) return 1;
  }
  tell("rank", ms);
  printf("memory,%.1f MB,%.1f kB a sample,%u samples\n", (double)wd_population_memory(p) / 1e6,
         (double)wd_population_memory(p) / 1e3 / n, n);
  wd_population_free(p);
  if (argc < 4) remove(path); /* "keep": for bench_inspect */
  return 0;
}
