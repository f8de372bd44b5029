/* Line plots: points stand where the axes say, log gaps, automatic ranges, text that does not overlap. */
#include "render/figure.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

enum { N = 51 };
static double x[N], y[N], z[N], lo[N], hi[N];

static int overlaps(const wd_text_log *log) {
  int n = 0;
  for (int i = 0; i < log->count; i++)
    for (int k = i + 1; k < log->count; k++) {
      const wd_rect *a = &log->box[i], *b = &log->box[k];
      n += a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
    }
  return n;
}

static uint32_t pixel(cairo_surface_t *surface, double px, double py) {
  uint32_t p;
  memcpy(&p,
         cairo_image_surface_get_data(surface) +
             (size_t)py * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)px,
         4);
  return p & 0xffffff;
}

static void test_places(void) {
  wd_series s = {.x = x, .y = y, .count = N, .marker = WD_MARKER_SOLID, .dash = WD_DASH_NONE};
  wd_curve c = {.x = {0, 50, false, "Step"}, .y = {1e-3, 10, true, "r"}, .series = &s, .n_series = 1};
  wd_style style = {.scale = 1, .size = 8};
  wd_curve_layout l;
  wd_error err = {0};
  if (!tap_ok(!wd_curve_arrange(&c, &style, 600, 300, &l, &err), "arranged%s", err.message)) return;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 600, 300);
  cairo_t *cr = cairo_create(surface);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_paint(cr);
  wd_curve_draw(&c, &style, &l, cr, NULL);
  cairo_surface_flush(surface);
  int wrong = 0, unpicked = 0;
  for (int i = 1; i < N - 1; i++) {
    double px = l.plot.x + i / 50.0 * l.plot.width,
           py = l.plot.y + (1 - (log10(y[i]) + 3) / 4) * l.plot.height;
    wrong += pixel(surface, px, py) != wd_curve_colour(&style, 1);
    int series = -1, index = -1;
    unpicked += !wd_curve_pick(&c, &l, px + 0.3, py, 4, &series, &index) || series != 0 || index != i;
  }
  tap_ok(wrong == 0, "%d of %d markers are not where the log axis puts them", wrong, N - 2);
  tap_ok(unpicked == 0, "%d points are not found by the pointer", unpicked);
  int series = 7, index = 7;
  tap_ok(!wd_curve_pick(&c, &l, -500, -500, 4, &series, &index) && series == 7, "nothing near nothing");
  cairo_destroy(cr);
  cairo_surface_destroy(surface);
}

static void test_ranges(void) {
  wd_series s = {.y = z, .count = N}; /* has NaN, a zero and a negative value */
  wd_curve c = {.y = {.log = true}, .series = &s, .n_series = 1};
  wd_curve_layout l;
  wd_error err = {0};
  wd_status status = wd_curve_arrange(&c, NULL, 300, 0, &l, &err);
  tap_ok(!status && l.y.lo > 0 && l.y.lo < 0.02 && l.y.hi > 1 && l.y.hi < 2,
         "log range of the positive values: %g to %g", l.y.lo, l.y.hi);
  tap_ok(l.x.lo < 0 && l.x.hi > 50 && l.x.hi < 55, "index as x: %g to %g", l.x.lo, l.x.hi);
  double flat[3] = {5, 5, 5}, none[3] = {NAN, -1, 0};
  s = (wd_series){.y = flat, .count = 3};
  c.y.log = false;
  status = wd_curve_arrange(&c, NULL, 300, 0, &l, &err);
  tap_ok(!status && l.y.lo < 5 && l.y.hi > 5, "a constant: %g to %g", l.y.lo, l.y.hi);
  memset(&l, 0x5a, sizeof l);
  wd_curve_layout before = l;
  s = (wd_series){.y = none, .count = 3};
  c.y.log = true;
  tap_ok(wd_curve_arrange(&c, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "nothing to draw: %s", err.message);
  c.n_series = 0;
  tap_ok(wd_curve_arrange(&c, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "no series: %s", err.message);
  c.n_series = 1;
  s = (wd_series){.y = y, .count = N};
  tap_ok(wd_curve_arrange(&c, NULL, 30, 0, &l, &err) == WD_ERR_ARGUMENT, "too small: %s", err.message);
  c.y = (wd_axis){-1, 5, true, NULL};
  tap_ok(wd_curve_arrange(&c, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "log from -1: %s", err.message);
  tap_ok(!memcmp(&l, &before, sizeof l), "the layout was not touched");
}

/* Everything at once, at many sizes; reference lines so close that their labels must move. */
static void test_text(void) {
  wd_series s[] = {{"x̂₀", x, y, N, WD_DASH_SOLID, WD_MARKER_SOLID},
                   {"x_t", x, z, N, WD_DASH_DASHED, WD_MARKER_HOLLOW}};
  double strip_lo = 0.02, strip_hi = 0.035;
  wd_band b[] = {{"population 10–90 %", x, lo, hi, N, 1}, {"solver floor", NULL, &strip_lo, &strip_hi, 1}};
  wd_reference r[] = {{1, "silence", WD_DASH_DOTTED},
                      {0.047, "discretization floor", WD_DASH_DASHED},
                      {0.05, "ε = 0.05", WD_DASH_SOLID, 2},
                      {0.0501, "another", WD_DASH_SOLID, 3}};
  static wd_rect box[200];
  int meet = 0, outside = 0, drawn = 0;
  for (double width = 60; width < 900; width *= 1.07)
    for (int each = 0; each < 6; each++) {
      const int log_y = each % 2;
      wd_curve c = {.brief = each / 2 == 1,
                    .no_x_text = each / 2 == 2,
                    .y_brief = "R",
                    .title = "Reflection residual",
                    .source = "run 42, 50 steps",
                    .x = {0, 50, false, each / 2 ? "Step, from noise to data" : "Step"},
                    .y = {.log = log_y, .label = "Residual"},
                    .series = s,
                    .n_series = 2,
                    .band = b,
                    .n_bands = 2,
                    .reference = r,
                    .n_references = 4};
      wd_style style = {.scale = 1 + log_y};
      wd_curve_layout l;
      if (wd_curve_arrange(&c, &style, width, 0, &l, NULL)) continue;
      cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 10, 10);
      cairo_t *cr = cairo_create(surface);
      wd_text_log log = {.capacity = 200, .box = box};
      wd_curve_draw(&c, &style, &l, cr, &log);
      if (overlaps(&log)) printf("# %d meet at width %.0f, log %d\n", overlaps(&log), width, log_y);
      meet += overlaps(&log);
      for (int i = 0; i < log.count; i++)
        outside += box[i].x < -0.6 || box[i].y < -0.6 || box[i].x + box[i].width > l.width + 0.6 ||
                   box[i].y + box[i].height > l.height + 0.6;
      drawn++;
      cairo_destroy(cr);
      cairo_surface_destroy(surface);
    }
  tap_ok(drawn > 150 && meet == 0 && outside == 0, "%d plots: %d texts meet, %d outside", drawn, meet,
         outside);
}

int main(void) {
  for (int i = 0; i < N; i++) {
    x[i] = i;
    y[i] = 1.2 * exp(-i / 9.0) + 0.045;
    z[i] = i == 7 ? NAN : i == 20 ? 0 : i == 30 ? -2 : exp(-i / 12.0);
    lo[i] = 0.6 * y[i];
    hi[i] = 1.9 * y[i];
  }
  test_places();
  test_ranges();
  test_text();
  return tap_done();
}
