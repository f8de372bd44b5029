/* Runs a recipe: the run, then every branch of its chain as soon as its position is there, up to the place
 * that was on screen. No GTK; main thread. */
#ifndef WD_APPLY_H
#define WD_APPLY_H

#include "app/recipe.h"
#include "app/session.h"
#include "app/view.h"

typedef enum WdApplyHow {
  WD_APPLY_HERE = 0, /* side A goes there, and looks as the recipe's view does */
  WD_APPLY_REFERENCE /* pinned, on side B of a comparison; side A stays */
} WdApplyHow;

/* FALSE with error when it cannot begin: no model, no denoiser, an opened pair that is not in a recipe. Goes
 * on by itself, until the place is reached, the run is stopped, or the recipe is cancelled by another. At
 * most one goes on in a session. */
gboolean wd_apply_recipe(WdSession *session, WdView *view, const WdRunRecipe *recipe, WdApplyHow how,
                         GError **error);
/* Whether one goes on. */
gboolean wd_apply_is_running(WdSession *session);
/* What should be said of a recipe before it is applied with this model: another model or identity. NULL:
 * nothing; g_free. */
char *wd_apply_caveat(WdSession *session, const WdRunRecipe *recipe);

#endif
