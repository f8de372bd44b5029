#include "app/residual_table.h"
#include "app/csv.h"
#include "solver/family.h"

#include <math.h>

GArray *wd_residual_rows(WdRecording *r, guint id) {
  GArray *rows = g_array_new(FALSE, FALSE, sizeof(WdResidualRow));
  const WdBranch *b = wd_recording_find(r, id);
  for (int k = 0; b && k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(r, id, k);
    if (!p) continue;
    for (int i = 0; i < WD_WHATS; i++) {
      WdWhat what = i == 0 ? WD_WHAT_STATE : WD_WHAT_ESTIMATE;
      WdResidualRow row = {id, k, what, p, wd_position_score(p, what)};
      if (!row.score && wd_branch_is_data(b, p, k))
        row.score = wd_position_score(p, WD_WHAT_ESTIMATE); /* the same latent */
      g_array_append_val(rows, row);
    }
  }
  return rows;
}

/* The first columns of the command line's residuals.csv, in its order; and those that follow the mode and the
 * shot. */
static const int leading[] = {WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2, WD_METRIC_LOG_NORM_MSE,
                              WD_METRIC_REFLECTION_SHARE};
static const int others[] = {WD_METRIC_MAE,     WD_METRIC_MAX_ABS,   WD_METRIC_CORRELATION, WD_SCORE_LAG,
                             WD_SCORE_INTERIOR, WD_METRIC_COHERENCE, WD_METRIC_ENVELOPE};
G_STATIC_ASSERT(G_N_ELEMENTS(leading) + G_N_ELEMENTS(others) == WD_SCORES);

static void put_names(GString *s, const int *kind, gsize n) {
  for (gsize i = 0; i < n; i++) g_string_append_printf(s, ",%s", wd_score_get_info(kind[i])->key);
}

static void put_values(GString *s, const double *value, const int *kind, gsize n) {
  for (gsize i = 0; i < n; i++) {
    g_string_append_c(s, ',');
    wd_csv_number(s, value ? value[kind[i]] : NAN, WD_CSV_DIGITS);
  }
}

/* shot -1: of all. */
static void put_row(GString *s, const WdBranch *b, guint64 seed, const WdResidualRow *row,
                    const WdScore *score, int shot) {
  const gboolean data = wd_branch_is_data(b, row->position, row->k);
  const double *value = !score ? NULL : shot < 0 ? score->value : score->shot[shot];
  g_string_append_printf(s, "%" G_GUINT64_FORMAT ",%s,%d,%d,", seed,
                         b->recipe.family < 0 ? "any" : wd_family_name((wd_family)b->recipe.family), row->k,
                         data ? -1 : row->position->level.timestep);
  wd_csv_number(s, data ? INFINITY : row->position->level.log_snr, WD_CSV_DIGITS);
  g_string_append(s, row->what == WD_WHAT_STATE ? ",xt" : ",x0");
  put_values(s, value, leading, G_N_ELEMENTS(leading));
  g_string_append_printf(s, ",%s,", score ? wd_wave_mode_name(score->mode) : "none");
  if (shot < 0)
    g_string_append(s, "all");
  else
    g_string_append_printf(s, "%d", shot + 1);
  put_values(s, value, others, G_N_ELEMENTS(others));
  g_string_append_printf(s, ",%d,", MAX(0, row->k - b->steps));
  wd_csv_text(s, b->name);
  g_string_append_c(s, '\n');
}

static void put_every(GString *s, const WdBranch *b, guint64 seed, const WdResidualRow *row) {
  const WdScore *const score[] = {row->position->exact[row->what], row->position->live[row->what]};
  for (gsize m = 0; m < G_N_ELEMENTS(score); m++)
    for (int shot = -1; score[m] && shot < (score[m]->shot ? score[m]->shots : 0); shot++)
      put_row(s, b, seed, row, score[m], shot);
}

char *wd_residual_csv(WdRecording *r, const guint *branch, guint branches, gboolean every) {
  GString *s = g_string_new("seed,family,step,timestep,log_snr,kind");
  put_names(s, leading, G_N_ELEMENTS(leading));
  g_string_append(s, ",mode,shot");
  put_names(s, others, G_N_ELEMENTS(others));
  g_string_append(s, ",refinement,branch\n");
  for (guint n = 0; n < branches; n++) {
    const WdBranch *b = wd_recording_find(r, branch[n]);
    if (!b) continue;
    const guint64 seed = wd_recording_root(r, b->id)->recipe.seed;
    g_autoptr(GArray) rows = wd_residual_rows(r, b->id);
    for (guint i = 0; i < rows->len; i++) {
      const WdResidualRow *row = &g_array_index(rows, WdResidualRow, i);
      if (every)
        put_every(s, b, seed, row);
      else
        put_row(s, b, seed, row, row->score, -1);
    }
  }
  return g_string_free(s, FALSE);
}
