#include "solver/openfwi.h"

#include "solver/memory.h"
#include "solver/npy.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILES = 1 << 20, DEPTH = 2 };

/* ---- names ---- */

static size_t digits(const char *p) {
  size_t n = 0;
  while (p[n] >= '0' && p[n] <= '9') n++;
  return n;
}

/* The length of `groups` runs of digits joined by underscores, 0 when there are none. */
static size_t numbers(const char *p, int groups) {
  size_t at = 0;
  for (int i = 0; i < groups; i++) {
    if (i && p[at++] != '_') return 0;
    size_t n = digits(p + at);
    if (n == 0 || n > 18) return 0;
    at += n;
  }
  return at;
}

bool wd_openfwi_parse_name(const char *name, wd_openfwi_kind *kind, bool *seismic, const char **suffix,
                           size_t *length) {
  static const struct {
    const char *stem;
    wd_openfwi_kind kind;
    bool seismic;
    int groups;
  } form[] = {
      {"model", WD_OPENFWI_NUMBERED, false, 1},  {"data", WD_OPENFWI_NUMBERED, true, 1},
      {"vel", WD_OPENFWI_FAULT, false, 3},       {"seis", WD_OPENFWI_FAULT, true, 3},
      {"velocity-", WD_OPENFWI_PLAIN, false, 1}, {"seismic-", WD_OPENFWI_PLAIN, true, 1},
  };
  for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
    size_t stem = strlen(form[i].stem);
    if (strncmp(name, form[i].stem, stem) != 0) continue;
    size_t n = numbers(name + stem, form[i].groups);
    if (n == 0 || strcmp(name + stem + n, ".npy") != 0) continue;
    *kind = form[i].kind;
    *seismic = form[i].seismic;
    *suffix = name + stem;
    *length = n;
    return true;
  }
  return false;
}

wd_status wd_openfwi_name(wd_family family, int layers, int batch, bool seismic, char *out, size_t bytes,
                          wd_error *err) {
  if ((int)family < 0 || (int)family >= WD_FAMILIES || batch < 0 || batch == INT32_MAX)
    return wd_fail(err, WD_ERR_ARGUMENT, "no OpenFWI name for family %d, batch %d", (int)family, batch);
  bool fault = family >= WD_FLATFAULT_A && family <= WD_CURVEFAULT_B;
  if (fault && (layers < 1 || layers > 99))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "OpenFWI names its fault files by their number of layers; %d is none", layers);
  int n = fault ? snprintf(out, bytes, "%s%d_1_%d.npy", seismic ? "seis" : "vel", layers, batch)
                : snprintf(out, bytes, seismic ? "data/data%d.npy" : "model/model%d.npy", batch + 1);
  if (n < 0 || (size_t)n >= bytes) return wd_fail(err, WD_ERR_ARGUMENT, "no room for a file name");
  return WD_OK;
}

/* Runs of digits compare as numbers, the rest byte by byte. */
static int natural(const char *a, const char *b) {
  while (*a && *b) {
    size_t n = digits(a), m = digits(b);
    if (n && m) {
      while (n > 1 && *a == '0') a++, n--;
      while (m > 1 && *b == '0') b++, m--;
      if (n != m) return n < m ? -1 : 1;
      int order = memcmp(a, b, n);
      if (order) return order;
      a += n;
      b += m;
    } else {
      if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      a++;
      b++;
    }
  }
  return *a ? 1 : *b ? -1 : 0;
}

/* ---- the files of a folder ---- */

typedef struct found {
  char *path;
  char *home;   /* the folder that a pair shares: without data/ or model/ */
  char *suffix; /* the digits that a pair shares */
  wd_openfwi_kind kind;
  bool seismic;
} found;

typedef struct listing {
  found *item;
  size_t count, room;
} listing;

static int by_pair(const void *x, const void *y) {
  const found *a = x, *b = y;
  int order = natural(a->home, b->home);
  if (!order) order = strcmp(a->home, b->home);
  if (!order) order = (int)a->kind - (int)b->kind;
  if (!order) order = natural(a->suffix, b->suffix);
  if (!order) order = strcmp(a->suffix, b->suffix);
  if (!order) order = (int)a->seismic - (int)b->seismic;
  return order ? order : strcmp(a->path, b->path);
}

static bool same_pair(const found *a, const found *b) {
  return a->kind == b->kind && strcmp(a->home, b->home) == 0 && strcmp(a->suffix, b->suffix) == 0;
}

