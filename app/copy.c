/* To the clipboard. */
#include "app/export_dialog.h"

#include "app/command_line.h"
#include "app/export.h"
#include "app/i18n.h"
#include "app/panel_view.h"
#include "app/plot_canvas.h"

static void say(WdWindow *window, const char *what, const char *kept) {
  WdNotice notice = {.code = WD_OK, .what = (char *)what, .kept = (char *)kept};
  wd_window_notify(window, &notice);
}

static void nothing(WdWindow *window) {
  WdNotice notice = {.code = WD_CANCELLED,
                     .what = (char *)_("There is nothing to copy: press Run, or open a recording.")};
  wd_window_notify(window, &notice);
}

/* The panel of the kind that has the focus, the first that is shown otherwise. */
static WdPanelView *find_panel(GtkWidget *root, int kind) {
  if (WD_IS_PANEL_VIEW(root))
    return gtk_widget_get_mapped(root) &&
                   (kind < 0 || (int)wd_panel_view_get_kind(WD_PANEL_VIEW(root)) == kind)
               ? WD_PANEL_VIEW(root)
               : NULL;
  for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c)) {
    WdPanelView *found = find_panel(c, kind);
    if (found) return found;
  }
  return NULL;
}

static WdPanelView *focused_panel(WdWindow *window) {
  GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));
  while (focus && !WD_IS_PANEL_VIEW(focus)) focus = gtk_widget_get_parent(focus);
  if (focus) return WD_PANEL_VIEW(focus);
  WdPanelView *panel = find_panel(GTK_WIDGET(window), wd_window_get_view(window)->focused);
  return panel ? panel : find_panel(GTK_WIDGET(window), -1);
}

/* The plot, when it has the focus. */
static WdPlotCanvas *focused_plot(WdWindow *window) {
  GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));
  while (focus && !WD_IS_PLOT_CANVAS(focus)) focus = gtk_widget_get_parent(focus);
  return focus ? WD_PLOT_CANVAS(focus) : NULL;
}

void wd_copy_image(WdWindow *window) {
  WdPlotCanvas *plot = focused_plot(window);
  WdPanelView *panel = plot ? NULL : focused_panel(window);
  g_autoptr(GdkTexture) texture = plot    ? wd_plot_canvas_get_texture(plot)
                                  : panel ? wd_panel_view_get_texture(panel)
                                          : NULL;
  if (!texture) {
    nothing(window);
    return;
  }
  gdk_clipboard_set_texture(gtk_widget_get_clipboard(GTK_WIDGET(window)), texture);
}

void wd_copy_values(WdWindow *window) {
  WdPanelView *panel = focused_panel(window);
  g_autofree char *text = panel
                              ? wd_export_values(wd_window_get_session(window), wd_window_get_view(window),
                                                 wd_panel_view_get_kind(panel), wd_panel_view_get_side(panel))
                              : NULL;
  if (!text) {
    nothing(window);
    return;
  }
  gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), text);
}

void wd_copy_command(WdWindow *window) {
  g_autoptr(WdRunRecipe) recipe =
      wd_export_recipe(wd_window_get_session(window), wd_window_get_view(window), 0);
  if (!recipe) {
    nothing(window);
    return;
  }
  g_autofree char *line = wd_command_line(recipe, NULL);
  gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), line);
  say(window, _("The command that makes this again is in the clipboard"),
      recipe->pair ? _("It starts from the opened pair: put its files into the line.") : NULL);
}
