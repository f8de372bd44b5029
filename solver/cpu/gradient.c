/* The gradient on the cpu device: one shot a thread, the formulas of reference/adjoint_impl.h on the kernels
 * of gradient_kernels.h, wavefields kept by an adjoint plan.
 *
 * The forward wavefield is computed in the mode's own arithmetic, in exact mode too, but with denormals
 * flushed: that moves no pressure by more than 1e-37, and the adjoint, which has no bits to keep, does the
 * same. Sums over time are float vectors, emptied into doubles every FLUSH_STEPS; shots are added in their
 * order, so that the result depends neither on scheduling nor on the number of threads, nor on what is
 * stored. */
#include "solver/cpu/gradient.h"

#include "solver/cpu/gradient_kernels.h"
#include "solver/cpu/kernels.h"
#include "solver/memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FLUSH_STEPS = 64, STRIPS = 4 };

/* Sizes in floats, the same for all lanes of work. */
typedef struct layout {
  int lanes, vectors, core[2];
  ptrdiff_t pitch;
  size_t plane, origin;            /* of a plane; where row 0, column 0 stands in it */
  wd_gradient_strip strip[STRIPS]; /* without its arrays; x left, x right, z top, z bottom */
  size_t block[STRIPS], block_origin[STRIPS], blocks; /* CPML memory; blocks is their sum, 0 without CPML */
  size_t sums;                                        /* of one wd_gradient_sums */
} layout;

/* What one thread works with. */
typedef struct lane {
  int map; /* the coefficients are of this one; -1 at first */
  float *memory;
  wd_gradient_grid grid;
  wd_gradient_sums sums, damping;
  wd_gradient_strip forward_strip[STRIPS], adjoint_strip[STRIPS];
  float *alpha, *kside, *kmid, *inside, *sums_memory, *strip_a, *strip_b;
  float *forward_memory, *adjoint_memory; /* psi and zeta of all strips; Y, Z, S, a Y */
  float *now, *before, *m_now, *m_before; /* planes */
  float *segment, *checkpoint;
  double *sum, vmin; /* this shot's share: the gradient times v / 2, dJ/dvmin times vmin */
} lane;

typedef struct target {
  size_t at, core; /* in a plane; in the map */
  int receiver;
} target;

typedef struct job {
  const wd_wave *w;
  const wd_gather *residual;
  const wd_hooks *hooks;
  const wd_gradient_kernels *kernels;
  layout l;
  wd_adjoint_plan plan;
  lane *lane;     /* plan.flight */
  target *target; /* receivers that can record anything */
  int n_targets;
  bool vmin;
  double *sum, *vmin_sum; /* maps * cells, maps */
  int next;               /* atomic: the next shot to take, over all maps */
  bool cancelled;         /* atomic */
  int turn;               /* under the mutex: the shot whose share is added next */
  pthread_mutex_t mutex;
  pthread_cond_t turned;
} job;

static bool is_live(const wd_wave *w) {
  return w->desc.mode == WD_WAVE_LIVE;
}

static size_t up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

static layout make_layout(const wd_wave *w) {
  layout l = {.lanes = w->device->info.lanes};
  const int radius = w->radius;
  size_t lanes = (size_t)l.lanes, lead = WD_GRADIENT_LEAD;
  l.vectors = (int)(up((size_t)w->px, lanes) / lanes);
  l.core[0] = is_live(w) ? 0 : w->left / l.lanes;
  l.core[1] = is_live(w) ? l.vectors : (w->left + w->nx + l.lanes - 1) / l.lanes;
  l.pitch = (ptrdiff_t)(lead + up((size_t)(w->px + radius), 16));
  l.origin = (size_t)radius * (size_t)l.pitch + lead;
  l.plane = (size_t)(w->pz + 2 * radius) * (size_t)l.pitch + 16;
  l.sums = (size_t)w->nz * (size_t)(l.core[1] - l.core[0] + 2) * lanes;
  if (!is_live(w)) return l;
  /* Vectors that the strips in x and the stencil beside them reach; where they meet, one block has both. */
  int left = (w->left + radius + l.lanes - 1) / l.lanes, right = (w->left + w->nx - radius) / l.lanes;
  if (right <= left) left = right = l.vectors;
  for (int i = 0; i < STRIPS; i++) {
    wd_gradient_strip *s = &l.strip[i];
    if (i < 2) {
      s->first = i ? right * l.lanes : 0;
      s->vectors = i ? l.vectors - right : left;
      s->count = s->vectors * l.lanes;
      s->pitch = (ptrdiff_t)(lead + up((size_t)(s->vectors * l.lanes), 16) + lead);
      l.block[i] = (size_t)w->pz * (size_t)s->pitch;
      l.block_origin[i] = lead;
    } else {
      s->first = i == 2 ? 0 : w->top + w->nz;
      s->count = i == 2 ? w->top : w->bottom;
      s->pitch = l.pitch;
      l.block[i] = (size_t)(s->count + 4 * radius) * (size_t)l.pitch + 16;
      l.block_origin[i] = 2 * (size_t)radius * (size_t)l.pitch + lead;
    }
    l.blocks += l.block[i];
  }
  return l;
}

