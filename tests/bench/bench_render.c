/* Drawing cost of a gather of 70 traces x 1000 samples and of a 70 x 70 map: CSV on stdout, CPU time of the
 * thread, minimum and median of the repeats. The peer is cairo drawing the same wiggles as paths. */
#include "tests/bench/bench.h"
#include "render/figure.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 1000, TRACES = 70, REPEATS = 41 };

typedef struct job {
  wd_image image;
  wd_field field;
  wd_range range;
  wd_wiggle wiggle;
  bool smooth;
  wd_panel panel;
  const wd_style *style;
} job;

static void report(const char *what, void (*run)(job *), job *j, int repeats) {
  double ms[REPEATS];
  run(j);
  for (int i = 0; i < repeats; i++) {
    double start = bench_ms(CLOCK_THREAD_CPUTIME_ID);
    run(j);
    ms[i] = bench_ms(CLOCK_THREAD_CPUTIME_ID) - start;
  }
  bench_sort(ms, repeats);
  printf("%s,%d,%d,%.3f,%.3f,%d\n", what, j->image.width, j->image.height, ms[0], ms[repeats / 2], repeats);
}

static void density(job *j) {
  wd_raster_field(&j->image, &j->field, NULL, &j->range, wd_colormap_tables[WD_COLORMAP_GRAY], j->smooth, 0);
}

static void clear(job *j) {
  for (int i = 0; i < j->image.stride * j->image.height; i++) j->image.pixel[i] = 0xffffffffu;
}

static void wiggle(job *j) {
  clear(j);
  wd_raster_wiggle(&j->image, &j->field, NULL, &j->range, &j->wiggle);
}

static void cairo_wiggle(job *j) {
  clear(j);
  cairo_surface_t *surface =
      cairo_image_surface_create_for_data((unsigned char *)j->image.pixel, CAIRO_FORMAT_RGB24, j->image.width,
                                          j->image.height, j->image.stride * 4);
  cairo_t *cr = cairo_create(surface);
  wd_wiggle_path(cr, 0, 0, j->image.width, j->image.height, &j->field, NULL, &j->range, &j->wiggle);
  cairo_destroy(cr);
  cairo_surface_destroy(surface);
}

static void range_of(job *j) {
  wd_range r;
  wd_range_find(&(wd_range_desc){.symmetric = true}, j->field.value, SAMPLES * TRACES, &r, NULL);
}

static void whole_panel(job *j) {
  cairo_surface_t *surface =
      cairo_image_surface_create_for_data((unsigned char *)j->image.pixel, CAIRO_FORMAT_RGB24, j->image.width,
                                          j->image.height, j->image.stride * 4);
  cairo_t *cr = cairo_create(surface);
  wd_panel_layout layout;
  if (!wd_panel_arrange(&j->panel, j->style, j->image.width, j->image.height, &layout, NULL))
    wd_panel_draw(&j->panel, j->style, &layout, cr, NULL);
  cairo_destroy(cr);
  cairo_surface_destroy(surface);
}

int main(void) {
  float *value = wd_calloc(SAMPLES * TRACES, sizeof *value);
  uint32_t *pixel = wd_calloc(1200 * 1200, sizeof *pixel);
  if (!value || !pixel) return 1;
  for (int r = 0; r < TRACES; r++) /* a direct wave, reflections, a little of everything else */
    for (int s = 0; s < SAMPLES; s++) {
      double sum = 0;
      for (int k = 0; k < 5; k++) {
        double depth = 100.0 * k, x = (r - 35) * 10.0, t = 1000 * sqrt(depth * depth * 4 + x * x) / 2500 + 73;
        double b = (s + 1 - t) * 0.047;
        sum += (k ? 0.2 : 5) * (1 - 2 * b * b) * exp(-b * b);
      }
      value[s * TRACES + r] = (float)sum;
    }
  wd_style style = {.size = 10};
  wd_facet facet = {.value = value};
  wd_gather gather = {1, SAMPLES, TRACES, 0.001, value};
  job j = {.field = {value, SAMPLES, TRACES}, .range = {-1, 1, "clip 99 %"}, .style = &style};
  j.panel = wd_panel_of_gather(&gather, 10, &facet, 1);
  j.panel.range = j.range;
  printf("what,width,height,min_ms,median_ms,repeats\n");
  report("percentile_range", range_of, &j, REPEATS);
  static const int size[2][2] = {{420, 600}, {900, 1200}};
  for (int k = 0; k < 2; k++) {
    j.image = (wd_image){size[k][0], size[k][1], size[k][0], pixel};
    j.wiggle = (wd_wiggle){.line = 0};
    j.smooth = false;
    report("density_nearest", density, &j, REPEATS);
    j.smooth = true;
    report("density_smooth", density, &j, REPEATS);
    report("wiggle", wiggle, &j, REPEATS);
    j.wiggle.fill = WD_FILL_POSITIVE;
    report("wiggle_area", wiggle, &j, REPEATS);
    report("cairo_wiggle_area", cairo_wiggle, &j, 7);
    j.panel.mode = WD_PANEL_DENSITY;
    report("panel_density", whole_panel, &j, REPEATS);
    j.panel.mode = WD_PANEL_AREA;
    report("panel_wiggle_area", whole_panel, &j, REPEATS);
  }
  wd_free(value);
  wd_free(pixel);
  return 0;
}