static void listing_clear(listing *l) {
  for (size_t i = 0; i < l->count; i++) {
    free(l->item[i].path);
    free(l->item[i].home);
    free(l->item[i].suffix);
  }
  free(l->item);
  *l = (listing){0};
}

static wd_status no_memory(const char *folder, wd_error *err) {
  return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its list of files", folder);
}

static wd_status add(listing *l, const char *folder, const char *name, wd_error *err) {
  found f = {0};
  const char *suffix = NULL;
  size_t length = 0;
  if (!wd_openfwi_parse_name(name, &f.kind, &f.seismic, &suffix, &length)) return WD_OK;
  if (l->count == MAX_FILES)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: more than %d files", folder, (int)MAX_FILES);
  if (l->count == l->room) {
    size_t room = l->room ? l->room * 2 : 64;
    found *item = realloc(l->item, room * sizeof *item);
    if (!item) return no_memory(folder, err);
    l->item = item;
    l->room = room;
  }
  const char *last = strrchr(folder, '/');
  size_t home = strlen(folder);
  if (f.kind == WD_OPENFWI_NUMBERED && last && strcmp(last + 1, f.seismic ? "data" : "model") == 0)
    home = (size_t)(last - folder);
  if (asprintf(&f.path, "%s/%s", folder, name) < 0) f.path = NULL;
  f.home = strndup(folder, home);
  f.suffix = strndup(suffix, length);
  if (!f.path || !f.home || !f.suffix) {
    free(f.path);
    free(f.home);
    free(f.suffix);
    return no_memory(folder, err);
  }
  l->item[l->count++] = f;
  return WD_OK;
}

static wd_status search(listing *l, const char *folder, int depth, wd_error *err) {
  DIR *dir = opendir(folder);
  if (!dir) {
    int code = errno;
    char text[96];
    return wd_fail(err, WD_ERR_IO, "%s: cannot list the folder: %s", folder,
                   strerror_r(code, text, sizeof text));
  }
  wd_status status = WD_OK;
  for (struct dirent *entry; !status && (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') continue; /* also what is still being written */
    bool is_folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat st;
      is_folder = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
    }
    if (!is_folder) {
      status = add(l, folder, entry->d_name, err);
    } else if (depth < DEPTH) {
      char *path = NULL;
      if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
        status = no_memory(folder, err);
        break;
      }
      status = search(l, path, depth + 1, err);
      free(path);
    }
  }
  closedir(dir);
  return status;
}

/* ---- the data set ---- */

typedef struct slot {
  wd_npy *npy;
  size_t batch;
  bool seismic;
  int users;     /* threads that read from it now; it may be closed at zero */
  uint64_t used; /* when it was last asked for */
} slot;

struct wd_openfwi {
  double spacing, dt;
  wd_openfwi_shape shape;
  wd_openfwi_batch *batch;
  slot *open;
  int max_open;
  uint64_t clock;
  pthread_mutex_t lock; /* guards open and clock */
};

void wd_openfwi_close(wd_openfwi *set) {
  if (!set) return;
  for (int i = 0; set->open && i < set->max_open; i++) wd_npy_close(set->open[i].npy);
  for (size_t i = 0; set->batch && i < set->shape.batches; i++) {
    free((char *)set->batch[i].velocity);
    free((char *)set->batch[i].seismic);
  }
  free(set->batch);
  free(set->open);
  pthread_mutex_destroy(&set->lock);
  free(set);
}

/* Opens a batch's file and holds its shape against the set's. On a first look (nz 0) the set takes the shape.
 */
static wd_status open_checked(wd_openfwi *set, size_t number, bool seismic, wd_npy **out, size_t *count,
                              wd_error *err) {
  const wd_openfwi_batch *b = &set->batch[number];
  wd_npy *npy = NULL;
  wd_status status = wd_npy_open(seismic ? b->seismic : b->velocity, &npy, err);
  if (status) return status;
  wd_openfwi_shape *s = &set->shape;
  if (wd_npy_dtype(npy) == WD_NPY_OTHER) {
    float none;
    status = wd_npy_read(npy, 0, 0, &none, err); /* says why */
  } else if (seismic) {
    int shots = 0, samples = 0, receivers = 0;
    status = wd_npy_gather_shape(npy, count, &shots, &samples, &receivers, err);
    if (!status && s->shots == 0) s->shots = shots, s->samples = samples, s->receivers = receivers;
    if (!status && (shots != s->shots || samples != s->samples || receivers != s->receivers))
      status =
          wd_fail(err, WD_ERR_SHAPE, "%s: gathers of (%d, %d, %d), those of %s are (%d, %d, %d)", b->seismic,
                  shots, samples, receivers, set->batch[0].seismic, s->shots, s->samples, s->receivers);
  } else {
    int nz = 0, nx = 0;
    status = wd_npy_map_shape(npy, count, &nz, &nx, err);
    if (!status && s->nz == 0) s->nz = nz, s->nx = nx;
    if (!status && (nz != s->nz || nx != s->nx))
      status = wd_fail(err, WD_ERR_SHAPE, "%s: maps of %d x %d cells, those of %s are %d x %d", b->velocity,
                       nz, nx, set->batch[0].velocity, s->nz, s->nx);
  }
  if (status) {
    wd_npy_close(npy);
    return status;
  }
  *out = npy;
  return WD_OK;
}

