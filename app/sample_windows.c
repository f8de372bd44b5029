#include "app/sample_windows.h"

#include "app/i18n.h"

#include "solver/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One trace in rows of its own: a, b, and their reflections. */
enum { A, B, AR, BR, ROWS };

typedef struct trace {
  int n;
  float *row[ROWS];
  double *energy[ROWS]; /* running sums, n + 1 */
} trace;

typedef struct window_error {
  double error;
  int shift; /* samples; of windows in error */
} window_error;

static double energy(const trace *t, int row, int from, int to) {
  from = from < 0 ? 0 : from;
  to = to > t->n ? t->n : to;
  return to > from ? t->energy[row][to] - t->energy[row][from] : 0;
}

/* Least of E(l) over shifts in a window; *shift is where. c: room for 2 most + 1. */
static double least(const trace *t, int a, int b, int from, int count, int most, double error, float *c,
                    int *shift) {
  const float *x = t->row[a], *y = t->row[b];
  const int lags = 2 * most + 1;
  memset(c, 0, (size_t)lags * sizeof *c);
  for (int i = from; i < from + count; i++) {
    const float v = y[i];
    int l0 = i - most < 0 ? most - i : 0, l1 = i + most >= t->n ? t->n - i + most : lags;
    const float *p = x + i - most;
    for (int l = l0; l < l1; l++) c[l] += p[l] * v;
  }
  const double own = energy(t, a, from, from + count), other = energy(t, b, from, from + count);
  double best = error;
  *shift = 0;
  for (int l = 0; l < lags; l++) {
    double moved = energy(t, a, from + l - most, from + l - most + count);
    double e = fmax(own, moved) + other - 2 * (double)c[l];
    if (e < best) best = e, *shift = l - most;
  }
  return fmax(best, 0);
}

static void fill(trace *t, const wd_gather *a, const wd_gather *b, const wd_gather *top, int shot,
                 int receiver) {
  size_t at = (size_t)shot * (size_t)a->samples * (size_t)a->receivers + (size_t)receiver;
  for (int i = 0; i < t->n; i++, at += (size_t)a->receivers) {
    t->row[A][i] = a->value[at];
    t->row[B][i] = b->value[at];
    t->row[AR][i] = a->value[at] - top->value[at];
    t->row[BR][i] = b->value[at] - top->value[at];
  }
  for (int r = 0; r < ROWS; r++) {
    t->energy[r][0] = 0;
    for (int i = 0; i < t->n; i++)
      t->energy[r][i + 1] = t->energy[r][i] + (double)t->row[r][i] * (double)t->row[r][i];
  }
}

static int by_error(const void *one, const void *other) {
  double x = ((const window_error *)one)->error, y = ((const window_error *)other)->error;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* Of the windows, largest error first, that make up 99 % of it. */
static double count_suspects(window_error *w, size_t n, double total, double half) {
  qsort(w, n, sizeof *w, by_error);
  double sum = 0;
  size_t i = 0, off = 0;
  for (; i < n && sum < 0.99 * total; i++) {
    sum += w[i].error;
    off += abs(w[i].shift) >= half;
  }
  return i ? (double)off / (double)i : 0;
}

wd_status wd_windows_measure(const wd_gather *a, const wd_gather *b, const wd_gather *top, double frequency,
                             int step, wd_windows *out, wd_error *err) {
  if (a->shots != b->shots || a->samples != b->samples || a->receivers != b->receivers ||
      a->shots != top->shots || a->samples != top->samples || a->receivers != top->receivers)
    return wd_fail(err, WD_ERR_SHAPE, _("windows of gathers of different sizes"));
  const double f = frequency > 0 ? frequency : 15;
  const int n = a->samples - 1, every = step > 0 ? step : 1;
  const int count = (int)lround(2 / (f * a->dt)), most = (int)lround(1 / (f * a->dt)), hop = count / 2;
  if (hop < 1 || count > n)
    return wd_fail(err, WD_ERR_SHAPE, _("traces of %d samples of %g s hold no window of %d"), a->samples,
                   a->dt, count);
  const size_t windows = (size_t)((n - count) / hop + 1),
               all = windows * (size_t)a->shots * (size_t)a->receivers;
  trace t = {.n = n};
  float *c = wd_calloc((size_t)(2 * most + 1), sizeof *c);
  window_error *w = wd_calloc(all, sizeof *w);
  wd_status st = c && w ? WD_OK : WD_ERR_NO_MEMORY;
  for (int r = 0; r < ROWS; r++) {
    t.row[r] = wd_calloc((size_t)n, sizeof(float));
    t.energy[r] = wd_calloc((size_t)n + 1, sizeof(double));
    if (!t.row[r] || !t.energy[r]) st = WD_ERR_NO_MEMORY;
  }
  if (st) wd_fail(err, st, _("no memory for windows of %d samples"), count);
  double total = 0, removed = 0, moved = 0, missing = 0, extra = 0;
  size_t used = 0;
  for (int shot = 0; shot < a->shots && !st; shot++)
    for (int receiver = 0; receiver < a->receivers && !st; receiver += every) {
      fill(&t, a, b, top, shot, receiver);
      if (!isfinite(t.energy[AR][n]) || !isfinite(t.energy[BR][n])) {
        st = wd_fail(err, WD_ERR_DIVERGED, _("shot %d, receiver %d is not finite"), shot + 1, receiver + 1);
        break;
      }
      for (int k = 0; k < (int)windows; k++) {
        int from = k * hop, shift = 0, other = 0;
        double error = 0;
        for (int i = from; i < from + count; i++) {
          double d = (double)t.row[A][i] - (double)t.row[B][i];
          error += d * d;
        }
        double left = error;
        /* A thousandth of the trace's own reflections cannot matter. */
        if (error > 1e-6 * (t.energy[BR][n] + t.energy[AR][n])) {
          left = least(&t, A, B, from, count, most, error, c, &shift);
          double alone = least(&t, AR, BR, from, count, most, error, c, &other);
          if (alone < left) left = alone, shift = other;
          double ea = energy(&t, AR, from, from + count), eb = energy(&t, BR, from, from + count);
          if (ea < 0.25 * eb)
            missing += left;
          else if (eb < 0.25 * ea)
            extra += left;
        }
        total += error;
        removed += error - left;
        moved += (error - left) * abs(shift);
        w[used++] = (window_error){error, shift};
      }
    }
  if (!st)
    *out = (wd_windows){
        .timing = total > 0 ? removed / total : NAN,
        .shift = removed > 0 ? moved / removed * a->dt : 0,
        .suspects = total > 0 ? count_suspects(w, used, total, 0.5 / (f * a->dt)) : NAN,
        .missing = total > 0 ? missing / total : NAN,
        .extra = total > 0 ? extra / total : NAN,
    };
  for (int r = 0; r < ROWS; r++) {
    wd_free(t.row[r]);
    wd_free(t.energy[r]);
  }
  wd_free(c);
  wd_free(w);
  return st;
}
