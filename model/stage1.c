#include "model/stage1.h"

#include <stdio.h>

void wd_stage1_defaults(wd_stage1_config *c) {
  if (!c->size) c->size = 72;
  if (!c->seismic) c->seismic = 10;
  if (!c->latent) c->latent = 8;
  if (!c->codes) c->codes = 8192;
  if (!c->velocity_width) c->velocity_width = 64;
  if (!c->seismic_width) c->seismic_width = 128;
  if (!c->velocity_blocks) c->velocity_blocks = 2;
  if (!c->seismic_blocks) c->seismic_blocks = 3;
  if (!c->heads) c->heads = 4;
  if (!c->groups) c->groups = 8;
}

static bool in(int value, int lo, int hi) {
  return value >= lo && value <= hi;
}

wd_status wd_stage1_check(const wd_stage1_config *c, wd_error *err) {
  if (!in(c->size, 8, 512) || c->size % 4)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: size %d; it is a multiple of 4 from 8 to 512", c->size);
  if (!in(c->seismic, 1, 256))
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: %d seismic channels", c->seismic);
  if (!in(c->latent, 2, 64) || c->latent % 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: %d latent channels; an even number from 2 to 64",
                   c->latent);
  if (!in(c->codes, 2, 1 << 20) || c->codes % 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: %d codes; an even number up to a million", c->codes);
  if (!in(c->velocity_width, 4, 2048) || !in(c->seismic_width, 4, 2048))
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: widths %d and %d; 4 to 2048", c->velocity_width,
                   c->seismic_width);
  if (!in(c->velocity_blocks, 1, 32) || !in(c->seismic_blocks, 1, 32))
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: %d and %d blocks; 1 to 32", c->velocity_blocks,
                   c->seismic_blocks);
  /* The halves of a width are used at half the size. */
  int least = 2 * c->groups;
  if (c->groups < 1 || c->velocity_width % least || c->seismic_width % least)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: widths %d and %d are no multiples of twice the %d groups",
                   c->velocity_width, c->seismic_width, c->groups);
  if (c->heads < 1 || c->velocity_width % c->heads || c->seismic_width % c->heads)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 1: widths %d and %d are no multiples of the %d heads",
                   c->velocity_width, c->seismic_width, c->heads);
  return WD_OK;
}

/* From a picture to features at a quarter of its size: s -> s/2 -> s/4, then blocks, then attention. */
static int tower_in(wd_network *n, const wd_stage1_config *c, int x, int channels, int width, int blocks) {
  int h = wd_network_down(n, "stem", x, channels, width / 2);
  h = wd_network_residual(n, "half", h, width / 2, width / 2, c->groups, -1, 0);
  h = wd_network_down(n, "down", h, width / 2, width);
  for (int i = 0; i < blocks; i++) {
    char name[32];
    snprintf(name, sizeof name, "block%d", i);
    h = wd_network_residual(n, name, h, width, width, c->groups, -1, 0);
  }
  return wd_network_attention(n, "attention", h, width, c->groups, c->heads);
}

/* From the latent to features at half the picture's size. Depth and time are not neighbours: attention comes
 * first and last among the blocks. */
static int tower_out(wd_network *n, const wd_stage1_config *c, int z, int width, int blocks) {
  int h = wd_network_conv(n, "stem", z, c->latent, width, 3, 1, 1);
  h = wd_network_attention(n, "attention0", h, width, c->groups, c->heads);
  for (int i = 0; i < blocks; i++) {
    char name[32];
    snprintf(name, sizeof name, "block%d", i);
    h = wd_network_residual(n, name, h, width, width, c->groups, -1, 0);
  }
  h = wd_network_attention(n, "attention1", h, width, c->groups, c->heads);
  h = wd_network_up(n, "up", h, width, width / 2);
  return wd_network_residual(n, "half", h, width / 2, width / 2, c->groups, -1, 0);
}

/* A picture from features at half its size: four values a pixel, shuffled out. The last layer starts small,
 * so that training starts from nothing drawn rather than from noise. */
static int picture(wd_network *n, const wd_stage1_config *c, const char *name, int h, int width,
                   int channels) {
  char norm[64];
  snprintf(norm, sizeof norm, "%s.norm", name);
  h = wd_network_norm(n, norm, h, width, c->groups, WD_ACTIVATION_SILU);
  h = wd_network_conv(n, name, h, width, 4 * channels, 3, 1, 0.1);
  return n->graph ? wd_graph_pixel_shuffle(n->graph, h, 2) : -1;
}

