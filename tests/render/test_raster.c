/* The rasterisers: nearest is exact cell by cell, smooth interpolates and averages, wiggles agree with
 * cairo's own drawing of the same paths. */
#include "render/raster.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t POISON = 0xdeadbeefu;

static wd_image image_make(int width, int height, int stride) {
  wd_image image = {width, height, stride, malloc((size_t)stride * (size_t)height * 4)};
  for (int i = 0; i < stride * height; i++) image.pixel[i] = POISON;
  return image;
}

static uint32_t at(const wd_image *image, int x, int y) {
  return image->pixel[y * image->stride + x];
}

static void test_nearest(void) {
  enum { ROWS = 70, COLUMNS = 50 };
  static float value[ROWS * COLUMNS];
  wd_random_normals(3, 1, 0, ROWS * COLUMNS, value);
  value[5 * COLUMNS + 7] = NAN;
  wd_field field = {value, ROWS, COLUMNS};
  wd_range range = {-2, 2, ""};
  const uint32_t *table = wd_colormap_tables[WD_COLORMAP_VIRIDIS];
  static const struct {
    int width, height;
    wd_view view;
  } cases[] = {{50, 70, {0}},
               {500, 700, {0}},
               {173, 311, {0}},
               {31, 17, {0}},
               {1, 1, {0}},
               {200, 200, {10, 20.5, 3.25, 9}},
               {97, 101, {-5, 80, -8, 60}}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    int width = cases[k].width, height = cases[k].height;
    wd_image image = image_make(width, height, width + 3);
    wd_raster_field(&image, &field, &cases[k].view, &range, table, false, 0xff123456u);
    wd_view v = wd_view_of(&cases[k].view, &field);
    int wrong = 0, spilt = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double row = floor(v.row0 + (v.row1 - v.row0) * (y + 0.5) / height);
        double column = floor(v.column0 + (v.column1 - v.column0) * (x + 0.5) / width);
        uint32_t expect = 0xff123456u;
        if (row >= 0 && row < ROWS && column >= 0 && column < COLUMNS) {
          double t = ((double)value[(int)row * COLUMNS + (int)column] + 2) / 4 * 256;
          if (t == t) expect = table[t < 0 ? 0 : t > 255 ? 255 : (int)t];
        }
        wrong += at(&image, x, y) != expect;
      }
      for (int x = width; x < width + 3; x++) spilt += at(&image, x, y) != POISON;
    }
    tap_ok(wrong == 0 && spilt == 0, "nearest, %d x %d: %d wrong pixels, %d written beside the image", width,
           height, wrong, spilt);
    free(image.pixel);
  }
}

static void test_smooth(void) {
  enum { ROWS = 40, COLUMNS = 30 };
  static float value[ROWS * COLUMNS];
  for (int r = 0; r < ROWS; r++)
    for (int c = 0; c < COLUMNS; c++) value[r * COLUMNS + c] = (float)(r + 2 * c);
  wd_field field = {value, ROWS, COLUMNS};
  wd_range range = {0, 128, ""}; /* half a unit a level */
  const uint32_t *table = wd_colormap_tables[WD_COLORMAP_GRAY];
  /* Larger: a plane stays a plane between the cell centres. */
  wd_image image = image_make(300, 400, 300);
  wd_raster_field(&image, &field, NULL, &range, table, true, 0xffff0000u);
  int most = 0;
  for (int y = 10; y < 390; y++)
    for (int x = 10; x < 290; x++) {
      double plane = (y + 0.5) / 10 - 0.5 + 2 * ((x + 0.5) / 10 - 0.5);
      int d = abs((int)(at(&image, x, y) & 255) - (int)(plane * 2));
      most = d > most ? d : most;
    }
  tap_at_most(most, 1, "bilinear on a plane, levels");
  free(image.pixel);
  /* Smaller: the mean of what a pixel covers; a checkerboard becomes grey instead of one of its colours. */
  for (int r = 0; r < ROWS; r++)
    for (int c = 0; c < COLUMNS; c++) value[r * COLUMNS + c] = (float)(128 * ((r + c) & 1));
  image = image_make(7, 9, 7);
  wd_raster_field(&image, &field, NULL, &range, table, true, 0xffff0000u);
  most = 0;
  for (int y = 0; y < 9; y++)
    for (int x = 0; x < 7; x++) {
      int d = abs((int)(at(&image, x, y) & 255) - 128);
      most = d > most ? d : most;
    }
  tap_at_most(most, 8, "mean of a checkerboard, levels from grey");
  free(image.pixel);
  value[0] = NAN;
  image = image_make(60, 80, 60);
  wd_raster_field(&image, &field, NULL, &range, table, true, 0xffff0000u);
  tap_ok(at(&image, 0, 0) == 0xffff0000u && at(&image, 30, 40) != 0xffff0000u,
         "NaN shows as missing, and only there");
  free(image.pixel);
}

