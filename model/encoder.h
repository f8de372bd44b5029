/* Stage 1, first half: velocity maps, gathers, or both, to latents. */
#ifndef WD_ENCODER_H
#define WD_ENCODER_H

#include "model/model.h"
#include "solver/hooks.h"

typedef struct wd_coder_desc {
  int batch;              /* largest number of latents a call; 0: 1 */
  wd_precision precision; /* of products, graph.h; zero: float32 */
  bool gradient;          /* decoder.h: wd_decoder_gradient will be called */
} wd_coder_desc;

typedef struct wd_encoder wd_encoder;

wd_status wd_encoder_create(wd_model *model, const wd_coder_desc *desc, wd_encoder **out, wd_error *err);
void wd_encoder_destroy(wd_encoder *encoder); /* NULL is harmless */

/* n pairs, 1..batch. velocity[i]: nz x nx m/s; coded[i]: shots x instants x receivers, the gathers through
 * the model's codec (wd_codec_encode), linear amplitude. Either array, or any pointer in it, may be NULL:
 * that modality is not given (velocity only, seismic only); at least one must be, for each pair.
 *
 * latents: n x (C, h, w), scaled (model.h), before quantisation. codes (may be NULL): n x latent.codes
 * indices, the nearest code of every cell, row by row; of two codebooks, all of the first come first. */
wd_status wd_encoder_run(wd_encoder *encoder, int n, const float *const *velocity, const float *const *coded,
                         float *latents, int32_t *codes, const wd_hooks *hooks, wd_error *err);

#endif
