/* Propagation on CUDA: memory, batches of tasks, chunks of time steps replayed as CUDA graphs. */
#include "solver/cuda/backend.h"

#include "solver/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  CHUNK_STEPS_MAX = 100, /* nodes of a graph: enough to hide the launch of the next */
  BATCH_MAX = 65535,     /* blocks in z of a grid */
  PIN_LIMIT = 256 << 20  /* bytes of gathers that are page-locked: more would slow the whole machine */
};

/* ---- sizes ---- */

static int round_up(int n, int to) {
  return (n + to - 1) / to * to;
}

static size_t origin(const wd_cuda_wave *b) {
  return (size_t)WD_GUARD * (size_t)b->args.ld + WD_GUARD_LEFT;
}

float *wd_cuda_field(const wd_cuda_wave *b, const wd_cuda_flight *flight, int f) {
  return flight->state + (size_t)f * (size_t)flight->tasks * b->args.stride + origin(b);
}

dim3 wd_cuda_block(void) {
  return (dim3){WD_TILE, WD_TILE_THREADS, 1};
}

dim3 wd_cuda_grid(const wd_cuda_wave *b, int tasks) {
  return (dim3){(unsigned)b->args.tiles_x, (unsigned)b->args.tiles_z, (unsigned)tasks};
}

double wd_cuda_step_seconds(const wd_cuda_wave *b, int tasks) {
  /* 3 us a launch, and 4e8 cells a second a multiprocessor: on the slow side, so that chunks come out short.
   */
  double cells = (double)b->args.pz * (double)b->args.px * (double)tasks;
  return 3e-6 * (b->fields > 2 ? 2 : 1) + cells / (4e8 * (double)b->device->multiprocessors);
}

int wd_cuda_batch(const wd_cuda_wave *b, size_t bytes) {
  const wd_cuda_device *d = b->device;
  size_t fit = (d->l2 / 10 * 6) / bytes;
  /* At least four blocks a multiprocessor, whatever the cache holds. */
  size_t tiles = (size_t)b->args.tiles_x * (size_t)b->args.tiles_z;
  size_t fill = (4 * (size_t)d->multiprocessors + tiles - 1) / tiles;
  size_t n = fit > fill ? fit : fill;
  if (n > BATCH_MAX) n = BATCH_MAX;
  if (n < 1) n = 1;
  if (n >= (size_t)b->total) return b->total;
  int batches = (b->total + (int)n - 1) / (int)n; /* evenly */
  return (b->total + batches - 1) / batches;
}

/* ---- receivers by tile ---- */

typedef struct listed {
  int tile;
  wd_cuda_receiver receiver;
} listed;

static int by_tile_and_cell(const void *pa, const void *pb) {
  const listed *a = pa, *b = pb;
  if (a->tile != b->tile) return a->tile < b->tile ? -1 : 1;
  if (a->receiver.cell != b->receiver.cell) return a->receiver.cell < b->receiver.cell ? -1 : 1;
  return a->receiver.index < b->receiver.index ? -1 : a->receiver.index > b->receiver.index;
}

/* Sorts the receivers into tiles; tile_first has tiles + 1 entries. */
static wd_status sort_receivers(const wd_wave *w, const wd_cuda_args *a, wd_cuda_receiver *out,
                                int *tile_first, wd_error *err) {
  int n = a->receivers, tiles = a->tiles_x * a->tiles_z;
  listed *list = wd_calloc((size_t)n, sizeof *list);
  if (!list) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d receivers", n);
  for (int r = 0; r < n; r++) {
    int z = w->receiver[r] / w->px, x = w->receiver[r] % w->px;
    list[r].tile = z / WD_TILE * a->tiles_x + x / WD_TILE;
    list[r].receiver =
        (wd_cuda_receiver){.cell = z * a->ld + x, .index = r, .core = (z - w->top) * w->nx + (x - w->left)};
  }
  qsort(list, (size_t)n, sizeof *list, by_tile_and_cell);
  for (int t = 0, r = 0; t <= tiles; t++) {
    while (r < n && list[r].tile < t) r++;
    tile_first[t] = r;
  }
  for (int r = 0; r < n; r++) {
    int run = 0;
    if (r == 0 || list[r].receiver.cell != list[r - 1].receiver.cell) do
        run++;
      while (r + run < n && list[r + run].receiver.cell == list[r].receiver.cell);
    list[r].receiver.run = run;
    out[r] = list[r].receiver;
  }
  wd_free(list);
  return WD_OK;
}

