/* The pool of threads and the barrier (solver/parallel.h); under the thread sanitizer, their races too. */
#include "tests/tap.h"

#include "solver/parallel.h"

#include <string.h>

enum { TASKS = 10007, ROUNDS = 200 };

typedef struct loop {
  int count[TASKS]; /* how often each task ran; only its own task writes it */
  int worker[64];   /* tasks of each worker; only that worker writes it */
  int bad_worker, threads;
} loop;

static void count_task(void *ctx, int task, int worker) {
  loop *l = ctx;
  l->count[task]++;
  if (worker < 0 || worker >= l->threads)
    __atomic_store_n(&l->bad_worker, 1, __ATOMIC_RELAXED);
  else
    l->worker[worker]++;
}

static void test_loops(int threads) {
  static loop l;
  wd_pool *pool = NULL;
  wd_error err = {0};
  wd_status st = wd_pool_create(threads, &pool, &err);
  if (!tap_ok(st == WD_OK && wd_pool_threads(pool) == threads, "a pool of %d", threads)) return;
  int wrong = 0, sum = 0;
  for (int tasks = 0; tasks < TASKS; tasks = tasks * 3 + 1) {
    memset(&l, 0, sizeof l);
    l.threads = threads;
    wd_parallel_for(pool, tasks, count_task, &l);
    for (int i = 0; i < TASKS; i++) wrong += l.count[i] != (i < tasks);
    sum = 0;
    for (int i = 0; i < 64; i++) sum += l.worker[i];
    wrong += sum != tasks;
  }
  tap_ok(wrong == 0, "%d threads: every task once, whatever their number", threads);
  tap_ok(!l.bad_worker, "%d threads: workers are numbered 0 to %d", threads, threads - 1);

  /* Short loops back to back: a worker that is late for one must not take part in the next twice. */
  memset(&l, 0, sizeof l);
  l.threads = threads;
  for (int round = 0; round < ROUNDS; round++) wd_parallel_for(pool, 3, count_task, &l);
  tap_ok(l.count[0] == ROUNDS && l.count[1] == ROUNDS && l.count[2] == ROUNDS, "%d threads: %d short loops",
         threads, ROUNDS);
  wd_pool_destroy(pool);
}

typedef struct relay {
  wd_barrier barrier;
  int value[8], seen_wrong;
} relay;

/* Each round every party writes its number, and after the barrier reads the others'. */
static void pass_on(void *ctx, int task, int worker) {
  (void)worker;
  relay *r = ctx;
  for (int round = 0; round < ROUNDS; round++) {
    r->value[task] = round;
    wd_barrier_wait(&r->barrier);
    for (int i = 0; i < r->barrier.parties; i++)
      if (r->value[i] != round) __atomic_store_n(&r->seen_wrong, 1, __ATOMIC_RELAXED);
    wd_barrier_wait(&r->barrier);
  }
}

static void test_barrier(int parties) {
  relay r = {.barrier = {.parties = parties}};
  wd_pool *pool = NULL;
  if (wd_pool_create(parties, &pool, NULL) != WD_OK) {
    tap_ok(false, "a pool of %d", parties);
    return;
  }
  wd_parallel_for(pool, parties, pass_on, &r);
  tap_ok(!r.seen_wrong, "a barrier of %d: %d rounds, each party sees the others' writes", parties, ROUNDS);
  wd_pool_destroy(pool);
}

int main(void) {
  wd_pool *pool = NULL;
  wd_error err = {0};
  tap_ok(wd_pool_create(0, &pool, &err) == WD_ERR_ARGUMENT && !pool, "a pool of no threads is refused: %s",
         err.message);
  tap_ok(wd_cores() >= 1, "this process may run on %d cores", wd_cores());
  wd_pool_destroy(NULL);
  for (int threads = 1; threads <= 4; threads++) test_loops(threads);
  for (int parties = 1; parties <= 4; parties++) test_barrier(parties);
  return tap_done();
}
