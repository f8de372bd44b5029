/* A recipe in a file of any kind. */
#include "app/import.h"

#include "app/recipe.h"
#include "app/status_error.h"
#include "render/figure.h"
#include "solver/file.h"
#include "solver/memory.h"

#include <string.h>
#include <unistd.h>

enum { READ_MAX = 256 << 20 };

/* The whole of a file, with a zero byte after it; release with wd_free. */
static char *read_file(const char *path, gsize limit, gsize *bytes, GError **error) {
  wd_error err = {0};
  char *data = NULL;
  size_t n = 0;
  if (wd_file_read_all(path, limit, &data, &n, &err)) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  *bytes = n;
  return data;
}

/* ---- SVG: <metadata id="wavediffusion:run">, escaped as XML */

static char *from_svg(const char *text) {
  const char *start = strstr(text, "<metadata id=\"" WD_FIGURE_KEYWORD "\"");
  start = start ? strchr(start, '>') : NULL;
  const char *end = start ? strstr(start, "</metadata>") : NULL;
  if (!end) return NULL;
  GString *s = g_string_new_len(start + 1, end - start - 1);
  g_string_replace(s, "&lt;", "<", 0);
  g_string_replace(s, "&gt;", ">", 0);
  g_string_replace(s, "&quot;", "\"", 0);
  g_string_replace(s, "&apos;", "'", 0);
  g_string_replace(s, "&#39;", "'", 0);
  g_string_replace(s, "&amp;", "&", 0);
  return g_string_free(s, FALSE);
}

/* ---- PDF: /Keywords (text) with backslashes, or <FEFF...>, UTF-16 in hexadecimal digits */

static char *pdf_literal(const char *p, const char *end) {
  GString *s = g_string_new(NULL);
  for (int depth = 1; p < end; p++) {
    if (*p == '\\' && p + 1 < end) {
      p++;
      if (*p >= '0' && *p <= '7') {
        int value = 0, digits = 0;
        while (digits < 3 && p < end && *p >= '0' && *p <= '7') {
          value = value * 8 + *p++ - '0';
          digits++;
        }
        p--;
        g_string_append_c(s, (char)value);
      } else if (*p != '\n') {
        g_string_append_c(s, *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
      }
      continue;
    }
    if (*p == '(') depth++;
    if (*p == ')' && --depth == 0) return g_string_free(s, FALSE);
    g_string_append_c(s, *p);
  }
  g_string_free(s, TRUE);
  return NULL;
}

static char *pdf_hex(const char *p, const char *end) {
  GArray *unit = g_array_new(FALSE, FALSE, sizeof(gunichar2));
  guint value = 0, digits = 0;
  for (; p < end && *p != '>'; p++) {
    int digit = g_ascii_xdigit_value(*p);
    if (digit < 0) continue;
    value = value * 16 + (guint)digit;
    if (++digits % 4 == 0) {
      gunichar2 u = (gunichar2)(value & 0xffff);
      if (digits > 4 || u != 0xfeff) g_array_append_val(unit, u);
      value = 0;
    }
  }
  char *text = !unit->len ? NULL
                          : g_utf16_to_utf8((const gunichar2 *)(gpointer)unit->data, (glong)unit->len, NULL,
                                            NULL, NULL);
  g_array_unref(unit);
  return text;
}

static char *from_pdf(const char *data, gsize bytes) {
  static const char key[] = "/Keywords";
  const char *end = data + bytes;
  for (const char *p = data; (p = memmem(p, (gsize)(end - p), key, sizeof key - 1)) != NULL;) {
    p += sizeof key - 1;
    while (p < end && g_ascii_isspace(*p)) p++;
    if (p >= end) break;
    char *text = *p == '(' ? pdf_literal(p + 1, end) : *p == '<' && p[1] != '<' ? pdf_hex(p + 1, end) : NULL;
    if (text && g_str_has_prefix(text, WD_FIGURE_KEYWORD)) {
      char *json = strchr(text, '{');
      char *own = g_strdup(json);
      g_free(text);
      if (own) return own;
      continue;
    }
    g_free(text);
  }
  return NULL;
}

/* ---- */

static char *from_png(const char *path, GError **error) {
  wd_error err = {0};
  char *json = NULL;
  wd_status st = wd_figure_read_recipe(path, &json, &err);
  if (st == WD_ERR_UNSUPPORTED) return NULL; /* a picture of someone else's */
  if (st) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  char *own = g_strdup(json);
  wd_free(json);
  return own;
}

static char *sidecar(const char *path) {
  g_autofree char *beside = g_strconcat(path, ".json", NULL);
  gsize n = 0;
  char *data =
      g_file_test(beside, G_FILE_TEST_IS_REGULAR) ? read_file(beside, WD_RECIPE_BYTES_MAX, &n, NULL) : NULL;
  char *own = data && strlen(data) == n && wd_run_recipe_recognise(data) ? g_strdup(data) : NULL;
  wd_free(data);
  return own;
}

char *wd_import_read_recipe(const char *path, GError **error) {
  wd_error err = {0};
  int fd = -1;
  uint64_t size = 0;
  if (wd_file_open_read(path, &fd, &size, &err)) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  char head[512] = {0};
  wd_status st = wd_file_read_at(fd, path, 0, head, size < sizeof head - 1 ? size : sizeof head - 1, &err);
  close(fd);
  if (st) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  if (!memcmp(head, "\x89PNG", 4)) {
    GError *own = NULL;
    char *json = from_png(path, &own);
    if (own) g_propagate_error(error, own);
    return json || own ? json : sidecar(path);
  }
  const char *p = head + (g_str_has_prefix(head, "\xef\xbb\xbf") ? 3 : 0);
  while (g_ascii_isspace(*p)) p++;
  gboolean pdf = g_str_has_prefix(head, "%PDF"), json = *p == '{', xml = *p == '<';
  if (!pdf && !json && !xml) return sidecar(path);
  if (json && size > WD_RECIPE_BYTES_MAX) return NULL;
  gsize n = 0;
  char *data = read_file(path, READ_MAX, &n, error);
  if (!data) return NULL;
  char *out = NULL;
  if (pdf)
    out = from_pdf(data, n);
  else if (xml)
    out = strlen(data) == n ? from_svg(data) : NULL;
  else if (strlen(data) == n)
    out = g_strdup(data + (p - head));
  wd_free(data);
  return out ? out : sidecar(path);
}
