/* The codes of the latent on screen, to look at and to edit: a grid of cells coloured by code or by the value
 * of a channel (codes_canvas.h), what is known of the cell under the pointer, and what the last edit changed
 * in velocity and in gathers (influence_view.c). Every edit is a latent more of a walk (walk.h): undo goes
 * back along it, nothing is lost. */
#ifndef WD_CODES_VIEW_H
#define WD_CODES_VIEW_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

/* Session and view are borrowed, and outlive it. What went wrong is said in a line of its own. */
GtkWidget *wd_codes_view_new(WdSession *session, WdView *view);

/* What the latent on screen, when it is a walk's, changed against the one that it was made from: two pictures
 * and their numbers. */
GtkWidget *wd_influence_view_new(WdSession *session, WdView *view);

#endif
