/* The plot's own menu, by the right button, the menu key or Shift+F10. */
#ifndef WD_PLOT_MENU_H
#define WD_PLOT_MENU_H

#include "app/plot_canvas.h"

typedef void (*WdPlotCopy)(gpointer user); /* puts the figures on the clipboard, as CSV */
void wd_plot_menu_install(WdPlotCanvas *canvas, WdSession *session, WdView *view, WdPlotCopy csv,
                          gpointer user);

#endif
