/* The window's modes: one line of a table each (mode.c). A mode that has landed has a toggle in the header
 * bar, a key Ctrl+N, a name for --mode and win.mode, and a page that is built when it is first shown.
 *
 * Where a page stands, and what of the window stays:
 *
 *   outer { notice bar | main [ beside | pages ] | status bar }
 *
 *   WD_MODE_PANELS  no page: `pages` shows the window's own panels, plot, timeline and sidebar (Step)
 *   WD_MODE_BESIDE  the page stands in `beside`, left of all of those, which stay as they are: for what is
 *                   read or worked next to the ordinary panels (a lesson). Without a recording the page of
 *                   beginnings stands on the right instead. The page has a width of its own, and a divider.
 *   WD_MODE_WHOLE   the page takes the place of panels, timeline and sidebar. It arranges panels of its own
 *                   (widgets.h: wd_panel_view_new, wd_plot_view_new, wd_shot_strip_new, wd_timeline_new are
 *                   constructors, any number of each may live; all watch the same view, so a cursor or a
 *                   shot stays where it is from mode to mode). It is shown with an empty recording too, and
 *                   says then what can be done.
 *
 * Notice bar, header bar and status bar stay in every mode. view->layout (Compare) and view->enlarged concern
 * the window's own panels only. A page watches "map" and "unmap" to know whether it is looked at; it leaves
 * no background work behind when it is not. Its actions are installed by its builder, in a file of its own;
 * single keys that mean something else in a mode get a line with that mode in keys.c. */
#ifndef WD_MODE_H
#define WD_MODE_H

#include "app/window.h"

typedef enum WdModePlace { WD_MODE_PANELS = 0, WD_MODE_BESIDE, WD_MODE_WHOLE } WdModePlace;

typedef struct WdModeInfo {
  const char *name;                      /* view JSON, --mode, win.mode */
  const char *title;                     /* of the toggle */
  const char *tooltip;                   /* with its key */
  const char *key;                       /* accelerator */
  GtkWidget *(*build)(WdWindow *window); /* NULL: has not landed, no button (Step needs none) */
  WdModePlace place;
  int width; /* WD_MODE_BESIDE: in points, at first */
} WdModeInfo;

const WdModeInfo *wd_mode_get_info(WdMode mode);
gboolean wd_mode_is_there(WdMode mode);
/* The mode of that name that is there; -1: none. */
int wd_mode_find(const char *name);
/* Names of those that are there, "step, latent": for messages. g_free. */
char *wd_mode_names(void);

/* For window*.c. */
void wd_modes_install(WdWindow *w);      /* win.mode, keys */
GtkWidget *wd_modes_switch(WdWindow *w); /* the linked toggles; NULL: there is one mode only */
void wd_modes_arrange(WdWindow *w);      /* shows view->mode's page, made now if need be */

#endif
