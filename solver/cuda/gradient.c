/* The gradient on CUDA: the actions of an adjoint plan (adjoint_plan.h), for a flight of shots at a time. */
#include "solver/cuda/backend.h"

#include "solver/memory.h"

#include <string.h>

/* Device memory of one gradient. Planes are fields of a flight: tasks x stride floats. */
typedef struct reversal {
  wd_cuda_wave *b;
  const wd_wave *w;
  wd_adjoint_plan plan;
  wd_cuda_flight flight; /* forward state */
  float *segment;        /* plan.segment planes: p_{from+1}..p_{to} */
  float *checkpoint;     /* plan.checkpoints states */
  float *adjoint;        /* m at even and odd n, and in live mode Y and Z, u and v of x and z */
  float *sum;            /* the gradient's sum, and that of vmin */
  float *residual;
  double *core_sum, *vmin_sum;
  bool vmin, live;
  size_t plane; /* floats */
  wd_cuda_pace pace;
  double step_seconds;
} reversal;

static int adjoint_planes(const reversal *r) {
  return r->live ? 10 : 2;
}

static void reversal_clear(reversal *r) {
  (void)cudaStreamSynchronize(r->b->device->stream);
  (void)cudaFree(r->flight.state);
  (void)cudaFree(r->segment);
  (void)cudaFree(r->checkpoint);
  (void)cudaFree(r->adjoint);
  (void)cudaFree(r->sum);
  (void)cudaFree(r->residual);
  (void)cudaFree(r->core_sum);
  (void)cudaFree(r->vmin_sum);
  (void)cudaGetLastError();
  wd_adjoint_plan_clear(&r->plan);
}

void wd_cuda_gradient_need(const wd_wave *w, wd_adjoint_need *need) {
  const wd_cuda_wave *b = w->backend;
  size_t field = b->args.stride * sizeof(float);
  *need = (wd_adjoint_need){
      .field = field,
      .state = field * (size_t)b->fields,
      /* Two kernels in turn over the forward state, m and the sums: so much should stay in the cache. */
      .flight = wd_cuda_batch(b, field * (size_t)(b->fields + (b->fields > 2 ? 11 : 3))),
  };
}

static wd_status reversal_create(reversal *r, wd_error *err) {
  const wd_cuda_wave *b = r->b;
  const wd_cuda_device *d = b->device;
  wd_adjoint_need need;
  wd_cuda_gradient_need(r->w, &need);
  wd_status st = wd_adjoint_plan_create(b->args.samples, &need, r->w->desc.memory_limit, &r->plan, err);
  if (st) return st;
  size_t tasks = (size_t)r->plan.flight;
  r->plane = tasks * b->args.stride;
  r->step_seconds = wd_cuda_step_seconds(b, r->plan.flight);
  r->flight.tasks = r->plan.flight;
  size_t plane = r->plane * sizeof(float);
  size_t trace = (size_t)b->args.samples * (size_t)b->args.receivers * sizeof(float);
  const struct {
    void **out;
    size_t count, size;
    const char *what;
  } wanted[] = {
      {(void **)&r->flight.state, (size_t)b->fields, plane, "the wavefields of a gradient"},
      {(void **)&r->segment, (size_t)r->plan.segment, plane, "the wavefields that a gradient stores"},
      {(void **)&r->checkpoint, (size_t)r->plan.checkpoints * (size_t)b->fields, plane,
       "the checkpoints of a gradient"},
      {(void **)&r->adjoint, (size_t)adjoint_planes(r), plane, "the adjoint wavefields"},
      {(void **)&r->sum, r->vmin ? 2 : 1, plane, "the sums of a gradient"},
      {(void **)&r->residual, tasks, trace, "the residuals"},
      {(void **)&r->core_sum, (size_t)r->w->desc.maps * (size_t)b->args.nz * (size_t)b->args.nx,
       sizeof(double), "the gradient"},
      {(void **)&r->vmin_sum, tasks, sizeof(double), "the vmin term"},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0] && !st; i++)
    if (wanted[i].count)
      st = wd_cuda_alloc(d, wanted[i].count, wanted[i].size, wanted[i].what, wanted[i].out, err);
  if (st) return st;
  WD_CUDA(cudaMemsetAsync(r->core_sum, 0,
                          sizeof(double) * (size_t)r->w->desc.maps * (size_t)b->args.nz * (size_t)b->args.nx,
                          d->stream));
  /* The guards of stored fields are read (as zeros, in live mode) but not all of them are written. */
  WD_CUDA(cudaMemsetAsync(r->segment, 0, plane * (size_t)r->plan.segment, d->stream));
  return WD_OK;
}

/* Cell (0, 0) of the first task of plane i. */
static float *plane_of(const reversal *r, float *planes, int i) {
  return planes + (size_t)i * r->plane + (size_t)WD_GUARD * (size_t)r->b->args.ld + WD_GUARD_LEFT;
}

