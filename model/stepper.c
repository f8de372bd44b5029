/* Steppers: what is common to all devices, and the one that steps on the host. */
#include "model/stepper.h"

#include "model/stepper_impl.h"
#include "solver/memory.h"

#include <string.h>

/* ---- on the host ---- */

static wd_status host_create(wd_stepper *s, wd_error *err) {
  const int batch = s->desc.guided ? 2 * s->n : s->n;
  const size_t copies = s->desc.guided ? 2 : 1;
  s->x = wd_alloc(s->count * copies, sizeof *s->x);
  s->answer = wd_alloc(s->count * copies, sizeof *s->answer);
  s->estimate = wd_calloc(s->count, sizeof *s->estimate);
  s->level = wd_alloc((size_t)batch, sizeof *s->level);
  if (s->desc.noise) s->noise = wd_alloc(s->count * (size_t)s->desc.steps, sizeof *s->noise);
  if (!s->x || !s->answer || !s->estimate || !s->level || (s->desc.noise && !s->noise))
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d denoising steps of %d latents", s->desc.steps,
                   s->n);
  if (s->noise) memcpy(s->noise, s->desc.noise, s->count * (size_t)s->desc.steps * sizeof *s->noise);
  return WD_OK;
}

static void host_destroy(wd_stepper *s) {
  wd_free(s->x);
  wd_free(s->answer);
  wd_free(s->estimate);
  wd_free(s->level);
  wd_free(s->noise);
}

static wd_status host_set(wd_stepper *s, int step, const float *x, const float *estimate, wd_error *err) {
  (void)step;
  (void)err;
  memcpy(s->x, x, s->count * sizeof *x);
  if (estimate) memcpy(s->estimate, estimate, s->count * sizeof *x);
  return WD_OK;
}

static wd_status host_run(wd_stepper *s, const wd_hooks *hooks, wd_error *err) {
  const wd_sampler_row *row = &s->rows[s->step];
  const int batch = s->desc.guided ? 2 * s->n : s->n;
  for (int i = 0; i < batch; i++) s->level[i] = (float)row->timestep;
  if (s->desc.guided) memcpy(s->x + s->count, s->x, s->count * sizeof *s->x);
  wd_status st = wd_graph_set(s->graph, s->desc.latent, s->x, err);
  if (!st) st = wd_graph_set(s->graph, s->desc.timestep, s->level, err);
  if (!st) st = wd_graph_forward(s->graph, hooks, err);
  if (!st) st = wd_graph_get(s->graph, s->desc.answer, s->answer, err);
  if (st) return st;
  for (size_t i = 0; i < s->count; i++) {
    double p = (double)s->answer[i];
    if (s->desc.guided) {
      const double any = (double)s->answer[s->count + i];
      p = any + (1 + s->desc.guidance) * (p - any);
    }
    const float estimate = (float)wd_estimate(s->desc.prediction, (double)s->x[i], p, row->alpha, row->sigma);
    wd_sampler_apply(row, &s->x[i], &estimate, &s->estimate[i],
                     s->noise ? s->noise + (size_t)s->step * s->count + i : NULL, 1);
    s->estimate[i] = estimate;
  }
  return WD_OK;
}

static wd_status host_get(wd_stepper *s, float *x, float *estimate, wd_error *err) {
  (void)err;
  if (x) memcpy(x, s->x, s->count * sizeof *x);
  if (estimate) memcpy(estimate, s->estimate, s->count * sizeof *estimate);
  return WD_OK;
}

static const wd_stepper_ops host_ops = {host_create, host_destroy, host_set, host_run, host_get};

/* ---- on all devices ---- */

static wd_status check(const wd_graph *g, const wd_stepper_desc *d, wd_error *err) {
  if (!g->compiled) return wd_fail(err, WD_ERR_ARGUMENT, "a stepper wants a compiled graph");
  const wd_node *x = wd_graph_node(g, d->latent), *t = wd_graph_node(g, d->timestep),
                *y = wd_graph_node(g, d->answer);
  if (!x || !t || !y || x->op != WD_OP_INPUT || t->op != WD_OP_INPUT || !y->keep ||
      !wd_shape_equal(x->shape, y->shape) || !wd_shape_equal(t->shape, wd_shape2(x->shape.dim[0], 1)))
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "a stepper wants latents, (their number, 1) timesteps, and a kept answer of the latents' shape");
  if (d->guided && x->shape.dim[0] % 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "guidance wants every latent twice; the batch is %d",
                   x->shape.dim[0]);
  if (!d->rows || d->steps < 1) return wd_fail(err, WD_ERR_ARGUMENT, "a stepper of %d steps", d->steps);
  for (int i = 0; i < d->steps; i++)
    if (d->rows[i].d != 0 && !d->noise)
      return wd_fail(err, WD_ERR_ARGUMENT, "step %d of the sampler wants noise, and none is given", i);
  return WD_OK;
}

wd_status wd_stepper_create(wd_graph *g, const wd_stepper_desc *desc, wd_stepper **out, wd_error *err) {
  wd_status st = check(g, desc, err);
  if (st) return st;
  wd_stepper *s = wd_calloc(1, sizeof *s);
  if (!s) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a stepper");
  const wd_shape shape = wd_graph_node(g, desc->latent)->shape;
  s->graph = g;
  s->desc = *desc;
  s->n = shape.dim[0] / (desc->guided ? 2 : 1);
  s->count = wd_shape_count(shape) / (desc->guided ? 2 : 1);
  s->step = desc->steps; /* nothing to do before wd_stepper_set */
  s->rows = wd_alloc((size_t)desc->steps, sizeof *s->rows);
  s->ops = g->kernels->stepper ? g->kernels->stepper : &host_ops;
  if (s->rows) {
    memcpy(s->rows, desc->rows, (size_t)desc->steps * sizeof *s->rows);
    st = s->ops->create(s, err);
  } else
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d denoising steps", desc->steps);
  s->desc.rows = NULL;
  s->desc.noise = NULL;
  if (st) {
    wd_stepper_destroy(s);
    return st;
  }
  *out = s;
  return WD_OK;
}

void wd_stepper_destroy(wd_stepper *s) {
  if (!s) return;
  s->ops->destroy(s);
  wd_free(s->rows);
  wd_free(s);
}

wd_status wd_stepper_set(wd_stepper *s, int step, const float *x, const float *estimate, wd_error *err) {
  if (step < 0 || step >= s->desc.steps)
    return wd_fail(err, WD_ERR_ARGUMENT, "step %d of a run of %d", step, s->desc.steps);
  if (!estimate && s->rows[step].c != 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "step %d goes on from the estimate before, and none is given", step);
  wd_status st = s->ops->set(s, step, x, estimate, err);
  if (!st) s->step = step;
  return st;
}

wd_status wd_stepper_step(wd_stepper *s, const wd_hooks *hooks, wd_error *err) {
  if (s->step >= s->desc.steps)
    return wd_fail(err, WD_ERR_ARGUMENT, "all %d steps are done, or no latents are set", s->desc.steps);
  wd_status st = s->ops->run(s, hooks, err);
  if (!st) s->step++;
  return st;
}

int wd_stepper_at(const wd_stepper *s) {
  return s->step;
}

size_t wd_stepper_count(const wd_stepper *s) {
  return s->count;
}

wd_status wd_stepper_get(wd_stepper *s, float *x, float *estimate, wd_error *err) {
  return s->ops->get(s, x, estimate, err);
}
