/* .npy files: what NumPy writes is read bit for bit in every supported type and byte order, what is written
 * is read back, and a corpus of broken and hostile files is refused with a message naming file and fault. */
#include "solver/half.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "tests/solver/files.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

/* A file from a dictionary and raw data; version 1 has a 16-bit length, 2 and 3 one of 32 bits. */
static const char *put(const char *name, int version, const char *dictionary, const void *data,
                       size_t bytes) {
  static unsigned char file[1 << 20];
  size_t n = strlen(dictionary), at = version == 1 ? 10 : 12;
  memcpy(file, "\x93NUMPY", 6);
  file[6] = (unsigned char)version;
  file[7] = 0;
  file[8] = (unsigned char)n;
  file[9] = (unsigned char)(n >> 8);
  if (version > 1) file[10] = (unsigned char)(n >> 16), file[11] = (unsigned char)(n >> 24);
  memcpy(file + at, dictionary, n);
  if (bytes) memcpy(file + at + n, data, bytes);
  return files_put(name, file, at + n + bytes);
}

static void refused_open(const char *path, wd_status wanted, const char *fault) {
  wd_npy *npy = (wd_npy *)&npy;
  wd_error err = {0};
  wd_status status = wd_npy_open(path, &npy, &err);
  const char *name = strrchr(path, '/');
  files_refused(status, &err, wanted, name ? name + 1 : path, fault);
  if (!status) wd_npy_close(npy);
}

static void halves(void) {
  /* Every float16 goes to float32 and back unchanged, and to the value its bits say. */
  int wrong = 0, returned = 0;
  for (uint32_t h = 0; h < 65536; h++) {
    int e = (int)(h >> 10 & 31), m = (int)(h & 1023);
    float f = wd_float_from_half((uint16_t)h);
    if (e == 31 && m) {
      wrong += !isnan(f);
      returned += !isnan(wd_float_from_half(wd_half_from_float(f)));
      continue;
    }
    double want = e == 31 ? INFINITY : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
    if (h & 0x8000) want = -want;
    wrong += (double)f != want || !signbit(f) != !(h & 0x8000);
    returned += wd_half_from_float(f) != h;
  }
  tap_ok(wrong == 0, "all 65536 float16 values become the right float32 (%d wrong)", wrong);
  tap_ok(returned == 0, "and come back to the same bits (%d wrong)", returned);
  /* Halfway points go to the even neighbour; a little more or less goes to the nearer one. */
  int ties = 0;
  for (uint32_t h = 0; h < 0x7bff; h++) {
    float a = wd_float_from_half((uint16_t)h), b = wd_float_from_half((uint16_t)(h + 1)),
          mid = 0.5f * (a + b);
    ties += wd_half_from_float(mid) != (h & 1 ? h + 1 : h);
    ties += wd_half_from_float(nextafterf(mid, 0)) != h;
    ties += wd_half_from_float(nextafterf(mid, 1e9f)) != h + 1;
    ties += wd_half_from_float(-mid) != (0x8000u | (h & 1 ? h + 1 : h));
  }
  ties += wd_half_from_float(65519.99f) != 0x7bff;
  ties += wd_half_from_float(65520.0f) != 0x7c00;
  ties += wd_half_from_float(1e30f) != 0x7c00;
  tap_ok(ties == 0, "float32 is rounded to the nearest float16, ties to even (%d wrong)", ties);
}

