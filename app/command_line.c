#include "app/command_line.h"

#include "app/view.h"
#include "solver/family.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The last link starts from an edited latent at the data: there is nothing left to sample. */
static gboolean ends_edited(const WdRunRecipe *r) {
  const WdRunLink *last = wd_run_recipe_link(r, wd_run_recipe_links(r) - 1);
  return last->edited && last->recipe.plan.steps == 0;
}

/* It begins with a latent of a walk, and nothing is sampled at all. */
static gboolean is_latent(const WdRunRecipe *r) {
  const WdRunLink *first = wd_run_recipe_link(r, 0);
  return first->edited && !first->recipe.begin;
}

/* Numbers as the C locale writes them, so that they come back as they were. */
static void put_real(GString *s, const char *before, double value) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  for (int digits = 6; digits <= 17; digits++) {
    char format[8];
    g_snprintf(format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd(text, sizeof text, format, value);
    if (g_ascii_strtod(text, NULL) == value) break;
  }
  g_string_append_printf(s, "%s%s", before, text);
}

static void put_quoted(GString *s, const char *before, const char *text) {
  gboolean plain = text[0] && text[0] != '-';
  for (const char *p = text; *p && plain; p++)
    plain = g_ascii_isalnum(*p) || strchr("_-./:,=+@%", *p) != NULL;
  if (plain) {
    g_string_append_printf(s, "%s%s", before, text);
  } else {
    g_autofree char *quoted = g_shell_quote(text);
    g_string_append_printf(s, "%s%s", before, quoted);
  }
}

static const char *family_text(int family) {
  return family < 0 ? "any" : wd_family_name((wd_family)family);
}

static gboolean has_eta(const wd_sampler_plan *plan) {
  return plan->kind == WD_SAMPLER_DDIM && plan->eta != 0;
}

char *wd_command_folder(const WdRunRecipe *r) {
  const WdRunLink *first = wd_run_recipe_link(r, 0);
  const char *model = r->model && r->model[0] ? r->model : "model";
  GString *s = g_string_new(NULL);
  if (r->pair)
    g_string_printf(s, "%s-%s", model, r->pair);
  else if (is_latent(r))
    g_string_printf(s, "%s-latent", model);
  else if (first->recipe.begin)
    g_string_printf(s, "%s-renoised-%" G_GUINT64_FORMAT "-%d", model, first->recipe.seed,
                    first->recipe.timestep);
  else
    g_string_printf(s, "%s-%" G_GUINT64_FORMAT "-%s-%d", model, first->recipe.seed,
                    wd_sampler_name(first->recipe.plan.kind), first->recipe.plan.steps);
  for (guint i = 1; i < r->chain->len; i++) g_string_append_printf(s, "-at%d", wd_run_recipe_link(r, i)->at);
  for (char *p = s->str; *p; p++)
    if (!g_ascii_isalnum(*p) && !strchr("-_.", *p)) *p = '-';
  if (s->str[0] == '-' || s->str[0] == '.') s->str[0] = '_';
  return g_string_free(s, FALSE);
}

char *wd_command_branches(const WdRunRecipe *r) {
  guint links = r->chain->len - ends_edited(r);
  if (links < 2) return NULL;
  GString *s = g_string_new(NULL);
  for (guint i = 1; i < links; i++) {
    const WdRunLink *l = wd_run_recipe_link(r, i);
    const WdRecipe *p = &l->recipe, *before = &wd_run_recipe_link(r, i - 1)->recipe;
    g_string_append_printf(s, "%sat=%d,steps=%d", i > 1 ? ";" : "", l->at, p->plan.steps);
    if (p->plan.kind != before->plan.kind)
      g_string_append_printf(s, ",sampler=%s", wd_sampler_name(p->plan.kind));
    if (p->plan.eta != before->plan.eta) put_real(s, ",eta=", p->plan.eta);
    if (p->plan.guidance != before->plan.guidance) put_real(s, ",guidance=", p->plan.guidance);
    if (p->family != before->family) g_string_append_printf(s, ",family=%s", family_text(p->family));
    if (p->new_noise) g_string_append_printf(s, ",noise=%" G_GUINT64_FORMAT, p->noise_seed);
    if (l->edited) g_string_append_printf(s, ",latents=EDITED-%d.npy", l->at);
  }
  return g_string_free(s, FALSE);
}

