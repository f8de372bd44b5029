/* The decoder of gathers alone, on pairs that a model drew (redraw): codes, and the fields that belong to the
 * map that its velocity decoder draws of them. Encoders, codebook, velocity decoder and denoiser stand still:
 * latents mean what they meant, and the denoiser that was trained on them goes on fitting. */
#include "model/train_impl.h"
#include "solver/memory.h"

#include <string.h>

static wd_status check(const wd_trainer *t, wd_error *err) {
  const wd_shard_desc *d = wd_corpus_get_desc(t->corpus);
  const char *folder = wd_corpus_folder(t->corpus);
  uint64_t drawer;
  if (!d->codes)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "%s: these shards have no codes; to train the decoder of gathers, let the model draw pairs "
        "(wavediffusion-cli redraw)",
        folder);
  wd_status st = wd_model_drawer(t->model, &drawer, err);
  if (!st && (d->codes != wd_model_latent(t->model).codes || d->drawer != drawer))
    st = wd_fail(
        err, WD_ERR_ARGUMENT,
        "%s: these pairs were drawn by another model, whose codebook or velocity decoder differs from "
        "this one's: draw them again",
        folder);
  return st;
}

static wd_status read_books(wd_trainer *t, wd_error *err) {
  wd_gathers_trainer *o = &t->gathers;
  static const char *const name[2][2] = {{"quantizer.codebook", NULL},
                                         {"quantizer.codebook.velocity", "quantizer.codebook.seismic"}};
  o->books = wd_model_get_config(t->model)->stage1.two_codebooks ? 2 : 1;
  wd_status st = WD_OK;
  for (int k = 0; k < o->books && !st; k++) {
    int at = wd_params_find(t->params, name[o->books - 1][k]);
    if (at < 0) return wd_fail(err, WD_ERR_FORMAT, "this model has no codebook");
    o->book[k] = wd_alloc(t->params->param[at].count, sizeof(float));
    st = o->book[k] ? wd_params_get(t->params, at, o->book[k], err)
                    : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a codebook");
  }
  return st;
}

wd_status wd_gathers_trainer_create(wd_trainer *t, wd_error *err) {
  wd_gathers_trainer *o = &t->gathers;
  wd_status st = check(t, err);
  if (!st) st = read_books(t, err);
  if (st) return st;
  for (int i = 0; i < t->params->count; i++)
    t->params->param[i].still = strncmp(t->params->param[i].name, "decoder.seismic.", 16) != 0;
  const wd_stage1_config *c = &wd_model_get_config(t->model)->stage1;
  wd_latent_shape l = wd_model_latent(t->model);
  wd_network n = {.graph = t->graph, .params = t->params};
  o->latent =
      wd_graph_input(t->graph, "latent", wd_shape4(t->desc.batch, l.height, l.width, l.channels), false);
  wd_train_fields_inputs(t);
  int direct, scattered;
  wd_stage1_decode_fields(&n, c, o->latent, &direct, &scattered);
  wd_train_fields_losses(t, direct, scattered, t->loss + 1);
  static const float weight[3] = {WD_FIELD_WEIGHTS};
  t->loss[0] = wd_graph_scale(t->graph, t->loss[1], weight[0], 0);
  for (int k = 1; k < 3; k++)
    t->loss[0] = wd_graph_sum(t->graph, t->loss[0], wd_graph_scale(t->graph, t->loss[1 + k], weight[k], 0));
  t->losses = 4;
  if (n.status) {
    if (err) *err = n.error;
    return n.status;
  }
  for (int i = 0; i < t->losses; i++) wd_graph_keep(t->graph, t->loss[i]);
  o->codes = wd_alloc((size_t)l.codes, sizeof *o->codes);
  o->latents = wd_alloc((size_t)t->desc.batch, (size_t)l.count * sizeof *o->latents);
  if (!o->codes || !o->latents)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for batches of %d latents", t->desc.batch);
  return wd_train_fields_make(t, err);
}

void wd_gathers_trainer_clear(wd_trainer *t) {
  wd_gathers_trainer *o = &t->gathers;
  for (int k = 0; k < 2; k++) wd_free(o->book[k]);
  wd_free(o->codes);
  wd_free(o->latents);
  for (int i = 0; t->params && i < t->params->count; i++) t->params->param[i].still = false;
}

/* The codes of a record as a latent, (h, w, C): of two codebooks each has its half of the channels. */
static wd_status put(wd_trainer *t, int i, int record, wd_error *err) {
  wd_gathers_trainer *o = &t->gathers;
  wd_latent_shape l = wd_model_latent(t->model);
  wd_status st = wd_corpus_read_codes(t->corpus, record, o->codes, err);
  size_t cells = (size_t)l.height * (size_t)l.width, width = (size_t)(l.channels / o->books);
  int each = wd_model_get_config(t->model)->stage1.codes / o->books;
  float *to = o->latents + (size_t)i * (size_t)l.count;
  for (int k = 0; k < o->books && !st; k++)
    for (size_t cell = 0; cell < cells && !st; cell++) {
      int32_t code = o->codes[(size_t)k * cells + cell];
      if (code < 0 || code >= each)
        st = wd_fail(err, WD_ERR_FORMAT, "%s: record %d has code %d of %d", wd_corpus_folder(t->corpus),
                     record, (int)code, each);
      else
        memcpy(to + cell * (size_t)l.channels + (size_t)k * width, o->book[k] + (size_t)code * width,
               width * sizeof *to);
    }
  return st;
}

wd_status wd_gathers_trainer_fill(wd_trainer *t, long first, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < t->desc.batch && !st; i++) {
    int record = wd_trainer_record(t, first + i);
    st = wd_train_fields_put(t, i, record, NULL, err);
    if (!st) st = put(t, i, record, err);
  }
  if (!st) st = wd_train_fields_set(t, err);
  return st ? st : wd_graph_set(t->graph, t->gathers.latent, t->gathers.latents, err);
}
