#include "model/corpus.h"

#include "model/checksum.h"
#include "solver/family.h"
#include "solver/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
  int shard, record;
} place;

struct wd_corpus {
  char folder[4096];
  wd_shard **shard;
  int shards, shard_capacity;
  place *place;
  int all, held_out;
  uint64_t fingerprint;
};

void wd_corpus_close(wd_corpus *c) {
  if (!c) return;
  for (int i = 0; i < c->shards; i++) wd_shard_close(c->shard[i]);
  free(c->shard);
  wd_free(c->place);
  wd_free(c);
}

static int is_shard(const struct dirent *e) {
  size_t n = strlen(e->d_name), m = strlen(".safetensors");
  return e->d_name[0] != '.' && n > m && !strcmp(e->d_name + n - m, ".safetensors");
}

static bool alike(const wd_shard_desc *a, const wd_shard_desc *b) {
  return a->nz == b->nz && a->nx == b->nx && a->spacing == b->spacing && a->shots == b->shots &&
         a->samples == b->samples && a->receivers == b->receivers && a->instants == b->instants &&
         a->dt == b->dt && a->frequency == b->frequency && a->codes == b->codes && a->drawer == b->drawer;
}

static wd_status add(wd_corpus *c, const char *name, wd_error *err) {
  char path[4096 + 256];
  snprintf(path, sizeof path, "%s/%s", c->folder, name);
  if (c->shards == c->shard_capacity) {
    int capacity = c->shard_capacity ? 2 * c->shard_capacity : 32;
    wd_shard **grown = realloc(c->shard, sizeof *grown * (size_t)capacity);
    if (!grown) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a list of shards");
    c->shard = grown;
    c->shard_capacity = capacity;
  }
  wd_shard *s;
  wd_status st = wd_shard_open(path, &s, err);
  if (st) return st;
  c->shard[c->shards++] = s;
  if (!alike(wd_shard_get_desc(s), wd_shard_get_desc(c->shard[0])))
    return wd_fail(err, WD_ERR_SHAPE, "%s holds another geometry than the shards before it: keep them apart",
                   path);
  c->all += wd_shard_count(s);
  return WD_OK;
}

static wd_status list(wd_corpus *c, wd_error *err) {
  c->place = wd_alloc((size_t)c->all, sizeof *c->place);
  if (!c->place) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a list of %d records", c->all);
  uint64_t sum = WD_CHECKSUM_START;
  int at = 0;
  for (int s = 0; s < c->shards; s++)
    for (int i = 0; i < wd_shard_count(c->shard[s]); i++) {
      wd_shard_record r = wd_shard_get_record(c->shard[s], i);
      uint64_t word[3] = {(uint64_t)r.family, r.seed, r.index};
      sum = wd_checksum(sum, word, sizeof word);
      c->place[at++] = (place){s, i};
    }
  c->fingerprint = sum;
  c->held_out = c->all < 16 ? 0 : c->all < 512 ? c->all / 8 : 64;
  return WD_OK;
}

wd_status wd_corpus_open(const char *folder, wd_corpus **out, wd_error *err) {
  wd_corpus *c = wd_calloc(1, sizeof *c);
  if (!c) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a corpus");
  if (snprintf(c->folder, sizeof c->folder, "%s", folder) >= (int)sizeof c->folder) {
    wd_free(c);
    return wd_fail(err, WD_ERR_ARGUMENT, "the folder's name is too long");
  }
  struct dirent **entry = NULL;
  int n = scandir(folder, &entry, is_shard, alphasort);
  wd_status st = WD_OK;
  if (n < 0) st = wd_fail(err, WD_ERR_IO, "%s: cannot read this folder: %s", folder, strerror(errno));
  if (n == 0)
    st = wd_fail(err, WD_ERR_IO,
                 "%s: no training shards here (wavediffusion-cli generate --codec makes some)", folder);
  for (int i = 0; i < n && !st; i++) st = add(c, entry[i]->d_name, err);
  for (int i = 0; i < n; i++) free(entry[i]);
  free(entry);
  if (!st) st = list(c, err);
  if (st) {
    wd_corpus_close(c);
    return st;
  }
  *out = c;
  return WD_OK;
}

int wd_corpus_count(const wd_corpus *c) {
  return c->all - c->held_out;
}
int wd_corpus_held_out(const wd_corpus *c) {
  return c->held_out;
}
const wd_shard_desc *wd_corpus_get_desc(const wd_corpus *c) {
  return wd_shard_get_desc(c->shard[0]);
}
const char *wd_corpus_folder(const wd_corpus *c) {
  return c->folder;
}
uint64_t wd_corpus_fingerprint(const wd_corpus *c) {
  return c->fingerprint;
}

void wd_corpus_families(const wd_corpus *c, int count[11]) {
  memset(count, 0, 11 * sizeof *count);
  for (int i = 0; i < c->all; i++) {
    int f = wd_corpus_get_record(c, i).family;
    count[f >= 0 && f < WD_FAMILIES ? f : WD_FAMILIES]++;
  }
}

wd_shard_record wd_corpus_get_record(const wd_corpus *c, int i) {
  return wd_shard_get_record(c->shard[c->place[i].shard], c->place[i].record);
}

wd_status wd_corpus_read(const wd_corpus *c, int i, float *velocity, float *scattered, float *direct,
                         wd_error *err) {
  if (i < 0 || i >= c->all) return wd_fail(err, WD_ERR_ARGUMENT, "record %d of %d", i, c->all);
  return wd_shard_read(c->shard[c->place[i].shard], c->place[i].record, velocity, scattered, direct, err);
}

wd_status wd_corpus_read_codes(const wd_corpus *c, int i, int32_t *codes, wd_error *err) {
  if (i < 0 || i >= c->all) return wd_fail(err, WD_ERR_ARGUMENT, "record %d of %d", i, c->all);
  return wd_shard_read_codes(c->shard[c->place[i].shard], c->place[i].record, codes, err);
}
