/* The discrete adjoint as mathematics, in double: against the exact Jacobian by complex steps (Squire &
 * Trapp, SIAM Rev. 40, 1998: f(v + i h) has the derivative in its imaginary part, without cancellation) and
 * against central differences; and the plan of stored wavefields. The devices are in test_gradient.c. */
#include "solver/memory.h"
#include "solver/random.h"
#include "solver/wave_plan.h"
#include "tests/tap.h"

#define WD_REAL    double
#define WD_T(name) dbl_##name
#include "solver/reference/wave_impl.h"
#include "solver/reference/adjoint_impl.h"
#undef WD_REAL
#undef WD_T

#include <complex.h>
#define WD_REAL    complex double
#define WD_T(name) cpx_##name
#include "solver/reference/wave_impl.h"
#undef WD_REAL
#undef WD_T

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NZ = 17, NX = 19, CELLS = NZ * NX, SAMPLES = 100, SHOTS = 3, RECEIVERS = NX + 4 };
enum { PER_SHOT = SAMPLES * RECEIVERS };

/* A source inside, one in a corner and one on an edge; a receiver in each source cell, two in one cell, one
 * in a corner. Row 1 keeps them off a free surface. */
static const wd_cell sources[SHOTS] = {{7, 9}, {1, 0}, {NZ - 1, 12}};

typedef struct problem {
  wd_device *device;
  wd_survey *survey;
  wd_wave *wave;
  double velocity[CELLS], vmin;
  double residual[SHOTS * PER_SHOT]; /* any numbers: J = <residual, F(v)> */
  char name[64];
} problem;

static void die(const wd_error *err) {
  fprintf(stderr, "%s\n", err->message);
  exit(1);
}

static problem *problem_create(wd_wave_desc desc) {
  static const char *mode_name[] = {"exact", "fast", "live"};
  problem *p = wd_calloc(1, sizeof *p);
  wd_error err = {0};
  snprintf(p->name, sizeof p->name, "%s, order %d, absorb %d%s", mode_name[desc.mode], desc.order,
           desc.absorb, desc.free_surface ? ", free surface" : "");
  wd_cell receiver[RECEIVERS] = {{7, 9}, {7, 9}, {NZ - 1, NX - 1}, {0, 4}};
  for (int x = 0; x < NX; x++) receiver[4 + x] = (wd_cell){1, x};
  wd_survey_desc s = {.nz = NZ,
                      .nx = NX,
                      .samples = SAMPLES,
                      .frequency = 20,
                      .source = sources,
                      .n_sources = SHOTS,
                      .receiver = receiver,
                      .n_receivers = RECEIVERS};
  wd_random r = wd_random_make(11, 0);
  float value[CELLS];
  for (int i = 0; i < CELLS; i++) {
    value[i] = 1800 + 2400 * (float)wd_random_uniform(&r);
    p->velocity[i] = (double)value[i];
  }
  for (int i = 0; i < SHOTS * PER_SHOT; i++) p->residual[i] = wd_random_normal(&r);
  wd_map map = {NZ, NX, 10, value};
  if (wd_device_open("reference", &p->device, &err) || wd_survey_create(&s, &p->survey, &err) ||
      wd_wave_create(p->device, p->survey, &desc, &map, &p->wave, &err))
    die(&err);
  p->vmin = (double)p->wave->medium[0].vmin;
  return p;
}

static void problem_free(problem *p) {
  wd_wave_destroy(p->wave);
  wd_survey_destroy(p->survey);
  wd_device_close(p->device);
  wd_free(p);
}

/* The coefficients as formulas of real (or complex) numbers: physics.md section 2 without its rounding. The
 * CPML profiles stay as the plan has them. */
typedef struct coefficients_store {
  complex double alpha[CELLS], centre[CELLS], edge[6][256], beta[SHOTS];
  double real[2 * CELLS + 6 * 256 + SHOTS];
} coefficients_store;

