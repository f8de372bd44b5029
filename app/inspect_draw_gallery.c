/* The worst samples as pictures: map, gather, how the residual went, and its figures. */
#include "app/i18n.h"
#include "app/inspect_draw.h"

#include "app/flags.h"
#include "app/population_sheet.h"
#include "render/raster.h"
#include "solver/half.h"

#include <math.h>

enum { MAP = 104, GATHER = 66, GAP = 8, PAD = 6, SPARK = 30 };

static double cell_width(void) {
  return MAP + GATHER + GAP + 2 * PAD;
}
static double cell_height(double size) {
  return MAP + SPARK + 2 * PAD + 3.4 * size;
}

static int columns_of(double width) {
  return MAX(1, (int)((width - GAP) / (cell_width() + GAP)));
}

void wd_gallery_arrange(const WdInspect *i, double size, double width, WdGalleryPlot *out) {
  const guint n = i->population ? MIN(i->shown->len, (guint)WD_GALLERY_MAX) : 0;
  out->columns = columns_of(width);
  out->rows = (int)(n + (guint)out->columns - 1) / out->columns;
  out->cell_width = cell_width() + GAP;
  out->cell_height = cell_height(size) + GAP;
  out->gap = GAP;
}

/* Worst first, as many as there is room for in the end. */
GArray *wd_gallery_worst(WdInspect *i) {
  GArray *order = wd_population_rank(i->population, i->metric, i->shown);
  if (order->len > WD_GALLERY_MAX) g_array_set_size(order, WD_GALLERY_MAX);
  return order;
}

/* An array in colours, at whole pixels of the screen. */
static void picture(cairo_t *cr, const wd_style *style, const wd_rect *r, const float *value, int rows,
                    int columns, const wd_range *range, wd_colormap map, gboolean smooth) {
  const int w = (int)(r->width * style->scale), h = (int)(r->height * style->scale);
  cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
  const wd_image image = {w, h, cairo_image_surface_get_stride(s) / 4,
                          (uint32_t *)(void *)cairo_image_surface_get_data(s)};
  const wd_field field = {value, rows, columns};
  const wd_view all = {0};
  wd_raster_field(&image, &field, &all, range, wd_colormap_tables[map], smooth,
                  wd_style_theme(style)->missing);
  cairo_surface_mark_dirty(s);
  cairo_surface_set_device_scale(s, style->scale, style->scale);
  cairo_set_source_surface(cr, s, r->x, r->y);
  cairo_rectangle(cr, r->x, r->y, r->width, r->height);
  cairo_fill(cr);
  cairo_surface_destroy(s);
}

/* Residual over steps, log, between the population's least and largest; the band behind it. */
static void sparkline(const WdInspect *i, wd_pen *pen, const WdSample *s, const wd_rect *r) {
  const WdPopulation *p = i->population;
  const guint n = p->way->len;
  double lo = INFINITY, hi = -INFINITY;
  if (n < 2) return;
  for (guint k = 0; k < n; k++) {
    const WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    const double v[] = {(double)s->way[k], w->p10, w->p90};
    for (int j = 0; j < 3; j++)
      if (isfinite(v[j]) && v[j] > 0) lo = fmin(lo, v[j]), hi = fmax(hi, v[j]);
  }
  if (!(hi > lo)) return;
  const double last = fmax(1, g_array_index(p->way, WdWayStep, n - 1).step);
#define PX(k) (r->x + r->width * g_array_index(p->way, WdWayStep, k).step / last)
#define PY(v) (r->y + r->height * (1 - log((v) / lo) / log(hi / lo)))
  gboolean band = TRUE;
  for (guint k = 0; k < n; k++) band = band && g_array_index(p->way, WdWayStep, k).p10 > 0;
  if (band) {
    for (guint k = 0; k < n; k++) cairo_line_to(pen->cr, PX(k), PY(g_array_index(p->way, WdWayStep, k).p90));
    for (guint k = n; k-- > 0;) cairo_line_to(pen->cr, PX(k), PY(g_array_index(p->way, WdWayStep, k).p10));
    cairo_close_path(pen->cr);
    wd_pen_colour_alpha(pen, pen->theme->dim, 0.18);
    cairo_fill(pen->cr);
  }
  gboolean down = FALSE;
  for (guint k = 0; k < n; k++) {
    const double v = (double)s->way[k];
    if (!isfinite(v) || v <= 0) {
      down = FALSE;
      continue;
    }
    if (down)
      cairo_line_to(pen->cr, PX(k), PY(v));
    else
      cairo_move_to(pen->cr, PX(k), PY(v));
    down = TRUE;
  }
  wd_pen_colour(pen, pen->theme->accent);
  cairo_set_line_width(pen->cr, 1.4);
  cairo_stroke(pen->cr);
  const double bad = s->value[WD_VALUE_FIRST_BAD];
  if (isfinite(bad)) {
    wd_pen_colour(pen, pen->theme->warm);
    wd_pen_vertical(pen, r->x + r->width * bad / last, r->y, r->y + r->height, 1, 0);
  }
#undef PX
#undef PY
}

