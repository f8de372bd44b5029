/* wavediffusion-cli lesson: what lessons there are, and whether one is in order, before a class sees it. */
#include "app/cli/cli.h"

#include "app/lesson.h"

#include <stdio.h>
#include <string.h>

typedef struct lesson_args {
  const char *action, *file;
} lesson_args;

static const cli_operand operands[] = {
    {"ACTION", offsetof(lesson_args, action), true, "check or list"},
    {"FILE", offsetof(lesson_args, file), false, "of check: a lesson's file, name or number"},
    {0}};

static const cli_option options[] = {{0}};

static wd_status list(cli *c, wd_error *err) {
  g_auto(GStrv) all = wd_lesson_list();
  json_t *array = json_array();
  int n = 0;
  for (char **path = all; *path; path++) {
    g_autoptr(GError) error = NULL;
    WdLesson *l = wd_lesson_load(*path, NULL, &error);
    n++;
    g_autofree char *about = l && l->description ? wd_markup_plain(l->description) : g_strdup("");
    if (c->json)
      json_array_append_new(array, json_pack("{s:i, s:s, s:s, s:s, s:i, s:i}", "number", n, "file", *path,
                                             "title", l ? l->title : "", "description", about, "steps",
                                             l ? l->n : 0, "minutes", l ? l->minutes : 0));
    else if (l)
      printf("%d  %s\n   %d steps, %d min: %s\n   %s\n", n, l->title, l->n, l->minutes, about, *path);
    else
      printf("%d  cannot be played: %s\n", n, error->message);
    wd_lesson_free(l);
  }
  if (c->json) return cli_print_json(array, err);
  json_decref(array);
  if (!n) cli_note(c, "no lessons are installed");
  return WD_OK;
}

/* That what the lesson shows is in its recording. */
static void check_places(const WdLesson *l, GPtrArray *problems) {
  g_autoptr(GError) error = NULL;
  g_autofree char *path = wd_lesson_recording_path(l, &error);
  WdRecording *r = path ? wd_recording_load(path, NULL, &error) : NULL;
  if (!r) {
    WdLessonProblem *p = g_new0(WdLessonProblem, 1);
    p->text = g_strdup(error->message);
    g_ptr_array_add(problems, p);
    return;
  }
  g_autoptr(WdView) view = wd_view_new();
  for (int i = 0; i < l->n; i++) {
    wd_lesson_apply(l, i, FALSE, r, view, problems, NULL);
    if (l->step[i].has_then) wd_lesson_apply(l, i, TRUE, r, view, problems, NULL);
  }
  g_object_unref(r);
}

static int by_line(gconstpointer a, gconstpointer b) {
  return (*(WdLessonProblem *const *)a)->line - (*(WdLessonProblem *const *)b)->line;
}

static wd_status check(cli *c, const char *name, wd_error *err) {
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(wd_lesson_problem_free);
  g_autofree char *path = wd_lesson_find(name, &error);
  WdLesson *l = path ? wd_lesson_load(path, problems, &error) : NULL;
  if (!l) return wd_fail(err, WD_ERR_FORMAT, "%s", error->message);
  check_places(l, problems);
  g_ptr_array_sort(problems, by_line);
  json_t *array = json_array();
  for (guint i = 0; i < problems->len; i++) {
    const WdLessonProblem *p = problems->pdata[i];
    if (c->json)
      json_array_append_new(array, json_pack("{s:i, s:s}", "line", p->line, "problem", p->text));
    else if (p->line)
      printf("%s:%d: %s\n", path, p->line, p->text);
    else
      printf("%s: %s\n", path, p->text);
  }
  wd_status st = WD_OK;
  if (c->json) {
    st = cli_print_json(
        json_pack("{s:s, s:s, s:i, s:o}", "file", path, "title", l->title, "steps", l->n, "problems", array),
        err);
  } else {
    json_decref(array);
    if (!problems->len) printf("%s: in order: \"%s\", %d steps\n", path, l->title, l->n);
  }
  wd_lesson_free(l);
  if (!st && problems->len)
    return wd_fail(err, WD_ERR_FORMAT, "%u problem%s in %s", problems->len, problems->len == 1 ? "" : "s",
                   path);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const lesson_args *a = arguments;
  if (!strcmp(a->action, "list") && !a->file) return list(c, err);
  if (!strcmp(a->action, "check") && a->file) return check(c, a->file, err);
  return cli_usage_error(err, "lesson wants \"list\", or \"check FILE\"");
}

const cli_command cli_lesson = {
    .name = "lesson",
    .summary = "list the lessons, or check one for mistakes",
    .details = "A lesson is a JSON file: steps of text over a recording, with what to show and to point at. "
               "check reads "
               "it as the window does and tells every mistake with its line: texts that are no markup, keys "
               "that nobody "
               "knows, values that a view cannot have, steps that the recording does not have. Such a lesson "
               "plays all "
               "the same, without what is wrong; check ends with exit code 2.",
    .example = "wavediffusion-cli lesson list\n"
               "wavediffusion-cli lesson check my-lesson.json\n",
    .operand = operands,
    .option = options,
    .size = sizeof(lesson_args),
    .run = run,
};
