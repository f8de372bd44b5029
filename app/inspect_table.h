/* The table of samples: every figure a column, sorted by a click on its heading, several rows selected. */
#ifndef WD_INSPECT_TABLE_H
#define WD_INSPECT_TABLE_H

#include "app/inspect.h"

#include <gtk/gtk.h>

GtkWidget *wd_inspect_table_new(WdInspect *inspect);
/* Numbers of the samples in the order of the table, guint; g_array_unref. */
GArray *wd_inspect_table_order(GtkWidget *table);
/* Sorts by a figure, worst first, as a click on the heading does. */
void wd_inspect_table_sort(GtkWidget *table, int kind);

/* All figures, or those alone that one looks for first, and whatever it was sorted by. */
void wd_inspect_table_show_all(GtkWidget *table, gboolean all);

#endif
