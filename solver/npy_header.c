#include "solver/npy_header.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

typedef struct cursor {
  const char *path, *text;
  size_t at, length;
  wd_error *err;
} cursor;

static wd_status bad(const cursor *c, const char *what) {
  return wd_fail(c->err, WD_ERR_FORMAT, "%s: the .npy header is broken: %s (at byte %zu of the dictionary)",
                 c->path, what, c->at);
}

static int peek(cursor *c) {
  while (c->at < c->length && (c->text[c->at] == ' ' || c->text[c->at] == '\n' || c->text[c->at] == '\t' ||
                               c->text[c->at] == '\r'))
    c->at++;
  return c->at < c->length ? (unsigned char)c->text[c->at] : -1;
}

static bool take(cursor *c, char wanted) {
  if (peek(c) != wanted) return false;
  c->at++;
  return true;
}

/* A quoted string without escapes (NumPy needs none) of at most bytes - 1 characters. */
static wd_status string(cursor *c, char *out, size_t bytes) {
  int quote = peek(c);
  if (quote != '\'' && quote != '"') return bad(c, "a quoted string was expected");
  c->at++;
  size_t n = 0;
  for (;; c->at++) {
    if (c->at >= c->length) return bad(c, "a string does not end");
    char ch = c->text[c->at];
    if (ch == quote) break;
    if (ch == '\\' || (unsigned char)ch < 0x20 || (unsigned char)ch > 0x7e)
      return bad(c, "a string holds an escape or a character that is not plain text");
    if (n + 1 >= bytes) return bad(c, "a string is longer than any key or type");
    out[n++] = ch;
  }
  c->at++;
  out[n] = 0;
  return WD_OK;
}

static bool word(cursor *c, const char *wanted) {
  size_t n = strlen(wanted);
  peek(c);
  if (c->length - c->at < n || memcmp(c->text + c->at, wanted, n) != 0) return false;
  c->at += n;
  return true;
}

static wd_status number(cursor *c, size_t *out) {
  int ch = peek(c);
  if (ch == '-') return bad(c, "a dimension is negative");
  if (ch < '0' || ch > '9') return bad(c, "a whole number was expected as a dimension");
  size_t value = 0;
  for (; c->at < c->length && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++)
    if (__builtin_mul_overflow(value, (size_t)10, &value) ||
        __builtin_add_overflow(value, (size_t)(c->text[c->at] - '0'), &value))
      return bad(c, "a dimension does not fit 64 bits");
  if (c->at < c->length && c->text[c->at] == 'L') c->at++; /* Python 2 wrote long integers so */
  *out = value;
  return WD_OK;
}

static wd_status shape(cursor *c, wd_npy_header *h) {
  if (!take(c, '(')) return bad(c, "the shape is not a tuple");
  h->dims = 0;
  bool comma = true;
  while (!take(c, ')')) {
    if (!comma) return bad(c, "a comma or a closing parenthesis was expected in the shape");
    if (h->dims == WD_NPY_MAX_DIMS)
      return wd_fail(c->err, WD_ERR_UNSUPPORTED, "%s: an array of more than %d dimensions", c->path,
                     WD_NPY_MAX_DIMS);
    wd_status status = number(c, &h->shape[h->dims]);
    if (status) return status;
    h->dims++;
    comma = take(c, ',');
  }
  if (h->dims == 1 && !comma) return bad(c, "a shape of one dimension needs its comma, as in (70,)");
  return WD_OK;
}

