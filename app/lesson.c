/* Reading lessons: JSON to structs, with a line of the file for whatever is wrong. */
#include "app/lesson.h"

#include "app/i18n.h"

#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20, MOST_STEPS = 100, MOST_TEXT = 6000, MOST_TITLE = 200, DEEPEST = 32 };

static const char *const target_names[WD_TARGETS][2] = {
    [WD_TARGET_VELOCITY] = {"velocity", N_("Velocity")},
    [WD_TARGET_GATHER] = {"gather", N_("Gather")},
    [WD_TARGET_SIMULATED] = {"simulated", N_("Simulated gather")},
    [WD_TARGET_DIFFERENCE] = {"difference", N_("Difference")},
    [WD_TARGET_TRACES] = {"traces", N_("Residual by trace")},
    [WD_TARGET_PLOT] = {"plot", N_("Residual plot")},
    [WD_TARGET_TIMELINE] = {"timeline", N_("Timeline")},
    [WD_TARGET_SHOTS] = {"shots", N_("Shots")},
    [WD_TARGET_SIDEBAR] = {"sidebar", N_("Sidebar")},
    [WD_TARGET_STATUS] = {"status", N_("Status bar")},
    [WD_TARGET_VELOCITY_B] = {"velocity_b", N_("Velocity B")},
    [WD_TARGET_GATHER_B] = {"gather_b", N_("Gather B")},
    [WD_TARGET_DIFFERENCE_B] = {"difference_b", N_("Difference B")},
    [WD_TARGET_PROFILES] = {"profiles", N_("Profiles")},
    [WD_TARGET_TRACE_WINDOW] = {"trace_window", N_("Trace window")},
    [WD_TARGET_PAGE] = {"page", N_("Page")},
    [WD_TARGET_WAVEFIELD] = {"wavefield", N_("Wavefield")},
    [WD_TARGET_WAVEFIELD_GATHER] = {"wavefield_gather", N_("Gather of the wavefield")},
};

const char *wd_target_name(int target) {
  return target >= 0 && target < WD_TARGETS ? target_names[target][0] : NULL;
}
const char *wd_target_title(int target) {
  return target >= 0 && target < WD_TARGETS ? _(target_names[target][1]) : NULL;
}

void wd_lesson_problem_free(gpointer problem) {
  WdLessonProblem *p = problem;
  g_free(p->text);
  g_free(p);
}

/* ---- lines. jansson does not keep them: once it has accepted the text, one more walk over it notes the line
 * of every value by its path ("steps/3/text"). */

typedef struct Walk {
  const char *at, *end;
  int line, depth;
  GHashTable *lines;
} Walk;

