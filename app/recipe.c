#include "app/recipe.h"

#include "app/i18n.h"
#include "app/status_error.h"
#include "model/refine.h"
#include "solver/family.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 100000, MAX_POSITION = 1000000, MAX_EDIT = 4 << 20 };

/* The session refines by live gradients unless its runs are exact. */
static const wd_wave_mode default_refine_mode = WD_WAVE_LIVE;

/* ---- the value */

static void link_clear(gpointer link) {
  g_clear_pointer(&((WdRunLink *)link)->edited, g_bytes_unref);
  g_clear_pointer(&((WdRunLink *)link)->legs, g_array_unref);
}

static WdRunRecipe *recipe_empty(void) {
  WdRunRecipe *r = g_new0(WdRunRecipe, 1);
  r->chain = g_array_new(FALSE, TRUE, sizeof(WdRunLink));
  g_array_set_clear_func(r->chain, link_clear);
  return r;
}

static WdRecipe default_link(void) {
  return (WdRecipe){.family = -1, .plan = {.kind = WD_SAMPLER_DPMPP_2M, .steps = 16}};
}

WdRunRecipe *wd_run_recipe_new(void) {
  WdRunRecipe *r = recipe_empty();
  WdRecipe link = default_link();
  wd_run_recipe_add(r, 0, &link, NULL);
  r->position = 16;
  return r;
}

WdRunRecipe *wd_run_recipe_copy(const WdRunRecipe *from) {
  WdRunRecipe *r = recipe_empty();
  GArray *chain = r->chain;
  *r = *from;
  r->chain = chain;
  r->model = g_strdup(from->model);
  r->identity = g_strdup(from->identity);
  r->folder = g_strdup(from->folder);
  r->pair = g_strdup(from->pair);
  r->precision = g_strdup(from->precision);
  r->device = g_strdup(from->device);
  r->view = g_strdup(from->view);
  r->beside = from->beside ? wd_run_recipe_copy(from->beside) : NULL;
  for (guint i = 0; i < from->chain->len; i++) {
    const WdRunLink *l = wd_run_recipe_link(from, i);
    wd_run_recipe_add(r, l->at, &l->recipe, l->edited);
    if (l->legs) wd_run_recipe_link(r, i)->legs = g_array_copy(l->legs);
  }
  return r;
}

void wd_run_recipe_free(WdRunRecipe *r) {
  if (!r) return;
  g_free(r->model);
  g_free(r->identity);
  g_free(r->folder);
  g_free(r->pair);
  g_free(r->precision);
  g_free(r->device);
  g_free(r->view);
  wd_run_recipe_free(r->beside);
  g_array_unref(r->chain);
  g_free(r);
}

WdRunLink *wd_run_recipe_link(const WdRunRecipe *r, guint i) {
  return &g_array_index(r->chain, WdRunLink, i);
}

guint wd_run_recipe_links(const WdRunRecipe *r) {
  return r->chain->len;
}

void wd_run_recipe_add(WdRunRecipe *r, int at, const WdRecipe *recipe, GBytes *edited) {
  WdRunLink link = {at, *recipe, edited ? g_bytes_ref(edited) : NULL, NULL};
  g_array_append_val(r->chain, link);
}

WdRefineLeg wd_run_link_leg(const WdRunLink *link, guint i) {
  const WdRecipe *p = &link->recipe;
  if (link->legs && i < link->legs->len) return g_array_index(link->legs, WdRefineLeg, i);
  if (link->legs || i || !p->refine_steps) return (WdRefineLeg){0};
  return (WdRefineLeg){p->refine_steps, p->refine_rate, p->refine_mode};
}

static void add_leg(WdRunLink *link, const WdRefineLeg *leg) {
  WdRecipe *p = &link->recipe;
  const WdRefineLeg first = wd_run_link_leg(link, 0);
  if (first.steps && !link->legs) {
    link->legs = g_array_new(FALSE, FALSE, sizeof(WdRefineLeg));
    g_array_append_val(link->legs, first);
  }
  if (link->legs) g_array_append_val(link->legs, *leg);
  p->refine_steps += leg->steps;
  if (first.steps) return;
  p->refine_rate = leg->rate;
  p->refine_mode = leg->mode;
}

void wd_run_recipe_refine(WdRunRecipe *r, const WdRefineLeg *leg) {
  add_leg(wd_run_recipe_link(r, r->chain->len - 1), leg);
}

