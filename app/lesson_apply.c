/* A step of a lesson on the view, and its text with what is shown in the placeholders. */
#include "app/i18n.h"
#include "app/lesson.h"
#include "app/score.h"

#include "solver/family.h"

#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- places */

static guint find_run(const WdLessonPlace *place, WdRecording *r) {
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    if (place->run ? !strcmp(b->name, place->run) : (guint)MAX(place->number, 1) == i + 1) return b->id;
  }
  return 0;
}

static void tell(GPtrArray *problems, int line, char *text) {
  if (!problems) {
    g_free(text);
    return;
  }
  WdLessonProblem *p = g_new0(WdLessonProblem, 1);
  p->line = line;
  p->text = text;
  g_ptr_array_add(problems, p);
}

static json_t *place_json(const WdLessonPlace *place, WdRecording *r, int line, GPtrArray *problems) {
  const guint n = wd_recording_count(r);
  guint id = find_run(place, r);
  if (!id && n) {
    tell(problems, line,
         place->run ? g_strdup_printf(_("the recording has no run \"%s\""), place->run)
                    : g_strdup_printf(_("there is no run %d: the recording has %u"), place->number, n));
    id = wd_recording_nth(r, 0)->id;
  }
  const WdBranch *b = id ? wd_recording_find(r, id) : NULL;
  const int last = b ? MAX(wd_branch_last(b), 0) : 0;
  if (b && place->step > last)
    tell(problems, line,
         g_strdup_printf(_("%s ends at step %d; there is no step %d"), b->name, last, place->step));
  const int k = place->step < 0 ? last : MIN(place->step, last);
  return json_pack("{s:i, s:i}", "branch", (int)id, "position", k);
}

static void update(json_t *into, const json_t *from) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)from, key, value) {
    json_t *there = json_object_get(into, key);
    if (json_is_object(there) && json_is_object(value))
      update(there, value);
    else
      json_object_set_new(into, key, json_deep_copy(value));
  }
}

gboolean wd_lesson_apply(const WdLesson *l, int step, gboolean revealed, WdRecording *r, WdView *view,
                         GPtrArray *problems, GError **error) {
  g_return_val_if_fail(l && step >= 0 && step < l->n, FALSE);
  const WdLessonStep *s = &l->step[step];
  const WdLessonPatch *patch = revealed && s->has_then ? &s->then : &s->state;
  g_autoptr(WdView) fresh = wd_view_new();
  fresh->mode = WD_MODE_TEACH;
  fresh->sidebar = fresh->second_row = fresh->follow = FALSE;
  g_autofree char *defaults = wd_view_to_json(fresh);
  json_t *all = json_loads(defaults, 0, NULL), *own = json_loads(patch->view, 0, NULL);
  static const char *const users[] = {"next", "seed_locked", "fps"};
  for (size_t i = 0; i < G_N_ELEMENTS(users); i++) json_object_del(all, users[i]);
  update(all, own);
  json_object_set_new(all, "a", place_json(&patch->place[0], r, s->line, problems));
  const json_t *layout = json_object_get(all, "layout");
  if (patch->place[1].set || !g_strcmp0(json_string_value(layout), "compare"))
    json_object_set_new(all, "b", place_json(&patch->place[1], r, s->line, problems));
  char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(17));
  view->playing = view->scrubbing = FALSE;
  const gboolean good = text && wd_view_from_json(view, text, error);
  free(text);
  json_decref(own);
  json_decref(all);
  return good;
}

/* ---- placeholders */

typedef enum What {
  STEP,
  STEPS,
  TIMESTEP,
  SNR,
  RUN,
  SEED,
  FAMILY,
  SHOT,
  MODEL,
  MODE,
  SCORE,
  SCORE_B,
  SCORE_FIRST,
  SCORE_LAST,
  SCORE_AT,
  SILENCE_HERE,
  EPSILON,
  LEVEL
} What;

