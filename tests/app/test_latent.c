/* Latent mode as a person uses it: mouse, arrows and typing over the plane, undo, the residual map begun and
 * cancelled, a path; the shipped model, the real solver. */
#include "tests/app/ui.h"

#include "app/bookmark.h"
#include "app/latent_page.h"
#include "app/notice_bar.h"
#include "app/open.h"
#include "app/plane_view.h"
#include "render/figure.h"
#include "solver/memory.h"
#include "solver/npy.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Ui ui;
static WdLatentPage *page;
static WdExplorer *x;

static WdBranch *walk(void) {
  return wd_recording_find(wd_session_get_recording(ui.session), x->walk);
}
static int last(void) {
  return walk() ? wd_branch_last(walk()) : -1;
}
static gboolean is_page(gpointer user) {
  (void)user;
  GtkWidget *w = ui_find(ui.window, "mode-latent-page");
  page = w ? wd_latent_page_get(w) : NULL;
  x = page ? page->explorer : NULL;
  return x != NULL;
}
static gboolean is_ready(gpointer user) {
  (void)user;
  return x->ready;
}
/* The walk's latent is the cursor's, decoded. */
static gboolean is_shown(gpointer user) {
  (void)user;
  WdFrame f = {0};
  return x->ready && !x->in_flight && x->resting && x->sample_serial == x->serial && x->sample_u == x->u &&
         x->sample_v == x->v && ui.view->place[0].branch == x->walk && ui.view->place[0].position == x->at &&
         wd_recording_get_frame(wd_session_get_recording(ui.session), x->walk, x->at, WD_WHAT_ESTIMATE, &f) &&
         f.pair && wd_frame_simulation(&f);
}
static gboolean is_drawn(gpointer user) {
  return x->tiles && x->tiles->maps >= GPOINTER_TO_INT(user);
}
static gboolean has_cells(gpointer user) {
  return x->tiles && x->tiles->made >= GPOINTER_TO_INT(user);
}
static gboolean is_playing(gpointer user) {
  (void)user;
  return x->path && ui.view->place[0].branch == x->path && ui.view->place[0].position > 0;
}
static gboolean shows_map(gpointer name) {
  UiPicture picture = {0};
  const gboolean yes =
      ui_widget_picture(&ui, ui_find(ui.window, name), &picture) && ui_colours(&picture) > 60;
  ui_picture_clear(&picture);
  return yes;
}
static void shown(void) {
  ui_wait(is_shown, NULL, 60);
  ui_settle(&ui);
}
static GtkWidget *plane(void) {
  return ui_find(ui.window, "plane");
}
static gboolean click_at(double u, double v) {
  double fx, fy;
  return wd_plane_view_find(WD_PLANE_VIEW(plane()), u, v, &fx, &fy) && ui_click(plane(), fx, fy, 1);
}
static const char *text_of(const char *name) {
  GtkWidget *w = ui_find(ui.window, name);
  return w ? gtk_label_get_text(GTK_LABEL(w)) : "";
}

static void test_open(void) {
  ui_key(&ui, "ctrl+2");
  tap_ok(ui_wait(is_page, NULL, 10), "Ctrl+2 shows the page");
  tap_ok(ui_wait(is_ready, NULL, 60), "three seeds make a plane");
  shown();
  tap_ok(walk() && last() == 0, "the sample of anchor A is shown, a walk of one");
  tap_ok(ui_wait(shows_map, (gpointer) "latent-velocity", 20), "the velocity panel shows it");
  tap_ok(strstr(text_of("cursor-score"), "mode") != NULL, "its score says its mode: %s",
         text_of("cursor-score"));
}

