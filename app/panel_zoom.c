/* Zoom and pan of a panel, in cells of its map or gather, linked along the surface: a map and the gathers of
 * receivers in every column share their columns. */
#include "app/panel_view_private.h"

#include <math.h>
#include <string.h>

/* The whole, as the view counts it: interleaved pictures have every column twice. */
static wd_view whole(WdPanelView *self) {
  const wd_panel *panel = wd_picture_panel(self->picture);
  int columns = panel->columns;
  if (self->kind == WD_PANEL_GATHER && self->view->source == WD_SOURCE_INTERLEAVED &&
      !wd_picture_message(self->picture))
    columns /= 2;
  return (wd_view){0, panel->rows, 0, columns};
}

static wd_view *stored(WdPanelView *self) {
  return self->kind == WD_PANEL_VELOCITY ? &self->view->zoom_map : &self->view->zoom_gather;
}

static gboolean is_whole(const wd_view *v) {
  return v->row0 == v->row1 && v->column0 == v->column1;
}

gboolean wd_panel_view_is_zoomed(WdPanelView *self) {
  return !is_whole(stored(self));
}

wd_view wd_panel_view_zoom(WdPanelView *self) {
  wd_view v = *stored(self);
  return is_whole(&v) ? whole(self) : v;
}

/* Moves lo..hi into 0..cells, at least `least` wide. */
static void fit(double *lo, double *hi, double cells, double least) {
  double width = fmin(fmax(*hi - *lo, fmin(least, cells)), cells), middle = 0.5 * (*lo + *hi);
  *lo = fmin(fmax(middle - width / 2, 0), cells - width);
  *hi = *lo + width;
}

/* The map follows the columns of the gathers with square cells: rows about the middle of what it showed. */
static void link_map(WdView *v, const wd_view *gather, int columns) {
  wd_view now = is_whole(&v->zoom_map) ? (wd_view){0, columns, 0, columns} : v->zoom_map;
  double height = gather->column1 - gather->column0, middle = 0.5 * (now.row0 + now.row1);
  wd_view map = {middle - height / 2, middle + height / 2, gather->column0, gather->column1};
  fit(&map.row0, &map.row1, columns, 4);
  v->zoom_map = map;
}

void wd_panel_view_set_zoom(WdPanelView *self, wd_view to) {
  WdView *v = self->view;
  wd_view all = whole(self);
  gboolean traces = self->kind == WD_PANEL_TRACES;
  wd_view before_map = v->zoom_map, before_gather = v->zoom_gather;
  fit(&to.column0, &to.column1, all.column1, 4);
  if (!traces) fit(&to.row0, &to.row1, all.row1, self->kind == WD_PANEL_VELOCITY ? 4 : 20);
  gboolean all_columns = to.column1 - to.column0 >= all.column1 - 1e-6;
  gboolean all_rows = traces || to.row1 - to.row0 >= all.row1 - 1e-6;
  wd_view *mine = stored(self);
  if (traces) {
    /* Shots are not zoomed; the gathers' rows stay as they are. */
    wd_view g = v->zoom_gather;
    gboolean rows = g.row0 != g.row1;
    *mine = all_columns && !rows ? (wd_view){0}
                                 : (wd_view){g.row0, rows ? g.row1 : self->samples, to.column0, to.column1};
  } else {
    *mine = all_columns && all_rows ? (wd_view){0} : to;
  }
  if (v->linked_zoom) {
    if (self->kind != WD_PANEL_VELOCITY) {
      if (all_columns)
        v->zoom_map = (wd_view){0};
      else
        link_map(v, &to, (int)all.column1);
    } else if (self->samples > 0) {
      wd_view g = is_whole(&v->zoom_gather) ? (wd_view){0, self->samples, 0, all.column1} : v->zoom_gather;
      g.column0 = to.column0;
      g.column1 = to.column1;
      v->zoom_gather = all_columns && g.row1 - g.row0 >= self->samples - 1e-6 ? (wd_view){0} : g;
    }
  }
  if (memcmp(&before_map, &v->zoom_map, sizeof before_map) != 0 ||
      memcmp(&before_gather, &v->zoom_gather, sizeof before_gather) != 0)
    wd_view_changed(v, WD_VIEW_ZOOM);
}

void wd_panel_view_zoom_at(WdPanelView *self, const wd_view *from, double u, double w, double factor) {
  double column = from->column0 + u * (from->column1 - from->column0),
         row = from->row0 + w * (from->row1 - from->row0);
  wd_panel_view_set_zoom(self, (wd_view){row + (from->row0 - row) / factor, row + (from->row1 - row) / factor,
                                         column + (from->column0 - column) / factor,
                                         column + (from->column1 - column) / factor});
}
