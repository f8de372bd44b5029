/* All positions of branches with their figures: the plot's table, and the same as CSV. */
#include "app/plot_data.h"
#include "solver/family.h"

#include <math.h>
#include <string.h>

GArray *wd_plot_rows(WdRecording *r, guint id) {
  GArray *rows = g_array_new(FALSE, FALSE, sizeof(WdPlotRow));
  const WdBranch *b = wd_recording_find(r, id);
  for (int k = 0; b && k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(r, id, k);
    if (!p) continue;
    for (int i = 0; i < WD_WHATS; i++) {
      WdWhat what = i == 0 ? WD_WHAT_STATE : WD_WHAT_ESTIMATE;
      WdPlotRow row = {id, k, what, p, wd_position_score(p, what)};
      if (!row.score && wd_branch_is_data(b, p, k))
        row.score = wd_position_score(p, WD_WHAT_ESTIMATE); /* the same latent */
      g_array_append_val(rows, row);
    }
  }
  return rows;
}

/* As residuals.csv of the command line writes numbers. */
static void number(GString *s, double value) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  if (isfinite(value))
    g_string_append(s, g_ascii_formatd(text, sizeof text, "%.9g", value));
  else
    g_string_append(s, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

/* A text cell: quoted where it has to be. */
static void cell(GString *s, const char *text) {
  if (!strpbrk(text, ",\"\n\r")) {
    g_string_append(s, text);
    return;
  }
  g_string_append_c(s, '"');
  for (; *text; text++) {
    if (*text == '"') g_string_append_c(s, '"');
    g_string_append_c(s, *text);
  }
  g_string_append_c(s, '"');
}

char *wd_plot_csv(WdRecording *r, const guint *branch, guint branches) {
  static const int first[] = {WD_METRIC_REFLECTION_RESIDUAL, WD_METRIC_RELATIVE_L2, WD_METRIC_LOG_NORM_MSE,
                              WD_METRIC_REFLECTION_SHARE};
  static const int rest[] = {WD_METRIC_MAE, WD_METRIC_MAX_ABS, WD_METRIC_CORRELATION, WD_SCORE_LAG,
                             WD_SCORE_INTERIOR};
  GString *s = g_string_new("seed,family,step,timestep,log_snr,kind");
  for (gsize i = 0; i < G_N_ELEMENTS(first); i++)
    g_string_append_printf(s, ",%s", wd_score_get_info(first[i])->key);
  g_string_append(s, ",mode");
  for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
    g_string_append_printf(s, ",%s", wd_score_get_info(rest[i])->key);
  g_string_append(s, ",refinement,branch\n");
  for (guint n = 0; n < branches; n++) {
    const WdBranch *b = wd_recording_find(r, branch[n]);
    if (!b) continue;
    GArray *rows = wd_plot_rows(r, b->id);
    for (guint i = 0; i < rows->len; i++) {
      const WdPlotRow *row = &g_array_index(rows, WdPlotRow, i);
      gboolean data = wd_branch_is_data(b, row->position, row->k);
      const char *family = b->recipe.family >= 0 ? wd_family_name((wd_family)b->recipe.family) : "any";
      g_string_append_printf(s, "%" G_GUINT64_FORMAT ",%s,%d,%d,", b->recipe.seed, family ? family : "any",
                             row->k, data ? -1 : row->position->level.timestep);
      number(s, data ? INFINITY : row->position->level.log_snr);
      g_string_append(s, row->what == WD_WHAT_STATE ? ",xt" : ",x0");
      for (gsize f = 0; f < G_N_ELEMENTS(first); f++) {
        g_string_append_c(s, ',');
        number(s, row->score ? row->score->value[first[f]] : NAN);
      }
      g_string_append_printf(s, ",%s", row->score ? wd_wave_mode_name(row->score->mode) : "none");
      for (gsize f = 0; f < G_N_ELEMENTS(rest); f++) {
        g_string_append_c(s, ',');
        number(s, row->score ? row->score->value[rest[f]] : NAN);
      }
      g_string_append_printf(s, ",%d,", MAX(0, row->k - b->steps));
      cell(s, b->name ? b->name : "");
      g_string_append_c(s, '\n');
    }
    g_array_unref(rows);
  }
  return g_string_free(s, FALSE);
}