static void draw_one(WdInspectDrawing *d, wd_pen *pen, guint rank, guint number, double x, double y,
                     float *value) {
  WdInspect *i = d->inspect;
  const WdPopulation *p = i->population;
  const WdSample *s = wd_population_nth(p, number);
  const double size = d->style.size, w = cell_width(), h = cell_height(size);
  cairo_t *cr = pen->cr;
  const gboolean chosen = number == i->chosen;
  const wd_rect card = {x + 0.5, y + 0.5, w - 1, h - 1};
  wd_pen_rounded(pen, &card, 5);
  wd_pen_colour_alpha(pen, chosen ? pen->theme->accent : pen->theme->frame, chosen ? 0.16 : 0.05);
  cairo_fill_preserve(cr);
  wd_pen_colour_alpha(pen, chosen ? pen->theme->accent : pen->theme->frame, chosen ? 1 : 0.35);
  cairo_set_line_width(cr, chosen ? 2 : 1);
  cairo_stroke(cr);
  const wd_rect map = {x + PAD, y + PAD, MAP, MAP}, gather = {x + PAD + MAP + GAP, y + PAD, GATHER, MAP};
  const wd_range velocity = {p->velocity_min, p->velocity_max, ""};
  if (wd_sample_map(p, s, value))
    picture(cr, &d->style, &map, value, p->geometry.nz, p->geometry.nx, &velocity, WD_COLORMAP_STRATA, FALSE);
  if (s->picture) {
    float most = 0;
    const int n = WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS;
    float dots[WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS];
    for (int k = 0; k < n; k++) {
      dots[k] = wd_float_from_half(s->picture[k]);
      most = fmaxf(most, fabsf(dots[k]));
    }
    const wd_range range = {-0.2 * (double)fmaxf(most, 1e-12f), 0.2 * (double)fmaxf(most, 1e-12f), ""};
    picture(cr, &d->style, &gather, dots, WD_SAMPLE_PICTURE_ROWS, WD_SAMPLE_PICTURE_COLUMNS, &range,
            WD_COLORMAP_GRAY, TRUE);
  }
  const wd_rect spark = {x + PAD, y + PAD + MAP + 4, w - 2 * PAD, SPARK - 6};
  sparkline(i, pen, s, &spark);
  char v[48], line[160];
  wd_value_text(i->metric, s->value[i->metric], TRUE, v, sizeof v);
  wd_print(line, sizeof line, _("%u. seed %" PRIu64), rank + 1, s->seed);
  const double base = y + PAD + MAP + SPARK + 1.1 * size;
  wd_pen_text(pen, &(wd_type){.colour = pen->theme->ink, .weight = WD_BOLD, .room = w - 2 * PAD - 50},
              x + PAD, base, 0, line);
  wd_pen_text(pen,
              &(wd_type){.colour = wd_inspect_fails(i, number) ? pen->theme->warm : pen->theme->ink,
                         .weight = WD_BOLD},
              x + w - PAD, base, 1, v);
  g_autofree char *flags = wd_flags_text(s->flags);
  g_snprintf(line, sizeof line, "%s%s%s", wd_sample_family(s), *flags ? " \xc2\xb7 " : "", flags);
  wd_pen_text(pen, &(wd_type){.colour = pen->theme->dim, .room = w - 2 * PAD}, x + PAD, base + 1.5 * size, 0,
              line);
}

void wd_gallery_draw(WdInspectDrawing *d, cairo_t *cr, double width, double height) {
  WdInspect *i = d->inspect;
  if (!i->population || !i->shown->len) {
    wd_inspect_message(d, cr, width, height,
                       i->population ? _("The filter leaves no sample") : _("No samples yet"));
    return;
  }
  g_autoptr(GArray) worst = wd_gallery_worst(i);
  g_autofree float *value =
      g_new(float, (gsize)i->population->geometry.nz *(gsize)i->population->geometry.nx);
  const int columns = columns_of(width);
  const double h = cell_height(d->style.size) + GAP, w = cell_width() + GAP;
  double x0, y0, x1, y1;
  cairo_clip_extents(cr, &x0, &y0, &x1, &y1);
  wd_pen pen;
  wd_pen_open(&pen, cr, &d->style, NULL);
  for (guint k = 0; k < worst->len; k++) {
    const double x = GAP + w * (k % (guint)columns), y = GAP + h * (k / (guint)columns);
    if (y > y1 || y + h < y0) continue;
    draw_one(d, &pen, k, g_array_index(worst, guint, k), x, y, value);
  }
  wd_pen_close(&pen);
  wd_print(d->about, sizeof d->about,
           ngettext("The %u worst sample by %s. Arrow keys go from one to the next.",
                    "The %u worst samples by %s. Arrow keys go from one to the next.", worst->len),
           worst->len, wd_value_get_info(i->metric)->title);
}
