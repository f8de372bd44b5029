/* Lessons without a display: reading, what is told of mistakes and where, what a step shows, placeholders;
 * and that the lessons that come with the program are in order. */
#include "app/lesson.h"
#include "solver/family.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static WdLesson *parse(const char *text, GPtrArray **problems, GError **error) {
  *problems = g_ptr_array_new_with_free_func(wd_lesson_problem_free);
  return wd_lesson_parse(text, strlen(text), *problems, error);
}

/* Whether a problem of that line holds that word. */
static gboolean told(GPtrArray *problems, int line, const char *word) {
  for (guint i = 0; i < problems->len; i++) {
    const WdLessonProblem *p = problems->pdata[i];
    if (p->line == line && strstr(p->text, word)) return TRUE;
  }
  return FALSE;
}

static const char good[] =
    "{\"lesson\": 1, \"title\": \"T\", \"description\": \"a <b>b</b> &amp; c\", \"minutes\": 5,\n"
    " \"state\": {\"run\": 2, \"step\": 3, \"shot\": 1, \"look\": {\"gather\": {\"clip\": 95}}},\n"
    " \"steps\": [\n"
    "  {\"title\": \"one\", \"text\": \"step {step} of {steps}, <i>r</i> {residual}\", \"autoplay\": 12,\n"
    "   \"spotlight\": [\"plot\", {\"panel\": \"gather\", \"region\": [100, 200, 300, 900]}]},\n"
    "  {\"title\": \"two\", \"text\": \"t\", \"question\": \"what next?\", \"reveal\": \"this\", \"hide\": "
    "[\"simulated\"],\n"
    "   \"state\": {\"step\": \"first\", \"look\": {\"gather\": {\"gain\": 6}}}, \"then\": {\"step\": "
    "\"last\", "
    "\"source\": \"simulated\"}}\n"
    " ]}";

static void test_reading(void) {
  g_autoptr(GPtrArray) problems = NULL;
  g_autoptr(GError) error = NULL;
  WdLesson *l = parse(good, &problems, &error);
  if (!tap_ok(l && problems->len == 0, "a good lesson is read without complaints%s%s", error ? ": " : "",
              error ? error->message : ""))
    return;
  tap_ok(!strcmp(l->title, "T") && l->minutes == 5 && l->n == 2, "title, minutes, steps");
  const WdLessonStep *one = &l->step[0], *two = &l->step[1];
  tap_ok(one->spotlights == 2 && one->spotlight[0].target == WD_TARGET_PLOT && one->spotlight[1].region &&
             one->spotlight[1].y1 == 900 && one->autoplay == 12 && one->line == 4,
         "spotlights, region, autoplay, line");
  tap_ok(!wd_lesson_step_hides(one) && wd_lesson_step_hides(two) && two->hide == 1u << WD_TARGET_SIMULATED,
         "what is hidden");
  tap_ok(one->state.place[0].number == 2 && one->state.place[0].step == 3 && two->state.place[0].step == 0 &&
             two->then.place[0].step == -1 && two->then.place[0].number == 2,
         "a step's place goes over the lesson's");
  g_autoptr(WdRecording) empty = wd_recording_new();
  g_autoptr(WdView) v = wd_view_new();
  v->next.seed = 77;
  v->look[WD_PANEL_VELOCITY].colormap = WD_COLORMAP_TURBO;
  v->source = WD_SOURCE_SPLIT;
  tap_ok(wd_lesson_apply(l, 1, FALSE, empty, v, NULL, &error), "a step is shown%s",
         error ? error->message : "");
  tap_ok(v->shot == 1 && v->look[WD_PANEL_GATHER].clip == 95 && v->look[WD_PANEL_GATHER].gain == 6 &&
             v->mode == WD_MODE_TEACH,
         "the lesson's state, and the step's over it");
  tap_ok(v->source == WD_SOURCE_DECODED && v->look[WD_PANEL_VELOCITY].colormap == WD_COLORMAP_STRATA &&
             v->next.seed == 77,
         "what was played with is as it was, the next run is left alone");
  g_autofree char *first = wd_view_to_json(v);
  wd_lesson_apply(l, 1, TRUE, empty, v, NULL, NULL);
  tap_ok(v->source == WD_SOURCE_SIMULATED, "revealed, it shows the rest");
  wd_lesson_apply(l, 0, FALSE, empty, v, NULL, NULL);
  wd_lesson_apply(l, 1, FALSE, empty, v, NULL, NULL);
  g_autofree char *again = wd_view_to_json(v);
  tap_ok(!strcmp(first, again), "coming back shows the same");
  wd_lesson_free(l);
}