static void test_mouse(void) {
  double fx, fy, tx, ty;
  WdPlaneView *view = WD_PLANE_VIEW(plane());
  wd_plane_view_find(view, 0.1, 0.1, &fx, &fy);
  wd_plane_view_find(view, 0.5, 0.25, &tx, &ty);
  tap_ok(ui_drag(plane(), fx, fy, tx, ty, 8), "the cursor is dragged");
  shown();
  tap_at_most(hypot(x->u - 0.5, x->v - 0.25), 0.02, "to where the mouse let go");
  tap_ok(last() == 1 && x->at == 1, "one latent more on the trail (%d)", last());
  tap_ok(click_at(1, 0), "a click");
  shown();
  tap_ok(last() == 2 && hypot(x->u - 1, x->v) < 0.02, "is a move too: (%g, %g)", x->u, x->v);
  ui_key(&ui, "s");
  shown();
  tap_ok(x->u == 1 && x->v == 0, "S snaps it to anchor B");
  const WdPosition *p = wd_recording_position(wd_session_get_recording(ui.session), x->walk, x->at);
  tap_ok(p && g_bytes_equal(p->latent[WD_WHAT_ESTIMATE], x->anchor[1].data), "whose latent it then is");
}

static void test_keys(void) {
  const int before = last();
  ui_key(&ui, "Left");
  tap_ok(x->u == 0.75 && x->v == 0, "Left: one step of the lattice (%g, %g)", x->u, x->v);
  ui_key(&ui, "Up");
  tap_ok(x->u == 0.75 && x->v == 0.25, "Up: one upwards (%g, %g)", x->u, x->v);
  ui_key(&ui, "shift+Down");
  tap_ok(x->v == 0.225, "Shift: a tenth of it (%g)", x->v);
  shown();
  tap_ok(last() > before && !ui.view->playing, "and the trail has it");
  ui_key(&ui, "Home");
  shown();
  tap_ok(x->u == 0 && x->v == 0, "Home: anchor A");
}

static void test_numbers(void) {
  GtkWidget *u = ui_find(ui.window, "cursor-u");
  const int before = last();
  ui_click(u, 0.2, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, "0.3125");
  ui_key(&ui, "Return");
  shown();
  tap_ok(x->u == 0.3125 && x->v == 0, "u typed: (%g, %g)", x->u, x->v);
  tap_ok(last() == before + 1, "is one edit");
  gtk_widget_grab_focus(plane());
  ui_key(&ui, "ctrl+z");
  shown();
  tap_ok(x->u == 0 && last() == before + 1, "Ctrl+Z goes back along the trail: (%g, %g)", x->u, x->v);
  ui_key(&ui, "ctrl+shift+z");
  shown();
  tap_ok(x->u == 0.3125, "Ctrl+Shift+Z forward: (%g, %g)", x->u, x->v);
  GtkWidget *anchor = ui_find(ui.window, "anchor-c");
  ui_click(anchor, 0.3, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, "9");
  ui_key(&ui, "Return");
  tap_ok(x->anchor[2].seed == 9, "another seed for anchor C");
  ui_wait(is_ready, NULL, 60);
  shown();
  tap_ok(last() == before + 2, "is an edit as well");
}

static void test_tiles(void) {
  const gboolean drawn = ui_wait(is_drawn, GINT_TO_POINTER(49), 90);
  tap_ok(drawn, "the lattice fills in idle time (%d maps)", x->tiles ? x->tiles->maps : 0);
  tap_ok(ui_click(ui_find(ui.window, "map-start"), 0.5, 0.5, 1), "Start pressed");
  tap_ok(ui_wait(has_cells, GINT_TO_POINTER(12), 60) && x->mapping, "cells of the residual map come");
  ui_settle(&ui);
  tap_ok(ui_find(ui.window, "map-progress") != NULL, "with progress: %s", text_of("map-words"));
  const gint64 start = g_get_monotonic_time();
  tap_ok(ui_click(ui_find(ui.window, "map-start"), 0.5, 0.5, 1) && !x->mapping, "Cancel pressed");
  const double ms = (double)(g_get_monotonic_time() - start) * 1e-3;
  const int there = x->tiles->made;
  ui_run(0.3);
  tap_ok(x->tiles->made == there, "stops it at once (%.0f ms with the click), %d cells are kept", ms, there);
  ui_keep(&ui, "latent-cancelled");
  const char *whole = g_getenv("WD_TEST_PICTURES"); /* for people */
  if (whole && *whole) {
    wd_explorer_start_map(x, 8, NULL);
    ui_wait(has_cells, GINT_TO_POINTER(64), 100);
  }
}

