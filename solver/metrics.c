#include "solver/metrics.h"

#include "solver/memory.h"
#include "solver/metrics_impl.h"
#include "solver/parallel.h"
#include "solver/scale.h"
#include "solver/spectral.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static void sums_add(wd_sums *to, const wd_sums *from) {
  to->samples += from->samples;
  to->identical += from->identical;
  to->bad_a += from->bad_a;
  to->bad_b += from->bad_b;
  to->bad_top += from->bad_top;
  to->bad_any += from->bad_any;
  to->aa += from->aa;
  to->bb += from->bb;
  to->ab += from->ab;
  to->dd += from->dd;
  to->abs_d += from->abs_d;
  if (from->max_d > to->max_d) to->max_d = from->max_d;
  to->log_d += from->log_d;
  to->log_silence += from->log_silence;
  to->log_direct += from->log_direct;
  to->rr += from->rr;
}

static wd_sum_traces_fn *sum_traces(void) {
#if defined(WD_HAVE_X86_SIMD)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return wd_sum_traces_16;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return wd_sum_traces_8;
#endif
  return wd_sum_traces_4;
}

typedef struct summing {
  const wd_gather *a, *b, *top;
  double gain;
  int samples, blocks; /* of WD_COMPARE_LANES traces in a shot */
  wd_sums *sum;
} summing;

/* Task: a block of traces of one shot. */
static void sum_block(void *ctx, int task, int worker) {
  (void)worker;
  const summing *w = ctx;
  int shot = task / w->blocks, first = task % w->blocks * WD_COMPARE_LANES, receivers = w->a->receivers;
  int n = receivers - first < WD_COMPARE_LANES ? receivers - first : WD_COMPARE_LANES;
  size_t at = (size_t)shot * (size_t)w->a->samples * (size_t)receivers + (size_t)first;
  sum_traces()(w->a->value + at, w->b->value + at, w->top ? w->top->value + at : NULL, w->gain, w->samples,
               (size_t)receivers, n, w->sum + (size_t)shot * (size_t)receivers + (size_t)first);
}

/* Without the threads asked for, if they cannot be had. */
static void sum_all(summing *w, int threads) {
  int tasks = w->a->shots * w->blocks;
  wd_pool *pool = NULL;
  if (threads > tasks) threads = tasks;
  if (threads > 1 && wd_pool_create(threads, &pool, NULL) == WD_OK) {
    wd_parallel_for(pool, tasks, sum_block, w);
    wd_pool_destroy(pool);
    return;
  }
  for (int t = 0; t < tasks; t++) sum_block(w, t, 0);
}

/* x / y, NaN where y is 0 (0 / 0 as well as what would be infinite: there is nothing to measure against). */
static double ratio(double x, double y) {
  return y > 0 ? x / y : NAN;
}

static wd_measure finish(const wd_sums *s, bool with_top) {
  const double n = (double)s->samples, log_gain2 = WD_LOG_NORM_GAIN * WD_LOG_NORM_GAIN;
  wd_measure m = {.samples = s->samples, .identical = s->identical, .not_finite = s->bad_any};
  m.norm_a = sqrt(s->aa);
  m.norm_b = sqrt(s->bb);
  m.norm_difference = sqrt(s->dd);
  m.relative_l2 = ratio(m.norm_difference, m.norm_b);
  m.mae = s->abs_d / n;
  m.max_abs = s->max_d;
  m.correlation = ratio(s->ab, m.norm_a * m.norm_b);
  m.log_norm_mse = log_gain2 * s->log_d / n;
  m.silence_log_norm_mse = log_gain2 * s->log_silence / n;
  m.norm_reflection = with_top ? sqrt(s->rr) : NAN;
  m.reflection_share = with_top ? ratio(m.norm_reflection, m.norm_b) : NAN;
  m.reflection_residual = with_top ? ratio(m.norm_difference, m.norm_reflection) : NAN;
  m.direct_log_norm_mse = with_top ? log_gain2 * s->log_direct / n : NAN;
  m.coherence = m.envelope = m.norm_envelope = NAN;
  if (s->bad_a) m.norm_a = NAN;
  if (s->bad_b) m.norm_b = m.silence_log_norm_mse = NAN;
  if (s->bad_a || s->bad_b)
    m.norm_difference = m.relative_l2 = m.mae = m.max_abs = m.correlation = m.log_norm_mse =
        m.reflection_residual = NAN;
  if (s->bad_b || s->bad_top)
    m.norm_reflection = m.reflection_share = m.reflection_residual = m.direct_log_norm_mse = NAN;
  m.nothing_to_reflect = m.reflection_share < WD_NOTHING_TO_REFLECT;
  return m;
}

static wd_status check_shape(const wd_gather *a, const wd_gather *b, const char *name_a, const char *name_b,
                             wd_error *err) {
  if (a->shots != b->shots || a->samples != b->samples || a->receivers != b->receivers)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "cannot compare gathers of %d shots x %d samples x %d receivers (%s) with %d x %d x %d (%s)",
        a->shots, a->samples, a->receivers, name_a, b->shots, b->samples, b->receivers, name_b);
  return WD_OK;
}

