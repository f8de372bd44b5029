/* safetensors files: named tensors behind a JSON header (the format of github.com/huggingface/safetensors).
 *
 *   8 bytes   length n of the header, little-endian
 *   n bytes   {"name": {"dtype": "F16", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
 *              "__metadata__": {"key": "text", ...}}, padded with spaces
 *   the rest  the data, little-endian, C order; offsets count from here
 *
 * The reader trusts nothing: lengths, types, shapes, products, order, gaps and overlaps are checked before
 * any tensor is handed out, so that a wrong file is one clear error (WD_ERR_FORMAT, with the file name and
 * the fault) and nothing is read out of bounds. It maps the file; opening costs the header only. A file must
 * hold its tensors without gaps up to its very end. Types other than wd_dtype's are WD_ERR_UNSUPPORTED. */
#ifndef WD_SAFETENSORS_H
#define WD_SAFETENSORS_H

#include "model/dtype.h"
#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No header of ours comes near it; it bounds what a hostile file can make the JSON parser hold. */
enum { WD_SAFETENSORS_HEADER_MAX = 16 << 20 };

/* A tensor in a file or in memory. data is not aligned beyond what the file gives: copy it out, or use
 * wd_tensor_read_float. Nothing is owned. */
typedef struct wd_stored_tensor {
  const char *name;
  wd_dtype type;
  int dims;
  size_t shape[WD_MAX_DIMS];
  size_t count,
      bytes; /* elements; count * wd_dtype_size(type). Filled in by the reader, ignored by writers */
  const void *data;
} wd_stored_tensor;

/* Bytes that its type and shape ask for; SIZE_MAX / 4 when they overflow. */
size_t wd_stored_tensor_bytes(const wd_stored_tensor *tensor);

typedef struct wd_metadata {
  const char *key, *value; /* UTF-8 */
} wd_metadata;

/* ---- reading: immutable; any number of threads may read from one ---- */

typedef struct wd_safetensors wd_safetensors;

wd_status wd_safetensors_open(const char *path, wd_safetensors **out, wd_error *err);
/* A file already in memory, which must outlive the reader; `what` names it in messages. */
wd_status wd_safetensors_open_memory(const char *what, const void *data, size_t bytes, wd_safetensors **out,
                                     wd_error *err);
void wd_safetensors_close(wd_safetensors *file); /* NULL is harmless */

const char *wd_safetensors_path(const wd_safetensors *file);
size_t wd_safetensors_count(const wd_safetensors *file);
const wd_stored_tensor *wd_safetensors_at(const wd_safetensors *file, size_t i); /* in order of the data */
const wd_stored_tensor *wd_safetensors_find(const wd_safetensors *file,
                                            const char *name); /* NULL: not there */
size_t wd_safetensors_metadata_count(const wd_safetensors *file);
wd_metadata wd_safetensors_metadata_at(const wd_safetensors *file, size_t i);
const char *wd_safetensors_metadata(const wd_safetensors *file, const char *key); /* NULL: not there */

/* The tensor of that name, refused (WD_ERR_FORMAT, with what is there and what was wanted) when it is missing
 * or has another shape. A negative extent of `shape` means any. */
wd_status wd_safetensors_require(const wd_safetensors *file, const char *name, int dims, const long *shape,
                                 const wd_stored_tensor **out, wd_error *err);

/* WD_ERR_IO when the file has been made shorter since it was opened: for readers of raw data. */
wd_status wd_safetensors_still_whole(const wd_safetensors *file, wd_error *err);

/* `count` elements from `first` of an F32, F16 or BF16 tensor as float32. WD_ERR_ARGUMENT outside the tensor
 * or for integers. NaN and infinity pass. */
wd_status wd_tensor_read_float(const wd_stored_tensor *tensor, size_t first, size_t count, float *out,
                               wd_error *err);

/* ---- writing: to the side, synced, renamed (solver/file.h) ---- */

typedef struct wd_safetensors_writer wd_safetensors_writer;

/* Declares all tensors (name, type, dims, shape; data unused) and the metadata, reserves the space and writes
 * the header. The data lies in the order given. Refuses empty, repeated or "__metadata__" names, names with
 * control characters, repeated keys, and text that is not UTF-8. */
wd_status wd_safetensors_writer_open(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                                     const wd_metadata *metadata, size_t metadata_count,
                                     wd_safetensors_writer **out, wd_error *err);
/* The next bytes of the data, any number at a time, across tensors. Beyond the declared end is refused. */
wd_status wd_safetensors_writer_append(wd_safetensors_writer *writer, const void *data, size_t bytes,
                                       wd_error *err);
/* Syncs, renames and frees. Refuses, and leaves nothing, when bytes are missing. */
wd_status wd_safetensors_writer_close(wd_safetensors_writer *writer, wd_error *err);
void wd_safetensors_writer_abort(wd_safetensors_writer *writer); /* NULL is harmless */

/* One shot: every tensor with its data. */
wd_status wd_safetensors_write(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                               const wd_metadata *metadata, size_t metadata_count, wd_error *err);

#endif
