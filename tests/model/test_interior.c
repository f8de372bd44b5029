/* The interior wave-equation residual: zero for F(v), one for the direct wave, linear in the error, growing
 * with a wrong velocity, hardly touched by the margin; a known force is found again. */
#include "model/interior.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/reflection.h"
#include "tests/instrumented.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static wd_survey *survey;
static wd_device *device;

static void need(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static void simulate(const wd_map *v, wd_gather *full, wd_gather *top) {
  wd_error err = {0};
  need(wd_reflection_simulate(device, survey, NULL, v, NULL, full, top, &err), &err, "simulate");
}

static double residual(const wd_map *v, const wd_gather *s, const wd_gather *full, const wd_gather *top,
                       int absorb, int threads) {
  wd_error err = {0};
  double out = -1;
  need(wd_interior_residual(survey, v, s, full, top, &(wd_interior_desc){absorb, threads}, &out, NULL, NULL,
                            &err),
       &err, "residual");
  return out;
}

static wd_gather mix(const wd_gather *a, const wd_gather *b, double t) {
  wd_error err = {0};
  wd_gather g = {0};
  need(wd_gather_create(a->shots, a->samples, a->receivers, a->dt, &g, &err), &err, "gather");
  for (size_t i = 0; i < wd_gather_count(&g); i++)
    g.value[i] = (float)((1 - t) * (double)a->value[i] + t * (double)b->value[i]);
  return g;
}

static void of_map(wd_family family) {
  wd_error err = {0};
  wd_map v = {0};
  wd_gather full = {0}, top = {0};
  need(wd_family_generate(family, 4, 2, &v, &err), &err, "map");
  simulate(&v, &full, &top);
  char what[120];
  snprintf(what, sizeof what, "%s: F(v) needs no force", wd_family_name(family));
  tap_at_most(residual(&v, &full, &full, &top, 0, 1), 0, what);
  snprintf(what, sizeof what, "%s: F(v_top) scores 1, error", wd_family_name(family));
  tap_at_most(fabs(residual(&v, &top, &full, &top, 0, 1) - 1), 1e-12, what);
  double last = 0;
  for (int i = 1; i <= 3; i++) {
    wd_gather g = mix(&full, &top, 0.25 * i);
    double r = residual(&v, &g, &full, &top, 0, 2);
    snprintf(what, sizeof what, "%s: a %d / 4 of it scores as much, error", wd_family_name(family), i);
    tap_at_most(fabs(r - 0.25 * i), 2e-4, what);
    wd_gather_clear(&g);
  }
  bool grows = true;
  printf("# %s: gathers of v in v x 1.002, 1.005, 1.01, 1.02, 1.05:", wd_family_name(family));
  for (int i = 0; i < 5; i++) { /* the gathers of v, in maps that are less and less v */
    static const double factor[] = {1.002, 1.005, 1.01, 1.02, 1.05};
    wd_map other = {0};
    wd_gather f = {0}, t = {0};
    need(wd_map_copy(&v, &other, &err), &err, "map");
    for (int k = 0; k < v.nz * v.nx; k++) other.value[k] = fminf(4500, (float)factor[i] * v.value[k]);
    simulate(&other, &f, &t);
    double r = residual(&other, &full, &f, &t, 0, 2);
    printf(" %.3f", r);
    grows = grows && r > last;
    last = r;
    if (i == 2) {
      double wide = residual(&other, &full, &f, &t, 120, 2);
      snprintf(what, sizeof what, "%s: margin of 30 cells against 120, relative", wd_family_name(family));
      printf("\n");
      tap_at_most(fabs(r / wide - 1), 1e-2, what);
      printf("#");
    }
    wd_map_clear(&other);
    wd_gather_clear(&f);
    wd_gather_clear(&t);
  }
  printf("\n");
  tap_ok(grows, "%s: it grows with the error of the velocity", wd_family_name(family));
  double one = residual(&v, &top, &full, &top, 0, 1);
  tap_ok(one == residual(&v, &top, &full, &top, 0, 3), "threads make no difference");
  wd_map_clear(&v);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
}

static void edges(void) {
  wd_error err = {0};
  wd_map v = {0};
  wd_gather full = {0}, top = {0}, small = {0};
  need(wd_map_create(70, 70, 10, &v, &err), &err, "map");
  for (int i = 0; i < 4900; i++) v.value[i] = 2000;
  simulate(&v, &full, &top);
  tap_ok(isnan(residual(&v, &full, &full, &top, 0, 1)), "a homogeneous map has nothing to reflect: NaN");
  double out = -1;
  need(wd_gather_create(5, 500, 70, 1e-3, &small, &err), &err, "gather");
  tap_ok(wd_interior_residual(survey, &v, &small, &full, &top, NULL, &out, NULL, NULL, &err) ==
                 WD_ERR_SHAPE &&
             out == -1,
         "gathers of another size are refused: %s", err.message);
  v.value[77] = NAN;
  tap_ok(wd_interior_residual(survey, &v, &full, &full, &top, NULL, &out, NULL, NULL, &err) != WD_OK &&
             out == -1,
         "NaN in a map is refused");
  v.value[77] = 9000;
  tap_ok(wd_interior_residual(survey, &v, &full, &full, &top, NULL, &out, NULL, NULL, &err) ==
             WD_ERR_ARGUMENT,
         "a map too fast is refused: %s", err.message);
  v.value[77] = 2000;
  atomic_bool flag = false;
  atomic_store(&flag, true);
  tap_ok(wd_interior_residual(survey, &v, &full, &full, &top, NULL, &out, NULL, &(wd_hooks){.cancel = &flag},
                              &err) == WD_CANCELLED &&
             out == -1,
         "it can be cancelled");
  wd_map_clear(&v);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_gather_clear(&small);
}

int main(void) {
  wd_error err = {0};
  need(wd_survey_create(&(wd_survey_desc){0}, &survey, &err), &err, "survey");
  need(wd_device_open("cpu:2", &device, &err), &err, "device");
  of_map(WD_FLATVEL_A);
  if (!WD_INSTRUMENTED) of_map(WD_CURVEFAULT_B);
  edges();
  wd_survey_destroy(survey);
  wd_device_close(device);
  return tap_done();
}
