#include "app/cli/dataset.h"

#include "solver/file.h"
#include "solver/memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- names and places */

/* FlatVel-A -> FlatVel_A, as OpenFWI names its folders */
static void folder_name(int family, char out[32]) {
  snprintf(out, 32, "%s", wd_family_display_name((wd_family)family));
  for (char *p = out; *p; p++)
    if (*p == '-') *p = '_';
}

static bool is_fault(int family) {
  return family >= WD_FLATFAULT_A && family <= WD_CURVEFAULT_B;
}

/* Least number of layers of a fault family; each has three numbers of layers (physics.md section 5). */
static int least_layers(int family) {
  return family == WD_FLATFAULT_A || family == WD_CURVEFAULT_A ? 2 : 6;
}

/* Maps of one family when `count` are dealt out over all in turn. */
static size_t family_count(const dataset *d, int family) {
  if (d->family != WD_FAMILIES) return d->count;
  return d->count / WD_FAMILIES + ((size_t)family < d->count % WD_FAMILIES);
}

static size_t files_of(size_t maps) {
  return (maps + DATASET_PER_FILE - 1) / DATASET_PER_FILE;
}

static bool by_family(const dataset *d) {
  return d->layout == DATASET_OPENFWI;
}

size_t dataset_files(const dataset *d) {
  if (!by_family(d)) return files_of(d->count);
  if (d->family != WD_FAMILIES) return files_of(d->count);
  size_t n = 0;
  for (int f = 0; f < WD_FAMILIES; f++) n += files_of(family_count(d, f));
  return n;
}

/* The name of a file in this family's own count, number 0, 1, ... */
static int openfwi_names(const dataset *d, dataset_file *file, size_t number) {
  char family[32];
  folder_name(file->family, family);
  int a, b;
  if (is_fault(file->family)) {
    file->layers = least_layers(file->family) + (int)(number % 3);
    a = snprintf(file->velocity, DATASET_PATH, "%s/%s/vel%d_1_%zu.npy", d->folder, family, file->layers,
                 number / 3);
    b = snprintf(file->seismic, DATASET_PATH, "%s/%s/seis%d_1_%zu.npy", d->folder, family, file->layers,
                 number / 3);
  } else {
    a = snprintf(file->velocity, DATASET_PATH, "%s/%s/model/model%zu.npy", d->folder, family, number + 1);
    b = snprintf(file->seismic, DATASET_PATH, "%s/%s/data/data%zu.npy", d->folder, family, number + 1);
  }
  return a > b ? a : b;
}

wd_status dataset_file_at(const dataset *d, size_t number, dataset_file *out, wd_error *err) {
  *out = (dataset_file){.family = d->family};
  size_t maps = d->count, local = number;
  int length;
  if (by_family(d) && d->family == WD_FAMILIES) {
    out->family = 0;
    while (out->family < WD_FAMILIES - 1 && local >= files_of(family_count(d, out->family)))
      local -= files_of(family_count(d, out->family++));
    maps = family_count(d, out->family);
  }
  out->first = local * DATASET_PER_FILE;
  out->count = maps - out->first < DATASET_PER_FILE ? maps - out->first : DATASET_PER_FILE;
  if (by_family(d)) {
    length = openfwi_names(d, out, local);
  } else if (d->layout == DATASET_SHARDS) {
    length = snprintf(out->seismic, DATASET_PATH, "%s/shard-%05zu.safetensors", d->folder, number);
  } else {
    snprintf(out->velocity, DATASET_PATH, "%s/velocity-%05zu.npy", d->folder, number);
    length = snprintf(out->seismic, DATASET_PATH, "%s/seismic-%05zu.npy", d->folder, number);
  }
  if (length >= DATASET_PATH)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", d->folder);
  return WD_OK;
}

/* ---- maps */

typedef struct generation {
  const dataset *d;
  const dataset_file *file;
  const wd_hooks *hooks;
  dataset_map *map;
  uint64_t start; /* index of task 0, when the maps are candidates of one family */
  bool candidates;
  wd_status *status;
  wd_error *error;
} generation;