static size_t state_floats(const layout *l) {
  return 2 * l->plane + 2 * l->blocks;
}

void wd_cpu_gradient_need(const wd_wave *w, wd_adjoint_need *need) {
  layout l = make_layout(w);
  int shots = w->desc.maps * w->survey->shots, threads = w->device->info.threads;
  /* A sponge's wavefields are large and quickly computed: storing all of them takes as long as one more
   * forward run, and ten times the memory. Those of live mode are small, and slower to compute. */
  *need = (wd_adjoint_need){.field = sizeof(float) * l.plane,
                            .state = sizeof(float) * state_floats(&l),
                            .flight = shots < threads ? shots : threads,
                            .rather_rerun = !is_live(w)};
}

enum { HUGE_PAGE = 1 << 21 };

/* Large blocks come from the system zeroed when first touched; in pages of 2 MiB where it has them, since a
 * page fault for every 4 KiB costs a tenth of a gradient. */
static float *zeroed(size_t floats, float **raw) {
  *raw = calloc(floats * sizeof **raw + HUGE_PAGE, 1);
  if (!*raw) return NULL;
  uintptr_t at = ((uintptr_t)*raw + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
#ifdef MADV_HUGEPAGE
  if (floats * sizeof **raw >= 4 * (size_t)HUGE_PAGE)
    madvise((void *)at, floats * sizeof **raw, MADV_HUGEPAGE);
#endif
  return (float *)at;
}

static void give_strips(const layout *l, wd_gradient_strip *to, const float *a, const float *b, float *memory,
                        int arrays) {
  for (int i = 0; i < STRIPS; i++) {
    to[i] = l->strip[i];
    float *at = memory + l->block_origin[i];
    to[i].psi = at;
    to[i].zeta = at + l->block[i];
    if (arrays == 4) {
      to[i].weighted = at + 2 * l->block[i];
      to[i].along = at + 3 * l->block[i];
    }
    memory += (size_t)arrays * l->block[i];
    to[i].a = a;
    to[i].b = b;
    size_t entries = up((size_t)to[i].count, 16);
    a += entries;
    b += entries;
  }
}

static size_t strip_entries(const layout *l) {
  size_t n = 0;
  for (int i = 0; i < STRIPS; i++) n += up((size_t)l->strip[i].count, 16);
  return n;
}

static wd_status lane_create(const job *j, lane *k, wd_error *err) {
  const wd_wave *w = j->w;
  const layout *l = &j->l;
  const size_t row = (size_t)l->pitch + 64, entries = strip_entries(l);
  const size_t planes = 4 + (size_t)j->plan.segment;
  const size_t checkpoints = (size_t)j->plan.checkpoints * state_floats(l);
  size_t total = (size_t)w->nz * (size_t)l->pitch + 3 * row + 2 * l->sums + 2 * entries + 6 * l->blocks +
                 planes * l->plane + checkpoints + 64 * 16;
  float *at = zeroed(total, &k->memory);
  k->sum = wd_alloc((size_t)w->nz * (size_t)w->nx, sizeof *k->sum);
  if (!at || !k->sum)
    return wd_fail(err, WD_ERR_NO_MEMORY,
                   "no memory for the %zu MiB that a gradient needs on each thread; lower its "
                   "memory limit or take fewer threads (cpu:1)",
                   total * sizeof(float) >> 20);
  k->map = -1;
  struct {
    float **to;
    size_t floats;
  } part[] = {{&k->alpha, (size_t)w->nz * (size_t)l->pitch},
              {&k->kside, row},
              {&k->kmid, row},
              {&k->inside, row},
              {&k->sums_memory, 2 * l->sums},
              {&k->strip_a, entries},
              {&k->strip_b, entries},
              {&k->forward_memory, 2 * l->blocks},
              {&k->adjoint_memory, 4 * l->blocks},
              {&k->now, l->plane},
              {&k->before, l->plane},
              {&k->m_now, l->plane},
              {&k->m_before, l->plane},
              {&k->checkpoint, checkpoints},
              {&k->segment, (size_t)j->plan.segment * l->plane}};
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    *part[i].to = at;
    at += up(part[i].floats, 16);
  }
  size_t core = (size_t)w->nz * (size_t)(l->core[1] - l->core[0]) * (size_t)l->lanes;
  size_t side = (size_t)w->nz * (size_t)l->lanes;
  float *s = k->sums_memory;
  k->sums = (wd_gradient_sums){s, {s + core, s + core + side}};
  s += l->sums;
  k->damping = (wd_gradient_sums){s, {s + core, s + core + side}};
  if (is_live(w)) {
    give_strips(l, k->forward_strip, k->strip_a, k->strip_b, k->forward_memory, 2);
    give_strips(l, k->adjoint_strip, k->strip_a, k->strip_b, k->adjoint_memory, 4);
  }
  return WD_OK;
}

