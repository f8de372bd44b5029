/* Advancing rows: which part of a row is computed with which kernel, source and receivers, and the order of
 * rows and steps. */
#include "solver/cpu/wave_cpu.h"

#include <string.h>

/* Exact mode, scaled fields. A vector is clean when each of its values is at least this (2^-63 without the
 * scale): no product in the stencil of such values comes near 2^-126 unless it is zero, since sums of floats
 * of one magnitude are zero or at least 2^-24 of it. Waves arrive growing, so clean ranges grow too; in case
 * a field dies away they are looked at again every RECHECK sweeps against a lower bound. */
static const float CLEAN = 0x1p-27f, STILL_CLEAN = 0x1p-37f;
enum { RECHECK = 32, PML_ROWS_A_CALL = 4 };

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
static inline void wrap_columns(const wd_wave *w, float *row) {
  if (w->radius == 2) {
    memcpy(row, row + w->px, 2 * sizeof *row);
    memcpy(row + w->px + 2, row + 2, 2 * sizeof *row);
  } else {
    memcpy(row, row + w->px, 4 * sizeof *row);
    memcpy(row + w->px + 4, row + 4, 4 * sizeof *row);
  }
}

/* Rows with a source, receivers or ghosts (wd_cpu_wave.special), after they are computed. */
static void finish_special(const wd_cpu_job *job, int z, int step, float *row, bool whole) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_field *f = job->f;
  if (z == job->source_row) {
    float kick = job->k->medium->beta[job->shot] * w->survey->wavelet[step];
    row[job->source_at] += kick * f->scale;
    if (whole) wrap_columns(w, row);
  }
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
  const bool exact = w->desc.mode == WD_WAVE_EXACT;
  const wd_gather *g = &w->gather[job->map];
  float *record = g->value + ((size_t)job->shot * (size_t)g->samples + (size_t)step) * (size_t)g->receivers;
  for (int i = first; i < last; i++)
    record[b->receiver_order[i]] =
        exact ? wd_cpu_unscale(row[b->receiver_at[i]], f->scale) : row[b->receiver_at[i]] + 0.0f; /* no -0 */
}

/* After a row is computed; `whole` when the columns' ghosts may be nonzero. */
static inline void finish_row(const wd_cpu_job *job, int z, int step, float *row, bool whole) {
  if (whole) wrap_columns(job->w, row);
  if (job->b->special[z] || z == job->source_row) finish_special(job, z, step, row, whole);
}

/* Widens the range of a row by what its new values hold in [from, to). */
static inline void widen(const wd_cpu_job *job, wd_cpu_range *range, const float *row, int from, int to) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  /* in exact mode a -0 must not be taken for a +0; elsewhere the sign of nothing is nothing */
  const int32_t bits = w->desc.mode == WD_WAVE_EXACT ? -1 : INT32_MAX;
  int lo = range->lo, hi = -range->minus_hi;
  if (from >= lo && to <= hi) return;
  if (from < lo) {
    int first = b->kernels->first_nonzero(row, from, lo < to ? lo : to, bits);
    if (first < lo) lo = first;
  }
  if (to > hi) {
    int last = b->kernels->last_nonzero(row, hi > from ? hi : from, to, bits);
    if (last > hi) hi = last;
  }
  if (lo >= hi) return; /* nothing but zeros yet */
  if (w->periodic && (lo < 2 * w->radius || hi > w->px)) {
    lo = 0; /* it reaches a ghost's cell: from now on the whole row */
    hi = b->stride;
  }
  range->lo = (int16_t)lo;
  range->minus_hi = (int16_t)-hi;
}