static void skip(Walk *w) {
  for (; w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'); w->at++)
    w->line += *w->at == '\n';
}

static gboolean ends_word(char c) {
  return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A JSON string's bytes as they stand, without escapes resolved: keys of lessons have none. */
static char *take_string(Walk *w) {
  const char *begin = ++w->at;
  while (w->at < w->end && *w->at != '"') w->at += *w->at == '\\' && w->at + 1 < w->end ? 2 : 1;
  char *s = g_strndup(begin, (gsize)(MIN(w->at, w->end) - begin));
  if (w->at < w->end) w->at++;
  return s;
}

static void walk_value(Walk *w, const char *path) {
  skip(w);
  if (w->at >= w->end || w->depth > DEEPEST) return;
  g_hash_table_replace(w->lines, g_strdup(path), GINT_TO_POINTER(w->line));
  const char c = *w->at;
  if (c == '"') {
    g_free(take_string(w));
    return;
  }
  if (c != '{' && c != '[') {
    while (w->at < w->end && !ends_word(*w->at)) w->at++;
    return;
  }
  w->at++;
  w->depth++;
  for (guint i = 0; w->at < w->end; i++) {
    skip(w);
    if (w->at >= w->end || *w->at == '}' || *w->at == ']') break;
    const char *before = w->at;
    g_autofree char *key = NULL;
    if (c == '{') {
      if (*w->at != '"') break; /* cannot be: the text is JSON */
      const int line = w->line;
      key = take_string(w);
      skip(w);
      if (w->at < w->end) w->at++; /* the colon */
      g_autofree char *below = g_strconcat(path, *path ? "/" : "", key, NULL);
      walk_value(w, below);
      g_hash_table_replace(w->lines, g_strdup(below), GINT_TO_POINTER(line));
    } else {
      g_autofree char *below = g_strdup_printf("%s%s%u", path, *path ? "/" : "", i);
      walk_value(w, below);
    }
    skip(w);
    if (w->at < w->end && *w->at == ',') w->at++;
    if (w->depth > DEEPEST || w->at == before) break;
  }
  if (w->at < w->end) w->at++;
  w->depth--;
}

/* ---- reading */

typedef struct Reader {
  GHashTable *lines;
  GPtrArray *problems;
  json_t *known; /* the view's own JSON: what keys it has */
  char *path;    /* of what is read now */
} Reader;

static int line_of(const Reader *r, const char *path) {
  gpointer line = NULL;
  g_autofree char *p = g_strdup(path);
  while (*p) { /* the nearest that has one */
    if (g_hash_table_lookup_extended(r->lines, p, NULL, &line)) return GPOINTER_TO_INT(line);
    char *slash = strrchr(p, '/');
    *(slash ? slash : p) = 0;
  }
  return 1;
}

G_GNUC_PRINTF(3, 4) static void tell(Reader *r, const char *path, const char *format, ...) {
  if (!r->problems) return;
  va_list ap;
  va_start(ap, format);
  WdLessonProblem *p = g_new0(WdLessonProblem, 1);
  p->line = line_of(r, path);
  g_autofree char *said = g_strdup_vprintf(format, ap);
  va_end(ap);
  p->text = g_utf8_make_valid(said, -1); /* names of the file are cut by bytes */
  g_ptr_array_add(r->problems, p);
}

/* -- markup */

static void on_element(GMarkupParseContext *context, const char *element, const char **names,
                       const char **values, gpointer user, GError **error) {
  (void)context, (void)values, (void)user;
  static const char *const tags[] = {"markup", "b", "i", "u", "s", "tt", "sub", "sup", "small", "big", NULL};
  if (!g_strv_contains(tags, element))
    g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ELEMENT,
                _("<%.40s> is not one of b, i, u, s, tt, sub, sup, small, big"), element);
  else if (names[0])
    g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ATTRIBUTE, _("<%s> takes no attributes"),
                element);
}

static void on_text(GMarkupParseContext *context, const char *text, gsize length, gpointer user,
                    GError **error) {
  (void)context, (void)error;
  if (user) g_string_append_len(user, text, (gssize)length);
}

static gboolean parse_markup(const char *markup, GString *plain, GError **error) {
  static const GMarkupParser parser = {.start_element = on_element, .text = on_text};
  g_autofree char *whole = g_strconcat("<markup>", markup, "</markup>", NULL);
  GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, plain, NULL);
  const gboolean good = g_markup_parse_context_parse(context, whole, -1, error) &&
                        g_markup_parse_context_end_parse(context, error);
  g_markup_parse_context_free(context);
  return good;
}

char *wd_markup_plain(const char *markup) {
  GString *plain = g_string_new(NULL);
  if (!parse_markup(markup, plain, NULL)) g_string_assign(plain, markup);
  return g_string_free(plain, FALSE);
}

static void check_placeholders(Reader *r, const char *path, const char *text) {
  for (const char *c = text; (c = strchr(c, '{')); c++) {
    const char *end = strchr(c, '}');
    if (!end || end - c > 40) {
      tell(r, path, _("\"{\" without \"}\": placeholders look like {residual}"));
      return;
    }
    g_autofree char *name = g_strndup(c + 1, (gsize)(end - c - 1));
    if (!wd_lesson_is_placeholder(name)) tell(r, path, _("there is no placeholder {%s}"), name);
  }
}

