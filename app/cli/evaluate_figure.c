/* Figures of an evaluation. */
#include "app/cli/evaluate_draw.h"

#include "model/evaluate_statistics.h"
#include "solver/family.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 121 };

wd_status evaluate_write_figure(const drawing *d, const wd_figure_item *item, int items, int columns,
                                const char *name, double width, wd_error *err) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", d->folder, name) >= (int)sizeof path)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: the name of the folder is too long", d->folder);
  wd_figure figure = {
      .item = item, .items = items, .columns = columns, .width_mm = width, .dpi = 200, .recipe = d->recipe};
  return wd_figure_write(&figure, path, err);
}

static wd_status write_figure(const drawing *d, const wd_figure_item *item, const char *name, double width,
                              wd_error *err) {
  return evaluate_write_figure(d, item, 1, 1, name, width, err);
}

static wd_status no_memory(wd_error *err) {
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the figures");
}

/* Rows of maps, all of the model's size: first the n of `above`, then, when there are any, those of `below`.
 */
static wd_status sheet(const drawing *d, const float *above, const float *below, int n, int columns,
                       const int *family, const char *title, const char *const *row_label, const char *name,
                       wd_error *err) {
  const wd_model_config *c = wd_model_get_config(d->model);
  int maps = below ? 2 * n : n;
  size_t cells = (size_t)c->geometry.nz * (size_t)c->geometry.nx;
  wd_map *map = wd_calloc((size_t)maps, sizeof *map);
  wd_facet *facet = wd_calloc((size_t)maps, sizeof *facet);
  const char **caption = wd_calloc((size_t)maps, sizeof *caption);
  wd_status st = map && facet && caption ? WD_OK : no_memory(err);
  for (int i = 0; i < maps && !st; i++) {
    const float *v = i < n ? above + (size_t)i * cells : below + (size_t)(i - n) * cells;
    map[i] = (wd_map){c->geometry.nz, c->geometry.nx, c->geometry.spacing, (float *)v}; /* only read */
    if (i < n && family[i] >= 0) caption[i] = wd_family_display_name((wd_family)family[i]);
  }
  if (!st) {
    wd_panel panel;
    wd_contact_sheet(map, maps, caption, columns, facet, &panel);
    panel.title = title;
    panel.source = d->source;
    panel.row_label = row_label;
    panel.quantity = "Velocity (m/s)";
    wd_range_desc range = {.mode = WD_RANGE_FIXED, .lo = c->velocity_min, .hi = c->velocity_max};
    st = wd_range_find(&range, above, (size_t)n * cells, &panel.range, err);
    wd_figure_item item = {.panel = &panel};
    if (!st) st = write_figure(d, &item, name, 240, err);
  }
  wd_free(map);
  wd_free(facet);
  wd_free(caption);
  return st;
}

/* The middle shot of one real pair, decoded, and the difference, in one range. */
static wd_status gathers(const drawing *d, wd_error *err) {
  const wd_codec *codec = wd_model_codec(d->model);
  const wd_shard_desc *g = &wd_model_get_config(d->model)->geometry;
  int pair = d->r->shown > 7 ? 7 : 0, shot = g->shots / 2;
  size_t row = (size_t)g->receivers, one = (size_t)g->samples * row,
         coded = (size_t)g->instants * row * (size_t)g->shots;
  float *value = wd_calloc(3 * one, sizeof *value);
  if (!value) return no_memory(err);
  size_t at = (size_t)pair * coded + (size_t)shot * (size_t)g->instants * row;
  wd_codec_inverse(codec, d->r->coded + at, g->receivers, value);
  wd_codec_inverse(codec, d->r->decoded_coded + at, g->receivers, value + one);
  for (size_t k = 0; k < one; k++) value[2 * one + k] = value[one + k] - value[k];
  wd_facet facet[3] = {{.value = value, .caption = "true (through the codec)"},
                       {.value = value + one, .caption = "decoded"},
                       {.value = value + 2 * one, .caption = "decoded \xe2\x88\x92 true"}};
  wd_gather whole = {3, g->samples, g->receivers, g->dt, value};
  wd_panel panel = wd_panel_of_gather(&whole, g->spacing, facet, 3);
  char title[120], source[300];
  snprintf(title, sizeof title, "%s, shot %d of %d", wd_family_display_name((wd_family)d->r->family[pair]),
           shot + 1, g->shots);
  snprintf(source, sizeof source, "test pair %d, stage 1 given both; %s", pair, d->source);
  panel.title = title;
  panel.source = source;
  panel.quantity = "Pressure (arb. units)";
  wd_range_desc range = {.mode = WD_RANGE_CLIP, .clip = 98, .symmetric = true};
  wd_status st = wd_range_find(&range, value, one, &panel.range, err);
  panel.colormap = WD_COLORMAP_GRAY;
  wd_figure_item item = {.panel = &panel};
  if (!st) st = write_figure(d, &item, "gathers.png", 170, err);
  wd_free(value);
  return st;
}

