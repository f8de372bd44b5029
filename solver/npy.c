#include "solver/npy.h"

#include "solver/file.h"
#include "solver/half.h"
#include "solver/memory.h"
#include "solver/npy_header.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#  error "the .npy reader and writer assume a little-endian machine"
#endif

struct wd_npy {
  char *path;
  int fd;
  int version;
  wd_npy_header header;
  size_t data;         /* offset of the first element */
  size_t bytes;        /* of the whole file */
  size_t record_count; /* elements of one record */
  const unsigned char *map;
};

/* Files that people hand over by mistake, told apart by their first bytes. */
static const char *mistaken_for(const unsigned char *p, size_t n) {
  if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
    return "it is a zip archive (an .npz, perhaps): extract the array";
  if (n >= 4 && memcmp(p, "\x89HDF", 4) == 0) return "it is an HDF5 file: export the array with numpy.save";
  if (n >= 4 && memcmp(p, "MATL", 4) == 0) return "it is a MATLAB file: export the array with numpy.save";
  if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b) return "it is compressed with gzip: decompress it";
  if (n >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5)
    return "it is a Python pickle: write it with numpy.save";
  return "it does not begin with NumPy's magic bytes";
}

static wd_status read_header(wd_npy *npy, wd_error *err) {
  const char *path = npy->path;
  unsigned char head[12];
  if (npy->bytes == 0) return wd_fail(err, WD_ERR_FORMAT, "%s: the file is empty", path);
  size_t got = npy->bytes < sizeof head ? npy->bytes : sizeof head;
  wd_status status = wd_file_read_at(npy->fd, path, 0, head, got, err);
  if (status) return status;
  if (got < 6 || memcmp(head, "\x93NUMPY", 6) != 0)
    return wd_fail(err, WD_ERR_FORMAT, "%s: not a .npy file: %s", path, mistaken_for(head, got));
  if (got < sizeof head)
    return wd_fail(err, WD_ERR_FORMAT, "%s: truncated: only %zu bytes of a .npy header", path, got);
  if (head[6] < 1 || head[6] > 3 || head[7] != 0)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%s: .npy format version %d.%d; versions 1.0, 2.0 and 3.0 are read", path, head[6],
                   head[7]);
  npy->version = head[6];
  size_t start = npy->version == 1 ? 10 : 12, length = head[8] | (size_t)head[9] << 8;
  if (npy->version > 1) length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
  if (length > npy->bytes - start)
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: truncated: its header says %zu bytes, the file holds %zu after it", path, length,
                   npy->bytes - start);
  if (length > WD_NPY_MAX_HEADER)
    return wd_fail(err, WD_ERR_FORMAT, "%s: the .npy header is broken: %zu bytes long, at most %d make sense",
                   path, length, (int)WD_NPY_MAX_HEADER);
  char *text = wd_alloc(length + 1, 1);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its header", path);
  status = wd_file_read_at(npy->fd, path, start, text, length, err);
  if (!status) status = wd_npy_header_parse(path, text, length, &npy->header, err);
  wd_free(text);
  if (status) return status;

  const wd_npy_header *h = &npy->header;
  npy->data = start + length;
  size_t wanted = h->elements * h->item, there = npy->bytes - npy->data;
  char shape[128];
  wd_npy_shape_text(npy, shape, sizeof shape);
  if (there < wanted)
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: truncated: shape %s of type %s needs %zu bytes, the file holds %zu", path, shape,
                   h->descr, wanted, there);
  if (there > wanted)
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: %zu bytes follow the array: shape %s of type %s needs %zu bytes, the file holds %zu",
                   path, there - wanted, shape, h->descr, wanted, there);
  int longer = 0;
  for (int i = 0; i < h->dims; i++) longer += h->shape[i] > 1;
  if (h->fortran && longer > 1)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%s: the array of shape %s is in Fortran order (columns first); save it again with "
                   "numpy.save(name, numpy.ascontiguousarray(array))",
                   path, shape);
  npy->record_count = 1;
  for (int i = 1; i < h->dims; i++) npy->record_count *= h->shape[i];
  return WD_OK;
}

