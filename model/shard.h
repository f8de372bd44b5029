/* Training shards: velocity maps with their gathers, compressed by the temporal codec (model/codec.h) to
 * float16, a seventh of the samples and a fourteenth of the bytes. One safetensors file holds n maps:
 *
 *   velocity   F32  (n, nz, nx)                      m/s, exact
 *   scattered  F16  (n, shots, instants, receivers)  F(v) - F(v_top), coded, divided by its scale
 *   direct     F16  (n, shots, instants, receivers)  F(v_top), coded, divided by its scale
 *   scale      F32  (n, 2)                           of scattered and of direct: powers of two
 *   family     I32  (n)                              wd_family, or -1
 *   seed       I64  (n)     index  I64  (n)          as given to wd_family_generate
 *   codes      I32  (n, codes)                       only in shards of pairs that a model drew: its latents
 *   checksum   I64  (n)                              over all of the record's bytes, tested on every read
 *
 * v_top is the map whose every row is the top one that sources and receivers stand on (wd_map_repeat_row, row
 * 1). The two fields are stored apart, not the total and the direct one: the total is their sum, while the
 * scattered field taken from two rounded float16 fields would carry the rounding of the direct wave, several
 * times larger (relative L2 1.2e-3 in place of 2.1e-4, tests/model/test_shard.c). */
#ifndef WD_SHARD_H
#define WD_SHARD_H

#include "model/codec.h"
#include "solver/gather.h"
#include "solver/map.h"

#include <stdint.h>

/* What all records of a shard share. */
typedef struct wd_shard_desc {
  int nz, nx;
  double spacing; /* metres */
  int shots, samples, receivers, instants;
  double dt, frequency; /* seconds; Hz, 0 when the wavelet is not a Ricker */
  int codes;            /* that a record brings with it (wd_latent_shape); 0: none */
  uint64_t drawer;      /* with codes: what draws maps of them, wd_model_drawer */
} wd_shard_desc;

typedef struct wd_shard_record {
  int family; /* wd_family, or -1 */
  uint64_t seed, index;
} wd_shard_record;

/* "shard-00000.safetensors" for number 0. */
void wd_shard_file_name(int number, char *name, size_t size);

/* ---- writing ---- */

typedef struct wd_shard_writer wd_shard_writer;

/* Memory for `capacity` maps (0.21 MB each in OpenFWI's geometry; 500 is customary). The codec must outlive
 * the writer; desc->samples and desc->instants must be the codec's. */
wd_status wd_shard_writer_create(const wd_shard_desc *desc, const wd_codec *codec, int capacity,
                                 wd_shard_writer **out, wd_error *err);
/* Codes one map and its gathers (total F(v), direct F(v_top)) into slot 0..capacity-1; codes: NULL unless the
 * shard has some. Different slots may be filled by different threads at once. Refuses other sizes, bad
 * velocities, NaN and infinity. */
wd_status wd_shard_writer_put(wd_shard_writer *writer, int slot, const wd_shard_record *record,
                              const wd_map *velocity, const wd_gather *total, const wd_gather *direct,
                              const int32_t *codes, wd_error *err);
/* The same of fields that are coded already (shots * instants * receivers each, linear amplitude). */
wd_status wd_shard_writer_put_coded(wd_shard_writer *writer, int slot, const wd_shard_record *record,
                                    const wd_map *velocity, const float *scattered, const float *direct,
                                    const int32_t *codes, wd_error *err);
/* Writes slots 0..count-1 (all of them filled) to the side, renames, and empties the writer for the next. */
wd_status wd_shard_writer_save(wd_shard_writer *writer, int count, const char *path, wd_error *err);
void wd_shard_writer_destroy(wd_shard_writer *writer); /* NULL is harmless */

/* ---- reading: immutable; any number of threads may read from one ---- */

typedef struct wd_shard wd_shard;

/* Maps the file and checks its tensors and metadata against each other (WD_ERR_FORMAT); costs no more than
 * the header. */
wd_status wd_shard_open(const char *path, wd_shard **out, wd_error *err);
void wd_shard_close(wd_shard *shard); /* NULL is harmless */
int wd_shard_count(const wd_shard *shard);
const wd_shard_desc *wd_shard_get_desc(const wd_shard *shard);
wd_shard_record wd_shard_get_record(const wd_shard *shard, int i); /* i in 0..count-1 */

/* Record i: velocity (nz * nx, m/s), scattered and direct (shots * instants * receivers each, the solver's
 * linear amplitude at the codec's instants; their sum is the coded gather). Any may be NULL. The record's
 * checksum is tested first: a damaged record is WD_ERR_FORMAT and names file and record. */
wd_status wd_shard_read(const wd_shard *shard, int i, float *velocity, float *scattered, float *direct,
                        wd_error *err);
/* Its codes (desc.codes), as written: the caller holds them against a codebook. wd_shard_read tests the
 * checksum, which is over them too. WD_ERR_ARGUMENT where the shard has none. */
wd_status wd_shard_read_codes(const wd_shard *shard, int i, int32_t *codes, wd_error *err);

#endif