static void generate_one(void *ctx, int task, int worker) {
  (void)worker;
  generation *g = ctx;
  dataset_map *m = &g->map[task];
  if (wd_hooks_cancelled(g->hooks)) {
    g->status[task] = wd_fail(&g->error[task], WD_CANCELLED, "stopped");
    return;
  }
  uint64_t number = g->candidates ? g->start + (uint64_t)task : g->file->first + (uint64_t)task;
  if (g->file->family == WD_FAMILIES) {
    m->family = (wd_family)(number % WD_FAMILIES);
    m->index = number / WD_FAMILIES;
  } else {
    m->family = (wd_family)g->file->family;
    m->index = number;
  }
  if (g->d->test) m->index = wd_family_test_index(m->index);
  g->status[task] = wd_family_generate(m->family, g->d->seed, m->index, &m->map, &g->error[task]);
}

static wd_status generate_tasks(generation *g, wd_pool *pool, size_t tasks, wd_error *err) {
  g->status = wd_calloc(tasks, sizeof *g->status);
  g->error = wd_calloc(tasks, sizeof *g->error);
  wd_status st =
      g->status && g->error ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu maps", tasks);
  if (!st) wd_parallel_for(pool, (int)tasks, generate_one, g);
  for (size_t i = 0; i < tasks && !st; i++)
    if (g->status[i]) st = wd_fail(err, g->status[i], "%s", g->error[i].message);
  wd_free(g->status);
  wd_free(g->error);
  return st;
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Layers of a map of a fault family: each layer has a velocity of its own and is present (family_impl.h); B
 * has two stacks. */
static int count_layers(const dataset_map *m, float *scratch) {
  size_t n = (size_t)m->map.nz * (size_t)m->map.nx;
  memcpy(scratch, m->map.value, n * sizeof *scratch);
  qsort(scratch, n, sizeof *scratch, ascending);
  int values = 1;
  for (size_t i = 1; i < n; i++) values += scratch[i] != scratch[i - 1];
  return least_layers(m->family) == 2 ? values : values / 2;
}

/* The file->count maps with file->layers layers that come after the file->first / 3 or so of the files before
 * it: all indices are gone through from 0, so that every map with this many layers is used once, in order. */
static wd_status generate_layered(const dataset *d, const dataset_file *file, wd_pool *pool,
                                  const wd_hooks *hooks, dataset_map *out, wd_error *err) {
  enum { BLOCK = 256 };
  dataset_map *block = wd_calloc(BLOCK, sizeof *block);
  float *scratch = wd_alloc(70 * 70, sizeof *scratch);
  wd_status st =
      block && scratch ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", (int)BLOCK);
  /* Every third file of the family has this number of layers, and those before are full. */
  size_t skip = file->first / DATASET_PER_FILE / 3 * DATASET_PER_FILE, found = 0;
  generation g = {.d = d, .file = file, .hooks = hooks, .map = block, .candidates = true};
  for (; found < skip + file->count && !st; g.start += BLOCK) {
    st = generate_tasks(&g, pool, BLOCK, err);
    for (int i = 0; i < BLOCK; i++) {
      if (!st && found < skip + file->count && count_layers(&block[i], scratch) == file->layers) {
        if (found >= skip) {
          out[found - skip] = block[i];
          block[i].map = (wd_map){0};
        }
        found++;
      }
      wd_map_clear(&block[i].map);
    }
  }
  wd_free(block);
  wd_free(scratch);
  return st;
}

wd_status dataset_generate(const dataset *d, const dataset_file *file, wd_pool *pool, const wd_hooks *hooks,
                           dataset_map *out, wd_error *err) {
  if (file->layers) return generate_layered(d, file, pool, hooks, out, err);
  generation g = {.d = d, .file = file, .hooks = hooks, .map = out};
  return generate_tasks(&g, pool, file->count, err);
}

/* ---- the folder */

wd_status dataset_make_folder(const char *path, wd_error *err) {
  char part[DATASET_PATH];
  if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", path);
  for (char *p = part + 1;; p++) {
    if (*p && *p != '/') continue;
    char kept = *p;
    *p = 0;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return wd_fail(err, WD_ERR_IO, "%s: the folder cannot be made: %s", part, strerror(errno));
    *p = kept;
    if (!kept) break;
  }
  struct stat s;
  if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) return wd_fail(err, WD_ERR_IO, "%s: not a folder", path);
  return WD_OK;
}