/* A text of at most `most` bytes; NULL: absent, or told why not. */
static char *read_text(Reader *r, const json_t *o, const char *where, const char *key, int most,
                       gboolean markup, gboolean wanted) {
  g_autofree char *path = g_strconcat(where, *where ? "/" : "", key, NULL);
  const json_t *value = json_object_get(o, key);
  if (!value) {
    if (wanted) tell(r, where, _("\"%s\" is missing"), key);
    return NULL;
  }
  const char *text = json_string_value(value);
  if (!text || !*text || strlen(text) != json_string_length(value)) {
    tell(r, path, _("\"%s\" has to be a text"), key);
    return NULL;
  }
  if (strlen(text) > (size_t)most) {
    tell(r, path, _("\"%s\" has %d bytes; at most %d are shown"), key, (int)strlen(text), most);
    return NULL;
  }
  if (!markup) return g_strdup(text);
  g_autoptr(GError) error = NULL;
  if (!parse_markup(text, NULL, &error)) {
    tell(r, path, _("\"%s\" is no markup: %s"), key, error->message);
    return g_markup_escape_text(text, -1);
  }
  check_placeholders(r, path, text);
  return g_strdup(text);
}

static double read_number(Reader *r, const json_t *o, const char *where, const char *key, double lo,
                          double hi) {
  const json_t *value = json_object_get(o, key);
  if (!value) return 0;
  const double v = json_number_value(value);
  if (json_is_number(value) && v >= lo && v <= hi) return v;
  g_autofree char *path = g_strconcat(where, *where ? "/" : "", key, NULL);
  tell(r, path, _("\"%s\" has to be a number from %g to %g"), key, lo, hi);
  return 0;
}

static void check_keys(Reader *r, const json_t *o, const char *where, const char *const *keys) {
  const char *key;
  const json_t *value;
  json_object_foreach((json_t *)o, key, value) {
    if (g_strv_contains(keys, key)) continue;
    g_autofree char *path = g_strconcat(where, *where ? "/" : "", key, NULL);
    tell(r, path, _("there is no key \"%.60s\" here"), key);
  }
}

/* -- spotlights and what is hidden */

static int read_target(Reader *r, const json_t *value, const char *path) {
  const char *name = json_string_value(value);
  for (int i = 0; name && i < WD_TARGETS; i++)
    if (!strcmp(name, wd_target_name(i))) return i;
  GString *all = g_string_new(NULL);
  for (int i = 0; i < WD_TARGETS; i++) g_string_append_printf(all, "%s%s", i ? ", " : "", wd_target_name(i));
  tell(r, path, _("\"%.40s\" is nothing to point at: %s"), name ? name : "", all->str);
  g_string_free(all, TRUE);
  return -1;
}

static void read_spotlight(Reader *r, const json_t *value, const char *path, WdLessonStep *step) {
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++) {
      g_autofree char *below = g_strdup_printf("%s/%zu", path, i);
      if (i >= WD_SPOTLIGHTS || json_is_array(json_array_get(value, i))) {
        tell(r, below, _("a step has at most %d spotlights, in one list"), WD_SPOTLIGHTS);
        return;
      }
      read_spotlight(r, json_array_get(value, i), below, step);
    }
    return;
  }
  WdSpotlight s = {0};
  const json_t *of = json_is_object(value) ? json_object_get(value, "panel") : value;
  const int target = read_target(r, of, path);
  if (target < 0 || step->spotlights == WD_SPOTLIGHTS) return;
  s.target = (WdTarget)target;
  const json_t *region = json_is_object(value) ? json_object_get(value, "region") : NULL;
  if (json_is_object(value)) check_keys(r, value, path, (const char *const[]){"panel", "region", NULL});
  if (region) {
    double v[4] = {0};
    gboolean good = json_is_array(region) && json_array_size(region) == 4;
    for (size_t i = 0; good && i < 4; i++) {
      good = json_is_number(json_array_get(region, i));
      v[i] = json_number_value(json_array_get(region, i));
      good = good && fabs(v[i]) < 1e9;
    }
    good = good && v[0] < v[2] && v[1] < v[3];
    const gboolean panel =
        target <= WD_TARGET_TRACES || (target >= WD_TARGET_VELOCITY_B && target <= WD_TARGET_DIFFERENCE_B);
    if (!good || !panel)
      tell(r, path,
           panel ? _("a region is [left, top, right, bottom] in metres, and milliseconds down a gather")
                 : _("only panels have regions"));
    else
      s = (WdSpotlight){s.target, TRUE, v[0], v[1], v[2], v[3]};
  }
  step->spotlight[step->spotlights++] = s;
}