/* (2, 3, 2) of one type in one order; values exact in float16. */
static void types(void) {
  static const struct {
    const char *descr;
    int size;
    bool big;
  } t[] = {{"<f4", 4, false}, {">f4", 4, true}, {"<f8", 8, false}, {">f8", 8, true},
           {"<f2", 2, false}, {">f2", 2, true}, {"f4", 4, false},  {"=f8", 8, false}};
  for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
    unsigned char data[12 * 8];
    float want[12];
    for (int i = 0; i < 12; i++) {
      want[i] = (float)(i - 5) * 0.375f;
      unsigned char raw[8];
      double d = (double)want[i];
      uint16_t h = wd_half_from_float(want[i]);
      memcpy(raw,
             t[k].size == 8   ? (void *)&d
             : t[k].size == 2 ? (void *)&h
                              : (void *)&want[i],
             (size_t)t[k].size);
      for (int b = 0; b < t[k].size; b++) data[i * t[k].size + b] = raw[t[k].big ? t[k].size - 1 - b : b];
    }
    for (int version = 1; version <= 3; version++) {
      char dictionary[128];
      snprintf(dictionary, sizeof dictionary,
               "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3, 2), }   \n", t[k].descr);
      const char *path = put("types.npy", version, dictionary, data, 12 * (size_t)t[k].size);
      wd_npy *npy = NULL;
      wd_error err = {0};
      if (!tap_ok(wd_npy_open(path, &npy, &err) == WD_OK, "opens %s, version %d %s", t[k].descr, version,
                  err.message))
        continue;
      float got[6] = {-99, -99, -99, -99, -99, -99};
      wd_status status = wd_npy_record(npy, 1, got, &err);
      char text[64];
      tap_ok(status == WD_OK && memcmp(got, want + 6, sizeof got) == 0 && wd_npy_records(npy) == 2 &&
                 wd_npy_record_count(npy) == 6 && wd_npy_version(npy) == version &&
                 strcmp(wd_npy_shape_text(npy, text, sizeof text), "(2, 3, 2)") == 0 &&
                 memcmp(wd_npy_record_bytes(npy, 1), data + 6 * t[k].size, 6 * (size_t)t[k].size) == 0,
             "record 1 of %s, version %d", t[k].descr, version);
      tap_ok(wd_npy_record(npy, 2, got, &err) == WD_ERR_ARGUMENT && wd_npy_read(npy, 11, 2, got, &err) &&
                 wd_npy_read(npy, SIZE_MAX, 2, got, &err) && !wd_npy_record_bytes(npy, 2),
             "nothing is read past the end");
      wd_npy_close(npy);
    }
  }
}

