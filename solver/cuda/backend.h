/* The CUDA backend of the wave solver, host side. Internal to solver/cuda/.
 *
 * One stream a device, one call at a time. Work goes to the device in chunks of at most some 8 ms, two in
 * flight: the device never waits for the host, and a cancel is seen within two chunks. */
#ifndef WD_CUDA_BACKEND_H
#define WD_CUDA_BACKEND_H

#include <cuda_runtime_api.h>

#include "solver/cuda/kernels.h"
#include "solver/wave_plan.h"

typedef struct wd_cuda_device {
  int ordinal;
  int capability; /* 10 major + minor: 80, 90 */
  int multiprocessors;
  size_t l2;           /* bytes */
  size_t block_shared; /* bytes of shared memory that one block may ask for */
  bool clusters;       /* thread-block clusters can be launched */
  cudaStream_t stream;
  cudaEvent_t mark[2];
  void *network; /* what model/cuda keeps here, and how it is freed; NULL while no network runs */
  void (*close_network)(struct wd_cuda_device *d);
} wd_cuda_device;

/* WD_ERR_DEVICE (WD_ERR_NO_MEMORY when that is what it says) naming the device and the call. */
wd_status wd_cuda_fail(const wd_cuda_device *d, cudaError_t error, const char *call, wd_error *err);

/* Returns from the calling function when the call fails; wants `d` and `err` in scope. */
#define WD_CUDA(call)                                                                                        \
  do {                                                                                                       \
    cudaError_t cuda_error = (call);                                                                         \
    if (cuda_error != cudaSuccess) return wd_cuda_fail(d, cuda_error, #call, err);                           \
  } while (0)

/* count * size bytes of device memory; `what` completes "no memory for". The message has what was wanted and
 * what is free. *out must be NULL before; the contents are undefined. */
wd_status wd_cuda_alloc(const wd_cuda_device *d, size_t count, size_t size, const char *what, void **out,
                        wd_error *err);

wd_status wd_cuda_launch(const wd_cuda_device *d, wd_cuda_kernel which, const wd_cuda_args *args, dim3 grid,
                         dim3 block, wd_error *err);

const void *wd_cuda_kernel_of(wd_cuda_kernel which); /* NULL when not in this build */

/* Keeps at most two chunks of work in flight and looks at the cancel flag when one ends. */
typedef struct wd_cuda_pace {
  const wd_hooks *hooks;
  int marks;
  double queued; /* estimated seconds since the last mark */
} wd_cuda_pace;

enum { WD_CHUNK_MILLISECONDS = 8 };

/* Notes `seconds` of queued work; marks and waits when a chunk is full, or when `full`. WD_CANCELLED, with
 * the stream drained, when the flag is up. */
wd_status wd_cuda_pace_add(const wd_cuda_device *d, wd_cuda_pace *pace, double seconds, bool full,
                           wd_error *err);

/* Wavefields of some tasks, worked on together. */
typedef struct wd_cuda_flight {
  int tasks;
  float
      *state; /* fields x tasks x stride, field 0 and 1 the pressure at even and odd steps, then the CPML's */
  float *gather;         /* tasks x samples x receivers */
  cudaGraphExec_t chunk; /* chunk_steps steps from an even one */
} wd_cuda_flight;

/* How the fields of a task are held on chip (resident.cuh). */
typedef struct wd_cuda_resident {
  int cluster; /* blocks of a task; 0: they are not, and the general kernels run */
  wd_cuda_kernel kernel;
  dim3 block;
  size_t shared;
  int rows, thread_rows;
  int active;          /* tasks that the device can hold at once */
  double step_seconds; /* estimate */
} wd_cuda_resident;

typedef struct wd_cuda_wave {
  wd_cuda_device *device;
  wd_cuda_args args; /* all that does not change between launches */
  int total;         /* tasks: maps x shots */
  int fields;        /* of a state: 2, or 6 in live mode */
  int batch;         /* tasks that a run propagates at once */
  int chunk_steps;   /* even */
  wd_cuda_resident resident;
  double step_seconds;        /* estimate, for a batch */
  void *coefficients, *lists; /* device memory behind args */
  wd_cuda_control *control;
  wd_cuda_flight run, stepwise; /* allocated when first needed */
  int registered;               /* gathers whose host memory is page-locked */
} wd_cuda_wave;

/* Estimated seconds that one step of so many tasks takes: for the length of chunks, nothing else. */
double wd_cuda_step_seconds(const wd_cuda_wave *b, int tasks);

/* Field f (0..fields-1) of a flight, cell (0, 0) of its first task. */
float *wd_cuda_field(const wd_cuda_wave *b, const wd_cuda_flight *flight, int f);

wd_status wd_cuda_set_control(wd_cuda_wave *b, int step, int first_task, int tasks, wd_error *err);

/* Launches time step `args->offset` (from control->step) with the pointers in args: one kernel, or two in
 * live mode. */
wd_status wd_cuda_step(const wd_cuda_wave *b, bool exact, const wd_cuda_args *args, int radius, bool live,
                       int tasks, wd_error *err);

/* Sets the CPML fields of args from a flight's state. */
void wd_cuda_point_at_memory(const wd_cuda_wave *b, const wd_cuda_flight *flight, wd_cuda_args *args);

dim3 wd_cuda_grid(const wd_cuda_wave *b, int tasks);
dim3 wd_cuda_block(void);

/* Tasks for which `bytes` each can be worked on at once: within L2 as far as that fills the device. */
int wd_cuda_batch(const wd_cuda_wave *b, size_t bytes);

/* Chooses b->resident by an estimate of the time of b->total tasks. */
wd_status wd_cuda_plan_resident(const wd_wave *w, wd_cuda_wave *b, wd_error *err);
/* args->steps steps from control->step + args->offset, args->state0 and state1 in and out. */
wd_status wd_cuda_launch_resident(const wd_cuda_wave *b, const wd_cuda_args *args, int tasks, wd_error *err);

wd_status wd_cuda_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                           const wd_hooks *hooks, wd_error *err);

void wd_cuda_gradient_need(const wd_wave *w, wd_adjoint_need *need);

extern const wd_wave_ops wd_wave_ops_cuda;

#endif
