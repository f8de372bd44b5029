/* Travel times against the closed forms: straight rays, circular rays in a constant gradient, a head wave. */
#include "solver/eikonal.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

typedef double (*velocity_law)(double z, double x);

static double constant(double z, double x) {
  (void)z, (void)x;
  return 2000;
}
/* 4 per second over 690 m: 1500 to 4260 m/s */
static double gradient(double z, double x) {
  (void)x;
  return 1500 + 4 * z;
}
static double oblique(double z, double x) {
  return 1600 + 2.5 * z + 1.5 * x;
}

/* Constant gradient of magnitude k between velocities va and vb, distance d: the rays are circles. */
static double gradient_time(double va, double vb, double k, double d) {
  return acosh(1 + k * k * d * d / (2 * va * vb)) / k;
}

static wd_map build(int n, double h, velocity_law law) {
  wd_map m = {0};
  if (wd_map_create(n, n, h, &m, NULL)) return m;
  for (int z = 0; z < n; z++)
    for (int x = 0; x < n; x++) m.value[z * n + x] = (float)law(z * h, x * h);
  return m;
}

/* Largest error in milliseconds over the map. */
static double worst_ms(int n, double h, velocity_law law, double k, wd_cell s, int refine) {
  wd_map m = build(n, h, law), t = {0};
  if (wd_eikonal_map(&m, s, &(wd_eikonal_desc){.refine = refine}, NULL, &t, NULL)) return NAN;
  double worst = 0, vs = law(s.z * h, s.x * h);
  for (int z = 0; z < n; z++)
    for (int x = 0; x < n; x++) {
      double d = hypot(z - s.z, x - s.x) * h, v = law(z * h, x * h);
      double exact = k > 0 ? gradient_time(vs, v, k, d) : d / vs;
      worst = fmax(worst, 1e3 * fabs((double)t.value[z * n + x] - exact));
    }
  wd_map_clear(&m);
  wd_map_clear(&t);
  return worst;
}

int main(void) {
  wd_cell corner = {1, 0}, middle = {1, 34}, deep = {40, 20};
  tap_at_most(worst_ms(70, 10, constant, 0, middle, 1), 1e-3, "homogeneous map, largest error in ms");
  tap_at_most(worst_ms(70, 10, constant, 0, deep, 3), 1e-3, "homogeneous map, deep source, refined, ms");
  double coarse = worst_ms(70, 10, gradient, 4, corner, 1),
         half = worst_ms(139, 5, gradient, 4, (wd_cell){2, 0}, 1),
         fourth = worst_ms(277, 2.5, gradient, 4, (wd_cell){4, 0}, 1);
  tap_at_most(coarse, 2.5, "4/s gradient, 10 m, largest error in ms");
  tap_at_most(half, 1.3, "the same with 5 m");
  tap_at_most(fourth, 0.65, "and 2.5 m");
  double order = log2(half / fourth);
  tap_ok(order > 0.85 && order < 1.5, "the scheme's order is %.2f (0.85 to 1.5)", order);
  tap_at_most(worst_ms(70, 10, oblique, hypot(2.5, 1.5), middle, 1), 1.5, "oblique gradient, ms");
  tap_at_most(worst_ms(70, 10, oblique, hypot(2.5, 1.5), deep, 1), 1.5, "oblique gradient, deep source, ms");

  /* A fast half-space under 100 m: beyond the crossover the head wave comes first, t = x / v2 + 2 h cos(i) /
   * v1, sin(i) = v1 / v2, from a source and receivers at the surface. The interface lies half a cell above
   * the first fast row. */
  enum { N = 70 };
  wd_map m = build(N, 10, constant), t = {0};
  for (int z = 10; z < N; z++)
    for (int x = 0; x < N; x++) m.value[z * N + x] = 4000;
  double worst = 0;
  if (wd_eikonal_map(&m, (wd_cell){0, 0}, NULL, NULL, &t, NULL) == WD_OK)
    for (int x = 10; x < N; x++) {
      double d = x * 10.0, i = asin(0.5), head = d / 4000 + 2 * 95 * cos(i) / 2000;
      worst = fmax(worst, 1e3 * fabs((double)t.value[x] - fmin(d / 2000, head)));
    }
  else
    worst = NAN;
  tap_at_most(worst, 2.0, "direct and head wave over a half-space, largest error in ms");
  wd_map_clear(&t);

  /* Reciprocity, and the survey call. */
  wd_survey *survey = NULL;
  wd_survey_create(&(wd_survey_desc){0}, &survey, NULL);
  static float time[5 * 70];
  memset(time, 0x7f, sizeof time);
  wd_error err = {0};
  for (int z = 0; z < N; z++)
    for (int x = 0; x < N; x++) m.value[z * N + x] = (float)(2500 + 900 * sin(z / 7.0 + x / 11.0));
  tap_ok(wd_eikonal_survey(&m, survey, NULL, NULL, time, &err) == WD_OK, "a survey's times %s", err.message);
  worst = 0;
  for (int s = 0; s < 5; s++)
    for (int r = 0; r < 5; r++)
      worst = fmax(worst, 1e3 * fabs((double)time[s * 70 + survey->source[r].x] -
                                     (double)time[r * 70 + survey->source[s].x]));
  tap_at_most(worst, 1.5, "source and receiver exchanged, largest difference in ms");
  tap_ok(time[0] == 0 && time[2 * 70 + 34] == 0, "zero at the source");
  tap_ok(time[69] > 0.1f && time[69] < 0.7f, "690 m take %.0f ms", 1e3 * (double)time[69]);

  t = (wd_map){.nz = -3};
  tap_ok(wd_eikonal_map(&m, (wd_cell){70, 0}, NULL, NULL, &t, &err) == WD_ERR_ARGUMENT && t.nz == -3, "%s",
         err.message);
  tap_ok(wd_eikonal_map(&m, (wd_cell){0, 0}, &(wd_eikonal_desc){.refine = 2}, NULL, &t, &err) ==
             WD_ERR_ARGUMENT,
         "%s", err.message);
  m.value[77] = NAN;
  tap_ok(wd_eikonal_map(&m, (wd_cell){0, 0}, NULL, NULL, &t, &err) == WD_ERR_FORMAT, "%s", err.message);
  atomic_bool cancel = true;
  m.value[77] = 2000;
  tap_ok(wd_eikonal_map(&m, (wd_cell){0, 0}, NULL, &(wd_hooks){.cancel = &cancel}, &t, &err) ==
                 WD_CANCELLED &&
             t.nz == -3,
         "a cancelled map says so: %s", err.message);
  tap_ok(wd_eikonal_survey(&m, survey, NULL, &(wd_hooks){.cancel = &cancel}, time, &err) == WD_CANCELLED,
         "cancelled");
  wd_survey_destroy(survey);
  wd_map_clear(&m);
  return tap_done();
}
