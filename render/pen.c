#include "render/pen.h"

#include <math.h>
#include <string.h>

static const wd_theme light = {.paper = 0xffffff,
                               .ink = 0x1b1d21,
                               .dim = 0x59606b,
                               .frame = 0x3a3f47,
                               .grid = 0xdfe2e7,
                               .accent = 0x1f5fbf,
                               .warm = 0xc2410c,
                               .missing = 0xe3c7e3};
static const wd_theme dark = {.paper = 0x1b1d21,
                              .ink = 0xeceef1,
                              .dim = 0xa6aeb9,
                              .frame = 0x8b939e,
                              .grid = 0x33373e,
                              .accent = 0x7fb0ff,
                              .warm = 0xff9d5c,
                              .missing = 0x5a3f5a};
static const wd_theme contrast_light = {.paper = 0xffffff,
                                        .ink = 0x000000,
                                        .dim = 0x2b2f35,
                                        .frame = 0x000000,
                                        .grid = 0xb4b9c1,
                                        .accent = 0x0b3d91,
                                        .warm = 0x8a2a00,
                                        .missing = 0xd8a8d8};
static const wd_theme contrast_dark = {.paper = 0x000000,
                                       .ink = 0xffffff,
                                       .dim = 0xd9dde3,
                                       .frame = 0xffffff,
                                       .grid = 0x5a5f67,
                                       .accent = 0xa8caff,
                                       .warm = 0xffb380,
                                       .missing = 0x704a70};

const wd_theme *wd_style_theme(const wd_style *style) {
  if (style->contrast) return style->dark ? &contrast_dark : &contrast_light;
  return style->dark ? &dark : &light;
}

wd_style wd_style_of(const wd_style *style) {
  wd_style s = style ? *style : (wd_style){0};
  if (!s.font || !*s.font) s.font = "DejaVu Sans";
  if (!(s.size > 0)) s.size = 8;
  if (!(s.scale > 0)) s.scale = 1;
  return s;
}

void wd_pen_open(wd_pen *pen, cairo_t *cr, const wd_style *style, wd_text_log *log) {
  *pen = (wd_pen){.cr = cr, .style = wd_style_of(style), .log = log};
  pen->theme = wd_style_theme(&pen->style);
  pen->context = pango_font_map_create_context(pango_cairo_font_map_get_default());
  pango_cairo_context_set_resolution(pen->context, 72); /* a point of type is a unit */
  pango_context_set_round_glyph_positions(pen->context, FALSE);
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(pen->context, options);
  cairo_font_options_destroy(options);
  pen->layout = pango_layout_new(pen->context);
  pango_layout_set_single_paragraph_mode(pen->layout, TRUE);
}

void wd_pen_close(wd_pen *pen) {
  g_object_unref(pen->layout);
  g_object_unref(pen->context);
  pen->layout = NULL;
  pen->context = NULL;
}

