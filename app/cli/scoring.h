/* What the commands that decode and score pairs share (sample, interpolate, residual): a batch of pairs
 * decoded, simulated and measured, and the list of those of which that cannot be.
 *
 * What a network or the solver refuses is the fault of that pair, and the others are made as if it were not
 * there: its figures are NaN, the reason is kept, and only where every pair has one does the command fail. */
#ifndef WD_CLI_SCORING_H
#define WD_CLI_SCORING_H

#include "app/cli/pairs.h"

/* ---- a batch of pairs (scoring.c) */

typedef struct pair_batch {
  int n;
  size_t cells, samples;     /* floats of one map; of the gathers of one pair */
  size_t latent;             /* floats of one latent; 0 where nothing is decoded */
  float *velocity, *gathers; /* n each; NaN: the decoders gave nothing finite */
  wd_error *why;             /* n; code WD_OK where nothing was refused so far */
} pair_batch;

wd_measure no_measure(void); /* every figure NaN */

/* Decodes n latents. A pair of which nothing finite comes gets its reason in `why` and is all NaN, and so is
 * one that has a reason already, whose latent is not looked at. */
wd_status pairs_decode(wd_pair_decoder *decoder, const pair_batch *b, const float *latents,
                       const wd_hooks *hooks, wd_error *err);

/* Told of pair i, which stands at `place` of the residual until this returns; -1: it has a reason. */
typedef wd_status (*pair_simulated)(void *user, int i, int place, wd_error *err);
/* Simulates the maps, as many at once as the residual takes, and tells `each` of every pair in order. Where
 * one of several is refused it goes on one by one; what is refused gets its reason in `why`, and what has one
 * already is not simulated. */
wd_status pairs_simulate(wd_residual *residual, const pair_batch *b, const wd_hooks *hooks,
                         pair_simulated each, void *user, wd_error *err);

/* The gathers of pair i against what is simulated at `place`; no_measure and a gain of NaN at place -1. desc
 * as in wd_compare, gain may be NULL. */
wd_status pairs_compare(const wd_residual *residual, const pair_batch *b, int i, int place,
                        const wd_compare_desc *desc, wd_measure *out, double *gain, wd_error *err);

/* Both for n pairs: every figure of metrics.h, uncalibrated. */
wd_status pairs_measure(wd_residual *residual, const pair_batch *b, const wd_hooks *hooks, wd_measure *out,
                        wd_error *err);

/* ---- what could not be made (faults.c) */

typedef enum pair_blame {
  BLAME_NETWORK, /* numbers that are not finite */
  BLAME_SOLVER,  /* a map that it refuses */
  BLAME_FILE     /* what was given is not finite, or no velocity */
} pair_blame;

typedef struct pair_fault {
  size_t at; /* its number, from 0 */
  pair_blame blame;
  char why[sizeof(((wd_error *)NULL)->message)];
} pair_fault;

typedef struct fault_list {
  pair_fault *item; /* ascending */
  size_t count;
} fault_list;

/* A pair has one fault at most: the first stays. */
wd_status faults_add(fault_list *list, size_t at, pair_blame blame, const wd_error *why, wd_error *err);
/* Those of n pairs from number `first` that have a reason in `why`. */
wd_status faults_take(fault_list *list, size_t first, int n, pair_blame blame, const wd_error *why,
                      wd_error *err);
const pair_fault *faults_find(const fault_list *list, size_t at); /* NULL: none */
void faults_clear(fault_list *list);

/* How a command calls its pairs. */
typedef struct fault_words {
  size_t count;           /* of all pairs */
  const char *many, *one; /* "samples", "seed": in JSON and for people */
  const char *done;       /* "scored": what all of them were to be */
  const char *file;       /* that keeps all reasons; NULL: none does */
  const uint64_t *number; /* of every pair; NULL: from `first` on */
  uint64_t first;
} fault_words;

/* {"not_finite": .., "refused": .., "bad_data": .. (where there is some), MANY: [{ONE, "by", "why"}]}. NULL:
 * without faults. */
json_t *faults_json(const fault_list *list, const fault_words *words);
/* How many are not whole, and why: the first ones with their words. Nothing without faults. */
void faults_print(const fault_list *list, const fault_words *words);
/* WD_OK unless every pair has a fault: then WD_ERR_DIVERGED, or WD_ERR_FORMAT where the files are all to
 * blame. */
wd_status faults_all(const fault_list *list, const fault_words *words, wd_error *err);

#endif
