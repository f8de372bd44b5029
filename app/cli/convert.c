/* wavediffusion-cli convert: .npy, SEG-Y and raw float32, one into another. */
#include "app/cli/cli.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/segy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct convert_args {
  const char *in, *out, *shape;
  int from, to, as, dtype, index, shot;
  double dt, spacing;
  bool ibm, geometry;
} convert_args;

enum { BY_NAME, NPY, SEGY, RAW };    /* --from, --to */
enum { BY_SHAPE, GATHER, VELOCITY }; /* --as */
enum { BLOCK = 1 << 18 };            /* values copied at a time */

static const cli_operand operands[] = {
    {"IN", offsetof(convert_args, in), true, "what to read: NAME.npy, NAME.sgy, NAME.segy or NAME.raw"},
    {"OUT", offsetof(convert_args, out), true, "what to write, named likewise"},
    {0}};

static const cli_option options[] = {
    {"from", 0, CLI_CHOICE, offsetof(convert_args, from), .choices = "auto|npy|segy|raw", .initial = "auto",
     .help = "format of IN; auto: by its name"},
    {"to", 0, CLI_CHOICE, offsetof(convert_args, to), .choices = "auto|npy|segy|raw", .initial = "auto",
     .help = "format of OUT; auto: by its name"},
    {"as", 0, CLI_CHOICE, offsetof(convert_args, as), .choices = "auto|gather|velocity", .initial = "auto",
     .help =
         "what a SEG-Y file holds; auto: gathers when IN is SEG-Y, else a map where all values are positive"},
    {"shape", 0, CLI_TEXT, offsetof(convert_args, shape), .value = "N,N,...",
     .help = "shape of the array in a raw file, slowest axis first"},
    {"dtype", 0, CLI_CHOICE, offsetof(convert_args, dtype), .choices = "f32|f64|f16", .initial = "f32",
     .help = "type of the values in a .npy that is written"},
    {"index", 0, CLI_INT, offsetof(convert_args, index), .min = -1, .max = 1e9, .initial = "-1",
     .help = "which record of a batch goes into SEG-Y, from 0; -1: the only one"},
    {"shot", 0, CLI_INT, offsetof(convert_args, shot), .min = 1, .max = 1e9,
     .help = "read this shot of a SEG-Y file alone, from 1 [all]"},
    {"dt", 0, CLI_REAL, offsetof(convert_args, dt), .value = "S", .min = 1e-9, .max = 10,
     .help = "seconds between samples [writing SEG-Y: 0.001; reading: what the file says]"},
    {"spacing", 0, CLI_REAL, offsetof(convert_args, spacing), .value = "M", .min = 1e-6, .max = 1e6,
     .help = "metres between cells [writing SEG-Y: 10; reading: what the file says]"},
    {"ibm", 0, CLI_FLAG, offsetof(convert_args, ibm), .help = "write IBM floats in SEG-Y, in place of IEEE"},
    {"geometry", 0, CLI_FLAG, offsetof(convert_args, geometry),
     .help = "write the positions of OpenFWI's acquisition into SEG-Y: sources spread over the columns, one "
             "receiver a column"},
    {0}};

static const char *const format_name[] = {"auto", "npy", "segy", "raw"};

static int format_by_name(const char *path) {
  const char *dot = strrchr(path, '.');
  if (!dot || strchr(dot, '/')) return BY_NAME;
  if (strcasecmp(dot, ".npy") == 0) return NPY;
  if (strcasecmp(dot, ".sgy") == 0 || strcasecmp(dot, ".segy") == 0) return SEGY;
  if (strcasecmp(dot, ".raw") == 0 || strcasecmp(dot, ".f32") == 0 || strcasecmp(dot, ".bin") == 0)
    return RAW;
  return BY_NAME;
}

/* ---- input: an array of float32 values, wherever it lies */

typedef struct source {
  const char *path;
  int format, dims;
  size_t shape[WD_NPY_MAX_DIMS], count;
  wd_npy *npy;
  int fd; /* raw; -1 otherwise */
  bool is_map;
  wd_map map;       /* SEG-Y */
  wd_gather gather; /* SEG-Y */
} source;

static void source_close(source *s) {
  wd_npy_close(s->npy);
  if (s->fd >= 0) close(s->fd);
  wd_map_clear(&s->map);
  wd_gather_clear(&s->gather);
}

