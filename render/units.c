#include "render/units.h"
#include "render/axis.h"

#include <libintl.h> /* as panel_layout.c */
#include <math.h>
#include <stdio.h>
#include <string.h>

bool wd_units_same(const wd_units *a, const wd_units *b) {
  return a->distance == b->distance && a->time == b->time;
}

static bool is_base(const wd_units *u, wd_dimension d) {
  if (!u || d == WD_NO_DIMENSION) return true;
  return d == WD_TIME ? u->time == WD_MILLISECONDS : u->distance == WD_METRES;
}

double wd_units_factor(const wd_units *u, wd_dimension d) {
  return is_base(u, d) ? 1 : 1e-3;
}

const char *wd_units_symbol(const wd_units *u, wd_dimension d) {
  static const char *const symbol[][2] = {[WD_NO_DIMENSION] = {"", ""},
                                          [WD_DISTANCE] = {"m", "km"},
                                          [WD_TIME] = {"ms", "s"},
                                          [WD_VELOCITY] = {"m/s", "km/s"}};
  return symbol[d][!is_base(u, d)];
}

void wd_units_number(const wd_units *u, wd_dimension d, double value, double step, char *out, size_t size) {
  const double factor = wd_units_factor(u, d);
  if (is_base(u, d) || !(step > 0))
    wd_format_number(value * factor, step * factor, out, size);
  else
    wd_format_fixed(value * factor, (int)fmax(0, -floor(log10(step * factor) + 1e-9)), out, size);
}

void wd_units_text(const wd_units *u, wd_dimension d, double value, double step, char *out, size_t size) {
  char number[64];
  wd_units_number(u, d, value, step, number, sizeof number);
  snprintf(out, size, "%s%s%s", number, d == WD_NO_DIMENSION ? "" : " ", wd_units_symbol(u, d));
}

void wd_units_spoken(const wd_units *u, wd_dimension d, double value, double step, char *out, size_t size) {
  const char *const word[][2] = {
      [WD_NO_DIMENSION] = {"", ""},
      [WD_DISTANCE] = {gettext("metres"), gettext("kilometres")},
      [WD_TIME] = {gettext("milliseconds"), gettext("seconds")},
      [WD_VELOCITY] = {gettext("metres per second"), gettext("kilometres per second")}};
  char number[64];
  wd_units_number(u, d, value, step, number, sizeof number);
  snprintf(out, size, "%s%s%s", number, d == WD_NO_DIMENSION ? "" : " ", word[d][!is_base(u, d)]);
}

const char *wd_units_label(const wd_units *u, wd_dimension d, const char *label, char *buffer, size_t size) {
  if (!label || is_base(u, d)) return label;
  const char *to = wd_units_symbol(u, d), *open = strrchr(label, '('),
             *close = open ? strchr(open, ')') : NULL;
  if (close)
    snprintf(buffer, size, "%.*s%s%s", (int)(open + 1 - label), label, to, close);
  else
    snprintf(buffer, size, "%s", strcmp(label, wd_units_symbol(NULL, d)) ? label : to);
  return buffer;
}