static cpx_coefficients make_coefficients(const problem *p, const complex double *v, complex double vmin,
                                          coefficients_store *s) {
  const wd_wave *w = p->wave;
  double dt = p->survey->dt, dx = p->survey->spacing;
  for (int i = 0; i < CELLS; i++) {
    s->alpha[i] = v[i] * v[i] * (dt * dt / (dx * dx));
    s->centre[i] = 2 + (double)w->c[0] * s->alpha[i];
  }
  for (int i = 0; i < SHOTS; i++) s->beta[i] = cpow(v[sources[i].z * NX + sources[i].x] * dt, 2);
  const wd_medium *m = &w->medium[0];
  const float *profile[6] = {m->kx, m->kz, m->ax, m->bx, m->az, m->bz};
  for (int j = 0; j < 6; j++)
    for (int i = 0; i < (j == 1 || j >= 4 ? w->pz : w->px); i++)
      s->edge[j][i] = (double)profile[j][i] * (j < 2 ? vmin / (double)m->vmin : 1);
  cpx_coefficients k = {.alpha = s->alpha,
                        .centre = s->centre,
                        .kx = s->edge[0],
                        .kz = s->edge[1],
                        .ax = s->edge[2],
                        .bx = s->edge[3],
                        .az = s->edge[4],
                        .bz = s->edge[5],
                        .beta = s->beta};
  for (int i = 0; i <= WD_MAX_RADIUS; i++) k.c[i] = (double)w->c[i], k.d[i] = (double)w->d[i];
  return k;
}

static double *reals(const complex double *from, int n, double **room) {
  double *to = *room;
  for (int i = 0; i < n; i++) to[i] = creal(from[i]);
  *room += n;
  return to;
}

static dbl_coefficients make_real_coefficients(const problem *p, const double *v, double vmin,
                                               coefficients_store *s) {
  complex double cv[CELLS];
  for (int i = 0; i < CELLS; i++) cv[i] = v[i];
  cpx_coefficients c = make_coefficients(p, cv, vmin, s);
  double *room = s->real;
  dbl_coefficients k = {.alpha = reals(c.alpha, CELLS, &room),
                        .centre = reals(c.centre, CELLS, &room),
                        .kx = reals(c.kx, 256, &room),
                        .kz = reals(c.kz, 256, &room),
                        .ax = reals(c.ax, 256, &room),
                        .bx = reals(c.bx, 256, &room),
                        .az = reals(c.az, 256, &room),
                        .bz = reals(c.bz, 256, &room),
                        .beta = reals(c.beta, SHOTS, &room)};
  for (int i = 0; i <= WD_MAX_RADIUS; i++) k.c[i] = (double)p->wave->c[i], k.d[i] = (double)p->wave->d[i];
  return k;
}

/* J = <residual, F(v)> at complex velocities. */
static complex double misfit(const problem *p, const complex double *v, complex double vmin) {
  const wd_wave *w = p->wave;
  size_t cells = (size_t)w->pz * (size_t)w->px;
  coefficients_store *store = wd_calloc(1, sizeof *store);
  cpx_coefficients k = make_coefficients(p, v, vmin, store);
  complex double *plane = wd_alloc(6 * cells, sizeof *plane), record[RECEIVERS], sum = 0;
  for (int shot = 0; shot < SHOTS; shot++) {
    memset(plane, 0, 6 * cells * sizeof *plane);
    cpx_field f = {
        plane, plane + cells, plane + 2 * cells, plane + 3 * cells, plane + 4 * cells, plane + 5 * cells};
    for (int it = 0; it < SAMPLES; it++) {
      cpx_step(w, &k, &f, shot, it, record);
      for (int r = 0; r < RECEIVERS; r++)
        sum += p->residual[shot * PER_SHOT + it * RECEIVERS + r] * record[r];
    }
  }
  wd_free(plane);
  wd_free(store);
  return sum;
}

