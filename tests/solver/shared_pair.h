/* The genuine OpenFWI pair of the shared data folder (WD_SHARED_DATA, or beside the project), read plainly:
 * the tests of the solver must not lean on the reader of .npy files. */
#ifndef WD_SHARED_PAIR_H
#define WD_SHARED_PAIR_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The last `count` floats of a file: the payload of a version 1 .npy. False where the file is not there. */
__attribute__((unused)) static bool shared_floats(const char *name, size_t count, float *out) {
  const char *folder = getenv("WD_SHARED_DATA");
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder ? folder : WD_DEFAULT_SHARED_DATA, name);
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  bool ok =
      fseek(f, -(long)(count * sizeof(float)), SEEK_END) == 0 && fread(out, sizeof(float), count, f) == count;
  fclose(f);
  return ok;
}

#endif
