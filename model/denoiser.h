/* Stage 2 at work: what the network makes of noised latents. */
#ifndef WD_DENOISER_H
#define WD_DENOISER_H

#include "model/encoder.h"

typedef struct wd_denoiser wd_denoiser;

/* desc->gradient is of no use here. WD_ERR_UNSUPPORTED when the model has no stage 2. */
wd_status wd_denoiser_create(wd_model *model, const wd_coder_desc *desc, wd_denoiser **out, wd_error *err);
void wd_denoiser_destroy(wd_denoiser *denoiser); /* NULL is harmless */
const wd_schedule *wd_denoiser_schedule(const wd_denoiser *denoiser);
wd_model *wd_denoiser_model(const wd_denoiser *denoiser);
int wd_denoiser_batch(const wd_denoiser *denoiser);

/* The estimate of the data for n latents x (each (C, h, w)), 1..batch, at timestep[i] of the schedule, under
 * the label family[i] (wd_family; -1: any; family NULL: any for all).
 *
 * guidance g (Ho & Salimans 2022): prediction = any + (1 + g) (labelled - any); 0 is the plain labelled
 * prediction, and costs one evaluation in place of two. Without a label it does nothing.
 * prediction (may be NULL) gets what the network said, v or epsilon, guided.
 *
 * A call always runs the whole batch, the places beyond n with nothing of anybody's: what comes out for a
 * latent does not depend on how many others are with it, to the last bit, only on the batch that the denoiser
 * was made for (tests/model/test_sampler.c). WD_ERR_DIVERGED when the estimate is not finite. */
wd_status wd_denoiser_run(wd_denoiser *denoiser, int n, const float *x, const int *timestep,
                          const int *family, double guidance, float *estimate, float *prediction,
                          const wd_hooks *hooks, wd_error *err);

#endif