/* dJ along dv with vmin frozen, and along vmin alone; exact to rounding. */
static double derivative(const problem *p, const double *dv, double dvmin) {
  const double h = 1e-30;
  complex double v[CELLS];
  for (int i = 0; i < CELLS; i++) v[i] = p->velocity[i] + I * h * (dv ? dv[i] : 0);
  return cimag(misfit(p, v, p->vmin + I * h * dvmin)) / h;
}

static double real_misfit(const problem *p, const double *dv, double scale, double vmin) {
  complex double v[CELLS];
  for (int i = 0; i < CELLS; i++) v[i] = p->velocity[i] + scale * dv[i];
  return creal(misfit(p, v, vmin));
}

static void adjoint_gradient(const problem *p, size_t limit, double *gradient, double *vmin_term) {
  coefficients_store *store = wd_calloc(1, sizeof *store);
  dbl_coefficients k = make_real_coefficients(p, p->velocity, p->vmin, store);
  dbl_adjoint a;
  wd_error err = {0};
  if (dbl_adjoint_create(p->wave, limit, wd_alloc, wd_free, &a, &err)) die(&err);
  memset(gradient, 0, CELLS * sizeof *gradient);
  *vmin_term = 0;
  for (int s = 0; s < SHOTS; s++)
    dbl_adjoint_shot(p->wave, &k, &a, s, p->residual + s * PER_SHOT, gradient, vmin_term, 1000, NULL);
  for (int i = 0; i < CELLS; i++) gradient[i] *= 2 / p->velocity[i];
  *vmin_term /= p->vmin;
  dbl_adjoint_clear(p->wave, &a);
  wd_free(store);
}

static double dot(const double *a, const double *b, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static double length(const double *a, int n) {
  return sqrt(dot(a, a, n));
}

static void label(char *out, size_t size, const problem *p, const char *what) {
  snprintf(out, size, "%s: %s", p->name, what);
}

static void jacobian(wd_wave_desc desc) {
  problem *p = problem_create(desc);
  char what[160];
  double g[CELLS], vmin_term, dv[CELLS];
  adjoint_gradient(p, (size_t)1 << 30, g, &vmin_term);
  tap_ok(length(g, CELLS) > 0, "%s: the gradient is not zero (%.3g)", p->name, length(g, CELLS));

  wd_random r = wd_random_make(12, 0);
  double worst = 0;
  for (int trial = 0; trial < 3; trial++) {
    for (int i = 0; i < CELLS; i++) dv[i] = wd_random_normal(&r);
    double exact = derivative(p, dv, 0);
    worst = fmax(worst, fabs(dot(g, dv, CELLS) - exact) / (length(g, CELLS) * length(dv, CELLS)));
  }
  label(what, sizeof what, p, "<F'dv, r> against <dv, F'^T r>, 3 directions, relative to |g| |dv|");
  tap_at_most(worst, 1e-12, what);

  /* Cell by cell where the cases are: corners and edges (fold-back), sources, receivers, inside. */
  const int cell[] = {0,         NX - 1,     (NZ - 1) * NX, CELLS - 1, 7 * NX,       7 * NX + NX - 1, 7,
                      CELLS - 5, 7 * NX + 9, 1 * NX,        NX + 6,    16 * NX + 12, 9 * NX + 4};
  worst = 0;
  for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
    memset(dv, 0, sizeof dv);
    dv[cell[i]] = 1;
    double exact = derivative(p, dv, 0),
           error = fabs(g[cell[i]] - exact) / fmax(fabs(exact), 1e-6 * length(g, CELLS));
    if (desc.free_surface && cell[i] < NX)
      error = fabs(g[cell[i]] - exact) / length(g, CELLS); /* p = 0 there */
    worst = fmax(worst, error);
  }
  label(what, sizeof what, p, "corner, edge, source, receiver and inner cells, worst relative error");
  tap_at_most(worst, 1e-9, what);

  /* The acceptance of the design: central differences, vmin frozen. */
  for (int i = 0; i < CELLS; i++) dv[i] = wd_random_normal(&r);
  double h = 1e-2, numeric = (real_misfit(p, dv, h, p->vmin) - real_misfit(p, dv, -h, p->vmin)) / (2 * h);
  label(what, sizeof what, p, "directional derivative against central differences");
  tap_at_most(fabs(dot(g, dv, CELLS) - numeric) / fabs(numeric), 1e-6, what);

  if (desc.mode == WD_WAVE_LIVE)
    tap_ok(vmin_term == 0, "%s: no vmin term", p->name);
  else {
    double exact = derivative(p, NULL, 1);
    label(what, sizeof what, p, "vmin term against the complex step");
    tap_at_most(fabs(vmin_term - exact) / fabs(exact), 1e-9, what);
    /* With the minimum free to move: the cell of the minimum carries both terms. */
    int least = 0;
    for (int i = 0; i < CELLS; i++)
      if (p->velocity[i] < p->velocity[least]) least = i;
    memset(dv, 0, sizeof dv);
    dv[least] = 1;
    h = 1e-2;
    numeric = (real_misfit(p, dv, h, p->vmin + h) - real_misfit(p, dv, -h, p->vmin - h)) / (2 * h);
    label(what, sizeof what, p, "at the unique minimum both terms add up");
    tap_at_most(fabs(g[least] + vmin_term - numeric) / fabs(numeric), 1e-6, what);
    tap_ok(fabs(vmin_term) > 1e-3 * fabs(numeric), "%s: and the vmin term counts (%.2g of %.2g)", p->name,
           vmin_term, numeric);
  }

  /* Stored, once checkpointed, checkpointed in levels, one field only: the same bits. */
  size_t field = dbl_plane_bytes(p->wave);
  size_t planes = desc.mode == WD_WAVE_LIVE ? 6 : 2;
  const size_t limit[] = {(size_t)SAMPLES * field - 1, (8 + 4 * planes) * field, (2 + planes) * field,
                          2 * field, field};
  int same = 0;
  for (int i = 0; i < 5; i++) {
    double again[CELLS], again_vmin;
    adjoint_gradient(p, limit[i], again, &again_vmin);
    same += memcmp(again, g, sizeof g) == 0 && memcmp(&again_vmin, &vmin_term, sizeof vmin_term) == 0;
  }
  tap_ok(same == 5, "%s: %d of 5 checkpointed gradients have the bits of the stored one", p->name, same);
  problem_free(p);
}

