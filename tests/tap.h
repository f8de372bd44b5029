/* The Test Anything Protocol in a page, so that the tests of solver/ and model/ build where there is nothing
 * but a C compiler (a GPU machine, say); meson reads it. */
#ifndef WD_TAP_H
#define WD_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

/* A point is one line, whatever the text that it quotes. */
__attribute__((unused, format(printf, 1, 0))) static void tap_line(const char *format, va_list ap) {
  char text[4096];
  vsnprintf(text, sizeof text, format, ap);
  for (char *c = text; *c; c++)
    if (*c == '\n') *c = ' ';
  printf("%s\n", text);
  fflush(stdout);
}

/* One test point; the text is what a reader of the report sees. Returns the verdict. */
__attribute__((format(printf, 2, 3), unused)) static bool tap_ok(bool pass, const char *format, ...) {
  printf("%s %d - ", pass ? "ok" : "not ok", ++tap_count);
  va_list ap;
  va_start(ap, format);
  tap_line(format, ap);
  va_end(ap);
  if (!pass) tap_failed++;
  return pass;
}

/* Passes when value <= limit (so NaN fails), and prints both. */
__attribute__((unused)) static bool tap_at_most(double value, double limit, const char *what) {
  return tap_ok(value <= limit, "%s: %.4g (at most %.4g)", what, value, limit);
}

__attribute__((format(printf, 1, 2), unused)) static void tap_skip(const char *format, ...) {
  printf("ok %d # SKIP ", ++tap_count);
  va_list ap;
  va_start(ap, format);
  tap_line(format, ap);
  va_end(ap);
}

__attribute__((unused)) static int tap_done(void) {
  printf("1..%d\n", tap_count);
  return tap_failed ? 1 : 0;
}

#endif