static guint read_hide(Reader *r, const json_t *value, const char *path) {
  guint hide = 0;
  if (!value) return 0;
  const size_t n = json_is_array(value) ? json_array_size(value) : 1;
  for (size_t i = 0; i < n && i < WD_TARGETS; i++) {
    const int target = read_target(r, json_is_array(value) ? json_array_get(value, i) : value, path);
    if (target >= 0) hide |= 1u << target;
  }
  return hide;
}

/* -- patches */

static void read_place(Reader *r, json_t *patch, const char *where, const char *run_key, const char *step_key,
                       WdLessonPlace *place) {
  const json_t *run = json_object_get(patch, run_key), *step = json_object_get(patch, step_key);
  g_autofree char *run_path = g_strconcat(where, "/", run_key, NULL);
  g_autofree char *step_path = g_strconcat(where, "/", step_key, NULL);
  if (run) {
    const json_int_t n = json_integer_value(run);
    const char *name = json_string_value(run);
    if (name && *name && strlen(name) <= MOST_TITLE) {
      g_free(place->run);
      place->run = g_strdup(name);
      place->set = TRUE;
    } else if (json_is_integer(run) && n >= 1 && n <= 10000) {
      g_clear_pointer(&place->run, g_free);
      place->number = (int)n;
      place->set = TRUE;
    } else
      tell(r, run_path, _("\"%s\" is a run's name, or its number from 1"), run_key);
  }
  if (step) {
    const char *name = json_string_value(step);
    const json_int_t n = json_integer_value(step);
    if (json_is_integer(step) && n >= 0 && n <= 1000000)
      place->step = (int)n;
    else if (name && !strcmp(name, "first"))
      place->step = 0;
    else if (name && !strcmp(name, "last"))
      place->step = -1;
    else {
      tell(r, step_path, _("\"%s\" is a step from 0, \"first\" or \"last\""), step_key);
      return;
    }
    place->set = TRUE;
  }
}

/* Keys that the view does not have, or that are not a lesson's to set, are told and taken out. */
static void prune(Reader *r, json_t *o, const json_t *known, const char *where) {
  static const char *const own[] = {"a", "b", "next", "seed_locked", "fps", "follow", NULL};
  const char *key;
  json_t *value;
  void *next;
  json_object_foreach_safe(o, next, key, value) {
    g_autofree char *path = g_strconcat(where, "/", key, NULL);
    const json_t *there = json_object_get(known, key);
    if (!there || (known == r->known && g_strv_contains(own, key))) {
      if (there)
        tell(r, path, _("\"%s\" is not a lesson's to set%s"), key,
             key[1] ? "" : _(": use run and step, run_b and step_b"));
      else
        tell(r, path, _("the view has no key \"%.60s\""), key);
      json_object_del(o, key);
    } else if (json_is_object(there) && json_is_object(value)) {
      prune(r, value, there, path);
    }
  }
}

static void merge(json_t *into, const json_t *from) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)from, key, value) {
    json_t *there = json_object_get(into, key);
    if (json_is_object(there) && json_is_object(value))
      merge(there, value);
    else
      json_object_set_new(into, key, json_deep_copy(value));
  }
}

static char *dump(const json_t *o) {
  char *text = json_dumps(o, JSON_COMPACT);
  char *own = g_strdup(text);
  free(text);
  return own;
}

static void copy_place(WdLessonPlace *to, const WdLessonPlace *from) {
  *to = *from;
  to->run = g_strdup(from->run);
}

