/* Recording a run of a graph and replaying it as one CUDA graph. The first run goes node by node, so that
 * libraries load what they need; the second is recorded; the third and all after it are one launch. Nothing
 * in a graph moves once it is compiled: values, gradients, weights, scratch and rounded weights stay where
 * they are, and what changes from run to run (inputs, ids, noise levels) lies in their memory. */
#include "model/cuda/backend.h"

void wd_net_erase(wd_net_tape *t) {
  if (t->exec) (void)cudaGraphExecDestroy(t->exec);
  *t = (wd_net_tape){0};
}

void wd_net_forget_tapes(wd_net_graph *b) {
  for (int i = 0; i < 2; i++) wd_net_erase(&b->tape[i]);
}

/* Rounded weights follow the weights: once a change, not once a run. */
static wd_status refresh(wd_graph *g, wd_net_graph *b, wd_error *err) {
  if (!b->weights || b->version == g->params->version) return WD_OK;
  const size_t piece = (size_t)1 << 30;
  for (size_t at = 0; at < g->params->total; at += piece) {
    size_t rest = g->params->total - at;
    wd_status st = wd_net_each(b->net, WD_NET_ROUND,
                               &(wd_net_args){.count = (unsigned)(rest < piece ? rest : piece),
                                              .x = g->params->value + at,
                                              .half = b->weights + at},
                               err);
    if (st) return st;
  }
  b->version = g->params->version;
  return WD_OK;
}

wd_status wd_net_tape_begin(wd_graph *g, wd_net_tape *t, bool *done, wd_error *err) {
  wd_net_graph *b = wd_net_backend(g);
  const wd_cuda_device *d = b->net->device;
  *done = false;
  WD_CUDA(cudaSetDevice(d->ordinal));
  wd_status st = refresh(g, b, err);
  if (st || !b->replay || g->desc.timing) return st;
  if (t->exec) {
    WD_CUDA(cudaGraphLaunch(t->exec, d->stream));
    *done = true;
  } else if (t->warm) {
    WD_CUDA(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal));
    t->recording = true;
  }
  return WD_OK;
}

wd_status wd_net_tape_end(wd_graph *g, wd_net_tape *t, wd_status st, wd_error *err) {
  const wd_cuda_device *d = wd_net_backend(g)->net->device;
  if (!t->recording) {
    t->warm = t->warm || st == WD_OK;
    return st;
  }
  cudaGraph_t graph = NULL;
  t->recording = false;
  cudaError_t e = cudaStreamEndCapture(d->stream, &graph);
  if (e == cudaSuccess && !st) {
    e = cudaGraphInstantiate(&t->exec, graph, 0);
    if (e != cudaSuccess) t->exec = NULL;
  }
  if (graph) (void)cudaGraphDestroy(graph);
  if (st) { /* nothing of it has run */
    (void)cudaGetLastError();
    return st;
  }
  if (e != cudaSuccess)
    return wd_cuda_fail(d, e, "recording a run (WAVEDIFFUSION_REPLAY=off avoids it)", err);
  WD_CUDA(cudaGraphLaunch(t->exec, d->stream));
  return WD_OK;
}

/* One tape for the way forward, one for the last loss that was gone back from. */
wd_status wd_net_begin(wd_graph *g, int what, bool *done, wd_error *err) {
  wd_net_tape *t = &wd_net_backend(g)->tape[what == WD_RUN_FORWARD ? 0 : 1];
  if (t->what != what) wd_net_erase(t);
  t->what = what;
  return wd_net_tape_begin(g, t, done, err);
}

wd_status wd_net_end(wd_graph *g, int what, wd_status st, wd_error *err) {
  return wd_net_tape_end(g, &wd_net_backend(g)->tape[what == WD_RUN_FORWARD ? 0 : 1], st, err);
}
