/* Raw samples: float32, little-endian, C order, no header, as Madagascar, Fortran programs and Deepwave
 * scripts exchange them. The shape is the caller's word, so the file must be exactly as long as it says. */
#ifndef WD_RAW_H
#define WD_RAW_H

#include "solver/gather.h"
#include "solver/map.h"
#include "solver/status.h"

#include <stddef.h>

/* An array of any shape (dims 1..8); *out is released with wd_free. NaN and infinity pass. A file of another
 * length is WD_ERR_FORMAT and the message gives both lengths. */
wd_status wd_raw_read(const char *path, int dims, const size_t *shape, float **out, wd_error *err);

/* One velocity map, checked by wd_map_check_velocity. */
wd_status wd_raw_read_map(const char *path, int nz, int nx, double spacing, wd_map *out, wd_error *err);
/* The gathers of one map; NaN and infinity are refused with their place. */
wd_status wd_raw_read_gather(const char *path, int shots, int samples, int receivers, double dt,
                             wd_gather *out, wd_error *err);

/* Written to the side, synced, renamed (file.h). */
wd_status wd_raw_write(const char *path, const float *value, size_t count, wd_error *err);

#endif
