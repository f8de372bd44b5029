#include "app/cli/plan.h"

#include "solver/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096, NPY_HEAD = 128 }; /* of a .npy file of at most five dimensions */

struct cli_plan {
  cli *c;
  json_t *told; /* NULL: no memory */
};

cli_plan *cli_plan_new(cli *c) {
  cli_plan *p = wd_calloc(1, sizeof *p);
  if (!p) return NULL;
  p->c = c;
  p->told = json_pack("{s:b, s:s, s:{}, s:[], s:n}", "dry_run", 1, "command", c->command->name, "counts",
                      "files", "seconds");
  return p;
}

void cli_plan_free(cli_plan *p) {
  if (!p) return;
  json_decref(p->told);
  wd_free(p);
}

void cli_plan_count(cli_plan *p, const char *unit, double count) {
  if (p) json_object_set_new(json_object_get(p->told, "counts"), unit, json_integer((json_int_t)count));
}

void cli_plan_device(cli_plan *p, const wd_device *device, const char *mode) {
  if (!p) return;
  const wd_device_info *d = wd_device_get_info(device);
  json_object_set_new(p->told, "device", json_string(d->spec));
  json_object_set_new(p->told, "device_name", json_string(d->name));
  if (mode) json_object_set_new(p->told, "mode", json_string(mode));
}

void cli_plan_model_named(cli_plan *p, const char *name, const char *identity) {
  if (!p) return;
  json_object_set_new(p->told, "model", json_string(name));
  json_object_set_new(p->told, "model_identity", json_string(identity));
}

void cli_plan_model(cli_plan *p, const wd_model *model) {
  cli_plan_model_named(p, wd_model_name(model), wd_model_identity(model));
}

void cli_plan_file(cli_plan *p, const char *folder, const char *name, double bytes, bool about) {
  if (!p) return;
  char path[PATH];
  struct stat s;
  snprintf(path, sizeof path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
  json_t *size = isfinite(bytes) ? json_integer((json_int_t)bytes) : json_null();
  json_array_append_new(json_object_get(p->told, "files"),
                        json_pack("{s:s, s:o, s:b, s:b}", "path", path, "bytes", size, "about", (int)about,
                                  "replaces", (int)(stat(path, &s) == 0)));
}

void cli_plan_array(cli_plan *p, const char *folder, const char *name, size_t elements) {
  cli_plan_file(p, folder, name, NPY_HEAD + 4.0 * (double)elements, false);
}

void cli_plan_time(cli_plan *p, double seconds, const char *by) {
  if (!p || !isfinite(seconds)) return;
  json_object_set_new(p->told, "seconds", json_real(seconds));
  json_object_set_new(p->told, "seconds_by", json_string(by));
}

double cli_plan_cost(const wd_model *model, const char *key) {
  char path[PATH];
  if (snprintf(path, sizeof path, "%s/evaluation.json", wd_model_folder(model)) >= (int)sizeof path)
    return NAN;
  json_t *o = json_load_file(path, 0, NULL);
  const char *on = json_string_value(json_object_get(o, "device_name")),
             *of = json_string_value(json_object_get(json_object_get(o, "model"), "identity"));
  const json_t *value = json_object_get(json_object_get(o, "cost"), key);
  const bool here = on && strcmp(on, wd_device_get_info(wd_model_device(model))->name) == 0 &&
                    (!of || strcmp(of, wd_model_identity(model)) == 0) && json_is_number(value);
  const double cost = here ? json_number_value(value) : NAN;
  json_decref(o);
  return cost;
}

/* ---- words */

static void size_text(const json_t *file, char text[32]) {
  static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
  const json_t *bytes = json_object_get(file, "bytes");
  if (!json_is_integer(bytes)) {
    snprintf(text, 32, "?");
    return;
  }
  double value = (double)json_integer_value(bytes);
  int k = 0;
  for (; value >= 1000 && k < 4; k++) value /= 1000;
  snprintf(text, 32, "%s%.*f %s", json_is_true(json_object_get(file, "about")) ? "~" : "",
           k && value < 100 ? 1 : 0, value, unit[k]);
}

static void print(const json_t *o) {
  enum { SHOWN = 40 };
  const char *key, *mode = json_string_value(json_object_get(o, "mode")),
                   *device = json_string_value(json_object_get(o, "device_name")),
                   *model = json_string_value(json_object_get(o, "model"));
  json_t *value;
  size_t i;
  printf("dry run of %s: nothing is written\n", json_string_value(json_object_get(o, "command")));
  json_object_foreach(json_object_get(o, "counts"), key, value)
      printf("%-13s %lld\n", key, (long long)json_integer_value(value));
  if (device)
    printf("%-13s %s%s%s%s\n", "device", device, mode ? ", " : "", mode ? mode : "", mode ? " mode" : "");
  if (model)
    printf("%-13s %s (%s)\n", "model", model, json_string_value(json_object_get(o, "model_identity")));
  const json_t *files = json_object_get(o, "files");
  json_array_foreach(files, i, value) {
    char size[32];
    if (i == SHOWN && json_array_size(files) > SHOWN + 1) {
      printf("%-13s and %zu more; --json lists them\n", "", json_array_size(files) - i);
      break;
    }
    size_text(value, size);
    printf("%-13s %10s  %s%s\n", i ? "" : "files", size, json_string_value(json_object_get(value, "path")),
           json_is_true(json_object_get(value, "replaces")) ? ", in place of the one there" : "");
  }
  const json_t *seconds = json_object_get(o, "seconds");
  if (json_is_number(seconds))
    printf("%-13s about %.3g s, by %s\n", "time", json_number_value(seconds),
           json_string_value(json_object_get(o, "seconds_by")));
  else
    printf("%-13s no rate was measured here\n", "time");
}

wd_status cli_plan_show(cli_plan *p, wd_error *err) {
  if (!p || !p->told) {
    cli_plan_free(p);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the plan");
  }
  wd_status st = WD_OK;
  if (p->c->json)
    st = cli_print_json(json_incref(p->told), err);
  else
    print(p->told);
  cli_plan_free(p);
  return st;
}

/* ---- the folder */

wd_status cli_plan_folder(const char *path, wd_error *err) {
  char part[PATH], below[PATH] = ""; /* below: the first that would be made */
  if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", path);
  for (;;) { /* the nearest that is there */
    struct stat s;
    if (stat(part, &s) == 0) {
      const bool folder = S_ISDIR(s.st_mode);
      if (folder && access(part, W_OK | X_OK) == 0) return WD_OK;
      if (below[0])
        return wd_fail(err, WD_ERR_IO, "%s: the folder cannot be made: %s", below,
                       strerror(folder ? errno : ENOTDIR));
      if (!folder) return wd_fail(err, WD_ERR_IO, "%s: not a folder", part);
      return wd_fail(err, WD_ERR_IO, "%s: nothing can be written there: %s", part, strerror(errno));
    }
    if (errno != ENOENT && errno != ENOTDIR)
      return wd_fail(err, WD_ERR_IO, "%s: the folder cannot be made: %s", path, strerror(errno));
    memcpy(below, part, sizeof below);
    char *slash = strrchr(part, '/');
    if (!slash)
      strcpy(part, ".");
    else
      slash[slash == part] = 0;
  }
}
