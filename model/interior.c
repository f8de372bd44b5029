#include "model/interior.h"

#include "solver/cpu/kernels.h"
#include "solver/memory.h"
#include "solver/metrics.h"
#include "solver/parallel.h"

#include <math.h>
#include <string.h>

enum { RIM = 2, DEFAULT_ABSORB = 30, CHECK_EVERY = 16 };

typedef struct work {
  const wd_survey *survey;
  const wd_map *velocity;
  const wd_gather *data[2], *full; /* s and F(v_top), both less F(v) */
  const wd_hooks *hooks;
  int rows, columns, absorb; /* of the padded map, without the rim */
  size_t stride;
  float *alpha, *t1, *t2; /* rows x stride */
  float *field;           /* workers x 2 x (rows + 2 RIM) x stride */
  size_t one;             /* floats of a field */
  double *sum;            /* shots x 2 */
  bool *stopped;          /* likewise */
} work;

/* The sponge's profile at padded index i of n, as solver/wave_plan.c has it for 120 cells. */
static double profile(int i, int n, int absorb, double kappa) {
  int from = i < absorb ? absorb - 1 - i : i >= n - absorb ? i - (n - absorb) : -1;
  double depth = from < 0 ? 0 : (double)from / (absorb - 1);
  return kappa * depth * depth;
}

static int clamp(int i, int n) {
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static wd_status coefficients(work *w, wd_error *err) {
  const wd_map *m = w->velocity;
  float lo, hi;
  wd_map_range(m, &lo, &hi);
  double dt = w->survey->dt, dx = m->spacing, kappa = 3 * (double)lo * log(1e7) / (2 * (w->absorb - 1) * dx);
  double limit = sqrt((4 - 2 * kappa * dt) * 3 / 32);
  if (!(kappa * dt < 2) || !((double)hi * dt / dx <= limit))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "interior residual: %g m/s is too fast for samples of %g s and cells of %g m", (double)hi,
                   dt, dx);
  for (int z = 0; z < w->rows; z++)
    for (int x = 0; x < w->columns; x++) {
      double v = (double)m->value[(size_t)clamp(z - w->absorb, m->nz) * (size_t)m->nx +
                                  (size_t)clamp(x - w->absorb, m->nx)];
      double c = v * dt / dx, side = profile(x, w->columns, w->absorb, kappa);
      bool strip = x < w->absorb || x >= w->columns - w->absorb;
      double k = dt * (strip ? side : profile(z, w->rows, w->absorb, kappa));
      size_t i = (size_t)z * w->stride + (size_t)x;
      w->alpha[i] = (float)(c * c);
      w->t1[i] = (float)(2 - 5 * c * c - k);
      w->t2[i] = (float)(1 - k);
    }
  return WD_OK;
}

/* next holds the step before and takes the step after; both begin at the padded map's first cell. */
static void step(const work *w, const float *restrict now, float *restrict next) {
  const float c2 = 4.0f / 3, c3 = -1.0f / 12;
  size_t s = w->stride;
  for (int z = 0; z < w->rows; z++) {
    const float *p = now + (size_t)z * s, *a = w->alpha + (size_t)z * s, *t1 = w->t1 + (size_t)z * s,
                *t2 = w->t2 + (size_t)z * s;
    const float *up = p - s, *up2 = p - 2 * s, *down = p + s, *down2 = p + 2 * s;
    float *q = next + (size_t)z * s;
    for (int x = 0; x < w->columns; x++)
      q[x] = t1[x] * p[x] - t2[x] * q[x] +
             a[x] * (c2 * (up[x] + down[x] + p[x - 1] + p[x + 1]) +
                     c3 * (up2[x] + down2[x] + p[x - 2] + p[x + 2]));
  }
}

/* Sum of f^2 of one shot of one set of data. */
static void force(void *ctx, int task, int worker) {
  work *w = ctx;
  const wd_survey *survey = w->survey;
  int shot = task / 2, receivers = survey->receivers;
  const wd_gather *data = w->data[task % 2];
  float *field[2];
  for (int i = 0; i < 2; i++) {
    float *begin = w->field + (size_t)(2 * worker + i) * w->one;
    memset(begin, 0, w->one * sizeof *begin);
    field[i] = begin + RIM * w->stride + 16; /* zero around: rows by the rim, columns by the stride's spare */
  }
  unsigned saved = wd_cpu_flush_denormals();
  double sum = 0;
  for (int t = 0; t + 1 < survey->samples && !w->stopped[task]; t++) {
    if (t % CHECK_EVERY == 0 && wd_hooks_cancelled(w->hooks)) w->stopped[task] = true;
    float *next = field[t % 2];
    step(w, field[1 - t % 2], next);
    size_t at = ((size_t)shot * (size_t)survey->samples + (size_t)t) * (size_t)receivers;
    for (int r = 0; r < receivers; r++) {
      wd_cell cell = survey->receiver[r];
      double v = (double)w->velocity->value[(size_t)cell.z * (size_t)w->velocity->nx + (size_t)cell.x];
      double vdt = v * survey->dt;
      float *p = &next[(size_t)(cell.z + w->absorb) * w->stride + (size_t)(cell.x + w->absorb)];
      float wanted = data->value[at + (size_t)r] - w->full->value[at + (size_t)r];
      double f = ((double)wanted - (double)*p) / (vdt * vdt);
      sum += f * f;
      *p = wanted;
    }
  }
  wd_cpu_restore_denormals(saved);
  w->sum[task] = sum;
}

