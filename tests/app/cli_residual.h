/* What `wavediffusion-cli residual` says of latents, for comparison with what a session or a window plots. */
#ifndef WD_TESTS_CLI_RESIDUAL_H
#define WD_TESTS_CLI_RESIDUAL_H

#include "model/model.h"
#include "solver/npy.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* Runs the command line (WD_CLI) and reads the JSON that it prints; NULL, with a line of the report, when it
 * fails. */
static inline json_t *cli_json(const char *const *arguments) {
  g_autofree char *out = NULL;
  int status = 1;
  g_autoptr(GError) error = NULL;
  if (!g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
                    &status, &error) ||
      status) {
    printf("# %s %s: %s\n", arguments[0], arguments[1], error ? error->message : "failed");
    return NULL;
  }
  return json_loads(out, 0, NULL);
}

/* Pair by pair, {"per_pair": [{"reflection_residual": ..}, ..]}, in the mode "live" or "exact". folder: for
 * the file that goes to the command line. */
static inline json_t *cli_residual(const char *model, const char *folder, GBytes *const *latent, int n,
                                   wd_latent_shape shape, const char *mode) {
  g_autofree char *path = g_build_filename(folder, "z.npy", NULL);
  const size_t size[4] = {(size_t)n, (size_t)shape.channels, (size_t)shape.height, (size_t)shape.width};
  wd_error err = {0};
  wd_npy_writer *w = NULL;
  wd_status st = wd_npy_writer_open(path, WD_NPY_F32, 4, size, &w, &err);
  for (int k = 0; k < n && !st; k++)
    st = wd_npy_writer_append(w, g_bytes_get_data(latent[k], NULL), (size_t)shape.count, &err);
  if (w) {
    const wd_status closed = wd_npy_writer_close(w, st ? NULL : &err);
    if (!st) st = closed;
  }
  if (st) {
    printf("# %s: %s\n", path, err.message);
    return NULL;
  }
  const char *const arguments[] = {g_getenv("WD_CLI"), "residual", "--model", model,        "--latents", path,
                                   "--mode",           mode,       "--json",  "--per-pair", NULL};
  json_t *o = cli_json(arguments);
  g_unlink(path);
  return o;
}

/* Of pair k; NaN where it is not there. */
static inline double cli_residual_of(const json_t *o, int k, const char *key) {
  const json_t *v = json_object_get(json_array_get(json_object_get(o, "per_pair"), (size_t)k), key);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

#endif
