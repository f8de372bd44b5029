/* Figures of what the view shows. */
#include "app/export.h"

#include "app/i18n.h"
#include "app/picture_view.h"
#include "app/plot_data.h"
#include "app/score.h"
#include "app/side_draw.h"
#include "app/status_error.h"
#include "solver/file.h"

#include <math.h>
#include <string.h>

enum { SIDES = 2, COLUMNS = 12, DRAWN = 3, ITEMS = SIDES * WD_PANEL_KINDS + 2 + DRAWN };

struct WdFigureSheet {
  WdPicture *picture[SIDES][WD_PANEL_KINDS];
  wd_panel panel[SIDES][WD_PANEL_KINDS];
  WdPlot *plot;
  WdPopulationSteps *population;
  wd_curve curve, share;
  WdSidePlot drawn[DRAWN]; /* with references to session and view */
  wd_figure_drawing drawing[DRAWN];
  int drawings;
  wd_figure_item item[ITEMS];
  wd_figure figure;
  char *title, *caption, *recipe, *missing;
};

void wd_figure_sheet_free(WdFigureSheet *s) {
  if (!s) return;
  for (int side = 0; side < SIDES; side++)
    for (int k = 0; k < WD_PANEL_KINDS; k++) wd_picture_free(s->picture[side][k]);
  wd_plot_free(s->plot);
  wd_population_steps_free(s->population);
  for (int i = 0; i < s->drawings; i++) {
    g_object_unref(s->drawn[i].session);
    g_object_unref(s->drawn[i].view);
  }
  g_free(s->title);
  g_free(s->caption);
  g_free(s->recipe);
  g_free(s->missing);
  g_free(s);
}

const wd_figure *wd_figure_sheet_get(const WdFigureSheet *s) {
  return &s->figure;
}

const char *wd_figure_sheet_missing(const WdFigureSheet *s) {
  return s->missing;
}

/* ---- words */

/* "default, seed 42, dpmpp-2m with 16 steps, left at step 6 for ..." */
static char *title_of(const WdRunRecipe *r, const char *branch) {
  GString *s = g_string_new(r->model && r->model[0] ? r->model : "WaveDiffusion");
  const WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  if (r->pair)
    g_string_append_printf(s, ", %s", r->pair);
  else if (wd_run_recipe_link(r, 0)->edited && !p->begin)
    g_string_append_printf(s, ", %s", branch ? branch : _("a latent made by hand"));
  else if (p->begin)
    g_string_append_printf(
        s,
        p->begin == WD_BEGIN_NOISED
            ? ngettext(", a latent noised to t = %d by seed %" PRIu64 ", %s, %d step",
                       ", a latent noised to t = %d by seed %" PRIu64 ", %s, %d steps", (gulong)p->plan.steps)
            : ngettext(", a latent taken at t = %d by seed %" PRIu64 ", %s, %d step",
                       ", a latent taken at t = %d by seed %" PRIu64 ", %s, %d steps", (gulong)p->plan.steps),
        p->timestep, p->seed, wd_sampler_name(p->plan.kind), p->plan.steps);
  else
    g_string_append_printf(s,
                           ngettext(", seed %" PRIu64 ", %s, %d step", ", seed %" PRIu64 ", %s, %d steps",
                                    (gulong)p->plan.steps),
                           p->seed, wd_sampler_name(p->plan.kind), p->plan.steps);
  if (wd_run_recipe_links(r) > 1 && branch) g_string_append_printf(s, " \xe2\x80\x94 %s", branch);
  return g_string_free(s, FALSE);
}

/* "x0-hat at step 9 of 16; reflection residual 0.62 (exact mode, cpu: 2 threads)" */
static char *caption_of(WdSession *session, WdView *v, int side, const WdRunRecipe *r) {
  WdRecording *recording = wd_session_get_recording(session);
  const WdPosition *p = wd_recording_position(recording, v->place[side].branch, v->place[side].position);
  int steps = wd_run_recipe_steps(r);
  GString *s = g_string_new(NULL);
  if (r->position > steps)
    g_string_append_printf(
        s, ngettext("Refined by %d step", "Refined by %d steps", (gulong)(r->position - steps)),
        r->position - steps);
  else if (r->position == steps)
    g_string_append(s, r->pair ? _("Encoded and decoded")
                       : wd_run_recipe_link(r, 0)->edited && !wd_run_recipe_link(r, 0)->recipe.begin
                           ? _("A latent made by hand, decoded")
                           : _("The data, after the last step"));
  else
    g_string_append_printf(s, _("%s at step %d of %d"),
                           r->what == WD_WHAT_STATE ? "x\xe2\x82\x9c" : "x\xcc\x82\xe2\x82\x80", r->position,
                           steps);
  const WdScore *score = p ? wd_position_score(p, r->what) : NULL;
  double value = score ? score->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN;
  WdFrame frame = {0};
  gboolean known =
      wd_recording_get_frame(recording, v->place[side].branch, v->place[side].position, r->what, &frame);
  const WdSimulation *sim = known ? wd_frame_simulation(&frame) : NULL;
  g_autofree char *calibration = wd_score_calibration_words(score);
  if (isfinite(value))
    g_string_append_printf(s, _("; reflection residual %.3g (%s mode%s%s%s%s)"), value,
                           wd_score_mode_words(score->mode), calibration ? ", " : "",
                           calibration ? calibration : "", sim && sim->device[0] ? ", " : "",
                           sim ? sim->device : "");
  return g_string_free(s, FALSE);
}

