/* The window's live loop without the window: steps a second of a run (denoise, decode map and gathers,
 * simulate F(v) and F(v_top), compare), and what its pieces take. CSV: device, mode, latents scored a step,
 * steps, wall ms and CPU ms a step, steps a second; then medians of the pieces in ms. bench_session [MODEL
 * [DEVICE [live|exact [one|both [STEPS]]]]] */
#include "app/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void until_idle(WdSession *s) {
  while (wd_session_get_state(s) != WD_SESSION_IDLE && wd_session_get_state(s) != WD_SESSION_NO_MODEL)
    g_main_context_iteration(NULL, TRUE);
}

int main(int argc, char **argv) {
  const char *model = argc > 1 ? argv[1] : "default", *device = argc > 2 ? argv[2] : "cpu";
  const char *mode = argc > 3 ? argv[3] : "live", *what = argc > 4 ? argv[4] : "one";
  int steps = argc > 5 ? atoi(argv[5]) : 100;
  GError *error = NULL;
  WdSession *s = wd_session_new();
  wd_session_open_model(s, model, device);
  until_idle(s);
  if (!wd_session_get_model(s)) {
    fprintf(stderr, "bench_session: %s cannot be opened on %s\n", model, device);
    return 1;
  }
  WdPolicy policy = *wd_session_get_policy(s);
  policy.exact_rest = FALSE;
  policy.exact_runs = strcmp(mode, "exact") == 0;
  policy.both = strcmp(what, "both") == 0;
  wd_session_set_policy(s, &policy);
  WdRecipe recipe = {.seed = 1, .family = -1, .plan.steps = 3};
  for (int warm = 1; warm >= 0; warm--) {
    gint64 start = g_get_monotonic_time();
    double cpu = cpu_seconds();
    if (!wd_session_run(s, &recipe, &error)) {
      fprintf(stderr, "bench_session: %s\n", error->message);
      return 1;
    }
    until_idle(s);
    int made = recipe.plan.steps + 1;
    double wall = (double)(g_get_monotonic_time() - start) / 1e3 / made,
           used = 1e3 * (cpu_seconds() - cpu) / made;
    if (!warm) {
      WdTimes t = wd_session_get_times(s);
      printf("device,mode,latents,steps,wall_ms,cpu_ms,steps_per_second\n%s,%s,%s,%d,%.2f,%.2f,%.2f\n",
             wd_session_get_model(s)->device_spec, mode, what, made, wall, used, 1e3 / wall);
      printf("denoise,decode,simulate,compare,step\n%.2f,%.2f,%.2f,%.2f,%.2f\n", t.denoise, t.decode,
             policy.exact_runs ? t.exact : t.live, t.compare, t.step);
    }
    recipe.plan.steps = steps;
  }
  g_object_unref(s);
  return 0;
}
