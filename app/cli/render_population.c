/* render --panels histogram,scatter: what Inspect mode draws of a population, as a figure. */
#include "app/cli/render_panels.h"

#include "app/inspect_draw.h"
#include "app/status_error.h"
#include "render/figure.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 2 };
static const char *const names[PARTS] = {"histogram", "scatter"};

bool render_population_named(const char *panels) {
  g_auto(GStrv) words = g_strsplit(panels, ",", -1);
  for (int i = 0; i < PARTS; i++)
    if (g_strv_contains((const char *const *)words, names[i])) return true;
  return false;
}

static wd_status told(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static wd_status read_figure(const char *option, const char *text, int *kind, wd_error *err) {
  if (!text || wd_value_parse(text, kind)) return WD_OK;
  return cli_usage_error(err, "--%s %s: there is no such figure; rank --help names some", option, text);
}

typedef struct part {
  WdInspect *inspect;
  WdInspectDraw draw;
} part;

static void draw_part(void *user, const wd_style *style, cairo_t *cr, double width, double height) {
  const part *p = user;
  WdInspectDrawing d = {.inspect = p->inspect, .style = *style};
  p->draw(&d, cr, width, height);
}

/* What makes the picture again. */
static char *recipe_of(const render_panels_args *a, const WdInspect *i) {
  json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:s}", "program", "wavediffusion-cli",
                        "version", WD_VERSION, "command", "render", "file", a->file, "panels", a->panels,
                        "by", wd_value_get_info(i->metric)->key, "over", wd_value_get_info(i->x)->key,
                        "filter", i->filter, "epsilon", wd_inspect_epsilon((WdInspect *)i), "mode",
                        wd_wave_mode_name(i->population->mode));
  char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(o);
  return text;
}

static wd_status draw(const render_panels_args *a, WdInspect *i, wd_error *err) {
  g_auto(GStrv) words = g_strsplit(a->panels, ",", -1);
  part what[PARTS];
  wd_figure_drawing drawing[PARTS];
  wd_figure_item item[PARTS];
  int items = 0;
  for (char **w = words; *w; w++) {
    int k = 0;
    while (k < PARTS && strcmp(*w, names[k]) != 0) k++;
    if (k == PARTS || items == PARTS)
      return cli_usage_error(err, "--panels %s: a population has histogram and scatter, each once",
                             a->panels);
    what[items] = (part){i, k ? wd_scatter_draw : wd_histogram_draw};
    drawing[items] = (wd_figure_drawing){draw_part, &what[items], 0.62};
    item[items] = (wd_figure_item){.drawing = &drawing[items]};
    items++;
  }
  char title[256];
  g_snprintf(title, sizeof title, "%u of %u samples of %s%s%s", i->shown->len,
             wd_population_count(i->population), i->population->model, *i->filter ? ": " : "", i->filter);
  char *recipe = recipe_of(a, i);
  const wd_figure figure = {.item = item,
                            .items = items,
                            .columns = items,
                            .width_mm = a->width_mm > 0 ? a->width_mm
                                        : items > 1     ? 170
                                                        : 110,
                            .dpi = a->dpi,
                            .style = {.size = 8, .dark = a->dark},
                            .title = a->title ? a->title : title,
                            .recipe = recipe};
  const wd_status st = recipe ? wd_figure_write(&figure, a->output, err)
                              : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the picture's recipe");
  free(recipe);
  return st;
}

wd_status render_population(cli *c, const render_panels_args *a, wd_error *err) {
  wd_figure_format format;
  int by = WD_METRIC_REFLECTION_RESIDUAL, over = WD_VALUE_SHIFT;
  gsize at = 0;
  GError *error = NULL;
  wd_status st = wd_figure_format_of(a->output, &format, err);
  if (!st) st = read_figure("by", a->by, &by, err);
  if (!st) st = read_figure("over", a->over, &over, err);
  if (st) return st;
  g_autoptr(WdSession) session = wd_session_new();
  g_autoptr(WdInspect) i = wd_inspect_new(session);
  if (!wd_inspect_open(i, a->file, &error)) return told(error, err);
  wd_inspect_choose(i, G_MAXUINT, NULL);
  wd_inspect_set_metric(i, by);
  wd_inspect_set_axes(i, over, by);
  wd_inspect_set_look(i, wd_value_get_info(by)->log_axis, a->by_family);
  if (a->filter && !wd_inspect_set_filter(i, a->filter, &at, &error)) {
    st = cli_usage_error(err, "--filter, at character %zu: %s", (size_t)at + 1, error->message);
    g_error_free(error);
    return st;
  }
  if (!i->shown->len)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: no sample is taken, there is nothing to draw", a->file);
  if (isfinite(a->epsilon))
    wd_inspect_set_epsilon(i, a->epsilon);
  else
    cli_note(c, "epsilon is %.4g, beyond which are 5 %% of the samples (--epsilon sets another)",
             wd_inspect_epsilon(i));
  st = draw(a, i, err);
  if (!st && c->json)
    st = cli_print_json(json_pack("{s:s, s:i, s:o}", "output", a->output, "samples", (int)i->shown->len,
                                  "epsilon", cli_real(wd_inspect_epsilon(i))),
                        err);
  return st;
}
