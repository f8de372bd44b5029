#include "app/population_sheet.h"

#include "app/flags.h"
#include "app/i18n.h"
#include "app/score.h"
#include "app/status_error.h"
#include "render/figure.h"
#include "solver/half.h"

#include <jansson.h>
#include <math.h>

gboolean wd_sample_map(const WdPopulation *p, const WdSample *s, float *out) {
  if (!s->map) return FALSE;
  const gsize n = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  for (gsize i = 0; i < n; i++) out[i] = wd_float_from_half(s->map[i]);
  return TRUE;
}

static char *caption_of(const WdSample *s, int kind) {
  char value[48];
  wd_value_text(kind, s->value[kind], TRUE, value, sizeof value);
  g_autofree char *flags = wd_flags_text(s->flags);
  return g_strdup_printf(_("seed %" PRIu64 " \xc2\xb7 %s%s%s"), s->seed, s->map ? value : _("no map"),
                         *flags ? " \xc2\xb7 " : "", flags);
}

static char *recipe_of(const WdPopulation *p, int kind, const GArray *which) {
  json_t *samples = json_array();
  for (guint i = 0; i < which->len; i++) {
    const WdSample *s = wd_population_nth(p, g_array_index(which, guint, i));
    g_autofree char *command = wd_population_command(p, s);
    json_array_append_new(samples, json_string(command));
  }
  json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "program", "wavediffusion", "what",
                        "contact sheet of samples", "model", p->identity, "by", wd_value_get_info(kind)->key,
                        "mode", wd_wave_mode_name(p->mode), "samples", samples);
  char *text = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return text;
}

gboolean wd_population_sheet(const WdPopulation *p, int kind, const GArray *which, const char *path,
                             gboolean dark, GError **error) {
  wd_error err = {0};
  wd_figure_format format;
  if (wd_figure_format_of(path, &format, &err)) return wd_status_to_error(&err, error);
  const guint n = MIN(which->len, (guint)WD_SHEET_MAX);
  if (!n) return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no sample to draw."));
  const gsize cells = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  g_autofree float *value = g_new(float, n *cells);
  g_autofree wd_map *map = g_new(wd_map, n);
  g_autofree wd_facet *facet = g_new0(wd_facet, n);
  g_autoptr(GPtrArray) caption = g_ptr_array_new_with_free_func(g_free);
  guint maps = 0;
  for (guint i = 0; i < n; i++) {
    const WdSample *s = wd_population_nth(p, g_array_index(which, guint, i));
    if (wd_sample_map(p, s, value + i * cells))
      maps++;
    else /* its decoders gave nothing finite: an empty place */
      for (gsize k = 0; k < cells; k++) value[i * cells + k] = NAN;
    map[i] = (wd_map){p->geometry.nz, p->geometry.nx, p->geometry.spacing, value + i * cells};
    g_ptr_array_add(caption, caption_of(s, kind));
  }
  if (!maps)
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               _("The population holds no map of any of these samples."));
  const int columns = n < 5 ? (int)n : 5;
  wd_panel panel;
  wd_contact_sheet(map, (int)n, (const char *const *)caption->pdata, columns, facet, &panel);
  g_autofree char *title =
      g_strdup_printf(ngettext("%u sample by %s, worst first", "%u samples by %s, worst first", n), n,
                      wd_value_get_info(kind)->title);
  g_autofree char *source =
      g_strdup_printf(_("%s \xc2\xb7 decoded \xc2\xb7 %s mode"), p->model, wd_score_mode_words(p->mode));
  panel.title = title;
  panel.source = source;
  panel.quantity = _("Velocity (m/s)");
  const wd_range_desc range = {.mode = WD_RANGE_FIXED, .lo = p->velocity_min, .hi = p->velocity_max};
  char *recipe = recipe_of(p, kind, which);
  wd_status st = wd_range_find(&range, value, n * cells, &panel.range, &err);
  const wd_figure_item item = {.panel = &panel};
  const wd_figure figure = {.item = &item,
                            .items = 1,
                            .width_mm = 50 * columns + 20,
                            .dpi = 150,
                            .style = {.dark = dark},
                            .recipe = recipe};
  if (!st) st = wd_figure_write(&figure, path, &err);
  free(recipe);
  return st ? wd_status_to_error(&err, error) : TRUE;
}
