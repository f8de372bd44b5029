/* The propagation as numbers, before any device sees it: padded sizes, stencil weights, damping profiles,
 * source strengths, computed once on the host so that every backend starts from the same bits. Internal to
 * solver/. */
#ifndef WD_WAVE_PLAN_H
#define WD_WAVE_PLAN_H

#include "solver/device_impl.h"
#include "solver/wave.h"

enum { WD_MAX_RADIUS = 4 };

/* One map's coefficients. For a padded cell (z, x) the core cell is (clamp(z - top), clamp(x - left)).
 * Exact arithmetic of physics.md section 2:
 *   r = (v dt) (1/dx); alpha = r r; centre = 2 + (-5 alpha); beta = (v dt)(v dt)
 *   t1 = centre - k, t2 = 1 - k, where k = kx[x] in the left and right strips, else kz[z]. */
typedef struct wd_medium {
  float *velocity; /* nz * nx */
  float *alpha;    /* nz * nx */
  float *centre;   /* nz * nx: 2 + (2 c0) alpha, without damping */
  float *kx;       /* px: damping k of the columns, 0 outside the strips; all 0 in live mode */
  float *kz;       /* pz */
  float *ax, *bx;  /* px: CPML recursion of the columns (live), a = b = 0 outside the strips */
  float *az, *bz;  /* pz */
  float *beta;     /* shots: (v_source dt)^2 */
  float vmin, vmax;
} wd_medium;

struct wd_wave {
  wd_device *device;
  const wd_survey *survey;
  wd_wave_desc desc; /* defaults filled in */

  int nz, nx;                   /* core */
  int top, bottom, left, right; /* margins; top = 0 with a free surface */
  int pz, px;                   /* padded: top + nz + bottom, left + nx + right */
  int radius;                   /* order / 2 */
  float c[WD_MAX_RADIUS +
          1]; /* second derivative: c[0] centre (both directions: 2 c0 = -5), c[k] at distance k */
  float d[WD_MAX_RADIUS + 1]; /* first derivative, antisymmetric: d[k] (u[+k] - u[-k]) */
  bool periodic;              /* outer rim wraps (exact, fast); zero outside otherwise (live). Columns wrap
                                 always when periodic; rows wrap too, unless there is a free surface: then the
                                 bottom sees zeros */
  int *source;                /* shots: padded index z * px + x */
  int *receiver;              /* receivers: padded index */

  wd_medium *medium; /* desc.maps */
  wd_gather *gather; /* desc.maps */
  int step;          /* of the stepwise state */
  void *backend;
};

/* Where the coefficients of padded row z / column x come from. */
static inline int wd_plan_core_row(const wd_wave *w, int z) {
  int r = z - w->top;
  return r < 0 ? 0 : r >= w->nz ? w->nz - 1 : r;
}
static inline int wd_plan_core_column(const wd_wave *w, int x) {
  int c = x - w->left;
  return c < 0 ? 0 : c >= w->nx ? w->nx - 1 : c;
}
static inline bool wd_plan_in_side_strip(const wd_wave *w, int x) {
  return x < w->left || x >= w->left + w->nx;
}

/* Fills the sizes, weights and indices of a zeroed wave and checks them against the survey; media apart. */
wd_status wd_plan_init(wd_wave *w, const wd_survey *survey, const wd_wave_desc *desc, wd_error *err);
/* Coefficients of one map, checked for stability and sampling; *m is written whole or not at all. */
wd_status wd_plan_medium(const wd_wave *w, const wd_map *velocity, wd_medium *m, wd_error *err);
void wd_medium_clear(wd_medium *m);
void wd_plan_clear(wd_wave *w);

/* CFL number v dt / dx allowed with damping k_max and this stencil order (wave.h). */
double wd_cfl_limit(int order, double k_max);

/* WD_ERR_DIVERGED with map, shot and step when samples from..to-1 of the gathers hold a NaN or an infinity,
 * WD_OK otherwise. */
wd_status wd_plan_check_finite(const wd_wave *w, int from, int to, wd_error *err);

/* CPML (live), all in cell units (psi scaled by dx, zeta by dx^2; D1, D2 the derivatives with weights d and
 * c), for each axis; a, b are ax, bx in the side strips and az, bz in those above and below:
 *
 *   psi  <- b psi + a D1(p)
 *   zeta <- b zeta + a (D2(p) + D1(psi))        (psi just updated)
 *   p+    = 2 p - p- + alpha (D2x p + D2z p + D1x psi_x + zeta_x + D1z psi_z + zeta_z)
 *
 * with a = sigma / (sigma + eta) (b - 1), b = exp(-(sigma + eta) dt), sigma = sigma_max q^2,
 * sigma_max = 3 vmax ln(1/R) / (2 L), eta = pi f (1 - q), q the depth into the layer over its width L. psi
 * and zeta are zero outside the strips; the stencil sees zeros outside the padded grid. */

#endif
