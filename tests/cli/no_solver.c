/* Linked before the solver's own functions (--wrap in tests/meson.build): every propagation fails, and says
 * so. */
#include "solver/reflection.h"

wd_status __wrap_wd_wave_create(wd_device *d, const wd_survey *s, const wd_wave_desc *desc, const wd_map *v,
                                wd_wave **out, wd_error *err);
wd_status __wrap_wd_wave_run(wd_wave *w, const wd_hooks *hooks, wd_error *err);
wd_status __wrap_wd_wave_step(wd_wave *w, int n, const wd_hooks *hooks, wd_error *err);
wd_status __wrap_wd_wave_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *term,
                                  const wd_hooks *hooks, wd_error *err);

static wd_status fail(wd_error *err) {
  return wd_fail(err, WD_ERR_DEVICE, "no solver here");
}

wd_status __wrap_wd_wave_create(wd_device *d, const wd_survey *s, const wd_wave_desc *desc, const wd_map *v,
                                wd_wave **out, wd_error *err) {
  (void)d, (void)s, (void)desc, (void)v, (void)out;
  return fail(err);
}
wd_status __wrap_wd_wave_run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  (void)w, (void)hooks;
  return fail(err);
}
wd_status __wrap_wd_wave_step(wd_wave *w, int n, const wd_hooks *hooks, wd_error *err) {
  (void)w, (void)n, (void)hooks;
  return fail(err);
}
wd_status __wrap_wd_wave_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *term,
                                  const wd_hooks *hooks, wd_error *err) {
  (void)w, (void)residual, (void)out, (void)term, (void)hooks;
  return fail(err);
}
