/* How a plane and a place on it are written down: as notes of the walk, and as commands. */
#include "app/explorer.h"

#include "app/i18n.h"
#include "app/models.h"
#include "solver/family.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const shapes[] = {"anchors", "principal", "random"};
static const char *const sources[] = {"test", "sampled", "recorded"};

static json_t *seed_json(guint64 seed) { /* as text: doubles end at 2^53 */
  char text[24];
  g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, seed);
  return json_string(text);
}

static json_t *anchor_json(const WdAnchor *a) {
  json_t *o = json_object();
  switch (a->kind) {
  case WD_ANCHOR_NONE: break;
  case WD_ANCHOR_SEED: json_object_set_new(o, "seed", seed_json(a->seed)); break;
  case WD_ANCHOR_PLACE:
    json_object_set_new(o, "branch", json_integer(a->branch));
    json_object_set_new(o, "at", json_integer(a->k));
    json_object_set_new(o, "what", json_string(a->what == WD_WHAT_STATE ? "xt" : "x0"));
    break;
  case WD_ANCHOR_FILE:
    json_object_set_new(o, "file", json_string(a->file));
    json_object_set_new(o, "record", json_integer(a->record));
  }
  return o;
}

static json_t *plane_json(WdExplorer *x) {
  json_t *o = json_object(), *anchors = json_array();
  json_object_set_new(o, "shape", json_string(shapes[x->shape]));
  json_object_set_new(o, "domain", json_string(wd_latent_domain_name(x->domain)));
  json_object_set_new(o, "mixing", json_string(wd_mixing_name(wd_explorer_get_mixing(x))));
  for (int i = 0; i < (x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1); i++)
    json_array_append_new(anchors, anchor_json(&x->anchor[i]));
  json_object_set_new(o, "anchors", anchors);
  if (x->shape == WD_SHAPE_RANDOM) json_object_set_new(o, "directions", seed_json(x->direction_seed));
  if (x->shape == WD_SHAPE_PRINCIPAL) {
    json_object_set_new(o, "batch", json_string(sources[x->source]));
    json_object_set_new(o, "count", json_integer(x->batch[x->source].count));
  }
  json_object_set_new(o, "sampler", json_string(wd_sampler_name(x->recipe.plan.kind)));
  json_object_set_new(o, "steps", json_integer(x->recipe.plan.steps));
  json_object_set_new(o, "eta", json_real(x->recipe.plan.eta));
  json_object_set_new(o, "guidance", json_real(x->recipe.plan.guidance));
  json_object_set_new(o, "family", json_integer(x->recipe.family));
  return o;
}

static char *dump(json_t *o) {
  char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
  json_decref(o);
  char *copy = g_strdup(text ? text : "{}");
  free(text);
  return copy;
}

char *wd_explorer_key(WdExplorer *x) {
  return dump(plane_json(x));
}

static void place_words(WdExplorer *x, double u, double v, GString *s) {
  g_string_append_printf(s, "(%.4g, %.4g) ", u, v);
  if (x->shape != WD_SHAPE_ANCHORS) {
    g_string_append_printf(s, _("%s about %s"),
                           x->shape == WD_SHAPE_RANDOM ? _("along random directions")
                                                       : _("along principal directions"),
                           x->anchor[0].name);
    return;
  }
  g_string_append(s, _("between "));
  for (int i = 0; i < WD_ANCHORS; i++)
    g_string_append_printf(s, "%s%s", i ? ", " : "", x->anchor[i].name ? x->anchor[i].name : "?");
}

char *wd_explorer_note(WdExplorer *x, double u, double v, const char *edit) {
  json_t *o = plane_json(x);
  GString *s = g_string_new(NULL);
  place_words(x, u, v, s);
  if (x->domain == WD_DOMAIN_NOISE) g_string_append(s, _(", in noise"));
  json_object_set_new(o, "edit", json_string(edit));
  json_object_set_new(o, "text", json_string(s->str));
  json_object_set_new(o, "u", json_real(u));
  json_object_set_new(o, "v", json_real(v));
  g_string_free(s, TRUE);
  return dump(o);
}

/* ---- back */

static gboolean read_seed(const json_t *o, guint64 *out) {
  const char *text = json_string_value(o);
  return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, out, NULL);
}

static gboolean same_anchor(const WdAnchor *a, const json_t *o) {
  json_t *now = anchor_json(a);
  gboolean same = json_equal(now, (json_t *)o);
  json_decref(now);
  return same;
}