int wd_run_recipe_steps(const WdRunRecipe *r) {
  const WdRunLink *last = wd_run_recipe_link(r, r->chain->len - 1);
  return last->at + last->recipe.plan.steps;
}

/* ---- writing */

static json_t *seed_json(guint64 seed) {
  if (seed <= (UINT64_C(1) << 53)) return json_integer((json_int_t)seed);
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, seed);
  return json_string(text);
}

static const char *family_text(int family) {
  return family < 0 ? "any" : wd_family_name((wd_family)family);
}

static json_t *refine_json(const WdRunLink *link) {
  json_t *all = json_array();
  WdRefineLeg leg;
  for (guint i = 0; (leg = wd_run_link_leg(link, i)).steps; i++)
    json_array_append_new(all, json_pack("{s:i, s:f, s:s}", "steps", leg.steps, "rate", leg.rate, "mode",
                                         wd_wave_mode_name(leg.mode)));
  if (json_array_size(all) != 1) return all;
  json_t *only = json_incref(json_array_get(all, 0));
  json_decref(all);
  return only;
}

static json_t *link_json(const WdRunLink *link, gboolean first, gboolean encoded) {
  const WdRecipe *p = &link->recipe;
  json_t *o = json_object();
  if (!first) json_object_set_new(o, "at", json_integer(link->at));
  if (!encoded) {
    if (first) json_object_set_new(o, "seed", seed_json(p->seed));
    json_object_set_new(o, "family", json_string(family_text(p->family)));
    json_object_set_new(o, "sampler", json_string(wd_sampler_name(p->plan.kind)));
    json_object_set_new(o, "steps", json_integer(p->plan.steps));
    json_object_set_new(o, "eta", json_real(p->plan.eta));
    json_object_set_new(o, "guidance", json_real(p->plan.guidance));
    if (p->new_noise) json_object_set_new(o, "noise_seed", seed_json(p->noise_seed));
    if (first && p->begin) {
      json_object_set_new(o, "begin", json_string(p->begin == WD_BEGIN_AT ? "at" : "noised"));
      json_object_set_new(o, "timestep", json_integer(p->timestep));
    }
  }
  if (p->refine_steps) json_object_set_new(o, "refine", refine_json(link));
  if (link->edited) {
    gsize n;
    const guchar *data = g_bytes_get_data(link->edited, &n);
    g_autofree char *text = g_base64_encode(data, n);
    json_object_set_new(o, "edited", json_string(text));
  }
  return o;
}

/* The shortest text in which every number comes back as it was. */
static char *dump(json_t *o, size_t flags) {
  static const int digits[] = {6, 9, 15, 17};
  for (int i = 0; i < 4; i++) {
    char *text = json_dumps(o, flags | JSON_REAL_PRECISION(digits[i]));
    json_t *back = text ? json_loads(text, 0, NULL) : NULL;
    gboolean same = back && json_equal(o, back);
    json_decref(back);
    if (text && (same || i == 3)) {
      char *copy = g_strdup(text);
      free(text);
      return copy;
    }
    free(text);
  }
  return NULL;
}

static void set_text(json_t *o, const char *key, const char *text) {
  if (text) json_object_set_new(o, key, json_string(text));
}

static const char *const what_name[] = {"x0-hat", "x_t"};
static const char *const given_name[] = {"both", "velocity", "seismic"};
static const char *const calibration_name[] = {"none", "sign", "gain"};

static json_t *recipe_json(const WdRunRecipe *r) {
  json_t *o = json_object(), *model = json_object(), *chain = json_array();
  json_object_set_new(o, "format", json_string(WD_RECIPE_FORMAT));
  json_object_set_new(o, "version", json_integer(WD_RECIPE_VERSION));
  set_text(model, "name", r->model);
  set_text(model, "identity", r->identity);
  set_text(model, "folder", r->folder);
  json_object_set_new(o, "model", model);
  set_text(o, "pair", r->pair);
  if (r->pair && r->given) json_object_set_new(o, "given", json_string(given_name[r->given]));
  for (guint i = 0; i < r->chain->len; i++)
    json_array_append_new(chain, link_json(wd_run_recipe_link(r, i), i == 0, r->pair && i == 0));
  json_object_set_new(o, "chain", chain);
  json_object_set_new(o, "position", json_integer(r->position));
  json_object_set_new(o, "what", json_string(what_name[r->what]));
  json_object_set_new(o, "mode", json_string(wd_wave_mode_name(r->mode)));
  if (r->calibration) json_object_set_new(o, "calibration", json_string(calibration_name[r->calibration]));
  set_text(o, "precision", r->precision);
  set_text(o, "device", r->device);
  json_t *view = r->view ? json_loads(r->view, 0, NULL) : NULL;
  if (view) json_object_set_new(o, "view", view);
  if (r->beside) json_object_set_new(o, "beside", recipe_json(r->beside));
  return o;
}

