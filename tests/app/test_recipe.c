/* Recipes: out and back, the command line's own recipe.json, and bad ones refused by name. No display. */
#include "app/recipe.h"
#include "app/status_error.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static WdRunRecipe *rich(void) {
  WdRunRecipe *r = wd_run_recipe_new();
  WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  p->seed = G_MAXUINT64;
  p->family = 7;
  p->plan = (wd_sampler_plan){WD_SAMPLER_DDIM, 20, 0.1 + 0.2, -1.0 / 3};
  WdRecipe b = *p;
  b.plan.kind = WD_SAMPLER_DPMPP_2M;
  b.plan.steps = 9;
  b.plan.eta = 0;
  b.family = -1;
  b.new_noise = TRUE;
  b.noise_seed = (UINT64_C(1) << 53) + 1;
  b.refine_steps = 5;
  b.refine_rate = 0.03;
  const float edit[3] = {1.5f, -2.25f, 1e-30f};
  g_autoptr(GBytes) bytes = g_bytes_new(edit, sizeof edit);
  wd_run_recipe_add(r, 6, &b, bytes);
  r->model = g_strdup("default \"quoted\" \xc3\xa9");
  r->identity = g_strdup("a1b2");
  r->position = 18;
  r->what = WD_WHAT_STATE;
  r->mode = WD_WAVE_LIVE;
  r->calibration = WD_CALIBRATE_GAIN;
  wd_run_recipe_link(r, 1)->recipe.refine_mode = WD_WAVE_EXACT;
  r->precision = g_strdup("bf16");
  r->device = g_strdup("cpu:2");
  r->view = g_strdup("{\"shot\":2,\"unknown\":[1,2.5]}");
  return r;
}

static gboolean same_link(const WdRunLink *a, const WdRunLink *b) {
  return a->at == b->at && a->recipe.family == b->recipe.family &&
         a->recipe.plan.kind == b->recipe.plan.kind && a->recipe.plan.steps == b->recipe.plan.steps &&
         a->recipe.plan.eta == b->recipe.plan.eta && a->recipe.plan.guidance == b->recipe.plan.guidance &&
         a->recipe.new_noise == b->recipe.new_noise &&
         (!a->recipe.new_noise || a->recipe.noise_seed == b->recipe.noise_seed) &&
         a->recipe.refine_steps == b->recipe.refine_steps && !a->edited == !b->edited &&
         (!a->edited || g_bytes_equal(a->edited, b->edited));
}

static void round_trip(void) {
  g_autoptr(WdRunRecipe) r = rich();
  g_autofree char *json = wd_run_recipe_to_json(r);
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRunRecipe) b = wd_run_recipe_from_json(json, &error);
  if (!tap_ok(b != NULL, "a rich recipe comes back%s%s", error ? ": " : "", error ? error->message : ""))
    return;
  tap_ok(wd_run_recipe_links(b) == 2 && same_link(wd_run_recipe_link(r, 0), wd_run_recipe_link(b, 0)) &&
             same_link(wd_run_recipe_link(r, 1), wd_run_recipe_link(b, 1)),
         "its links are the same to the last bit");
  tap_ok(wd_run_recipe_link(b, 0)->recipe.seed == G_MAXUINT64, "with the largest seed there is");
  tap_ok(!strcmp(b->model, r->model) && !strcmp(b->identity, "a1b2") && b->position == 18 &&
             b->what == r->what && b->mode == r->mode && b->calibration == r->calibration &&
             wd_run_recipe_link(b, 1)->recipe.refine_mode == WD_WAVE_EXACT && !strcmp(b->precision, "bf16") &&
             !strcmp(b->device, "cpu:2"),
         "and all that stands beside them");
  g_autofree char *again = wd_run_recipe_to_json(b);
  tap_ok(!strcmp(again, json), "written again it is the same text");
  tap_ok(strstr(again, "unknown") != NULL, "the view is kept as it is, with what is not known of it");
  tap_ok(wd_run_recipe_steps(b) == 15, "the data stand at %d", wd_run_recipe_steps(b));
  g_autoptr(WdRunRecipe) c = wd_run_recipe_copy(b);
  g_autofree char *copied = wd_run_recipe_to_json(c);
  tap_ok(!strcmp(copied, json), "a copy says the same");
}