static void put_precision(GString *s, const WdRunRecipe *r) {
  if (r->precision && strcmp(r->precision, "f32") != 0)
    g_string_append_printf(s, " --precision %s", r->precision);
}

static void put_model(GString *s, const WdRunRecipe *r) {
  const char *name = r->model && r->model[0] ? r->model : "default";
  put_quoted(s, " --model ", r->folder && r->folder[0] ? r->folder : name);
  if (r->device && r->device[0] && strcmp(r->device, "auto") != 0) put_quoted(s, " --device ", r->device);
  put_precision(s, r);
}

static const char join[] = " &&\n  ";

static void put_sample(GString *s, const WdRunRecipe *r, const char *folder) {
  const WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  g_string_append(s, "wavediffusion-cli sample");
  put_model(s, r);
  if (p->begin)
    g_string_append_printf(s, " --latents EDITED-0.npy%s --timestep %d",
                           p->begin == WD_BEGIN_NOISED ? " --renoise" : "", p->timestep);
  g_string_append_printf(s, " --seeds %" G_GUINT64_FORMAT " --steps %d --sampler %s", p->seed, p->plan.steps,
                         wd_sampler_name(p->plan.kind));
  if (has_eta(&p->plan)) put_real(s, " --eta ", p->plan.eta);
  if (p->family >= 0) g_string_append_printf(s, " --family %s", family_text(p->family));
  if (p->plan.guidance != 0 && p->family >= 0) put_real(s, " --guidance ", p->plan.guidance);
  g_autofree char *branches = wd_command_branches(r);
  if (branches) put_quoted(s, " --branch ", branches);
  g_string_append_printf(s, " --estimates --score every=1 --mode %s", wd_wave_mode_name(r->mode));
  put_quoted(s, " -o ", folder);
}

/* The pair that was opened has no place in a command line. */
static void put_encode(GString *s, const WdRunRecipe *r, const char *folder) {
  g_string_append(s, "wavediffusion-cli encode");
  put_model(s, r);
  if (r->given != WD_GIVEN_GATHERS_ALONE) g_string_append(s, " --velocity VELOCITY.npy");
  if (r->given != WD_GIVEN_MAP_ALONE) g_string_append(s, " --seismic SEISMIC.npy");
  put_quoted(s, " -o ", folder);
}

/* Between two commands; nothing before the first one. */
static void put_join(GString *s) {
  if (s->len && s->str[s->len - 1] != '\n') g_string_append(s, join);
}

/* The legs of refinement up to `steps`; the folder of the last. g_free. */
static char *put_refine(GString *s, const WdRunRecipe *r, const char *folder, int steps) {
  const WdRunLink *last = wd_run_recipe_link(r, r->chain->len - 1);
  char *latents = ends_edited(r) ? g_strdup_printf("EDITED-%d.npy", wd_run_recipe_steps(r))
                                 : g_strconcat(folder, "/latents.npy", NULL);
  char *to = NULL;
  for (guint i = 0; steps > 0; i++) {
    WdRefineLeg leg = wd_run_link_leg(last, i);
    if (!leg.steps) break;
    leg.steps = MIN(leg.steps, steps);
    steps -= leg.steps;
    g_free(to);
    to = i ? g_strdup_printf("%s-refined-%u", folder, i + 1) : g_strconcat(folder, "-refined", NULL);
    put_join(s);
    g_string_append(s, "wavediffusion-cli refine");
    put_model(s, r);
    put_quoted(s, " --latents ", latents);
    g_string_append_printf(s, " --steps %d", leg.steps);
    if (leg.rate > 0) put_real(s, " --rate ", leg.rate);
    g_string_append_printf(s, " --quantise --mode %s", wd_wave_mode_name(leg.mode));
    put_quoted(s, " -o ", to);
    g_free(latents);
    latents = g_strconcat(to, "/latents.npy", NULL);
  }
  g_free(latents);
  return to;
}

