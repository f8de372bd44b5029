/* Display ranges and display-only processing. */
#include "render/range.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20001 };
static float value[N], sorted[N];

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void test_clip(void) {
  wd_random_normals(7, 1, 0, N, value);
  for (int i = 0; i < N; i++) sorted[i] = fabsf(value[i]);
  qsort(sorted, N, sizeof *sorted, by_value);
  wd_range r = {-7, -7, "x"};
  wd_error err = {0};
  tap_ok(wd_range_find(&(wd_range_desc){.symmetric = true}, value, N, &r, &err) == WD_OK, "default range");
  double expect = (double)sorted[(int)ceil(0.99 * N) - 1];
  tap_at_most(fabs(r.hi - expect), 0, "symmetric 99 % is the nearest rank of |value|, off by");
  tap_ok(r.lo == -r.hi && !strcmp(r.text, "clip 99 %"), "symmetric, and says \"%s\"", r.text);

  memcpy(sorted, value, sizeof sorted);
  qsort(sorted, N, sizeof *sorted, by_value);
  wd_range_find(&(wd_range_desc){.clip = 90}, value, N, &r, &err);
  int inside = 0;
  for (int i = 0; i < N; i++) inside += value[i] >= (float)r.lo && value[i] <= (float)r.hi;
  tap_at_most(fabs(inside / (double)N - 0.9), 2e-4, "one-sided 90 %: share inside, off by");
  wd_range_find(&(wd_range_desc){.mode = WD_RANGE_FULL}, value, N, &r, &err);
  tap_at_most(fabs(r.lo - (double)sorted[0]) + fabs(r.hi - (double)sorted[N - 1]), 1e-6,
              "full range: ends, off by");

  wd_range g;
  wd_range_find(&(wd_range_desc){.symmetric = true, .gain = 6}, value, N, &g, &err);
  wd_range_find(&(wd_range_desc){.symmetric = true}, value, N, &r, &err);
  tap_at_most(fabs(r.hi / g.hi - pow(10, 0.3)), 1e-12, "6 dB narrow the range by 10^0.3, off by");
  tap_ok(!strcmp(g.text, "clip 99 %, +6 dB"), "and say so: \"%s\"", g.text);

  value[3] = NAN;
  value[4] = INFINITY;
  tap_ok(wd_range_find(&(wd_range_desc){.mode = WD_RANGE_FULL}, value, N, &r, &err) == WD_OK &&
             isfinite(r.hi),
         "NaN and infinity are left out");
}

