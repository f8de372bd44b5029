#include "solver/wave_plan.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { ABSORB_DEFAULT = 120, ABSORB_LIVE_DEFAULT = 20, ABSORB_MIN = 2, ABSORB_MAX = 400 };

/* Reflection that the CPML of live mode is designed for (tests/bench/RESULTS.md has the choice measured). */
static const double LIVE_REFLECTION = 1e-4;

/* Central differences: Fornberg, Math. Comp. 51 (1988), table 1. */
static const double SECOND[2][WD_MAX_RADIUS + 1] = {
    {-5.0 / 2, 4.0 / 3, -1.0 / 12, 0, 0},
    {-205.0 / 72, 8.0 / 5, -1.0 / 5, 8.0 / 315, -1.0 / 560},
};
static const double FIRST[2][WD_MAX_RADIUS + 1] = {
    {0, 2.0 / 3, -1.0 / 12, 0, 0},
    {0, 4.0 / 5, -1.0 / 5, 4.0 / 105, -1.0 / 280},
};

double wd_cfl_limit(int order, double k_max) {
  const double *c = SECOND[order == 8];
  double symbol = -c[0]; /* -D2 at the Nyquist wavenumber, where neighbours alternate in sign */
  for (int k = 1; k <= WD_MAX_RADIUS; k++) symbol += 2 * (k % 2 ? c[k] : -c[k]);
  double room = 4 - 2 * k_max;
  return room > 0 ? sqrt(room / (2 * symbol)) : 0;
}

static void spread_defaults(wd_wave_desc *d) {
  if (!d->absorb) d->absorb = d->mode == WD_WAVE_LIVE ? ABSORB_LIVE_DEFAULT : ABSORB_DEFAULT;
  if (!d->order) d->order = 4;
  if (!d->maps) d->maps = 1;
  if (!d->memory_limit) d->memory_limit = (size_t)1 << 30;
}

static wd_status check_desc(const wd_wave_desc *d, wd_error *err) {
  if (d->mode != WD_WAVE_EXACT && d->mode != WD_WAVE_FAST && d->mode != WD_WAVE_LIVE)
    return wd_fail(err, WD_ERR_ARGUMENT, "wave mode %d; it is exact, fast or live", (int)d->mode);
  if (d->absorb < ABSORB_MIN || d->absorb > ABSORB_MAX)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d absorbing cells; %d to %d are possible", d->absorb,
                   (int)ABSORB_MIN, (int)ABSORB_MAX);
  if (d->order != 4 && d->order != 8)
    return wd_fail(err, WD_ERR_ARGUMENT, "order %d in space; it is 4 or 8", d->order);
  if (d->maps < 1 || d->maps > 1 << 20) return wd_fail(err, WD_ERR_ARGUMENT, "%d maps in one call", d->maps);
  return WD_OK;
}

wd_status wd_plan_init(wd_wave *w, const wd_survey *survey, const wd_wave_desc *desc, wd_error *err) {
  wd_wave_desc d = desc ? *desc : (wd_wave_desc){0};
  spread_defaults(&d);
  wd_status st = check_desc(&d, err);
  if (st) return st;
  if (survey->nz < WD_MAP_MIN_SIDE || survey->nx < WD_MAP_MIN_SIDE || survey->nz > WD_MAP_MAX_SIDE ||
      survey->nx > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_SHAPE, "a survey on %d x %d cells; each side must be %d to %d cells",
                   survey->nz, survey->nx, (int)WD_MAP_MIN_SIDE, (int)WD_MAP_MAX_SIDE);
  /* Gathers of all shots, and the three coefficients of every cell. */
  size_t per_map = (size_t)survey->shots * (size_t)survey->samples * (size_t)survey->receivers +
                   3 * (size_t)survey->nz * (size_t)survey->nx;
  st = wd_memory_check((size_t)d.maps, per_map * sizeof(float), "the gathers and maps",
                       "take fewer shots, receivers, samples or maps in one call", err);
  if (st) return st;
  w->survey = survey;
  w->desc = d;
  w->nz = survey->nz;
  w->nx = survey->nx;
  w->top = d.free_surface ? 0 : d.absorb;
  w->bottom = w->left = w->right = d.absorb;
  w->pz = w->top + w->nz + w->bottom;
  w->px = w->left + w->nx + w->right;
  w->radius = d.order / 2;
  for (int k = 0; k <= WD_MAX_RADIUS; k++) {
    w->c[k] = (float)SECOND[d.order == 8][k];
    w->d[k] = (float)FIRST[d.order == 8][k];
  }
  w->c[0] = (float)(2 * SECOND[d.order == 8][0]);
  w->periodic = d.mode != WD_WAVE_LIVE;

  w->source = wd_calloc((size_t)survey->shots, sizeof *w->source);
  w->receiver = wd_calloc((size_t)survey->receivers, sizeof *w->receiver);
  w->medium = wd_calloc((size_t)d.maps, sizeof *w->medium);
  w->gather = wd_calloc((size_t)d.maps, sizeof *w->gather);
  if (!w->source || !w->receiver || !w->medium || !w->gather)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to set up %d shots on %d maps", survey->shots, d.maps);
  for (int s = 0; s < survey->shots; s++) {
    if (d.free_surface && survey->source[s].z == 0)
      return wd_fail(
          err, WD_ERR_ARGUMENT,
          "source %d stands on row 0, the free surface, where the pressure is zero: move it down a row",
          s + 1);
    w->source[s] = (survey->source[s].z + w->top) * w->px + survey->source[s].x + w->left;
  }
  for (int r = 0; r < survey->receivers; r++)
    w->receiver[r] = (survey->receiver[r].z + w->top) * w->px + survey->receiver[r].x + w->left;
  for (int m = 0; m < d.maps; m++) {
    st = wd_gather_create(survey->shots, survey->samples, survey->receivers, survey->dt, &w->gather[m], err);
    if (st) return st;
  }
  return WD_OK;
}