/* beneath: what this goes over; may be NULL. */
static void read_patch(Reader *r, const json_t *o, const char *where, const WdLessonPatch *beneath,
                       WdLessonPatch *out) {
  for (int side = 0; beneath && side < 2; side++) copy_place(&out->place[side], &beneath->place[side]);
  json_t *all = beneath && beneath->view ? json_loads(beneath->view, 0, NULL) : json_object();
  if (o && !json_is_object(o)) tell(r, where, _("a state is an object of the view's keys"));
  if (json_is_object(o)) {
    json_t *patch = json_deep_copy(o);
    read_place(r, patch, where, "run", "step", &out->place[0]);
    read_place(r, patch, where, "run_b", "step_b", &out->place[1]);
    static const char *const places[] = {"run", "step", "run_b", "step_b"};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) json_object_del(patch, places[i]);
    prune(r, patch, r->known, where);
    /* Tried key by key on what it goes over, so that one that is wrong does not take the others with it, and
     * that what was taken is shown: the ends of a colour scale come in keys of their own. */
    g_autoptr(WdView) scratch = wd_view_new();
    g_autofree char *below = dump(all);
    wd_view_from_json(scratch, below, NULL);
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(patch, next, key, value) {
      json_t *one = json_pack("{s:O}", key, value);
      g_autofree char *text = dump(one), *path = g_strconcat(where, "/", key, NULL);
      json_decref(one);
      g_autoptr(GError) error = NULL;
      if (!wd_view_from_json(scratch, text, &error)) {
        tell(r, path, "%s", error->message);
        json_object_del(patch, key);
      }
    }
    merge(all, patch);
    json_decref(patch);
  }
  out->view = dump(all);
  json_decref(all);
}

/* -- the whole */

static void clear_patch(WdLessonPatch *p) {
  g_free(p->view);
  g_free(p->place[0].run);
  g_free(p->place[1].run);
}

void wd_lesson_free(WdLesson *l) {
  if (!l) return;
  for (int i = 0; i < l->n; i++) {
    WdLessonStep *s = &l->step[i];
    g_free(s->title);
    g_free(s->text);
    g_free(s->question);
    g_free(s->reveal);
    clear_patch(&s->state);
    clear_patch(&s->then);
  }
  g_free(l->step);
  g_free(l->path);
  g_free(l->title);
  g_free(l->description);
  g_free(l->recording);
  g_free(l);
}

gboolean wd_lesson_step_hides(const WdLessonStep *s) {
  return s->hide || s->has_then || s->reveal;
}

static void read_step(Reader *r, const json_t *o, const char *where, const WdLessonPatch *beneath,
                      WdLessonStep *s) {
  static const char *const keys[] = {"title",  "text", "spotlight", "state",    "question",
                                     "reveal", "hide", "then",      "autoplay", NULL};
  s->line = line_of(r, where);
  if (!json_is_object(o))
    tell(r, where, _("a step is an object"));
  else
    check_keys(r, o, where, keys);
  s->title = read_text(r, o, where, "title", MOST_TITLE, FALSE, TRUE);
  s->text = read_text(r, o, where, "text", MOST_TEXT, TRUE, TRUE);
  s->question = read_text(r, o, where, "question", MOST_TEXT, TRUE, FALSE);
  s->reveal = read_text(r, o, where, "reveal", MOST_TEXT, TRUE, FALSE);
  if (!s->title) s->title = g_strdup("");
  if (!s->text) s->text = g_strdup("");
  const json_t *spotlight = json_object_get(o, "spotlight"), *hide = json_object_get(o, "hide");
  g_autofree char *light = g_strconcat(where, "/spotlight", NULL), *hides = g_strconcat(where, "/hide", NULL);
  g_autofree char *state = g_strconcat(where, "/state", NULL), *then = g_strconcat(where, "/then", NULL);
  if (spotlight) read_spotlight(r, spotlight, light, s);
  s->hide = read_hide(r, hide, hides);
  read_patch(r, json_object_get(o, "state"), state, beneath, &s->state);
  s->has_then = json_object_get(o, "then") != NULL;
  read_patch(r, json_object_get(o, "then"), then, &s->state, &s->then);
  s->autoplay = read_number(r, o, where, "autoplay", 1, 600);
  if (s->question && !wd_lesson_step_hides(s))
    tell(r, where, _("a question wants \"reveal\", \"hide\" or \"then\": what the answer is"));
  if ((s->hide || s->has_then) && !s->question)
    tell(r, where, _("what is hidden wants a \"question\" that says what to predict"));
}

