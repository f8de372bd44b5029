/* Refinement: gradient descent of the PDE residual in latent space, an explicit tool with steps of its own,
 * never part of sampling. Each latent descends for itself by Adam (Kingma & Ba 2015):
 *
 *   m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,  z <- z - rate m^ / (sqrt(v^) + epsilon)
 *
 * with g of latent_residual.h, m^ and v^ corrected for their start, and the same rate at every step: `rate`
 * is about how far each number of a latent of unit variance moves a step. Denominators are those of step 0
 * throughout; every record says how today's compares. Nothing stops by itself: the residual may rise, and the
 * records say where it was least. */
#ifndef WD_REFINE_H
#define WD_REFINE_H

#include "model/latent_residual.h"

/* The default rate. Over 20 steps larger ones lower the objective further, but by way of its frozen
 * denominator: maps grow blander, and the residual over denominators of its own is worse for it
 * (tests/bench/RESULTS.md). */
#define WD_REFINE_RATE 0.02

/* Zero means the default in brackets. */
typedef struct wd_refine_desc {
  wd_latent_residual_desc residual;
  double rate;         /* [WD_REFINE_RATE] */
  double beta1, beta2; /* [0.9, 0.999] */
  double epsilon;      /* [1e-12]: gradients of the log-norm MSE are small */
} wd_refine_desc;

/* What is known of one latent at one step. */
typedef struct wd_refine_record {
  double objective;       /* J over the frozen denominator */
  double denominator;     /* of step 0 */
  double denominator_now; /* of this step */
  wd_measure measure;     /* every figure, over this step's denominators */
} wd_refine_record;

typedef struct wd_refine wd_refine;

/* latents: n x (C, h, w), copied. The model must outlive it. */
wd_status wd_refine_create(wd_model *model, int n, const float *latents, const wd_refine_desc *desc,
                           wd_refine **out, wd_error *err);
void wd_refine_destroy(wd_refine *refine); /* NULL is harmless */

/* Measures the latents as given: step 0, and the denominators. wd_refine_step does it where it was not done.
 */
wd_status wd_refine_start(wd_refine *refine, const wd_hooks *hooks, wd_error *err);
/* One step further, measured. A failed or cancelled step leaves all as it was; it can be tried again. */
wd_status wd_refine_step(wd_refine *refine, const wd_hooks *hooks, wd_error *err);

int wd_refine_count(const wd_refine *refine); /* n */
int wd_refine_steps(const wd_refine *refine); /* taken; -1 before the start was measured */
/* n x (C, h, w) at step 0..steps (step 0 also before the start), and the record of latent i there. Valid
 * until the next step. NULL outside. */
const float *wd_refine_latents(const wd_refine *refine, int step);
const wd_refine_record *wd_refine_get(const wd_refine *refine, int step, int i);
const wd_refine_desc *wd_refine_get_desc(const wd_refine *refine); /* with the defaults filled in */

/* What the latest step decodes to, and its simulation; latent_residual.h. */
const wd_latent_residual *wd_refine_residual(const wd_refine *refine);

#endif
