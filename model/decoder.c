#include "model/decoder.h"

#include "model/coder_impl.h"
#include "solver/memory.h"
#include "solver/scale.h"

#include <math.h>
#include <string.h>

/* A graph over the decoders: of latents as they are, or of latents replaced by their codes. */
typedef struct decoding {
  wd_coder coder;
  bool quantise;
  int latent, velocity;
  int sum;  /* of the two fields, in units of scattered_scale */
  int both; /* velocity and sum side by side: where the gradient of both begins */
} decoding;

struct wd_decoder {
  wd_model *model;
  wd_coder_desc desc;
  decoding *way[2]; /* plain, quantised: made when first used */
  decoding *last;   /* of the last run; NULL before it */
  int last_count;
  float *picture;  /* a batch of both outputs side by side, or of the seismic one */
  float *velocity; /* a batch of velocity pictures: those of the last run, before they were held */
};

static void decoding_destroy(decoding *d) {
  if (!d) return;
  wd_coder_end(&d->coder);
  wd_free(d);
}

static wd_status decoding_build(decoding *d, wd_model *model, const wd_coder_desc *desc, wd_error *err) {
  wd_coder *c = &d->coder;
  wd_status st = wd_coder_begin(c, model, desc, err);
  if (st) return st;
  const wd_model_config *config = wd_model_get_config(model);
  const wd_stage1_config *s = &config->stage1;
  wd_graph *g = c->graph;
  wd_network n = {.graph = g, .params = wd_model_params(model, WD_STAGE1)};
  int side = s->size / 4;
  d->latent = wd_graph_input(g, "latent", wd_shape4(c->desc.batch, side, side, s->latent), c->desc.gradient);
  /* Latents come normalised out of the encoder, but not out of diffusion; networks have seen only such. */
  int z;
  if (s->two_codebooks) {
    int a = wd_graph_slice(g, d->latent, 0, s->latent / 2);
    int b = wd_graph_slice(g, d->latent, s->latent / 2, s->latent / 2);
    a = wd_graph_normalize(g, a);
    b = wd_graph_normalize(g, b);
    z = wd_graph_concat(g, a, b);
  } else
    z = wd_graph_normalize(g, d->latent);
  if (d->quantise) z = wd_stage1_quantize(&n, s, z);
  wd_stage1_decoded out = wd_stage1_decode(&n, s, z);
  d->velocity = out.velocity;
  d->sum = wd_graph_add(
      g, wd_graph_scale(g, out.direct, (float)(config->direct_scale / config->scattered_scale), 0),
      out.scattered);
  wd_graph_keep(g, d->velocity);
  wd_graph_keep(g, d->sum);
  if (c->desc.gradient) {
    d->both = wd_graph_concat(g, d->velocity, d->sum);
    wd_graph_keep(g, d->both);
  }
  return wd_coder_compile(c, &n, err);
}

/* The graph for this way of decoding, built at its first use. */
static wd_status way(wd_decoder *d, bool quantise, decoding **out, wd_error *err) {
  if (!d->way[quantise]) {
    decoding *w = wd_calloc(1, sizeof *w);
    if (!w) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a decoder");
    w->quantise = quantise;
    wd_status st = decoding_build(w, d->model, &d->desc, err);
    if (st) {
      decoding_destroy(w);
      return st;
    }
    d->way[quantise] = w;
  }
  *out = d->way[quantise];
  return WD_OK;
}

wd_status wd_decoder_create(wd_model *model, const wd_coder_desc *desc, wd_decoder **out, wd_error *err) {
  wd_decoder *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a decoder");
  d->model = model;
  if (desc) d->desc = *desc;
  if (!d->desc.batch) d->desc.batch = 1;
  decoding *first;
  wd_status st = way(d, true, &first, err);
  if (!st) {
    const wd_picture *p = wd_model_picture(model);
    size_t pixels = (size_t)p->size * (size_t)p->size, channels = (size_t)wd_picture_channels(p);
    d->picture = wd_alloc(pixels * (size_t)d->desc.batch, (channels + 1) * sizeof(float));
    d->velocity = wd_alloc(pixels * (size_t)d->desc.batch, sizeof(float));
    if (!d->picture || !d->velocity)
      st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a decoder's pictures");
  }
  if (st) {
    wd_decoder_destroy(d);
    return st;
  }
  *out = d;
  return WD_OK;
}

void wd_decoder_destroy(wd_decoder *d) {
  if (!d) return;
  for (int i = 0; i < 2; i++) decoding_destroy(d->way[i]);
  wd_free(d->picture);
  wd_free(d->velocity);
  wd_free(d);
}