/* The wavefield, where that is on screen: of the decoded map. */
static void put_movie(GString *s, const WdRunRecipe *r, const char *velocity, const char *out) {
  json_t *view = r->view ? json_loads(r->view, 0, NULL) : NULL;
  const json_t *wave = json_object_get(view, "wavefield");
  if (json_is_true(json_object_get(wave, "shown"))) {
    const int shot = (int)json_integer_value(json_object_get(view, "shot"));
    const double clip = json_number_value(json_object_get(wave, "clip"));
    g_autofree char *to = g_strconcat(out, "-wavefield", NULL);
    g_string_append_printf(s, "%swavediffusion-cli movie", join);
    put_quoted(s, " ", velocity);
    if (shot >= 0) g_string_append_printf(s, " --shot %d", shot + 1);
    g_string_append_printf(s, " --mode %s", json_is_true(json_object_get(wave, "live")) ? "live" : "exact");
    put_real(s, " --speed ", json_number_value(json_object_get(wave, "speed")));
    if (json_is_true(json_object_get(wave, "margin"))) g_string_append(s, " --margin");
    if (json_is_false(json_object_get(wave, "isochrones"))) g_string_append(s, " --no-isochrones");
    if (json_is_true(json_object_get(wave, "probe"))) {
      put_real(s, " --probe ", json_number_value(json_object_get(wave, "probe_x")));
      put_real(s, ",", json_number_value(json_object_get(wave, "probe_z")));
    } else {
      g_string_append(s, " --probe none");
    }
    if (clip > 0) put_real(s, " --clip ", clip);
    put_quoted(s, " -o ", to);
  }
  json_decref(view);
}

static void put_decode(GString *s, const WdRunRecipe *r, const char *latents, int step, const char *out) {
  static const char *const calibration[] = {"none", "sign", "gain"};
  put_join(s);
  g_string_append(s, "wavediffusion-cli decode");
  put_model(s, r);
  put_quoted(s, " --latents ", latents);
  if (step >= 0) g_string_append_printf(s, " --step %d", step);
  put_quoted(s, " -o ", out);
  g_string_append_printf(s, "%swavediffusion-cli residual", join);
  put_quoted(s, " ", out);
  g_string_append_printf(s, " --mode %s", wd_wave_mode_name(r->mode));
  if (r->calibration) g_string_append_printf(s, " --calibrate %s", calibration[r->calibration]);
  g_autofree char *table = g_strconcat(out, "/residuals.csv", NULL);
  put_quoted(s, " -o ", table);
}

/* ---- what the window shows */

static WdView *view_of(const WdRunRecipe *r) {
  WdView *v = wd_view_new();
  if (r->view) wd_view_from_json(v, r->view, NULL); /* what cannot be read is as in a new view */
  if (!r->beside) v->layout = WD_LAYOUT_STEP;
  return v;
}

/* As render takes them; window_layout.c has the same rules. */
static char *panels_of(const WdView *v) {
  static const char *const name[] = {"vel", "gather", "sim", "diff", "traces", "res"};
  if (v->wave.shown) return g_strdup("wavefield");
  if (v->enlarged >= 0) return g_strdup(name[v->enlarged]);
  return g_strdup_printf("vel,gather%s,res", !v->second_row                   ? ""
                                             : v->layout == WD_LAYOUT_COMPARE ? ",diff"
                                                                              : ",sim,diff,traces");
}

/* Drops what is the same in both: a view's look is long, and most of it is as it was at first. */
static void drop_same(json_t *o, const json_t *usual) {
  const char *key;
  json_t *value;
  void *next;
  json_object_foreach_safe(o, next, key, value) {
    json_t *other = json_object_get(usual, key);
    if (json_is_object(value) && json_is_object(other)) drop_same(value, other);
    if (json_equal(value, other) || (json_is_object(value) && !json_object_size(value)))
      json_object_del(o, key);
  }
}

