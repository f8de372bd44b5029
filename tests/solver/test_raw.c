/* Raw float32 files and wavelets from files, good and bad. */
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/raw.h"
#include "solver/survey.h"
#include "solver/wavelet_file.h"
#include "tests/solver/files.h"

#include <locale.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

static float value[20 * 30];

static void raw(void) {
  wd_error err = {0};
  wd_map map = {0};
  wd_gather gather = {0};
  float *array = NULL;
  for (int i = 0; i < 600; i++) value[i] = 1500.0f + (float)i * 0.3f;
  const char *path = files_path("a.bin");
  wd_status status = wd_raw_write(path, value, 600, &err);
  struct stat st;
  tap_ok(!status && stat(path, &st) == 0 && st.st_size == 2400 && files_count(files_folder) == 1,
         "600 values are 2400 bytes %s", err.message);
  FILE *f = fopen(path, "rb");
  unsigned char head[4] = {0};
  if (f) {
    if (fread(head, 1, 4, f) != 4) head[0] = 255;
    fclose(f);
  }
  tap_ok(head[0] == 0 && head[1] == 0x80 && head[2] == 0xbb && head[3] == 0x44,
         "little-endian: 1500 is 0080bb44");
  status = wd_raw_read_map(path, 20, 30, 12.5, &map, &err);
  tap_ok(!status && map.nz == 20 && map.nx == 30 && map.spacing == 12.5 &&
             memcmp(map.value, value, 2400) == 0,
         "a map comes back");
  wd_map_clear(&map);
  status = wd_raw_read_gather(path, 2, 100, 3, 0.002, &gather, &err);
  tap_ok(!status && gather.shots == 2 && gather.samples == 100 && gather.dt == 0.002 &&
             memcmp(gather.value, value, 2400) == 0,
         "gathers come back");
  wd_gather_clear(&gather);
  const size_t shape[4] = {5, 4, 3, 10};
  status = wd_raw_read(path, 4, shape, &array, &err);
  tap_ok(!status && memcmp(array, value, 2400) == 0, "any shape of 600 values comes back");
  wd_free(array);
  array = NULL;

  files_refused(wd_raw_read_map(path, 20, 31, 10, &map, &err), &err, WD_ERR_FORMAT, "a.bin",
                "needs 2480 bytes (620 float32 values), the file holds 2400");
  files_refused(wd_raw_read_map(path, 20, 29, 10, &map, &err), &err, WD_ERR_FORMAT, "a.bin", "needs 2320");
  files_refused(wd_raw_read_gather(path, 1, 100, 3, 0.001, &gather, &err), &err, WD_ERR_FORMAT, "a.bin",
                "is it float64?");
  files_refused(wd_raw_read_map(path, 2, 300, 10, &map, &err), &err, WD_ERR_SHAPE, "a.bin", "2 x 300");
  files_refused(wd_raw_read_map(path, -20, -30, 10, &map, &err), &err, WD_ERR_SHAPE, "a.bin", "-20 x -30");
  files_refused(wd_raw_read_gather(path, -2, 100, -3, 0.001, &gather, &err), &err, WD_ERR_SHAPE, "a.bin",
                "-2 shots");
  files_refused(wd_raw_read_gather(path, 2147483647, 2147483647, 2147483647, 0.001, &gather, &err), &err,
                WD_ERR_SHAPE, "a.bin", "2147483647 shots");
  const size_t overflow[2] = {(size_t)1 << 40, (size_t)1 << 40}, none[1] = {0};
  files_refused(wd_raw_read(path, 2, overflow, &array, &err), &err, WD_ERR_ARGUMENT, "a.bin", "too large");
  files_refused(wd_raw_read(path, 1, none, &array, &err), &err, WD_ERR_ARGUMENT, "a.bin", "empty");
  files_refused(wd_raw_read(path, 9, overflow, &array, &err), &err, WD_ERR_ARGUMENT, "a.bin", "9 dimensions");
  files_refused(wd_raw_read_map(files_path("missing.bin"), 20, 30, 10, &map, &err), &err, WD_ERR_IO,
                "missing.bin", "no such file");
  files_refused(wd_raw_read_map(files_folder, 20, 30, 10, &map, &err), &err, WD_ERR_IO, files_folder,
                "folder");
  files_refused(wd_raw_read_map(files_put("empty.bin", "", 0), 20, 30, 10, &map, &err), &err, WD_ERR_FORMAT,
                "empty.bin", "holds 0");
  value[45] = NAN;
  wd_raw_write(path, value, 600, &err);
  files_refused(wd_raw_read_map(path, 20, 30, 10, &map, &err), &err, WD_ERR_FORMAT, "a.bin",
                "row 1, column 15");
  files_refused(wd_raw_read_gather(path, 2, 100, 3, 0.001, &gather, &err), &err, WD_ERR_FORMAT, "a.bin",
                "shot 0, sample 15, receiver 0");
  value[45] = 0;
  wd_raw_write(path, value, 600, &err);
  files_refused(wd_raw_read_map(path, 20, 30, 10, &map, &err), &err, WD_ERR_FORMAT, "a.bin",
                "must be positive");
  files_refused(wd_raw_write(files_path("no/a.bin"), value, 600, &err), &err, WD_ERR_IO, "no/a.bin",
                "no such");
  tap_ok(!map.value && !gather.value && !array, "no refused call put anything out");
  struct rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = (struct rlimit){1000, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  status = wd_raw_write(files_path("full.bin"), value, 600, &err);
  setrlimit(RLIMIT_FSIZE, &limit);
  files_refused(status, &err, WD_ERR_IO, "full.bin", "larger than");
  tap_ok(access(files_path("full.bin"), F_OK) != 0 && files_count(files_folder) == 2,
         "and leaves nothing behind");
}

/* Reads `text` and compares with `count` values; count 0 stands for a refusal with `fault` in its message. */
static void wavelet(const char *what, const char *text, int column, int count, const float *want,
                    const char *fault) {
  const char *path = files_put("w.txt", text, strlen(text));
  wd_error err = {0};
  float *got = NULL;
  int samples = -7;
  wd_status status = wd_wavelet_read(path, column, &got, &samples, &err);
  if (count == 0) {
    files_refused(status, &err, status ? status : WD_ERR_FORMAT, "w.txt", fault);
    tap_ok(!got && samples == -7, "(%s)", what);
    return;
  }
  bool same = !status && samples == count;
  for (int i = 0; same && i < count; i++) same = got[i] == want[i];
  tap_ok(same, "wavelet: %s %s", what, status ? err.message : "");
  wd_free(got);
}

static void wavelets(void) {
  const float w[3] = {0, 0.5f, -1.25e-3f};
  wavelet("one column", "0\n0.5\n-1.25e-3\n", 0, 3, w, NULL);
  wavelet("no line feed at the end", "0\n0.5\n-1.25e-3", 1, 3, w, NULL);
  wavelet("DOS lines, comments, empty lines", "# Ricker\r\n\r\n0\r\n 0.5 \r\n#x\r\n-1.25e-3\r\n", 0, 3, w,
          NULL);
  wavelet("CSV with names, last column", "time,amplitude\n0,0\n0.001,0.5\n0.002,-1.25e-3\n", 0, 3, w, NULL);
  wavelet("first of two columns", "0 9\n0.5\t9\n-1.25e-3 ; 9\n", 1, 3, w, NULL);
  wavelet("column 2 of 3", "1;0;9\n2;0.5;9\n3;-1.25e-3;9\n", 2, 3, w, NULL);
  if (setlocale(LC_ALL, "de_DE.UTF-8"))
    wavelet("a decimal point under a comma locale", "0\n0.5\n-1.25e-3\n", 0, 3, w, NULL);
  else
    tap_skip("no locale with a decimal comma is installed");
  setlocale(LC_ALL, "C");
  wavelet("empty", "", 0, 0, NULL, "is empty");
  wavelet("comments only", "# nothing\n\n", 0, 0, NULL, "holds no numbers");
  wavelet("names only", "time,amplitude\n", 0, 0, NULL, "holds no numbers");
  wavelet("a word among numbers", "0\n0.5\nhalf\n", 0, 0, NULL, "line 3");
  wavelet("two lines of names", "a\nb\n0\n", 0, 0, NULL, "line 2");
  wavelet("glued", "0\n0.5x\n", 0, 0, NULL, "line 2");
  wavelet("an empty field", "0,1\n0.5,\n", 0, 0, NULL, "line 2");
  wavelet("ragged", "0,1\n0.5\n", 0, 0, NULL, "has 1 columns, the lines before have 2");
  wavelet("column 3 of 2", "0,1\n0.5,1\n", 3, 0, NULL, "column 3 was asked");
  wavelet("column -1", "0,1\n0.5,1\n", -1, 0, NULL, "column -1");
  wavelet("NaN", "0\nnan\n", 0, 0, NULL, "line 2 holds nan");
  wavelet("infinity", "0\ninf\n", 0, 0, NULL, "line 2 holds inf");
  wavelet("beyond float32", "0\n1e39\n", 0, 0, NULL, "line 2 holds 1e+39");

  wd_error err = {0};
  float *got = NULL;
  int samples = 0;
  files_refused(wd_wavelet_read(files_put("w.bin", "1\0002\n", 4), 0, &got, &samples, &err), &err,
                WD_ERR_FORMAT, "w.bin", "neither a .npy file nor");
  files_refused(wd_wavelet_read(files_folder, 0, &got, &samples, &err), &err, WD_ERR_IO, files_folder,
                "folder");
  static char text[2 * (WD_MAX_SAMPLES + 1)];
  for (size_t i = 0; i < sizeof text; i += 2) memcpy(text + i, "1\n", 2);
  tap_ok(wd_wavelet_read(files_put("w.max", text, sizeof text - 2), 0, &got, &samples, &err) == WD_OK &&
             samples == WD_MAX_SAMPLES,
         "%d samples are read", samples);
  wd_free(got);
  got = NULL;
  files_refused(wd_wavelet_read(files_put("w.more", text, sizeof text), 0, &got, &samples, &err), &err,
                WD_ERR_SHAPE, "w.more", "more than 100000");

  const size_t shapes[3][2] = {{3, 0}, {3, 1}, {1, 3}};
  for (int k = 0; k < 3; k++) {
    wd_npy_write(files_path("w.npy"), WD_NPY_F64, k ? 2 : 1, shapes[k], w, &err);
    wd_status status = wd_wavelet_read(files_path("w.npy"), 0, &got, &samples, &err);
    tap_ok(!status && samples == 3 && memcmp(got, w, sizeof w) == 0, "wavelet from .npy, %s",
           k == 0   ? "(3,)"
           : k == 1 ? "(3, 1)"
                    : "(1, 3)");
    wd_free(got);
    got = NULL;
  }
  const size_t square[2] = {2, 2};
  const float four[4] = {1, 2, NAN, 4};
  wd_npy_write(files_path("w.npy"), WD_NPY_F32, 2, square, four, &err);
  files_refused(wd_wavelet_read(files_path("w.npy"), 0, &got, &samples, &err), &err, WD_ERR_SHAPE, "w.npy",
                "(2, 2)");
  const size_t line = 4, none = 0;
  wd_npy_write(files_path("w.npy"), WD_NPY_F32, 1, &line, four, &err);
  files_refused(wd_wavelet_read(files_path("w.npy"), 0, &got, &samples, &err), &err, WD_ERR_FORMAT, "w.npy",
                "sample 2 is nan");
  files_refused(wd_wavelet_read(files_path("w.npy"), 2, &got, &samples, &err), &err, WD_ERR_ARGUMENT, "w.npy",
                "column 2");
  wd_npy_write(files_path("w.npy"), WD_NPY_F32, 1, &none, four, &err);
  files_refused(wd_wavelet_read(files_path("w.npy"), 0, &got, &samples, &err), &err, WD_ERR_SHAPE, "w.npy",
                "(0,)");
  tap_ok(!got, "no refused call put anything out");
}

int main(void) {
  files_begin();
  raw();
  wavelets();
  return files_done();
}
