/* See cuda_runtime_api.h beside this file. */
#include "cuda_runtime_api.h"

#include "emulated_thread.h"

#include "tests/instrumented.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if WD_ADDRESS_SANITIZER
#  include <sanitizer/common_interface_defs.h>
#endif

emulated_settings emulated = {
    .memory = (size_t)8 << 30, .capability = 90, .multiprocessors = 132, .l2 = 50 << 20};

static emulated_counts counts;
static long fence_faults;

/* ---- errors ---- */

static cudaError_t sticky; /* a device error, once seen, is what every later call returns */

static cudaError_t enter(void) {
  if (sticky) return sticky;
  if (emulated.fail_at > 0 && --emulated.fail_at == 0) {
    if (emulated.fail_with == cudaErrorIllegalAddress) sticky = emulated.fail_with;
    return emulated.fail_with;
  }
  return cudaSuccess;
}

#define ENTER()                                                                                              \
  do {                                                                                                       \
    cudaError_t entered = enter();                                                                           \
    if (entered) return entered;                                                                             \
  } while (0)

const char *cudaGetErrorName(cudaError_t e) {
  switch (e) {
  case cudaSuccess: return "cudaSuccess";
  case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
  case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
  case cudaErrorNoDevice: return "cudaErrorNoDevice";
  case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
  case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
  default: return "cudaErrorInvalidValue";
  }
}

const char *cudaGetErrorString(cudaError_t e) {
  return cudaGetErrorName(e);
}

cudaError_t cudaGetLastError(void) {
  return sticky;
}

/* ---- device ---- */

cudaError_t cudaGetDeviceCount(int *count) {
  if (emulated.no_driver) return cudaErrorInsufficientDriver;
  ENTER();
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  ENTER();
  return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device) {
  ENTER();
  (void)device;
  *prop = (struct cudaDeviceProp){.name = "emulated"};
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attr, int device) {
  ENTER();
  (void)device;
  switch (attr) {
  case cudaDevAttrMultiProcessorCount: *value = emulated.multiprocessors; break;
  case cudaDevAttrL2CacheSize: *value = emulated.l2; break;
  case cudaDevAttrComputeCapabilityMajor: *value = emulated.capability / 10; break;
  case cudaDevAttrComputeCapabilityMinor: *value = emulated.capability % 10; break;
  case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = emulated.capability >= 90 ? 232448 : 166912; break;
  case cudaDevAttrClusterLaunch: *value = emulated.capability >= 90; break;
  default: return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
  *version = emulated.no_driver ? 0 : 13000;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = 13000;
  return cudaSuccess;
}

/* ---- memory: poisoned with NaN, a fence of known bytes on either side ---- */

enum { FENCE = 256, FENCE_BYTE = 0xA5, POISON = 0xFF };

typedef struct header {
  size_t bytes;
} header;

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total) {
  ENTER();
  *total = emulated.memory;
  *free_bytes = emulated.memory - counts.bytes;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **pointer, size_t bytes) {
  ENTER();
  if (bytes > emulated.memory - counts.bytes) return cudaErrorMemoryAllocation;
  unsigned char *raw = aligned_alloc(256, (bytes + 2 * FENCE + 255) / 256 * 256);
  if (!raw) return cudaErrorMemoryAllocation;
  memset(raw, FENCE_BYTE, FENCE);
  ((header *)raw)->bytes = bytes;
  memset(raw + FENCE, POISON, bytes);
  memset(raw + FENCE + bytes, FENCE_BYTE, FENCE);
  counts.bytes += bytes;
  if (counts.bytes > counts.peak) counts.peak = counts.bytes;
  counts.allocations++;
  *pointer = raw + FENCE;
  return cudaSuccess;
}

cudaError_t cudaFree(void *pointer) {
  if (!pointer) return cudaSuccess;
  unsigned char *raw = (unsigned char *)pointer - FENCE;
  size_t bytes = ((header *)raw)->bytes;
  for (size_t i = sizeof(header); i < FENCE; i++) fence_faults += raw[i] != FENCE_BYTE;
  for (size_t i = 0; i < FENCE; i++) fence_faults += raw[FENCE + bytes + i] != FENCE_BYTE;
  counts.bytes -= bytes;
  counts.allocations--;
  free(raw);
  return sticky;
}

