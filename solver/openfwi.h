/* Folders of velocity maps and gathers in batches, as OpenFWI distributes them (Deng et al., NeurIPS 2022)
 * and as this program writes them. File names, and what they pair with:
 *
 *   model1.npy      data1.npy        FlatVel, CurveVel, Style; also model/model1.npy with data/data1.npy
 *   vel2_1_0.npy    seis2_1_0.npy    FlatFault, CurveFault (the first number is the number of layers)
 *   velocity-00000.npy  seismic-00000.npy    this program
 *
 * The folder itself and two levels of folders below it are searched, so a folder of family folders is one
 * data set. Batches come in natural order (model2 before model10). Every header is checked when the folder is
 * opened; maps and gathers are read one by one by memory map, with a bounded number of files open. */
#ifndef WD_OPENFWI_H
#define WD_OPENFWI_H

#include "solver/family.h"
#include "solver/gather.h"
#include "solver/map.h"
#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero means the default in brackets. */
typedef struct wd_openfwi_desc {
  double spacing;     /* metres [10] */
  double dt;          /* seconds [0.001] */
  int max_open;       /* files kept open, 2..256 [16] */
  bool velocity_only; /* take velocity files alone, whether or not they have gathers */
} wd_openfwi_desc;

/* One batch: a velocity file and its seismic file (NULL with velocity_only). */
typedef struct wd_openfwi_batch {
  const char *velocity, *seismic; /* paths, beginning with the folder as given */
  size_t first, count;            /* number of its first pair in the data set; pairs in the batch */
} wd_openfwi_batch;

typedef struct wd_openfwi_shape {
  size_t pairs, batches;
  int nz, nx;
  int shots, samples, receivers; /* zero with velocity_only */
} wd_openfwi_shape;

typedef struct wd_openfwi wd_openfwi;

/* Refuses, naming the file: a folder without such files, a velocity file without its seismic file or the
 * other way round, two files for one batch, a header that wd_npy_open refuses, pairs whose counts differ, and
 * batches of another shape than the first. */
wd_status wd_openfwi_open(const char *folder, const wd_openfwi_desc *desc, wd_openfwi **out, wd_error *err);
void wd_openfwi_close(wd_openfwi *set); /* NULL is harmless */

wd_openfwi_shape wd_openfwi_describe(const wd_openfwi *set);
const wd_openfwi_batch *wd_openfwi_batch_at(const wd_openfwi *set, size_t batch); /* NULL beyond the last */

/* Pair i of the whole set, checked as wd_npy_read_map and wd_npy_read_gather do; either output may be NULL,
 * and on an error neither is written. Any number of threads may read from one set. */
wd_status wd_openfwi_pair(wd_openfwi *set, size_t i, wd_map *velocity, wd_gather *gather, wd_error *err);

/* ---- names ---- */

typedef enum wd_openfwi_kind { WD_OPENFWI_NUMBERED = 0, WD_OPENFWI_FAULT, WD_OPENFWI_PLAIN } wd_openfwi_kind;

/* What a file name (without folders) says; false when it is none of the above. *suffix points into name at
 * the digits that both files of a pair share ("1", "2_1_0", "00000"), *length is their length. */
bool wd_openfwi_parse_name(const char *name, wd_openfwi_kind *kind, bool *seismic, const char **suffix,
                           size_t *length);

/* The name that OpenFWI gives batch `batch` (from 0) of a family, relative to the family's folder:
 * "model/model1.npy" and "data/data1.npy", or "vel3_1_0.npy" and "seis3_1_0.npy" for maps of 3 layers. */
wd_status wd_openfwi_name(wd_family family, int layers, int batch, bool seismic, char *out, size_t bytes,
                          wd_error *err);

#endif
