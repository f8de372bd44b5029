/* The OpenGL painter against the cairo painter: the same panels, pixel by pixel, in a real window. Without
 * OpenGL the painter must say why, and the picture must be there all the same. */
#include "app/cvd_bin.h"
#include "app/panel_view.h"
#include "app/widgets.h"
#include "scene.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 2 };

static WdSession *session;
static WdView *view;
static GtkWidget *window, *grid, *bin, *panel[WD_PANEL_KINDS];

static gboolean on_time(gpointer over) {
  *(gboolean *)over = TRUE;
  return G_SOURCE_REMOVE;
}

static void run(guint ms) {
  gboolean over = FALSE;
  g_timeout_add(ms, on_time, &over);
  while (!over) g_main_context_iteration(NULL, TRUE);
}

typedef struct Pixels {
  int width, height;
  guint32 *pixel;
} Pixels;

/* Of the panel as GTK puts it together. */
static Pixels picture_of(GtkWidget *widget) {
  run(120);
  int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(widget);
  GtkSnapshot *snapshot = gtk_snapshot_new();
  gdk_paintable_snapshot(paintable, snapshot, w, h);
  g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(snapshot);
  GskRenderer *renderer = gtk_native_get_renderer(GTK_NATIVE(window));
  g_autoptr(GdkTexture) texture =
      gsk_renderer_render_texture(renderer, node, &GRAPHENE_RECT_INIT(0, 0, (float)w, (float)h));
  Pixels p = {gdk_texture_get_width(texture), gdk_texture_get_height(texture), NULL};
  p.pixel = g_new(guint32, (gsize)p.width * (gsize)p.height);
  gdk_texture_download(texture, (guchar *)p.pixel, (gsize)p.width * 4);
  return p;
}

static void compare(const char *what, WdPanelKind kind, double share, int levels) {
  WdPanelView *self = WD_PANEL_VIEW(panel[kind]);
  wd_panel_view_set_renderer(self, "gl");
  run(150);
  gboolean gl = g_str_has_prefix(wd_panel_view_painter(self), "OpenGL");
  Pixels a = picture_of(panel[kind]);
  wd_panel_view_set_renderer(self, "cairo");
  Pixels b = picture_of(panel[kind]);
  gsize differ = 0, colours = 0, count = (gsize)a.width * (gsize)a.height;
  int worst = 0;
  guint32 seen[64];
  for (gsize i = 0; i < count && a.width == b.width && a.height == b.height; i++) {
    if (colours < 64) {
      gsize k = 0;
      while (k < colours && seen[k] != b.pixel[i]) k++;
      if (k == colours) seen[colours++] = b.pixel[i];
    }
    if (a.pixel[i] == b.pixel[i]) continue;
    differ++;
    for (int shift = 0; shift < 24; shift += 8)
      worst = MAX(worst, abs((int)(a.pixel[i] >> shift & 255) - (int)(b.pixel[i] >> shift & 255)));
  }
  tap_ok(a.width == b.width && a.height == b.height && colours > 20, "%s: a picture of %d x %d is there",
         what, b.width, b.height);
  if (gl) {
    char text[160];
    g_snprintf(text, sizeof text, "%s: share of pixels that differ", what);
    tap_at_most((double)differ / (double)count, share, text);
    g_snprintf(text, sizeof text, "%s: largest difference of 255", what);
    tap_at_most(worst, levels, text);
  } else {
    tap_ok(g_str_has_prefix(wd_panel_view_painter(self), "cairo: "), "%s: %s", what,
           wd_panel_view_painter(self));
  }
  g_free(a.pixel);
  g_free(b.pixel);
}

static void set_renderers(const char *name) {
  for (int k = 0; k < WD_PANEL_KINDS; k++) wd_panel_view_set_renderer(WD_PANEL_VIEW(panel[k]), name);
  run(150);
}