static PangoFontDescription *describe(const wd_pen *pen, double size, wd_weight weight) {
  PangoFontDescription *font = pango_font_description_new();
  pango_font_description_set_family(font, pen->style.font);
  pango_font_description_set_absolute_size(font, (size > 0 ? size : pen->style.size) * PANGO_SCALE);
  pango_font_description_set_weight(font, weight == WD_BOLD ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  return font;
}

static void set_text(wd_pen *pen, const wd_type *type, const char *text) {
  PangoFontDescription *font = describe(pen, type->size, type->weight);
  pango_layout_set_font_description(pen->layout, font);
  pango_font_description_free(font);
  bool limited = type->room > 0;
  pango_layout_set_width(pen->layout, limited ? (int)(type->room * PANGO_SCALE) : -1);
  pango_layout_set_ellipsize(pen->layout, limited ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  if (g_utf8_validate(text, -1, NULL)) {
    pango_layout_set_text(pen->layout, text, -1);
  } else { /* a file name in another encoding, say */
    char *valid = g_utf8_make_valid(text, -1);
    pango_layout_set_text(pen->layout, valid, -1);
    g_free(valid);
  }
}

void wd_pen_measure(wd_pen *pen, const wd_type *type, const char *text, double *width, double *height,
                    double *baseline) {
  set_text(pen, type, text);
  PangoRectangle logical;
  pango_layout_get_extents(pen->layout, NULL, &logical);
  if (width) *width = (double)logical.width / PANGO_SCALE;
  if (height) *height = (double)logical.height / PANGO_SCALE;
  if (baseline) *baseline = (double)pango_layout_get_baseline(pen->layout) / PANGO_SCALE;
}

static void log_box(wd_pen *pen, double x, double y, double width, double height) {
  if (pen->log && pen->log->count < pen->log->capacity && width > 0)
    pen->log->box[pen->log->count++] = (wd_rect){x, y, width, height};
}

/* The logical box is as tall as the tallest glyph of the font; what can collide is the ink. */
static void ink_box(wd_pen *pen, double baseline, wd_rect *out) {
  PangoRectangle ink;
  pango_layout_get_extents(pen->layout, &ink, NULL);
  *out = (wd_rect){(double)ink.x / PANGO_SCALE, (double)ink.y / PANGO_SCALE - baseline,
                   (double)ink.width / PANGO_SCALE, (double)ink.height / PANGO_SCALE};
}

double wd_pen_text(wd_pen *pen, const wd_type *type, double x, double y, double align, const char *text) {
  double width, baseline;
  wd_pen_measure(pen, type, text, &width, NULL, &baseline);
  double left = x - align * width;
  wd_rect ink;
  ink_box(pen, baseline, &ink);
  log_box(pen, left + ink.x, y + ink.y, ink.width, ink.height);
  if (pen->cr) {
    wd_pen_colour(pen, type->colour);
    cairo_move_to(pen->cr, left, y - baseline);
    pango_cairo_update_layout(pen->cr, pen->layout);
    pango_cairo_show_layout(pen->cr, pen->layout);
  }
  return width;
}

void wd_pen_text_up(wd_pen *pen, const wd_type *type, double x, double y, const char *text) {
  double width, baseline;
  wd_pen_measure(pen, type, text, &width, NULL, &baseline);
  wd_rect ink;
  ink_box(pen, baseline, &ink);
  /* (u, v) of the text goes to (x + v, y + width/2 - u). */
  log_box(pen, x + ink.y, y + width / 2 - ink.x - ink.width, ink.height, ink.width);
  if (pen->cr) {
    wd_pen_colour(pen, type->colour);
    cairo_save(pen->cr);
    cairo_translate(pen->cr, x, y + width / 2);
    cairo_rotate(pen->cr, -G_PI / 2);
    cairo_move_to(pen->cr, 0, -baseline);
    pango_cairo_update_layout(pen->cr, pen->layout);
    pango_cairo_show_layout(pen->cr, pen->layout);
    cairo_restore(pen->cr);
  }
}

double wd_pen_line(wd_pen *pen, double size, double *ascent) {
  PangoFontDescription *font = describe(pen, size, WD_PLAIN);
  PangoFontMetrics *metrics = pango_context_get_metrics(pen->context, font, NULL);
  double up = (double)pango_font_metrics_get_ascent(metrics) / PANGO_SCALE;
  double down = (double)pango_font_metrics_get_descent(metrics) / PANGO_SCALE;
  pango_font_metrics_unref(metrics);
  pango_font_description_free(font);
  if (ascent) *ascent = up;
  return up + down;
}

void wd_pen_colour_alpha(wd_pen *pen, uint32_t rgb, double alpha) {
  cairo_set_source_rgba(pen->cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0,
                        alpha);
}

void wd_pen_colour(wd_pen *pen, uint32_t rgb) {
  wd_pen_colour_alpha(pen, rgb, 1);
}

double wd_pen_snap(const wd_pen *pen, double value) {
  return round(value * pen->style.scale) / pen->style.scale;
}

double wd_pen_floor(const wd_pen *pen, double value) {
  return floor(value * pen->style.scale + 1e-9) / pen->style.scale;
}

double wd_pen_hair(const wd_pen *pen, double width) {
  return pen->style.medium == WD_MEDIUM_RASTER ? fmax(1, round(width * pen->style.scale)) / pen->style.scale
                                               : width;
}

/* The lower edge of a line of `hair` at `at`. */
static double line_edge(const wd_pen *pen, double at, double hair, int outward) {
  double edge = outward < 0 ? at - hair : outward > 0 ? at : at - hair / 2;
  return pen->style.medium == WD_MEDIUM_RASTER ? wd_pen_snap(pen, edge) : edge;
}

void wd_pen_horizontal(wd_pen *pen, double x0, double x1, double y, double width, int outward) {
  double hair = wd_pen_hair(pen, width);
  cairo_rectangle(pen->cr, x0, line_edge(pen, y, hair, outward), x1 - x0, hair);
  cairo_fill(pen->cr);
}

void wd_pen_vertical(wd_pen *pen, double x, double y0, double y1, double width, int outward) {
  double hair = wd_pen_hair(pen, width);
  cairo_rectangle(pen->cr, line_edge(pen, x, hair, outward), y0, hair, y1 - y0);
  cairo_fill(pen->cr);
}

void wd_pen_frame(wd_pen *pen, const wd_rect *r, double width) {
  double h = wd_pen_hair(pen, width);
  wd_pen_horizontal(pen, r->x - h, r->x + r->width + h, r->y, width, -1);
  wd_pen_horizontal(pen, r->x - h, r->x + r->width + h, r->y + r->height, width, 1);
  wd_pen_vertical(pen, r->x, r->y, r->y + r->height, width, -1);
  wd_pen_vertical(pen, r->x + r->width, r->y, r->y + r->height, width, 1);
}

void wd_pen_rounded(wd_pen *pen, const wd_rect *r, double radius) {
  double x1 = r->x + r->width, y1 = r->y + r->height;
  cairo_new_sub_path(pen->cr);
  cairo_arc(pen->cr, x1 - radius, r->y + radius, radius, -G_PI / 2, 0);
  cairo_arc(pen->cr, x1 - radius, y1 - radius, radius, 0, G_PI / 2);
  cairo_arc(pen->cr, r->x + radius, y1 - radius, radius, G_PI / 2, G_PI);
  cairo_arc(pen->cr, r->x + radius, r->y + radius, radius, G_PI, 3 * G_PI / 2);
  cairo_close_path(pen->cr);
}