/* Grows (or, when rechecking, drops) the clean range of a row by its values at two steps. */
static void grow_clean(const wd_cpu_job *job, wd_cpu_range *range, const float *row, const float *other) {
  const wd_cpu_wave *b = job->b;
  const wd_cpu_kernels *kernels = b->kernels;
  int lanes = kernels->lanes;
#define IS_BIG(v, bound)                                                                                     \
  (kernels->big(row + (v)*lanes, b->spare + (v)*lanes, bound) &&                                             \
   kernels->big(other + (v)*lanes, b->spare + (v)*lanes, bound))
  int lo = -range->minus_clean_lo, hi = range->clean_hi;
  if (job->recheck)
    for (int v = lo; v < hi; v++)
      if (!IS_BIG(v, STILL_CLEAN)) {
        lo = WD_CPU_NOWHERE; /* start again below */
        hi = 0;
      }
  if (lo >= hi) {
    int from = range->lo / lanes, to = (-range->minus_hi + lanes - 1) / lanes, best = 0;
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
  range->minus_clean_lo = (int16_t)-lo;
  range->clean_hi = (int16_t)hi;
}

/* The range that rows z .. z + n - 1 can have after this step. */
static wd_cpu_range find_reach(const wd_cpu_job *job, int z, int n) {
  typedef int16_t quad __attribute__((vector_size(8)));
  const int radius = job->w->radius;
  const quad spread = {(int16_t)radius, (int16_t)radius, 0, 0};
  quad least = {INT16_MAX, INT16_MAX, INT16_MAX, INT16_MAX};
  for (int y = z - radius; y < z + n + radius; y++) {
    uint64_t word = __atomic_load_n(&job->f->range[y], __ATOMIC_RELAXED);
    quad r;
    memcpy(&r, &word, sizeof r);
    if (y >= z && y < z + n) r -= spread;
    quad less = r < least;
    least = (r & less) | (least & ~less);
  }
  wd_cpu_range reach;
  memcpy(&reach, &least, sizeof reach);
  if (reach.lo < 0) reach.lo = 0;
  if (-reach.minus_hi > job->b->stride) reach.minus_hi = (int16_t)-job->b->stride;
  return reach;
}

/* Rows z .. z + n - 1 (1, or 2 of one region) by one step of the sponge scheme; `last` in the last stage of a
 * sweep. */
static void sponge_rows(wd_cpu_job *job, int z, int n, int step, bool last) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  wd_cpu_field *f = job->f;
  const wd_cpu_kernels *kernels = b->kernels;
  const int order = w->radius == 4, lanes = kernels->lanes;
  wd_cpu_rows rows = {
      .now = row_of(b, f->p[step % 2], z), .next = row_of(b, f->p[(step + 1) % 2], z), .stride = b->stride};
  if (job->settled) {
    set_coefficients(job, z, &rows);
    (w->desc.mode == WD_WAVE_FAST ? kernels->fast : kernels->exact)[order][n - 1](&rows, w->c, 0, b->vectors);
  }
  wd_cpu_range reach = {0};
  int v0 = 0, v1 = 0;
  if (!job->settled) {
    reach = find_reach(job, z, n);
    v0 = reach.lo >> b->lanes_log2;
    v1 = (-reach.minus_hi + lanes - 1) >> b->lanes_log2;
  }
  if (v0 < v1) {
    set_coefficients(job, z, &rows);
    if (w->desc.mode == WD_WAVE_FAST) {
      kernels->fast[order][n - 1](&rows, w->c, v0, v1);
    } else if (f->scale == 1) {
      kernels->exact[order][n - 1](&rows, w->c, v0, v1);
    } else {
      int c0 = -reach.minus_clean_lo > v0 ? -reach.minus_clean_lo : v0;
      int c1 = reach.clean_hi < v1 ? reach.clean_hi : v1;
      if (c0 >= c1) c0 = c1 = v1;
      if (v0 < c0) kernels->tiny[order][n - 1](&rows, w->c, v0, c0);
      if (c0 < c1) kernels->exact[order][n - 1](&rows, w->c, c0, c1);
      if (c1 < v1) kernels->tiny[order][n - 1](&rows, w->c, c1, v1);
    }
  }
  for (int j = 0; j < n; j++) {
    float *row = rows.next + j * rows.stride;
    if (job->settled && !job->recheck) {
      finish_row(job, z + j, step, row, true);
      continue;
    }
    wd_cpu_range range = wd_cpu_get_range(f, z + j), old = range;
    if (v0 < v1) widen(job, &range, row, v0 * lanes, v1 * lanes);
    finish_row(job, z + j, step, row, range.lo == 0);
    if (last && f->scale != 1 && range.lo < -range.minus_hi)
      grow_clean(job, &range, row, rows.now + j * rows.stride);
    if (memcmp(&range, &old, sizeof range) != 0) wd_cpu_put_range(w, f, z + j, range);
  }
}

