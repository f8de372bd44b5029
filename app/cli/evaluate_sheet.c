/* Pictures of an evaluation in which samples are looked at beside data: sheets by family, reflections alone,
 * nearest training maps. */
#include "app/cli/evaluate_draw.h"

#include "solver/family.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, SHEET = SIDE * SIDE, NEIGHBOURS = 16, ROWS = 4 };

static int families_in_turn(const int *family, int n, int *order) {
  int k = 0;
  for (int f = -1; f < WD_FAMILIES; f++)
    for (int i = 0; i < n; i++)
      if (family[i] == f) order[k++] = i;
  return k;
}

static const char *caption_of(int family) {
  return family >= 0 ? wd_family_display_name((wd_family)family) : NULL;
}

/* Gathers of n pairs, SIDE to a row, one clip. */
static wd_panel sheet_of_gathers(const drawing *d, const float *value, const int *order, const int *family,
                                 int n, wd_facet *facet) {
  const wd_shard_desc *g = &wd_model_get_config(d->model)->geometry;
  size_t one = (size_t)g->samples * (size_t)g->receivers;
  for (int i = 0; i < n; i++)
    facet[i] = (wd_facet){.value = value + (size_t)order[i] * one, .caption = caption_of(family[order[i]])};
  wd_gather whole = {1, g->samples, g->receivers, g->dt, (float *)value}; /* only read */
  wd_panel panel = wd_panel_of_gather(&whole, g->spacing, facet, n);
  panel.facet_columns = SIDE;
  panel.no_axes = true;
  panel.aspect = 1;
  panel.source = "middle shot, direct wave removed";
  return panel;
}

static wd_panel sheet_of_maps(const drawing *d, const float *value, const int *order, const int *family,
                              int n, wd_facet *facet, wd_map *map) {
  const wd_model_config *c = wd_model_get_config(d->model);
  size_t cells = (size_t)c->geometry.nz * (size_t)c->geometry.nx;
  const char *caption[SHEET];
  for (int i = 0; i < n; i++) {
    map[i] = (wd_map){c->geometry.nz, c->geometry.nx, c->geometry.spacing,
                      (float *)value + (size_t)order[i] * cells};
    caption[i] = caption_of(family[order[i]]);
  }
  wd_panel panel;
  wd_contact_sheet(map, n, caption, SIDE, facet, &panel);
  panel.quantity = "Velocity (m/s)";
  return panel;
}

wd_status evaluate_draw_sheet(const drawing *d, wd_error *err) {
  const wd_evaluation_result *r = d->r;
  const wd_model_config *c = wd_model_get_config(d->model);
  const wd_shard_desc *g = &c->geometry;
  int n = r->kept < SHEET ? r->kept : SHEET, order[SHEET] = {0};
  size_t one = (size_t)g->samples * (size_t)g->receivers;
  wd_map *map = wd_calloc(2 * SHEET, sizeof *map);
  wd_facet *facet = wd_calloc(4 * SHEET, sizeof *facet);
  wd_status st = map && facet ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the sheet");
  if (!st) {
    wd_panel panel[4];
    families_in_turn(r->generated_family, n, order);
    panel[0] = sheet_of_maps(d, r->generated_velocity, order, r->generated_family, n, facet, map);
    panel[0].title = "Generated maps";
    panel[1] = sheet_of_gathers(d, r->decoded_reflections, order, r->generated_family, n, facet + SHEET);
    panel[1].title = "their gathers, decoded";
    families_in_turn(r->family, n, order);
    panel[2] = sheet_of_maps(d, r->velocity, order, r->family, n, facet + 2 * SHEET, map + SHEET);
    panel[2].title = "Test maps";
    panel[3] = sheet_of_gathers(d, r->true_reflections, order, r->family, n, facet + 3 * SHEET);
    panel[3].title = "their gathers, simulated";
    wd_range_desc fixed = {.mode = WD_RANGE_FIXED, .lo = c->velocity_min, .hi = c->velocity_max};
    wd_range_desc clip = {.mode = WD_RANGE_CLIP, .clip = 97, .symmetric = true};
    wd_range velocity = {0}, pressure = {0};
    st = wd_range_find(&fixed, r->velocity, 1, &velocity, err);
    if (!st) st = wd_range_find(&clip, r->true_reflections, (size_t)n * one, &pressure, err);
    wd_figure_item item[4];
    for (int i = 0; i < 4; i++) {
      panel[i].range = i % 2 ? pressure : velocity;
      item[i] = (wd_figure_item){.panel = &panel[i]};
    }
    if (!st) st = evaluate_write_figure(d, item, 4, 2, "sheet.png", 400, err);
  }
  wd_free(map);
  wd_free(facet);
  return st;
}

static int by_residual(const void *a, const void *b) {
  double x = (*(const wd_measure *const *)a)->reflection_residual,
         y = (*(const wd_measure *const *)b)->reflection_residual;
  if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
  return x < y ? -1 : x > y;
}

/* Generated pairs at four quantiles of r_R among those kept: what was decoded and what its map gives, both
 * without the direct wave, and the difference, on one clip. */