static void test_edges(void) {
  wd_range r = {-7, -7, "untouched"};
  wd_error err = {0};
  float none[3] = {NAN, INFINITY, -INFINITY}, same[4] = {2500, 2500, 2500, 2500}, silent[4] = {0};
  wd_status status = wd_range_find(&(wd_range_desc){0}, none, 3, &r, &err);
  tap_ok(status == WD_ERR_DIVERGED && r.lo == -7, "no finite value: %s", err.message);
  status = wd_range_find(&(wd_range_desc){0}, same, 4, &r, &err);
  tap_ok(!status && r.lo < 2500 && r.hi > 2500, "constant: %g to %g", r.lo, r.hi);
  status = wd_range_find(&(wd_range_desc){.symmetric = true}, silent, 4, &r, &err);
  tap_ok(!status && r.lo == -1 && r.hi == 1, "silence: -1 to 1");
  float sparse[1000] = {[10] = 3};
  status = wd_range_find(&(wd_range_desc){.symmetric = true}, sparse, 1000, &r, &err);
  tap_ok(!status && r.hi == 3, "a signal in under 1 %% of the samples still shows");
  r = (wd_range){-7, -7, "untouched"};
  static const wd_range_desc bad[] = {{.clip = 20},
                                      {.clip = 101},
                                      {.clip = NAN},
                                      {.gain = INFINITY},
                                      {.mode = WD_RANGE_MANUAL, .lo = 2, .hi = 2},
                                      {.mode = WD_RANGE_MANUAL, .lo = 3, .hi = 2},
                                      {.mode = WD_RANGE_FIXED, .lo = NAN, .hi = 2}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    tap_ok(wd_range_find(&bad[i], same, 4, &r, &err) == WD_ERR_ARGUMENT && r.lo == -7, "refused: %s",
           err.message);

  r = (wd_range){1500, 4500, ""};
  static const struct {
    double value;
    int level;
  } known[] = {{1500, 0},   {4500, 255},   {-1e30, 0}, {1e30, 255},
               {3000, 128}, {2999.9, 127}, {1511, 0},  {1512, 1}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    tap_ok(wd_range_level(&r, known[i].value) == known[i].level, "level of %g is %d", known[i].value,
           known[i].level);
  tap_ok(wd_range_level(&r, NAN) == -1, "NaN has no level");
}

static void test_display(void) {
  enum { S = 400, R = 3 };
  static float in[S * R], out[S * R];
  for (int s = 0; s < S; s++) { /* a weak and then strong trace, a silent one, a straight line */
    float wave = sinf((float)s * 0.3f);
    in[s * R] = (s < 200 ? 0.01f : 5.01f) * wave;
    in[s * R + 2] = (float)(s - 200);
  }
  for (int i = 0; i < S * R; i++) out[i] = 99;
  wd_error err = {0};
  wd_display agc = {.agc = 0.060};
  tap_ok(wd_display_apply(&agc, in, S, R, 0.001, out, &err) == WD_OK, "AGC");
  double weak = 0, strong = 0;
  for (int s = 50; s < 150; s++) weak += (double)out[s * R] * (double)out[s * R];
  for (int s = 250; s < 350; s++) strong += (double)out[s * R] * (double)out[s * R];
  tap_at_most(fabs(sqrt(weak / 100) - 1), 0.03, "AGC brings the weak part to unit level, off by");
  tap_at_most(fabs(sqrt(strong / 100) - 1), 0.03, "and the strong part, off by");
  double energy = 0;
  for (int k = -30; k <= 30; k++) energy += (double)in[(300 + k) * R] * (double)in[(300 + k) * R];
  double direct = (double)in[300 * R] / sqrt(energy / 61);
  tap_at_most(fabs(direct - (double)out[300 * R]), 1e-5, "against the window summed directly, off by");
  bool silent = true;
  for (int s = 0; s < S; s++) silent &= out[s * R + 1] == 0;
  tap_ok(silent, "a silent trace stays silent");

  wd_display norm = {.normalise = true, .flip = true};
  wd_display_apply(&norm, in, S, R, 0.001, out, &err);
  tap_ok(out[2] == 1 && fabsf(out[(S - 1) * R + 2] + 199.f / 200.f) < 1e-6f, "normalised and reversed");
  memcpy(out, in, sizeof in);
  wd_display_apply(&(wd_display){.time_power = 2}, out, S, R, 0.001, out, &err);
  tap_at_most(fabs((double)out[99 * R + 2] + 101 * 0.01), 1e-5, "t^2 at 100 ms, in place, off by");

  char text[80];
  wd_display_text(&(wd_display){0}, text, sizeof text);
  tap_ok(!*text, "nothing to say about data as they are");
  wd_display_text(&(wd_display){.agc = 0.1, .flip = true}, text, sizeof text);
  tap_ok(!strcmp(text, "AGC 100 ms, polarity reversed, display only"), "\"%s\"", text);
  char little[12];
  memset(little, 'x', sizeof little);
  wd_display_text(&(wd_display){.agc = 0.1, .flip = true}, little, 10);
  tap_ok(strlen(little) == 9 && little[10] == 'x', "cut to the room given");
  for (int i = 0; i < S * R; i++) out[i] = 99;
  tap_ok(wd_display_apply(&(wd_display){.agc = -1}, in, S, R, 0.001, out, &err) == WD_ERR_ARGUMENT &&
             wd_display_apply(&(wd_display){.agc = NAN}, in, S, R, 0.001, out, &err) == WD_ERR_ARGUMENT &&
             wd_display_apply(&(wd_display){0}, in, 0, R, 0.001, out, &err) == WD_ERR_SHAPE &&
             wd_display_apply(&(wd_display){0}, in, S, R, 0, out, &err) == WD_ERR_SHAPE && out[0] == 99,
         "bad windows and shapes are refused, output untouched");
}

int main(void) {
  test_clip();
  test_edges();
  test_display();
  return tap_done();
}