/* Makes batches of the sorted files; takes their paths. */
static wd_status pair_up(wd_openfwi *set, listing *l, const char *folder, bool velocity_only, wd_error *err) {
  for (size_t i = 0; i < l->count;) {
    found *first = &l->item[i];
    size_t n = 1;
    while (i + n < l->count && same_pair(first, &l->item[i + n])) n++;
    found *velocity = NULL, *seismic = NULL;
    for (size_t k = i; k < i + n; k++) {
      found **which = l->item[k].seismic ? &seismic : &velocity;
      if (*which)
        return wd_fail(err, WD_ERR_FORMAT, "%s: it stands for the same batch as %s", l->item[k].path,
                       (*which)->path);
      *which = &l->item[k];
    }
    i += n;
    if (velocity_only && !velocity) continue;
    if (!velocity_only && (!velocity || !seismic))
      return wd_fail(err, WD_ERR_FORMAT, "%s: its %s file is missing", first->path,
                     velocity ? "seismic" : "velocity");
    wd_openfwi_batch *b = &set->batch[set->shape.batches++];
    b->velocity = velocity->path;
    velocity->path = NULL;
    if (!velocity_only) {
      b->seismic = seismic->path;
      seismic->path = NULL;
    }
  }
  if (set->shape.batches == 0)
    return wd_fail(
        err, WD_ERR_FORMAT,
        "%s: no batches found; looked for model1.npy with data1.npy, vel2_1_0.npy with seis2_1_0.npy, "
        "velocity-00000.npy with seismic-00000.npy",
        folder);
  return WD_OK;
}

static wd_status check_batches(wd_openfwi *set, bool velocity_only, wd_error *err) {
  for (size_t i = 0; i < set->shape.batches; i++) {
    wd_openfwi_batch *b = &set->batch[i];
    wd_npy *npy = NULL;
    size_t maps = 0, gathers = 0;
    wd_status status = open_checked(set, i, false, &npy, &maps, err);
    if (status) return status;
    wd_npy_close(npy);
    if (!velocity_only) {
      status = open_checked(set, i, true, &npy, &gathers, err);
      if (status) return status;
      wd_npy_close(npy);
      if (maps != gathers)
        return wd_fail(err, WD_ERR_SHAPE, "%s: %zu gathers, but %s holds %zu maps", b->seismic, gathers,
                       b->velocity, maps);
    }
    b->first = set->shape.pairs;
    b->count = maps;
    if (__builtin_add_overflow(set->shape.pairs, maps, &set->shape.pairs))
      return wd_fail(err, WD_ERR_SHAPE, "%s: too many maps", b->velocity);
  }
  return WD_OK;
}

wd_status wd_openfwi_open(const char *folder, const wd_openfwi_desc *desc, wd_openfwi **out, wd_error *err) {
  static const wd_openfwi_desc plain = {0};
  if (!desc) desc = &plain;
  if (!folder || !*folder) return wd_fail(err, WD_ERR_ARGUMENT, "an empty folder name cannot be read");
  if (desc->max_open && (desc->max_open < 2 || desc->max_open > 256))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: %d files open at once; 2 to 256 are possible", folder,
                   desc->max_open);
  if (!(desc->spacing >= 0) || !(desc->dt >= 0))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: spacing %g m, dt %g s; neither may be negative", folder,
                   desc->spacing, desc->dt);
  wd_openfwi *set = calloc(1, sizeof *set);
  if (!set) return no_memory(folder, err);
  pthread_mutex_init(&set->lock, NULL);
  set->spacing = desc->spacing > 0 ? desc->spacing : 10;
  set->dt = desc->dt > 0 ? desc->dt : 0.001;
  set->max_open = desc->max_open ? desc->max_open : 16;
  set->open = calloc((size_t)set->max_open, sizeof *set->open);
  listing l = {0};
  wd_status status = set->open ? WD_OK : no_memory(folder, err);
  /* Without the slashes at its end, so that names read well. */
  char *trimmed = strdup(folder);
  if (!trimmed) status = no_memory(folder, err);
  for (size_t n = trimmed ? strlen(trimmed) : 0; n > 1 && trimmed[n - 1] == '/'; n--) trimmed[n - 1] = 0;
  if (!status) status = search(&l, trimmed, 0, err);
  if (!status) {
    if (l.count) qsort(l.item, l.count, sizeof *l.item, by_pair);
    set->batch = calloc(l.count ? l.count : 1, sizeof *set->batch);
    status = set->batch ? pair_up(set, &l, trimmed, desc->velocity_only, err) : no_memory(folder, err);
  }
  free(trimmed);
  listing_clear(&l);
  if (!status) status = check_batches(set, desc->velocity_only, err);
  if (status) {
    wd_openfwi_close(set);
    return status;
  }
  *out = set;
  return WD_OK;
}

