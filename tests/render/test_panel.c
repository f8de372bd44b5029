/* Panels: data cells and colour bar have exactly the colours of the table, picking is the inverse of drawing,
 * text neither overlaps nor leaves the panel at any size, both themes can be read. */
#include "render/figure.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NZ = 70, NX = 90, S = 300, R = 24, SHOTS = 5 };
static float velocity[NZ * NX], pressure[SHOTS * S * R];
static const char *const shot_name[SHOTS] = {"shot 1", "shot 2", "shot 3", "shot 4", "shot 5"};

typedef struct canvas {
  cairo_surface_t *surface;
  cairo_t *cr;
  int width, height, stride;
  const uint32_t *pixel;
} canvas;

static canvas canvas_make(double width, double height, const wd_style *style) {
  canvas c = {.width = (int)ceil(width * style->scale), .height = (int)ceil(height * style->scale)};
  c.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, c.width, c.height);
  c.cr = cairo_create(c.surface);
  uint32_t paper = wd_style_theme(style)->paper;
  cairo_set_source_rgb(c.cr, (paper >> 16) / 255.0, (paper >> 8 & 255) / 255.0, (paper & 255) / 255.0);
  cairo_paint(c.cr);
  cairo_scale(c.cr, style->scale, style->scale);
  return c;
}

static void canvas_read(canvas *c) {
  cairo_surface_flush(c->surface);
  c->pixel = (const uint32_t *)(const void *)cairo_image_surface_get_data(c->surface);
  c->stride = cairo_image_surface_get_stride(c->surface) / 4;
}

static uint32_t at(const canvas *c, double x, double y, double scale) {
  return c->pixel[(int)(y * scale) * c->stride + (int)(x * scale)] & 0xffffffu;
}

static void canvas_free(canvas *c) {
  cairo_destroy(c->cr);
  cairo_surface_destroy(c->surface);
}

static wd_panel map_panel(const wd_facet *facet, int facets) {
  wd_map map = {NZ, NX, 10, velocity};
  wd_panel p = wd_panel_of_map(&map, facet, facets);
  p.source = "test map";
  p.range = (wd_range){1500, 4500, "fixed range"};
  return p;
}

static wd_panel gather_panel(const wd_facet *facet, int facets) {
  wd_gather gather = {SHOTS, S, R, 0.001, pressure};
  wd_panel p = wd_panel_of_gather(&gather, 10, facet, facets);
  p.source = "test gather";
  p.range = (wd_range){-1.5, 1.5, "clip 99 %"};
  return p;
}

/* Every cell of every facet, at its centre. */
static void check_cells(const char *what, const wd_panel *p, const wd_style *style, double width,
                        double height) {
  wd_panel_layout l;
  wd_error err = {0};
  if (wd_panel_arrange(p, style, width, height, &l, &err)) {
    tap_ok(false, "%s: %s", what, err.message);
    return;
  }
  canvas c = canvas_make(l.width, l.height, style);
  wd_panel_draw(p, style, &l, c.cr, NULL);
  canvas_read(&c);
  const uint32_t *table = wd_colormap_tables[p->colormap];
  int wrong = 0, lost = 0, cells = 0, hidden = 0;
  for (int f = 0; f < p->facets; f++) {
    wd_rect r = wd_panel_facet_rect(&l, f);
    for (int row = 0; row < p->rows; row++)
      for (int column = 0; column < p->columns; column++) {
        double x = r.x + (column + 0.5) / p->columns * r.width, y = r.y + (row + 0.5) / p->rows * r.height;
        /* The middle of the pixel under the cell's middle, which is where the picture was sampled. */
        double px = (floor(x * style->scale) + 0.5) / style->scale,
               py = (floor(y * style->scale) + 0.5) / style->scale;
        wd_pick pick;
        if (!wd_panel_pick(p, &l, px, py, &pick) || pick.facet != f) {
          lost++;
          continue;
        }
        hidden +=
            pick.row != row || pick.column != column; /* cells smaller than pixels: the neighbour shows */
        float value = p->facet[f].value[pick.row * p->columns + pick.column];
        wrong += pick.value != value;
        wrong +=
            at(&c, px, py, style->scale) != (table[wd_range_level(&p->range, (double)value)] & 0xffffffu);
        cells++;
      }
  }
  tap_ok(wrong == 0 && lost == 0 && cells == p->facets * p->rows * p->columns,
         "%s: %d cells, %d wrong, %d not found", what, cells, wrong, lost);
  if (p->square && l.first.width * style->scale >= 2 * p->columns)
    tap_ok(hidden == 0, "%s: every cell shows itself", what);
  if (l.bar.width > 0) {
    double middle = l.bar.x + l.bar.width / 2, pixel = 1 / style->scale;
    tap_ok(at(&c, middle, l.bar.y + 0.5 * pixel, style->scale) == (table[255] & 0xffffffu) &&
               at(&c, middle, l.bar.y + l.bar.height - 0.5 * pixel, style->scale) == (table[0] & 0xffffffu),
           "%s: colour bar from the first to the last colour", what);
  }
  canvas_free(&c);
}

