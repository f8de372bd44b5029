/* The picture of a plane: places and values are inverse, iso-lines are where the level is, what is made is
 * drawn where it belongs, in light and dark. */
#include "render/plane.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 24, SIDE = 7, W = 520, H = 480 };

static void test_iso(void) {
  static float value[N * N];
  static double segment[4096][4];
  /* a cone: the level is a circle */
  for (int j = 0; j < N; j++)
    for (int i = 0; i < N; i++) value[j * N + i] = (float)exp(hypot(i - 11.5, j - 11.5) / 8);
  int n = wd_plane_iso(N, value, M_E, segment, 4096);
  double worst = 0, length = 0;
  for (int k = 0; k < n; k++) {
    for (int e = 0; e < 2; e++)
      worst = fmax(worst, fabs(hypot(segment[k][2 * e] - 12, segment[k][2 * e + 1] - 12) - 8));
    length += hypot(segment[k][2] - segment[k][0], segment[k][3] - segment[k][1]);
  }
  tap_ok(n > 20, "a circle has %d segments", n);
  tap_at_most(worst, 0.05, "each on the circle, in cells");
  tap_at_most(fabs(length / (16 * M_PI) - 1), 0.01, "and all of it");
  tap_ok(wd_plane_iso(N, value, 100, segment, 4096) == 0, "a level that is not reached has none");
  tap_ok(wd_plane_iso(N, value, M_E, segment, 3) == 3, "no more than there is room for");
  value[12 * N + 12] = NAN;
  for (int i = 0; i < N * N; i++)
    if (i / N > 11) value[i] = NAN;
  n = wd_plane_iso(N, value, M_E, segment, 4096);
  double most = 0;
  for (int k = 0; k < n; k++) most = fmax(most, fmax(segment[k][1], segment[k][3]));
  tap_ok(n > 8 && most <= 11.5, "where values are missing there is no line (%d, up to %g)", n, most);
  /* a saddle: two segments that do not cross */
  float saddle[4] = {1, 3, 1, 3};
  saddle[2] = 3;
  saddle[3] = 1;
  n = wd_plane_iso(2, saddle, 1.8, segment, 8);
  tap_ok(n == 2, "a saddle has two segments");
  double a = (segment[0][0] - segment[0][2]) * (segment[1][1] - segment[1][3]) -
             (segment[0][1] - segment[0][3]) * (segment[1][0] - segment[1][2]);
  tap_at_most(fabs(a), 0.2, "that run side by side");
}

static uint32_t pixel(cairo_surface_t *s, double x, double y) {
  cairo_surface_flush(s);
  uint32_t p;
  memcpy(&p, cairo_image_surface_get_data(s) + (int)y * cairo_image_surface_get_stride(s) + 4 * (int)x, 4);
  return p & 0xffffff;
}

static cairo_surface_t *draw(const wd_plane *p, const wd_style *style, wd_plane_layout *l, bool marks) {
  wd_error err;
  cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, W, H);
  cairo_t *cr = cairo_create(s);
  uint32_t paper = wd_style_theme(style)->paper;
  cairo_set_source_rgb(cr, (paper >> 16) / 255.0, (paper >> 8 & 255) / 255.0, (paper & 255) / 255.0);
  cairo_paint(cr);
  if (wd_plane_arrange(p, style, W, H, l, &err)) printf("# %s\n", err.message);
  wd_plane_draw_ground(p, style, l, cr);
  if (marks) wd_plane_draw_marks(p, style, l, cr);
  cairo_destroy(cr);
  return s;
}

