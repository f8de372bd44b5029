/* render --panels: what the window shows of a run, as a figure. */
#ifndef WD_CLI_RENDER_PANELS_H
#define WD_CLI_RENDER_PANELS_H

#include "app/cli/cli.h"

typedef struct render_panels_args {
  const char *file, *output, *panels, *model, *device, *title, *probe;
  int shot; /* from 1; 0: the view's */
  int branch, step;
  double width_mm, dpi, ms; /* ms: of the wavefield */
  bool dark, margin;
} render_panels_args;

wd_status render_panels(cli *c, const render_panels_args *args, wd_error *err);

#endif
