/* The project's own pair, tests/data/pair_velocity.npy and pair_seismic.npy, so that these tests never run
 * empty: a CurveFault-B map of the generator and two of its shots (columns 0 and 69), made by
 *
 *   wavediffusion-cli generate --family curvefault-b --count 1 --seed 2026 --output DIR --device reference
 *   wavediffusion-cli simulate --velocity DIR/velocity-00000.npy --output pair_seismic.npy --shots 2
 *                              --device reference
 *
 * on the day when the reference device gave all 349,650 samples of the OpenFWI pair to the last bit. Both
 * files must come out again, bit for bit, on every device. */
#include "solver/family.h"
#include "solver/npy.h"
#include "tests/solver/physics.h"

enum { N = 70, SHOTS = 2, SAMPLES = 1000 };

static void simulated(const char *spec, const wd_map *map, const wd_gather *expected) {
  wd_device *d = NULL;
  wd_error err = {0};
  if (wd_device_open(spec, &d, &err)) {
    if (strcmp(spec, "cuda") == 0)
      tap_skip("%s", err.message);
    else
      tap_ok(false, "%s: %s", spec, err.message);
    return;
  }
  wd_gather g = physics_run(d, &(wd_survey_desc){.shots = SHOTS}, NULL, map);
  size_t same = 0, count = wd_gather_count(&g);
  for (size_t i = 0; i < count; i++) same += memcmp(&g.value[i], &expected->value[i], sizeof(float)) == 0;
  tap_ok(same == count && count == (size_t)SHOTS * SAMPLES * N, "%s: %zu of %zu samples identical", spec,
         same, count);
  wd_gather_clear(&g);
  wd_device_close(d);
}

int main(void) {
  wd_npy *velocity = NULL, *seismic = NULL;
  wd_map map = {0}, made = {0};
  wd_gather gather = {0};
  wd_error err = {0};
  wd_status st = wd_npy_open(WD_TEST_DATA "/pair_velocity.npy", &velocity, &err);
  if (!st) st = wd_npy_open(WD_TEST_DATA "/pair_seismic.npy", &seismic, &err);
  if (!st) st = wd_npy_read_map(velocity, 0, 10, &map, &err);
  if (!st) st = wd_npy_read_gather(seismic, 0, 0.001, &gather, &err);
  if (tap_ok(st == WD_OK, "the pair is read %s", err.message)) {
    tap_ok(map.nz == N && map.nx == N && gather.shots == SHOTS && gather.samples == SAMPLES &&
               gather.receivers == N,
           "its shapes");
    st = wd_family_generate(WD_CURVEFAULT_B, 2026, 0, &made, &err);
    tap_ok(st == WD_OK && memcmp(made.value, map.value, sizeof(float) * N * N) == 0,
           "the generator makes this map again, bit for bit %s", err.message);
    simulated("reference", &map, &gather);
    simulated("cpu", &map, &gather);
    simulated("cuda", &map, &gather);
  }
  wd_gather_clear(&gather);
  wd_map_clear(&map);
  wd_map_clear(&made);
  wd_npy_close(velocity);
  wd_npy_close(seismic);
  return tap_done();
}