static void test_cells(void) {
  wd_facet one = {.value = velocity}, shots[SHOTS];
  for (int i = 0; i < SHOTS; i++)
    shots[i] = (wd_facet){.value = pressure + i * S * R, .caption = shot_name[i]};
  static const double scale[] = {1, 2, 300.0 / 72, 1.5};
  for (size_t k = 0; k < sizeof scale / sizeof *scale; k++) {
    wd_style style = {.scale = scale[k], .dark = k % 2};
    char text[64];
    wd_panel p = map_panel(&one, 1);
    snprintf(text, sizeof text, "map at scale %.3g", scale[k]);
    check_cells(text, &p, &style, 320, 0);
    p = gather_panel(shots, SHOTS);
    snprintf(text, sizeof text, "five shots at scale %.3g", scale[k]);
    check_cells(text, &p, &style, 480, 0);
  }
  wd_facet many[7];
  for (int i = 0; i < 7; i++) many[i] = one;
  wd_panel p = map_panel(many, 7);
  p.facet_columns = 3;
  p.no_axes = true;
  check_cells("contact sheet", &p, &(wd_style){.scale = 2}, 500, 0);
  p = map_panel(&one, 1);
  check_cells("map in a low box", &p, &(wd_style){.scale = 1}, 600, 150);
}

static void test_zoom(void) {
  wd_facet one = {.value = velocity};
  wd_panel p = map_panel(&one, 1);
  p.view = (wd_view){10.5, 30, 20, 41.25};
  wd_style style = {.scale = 1};
  wd_panel_layout l;
  if (!tap_ok(!wd_panel_arrange(&p, &style, 400, 0, &l, NULL), "a part of the map")) return;
  wd_pick pick;
  bool found = wd_panel_pick(&p, &l, l.first.x + l.first.width / 2, l.first.y + l.first.height / 2, &pick);
  tap_ok(found && pick.row == 20 && pick.column == 30, "its middle is cell (20, 30)");
  tap_at_most(fabs(pick.x - (30.625 * 10 - 5)) + fabs(pick.y - (20.25 * 10 - 5)), 1e-9, "in metres, off by");
  tap_at_most(fabs(l.first.height / l.first.width - 19.5 / 21.25), 0.01, "square cells, ratio off by");
  canvas c = canvas_make(l.width, l.height, &style);
  p.crosshair = true;
  p.cross_x = pick.x;
  p.cross_y = pick.y;
  wd_panel_draw(&p, &style, &l, c.cr, NULL);
  canvas_read(&c);
  uint32_t on = at(&c, l.first.x + l.first.width / 2, l.first.y + 3, 1);
  uint32_t off = at(&c, l.first.x + l.first.width / 2 + 6, l.first.y + 3, 1);
  tap_ok(wd_colour_contrast(on, off) > 1.15 && on != off, "the crosshair stands at its place (%06x on %06x)",
         on, off);
  canvas_free(&c);
}

