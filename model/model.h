/* A trained model: a folder such as resources/models/default, opened on a device.
 *
 *   stage1.safetensors (or its pieces, weights.h)   encoders, codebook, decoders; latent statistics
 *   stage2.safetensors (or its pieces)              the denoiser; may be absent while only stage 1 is trained
 *   evaluation.json, CARD.md                        what was measured; for people
 *
 * Latents. Outside of the networks a latent is an array (C, h, w), channel-major, float32, before
 * quantisation and scaled per channel to zero mean and unit variance over training data (statistics in stage
 * 1's weights, "latent.mean" and "latent.deviation"): N(0, I) means these units. encoder.h makes them,
 * decoder.h reads them, denoiser.h and sampler.h work in them. */
#ifndef WD_MODEL_H
#define WD_MODEL_H

#include "model/config.h"
#include "model/dtype.h"
#include "model/params.h"
#include "solver/survey.h"

typedef enum wd_stage { WD_STAGE1 = 1, WD_STAGE2 = 2 } wd_stage;

/* Encoders, decoders, denoisers and samplers made from a model read its weights: it must outlive them. One
 * thread at a time, as its device. */
typedef struct wd_model wd_model;

/* Both stages with fresh weights drawn from seed (config NULL: all defaults). gradients: for training. */
wd_status wd_model_create(wd_device *device, const wd_model_config *config, uint64_t seed, bool gradients,
                          wd_model **out, wd_error *err);
/* Fresh weights again for one stage, drawn as wd_model_create would: stage 2 for a model that has none. */
wd_status wd_model_restart(wd_model *model, wd_stage stage, const wd_stage2_config *config, uint64_t seed,
                           wd_error *err);

/* Opens a folder. WD_ERR_IO when there is no stage 1; WD_ERR_FORMAT when weights are damaged, of the wrong
 * shape or not finite, or when stage 2 was trained on another stage 1. */
wd_status wd_model_open(wd_device *device, const char *folder, bool gradients, wd_model **out, wd_error *err);
/* The same without looking at stage 2: to train a new one on a stage 1 that has changed. */
wd_status wd_model_open_stage1(wd_device *device, const char *folder, bool gradients, wd_model **out,
                               wd_error *err);
void wd_model_close(wd_model *model); /* NULL is harmless */

typedef struct wd_model_save_desc {
  wd_dtype type;        /* of the weights on disk: WD_F32, WD_F16 or WD_BF16; statistics stay float32 */
  size_t limit;         /* bytes a piece, 0: one file (WD_WEIGHTS_PIECE for what is shipped) */
  const char *training; /* JSON: the training record. NULL: what the model was opened with */
  const char *data;     /* JSON: the data recipe; likewise */
} wd_model_save_desc;

/* Writes one stage into a folder (made if missing). Saving stage 1 gives it a new identity: an old stage 2
 * beside it will be refused, and must be trained anew. */
wd_status wd_model_save(wd_model *model, wd_stage stage, const char *folder, const wd_model_save_desc *desc,
                        wd_error *err);

wd_device *wd_model_device(const wd_model *model);
const wd_model_config *wd_model_get_config(const wd_model *model);
const wd_picture *wd_model_picture(const wd_model *model);
const wd_codec *wd_model_codec(const wd_model *model);
/* NULL when stage 2 is not there. */
wd_params *wd_model_params(const wd_model *model, wd_stage stage);
bool wd_model_has(const wd_model *model, wd_stage stage);
/* "default" for resources/models/default: for titles, logs and recipes; the folder as given; and a stamp of
 * both stages' identities, which goes into every recipe. */
const char *wd_model_name(const wd_model *model);
const char *wd_model_folder(const wd_model *model);
const char *wd_model_identity(const wd_model *model);
/* Of one stage's weights as they were last saved or opened; "" when never. */
const char *wd_model_identity_of(const wd_model *model, wd_stage stage);
/* The JSON text that the weights carry; NULL when they carry none. */
const char *wd_model_record(const wd_model *model, wd_stage stage, const char *key);

/* C, h, w of a latent, C h w, and the codes that stand for one: h w, or 2 h w with two codebooks. */
typedef struct wd_latent_shape {
  int channels, height, width;
  int count, codes;
} wd_latent_shape;
wd_latent_shape wd_model_latent(const wd_model *model);

/* Per channel, of latents as the encoder's last layer gives them. */
void wd_model_get_statistics(const wd_model *model, const float **mean, const float **deviation);
wd_status wd_model_set_statistics(wd_model *model, const float *mean, const float *deviation, wd_error *err);
/* Scales of pictures, measured on training data: before any encoder or decoder is made. */
wd_status wd_model_set_scales(wd_model *model, double log_scale, double direct_scale, double scattered_scale,
                              wd_error *err);

/* (C, h, w) scaled <-> (h, w, C) as networks have it; n latents. */
void wd_latent_to_network(const wd_model *model, int n, const float *latents, float *network);
void wd_latent_from_network(const wd_model *model, int n, const float *network, float *latents);

/* What turns codes into maps, as a number: checksum of codebook and velocity decoder. Pairs drawn by two
 * models of the same number are the same (wd_shard_desc.drawer). */
wd_status wd_model_drawer(const wd_model *model, uint64_t *out, wd_error *err);

/* The survey of the model's geometry (survey.h), made anew: the caller's. */
wd_status wd_model_survey(const wd_model *model, wd_survey **out, wd_error *err);

#endif