wd_status wd_npy_open(const char *path, wd_npy **out, wd_error *err) {
  int fd = -1;
  uint64_t bytes = 0;
  wd_status status = wd_file_open_read(path, &fd, &bytes, err);
  if (status) return status;
  wd_npy *npy = calloc(1, sizeof *npy);
  if (npy) npy->path = strdup(path);
  if (!npy || !npy->path) {
    free(npy);
    close(fd);
    return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory to open it", path);
  }
  npy->fd = fd;
  npy->bytes = (size_t)bytes;
  status = read_header(npy, err);
  if (!status && npy->header.elements * npy->header.item > 0) {
    void *map = mmap(NULL, npy->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
      status =
          wd_fail(err, WD_ERR_NO_MEMORY, "%s: its %zu bytes cannot be mapped into memory", path, npy->bytes);
    else
      npy->map = map;
  }
  if (status) {
    wd_npy_close(npy);
    return status;
  }
  *out = npy;
  return WD_OK;
}

void wd_npy_close(wd_npy *npy) {
  if (!npy) return;
  if (npy->map) munmap((void *)npy->map, npy->bytes);
  close(npy->fd);
  free(npy->path);
  free(npy);
}

const char *wd_npy_path(const wd_npy *npy) {
  return npy->path;
}

wd_npy_type wd_npy_dtype(const wd_npy *npy) {
  return npy->header.type;
}

const char *wd_npy_descr(const wd_npy *npy) {
  return npy->header.descr;
}

int wd_npy_version(const wd_npy *npy) {
  return npy->version;
}

int wd_npy_dims(const wd_npy *npy) {
  return npy->header.dims;
}

const size_t *wd_npy_shape(const wd_npy *npy) {
  return npy->header.shape;
}

size_t wd_npy_elements(const wd_npy *npy) {
  return npy->header.elements;
}

size_t wd_npy_records(const wd_npy *npy) {
  return npy->header.dims ? npy->header.shape[0] : 1;
}

size_t wd_npy_record_count(const wd_npy *npy) {
  return npy->record_count;
}

static const char *shape_text(int dims, const size_t *shape, char *buffer, size_t bytes) {
  size_t at = 0;
  for (int i = 0; i < dims && at < bytes; i++)
    at += (size_t)snprintf(buffer + at, bytes - at, "%s%zu", i ? ", " : "(", shape[i]);
  if (at < bytes) snprintf(buffer + at, bytes - at, "%s", dims == 0 ? "()" : dims == 1 ? ",)" : ")");
  return buffer;
}

const char *wd_npy_shape_text(const wd_npy *npy, char *buffer, size_t bytes) {
  return shape_text(npy->header.dims, npy->header.shape, buffer, bytes);
}

/* A map of a file that has shrunk raises SIGBUS past its new end: ask before touching. */
static wd_status still_whole(const wd_npy *npy, wd_error *err) {
  struct stat st;
  if (fstat(npy->fd, &st) != 0 || (uint64_t)st.st_size < npy->bytes)
    return wd_fail(err, WD_ERR_IO, "%s: the file was made shorter while it was open", npy->path);
  return WD_OK;
}

static inline uint16_t load16(const unsigned char *p, bool swap) {
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t load32(const unsigned char *p, bool swap) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t load64(const unsigned char *p, bool swap) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return swap ? __builtin_bswap64(v) : v;
}

wd_status wd_npy_read(const wd_npy *npy, size_t first, size_t count, float *out, wd_error *err) {
  const wd_npy_header *h = &npy->header;
  if (first > h->elements || count > h->elements - first)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: elements %zu..%zu asked of %zu", npy->path, first,
                   first + count, h->elements);
  if (h->type == WD_NPY_OTHER)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%s: elements of type '%s', where float32, float64 or float16 is needed; convert with "
                   "array.astype('<f4')",
                   npy->path, h->descr);
  if (count == 0) return WD_OK;
  wd_status status = still_whole(npy, err);
  if (status) return status;
  const unsigned char *from = npy->map + npy->data + first * h->item;
  bool swap = h->big_endian;
  switch (h->type) {
  case WD_NPY_F32:
    if (!swap) {
      memcpy(out, from, count * sizeof *out);
    } else {
      for (size_t i = 0; i < count; i++) {
        uint32_t v = load32(from + i * 4, true);
        memcpy(out + i, &v, sizeof v);
      }
    }
    break;
  case WD_NPY_F16:
    for (size_t i = 0; i < count; i++) out[i] = wd_float_from_half(load16(from + i * 2, swap));
    break;
  default:
    for (size_t i = 0; i < count; i++) {
      uint64_t v = load64(from + i * 8, swap);
      double d;
      memcpy(&d, &v, sizeof d);
      float f = (float)d;
      if (isinf(f) && !isinf(d))
        return wd_fail(err, WD_ERR_FORMAT, "%s: element %zu is %g, too large for float32", npy->path,
                       first + i, d);
      out[i] = f;
    }
  }
  return WD_OK;
}

