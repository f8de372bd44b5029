/* The wavefield of a shot, made on the engine's thread. */
#include "app/engine_impl.h"

/* One step of one shot is too little to share: two threads that wait for each other 2000 times a movie lose
 * more than they win wherever anything else runs (tests/bench/RESULTS.md). So the CPU's movie is one core's
 * work, on a device of its own; it needs no model. */
static wd_device *device_of(WdEngine *e, wd_error *err) {
  if (e->works && wd_device_get_info(e->works->device)->kind == WD_DEVICE_CUDA) return e->works->device;
  if (!e->one_core) wd_device_open("cpu:1", &e->one_core, err);
  return e->one_core;
}

static void on_progress(void *user, double fraction) {
  WdResult *r = wd_result_new(WD_RESULT_WAVEFIELD);
  r->fraction = fraction;
  wd_engine_publish(user, r);
}

void wd_engine_wavefield_unit(WdEngine *e, const WdWavefieldAsk *ask) {
  wd_error err = {0};
  WdWavefield *made = NULL;
  const gint64 start = g_get_monotonic_time();
  wd_status st = wd_engine_injected(e, &err);
  wd_device *device = st ? NULL : device_of(e, &err);
  wd_hooks hooks = {.cancel = &e->cancel, .progress = on_progress, .user = e};
  if (!st) st = device ? wd_wavefield_make(device, ask, &hooks, &made, &err) : err.code;
  if (st == WD_CANCELLED) return;
  WdResult *r = wd_result_new(WD_RESULT_WAVEFIELD);
  r->wavefield = made;
  r->error = err;
  r->fraction = 1;
  wd_engine_publish(e, r);
  if (!st) wd_engine_time(e, WD_TIME_WAVEFIELD, start);
}
