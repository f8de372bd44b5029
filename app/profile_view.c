/* v(z) and v(x) through the crosshair, as steps: a cell has one velocity. The truth is dashed where it is
 * known. */
#include "app/i18n.h"
#include "app/side_plot.h"
#include "app/widgets.h"

#include <math.h>

/* Both edges of every cell: cell i covers (i - 1/2) to (i + 1/2) spacings. */
typedef struct Steps {
  double *at, *velocity;
  int count;
} Steps;

static Steps steps_of(const wd_map *map, gboolean down, int line) {
  int cells = down ? map->nz : map->nx;
  Steps s = {g_new(double, 2 * cells), g_new(double, 2 * cells), 2 * cells};
  for (int i = 0; i < cells; i++) {
    double v = (double)(down ? map->value[(gsize)i * (gsize)map->nx + (gsize)line]
                             : map->value[(gsize)line * (gsize)map->nx + (gsize)i]);
    s.at[2 * i] = (i - 0.5) * map->spacing;
    s.at[2 * i + 1] = (i + 0.5) * map->spacing;
    s.velocity[2 * i] = s.velocity[2 * i + 1] = v;
  }
  return s;
}

static void steps_clear(Steps *s) {
  g_free(s->at);
  g_free(s->velocity);
}

static void profile(const WdSidePlot *plot, cairo_t *cr, const wd_rect *place, const wd_map *map,
                    const wd_map *truth, gboolean down, int line, const char *title) {
  Steps decoded = steps_of(map, down, line), known = {0};
  wd_series series[2] = {{.name = truth ? _("decoded") : NULL,
                          .x = down ? decoded.velocity : decoded.at,
                          .y = down ? decoded.at : decoded.velocity,
                          .count = decoded.count,
                          .colour = 1}};
  int n = 1;
  if (truth) {
    known = steps_of(truth, down, line);
    series[n++] = (wd_series){.name = _("truth"),
                              .x = down ? known.velocity : known.at,
                              .y = down ? known.at : known.velocity,
                              .count = known.count,
                              .dash = WD_DASH_DASHED,
                              .colour = 2};
  }
  double lo = WD_VELOCITY_LO, hi = WD_VELOCITY_HI;
  for (int k = 0; k < n; k++)
    for (int i = 0; i < series[k].count; i++) {
      double v = down ? series[k].x[i] : series[k].y[i];
      lo = fmin(lo, v);
      hi = fmax(hi, v);
    }
  wd_axis velocity = {lo - 60, hi + 60, false, _("Velocity (m/s)"), .dimension = WD_VELOCITY};
  int cells = down ? map->nz : map->nx;
  double first = -0.5 * map->spacing, last = (cells - 0.5) * map->spacing;
  wd_curve curve = {
      .title = down ? _("Profiles") : NULL,
      .source = title,
      .x = down ? velocity : (wd_axis){first, last, false, _("Distance (m)"), .dimension = WD_DISTANCE},
      .y = down ? (wd_axis){last, first, false, _("Depth (m)"), .dimension = WD_DISTANCE} : velocity,
      .series = series,
      .n_series = n};
  const WdView *v = plot->view;
  wd_side_plot_curve(plot, cr, place, &curve, down ? NAN : v->x, down ? v->z : NAN);
  steps_clear(&decoded);
  steps_clear(&known);
}

static void draw(const WdSidePlot *plot, cairo_t *cr, double width, double height, char *about, gsize size) {
  const WdPair *pair = plot->frame.pair;
  if (!pair || !pair->velocity.value) {
    wd_side_plot_message(plot, cr, width, height, _("Profiles appear with the decoded map"));
    return;
  }
  const wd_map *map = &pair->velocity;
  const wd_map *truth = plot->truth && plot->truth->velocity.value && plot->truth->velocity.nx == map->nx &&
                                plot->truth->velocity.nz == map->nz
                            ? &plot->truth->velocity
                            : NULL;
  int column = (int)CLAMP(round(plot->view->x / map->spacing), 0, map->nx - 1),
      row = (int)CLAMP(round(plot->view->z / map->spacing), 0, map->nz - 1);
  const wd_units *units = &plot->style.units;
  char down[64], across[64], x[96], z[96], v[96];
  wd_units_text(units, WD_DISTANCE, column * map->spacing, 1, x, sizeof x);
  wd_units_text(units, WD_DISTANCE, row * map->spacing, 1, z, sizeof z);
  wd_print(down, sizeof down, _("v(z) at x %s"), x);
  wd_print(across, sizeof across, _("v(x) at z %s"), z);
  double value = (double)map->value[(gsize)row * (gsize)map->nx + (gsize)column];
  wd_units_spoken(units, WD_DISTANCE, column * map->spacing, 1, x, sizeof x);
  wd_units_spoken(units, WD_DISTANCE, row * map->spacing, 1, z, sizeof z);
  wd_units_spoken(units, WD_VELOCITY, value, 1, v, sizeof v);
  wd_print(about, size, _("Velocity profiles through x %s, z %s: %s there"), x, z, v);
  gboolean beside = width > 1.1 * height;
  double w = beside ? round(0.42 * width) : width, h = beside ? height : round(0.55 * height);
  profile(plot, cr, &(wd_rect){0, 0, w, h}, map, truth, TRUE, column, down);
  wd_rect rest = beside ? (wd_rect){w + 8, 0, width - w - 8, height} : (wd_rect){0, h, width, height - h};
  profile(plot, cr, &rest, map, truth, FALSE, row, across);
}

GtkWidget *wd_profile_view_new(WdSession *session, WdView *view) {
  return wd_side_plot_new(session, view, _("Velocity profiles through the crosshair"), draw);
}