static void test_path(void) {
  ui_click(plane(), 0.5, 0.02, 1);
  click_at(0.25, 0.5);
  shown();
  ui_key(&ui, "i");
  click_at(0.9, 0.1);
  shown();
  ui_key(&ui, "i");
  tap_ok(x->waypoints == 2, "I adds waypoints (%d)", x->waypoints);
  ui_keep(&ui, "latent");
  wd_explorer_set_path(x, FALSE, WD_EASE_NONE, 8);
  GtkWidget *play = ui_find(ui.window, "path-play");
  if (play) gtk_widget_activate(play);
  tap_ok(play && ui_wait(is_playing, NULL, 30), "Play makes the path and plays it");
  ui_key(&ui, "k");
  tap_ok(x->path && wd_branch_last(wd_recording_find(wd_session_get_recording(ui.session), x->path)) == 7,
         "eight frames, a walk of its own");
  if (ui.view->playing) ui_key(&ui, "k");
}

static char *said; /* what was said of the last export */

static gboolean is_exported(gpointer user) {
  (void)user;
  GtkWidget *bar = ui_find_type(ui.window, WD_TYPE_NOTICE_BAR);
  const char *text = bar ? wd_notice_bar_get_text(WD_NOTICE_BAR(bar)) : "";
  if (!strstr(text, "latents.npy are in")) return FALSE;
  g_free(said);
  said = g_strdup(text);
  return TRUE;
}

/* Pictures in a folder that carry a recipe, and those that do not. */
static void count_pictures(const char *folder, guint *own, guint *other) {
  *own = *other = 0;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    if (!g_str_has_suffix(name, ".png")) continue;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *recipe = NULL;
    const gboolean has = !wd_figure_read_recipe(path, &recipe, NULL);
    ++*(has ? own : other);
    if (has) wd_free(recipe);
  }
}

static void test_export(void) {
  g_autofree char *folder = g_dir_make_tmp("wd-path-XXXXXX", NULL);
  g_autofree char *latents = g_build_filename(folder, "latents.npy", NULL),
                  *foreign = g_build_filename(folder, "frame_0099.png", NULL);
  GtkWidget *section = ui_find(ui.window, "latent-path");
  guint own, other;
  g_file_set_contents(foreign, "mine", -1, NULL);
  for (int frames = 6; frames >= 4; frames -= 2) {
    wd_window_notify(ui.window, &(WdNotice){.what = (char *)"-"});
    wd_explorer_set_path(x, TRUE, WD_EASE_ENDS, frames);
    wd_latent_path_export(section, folder);
    const gboolean exported = ui_wait(is_exported, NULL, 60);
    tap_ok(exported, "a path of %d frames is exported: %s", frames, said ? said : "nothing is said");
    count_pictures(folder, &own, &other);
    tap_ok(own == (guint)frames && other == 1, "%u pictures with a recipe, %u that is not ours and stays",
           own, other);
    wd_npy *npy = NULL;
    wd_error err = {0};
    const gboolean read = !wd_npy_open(latents, &npy, &err);
    const WdModelInfo *m = wd_session_get_model(ui.session);
    tap_ok(read && wd_npy_shape(npy)[0] == (size_t)frames &&
               wd_npy_elements(npy) == (size_t)frames * (size_t)m->latent.count,
           "latents.npy holds %d latents %s", frames, err.message);
    g_autofree float *z = g_new(float, m->latent.count);
    const WdPosition *p = wd_recording_position(wd_session_get_recording(ui.session), x->path, frames - 1);
    tap_ok(read && p &&
               !wd_npy_read(npy, (size_t)(frames - 1) * (size_t)m->latent.count, (size_t)m->latent.count, z,
                            &err) &&
               !memcmp(z, g_bytes_get_data(p->latent[WD_WHAT_ESTIMATE], NULL),
                       (gsize)m->latent.count * sizeof *z),
           "the last of them is the walk's last, bit for bit");
    if (read) wd_npy_close(npy);
  }
  tap_ok(said && strstr(said, "2 frames of an older one were removed") && strstr(said, "1 picture"),
         "the shorter path leaves no frame of the longer one, and says so");
  wd_latent_path_export(section, "/nonexistent/folder");
  ui_settle(&ui);
  const char *text = wd_notice_bar_get_text(WD_NOTICE_BAR(ui_find_type(ui.window, WD_TYPE_NOTICE_BAR)));
  tap_ok(strstr(text, "/nonexistent/folder") != NULL, "a folder that is not there: %s", text);
  g_autofree char *command = g_strdup_printf("rm -r %s", folder);
  tap_ok(!system(command), "clean");
  g_clear_pointer(&said, g_free);
}

