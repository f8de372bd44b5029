/* The thread of a kernel that the emulation is running, and its barriers. */
#ifndef WD_EMULATED_THREAD_H
#define WD_EMULATED_THREAD_H

#include "cuda_runtime_api.h"

typedef struct emulated_thread {
  dim3 thread, block, block_size, grid;
  unsigned rank, ranks; /* of the block in its cluster */
} emulated_thread;

/* Kernels that take one argument struct by value. A test that brings kernels of several kinds names them all
 * in emulated_families, which ends with NULL; the last family owns what no other does. */
typedef struct emulated_family {
  size_t size;                                        /* of the struct */
  bool (*owns)(const void *kernel);                   /* NULL: everything */
  void (*call)(const void *kernel, const void *args); /* runs one thread */
} emulated_family;

extern const emulated_family *const emulated_families[];

/* A family's `call`. */
#define EMULATED_CALL(name, type)                                                                            \
  static void name(const void *kernel, const void *args) {                                                   \
    void (*run)(const type);                                                                                 \
    memcpy(&run, &kernel, sizeof run);                                                                       \
    run(*(const type *)args);                                                                                \
  }

const emulated_thread *emulated_self(void);
void emulated_syncthreads(void);
void emulated_cluster_sync(void);
void *emulated_shared(unsigned rank); /* dynamic shared memory of a block of the cluster */

#endif
