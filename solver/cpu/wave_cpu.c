/* The wave operations of the cpu device: who computes which shot. Whole shots are dealt to the threads, one
 * at a time, so that a shot's fields stay in its core's cache; where the last round would leave threads idle,
 * its shots are shared by several threads, each with a block of rows. Threads that share a shot go through a
 * sweep in two phases with a barrier after each: first every thread advances its block by trapezoids (stage k
 * without the outer k * radius rows), then it fills the valley between its block and the next. Nothing is
 * computed twice, and the numbers do not depend on the number of threads. */
#include "solver/cpu/wave_cpu.h"

#include "solver/cpu/gradient.h"
#include "solver/memory.h"

#include <string.h>
#include <time.h>

enum { STEPS_A_SWEEP = 4, STEPS_A_SWEEP_LIVE = 2, PROGRESS_INTERVAL_NS = 40000000 };

static const wd_cpu_kernels *find_kernels(int lanes) {
#ifdef WD_HAVE_X86_SIMD
  if (lanes == 16) return &wd_cpu_kernels_16;
  if (lanes == 8) return &wd_cpu_kernels_8;
#endif
  return lanes == 4 ? &wd_cpu_kernels_4 : NULL;
}

static int shots_in_all(const wd_wave *w) {
  return w->desc.maps * w->survey->shots;
}

static wd_status sort_receivers(const wd_wave *w, wd_cpu_wave *b, wd_error *err) {
  int n = w->survey->receivers;
  b->receiver_first = wd_calloc((size_t)w->pz + 2, sizeof(int));
  b->receiver_order = wd_calloc((size_t)n, sizeof(int));
  b->receiver_at = wd_calloc((size_t)n, sizeof(int));
  if (!b->receiver_first || !b->receiver_order || !b->receiver_at)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d receivers", n);
  int *count = b->receiver_first + 1; /* count[z + 1] while counting, then where row z is filled up to */
  for (int r = 0; r < n; r++) count[w->receiver[r] / w->px + 1]++;
  for (int z = 0; z < w->pz; z++) count[z + 1] += count[z];
  for (int r = 0; r < n; r++) {
    int at = count[w->receiver[r] / w->px]++;
    b->receiver_order[at] = r;
    b->receiver_at[at] = b->position[w->receiver[r] % w->px];
  }
  return WD_OK;
}

/* Exact and fast: columns in their order behind the ghosts. */
static void lay_out_sponge(const wd_wave *w, wd_cpu_wave *b) {
  int lanes = b->kernels->lanes, used = w->px + 2 * w->radius;
  b->vectors = (used + lanes - 1) / lanes;
  b->stride = b->vectors * lanes;
  for (int x = 0; x < w->px; x++) b->position[x] = x + w->radius;
  b->middle_from = (w->radius + w->left) / lanes;
  b->middle_to = (w->radius + w->left + w->nx + lanes - 1) / lanes;
  b->middle_stride = (b->middle_to - b->middle_from) * lanes;
}

/* Live: the columns that the side strips reach lie together in whole vectors at the end of the row. */
static void lay_out_live(const wd_wave *w, wd_cpu_wave *b) {
  int lanes = b->kernels->lanes;
  b->vectors = (w->px + w->radius + lanes - 1) / lanes;
  int around = b->vectors * lanes, gap = around - w->px;
  int reached = w->radius + w->right + gap + w->left + w->radius;
  b->group = b->vectors - (reached + lanes - 1) / lanes;
  if (b->group < 0) b->group = 0;
  for (int r = 1; r <= w->radius; r++) {
    b->weights.e[r] = w->c[r] / w->c[1];
    b->weights.f[r] = w->d[r] / w->d[1];
  }
  b->weights.d1 = w->d[1];
  b->weights.g = w->d[1] / w->c[1];
  b->weights.h = w->c[0] / (2 * w->c[1]);
  int first = w->px - w->right - w->radius; /* the group's first column */
  for (int x = 0; x < w->px; x++) b->position[x] = (x - first + b->group * lanes + 2 * around) % around;
  int ghosts = (2 * w->radius + lanes - 1) / lanes * lanes;
  b->stride = around + ghosts;
  b->x_stride = (b->vectors - b->group) * lanes + ghosts;
}