static wd_status upload_lists(wd_wave *w, wd_cuda_wave *b, wd_error *err) {
  const wd_cuda_device *d = b->device;
  wd_cuda_args *a = &b->args;
  size_t tiles = (size_t)a->tiles_x * (size_t)a->tiles_z;
  size_t receivers = sizeof(wd_cuda_receiver) * (size_t)a->receivers, firsts = sizeof(int) * (tiles + 1);
  size_t sources = sizeof(int) * (size_t)a->shots, wavelet = sizeof(float) * (size_t)a->samples;
  size_t bytes = receivers + firsts + sources + wavelet;
  char *host = wd_alloc(bytes, 1);
  if (!host) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d receivers", a->receivers);
  wd_status st = sort_receivers(w, a, (wd_cuda_receiver *)host, (int *)(host + receivers), err);
  int *source = (int *)(host + receivers + firsts);
  for (int s = 0; s < a->shots; s++) source[s] = w->source[s] / w->px * a->ld + w->source[s] % w->px;
  memcpy(host + receivers + firsts + sources, w->survey->wavelet, wavelet);
  if (!st) st = wd_cuda_alloc(d, bytes, 1, "the lists of sources and receivers", &b->lists, err);
  if (!st) {
    cudaError_t e = cudaMemcpyAsync(b->lists, host, bytes, cudaMemcpyHostToDevice, d->stream);
    if (e == cudaSuccess) e = cudaStreamSynchronize(d->stream);
    if (e != cudaSuccess) st = wd_cuda_fail(d, e, "cudaMemcpyAsync", err);
  }
  wd_free(host);
  if (st) return st;
  char *device = b->lists;
  a->receiver = (const wd_cuda_receiver *)device;
  a->tile_first = (const int *)(device + receivers);
  a->source = (const int *)(device + receivers + firsts);
  a->wavelet = (const float *)(device + receivers + firsts + sources);
  return WD_OK;
}

/* ---- create, load, destroy ---- */

static void flight_clear(wd_cuda_flight *f) {
  if (f->chunk) (void)cudaGraphExecDestroy(f->chunk);
  (void)cudaFree(f->state);
  (void)cudaFree(f->gather);
  *f = (wd_cuda_flight){0};
}

static void destroy(wd_wave *w) {
  wd_cuda_wave *b = w->backend;
  if (!b) return;
  (void)cudaSetDevice(b->device->ordinal);
  (void)cudaStreamSynchronize(b->device->stream);
  flight_clear(&b->run);
  flight_clear(&b->stepwise);
  (void)cudaFree(b->coefficients);
  (void)cudaFree(b->lists);
  (void)cudaFree(b->control);
  for (int i = 0; i < b->registered; i++) (void)cudaHostUnregister(w->gather[i].value);
  (void)cudaGetLastError();
  wd_free(b);
  w->backend = NULL;
}

/* Page-locks the gathers, so that they come back at the speed of the bus. Where the system refuses, copies
 * are slower and nothing else changes. */
static void pin_gathers(wd_wave *w, wd_cuda_wave *b) {
  size_t bytes = sizeof(float) * wd_gather_count(&w->gather[0]);
  if (bytes * (size_t)w->desc.maps > PIN_LIMIT) return;
  while (b->registered < w->desc.maps) {
    if (cudaHostRegister(w->gather[b->registered].value, bytes, cudaHostRegisterDefault) != cudaSuccess) {
      (void)cudaGetLastError();
      return;
    }
    b->registered++;
  }
}

