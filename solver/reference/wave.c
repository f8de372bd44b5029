/* The reference and check devices: the scheme of wave_impl.h in float32, one thread, one shot after the
 * other. */
#include "solver/guard.h"
#include "solver/reference/reference.h"

typedef struct reference {
  ref_field *field; /* maps * shots for the stepwise state, allocated at the first step */
} reference;

static bool guarded(const wd_wave *w) {
  return w->device->info.kind == WD_DEVICE_CHECK;
}

static float *plane_alloc(const wd_wave *w) {
  size_t cells = (size_t)w->pz * (size_t)w->px;
  return guarded(w) ? wd_guard_alloc(cells, sizeof(float)) : wd_alloc(cells, sizeof(float));
}

static void plane_free(const wd_wave *w, float *p) {
  if (guarded(w))
    wd_guard_free(p);
  else
    wd_free(p);
}

static void field_free(const wd_wave *w, ref_field *f) {
  plane_free(w, f->now);
  plane_free(w, f->before);
  plane_free(w, f->psi_x);
  plane_free(w, f->zeta_x);
  plane_free(w, f->psi_z);
  plane_free(w, f->zeta_z);
  *f = (ref_field){0};
}

static wd_status field_create(const wd_wave *w, ref_field *f, wd_error *err) {
  bool live = w->desc.mode == WD_WAVE_LIVE, ok = true;
  float **plane[] = {&f->now, &f->before, &f->psi_x, &f->zeta_x, &f->psi_z, &f->zeta_z};
  for (int i = 0; i < (live ? 6 : 2); i++) ok = (*plane[i] = plane_alloc(w)) && ok;
  if (ok) return WD_OK;
  field_free(w, f);
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for wavefields of %d x %d cells", w->pz, w->px);
}

static void field_rest(const wd_wave *w, ref_field *f) {
  size_t bytes = sizeof(float) * (size_t)w->pz * (size_t)w->px;
  float *plane[] = {f->now, f->before, f->psi_x, f->zeta_x, f->psi_z, f->zeta_z};
  for (int i = 0; i < 6; i++)
    if (plane[i]) memset(plane[i], 0, bytes);
}

static wd_status field_check(const wd_wave *w, const ref_field *f, wd_error *err) {
  if (!guarded(w)) return WD_OK;
  const float *plane[] = {f->now, f->before, f->psi_x, f->zeta_x, f->psi_z, f->zeta_z};
  for (int i = 0; i < 6; i++)
    if (!wd_guard_intact(plane[i]))
      return wd_fail(err, WD_ERR_DEVICE, "check: memory before wavefield %d was written to", i);
  return WD_OK;
}

static wd_status advance(wd_wave *w, ref_field *f, int map, int shot, int from, int to,
                         const wd_hooks *hooks) {
  ref_coefficients k = ref_coefficients_of(w, &w->medium[map]);
  wd_gather *g = &w->gather[map];
  int interval = ref_steps_between_checks(w);
  for (int it = from; it < to; it++) {
    if ((it - from) % interval == 0 && wd_hooks_cancelled(hooks)) return WD_CANCELLED;
    float *record = g->value + ((size_t)shot * (size_t)g->samples + (size_t)it) * (size_t)g->receivers;
    ref_step(w, &k, f, shot, it, record);
  }
  return WD_OK;
}

static wd_status create(wd_wave *w, wd_error *err) {
  reference *b = wd_calloc(1, sizeof *b);
  if (!b) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  w->backend = b;
  return WD_OK;
}

static void destroy(wd_wave *w) {
  reference *b = w->backend;
  if (!b) return;
  for (int i = 0; b->field && i < w->desc.maps * w->survey->shots; i++) field_free(w, &b->field[i]);
  wd_free(b->field);
  wd_free(b);
  w->backend = NULL;
}

static wd_status load(wd_wave *w, wd_error *err) {
  (void)w;
  (void)err;
  return WD_OK; /* the media are read where they lie, and a state at step 0 is cleared when it is first
                   stepped */
}

static wd_status run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  int shots = w->survey->shots, total = w->desc.maps * shots;
  ref_field f = {0};
  wd_status st = field_create(w, &f, err);
  for (int i = 0; i < total && !st; i++) {
    field_rest(w, &f);
    wd_hooks_progress(hooks, (double)i / total);
    st = advance(w, &f, i / shots, i % shots, 0, w->survey->samples, hooks);
    if (st == WD_CANCELLED) wd_fail(err, st, "cancelled in shot %d of %d", i + 1, total);
    if (!st) st = field_check(w, &f, err);
  }
  field_free(w, &f);
  return st;
}

static wd_status step(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err) {
  reference *b = w->backend;
  int shots = w->survey->shots, total = w->desc.maps * shots;
  if (!b->field) {
    b->field = wd_calloc((size_t)total, sizeof *b->field);
    wd_status st = b->field ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d shots", total);
    for (int i = 0; i < total && !st; i++) st = field_create(w, &b->field[i], err);
    if (st) {
      for (int i = 0; b->field && i < total; i++) field_free(w, &b->field[i]);
      wd_free(b->field);
      b->field = NULL;
      return st;
    }
  }
  if (w->step == 0)
    for (int i = 0; i < total; i++) field_rest(w, &b->field[i]);
  /* In short chunks, all shots to the same step, so that a cancelled call leaves one time, not many. */
  int end = w->step + n_steps, chunk = ref_steps_between_checks(w) / total;
  if (chunk < 1) chunk = 1;
  while (w->step < end) {
    if (wd_hooks_cancelled(hooks)) return wd_fail(err, WD_CANCELLED, "cancelled at time step %d", w->step);
    int to = w->step + chunk < end ? w->step + chunk : end;
    for (int i = 0; i < total; i++) {
      advance(w, &b->field[i], i / shots, i % shots, w->step, to, NULL);
      wd_status st = field_check(w, &b->field[i], err);
      if (st) return st;
    }
    w->step = to;
  }
  w->step = end - n_steps; /* the caller counts the steps of a call that succeeded */
  return WD_OK;
}

static wd_status snapshot(wd_wave *w, int map, int shot, float *out, wd_error *err) {
  reference *b = w->backend;
  if (!b->field) return wd_fail(err, WD_ERR_ARGUMENT, "no time step was taken yet");
  memcpy(out, b->field[map * w->survey->shots + shot].now, sizeof(float) * (size_t)w->pz * (size_t)w->px);
  return WD_OK;
}

/* Only the stepwise state stays; a run brings its own field. */
static size_t held(const wd_wave *w) {
  const reference *b = w->backend;
  size_t planes = w->desc.mode == WD_WAVE_LIVE ? 6 : 2,
         shots = (size_t)w->desc.maps * (size_t)w->survey->shots;
  return b->field ? shots * planes * ref_plane_bytes(w) : 0;
}

const wd_wave_ops wd_wave_ops_reference = {
    .create = create,
    .destroy = destroy,
    .load = load,
    .run = run,
    .step = step,
    .snapshot = snapshot,
    .gradient = wd_reference_gradient,
    .held = held,
    .gradient_need = wd_reference_gradient_need,
};

/* The same code on guarded memory (plane_alloc asks the device's kind). */
const wd_wave_ops wd_wave_ops_check = {
    .create = create,
    .destroy = destroy,
    .load = load,
    .run = run,
    .step = step,
    .snapshot = snapshot,
    .gradient = wd_reference_gradient,
    .held = held,
    .gradient_need = wd_reference_gradient_need,
};