static const struct {
  const char *name;
  What what;
  int score;
  size_t level;
} words[] = {
    {"step", STEP, 0, 0},
    {"steps", STEPS, 0, 0},
    {"t", TIMESTEP, 0, 0},
    {"snr", SNR, 0, 0},
    {"run", RUN, 0, 0},
    {"seed", SEED, 0, 0},
    {"family", FAMILY, 0, 0},
    {"shot", SHOT, 0, 0},
    {"model", MODEL, 0, 0},
    {"mode", MODE, 0, 0},
    {"residual", SCORE, WD_METRIC_REFLECTION_RESIDUAL, 0},
    {"l2", SCORE, WD_METRIC_RELATIVE_L2, 0},
    {"mse", SCORE, WD_METRIC_LOG_NORM_MSE, 0},
    {"share", SCORE, WD_METRIC_REFLECTION_SHARE, 0},
    {"correlation", SCORE, WD_METRIC_CORRELATION, 0},
    {"lag", SCORE, WD_SCORE_LAG, 0},
    {"residual_b", SCORE_B, WD_METRIC_REFLECTION_RESIDUAL, 0},
    {"l2_b", SCORE_B, WD_METRIC_RELATIVE_L2, 0},
    {"share_b", SCORE_B, WD_METRIC_REFLECTION_SHARE, 0},
    {"correlation_b", SCORE_B, WD_METRIC_CORRELATION, 0},
    {"residual_first", SCORE_FIRST, WD_METRIC_REFLECTION_RESIDUAL, 0},
    {"residual_last", SCORE_LAST, WD_METRIC_REFLECTION_RESIDUAL, 0},
    {"share_first", SCORE_FIRST, WD_METRIC_REFLECTION_SHARE, 0},
    {"share_last", SCORE_LAST, WD_METRIC_REFLECTION_SHARE, 0},
    {"silence_here", SILENCE_HERE, WD_METRIC_REFLECTION_SHARE, 0},
    {"epsilon", EPSILON, 0, 0},
    {"floor", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, floor)},
    {"direct", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, direct)},
    {"silence", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, silence)},
    {"true_pairs", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, stage1_median)},
    {"generated", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, generated_median)},
    {"noise", LEVEL, WD_METRIC_REFLECTION_RESIDUAL, G_STRUCT_OFFSET(WdLevels, noise_median)},
    {"floor_l2", LEVEL, WD_METRIC_RELATIVE_L2, G_STRUCT_OFFSET(WdLevels, floor)},
    {"direct_l2", LEVEL, WD_METRIC_RELATIVE_L2, G_STRUCT_OFFSET(WdLevels, direct)},
    {"silence_l2", LEVEL, WD_METRIC_RELATIVE_L2, G_STRUCT_OFFSET(WdLevels, silence)},
    {"direct_mse", LEVEL, WD_METRIC_LOG_NORM_MSE, G_STRUCT_OFFSET(WdLevels, direct)},
    {"silence_mse", LEVEL, WD_METRIC_LOG_NORM_MSE, G_STRUCT_OFFSET(WdLevels, silence)},
    {"generated_mse", LEVEL, WD_METRIC_LOG_NORM_MSE, G_STRUCT_OFFSET(WdLevels, generated_median)},
    {"residual_", SCORE_AT, WD_METRIC_REFLECTION_RESIDUAL, 0}, /* and a step: residual_3 */
    {"share_", SCORE_AT, WD_METRIC_REFLECTION_SHARE, 0},
};

/* `at`: the step of a name that ends in one. */
static int find_word(const char *name, int *at) {
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
    if (words[i].what != SCORE_AT) {
      if (!strcmp(name, words[i].name)) return (int)i;
      continue;
    }
    guint64 k = 0;
    if (g_str_has_prefix(name, words[i].name) &&
        g_ascii_string_to_unsigned(name + strlen(words[i].name), 10, 0, 9999, &k, NULL)) {
      *at = (int)k;
      return (int)i;
    }
  }
  return -1;
}

gboolean wd_lesson_is_placeholder(const char *name) {
  int at = 0;
  return find_word(name, &at) >= 0;
}

static char *number(double v) {
  if (!isfinite(v)) return g_strdup("–");
  char plain[32];
  if (v != 0 && (fabs(v) < 1e-4 || fabs(v) >= 1e5))
    g_snprintf(plain, sizeof plain, "%.1e", fabs(v));
  else /* two digits that say something */
    g_snprintf(plain, sizeof plain,
               fabs(v) < 0.01  ? "%.4f"
               : fabs(v) < 0.1 ? "%.3f"
               : fabs(v) < 10  ? "%.2f"
                               : "%.0f",
               fabs(v));
  return g_strconcat(v < 0 ? "\xe2\x88\x92" : "", plain, NULL);
}