/* Brings the coefficients of a map to the lane. */
static void lane_load(const job *j, lane *k, int map) {
  if (k->map == map) return;
  k->map = map;
  const wd_wave *w = j->w;
  const wd_medium *m = &w->medium[map];
  for (int z = 0; z < w->nz; z++)
    for (int x = 0; x < w->px; x++)
      k->alpha[z * j->l.pitch + x] = m->alpha[z * w->nx + wd_plan_core_column(w, x)];
  for (int x = 0; x < w->px; x++) {
    bool side = wd_plan_in_side_strip(w, x);
    k->kside[x] = side ? m->kx[x] : 0;
    k->kmid[x] = side ? 0 : 1;
    k->inside[x] = 1;
  }
  k->grid = (wd_gradient_grid){.nz = w->nz,
                               .top = w->top,
                               .pz = w->pz,
                               .px = w->px,
                               .radius = w->radius,
                               .vectors = j->l.vectors,
                               .core = {j->l.core[0], j->l.core[1]},
                               .surface = w->desc.free_surface,
                               .pitch = j->l.pitch,
                               .alpha = k->alpha,
                               .kside = k->kside,
                               .kmid = k->kmid,
                               .kz = m->kz,
                               .inside = k->inside};
  memcpy(k->grid.c, w->c, sizeof w->c);
  memcpy(k->grid.d, w->d, sizeof w->d);
  for (int i = 0; is_live(w) && i < STRIPS; i++) {
    const wd_gradient_strip *s = &k->forward_strip[i];
    float *a = k->strip_a + (s->a - k->strip_a), *b = k->strip_b + (s->b - k->strip_b);
    for (int c = 0; c < s->count && s->first + c < (i < 2 ? w->px : w->pz); c++) {
      a[c] = (i < 2 ? m->ax : m->az)[s->first + c]; /* zero between the strips */
      b[c] = (i < 2 ? m->bx : m->bz)[s->first + c];
    }
  }
}