static void corpus(void) {
  unsigned char zero[512] = {0};
  static const char good[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

  refused_open(files_path("missing.npy"), WD_ERR_IO, "no such file");
  refused_open(files_put("empty.npy", "", 0), WD_ERR_FORMAT, "is empty");
  mkdir(files_path("folder.npy"), 0755);
  refused_open(files_path("folder.npy"), WD_ERR_IO, "is a folder");
  mkfifo(files_path("pipe.npy"), 0644);
  refused_open(files_path("pipe.npy"), WD_ERR_IO, "pipe");
  refused_open("/dev/zero", WD_ERR_IO, "device");
  refused_open(files_put("short.npy", "\x93NUM", 4), WD_ERR_FORMAT, "not a .npy");
  refused_open(files_put("magic-only.npy", "\x93NUMPY\1\0", 8), WD_ERR_FORMAT, "truncated");
  refused_open(files_put("text.npy", "velocity,1500,2000\n", 19), WD_ERR_FORMAT, "magic");
  refused_open(files_put("zip.npy", "PK\3\4abcdefgh", 12), WD_ERR_FORMAT, ".npz");
  refused_open(files_put("hdf.npy", "\x89HDF\r\n\x1a\n1234", 12), WD_ERR_FORMAT, "HDF5");
  refused_open(files_put("version.npy", "\x93NUMPY\4\0\x10\0{}              ", 26), WD_ERR_UNSUPPORTED,
               "version 4.0");
  refused_open(files_put("minor.npy", "\x93NUMPY\1\7\x10\0{}              ", 26), WD_ERR_UNSUPPORTED,
               "version 1.7");
  refused_open(files_put("length.npy", "\x93NUMPY\1\0\xff\xff{}              ", 26), WD_ERR_FORMAT,
               "65535 bytes");
  refused_open(files_put("giant.npy", "\x93NUMPY\2\0\xff\xff\xff\xff{}            ", 26), WD_ERR_FORMAT,
               "4294967295 bytes");
  {
    unsigned char *big = wd_calloc(300000, 1);
    memcpy(big, "\x93NUMPY\2\0\x00\x00\x04\x00", 12);
    refused_open(files_put("absurd.npy", big, 300000), WD_ERR_FORMAT, "262144 bytes long");
    wd_free(big);
  }

  static const struct {
    const char *name, *dictionary, *fault;
    wd_status status;
  } d[] = {
      {"zeros", "", "begin with a brace", WD_ERR_FORMAT},
      {"unclosed", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), ", "does not end",
       WD_ERR_FORMAT},
      {"string", "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3), }", "'<f4, ' are not understood",
       WD_ERR_UNSUPPORTED},
      {"endless", "{'descr': '<f4", "a string does not end", WD_ERR_FORMAT},
      {"quotes", "{'descr': \"'<f4'\", 'fortran_order': False, 'shape': (2, 3), }", "not understood",
       WD_ERR_UNSUPPORTED},
      {"escape", "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2, 3), }", "escape", WD_ERR_FORMAT},
      {"control", "{'descr': '<f\0014', 'fortran_order': False, 'shape': (2, 3), }", "not plain text",
       WD_ERR_FORMAT},
      {"long-type", "{'descr': '<f44444444444444444444444', 'fortran_order': False, 'shape': (2, 3), }",
       "longer", WD_ERR_FORMAT},
      {"twice", "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
       "appears twice", WD_ERR_FORMAT},
      {"twice-shape", "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
       "appears twice", WD_ERR_FORMAT},
      {"unknown", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'evil': 1, }",
       "a key other than", WD_ERR_FORMAT},
      {"no-descr", "{'fortran_order': False, 'shape': (2, 3), }", "descr is missing", WD_ERR_FORMAT},
      {"no-order", "{'descr': '<f4', 'shape': (2, 3), }", "fortran_order is missing", WD_ERR_FORMAT},
      {"no-shape", "{'descr': '<f4', 'fortran_order': False, }", "shape is missing", WD_ERR_FORMAT},
      {"no-colon", "{'descr' '<f4', 'fortran_order': False, 'shape': (2, 3), }", "colon", WD_ERR_FORMAT},
      {"no-comma", "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3), }", "comma", WD_ERR_FORMAT},
      {"order", "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }", "neither True nor False",
       WD_ERR_FORMAT},
      {"list", "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3], }", "not a tuple", WD_ERR_FORMAT},
      {"number", "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }", "needs its comma",
       WD_ERR_FORMAT},
      {"negative", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3), }", "negative",
       WD_ERR_FORMAT},
      {"fraction", "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3), }", "comma", WD_ERR_FORMAT},
      {"word", "{'descr': '<f4', 'fortran_order': False, 'shape': (two, 3), }", "whole number",
       WD_ERR_FORMAT},
      {"open-tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3", "comma or a closing",
       WD_ERR_FORMAT},
      {"64-bit", "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,), }", "64 bits",
       WD_ERR_FORMAT},
      {"product", "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
       "memory can address", WD_ERR_FORMAT},
      {"product-zero", "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }",
       "memory can address", WD_ERR_FORMAT},
      {"signed", "{'descr': '<f4', 'fortran_order': False, 'shape': (2305843009213693952,), }",
       "memory can address", WD_ERR_FORMAT},
      {"huge", "{'descr': '<f4', 'fortran_order': False, 'shape': (500, 5, 1000, 70), }",
       "needs 700000000 bytes", WD_ERR_FORMAT},
      {"nine", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
       "more than 8 dimensions", WD_ERR_UNSUPPORTED},
      {"fields", "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (3,), }",
       "several fields", WD_ERR_UNSUPPORTED},
      {"object", "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "not understood",
       WD_ERR_UNSUPPORTED},
      {"no-type", "{'descr': '', 'fortran_order': False, 'shape': (3,), }", "not understood",
       WD_ERR_UNSUPPORTED},
      {"letters", "{'descr': '<fx', 'fortran_order': False, 'shape': (3,), }", "not understood",
       WD_ERR_UNSUPPORTED},
      {"size-0", "{'descr': '<f0', 'fortran_order': False, 'shape': (3,), }", "not understood",
       WD_ERR_UNSUPPORTED},
      {"size-large", "{'descr': '|S999999999', 'fortran_order': False, 'shape': (3,), }", "absurdly",
       WD_ERR_UNSUPPORTED},
      {"trailing", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } import os",
       "follows the dictionary", WD_ERR_FORMAT},
      {"nested", "{'descr': {'descr': '<f4'}, 'fortran_order': False, 'shape': (2, 3), }", "quoted string",
       WD_ERR_FORMAT},
      {"fortran", "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", "Fortran order",
       WD_ERR_UNSUPPORTED},
  };
  for (size_t k = 0; k < sizeof d / sizeof *d; k++) {
    char name[64];
    snprintf(name, sizeof name, "%s.npy", d[k].name);
    refused_open(put(name, 1, d[k].dictionary, zero, 24), d[k].status, d[k].fault);
  }
  refused_open(put("one-short.npy", 1, good, zero, 23), WD_ERR_FORMAT,
               "truncated: shape (2, 3) of type <f4 needs 24");
  refused_open(put("one-long.npy", 1, good, zero, 25), WD_ERR_FORMAT, "1 bytes follow the array");

  /* Every proper prefix of a good file is refused, and none is read out of bounds (sanitizers). */
  static unsigned char whole[256];
  const char *path = put("whole.npy", 1, good, zero, 24);
  FILE *f = fopen(path, "rb");
  size_t bytes = fread(whole, 1, sizeof whole, f);
  fclose(f);
  int accepted = 0;
  for (size_t n = 0; n < bytes; n++) {
    wd_npy *npy = NULL;
    wd_error err = {0};
    if (wd_npy_open(files_put("prefix.npy", whole, n), &npy, &err) == WD_OK) accepted++, wd_npy_close(npy);
  }
  tap_ok(accepted == 0 && bytes > 90, "all %zu prefixes of a good file are refused", bytes);

  path = files_put("locked.npy", whole, bytes);
  chmod(path, 0);
  if (geteuid() == 0)
    tap_skip("an unreadable file: the superuser reads everything");
  else
    refused_open(path, WD_ERR_IO, "permission denied");
}

