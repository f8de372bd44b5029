/* Reading safetensors files. */
#include "model/safetensors.h"

#include "solver/file.h"
#include "solver/half.h"
#include "solver/memory.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MIN = 2 };

struct wd_safetensors {
  char *path;
  int fd; /* -1 when in memory of the caller */
  const unsigned char *bytes;
  size_t size;
  bool mapped;
  json_t *header; /* owns all names and metadata */
  json_t *metadata;
  wd_stored_tensor *tensor;
  size_t tensors;
};

static wd_status refuse(const wd_safetensors *f, wd_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static wd_status refuse(const wd_safetensors *f, wd_error *err, const char *format, ...) {
  char text[400];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  return wd_fail(err, WD_ERR_FORMAT, "%.100s: %s", f->path, text);
}

/* Names reach messages and terminals: one line, no control characters. */
static bool printable(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7f) return false;
  return true;
}

static wd_status read_shape(const wd_safetensors *f, const json_t *shape, wd_stored_tensor *t,
                            wd_error *err) {
  if (!json_is_array(shape)) return refuse(f, err, "tensor \"%.80s\" has no shape", t->name);
  size_t dims = json_array_size(shape);
  if (dims > WD_MAX_DIMS)
    return refuse(f, err, "tensor \"%.80s\" has %zu dimensions; at most %d are read", t->name, dims,
                  WD_MAX_DIMS);
  t->dims = (int)dims;
  t->count = 1;
  for (size_t d = 0; d < dims; d++) {
    const json_t *extent = json_array_get(shape, d);
    if (!json_is_integer(extent) || json_integer_value(extent) < 0)
      return refuse(f, err, "tensor \"%.80s\": extent %zu of its shape is no whole number", t->name, d);
    t->shape[d] = (size_t)json_integer_value(extent);
  }
  /* A zero extent anywhere makes the product zero, so it must not hide an overflow of the others. */
  for (size_t d = 0; d < dims; d++)
    if (t->shape[d] == 0) t->count = 0;
  for (size_t d = 0; d < dims && t->count; d++)
    if (!wd_size_mul(t->count, t->shape[d], &t->count))
      return refuse(f, err, "tensor \"%.80s\": its shape overflows", t->name);
  if (!wd_size_mul(t->count, wd_dtype_size(t->type), &t->bytes))
    return refuse(f, err, "tensor \"%.80s\": its shape overflows", t->name);
  return WD_OK;
}

static wd_status read_tensor(const wd_safetensors *f, const char *name, const json_t *entry, size_t data_size,
                             wd_stored_tensor *t, wd_error *err) {
  t->name = name;
  if (!*name || !printable(name)) return refuse(f, err, "a tensor has no printable name");
  if (!json_is_object(entry) || json_object_size(entry) != 3)
    return refuse(f, err, "the entry of tensor \"%.80s\" is not {dtype, shape, data_offsets}", name);
  const char *type = json_string_value(json_object_get(entry, "dtype"));
  if (!type) return refuse(f, err, "tensor \"%.80s\" has no dtype", name);
  int k = 0;
  while (k < WD_DTYPES && strcmp(type, wd_dtype_name((wd_dtype)k)) != 0) k++;
  if (k == WD_DTYPES)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%.100s: tensor \"%.80s\" is of type \"%.16s\"; F32, F16, BF16, I32, I64 and U8 are read",
                   f->path, name, printable(type) ? type : "?");
  t->type = (wd_dtype)k;
  wd_status st = read_shape(f, json_object_get(entry, "shape"), t, err);
  if (st) return st;

  const json_t *offsets = json_object_get(entry, "data_offsets");
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(begin) ||
      !json_is_integer(end))
    return refuse(f, err, "tensor \"%.80s\" has no data_offsets", name);
  json_int_t b = json_integer_value(begin), e = json_integer_value(end);
  if (b < 0 || e < b || (uint64_t)e > data_size)
    return refuse(f, err, "tensor \"%.80s\" claims bytes %lld to %lld of %zu", name, (long long)b,
                  (long long)e, data_size);
  if ((uint64_t)(e - b) != t->bytes)
    return refuse(f, err, "tensor \"%.80s\" has %lld bytes where its shape asks for %zu", name,
                  (long long)(e - b), t->bytes);
  t->data = f->bytes + (f->size - data_size) + (size_t)b;
  return WD_OK;
}

static int by_place(const void *a, const void *b) {
  const wd_stored_tensor *x = a, *y = b;
  if (x->data != y->data) return (const char *)x->data < (const char *)y->data ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1; /* empty tensors before the one they touch */
  return strcmp(x->name, y->name);
}