char *wd_run_recipe_to_json(const WdRunRecipe *r) {
  json_t *o = recipe_json(r);
  char *text = dump(o, JSON_INDENT(2));
  json_decref(o);
  return text;
}

char *wd_run_recipe_to_line(const WdRunRecipe *r) {
  json_t *o = recipe_json(r);
  char *text = dump(o, 0);
  json_decref(o);
  return text;
}

/* ---- reading */

/* Where the reader is: every accessor does nothing once something was wrong. */
typedef struct Reader {
  GError **error;
  gboolean bad;
  char where[64]; /* "chain[1]." */
} Reader;

static void refuse(Reader *in, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void refuse(Reader *in, const char *key, const char *format, ...) {
  if (in->bad) return;
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  wd_status_set_error(in->error, WD_ERR_FORMAT, _("the recipe's %s%s %s"), in->where, key, text);
  in->bad = TRUE;
}

static void read_int(Reader *in, const json_t *o, const char *key, int lo, int hi, int *out) {
  const json_t *v = json_object_get(o, key);
  if (!v || in->bad) return;
  json_int_t i = json_integer_value(v);
  if (json_is_integer(v) && i >= lo && i <= hi)
    *out = (int)i;
  else
    refuse(in, key, _("must be a whole number from %d to %d"), lo, hi);
}

static void read_real(Reader *in, const json_t *o, const char *key, double lo, double hi, double *out) {
  const json_t *v = json_object_get(o, key);
  if (!v || in->bad) return;
  double x = json_number_value(v);
  if (json_is_number(v) && x >= lo && x <= hi)
    *out = x;
  else
    refuse(in, key, _("must be a number from %g to %g"), lo, hi);
}

static gboolean digits(const char *text, guint64 *out) {
  return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, out, NULL);
}

static gboolean read_seed(Reader *in, const json_t *o, const char *key, guint64 *out) {
  const json_t *v = json_object_get(o, key);
  if (!v || in->bad) return FALSE;
  if (json_is_integer(v) && json_integer_value(v) >= 0) {
    *out = (guint64)json_integer_value(v);
    return TRUE;
  }
  if (json_is_string(v) && digits(json_string_value(v), out)) return TRUE;
  refuse(in, key, _("must be a seed: a whole number from 0 to 18446744073709551615"));
  return FALSE;
}

/* A string, NULL where there is none. */
static const char *read_text(Reader *in, const json_t *o, const char *key) {
  const json_t *v = json_object_get(o, key);
  if (!v || json_is_null(v) || in->bad) return NULL;
  if (!json_is_string(v)) refuse(in, key, _("must be text"));
  return json_string_value(v);
}

static void read_choice(Reader *in, const json_t *o, const char *key, const char *const *choice, int n,
                        int *out) {
  const char *text = read_text(in, o, key);
  if (!text) return;
  GString *all = g_string_new(NULL);
  gboolean found = FALSE;
  for (int i = 0; i < n; i++) {
    if (!strcmp(text, choice[i])) {
      *out = i;
      found = TRUE;
    }
    g_string_append_printf(all, "%s%s", i ? ", " : "", choice[i]);
  }
  if (!found) refuse(in, key, _("is \"%.40s\"; it can be %s"), text, all->str);
  g_string_free(all, TRUE);
}

static void read_family(Reader *in, const json_t *o, guint64 seed, int *out) {
  const char *text = read_text(in, o, "family");
  wd_family f;
  if (!text) return;
  if (!strcmp(text, "any"))
    *out = -1;
  else if (!strcmp(text, "all")) /* the command line's: seed s under family s mod 10 */
    *out = (int)(seed % WD_FAMILIES);
  else if (wd_family_parse(text, &f))
    *out = (int)f;
  else
    refuse(in, "family", _("is \"%.40s\", which is no family; it can be any, or flatvel-a to style-b"), text);
}