static double calibration_gain(const wd_gather *a, const wd_gather *b, int samples, wd_calibration kind) {
  if (kind == WD_CALIBRATE_NONE) return 1.0;
  double aa = 0, ab = 0;
  for (int s = 0; s < a->shots; s++) {
    size_t first = (size_t)s * (size_t)a->samples * (size_t)a->receivers;
    size_t count = (size_t)samples * (size_t)a->receivers;
    for (size_t i = first; i < first + count; i++) {
      aa += (double)a->value[i] * (double)a->value[i];
      ab += (double)a->value[i] * (double)b->value[i];
    }
  }
  if (kind == WD_CALIBRATE_SIGN) return ab < 0 ? -1.0 : isfinite(ab) ? 1.0 : NAN;
  if (!isfinite(aa) || !isfinite(ab)) return NAN;
  return aa > 0 ? ab / aa : 1.0;
}

static void take_spectral(wd_measure *to, const wd_spectral_measure *from) {
  to->coherence = from->coherence;
  to->envelope = from->envelope;
  to->norm_envelope = from->norm_envelope;
}

static wd_status add_spectral(const wd_gather *a, const wd_gather *b, const wd_compare_desc *desc,
                              wd_comparison *c, wd_error *err) {
  if (!isfinite(c->gain) || c->gain == 0) return WD_OK; /* nothing of a is left, or known */
  const wd_spectral_desc spectral = {
      .all_samples = desc->all_samples, .gain = c->gain, .threads = desc->threads};
  wd_spectral_comparison s;
  wd_status st = wd_spectral_compare(a, b, &spectral, &s, err);
  if (st) return st;
  take_spectral(&c->all, &s.all);
  for (int i = 0; i < c->shots; i++) take_spectral(&c->shot[i], &s.shot[i]);
  for (int i = 0; i < c->shots * c->receivers; i++) take_spectral(&c->trace[i], &s.trace[i]);
  wd_spectral_clear(&s);
  return WD_OK;
}

wd_status wd_compare(const wd_gather *a, const wd_gather *b, const wd_gather *top,
                     const wd_compare_desc *desc, wd_comparison *out, wd_error *err) {
  const wd_compare_desc defaults = {0};
  if (!desc) desc = &defaults;
  wd_status st = check_shape(a, b, "tested", "reference", err);
  if (!st && top) st = check_shape(top, b, "without reflections", "reference", err);
  if (st) return st;
  const int samples = a->samples - (desc->all_samples ? 0 : 1);
  if (a->shots < 1 || a->receivers < 1 || samples < 1)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "nothing to compare in gathers of %d shots x %d samples x %d receivers (the last sample is "
        "left out unless all samples are asked for)",
        a->shots, a->samples, a->receivers);

  size_t traces = (size_t)a->shots * (size_t)a->receivers;
  wd_sums *sum = wd_calloc(traces, sizeof *sum);
  wd_comparison c = {.shots = a->shots, .receivers = a->receivers, .samples_per_trace = samples};
  c.shot = wd_calloc((size_t)a->shots, sizeof *c.shot);
  c.trace = wd_calloc(traces, sizeof *c.trace);
  if (!sum || !c.shot || !c.trace) {
    wd_free(sum);
    wd_comparison_clear(&c);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to compare %zu traces", traces);
  }

  c.gain = calibration_gain(a, b, samples, desc->calibration);
  summing work = {a, b, top, c.gain, samples, (a->receivers + WD_COMPARE_LANES - 1) / WD_COMPARE_LANES, sum};
  sum_all(&work, desc->threads);
  wd_sums all = {0};
  for (int s = 0; s < a->shots; s++) {
    wd_sums *of_shot = sum + (size_t)s * (size_t)a->receivers, total = {0};
    for (int r = 0; r < a->receivers; r++) {
      /* A gain spoiled by one trace spoils them all: every measure of a is then unknown. */
      if (isnan(c.gain) && !of_shot[r].bad_a) of_shot[r].bad_a = 1;
      c.trace[(size_t)s * (size_t)a->receivers + (size_t)r] = finish(&of_shot[r], top != NULL);
      sums_add(&total, &of_shot[r]);
    }
    c.shot[s] = finish(&total, top != NULL);
    sums_add(&all, &total);
  }
  c.all = finish(&all, top != NULL);
  wd_free(sum);
  if (desc->spectral && (st = add_spectral(a, b, desc, &c, err))) {
    wd_comparison_clear(&c);
    return st;
  }
  *out = c;
  return WD_OK;
}

void wd_comparison_clear(wd_comparison *comparison) {
  if (!comparison) return;
  wd_free(comparison->shot);
  wd_free(comparison->trace);
  *comparison = (wd_comparison){0};
}

static double root_of_squares(double x, double y) {
  return sqrt(x * x + y * y);
}

