/* The tools of Latent mode beside the plane, each a widget of its own that watches session and view (which
 * are borrowed, and outlive it) and works on the latent on screen, side A:
 *
 *   codes       cells, codes, channels: look and edit (codes_view.h)
 *   re-noise    forward diffusion to a level, and the sampler from there
 *   neighbours  the nearest latents of the recording and of a batch
 *   encode      an opened pair, map or gather: its latent, its reconstruction, what of it was given
 */
#ifndef WD_LATENT_TOOLS_H
#define WD_LATENT_TOOLS_H

#include "app/codes_view.h"

GtkWidget *wd_renoise_view_new(WdSession *session, WdView *view);
GtkWidget *wd_neighbours_view_new(WdSession *session, WdView *view);
GtkWidget *wd_encode_view_new(WdSession *session, WdView *view);
/* A batch of latents to search too (neighbour_set.h), opened on a thread. */
void wd_neighbours_view_open(GtkWidget *neighbours, const char *path);

/* What "Use as anchor" of the last two does: told once, by the page that has the plane. Without it the button
 * is not there. */
typedef void (*WdUsePlace)(WdPlace place, WdWhat what, gpointer user);
void wd_latent_tool_set_anchor(GtkWidget *tool, WdUsePlace use, gpointer user);

/* ---- pieces, for the tools themselves */
GtkWidget *wd_tool_page(const char *name); /* a column */
GtkWidget *wd_tool_scrolled(
    GtkWidget *page); /* the page in a window of its own where there is too little room */
GtkWidget *wd_tool_heading(GtkWidget *page, const char *text);                 /* appended */
GtkWidget *wd_tool_words(GtkWidget *page, const char *name, const char *text); /* small, wraps; appended */
/* "label  control" in a grid's row. */
void wd_tool_row(GtkWidget *grid, int row, const char *label, GtkWidget *control, const char *tooltip);
/* A button that "Use as anchor" is; hidden while nobody said what that does. */
GtkWidget *wd_tool_anchor_button(GtkWidget *tool);
void wd_tool_use_anchor(GtkWidget *tool, WdPlace place, WdWhat what);

#endif
