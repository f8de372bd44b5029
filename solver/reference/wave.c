/* The reference and check devices: the scheme of wave_impl.h in float32, one thread, one shot after the
 * other. */
#include "solver/guard.h"
#include "solver/reference/reference.h"

/* One shot of the stepwise state. It stands at w->step, or one step further when a call was cancelled after
 * this shot's turn. */
typedef struct shot_state {
  ref_field field;
  int step;
} shot_state;

typedef struct reference {
  shot_state *state; /* maps * shots, allocated at the first step */
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
  f->row = 0;
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

/* Steps *step..to-1. When cancelled, *step and the rows done of that step say where to go on. */
static wd_status advance(wd_wave *w, ref_field *f, int map, int shot, int *step, int to,
                         const wd_hooks *hooks) {
  ref_coefficients k = ref_coefficients_of(w, &w->medium[map]);
  wd_gather *g = &w->gather[map];
  const int rows = ref_rows_between_checks(w);
  int worked = rows; /* rows since the last look at the flag */
  for (; *step < to; ++*step) {
    float *record = g->value + ((size_t)shot * (size_t)g->samples + (size_t)*step) * (size_t)g->receivers;
    do {
      if (worked >= rows && wd_hooks_cancelled(hooks)) return WD_CANCELLED;
      if (worked >= rows) worked = 0;
      worked += w->pz < rows ? w->pz : rows;
    } while (!ref_step_part(w, &k, f, shot, *step, record, rows));
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
  for (int i = 0; b->state && i < w->desc.maps * w->survey->shots; i++) field_free(w, &b->state[i].field);
  wd_free(b->state);
  wd_free(b);
  w->backend = NULL;
}

static wd_status load(wd_wave *w, wd_error *err) {
  (void)w;
  (void)err;
  return WD_OK; /* the media are read where they lie, and a state at step 0 is cleared when it is first
                   stepped */
}

/* The check device: what a run does not write stays NaN, and is found. Samples of a stepwise state in
 * progress are left alone. */
static void poison(const wd_wave *w) {
  for (int m = 0; guarded(w) && w->step == 0 && m < w->desc.maps; m++)
    memset(w->gather[m].value, 0xff, sizeof(float) * wd_gather_count(&w->gather[m]));
}

static wd_status run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  int shots = w->survey->shots, total = w->desc.maps * shots;
  ref_field f = {0};
  wd_status st = field_create(w, &f, err);
  if (!st) poison(w);
  for (int i = 0; i < total && !st; i++) {
    int step = 0;
    field_rest(w, &f);
    wd_hooks_progress(hooks, (double)i / total);
    st = advance(w, &f, i / shots, i % shots, &step, w->survey->samples, hooks);
    if (st == WD_CANCELLED) wd_fail(err, st, "cancelled in shot %d of %d", i + 1, total);
    if (!st) st = field_check(w, &f, err);
  }
  field_free(w, &f);
  return st;
}

static wd_status create_states(wd_wave *w, wd_error *err) {
  reference *b = w->backend;
  size_t total = (size_t)w->desc.maps * (size_t)w->survey->shots;
  size_t planes = w->desc.mode == WD_WAVE_LIVE ? 6 : 2;
  wd_status st = wd_memory_check(total, planes * ref_plane_bytes(w), "the wavefields of all shots",
                                 "take fewer shots or maps, or run to the end instead of stepping", err);
  if (st) return st;
  b->state = wd_calloc(total, sizeof *b->state);
  if (!b->state) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu shots", total);
  for (size_t i = 0; i < total && !st; i++) st = field_create(w, &b->state[i].field, err);
  if (!st) return WD_OK;
  for (size_t i = 0; i < total; i++) field_free(w, &b->state[i].field);
  wd_free(b->state);
  b->state = NULL;
  return st;
}

static wd_status step(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err) {
  reference *b = w->backend;
  int shots = w->survey->shots, total = w->desc.maps * shots;
  wd_status st = b->state ? WD_OK : create_states(w, err);
  if (st) return st;
  for (int i = 0; i < total && w->step == 0; i++) {
    field_rest(w, &b->state[i].field);
    b->state[i].step = 0;
  }
  /* In chunks that take little time, all shots to the same step, so that a cancelled call leaves one time.
   * Where one step of all shots is longer than that, shots may be a step ahead of w->step. */
  int start = w->step, end = start + n_steps;
  double cells = (double)w->pz * (double)w->px * total;
  int chunk = (int)(ref_cells_between_checks(w) / cells);
  const wd_hooks *within = chunk < 1 ? hooks : NULL;
  if (chunk < 1) chunk = 1;
  while (w->step < end) {
    if (wd_hooks_cancelled(hooks)) return wd_fail(err, WD_CANCELLED, "cancelled at time step %d", w->step);
    int to = w->step + chunk < end ? w->step + chunk : end;
    for (int i = 0; i < total; i++) {
      shot_state *s = &b->state[i];
      st = advance(w, &s->field, i / shots, i % shots, &s->step, to, within);
      if (st) return wd_fail(err, st, "cancelled at time step %d", w->step);
      st = field_check(w, &s->field, err);
      if (st) return st;
    }
    w->step = to;
    wd_hooks_progress(hooks, (double)(to - start) / n_steps);
  }
  w->step = start; /* the caller counts the steps of a call that succeeded */
  return WD_OK;
}

static wd_status snapshot(wd_wave *w, int map, int shot, float *out, wd_error *err) {
  reference *b = w->backend;
  if (!b->state) return wd_fail(err, WD_ERR_ARGUMENT, "no time step was taken yet");
  const shot_state *s = &b->state[map * w->survey->shots + shot];
  const float *p = s->step > w->step ? s->field.before : s->field.now;
  memcpy(out, p, ref_plane_bytes(w));
  return WD_OK;
}

/* Only the stepwise state stays; a run brings its own field. */
static size_t held(const wd_wave *w) {
  const reference *b = w->backend;
  size_t planes = w->desc.mode == WD_WAVE_LIVE ? 6 : 2,
         shots = (size_t)w->desc.maps * (size_t)w->survey->shots;
  return b->state ? shots * planes * ref_plane_bytes(w) : 0;
}

/* Of check too: the same code on guarded memory (plane_alloc asks the device's kind). */
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
