/* What both stages share: the order of samples, a step, averages, publishing. */
#include "model/train_impl.h"

#include "model/encoder.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *const *wd_train_losses(const wd_train_desc *desc) {
  static const char *const one[] = {"loss",    "velocity_squared", "velocity_absolute",
                                    "surface", "direct",           "scattered",
                                    "total",   "commitment",       NULL};
  static const char *const two[] = {"loss", NULL};
  static const char *const gathers[] = {"loss", "direct", "scattered", "total", NULL};
  return desc->gathers ? gathers : desc->stage == WD_STAGE2 ? two : one;
}

/* A new order for every epoch (Fisher & Yates), drawn by counter. */
static void draw_order(wd_trainer *t, long epoch) {
  int n = wd_corpus_count(t->corpus);
  wd_random r = wd_random_make(t->desc.seed, ((uint64_t)WD_STREAM_ORDER << 40) + (uint64_t)epoch);
  for (int i = 0; i < n; i++) t->order[i] = i;
  for (int i = n - 1; i > 0; i--) {
    int j = wd_random_int(&r, 0, i), k = t->order[i];
    t->order[i] = t->order[j];
    t->order[j] = k;
  }
  t->epoch = epoch;
}

int wd_trainer_record(wd_trainer *t, long n) {
  long count = wd_corpus_count(t->corpus), epoch = n / count;
  if (epoch != t->epoch) draw_order(t, epoch);
  return t->order[n % count];
}

static wd_status check(const wd_trainer *t, wd_error *err) {
  const wd_train_desc *d = &t->desc;
  const wd_shard_desc *a = wd_corpus_get_desc(t->corpus), *b = &wd_model_get_config(t->model)->geometry;
  if (d->batch < 1 || d->batch > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT, "batches of %d; 1 to 4096", d->batch);
  if (!(d->rate > 0 && d->rate <= 1))
    return wd_fail(err, WD_ERR_ARGUMENT, "a learning rate of %g; above 0, at most 1", d->rate);
  if (d->steps < 0 || !(d->seconds >= 0)) return wd_fail(err, WD_ERR_ARGUMENT, "training of negative length");
  if (!t->params || !t->params->grad)
    return wd_fail(err, WD_ERR_ARGUMENT, "this model was opened without gradients, or has no such stage");
  if (a->nz != b->nz || a->nx != b->nx || a->shots != b->shots || a->samples != b->samples ||
      a->receivers != b->receivers || a->instants != b->instants || a->spacing != b->spacing ||
      a->dt != b->dt || a->frequency != b->frequency)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "%s holds maps of %d x %d at %g m with gathers of %d x %d x %d (%d instants, %g s, %g Hz); "
        "the model is of %d x %d at %g m, %d x %d x %d (%d instants, %g s, %g Hz)",
        wd_corpus_folder(t->corpus), a->nz, a->nx, a->spacing, a->shots, a->samples, a->receivers,
        a->instants, a->dt, a->frequency, b->nz, b->nx, b->spacing, b->shots, b->samples, b->receivers,
        b->instants, b->dt, b->frequency);
  if (wd_corpus_count(t->corpus) < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: nothing to train on", wd_corpus_folder(t->corpus));
  return WD_OK;
}

