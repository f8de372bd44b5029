#include "solver/wave.h"

#include "solver/memory.h"
#include "solver/wave_plan.h"

#include <math.h>
#include <string.h>

static const char *const mode_name[] = {"exact", "fast", "live"};

const char *wd_wave_mode_name(wd_wave_mode mode) {
  return (unsigned)mode < 3 ? mode_name[mode] : "unknown";
}

bool wd_wave_mode_parse(const char *text, wd_wave_mode *out) {
  for (int i = 0; i < 3; i++)
    if (strcmp(text, mode_name[i]) == 0) {
      *out = (wd_wave_mode)i;
      return true;
    }
  return false;
}

/* Sets the media of w from maps: all or none. */
static wd_status set_media(wd_wave *w, const wd_map *velocity, wd_error *err) {
  int n = w->desc.maps;
  wd_medium *media = wd_calloc((size_t)n, sizeof *media);
  if (!media) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", n);
  wd_status st = WD_OK;
  int made = 0;
  for (; made < n && !st; made++) {
    st = wd_plan_medium(w, &velocity[made], &media[made], err);
    if (st && n > 1) wd_fail_context(err, st, "map %d of %d", made + 1, n);
  }
  if (!st) {
    wd_medium *old = w->medium;
    w->medium = media;
    st = w->device->wave->load(w, err);
    if (st) {
      w->medium = old; /* the old maps stand; bring the device back to them */
      if (old[0].velocity) w->device->wave->load(w, NULL);
    } else
      media = old;
  }
  for (int i = 0; i < n; i++) wd_medium_clear(&media[i]);
  wd_free(media);
  if (!st) w->step = 0;
  return st;
}

wd_status wd_wave_create(wd_device *device, const wd_survey *survey, const wd_wave_desc *desc,
                         const wd_map *velocity, wd_wave **out, wd_error *err) {
  const wd_wave_ops *ops = device->wave;
  if (!ops || !ops->create || !ops->load || !ops->run || !ops->step || !ops->snapshot)
    return wd_fail(err, WD_ERR_DEVICE, "device %s cannot propagate waves in this build", device->info.spec);
  wd_wave *w = wd_calloc(1, sizeof *w);
  if (!w) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wave propagation");
  w->device = device;
  wd_status st = wd_plan_init(w, survey, desc, err);
  if (!st) st = ops->create(w, err);
  if (!st) st = set_media(w, velocity, err);
  if (st) {
    wd_wave_destroy(w);
    return st;
  }
  *out = w;
  return WD_OK;
}

void wd_wave_destroy(wd_wave *w) {
  if (!w) return;
  if (w->device->wave && w->device->wave->destroy) w->device->wave->destroy(w);
  wd_plan_clear(w);
  wd_free(w);
}

wd_status wd_wave_set_velocity(wd_wave *w, const wd_map *velocity, wd_error *err) {
  return set_media(w, velocity, err);
}

wd_status wd_wave_run(wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  wd_status st = w->device->wave->run(w, hooks, err);
  if (st) return st;
  wd_hooks_progress(hooks, 1.0);
  return wd_plan_check_finite(w, 0, w->survey->samples, err);
}

wd_status wd_wave_step(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err) {
  if (n_steps < 0) return wd_fail(err, WD_ERR_ARGUMENT, "%d time steps", n_steps);
  int left = w->survey->samples - w->step;
  if (n_steps > left) n_steps = left;
  if (n_steps == 0) return WD_OK;
  int from = w->step;
  wd_status st = w->device->wave->step(w, n_steps, hooks, err);
  if (st && st != WD_CANCELLED) return st;
  if (!st) w->step = from + n_steps;
  wd_status finite = wd_plan_check_finite(w, from, w->step, err);
  return finite ? finite : st;
}

int wd_wave_time(const wd_wave *w) {
  return w->step;
}

void wd_wave_rewind(wd_wave *w) {
  w->step = 0;
}

const wd_gather *wd_wave_gather(const wd_wave *w, int map) {
  return &w->gather[map];
}

wd_status wd_wave_snapshot(wd_wave *w, int map, int shot, bool margin, wd_map *out, wd_error *err) {
  if (map < 0 || map >= w->desc.maps || shot < 0 || shot >= w->survey->shots)
    return wd_fail(err, WD_ERR_ARGUMENT, "a snapshot of map %d, shot %d; there are %d and %d", map, shot,
                   w->desc.maps, w->survey->shots);
  wd_map field;
  wd_status st = wd_map_create(w->pz, w->px, w->survey->spacing, &field, err);
  if (st) return st;
  if (w->step > 0) st = w->device->wave->snapshot(w, map, shot, field.value, err);
  if (!st && !margin) {
    wd_map core;
    st = wd_map_create(w->nz, w->nx, w->survey->spacing, &core, err);
    for (int z = 0; !st && z < w->nz; z++)
      memcpy(core.value + (size_t)z * (size_t)w->nx,
             field.value + (size_t)(z + w->top) * (size_t)w->px + (size_t)w->left,
             sizeof(float) * (size_t)w->nx);
    wd_map_clear(&field);
    field = core;
  }
  if (st) {
    wd_map_clear(&field);
    return st;
  }
  *out = field;
  return WD_OK;
}

