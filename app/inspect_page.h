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
/* The same as a person does it: asks where unsaved samples would go, says what was wrong on the notice bar.
 * own: Save writes to that file; FALSE: it came with the program, and Save asks for a name. */
void wd_window_ask_population(WdWindow *window, const char *path, gboolean own);

/* inspect_replace.c: calls go(window, data) at once where no unsaved sample gives way, or when a person has
 * said that they may; release(data) (may be NULL) in any case in the end. */
typedef void (*WdInspectReplace)(WdWindow *window, gpointer data);
void wd_inspect_replace(WdWindow *window, WdInspectReplace go, gpointer data, GDestroyNotify release);

/* inspect_actions.c: win.inspect-*. */
void wd_inspect_actions_install(WdWindow *window, GtkWidget *page);
/* What the page gives them. */
GArray *wd_inspect_page_order(GtkWidget *page); /* numbers in the order of the table */
void wd_inspect_page_edit_tags(GtkWidget *page);
void wd_inspect_page_all_figures(GtkWidget *page, gboolean all);
/* inspect_sample.c: "Sample..." with its popover, progress and the two ways to stop. */
GtkWidget *wd_inspect_sample_bar_new(WdWindow *window, WdInspect *inspect);

#endif
