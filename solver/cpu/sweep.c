/* Advancing rows: which part of a row is computed with which kernel, source and receivers, and the order of
 * rows and steps. */
#include "solver/cpu/wave_cpu.h"

#include <limits.h>
#include <string.h>

/* Exact mode, scaled fields. A vector is clean when each of its values is at least this (2^-63 without the
 * scale): no product in the stencil of such values comes near 2^-126 unless it is zero, since sums of floats
 * of one magnitude are zero or at least 2^-24 of it. Waves arrive growing, so clean ranges grow too; in case
 * a field dies away they are looked at again every RECHECK sweeps against a lower bound. */
static const float CLEAN = 0x1p0f, STILL_CLEAN = 0x1p-20f;
enum { RECHECK = 32 };

/* Threads that share a shot read the ranges of their neighbours' outermost rows while those may grow: either
 * value will do, so relaxed atomics. */
static int get(const int *at) {
  return __atomic_load_n(at, __ATOMIC_RELAXED);
}
static void put(int *at, int value) {
  __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static int wrap(const wd_wave *w, const wd_cpu_wave *b, int z) {
  if (!b->ring) return z;
  return z < 0 ? z + w->pz : z >= w->pz ? z - w->pz : z;
}

static float *row_of(const wd_cpu_wave *b, float *plane, int z) {
  return plane + (ptrdiff_t)z * b->stride;
}

/* Coefficients of padded row z as the j-th of a pair. */
static void set_coefficients(wd_cpu_job *job, int z, int j, wd_cpu_rows *rows) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_coefficients *k = job->k;
  size_t core = (size_t)wd_plan_core_row(w, z);
  rows->alpha[j] = k->alpha + core * (size_t)b->stride;
  bool above = z < w->top;
  if (!above && z < w->top + w->nz) {
    rows->t1[j] = k->t1 + core * (size_t)b->stride;
    rows->t2[j] = k->t2;
    return;
  }
  wd_cpu_scratch *s = job->scratch;
  if (s->filled_from != k->medium || s->serial != k->serial) {
    size_t bytes = sizeof(float) * (size_t)b->stride;
    for (int i = 0; i < 2; i++) {
      memcpy(s->t1[0][i], k->t1, bytes);
      memcpy(s->t1[1][i], k->t1 + (size_t)(w->nz - 1) * (size_t)b->stride, bytes);
      memcpy(s->t2[0][i], k->t2, bytes);
      memcpy(s->t2[1][i], k->t2, bytes);
    }
    s->filled_from = k->medium;
    s->serial = k->serial;
  }
  float damping = k->medium->kz[z];
  const float *centre = k->medium->centre + core * (size_t)w->nx;
  float *t1 = s->t1[!above][j] + w->radius + w->left, *t2 = s->t2[!above][j] + w->radius + w->left;
  for (int x = 0; x < w->nx; x++) {
    t1[x] = centre[x] - damping;
    t2[x] = 1.0f - damping;
  }
  rows->t1[j] = s->t1[!above][j];
  rows->t2[j] = s->t2[!above][j];
}

/* The periodic copies left and right of a row. */
static void wrap_columns(const wd_wave *w, float *row) {
  for (int r = 0; r < w->radius; r++) {
    row[r] = row[w->px + r];
    row[w->px + w->radius + r] = row[w->radius + r];
  }
}

/* After a row is whole: source, ghosts, receivers. */
static void finish_row(wd_cpu_job *job, int z, int step, float *row) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  wd_cpu_field *f = job->f;
  int source = w->source[job->shot];
  if (source / w->px == z) {
    float kick = job->k->medium->beta[job->shot] * w->survey->wavelet[step];
    row[source % w->px + w->radius] += kick * f->scale;
  }
  if (w->periodic && get(&f->lo[z]) == 0) wrap_columns(w, row);
  if (w->desc.free_surface && z >= 1 && z <= w->radius) {
    float *mirror = row - (ptrdiff_t)(2 * z) * b->stride;
    for (int i = 0; i < b->stride; i++) mirror[i] = -row[i];
  }
  int first = b->receiver_first[z], last = b->receiver_first[z + 1];
  if (first == last) return;
  const wd_gather *g = &w->gather[job->map];
  float *record = g->value + ((size_t)job->shot * (size_t)g->samples + (size_t)step) * (size_t)g->receivers;
  for (int i = first; i < last; i++)
    record[b->receiver_order[i]] = wd_cpu_unscale(row[b->receiver_at[i]], f->scale);
}

/* Widens the range of row z by what the new row holds in [from, to). */
static void widen(wd_cpu_job *job, int z, const float *row, int from, int to) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  wd_cpu_field *f = job->f;
  int lo = get(&f->lo[z]), hi = get(&f->hi[z]);
  if (from < lo) {
    int first = b->kernels->first_nonzero(row, from, lo < to ? lo : to);
    if (first < lo) lo = first;
  }
  if (to > hi) {
    int last = b->kernels->last_nonzero(row, hi > from ? hi : from, to);
    if (last > hi) hi = last;
  }
  if (lo >= hi) return; /* nothing but zeros yet */
  if (w->periodic && (lo < 2 * w->radius || hi > w->px)) {
    lo = 0; /* it reaches a ghost's cell: from now on the whole row */
    hi = b->stride;
  }
  put(&f->lo[z], lo);
  put(&f->hi[z], hi);
}

