/* Acoustic wave propagation in 2-D, constant density, second order in time, fourth (or eighth) in space: the
 * equations, boundary and order of arithmetic of the OpenFWI data sets.
 *
 *   (1/v^2) p_tt + damping p_t = Laplace(p) + source
 *
 * discretised as (physics.md section 2; 0-based, alpha = (v dt / dx)^2, k = damping x dt)
 *
 *   p+ = (2 - 5 alpha - k) p - (1 - k) p- + alpha [ 4/3 (neighbours at 1) - 1/12 (neighbours at 2) ]
 *   p+[source] += (v_source dt)^2 w[it];  sample it = p+ at the receivers
 *
 * on the map padded by `absorb` cells on all four sides (edge velocities replicated), periodic at the outer
 * rim.
 *
 * Modes. exact: every operation rounds to float32 in a fixed order, denormals kept: bit-identical to OpenFWI
 * on every device. fast: the same coefficients, FMA and any order of sums, denormals flushed: relative L2 to
 * exact at most 1e-5. live: convolutional PML (Komatitsch & Martin 2007; second-order form of Pasalic &
 * McGarry 2010) of 20-30 cells in place of the 120-cell sponge, for interaction; its error is reported in
 * tests/bench/RESULTS.md. Whoever shows a number says which mode made it. */
#ifndef WD_WAVE_H
#define WD_WAVE_H

#include "solver/device.h"
#include "solver/gather.h"
#include "solver/hooks.h"
#include "solver/map.h"
#include "solver/survey.h"

typedef enum wd_wave_mode { WD_WAVE_EXACT = 0, WD_WAVE_FAST, WD_WAVE_LIVE } wd_wave_mode;

const char *wd_wave_mode_name(wd_wave_mode mode);             /* "exact", "fast", "live" */
bool wd_wave_mode_parse(const char *text, wd_wave_mode *out); /* false for any other text */

/* Zero means the default in brackets. */
typedef struct wd_wave_desc {
  wd_wave_mode mode; /* [exact] */
  int absorb;        /* absorbing cells on each side, 2..400 [120; live 20] */
  int order;         /* of the space derivatives: 4 or 8 [4] */
  bool free_surface; /* row 0 is a pressure-free surface: no absorbing cells above it, p = 0 on it [false] */
  int maps;          /* maps propagated in one call [1] */
  size_t memory_limit; /* bytes that wd_wave_gradient may use for stored wavefields [1 GiB]; where computing a
                          wavefield again is faster than fetching it (cpu), it takes far less */
} wd_wave_desc;

typedef struct wd_wave wd_wave;

/* How near a set-up is to the limits that wd_wave_create refuses beyond, for maps from vmin to vmax (m/s). */
typedef struct wd_stability {
  double number, limit; /* v dt / dx of the fastest cell, and what is allowed */
  double points;        /* cells in the shortest wavelength of the slowest cell */
} wd_stability;
/* desc may be NULL. */
void wd_wave_stability(const wd_survey *survey, const wd_wave_desc *desc, double vmin, double vmax,
                       wd_stability *out);

/* desc may be NULL; velocity is an array of desc->maps maps of one size, copied. Refuses (WD_ERR_ARGUMENT,
 * with the numbers and what would do) an unstable set-up: v dt / dx > sqrt((4 - 2 k_max) / S), S = 32/3 for
 * order 4 and 13.003 for order 8 (the stencil's symbol at the Nyquist wavenumber), and a badly sampled one:
 * fewer than 3 points (order 4; 2.5 for order 8) in the shortest wavelength v_min / max_frequency. The survey
 * must outlive the wave. */
wd_status wd_wave_create(wd_device *device, const wd_survey *survey, const wd_wave_desc *desc,
                         const wd_map *velocity, wd_wave **out, wd_error *err);
void wd_wave_destroy(wd_wave *wave);

/* New maps of the same number and size; back to rest. The old state stands when it fails. */
wd_status wd_wave_set_velocity(wd_wave *wave, const wd_map *velocity, wd_error *err);

/* All shots of all maps from rest to the last sample. After WD_OK wd_wave_gather gives the result; a NaN or
 * infinity is WD_ERR_DIVERGED. Independent of the stepwise state below. */
wd_status wd_wave_run(wd_wave *wave, const wd_hooks *hooks, wd_error *err);

/* Stepwise: n_steps further for all shots of all maps (fewer at the end). The gathers fill up to
 * wd_wave_time. */
wd_status wd_wave_step(wd_wave *wave, int n_steps, const wd_hooks *hooks, wd_error *err);
int wd_wave_time(const wd_wave *wave); /* steps taken, 0..samples */
void wd_wave_rewind(wd_wave *wave);    /* back to rest */

/* Valid until the next call on this wave. */
const wd_gather *wd_wave_gather(const wd_wave *wave, int map);

/* The pressure field now (stepwise state): the map's cells (nz x nx), or with margin all padded cells. *out
 * is created. */
wd_status wd_wave_snapshot(wd_wave *wave, int map, int shot, bool margin, wd_map *out, wd_error *err);

/* Cells of margin on each side in this wave: top, bottom, left, right. */
void wd_wave_margin(const wd_wave *wave, int margin[4]);

/* The gradient of a misfit J with respect to every velocity cell: residual[map] = dJ/d(gather), same shape as
 * the gathers; out[map] are nz x nx maps, created by the call (dJ/dv in J per m/s). Discrete adjoint of
 * exactly this scheme (physics.md section 3): padded cells fold back on the edge cells they copy, the source
 * term included. It holds vmin, and with it the sponge, fixed; dJ/dvmin comes apart in vmin_term[map] (may be
 * NULL; zero in live mode, whose PML takes vmax), for whoever has a map whose minimum is unique. Wavefields
 * are kept within memory_limit by checkpointing. */
wd_status wd_wave_gradient(wd_wave *wave, const wd_gather *residual, wd_map *out, double *vmin_term,
                           const wd_hooks *hooks, wd_error *err);

/* Bytes of gathers, fields and coefficients held now, and the wavefields that a gradient would store besides
 * (within memory_limit; 0 where this device has no gradient or not one wavefield fits). */
typedef struct wd_wave_memory {
  size_t held, gradient;
  int checkpoint_interval; /* steps between stored states in a gradient; 1 when every step is stored */
} wd_wave_memory;
wd_wave_memory wd_wave_get_memory(const wd_wave *wave);

const wd_survey *wd_wave_get_survey(const wd_wave *wave);
const wd_wave_desc *wd_wave_get_desc(const wd_wave *wave); /* with the defaults filled in */

#endif
