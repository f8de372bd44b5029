#include "app/import.h"

#include "app/i18n.h"
#include "app/recipe.h"
#include "app/status_error.h"
#include "model/safetensors.h"
#include "solver/file.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/openfwi.h"
#include "solver/segy.h"

#include <string.h>
#include <unistd.h>

/* Where the arrays are read from. SEG-Y is read again for every pair that is asked for: one file is one. */
struct WdImportSource {
  wd_npy *map, *gather;
  wd_openfwi *set;
  gboolean map_segy, gather_segy;
};

enum { PEEK = 4096, SEGY_HEADER = 3600 };

static gboolean fail(GError **error, const wd_error *err) {
  return wd_status_to_error(err, error);
}

void wd_import_free(WdImport *im) {
  if (!im) return;
  if (im->source) {
    wd_npy_close(im->source->map);
    wd_npy_close(im->source->gather);
    wd_openfwi_close(im->source->set);
    g_free(im->source);
  }
  g_free(im->path);
  g_free(im->name);
  g_free(im->recipe);
  g_free(im->map_file);
  g_free(im->gather_file);
  g_free(im);
}

static WdImport *import_new(WdImportKind kind, const char *path) {
  WdImport *im = g_new0(WdImport, 1);
  im->kind = kind;
  im->path = g_strdup(path);
  im->name = g_path_get_basename(path);
  im->source = g_new0(struct WdImportSource, 1);
  im->spacing = 10;
  im->dt = 0.001;
  return im;
}

/* ---- .npy */

/* Velocities are positive and in the thousands; gathers swing about zero. */
static gboolean looks_like_velocity(const float *value, gsize n) {
  gsize fast = 0;
  for (gsize i = 0; i < n; i++) {
    if (value[i] <= 0) return FALSE;
    fast += value[i] >= 100 && value[i] <= 20000;
  }
  return n && fast > n / 2;
}

static gboolean describe_others(const wd_npy *npy, GError **error) {
  char shape[128];
  int dims = wd_npy_dims(npy);
  const size_t *s = wd_npy_shape(npy);
  wd_npy_shape_text(npy, shape, sizeof shape);
  const char *hint = "";
  if (dims >= 4 && s[dims - 1] == s[dims - 2] && s[dims - 1] < 64)
    hint = _(" (these may be latents: wavediffusion-cli decode makes pairs of them)");
  else if (dims == 2)
    hint = _(" (one shot alone? A gather is shots x samples x receivers)");
  return wd_status_set_error(
      error, WD_ERR_SHAPE,
      _("%s holds an array %s, which is neither velocity maps (n, nz, nx) nor gathers (n, "
        "shots, samples, receivers)%s"),
      wd_npy_path(npy), shape, hint);
}

static gboolean take_npy(WdImport *im, const char *path, GError **error) {
  wd_error err = {0};
  wd_npy *npy = NULL;
  if (wd_npy_open(path, &npy, &err)) return fail(error, &err);
  gsize maps = 0, gathers = 0;
  int nz = 0, nx = 0, shots = 0, samples = 0, receivers = 0;
  gboolean as_map = !wd_npy_map_shape(npy, &maps, &nz, &nx, NULL);
  gboolean as_gather = !wd_npy_gather_shape(npy, &gathers, &shots, &samples, &receivers, NULL);
  gsize n = wd_npy_elements(npy) < PEEK ? wd_npy_elements(npy) : PEEK;
  g_autofree float *value = g_new(float, PEEK);
  gboolean good = as_map || as_gather;
  if (!good) {
    describe_others(npy, error);
  } else if (wd_npy_read(npy, 0, n, value, &err)) {
    good = fail(error, &err);
  } else if (as_map && as_gather) {
    as_map = looks_like_velocity(value, n);
  }
  if (good && (as_map ? im->has_maps : im->has_gathers))
    good = wd_status_set_error(error, WD_ERR_ARGUMENT,
                               as_map ? _("%s: two files of maps; open one with what belongs to it")
                                      : _("%s: two files of gathers; open one with what belongs to it"),
                               path);
  if (!good) {
    wd_npy_close(npy);
    return FALSE;
  }
  if (as_map) {
    im->source->map = npy;
    im->has_maps = TRUE;
    im->nz = nz;
    im->nx = nx;
    im->map_file = g_strdup(path);
  } else {
    im->source->gather = npy;
    im->has_gathers = TRUE;
    im->shots = shots;
    im->samples = samples;
    im->receivers = receivers;
    im->gather_file = g_strdup(path);
  }
  gsize count = as_map ? maps : gathers;
  if (im->count && im->count != count)
    return wd_status_set_error(error, WD_ERR_SHAPE,
                               as_map ? _("%s holds %zu maps, but %s holds %zu gathers: they are no pairs")
                                      : _("%s holds %zu gathers, but %s holds %zu maps: they are no pairs"),
                               path, (size_t)count, as_map ? im->gather_file : im->map_file,
                               (size_t)im->count);
  im->count = count;
  return TRUE;
}

