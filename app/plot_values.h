/* "Show values": the plot's figures as a table, for reading and for screen readers. */
#ifndef WD_PLOT_VALUES_H
#define WD_PLOT_VALUES_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

GtkWidget *wd_plot_values_new(void);
/* Chooses the row of a position of what is shown. */
void wd_plot_values_select(GtkWidget *values, int position);
/* Shows all positions of a branch and all their figures (plot_data.h); row `position` is chosen. */
void wd_plot_values_set(GtkWidget *values, WdRecording *recording, guint branch, int position);

#endif
