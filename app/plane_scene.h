/* What is drawn of an explorer's plane, on the screen and in files (render/plane.h). Without GTK. */
#ifndef WD_PLANE_SCENE_H
#define WD_PLANE_SCENE_H

#include "app/explorer.h"
#include "app/view.h"
#include "render/plane.h"

enum { WD_PLANE_TRAIL = 200, WD_PLANE_CURVE = 200 };

/* `plane` points into the rest and into the explorer: it is valid until that changes. */
typedef struct WdPlaneScene {
  wd_plane plane;
  wd_plane_mark anchor[WD_ANCHORS];
  double trail[WD_PLANE_TRAIL][2], curve[WD_PLANE_CURVE][2];
  double waypoint[WD_WAYPOINTS_MAX][2];
  char source[160];
} WdPlaneScene;

/* pictures, residuals: with the lattice of maps, with the map of residuals, where there are some. */
void wd_plane_scene_compose(WdSession *session, WdView *view, WdExplorer *x, gboolean pictures,
                            gboolean residuals, WdPlaneScene *out);

#endif
