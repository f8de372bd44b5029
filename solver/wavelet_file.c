#include "solver/wavelet_file.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/survey.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TEXT = 16 << 20 };

static wd_status from_npy(const char *path, int column, float **value, int *samples, wd_error *err) {
  wd_npy *npy = NULL;
  wd_status status = wd_npy_open(path, &npy, err);
  if (status) return status;
  char shape[64];
  wd_npy_shape_text(npy, shape, sizeof shape);
  size_t n = wd_npy_elements(npy);
  const size_t *s = wd_npy_shape(npy);
  bool line = wd_npy_dims(npy) == 1 || (wd_npy_dims(npy) == 2 && (s[0] == 1 || s[1] == 1));
  float *out = NULL;
  if (column > 1)
    status = wd_fail(err, WD_ERR_ARGUMENT, "%s: column %d was asked of an array with one", path, column);
  else if (!line || n == 0)
    status = wd_fail(err, WD_ERR_SHAPE, "%s: shape %s is not one of a wavelet: (n,), (n, 1) or (1, n)", path,
                     shape);
  else if (n > WD_MAX_SAMPLES)
    status = wd_fail(err, WD_ERR_SHAPE, "%s: a wavelet of %zu samples; at most %d are read", path, n,
                     (int)WD_MAX_SAMPLES);
  else if (!(out = wd_alloc(n, sizeof *out)))
    status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for %zu samples", path, n);
  else
    status = wd_npy_read(npy, 0, n, out, err);
  for (size_t i = 0; i < n && !status; i++)
    if (!isfinite(out[i]))
      status = wd_fail(err, WD_ERR_FORMAT, "%s: sample %zu is %g; every sample must be finite", path, i,
                       (double)out[i]);
  wd_npy_close(npy);
  if (status) {
    wd_free(out);
    return status;
  }
  *value = out;
  *samples = (int)n;
  return WD_OK;
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static bool is_separator(char c) {
  return c == ',' || c == ';';
}

/* The numbers of one line (ended by a zero byte): how many there are, and the wanted one (0: the last). False
 * when a field is no number. */
static bool parse_line(const char *p, int wanted, locale_t c_locale, int *columns, double *value) {
  int n = 0;
  while (is_space(*p)) p++;
  while (*p) {
    char *end = NULL;
    double v = strtod_l(p, &end, c_locale);
    if (end == p || (*end && !is_space(*end) && !is_separator(*end))) return false;
    if (++n == wanted || wanted == 0) *value = v;
    p = end;
    while (is_space(*p)) p++;
    if (is_separator(*p)) {
      p++;
      while (is_space(*p)) p++;
      if (!*p || is_separator(*p)) return false; /* an empty field */
    }
  }
  *columns = n;
  return n > 0;
}

static wd_status from_text(const char *path, int column, float **value, int *samples, wd_error *err) {
  char *text = NULL;
  size_t bytes = 0;
  wd_status status = wd_file_read_all(path, MAX_TEXT, &text, &bytes, err);
  if (status) return status;
  float *out = wd_alloc(WD_MAX_SAMPLES, sizeof *out);
  locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!out || !c_locale) status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its samples", path);
  if (!status && bytes == 0) status = wd_fail(err, WD_ERR_FORMAT, "%s: the file is empty", path);
  if (!status && memchr(text, 0, bytes))
    status = wd_fail(err, WD_ERR_FORMAT, "%s: neither a .npy file nor a text of numbers", path);
  int n = 0, columns = 0, number = 0;
  bool names = false; /* a line of column names was seen */
  for (char *next, *p = text; p && !status; p = next) {
    number++;
    char *end = strchr(p, '\n');
    next = end ? end + 1 : NULL;
    if (end) *end = 0;
    while (is_space(*p)) p++;
    if (!*p || *p == '#') continue;
    int found = 0;
    double v = 0;
    if (!parse_line(p, column, c_locale, &found, &v)) {
      if (n == 0 && !names)
        names = true;
      else
        status =
            wd_fail(err, WD_ERR_FORMAT, "%s: line %d is not a line of numbers: \"%.40s\"", path, number, p);
      continue;
    }
    if (n == 0) columns = found;
    if (found != columns)
      status = wd_fail(err, WD_ERR_FORMAT, "%s: line %d has %d columns, the lines before have %d", path,
                       number, found, columns);
    else if (column > found)
      status = wd_fail(err, WD_ERR_ARGUMENT, "%s: column %d was asked, line %d has %d", path, column, number,
                       found);
    else if (n == WD_MAX_SAMPLES)
      status = wd_fail(err, WD_ERR_SHAPE, "%s: a wavelet of more than %d samples", path, (int)WD_MAX_SAMPLES);
    else if (!isfinite((float)v))
      status =
          wd_fail(err, WD_ERR_FORMAT, "%s: line %d holds %g, which is no finite float32", path, number, v);
    else
      out[n++] = (float)v;
  }
  if (!status && n == 0) status = wd_fail(err, WD_ERR_FORMAT, "%s: it holds no numbers", path);
  float *fitted = NULL;
  if (!status && !(fitted = wd_alloc((size_t)n, sizeof *fitted)))
    status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its samples", path);
  if (!status) {
    memcpy(fitted, out, (size_t)n * sizeof *fitted);
    *value = fitted;
    *samples = n;
  }
  if (c_locale) freelocale(c_locale);
  wd_free(out);
  wd_free(text);
  return status;
}

wd_status wd_wavelet_read(const char *path, int column, float **value, int *samples, wd_error *err) {
  if (column < 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: column %d was asked; they count from 1", path, column);
  int fd = -1;
  uint64_t bytes = 0;
  wd_status status = wd_file_open_read(path, &fd, &bytes, err);
  if (status) return status;
  unsigned char head[6] = {0};
  bool npy = bytes >= sizeof head && wd_file_read_at(fd, path, 0, head, sizeof head, NULL) == WD_OK &&
             memcmp(head, "\x93NUMPY", sizeof head) == 0;
  close(fd);
  return npy ? from_npy(path, column, value, samples, err) : from_text(path, column, value, samples, err);
}