static wd_status create(wd_wave *w, wd_error *err) {
  const wd_cpu_kernels *kernels = find_kernels(w->device->info.lanes);
  if (!kernels)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "no kernels of %d lanes in this build", w->device->info.lanes);
  wd_cpu_wave *b = wd_calloc(1, sizeof *b);
  if (!b) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  w->backend = b;
  b->kernels = kernels;
  b->lanes_log2 = kernels->lanes == 16 ? 4 : kernels->lanes == 8 ? 3 : 2;
  b->ring = w->periodic && !w->desc.free_surface;
  b->steps_a_sweep = w->desc.mode == WD_WAVE_LIVE ? STEPS_A_SWEEP_LIVE : STEPS_A_SWEEP;
  b->workers = wd_pool_threads(w->device->pool);
  b->worker = wd_calloc((size_t)b->workers, sizeof *b->worker);
  b->position = wd_calloc((size_t)w->px, sizeof *b->position);
  b->special = wd_calloc((size_t)w->pz, sizeof *b->special);
  if (!b->worker || !b->position || !b->special)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  if (w->desc.mode == WD_WAVE_LIVE)
    lay_out_live(w, b);
  else
    lay_out_sponge(w, b);
  b->spare = wd_calloc((size_t)b->stride, sizeof(float));
  if (!b->spare) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  for (int i = 0; i < b->stride; i++) b->spare[i] = 0x1p100f;
  for (int x = 0; x < w->px; x++) b->spare[b->position[x]] = 0;
  wd_status st = sort_receivers(w, b, err);
  for (int z = 0; !st && z < w->pz; z++)
    b->special[z] = b->receiver_first[z] < b->receiver_first[z + 1] ||
                    (w->desc.free_surface && z <= w->radius) ||
                    (b->ring && (z < w->radius || z >= w->pz - w->radius));
  return st;
}

static void free_states(wd_wave *w) {
  wd_cpu_wave *b = w->backend;
  for (int i = 0; b->state && i < shots_in_all(w); i++) wd_cpu_field_clear(&b->state[i]);
  wd_free(b->state);
  b->state = NULL;
}

static void destroy(wd_wave *w) {
  wd_cpu_wave *b = w->backend;
  if (!b) return;
  free_states(w);
  for (int i = 0; b->worker && i < b->workers; i++) {
    wd_cpu_field_clear(&b->worker[i].field);
    wd_free(b->worker[i].coefficients.block);
  }
  wd_free(b->worker);
  wd_free(b->spare);
  wd_free(b->special);
  wd_free(b->position);
  wd_free(b->receiver_first);
  wd_free(b->receiver_order);
  wd_free(b->receiver_at);
  wd_free(b);
  w->backend = NULL;
}

static wd_status load(wd_wave *w, wd_error *err) {
  (void)err;
  wd_cpu_wave *b = w->backend;
  b->serial++; /* coefficients are laid out anew when a worker next needs them */
  return WD_OK;
}

/* One call of run or step. */
typedef struct call {
  wd_wave *w;
  wd_cpu_wave *b;
  const wd_hooks *hooks;
  int from, to;  /* steps */
  bool stepwise; /* on b->state, instead of the workers' own fields from rest */
  int alone;     /* shots that one thread computes; the others are shared by teams */
  int team_size, teams;
  struct team *team;
  long done;     /* atomic: steps of shots, for progress */
  int cancelled; /* atomic */
  bool may_cancel;
  long reported_ns; /* of the calling thread */
} call;

typedef struct team {
  wd_barrier barrier;
  bool stop, skip; /* written by party 0 before a barrier, read by all after it */
} team;

static long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* After a sweep of one shot: counts, reports on the calling thread, says whether to stop. */
static bool tick(call *c, int steps, int worker) {
  long done = __atomic_add_fetch(&c->done, steps, __ATOMIC_RELAXED);
  if (worker == 0 && c->hooks && c->hooks->progress) {
    long now = now_ns();
    if (now - c->reported_ns > PROGRESS_INTERVAL_NS) {
      c->reported_ns = now;
      wd_hooks_progress(c->hooks, (double)done / ((double)(c->to - c->from) * shots_in_all(c->w)));
    }
  }
  if (c->may_cancel && wd_hooks_cancelled(c->hooks)) __atomic_store_n(&c->cancelled, 1, __ATOMIC_RELAXED);
  return __atomic_load_n(&c->cancelled, __ATOMIC_RELAXED) != 0;
}

