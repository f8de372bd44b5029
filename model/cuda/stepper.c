/* Steppers on CUDA: a whole denoising step, from the latents over the network to the latents, recorded once
 * and then replayed. What changes from step to step is read from a table behind a counter (sampler.cu). */
#include "model/cuda/device.h"
#include "model/stepper_impl.h"

#include "solver/memory.h"

#include <string.h>

typedef struct run {
  wd_net_tape tape;
  float *x, *estimate, *noise;
  wd_net_row *rows;
  int *counter;
} run;

static wd_status take(wd_device *d, size_t bytes, const void *from, void **out, wd_error *err) {
  wd_status st = wd_net_alloc(d, bytes, out, err);
  return st || !from ? st : wd_net_upload(d, *out, from, bytes, err);
}

static wd_status create(wd_stepper *s, wd_error *err) {
  wd_device *d = s->graph->device;
  run *r = s->backend = wd_calloc(1, sizeof *r);
  wd_net_row *rows = wd_calloc((size_t)s->desc.steps, sizeof *rows);
  if (!r || !rows) {
    wd_free(rows);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d denoising steps", s->desc.steps);
  }
  for (int i = 0; i < s->desc.steps; i++) {
    const wd_sampler_row *from = &s->rows[i];
    rows[i] = (wd_net_row){.a = from->a,
                           .b = from->b,
                           .c = from->c,
                           .d = from->d,
                           .alpha = from->alpha,
                           .sigma = from->sigma,
                           .guidance = 1 + s->desc.guidance,
                           .timestep = (float)from->timestep,
                           .epsilon = s->desc.prediction == WD_PREDICT_EPSILON};
  }
  const size_t bytes = s->count * sizeof(float);
  void *block = NULL;
  wd_status st = take(d, bytes, NULL, &block, err);
  r->x = block;
  if (!st) {
    st = take(d, bytes, NULL, &block, err);
    r->estimate = block;
  }
  if (!st && s->desc.noise) {
    st = take(d, bytes * (size_t)s->desc.steps, s->desc.noise, &block, err);
    r->noise = block;
  }
  if (!st) {
    st = take(d, (size_t)s->desc.steps * sizeof *rows, rows, &block, err);
    r->rows = block;
  }
  if (!st) {
    st = take(d, 2 * sizeof *r->counter, NULL, &block, err);
    r->counter = block;
  }
  wd_free(rows);
  return st;
}

static void destroy(wd_stepper *s) {
  run *r = s->backend;
  if (!r) return;
  wd_device *d = s->graph->device;
  (void)wd_net_finish(d, NULL);
  wd_net_erase(&r->tape);
  wd_net_release(d, r->x);
  wd_net_release(d, r->estimate);
  wd_net_release(d, r->noise);
  wd_net_release(d, r->rows);
  wd_net_release(d, r->counter);
  wd_free(r);
  s->backend = NULL;
}

static wd_status set(wd_stepper *s, int step, const float *x, const float *estimate, wd_error *err) {
  wd_device *d = s->graph->device;
  run *r = s->backend;
  const int counter[2] = {step, step};
  wd_status st = wd_net_upload(d, r->x, x, s->count * sizeof *x, err);
  if (!st)
    st = estimate ? wd_net_upload(d, r->estimate, estimate, s->count * sizeof *x, err)
                  : wd_net_fill(d, r->estimate, 0, s->count, err);
  return st ? st : wd_net_upload(d, r->counter, counter, sizeof counter, err);
}

/* The step's work, one launch after the other. */
static wd_status work(wd_stepper *s, const wd_hooks *hooks, wd_error *err) {
  wd_graph *g = s->graph;
  const wd_net *net = wd_net_backend(g)->net;
  const run *r = s->backend;
  wd_net_args a = {.count = (unsigned)s->count,
                   .n = s->n,
                   .lead = g->node[s->desc.latent].shape.dim[0],
                   .row = r->rows,
                   .counter = r->counter,
                   .x = r->x,
                   .y = g->node[s->desc.latent].value,
                   .y1 = g->node[s->desc.timestep].value};
  wd_status st = wd_net_each(net, WD_NET_SAMPLER_BEGIN, &a, err);
  if (!st) st = wd_graph_run_nodes(g, hooks, err);
  a.x = g->node[s->desc.answer].value;
  a.x2 = r->noise;
  a.y = r->x;
  a.y1 = r->estimate;
  return st ? st : wd_net_each(net, WD_NET_SAMPLER_END, &a, err);
}

static wd_status step(wd_stepper *s, const wd_hooks *hooks, wd_error *err) {
  run *r = s->backend;
  if (wd_hooks_cancelled(hooks)) return wd_fail(err, WD_CANCELLED, "cancelled before step %d", s->step);
  bool done = false;
  wd_status st = wd_net_tape_begin(s->graph, &r->tape, &done, err);
  if (st || done) return st;
  return wd_net_tape_end(s->graph, &r->tape, work(s, hooks, err), err);
}

static wd_status get(wd_stepper *s, float *x, float *estimate, wd_error *err) {
  wd_device *d = s->graph->device;
  const run *r = s->backend;
  wd_status st = x ? wd_net_download(d, x, r->x, s->count * sizeof *x, err) : WD_OK;
  if (!st && estimate) st = wd_net_download(d, estimate, r->estimate, s->count * sizeof *x, err);
  return st;
}

const wd_stepper_ops wd_net_stepper = {create, destroy, set, step, get};