static wd_status validity(const drawing *d, wd_error *err) {
  const wd_evaluation_result *r = d->r;
  static double epsilon[POINTS], share[4][POINTS];
  const struct {
    const char *name;
    const wd_measure *m;
  } all[] = {{"real pairs through stage 1", r->stage1[WD_GIVEN_BOTH].residual},
             {"generated", r->generated},
             {"N(0, I) latents", r->gaussian},
             {"random codes", r->random_codes}};
  wd_series series[4];
  int n = 0;
  double hi = 10;
  for (int i = 0; i < 4; i++) {
    if (!all[i].m) continue;
    wd_validity_curve(all[i].m, (size_t)r->count, 0.01, hi, POINTS, epsilon, share[i]);
    series[n++] =
        (wd_series){.name = all[i].name, .x = epsilon, .y = share[i], .count = POINTS, .colour = i + 1};
  }
  char title[160];
  snprintf(title, sizeof title,
           "Share of pairs with r_R \xe2\x89\xa4 \xce\xb5 (\xce\xb5 of real pairs: %.3g)",
           wd_evaluation_epsilon(d->e, -1));
  wd_curve curve = {
      .title = title,
      .source = d->source,
      .x = {.lo = 0.01, .hi = hi, .log = true, .label = "Tolerance \xce\xb5 of the reflection residual"},
      .y = {.lo = 0, .hi = 1, .label = "Share"},
      .series = series,
      .n_series = n};
  wd_figure_item item = {.curve = &curve};
  return write_figure(d, &item, "validity.png", 150, err);
}

/* Percentiles of the figure at every step, the data last. */
static void percentiles(const wd_evaluation_result *r, const wd_measure *of, wd_metric metric, double *p05,
                        double *median, double *p95) {
  for (int k = 0; k <= r->steps; k++) {
    const wd_measure *m = k == r->steps ? r->generated : of + (size_t)k * (size_t)r->trajectories;
    wd_population p = {.median = NAN, .p05 = NAN, .p95 = NAN};
    wd_population_of(m, (size_t)r->trajectories, metric, &p, NULL);
    p05[k] = p.p05;
    median[k] = p.median;
    p95[k] = p.p95;
  }
}