static void read_lesson(Reader *r, const json_t *o, WdLesson *l) {
  static const char *const keys[] = {"lesson",    "title", "description", "minutes",
                                     "recording", "state", "steps",       NULL};
  check_keys(r, o, "", keys);
  l->title = read_text(r, o, "", "title", MOST_TITLE, FALSE, TRUE);
  if (!l->title) l->title = g_strdup(_("A lesson without a title"));
  l->description = read_text(r, o, "", "description", MOST_TEXT, TRUE, FALSE);
  l->minutes = (int)read_number(r, o, "", "minutes", 1, 600);
  l->recording = read_text(r, o, "", "recording", MOST_TITLE, FALSE, FALSE);
  if (l->recording && (strchr(l->recording, '/') || l->recording[0] == '.')) {
    tell(r, "recording", _("a recording is \"demo\" or a file beside the lesson, without folders"));
    g_clear_pointer(&l->recording, g_free);
  }
  WdLessonPatch base = {0};
  read_patch(r, json_object_get(o, "state"), "state", NULL, &base);
  const json_t *steps = json_object_get(o, "steps");
  size_t n = json_array_size(steps);
  if (n > MOST_STEPS) {
    tell(r, "steps", _("%d steps; the first %d are shown"), (int)MIN(n, 1000000), MOST_STEPS);
    n = MOST_STEPS;
  }
  l->step = g_new0(WdLessonStep, n ? n : 1);
  l->n = (int)n;
  for (size_t i = 0; i < n; i++) {
    g_autofree char *where = g_strdup_printf("steps/%zu", i);
    read_step(r, json_array_get(steps, i), where, &base, &l->step[i]);
  }
  clear_patch(&base);
}

WdLesson *wd_lesson_parse(const char *text, gsize length, GPtrArray *problems, GError **error) {
  json_error_t at;
  if (length > MOST_BYTES) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                _("the file has %zu bytes; a lesson has at most %d"), length, MOST_BYTES);
    return NULL;
  }
  if (memchr(text, 0, length)) { /* which jansson passes over after a number */
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                        _("this is no lesson: there is a NUL byte in it"));
    return NULL;
  }
  json_t *o = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
  const json_int_t version = json_integer_value(json_object_get(o, "lesson"));
  if (!o)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("line %d: %s"), at.line, at.text);
  else if (version != 1)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                version ? _("the lesson's format is %lld, this program knows 1")
                        : _("this is no lesson: it has no \"lesson\": 1 (%lld)"),
                (long long)version);
  else if (!json_array_size(json_object_get(o, "steps")))
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("the lesson has no steps"));
  else {
    Reader r = {.lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), .problems = problems};
    Walk walk = {text, text + length, 1, 0, r.lines};
    walk_value(&walk, "");
    g_autoptr(WdView) fresh = wd_view_new();
    g_autofree char *all = wd_view_to_json(fresh);
    r.known = json_loads(all, 0, NULL);
    WdLesson *l = g_new0(WdLesson, 1);
    read_lesson(&r, o, l);
    json_decref(r.known);
    g_hash_table_unref(r.lines);
    json_decref(o);
    return l;
  }
  json_decref(o);
  return NULL;
}

WdLesson *wd_lesson_load(const char *path, GPtrArray *problems, GError **error) {
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr(GFile) file = g_file_new_for_path(path);
  g_autoptr(GFileInfo) info = g_file_query_info(file, "standard::size,standard::type", 0, NULL, error);
  if (!info) return NULL;
  if (g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR || g_file_info_get_size(info) > MOST_BYTES) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s is no file of at most %d bytes"), path,
                MOST_BYTES);
    return NULL;
  }
  if (!g_file_get_contents(path, &text, &length, error)) return NULL;
  WdLesson *l = wd_lesson_parse(text, length, problems, error);
  if (l)
    l->path = g_strdup(path);
  else
    g_prefix_error(error, "%s: ", path);
  return l;
}