/* Mean of |difference| in levels over the image, between the rasteriser and cairo stroking and filling the
 * paths at `sub` times the size, reduced. */
static double against_cairo(const wd_field *field, const wd_range *range, const wd_wiggle *wiggle,
                            const wd_view *view, int width, int height, double *ink_ratio) {
  wd_image image = image_make(width, height, width);
  for (int i = 0; i < width * height; i++) image.pixel[i] = 0xffffffffu;
  wd_raster_wiggle(&image, field, view, range, wiggle);
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create(surface);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_paint(cr);
  wd_wiggle_path(cr, 0, 0, width, height, field, view, range, wiggle);
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  const unsigned char *data = cairo_image_surface_get_data(surface);
  int stride = cairo_image_surface_get_stride(surface);
  double sum = 0, ours = 0, theirs = 0;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      uint32_t p;
      memcpy(&p, data + (size_t)y * (size_t)stride + 4 * (size_t)x, 4);
      int a = (int)(at(&image, x, y) & 255), b = (int)(p & 255);
      sum += abs(a - b);
      ours += 255 - a;
      theirs += 255 - b;
    }
  cairo_surface_destroy(surface);
  free(image.pixel);
  *ink_ratio = ours / theirs;
  return sum / (width * height);
}

static void test_wiggle(void) {
  enum { S = 1000, R = 30 };
  static float value[S * R];
  for (int r = 0; r < R; r++)
    for (int s = 0; s < S; s++) { /* a Ricker on a hyperbola, another below */
      double t0 = 200 + sqrt(100.0 * 100 + 400 * (r - 15) * (r - 15)), b0 = (s - t0) * 0.02,
             b1 = (s - 700 + 3 * r) * 0.03;
      b0 *= b0;
      b1 *= b1;
      value[s * R + r] = (float)((1 - 2 * b0) * exp(-b0) - 0.6 * (1 - 2 * b1) * exp(-b1));
    }
  wd_field field = {value, S, R};
  wd_range range = {-1, 1, ""};
  static const struct {
    const char *name;
    wd_wiggle wiggle;
    wd_view view;
    int width, height;
  } cases[] = {{"wiggle", {.line = 0}, {0}, 420, 600},
               {"variable area", {.fill = WD_FILL_POSITIVE}, {0}, 420, 600},
               {"negative area alone", {.fill = WD_FILL_NEGATIVE, .no_line = true}, {0}, 420, 600},
               {"both areas, wide", {.fill = WD_FILL_BOTH, .excursion = 2.5, .width = 1.5}, {0}, 900, 1200},
               {"every 3rd trace", {.fill = WD_FILL_POSITIVE, .every = 3}, {0}, 90, 300},
               {"a part in sight", {.fill = WD_FILL_POSITIVE}, {150, 420, 4.5, 20}, 400, 500},
               {"fewer rows than pixels", {.fill = WD_FILL_POSITIVE}, {200, 260, 0, 30}, 400, 900}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double ratio, mean = against_cairo(&field, &range, &cases[k].wiggle, &cases[k].view, cases[k].width,
                                       cases[k].height, &ratio);
    char text[96];
    snprintf(text, sizeof text, "%s: mean gap to cairo's drawing, of 255", cases[k].name);
    tap_at_most(mean, 1, text);
    snprintf(text, sizeof text, "%s: ink against cairo's, off by", cases[k].name);
    tap_at_most(fabs(ratio - 1), 0.01, text);
  }
  /* What the measure is worth: a picture with the polarity reversed must fail it. */
  double ratio;
  wd_range turned = {-1, 1, ""};
  wd_wiggle area = {.fill = WD_FILL_POSITIVE};
  double good = against_cairo(&field, &turned, &area, NULL, 420, 600, &ratio);
  static float reversed[S * R];
  for (int i = 0; i < S * R; i++) reversed[i] = -value[i];
  wd_image a = image_make(420, 600, 420), b = image_make(420, 600, 420);
  for (int i = 0; i < 420 * 600; i++) a.pixel[i] = b.pixel[i] = 0xffffffffu;
  wd_raster_wiggle(&a, &field, NULL, &range, &area);
  wd_raster_wiggle(&b, &(wd_field){reversed, S, R}, NULL, &range, &area);
  double gap = 0;
  for (int i = 0; i < 420 * 600; i++) gap += abs((int)(a.pixel[i] & 255) - (int)(b.pixel[i] & 255));
  tap_ok(gap / (420 * 600) > 3 * good, "reversed polarity is %.1f levels away, cairo %.2f", gap / (420 * 600),
         good);
  free(a.pixel);
  free(b.pixel);
}