static void grow_clean(wd_cpu_job *job, int z, const float *row, const float *other) {
  const wd_cpu_wave *b = job->b;
  const wd_cpu_kernels *kernels = b->kernels;
  wd_cpu_field *f = job->f;
  int lanes = kernels->lanes;
#define IS_BIG(v, bound)                                                                                     \
  (kernels->big(row + (v)*lanes, b->spare + (v)*lanes, bound) &&                                             \
   kernels->big(other + (v)*lanes, b->spare + (v)*lanes, bound))
  int lo = get(&f->clean_lo[z]), hi = get(&f->clean_hi[z]);
  if (job->recheck && lo < hi) {
    for (int v = lo; v < hi; v++)
      if (!IS_BIG(v, STILL_CLEAN)) {
        lo = hi = 0; /* start again below */
        break;
      }
  }
  if (lo >= hi) {
    int from = get(&f->lo[z]) / lanes, to = (get(&f->hi[z]) + lanes - 1) / lanes, best = 0;
    lo = INT_MAX / 2;
    hi = 0;
    for (int v = from; v < to; v++) {
      int end = v;
      while (end < to && IS_BIG(end, CLEAN)) end++;
      if (end - v > best) {
        best = end - v;
        lo = v;
        hi = end;
      }
      v = end;
    }
  } else {
    while (lo > 0 && IS_BIG(lo - 1, CLEAN)) lo--;
    while (hi < b->vectors && IS_BIG(hi, CLEAN)) hi++;
  }
#undef IS_BIG
  put(&f->clean_lo[z], lo);
  put(&f->clean_hi[z], hi);
}

/* Rows y .. y + n - 1 (n 1 or 2) by one step of the sponge scheme; `last` in the last stage of a sweep. */
static void sponge_rows(wd_cpu_job *job, int y, int n, int step, bool last) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  wd_cpu_field *f = job->f;
  const wd_cpu_kernels *kernels = b->kernels;
  const int radius = w->radius, order = radius == 4, lanes = kernels->lanes;
  wd_cpu_rows rows;
  float *now = f->p[step % 2], *next = f->p[(step + 1) % 2];
  int lo = INT_MAX / 2, hi = 0, clean_lo = 0, clean_hi = b->vectors;
  for (int k = 0; k < n + 2 * radius; k++) {
    int z = wrap(w, b, y - radius + k);
    rows.in[k] = row_of(b, now, z);
    if (job->settled || z < (w->desc.free_surface ? 1 : 0) || z >= w->pz) continue;
    bool own = k >= radius && k < radius + n;
    int reach = own ? radius : 0;
    int row_lo = get(&f->lo[z]) - reach, row_hi = get(&f->hi[z]);
    if (row_lo < lo) lo = row_lo;
    if (row_hi > 0 && row_hi + reach > hi) hi = row_hi + reach;
    int row_clean_lo = get(&f->clean_lo[z]), row_clean_hi = get(&f->clean_hi[z]);
    if (row_clean_lo > clean_lo) clean_lo = row_clean_lo;
    if (row_clean_hi < clean_hi) clean_hi = row_clean_hi;
  }
  if (job->settled) {
    lo = 0;
    hi = b->stride;
  } else {
    if (lo < 0) lo = 0;
    if (hi > b->stride) hi = b->stride;
  }
  int z[2];
  for (int j = 0; j < n; j++) {
    z[j] = wrap(w, b, y + j);
    rows.out[j] = row_of(b, next, z[j]);
  }
  if (lo < hi) {
    for (int j = 0; j < n; j++) set_coefficients(job, z[j], j, &rows);
    int v0 = lo / lanes, v1 = (hi + lanes - 1) / lanes;
    if (w->desc.mode == WD_WAVE_FAST) {
      kernels->fast[order][n - 1](&rows, w->c, v0, v1);
    } else if (f->scale == 1 || job->settled) {
      kernels->exact[order][n - 1](&rows, w->c, v0, v1);
    } else {
      if (clean_lo < v0) clean_lo = v0;
      if (clean_hi > v1) clean_hi = v1;
      if (clean_lo >= clean_hi) clean_lo = clean_hi = v1;
      if (clean_lo < clean_hi) kernels->exact[order][n - 1](&rows, w->c, clean_lo, clean_hi);
      if (v0 < clean_lo || clean_hi < v1)
        for (int j = 0; j < n; j++) {
          wd_cpu_rows one = {
              .out = {rows.out[j]}, .alpha = {rows.alpha[j]}, .t1 = {rows.t1[j]}, .t2 = {rows.t2[j]}};
          memcpy(one.in, rows.in + j, sizeof(float *) * (size_t)(1 + 2 * radius));
          if (v0 < clean_lo) kernels->tiny[order](&one, w->c, v0, clean_lo);
          if (clean_hi < v1) kernels->tiny[order](&one, w->c, clean_hi, v1);
        }
    }
    if (!job->settled)
      for (int j = 0; j < n; j++) widen(job, z[j], rows.out[j], v0 * lanes, v1 * lanes);
  }
  for (int j = 0; j < n; j++) {
    finish_row(job, z[j], step, rows.out[j]);
    if (last && f->scale != 1 && (!job->settled || job->recheck) && get(&f->lo[z[j]]) < get(&f->hi[z[j]]))
      grow_clean(job, z[j], rows.out[j], rows.in[radius + j]);
  }
}

