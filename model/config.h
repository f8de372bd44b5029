/* What a model is made for and how large it is: everything that its weights' metadata must say so that
 * whoever opens them needs nothing else. Kept as one JSON object under the key "wavediffusion.config". */
#ifndef WD_CONFIG_H
#define WD_CONFIG_H

#include "model/picture.h"
#include "model/shard.h"
#include "model/stage1.h"
#include "model/stage2.h"

typedef struct wd_model_config {
  /* The maps, and the acquisition that made the gathers the model was trained on. */
  wd_shard_desc geometry;
  double velocity_min, velocity_max; /* m/s: decoded maps are held within [1500, 4500] */
  /* Pictures (picture.h): sign(x) log1p(|x|) / log_scale for gathers that go in; what comes out is linear,
   * amplitude / direct_scale and amplitude / scattered_scale, a field each. Root mean squares over training
   * data. */
  double log_scale, direct_scale, scattered_scale;
  wd_stage1_config stage1;
  wd_stage2_config stage2; /* size and latent follow stage 1 */
} wd_model_config;

/* Fills every zero with its default: OpenFWI's geometry, and the defaults of both stages. */
void wd_model_config_defaults(wd_model_config *c);
/* WD_ERR_ARGUMENT or WD_ERR_SHAPE names what cannot be, or what does not fit together. */
wd_status wd_model_config_check(const wd_model_config *c, wd_error *err);

/* The pictures of these sizes; c has passed wd_model_config_check. */
void wd_model_config_picture(const wd_model_config *c, wd_picture *out);

/* *out is a string for wd_free. */
wd_status wd_model_config_write(const wd_model_config *c, char **out, wd_error *err);
/* Reads and checks. WD_ERR_FORMAT names the key that is missing, of the wrong type or out of range. */
wd_status wd_model_config_read(const char *json, wd_model_config *out, wd_error *err);

#endif