static wd_status parse_shape(const char *text, source *s, wd_error *err) {
  const char *p = text;
  for (s->dims = 0, s->count = 1;; p++) {
    char *end;
    if (!isdigit((unsigned char)*p) || s->dims == WD_NPY_MAX_DIMS) break;
    unsigned long long n = strtoull(p, &end, 10);
    if (n == 0 || n > (1ull << 40) || !wd_size_mul(s->count, (size_t)n, &s->count)) break;
    s->shape[s->dims++] = (size_t)n;
    p = end;
    if (!*p) return WD_OK;
    if (*p != ',') break;
  }
  return cli_usage_error(err, "--shape %s: expected 1 to %d positive numbers, as in 5,1000,70", text,
                         WD_NPY_MAX_DIMS);
}

static wd_status open_raw(const convert_args *a, source *s, wd_error *err) {
  if (!a->shape)
    return cli_usage_error(err, "%s: a raw file says nothing about its shape; give --shape", a->in);
  wd_status st = parse_shape(a->shape, s, err);
  if (st) return st;
  uint64_t bytes;
  st = wd_file_open_read(a->in, &s->fd, &bytes, err);
  if (!st && (bytes % 4 != 0 || bytes / 4 != s->count))
    st = wd_fail(err, WD_ERR_FORMAT, "%s: %llu bytes; --shape %s of float32 makes %zu", a->in,
                 (unsigned long long)bytes, a->shape, 4 * s->count);
  return st;
}

static wd_status open_segy(const convert_args *a, source *s, wd_error *err) {
  wd_segy_read how = {.dt = a->dt, .spacing = a->spacing, .shot = a->shot};
  s->is_map = a->as == VELOCITY;
  wd_status st = s->is_map ? wd_segy_read_map(a->in, &how, &s->map, err)
                           : wd_segy_read_gather(a->in, &how, &s->gather, NULL, err);
  if (st) return st;
  s->dims = 4;
  s->shape[0] = s->shape[1] = 1;
  if (s->is_map) {
    s->shape[2] = (size_t)s->map.nz;
    s->shape[3] = (size_t)s->map.nx;
  } else {
    s->shape[1] = (size_t)s->gather.shots;
    s->shape[2] = (size_t)s->gather.samples;
    s->shape[3] = (size_t)s->gather.receivers;
  }
  s->count = s->shape[1] * s->shape[2] * s->shape[3];
  return WD_OK;
}

static wd_status source_open(const convert_args *a, int format, source *s, wd_error *err) {
  *s = (source){.path = a->in, .format = format, .fd = -1};
  if (a->shape && format != RAW)
    return cli_usage_error(err, "--shape is for raw files; %s says its own shape", a->in);
  if (format == RAW) return open_raw(a, s, err);
  if (format == SEGY) return open_segy(a, s, err);
  wd_status st = wd_npy_open(a->in, &s->npy, err);
  if (st) return st;
  s->dims = wd_npy_dims(s->npy);
  s->count = wd_npy_elements(s->npy);
  memcpy(s->shape, wd_npy_shape(s->npy), sizeof *s->shape * (size_t)s->dims);
  return WD_OK;
}

static wd_status source_read(const source *s, size_t first, size_t count, float *out, wd_error *err) {
  if (s->format == NPY) return wd_npy_read(s->npy, first, count, out, err);
  if (s->format == RAW)
    return wd_file_read_at(s->fd, s->path, 4 * (uint64_t)first, out, 4 * count,
                           err); /* little-endian, as here */
  memcpy(out, (s->is_map ? s->map.value : s->gather.value) + first, sizeof *out * count);
  return WD_OK;
}

/* ---- output */

static wd_status copy_values(cli *c, const source *s, wd_npy_writer *npy, wd_file *file, wd_error *err) {
  float *block = wd_alloc(BLOCK, sizeof *block);
  if (!block) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to copy %s", s->path);
  wd_status st = WD_OK;
  cli_progress_begin(c, "convert", "M values", (double)s->count * 1e-6, 0);
  for (size_t first = 0; first < s->count && !st; first += BLOCK) {
    size_t n = s->count - first < BLOCK ? s->count - first : BLOCK;
    st = source_read(s, first, n, block, err);
    if (!st) st = npy ? wd_npy_writer_append(npy, block, n, err) : wd_file_write(file, block, 4 * n, err);
    if (!st && cli_cancelled(c)) st = wd_fail(err, WD_CANCELLED, "stopped");
    if (!st) cli_progress_set(c, (double)(first + n) * 1e-6);
  }
  if (!st) cli_progress_end(c);
  wd_free(block);
  return st;
}

