/* The networks on CUDA, host side. Internal to model/cuda/.
 *
 * All work of a device goes to its one stream (solver/cuda/backend.h) in order, and returns before it is
 * done; only downloads wait. What a kernel finds wrong with its data (an id outside a table) is therefore
 * told by the next download. A run of a graph is recorded the second time it is asked for and replayed as one
 * CUDA graph from then on (replay.c). */
#ifndef WD_NET_BACKEND_H
#define WD_NET_BACKEND_H

#include "model/cuda/blas.h"
#include "model/cuda/kernels.h"
#include "model/kernels.h"

/* Elements of one tensor, so that kernels may count in 32 bits. */
#define WD_NET_LIMIT ((size_t)1 << 31)

enum { WD_STAGING = 4, WD_STAGING_BYTES = 4 << 20 };

/* Beside a wd_cuda_device, made with the first memory that a network asks for. */
typedef struct wd_net {
  wd_cuda_device *device;
  wd_blas blas;        /* opened with the first graph */
  double *sums;        /* device: partial sums of a whole array, and their total */
  volatile int *fault; /* page-locked host memory, which kernels write */
  void *staging;       /* page-locked: uploads are on their way while the host goes on */
  cudaEvent_t staged[WD_STAGING];
  int stage, in_use; /* the slot that comes next; a bit for each that was used */
} wd_net;

wd_status wd_net_of(wd_device *device, wd_net **out, wd_error *err);

/* A recorded run. */
typedef struct wd_net_tape {
  cudaGraphExec_t exec;
  int what;       /* which run: WD_RUN_FORWARD, or from which loss back */
  bool warm;      /* ran once: every library has loaded what it needs */
  bool recording; /* now */
} wd_net_tape;

/* What a node does in a graph where some are joined (fuse.c). */
typedef struct wd_net_fusion {
  int into;           /* the node whose value its kernel writes: itself, or the last of its chain */
  int other;          /* what modulates it, or is added to it; -1: nothing */
  wd_activation post; /* after the modulation */
  bool absorbed;      /* another node's kernel does its work */
  bool doubled;       /* a convolution that reads its input's input, twice as high and wide */
} wd_net_fusion;

typedef struct wd_net_graph {
  wd_net *net;            /* NULL until prepared */
  wd_net_fusion *fusion;  /* one a node */
  unsigned char *scratch; /* for one operation at a time */
  size_t scratch_bytes;
  uint16_t *weights;     /* all of params in bfloat16, with that precision */
  unsigned long version; /* of params when they were rounded */
  bool replay;
  wd_net_tape tape[2]; /* forward, backward */
} wd_net_graph;

static inline wd_net_graph *wd_net_backend(const wd_graph *g) {
  return g->backend;
}

static inline const wd_net_fusion *wd_net_fused(const wd_graph *g, const wd_node *n) {
  return &wd_net_backend(g)->fusion[n - g->node];
}

static inline wd_gemm_type wd_net_type(const wd_graph *g) {
  return g->desc.precision == WD_PRECISION_BF16   ? WD_GEMM_BF16
         : g->desc.precision == WD_PRECISION_TF32 ? WD_GEMM_TF32
                                                  : WD_GEMM_F32;
}

/* N, then everything between, then channels. */
typedef struct wd_net_extent {
  int n, pixels, c;
} wd_net_extent;

static inline wd_net_extent wd_net_extent_of(wd_shape s) {
  int c = wd_shape_channels(s);
  return (wd_net_extent){s.dim[0], (int)(wd_shape_count(s) / (size_t)s.dim[0] / (size_t)c), c};
}

wd_status wd_net_launch(const wd_net *net, wd_net_kernel which, const wd_net_args *args, dim3 grid,
                        dim3 block, size_t shared, wd_error *err);
/* One thread an element of args->count, at most (nothing to do with none). */
wd_status wd_net_each(const wd_net *net, wd_net_kernel which, const wd_net_args *args, wd_error *err);

/* Sums over the pixels of every sample and channel (WD_NET_CHANNEL_SUMS), then added to to1 (f1) and to0 (f0)
 * in rows of `lead`. args has the sizes, mode and inputs; partial sums go to scratch. */
wd_status wd_net_channel_sums(const wd_graph *g, wd_net_args *args, float *to1, float *to0, int lead,
                              wd_error *err);
/* The first half alone: partial sums of f1 and f0 in scratch; args->slices is set. */
wd_status wd_net_channel_slices(const wd_graph *g, wd_net_args *args, float **f1, float **f0, wd_error *err);
size_t wd_net_channel_bytes(wd_net_extent e, bool two);

/* Before a graph is run: how much scratch a node wants. */
size_t wd_net_contract_bytes(const wd_graph *g, const wd_node *n);
size_t wd_net_attention_bytes(const wd_graph *g, const wd_node *n);
size_t wd_net_norm_bytes(const wd_graph *g, const wd_node *n);
size_t wd_net_loss_bytes(const wd_graph *g, const wd_node *n);
wd_status wd_net_check_attention(const wd_graph *g, const wd_node *n, wd_error *err);

/* fuse.c, as wd_kernels.fuse: makes the graph's backend. */
wd_status wd_net_fuse(wd_graph *g, wd_error *err);

/* Replay (replay.c): as wd_kernels.begin and .end. */
wd_status wd_net_begin(wd_graph *g, int what, bool *done, wd_error *err);
wd_status wd_net_end(wd_graph *g, int what, wd_status st, wd_error *err);
/* The same around any work that leaves nothing on the host: a tape of its owner's, zero at first. */
wd_status wd_net_tape_begin(wd_graph *g, wd_net_tape *t, bool *done, wd_error *err);
wd_status wd_net_tape_end(wd_graph *g, wd_net_tape *t, wd_status st, wd_error *err);
void wd_net_erase(wd_net_tape *t);
wd_status wd_net_finish(wd_device *device, wd_error *err);
void wd_net_forget_tapes(wd_net_graph *b);

#define WD_NET_KERNEL(name)                                                                                  \
  wd_status wd_net_##name##_forward(wd_graph *g, wd_node *n, wd_error *err);                                 \
  wd_status wd_net_##name##_backward(wd_graph *g, wd_node *n, wd_error *err)

WD_NET_KERNEL(conv);
WD_NET_KERNEL(linear);
WD_NET_KERNEL(group_norm);
WD_NET_KERNEL(activation);
WD_NET_KERNEL(attention);
WD_NET_KERNEL(add);
WD_NET_KERNEL(add_channel);
WD_NET_KERNEL(modulate);
WD_NET_KERNEL(scale);
WD_NET_KERNEL(mask);
WD_NET_KERNEL(upsample);
WD_NET_KERNEL(downsample);
WD_NET_KERNEL(pixel_shuffle);
WD_NET_KERNEL(concat);
WD_NET_KERNEL(slice);
WD_NET_KERNEL(embedding);
WD_NET_KERNEL(normalize);
WD_NET_KERNEL(quantize);
WD_NET_KERNEL(squared_loss);
WD_NET_KERNEL(absolute_loss);
WD_NET_KERNEL(sum);
wd_status wd_net_timestep_forward(wd_graph *g, wd_node *n, wd_error *err);
wd_status wd_net_detach_forward(wd_graph *g, wd_node *n, wd_error *err);
#undef WD_NET_KERNEL

#endif
