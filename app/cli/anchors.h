/* Latents named on a command line, for interpolate: seeds, files, places of recordings; and planes of them.
 */
#ifndef WD_CLI_ANCHORS_H
#define WD_CLI_ANCHORS_H

#include "app/cli/pairs.h"
#include "model/latent_space.h"

/* One anchor. */
typedef struct anchor {
  bool is_seed;
  uint64_t seed;
  const char *text; /* as given, for messages; points into anchors.text */
} anchor;

typedef struct anchors {
  size_t count, one;
  anchor *item;
  float *latent;    /* count x one: data, but of seeds the noise until anchors_sample */
  bool seeds, data; /* there is one that is a seed; one that is not */
  char *text;
} anchors;

/* A list with commas: 3, 10-12 (seeds), z.npy (all its latents), z.npy:4 (one), s.wdrun:2 (the last of run or
 * branch 2), s.wdrun:2@16 (its position 16). */
wd_status anchors_parse(const char *text, const wd_model *model, anchors *out, wd_error *err);
void anchors_clear(anchors *a);

/* How noise becomes data. */
typedef struct denoising {
  wd_denoiser *denoiser; /* NULL: no stage 2 */
  wd_sampler_plan plan;
  int family; /* choice of the family option */
} denoising;
/* n latents x_T to data, in place; seed[i] for what the sampler draws on the way. */
wd_status denoise(const denoising *d, int n, const uint64_t *seed, float *latent, const wd_hooks *hooks,
                  wd_error *err);

/* "random:SEED", "test:N", "sampled:N", FILE.npy, FILE.wdrun: two orthonormal directions of model->latent
 * numbers each, and how far 1 goes along them: deviations of the batch; 0 for random ones (the centre's
 * length). */
wd_status directions_find(const char *text, wd_model *model, const denoising *d, float *e1, float *e2,
                          double scale[2], const wd_hooks *hooks, wd_error *err);

/* "U,V U,V ...": *out is released with wd_free. */
wd_status places_parse(const char *option, const char *text, double (**out)[2], int *count, wd_error *err);

#endif