static GBytes *read_edit(Reader *in, const json_t *o) {
  const char *text = read_text(in, o, "edited");
  if (!text) return NULL;
  gsize n = 0;
  g_autofree guchar *data = strlen(text) <= 2 * (gsize)MAX_EDIT ? g_base64_decode(text, &n) : NULL;
  if (!data || n == 0 || n % sizeof(float) || n > MAX_EDIT) {
    refuse(in, "edited", _("must be a latent: base64 of float32 numbers"));
    return NULL;
  }
  for (gsize i = 0; i < n; i += sizeof(float)) {
    float x;
    memcpy(&x, data + i, sizeof x);
    if (!isfinite(x)) {
      refuse(in, "edited", _("holds a number that is not finite"));
      return NULL;
    }
  }
  return g_bytes_new_take(g_steal_pointer(&data), n);
}

static void read_plan(Reader *in, const json_t *o, WdRecipe *p) {
  static const char *const sampler[] = {"dpmpp-2m", "ddim", "ddpm"};
  int kind = (int)p->plan.kind;
  read_family(in, o, p->seed, &p->family);
  read_choice(in, o, "sampler", sampler, 3, &kind);
  p->plan.kind = (wd_sampler_kind)kind;
  read_int(in, o, "steps", p->plan.steps == 0 ? 0 : 1, MAX_STEPS, &p->plan.steps);
  read_real(in, o, "eta", 0, 1, &p->plan.eta);
  read_real(in, o, "guidance", -1000, 1000, &p->plan.guidance);
}

/* One leg, or a list of them. */
static void read_refine(Reader *in, const json_t *o, guint i, WdRunLink *link) {
  static const char *const modes[] = {"exact", "fast", "live"};
  const json_t *refine = json_object_get(o, "refine");
  if (!refine) return;
  const gboolean list = json_is_array(refine);
  const size_t n = list ? json_array_size(refine) : 1;
  if (n > WD_RECIPE_CHAIN_MAX) refuse(in, "refine", _("has more than %d parts"), WD_RECIPE_CHAIN_MAX);
  for (size_t k = 0; k < n && !in->bad; k++) {
    const json_t *one = list ? json_array_get(refine, k) : refine;
    if (list)
      g_snprintf(in->where, sizeof in->where, "chain[%u].refine[%zu].", i, k);
    else
      g_snprintf(in->where, sizeof in->where, "chain[%u].refine.", i);
    if (!json_is_object(one)) refuse(in, "", _("must be an object"));
    WdRefineLeg leg = {.rate = WD_REFINE_RATE};
    int mode = (int)default_refine_mode;
    read_int(in, one, "steps", 0, MAX_STEPS, &leg.steps);
    read_real(in, one, "rate", 1e-9, 100, &leg.rate);
    read_choice(in, one, "mode", modes, 3, &mode);
    leg.mode = (wd_wave_mode)mode;
    if (!in->bad && leg.steps) add_leg(link, &leg);
  }
  g_snprintf(in->where, sizeof in->where, "chain[%u].", i);
}

static void read_begin(Reader *in, const json_t *o, WdRecipe *p) {
  static const char *const begin[] = {"on", "noised", "at"};
  int kind = 0;
  read_choice(in, o, "begin", begin, 3, &kind);
  p->begin = (WdBegin)kind;
  if (p->begin) read_int(in, o, "timestep", 0, MAX_STEPS, &p->timestep);
}

static void read_link(Reader *in, const json_t *o, WdRunRecipe *r) {
  guint i = r->chain->len;
  g_snprintf(in->where, sizeof in->where, "chain[%u].", i);
  if (!json_is_object(o)) {
    refuse(in, "", _("must be an object"));
    return;
  }
  WdRunLink link = {.recipe = default_link()};
  if (i) {
    const WdRunLink *before = wd_run_recipe_link(r, i - 1);
    int end = before->at + before->recipe.plan.steps;
    link.recipe = before->recipe;
    link.recipe.new_noise = FALSE;
    link.recipe.refine_steps = 0;
    link.recipe.begin = WD_BEGIN_ON;
    link.recipe.timestep = 0;
    link.at = -1;
    gboolean edited =
        json_object_get(o, "edited") != NULL; /* at the data only an edit makes another latent */
    read_int(in, o, "at", before->at, edited ? end : end - 1, &link.at);
    if (link.at < 0) refuse(in, "at", _("is missing: the position at which the branch leaves"));
    link.recipe.plan.steps = end - link.at;
  } else {
    read_seed(in, o, "seed", &link.recipe.seed);
    read_begin(in, o, &link.recipe);
    if (json_object_get(o, "edited") && !link.recipe.begin)
      link.recipe.plan.steps = 0; /* a latent as it is */
    if (!json_object_get(o, "edited") && link.recipe.begin)
      refuse(in, "begin", _("wants a latent, \"edited\""));
  }
  read_plan(in, o, &link.recipe);
  if (!i && json_object_get(o, "edited") && !link.recipe.begin && link.recipe.plan.steps)
    refuse(in, "steps", _("must be 0: a latent is not sampled without \"begin\""));
  if (read_seed(in, o, "noise_seed", &link.recipe.noise_seed)) link.recipe.new_noise = TRUE;
  read_refine(in, o, i, &link);
  link.edited = read_edit(in, o);
  if (in->bad)
    link_clear(&link);
  else
    g_array_append_val(r->chain, link);
}

