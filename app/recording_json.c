#include "app/annotation.h"
#include "app/i18n.h"
#include "app/recording_json.h"

#include "solver/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 1000000, MAX_TEXT = 4096, MAX_NOTE = 65536 };

/* ---- tables */

WdTable *wd_table_new(void) {
  WdTable *t = g_new0(WdTable, 1);
  t->index = g_hash_table_new(NULL, NULL);
  t->item = g_ptr_array_new();
  return t;
}

void wd_table_free(WdTable *t) {
  g_hash_table_unref(t->index);
  g_ptr_array_unref(t->item);
  g_free(t);
}

int wd_table_add(WdTable *t, gpointer item) {
  gpointer at;
  if (!item) return -1;
  if (g_hash_table_lookup_extended(t->index, item, NULL, &at)) return GPOINTER_TO_INT(at);
  g_hash_table_insert(t->index, item, GINT_TO_POINTER((int)t->item->len));
  g_ptr_array_add(t->item, item);
  return (int)t->item->len - 1;
}

/* ---- writing. Members that hold their default are left out. */

static json_t *real(double x) {
  return isfinite(x) ? json_real(x) : isnan(x) ? json_null() : json_string(x > 0 ? "inf" : "-inf");
}

static json_t *seed(guint64 x) {
  char text[24];
  g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, x);
  return json_string(text);
}

static const char *const kind_name[] = {"sampled", "encoded", "walk"};
static const char *const begin_name[] = {"on", "noised", "at"};

static json_t *recipe_json(const WdRecipe *r) {
  json_t *o = json_object();
  json_object_set_new(o, "seed", seed(r->seed));
  json_object_set_new(o, "family",
                      r->family < 0 ? json_string("any") : json_string(wd_family_name((wd_family)r->family)));
  json_object_set_new(o, "sampler", json_string(wd_sampler_name(r->plan.kind)));
  json_object_set_new(o, "steps", json_integer(r->plan.steps));
  json_object_set_new(o, "eta", real(r->plan.eta));
  json_object_set_new(o, "guidance", real(r->plan.guidance));
  if (r->new_noise) json_object_set_new(o, "noise_seed", seed(r->noise_seed));
  if (r->begin) {
    json_object_set_new(o, "begin", json_string(begin_name[r->begin]));
    json_object_set_new(o, "timestep", json_integer(r->timestep));
  }
  if (r->refine_steps) json_object_set_new(o, "refine_steps", json_integer(r->refine_steps));
  if (r->refine_rate) json_object_set_new(o, "refine_rate", real(r->refine_rate));
  if (r->refine_steps) json_object_set_new(o, "refine_mode", json_string(wd_wave_mode_name(r->refine_mode)));
  return o;
}

/* The measure's members, in the order of measure_numbers. */
enum { MEASURE = 19 };
static void measure_numbers(const wd_measure *m, double v[MEASURE]) {
  const double all[MEASURE] = {(double)m->samples,
                               (double)m->identical,
                               (double)m->not_finite,
                               m->relative_l2,
                               m->log_norm_mse,
                               m->mae,
                               m->max_abs,
                               m->correlation,
                               m->silence_log_norm_mse,
                               m->norm_a,
                               m->norm_b,
                               m->norm_difference,
                               m->reflection_residual,
                               m->reflection_share,
                               m->direct_log_norm_mse,
                               m->norm_reflection,
                               m->coherence,
                               m->envelope,
                               m->norm_envelope};
  memcpy(v, all, sizeof all);
}

