/* The acoustic scheme as a textbook would write it: one function a term, one loop a step, in the order of
 * arithmetic that makes float32 bit-identical to OpenFWI (physics.md section 2). Compile without contraction
 * (-ffp-contract=off).
 *
 * Included with WD_REAL (float, double or complex double) and WD_T(name), which gives each type's functions
 * their own names. The wider forms are for tests: derivatives are checked in double where float would drown
 * in rounding, and made exactly by complex steps. */

#include "solver/wave_plan.h"

#include <stdbool.h>
#include <stddef.h>

/* One map's coefficients, as wd_medium has them, in this precision. */
typedef struct WD_T(coefficients) {
  const WD_REAL *alpha, *centre;    /* nz * nx */
  const WD_REAL *kx, *kz;           /* px, pz */
  const WD_REAL *ax, *bx, *az, *bz; /* px, px, pz, pz */
  const WD_REAL *beta;              /* shots */
  WD_REAL c[WD_MAX_RADIUS + 1];     /* second derivative */
  WD_REAL d[WD_MAX_RADIUS + 1];     /* first derivative */
} WD_T(coefficients);

/* The state of one shot: pz * px values each; psi and zeta only in live mode. A step may be done in parts, so
 * that a cancel need not wait for the end of one on a large map: `row` counts the rows of the step in hand
 * that are done (in live mode the rows of psi first), 0 between steps. Until the last part `now` stays p_n.
 */
typedef struct WD_T(field) {
  WD_REAL *now, *before;
  WD_REAL *psi_x, *zeta_x, *psi_z, *zeta_z;
  int row;
} WD_T(field);

/* u at a cell that may lie outside the padded grid: mirrored with the sign changed above a free surface,
 * wrapped around at a periodic rim, zero elsewhere. */
static inline WD_REAL WD_T(at)(const wd_wave *w, const WD_REAL *u, int z, int x) {
  bool mirrored = z < 0 && w->desc.free_surface;
  if (mirrored) z = -z;
  if (w->periodic) {
    if (x < 0) x += w->px;
    if (x >= w->px) x -= w->px;
    if (!w->desc.free_surface) {
      if (z < 0) z += w->pz;
      if (z >= w->pz) z -= w->pz;
    }
  }
  if (z < 0 || z >= w->pz || x < 0 || x >= w->px) return 0;
  WD_REAL value = u[(size_t)z * (size_t)w->px + (size_t)x];
  return mirrored ? -value : value;
}

/* The four neighbours at a distance, summed in OpenFWI's order. */
static inline WD_REAL WD_T(ring)(const wd_wave *w, const WD_REAL *u, int z, int x, int distance) {
  return ((WD_T(at)(w, u, z - distance, x) + WD_T(at)(w, u, z + distance, x)) +
          WD_T(at)(w, u, z, x - distance)) +
         WD_T(at)(w, u, z, x + distance);
}

/* The Laplacian without its centre: c1 ring(1) + c2 ring(2) + ... */
static inline WD_REAL WD_T(neighbours)(const wd_wave *w, const WD_T(coefficients) * k, const WD_REAL *u,
                                       int z, int x) {
  WD_REAL sum = k->c[1] * WD_T(ring)(w, u, z, x, 1);
  for (int r = 2; r <= w->radius; r++) sum = sum + k->c[r] * WD_T(ring)(w, u, z, x, r);
  return sum;
}

/* First and second derivatives along one axis (dz, dx is the unit step), in cell units. */
static inline WD_REAL WD_T(first)(const wd_wave *w, const WD_T(coefficients) * k, const WD_REAL *u, int z,
                                  int x, int dz, int dx) {
  WD_REAL sum = 0;
  for (int r = 1; r <= w->radius; r++)
    sum += k->d[r] * (WD_T(at)(w, u, z + r * dz, x + r * dx) - WD_T(at)(w, u, z - r * dz, x - r * dx));
  return sum;
}

static inline WD_REAL WD_T(second)(const wd_wave *w, const WD_T(coefficients) * k, const WD_REAL *u, int z,
                                   int x, int dz, int dx) {
  WD_REAL sum = k->c[0] / 2 * u[(size_t)z * (size_t)w->px + (size_t)x];
  for (int r = 1; r <= w->radius; r++)
    sum += k->c[r] * (WD_T(at)(w, u, z + r * dz, x + r * dx) + WD_T(at)(w, u, z - r * dz, x - r * dx));
  return sum;
}