static gboolean has_file_anchors(gpointer user) {
  (void)user;
  for (int i = 0; i < WD_ANCHORS; i++)
    if (x->anchor[i].kind != WD_ANCHOR_FILE || x->anchor[i].record != i) return FALSE;
  return x->ready && x->shape == WD_SHAPE_ANCHORS && ui.view->mode == WD_MODE_LATENT;
}

/* A .npy of latents, dropped or opened, is a plane through its first three. */
static void test_file(void) {
  const wd_latent_shape *l = &wd_session_get_model(ui.session)->latent;
  g_autofree char *folder = g_dir_make_tmp("wd-anchors-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "latents.npy", NULL);
  const size_t d = (size_t)l->count, dims[] = {4, (size_t)l->channels, (size_t)l->height, (size_t)l->width};
  g_autofree float *z = g_new(float, 4 * d);
  for (size_t k = 0; k < 4 * d; k++) z[k] = (float)sin(0.37 * (double)k) + (float)(k / d);
  wd_error err = {0};
  if (wd_npy_write(path, WD_NPY_F32, 4, dims, z, &err)) tap_ok(FALSE, "%s", err.message);
  ui_key(&ui, "ctrl+1");
  ui_settle(&ui);
  g_autoptr(GFile) file = g_file_new_for_path(path);
  wd_open_file(ui.window, file);
  tap_ok(ui_wait(has_file_anchors, NULL, 30),
         "a file of four latents: Latent mode, the first three are its anchors");
  const float *b = x->anchor[1].data ? g_bytes_get_data(x->anchor[1].data, NULL) : NULL;
  tap_ok(b && !memcmp(b, z + d, d * sizeof *z), "B is its second, bit for bit");
  const char *text = wd_notice_bar_get_text(WD_NOTICE_BAR(ui_find_type(ui.window, WD_TYPE_NOTICE_BAR)));
  tap_ok(strstr(text, "latents.npy are anchors A, B and C") && strstr(text, "It holds 4"),
         "and it is said: %s", text);
  g_unlink(path);
  g_rmdir(folder);
}

/* Ctrl+D names what is shown; the anchor's menu offers it, and renames it. */
static void test_bookmarks(void) {
  WdRecording *r = wd_session_get_recording(ui.session);
  const WdPlace at = ui.view->place[0];
  const WdBranch *owner = wd_place_owner(r, at);
  gtk_widget_grab_focus(plane());
  ui_key(&ui, "ctrl+d");
  ui_settle(&ui);
  g_autofree char *name = wd_bookmark_get(wd_recording_position(r, at.branch, at.position));
  tap_ok(owner && name && g_str_has_prefix(name, owner->name), "Ctrl+D bookmarks what is shown: %s",
         name ? name : "");
  tap_ok(ui_click(ui_find(ui.window, "anchor-c-menu"), 0.5, 0.5, 1), "the menu of anchor C opens");
  ui_settle(&ui);
  GtkWidget *entry = ui_find(ui.window, "bookmark-name");
  tap_ok(entry && !strcmp(gtk_editable_get_text(GTK_EDITABLE(entry)), name), "with the name in an entry");
  if (!entry) return;
  ui_keep(&ui, "latent-bookmarks");
  ui_click(entry, 0.5, 0.5, 1);
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, "good");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  g_autofree char *renamed = wd_bookmark_get(wd_recording_position(r, at.branch, at.position));
  tap_ok(renamed && !strcmp(renamed, "good"), "typed, it is renamed: %s", renamed ? renamed : "");
  GBytes *latent = g_bytes_ref(wd_place_latent(r, at, WD_WHAT_ESTIMATE));
  ui_key(&ui, "Home");
  shown();
  ui_click(ui_find(ui.window, "anchor-c-menu"), 0.5, 0.5, 1);
  ui_settle(&ui);
  GtkWidget *button = ui_find(ui.window, "bookmark");
  tap_ok(button && !strcmp(gtk_button_get_label(GTK_BUTTON(button)), "good") && ui_click(button, 0.3, 0.5, 1),
         "from elsewhere the menu lists it");
  ui_settle(&ui);
  tap_ok(x->anchor[2].data && g_bytes_equal(x->anchor[2].data, latent),
         "and it becomes anchor C, bit for bit");
  g_bytes_unref(latent);
}

