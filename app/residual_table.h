/* All positions of branches with their figures: the rows of the plot's table, and residuals.csv. Without
 * GTK. */
#ifndef WD_RESIDUAL_TABLE_H
#define WD_RESIDUAL_TABLE_H

#include "app/recording.h"

typedef struct WdResidualRow {
  guint branch;
  int k;
  WdWhat what;
  const WdPosition *position; /* borrowed */
  const WdScore *score;       /* borrowed; NULL: none. x_t of the data has x0-hat's: the same latent */
} WdResidualRow;
/* GArray of WdResidualRow: every position made of the branch, x_t and x0-hat as residuals.csv has them. */
GArray *wd_residual_rows(WdRecording *recording, guint branch);

/* The columns of `wavediffusion-cli sample`'s residuals.csv up to reflection_share, in its order and its way
 * of writing numbers (seed: of the run that a branch stems from; data: timestep -1, log_snr inf), then: mode,
 * shot ("all" or 1..n), mae, max_abs, correlation, mean_abs_lag, interior_residual, coherence,
 * envelope_misfit, refinement (steps after the data), branch. Figures that were not made are "nan". g_free.
 *
 * every: a row for every score that there is, exact and live, of all shots and of each. Otherwise a row for
 * every position and kind, with its score where it has one (mode "none" where not), of all shots. */
char *wd_residual_csv(WdRecording *recording, const guint *branch, guint branches, gboolean every);

#endif
