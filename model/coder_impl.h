/* What encoders and decoders have in common: a graph over stage 1, and room for latents. Internal to model/.
 */
#ifndef WD_CODER_IMPL_H
#define WD_CODER_IMPL_H

#include "model/encoder.h"

typedef struct wd_coder {
  wd_model *model;
  wd_coder_desc desc;
  wd_graph *graph;
  int quantizer[2], quantizers; /* nodes */
  float *latents;               /* a batch, as the network has them */
} wd_coder;

/* On failure call wd_coder_end all the same. */
wd_status wd_coder_begin(wd_coder *c, wd_model *model, const wd_coder_desc *desc, wd_error *err);
wd_status wd_coder_compile(wd_coder *c, const wd_network *n, wd_error *err);
void wd_coder_end(wd_coder *c);
/* The codes of the last run, in the order that encoder.h describes. */
wd_status wd_coder_codes(wd_coder *c, int n, int32_t *codes, wd_error *err);

#endif
