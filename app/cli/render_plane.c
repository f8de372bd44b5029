/* render --panels plane: Latent mode's plane, its lattice of maps and, where it is asked for, its map of
 * residuals, of a walk in a recording. */
#include "app/cli/render_panels.h"

#include "app/cli/recording.h"
#include "app/plane_scene.h"
#include "app/status_error.h"
#include "render/figure.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static wd_status told(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static void draw_plane(void *user, const wd_style *style, cairo_t *cr, double width, double height) {
  const WdPlaneScene *s = user;
  wd_plane_layout layout;
  if (wd_plane_arrange(&s->plane, style, width, height, &layout, NULL)) return;
  wd_plane_draw_ground(&s->plane, style, &layout, cr);
  wd_plane_draw_marks(&s->plane, style, &layout, cr);
}

static bool plane_stands(replay *r, void *x) {
  (void)r;
  return ((WdExplorer *)x)->ready;
}
static bool lattice_stands(replay *r, void *user) {
  (void)r;
  const WdExplorer *x = user;
  return x->tiles && x->tiles->maps >= x->tiles->side * x->tiles->side;
}
static bool map_stands(replay *r, void *user) {
  const WdExplorer *x = user;
  if (x->tiles) cli_progress_set(r->c, x->tiles->made + x->tiles->refused);
  return !x->mapping;
}

static void on_failed(WdExplorer *x, const char *text, replay *r) {
  (void)x;
  if (!r->failed.code) wd_fail(&r->failed, WD_ERR_ARGUMENT, "%s", text);
}

static wd_status find_plane(replay *r, const render_panels_args *a, WdExplorer *x, wd_error *err) {
  const WdPlace at = r->view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(r->session), at.branch);
  if (!b || b->kind != WD_BRANCH_WALK)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%s: %s is no walk over a plane; --branch chooses one (info %s lists them)", a->file,
                   b ? b->name : "this branch", a->file);
  wd_status st = replay_open_model(r, err);
  if (st) return st;
  wd_explorer_see(x, at.branch, at.position);
  if (x->walk != at.branch)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "%s: position %d of %s was not made on a plane (an edited code, a re-noised latent): --step "
        "chooses another",
        a->file, at.position, b->name);
  cli_progress_begin(r->c, "plane", "planes", 1, 0);
  st = replay_wait(r, plane_stands, x, err);
  if (!st) cli_progress_end(r->c);
  return st;
}

static wd_status fill_plane(replay *r, const render_panels_args *a, WdExplorer *x, wd_error *err) {
  GError *error = NULL;
  wd_explorer_want_lattice(x, TRUE);
  wd_status st = replay_wait(r, lattice_stands, x, err);
  if (st || a->cells < 1) return st;
  if (!wd_explorer_start_map(x, a->cells, &error)) return told(error, err);
  cli_progress_begin(r->c, "residuals", "cells", a->cells * a->cells, 0);
  st = replay_wait(r, map_stands, x, err);
  if (!st) cli_progress_end(r->c);
  return st;
}

static wd_status write_plane(replay *r, const render_panels_args *a, WdExplorer *x, wd_error *err) {
  g_autofree WdPlaneScene *s = g_new(WdPlaneScene, 1);
  wd_plane_scene_compose(r->session, r->view, x, TRUE, a->cells > 0, s);
  const wd_figure_drawing drawing = {draw_plane, s, a->cells > 0 ? 0.92 : 1.04};
  const wd_figure_item item = {.drawing = &drawing};
  g_autofree char *words = wd_explorer_describe(x), *key = wd_explorer_key(x);
  json_t *o =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o}", "program", "wavediffusion-cli", "version",
                WD_VERSION, "command", "render", "file", a->file, "panels", a->panels, "branch", a->branch,
                "step", r->view->place[0].position, "cells", a->cells, "plane", json_loads(key, 0, NULL));
  char *recipe = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(o);
  const wd_figure figure = {.item = &item,
                            .items = 1,
                            .width_mm = a->width_mm > 0 ? a->width_mm : 140,
                            .dpi = a->dpi,
                            .style = {.size = 8, .dark = a->dark},
                            .title = a->title,
                            .caption = words,
                            .recipe = recipe};
  const wd_status st = recipe ? wd_figure_write(&figure, a->output, err)
                              : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the picture's recipe");
  free(recipe);
  return st;
}

wd_status render_plane(replay *r, const render_panels_args *a, wd_error *err) {
  g_autoptr(WdExplorer) x = wd_explorer_new(r->session);
  const gulong failed = g_signal_connect(x, "failed", G_CALLBACK(on_failed), r);
  wd_status st = find_plane(r, a, x, err);
  if (!st) st = fill_plane(r, a, x, err);
  if (!st) st = write_plane(r, a, x, err);
  g_signal_handler_disconnect(x, failed);
  return st;
}