/* How the plane is laid, by its controls: each keeps what the cursor is and changes what it stands for. */
static void test_laying(void) {
  GtkWidget *domain = ui_find(ui.window, "plane-domain"), *shape = ui_find(ui.window, "plane-shape"),
            *safe = ui_find(ui.window, "plane-safe");
  const gboolean before = x->norm_safe;
  ui_click(safe, 0.1, 0.5, 1);
  ui_settle(&ui);
  tap_ok(x->norm_safe == !before, "Keep the length is switched");
  ui_click(safe, 0.1, 0.5, 1);
  ui_settle(&ui);
  tap_ok(x->norm_safe == before, "and back");
  gtk_widget_grab_focus(domain);
  ui_click(domain, 0.5, 0.5, 1);
  ui_settle(&ui);
  ui_key(&ui, "Down");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(x->domain == WD_DOMAIN_NOISE, "the starting noise is mixed in place of the data");
  ui_click(domain, 0.5, 0.5, 1);
  ui_settle(&ui);
  ui_key(&ui, "Up");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(x->domain == WD_DOMAIN_DATA, "and the data again");
  ui_click(shape, 0.5, 0.5, 1);
  ui_settle(&ui);
  ui_key(&ui, "End");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(x->shape == WD_SHAPE_RANDOM && ui_wait(is_ready, NULL, 60),
         "two random directions about A make a plane");
  ui_click(shape, 0.5, 0.5, 1);
  ui_settle(&ui);
  ui_key(&ui, "Home");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(x->shape == WD_SHAPE_ANCHORS && ui_wait(is_ready, NULL, 60), "and three anchors again");
}

/* Nothing of the plot is out of sight in the smallest window. */
static void test_small(void) {
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 900, 600);
  ui_run(0.5);
  ui_settle(&ui);
  GtkWidget *plot = ui_find(ui.window, "latent-plot"), *card = ui_find(ui.window, "latent-plot-card"),
            *copy = plot ? ui_find(plot, "plot-copy") : NULL;
  graphene_rect_t r;
  tap_ok(gtk_widget_get_width(GTK_WIDGET(ui.window)) <= 900, "the window is %d wide",
         gtk_widget_get_width(GTK_WIDGET(ui.window)));
  tap_ok(copy && card && gtk_widget_compute_bounds(copy, card, &r) && r.origin.x >= 0 &&
             r.origin.x + r.size.width <= (float)gtk_widget_get_width(card) &&
             gtk_widget_get_width(plot) <= gtk_widget_get_width(card),
         "the residual plot and its last button stand within their card");
  gtk_window_set_default_size(GTK_WINDOW(ui.window), 1280, 800);
  ui_settle(&ui);
}

int main(void) {
  ui_need_display();
  ui_start(&ui, NULL, 1280, 800, NULL);
  if (tap_ok(ui_wait_model(&ui, 60), "the shipped model is loaded")) {
    test_open();
    if (x) {
      /* The plane is drawn by cairo: with OpenGL only the pair beside it is another. */
      const gboolean all = g_strcmp0(g_getenv("WD_GL_MODE"), "glx") != 0;
      test_mouse();
      if (all) {
        test_keys();
        test_numbers();
        test_tiles();
        test_path();
        test_export();
        test_bookmarks();
        test_laying();
        test_small();
        test_file();
      }
      ui_key(&ui, "ctrl+1");
      ui_settle(&ui);
      tap_ok(ui.view->mode == WD_MODE_STEP && wd_session_count_chores(ui.session, &x->owner[2]) == 0,
             "Ctrl+1 leaves, and leaves no work behind");
    }
  }
  ui_stop(&ui);
  return tap_done();
}
