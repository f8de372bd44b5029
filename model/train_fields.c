/* What a decoder of gathers is held against: the direct and the scattered field of a batch, and their losses.
 *
 *   direct      squared error of the direct field over its own energy
 *
 *   scattered   squared error of the scattered field over its own energy (and a thousandth of the gather's,
 *               lest pairs with nothing to reflect rule). Squared, not absolute: the field is sparse, and
 *               where a network is unsure its best absolute answer is silence.
 *
 *   total       squared error of the sum over the scattered energy: the square of what the reflection
 *               residual measures, so that the direct wave's phase counts as much as it does there */
#include "model/train_impl.h"
#include "solver/memory.h"

/* Energies that are added to a denominator, as a share of the whole gather's. */
#define FLOOR_SCATTERED 1e-3
#define FLOOR_TOTAL     1e-2

static size_t coded_count(const wd_picture *p) {
  return (size_t)p->shots * (size_t)p->instants * (size_t)p->receivers;
}
static size_t picture_count(const wd_picture *p) {
  return (size_t)p->size * (size_t)p->size * (size_t)wd_picture_channels(p);
}

void wd_train_fields_inputs(wd_trainer *t) {
  wd_train_fields *f = &t->fields;
  const wd_stage1_config *c = &wd_model_get_config(t->model)->stage1;
  wd_graph *g = t->graph;
  int b = t->desc.batch, s = c->size;
  f->direct = wd_graph_input(g, "direct", wd_shape4(b, s, s, c->seismic), false);
  f->scattered = wd_graph_input(g, "scattered", wd_shape4(b, s, s, c->seismic), false);
  static const char *const name[3] = {"direct weight", "scattered weight", "total weight"};
  for (int k = 0; k < 3; k++) f->weight[k] = wd_graph_input(g, name[k], wd_shape2(b, 1), false);
}

void wd_train_fields_losses(wd_trainer *t, int direct, int scattered, int part[3]) {
  const wd_train_fields *f = &t->fields;
  const wd_model_config *c = wd_model_get_config(t->model);
  wd_graph *g = t->graph;
  /* The sums, in units of the scattered field. */
  float unit = (float)(c->direct_scale / c->scattered_scale);
  int sum = wd_graph_add(g, wd_graph_scale(g, direct, unit, 0), scattered);
  int target = wd_graph_add(g, wd_graph_scale(g, f->direct, unit, 0), f->scattered);
  part[0] = wd_graph_squared_loss(g, direct, f->direct, f->weight[0]);
  part[1] = wd_graph_squared_loss(g, scattered, f->scattered, f->weight[1]);
  part[2] = wd_graph_squared_loss(g, sum, target, f->weight[2]);
}

wd_status wd_train_fields_make(wd_trainer *t, wd_error *err) {
  wd_train_fields *f = &t->fields;
  const wd_picture *p = wd_model_picture(t->model);
  size_t b = (size_t)t->desc.batch;
  f->read_scattered = wd_alloc(coded_count(p), sizeof(float));
  f->read_direct = wd_alloc(coded_count(p), sizeof(float));
  f->picture[0] = wd_alloc(b * picture_count(p), sizeof(float));
  f->picture[1] = wd_alloc(b * picture_count(p), sizeof(float));
  f->small = wd_alloc(b, 3 * sizeof(float));
  if (f->read_scattered && f->read_direct && f->picture[0] && f->picture[1] && f->small) return WD_OK;
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for batches of %d pairs", t->desc.batch);
}

void wd_train_fields_clear(wd_trainer *t) {
  wd_train_fields *f = &t->fields;
  wd_free(f->read_scattered);
  wd_free(f->read_direct);
  wd_free(f->picture[0]);
  wd_free(f->picture[1]);
  wd_free(f->small);
}

static double mean_square(const float *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum / (double)n;
}

wd_status wd_train_fields_put(wd_trainer *t, int i, int record, float *velocity, wd_error *err) {
  wd_train_fields *f = &t->fields;
  const wd_picture *p = wd_model_picture(t->model);
  const wd_model_config *c = wd_model_get_config(t->model);
  wd_status st = wd_corpus_read(t->corpus, record, velocity, f->read_scattered, f->read_direct, err);
  if (st) return st;
  size_t many = picture_count(p), b = (size_t)t->desc.batch, at = (size_t)i;
  float *direct = f->picture[0] + at * many, *scattered = f->picture[1] + at * many;
  wd_picture_from_seismic(p, WD_AMPLITUDE_LINEAR, c->direct_scale, f->read_direct, direct);
  wd_picture_from_seismic(p, WD_AMPLITUDE_LINEAR, c->scattered_scale, f->read_scattered, scattered);
  double d = mean_square(direct, many), s = mean_square(scattered, many);
  double unit = c->direct_scale / c->scattered_scale, whole = d * unit * unit + s;
  f->small[at] = (float)(1 / (d + 1e-12));
  f->small[b + at] = (float)(1 / (s + FLOOR_SCATTERED * whole + 1e-12));
  f->small[2 * b + at] = (float)(1 / (s + FLOOR_TOTAL * whole + 1e-12));
  return WD_OK;
}

wd_status wd_train_fields_set(wd_trainer *t, wd_error *err) {
  const wd_train_fields *f = &t->fields;
  wd_status st = wd_graph_set(t->graph, f->direct, f->picture[0], err);
  if (!st) st = wd_graph_set(t->graph, f->scattered, f->picture[1], err);
  for (int k = 0; k < 3 && !st; k++)
    st = wd_graph_set(t->graph, f->weight[k], f->small + k * t->desc.batch, err);
  return st;
}