static void test_mistakes(void) {
  static const struct {
    const char *json;
    int line;
    const char *word;
  } bad[] = {
      {"{\"lesson\":1,\"title\":\"x\",\n\"colour\":3,\"steps\":[{\"title\":\"a\",\"text\":\"b\"}]}", 2,
       "colour"},
      {"{\"lesson\":1,\"title\":\"x\",\n\"steps\":[\n{\"title\":\"a\",\n\"text\":\"<a href='x'>b</a>\"}]}", 4,
       "<a>"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[\n{\"title\":\"a\",\n\"text\":\"<b>b\"}]}", 3, "markup"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[\n{\"title\":\"a\",\n\"text\":\"{beauty}\"}]}", 3, "beauty"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"spotlight\":\"moon\"}]}",
       2, "moon"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"state\":{\n\"wat\":1}}]"
       "}",
       3, "wat"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"state\":{\"look\":{\n"
       "\"gather\":{\"sparkle\":1}}}}]}",
       3, "sparkle"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"state\":{\"fps\":1}}]}",
       2, "fps"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"state\":{\n\"shot\":"
       "\"no\"}}]}",
       3, "shot"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"state\":{\"step\":-4}}]"
       "}",
       2, "step"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\n\"autoplay\":0.1}]}", 2,
       "autoplay"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[\n{\"title\":\"a\",\"text\":\"b\",\"hide\":\"gather\"}]}", 2,
       "question"},
      {"{\"lesson\":1,\"title\":\"x\",\n\"recording\":\"../../etc/"
       "passwd\",\"steps\":[{\"title\":\"a\",\"text\":"
       "\"b\"}]}",
       2, "recording"},
      {"{\"lesson\":1,\n\"steps\":[{\"title\":\"a\",\"text\":\"b\"}]}", 1, "title"},
      {"{\"lesson\":1,\"title\":\"x\",\"steps\":[\n7]}", 2, "object"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GPtrArray) problems = NULL;
    WdLesson *l = parse(bad[i].json, &problems, NULL);
    const WdLessonProblem *p = problems->len ? problems->pdata[0] : NULL;
    tap_ok(l && told(problems, bad[i].line, bad[i].word), "line %d, \"%s\" is told: %d: %s", bad[i].line,
           bad[i].word, p ? p->line : 0, p ? p->text : "(nothing)");
    g_autoptr(WdView) v = wd_view_new();
    g_autoptr(WdRecording) r = wd_recording_new();
    tap_ok(l && l->n == 1 && wd_lesson_apply(l, 0, FALSE, r, v, NULL, NULL), "and the rest plays");
    wd_lesson_free(l);
  }
  static const char *const none[] = {"",
                                     "{",
                                     "[1]",
                                     "{\"lesson\": 2, \"steps\": [{}]}",
                                     "{\"steps\": [{}]}",
                                     "{\"lesson\": 1, \"title\": \"x\", \"steps\": []}"};
  for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    WdLesson *l = parse(none[i], &problems, &error);
    tap_ok(!l && error && *error->message, "no lesson: %s", error ? error->message : "");
  }
  g_autofree char *deep = g_strnfill(3000, '[');
  g_autoptr(GPtrArray) problems = NULL;
  tap_ok(!parse(deep, &problems, NULL), "3000 brackets are refused");
  /* Each step is tried on what it goes over, not on what another one left: it plays, whatever was left out.
   */
  g_autoptr(GPtrArray) scale = NULL;
  WdLesson *l =
      parse("{\"lesson\":1,\"title\":\"x\",\"steps\":[{\"title\":\"a\",\"text\":\"b\",\"state\":"
            "{\"look\":{\"gather\":{\"lo\":-9,\"hi\":-8}}}},{\"title\":\"a\",\"text\":\"b\",\"state\":{\n"
            "\"look\":{\"gather\":{\"hi\":-7}}}}]}",
            &scale, NULL);
  g_autoptr(WdView) v = wd_view_new();
  g_autoptr(WdRecording) none_yet = wd_recording_new();
  tap_ok(l && told(scale, 2, "less than hi"), "a scale that ends below where it begins is told");
  tap_ok(l && wd_lesson_apply(l, 0, FALSE, none_yet, v, NULL, NULL) && v->look[WD_PANEL_GATHER].lo == -9 &&
             wd_lesson_apply(l, 1, FALSE, none_yet, v, NULL, NULL) &&
             v->look[WD_PANEL_GATHER].lo < v->look[WD_PANEL_GATHER].hi,
         "both steps are shown");
  wd_lesson_free(l);
  /* What is told of names is cut by bytes, and is UTF-8 nevertheless. */
  GString *name = g_string_new("a");
  for (int i = 0; i < 50; i++) g_string_append(name, "\u00e9");
  g_autofree char *long_names =
      g_strdup_printf("{\"lesson\":1,\"title\":\"x\",\"%s\":1,\"steps\":[{\"title\":\"a\",\"text\":\"<%s>\","
                      "\"spotlight\":\"%s\",\"state\":{\"%s\":1,\"what\":\"%s\"}}]}",
                      name->str, name->str, name->str, name->str, name->str);
  g_string_free(name, TRUE);
  g_autoptr(GPtrArray) cut = NULL;
  l = parse(long_names, &cut, NULL);
  guint valid = 0;
  for (guint i = 0; i < cut->len; i++)
    valid += g_utf8_validate(((const WdLessonProblem *)cut->pdata[i])->text, -1, NULL);
  tap_ok(l && cut->len == 5 && valid == 5, "five long names are told, in UTF-8: %u of %u", valid, cut->len);
  wd_lesson_free(l);
  static const char nul[] =
      "{\"lesson\": 1, \"title\": \"x\", \"steps\": [{\"title\": \"a\", \"text\": \"b\", "
      "\"spotlight\": {\"panel\": \"gather\", \"region\": [1, 2, 3\0, 4]}}]}";
  g_autoptr(GError) error = NULL;
  tap_ok(!wd_lesson_parse(nul, sizeof nul - 1, problems, &error) && error && strstr(error->message, "NUL"),
         "so is a NUL byte after a number, which jansson lets pass");
}

static void test_words(void) {
  g_autoptr(WdSession) session = wd_session_new();
  g_autoptr(WdView) v = wd_view_new();
  g_autofree char *none = wd_lesson_fill("{step} {residual} {nonsense} {unclosed", session, v);
  tap_ok(!strcmp(none, "0 – {nonsense} {unclosed"), "what is not known is a dash: %s", none);
  g_autofree char *plain = wd_markup_plain("a <b>b</b> &lt; c");
  tap_ok(!strcmp(plain, "a b < c"), "markup without its tags");
  g_autofree char *demo = wd_demo_path();
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRecording) r = demo ? wd_recording_load(demo, NULL, &error) : NULL;
  if (!tap_ok(r != NULL, "the demo is read%s", error ? error->message : "")) return;
  wd_session_set_recording(session, r);
  const WdBranch *b = wd_recording_nth(r, 0);
  wd_view_go(v, r, 0, b->id, 4);
  const WdScore *s = wd_position_score(wd_recording_position(r, b->id, 4), WD_WHAT_ESTIMATE);
  g_autofree char *text = wd_lesson_fill("{step}/{steps} {residual} {mode} {run}", session, v);
  char value[32];
  const double x = s->value[WD_METRIC_REFLECTION_RESIDUAL];
  g_snprintf(value, sizeof value, x < 0.1 ? "%.3f" : x < 10 ? "%.2f" : "%.0f", x);
  g_autofree char *want =
      g_strdup_printf("4/%d %s %s %s", b->steps, value, wd_wave_mode_name(s->mode), b->name);
  tap_ok(!strcmp(text, want), "what is shown stands in the text: %s", text);
  const double share = s->value[WD_METRIC_REFLECTION_SHARE];
  g_autofree char *at =
      wd_lesson_fill("{residual_4} {silence_here} {family} {residual_9999} {share_x}", session, v);
  g_autofree char *wanted = g_strdup_printf(
      1 / share < 10 ? "%s %.2f %s \xe2\x80\x93 {share_x}" : "%s %.0f %s \xe2\x80\x93 {share_x}", value,
      1 / share, b->recipe.family < 0 ? "any family" : wd_family_display_name((wd_family)b->recipe.family));
  tap_ok(!strcmp(at, wanted), "of a step, silence of this pair, the family: %s (%s)", at, wanted);
  WdLevels mse;
  const gboolean has_mse = wd_session_get_levels(session, WD_METRIC_LOG_NORM_MSE, &mse);
  g_autofree char *direct = wd_lesson_fill("{direct_mse}", session, v);
  tap_ok(has_mse && fabs(g_ascii_strtod(direct, NULL) - mse.direct) < 0.051 * mse.direct,
         "the direct wave's log-norm MSE is the evaluation's: %s", direct);
  WdLevels levels;
  const gboolean known = wd_session_get_levels(session, WD_METRIC_REFLECTION_RESIDUAL, &levels);
  tap_ok(known && levels.stage1_p95 > 0,
         "a replay without a model has the tolerance of the model that made it (%g)",
         known ? levels.stage1_p95 : NAN);
}

static void test_shipped(void) {
  g_auto(GStrv) all = wd_lesson_list();
  tap_ok(g_strv_length(all) >= 1, "%d lessons come with the program", (int)g_strv_length(all));
  for (char **path = all; *path; path++) {
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(wd_lesson_problem_free);
    g_autoptr(GError) error = NULL;
    WdLesson *l = wd_lesson_load(*path, problems, &error);
    if (!tap_ok(l != NULL, "%s is read%s", *path, error ? error->message : "")) continue;
    g_autofree char *recording = wd_lesson_recording_path(l, &error);
    g_autoptr(WdRecording) r = recording ? wd_recording_load(recording, NULL, &error) : NULL;
    tap_ok(r != NULL, "  with its recording%s%s", error ? ": " : "", error ? error->message : "");
    g_autoptr(WdView) v = wd_view_new();
    int shown = 0;
    gboolean open = FALSE, spoiled = FALSE; /* the map by trace has been seen before it was asked about */
    for (int i = 0; r && i < l->n; i++) {
      wd_lesson_apply(l, i, FALSE, r, v, problems, NULL);
      const gboolean hides = l->step[i].hide >> WD_TARGET_TRACES & 1;
      spoiled = spoiled || (hides && open);
      open = open || (!hides && v->second_row && v->enlarged < 0);
      wd_lesson_apply(l, i, TRUE, r, v, problems, NULL);
      WdFrame frame = {0};
      shown +=
          wd_recording_get_frame(r, v->place[0].branch, v->place[0].position, v->what, &frame) && frame.pair;
    }
    const WdLessonProblem *p = problems->len ? problems->pdata[0] : NULL;
    tap_ok(problems->len == 0, "  without mistakes %s", p ? p->text : "");
    tap_ok(!spoiled, "  what a step asks for by trace was not seen in an earlier one");
    tap_ok(shown == l->n, "  every step shows a pair without a model (%d of %d)", shown, l->n);
    wd_lesson_free(l);
  }
}

/* Lesson 5 speaks of a pair beyond epsilon beside one within it: its recording has them, both with enough to
 * reflect. */
static void test_failure(void) {
  g_autoptr(GError) error = NULL;
  g_autofree char *path = wd_lesson_find("5", &error);
  WdLesson *l = path ? wd_lesson_load(path, NULL, &error) : NULL;
  g_autofree char *recording = l ? wd_lesson_recording_path(l, &error) : NULL;
  g_autoptr(WdRecording) r = recording ? wd_recording_load(recording, NULL, &error) : NULL;
  if (!tap_ok(r && wd_recording_count(r) >= 2, "lesson 5 has two runs%s", error ? error->message : ""))
    return;
  g_autoptr(WdSession) session = wd_session_new();
  wd_session_set_recording(session, r);
  WdLevels levels;
  if (!tap_ok(wd_session_get_levels(session, WD_METRIC_REFLECTION_RESIDUAL, &levels) && levels.stage1_p95 > 0,
              "by a model that was evaluated"))
    return;
  const char *text[] = {"A", "B"};
  for (guint side = 0; side < 2; side++) {
    const WdBranch *b = wd_recording_nth(r, side);
    const WdScore *s = wd_position_score(wd_recording_position(r, b->id, b->steps), WD_WHAT_ESTIMATE);
    const double v = s ? s->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN;
    tap_ok(s && s->mode == WD_WAVE_EXACT && s->value[WD_METRIC_REFLECTION_SHARE] >= 0.09,
           "%s is scored in exact mode and reflects enough to judge", text[side]);
    tap_ok(side ? v < levels.stage1_p95 : v > levels.stage1_p95,
           "%s is %s epsilon: %g, %g (app/make_lessons.sh)", text[side], side ? "within" : "beyond", v,
           levels.stage1_p95);
    tap_ok(b->steps == 16, "in 16 steps");
  }
  wd_lesson_free(l);
}

int main(void) {
  test_reading();
  test_mistakes();
  test_words();
  test_shipped();
  test_failure();
  return tap_done();
}
