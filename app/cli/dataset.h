/* Which generated maps go into which file of a data set on disk: names, families, indices. The same
 * description always stands for the same maps, so a job that was stopped goes on where it was. */
#ifndef WD_CLI_DATASET_H
#define WD_CLI_DATASET_H

#include "solver/family.h"
#include "solver/hooks.h"
#include "solver/parallel.h"

#include <stdio.h>

enum { DATASET_PER_FILE = 500, DATASET_PATH = 4096 };

typedef enum dataset_layout {
  DATASET_PLAIN,   /* velocity-00000.npy, seismic-00000.npy, ... */
  DATASET_OPENFWI, /* FlatVel_A/model/model1.npy with data/data1.npy; FlatFault_A/vel2_1_0.npy with seis2_1_0
                    */
  DATASET_SHARDS   /* shard-00000.safetensors: the temporal codec of model.md */
} dataset_layout;

typedef struct dataset {
  const char *folder;
  int family; /* a wd_family, or WD_FAMILIES for all ten in turn */
  uint64_t seed;
  size_t count; /* maps in all */
  bool test;    /* the test split (family.h) */
  dataset_layout layout;
} dataset;

/* One file (or pair of files) of it. */
typedef struct dataset_file {
  char velocity[DATASET_PATH], seismic[DATASET_PATH]; /* velocity is empty for shards */
  size_t first, count; /* its maps, counted within `family` when that is one family, else over all */
  int family;          /* or WD_FAMILIES */
  int layers;          /* only maps with this many layers (OpenFWI's fault families); 0 any */
} dataset_file;

/* One map of a file. */
typedef struct dataset_map {
  wd_family family;
  uint64_t index;
  wd_map map;
} dataset_map;

size_t dataset_files(const dataset *d);
wd_status dataset_file_at(const dataset *d, size_t number, dataset_file *out, wd_error *err);

/* Makes the maps of a file on the pool's threads: out[0..file->count-1], each map created, cleared by the
 * caller also after a failure. */
wd_status dataset_generate(const dataset *d, const dataset_file *file, wd_pool *pool, const wd_hooks *hooks,
                           dataset_map *out, wd_error *err);

/* Makes the folder, and writes dataset.json, which says how the data were made; a dataset.json that is there
 * already must say the same, but for the count: what was begun can be continued or made longer, never mixed
 * with something else. `recipe` is a JSON object of what else decides the values (jansson, borrowed). */
struct json_t;
wd_status dataset_claim(const dataset *d, struct json_t *recipe, wd_error *err);
/* The same checks, and nothing is made or written. */
wd_status dataset_check(const dataset *d, struct json_t *recipe, wd_error *err);

/* A folder and those above it, where they are missing. */
wd_status dataset_make_folder(const char *path, wd_error *err);

#endif
