#include "model/stage2.h"

#include <stdio.h>

void wd_stage2_defaults(wd_stage2_config *c) {
  if (!c->size) c->size = 18;
  if (!c->latent) c->latent = 8;
  if (!c->width) c->width = 96;
  if (!c->blocks) c->blocks = 2;
  if (!c->heads) c->heads = 4;
  if (!c->groups) c->groups = 8;
  if (!c->families) c->families = 10;
  if (!c->timesteps) c->timesteps = 1000;
}

static bool in(int value, int lo, int hi) {
  return value >= lo && value <= hi;
}

wd_status wd_stage2_check(const wd_stage2_config *c, wd_error *err) {
  if (!in(c->size, 2, 128) || c->size % 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: latents of side %d; an even number from 2 to 128",
                   c->size);
  if (!in(c->latent, 1, 64)) return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: %d latent channels", c->latent);
  if (!in(c->width, 4, 2048) || c->groups < 1 || c->width % c->groups || c->heads < 1 || c->width % c->heads)
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: width %d; 4 to 2048, a multiple of %d groups and %d heads",
                   c->width, c->groups, c->heads);
  if (c->width % 2) return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: width %d is odd", c->width);
  if (!in(c->blocks, 1, 16))
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: %d blocks a level; 1 to 16", c->blocks);
  if (!in(c->families, 1, 1000)) return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: %d families", c->families);
  if (!in(c->timesteps, 2, 100000))
    return wd_fail(err, WD_ERR_ARGUMENT, "stage 2: %d timesteps", c->timesteps);
  return WD_OK;
}

/* The timestep's sines through a two-layer network, plus the family's row. */
static int condition(wd_network *n, const wd_stage2_config *c, int timestep, int family) {
  int channels = 4 * c->width;
  int e = n->graph ? wd_graph_timestep(n->graph, timestep, c->width) : -1;
  e = wd_network_linear(n, "time0", e, c->width, channels, 1);
  if (n->graph) e = wd_graph_activation(n->graph, e, WD_ACTIVATION_SILU);
  e = wd_network_linear(n, "time1", e, channels, channels, 1);
  int table = wd_network_weight(n, "family", wd_shape2(c->families + 1, channels),
                                (wd_init){WD_INIT_NORMAL, 0.02}, false);
  if (!n->graph) return -1;
  return wd_graph_activation(n->graph, wd_graph_add(n->graph, e, wd_graph_embedding(n->graph, family, table)),
                             WD_ACTIVATION_SILU);
}

/* `blocks` residual blocks, each followed by attention. */
static int level(wd_network *n, const wd_stage2_config *c, const char *name, int h, int from, int to, int e) {
  for (int i = 0; i < c->blocks; i++) {
    char block[64], attention[64];
    snprintf(block, sizeof block, "%s.block%d", name, i);
    snprintf(attention, sizeof attention, "%s.attention%d", name, i);
    h = wd_network_residual(n, block, h, i ? to : from, to, c->groups, e, 4 * c->width);
    h = wd_network_attention(n, attention, h, to, c->groups, c->heads);
  }
  return h;
}

int wd_stage2_predict(wd_network *n, const wd_stage2_config *c, int latent, int timestep, int family) {
  int w = c->width;
  wd_network_prefix(n, "denoiser");
  int e = condition(n, c, timestep, family);
  int h = wd_network_conv(n, "in", latent, c->latent, w, 3, 1, 1);
  int full = level(n, c, "down", h, w, w, e);
  h = wd_network_down(n, "halve", full, w, 2 * w);
  h = level(n, c, "middle", h, 2 * w, 2 * w, e);
  h = wd_network_up(n, "double", h, 2 * w, w);
  if (n->graph) h = wd_graph_concat(n->graph, h, full);
  h = level(n, c, "up", h, 2 * w, w, e);
  h = wd_network_norm(n, "out.norm", h, w, c->groups, WD_ACTIVATION_SILU);
  return wd_network_conv(n, "out", h, w, c->latent, 3, 1, 0);
}

wd_status wd_stage2_declare(wd_network *n, const wd_stage2_config *c, wd_error *err) {
  wd_status st = wd_stage2_check(c, err);
  if (st) return st;
  n->graph = NULL;
  wd_stage2_predict(n, c, -1, -1, -1);
  if (n->status && err) *err = n->error;
  return n->status;
}
