/* The sidebar's sections, one file each, and what they are built with. sidebar.c stacks them. Every section
 * borrows session and view, which outlive it. */
#ifndef WD_SIDEBAR_H
#define WD_SIDEBAR_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

GtkWidget *wd_sidebar_run_new(WdSession *session, WdView *view);
GtkWidget *wd_sidebar_display_new(WdSession *session, WdView *view);
GtkWidget *wd_sidebar_physics_new(WdSession *session, WdView *view);
GtkWidget *wd_sidebar_latent_new(WdSession *session, WdView *view);
GtkWidget *wd_sidebar_refine_new(WdSession *session, WdView *view);
GtkWidget *wd_sidebar_branches_new(WdSession *session, WdView *view);

/* ---- pieces */

/* A section under a title that folds; *box is where its rows go. */
GtkWidget *wd_section_new(const char *title, gboolean open, GtkWidget **box);
/* "label  control" in a row; the label is the control's name for assistive technology. Returns the row. */
GtkWidget *wd_section_row(GtkWidget *box, const char *label, GtkWidget *control, const char *tooltip);
GtkWidget *wd_section_check(GtkWidget *box, const char *label, const char *tooltip);
/* Small words; they wrap. */
GtkWidget *wd_section_words(GtkWidget *box, const char *text);
GtkWidget *wd_section_spin(double lo, double hi, double step, int digits);
GtkWidget *wd_section_choice(const char *const *names);

/* The session's policy with changes: copies, lets `change` edit, sets. */
void wd_section_change_policy(WdSession *session, void (*change)(WdPolicy *policy, gpointer user),
                              gpointer user);

#endif