/* Mean by weight; what weighs nothing has no say, even where it is NaN. */
static double weighted(double x, double weight_x, double y, double weight_y) {
  if (weight_x == 0) return y;
  if (weight_y == 0) return x;
  return (weight_x * x + weight_y * y) / (weight_x + weight_y);
}

wd_measure wd_measure_join(const wd_measure *one, const wd_measure *other) {
  if (one->samples == 0) return *other;
  if (other->samples == 0) return *one;
  const double n1 = (double)one->samples, n2 = (double)other->samples, n = n1 + n2;
  wd_measure m = {.samples = one->samples + other->samples,
                  .identical = one->identical + other->identical,
                  .not_finite = one->not_finite + other->not_finite};
  m.norm_a = root_of_squares(one->norm_a, other->norm_a);
  m.norm_b = root_of_squares(one->norm_b, other->norm_b);
  m.norm_difference = root_of_squares(one->norm_difference, other->norm_difference);
  m.norm_reflection = root_of_squares(one->norm_reflection, other->norm_reflection);
  m.relative_l2 = ratio(m.norm_difference, m.norm_b);
  m.reflection_share = ratio(m.norm_reflection, m.norm_b);
  m.reflection_residual = ratio(m.norm_difference, m.norm_reflection);
  m.log_norm_mse = (n1 * one->log_norm_mse + n2 * other->log_norm_mse) / n;
  m.silence_log_norm_mse = (n1 * one->silence_log_norm_mse + n2 * other->silence_log_norm_mse) / n;
  m.direct_log_norm_mse = (n1 * one->direct_log_norm_mse + n2 * other->direct_log_norm_mse) / n;
  m.mae = (n1 * one->mae + n2 * other->mae) / n;
  /* max that keeps NaN, which fmax would drop */
  m.max_abs = isnan(one->max_abs) || one->max_abs > other->max_abs ? one->max_abs : other->max_abs;
  /* sum a b = ||a||^2 + ||b||^2 - ||a - b||^2, halved; it stands where one correlation is undefined (silence)
   */
  m.correlation =
      ratio(0.5 * (m.norm_a * m.norm_a + m.norm_b * m.norm_b - m.norm_difference * m.norm_difference),
            m.norm_a * m.norm_b);
  m.coherence =
      weighted(one->coherence, one->norm_b * one->norm_b, other->coherence, other->norm_b * other->norm_b);
  const double e1 = one->norm_envelope * one->norm_envelope, e2 = other->norm_envelope * other->norm_envelope;
  m.envelope = sqrt(weighted(one->envelope * one->envelope, e1, other->envelope * other->envelope, e2));
  m.norm_envelope = root_of_squares(one->norm_envelope, other->norm_envelope);
  m.nothing_to_reflect = m.reflection_share < WD_NOTHING_TO_REFLECT;
  return m;
}

static const wd_metric_info metrics[WD_METRICS] = {
    [WD_METRIC_REFLECTION_RESIDUAL] = {"reflection_residual", "Reflection residual", false},
    [WD_METRIC_RELATIVE_L2] = {"relative_l2", "Relative L2", false},
    [WD_METRIC_LOG_NORM_MSE] = {"log_norm_mse", "MSE, log-norm scale", false},
    [WD_METRIC_MAE] = {"mae", "Mean absolute error", false},
    [WD_METRIC_MAX_ABS] = {"max_abs", "Largest absolute error", false},
    [WD_METRIC_CORRELATION] = {"correlation", "Correlation", true},
    [WD_METRIC_REFLECTION_SHARE] = {"reflection_share", "Reflection share", true},
    [WD_METRIC_COHERENCE] = {"coherence", "Spectral coherence", true},
    [WD_METRIC_ENVELOPE] = {"envelope_misfit", "Envelope misfit", false},
};

const wd_metric_info *wd_metric_get_info(wd_metric metric) {
  return (unsigned)metric < WD_METRICS ? &metrics[metric] : NULL;
}

bool wd_metric_parse(const char *key, wd_metric *out) {
  for (int i = 0; i < WD_METRICS; i++)
    if (strcmp(key, metrics[i].key) == 0) {
      *out = (wd_metric)i;
      return true;
    }
  return false;
}

double wd_measure_get(const wd_measure *m, wd_metric which) {
  switch (which) {
  case WD_METRIC_REFLECTION_RESIDUAL: return m->reflection_residual;
  case WD_METRIC_RELATIVE_L2: return m->relative_l2;
  case WD_METRIC_LOG_NORM_MSE: return m->log_norm_mse;
  case WD_METRIC_MAE: return m->mae;
  case WD_METRIC_MAX_ABS: return m->max_abs;
  case WD_METRIC_CORRELATION: return m->correlation;
  case WD_METRIC_REFLECTION_SHARE: return m->reflection_share;
  case WD_METRIC_COHERENCE: return m->coherence;
  case WD_METRIC_ENVELOPE: return m->envelope;
  case WD_METRICS: break;
  }
  return NAN;
}
