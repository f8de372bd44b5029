/* The gradient on the reference and check devices: adjoint_impl.h in float32, one shot after the other. */
#include "solver/guard.h"
#include "solver/reference/reference.h"

static wd_status check_guards(const wd_wave *w, ref_adjoint *a, wd_error *err) {
  bool intact = true;
  float **plane[6];
  for (int i = 0; i < a->plan.segment; i++) intact = intact && wd_guard_intact(a->segment[i]);
  for (int i = -2; i < a->plan.checkpoints; i++) {
    int n = ref_field_planes(w, i == -2 ? &a->forward : i == -1 ? &a->backward : &a->checkpoint[i], plane);
    for (int j = 0; j < n; j++) intact = intact && wd_guard_intact(*plane[j]);
  }
  const float *work[4] = {a->sx, a->sz, a->ux, a->uz};
  for (int i = 0; i < 4; i++) intact = intact && wd_guard_intact(work[i]);
  return intact
             ? WD_OK
             : wd_fail(err, WD_ERR_DEVICE, "check: memory before a wavefield of the gradient was written to");
}

wd_status wd_reference_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                                const wd_hooks *hooks, wd_error *err) {
  bool guarded = w->device->info.kind == WD_DEVICE_CHECK;
  int shots = w->survey->shots, total = w->desc.maps * shots, rows = ref_rows_between_checks(w);
  size_t cells = (size_t)w->nz * (size_t)w->nx;
  size_t per_shot = (size_t)w->survey->samples * (size_t)w->survey->receivers;
  ref_adjoint a;
  wd_status st = ref_adjoint_create(w, w->desc.memory_limit, guarded ? wd_guard_alloc : wd_alloc,
                                    guarded ? wd_guard_free : wd_free, &a, err);
  if (st) return st;
  double *sum = wd_alloc(cells, sizeof *sum);
  if (!sum) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a gradient of %zu cells", cells);
  for (int m = 0; m < w->desc.maps && !st; m++) {
    const wd_medium *medium = &w->medium[m];
    ref_coefficients k = ref_coefficients_of(w, medium);
    double vmin_sum = 0;
    memset(sum, 0, cells * sizeof *sum);
    for (int s = 0; s < shots && !st; s++) {
      wd_hooks_progress(hooks, (double)(m * shots + s) / total);
      st = ref_adjoint_shot(w, &k, &a, s, residual[m].value + (size_t)s * per_shot, sum, &vmin_sum, rows,
                            hooks);
      if (st == WD_CANCELLED) wd_fail(err, st, "cancelled in shot %d of %d", m * shots + s + 1, total);
      if (!st && guarded) st = check_guards(w, &a, err);
    }
    if (st) break;
    for (size_t i = 0; i < cells; i++) out[m].value[i] = (float)(2 * sum[i] / (double)medium->velocity[i]);
    if (vmin_term) vmin_term[m] = vmin_sum / (double)medium->vmin;
  }
  wd_free(sum);
  ref_adjoint_clear(w, &a);
  return st;
}

void wd_reference_gradient_need(const wd_wave *w, wd_adjoint_need *need) {
  *need = ref_adjoint_need(w);
}
