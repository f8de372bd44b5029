/* Units that people read: numbers, words, labels, ticks. */
#include "render/axis.h"
#include "render/panel.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const wd_units base = {WD_METRES, WD_MILLISECONDS}, large = {WD_KILOMETRES, WD_SECONDS};

static void reads(const wd_units *units, wd_dimension dimension, double value, double step,
                  const char *expect) {
  char text[64], number[64];
  memset(text, 'x', sizeof text);
  wd_units_text(units, dimension, value, step, text, sizeof text);
  wd_units_number(units, dimension, value, step, number, sizeof number);
  tap_ok(!strcmp(text, expect) && !strncmp(text, number, strlen(number)),
         "%.10g by %g reads \"%s\", want \"%s\"", value, step, text, expect);
}

static void spoken(const wd_units *units, wd_dimension dimension, double value, const char *expect) {
  char text[64];
  wd_units_spoken(units, dimension, value, 1, text, sizeof text);
  tap_ok(!strcmp(text, expect), "%.10g is heard as \"%s\", want \"%s\"", value, text, expect);
}

static void label(const wd_units *units, wd_dimension dimension, const char *text, const char *expect) {
  char own[64];
  const char *got = wd_units_label(units, dimension, text, own, sizeof own);
  tap_ok(got && !strcmp(got, expect), "\"%s\" reads \"%s\", want \"%s\"", text, got ? got : "", expect);
}

static void majors(const wd_units *units, wd_axis axis, int room, const char *expect) {
  wd_tick tick[WD_TICKS_MAX];
  const int n = wd_axis_ticks_in(&axis, units, room, tick);
  char text[256] = "";
  int outside = 0, off = 0;
  for (int i = 0; i < n; i++) {
    outside += tick[i].value < fmin(axis.lo, axis.hi) - 1e-6 || tick[i].value > fmax(axis.lo, axis.hi) + 1e-6;
    if (!tick[i].major) continue;
    double shown = 0;
    if (sscanf(tick[i].text, "%lf", &shown) == 1)
      off += fabs(shown - tick[i].value * wd_units_factor(units, axis.dimension)) > 1e-9;
    if (*text) strcat(text, " ");
    strcat(text, tick[i].text);
  }
  tap_ok(!strcmp(text, expect) && !outside && !off, "%g to %g: \"%s\", want \"%s\"; each where it belongs",
         axis.lo, axis.hi, text, expect);
}

/* A panel knows what its axes and its values are in. */
static void panels(void) {
  float value[4] = {0};
  const wd_facet facet = {.value = value};
  const wd_map map = {2, 2, 10, value};
  const wd_gather gather = {1, 2, 2, 0.5, value};
  wd_panel p = wd_panel_of_map(&map, &facet, 1);
  tap_ok(p.x.dimension == WD_DISTANCE && p.y.dimension == WD_DISTANCE && p.dimension == WD_VELOCITY,
         "a map: distance, depth, velocity");
  p = wd_panel_of_gather(&gather, 10, &facet, 1);
  tap_ok(p.x.dimension == WD_DISTANCE && p.y.dimension == WD_TIME && p.dimension == WD_NO_DIMENSION,
         "a gather: distance, time, amplitudes");
  p = wd_panel_of_gather(&gather, 0, &facet, 1);
  tap_ok(p.x.dimension == WD_NO_DIMENSION, "receivers are counted");
  p = wd_panel_of_gather(&gather, 10, &facet, 1);
  p.range = (wd_range){-1, 1, ""};
  wd_panel_layout a, b, c;
  wd_style style = {0};
  wd_error err = {0};
  wd_status st = wd_panel_arrange(&p, &style, 300, 300, &a, &err);
  style.units = large;
  if (!st) st = wd_panel_arrange(&p, &style, 300, 300, &b, &err);
  style.units = base;
  if (!st) st = wd_panel_arrange(&p, &style, 300, 300, &c, &err);
  tap_ok(!st && a.left == c.left, "the base units are what a zeroed style has");
  tap_ok(!st && b.left < a.left, "\"1\" takes less room than \"1000\": %g of %g", b.left, a.left);
}

int main(void) {
  reads(&base, WD_DISTANCE, 310, 1, "310 m");
  reads(&base, WD_TIME, 412, 1, "412 ms");
  reads(&base, WD_VELOCITY, 2875.4, 1, "2875 m/s");
  reads(NULL, WD_VELOCITY, 2500, 1, "2500 m/s");
  reads(&large, WD_DISTANCE, 310, 1, "0.310 km");
  reads(&large, WD_DISTANCE, -5, 1, "\u22120.005 km");
  reads(&large, WD_DISTANCE, -0.3, 1, "0.000 km");
  reads(&large, WD_TIME, 1000, 1, "1.000 s");
  reads(&large, WD_VELOCITY, 2500, 1, "2.500 km/s");
  reads(&large, WD_VELOCITY, 64.2, 1, "0.064 km/s");
  reads(&large, WD_VELOCITY, 1500, 100, "1.5 km/s");
  reads(&large, WD_VELOCITY, NAN, 1, "NaN km/s");
  reads(&large, WD_VELOCITY, 2875.4, 0, "2.875 km/s");
  reads(&large, WD_NO_DIMENSION, 310, 1, "310");
  const wd_units mixed = {WD_METRES, WD_SECONDS}, other = {WD_KILOMETRES, WD_MILLISECONDS};
  reads(&mixed, WD_VELOCITY, 2500, 1, "2500 m/s");
  reads(&other, WD_VELOCITY, 2500, 1, "2.500 km/s");
  reads(&other, WD_TIME, 412, 1, "412 ms");

  spoken(&base, WD_VELOCITY, 2875, "2875 metres per second");
  spoken(&large, WD_VELOCITY, 2875, "2.875 kilometres per second");
  spoken(&large, WD_TIME, 412, "0.412 seconds");

  label(&base, WD_DISTANCE, "Distance (m)", "Distance (m)");
  label(&large, WD_DISTANCE, "Distance (m)", "Distance (km)");
  label(&large, WD_TIME, "Time (ms)", "Time (s)");
  label(&large, WD_VELOCITY, "Velocity (decoded) (m/s), fixed", "Velocity (decoded) (km/s), fixed");
  label(&large, WD_VELOCITY, "m/s", "km/s");
  label(&large, WD_NO_DIMENSION, "Lag (ms)", "Lag (ms)");
  tap_ok(!wd_units_label(&large, WD_TIME, NULL, NULL, 0), "no label stays none");

  const wd_axis distance = {-5, 695, .dimension = WD_DISTANCE}, time = {0.5, 1000.5, .dimension = WD_TIME},
                velocity = {4500, 1500, .dimension = WD_VELOCITY}, lag = {0, 40};
  majors(&base, distance, 8, "0 100 200 300 400 500 600");
  majors(&large, distance, 8, "0 0.1 0.2 0.3 0.4 0.5 0.6");
  majors(&large, time, 6, "0.2 0.4 0.6 0.8 1");
  majors(&large, velocity, 7, "1.5 2 2.5 3 3.5 4 4.5");
  majors(&large, lag, 5, "0 10 20 30 40");
  panels();
  return tap_done();
}