static void small(void) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRunRecipe) r = wd_run_recipe_from_json("{\"format\": \"wavediffusion-recipe\", \"chain\": "
                                                     "[{\"seed\": 3}, {\"at\": 4, \"sampler\": \"ddim\"}]}",
                                                     &error);
  if (!tap_ok(r != NULL, "a recipe may say little%s", error ? error->message : "")) return;
  const WdRunLink *l = wd_run_recipe_link(r, 1);
  tap_ok(l->recipe.plan.steps == 12 && l->recipe.seed == 3 && l->recipe.plan.kind == WD_SAMPLER_DDIM &&
             r->position == 16,
         "a link takes the rest from the one before it");
  g_autoptr(WdRunRecipe) cli =
      wd_run_recipe_from_json("{\"format\": \"wavediffusion-run\", \"version\": 1, \"command\": \"sample\", "
                              "\"model\": {\"name\": \"default\", "
                              "\"folder\": \"x\", \"identity\": \"i\"}, \"seeds\": \"17-20,3\", \"family\": "
                              "\"all\", \"sampler\": \"ddim\", "
                              "\"steps\": 14, \"run_steps\": 8, \"eta\": 0.5, \"guidance\": 1.0, "
                              "\"branches\": [{\"at\": 4, \"sampler\": "
                              "\"dpmpp-2m\", \"steps\": 10, \"eta\": 0, \"guidance\": 1.0, \"noise_seed\": "
                              "\"5\"}], \"precision\": \"f32\"}",
                              &error);
  if (!tap_ok(cli != NULL, "recipe.json of the command line is read%s", error ? error->message : "")) return;
  const WdRunLink *first = wd_run_recipe_link(cli, 0), *branch = wd_run_recipe_link(cli, 1);
  tap_ok(first->recipe.seed == 17 && first->recipe.family == 7 && first->recipe.plan.steps == 8 &&
             first->recipe.plan.eta == 0.5 && branch->at == 4 && branch->recipe.noise_seed == 5 &&
             wd_run_recipe_steps(cli) == 14,
         "its first seed, its family of all, its branch");
}

static void refused(const char *json, const char *named) {
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRunRecipe) r = wd_run_recipe_from_json(json, &error);
  tap_ok(!r && error && error->domain == WD_STATUS_ERROR && strstr(error->message, named), "refused: %s",
         error ? error->message : json);
}

#define CHAIN(x) "{\"format\": \"wavediffusion-recipe\", \"chain\": [" x "]}"
#define FIELD(x) "{\"format\": \"wavediffusion-recipe\", \"chain\": [{}], " x "}"

static void bad(void) {
  refused("", "no JSON");
  refused("{", "no JSON");
  refused("[1, 2]", "no recipe");
  refused("{\"format\": \"gimp\"}", "\"gimp\"");
  refused("{\"format\": 7}", "no recipe");
  refused("{\"program\": \"wavediffusion-cli\", \"command\": \"render\", \"file\": \"v.npy\"}", "from v.npy");
  refused("{\"format\": \"wavediffusion-recipe\"}", "chain");
  refused(CHAIN(""), "chain");
  refused(CHAIN("3"), "chain[0].");
  refused(CHAIN("{\"seed\": -1}"), "chain[0].seed");
  refused(CHAIN("{\"seed\": \"12x\"}"), "chain[0].seed");
  refused(CHAIN("{\"seed\": 1.5}"), "chain[0].seed");
  refused(CHAIN("{\"sampler\": \"euler\"}"), "dpmpp-2m, ddim, ddpm");
  refused(CHAIN("{\"steps\": 0}"), "chain[0].steps");
  refused(CHAIN("{\"steps\": 1e3}"), "chain[0].steps");
  refused(CHAIN("{\"steps\": 999999999999}"), "chain[0].steps");
  refused(CHAIN("{\"eta\": 1.01}"), "chain[0].eta");
  refused(CHAIN("{\"eta\": \"much\"}"), "chain[0].eta");
  refused(CHAIN("{\"family\": \"foldvel-a\"}"), "foldvel-a");
  refused(CHAIN("{}, {}"), "chain[1].at");
  refused(CHAIN("{}, {\"at\": 16}"), "chain[1].at");
  refused(CHAIN("{}, {\"at\": 5}, {\"at\": 4}"), "chain[2].at");
  refused(CHAIN("{\"refine\": {\"steps\": -1}}"), "chain[0].refine.steps");
  refused(CHAIN("{\"refine\": 5}"), "chain[0].refine");
  refused(CHAIN("{\"edited\": \"AAA\"}"), "chain[0].edited");
  refused(CHAIN("{\"edited\": \"AADAfw==\"}"), "not finite");
  refused(FIELD("\"position\": 17"), "position is 17, but its run ends at 16");
  refused(FIELD("\"what\": \"x1\""), "x0-hat, x_t");
  refused(FIELD("\"mode\": \"slow\""), "exact, fast, live");
  refused(FIELD("\"view\": 3"), "view");
  refused(FIELD("\"version\": 99"), "version");
  refused(FIELD("\"model\": {\"name\": 3}"), "model.name");
  refused("{\"format\": \"wavediffusion-run\", \"command\": \"encode\"}", "encode");
  refused("{\"format\": \"wavediffusion-run\", \"command\": \"sample\", \"seeds\": \"x\"}", "seeds");
  GString *many = g_string_new("{\"format\": \"wavediffusion-recipe\", \"chain\": [{}");
  for (int i = 0; i < 100; i++) g_string_append(many, ",{\"at\": 1}");
  g_string_append(many, "]}");
  refused(many->str, "1 to 64");
  g_string_free(many, TRUE);
  GString *deep = g_string_new(NULL);
  for (int i = 0; i < 100000; i++) g_string_append_c(deep, '[');
  refused(deep->str, "no JSON");
  g_string_free(deep, TRUE);
}

int main(void) {
  round_trip();
  small();
  bad();
  return tap_done();
}