/* ---- SEG-Y */

static gboolean segy_map(const char *path, double *spacing, gboolean *told, wd_map *out, wd_error *err) {
  *told = TRUE;
  wd_status st = wd_segy_read_map(path, NULL, out, err);
  if (st == WD_ERR_SHAPE || st == WD_ERR_ARGUMENT ||
      st == WD_ERR_FORMAT) { /* headers that contradict each other */
    *told = FALSE;
    st = wd_segy_read_map(path, &(wd_segy_read){.spacing = 10}, out, err);
  }
  if (st) return FALSE;
  *spacing = out->spacing;
  return TRUE;
}

static gboolean take_segy(WdImport *im, const char *path, GError **error) {
  wd_error err = {0};
  wd_segy_info info;
  if (wd_segy_inspect(path, NULL, &info, &err)) return fail(error, &err);
  wd_map map = {0};
  double spacing = 0;
  gboolean told = FALSE, as_map = FALSE;
  if (info.traces <= WD_MAP_MAX_SIDE && info.samples <= WD_MAP_MAX_SIDE &&
      segy_map(path, &spacing, &told, &map, &err))
    as_map = looks_like_velocity(map.value, (gsize)map.nz * (gsize)map.nx);
  int nz = map.nz, nx = map.nx;
  wd_map_clear(&map);
  if (as_map ? im->has_maps : im->has_gathers)
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               as_map ? _("%s: two files of maps; open one with what belongs to it")
                                      : _("%s: two files of gathers; open one with what belongs to it"),
                               path);
  if (as_map) {
    im->source->map_segy = im->has_maps = TRUE;
    im->nz = nz;
    im->nx = nx;
    im->spacing = spacing;
    im->spacing_told = told;
    im->map_file = g_strdup(path);
  } else {
    if (!info.receivers)
      return wd_status_set_error(error, WD_ERR_SHAPE, _("%s: its %d shots have different numbers of traces"),
                                 path, info.shots);
    im->source->gather_segy = im->has_gathers = TRUE;
    im->shots = info.shots;
    im->samples = info.samples;
    im->receivers = info.receivers;
    im->dt_told = info.interval > 0;
    if (im->dt_told) im->dt = info.interval * 1e-6;
    im->gather_file = g_strdup(path);
  }
  if (im->count > 1)
    return wd_status_set_error(error, WD_ERR_SHAPE,
                               as_map ? _("%s holds one map, the other file %zu: they are no pairs")
                                      : _("%s holds one gather, the other file %zu: they are no pairs"),
                               path, (size_t)im->count);
  im->count = 1;
  return TRUE;
}

/* ---- what a file is */

static gsize read_head(const char *path, char *head, gsize size, guint64 *bytes, GError **error) {
  wd_error err = {0};
  int fd = -1;
  uint64_t total = 0;
  if (wd_file_open_read(path, &fd, &total, &err)) {
    fail(error, &err);
    return 0;
  }
  gsize n = total < size ? (gsize)total : size;
  wd_status st =
      n ? wd_file_read_at(fd, path, 0, head, n, &err) : wd_fail(&err, WD_ERR_FORMAT, _("%s is empty"), path);
  close(fd);
  *bytes = total;
  if (st) {
    fail(error, &err);
    return 0;
  }
  return n;
}