static void read_chain(Reader *in, const json_t *o, WdRunRecipe *r) {
  const json_t *chain = json_object_get(o, "chain");
  size_t n = json_array_size(chain);
  if (!json_is_array(chain) || n == 0 || n > WD_RECIPE_CHAIN_MAX) {
    refuse(in, "chain", _("must be a list of 1 to %d links"), WD_RECIPE_CHAIN_MAX);
    return;
  }
  if (r->pair) { /* an encoded pair is data: no steps of its own */
    WdRunLink first = {.recipe = default_link()};
    first.recipe.plan.steps = 0;
    read_refine(in, json_array_get(chain, 0), 0, &first);
    if (n > 1) refuse(in, "", _("is of an opened pair, which has no branches to sample"));
    if (!in->bad) g_array_append_val(r->chain, first);
  }
  for (size_t i = r->chain->len; i < n && !in->bad; i++) read_link(in, json_array_get(chain, i), r);
  in->where[0] = 0;
}

/* recipe.json of wavediffusion-cli sample: all in one object, and a list of seeds of which the first counts.
 */
static void read_sample(Reader *in, const json_t *o, WdRunRecipe *r) {
  const char *command = read_text(in, o, "command"), *seeds = read_text(in, o, "seeds");
  if (!command || strcmp(command, "sample") != 0) {
    refuse(in, "command", _("is \"%.20s\"; only what `sample` wrote tells how to sample"),
           command ? command : "");
    return;
  }
  WdRunLink link = {.recipe = default_link()};
  g_autofree char *first = g_strndup(seeds ? seeds : "", seeds ? strcspn(seeds, "-,") : 0);
  if (!digits(first, &link.recipe.seed)) refuse(in, "seeds", _("must begin with a number"));
  if (json_object_get(o, "start")) refuse(in, "start", _("is a file of latents, which is not in it"));
  json_t *own = json_copy((json_t *)o);
  const json_t *branches = json_object_get(o, "branches");
  json_int_t steps = json_integer_value(json_object_get(o, "run_steps"));
  if (branches && steps) json_object_set_new(own, "steps", json_integer(steps));
  read_plan(in, own, &link.recipe);
  json_decref(own);
  if (in->bad) return;
  g_array_append_val(r->chain, link);
  size_t n = json_array_size(branches);
  if (n >= WD_RECIPE_CHAIN_MAX) refuse(in, "branches", _("are more than %d"), WD_RECIPE_CHAIN_MAX - 1);
  for (size_t i = 0; i < n && !in->bad; i++) {
    const json_t *b = json_array_get(branches, i);
    if (json_object_get(b, "latents"))
      refuse(in, "branches", _("start from a file of latents, which is not in it"));
    read_link(in, b, r);
  }
  in->where[0] = 0;
}

static json_t *load(const char *json, json_error_t *e) {
  return strlen(json) <= WD_RECIPE_BYTES_MAX ? json_loads(json, JSON_REJECT_DUPLICATES, e) : NULL;
}

static const char *format_of(const json_t *o) {
  const char *format = json_string_value(json_object_get(o, "format"));
  return format ? format : "";
}

gboolean wd_run_recipe_recognise(const char *json) {
  json_t *o = load(json, NULL);
  const char *f = format_of(o);
  gboolean ours = !strcmp(f, WD_RECIPE_FORMAT) || !strcmp(f, "wavediffusion-run");
  json_decref(o);
  return ours;
}