static wd_status check(const wd_survey *s, const wd_map *v, const wd_gather *const g[3],
                       const wd_interior_desc *d, wd_error *err) {
  if (v->nz != s->nz || v->nx != s->nx)
    return wd_fail(err, WD_ERR_SHAPE, "interior residual: a map of %d x %d cells, a survey of %d x %d", v->nz,
                   v->nx, s->nz, s->nx);
  for (int i = 0; i < 3; i++)
    if (g[i]->shots != s->shots || g[i]->samples != s->samples || g[i]->receivers != s->receivers)
      return wd_fail(err, WD_ERR_SHAPE,
                     "interior residual: gathers of %d shots x %d samples x %d receivers, a survey of "
                     "%d x %d x %d",
                     g[i]->shots, g[i]->samples, g[i]->receivers, s->shots, s->samples, s->receivers);
  if (d->absorb < 2 || d->absorb > 400 || d->threads < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "interior residual: %d absorbing cells, %d threads", d->absorb,
                   d->threads);
  return wd_map_check_velocity(v, "the velocity map", err);
}

static double ratio(double a, double b, double share) {
  return b > 0 && share >= WD_NOTHING_TO_REFLECT ? sqrt(a / b) : NAN;
}

wd_status wd_interior_residual(const wd_survey *survey, const wd_map *velocity, const wd_gather *s,
                               const wd_gather *full, const wd_gather *top, const wd_interior_desc *desc,
                               double *out, double *shot, const wd_hooks *hooks, wd_error *err) {
  wd_interior_desc d = desc ? *desc : (wd_interior_desc){0};
  if (!d.absorb) d.absorb = DEFAULT_ABSORB;
  if (!d.threads) d.threads = 1;
  const wd_gather *const all[3] = {s, full, top};
  wd_status st = check(survey, velocity, all, &d, err);
  if (st) return st;
  int tasks = 2 * survey->shots, threads = d.threads < tasks ? d.threads : tasks;
  work w = {.survey = survey,
            .velocity = velocity,
            .data = {s, top},
            .full = full,
            .hooks = hooks,
            .rows = velocity->nz + 2 * d.absorb,
            .columns = velocity->nx + 2 * d.absorb,
            .absorb = d.absorb};
  w.stride = ((size_t)w.columns + 31) / 16 * 16 + 16;
  size_t cells = (size_t)w.rows * w.stride;
  w.one = ((size_t)w.rows + 2 * RIM) * w.stride + 32;
  w.alpha = wd_calloc(cells, sizeof *w.alpha);
  w.t1 = wd_calloc(cells, sizeof *w.t1);
  w.t2 = wd_calloc(cells, sizeof *w.t2);
  w.field = wd_calloc((size_t)threads * 2, w.one * sizeof *w.field);
  w.sum = wd_calloc((size_t)tasks, sizeof *w.sum);
  w.stopped = wd_calloc((size_t)tasks, sizeof *w.stopped);
  wd_pool *pool = NULL;
  if (!w.alpha || !w.t1 || !w.t2 || !w.field || !w.sum || !w.stopped)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the interior residual");
  if (!st) st = coefficients(&w, err);
  if (!st) st = wd_pool_create(threads, &pool, err);
  if (!st) {
    wd_parallel_for(pool, tasks, force, &w);
    for (int i = 0; i < tasks && !st; i++)
      if (w.stopped[i]) st = wd_fail(err, WD_CANCELLED, "cancelled");
  }
  wd_measure direct = {0};
  if (!st) {
    wd_comparison c;
    st = wd_compare(top, full, NULL, &(wd_compare_desc){.threads = threads}, &c, err);
    if (!st) direct = c.all;
    if (!st) wd_comparison_clear(&c);
  }
  if (!st) {
    double a = 0, b = 0;
    for (int i = 0; i < survey->shots; i++) {
      a += w.sum[2 * i];
      b += w.sum[2 * i + 1];
      if (shot) shot[i] = ratio(w.sum[2 * i], w.sum[2 * i + 1], direct.relative_l2);
    }
    *out = ratio(a, b, direct.relative_l2);
  }
  wd_pool_destroy(pool);
  wd_free(w.alpha);
  wd_free(w.t1);
  wd_free(w.t2);
  wd_free(w.field);
  wd_free(w.sum);
  wd_free(w.stopped);
  return st;
}
