/* What the programs that measure share: clocks in milliseconds, medians, and an end when something fails. */
#ifndef WD_BENCH_H
#define WD_BENCH_H

#include "solver/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID. */
static inline double bench_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static inline void bench_must(wd_status st, const wd_error *err) {
  if (!st) return;
  fprintf(stderr, "%s\n", err->message);
  exit(wd_status_exit_code(st));
}

static inline int bench_by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline void bench_sort(double *value, int count) {
  qsort(value, (size_t)count, sizeof *value, bench_by_value);
}

#endif