static size_t map_count(const wd_picture *p) {
  return (size_t)p->nz * (size_t)p->nx;
}
static size_t coded_count(const wd_picture *p) {
  return (size_t)p->shots * (size_t)p->instants * (size_t)p->receivers;
}

/* Maps out of the velocity pictures, held within the model's range. */
static void hold(const wd_decoder *d, int n, float *velocity) {
  const wd_model_config *config = wd_model_get_config(d->model);
  const wd_picture *p = wd_model_picture(d->model);
  float low = (float)config->velocity_min, high = (float)config->velocity_max;
  size_t pixels = (size_t)p->size * (size_t)p->size, cells = map_count(p);
  for (int i = 0; i < n; i++) {
    float *map = velocity + (size_t)i * cells;
    wd_picture_to_velocity(p, d->velocity + (size_t)i * pixels, map);
    for (size_t k = 0; k < cells; k++) map[k] = map[k] < low ? low : map[k] > high ? high : map[k];
  }
}

/* What comes of absurdly large latents: named, not drawn. */
static wd_status check_finite(int n, const float *picture, size_t one, const char *what, wd_error *err) {
  for (int i = 0; i < n; i++)
    for (size_t k = 0; k < one; k++)
      if (!isfinite(picture[(size_t)i * one + k]))
        return wd_fail(err, WD_ERR_DIVERGED, "the decoded %s of latent %d is not finite", what, i);
  return WD_OK;
}

wd_status wd_decoder_run(wd_decoder *d, int n, const float *latents, bool quantise, float *velocity,
                         float *coded, int32_t *codes, const wd_hooks *hooks, wd_error *err) {
  if (n < 1 || n > d->desc.batch)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d latents for a decoder of at most %d", n, d->desc.batch);
  if (codes && !quantise) return wd_fail(err, WD_ERR_ARGUMENT, "codes come of decoding with quantisation");
  /* Quantised, a NaN would become the first code and pass for data. */
  size_t count = (size_t)wd_model_latent(d->model).count;
  for (size_t k = 0; k < (size_t)n * count; k++)
    if (!isfinite(latents[k]))
      return wd_fail(err, WD_ERR_DIVERGED, "latent %zu is not finite (number %zu)", k / count, k % count);
  decoding *w = NULL;
  wd_status st = way(d, quantise, &w, err);
  if (st) return st;
  const wd_picture *p = wd_model_picture(d->model);
  const wd_model_config *config = wd_model_get_config(d->model);
  wd_coder *c = &w->coder;
  d->last = NULL;
  wd_latent_to_network(d->model, n, latents, c->latents);
  st = wd_graph_set(c->graph, w->latent, c->latents, err);
  if (!st) st = wd_graph_forward(c->graph, hooks, err);
  if (!st) st = wd_graph_get(c->graph, w->velocity, d->velocity, err);
  if (!st && coded) st = wd_graph_get(c->graph, w->sum, d->picture, err);
  size_t pixels = (size_t)p->size * (size_t)p->size, one = pixels * (size_t)wd_picture_channels(p);
  if (!st) st = check_finite(n, d->velocity, pixels, "map", err);
  if (!st && coded) st = check_finite(n, d->picture, one, "gathers", err);
  if (!st && codes) st = wd_coder_codes(c, n, codes, err);
  if (st) return st;
  if (velocity) hold(d, n, velocity);
  for (int i = 0; i < n && coded; i++)
    wd_picture_to_seismic(p, WD_AMPLITUDE_LINEAR, config->scattered_scale, d->picture + (size_t)i * one,
                          coded + (size_t)i * coded_count(p));
  d->last = w;
  d->last_count = n;
  return WD_OK;
}

/* dJ/d(picture) of one pair from dJ/d(map) and dJ/d(coded): cells of the picture that are cut off get none,
 * and neither do cells of the map that were held at the range. */
static void picture_gradient(wd_decoder *d, int i, const float *d_velocity, const float *d_coded,
                             float *both) {
  const wd_picture *p = wd_model_picture(d->model);
  const wd_model_config *config = wd_model_get_config(d->model);
  int top = (p->size - p->nz) / 2, left = (p->size - p->nx) / 2, first = (p->size - p->receivers) / 2;
  size_t side = (size_t)p->size, channels = (size_t)wd_picture_channels(p) + 1;
  const float *drawn = d->velocity + (size_t)i * side * side;
  memset(both, 0, side * side * channels * sizeof *both);
  for (int z = 0; z < p->nz && d_velocity; z++)
    for (int x = 0; x < p->nx; x++) {
      size_t at = (size_t)(z + top) * side + (size_t)(x + left);
      double v = wd_velocity_denormalise((double)drawn[at]);
      if (v < config->velocity_min || v > config->velocity_max) continue;
      both[at * channels] = d_velocity[(size_t)z * (size_t)p->nx + (size_t)x] * (float)WD_VELOCITY_UNIT;
    }
  for (int s = 0; s < p->shots && d_coded; s++)
    for (int t = 0; t < p->instants; t++)
      for (int r = 0; r < p->receivers; r++) {
        size_t at = (size_t)(t / p->phases) * side + (size_t)(r + first);
        both[at * channels + 1 + (size_t)(s * p->phases + t % p->phases)] =
            d_coded[((size_t)s * (size_t)p->instants + (size_t)t) * (size_t)p->receivers + (size_t)r] *
            (float)config->scattered_scale;
      }
}

