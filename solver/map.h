/* A 2-D map on a regular grid, row by row from the top: value[z * nx + x], z down, x to the right.
 * For a velocity map the values are metres per second and every one is positive and finite. */
#ifndef WD_MAP_H
#define WD_MAP_H

#include "solver/status.h"

typedef struct wd_map {
  int nz, nx;     /* rows (depth), columns (distance) */
  double spacing; /* metres between cells, the same in both directions */
  float *value;   /* nz * nx, owned by the map when made by wd_map_create */
} wd_map;

enum { WD_MAP_MIN_SIDE = 16, WD_MAP_MAX_SIDE = 2000 };

wd_status wd_map_create(int nz, int nx, double spacing, wd_map *out, wd_error *err); /* zeroed */
void wd_map_clear(wd_map *map); /* frees the values; harmless on a zeroed struct */
wd_status wd_map_copy(const wd_map *from, wd_map *out, wd_error *err);

/* Refuses a side outside 16..2000, a spacing that is not positive, NaN, infinity, and velocities that are not
 * positive; the message names the first offending cell. `what` names the map in the message (a file name,
 * say). */
wd_status wd_map_check_velocity(const wd_map *map, const char *what, wd_error *err);

/* The map whose every row equals row `row` of `map`: v_top of the reflection residual, for sources and
 * receivers on row 1 (metrics.h). */
wd_status wd_map_repeat_row(const wd_map *map, int row, wd_map *out, wd_error *err);

/* Left and right exchanged, in place. */
void wd_map_mirror(wd_map *map);

void wd_map_range(const wd_map *map, float *min, float *max);

#endif
