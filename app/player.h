/* Play: while view->playing, side A goes on by view->fps positions a second, driven by a widget's frame
 * clock. No motion is begun by the program itself where gtk-enable-animations is off; a person's Play always
 * plays. */
#ifndef WD_PLAYER_H
#define WD_PLAYER_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

/* Lives as long as `widget`, whose frame clock drives it. Session and view outlive the widget. */
void wd_player_attach(GtkWidget *widget, WdSession *session, WdView *view);

#endif
