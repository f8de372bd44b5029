/* safetensors: round trips, every way in which a file can be wrong, and weights in pieces. */
#include "model/safetensors.h"
#include "model/weights.h"
#include "solver/half.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

static char folder[32];

static const char *in_folder(const char *name) {
  static char path[64][384];
  static int turn;
  char *p = path[turn++ % 64];
  snprintf(p, sizeof path[0], "%s/%s", folder, name);
  return p;
}

static int files_in_folder(void) {
  int n = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; (e = readdir(d));) n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(d);
  return n;
}

static void empty_folder(void) {
  DIR *d = opendir(folder);
  for (struct dirent *e; (e = readdir(d));) unlink(in_folder(e->d_name));
  closedir(d);
}

static void round_trip(void) {
  static const float f32[6] = {1, -2.5f, 3e30f, 1e-30f, 0, -0.0f};
  static const uint16_t f16[3] = {0x3c00, 0xc100, 0x0001}, bf16[2] = {0x3f80, 0xc020};
  static const int32_t i32[4] = {1, -2, INT32_MAX, INT32_MIN};
  static const int64_t i64[1] = {INT64_MIN};
  static const unsigned char u8[3] = {0, 128, 255};
  const wd_stored_tensor in[] = {
      {"conv.weight", WD_F32, 2, {2, 3}, .data = f32}, {"h", WD_F16, 1, {3}, .data = f16},
      {"b", WD_BF16, 2, {1, 2}, .data = bf16},         {"i", WD_I32, 2, {4, 1}, .data = i32},
      {"scalar", WD_I64, 0, {0}, .data = i64},         {"bytes \"\xc3\xa9\"", WD_U8, 1, {3}, .data = u8},
      {"empty", WD_F32, 3, {2, 0, 5}, .data = NULL},
  };
  const wd_metadata metadata[] = {{"architecture", "1VQ \xe2\x86\x92 \"two\nlines\""}, {"licence", "MIT"}};
  wd_error err = {0};
  const char *path = in_folder("round.safetensors");
  if (!tap_ok(wd_safetensors_write(path, in, 7, metadata, 2, &err) == WD_OK, "seven tensors written %s",
              err.message))
    return;
  wd_safetensors *f = NULL;
  if (!tap_ok(wd_safetensors_open(path, &f, &err) == WD_OK, "and opened %s", err.message)) return;
  int wrong = wd_safetensors_count(f) != 7;
  for (int i = 0; i < 7; i++) {
    const wd_stored_tensor *t = wd_safetensors_find(f, in[i].name);
    if (!t || t->type != in[i].type || t->dims != in[i].dims || t->bytes != wd_stored_tensor_bytes(&in[i]) ||
        memcmp(t->shape, in[i].shape, sizeof(size_t) * (size_t)t->dims) != 0 ||
        (t->bytes && memcmp(t->data, in[i].data, t->bytes) != 0))
      wrong++;
  }
  tap_ok(wrong == 0, "all come back, bit for bit (%d wrong)", wrong);
  const char *text = wd_safetensors_metadata(f, "architecture");
  tap_ok(text && strcmp(text, metadata[0].value) == 0 && wd_safetensors_metadata_count(f) == 2 &&
             strcmp(wd_safetensors_metadata_at(f, 1).value, "MIT") == 0 &&
             !wd_safetensors_metadata(f, "none"),
         "metadata comes back");
  const char *start = (const char *)wd_safetensors_at(f, 0)->data;
  tap_ok(wd_safetensors_at(f, 0) == wd_safetensors_find(f, "conv.weight") && (uintptr_t)start % 64 == 0,
         "the data begins at a multiple of 64 bytes");
  float out[4] = {NAN, NAN, NAN, NAN};
  tap_ok(wd_tensor_read_float(wd_safetensors_find(f, "h"), 0, 3, out, &err) == WD_OK && out[0] == 1 &&
             out[1] == -2.5f && out[2] == 0x1p-24f && isnan(out[3]),
         "float16 read as float32");
  tap_ok(wd_tensor_read_float(wd_safetensors_find(f, "b"), 1, 1, out, &err) == WD_OK && out[0] == -2.5f,
         "bfloat16 read as float32");
  out[0] = 7;
  tap_ok(wd_tensor_read_float(wd_safetensors_find(f, "h"), 2, 2, out, &err) == WD_ERR_ARGUMENT && out[0] == 7,
         "%s", err.message);
  tap_ok(wd_tensor_read_float(wd_safetensors_find(f, "i"), 0, 1, out, &err) == WD_ERR_ARGUMENT && out[0] == 7,
         "%s", err.message);
  const wd_stored_tensor *t = NULL;
  tap_ok(wd_safetensors_require(f, "conv.weight", 2, (long[]){-1, 3}, &t, &err) == WD_OK &&
             t == wd_safetensors_at(f, 0),
         "a required shape is met");
  t = NULL;
  tap_ok(wd_safetensors_require(f, "conv.weight", 2, (long[]){3, -1}, &t, &err) == WD_ERR_FORMAT && !t, "%s",
         err.message);
  tap_ok(wd_safetensors_require(f, "none", 0, NULL, &t, &err) == WD_ERR_FORMAT && !t, "%s", err.message);
  tap_ok(truncate(path, 100) == 0 && wd_safetensors_still_whole(f, &err) == WD_ERR_IO, "%s", err.message);
  wd_safetensors_close(f);
}

