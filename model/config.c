#include "model/config.h"

#include "solver/memory.h"
#include "solver/survey.h"

#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

void wd_model_config_defaults(wd_model_config *c) {
  wd_shard_desc *g = &c->geometry;
  if (!g->nz) g->nz = 70;
  if (!g->nx) g->nx = 70;
  if (!g->spacing) g->spacing = 10;
  if (!g->shots) g->shots = 5;
  if (!g->samples) g->samples = 1000;
  if (!g->receivers) g->receivers = g->nx;
  if (!g->instants) g->instants = 144;
  if (!g->dt) g->dt = 0.001;
  if (!g->frequency) g->frequency = 15;
  if (!c->velocity_min) c->velocity_min = 1500;
  if (!c->velocity_max) c->velocity_max = 4500;
  if (!c->log_scale) c->log_scale = 1;
  if (!c->direct_scale) c->direct_scale = 1;
  if (!c->scattered_scale) c->scattered_scale = 1;
  wd_picture picture;
  if (!wd_picture_init(g->nz, g->nx, g->shots, g->instants, g->receivers, &picture, NULL)) {
    if (!c->stage1.size) c->stage1.size = picture.size;
    if (!c->stage1.seismic) c->stage1.seismic = wd_picture_channels(&picture);
  }
  wd_stage1_defaults(&c->stage1);
  if (!c->stage2.size) c->stage2.size = c->stage1.size / 4;
  if (!c->stage2.latent) c->stage2.latent = c->stage1.latent;
  wd_stage2_defaults(&c->stage2);
}

void wd_model_config_picture(const wd_model_config *c, wd_picture *out) {
  const wd_shard_desc *g = &c->geometry;
  wd_picture_init(g->nz, g->nx, g->shots, g->instants, g->receivers, out, NULL);
}

static bool positive(double x) {
  return isfinite(x) && x > 0;
}

wd_status wd_model_config_check(const wd_model_config *c, wd_error *err) {
  const wd_shard_desc *g = &c->geometry;
  wd_picture p;
  wd_status st = wd_picture_init(g->nz, g->nx, g->shots, g->instants, g->receivers, &p, err);
  if (st) return st;
  if (g->samples < g->instants || g->samples > WD_MAX_SAMPLES)
    return wd_fail(err, WD_ERR_ARGUMENT, "a model of gathers of %d samples and %d instants", g->samples,
                   g->instants);
  if (!positive(g->spacing) || !positive(g->dt) || !(isfinite(g->frequency) && g->frequency >= 0))
    return wd_fail(err, WD_ERR_ARGUMENT, "a model of maps of %g m spacing, gathers of %g s and %g Hz",
                   g->spacing, g->dt, g->frequency);
  if (!positive(c->velocity_min) || !isfinite(c->velocity_max) || c->velocity_max <= c->velocity_min)
    return wd_fail(err, WD_ERR_ARGUMENT, "a model of velocities from %g to %g m/s", c->velocity_min,
                   c->velocity_max);
  if (!positive(c->log_scale) || !positive(c->direct_scale) || !positive(c->scattered_scale))
    return wd_fail(err, WD_ERR_ARGUMENT, "amplitude scales %g, %g and %g: they are positive", c->log_scale,
                   c->direct_scale, c->scattered_scale);
  if ((st = wd_stage1_check(&c->stage1, err)) || (st = wd_stage2_check(&c->stage2, err))) return st;
  if (c->stage1.size != p.size || c->stage1.seismic != wd_picture_channels(&p))
    return wd_fail(
        err, WD_ERR_SHAPE,
        "stage 1 sees pictures of side %d with %d channels; these maps and gathers make side %d with %d",
        c->stage1.size, c->stage1.seismic, p.size, wd_picture_channels(&p));
  if (c->stage2.size * 4 != c->stage1.size || c->stage2.latent != c->stage1.latent)
    return wd_fail(err, WD_ERR_SHAPE, "stage 2 takes latents of %d x %d x %d, stage 1 makes %d x %d x %d",
                   c->stage2.latent, c->stage2.size, c->stage2.size, c->stage1.latent, c->stage1.size / 4,
                   c->stage1.size / 4);
  return WD_OK;
}

/* ---- JSON: one row a value, so that reading and writing cannot come apart ---- */

typedef enum field_type { INTEGER, REAL, FLAG, SCHEDULE, PREDICTION } field_type;

typedef struct field {
  const char *group, *key;
  field_type type;
  size_t offset;
} field;

