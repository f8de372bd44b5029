/* How long a change takes until it is painted: five panels at 1280 x 800. From the call
 * that changes the view to "after-paint" of the frame clock that follows the update, in ms of wall time, and
 * of this process's CPU time (which waits for no display). CSV: what, median, 95 %, median CPU. */
#include "app/panel_view.h"
#include "app/widgets.h"
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS = 4, TIMES = 60 };

static WdSession *session;
static WdView *view;
static GtkWidget *window;
static guint painted;

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void on_painted(void) {
  painted++;
}

static gboolean on_time(gpointer over) {
  *(gboolean *)over = TRUE;
  return G_SOURCE_REMOVE;
}

static void run(guint ms) {
  gboolean over = FALSE;
  g_timeout_add(ms, on_time, &over);
  while (!over) g_main_context_iteration(NULL, TRUE);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void measure(const char *what, void (*change)(int)) {
  double wall[TIMES], cpu[TIMES];
  for (int i = -3; i < TIMES; i++) { /* three to warm up */
    run(25);
    double c = cpu_ms();
    gint64 start = g_get_monotonic_time();
    painted = 0; /* the panels' update has a higher priority than the frame: the next frame shows it */
    change(i + 3);
    gint64 limit = start + G_USEC_PER_SEC;
    while (!painted && g_get_monotonic_time() < limit) g_main_context_iteration(NULL, FALSE);
    if (i < 0) continue;
    wall[i] = (double)(g_get_monotonic_time() - start) / 1e3;
    cpu[i] = cpu_ms() - c;
  }
  qsort(wall, TIMES, sizeof *wall, by_value);
  qsort(cpu, TIMES, sizeof *cpu, by_value);
  printf("%s,%.2f,%.2f,%.2f\n", what, wall[TIMES / 2], wall[TIMES * 95 / 100], cpu[TIMES / 2]);
  fflush(stdout);
}

static void crosshair(int i) {
  wd_view_set_cursor(view, WD_PANEL_VELOCITY, 10 * (i % 70), 5 * (i % 100), 0.005 * (i % 150));
}

static void scrub(int i) {
  wd_view_go(view, wd_session_get_recording(session), 0, view->place[0].branch, i % (STEPS + 1));
}

static void gain(int i) {
  for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++) view->look[k].gain = i % 20;
  wd_view_changed(view, WD_VIEW_DISPLAY);
}

static void zoom(int i) {
  double a = i % 20;
  view->zoom_map = (wd_view){a, 70 - a, a, 70 - a};
  view->zoom_gather = (wd_view){10 * a, 1000 - 10 * a, a, 70 - a};
  wd_view_changed(view, WD_VIEW_ZOOM);
}

static void shot(int i) {
  wd_view_set_shot(view, i % 5);
}

int main(void) {
  if (!gtk_init_check()) {
    fprintf(stderr, "no display\n");
    return 77;
  }
  scene_new(STEPS, &session, &view);
  window = gtk_window_new();
  gtk_window_set_default_size(GTK_WINDOW(window), 1280, 800);
  GtkWidget *grid = gtk_grid_new(), *panel = NULL;
  for (int k = 0; k < WD_PANEL_KINDS; k++) {
    panel = wd_panel_view_new(session, view, (WdPanelKind)k, 0);
    gtk_grid_attach(GTK_GRID(grid), panel, k < 2 ? 3 * k : 2 * (k - 2), k >= 2, k < 2 ? 3 : 2, 1);
  }
  gtk_window_set_child(GTK_WINDOW(window), grid);
  gtk_window_present(GTK_WINDOW(window));
  run(500);
  g_signal_connect_swapped(gtk_widget_get_frame_clock(window), "after-paint", G_CALLBACK(on_painted), NULL);
  GskRenderer *renderer = gtk_native_get_renderer(GTK_NATIVE(window));
  printf("# %s, %s\nwhat,median ms,95 %% ms,median CPU ms\n", G_OBJECT_TYPE_NAME(renderer),
         wd_panel_view_painter(WD_PANEL_VIEW(panel)));
  measure("crosshair", crosshair);
  measure("scrub to a cached step", scrub);
  measure("gain", gain);
  measure("zoom", zoom);
  zoom(0);
  measure("shot", shot);
  view->cursor = FALSE;
  for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++) view->look[k].mode = WD_PANEL_AREA;
  wd_view_changed(view, WD_VIEW_DISPLAY);
  measure("scrub, wiggles", scrub);
  gtk_window_destroy(GTK_WINDOW(window));
  g_object_unref(view);
  g_object_unref(session);
  return 0;
}
