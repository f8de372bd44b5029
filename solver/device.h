/* Where the arithmetic runs, named by a string:
 *
 *   auto              CUDA when a device is there, the CPU otherwise
 *   cpu, cpu:2        SIMD kernels on all the cores this process may use, or on 2 threads
 *   cuda, cuda:1      an NVIDIA GPU
 *   reference         plain loops, one thread: the specification that the others are tested against
 *   check             the reference on guarded memory, outputs poisoned first: finds what reads or writes too
 * far
 *
 * "No CUDA driver" is a normal answer (WD_ERR_DEVICE with a clear text), never a crash. A device serves one
 * call at a time; open one for each engine thread. */
#ifndef WD_DEVICE_H
#define WD_DEVICE_H

#include "solver/status.h"
#include <stddef.h>

typedef struct wd_device wd_device;

typedef enum wd_device_kind {
  WD_DEVICE_REFERENCE,
  WD_DEVICE_CHECK,
  WD_DEVICE_CPU,
  WD_DEVICE_CUDA
} wd_device_kind;

typedef struct wd_device_info {
  wd_device_kind kind;
  char spec[32];  /* what opens this device again: "cpu:2", "cuda:0" */
  char name[128]; /* for people: "cpu: 2 threads, AVX-512", "cuda:0: NVIDIA H100" */
  int threads;    /* CPU threads in use; 1 on reference and check */
  int lanes;      /* float lanes of the SIMD width chosen at run time; 1 on reference, 0 on CUDA */
  size_t memory;  /* bytes of device memory; host memory available now on the CPU */
} wd_device_info;

/* spec NULL means "auto". The environment variable WAVEDIFFUSION_SIMD=portable|avx2|avx512 lowers the width
 * that "cpu" chooses, for tests and for comparisons; a width this machine lacks is refused.
 * WAVEDIFFUSION_CUDA=general|cluster:N chooses the kernels of "cuda" in the same way: one launch a step, or
 * fields on chip in clusters of N blocks. */
wd_status wd_device_open(const char *spec, wd_device **out, wd_error *err);
void wd_device_close(wd_device *device);
const wd_device_info *wd_device_get_info(const wd_device *device);

/* A line for every device that could be opened here, and for each that could not, why: for `wavediffusion-cli
 * info
 * --devices` and bug reports. Writes at most size bytes, always terminated. */
void wd_device_list(char *text, size_t size);

#endif