static wd_status make_folders(const dataset *d, wd_error *err) {
  wd_status st = dataset_make_folder(d->folder, err);
  for (int f = 0; f < WD_FAMILIES && !st && by_family(d); f++) {
    if (d->family != WD_FAMILIES && d->family != f) continue;
    char family[32], path[DATASET_PATH];
    folder_name(f, family);
    for (int k = 0; k < 2 && !st; k++) {
      const char *inner = is_fault(f) ? "" : k ? "/model" : "/data";
      if (snprintf(path, sizeof path, "%s/%s%s", d->folder, family, inner) >= (int)sizeof path)
        return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", d->folder);
      st = dataset_make_folder(path, err);
    }
  }
  return st;
}

static wd_status compare_claim(const char *path, json_t *wanted, wd_error *err) {
  json_error_t e;
  json_t *there = json_load_file(path, 0, &e);
  if (!there) return wd_fail(err, WD_ERR_FORMAT, "%s: line %d: %s", path, e.line, e.text);
  const char *key;
  json_t *value;
  wd_status st = WD_OK;
  json_object_foreach(wanted, key, value) {
    json_t *old = json_object_get(there, key);
    if (st || strcmp(key, "count") == 0 || (old && json_equal(old, value))) continue;
    char *a = old ? json_dumps(old, JSON_ENCODE_ANY) : NULL, *b = json_dumps(value, JSON_ENCODE_ANY);
    st = wd_fail(err, WD_ERR_ARGUMENT,
                 "%s was begun with %s = %s, not %s: give the same options to continue it, or another folder",
                 path, key, a ? a : "(nothing)", b ? b : "?");
    free(a);
    free(b);
  }
  json_int_t count = json_integer_value(json_object_get(there, "count"));
  json_int_t now = json_integer_value(json_object_get(wanted, "count"));
  if (!st && count > now)
    st = wd_fail(err, WD_ERR_ARGUMENT,
                 "%s was begun with count %lld; %lld would throw maps away: take another folder", path,
                 (long long)count, (long long)now);
  json_decref(there);
  return st;
}

static wd_status claim(const dataset *d, json_t *recipe, bool write, wd_error *err) {
  static const char *const layouts[] = {"plain", "openfwi", "shards"};
  wd_status st = write ? make_folders(d, err) : WD_OK;
  if (st) return st;
  char path[DATASET_PATH];
  if (snprintf(path, sizeof path, "%s/dataset.json", d->folder) >= (int)sizeof path)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", d->folder);
  char seed[24]; /* as text: a JSON number need not hold 64 bits */
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)d->seed);
  json_t *wanted = json_pack("{s:s, s:s, s:I, s:s, s:s, s:i}", "family",
                             d->family == WD_FAMILIES ? "all" : wd_family_name((wd_family)d->family), "seed",
                             seed, "count", (json_int_t)d->count, "split", d->test ? "test" : "train",
                             "layout", layouts[d->layout], "maps_per_file", (int)DATASET_PER_FILE);
  if (!wanted || json_object_update(wanted, recipe) != 0) {
    json_decref(wanted);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %s", path);
  }
  struct stat s;
  if (stat(path, &s) == 0) st = compare_claim(path, wanted, err);
  char *text = st || !write ? NULL : json_dumps(wanted, JSON_INDENT(2) | JSON_SORT_KEYS);
  wd_file *file = NULL;
  if (text) st = wd_file_create(path, &file, err);
  if (text && !st) st = wd_file_write(file, text, strlen(text), err);
  if (text && !st) st = wd_file_write(file, "\n", 1, err);
  if (file && !st)
    st = wd_file_commit(file, err);
  else
    wd_file_abort(file);
  free(text);
  json_decref(wanted);
  return st;
}

wd_status dataset_claim(const dataset *d, struct json_t *recipe, wd_error *err) {
  return claim(d, recipe, true, err);
}

wd_status dataset_check(const dataset *d, struct json_t *recipe, wd_error *err) {
  return claim(d, recipe, false, err);
}
