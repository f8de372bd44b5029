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

/* The fields that a decoder of gathers is held against, of a batch. train_fields.c. */
typedef struct wd_train_fields {
  int direct, scattered, weight[3];    /* inputs */
  float *read_scattered, *read_direct; /* one record */
  float *picture[2];                   /* a batch of direct, of scattered */
  float *small;                        /* weights of a batch: direct, scattered, total */
} wd_train_fields;

/* What the losses direct, scattered and total weigh. */
#define WD_FIELD_WEIGHTS 2.0f, 0.5f, 1.0f

typedef struct wd_stage1_trainer {
  int velocity, seismic, velocity_given, seismic_given; /* inputs */
  int row_weight;
  int latent;
  wd_codebook book[2];
  int books;
  float *read_velocity; /* one record */
  float *picture[2];    /* a batch of maps, of gathers */
  float *latents;
  int32_t *index;
} wd_stage1_trainer;

/* The decoder of gathers alone, on given codes. train_gathers.c. */
typedef struct wd_gathers_trainer {
  int latent; /* input */
  int books;
  float *book[2]; /* codebooks, on the host */
  int32_t *codes; /* of one record */
  float *latents; /* a batch */
} wd_gathers_trainer;

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
  char *before;           /* JSON: data that earlier parts of the run were made on; NULL: none */
  wd_train_fields fields; /* stage 1 and gathers */
  wd_stage1_trainer one;
  wd_gathers_trainer gathers;
  wd_stage2_trainer two;
};

/* The record that is sample number n of the run. */
int wd_trainer_record(wd_trainer *t, long n);

/* Adds the inputs to the graph; adds the losses of decoded fields, which WD_FIELD_WEIGHTS weighs. */
void wd_train_fields_inputs(wd_trainer *t);
void wd_train_fields_losses(wd_trainer *t, int direct, int scattered, int part[3]);
wd_status wd_train_fields_make(wd_trainer *t, wd_error *err); /* memory */
void wd_train_fields_clear(wd_trainer *t);
/* Reads a record into place i of the batch; its map into `velocity`, which may be NULL. */
wd_status wd_train_fields_put(wd_trainer *t, int i, int record, float *velocity, wd_error *err);
wd_status wd_train_fields_set(wd_trainer *t, wd_error *err); /* the batch into the inputs */

wd_status wd_gathers_trainer_create(wd_trainer *t, wd_error *err);
wd_status wd_gathers_trainer_fill(wd_trainer *t, long first, wd_error *err);
void wd_gathers_trainer_clear(wd_trainer *t);

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