static wd_status check_index(const wd_npy *npy, size_t i, size_t count, const char *what, wd_error *err) {
  if (i < count) return WD_OK;
  return wd_fail(err, WD_ERR_ARGUMENT, "%s: %s %zu was asked, the file holds %zu (counted from 0)", npy->path,
                 what, i, count);
}

wd_status wd_npy_record(const wd_npy *npy, size_t i, float *out, wd_error *err) {
  wd_status status = check_index(npy, i, wd_npy_records(npy), "record", err);
  if (status) return status;
  return wd_npy_read(npy, i * npy->record_count, npy->record_count, out, err);
}

const void *wd_npy_record_bytes(const wd_npy *npy, size_t i) {
  if (i >= wd_npy_records(npy) || !npy->map || still_whole(npy, NULL)) return NULL;
  return npy->map + npy->data + i * npy->record_count * npy->header.item;
}

wd_status wd_npy_map_shape(const wd_npy *npy, size_t *count, int *nz, int *nx, wd_error *err) {
  const size_t *s = npy->header.shape;
  int dims = npy->header.dims;
  char text[128];
  wd_npy_shape_text(npy, text, sizeof text);
  if (dims < 2 || dims > 4 || (dims == 4 && s[1] != 1))
    return wd_fail(err, WD_ERR_SHAPE,
                   "%s: shape %s is not one of velocity maps: (nz, nx), (n, nz, nx) or "
                   "(n, 1, nz, nx)%s",
                   npy->path, text, dims == 4 ? "; are these gathers?" : "");
  size_t n = dims == 2 ? 1 : s[0], rows = s[dims - 2], columns = s[dims - 1];
  if (n == 0) return wd_fail(err, WD_ERR_SHAPE, "%s: shape %s holds no maps", npy->path, text);
  if (rows < WD_MAP_MIN_SIDE || columns < WD_MAP_MIN_SIDE || rows > WD_MAP_MAX_SIDE ||
      columns > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_SHAPE,
                   "%s: shape %s: velocity maps of %zu x %zu cells; each side must be %d to %d", npy->path,
                   text, rows, columns, WD_MAP_MIN_SIDE, WD_MAP_MAX_SIDE);
  if (count) *count = n;
  if (nz) *nz = (int)rows;
  if (nx) *nx = (int)columns;
  return WD_OK;
}

