#include "solver/parallel.h"

#include "solver/memory.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

struct wd_pool {
  int threads;
  pthread_t *thread; /* threads - 1 of them: worker i + 1 */
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  unsigned long job; /* counts parallel loops; a change wakes the workers */
  bool quit;
  int next, tasks, running; /* under the mutex, except next: atomic */
  void (*body)(void *, int, int);
  void *ctx;
};

typedef struct worker_start {
  wd_pool *pool;
  int worker;
} worker_start;

static void drain(wd_pool *p, int worker) {
  for (;;) {
    int task = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED);
    if (task >= p->tasks) return;
    p->body(p->ctx, task, worker);
  }
}

static void *worker_main(void *arg) {
  worker_start start = *(worker_start *)arg;
  wd_free(arg);
  wd_pool *p = start.pool;
  unsigned long seen = 0;
  pthread_mutex_lock(&p->mutex);
  for (;;) {
    while (p->job == seen && !p->quit) pthread_cond_wait(&p->wake, &p->mutex);
    if (p->quit) break;
    seen = p->job;
    pthread_mutex_unlock(&p->mutex);
    drain(p, start.worker);
    pthread_mutex_lock(&p->mutex);
    if (--p->running == 0) pthread_cond_signal(&p->done);
  }
  pthread_mutex_unlock(&p->mutex);
  return NULL;
}

wd_status wd_pool_create(int threads, wd_pool **out, wd_error *err) {
  if (threads < 1 || threads > 4096) return wd_fail(err, WD_ERR_ARGUMENT, "a pool of %d threads", threads);
  wd_pool *p = wd_calloc(1, sizeof *p);
  pthread_t *thread = wd_calloc((size_t)threads, sizeof *thread);
  if (!p || !thread) {
    wd_free(p);
    wd_free(thread);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a pool of %d threads", threads);
  }
  p->thread = thread;
  p->threads = 1;
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->wake, NULL);
  pthread_cond_init(&p->done, NULL);
  for (int i = 1; i < threads; i++) {
    worker_start *start = wd_calloc(1, sizeof *start);
    if (start) *start = (worker_start){p, i};
    if (!start || pthread_create(&p->thread[i - 1], NULL, worker_main, start) != 0) {
      wd_free(start);
      wd_pool_destroy(p);
      return wd_fail(err, WD_ERR_NO_MEMORY, "thread %d of %d could not be started", i + 1, threads);
    }
    p->threads++;
  }
  *out = p;
  return WD_OK;
}

void wd_pool_destroy(wd_pool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->mutex);
  p->quit = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->mutex);
  for (int i = 1; i < p->threads; i++) pthread_join(p->thread[i - 1], NULL);
  pthread_cond_destroy(&p->done);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->mutex);
  wd_free(p->thread);
  wd_free(p);
}

int wd_pool_threads(const wd_pool *pool) {
  return pool->threads;
}

void wd_parallel_for(wd_pool *p, int tasks, void (*body)(void *, int, int), void *ctx) {
  if (p->threads == 1 || tasks <= 1) {
    for (int t = 0; t < tasks; t++) body(ctx, t, 0);
    return;
  }
  pthread_mutex_lock(&p->mutex);
  p->body = body;
  p->ctx = ctx;
  p->tasks = tasks;
  p->next = 0;
  p->running = p->threads - 1;
  p->job++;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->mutex);
  drain(p, 0);
  pthread_mutex_lock(&p->mutex);
  while (p->running > 0) pthread_cond_wait(&p->done, &p->mutex);
  pthread_mutex_unlock(&p->mutex);
}

/* On two cores that both run, the partner arrives within microseconds; when another process holds its core,
 * waiting must give the core away. */
enum { SPINS_BEFORE_SLEEP = 4000 };

void wd_barrier_wait(wd_barrier *b) {
  int generation = __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == b->parties) {
    __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
    __atomic_add_fetch(&b->generation, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &b->generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    return;
  }
  for (int i = 0; i < SPINS_BEFORE_SLEEP; i++) {
    if (__atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) != generation) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  while (__atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) == generation)
    syscall(SYS_futex, &b->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
}

int wd_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}