/* ---- panels */

static const char *const part_name[] = {N_("velocity"), N_("gather"), N_("simulated"), N_("difference"),
                                        N_("residual by trace")};

static gboolean add_panel(WdFigureSheet *s, WdSession *session, WdView *v, int side, int kind, int span,
                          GString *missing) {
  WdPicture *p = s->picture[side][kind] = wd_picture_new();
  wd_picture_set_view(p, session, v, (WdPanelKind)kind, side, v->source);
  const char *message = wd_picture_message(p);
  if (message) {
    g_string_append_printf(missing, "%s%s: %s", missing->len ? "; " : "", _(part_name[kind]), message);
    return FALSE;
  }
  s->panel[side][kind] = *wd_picture_panel(p);
  s->panel[side][kind].crosshair = false;
  s->item[s->figure.items++] = (wd_figure_item){.panel = &s->panel[side][kind], .span = span};
  return TRUE;
}

/* One row of panels of all sides, each side's as wide as the others'. */
static void add_row(WdFigureSheet *s, WdSession *session, WdView *v, const int *side, int sides,
                    const int *kind, const int *weight, int n, guint parts, GString *missing) {
  int total = 0, last = 0;
  for (int i = 0; i < n; i++)
    if (parts & 1u << kind[i]) total += weight[i];
  if (!total) return;
  int room = COLUMNS / sides;
  for (int k = 0; k < sides; k++) {
    int used = 0, first = s->figure.items;
    for (int i = 0; i < n; i++) {
      if (!(parts & 1u << kind[i])) continue;
      int span = MAX(1, room * weight[i] / total);
      if (add_panel(s, session, v, side[k], kind[i], span, missing)) used += span;
    }
    last = s->figure.items - 1;
    if (last >= first) s->item[last].span += room - used; /* what is missing leaves its room to the last */
  }
}

/* The residual plot over the whole width, with the share under it where the view has one. */
static void add_plot(WdFigureSheet *s, WdSession *session, WdView *v, GString *missing) {
  WdLevels levels, share;
  gboolean has = wd_session_get_levels(session, v->metric, &levels),
           has_share = wd_session_get_levels(session, WD_METRIC_REFLECTION_SHARE, &share);
  if (v->show_population) s->population = wd_population_steps_of(session, v);
  WdPlotDesc d = {.recording = wd_session_get_recording(session),
                  .view = v,
                  .levels = has ? &levels : NULL,
                  .share = has_share ? &share : NULL,
                  .population = s->population};
  s->plot = wd_plot_new(&d);
  if (!s->plot || !s->plot->curve.n_series) {
    g_string_append_printf(missing, _("%sresidual plot: nothing is scored yet"), missing->len ? "; " : "");
    return;
  }
  s->curve = s->plot->curve;
  s->curve.aspect = 0.36;
  s->item[s->figure.items++] = (wd_figure_item){.curve = &s->curve, .span = COLUMNS};
  if (!s->plot->share.n_series) return;
  s->share = s->plot->share;
  s->share.aspect = 0.14;
  s->item[s->figure.items++] = (wd_figure_item){.curve = &s->share, .span = COLUMNS};
}

/* ---- what stands beside the panels */

static const struct {
  guint part;
  const char *name;
  WdSidePlotDraw draw;
  const char *(*missing)(const WdSidePlot *plot);
  double aspect;
} extras[DRAWN] = {
    {WD_FIGURE_TRACE, "trace", wd_side_draw_trace, wd_side_trace_missing, 0.48},
    {WD_FIGURE_LAGS, "lags", wd_side_draw_lags, wd_side_times_missing, 0.36},
    {WD_FIGURE_ARRIVALS, "arrivals", wd_side_draw_arrivals, wd_side_times_missing, 0.42},
};

static void draw_beside(void *user, const wd_style *style, cairo_t *cr, double width, double height) {
  WdSidePlot *plot = user;
  char about[400];
  plot->style = *style;
  wd_side_draw_look(plot);
  plot->draw(plot, cr, width, height, about, sizeof about);
}

static WdSidePlot side_plot(WdSession *session, WdView *view, int side) {
  WdSidePlot plot = {.session = session, .view = view, .side = side};
  wd_side_draw_look(&plot);
  return plot;
}

gboolean wd_figure_ready(WdSession *session, WdView *view, int side, guint parts) {
  const WdSidePlot plot = side_plot(session, view, side);
  return !(parts & (WD_FIGURE_LAGS | WD_FIGURE_ARRIVALS)) || wd_side_times_ready(&plot);
}