static int apart(guint32 a, guint32 b) {
  int most = 0;
  for (int shift = 0; shift < 24; shift += 8)
    most = MAX(most, abs((int)(a >> shift & 255) - (int)(b >> shift & 255)));
  return most;
}

/* The preview of a kind of colour vision: the same of both painters, and of every pixel what the model says;
 * a panel's own picture, which copies and exports are made of, stays as it is. */
static void compare_seen(wd_cvd kind) {
  const char *name = wd_cvd_name(kind);
  set_renderers("cairo");
  Pixels plain = picture_of(grid), own = picture_of(panel[WD_PANEL_VELOCITY]);
  wd_cvd_bin_set_kind(WD_CVD_BIN(bin), kind);
  Pixels seen = picture_of(bin), still = picture_of(panel[WD_PANEL_VELOCITY]);
  set_renderers("gl");
  Pixels by_gl = picture_of(bin);
  wd_cvd_bin_set_kind(WD_CVD_BIN(bin), WD_CVD_NONE);
  const gsize count = (gsize)plain.width * (gsize)plain.height;
  const gboolean alike = plain.width == seen.width && plain.height == seen.height &&
                         by_gl.width == seen.width && by_gl.height == seen.height;
  tap_ok(alike, "%s: %d x %d pixels", name, seen.width, seen.height);
  gsize opaque = 0, other = 0, wrong = 0, differ = 0;
  int worst = 0;
  for (gsize i = 0; alike && i < count; i++) {
    differ += seen.pixel[i] != by_gl.pixel[i];
    worst = MAX(worst, apart(seen.pixel[i], by_gl.pixel[i]));
    if (plain.pixel[i] >> 24 != 255) continue; /* the ground shows through */
    opaque++;
    other += (plain.pixel[i] & 0xffffff) != (seen.pixel[i] & 0xffffff);
    wrong += (seen.pixel[i] & 0xffffff) != wd_cvd_colour(kind, plain.pixel[i]);
  }
  tap_ok(alike && opaque > count / 2 && other > opaque / 20 && !wrong,
         "%s: of %zu pixels %zu get another colour, %zu a wrong one", name, opaque, other, wrong);
  char text[120];
  g_snprintf(text, sizeof text, "%s: share of pixels that OpenGL and cairo draw apart", name);
  tap_at_most((double)differ / (double)count, 1e-3, text);
  g_snprintf(text, sizeof text, "%s: their largest difference of 255", name);
  tap_at_most(worst, 8, text); /* 4 before: dark colours may be spread by as much again */
  tap_ok(own.width == still.width && own.height == still.height &&
             !memcmp(own.pixel, still.pixel, 4 * (gsize)own.width * (gsize)own.height),
         "%s: the panel's own picture keeps its colours", name);
  g_free(plain.pixel);
  g_free(own.pixel);
  g_free(seen.pixel);
  g_free(still.pixel);
  g_free(by_gl.pixel);
}

static void changed(guint parts) {
  wd_view_changed(view, parts);
  run(50);
}