void wd_medium_clear(wd_medium *m) {
  wd_free(m->velocity);
  wd_free(m->alpha);
  wd_free(m->centre);
  wd_free(m->kx);
  wd_free(m->kz);
  wd_free(m->ax);
  wd_free(m->bx);
  wd_free(m->az);
  wd_free(m->bz);
  wd_free(m->beta);
  *m = (wd_medium){0};
}

void wd_plan_clear(wd_wave *w) {
  for (int i = 0; w->medium && i < w->desc.maps; i++) wd_medium_clear(&w->medium[i]);
  for (int i = 0; w->gather && i < w->desc.maps; i++) wd_gather_clear(&w->gather[i]);
  wd_free(w->source);
  wd_free(w->receiver);
  wd_free(w->medium);
  wd_free(w->gather);
}

/* The sponge's damping per step at depth i cells into a strip, in OpenFWI's order of rounding (physics.md 2).
 */
static float sponge(int i, int absorb, float vmin, double spacing, float dt) {
  float dx = (float)spacing;
  float width = (float)((double)(absorb - 1) * spacing);
  float kappa = ((3.0f * vmin) * (float)log(1e7)) * (1.0f / (float)(2.0 * (double)(absorb - 1) * spacing));
  float q = ((float)i * dx) * (1.0f / width);
  return (kappa * (q * q)) * dt;
}

static void sponge_profile(int before, int core, int after, int absorb, float vmin, double spacing, float dt,
                           float *k) {
  for (int i = 0; i < before; i++) k[before - 1 - i] = sponge(i, absorb, vmin, spacing, dt);
  for (int i = 0; i < after; i++) k[before + core + i] = sponge(i, absorb, vmin, spacing, dt);
}

static void cpml_profile(int before, int core, int after, double vmax, double frequency, double spacing,
                         double dt, float *a, float *b) {
  for (int side = 0; side < 2; side++) {
    int width = side ? after : before;
    for (int i = 0; i < width; i++) {
      double q = (double)(i + 1) / (double)width;
      double sigma = 3 * vmax * log(1 / LIVE_REFLECTION) / (2 * (double)width * spacing) * q * q;
      double eta = M_PI * frequency * (1 - q);
      double decay = exp(-(sigma + eta) * dt);
      int at = side ? before + core + i : before - 1 - i;
      a[at] = (float)(sigma / (sigma + eta) * (decay - 1));
      b[at] = (float)decay;
    }
  }
}

static wd_status check_stability(const wd_wave *w, const wd_medium *m, double k_max, wd_error *err) {
  const wd_survey *s = w->survey;
  double cfl = (double)m->vmax * s->dt / s->spacing, limit = wd_cfl_limit(w->desc.order, k_max);
  if (!(cfl <= limit)) {
    if (k_max > 0.5)
      return wd_fail(
          err, WD_ERR_ARGUMENT,
          "unstable: v dt / dx = %.3f (%g m/s, %g s, %g m) is over %.3f, the limit for order %d with the "
          "sponge's damping of %.2f a step in %d cells; take more absorbing cells (--absorb) or a shorter "
          "time step",
          cfl, (double)m->vmax, s->dt, s->spacing, limit, w->desc.order, k_max, w->desc.absorb);
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "unstable: v dt / dx = %.3f (%g m/s, %g s, %g m) is over the limit %.3f for order %d; take a time "
        "step of at most %.4g s",
        cfl, (double)m->vmax, s->dt, s->spacing, limit, w->desc.order, limit * s->spacing / (double)m->vmax);
  }
  double wanted = w->desc.order == 8 ? 2.5 : 3.0;
  double points = (double)m->vmin / (s->max_frequency * s->spacing);
  if (!(points >= wanted * (1 - 1e-9)))
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "badly sampled: the shortest wave, %g m/s at %.4g Hz, has %.2f points; order %d needs %.1f: take "
        "cells of at most %.4g m or a peak frequency lower by %.2f",
        (double)m->vmin, s->max_frequency, points, w->desc.order, wanted,
        (double)m->vmin / (s->max_frequency * wanted), points / wanted);
  return WD_OK;
}

