/* PNG with the recipe inside: cairo's own writer has no text chunks, so this goes through libpng. */
#include "render/figure_private.h"
#include "solver/memory.h"

#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *wd_figure_join(const char *a, const char *b) {
  size_t na = strlen(a), nb = strlen(b);
  char *out = wd_alloc(na + nb + 1, 1);
  if (!out) return NULL;
  memcpy(out, a, na);
  memcpy(out + na, b, nb + 1);
  return out;
}

static size_t escape(const char *text, char *out) {
  size_t n = 0;
  for (; *text; text++) {
    const char *put = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
    /* XML has no place for control characters, and JSON needs none. */
    unsigned char c = (unsigned char)*text;
    if (!put && c < 32 && c != '\n' && c != '\t') put = " ";
    size_t length = put ? strlen(put) : 1;
    if (out) memcpy(out + n, put ? put : text, length);
    n += length;
  }
  if (out) out[n] = 0;
  return n;
}

wd_status wd_figure_svg_head(const wd_figure *f, wd_figure_text *out, wd_error *err) {
  static const char open_title[] = "\n<title>", close_title[] = "</title>";
  static const char open_run[] = "\n<metadata id=\"" WD_FIGURE_KEYWORD "\">", close_run[] = "</metadata>";
  const char *title = f->title ? f->title : "wavediffusion", *run = f->recipe ? f->recipe : "{}";
  size_t room = sizeof open_title + escape(title, NULL) + sizeof close_title + sizeof open_run +
                escape(run, NULL) + sizeof close_run;
  char *text = wd_alloc(room, 1);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "figure: no memory for its recipe");
  size_t n = 0;
  memcpy(text, open_title, sizeof open_title);
  n += sizeof open_title - 1;
  n += escape(title, text + n);
  memcpy(text + n, close_title, sizeof close_title);
  n += sizeof close_title - 1;
  memcpy(text + n, open_run, sizeof open_run);
  n += sizeof open_run - 1;
  n += escape(run, text + n);
  memcpy(text + n, close_run, sizeof close_run);
  n += sizeof close_run - 1;
  *out = (wd_figure_text){text, n};
  return WD_OK;
}

typedef struct sink {
  wd_file *file;
  wd_error *err; /* never NULL */
} sink;

static void on_error(png_structp png, png_const_charp message) {
  sink *s = png_get_error_ptr(png);
  if (!s->err->code) wd_fail(s->err, WD_ERR_FORMAT, "PNG: %s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message; /* libpng prints these to stderr otherwise */
}

static void write_bytes(png_structp png, png_bytep data, size_t length) {
  sink *s = png_get_io_ptr(png);
  if (wd_file_write(s->file, data, length, s->err)) png_error(png, "write failed");
}

static void flush_bytes(png_structp png) {
  (void)png;
}

/* Everything between setjmp and the end, so that nothing local is clobbered. */
static void write_all(png_structp png, png_infop info, const wd_figure *f, const unsigned char *pixel,
                      int width, int height, int stride, double dpi, png_bytep row) {
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_uint_32 per_metre = (png_uint_32)lround(dpi / 0.0254);
  png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_text text[3] = {{.compression = PNG_TEXT_COMPRESSION_NONE, .key = "Software", .text = "wavediffusion"}};
  int n = 1;
  /* libpng wants writable strings and does not write to them. */
  if (f->title)
    text[n++] = (png_text){
        .compression = PNG_ITXT_COMPRESSION_NONE, .key = "Title", .text = (char *)(uintptr_t)f->title};
  if (f->recipe)
    text[n++] = (png_text){.compression = strlen(f->recipe) > 1000 ? PNG_ITXT_COMPRESSION_zTXt
                                                                   : PNG_ITXT_COMPRESSION_NONE,
                           .key = WD_FIGURE_KEYWORD,
                           .text = (char *)(uintptr_t)f->recipe};
  for (int i = 1; i < n; i++) text[i].itxt_length = strlen(text[i].text);
  png_set_text(png, info, text, n);
  png_set_compression_level(png, 6);
  png_write_info(png, info);
  for (int y = 0; y < height; y++) {
    const unsigned char *line = pixel + (size_t)y * (size_t)stride;
    for (int x = 0; x < width; x++) {
      uint32_t p;
      memcpy(&p, line + 4 * (size_t)x, 4);
      row[3 * x] = (png_byte)(p >> 16);
      row[3 * x + 1] = (png_byte)(p >> 8);
      row[3 * x + 2] = (png_byte)p;
    }
    png_write_row(png, row);
  }
  png_write_end(png, NULL);
}

wd_status wd_figure_write_png(const wd_figure *f, const unsigned char *pixel, int width, int height,
                              int stride, double dpi, wd_file *file, wd_error *err) {
  wd_error own = {0};
  sink s = {file, &own};
  png_bytep row = wd_alloc((size_t)width * 3, 1);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!row || !info) {
    wd_fail(&own, WD_ERR_NO_MEMORY, "figure: no memory to write %d x %d pixels", width, height);
  } else if (!setjmp(png_jmpbuf(png))) {
    png_set_write_fn(png, &s, write_bytes, flush_bytes);
    write_all(png, info, f, pixel, width, height, stride, dpi, row);
  }
  png_destroy_write_struct(&png, &info);
  wd_free(row);
  if (own.code && err) *err = own;
  return own.code;
}