wd_status wd_npy_read_map(const wd_npy *npy, size_t i, double spacing, wd_map *out, wd_error *err) {
  size_t n = 0;
  int nz = 0, nx = 0;
  wd_status status = wd_npy_map_shape(npy, &n, &nz, &nx, err);
  if (!status) status = check_index(npy, i, n, "map", err);
  if (status) return status;
  wd_map map;
  status = wd_map_create(nz, nx, spacing, &map, err);
  if (status) return status;
  size_t cells = (size_t)nz * (size_t)nx;
  status = wd_npy_read(npy, i * cells, cells, map.value, err);
  if (!status) {
    char *what = NULL;
    if (n > 1 && asprintf(&what, "%s, map %zu", npy->path, i) < 0) what = NULL;
    status = wd_map_check_velocity(&map, what ? what : npy->path, err);
    free(what);
  }
  if (status) {
    wd_map_clear(&map);
    return status;
  }
  *out = map;
  return WD_OK;
}

wd_status wd_npy_gather_shape(const wd_npy *npy, size_t *count, int *shots, int *samples, int *receivers,
                              wd_error *err) {
  const size_t *s = npy->header.shape;
  int dims = npy->header.dims;
  char text[128];
  wd_npy_shape_text(npy, text, sizeof text);
  if (dims < 3 || dims > 4)
    return wd_fail(err, WD_ERR_SHAPE,
                   "%s: shape %s is not one of gathers: (shots, samples, receivers) or "
                   "(n, shots, samples, receivers)",
                   npy->path, text);
  if (npy->header.elements == 0)
    return wd_fail(err, WD_ERR_SHAPE, "%s: shape %s holds no samples", npy->path, text);
  enum { LIMIT = 1 << 24 };
  for (int k = dims - 3; k < dims; k++)
    if (s[k] > LIMIT)
      return wd_fail(err, WD_ERR_SHAPE, "%s: shape %s: %zu is more shots, samples or receivers than can be",
                     npy->path, text, s[k]);
  if (count) *count = dims == 3 ? 1 : s[0];
  if (shots) *shots = (int)s[dims - 3];
  if (samples) *samples = (int)s[dims - 2];
  if (receivers) *receivers = (int)s[dims - 1];
  return WD_OK;
}

wd_status wd_npy_read_gather_into(const wd_npy *npy, size_t i, float *out, wd_error *err) {
  size_t n = 0;
  int shots = 0, samples = 0, receivers = 0;
  wd_status status = wd_npy_gather_shape(npy, &n, &shots, &samples, &receivers, err);
  if (!status) status = check_index(npy, i, n, "gather", err);
  if (status) return status;
  size_t count = (size_t)shots * (size_t)samples * (size_t)receivers;
  status = wd_npy_read(npy, i * count, count, out, err);
  if (status) return status;
  for (size_t k = 0; k < count; k++)
    if (!isfinite(out[k]))
      return wd_fail(err, WD_ERR_FORMAT,
                     "%s: gather %zu, shot %zu, sample %zu, receiver %zu is %g; every sample must be finite",
                     npy->path, i, k / (size_t)receivers / (size_t)samples,
                     k / (size_t)receivers % (size_t)samples, k % (size_t)receivers, (double)out[k]);
  return WD_OK;
}

wd_status wd_npy_read_gather(const wd_npy *npy, size_t i, double dt, wd_gather *out, wd_error *err) {
  size_t n = 0;
  int shots = 0, samples = 0, receivers = 0;
  wd_status status = wd_npy_gather_shape(npy, &n, &shots, &samples, &receivers, err);
  if (!status) status = check_index(npy, i, n, "gather", err);
  if (status) return status;
  wd_gather gather;
  status = wd_gather_create(shots, samples, receivers, dt, &gather, err);
  if (status) return wd_fail_context(err, status, "%s", npy->path);
  status = wd_npy_read_gather_into(npy, i, gather.value, err);
  if (status) {
    wd_gather_clear(&gather);
    return status;
  }
  *out = gather;
  return WD_OK;
}

/* ---- writing ---- */

