/* `sample --branch`: a run that goes another way from one of its positions on.
 *
 *   at=6,steps=10,sampler=ddim,eta=1,guidance=2,family=style-a,noise=99,latents=FILE.npy
 *
 * Several, joined by semicolons, follow each other. What a branch does not say is as it was before. */
#ifndef WD_CLI_BRANCH_H
#define WD_CLI_BRANCH_H

#include "app/cli/pairs.h"

typedef struct branch {
  int at;
  wd_sampler_plan plan; /* from there on; steps are those that remain */
  bool has_family, has_noise;
  int family;         /* wd_family or -1 */
  uint64_t noise;     /* seed of the noise that samplers draw, the same for every pair */
  char latents[1024]; /* file of the latents to go on from, one a seed; "" for none */
} branch;

enum { MAX_BRANCHES = 64 };

/* plan: of the run. *count 0 for text NULL. */
wd_status branches_parse(const char *text, const wd_sampler_plan *plan, branch out[MAX_BRANCHES], int *count,
                         wd_error *err);
/* Takes the sampler, which stands at b->at or beyond, on to the branch; first: number of its first latent. */
wd_status branch_take(const branch *b, wd_sampler *sampler, size_t first, wd_error *err);
/* For the recipe. */
json_t *branch_describe(const branch *b);

#endif