int main(void) {
  if (!gtk_init_check()) {
    const char *need = g_getenv("WD_NEED_DISPLAY");
    printf(need && *need ? "Bail out! no display\n" : "1..0 # SKIP no display\n");
    return need && *need ? 1 : 0;
  }
  const char *mode = g_getenv("WD_GL_MODE");
  scene_new(STEPS, &session, &view);
  window = gtk_window_new();
  gtk_window_set_default_size(GTK_WINDOW(window), 1101, 733);
  grid = gtk_grid_new();
  gtk_grid_set_row_homogeneous(GTK_GRID(grid), TRUE);
  for (int k = 0; k < WD_PANEL_KINDS; k++) {
    panel[k] = wd_panel_view_new(session, view, (WdPanelKind)k, 0);
    gtk_grid_attach(GTK_GRID(grid), panel[k], k < 2 ? 3 * k : 2 * (k - 2), k >= 2, k < 2 ? 3 : 2, 1);
  }
  bin = wd_cvd_bin_new(grid);
  gtk_window_set_child(GTK_WINDOW(window), bin);
  gtk_window_present(GTK_WINDOW(window));
  run(400);
  const char *painter = wd_panel_view_painter(WD_PANEL_VIEW(panel[0]));
  GskRenderer *renderer = gtk_native_get_renderer(GTK_NATIVE(window));
  printf("# mode %s, %s, painter \"%s\"\n", mode ? mode : "", G_OBJECT_TYPE_NAME(renderer), painter);
  gboolean by_cairo = strstr(G_OBJECT_TYPE_NAME(renderer), "Cairo") != NULL;
  tap_ok(g_str_has_prefix(painter, by_cairo ? "cairo: " : "OpenGL"), "painter: %s", painter);
  if (g_strcmp0(mode, "nogl") == 0) {
    wd_panel_view_set_renderer(WD_PANEL_VIEW(panel[0]), "gl");
    run(300);
    painter = wd_panel_view_painter(WD_PANEL_VIEW(panel[0]));
    tap_ok(g_str_has_prefix(painter, "cairo: "), "OpenGL asked for where there is none: %s", painter);
  }

  /* Nearest: what lies on an edge between two levels may fall to either side. */
  const double few = 1e-3;
  compare("velocity", WD_PANEL_VELOCITY, few, 4);
  compare("gather", WD_PANEL_GATHER, few, 4);
  compare("residual by trace", WD_PANEL_TRACES, few, 4);
  for (int kind = WD_CVD_PROTANOPIA; kind < WD_CVD_COUNT; kind++) compare_seen((wd_cvd)kind);
  view->zoom_map = (wd_view){11.3, 40.9, 20.1, 49.7};
  view->zoom_gather = (wd_view){101.7, 388.2, 20.1, 49.7};
  changed(WD_VIEW_ZOOM);
  compare("velocity, zoomed", WD_PANEL_VELOCITY, few, 4);
  compare("gather, zoomed", WD_PANEL_GATHER, few, 4);
  for (int k = 0; k < WD_PANEL_KINDS; k++) view->look[k].smooth = TRUE;
  changed(WD_VIEW_DISPLAY);
  /* Smooth: sums round, a level apart in many places. */
  compare("velocity, zoomed, smooth", WD_PANEL_VELOCITY, 0.02, 4);
  compare("gather, zoomed, smooth", WD_PANEL_GATHER, 0.02, 4);
  view->zoom_map = view->zoom_gather = (wd_view){0};
  view->shot = -1;
  changed(WD_VIEW_ZOOM | WD_VIEW_SHOT);
  compare("all shots, smooth", WD_PANEL_GATHER, 0.02, 4);
  for (int mode_of = WD_PANEL_WIGGLE; mode_of <= WD_PANEL_DENSITY_WIGGLE; mode_of++) {
    view->look[WD_PANEL_GATHER].mode = (wd_panel_mode)mode_of;
    changed(WD_VIEW_DISPLAY);
    char what[32];
    g_snprintf(what, sizeof what, "wiggles, mode %d", mode_of);
    compare(what, WD_PANEL_GATHER, 0, 0);
  }
  view->look[WD_PANEL_GATHER].mode = WD_PANEL_DENSITY;
  view->shot = 2;
  view->look[WD_PANEL_GATHER].gain = 24;
  view->look[WD_PANEL_GATHER].colormap = WD_COLORMAP_SEISMIC;
  g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", TRUE, NULL);
  changed(WD_VIEW_DISPLAY | WD_VIEW_SHOT);
  run(400); /* the theme's colours move over */
  compare("gather, +24 dB, seismic, dark", WD_PANEL_GATHER, few, 16);
  gtk_window_destroy(GTK_WINDOW(window));
  run(50);
  g_object_unref(view);
  g_object_unref(session);
  return tap_done();
}