static void read_all(Reader *in, const json_t *o, WdRunRecipe *r);

/* Side B, which has no side of its own. */
static void read_beside(Reader *in, const json_t *o, WdRunRecipe *r) {
  const json_t *beside = json_object_get(o, "beside");
  if (!beside || in->bad) return;
  if (!json_is_object(beside) || json_object_get(beside, "beside")) {
    refuse(in, "beside", _("must be one recipe"));
    return;
  }
  r->beside = recipe_empty();
  read_all(in, beside, r->beside);
  if (in->bad && in->error && *in->error) g_prefix_error(in->error, "beside: ");
}

static void read_all(Reader *in, const json_t *o, WdRunRecipe *r) {
  const char *format = format_of(o);
  int version = 1, what = 0, mode = 0, calibration = 0;
  static const char *const modes[] = {"exact", "fast", "live"}, *const precision[] = {"f32", "bf16"};
  read_int(in, o, "version", 1, WD_RECIPE_VERSION, &version);
  const json_t *model = json_object_get(o, "model");
  g_strlcpy(in->where, "model.", sizeof in->where);
  r->model = g_strdup(read_text(in, model, "name"));
  r->identity = g_strdup(read_text(in, model, "identity"));
  r->folder = g_strdup(read_text(in, model, "folder"));
  in->where[0] = 0;
  r->pair = g_strdup(read_text(in, o, "pair"));
  int given = 0;
  read_choice(in, o, "given", given_name, 3, &given);
  r->given = (WdGiven)given;
  if (!strcmp(format, "wavediffusion-run"))
    read_sample(in, o, r);
  else
    read_chain(in, o, r);
  if (in->bad) return;
  r->position = wd_run_recipe_steps(r);
  read_int(in, o, "position", 0, MAX_POSITION, &r->position);
  const WdRunLink *last = wd_run_recipe_link(r, r->chain->len - 1);
  int end = wd_run_recipe_steps(r) + last->recipe.refine_steps;
  if (r->position > end) refuse(in, "position", _("is %d, but its run ends at %d"), r->position, end);
  read_choice(in, o, "what", what_name, 2, &what);
  read_choice(in, o, "mode", modes, 3, &mode);
  read_choice(in, o, "calibration", calibration_name, 3, &calibration);
  int p = -1;
  read_choice(in, o, "precision", precision, 2, &p);
  if (p >= 0) r->precision = g_strdup(precision[p]);
  r->device = g_strdup(read_text(in, o, "device"));
  r->what = (WdWhat)what;
  r->mode = (wd_wave_mode)mode;
  r->calibration = (wd_calibration)calibration;
  const json_t *view = json_object_get(o, "view");
  if (view && !json_is_object(view)) refuse(in, "view", _("must be an object"));
  if (json_is_object(view)) {
    char *text = json_dumps(view, JSON_COMPACT | JSON_REAL_PRECISION(17));
    r->view = g_strdup(text);
    free(text);
  }
  read_beside(in, o, r);
}

WdRunRecipe *wd_run_recipe_from_json(const char *json, GError **error) {
  json_error_t e = {.text = "it is too long"};
  json_t *o = load(json, &e);
  if (!o) {
    wd_status_set_error(error, WD_ERR_FORMAT, _("the recipe is no JSON: line %d: %s"), e.line, e.text);
    return NULL;
  }
  const char *format = format_of(o);
  const char *command = json_string_value(json_object_get(o, "command"));
  const char *file = json_string_value(json_object_get(o, "file"));
  if (!format[0] && command && !strcmp(command, "render")) {
    wd_status_set_error(
        error, WD_ERR_UNSUPPORTED,
        _("this picture was drawn by wavediffusion-cli render from %.200s: it holds no run; open that file"),
        file ? file : _("maps that it generated"));
    json_decref(o);
    return NULL;
  }
  if (strcmp(format, WD_RECIPE_FORMAT) != 0 && strcmp(format, "wavediffusion-run") != 0) {
    wd_status_set_error(error, WD_ERR_FORMAT,
                        _("this JSON is no recipe: its \"format\" is \"%.40s\", not \"%s\""), format,
                        WD_RECIPE_FORMAT);
    json_decref(o);
    return NULL;
  }
  WdRunRecipe *r = recipe_empty();
  Reader in = {.error = error};
  read_all(&in, o, r);
  json_decref(o);
  if (!in.bad) return r;
  wd_run_recipe_free(r);
  return NULL;
}
