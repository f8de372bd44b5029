/* What a command line asks to be run: a seed with its plan, or a recipe whole, with its branches, edits and
 * refinement, up to the place that was on screen and with the view that it had. */
#ifndef WD_STARTUP_RUN_H
#define WD_STARTUP_RUN_H

#include "app/recipe.h"
#include "app/window.h"

typedef enum WdRunAsked {
  WD_RUN_NOTHING = 0,
  WD_RUN_SEED,  /* `plain` */
  WD_RUN_RECIPE /* `recipe`, of `file` */
} WdRunAsked;

typedef struct WdStartupRun {
  WdRunAsked asked;
  WdRecipe plain;
  WdRunRecipe *recipe;
  char *file;
  char *model;        /* folder or name of the recipe's; NULL: it tells none */
  gboolean any_model; /* the caller chose the model: another one than the recipe's is only warned of */
} WdStartupRun;

/* Reads --run: the recipe in a JSON, PNG, PDF or SVG file, or in FILE.json beside any other. Whatever could
 * not be run as it is written is an error here: no recipe, an opened pair, --seed and its kin beside it, a
 * --step (-1: none; it replaces the recipe's place) beyond its end. */
gboolean wd_startup_run_read_recipe(WdStartupRun *run, GApplicationCommandLine *line, int step,
                                    GError **error);
/* Reads --seed, --steps, --sampler, --family into `plain`, which holds the window's own plan. */
gboolean wd_startup_run_read_seed(WdStartupRun *run, GVariantDict *options, GError **error);
void wd_startup_run_clear(WdStartupRun *run);

/* Begins. FALSE without error: not yet possible; with error: never. */
gboolean wd_startup_run_begin(WdStartupRun *run, WdWindow *window, GApplicationCommandLine *line,
                              GError **error);
/* What came of a recipe, once nothing runs; NULL: its place was reached. g_free. */
char *wd_startup_run_fault(const WdStartupRun *run, WdWindow *window);

#endif