static wd_measure measure_of(const double v[MEASURE]) {
  wd_measure m = {.relative_l2 = v[3],
                  .log_norm_mse = v[4],
                  .mae = v[5],
                  .max_abs = v[6],
                  .correlation = v[7],
                  .silence_log_norm_mse = v[8],
                  .norm_a = v[9],
                  .norm_b = v[10],
                  .norm_difference = v[11],
                  .reflection_residual = v[12],
                  .reflection_share = v[13],
                  .direct_log_norm_mse = v[14],
                  .norm_reflection = v[15],
                  .coherence = v[16],
                  .envelope = v[17],
                  .norm_envelope = v[18]};
  size_t *const count[3] = {&m.samples, &m.identical, &m.not_finite};
  for (int i = 0; i < 3; i++) *count[i] = v[i] >= 0 && v[i] < 1e15 ? (size_t)v[i] : 0;
  m.nothing_to_reflect = m.reflection_share < WD_NOTHING_TO_REFLECT;
  return m;
}

static json_t *numbers(const double *v, int n) {
  json_t *a = json_array();
  for (int i = 0; i < n; i++) json_array_append_new(a, real(v[i]));
  return a;
}

/* The order of figures in files, which only ever grows: shorter lists are of earlier versions. */
static const int stored[] = {WD_METRIC_REFLECTION_RESIDUAL,
                             WD_METRIC_RELATIVE_L2,
                             WD_METRIC_LOG_NORM_MSE,
                             WD_METRIC_MAE,
                             WD_METRIC_MAX_ABS,
                             WD_METRIC_CORRELATION,
                             WD_METRIC_REFLECTION_SHARE,
                             WD_SCORE_LAG,
                             WD_SCORE_INTERIOR,
                             WD_METRIC_COHERENCE,
                             WD_METRIC_ENVELOPE};
G_STATIC_ASSERT(G_N_ELEMENTS(stored) == WD_SCORES);

static json_t *figures(const double v[WD_SCORES]) {
  double in_order[WD_SCORES];
  for (int i = 0; i < WD_SCORES; i++) in_order[i] = v[stored[i]];
  return numbers(in_order, WD_SCORES);
}

static const char *const calibration_name[] = {"none", "sign", "gain"};

static json_t *score_json(const WdScore *s) {
  if (!s) return json_null();
  double measure[MEASURE];
  measure_numbers(&s->all, measure);
  json_t *shots = json_array();
  for (int i = 0; i < s->shots; i++) json_array_append_new(shots, figures(s->shot[i]));
  json_t *o = json_object();
  json_object_set_new(o, "mode", json_string(wd_wave_mode_name(s->mode)));
  json_object_set_new(o, "seconds", real(s->seconds));
  json_object_set_new(o, "values", figures(s->value));
  json_object_set_new(o, "shots", shots);
  json_object_set_new(o, "measure", numbers(measure, MEASURE));
  if (s->details) json_object_set_new(o, "details", json_true());
  if (s->calibration) {
    json_object_set_new(o, "calibration", json_string(calibration_name[s->calibration]));
    json_object_set_new(o, "gain", real(s->gain));
  }
  return o;
}

static json_t *position_json(const WdPosition *p, WdTable *latents) {
  json_t *o = json_object();
  json_object_set_new(o, "timestep", json_integer(p->level.timestep));
  if (p->level.timestep >= 0) {
    json_object_set_new(o, "alpha", real(p->level.alpha));
    json_object_set_new(o, "sigma", real(p->level.sigma));
  }
  static const char *const word[WD_WHATS] = {"x0", "xt"};
  for (int w = 0; w < WD_WHATS; w++) {
    json_t *one = json_object();
    if (p->latent[w]) json_object_set_new(one, "latent", json_integer(wd_table_add(latents, p->latent[w])));
    if (p->live[w]) json_object_set_new(one, "live", score_json(p->live[w]));
    if (p->exact[w]) json_object_set_new(one, "exact", score_json(p->exact[w]));
    json_object_set_new(o, word[w], one);
  }
  json_object_set_new(o, "seconds", real(p->seconds));
  if (p->refined) json_object_set_new(o, "refined", json_true());
  if (p->refine_begins) json_object_set_new(o, "refine_begins", json_true());
  if (p->refined && p->refine_rate > 0) {
    json_object_set_new(o, "refine_rate", real(p->refine_rate));
    json_object_set_new(o, "refine_mode", json_string(wd_wave_mode_name(p->refine_mode)));
  }
  if (!isnan(p->objective)) json_object_set_new(o, "objective", real(p->objective));
  if (p->fault) json_object_set_new(o, "fault", json_string(p->fault));
  if (p->note) json_object_set_new(o, "note", json_loads(p->note, 0, NULL)); /* it was checked */
  if (p->annotations) json_object_set_new(o, "annotations", wd_annotations_to_json(p->annotations));
  return o;
}