wd_openfwi_shape wd_openfwi_describe(const wd_openfwi *set) {
  return set->shape;
}

const wd_openfwi_batch *wd_openfwi_batch_at(const wd_openfwi *set, size_t batch) {
  return batch < set->shape.batches ? &set->batch[batch] : NULL;
}

/* An open file of a batch, from the cache or opened now in place of the one that was not used for longest.
 * When every place is in use it is opened beside the cache: *place is then -1 and release closes it. */
static wd_status acquire(wd_openfwi *set, size_t batch, bool seismic, wd_npy **npy, int *place,
                         wd_error *err) {
  pthread_mutex_lock(&set->lock);
  int at = -1, oldest = -1;
  for (int i = 0; i < set->max_open; i++) {
    slot *s = &set->open[i];
    if (s->npy && s->batch == batch && s->seismic == seismic) at = i;
    if (s->users == 0 && (oldest < 0 || s->used < set->open[oldest].used)) oldest = i;
  }
  wd_status status = WD_OK;
  if (at < 0) {
    size_t count = 0;
    wd_npy *fresh = NULL;
    status = open_checked(set, batch, seismic, &fresh, &count, err);
    if (!status && count != set->batch[batch].count) {
      status =
          wd_fail(err, WD_ERR_FORMAT, "%s: it was changed since the folder was opened", wd_npy_path(fresh));
      wd_npy_close(fresh);
    }
    if (!status) {
      *npy = fresh;
      if (oldest >= 0) {
        wd_npy_close(set->open[oldest].npy);
        set->open[oldest] = (slot){.npy = fresh, .batch = batch, .seismic = seismic};
        at = oldest;
      }
    }
  }
  if (!status) {
    if (at >= 0) {
      set->open[at].users++;
      set->open[at].used = ++set->clock;
      *npy = set->open[at].npy;
    }
    *place = at;
  }
  pthread_mutex_unlock(&set->lock);
  return status;
}

static void release(wd_openfwi *set, wd_npy *npy, int place) {
  if (place < 0) {
    wd_npy_close(npy);
    return;
  }
  pthread_mutex_lock(&set->lock);
  set->open[place].users--;
  pthread_mutex_unlock(&set->lock);
}

wd_status wd_openfwi_pair(wd_openfwi *set, size_t i, wd_map *velocity, wd_gather *gather, wd_error *err) {
  if (i >= set->shape.pairs)
    return wd_fail(err, WD_ERR_ARGUMENT, "pair %zu was asked, the data set holds %zu (counted from 0)", i,
                   set->shape.pairs);
  if (gather && set->shape.shots == 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "gathers were asked of a data set opened for velocities alone");
  size_t low = 0, high = set->shape.batches; /* the last batch that begins at or before i */
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (set->batch[middle].first <= i)
      low = middle;
    else
      high = middle;
  }
  size_t at = i - set->batch[low].first;
  wd_map map = {0};
  wd_gather shots = {0};
  wd_npy *npy = NULL;
  int place = -1;
  wd_status status = WD_OK;
  if (velocity) {
    status = acquire(set, low, false, &npy, &place, err);
    if (!status) {
      status = wd_npy_read_map(npy, at, set->spacing, &map, err);
      release(set, npy, place);
    }
  }
  if (gather && !status) {
    status = acquire(set, low, true, &npy, &place, err);
    if (!status) {
      status = wd_npy_read_gather(npy, at, set->dt, &shots, err);
      release(set, npy, place);
    }
  }
  if (status) {
    wd_map_clear(&map);
    wd_gather_clear(&shots);
    return status;
  }
  if (velocity) *velocity = map;
  if (gather) *gather = shots;
  return WD_OK;
}
