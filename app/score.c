#include "app/score.h"

#include <math.h>
#include <string.h>

static const WdScoreInfo infos[WD_SCORES] = {
    [WD_METRIC_REFLECTION_RESIDUAL] = {"reflection_residual", "Reflection residual", "",
                                       "The error of the decoded gathers in units of all that lies below the "
                                       "surface row: 1 is no better than "
                                       "knowing that row, 0.1 has the reflections right to a tenth.",
                                       FALSE, TRUE},
    [WD_METRIC_RELATIVE_L2] =
        {"relative_l2", "Relative L2", "",
         "The error of the decoded gathers over their simulation, direct wave included: "
         "silence scores 1.",
         FALSE, TRUE},
    [WD_METRIC_LOG_NORM_MSE] =
        {"log_norm_mse", "MSE, log-norm scale", "",
         "Mean squared error on the scale that networks see; it says little without the "
         "levels of silence and of the direct wave.",
         FALSE, TRUE},
    [WD_METRIC_MAE] =
        {"mae", "Mean absolute error", "",
         "Mean absolute difference of decoded and simulated gathers, in the solver's amplitude.", FALSE,
         TRUE},
    [WD_METRIC_MAX_ABS] =
        {"max_abs", "Largest absolute error", "",
         "Largest difference of a decoded and a simulated sample, in the solver's amplitude.", FALSE, TRUE},
    [WD_METRIC_CORRELATION] =
        {"correlation", "Correlation", "",
         "Correlation of decoded and simulated gathers at zero lag: 1 is the same shape.", TRUE, FALSE},
    [WD_METRIC_REFLECTION_SHARE] =
        {"reflection_share", "Reflection share", "",
         "What the reflections are of the simulated gathers: a low residual with a low "
         "share means a bland map, not a consistent one.",
         TRUE, TRUE},
    [WD_SCORE_LAG] =
        {"mean_abs_lag", "Mean time lag", "ms",
         "Mean |lag| of decoded and simulated traces at their best correlation; above 33 ms at 15 Hz a "
         "trace is a cycle off. Made at rest.",
         FALSE, TRUE},
    [WD_SCORE_INTERIOR] =
        {"interior_residual", "Interior wave-equation residual", "",
         "How much the wave equation would have to be forced at the receivers for the decoded gathers "
         "to be true in the decoded map: 0 not at all, 1 as much as for gathers without any "
         "reflections. Made at rest.",
         FALSE, TRUE},
};

const WdScoreInfo *wd_score_get_info(int kind) {
  return kind >= 0 && kind < WD_SCORES ? &infos[kind] : NULL;
}

static void fill(double *value, const wd_measure *m) {
  for (int i = 0; i < WD_METRICS; i++) value[i] = wd_measure_get(m, (wd_metric)i);
  for (int i = WD_METRICS; i < WD_SCORES; i++) value[i] = NAN;
}

WdScore *wd_score_new(wd_wave_mode mode, const wd_comparison *c, double seconds) {
  WdScore *s = g_new0(WdScore, 1);
  s->mode = mode;
  s->all = c->all;
  s->seconds = seconds;
  s->shots = c->shots;
  s->shot = g_malloc0_n((gsize)c->shots, sizeof *s->shot);
  fill(s->value, &c->all);
  for (int i = 0; i < c->shots; i++) fill(s->shot[i], &c->shot[i]);
  return s;
}

void wd_score_set_lag(WdScore *s, const wd_lag_map *lags) {
  s->value[WD_SCORE_LAG] = 1e3 * lags->mean_abs;
  for (int i = 0; i < s->shots && i < lags->shots; i++) {
    double sum = 0;
    int n = 0;
    for (int j = 0; j < lags->receivers * lags->windows; j++) {
      double lag = lags->value[(size_t)i * (size_t)lags->receivers * (size_t)lags->windows + (size_t)j].lag;
      if (isnan(lag)) continue;
      sum += fabs(lag);
      n++;
    }
    s->shot[i][WD_SCORE_LAG] = n ? 1e3 * sum / n : NAN;
  }
}

WdScore *wd_score_copy(const WdScore *score) {
  if (!score) return NULL;
  WdScore *s = g_memdup2(score, sizeof *score);
  s->shot = g_memdup2(score->shot, (gsize)score->shots * sizeof *score->shot);
  return s;
}

void wd_score_free(WdScore *s) {
  if (!s) return;
  g_free(s->shot);
  g_free(s);
}
