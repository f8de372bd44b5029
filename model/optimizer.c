#include "model/optimizer.h"

#include "model/kernels.h"
#include "solver/memory.h"

#include <math.h>

struct wd_optimizer {
  wd_params *params;
  const wd_kernels *kernels;
  wd_optimizer_desc desc;
  float *m, *v, *average; /* device */
  float *bounce;          /* host: for exchanging */
  long step;
  double progress; /* of the cosine; below zero: by the step */
};

double wd_optimizer_rate(const wd_optimizer_desc *d, long step) {
  if (step <= d->warmup) return d->learning_rate * (double)step / (double)(d->warmup > 0 ? d->warmup : 1);
  if (d->total <= d->warmup) return d->learning_rate;
  double along = fmin(1, (double)(step - d->warmup) / (double)(d->total - d->warmup));
  return d->learning_rate * 0.5 * (1 + cos(M_PI * along));
}

void wd_optimizer_destroy(wd_optimizer *o) {
  if (!o) return;
  wd_device *d = o->params->device;
  o->kernels->release(d, o->m);
  o->kernels->release(d, o->v);
  o->kernels->release(d, o->average);
  wd_free(o->bounce);
  wd_free(o);
}

/* Device to device by way of the host: rare (saving, evaluating), so that no kernel table needs a copy. */
static wd_status copy(wd_optimizer *o, float *to, const float *from, wd_error *err) {
  size_t bytes = o->params->total * sizeof(float);
  wd_status st = o->kernels->download(o->params->device, o->bounce, from, bytes, err);
  return st ? st : o->kernels->upload(o->params->device, to, o->bounce, bytes, err);
}

wd_status wd_optimizer_create(wd_params *params, const wd_optimizer_desc *desc, wd_optimizer **out,
                              wd_error *err) {
  const wd_kernels *k = wd_kernels_for(params->device, err);
  if (!k) return WD_ERR_UNSUPPORTED;
  if (!params->grad) return wd_fail(err, WD_ERR_ARGUMENT, "these weights were allocated without gradients");
  wd_optimizer *o = wd_calloc(1, sizeof *o);
  if (!o) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for an optimizer");
  o->params = params;
  o->progress = -1;
  o->kernels = k;
  if (desc) o->desc = *desc;
  wd_optimizer_desc *d = &o->desc;
  if (!d->learning_rate) d->learning_rate = 3e-4;
  if (!d->beta1) d->beta1 = 0.9;
  if (!d->beta2) d->beta2 = 0.99;
  if (!d->epsilon) d->epsilon = 1e-8;
  if (!d->weight_decay) d->weight_decay = 0.01;
  if (d->weight_decay < 0) d->weight_decay = 0;
  if (!d->clip) d->clip = 1;
  if (!d->ema) d->ema = 0.999;
  if (!d->warmup) d->warmup = 200;
  size_t bytes = params->total * sizeof(float);
  void *block[3] = {0};
  wd_status st = WD_OK;
  for (int i = 0; i < 3 && !st; i++) {
    st = k->alloc(params->device, bytes, &block[i], err);
    if (!st) st = k->fill(params->device, block[i], 0, params->total, err);
  }
  o->m = block[0];
  o->v = block[1];
  o->average = block[2];
  if (!st && !(o->bounce = wd_alloc(params->total, sizeof(float))))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for an optimizer of %zu weights", params->total);
  if (!st) st = copy(o, o->average, params->value, err);
  if (st) {
    wd_optimizer_destroy(o);
    return st;
  }
  *out = o;
  return WD_OK;
}

void wd_optimizer_set_progress(wd_optimizer *o, double fraction) {
  o->progress = fraction;
}

double wd_optimizer_rate_now(const wd_optimizer *o) {
  const wd_optimizer_desc *d = &o->desc;
  if (o->progress < 0) return wd_optimizer_rate(d, o->step + 1);
  double warm = fmin(1, (double)(o->step + 1) / (double)(d->warmup > 0 ? d->warmup : 1));
  return d->learning_rate * warm * 0.5 * (1 + cos(M_PI * fmin(1, o->progress)));
}

wd_status wd_optimizer_step(wd_optimizer *o, double *gradient_norm, wd_error *err) {
  wd_params *p = o->params;
  const wd_optimizer_desc *d = &o->desc;
  double square;
  wd_status st = o->kernels->norm2(p->device, p->grad, p->total, &square, err);
  if (st) return st;
  double norm = sqrt(square);
  if (gradient_norm) *gradient_norm = norm;
  if (!isfinite(norm))
    return wd_fail(err, WD_ERR_DIVERGED,
                   "the gradient of step %ld is not finite; the weights stand as they were", o->step + 1);
  float scale = d->clip > 0 && norm > d->clip ? (float)(d->clip / norm) : 1;
  wd_adamw rule = {.learning_rate = wd_optimizer_rate_now(o),
                   .beta1 = d->beta1,
                   .beta2 = d->beta2,
                   .epsilon = d->epsilon,
                   .weight_decay = d->weight_decay,
                   .clip = d->clip,
                   .step = o->step + 1};
  /* One call a run of weights that decay alike. */
  for (int i = 0; i < p->count && !st;) {
    int j = i;
    while (j < p->count && p->param[j].decay == p->param[i].decay && p->param[j].still == p->param[i].still)
      j++;
    size_t from = p->param[i].offset, to = j < p->count ? p->param[j].offset : p->total;
    if (p->param[i].still) {
      i = j;
      continue;
    }
    st = o->kernels->adamw(p->device, &rule, scale, p->param[i].decay, to - from, p->value + from,
                           p->grad + from, o->m + from, o->v + from, err);
    i = j;
  }
  if (st) return st;
  o->step++;
  wd_params_changed(p);
  double decay = fmin(d->ema, (1.0 + (double)o->step) / (10.0 + (double)o->step));
  return o->kernels->ema(p->device, (float)decay, p->total, p->value, o->average, err);
}

long wd_optimizer_steps(const wd_optimizer *o) {
  return o->step;
}

wd_status wd_optimizer_swap(wd_optimizer *o, wd_error *err) {
  wd_params *p = o->params;
  size_t bytes = p->total * sizeof(float);
  float *value = wd_alloc(p->total, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to exchange %zu weights", p->total);
  wd_status st = o->kernels->download(p->device, value, p->value, bytes, err);
  if (!st) st = copy(o, p->value, o->average, err);
  if (!st) st = o->kernels->upload(p->device, o->average, value, bytes, err);
  wd_params_changed(p);
  wd_free(value);
  return st;
}

wd_status wd_optimizer_save(wd_optimizer *o, float *m, float *v, float *average, long *step, wd_error *err) {
  wd_device *d = o->params->device;
  size_t bytes = o->params->total * sizeof(float);
  wd_status st = o->kernels->download(d, m, o->m, bytes, err);
  if (!st) st = o->kernels->download(d, v, o->v, bytes, err);
  if (!st) st = o->kernels->download(d, average, o->average, bytes, err);
  if (!st) *step = o->step;
  return st;
}

wd_status wd_optimizer_restore(wd_optimizer *o, const float *m, const float *v, const float *average,
                               long step, wd_error *err) {
  wd_device *d = o->params->device;
  size_t bytes = o->params->total * sizeof(float);
  wd_status st = o->kernels->upload(d, o->m, m, bytes, err);
  if (!st) st = o->kernels->upload(d, o->v, v, bytes, err);
  if (!st) st = o->kernels->upload(d, o->average, average, bytes, err);
  if (!st) o->step = step;
  return st;
}