/* Rows from..to-1 of a step with the sponge: the new field takes the place of `before`. */
static inline void WD_T(sponge_rows)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(field) * f,
                                     int from, int to) {
  for (int z = from; z < to; z++)
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (z == 0 && w->desc.free_surface) {
        f->before[i] = 0;
        continue;
      }
      size_t core = (size_t)wd_plan_core_row(w, z) * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      WD_REAL damping = wd_plan_in_side_strip(w, x) ? k->kx[x] : k->kz[z];
      WD_REAL t1 = k->centre[core] - damping;
      WD_REAL t2 = 1 - damping;
      f->before[i] =
          ((t1 * f->now[i]) - (t2 * f->before[i])) + (k->alpha[core] * WD_T(neighbours)(w, k, f->now, z, x));
    }
}

/* A step with the convolutional PML (wave_plan.h): first every psi, */
static inline void WD_T(cpml_psi_rows)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(field) * f,
                                       int from, int to) {
  for (int z = from; z < to; z++)
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (k->bx[x] != 0)
        f->psi_x[i] = k->bx[x] * f->psi_x[i] + k->ax[x] * WD_T(first)(w, k, f->now, z, x, 0, 1);
      if (k->bz[z] != 0)
        f->psi_z[i] = k->bz[z] * f->psi_z[i] + k->az[z] * WD_T(first)(w, k, f->now, z, x, 1, 0);
    }
}

/* then zeta and the pressure. */
static inline void WD_T(cpml_rows)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(field) * f, int from,
                                   int to) {
  for (int z = from; z < to; z++)
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (z == 0 && w->desc.free_surface) {
        f->before[i] = 0;
        continue;
      }
      size_t core = (size_t)wd_plan_core_row(w, z) * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      WD_REAL dxx = WD_T(second)(w, k, f->now, z, x, 0, 1), dzz = WD_T(second)(w, k, f->now, z, x, 1, 0);
      WD_REAL sx = WD_T(first)(w, k, f->psi_x, z, x, 0, 1), sz = WD_T(first)(w, k, f->psi_z, z, x, 1, 0);
      if (k->bx[x] != 0) f->zeta_x[i] = k->bx[x] * f->zeta_x[i] + k->ax[x] * (dxx + sx);
      if (k->bz[z] != 0) f->zeta_z[i] = k->bz[z] * f->zeta_z[i] + k->az[z] * (dzz + sz);
      f->before[i] = (2 * f->now[i] - f->before[i]) +
                     k->alpha[core] * ((dxx + dzz) + ((sx + f->zeta_x[i]) + (sz + f->zeta_z[i])));
    }
}

/* Goes on with a step of one shot by at most `rows` rows; true when it is done: propagated, then injected
 * (the product beta w rounds before it is added), then recorded. */
static inline bool WD_T(step_part)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(field) * f, int shot,
                                   int it, WD_REAL *record, int rows) {
  const bool live = w->desc.mode == WD_WAVE_LIVE;
  const int end = live ? 2 * w->pz : w->pz;
  while (rows > 0 && f->row < end) {
    const bool psi = live && f->row < w->pz;
    const int from = live && !psi ? f->row - w->pz : f->row;
    const int n = rows < w->pz - from ? rows : w->pz - from;
    if (psi)
      WD_T(cpml_psi_rows)(w, k, f, from, from + n);
    else if (live)
      WD_T(cpml_rows)(w, k, f, from, from + n);
    else
      WD_T(sponge_rows)(w, k, f, from, from + n);
    f->row += n;
    rows -= n;
  }
  if (f->row < end) return false;
  f->row = 0;
  WD_REAL *next = f->before;
  f->before = f->now;
  f->now = next;
  WD_REAL kick = k->beta[shot] * (WD_REAL)w->survey->wavelet[it];
  f->now[w->source[shot]] += kick;
  for (int r = 0; record && r < w->survey->receivers; r++) record[r] = f->now[w->receiver[r]];
  return true;
}

/* A whole step. */
static inline void WD_T(step)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(field) * f, int shot,
                              int it, WD_REAL *record) {
  (void)WD_T(step_part)(w, k, f, shot, it, record, 2 * w->pz);
}