json_t *wd_branch_to_json(const WdBranch *b, WdTable *latents, WdTable *truths) {
  json_t *o = json_object(), *positions = json_array();
  json_object_set_new(o, "id", json_integer(b->id));
  json_object_set_new(o, "name", json_string(b->name));
  json_object_set_new(o, "kind", json_string(kind_name[b->kind]));
  if (b->kind == WD_BRANCH_ENCODED && !(b->given_velocity && b->given_gathers))
    json_object_set_new(o, "given", json_string(b->given_gathers ? "seismic" : "velocity"));
  if (b->parent) {
    json_object_set_new(o, "parent", json_integer(b->parent));
    json_object_set_new(o, "parent_at", json_integer(b->parent_at));
  }
  json_object_set_new(o, "recipe", recipe_json(&b->recipe));
  json_object_set_new(o, "steps", json_integer(b->steps));
  json_object_set_new(o, "colour", json_integer(b->colour));
  if (b->pinned) json_object_set_new(o, "pinned", json_true());
  if (b->truth) json_object_set_new(o, "truth", json_integer(wd_table_add(truths, b->truth)));
  if (b->truth_name) json_object_set_new(o, "truth_name", json_string(b->truth_name));
  if (b->edited) json_object_set_new(o, "edited", json_integer(wd_table_add(latents, b->edited)));
  for (guint i = 0; i < b->position->len; i++)
    json_array_append_new(positions, position_json(g_ptr_array_index(b->position, i), latents));
  json_object_set_new(o, "positions", positions);
  return o;
}

/* ---- notes */

static char *note_of(const json_t *o) {
  char *text =
      json_is_object(o) ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) : NULL;
  char *note = text && strlen(text) <= MAX_NOTE ? g_strdup(text) : NULL;
  free(text);
  return note;
}

char *wd_note_check(const char *note) {
  if (!note || strlen(note) > MAX_NOTE) return NULL;
  json_t *o = json_loads(note, JSON_REJECT_DUPLICATES, NULL);
  char *text = note_of(o);
  json_decref(o);
  return text;
}

char *wd_note_new(const char *edit, const char *text) {
  json_t *o = json_pack("{s:s, s:s}", "edit", edit, "text", text);
  char *dumped = json_dumps(o, JSON_COMPACT), *note = g_strdup(dumped);
  free(dumped);
  json_decref(o);
  return note;
}

char *wd_position_note_text(const WdPosition *p) {
  json_t *o = p && p->note ? json_loads(p->note, 0, NULL) : NULL;
  const char *text = json_string_value(json_object_get(o, "text"));
  if (!text) text = json_string_value(json_object_get(o, "edit"));
  char *words = text && *text ? g_strdup(text) : NULL;
  json_decref(o);
  return words;
}

/* ---- reading: nothing is believed */

static wd_status wrong(const char *key, const char *wanted, wd_error *err) {
  return wd_fail(err, WD_ERR_FORMAT, _("\"%s\" is not %s"), key, wanted);
}

wd_status wd_json_int(const json_t *o, const char *key, gint64 lo, gint64 hi, gint64 otherwise, gint64 *out,
                      wd_error *err) {
  const json_t *v = json_object_get(o, key);
  if (!v) {
    *out = otherwise;
    return WD_OK;
  }
  gint64 x = json_is_integer(v) ? json_integer_value(v) : lo - 1;
  if (!json_is_integer(v) || x < lo || x > hi)
    return wd_fail(err, WD_ERR_FORMAT, _("\"%s\" is not a whole number from %lld to %lld"), key,
                   (long long)lo, (long long)hi);
  *out = x;
  return WD_OK;
}

