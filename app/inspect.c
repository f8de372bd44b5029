#include "app/inspect.h"

#include "app/filter.h"
#include "app/flags.h"
#include "app/i18n.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(WdInspect, wd_inspect, G_TYPE_OBJECT)

enum { CHANGED, SIGNALS };
static guint signals[SIGNALS];

static void changed(WdInspect *i, guint parts) {
  g_signal_emit(i, signals[CHANGED], 0, parts);
}

static gboolean announce(gpointer data) {
  WdInspect *i = data;
  const guint parts = i->parts;
  i->announce = i->parts = 0;
  changed(i, parts);
  return G_SOURCE_REMOVE;
}

/* Samples may come faster than they can be drawn. */
static void changed_soon(WdInspect *i, guint parts) {
  i->parts |= parts;
  if (!i->announce) i->announce = g_timeout_add(120, announce, i);
}

/* ---- what is shown */

static void filter(WdInspect *i) {
  g_array_set_size(i->shown, 0);
  if (!i->population) return;
  g_autoptr(WdFilter) f = wd_filter_new(i->filter, NULL, NULL);
  for (guint k = 0; f && k < wd_population_count(i->population); k++)
    if (wd_filter_takes(f, i->population, k)) g_array_append_val(i->shown, k);
}

gboolean wd_inspect_set_filter(WdInspect *i, const char *text, gsize *at, GError **error) {
  WdFilter *f = wd_filter_new(text, at, error);
  if (!f) return FALSE;
  wd_filter_free(f);
  if (strcmp(text, i->filter) == 0) return TRUE;
  g_free(i->filter);
  i->filter = g_strdup(text);
  filter(i);
  changed(i, WD_INSPECT_SHOWN);
  return TRUE;
}

void wd_inspect_set_population(WdInspect *i, WdPopulation *population) {
  if (i->working) wd_inspect_stop(i, FALSE);
  wd_population_free(i->population);
  i->population = population;
  i->chosen = G_MAXUINT;
  g_array_set_size(i->marked, 0);
  i->walk = 0;
  g_hash_table_remove_all(i->place);
  i->epsilon = NAN;
  filter(i);
  changed(i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_CHOSEN | WD_INSPECT_FIGURE);
}

gboolean wd_inspect_open(WdInspect *i, const char *path, GError **error) {
  WdPopulation *p = wd_population_open(path, error);
  if (!p) return FALSE;
  wd_inspect_set_population(i, p);
  g_autoptr(GArray) worst = wd_population_rank(p, i->metric, i->shown); /* what one comes for */
  if (worst->len) wd_inspect_choose(i, g_array_index(worst, guint, 0), NULL);
  return TRUE;
}

gboolean wd_inspect_save(WdInspect *i, const char *path, GError **error) {
  if (!i->population) return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no sample to save."));
  const char *to = path ? path : i->population->path;
  if (!to)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("These samples have no file yet: choose one."));
  g_autofree char *copy = g_strdup(to);
  if (!wd_population_save(i->population, copy, error)) return FALSE;
  changed(i, WD_INSPECT_TAGS);
  return TRUE;
}

char *wd_inspect_shipped(const char *name) {
  static const char *const place[] = {WD_INSTALLED_MODELS, WD_SOURCE_MODELS};
  for (gsize k = 0; k < G_N_ELEMENTS(place); k++) {
    g_autofree char *data = g_path_get_dirname(place[k]);
    char *file = g_build_filename(data, "failures", name, NULL);
    if (g_file_test(file, G_FILE_TEST_IS_REGULAR)) return file;
    g_free(file);
  }
  return NULL;
}

/* ---- sampling */

static void on_sample(WdSample *sample, const GArray *way, gpointer user) {
  WdInspect *i = user;
  WdPopulation *p = i->population;
  for (guint k = 0; k < p->way->len && k < way->len; k++) {
    WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    w->timestep = g_array_index(way, WdWayStep, k).timestep;
    w->log_snr = g_array_index(way, WdWayStep, k).log_snr;
  }
  wd_population_add(p, sample);
  i->done++;
  g_autoptr(WdFilter) f = wd_filter_new(i->filter, NULL, NULL);
  const guint number = wd_population_count(p) - 1;
  if (f && wd_filter_takes(f, p, number)) g_array_append_val(i->shown, number);
  changed_soon(i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_WORK);
}

