/* Runs a recipe: the run, then every branch of its chain as soon as its position is there, with every leg of
 * its refinement, up to the place that was on screen; then the same for side B of a comparison, where the
 * recipe has one. No GTK; main thread. */
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
/* The branch on screen of the recipe that was last applied, of side A where it has two, once its place is
 * reached and nothing of it goes on. 0 while it does, and when it was stopped or failed on the way. */
guint wd_apply_get_branch(WdSession *session);
/* Why a link of it or its side B could not begin, which the session's notice said too; NULL: all did. Until
 * the next one. */
const char *wd_apply_get_failure(WdSession *session);
/* What should be said of a recipe before it is applied with this model: another model or identity. NULL:
 * nothing; g_free. */
char *wd_apply_caveat(WdSession *session, const WdRunRecipe *recipe);

#endif