static wd_status write_npy(cli *c, const convert_args *a, const source *s, wd_error *err) {
  static const wd_npy_type type[] = {WD_NPY_F32, WD_NPY_F64, WD_NPY_F16};
  wd_npy_writer *w = NULL;
  wd_status st = wd_npy_writer_open(a->out, type[a->dtype], s->dims, s->shape, &w, err);
  if (!st) st = copy_values(c, s, w, NULL, err);
  if (!st) return wd_npy_writer_close(w, err);
  wd_npy_writer_abort(w);
  return st;
}

static wd_status write_raw(cli *c, const convert_args *a, const source *s, wd_error *err) {
  wd_file *f = NULL;
  wd_status st = wd_file_create(a->out, &f, err);
  if (!st) st = wd_file_reserve(f, 4 * (uint64_t)s->count, err);
  if (!st) st = copy_values(c, s, NULL, f, err);
  if (!st) return wd_file_commit(f, err);
  wd_file_abort(f);
  return st;
}

/* The record that goes into a SEG-Y file: the `dims` trailing axes of the array, from element *first on. */
static wd_status pick_record(const convert_args *a, const source *s, int dims, size_t *first, wd_error *err) {
  size_t records = 1, record = 1;
  if (s->dims < dims)
    return wd_fail(err, WD_ERR_SHAPE, "%s: an array of %d axes; %s has %d", s->path, s->dims,
                   dims == 2 ? "a map (rows, columns)" : "a gather (shots, samples, receivers)", dims);
  for (int i = 0; i < s->dims; i++) *(i < s->dims - dims ? &records : &record) *= s->shape[i];
  if (a->index < 0 && records > 1)
    return cli_usage_error(err, "%s holds %zu records and a SEG-Y file one: choose it with --index", s->path,
                           records);
  if (a->index >= 0 && (size_t)a->index >= records)
    return cli_usage_error(err, "--index %d: %s holds %zu record%s", a->index, s->path, records,
                           records == 1 ? "" : "s");
  *first = a->index < 0 ? 0 : (size_t)a->index * record;
  return WD_OK;
}

/* Whether the array is maps or gathers: by --as, or else by its values, since shapes can mean both. A
 * velocity is positive everywhere, which no gather is. */