wd_status wd_trainer_create(wd_model *model, const wd_corpus *corpus, const wd_train_desc *desc,
                            const char *cache, const wd_hooks *hooks, wd_trainer **out, wd_error *err) {
  wd_trainer *t = wd_calloc(1, sizeof *t);
  if (!t) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a trainer");
  t->model = model;
  t->corpus = corpus;
  t->epoch = -1;
  if (desc) t->desc = *desc;
  wd_train_desc *d = &t->desc;
  if (!d->stage) d->stage = WD_STAGE1;
  bool one = d->stage == WD_STAGE1 && !d->gathers;
  if (d->gathers) d->stage = WD_STAGE1;
  if (!d->batch) d->batch = d->stage == WD_STAGE1 ? 8 : 32;
  if (!d->rate) d->rate = d->stage == WD_STAGE1 ? 8e-4 : 6e-4;
  t->params = wd_model_params(model, d->stage);
  wd_status st = check(t, err);
  if (!st && one && !wd_model_identity_of(model, WD_STAGE1)[0])
    st = wd_stage1_trainer_scales(model, corpus, err);
  if (!st && !(t->order = wd_alloc((size_t)wd_corpus_count(corpus), sizeof(int))))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the order of %d records", wd_corpus_count(corpus));
  wd_graph_desc g = {.backward = true, .weight_gradients = true, .precision = d->precision};
  if (!st) st = wd_graph_create(wd_model_device(model), t->params, &g, &t->graph, err);
  if (!st)
    st = one          ? wd_stage1_trainer_create(t, err)
         : d->gathers ? wd_gathers_trainer_create(t, err)
                      : wd_stage2_trainer_create(t, cache, hooks, err);
  if (!st) st = wd_graph_compile(t->graph, err);
  wd_optimizer_desc o = {.learning_rate = d->rate, .total = d->steps, .ema = 0.999};
  if (!st) st = wd_optimizer_create(t->params, &o, &t->optimizer, err);
  if (st) {
    wd_trainer_destroy(t);
    return st;
  }
  *out = t;
  return WD_OK;
}

void wd_trainer_destroy(wd_trainer *t) {
  if (!t) return;
  wd_graph_destroy(t->graph);
  wd_optimizer_destroy(t->optimizer);
  if (t->desc.gathers)
    wd_gathers_trainer_clear(t);
  else if (t->desc.stage == WD_STAGE1)
    wd_stage1_trainer_clear(t);
  else
    wd_stage2_trainer_clear(t);
  wd_train_fields_clear(t);
  wd_free(t->order);
  free(t->before);
  wd_free(t);
}

const wd_train_desc *wd_trainer_get_desc(const wd_trainer *t) {
  return &t->desc;
}
long wd_trainer_steps(const wd_trainer *t) {
  return wd_optimizer_steps(t->optimizer);
}
double wd_trainer_seconds(const wd_trainer *t) {
  return t->seconds;
}
bool wd_trainer_done(const wd_trainer *t) {
  if (t->desc.steps) return wd_trainer_steps(t) >= t->desc.steps;
  return t->desc.seconds > 0 && t->seconds >= t->desc.seconds;
}

wd_status wd_trainer_step(wd_trainer *t, const wd_hooks *hooks, wd_train_report *out, wd_error *err) {
  if (t->averaged) return wd_fail(err, WD_ERR_ARGUMENT, "the model shows its averaged weights now");
  double start = now();
  bool one = t->desc.stage == WD_STAGE1 && !t->desc.gathers;
  long step = wd_trainer_steps(t) + 1, first = (step - 1) * t->desc.batch;
  wd_train_report r = {.step = step, .samples = first + t->desc.batch, .codes_used = NAN};
  wd_status st = one               ? wd_stage1_trainer_fill(t, first, err)
                 : t->desc.gathers ? wd_gathers_trainer_fill(t, first, err)
                                   : wd_stage2_trainer_fill(t, first, err);
  if (!st) st = wd_params_zero_grad(t->params, err);
  if (!st) st = wd_graph_forward(t->graph, hooks, err);
  for (int i = 0; i < t->losses && !st; i++) {
    float value;
    st = wd_graph_get(t->graph, t->loss[i], &value, err);
    r.loss[i] = (double)value;
  }
  if (!st) st = wd_graph_backward(t->graph, t->loss[0], NULL, hooks, err);
  if (!t->desc.steps && t->desc.seconds > 0)
    wd_optimizer_set_progress(t->optimizer, t->seconds / t->desc.seconds);
  r.rate = wd_optimizer_rate_now(t->optimizer);
  if (!st) st = wd_optimizer_step(t->optimizer, &r.gradient_norm, err);
  if (!st && one) st = wd_stage1_trainer_finish(t, step, err);
  if (st) return st;
  if (one && step > 100) r.codes_used = wd_codebook_used(&t->one.book[0]);
  r.step_seconds = now() - start;
  t->seconds += r.step_seconds;
  r.seconds = t->seconds;
  *out = r;
  return WD_OK;
}