cudaError_t cudaHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  ENTER();
  (void)flags;
  *pointer = malloc(bytes);
  return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void *pointer) {
  free(pointer);
  return sticky;
}

cudaError_t cudaHostRegister(void *pointer, size_t bytes, unsigned flags) {
  (void)pointer, (void)bytes, (void)flags;
  return enter();
}

cudaError_t cudaHostUnregister(void *pointer) {
  (void)pointer;
  return sticky;
}

/* ---- streams and graphs ---- */

enum { ARGS_BYTES = 1024 };

typedef struct node {
  cudaLaunchConfig_t config;
  unsigned cluster;
  const void *kernel;
  const emulated_family *family;
  _Alignas(16) unsigned char args[ARGS_BYTES];
} node;

struct emulated_graph {
  node *node;
  int nodes, room;
};

struct emulated_stream {
  struct emulated_graph *capture;
};

struct emulated_event {
  int recorded;
};

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream) {
  ENTER();
  if (stream->capture) return cudaErrorNotSupported;
  memset(to, value, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  ENTER();
  (void)kind;
  if (stream->capture) return cudaErrorNotSupported;
  memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, enum cudaMemcpyKind kind, cudaStream_t stream) {
  ENTER();
  (void)kind;
  if (stream->capture) return cudaErrorNotSupported;
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidValue;
  for (size_t i = 0; i < height; i++)
    memcpy((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
  ENTER();
  (void)flags;
  *stream = calloc(1, sizeof **stream);
  return *stream ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  free(stream);
  return sticky;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  (void)stream;
  return enter();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
  ENTER();
  (void)mode;
  stream->capture = calloc(1, sizeof *stream->capture);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  *graph = stream->capture;
  stream->capture = NULL;
  return enter();
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (graph) free(graph->node);
  free(graph);
  return sticky;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return cudaGraphDestroy(exec);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags) {
  ENTER();
  (void)flags;
  struct emulated_graph *copy = calloc(1, sizeof *copy);
  copy->node = calloc((size_t)graph->nodes + 1, sizeof *copy->node);
  memcpy(copy->node, graph->node, (size_t)graph->nodes * sizeof *copy->node);
  copy->nodes = graph->nodes;
  *exec = copy;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
  ENTER();
  (void)flags;
  *event = calloc(1, sizeof **event);
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  free(event);
  return sticky;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  ENTER();
  (void)stream;
  event->recorded = 1;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  ENTER();
  return event->recorded ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute attribute, int value) {
  (void)kernel, (void)attribute, (void)value;
  return enter();
}

cudaError_t cudaOccupancyMaxActiveClusters(int *clusters, const void *kernel,
                                           const cudaLaunchConfig_t *config) {
  ENTER();
  (void)kernel, (void)config;
  *clusters = emulated.capability >= 90 ? 8 : 0;
  return cudaSuccess;
}

/* ---- fibers ---- */

enum { STACK = 64 << 10, AT_START, RUNNABLE, AT_BLOCK, AT_CLUSTER, FINISHED };

/* The compiler's own jumps: the C library's go through a sanitizer's interceptor, which unmaps and maps
 * stacks at each (three system calls a switch, most of such a test's time). The jump is a function of its
 * own, because one function may not hold both ends, and is not instrumented for the same reason as above. */
typedef void *jump_point[5];
__attribute__((noinline, noreturn, no_sanitize("address"))) static void jump_to(jump_point to) {
  __builtin_longjmp(to, 1);
}

typedef struct fiber {
  jump_point where;
  emulated_thread self;
  unsigned char *stack;
  int state;
  int started; /* its stack has a loop on it that can be given the next thread */
} fiber;

static fiber *fibers;
static int n_fibers;
static fiber *current;
static jump_point scheduler;
static ucontext_t scheduler_context;
static const node *running;
static unsigned char **shared; /* per rank */
static const void *scheduler_stack;
static size_t scheduler_stack_size;

static void switch_begin(void **fake, const void *stack, size_t size) {
#if WD_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(fake, stack, size);
#else
  (void)fake, (void)stack, (void)size;
#endif
}

static void switch_end(void *fake, const void **stack, size_t *size) {
#if WD_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(fake, stack, size);
#else
  (void)fake, (void)stack, (void)size;
#endif
}

const emulated_thread *emulated_self(void) {
  return &current->self;
}

void *emulated_shared(unsigned rank) {
  return shared[rank];
}

__attribute__((noinline, no_sanitize("address"))) static void leave(int state) {
  void *fake = NULL;
  fiber *me = current;
  me->state = state;
  switch_begin(&fake, scheduler_stack, scheduler_stack_size);
  if (__builtin_setjmp(me->where) == 0) jump_to(scheduler);
  switch_end(fake, &scheduler_stack, &scheduler_stack_size);
}

static void fiber_main(void) {
  switch_end(NULL, &scheduler_stack, &scheduler_stack_size);
  for (;;) {
    running->family->call(running->kernel, running->args);
    leave(FINISHED);
  }
}

void emulated_syncthreads(void) {
  counts.barriers++;
  leave(AT_BLOCK);
}

void emulated_cluster_sync(void) {
  counts.barriers++;
  leave(AT_CLUSTER);
}

__attribute__((noinline, no_sanitize("address"))) static void enter_fiber(fiber *f) {
  static ucontext_t start;
  void *fake = NULL;
  current = f;
  f->state = RUNNABLE;
  switch_begin(&fake, f->stack, STACK);
  if (__builtin_setjmp(scheduler) == 0) {
    if (f->started) jump_to(f->where);
    f->started = 1;
    getcontext(&start);
    start.uc_stack.ss_sp = f->stack;
    start.uc_stack.ss_size = STACK;
    start.uc_link = NULL;
    makecontext(&start, fiber_main, 0);
    swapcontext(&scheduler_context, &start);
  }
  switch_end(fake, NULL, NULL);
  current = NULL;
}

static void want_fibers(int n) {
  if (n <= n_fibers) return;
  fibers = realloc(fibers, (size_t)n * sizeof *fibers);
  for (int i = n_fibers; i < n; i++) {
    fibers[i] = (fiber){0};
    fibers[i].stack =
        mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!fibers || fibers[i].stack == MAP_FAILED) {
      fprintf(stderr, "emulation: no memory for %d fibers\n", n);
      abort();
    }
  }
  n_fibers = n;
}

/* The i-th of n in this launch's order. */
static int in_order(int i, int n, uint32_t key) {
  if (emulated.order == 0) return i;
  if (emulated.order == 1) return n - 1 - i;
  /* i -> (a i + b) mod n with a prime to n */
  uint32_t a = key % (uint32_t)n | 1, b = key / 7;
  while (1) {
    uint32_t x = a, y = (uint32_t)n;
    while (y) {
      uint32_t t = x % y;
      x = y;
      y = t;
    }
    if (x == 1) break;
    a++;
  }
  return (int)(((uint64_t)a * (uint64_t)i + b) % (uint64_t)n);
}

/* Releases the fibers i0..i1-1 when all that have not finished wait at this barrier. True when it did. */
static bool release(int i0, int i1, int state) {
  int waiting = 0, done = 0;
  for (int i = i0; i < i1; i++) {
    waiting += fibers[i].state == state;
    done += fibers[i].state == FINISHED;
  }
  if (waiting == 0 || waiting + done < i1 - i0) return false;
  for (int i = i0; i < i1; i++)
    if (fibers[i].state == state) fibers[i].state = RUNNABLE;
  return true;
}

/* Runs the blocks of one cluster (or one block) to the end. */
static void run_cluster(const cudaLaunchConfig_t *config, unsigned ranks, dim3 first, uint32_t key) {
  const dim3 size = config->blockDim;
  const int per_block = (int)(size.x * size.y * size.z), total = per_block * (int)ranks;
  want_fibers(total);
  for (int i = 0; i < total; i++) {
    int t = i % per_block;
    unsigned rank = (unsigned)(i / per_block);
    fibers[i].state = AT_START;
    fibers[i].self = (emulated_thread){
        .thread = {(unsigned)t % size.x, (unsigned)t / size.x % size.y, (unsigned)t / size.x / size.y},
        .block = {first.x + rank, first.y, first.z},
        .block_size = size,
        .grid = config->gridDim,
        .rank = rank,
        .ranks = ranks};
  }
  for (int left = total; left > 0;) {
    bool moved = false;
    for (int i = 0; i < total; i++) {
      fiber *f = &fibers[in_order(i, total, key)];
      if (f->state != AT_START && f->state != RUNNABLE) continue;
      enter_fiber(f);
      moved = true;
      if (f->state == FINISHED) left--;
    }
    for (unsigned r = 0; r < ranks; r++)
      moved |= release((int)r * per_block, (int)(r + 1) * per_block, AT_BLOCK);
    moved |= release(0, total, AT_CLUSTER);
    if (!moved && left > 0) {
      fprintf(stderr, "emulation: a block waits at a barrier that some of its threads never reach\n");
      abort();
    }
  }
}

static cudaError_t execute(const node *n) {
  const dim3 grid = n->config.gridDim, size = n->config.blockDim;
  const size_t bytes = n->config.dynamicSmemBytes;
  if (!grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || size.x * size.y * size.z > 1024 ||
      size.x * size.y * size.z == 0 || grid.x % n->cluster || n->cluster > 16 || bytes > 232448 || !n->kernel)
    return cudaErrorInvalidValue;
  static uint32_t key = 12345;
  key = key * 1664525u + 1013904223u * (uint32_t)(emulated.order + 1);
  shared = calloc(n->cluster, sizeof *shared);
  for (unsigned r = 0; r < n->cluster; r++) shared[r] = malloc(bytes + 1);
  running = n;
  unsigned clusters = grid.x / n->cluster * grid.y * grid.z;
  for (unsigned i = 0; i < clusters; i++) {
    unsigned c = (unsigned)in_order((int)i, (int)clusters, key);
    unsigned per_row = grid.x / n->cluster;
    dim3 first = {c % per_row * n->cluster, c / per_row % grid.y, c / per_row / grid.y};
    for (unsigned r = 0; r < n->cluster; r++) memset(shared[r], POISON, bytes + 1);
    run_cluster(&n->config, n->cluster, first, key >> 3);
  }
  for (unsigned r = 0; r < n->cluster; r++) free(shared[r]);
  free(shared);
  shared = NULL;
  counts.threads += (long)(grid.x * grid.y * grid.z) * (long)(size.x * size.y * size.z);
  return cudaSuccess;
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *kernel, void **args) {
  ENTER();
  node n = {.config = *config, .cluster = 1, .kernel = kernel};
  for (int i = 0; emulated_families[i] && !n.family; i++)
    if (!emulated_families[i]->owns || emulated_families[i]->owns(kernel)) n.family = emulated_families[i];
  if (!n.family || n.family->size > ARGS_BYTES) return cudaErrorInvalidValue;
  memcpy(n.args, args[0], n.family->size);
  for (unsigned i = 0; i < config->numAttrs; i++)
    if (config->attrs[i].id == cudaLaunchAttributeClusterDimension) {
      if (emulated.capability < 90) return cudaErrorNotSupported;
      n.cluster = config->attrs[i].val.clusterDim.x;
    }
  n.config.attrs = NULL;
  n.config.numAttrs = 0;
  struct emulated_graph *g = config->stream->capture;
  if (!g) {
    counts.launches++;
    return execute(&n);
  }
  if (g->nodes == g->room) {
    g->room = g->room ? 2 * g->room : 64;
    g->node = realloc(g->node, (size_t)g->room * sizeof *g->node);
  }
  g->node[g->nodes++] = n;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  ENTER();
  if (stream->capture) return cudaErrorNotSupported;
  counts.graph_launches++;
  for (int i = 0; i < exec->nodes; i++) {
    counts.nodes++;
    cudaError_t e = execute(&exec->node[i]);
    if (e) return e;
  }
  return cudaSuccess;
}

/* ---- for tests ---- */

emulated_counts emulated_get_counts(void) {
  return counts;
}

void emulated_reset_counts(void) {
  counts = (emulated_counts){.bytes = counts.bytes, .peak = counts.bytes, .allocations = counts.allocations};
  sticky = cudaSuccess;
  emulated.fail_at = 0;
}

long emulated_fence_faults(void) {
  return fence_faults;
}