/* Fills the ghosts of a plane (u points to row 0, column 0). */
static void fill_ghosts(const wd_wave *w, const layout *l, float *u) {
  const int radius = w->radius, px = w->px, pz = w->pz;
  const ptrdiff_t pitch = l->pitch;
  if (w->periodic)
    for (int z = w->desc.free_surface; z < pz; z++) {
      float *row = u + z * pitch;
      for (int r = 0; r < radius; r++) {
        row[r - radius] = row[px + r - radius];
        row[px + r] = row[r];
      }
    }
  const size_t bytes = (size_t)px * sizeof *u;
  for (int r = 1; r <= radius; r++) {
    if (w->desc.free_surface)
      for (int x = 0; x < px; x++) u[-r * pitch + x] = -u[r * pitch + x];
    else if (w->periodic) {
      memcpy(u - r * pitch, u + (pz - r) * pitch, bytes);
      memcpy(u + (pz + r - 1) * pitch, u + (r - 1) * pitch, bytes);
    }
  }
}

/* One forward step of a shot into out, which may be before. */
static void forward_step(const job *j, lane *k, int shot, int n, const float *now, const float *before,
                         float *out) {
  const wd_wave *w = j->w;
  const int order = w->desc.order == 8;
  const size_t o = j->l.origin;
  if (is_live(w))
    j->kernels->forward_live[order](&k->grid, k->forward_strip, now + o, before + o, out + o);
  else
    j->kernels->forward[w->desc.mode != WD_WAVE_EXACT][order](&k->grid, now + o, before + o, out + o);
  int at = w->source[shot];
  out[o + (size_t)(at / w->px) * (size_t)j->l.pitch + (size_t)(at % w->px)] +=
      w->medium[k->map].beta[shot] * w->survey->wavelet[n];
  fill_ghosts(w, &j->l, out + o);
}

/* m_{n+1}, m_{n+2} -> m_n, m_{n+1}, with p = p_n and residual = r_{n-1}. */
static void adjoint_step(const job *j, lane *k, const float *p, const float *residual) {
  const wd_wave *w = j->w;
  const int order = w->desc.order == 8;
  const size_t o = j->l.origin;
  const float *alpha = w->medium[k->map].alpha;
  if (is_live(w))
    j->kernels->adjoint_live[order](&k->grid, k->adjoint_strip, k->m_now + o, k->m_before + o, p + o,
                                    &k->sums);
  else
    j->kernels->adjoint[order](&k->grid, k->m_now + o, k->m_before + o, p + o, &k->sums,
                               j->vmin ? &k->damping : NULL);
  float *m = k->m_before;
  k->m_before = k->m_now;
  k->m_now = m;
  for (int i = 0; i < j->n_targets; i++) {
    const target *t = &j->target[i];
    float r = residual[t->receiver];
    k->sum[t->core] += (double)(p[o + t->at] * r);
    m[o + t->at] += alpha[t->core] * r;
  }
  fill_ghosts(w, &j->l, m + o);
}

/* Empties the float sums into the shot's doubles. */
static void flush_sums(const job *j, lane *k) {
  const wd_wave *w = j->w;
  const layout *l = &j->l;
  const float *alpha = w->medium[k->map].alpha;
  const int width = (l->core[1] - l->core[0]) * l->lanes;
  for (int z = 0; z < w->nz; z++) {
    for (int i = 0; i < width + 2 * l->lanes; i++) {
      size_t at;
      int x;
      if (i < width) {
        x = l->core[0] * l->lanes + i;
        at = (size_t)(z * width + i);
      } else {
        int side = i - width >= l->lanes;
        x = side ? w->px - 1 : 0;
        at = (size_t)(k->sums.side[side] - k->sums.core) + (size_t)(z * l->lanes + (i - width) % l->lanes);
      }
      if (x >= w->px) continue;
      size_t cell = (size_t)z * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      k->sum[cell] += (double)k->sums.core[at];
      if (j->vmin) k->vmin += (double)k->damping.core[at] / (double)alpha[cell];
    }
  }
  memset(k->sums_memory, 0, 2 * l->sums * sizeof(float));
}

/* slot -1: the state at rest. */
static void load_state(const job *j, lane *k, int slot) {
  const layout *l = &j->l;
  const size_t plane = l->plane * sizeof(float), blocks = 2 * l->blocks * sizeof(float);
  if (slot < 0) {
    memset(k->now, 0, plane);
    memset(k->before, 0, plane);
    memset(k->forward_memory, 0, blocks);
    return;
  }
  const float *from = k->checkpoint + (size_t)slot * state_floats(l);
  memcpy(k->now, from, plane);
  memcpy(k->before, from + l->plane, plane);
  memcpy(k->forward_memory, from + 2 * l->plane, blocks);
}