/* Rows whose z terms are not zero: the strips and the rows that their psi reaches. */
static bool has_z_terms(const wd_wave *w, int z) {
  return (w->top > 0 && z < w->top + w->radius) || z >= w->top + w->nz - w->radius;
}

static wd_cpu_pml_rows pml_rows(const wd_cpu_job *job, int z, int n, int step) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  const wd_cpu_coefficients *k = job->k;
  const wd_cpu_field *f = job->f;
  return (wd_cpu_pml_rows){
      .rows = n,
      .now = row_of(b, f->p[step % 2], z),
      .next = row_of(b, f->p[(step + 1) % 2], z),
      .alpha = k->alpha + wd_plan_core_row(w, z) * (ptrdiff_t)b->stride,
      .stride = b->stride,
      .alpha_stride = region(w, z) == 1 ? b->stride : 0,
      .x_stride = b->x_stride,
      .psi_x = f->psi_x + (ptrdiff_t)z * b->x_stride,
      .zeta_x = f->zeta_x + (ptrdiff_t)z * b->x_stride,
      .ax = k->ax,
      .bx = k->bx,
      .axd = k->axd,
      .psi_z = row_of(b, f->psi_z, z),
      .zeta_z = row_of(b, f->zeta_z, z),
      .az = k->medium->az + z,
      .bz = k->medium->bz + z,
      .group = b->group,
      .vectors = b->vectors,
  };
}

/* Rows z .. z + n - 1, in a strip above or below. */
static void pml_psi(const wd_cpu_job *job, int z, int n, int step) {
  wd_cpu_pml_rows rows = pml_rows(job, z, n, step);
  job->b->kernels->pml_psi_z[job->w->radius == 4](&rows, &job->b->weights);
}

/* Rows z .. z + n - 1, of one region and with z terms all or none. */
static void pml_main(const wd_cpu_job *job, int z, int n, int step) {
  const wd_wave *w = job->w;
  const wd_cpu_wave *b = job->b;
  wd_cpu_pml_rows rows = pml_rows(job, z, n, step);
  b->kernels->pml[w->radius == 4][has_z_terms(w, z)](&rows, &b->weights);
  const int around = b->vectors * b->kernels->lanes;
  for (int y = z; y < z + n; y++) {
    float *row = rows.next + (y - z) * rows.stride;
    if (y == job->source_row || b->special[y]) finish_special(job, y, step, row, false);
    if (y == job->source_row) /* the source may stand where the columns go around */
      for (int r = 0; r < w->radius; r++) {
        row[around + r] = row[r];
        row[r - w->radius] = row[around + r - w->radius];
      }
  }
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
    wd_cpu_range r = wd_cpu_get_range(f, z);
    bool whole = r.lo == 0 && -r.minus_hi >= job->b->stride;
    bool clean = f->scale == 1 || (r.minus_clean_lo == 0 && r.clean_hi == job->b->vectors);
    job->settled = whole && clean;
  }
  job->recheck = f->scale != 1 && job->step / job->b->steps_a_sweep % RECHECK == RECHECK - 1;
}

static bool pml_row_is_zero(const wd_cpu_job *job, int z) {
  const wd_cpu_wave *b = job->b;
  const wd_cpu_field *f = job->f;
  float *const plane[] = {f->p[0], f->p[1], f->psi_z, f->zeta_z, f->psi_x, f->zeta_x};
  for (int i = 0; i < 6; i++) {
    int length = i < 4 ? b->stride : b->x_stride;
    if (b->kernels->first_nonzero(plane[i] + (ptrdiff_t)z * length, 0, length, INT32_MAX) < length)
      return false;
  }
  return true;
}

