/* Writing safetensors files. */
#include "model/safetensors.h"

#include "solver/file.h"
#include "solver/memory.h"

#include <jansson.h>
#include <stdlib.h>

struct wd_safetensors_writer {
  wd_file *file;
  uint64_t left; /* bytes of data still to come */
  bool failed;
};

size_t wd_stored_tensor_bytes(const wd_stored_tensor *tensor) {
  size_t bytes = wd_dtype_size(tensor->type);
  for (int d = 0; d < tensor->dims; d++)
    if (tensor->shape[d] == 0) return 0;
  for (int d = 0; d < tensor->dims; d++)
    if (!wd_size_mul(bytes, tensor->shape[d], &bytes) || bytes > SIZE_MAX / 4) return SIZE_MAX / 4;
  return bytes;
}

static wd_status add_tensor(json_t *header, const char *path, const wd_stored_tensor *t, uint64_t *offset,
                            wd_error *err) {
  bool printable = t->name && *t->name;
  for (const char *c = t->name; printable && *c; c++) printable = (unsigned char)*c >= 0x20 && *c != 0x7f;
  if (!printable || strcmp(t->name, "__metadata__") == 0 || json_object_get(header, t->name))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%s: the tensor name \"%.80s\" is empty, not printable, reserved or taken", path,
                   printable ? t->name : "?");
  bool fits = t->dims >= 0 && t->dims <= WD_MAX_DIMS && (unsigned)t->type < WD_DTYPES;
  size_t bytes = fits ? wd_stored_tensor_bytes(t) : 0;
  fits = fits && bytes < SIZE_MAX / 4 && bytes <= INT64_MAX - *offset;
  json_t *shape = json_array();
  for (int d = 0; d < t->dims && fits; d++) {
    fits = t->shape[d] <= INT64_MAX;
    json_array_append_new(shape, json_integer((json_int_t)t->shape[d]));
  }
  if (!fits) {
    json_decref(shape);
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: tensor \"%.80s\" has an absurd shape", path, t->name);
  }
  json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", wd_dtype_name(t->type), "shape", shape,
                            "data_offsets", (json_int_t)*offset, (json_int_t)(*offset + bytes));
  *offset += bytes;
  if (!entry || json_object_set_new(header, t->name, entry))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the tensor name \"%.80s\" is not UTF-8", path, t->name);
  return WD_OK;
}

static wd_status add_metadata(json_t *header, const char *path, const wd_metadata *metadata, size_t count,
                              wd_error *err) {
  if (count == 0) return WD_OK;
  json_t *object = json_object();
  if (!object || json_object_set_new(header, "__metadata__", object))
    return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its header", path);
  for (size_t i = 0; i < count; i++) {
    const char *key = metadata[i].key;
    bool printable = key && *key;
    for (const char *c = key; printable && *c; c++) printable = (unsigned char)*c >= 0x20 && *c != 0x7f;
    if (!printable || json_object_get(object, key))
      return wd_fail(err, WD_ERR_ARGUMENT, "%s: the metadata key \"%.80s\" is empty, not printable or taken",
                     path, printable ? key : "?");
    json_t *text = metadata[i].value ? json_string(metadata[i].value) : NULL;
    if (!text || json_object_set_new(object, key, text))
      return wd_fail(err, WD_ERR_ARGUMENT, "%s: the metadata \"%.80s\" is not UTF-8 text", path, key);
  }
  return WD_OK;
}

/* The length, the header and spaces, so that the data begins at a multiple of 64 bytes in the file. */
static wd_status write_header(wd_file *file, const char *path, const json_t *header, uint64_t data,
                              wd_error *err) {
  char *text = json_dumps(header, JSON_COMPACT);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its header", path);
  size_t length = strlen(text), padded = (8 + length + 63) / 64 * 64 - 8;
  if (padded > WD_SAFETENSORS_HEADER_MAX) {
    free(text);
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: a header of %zu bytes is more than readers accept", path,
                   padded);
  }
  unsigned char prefix[8];
  for (int i = 0; i < 8; i++) prefix[i] = (unsigned char)((uint64_t)padded >> 8 * i);
  char spaces[64];
  memset(spaces, ' ', sizeof spaces);
  wd_status st = wd_file_reserve(file, 8 + padded + data, err);
  if (!st) st = wd_file_write(file, prefix, sizeof prefix, err);
  if (!st) st = wd_file_write(file, text, length, err);
  if (!st) st = wd_file_write(file, spaces, padded - length, err);
  free(text);
  return st;
}

wd_status wd_safetensors_writer_open(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                                     const wd_metadata *metadata, size_t metadata_count,
                                     wd_safetensors_writer **out, wd_error *err) {
  uint64_t data = 0;
  wd_safetensors_writer *writer = wd_calloc(1, sizeof *writer);
  json_t *header = json_object();
  wd_status st = WD_OK;
  if (!writer || !header) st = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its header", path);
  if (!st) st = add_metadata(header, path, metadata, metadata_count, err);
  for (size_t i = 0; i < tensors && !st; i++) st = add_tensor(header, path, &tensor[i], &data, err);
  if (!st) st = wd_file_create(path, &writer->file, err);
  if (!st) st = write_header(writer->file, path, header, data, err);
  json_decref(header);
  if (st) {
    wd_safetensors_writer_abort(writer);
    return st;
  }
  writer->left = data;
  *out = writer;
  return WD_OK;
}

wd_status wd_safetensors_writer_append(wd_safetensors_writer *writer, const void *data, size_t bytes,
                                       wd_error *err) {
  if (bytes > writer->left) {
    writer->failed = true;
    return wd_fail(err, WD_ERR_SHAPE, "%s: %zu bytes where the declared tensors have %llu left",
                   wd_file_path(writer->file), bytes, (unsigned long long)writer->left);
  }
  if (bytes == 0) return WD_OK;
  wd_status st = wd_file_write(writer->file, data, bytes, err);
  if (st) writer->failed = true;
  writer->left -= bytes;
  return st;
}

wd_status wd_safetensors_writer_close(wd_safetensors_writer *writer, wd_error *err) {
  wd_status st = WD_OK;
  if (writer->failed || writer->left) {
    st = wd_fail(err, WD_ERR_SHAPE, "%s: not written, since %llu bytes of its tensors never came",
                 wd_file_path(writer->file), (unsigned long long)writer->left);
    wd_file_abort(writer->file);
  } else
    st = wd_file_commit(writer->file, err);
  wd_free(writer);
  return st;
}

void wd_safetensors_writer_abort(wd_safetensors_writer *writer) {
  if (!writer) return;
  wd_file_abort(writer->file);
  wd_free(writer);
}

wd_status wd_safetensors_write(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                               const wd_metadata *metadata, size_t metadata_count, wd_error *err) {
  wd_safetensors_writer *writer = NULL;
  wd_status st = wd_safetensors_writer_open(path, tensor, tensors, metadata, metadata_count, &writer, err);
  for (size_t i = 0; i < tensors && !st; i++) {
    st = wd_safetensors_writer_append(writer, tensor[i].data, wd_stored_tensor_bytes(&tensor[i]), err);
  }
  if (!st) return wd_safetensors_writer_close(writer, err);
  wd_safetensors_writer_abort(writer);
  return st;
}