static void save_state(const job *j, lane *k, int slot) {
  const layout *l = &j->l;
  float *to = k->checkpoint + (size_t)slot * state_floats(l);
  memcpy(to, k->now, l->plane * sizeof(float));
  memcpy(to + l->plane, k->before, l->plane * sizeof(float));
  memcpy(to + 2 * l->plane, k->forward_memory, 2 * l->blocks * sizeof(float));
}

static bool stopped(job *j) {
  if (wd_hooks_cancelled(j->hooks)) __atomic_store_n(&j->cancelled, true, __ATOMIC_RELAXED);
  return __atomic_load_n(&j->cancelled, __ATOMIC_RELAXED);
}

/* Steps from..to-1 forward into the segment, then the adjoint over them. */
static bool reverse_segment(job *j, lane *k, int shot, int from, int to, const float *residual) {
  const size_t plane = j->l.plane, receivers = (size_t)j->w->survey->receivers;
  const float *now = k->now, *before = k->before;
  for (int n = from; n < to; n++) {
    if (stopped(j)) return false;
    float *out = k->segment + (size_t)(n - from) * plane;
    forward_step(j, k, shot, n, now, before, out);
    before = now;
    now = out;
  }
  for (int n = to; n > from; n--) {
    if (stopped(j)) return false;
    adjoint_step(j, k, k->segment + (size_t)(n - 1 - from) * plane, residual + (size_t)(n - 1) * receivers);
    if ((n - 1) % FLUSH_STEPS == 0) flush_sums(j, k); /* at the same steps whatever the segments */
  }
  return true;
}

static bool run_shot(job *j, lane *k, int map, int shot, bool report, double done, double share) {
  const wd_wave *w = j->w;
  const wd_survey *s = w->survey;
  const float *residual = j->residual[map].value + (size_t)shot * (size_t)s->samples * (size_t)s->receivers;
  lane_load(j, k, map);
  memset(k->sum, 0, (size_t)w->nz * (size_t)w->nx * sizeof *k->sum);
  k->vmin = 0;
  memset(k->m_now, 0, j->l.plane * sizeof(float));
  memset(k->m_before, 0, j->l.plane * sizeof(float));
  memset(k->adjoint_memory, 0, 4 * j->l.blocks * sizeof(float));
  for (int i = 0; i < j->plan.n_actions; i++) {
    wd_adjoint_action a = j->plan.action[i];
    switch (a.kind) {
    case WD_ADJOINT_LOAD: load_state(j, k, a.slot); break;
    case WD_ADJOINT_SAVE: save_state(j, k, a.slot); break;
    case WD_ADJOINT_ADVANCE:
      for (int n = a.from; n < a.to; n++) {
        if (stopped(j)) return false;
        forward_step(j, k, shot, n, k->now, k->before, k->before);
        float *p = k->before;
        k->before = k->now;
        k->now = p;
      }
      break;
    case WD_ADJOINT_REVERSE:
      if (!reverse_segment(j, k, shot, a.from, a.to, residual)) return false;
      if (report) wd_hooks_progress(j->hooks, done + share * (s->samples - a.from) / s->samples);
      break;
    }
  }
  return true;
}

/* Adds a shot's share when all shots before it are in. They are taken in order, so the first one that is
 * missing is always being worked on. */
static void add_in_turn(job *j, const lane *k, int task, int map, bool ok) {
  size_t cells = (size_t)j->w->nz * (size_t)j->w->nx;
  pthread_mutex_lock(&j->mutex);
  while (j->turn != task) pthread_cond_wait(&j->turned, &j->mutex);
  if (ok) {
    double *sum = j->sum + (size_t)map * cells;
    for (size_t i = 0; i < cells; i++) sum[i] += k->sum[i];
    j->vmin_sum[map] += k->vmin;
  }
  j->turn++;
  pthread_cond_broadcast(&j->turned);
  pthread_mutex_unlock(&j->mutex);
}

