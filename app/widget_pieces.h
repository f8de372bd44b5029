/* Pieces that pages are built of. */
#ifndef WD_WIDGET_PIECES_H
#define WD_WIDGET_PIECES_H

#include <gtk/gtk.h>

/* A child, which takes all room, in a frame of its own: a box, to which more can be appended. name may be
 * NULL. */
GtkWidget *wd_card_new(GtkWidget *child, const char *name);
/* Neither side is pushed below its least size. A side may come later (NULL); name may be NULL. */
GtkWidget *wd_paned_new(GtkOrientation orientation, GtkWidget *start, GtkWidget *end, const char *name);
/* Of a drop-down list of strings: the button may be narrower than the longest of them, which then give way
 * by dots at `where`; it asks for no more than `most` characters (-1: all). The list shows them whole. */
void wd_drop_down_shorten(GtkWidget *drop_down, PangoEllipsizeMode where, int most);

#endif
