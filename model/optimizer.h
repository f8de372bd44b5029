/* AdamW (Loshchilov & Hutter 2019) over all weights of a set, with warm-up, a cosine down to zero, clipping
 * of the global gradient norm, and an average of the weights (EMA) beside them. */
#ifndef WD_OPTIMIZER_H
#define WD_OPTIMIZER_H

#include "model/params.h"

/* Zero means the default in brackets. */
typedef struct wd_optimizer_desc {
  double learning_rate; /* at its peak [3e-4] */
  double beta1, beta2;  /* [0.9, 0.99] */
  double epsilon;       /* [1e-8] */
  double weight_decay;  /* of kernels and matrices [0.01]; below zero: none */
  double clip;          /* [1.0]; below zero: none */
  double ema;           /* decay a step [0.999]; early on (1 + step) / (10 + step), where that is less */
  long warmup;          /* steps [200] */
  long total;           /* steps until the rate is zero; 0: constant after the warm-up */
} wd_optimizer_desc;

typedef struct wd_optimizer wd_optimizer;

wd_status wd_optimizer_create(wd_params *params, const wd_optimizer_desc *desc, wd_optimizer **out,
                              wd_error *err);
void wd_optimizer_destroy(wd_optimizer *o);

/* One step from the gradients in params, which it leaves for the caller to zero. gradient_norm (may be NULL)
 * gets the norm before clipping; when it is not finite, nothing is changed and the call fails with
 * WD_ERR_DIVERGED. */
wd_status wd_optimizer_step(wd_optimizer *o, double *gradient_norm, wd_error *err);
long wd_optimizer_steps(const wd_optimizer *o);
double wd_optimizer_rate(const wd_optimizer_desc *desc, long step); /* the learning rate at a step, from 1 */

/* For runs that end at a time and not at a step: from now on the cosine stands at this fraction, 0..1, of its
 * way, whatever the step and `total` say; below zero: as desc says. */
void wd_optimizer_set_progress(wd_optimizer *o, double fraction);
double wd_optimizer_rate_now(const wd_optimizer *o); /* of the next step */

/* Exchanges the weights with their average (to evaluate, to save); a second call exchanges them back. */
wd_status wd_optimizer_swap(wd_optimizer *o, wd_error *err);

/* Everything a resumed run needs beside the weights: three arrays of params->total floats (first and second
 * moment, average), on the host, and the step. */
wd_status wd_optimizer_save(wd_optimizer *o, float *m, float *v, float *average, long *step, wd_error *err);
wd_status wd_optimizer_restore(wd_optimizer *o, const float *m, const float *v, const float *average,
                               long step, wd_error *err);

#endif
