/* Training data: all shards (shard.h) of a folder as one list of records, the last few of them held out. */
#ifndef WD_CORPUS_H
#define WD_CORPUS_H

#include "model/shard.h"

typedef struct wd_corpus wd_corpus;

/* Opens every "*.safetensors" of the folder, in the order of their names. WD_ERR_IO when there is none,
 * WD_ERR_FORMAT when a file is no shard, WD_ERR_SHAPE when shards of different geometries lie together. */
wd_status wd_corpus_open(const char *folder, wd_corpus **out, wd_error *err);
void wd_corpus_close(wd_corpus *corpus); /* NULL is harmless */

int wd_corpus_count(const wd_corpus *corpus); /* to train on: those held out are not among them */
/* Never trained on, to watch training by: 64, or an eighth of a small corpus; none below 16. */
int wd_corpus_held_out(const wd_corpus *corpus);
const wd_shard_desc *wd_corpus_get_desc(const wd_corpus *corpus);
const char *wd_corpus_folder(const wd_corpus *corpus);
/* Of all records' origins, in order: the same for the same data wherever it lies. */
uint64_t wd_corpus_fingerprint(const wd_corpus *corpus);
/* How many of all records are of each family; the last one counts those of none. */
void wd_corpus_families(const wd_corpus *corpus, int count[11]);

/* Record i, 0..count-1; count + k is number k of those held out. As wd_shard_read. */
wd_shard_record wd_corpus_get_record(const wd_corpus *corpus, int i);
wd_status wd_corpus_read(const wd_corpus *corpus, int i, float *velocity, float *scattered, float *direct,
                         wd_error *err);
/* As wd_shard_read_codes. */
wd_status wd_corpus_read_codes(const wd_corpus *corpus, int i, int32_t *codes, wd_error *err);

#endif
