/* wavediffusion-cli info: what a file holds, and which devices this machine has. */
#include "app/cli/info.h"

#include "app/cli/recording.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/segy.h"
#ifdef WD_HAVE_RENDER
#  include "render/figure.h"
#endif

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct info_args {
  const char *file;
  bool devices, header;
} info_args;

static const cli_operand operands[] = {
    {"FILE", offsetof(info_args, file), .required = false,
     .help = "a .npy, SEG-Y or safetensors file, a recording, a PNG picture, or the "
             "folder of a model or of results"},
    {0}};

static const cli_option options[] = {{"devices", 0, CLI_FLAG, offsetof(info_args, devices),
                                      .help = "list the devices that could compute here"},
                                     {"header", 0, CLI_FLAG, offsetof(info_args, header),
                                      .help = "only the header, without reading the values"},
                                     {0}};

/* ---- devices */

static wd_status list_devices(cli *c, wd_error *err) {
  char text[4096];
  wd_device_list(text, sizeof text);
  if (!c->json) {
    fputs(text, stdout);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
    return WD_OK;
  }
  json_t *lines = json_array();
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
    json_array_append_new(lines, json_string(line));
  return cli_print_json(json_pack("{s:o}", "devices", lines), err);
}

/* ---- .npy */

typedef struct statistics {
  double min, max, sum, squares;
  size_t finite, nan, infinite;
} statistics;

static void add_values(statistics *s, const float *value, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double v = value[i];
    if (isnan(v))
      s->nan++;
    else if (isinf(v))
      s->infinite++;
    else {
      if (s->finite == 0 || v < s->min) s->min = v;
      if (s->finite == 0 || v > s->max) s->max = v;
      s->finite++;
      s->sum += v;
      s->squares += v * v;
    }
  }
}

static wd_status npy_statistics(cli *c, const wd_npy *npy, statistics *s, wd_error *err) {
  enum { BLOCK = 1 << 18 };
  size_t count = wd_npy_elements(npy);
  float *block = wd_alloc(BLOCK, sizeof *block);
  if (!block) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to read %s", wd_npy_path(npy));
  wd_status st = WD_OK;
  cli_progress_begin(c, "reading", "M values", (double)count * 1e-6, 0);
  for (size_t first = 0; first < count && !st; first += BLOCK) {
    size_t n = count - first < BLOCK ? count - first : BLOCK;
    st = wd_npy_read(npy, first, n, block, err);
    if (!st) add_values(s, block, n);
    if (!st && cli_cancelled(c)) st = wd_fail(err, WD_CANCELLED, "stopped");
    cli_progress_set(c, (double)(first + n) * 1e-6);
  }
  cli_progress_end(c);
  wd_free(block);
  return st;
}

/* What this program would take the array for. */
static void npy_meaning(const wd_npy *npy, char *text, size_t size) {
  size_t count;
  int a, b, d;
  if (wd_npy_dims(npy) != 3 && wd_npy_map_shape(npy, &count, &a, &b, NULL) == WD_OK)
    snprintf(text, size, "%zu map%s of %d x %d cells (as velocities are)", count, count == 1 ? "" : "s", a,
             b);
  else if (wd_npy_gather_shape(npy, &count, &a, &b, &d, NULL) == WD_OK)
    snprintf(text, size, "%zu gather%s of %d shots, %d samples, %d receivers", count, count == 1 ? "" : "s",
             a, b, d);
  else
    snprintf(text, size, "neither maps nor gathers");
}

static wd_status npy_print_json(const wd_npy *npy, const char *meaning, bool read, const statistics *s,
                                wd_error *err) {
  json_t *shape = json_array();
  for (int i = 0; i < wd_npy_dims(npy); i++)
    json_array_append_new(shape, json_integer((json_int_t)wd_npy_shape(npy)[i]));
  json_t *o =
      json_pack("{s:s, s:s, s:s, s:i, s:o, s:s}", "file", wd_npy_path(npy), "format", "npy", "dtype",
                wd_npy_descr(npy), "version", wd_npy_version(npy), "shape", shape, "meaning", meaning);
  if (read && s->finite) {
    double mean = s->sum / (double)s->finite;
    json_object_set_new(o, "min", cli_real(s->min));
    json_object_set_new(o, "max", cli_real(s->max));
    json_object_set_new(o, "mean", cli_real(mean));
    json_object_set_new(o, "rms", cli_real(sqrt(s->squares / (double)s->finite)));
  }
  if (read) {
    json_object_set_new(o, "nan", json_integer((json_int_t)s->nan));
    json_object_set_new(o, "infinite", json_integer((json_int_t)s->infinite));
  }
  return cli_print_json(o, err);
}

static wd_status describe_npy(cli *c, const info_args *a, wd_error *err) {
  wd_npy *npy = NULL;
  wd_status st = wd_npy_open(a->file, &npy, err);
  if (st) return st;
  statistics s = {0};
  bool read = !a->header && wd_npy_dtype(npy) != WD_NPY_OTHER;
  if (read) st = npy_statistics(c, npy, &s, err);
  char meaning[120], shape[200];
  npy_meaning(npy, meaning, sizeof meaning);
  if (!st && c->json) {
    st = npy_print_json(npy, meaning, read, &s, err);
  } else if (!st) {
    printf("%s: .npy version %d\n  dtype   %s\n  shape   %s\n  holds   %s\n", a->file, wd_npy_version(npy),
           wd_npy_descr(npy), wd_npy_shape_text(npy, shape, sizeof shape), meaning);
    if (read && s.finite)
      printf("  range   %.7g to %.7g, mean %.7g, root mean square %.7g\n", s.min, s.max,
             s.sum / (double)s.finite, sqrt(s.squares / (double)s.finite));
    if (read && s.nan + s.infinite) printf("  beware  %zu NaN, %zu infinite\n", s.nan, s.infinite);
  }
  wd_npy_close(npy);
  return st;
}