wd_status wd_figure_write_pixels(const unsigned char *pixel, int width, int height, int stride, double dpi,
                                 const char *recipe, const char *path, wd_error *err) {
  const wd_figure f = {.recipe = recipe};
  wd_file *file = NULL;
  wd_status st = wd_file_create(path, &file, err);
  if (!st) st = wd_figure_write_png(&f, pixel, width, height, stride, dpi, file, err);
  if (!st) return wd_file_commit(file, err);
  wd_file_abort(file);
  return st;
}

/* ---- reading ---- */

typedef struct feed {
  int fd;
  uint64_t size, at;
  const char *path;
  wd_error *err;
} feed;

static void read_bytes(png_structp png, png_bytep out, size_t length) {
  feed *s = png_get_io_ptr(png);
  if (length > s->size - s->at) png_error(png, "the file ends early");
  if (wd_file_read_at(s->fd, s->path, s->at, out, length, s->err)) png_error(png, "read failed");
  s->at += length;
}

static void on_read_error(png_structp png, png_const_charp message) {
  feed *s = png_get_error_ptr(png);
  if (!s->err->code) wd_fail(s->err, WD_ERR_FORMAT, "%s: no readable PNG: %s", s->path, message);
  png_longjmp(png, 1);
}

/* libpng makes room for what a chunk claims before it finds that the file is shorter: a few bytes could ask
 * for two gigabytes. So the claims of all chunks before the pixels are held against the file first. */
static wd_status check_chunks(const feed *s, wd_error *err) {
  enum { MOST = 10000 };
  uint64_t at = 8;
  for (int i = 0; i < MOST; i++) {
    unsigned char head[8];
    if (at + 12 > s->size)
      return wd_fail(err, WD_ERR_FORMAT, "%s: no readable PNG: the file ends early, at byte %llu", s->path,
                     (unsigned long long)s->size);
    wd_status st = wd_file_read_at(s->fd, s->path, at, head, sizeof head, err);
    if (st) return st;
    uint64_t length = (uint64_t)head[0] << 24 | (uint64_t)head[1] << 16 | (uint64_t)head[2] << 8 | head[3];
    if (length > s->size - at - 12)
      return wd_fail(err, WD_ERR_FORMAT,
                     "%s: no readable PNG: the chunk at byte %llu claims %llu bytes, %llu are left", s->path,
                     (unsigned long long)at, (unsigned long long)length,
                     (unsigned long long)(s->size - at - 12));
    if (!memcmp(head + 4, "IDAT", 4) || !memcmp(head + 4, "IEND", 4)) return WD_OK;
    at += length + 12;
  }
  return wd_fail(err, WD_ERR_FORMAT, "%s: no readable PNG: more than %d chunks before its pixels", s->path,
                 (int)MOST);
}

static void find_recipe(png_structp png, png_infop info, char **json) {
  png_read_info(png, info);
  png_textp text = NULL;
  int count = 0;
  png_get_text(png, info, &text, &count);
  for (int i = 0; i < count && !*json; i++)
    if (text[i].key && !strcmp(text[i].key, WD_FIGURE_KEYWORD) && text[i].text)
      *json = wd_figure_join(text[i].text, "");
}

wd_status wd_figure_read_recipe(const char *path, char **json, wd_error *err) {
  wd_error own = {0};
  feed s = {.fd = -1, .path = path, .err = &own};
  wd_status status = wd_file_open_read(path, &s.fd, &s.size, err);
  if (!status) status = check_chunks(&s, err);
  if (status) {
    if (s.fd >= 0) close(s.fd);
    return status;
  }
  char *found = NULL;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_read_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    wd_fail(&own, WD_ERR_NO_MEMORY, "%s: no memory to read the PNG", path);
  } else if (!setjmp(png_jmpbuf(png))) {
    png_set_read_fn(png, &s, read_bytes);
    png_set_chunk_malloc_max(png, 16u << 20); /* a recipe is kilobytes; a hostile file may claim more */
    png_set_user_limits(png, 1000000, 1000000);
    find_recipe(png, info, &found);
  }
  png_destroy_read_struct(&png, &info, NULL);
  close(s.fd);
  if (own.code) {
    wd_free(found);
    if (err) *err = own;
    return own.code;
  }
  if (!found)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: this PNG carries no recipe (%s)", path, WD_FIGURE_KEYWORD);
  *json = found;
  return WD_OK;
}
