#include "render/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS  "\u2212"
#define NARROW "\u202f"

static const char *const raised[10] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

static void append(char *out, size_t size, size_t *n, const char *text) {
  size_t length = strlen(text);
  if (*n + length + 1 > size) return;
  memcpy(out + *n, text, length + 1);
  *n += length;
}

/* Copies what snprintf wrote, with the true minus and the digits of the integer part in groups of three. */
static void dress(const char *plain, char *out, size_t size, size_t *n) {
  if (*plain == '-') {
    append(out, size, n, MINUS);
    plain++;
  }
  int digits = 0;
  while (plain[digits] >= '0' && plain[digits] <= '9') digits++;
  for (int i = 0; plain[i]; i++) {
    if (digits > 4 && i > 0 && i < digits && (digits - i) % 3 == 0) append(out, size, n, NARROW);
    char one[2] = {plain[i], 0};
    append(out, size, n, one);
  }
}

static void trim_zeros(char *plain) {
  char *mark = plain;
  while (*mark && ((*mark >= '0' && *mark <= '9') || *mark == '-')) mark++;
  if (!*mark) return; /* an integer */
  char *end = plain + strlen(plain);
  while (end > mark && end[-1] == '0') *--end = 0;
  /* Only the decimal mark is left (one or more bytes, as the locale has it). */
  bool digit = false;
  for (char *p = mark; *p; p++) digit |= *p >= '0' && *p <= '9';
  if (!digit) *mark = 0;
  if (!strcmp(plain, "-0")) strcpy(plain, "0");
}

void wd_format_number(double value, double step, char *out, size_t size) {
  if (size == 0) return;
  out[0] = 0;
  size_t n = 0;
  char plain[400];
  if (isnan(value)) {
    append(out, size, &n, "NaN");
    return;
  }
  if (isinf(value)) {
    append(out, size, &n, value < 0 ? MINUS "∞" : "∞");
    return;
  }
  double size_of = fabs(value);
  if (step > 0 && size_of < step * 1e-6) value = size_of = 0; /* 0.1 + 0.2 - 0.3 is zero here */
  if (size_of == 0) {
    append(out, size, &n, "0");
    return;
  }
  int decade = (int)floor(log10(size_of) + 1e-12);
  if (decade >= 6 || decade <= -5) {
    int digits = step > 0 ? decade - (int)floor(log10(step) + 1e-9) : 3;
    digits = digits < 0 ? 0 : digits > 6 ? 6 : digits;
    double mantissa = value / pow(10, decade);
    snprintf(plain, sizeof plain, "%.*f", digits, mantissa);
    if (rint(fabs(mantissa) * pow(10, digits)) >= 10 * pow(10, digits)) /* 9.9996 would print as 10.00 */
      snprintf(plain, sizeof plain, "%.*f", digits, value / pow(10, ++decade));
    if (digits > 0) trim_zeros(plain);
    dress(plain, out, size, &n);
    append(out, size, &n, "×10");
    if (decade < 0) append(out, size, &n, "⁻");
    snprintf(plain, sizeof plain, "%d", decade < 0 ? -decade : decade);
    for (int i = 0; plain[i]; i++) append(out, size, &n, raised[plain[i] - '0']);
    return;
  }
  int decimals = step > 0 ? -(int)floor(log10(step) + 1e-9) : 3 - decade;
  decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
  snprintf(plain, sizeof plain, "%.*f", decimals, value);
  if (decimals > 0) trim_zeros(plain);
  if (!strcmp(plain, "-0")) strcpy(plain, "0");
  dress(plain, out, size, &n);
}

void wd_format_fixed(double value, int decimals, char *out, size_t size) {
  char plain[400];
  size_t n = 0;
  if (size == 0 || !isfinite(value)) {
    wd_format_number(value, 0, out, size);
    return;
  }
  if (fabs(value) < 0.5 * pow(10, -decimals)) value = 0; /* no "-0.000" */
  snprintf(plain, sizeof plain, "%.*f", decimals, value);
  out[0] = 0;
  dress(plain, out, size, &n);
}

double wd_axis_place(const wd_axis *axis, double value) {
  if (axis->log) return log(value / axis->lo) / log(axis->hi / axis->lo);
  return (value - axis->lo) / (axis->hi - axis->lo);
}

double wd_axis_value(const wd_axis *axis, double place) {
  if (axis->log) return axis->lo * pow(axis->hi / axis->lo, place);
  return axis->lo + place * (axis->hi - axis->lo);
}

