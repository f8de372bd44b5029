/* What the files of the reference and check devices share: the float32 instance of wave_impl.h. */
#ifndef WD_REFERENCE_H
#define WD_REFERENCE_H

#include "solver/memory.h"
#include "solver/wave_plan.h"

#define WD_REAL    float
#define WD_T(name) ref_##name
#include "solver/reference/wave_impl.h"
#include "solver/reference/adjoint_impl.h"
#undef WD_REAL
#undef WD_T

static inline ref_coefficients ref_coefficients_of(const wd_wave *w, const wd_medium *m) {
  ref_coefficients k = {.alpha = m->alpha,
                        .centre = m->centre,
                        .kx = m->kx,
                        .kz = m->kz,
                        .ax = m->ax,
                        .bx = m->bx,
                        .az = m->az,
                        .bz = m->bz,
                        .beta = m->beta};
  memcpy(k.c, w->c, sizeof k.c);
  memcpy(k.d, w->d, sizeof k.d);
  return k;
}

/* Cells between looks at the cancel flag, some 25 ms: measured 10 ns a cell with the sponge at order 4, 26 ns
 * with the CPML, two thirds more at order 8. */
static inline int ref_cells_between_checks(const wd_wave *w) {
  int nanoseconds = w->desc.mode == WD_WAVE_LIVE ? 26 : 10;
  return 25000000 / (w->desc.order == 8 ? nanoseconds * 5 / 3 : nanoseconds);
}

/* The same in rows of a step, which a step may be shorter than. */
static inline int ref_rows_between_checks(const wd_wave *w) {
  int rows = ref_cells_between_checks(w) / w->px;
  return rows < 1 ? 1 : rows;
}

/* The operations of wd_wave_ops for the gradient. */
wd_status wd_reference_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                                const wd_hooks *hooks, wd_error *err);
void wd_reference_gradient_need(const wd_wave *w, wd_adjoint_need *need);

#endif
