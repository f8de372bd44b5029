/* Advancing rows: which part of a row is computed with which kernel, source and receivers, and the order of
 * rows and steps. */
#include "solver/cpu/wave_cpu.h"

#include <limits.h>
#include <string.h>

/* Exact mode, scaled fields. A vector is clean when each of its values is at least this (2^-63 without the
 * scale): no product in the stencil of such values comes near 2^-126 unless it is zero, since sums of floats
 * of one magnitude are zero or at least 2^-24 of it. Waves arrive growing, so clean ranges grow too; in case
 * a field dies away they are looked at again every RECHECK sweeps against a lower bound. */
static const float CLEAN = 0x1p-27f, STILL_CLEAN = 0x1p-37f;
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

/* Rows above the map, in it, below it: only rows of one kind are taken as a pair. */
static int region(const wd_wave *w, int z) {
  return z < w->top ? 0 : z < w->top + w->nz ? 1 : 2;
}

static void set_coefficients(const wd_cpu_job *job, int z, wd_cpu_rows *rows) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_coefficients *k = job->k;
  ptrdiff_t core = wd_plan_core_row(w, z), stride = b->stride;
  rows->alpha = k->alpha + core * stride;
  rows->t1 = k->t1 + core * stride;
  rows->t2 = k->t2;
  if (region(w, z) == 1) {
    rows->alpha_stride = rows->t1_stride = stride;
    return;
  }
  ptrdiff_t damped = z < w->top ? z : z - w->nz, from = (ptrdiff_t)b->middle_from * b->kernels->lanes;
  rows->middle_t1 = k->middle_t1 + damped * b->middle_stride - from;
  rows->middle_t2 = k->middle_t2 + damped * b->middle_stride - from;
  rows->middle_stride = b->middle_stride;
  rows->middle_from = b->middle_from;
  rows->middle_to = b->middle_to;
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
  if (z == job->source_row) {
    float kick = job->k->medium->beta[job->shot] * w->survey->wavelet[step];
    row[job->source_at] += kick * f->scale;
  }
  if (w->periodic && get(&f->lo[z]) == 0) wrap_columns(w, row);
  if (w->desc.free_surface && z >= 1 && z <= w->radius) {
    float *mirror = row - (ptrdiff_t)(2 * z) * b->stride;
    for (int i = 0; i < b->stride; i++) mirror[i] = -row[i];
  }
  if (b->ring && (z < w->radius || z >= w->pz - w->radius)) {
    float *ghost = row + (ptrdiff_t)(z < w->radius ? w->pz : -w->pz) * b->stride;
    memcpy(ghost, row, sizeof(float) * (size_t)b->stride);
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

/* Positions of row z that can be nonzero or unclean after this step: from the rows around it. */
typedef struct reach {
  int lo, hi;             /* positions */
  int clean_lo, clean_hi; /* vectors */
} reach;

static reach find_reach(const wd_cpu_job *job, int z, int n) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_field *f = job->f;
  reach r = {INT_MAX / 2, 0, 0, b->vectors};
  for (int y = z - w->radius; y < z + n + w->radius; y++) {
    int row = wrap(w, b, y), own = y >= z && y < z + n ? w->radius : 0;
    if (row < (w->desc.free_surface ? 1 : 0) || row >= w->pz) continue;
    int lo = get(&f->lo[row]) - own, hi = get(&f->hi[row]);
    if (lo < r.lo) r.lo = lo;
    if (hi > 0 && hi + own > r.hi) r.hi = hi + own;
    int clean_lo = get(&f->clean_lo[row]), clean_hi = get(&f->clean_hi[row]);
    if (clean_lo > r.clean_lo) r.clean_lo = clean_lo;
    if (clean_hi < r.clean_hi) r.clean_hi = clean_hi;
  }
  if (r.lo < 0) r.lo = 0;
  if (r.hi > b->stride) r.hi = b->stride;
  return r;
}

/* Rows z .. z + n - 1 (1, or 2 of one region) by one step of the sponge scheme; `last` in the last stage of a
 * sweep. */
static void sponge_rows(wd_cpu_job *job, int z, int n, int step, bool last) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_field *f = job->f;
  const wd_cpu_kernels *kernels = b->kernels;
  const int order = w->radius == 4, lanes = kernels->lanes;
  wd_cpu_rows rows = {
      .now = row_of(b, f->p[step % 2], z), .next = row_of(b, f->p[(step + 1) % 2], z), .stride = b->stride};
  reach r = {0, b->stride, 0, b->vectors};
  if (!job->settled) r = find_reach(job, z, n);
  if (r.lo < r.hi) {
    set_coefficients(job, z, &rows);
    int v0 = r.lo / lanes, v1 = (r.hi + lanes - 1) / lanes;
    if (w->desc.mode == WD_WAVE_FAST) {
      kernels->fast[order][n - 1](&rows, w->c, v0, v1);
    } else if (f->scale == 1 || job->settled) {
      kernels->exact[order][n - 1](&rows, w->c, v0, v1);
    } else {
      int c0 = r.clean_lo > v0 ? r.clean_lo : v0, c1 = r.clean_hi < v1 ? r.clean_hi : v1;
      if (c0 >= c1) c0 = c1 = v1;
      if (v0 < c0) kernels->tiny[order][n - 1](&rows, w->c, v0, c0);
      if (c0 < c1) kernels->exact[order][n - 1](&rows, w->c, c0, c1);
      if (c1 < v1) kernels->tiny[order][n - 1](&rows, w->c, c1, v1);
    }
    if (!job->settled)
      for (int j = 0; j < n; j++) widen(job, z + j, rows.next + j * rows.stride, v0 * lanes, v1 * lanes);
  }
  for (int j = 0; j < n; j++) {
    float *row = rows.next + j * rows.stride;
    finish_row(job, z + j, step, row);
    if (last && f->scale != 1 && (!job->settled || job->recheck) && get(&f->lo[z + j]) < get(&f->hi[z + j]))
      grow_clean(job, z + j, row, rows.now + j * rows.stride);
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
      else {
        int z = wrap(w, job->b, y);
        if (n == 2 && (z + 1 == w->pz || region(w, z) != region(w, z + 1))) n = 1;
        sponge_rows(job, z, n, step, k == stages - 1);
      }
      next[k] = y + n;
      if (next[k] >= b[k]) left--;
    }
}
