/* Stage 1, second half: latents to velocity maps and gathers. What comes out is what the networks say; the
 * solver has no part in it. */
#ifndef WD_DECODER_H
#define WD_DECODER_H

#include "model/encoder.h"

typedef struct wd_decoder wd_decoder;

wd_status wd_decoder_create(wd_model *model, const wd_coder_desc *desc, wd_decoder **out, wd_error *err);
void wd_decoder_destroy(wd_decoder *decoder); /* NULL is harmless */

/* n latents, 1..batch, scaled, (C, h, w) each. quantise: every cell is replaced by its nearest code first, as
 * in training; otherwise it is only brought to the codes' length.
 * velocity: n x nz x nx m/s, held within the model's range. coded: n x shots x instants x receivers, linear
 * amplitude at the codec's instants: the sum of the two heads. codes as in encoder.h. All three may be NULL.
 * WD_ERR_DIVERGED when a latent, or what comes of it, is not finite. */
wd_status wd_decoder_run(wd_decoder *decoder, int n, const float *latents, bool quantise, float *velocity,
                         float *coded, int32_t *codes, const wd_hooks *hooks, wd_error *err);

/* The gradient with respect to the (scaled) latents of the last run, n of them: d_velocity (n x nz x nx, per
 * m/s; zero flows where the map was held at its range) and d_coded (n x shots x instants x receivers) are
 * those of the quantity under study; either may be NULL. A run with `quantise` passes the gradient straight
 * through the quantizer. Needs desc.gradient. */
wd_status wd_decoder_gradient(wd_decoder *decoder, int n, const float *d_velocity, const float *d_coded,
                              float *d_latents, const wd_hooks *hooks, wd_error *err);

/* Latents of given codes (n x latent.codes indices), scaled: decoding them with `quantise` gives those codes
 * back. WD_ERR_ARGUMENT for an index outside the codebook. */
wd_status wd_decoder_latents_of_codes(wd_decoder *decoder, int n, const int32_t *codes, float *latents,
                                      wd_error *err);

#endif
