/* Where the truth of an opened pair is known: how far the decoded pair is from it, and which of its two sides
 * to doubt.
 *
 * Three comparisons are made. The decoded map D_v against the true one, in m/s. The decoded gathers D_s, and
 * the gathers F(D_v) that the decoded map would give, both against the observed ones, in the reflection
 * residual r_R with one and the same denominator, ||observed - F(v_top)||, v_top of the decoded map: so that
 * the two can be held against each other.
 *
 * The rule (wd_truth_doubt), with m = r_R of F(D_v) and g = r_R of D_s, both against the observed gathers:
 *
 *   both at most `good`                     neither side is to be doubted
 *   g > good and m <= good, or g > 1.5 m    doubt the gathers: the map explains more than they show
 *   m > good and g <= good, or m > 1.5 g    doubt the map: the gathers are right, it does not explain them
 *   otherwise                               doubt both: they are off alike
 *
 * `good` is 0.5 (half of what lies below the surface is explained), or the model's epsilon where that is
 * less: a model whose real pairs score worse does not make a bad pair good. 1.5 is about the spread of r_R
 * over equally good pairs (5 to 95 %) to the power 1/2: a smaller difference says nothing. No GTK; any
 * thread. */
#ifndef WD_TRUTH_H
#define WD_TRUTH_H

#include "app/frame.h"
#include "render/units.h"
#include "solver/image_metrics.h"

typedef enum WdDoubt {
  WD_DOUBT_UNKNOWN = 0, /* not all that the rule needs is there */
  WD_DOUBT_NEITHER,
  WD_DOUBT_MAP,
  WD_DOUBT_GATHERS,
  WD_DOUBT_BOTH
} WdDoubt;

#define WD_TRUTH_GOOD   0.5
#define WD_TRUTH_FACTOR 1.5

typedef struct WdTruthReport {
  gboolean has_velocity, has_gathers, has_explained;
  wd_map_measure velocity; /* D_v against the true map: mae, rmse in m/s, ssim */
  wd_measure gathers;      /* D_s against the observed gathers */
  wd_measure explained;    /* F(D_v) against the observed gathers */
  wd_wave_mode mode;       /* of F(D_v) */
  WdDoubt doubt;
} WdTruthReport;

/* truth: the opened pair (either of its sides may be empty: value NULL). simulation may be NULL: not made
 * yet. epsilon: the model's, of the reflection residual, NaN where unknown. Takes 3 to 6 ms for OpenFWI's
 * sizes. */
wd_status wd_truth_compare(const WdPair *truth, const WdPair *decoded, const WdSimulation *simulation,
                           double epsilon, WdTruthReport *out, wd_error *err);

WdDoubt wd_truth_doubt(double map, double gathers, double epsilon);

/* One or two sentences for the verdict: "The decoded map explains the observed gathers to r_R 0.4, the
 * decoded gathers are off by 0.9: doubt the gathers." with the velocity error first where it is known.
 * units: NULL: m/s. g_free. */
char *wd_truth_words(const WdTruthReport *report, const wd_units *units);
/* The velocity error alone: "Velocity error 64 m/s (RMSE 118 m/s, SSIM 0.91)"; NULL without a true map. */
char *wd_truth_velocity_words(const WdTruthReport *report, const wd_units *units);

#endif