void wd_wave_stability(const wd_survey *survey, const wd_wave_desc *desc, double vmin, double vmax,
                       wd_stability *out) {
  const wd_wave_desc d = desc ? *desc : (wd_wave_desc){0};
  const int absorb = d.absorb ? d.absorb : ABSORB_DEFAULT; /* of the sponge, which live mode has not */
  double k_max = d.mode == WD_WAVE_LIVE
                     ? 0
                     : (double)sponge(absorb - 1, absorb, (float)vmin, survey->spacing, (float)survey->dt);
  *out = (wd_stability){.number = vmax * survey->dt / survey->spacing,
                        .limit = wd_cfl_limit(d.order ? d.order : 4, k_max),
                        .points = vmin / (survey->max_frequency * survey->spacing)};
}

wd_status wd_plan_medium(const wd_wave *w, const wd_map *velocity, wd_medium *out, wd_error *err) {
  const wd_survey *s = w->survey;
  wd_status st = wd_map_check_velocity(velocity, "velocity", err);
  if (st) return st;
  if (velocity->nz != w->nz || velocity->nx != w->nx)
    return wd_fail(err, WD_ERR_SHAPE, "a map of %d x %d cells for a survey on %d x %d", velocity->nz,
                   velocity->nx, w->nz, w->nx);
  if (fabs(velocity->spacing - s->spacing) > 1e-9 * s->spacing)
    return wd_fail(err, WD_ERR_SHAPE, "a map with cells of %g m for a survey with cells of %g m",
                   velocity->spacing, s->spacing);
  size_t cells = (size_t)w->nz * (size_t)w->nx;
  wd_medium m = {
      .velocity = wd_alloc(cells, sizeof(float)),
      .alpha = wd_alloc(cells, sizeof(float)),
      .centre = wd_alloc(cells, sizeof(float)),
      .kx = wd_calloc((size_t)w->px, sizeof(float)),
      .kz = wd_calloc((size_t)w->pz, sizeof(float)),
      .ax = wd_calloc((size_t)w->px, sizeof(float)),
      .bx = wd_calloc((size_t)w->px, sizeof(float)),
      .az = wd_calloc((size_t)w->pz, sizeof(float)),
      .bz = wd_calloc((size_t)w->pz, sizeof(float)),
      .beta = wd_calloc((size_t)s->shots, sizeof(float)),
  };
  if (!m.velocity || !m.alpha || !m.centre || !m.kx || !m.kz || !m.ax || !m.bx || !m.az || !m.bz || !m.beta) {
    wd_medium_clear(&m);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the coefficients of a map of %d x %d cells", w->nz,
                   w->nx);
  }
  wd_map_range(velocity, &m.vmin, &m.vmax);
  float dt = (float)s->dt, rdx = (float)(1.0 / s->spacing);
  for (size_t i = 0; i < cells; i++) {
    float v = velocity->value[i];
    float r = (v * dt) * rdx;
    m.velocity[i] = v;
    m.alpha[i] = r * r;
    m.centre[i] = 2.0f + w->c[0] * m.alpha[i];
  }
  for (int i = 0; i < s->shots; i++) {
    float v = velocity->value[(size_t)s->source[i].z * (size_t)w->nx + (size_t)s->source[i].x];
    m.beta[i] = (v * dt) * (v * dt);
  }
  double k_max = 0;
  if (w->desc.mode == WD_WAVE_LIVE) {
    double f = s->frequency > 0 ? s->frequency : s->max_frequency / 2.5;
    cpml_profile(w->left, w->nx, w->right, (double)m.vmax, f, s->spacing, s->dt, m.ax, m.bx);
    cpml_profile(w->top, w->nz, w->bottom, (double)m.vmax, f, s->spacing, s->dt, m.az, m.bz);
  } else {
    sponge_profile(w->left, w->nx, w->right, w->desc.absorb, m.vmin, s->spacing, dt, m.kx);
    sponge_profile(w->top, w->nz, w->bottom, w->desc.absorb, m.vmin, s->spacing, dt, m.kz);
    k_max = (double)m.kx[0];
  }
  st = check_stability(w, &m, k_max, err);
  if (st) {
    wd_medium_clear(&m);
    return st;
  }
  *out = m;
  return WD_OK;
}

wd_status wd_plan_check_finite(const wd_wave *w, int from, int to, wd_error *err) {
  for (int m = 0; m < w->desc.maps; m++) {
    const wd_gather *g = &w->gather[m];
    for (int s = 0; s < g->shots; s++)
      for (int t = from; t < to; t++) {
        const float *row = g->value + ((size_t)s * (size_t)g->samples + (size_t)t) * (size_t)g->receivers;
        for (int r = 0; r < g->receivers; r++)
          if (!isfinite(row[r]))
            return wd_fail(
                err, WD_ERR_DIVERGED,
                "the simulation diverged: map %d, shot %d, receiver %d is %g at time step %d of %d", m, s + 1,
                r + 1, (double)row[r], t, g->samples);
      }
  }
  return WD_OK;
}