wd_status evaluate_draw_reflections(const drawing *d, wd_error *err) {
  static const double at[ROWS] = {0.05, 0.35, 0.65, 0.95};
  const wd_evaluation_result *r = d->r;
  const wd_shard_desc *g = &wd_model_get_config(d->model)->geometry;
  size_t one = (size_t)g->samples * (size_t)g->receivers;
  const wd_measure *sorted[SHEET];
  int n = r->kept < SHEET ? r->kept : SHEET;
  for (int i = 0; i < n; i++) sorted[i] = &r->generated[i];
  qsort(sorted, (size_t)n, sizeof *sorted, by_residual);
  float *value = wd_calloc(3 * ROWS * one, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the reflections");
  static const char *const name[3] = {"decoded", "simulated", "decoded \xe2\x88\x92 simulated"};
  wd_facet facet[3 * ROWS];
  char caption[3 * ROWS][80];
  for (int row = 0; row < ROWS; row++) {
    /* Panels show one shot a facet on one range, so each pair is drawn over its own simulated deviation. */
    size_t i = (size_t)(sorted[(int)(at[row] * (n - 1))] - r->generated);
    const float *decoded = r->decoded_reflections + i * one, *simulated = r->simulated_reflections + i * one;
    float *to = value + 3 * (size_t)row * one;
    double sum = 0;
    for (size_t k = 0; k < one; k++) sum += (double)simulated[k] * (double)simulated[k];
    double deviation = sum > 0 ? sqrt(sum / (double)one) : 1;
    for (size_t k = 0; k < one; k++) {
      to[k] = (float)((double)decoded[k] / deviation);
      to[one + k] = (float)((double)simulated[k] / deviation);
      to[2 * one + k] = to[k] - to[one + k];
    }
    for (int k = 0; k < 3; k++) {
      if (k == 0)
        snprintf(caption[3 * row], sizeof caption[0], "seed %zu, r_R %.2f: decoded",
                 i + (size_t)wd_evaluation_get_desc(d->e)->seed, r->generated[i].reflection_residual);
      else
        snprintf(caption[3 * row + k], sizeof caption[0], "%s", name[k]);
      facet[3 * row + k] = (wd_facet){.value = to + (size_t)k * one, .caption = caption[3 * row + k]};
    }
  }
  wd_gather whole = {1, g->samples, g->receivers, g->dt, value};
  wd_panel panel = wd_panel_of_gather(&whole, g->spacing, facet, 3 * ROWS);
  panel.facet_columns = 3;
  panel.aspect = 0.8;
  panel.title = "Reflections of generated pairs: 5, 35, 65 and 95 % by r_R";
  panel.source = "middle shot, direct wave removed";
  panel.quantity = "Pressure / deviation of the simulated reflections";
  wd_range_desc clip = {.mode = WD_RANGE_FIXED, .lo = -3, .hi = 3};
  wd_status st = wd_range_find(&clip, value, one, &panel.range, err);
  wd_figure_item item = {.panel = &panel};
  if (!st) st = evaluate_write_figure(d, &item, 1, 1, "reflections.png", 200, err);
  wd_free(value);
  return st;
}

/* The generated maps of the sheet that are nearest to a training map, above those. */
wd_status evaluate_draw_neighbours(const drawing *d, wd_error *err) {
  const wd_evaluation_result *r = d->r;
  const wd_model_config *c = wd_model_get_config(d->model);
  size_t cells = (size_t)c->geometry.nz * (size_t)c->geometry.nx;
  int n = r->count < NEIGHBOURS ? r->count : NEIGHBOURS, chosen[NEIGHBOURS];
  const double *nearest = r->nearest;
  double below = -1;
  for (int k = 0; k < n; k++) { /* in order of distance */
    chosen[k] = -1;
    for (int i = 0; i < r->count; i++)
      if (nearest[i] > below && (chosen[k] < 0 || nearest[i] < nearest[chosen[k]])) chosen[k] = i;
    if (chosen[k] < 0) {
      n = k;
      break;
    }
    below = nearest[chosen[k]];
  }
  wd_map map[2 * NEIGHBOURS] = {0};
  wd_facet facet[2 * NEIGHBOURS];
  char text[NEIGHBOURS][60];
  const char *caption[2 * NEIGHBOURS] = {0};
  wd_status st = WD_OK;
  for (int k = 0; k < n && !st; k++) {
    map[k] = (wd_map){c->geometry.nz, c->geometry.nx, c->geometry.spacing,
                      r->generated_velocity + (size_t)chosen[k] * cells};
    snprintf(text[k], sizeof text[k], "%.0f m/s", 1500 * nearest[chosen[k]]);
    caption[k] = text[k];
    st = wd_evaluation_training_map(d->e, r->nearest_map[chosen[k]], &map[n + k], err);
  }
  if (!st && n) {
    static const char *const row[] = {"generated", "nearest"};
    wd_panel panel;
    wd_contact_sheet(map, 2 * n, caption, n, facet, &panel);
    panel.title = "The generated maps nearest to training maps";
    panel.source = "root mean square distance";
    panel.row_label = row;
    panel.quantity = "Velocity (m/s)";
    wd_range_desc range = {.mode = WD_RANGE_FIXED, .lo = c->velocity_min, .hi = c->velocity_max};
    st = wd_range_find(&range, r->velocity, 1, &panel.range, err);
    wd_figure_item item = {.panel = &panel};
    if (!st) st = evaluate_write_figure(d, &item, 1, 1, "neighbours.png", 340, err);
  }
  for (int k = 0; k < n; k++) wd_map_clear(&map[n + k]);
  return st;
}