#define G(key, type)                                                                                         \
  { "geometry", #key, type, offsetof(wd_model_config, geometry.key) }
#define P(key)                                                                                               \
  { "pictures", #key, REAL, offsetof(wd_model_config, key) }
#define A(key, type)                                                                                         \
  { "stage1", #key, type, offsetof(wd_model_config, stage1.key) }
#define D(key, type)                                                                                         \
  { "stage2", #key, type, offsetof(wd_model_config, stage2.key) }
static const field fields[] = {
    G(nz, INTEGER),
    G(nx, INTEGER),
    G(spacing, REAL),
    G(shots, INTEGER),
    G(samples, INTEGER),
    G(receivers, INTEGER),
    G(instants, INTEGER),
    G(dt, REAL),
    G(frequency, REAL),
    P(velocity_min),
    P(velocity_max),
    P(log_scale),
    P(direct_scale),
    P(scattered_scale),
    A(size, INTEGER),
    A(seismic, INTEGER),
    A(latent, INTEGER),
    A(codes, INTEGER),
    A(two_codebooks, FLAG),
    A(velocity_width, INTEGER),
    A(seismic_width, INTEGER),
    A(velocity_blocks, INTEGER),
    A(seismic_blocks, INTEGER),
    A(heads, INTEGER),
    A(groups, INTEGER),
    D(size, INTEGER),
    D(latent, INTEGER),
    D(width, INTEGER),
    D(blocks, INTEGER),
    D(heads, INTEGER),
    D(groups, INTEGER),
    D(families, INTEGER),
    D(schedule, SCHEDULE),
    D(timesteps, INTEGER),
    D(prediction, PREDICTION),
};
#undef G
#undef P
#undef A
#undef D

static json_t *value_json(const field *f, const wd_model_config *c) {
  const void *at = (const char *)c + f->offset;
  switch (f->type) {
  case INTEGER: return json_integer(*(const int *)at);
  case REAL: return json_real(*(const double *)at);
  case FLAG: return json_boolean(*(const bool *)at);
  case SCHEDULE: return json_string(wd_schedule_name(*(const wd_schedule_kind *)at));
  case PREDICTION: return json_string(*(const wd_prediction *)at == WD_PREDICT_V ? "v" : "epsilon");
  }
  return NULL;
}

static bool read_value(const field *f, const json_t *value, wd_model_config *c) {
  void *at = (char *)c + f->offset;
  switch (f->type) {
  case INTEGER: {
    json_int_t i = json_integer_value(value);
    *(int *)at = (int)i;
    return json_is_integer(value) && i >= 0 && i <= 1 << 30;
  }
  case REAL: *(double *)at = json_number_value(value); return json_is_number(value);
  case FLAG: *(bool *)at = json_is_true(value); return json_is_boolean(value);
  case SCHEDULE: return json_is_string(value) && wd_schedule_parse(json_string_value(value), at);
  case PREDICTION: {
    const char *text = json_string_value(value);
    bool v = text && !strcmp(text, "v");
    *(wd_prediction *)at = v ? WD_PREDICT_V : WD_PREDICT_EPSILON;
    return v || (text && !strcmp(text, "epsilon"));
  }
  }
  return false;
}

enum { FIELDS = sizeof fields / sizeof *fields };

wd_status wd_model_config_write(const wd_model_config *c, char **out, wd_error *err) {
  json_t *root = json_object();
  bool ok = root != NULL;
  for (int i = 0; i < FIELDS && ok; i++) {
    json_t *group = json_object_get(root, fields[i].group);
    if (!group) {
      group = json_object();
      ok = !json_object_set_new(root, fields[i].group, group);
    }
    ok = ok && !json_object_set_new(group, fields[i].key, value_json(&fields[i], c));
  }
  size_t size = ok ? json_dumpb(root, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(17)) : 0;
  char *text = size ? wd_alloc(size + 1, 1) : NULL;
  if (text) {
    json_dumpb(root, text, size, JSON_COMPACT | JSON_REAL_PRECISION(17));
    text[size] = 0;
  }
  json_decref(root);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to write a model's configuration");
  *out = text;
  return WD_OK;
}

wd_status wd_model_config_read(const char *json, wd_model_config *out, wd_error *err) {
  json_error_t fault;
  json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &fault);
  if (!root)
    return wd_fail(err, WD_ERR_FORMAT, "the model's configuration is no JSON: %s (column %d)", fault.text,
                   fault.column);
  wd_model_config c = {0};
  wd_status st = WD_OK;
  for (int i = 0; i < FIELDS && !st; i++) {
    const json_t *value = json_object_get(json_object_get(root, fields[i].group), fields[i].key);
    if (!value)
      st = wd_fail(err, WD_ERR_FORMAT, "the model's configuration has no %s.%s", fields[i].group,
                   fields[i].key);
    else if (!read_value(&fields[i], value, &c))
      st = wd_fail(err, WD_ERR_FORMAT, "the model's configuration: %s.%s has a value that cannot be",
                   fields[i].group, fields[i].key);
  }
  json_decref(root);
  if (!st && (st = wd_model_config_check(&c, err)))
    st = wd_fail_context(err, WD_ERR_FORMAT, "the model's configuration");
  if (!st) *out = c;
  return st;
}