static wd_cpu_job begin_shot(call *c, int index, wd_cpu_worker *owner) {
  int shots = c->w->survey->shots, source = c->w->source[index % shots];
  return (wd_cpu_job){
      .w = c->w,
      .b = c->b,
      .k = &owner->coefficients,
      .f = c->stepwise ? &c->b->state[index] : &owner->field,
      .map = index / shots,
      .shot = index % shots,
      .source_row = source / c->w->px,
      .source_at = c->b->position[source % c->w->px],
  };
}

/* A stepwise shot that took this step in an earlier call, which was cancelled before the others had. */
static bool is_ahead(const call *c, const wd_cpu_job *job) {
  return c->stepwise && job->f->step >= c->to;
}

static void prepare_shot(call *c, wd_cpu_job *job, wd_cpu_worker *owner) {
  wd_cpu_coefficients_fill(c->w, &owner->coefficients, job->map);
  if (c->from > 0) return;
  wd_cpu_field_rest(c->w, job->f, job->map, job->shot);
  /* Rows that are skipped record nothing. What a stepwise state has recorded stays, should this be a run that
   * is cancelled: a run writes the same. */
  const wd_gather *g = &c->w->gather[job->map];
  size_t row = (size_t)g->receivers, recorded = (size_t)c->w->step, samples = (size_t)g->samples;
  memset(g->value + (samples * (size_t)job->shot + recorded) * row, 0,
         sizeof(float) * (samples - recorded) * row);
}

/* Steps in a sweep that a block of `rows` rows allows: a trapezoid must not vanish. */
static int sweep_steps(const call *c, int rows, int left) {
  int steps = c->b->steps_a_sweep < left ? c->b->steps_a_sweep : left;
  while (steps > 1 && 2 * c->w->radius * (wd_cpu_stages(c->w, steps) + 1) > rows) steps--;
  return steps;
}

static void shot_alone(void *ctx, int task, int worker) {
  call *c = ctx;
  const wd_wave *w = c->w;
  wd_cpu_worker *self = &c->b->worker[worker];
  wd_cpu_job job = begin_shot(c, task, self);
  if (__atomic_load_n(&c->cancelled, __ATOMIC_RELAXED) || is_ahead(c, &job)) return;
  const bool live = w->desc.mode == WD_WAVE_LIVE;
  unsigned saved = w->desc.mode == WD_WAVE_EXACT ? 0 : wd_cpu_flush_denormals();
  prepare_shot(c, &job, self);
  for (int it = c->from; it < c->to;) {
    int steps = sweep_steps(c, w->pz, c->to - it), stages = wd_cpu_stages(w, steps);
    int a[WD_CPU_MAX_STAGES], b[WD_CPU_MAX_STAGES];
    for (int k = 0; k < stages; k++) {
      a[k] = c->b->ring ? w->radius * k : 0;
      b[k] = w->pz + a[k];
      if (live) { /* only rows that the wave can have reached: psi_z and then p take it `radius` rows on */
        int reach = 2 * w->radius * (k / 2 + 1);
        if (job.f->row_lo - reach > a[k]) a[k] = job.f->row_lo - reach;
        if (job.f->row_hi + reach < b[k]) b[k] = job.f->row_hi + reach;
      }
    }
    job.step = it;
    wd_cpu_sweep_begin(&job);
    wd_cpu_tile(&job, stages, a, b);
    if (live) wd_cpu_pml_widen(&job, steps);
    it += steps;
    if (tick(c, steps, worker)) break;
  }
  job.f->step = c->to; /* a stepwise call is not cancelled within a shot */
  if (w->desc.mode != WD_WAVE_EXACT) wd_cpu_restore_denormals(saved);
}

