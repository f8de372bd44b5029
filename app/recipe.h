/* A run's recipe: all that is needed to make what is on screen again, as JSON that goes into every exported
 * picture and beside every exported array, and back from it.
 *
 *   {"format": "wavediffusion-recipe", "version": 1,
 *    "model": {"name": "default", "identity": "..."},
 *    "chain": [{"seed": 42, "family": "any", "sampler": "dpmpp-2m", "steps": 16, "eta": 0, "guidance": 0},
 *              {"at": 6, "steps": 10, "sampler": "ddim", "eta": 1, ..., "noise_seed": 99}],
 *    "position": 12, "what": "x0-hat", "mode": "exact", "view": {...}}
 *
 * A first link may start from a latent in place of noise: with "edited" alone it is that latent (of a walk),
 * with "begin" ("noised" or "at") and "timestep" too it is what is sampled from it.
 *
 * A link that was refined has "refine": {"steps": 20, "rate": 0.02, "mode": "live"}, or a list of these where
 * refinement was begun again, since an optimiser that begins anew goes another way than one that goes on.
 * "beside" is the recipe of side B, of a comparison.
 *
 * The chain leads from the run to the branch on screen: its first link is the run, every other one leaves the
 * link before at position `at`. Links take what they do not say from the link before. Unknown keys are
 * ignored; what is known and wrong is refused by name ("chain[1].sampler"). The recipe.json that
 * wavediffusion-cli sample writes is read too: its first seed. Seeds above 2^53 are written as text, since
 * most readers of JSON have doubles. */
#ifndef WD_RECIPE_H
#define WD_RECIPE_H

#include "app/recording.h"

typedef struct WdRunLink {
  int at;          /* position at which it leaves the link before; 0 for the run */
  WdRecipe recipe; /* plan.steps of a branch: those that remain from `at` on */
  GBytes *edited;  /* the latent that this link starts from in place of its parent's; NULL: none */
  /* Refinement that was begun more than once, each time by an optimiser of its own: WdRefineLeg, of which
   * recipe.refine_steps are the sum. NULL: one, as `recipe` says. */
  GArray *legs;
} WdRunLink;

typedef struct WdRefineLeg {
  int steps;
  double rate;
  wd_wave_mode mode;
} WdRefineLeg;

typedef enum WdGiven { WD_GIVEN_BOTH_SIDES = 0, WD_GIVEN_MAP_ALONE, WD_GIVEN_GATHERS_ALONE } WdGiven;

typedef struct WdRunRecipe {
  char *model, *identity; /* may be NULL */
  char *folder;  /* of a model that did not come with the program; NULL: wd_find_model knows it by name */
  char *pair;    /* name of the opened pair that the run was encoded from; NULL: it was sampled */
  WdGiven given; /* of that pair, to the encoder */
  GArray *chain; /* WdRunLink, at least one */
  int position;
  WdWhat what;
  wd_wave_mode mode; /* of the scores shown */
  wd_calibration calibration;
  char *precision;            /* "f32" or "bf16", of the networks; NULL: not known */
  char *device;               /* as wd_device_open takes it; NULL: any */
  char *view;                 /* JSON of the view (app/view.h), kept as it is; NULL: none */
  struct WdRunRecipe *beside; /* side B of a comparison: its chain and position; NULL: none */
} WdRunRecipe;

#define WD_RECIPE_FORMAT "wavediffusion-recipe"
enum { WD_RECIPE_VERSION = 1, WD_RECIPE_CHAIN_MAX = 64, WD_RECIPE_BYTES_MAX = 16 << 20 };

/* One link with the defaults: seed 0, any family, 16 steps of the default sampler; position 16. */
WdRunRecipe *wd_run_recipe_new(void);
WdRunRecipe *wd_run_recipe_copy(const WdRunRecipe *recipe);
void wd_run_recipe_free(WdRunRecipe *recipe); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdRunRecipe, wd_run_recipe_free)

WdRunLink *wd_run_recipe_link(const WdRunRecipe *recipe, guint i);
guint wd_run_recipe_links(const WdRunRecipe *recipe);
/* Adds a link; takes a reference to edited. */
void wd_run_recipe_add(WdRunRecipe *recipe, int at, const WdRecipe *link, GBytes *edited);
/* Leg i of a link's refinement; steps 0: there is none. */
WdRefineLeg wd_run_link_leg(const WdRunLink *link, guint i);
/* Adds a leg of refinement to the last link. */
void wd_run_recipe_refine(WdRunRecipe *recipe, const WdRefineLeg *leg);
/* The position of the data: at + steps of the last link. */
int wd_run_recipe_steps(const WdRunRecipe *recipe);

/* Of a branch of a recording at position k (app/recipe_recording.c). NULL: there is no such branch. */
WdRunRecipe *wd_run_recipe_of(WdRecording *recording, guint id, int k, WdWhat what);

char *wd_run_recipe_to_json(const WdRunRecipe *recipe); /* indented; g_free */
char *wd_run_recipe_to_line(const WdRunRecipe *recipe); /* the same in one line */
/* WD_ERR_FORMAT in app/status_error.h's domain, the message names the member. */
WdRunRecipe *wd_run_recipe_from_json(const char *json, GError **error);
/* Whether a text looks like a recipe at all (a JSON object with a format of ours): for telling files apart.
 */
gboolean wd_run_recipe_recognise(const char *json);

#endif