static wd_status read_int(const json_t *o, const char *key, int lo, int hi, int otherwise, int *out,
                          wd_error *err) {
  gint64 x = 0;
  wd_status st = wd_json_int(o, key, lo, hi, otherwise, &x, err);
  if (!st) *out = (int)x;
  return st;
}

static gboolean number_of(const json_t *v, double *out) {
  if (json_is_number(v)) {
    *out = json_number_value(v);
    return TRUE;
  }
  const char *text = json_string_value(v);
  if (text && (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0)) {
    *out = *text == '-' ? -INFINITY : INFINITY;
    return TRUE;
  }
  *out = NAN;
  return json_is_null(v);
}

/* NaN where it is null or not there. */
static wd_status read_real(const json_t *o, const char *key, double *out, wd_error *err) {
  const json_t *v = json_object_get(o, key);
  *out = NAN;
  return !v || number_of(v, out) ? WD_OK : wrong(key, _("a number"), err);
}

static wd_status read_seed(const json_t *o, const char *key, guint64 *out, wd_error *err) {
  const json_t *v = json_object_get(o, key);
  *out = 0;
  if (!v) return WD_OK;
  if (json_is_integer(v) && json_integer_value(v) >= 0) {
    *out = (guint64)json_integer_value(v);
    return WD_OK;
  }
  const char *text = json_string_value(v);
  return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, out, NULL)
             ? WD_OK
             : wrong(key, _("a seed"), err);
}

/* New; NULL where it is not there. */
static wd_status read_text(const json_t *o, const char *key, char **out, wd_error *err) {
  const json_t *v = json_object_get(o, key);
  *out = NULL;
  if (!v || json_is_null(v)) return WD_OK;
  if (!json_is_string(v) || json_string_length(v) > MAX_TEXT ||
      strlen(json_string_value(v)) != json_string_length(v))
    return wrong(key, _("a short text"), err);
  *out = g_strdup(json_string_value(v));
  return WD_OK;
}

/* An index into `items`: what it stands for, borrowed; NULL where it is not there. */
static wd_status read_item(const json_t *o, const char *key, const GPtrArray *items, gpointer *out,
                           wd_error *err) {
  int i = -1;
  *out = NULL;
  if (!json_object_get(o, key)) return WD_OK;
  if (!items->len) return wrong(key, _("one of those in the file"), err);
  wd_status st = read_int(o, key, 0, (int)items->len - 1, 0, &i, err);
  if (!st) *out = g_ptr_array_index(items, (guint)i);
  return st;
}

/* Where it is not told, it was live: files of before. */
static wd_status read_refine_mode(const json_t *o, wd_wave_mode *out, wd_error *err) {
  const json_t *mode = json_object_get(o, "refine_mode");
  *out = WD_WAVE_LIVE;
  if (!mode || (json_is_string(mode) && wd_wave_mode_parse(json_string_value(mode), out))) return WD_OK;
  return wrong("refine_mode", _("exact, fast or live"), err);
}

