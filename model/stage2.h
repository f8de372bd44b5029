/* Stage 2: the denoiser of latent diffusion, a U-Net on latents (model.md section 2): residual blocks told
 * the timestep and the family, attention at both levels. Latents come in scaled to zero mean and unit
 * variance a channel. */
#ifndef WD_STAGE2_H
#define WD_STAGE2_H

#include "model/network.h"
#include "model/schedule.h"

/* Zero means the default in brackets. Written into the weights' metadata, and read from there. */
typedef struct wd_stage2_config {
  int size;     /* of the latent [18], even */
  int latent;   /* its channels [8] */
  int width;    /* channels at full size; twice as many at half [96] */
  int blocks;   /* residual blocks a level, down and up [2] */
  int heads;    /* [4] */
  int groups;   /* [8] */
  int families; /* labels; one more row of the table stands for "any" [10] */
  wd_schedule_kind schedule;
  int timesteps; /* [1000] */
  wd_prediction prediction;
} wd_stage2_config;

void wd_stage2_defaults(wd_stage2_config *c);
wd_status wd_stage2_check(const wd_stage2_config *c, wd_error *err);
wd_status wd_stage2_declare(wd_network *n, const wd_stage2_config *c, wd_error *err);

/* What the network predicts (v or epsilon) for noised latents (N, s, s, C) at timesteps (N, 1), of families
 * (N, 1): 0..families-1, or `families` for any. */
int wd_stage2_predict(wd_network *n, const wd_stage2_config *c, int latent, int timestep, int family);

#endif
