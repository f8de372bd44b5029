#include "app/csv.h"

#include <math.h>
#include <string.h>

void wd_csv_number(GString *s, double value, int digits) {
  char format[16], text[G_ASCII_DTOSTR_BUF_SIZE];
  g_snprintf(format, sizeof format, "%%.%dg", digits);
  if (isfinite(value))
    g_string_append(s, g_ascii_formatd(text, sizeof text, format, value));
  else
    g_string_append(s, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

void wd_csv_text(GString *s, const char *text) {
  if (!text || !strpbrk(text, ",\"\n\r")) {
    g_string_append(s, text ? text : "");
    return;
  }
  g_string_append_c(s, '"');
  for (; *text; text++) {
    if (*text == '"') g_string_append_c(s, '"');
    g_string_append_c(s, *text);
  }
  g_string_append_c(s, '"');
}