int wd_stage1_encode(wd_network *n, const wd_stage1_config *c, int velocity, int seismic, int velocity_given,
                     int seismic_given) {
  int wv = c->velocity_width, ws = c->seismic_width;
  wd_network_prefix(n, "encoder.velocity");
  int v = tower_in(n, c, velocity, 1, wv, c->velocity_blocks);
  wd_network_prefix(n, "encoder.seismic");
  int s = tower_in(n, c, seismic, c->seismic, ws, c->seismic_blocks);
  if (n->graph) {
    v = wd_graph_mask(n->graph, v, velocity_given);
    s = wd_graph_mask(n->graph, s, seismic_given);
  }
  wd_network_prefix(n, "encoder");
  if (c->two_codebooks) {
    /* No merging: each modality fills its own half of the latent. */
    v = wd_network_conv(n, "velocity.latent", v, wv, c->latent / 2, 1, 1, 1);
    s = wd_network_conv(n, "seismic.latent", s, ws, c->latent / 2, 1, 1, 1);
    if (!n->graph) return -1;
    v = wd_graph_normalize(n->graph, v);
    s = wd_graph_normalize(n->graph, s);
    return wd_graph_concat(n->graph, v, s);
  }
  int h = n->graph ? wd_graph_concat(n->graph, v, s) : -1;
  h = wd_network_conv(n, "merge", h, wv + ws, ws, 1, 1, 1);
  h = wd_network_residual(n, "merged", h, ws, ws, c->groups, -1, 0);
  h = wd_network_norm(n, "latent.norm", h, ws, c->groups, WD_ACTIVATION_SILU);
  h = wd_network_conv(n, "latent", h, ws, c->latent, 1, 1, 1);
  return n->graph ? wd_graph_normalize(n->graph, h) : -1;
}

int wd_stage1_quantize(wd_network *n, const wd_stage1_config *c, int latent) {
  /* Codes start near the sphere that latents live on; the trainer puts them on latents it has seen first. */
  wd_network_prefix(n, "quantizer");
  if (!c->two_codebooks) {
    int book =
        wd_network_weight(n, "codebook", wd_shape2(c->codes, c->latent), (wd_init){WD_INIT_NORMAL, 1}, false);
    return n->graph ? wd_graph_quantize(n->graph, latent, book) : -1;
  }
  wd_shape half = wd_shape2(c->codes / 2, c->latent / 2);
  int a = wd_network_weight(n, "codebook.velocity", half, (wd_init){WD_INIT_NORMAL, 1}, false);
  int b = wd_network_weight(n, "codebook.seismic", half, (wd_init){WD_INIT_NORMAL, 1}, false);
  if (!n->graph) return -1;
  int first = wd_graph_slice(n->graph, latent, 0, c->latent / 2);
  int second = wd_graph_slice(n->graph, latent, c->latent / 2, c->latent / 2);
  first = wd_graph_quantize(n->graph, first, a);
  second = wd_graph_quantize(n->graph, second, b);
  return wd_graph_concat(n->graph, first, second);
}

wd_stage1_decoded wd_stage1_decode(wd_network *n, const wd_stage1_config *c, int latent) {
  wd_stage1_decoded d;
  int wv = c->velocity_width;
  wd_network_prefix(n, "decoder.velocity");
  int h = tower_out(n, c, latent, wv, c->velocity_blocks);
  d.velocity = picture(n, c, "picture", h, wv / 2, 1);
  wd_stage1_decode_fields(n, c, latent, &d.direct, &d.scattered);
  return d;
}

void wd_stage1_decode_fields(wd_network *n, const wd_stage1_config *c, int latent, int *direct,
                             int *scattered) {
  int ws = c->seismic_width;
  wd_network_prefix(n, "decoder.seismic");
  int h = tower_out(n, c, latent, ws, c->seismic_blocks);
  *direct = picture(n, c, "direct", h, ws / 2, c->seismic);
  *scattered = picture(n, c, "scattered", h, ws / 2, c->seismic);
}

wd_status wd_stage1_declare(wd_network *n, const wd_stage1_config *c, wd_error *err) {
  wd_status st = wd_stage1_check(c, err);
  if (st) return st;
  n->graph = NULL;
  wd_stage1_encode(n, c, -1, -1, -1, -1);
  wd_stage1_quantize(n, c, -1);
  wd_stage1_decode(n, c, -1);
  if (n->status && err) *err = n->error;
  return n->status;
}