/* Eight bytes of length, then a JSON object. */
static gboolean is_safetensors(const char *head, gsize n, guint64 bytes) {
  guint64 length = 0;
  for (int i = 0; i < 8 && n > 9; i++) length |= (guint64)(guchar)head[i] << (8 * i);
  return n > 9 && head[8] == '{' && length >= 2 && length <= bytes - 8;
}

static gboolean is_tiff_or_zip(const char *head, gsize n) {
  return n > 4 && (!memcmp(head, "PK\3\4", 4) || !memcmp(head, "\x89HDF", 4) || !memcmp(head, "\x80\2", 2));
}

static WdImport *open_safetensors(const char *path, GError **error) {
  wd_error err = {0};
  wd_safetensors *file = NULL;
  if (wd_safetensors_open(path, &file, &err)) {
    fail(error, &err);
    return NULL;
  }
  const char *format = wd_safetensors_metadata(file, "format");
  gboolean recording = format && (strstr(format, "recording") || strstr(format, "wdrun"));
  gboolean shard = wd_safetensors_find(file, "velocity") && wd_safetensors_find(file, "scattered");
  g_autofree char *base = g_path_get_basename(path);
  gboolean model = wd_safetensors_metadata(file, "wavediffusion.config") ||
                   g_str_has_prefix(base, "stage1") || g_str_has_prefix(base, "stage2");
  wd_safetensors_close(file);
  if (recording) return import_new(WD_IMPORT_RECORDING, path);
  if (model && !shard) {
    g_autofree char *folder = g_path_get_dirname(path);
    return import_new(WD_IMPORT_MODEL, folder);
  }
  wd_status_set_error(error, WD_ERR_UNSUPPORTED, "%s: %s", path,
                      shard ? _("a training shard, which is for training; wavediffusion-cli info tells of it")
                            : _("tensors of something else: neither a recording nor the weights of a model"));
  return NULL;
}

static gboolean take_data(WdImport *im, const char *path, GError **error) {
  char head[16] = {0};
  guint64 bytes = 0;
  gsize n = read_head(path, head, sizeof head, &bytes, error);
  if (!n) return FALSE;
  if (n >= 6 && !memcmp(head, "\x93NUMPY", 6)) return take_npy(im, path, error);
  GError *own = NULL;
  if (bytes > SEGY_HEADER && take_segy(im, path, &own)) return TRUE;
  wd_status_set_error(
      error, WD_ERR_UNSUPPORTED,
      _("%s is none of the files that can be opened: a recording (.wdrun), a recipe (JSON, or a figure "
        "with a recipe inside), velocity maps or gathers (.npy, SEG-Y), a model's folder%s%s%s"),
      path, own ? _("; read as SEG-Y: ") : "", own ? own->message : "",
      is_tiff_or_zip(head, n) ? _(" (an archive, HDF5 or pickle: write it as .npy)") : "");
  g_clear_error(&own);
  return FALSE;
}

