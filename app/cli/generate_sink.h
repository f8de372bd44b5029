/* Where generated pairs go: .npy files, or training shards. */
#ifndef WD_CLI_GENERATE_SINK_H
#define WD_CLI_GENERATE_SINK_H

#include "app/cli/dataset.h"
#include "solver/parallel.h"
#include "solver/wave.h"

typedef struct sink sink;

typedef struct sink_ops {
  /* Whether the file is on disk, with as many maps as it should have. */
  bool (*complete)(const dataset_file *file, const wd_survey *survey);
  wd_status (*open)(sink *s, wd_error *err);
  /* The next n maps; their gathers are the first n of the wave, their direct fields (shards) the next n. */
  wd_status (*add)(sink *s, wd_pool *pool, const dataset_map *map, int n, const wd_wave *wave, wd_error *err);
  wd_status (*close)(sink *s, wd_error *err); /* frees, whatever the outcome */
  void (*abort)(sink *s);                     /* also after a failed open */
} sink_ops;

struct sink {
  const sink_ops *ops;
  const dataset_file *file;
  const wd_survey *survey;
  uint64_t seed;
  bool zero_last;
  void *state;
};

extern const sink_ops sink_npy, sink_shards;

#endif