static void on_done(const wd_error *error, gpointer user) {
  WdInspect *i = user;
  i->working = i->finishing = FALSE;
  g_clear_pointer(&i->message, g_free);
  if (error->code && error->code != WD_CANCELLED) i->message = g_strdup(error->message);
  wd_population_find_bands(i->population);
  filter(i); /* figures of the band came */
  changed(i, WD_INSPECT_POPULATION | WD_INSPECT_SHOWN | WD_INSPECT_WORK);
}

/* Whether what is sampled now goes with what is there. */
static gboolean goes_with(const WdPopulation *a, const WdPopulation *b) {
  if (!a || strcmp(a->identity, b->identity) || a->mode != b->mode || a->plan.kind != b->plan.kind ||
      a->plan.steps != b->plan.steps || a->plan.eta != b->plan.eta || a->plan.guidance != b->plan.guidance ||
      a->way->len != b->way->len || a->latent.count != b->latent.count)
    return FALSE;
  for (guint k = 0; k < a->way->len; k++)
    if (g_array_index(a->way, WdWayStep, k).step != g_array_index(b->way, WdWayStep, k).step) return FALSE;
  return TRUE;
}

gboolean wd_inspect_has_unsaved(const WdInspect *i) {
  return i->population && i->population->changed && wd_population_count(i->population);
}

gboolean wd_inspect_sample_replaces(WdInspect *i, const WdPopulateDesc *desc) {
  if (!wd_inspect_has_unsaved(i)) return FALSE;
  WdPopulation *p = wd_session_population(i->session, desc, NULL);
  const gboolean replaces = p && !goes_with(i->population, p);
  wd_population_free(p);
  return replaces;
}

gboolean wd_inspect_sample(WdInspect *i, const WdPopulateDesc *desc, GError **error) {
  WdPopulation *p = wd_session_population(i->session, desc, error);
  if (!p) return FALSE;
  if (i->working) wd_inspect_stop(i, FALSE);
  if (goes_with(i->population, p))
    wd_population_free(p);
  else
    wd_inspect_set_population(i, p);
  const WdPopulateCalls calls = {on_sample, on_done, i};
  if (!wd_session_populate(i->session, desc, &calls, error)) return FALSE;
  i->working = TRUE;
  i->finishing = FALSE;
  i->done = 0;
  i->total = desc->count;
  g_clear_pointer(&i->message, g_free);
  changed(i, WD_INSPECT_WORK);
  return TRUE;
}

void wd_inspect_stop(WdInspect *i, gboolean after_this) {
  if (!i->working) return;
  if (after_this) {
    i->finishing = TRUE;
    wd_session_populate_stop(i->session, TRUE);
    changed(i, WD_INSPECT_WORK);
    return;
  }
  wd_session_populate_forget(i->session, i);
  const wd_error stopped = {WD_CANCELLED, "stopped"};
  on_done(&stopped, i);
}

/* ---- figures */

static double standard_epsilon(WdInspect *i) {
  WdLevels levels;
  if (!i->population) return NAN;
  /* Of the weights that drew these samples, not of those that happen to be loaded. */
  if (i->metric < WD_SCORES && i->metric != WD_METRIC_REFLECTION_SHARE &&
      wd_session_get_levels_of(i->session, i->population->identity, i->metric, &levels)) {
    const double limit =
        wd_score_get_info(i->metric)->higher_is_better ? levels.stage1_p05 : levels.stage1_p95;
    if (isfinite(limit)) return limit;
  }
  const WdSpread s = wd_population_spread(i->population, i->metric, NULL);
  return wd_value_get_info(i->metric)->higher_is_better ? s.p05 : s.p95;
}

double wd_inspect_epsilon(WdInspect *i) {
  return isnan(i->epsilon) ? standard_epsilon(i) : i->epsilon;
}

