#include "scene.h"
#include "app/recording_private.h"
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
  if (simulation)
    *simulation = wd_simulation_new(WD_WAVE_LIVE, &full, &top, &comparison, 0.02, "cpu");
  else
    wd_comparison_clear(&comparison);
  wd_gather_clear(&full); /* empty when the simulation has taken them */
  wd_gather_clear(&top);
  WdPair *pair = wd_pair_new(&map, &decoded, 0.01);
  wd_map_clear(&other);
  wd_survey_destroy(survey);
  wd_device_close(device);
  return pair;
}

WdRecording *scene_recording(int steps) {
  WdRecording *r = wd_recording_new();
  WdRecipe recipe = {.seed = 42, .family = -1, .plan = {.steps = steps}};
  wd_recording_set_model(r, "scene", "0");
  WdBranch *branch = wd_recording_add(r, WD_BRANCH_SAMPLED, "Run 42", 0, 0, &recipe, steps);
  branch->truth = scene_pair(5, 3, 0, NULL);
  for (int k = 0; k <= steps; k++) {
    wd_sampler_level level = {.timestep = k < steps ? 1000 - 1000 * k / steps : -1};
    WdPosition *p = wd_recording_grow(r, branch, k, &level);
    p->latent[WD_WHAT_ESTIMATE] = g_bytes_new(&k, sizeof k);
    int state = -1 - k;
    p->latent[WD_WHAT_STATE] = g_bytes_new(&state, sizeof state);
    WdSimulation *live;
    WdPair *pair = scene_pair(5, 3, 0.9 * (1 - (double)k / steps) + 0.06, &live);
    wd_recording_put_frame(r, p->latent[WD_WHAT_ESTIMATE], pair, live, NULL);
    wd_pair_unref(pair);
    wd_simulation_unref(live);
  }
  return r;
}

void scene_new(int steps, WdSession **session, WdView **view) {
  g_autoptr(WdRecording) r = scene_recording(steps);
  *session = wd_session_new();
  wd_session_set_recording(*session, r);
  *view = wd_view_new();
  (*view)->x = 310;
  (*view)->z = 240;
  (*view)->t = 0.412;
  wd_view_go(*view, r, 0, wd_recording_nth(r, 0)->id, steps);
}

WdFrame scene_frame(WdSession *session, int k) {
  WdRecording *r = wd_session_get_recording(session);
  WdFrame frame = {0};
  if (!wd_recording_get_frame(r, wd_recording_nth(r, 0)->id, k, WD_WHAT_ESTIMATE, &frame))
    g_error("scene: no frame at %d", k);
  return frame;
}
