/* How two sets of gathers differ: every residual and metric of the program, defined here once.
 *
 * a is the gather under test ("s": decoded, read from a file, simulated otherwise), b the reference ("F(v)":
 * what the velocity map explains), top the reference without anything below the surface row ("F(v_top)", the
 * gather of wd_map_repeat_row(map, source row)). Sums run in double over linear amplitude, over all shots and
 * receivers and over every sample but the last one of each trace: OpenFWI's training files have that one set
 * to zero (`all_samples` takes it in). ||x|| = sqrt(sum x^2). With a calibration, a means gain x a in every
 * measure but `identical`.
 *
 * reflection_residual, r_R
 *     ||a - b|| / ||b - top||, the leading figure (section 7 of the design's physics): 1 is no better than
 *     knowing the top row, 0.1 has the reflections right to a tenth. Comparable within one acquisition
 *     geometry only.
 *
 * reflection_share
 *     ||b - top|| / ||b||; also the relative L2 of a gather that holds the direct wave only.
 *
 * relative_l2
 *     ||a - b|| / ||b||; silence scores 1.
 *
 * log_norm_mse
 *     Mean of (N(a) - N(b))^2, N = wd_seismic_log_norm (scale.h). It says little without the next two.
 *
 * silence_log_norm_mse, direct_log_norm_mse
 *     The same with a = 0 and with a = top: what knowing nothing, and what knowing the top row scores.
 *
 * mae, max_abs
 *     Mean and largest |a - b|.
 *
 * correlation
 *     sum a b / (||a|| ||b||), zero lag, means not removed (a pressure trace has none).
 *     With the least-squares gain, relative_l2 = sqrt(1 - correlation^2).
 *
 * coherence, envelope
 *     Spectral coherence and envelope misfit, which spectral.h defines; only where desc.spectral asks for
 * them, NaN elsewhere. A single trace has no coherence.
 *
 * identical
 *     Samples whose bits are equal (0 and -0 differ, two equal NaNs do not).
 *
 * Not finite: a NaN or infinity in a makes every measure that needs a NaN, one in b or top likewise, for the
 * traces and shots that hold it and for the whole, and `not_finite` counts the samples. A measure whose
 * denominator is zero (a dead reference trace) is NaN too. Nothing is left out silently. */
#ifndef WD_METRICS_H
#define WD_METRICS_H

#include "solver/gather.h"
#include "solver/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Below this reflection_share a map has nothing to reflect: r_R would divide noise by noise. Such a pair is
 * marked and stays out of medians. */
#define WD_NOTHING_TO_REFLECT 0.01

typedef enum wd_calibration {
  WD_CALIBRATE_NONE = 0, /* a as it is */
  WD_CALIBRATE_SIGN,     /* gain -1 when the correlation of all samples is negative, +1 otherwise */
  WD_CALIBRATE_GAIN      /* gain = sum a b / sum a^2 over all samples, which makes ||gain a - b|| least */
} wd_calibration;

/* Zero means the default in brackets. */
typedef struct wd_compare_desc {
  bool all_samples;           /* the last sample of every trace too [false] */
  bool spectral;              /* coherence and envelope too [false] */
  wd_calibration calibration; /* one gain for all shots and receivers [none] */
  int threads;                /* the figures do not depend on it [1] */
} wd_compare_desc;

/* One set of samples measured: the whole, one shot, or one trace. */
typedef struct wd_measure {
  size_t samples;    /* compared */
  size_t identical;  /* bit-equal */
  size_t not_finite; /* where a, b or top is NaN or infinite */
  double relative_l2, log_norm_mse, mae, max_abs, correlation;
  double silence_log_norm_mse;
  double norm_a, norm_b, norm_difference; /* L2 */
  /* NaN without top: */
  double reflection_residual, reflection_share;
  double direct_log_norm_mse;
  double norm_reflection; /* ||b - top||, the denominator of r_R */
  /* NaN unless asked for: */
  double coherence, envelope;
  double norm_envelope;    /* ||E(b)||, the denominator of envelope */
  bool nothing_to_reflect; /* reflection_share < WD_NOTHING_TO_REFLECT; false without top */
} wd_measure;

typedef struct wd_comparison {
  int shots, receivers;
  int samples_per_trace; /* compared */
  double gain;           /* the calibration's, 1 without */
  wd_measure all;
  wd_measure *shot;  /* shots */
  wd_measure *trace; /* shots * receivers: trace[shot * receivers + receiver] */
} wd_comparison;

/* top and desc may be NULL. Shapes must agree (WD_ERR_SHAPE, both named), and leave at least one sample to
 * compare. *out is overwritten, not freed, on WD_OK; release with wd_comparison_clear. */
wd_status wd_compare(const wd_gather *a, const wd_gather *b, const wd_gather *top,
                     const wd_compare_desc *desc, wd_comparison *out, wd_error *err);
void wd_comparison_clear(wd_comparison *comparison);

/* The measure of two disjoint sets of samples together, as if compared at once (a file of many gathers, read
 * one by one). A measure without samples adds nothing. NaN spreads as above. */
wd_measure wd_measure_join(const wd_measure *one, const wd_measure *other);

/* The figures by name, for menus, tables and files. */
typedef enum wd_metric {
  WD_METRIC_REFLECTION_RESIDUAL = 0,
  WD_METRIC_RELATIVE_L2,
  WD_METRIC_LOG_NORM_MSE,
  WD_METRIC_MAE,
  WD_METRIC_MAX_ABS,
  WD_METRIC_CORRELATION,
  WD_METRIC_REFLECTION_SHARE,
  WD_METRIC_COHERENCE,
  WD_METRIC_ENVELOPE,
  WD_METRICS
} wd_metric;

typedef struct wd_metric_info {
  const char *key;   /* "reflection_residual": JSON, CSV, command line */
  const char *title; /* "Reflection residual": for people */
  bool higher_is_better;
} wd_metric_info;

const wd_metric_info *wd_metric_get_info(wd_metric metric);        /* NULL outside the enumeration */
bool wd_metric_parse(const char *key, wd_metric *out);             /* false for an unknown key */
double wd_measure_get(const wd_measure *measure, wd_metric which); /* NaN outside the enumeration */

#endif