static int overlaps(const wd_text_log *log) {
  int n = 0;
  for (int i = 0; i < log->count; i++)
    for (int k = i + 1; k < log->count; k++) {
      const wd_rect *a = &log->box[i], *b = &log->box[k];
      bool hit = a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
                 b->y < a->y + a->height;
      if (hit && n++ < 2)
        printf("# %.1f %.1f %.1f x %.1f meets %.1f %.1f %.1f x %.1f\n", a->x, a->y, a->width, a->height, b->x,
               b->y, b->width, b->height);
    }
  return n;
}

/* All modes at many sizes: no text touches another or leaves the panel. */
static void test_text(void) {
  wd_facet one = {.value = velocity}, shots[SHOTS];
  for (int i = 0; i < SHOTS; i++)
    shots[i] = (wd_facet){.value = pressure + i * S * R, .caption = shot_name[i]};
  static wd_rect box[400];
  int bad = 0, outside = 0, drawn = 0, refused = 0, least = 1000;
  for (int mode = WD_PANEL_DENSITY; mode <= WD_PANEL_DENSITY_WIGGLE; mode++)
    for (double width = 60; width <= 900; width *= 1.09)
      for (int each = 0; each < 16; each++) { /* every kind at every degree of brevity */
        const int kind = each % 4;
        wd_panel p = kind == 0   ? map_panel(&one, 1)
                     : kind == 1 ? gather_panel(shots, 1)
                                 : gather_panel(shots, SHOTS);
        if (kind == 3) p.facet_columns = 2;
        p.brief = each / 4;
        p.mode = kind == 0 ? WD_PANEL_DENSITY : (wd_panel_mode)mode;
        p.badge[0] = mode % 2 ? "AGC 100 ms, display only" : NULL;
        p.badge[1] = mode == 4 ? "x 10" : NULL;
        wd_style style = {.scale = 1 + mode % 3};
        wd_panel_layout l;
        wd_error err = {0};
        if (wd_panel_arrange(&p, &style, width, mode == 2 ? width * 0.7 : 0, &l, &err)) {
          refused++;
          least = fmin(least, width) < least ? (int)width : least;
          continue;
        }
        canvas c = canvas_make(l.width, l.height, &style);
        wd_text_log log = {.capacity = 400, .box = box};
        wd_panel_draw(&p, &style, &l, c.cr, &log);
        int here = overlaps(&log);
        if (here && bad < 5)
          printf("# %d overlaps: kind %d, brief %d, mode %d, width %.0f\n", here, kind, p.brief, mode, width);
        bad += here;
        for (int i = 0; i < log.count; i++) {
          const wd_rect *b = &log.box[i];
          bool out = b->x < -0.6 || b->y < -0.6 || b->x + b->width > l.width + 0.6 ||
                     b->y + b->height > l.height + 0.6;
          if (out && outside < 5)
            printf("# text outside: kind %d, mode %d, width %.0f: %.1f %.1f %.1f %.1f in %.0f x %.0f\n", kind,
                   mode, width, b->x, b->y, b->width, b->height, l.width, l.height);
          outside += out;
        }
        drawn++;
        canvas_free(&c);
      }
  tap_ok(bad == 0, "%d panels: %d overlapping texts", drawn, bad);
  tap_ok(outside == 0, "%d texts outside their panel", outside);
  tap_ok(drawn > 1600 && refused > 0, "%d sizes were refused as too small, as they should", refused);
}

static void test_themes(void) {
  for (int dark = 0; dark < 2; dark++) {
    wd_style style = {.dark = dark};
    const wd_theme *t = wd_style_theme(&style);
    const char *name = dark ? "dark" : "light";
    tap_ok(wd_colour_contrast(t->ink, t->paper) >= 7 && wd_colour_contrast(t->dim, t->paper) >= 4.5 &&
               wd_colour_contrast(t->warm, t->paper) >= 4.5 &&
               wd_colour_contrast(t->accent, t->paper) >= 4.5 && wd_colour_contrast(t->frame, t->paper) >= 3,
           "%s theme: text %.1f, secondary %.1f, badges %.1f, lines %.1f", name,
           wd_colour_contrast(t->ink, t->paper), wd_colour_contrast(t->dim, t->paper),
           wd_colour_contrast(t->warm, t->paper), wd_colour_contrast(t->frame, t->paper));
    double least = 99;
    for (int i = 1; i <= WD_CURVE_COLOURS; i++)
      least = fmin(least, wd_colour_contrast(wd_curve_colour(&style, i), t->paper));
    tap_ok(least >= 3, "%s theme: every series colour has contrast 3 (least %.2f)", name, least);
  }
}

