#include "app/i18n.h"

#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN "wavediffusion"

void wd_i18n_start(void) {
  static gsize started;
  if (!g_once_init_enter(&started)) return;
  setlocale(LC_ALL, "");
  setlocale(LC_NUMERIC, "C");
  const char *given = g_getenv("WAVEDIFFUSION_LOCALES");
  bindtextdomain(DOMAIN, given && *given ? given : WD_INSTALLED_LOCALES);
  bind_textdomain_codeset(DOMAIN, "UTF-8");
  textdomain(DOMAIN);
  g_once_init_leave(&started, 1);
}

/* Where the text would not fit, its last character may be cut in two. */
static void end_whole(char *out) {
  const char *end;
  if (!g_utf8_validate(out, -1, &end) && strlen(end) < 4) out[end - out] = 0;
}

void wd_print(char *out, size_t size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const int n = vsnprintf(out, size, format, list);
  va_end(list);
  if (n < 0) out[0] = 0;
  if (n < 0 || (size_t)n >= size) end_whole(out);
}

void wd_copy(char *out, const char *text, size_t size) {
  if (g_strlcpy(out, text, size) >= size) end_whole(out);
}

void wd_append(char *out, const char *text, size_t size) {
  if (g_strlcat(out, text, size) >= size) end_whole(out);
}
