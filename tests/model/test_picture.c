/* Pictures: sizes, where values go, and the way back. */
#include "model/picture.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

int main(void) {
  wd_error err = {0};
  wd_picture p = {0};
  tap_ok(wd_picture_init(70, 70, 5, 144, 70, &p, &err) == WD_OK && p.size == 72 && p.phases == 2 &&
             wd_picture_channels(&p) == 10,
         "OpenFWI's pairs are pictures of 72 x 72 with 10 seismic channels");
  wd_picture q = {0};
  tap_ok(wd_picture_init(70, 70, 5, 100, 70, &q, &err) == WD_ERR_SHAPE && q.size == 0, "instants: %s",
         err.message);

  static float velocity[4900], map[5184], velocity_back[4900];
  for (int i = 0; i < 4900; i++) velocity[i] = 1500.0f + (float)((i * 37) % 3001);
  wd_picture_from_velocity(&p, velocity, map);
  wd_picture_to_velocity(&p, map, velocity_back);
  double worst = 0;
  for (int i = 0; i < 4900; i++) worst = fmax(worst, fabs((double)velocity[i] - (double)velocity_back[i]));
  tap_at_most(worst, 3e-4, "velocities come back to within, m/s");
  tap_ok(map[0] == map[73] && map[73] == (float)((velocity[0] - 1500) / 1500 - 1) && map[71] == map[72 + 70],
         "the map stands in the middle, its edges repeated around it");

  enum { CODED = 5 * 144 * 70, PICTURE = 72 * 72 * 10 };
  static float coded[CODED], picture[PICTURE], back[CODED];
  wd_random_normals(1, 2, 0, CODED, coded);
  for (int i = 0; i < CODED; i++) coded[i] *= i % 7 ? 1 : 30;
  for (int a = 0; a < 2; a++) {
    memset(picture, 0xff, sizeof picture);
    memset(back, 0xff, sizeof back);
    wd_picture_from_seismic(&p, (wd_amplitude)a, 0.25, coded, picture);
    wd_picture_to_seismic(&p, (wd_amplitude)a, 0.25, picture, back);
    double error = 0, size = 0;
    bool finite = true;
    for (int i = 0; i < CODED; i++) {
      error += ((double)coded[i] - (double)back[i]) * ((double)coded[i] - (double)back[i]);
      size += (double)coded[i] * (double)coded[i];
    }
    for (int i = 0; i < PICTURE; i++) finite = finite && isfinite(picture[i]);
    tap_ok(finite, "%s amplitude: every value of the picture is written", a ? "log" : "linear");
    tap_at_most(sqrt(error / size), 1e-6, "gathers come back to within");
  }
  /* shot 3, instant 101, receiver 7: row 50, phase 1, column 8 */
  wd_picture_from_seismic(&p, WD_AMPLITUDE_LINEAR, 1, coded, picture);
  tap_ok(picture[(50 * 72 + 8) * 10 + 3 * 2 + 1] == coded[(3 * 144 + 101) * 70 + 7],
         "an instant stands in its row, phase and channel");
  return tap_done();
}