static void test_refusals(void) {
  wd_facet one = {.value = velocity};
  wd_panel p = map_panel(&one, 1), q;
  wd_panel_layout l;
  memset(&l, 0x5a, sizeof l);
  wd_panel_layout before = l;
  wd_error err = {0};
  tap_ok(wd_panel_arrange(&p, NULL, 30, 0, &l, &err) == WD_ERR_ARGUMENT, "too narrow: %s", err.message);
  q = p;
  q.facets = 0;
  tap_ok(wd_panel_arrange(&q, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "no picture: %s", err.message);
  q = p;
  q.range.hi = NAN;
  tap_ok(wd_panel_arrange(&q, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "no range: %s", err.message);
  q = p;
  q.view = (wd_view){30, 20, 0, 10};
  tap_ok(wd_panel_arrange(&q, NULL, 300, 0, &l, &err) == WD_ERR_ARGUMENT, "turned view: %s", err.message);
  tap_ok(!memcmp(&l, &before, sizeof l), "the layout was not touched");
  wd_pick pick;
  tap_ok(!wd_panel_arrange(&p, NULL, 300, 0, &l, &err) && !wd_panel_pick(&p, &l, 1, 1, &pick) &&
             !wd_panel_pick(&p, &l, l.first.x - 0.01, l.first.y + 5, &pick) &&
             !wd_panel_pick(&p, &l, NAN, 5, &pick),
         "no cell beside the pictures");
}

/* Over a map: colours of the overlay where it is strong, the map where it is silent, the overlay's bar. */
static void test_overlay(void) {
  static float over[NZ * NX];
  for (int i = 0; i < NZ * NX; i++) over[i] = i % NX < NX / 2 ? 0 : 3;
  wd_overlay overlay = {
      .value = over, .range = {-3, 3, "fixed clip"}, .colormap = WD_COLORMAP_SEISMIC, .opacity = 1};
  wd_facet facet = {.value = velocity}, covered = {.value = velocity, .overlay = &overlay};
  wd_style style = wd_style_of(&(wd_style){.size = 10, .scale = 2});
  wd_panel bare = map_panel(&facet, 1), p = map_panel(&covered, 1);
  wd_panel_layout l;
  overlay.quantity = "Pressure";
  if (!tap_ok(!wd_panel_arrange(&p, &style, 400, 0, &l, NULL), "a map with an overlay is arranged")) return;
  canvas a = canvas_make(l.width, l.height, &style), b = canvas_make(l.width, l.height, &style);
  wd_panel_draw(&bare, &style, &l, a.cr, NULL);
  wd_panel_draw(&p, &style, &l, b.cr, NULL);
  canvas_read(&a);
  canvas_read(&b);
  int silent = 0, strong = 0, bar = 0;
  uint32_t red = wd_colormap_tables[WD_COLORMAP_SEISMIC][255] & 0xffffffu;
  for (int k = 1; k < 20; k++) {
    double y = l.first.y + l.first.height * k / 20, left = l.first.x + 0.3 * l.first.width,
           right = l.first.x + 0.8 * l.first.width, x = l.bar.x + l.bar.width / 2;
    silent += at(&a, left, y, 2) != at(&b, left, y, 2);
    uint32_t is = at(&b, right, y, 2);
    for (int shift = 0; shift < 24; shift += 8)
      strong += abs((int)(is >> shift & 255) - (int)(red >> shift & 255)) > 2;
    bar += at(&a, x, y, 2) == at(&b, x, y, 2);
  }
  tap_ok(silent == 0 && strong == 0, "silence shows the map (%d do not), strength the overlay (%d do not)",
         silent, strong);
  tap_ok(bar == 0, "the bar is the overlay's: %d places are the map's", bar);
  canvas_free(&a);
  canvas_free(&b);
  overlay.range = (wd_range){1, 1, ""};
  wd_error err = {0};
  tap_ok(wd_panel_arrange(&p, &style, 400, 0, &l, &err) == WD_ERR_ARGUMENT, "an empty range is refused: %s",
         err.message);
}

/* Bars above the picture for each trace, as high as their values; traces beyond the level are shaded. */
static void test_ruler(void) {
  wd_style style = {.size = 10, .scale = 1};
  float value[8 * 4] = {0}, trace[4] = {0.5f, 2, NAN, 4};
  wd_facet facet = {.value = value, .trace = trace};
  wd_ruler ruler = {.traces = 4, .hi = 4, .level = 1, .bars = true, .mask = true};
  wd_gather g = {1, 8, 4, 0.001, value};
  wd_panel p = wd_panel_of_gather(&g, 10, &facet, 1);
  p.range = (wd_range){-1, 1, "clip"};
  wd_panel_layout without, l;
  wd_error err = {0};
  tap_ok(!wd_panel_arrange(&p, &style, 400, 300, &without, &err), "a panel of four traces");
  p.ruler = &ruler;
  tap_ok(!wd_panel_arrange(&p, &style, 400, 300, &l, &err) && l.first.y > without.first.y + 25 &&
             l.first.height < without.first.height,
         "bars have room of their own: the picture begins at %.0f instead of %.0f", l.first.y,
         without.first.y);
  canvas c = canvas_make(l.width, l.height, &style);
  wd_panel_draw(&p, &style, &l, c.cr, NULL);
  canvas_read(&c);
  const uint32_t paper = wd_style_theme(&style)->paper, accent = wd_style_theme(&style)->accent;
  int height[4] = {0};
  uint32_t colour[4] = {0};
  for (int i = 0; i < 4; i++)
    for (double y = l.first.y - 7; y > l.first.y - 36; y--) {
      const uint32_t now = at(&c, l.first.x + (i + 0.5) / 4 * l.first.width, y, 1);
      if (now != (accent & 0xffffff) && now != 0xd1480f) continue;
      colour[i] = now;
      height[i]++;
    }
  tap_ok(height[3] > 24 && abs(height[1] - height[3] / 2) <= 2 && abs(height[0] - height[3] / 8) <= 2 &&
             !height[2],
         "bars of 0.5, 2, nothing and 4: %d %d %d %d pixels", height[0], height[1], height[2], height[3]);
  tap_ok(colour[0] == (accent & 0xffffff) && colour[1] == 0xd1480f && colour[3] == 0xd1480f && paper,
         "those beyond the level have another colour");
  uint32_t middle[4];
  for (int i = 0; i < 4; i++)
    middle[i] = at(&c, l.first.x + (i + 0.5) / 4 * l.first.width, l.first.y + 0.4 * l.first.height, 1);
  tap_ok(middle[0] == middle[2] && middle[1] == middle[3] && middle[0] != middle[1],
         "and their traces are shaded: %06x and %06x", middle[0], middle[1]);
  tap_ok(!wd_ruler_beyond(&ruler, NAN) && wd_ruler_beyond(&ruler, 1.1) && !wd_ruler_beyond(&ruler, 1),
         "beyond is more than the level");
  ruler.higher_is_better = true;
  tap_ok(wd_ruler_beyond(&ruler, 0.9) && !wd_ruler_beyond(&ruler, 1.1), "or less, where more is better");
  p.no_ruler = true;
  tap_ok(!wd_panel_arrange(&p, &style, 400, 300, &l, &err) && l.first.y == without.first.y,
         "without room there are no bars");
  canvas_free(&c);
}

int main(void) {
  for (int i = 0; i < NZ * NX; i++)
    velocity[i] = (float)(1400 + 3200.0 * i / (NZ * NX)); /* beyond both ends */
  wd_random_normals(5, 2, 0, SHOTS * S * R, pressure);
  test_cells();
  test_zoom();
  test_text();
  test_themes();
  test_refusals();
  test_overlay();
  test_ruler();
  return tap_done();
}