static WdImport *open_folder(const char *path, GError **error) {
  static const char *const mark[] = {"stage1.safetensors", "evaluation.json", "CARD.md"};
  gboolean model = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(mark) && !model; i++) {
    g_autofree char *file = g_build_filename(path, mark[i], NULL);
    model = g_file_test(file, G_FILE_TEST_EXISTS);
  }
  GDir *dir = g_dir_open(path, 0, error);
  if (!dir) return NULL;
  for (const char *name; (name = g_dir_read_name(dir)) && !model;)
    model = g_str_has_prefix(name, "stage1-") && g_str_has_suffix(name, ".safetensors");
  g_dir_close(dir);
  if (model) return import_new(WD_IMPORT_MODEL, path);
  g_autofree char *velocity = g_build_filename(path, "velocity.npy", NULL),
                  *seismic = g_build_filename(path, "seismic.npy", NULL);
  if (g_file_test(velocity, G_FILE_TEST_EXISTS)) { /* what wavediffusion-cli sample or decode wrote */
    const char *both[] = {velocity, seismic};
    WdImport *im = wd_import_open(both, g_file_test(seismic, G_FILE_TEST_EXISTS) ? 2 : 1, error);
    if (im) {
      g_free(im->name);
      im->name = g_path_get_basename(path);
    }
    return im;
  }
  wd_error err = {0};
  wd_openfwi *set = NULL;
  if (wd_openfwi_open(path, NULL, &set, &err)) {
    wd_status_set_error(error, err.code,
                        _("%s is neither a model's folder (no stage1.safetensors) nor a data set: %s"), path,
                        err.message);
    return NULL;
  }
  WdImport *im = import_new(WD_IMPORT_DATA, path);
  wd_openfwi_shape s = wd_openfwi_describe(set);
  im->source->set = set;
  im->count = s.pairs;
  im->has_maps = im->has_gathers = TRUE;
  im->nz = s.nz;
  im->nx = s.nx;
  im->shots = s.shots;
  im->samples = s.samples;
  im->receivers = s.receivers;
  return im;
}

/* A recipe in the file, if that is what it is. *out NULL with TRUE: something else. */
static gboolean try_recipe(const char *path, const char *head, gsize n, WdImport **out, GError **error) {
  gboolean png = n >= 4 && !memcmp(head, "\x89PNG", 4), pdf = n >= 4 && !memcmp(head, "%PDF", 4);
  gsize at = n >= 3 && !memcmp(head, "\xef\xbb\xbf", 3) ? 3 : 0;
  while (at < n && g_ascii_isspace(head[at])) at++;
  gboolean json = at < n && head[at] == '{', xml = at < n && head[at] == '<';
  if (!png && !pdf && !json && !xml) return TRUE;
  GError *own = NULL;
  char *recipe = wd_import_read_recipe(path, &own);
  if (own) {
    g_propagate_error(error, own);
    return FALSE;
  }
  if (!recipe)
    return wd_status_set_error(
        error, WD_ERR_UNSUPPORTED, "%s: %s", path,
        json ? _("a text that is no JSON recipe")
             : _("a picture without a recipe inside: WaveDiffusion did not make it, or another "
                 "program saved it again without the recipe"));
  g_autoptr(WdRunRecipe) parsed = wd_run_recipe_from_json(recipe, error);
  if (!parsed) {
    g_prefix_error(error, "%s: ", path);
    g_free(recipe);
    return FALSE;
  }
  *out = import_new(WD_IMPORT_RECIPE, path);
  (*out)->recipe = recipe;
  return TRUE;
}

WdImport *wd_import_open(const char *const *path, guint paths, GError **error) {
  if (paths < 1 || paths > 2) {
    wd_status_set_error(error, WD_ERR_ARGUMENT,
                        _("%u files at once: open one, or a velocity map together with its gathers"), paths);
    return NULL;
  }
  if (paths == 1) {
    if (g_file_test(path[0], G_FILE_TEST_IS_DIR)) return open_folder(path[0], error);
    char head[512];
    guint64 bytes = 0;
    gsize n = read_head(path[0], head, sizeof head, &bytes, error);
    if (!n) return NULL;
    WdImport *im = NULL;
    if (!try_recipe(path[0], head, n, &im, error) || im) return im;
    if (is_safetensors(head, n, bytes)) return open_safetensors(path[0], error);
  }
  WdImport *im = import_new(WD_IMPORT_DATA, path[0]);
  for (guint i = 0; i < paths; i++)
    if (!take_data(im, path[i], error)) {
      wd_import_free(im);
      return NULL;
    }
  return im;
}

/* ---- what belongs together */