int main(void) {
  test_iso();
  static float low[16], high[16], value[64];
  static uint8_t state[64];
  const float *map[SIDE * SIDE] = {0};
  for (int i = 0; i < 16; i++) {
    low[i] = 1500;
    high[i] = 4499;
  }
  map[0] = low;                /* lowest u and v */
  map[SIDE * SIDE - 1] = high; /* highest of both */
  const wd_plane_mark anchor[3] = {{0, 0, "A", "seed 3"}, {1, 0, "B", "seed 17"}, {0, 1, "C", "seed 42"}};
  const double trail[2][2] = {{0.5, 0.5}, {0.25, 0.75}}, way[2][2] = {{0, 0}, {1, 0}};
  wd_plane p = {.title = "Plane",
                .source = "data latents",
                .lo = -0.25,
                .hi = 1.25,
                .step = 0.25,
                .label_u = "u",
                .label_v = "v",
                .side = SIDE,
                .map = map,
                .rows = 4,
                .columns = 4,
                .map_colours = WD_COLORMAP_GRAY,
                .map_range = {1500, 4500, ""},
                .quantity = "Residual"};
  for (int dark = 0; dark < 2; dark++) {
    wd_style style = {.size = 11, .dark = dark};
    wd_plane_layout l, with;
    cairo_surface_t *s = draw(&p, &style, &l, false);
    double x, y, u, v;
    wd_plane_to_place(&l, -0.25, -0.25, &x, &y);
    uint32_t black = pixel(s, x, y);
    tap_ok(black == 0, "the lowest node's map is at the lower left (%06x)", black);
    wd_plane_to_place(&l, 1.25, 1.25, &x, &y);
    uint32_t white = pixel(s, x, y);
    tap_ok(white == 0xffffff, "the highest one's at the upper right (%06x)", white);
    wd_plane_to_value(&l, x, y, &u, &v);
    tap_at_most(fabs(u - 1.25) + fabs(v - 1.25), 1e-9, "places and values are inverse");
    tap_ok(l.bar.width == 0, "no bar without residuals");
    cairo_surface_destroy(s);

    p.cells = 8;
    p.value = value;
    p.state = state;
    p.epsilon = 1;
    for (int i = 0; i < 64; i++) {
      value[i] = (float)(0.5 + i * 0.1);
      state[i] = 1;
    }
    state[63] = 2;
    s = draw(&p, &style, &with, false);
    double cell = with.plot.width / 8;
    uint32_t first = pixel(s, with.plot.x + 3, with.plot.y + with.plot.height - 3),
             last = pixel(s, with.plot.x + 6.5 * cell, with.plot.y + 3);
    tap_ok(with.bar.width > 0 && first == (wd_colormap_tables[WD_COLORMAP_VIRIDIS][0] & 0xffffff),
           "the least residual is at the lower left (%06x)", first);
    tap_ok(wd_colour_lightness(last) > wd_colour_lightness(first) + 30, "the largest is lighter (%06x)",
           last);
    tap_ok(pixel(s, with.plot.x + 7.9 * cell, with.plot.y + 2) == wd_style_theme(&style)->missing,
           "a refused cell has the colour of what is missing");
    cairo_surface_t *marked;
    p.anchor = anchor;
    p.anchors = 3;
    p.trail = trail;
    p.trails = 2;
    p.waypoint = p.curve = way;
    p.waypoints = p.curves = 2;
    p.cursor = true;
    p.u = 0.75;
    p.v = 0.5;
    marked = draw(&p, &style, &with, true);
    wd_plane_to_place(&with, 0.75, 0.5, &x, &y);
    int changed = 0, away = 0;
    for (int j = 0; j < H; j++)
      for (int i = 0; i < W; i++)
        if (pixel(s, i, j) != pixel(marked, i, j)) {
          changed++;
          away += i < with.plot.x || j < with.plot.y || i >= with.plot.x + with.plot.width;
        }
    tap_ok(changed > 800 && away == 0, "marks change %d pixels, none outside of the plot", changed);
    tap_ok(pixel(s, x + 11 * 1.7, y) != pixel(marked, x + 11 * 1.7, y), "the cursor is at its place");
    cairo_surface_destroy(s);
    cairo_surface_destroy(marked);
    if (dark) break;
    p.cells = p.anchors = p.trails = p.waypoints = p.curves = 0;
    p.cursor = false;
  }
  p.message = "Choose anchor B, and this long sentence goes over more than one line of the plane.";
  wd_style style = {.size = 11};
  wd_plane_layout l;
  cairo_surface_t *s = draw(&p, &style, &l, true);
  int ink = 0;
  for (int j = (int)(l.plot.y + 0.4 * l.plot.height); j < (int)(l.plot.y + 0.6 * l.plot.height); j++)
    for (int i = (int)l.plot.x + 5; i < (int)(l.plot.x + l.plot.width) - 5; i++)
      ink += pixel(s, i, j) != wd_style_theme(&style)->paper;
  tap_ok(ink > 300, "a message stands in the middle (%d pixels)", ink);
  cairo_surface_destroy(s);
  wd_error err;
  tap_ok(wd_plane_arrange(&p, &style, 60, 50, &l, &err) == WD_ERR_ARGUMENT, "no room: %s", err.message);
  return tap_done();
}