wd_status wd_decoder_gradient(wd_decoder *d, int n, const float *d_velocity, const float *d_coded,
                              float *d_latents, const wd_hooks *hooks, wd_error *err) {
  if (!d->desc.gradient) return wd_fail(err, WD_ERR_ARGUMENT, "this decoder was made without gradients");
  if (!d->last || n != d->last_count)
    return wd_fail(err, WD_ERR_ARGUMENT, "the gradient of %d latents, of which %d were decoded last", n,
                   d->last ? d->last_count : 0);
  const wd_picture *p = wd_model_picture(d->model);
  size_t one = (size_t)p->size * (size_t)p->size * ((size_t)wd_picture_channels(p) + 1);
  memset(d->picture, 0, one * (size_t)d->desc.batch * sizeof(float));
  for (int i = 0; i < n; i++)
    picture_gradient(d, i, d_velocity ? d_velocity + (size_t)i * map_count(p) : NULL,
                     d_coded ? d_coded + (size_t)i * coded_count(p) : NULL, d->picture + (size_t)i * one);
  wd_coder *c = &d->last->coder;
  wd_status st = wd_graph_backward(c->graph, d->last->both, d->picture, hooks, err);
  if (!st) st = wd_graph_get_grad(c->graph, d->last->latent, c->latents, err);
  if (st) return st;
  wd_latent_shape l = wd_model_latent(d->model);
  const float *mean, *deviation;
  wd_model_get_statistics(d->model, &mean, &deviation);
  int cells = l.height * l.width;
  for (int i = 0; i < n; i++)
    for (int ch = 0; ch < l.channels; ch++)
      for (int k = 0; k < cells; k++)
        d_latents[(size_t)i * (size_t)l.count + (size_t)(ch * cells + k)] =
            c->latents[((size_t)i * (size_t)cells + (size_t)k) * (size_t)l.channels + (size_t)ch] *
            deviation[ch];
  return WD_OK;
}

wd_status wd_decoder_latents_of_codes(wd_decoder *d, int n, const int32_t *codes, float *latents,
                                      wd_error *err) {
  const wd_stage1_config *s = &wd_model_get_config(d->model)->stage1;
  wd_params *p = wd_model_params(d->model, WD_STAGE1);
  wd_latent_shape l = wd_model_latent(d->model);
  int books = s->two_codebooks ? 2 : 1, width = l.channels / books, size = s->codes / books;
  int cells = l.height * l.width;
  float *book = wd_alloc((size_t)size * (size_t)width, sizeof *book);
  float *network = wd_alloc((size_t)l.count, sizeof *network);
  wd_status st = book && network ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a codebook");
  for (int b = 0; b < books && !st; b++) {
    const char *name = books == 1 ? "quantizer.codebook"
                       : b == 0   ? "quantizer.codebook.velocity"
                                  : "quantizer.codebook.seismic";
    st = wd_params_get(p, wd_params_find(p, name), book, err);
    for (int i = 0; i < n * cells && !st; i++) {
      int32_t code = codes[(size_t)(i / cells) * (size_t)l.codes + (size_t)(b * cells + i % cells)];
      if (code < 0 || code >= size) {
        st = wd_fail(err, WD_ERR_ARGUMENT, "code %d of latent %d, cell %d: the codebook has %d", (int)code,
                     i / cells, i % cells, size);
        break;
      }
      /* Straight into the network's form, which wd_latent_from_network turns in place of the caller's. */
      memcpy(latents + (size_t)i * (size_t)l.channels + (size_t)(b * width),
             book + (size_t)code * (size_t)width, (size_t)width * sizeof *book);
    }
  }
  for (int i = 0; i < n && !st; i++) {
    memcpy(network, latents + (size_t)i * (size_t)l.count, (size_t)l.count * sizeof *network);
    wd_latent_from_network(d->model, 1, network, latents + (size_t)i * (size_t)l.count);
  }
  wd_free(book);
  wd_free(network);
  return st;
}
