/* wavediffusion-cli render: maps and gathers as panels. */
#include "app/cli/render.h"

#include "solver/memory.h"
#include "solver/survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void render_scene_clear(scene *s) {
  for (int i = 0; i < s->maps; i++) wd_map_clear(&s->map[i]);
  wd_free(s->map);
  wd_gather_clear(&s->gather);
  wd_free(s->shown);
  wd_free(s->map_facet);
  wd_free(s->shot_facet);
  wd_free(s->caption);
  wd_free(s->mark);
}

wd_status render_no_memory(wd_error *err) {
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the picture");
}

const char *render_base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

/* LO:HI with nothing after it. */
static wd_status parse_range(const char *text, double *lo, double *hi, wd_error *err) {
  char *end;
  *lo = strtod(text, &end);
  if (end != text && *end == ':') {
    const char *second = end + 1;
    *hi = strtod(second, &end);
    if (end != second && !*end && isfinite(*lo) && isfinite(*hi) && *lo < *hi) return WD_OK;
  }
  return cli_usage_error(err, "--range %s: give two numbers, the smaller first, as 1500:4500", text);
}

static wd_status range_of(const render_args *a, bool symmetric, bool velocity, const float *value,
                          size_t count, wd_range *out, wd_error *err) {
  wd_range_desc d = {.clip = a->clip, .gain = a->gain, .symmetric = symmetric};
  if (a->range) {
    wd_status status = parse_range(a->range, &d.lo, &d.hi, err);
    if (status) return status;
    d.mode = WD_RANGE_MANUAL;
  } else if (velocity && !(a->clip > 0)) {
    bool inside = true;
    for (size_t i = 0; i < count && inside; i++)
      inside = value[i] >= WD_VELOCITY_LO && value[i] <= WD_VELOCITY_HI;
    d.mode = inside ? WD_RANGE_FIXED : WD_RANGE_FULL;
    d.lo = WD_VELOCITY_LO;
    d.hi = WD_VELOCITY_HI;
  }
  return wd_range_find(&d, value, count, out, err);
}

static wd_status colormap_of(const render_args *a, wd_colormap usual, wd_colormap *out, wd_error *err) {
  *out = usual;
  if (!a->colormap || wd_colormap_find(a->colormap, out)) return WD_OK;
  return cli_usage_error(err, "--colormap %s: there are %s", a->colormap, wd_colormap_names());
}
static wd_status mark_survey(scene *s, double spacing, wd_error *err) {
  const wd_map *map = &s->map[0];
  wd_survey *survey;
  wd_status status =
      wd_survey_create(&(wd_survey_desc){.nz = map->nz, .nx = map->nx, .spacing = spacing}, &survey, err);
  if (status) return status;
  s->mark = wd_calloc((size_t)(survey->shots + survey->receivers), sizeof *s->mark);
  if (!s->mark) {
    wd_survey_destroy(survey);
    return render_no_memory(err);
  }
  for (int i = 0; i < survey->shots; i++)
    s->mark[i] = (wd_mark){survey->source[i].x * spacing, survey->source[i].z * spacing};
  for (int i = 0; i < survey->receivers; i++)
    s->mark[survey->shots + i] = (wd_mark){survey->receiver[i].x * spacing, survey->receiver[i].z * spacing};
  for (int i = 0; i < s->maps; i++) {
    s->map_facet[i].source = s->mark;
    s->map_facet[i].sources = survey->shots;
    s->map_facet[i].receiver = s->mark + survey->shots;
    s->map_facet[i].receivers = survey->receivers;
  }
  wd_survey_destroy(survey);
  return WD_OK;
}

/* The panel of s->map[0..maps-1], which all have one size; one range for all of them. */
wd_status render_arrange_maps(const render_args *a, scene *s, bool sheet, wd_error *err) {
  size_t cells = (size_t)s->map[0].nz * (size_t)s->map[0].nx;
  s->map_facet = wd_calloc((size_t)s->maps, sizeof *s->map_facet);
  float *all = wd_alloc(cells * (size_t)s->maps, sizeof *all);
  if (!s->map_facet || !all) {
    wd_free(all);
    return render_no_memory(err);
  }
  bool positive = true;
  for (int i = 0; i < s->maps; i++) {
    memcpy(all + (size_t)i * cells, s->map[i].value, cells * sizeof *all);
    for (size_t k = 0; k < cells && positive; k++) positive = s->map[i].value[k] > 0;
  }
  wd_range range;
  wd_status status = range_of(a, !positive, positive, all, cells * (size_t)s->maps, &range, err);
  wd_free(all);
  wd_colormap colormap;
  if (!status)
    status = colormap_of(a, positive ? WD_COLORMAP_STRATA : WD_COLORMAP_DIFFERENCE, &colormap, err);
  if (status) return status;
  if (sheet) {
    wd_contact_sheet(s->map, s->maps, NULL, 0, s->map_facet, &s->map_panel);
  } else {
    s->map_facet[0].value = s->map[0].value;
    s->map_panel = wd_panel_of_map(&s->map[0], s->map_facet, 1);
  }
  wd_panel *p = &s->map_panel;
  if (!positive) p->title = p->quantity = "Value";
  p->source = s->map_source;
  p->range = range;
  p->colormap = colormap;
  p->smooth = a->smooth;
  s->has_map = true;
  return a->survey ? mark_survey(s, s->map[0].spacing, err) : WD_OK;
}
/* ---- gathers */

