/* How fast waves propagate on the cpu device. CSV on standard output:
 *
 *   case,mode,width,threads,maps,shots,rows,columns,samples,repeats,min_ms,median_ms,max_ms,cpu_ms,gpoints
 *
 * min, median and max are wall time of wd_wave_run; cpu is the least processor time of all threads together,
 * over the threads: what the wall time would be on a quiet machine whose threads never wait. gpoints is
 * padded points times steps over the least wall time, in 1e9 a second. Before the cases stand the ceilings
 * measured on one core: vector operations a second and bytes a second of a triad (two
 * reads, one write) in first-level, second-level cache and memory.
 *
 * Usage: bench_wave [repeats [case ...]]; 11 repeats and all cases when not given. Cases: modes, widths,
 * threads, shots, sizes. */
#include "tests/bench/bench.h"
#include "solver/random.h"
#include "solver/wave.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#  include <immintrin.h>
#endif

/* A layered map with a fault, 1500 to 4300 m/s; deterministic. */
static wd_map layered(int nz, int nx) {
  wd_map map;
  wd_error err;
  bench_must(wd_map_create(nz, nx, 10, &map, &err), &err);
  wd_random rng = wd_random_make(11, 0);
  float layer[64];
  for (int i = 0; i < 64; i++) layer[i] = 1500.0f + (float)(int)(2800 * wd_random_uniform(&rng));
  layer[0] = 1500;
  for (int z = 0; z < nz; z++)
    for (int x = 0; x < nx; x++)
      map.value[(size_t)z * (size_t)nx + (size_t)x] = layer[(z + (x > nx / 2 ? 4 : 0)) / 12 % 64];
  return map;
}

typedef struct bench {
  const char *name, *width;
  wd_wave_mode mode;
  int threads, maps, shots, side, samples, absorb, order;
} bench;

static void measure(const bench *b, int repeats) {
  char spec[16];
  wd_error err;
  if (b->width) setenv("WAVEDIFFUSION_SIMD", b->width, 1);
  snprintf(spec, sizeof spec, "cpu:%d", b->threads);
  wd_device *device = NULL;
  wd_status st = wd_device_open(spec, &device, &err);
  if (b->width) unsetenv("WAVEDIFFUSION_SIMD");
  if (st == WD_ERR_DEVICE) return; /* a width this machine lacks */
  bench_must(st, &err);
  wd_survey *survey = NULL;
  bench_must(wd_survey_create(
                 &(wd_survey_desc){.nz = b->side, .nx = b->side, .shots = b->shots, .samples = b->samples},
                 &survey, &err),
             &err);
  wd_map map = layered(b->side, b->side), *maps = calloc((size_t)b->maps, sizeof *maps);
  for (int m = 0; m < b->maps; m++) maps[m] = map;
  wd_wave *wave = NULL;
  wd_wave_desc desc = {.mode = b->mode, .maps = b->maps, .absorb = b->absorb, .order = b->order};
  bench_must(wd_wave_create(device, survey, &desc, maps, &wave, &err), &err);
  double *wall = calloc((size_t)repeats, sizeof *wall), cpu = 1e30;
  for (int i = 0; i < repeats; i++) {
    double w0 = 1e-3 * bench_ms(CLOCK_MONOTONIC), c0 = 1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID);
    bench_must(wd_wave_run(wave, NULL, &err), &err);
    wall[i] = 1e-3 * bench_ms(CLOCK_MONOTONIC) - w0;
    double c = 1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID) - c0;
    if (c < cpu) cpu = c;
  }
  bench_sort(wall, repeats);
  int margin[4];
  wd_wave_margin(wave, margin);
  double rows = b->side + margin[0] + margin[1], columns = b->side + margin[2] + margin[3];
  double points = rows * columns * b->samples * b->shots * b->maps;
  const wd_device_info *info = wd_device_get_info(device);
  printf("%s,%s,%d,%d,%d,%d,%.0f,%.0f,%d,%d,%.3f,%.3f,%.3f,%.3f,%.3f\n", b->name, wd_wave_mode_name(b->mode),
         info->lanes, info->threads, b->maps, b->shots, rows, columns, b->samples, repeats, 1e3 * wall[0],
         1e3 * wall[repeats / 2], 1e3 * wall[repeats - 1], 1e3 * cpu / info->threads,
         1e-9 * points / wall[0]);
  fflush(stdout);
  free(wall);
  free(maps);
  wd_map_clear(&map);
  wd_wave_destroy(wave);
  wd_survey_destroy(survey);
  wd_device_close(device);
}

/* Ceilings of one core. */
enum { CHAINS = 12 }; /* independent sums: two units times a latency of four, and some */

#if defined(__x86_64__)
#  define MULTIPLY_ADD(name, features, type, splat, fma)                                                     \
    __attribute__((target(features))) static double name(long rounds) {                                      \
      type m = splat(0.999f), a = splat(0), b = splat(1), c = splat(2), d = splat(3), e = splat(4),          \
           f = splat(5), g = splat(6), h = splat(7), i = splat(8), j = splat(9), k = splat(10),              \
           l = splat(11);                                                                                    \
      for (long r = 0; r < rounds; r++) {                                                                    \
        a = fma(a, m, m), b = fma(b, m, m), c = fma(c, m, m), d = fma(d, m, m), e = fma(e, m, m);            \
        f = fma(f, m, m), g = fma(g, m, m), h = fma(h, m, m), i = fma(i, m, m), j = fma(j, m, m);            \
        k = fma(k, m, m), l = fma(l, m, m);                                                                  \
      }                                                                                                      \
      a = a + b + c + d + e + f + g + h + i + j + k + l;                                                     \
      return (double)a[0];                                                                                   \
    }
