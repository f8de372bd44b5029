/* The PDE residual of decoded pairs as a function of their latents, and its gradient:
 *
 *   z -> v = D_v(z), s = C^-1 D_s(z) -> b = F(v) -> J(s, b)
 *
 *   dJ/dz = D_s'^T (C^-1)^T dJ/ds + D_v'^T F'^T dJ/db
 *
 * through both decoders (wd_decoder_gradient), the adjoint of the codec's inverse, which is N / K times its
 * forward (codec.h), and the solver's discrete adjoint (wd_wave_gradient) with the term of the least
 * velocity, added where one cell alone is slowest. Sums run over all samples but the last of each trace
 * (metrics.h).
 *
 *   reflection    J = ||s - b|| / D,  D = ||b - F(v_top)||
 *   relative L2   J = ||s - b|| / D,  D = ||b||
 *   log-norm MSE  J = mean (N(s) - N(b))^2
 *
 * D is a number to the gradient, not a function of z: a descent cannot lower J by inventing reflections, or
 * loudness, to divide by. Whoever descends gives D once (wd_latent_residual_freeze) and reports how it moved.
 */
#ifndef WD_LATENT_RESIDUAL_H
#define WD_LATENT_RESIDUAL_H

#include "model/decoder.h"
#include "solver/metrics.h"
#include "solver/wave.h"

typedef enum wd_latent_objective {
  WD_OBJECTIVE_REFLECTION = 0,
  WD_OBJECTIVE_RELATIVE_L2,
  WD_OBJECTIVE_LOG_NORM_MSE,
  WD_OBJECTIVES
} wd_latent_objective;

/* "reflection_residual", "relative_l2", "log_norm_mse": the keys of metrics.h. */
const char *wd_latent_objective_name(wd_latent_objective measure);

/* Zero means the default in brackets. */
typedef struct wd_latent_residual_desc {
  wd_latent_objective measure; /* [reflection] */
  wd_wave_desc wave;           /* mode and so on [exact]; `maps` is ignored */
  wd_precision precision;      /* of the decoders [float32] */
  bool quantise;               /* decode the nearest codes; the gradient passes straight through [false] */
} wd_latent_residual_desc;

typedef struct wd_latent_residual wd_latent_residual;

/* For exactly n latents at a time. The model must outlive it; its device does all work. */
wd_status wd_latent_residual_create(wd_model *model, int n, const wd_latent_residual_desc *desc,
                                    wd_latent_residual **out, wd_error *err);
void wd_latent_residual_destroy(wd_latent_residual *r); /* NULL is harmless */

/* Decodes n latents ((C, h, w) each), simulates, measures. objective[i]: J; measure[i] (may be NULL): all
 * figures with today's denominators. Until wd_latent_residual_freeze the denominators of J are today's too.
 * After a failure or a cancellation there is nothing to differentiate until the next evaluation succeeds. */
wd_status wd_latent_residual_evaluate(wd_latent_residual *r, const float *latents, double *objective,
                                      wd_measure *measure, const wd_hooks *hooks, wd_error *err);

/* The denominators of the last evaluation hold from now on (WD_ERR_ARGUMENT when there was none). */
wd_status wd_latent_residual_freeze(wd_latent_residual *r, wd_error *err);
/* Of pair i: what J divides by (1 for the log-norm MSE). */
double wd_latent_residual_denominator(const wd_latent_residual *r, int i);
/* Of pair i of the last evaluation: what J would divide by if nothing were frozen. */
double wd_latent_residual_denominator_now(const wd_latent_residual *r, int i);

/* dJ_i/dz_i of the last evaluation, n x (C, h, w), per unit of the scaled latent. */
wd_status wd_latent_residual_gradient(wd_latent_residual *r, float *d_latents, const wd_hooks *hooks,
                                      wd_error *err);

/* What the last evaluation decoded: n x nz x nx, n x shots x instants x receivers; and F(v) of pair i. Valid
 * until the next. */
const float *wd_latent_residual_velocity(const wd_latent_residual *r);
const float *wd_latent_residual_coded(const wd_latent_residual *r);
const wd_gather *wd_latent_residual_simulated(const wd_latent_residual *r, int i);

#endif