static void work(void *ctx, int index, int worker) {
  job *j = ctx;
  int shots = j->w->survey->shots, total = shots * j->w->desc.maps;
  unsigned saved = wd_cpu_flush_denormals();
  for (;;) {
    int task = __atomic_fetch_add(&j->next, 1, __ATOMIC_RELAXED);
    if (task >= total) break;
    bool ok = run_shot(j, &j->lane[index], task / shots, task % shots, worker == 0, (double)task / total,
                       1.0 / total);
    add_in_turn(j, &j->lane[index], task, task / shots, ok);
  }
  wd_cpu_restore_denormals(saved);
}

static const wd_gradient_kernels *kernels_for(int lanes) {
#ifdef WD_HAVE_X86_SIMD
  if (lanes == 16) return &wd_gradient_kernels_16;
  if (lanes == 8) return &wd_gradient_kernels_8;
#endif
  (void)lanes;
  return &wd_gradient_kernels_4;
}

static wd_status find_targets(job *j, wd_error *err) {
  const wd_wave *w = j->w;
  j->target = wd_alloc((size_t)w->survey->receivers, sizeof *j->target);
  if (!j->target) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d receivers", w->survey->receivers);
  for (int r = 0; r < w->survey->receivers; r++) {
    int z = w->receiver[r] / w->px, x = w->receiver[r] % w->px;
    if (z == 0 && w->desc.free_surface) continue; /* records zero whatever the velocity */
    j->target[j->n_targets++] =
        (target){.at = (size_t)z * (size_t)j->l.pitch + (size_t)x,
                 .core = (size_t)wd_plan_core_row(w, z) * (size_t)w->nx + (size_t)wd_plan_core_column(w, x),
                 .receiver = r};
  }
  return WD_OK;
}

wd_status wd_cpu_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                          const wd_hooks *hooks, wd_error *err) {
  size_t cells = (size_t)w->nz * (size_t)w->nx, maps = (size_t)w->desc.maps;
  job j = {.w = w,
           .residual = residual,
           .hooks = hooks,
           .kernels = kernels_for(w->device->info.lanes),
           .l = make_layout(w),
           .vmin = vmin_term && !is_live(w)};
  wd_adjoint_need need;
  wd_cpu_gradient_need(w, &need);
  wd_status st = wd_adjoint_plan_create(w->survey->samples, &need, w->desc.memory_limit, &j.plan, err);
  if (st) return st;
  j.lane = wd_calloc((size_t)j.plan.flight, sizeof *j.lane);
  j.sum = wd_calloc(maps * cells, sizeof *j.sum);
  j.vmin_sum = wd_calloc(maps, sizeof *j.vmin_sum);
  if (!j.lane || !j.sum || !j.vmin_sum)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu gradients of %zu cells", maps, cells);
  for (int i = 0; i < j.plan.flight && !st; i++) st = lane_create(&j, &j.lane[i], err);
  if (!st) st = find_targets(&j, err);
  if (!st) {
    pthread_mutex_init(&j.mutex, NULL);
    pthread_cond_init(&j.turned, NULL);
    wd_parallel_for(w->device->pool, j.plan.flight, work, &j);
    pthread_cond_destroy(&j.turned);
    pthread_mutex_destroy(&j.mutex);
    if (j.cancelled) st = wd_fail(err, WD_CANCELLED, "cancelled while the gradient was computed");
  }
  for (size_t m = 0; m < maps && !st; m++) {
    for (size_t i = 0; i < cells; i++)
      out[m].value[i] = (float)(2 * j.sum[m * cells + i] / (double)w->medium[m].velocity[i]);
    if (vmin_term) vmin_term[m] = j.vmin_sum[m] / (double)w->medium[m].vmin;
  }
  for (int i = 0; j.lane && i < j.plan.flight; i++) {
    free(j.lane[i].memory);
    wd_free(j.lane[i].sum);
  }
  wd_free(j.lane);
  wd_free(j.sum);
  wd_free(j.vmin_sum);
  wd_free(j.target);
  wd_adjoint_plan_clear(&j.plan);
  return st;
}
