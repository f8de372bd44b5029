/* What a device must bring to run graphs: memory, and a forward and a backward kernel an operation. A missing
 * kernel is NULL and refused when a graph is compiled. Internal to model/. */
#ifndef WD_KERNELS_H
#define WD_KERNELS_H

#include "model/graph.h"

typedef struct wd_kernel {
  /* Writes the whole of node->value (it is poisoned before, on `check`). */
  wd_status (*forward)(wd_graph *g, wd_node *node, wd_error *err);
  /* Adds to the gradients of those inputs that have one. NULL for operations without gradient. */
  wd_status (*backward)(wd_graph *g, wd_node *node, wd_error *err);
} wd_kernel;

typedef struct wd_adamw {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double clip; /* the global gradient norm is scaled down to this; 0: no clipping */
  long step;   /* from 1 */
} wd_adamw;

enum { WD_RUN_FORWARD = -1 };

typedef struct wd_stepper_ops wd_stepper_ops; /* stepper_impl.h */

typedef struct wd_kernels {
  const char *name;
  wd_kernel op[WD_OP_COUNT];
  wd_status (*alloc)(wd_device *d, size_t bytes, void **out, wd_error *err);
  void (*release)(wd_device *d, void *memory);
  wd_status (*upload)(wd_device *d, void *to, const void *from, size_t bytes, wd_error *err);
  wd_status (*download)(wd_device *d, void *to, const void *from, size_t bytes, wd_error *err);
  wd_status (*fill)(wd_device *d, float *to, float value, size_t count, wd_error *err);
  /* May be NULL: before memory is planned. May join nodes: set `written` of a node to an earlier one, which
   * then writes its value, and raise `last_reader` of what is read later than it seems. */
  wd_status (*fuse)(wd_graph *g, wd_error *err);
  /* May be NULL: called once for a compiled graph, and when it is destroyed. */
  wd_status (*prepare)(wd_graph *g, wd_error *err);
  void (*forget)(wd_graph *g);
  /* May be NULL: around every run of a graph. `what` is WD_RUN_FORWARD, or the node that a run goes back
   * from. begin may do the whole run itself (by replaying an earlier one) and then sets *done, which is false
   * before; otherwise the nodes' kernels follow, and end, with their status, which it returns or adds to. */
  wd_status (*begin)(wd_graph *g, int what, bool *done, wd_error *err);
  wd_status (*end)(wd_graph *g, int what, wd_status st, wd_error *err);
  /* May be NULL, where kernels return when they are done: waits for them, to time a node. */
  wd_status (*finish)(wd_device *d, wd_error *err);
  /* sum of squares, in double */
  wd_status (*norm2)(wd_device *d, const float *x, size_t count, double *out, wd_error *err);
  /* One AdamW step over count weights (optimizer.h): decay[i] scales the weight decay, gradient is scaled by
   * grad_scale first. */
  wd_status (*adamw)(wd_device *d, const wd_adamw *rule, float grad_scale, float decay, size_t count,
                     float *value, const float *grad, float *m, float *v, wd_error *err);
  /* average += (1 - decay) (value - average) */
  wd_status (*ema)(wd_device *d, float decay, size_t count, const float *value, float *average,
                   wd_error *err);
  const wd_stepper_ops *stepper; /* NULL: denoising steps are taken on the host */
} wd_kernels;

/* The table of a device; NULL with a text where this build or device runs no networks. */
const wd_kernels *wd_kernels_for(wd_device *device, wd_error *err);
extern const wd_kernels wd_kernels_reference;
#ifdef WD_HAVE_ONEDNN
extern const wd_kernels wd_kernels_cpu;
#endif
#ifdef WD_HAVE_CUDA
extern const wd_kernels wd_kernels_cuda;
#endif

struct wd_graph {
  wd_device *device;
  const wd_kernels *kernels;
  wd_params *params;
  wd_graph_desc desc;
  wd_node *node;
  int count, capacity;
  wd_error building; /* the first error while nodes were added */
  bool compiled;
  float *values, *gradients; /* the planned blocks */
  wd_graph_memory memory;
  void *backend; /* the backend's own */
};

/* A forward run's nodes, one after the other, and nothing around them. */
wd_status wd_graph_run_nodes(wd_graph *g, const wd_hooks *hooks, wd_error *err);

static inline const wd_node *wd_graph_in(const wd_graph *g, const wd_node *n, int i) {
  return &g->node[n->input[i]];
}

/* Parts that a loss weighs by themselves: as many as there are weights, or one a sample. */
static inline int wd_graph_loss_parts(const wd_graph *g, const wd_node *n) {
  return wd_graph_in(g, n, n->n_inputs > 2 ? 2 : 0)->shape.dim[0];
}

#endif