static wd_status read_metadata(const wd_safetensors *f, wd_error *err) {
  if (!json_is_object(f->metadata)) return refuse(f, err, "__metadata__ is not an object");
  const char *key;
  json_t *value;
  json_object_foreach(f->metadata, key, value) {
    if (!printable(key)) return refuse(f, err, "a metadata key is not printable");
    if (!json_is_string(value)) return refuse(f, err, "metadata \"%.80s\" is not text", key);
  }
  return WD_OK;
}

static wd_status read_header(wd_safetensors *f, wd_error *err) {
  if (f->size < 8 + HEADER_MIN)
    return refuse(f, err, "%zu bytes are too few for a safetensors file", f->size);
  uint64_t length = 0;
  for (int i = 7; i >= 0; i--) length = length << 8 | f->bytes[i];
  if (length < HEADER_MIN || length > WD_SAFETENSORS_HEADER_MAX)
    return refuse(f, err, "no safetensors file: its header would have %llu bytes",
                  (unsigned long long)length);
  if (length > f->size - 8)
    return refuse(f, err, "truncated: a header of %llu bytes in a file of %zu", (unsigned long long)length,
                  f->size);
  const char *text = (const char *)f->bytes + 8;
  if (*text != '{') return refuse(f, err, "no safetensors file: its header is not a JSON object");
  json_error_t fault;
  f->header = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
  if (!f->header)
    return refuse(f, err, "its header is not JSON, or says something twice (at byte %d)", fault.position);
  if (!json_is_object(f->header)) return refuse(f, err, "its header is not a JSON object");

  size_t data_size = f->size - 8 - (size_t)length, entries = json_object_size(f->header);
  f->tensor = wd_calloc(entries ? entries : 1, sizeof *f->tensor);
  if (!f->tensor)
    return wd_fail(err, WD_ERR_NO_MEMORY, "%.100s: no memory for its %zu tensors", f->path, entries);
  const char *name;
  json_t *entry;
  json_object_foreach(f->header, name, entry) {
    wd_status st;
    if (strcmp(name, "__metadata__") == 0) {
      f->metadata = entry;
      st = read_metadata(f, err);
    } else {
      st = read_tensor(f, name, entry, data_size, &f->tensor[f->tensors], err);
      if (!st) f->tensors++;
    }
    if (st) return st;
  }
  qsort(f->tensor, f->tensors, sizeof *f->tensor, by_place);
  const unsigned char *at = f->bytes + 8 + length;
  for (size_t i = 0; i < f->tensors; i++) {
    if ((const unsigned char *)f->tensor[i].data != at)
      return refuse(f, err, "tensor \"%.80s\" %s the one before it", f->tensor[i].name,
                    (const unsigned char *)f->tensor[i].data < at ? "overlaps" : "leaves a gap after");
    at += f->tensor[i].bytes;
  }
  if (at != f->bytes + f->size)
    return refuse(f, err, "%zu bytes after the last tensor", (size_t)(f->bytes + f->size - at));
  return WD_OK;
}

static wd_status start(const char *path, wd_safetensors **out, wd_error *err) {
  wd_safetensors *f = wd_calloc(1, sizeof *f);
  size_t length = strlen(path) + 1;
  if (f) f->path = wd_alloc(length, 1);
  if (!f || !f->path) {
    wd_free(f);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to open %.100s", path);
  }
  memcpy(f->path, path, length);
  f->fd = -1;
  *out = f;
  return WD_OK;
}

wd_status wd_safetensors_open_memory(const char *what, const void *data, size_t bytes, wd_safetensors **out,
                                     wd_error *err) {
  wd_safetensors *f = NULL;
  wd_status st = start(what, &f, err);
  if (st) return st;
  f->bytes = data;
  f->size = bytes;
  st = read_header(f, err);
  if (st)
    wd_safetensors_close(f);
  else
    *out = f;
  return st;
}

wd_status wd_safetensors_open(const char *path, wd_safetensors **out, wd_error *err) {
  wd_safetensors *f = NULL;
  wd_status st = start(path, &f, err);
  if (st) return st;
  uint64_t size = 0;
  st = wd_file_open_read(path, &f->fd, &size, err);
  if (!st && size < 8 + HEADER_MIN)
    st = refuse(f, err, "%llu bytes are too few for a safetensors file", (unsigned long long)size);
  if (!st && size > SIZE_MAX / 2) st = refuse(f, err, "too large for this machine");
  if (!st) {
    void *map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, f->fd, 0);
    if (map == MAP_FAILED)
      st = wd_fail(err, WD_ERR_NO_MEMORY, "%.100s: its %llu bytes cannot be mapped into memory", path,
                   (unsigned long long)size);
    else {
      f->bytes = map;
      f->size = (size_t)size;
      f->mapped = true;
      st = read_header(f, err);
    }
  }
  if (st)
    wd_safetensors_close(f);
  else
    *out = f;
  return st;
}