/* A file of header text and data bytes in memory. */
static wd_status open_text(const char *header, size_t data, wd_safetensors **out, wd_error *err,
                           void **memory) {
  size_t n = strlen(header);
  unsigned char *bytes = malloc(8 + n + data); /* exactly, so that a sanitizer sees any step beyond */
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)n >> 8 * i);
  memcpy(bytes + 8, header, n);
  memset(bytes + 8 + n, 0x3f, data);
  *memory = bytes;
  return wd_safetensors_open_memory("file", bytes, 8 + n + data, out, err);
}

static void malformed(void) {
#define ONE(shape, offsets) "{\"a\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
  static const struct {
    const char *what, *header;
    size_t data;
    wd_status status;
  } bad[] = {
      {"no JSON", "{\"a\"", 0, WD_ERR_FORMAT},
      {"an array", "[1,2]", 0, WD_ERR_FORMAT},
      {"a space first", " {}", 0, WD_ERR_FORMAT},
      {"garbage after the header", "{} x", 0, WD_ERR_FORMAT},
      {"deep nesting", NULL, 0, WD_ERR_FORMAT},
      {"data nobody owns", "{}", 4, WD_ERR_FORMAT},
      {"an entry that is a number", "{\"a\":1}", 0, WD_ERR_FORMAT},
      {"an entry without shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, WD_ERR_FORMAT},
      {"an entry with more keys", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":0}}",
       4, WD_ERR_FORMAT},
      {"a type of no known name", "{\"a\":{\"dtype\":\"F8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4,
       WD_ERR_UNSUPPORTED},
      {"a type that is a number", "{\"a\":{\"dtype\":3,\"shape\":[4],\"data_offsets\":[0,4]}}", 4,
       WD_ERR_FORMAT},
      {"a negative extent", ONE("[-1]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"a real extent", ONE("[1.0]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"an extent of text", ONE("[\"1\"]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"a product that overflows", ONE("[4294967296,4294967296]", "[0,0]"), 0, WD_ERR_FORMAT},
      {"a product of bytes that overflows", ONE("[4611686018427387904]", "[0,0]"), 0, WD_ERR_FORMAT},
      {"an extent beyond 64 bits", ONE("[99999999999999999999]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"nine dimensions", ONE("[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"bytes that do not fit the shape", ONE("[2]", "[0,4]"), 4, WD_ERR_FORMAT},
      {"an end beyond the file", ONE("[2]", "[0,8]"), 4, WD_ERR_FORMAT},
      {"an end before the begin", ONE("[1]", "[4,0]"), 4, WD_ERR_FORMAT},
      {"a negative begin", ONE("[2]", "[-4,4]"), 4, WD_ERR_FORMAT},
      {"one offset", ONE("[1]", "[0]"), 4, WD_ERR_FORMAT},
      {"three offsets", ONE("[1]", "[0,4,4]"), 4, WD_ERR_FORMAT},
      {"real offsets", ONE("[1]", "[0.0,4]"), 4, WD_ERR_FORMAT},
      {"a gap at the start", ONE("[1]", "[4,8]"), 8, WD_ERR_FORMAT},
      {"bytes at the end", ONE("[1]", "[0,4]"), 5, WD_ERR_FORMAT},
      {"an overlap",
       "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],"
       "\"data_offsets\":[2,6]}}",
       6, WD_ERR_FORMAT},
      {"two tensors in one place",
       "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],"
       "\"data_offsets\":[0,4]}}",
       4, WD_ERR_FORMAT},
      {"a gap between",
       "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
       "\"data_offsets\":[3,5]}}",
       5, WD_ERR_FORMAT},
      {"one name twice",
       "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"a\":{\"dtype\":\"U8\",\"shape\":[2],"
       "\"data_offsets\":[2,4]}}",
       4, WD_ERR_FORMAT},
      {"a name with a line break", "{\"a\\nb\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2,
       WD_ERR_FORMAT},
      {"an empty name", "{\"\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, WD_ERR_FORMAT},
      {"a name that is not UTF-8", "{\"\xff\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2,
       WD_ERR_FORMAT},
      {"metadata that is a list", "{\"__metadata__\":[]}", 0, WD_ERR_FORMAT},
      {"metadata with a number", "{\"__metadata__\":{\"a\":1}}", 0, WD_ERR_FORMAT},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    wd_safetensors *f = (wd_safetensors *)folder;
    wd_error err = {0};
    void *memory;
    char *deep = NULL;
    if (!bad[i].header) {
      deep = malloc(100001);
      memset(deep, '[', 100000);
      memcpy(deep, "{\"a\":", 5);
      deep[100000] = 0;
    }
    wd_status st = open_text(deep ? deep : bad[i].header, bad[i].data, &f, &err, &memory);
    tap_ok(st == bad[i].status && f == (wd_safetensors *)folder && strncmp(err.message, "file: ", 6) == 0 &&
               !strchr(err.message, '\n'),
           "%s: %s", bad[i].what, st ? err.message : "accepted");
    free(memory);
    free(deep);
  }
  /* A zero extent does not hide an overflow elsewhere, and may stand. */
  wd_safetensors *f = NULL;
  void *memory;
  wd_error err = {0};
  tap_ok(open_text(ONE("[0,3]", "[0,0]"), 0, &f, &err, &memory) == WD_OK &&
             wd_safetensors_at(f, 0)->count == 0,
         "an empty tensor is a tensor %s", err.message);
  wd_safetensors_close(f);
  free(memory);

  /* Lengths. */
  static const struct {
    unsigned char bytes[12];
    size_t size;
  } length[] = {{{0}, 0},
                {{2}, 8},
                {{2, 0, 0, 0, 0, 0, 0, 0, '{'}, 9},
                {{0, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10},
                {{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10},
                {{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}, 10},
                {{0, 0, 0, 0, 0, 0, 0, 128, '{', '}'}, 10}};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    unsigned char *exact = malloc(length[i].size ? length[i].size : 1);
    memcpy(exact, length[i].bytes, length[i].size);
    tap_ok(wd_safetensors_open_memory("file", exact, length[i].size, &f, &err) == WD_ERR_FORMAT, "%s",
           err.message);
    free(exact);
  }
  /* Every truncation of a good file. */
  static const float two[2] = {1, 2};
  const wd_stored_tensor t = {"a", WD_F32, 1, {2}, .data = two};
  const char *path = in_folder("good.safetensors");
  unsigned char good[512];
  FILE *file = NULL;
  size_t size = 0;
  if (!wd_safetensors_write(path, &t, 1, &(wd_metadata){"k", "v"}, 1, &err) && (file = fopen(path, "rb"))) {
    size = fread(good, 1, sizeof good, file);
    fclose(file);
  }
  int accepted = 0;
  for (size_t n = 0; n < size; n++) {
    unsigned char *exact = malloc(n ? n : 1);
    memcpy(exact, good, n);
    if (wd_safetensors_open_memory("file", exact, n, &f, &err) != WD_ERR_FORMAT) accepted++;
    free(exact);
  }
  tap_ok(size > 100 && accepted == 0, "no truncation of a file of %zu bytes is accepted", size);
  wd_safetensors *whole = NULL;
  tap_ok(wd_safetensors_open_memory("file", good, size, &whole, &err) == WD_OK, "the whole file is");
  wd_safetensors_close(whole);
  tap_ok(wd_safetensors_open(in_folder("none.safetensors"), &f, &err) == WD_ERR_IO, "%s", err.message);
  tap_ok(wd_safetensors_open(folder, &f, &err) == WD_ERR_IO, "%s", err.message);
}

static void bad_writing(void) {
  static const float two[2] = {1, 2};
  const wd_stored_tensor a = {"a", WD_F32, 1, {2}, .data = two};
  wd_error err = {0};
  empty_folder();
  const char *path = in_folder("w.safetensors");
  static const struct {
    const char *name;
    size_t extent;
  } bad[] = {{"", 2}, {NULL, 2}, {"__metadata__", 2}, {"x\ny", 2}, {"a", 2}, {"\xff", 2}, {"big", SIZE_MAX}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const wd_stored_tensor both[2] = {a, {bad[i].name, WD_F32, 1, {bad[i].extent}, .data = two}};
    tap_ok(wd_safetensors_write(path, both, 2, NULL, 0, &err) == WD_ERR_ARGUMENT, "%s", err.message);
  }
  tap_ok(wd_safetensors_write(path, &a, 1, &(wd_metadata){"k", "\xff"}, 1, &err) == WD_ERR_ARGUMENT, "%s",
         err.message);
  wd_metadata twice[2] = {{"k", "1"}, {"k", "2"}};
  tap_ok(wd_safetensors_write(path, &a, 1, twice, 2, &err) == WD_ERR_ARGUMENT, "%s", err.message);
  wd_safetensors_writer *w = NULL;
  tap_ok(wd_safetensors_writer_open(path, &a, 1, NULL, 0, &w, &err) == WD_OK &&
             wd_safetensors_writer_append(w, two, 4, &err) == WD_OK &&
             wd_safetensors_writer_close(w, &err) == WD_ERR_SHAPE,
         "%s", err.message);
  tap_ok(wd_safetensors_writer_open(path, &a, 1, NULL, 0, &w, &err) == WD_OK &&
             wd_safetensors_writer_append(w, two, 4, &err) == WD_OK &&
             wd_safetensors_writer_append(w, two, 8, &err) == WD_ERR_SHAPE &&
             wd_safetensors_writer_close(w, NULL) == WD_ERR_SHAPE,
         "%s", err.message);
  tap_ok(wd_safetensors_write(in_folder("no/w.safetensors"), &a, 1, NULL, 0, &err) == WD_ERR_IO, "%s",
         err.message);
  tap_ok(files_in_folder() == 0, "nothing was left behind");
}

static void pieces(void) {
  enum { TENSORS = 9, COUNT = 5000 };
  static float value[TENSORS][COUNT];
  static char name[TENSORS][16];
  wd_stored_tensor t[TENSORS];
  for (int i = 0; i < TENSORS; i++) {
    snprintf(name[i], sizeof name[i], "layer%d", i);
    for (int k = 0; k < COUNT; k++) value[i][k] = (float)(i * COUNT + k);
    t[i] = (wd_stored_tensor){name[i], WD_F32, 2, {50, 100}, .data = value[i]};
  }
  const wd_metadata metadata = {"architecture", "test"};
  empty_folder();
  const char *path = in_folder("net.safetensors");
  wd_error err = {0};
  const size_t limit = 50000;
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, limit, &err) == WD_OK,
         "weights of 180 kB in pieces %s", err.message);
  int large = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; (e = readdir(d));) {
    struct stat st;
    if (e->d_name[0] != '.' && (stat(in_folder(e->d_name), &st) != 0 || (size_t)st.st_size >= limit)) large++;
  }
  closedir(d);
  tap_ok(files_in_folder() == 5 && large == 0, "are %d files, %d of them not under 50 kB", files_in_folder(),
         large);
  wd_weights *w = NULL;
  if (tap_ok(wd_weights_open(path, &w, &err) == WD_OK, "they open by one name %s", err.message)) {
    int wrong = wd_weights_count(w) != TENSORS;
    for (int i = 0; i < TENSORS; i++) {
      const wd_stored_tensor *s = wd_weights_find(w, name[i]);
      wrong += !s || memcmp(s->data, value[i], sizeof value[i]) != 0 || wd_weights_at(w, (size_t)i) != s;
    }
    const char *text = wd_weights_metadata(w, "architecture");
    tap_ok(wrong == 0 && text && strcmp(text, "test") == 0 && !wd_weights_at(w, TENSORS), "all comes back");
    const wd_stored_tensor *s = NULL;
    tap_ok(wd_weights_require(w, "layer8", 2, (long[]){50, 100}, &s, &err) == WD_OK && s &&
               wd_weights_require(w, "layer9", 2, (long[]){50, 100}, &s, &err) == WD_ERR_FORMAT,
           "%s", err.message);
  }
  wd_weights_close(w);

  /* A piece of other weights, a missing piece, a second set. */
  value[8][0] = -1;
  const char *last = in_folder("net-00005-of-00005.safetensors");
  rename(last, in_folder("kept"));
  w = NULL;
  tap_ok(wd_weights_open(path, &w, &err) == WD_ERR_IO && !w, "%s", err.message);
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, limit, &err) == WD_OK &&
             rename(in_folder("kept"), last) == 0 && wd_weights_open(path, &w, &err) == WD_ERR_FORMAT && !w,
         "%s", err.message);
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, 150000, &err) == WD_OK && files_in_folder() == 2,
         "saved again in two pieces, the five are gone");
  FILE *f = fopen(in_folder("net-00001-of-00003.safetensors"), "wb");
  if (f) fclose(f);
  tap_ok(wd_weights_open(path, &w, &err) == WD_ERR_FORMAT && !w, "%s", err.message);
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, 0, &err) == WD_OK && files_in_folder() == 1 &&
             wd_weights_open(path, &w, &err) == WD_OK && wd_weights_count(w) == TENSORS,
         "saved again as one file, the pieces are gone");
  wd_weights_close(w);
  w = NULL;
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, 20000, &err) == WD_ERR_ARGUMENT &&
             files_in_folder() == 1,
         "%s", err.message);
  tap_ok(wd_weights_save(path, t, TENSORS, &metadata, 1, WD_WEIGHTS_PIECE, &err) == WD_OK &&
             files_in_folder() == 1,
         "what fits the limit stays one file");
  tap_ok(wd_weights_open(in_folder("none.safetensors"), &w, &err) == WD_ERR_IO && !w, "%s", err.message);
  tap_ok(wd_weights_open("net.bin", &w, &err) == WD_ERR_ARGUMENT && !w, "%s", err.message);
}

static void bf16(void) {
  int wrong = 0;
  for (uint32_t i = 0; i < 65536; i++) {
    float f = wd_float_from_bf16((uint16_t)i);
    if (isnan(f))
      wrong += !isnan(wd_float_from_bf16(wd_bf16_from_float(f)));
    else
      wrong += wd_bf16_from_float(f) != i;
  }
  tap_ok(wrong == 0, "every bfloat16 survives float32");
  tap_ok(wd_bf16_from_float(1 + 0x1p-8f) == 0x3f80 && wd_bf16_from_float(1 + 3 * 0x1p-8f) == 0x3f82 &&
             wd_bf16_from_float(1 + 0x1p-8f + 0x1p-20f) == 0x3f81 && wd_bf16_from_float(3.4e38f) == 0x7f80,
         "rounded to nearest, ties to even");
}

int main(void) {
  strcpy(folder, "/tmp/wd-safetensors-XXXXXX");
  if (!mkdtemp(folder)) {
    tap_ok(false, "no folder for temporary files");
    return tap_done();
  }
  round_trip();
  malformed();
  bad_writing();
  pieces();
  bf16();
  empty_folder();
  rmdir(folder);
  return tap_done();
}
