/* Stage 1: a step's graph, its inputs, and its losses.
 *
 *   velocity    mean square and mean absolute error of the normalised map
 *
 *   surface     squared error of the map's uppermost rows, which the direct wave runs along: an error of one
 *               percent there shifts F(v) as much as all reflections weigh, and was two thirds of what the
 *               residual of a decoded pair had over that of its gathers alone
 *
 *   direct, scattered, total   of the gathers: train_fields.c
 *
 *   commitment  of latents to their codes */
#include "model/decoder.h"
#include "model/train_impl.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <string.h>

#define VELOCITY_SQUARED  2.0f
#define VELOCITY_ABSOLUTE 1.0f
#define SURFACE           1.0f
#define COMMITMENT        0.25f

/* What a row of the map weighs in the surface loss: exp(-(row / SURFACE_ROWS)^2), scaled so that the
 * mean is SURFACE_WEIGHT: the loss is that many times a weighted mean over rows. */
#define SURFACE_WEIGHT 40.0
#define SURFACE_ROWS   4.0

/* Shares of samples that see one modality only; the rest see both. */
#define SEISMIC_ONLY  0.35
#define VELOCITY_ONLY 0.3

static size_t map_count(const wd_picture *p) {
  return (size_t)p->nz * (size_t)p->nx;
}
static size_t coded_count(const wd_picture *p) {
  return (size_t)p->shots * (size_t)p->instants * (size_t)p->receivers;
}

static int weighted(wd_graph *g, int loss, float weight) {
  return wd_graph_scale(g, loss, weight, 0);
}

static void build(wd_trainer *t, wd_network *n) {
  wd_stage1_trainer *o = &t->one;
  const wd_stage1_config *c = &wd_model_get_config(t->model)->stage1;
  wd_graph *g = t->graph;
  int b = t->desc.batch, s = c->size;
  o->velocity = wd_graph_input(g, "velocity", wd_shape4(b, s, s, 1), false);
  o->seismic = wd_graph_input(g, "seismic", wd_shape4(b, s, s, c->seismic), false);
  o->velocity_given = wd_graph_input(g, "velocity given", wd_shape2(b, 1), false);
  o->seismic_given = wd_graph_input(g, "seismic given", wd_shape2(b, 1), false);
  wd_train_fields_inputs(t);
  o->row_weight = wd_graph_input(g, "row weight", wd_shape2(b * s, 1), false);
  o->latent = wd_stage1_encode(n, c, o->velocity, o->seismic, o->velocity_given, o->seismic_given);
  wd_graph_keep(g, o->latent);
  int z = wd_stage1_quantize(n, c, o->latent);
  wd_stage1_decoded out = wd_stage1_decode(n, c, z);
  int field[3];
  wd_train_fields_losses(t, out.direct, out.scattered, field);
  int part[7] = {wd_graph_squared_loss(g, out.velocity, o->velocity, -1),
                 wd_graph_absolute_loss(g, out.velocity, o->velocity, -1),
                 wd_graph_squared_loss(g, out.velocity, o->velocity, o->row_weight),
                 field[0],
                 field[1],
                 field[2],
                 wd_graph_squared_loss(g, o->latent, wd_graph_detach(g, z), -1)};
  static const float weight[7] = {VELOCITY_SQUARED, VELOCITY_ABSOLUTE, SURFACE, WD_FIELD_WEIGHTS, COMMITMENT};
  int all = weighted(g, part[0], weight[0]);
  for (int i = 1; i < 7; i++) all = wd_graph_sum(g, all, weighted(g, part[i], weight[i]));
  t->loss[0] = all;
  for (int i = 0; i < 7; i++) t->loss[1 + i] = part[i];
  t->losses = 8;
}

wd_status wd_stage1_trainer_create(wd_trainer *t, wd_error *err) {
  wd_stage1_trainer *o = &t->one;
  const wd_picture *p = wd_model_picture(t->model);
  wd_network n = {.graph = t->graph, .params = t->params};
  build(t, &n);
  if (n.status) {
    if (err) *err = n.error;
    return n.status;
  }
  for (int i = 0; i < t->losses; i++) wd_graph_keep(t->graph, t->loss[i]);
  size_t b = (size_t)t->desc.batch, pixels = (size_t)p->size * (size_t)p->size;
  wd_latent_shape l = wd_model_latent(t->model);
  o->read_velocity = wd_alloc(map_count(p), sizeof(float));
  o->picture[0] = wd_alloc(b * pixels, sizeof(float));
  o->picture[1] = wd_alloc(b * pixels, (size_t)wd_picture_channels(p) * sizeof(float));
  o->latents = wd_alloc(b, (size_t)l.count * sizeof(float));
  o->index = wd_alloc(b, (size_t)l.codes * sizeof(int32_t));
  if (!o->read_velocity || !o->picture[0] || !o->picture[1] || !o->latents || !o->index)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for batches of %d pairs", t->desc.batch);
  wd_status st = wd_train_fields_make(t, err);
  for (int i = 0; i < wd_graph_count(t->graph) && !st; i++) {
    const wd_node *q = wd_graph_node(t->graph, i);
    if (q->op != WD_OP_QUANTIZE) continue;
    int param = wd_graph_node(t->graph, q->input[1])->param;
    int first = o->books * wd_shape_channels(q->shape);
    st = wd_codebook_create(&o->book[o->books], t->params, param, i, first, err);
    if (!st) st = wd_params_get(t->params, param, o->book[o->books].code, err);
    if (!st)
      memcpy(o->book[o->books].sum, o->book[o->books].code, t->params->param[param].count * sizeof(float));
    o->books++;
  }
  return st;
}