wd_status wd_trainer_average(wd_trainer *t, bool on, wd_error *err) {
  if (t->averaged == on) return WD_OK;
  wd_status st = wd_optimizer_swap(t->optimizer, err);
  if (st) return st;
  t->averaged = on;
  /* The codebook is an average already, and of unit codes: the optimizer's of it means nothing. */
  return t->desc.stage == WD_STAGE1 && !t->desc.gathers ? wd_stage1_trainer_put_codes(t, err) : WD_OK;
}

wd_status wd_trainer_encode(wd_model *m, const wd_corpus *c, int first, int n, float *latents,
                            const wd_hooks *hooks, wd_error *err) {
  const wd_picture *p = wd_model_picture(m);
  size_t map = (size_t)p->nz * (size_t)p->nx;
  size_t coded = (size_t)p->shots * (size_t)p->instants * (size_t)p->receivers;
  enum { BATCH = 8 };
  float *velocity = wd_alloc(BATCH * map, sizeof *velocity), *total = wd_alloc(BATCH * coded, sizeof *total);
  float *direct = wd_alloc(coded, sizeof *direct);
  wd_encoder *e = NULL;
  wd_status st = velocity && total && direct ? wd_encoder_create(m, &(wd_coder_desc){.batch = BATCH}, &e, err)
                                             : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to encode a corpus");
  int size = wd_model_latent(m).count;
  for (int i = 0; i < n && !st; i += BATCH) {
    const float *v[BATCH], *s[BATCH];
    int now_many = n - i < BATCH ? n - i : BATCH;
    for (int k = 0; k < now_many && !st; k++) {
      float *at = total + (size_t)k * coded;
      v[k] = velocity + (size_t)k * map;
      s[k] = at;
      st = wd_corpus_read(c, first + i + k, velocity + (size_t)k * map, at, direct, err);
      for (size_t j = 0; j < coded && !st; j++) at[j] += direct[j];
    }
    if (!st) st = wd_encoder_run(e, now_many, v, s, latents + (size_t)i * (size_t)size, NULL, hooks, err);
    wd_hooks_progress(hooks, (double)(i + now_many) / n);
  }
  wd_encoder_destroy(e);
  wd_free(velocity);
  wd_free(total);
  wd_free(direct);
  return st;
}

wd_status wd_stage1_trainer_statistics(wd_trainer *t, const wd_hooks *hooks, wd_error *err) {
  wd_latent_shape l = wd_model_latent(t->model);
  float mean[64], deviation[64];
  for (int c = 0; c < l.channels; c++) mean[c] = 0, deviation[c] = 1;
  wd_status st = wd_model_set_statistics(t->model, mean, deviation, err);
  int n = wd_corpus_count(t->corpus) < 256 ? wd_corpus_count(t->corpus) : 256;
  float *z = wd_alloc((size_t)n, (size_t)l.count * sizeof *z);
  if (!z) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", n);
  if (!st) st = wd_trainer_encode(t->model, t->corpus, 0, n, z, hooks, err);
  size_t cells = (size_t)l.height * (size_t)l.width;
  for (int c = 0; c < l.channels && !st; c++) {
    double sum = 0, square = 0, count = (double)n * (double)cells;
    for (int i = 0; i < n; i++)
      for (size_t k = 0; k < cells; k++) {
        double x = (double)z[(size_t)i * (size_t)l.count + (size_t)c * cells + k];
        sum += x;
        square += x * x;
      }
    mean[c] = (float)(sum / count);
    deviation[c] = (float)sqrt(fmax(square / count - sum / count * (sum / count), 1e-8));
  }
  wd_free(z);
  return st ? st : wd_model_set_statistics(t->model, mean, deviation, err);
}

