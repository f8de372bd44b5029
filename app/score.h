/* The figures that are kept of a latent, made from a comparison (recording.h: WdScore). */
#ifndef WD_SCORE_H
#define WD_SCORE_H

#include "app/recording.h"
#include "solver/lag.h"

/* From the comparison of decoded gathers with the simulation of their map. The lag and the interior residual
 * are NaN: they are made at rest. */
WdScore *wd_score_new(wd_wave_mode mode, const wd_comparison *comparison, double seconds);
/* The mean |lag| in ms, of all traces and of each shot's. */
void wd_score_set_lag(WdScore *score, const wd_lag_map *lags);
WdScore *wd_score_copy(const WdScore *score); /* NULL of NULL */
void wd_score_free(WdScore *score);           /* NULL is harmless */

#endif
