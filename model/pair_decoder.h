/* Latents to whole pairs: the decoder's maps, and its gathers with every sample, through the temporal codec.
 * What sampling, scoring and the window show of a latent is what comes out here. */
#ifndef WD_PAIR_DECODER_H
#define WD_PAIR_DECODER_H

#include "model/decoder.h"

typedef struct wd_pair_decoder wd_pair_decoder;

/* batch: latents that the networks take in one call (wd_model_batch). The model must outlive it. */
wd_status wd_pair_decoder_create(wd_model *model, int batch, wd_precision precision, wd_pair_decoder **out,
                                 wd_error *err);
void wd_pair_decoder_destroy(wd_pair_decoder *d);         /* NULL is harmless */
size_t wd_pair_decoder_cells(const wd_pair_decoder *d);   /* floats of a map */
size_t wd_pair_decoder_samples(const wd_pair_decoder *d); /* floats of a set of gathers */

/* n latents ((C, h, w), scaled), any number, quantised and decoded: velocity (n maps, m/s) and gathers (n x
 * shots x samples x receivers). Either may be NULL. WD_ERR_DIVERGED when the networks give what is not
 * finite. */
wd_status wd_pair_decoder_run(wd_pair_decoder *d, size_t n, const float *latents, float *velocity,
                              float *gathers, const wd_hooks *hooks, wd_error *err);

/* Latents that networks take in one call. Fixed for a kind of device, so that the bytes of a seed do not
 * depend on how many are asked for, nor on who asks: 1 on a CPU, where more is no faster, 16 on CUDA. */
int wd_model_batch(const wd_device *device);

#endif
