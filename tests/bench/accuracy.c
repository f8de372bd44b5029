/* How far live mode and the sponge are from a medium without boundaries, on every family.
 *
 * The reference is the same map continued on all sides by its edge cells, so far that nothing comes back
 * within the recording (vmax x 1 s / 2), in fast mode, sponge beyond. Against it, on the original survey:
 *
 *   relative_l2   ||F - F_free|| / ||F_free||
 *   reflection    ||F - F_free|| / ||F_free - F_free(v_top)||: the same in units of the reflection residual,
 * what the boundary alone would add to r_R
 *
 * CSV on standard output: family,index,mode,absorb,relative_l2,reflection. Usage: bench_accuracy [maps a
 * family [device]]; 4 maps and "cpu" when not given. tests/bench/RESULTS.md has the table. */
#include "tests/bench/bench.h"
#include "solver/family.h"
#include "solver/metrics.h"
#include "solver/reflection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 70, SHOTS = 5, FAR = 230 };

static wd_map continued(const wd_map *map) {
  const int side = N + 2 * FAR;
  wd_map out;
  wd_error err;
  bench_must(wd_map_create(side, side, map->spacing, &out, &err), &err);
  for (int z = 0; z < side; z++)
    for (int x = 0; x < side; x++) {
      int cz = z < FAR        ? 0
               : z >= FAR + N ? N - 1
                              : z - FAR,
          cx = x < FAR        ? 0
               : x >= FAR + N ? N - 1
                              : x - FAR;
      out.value[z * side + x] = map->value[cz * N + cx];
    }
  return out;
}

static wd_gather simulate(wd_device *d, const wd_survey_desc *survey_desc, const wd_wave_desc *wave,
                          const wd_map *map) {
  wd_survey *survey = NULL;
  wd_gather g;
  wd_error err;
  bench_must(wd_survey_create(survey_desc, &survey, &err), &err);
  bench_must(wd_reflection_simulate(d, survey, wave, map, NULL, &g, NULL, &err), &err);
  wd_survey_destroy(survey);
  return g;
}

static wd_gather boundary_free(wd_device *d, const wd_map *map) {
  wd_cell source[SHOTS], receiver[N];
  int column[SHOTS];
  wd_survey_spread(N, SHOTS, column);
  for (int s = 0; s < SHOTS; s++) source[s] = (wd_cell){FAR + 1, FAR + column[s]};
  for (int r = 0; r < N; r++) receiver[r] = (wd_cell){FAR + 1, FAR + r};
  wd_map wide = continued(map);
  wd_gather g = simulate(d,
                         &(wd_survey_desc){.nz = wide.nz,
                                           .nx = wide.nx,
                                           .source = source,
                                           .n_sources = SHOTS,
                                           .receiver = receiver,
                                           .n_receivers = N},
                         &(wd_wave_desc){.mode = WD_WAVE_FAST, .absorb = 60}, &wide);
  wd_map_clear(&wide);
  return g;
}

int main(int argc, char **argv) {
  static const wd_wave_desc tried[] = {
      {.mode = WD_WAVE_EXACT, .absorb = 120}, {.mode = WD_WAVE_FAST, .absorb = 120},
      {.mode = WD_WAVE_EXACT, .absorb = 80},  {.mode = WD_WAVE_LIVE, .absorb = 10},
      {.mode = WD_WAVE_LIVE, .absorb = 15},   {.mode = WD_WAVE_LIVE, .absorb = 20},
      {.mode = WD_WAVE_LIVE, .absorb = 30},
  };
  const int maps = argc > 1 ? atoi(argv[1]) : 4;
  wd_device *d = NULL;
  wd_error err;
  bench_must(wd_device_open(argc > 2 ? argv[2] : "cpu", &d, &err), &err);
  printf("family,index,mode,absorb,relative_l2,reflection\n");
  for (int f = 0; f < WD_FAMILIES; f++)
    for (int i = 0; i < maps; i++) {
      wd_map map, top;
      bench_must(wd_family_generate((wd_family)f, 7, (uint64_t)i, &map, &err), &err);
      bench_must(wd_map_repeat_row(&map, 1, &top, &err), &err);
      wd_gather free_field = boundary_free(d, &map), free_top = boundary_free(d, &top);
      for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
        wd_gather g = simulate(d, &(wd_survey_desc){0}, &tried[k], &map);
        wd_comparison c;
        bench_must(wd_compare(&g, &free_field, &free_top, NULL, &c, &err), &err);
        printf("%s,%d,%s,%d,%.4g,%.4g\n", wd_family_name((wd_family)f), i, wd_wave_mode_name(tried[k].mode),
               tried[k].absorb, c.all.relative_l2, c.all.reflection_residual);
        fflush(stdout);
        wd_comparison_clear(&c);
        wd_gather_clear(&g);
      }
      wd_gather_clear(&free_field);
      wd_gather_clear(&free_top);
      wd_map_clear(&map);
      wd_map_clear(&top);
    }
  wd_device_close(d);
  return 0;
}
