/* What the figures of an evaluation share. */
#ifndef WD_CLI_EVALUATE_DRAW_H
#define WD_CLI_EVALUATE_DRAW_H

#include "app/cli/evaluate.h"

#include "render/figure.h"

typedef struct drawing {
  wd_model *model;
  const wd_evaluation *e;
  const wd_evaluation_result *r;
  const char *folder, *recipe;
  char source[200];
} drawing;

/* Items in a grid, width in millimetres, as `name` in the folder. */
wd_status evaluate_write_figure(const drawing *d, const wd_figure_item *item, int items, int columns,
                                const char *name, double width, wd_error *err);

/* evaluate_sheet.c; all need the pictures of a generated population. sheet.png: 64 generated pairs beside 64
 * test pairs, by family, gathers without their direct wave. */
wd_status evaluate_draw_sheet(const drawing *d, wd_error *err);
/* reflections.png: decoded, simulated, difference; direct wave removed. */
wd_status evaluate_draw_reflections(const drawing *d, wd_error *err);
/* neighbours.png: the generated maps that are nearest to a training map, and those. */
wd_status evaluate_draw_neighbours(const drawing *d, wd_error *err);

#endif