static wd_status convergence(const drawing *d, wd_error *err) {
  const wd_evaluation_result *r = d->r;
  size_t n = (size_t)r->steps + 1;
  double *room = wd_calloc(10 * n, sizeof *room);
  if (!room) return no_memory(err);
  double *x = room, *x0 = room + n, *xt = room + 4 * n, *share = room + 7 * n;
  for (size_t k = 0; k < n; k++) x[k] = (double)k;
  percentiles(r, r->estimate, WD_METRIC_REFLECTION_RESIDUAL, x0, x0 + n, x0 + 2 * n);
  percentiles(r, r->noised, WD_METRIC_REFLECTION_RESIDUAL, xt, xt + n, xt + 2 * n);
  percentiles(r, r->estimate, WD_METRIC_REFLECTION_SHARE, share, share + n, share + 2 * n);
  wd_series series[] = {{.name = "x\xcc\x82\xe2\x82\x80, median",
                         .x = x,
                         .y = x0 + n,
                         .count = (int)n,
                         .marker = WD_MARKER_SOLID,
                         .colour = 1},
                        {.name = "x\xe2\x82\x9c, median",
                         .x = x,
                         .y = xt + n,
                         .count = (int)n,
                         .marker = WD_MARKER_HOLLOW,
                         .colour = 2},
                        {.name = "reflection share of x\xcc\x82\xe2\x82\x80",
                         .x = x,
                         .y = share + n,
                         .count = (int)n,
                         .width = 0.6,
                         .dash = WD_DASH_DOTTED,
                         .colour = 3}};
  wd_band band = {.name = "x\xcc\x82\xe2\x82\x80, 5\xe2\x80\x93"
                          "95 %",
                  .x = x,
                  .lo = x0,
                  .hi = x0 + 2 * n,
                  .count = (int)n,
                  .colour = 1};
  double epsilon = wd_evaluation_epsilon(d->e, -1), floor_value = wd_evaluation_floor(d->e);
  wd_reference reference[2];
  int references = 0;
  if (epsilon > 0)
    reference[references++] = (wd_reference){epsilon, "\xce\xb5 (real pairs)", WD_DASH_DASHED, 0};
  if (floor_value > 0) reference[references++] = (wd_reference){floor_value, "grid floor", WD_DASH_DOTTED, 0};
  char title[160];
  snprintf(title, sizeof title, "PDE residual over denoising, %d seeds", r->trajectories);
  wd_curve curve = {.title = title,
                    .source = d->source,
                    .x = {.lo = 0, .hi = r->steps, .label = "Step (noise \xe2\x86\x92 data)"},
                    .y = {.log = true, .label = "Reflection residual"},
                    .series = series,
                    .n_series = 3,
                    .band = &band,
                    .n_bands = 1,
                    .reference = reference,
                    .n_references = references};
  wd_figure_item item = {.curve = &curve};
  wd_status st = write_figure(d, &item, "convergence.png", 150, err);
  wd_free(room);
  return st;
}

wd_status evaluate_figures(wd_model *model, const wd_evaluation *e, const char *folder, const char *recipe,
                           wd_error *err) {
  const wd_evaluation_result *r = wd_evaluation_get(e);
  drawing d = {model, e, r, folder, recipe, ""};
  snprintf(d.source, sizeof d.source, "%s \xc2\xb7 %s mode", wd_model_name(model),
           wd_wave_mode_name(wd_evaluation_get_desc(e)->mode));
  static const char *const rows[] = {"true", "decoded"};
  wd_status st = sheet(&d, r->velocity, r->decoded, r->shown, r->shown, r->family,
                       "Test maps, and through stage 1", rows, "pairs.png", err);
  if (!st) st = gathers(&d, err);
  if (!st) st = validity(&d, err);
  if (st || !r->generated) return st;
  int n = r->count < 40 ? r->count / 10 * 10 : 40;
  st = sheet(&d, r->generated_velocity, NULL, n, 10, r->generated_family, "Generated maps", NULL,
             "generated.png", err);
  if (!st) st = convergence(&d, err);
  if (!st && r->kept) st = evaluate_draw_sheet(&d, err);
  if (!st && r->kept) st = evaluate_draw_reflections(&d, err);
  if (!st && r->nearest) st = evaluate_draw_neighbours(&d, err);
  return st;
}

const char *const *evaluate_figure_names(bool generates) {
  static const char *const all[] = {"pairs.png",       "gathers.png",     "validity.png",
                                    "generated.png",   "convergence.png", "sheet.png",
                                    "reflections.png", "neighbours.png",  NULL},
                           *const stage1[] = {"pairs.png", "gathers.png", "validity.png", NULL};
  return generates ? all : stage1;
}
