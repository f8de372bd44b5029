/* The nearest of many latents to one, in the full latent space: no projection. Latents are scaled (model.h),
 * so that every channel counts alike. */
#ifndef WD_NEIGHBOURS_H
#define WD_NEIGHBOURS_H

#include <stddef.h>

typedef enum wd_nearness {
  WD_NEAR_L2 = 0, /* by distance */
  WD_NEAR_COSINE  /* by direction: a latent and its multiple are one */
} wd_nearness;

typedef struct wd_neighbour {
  size_t index;    /* of the latent */
  double distance; /* |a - b| / sqrt(d): root mean square a number; about sqrt(2) between two noises */
  double cosine;   /* a.b / |a| |b|, -1..1; 0 where either is nothing */
} wd_neighbour;

/* The `most` nearest of n latents of `count` floats, nearest first; of equally near ones the lower index
 * first. latent[i] NULL, or not finite: left out. Returns how many were written. */
size_t wd_neighbours_find(wd_nearness by, const float *query, const float *const *latent, size_t n,
                          size_t count, size_t most, wd_neighbour *out);

#endif
