#include "solver/adjoint_plan.h"

#include "solver/memory.h"

#include <stdint.h>

/* C(s + 1 + t, t), at most `enough`: segments that s checkpoints and t extra runs can reverse. */
static int64_t reach(int64_t s, int64_t t, int64_t enough) {
  int64_t r = 1;
  for (int64_t i = 1; i <= t; i++) {
    r = r * (s + 1 + i) / i; /* a binomial at every i, so the division is exact */
    if (r >= enough) return enough;
  }
  return r;
}

static int reruns_needed(int64_t s, int64_t segments) {
  int64_t reached = 1, t = 0;
  while (reached < segments) {
    t++;
    reached = reached * (s + 1 + t) / t;
  }
  return (int)t;
}

static int checkpoints_needed(int64_t segments, int t) {
  int64_t lo = 0, hi = segments; /* t >= 1: segments checkpoints always do */
  if (segments <= 2) return 0;
  while (lo < hi) {
    int64_t mid = (lo + hi) / 2;
    if (reach(mid, t, segments) >= segments)
      hi = mid;
    else
      lo = mid + 1;
  }
  return (int)lo;
}

/* Reruns as they count in a comparison of plans. */
static int cost(const wd_adjoint_need *need, int reruns) {
  return need->rather_rerun && reruns == 0 ? 1 : reruns;
}

/* The best plan for one shot in `limit` bytes; false when not one field fits. */
static bool plan_shot(int samples, const wd_adjoint_need *need, size_t limit, wd_adjoint_plan *out) {
  size_t fields = limit / need->field;
  if (fields == 0) return false;
  int longest = fields < (size_t)samples ? (int)fields : samples;
  bool found = false;
  wd_adjoint_plan best = {0};
  for (int k = 1; k <= longest; k++) {
    int segments = (samples + k - 1) / k;
    size_t room = (limit - (size_t)k * need->field) / need->state;
    int t = reruns_needed(room > (size_t)samples ? samples : (int64_t)room, segments);
    if (found && cost(need, t) > cost(need, best.reruns)) continue;
    int s = t ? checkpoints_needed(segments, t) : 0;
    size_t bytes = (size_t)k * need->field + (size_t)s * need->state;
    if (found && cost(need, t) == cost(need, best.reruns) && bytes >= best.bytes) continue;
    best = (wd_adjoint_plan){
        .samples = samples, .segment = k, .checkpoints = s, .reruns = t, .flight = 1, .bytes = bytes};
    found = true;
  }
  *out = best;
  return true;
}

wd_status wd_adjoint_plan_sizes(int samples, const wd_adjoint_need *need, size_t limit, wd_adjoint_plan *out,
                                wd_error *err) {
  if (samples < 1 || need->flight < 1 || !need->field || !need->state)
    return wd_fail(err, WD_ERR_ARGUMENT, "a gradient over %d steps and %d shots cannot be planned", samples,
                   need->flight);
  wd_adjoint_plan best = {0};
  double least = 0;
  for (int flight = need->flight; flight >= 1; flight--) {
    wd_adjoint_plan p;
    if (!plan_shot(samples, need, limit / (size_t)flight, &p)) continue;
    double time = (cost(need, p.reruns) + 2.0) / flight;
    if (best.flight && time >= least) continue;
    best = p;
    best.flight = flight;
    best.bytes = p.bytes * (size_t)flight;
    least = time;
  }
  if (!best.flight)
    return wd_fail(
        err, WD_ERR_NO_MEMORY,
        "a gradient stores at least one wavefield of %zu bytes, but its memory limit is %zu bytes; "
        "raise the limit",
        need->field, limit);
  *out = best;
  return WD_OK;
}

typedef struct schedule {
  wd_adjoint_action *action; /* NULL while counting */
  int n;
  int segment, samples;
} schedule;

static void emit(schedule *s, wd_adjoint_kind kind, int from_segment, int to_segment, int slot) {
  if (s->action) {
    int from = from_segment * s->segment;
    int to = to_segment * s->segment > s->samples ? s->samples : to_segment * s->segment;
    s->action[s->n] = (wd_adjoint_action){kind, from, to, slot};
  }
  s->n++;
}

/* Segments lo..hi-1, in reverse. The forward state stands at lo, which checkpoint `home` holds too; the
 * checkpoints `next`..checkpoints-1 are free. The loop is the recursion on the left part. */
static void reverse(schedule *s, int lo, int hi, int home, int next, int checkpoints) {
  while (hi - lo > 1) {
    int64_t n = hi - lo, free = checkpoints - next;
    int t = reruns_needed(free, n);
    /* The right part takes as much as its checkpoints reverse with t runs, so that the left one, which has
     * been run over once now, gets by with t - 1. */
    int64_t right = free > 0 ? reach(free - 1, t, n - 1) : 1;
    int mid = hi - (int)right;
    emit(s, WD_ADJOINT_ADVANCE, lo, mid, 0);
    if (right > 1) emit(s, WD_ADJOINT_SAVE, mid, mid, next);
    reverse(s, mid, hi, next, next + 1, checkpoints);
    emit(s, WD_ADJOINT_LOAD, lo, lo, home);
    hi = mid;
  }
  emit(s, WD_ADJOINT_REVERSE, lo, hi, 0);
}

wd_status wd_adjoint_plan_create(int samples, const wd_adjoint_need *need, size_t limit, wd_adjoint_plan *out,
                                 wd_error *err) {
  wd_adjoint_plan p;
  wd_status st = wd_adjoint_plan_sizes(samples, need, limit, &p, err);
  if (st) return st;
  int segments = (samples + p.segment - 1) / p.segment;
  schedule s = {.segment = p.segment, .samples = samples};
  for (int pass = 0; pass < 2; pass++) {
    s.n = 0;
    emit(&s, WD_ADJOINT_LOAD, 0, 0, -1);
    reverse(&s, 0, segments, -1, 0, p.checkpoints);
    if (pass == 0 && !(s.action = wd_alloc((size_t)s.n, sizeof *s.action)))
      return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a schedule of %d actions", s.n);
  }
  p.action = s.action;
  p.n_actions = s.n;
  *out = p;
  return WD_OK;
}

void wd_adjoint_plan_clear(wd_adjoint_plan *plan) {
  if (!plan) return;
  wd_free(plan->action);
  *plan = (wd_adjoint_plan){0};
}
