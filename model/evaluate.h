/* What a model is worth, measured: everything in the design's table (model.md section 4) for any weights, on
 * the fixed test split (solver/family.h), with fixed seeds. The work falls into phases, each one call, so
 * that whoever runs it can show where it is; the result is one JSON object.
 *
 * Test pair i is map i / 10 of family i % 10 of the test split, simulated in exact mode. Residuals of decoded
 * pairs run in desc.mode on the whole grid. Latents are decoded quantised, as in training. */
#ifndef WD_EVALUATE_H
#define WD_EVALUATE_H

#include "model/model.h"
#include "model/residual.h"
#include "model/sampler.h"
#include "model/validate.h"
#include "solver/image_metrics.h"

/* Zero means the default in brackets. */
typedef struct wd_evaluate_desc {
  int count;        /* test pairs, and latents of each population, 10..100000 [1000] */
  int trajectories; /* seeds measured at every step [a tenth of count; from 500 on a fifth, at most 200] */
  wd_sampler_plan plan;   /* of generated pairs [sampler.h] */
  uint64_t seed;          /* of latent 0; the others follow [0] */
  wd_wave_mode mode;      /* of residuals [exact] */
  wd_precision precision; /* of the networks [float32] */
  int batch;              /* latents in one run of a network [1; CUDA 16]: as `sample`, so that seeds give
                             the same bits */
  int floor_maps;         /* maps of the discretisation floor [count / 50, 2 to 10] */
  int training_maps;      /* among which nearest neighbours are looked for [5000] */
  int refined;            /* generated latents that are refined [count, at most 32]; -1: none */
  int refine_steps;       /* [20] */
  int detailed;           /* pairs of a population whose lag and interior residual are measured [count, at
                             most 200] */
  bool pictures;          /* keep the reflections of the first pairs for figures (54 MB at 64 pairs) */
} wd_evaluate_desc;

typedef struct wd_evaluation wd_evaluation;

/* The model must outlive it. */
wd_status wd_evaluation_create(wd_model *model, const wd_evaluate_desc *desc, wd_evaluation **out,
                               wd_error *err);
void wd_evaluation_destroy(wd_evaluation *e);                           /* NULL is harmless */
const wd_evaluate_desc *wd_evaluation_get_desc(const wd_evaluation *e); /* with the defaults filled in */

typedef enum wd_evaluation_phase {
  WD_EVALUATE_PAIRS = 0, /* test pairs, codec floor, stage 1 from both, seismic only, velocity only */
  WD_EVALUATE_ARBITRARY, /* N(0, I) latents and random codes */
  WD_EVALUATE_GENERATED, /* sampled pairs; needs stage 2, as the next does */
  WD_EVALUATE_STEPS,     /* sampled pairs at every step */
  WD_EVALUATE_REFINED,   /* the first generated latents, after gradient steps (refine.h) */
  WD_EVALUATE_MIRROR,    /* mirrored test pairs, the middle shot simulated again */
  WD_EVALUATE_DISTANCES, /* Fréchet distances, diversity, nearest training maps */
  WD_EVALUATE_FLOOR,     /* the discretisation floor */
  WD_EVALUATE_COST,      /* times and memory */
  WD_EVALUATION_PHASES
} wd_evaluation_phase;

typedef struct wd_phase_info {
  const char *name, *unit;
  double units; /* that the phase's progress 0..1 stands for; 0: there is nothing to do (no stage 2) */
} wd_phase_info;

wd_phase_info wd_evaluation_info(const wd_evaluation *e, wd_evaluation_phase phase);
/* Phases go in order, each once. A cancelled or failed one leaves the evaluation unfinished for good. */
wd_status wd_evaluation_run(wd_evaluation *e, wd_evaluation_phase phase, const wd_hooks *hooks,
                            wd_error *err);

/* The report of all phases run so far; what is not known is null. NULL without memory. The caller's. */
struct json_t;
struct json_t *wd_evaluation_report(const wd_evaluation *e);

/* ---- what the report is made from, for tables and figures; arrays are NULL before their phase */

typedef struct wd_evaluation_stage1 {
  wd_map_measure *map;        /* count: D_v(z) against the true map */
  wd_measure *reconstruction; /* D_s(z) against the true gathers, over the true denominator */
  wd_measure *residual;       /* D_s(z) against F(D_v(z)) */
} wd_evaluation_stage1;

/* What takes too long for every pair: of the first `pairs` of a population. */
typedef struct wd_evaluation_details {
  int pairs;
  double *lag;      /* mean |lag| of a pair, ms (solver/lag.h, whole traces); NaN where there is none */
  double *interior; /* model/interior.h; NaN likewise */
} wd_evaluation_details;

typedef struct wd_evaluation_result {
  int count;
  int *family;                       /* of pair i */
  float *velocity, *decoded;         /* count maps: true, and stage 1 given both */
  int shown;                         /* pairs whose gathers are kept: */
  float *coded, *decoded_coded;      /* shown x shots x instants x receivers */
  double *codec, *codec_reflections; /* relative L2 of the codec alone; in units of the reflections */
  double *share;                     /* reflection share of the true gathers */
  wd_evaluation_stage1 stage1[WD_GIVEN_COUNT];
  int32_t *codes;                                  /* count x codes of a latent */
  wd_measure *gaussian, *random_codes, *generated; /* count each */
  wd_evaluation_details real_details, gaussian_details, generated_details;
  int *generated_family;     /* the label given, -1: any */
  float *generated_velocity; /* count maps */
  int trajectories, steps;
  wd_measure *estimate, *noised; /* [step * trajectories + i]: x0-hat and x_t at steps 0..steps - 1 */
  wd_sampler_level *level;       /* steps + 1 */
  int refined, refine_steps;
  wd_measure *refinement; /* [step * refined + i]: latent i at steps 0..refine_steps of refinement */
  /* With desc.pictures: of the first `kept` pairs the middle shot without its direct wave, samples x
   * receivers each: true gathers; decoded gathers of generated pairs, and what their maps give. */
  int kept;
  float *true_reflections, *decoded_reflections, *simulated_reflections;
  size_t *nearest_map;   /* count: number of the training map nearest to each generated one, */
  const double *nearest; /* and its distance: root mean square, 1500 m/s is 1 */
  double seconds[WD_EVALUATION_PHASES];
} wd_evaluation_result;

const wd_evaluation_result *wd_evaluation_get(const wd_evaluation *e);
/* Training map k of those that neighbours were looked for among (nearest_map); *out is created. */
wd_status wd_evaluation_training_map(const wd_evaluation *e, size_t k, wd_map *out, wd_error *err);
/* The 95th percentile of the reflection residual over real pairs through stage 1 (given both); of one family,
 * or of all with -1. NaN where there is none. */
double wd_evaluation_epsilon(const wd_evaluation *e, int family);
double wd_evaluation_floor(const wd_evaluation *e); /* median discretisation floor; NaN before */

#endif
