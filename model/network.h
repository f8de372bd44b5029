/* How networks are written: blocks that name their weights as they go. One function describes a network
 * twice: first with no graph, when it only declares weights (name, shape, how to start), then with one, when
 * it adds nodes. Channel counts are therefore passed along, never read off a graph. Internal to model/. */
#ifndef WD_NETWORK_H
#define WD_NETWORK_H

#include "model/graph.h"

#include <stdint.h>

typedef enum wd_init_kind { WD_INIT_ZERO, WD_INIT_ONE, WD_INIT_NORMAL } wd_init_kind;

/* How weight `index` of wd_params starts: normal with this deviation, drawn by counter from (seed, index). */
typedef struct wd_init {
  wd_init_kind kind;
  double deviation;
} wd_init;

typedef struct wd_network {
  wd_graph *graph;   /* NULL while declaring */
  wd_params *params; /* weights are added to it while declaring */
  wd_init *init;     /* declared so far, one a weight of params, owned (wd_network_clear) */
  int init_capacity;
  char prefix[64];
  wd_status status; /* the first failure */
  wd_error error;
} wd_network;

/* "prefix.name" for all that is declared until it is changed; an empty prefix adds nothing. */
void wd_network_prefix(wd_network *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A weight: declared, or found as a node. Returns -1 while declaring, and after a failure. */
int wd_network_weight(wd_network *n, const char *name, wd_shape shape, wd_init init, bool decay);

/* Layers; each owns its weights under `name`. gain scales the starting deviation sqrt(1 / inputs); 0 starts
 * at zero. */
int wd_network_conv(wd_network *n, const char *name, int x, int in, int out, int kernel, int stride,
                    double gain);
int wd_network_linear(wd_network *n, const char *name, int x, int in, int out, double gain);
int wd_network_norm(wd_network *n, const char *name, int x, int channels, int groups,
                    wd_activation activation);

/* norm SiLU conv, norm SiLU conv (starting at zero), added to x (through a 1 x 1 convolution where in and out
 * differ). embedding, of embedding_channels, may be -1: otherwise it scales and shifts between the two. */
int wd_network_residual(wd_network *n, const char *name, int x, int in, int out, int groups, int embedding,
                        int embedding_channels);
/* norm, self-attention over all pixels, projection (starting at zero), added to x. */
int wd_network_attention(wd_network *n, const char *name, int x, int channels, int groups, int heads);
/* Twice the size: nearest neighbour, then a 3 x 3 convolution. Half the size: 3 x 3 with stride 2. */
int wd_network_up(wd_network *n, const char *name, int x, int in, int out);
int wd_network_down(wd_network *n, const char *name, int x, int in, int out);

/* Allocates the declared weights (with gradients for training) and draws their starting values. */
wd_status wd_network_initialise(wd_network *n, uint64_t seed, bool gradients, wd_error *err);
void wd_network_clear(wd_network *n); /* frees init; not params, not graph */

#endif
