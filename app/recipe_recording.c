/* The recipe of a branch of a recording. */
#include "app/recipe.h"

/* What a walk's latent needs is the latent: of whatever it came, it is in the recipe. */
static void add_walk(WdRecording *recording, WdRunRecipe *r, const WdBranch *walk, int k) {
  const WdPosition *p = wd_recording_position(recording, walk->id, k);
  const WdRecipe recipe = {.family = -1};
  wd_run_recipe_add(r, 0, &recipe, p ? p->latent[WD_WHAT_ESTIMATE] : NULL);
}

WdRunRecipe *wd_run_recipe_of(WdRecording *recording, guint id, int k, WdWhat what) {
  const WdBranch *b = wd_place_owner(recording, (WdPlace){id, k});
  if (!b) return NULL;
  id = b->id;
  WdRunRecipe *r = wd_run_recipe_new();
  g_array_set_size(r->chain, 0);
  GPtrArray *way = g_ptr_array_new(); /* from the branch to its run */
  for (; b; b = b->parent && !b->recipe.begin ? wd_recording_find(recording, b->parent) : NULL)
    g_ptr_array_add(way, (gpointer)b);
  const WdBranch *root = g_ptr_array_index(way, way->len - 1);
  const WdBranch *second = way->len > 1 ? g_ptr_array_index(way, way->len - 2) : NULL;
  /* Positions are counted from where the chain begins. */
  int base = root->kind == WD_BRANCH_WALK ? second ? second->parent_at : k
             : root->recipe.begin         ? root->first
                                          : 0;
  for (guint i = way->len; i-- > 0;) {
    const WdBranch *one = g_ptr_array_index(way, i);
    WdRecipe recipe = one->recipe;
    if (one->kind == WD_BRANCH_WALK) {
      add_walk(recording, r, one, base);
      continue;
    }
    if (!one->parent && one->kind == WD_BRANCH_ENCODED) {
      r->pair = g_strdup(one->truth_name ? one->truth_name : one->name);
      r->given = one->given_velocity && one->given_gathers ? WD_GIVEN_BOTH_SIDES
                 : one->given_velocity                     ? WD_GIVEN_MAP_ALONE
                                                           : WD_GIVEN_GATHERS_ALONE;
      recipe.plan.steps = 0;
    } else {
      recipe.plan.steps = one->steps - (one->parent ? one->parent_at : 0);
    }
    if (i) recipe.refine_steps = 0; /* what the branch left behind */
    wd_run_recipe_add(r, one->parent ? one->parent_at - base : 0, &recipe, one->edited);
  }
  g_ptr_array_unref(way);
  r->model = g_strdup(wd_recording_get_model(recording));
  r->identity = g_strdup(wd_recording_get_identity(recording));
  r->position = k - base;
  r->what = what;
  const WdPosition *p = wd_recording_position(recording, id, k);
  r->mode = p && p->live[what] && !p->exact[what] ? WD_WAVE_LIVE : WD_WAVE_EXACT;
  return r;
}