/* The forward state <- checkpoint slot, or the state at rest; or the other way round. */
static wd_status copy_state(const reversal *r, int slot, bool save, wd_error *err) {
  const wd_cuda_device *d = r->b->device;
  size_t bytes = (size_t)r->b->fields * r->plane * sizeof(float);
  if (slot < 0) {
    WD_CUDA(cudaMemsetAsync(r->flight.state, 0, bytes, d->stream));
    return WD_OK;
  }
  float *stored = r->checkpoint + (size_t)slot * (size_t)r->b->fields * r->plane;
  WD_CUDA(cudaMemcpyAsync(save ? stored : r->flight.state, save ? r->flight.state : stored, bytes,
                          cudaMemcpyDeviceToDevice, d->stream));
  return WD_OK;
}

/* Steps from..to-1, the state standing at `from`. With `keep` every new field goes to the segment's planes.
 */
static wd_status forward(reversal *r, int from, int to, bool keep, wd_error *err) {
  wd_cuda_args a = r->b->args;
  wd_cuda_point_at_memory(r->b, &r->flight, &a);
  wd_status st = WD_OK;
  for (int n = from; n < to && !st; n++) {
    float *now = wd_cuda_field(r->b, &r->flight, n & 1),
          *before = wd_cuda_field(r->b, &r->flight, (n + 1) & 1);
    a.offset = n;
    a.now = now;
    a.previous = before;
    if (keep && n > from) { /* the state holds p_from and p_{from-1} still */
      a.now = plane_of(r, r->segment, n - 1 - from);
      a.previous = n == from + 1 ? before : plane_of(r, r->segment, n - 2 - from);
    }
    a.next = keep ? plane_of(r, r->segment, n - from) : before;
    st =
        wd_cuda_step(r->b, r->w->desc.mode == WD_WAVE_EXACT, &a, r->w->radius, r->live, r->flight.tasks, err);
    if (!st) st = wd_cuda_pace_add(r->b->device, &r->pace, r->step_seconds, false, err);
  }
  return st;
}

static wd_status backward(reversal *r, int from, int to, wd_error *err) {
  const wd_cuda_wave *b = r->b;
  const wd_cuda_device *d = b->device;
  const dim3 grid = wd_cuda_grid(b, r->flight.tasks), block = wd_cuda_block();
  int wide = r->w->radius == 4;
  wd_cuda_args a = b->args;
  a.sum = plane_of(r, r->sum, 0);
  a.vmin = r->vmin ? plane_of(r, r->sum, 1) : NULL;
  a.residual = r->residual;
  if (r->live) {
    float **slot[8] = {&a.psi_x, &a.psi_z, &a.zeta_x, &a.zeta_z, &a.ux, &a.uz, &a.vx, &a.vz};
    for (int i = 0; i < 8; i++) *slot[i] = plane_of(r, r->adjoint, 2 + i);
  }
  wd_status st = WD_OK;
  for (int n = to; n > from && !st; n--) {
    a.offset = n;
    a.now = plane_of(r, r->segment, n - 1 - from);
    a.m1 = plane_of(r, r->adjoint, (n + 1) & 1);
    a.m = plane_of(r, r->adjoint, n & 1);
    if (r->live) {
      st = wd_cuda_launch(d, WD_KERNEL_ADJOINT_U, &a, grid, block, err);
      if (!st) st = wd_cuda_launch(d, (wd_cuda_kernel)(WD_KERNEL_ADJOINT_V_4 + wide), &a, grid, block, err);
      if (!st)
        st = wd_cuda_launch(d, (wd_cuda_kernel)(WD_KERNEL_ADJOINT_LIVE_4 + wide), &a, grid, block, err);
    } else
      st = wd_cuda_launch(d, (wd_cuda_kernel)(WD_KERNEL_ADJOINT_4 + wide), &a, grid, block, err);
    if (!st) st = wd_cuda_pace_add(d, &r->pace, 1.5 * r->step_seconds, false, err);
  }
  return st;
}

