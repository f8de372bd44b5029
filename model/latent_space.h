/* Geometry of latent space, for whoever explores it: lengths, mixtures that keep them, planes and paths. All
 * of it is arithmetic on latents as model.h has them ((C, h, w), scaled, `count` = C h w = d floats); the
 * window and `wavediffusion-cli interpolate` call the same functions, so that a place has the same bits in
 * both.
 *
 * A mixture can be made in either of two spaces, and whoever shows it says in which:
 *
 *   noise x_T   latents ~ N(0, I), to be denoised afterwards. |x| / sqrt(d) is 1 with a deviation of
 *               1 / sqrt(2 d): all of them lie on one shell, any two nearly at right angles, and a straight
 *               mixture of two halves has only 0.71 of that length: a noise that the denoiser never met.
 *               Mixed on the sphere (Shoemake 1985).
 *   data z_0    what the denoiser ends at, or the encoder gives: decoded as it is. These share directions,
 *               their lengths spread, and angles between them mean little; a straight mixture of unlike data
 *               loses variance all the same. Mixed straight, then brought back to the length between the
 *               anchors' own. */
#ifndef WD_LATENT_SPACE_H
#define WD_LATENT_SPACE_H

#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wd_latent_domain { WD_DOMAIN_DATA = 0, WD_DOMAIN_NOISE } wd_latent_domain;
const char *wd_latent_domain_name(wd_latent_domain domain); /* "data", "noise" */
bool wd_latent_domain_parse(const char *text, wd_latent_domain *out);

/* ---- lengths */

/* |z| / sqrt(d), in double. */
double wd_latent_norm(const float *z, size_t count);
/* Where 90 % of N(0, I) latents of d numbers have it: (1 - 1 / (4 d)) -+ 1.645 / sqrt(2 d). */
void wd_latent_shell(size_t count, double *lo, double *hi);

/* ---- mixtures */

typedef enum wd_mixing {
  WD_MIX_SPHERICAL = 0, /* on the sphere: for noise */
  WD_MIX_RESTORED,      /* straight, its length restored: for data */
  WD_MIX_STRAIGHT       /* straight, as it comes: to see what that does */
} wd_mixing;
const char *wd_mixing_name(wd_mixing mixing); /* "spherical", "restored", "straight" */
wd_mixing wd_mixing_of(wd_latent_domain domain, bool norm_safe);

enum { WD_MIX_MAX = 8 };

/* sum of weight[i] anchor[i], n anchors (1..WD_MIX_MAX), the weights add up to 1 and may be negative (a place
 * beyond the anchors). An anchor of weight 1 among zeros comes out to the last bit.
 *
 * spherical: with unit directions e_i, lengths l_i and angles o_ij between them,
 *   out = l r / |r|,  r = sum sin(w_i o) / sin(o) e_i,  o = sum |w_i w_j| o_ij / sum |w_i w_j|,
 *   l = sum w_i l_i. Between two anchors this is wd_slerp (model/schedule.h); among three it is the same for
 *   all of them, and along the edges wd_slerp again.
 * restored: out = l m / |m|, m the straight mixture.
 *
 * Where a length cannot be restored (a mixture that vanishes), it is left as it is; l is held above a quarter
 * of the least l_i. Nothing is allocated; out may be none of the anchors. */
void wd_latent_mix(wd_mixing mixing, int n, const float *const *anchor, const double *weight, size_t count,
                   float *out);

/* ---- planes, by two coordinates */

typedef enum wd_plane_kind {
  WD_PLANE_ANCHORS = 0, /* (0, 0), (1, 0) and (0, 1) are the anchors: weights 1 - u - v, u, v */
  WD_PLANE_DIRECTIONS   /* centre + u s1 e1 + v s2 e2 */
} wd_plane_kind;

typedef struct wd_latent_plane {
  wd_plane_kind kind;
  wd_mixing mixing;
  size_t count;
  float *value;    /* 3 x count: three anchors; or centre, e1, e2 */
  double scale[2]; /* s1, s2 */
} wd_latent_plane;

/* All latents are copied. WD_ERR_ARGUMENT for what is not finite, WD_ERR_NO_MEMORY. */
wd_status wd_latent_plane_through(wd_mixing mixing, const float *a, const float *b, const float *c,
                                  size_t count, wd_latent_plane *out, wd_error *err);
/* e1, e2 orthonormal. spherical and restored both give every place the centre's length. */
wd_status wd_latent_plane_along(wd_mixing mixing, const float *centre, const float *e1, const float *e2,
                                double s1, double s2, size_t count, wd_latent_plane *out, wd_error *err);
void wd_latent_plane_clear(wd_latent_plane *plane); /* harmless on a zeroed one */
/* The latent at (u, v), count floats. */
void wd_latent_plane_point(const wd_latent_plane *plane, double u, double v, float *out);

/* Two orthonormal directions, the same for a seed on every machine (Philox). */
wd_status wd_latent_random_directions(uint64_t seed, size_t count, float *e1, float *e2, wd_error *err);

/* The two directions in which n latents (n x count, 3..WD_PRINCIPAL_MAX) spread most about their mean, by
 * the Gram matrix (in double); the largest component of each is positive. deviation[i]: of the
 * latents along it; share[i]: of their whole variance. mean may be NULL. WD_ERR_ARGUMENT when they do not
 * spread in two directions. */
enum { WD_PRINCIPAL_MAX = 512 };
wd_status wd_latent_principal(int n, const float *latents, size_t count, float *mean, float *e1, float *e2,
                              double deviation[2], double share[2], wd_error *err);

/* ---- paths */

typedef enum wd_path_mode {
  WD_PATH_SLERP = 0, /* on the sphere, from anchor to anchor */
  WD_PATH_LINEAR,    /* straight from anchor to anchor, the length restored */
  WD_PATH_SMOOTH,    /* a Catmull-Rom curve through the anchors, the length restored */
  WD_PATH_STRAIGHT   /* straight, as it comes */
} wd_path_mode;
const char *wd_path_mode_name(wd_path_mode mode); /* "slerp", "linear", "smooth", "straight" */

typedef enum wd_easing {
  WD_EASE_NONE = 0, /* even */
  WD_EASE_ENDS,     /* slow at both ends of the path: 3 t^2 - 2 t^3 */
  WD_EASE_ANCHORS   /* slow at every anchor */
} wd_easing;
const char *wd_easing_name(wd_easing easing); /* "none", "ends", "anchors" */

/* Where frame i of `frames` stands on a path of n anchors: 0..n - 1, whole numbers being the anchors. The
 * first and the last frame are the ends exactly. */
double wd_path_place(wd_easing easing, int frame, int frames, int n);
/* The latent at place s of a path through n >= 1 anchors (n x count). */
void wd_latent_path_point(wd_path_mode mode, int n, const float *anchors, size_t count, double s, float *out);
/* The same on a plane, in (u, v): straight from waypoint to waypoint, or a Catmull-Rom curve. */
void wd_plane_path_point(bool smooth, int n, const double (*waypoint)[2], double s, double out[2]);

#endif
