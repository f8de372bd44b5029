/* The recipe of a branch of a recording. */
#include "app/recipe.h"

/* What a walk's latent needs is the latent: of whatever it came, it is in the recipe. */
static void add_walk(WdRecording *recording, WdRunRecipe *r, const WdBranch *walk, int k) {
  const WdPosition *p = wd_recording_position(recording, walk->id, k);
  const WdRecipe recipe = {.family = -1};
  wd_run_recipe_add(r, 0, &recipe, p ? p->latent[WD_WHAT_ESTIMATE] : NULL);
}

/* How the refined steps of a branch came about: a leg ends where an optimiser began anew. */
static void add_legs(WdRunRecipe *r, WdRecording *recording, const WdBranch *b) {
  WdRefineLeg leg = {0};
  for (int k = b->steps + 1; k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(recording, b->id, k);
    if (leg.steps && p->refine_begins) {
      wd_run_recipe_refine(r, &leg);
      leg.steps = 0;
    }
    if (!leg.steps) {
      leg.rate = p->refine_rate > 0 ? p->refine_rate : b->recipe.refine_rate;
      leg.mode = p->refine_rate > 0 ? p->refine_mode : b->recipe.refine_mode;
    }
    leg.steps++;
  }
  if (leg.steps) wd_run_recipe_refine(r, &leg);
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
    recipe.refine_steps = 0;
    wd_run_recipe_add(r, one->parent ? one->parent_at - base : 0, &recipe, one->edited);
    if (!i) add_legs(r, recording, one); /* what is refined of the others, the branch has left behind */
  }
  g_ptr_array_unref(way);
  r->model = g_strdup(wd_recording_get_model(recording));
  r->identity = g_strdup(wd_recording_get_identity(recording));
  r->position = k - base;
  r->what = what;
  const WdPosition *p = wd_recording_position(recording, id, k);
  const WdScore *score = p ? wd_position_score(p, what) : NULL;
  if (score) r->calibration = score->calibration;
  r->mode = p && p->live[what] && !p->exact[what] ? WD_WAVE_LIVE : WD_WAVE_EXACT;
  return r;
}