static wd_status parse_shot(const char *text, int shots, int *first, int *count, wd_error *err) {
  *first = 0;
  *count = shots;
  if (strcmp(text, "all") == 0) {
    if (shots <= MAX_SHOTS_DRAWN) return WD_OK;
    return cli_usage_error(err, "%d shots are too many side by side; choose one with --shot", shots);
  }
  char *end;
  long n = strtol(text, &end, 10);
  if (end == text || *end || n < 1 || n > shots)
    return cli_usage_error(err, "--shot %s: give 1 to %d, or all", text, shots);
  *first = (int)n - 1;
  *count = 1;
  return WD_OK;
}

/* The panel of s->gather, whose receivers stand every `spacing` metres from `first_x` (spacing 0: unknown).
 */
wd_status render_arrange_gather(const render_args *a, const char *file, size_t count, double spacing,
                                double first_x, scene *s, wd_error *err) {
  const wd_gather *g = &s->gather;
  int first, shots;
  wd_status status = parse_shot(s->read_shot ? "all" : a->shot, g->shots, &first, &shots, err);
  if (status) return status;
  size_t one = (size_t)g->samples * (size_t)g->receivers;
  s->shown = wd_alloc(one * (size_t)shots, sizeof *s->shown);
  s->shot_facet = wd_calloc((size_t)shots, sizeof *s->shot_facet);
  s->caption = wd_calloc((size_t)shots, sizeof *s->caption);
  if (!s->shown || !s->shot_facet || !s->caption) return render_no_memory(err);
  wd_display display = {.agc = a->agc / 1000, .normalise = a->normalise, .flip = a->flip};
  for (int i = 0; i < shots && !status; i++) {
    status = wd_display_apply(&display, g->value + (size_t)(first + i) * one, g->samples, g->receivers, g->dt,
                              s->shown + (size_t)i * one, err);
    snprintf(s->caption[i], sizeof s->caption[i], "shot %d", first + i + 1);
    s->shot_facet[i] =
        (wd_facet){.value = s->shown + (size_t)i * one, .caption = shots > 1 ? s->caption[i] : NULL};
  }
  s->gather_panel = wd_panel_of_gather(g, spacing, s->shot_facet, shots);
  wd_panel *p = &s->gather_panel;
  if (spacing > 0) {
    p->x.lo += first_x;
    p->x.hi += first_x;
  }
  if (!status) status = range_of(a, true, false, s->shown, one * (size_t)shots, &p->range, err);
  if (!status) status = colormap_of(a, WD_COLORMAP_GRAY, &p->colormap, err);
  if (status) return status;
  static const wd_panel_mode mode[] = {WD_PANEL_DENSITY, WD_PANEL_WIGGLE, WD_PANEL_AREA,
                                       WD_PANEL_DENSITY_WIGGLE};
  p->mode = mode[a->mode];
  p->excursion = a->excursion;
  p->smooth = a->smooth;
  size_t n = (size_t)snprintf(s->gather_source, sizeof s->gather_source, "%s", render_base_name(file));
  if (count > 1 && n < sizeof s->gather_source)
    n += (size_t)snprintf(s->gather_source + n, sizeof s->gather_source - n, " · %d", a->index);
  if (shots == 1 && n < sizeof s->gather_source) {
    if (s->read_shot)
      snprintf(s->gather_source + n, sizeof s->gather_source - n, " · shot %d", s->read_shot);
    else
      snprintf(s->gather_source + n, sizeof s->gather_source - n, " · shot %d of %d", first + 1, g->shots);
  }
  p->source = s->gather_source;
  wd_display_text(&display, s->badge, sizeof s->badge);
  p->badge[0] = s->badge;
  s->has_gather = true;
  return WD_OK;
}
