/* Pictures of panels, for people to look at: show_panels OUT.png WIDTH HEIGHT [key=value ...] */
#include "app/layer.h"
#include "app/panel_view.h"
#include "app/widgets.h"
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static GMainLoop *loop;
static GtkWidget *window;
static const char *out;
static WdPanelView *first;

static gboolean shoot(gpointer data) {
  (void)data;
  int w = gtk_widget_get_width(window), h = gtk_widget_get_height(window);
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(window);
  GtkSnapshot *snapshot = gtk_snapshot_new();
  gdk_paintable_snapshot(paintable, snapshot, w, h);
  g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(snapshot);
  GskRenderer *renderer = gtk_native_get_renderer(GTK_NATIVE(window));
  g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(renderer, node, NULL);
  gdk_texture_save_to_png(texture, out);
  printf("%s: %s, %s, %d x %d\n", out, G_OBJECT_TYPE_NAME(renderer), wd_panel_view_painter(first), w, h);
  g_main_loop_quit(loop);
  return G_SOURCE_REMOVE;
}

static int option(int argc, char **argv, const char *key, int initial) {
  gsize n = strlen(key);
  for (int i = 4; i < argc; i++)
    if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=') return atoi(argv[i] + n + 1);
  return initial;
}
#define OPT(key, initial) option(argc, argv, key, initial)

int main(int argc, char **argv) {
  if (argc < 4 || !gtk_init_check()) return 1;
  out = argv[1];
  WdSession *session;
  WdView *view;
  scene_new(OPT("steps", 3), &session, &view);
  view->place[0].position = OPT("step", OPT("steps", 3));
  g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", OPT("dark", 0), NULL);
  view->shot = OPT("shot", 2);
  view->source = (WdSource)OPT("source", 0);
  view->difference = OPT("difference", 1);
  view->cursor = OPT("cursor", 1);
  view->show_truth = OPT("truth", 0);
  for (int i = 0; i < WD_PANEL_KINDS; i++) {
    WdPanelLook *l = &view->look[i];
    l->mode = (wd_panel_mode)OPT("mode", 0);
    l->smooth = OPT("smooth", 0);
    l->scope = (WdRangeScope)OPT("scope", 0);
    l->gain = OPT("gain", 0);
    l->clip = OPT("clip", 99);
    l->contours = OPT("contours", 0);
    l->picks = OPT("picks", 0);
    l->mute_direct = OPT("mute", 0);
    l->display.agc = OPT("agc", 0) / 1000.0;
    if (OPT("map", -1) >= 0) l->colormap = (wd_colormap)OPT("map", 0);
  }
  if (OPT("zoom", 0)) {
    view->zoom_map = (wd_view){10, 40, 15, 45};
    view->zoom_gather = (wd_view){200, 600, 15, 45};
  }
  window = gtk_window_new();
  gtk_window_set_default_size(GTK_WINDOW(window), atoi(argv[2]), atoi(argv[3]));
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_homogeneous(GTK_GRID(grid), TRUE);
  int all = OPT("all", 2);
  for (int i = 0; i < all; i++) {
    GtkWidget *panel = wd_panel_view_new(session, view, (WdPanelKind)i, 0);
    if (!first) first = WD_PANEL_VIEW(panel);
    if (OPT("cairo", 0)) wd_panel_view_set_renderer(WD_PANEL_VIEW(panel), "cairo");
    gtk_grid_attach(GTK_GRID(grid), panel, i < 2 ? i * 3 : (i - 2) * 2, i / 2 ? 1 : 0, i < 2 ? 3 : 2, 1);
  }
  if (OPT("aside", 0)) {
    gtk_grid_attach(GTK_GRID(grid), wd_profile_view_new(session, view), 0, 2, 3, 1);
    gtk_grid_attach(GTK_GRID(grid), wd_trace_view_new(session, view), 3, 2, 3, 1);
    gtk_grid_set_row_homogeneous(GTK_GRID(grid), FALSE);
    gtk_grid_attach(GTK_GRID(grid), wd_shot_strip_new(session, view, 0), 0, 3, 6, 1);
  }
  gtk_window_set_child(GTK_WINDOW(window), grid);
  gtk_window_present(GTK_WINDOW(window));
  loop = g_main_loop_new(NULL, FALSE);
  g_timeout_add(OPT("wait", 700), shoot, NULL);
  g_main_loop_run(loop);
  return 0;
}