static void pml_psi(wd_cpu_job *job, int z, int step) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_medium *m = job->k->medium;
  if (z >= w->top && z < w->top + w->nz) return;
  const float *now[1 + 2 * WD_MAX_RADIUS];
  for (int k = 0; k <= 2 * w->radius; k++) now[k] = row_of(b, job->f->p[step % 2], z - w->radius + k);
  b->kernels->pml_psi_z[w->radius == 4](now, row_of(b, job->f->psi_z, z), m->az[z], m->bz[z], w->d, 0,
                                        b->vectors);
}

static void pml_main(wd_cpu_job *job, int z, int step) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_medium *m = job->k->medium;
  wd_cpu_field *f = job->f;
  int radius = w->radius;
  float *before = row_of(b, f->p[(step + 1) % 2], z);
  wd_cpu_pml_row row = {
      .before = before,
      .alpha = job->k->alpha + (size_t)wd_plan_core_row(w, z) * (size_t)b->stride,
      .psi_x = row_of(b, f->psi_x, z),
      .zeta_x = row_of(b, f->zeta_x, z),
      .ax = job->k->ax,
      .bx = job->k->bx,
      .az = m->az[z],
      .bz = m->bz[z],
  };
  memcpy(row.strip, b->strip, sizeof row.strip);
  bool strip = z < w->top || z >= w->top + w->nz;
  bool near = z < w->top + radius || z >= w->top + w->nz - radius;
  if (w->top == 0 && z < radius) near = false;
  for (int k = 0; k <= 2 * radius; k++) {
    row.now[k] = row_of(b, f->p[step % 2], z - radius + k);
    row.psi_z[k] = near ? row_of(b, f->psi_z, z - radius + k) : NULL;
  }
  row.zeta_z = strip ? row_of(b, f->zeta_z, z) : NULL;
  b->kernels->pml_row[radius == 4](&row, w->c, w->d, b->vectors);
  finish_row(job, z, step, before);
}

int wd_cpu_stages(const wd_wave *w, int steps) {
  return w->desc.mode == WD_WAVE_LIVE ? 2 * steps : steps;
}

void wd_cpu_sweep_begin(wd_cpu_job *job) {
  const wd_wave *w = job->w;
  wd_cpu_field *f = job->f;
  job->settled = true;
  job->recheck = false;
  if (w->desc.mode == WD_WAVE_LIVE) return;
  for (int z = w->desc.free_surface ? 1 : 0; z < w->pz && job->settled; z++) {
    bool whole = get(&f->lo[z]) == 0 && get(&f->hi[z]) >= job->b->stride;
    bool clean = f->scale == 1 || (get(&f->clean_lo[z]) == 0 && get(&f->clean_hi[z]) == job->b->vectors);
    job->settled = whole && clean;
  }
  job->recheck = f->scale != 1 && job->step / job->b->steps_a_sweep % RECHECK == RECHECK - 1;
}

void wd_cpu_tile(wd_cpu_job *job, int stages, const int *a, const int *b) {
  const wd_wave *w = job->w;
  const bool live = w->desc.mode == WD_WAVE_LIVE;
  const int unit = live ? 1 : 2;
  int next[WD_CPU_MAX_STAGES], left = 0;
  for (int k = 0; k < stages; k++) {
    next[k] = a[k];
    left += a[k] < b[k];
  }
  while (left > 0)
    for (int k = 0; k < stages; k++) {
      int y = next[k];
      if (y >= b[k]) continue;
      int n = b[k] - y < unit ? b[k] - y : unit;
      if (k > 0 && next[k - 1] < b[k - 1] && next[k - 1] < y + n + w->radius) continue;
      int step = job->step + (live ? k / 2 : k);
      if (live && k % 2 == 0)
        pml_psi(job, y, step);
      else if (y == 0 && w->desc.free_surface) { /* stays zero */
        n = 1;
        finish_row(job, 0, step, row_of(job->b, job->f->p[(step + 1) % 2], 0));
      } else if (live)
        pml_main(job, y, step);
      else
        sponge_rows(job, y, n, step, k == stages - 1);
      next[k] = y + n;
      if (next[k] >= b[k]) left--;
    }
}
