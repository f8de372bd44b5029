/* Pictures of Latent mode's tools, for people to look at, and the time from an edit to its picture:
 *   show_tools OUT-PREFIX [dark] [WIDTH HEIGHT]   with the shipped model */
#include "app/code_edit.h"
#include "app/latent_tools.h"
#include "app/walk.h"
#include "app/widgets.h"
#include "model/neighbours.h"
#include "solver/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static GtkWidget *window;

static void spin(double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
  while (g_get_monotonic_time() < end)
    if (!g_main_context_iteration(NULL, FALSE)) g_usleep(1000);
}

static void shoot(const char *prefix, const char *name) {
  g_autofree char *path = g_strdup_printf("%s-%s.png", prefix, name);
  int w = gtk_widget_get_width(window), h = gtk_widget_get_height(window);
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(window);
  GtkSnapshot *snapshot = gtk_snapshot_new();
  gdk_paintable_snapshot(paintable, snapshot, w, h);
  g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(snapshot);
  g_autoptr(GdkTexture) texture =
      gsk_renderer_render_texture(gtk_native_get_renderer(GTK_NATIVE(window)), node, NULL);
  gdk_texture_save_to_png(texture, path);
  printf("%s: %d x %d\n", path, w, h);
}

static void wait_idle(WdSession *s, double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
  do spin(0.05);
  while (wd_session_get_state(s) != WD_SESSION_IDLE && g_get_monotonic_time() < end);
}

/* Looks where the view looks, as the window does. */
static void on_view(WdView *v, guint parts, WdSession *s) {
  if (parts & WD_VIEW_PLACE)
    wd_session_look(s, 0, v->place[0].branch, v->place[0].position, v->what, !v->scrubbing);
}

static GBytes *latent_of(WdSession *s, WdView *v) {
  return wd_place_latent(wd_session_get_recording(s), v->place[0], v->what);
}

static void edit(WdSession *s, WdView *v, int cell, int by) {
  const wd_code_table *t = wd_session_get_model(s)->codes;
  GBytes *z = latent_of(s, v);
  int near[64], own = wd_code_table_of_cell(t, g_bytes_get_data(z, NULL), 0, cell);
  wd_code_table_nearest(t, 0, wd_code_table_vector(t, 0, own), 64, near, NULL);
  WdCodeEdit e = wd_code_edit_code(t, z, 0, cell, near[by]);
  WdPlace to;
  if (wd_walk_put(s, v->place[0], v->what, e.latent, e.note, NULL, &to, NULL))
    wd_view_go(v, wd_session_get_recording(s), 0, to.branch, to.position);
  wd_code_edit_clear(&e);
}

static void time_edits(WdSession *s, WdView *v) {
  double picture[15], live[15];
  for (int i = 0; i < 15; i++) {
    gint64 start = g_get_monotonic_time();
    WdFrame f = {0};
    edit(s, v, 100 + i, 20);
    picture[i] = live[i] = 0;
    while (!live[i]) {
      if (!g_main_context_iteration(NULL, FALSE)) g_usleep(100);
      wd_recording_get_frame(wd_session_get_recording(s), v->place[0].branch, v->place[0].position, v->what,
                             &f);
      if (f.pair && !picture[i]) picture[i] = (double)(g_get_monotonic_time() - start) / 1000;
      if (f.live || f.exact) live[i] = (double)(g_get_monotonic_time() - start) / 1000;
    }
  }
  for (int i = 1; i < 15; i++)
    for (int j = i; j > 0 && picture[j] < picture[j - 1]; j--) {
      double t = picture[j];
      picture[j] = picture[j - 1];
      picture[j - 1] = t;
    }
  for (int i = 1; i < 15; i++)
    for (int j = i; j > 0 && live[j] < live[j - 1]; j--) {
      double t = live[j];
      live[j] = live[j - 1];
      live[j - 1] = t;
    }
  enum { MANY = 1000 };
  gsize n = (gsize)wd_session_get_model(s)->latent.count;
  g_autofree float *all = g_new(float, MANY *n);
  const float *each[MANY];
  wd_neighbour found[24];
  wd_random_normals(1, 1, 0, MANY * n, all);
  for (gsize i = 0; i < MANY; i++) each[i] = all + i * n;
  double best = INFINITY;
  for (int i = 0; i < 21; i++) {
    gint64 start = g_get_monotonic_time();
    wd_neighbours_find(WD_NEAR_L2, g_bytes_get_data(latent_of(s, v), NULL), each, MANY, n, 24, found);
    best = fmin(best, (double)(g_get_monotonic_time() - start) / 1000);
  }
  printf("24 nearest of 1000 latents of %zu numbers: least %.2f ms\n", (size_t)n, best);
  printf("edit to decoded picture: median %.1f ms, least %.1f; to live residual: median %.1f, least %.1f\n",
         picture[7], picture[0], live[7], live[0]);
}