static void shapes_and_values(void) {
  static float cells[2 * 16 * 17];
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) cells[i] = 1500 + (float)i;
  wd_npy *npy = NULL;
  wd_error err = {0};
  wd_map map = {0};
  wd_gather gather = {0};
  size_t count = 0;
  int nz = 0, nx = 0;

  static const struct {
    const char *shape;
    size_t maps;
  } good[] = {{"(16, 17)", 1}, {"(1, 16, 17)", 1}, {"(2, 16, 17)", 2}, {"(2, 1, 16, 17)", 2}};
  for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }",
             good[k].shape);
    const char *path = put("map.npy", 1, dictionary, cells, good[k].maps * 16 * 17 * 4);
    bool pass = wd_npy_open(path, &npy, &err) == WD_OK &&
                wd_npy_map_shape(npy, &count, &nz, &nx, &err) == WD_OK && count == good[k].maps && nz == 16 &&
                nx == 17 && wd_npy_read_map(npy, count - 1, 10, &map, &err) == WD_OK && map.nz == 16 &&
                map.nx == 17 && map.spacing == 10 &&
                memcmp(map.value, cells + (count - 1) * 16 * 17, 16 * 17 * 4) == 0;
    tap_ok(pass, "velocity maps of shape %s", good[k].shape);
    tap_ok(wd_npy_read_map(npy, count, 10, &map, &err) == WD_ERR_ARGUMENT, "one map more is refused: %s",
           err.message);
    wd_map_clear(&map);
    wd_npy_close(npy);
  }

  static const struct {
    const char *name, *descr, *shape, *fault;
    size_t bytes;
    bool gather;
    wd_status status;
  } bad[] = {
      {"1d.npy", "<f4", "(272,)", "(nz, nx)", 1088, false, WD_ERR_SHAPE},
      {"0d.npy", "<f4", "()", "(nz, nx)", 4, false, WD_ERR_SHAPE},
      {"5d.npy", "<f4", "(1, 1, 1, 16, 17)", "(nz, nx)", 1088, false, WD_ERR_SHAPE},
      {"gathers.npy", "<f4", "(1, 2, 16, 17)", "are these gathers?", 2176, false, WD_ERR_SHAPE},
      {"none.npy", "<f4", "(0, 1, 70, 70)", "holds no maps", 0, false, WD_ERR_SHAPE},
      {"small.npy", "<f4", "(15, 17)", "15 x 17", 1020, false, WD_ERR_SHAPE},
      {"wide.npy", "<f4", "(1, 272)", "1 x 272", 1088, false, WD_ERR_SHAPE},
      {"int.npy", "<i4", "(16, 17)", "'<i4'", 1088, false, WD_ERR_UNSUPPORTED},
      {"bool.npy", "|b1", "(16, 17)", "'|b1'", 272, false, WD_ERR_UNSUPPORTED},
      {"complex.npy", "<c8", "(16, 17)", "'<c8'", 2176, false, WD_ERR_UNSUPPORTED},
      {"long-double.npy", "<f16", "(1, 2, 17)", "'<f16'", 544, true, WD_ERR_UNSUPPORTED},
      {"unicode.npy", "<U1", "(16, 17)", "'<U1'", 1088, false, WD_ERR_UNSUPPORTED},
      {"2d-gather.npy", "<f4", "(16, 17)", "(shots, samples, receivers)", 1088, true, WD_ERR_SHAPE},
      {"empty-gather.npy", "<f4", "(0, 5, 1000, 70)", "no samples", 0, true, WD_ERR_SHAPE},
      {"absurd-gather.npy", "<i1", "(0, 99999999, 1, 70)", "no samples", 0, true, WD_ERR_SHAPE},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
             bad[k].descr, bad[k].shape);
    const char *path = put(bad[k].name, 1, dictionary, cells, bad[k].bytes);
    err = (wd_error){0};
    if (wd_npy_open(path, &npy, &err) != WD_OK) {
      tap_ok(false, "opens %s: %s", bad[k].name, err.message);
      continue;
    }
    wd_status status = bad[k].gather ? wd_npy_read_gather(npy, 0, 0.001, &gather, &err)
                                     : wd_npy_read_map(npy, 0, 10, &map, &err);
    files_refused(status, &err, bad[k].status, bad[k].name, bad[k].fault);
    tap_ok(!map.value && !gather.value, "and nothing was put out");
    wd_npy_close(npy);
  }

  /* Values: one bad cell in the second map, one bad sample in the second gather. */
  static const char maps[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 16, 17), }";
  static const char gathers[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 4, 34), }";
  const float poison[] = {NAN, INFINITY, -INFINITY, 0, -1500};
  for (int k = 0; k < 5; k++) {
    float keep = cells[272 + 3 * 17 + 5];
    cells[272 + 3 * 17 + 5] = poison[k];
    wd_npy_open(put("cell.npy", 1, maps, cells, sizeof cells), &npy, &err);
    tap_ok(wd_npy_read_map(npy, 0, 10, &map, &err) == WD_OK, "the map before a bad one is read");
    wd_map_clear(&map);
    files_refused(wd_npy_read_map(npy, 1, 10, &map, &err), &err, WD_ERR_FORMAT, "cell.npy, map 1",
                  "row 3, column 5");
    wd_npy_close(npy);
    if (k < 3) {
      wd_npy_open(put("sample.npy", 1, gathers, cells, sizeof cells), &npy, &err);
      files_refused(wd_npy_read_gather(npy, 1, 0.001, &gather, &err), &err, WD_ERR_FORMAT, "sample.npy",
                    "gather 1, shot 0, sample 1, receiver 22");
      wd_npy_close(npy);
    }
    cells[272 + 3 * 17 + 5] = keep;
  }
  const double large[2] = {1, 1e39};
  wd_npy_open(put("large.npy", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", large, 16),
              &npy, &err);
  float out[2];
  files_refused(wd_npy_record(npy, 1, out, &err), &err, WD_ERR_FORMAT, "large.npy", "too large for float32");
  wd_npy_close(npy);

  /* What shrinks under an open map is an error, not a signal. */
  const char *path = put("shrinks.npy", 1, maps, cells, sizeof cells);
  wd_npy_open(path, &npy, &err);
  if (truncate(path, 100)) tap_ok(false, "truncate");
  files_refused(wd_npy_read_map(npy, 1, 10, &map, &err), &err, WD_ERR_IO, "shrinks.npy", "made shorter");
  tap_ok(!wd_npy_record_bytes(npy, 0), "and gives no pointer");
  wd_npy_close(npy);

  /* Both orders are the same when only one axis is longer than 1. */
  path = put("column.npy", 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 6, 1), }", cells, 24);
  tap_ok(wd_npy_open(path, &npy, &err) == WD_OK, "Fortran order without consequence is accepted");
  wd_npy_close(npy);
  path = put("scalar.npy", 1, "{\"shape\": (), 'fortran_order':False,'descr':'<f4'}", cells, 4);
  out[0] = -1;
  tap_ok(wd_npy_open(path, &npy, &err) == WD_OK && wd_npy_records(npy) == 1 &&
             wd_npy_record(npy, 0, out, &err) == WD_OK && out[0] == cells[0],
         "an array without dimensions is one record");
  wd_npy_close(npy);
}

