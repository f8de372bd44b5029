/* Memory of the cpu backend: the fields of a shot and a map's coefficients laid out in rows of vectors. */
#include "solver/cpu/wave_cpu.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { PAD = 64 }; /* floats before and after an array: stencils read past the ends of the outermost rows */

/* Floats of plane i: p[0], p[1], psi_z, zeta_z, psi_x, zeta_x. */
static size_t plane_floats(const wd_wave *w, int i) {
  const wd_cpu_wave *b = w->backend;
  return (size_t)(w->pz + 2 * w->radius) * (size_t)(i < 4 ? b->stride : b->x_stride) + 2 * PAD;
}

static size_t block_floats(const wd_wave *w) {
  size_t floats = 0;
  for (int i = 0; i < (w->desc.mode == WD_WAVE_LIVE ? 6 : 2); i++) floats += plane_floats(w, i);
  return floats;
}

size_t wd_cpu_field_bytes(const wd_wave *w) {
  return block_floats(w) * sizeof(float) + (size_t)(w->pz + 2 * w->radius) * sizeof(uint64_t);
}

wd_status wd_cpu_field_create(const wd_wave *w, wd_cpu_field *f, wd_error *err) {
  const wd_cpu_wave *b = w->backend;
  *f = (wd_cpu_field){.block = wd_alloc(block_floats(w), sizeof(float)),
                      .range_block = wd_alloc((size_t)(w->pz + 2 * w->radius), sizeof(uint64_t))};
  if (!f->block || !f->range_block) {
    wd_cpu_field_clear(f);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for wavefields of %d x %d cells", w->pz, w->px);
  }
  float **array[] = {&f->p[0], &f->p[1], &f->psi_z, &f->zeta_z, &f->psi_x, &f->zeta_x};
  float *at = f->block;
  for (int i = 0; i < (w->desc.mode == WD_WAVE_LIVE ? 6 : 2); i++) {
    *array[i] = at + PAD + (size_t)w->radius * (size_t)(i < 4 ? b->stride : b->x_stride);
    at += plane_floats(w, i);
  }
  f->range = f->range_block + w->radius;
  return WD_OK;
}

void wd_cpu_field_clear(wd_cpu_field *f) {
  wd_free(f->block);
  wd_free(f->range_block);
  *f = (wd_cpu_field){0};
}

/* Scaling is safe while the scaled field stays far from overflow: sources up to 2^30 leave 34 binary orders
 * of magnitude. A stronger wavelet runs unscaled, and pays for its denormals. */
static float choose_scale(const wd_wave *w, int map, int shot) {
  const wd_cpu_wave *b = w->backend;
  if (w->desc.mode != WD_WAVE_EXACT || !b->kernels->tiny[0][0]) return 1;
  float largest = 0;
  for (int i = 0; i < w->survey->samples; i++) largest = fmaxf(largest, fabsf(w->survey->wavelet[i]));
  return w->medium[map].beta[shot] * largest < 0x1p30f ? WD_CPU_SCALE : 1;
}

void wd_cpu_field_rest(const wd_wave *w, wd_cpu_field *f, int map, int shot) {
  const wd_cpu_wave *b = w->backend;
  memset(f->block, 0, block_floats(w) * sizeof(float));
  if (w->desc.free_surface) /* mirrored zeros are -0 */
    for (int level = 0; level < 2; level++)
      for (int i = 1; i <= w->radius * b->stride + w->radius; i++) f->p[level][-i] = -0.0f;
  /* rows that stay zero (ghosts, a free surface) are nowhere nonzero and everywhere clean */
  const wd_cpu_range rest = {WD_CPU_NOWHERE, 0, -WD_CPU_NOWHERE, 0}, zero = {WD_CPU_NOWHERE, 0, 0, INT16_MAX};
  for (int z = -w->radius; z < w->pz + w->radius; z++) {
    bool inside = b->ring || (z >= (w->desc.free_surface ? 1 : 0) && z < w->pz);
    wd_cpu_put_range(w, f, z, inside ? rest : zero);
  }
  int z = w->source[shot] / w->px, at = w->source[shot] % w->px + w->radius;
  bool edge = w->periodic && (at < 2 * w->radius || at >= w->px);
  wd_cpu_range source = rest;
  source.lo = (int16_t)(edge ? 0 : at);
  source.minus_hi = (int16_t)(edge ? -b->stride : -at - 1);
  wd_cpu_put_range(w, f, z, source);
  f->row_lo = z;
  f->row_hi = z + 1;
  f->scale = choose_scale(w, map, shot);
}

float wd_cpu_unscale(float value, float scale) {
  if (scale == 1) return value;
  union {
    float f;
    unsigned u;
  } x = {value};
  unsigned sign = x.u & 0x80000000u, magnitude = x.u & 0x7fffffffu;
  if (magnitude >= 0x7f800000u) return value; /* infinity, NaN */
  if (magnitude >= 64u << 23)
    x.u = sign | (magnitude - (63u << 23));
  else /* denormal without the scale: a multiple of 2^-149 by the rounding of simd.h */
    x.u = sign | (unsigned)(fabsf(value) * 0x1p86f);
  return x.f;
}