static wd_status read_recipe(const json_t *o, WdRecipe *r, wd_error *err) {
  *r = (WdRecipe){.family = -1};
  if (!json_is_object(o)) return wrong("recipe", _("an object"), err);
  wd_status st = read_seed(o, "seed", &r->seed, err);
  const char *family = json_string_value(json_object_get(o, "family"));
  const char *sampler = json_string_value(json_object_get(o, "sampler"));
  wd_family f;
  if (!st && family && strcmp(family, "any") != 0) {
    if (!wd_family_parse(family, &f)) return wrong("family", _("the name of a family"), err);
    r->family = (int)f;
  }
  if (!st && sampler && !wd_sampler_parse(sampler, &r->plan.kind))
    return wrong("sampler", _("the name of a sampler"), err);
  if (!st) st = read_int(o, "steps", 0, MAX_STEPS, 0, &r->plan.steps, err);
  if (!st) st = read_real(o, "eta", &r->plan.eta, err);
  if (!st) st = read_real(o, "guidance", &r->plan.guidance, err);
  r->new_noise = json_object_get(o, "noise_seed") != NULL;
  if (!st) st = read_seed(o, "noise_seed", &r->noise_seed, err);
  if (!st) st = read_int(o, "refine_steps", 0, MAX_STEPS, 0, &r->refine_steps, err);
  if (!st) st = read_real(o, "refine_rate", &r->refine_rate, err);
  if (!st) st = read_refine_mode(o, &r->refine_mode, err);
  const json_t *begin = json_object_get(o, "begin");
  for (int i = 0; begin && i < (int)G_N_ELEMENTS(begin_name); i++)
    if (g_strcmp0(json_string_value(begin), begin_name[i]) == 0) {
      r->begin = (WdBegin)i;
      begin = NULL;
    }
  if (!st && begin) st = wrong("begin", _("on, noised or at"), err);
  if (!st) st = read_int(o, "timestep", 0, MAX_STEPS, 0, &r->timestep, err);
  if (isnan(r->plan.eta)) r->plan.eta = 0;
  if (isnan(r->plan.guidance)) r->plan.guidance = 0;
  if (isnan(r->refine_rate)) r->refine_rate = 0;
  return st;
}

/* An array of n numbers or fewer (files of earlier versions know fewer figures), the rest NaN. */
static wd_status read_numbers(const json_t *a, const char *key, int n, double *out, wd_error *err) {
  if (!json_is_array(a) || json_array_size(a) > 64) return wrong(key, _("a list of numbers"), err);
  for (int i = 0; i < n; i++) {
    const json_t *v = json_array_get(a, (size_t)i);
    out[i] = NAN;
    if (v && !number_of(v, &out[i])) return wrong(key, _("a list of numbers"), err);
  }
  return WD_OK;
}

static wd_status read_figures(const json_t *a, const char *key, double out[WD_SCORES], wd_error *err) {
  double in_order[WD_SCORES];
  wd_status st = read_numbers(a, key, WD_SCORES, in_order, err);
  for (int i = 0; i < WD_SCORES && !st; i++) out[stored[i]] = in_order[i];
  return st;
}

/* Where it is not told there was none: files of before. */
static wd_status read_calibration(const json_t *o, WdScore *s, wd_error *err) {
  const json_t *v = json_object_get(o, "calibration");
  s->gain = 1;
  if (!v) return WD_OK;
  int i = 0;
  while (i < (int)G_N_ELEMENTS(calibration_name) && g_strcmp0(json_string_value(v), calibration_name[i])) i++;
  if (i == (int)G_N_ELEMENTS(calibration_name)) return wrong("calibration", _("none, sign or gain"), err);
  s->calibration = (wd_calibration)i;
  return i ? read_real(o, "gain", &s->gain, err) : WD_OK;
}

static wd_status read_score(const json_t *o, const char *key, wd_wave_mode mode, WdScore **out,
                            wd_error *err) {
  const json_t *v = json_object_get(o, key);
  if (!v || json_is_null(v)) return WD_OK;
  if (!json_is_object(v)) return wrong(key, _("a score"), err);
  const json_t *shots = json_object_get(v, "shots");
  const char *word = json_string_value(json_object_get(v, "mode"));
  if (!json_is_array(shots) || json_array_size(shots) > 1000)
    return wrong("shots", _("a list of scores"), err);
  WdScore *s = g_new0(WdScore, 1);
  s->shots = (int)json_array_size(shots);
  s->shot = g_malloc0_n((gsize)s->shots, sizeof *s->shot);
  double measure[MEASURE];
  wd_status st =
      word && wd_wave_mode_parse(word, &s->mode) && (s->mode == WD_WAVE_EXACT) == (mode == WD_WAVE_EXACT)
          ? WD_OK
          : wrong("mode", _("that of the score"), err);
  if (!st) st = read_real(v, "seconds", &s->seconds, err);
  if (!st) st = read_calibration(v, s, err);
  if (!st) st = read_figures(json_object_get(v, "values"), "values", s->value, err);
  if (!st) st = read_numbers(json_object_get(v, "measure"), "measure", MEASURE, measure, err);
  for (int i = 0; i < s->shots && !st; i++)
    st = read_figures(json_array_get(shots, (size_t)i), "shots", s->shot[i], err);
  if (st) {
    wd_score_free(s);
    return st;
  }
  s->all = measure_of(measure);
  s->details = json_is_true(json_object_get(v, "details"));
  *out = s;
  return WD_OK;
}

