/* Training, step by step: stage 1 (encoders, codebook, decoders) on pairs, stage 2 (the denoiser) on the
 * latents that stage 1 makes of them; then, of stage 1, the decoder of gathers alone, on pairs that the model
 * itself drew (wd_train_desc.gathers). The caller owns the loop: it steps, saves the state now and then, and
 * publishes weights for others to open.
 *
 * Everything random is drawn by counter from (seed, number of the sample), so a resumed run continues bit for
 * bit where a device's arithmetic is reproducible (reference; cpu with the same number of threads). */
#ifndef WD_TRAIN_H
#define WD_TRAIN_H

#include "model/corpus.h"
#include "model/model.h"
#include "solver/hooks.h"

/* Zero means the default in brackets. */
typedef struct wd_train_desc {
  wd_stage stage; /* [WD_STAGE1] */
  int batch;      /* pairs a step [8; stage 2: 32] */
  double rate;    /* peak learning rate [8e-4; stage 2: 6e-4] */
  long steps;     /* in all, at the end of which the rate is zero; 0: time_limit says when */
  double seconds; /* training time in all (resumed runs included) at the end of which the rate is zero; only
                     without steps. Neither: the rate stays */
  uint64_t seed;
  wd_precision precision;
  bool gathers;    /* of stage 1 the decoder of gathers alone: the corpus has codes, drawn by this model's
                      codebook and velocity decoder. Everything else of the model stands still */
  bool other_data; /* wd_trainer_load takes a state made on other data too (shards that were replaced or
                      added), and the record of training says where it changed */
} wd_train_desc;

enum { WD_TRAIN_LOSSES = 8 };

typedef struct wd_train_report {
  long step;      /* from 1 */
  long samples;   /* pairs seen in all */
  double seconds; /* trained in all */
  double step_seconds;
  double rate, gradient_norm;
  double loss[WD_TRAIN_LOSSES]; /* the total, then its parts (wd_train_losses) */
  double
      codes_used; /* stage 1: share of the codebook chosen within the last steps; NaN before that is known */
} wd_train_report;

/* Names of the losses of a training ("loss", "velocity_squared", ...), NULL after the last. */
const char *const *wd_train_losses(const wd_train_desc *desc);

typedef struct wd_trainer wd_trainer;

/* The model needs gradients (wd_model_open or _create with `gradients`); it and the corpus must outlive the
 * trainer. Stage 1: when the model has never been saved, amplitude scales are measured on the corpus and set
 * in it. Stage 2: the corpus is encoded first, which takes a while (hooks); `cache` (may be NULL) names a
 * file that keeps the latents for the next time. WD_ERR_SHAPE when the corpus has another geometry. */
wd_status wd_trainer_create(wd_model *model, const wd_corpus *corpus, const wd_train_desc *desc,
                            const char *cache, const wd_hooks *hooks, wd_trainer **out, wd_error *err);
void wd_trainer_destroy(wd_trainer *trainer);                        /* NULL is harmless */
const wd_train_desc *wd_trainer_get_desc(const wd_trainer *trainer); /* with the defaults filled in */

/* One step. Cancelled, or a gradient that is not finite (WD_ERR_DIVERGED): the weights stand as before. */
wd_status wd_trainer_step(wd_trainer *trainer, const wd_hooks *hooks, wd_train_report *out, wd_error *err);
/* Steps taken, seconds trained. */
long wd_trainer_steps(const wd_trainer *trainer);
double wd_trainer_seconds(const wd_trainer *trainer);
/* Whether desc.steps or desc.seconds is reached. */
bool wd_trainer_done(const wd_trainer *trainer);

/* All that a resumed run needs, in one file. Loading refuses (WD_ERR_ARGUMENT, naming the difference) a state
 * of another stage, data (but desc.other_data), batch, seed or network. */
wd_status wd_trainer_save(wd_trainer *trainer, const char *path, wd_error *err);
wd_status wd_trainer_load(wd_trainer *trainer, const char *path, wd_error *err);

/* Exchanges the model's weights with their running average, to encode, decode, sample or save with it; again
 * to train on. In between the model's encoders and decoders show the average. */
wd_status wd_trainer_average(wd_trainer *trainer, bool on, wd_error *err);
/* Saves the averaged weights of the stage into a folder, with the training record; stage 1 measures its
 * latent statistics first. `gathers` leaves those as they are, and saves the model's stage 2 again, where it
 * has one, as belonging to the new stage 1. */
wd_status wd_trainer_publish(wd_trainer *trainer, const char *folder, wd_dtype type, size_t limit,
                             const wd_hooks *hooks, wd_error *err);

#endif