/* ---- SEG-Y */

static wd_status describe_segy(cli *c, const info_args *a, wd_error *err) {
  wd_segy_info i;
  wd_status st = wd_segy_inspect(a->file, NULL, &i, err);
  if (st) return st;
  if (c->json)
    return cli_print_json(json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:i, s:i, s:s}", "file",
                                    a->file, "format", "segy", "traces", i.traces, "samples", i.samples,
                                    "sample_format", i.format, "interval", i.interval, "revision", i.revision,
                                    "little_endian", (int)i.little_endian, "shots", i.shots, "receivers",
                                    i.receivers, "text", i.text),
                          err);
  printf("%s: SEG-Y revision %d, %s-endian\n  traces    %d of %d samples, sample format %d\n"
         "  interval  %d (microseconds, or millimetres where samples are depths)\n",
         a->file, i.revision, i.little_endian ? "little" : "big", i.traces, i.samples, i.format, i.interval);
  if (i.receivers)
    printf("  shots     %d of %d receivers\n", i.shots, i.receivers);
  else
    printf("  shots     %d, with different numbers of receivers\n", i.shots);
  for (const char *line = i.text; *line;) {
    int n = (int)strcspn(line, "\n"), end = n;
    while (end > 0 && line[end - 1] == ' ') end--;
    if (end > 3) printf("  %.*s\n", end, line);
    line += n + (line[n] == '\n');
  }
  return WD_OK;
}

/* ---- pictures: the recipe that made them */

static wd_status describe_png(cli *c, const info_args *a, wd_error *err) {
#ifdef WD_HAVE_RENDER
  char *recipe = NULL;
  wd_status st = wd_figure_read_recipe(a->file, &recipe, err);
  if (st) return st;
  json_t *o = json_loads(recipe, 0, NULL);
  wd_free(recipe);
  if (!o) return wd_fail(err, WD_ERR_FORMAT, "%s: the recipe in this picture is not JSON", a->file);
  if (c->json)
    return cli_print_json(json_pack("{s:s, s:s, s:o}", "file", a->file, "format", "png", "recipe", o), err);
  printf("%s: PNG picture, made by\n", a->file);
  return cli_print_json(o, err);
#else
  (void)c;
  return wd_fail(err, WD_ERR_UNSUPPORTED,
                 "%s: a PNG picture; this build was made without drawing and reads none", a->file);
#endif
}

/* ---- by what the file begins with, whatever its name */

/* SEG-Y begins with 40 cards of text, "C 1" and so on, in EBCDIC or ASCII, and 3600 bytes of headers; many
 * files leave the cards empty. */
static bool may_be_segy(const unsigned char *head, const char *name, uint64_t bytes) {
  const char *dot = strrchr(name, '.');
  if (bytes < 3600 + 240) return false;
  return head[0] == 'C' || head[0] == 0xc3 ||
         (dot && (strcasecmp(dot, ".sgy") == 0 || strcasecmp(dot, ".segy") == 0));
}

static wd_status describe(cli *c, const info_args *a, wd_error *err) {
  struct stat folder;
  if (stat(a->file, &folder) == 0 && S_ISDIR(folder.st_mode)) return info_folder(c, a->file, err);
  int fd;
  uint64_t bytes;
  wd_status st = wd_file_open_read(a->file, &fd, &bytes, err);
  if (st) return st;
  unsigned char head[16] = {0};
  ssize_t n = pread(fd, head, sizeof head, 0);
  close(fd);
  if (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0) return describe_npy(c, a, err);
  if (n >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0) return describe_png(c, a, err);
  if (n >= 9 && head[8] == '{' && head[6] == 0 && head[7] == 0)
    return !a->header && recording_recognise(a->file) ? recording_describe(c, a->file, err)
                                                      : info_tensors(c, a->file, a->header, err);
  if (may_be_segy(head, a->file, bytes)) return describe_segy(c, a, err);
  return wd_fail(err, WD_ERR_FORMAT,
                 "%s: %llu bytes that are neither .npy, SEG-Y, safetensors nor a PNG picture", a->file,
                 (unsigned long long)bytes);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const info_args *a = arguments;
  if (a->devices == (a->file != NULL)) return cli_usage_error(err, "give either a FILE or --devices");
  return a->devices ? list_devices(c, err) : describe(c, a, err);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "say what a file holds, or which devices this machine has",
    .details = "Shape, type, range and meaning of a .npy file; headers of a SEG-Y file; tensors of a "
               "safetensors file, and the maps of a training shard; runs, branches and scores of a recording "
               "(with --header its tensors); the recipe inside a picture "
               "that render drew; what a folder of weights or of results is. The kind is told from the first "
               "bytes, not from the name.",
    .example = "wavediffusion-cli info velocity.npy\nwavediffusion-cli info --devices\n",
    .operand = operands,
    .option = options,
    .size = sizeof(info_args),
    .run = run,
};