static wd_status create(wd_wave *w, wd_error *err) {
  wd_cuda_device *d = w->device->backend;
  const wd_survey *s = w->survey;
  WD_CUDA(cudaSetDevice(d->ordinal));
  if ((long long)w->desc.maps * s->shots > 1 << 30)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d maps of %d shots in one call are too many", w->desc.maps,
                   s->shots);
  wd_cuda_wave *b = wd_calloc(1, sizeof *b);
  if (!b) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  w->backend = b;
  b->device = d;
  b->total = w->desc.maps * s->shots;
  b->fields = w->desc.mode == WD_WAVE_LIVE ? 6 : 2;
  b->args = (wd_cuda_args){
      .nz = w->nz,
      .nx = w->nx,
      .top = w->top,
      .left = w->left,
      .pz = w->pz,
      .px = w->px,
      .ld = round_up(WD_GUARD_LEFT + w->px + WD_GUARD, WD_GUARD_LEFT),
      .tiles_x = (w->px + WD_TILE - 1) / WD_TILE,
      .tiles_z = (w->pz + WD_TILE - 1) / WD_TILE,
      .periodic_x = w->periodic,
      .periodic_z = w->periodic && !w->desc.free_surface,
      .surface = w->desc.free_surface,
      .shots = s->shots,
      .receivers = s->receivers,
      .samples = s->samples,
  };
  memcpy(b->args.c, w->c, sizeof b->args.c);
  memcpy(b->args.d, w->d, sizeof b->args.d);
  /* A thread reads its whole column of WD_TILE_ROWS rows and the stencil around them, even below the last
   * row. */
  b->args.stride = (size_t)(w->pz + 2 * WD_GUARD + WD_TILE_ROWS) * (size_t)b->args.ld;
  b->batch = wd_cuda_batch(b, (size_t)b->fields * b->args.stride * sizeof(float));
  wd_status st = wd_cuda_plan_resident(w, b, err);
  if (st) return st;
  if (b->resident.cluster) { /* some rounds of the device, so that the last one's gaps matter little */
    int rounds = 4 * b->resident.active < BATCH_MAX ? 4 * b->resident.active : BATCH_MAX;
    int batches = (b->total + rounds - 1) / rounds;
    b->batch = (b->total + batches - 1) / batches;
  }
  double step = wd_cuda_step_seconds(b, b->batch);
  b->chunk_steps = (int)(WD_CHUNK_MILLISECONDS * 1e-3 / step) / 2 * 2;
  if (b->chunk_steps > CHUNK_STEPS_MAX) b->chunk_steps = CHUNK_STEPS_MAX;
  st = upload_lists(w, b, err);
  void *control = NULL;
  if (!st) st = wd_cuda_alloc(d, 1, sizeof(wd_cuda_control), "a counter", &control, err);
  if (st) return st;
  b->control = control;
  b->args.control = b->control;
  pin_gathers(w, b);
  return WD_OK;
}

/* The coefficients of all maps, array by array: alpha of all maps, kx of all maps, ... */
static wd_status load(wd_wave *w, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  size_t maps = (size_t)w->desc.maps, cells = (size_t)w->nz * (size_t)w->nx;
  size_t px = (size_t)w->px, pz = (size_t)w->pz, shots = (size_t)w->survey->shots;
  const size_t count[8] = {cells, px, pz, px, px, pz, pz, shots};
  const float **slot[8] = {&b->args.alpha, &b->args.kx, &b->args.kz, &b->args.ax,
                           &b->args.bx,    &b->args.az, &b->args.bz, &b->args.beta};
  size_t total = 0, at = 0;
  for (int i = 0; i < 8; i++) total += maps * count[i];
  WD_CUDA(cudaSetDevice(d->ordinal));
  if (!b->coefficients) {
    wd_status st =
        wd_cuda_alloc(d, total, sizeof(float), "the coefficients of the maps", &b->coefficients, err);
    if (st) return st;
    for (int i = 0; i < 8; i++) {
      *slot[i] = (const float *)b->coefficients + at;
      at += maps * count[i];
    }
  }
  float *host = wd_alloc(total, sizeof(float));
  if (!host) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the coefficients of %zu maps", maps);
  at = 0;
  for (int i = 0; i < 8; i++)
    for (size_t m = 0; m < maps; m++) {
      const wd_medium *medium = &w->medium[m];
      const float *from[8] = {medium->alpha, medium->kx, medium->kz, medium->ax,
                              medium->bx,    medium->az, medium->bz, medium->beta};
      memcpy(host + at, from[i], sizeof(float) * count[i]);
      at += count[i];
    }
  cudaError_t e =
      cudaMemcpyAsync(b->coefficients, host, sizeof(float) * total, cudaMemcpyHostToDevice, d->stream);
  if (e == cudaSuccess) e = cudaStreamSynchronize(d->stream);
  wd_free(host);
  return e == cudaSuccess ? WD_OK : wd_cuda_fail(d, e, "cudaMemcpyAsync", err);
}

