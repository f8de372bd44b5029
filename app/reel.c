#include "app/reel.h"

#include "app/i18n.h"
#include "app/score.h"
#include "app/status_error.h"
#include "app/wavefield_scene.h"

#include <math.h>
#include <string.h>

struct WdReel {
  WdReelOptions options;
  WdSession *session; /* reference; NULL: none */
  WdView *view;       /* a copy of its own */
  int frames, first;  /* first: position of the first frame of steps */
  /* wavefield */
  WdWavefield *field;
  WdWavefieldScene *scene;
  char *place, *recipe, *caption;
  char title[160];
  wd_figure_item item[3];
  wd_figure figure;
  /* steps */
  WdFigureSheet *sheet;
  double height_mm; /* of the tallest frame */
};

static WdReel *reel_new(WdSession *session, WdView *view, const WdReelOptions *o) {
  WdReel *r = g_new0(WdReel, 1);
  r->options = *o;
  if (!(r->options.width_mm > 0)) r->options.width_mm = 170;
  if (!(r->options.font > 0)) r->options.font = 8;
  if (r->options.dpi <= 0) r->options.dpi = 150;
  if (!(r->options.fps > 0)) r->options.fps = 12;
  if (session) r->session = g_object_ref(session);
  r->view = wd_view_new();
  g_autofree char *json = wd_view_to_json(view);
  wd_view_from_json(r->view, json, NULL);
  r->view->units = view->units;
  r->view->enlarged = -1;
  return r;
}

void wd_reel_free(WdReel *r) {
  if (!r) return;
  g_clear_object(&r->session);
  g_clear_object(&r->view);
  wd_wavefield_scene_free(r->scene);
  wd_wavefield_unref(r->field);
  wd_figure_sheet_free(r->sheet);
  g_free(r->place);
  g_free(r->recipe);
  g_free(r->caption);
  g_free(r);
}

int wd_reel_frames(const WdReel *r) {
  return r->frames;
}
WdPlace wd_reel_place(const WdReel *r, int i) {
  return r->field ? (WdPlace){0} : (WdPlace){r->view->place[0].branch, r->first + i};
}
WdWhat wd_reel_what(const WdReel *r) {
  return r->view->what;
}
const wd_figure *wd_reel_figure(const WdReel *r) {
  return &r->figure;
}

/* ---- a wavefield */

static double ms_of(const WdReel *r, int i) {
  return fmin(r->options.from + i * r->view->wave.speed / r->options.fps, r->options.to);
}

WdReel *wd_reel_of_wavefield(WdSession *session, WdView *view, WdWavefield *field, const char *place,
                             const char *recipe, const WdReelOptions *options) {
  WdReel *r = reel_new(session, view, options);
  const wd_movie *m = &field->movie;
  const double end = m->samples * m->dt * 1000;
  r->field = wd_wavefield_ref(field);
  r->scene = wd_wavefield_scene_new();
  r->place = g_strdup(place);
  r->recipe = g_strdup(recipe);
  WdReelOptions *o = &r->options;
  o->from = CLAMP(o->from, 0, end);
  o->to = o->to > 0 ? CLAMP(o->to, o->from, end) : end;
  if (!(r->view->wave.speed > 0)) r->view->wave.speed = 200;
  r->view->wave.shown = TRUE;
  r->view->wave.margin = field->ask.margin;
  r->view->wave.live = m->mode == WD_WAVE_LIVE;
  r->frames = 1 + (int)ceil((o->to - o->from) * o->fps / r->view->wave.speed - 1e-9);
  wd_print(r->title, sizeof r->title, _("Wavefield of shot %d%s%s"), m->shot + 1, place ? " — " : "",
           place ? place : "");
  r->caption = g_strdup_printf(_("Pressure over the velocity in greys, %s mode (%s)"),
                               wd_score_mode_words(m->mode), field->device);
  return r;
}