static void add_beside(WdFigureSheet *s, WdSession *session, WdView *v, int side, guint parts,
                       GString *missing) {
  for (int i = 0; i < DRAWN; i++) {
    if (!(parts & extras[i].part)) continue;
    WdSidePlot plot = side_plot(session, v, side);
    const char *why = extras[i].missing(&plot);
    if (why) {
      g_string_append_printf(missing, "%s%s: %s", missing->len ? "; " : "", extras[i].name, why);
      continue;
    }
    const int k = s->drawings++;
    s->drawn[k] = plot;
    s->drawn[k].draw = extras[i].draw;
    g_object_ref(session);
    g_object_ref(v);
    s->drawing[k] = (wd_figure_drawing){draw_beside, &s->drawn[k], extras[i].aspect};
    s->item[s->figure.items++] = (wd_figure_item){.drawing = &s->drawing[k], .span = COLUMNS};
  }
}

static void set_options(WdFigureSheet *s, const WdFigureOptions *o) {
  s->figure.item = s->item;
  s->figure.columns = COLUMNS;
  s->figure.width_mm = o->width_mm > 0 ? o->width_mm : 170;
  s->figure.dpi = o->dpi > 0 ? o->dpi : 300;
  s->figure.style = (wd_style){.size = o->font > 0 ? o->font : 8, .dark = o->dark};
}

WdFigureSheet *wd_figure_sheet_new(WdSession *session, WdView *v, int side, const WdFigureOptions *options,
                                   GError **error) {
  g_autoptr(WdRunRecipe) r = wd_export_recipe(session, v, side);
  if (!r) {
    wd_status_set_error(error, WD_ERR_ARGUMENT, _("there is no run to draw: press Run, or open a recording"));
    return NULL;
  }
  WdFigureSheet *s = g_new0(WdFigureSheet, 1);
  set_options(s, options);
  s->figure.style.units = v->units;
  guint parts = options->parts ? options->parts : WD_FIGURE_VELOCITY | WD_FIGURE_GATHER | WD_FIGURE_PLOT;
  const int sides = options->both && v->place[1].branch ? 2 : 1, which[SIDES] = {sides == 2 ? 0 : side, 1};
  static const int first[] = {WD_PANEL_VELOCITY, WD_PANEL_GATHER},
                   second[] = {WD_PANEL_SIMULATED, WD_PANEL_DIFFERENCE, WD_PANEL_TRACES}, even[] = {1, 1, 1},
                   wide[] = {1, 2};
  GString *missing = g_string_new(NULL);
  add_row(s, session, v, which, sides, first, v->shot < 0 ? wide : even, 2, parts, missing);
  add_row(s, session, v, which, sides, second, even, 3, parts, missing);
  add_beside(s, session, v, which[0], parts, missing);
  if (parts & WD_FIGURE_PLOT) add_plot(s, session, v, missing);
  s->missing = missing->len ? g_string_free(missing, FALSE) : (g_string_free(missing, TRUE), NULL);
  if (!s->figure.items) {
    wd_status_set_error(error, WD_ERR_ARGUMENT, _("nothing to draw%s%s"),
                        s->missing ? ": " : _(": choose a panel"), s->missing ? s->missing : "");
    wd_figure_sheet_free(s);
    return NULL;
  }
  const WdBranch *b = wd_recording_find(wd_session_get_recording(session), v->place[which[0]].branch);
  if (options->title && options->title[0])
    s->title = g_strdup(options->title);
  else if (!options->no_title)
    s->title = title_of(r, b ? b->name : NULL);
  if (!options->no_caption) s->caption = caption_of(session, v, which[0], r);
  s->recipe = wd_run_recipe_to_json(r);
  s->figure.title = s->title;
  s->figure.caption = s->caption;
  s->figure.recipe = s->recipe;
  return s;
}

static gboolean write_text(const char *path, const char *text, GError **error) {
  wd_error err = {0};
  wd_file *file = NULL;
  wd_status st = wd_file_create(path, &file, &err);
  if (!st && !(st = wd_file_write(file, text, strlen(text), &err)) &&
      !(st = wd_file_write(file, "\n", 1, &err)))
    st = wd_file_commit(file, &err);
  else
    wd_file_abort(file);
  return st ? wd_status_to_error(&err, error) : TRUE;
}

gboolean wd_figure_sheet_write(const WdFigureSheet *s, const char *path, GError **error) {
  wd_error err = {0};
  wd_figure_format format;
  wd_status st = wd_figure_format_of(path, &format, &err);
  if (!st) st = wd_figure_write(&s->figure, path, &err);
  if (st) return wd_status_to_error(&err, error);
  if (format != WD_FIGURE_SVG) return TRUE;
  g_autofree char *beside = g_strconcat(path, ".json", NULL);
  return write_text(beside, s->recipe, error);
}
