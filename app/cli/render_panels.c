#include "app/cli/render_panels.h"

#include "app/cli/movie.h"

#include "app/export.h"
#include "app/reel.h"
#include "app/status_error.h"

#include <stdio.h>
#include <string.h>

static wd_status from_error(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static bool has_word(const char *list, const char *word) {
  g_auto(GStrv) words = g_strsplit(list, ",", -1);
  return g_strv_contains((const char *const *)words, word);
}

/* --receiver: the crosshair of the trace. */
static wd_status look_at_receiver(const render_panels_args *a, replay *r, wd_error *err) {
  WdFrame f = {0};
  const WdPlace at = r->view->place[0];
  if (!wd_recording_get_frame(wd_session_get_recording(r->session), at.branch, at.position, r->view->what,
                              &f) ||
      !f.pair)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "position %d of %s has no gathers", at.position, a->file);
  if (a->receiver > f.pair->gathers.receivers)
    return cli_usage_error(err, "--receiver %d: there are 1 to %d", a->receiver, f.pair->gathers.receivers);
  r->view->x = (a->receiver - 1) * f.pair->velocity.spacing;
  return WD_OK;
}

static bool is_ready(replay *r, void *parts) {
  return wd_figure_ready(r->session, r->view, 0, GPOINTER_TO_UINT(parts));
}

static wd_status draw_panels(const render_panels_args *a, replay *r, guint parts, wd_error *err) {
  GError *error = NULL;
  const bool both = r->beside;
  if (both) r->view->layout = WD_LAYOUT_COMPARE;
  const WdFigureOptions o = {.parts = parts,
                             .width_mm = a->width_mm,
                             .dpi = (int)a->dpi,
                             .dark = a->dark,
                             .title = a->title,
                             .both = both};
  if (has_word(a->panels, "dec")) r->view->source = WD_SOURCE_DECODED;
  const bool simulated = parts & (WD_FIGURE_SIMULATED | WD_FIGURE_DIFFERENCE | WD_FIGURE_TRACES |
                                  WD_FIGURE_PLOT | WD_FIGURE_TRACE | WD_FIGURE_LAGS | WD_FIGURE_ARRIVALS) ||
                         (parts & WD_FIGURE_GATHER && (r->view->source != WD_SOURCE_DECODED ||
                                                       r->view->look[WD_PANEL_GATHER].mute_direct));
  const bool decoded = parts & ~(guint)WD_FIGURE_PLOT;
  wd_status st = decoded || simulated
                     ? replay_need(r, r->view->place[0].position, simulated && parts != WD_FIGURE_PLOT, err)
                     : WD_OK;
  if (!st && both) st = replay_need_beside(r, simulated && parts != WD_FIGURE_PLOT, err);
  if (!st && a->receiver > 0) st = look_at_receiver(a, r, err);
  if (!st) st = replay_wait(r, is_ready, GUINT_TO_POINTER(parts), err);
  if (st) return st;
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(r->session, r->view, 0, &o, &error);
  if (!sheet) return from_error(error, err);
  if (wd_figure_sheet_missing(sheet)) /* what was asked for is drawn, or nothing is */
    return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: %s", a->file, wd_figure_sheet_missing(sheet));
  return wd_figure_sheet_write(sheet, a->output, &error) ? WD_OK : from_error(error, err);
}

static wd_status draw_wavefield(cli *c, const render_panels_args *a, replay *r, wd_error *err) {
  WdView *v = r->view;
  const WdPlace at = v->place[0];
  WdFrame f = {0};
  wd_status st = movie_probe(a->probe, &v->wave, err);
  if (!st) st = replay_need(r, at.position, false, err);
  if (st) return st;
  if (!wd_recording_get_frame(wd_session_get_recording(r->session), at.branch, at.position, v->what, &f) ||
      !f.pair)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "position %d of %s has no map", at.position, a->file);
  const int shots = f.pair->gathers.value ? f.pair->gathers.shots : 5;
  v->shot = a->shot > 0 ? a->shot - 1 : v->shot >= 0 ? v->shot : shots / 2;
  if (v->shot >= shots) return cli_usage_error(err, "--shot %d: there are 1 to %d", v->shot + 1, shots);
  WdWavefieldAsk ask = {.pair = f.pair,
                        .shot = v->shot,
                        .mode = v->wave.live ? WD_WAVE_LIVE : WD_WAVE_EXACT,
                        .margin = a->margin || v->wave.margin};
  const wd_shard_desc *g = wd_recording_get_geometry(wd_session_get_recording(r->session));
  if (g) ask.shape = *g;
  const double dt = f.pair->gathers.dt > 0 ? f.pair->gathers.dt : g && g->dt > 0 ? g->dt : 0.001;
  const double ms = a->ms >= 0 ? a->ms : v->wave.step * dt * 1000;
  WdWavefield *field = NULL;
  st = movie_wavefield(c, a->device, &ask, &field, err);
  if (st) return st;
  char place[128];
  replay_place(r, place, sizeof place);
  const WdReelOptions o = {
      .width_mm = a->width_mm, .dpi = (int)a->dpi, .dark = a->dark, .from = ms, .to = ms > 0 ? ms : 1e-9};
  WdReel *reel = wd_reel_of_wavefield(r->session, v, field, place, NULL, &o);
  wd_reel_prepare(reel, 0, NULL);
  wd_figure figure = *wd_reel_figure(reel);
  if (a->title) figure.title = a->title;
  st = wd_figure_write(&figure, a->output, err);
  wd_reel_free(reel);
  wd_wavefield_unref(field);
  return st;
}

wd_status render_panels(cli *c, const render_panels_args *a, wd_error *err) {
  guint parts = 0;
  bool wavefield = false;
  const bool plane = !strcmp(a->panels, "plane");
  wd_figure_format format;
  if (render_population_named(a->panels)) return render_population(c, a, err);
  wd_status st = plane ? WD_OK : movie_panels(a->panels, &parts, &wavefield, err);
  if (!st) st = wd_figure_format_of(a->output, &format, err);
  if (st) return st;
  if (wavefield && parts) return cli_usage_error(err, "--panels: wavefield is a figure of its own");
  /* The plot is of every step, and so is the clip of gathers, where it is that of the run. */
  const replay_args args = {a->file,   a->model, a->device,
                            a->branch, a->step,  parts & ~(guint)WD_FIGURE_VELOCITY};
  if (!replay_recognise(a->file))
    return cli_usage_error(err, "--panels takes a recording (.wdrun) or a recipe, and %s is neither",
                           a->file);
  replay r = {0};
  st = replay_open(c, &args, &r, err);
  if (st) return st;
  if (a->shot >= 0) r.view->shot = a->shot - 1;
  st = plane       ? render_plane(&r, a, err)
       : wavefield ? draw_wavefield(c, a, &r, err)
                   : draw_panels(a, &r, parts, err);
  replay_close(&r);
  if (!st && c->json) st = cli_print_json(json_pack("{s:s}", "output", a->output), err);
  return st;
}