MULTIPLY_ADD(multiply_add_16, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)
MULTIPLY_ADD(multiply_add_8, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)

static void vector_ceiling(int lanes, double (*run)(long rounds)) {
  const long rounds = 2000000;
  double best = 1e30;
  volatile double sink = 0;
  for (int i = 0; i < 7; i++) {
    double t = 1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID);
    sink = sink + run(rounds);
    t = 1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID) - t;
    if (t < best) best = t;
  }
  printf("# issue ceiling, one core, %d lanes: %.2f G vector operations/s\n", lanes,
         1e-9 * CHAINS * (double)rounds / best);
}
#endif

#if defined(__x86_64__)
__attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#endif
static void
triad(float *restrict out, const float *restrict a, const float *restrict b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + 0.5f * b[i];
}

static void ceilings(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) vector_ceiling(16, multiply_add_16);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) vector_ceiling(8, multiply_add_8);
#endif
  double best;
  const struct {
    const char *name;
    size_t floats;
  } level[] = {{"first-level cache", 3000}, {"second-level cache", 130000}, {"memory", 32000000}};
  for (int l = 0; l < 3; l++) {
    size_t n = level[l].floats;
    float *x = aligned_alloc(64, (n + 16) / 16 * 64), *y = aligned_alloc(64, (n + 16) / 16 * 64),
          *z = aligned_alloc(64, (n + 16) / 16 * 64);
    for (size_t i = 0; i < n; i++) x[i] = y[i] = z[i] = 1;
    int inner = (int)(64000000 / n) + 1;
    best = 1e30;
    for (int i = 0; i < 5; i++) {
      double t = 1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID);
      for (int k = 0; k < inner; k++) triad(z, x, y, n);
      t = (1e-3 * bench_ms(CLOCK_PROCESS_CPUTIME_ID) - t) / inner;
      if (t < best) best = t;
    }
    printf("# triad, one core, %s: %.1f GB/s\n", level[l].name, 1e-9 * 12 * (double)n / best);
    free(x);
    free(y);
    free(z);
  }
}

int main(int argc, char **argv) {
  int repeats = argc > 1 ? atoi(argv[1]) : 11;
  if (repeats < 1) {
    fprintf(stderr, "usage: bench_wave [repeats [case ...]]\n");
    return 1;
  }
  static const bench benches[] = {
      {"modes", NULL, WD_WAVE_EXACT, 2, 1, 5, 70, 1000, 0, 4},
      {"modes", NULL, WD_WAVE_FAST, 2, 1, 5, 70, 1000, 0, 4},
      {"modes", NULL, WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 0, 4},
      {"modes", NULL, WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 30, 4},
      {"modes", NULL, WD_WAVE_EXACT, 2, 1, 5, 70, 1000, 0, 8},
      {"modes", NULL, WD_WAVE_FAST, 2, 1, 5, 70, 1000, 0, 8},
      {"modes", NULL, WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 0, 8},
      {"widths", "portable", WD_WAVE_EXACT, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx2", WD_WAVE_EXACT, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx512", WD_WAVE_EXACT, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "portable", WD_WAVE_FAST, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx2", WD_WAVE_FAST, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx512", WD_WAVE_FAST, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "portable", WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx2", WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 0, 4},
      {"widths", "avx512", WD_WAVE_LIVE, 2, 1, 5, 70, 1000, 0, 4},
      {"threads", NULL, WD_WAVE_EXACT, 1, 1, 5, 70, 1000, 0, 4},
      {"threads", NULL, WD_WAVE_FAST, 1, 1, 5, 70, 1000, 0, 4},
      {"threads", NULL, WD_WAVE_LIVE, 1, 1, 5, 70, 1000, 0, 4},
      {"threads", NULL, WD_WAVE_EXACT, 4, 1, 5, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_EXACT, 2, 1, 1, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_EXACT, 2, 1, 2, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_EXACT, 2, 1, 10, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_EXACT, 2, 8, 5, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_LIVE, 2, 1, 1, 70, 1000, 0, 4},
      {"shots", NULL, WD_WAVE_LIVE, 2, 8, 5, 70, 1000, 0, 4},
      {"sizes", NULL, WD_WAVE_EXACT, 2, 1, 5, 16, 500, 0, 4},
      {"sizes", NULL, WD_WAVE_EXACT, 2, 1, 5, 140, 500, 0, 4},
      {"sizes", NULL, WD_WAVE_EXACT, 2, 1, 4, 300, 300, 0, 4},
      {"sizes", NULL, WD_WAVE_EXACT, 2, 1, 2, 700, 200, 0, 4},
      {"sizes", NULL, WD_WAVE_EXACT, 2, 1, 1, 2000, 60, 0, 4},
      {"sizes", NULL, WD_WAVE_FAST, 2, 1, 2, 700, 200, 0, 4},
      {"sizes", NULL, WD_WAVE_LIVE, 2, 1, 2, 700, 200, 0, 4},
  };
  ceilings();
  printf("case,mode,width,threads,maps,shots,rows,columns,samples,repeats,min_ms,median_ms,max_ms,cpu_ms,"
         "gpoints\n");
  for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
    bool wanted = argc <= 2;
    for (int k = 2; k < argc; k++) wanted = wanted || strcmp(argv[k], benches[i].name) == 0;
    if (wanted) measure(&benches[i], repeats);
  }
  return 0;
}
