/* Inside of a wd_model. Internal to model/. */
#ifndef WD_MODEL_IMPL_H
#define WD_MODEL_IMPL_H

#include "model/model.h"
#include "model/network.h"

enum { WD_MAX_LATENT = 64 };

/* JSON texts that travel with weights. */
typedef struct wd_record {
  char *training, *data; /* owned (wd_free); NULL: none */
} wd_record;
void wd_record_clear(wd_record *r);

struct wd_model {
  wd_device *device;
  wd_model_config config;
  wd_picture picture;
  wd_codec *codec;
  wd_params *stage1, *stage2;
  bool gradients;
  float mean[WD_MAX_LATENT], deviation[WD_MAX_LATENT];
  wd_record record[2];
  char stage_identity[2][32]; /* of the weights as they lie on disk; empty: never saved */
  char identity[80];
  char name[64], folder[4096];
};

const char *wd_stage_name(wd_stage stage);
/* A model without weights yet. */
wd_status wd_model_empty(wd_device *device, const wd_model_config *config, bool gradients, wd_model **out,
                         wd_error *err);
/* Declares a stage's weights in new params, n->params; both are the caller's to free. */
wd_status wd_model_declare(wd_model *m, wd_stage stage, wd_network *n, wd_error *err);

#endif
