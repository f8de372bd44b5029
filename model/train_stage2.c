/* Stage 2: the corpus as latents, and a step of denoising: timesteps drawn evenly, the prediction's mean
 * square error (v: Salimans & Ho 2022; epsilon: Ho, Jain & Abbeel 2020), labels dropped now and then so that
 * guidance (Ho & Salimans 2022) has an unlabelled prediction to lean on. */
#include "model/safetensors.h"
#include "model/train_impl.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNLABELLED 0.15 /* share of samples */

static size_t all(const wd_trainer *t) {
  return (size_t)wd_corpus_count(t->corpus) * (size_t)wd_model_latent(t->model).count;
}

/* What latents depend on. */
static void stamp(const wd_trainer *t, char text[96]) {
  snprintf(text, 96, "%s %016llx", wd_model_identity_of(t->model, WD_STAGE1),
           (unsigned long long)wd_corpus_fingerprint(t->corpus));
}

/* False when there is no such file, or it is of something else. */
static bool read_cache(wd_trainer *t, const char *path) {
  wd_safetensors *file;
  const wd_stored_tensor *z;
  char want[96];
  stamp(t, want);
  if (wd_safetensors_open(path, &file, NULL)) return false;
  wd_latent_shape l = wd_model_latent(t->model);
  long shape[4] = {wd_corpus_count(t->corpus), l.channels, l.height, l.width};
  const char *have = wd_safetensors_metadata(file, "of");
  bool ok = have && !strcmp(have, want) && !wd_safetensors_require(file, "latents", 4, shape, &z, NULL) &&
            !wd_tensor_read_float(z, 0, all(t), t->two.latents, NULL);
  wd_safetensors_close(file);
  return ok;
}

static wd_status write_cache(const wd_trainer *t, const char *path, wd_error *err) {
  wd_latent_shape l = wd_model_latent(t->model);
  wd_stored_tensor z = {
      .name = "latents",
      .type = WD_F32,
      .dims = 4,
      .shape = {(size_t)wd_corpus_count(t->corpus), (size_t)l.channels, (size_t)l.height, (size_t)l.width},
      .data = t->two.latents};
  char text[96];
  stamp(t, text);
  wd_metadata meta = {"of", text};
  return wd_safetensors_write(path, &z, 1, &meta, 1, err);
}

static wd_status encode(wd_trainer *t, const char *cache, const wd_hooks *hooks, wd_error *err) {
  wd_stage2_trainer *o = &t->two;
  int n = wd_corpus_count(t->corpus);
  o->latents = wd_alloc(all(t), sizeof *o->latents);
  o->label = wd_alloc((size_t)n, sizeof *o->label);
  if (!o->latents || !o->label) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", n);
  int families = wd_model_get_config(t->model)->stage2.families;
  for (int i = 0; i < n; i++) {
    int f = wd_corpus_get_record(t->corpus, i).family;
    o->label[i] = f >= 0 && f < families ? f : families;
  }
  if (cache && read_cache(t, cache)) return WD_OK;
  wd_status st = wd_trainer_encode(t->model, t->corpus, 0, n, o->latents, hooks, err);
  return st || !cache ? st : write_cache(t, cache, err);
}

