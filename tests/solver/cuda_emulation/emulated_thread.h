/* The thread of a kernel that the emulation is running, and its barriers. */
#ifndef WD_EMULATED_THREAD_H
#define WD_EMULATED_THREAD_H

#include "cuda_runtime_api.h"

typedef struct emulated_thread {
  dim3 thread, block, block_size, grid;
  unsigned rank, ranks; /* of the block in its cluster */
} emulated_thread;

const emulated_thread *emulated_self(void);
void emulated_syncthreads(void);
void emulated_cluster_sync(void);
void *emulated_shared(unsigned rank); /* dynamic shared memory of a block of the cluster */

#endif