static wd_status read_position(const json_t *o, const GPtrArray *latents, WdPosition *p, wd_error *err) {
  if (!json_is_object(o)) return wrong("positions", _("a list of objects"), err);
  wd_status st = read_int(o, "timestep", -1, MAX_STEPS, -1, &p->level.timestep, err);
  if (!st && p->level.timestep >= 0) {
    double alpha = NAN, sigma = NAN;
    st = read_real(o, "alpha", &alpha, err);
    if (!st) st = read_real(o, "sigma", &sigma, err);
    if (!st && !(alpha >= 0 && alpha <= 1.001 && sigma >= 0 && sigma <= 1.001))
      return wrong("alpha", _("a noise level"), err);
    p->level.alpha = alpha;
    p->level.sigma = sigma;
    p->level.log_snr = wd_log_snr(alpha, sigma);
  }
  static const char *const word[WD_WHATS] = {"x0", "xt"};
  for (int w = 0; w < WD_WHATS && !st; w++) {
    const json_t *one = json_object_get(o, word[w]);
    gpointer latent = NULL;
    if (!one) continue;
    if (!json_is_object(one)) return wrong(word[w], _("an object"), err);
    st = read_item(one, "latent", latents, &latent, err);
    if (latent) p->latent[w] = g_bytes_ref(latent);
    if (!st) st = read_score(one, "live", WD_WAVE_LIVE, &p->live[w], err);
    if (!st) st = read_score(one, "exact", WD_WAVE_EXACT, &p->exact[w], err);
  }
  if (!st && !p->latent[WD_WHAT_STATE]) return wrong("xt", _("a position's latent"), err);
  if (!st) st = read_real(o, "seconds", &p->seconds, err);
  if (!st) st = read_real(o, "objective", &p->objective, err);
  if (!st) st = read_text(o, "fault", &p->fault, err);
  const json_t *note = json_object_get(o, "note");
  if (!st && note && !(p->note = note_of(note))) st = wrong("note", _("a short object"), err);
  const json_t *annotations = json_object_get(o, "annotations");
  if (!st && annotations) st = wd_annotations_from_json(annotations, &p->annotations, err);
  p->refined = json_is_true(json_object_get(o, "refined"));
  p->refine_begins = p->refined && json_is_true(json_object_get(o, "refine_begins"));
  if (!st && p->refined) st = read_real(o, "refine_rate", &p->refine_rate, err);
  if (!(p->refine_rate > 0 && p->refine_rate <= 100)) p->refine_rate = 0;
  if (!st && p->refined) st = read_refine_mode(o, &p->refine_mode, err);
  return st;
}