gboolean wd_inspect_fails(WdInspect *i, guint number) {
  const WdSample *s = wd_population_nth(i->population, number);
  const double v = s->value[i->metric], limit = wd_inspect_epsilon(i);
  if (s->flags & (1u << WD_FLAG_NAN | 1u << WD_FLAG_UNSTABLE)) return TRUE;
  return wd_value_get_info(i->metric)->higher_is_better ? v < limit : v > limit;
}

void wd_inspect_set_metric(WdInspect *i, int kind) {
  if (kind < 0 || kind >= WD_VALUES || kind == i->metric) return;
  i->metric = kind;
  i->epsilon = NAN;
  i->log_x = wd_value_get_info(kind)->log_axis;
  changed(i, WD_INSPECT_FIGURE);
}

void wd_inspect_set_axes(WdInspect *i, int x, int y) {
  if (x < 0 || x >= WD_VALUES || y < 0 || y >= WD_VALUES || (x == i->x && y == i->y)) return;
  i->x = x;
  i->y = y;
  changed(i, WD_INSPECT_FIGURE);
}

void wd_inspect_set_epsilon(WdInspect *i, double epsilon) {
  if (i->epsilon == epsilon || (isnan(i->epsilon) && isnan(epsilon))) return;
  i->epsilon = epsilon;
  changed(i, WD_INSPECT_FIGURE);
}

void wd_inspect_set_look(WdInspect *i, gboolean log_x, gboolean by_family) {
  if (i->log_x == log_x && i->by_family == by_family) return;
  i->log_x = log_x;
  i->by_family = by_family;
  changed(i, WD_INSPECT_FIGURE);
}

/* ---- choosing */

void wd_inspect_choose(WdInspect *i, guint number, const GArray *marked) {
  const guint n = i->population ? wd_population_count(i->population) : 0;
  if (number >= n) number = G_MAXUINT;
  const gboolean same = number == i->chosen;
  if (same && !marked && i->marked->len <= 1) return;
  if (same && marked && marked->len == i->marked->len &&
      (!marked->len || !memcmp(marked->data, i->marked->data, marked->len * sizeof(guint))))
    return;
  i->chosen = number;
  g_array_set_size(i->marked, 0);
  if (marked)
    g_array_append_vals(i->marked, marked->data, marked->len);
  else if (number != G_MAXUINT)
    g_array_append_val(i->marked, number);
  changed(i, WD_INSPECT_CHOSEN);
}

WdSample *wd_inspect_sample_chosen(WdInspect *i) {
  return i->population && i->chosen < wd_population_count(i->population)
             ? wd_population_nth(i->population, i->chosen)
             : NULL;
}

guint wd_inspect_next_failure(WdInspect *i, int direction) {
  if (!i->population) return G_MAXUINT;
  g_autoptr(GArray) order = wd_population_rank(i->population, i->metric, i->shown);
  const int n = (int)order->len;
  int at = direction > 0 ? -1 : n;
  for (int k = 0; k < n; k++)
    if (g_array_index(order, guint, k) == i->chosen) at = k;
  for (int k = at + direction; k >= 0 && k < n; k += direction) {
    const guint number = g_array_index(order, guint, k);
    if (wd_inspect_fails(i, number) || wd_population_nth(i->population, number)->flags) return number;
  }
  return G_MAXUINT;
}

/* ---- tags and notes */

gboolean wd_inspect_set_tags(WdInspect *i, const char *tags, GError **error) {
  gboolean fine = TRUE;
  for (guint k = 0; i->population && k < i->marked->len && fine; k++)
    fine = wd_sample_set_tags(
        i->population, wd_population_nth(i->population, g_array_index(i->marked, guint, k)), tags, error);
  changed(i, WD_INSPECT_TAGS);
  return fine;
}

gboolean wd_inspect_set_note(WdInspect *i, const char *note, GError **error) {
  WdSample *s = wd_inspect_sample_chosen(i);
  if (!s) return TRUE;
  const gboolean fine = wd_sample_set_note(i->population, s, note, error);
  changed(i, WD_INSPECT_TAGS);
  return fine;
}

/* ---- opening a sample */

static char *note_of(const WdPopulation *p, const WdSample *s) {
  g_autofree char *text = g_strdup_printf(_("seed %" PRIu64 ", %s"), s->seed, wd_sample_family(s));
  g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, s->seed);
  g_autofree char *command = wd_population_command(p, s);
  json_t *o =
      json_pack("{s:s, s:s, s:s, s:s}", "edit", "sample", "text", text, "seed", seed, "command", command);
  char *all = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return all;
}

