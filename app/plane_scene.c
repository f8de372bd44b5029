#include "app/plane_scene.h"

#include "app/i18n.h"

#include <math.h>

static double epsilon(WdSession *session, WdView *view) {
  WdLevels levels;
  gboolean known = wd_session_get_levels(session, WD_METRIC_REFLECTION_RESIDUAL, &levels);
  /* The view's own epsilon is of the figure that is plotted. */
  if (view->metric == WD_METRIC_REFLECTION_RESIDUAL)
    return wd_view_epsilon(view, known ? levels.stage1_p95 : NAN);
  return known ? levels.stage1_p95 : NAN;
}

void wd_plane_scene_compose(WdSession *session, WdView *view, WdExplorer *x, gboolean pictures,
                            gboolean residuals, WdPlaneScene *s) {
  const WdPanelLook *look = &view->look[WD_PANEL_VELOCITY];
  const char *const labels[][2] = {{_("u, towards B"), _("v, towards C")},
                                   {_("u, deviations along the 1st direction"), _("v, along the 2nd")},
                                   {_("u, lengths along the 1st direction"), _("v, along the 2nd")}};
  static const char *const letters[] = {"A", "B", "C"};
  *s = (WdPlaneScene){0};
  wd_plane *p = &s->plane;
  p->title = _("Plane");
  wd_print(s->source, sizeof s->source, "%s%s",
           x->domain == WD_DOMAIN_NOISE ? _("starting noise x_T, denoised") : _("data latents z\xe2\x82\x80"),
           x->norm_safe ? _(", length kept") : _(", mixed straight"));
  p->source = s->source;
  wd_explorer_get_extent(x, &p->lo, &p->hi, &p->step);
  p->label_u = labels[x->shape][0];
  p->label_v = labels[x->shape][1];
  p->message = x->ready ? NULL : x->why ? x->why : _("No plane yet.");
  const WdModelInfo *m = wd_session_get_model(session);
  const WdTiles *t = x->tiles;
  if (t && m && pictures) {
    p->side = t->side;
    p->map = (const float *const *)t->map;
    p->rows = m->geometry.nz;
    p->columns = m->geometry.nx;
    p->map_colours = look->colormap;
    p->map_range = (wd_range){.lo = WD_VELOCITY_LO, .hi = WD_VELOCITY_HI};
    if (look->scope == WD_SCOPE_MANUAL && look->hi > look->lo) {
      p->map_range.lo = look->lo;
      p->map_range.hi = look->hi;
    }
  }
  if (t && t->cells && residuals) {
    p->cells = t->cells;
    p->value = t->value;
    p->state = t->state;
    p->quantity = _("Reflection residual, live mode");
    p->epsilon = epsilon(session, view);
  }
  int anchors = x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1;
  for (int i = 0; i < anchors; i++)
    s->anchor[i] = (wd_plane_mark){i == 1, i == 2, letters[i], x->anchor[i].name};
  p->anchor = s->anchor;
  p->anchors = anchors;
  p->trails = wd_explorer_trail(x, s->trail, WD_PLANE_TRAIL);
  p->trail = (const double(*)[2])s->trail;
  for (int i = 0; i < x->waypoints; i++)
    for (int c = 0; c < 2; c++) s->waypoint[i][c] = x->waypoint[i][c];
  p->waypoint = (const double(*)[2])s->waypoint;
  p->waypoints = x->waypoints;
  for (int i = 0; i < WD_PLANE_CURVE && x->waypoints > 1; i++, p->curves++)
    wd_plane_path_point(x->smooth, x->waypoints, (const double(*)[2])x->waypoint,
                        (double)i * (x->waypoints - 1) / (WD_PLANE_CURVE - 1), s->curve[i]);
  p->curve = (const double(*)[2])s->curve;
  p->cursor = x->ready;
  p->u = x->u;
  p->v = x->v;
}
