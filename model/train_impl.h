/* Inside of a wd_trainer. Internal to model/. */
#ifndef WD_TRAIN_IMPL_H
#define WD_TRAIN_IMPL_H

#include "model/optimizer.h"
#include "model/train.h"

/* Streams of the counter-based generator, apart from those that draw weights and noise elsewhere. */
enum {
  WD_STREAM_ORDER = 0x7401,
  WD_STREAM_MODALITY = 0x7402,
  WD_STREAM_TIMESTEP = 0x7403,
  WD_STREAM_LABEL = 0x7404,
  WD_STREAM_REVIVAL = 0x7405,
  WD_STREAM_NOISE = 0x7406
};

/* The codebook follows the latents by running averages (van den Oord et al. 2017, appendix A.1): of a code
 * the direction of the averaged sum is kept, its length is that of a latent (root mean square 1), so counts
 * are not needed. Codes that nobody chooses are put on latents of the batch. train_codebook.c. */
typedef struct wd_codebook {
  int param, node; /* in params; the quantizer's node */
  int first;       /* its first channel in a latent */
  int codes, width;
  float *code, *sum; /* codes x width */
  int *idle;         /* steps since a code was last chosen */
} wd_codebook;

wd_status wd_codebook_create(wd_codebook *b, const wd_params *p, int param, int node, int first,
                             wd_error *err);
void wd_codebook_clear(wd_codebook *b);
/* latents: rows x stride, index: rows codes. On the first step all codes are put on latents. */
void wd_codebook_update(wd_codebook *b, const float *latents, int stride, const int32_t *index, int rows,
                        uint64_t seed, long step);
double wd_codebook_used(const wd_codebook *b);

typedef struct wd_stage1_trainer {
  int velocity, seismic, velocity_given, seismic_given; /* inputs */
  int direct, scattered;
  int direct_weight, scattered_weight, total_weight, row_weight;
  int latent;
  wd_codebook book[2];
  int books;
  float *read_velocity, *read_scattered, *read_direct; /* one record */
  float *picture[4];                                   /* a batch each */
  float *latents;
  int32_t *index;
} wd_stage1_trainer;

typedef struct wd_stage2_trainer {
  int latent, timestep, family, target; /* inputs */
  wd_schedule schedule;
  float *latents; /* all of the corpus, (C, h, w) each, scaled */
  int *label;
  float *x, *y, *network; /* a batch */
} wd_stage2_trainer;

struct wd_trainer {
  wd_model *model;
  const wd_corpus *corpus;
  wd_train_desc desc;
  wd_params *params;
  wd_graph *graph;
  wd_optimizer *optimizer;
  int loss[WD_TRAIN_LOSSES], losses; /* nodes */
  double seconds;
  int *order; /* the records of an epoch in the order they are seen */
  long epoch; /* -1: none drawn yet */
  bool averaged;
  char *before; /* JSON: data that earlier parts of the run were made on; NULL: none */
  wd_stage1_trainer one;
  wd_stage2_trainer two;
};

/* The record that is sample number n of the run. */
int wd_trainer_record(wd_trainer *t, long n);

wd_status wd_stage1_trainer_create(wd_trainer *t, wd_error *err);
wd_status wd_stage1_trainer_fill(wd_trainer *t, long first, wd_error *err);  /* inputs of a step */
wd_status wd_stage1_trainer_finish(wd_trainer *t, long step, wd_error *err); /* the codebook */
void wd_stage1_trainer_clear(wd_trainer *t);
wd_status wd_stage1_trainer_scales(wd_model *m, const wd_corpus *c, wd_error *err);
wd_status wd_stage1_trainer_statistics(wd_trainer *t, const wd_hooks *hooks, wd_error *err);
wd_status wd_stage1_trainer_put_codes(wd_trainer *t, wd_error *err); /* into the weights */

wd_status wd_stage2_trainer_create(wd_trainer *t, const char *cache, const wd_hooks *hooks, wd_error *err);
wd_status wd_stage2_trainer_fill(wd_trainer *t, long first, wd_error *err);
void wd_stage2_trainer_clear(wd_trainer *t);

/* Coded pairs to latents by the model as it stands, both modalities given; n records from `first` on. */
wd_status wd_trainer_encode(wd_model *m, const wd_corpus *c, int first, int n, float *latents,
                            const wd_hooks *hooks, wd_error *err);

#endif
