#include "model/denoiser.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

struct wd_denoiser {
  wd_model *model;
  wd_stage2_config config;
  wd_schedule schedule;
  wd_latent_shape shape;
  int batch;
  wd_graph *graph;
  int latent, timestep, family, predicted; /* nodes */
  float *in, *t, *label;                   /* host copies of the inputs */
  float *out, *any;                        /* what the network said, with the labels and without */
};

void wd_denoiser_destroy(wd_denoiser *d) {
  if (!d) return;
  wd_graph_destroy(d->graph);
  wd_schedule_clear(&d->schedule);
  wd_free(d->in);
  wd_free(d->t);
  wd_free(d->label);
  wd_free(d->out);
  wd_free(d->any);
  wd_free(d);
}

static wd_status build(wd_denoiser *d, wd_precision precision, wd_error *err) {
  wd_params *params = wd_model_params(d->model, WD_STAGE2);
  wd_graph_desc desc = {.precision = precision};
  wd_status st = wd_graph_create(wd_model_device(d->model), params, &desc, &d->graph, err);
  if (st) return st;
  wd_network n = {.graph = d->graph, .params = params};
  int size = d->config.size;
  d->latent = wd_graph_input(d->graph, "latent", wd_shape4(d->batch, size, size, d->config.latent), false);
  d->timestep = wd_graph_input(d->graph, "timestep", wd_shape2(d->batch, 1), false);
  d->family = wd_graph_input(d->graph, "family", wd_shape2(d->batch, 1), false);
  d->predicted = wd_stage2_predict(&n, &d->config, d->latent, d->timestep, d->family);
  st = n.status;
  if (st && err) *err = n.error;
  wd_network_clear(&n);
  if (!st && d->predicted >= 0) wd_graph_keep(d->graph, d->predicted);
  if (!st) st = wd_graph_compile(d->graph, err);
  return st ? wd_fail_context(err, st, "denoiser") : WD_OK;
}

wd_status wd_denoiser_create(wd_model *model, const wd_coder_desc *desc, wd_denoiser **out, wd_error *err) {
  if (!wd_model_has(model, WD_STAGE2))
    return wd_fail(
        err, WD_ERR_UNSUPPORTED,
        "the model %s has no stage 2: there is no denoiser to sample with; train one (train --stage "
        "diffusion)",
        wd_model_name(model));
  int batch = desc && desc->batch ? desc->batch : 1;
  if (batch < 1 || batch > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT, "a denoiser for %d latents at once; 1 to 4096 are possible", batch);
  wd_denoiser *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a denoiser");
  d->model = model;
  d->config = wd_model_get_config(model)->stage2;
  d->shape = wd_model_latent(model);
  d->batch = batch;
  size_t count = (size_t)batch * (size_t)d->shape.count;
  d->in = wd_calloc(count, sizeof *d->in);
  d->out = wd_calloc(count, sizeof *d->out);
  d->any = wd_calloc(count, sizeof *d->any);
  d->t = wd_calloc((size_t)batch, sizeof *d->t);
  d->label = wd_calloc((size_t)batch, sizeof *d->label);
  wd_status st = WD_OK;
  if (!d->in || !d->out || !d->any || !d->t || !d->label)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a denoiser of %d latents", batch);
  if (!st) st = wd_schedule_create(d->config.schedule, d->config.timesteps, &d->schedule, err);
  if (!st) st = build(d, desc ? desc->precision : WD_PRECISION_F32, err);
  if (st) {
    wd_denoiser_destroy(d);
    return st;
  }
  *out = d;
  return WD_OK;
}

const wd_schedule *wd_denoiser_schedule(const wd_denoiser *d) {
  return &d->schedule;
}

wd_model *wd_denoiser_model(const wd_denoiser *d) {
  return d->model;
}

int wd_denoiser_batch(const wd_denoiser *d) {
  return d->batch;
}

