#include "app/side_draw.h"

#include <math.h>

void wd_side_draw_look(WdSidePlot *plot) {
  WdRecording *recording = wd_session_get_recording(plot->session);
  WdPlace place = plot->view->place[plot->side];
  WdBranch *branch = place.branch ? wd_recording_find(recording, place.branch) : NULL;
  plot->frame = (WdFrame){0};
  if (branch) wd_recording_get_frame(recording, place.branch, place.position, plot->view->what, &plot->frame);
  plot->truth = branch ? branch->truth : NULL;
  plot->position = place.position;
}

void wd_side_plot_message(const WdSidePlot *plot, cairo_t *cr, double width, double height,
                          const char *text) {
  wd_pen pen;
  wd_pen_open(&pen, cr, &plot->style, NULL);
  wd_type type = {.colour = pen.theme->dim, .room = width};
  double w;
  wd_pen_measure(&pen, &type, text, &w, NULL, NULL);
  wd_pen_text(&pen, &type, fmax(0, (width - w) / 2), height / 2, 0, text);
  wd_pen_close(&pen);
}

void wd_side_plot_curve(const WdSidePlot *plot, cairo_t *cr, const wd_rect *place, const wd_curve *curve,
                        double at_x, double at_y) {
  wd_curve_layout l;
  if (wd_curve_arrange(curve, &plot->style, place->width, place->height, &l, NULL)) return;
  cairo_save(cr);
  cairo_translate(cr, round(place->x), round(place->y));
  wd_curve_draw(curve, &plot->style, &l, cr, NULL);
  wd_pen pen;
  wd_pen_open(&pen, cr, &plot->style, NULL);
  double u = wd_axis_place(&l.x, at_x), v = 1 - wd_axis_place(&l.y, at_y);
  wd_pen_colour_alpha(&pen, pen.theme->ink, 0.7);
  if (u >= 0 && u <= 1)
    wd_pen_vertical(&pen, l.plot.x + u * l.plot.width, l.plot.y, l.plot.y + l.plot.height, 1, 0);
  if (v >= 0 && v <= 1)
    wd_pen_horizontal(&pen, l.plot.x, l.plot.x + l.plot.width, l.plot.y + v * l.plot.height, 1, 0);
  wd_pen_close(&pen);
  cairo_restore(cr);
}

gboolean wd_side_plot_panel(const WdSidePlot *plot, cairo_t *cr, double width, double height,
                            const wd_panel *panel, wd_panel_layout *layout) {
  wd_panel_layout l;
  if (wd_panel_arrange(panel, &plot->style, width, height, &l, NULL)) return FALSE;
  wd_panel_draw(panel, &plot->style, &l, cr, NULL);
  if (layout) *layout = l;
  return TRUE;
}