struct wd_npy_writer {
  wd_file *file;
  wd_npy_type type;
  size_t declared, appended; /* elements */
  size_t used;               /* bytes waiting in buffer */
  unsigned char buffer[1 << 16];
};

static size_t item_size(wd_npy_type type) {
  return type == WD_NPY_F64 ? 8 : type == WD_NPY_F16 ? 2 : 4;
}

wd_status wd_npy_writer_open(const char *path, wd_npy_type type, int dims, const size_t *shape,
                             wd_npy_writer **out, wd_error *err) {
  if (type != WD_NPY_F32 && type != WD_NPY_F64 && type != WD_NPY_F16 && type != WD_NPY_I32)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: .npy files are written as float32, float64, float16 or int32",
                   path);
  if (dims < 0 || dims > WD_NPY_MAX_DIMS)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: %d dimensions; 0 to %d can be written", path, dims,
                   (int)WD_NPY_MAX_DIMS);
  char text[256], shape_buffer[200];
  size_t elements = 1, bytes = item_size(type);
  for (int i = 0; i < dims; i++)
    if (!wd_size_mul(elements, shape[i], &elements)) elements = SIZE_MAX;
  if (!wd_size_mul(elements, bytes, &bytes) || bytes > PTRDIFF_MAX / 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: shape %s is too large to write", path,
                   shape_text(dims, shape, shape_buffer, sizeof shape_buffer));
  /* Magic, version 1.0, 16-bit length, then the dictionary padded with spaces so that the data starts on a
   * multiple of 64 bytes. Eight dimensions of 20 digits fit 256 bytes. */
  int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                   type == WD_NPY_F64   ? "<f8"
                   : type == WD_NPY_F16 ? "<f2"
                   : type == WD_NPY_I32 ? "<i4"
                                        : "<f4",
                   shape_text(dims, shape, shape_buffer, sizeof shape_buffer));
  if (n < 0 || (size_t)n >= sizeof text)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the shape is too long to write", path);
  unsigned char head[384];
  size_t total = ((size_t)n + 11 + 63) / 64 * 64, length = total - 10;
  memset(head, ' ', total);
  memcpy(head, "\x93NUMPY\1\0", 8);
  head[8] = (unsigned char)(length & 0xff);
  head[9] = (unsigned char)(length >> 8);
  memcpy(head + 10, text, (size_t)n);
  head[total - 1] = '\n';

  wd_npy_writer *writer = malloc(sizeof *writer);
  if (!writer) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory to write it", path);
  writer->file = NULL;
  writer->type = type;
  writer->declared = elements;
  writer->appended = writer->used = 0;
  wd_status status = wd_file_create(path, &writer->file, err);
  if (!status) status = wd_file_reserve(writer->file, (uint64_t)total + bytes, err);
  if (!status) status = wd_file_write(writer->file, head, total, err);
  if (status) {
    wd_npy_writer_abort(writer);
    return status;
  }
  *out = writer;
  return WD_OK;
}

static wd_status flush(wd_npy_writer *w, wd_error *err) {
  size_t used = w->used;
  w->used = 0;
  return used ? wd_file_write(w->file, w->buffer, used, err) : WD_OK;
}

static wd_status admit(wd_npy_writer *w, size_t count, wd_error *err) {
  if (count <= w->declared - w->appended) return WD_OK;
  return wd_fail(err, WD_ERR_SHAPE, "%s: %zu elements more than the declared %zu", wd_file_path(w->file),
                 count - (w->declared - w->appended), w->declared);
}

static wd_status append_bytes(wd_npy_writer *w, const void *data, size_t count, wd_error *err) {
  wd_status status = flush(w, err);
  if (!status) status = wd_file_write(w->file, data, count * item_size(w->type), err);
  if (!status) w->appended += count;
  return status;
}