static wd_status check(const wd_denoiser *d, int n, const int *timestep, const int *family, wd_error *err) {
  if (n < 1 || n > d->batch)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d latents to denoise; this denoiser takes 1 to %d", n, d->batch);
  for (int i = 0; i < n; i++) {
    if (timestep[i] < 0 || timestep[i] >= d->schedule.timesteps)
      return wd_fail(err, WD_ERR_ARGUMENT, "timestep %d; the model has 0 to %d", timestep[i],
                     d->schedule.timesteps - 1);
    if (family && (family[i] < -1 || family[i] >= d->config.families))
      return wd_fail(err, WD_ERR_ARGUMENT, "family %d; the model knows 0 to %d, and -1 for any", family[i],
                     d->config.families - 1);
  }
  return WD_OK;
}

/* One evaluation of the whole batch under d->label. */
static wd_status evaluate(wd_denoiser *d, float *out, const wd_hooks *hooks, wd_error *err) {
  wd_status st = wd_graph_set(d->graph, d->latent, d->in, err);
  if (!st) st = wd_graph_set(d->graph, d->timestep, d->t, err);
  if (!st) st = wd_graph_set(d->graph, d->family, d->label, err);
  if (!st) st = wd_graph_forward(d->graph, hooks, err);
  if (!st) st = wd_graph_get(d->graph, d->predicted, out, err);
  return st;
}

/* Latents are channel-major outside and channels-last in networks; stage 2 sees them scaled, as they are. */
static void to_network(const wd_latent_shape *s, const float *latent, float *pixels) {
  int cells = s->height * s->width;
  for (int c = 0; c < s->channels; c++)
    for (int i = 0; i < cells; i++) pixels[i * s->channels + c] = latent[c * cells + i];
}

wd_status wd_denoiser_run(wd_denoiser *d, int n, const float *x, const int *timestep, const int *family,
                          double guidance, float *estimate, float *prediction, const wd_hooks *hooks,
                          wd_error *err) {
  wd_status st = check(d, n, timestep, family, err);
  if (st) return st;
  const wd_latent_shape *s = &d->shape;
  size_t count = (size_t)s->count;
  bool labelled = false;
  memset(d->in, 0, (size_t)d->batch * count * sizeof *d->in);
  for (int i = 0; i < d->batch; i++) {
    bool used = i < n, label = used && family && family[i] >= 0;
    if (used) to_network(s, x + (size_t)i * count, d->in + (size_t)i * count);
    d->t[i] = used ? (float)timestep[i] : 0;
    d->label[i] = label ? (float)family[i] : (float)d->config.families;
    labelled = labelled || label;
  }
  bool guided = labelled && guidance != 0;
  st = evaluate(d, d->out, hooks, err);
  if (!st && guided) {
    for (int i = 0; i < d->batch; i++) d->label[i] = (float)d->config.families;
    st = evaluate(d, d->any, hooks, err);
  }
  if (st) return st;
  /* All of it is checked before any of it is written. */
  for (size_t k = 0; k < (size_t)n * count; k++) {
    if (guided) {
      double any = (double)d->any[k];
      d->out[k] = (float)(any + (1 + guidance) * ((double)d->out[k] - any));
    }
    if (!isfinite(d->out[k]))
      return wd_fail(err, WD_ERR_DIVERGED,
                     "the denoiser's prediction for latent %zu at timestep %d is not finite", k / count,
                     timestep[k / count]);
  }
  int cells = s->height * s->width;
  for (int i = 0; i < n; i++) {
    double alpha = d->schedule.alpha[timestep[i]], sigma = d->schedule.sigma[timestep[i]];
    size_t base = (size_t)i * count;
    for (int c = 0; c < s->channels; c++)
      for (int k = 0; k < cells; k++) {
        size_t to = base + (size_t)(c * cells + k);
        float p = d->out[base + (size_t)(k * s->channels + c)];
        if (prediction) prediction[to] = p;
        estimate[to] = (float)wd_estimate(d->config.prediction, (double)x[to], (double)p, alpha, sigma);
      }
  }
  return WD_OK;
}
