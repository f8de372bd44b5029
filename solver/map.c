#include "solver/map.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

wd_status wd_map_create(int nz, int nx, double spacing, wd_map *out, wd_error *err) {
  if (nz < 1 || nx < 1 || nz > 1 << 20 || nx > 1 << 20)
    return wd_fail(err, WD_ERR_ARGUMENT, "a map of %d x %d cells cannot be made", nz, nx);
  float *value = wd_calloc((size_t)nz * (size_t)nx, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a map of %d x %d cells", nz, nx);
  *out = (wd_map){.nz = nz, .nx = nx, .spacing = spacing, .value = value};
  return WD_OK;
}

void wd_map_clear(wd_map *map) {
  if (!map) return;
  wd_free(map->value);
  *map = (wd_map){0};
}

wd_status wd_map_copy(const wd_map *from, wd_map *out, wd_error *err) {
  wd_map copy;
  wd_status st = wd_map_create(from->nz, from->nx, from->spacing, &copy, err);
  if (st) return st;
  memcpy(copy.value, from->value, sizeof(float) * (size_t)from->nz * (size_t)from->nx);
  *out = copy;
  return WD_OK;
}

wd_status wd_map_check_velocity(const wd_map *map, const char *what, wd_error *err) {
  if (map->nz < WD_MAP_MIN_SIDE || map->nx < WD_MAP_MIN_SIDE || map->nz > WD_MAP_MAX_SIDE ||
      map->nx > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_SHAPE, "%s: a velocity map of %d x %d cells; each side must be %d to %d cells",
                   what, map->nz, map->nx, WD_MAP_MIN_SIDE, WD_MAP_MAX_SIDE);
  if (!(map->spacing > 0) || !isfinite(map->spacing))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the spacing is %g m; it must be positive", what, map->spacing);
  for (int z = 0; z < map->nz; z++)
    for (int x = 0; x < map->nx; x++) {
      float v = map->value[(size_t)z * (size_t)map->nx + (size_t)x];
      if (!isfinite(v) || v <= 0)
        return wd_fail(
            err, WD_ERR_FORMAT,
            "%s: the velocity at row %d, column %d is %g m/s; every velocity must be positive and finite",
            what, z, x, (double)v);
    }
  return WD_OK;
}

wd_status wd_map_repeat_row(const wd_map *map, int row, wd_map *out, wd_error *err) {
  if (row < 0 || row >= map->nz)
    return wd_fail(err, WD_ERR_ARGUMENT, "row %d of a map with %d rows", row, map->nz);
  wd_map top;
  wd_status st = wd_map_create(map->nz, map->nx, map->spacing, &top, err);
  if (st) return st;
  for (int z = 0; z < map->nz; z++)
    memcpy(top.value + (size_t)z * (size_t)map->nx, map->value + (size_t)row * (size_t)map->nx,
           sizeof(float) * (size_t)map->nx);
  *out = top;
  return WD_OK;
}

void wd_map_mirror(wd_map *map) {
  for (int z = 0; z < map->nz; z++) {
    float *row = map->value + (size_t)z * (size_t)map->nx;
    for (int a = 0, b = map->nx - 1; a < b; a++, b--) {
      float t = row[a];
      row[a] = row[b];
      row[b] = t;
    }
  }
}

void wd_map_range(const wd_map *map, float *min, float *max) {
  size_t n = (size_t)map->nz * (size_t)map->nx;
  float lo = n ? map->value[0] : 0, hi = lo;
  for (size_t i = 1; i < n; i++) {
    if (map->value[i] < lo) lo = map->value[i];
    if (map->value[i] > hi) hi = map->value[i];
  }
  *min = lo;
  *max = hi;
}
