#include "model/encoder.h"

#include "model/coder_impl.h"
#include "solver/memory.h"

#include <string.h>

struct wd_encoder {
  wd_coder coder;
  int velocity, seismic, velocity_given, seismic_given, latent; /* nodes */
  float *picture; /* room for the pictures of a batch, one modality at a time */
};

wd_status wd_coder_begin(wd_coder *c, wd_model *model, const wd_coder_desc *desc, wd_error *err) {
  *c = (wd_coder){.model = model};
  if (desc) c->desc = *desc;
  if (!c->desc.batch) c->desc.batch = 1;
  if (c->desc.batch < 1 || c->desc.batch > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT, "a batch of %d; 1 to 4096", c->desc.batch);
  wd_graph_desc g = {.backward = c->desc.gradient, .precision = c->desc.precision};
  wd_status st =
      wd_graph_create(wd_model_device(model), wd_model_params(model, WD_STAGE1), &g, &c->graph, err);
  if (st) return st;
  wd_latent_shape l = wd_model_latent(model);
  c->latents = wd_calloc((size_t)c->desc.batch, (size_t)l.count * sizeof *c->latents);
  if (!c->latents)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch of %d latents", c->desc.batch);
  return WD_OK;
}

wd_status wd_coder_compile(wd_coder *c, const wd_network *n, wd_error *err) {
  if (n->status) {
    if (err) *err = n->error;
    return n->status;
  }
  for (int i = 0; i < wd_graph_count(c->graph); i++)
    if (wd_graph_node(c->graph, i)->op == WD_OP_QUANTIZE && c->quantizers < 2)
      c->quantizer[c->quantizers++] = i;
  return wd_graph_compile(c->graph, err);
}

void wd_coder_end(wd_coder *c) {
  wd_graph_destroy(c->graph);
  wd_free(c->latents);
}

wd_status wd_coder_codes(wd_coder *c, int n, int32_t *codes, wd_error *err) {
  wd_latent_shape l = wd_model_latent(c->model);
  int cells = l.height * l.width;
  int32_t *all = wd_alloc((size_t)c->desc.batch * (size_t)cells, sizeof *all);
  if (!all) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the codes of %d latents", c->desc.batch);
  wd_status st = WD_OK;
  for (int q = 0; q < c->quantizers && !st; q++) {
    st = wd_graph_get_index(c->graph, c->quantizer[q], all, err);
    for (int i = 0; i < n && !st; i++)
      memcpy(codes + (size_t)i * (size_t)l.codes + (size_t)q * (size_t)cells, all + (size_t)i * (size_t)cells,
             (size_t)cells * sizeof *codes);
  }
  wd_free(all);
  return st;
}

wd_status wd_encoder_create(wd_model *model, const wd_coder_desc *desc, wd_encoder **out, wd_error *err) {
  wd_encoder *e = wd_calloc(1, sizeof *e);
  if (!e) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for an encoder");
  wd_coder *c = &e->coder;
  wd_coder_desc d = desc ? *desc : (wd_coder_desc){0};
  d.gradient = false;
  wd_status st = wd_coder_begin(c, model, &d, err);
  if (!st) {
    const wd_stage1_config *s = &wd_model_get_config(model)->stage1;
    int batch = c->desc.batch, size = s->size;
    wd_graph *g = c->graph;
    e->velocity = wd_graph_input(g, "velocity", wd_shape4(batch, size, size, 1), false);
    e->seismic = wd_graph_input(g, "seismic", wd_shape4(batch, size, size, s->seismic), false);
    e->velocity_given = wd_graph_input(g, "velocity given", wd_shape2(batch, 1), false);
    e->seismic_given = wd_graph_input(g, "seismic given", wd_shape2(batch, 1), false);
    wd_network n = {.graph = g, .params = wd_model_params(model, WD_STAGE1)};
    e->latent = wd_stage1_encode(&n, s, e->velocity, e->seismic, e->velocity_given, e->seismic_given);
    wd_graph_keep(g, e->latent);
    wd_stage1_quantize(&n, s, e->latent);
    st = wd_coder_compile(c, &n, err);
    size_t cells = (size_t)size * (size_t)size * (size_t)batch;
    e->picture = wd_calloc(cells, (size_t)s->seismic * sizeof(float));
    if (!st && !e->picture) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for pictures");
  }
  if (st) {
    wd_encoder_destroy(e);
    return st;
  }
  *out = e;
  return WD_OK;
}

void wd_encoder_destroy(wd_encoder *e) {
  if (!e) return;
  wd_coder_end(&e->coder);
  wd_free(e->picture);
  wd_free(e);
}

/* One modality's pictures and mask, nothing where it is not given. */
static wd_status set(wd_encoder *e, bool seismic, int n, const float *const *given, wd_error *err) {
  wd_coder *c = &e->coder;
  const wd_model_config *config = wd_model_get_config(c->model);
  const wd_picture *p = wd_model_picture(c->model);
  size_t one = (size_t)p->size * (size_t)p->size * (size_t)(seismic ? wd_picture_channels(p) : 1);
  float *mask = wd_calloc((size_t)c->desc.batch, sizeof *mask);
  if (!mask) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch");
  memset(e->picture, 0, one * (size_t)c->desc.batch * sizeof(float));
  for (int i = 0; i < n; i++) {
    if (!given || !given[i]) continue;
    mask[i] = 1;
    if (seismic)
      wd_picture_from_seismic(p, WD_AMPLITUDE_LOG, config->log_scale, given[i], e->picture + (size_t)i * one);
    else
      wd_picture_from_velocity(p, given[i], e->picture + (size_t)i * one);
  }
  wd_status st = wd_graph_set(c->graph, seismic ? e->seismic : e->velocity, e->picture, err);
  if (!st) st = wd_graph_set(c->graph, seismic ? e->seismic_given : e->velocity_given, mask, err);
  wd_free(mask);
  return st;
}

wd_status wd_encoder_run(wd_encoder *e, int n, const float *const *velocity, const float *const *coded,
                         float *latents, int32_t *codes, const wd_hooks *hooks, wd_error *err) {
  wd_coder *c = &e->coder;
  if (n < 1 || n > c->desc.batch)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d pairs for an encoder of at most %d", n, c->desc.batch);
  for (int i = 0; i < n; i++)
    if (!(velocity && velocity[i]) && !(coded && coded[i]))
      return wd_fail(err, WD_ERR_ARGUMENT, "pair %d has neither a velocity map nor gathers", i);
  wd_status st = set(e, false, n, velocity, err);
  if (!st) st = set(e, true, n, coded, err);
  if (!st) st = wd_graph_forward(c->graph, hooks, err);
  if (!st) st = wd_graph_get(c->graph, e->latent, c->latents, err);
  if (!st && codes) st = wd_coder_codes(c, n, codes, err);
  if (!st) wd_latent_from_network(c->model, n, c->latents, latents);
  return st;
}