/* Party `party` of a team computes rows [lo, hi) of a shot. */
static void share_shot(call *c, team *t, int party, int worker, wd_cpu_job *job) {
  const wd_wave *w = c->w;
  const int parties = c->team_size, radius = w->radius, pz = w->pz;
  const int lo = (int)((long)pz * party / parties), hi = (int)((long)pz * (party + 1) / parties);
  const bool ring = c->b->ring, first = !ring && party == 0, last = !ring && party == parties - 1;
  for (int it = c->from; it < c->to;) {
    int steps = sweep_steps(c, pz / parties, c->to - it), stages = wd_cpu_stages(w, steps);
    int a[WD_CPU_MAX_STAGES], b[WD_CPU_MAX_STAGES];
    job->step = it;
    wd_cpu_sweep_begin(job);
    for (int k = 0; k < stages; k++) {
      a[k] = first ? lo : lo + radius * k;
      b[k] = last ? hi : hi - radius * k;
    }
    wd_cpu_tile(job, stages, a, b);
    wd_barrier_wait(&t->barrier);
    if (!last) {
      for (int k = 0; k < stages; k++) {
        a[k] = hi - radius * k;
        b[k] = hi + radius * k;
      }
      wd_cpu_tile(job, stages, a, b);
    }
    it += steps;
    if (party == 0) {
      t->stop = tick(c, steps, worker);
      job->f->row_lo = 0; /* teams take all rows */
      job->f->row_hi = pz;
    }
    wd_barrier_wait(&t->barrier);
    if (t->stop) break;
  }
}

static void shot_shared(void *ctx, int task, int worker) {
  call *c = ctx;
  int which = task / c->team_size, party = task % c->team_size;
  team *t = &c->team[which];
  wd_cpu_worker *owner = &c->b->worker[which * c->team_size];
  unsigned saved = c->w->desc.mode == WD_WAVE_EXACT ? 0 : wd_cpu_flush_denormals();
  for (int i = c->alone + which; i < shots_in_all(c->w); i += c->teams) {
    wd_cpu_job job = begin_shot(c, i, owner);
    if (party == 0) {
      t->skip = is_ahead(c, &job);
      if (!t->skip) prepare_shot(c, &job, owner);
      t->stop = __atomic_load_n(&c->cancelled, __ATOMIC_RELAXED) != 0;
    }
    wd_barrier_wait(&t->barrier);
    if (t->stop) break;
    if (!t->skip) share_shot(c, t, party, worker, &job);
    if (party == 0) job.f->step = c->to;
    wd_barrier_wait(&t->barrier); /* before party 0 turns to the next shot */
  }
  if (c->w->desc.mode != WD_WAVE_EXACT) wd_cpu_restore_denormals(saved);
}

/* Divides the shots: as many as fill whole rounds go to single threads, the rest to teams. */
static void deal(call *c) {
  const wd_wave *w = c->w;
  int total = shots_in_all(w), threads = c->b->workers;
  /* a block holds the trapezoid of one step and its margins at least */
  int blocks = w->pz / (2 * w->radius * (wd_cpu_stages(w, 1) + 1));
  int rest = total % threads;
  c->alone = total;
  c->team_size = c->teams = 1;
  if (rest == 0 || blocks < 2) return;
  int size = threads % rest == 0 ? threads / rest : threads;
  if (size > blocks) size = blocks;
  if (size < 2) return;
  c->team_size = size;
  c->teams = threads / size < rest ? threads / size : rest;
  c->alone = total - rest;
}

/* What the workers need and do not have yet. The first thread of a team owns the shot. */
static wd_status workspaces(const call *c, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < c->b->workers && !st; i++) {
    wd_cpu_worker *worker = &c->b->worker[i];
    bool owner = c->alone > 0 || (i % c->team_size == 0 && i / c->team_size < c->teams);
    if (owner && !worker->coefficients.block)
      st = wd_cpu_coefficients_create(c->w, &worker->coefficients, err);
    if (!st && owner && !c->stepwise && !worker->field.block)
      st = wd_cpu_field_create(c->w, &worker->field, err);
  }
  return st;
}

static wd_status perform(call *c, wd_error *err) {
  deal(c);
  wd_status st = workspaces(c, err);
  if (st) return st;
  team *teams = wd_calloc((size_t)c->teams, sizeof *teams);
  if (!teams) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to share a shot");
  for (int i = 0; i < c->teams; i++) teams[i].barrier.parties = c->team_size;
  c->team = teams;
  wd_pool *pool = c->w->device->pool;
  if (c->alone > 0) wd_parallel_for(pool, c->alone, shot_alone, c);
  if (c->alone < shots_in_all(c->w)) wd_parallel_for(pool, c->teams * c->team_size, shot_shared, c);
  wd_free(teams);
  return WD_OK;
}

