#include "solver/raw.h"

#include "solver/file.h"
#include "solver/memory.h"

#include <math.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#  error "the raw reader and writer assume a little-endian machine"
#endif

/* Opens a file that must hold exactly `count` floats. */
static wd_status open_exact(const char *path, size_t count, int *fd, wd_error *err) {
  uint64_t bytes = 0;
  wd_status status = wd_file_open_read(path, fd, &bytes, err);
  if (status) return status;
  if (bytes != (uint64_t)count * sizeof(float)) {
    close(*fd);
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: the shape needs %llu bytes (%zu float32 values), the file holds %llu%s", path,
                   (unsigned long long)count * sizeof(float), count, (unsigned long long)bytes,
                   bytes == (uint64_t)count * sizeof(double) ? "; is it float64?" : "");
  }
  return WD_OK;
}

/* The product of a shape, at most what an array of floats can address. */
static bool product(int dims, const size_t *shape, size_t *out) {
  size_t count = 1;
  for (int i = 0; i < dims; i++)
    if (!wd_size_mul(count, shape[i], &count)) return false;
  *out = count;
  return count <= PTRDIFF_MAX / sizeof(float);
}

wd_status wd_raw_read(const char *path, int dims, const size_t *shape, float **out, wd_error *err) {
  size_t count = 0;
  if (dims < 1 || dims > 8)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: %d dimensions; 1 to 8 are read", path, dims);
  if (!product(dims, shape, &count) || count == 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the given shape is empty or too large", path);
  int fd = -1;
  wd_status status = open_exact(path, count, &fd, err);
  if (status) return status;
  float *value = wd_alloc(count, sizeof *value);
  status = value ? wd_file_read_at(fd, path, 0, value, count * sizeof *value, err)
                 : wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its %zu values", path, count);
  close(fd);
  if (status) {
    wd_free(value);
    return status;
  }
  *out = value;
  return WD_OK;
}

wd_status wd_raw_read_map(const char *path, int nz, int nx, double spacing, wd_map *out, wd_error *err) {
  if (nz < WD_MAP_MIN_SIDE || nx < WD_MAP_MIN_SIDE || nz > WD_MAP_MAX_SIDE || nx > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_SHAPE,
                   "%s: a velocity map of %d x %d cells was asked; each side must be %d to %d", path, nz, nx,
                   WD_MAP_MIN_SIDE, WD_MAP_MAX_SIDE);
  int fd = -1;
  size_t count = (size_t)nz * (size_t)nx;
  wd_status status = open_exact(path, count, &fd, err);
  if (status) return status;
  wd_map map = {0};
  status = wd_map_create(nz, nx, spacing, &map, err);
  if (!status) status = wd_file_read_at(fd, path, 0, map.value, count * sizeof(float), err);
  close(fd);
  if (!status) status = wd_map_check_velocity(&map, path, err);
  if (status) {
    wd_map_clear(&map);
    return status;
  }
  *out = map;
  return WD_OK;
}

wd_status wd_raw_read_gather(const char *path, int shots, int samples, int receivers, double dt,
                             wd_gather *out, wd_error *err) {
  const size_t shape[3] = {shots > 0 ? (size_t)shots : 0, samples > 0 ? (size_t)samples : 0,
                           receivers > 0 ? (size_t)receivers : 0};
  size_t count = 0;
  if (!product(3, shape, &count) || count == 0)
    return wd_fail(err, WD_ERR_SHAPE, "%s: gathers of %d shots, %d samples, %d receivers were asked", path,
                   shots, samples, receivers);
  int fd = -1;
  wd_status status = open_exact(path, count, &fd, err);
  if (status) return status;
  wd_gather gather = {0};
  status = wd_gather_create(shots, samples, receivers, dt, &gather, err);
  if (!status) status = wd_file_read_at(fd, path, 0, gather.value, count * sizeof(float), err);
  close(fd);
  for (size_t i = 0; i < count && !status; i++)
    if (!isfinite(gather.value[i]))
      status = wd_fail(
          err, WD_ERR_FORMAT, "%s: shot %zu, sample %zu, receiver %zu is %g; every sample must be finite",
          path, i / shape[2] / shape[1], i / shape[2] % shape[1], i % shape[2], (double)gather.value[i]);
  if (status) {
    wd_gather_clear(&gather);
    return status;
  }
  *out = gather;
  return WD_OK;
}

wd_status wd_raw_write(const char *path, const float *value, size_t count, wd_error *err) {
  wd_file *file = NULL;
  size_t bytes = 0;
  if (!wd_size_mul(count, sizeof *value, &bytes))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: %zu values are too many", path, count);
  wd_status status = wd_file_create(path, &file, err);
  if (status) return status;
  status = wd_file_reserve(file, bytes, err);
  if (!status) status = wd_file_write(file, value, bytes, err);
  if (status) {
    wd_file_abort(file);
    return status;
  }
  return wd_file_commit(file, err);
}