static void writing(void) {
  enum { N = 3, Z = 20, X = 31 };
  static float value[N * Z * X], back[N * Z * X];
  for (int i = 0; i < N * Z * X; i++) value[i] = 1500.0f + (float)(i % 997) * 2.5f;
  const size_t shape[4] = {N, 1, Z, X};
  wd_error err = {0};
  int before = files_count(files_folder);

  static const wd_npy_type type[] = {WD_NPY_F32, WD_NPY_F64, WD_NPY_F16};
  for (int k = 0; k < 3; k++) {
    const char *path = files_path("written.npy");
    wd_npy_writer *w = NULL;
    wd_status status = wd_npy_writer_open(path, type[k], 4, shape, &w, &err);
    tap_ok(status == WD_OK && access(path, F_OK) != 0, "the name does not appear before the file is whole");
    for (size_t at = 0, step = 1; !status && at < N * Z * X; at += step, step = step * 3 + 1) {
      if (step > N * Z * X - at) step = N * Z * X - at;
      status = wd_npy_writer_append(w, value + at, step, &err);
    }
    tap_ok(wd_npy_writer_append(w, value, 1, NULL) == WD_ERR_SHAPE, "one element too many is refused");
    if (!status) status = wd_npy_writer_close(w, &err);
    wd_npy *npy = NULL;
    if (!status) status = wd_npy_open(path, &npy, &err);
    if (!tap_ok(status == WD_OK, "written and opened again %s", err.message)) continue;
    memset(back, 0xff, sizeof back);
    status = wd_npy_read(npy, 0, N * Z * X, back, &err);
    int wrong = 0;
    for (int i = 0; i < N * Z * X; i++)
      wrong += back[i] != (k == 2 ? wd_float_from_half(wd_half_from_float(value[i])) : value[i]);
    tap_ok(status == WD_OK && wrong == 0 && wd_npy_dtype(npy) == type[k] && wd_npy_dims(npy) == 4,
           "type %s comes back (%d values differ)", wd_npy_descr(npy), wrong);
    const char *first = wd_npy_record_bytes(npy, 0);
    tap_ok(((uintptr_t)first & 63) == 0, "data aligned to 64 bytes");
    wd_npy_close(npy);
    unlink(path);
  }

  /* NumPy must agree with what we write, where it is at hand. */
  const char *path = files_path("peer.npy");
  wd_npy_write(path, WD_NPY_F32, 4, shape, value, &err);
  char command[1200];
  snprintf(
      command, sizeof command,
      "PATH=/usr/bin:$PATH python3 -c \"import numpy as n; a=n.load('%s'); assert a.shape==(%d,1,%d,%d) and "
      "a.dtype==n.float32; "
      "b=(1500+(n.arange(a.size)%%997)*2.5).astype('f4').reshape(a.shape); assert (a==b).all()\" 2>/dev/null",
      path, N, Z, X);
  if (system("PATH=/usr/bin:$PATH python3 -c 'import numpy' 2>/dev/null") != 0)
    tap_skip("NumPy is not installed");
  else
    tap_ok(system(command) == 0, "NumPy reads the same array");
  unlink(path);

  wd_npy_writer *w = NULL;
  wd_npy_writer_open(path, WD_NPY_F32, 4, shape, &w, &err);
  wd_npy_writer_append(w, value, 100, &err);
  files_refused(wd_npy_writer_close(w, &err), &err, WD_ERR_SHAPE, "peer.npy",
                "100 elements of the declared 1860");
  wd_npy_writer_open(path, WD_NPY_F32, 4, shape, &w, &err);
  wd_npy_writer_append(w, value, 100, &err);
  wd_npy_writer_abort(w);
  tap_ok(files_count(files_folder) == before, "an unfinished and an aborted file leave nothing behind");

  const float large[2] = {65504, 65520};
  const size_t two = 2;
  files_refused(wd_npy_write(path, WD_NPY_F16, 1, &two, large, &err), &err, WD_ERR_ARGUMENT, "peer.npy",
                "too large for float16");
  const size_t overflow[2] = {SIZE_MAX / 2, 4};
  files_refused(wd_npy_writer_open(path, WD_NPY_F32, 2, overflow, &w, &err), &err, WD_ERR_ARGUMENT,
                "peer.npy", "too large");
  files_refused(wd_npy_writer_open(files_path("nowhere/x.npy"), WD_NPY_F32, 1, &two, &w, &err), &err,
                WD_ERR_IO, "nowhere/x.npy", "no such file or folder");
  files_refused(wd_npy_writer_open(files_folder, WD_NPY_F32, 1, &two, &w, &err), &err, WD_ERR_IO,
                files_folder, "it is a folder");
  files_refused(wd_npy_writer_open("/dev/null", WD_NPY_F32, 1, &two, &w, &err), &err, WD_ERR_IO, "/dev/null",
                "device");

  /* A file that may not grow stands for a full disk: refused when declared, and the old file stands. */
  files_put("old.npy", "old", 3);
  before = files_count(files_folder);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit, small = {4096, RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &limit);
  small.rlim_max = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &small);
  wd_status status = wd_npy_write(files_path("old.npy"), WD_NPY_F32, 4, shape, value, &err);
  setrlimit(RLIMIT_FSIZE, &limit);
  files_refused(status, &err, WD_ERR_IO, "old.npy", "larger than");
  struct stat st;
  tap_ok(stat(files_path("old.npy"), &st) == 0 && st.st_size == 3 && files_count(files_folder) == before,
         "the file that stood there still stands, and nothing else");

  /* Through a link, and with the permissions of the file that is replaced. */
  chmod(files_path("old.npy"), 0600);
  if (symlink("old.npy", files_path("link.npy"))) tap_ok(false, "symlink");
  status = wd_npy_write(files_path("link.npy"), WD_NPY_F32, 1, &two, value, &err);
  struct stat link;
  tap_ok(status == WD_OK && lstat(files_path("link.npy"), &link) == 0 && S_ISLNK(link.st_mode) &&
             stat(files_path("old.npy"), &st) == 0 && st.st_size == 136 && (st.st_mode & 0777) == 0600,
         "a link is followed, permissions are kept %s", status ? err.message : "");
}

static void real_pair(void) {
  const char *path = files_shared("openfwi_cf0_seismic.npy");
  if (!path) {
    tap_skip("the OpenFWI pair is not in shared/data");
    return;
  }
  wd_npy *npy = NULL;
  wd_error err = {0};
  wd_gather gather = {0};
  wd_status status = wd_npy_open(path, &npy, &err);
  if (!status) status = wd_npy_read_gather(npy, 0, 0.001, &gather, &err);
  bool zero = !status && gather.shots == 5 && gather.samples == 1000 && gather.receivers == 70;
  double energy = 0;
  for (size_t i = 0; zero && i < 70; i++) zero = gather.value[999 * 70 + i] == 0;
  for (size_t i = 0; !status && i < wd_gather_count(&gather); i++)
    energy += (double)gather.value[i] * (double)gather.value[i];
  tap_ok(zero && energy > 0, "the real gathers: (5, 1000, 70), last sample zero %s",
         status ? err.message : "");
  wd_gather_clear(&gather);
  wd_npy_close(npy);
}

int main(void) {
  files_begin();
  halves();
  types();
  corpus();
  shapes_and_values();
  writing();
  real_pair();
  return files_done();
}