/* What a branch says of itself must fit what it leaves. */
static wd_status check_place(WdRecording *r, guint id, guint parent, int parent_at, int steps,
                             wd_error *err) {
  if (wd_recording_find(r, id)) return wd_fail(err, WD_ERR_FORMAT, _("two branches have the number %u"), id);
  if (!parent && parent_at)
    return wd_fail(err, WD_ERR_FORMAT, _("branch %u begins at %d, and leaves no other"), id, parent_at);
  if (!parent) return WD_OK;
  WdBranch *p = wd_recording_find(r, parent);
  if (!p)
    return wd_fail(err, WD_ERR_FORMAT, _("branch %u leaves branch %u, which is not before it"), id, parent);
  if (parent_at < p->first || parent_at > wd_branch_last(p))
    return wd_fail(err, WD_ERR_FORMAT, _("branch %u leaves branch %u at %d; that one has %d to %d"), id,
                   parent, parent_at, p->first, wd_branch_last(p));
  if (steps < parent_at)
    return wd_fail(err, WD_ERR_FORMAT, _("branch %u has its data at %d, before it begins at %d"), id, steps,
                   parent_at);
  return WD_OK;
}

/* At the data nothing is left to sample, but from a latent that is noised. */
static wd_status check_start(WdRecording *r, guint parent, int parent_at, const WdRecipe *recipe,
                             wd_error *err) {
  const WdPosition *p = parent ? wd_recording_position(r, parent, parent_at) : NULL;
  if (!p || p->level.timestep >= 0 || recipe->begin || recipe->plan.steps == 0) return WD_OK;
  return wd_fail(err, WD_ERR_FORMAT, _("it samples %d steps from the data of branch %u"), recipe->plan.steps,
                 parent);
}

static wd_status read_positions(WdRecording *r, WdBranch *b, const json_t *list, const GPtrArray *latents,
                                wd_error *err) {
  if (!json_is_array(list)) return wrong("positions", _("a list"), err);
  if (json_array_size(list) > (size_t)MAX_STEPS) return wrong("positions", _("of a length that can be"), err);
  for (size_t i = 0; i < json_array_size(list); i++) {
    int k = b->first + (int)i;
    WdPosition *p = wd_recording_grow(r, b, k, NULL);
    wd_status st = read_position(json_array_get(list, i), latents, p, err);
    if (!st && (p->level.timestep < 0) != wd_branch_is_data(b, NULL, k))
      st = wd_fail(err, WD_ERR_FORMAT, _("position %d is %s, but the data are at %d"), k,
                   p->level.timestep < 0 ? _("data") : _("noised"), b->steps);
    if (st) return wd_fail_context(err, st, _("position %d of branch %u"), k, b->id);
  }
  if (b->kind == WD_BRANCH_WALK && (!b->position->len || wd_branch_last(b) != b->steps))
    return wd_fail(err, WD_ERR_FORMAT, _("walk %u says that it ends at %d; it has %u latents"), b->id,
                   b->steps, b->position->len);
  if (wd_branch_last(b) > wd_branch_end(b)) /* more refinement than was asked for: it was done all the same */
    b->recipe.refine_steps = wd_branch_last(b) - b->steps;
  return WD_OK;
}