/* The map is shown minus a step of another run, which no recipe tells. */
static gboolean is_pinned_elsewhere(const WdRunRecipe *r) {
  g_autoptr(WdView) v = wd_view_new();
  return r->view && wd_view_from_json(v, r->view, NULL) && v->velocity == WD_VELOCITY_MINUS_PINNED &&
         v->pinned.branch;
}

/* What tells how a picture looks, and no more. */
static char *short_view(const WdRunRecipe *r) {
  static const char *const own[] = {"a", "b", "next", "sidebar", "fps", "follow", "seed_locked", "mode"};
  g_autoptr(WdView) usual = wd_view_new();
  g_autofree char *usual_text = wd_view_to_json(usual);
  json_t *o = r->view ? json_loads(r->view, 0, NULL) : NULL, *plain = json_loads(usual_text, 0, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(own); i++) json_object_del(o, own[i]);
  if (is_pinned_elsewhere(r)) json_object_del(o, "velocity"); /* put_comments says so */
  if (!json_object_get(o, "velocity")) json_object_del(o, "pinned");
  if (o) drop_same(o, plain);
  char *text = o && json_object_size(o) ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  char *copy = g_strdup(text);
  free(text);
  json_decref(o);
  json_decref(plain);
  return copy;
}

/* The panels as the window draws them, from the recipe: colours, clip and gain, zoom and all. */
static void put_panels(GString *s, const WdRunRecipe *r, const WdView *v, const char *out) {
  g_autoptr(WdRunRecipe) own = wd_run_recipe_copy(r);
  g_free(own->view);
  own->view = short_view(r);
  g_autofree char *json = wd_run_recipe_to_line(own), *panels = panels_of(v);
  g_autofree char *recipe = g_strconcat(out, ".json", NULL), *picture = g_strconcat(out, ".png", NULL);
  g_string_append_printf(s, "%scat", join);
  put_quoted(s, " > ", recipe);
  g_string_append_printf(s, " <<'RECIPE' &&\n%s\nRECIPE\n  wavediffusion-cli render", json);
  put_quoted(s, " ", recipe);
  g_string_append_printf(s, " --panels %s", panels);
  if (v->shot < 0 && v->enlarged < 0 && !v->wave.shown && (v->second_row || r->beside))
    g_string_append(s, " --width-mm 340"); /* all shots in a third of a page have no room */
  if (r->device && r->device[0] && strcmp(r->device, "auto") != 0) put_quoted(s, " --device ", r->device);
  put_quoted(s, " -o ", picture);
}

static void put_look(GString *s, const WdPanelLook *look, gboolean gather) {
  static const char *const mode[] = {"vd", "wiggle", "va", "va", "vd+wiggle"};
  g_string_append_printf(s, " --colormap %s", wd_colormap_describe(look->colormap)->name);
  if (look->smooth) g_string_append(s, " --smooth");
  if (look->scope == WD_SCOPE_MANUAL) {
    put_real(s, " --range=", look->lo);
    put_real(s, ":", look->hi);
  }
  if (!gather) return;
  if (look->scope != WD_SCOPE_MANUAL) put_real(s, " --clip ", look->clip);
  if (look->mode) g_string_append_printf(s, " --mode %s", mode[look->mode]);
  if (look->gain != 0) put_real(s, " --gain=", look->gain);
  if (look->display.agc > 0) put_real(s, " --agc ", look->display.agc * 1000);
  if (look->display.normalise) g_string_append(s, " --normalise");
  if (look->display.flip) g_string_append(s, " --flip");
}

