#include "app/startup_run.h"

#include "app/apply.h"
#include "app/i18n.h"
#include "app/import.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <string.h>

static gboolean bad(GError **error, const char *format, const char *value) {
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, value);
  return FALSE;
}

static int last_position(const WdRunRecipe *r) {
  return wd_run_recipe_steps(r) + wd_run_recipe_link(r, wd_run_recipe_links(r) - 1)->recipe.refine_steps;
}

static gboolean check(WdStartupRun *run, GVariantDict *o, int step, GError **error) {
  static const char *const not_with[] = {"seed", "steps", "sampler", "family"};
  WdRunRecipe *r = run->recipe;
  for (gsize i = 0; i < G_N_ELEMENTS(not_with); i++)
    if (g_variant_dict_contains(o, not_with[i]))
      return bad(error, _("--%s does not go with --run: the recipe tells how to run"), not_with[i]);
  if (r->pair)
    return bad(
        error,
        _("--run: the recipe starts from an opened pair, %s, which is not in it: open that pair, or the "
          "recording"),
        r->pair);
  if (step < 0) return TRUE;
  if (step > last_position(r)) {
    g_autofree char *words = g_strdup_printf(_("--step %d, and the run ends at %d"), step, last_position(r));
    return bad(error, "%s", words);
  }
  r->position = step;
  return TRUE;
}

gboolean wd_startup_run_read_recipe(WdStartupRun *run, GApplicationCommandLine *line, int step,
                                    GError **error) {
  GVariantDict *o = g_application_command_line_get_options_dict(line);
  const char *text = NULL;
  if (!g_variant_dict_lookup(o, "run", "^&ay", &text)) return TRUE;
  g_autoptr(GFile) file = g_application_command_line_create_file_for_arg(line, text);
  run->file = g_file_get_path(file);
  if (!run->file) return bad(error, _("--run %s is not on this machine: copy it to a folder first"), text);
  GError *own = NULL;
  g_autofree char *json = wd_import_read_recipe(run->file, &own);
  if (own) {
    g_propagate_error(error, own);
    return FALSE;
  }
  if (!json)
    return bad(error,
               _("--run %s: there is no recipe in it; give a recipe (JSON), or a PNG, PDF or SVG that this "
                 "program wrote"),
               text);
  run->recipe = wd_run_recipe_from_json(json, error);
  if (!run->recipe) {
    g_prefix_error(error, "--run %s: ", text);
    return FALSE;
  }
  run->asked = WD_RUN_RECIPE;
  run->model = g_strdup(run->recipe->folder ? run->recipe->folder : run->recipe->model);
  run->any_model = g_variant_dict_contains(o, "model");
  return check(run, o, step, error);
}

gboolean wd_startup_run_read_seed(WdStartupRun *run, GVariantDict *o, GError **error) {
  const char *text = NULL;
  if (run->recipe) return TRUE;
  if (g_variant_dict_lookup(o, "seed", "&s", &text)) {
    guint64 seed;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &seed, NULL))
      return bad(error, _("--seed \"%s\" is not a whole number"), text);
    run->plain.seed = seed;
    run->asked = WD_RUN_SEED;
  }
  g_variant_dict_lookup(o, "steps", "i", &run->plain.plan.steps);
  if (run->plain.plan.steps < 0 || run->plain.plan.steps > 1000)
    return bad(error, _("--steps%s should be 1 to 1000"), "");
  if (g_variant_dict_lookup(o, "sampler", "&s", &text) && !wd_sampler_parse(text, &run->plain.plan.kind))
    return bad(error, _("no sampler \"%s\": dpmpp-2m, ddim or ddpm"), text);
  if (g_variant_dict_lookup(o, "family", "&s", &text)) {
    wd_family family;
    if (!wd_family_parse(text, &family))
      return bad(error, _("no family \"%s\": curvefault-b, for example"), text);
    run->plain.family = (int)family;
  }
  return TRUE;
}

void wd_startup_run_clear(WdStartupRun *run) {
  wd_run_recipe_free(run->recipe);
  g_free(run->file);
  g_free(run->model);
  *run = (WdStartupRun){0};
}

static gboolean begin_recipe(WdStartupRun *run, WdWindow *window, GApplicationCommandLine *line,
                             GError **error) {
  WdSession *session = wd_window_get_session(window);
  g_autofree char *caveat = wd_apply_caveat(session, run->recipe);
  if (caveat && !run->any_model)
    return wd_status_set_error(error, WD_ERR_UNSUPPORTED,
                               _("%s: %s Name a model with --model to run it with that one all the same."),
                               run->file, caveat);
  if (caveat) g_application_command_line_printerr(line, "wavediffusion: %s: %s\n", run->file, caveat);
  GError *own = NULL;
  if (wd_apply_recipe(session, wd_window_get_view(window), run->recipe, WD_APPLY_HERE, &own)) return TRUE;
  wd_status_set_error(error, wd_status_of_error(own), "%s: %s", run->file, own->message);
  g_error_free(own);
  return FALSE;
}

gboolean wd_startup_run_begin(WdStartupRun *run, WdWindow *window, GApplicationCommandLine *line,
                              GError **error) {
  if (run->asked == WD_RUN_NOTHING) return TRUE;
  WdSession *session = wd_window_get_session(window);
  if (wd_session_get_state(session) == WD_SESSION_NO_MODEL)
    return wd_status_set_error(error, WD_ERR_UNSUPPORTED, _("there is no model to run"));
  if (run->asked == WD_RUN_RECIPE) return begin_recipe(run, window, line, error);
  WdView *v = wd_window_get_view(window);
  v->next = run->plain;
  wd_view_changed(v, WD_VIEW_RUN);
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), "run");
  if (!g_action_get_enabled(action)) return FALSE; /* the window hears of the model a moment later */
  g_action_activate(action, NULL);
  return TRUE;
}

char *wd_startup_run_fault(const WdStartupRun *run, WdWindow *window) {
  if (run->asked != WD_RUN_RECIPE || wd_apply_get_branch(wd_window_get_session(window))) return NULL;
  return g_strdup_printf(_("%s: the run did not get to its step %d"), run->file, run->recipe->position);
}