/* Where a latent stands in the walk, -1: nowhere (any more). */
static int find_place(WdInspect *i, GBytes *latent) {
  WdRecording *r = wd_session_get_recording(i->session);
  const WdBranch *b = wd_recording_find(r, i->walk);
  if (!b || b->kind != WD_BRANCH_WALK) {
    i->walk = 0;
    g_hash_table_remove_all(i->place);
    return -1;
  }
  const int k = GPOINTER_TO_INT(g_hash_table_lookup(i->place, latent)) - 1;
  const WdPosition *p = k >= 0 ? wd_recording_position(r, i->walk, k) : NULL;
  return p && p->latent[WD_WHAT_ESTIMATE] == latent ? k : -1;
}

gboolean wd_inspect_show(WdInspect *i, guint number, guint *branch, int *position, GError **error) {
  if (!i->population || number >= wd_population_count(i->population))
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no sample %u."), number);
  const WdSample *s = wd_population_nth(i->population, number);
  const WdModelInfo *m = wd_session_get_model(i->session);
  if (!*i->population->identity)
    return wd_status_set_error(
        error, WD_ERR_ARGUMENT,
        _("No model drew this pair, and no latent decodes to it: these are its figures."));
  if (!s->latent)
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               _("The latent of this sample was not kept: run its seed again."));
  if (!m)
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               _("No model is loaded: these are the figures that were kept."));
  if (strcmp(m->identity, i->population->identity) != 0)
    return wd_status_set_error(
        error, WD_ERR_ARGUMENT,
        _("These samples were made by another model (%s, %.16s) than the one that is loaded."),
        i->population->model, i->population->identity);
  int k = find_place(i, s->latent);
  if (k < 0) {
    char *note = note_of(i->population, s);
    if (i->walk) {
      k = wd_session_walk_append(i->session, i->walk, s->latent, note, error);
    } else {
      i->walk = wd_session_walk(i->session, _("Inspected samples"), s->latent, note, error);
      k = i->walk ? 0 : -1;
    }
    free(note);
    if (k < 0) return FALSE;
    g_hash_table_insert(i->place, s->latent, GINT_TO_POINTER(k + 1));
  }
  *branch = i->walk;
  *position = k;
  return TRUE;
}

/* ---- the object */

static void dispose(GObject *object) {
  WdInspect *i = WD_INSPECT(object);
  if (i->working) wd_session_populate_forget(i->session, i);
  i->working = FALSE;
  g_clear_handle_id(&i->announce, g_source_remove);
  g_clear_pointer(&i->population, wd_population_free);
  G_OBJECT_CLASS(wd_inspect_parent_class)->dispose(object);
}

static void finalize(GObject *object) {
  WdInspect *i = WD_INSPECT(object);
  g_array_unref(i->shown);
  g_array_unref(i->marked);
  g_hash_table_unref(i->place);
  g_free(i->filter);
  g_free(i->message);
  g_clear_object(&i->session);
  G_OBJECT_CLASS(wd_inspect_parent_class)->finalize(object);
}

static void wd_inspect_class_init(WdInspectClass *class) {
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
  signals[CHANGED] = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void wd_inspect_init(WdInspect *i) {
  i->shown = g_array_new(FALSE, FALSE, sizeof(guint));
  i->marked = g_array_new(FALSE, FALSE, sizeof(guint));
  i->place = g_hash_table_new(g_direct_hash, g_direct_equal);
  i->filter = g_strdup("");
  i->chosen = G_MAXUINT;
  i->metric = WD_METRIC_REFLECTION_RESIDUAL;
  i->x = WD_VALUE_SHIFT;
  i->y = WD_METRIC_REFLECTION_RESIDUAL;
  i->epsilon = NAN;
  i->log_x = TRUE;
}

WdInspect *wd_inspect_new(WdSession *session) {
  WdInspect *i = g_object_new(WD_TYPE_INSPECT, NULL);
  i->session = g_object_ref(session);
  return i;
}
