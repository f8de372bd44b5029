/* The parts of a model in memory, and the form of latents. The folder is model_file.c. */
#include "model/checksum.h"
#include "model/model_impl.h"

#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *wd_stage_name(wd_stage stage) {
  return stage == WD_STAGE1 ? "stage1" : "stage2";
}

static wd_params **params_of(wd_model *m, wd_stage stage) {
  return stage == WD_STAGE1 ? &m->stage1 : &m->stage2;
}

wd_status wd_model_declare(wd_model *m, wd_stage stage, wd_network *n, wd_error *err) {
  *n = (wd_network){0};
  wd_status st = wd_params_create(m->device, &n->params, err);
  if (st) return st;
  st = stage == WD_STAGE1 ? wd_stage1_declare(n, &m->config.stage1, err)
                          : wd_stage2_declare(n, &m->config.stage2, err);
  if (st) {
    wd_params_destroy(n->params);
    wd_network_clear(n);
  }
  return st;
}

static wd_status draw(wd_model *m, wd_stage stage, uint64_t seed, wd_error *err) {
  wd_network n;
  wd_status st = wd_model_declare(m, stage, &n, err);
  if (st) return st;
  st = wd_network_initialise(&n, seed + (uint64_t)stage, m->gradients, err);
  wd_network_clear(&n);
  if (st) {
    wd_params_destroy(n.params);
    return st;
  }
  wd_params_changed(n.params);
  wd_params **p = params_of(m, stage);
  wd_params_destroy(*p);
  *p = n.params;
  wd_record_clear(&m->record[stage - 1]);
  return WD_OK;
}

wd_status wd_model_empty(wd_device *device, const wd_model_config *config, bool gradients, wd_model **out,
                         wd_error *err) {
  wd_model *m = wd_calloc(1, sizeof *m);
  if (!m) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a model");
  m->device = device;
  m->config = *config;
  m->gradients = gradients;
  wd_model_config_picture(config, &m->picture);
  for (int i = 0; i < WD_MAX_LATENT; i++) m->deviation[i] = 1;
  wd_status st = wd_codec_create(
      &(wd_codec_desc){.samples = config->geometry.samples, .instants = config->geometry.instants}, &m->codec,
      err);
  if (st) {
    wd_model_close(m);
    return st;
  }
  *out = m;
  return WD_OK;
}

wd_status wd_model_create(wd_device *device, const wd_model_config *config, uint64_t seed, bool gradients,
                          wd_model **out, wd_error *err) {
  wd_model_config c = config ? *config : (wd_model_config){0};
  wd_model_config_defaults(&c);
  wd_status st = wd_model_config_check(&c, err);
  wd_model *m = NULL;
  if (!st) st = wd_model_empty(device, &c, gradients, &m, err);
  if (!st) st = draw(m, WD_STAGE1, seed, err);
  if (!st) st = draw(m, WD_STAGE2, seed, err);
  if (st) {
    wd_model_close(m);
    return st;
  }
  snprintf(m->name, sizeof m->name, "untrained");
  snprintf(m->identity, sizeof m->identity, "untrained-%llx", (unsigned long long)seed);
  *out = m;
  return WD_OK;
}

wd_status wd_model_restart(wd_model *m, wd_stage stage, const wd_stage2_config *config, uint64_t seed,
                           wd_error *err) {
  wd_model_config c = m->config, before = m->config;
  if (config) c.stage2 = *config;
  wd_model_config_defaults(&c);
  wd_status st = wd_model_config_check(&c, err);
  if (st) return st;
  m->config = c;
  st = draw(m, stage, seed, err);
  if (st) m->config = before;
  return st;
}

void wd_model_close(wd_model *m) {
  if (!m) return;
  wd_params_destroy(m->stage1);
  wd_params_destroy(m->stage2);
  wd_codec_destroy(m->codec);
  for (int i = 0; i < 2; i++) wd_record_clear(&m->record[i]);
  wd_free(m);
}

wd_device *wd_model_device(const wd_model *m) {
  return m->device;
}
const wd_model_config *wd_model_get_config(const wd_model *m) {
  return &m->config;
}
const wd_picture *wd_model_picture(const wd_model *m) {
  return &m->picture;
}
const wd_codec *wd_model_codec(const wd_model *m) {
  return m->codec;
}
wd_params *wd_model_params(const wd_model *m, wd_stage stage) {
  return stage == WD_STAGE1 ? m->stage1 : m->stage2;
}
bool wd_model_has(const wd_model *m, wd_stage stage) {
  return wd_model_params(m, stage) != NULL;
}
const char *wd_model_name(const wd_model *m) {
  return m->name;
}
const char *wd_model_folder(const wd_model *m) {
  return m->folder;
}
const char *wd_model_identity(const wd_model *m) {
  return m->identity;
}