void wd_stage1_trainer_clear(wd_trainer *t) {
  wd_stage1_trainer *o = &t->one;
  wd_free(o->read_velocity);
  for (int i = 0; i < 2; i++) wd_free(o->picture[i]);
  wd_free(o->latents);
  wd_free(o->index);
  for (int i = 0; i < 2; i++) wd_codebook_clear(&o->book[i]);
}

static double mean_square(const float *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum / (double)n;
}

/* Pictures and loss weights of one pair at place i of the batch. */
static wd_status put(wd_trainer *t, int i, int record, wd_error *err) {
  wd_stage1_trainer *o = &t->one;
  const wd_picture *p = wd_model_picture(t->model);
  wd_status st = wd_train_fields_put(t, i, record, o->read_velocity, err);
  if (st) return st;
  size_t pixels = (size_t)p->size * (size_t)p->size, many = pixels * (size_t)wd_picture_channels(p);
  size_t at = (size_t)i * many, coded = coded_count(p);
  wd_picture_from_velocity(p, o->read_velocity, o->picture[0] + (size_t)i * pixels);
  float *total = t->fields.read_direct;
  for (size_t k = 0; k < coded; k++) total[k] += t->fields.read_scattered[k];
  wd_picture_from_seismic(p, WD_AMPLITUDE_LOG, wd_model_get_config(t->model)->log_scale, total,
                          o->picture[1] + at);
  return WD_OK;
}

/* Weights of the rows of all maps of a batch; their mean is SURFACE_WEIGHT. */
static wd_status weigh_rows(wd_trainer *t, wd_error *err) {
  int b = t->desc.batch, size = wd_model_picture(t->model)->size;
  float *row = wd_alloc((size_t)b * (size_t)size, sizeof *row);
  if (!row) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch");
  double sum = 0;
  for (int k = 0; k < size; k++) sum += exp(-pow(k / SURFACE_ROWS, 2));
  for (int k = 0; k < b * size; k++)
    row[k] = (float)(SURFACE_WEIGHT * size * exp(-pow(k % size / SURFACE_ROWS, 2)) / sum);
  wd_status st = wd_graph_set(t->graph, t->one.row_weight, row, err);
  wd_free(row);
  return st;
}

wd_status wd_stage1_trainer_fill(wd_trainer *t, long first, wd_error *err) {
  wd_stage1_trainer *o = &t->one;
  int b = t->desc.batch;
  float *small = wd_alloc((size_t)b, 2 * sizeof *small); /* given x 2 */
  if (!small) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a batch");
  wd_status st = WD_OK;
  for (int i = 0; i < b && !st; i++) {
    wd_random r = wd_random_make(t->desc.seed, ((uint64_t)WD_STREAM_MODALITY << 40) + (uint64_t)(first + i));
    double u = wd_random_uniform(&r);
    small[i] = u >= SEISMIC_ONLY;                                         /* velocity given */
    small[b + i] = u < SEISMIC_ONLY || u >= SEISMIC_ONLY + VELOCITY_ONLY; /* seismic given */
    st = put(t, i, wd_trainer_record(t, first + i), err);
  }
  if (!st) st = weigh_rows(t, err);
  if (!st) st = wd_train_fields_set(t, err);
  if (!st) st = wd_graph_set(t->graph, o->velocity_given, small, err);
  if (!st) st = wd_graph_set(t->graph, o->seismic_given, small + b, err);
  if (!st) st = wd_graph_set(t->graph, o->velocity, o->picture[0], err);
  if (!st) st = wd_graph_set(t->graph, o->seismic, o->picture[1], err);
  wd_free(small);
  return st;
}

wd_status wd_stage1_trainer_put_codes(wd_trainer *t, wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < t->one.books && !st; i++)
    st = wd_params_set(t->params, t->one.book[i].param, t->one.book[i].code, err);
  wd_params_changed(t->params);
  return st;
}

wd_status wd_stage1_trainer_finish(wd_trainer *t, long step, wd_error *err) {
  wd_stage1_trainer *o = &t->one;
  wd_latent_shape l = wd_model_latent(t->model);
  int rows = t->desc.batch * l.height * l.width;
  wd_status st = wd_graph_get(t->graph, o->latent, o->latents, err);
  for (int i = 0; i < o->books && !st; i++) {
    st = wd_graph_get_index(t->graph, o->book[i].node, o->index, err);
    if (!st)
      wd_codebook_update(&o->book[i], o->latents, l.channels, o->index, rows, t->desc.seed + (uint64_t)i,
                         step);
  }
  return st ? st : wd_stage1_trainer_put_codes(t, err);
}

wd_status wd_stage1_trainer_scales(wd_model *m, const wd_corpus *c, wd_error *err) {
  const wd_picture *p = wd_model_picture(m);
  size_t coded = coded_count(p);
  int n = wd_corpus_count(c) < 256 ? wd_corpus_count(c) : 256;
  float *scattered = wd_alloc(coded, sizeof *scattered), *direct = wd_alloc(coded, sizeof *direct);
  double sum[3] = {0};
  wd_status st = scattered && direct ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a pair");
  for (int i = 0; i < n && !st; i++) {
    int record = (int)((long)i * wd_corpus_count(c) / n);
    st = wd_corpus_read(c, record, NULL, scattered, direct, err);
    if (st) break;
    sum[0] += mean_square(scattered, coded);
    sum[1] += mean_square(direct, coded);
    for (size_t k = 0; k < coded; k++) direct[k] = (float)log1p(fabs((double)(direct[k] + scattered[k])));
    sum[2] += mean_square(direct, coded);
  }
  wd_free(scattered);
  wd_free(direct);
  for (int k = 0; k < 3; k++) sum[k] = sqrt(sum[k] / n);
  return st ? st : wd_model_set_scales(m, sum[2], sum[1], sum[0], err);
}