void wd_cpu_field_read(const wd_wave *w, const wd_cpu_field *f, int step, float *out) {
  const wd_cpu_wave *b = w->backend;
  for (int z = 0; z < w->pz; z++) {
    const float *row = f->p[step % 2] + (size_t)z * (size_t)b->stride;
    for (int x = 0; x < w->px; x++)
      out[(size_t)z * (size_t)w->px + (size_t)x] = wd_cpu_unscale(row[b->position[x]], f->scale);
  }
}

void wd_cpu_field_read_core(const wd_wave *w, const wd_cpu_field *f, int step, float *out) {
  const wd_cpu_wave *b = w->backend;
  for (int z = 0; z < w->nz; z++) {
    const float *row = f->p[step % 2] + (size_t)(z + w->top) * (size_t)b->stride;
    const int *position = b->position + w->left;
    for (int x = 0; x < w->nx; x++)
      out[(size_t)z * (size_t)w->nx + (size_t)x] = wd_cpu_unscale(row[position[x]], f->scale);
  }
}

wd_status wd_cpu_coefficients_create(const wd_wave *w, wd_cpu_coefficients *k, wd_error *err) {
  const wd_cpu_wave *b = w->backend;
  size_t stride = (size_t)b->stride, rows = (size_t)w->nz * 2 + 4;
  size_t middle = (size_t)(w->pz - w->nz) * (size_t)b->middle_stride;
  *k = (wd_cpu_coefficients){.block = wd_calloc(rows * stride + 2 * middle, sizeof(float))};
  if (!k->block) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for coefficients of %d rows", w->nz);
  k->alpha = k->block;
  k->t1 = k->alpha + (size_t)w->nz * stride;
  k->t2 = k->t1 + (size_t)w->nz * stride;
  k->ax = k->t2 + stride;
  k->bx = k->ax + stride;
  k->axd = k->bx + stride;
  k->middle_t1 = k->axd + stride;
  k->middle_t2 = k->middle_t1 + middle;
  return WD_OK;
}

static void fill_live(const wd_wave *w, wd_cpu_coefficients *k, const wd_medium *m) {
  const wd_cpu_wave *b = w->backend;
  for (int z = 0; z < w->nz; z++)
    for (int x = 0; x < w->px; x++) {
      size_t core = (size_t)z * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      size_t at = (size_t)z * (size_t)b->stride + (size_t)b->position[x];
      k->alpha[at] = m->alpha[core] * w->c[1];
    }
  for (int x = 0; x < w->px; x++) {
    int at = b->position[x] - b->group * b->kernels->lanes;
    if (at < 0) continue;
    k->ax[at] = m->ax[x];
    k->bx[at] = m->bx[x];
    k->axd[at] = m->ax[x] * w->d[1];
  }
}

static void fill_sponge(const wd_wave *w, wd_cpu_coefficients *k, const wd_medium *m) {
  const wd_cpu_wave *b = w->backend;
  for (int z = 0; z < w->nz; z++)
    for (int x = 0; x < w->px; x++) {
      size_t core = (size_t)z * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      size_t at = (size_t)z * (size_t)b->stride + (size_t)b->position[x];
      k->alpha[at] = m->alpha[core];
      k->t1[at] = m->centre[core] - (wd_plan_in_side_strip(w, x) ? m->kx[x] : 0.0f);
    }
  for (int x = 0; x < w->px; x++)
    k->t2[b->position[x]] = 1.0f - (wd_plan_in_side_strip(w, x) ? m->kx[x] : 0.0f);
  for (int i = 0; i < w->pz - w->nz; i++) {
    int z = i < w->top ? i : i + w->nz, from = b->middle_from * b->kernels->lanes;
    size_t core = (size_t)wd_plan_core_row(w, z);
    const float *strip_t1 = k->t1 + core * (size_t)b->stride + from;
    float *t1 = k->middle_t1 + (size_t)i * (size_t)b->middle_stride;
    float *t2 = k->middle_t2 + (size_t)i * (size_t)b->middle_stride;
    for (int j = 0; j < b->middle_stride; j++) {
      int x = from + j - w->radius - w->left;
      bool inside = x >= 0 && x < w->nx;
      t1[j] = inside ? m->centre[core * (size_t)w->nx + (size_t)x] - m->kz[z] : strip_t1[j];
      t2[j] = inside ? 1.0f - m->kz[z] : k->t2[from + j];
    }
  }
}

void wd_cpu_coefficients_fill(const wd_wave *w, wd_cpu_coefficients *k, int map) {
  const wd_cpu_wave *b = w->backend;
  const wd_medium *m = &w->medium[map];
  if (k->medium == m && k->serial == b->serial) return;
  if (w->desc.mode == WD_WAVE_LIVE)
    fill_live(w, k, m);
  else
    fill_sponge(w, k, m);
  k->medium = m;
  k->serial = b->serial;
}
