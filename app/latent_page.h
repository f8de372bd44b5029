/* Latent mode's page: controls | plane over the residual along the walk | velocity over gathers of the sample
 * under the cursor. Beside the plane stand the other tools of latent space (codes, re-noise, neighbours,
 * encoding), each a page of the same stack. The explorer (explorer.h) is the page's; its sections are
 * latent_plane.c, latent_length.c, latent_map.c and latent_path.c; its actions latent_actions.c. */
#ifndef WD_LATENT_PAGE_H
#define WD_LATENT_PAGE_H

#include "app/explorer.h"
#include "app/window.h"

typedef struct WdLatentPage {
  WdWindow *window; /* borrowed: it owns session and view, which outlive the page */
  WdSession *session;
  WdView *view;
  WdExplorer *explorer;
  GtkWidget *self, *tools, *stack, *plane; /* plane: a WdPlaneView */
  gboolean following;                      /* the page itself moves the view */
  guint anchors;                           /* that were set from the tools */
} WdLatentPage;

GtkWidget *wd_latent_page_new(WdWindow *window); /* for mode.c */
/* Of a page made by the former; NULL for another widget. */
WdLatentPage *wd_latent_page_get(GtkWidget *page);

/* A .npy file of latents of the loaded model: Latent mode is shown, and the first three of them are its
 * anchors. FALSE, and nothing is done, when it is none. */
gboolean wd_latent_page_open_file(WdWindow *window, const char *path);

/* Whether all that the page draws by itself is there (a picture of the window waits for it); TRUE without
 * one. */
gboolean wd_latent_page_is_drawn(WdWindow *window);

/* Sections of the controls' column. */
GtkWidget *wd_latent_plane_new(WdLatentPage *page);
GtkWidget *wd_latent_cursor_new(WdLatentPage *page);
GtkWidget *wd_latent_length_new(WdLatentPage *page);
GtkWidget *wd_latent_map_new(WdLatentPage *page);
GtkWidget *wd_latent_path_new(WdLatentPage *page);
/* Exports the path into a folder that is there, as the section's button does: latents.npy, frame_0000.png and
 * so on, one after the other as they are decoded; a notice tells the end. */
void wd_latent_path_export(GtkWidget *path, const char *folder);

/* latent_actions.c: win.latent-... */
void wd_latent_actions_install(WdLatentPage *page);
void wd_latent_actions_update(WdLatentPage *page);
void wd_latent_actions_remove(WdLatentPage *page);
/* The nearest anchor, or else the nearest node of the lattice. */
void wd_latent_snap(WdLatentPage *page);

#endif
