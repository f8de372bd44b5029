/* Lessons: what is accepted can be shown, revealed or not, and its texts are valid. */
#include "app/lesson.h"
#include "tests/fuzz/input.h"

#include <string.h>

static void check(const char *text) {
  if (text && !g_utf8_validate(text, -1, NULL)) abort();
  g_autofree char *plain = text ? wd_markup_plain(text) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static WdRecording *none;
  static WdSession *session;
  if (!none) none = wd_recording_new();
  if (!session) session = wd_session_new();
  GPtrArray *problems = g_ptr_array_new_with_free_func(wd_lesson_problem_free);
  GError *error = NULL;
  WdLesson *l = wd_lesson_parse((const char *)data, size, problems, &error);
  if (!l && (!error || !*error->message)) abort();
  g_clear_error(&error);
  WdView *v = wd_view_new();
  for (int i = 0; l && i < l->n; i++) {
    WdLessonStep *s = &l->step[i];
    check(s->text);
    check(s->question);
    check(s->reveal);
    if (!s->title || !s->text || s->line < 1 || s->spotlights > WD_SPOTLIGHTS) abort();
    for (int r = 0; r < 2; r++)
      if (!wd_lesson_apply(l, i, r, none, v, problems, &error)) abort();
    g_autofree char *filled = wd_lesson_fill(s->text, session, v);
  }
  for (guint i = 0; i < problems->len; i++) {
    const WdLessonProblem *p = problems->pdata[i];
    if (!p->text || !g_utf8_validate(p->text, -1, NULL)) abort();
  }
  if (l) check(l->description);
  wd_lesson_free(l);
  g_object_unref(v);
  g_ptr_array_unref(problems);
  return 0;
}