/* FALSE: what it was is gone; the anchor stays as it is. */
static gboolean read_anchor(WdExplorer *x, int i, const json_t *o) {
  guint64 seed;
  if (same_anchor(&x->anchor[i], o)) return TRUE;
  if (read_seed(json_object_get(o, "seed"), &seed)) {
    wd_explorer_set_seed(x, i, seed);
    return TRUE;
  }
  const char *file = json_string_value(json_object_get(o, "file"));
  if (file)
    return wd_explorer_set_file(x, i, file, (int)json_integer_value(json_object_get(o, "record")), NULL);
  const json_t *branch = json_object_get(o, "branch");
  const char *what = json_string_value(json_object_get(o, "what"));
  return json_is_integer(branch) &&
         wd_explorer_set_place(x, i, (guint)json_integer_value(branch),
                               (int)json_integer_value(json_object_get(o, "at")),
                               g_strcmp0(what, "xt") == 0 ? WD_WHAT_STATE : WD_WHAT_ESTIMATE, NULL);
}

static int find(const char *const *names, int n, const json_t *o, int otherwise) {
  const char *text = json_string_value(o);
  for (int i = 0; text && i < n; i++)
    if (strcmp(names[i], text) == 0) return i;
  return otherwise;
}

static gboolean is_place(const json_t *o) {
  return json_is_number(o) && isfinite(json_number_value(o)) && fabs(json_number_value(o)) <= 100;
}

WdNoteKind wd_explorer_read_note(WdExplorer *x, const char *note) {
  json_t *o = note ? json_loads(note, 0, NULL) : NULL;
  const char *edit = json_string_value(json_object_get(o, "edit"));
  const json_t *u = json_object_get(o, "u"), *v = json_object_get(o, "v"),
               *anchors = json_object_get(o, "anchors");
  WdNoteKind kind = g_strcmp0(edit, "plane") == 0  ? WD_NOTE_PLANE
                    : g_strcmp0(edit, "path") == 0 ? WD_NOTE_PATH
                                                   : WD_NOTE_OTHER;
  if (kind == WD_NOTE_OTHER || !is_place(u) || !is_place(v) || !json_is_array(anchors)) {
    json_decref(o);
    return WD_NOTE_OTHER;
  }
  json_t *now = plane_json(x);
  gboolean same = TRUE;
  static const char *const keys[] = {"shape", "domain", "mixing", "anchors", "directions", "batch", "count"};
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    same = same && (json_object_get(now, keys[i]) == json_object_get(o, keys[i]) ||
                    json_equal(json_object_get(now, keys[i]), json_object_get(o, keys[i])));
  json_decref(now);
  if (!same) {
    guint64 seed;
    x->shape = (WdPlaneShape)find(shapes, 3, json_object_get(o, "shape"), (int)x->shape);
    const char *domain = json_string_value(json_object_get(o, "domain"));
    if (domain) wd_latent_domain_parse(domain, &x->domain);
    x->norm_safe = g_strcmp0(json_string_value(json_object_get(o, "mixing")), "straight") != 0;
    if (read_seed(json_object_get(o, "directions"), &seed)) x->direction_seed = seed;
    x->source = (WdBatchSource)find(sources, 3, json_object_get(o, "batch"), (int)x->source);
    if (json_is_integer(json_object_get(o, "count")))
      x->batch_count =
          (int)CLAMP(json_integer_value(json_object_get(o, "count")), 3, (json_int_t)WD_PRINCIPAL_MAX);
    for (gsize i = 0; i < MIN(json_array_size(anchors), WD_ANCHORS); i++)
      if (!read_anchor(x, (int)i, json_array_get(anchors, i)))
        wd_explorer_fail(x, _("Anchor %c of this place is gone; the present one stands in for it."),
                         'A' + (int)i);
    if (x->shape == WD_SHAPE_PRINCIPAL) wd_explorer_start_batch(x, x->source, x->batch_count);
    wd_explorer_update_plane(x);
  }
  x->u = json_number_value(u);
  x->v = json_number_value(v);
  json_decref(o);
  return kind;
}

/* ---- commands */

static void put_quoted(GString *s, const char *before, const char *text) {
  gboolean plain = text[0] && text[0] != '-';
  for (const char *p = text; *p && plain; p++)
    plain = g_ascii_isalnum(*p) || strchr("_-./:,=+@%", *p) != NULL;
  g_autofree char *quoted = plain ? g_strdup(text) : g_shell_quote(text);
  g_string_append_printf(s, "%s%s", before, quoted);
}

static const char *file_or(const char *file) {
  return file ? file : "session.wdrun";
}

static int number_of(WdRecording *r, guint id) {
  for (guint i = 0; i < wd_recording_count(r); i++)
    if (wd_recording_nth(r, i)->id == id) return (int)i + 1;
  return 0;
}