static wd_status run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  call c = {.w = w, .b = w->backend, .hooks = hooks, .to = w->survey->samples, .may_cancel = true};
  wd_status st = perform(&c, err);
  if (!st && c.cancelled)
    st = wd_fail(err, WD_CANCELLED, "cancelled after %.0f %% of the time steps",
                 100.0 * (double)c.done / ((double)c.to * shots_in_all(w)));
  return st;
}

static wd_status create_states(wd_wave *w, wd_error *err) {
  wd_cpu_wave *b = w->backend;
  size_t total = (size_t)shots_in_all(w);
  wd_status st = wd_memory_check(total, wd_cpu_field_bytes(w), "the wavefields of all shots",
                                 "take fewer shots or maps, or run to the end instead of stepping", err);
  if (st) return st;
  b->state = wd_calloc(total, sizeof *b->state);
  if (!b->state) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu shots", total);
  for (size_t i = 0; i < total && !st; i++) st = wd_cpu_field_create(w, &b->state[i], err);
  if (st) free_states(w);
  return st;
}

/* Steps after which all shots have taken some 15 ms, at 0.5 ns a cell and thread: the cancel flag is looked
 * at in between, when all shots stand at one step. One step of very many shots or cells takes longer: then it
 * is looked at after every shot, and shots that have taken the step wait for the others (wd_cpu_field.step).
 */
static int chunk_steps(const wd_wave *w, int threads) {
  double cells = (double)w->pz * (double)w->px * shots_in_all(w) / threads;
  double steps = 15e-3 / (0.5e-9 * cells);
  return steps < 1 ? 1 : steps > 1000 ? 1000 : (int)steps;
}

static wd_status step(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err) {
  wd_cpu_wave *b = w->backend;
  if (!b->state) {
    wd_status st = create_states(w, err);
    if (st) return st;
  }
  int start = w->step, end = start + n_steps, chunk = chunk_steps(w, b->workers);
  const wd_hooks within = {.cancel = hooks ? hooks->cancel : NULL}; /* progress is reported below */
  for (int i = 0; i < shots_in_all(w) && start == 0; i++) b->state[i].step = 0;
  for (int it = start; it < end; it += chunk) {
    if (wd_hooks_cancelled(hooks)) {
      w->step = it;
      return wd_fail(err, WD_CANCELLED, "cancelled at time step %d", it);
    }
    call c = {.w = w,
              .b = b,
              .hooks = &within,
              .from = it,
              .to = it + chunk < end ? it + chunk : end,
              .stepwise = true,
              .may_cancel = chunk == 1};
    wd_status st = perform(&c, err);
    if (!st && c.cancelled) st = wd_fail(err, WD_CANCELLED, "cancelled at time step %d", it);
    if (st) {
      w->step = it;
      return st;
    }
    wd_hooks_progress(hooks, (double)(c.to - start) / n_steps);
  }
  return WD_OK;
}

static wd_status snapshot(wd_wave *w, int map, int shot, float *out, wd_error *err) {
  const wd_cpu_wave *b = w->backend;
  if (!b->state) return wd_fail(err, WD_ERR_ARGUMENT, "no time step was taken yet");
  wd_cpu_field_read(w, &b->state[map * w->survey->shots + shot], w->step, out);
  return WD_OK;
}

static wd_status snapshot_core(wd_wave *w, int map, int shot, float *out, wd_error *err) {
  const wd_cpu_wave *b = w->backend;
  if (!b->state) return wd_fail(err, WD_ERR_ARGUMENT, "no time step was taken yet");
  wd_cpu_field_read_core(w, &b->state[map * w->survey->shots + shot], w->step, out);
  return WD_OK;
}

static size_t held(const wd_wave *w) {
  const wd_cpu_wave *b = w->backend;
  size_t fields = b->state ? (size_t)shots_in_all(w) : 0, bytes = 0;
  for (int i = 0; i < b->workers; i++) {
    if (b->worker[i].field.block) fields++;
    if (b->worker[i].coefficients.block) bytes += 2 * (size_t)w->nz * (size_t)b->stride * sizeof(float);
  }
  return bytes + fields * wd_cpu_field_bytes(w);
}

const wd_wave_ops wd_wave_ops_cpu = {
    .create = create,
    .destroy = destroy,
    .load = load,
    .run = run,
    .step = step,
    .snapshot = snapshot,
    .snapshot_core = snapshot_core,
    .gradient = wd_cpu_gradient,
    .held = held,
    .gradient_need = wd_cpu_gradient_need,
};
