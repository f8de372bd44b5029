#include "app/plot_menu.h"

#include "app/i18n.h"

typedef struct PlotMenu {
  WdPlotCanvas *canvas;
  WdSession *session;
  WdView *view;
  WdPlotCopy csv;
  gpointer user;
  GtkWidget *popover;
} PlotMenu;

static void on_copy(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  const PlotMenu *m = data;
  g_autoptr(GdkTexture) texture = wd_plot_canvas_get_texture(m->canvas);
  if (texture) gdk_clipboard_set_texture(gtk_widget_get_clipboard(GTK_WIDGET(m->canvas)), texture);
}

static void on_csv(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  const PlotMenu *m = data;
  m->csv(m->user);
}

static void on_enlarge(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdView *v = ((const PlotMenu *)data)->view;
  v->enlarged = v->enlarged == WD_PANEL_KINDS ? -1 : WD_PANEL_KINDS;
  wd_view_changed(v, WD_VIEW_LAYOUT);
}

static const GActionEntry entries[] = {{"copy", on_copy, NULL, NULL, NULL, {0}},
                                       {"copy-csv", on_csv, NULL, NULL, NULL, {0}},
                                       {"enlarge", on_enlarge, NULL, NULL, NULL, {0}}};

static void append(GMenu *menu, const char *label, const char *action, gboolean can, const char *key) {
  g_autoptr(GMenuItem) item = g_menu_item_new(label, can ? action : "win.unavailable");
  if (key) g_menu_item_set_attribute(item, "accel", "s", key);
  g_menu_append_item(menu, item);
}

static GMenuModel *make_menu(const PlotMenu *m) {
  GMenu *menu = g_menu_new();
  g_autoptr(GMenu) size = g_menu_new(), show = g_menu_new(), out = g_menu_new();
  g_autoptr(GdkTexture) drawn = wd_plot_canvas_get_texture(m->canvas);
  const WdPlotDesc desc = wd_plot_canvas_desc(m->canvas);
  append(size, m->view->enlarged == WD_PANEL_KINDS ? _("Back to all panels") : _("Enlarge"), "plot.enlarge",
         TRUE, NULL);
  append(show, _("Linear axis"), "win.linear", wd_score_get_info(m->view->metric)->log_axis, "y");
  append(show, _("Noisy state xₜ too"), "win.both", TRUE, NULL);
  append(show, _("Each shot"), "win.per-shot", TRUE, NULL);
  append(show, _("Reference levels"), "win.floor", TRUE, NULL);
  append(show, _("Generated pairs"), "win.population", desc.population != NULL, NULL);
  append(show, _("Tolerance ε here"), "win.epsilon-here", TRUE, "e");
  append(out, _("Copy image"), "plot.copy", drawn != NULL, "<Ctrl>c");
  append(out, _("Copy figures as CSV"), "plot.copy-csv", drawn != NULL, NULL);
  append(out, _("Export figure…"), "win.export-figure", TRUE, "<Ctrl>e");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(size));
  g_menu_append_section(menu, NULL, G_MENU_MODEL(show));
  g_menu_append_section(menu, NULL, G_MENU_MODEL(out));
  return G_MENU_MODEL(menu);
}

static void on_closed(GtkPopover *popover, PlotMenu *m) {
  (void)popover;
  gtk_widget_grab_focus(GTK_WIDGET(m->canvas));
}

static void popup(PlotMenu *m, double x, double y) {
  g_autoptr(GMenuModel) menu = make_menu(m);
  if (!m->popover) {
    m->popover = gtk_popover_menu_new_from_model(menu);
    gtk_widget_set_halign(m->popover, GTK_ALIGN_START);
    gtk_popover_set_has_arrow(GTK_POPOVER(m->popover), FALSE);
    gtk_widget_set_parent(m->popover, GTK_WIDGET(m->canvas));
    g_signal_connect(m->popover, "closed", G_CALLBACK(on_closed), m);
  } else {
    gtk_popover_menu_set_menu_model(GTK_POPOVER_MENU(m->popover), menu);
  }
  gtk_popover_set_pointing_to(GTK_POPOVER(m->popover), &(GdkRectangle){(int)x, (int)y, 1, 1});
  gtk_popover_popup(GTK_POPOVER(m->popover));
}

static void on_secondary(GtkGestureClick *gesture, int presses, double x, double y, PlotMenu *m) {
  (void)presses;
  gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus(GTK_WIDGET(m->canvas));
  popup(m, x, y);
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       PlotMenu *m) {
  (void)controller, (void)code;
  if (key != GDK_KEY_Menu && !(key == GDK_KEY_F10 && state & GDK_SHIFT_MASK)) return GDK_EVENT_PROPAGATE;
  popup(m, gtk_widget_get_width(GTK_WIDGET(m->canvas)) / 2.0,
        gtk_widget_get_height(GTK_WIDGET(m->canvas)) / 3.0);
  return GDK_EVENT_STOP;
}

/* The canvas lays nothing out of its own: its popover is placed when it is. */
static void on_destroy(PlotMenu *m) {
  g_clear_pointer(&m->popover, gtk_widget_unparent);
}

void wd_plot_menu_install(WdPlotCanvas *canvas, WdSession *session, WdView *view, WdPlotCopy csv,
                          gpointer user) {
  PlotMenu *m = g_new(PlotMenu, 1);
  *m = (PlotMenu){.canvas = canvas, .session = session, .view = view, .csv = csv, .user = user};
  g_object_set_data_full(G_OBJECT(canvas), "wd-plot-menu", m, g_free);
  g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new();
  g_action_map_add_action_entries(G_ACTION_MAP(group), entries, G_N_ELEMENTS(entries), m);
  gtk_widget_insert_action_group(GTK_WIDGET(canvas), "plot", G_ACTION_GROUP(group));
  GtkGesture *secondary = gtk_gesture_click_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(secondary), GDK_BUTTON_SECONDARY);
  g_signal_connect(secondary, "pressed", G_CALLBACK(on_secondary), m);
  gtk_widget_add_controller(GTK_WIDGET(canvas), GTK_EVENT_CONTROLLER(secondary));
  GtkEventController *key = gtk_event_controller_key_new();
  g_signal_connect(key, "key-pressed", G_CALLBACK(on_key), m);
  gtk_widget_add_controller(GTK_WIDGET(canvas), key);
  g_signal_connect_swapped(canvas, "destroy", G_CALLBACK(on_destroy), m);
}
