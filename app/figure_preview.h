/* A figure as it will be exported, fitted into the widget: paper on the window's ground. */
#ifndef WD_FIGURE_PREVIEW_H
#define WD_FIGURE_PREVIEW_H

#include "app/export.h"

#include <gtk/gtk.h>

#define WD_TYPE_FIGURE_PREVIEW (wd_figure_preview_get_type())
G_DECLARE_FINAL_TYPE(WdFigurePreview, wd_figure_preview, WD, FIGURE_PREVIEW, GtkWidget)

GtkWidget *wd_figure_preview_new(void);
/* Takes the sheet over; NULL shows the message alone. */
void wd_figure_preview_set(WdFigurePreview *preview, WdFigureSheet *sheet, const char *message);

#endif
