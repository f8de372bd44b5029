/* Stage 1: two encoders into one latent, its quantizer, and two decoders out of it (model.md section 2).
 *
 * All pictures are size x size (72): the velocity map of 70 x 70 padded, and the gathers as channels: shots x
 * phases (5 x 2 = 10), row = instant / phases, column = receiver, after the temporal codec (codec.h) 144
 * instants = 72 x 2. velocity (N, s, s, 1)   seismic (N, s, s, shots * phases)   latent (N, s/4, s/4, C)
 * Latents are normalised per pixel to root mean square 1 over their channels, and so are the codes: the
 * nearest code is the one of the smallest angle.
 *
 * The seismic decoder has two heads, the direct field F(v_top) and the scattered field F(v) - F(v_top), both
 * in linear amplitude over a scale of their own; the gather is their sum (model.md: "the seismic decoder must
 * earn its reflections"). Linear, because the reflection residual is: an error of one percent in the phase of
 * the direct wave weighs as much as a tenth of all reflections. Gathers that go in are log-compressed. */
#ifndef WD_STAGE1_H
#define WD_STAGE1_H

#include "model/network.h"

/* Zero means the default in brackets. Written into the weights' metadata, and read from there. */
typedef struct wd_stage1_config {
  int size;            /* [72], a multiple of 4 */
  int seismic;         /* channels of the gathers [10] */
  int latent;          /* C [8] */
  int codes;           /* of the codebook [8192]; split in two halves with two_codebooks */
  bool two_codebooks;  /* the 2VQ ablation: half of the channels from each encoder, each with a codebook */
  int velocity_width;  /* channels at a quarter of the size in the velocity tower [64] */
  int seismic_width;   /* the same in the seismic tower [128] */
  int velocity_blocks; /* residual blocks at a quarter of the size, in each velocity half [2] */
  int seismic_blocks;  /* [3] */
  int heads;           /* of attention [4] */
  int groups;          /* of every group norm [8] */
} wd_stage1_config;

void wd_stage1_defaults(wd_stage1_config *c);
/* WD_ERR_ARGUMENT names the value that cannot be: sides, channel counts against groups and heads, absurd
 * sizes. */
wd_status wd_stage1_check(const wd_stage1_config *c, wd_error *err);

/* Declares all weights of stage 1 (both halves and the codebooks) in n->params. */
wd_status wd_stage1_declare(wd_network *n, const wd_stage1_config *c, wd_error *err);

/* The encoders over a graph: pictures and masks (N, 1), 1 where a modality is given and 0 where it is not
 * (modality dropout); returns the normalised latent before quantisation. */
int wd_stage1_encode(wd_network *n, const wd_stage1_config *c, int velocity, int seismic, int velocity_given,
                     int seismic_given);
/* Nearest codes, straight-through. */
int wd_stage1_quantize(wd_network *n, const wd_stage1_config *c, int latent);

typedef struct wd_stage1_decoded {
  int velocity;  /* (N, s, s, 1), normalised velocity */
  int direct;    /* (N, s, s, seismic), amplitude / direct_scale */
  int scattered; /* (N, s, s, seismic), amplitude / scattered_scale */
} wd_stage1_decoded;

wd_stage1_decoded wd_stage1_decode(wd_network *n, const wd_stage1_config *c, int latent);
/* The two fields alone. */
void wd_stage1_decode_fields(wd_network *n, const wd_stage1_config *c, int latent, int *direct,
                             int *scattered);

#endif
