/* Weights on disk: one safetensors file, or, where files must stay small, numbered pieces of one:
 *
 *   stage1.safetensors                          or
 *   stage1-00001-of-00003.safetensors, ... -00003-of-00003.safetensors
 *
 * Both are named by the first form. Every piece is a whole safetensors file with all of the metadata, and
 * carries two keys more, "piece" ("2 of 3") and "pieces_of" (a hash over all tensors), so that pieces of
 * different weights are never read together. */
#ifndef WD_WEIGHTS_H
#define WD_WEIGHTS_H

#include "model/safetensors.h"

/* 15 MiB: the limit that `--shard` style options mean. */
#define WD_WEIGHTS_PIECE ((size_t)15 << 20)

/* Writes tensors (with data) and metadata to `path`, which ends in ".safetensors": one file when limit is 0
 * or all fits into `limit` bytes, numbered pieces of less than `limit` bytes otherwise. All are written to
 * the side before the first is renamed; afterwards files of the same name in the other form, or of another
 * number of pieces, are removed. A tensor that alone exceeds the limit is WD_ERR_ARGUMENT. */
wd_status wd_weights_save(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                          const wd_metadata *metadata, size_t metadata_count, size_t limit, wd_error *err);

typedef struct wd_weights wd_weights;

/* Opens either form. WD_ERR_IO when neither is there, WD_ERR_FORMAT when pieces are missing, belong to
 * different weights, or share a tensor. */
wd_status wd_weights_open(const char *path, wd_weights **out, wd_error *err);
void wd_weights_close(wd_weights *weights); /* NULL is harmless */

size_t wd_weights_count(const wd_weights *weights);
const wd_stored_tensor *wd_weights_at(const wd_weights *weights, size_t i);
const wd_stored_tensor *wd_weights_find(const wd_weights *weights, const char *name); /* NULL: not there */
const char *wd_weights_metadata(const wd_weights *weights, const char *key);          /* NULL: not there */

/* As wd_safetensors_require. */
wd_status wd_weights_require(const wd_weights *weights, const char *name, int dims, const long *shape,
                             const wd_stored_tensor **out, wd_error *err);

#endif
