/* render --panels: what the window shows of a run, as a figure. */
#ifndef WD_CLI_RENDER_PANELS_H
#define WD_CLI_RENDER_PANELS_H

#include "app/cli/replay.h"

typedef struct render_panels_args {
  const char *file, *output, *panels, *model, *device, *title, *probe;
  const char *by, *over, *filter; /* of a population */
  const char *sample;             /* its sample that is drawn by step: a seed; NULL: the worst */
  int shot;                       /* from 1; 0: all; -1: the view's */
  int receiver;                   /* of the trace, from 1; 0: the view's crosshair */
  int branch, step;
  int cells;                /* of the plane's map of residuals; 0: none */
  double width_mm, dpi, ms; /* ms: of the wavefield */
  double epsilon;           /* of a population; NaN: its 95th percentile */
  bool dark, margin, by_family;
} render_panels_args;

wd_status render_panels(cli *c, const render_panels_args *args, wd_error *err);

/* render_population.c: whether the panels' names are those of a population's figures; and these. */
bool render_population_named(const char *panels);
wd_status render_population(cli *c, const render_panels_args *args, wd_error *err);
/* Fills args from the recipe of such a figure (or a JSON file of it): what file, panels and options; texts
 * live in *recipe, a json_t for json_decref. FALSE: `file` holds none. Without *recipe nothing was filled. */
bool render_population_recipe(const char *file, render_panels_args *args, json_t **recipe);
/* render_plane.c: the plane of the walk that the view is on. */
wd_status render_plane(replay *r, const render_panels_args *args, wd_error *err);

#endif
