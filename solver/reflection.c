#include "solver/reflection.h"

#include <string.h>

wd_status wd_reflection_top_map(const wd_survey *survey, const wd_map *velocity, wd_map *out, wd_error *err) {
  return wd_map_repeat_row(velocity, survey->source[0].z, out, err);
}

static wd_status copy_gather(const wd_gather *from, wd_gather *out, wd_error *err) {
  wd_status st = wd_gather_create(from->shots, from->samples, from->receivers, from->dt, out, err);
  if (!st) memcpy(out->value, from->value, sizeof(float) * wd_gather_count(from));
  return st;
}

wd_status wd_reflection_simulate(wd_device *device, const wd_survey *survey, const wd_wave_desc *desc,
                                 const wd_map *velocity, const wd_hooks *hooks, wd_gather *full,
                                 wd_gather *top, wd_error *err) {
  wd_map map[2] = {0};
  int maps = 0;
  if (full) map[maps++] = *velocity;
  const int index_top = maps;
  wd_map v_top = {0};
  if (top) {
    wd_status st = wd_reflection_top_map(survey, velocity, &v_top, err);
    if (st) return st;
    map[maps++] = v_top;
  }
  if (maps == 0) return WD_OK;
  wd_wave_desc d = desc ? *desc : (wd_wave_desc){0};
  d.maps = maps;
  wd_wave *wave = NULL;
  wd_gather made_full = {0}, made_top = {0};
  wd_status st = wd_wave_create(device, survey, &d, map, &wave, err);
  if (!st) st = wd_wave_run(wave, hooks, err);
  if (!st && full) st = copy_gather(wd_wave_gather(wave, 0), &made_full, err);
  if (!st && top) st = copy_gather(wd_wave_gather(wave, index_top), &made_top, err);
  wd_wave_destroy(wave);
  wd_map_clear(&v_top);
  if (st) {
    wd_gather_clear(&made_full);
    wd_gather_clear(&made_top);
    return st;
  }
  if (full) *full = made_full;
  if (top) *top = made_top;
  return WD_OK;
}
