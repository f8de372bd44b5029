/* wavediffusion-cli info: what a file holds, and which devices this machine has. */
#include "app/cli/cli.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/npy.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct info_args {
  const char *file;
  bool devices, header;
} info_args;

static const cli_operand operands[] = {
    {"FILE", offsetof(info_args, file), .required = false, .help = "a .npy file"}, {0}};

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

/* ---- by what the file begins with, whatever its name */

static wd_status describe(cli *c, const info_args *a, wd_error *err) {
  int fd;
  uint64_t bytes;
  wd_status st = wd_file_open_read(a->file, &fd, &bytes, err);
  if (st) return st;
  unsigned char head[16] = {0};
  ssize_t n = pread(fd, head, sizeof head, 0);
  close(fd);
  if (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0) return describe_npy(c, a, err);
  return wd_fail(err, WD_ERR_FORMAT, "%s: not a kind of file that this program knows (%llu bytes)", a->file,
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
    .details =
        "Shape, type, range and meaning of a file. The kind is told from its first bytes, not from its name.",
    .example = "wavediffusion-cli info velocity.npy\nwavediffusion-cli info --devices\n",
    .operand = operands,
    .option = options,
    .size = sizeof(info_args),
    .run = run,
};