void wd_safetensors_close(wd_safetensors *file) {
  if (!file) return;
  json_decref(file->header);
  wd_free(file->tensor);
  if (file->mapped) munmap((void *)(uintptr_t)file->bytes, file->size);
  if (file->fd >= 0) close(file->fd);
  wd_free(file->path);
  wd_free(file);
}

const char *wd_safetensors_path(const wd_safetensors *file) {
  return file->path;
}
size_t wd_safetensors_count(const wd_safetensors *file) {
  return file->tensors;
}

const wd_stored_tensor *wd_safetensors_at(const wd_safetensors *file, size_t i) {
  return i < file->tensors ? &file->tensor[i] : NULL;
}

const wd_stored_tensor *wd_safetensors_find(const wd_safetensors *file, const char *name) {
  for (size_t i = 0; i < file->tensors; i++)
    if (strcmp(file->tensor[i].name, name) == 0) return &file->tensor[i];
  return NULL;
}

size_t wd_safetensors_metadata_count(const wd_safetensors *file) {
  return json_object_size(file->metadata);
}

wd_metadata wd_safetensors_metadata_at(const wd_safetensors *file, size_t i) {
  const char *key;
  json_t *value;
  json_object_foreach(file->metadata, key, value) {
    if (i-- == 0) return (wd_metadata){key, json_string_value(value)};
  }
  return (wd_metadata){NULL, NULL};
}

const char *wd_safetensors_metadata(const wd_safetensors *file, const char *key) {
  return json_string_value(json_object_get(file->metadata, key));
}

static void shape_text(char *text, size_t size, int dims, const long *extent) {
  size_t n = (size_t)snprintf(text, size, "(");
  for (int d = 0; d < dims && n < size; d++) {
    const char *comma = d ? ", " : "";
    if (extent[d] < 0)
      n += (size_t)snprintf(text + n, size - n, "%sany", comma);
    else
      n += (size_t)snprintf(text + n, size - n, "%s%ld", comma, extent[d]);
  }
  if (n < size) snprintf(text + n, size - n, ")");
}

wd_status wd_safetensors_require(const wd_safetensors *file, const char *name, int dims, const long *shape,
                                 const wd_stored_tensor **out, wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(file, name);
  if (!t) return refuse(file, err, "there is no tensor \"%.80s\"", name);
  bool same = t->dims == dims;
  for (int d = 0; d < dims && same; d++) same = shape[d] < 0 || t->shape[d] == (size_t)shape[d];
  if (!same) {
    char there[120], wanted[120];
    long extent[WD_MAX_DIMS];
    for (int d = 0; d < t->dims; d++) extent[d] = (long)t->shape[d];
    shape_text(there, sizeof there, t->dims, extent);
    shape_text(wanted, sizeof wanted, dims, shape);
    return refuse(file, err, "tensor \"%.80s\" has the shape %s where %s is wanted", name, there, wanted);
  }
  *out = t;
  return WD_OK;
}

wd_status wd_safetensors_still_whole(const wd_safetensors *file, wd_error *err) {
  struct stat st;
  if (file->fd >= 0 && (fstat(file->fd, &st) != 0 || (uint64_t)st.st_size < file->size))
    return wd_fail(err, WD_ERR_IO, "%.100s: the file was made shorter while it was open", file->path);
  return WD_OK;
}

wd_status wd_tensor_read_float(const wd_stored_tensor *tensor, size_t first, size_t count, float *out,
                               wd_error *err) {
  if (first > tensor->count || count > tensor->count - first)
    return wd_fail(err, WD_ERR_ARGUMENT, "elements %zu + %zu of tensor \"%.80s\", which has %zu", first,
                   count, tensor->name, tensor->count);
  if (tensor->type > WD_BF16)
    return wd_fail(err, WD_ERR_ARGUMENT, "tensor \"%.80s\" holds integers (%s)", tensor->name,
                   wd_dtype_name(tensor->type));
  if (count == 0) return WD_OK;
  const unsigned char *from = (const unsigned char *)tensor->data + first * wd_dtype_size(tensor->type);
  if (tensor->type == WD_F32) {
    memcpy(out, from, count * sizeof *out);
    return WD_OK;
  }
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, from + 2 * i, sizeof half);
    out[i] = tensor->type == WD_F16 ? wd_float_from_half(half) : wd_float_from_bf16(half);
  }
  return WD_OK;
}