static void test_wiggle_limits(void) {
  enum { S = 64, R = 4 };
  static float value[S * R];
  for (int s = 0; s < S; s++) {
    value[s * R] = 0;
    value[s * R + 1] = 1e30f; /* far beyond the clip */
    value[s * R + 2] = NAN;
    value[s * R + 3] = s < 32 ? NAN : 0;
  }
  wd_field field = {value, S, R};
  wd_range range = {-1, 1, ""};
  wd_image image = image_make(80, 64, 83);
  for (int i = 0; i < 83 * 64; i++) image.pixel[i] = i % 83 < 80 ? 0xffffffffu : POISON;
  wd_raster_wiggle(&image, &field, NULL, &range, &(wd_wiggle){.line = 0x000000, .width = 1});
  int spilt = 0, gap = 0;
  for (int y = 0; y < 64; y++)
    for (int x = 80; x < 83; x++) spilt += at(&image, x, y) != POISON;
  for (int y = 0; y < 64; y++)
    for (int x = 52; x < 68; x++) gap += at(&image, x, y) != 0xffffffffu && x < 60;
  tap_ok(spilt == 0, "nothing is drawn beside the image");
  tap_ok(gap == 0, "a trace of NaN is not drawn");
  tap_ok(at(&image, 70, 10) == 0xffffffffu && at(&image, 70, 50) != 0xffffffffu &&
             at(&image, 69, 50) != 0xffffffffu,
         "a line begins where its values do");
  tap_ok(at(&image, 9, 30) != 0xffffffffu && at(&image, 10, 30) != 0xffffffffu &&
             at(&image, 12, 30) == 0xffffffffu,
         "a silent trace is a line in the middle of its column");
  tap_ok(at(&image, 49, 30) != 0xffffffffu && at(&image, 52, 30) == 0xffffffffu,
         "an overdriven trace stands one spacing beside its place, clipped");
  free(image.pixel);
}

/* Blending: nothing where it is transparent or outside, the field itself where it is opaque, halves between.
 */
static void test_blend(void) {
  enum { ROWS = 40, COLUMNS = 30, SIDE = 123 };
  static float value[ROWS * COLUMNS];
  wd_random_normals(4, 1, 0, ROWS * COLUMNS, value);
  value[3 * COLUMNS + 2] = NAN;
  wd_field field = {value, ROWS, COLUMNS};
  wd_range range = {-2, 2, ""};
  wd_view view = {-4, 38, 2, 29};
  for (int smooth = 0; smooth < 2; smooth++) {
    wd_image plain = image_make(SIDE, SIDE, SIDE), blended = image_make(SIDE, SIDE, SIDE + 5);
    uint32_t table[256];
    for (int a = 0; a < 3; a++) {
      for (int i = 0; i < SIDE * (SIDE + 5); i++)
        if (i % (SIDE + 5) < SIDE) blended.pixel[i] = 0xff204060u;
      for (int i = 0; i < 256; i++)
        table[i] = (wd_colormap_tables[WD_COLORMAP_SEISMIC][i] & 0xffffffu) | (a == 0   ? 0u
                                                                               : a == 1 ? 128u
                                                                                        : 255u)
                                                                                  << 24;
      bool done = wd_raster_blend(&blended, &field, &view, &range, table, smooth) &&
                  wd_raster_field(&plain, &field, &view, &range, wd_colormap_tables[WD_COLORMAP_SEISMIC],
                                  smooth, 0xff204060u);
      int wrong = 0, spilt = 0;
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          uint32_t is = at(&blended, x, y), over = at(&plain, x, y);
          for (int shift = 0; shift < 32; shift += 8) {
            int under = 0xff204060u >> shift & 255, top = (int)(over >> shift & 255),
                now = (int)(is >> shift & 255);
            double expect = a == 0 ? under : a == 2 ? top : (under * 127 + top * 128) / 255.0;
            wrong += fabs(now - expect) > (a == 1 ? 0.5 : 0);
          }
        }
        for (int x = SIDE; x < SIDE + 5; x++) spilt += at(&blended, x, y) != POISON;
      }
      tap_ok(done && wrong == 0 && spilt == 0, "blend, %s, alpha %d: %d wrong channels, %d written beside",
             smooth ? "smooth" : "nearest", (int)(table[0] >> 24), wrong, spilt);
    }
    free(plain.pixel);
    free(blended.pixel);
  }
}

int main(void) {
  test_nearest();
  test_blend();
  test_smooth();
  test_wiggle();
  test_wiggle_limits();
  return tap_done();
}
