#include "app/inspect_draw.h"

#include "app/i18n.h"
#include "app/score.h"

#include <math.h>

void wd_inspect_message(const WdInspectDrawing *d, cairo_t *cr, double width, double height,
                        const char *text) {
  wd_pen pen;
  wd_pen_open(&pen, cr, &d->style, NULL);
  const wd_type type = {.colour = pen.theme->dim, .room = width - 16};
  double w;
  wd_pen_measure(&pen, &type, text, &w, NULL, NULL);
  wd_pen_text(&pen, &type, fmax(8, (width - w) / 2), height / 2, 0, text);
  wd_pen_close(&pen);
}

void wd_inspect_axis_below(wd_pen *pen, const wd_rect *plot, const wd_axis *axis) {
  wd_tick tick[WD_TICKS_MAX];
  const double size = pen->style.size, base = plot->y + plot->height;
  const int n = wd_axis_ticks(axis, (int)fmax(2, plot->width / (5.5 * size)), tick);
  const wd_type type = {.colour = pen->theme->dim};
  double edge = -INFINITY;
  for (int i = 0; i < n; i++) {
    const double x = plot->x + plot->width * wd_axis_place(axis, tick[i].value);
    if (tick[i].major) {
      wd_pen_colour_alpha(pen, pen->theme->grid, 0.8);
      wd_pen_vertical(pen, x, plot->y, base, 0.5, 0);
    }
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_vertical(pen, x, base, base + (tick[i].major ? 0.4 : 0.2) * size, 0.7, 0);
    double w;
    if (!tick[i].major) continue;
    wd_pen_measure(pen, &type, tick[i].text, &w, NULL, NULL);
    if (x - w / 2 < edge) continue;
    wd_pen_text(pen, &type, x, base + 1.5 * size, 0.5, tick[i].text);
    edge = x + w / 2 + 0.5 * size;
  }
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_horizontal(pen, plot->x, plot->x + plot->width, base, 0.7, 0);
  const wd_type name = {.colour = pen->theme->ink, .room = plot->width};
  if (axis->label) wd_pen_text(pen, &name, plot->x + plot->width / 2, base + 3 * size, 0.5, axis->label);
}

void wd_inspect_axis_left(wd_pen *pen, const wd_rect *plot, const wd_axis *axis) {
  wd_tick tick[WD_TICKS_MAX];
  const double size = pen->style.size;
  const int n = wd_axis_ticks(axis, (int)fmax(2, plot->height / (2.2 * size)), tick);
  const wd_type type = {.colour = pen->theme->dim};
  for (int i = 0; i < n; i++) {
    const double y = plot->y + plot->height * (1 - wd_axis_place(axis, tick[i].value));
    if (tick[i].major) {
      wd_pen_colour_alpha(pen, pen->theme->grid, 0.8);
      wd_pen_horizontal(pen, plot->x, plot->x + plot->width, y, 0.5, 0);
      wd_pen_text(pen, &type, plot->x - 0.6 * size, y + 0.35 * size, 1, tick[i].text);
    }
    wd_pen_colour(pen, pen->theme->frame);
    wd_pen_horizontal(pen, plot->x - (tick[i].major ? 0.4 : 0.2) * size, plot->x, y, 0.7, 0);
  }
  wd_pen_colour(pen, pen->theme->frame);
  wd_pen_vertical(pen, plot->x, plot->y, plot->y + plot->height, 0.7, 0);
  const wd_type name = {.colour = pen->theme->ink, .room = plot->height + 4 * size};
  if (axis->label) wd_pen_text_up(pen, &name, plot->x - 4.1 * size, plot->y + plot->height / 2, axis->label);
}

void wd_inspect_axis_name(const WdInspect *i, int kind, char *out, gsize size) {
  const WdValueInfo *info = wd_value_get_info(kind);
  const gboolean moded = i->population && kind < WD_VALUE_V_MIN;
  const char *mode = moded ? wd_score_mode_words(i->population->mode) : "";
  if (moded && *info->unit)
    wd_print(out, size, _("%s (%s, %s mode)"), info->title, info->unit, mode);
  else if (moded)
    wd_print(out, size, _("%s (%s mode)"), info->title, mode);
  else if (*info->unit)
    wd_print(out, size, "%s (%s)", info->title, info->unit);
  else
    wd_copy(out, info->title, size);
}