void wd_wave_margin(const wd_wave *w, int margin[4]) {
  margin[0] = w->top;
  margin[1] = w->bottom;
  margin[2] = w->left;
  margin[3] = w->right;
}

/* Shape and values: one NaN in a residual would spoil a whole gradient. */
static wd_status check_residual(const wd_wave *w, const wd_gather *residual, wd_error *err) {
  const wd_survey *s = w->survey;
  for (int m = 0; m < w->desc.maps; m++) {
    const wd_gather *r = &residual[m];
    if (r->shots != s->shots || r->samples != s->samples || r->receivers != s->receivers)
      return wd_fail(err, WD_ERR_SHAPE,
                     "a residual of %d shots, %d samples, %d receivers for a survey of %d, %d and %d",
                     r->shots, r->samples, r->receivers, s->shots, s->samples, s->receivers);
    for (size_t i = 0; i < wd_gather_count(r); i++)
      if (!isfinite(r->value[i])) {
        size_t shot = (size_t)r->samples * (size_t)r->receivers;
        return wd_fail(err, WD_ERR_ARGUMENT,
                       "the residual of map %d is %g at shot %d, sample %d, receiver %d", m + 1,
                       (double)r->value[i], (int)(i / shot) + 1, (int)(i % shot) / r->receivers,
                       (int)(i % (size_t)r->receivers) + 1);
      }
  }
  return WD_OK;
}

static wd_status check_gradient(const wd_map *gradient, int map, wd_error *err) {
  for (int i = 0; i < gradient->nz * gradient->nx; i++)
    if (!isfinite(gradient->value[i]))
      return wd_fail(err, WD_ERR_DIVERGED, "the gradient diverged: map %d, row %d, column %d is %g", map + 1,
                     i / gradient->nx, i % gradient->nx, (double)gradient->value[i]);
  return WD_OK;
}

wd_status wd_wave_gradient(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                           const wd_hooks *hooks, wd_error *err) {
  if (!w->device->wave->gradient)
    return wd_fail(err, WD_ERR_DEVICE, "device %s has no gradient in this build", w->device->info.spec);
  wd_status st = check_residual(w, residual, err);
  if (st) return st;
  size_t n = (size_t)w->desc.maps;
  wd_map *made = wd_calloc(n, sizeof *made);
  double *vmin = wd_calloc(n, sizeof *vmin);
  if (!made || !vmin) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu gradients", n);
  for (size_t m = 0; m < n && !st; m++) st = wd_map_create(w->nz, w->nx, w->survey->spacing, &made[m], err);
  if (!st) st = w->device->wave->gradient(w, residual, made, vmin_term ? vmin : NULL, hooks, err);
  for (size_t m = 0; m < n && !st; m++) st = check_gradient(&made[m], (int)m, err);
  for (size_t m = 0; made && m < n; m++) {
    if (st)
      wd_map_clear(&made[m]);
    else
      out[m] = made[m];
  }
  if (!st && vmin_term) memcpy(vmin_term, vmin, n * sizeof *vmin);
  if (!st) wd_hooks_progress(hooks, 1.0);
  wd_free(made);
  wd_free(vmin);
  return st;
}

wd_wave_memory wd_wave_get_memory(const wd_wave *w) {
  const wd_wave_ops *ops = w->device->wave;
  size_t cells = (size_t)w->nz * (size_t)w->nx, edges = (size_t)w->pz + (size_t)w->px;
  size_t medium = sizeof(float) * (3 * cells + 3 * edges + (size_t)w->survey->shots);
  wd_wave_memory memory = {.held = (size_t)w->desc.maps *
                                   (medium + sizeof(float) * wd_gather_count(&w->gather[0]))};
  if (ops->held) memory.held += ops->held(w);
  if (!ops->gradient_need) return memory;
  wd_adjoint_need need;
  wd_adjoint_plan plan;
  ops->gradient_need(w, &need);
  if (wd_adjoint_plan_sizes(w->survey->samples, &need, w->desc.memory_limit, &plan, NULL)) return memory;
  memory.gradient = plan.bytes;
  memory.checkpoint_interval = plan.segment == plan.samples ? 1 : plan.segment;
  return memory;
}

const wd_survey *wd_wave_get_survey(const wd_wave *w) {
  return w->survey;
}
const wd_wave_desc *wd_wave_get_desc(const wd_wave *w) {
  return &w->desc;
}