/* ---- time steps ---- */

static wd_status flight_create(wd_cuda_wave *b, wd_cuda_flight *f, int tasks, wd_error *err) {
  if (f->state) return WD_OK;
  const wd_cuda_args *a = &b->args;
  void *state = NULL, *gather = NULL;
  wd_status st = wd_cuda_alloc(b->device, (size_t)b->fields * (size_t)tasks * a->stride, sizeof(float),
                               "wavefields", &state, err);
  if (!st)
    st = wd_cuda_alloc(b->device, (size_t)tasks * (size_t)a->samples * (size_t)a->receivers, sizeof(float),
                       "shot gathers", &gather, err);
  if (st) {
    (void)cudaFree(state);
    return st;
  }
  *f = (wd_cuda_flight){.tasks = tasks, .state = state, .gather = gather};
  return WD_OK;
}

static wd_status flight_rest(const wd_cuda_wave *b, const wd_cuda_flight *f, wd_error *err) {
  const wd_cuda_device *d = b->device;
  WD_CUDA(cudaMemsetAsync(f->state, 0, sizeof(float) * (size_t)b->fields * (size_t)f->tasks * b->args.stride,
                          d->stream));
  return WD_OK;
}

wd_status wd_cuda_set_control(wd_cuda_wave *b, int step, int first_task, int tasks, wd_error *err) {
  const wd_cuda_device *d = b->device;
  wd_cuda_control c = {step, first_task, tasks};
  WD_CUDA(cudaMemcpyAsync(b->control, &c, sizeof c, cudaMemcpyHostToDevice, d->stream));
  return WD_OK;
}

void wd_cuda_point_at_memory(const wd_cuda_wave *b, const wd_cuda_flight *flight, wd_cuda_args *args) {
  if (b->fields < 6) return;
  args->psi_x = wd_cuda_field(b, flight, 2);
  args->psi_z = wd_cuda_field(b, flight, 3);
  args->zeta_x = wd_cuda_field(b, flight, 4);
  args->zeta_z = wd_cuda_field(b, flight, 5);
}

wd_status wd_cuda_step(const wd_cuda_wave *b, bool exact, const wd_cuda_args *args, int radius, bool live,
                       int tasks, wd_error *err) {
  const wd_cuda_device *d = b->device;
  int wide = radius == 4;
  wd_cuda_kernel step = live ? WD_KERNEL_STEP_LIVE_4 : exact ? WD_KERNEL_STEP_EXACT_4 : WD_KERNEL_STEP_FAST_4;
  wd_status st = WD_OK;
  if (live)
    st = wd_cuda_launch(d, (wd_cuda_kernel)(WD_KERNEL_PSI_4 + wide), args, wd_cuda_grid(b, tasks),
                        wd_cuda_block(), err);
  if (!st)
    st = wd_cuda_launch(d, (wd_cuda_kernel)(step + wide), args, wd_cuda_grid(b, tasks), wd_cuda_block(), err);
  return st;
}

/* The same in one launch, fields on chip. */
static wd_status queue_resident(wd_cuda_wave *b, const wd_cuda_flight *f, int n, wd_error *err) {
  wd_cuda_args a = b->args;
  a.gather = f->gather;
  a.state0 = wd_cuda_field(b, f, 0);
  a.state1 = wd_cuda_field(b, f, 1);
  wd_cuda_point_at_memory(b, f, &a);
  a.steps = n;
  wd_status st = wd_cuda_launch_resident(b, &a, f->tasks, err);
  a.offset = n;
  if (!st) st = wd_cuda_launch(b->device, WD_KERNEL_ADVANCE, &a, (dim3){1, 1, 1}, (dim3){1, 1, 1}, err);
  return st;
}

/* Queues steps from..from+n-1 (counted from control->step, whose parity `from` has) and moves control->step
 * on. */
