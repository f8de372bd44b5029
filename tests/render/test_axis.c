/* Ticks and numbers. */
#include "render/axis.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static void number(double value, double step, const char *expect) {
  char text[64];
  memset(text, 'x', sizeof text);
  wd_format_number(value, step, text, sizeof text);
  tap_ok(!strcmp(text, expect), "%.10g by %g reads \"%s\", want \"%s\"", value, step, text, expect);
}

static void majors(double lo, double hi, bool log, int room, const char *expect) {
  wd_axis axis = {lo, hi, log, NULL};
  wd_tick tick[WD_TICKS_MAX];
  int n = wd_axis_ticks(&axis, room, tick);
  char text[512] = "";
  for (int i = 0; i < n; i++)
    if (tick[i].major) {
      if (*text) strcat(text, " ");
      strcat(text, tick[i].text);
    }
  tap_ok(!strcmp(text, expect), "%g to %g, room %d%s: \"%s\", want \"%s\"", lo, hi, room, log ? ", log" : "",
         text, expect);
}

/* Any range and any room: inside, in order, not more labels than there is room for, some where three fit. */
static void test_random_axes(void) {
  wd_random r = wd_random_make(11, 0);
  int outside = 0, disorder = 0, many = 0, none = 0, same = 0;
  for (int k = 0; k < 20000; k++) {
    wd_axis axis = {.log = k % 4 == 0};
    double size = pow(10, wd_random_int(&r, -9, 9));
    axis.lo = axis.log ? size : size * (wd_random_uniform(&r) * 4 - 2);
    axis.hi = axis.log ? size * pow(10, 0.1 + 9 * wd_random_uniform(&r))
                       : axis.lo + size * (0.01 + wd_random_uniform(&r));
    if (k % 3 == 0 && !axis.log) {
      double t = axis.lo;
      axis.lo = axis.hi;
      axis.hi = t;
    }
    int room = wd_random_int(&r, 1, 12), labels = 0;
    wd_tick tick[WD_TICKS_MAX];
    int n = wd_axis_ticks(&axis, room, tick);
    const char *before = "";
    double lo = fmin(axis.lo, axis.hi), hi = fmax(axis.lo, axis.hi), slack = 1e-6 * (hi - lo);
    for (int i = 0; i < n; i++) {
      outside += tick[i].value < lo - slack || tick[i].value > hi + slack;
      disorder += i > 0 && !(tick[i].value > tick[i - 1].value);
      if (!tick[i].major) continue;
      labels++;
      same += !strcmp(before, tick[i].text) || !*tick[i].text;
      before = tick[i].text;
    }
    many += labels > room;
    none += room >= 3 && labels < 1;
  }
  tap_ok(outside == 0 && disorder == 0, "20000 axes: %d ticks outside, %d out of order", outside, disorder);
  tap_ok(many == 0 && none == 0 && same == 0,
         "%d with too many labels, %d with none, %d with equal neighbours", many, none, same);
}

int main(void) {
  number(0, 0, "0");
  number(-0.0, 1, "0");
  number(1500, 500, "1500");
  number(-6, 2, "−6");
  number(0.1 + 0.2 - 0.3, 0.1, "0");
  number(0.30000000000000004, 0.1, "0.3");
  number(2.50, 0, "2.5");
  number(12345, 1, "12\u202f345");
  number(-123456.5, 0.5, "−123\u202f456.5");
  number(0.0012345, 0, "0.001234");
  number(3.2e-5, 0, "3.2×10⁻⁵");
  number(-1.0e-12, 0, "−1×10⁻¹²");
  number(9.9999e7, 0, "1×10⁸");
  number(2.5e6, 5e5, "2.5×10⁶");
  number(NAN, 0, "NaN");
  number(-INFINITY, 1, "−∞");
  number(1e300, 0, "1×10³⁰⁰");
  number(999999, 0, "999\u202f999");
  char little[4] = "xxx";
  wd_format_number(123456, 1, little, sizeof little);
  tap_ok(strlen(little) < sizeof little, "a short buffer is not overrun: \"%s\"", little);

  majors(-5, 695, false, 8, "0 100 200 300 400 500 600");
  majors(-5, 695, false, 4, "0 200 400 600");
  majors(-5, 695, false, 2, "0 500");
  majors(0.5, 1000.5, false, 11, "100 200 300 400 500 600 700 800 900 1000");
  majors(1500, 4500, false, 7, "1500 2000 2500 3000 3500 4000 4500");
  majors(4500, 1500, false, 4, "2000 3000 4000");
  majors(-0.3, 0.3, false, 7, "−0.3 −0.2 −0.1 0 0.1 0.2 0.3");
  majors(1e-3, 2, true, 5, "0.001 0.01 0.1 1");
  majors(1e-8, 1, true, 5, "10⁻⁸ 10⁻⁶ 10⁻⁴ 0.01 1");
  majors(0.05, 0.8, true, 8, "0.05 0.1 0.2 0.5");
  majors(0.5, 3, true, 4, "0.5 1 2");
  majors(1.4, 4.2, true, 6, "2 3 4"); /* within a decade, without its ends */
  majors(2.2, 3.9, true, 6, "2.5 3 3.5");
  majors(0.61, 0.74, true, 6, "0.65 0.7");
  majors(1, 1, false, 8, "");
  majors(0, NAN, false, 8, "");
  majors(-1, 1, true, 8, "");
  majors(1e15, 1e15 + 1, false, 8, ""); /* doubles cannot tell the ticks apart */
  test_random_axes();
  wd_axis a = {2000, 0.02, true, NULL};
  double worst = 0;
  for (int i = 0; i <= 10; i++)
    worst = fmax(worst, fabs(wd_axis_place(&a, wd_axis_value(&a, i / 10.0)) - i / 10.0));
  tap_at_most(worst, 1e-12, "place and value are inverse on a log axis, off by");
  return tap_done();
}
