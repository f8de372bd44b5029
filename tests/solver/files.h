/* Small helpers for the tests of file formats: a private folder, byte strings written to files, and the check
 * that a call was refused with a message that names the file and the fault. */
#ifndef WD_TESTS_FILES_H
#define WD_TESTS_FILES_H

#include "solver/status.h"
#include "tests/tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char files_folder[256];

/* A fresh folder under TMPDIR or /tmp. */
__attribute__((unused)) static void files_begin(void) {
  const char *base = getenv("TMPDIR");
  snprintf(files_folder, sizeof files_folder, "%s/wd-test-XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(files_folder)) {
    printf("Bail out! no temporary folder\n");
    exit(1);
  }
}

/* The full name of `name` in the folder; four results live at once. */
__attribute__((unused)) static const char *files_path(const char *name) {
  static char ring[4][512];
  static int next;
  char *p = ring[next++ & 3];
  snprintf(p, sizeof ring[0], "%s/%s", files_folder, name);
  return p;
}

__attribute__((unused)) static const char *files_put(const char *name, const void *data, size_t bytes) {
  const char *path = files_path(name);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, bytes, f) != bytes || fclose(f) != 0) {
    printf("Bail out! cannot write %s\n", path);
    exit(1);
  }
  return path;
}

/* Entries in a folder, without . and .. */
__attribute__((unused)) static int files_count(const char *folder) {
  int n = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));)
    n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  if (d) closedir(d);
  return n;
}

/* The shared data folder's file, or NULL when it is absent. */
__attribute__((unused)) static const char *files_shared(const char *name) {
  static char path[1024];
  const char *folder = getenv("WD_SHARED_DATA");
#ifdef WD_DEFAULT_SHARED_DATA
  if (!folder || !*folder) folder = WD_DEFAULT_SHARED_DATA;
#endif
  snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", name);
  return access(path, R_OK) == 0 ? path : NULL;
}

/* Passes when a call was refused with `wanted` and its message names the file and holds `fault`. */
__attribute__((unused)) static bool files_refused(wd_status status, const wd_error *err, wd_status wanted,
                                                  const char *name, const char *fault) {
  bool pass =
      status == wanted && err->code == wanted && strstr(err->message, name) && strstr(err->message, fault);
  const char *shown = status ? err->message : "(it was accepted)";
  size_t skip = strncmp(shown, files_folder, strlen(files_folder)) == 0 ? strlen(files_folder) + 1 : 0;
  tap_ok(pass, "refused, %s: %s", wd_status_name(wanted), shown + skip);
  if (!pass)
    printf("# wanted %s with \"%s\", got %s\n", wd_status_name(wanted), fault, wd_status_name(status));
  return pass;
}

__attribute__((unused)) static void files_remove(const char *folder) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
      files_remove(path);
    else
      unlink(path);
  }
  if (d) closedir(d);
  rmdir(folder);
}

__attribute__((unused)) static int files_done(void) {
  files_remove(files_folder);
  return tap_done();
}

#endif