/* Runs a plan on a pretended shot, whose state is its step number. */
static bool plan_works(int samples, wd_adjoint_need need, size_t limit, wd_adjoint_plan *sizes) {
  wd_adjoint_plan p;
  wd_error err = {0};
  if (wd_adjoint_plan_create(samples, &need, limit, &p, &err)) return false;
  int *slot = wd_calloc((size_t)p.checkpoints + 1, sizeof *slot),
      *runs = wd_calloc((size_t)samples, sizeof *runs);
  int state = -1, reversed = samples; /* steps reversed.. samples-1 are done */
  bool ok =
      p.bytes <= limit && p.segment >= 1 && p.segment <= samples &&
      p.bytes == (size_t)p.flight * ((size_t)p.segment * need.field + (size_t)p.checkpoints * need.state);
  for (int i = 0; i <= p.checkpoints; i++) slot[i] = -1;
  for (int i = 0; ok && i < p.n_actions; i++) {
    wd_adjoint_action a = p.action[i];
    if (a.kind == WD_ADJOINT_LOAD) {
      ok = a.slot < p.checkpoints;
      if (ok) state = a.slot < 0 ? 0 : slot[a.slot];
    } else if (a.kind == WD_ADJOINT_SAVE) {
      ok = a.slot >= 0 && a.slot < p.checkpoints && a.from == state;
      if (ok) slot[a.slot] = state;
    } else {
      ok = a.from == state && a.to > a.from && a.to <= samples;
      for (int n = a.from; ok && n < a.to; n++) runs[n]++;
      state = a.to;
      if (a.kind == WD_ADJOINT_REVERSE) {
        ok = ok && a.to == reversed && a.to - a.from <= p.segment;
        reversed = a.from;
      }
    }
  }
  int most = 0;
  for (int n = 0; n < samples; n++) most = runs[n] > most ? runs[n] : most;
  ok = ok && reversed == 0 && most == p.reruns + 1;
  wd_free(slot);
  wd_free(runs);
  *sizes = p;
  sizes->action = NULL;
  wd_adjoint_plan_clear(&p);
  return ok;
}