static wd_status queue_steps(const wd_wave *w, wd_cuda_wave *b, const wd_cuda_flight *f, int from, int n,
                             wd_error *err) {
  wd_cuda_args a = b->args;
  a.gather = f->gather;
  wd_cuda_point_at_memory(b, f, &a);
  for (int i = 0; i < n; i++) {
    a.offset = i;
    a.now = wd_cuda_field(b, f, (from + i) & 1);
    a.previous = a.next = wd_cuda_field(b, f, (from + i + 1) & 1);
    wd_status st = wd_cuda_step(b, w->desc.mode == WD_WAVE_EXACT, &a, w->radius, w->desc.mode == WD_WAVE_LIVE,
                                f->tasks, err);
    if (st) return st;
  }
  a.offset = n;
  return wd_cuda_launch(b->device, WD_KERNEL_ADVANCE, &a, (dim3){1, 1, 1}, (dim3){1, 1, 1}, err);
}

/* Records chunk_steps steps from an even one as a graph. */
static wd_status record_chunk(const wd_wave *w, wd_cuda_wave *b, wd_cuda_flight *f, wd_error *err) {
  const wd_cuda_device *d = b->device;
  cudaGraph_t graph = NULL;
  WD_CUDA(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal));
  wd_status st = queue_steps(w, b, f, 0, b->chunk_steps, err);
  cudaError_t e = cudaStreamEndCapture(d->stream, &graph);
  if (!st && e != cudaSuccess) st = wd_cuda_fail(d, e, "cudaStreamEndCapture", err);
  if (!st) {
    e = cudaGraphInstantiate(&f->chunk, graph, 0);
    if (e != cudaSuccess) {
      f->chunk = NULL;
      st = wd_cuda_fail(d, e, "cudaGraphInstantiate", err);
    }
  }
  if (graph) (void)cudaGraphDestroy(graph);
  return st;
}

/* Steps from..to-1 of all tasks of the flight (control says which). *done, when not NULL, is the step that
 * they all stand at on return, also when cancelled. Progress goes from p0 to p1. */
static wd_status propagate(wd_wave *w, wd_cuda_flight *f, int from, int to, const wd_hooks *hooks, double p0,
                           double p1, int *done, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  wd_cuda_pace pace = {.hooks = hooks};
  const wd_cuda_resident *r = &b->resident;
  double seconds = wd_cuda_step_seconds(b, f->tasks);
  if (r->cluster) seconds = r->step_seconds * ((f->tasks + r->active - 1) / r->active);
  int it = from;
  wd_status st = WD_OK;
  while (it < to && !st) {
    int n = 1;
    if (wd_hooks_cancelled(hooks)) {
      WD_CUDA(cudaStreamSynchronize(d->stream));
      return WD_CANCELLED;
    }
    if (r->cluster) {
      double fit = WD_CHUNK_MILLISECONDS * 1e-3 / seconds;
      n = fit < 1 ? 1 : fit < to - it ? (int)fit : to - it;
      st = queue_resident(b, f, n, err);
      if (st) return st;
    } else if (b->chunk_steps >= 8 && it % 2 == 0 && to - it >= b->chunk_steps) {
      n = b->chunk_steps;
      if (!f->chunk) st = record_chunk(w, b, f, err);
      if (st) return st;
      WD_CUDA(cudaGraphLaunch(f->chunk, d->stream));
    } else {
      st = queue_steps(w, b, f, it, n, err);
      if (st) return st;
    }
    it += n;
    if (done) *done = it;
    st = wd_cuda_pace_add(d, &pace, n * seconds, n > 1, err);
    if (pace.queued == 0) wd_hooks_progress(hooks, p0 + (p1 - p0) * (it - from) / (to - from));
  }
  return st;
}

