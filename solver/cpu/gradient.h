/* The gradient operations of the cpu device (wd_wave_ops). */
#ifndef WD_CPU_GRADIENT_H
#define WD_CPU_GRADIENT_H

#include "solver/wave_plan.h"

wd_status wd_cpu_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                          const wd_hooks *hooks, wd_error *err);
void wd_cpu_gradient_need(const wd_wave *w, wd_adjoint_need *need);

#endif
