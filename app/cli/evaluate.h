/* What the evaluate command shows of an evaluation: a table for people, and figures. */
#ifndef WD_CLI_EVALUATE_H
#define WD_CLI_EVALUATE_H

#include "app/cli/cli.h"
#include "model/evaluate.h"

/* The report (wd_evaluation_report) as a table on stdout. */
void evaluate_print(const json_t *report);

/* Writes pairs.png, gathers.png, generated.png and convergence.png (with stage 2), validity.png into the
 * folder, and what evaluate_draw.h lists, each with `recipe` (JSON) inside. */
wd_status evaluate_figures(wd_model *model, const wd_evaluation *e, const char *folder, const char *recipe,
                           wd_error *err);

/* The names of these files, with stage 2 or without; ends with NULL. */
const char *const *evaluate_figure_names(bool generates);

#endif
