/* The figures that are kept of a latent, made from a comparison (recording.h: WdScore). */
#ifndef WD_SCORE_H
#define WD_SCORE_H

#include "app/recording.h"
#include "solver/lag.h"

/* From the comparison of decoded gathers with the simulation of their map. The lag and the interior residual
 * are NaN: they are made at rest. */
WdScore *wd_score_new(const WdSimulation *simulation);
/* The mean |lag| in ms, of all traces and of each shot's. */
void wd_score_set_lag(WdScore *score, const wd_lag_map *lags);
WdScore *wd_score_copy(const WdScore *score); /* NULL of NULL */
/* "exact", "live", in the person's language (files keep wd_wave_mode_name). */
const char *wd_score_mode_words(wd_wave_mode mode);
/* "gain c = 1.02", "sign c = -1": the calibration that a score was made under; NULL: none. g_free. */
char *wd_score_calibration_words(const WdScore *score);
void wd_score_free(WdScore *score); /* NULL is harmless */

#endif