static wd_status holds_map(const convert_args *a, const source *s, bool *is_map, wd_error *err) {
  *is_map = a->as == VELOCITY;
  if (a->as != BY_SHAPE) return WD_OK;
  if (s->dims < 2)
    return wd_fail(err, WD_ERR_SHAPE, "%s: neither a map nor gathers: %d axes", s->path, s->dims);
  size_t n = s->shape[s->dims - 2] * s->shape[s->dims - 1];
  float *value = wd_alloc(n, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu values", n);
  wd_status st = source_read(s, 0, n, value, err);
  *is_map = true;
  for (size_t i = 0; i < n && !st && *is_map; i++) *is_map = value[i] > 0;
  wd_free(value);
  return st;
}

static wd_status write_segy_map(const convert_args *a, const source *s, wd_error *err) {
  size_t first;
  wd_map map = {0};
  wd_status st = pick_record(a, s, 2, &first, err);
  if (st) return st;
  size_t nz = s->shape[s->dims - 2], nx = s->shape[s->dims - 1];
  if (nz > WD_MAP_MAX_SIDE || nx > WD_MAP_MAX_SIDE)
    return wd_fail(err, WD_ERR_SHAPE, "%s: a map of %zu x %zu cells; at most %d a side", s->path, nz, nx,
                   WD_MAP_MAX_SIDE);
  st = wd_map_create((int)nz, (int)nx, a->spacing > 0 ? a->spacing : 10, &map, err);
  if (!st) st = source_read(s, first, nz * nx, map.value, err);
  if (!st) st = wd_segy_write_map(a->out, &map, a->ibm ? WD_SEGY_IBM : WD_SEGY_IEEE, err);
  wd_map_clear(&map);
  return st;
}

static wd_status write_segy_gather(const convert_args *a, const source *s, wd_error *err) {
  size_t first;
  wd_gather g = {0};
  wd_survey *survey = NULL;
  wd_status st = pick_record(a, s, 3, &first, err);
  if (st) return st;
  const size_t *n = s->shape + s->dims - 3;
  if (n[0] > WD_MAX_SHOTS || n[1] > WD_MAX_SAMPLES || n[2] > WD_MAX_RECEIVERS)
    return wd_fail(err, WD_ERR_SHAPE, "%s: gathers of %zu shots, %zu samples, %zu receivers", s->path, n[0],
                   n[1], n[2]);
  double dt = a->dt > 0 ? a->dt : 0.001;
  if (a->geometry) {
    wd_survey_desc d = {
        .nz = 2, .nx = (int)n[2], .spacing = a->spacing, .dt = dt, .samples = (int)n[1], .shots = (int)n[0]};
    st = wd_survey_create(&d, &survey, err);
  }
  if (!st) st = wd_gather_create((int)n[0], (int)n[1], (int)n[2], dt, &g, err);
  if (!st) st = source_read(s, first, wd_gather_count(&g), g.value, err);
  if (!st) st = wd_segy_write_gather(a->out, &g, survey, a->ibm ? WD_SEGY_IBM : WD_SEGY_IEEE, err);
  wd_gather_clear(&g);
  wd_survey_destroy(survey);
  return st;
}

static wd_status write_segy(const convert_args *a, const source *s, wd_error *err) {
  bool is_map = s->is_map;
  wd_status st = s->format == SEGY ? WD_OK : holds_map(a, s, &is_map, err);
  if (st) return st;
  return is_map ? write_segy_map(a, s, err) : write_segy_gather(a, s, err);
}

static wd_status report(cli *c, const convert_args *a, const source *s, int to, wd_error *err) {
  char shape[200] = "";
  json_t *list = json_array();
  for (int i = 0, n = 0; i < s->dims; i++) {
    json_array_append_new(list, json_integer((json_int_t)s->shape[i]));
    n += snprintf(shape + n, sizeof shape - (size_t)n, "%s%zu", i ? ", " : "", s->shape[i]);
  }
  if (c->json)
    return cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:o}", "input", a->in, "from",
                                    format_name[s->format], "output", a->out, "to", format_name[to], "shape",
                                    list),
                          err);
  json_decref(list);
  char record[40] = "";
  if (to == SEGY && a->index >= 0) snprintf(record, sizeof record, "record %d of ", a->index);
  printf("%s: %s from %s %s, %sarray (%s)\n", a->out, format_name[to], format_name[s->format], a->in, record,
         shape);
  return WD_OK;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const convert_args *a = arguments;
  int from = a->from ? a->from : format_by_name(a->in), to = a->to ? a->to : format_by_name(a->out);
  if (!from) return cli_usage_error(err, "%s: the name says no format; give --from npy, segy or raw", a->in);
  if (!to) return cli_usage_error(err, "%s: the name says no format; give --to npy, segy or raw", a->out);
  source s;
  wd_status st = source_open(a, from, &s, err);
  if (!st && to == NPY)
    st = write_npy(c, a, &s, err);
  else if (!st && to == RAW)
    st = write_raw(c, a, &s, err);
  else if (!st)
    st = write_segy(a, &s, err);
  if (!st) st = report(c, a, &s, to, err);
  source_close(&s);
  return st;
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "turn .npy, SEG-Y and raw float32 files into one another",
    .details =
        "Arrays of any shape pass between .npy and raw (float32, little-endian, slowest axis first). A SEG-Y "
        "file holds one velocity model (a trace a column) or the gathers of one survey (a field record a "
        "shot); it becomes an array (1,1,nz,nx) or (1, shots, samples, receivers).",
    .example = "wavediffusion-cli convert gathers.npy gathers.sgy --dt 0.001\n"
               "wavediffusion-cli convert gathers.sgy again.npy\n"
               "wavediffusion-cli convert velocity.npy velocity.raw\n"
               "wavediffusion-cli convert velocity.raw velocity2.npy --shape 70,70\n",
    .operand = operands,
    .option = options,
    .size = sizeof(convert_args),
    .run = run,
};