static void plans(void) {
  int tried = 0, worked = 0;
  wd_adjoint_plan p;
  for (int samples = 1; samples <= 60; samples++)
    for (size_t limit = 1; limit <= 70; limit += 3)
      for (size_t state = 2; state <= 6; state += 4)
        for (int flight = 1; flight <= 3; flight++) {
          tried++;
          worked += plan_works(samples, (wd_adjoint_need){1, state, flight, flight == 2}, limit, &p);
        }
  tap_ok(worked == tried, "%d of %d small plans reverse every step once, within their memory and reruns",
         worked, tried);
  bool ok = plan_works(1000, (wd_adjoint_need){384400, 768800, 2}, (size_t)1 << 30, &p);
  tap_ok(ok && p.segment == 1000 && p.flight == 2 && p.reruns == 0,
         "two OpenFWI shots are stored whole in 1 GiB (%zu bytes)", p.bytes);
  ok = plan_works(1000, (wd_adjoint_need){384400, 768800, 2}, (size_t)100 << 20, &p);
  tap_ok(ok && p.reruns == 1 && p.flight == 2,
         "in 100 MiB they are run once more: segments of %d steps, %d checkpoints, %.1f MiB", p.segment,
         p.checkpoints, (double)p.bytes / 1048576);
  ok = plan_works(1000, (wd_adjoint_need){384400, 768800, 2, true}, (size_t)1 << 30, &p);
  tap_ok(ok && p.reruns == 1 && p.bytes < (size_t)100 << 20,
         "and in 1 GiB too where a rerun is the cheaper one");
  size_t big = (size_t)2240 * 2240 * 4;
  ok = plan_works(4000, (wd_adjoint_need){big, 2 * big, 2}, (size_t)1 << 30, &p);
  tap_ok(ok && p.reruns <= 4,
         "4000 steps of a 2000 x 2000 map in 1 GiB: %d reruns, %d at once, segments of %d, %d checkpoints",
         p.reruns, p.flight, p.segment, p.checkpoints);
  wd_error err = {0};
  memset(&p, 0x5a, sizeof p);
  wd_adjoint_plan before = p;
  wd_status st = wd_adjoint_plan_create(10, &(wd_adjoint_need){100, 200, 4}, 99, &p, &err);
  tap_ok(st == WD_ERR_NO_MEMORY && memcmp(&p, &before, sizeof p) == 0, "less than one field is refused: %s",
         err.message);
}

int main(void) {
  plans();
  jacobian((wd_wave_desc){.mode = WD_WAVE_EXACT, .order = 4, .absorb = 9});
  jacobian((wd_wave_desc){.mode = WD_WAVE_FAST, .order = 8, .absorb = 9});
  jacobian((wd_wave_desc){.mode = WD_WAVE_EXACT, .order = 8, .absorb = 7});
  jacobian((wd_wave_desc){.mode = WD_WAVE_EXACT, .order = 4, .absorb = 8, .free_surface = true});
  jacobian((wd_wave_desc){.mode = WD_WAVE_EXACT, .order = 8, .absorb = 8, .free_surface = true});
  jacobian((wd_wave_desc){.mode = WD_WAVE_LIVE, .order = 4, .absorb = 10});
  jacobian((wd_wave_desc){.mode = WD_WAVE_LIVE, .order = 8, .absorb = 10});
  jacobian((wd_wave_desc){.mode = WD_WAVE_LIVE, .order = 4, .absorb = 2});
  jacobian((wd_wave_desc){.mode = WD_WAVE_LIVE, .order = 8, .absorb = 10, .free_surface = true});
  return tap_done();
}