static wd_status run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  WD_CUDA(cudaSetDevice(d->ordinal));
  wd_status st = flight_create(b, &b->run, b->batch, err);
  const size_t shot = (size_t)b->args.samples * (size_t)b->args.receivers;
  for (int first = 0; first < b->total && !st; first += b->batch) {
    int tasks = b->total - first < b->batch ? b->total - first : b->batch;
    st = flight_rest(b, &b->run, err);
    if (!st) st = wd_cuda_set_control(b, 0, first, tasks, err);
    if (!st)
      st = propagate(w, &b->run, 0, b->args.samples, hooks, (double)first / b->total,
                     (double)(first + tasks) / b->total, NULL, err);
    for (int t = 0; t < tasks && !st;) {
      int map = (first + t) / b->args.shots, s = (first + t) % b->args.shots;
      int n = b->args.shots - s < tasks - t ? b->args.shots - s : tasks - t;
      WD_CUDA(cudaMemcpyAsync(w->gather[map].value + (size_t)s * shot, b->run.gather + (size_t)t * shot,
                              sizeof(float) * shot * (size_t)n, cudaMemcpyDeviceToHost, d->stream));
      t += n;
    }
  }
  if (st == WD_CANCELLED) return wd_fail(err, st, "cancelled");
  if (st) return st;
  WD_CUDA(cudaStreamSynchronize(d->stream));
  return WD_OK;
}

static wd_status step(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  WD_CUDA(cudaSetDevice(d->ordinal));
  wd_status st = flight_create(b, &b->stepwise, b->total, err);
  if (!st && w->step == 0) st = flight_rest(b, &b->stepwise, err);
  if (!st) st = wd_cuda_set_control(b, w->step, 0, b->total, err);
  int from = w->step, done = from;
  if (!st) st = propagate(w, &b->stepwise, from, from + n_steps, hooks, 0, 1, &done, err);
  if (st && st != WD_CANCELLED) return st;
  /* The samples that are new, of every shot: rows of a table whose rows are whole shots. */
  size_t row = sizeof(float) * (size_t)b->args.receivers, shot = row * (size_t)b->args.samples;
  for (int m = 0; m < w->desc.maps && done > from; m++)
    WD_CUDA(cudaMemcpy2DAsync(
        (char *)w->gather[m].value + (size_t)from * row, shot,
        (char *)b->stepwise.gather + (size_t)m * (size_t)b->args.shots * shot + (size_t)from * row, shot,
        (size_t)(done - from) * row, (size_t)b->args.shots, cudaMemcpyDeviceToHost, d->stream));
  WD_CUDA(cudaStreamSynchronize(d->stream));
  if (st == WD_CANCELLED) {
    w->step = done;
    return wd_fail(err, st, "cancelled at time step %d", done);
  }
  return WD_OK;
}

static wd_status snapshot(wd_wave *w, int map, int shot, float *out, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  if (!b->stepwise.state) return wd_fail(err, WD_ERR_ARGUMENT, "no time step was taken yet");
  WD_CUDA(cudaSetDevice(d->ordinal));
  const float *field =
      wd_cuda_field(b, &b->stepwise, w->step & 1) + (size_t)(map * b->args.shots + shot) * b->args.stride;
  size_t width = sizeof(float) * (size_t)w->px;
  WD_CUDA(cudaMemcpy2DAsync(out, width, field, sizeof(float) * (size_t)b->args.ld, width, (size_t)w->pz,
                            cudaMemcpyDeviceToHost, d->stream));
  WD_CUDA(cudaStreamSynchronize(d->stream));
  return WD_OK;
}

static size_t held(const wd_wave *w) {
  const wd_cuda_wave *b = w->backend;
  const wd_cuda_args *a = &b->args;
  size_t per_map = (size_t)a->nz * (size_t)a->nx + 3 * ((size_t)a->px + (size_t)a->pz) + (size_t)a->shots;
  size_t per_task = (size_t)b->fields * a->stride + (size_t)a->samples * (size_t)a->receivers;
  size_t tasks =
      (size_t)(b->run.state ? b->run.tasks : 0) + (size_t)(b->stepwise.state ? b->stepwise.tasks : 0);
  return sizeof(float) * (per_map * (size_t)w->desc.maps + per_task * tasks);
}

const wd_wave_ops wd_wave_ops_cuda = {
    .create = create,
    .destroy = destroy,
    .load = load,
    .run = run,
    .step = step,
    .snapshot = snapshot,
    .gradient = wd_cuda_gradient,
    .held = held,
    .gradient_need = wd_cuda_gradient_need,
};
