/* A velocity map with a window to choose on it: drag it, or move it by the arrow keys. Without a window
 * (sizes 0) it is a picture of the map. A gather can be shown in its place. */
#ifndef WD_CROP_VIEW_H
#define WD_CROP_VIEW_H

#include "solver/gather.h"
#include "solver/map.h"

#include <gtk/gtk.h>

#define WD_TYPE_CROP_VIEW (wd_crop_view_get_type())
G_DECLARE_FINAL_TYPE(WdCropView, wd_crop_view, WD, CROP_VIEW, GtkWidget)

/* Signal "moved": the window went elsewhere. */
GtkWidget *wd_crop_view_new(void);
/* Copies; NULL shows nothing. */
void wd_crop_view_set_map(WdCropView *view, const wd_map *map);
void wd_crop_view_set_gathers(WdCropView *view, const wd_gather *gathers);
/* The window's size in cells; 0: none. Its place is kept within the map. */
void wd_crop_view_set_window(WdCropView *view, int nz, int nx);
void wd_crop_view_move(WdCropView *view, int z, int x);
void wd_crop_view_get(WdCropView *view, int *z, int *x);

#endif
