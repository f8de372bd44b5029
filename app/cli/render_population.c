/* render --panels histogram,scatter,way,gallery: what Inspect mode draws of a population, as a figure; and
 * such a figure drawn again from the recipe that it carries. */
#include "app/cli/render_panels.h"

#include "app/import.h"
#include "app/inspect_draw.h"
#include "app/status_error.h"
#include "render/figure.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 4, HISTOGRAM = 0, SCATTER, WAY, GALLERY };
static const char *const names[PARTS] = {"histogram", "scatter", "way", "gallery"};
static const WdInspectDraw draws[PARTS] = {wd_histogram_draw, wd_scatter_draw, wd_way_draw, wd_gallery_draw};

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
  if (o && i->by_family) json_object_set_new(o, "by_family", json_true());
  if (o && i->chosen != G_MAXUINT) {
    char seed[24];
    g_snprintf(seed, sizeof seed, "%" G_GUINT64_FORMAT, wd_population_nth(i->population, i->chosen)->seed);
    json_object_set_new(o, "sample", json_string(seed));
  }
  char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(o);
  return text;
}

static wd_status draw(const render_panels_args *a, WdInspect *i, wd_error *err) {
  g_auto(GStrv) words = g_strsplit(a->panels, ",", -1);
  part what[PARTS];
  wd_figure_drawing drawing[PARTS];
  wd_figure_item item[PARTS];
  const int many = (int)g_strv_length(words);
  const double width_mm = a->width_mm > 0                ? a->width_mm
                          : strstr(a->panels, "gallery") ? 222
                          : many > 1                     ? 170
                                                         : 110;
  int items = 0;
  for (char **w = words; *w; w++) {
    int k = 0;
    while (k < PARTS && strcmp(*w, names[k]) != 0) k++;
    if (k == PARTS || items == PARTS)
      return cli_usage_error(
          err, "--panels %s: a population has histogram, scatter, way and gallery, each once", a->panels);
    if (k == WAY && i->population->way->len < 2)
      return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: only finished pairs were scored; there is no way to draw",
                     a->file);
    what[items] = (part){i, draws[k]};
    drawing[items] = (wd_figure_drawing){draw_part, &what[items], 0.62};
    if (k == GALLERY) {
      WdGalleryPlot plot;
      const double room = width_mm / 25.4 * 72 / many - 24;
      wd_gallery_arrange(i, 8, room, &plot);
      drawing[items].aspect = (plot.rows * plot.cell_height + plot.gap) / room;
    }
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
                            .width_mm = width_mm,
                            .dpi = a->dpi,
                            .style = {.size = 8, .dark = a->dark},
                            .title = a->title ? a->title : title,
                            .recipe = recipe};
  const wd_status st = recipe ? wd_figure_write(&figure, a->output, err)
                              : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the picture's recipe");
  free(recipe);
  return st;
}

/* The sample that is drawn by step. */
static wd_status choose(const render_panels_args *a, WdInspect *i, wd_error *err) {
  if (!strstr(a->panels, "way"))
    return a->sample ? cli_usage_error(err, "--sample goes with --panels way") : WD_OK;
  g_autoptr(GArray) worst = wd_population_rank(i->population, i->metric, i->shown);
  guint number = g_array_index(worst, guint, 0);
  if (a->sample) {
    guint64 seed;
    if (!g_ascii_string_to_unsigned(a->sample, 10, 0, G_MAXUINT64, &seed, NULL))
      return cli_usage_error(err, "--sample %s: give a seed", a->sample);
    number = G_MAXUINT;
    for (guint k = 0; k < worst->len && number == G_MAXUINT; k++)
      if (wd_population_nth(i->population, g_array_index(worst, guint, k))->seed == seed)
        number = g_array_index(worst, guint, k);
    if (number == G_MAXUINT)
      return wd_fail(err, WD_ERR_ARGUMENT, "%s has no sample of seed %s", a->file, a->sample);
  }
  wd_inspect_choose(i, number, NULL);
  return WD_OK;
}

bool render_population_recipe(const char *file, render_panels_args *p, json_t **recipe) {
  g_autofree char *text = wd_import_read_recipe(file, NULL);
  json_t *o = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
  const char *command = json_string_value(json_object_get(o, "command")),
             *panels = json_string_value(json_object_get(o, "panels")),
             *of = json_string_value(json_object_get(o, "file"));
  if (!command || strcmp(command, "render") != 0 || !panels || !of || !render_population_named(panels)) {
    json_decref(o);
    return false;
  }
  p->file = of;
  p->panels = panels;
  p->by = json_string_value(json_object_get(o, "by"));
  p->over = json_string_value(json_object_get(o, "over"));
  p->filter = json_string_value(json_object_get(o, "filter"));
  p->sample = strstr(panels, "way") ? json_string_value(json_object_get(o, "sample")) : NULL;
  p->by_family = json_is_true(json_object_get(o, "by_family"));
  const json_t *epsilon = json_object_get(o, "epsilon");
  if (json_is_number(epsilon)) p->epsilon = json_number_value(epsilon);
  *recipe = o;
  return true;
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
  if (isfinite(a->epsilon)) {
    wd_inspect_set_epsilon(i, a->epsilon);
  } else {
    const double p95 = wd_population_spread(i->population, by, NULL).p95;
    cli_note(c, "epsilon is %.4g, %s (--epsilon sets another)", wd_inspect_epsilon(i),
             wd_inspect_epsilon(i) == p95 ? "beyond which are 5 % of the samples"
                                          : "that of the model's evaluation");
  }
  st = choose(a, i, err);
  if (st) return st;
  st = draw(a, i, err);
  if (!st && c->json)
    st = cli_print_json(json_pack("{s:s, s:i, s:o}", "output", a->output, "samples", (int)i->shown->len,
                                  "epsilon", cli_real(wd_inspect_epsilon(i))),
                        err);
  return st;
}
