#include "app/contour.h"

#include <math.h>

static void add(GArray *points, double x, double z) {
  wd_mark mark = {x, z};
  g_array_append_val(points, mark);
}

void wd_contour(GArray *points, const wd_map *map, double level) {
  for (int z = 0; z + 1 < map->nz; z++)
    for (int x = 0; x + 1 < map->nx; x++) {
      const float *v = map->value + (gsize)z * (gsize)map->nx + x;
      double corner[4] = {(double)v[0], (double)v[1], (double)v[map->nx + 1], (double)v[map->nx]};
      static const int dx[4] = {0, 1, 1, 0}, dz[4] = {0, 0, 1, 1};
      double cx[4], cz[4];
      int crossings = 0;
      for (int e = 0; e < 4; e++) {
        int f = (e + 1) % 4;
        if ((corner[e] < level) == (corner[f] < level)) continue;
        double t = (level - corner[e]) / (corner[f] - corner[e]);
        cx[crossings] = (x + dx[e] + t * (dx[f] - dx[e])) * map->spacing;
        cz[crossings++] = (z + dz[e] + t * (dz[f] - dz[e])) * map->spacing;
      }
      for (int i = 0; i + 1 < crossings; i += 2) {
        add(points, cx[i], cz[i]);
        add(points, cx[i + 1], cz[i + 1]);
        add(points, NAN, NAN);
      }
    }
}