static void add_anchor(WdExplorer *x, const WdAnchor *a, const char *file, GString *s) {
  if (a->kind == WD_ANCHOR_SEED || (a->kind == WD_ANCHOR_PLACE && x->domain == WD_DOMAIN_NOISE))
    g_string_append_printf(s, "%" G_GUINT64_FORMAT, a->seed);
  else if (a->kind == WD_ANCHOR_FILE)
    g_string_append_printf(s, "%s:%d", a->file, a->record);
  else if (a->kind == WD_ANCHOR_PLACE)
    g_string_append_printf(s, "%s:%d@%d", file_or(file),
                           number_of(wd_session_get_recording(x->session), a->branch), a->k);
}

static void add_plane(WdExplorer *x, const char *file, GString *s) {
  const WdModelInfo *m = wd_session_get_model(x->session);
  char found[4096];
  wd_error err;
  gboolean named = m && !wd_find_model(m->name, found, sizeof found, &err) && !strcmp(found, m->folder);
  put_quoted(s, "wavediffusion-cli interpolate --model ", !m ? "default" : named ? m->name : m->folder);
  g_autoptr(GString) list = g_string_new(NULL);
  for (int i = 0; i < (x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1); i++) {
    if (i) g_string_append_c(list, ',');
    add_anchor(x, &x->anchor[i], file, list);
  }
  put_quoted(s, " --anchors ", list->str);
  if (x->shape == WD_SHAPE_RANDOM)
    g_string_append_printf(s, " --directions random:%" G_GUINT64_FORMAT, x->direction_seed);
  if (x->shape == WD_SHAPE_PRINCIPAL) {
    if (x->source == WD_BATCH_RECORDED)
      put_quoted(s, " --directions ", file_or(file));
    else
      g_string_append_printf(s, " --directions %s:%d", sources[x->source], x->batch[x->source].count);
  }
  g_string_append_printf(s, " --domain %s", wd_latent_domain_name(x->domain));
  if (!x->norm_safe) g_string_append(s, " --mode straight");
  const wd_sampler_plan *p = &x->recipe.plan;
  gboolean sampled = x->domain == WD_DOMAIN_NOISE;
  for (int i = 0; i < (x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1); i++)
    sampled = sampled || x->anchor[i].kind == WD_ANCHOR_SEED;
  sampled = sampled || (x->shape == WD_SHAPE_PRINCIPAL && x->source == WD_BATCH_SAMPLED);
  if (!sampled) return;
  g_string_append_printf(s, " --steps %d", p->steps);
  if (p->kind != WD_SAMPLER_DPMPP_2M) g_string_append_printf(s, " --sampler %s", wd_sampler_name(p->kind));
  if (p->eta != 0) g_string_append_printf(s, " --eta %.17g", p->eta);
  if (x->recipe.family >= 0)
    g_string_append_printf(s, " --family %s", wd_family_name((wd_family)x->recipe.family));
  if (p->guidance != 0) g_string_append_printf(s, " --guidance %.17g", p->guidance);
}

static void add_device(WdExplorer *x, const char *folder, GString *s) {
  const WdModelInfo *m = wd_session_get_model(x->session);
  if (m) g_string_append_printf(s, " --device %s", m->device_spec);
  g_string_append_printf(s, " -o %s", folder);
}

/* A place as text: four digits, which read back as the same double. */
static void add_place(GString *s, double u, double v) {
  char a[G_ASCII_DTOSTR_BUF_SIZE], b[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(a, sizeof a, "%.10g", u);
  g_ascii_formatd(b, sizeof b, "%.10g", v);
  g_string_append_printf(s, "%s,%s", a, b);
}

char *wd_explorer_command(WdExplorer *x, const char *file) {
  GString *s = g_string_new(NULL);
  add_plane(x, file, s);
  g_string_append(s, " --at ");
  add_place(s, x->u, x->v);
  g_string_append(s, " --score exact");
  add_device(x, "point", s);
  return g_string_free(s, FALSE);
}

char *wd_explorer_path_command(WdExplorer *x, const char *file) {
  GString *s = g_string_new(NULL);
  add_plane(x, file, s);
  g_string_append(s, " --through '");
  for (int i = 0; i < x->waypoints; i++) {
    if (i) g_string_append_c(s, ' ');
    add_place(s, x->waypoint[i][0], x->waypoint[i][1]);
  }
  g_string_append_printf(s, "' --frames %d", x->frames);
  if (x->smooth) g_string_append(s, " --curve smooth");
  if (x->easing) g_string_append_printf(s, " --easing %s", wd_easing_name(x->easing));
  add_device(x, "path", s);
  return g_string_free(s, FALSE);
}