/* The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
static double nice_step(double least) {
  double decade = pow(10, floor(log10(least) + 1e-12));
  double m = least / decade;
  return decade * (m <= 1 + 1e-9 ? 1 : m <= 2 + 1e-9 ? 2 : m <= 5 + 1e-9 ? 5 : 10);
}

static int linear_ticks(double lo, double hi, int room, bool whole, wd_tick *out) {
  double span = hi - lo, step = nice_step(span / room);
  /* room labels may still be one too few: the first and the last tick can both be inside. */
  while (floor(hi / step + 1e-9) - ceil(lo / step - 1e-9) + 1 > room) step = nice_step(step * 1.5);
  if (whole && step < 1) step = 1;
  int parts = fabs(step / pow(10, floor(log10(step) + 1e-9)) - 2) < 0.1 ? 4 : 5;
  if (span / step * parts > WD_TICKS_MAX - 2) parts = 1;
  if (whole && step < parts) parts = 1;
  double fine = step / parts;
  if (fabs(lo) > 1e12 * fine || fabs(hi) > 1e12 * fine) return 0; /* ticks would not be distinct numbers */
  long from = (long)ceil(lo / fine - 1e-9), to = (long)floor(hi / fine + 1e-9);
  int n = 0;
  for (long k = from; k <= to && n < WD_TICKS_MAX; k++) {
    wd_tick *t = &out[n++];
    t->value = (double)k * fine;
    t->major = k % parts == 0;
    t->text[0] = 0;
    if (t->major) wd_format_number(t->value, step, t->text, sizeof t->text);
  }
  return n;
}

static void decade_text(int decade, char *out, size_t size) {
  if (decade >= -3 && decade <= 4) {
    wd_format_number(pow(10, decade), 0, out, size);
    return;
  }
  size_t n = 0;
  out[0] = 0;
  append(out, size, &n, "10");
  if (decade < 0) append(out, size, &n, "⁻");
  char plain[16];
  snprintf(plain, sizeof plain, "%d", decade < 0 ? -decade : decade);
  for (int i = 0; plain[i]; i++) append(out, size, &n, raised[plain[i] - '0']);
}

static int log_ticks(double lo, double hi, int room, wd_tick *out) {
  int first = (int)floor(log10(lo) + 1e-9), last = (int)ceil(log10(hi) - 1e-9);
  int decades = last - first > 1 ? last - first : 1, every = 1;
  int low = (int)ceil(log10(lo) - 1e-9), high = (int)floor(log10(hi) + 1e-9); /* decades that are inside */
  while (high >= low && floor((double)high / every) - ceil((double)low / every) + 1 > room) every++;
  bool minor = every == 1 && decades * 9 < WD_TICKS_MAX - 2;
  /* Under two decades the labels at 1 alone would say too little: 2 and 5 get one too, where there is room.
   */
  int named = 0; /* 1, 2 and 5 of every decade that are inside */
  for (int d = first; d <= last && named <= room; d++)
    for (int m = 0; m < 3; m++) {
      double value = (double[]){1, 2, 5}[m] * pow(10, d);
      named += value >= lo * (1 - 1e-9) && value <= hi * (1 + 1e-9);
    }
  /* So short an axis (1.4 to 4) is hardly bent: even steps, as labels of a straight one. */
  if (named < 2) return linear_ticks(lo, hi, room > 3 ? 2 * room / 3 : room, false, out);
  bool more = log10(hi / lo) < 2 && named <= room;
  int n = 0;
  for (int d = first; d <= last && n < WD_TICKS_MAX; d++)
    for (int m = 1; m <= (minor ? 9 : 1) && n < WD_TICKS_MAX; m++) {
      double value = m * pow(10, d);
      if (value < lo * (1 - 1e-9) || value > hi * (1 + 1e-9)) continue;
      wd_tick *t = &out[n++];
      t->value = value;
      t->major = m == 1 ? d % every == 0 : more && (m == 2 || m == 5);
      t->text[0] = 0;
      if (t->major && m == 1)
        decade_text(d, t->text, sizeof t->text);
      else if (t->major)
        wd_format_number(value, pow(10, d), t->text, sizeof t->text);
    }
  return n;
}

int wd_axis_ticks(const wd_axis *axis, int room, wd_tick out[WD_TICKS_MAX]) {
  double lo = fmin(axis->lo, axis->hi), hi = fmax(axis->lo, axis->hi);
  if (!isfinite(lo) || !isfinite(hi) || !(lo < hi) || !isfinite(hi - lo)) return 0;
  if (room < 1) room = 1;
  if (room > 40) room = 40;
  if (axis->log) return lo > 0 ? log_ticks(lo, hi, room, out) : 0;
  return linear_ticks(lo, hi, room, axis->whole, out);
}

int wd_axis_ticks_in(const wd_axis *axis, const wd_units *units, int room, wd_tick out[WD_TICKS_MAX]) {
  const double factor = wd_units_factor(units, axis->dimension);
  wd_axis shown = *axis;
  shown.lo *= factor;
  shown.hi *= factor;
  const int n = wd_axis_ticks(&shown, room, out);
  for (int i = 0; i < n && factor != 1; i++) out[i].value /= factor;
  return n;
}