void wd_cpu_pml_widen(const wd_cpu_job *job, int steps) {
  wd_cpu_field *f = job->f;
  const int reach = 2 * job->w->radius * steps;
  int lo = f->row_lo - reach, hi = f->row_hi + reach;
  if (lo < 0) lo = 0;
  if (hi > job->w->pz) hi = job->w->pz;
  while (lo < f->row_lo && pml_row_is_zero(job, lo)) lo++;
  while (hi > f->row_hi && pml_row_is_zero(job, hi - 1)) hi--;
  f->row_lo = lo;
  f->row_hi = hi;
}

static int smaller(int a, int b) {
  return a < b ? a : b;
}

/* Rows from z on, at most n, that one call of a kernel can take: of one region, and in live mode with z terms
 * all or none; not past the end of a ring. */
static int together(const wd_wave *w, int z, int n) {
  const int edge[] = {w->top, w->top + w->nz, w->pz, w->top > 0 ? w->top + w->radius : 0,
                      w->top + w->nz - w->radius};
  for (int i = 0; i < (w->desc.mode == WD_WAVE_LIVE ? 5 : 3); i++)
    if (z < edge[i] && edge[i] < z + n) n = edge[i] - z;
  return n;
}

/* Sponge: stage k is step k. */
static void sponge_tile(wd_cpu_job *job, int stages, const int *a, const int *b) {
  const wd_wave *w = job->w;
  int next[WD_CPU_MAX_STAGES], left = 0;
  for (int k = 0; k < stages; k++) {
    next[k] = a[k];
    left += a[k] < b[k];
  }
  while (left > 0)
    for (int k = 0; k < stages; k++) {
      int y = next[k];
      if (y >= b[k]) continue;
      int n = smaller(b[k] - y, 2);
      if (k > 0 && next[k - 1] < b[k - 1] && next[k - 1] < y + n + w->radius) continue;
      int step = job->step + k, z = wrap(w, job->b, y);
      if (z == 0 && w->desc.free_surface) { /* stays zero */
        n = 1;
        finish_row(job, 0, step, row_of(job->b, job->f->p[(step + 1) % 2], 0), false);
      } else {
        n = together(w, z, n);
        sponge_rows(job, z, n, step, k == stages - 1);
      }
      next[k] = y + n;
      if (next[k] >= b[k]) left--;
    }
}

/* Live: stage 2 s is psi_z of step s, which has work in the strips above and below only, stage 2 s + 1 the
 * rest of it. */
static void pml_tile(wd_cpu_job *job, int stages, const int *a, const int *b) {
  const wd_wave *w = job->w;
  const int radius = w->radius, below = w->top + w->nz;
  int next[WD_CPU_MAX_STAGES], left = 0;
  for (int k = 0; k < stages; k++) {
    next[k] = a[k];
    left += a[k] < b[k];
  }
  while (left > 0)
    for (int k = 0; k < stages; k++) {
      int y = next[k];
      if (y >= b[k]) continue;
      const int step = job->step + k / 2;
      int n = smaller(b[k] - y, PML_ROWS_A_CALL);
      if (k % 2 == 0 && y >= w->top && y < below) {
        n = smaller(b[k], below) - y;
      } else {
        if (k > 0 && next[k - 1] < b[k - 1] && next[k - 1] < y + n + radius) continue;
        if (k > 1 && next[k - 2] < b[k - 2] && next[k - 2] < y + n + radius) continue;
        if (k % 2 == 0) {
          n = together(w, y, n);
          pml_psi(job, y, n, step);
        } else if (y == 0 && w->desc.free_surface) { /* stays zero */
          n = 1;
          finish_row(job, 0, step, row_of(job->b, job->f->p[(step + 1) % 2], 0), false);
        } else {
          n = together(w, y, n);
          pml_main(job, y, n, step);
        }
      }
      next[k] = y + n;
      if (next[k] >= b[k]) left--;
    }
}

void wd_cpu_tile(wd_cpu_job *job, int stages, const int *a, const int *b) {
  if (job->w->desc.mode == WD_WAVE_LIVE)
    pml_tile(job, stages, a, b);
  else
    sponge_tile(job, stages, a, b);
}