static double score(WdSession *session, WdView *v, int side, int k, int kind) {
  const WdPosition *p = wd_recording_position(wd_session_get_recording(session), v->place[side].branch, k);
  const WdScore *s = p ? wd_position_score(p, v->what) : NULL;
  return s ? s->value[kind] : NAN;
}

static char *value_of(int word, int step, WdSession *session, WdView *v) {
  WdRecording *r = wd_session_get_recording(session);
  const WdPlace at = v->place[0];
  const WdBranch *b = wd_recording_find(r, at.branch);
  const WdPosition *p = b ? wd_recording_position(r, at.branch, at.position) : NULL;
  const int kind = words[word].score;
  WdLevels levels;
  switch (words[word].what) {
  case STEP: return g_strdup_printf("%d", at.position);
  case STEPS: return b ? g_strdup_printf("%d", b->steps) : NULL;
  case TIMESTEP:
    return p && p->level.timestep >= 0 ? g_strdup_printf("%d", p->level.timestep) : g_strdup("0");
  case SNR: return p && isfinite(p->level.log_snr) ? number(p->level.log_snr) : NULL;
  case RUN: return b ? g_markup_escape_text(b->name, -1) : NULL;
  case SEED: return b ? g_strdup_printf("%" G_GUINT64_FORMAT, b->recipe.seed) : NULL;
  case FAMILY:
    if (!b) return NULL;
    return g_strdup(b->recipe.family < 0 ? _("any family")
                                         : wd_family_display_name((wd_family)b->recipe.family));
  case SHOT: return v->shot < 0 ? g_strdup(_("all")) : g_strdup_printf("%d", v->shot + 1);
  case MODEL: return g_markup_escape_text(wd_recording_get_model(r), -1);
  case MODE: {
    const WdScore *s = p ? wd_position_score(p, v->what) : NULL;
    return s ? g_strdup(wd_score_mode_words(s->mode)) : NULL;
  }
  case SCORE: return number(score(session, v, 0, at.position, kind));
  case SCORE_B: return number(score(session, v, 1, v->place[1].position, kind));
  case SCORE_FIRST: return number(b ? score(session, v, 0, 0, kind) : NAN);
  case SCORE_LAST: return number(b ? score(session, v, 0, MIN(b->steps, wd_branch_last(b)), kind) : NAN);
  case SCORE_AT: return number(score(session, v, 0, step, kind));
  case SILENCE_HERE: { /* ||F|| over ||F - F_top|| */
    const double share = score(session, v, 0, at.position, kind);
    return number(share > 0 ? 1 / share : NAN);
  }
  case EPSILON: {
    const gboolean known = wd_session_get_levels(session, WD_METRIC_REFLECTION_RESIDUAL, &levels);
    const double of_model = known ? levels.stage1_p95 : NAN;
    /* One set by hand is of the figure that is plotted. */
    return number(v->metric == WD_METRIC_REFLECTION_RESIDUAL ? wd_view_epsilon(v, of_model) : of_model);
  }
  case LEVEL:
    if (!wd_session_get_levels(session, kind, &levels)) return NULL;
    return number(G_STRUCT_MEMBER(double, &levels, words[word].level));
  }
  return NULL;
}

char *wd_lesson_fill(const char *markup, WdSession *session, WdView *view) {
  GString *out = g_string_new(NULL);
  for (const char *c = markup; *c;) {
    const char *end = *c == '{' ? strchr(c, '}') : NULL;
    g_autofree char *name = end ? g_strndup(c + 1, (gsize)(end - c - 1)) : NULL;
    int step = 0;
    const int word = name ? find_word(name, &step) : -1;
    if (word < 0) {
      g_string_append_c(out, *c++);
      continue;
    }
    g_autofree char *value = value_of(word, step, session, view);
    g_string_append(out, value && *value ? value : "–");
    c = end + 1;
  }
  return g_string_free(out, FALSE);
}
