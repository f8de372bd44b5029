/* Reference levels of the loaded model, out of the evaluation.json in its folder (wavediffusion-cli
 * evaluate). One that was made with other weights says nothing of these, and is left alone. Without a model
 * they are those of the model that made the recording, where that is the one that came with the program: a
 * replay has its tolerance and its bands too. */
#include "app/i18n.h"
#include "app/models.h"
#include "app/session_private.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

typedef struct Levels {
  char *of_identity;
  gboolean known[WD_SCORES];
  WdLevels of[WD_SCORES];
} Levels;

/* The keys of populations in the file. Files of earlier versions have the first four. */
static const char *const key_of[WD_SCORES] = {
    [WD_METRIC_REFLECTION_RESIDUAL] = "reflection_residual",
    [WD_METRIC_RELATIVE_L2] = "residual_relative_l2",
    [WD_METRIC_LOG_NORM_MSE] = "residual_log_norm_mse",
    [WD_METRIC_REFLECTION_SHARE] = "reflection_share",
    [WD_METRIC_MAE] = "residual_mae",
    [WD_METRIC_MAX_ABS] = "residual_max_abs",
    [WD_METRIC_CORRELATION] = "residual_correlation",
    [WD_METRIC_COHERENCE] = "residual_coherence",
    [WD_METRIC_ENVELOPE] = "residual_envelope_misfit",
    [WD_SCORE_LAG] = "mean_abs_lag",
    [WD_SCORE_INTERIOR] = "interior_residual",
};

/* The number at a path of keys, "a/b/c" (no key of the file has a slash); NaN where there is none. */
static double number(const json_t *o, const char *path) {
  char key[64];
  while (o && *path) {
    size_t n = strcspn(path, "/");
    if (n >= sizeof key) return NAN;
    memcpy(key, path, n);
    key[n] = 0;
    o = json_object_get(o, key);
    path += n + (path[n] == '/');
  }
  return json_is_number(o) ? json_number_value(o) : NAN;
}

G_GNUC_PRINTF(2, 3) static double number_at(const json_t *o, const char *format, ...) {
  char path[160];
  va_list ap;
  va_start(ap, format);
  g_vsnprintf(path, sizeof path, format, ap);
  va_end(ap);
  return number(o, path);
}

static void read_figure(const json_t *o, int kind, WdLevels *l) {
  const char *key = key_of[kind];
  l->stage1_p05 = number_at(o, "stage1/both/%s/p05", key);
  l->stage1_median = number_at(o, "stage1/both/%s/median", key);
  l->stage1_p95 = number_at(o, "stage1/both/%s/p95", key);
  l->generated_p05 = number_at(o, "generated/%s/p05", key);
  l->generated_median = number_at(o, "generated/%s/median", key);
  l->generated_p95 = number_at(o, "generated/%s/p95", key);
  l->noise_median = number_at(o, "populations/gaussian/%s/median", key);
  l->floor = number_at(o, "discretization_floor/%s/median", key);
  double share = number(o, "stage1/both/reflection_share/median");
  switch (kind) {
  case WD_METRIC_REFLECTION_RESIDUAL: /* ||F|| and ||F - F_top|| over the latter */
    l->silence = share > 0 ? 1 / share : NAN;
    l->direct = 1;
    break;
  case WD_METRIC_RELATIVE_L2:
    l->silence = 1;
    l->direct = share;
    break;
  case WD_METRIC_LOG_NORM_MSE:
    l->silence = number(o, "stage1/both/silence_log_norm_mse");
    l->direct = number(o, "stage1/both/direct_wave_log_norm_mse");
    break;
  default: l->silence = l->direct = NAN; /* the share is of the simulation, not of a gather under test */
  }
}

/* What stands in a folder of those weights; NULL: nothing, or of others. *evaluated (NULL: not wanted) is
 * replaced by how it was made. */
static Levels *load(const char *folder, const char *identity, char **evaluated) {
  g_autofree char *path = g_build_filename(folder, "evaluation.json", NULL);
  json_t *o = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
  const char *of = json_string_value(json_object_get(json_object_get(o, "model"), "identity"));
  if (!of || strcmp(of, identity) != 0) {
    json_decref(o);
    return NULL;
  }
  Levels *l = g_new0(Levels, 1);
  l->of_identity = g_strdup(identity);
  for (int i = 0; i < WD_SCORES; i++) {
    read_figure(o, i, &l->of[i]);
    l->known[i] = isfinite(l->of[i].stage1_median) || isfinite(l->of[i].stage1_p95) ||
                  isfinite(l->of[i].generated_median);
  }
  if (evaluated) {
    const char *mode = json_string_value(json_object_get(o, "mode"));
    json_int_t count = json_integer_value(json_object_get(o, "count"));
    g_free(*evaluated);
    *evaluated = g_strdup_printf(_("%d test pairs, %s mode"), (int)CLAMP(count, 0, 1000000),
                                 mode ? mode : _("unknown"));
  }
  json_decref(o);
  return l;
}

static void free_levels(void *levels) {
  Levels *l = levels;
  if (l) g_free(l->of_identity);
  g_free(l);
}

void wd_session_load_levels(WdSession *s) {
  wd_session_clear_levels(s);
  char folder[1024] = "";
  const char *identity = s->model ? s->model->identity : wd_recording_get_identity(s->recording);
  if (!*identity || (!s->model && wd_find_model("default", folder, sizeof folder, NULL))) return;
  s->levels = load(s->model ? s->model->folder : folder, identity, s->model ? &s->model->evaluated : NULL);
}

void wd_session_clear_levels(WdSession *s) {
  g_clear_pointer(&s->levels, free_levels);
  g_clear_pointer(&s->other_levels, free_levels);
}

static gboolean take(const Levels *l, int kind, WdLevels *out) {
  if (!l || kind < 0 || kind >= WD_SCORES || !l->known[kind]) return FALSE;
  *out = l->of[kind];
  return TRUE;
}

gboolean wd_session_get_levels(WdSession *s, int kind, WdLevels *out) {
  /* A recording that another model made is held against that one's. */
  const char *made = wd_recording_get_identity(s->recording);
  return *made ? wd_session_get_levels_of(s, made, kind, out) : take(s->levels, kind, out);
}

gboolean wd_session_get_levels_of(WdSession *s, const char *identity, int kind, WdLevels *out) {
  const Levels *l = s->levels, *other = s->other_levels;
  if (!*identity) return FALSE;
  if (l && strcmp(l->of_identity, identity) == 0) return take(l, kind, out);
  if (!other || strcmp(other->of_identity, identity) != 0) { /* what is not there is remembered too */
    char folder[1024];
    g_clear_pointer(&s->other_levels, free_levels);
    Levels *found =
        wd_find_model("default", folder, sizeof folder, NULL) ? NULL : load(folder, identity, NULL);
    if (!found) {
      found = g_new0(Levels, 1);
      found->of_identity = g_strdup(identity);
    }
    other = s->other_levels = found;
  }
  return take(other, kind, out);
}
