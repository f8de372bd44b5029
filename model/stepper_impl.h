/* What a stepper is made of, for the devices that keep it. Internal to model/. */
#ifndef WD_STEPPER_IMPL_H
#define WD_STEPPER_IMPL_H

#include "model/kernels.h"
#include "model/stepper.h"

struct wd_stepper {
  wd_graph *graph;
  wd_stepper_desc desc; /* rows and noise are not read after creation; `rows` below is the copy */
  wd_sampler_row *rows;
  int n;        /* latents */
  size_t count; /* values of all of them */
  int step;     /* to come */
  const wd_stepper_ops *ops;
  void *backend;                                /* the device's own */
  float *noise, *x, *estimate, *answer, *level; /* on the host, where no device keeps them */
};

/* How a device keeps one (wd_kernels.stepper). Arguments are checked, and `step` is moved on, by the caller.
 */
struct wd_stepper_ops {
  wd_status (*create)(wd_stepper *s, wd_error *err);
  void (*destroy)(wd_stepper *s); /* also after a failed create */
  wd_status (*set)(wd_stepper *s, int step, const float *x, const float *estimate, wd_error *err);
  wd_status (*run)(wd_stepper *s, const wd_hooks *hooks, wd_error *err);
  wd_status (*get)(wd_stepper *s, float *x, float *estimate, wd_error *err);
};

#endif
