/* The residual plot without GTK: series, bands, reference lines, the verdict in words, the table and the CSV
 * are put together here from a recording, a view and the model's reference levels. */
#ifndef WD_PLOT_DATA_H
#define WD_PLOT_DATA_H

#include "app/session.h"
#include "app/view.h"
#include "render/curve.h"

/* How generated pairs of the model score at each step of sampling: evaluation.json's "convergence". */
typedef struct WdPopulationSteps {
  int count, seeds;
  int *timestep;              /* count; -1: the data */
  double *median, *p05, *p95; /* count */
} WdPopulationSteps;
/* Of one figure and of x0-hat or x_t. NULL: the model's folder holds no such thing, or of other weights than
 * those of this identity. */
WdPopulationSteps *wd_population_steps_load(const char *model_folder, const char *identity, int score_kind,
                                            WdWhat what);
/* What a plot of that session's recording shows behind its curves: the weights that made the recording, of
 * which there may be others than those loaded, in the view's metric and state. */
WdPopulationSteps *wd_population_steps_of(WdSession *session, const WdView *view);
/* Those weights' identity, borrowed; "" or NULL: none. */
const char *wd_population_identity(WdSession *session);
void wd_population_steps_free(WdPopulationSteps *steps); /* NULL is harmless */

typedef struct WdPlotDesc {
  WdRecording *recording;
  const WdView *view;                  /* metric, axis, linear, per_shot, both, ..., places */
  const WdLevels *levels;              /* of the metric; NULL: none */
  const WdLevels *share;               /* of the reflection share; NULL: none */
  const WdPopulationSteps *population; /* NULL: none */
} WdPlotDesc;

/* What a point of a series stands for. */
typedef struct WdPlotPoint {
  guint branch; /* 0: not a position (population) */
  int k;
  WdWhat what;
} WdPlotPoint;

typedef struct WdPlot {
  wd_curve curve;
  wd_curve share;      /* under it: the reflection share; n_series 0: none */
  WdPlotPoint **point; /* of each series of `curve`, count entries */
  double epsilon;      /* in force for this metric, NaN: none */
  gboolean own_epsilon;
  GPtrArray *memory; /* that all this points into */
} WdPlot;

WdPlot *wd_plot_new(const WdPlotDesc *desc);
void wd_plot_free(WdPlot *plot); /* NULL is harmless */

/* Where position k of a branch stands on the x axis; NaN where that is not known. On the axes of timestep and
 * log-SNR the data stand one gap beyond the last level, and refinement beyond them. In steps, a branch that
 * is aligned by noise level stands where A had that level. */
double wd_plot_x(const WdPlotDesc *desc, guint branch, int k);
/* The position of a branch nearest to x; -1: none. */
int wd_plot_position_at(const WdPlotDesc *desc, guint branch, double x);

/* One line of the verdict on the score on screen: "Within ε (1.69: 95 % of true pairs through this model
 * score less)", "2.1 × ε", "little to reflect"... score NULL: says that there is none. g_free. */
char *wd_plot_verdict(const WdPlotDesc *desc, const WdScore *score);
/* The same of both sides of a comparison: "Reflection residual A 0.39 · B 0.41: both within ε (1.08)".
 * g_free. */
char *wd_plot_verdict_of_both(const WdPlotDesc *desc, const WdScore *a, const WdScore *b);
/* What the epsilon line means, for its tooltip. g_free. */
char *wd_plot_epsilon_words(const WdPlotDesc *desc);
double wd_plot_epsilon(const WdPlotDesc *desc, gboolean *own);

#endif
