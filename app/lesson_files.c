/* Where lessons and their recordings are: installed, or in the source tree of a program that runs out of its
 * build folder. */
#include "app/i18n.h"
#include "app/lesson.h"

#include <gio/gio.h>
#include <string.h>

/* Beside the models, as the demo is. */
static char *resource(const char *path) {
  const char *const place[] = {WD_INSTALLED_MODELS "/..", WD_SOURCE_MODELS "/.."};
  for (guint i = 0; i < G_N_ELEMENTS(place); i++) {
    g_autofree char *all = g_build_filename(place[i], path, NULL);
    if (g_file_test(all, G_FILE_TEST_EXISTS)) return g_canonicalize_filename(all, NULL);
  }
  return NULL;
}

char *wd_demo_path(void) {
  return resource("demo/demo.wdrun");
}

static int by_name(gconstpointer a, gconstpointer b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

char **wd_lesson_list(void) {
  g_autofree char *folder = resource("lessons");
  g_autoptr(GPtrArray) found = g_ptr_array_new();
  GDir *dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
  for (const char *name; dir && (name = g_dir_read_name(dir));)
    if (g_str_has_suffix(name, ".json")) g_ptr_array_add(found, g_build_filename(folder, name, NULL));
  if (dir) g_dir_close(dir);
  g_ptr_array_sort(found, by_name);
  g_ptr_array_add(found, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

char *wd_lesson_find(const char *name, GError **error) {
  if (strchr(name, '/') || g_file_test(name, G_FILE_TEST_IS_REGULAR)) return g_strdup(name);
  g_auto(GStrv) all = wd_lesson_list();
  guint64 number = 0;
  if (g_ascii_string_to_unsigned(name, 10, 1, 1000, &number, NULL) && number <= g_strv_length(all))
    return g_strdup(all[number - 1]);
  GString *names = g_string_new(NULL);
  for (char **l = all; *l; l++) {
    g_autofree char *base = g_path_get_basename(*l);
    base[strlen(base) - strlen(".json")] = 0;
    const char *words = base + strspn(base, "0123456789-");
    if (!strcmp(base, name) || !strcmp(words, name)) {
      g_string_free(names, TRUE);
      return g_strdup(*l);
    }
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", words);
  }
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("there is no lesson \"%s\": %s, 1 to %u, or a file"),
              name, names->len ? names->str : _("none is installed"), g_strv_length(all));
  g_string_free(names, TRUE);
  return NULL;
}

char *wd_lesson_recording_path(const WdLesson *l, GError **error) {
  if (!l->recording || !strcmp(l->recording, "demo")) {
    char *demo = wd_demo_path();
    if (!demo)
      g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                  _("the recorded demo, which this lesson plays from, is not installed"));
    return demo;
  }
  g_autofree char *folder = g_path_get_dirname(l->path ? l->path : ".");
  char *path = g_build_filename(folder, l->recording, NULL);
  if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) return path;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("the lesson's recording %s is not there"), path);
  g_free(path);
  return NULL;
}
