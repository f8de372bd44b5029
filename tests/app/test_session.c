/* The session without a display: runs, branches, stops; every plotted value from a simulation that was made.
 */
#include "tests/app/bed.h"

static char *folder, *model;

/* A run with the small model, looked at. */
static void run_once(void) {
  bed_log log = {0};
  GError *error = NULL;
  WdSession *s = bed_session(&log);
  bed_open(s, model, "cpu:2");
  const WdModelInfo *info = wd_session_get_model(s);
  tap_ok(info->stage2 && info->latent.count > 0, "a model opens: %s on %s", info->name, info->device);
  WdRecipe recipe = {.seed = 7, .family = -1, .plan.steps = 6};
  guint id = wd_session_run(s, &recipe, &error);
  bed_need_error(id != 0, error, "run");
  tap_ok(wd_session_get_state(s) == WD_SESSION_RUNNING && wd_session_get_running(s) == id, "a run runs");
  wd_session_look(s, 0, id, 6, WD_WHAT_ESTIMATE, TRUE);
  tap_ok(bed_wait(bed_idle, s, 60), "a run ends");
  WdRecording *r = wd_session_get_recording(s);
  WdBranch *b = wd_recording_find(r, id);
  tap_ok(wd_branch_last(b) == 6 && wd_branch_end(b) == 6, "it has all its steps (%d)", wd_branch_last(b));
  int scored = 0;
  for (int k = 0; k <= 6; k++) scored += wd_recording_position(r, id, k)->live[WD_WHAT_ESTIMATE] != NULL;
  tap_ok(scored == 7, "every step is scored (%d)", scored);
  tap_ok(wd_session_get_times(s).simulations >= 7, "by the solver: %d simulations",
         (int)wd_session_get_times(s).simulations);
  tap_ok(bed_wait(bed_rested, s, 60), "it comes to rest");
  scored = 0;
  for (int k = 0; k <= 6; k++) {
    const WdScore *e = wd_recording_position(r, id, k)->exact[WD_WHAT_ESTIMATE];
    scored += e && e->details && e->mode == WD_WAVE_EXACT;
  }
  tap_ok(scored == 7, "at rest every step is scored in exact mode (%d)", scored);
  WdFrame f;
  tap_ok(wd_recording_get_frame(r, id, 6, WD_WHAT_ESTIMATE, &f) && f.pair && f.exact && log.frame > 0,
         "the frame that was looked at is there");
  g_object_unref(s);
  bed_clear_log(&log);
}

int main(void) {
  folder = bed_folder();
  model = g_build_filename(folder, "small", NULL);
  bed_make_model(model, 5, false);
  run_once();
  bed_remove(folder);
  g_free(model);
  g_free(folder);
  return tap_done();
}