/* JSON for the weights' metadata; NULL without memory. */
static char *record_training(const wd_trainer *t) {
  const wd_train_desc *d = &t->desc;
  const wd_device_info *info = wd_device_get_info(wd_model_device(t->model));
  json_t *o = json_pack("{s:s, s:I, s:I, s:i, s:f, s:f, s:I, s:s, s:s}", "stage",
                        d->gathers              ? "gathers"
                        : d->stage == WD_STAGE1 ? "autoencoder"
                                                : "diffusion",
                        "steps", (json_int_t)wd_trainer_steps(t), "samples",
                        (json_int_t)(wd_trainer_steps(t) * d->batch), "batch", d->batch, "rate", d->rate,
                        "seconds", t->seconds, "seed", (json_int_t)d->seed, "precision",
                        d->precision == WD_PRECISION_BF16 ? "bf16" : "f32", "device", info->name);
  /* What made the rest of the autoencoder. */
  const char *before = d->gathers ? wd_model_record(t->model, WD_STAGE1, "training") : NULL;
  if (o && d->gathers) {
    json_object_set_new(o, "drawn_pairs", json_integer(wd_corpus_count(t->corpus)));
    if (before) json_object_set_new(o, "before", json_loads(before, 0, NULL));
  }
  char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
  json_decref(o);
  return text;
}

/* Whoever looks for what a sample may have been copied from can make the maps again: how many records are of
 * which seed, in the order of the corpus; empty when one is not of our families. */
static json_t *record_seeds(const wd_trainer *t) {
  json_t *list = json_array();
  int n = wd_corpus_count(t->corpus), first = 0;
  for (int i = 0; i < n; i++) {
    wd_shard_record r = wd_corpus_get_record(t->corpus, i);
    if (r.family < 0) {
      json_array_clear(list);
      return list;
    }
    if (i + 1 < n && wd_corpus_get_record(t->corpus, i + 1).seed == r.seed) continue;
    json_array_append_new(list,
                          json_pack("{s:I, s:i}", "seed", (json_int_t)r.seed, "records", i + 1 - first));
    first = i + 1;
  }
  return list;
}

static char *record_data(const wd_trainer *t) {
  int count[11];
  wd_corpus_families(t->corpus, count);
  json_t *families = json_object();
  for (int f = 0; f <= WD_FAMILIES; f++)
    if (count[f])
      json_object_set_new(families, f < WD_FAMILIES ? wd_family_name((wd_family)f) : "other",
                          json_integer(count[f]));
  char print[32];
  snprintf(print, sizeof print, "%016llx", (unsigned long long)wd_corpus_fingerprint(t->corpus));
  json_t *o = json_pack("{s:i, s:i, s:s, s:o}", "records", wd_corpus_count(t->corpus), "held_out",
                        wd_corpus_held_out(t->corpus), "fingerprint", print, "families", families);
  if (o) json_object_set_new(o, "seeds", record_seeds(t));
  if (o && t->before) json_object_set_new(o, "before", json_loads(t->before, 0, NULL));
  char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
  json_decref(o);
  return text;
}

wd_status wd_trainer_publish(wd_trainer *t, const char *folder, wd_dtype type, size_t limit,
                             const wd_hooks *hooks, wd_error *err) {
  bool before = t->averaged;
  wd_status st = wd_trainer_average(t, true, err);
  if (!st && t->desc.stage == WD_STAGE1 && !t->desc.gathers) st = wd_stage1_trainer_statistics(t, hooks, err);
  /* Of drawn pairs the maps are nobody's data: those that the autoencoder learned from stay on record. */
  char *training = record_training(t), *data = t->desc.gathers ? NULL : record_data(t);
  if (!st && (!training || (!data && !t->desc.gathers)))
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a training record");
  wd_model_save_desc save = {.type = type, .limit = limit, .training = training, .data = data};
  if (!st) st = wd_model_save(t->model, t->desc.stage, folder, &save, err);
  /* Latents are what they were: the denoiser's weights stay, and belong to the new stage 1. */
  if (!st && t->desc.gathers && wd_model_has(t->model, WD_STAGE2))
    st = wd_model_save(t->model, WD_STAGE2, folder, &(wd_model_save_desc){.type = type, .limit = limit}, err);
  free(training);
  free(data);
  wd_error second;
  wd_status back = wd_trainer_average(t, before, st ? &second : err);
  return st ? st : back;
}