static gboolean prepare_wavefield(WdReel *r, int i) {
  const wd_movie *m = &r->field->movie;
  r->view->wave.step = (int)lround(ms_of(r, i) / (m->dt * 1000));
  const WdWavefieldDesc d = {.field = r->field,
                             .step = r->view->wave.step,
                             .look = r->view->wave,
                             .map_smooth = r->view->look[WD_PANEL_VELOCITY].smooth,
                             .gather_colormap = r->view->look[WD_PANEL_GATHER].colormap,
                             .units = r->view->units,
                             .place = NULL};
  wd_wavefield_scene_set(r->scene, &d);
  const wd_curve *trace = wd_wavefield_trace(r->scene, WD_SCENE_ALL);
  int n = 0;
  r->item[n++] = (wd_figure_item){.panel = wd_wavefield_map(r->scene, WD_SCENE_ALL)};
  r->item[n++] = (wd_figure_item){.panel = wd_wavefield_gather(r->scene, WD_SCENE_ALL)};
  if (trace->n_series) r->item[n++] = (wd_figure_item){.curve = trace, .span = 2};
  if (r->session) {
    g_autoptr(WdRunRecipe) recipe = wd_export_recipe(r->session, r->view, 0);
    g_free(r->recipe);
    r->recipe = recipe ? wd_run_recipe_to_json(recipe) : NULL;
  }
  r->figure =
      (wd_figure){.item = r->item,
                  .items = n,
                  .columns = 2,
                  .width_mm = r->options.width_mm,
                  .dpi = r->options.dpi,
                  .style = {.size = r->options.font, .dark = r->options.dark, .units = r->view->units},
                  .title = r->title,
                  .caption = r->caption,
                  .recipe = r->recipe};
  return TRUE;
}

/* ---- steps */

static gboolean prepare_steps(WdReel *r, int i, GError **error) {
  const WdReelOptions *o = &r->options;
  WdPlace *at = &r->view->place[0];
  at->position = r->first + i;
  const WdFigureOptions options = {.parts = o->parts ? o->parts
                                                     : (guint)(WD_FIGURE_VELOCITY | WD_FIGURE_GATHER |
                                                               WD_FIGURE_DIFFERENCE | WD_FIGURE_PLOT),
                                   .width_mm = o->width_mm,
                                   .font = o->font,
                                   .dpi = o->dpi,
                                   .dark = o->dark};
  WdFigureSheet *sheet = wd_figure_sheet_new(r->session, r->view, 0, &options, error);
  if (!sheet) return FALSE;
  wd_figure_sheet_free(r->sheet);
  r->sheet = sheet;
  r->figure = *wd_figure_sheet_get(sheet);
  r->figure.least_height_mm = r->height_mm;
  return TRUE;
}

WdReel *wd_reel_of_steps(WdSession *session, WdView *view, const WdReelOptions *options, GError **error) {
  const WdPlace at = view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(session), at.branch);
  const int last = b ? wd_branch_last(b) : -1;
  if (last < 0) {
    wd_status_set_error(error, WD_ERR_ARGUMENT, _("there is no run to make a movie of"));
    return NULL;
  }
  WdReel *r = reel_new(session, view, options);
  r->view->place[0] = at;
  r->view->layout = WD_LAYOUT_STEP;
  r->view->wave.shown = FALSE;
  r->first = CLAMP((int)lround(r->options.from), 0, last);
  const int to = r->options.to > 0 ? CLAMP((int)lround(r->options.to), r->first, last) : last;
  r->frames = to - r->first + 1;
  return r;
}

gboolean wd_reel_prepare(WdReel *r, int i, GError **error) {
  if (r->field) return prepare_wavefield(r, i);
  /* Pictures of a movie are of one height: that of the tallest. */
  for (int k = 0; k < r->frames && !(r->height_mm > 0); k++) {
    double most = 0;
    for (int j = 0; j < r->frames; j++) {
      double w, h;
      if (!prepare_steps(r, j, error)) return FALSE;
      if (!wd_figure_size(&r->figure, &w, &h, NULL)) most = fmax(most, h * 25.4 / 72);
    }
    r->height_mm = most > 0 ? most : 1;
  }
  return prepare_steps(r, i, error);
}
