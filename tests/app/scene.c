#include "scene.h"
#include "solver/device.h"
#include "solver/family.h"
#include "solver/reflection.h"

#include <math.h>
#include <string.h>

static void mix(wd_map *a, const wd_map *b, double t) {
  for (int i = 0; i < a->nz * a->nx; i++)
    a->value[i] = (float)((1 - t) * (double)a->value[i] + t * (double)b->value[i]);
}

WdPair *scene_pair(int family, guint64 index, double away, WdSimulation **simulation) {
  wd_error err = {0};
  wd_device *device = NULL;
  wd_survey *survey = NULL;
  wd_map map = {0}, other = {0};
  wd_gather full = {0}, top = {0}, decoded = {0};
  wd_wave_desc live = {.mode = WD_WAVE_LIVE};
  wd_status s = wd_device_open("cpu", &device, &err);
  if (!s) s = wd_survey_create(&(wd_survey_desc){0}, &survey, &err);
  if (!s) s = wd_family_generate((wd_family)family, 7, index, &map, &err);
  if (!s) s = wd_family_generate((wd_family)family, 8, index + 1, &other, &err);
  if (!s && away > 0.5) mix(&map, &other, away - 0.5);
  if (!s) mix(&other, &map, 1 - away);
  if (!s) s = wd_reflection_simulate(device, survey, &live, &other, NULL, &decoded, NULL, &err);
  if (!s) s = wd_reflection_simulate(device, survey, &live, &map, NULL, &full, &top, &err);
  if (s) g_error("scene: %s", err.message);
  wd_comparison comparison;
  if (wd_compare(&decoded, &full, &top, NULL, &comparison, &err)) g_error("scene: %s", err.message);
  if (simulation) *simulation = wd_simulation_new(WD_WAVE_LIVE, &full, &top, &comparison, 0.02, "cpu");
  WdPair *pair = wd_pair_new(&map, &decoded, 0.01);
  wd_map_clear(&other);
  wd_survey_destroy(survey);
  wd_device_close(device);
  return pair;
}
