/* A pool of threads for loops over independent tasks. The calling thread works too, so a pool of 1 starts
 * none. */
#ifndef WD_PARALLEL_H
#define WD_PARALLEL_H

#include "solver/status.h"

typedef struct wd_pool wd_pool;

/* threads >= 1. Idle threads sleep on a condition variable (they never spin: spinning on shared cores costs
 * ten times, architecture.md). */
wd_status wd_pool_create(int threads, wd_pool **out, wd_error *err);
void wd_pool_destroy(wd_pool *pool);
int wd_pool_threads(const wd_pool *pool);

/* Calls body(ctx, task, worker) for task = 0..tasks-1, each once, in any order, on any worker 0..threads-1
 * (worker 0 is the caller). Returns when all are done. Not re-entrant: body must not call it on the same
 * pool. */
void wd_parallel_for(wd_pool *pool, int tasks, void (*body)(void *ctx, int task, int worker), void *ctx);

/* A barrier for the threads that share one task: spins a moment, then sleeps. Zero-initialised plus a count.
 */
typedef struct wd_barrier {
  int parties;
  int arrived;    /* atomic */
  int generation; /* atomic; also the futex word */
} wd_barrier;

void wd_barrier_wait(wd_barrier *barrier);

/* Cores this process may run on (its affinity mask). */
int wd_cores(void);

#endif
