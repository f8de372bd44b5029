/* Folders in OpenFWI's layout. The input is a list of up to eight files: a byte chooses the name (or says
 * that it is spelled out), a byte chooses whether the bytes are the whole file or the numbers of a
 * well-formed header, so that pairs which almost fit are met often. */
#include "solver/openfwi.h"
#include "tests/fuzz/input.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

typedef struct input {
  const uint8_t *p;
  size_t left;
} input;

static unsigned byte(input *in) {
  if (!in->left) return 0;
  in->left--;
  return *in->p++;
}

/* A well-formed .npy of a few axes; its data are one value, so that maps may even be velocities. */
static size_t header(input *in, uint8_t *out, size_t room) {
  static const char *const type[8] = {"<f4", "<f4", "<f4", ">f4", "<f2", "<f8", "<i4", "<f4"};
  static const int item[8] = {4, 4, 4, 4, 2, 8, 4, 4};
  unsigned t = byte(in) & 7, dims = byte(in) % 6;
  char text[200], shape[100] = "";
  size_t bytes = (size_t)item[t], at = 0;
  for (unsigned i = 0; i < dims; i++) {
    unsigned n = byte(in);
    n = i + 2 >= dims ? 14 + n % 6 : n % 4; /* sides about the smallest legal map */
    at += (size_t)snprintf(shape + at, sizeof shape - at, "%u,", n);
    bytes *= n;
  }
  int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", type[t],
                        byte(in) & 64 ? "True" : "False", shape);
  bytes -= byte(in) == 255;
  if (bytes > room - 300) bytes = room - 300;
  memcpy(out, "\x93NUMPY\1\0", 8);
  out[8] = (uint8_t)length;
  out[9] = 0;
  memcpy(out + 10, text, (size_t)length);
  memset(out + 10 + length, (int)byte(in) & 0x44, bytes);
  return 10 + (size_t)length + bytes;
}

static char folder[64];
static const char *const sub[] = {"", "/model", "/data", "/B"};

static void clean_up(void) {
  for (int i = 3; i >= 0; i--) {
    char path[96];
    snprintf(path, sizeof path, "%s%s", folder, sub[i]);
    rmdir(path);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t file[1 << 14];
  static const char *const fixed[] = {"model1.npy",           "data1.npy",          "vel2_1_0.npy",
                                      "seis2_1_0.npy",        "velocity-00000.npy", "seismic-00000.npy",
                                      "model/model2.npy",     "data/data2.npy",     "model2.npy",
                                      "B/velocity-00001.npy", "B/seismic-00001.npy"};
  enum { FIXED = sizeof fixed / sizeof *fixed, FILES = 8 };
  if (!folder[0]) {
    snprintf(folder, sizeof folder, "/dev/shm/wd-fuzz-%d", (int)getpid());
    atexit(clean_up);
    for (int i = 0; i < 4; i++) {
      char path[96];
      snprintf(path, sizeof path, "%s%s", folder, sub[i]);
      if (mkdir(path, 0700)) abort();
    }
  }
  input in = {data, size};
  char made[FILES][160];
  int files = 0;
  bool once = byte(&in) & 1, velocity_only = byte(&in) & 1;
  while (in.left && files < FILES) {
    unsigned which = byte(&in) % (FIXED + 2);
    char name[64];
    if (which < FIXED) {
      snprintf(name, sizeof name, "%s", fixed[which]);
    } else {
      size_t n = byte(&in) % 40;
      if (n > in.left) n = in.left;
      for (size_t i = 0; i < n; i++) {
        char c = (char)byte(&in);
        name[i] = c == '/' || c == 0 ? '_' : c;
      }
      name[n] = 0;
      if (n == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
      const char *suffix = NULL;
      size_t length = 0;
      wd_openfwi_kind kind;
      bool seismic;
      if (wd_openfwi_parse_name(name, &kind, &seismic, &suffix, &length) &&
          (suffix < name || suffix + length > name + strlen(name) || strcmp(suffix + length, ".npy") != 0))
        abort();
    }
    size_t bytes;
    if (byte(&in) & 3) {
      bytes = header(&in, file, sizeof file);
    } else {
      bytes = byte(&in) | (byte(&in) & 3) << 8;
      if (bytes > in.left) bytes = in.left;
      memcpy(file, in.p, bytes);
      in.p += bytes;
      in.left -= bytes;
    }
    snprintf(made[files], sizeof made[0], "%s/%s", folder, name);
    int fd = open(made[files], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) continue; /* a name that is a folder */
    files++;
    if (write(fd, file, bytes) != (ssize_t)bytes) abort();
    close(fd);
  }

  wd_openfwi *set = NULL;
  wd_error err = {0};
  wd_openfwi_desc desc = {.max_open = 2, .velocity_only = velocity_only};
  if (wd_openfwi_open(folder, &desc, &set, &err) == WD_OK) {
    wd_openfwi_shape shape = wd_openfwi_describe(set);
    size_t pairs = 0;
    for (size_t b = 0; b < shape.batches; b++) {
      const wd_openfwi_batch *batch = wd_openfwi_batch_at(set, b);
      if (batch->first != pairs || !batch->velocity || !batch->seismic != velocity_only) abort();
      pairs += batch->count;
    }
    if (pairs != shape.pairs || wd_openfwi_batch_at(set, shape.batches)) abort();
    for (size_t i = 0; i < pairs && i < (once ? 1 : 8); i++) {
      wd_map map = {0};
      wd_gather gather = {0};
      if (wd_openfwi_pair(set, pairs - 1 - i, &map, velocity_only ? NULL : &gather, &err) == WD_OK) {
        if (map.nz != shape.nz || map.nx != shape.nx || gather.shots != shape.shots) abort();
        wd_map_clear(&map);
        wd_gather_clear(&gather);
      }
    }
    if (wd_openfwi_pair(set, pairs, NULL, NULL, &err) == WD_OK) abort();
    wd_openfwi_close(set);
  }
  for (int i = 0; i < files; i++) unlink(made[i]);
  return 0;
}
