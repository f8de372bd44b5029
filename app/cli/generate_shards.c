/* Generated pairs as training shards (model/shard.h): coded on all threads while the gathers are in cache. */
#include "app/cli/generate_sink.h"

#include "model/shard.h"
#include "solver/memory.h"

#include <unistd.h>

typedef struct shards {
  wd_codec *codec;
  wd_shard_writer *writer;
  int filled;
} shards;

static bool shard_complete(const dataset_file *file, const wd_survey *survey) {
  wd_shard *shard = NULL;
  if (access(file->seismic, F_OK) != 0 || wd_shard_open(file->seismic, &shard, NULL) != WD_OK) return false;
  const wd_shard_desc *d = wd_shard_get_desc(shard);
  bool same = (size_t)wd_shard_count(shard) == file->count && d->nz == survey->nz && d->nx == survey->nx &&
              d->shots == survey->shots && d->samples == survey->samples && d->receivers == survey->receivers;
  wd_shard_close(shard);
  return same;
}

static void shard_abort(sink *s) {
  shards *p = s->state;
  if (!p) return;
  wd_shard_writer_destroy(p->writer);
  wd_codec_destroy(p->codec);
  wd_free(p);
  s->state = NULL;
}

static wd_status shard_open(sink *s, wd_error *err) {
  shards *p = s->state = wd_calloc(1, sizeof *p);
  if (!p) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a shard");
  const wd_survey *v = s->survey;
  wd_codec_desc codec = {.samples = v->samples};
  wd_status st = wd_codec_create(&codec, &p->codec, err);
  if (st) return st;
  wd_shard_desc desc = {.nz = v->nz,
                        .nx = v->nx,
                        .spacing = v->spacing,
                        .shots = v->shots,
                        .samples = v->samples,
                        .receivers = v->receivers,
                        .instants = wd_codec_instants(p->codec),
                        .dt = v->dt,
                        .frequency = v->frequency};
  return wd_shard_writer_create(&desc, p->codec, (int)s->file->count, &p->writer, err);
}

typedef struct coding {
  shards *p;
  const sink *to;
  const dataset_map *map;
  const wd_gather **gather; /* n totals, then n direct fields */
  int n;
  wd_status *status;
  wd_error *error;
} coding;

static void code_one(void *ctx, int task, int worker) {
  (void)worker;
  coding *k = ctx;
  const dataset_map *m = &k->map[task];
  wd_shard_record record = {.family = (int)m->family, .seed = k->to->seed, .index = m->index};
  k->status[task] = wd_shard_writer_put(k->p->writer, k->p->filled + task, &record, &m->map, k->gather[task],
                                        k->gather[k->n + task], NULL, &k->error[task]);
}

static wd_status shard_add(sink *s, wd_pool *pool, const dataset_map *map, int n, const wd_wave *wave,
                           wd_error *err) {
  coding k = {.p = s->state, .to = s, .map = map, .n = n};
  k.gather = wd_calloc(2 * (size_t)n, sizeof *k.gather);
  k.status = wd_calloc((size_t)n, sizeof *k.status);
  k.error = wd_calloc((size_t)n, sizeof *k.error);
  wd_status st =
      k.gather && k.status && k.error ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", n);
  for (int i = 0; i < 2 * n && !st; i++) k.gather[i] = wd_wave_gather(wave, i);
  if (!st) wd_parallel_for(pool, n, code_one, &k);
  for (int i = 0; i < n && !st; i++)
    if (k.status[i]) st = wd_fail(err, k.status[i], "%s", k.error[i].message);
  if (!st) k.p->filled += n;
  wd_free(k.gather);
  wd_free(k.status);
  wd_free(k.error);
  return st;
}

static wd_status shard_close(sink *s, wd_error *err) {
  shards *p = s->state;
  wd_status st = wd_shard_writer_save(p->writer, p->filled, s->file->seismic, err);
  shard_abort(s);
  return st;
}

const sink_ops sink_shards = {.complete = shard_complete,
                              .open = shard_open,
                              .add = shard_add,
                              .close = shard_close,
                              .abort = shard_abort};