int main(int argc, char **argv) {
  if (argc < 2 || !gtk_init_check()) return 1;
  const char *out = argv[1];
  gboolean dark = argc > 2 && strcmp(argv[2], "dark") == 0;
  int w = argc > 4 ? atoi(argv[3]) : 520, h = argc > 4 ? atoi(argv[4]) : 820;
  g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", dark, NULL);
  GtkCssProvider *css = gtk_css_provider_new();
  gtk_css_provider_load_from_path(css, "resources/style.css");
  gtk_style_context_add_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(css), 800);
  WdSession *s = wd_session_new();
  WdView *v = wd_view_new();
  g_signal_connect(v, "changed", G_CALLBACK(on_view), s);
  wd_session_open_model(s, "default", "cpu");
  wait_idle(s, 60);
  WdRecipe recipe = {.seed = 42, .family = -1, .plan.steps = 6};
  guint run = wd_session_run(s, &recipe, NULL);
  wait_idle(s, 120);
  recipe.seed = 7;
  wd_session_run(s, &recipe, NULL);
  wait_idle(s, 120);
  wd_view_go(v, wd_session_get_recording(s), 0, run, 6);
  window = gtk_window_new();
  gtk_window_set_default_size(GTK_WINDOW(window), w, h);
  GtkWidget *stack = gtk_stack_new();
  gtk_widget_set_margin_start(stack, 8);
  gtk_widget_set_margin_end(stack, 8);
  gtk_widget_set_margin_top(stack, 8);
  gtk_widget_set_margin_bottom(stack, 8);
  gtk_stack_set_hhomogeneous(GTK_STACK(stack), FALSE);
  gtk_stack_set_vhomogeneous(GTK_STACK(stack), FALSE);
  gtk_stack_add_named(GTK_STACK(stack), wd_codes_view_new(s, v), "codes");
  gtk_stack_add_named(GTK_STACK(stack), wd_renoise_view_new(s, v), "renoise");
  gtk_stack_add_named(GTK_STACK(stack), wd_neighbours_view_new(s, v), "neighbours");
  gtk_stack_add_named(GTK_STACK(stack), wd_encode_view_new(s, v), "encode");
  gtk_window_set_child(GTK_WINDOW(window), stack);
  gtk_window_present(GTK_WINDOW(window));
  spin(1);
  shoot(out, "codes");
  edit(s, v, 5 * 18 + 7, 30);
  spin(2.5);
  shoot(out, "codes-edited");
  GtkWidget *codes =
      g_object_get_data(G_OBJECT(gtk_stack_get_child_by_name(GTK_STACK(stack), "codes")), "wd-tool-page");
  GtkWidget *row = gtk_widget_get_first_child(codes);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(gtk_widget_get_first_child(row)), 3);
  GtkWidget *map = gtk_widget_get_next_sibling(gtk_widget_get_next_sibling(gtk_widget_get_first_child(row)));
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(map), TRUE);
  spin(1);
  shoot(out, "codes-channel");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(gtk_widget_get_first_child(row)), 0);
  if (g_getenv("WD_TIME")) time_edits(s, v);
  WdRecipe noised = {.seed = 3, .family = -1, .plan.steps = 6, .begin = WD_BEGIN_NOISED, .timestep = 399};
  guint id = wd_session_branch(s, v->place[0].branch, v->place[0].position, &noised, latent_of(s, v), NULL);
  wait_idle(s, 120);
  wd_view_go(v, wd_session_get_recording(s), 0, id, 99);
  gtk_stack_set_visible_child_name(GTK_STACK(stack), "renoise");
  spin(1.5);
  shoot(out, "renoise");
  gtk_stack_set_visible_child_name(GTK_STACK(stack), "neighbours");
  spin(3);
  shoot(out, "neighbours");
  gtk_stack_set_visible_child_name(GTK_STACK(stack), "encode");
  spin(0.5);
  shoot(out, "encode-empty");
  WdFrame f;
  if (wd_recording_get_frame(wd_session_get_recording(s), run, 6, WD_WHAT_ESTIMATE, &f) && f.pair) {
    id = wd_session_encode(s, f.pair, TRUE, TRUE, "A decoded pair", NULL);
    wait_idle(s, 60);
    wd_session_encode(s, f.pair, FALSE, TRUE, "A decoded pair", NULL);
    wait_idle(s, 60);
    wd_view_go(v, wd_session_get_recording(s), 0, id, 0);
    spin(6);
    shoot(out, "encode");
  }
  gtk_window_destroy(GTK_WINDOW(window));
  spin(0.2);
  g_object_unref(v);
  g_object_unref(s);
  return 0;
}