/* The path with the last `from` of its name replaced; NULL where there is none. */
static char *renamed(const char *path, const char *from, const char *to) {
  g_autofree char *base = g_path_get_basename(path), *dir = g_path_get_dirname(path);
  char *at = g_strrstr(base, from);
  if (!at) return NULL;
  g_autofree char *name = g_strdup_printf("%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
  return g_build_filename(dir, name, NULL);
}

gboolean wd_import_find_partner(WdImport *im) {
  static const char *const pair[][2] = {{"velocity", "seismic"}, {"model", "data"}, {"vel", "seis"}};
  if (im->kind != WD_IMPORT_DATA || im->source->set || im->has_maps == im->has_gathers) return FALSE;
  const char *own = im->has_maps ? im->map_file : im->gather_file;
  int a = im->has_maps ? 0 : 1;
  for (guint i = 0; i < G_N_ELEMENTS(pair); i++) {
    g_autofree char *beside = renamed(own, pair[i][a], pair[i][1 - a]);
    g_autofree char *folder = g_path_get_dirname(own), *other = renamed(folder, pair[i][a], pair[i][1 - a]);
    g_autofree char *base = beside ? g_path_get_basename(beside) : NULL;
    g_autofree char *across = beside && other ? g_build_filename(other, base, NULL) : NULL;
    const char *const candidate[] = {beside, across};
    for (int k = 0; k < 2; k++) {
      if (!candidate[k] || !g_file_test(candidate[k], G_FILE_TEST_IS_REGULAR)) continue;
      const char *const both[] = {own, candidate[k]};
      g_autoptr(WdImport) found = wd_import_open(both, 2, NULL);
      if (!found || !found->has_maps || !found->has_gathers) continue;
      WdImport moved = *im; /* the pair takes this one's place */
      *im = *found;
      *found = moved;
      return TRUE;
    }
  }
  return FALSE;
}

/* ---- reading */

static wd_status read_map(const WdImport *im, gsize i, wd_map *out, wd_error *err) {
  if (!im->source->map_segy) return wd_npy_read_map(im->source->map, i, im->spacing, out, err);
  return wd_segy_read_map(im->map_file, &(wd_segy_read){.spacing = im->spacing}, out, err);
}

static wd_status read_gather(const WdImport *im, gsize i, wd_gather *out, wd_error *err) {
  if (!im->source->gather_segy) return wd_npy_read_gather(im->source->gather, i, im->dt, out, err);
  return wd_segy_read_gather(im->gather_file, &(wd_segy_read){.dt = im->dt_told ? 0 : im->dt}, out, NULL,
                             err);
}

gboolean wd_import_read(WdImport *im, gsize i, wd_map *velocity, wd_gather *gathers, GError **error) {
  wd_error err = {0};
  wd_map v = {0};
  wd_gather g = {0};
  if (im->kind != WD_IMPORT_DATA || i >= im->count)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("%s: no pair %zu"), im->name, (size_t)i);
  wd_status st = WD_OK;
  if (im->source->set) {
    st = wd_openfwi_pair(im->source->set, i, velocity ? &v : NULL, gathers ? &g : NULL, &err);
  } else {
    if (velocity && im->has_maps) st = read_map(im, i, &v, &err);
    if (!st && gathers && im->has_gathers) st = read_gather(im, i, &g, &err);
  }
  if (st) {
    wd_map_clear(&v);
    wd_gather_clear(&g);
    return fail(error, &err);
  }
  if (velocity) *velocity = v;
  if (gathers) *gathers = g;
  return TRUE;
}

char *wd_import_title(const WdImport *im, gsize i) {
  if (im->source->set) {
    for (gsize b = 0;; b++) {
      const wd_openfwi_batch *batch = wd_openfwi_batch_at(im->source->set, b);
      if (!batch) break;
      if (i - batch->first >= batch->count) continue;
      g_autofree char *file = g_path_get_basename(batch->velocity);
      return g_strdup_printf(_("%s %zu of %s"), file, (size_t)(i - batch->first), im->name);
    }
  }
  return im->count > 1 ? g_strdup_printf("%s %zu", im->name, (size_t)i) : g_strdup(im->name);
}
