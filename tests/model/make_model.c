/* make_model FOLDER [SEED] [one] [small] [full] [swift] [coarse]: a model folder with random weights for the
 * tests of the command line: real shapes on both sides (70 x 70 maps, five shots of 1000 samples), small
 * networks between them. `one` leaves stage 2 out; `small` makes maps of 16 x 16 and three shots of 320
 * samples, which simulate quickly; `full` takes networks of the default sizes; `swift` lets maps be as fast
 * as 9000 m/s, of which the solver refuses those beyond 6100; `coarse` has a time step of 2.5 ms, at which it
 * takes nothing. */
#include "tests/model/small_model.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  bool one = false, small = false, full = false, swift = false, coarse = false;
  for (int i = 3; i < argc; i++) {
    one = one || !strcmp(argv[i], "one");
    small = small || !strcmp(argv[i], "small");
    full = full || !strcmp(argv[i], "full");
    swift = swift || !strcmp(argv[i], "swift");
    coarse = coarse || !strcmp(argv[i], "coarse");
  }
  if (argc < 2 || argc - 3 > one + small + full + swift + coarse) {
    fprintf(stderr, "make_model FOLDER [SEED] [one] [small] [full] [swift] [coarse]\n");
    return 1;
  }
  wd_error err = {0};
  wd_device *d = NULL;
  wd_model *m = NULL;
  wd_model_config c = {.log_scale = 2, .direct_scale = 3, .scattered_scale = 0.5};
  if (!full) {
    c.stage1 = small_model_config().stage1;
    c.stage2 = small_model_config().stage2;
    c.stage2.timesteps = 0;
  }
  if (small)
    c.geometry =
        (wd_shard_desc){.nz = 16, .nx = 16, .shots = 3, .samples = 320, .receivers = 16, .instants = 64};
  if (swift) c.velocity_max = 9000;
  if (coarse) c.geometry.dt = 0.0025;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  wd_model_save_desc save = {.training = "{\"steps\": 0}", .data = "{\"family\": \"none\"}"};
  wd_status st = wd_device_open("reference", &d, &err);
  if (!st) st = wd_model_create(d, &c, seed, false, &m, &err);
  if (!st) st = small_model_draw(m, seed, &err);
  if (!st) st = wd_model_save(m, WD_STAGE1, argv[1], &save, &err);
  if (!st && !one) st = wd_model_save(m, WD_STAGE2, argv[1], &save, &err);
  if (st) fprintf(stderr, "make_model: %s\n", err.message);
  wd_model_close(m);
  wd_device_close(d);
  return st ? 1 : 0;
}
