/* NumPy's .npy files (format versions 1, 2 and 3; numpy.lib.format), read by memory map and index, written as
 * a stream to the side. OpenFWI's seismic files are 700 MB each, so nothing here ever loads a file whole.
 *
 * Reading accepts float32, float64 and float16 in either byte order. Other types (integers, booleans,
 * complex, strings, objects, records) can be opened and described but every read of values refuses them by
 * name, with the NumPy call that converts. Fortran order is refused when the file is opened, unless the two
 * orders are the same (at most one axis longer than 1). A file must be exactly as long as its header says.
 *
 * All messages begin with the file name as it was given. */
#ifndef WD_NPY_H
#define WD_NPY_H

#include "solver/gather.h"
#include "solver/map.h"
#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WD_NPY_MAX_DIMS = 8 };

typedef enum wd_npy_type {
  WD_NPY_F32 = 0, /* the default for writing */
  WD_NPY_F64,
  WD_NPY_F16,
  WD_NPY_OTHER, /* reading only: a type whose values this library does not convert; see wd_npy_descr */
  WD_NPY_I32    /* writing only, by wd_npy_writer_append_int; such a file is read as WD_NPY_OTHER */
} wd_npy_type;

/* ---- reading: an immutable view of a file; any number of threads may read from one ---- */

typedef struct wd_npy wd_npy;

/* Maps a file and checks its header against its size. WD_ERR_IO (missing, unreadable, a directory) or
 * WD_ERR_FORMAT (anything wrong inside). */
wd_status wd_npy_open(const char *path, wd_npy **out, wd_error *err);
void wd_npy_close(wd_npy *npy); /* NULL is harmless */

const char *wd_npy_path(const wd_npy *npy);
wd_npy_type wd_npy_dtype(const wd_npy *npy);
const char *wd_npy_descr(const wd_npy *npy); /* as in the file: "<f4", ">f8", "<i4" ... */
int wd_npy_version(const wd_npy *npy);       /* 1, 2 or 3 */
int wd_npy_dims(const wd_npy *npy);
const size_t *wd_npy_shape(const wd_npy *npy); /* wd_npy_dims entries */
size_t wd_npy_elements(const wd_npy *npy);     /* product of the shape */
size_t wd_npy_records(const wd_npy *npy);      /* shape[0]; 1 for an array without dimensions */
size_t wd_npy_record_count(const wd_npy *npy); /* elements in one record: the product of shape[1..] */
/* "(500, 5, 1000, 70)", cut to `bytes`; returns buffer. */
const char *wd_npy_shape_text(const wd_npy *npy, char *buffer, size_t bytes);

/* `count` elements from element `first` (C order), converted to float32. WD_ERR_ARGUMENT outside the array;
 * WD_ERR_FORMAT for a float64 that is finite and overflows float32; WD_ERR_UNSUPPORTED for WD_NPY_OTHER;
 * WD_ERR_IO when the file was made shorter since it was opened. NaN and infinity pass: the readers of maps
 * and gathers below refuse them. */
wd_status wd_npy_read(const wd_npy *npy, size_t first, size_t count, float *out, wd_error *err);

/* Record i of the leading axis: wd_npy_record_count floats. */
wd_status wd_npy_record(const wd_npy *npy, size_t i, float *out, wd_error *err);

/* The bytes of record i as they lie in the file (valid until close, not aligned beyond what the file gives),
 * or NULL when i is out of range. For float16 shards that are decoded elsewhere. Any type. */
const void *wd_npy_record_bytes(const wd_npy *npy, size_t i);

/* Velocity maps: (nz, nx), (n, nz, nx) or (n, 1, nz, nx). Any other shape, no maps, or sides outside 16..2000
 * are WD_ERR_SHAPE. Outputs may be NULL. */
wd_status wd_npy_map_shape(const wd_npy *npy, size_t *count, int *nz, int *nx, wd_error *err);
/* Map i, checked by wd_map_check_velocity (the message names file and map); cleared by the caller. */
wd_status wd_npy_read_map(const wd_npy *npy, size_t i, double spacing, wd_map *out, wd_error *err);

/* Gathers: (shots, samples, receivers) or (n, shots, samples, receivers). Outputs may be NULL. */
wd_status wd_npy_gather_shape(const wd_npy *npy, size_t *count, int *shots, int *samples, int *receivers,
                              wd_error *err);
/* Gather i; NaN and infinity are refused with their place. Cleared by the caller. */
wd_status wd_npy_read_gather(const wd_npy *npy, size_t i, double dt, wd_gather *out, wd_error *err);

/* The same into memory of the caller (shots * samples * receivers floats), for loaders that reuse it. */
wd_status wd_npy_read_gather_into(const wd_npy *npy, size_t i, float *out, wd_error *err);

/* ---- writing: version 1, little-endian, C order; the file appears under its name at close ---- */

typedef struct wd_npy_writer wd_npy_writer;

/* Declares the whole shape (dims 0..8) and reserves the space: a full disk is refused here. */
wd_status wd_npy_writer_open(const char *path, wd_npy_type type, int dims, const size_t *shape,
                             wd_npy_writer **out, wd_error *err);
/* The next `count` elements, any number at a time, converted to the file's type. A finite value that
 * overflows float16 and elements beyond the shape are refused. */
wd_status wd_npy_writer_append(wd_npy_writer *writer, const float *value, size_t count, wd_error *err);
/* The next `count` elements as float16 bits, for a WD_NPY_F16 file. */
wd_status wd_npy_writer_append_half(wd_npy_writer *writer, const uint16_t *half, size_t count, wd_error *err);
/* The next `count` elements of a WD_NPY_I32 file. */
wd_status wd_npy_writer_append_int(wd_npy_writer *writer, const int32_t *value, size_t count, wd_error *err);
/* Syncs, renames and frees. Refuses, and leaves nothing, when fewer elements than declared were appended. */
wd_status wd_npy_writer_close(wd_npy_writer *writer, wd_error *err);
/* Frees and leaves nothing. NULL is harmless. */
void wd_npy_writer_abort(wd_npy_writer *writer);

/* One shot: a whole array. */
wd_status wd_npy_write(const char *path, wd_npy_type type, int dims, const size_t *shape, const float *value,
                       wd_error *err);
wd_status wd_npy_write_map(const char *path, const wd_map *map, wd_error *err);          /* (1, 1, nz, nx) */
wd_status wd_npy_write_gather(const char *path, const wd_gather *gather, wd_error *err); /* (1, s, t, r) */

#endif
