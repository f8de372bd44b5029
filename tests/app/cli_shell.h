/* What a copied command does: its lines run by a shell, and the arrays that they write. */
#ifndef WD_TESTS_CLI_SHELL_H
#define WD_TESTS_CLI_SHELL_H

#include "solver/npy.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

/* Runs the lines in folder, with the command line under test (WD_CLI) as wavediffusion-cli; what they said is
 * in the report when they fail. */
static inline gboolean cli_shell(const char *folder, const char *lines) {
  g_autofree char *bin = g_path_get_dirname(g_getenv("WD_CLI")),
                  *path = g_strdup_printf("%s:%s", bin, g_getenv("PATH"));
  char *argv[] = {"/bin/sh", "-c", (char *)lines, NULL};
  g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "PATH", path, TRUE);
  env = g_environ_setenv(env, "OMP_WAIT_POLICY", "passive", TRUE);
  g_autofree char *errors = NULL;
  int status = -1;
  const gboolean ran =
      g_spawn_sync(folder, argv, env, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &errors, &status, NULL);
  if (!ran || status) printf("# %s\n# %s\n", lines, errors ? errors : "");
  return ran && !status;
}

/* Whether the array of folder/name is these numbers, bit for bit. dims 0: of any rank. */
static inline gboolean cli_same_array(const char *folder, const char *name, const float *value, gsize count,
                                      int dims) {
  g_autofree char *path = g_build_filename(folder, name, NULL);
  wd_npy *npy = NULL;
  wd_error err = {0};
  if (wd_npy_open(path, &npy, &err)) {
    printf("# %s\n", err.message);
    return FALSE;
  }
  g_autofree float *own = g_new(float, wd_npy_elements(npy));
  const gboolean good = wd_npy_elements(npy) == count && (!dims || wd_npy_dims(npy) == dims) &&
                        !wd_npy_read(npy, 0, count, own, &err) && !memcmp(own, value, count * sizeof *own);
  wd_npy_close(npy);
  return good;
}

#endif
