/* A denoising run kept where its network runs: the latents, the estimate before and the noise of every step
 * stay on the device, and a step (network, guidance, update) is one call, on CUDA one launch. The host hears
 * of the latents when it asks.
 *
 * Latents here are as the network has them, (n, h, w, C). */
#ifndef WD_STEPPER_H
#define WD_STEPPER_H

#include "model/graph.h"
#include "model/schedule.h"

typedef struct wd_stepper wd_stepper;

typedef struct wd_stepper_desc {
  /* Nodes of the graph: two inputs, (B, h, w, C) and (B, 1), and what the network says, of the latents' shape
   * and kept. Other inputs (labels) are the caller's to set. */
  int latent, timestep, answer;
  wd_prediction prediction;
  const wd_sampler_row *rows; /* of wd_sampler_table; copied */
  int steps;
  /* With guidance the batch holds every latent twice: B = 2 n, first under its label, then under none, and
   * the prediction is any + (1 + guidance) (labelled - any). Without, B = n. */
  bool guided;
  double guidance;
  const float *noise; /* steps x n h w C, copied; NULL where no row wants any */
} wd_stepper_desc;

/* The graph must be compiled, and outlive the stepper; while a stepper is at work, nobody else sets its two
 * inputs. WD_ERR_ARGUMENT where nodes, rows and noise do not fit together. */
wd_status wd_stepper_create(wd_graph *g, const wd_stepper_desc *desc, wd_stepper **out, wd_error *err);
void wd_stepper_destroy(wd_stepper *s); /* NULL is harmless */

/* The latents before step `step` (0..steps - 1), and the estimate that the step before made; NULL where there
 * was none, which only a row without c allows. */
wd_status wd_stepper_set(wd_stepper *s, int step, const float *x, const float *estimate, wd_error *err);
/* One step. Cancelled or failed, the latents are as before. */
wd_status wd_stepper_step(wd_stepper *s, const wd_hooks *hooks, wd_error *err);
int wd_stepper_at(const wd_stepper *s);       /* the step to come; steps at the end */
size_t wd_stepper_count(const wd_stepper *s); /* n h w C */
/* The latents now, and the last step's estimate of the data; either may be NULL. */
wd_status wd_stepper_get(wd_stepper *s, float *x, float *estimate, wd_error *err);

#endif
