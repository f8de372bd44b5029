/* Latents of the fixed test pairs (model/evaluate.h): test pair i is map i / 10 of family i % 10 of the test
 * split (solver/family.h), simulated in exact mode and encoded from both. The batch that directions and the
 * band of lengths of data latents are measured on. */
#ifndef WD_TEST_LATENT_H
#define WD_TEST_LATENT_H

#include "model/encoder.h"
#include "model/residual.h"

/* encoder, exact: made by the caller for this model; exact simulates in exact mode. latent: C h w floats. */
wd_status wd_test_latent(wd_model *model, wd_encoder *encoder, wd_residual *exact, uint64_t i, float *latent,
                         const wd_hooks *hooks, wd_error *err);

#endif
