/* Over the ten families: how much of a gather is the direct wave, and how far the absorbing boundaries are
 * from none at all (tests/bench/accuracy.c makes the whole table). */
#include "solver/family.h"
#include "solver/metrics.h"
#include "solver/reflection.h"
#include "tests/solver/physics.h"

enum { N = 70, SHOTS = 5, FAR = 230, MAPS = 64 };

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static wd_map generate(wd_family family, uint64_t index) {
  wd_map m = {0};
  wd_error err;
  if (wd_family_generate(family, 7, index, &m, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  return m;
}

/* A gather with no reflections at all already scores a relative L2 of 0.13 on the median of 64 maps: why the
 * program leads with the reflection residual. */
static void direct_wave_only(wd_device *d) {
  static double share[MAPS], mse[MAPS];
  wd_survey *survey = NULL;
  wd_survey_create(&(wd_survey_desc){0}, &survey, NULL);
  int nothing = 0;
  bool consistent = true;
  for (int i = 0; i < MAPS; i++) {
    wd_map map = generate((wd_family)(i % WD_FAMILIES), (uint64_t)(i / WD_FAMILIES));
    wd_gather full, top;
    wd_comparison c;
    if (wd_reflection_simulate(d, survey, &(wd_wave_desc){.mode = WD_WAVE_FAST}, &map, NULL, &full, &top,
                               NULL) ||
        wd_compare(&top, &full, &top, NULL, &c, NULL))
      exit(1);
    share[i] = c.all.relative_l2;
    mse[i] = c.all.log_norm_mse;
    nothing += c.all.nothing_to_reflect;
    consistent = consistent && c.all.reflection_residual == 1 && c.all.reflection_share == share[i] &&
                 c.all.direct_log_norm_mse == mse[i] && c.all.nothing_to_reflect == (share[i] < 0.01);
    wd_comparison_clear(&c);
    wd_gather_clear(&full);
    wd_gather_clear(&top);
    wd_map_clear(&map);
  }
  qsort(share, MAPS, sizeof *share, compare_doubles);
  qsort(mse, MAPS, sizeof *mse, compare_doubles);
  printf("# direct wave only, %d maps: relative L2 median %.3f, 5-95 %% %.3f-%.3f; log-norm MSE median %.2e; "
         "%d with nothing to reflect\n",
         MAPS, share[MAPS / 2], share[3], share[60], mse[MAPS / 2], nothing);
  tap_ok(consistent, "r_R is 1 and the share is the relative L2 on every map");
  tap_ok(share[MAPS / 2] > 0.08 && share[MAPS / 2] < 0.27, "median relative L2 %.3f (0.08 to 0.27)",
         share[MAPS / 2]);
  tap_ok(mse[MAPS / 2] > 5e-4 && mse[MAPS / 2] < 5e-3, "median log-norm MSE %.2e (5e-4 to 5e-3)",
         mse[MAPS / 2]);
  wd_survey_destroy(survey);
}

static wd_gather boundary_free(wd_device *d, const wd_map *map) {
  const int side = N + 2 * FAR;
  wd_map wide = physics_map(side, side, map->spacing, 0);
  for (int z = 0; z < side; z++)
    for (int x = 0; x < side; x++) {
      int cz = z < FAR        ? 0
               : z >= FAR + N ? N - 1
                              : z - FAR,
          cx = x < FAR        ? 0
               : x >= FAR + N ? N - 1
                              : x - FAR;
      wide.value[z * side + x] = map->value[cz * N + cx];
    }
  wd_cell source[1] = {{FAR + 1, FAR + 17}}, receiver[N];
  for (int r = 0; r < N; r++) receiver[r] = (wd_cell){FAR + 1, FAR + r};
  wd_gather g = physics_run(
      d,
      &(wd_survey_desc){
          .nz = side, .nx = side, .source = source, .n_sources = 1, .receiver = receiver, .n_receivers = N},
      &(wd_wave_desc){.mode = WD_WAVE_FAST, .absorb = 60}, &wide);
  wd_map_clear(&wide);
  return g;
}

static void boundaries(wd_device *d) {
  const wd_cell source = {1, 17};
  double worst[3] = {0};
  static const wd_wave_desc tried[3] = {{0}, {.mode = WD_WAVE_LIVE}, {.mode = WD_WAVE_LIVE, .absorb = 30}};
  for (int f = 0; f < WD_FAMILIES; f++) {
    wd_map map = generate((wd_family)f, 1);
    wd_gather reference = boundary_free(d, &map);
    double e[3];
    for (int k = 0; k < 3; k++) {
      wd_gather g = physics_run(d, &(wd_survey_desc){.source = &source, .n_sources = 1}, &tried[k], &map);
      e[k] = physics_difference(g.value, reference.value, wd_gather_count(&g));
      worst[k] = fmax(worst[k], isnan(e[k]) ? INFINITY : e[k]);
      wd_gather_clear(&g);
    }
    printf("# %s: sponge of 120 cells %.2e, CPML of 20 %.2e, of 30 %.2e\n",
           wd_family_display_name((wd_family)f), e[0], e[1], e[2]);
    wd_gather_clear(&reference);
    wd_map_clear(&map);
  }
  tap_at_most(worst[0], 6e-3, "OpenFWI's sponge against no boundary, worst family, relative L2");
  tap_at_most(worst[1], 1e-3, "live mode, 20 cells, worst family, relative L2");
  tap_at_most(worst[2], 5e-4, "live mode, 30 cells, worst family, relative L2");
}

int main(void) {
  wd_device *d = physics_device();
  direct_wave_only(d);
  boundaries(d);
  wd_device_close(d);
  return tap_done();
}
