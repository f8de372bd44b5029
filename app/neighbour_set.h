/* What is searched for the nearest neighbours of a latent: the latents of a recording, and a batch out of a
 * file. The search itself is model/neighbours.h. Without GTK. */
#ifndef WD_NEIGHBOUR_SET_H
#define WD_NEIGHBOUR_SET_H

#include "app/recording.h"
#include "model/model.h"
#include "model/neighbours.h"

typedef struct WdCandidate {
  GBytes *latent;
  char *name;    /* "Run 42, data"; "latents.npy, number 7" */
  WdPlace place; /* branch 0: of a batch, then: */
  WdWhat what;
  gsize record;
  double score; /* reflection residual; NaN: not known */
  wd_wave_mode mode;
} WdCandidate;

/* GPtrArray of WdCandidate, owned. Every latent once, in the first place where it is; except (may be NULL) is
 * left out. all: also estimates on the way; otherwise data, refinement and the latents of walks. */
GPtrArray *wd_candidates_of_recording(WdRecording *recording, gboolean all, GBytes *except);

/* Latents of a file: .npy of (n, C, h, w) or (C, h, w) (of (n, steps, C, h, w) the last step), a folder with
 * a latents.npy (`wavediffusion-cli sample`, `encode`, `interpolate`), or a population (.wdpop). WD_ERR_SHAPE
 * when they are of another shape, WD_ERR_FORMAT when one is not finite; at most WD_BATCH_MAX. */
enum { WD_BATCH_MAX = 100000 };
GPtrArray *wd_candidates_of_file(const char *path, const wd_latent_shape *shape, GError **error);

typedef struct WdNeighbour {
  const WdCandidate *of; /* borrowed from the set */
  double distance, cosine;
} WdNeighbour;
/* GArray of WdNeighbour: the `most` nearest of a set to a latent, nearest first. */
GArray *wd_candidates_nearest(const GPtrArray *set, wd_nearness by, GBytes *query, guint most);

#endif
