/* A transparent sheet of a widget that paints by a function and is repainted alone: GTK keeps the render node
 * of every sheet that was not asked to redraw. Takes no pointer events. */
#ifndef WD_LAYER_H
#define WD_LAYER_H

#include <gtk/gtk.h>

typedef void (*WdLayerPaint)(GtkSnapshot *snapshot, int width, int height, gpointer data);

GtkWidget *wd_layer_new(WdLayerPaint paint, gpointer data);

#endif