/* "<f4" and its like. Only kinds whose element size is in the string itself are understood. */
static wd_status interpret(const cursor *c, wd_npy_header *h) {
  const char *d = h->descr;
  bool marked = *d == '<' || *d == '>' || *d == '=' || *d == '|';
  const char *kind = marked ? d + 1 : d; /* NumPy reads an unmarked type as the machine's own order: little */
  h->big_endian = *d == '>';
  size_t size = 0;
  const char *p = *kind ? kind + 1 : kind;
  bool digits = *p != 0;
  for (; *p; p++) {
    if (*p < '0' || *p > '9') {
      digits = false;
      break;
    }
    size = size * 10 + (size_t)(*p - '0'); /* at most 13 digits: no overflow */
  }
  if (!*kind || !strchr("fiubcSUVmM", *kind) || !digits || (size == 0 && !strchr("SUV", *kind)))
    return wd_fail(c->err, WD_ERR_UNSUPPORTED,
                   "%s: elements of type '%s' are not understood; save float32 with array.astype('<f4')",
                   c->path, d);
  if (size > 1u << 20)
    return wd_fail(c->err, WD_ERR_UNSUPPORTED, "%s: elements of type '%s' are absurdly large", c->path, d);
  h->item = *kind == 'U' ? size * 4 : size;
  h->type = WD_NPY_OTHER;
  if (*kind == 'f' && *d != '|') {
    if (size == 4) h->type = WD_NPY_F32;
    if (size == 8) h->type = WD_NPY_F64;
    if (size == 2) h->type = WD_NPY_F16;
  }
  return WD_OK;
}

wd_status wd_npy_header_parse(const char *path, const char *text, size_t length, wd_npy_header *out,
                              wd_error *err) {
  cursor c = {.path = path, .text = text, .length = length, .err = err};
  wd_npy_header h = {0};
  bool has_descr = false, has_order = false, has_shape = false;
  if (!take(&c, '{')) return bad(&c, "it does not begin with a brace");
  bool comma = true;
  while (!take(&c, '}')) {
    if (peek(&c) < 0) return bad(&c, "the dictionary does not end");
    if (!comma) return bad(&c, "a comma was expected between two entries");
    char key[WD_NPY_MAX_DESCR];
    wd_status status = string(&c, key, sizeof key);
    if (status) return status;
    if (!take(&c, ':')) return bad(&c, "a colon was expected after a key");
    bool *seen = strcmp(key, "descr") == 0           ? &has_descr
                 : strcmp(key, "fortran_order") == 0 ? &has_order
                 : strcmp(key, "shape") == 0         ? &has_shape
                                                     : NULL;
    if (!seen) return bad(&c, "a key other than descr, fortran_order and shape");
    if (*seen) return bad(&c, "a key appears twice");
    *seen = true;
    if (seen == &has_descr) {
      if (peek(&c) == '[')
        return wd_fail(err, WD_ERR_UNSUPPORTED,
                       "%s: it holds records of several fields; save one field as a float32 array", path);
      status = string(&c, h.descr, sizeof h.descr);
      if (!status) status = interpret(&c, &h);
    } else if (seen == &has_order) {
      if (word(&c, "True"))
        h.fortran = true;
      else if (!word(&c, "False"))
        status = bad(&c, "fortran_order is neither True nor False");
    } else {
      status = shape(&c, &h);
    }
    if (status) return status;
    comma = take(&c, ',');
  }
  if (peek(&c) >= 0) return bad(&c, "something follows the dictionary");
  if (!has_descr || !has_order || !has_shape)
    return bad(&c, !has_descr   ? "descr is missing"
                   : !has_order ? "fortran_order is missing"
                                : "shape is missing");

  /* Zeros are left out of the product that is checked, so that a record of an empty array has a size too. */
  size_t bytes = h.item ? h.item : 1;
  bool empty = false;
  for (int i = 0; i < h.dims; i++) {
    if (h.shape[i] == 0)
      empty = true;
    else if (!wd_size_mul(bytes, h.shape[i], &bytes) || bytes > PTRDIFF_MAX)
      return wd_fail(
          err, WD_ERR_FORMAT,
          "%s: the .npy header is broken: the shape asks for more elements than memory can address", path);
  }
  h.elements = empty ? 0 : 1;
  for (int i = 0; i < h.dims; i++) h.elements *= h.shape[i];
  *out = h;
  return WD_OK;
}