wd_status wd_branch_from_json(WdRecording *r, const json_t *o, const GPtrArray *latents,
                              const GPtrArray *truths, wd_error *err) {
  int id = 0, parent = 0, parent_at = 0, steps = 0, colour = 1;
  WdRecipe recipe;
  gpointer truth = NULL, edited = NULL;
  char *name = NULL, *truth_name = NULL;
  if (!json_is_object(o)) return wrong("branches", _("a list of objects"), err);
  wd_status st = read_int(o, "id", 1, G_MAXINT - 1, 0, &id, err);
  if (!st && !id) st = wrong("id", _("there"), err);
  if (!st) st = read_int(o, "parent", 0, G_MAXINT - 1, 0, &parent, err);
  if (!st) st = read_int(o, "parent_at", 0, 2 * MAX_STEPS, 0, &parent_at, err);
  if (!st) st = read_int(o, "steps", 0, 3 * MAX_STEPS, 0, &steps, err);
  if (!st) st = read_int(o, "colour", 0, G_MAXINT - 1, id, &colour, err);
  if (!st) st = check_place(r, (guint)id, (guint)parent, parent_at, steps, err);
  if (!st) st = read_recipe(json_object_get(o, "recipe"), &recipe, err);
  if (!st) st = check_start(r, (guint)parent, parent_at, &recipe, err);
  if (!st) st = read_item(o, "truth", truths, &truth, err);
  if (!st) st = read_item(o, "edited", latents, &edited, err);
  if (!st) st = read_text(o, "name", &name, err);
  if (!st) st = read_text(o, "truth_name", &truth_name, err);
  if (!st) {
    const char *kind = json_string_value(json_object_get(o, "kind"));
    WdBranchKind k = WD_BRANCH_SAMPLED;
    for (guint i = 0; i < G_N_ELEMENTS(kind_name); i++)
      if (g_strcmp0(kind, kind_name[i]) == 0) k = (WdBranchKind)i;
    if (k == WD_BRANCH_SAMPLED && steps != parent_at + recipe.plan.steps) {
      g_free(name);
      g_free(truth_name);
      return wd_fail(err, WD_ERR_FORMAT, _("branch %d has its data at %d; %d steps from %d lead to %d"), id,
                     steps, recipe.plan.steps, parent_at, parent_at + recipe.plan.steps);
    }
    if (k == WD_BRANCH_ENCODED && (parent || steps || recipe.begin)) {
      g_free(name);
      g_free(truth_name);
      return wd_fail(err, WD_ERR_FORMAT, _("branch %d is an encoded pair, but not data from its start"), id);
    }
    if ((k == WD_BRANCH_WALK && (parent || recipe.begin || recipe.refine_steps)) ||
        (recipe.begin && (!edited || recipe.plan.steps < 1))) {
      g_free(name);
      g_free(truth_name);
      return wd_fail(err, WD_ERR_FORMAT,
                     _("branch %d is a walk, or begins from a latent, in a way that none does"), id);
    }
    WdBranch *b =
        wd_recording_add(r, k, name && *name ? name : _("Unnamed"), (guint)parent, parent_at, &recipe, steps);
    wd_recording_number(r, b, (guint)id);
    b->colour = colour;
    b->pinned = json_is_true(json_object_get(o, "pinned"));
    const char *given = json_string_value(json_object_get(o, "given"));
    b->given_velocity = g_strcmp0(given, "seismic") != 0;
    b->given_gathers = g_strcmp0(given, "velocity") != 0;
    if (truth) b->truth = wd_pair_ref(truth);
    b->truth_name = g_steal_pointer(&truth_name);
    if (edited) b->edited = g_bytes_ref(edited);
    st = read_positions(r, b, json_object_get(o, "positions"), latents, err);
  }
  g_free(name);
  g_free(truth_name);
  return st;
}

/* ---- the geometry */

json_t *wd_geometry_to_json(const wd_shard_desc *g) {
  return json_pack("{s:i, s:i, s:f, s:i, s:i, s:i, s:i, s:f, s:f}", "nz", g->nz, "nx", g->nx, "spacing",
                   g->spacing, "shots", g->shots, "samples", g->samples, "receivers", g->receivers,
                   "instants", g->instants, "dt", g->dt, "frequency", g->frequency);
}

wd_status wd_geometry_from_json(const json_t *o, wd_shard_desc *g, wd_error *err) {
  *g = (wd_shard_desc){0};
  if (!json_is_object(o)) return wrong("geometry", _("an object"), err);
  const struct {
    const char *key;
    int *to;
  } whole[] = {{"nz", &g->nz},
               {"nx", &g->nx},
               {"shots", &g->shots},
               {"samples", &g->samples},
               {"receivers", &g->receivers},
               {"instants", &g->instants}};
  wd_status st = WD_OK;
  for (gsize i = 0; i < G_N_ELEMENTS(whole) && !st; i++)
    st = read_int(o, whole[i].key, 0, 1000000, 0, whole[i].to, err);
  if (!st) st = read_real(o, "spacing", &g->spacing, err);
  if (!st) st = read_real(o, "dt", &g->dt, err);
  if (!st) st = read_real(o, "frequency", &g->frequency, err);
  return st;
}
