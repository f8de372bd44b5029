#include "app/score.h"

#include "app/i18n.h"

#include <math.h>
#include <string.h>

static const WdScoreInfo infos[WD_SCORES] = {
    [WD_METRIC_REFLECTION_RESIDUAL] =
        {"reflection_residual", N_("Reflection residual"), "",
         N_("The error of the decoded gathers in units of all that lies below the "
            "surface row: 1 is no better than "
            "knowing that row, 0.1 has the reflections right to a tenth."),
         FALSE, TRUE},
    [WD_METRIC_RELATIVE_L2] =
        {"relative_l2", N_("Relative L2"), "",
         N_("The error of the decoded gathers over their simulation, direct wave included: "
            "silence scores 1."),
         FALSE, TRUE},
    [WD_METRIC_LOG_NORM_MSE] =
        {"log_norm_mse", N_("MSE, log-norm scale"), "",
         N_("Mean squared error on the scale that networks see; it says little without the "
            "levels of silence and of the direct wave."),
         FALSE, TRUE},
    [WD_METRIC_MAE] =
        {"mae", N_("Mean absolute error"), "",
         N_("Mean absolute difference of decoded and simulated gathers, in the solver's amplitude."), FALSE,
         TRUE},
    [WD_METRIC_MAX_ABS] =
        {"max_abs", N_("Largest absolute error"), "",
         N_("Largest difference of a decoded and a simulated sample, in the solver's amplitude."), FALSE,
         TRUE},
    [WD_METRIC_CORRELATION] =
        {"correlation", N_("Correlation"), "",
         N_("Correlation of decoded and simulated gathers at zero lag: 1 is the same shape."), TRUE, FALSE},
    [WD_METRIC_REFLECTION_SHARE] =
        {"reflection_share", N_("Reflection share"), "",
         N_("What the reflections are of the simulated gathers: a low relative L2 or "
            "log-norm MSE with a low share means a bland map, not a consistent pair."),
         TRUE, TRUE},
    [WD_METRIC_COHERENCE] = {"coherence", N_("Spectral coherence"), "",
                             N_("What one filter, the same for all traces of a shot, could make of the "
                                "simulated energy out of the "
                                "decoded gathers: 1 is all of it, whatever the polarity, the gain or a "
                                "common delay. Made at rest."),
                             TRUE, FALSE},
    [WD_METRIC_ENVELOPE] =
        {"envelope_misfit", N_("Envelope misfit"), "",
         N_("Difference of the traces' envelopes over those of the simulation, whatever the phase: events "
            "that "
            "are missing or too loud, not small shifts. 0 is right, silence scores 1. Made at rest."),
         FALSE, TRUE},
    [WD_SCORE_LAG] = {"mean_abs_lag", N_("Mean time lag"), "ms",
                      N_("Mean |lag| of decoded and simulated traces at their best correlation; above half a "
                         "period (33 ms at 15 Hz) a "
                         "trace is a cycle off. Made at rest."),
                      FALSE, TRUE},
    [WD_SCORE_INTERIOR] =
        {"interior_residual", N_("Interior wave-equation residual"), "",
         N_("How much the wave equation would have to be forced at the receivers for the decoded gathers "
            "to be true in the decoded map: 0 not at all, 1 as much as for gathers without any "
            "reflections. Made at rest."),
         FALSE, TRUE},
};

const WdScoreInfo *wd_score_get_info(int kind) {
  static WdScoreInfo told[WD_SCORES]; /* infos in the person's language; const once filled */
  static gsize filled;
  if (g_once_init_enter(&filled)) {
    for (int i = 0; i < WD_SCORES; i++) {
      told[i] = infos[i];
      told[i].title = _(infos[i].title);
      told[i].about = _(infos[i].about);
    }
    g_once_init_leave(&filled, 1);
  }
  return kind >= 0 && kind < WD_SCORES ? &told[kind] : NULL;
}

static void fill(double *value, const wd_measure *m) {
  for (int i = 0; i < WD_METRICS; i++) value[i] = wd_measure_get(m, (wd_metric)i);
  for (int i = WD_METRICS; i < WD_SCORES; i++) value[i] = NAN;
}

const char *wd_score_mode_words(wd_wave_mode mode) {
  static const char *const words[] = {N_("exact"), N_("fast"), N_("live")};
  return (size_t)mode < G_N_ELEMENTS(words) ? _(words[mode]) : wd_wave_mode_name(mode);
}

char *wd_score_calibration_words(const WdScore *s) {
  if (!s || s->calibration == WD_CALIBRATE_NONE) return NULL;
  if (s->calibration == WD_CALIBRATE_SIGN) return g_strdup(s->gain < 0 ? _("sign c = −1") : _("sign c = 1"));
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  return g_strdup_printf(_("gain c = %s"), g_ascii_formatd(number, sizeof number, "%.3g", s->gain));
}

WdScore *wd_score_new(const WdSimulation *simulation) {
  const wd_comparison *c = &simulation->comparison;
  const double seconds = simulation->seconds;
  WdScore *s = g_new0(WdScore, 1);
  s->mode = simulation->mode;
  s->calibration = simulation->calibration;
  s->gain = c->gain;
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