wd_status wd_stage2_trainer_create(wd_trainer *t, const char *cache, const wd_hooks *hooks, wd_error *err) {
  wd_stage2_trainer *o = &t->two;
  const wd_stage2_config *c = &wd_model_get_config(t->model)->stage2;
  if (!wd_model_identity_of(t->model, WD_STAGE1)[0])
    return wd_fail(err, WD_ERR_ARGUMENT, "train and save stage 1 first: stage 2 is trained on its latents");
  wd_status st = wd_schedule_create(c->schedule, c->timesteps, &o->schedule, err);
  if (!st) st = encode(t, cache, hooks, err);
  if (st) return st;
  wd_graph *g = t->graph;
  int b = t->desc.batch;
  wd_shape image = wd_shape4(b, c->size, c->size, c->latent);
  wd_network n = {.graph = g, .params = t->params};
  o->latent = wd_graph_input(g, "latent", image, false);
  o->timestep = wd_graph_input(g, "timestep", wd_shape2(b, 1), false);
  o->family = wd_graph_input(g, "family", wd_shape2(b, 1), false);
  o->target = wd_graph_input(g, "target", image, false);
  int said = wd_stage2_predict(&n, c, o->latent, o->timestep, o->family);
  t->loss[0] = wd_graph_squared_loss(g, said, o->target, -1);
  t->losses = 1;
  if (n.status) {
    if (err) *err = n.error;
    return n.status;
  }
  wd_graph_keep(g, t->loss[0]);
  size_t count = (size_t)b * wd_shape_count(image) / (size_t)b;
  o->x = wd_alloc(count, sizeof(float));
  o->y = wd_alloc(count, sizeof(float));
  o->network = wd_alloc(count, sizeof(float));
  return o->x && o->y && o->network
             ? WD_OK
             : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for batches of %d latents", b);
}

void wd_stage2_trainer_clear(wd_trainer *t) {
  wd_stage2_trainer *o = &t->two;
  wd_schedule_clear(&o->schedule);
  wd_free(o->latents);
  wd_free(o->label);
  wd_free(o->x);
  wd_free(o->y);
  wd_free(o->network);
}

/* (C, h, w) to (h, w, C), nothing scaled: both sides are in units of the data's deviation. */
static void to_network(const wd_latent_shape *l, int n, const float *from, float *to) {
  int cells = l->height * l->width;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < l->channels; c++)
      for (int k = 0; k < cells; k++)
        to[((size_t)i * (size_t)cells + (size_t)k) * (size_t)l->channels + (size_t)c] =
            from[(size_t)i * (size_t)l->count + (size_t)c * (size_t)cells + (size_t)k];
}

wd_status wd_stage2_trainer_fill(wd_trainer *t, long first, wd_error *err) {
  wd_stage2_trainer *o = &t->two;
  const wd_stage2_config *c = &wd_model_get_config(t->model)->stage2;
  wd_latent_shape l = wd_model_latent(t->model);
  int b = t->desc.batch;
  float *time = wd_alloc((size_t)b, 2 * sizeof *time), *label = time ? time + b : NULL;
  if (!time) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch");
  for (int i = 0; i < b; i++) {
    uint64_t sample = (uint64_t)(first + i);
    wd_random r = wd_random_make(t->desc.seed, ((uint64_t)WD_STREAM_TIMESTEP << 40) + sample);
    int record = wd_trainer_record(t, first + i), step = wd_random_int(&r, 0, c->timesteps - 1);
    bool named = wd_random_uniform(&r) >= UNLABELLED;
    time[i] = (float)step;
    label[i] = (float)(named ? o->label[record] : c->families);
    double alpha = o->schedule.alpha[step], sigma = o->schedule.sigma[step];
    const float *z = o->latents + (size_t)record * (size_t)l.count;
    float *x = o->x + (size_t)i * (size_t)l.count, *y = o->y + (size_t)i * (size_t)l.count;
    wd_random_normals(t->desc.seed, ((uint64_t)WD_STREAM_NOISE << 40) + sample, 0, (uint64_t)l.count, y);
    for (int k = 0; k < l.count; k++) {
      double noise = (double)y[k];
      x[k] = (float)(alpha * (double)z[k] + sigma * noise);
      y[k] = (float)wd_prediction_of(c->prediction, (double)z[k], noise, alpha, sigma);
    }
  }
  to_network(&l, b, o->x, o->network);
  wd_status st = wd_graph_set(t->graph, o->latent, o->network, err);
  to_network(&l, b, o->y, o->network);
  if (!st) st = wd_graph_set(t->graph, o->target, o->network, err);
  if (!st) st = wd_graph_set(t->graph, o->timestep, time, err);
  if (!st) st = wd_graph_set(t->graph, o->family, label, err);
  wd_free(time);
  return st;
}