/* Of an opened pair, which is in no recipe: its decoded map and gathers from their files. */
static void put_files(GString *s, const WdView *v, const char *out) {
  const struct {
    const char *file, *end;
    WdPanelKind kind;
  } part[] = {{"/velocity.npy", "-velocity.png", WD_PANEL_VELOCITY},
              {"/seismic.npy", "-gather.png", WD_PANEL_GATHER}};
  for (gsize i = 0; i < G_N_ELEMENTS(part); i++) {
    g_autofree char *file = g_strconcat(out, part[i].file, NULL),
                    *picture = g_strconcat(out, part[i].end, NULL);
    g_string_append_printf(s, "%swavediffusion-cli render", join);
    put_quoted(s, " ", file);
    if (i && v->shot >= 0) g_string_append_printf(s, " --shot %d", v->shot + 1);
    put_look(s, &v->look[part[i].kind], i);
    put_quoted(s, " -o ", picture);
  }
}

static void put_comments(GString *s, const WdRunRecipe *r) {
  if (r->pair) {
    g_autofree char *name = g_strdup(r->pair);
    g_strdelimit(name, "\r\n", ' ');
    g_string_append_printf(s,
                           "# The run starts from an opened pair: %s.\n"
                           "# Put its files in place of VELOCITY.npy and SEISMIC.npy.\n",
                           name);
  }
  for (guint i = 0; i < r->chain->len; i++) {
    const WdRunLink *l = wd_run_recipe_link(r, i);
    if (l->edited && i == 0)
      g_string_append(
          s,
          "# It starts from a latent of its own. Export that one (Export data, latents) as EDITED-0.npy.\n");
    else if (l->edited)
      g_string_append_printf(
          s,
          "# The latent was edited by hand at step %d. Export it (Export data, latents) as "
          "EDITED-%d.npy.\n",
          l->at, l->at);
  }
  if (is_pinned_elsewhere(r))
    g_string_append(
        s, "# The map is shown minus a pinned step of another run; the command draws it as it is.\n");
  if (r->identity && r->identity[0])
    g_string_append_printf(s, "# Made with the model %s, identity %s.\n", r->model ? r->model : "",
                           r->identity);
}

/* Sampled or encoded, refined, decoded and scored. Returns the folder of the pair; g_free. */
static char *put_side(GString *s, const WdRunRecipe *r, const char *own) {
  if (r->pair || !is_latent(r)) put_join(s);
  if (r->pair)
    put_encode(s, r, own);
  else if (!is_latent(r))
    put_sample(s, r, own);
  int steps = wd_run_recipe_steps(r);
  gboolean refined = r->position > steps, last = r->position == steps || r->pair;
  g_autofree char *from = refined ? put_refine(s, r, own, r->position - steps) : g_strdup(own);
  const char *file = refined || last            ? "latents"
                     : r->what == WD_WHAT_STATE ? "latents_steps"
                                                : "estimates_steps";
  g_autofree char *latents = ends_edited(r) && !refined ? g_strdup_printf("EDITED-%d.npy", steps)
                                                        : g_strdup_printf("%s/%s.npy", from, file);
  char *out =
      g_strdup_printf("%s-%s%d", own, r->what == WD_WHAT_STATE && !last && !refined ? "xt" : "", r->position);
  put_decode(s, r, latents, refined || last ? -1 : r->position, out);
  return out;
}

char *wd_command_line(const WdRunRecipe *r, const char *folder) {
  g_autofree char *own = folder ? g_strdup(folder) : wd_command_folder(r);
  g_autoptr(WdView) v = view_of(r);
  GString *s = g_string_new(NULL);
  put_comments(s, r);
  if (r->beside) put_comments(s, r->beside);
  g_autofree char *out = put_side(s, r, own);
  if (r->beside) { /* beside A's folder, not in it: the same seed may have given both */
    g_autofree char *name = wd_command_folder(r->beside),
                    *b = folder ? g_strconcat(folder, "-b", NULL) : g_strconcat(name, "-b", NULL);
    g_autofree char *beside = put_side(s, r->beside, b);
    if (r->beside->pair) put_files(s, v, beside);
  }
  if (r->pair || (r->beside && r->beside->pair))
    put_files(s, v, out);
  else
    put_panels(s, r, v, out);
  g_autofree char *velocity = g_strconcat(out, "/velocity.npy", NULL);
  put_movie(s, r, velocity, out);
  g_string_append_c(s, '\n');
  return g_string_free(s, FALSE);
}