/* Tasks first..first+tasks-1. vmin_term[map] gets their share added (before it is divided by vmin). */
static wd_status reverse_batch(reversal *r, int first, int tasks, const wd_gather *residual,
                               double *vmin_term, wd_error *err) {
  wd_cuda_wave *b = r->b;
  const wd_cuda_device *d = b->device;
  const size_t shot = (size_t)b->args.samples * (size_t)b->args.receivers;
  wd_status st = wd_cuda_set_control(b, 0, first, tasks, err);
  if (st) return st;
  for (int t = 0; t < tasks; t++)
    WD_CUDA(cudaMemcpyAsync(r->residual + (size_t)t * shot,
                            residual[(first + t) / b->args.shots].value +
                                (size_t)((first + t) % b->args.shots) * shot,
                            sizeof(float) * shot, cudaMemcpyHostToDevice, d->stream));
  WD_CUDA(cudaMemsetAsync(r->adjoint, 0, sizeof(float) * (size_t)adjoint_planes(r) * r->plane, d->stream));
  WD_CUDA(cudaMemsetAsync(r->sum, 0, sizeof(float) * (r->vmin ? 2 : 1) * r->plane, d->stream));
  for (int i = 0; i < r->plan.n_actions && !st; i++) {
    const wd_adjoint_action *act = &r->plan.action[i];
    switch (act->kind) {
    case WD_ADJOINT_LOAD: st = copy_state(r, act->slot, false, err); break;
    case WD_ADJOINT_SAVE: st = copy_state(r, act->slot, true, err); break;
    case WD_ADJOINT_ADVANCE: st = forward(r, act->from, act->to, false, err); break;
    case WD_ADJOINT_REVERSE:
      st = forward(r, act->from, act->to, true, err);
      if (!st) st = backward(r, act->from, act->to, err);
      if (!st)
        wd_hooks_progress(r->pace.hooks,
                          (first + (double)tasks * (b->args.samples - act->from) / b->args.samples) /
                              b->total);
      break;
    }
  }
  if (st) return st;
  wd_cuda_args a = b->args;
  a.sum = plane_of(r, r->sum, 0);
  a.vmin = r->vmin ? plane_of(r, r->sum, 1) : NULL;
  a.core_sum = r->core_sum;
  a.vmin_sum = r->vmin_sum;
  int maps = (first + tasks - 1) / b->args.shots - first / b->args.shots + 1;
  st = wd_cuda_launch(d, WD_KERNEL_FOLD, &a,
                      (dim3){(unsigned)b->args.nx, (unsigned)b->args.nz, (unsigned)maps},
                      (dim3){WD_REDUCE_THREADS, 1, 1}, err);
  if (st || !r->vmin) return st;
  st = wd_cuda_launch(d, WD_KERNEL_FOLD_VMIN, &a, (dim3){(unsigned)tasks, 1, 1},
                      (dim3){WD_REDUCE_THREADS, 1, 1}, err);
  if (st) return st;
  double *host = wd_alloc((size_t)tasks, sizeof *host);
  if (!host) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d shots", tasks);
  cudaError_t e =
      cudaMemcpyAsync(host, r->vmin_sum, sizeof(double) * (size_t)tasks, cudaMemcpyDeviceToHost, d->stream);
  if (e == cudaSuccess) e = cudaStreamSynchronize(d->stream);
  for (int t = 0; t < tasks && e == cudaSuccess; t++) vmin_term[(first + t) / b->args.shots] += host[t];
  wd_free(host);
  return e == cudaSuccess ? WD_OK : wd_cuda_fail(d, e, "cudaMemcpyAsync", err);
}

static wd_status download(const reversal *r, wd_map *out, wd_error *err) {
  const wd_cuda_device *d = r->b->device;
  size_t cells = (size_t)r->b->args.nz * (size_t)r->b->args.nx, all = cells * (size_t)r->w->desc.maps;
  double *host = wd_alloc(all, sizeof *host);
  if (!host) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a gradient of %zu cells", all);
  cudaError_t e = cudaMemcpyAsync(host, r->core_sum, sizeof(double) * all, cudaMemcpyDeviceToHost, d->stream);
  if (e == cudaSuccess) e = cudaStreamSynchronize(d->stream);
  for (size_t i = 0; i < all && e == cudaSuccess; i++)
    out[i / cells].value[i % cells] =
        (float)(2 * host[i] / (double)r->w->medium[i / cells].velocity[i % cells]);
  wd_free(host);
  return e == cudaSuccess ? WD_OK : wd_cuda_fail(d, e, "cudaMemcpyAsync", err);
}

wd_status wd_cuda_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                           const wd_hooks *hooks, wd_error *err) {
  wd_cuda_wave *b = w->backend;
  const wd_cuda_device *d = b->device;
  WD_CUDA(cudaSetDevice(d->ordinal));
  reversal r = {.b = b, .w = w, .pace = {.hooks = hooks}, .live = w->desc.mode == WD_WAVE_LIVE};
  r.vmin = vmin_term && !r.live;
  for (int m = 0; vmin_term && m < w->desc.maps; m++) vmin_term[m] = 0;
  wd_status st = reversal_create(&r, err);
  for (int first = 0; first < b->total && !st; first += r.plan.flight) {
    int tasks = b->total - first < r.plan.flight ? b->total - first : r.plan.flight;
    st = reverse_batch(&r, first, tasks, residual, vmin_term, err);
  }
  if (!st) st = download(&r, out, err);
  for (int m = 0; !st && r.vmin && m < w->desc.maps; m++) vmin_term[m] /= (double)w->medium[m].vmin;
  if (st == WD_CANCELLED) wd_fail(err, st, "cancelled");
  reversal_clear(&r);
  return st;
}
