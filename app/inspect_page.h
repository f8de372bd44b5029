/* Inspect mode (Ctrl+4): a population of samples, where it fails, and why. mode.c builds it. */
#ifndef WD_INSPECT_PAGE_H
#define WD_INSPECT_PAGE_H

#include "app/inspect.h"
#include "app/window.h"

GtkWidget *wd_inspect_page_new(WdWindow *window);

/* The window's population, made with the page or when first asked for; borrowed. */
WdInspect *wd_window_get_inspect(WdWindow *window);
/* Whether it is sampling seeds now. */
gboolean wd_window_is_sampling(WdWindow *window);
/* Opens a population in Inspect mode. */
gboolean wd_window_open_population(WdWindow *window, const char *path, GError **error);

/* inspect_actions.c: win.inspect-*. */
void wd_inspect_actions_install(WdWindow *window, GtkWidget *page);
/* What the page gives them. */
GArray *wd_inspect_page_order(GtkWidget *page); /* numbers in the order of the table */
void wd_inspect_page_edit_tags(GtkWidget *page);
void wd_inspect_page_all_figures(GtkWidget *page, gboolean all);
/* inspect_sample.c: "Sample..." with its popover, progress and the two ways to stop. */
GtkWidget *wd_inspect_sample_bar_new(WdWindow *window, WdInspect *inspect);

#endif
