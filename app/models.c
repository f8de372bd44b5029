#include "app/models.h"

#include "app/i18n.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path) {
  struct stat info;
  return !stat(path, &info) && S_ISDIR(info.st_mode);
}

wd_status wd_find_model(const char *name, char *path, size_t size, wd_error *err) {
  if (strlen(name) >= size) return wd_fail(err, WD_ERR_ARGUMENT, _("the model's name is too long"));
  snprintf(path, size, "%s", name);
  if (is_folder(name) || strchr(name, '/')) return WD_OK; /* whoever opens it says what is wrong with it */
  const char *const place[] = {getenv("WAVEDIFFUSION_MODELS"), WD_INSTALLED_MODELS, WD_SOURCE_MODELS};
  for (int i = 0; i < 3; i++) {
    if (!place[i] || !place[i][0]) continue;
    if (snprintf(path, size, "%s/%s", place[i], name) < (int)size && is_folder(path)) return WD_OK;
  }
  return wd_fail(err, WD_ERR_IO, _("no model \"%.60s\": no folder of that name here, nor in %s, nor in %s"),
                 name, WD_INSTALLED_MODELS, WD_SOURCE_MODELS);
}
