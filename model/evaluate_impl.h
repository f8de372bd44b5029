/* The insides of an evaluation, shared by its phases. Internal to model/. */
#ifndef WD_EVALUATE_IMPL_H
#define WD_EVALUATE_IMPL_H

#include "model/decoder.h"
#include "model/evaluate.h"

/* The encoder's feature space: a latent averaged over a grid of POOL x POOL parts. */
enum { WD_EVALUATE_POOL = 2, WD_EVALUATE_SEEDS = 16 };

/* Features of one population: count x size each. */
typedef struct wd_evaluation_features {
  double *velocity, *seismic; /* from the map alone, from the gathers alone */
} wd_evaluation_features;

typedef struct wd_evaluation_mirror {
  int pairs;
  double *velocity;      /* normalised MAE between the mirrored pair's map, turned back, and the pair's own */
  double *velocity_true; /* of the mirrored pair's map against the truth */
  double *seismic;       /* relative L2 of the mirrored pair's gathers against the truth */
} wd_evaluation_mirror;

typedef struct wd_evaluation_distances {
  double frechet_velocity, frechet_seismic;           /* generated against test pairs; NaN without stage 2 */
  double frechet_velocity_real, frechet_seismic_real; /* as many other real pairs against test pairs */
  double pairwise_real, pairwise_generated;
  double *nearest_real, *nearest_generated; /* count: distance to the nearest training map */
  uint64_t training_seed[WD_EVALUATE_SEEDS];
  size_t training_share[WD_EVALUATE_SEEDS]; /* maps looked through, the first of each seed */
  int training_seeds;
  size_t training_maps; /* looked through, of all seeds */
  bool training_known;  /* the seeds are the model's own record's */
} wd_evaluation_distances;

typedef struct wd_evaluation_cost {
  double encode, decode, denoise, simulate; /* seconds, median of single runs at batch 1 */
  double sampling;                          /* seconds in samplers and decoders for all generated pairs */
  double memory;                            /* peak resident bytes of the process */
} wd_evaluation_cost;

struct wd_evaluation {
  wd_model *model;
  wd_evaluate_desc desc;
  wd_survey *survey;
  wd_encoder *encoder;
  wd_decoder *decoder;
  wd_denoiser *denoiser;         /* NULL without stage 2 */
  wd_residual *truth, *residual; /* exact; desc.mode */
  size_t cells, coded, samples;  /* of one map, one coded gather, one gather */
  wd_latent_shape latent;
  int features;
  /* Room for one batch. */
  float *latents, *batch_velocity, *batch_coded, *batch_gathers;
  wd_evaluation_result result;
  wd_evaluation_features real, generated;
  wd_evaluation_mirror mirror;
  wd_evaluation_distances distances;
  wd_evaluation_cost cost;
  int floors;
  double *floor;             /* floors */
  wd_measure *floor_measure; /* floors: F(v_top) and the refined grid's reflections, against F(v) */
  wd_evaluation_details floor_details;
};

/* One array of a result; NULL and *st set when there is no memory. */
void *wd_evaluation_array(size_t count, size_t size, wd_status *st, wd_error *err);

/* Test map number i; *out is created. */
wd_status wd_evaluation_test_map(const wd_evaluation *e, size_t i, wd_map *out, wd_error *err);
/* Decodes n latents (at most desc.batch), quantised, and measures them against their simulation. velocity and
 * coded (either may be NULL) get what was decoded. */
wd_status wd_evaluation_score(wd_evaluation *e, int n, const float *latents, float *velocity, float *coded,
                              wd_measure *out, const wd_hooks *hooks, wd_error *err);
/* Lag and interior residual of one pair: gathers against full and top of a map. What cannot be measured is
 * NaN; only WD_CANCELLED and WD_ERR_NO_MEMORY come back. */
wd_status wd_evaluation_detail(const wd_evaluation *e, const float *velocity, const wd_gather *gathers,
                               const wd_gather *full, const wd_gather *top, double *lag, double *interior,
                               const wd_hooks *hooks, wd_error *err);
/* The same of pairs first..first+n-1 of a population that wd_evaluation_score has just measured, as far as
 * they are wanted. velocity: their maps. */
wd_status wd_evaluation_detail_batch(wd_evaluation *e, int first, int n, const float *velocity,
                                     wd_evaluation_details *out, const wd_hooks *hooks, wd_error *err);
/* (C, h, w) -> features. */
void wd_evaluation_feature(const wd_evaluation *e, const float *latent, double *out);
/* The middle shot of `gather` without the direct wave, which is F(v_top) of map i of `of`; samples x
 * receivers.
 */
void wd_evaluation_reflections(const wd_residual *of, int i, const wd_gather *gather, float *out);
/* A sampler of seeds first..first+n-1, labelled as generated pairs are; evaluate_populations.c. */
wd_status wd_evaluation_sampler(wd_evaluation *e, int first, int n, wd_sampler **out, wd_error *err);
/* Features of n maps and coded gathers (at most desc.batch), from the one and from the other alone; either
 * may be NULL. */
wd_status wd_evaluation_features_of(wd_evaluation *e, int n, const float *velocity, const float *coded,
                                    double *of_velocity, double *of_seismic, const wd_hooks *hooks,
                                    wd_error *err);

/* The phases. */
wd_status wd_evaluate_pairs(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_arbitrary(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_generated(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_steps(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_refined(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_mirror(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_distances(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_floor(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);
wd_status wd_evaluate_cost(wd_evaluation *e, const wd_hooks *hooks, wd_error *err);

#endif
