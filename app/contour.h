/* Lines of equal value of a map: contours of velocity, isochrones of travel times. */
#ifndef WD_CONTOUR_H
#define WD_CONTOUR_H

#include "render/panel.h"

#include <glib.h>

/* Appends the pieces of one line to points (wd_mark in metres; NaN after every piece lifts the pen):
 * marching squares between cell centres, straight between two values. */
void wd_contour(GArray *points, const wd_map *map, double level);

#endif