wd_status wd_npy_writer_append(wd_npy_writer *w, const float *value, size_t count, wd_error *err) {
  if (w->type == WD_NPY_I32)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: float32 values for a file of integers", wd_file_path(w->file));
  wd_status status = admit(w, count, err);
  if (status) return status;
  size_t item = item_size(w->type);
  if (w->type == WD_NPY_F32 && count * item >= sizeof w->buffer / 2)
    return append_bytes(w, value, count, err);
  if (w->type == WD_NPY_F16)
    for (size_t i = 0; i < count; i++)
      if ((wd_half_from_float(value[i]) & 0x7fff) == 0x7c00 && !isinf(value[i]))
        return wd_fail(err, WD_ERR_ARGUMENT, "%s: element %zu is %g, too large for float16 (at most %g)",
                       wd_file_path(w->file), w->appended + i, (double)value[i], (double)WD_HALF_MAX);
  for (size_t i = 0; i < count; i++) {
    if (w->used + item > sizeof w->buffer && (status = flush(w, err))) return status;
    unsigned char *to = w->buffer + w->used;
    if (w->type == WD_NPY_F32) {
      memcpy(to, &value[i], 4);
    } else if (w->type == WD_NPY_F64) {
      double d = (double)value[i];
      memcpy(to, &d, 8);
    } else {
      uint16_t half = wd_half_from_float(value[i]);
      memcpy(to, &half, 2);
    }
    w->used += item;
  }
  w->appended += count;
  return WD_OK;
}

wd_status wd_npy_writer_append_half(wd_npy_writer *w, const uint16_t *half, size_t count, wd_error *err) {
  if (w->type != WD_NPY_F16)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: float16 values for a file of another type",
                   wd_file_path(w->file));
  wd_status status = admit(w, count, err);
  return status ? status : append_bytes(w, half, count, err);
}

wd_status wd_npy_writer_append_int(wd_npy_writer *w, const int32_t *value, size_t count, wd_error *err) {
  if (w->type != WD_NPY_I32)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: int32 values for a file of another type",
                   wd_file_path(w->file));
  wd_status status = admit(w, count, err);
  return status ? status : append_bytes(w, value, count, err);
}

wd_status wd_npy_writer_close(wd_npy_writer *w, wd_error *err) {
  wd_status status = WD_OK;
  if (w->appended != w->declared)
    status = wd_fail(err, WD_ERR_SHAPE, "%s: not written: %zu elements of the declared %zu were given",
                     wd_file_path(w->file), w->appended, w->declared);
  if (!status) status = flush(w, err);
  if (status) {
    wd_npy_writer_abort(w);
    return status;
  }
  status = wd_file_commit(w->file, err);
  free(w);
  return status;
}

void wd_npy_writer_abort(wd_npy_writer *w) {
  if (!w) return;
  wd_file_abort(w->file);
  free(w);
}

wd_status wd_npy_write(const char *path, wd_npy_type type, int dims, const size_t *shape, const float *value,
                       wd_error *err) {
  wd_npy_writer *writer = NULL;
  wd_status status = wd_npy_writer_open(path, type, dims, shape, &writer, err);
  if (status) return status;
  status = wd_npy_writer_append(writer, value, writer->declared, err);
  if (status) {
    wd_npy_writer_abort(writer);
    return status;
  }
  return wd_npy_writer_close(writer, err);
}

wd_status wd_npy_write_map(const char *path, const wd_map *map, wd_error *err) {
  const size_t shape[4] = {1, 1, (size_t)map->nz, (size_t)map->nx};
  return wd_npy_write(path, WD_NPY_F32, 4, shape, map->value, err);
}

wd_status wd_npy_write_gather(const char *path, const wd_gather *gather, wd_error *err) {
  const size_t shape[4] = {1, (size_t)gather->shots, (size_t)gather->samples, (size_t)gather->receivers};
  return wd_npy_write(path, WD_NPY_F32, 4, shape, gather->value, err);
}
