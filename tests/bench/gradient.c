/* The gradient against the forward run, in one process: five OpenFWI shots on a 70 x 70 map.
 *
 * CSV on standard output: device,mode,vmin,memory_limit_mib,interval,stored_mib,forward_ms,gradient_ms,
 * gradient_max_ms,gradient_cpu_ms,ratio. Times are medians of the repeats, wall clock; cpu is process time
 * over all threads, the least of the repeats; ratio is gradient over forward. forward and gradient take
 * turns, so that other work on the machine meets both. Usage: bench_gradient [device [repeats]]; "cpu" and 7
 * when not given. */
#include "tests/bench/bench.h"
#include "solver/random.h"
#include "solver/wave.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 70, MAX_REPEATS = 99 };

static void measure(wd_device *d, const wd_survey *s, const wd_map *map, wd_wave_mode mode, size_t limit_mib,
                    bool vmin, int repeats) {
  wd_error err;
  wd_wave *w = NULL;
  wd_gather residual;
  wd_wave_desc desc = {.mode = mode, .memory_limit = limit_mib << 20};
  bench_must(wd_wave_create(d, s, &desc, map, &w, &err), &err);
  bench_must(wd_gather_create(s->shots, s->samples, s->receivers, s->dt, &residual, &err), &err);
  wd_random r = wd_random_make(2, 0);
  for (size_t i = 0; i < wd_gather_count(&residual); i++) residual.value[i] = (float)wd_random_normal(&r);
  double forward[MAX_REPEATS], gradient[MAX_REPEATS], cpu = 1e300;
  for (int i = -1; i < repeats; i++) { /* the first round warms up */
    double a = bench_ms(CLOCK_MONOTONIC), vmin_term;
    bench_must(wd_wave_run(w, NULL, &err), &err);
    double b = bench_ms(CLOCK_MONOTONIC), c = bench_ms(CLOCK_PROCESS_CPUTIME_ID);
    wd_map g;
    bench_must(wd_wave_gradient(w, &residual, &g, vmin ? &vmin_term : NULL, NULL, &err), &err);
    double used = bench_ms(CLOCK_PROCESS_CPUTIME_ID) - c;
    wd_map_clear(&g);
    if (i < 0) continue;
    forward[i] = b - a;
    gradient[i] = bench_ms(CLOCK_MONOTONIC) - b;
    if (used < cpu) cpu = used;
  }
  bench_sort(forward, repeats);
  bench_sort(gradient, repeats);
  wd_wave_memory memory = wd_wave_get_memory(w);
  printf("%s,%s,%d,%zu,%d,%.1f,%.2f,%.2f,%.2f,%.2f,%.2f\n", wd_device_get_info(d)->spec,
         wd_wave_mode_name(mode), vmin, limit_mib, memory.checkpoint_interval,
         (double)memory.gradient / 1048576, forward[repeats / 2], gradient[repeats / 2],
         gradient[repeats - 1], cpu, gradient[repeats / 2] / forward[repeats / 2]);
  fflush(stdout);
  wd_gather_clear(&residual);
  wd_wave_destroy(w);
}

int main(int argc, char **argv) {
  const char *spec = argc > 1 ? argv[1] : "cpu";
  int repeats = argc > 2 ? atoi(argv[2]) : 7;
  if (repeats < 1 || repeats > MAX_REPEATS) {
    fprintf(stderr, "bench_gradient: repeats are 1 to %d\n", (int)MAX_REPEATS);
    return 1;
  }
  wd_error err;
  wd_device *d = NULL;
  wd_survey *s = NULL;
  wd_map map;
  bench_must(wd_device_open(spec, &d, &err), &err);
  bench_must(wd_survey_create(&(wd_survey_desc){0}, &s, &err), &err);
  bench_must(wd_map_create(N, N, 10, &map, &err), &err);
  wd_random r = wd_random_make(1, 0);
  for (int i = 0; i < N * N; i++) map.value[i] = (float)(1800 + i / N * 35 + 200 * wd_random_uniform(&r));
  fprintf(stderr, "%s\n", wd_device_get_info(d)->name);
  printf("device,mode,vmin,memory_limit_mib,interval,stored_mib,forward_ms,gradient_ms,gradient_max_ms,"
         "gradient_cpu_ms,"
         "ratio\n");
  for (int mode = WD_WAVE_EXACT; mode <= WD_WAVE_LIVE; mode++) {
    measure(d, s, &map, (wd_wave_mode)mode, 1024, false, repeats);
    measure(d, s, &map, (wd_wave_mode)mode, mode == WD_WAVE_LIVE ? 4 : 16, false, repeats);
  }
  measure(d, s, &map, WD_WAVE_FAST, 1024, true, repeats);
  wd_map_clear(&map);
  wd_survey_destroy(s);
  wd_device_close(d);
  return 0;
}