const char *wd_model_identity_of(const wd_model *m, wd_stage stage) {
  return m->stage_identity[stage - 1];
}

const char *wd_model_record(const wd_model *m, wd_stage stage, const char *key) {
  const wd_record *r = &m->record[stage - 1];
  return !strcmp(key, "training") ? r->training : !strcmp(key, "data") ? r->data : NULL;
}

wd_latent_shape wd_model_latent(const wd_model *m) {
  const wd_stage1_config *c = &m->config.stage1;
  int side = c->size / 4;
  return (wd_latent_shape){.channels = c->latent,
                           .height = side,
                           .width = side,
                           .count = c->latent * side * side,
                           .codes = (c->two_codebooks ? 2 : 1) * side * side};
}

void wd_model_get_statistics(const wd_model *m, const float **mean, const float **deviation) {
  *mean = m->mean;
  *deviation = m->deviation;
}

wd_status wd_model_set_statistics(wd_model *m, const float *mean, const float *deviation, wd_error *err) {
  for (int c = 0; c < m->config.stage1.latent; c++)
    if (!isfinite(mean[c]) || !isfinite(deviation[c]) || deviation[c] <= 0)
      return wd_fail(err, WD_ERR_ARGUMENT, "latent channel %d has mean %g and deviation %g", c,
                     (double)mean[c], (double)deviation[c]);
  size_t bytes = (size_t)m->config.stage1.latent * sizeof *mean;
  memcpy(m->mean, mean, bytes);
  memcpy(m->deviation, deviation, bytes);
  return WD_OK;
}

wd_status wd_model_set_scales(wd_model *m, double log_scale, double direct_scale, double scattered_scale,
                              wd_error *err) {
  wd_model_config c = m->config;
  c.log_scale = log_scale;
  c.direct_scale = direct_scale;
  c.scattered_scale = scattered_scale;
  wd_status st = wd_model_config_check(&c, err);
  if (!st) m->config = c;
  return st;
}

wd_status wd_model_drawer(const wd_model *m, uint64_t *out, wd_error *err) {
  wd_params *p = m->stage1;
  float *value = wd_alloc(p->total, sizeof *value);
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the weights of a decoder");
  uint64_t sum = WD_CHECKSUM_START;
  wd_status st = WD_OK;
  for (int i = 0; i < p->count && !st; i++) {
    const wd_param *q = &p->param[i];
    if (strncmp(q->name, "quantizer.", 10) != 0 && strncmp(q->name, "decoder.velocity.", 17) != 0) continue;
    st = wd_params_get(p, i, value, err);
    if (!st) sum = wd_checksum(sum, value, q->count * sizeof *value);
  }
  wd_free(value);
  if (!st) *out = sum;
  return st;
}

void wd_latent_to_network(const wd_model *m, int n, const float *latents, float *network) {
  wd_latent_shape l = wd_model_latent(m);
  int cells = l.height * l.width;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < l.channels; c++)
      for (int k = 0; k < cells; k++)
        network[((size_t)i * (size_t)cells + (size_t)k) * (size_t)l.channels + (size_t)c] =
            latents[(size_t)i * (size_t)l.count + (size_t)c * (size_t)cells + (size_t)k] * m->deviation[c] +
            m->mean[c];
}

void wd_latent_from_network(const wd_model *m, int n, const float *network, float *latents) {
  wd_latent_shape l = wd_model_latent(m);
  int cells = l.height * l.width;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < l.channels; c++)
      for (int k = 0; k < cells; k++)
        latents[(size_t)i * (size_t)l.count + (size_t)c * (size_t)cells + (size_t)k] =
            (network[((size_t)i * (size_t)cells + (size_t)k) * (size_t)l.channels + (size_t)c] - m->mean[c]) /
            m->deviation[c];
}

wd_status wd_model_survey(const wd_model *m, wd_survey **out, wd_error *err) {
  const wd_shard_desc *g = &m->config.geometry;
  wd_survey_desc d = {.nz = g->nz,
                      .nx = g->nx,
                      .spacing = g->spacing,
                      .dt = g->dt,
                      .frequency = g->frequency,
                      .samples = g->samples,
                      .shots = g->shots};
  if (g->receivers != g->nx)
    return wd_fail(
        err, WD_ERR_UNSUPPORTED,
        "this model's gathers have %d receivers on maps of %d columns: no survey is known for them",
        g->receivers, g->nx);
  return wd_survey_create(&d, out, err);
}
